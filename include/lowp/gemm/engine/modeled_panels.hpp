// SPDX-License-Identifier: MIT
// Sums in chosen formats, trees and adders that align by kernels, where the values of the formats
// are among those of binary32 and what decides a rounding fits 52 bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether every value of a format is one of binary32.
[[nodiscard]] constexpr bool fits_binary32(const float_format& f) {
  const int highest = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
  return f.mantissa_bits <= 23 && f.bias <= 127 && highest <= 127;
}

/// Whether sums that begin anew every `chunk` products are those of parts of panels.
[[nodiscard]] constexpr bool has_whole_chunks(int chunk) {
  constexpr int depth = static_cast<int>(kernels::product_tile::max_depth);
  return chunk == 0 || (chunk <= depth && depth % chunk == 0);
}

/// How many bits the sums of an adder that aligns have at most.
[[nodiscard]] constexpr int adder_bits(const aligned_sums& p) {
  return p.fraction_bits + 2 + static_cast<int>(std::bit_width(static_cast<unsigned>(p.terms)));
}

/// A policy and a mode as lanes see them.
class modeled_sum {
 public:
  kernels::sum_model model;
  std::uint64_t draws = 0;  ///< of an element of C

  /// For products of K = depth. `l_mul_bits` as lowp::detail::l_mul_bits.
  template <rounding_mode R>
  modeled_sum(const rounded_sums& p, const R& mode, std::size_t depth, int l_mul_bits) {
    if (policy_obstacle(p) != nullptr) return;
    draws = draws_per_sum(p, depth);
    add_roundings(p.accumulator, mode, p.range, p.promoted);
    const bool adds_binary32 =
        p.order == summation::sequential && p.accumulator == formats::binary32 &&
        model.promotes_to_binary32 && p.range == overflow::to_special &&
        kernels::detail::is_nearest_even(model.wide.plan.rounding) && !is_random();
    model.is_plain = adds_binary32 && p.product == product::exact;
    model.adds_l_mul = adds_binary32 && p.product == product::l_mul;
    model.rounds_products = p.product == product::rounded;
    model.is_pairwise = p.order == summation::pairwise;
    model.is_l_mul = p.product == product::l_mul;
    model.l_mul_shift = lowp::detail::l_mul_offset_bits(l_mul_bits);
    model.is_downward = lowp::detail::zero_sum_is_negative(mode);
    model.chunk = static_cast<std::size_t>(p.chunk);
  }
  modeled_sum(const aligned_sums& p, const nearest_even_t& mode, std::size_t, int) {
    if (policy_obstacle(p) != nullptr) return;
    add_roundings(p.accumulator, mode, p.range, p.promoted);
    model.chunk = static_cast<std::size_t>(p.chunk);
    model.terms = static_cast<std::size_t>(p.terms);
    model.fraction_bits = p.fraction_bits;
    model.mantissa_bits = p.accumulator.mantissa_bits;
    if (!is_general(p)) return;
    model.adder = adder_of(p.accumulator, p.zero_exponent);
    model.adder.kind = kernels::adder_kind::general;
    model.adder.rounds_to_nearest = p.rounds_to_nearest;
    model.adder.factor_bits = p.factor_mantissa_bits;
  }
  explicit modeled_sum(const staged_sums& p) {
    add_roundings(p.accumulator, nearest_even, p.range, formats::binary32);
    model.terms = static_cast<std::size_t>(p.terms);
    model.fraction_bits = p.product_bits;
    model.mantissa_bits = p.accumulator.mantissa_bits;
    model.adder = adder_of(p.accumulator, p.zero_exponent);
    model.adder.kind = kernels::adder_kind::staged;
    model.adder.factor_bits = p.factor_mantissa_bits;
    model.adder.sum_bits = p.sum_bits;
    model.adder.accumulator_bits = p.accumulator_bits;
    model.adder.accumulator_reach = p.accumulator_reach;
    model.adder.interleaved = static_cast<std::size_t>(p.interleaved);
  }
  /// For panels in which each `unit` products follow their scales.
  modeled_sum(const block_scaled_sums& p, std::size_t unit) {
    const auto terms = static_cast<std::size_t>(p.terms);
    add_roundings(p.accumulator, nearest_even, p.range, formats::binary32);
    model.terms = terms / unit * (unit + 1);
    model.fraction_bits = p.fraction_bits;
    model.mantissa_bits = p.accumulator.mantissa_bits;
    model.adder = adder_of(p.accumulator, p.zero_exponent);
    model.adder.kind = kernels::adder_kind::block_scaled;
    model.adder.rounds_to_nearest = p.rounds_to_nearest;
    model.adder.lowest_scale_exponent = (std::max)(p.lowest_scale_exponent, -1000);
    model.adder.sums_groups = p.group != 0;
    model.adder.unit = unit;
  }
  /// Sums of groups, each rounded as `mode` says and so added up.
  template <rounding_mode R>
  modeled_sum(const grouped_sums& p, const R& mode) {
    add_roundings(p.accumulator, mode, p.range, p.accumulator);
    model.wide_promotion = model.wide;
    model.narrow_promotion = model.narrow;
    model.promotes_to_binary32 =
        std::is_same_v<R, nearest_even_t> && p.accumulator == formats::binary32;
    model.is_pairwise = true;
    model.keeps_products = p.order == group_order::fused;
    model.is_short = model.is_short && !model.keeps_products && is_decided(model.narrow_promotion);
    model.chunk = static_cast<std::size_t>(p.terms);
  }

