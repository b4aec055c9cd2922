// SPDX-License-Identifier: MIT
// LayerNorm of integers (I-LayerNorm of I-ViT, arXiv 2207.01405), in integers alone.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/functions/integer/integer_sqrt.hpp"
#include "lowp/functions/integer/places.hpp"
#include "lowp/functions/integer/requantize.hpp"
#include "lowp/kernels/integers/integers.hpp"

namespace lowp {
namespace detail {

/// sum / count to the nearest integer, ties to even.
[[nodiscard]] constexpr std::int64_t integer_mean(std::int64_t sum, std::int64_t count) {
  std::int64_t floor = sum / count, rest = sum % count;
  if (rest < 0) rest += count, --floor;
  const bool is_up = rest > count - rest || (rest == count - rest && (floor & 1) != 0);
  return floor + static_cast<std::int64_t>(is_up);
}
/// What deviations are multiplied by, then halved.
template <class Root>
[[nodiscard]] constexpr std::int64_t deviation_factor(std::uint64_t squares, const Root& root) {
  const std::uint64_t deviation = root(squares);
  return static_cast<std::int64_t>(std::uint64_t{0x7FFFFFFF} / (deviation == 0 ? 1 : deviation));
}

}  // namespace detail

namespace reference {

template <class Root>
void integer_layer_norm(matrix_view<const std::int32_t> x, std::span<const std::int32_t> bias,
                        matrix_view<std::int32_t> out, const Root& root) {
  for (std::size_t r = 0; r < x.rows && x.cols != 0; ++r) {
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < x.cols; ++c) sum += x(r, c);
    const std::int64_t mean = detail::integer_mean(sum, static_cast<std::int64_t>(x.cols));
    std::uint64_t squares = 0;
    for (std::size_t c = 0; c < x.cols; ++c) {
      const std::int64_t y = x(r, c) - mean;
      const auto magnitude = static_cast<std::uint64_t>(y < 0 ? -y : y);
      const std::uint64_t square = magnitude * magnitude;
      squares = square > ~squares ? ~std::uint64_t{0} : squares + square;
    }
    const std::int64_t factor = detail::deviation_factor(squares, root);
    for (std::size_t c = 0; c < x.cols; ++c) {
      const std::int64_t y = (x(r, c) - mean) * factor >> 1;
      out(r, c) = requantized<std::int32_t>{}(y + (bias.empty() ? 0 : bias[c]));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {

/// Rows of n integers x to about (x - mean) / deviation, of the scale sqrt(n) * 2^-30: with m the
/// mean, to the nearest integer, ties to even, y = x - m and k = root(sum y^2), each is floor(y *
/// floor((2^31 - 1) / k) / 2) + bias, which saturates in 32 bits; a k of 0 counts as 1. bias, one
/// for each column or none, is floor(beta / gamma / (sqrt(n) * 2^-30)), and the scale of column c
/// then has gamma[c] in it. The root is any function of an integer of 64 bits: newton_sqrt{} takes
/// ten steps from 2^16, as published, floor_sqrt{} is exact. Exact, bit for bit
/// reference::integer_layer_norm for any `execution`; by kernels where deviations and their sum of
/// squares cannot overflow 32 and 64 bits, as those of |x| < 2^24 in fewer than 2^14 columns
/// cannot. A sum of squares above 2^64 - 1 becomes that. Throws std::invalid_argument, before
/// writing, for shapes that differ, matrices that share memory, and another number of biases.
template <class Root = newton_sqrt>
void integer_layer_norm(matrix_view<const std::int32_t> x, std::span<const std::int32_t> bias,
                        matrix_view<std::int32_t> out, const Root& root = {},
                        const execution& how = {}) {
  detail::require_apart("integer_layer_norm", "x", x, out);
  if (!bias.empty() && bias.size() != x.cols) {
    refuse("integer_layer_norm: bias has size " + std::to_string(bias.size()) +
           ", expected 0 or that of cols, " + std::to_string(x.cols));
  }
  bulk::for_integer_rows(how, x.rows, x.cols, [&](std::size_t row) {
    // Numbers of k bits and a sign deviate by less than 2^(k + 1).
    const std::int32_t* const from = x.row(row);
    const auto bits =
        static_cast<int>(std::bit_width(kernels::magnitude_bits(how.level(), from, x.cols)));
    const auto width = static_cast<int>(std::bit_width(x.cols));
    if (bits > 30 || 2 * (bits + 1) + width > 64) {
      return reference::integer_layer_norm(x.row_range(row, 1), bias, out.row_range(row, 1), root);
    }
    const auto mean = static_cast<std::int32_t>(detail::integer_mean(
        kernels::sum_integers(how.level(), from, x.cols), static_cast<std::int64_t>(x.cols)));
    const std::int64_t factor =
        detail::deviation_factor(kernels::sum_squares(how.level(), from, mean, x.cols), root);
    kernels::scale_deviations(how.level(), from, mean, static_cast<std::uint32_t>(factor),
                              bias.empty() ? nullptr : bias.data(), x.cols, out.row(row));
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
