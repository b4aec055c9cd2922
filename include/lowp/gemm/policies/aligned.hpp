// SPDX-License-Identifier: MIT
// Policies that add as tensor cores do: some products at a time, aligned to the largest exponent
// among them and cut off.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/policies/rounded.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// `terms` exact products and the accumulator are aligned to the largest exponent among them, cut
/// off `fraction_bits` below it, added without rounding, and the sum is cut off to the
/// accumulator's format.
///
/// The exponent of a product is the sum of those of its factors: the significand of an exact one
/// lies in [1, 4). A factor that is a number without a scale has at least the exponent of the
/// smallest normal one of its format, and so has the accumulator. Zeros take no part, and a sum of
/// zero is +0.
struct aligned_sums {
  int terms = 0;          ///< products at a time, 1 to 2^16; fewer at the end of K
  int fraction_bits = 0;  ///< kept below the leading bit of the largest exponent, 0 to 40
  /// Whether the accumulator is aligned, too. Else it is added to the sum of the products, exactly.
  bool has_accumulator = true;
  float_format accumulator = formats::binary32;  ///< of up to 32 bits
  lowp::product product = lowp::product::exact;  ///< exact, or l_mul
  /// After so many products the running sum is added to one in the format `promoted`, to nearest
  /// even, and starts again from zero. 0: never.
  int chunk = 0;
  float_format promoted = formats::binary32;
  overflow range = overflow::to_special;  ///< of a sum beyond the range of `accumulator`
  scale_use scales = scale_use::elements;

  constexpr bool operator==(const aligned_sums&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const aligned_sums& p) {
  if (detail::sum_format_defect(p.accumulator) != nullptr) {
    return detail::sum_format_defect(p.accumulator);
  }
  if (detail::chunk_defect(p.chunk, p.promoted) != nullptr) {
    return detail::chunk_defect(p.chunk, p.promoted);
  }
  if (p.terms < 1 || p.terms > 1 << 16) return "terms lies between 1 and 2^16";
  if (p.fraction_bits < 0 || p.fraction_bits > 40) return "fraction_bits lies between 0 and 40";
  if (p.accumulator.bits() > 32) return "an aligned accumulator has at most 32 bits";
  if (p.product == product::rounded) return "an adder that aligns takes products as they are";
  if (p.scales == scale_use::partial_sums && p.promoted != formats::binary32) {
    return "scale_use::partial_sums adds up in binary32: there is no other promoted format";
  }
  return nullptr;
}
[[nodiscard]] constexpr factor_form form_of(const aligned_sums& p) {
  return p.scales == scale_use::partial_sums ? factor_form::elements : factor_form::values;
}
/// The format that finished sums have.
[[nodiscard]] constexpr float_format sum_format(const aligned_sums& p) {
  return p.chunk == 0 && p.scales == scale_use::elements ? p.accumulator : p.promoted;
}
/// Why operands of these elements have no such sums, or null.
[[nodiscard]] constexpr const char* operand_defect(const aligned_sums& p, const element_facts& a,
                                                   const element_facts& b) {
  return detail::product_defect(p.product, a, b);
}

namespace detail {

/// x truncated to the precision of f; what is then beyond its range is an overflow, as it would not
/// be under the mode toward_zero.
[[nodiscard]] constexpr unpacked truncated(const float_format& f, const unpacked& x, overflow o) {
  const float_format wide{.exponent_bits = f.exponent_bits + 1,
                          .mantissa_bits = f.mantissa_bits,
                          .bias = f.bias,
                          .at_exponent_zero = f.at_exponent_zero};
  return decode(f, encode(f, decode(wide, encode(wide, x, toward_zero)), nearest_even, o));
}

/// The products begin, …, end - 1 in one adder, with the accumulator.
[[nodiscard]] inline unpacked aligned_sum(const aligned_sums& p, const product_terms& t,
                                          std::size_t begin, std::size_t end,
                                          const unpacked& accumulator) {
  struct term {
    unpacked value;
    int exponent;
  };
  const auto product_term = [&](std::size_t k) {
    const int a = (std::max)(t.a[k].exponent, t.a.lowest_exponent);
    const int b = (std::max)(t.b[k].exponent, t.b.lowest_exponent);
    return term{product_of(p.product, t, k), a + b};
  };
  const term old{accumulator, (std::max)(accumulator.exponent, 1 - p.accumulator.bias)};

  // What is no number decides by itself.
  unpacked special = p.has_accumulator ? accumulator : unpacked::zero();
  int highest = (std::numeric_limits<int>::min)() / 2;
  const auto look_at = [&](const term& x) {
    if (x.value.kind == value_kind::finite) highest = (std::max)(highest, x.exponent);
    if (!x.value.is_finite())
      special = special.is_finite() ? x.value : exact::add(special, x.value);
  };
  if (p.has_accumulator) look_at(old);
  for (std::size_t k = begin; k < end; ++k) look_at(product_term(k));

  const int unit = highest - p.fraction_bits;  // the weight of the last bit that is kept
  std::int64_t sum = 0;
  const auto add = [&](const term& x) {
    if (x.value.kind != value_kind::finite) return;
    const int kept_bits = x.value.exponent + 1 - unit;  // at most 43
    if (kept_bits <= 0) return;
    const auto magnitude = static_cast<std::int64_t>(x.value.significand.high >> (64 - kept_bits));
    sum += x.value.negative ? -magnitude : magnitude;
  };
  if (p.has_accumulator) add(old);
  for (std::size_t k = begin; k < end; ++k) add(product_term(k));

  unpacked total = unpacked::zero();
  if (!special.is_finite()) {
    total = special;
  } else if (sum != 0) {
    total = scale_by_power_of_two(unpacked::from_integer(sum), unit);
  }
  if (!p.has_accumulator) total = exact::add(accumulator, total);
  const unpacked kept = truncated(p.accumulator, total, p.range);
  return kept.is_zero() ? unpacked::zero() : kept;
}

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const aligned_sums& p, const product_terms& t) {
  const auto terms = static_cast<std::size_t>(p.terms);
  return detail::sum_of_chunks(p, t, [&](std::size_t begin, std::size_t end, unpacked sum) {
    for (std::size_t k = begin; k < end; k += terms) {
      sum = detail::aligned_sum(p, t, k, (std::min)(k + terms, end), sum);
    }
    return sum;
  });
}

}  // namespace lowp
