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
#include "lowp/block/rules/rule.hpp"
#include "lowp/core/config.hpp"

namespace lowp {

/// What a function of statistics sees of the finite elements of a block. Sums are binary64, of
/// exact terms, row by row from the first one, each sum rounded once to nearest even; without
/// elements all are zero. `largest` is the largest value of the element format.
struct block_statistics {
  std::size_t count = 0;
  float amax = 0;
  float min = 0, max = 0;
  double sum = 0, sum_of_magnitudes = 0, sum_of_squares = 0;
  float largest = 0;
  matrix_view<const float> values{};  ///< all elements, for what looks at them once more
};

namespace detail {

/// Calls use(x) for the finite elements, row by row.
template <class Use>
void for_each_finite(const matrix_view<const float>& values, const Use& use) {
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) {
      const float x = values(r, c);
      if ((std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) < 0x7F800000u) use(x);
    }
  }
}
[[nodiscard]] inline double magnitude(float x) { return static_cast<double>(x < 0 ? -x : x); }

}  // namespace detail

namespace detail {

/// Under default_float_environment, which takes as long as several elements.
[[nodiscard]] inline block_statistics add_up(const matrix_view<const float>& values,
                                             float largest) {
  block_statistics s{.largest = largest, .values = values};
  for_each_finite(values, [&](float x) {
    const double value = static_cast<double>(x);
    const bool is_first = s.count++ == 0;
    const float min = is_first ? x : s.min, max = is_first ? x : s.max;
    s.min = x < min ? x : min;  // no branch: values are in no order
    s.max = x > max ? x : max;
    s.sum = opaque(s.sum + value);
    s.sum_of_magnitudes = opaque(s.sum_of_magnitudes + magnitude(x));
    s.sum_of_squares = opaque(s.sum_of_squares + opaque(value * value));
  });
  s.amax = s.max > -s.min ? s.max : -s.min;
  return s;
}

}  // namespace detail

/// Those of a block.
[[nodiscard]] inline block_statistics statistics_of(const matrix_view<const float>& values,
                                                    float largest = 0) {
  const default_float_environment environment;
  return detail::add_up(values, largest);
}

namespace rules {

/// The scale that a function answers: f(statistics), or, where that suffices, f(amax, largest), of
/// the largest magnitude and the largest element, which the kernels find by themselves. It is what
/// elements are divided by, exactly, before they are rounded once: in formats with a tensor scale
/// the answer is divided by that, in binary64. As a scale it is rounded to nearest even and
/// saturates.
///
///   quantize<formats::nvfp4>(x, rules::of_statistic(rules::root_mean_square{.factor = 0.4871}))
///   quantize<ternary_rows>(w, rules::of_statistic([](const block_statistics& s) {
///     return s.sum_of_magnitudes / double(s.count);
///   }))
template <class Function>
struct of_statistic_t {
  Function function{};

  static constexpr std::string_view name = "of_statistic";
  static constexpr bool sees_amax = requires(const Function& f, float x) {
    { f(x, x) } -> std::convertible_to<double>;
  };

  [[nodiscard]] double from_amax(const float& amax, const auto& format, const tensor_scale& t) const
      requires(sees_amax) {
    const default_float_environment environment;
    return under(static_cast<double>(function(amax, largest(format))), t);
  }
  [[nodiscard]] double scale(const block_values& block, const auto& format) const
      requires(!sees_amax) {
    const default_float_environment environment;
    return under(static_cast<double>(function(lowp::detail::add_up(block.values, largest(format)))),
                 block.tensor);
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
         std::invocable<const Function&, float, float>)
    [[nodiscard]] constexpr of_statistic_t<Function> of_statistic(Function function) {
  return {function};
}

/// amax / divisor; amax over the largest element, if that is 0.
struct absmax_over {
  double divisor = 0;
  [[nodiscard]] double operator()(float amax, float largest) const {
    return opaque(static_cast<double>(amax) /
                  (divisor == 0 ? static_cast<double>(largest) : divisor));
  }
};
/// factor * sqrt(sum of squares / count). For standard normal elements of E2M1 the least square
/// error is at 0.4870792 (QuEST's 2.92247856 / 6), of n-bit symmetric integers at 1.224006,
/// 0.6507697 and 0.3534113 for n = 2, 3, 4.
struct root_mean_square {
  double factor = 1;
  [[nodiscard]] double operator()(const block_statistics& s) const {
    if (s.count == 0) return 0;
    const double mean = opaque(s.sum_of_squares / static_cast<double>(s.count));
    return opaque(factor * opaque((std::sqrt)(opaque(mean))));
  }
};
/// factor * (sum of magnitudes / count): factor 1 of ternary elements is BitNet b1.58's, 4 / 3 that
/// of ternary text generation (arXiv 2306.01841), 1 of +-1 that of binary networks.
struct mean_magnitude {
  double factor = 1;
  [[nodiscard]] double operator()(const block_statistics& s) const {
    return s.count == 0
               ? 0
               : opaque(factor * opaque(s.sum_of_magnitudes / static_cast<double>(s.count)));
  }
};
/// Ternary weight networks (arXiv 1605.04711): the mean of the magnitudes above threshold * their
/// mean, a sum in binary64 in order. Elements are rounded to nearest, so that half of this scale
/// parts 0 from 1, where the paper has the threshold itself.
struct ternary_threshold {
  double threshold = 0.7;
  [[nodiscard]] double operator()(const block_statistics& s) const {
    const double limit = opaque(threshold * mean_magnitude{}(s));
    double sum = 0, count = 0;
    detail::for_each_finite(s.values, [&](float x) {
      const double value = detail::magnitude(x);
      if (!(value > limit)) return;
      sum = opaque(sum + value);
      ++count;
    });
    return count == 0 ? 0 : opaque(sum / count);
  }
};
/// Tseng et al. (arXiv 2502.20586): 4/3 of OCP's scale 2^(floor(log2 amax) - emax), under which
/// nothing saturates; 0 for a block of zeros. Scales are no powers of two.
struct tseng {
  [[nodiscard]] double operator()(float amax, float largest) const {
    if (!(amax > 0)) return 0;
    const unpacked x = unpack(amax);
    const int exponent = x.exponent - unpack(largest).exponent;
    return opaque(pack_as<double>(unpacked::scaled_integer(false, 4, exponent)) / 3);
  }
};

}  // namespace rules
}  // namespace lowp
