// SPDX-License-Identifier: MIT
// Sums of products of integers, by definition (accumulation::integers): which operands have them,
// where K is cut, what a 32-bit sum holds, and how long a chain cannot leave it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/policy.hpp"

namespace lowp {

/// How many products of an integer in `a` and one in `b` have a sum, and partial sums, that 32 bits
/// hold, whatever the integers: the longest chain of an accumulator that does not overflow. With
/// zero points, pass the ranges of differences.
[[nodiscard]] constexpr std::int64_t safe_chain_length(const integer_range& a,
                                                       const integer_range& b) {
  const auto [low, high] =
      std::minmax({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::int64_t length = std::numeric_limits<std::int64_t>::max();
  if (high > 0) length = std::min(length, most / high);
  if (low < 0) length = std::min(length, (most + 1) / -low);
  return length;
}
/// The same for elements as encoding gives them, so that symmetric_int_n has no -2^(N - 1).
template <number_format A, number_format B>
[[nodiscard]] constexpr std::int64_t safe_chain_length(const A& a, const B& b) {
  const auto range = [](const auto& f) {
    const int unit = integers_of(f).unit;
    return integer_range{integer_of(decode(f, lowest_code(f)), unit),
                         integer_of(largest_value(f), unit)};
  };
  return safe_chain_length(range(a), range(b));
}

namespace detail {

template <class X>
inline constexpr integer_values element_integers =
    integers_of(element_of<std::remove_cv_t<X>>::format);

/// The range of the integers q - z of an operand.
template <class X>
[[nodiscard]] integer_range difference_range(const X& x) {
  constexpr integer_range codes = element_integers<X>.range;
  if constexpr (requires { x.zeros(); }) {
    constexpr integer_range zeros = codes;  // values of the same format
    return x.zeros().empty() ? codes : codes - zeros;
  } else {
    return codes;
  }
}

}  // namespace detail

/// An operand whose elements are integers of up to 16 bits times one power of two; not a transposed
/// one, whose scales would lie across its rows.
template <class X>
concept integer_operand = gemm_operand<X> && !requires(const X& x) {
  x.of();
}
&&detail::element_integers<X>.exist&& detail::element_integers<X>.range.high -
        detail::element_integers<X>.range.low <
    1 << 16;

namespace detail {

// Of an element: its integer; the binary32 that this is multiplied by; and how many columns share
// that, from a multiple of it on.
template <integer_operand X>
[[nodiscard]] std::int64_t integer_at(const X& x, std::size_t row, std::size_t col) {
  if constexpr (requires { x.integer(row, col); }) {
    return x.integer(row, col);
  } else if constexpr (requires { x.element(row, col); }) {
    return integer_of(unpack(x.element(row, col)), element_integers<X>.unit);
  } else {
    return integer_of(unpack(x(row, col)), element_integers<X>.unit);
  }
}
/// A scale, rounded to binary32, times the unit.
template <integer_operand X>
[[nodiscard]] float integer_scale(const unpacked& scale) {
  const unpacked rounded = unpack(pack_as<float>(scale));
  return pack_as<float>(scale_by_power_of_two(rounded, element_integers<X>.unit));
}
template <integer_operand X>
[[nodiscard]] float integer_scale_at(const X& x, std::size_t row, std::size_t col) {
  if constexpr (requires { x.scale(row, col); }) {
    return x.scale(row, col);
  } else if constexpr (requires { x.scale_of(row, col); }) {
    return integer_scale<X>(unpack(x.scale_of(row, col)));
  } else {
    return integer_scale<X>(unpack(1.0f));
  }
}
template <integer_operand X>
[[nodiscard]] std::size_t integer_group(const X& x) {
  if constexpr (requires { x.group_cols(); }) {
    return x.group_cols();
  } else if constexpr (requires { x.block_cols(); }) {
    return x.block_cols();
  } else {
    return std::max<std::size_t>(operand_cols(x), 1);
  }
}

/// Calls use(begin, end) for the pieces of K, which have one scale of each operand.
template <class Use>
void for_each_piece(std::size_t depth, std::size_t a_group, std::size_t b_group, int chunk,
                    const Use& use) {
  for (std::size_t k = 0, end = 0; k < depth; k = end) {
    end = std::min({depth, k - k % a_group + a_group, k - k % b_group + b_group});
    if (chunk != 0) end = std::min(end, k + static_cast<std::size_t>(chunk));
    use(k, end);
  }
}

/// The sum of products as a 32-bit accumulator holds it. Factors are less than 2^16 in magnitude,
/// so 64 bits hold the exact sum of 2^31 products.
[[nodiscard]] constexpr std::int64_t integer_sum(const std::int64_t* a, const std::int64_t* b,
                                                 std::size_t begin, std::size_t end,
                                                 overflow range) {
  using word = std::numeric_limits<std::int32_t>;
  std::int64_t sum = 0;
  for (std::size_t k = begin; k < end; ++k) {
    sum += a[k] * b[k];
    if (range == overflow::wrap) sum = static_cast<std::int32_t>(sum);
    if (range == overflow::saturate) sum = std::clamp<std::int64_t>(sum, word::min(), word::max());
  }
  return sum;
}

/// Row `row` of a, whose integers are a_values, by row `col` of b, added to `start`.
template <integer_operand A, integer_operand B>
[[nodiscard]] float dot_integers(const gemm_policy& p, const A& a, std::size_t row,
                                 const std::int64_t* a_values, const B& b, std::size_t col,
                                 const std::int64_t* b_values, float start) {
  float total = opaque(start);
  for_each_piece(operand_cols(a), integer_group(a), integer_group(b), p.chunk,
                 [&](std::size_t begin, std::size_t end) {
                   const std::int64_t sum = integer_sum(a_values, b_values, begin, end, p.range);
                   const float a_scale = integer_scale_at(a, row, begin);
                   const float b_scale = integer_scale_at(b, col, begin);
                   const float scaled = opaque(opaque(static_cast<float>(sum)) * opaque(a_scale));
                   total = opaque(total + opaque(scaled * opaque(b_scale)));
                 });
  return total;
}

}  // namespace detail
}  // namespace lowp
