// SPDX-License-Identifier: MIT
// Policies that multiply by the scales of blocks within an adder that aligns: the exponents of
// scales join those of the terms.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/adder.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The elements of `terms` products, their scales and the accumulator meet in an adder: its terms
/// and the accumulator are aligned to the largest exponent among them, cut off `fraction_bits`
/// below it, added without rounding, and the sum is cut off to the accumulator's format.
///
/// With group = 0 each product is a term, times the scales of its factors, and its exponent is the
/// sum of the four; an element has at least the exponent of the smallest normal one of its format.
/// Else a term is the exact sum of up to `group` products that have one scale of either operand,
/// times these, and its exponent is that of the scales alone: a term may be larger than its
/// exponent says. Operands without scales have one of 1. A sum of zero is +0.
struct block_scaled_sums {
  int terms = 0;          ///< products at a time, 1 to 2^10; fewer at the end of K
  int group = 0;          ///< 0 to `terms`
  int fraction_bits = 0;  ///< 0 to 60
  float_format accumulator = formats::binary32;
  bool rounds_to_nearest = false;   ///< the sum to nearest even, instead of cutting it off
  int zero_exponent = no_exponent;  ///< of an element, a scale or an accumulator; see aligned_sums
  /// The least exponent with which a scale that is not zero counts: -6 for UE4M3.
  int lowest_scale_exponent = no_exponent;
  overflow range = overflow::to_special;

  constexpr bool operator==(const block_scaled_sums&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const block_scaled_sums& p) {
  if (detail::sum_format_defect(p.accumulator) != nullptr) {
    return detail::sum_format_defect(p.accumulator);
  }
  if (p.terms < 1 || p.terms > 1 << 10) return "terms lies between 1 and 2^10";
  if (p.group < 0 || p.group > p.terms) return "group lies between 0 and terms";
  if (p.fraction_bits < 0 || p.fraction_bits > 60) return "fraction_bits lies between 0 and 60";
  if (p.accumulator.bits() > 32) return "an aligned accumulator has at most 32 bits";
  if (p.zero_exponent < no_exponent || p.zero_exponent > 0) {
    return "zero_exponent is at most 0, or no_exponent";
  }
  return nullptr;
}
[[nodiscard]] constexpr factor_form form_of(const block_scaled_sums&) {
  return factor_form::elements;
}
/// The format that finished sums have.
[[nodiscard]] constexpr float_format sum_format(const block_scaled_sums& p) {
  return p.accumulator;
}

namespace detail {

/// A term of an adder of block_scaled_sums.
struct scaled_term {
  unpacked value;
  int exponent;
};

/// The term that begins with product k and ends before `end`.
[[nodiscard]] inline scaled_term scaled_term_at(const block_scaled_sums& p, const product_terms& t,
                                                std::size_t k, std::size_t end) {
  const unpacked a_scale = t.a.scale(k), b_scale = t.b.scale(k);
  int exponent = counted_exponent(a_scale, p.lowest_scale_exponent, p.zero_exponent) +
                 counted_exponent(b_scale, p.lowest_scale_exponent, p.zero_exponent);
  unpacked sum = exact::multiply(t.a[k], t.b[k]);
  if (p.group == 0) {
    exponent += counted_exponent(t.a[k], t.a.lowest_exponent, p.zero_exponent) +
                counted_exponent(t.b[k], t.b.lowest_exponent, p.zero_exponent);
  } else {
    exact_sum all(-600, 600);  // of products of numbers of binary32
    for (std::size_t i = k; i < end; ++i) all.add(exact::multiply(t.a[i], t.b[i]));
    sum = all.value();
  }
  return {exact::multiply(exact::multiply(sum, a_scale), b_scale), exponent};
}

/// x without its bits below 2^unit.
[[nodiscard]] constexpr unpacked cut_below(unpacked x, int unit) {
  if (x.kind != value_kind::finite) return x;
  const int dropped = (std::min)(128, unit - (x.exponent - 127));
  if (dropped <= 0) return x;
  if (dropped >= 128) return unpacked::zero(x.negative);
  const bool is_low = dropped < 64;
  x.significand.high &= is_low ? ~std::uint64_t{0} : ~low_mask(dropped - 64);
  x.significand.low &= is_low ? ~low_mask(dropped) : 0;
  return x;
}

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const block_scaled_sums& p, const product_terms& t) {
  const auto terms = static_cast<std::size_t>(p.terms);
  const std::size_t group = p.group == 0 ? 1 : static_cast<std::size_t>(p.group);
  unpacked sum = unpack(t.start);
  for (std::size_t begin = 0; begin < t.depth; begin += terms) {
    const std::size_t end = (std::min)(begin + terms, t.depth);
    std::vector<detail::scaled_term> all{
        {sum, detail::counted_exponent(sum, 1 - p.accumulator.bias, p.zero_exponent)}};
    for (std::size_t k = begin, last = 0; k < end; k = last) {
      last = (std::min)(end, t.end_of_piece(k, group));
      all.push_back(detail::scaled_term_at(p, t, k, last));
    }
    detail::special_sum specials;
    int highest = 4 * no_exponent;
    for (const detail::scaled_term& x : all) {
      specials.add(x.value);
      if (x.value.is_finite()) highest = (std::max)(highest, x.exponent);
    }
    int low = 0, high = 0;
    bool is_first = true;
    for (detail::scaled_term& x : all) {
      x.value = detail::cut_below(x.value, highest - p.fraction_bits);
      if (x.value.kind != value_kind::finite) continue;
      low = is_first ? x.value.exponent : (std::min)(low, x.value.exponent);
      high = is_first ? x.value.exponent : (std::max)(high, x.value.exponent);
      is_first = false;
    }
    exact_sum kept(low, high);
    for (const detail::scaled_term& x : all) kept.add(x.value);
    sum = detail::finished_sum(p.accumulator, specials.decides() ? specials.value() : kept.value(),
                               p.rounds_to_nearest, p.range);
  }
  return sum;
}

}  // namespace lowp
