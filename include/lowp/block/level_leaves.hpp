// SPDX-License-Identifier: MIT
// What stands above the elements of a composition of levels, through the kernels: what groups ask
// for, and rows of scales, zero points and offsets as codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/level_ends.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Stores codes first … first + count - 1 of a row of a leaf; first is a multiple of 8.
template <class Code, class Out>
void store_level_codes(isa level, Out& out, int leaf, std::size_t row, std::size_t first,
                       std::size_t count, const Code* codes) {
  if constexpr (requires { out.layout().dense_row(leaf, row); }) {
    const dense_codes at = out.layout().dense_row(leaf, row);
    if (at.width != 0) {
      return pack_codes(level, codes, first, count, at.width, {},
                        out.bytes().data() + at.first_byte);
    }
  }
  std::size_t done = 0;
  if constexpr (sizeof(Code) == 1 &&
                requires { out.layout().store_codes(nullptr, leaf, row, first, count, codes); }) {
    done = out.layout().store_codes(out.bytes().data(), leaf, row, first, count, codes);
  }
  for (std::size_t i = done; i < count; ++i) out.set_code(leaf, row, first + i, codes[i]);
}

/// Whether rows of a leaf lie so that pieces of them can be stored apart.
template <class Out>
[[nodiscard]] bool has_dense_rows(const Out& out, int leaf) {
  if constexpr (requires { out.layout().dense_row(leaf, 0); }) {
    return out.layout().dense_row(leaf, 0).width != 0;
  }
  return false;
}

/// Calls part(row of groups, first column, last column) for all of a matrix; columns are cut at
/// multiples of `granule`.
template <class Part>
void run_level_rows(const execution& how, std::size_t rows, std::size_t height, std::size_t cols,
                    std::size_t granule, const Part& part) {
  if (rows == 0) return;
  run_block_rows(how, (rows - 1) / height + 1, height, cols, granule, part);
}

/// Encodes rows of values as a leaf.
template <int Leaf, number_format F, class Out, rounding_mode R>
class leaf_encoder {
 public:
  leaf_encoder(isa level, const level_rows<Leaf, F>& rows, const R& mode, Out& out)
      : level_(level), rows_(rows), mode_(mode), out_(out) {
    const F& f = rows.format();
    plan_.is_supported = false;
    if constexpr (kernels::has_known_grid<F>) {
      if (has_kernels && f.bits() <= 16) {
        plan_ = kernels::make_encode_plan<std::uint32_t>(f, mode, overflow::saturate,
                                                         missing_nan::largest, false);
      }
    }
    are_values_ = has_kernels && is_same_format(f, formats::binary32);
  }

  /// Columns first … last - 1 of a row, whose values begin at `values`; first is a multiple of 8.
  void operator()(std::size_t row, std::size_t first, std::size_t last, const float* values) const {
    const int bits = rows_.format().bits();
    for (; first < last; first += buffer_size) {
      const std::size_t count = (std::min)(buffer_size, last - first);
      if (bits <= 8) {
        encode_some<std::uint8_t>(row, first, count, values + first);
      } else if (bits <= 16) {
        encode_some<std::uint16_t>(row, first, count, values + first);
      } else {
        encode_some<code_t>(row, first, count, values + first);
      }
    }
  }

 private:
  template <class Code>
  void encode_some(std::size_t row, std::size_t first, std::size_t count,
                   const float* values) const {
    if constexpr (requires { out_.layout().dense_row(Leaf, row); }) {
      const dense_codes at = out_.layout().dense_row(Leaf, row);
      if (are_values_ && at.width == 32 && std::all_of(values, values + count, is_finite)) {
        std::memcpy(out_.bytes().data() + at.first_byte + first * sizeof(float), values,
                    count * sizeof(float));
        return;
      }
    }
    alignas(64) Code codes[buffer_size];
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (sizeof(Code) <= 2) {
        if (plan_.is_supported) {
          kernels::encode<std::uint32_t, false, false>(
              level_, plan_, reinterpret_cast<const std::uint32_t*>(values), nullptr, count, codes);
          break;
        }
      }
      if constexpr (sizeof(Code) == 1) {
        if (rows_.steps() != nullptr) {
          kernels::encode_by_thresholds<std::uint32_t, false>(
              level_, rows_.steps()->table.plan(), reinterpret_cast<const std::uint32_t*>(values),
              count, codes);
          break;
        }
      }
      codes[i] = static_cast<Code>(are_values_ && is_finite(values[i])
                                       ? code_t{bits_of(values[i])}
                                       : encode(rows_.format(), unpack(values[i]), mode_,
                                                overflow::saturate, missing_nan::largest));
    }
    store_level_codes(level_, out_, Leaf, row, first, count, codes);
  }

  isa level_;
  const level_rows<Leaf, F>& rows_;
  R mode_;
  Out& out_;
  kernels::encode_plan<std::uint32_t> plan_{};
  bool are_values_ = false;
};

/// Encodes a matrix of values as a leaf.
template <int Leaf, number_format F, class Out, rounding_mode R>
void quantize_level(const level_rows<Leaf, F>& rows, const matrix_view<const float>& in, Out& out,
                    const R& mode, const execution& how) {
  const leaf_encoder<Leaf, F, Out, R> encode_row(how.level(), rows, mode, out);
  run_level_rows(how, in.rows, 1, in.cols, in.cols,
                 [&](std::size_t row, std::size_t first, std::size_t last) {
                   encode_row(row, first, last, in.row(row));
                 });
}

