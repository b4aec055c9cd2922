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
#include "lowp/gemm/engine/sum_rounding.hpp"
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

/// Whether so many products, a chunk or the terms of an adder, are multiplied at a time.
[[nodiscard]] constexpr bool are_in_one_step(int products) {
  return products <= static_cast<int>(kernels::product_tile::max_depth);
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

  /// How much of K is multiplied at a time: whole chunks, or adders.
  [[nodiscard]] std::size_t step() const {
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const std::size_t whole = model.chunk != 0 ? model.chunk : model.terms;
    return whole == 0 || whole > most ? most : most / whole * whole;
  }

  /// For products of K = depth. `l_mul_bits` as lowp::detail::l_mul_bits.
  template <rounding_mode R>
  modeled_sum(const rounded_sums& p, const R& mode, std::size_t depth, int l_mul_bits) {
    if (policy_obstacle(p) != nullptr) return;
    draws = draws_per_sum(p, depth);
    add_roundings(p.accumulator, mode, p.range, p.promoted);
    adds_as_binary32_ = p.accumulator == formats::binary32 && p.range == overflow::to_special &&
                        kernels::detail::is_nearest_even(model.wide.plan.rounding) && !is_random();
    const bool adds_binary32 =
        adds_as_binary32_ && p.order == summation::sequential && model.promotes_to_binary32;
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
    if (!are_in_one_step(p.chunk)) return "its chunk has more than 512 products";
    return fits_binary32(p.accumulator) && fits_binary32(p.promoted)
               ? nullptr
               : "its formats have values that binary32 has not";
  }
  [[nodiscard]] static constexpr const char* policy_obstacle(const aligned_sums& p) {
    if (!are_in_one_step(p.chunk)) return "its chunk has more than 512 products";
    if (!p.has_accumulator) return "its accumulator is not aligned with the products";
    if (!are_in_one_step(p.terms)) return "its adder has more than 512 terms";
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

  [[nodiscard]] bool is_adder() const { return model.terms != 0; }
  /// Whether kernels look at the values of operands first.
  [[nodiscard]] bool depends_on_values() const { return model.terms != 0 || model.is_l_mul; }
  /// Why kernels have no such sums for the values of two operands, or null. `lowest_x` and
  /// `lowest_y` are the lowest exponents that their factors count with in an adder; `start` is the
  /// range of what sums begin with, or null.
  [[nodiscard]] const char* value_obstacle(const value_range& x, const value_range& y, int lowest_x,
                                           int lowest_y, const float_format& f, std::size_t depth,
                                           const value_range* start) {
    if (!x.are_finite || !y.are_finite) return "an operand has a NaN or an infinity";
    int lowest = x.lowest + y.lowest;
    const int highest = x.highest + y.highest;
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
    int top = (std::max)(x.highest, lowest_x) + (std::max)(y.highest, lowest_y) + 3 +
              static_cast<int>(std::bit_width(depth));
    if (start != nullptr && !start->are_zero()) {
      top = (std::max)(top, start->highest + 2) + 1;
      lowest = (std::min)(lowest, start->lowest);
    }
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
  /// Goes on `count` draws later.
  void advance(std::uint64_t count) {
    model.wide.plan.rounding.draw.index += count;
    model.narrow.plan.rounding.draw.index += count;
  }
  /// For every n-th product, the roundings of those between being of other chains.
  void interleave(std::size_t n) { model.skipped_draws = (n - 1) * roundings_per_k(); }
  /// to[i] = from[i] + to[i], rounded as sums are, for `count` sums, a multiple of 16 of them, by
  /// draw `draw` of elements from `first` on. A template, so that its kernels are compiled where it
  /// is called, and not with every header.
  template <class Model = kernels::sum_model>
  void add_to(isa level, const float* from, std::size_t count, std::uint64_t first,
              std::uint64_t draw, float* to) const {
    Model chain = model;  // its one product is 1 * from[i]
    chain.is_plain = adds_as_binary32_;
    chain.is_pairwise = chain.is_l_mul = chain.adds_l_mul = chain.rounds_products = false;
    chain.chunk = 0;
    chain.skipped_draws = 0;
    const float one = 1.0f;
    kernels::multiply_modeled(
        level, chain,
        {{from, count, &one, 1, 1, 1, to}, first_draw() + first * draws + draw, 0, draws});
  }
  [[nodiscard]] bool is_random() const { return model.wide.plan.rounding.is_random(); }
  [[nodiscard]] std::uint64_t first_draw() const { return model.wide.plan.rounding.draw.index; }
  /// From one product to the next, those of other chains too.
  [[nodiscard]] std::uint64_t draws_per_k() const {
    return roundings_per_k() + model.skipped_draws;
  }
  [[nodiscard]] std::uint64_t roundings_per_k() const { return model.rounds_products ? 2 : 1; }

 private:
  template <rounding_mode R>
  void add_roundings(const float_format& accumulator, const R& mode, overflow range,
                     const float_format& promoted) {
    model.wide = sum_rounding_of<std::uint64_t>(accumulator, mode, range);
    model.narrow = sum_rounding_of<std::uint32_t>(accumulator, mode, range);
    model.wide_promotion =
        sum_rounding_of<std::uint64_t>(promoted, nearest_even, overflow::to_special);
    model.narrow_promotion =
        sum_rounding_of<std::uint32_t>(promoted, nearest_even, overflow::to_special);
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

  bool adds_as_binary32_ = false;  ///< its sums are those of binary32
};

/// Rows of B along the lanes, rows of A broadcast. Of modeled_sum alone, but a template, so that
/// its kernels are compiled where it is used, and not with every header.
template <class Sum>
struct modeled_panels : panel_sums<> {
  using source = row_source;
  static constexpr bool lanes_are_columns = true;

  class lanes : public binary32_panels::lanes {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count,
          const modeled_sum& sum)
        : binary32_panels::lanes(level, from, first, count, sum.step()),
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
    const Sum& sum_;
    std::size_t first_, columns_;
  };

  class rows : public binary32_panels::rows {
   public:
    void load(isa level, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      if (i == 0) first_ = row;
      binary32_panels::rows::load(level, from, i, row, k, count);
    }
    [[nodiscard]] bool load_rows(const source& from, std::size_t row, std::size_t row_count,
                                 std::size_t k, std::size_t count) {
      first_ = row;
      return binary32_panels::rows::load_rows(from, row, row_count, k, count);
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
