// SPDX-License-Identifier: MIT
// Policies that add as tensor cores do: some products at a time, aligned to the largest exponent
// among them and cut off.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/adder.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/policies/rounded.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// `terms` exact products and the accumulator are aligned to the largest exponent among them, cut
/// off `fraction_bits` below it, added without rounding, and the sum is cut off to the
/// accumulator's format.
///
/// The exponent of a product is the sum of those of its factors: the significand of an exact one
/// lies in [1, 4). A factor that is a number without a scale has at least the exponent of the
/// smallest normal one of its format, and so has the accumulator. Zeros take no part, unless
/// zero_exponent says so, and a sum of zero is +0.
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
  /// Whether the sum is rounded to the accumulator to nearest even. Else it is cut off.
  bool rounds_to_nearest = false;
  /// With which exponent a factor, or an accumulator, of zero counts; no_exponent: it takes no
  /// part. The program MMA-Sim has -126, so that zero times a large number may cut others off.
  int zero_exponent = no_exponent;
  /// Mantissa bits that are read of a factor in binary32, the others are cut off: 10 for TF32.
  int factor_mantissa_bits = 23;

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
  if (p.zero_exponent < no_exponent || p.zero_exponent > 0) {
    return "zero_exponent is at most 0, or no_exponent";
  }
  if (detail::factor_defect(p.factor_mantissa_bits) != nullptr) {
    return detail::factor_defect(p.factor_mantissa_bits);
  }
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

/// The products begin, …, end - 1 in one adder, with the accumulator.
[[nodiscard]] inline unpacked aligned_sum(const aligned_sums& p, const product_terms& t,
                                          std::size_t begin, std::size_t end,
                                          const unpacked& accumulator) {
  struct term {
    unpacked value;
    int exponent;
  };
  const auto product_term = [&](std::size_t k) {
    const unpacked x = factor_at(t.a, k, p.factor_mantissa_bits);
    const unpacked y = factor_at(t.b, k, p.factor_mantissa_bits);
    return term{product_of(p.product, t, x, y),
                counted_exponent(x, t.a.lowest_exponent, p.zero_exponent) +
                    counted_exponent(y, t.b.lowest_exponent, p.zero_exponent)};
  };
  const term old{accumulator,
                 counted_exponent(accumulator, 1 - p.accumulator.bias, p.zero_exponent)};

  special_sum specials;
  int highest = 2 * no_exponent;
  const auto look_at = [&](const term& x) {
    specials.add(x.value);
    if (x.value.is_finite()) highest = (std::max)(highest, x.exponent);
  };
  if (p.has_accumulator) look_at(old);
  for (std::size_t k = begin; k < end; ++k) look_at(product_term(k));

  const int unit = highest - p.fraction_bits;  // the weight of the last bit that is kept
  std::int64_t sum = 0;                        // a term has at most 43 bits
  if (p.has_accumulator) sum += cut_to_unit(old.value, unit);
  for (std::size_t k = begin; k < end; ++k) sum += cut_to_unit(product_term(k).value, unit);

  unpacked total = specials.decides() ? specials.value()
                                      : scale_by_power_of_two(unpacked::from_integer(sum), unit);
  if (!p.has_accumulator) total = exact::add(accumulator, total);
  return finished_sum(p.accumulator, total, p.rounds_to_nearest, p.range);
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
