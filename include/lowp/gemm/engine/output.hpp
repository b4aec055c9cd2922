// SPDX-License-Identifier: MIT
// Finished sums into the result of a product at speed: some values of a row at a time, through the
// epilogue and the encoder of the result's format. Bit for bit what epilogue.hpp defines.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/number.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Values of a row of C, from (row, col) on, to where they belong.
class float_output {
 public:
  float_output(isa, const matrix_view<float>& c, const epilogue&) : c_(c) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* values) const {
    std::memcpy(c_.row(row) + col, values, count * sizeof(float));
  }

 private:
  matrix_view<float> c_;
};

/// Values of a row of C as numbers: by 32-bit lanes, by 64-bit ones, or by the scalar codec.
template <auto F>
class number_output {
  using code = typename number<F>::storage_type;

 public:
  number_output(isa level, const matrix_view<number<F>>& c, const epilogue& e)
      : level_(level), c_(c), rounding_(e.rounding), range_(e.range) {
    if constexpr (has_lanes) {
      narrow_ = plan<std::uint32_t>();
      if (!narrow_.is_supported) wide_ = plan<std::uint64_t>();
    }
  }
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* values) const {
    const std::uint64_t first = row * c_.cols + col;
    number<F>* const to = c_.row(row) + col;
    if constexpr (has_lanes) {
      if (narrow_.is_supported)
        return encode<direct_source<float>>(narrow_, first, values, count, to);
      if (wide_.is_supported) return encode<widened_source>(wide_, first, values, count, to);
    }
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = convert<F>(values[i], rounding_.at(first + i), range_);
    }
  }

 private:
  static constexpr bool has_lanes = has_kernels && F.bits() <= 32;

  template <class Word>
  [[nodiscard]] kernels::encode_plan<Word> plan() const {
    return kernels::make_encode_plan<Word>(F, rounding_, range_, missing_nan::largest, false);
  }
  template <class Source, class Word>
  void encode(kernels::encode_plan<Word> plan, std::uint64_t first, const float* values,
              std::size_t count, number<F>* to) const {
    plan.rounding.draw = plan.rounding.draw.at(first);
    const lane_job<Source, array_sink<code, false>, true> job{level_, plan, {values}, {}};
    job(0, count, reinterpret_cast<std::uint8_t*>(to));
  }

  isa level_;
  matrix_view<number<F>> c_;
  any_rounding rounding_;
  overflow range_;
  kernels::encode_plan<std::uint32_t> narrow_{};
  kernels::encode_plan<std::uint64_t> wide_{};
};

[[nodiscard]] inline float_output output_of(isa level, const matrix_view<float>& c,
                                            const epilogue& e) {
  return {level, c, e};
}
template <auto F>
[[nodiscard]] number_output<F> output_of(isa level, const matrix_view<number<F>>& c,
                                         const epilogue& e) {
  return {level, c, e};
}

template <class C>
inline constexpr bool is_block_output = requires(const C& c) {
  c.composition();
};

/// The epilogue of values in a buffer, which it overwrites, and on to the output.
template <class Output>
class epilogue_rows {
 public:
  epilogue_rows(isa level, const epilogue& e, const Output& output)
      : level_(level), epilogue_(e), output_(output) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, float* values) const {
    const auto from = [col](const auto& array) {
      return array.empty() ? nullptr : array.data() + col;
    };
    const kernels::row_epilogue e{epilogue_.row_scales.empty() ? 1.0f : epilogue_.row_scales[row],
                                  from(epilogue_.col_scales), from(epilogue_.bias),
                                  epilogue_.activation};
    kernels::finish(level_, e, count, values);
    output_(row, col, count, values);
  }

 private:
  isa level_;
  const epilogue& epilogue_;
  const Output& output_;
};

/// What takes the sums of a product (sum_sink): times the tensor scales, and on to an epilogue or
/// whatever finish(row, col, count, values) does, which may change the values.
template <class Finish>
class scaled_rows {
 public:
  scaled_rows(isa level, float a_scale, float b_scale, const Finish& finish)
      : level_(level),
        a_scale_(std::bit_cast<std::uint32_t>(a_scale)),
        b_scale_(std::bit_cast<std::uint32_t>(b_scale)),
        finish_(finish) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* sums) const {
    constexpr std::size_t most = 256;
    alignas(64) float values[most];
    for (std::size_t i = 0; i < count; i += most) {
      const std::size_t n = (std::min)(most, count - i);
      kernels::finish(level_, a_scale_, b_scale_, sums + i, n, values);
      finish_(row, col + i, n, values);
    }
  }

 private:
  isa level_;
  std::uint32_t a_scale_, b_scale_;
  const Finish& finish_;
};

/// What takes the sums of a product that end in binary32: times the tensor scales, and stored.
class scaled_floats {
 public:
  scaled_floats(isa level, float a_scale, float b_scale, const matrix_view<float>& c)
      : level_(level),
        a_scale_(std::bit_cast<std::uint32_t>(a_scale)),
        b_scale_(std::bit_cast<std::uint32_t>(b_scale)),
        c_(c) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* sums) const {
    kernels::finish(level_, a_scale_, b_scale_, sums, count, c_.row(row) + col);
  }
  void finish_rows(std::size_t row, std::size_t rows, std::size_t col, std::size_t count,
                   const float* sums, std::size_t stride) const {
    kernels::finish_rows(level_, a_scale_, b_scale_, sums, stride, rows, count, c_.row(row) + col,
                         c_.stride);
  }

 private:
  isa level_;
  std::uint32_t a_scale_, b_scale_;
  matrix_view<float> c_;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
