// SPDX-License-Identifier: MIT
// The operands and the result of a product as its kernels see them, whatever the formats: sources
// of rows of binary32, and a sink of sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/operand.hpp"
#include "lowp/kernels/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Values of an operand: source(row, first, count, out) puts element * scale, rounded to binary32,
/// of `count` elements of a row at `out`; `first` is a multiple of product_tile::max_depth.
/// Type-erased: what multiplies exists once. Refers to what it was made from.
class row_source {
 public:
  template <class F>
  row_source(std::size_t rows, std::size_t cols, const F& decode)
      : rows_(rows),
        cols_(cols),
        decode_(&decode),
        call_([](const void* f, std::size_t row, std::size_t first, std::size_t count, float* out) {
          (*static_cast<const F*>(f))(row, first, count, out);
        }) {}
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  void operator()(std::size_t row, std::size_t first, std::size_t count, float* out) const {
    call_(decode_, row, first, count, out);
  }

 private:
  std::size_t rows_, cols_;
  const void* decode_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, float*);
};

/// Where sums go: sink(row, col, count, sums) takes those of C(row, col) … C(row, col + count - 1).
/// Called once for each element, from any thread.
class sum_sink {
 public:
  template <class F>
  explicit sum_sink(const F& finish)
      : finish_(&finish),
        call_([](const void* f, std::size_t row, std::size_t col, std::size_t count,
                 const float* sums) { (*static_cast<const F*>(f))(row, col, count, sums); }) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* sums) const {
    call_(finish_, row, col, count, sums);
  }

 private:
  const void* finish_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, const float*);
};

template <gemm_operand X, class Use, class Decode>
void use_rows(const X& x, const Use& use, const Decode& decode) {
  use(row_source(lowp::detail::operand_rows(x), lowp::detail::operand_cols(x), decode));
}

/// By the definition, one by one: where no kernel reaches.
template <gemm_operand X, class Use>
void with_defined_rows(const X& x, const Use& use) {
  use_rows(x, use, [&x](std::size_t row, std::size_t first, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = pack_as<float>(lowp::detail::operand_value(x, row, first + i));
    }
  });
}

/// Rows of codes of a format; codes_of(row) are their bytes in the order p.
template <auto F, gemm_operand X, class Use, class CodesOf>
void with_decoded_rows(isa level, const X& x, packing p, const Use& use, const CodesOf& codes_of) {
  const auto use_values = [&]<class Code>(const auto& values) {
    use_rows(x, use, [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      decode_codes<Code>(level, values, {}, codes_of(row), first, count, F.bits(), p,
                         reinterpret_cast<std::uint32_t*>(out));
    });
  };
  if constexpr (F.bits() <= 8) {
    static const kernels::value_table table = kernels::make_value_table(F);
    use_values.template operator()<std::uint8_t>(table);
  } else if constexpr (constexpr auto plan = kernels::make_decode_plan(F); plan.is_supported) {
    use_values.template operator()<std::uint16_t>(plan);
  } else {
    with_defined_rows(x, use);
  }
}

/// Calls use(row_source) for an operand.
template <class T, class Use>
void with_rows(isa level, const matrix_view<T>& x, const Use& use) {
  using element = std::remove_const_t<T>;
  if constexpr (std::is_same_v<element, float>) {
    use_rows(x, use, [&x](std::size_t row, std::size_t first, std::size_t count, float* out) {
      std::memcpy(out, x.row(row) + first, count * sizeof(float));
    });
  } else if constexpr (has_kernels) {
    constexpr packing one_each{.container_bits = 8 * static_cast<int>(sizeof(element))};
    with_decoded_rows<element::format>(level, x, one_each, use, [&x](std::size_t row) {
      return reinterpret_cast<const std::uint8_t*>(x.row(row));
    });
  } else {
    with_defined_rows(x, use);
  }
}
template <auto F, packing P, class Use>
void with_rows(isa level, const packed_matrix_view<F, P>& x, const Use& use) {
  if constexpr (has_kernels) {
    with_decoded_rows<F>(level, x, P, use, [&x](std::size_t row) { return x.row(row); });
  } else {
    with_defined_rows(x, use);
  }
}
template <auto B, class Use>
void with_rows(isa level, const block_matrix<B>& x, const Use& use) {
  static constexpr auto format = [] {
    auto f = block_matrix<B>::format;
    f.has_tensor_scale = false;  // multiplies the finished sums
    return f;
  }();
  static const decode_scales scales(format);
  if (!has_kernels || !is_kernel_block(format.block_cols(x.cols()), x.cols()) ||
      !scales.are_possible({})) {
    return with_defined_rows(x, use);
  }
  const block_storage storage = storage_of(const_cast<block_matrix<B>&>(x));  // only read
  const auto use_values = [&]<class Code>(const auto& values) {
    use_rows(x, use,
             dequantize_job<Code, std::remove_cvref_t<decltype(values)>,
                            std::remove_cv_t<decltype(format.element)>,
                            std::remove_cv_t<decltype(format.scale)>>(
                 level, format, values, scales, x.rows(), x.cols(), storage, {}));
  };
  if constexpr (format.element.bits() <= 8) {
    static const kernels::value_table table = kernels::make_value_table(format.element);
    use_values.template operator()<std::uint8_t>(table);
  } else if constexpr (constexpr auto plan = kernels::make_decode_plan(format.element);
                       plan.is_supported) {
    use_values.template operator()<std::uint16_t>(plan);
  } else {
    with_defined_rows(x, use);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