/// The zero points that groups ask for, in place of their lowest values, as wanted_zero defines.
template <number_format Element, class Scale, class Out>
class zero_finder {
 public:
  zero_finder(isa level, const Element& element, const Scale& scale, const Out& out)
      : level_(level),
        element_(element),
        scale_(scale),
        out_(out),
        lowest_element_(pack_as<float>(decode(element, lowest_code(element)))),
        is_exact_(scale.is_exact() && bounds_of(element).fit_binary32()) {}

  /// Of groups first … last - 1 of a row but those that `are_given`, whose values begin at these.
  void operator()(std::size_t row, std::size_t first, std::size_t last,
                  const std::uint8_t* are_given, float* values) const {
    alignas(64) float scales[most_terms];
    for (; first < last; first += most_terms) {
      const std::size_t count = (std::min)(most_terms, last - first);
      if (is_exact_) scale_(level_, out_, row, first, count, scales);
      for (std::size_t i = 0; i < count; ++i) {
        if (are_given[first + i] != 0) continue;
        float& x = values[first + i];
        if (is_exact_ && is_finite(scales[i])) {
          const float steps = is_zero(scales[i]) ? 0.0f : opaque(opaque(x) / opaque(scales[i]));
          x = opaque(lowest_element_ - opaque(steps));
        } else {
          x = lowp::detail::wanted_zero(element_, x, scale_.value(out_, row, first + i));
        }
      }
    }
  }

 private:
  isa level_;
  const Element& element_;
  const Scale& scale_;
  const Out& out_;
  float lowest_element_;
  bool is_exact_;
};

/// What the groups of a composition ask for: of each its largest magnitude, the scale that it
/// wants, and the lowest value, or, where a rule has given it, the zero point.
template <int Leaf, class Format>
class wanted_groups {
 public:
  static constexpr bool has_zero = leaf_count<std::remove_cvref_t<decltype(Format::zero)>> != 0,
                        has_offset = leaf_count<std::remove_cvref_t<decltype(Format::offset)>> != 0;
  static constexpr bool has_shift = has_zero || has_offset;

  wanted_groups(const Format& f, const matrix_view<const float>& in,
                const lowp::detail::group_rule& rule)
      : across(lowp::detail::groups_along(in.cols, f.shape.cols)),
        f_(f),
        in_(in),
        rule_(rule),
        width_(f.shape.cols_in(in.cols)),
        height_(f.shape.rows_in(in.rows)),
        scales_of_(f) {
    const std::size_t count = lowp::detail::groups_along(in.rows, f.shape.rows) * across;
    scales.resize(count);
    amax.resize(count);
    lowest.resize(has_shift ? count : 0);
    ends_.resize(lowest.size());
    are_given.resize(has_zero ? count : 0);
  }

  /// Finds those of groups first … last - 1 of a row of them, under default_float_environment.
  void operator()(isa level, std::size_t row, std::size_t first, std::size_t last) {
    const std::size_t top = row * height_, bottom = top + (std::min)(height_, in_.rows - top);
    const std::size_t left = first * width_, right = (std::min)(in_.cols, last * width_);
    std::uint32_t* const high = amax.data() + row * across;
    std::uint32_t* const low = has_shift ? ends_.data() + row * across : high;
    for (std::size_t r = top; r < bottom; ++r) {
      raise_ends(level, in_.row(r) + left, right - left, width_, high + first, low + first);
    }
    scales_of_(high + first, low + first, last - first, scales.data() + row * across + first);
    for (std::size_t j = first; j < last; ++j) {
      const std::size_t group = row * across + j;
      if constexpr (has_shift) {
        lowest[group] = low[j] == 0 ? 0.0f : -float_of(low[j]);
        high[j] = (std::max)(high[j], low[j]);
      }
      const matrix_view<const float> values(in_.row(top) + j * width_, bottom - top,
                                            (std::min)(width_, in_.cols - j * width_), in_.stride);
      if (high[j] < infinity_bits) {
        if (rule_.exists()) take(group, rule_(f_, {values, group, float_of(high[j])}));
      } else {
        find_special(group, values);
      }
      if constexpr (has_offset) lowest[group] = -lowest[group];
    }
  }

  std::size_t across;                 ///< groups in a row of them
  std::vector<float> scales, lowest;  ///< with an offset that is it, the lowest value negated
  std::vector<std::uint32_t> amax;
  std::vector<std::uint8_t> are_given;

 private:
  void take(std::size_t group, const lowp::detail::group_wish& wish) {
    scales[group] = wish.scale;
    if constexpr (has_shift) {
      if (wish.has_lowest) lowest[group] = wish.lowest;
    }
    if constexpr (has_zero) {
      if (wish.has_zero) lowest[group] = wish.zero;
      are_given[group] = wish.has_zero ? 1 : 0;
    }
  }
  void find_special(std::size_t group, const matrix_view<const float>& values) {
    lowp::detail::value_range range;
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c) range.add(values(r, c));
    }
    scales[group] = lowp::detail::wanted_scale(f_, range, Leaf == 0 || !has_nan(f_.element));
    if constexpr (has_shift) lowest[group] = range.lowest;
  }

  const Format& f_;
  matrix_view<const float> in_;
  const lowp::detail::group_rule& rule_;
  std::size_t width_, height_;
  wanted_scales<Format> scales_of_;
  std::vector<std::uint32_t> ends_;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
