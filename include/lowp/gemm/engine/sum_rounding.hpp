// SPDX-License-Identifier: MIT
// How lanes round sums to a format: planned from the format, the mode and the ends of the range.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "lowp/core/config.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/products/tiles.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether every value of a format is one of binary32.
[[nodiscard]] constexpr bool fits_binary32(const float_format& f) {
  const int highest = static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
  return f.mantissa_bits <= 23 && f.bias <= 127 && highest <= 127;
}

/// A sum to odd decides as the exact one if two of its bits are beyond what is kept.
template <class Word>
[[nodiscard]] bool is_decided(const kernels::sum_rounding<Word>& r) {
  return r.plan.is_supported && !r.plan.rounding.draws_words &&
         r.plan.grid.mantissa_bits + r.plan.rounding.extra_bits + 2 <=
             kernels::source<Word>::mantissa_bits;
}

template <class Word, rounding_mode R>
[[nodiscard]] kernels::sum_rounding<Word> sum_rounding_of(const float_format& f, const R& mode,
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
    const auto& fast = r.plan.fast;
    if (r.plan.output.has_negative_zero &&
        (fast.how == kernels::method::flat || fast.how == kernels::method::nearest)) {
      r.how =
          fast.how == kernels::method::flat ? sum_method::random_flat : sum_method::random_nearest;
      r.limit = (std::min)(r.limit, fast.largest);
    }
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

/// Chains in binary64 by a mode, or none if lanes do not know it.
template <rounding_mode R>
[[nodiscard]] std::optional<kernels::chain_model> chain_model_of(const R& mode) {
  using kernels::chain_method;
  constexpr std::uint64_t up = lowp::detail::almost_one_unit, half = lowp::detail::half_unit;
  const kernels::lane_rounding how = kernels::lane_rounding_of(mode);
  if (!how.is_known || how.is_random()) return std::nullopt;
  kernels::chain_model m;
  m.is_downward = lowp::detail::zero_sum_is_negative(mode);
  if (kernels::detail::is_nearest_even(how)) return m;
  const std::uint64_t positive = how.addend.positive, negative = how.addend.negative;
  if (how.odd != 0) {
    m.how = chain_method::odd;
    const bool is_to_odd = !how.is_even_odd && positive == up && negative == up;
    return is_to_odd ? std::optional(m) : std::nullopt;
  }
  // Whether a magnitude of either sign grows where the two neighbours are to choose from.
  m.how = positive == half || positive == half - 1 ? chain_method::ties : chain_method::directed;
  const std::uint64_t grows = m.how == chain_method::ties ? half : up;
  const std::uint64_t stays = m.how == chain_method::ties ? half - 1 : 0;
  const auto is_either = [&](std::uint64_t x) { return x == grows || x == stays; };
  if (!is_either(positive) || !is_either(negative)) return std::nullopt;
  m.looks_at_sign = positive == negative;
  m.moves_towards = positive == stays;
  return m;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
