// SPDX-License-Identifier: MIT
// Policies that align twice: the products among each other, then their sum with the accumulator.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/adder.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// `terms` exact products are aligned to the largest exponent among them, cut off `product_bits`
/// below it and added. Their sum and the accumulator are aligned to the larger exponent, rounded
/// down `sum_bits` and `accumulator_bits` below it, added, and rounded to the accumulator's format
/// to nearest even.
///
/// Exponents are those of aligned_sums: that of a product is the sum of those of its factors, that
/// of a sum of products the largest one of them. A product beyond the accumulator's range is an
/// infinity. A sum of zero is +0; one that rounds to zero keeps its sign.
struct staged_sums {
  int terms = 0;             ///< products at a time, 1 to 2^10; fewer at the end of K
  int product_bits = 0;      ///< 0 to 40
  int sum_bits = 0;          ///< product_bits to 45
  int accumulator_bits = 0;  ///< 0 to sum_bits
  /// n sums of every n-th product, each aligned by itself, which are then aligned among each other
  /// and rounded down product_bits below the largest exponent.
  int interleaved = 1;
  /// An accumulator whose exponent is more than this below the larger one is left out; 0: none is,
  /// and of a negative one at least -1 unit is left.
  int accumulator_reach = 0;
  float_format accumulator = formats::binary32;  ///< of up to 32 bits
  int zero_exponent = no_exponent;               ///< see aligned_sums
  int factor_mantissa_bits = 23;                 ///< see aligned_sums
  overflow range = overflow::to_special;

  constexpr bool operator==(const staged_sums&) const = default;
};

namespace detail {
inline constexpr int most_interleaved = 16;
}

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const staged_sums& p) {
  if (detail::sum_format_defect(p.accumulator) != nullptr) {
    return detail::sum_format_defect(p.accumulator);
  }
  if (p.terms < 1 || p.terms > 1 << 10) return "terms lies between 1 and 2^10";
  if (p.product_bits < 0 || p.product_bits > 40) return "product_bits lies between 0 and 40";
  if (p.sum_bits < p.product_bits || p.sum_bits > 45) {
    return "sum_bits lies between product_bits and 45";
  }
  if (p.accumulator_bits < 0 || p.accumulator_bits > p.sum_bits) {
    return "accumulator_bits lies between 0 and sum_bits";
  }
  if (p.interleaved < 1 || p.interleaved > p.terms || p.interleaved > detail::most_interleaved) {
    return "interleaved lies between 1 and terms, and is at most 16";
  }
  if (p.accumulator_reach < 0) return "accumulator_reach is a number of binades, or 0";
  if (p.accumulator.bits() > 32) return "an aligned accumulator has at most 32 bits";
  if (p.zero_exponent < no_exponent || p.zero_exponent > 0) {
    return "zero_exponent is at most 0, or no_exponent";
  }
  return detail::factor_defect(p.factor_mantissa_bits);
}
/// The format that finished sums have.
[[nodiscard]] constexpr float_format sum_format(const staged_sums& p) { return p.accumulator; }

namespace detail {

/// sum * 2^(exponent - bits of its stage)
struct stage_sum {
  std::int64_t sum = 0;
  int exponent = 2 * no_exponent;
};

/// The products begin, begin + step, … below end, aligned among each other.
[[nodiscard]] inline stage_sum aligned_products(const staged_sums& p, const product_terms& t,
                                                std::size_t begin, std::size_t end,
                                                std::size_t step) {
  stage_sum s;
  for (std::size_t k = begin; k < end; k += step) {
    const unpacked x = factor_at(t.a, k, p.factor_mantissa_bits);
    const unpacked y = factor_at(t.b, k, p.factor_mantissa_bits);
    s.exponent =
        (std::max)(s.exponent, counted_exponent(x, t.a.lowest_exponent, p.zero_exponent) +
                                   counted_exponent(y, t.b.lowest_exponent, p.zero_exponent));
  }
  for (std::size_t k = begin; k < end; k += step) {
    const unpacked product = exact::multiply(factor_at(t.a, k, p.factor_mantissa_bits),
                                             factor_at(t.b, k, p.factor_mantissa_bits));
    s.sum += cut_to_unit(product, s.exponent - p.product_bits);
  }
  return s;
}

/// The products begin, …, end - 1 added to an accumulator.
[[nodiscard]] inline unpacked staged_sum(const staged_sums& p, const product_terms& t,
                                         std::size_t begin, std::size_t end,
                                         const unpacked& accumulator) {
  special_sum specials, overflows;
  const float_format& f = p.accumulator;
  const int end_of_range = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias + 1;
  specials.add(accumulator);
  for (std::size_t k = begin; k < end; ++k) {
    const unpacked product = exact::multiply(factor_at(t.a, k, p.factor_mantissa_bits),
                                             factor_at(t.b, k, p.factor_mantissa_bits));
    specials.add(product);
    if (product.kind == value_kind::finite && product.exponent >= end_of_range) {
      overflows.add(unpacked::infinite(product.negative));
    }
  }
  if (specials.decides()) return specials.value();
  if (overflows.decides()) return overflows.value();

  const auto step = static_cast<std::size_t>(p.interleaved);
  std::array<stage_sum, most_interleaved> parts;
  stage_sum products;
  for (std::size_t i = 0; i < step; ++i) {
    parts[i] = aligned_products(p, t, begin + i, end, step);
    products.exponent = (std::max)(products.exponent, parts[i].exponent);
  }
  for (std::size_t i = 0; i < step; ++i) {
    products.sum += shift_down(parts[i].sum, products.exponent - parts[i].exponent);
  }
  const int old = counted_exponent(accumulator, 1 - f.bias, p.zero_exponent);
  const int highest = (std::max)(products.exponent, old);
  std::int64_t sum =
      shift_down(products.sum, highest - products.exponent - (p.sum_bits - p.product_bits));
  if (p.accumulator_reach == 0 || old >= highest - p.accumulator_reach) {
    const int unit = highest - p.accumulator_bits;
    std::int64_t kept = cut_to_unit(accumulator, unit);
    const bool is_cut =
        accumulator.kind == value_kind::finite && last_bit_exponent(accumulator) < unit;
    if (is_cut && accumulator.negative) --kept;
    sum += kept * (std::int64_t{1} << (p.sum_bits - p.accumulator_bits));
  }
  const unpacked total = scale_by_power_of_two(unpacked::from_integer(sum), highest - p.sum_bits);
  return decode(f, encode(f, total, nearest_even, p.range));
}

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const staged_sums& p, const product_terms& t) {
  const auto terms = static_cast<std::size_t>(p.terms);
  unpacked sum = unpack(t.start);
  for (std::size_t k = 0; k < t.depth; k += terms) {
    sum = detail::staged_sum(p, t, k, (std::min)(k + terms, t.depth), sum);
  }
  return sum;
}

}  // namespace lowp
