// SPDX-License-Identifier: MIT
// Policies that add products in groups of a few, each group by itself, and then to the running sum:
// as matrix units do whose adders round like processors, flushed subnormal numbers included.
#pragma once

#include <algorithm>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/adder.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/policies/rounded.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// How the products of a group are added.
enum class group_order : std::uint8_t {
  /// Products, each rounded, two by two, the sums of neighbours again two by two; one without a
  /// neighbour waits for the next level.
  pairwise,
  even_and_odd,  ///< a chain of FMAs over even k, one over odd k, from zero; then their sum
  fused,         ///< all of the group without rounding, then rounded once
};

/// What becomes of subnormal factors, and of a subnormal start.
enum class subnormal_input : std::uint8_t {
  kept,
  signed_zero,    ///< a zero of its sign, as with denormals-are-zero
  positive_zero,  ///< +0, as is a zero of either sign
};

/// What becomes of subnormal results.
enum class subnormal_result : std::uint8_t {
  kept,
  /// A zero of its sign if the rounded result is subnormal.
  signed_zero,
  /// A zero of its sign if it would be less than the smallest normal number were exponents without
  /// end, as x86 finds tininess. It differs where rounding gives that number: just below it.
  tiny_to_zero,
};

/// Products are added in groups of `terms`, from the beginning of K, and the sum of each group to
/// the running sum. Each operation is rounded to `accumulator`.
struct grouped_sums {
  int terms = 0;  ///< products in a group, 1 to 2^10; fewer at the end of K
  group_order order = group_order::pairwise;
  float_format accumulator = formats::binary32;
  /// Whether operations round to odd (an overflow is an infinity). Else to nearest even.
  bool rounds_to_odd = false;
  /// Whether a product that is -0 becomes +0, as by an FMA that adds it to that; of pairwise.
  bool products_start_from_zero = false;
  subnormal_input inputs = subnormal_input::kept;
  subnormal_result results = subnormal_result::kept;
  overflow range = overflow::to_special;

  constexpr bool operator==(const grouped_sums&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const grouped_sums& p) {
  if (detail::sum_format_defect(p.accumulator) != nullptr) {
    return detail::sum_format_defect(p.accumulator);
  }
  if (p.terms < 1 || p.terms > 1 << 10) return "terms lies between 1 and 2^10";
  if (p.products_start_from_zero && p.order != group_order::pairwise) {
    return "products_start_from_zero is for group_order::pairwise: other products are not rounded";
  }
  return nullptr;
}
/// The format that finished sums have.
[[nodiscard]] constexpr float_format sum_format(const grouped_sums& p) { return p.accumulator; }

namespace detail {

/// The operations of a policy on exact values.
class grouped_summation {
 public:
  grouped_summation(const grouped_sums& p, const product_terms& t) : p_(p), t_(t) {}

  [[nodiscard]] unpacked operator()() const {
    unpacked sum = input(unpack(t_.start), 1 - p_.accumulator.bias);
    const auto terms = static_cast<std::size_t>(p_.terms);
    for (std::size_t k = 0; k < t_.depth; k += terms) {
      sum = sum_of(sum, group(k, (std::min)(k + terms, t_.depth)));
    }
    return sum;
  }

 private:
  [[nodiscard]] unpacked group(std::size_t begin, std::size_t end) const {
    switch (p_.order) {
      case group_order::pairwise: return pairwise(begin, end);
      case group_order::even_and_odd: return sum_of(chain(begin, end), chain(begin + 1, end));
      case group_order::fused: break;
    }
    return fused(begin, end);
  }
  [[nodiscard]] unpacked pairwise(std::size_t begin, std::size_t end) const {
    if (end - begin == 1) {
      const unpacked x = product(begin);
      return rounded(p_.products_start_from_zero && x.is_zero() ? unpacked::zero() : x);
    }
    // The left part of a tree of neighbours is the largest whole one.
    std::size_t half = 1;
    while (2 * half < end - begin) half *= 2;
    return sum_of(pairwise(begin, begin + half), pairwise(begin + half, end));
  }
  [[nodiscard]] unpacked chain(std::size_t begin, std::size_t end) const {
    unpacked sum = unpacked::zero();
    for (std::size_t k = begin; k < end; k += 2) sum = sum_of(sum, product(k));
    return sum;
  }
  [[nodiscard]] unpacked fused(std::size_t begin, std::size_t end) const {
    if (end - begin == 1) return rounded(product(begin));
    if (end - begin == 2) return sum_of(product(begin), product(begin + 1));
    int low = 0, high = 0;
    bool is_first = true;
    for (std::size_t k = begin; k < end; ++k) {
      const unpacked x = product(k);
      if (x.kind != value_kind::finite) continue;
      low = is_first ? x.exponent : (std::min)(low, x.exponent);
      high = is_first ? x.exponent : (std::max)(high, x.exponent);
      is_first = false;
    }
    exact_sum sum(low, high);
    for (std::size_t k = begin; k < end; ++k) sum.add(product(k));
    return rounded(sum.value());
  }

  [[nodiscard]] unpacked input(const unpacked& x, int lowest) const {
    const bool is_small = x.is_zero() || (x.kind == value_kind::finite && x.exponent < lowest);
    if (p_.inputs == subnormal_input::kept || !is_small) return x;
    return unpacked::zero(x.negative && p_.inputs == subnormal_input::signed_zero);
  }
  [[nodiscard]] unpacked product(std::size_t k) const {
    return exact::multiply(input(t_.a[k], t_.a.lowest_exponent),
                           input(t_.b[k], t_.b.lowest_exponent));
  }
  [[nodiscard]] unpacked sum_of(const unpacked& a, const unpacked& b) const {
    return rounded(exact::add(a, b));
  }
  [[nodiscard]] unpacked rounded(const unpacked& x) const {
    const float_format& f = p_.accumulator;
    const unpacked result = p_.rounds_to_odd ? rounded_within(f, x, to_odd, p_.range)
                                             : decode(f, encode(f, x, nearest_even, p_.range));
    if (p_.results == subnormal_result::kept || x.kind != value_kind::finite) return result;
    if (p_.results == subnormal_result::signed_zero) {
      const bool is_subnormal = result.kind == value_kind::finite && result.exponent < 1 - f.bias;
      return is_subnormal ? unpacked::zero(x.negative) : result;
    }
    // Rounded where numbers of this exponent are normal, less than the smallest normal number?
    const unpacked normal = scale_by_power_of_two(x, 1 - x.exponent);
    const unpacked kept = p_.rounds_to_odd ? rounded_within(f, normal, to_odd, p_.range)
                                           : decode(f, encode(f, normal, nearest_even, p_.range));
    return kept.exponent + x.exponent - 1 < 1 - f.bias ? unpacked::zero(x.negative) : result;
  }

  const grouped_sums& p_;
  const product_terms& t_;
};

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const grouped_sums& p, const product_terms& t) {
  return detail::grouped_summation(p, t)();
}

}  // namespace lowp
