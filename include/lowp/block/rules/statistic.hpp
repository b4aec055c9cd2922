// SPDX-License-Identifier: MIT
// Scales that are a function of statistics of a block: one open rule, and the functions that
// published methods have. The umbrella header leaves it out.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_statistics.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/core/config.hpp"

namespace lowp {
namespace detail {
[[nodiscard]] constexpr bool is_not_negative(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);  // a compiler may take NaN for 0
  return bits < std::uint64_t{0x7FF} << 52 || bits << 1 == 0;
}
}  // namespace detail

namespace rules {

inline namespace LOWP_BASELINE {

/// The scale that a function answers, one of
///
///   f(statistics)            the block_statistics of the block, as statistics_of_blocks finds them
///   f(statistics, elements)  and a matrix_view<const float> of it, for what looks once more
///   f(amax, largest)         the largest magnitude and the largest element, which costs least
///
/// It is what elements are divided by, exactly, before they are rounded once: in formats with a
/// tensor scale the answer is divided by that, in binary64. As a scale it is rounded to nearest
/// even and saturates.
///
///   quantize<formats::nvfp4>(x, rules::of_statistic(rules::root_mean_square{.factor = 0.4871}))
///   quantize<ternary_rows>(w, rules::of_statistic([](const block_statistics& s) {
///     return s.sum_of_magnitudes / double(s.finite());
///   }))
template <class Function>
struct of_statistic_t {
  Function function{};

  static constexpr std::string_view name = "of_statistic";
  static constexpr bool sees_amax = requires(const Function& f, float x) {
    { f(x, x) } -> std::convertible_to<double>;
  };

  /// What the function says against itself, by a defect() like that of a rule.
  [[nodiscard]] constexpr const char* defect(const auto&) const {
    if constexpr (requires {
                    { function.defect() } -> std::convertible_to<const char*>;
                  }) {
      return function.defect();
    }
    return nullptr;
  }
  [[nodiscard]] double from_amax(const float& most, const auto& format, const tensor_scale& t) const
      requires(sees_amax) {
    const default_float_environment environment;
    return under(static_cast<double>(function(most, largest(format))), t);
  }
  [[nodiscard]] double scale(const block_values& block, const auto&) const requires(!sees_amax) {
    const default_float_environment environment;
    const block_statistics found = lowp::detail::add_up_block(block.values, best_isa());
    if constexpr (std::invocable<const Function&, const block_statistics&>) {
      return under(static_cast<double>(function(found)), block.tensor);
    } else {
      return under(static_cast<double>(function(found, block.values)), block.tensor);
    }
  }

 private:
  [[nodiscard]] static float largest(const auto& format) {
    return std::bit_cast<float>(
        static_cast<std::uint32_t>(lowp::detail::largest_element(format).code()));
  }
  [[nodiscard]] static double under(double scale, const tensor_scale& t) {
    return opaque(opaque(scale) / static_cast<double>(t.decoding));
  }
};
template <class Function>
requires(std::invocable<const Function&, const block_statistics&> ||
         std::invocable<const Function&, const block_statistics&, matrix_view<const float>> ||
         std::invocable<const Function&, float, float>)
    [[nodiscard]] constexpr of_statistic_t<Function> of_statistic(Function function) {
  return {function};
}

}  // namespace LOWP_BASELINE

// In the functions below a divisor, factor or threshold that is negative, infinite or NaN makes
// what quantizes throw std::invalid_argument, before writing.

/// amax / divisor; amax over the largest element, if that is 0.
struct absmax_over {
  double divisor = 0;
  [[nodiscard]] constexpr const char* defect() const {
    return lowp::detail::is_not_negative(divisor)
               ? nullptr
               : "rules::absmax_over: divisor is negative or not finite";
  }
  [[nodiscard]] double operator()(float most, float largest) const {
    return opaque(static_cast<double>(most) /
                  (divisor == 0 ? static_cast<double>(largest) : divisor));
  }
};
/// factor * sqrt(sum of squares / count). For standard normal elements of E2M1 the least square
/// error is at 0.4870792 (QuEST's 2.92247856 / 6), of n-bit symmetric integers at 1.224006,
/// 0.6507697 and 0.3534113 for n = 2, 3, 4.
struct root_mean_square {
  double factor = 1;
  [[nodiscard]] constexpr const char* defect() const {
    return lowp::detail::is_not_negative(factor)
               ? nullptr
               : "rules::root_mean_square: factor is negative or not finite";
  }
  [[nodiscard]] double operator()(const block_statistics& s) const {
    if (s.finite() == 0) return 0;
    const double mean = opaque(s.sum_of_squares / static_cast<double>(s.finite()));
    return opaque(factor * opaque((std::sqrt)(opaque(mean))));
  }
};
/// factor * (sum of magnitudes / count): factor 1 of ternary elements is BitNet b1.58's, 4 / 3 that
/// of ternary text generation (arXiv 2306.01841), 1 of +-1 that of binary networks.
struct mean_magnitude {
  double factor = 1;
  [[nodiscard]] constexpr const char* defect() const {
    return lowp::detail::is_not_negative(factor)
               ? nullptr
               : "rules::mean_magnitude: factor is negative or not finite";
  }
  [[nodiscard]] double operator()(const block_statistics& s) const {
    if (s.finite() == 0) return 0;
    return opaque(factor * opaque(s.sum_of_magnitudes / static_cast<double>(s.finite())));
  }
};
/// Ternary weight networks (arXiv 1605.04711): the mean of the magnitudes above threshold * their
/// mean, a sum in binary64 in order. Elements are rounded to nearest, so that half of this scale
/// parts 0 from 1, where the paper has the threshold itself.
struct ternary_threshold {
  double threshold = 0.7;
  [[nodiscard]] constexpr const char* defect() const {
    return lowp::detail::is_not_negative(threshold)
               ? nullptr
               : "rules::ternary_threshold: threshold is negative or not finite";
  }
  [[nodiscard]] double operator()(const block_statistics& s,
                                  const matrix_view<const float>& elements) const {
    const double limit = opaque(threshold * mean_magnitude{}(s));
    double sum = 0, count = 0;
    for (std::size_t r = 0; r < elements.rows; ++r) {
      for (std::size_t c = 0; c < elements.cols; ++c) {
        const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(elements(r, c)) & 0x7FFFFFFFu;
        const auto value = static_cast<double>(std::bit_cast<float>(magnitude));
        if (magnitude >= 0x7F800000u || !(value > limit)) continue;
        sum = opaque(sum + value);
        ++count;
      }
    }
    return count == 0 ? 0 : opaque(sum / count);
  }
};
/// Tseng et al. (arXiv 2502.20586): 4/3 of OCP's scale 2^(floor(log2 amax) - emax), under which
/// nothing saturates; 0 for a block of zeros. Scales are no powers of two.
struct tseng {
  [[nodiscard]] double operator()(float most, float largest) const {
    if (!(most > 0)) return 0;
    const unpacked x = unpack(most);
    const int exponent = x.exponent - unpack(largest).exponent;
    return opaque(pack_as<double>(unpacked::scaled_integer(false, 4, exponent)) / 3);
  }
};

}  // namespace rules
}  // namespace lowp