  /// Why kernels know no sums of a policy, for any mode and operands, or null.
  [[nodiscard]] static constexpr const char* policy_obstacle(const rounded_sums& p) {
    if (!has_whole_chunks(p.chunk)) return "its chunk does not divide 512";
    return fits_binary32(p.accumulator) && fits_binary32(p.promoted)
               ? nullptr
               : "its formats have values that binary32 has not";
  }
  [[nodiscard]] static constexpr const char* policy_obstacle(const aligned_sums& p) {
    constexpr int depth = static_cast<int>(kernels::product_tile::max_depth);
    if (!has_whole_chunks(p.chunk)) return "its chunk does not divide 512";
    if (!p.has_accumulator) return "its accumulator is not aligned with the products";
    if (depth % p.terms != 0) return "its number of terms does not divide 512";
    if (adder_bits(p) > 52) return "the sums of its adder do not fit 52 bits";
    if (p.product != product::exact) return "its adder takes other than exact products";
    if (const char* const why = zero_obstacle(p.zero_exponent)) return why;
    return fits_binary32(p.accumulator) && p.promoted == formats::binary32
               ? nullptr
               : "its formats have values that binary32 has not";
  }

  /// Why kernels do not count zeros with an exponent, or null.
  [[nodiscard]] static constexpr const char* zero_obstacle(int zero_exponent) {
    return zero_exponent == no_exponent || zero_exponent >= -900
               ? nullptr
               : "its zeros count with an exponent below -900";
  }
  /// Whether an adder is more than kernels for all lanes have.
  [[nodiscard]] static constexpr bool is_general(const aligned_sums& p) {
    return p.rounds_to_nearest || p.zero_exponent != no_exponent || p.factor_mantissa_bits != 23;
  }

  /// Why kernels have no sums by this mode of this depth, or null; of rounded_sums.
  [[nodiscard]] const char* mode_obstacle(std::size_t depth) const {
    if (!is_decided(model.wide) || !is_decided(model.wide_promotion)) {
      return "what decides a rounding does not fit 52 bits";
    }
    // A tree over all of K must not outgrow a chunk of it; draws are ordered along a chain only.
    if (model.is_pairwise && model.chunk == 0 && depth > kernels::product_tile::max_depth) {
      return "a tree has more than 512 products";
    }
    return is_random() && model.is_pairwise ? "trees by random bits" : nullptr;
  }

