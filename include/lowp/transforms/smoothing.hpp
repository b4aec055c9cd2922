// SPDX-License-Identifier: MIT
// Factors that move the difficulty of quantization from activations to weights: SmoothQuant (Xiao
// et al., arXiv 2211.10438).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/core/binary_logarithm.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

struct smoothing {
  float alpha = 0.5f;   ///< 0 … 1: how much of the activations' range moves
  float floor = 1e-5f;  ///< what smaller magnitudes, and factors, become
};

namespace detail {

/// The logarithm to base 2 of a positive number, in units of 2^-54, cut off.
[[nodiscard]] constexpr std::int64_t logarithm_of(float x) {
  const fixed_number l = binary_logarithm(unpack(x));
  return std::int64_t{l.integer} * (std::int64_t{1} << 54) +
         static_cast<std::int64_t>(l.fraction.high >> 10);
}
/// `share` of l, in units of 2^-63, cut off toward zero.
[[nodiscard]] constexpr std::int64_t share_of(std::int64_t l, std::uint64_t share) {
  const auto magnitude = static_cast<std::uint64_t>(l < 0 ? -l : l);
  const uint128 product = multiply(magnitude, share);
  const auto part = static_cast<std::int64_t>(product.high << 1 | product.low >> 63);
  return l < 0 ? -part : part;
}
[[nodiscard]] constexpr bool is_positive_normal(float x) {
  return std::bit_cast<std::uint32_t>(x) - 0x800000u < 0x7F000000u;
}

/// Of two magnitudes that are positive; `share` is alpha in units of 2^-63.
[[nodiscard]] constexpr float smoothing_factor(float activation, float weight,
                                               std::uint64_t share) {
  const std::uint64_t rest = (std::uint64_t{1} << 63) - share;
  const std::int64_t l =
      share_of(logarithm_of(activation), share) - share_of(logarithm_of(weight), rest);
  return pack_as<float>(power_of_two(false, l, 54));
}

}  // namespace detail

/// For each channel activations^alpha / weights^(1 - alpha), of the largest magnitudes of the
/// columns of activations and of weights (column_magnitudes): activations are divided by it
/// (divide_columns), and the columns of the weights that meet them multiplied (scale_columns).
/// Magnitudes below `floor` count as that, and so do factors. With alpha = 1/2 the largest
/// magnitudes of both become the square root of their product.
///
/// Computed in integers, with a relative error below 2^-50, and rounded once to binary32, to
/// nearest even. alpha counts in multiples of 2^-63.
///
/// Throws std::invalid_argument for an alpha outside 0 … 1 or NaN, a floor that is no positive
/// normal number, lists of different sizes, and magnitudes that are negative, infinite or NaN.
[[nodiscard]] inline std::vector<float> smoothing_factors(std::span<const float> activations,
                                                          std::span<const float> weights,
                                                          const smoothing& how = {}) {
  const std::string function = "smoothing_factors: ";
  if (!(std::bit_cast<std::uint32_t>(how.alpha) << 1 <= 0x3F800000u << 1) ||
      (unpack(how.alpha).negative && !unpack(how.alpha).is_zero())) {
    refuse(function + "alpha is " + std::to_string(how.alpha) + ", expected 0 to 1");
  }
  if (!detail::is_positive_normal(how.floor)) {
    refuse(function + "floor is " + std::to_string(how.floor) +
           ", expected a positive normal number");
  }
  if (activations.size() != weights.size()) {
    refuse(function + "activations has size " + std::to_string(activations.size()) +
           " and weights " + std::to_string(weights.size()) + ", expected the same");
  }
  const auto require_magnitudes = [&](const char* list, std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::bit_cast<std::uint32_t>(values[i]) < 0x7F800000u) continue;
      refuse(function + list + "[" + std::to_string(i) + "] is " + std::to_string(values[i]) +
             ", expected a finite magnitude");
    }
  };
  require_magnitudes("activations", activations);
  require_magnitudes("weights", weights);

  const unpacked alpha = unpack(how.alpha);
  const bool is_tiny = alpha.is_zero() || alpha.exponent <= -64;
  const std::uint64_t share = is_tiny ? 0 : alpha.significand.high >> -alpha.exponent;
  const auto at_least_floor = [&](float x) {  // of magnitudes, by their bits
    return std::bit_cast<std::uint32_t>(x) < std::bit_cast<std::uint32_t>(how.floor) ? how.floor
                                                                                     : x;
  };
  std::vector<float> factors(activations.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = at_least_floor(detail::smoothing_factor(at_least_floor(activations[i]),
                                                         at_least_floor(weights[i]), share));
  }
  return factors;
}

}  // namespace lowp
