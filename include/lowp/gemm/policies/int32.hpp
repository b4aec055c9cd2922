// SPDX-License-Identifier: MIT
// Policies that add as integer units do: integers in sums of 32 bits, scales on these sums.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// Integers in sums of 32 bits, each of which is then converted to binary32, multiplied by a's
/// scale, then by b's, and added to the result, one rounding each, to nearest even (MixPE, arXiv
/// 2411.16158; MixLLM, 2412.14590). K is cut where a group of either operand ends, and after each
/// `chunk` products from there.
///
/// Elements are small integers times a power of two, which joins their scale, that is rounded to
/// binary32.
struct int32_sums {
  int chunk = 0;  ///< 0: never
  /// Of a 32-bit sum: `wrap`, modulo 2^32; `saturate`, after each addition in the order of k;
  /// `to_special`, it is exact, as if it had more bits.
  overflow range = overflow::to_special;
  /// So many products are added to a sum at once, exactly, before it saturates: 4 by VPDPBUSDS, 2
  /// by VPDPWSSDS. Groups begin with each sum.
  int group = 1;

  constexpr bool operator==(const int32_sums&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const int32_sums& p) {
  if (p.chunk < 0) return "a chunk is a number of products, or 0 for all";
  if (p.group < 1 || p.group > 1 << 16) return "a group has 1 to 2^16 products";
  if (p.group != 1 && p.range != overflow::saturate) {
    return "groups matter where sums saturate: else there are none";
  }
  if (p.range == overflow::propagate || p.range == overflow::saturate_numbers) {
    return "a 32-bit sum of integers has no infinity";
  }
  return nullptr;
}
[[nodiscard]] constexpr factor_form form_of(const int32_sums&) { return factor_form::elements; }
/// Why operands of these elements have no such sums, or null.
[[nodiscard]] constexpr const char* operand_defect(const int32_sums&, const element_facts& a,
                                                   const element_facts& b) {
  const auto are_small = [](const integer_values& x) {
    return x.exist && x.range.high - x.range.low < 1 << 16;
  };
  return are_small(a.integers) && are_small(b.integers)
             ? nullptr
             : "int32_sums takes operands whose elements are integers of up to 16 bits times one "
               "power of two";
}

/// How many products of an integer in `a` and one in `b` have a sum, and partial sums, that 32 bits
/// hold, whatever the integers: the longest chain of an accumulator that does not overflow. With
/// zero points, pass the ranges of differences.
[[nodiscard]] constexpr std::int64_t safe_chain_length(const integer_range& a,
                                                       const integer_range& b) {
  const auto [low, high] =
      std::minmax({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
  constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
  std::int64_t length = (std::numeric_limits<std::int64_t>::max)();
  if (high > 0) length = (std::min)(length, most / high);
  if (low < 0) length = (std::min)(length, (most + 1) / -low);
  return length;
}
/// safe_chain_length for elements as encoding gives them, so that symmetric_int_n has no
/// -2^(N - 1).
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

/// `sum` and the products begin, …, end - 1 as a 32-bit accumulator holds them. Factors are less
/// than 2^16 in magnitude, so 64 bits hold the exact sum of 2^31 products.
[[nodiscard]] inline std::int64_t integer_sum(const product_terms& t, std::size_t begin,
                                              std::size_t end, overflow range,
                                              std::size_t group = 1, std::int64_t sum = 0) {
  using word = std::numeric_limits<std::int32_t>;
  for (std::size_t k = begin; k < end; ++k) {
    sum += integer_of(t.a[k], t.a.elements.integers.unit) *
           integer_of(t.b[k], t.b.elements.integers.unit);
    if (range == overflow::wrap) sum = static_cast<std::int32_t>(sum);
    const bool ends_group = (k - begin + 1) % group == 0 || k + 1 == end;
    if (range == overflow::saturate && ends_group)
      sum = std::clamp<std::int64_t>(sum, (word::min)(), (word::max)());
  }
  return sum;
}

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const int32_sums& p, const product_terms& t) {
  float total = opaque(t.start);
  t.for_each_piece(p.chunk, [&](std::size_t begin, std::size_t end) {
    const std::int64_t sum =
        detail::integer_sum(t, begin, end, p.range, static_cast<std::size_t>(p.group));
    const float a_scale = detail::integer_scale(t.a.scale(begin), t.a.elements.integers.unit);
    const float b_scale = detail::integer_scale(t.b.scale(begin), t.b.elements.integers.unit);
    const float scaled = opaque(opaque(static_cast<float>(sum)) * opaque(a_scale));
    total = opaque(total + opaque(scaled * opaque(b_scale)));
  });
  return unpack(total);
}

}  // namespace lowp