  /// Whether kernels look at the values of operands first.
  [[nodiscard]] bool depends_on_values() const { return model.terms != 0 || model.is_l_mul; }
  /// Why kernels have no such sums for the values of two operands, or null. `lowest_x` and
  /// `lowest_y` are the lowest exponents that their factors count with in an adder.
  [[nodiscard]] const char* value_obstacle(const value_range& x, const value_range& y, int lowest_x,
                                           int lowest_y, const float_format& f, std::size_t depth) {
    if (!x.are_finite || !y.are_finite) return "an operand has a NaN or an infinity";
    const int lowest = x.lowest + y.lowest, highest = x.highest + y.highest;
    if (model.is_l_mul) {
      // Factors and products are normal numbers of binary32, in which codes are added.
      const bool are_normal =
          x.lowest >= -126 && y.lowest >= -126 && lowest >= -126 && highest <= 124;
      model.is_short = model.is_short && are_normal;
      model.adds_l_mul = model.adds_l_mul && are_normal;
      return nullptr;
    }
    // Kernels read -126 from a subnormal number, which is right only if it counts as that or more.
    if ((std::max)(x.lowest, lowest_x) < -126 || (std::max)(y.lowest, lowest_y) < -126) {
      return "an operand has subnormal numbers";
    }
    const auto biased = [](int exponent) {
      return static_cast<std::uint32_t>((std::max)(exponent, -126) + 127);
    };
    model.lowest_lane_exponent = biased(lowest_y);
    model.lowest_row_exponent = biased(lowest_x);
    if (model.adder.factor_bits < 23 && (x.lowest < -126 || y.lowest < -126)) {
      return "an operand has subnormal numbers, which are cut off";
    }
    if (model.adder.rounds_to_nearest) {  // in binary64, whatever the sum
      model.is_short = false;
      return nullptr;
    }
    const int top = (std::max)(x.highest, lowest_x) + (std::max)(y.highest, lowest_y) + 3 +
                    static_cast<int>(std::bit_width(depth));
    const int highest_normal = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
    const int bottom = lowest - model.fraction_bits;  // of the last bit of anything
    const int sum_bits = model.fraction_bits + 2 + static_cast<int>(std::bit_width(model.terms));
    model.is_short = sum_bits <= 30 && x.significant_bits + y.significant_bits <= 24 && top < 100 &&
                     bottom > model.fraction_bits - 120;
    return top < highest_normal && bottom > 1 - f.bias
               ? nullptr
               : "a sum might leave the normal numbers of the accumulator";
  }
  /// Completes the sum of an adder in binary64 for operands whose factors count with at least these
  /// exponents.
  void set_lowest_exponents(int lowest_x, int lowest_y) {
    const auto biased = [](int exponent) {
      return static_cast<std::uint32_t>((std::max)(exponent, -126) + 127);
    };
    model.lowest_row_exponent = biased(lowest_x);
    model.lowest_lane_exponent = biased(lowest_y);
  }
  /// Completes the sum of staged_sums for finite operands; why kernels cannot, or null.
  [[nodiscard]] const char* factor_obstacle(const value_range& x, const value_range& y,
                                            const any_operand& a, const any_operand& b,
                                            const float_format& f) {
    const auto lowest = [](const any_operand& of) {
      return of.has_scales ? element_facts{}.lowest_exponent : of.elements.lowest_exponent;
    };
    set_lowest_exponents(lowest(a), lowest(b));
    // A subnormal number of binary32 has its bits in binary64, but counts as -126.
    const bool are_normal = x.lowest >= -126 && y.lowest >= -126;
    const bool count_so =
        (std::max)(x.lowest, lowest(a)) >= -126 && (std::max)(y.lowest, lowest(b)) >= -126;
    if (!are_normal && (!count_so || model.adder.factor_bits != 23)) {
      return "an operand has subnormal numbers";
    }
    const int highest = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
    return x.end() + y.end() <= highest + 1 ? nullptr : "a product might be an infinity";
  }
  /// Goes on with the draws of product k.
  void advance(std::size_t k) {
    model.wide.plan.rounding.draw.index += k * draws_per_k();
    model.narrow.plan.rounding.draw.index += k * draws_per_k();
  }
  [[nodiscard]] bool is_random() const { return model.wide.plan.rounding.is_random(); }
  [[nodiscard]] std::uint64_t first_draw() const { return model.wide.plan.rounding.draw.index; }
  [[nodiscard]] std::uint64_t draws_per_k() const { return model.rounds_products ? 2 : 1; }

 private:
  template <rounding_mode R>
  void add_roundings(const float_format& accumulator, const R& mode, overflow range,
                     const float_format& promoted) {
    model.wide = rounding<std::uint64_t>(accumulator, mode, range);
    model.narrow = rounding<std::uint32_t>(accumulator, mode, range);
    model.wide_promotion = rounding<std::uint64_t>(promoted, nearest_even, overflow::to_special);
    model.narrow_promotion = rounding<std::uint32_t>(promoted, nearest_even, overflow::to_special);
    model.promotes_to_binary32 = promoted == formats::binary32;
    model.is_short = is_decided(model.narrow) &&
                     (model.promotes_to_binary32 || is_decided(model.narrow_promotion));
  }

