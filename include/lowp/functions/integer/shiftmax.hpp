// SPDX-License-Identifier: MIT
// Softmax and GELU of integers by exponentials that are shifts (I-ViT, arXiv 2207.01405): Shiftmax
// and ShiftGELU, in integers alone. Sums of exponentials are limited to 2^31 - 1, as published; in
// PyTorch, where I-ViT computes in binary32, sums near that are inexact, and here nothing is.
//
//   const shift_exponential e{.unit = shift_unit_of(scale_of_x)};
//   shiftmax(x, e, matrix_view<std::int8_t>(p, rows, cols));            // scale 2^-7
//   shift_gelu(x, {.unit = shift_unit_of(1.702 * scale_of_x), .steps = 23}, y);
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/functions/integer/places.hpp"
#include "lowp/functions/integer/requantize.hpp"
#include "lowp/functions/integer/shift_exp.hpp"
#include "lowp/kernels/integers/integers.hpp"

namespace lowp {
namespace detail {

inline constexpr std::int64_t largest_exponential_sum = 0x7FFFFFFF;
/// What is limited before it overflows is limited once it is complete.
[[nodiscard]] constexpr std::int64_t limited_sum(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = largest_exponential_sum;
  return (std::min)((std::min)(a, most) + (std::min)(b, most), most);
}
/// e / sum as an integer times 2^-(bits - 1). Exact: a factor above 1 is of a sum that has not been
/// limited, so that e * factor is below 2^31.
[[nodiscard]] constexpr std::int64_t exponential_share(std::int64_t e, std::int64_t sum, int bits) {
  return e * (largest_exponential_sum / sum) >> (32 - bits);
}
inline void require_exponential(const char* function, const shift_exponential& e) {
  require_range(function, "unit", e.unit, 1, std::int64_t{1} << 30);
  require_range(function, "steps", e.steps, 1, 31);
  require_range(function, "bits", e.bits, 1, 31);
}

}  // namespace detail

namespace reference {

template <requantized_integer T>
void shiftmax(matrix_view<const std::int32_t> x, const shift_exponential& e, matrix_view<T> out) {
  for (std::size_t r = 0; r < x.rows && x.cols != 0; ++r) {
    const std::int64_t top = *std::max_element(x.row(r), x.row(r) + x.cols);
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < x.cols; ++c) {
      sum = detail::limited_sum(sum, shift_exp(x(r, c) - top, e.unit, e.steps));
    }
    for (std::size_t c = 0; c < x.cols; ++c) {
      out(r, c) = requantized<T>{}(
          detail::exponential_share(shift_exp(x(r, c) - top, e.unit, e.steps), sum, e.bits));
    }
  }
}

inline void shift_gelu(matrix_view<const std::int32_t> x, const shift_exponential& e,
                       matrix_view<std::int32_t> out) {
  for (std::size_t r = 0; r < x.rows && x.cols != 0; ++r) {
    const std::int64_t top = *std::max_element(x.row(r), x.row(r) + x.cols);
    const std::int64_t of_zero = shift_exp(-top, e.unit, e.steps);
    for (std::size_t c = 0; c < x.cols; ++c) {
      const std::int64_t of_x = shift_exp(x(r, c) - top, e.unit, e.steps);
      const std::int64_t sigmoid =
          detail::exponential_share(of_x, detail::limited_sum(of_x, of_zero), e.bits);
      // Limited so that the product has 64 bits; what is limited saturates.
      const std::int64_t most = std::int64_t{1} << 31;
      out(r, c) = requantized<std::int32_t>{}(x(r, c) * (std::min)(sigmoid, most));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether kernels have these exponentials: of 32 bits, divided by a product of 32 bits.
[[nodiscard]] inline bool find_shift_exp_plan(const shift_exponential& e,
                                              kernels::shift_exp_plan& plan) {
  const auto unit = static_cast<std::uint64_t>(e.unit), steps = static_cast<std::uint64_t>(e.steps);
  if (unit << steps >= std::uint64_t{1} << 30) return false;
  // With m = ceil(2^s / unit), x * m >> s is floor(x / unit) while x * unit < 2^s.
  const auto s = static_cast<int>(std::bit_width(steps * unit * unit));
  const std::uint64_t m = ((std::uint64_t{1} << s) + unit - 1) / unit;
  if (s > 31 || steps * unit * m >= std::uint64_t{1} << 32) return false;
  plan = {static_cast<std::uint32_t>(unit), static_cast<std::uint32_t>(steps),
          static_cast<std::uint32_t>(m), static_cast<std::uint32_t>(s)};
  return true;
}

}  // namespace bulk

/// Rows of integers x of a scale S, with unit = shift_unit_of(S), to about softmax(S x) times
/// 2^(bits-1): with e = shift_exp(x - max, unit, steps), each is the floor of e times
/// floor((2^31-1) / sum e) over 2^(32-bits), which saturates in T. I-ViT has steps = 15 and bits
/// = 8. Exact, bit for bit reference::shiftmax for any `execution`; by kernels where unit * 2^steps
/// < 2^30 and unit * steps is below 46000, with 15 steps those of scales above 1 / 3000. Throws
/// std::invalid_argument, before writing, for shapes that differ, matrices that share memory, a
/// unit outside 1 to 2^30, and steps and bits outside 1 to 31.
template <requantized_integer T>
void shiftmax(matrix_view<const std::int32_t> x, const shift_exponential& e, matrix_view<T> out,
              const execution& how = {}) {
  detail::require_apart("shiftmax", "x", x, out);
  detail::require_exponential("shiftmax", e);
  kernels::shift_exp_plan plan;
  const bool is_by_kernels = bulk::find_shift_exp_plan(e, plan);
  bulk::for_integer_rows(how, x.rows, x.cols, [&](std::size_t row) {
    if (!is_by_kernels) return reference::shiftmax(x.row_range(row, 1), e, out.row_range(row, 1));
    constexpr std::size_t most = 4096;
    alignas(64) std::uint32_t values[most];
    const std::int32_t* const from = x.row(row);
    const std::int32_t top = kernels::largest_integer(how.level(), from, x.cols);
    std::uint64_t sum = 0;
    const auto exponentials = [&](std::size_t c) {
      const std::size_t n = (std::min)(most, x.cols - c);
      return kernels::shift_exponentials(how.level(), plan, from + c, top, n, values);
    };
    for (std::size_t c = 0; c < x.cols; c += most) sum += exponentials(c);
    const std::uint64_t largest = detail::largest_exponential_sum;
    const kernels::share_plan share{static_cast<std::uint32_t>(largest / (std::min)(sum, largest)),
                                    static_cast<std::uint32_t>(32 - e.bits),
                                    static_cast<std::uint32_t>((std::numeric_limits<T>::max)())};
    for (std::size_t c = 0; c < x.cols; c += most) {
      if (x.cols > most) static_cast<void>(exponentials(c));
      kernels::scale_shares(how.level(), share, values, (std::min)(most, x.cols - c),
                            out.row(row) + c, sizeof(T));
    }
  });
}

/// Rows of integers x of a scale S to about gelu(S x), of the scale S * 2^-(bits - 1), by x *
/// sigmoid(1.702 S x): unit = shift_unit_of(1.702 * S). With m the largest x of a row, a =
/// shift_exp(x - m, unit, steps) and b = shift_exp(-m, unit, steps), it is x times the floor of a
/// times floor((2^31-1) / min(a + b, 2^31-1)) over 2^(32-bits), which saturates in 32 bits. I-ViT
/// has steps = 23 and bits = 8. Exact, bit for bit reference::shift_gelu for any `execution`; by
/// kernels where those of shiftmax are, with one division for each element. Throws as shiftmax.
inline void shift_gelu(matrix_view<const std::int32_t> x, const shift_exponential& e,
                       matrix_view<std::int32_t> out, const execution& how = {}) {
  detail::require_apart("shift_gelu", "x", x, out);
  detail::require_exponential("shift_gelu", e);
  kernels::shift_exp_plan plan;
  const bool is_by_kernels = bulk::find_shift_exp_plan(e, plan);
  bulk::for_integer_rows(how, x.rows, x.cols, [&](std::size_t row) {
    if (!is_by_kernels) return reference::shift_gelu(x.row_range(row, 1), e, out.row_range(row, 1));
    constexpr std::size_t most = 1024;
    alignas(64) std::uint32_t values[most];
    const std::int32_t* const from = x.row(row);
    const std::int32_t top = kernels::largest_integer(how.level(), from, x.cols);
    const std::int64_t of_zero = shift_exp(-std::int64_t{top}, e.unit, e.steps);
    const kernels::gate_plan gate{
        static_cast<std::uint32_t>((std::min)(of_zero, detail::largest_exponential_sum)),
        static_cast<std::uint32_t>(32 - e.bits)};
    for (std::size_t c = 0; c < x.cols; c += most) {
      const std::size_t n = (std::min)(most, x.cols - c);
      static_cast<void>(kernels::shift_exponentials(how.level(), plan, from + c, top, n, values));
      kernels::gate_integers(how.level(), gate, from + c, values, n, out.row(row) + c);
    }
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
