// SPDX-License-Identifier: MIT
// Softmax over scores that come block by block, as attention reads its keys: a running sum that
// tells by which power of two earlier results are multiplied.
//
//   online_softmax state(exponential_base::two);
//   for (each block of keys) {
//     scores of the block, of one query
//     const float factor = state.add(scores, weights);
//     accumulated = accumulated * factor + weights * values of the block
//   }
//   result = accumulated * state.scale();
//
// Weights are base^score * 2^-K, where 2^K, K odd, is the power of two nearest to the largest
// exponential so far, or twice that: they lie in [0, 1.42]. Factors are 1, 1/2, 1/4 …, so that
// multiplying by them is exact (1 as a rule: callers may skip it). Scores of -infinity, or of -2^17
// and less, which other code has for masks, get the weight 0, and so does a block of 1024 whose
// exponentials are all below 2^-65536; a state that has seen nothing else has the scale 0. Scores
// are below 2^15; one whose exponential is 2^65536 or more, +infinity or NaN makes all NaN:
// weights, factor and scale. The definition is reference::online_softmax
// (functions/softmax_reference.hpp).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/stated_logarithm.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/scaled_exponential.hpp"
#include "lowp/functions/softmax_sums.hpp"
#include "lowp/kernels/functions/exponential_rows.hpp"
#include "lowp/kernels/isa.hpp"

namespace lowp {
namespace row_functions {

/// log(sum) to the base, as a sum of two operations of binary64; of zero -infinity.
[[nodiscard]] inline double logarithm_of_sum(const scaled_exponential& sum, exponential_base base) {
  if (sum.mantissa == 0) return from_bits<double>(std::uint64_t{0xFFF} << 52);
  constexpr double ln2 = 0x1.62e42fefa39efp-1;
  const auto exponent = static_cast<double>(sum.exponent);
  if (base == exponential_base::two) return opaque(exponent + stated_log2(sum.mantissa));
  return opaque(opaque(exponent * ln2) + stated_log(sum.mantissa));
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {

/// See above. A value: copy it, keep one for each row. The sum of each call is that of a block of
/// softmax (kernels/functions/exponential_rows.hpp; longer spans are several blocks); sums of calls
/// are added in binary64 in the order of the calls, so how scores are cut into calls is part of
/// the result. Any `isa` gives the same bits.
class online_softmax {
 public:
  explicit online_softmax(exponential_base base = exponential_base::e) : base_(base) {}

  /// Adds scores and writes their weights; returns the factor for what earlier weights have made.
  /// `weights` has the size of `scores` and may be `scores`. Throws std::invalid_argument, before
  /// anything is added, for another size and for lists that share some elements only.
  float add(std::span<const float> scores, std::span<float> weights, isa level = best_isa()) {
    if (scores.size() != weights.size()) {
      refuse("online_softmax: weights has size " + std::to_string(weights.size()) +
             ", expected that of scores, " + std::to_string(scores.size()));
    }
    if (weights.data() != scores.data() &&
        bulk::share_elements({scores.data(), 1, scores.size()},
                             {weights.data(), 1, weights.size()})) {
      refuse("online_softmax: scores and weights overlap, expected the same list or two apart");
    }
    const default_float_environment environment;
    float factor = 1;
    for (std::size_t i = 0; i < scores.size(); i += kernels::exponential_block) {
      const std::size_t left = scores.size() - i;
      const std::size_t n = left < kernels::exponential_block ? left : kernels::exponential_block;
      const float by = add_block(scores.data() + i, n, weights.data() + i, level);
      if (i != 0 && !is_one(by)) multiply(weights.data(), i, by, level);
      factor = opaque(factor * by);
    }
    return factor;
  }

  /// Adds what another state has seen, as if its scores came after these; accumulated results are
  /// this one's * first + the other's * second. Throws std::invalid_argument for another base.
  struct factors {
    float first = 1, second = 1;
  };
  factors merge(const online_softmax& other) {
    if (base_ != other.base_) {
      refuse("online_softmax: the states that are merged have the bases e and two, expected one");
    }
    const default_float_environment environment;
    if (is_nan_ || other.is_nan_) {
      is_nan_ = true;
      return {lowp::row_functions::canonical_nan(), lowp::row_functions::canonical_nan()};
    }
    const scaled_exponential before = sum_;
    sum_ = sum_ + other.sum_;
    return {power(before.exponent - sum_.exponent), power(other.sum_.exponent - sum_.exponent)};
  }

  /// One over the sum of the weights: what accumulated results are multiplied by at last. 0 if that
  /// is 0.
  [[nodiscard]] float scale() const {
    if (is_nan_) return lowp::row_functions::canonical_nan();
    const default_float_environment environment;
    if (sum_.mantissa == 0) return 0;
    return opaque(static_cast<float>(opaque(1.0 / sum_.mantissa)));
  }
  /// The sum of base^score. That of a state which is NaN means nothing.
  [[nodiscard]] const scaled_exponential& sum() const { return sum_; }
  /// Its logarithm to the base; -infinity if it is 0.
  [[nodiscard]] double log_sum() const {
    const default_float_environment environment;
    return is_nan_ ? lowp::row_functions::canonical_wide_nan()
                   : lowp::row_functions::logarithm_of_sum(sum_, base_);
  }
  [[nodiscard]] bool is_nan() const { return is_nan_; }
  [[nodiscard]] exponential_base base() const { return base_; }

 private:
  /// By its bits: a NaN is none.
  [[nodiscard]] static bool is_one(float factor) {
    return std::bit_cast<std::uint32_t>(factor) == 0x3F800000u;
  }
  [[nodiscard]] static float power(std::int32_t k) {
    return opaque(static_cast<float>(scaled_power(k)));
  }
  static void multiply(float* weights, std::size_t count, float factor, isa level) {
    for (std::size_t i = 0; i < count; i += kernels::exponential_block) {
      const kernels::exponential_sum block{0, 0, factor};
      const std::size_t left = count - i;
      const std::size_t n = left < kernels::exponential_block ? left : kernels::exponential_block;
      kernels::multiply_blocks(level, weights + i, n, &block, weights + i, false);
    }
  }

  float add_block(const float* scores, std::size_t count, float* weights, isa level) {
    kernels::exponential_sum block;
    const softmax_parameters p{.base = base_};
    bulk::softmax_piece(level, p, scores, count, &block).sum(weights);
    scaled_exponential sum;
    const bool is_known = lowp::row_functions::add_up_blocks(&block, 1, sum);
    if (is_nan_ || (!is_known && !is_masked(block))) {
      is_nan_ = true;
      for (std::size_t i = 0; i < count; ++i) weights[i] = lowp::row_functions::canonical_nan();
      return lowp::row_functions::canonical_nan();
    }
    if (!is_known) {
      multiply(weights, count, 0, level);
      return 1;
    }
    const scaled_exponential before = sum_;
    sum_ = sum_ + sum;
    if (sum.exponent != sum_.exponent) {
      multiply(weights, count, power(sum.exponent - sum_.exponent), level);
    }
    return before.mantissa == 0 ? 1 : power(before.exponent - sum_.exponent);
  }
  /// Whether all scores of a block are masks.
  [[nodiscard]] static bool is_masked(const kernels::exponential_sum& block) {
    return lowp::row_functions::magnitude_bits(block.sum) < 0x7F800000u && block.exponent < -65536;
  }

  exponential_base base_;
  bool is_nan_ = false;
  scaled_exponential sum_;
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