  [[nodiscard]] static kernels::adder_model adder_of(const float_format& accumulator,
                                                     int zero_exponent) {
    kernels::adder_model a;
    a.counts_zeros = zero_exponent != no_exponent;
    a.zero_exponent = a.counts_zeros ? zero_exponent : 0;
    a.lowest_sum_exponent = 1 - accumulator.bias;
    return a;
  }

  /// A sum to odd decides as the exact one if two of its bits are beyond what is kept.
  template <class Word>
  [[nodiscard]] static bool is_decided(const kernels::sum_rounding<Word>& r) {
    return r.plan.is_supported && !r.plan.rounding.draws_words &&
           r.plan.grid.mantissa_bits + r.plan.rounding.extra_bits + 2 <=
               kernels::source<Word>::mantissa_bits;
  }

  template <class Word, rounding_mode R>
  [[nodiscard]] static kernels::sum_rounding<Word> rounding(const float_format& f, const R& mode,
                                                            overflow o) {
    using kernels::sum_method;
    using s = kernels::source<Word>;
    kernels::sum_rounding<Word> r;
    r.plan = kernels::make_encode_plan<Word>(f, mode, o, missing_nan::largest, true);
    if (!r.plan.is_supported) return r;
    const kernels::lane_rounding& how = r.plan.rounding;
    if (how.is_random()) {
      // To odd, a sum beyond binary32 is its largest value, which a draw might leave as it is.
      r.how = sum_method::random;
      r.limit = s::infinity - 2;
      return r;
    }
    const Word largest = r.plan.grid.largest.positive;
    if (!r.plan.output.has_negative_zero || r.plan.grid.skips_subnormals ||
        largest != r.plan.grid.largest.negative || f.mantissa_bits == 0) {
      return r;
    }
    // Up to where the power of two that is added is a number.
    const int step = s::mantissa_bits - f.mantissa_bits;
    const auto highest = static_cast<Word>(s::largest_exponent - step);
    const auto value = static_cast<Word>(encode(s::format, decode(f, f.largest_magnitude())));
    r.limit = (std::min)(value, static_cast<Word>((highest << s::mantissa_bits) | (s::hidden - 1)));

    constexpr std::uint64_t up = lowp::detail::almost_one_unit;
    const auto adds = [&](std::uint64_t positive, std::uint64_t negative) {
      return how.odd == 0 && how.addend.positive == positive && how.addend.negative == negative;
    };
    if (kernels::detail::is_nearest_even(how)) {
      const bool is_flat = r.plan.grid.lowest == 1;
      r.how = is_flat ? sum_method::flat : sum_method::nearest;
      if (is_flat) r.limit = value;
    } else if (adds(0, 0)) {
      r.how = sum_method::toward_zero;
    } else if (adds(up, up)) {
      r.how = sum_method::away_from_zero;
    } else if (adds(up, 0)) {
      r.how = sum_method::upward;
    } else if (adds(0, up)) {
      r.how = sum_method::downward;
    }
    return r;
  }
};

/// Rows of B along the lanes, rows of A broadcast.
struct modeled_panels : panel_sums<> {
  using source = row_source;
  static constexpr bool lanes_are_columns = true;

  class lanes : public binary32_panels::lanes {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count,
          const modeled_sum& sum)
        : binary32_panels::lanes(level, from, first, count),
          sum_(sum),
          first_(first),
          columns_(from.rows()) {}
    void multiply(std::size_t tile, const kernels::product_tile& t, std::size_t row,
                  std::size_t k) const {
      const std::uint64_t draws = sum_.draws, row_draws = columns_ * draws;
      const std::uint64_t first = row * row_draws + (first_ + tile_lane(tile)) * draws;
      kernels::multiply_modeled(
          level(), sum_.model,
          {t, sum_.first_draw() + first + k * sum_.draws_per_k(), row_draws, draws});
    }

   private:
    const modeled_sum& sum_;
    std::size_t first_, columns_;
  };

  class rows : public binary32_panels::rows {
   public:
    void load(isa level, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      if (i == 0) first_ = row;
      binary32_panels::rows::load(level, from, i, row, k, count);
    }
    void multiply(const lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, float* sums) const {
      with.multiply(t, this->tile(with, t, k, count, row_count, sums), first_, k);
    }

   private:
    std::size_t first_ = 0;
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
