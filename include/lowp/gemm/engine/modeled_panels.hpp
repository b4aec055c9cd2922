// SPDX-License-Identifier: MIT
// Sums in chosen formats, trees and adders that align by kernels, where the values of the formats
// are among those of binary32 and what decides a rounding fits 52 bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/execution.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/model.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
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

/// How many bits the sums of an adder that aligns have at most.
[[nodiscard]] constexpr int adder_bits(const gemm_policy& p) {
  return p.adder.fraction_bits + 2 +
         static_cast<int>(std::bit_width(static_cast<unsigned>(p.adder.terms)));
}

/// Whether kernels know the policy's sums, for some modes and operands.
[[nodiscard]] constexpr bool has_modeled_panels(const gemm_policy& p) {
  constexpr int depth = static_cast<int>(kernels::product_tile::max_depth);
  const bool has_whole_chunks = p.chunk == 0 || (p.chunk <= depth && depth % p.chunk == 0);
  const bool is_known =
      p.sum == accumulation::sequential || p.sum == accumulation::pairwise ||
      (p.sum == accumulation::aligned && p.adder.has_accumulator && depth % p.adder.terms == 0 &&
       adder_bits(p) <= 52 && p.product == product::exact && p.promoted == formats::binary32);
  return is_known && has_whole_chunks && fits_binary32(p.accumulator) && fits_binary32(p.promoted);
}

/// A policy and a mode as lanes see them.
class modeled_sum {
 public:
  kernels::sum_model model;
  bool is_supported = false;

  /// For products of K = depth; `l_mul_bits` as in factor_rows.
  template <rounding_mode R>
  modeled_sum(const gemm_policy& p, const R& mode, std::size_t depth, int l_mul_bits)
      : depth_(depth), policy_(p) {
    if (!has_modeled_panels(p)) return;
    model.wide = rounding<std::uint64_t>(p.accumulator, mode, p.range);
    model.narrow = rounding<std::uint32_t>(p.accumulator, mode, p.range);
    model.wide_promotion = rounding<std::uint64_t>(p.promoted, nearest_even, overflow::to_special);
    model.narrow_promotion =
        rounding<std::uint32_t>(p.promoted, nearest_even, overflow::to_special);
    model.promotes_to_binary32 = p.promoted == formats::binary32;
    model.is_short = is_decided(model.narrow) &&
                     (model.promotes_to_binary32 || is_decided(model.narrow_promotion));
    model.is_plain = p.sum == accumulation::sequential && p.product == product::exact &&
                     p.accumulator == formats::binary32 && model.promotes_to_binary32 &&
                     p.range == overflow::to_special &&
                     kernels::detail::is_nearest_even(model.wide.plan.rounding) && !is_random();
    model.rounds_products = p.product == product::rounded;
    model.is_pairwise = p.sum == accumulation::pairwise;
    model.is_l_mul = p.product == product::l_mul;
    model.l_mul_shift = lowp::detail::l_mul_offset_bits(l_mul_bits);
    model.is_downward = lowp::detail::zero_sum_is_negative(mode);
    model.chunk = static_cast<std::size_t>(p.chunk);
    if (p.sum == accumulation::aligned) {
      model.terms = static_cast<std::size_t>(p.adder.terms);
      model.fraction_bits = p.adder.fraction_bits;
      model.mantissa_bits = p.accumulator.mantissa_bits;
      is_supported = true;
      return;
    }
    // A tree over all of K must not outgrow a chunk of it; draws are ordered along a chain only.
    constexpr std::size_t most = kernels::product_tile::max_depth;
    is_supported = is_decided(model.wide) && is_decided(model.wide_promotion) &&
                   (!model.is_pairwise || model.chunk != 0 || depth <= most) &&
                   !(is_random() && model.is_pairwise);
  }

  /// Whether the operands are such as the kernels expect. `lowest_a` and `lowest_b` are the lowest
  /// exponents that a factor of an aligned product counts with.
  [[nodiscard]] bool can_multiply(const row_source& a, const row_source& b, int lowest_a,
                                  int lowest_b, const execution& how) {
    if (!is_supported || (model.terms == 0 && !model.is_l_mul)) return is_supported;
    const value_range x(a, how), y(b, how);
    if (!x.are_finite || !y.are_finite) return false;
    const int lowest = x.lowest + y.lowest, highest = x.highest + y.highest;
    if (model.is_l_mul) {
      model.is_short = model.is_short && x.lowest >= -126 && y.lowest >= -126 && lowest >= -126 &&
                       highest <= 124;
      return true;
    }
    // Kernels read -126 from a subnormal number, which is right only if it counts as that or more.
    if (std::max(x.lowest, lowest_a) < -126 || std::max(y.lowest, lowest_b) < -126) return false;
    const auto biased = [](int exponent) {
      return static_cast<std::uint32_t>(std::max(exponent, -126) + 127);
    };
    model.lowest_lane_exponent = biased(lowest_b);
    model.lowest_row_exponent = biased(lowest_a);
    const int top = std::max(x.highest, lowest_a) + std::max(y.highest, lowest_b) + 3 +
                    static_cast<int>(std::bit_width(depth_));
    const float_format& f = policy_.accumulator;
    const int highest_normal = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
    const int bottom = lowest - model.fraction_bits;  // of the last bit of anything
    model.is_short = adder_bits(policy_) <= 30 && x.significant_bits + y.significant_bits <= 24 &&
                     top < 100 && bottom > model.fraction_bits - 120;
    return top < highest_normal && bottom > 1 - f.bias;
  }
  [[nodiscard]] bool is_random() const { return model.wide.plan.rounding.is_random(); }
  [[nodiscard]] std::uint64_t first_draw() const { return model.wide.plan.rounding.draw.index; }
  [[nodiscard]] std::uint64_t draws() const { return draws_per_sum(policy_, depth_); }
  [[nodiscard]] std::uint64_t draws_per_k() const { return model.rounds_products ? 2 : 1; }

 private:
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
    r.limit = std::min(value, static_cast<Word>((highest << s::mantissa_bits) | (s::hidden - 1)));

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

  std::size_t depth_;
  gemm_policy policy_;
};

/// Rows of B along the lanes, rows of A broadcast.
template <class Source>
struct modeled_panels : panel_sums<> {
  using source = Source;
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
      const std::uint64_t draws = sum_.draws(), row_draws = columns_ * draws;
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
