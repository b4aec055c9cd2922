// SPDX-License-Identifier: MIT
// Ranges of values and the scale and zero point that integers have for them: what observers of
// tensors find for affine_matrix_view and rules of rules/affine_ranges.hpp for groups. The umbrella
// header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/affine_scale.hpp"
#include "lowp/block/rules/error_norm.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/integers.hpp"

namespace lowp {

namespace detail {

// By the bits: compilers may take it that numbers are no NaN.
[[nodiscard]] inline bool is_finite_number(float x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) < 0x7F800000u;
}
[[nodiscard]] inline bool is_not_a_number(float x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) > 0x7F800000u;
}
[[nodiscard]] inline bool is_finite_number(double x) {
  return (std::bit_cast<std::uint64_t>(x) << 1) < (std::uint64_t{0x7FF} << 53);
}
inline void require_range(const char* function, const affine_range& range) {
  if (is_finite_number(range.low) && is_finite_number(range.high) && range.low <= range.high) {
    return;
  }
  refuse(std::string(function) + ": range is " + std::to_string(range.low) + " to " +
         std::to_string(range.high) + ", expected finite ends, the lower one first");
}

}  // namespace detail

template <class T>
concept float_or_const = std::same_as<const T, const float>;

namespace detail {
template <class Use>
void for_each_finite_number(const matrix_view<const float>& values, const Use& use) {
  const default_float_environment environment;  // comparisons see subnormals
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) {
      if (is_finite_number(values(r, c))) use(values(r, c));
    }
  }
}
[[nodiscard]] inline matrix_view<const float> as_row(std::span<const float> values) {
  return {values.data(), 1, values.size()};
}
}  // namespace detail

/// The least and the largest of the finite values; 0 and 0 without any.
template <float_or_const T>
[[nodiscard]] affine_range min_max(const matrix_view<T>& values) {
  affine_range range;
  bool is_first = true;
  detail::for_each_finite_number(values, [&](float x) {
    if (is_first || x < range.low) range.low = x;
    if (is_first || x > range.high) range.high = x;
    is_first = false;
  });
  return range;
}
[[nodiscard]] inline affine_range min_max(std::span<const float> values) {
  return min_max(detail::as_row(values));
}
/// That range with zero in it.
template <float_or_const T>
[[nodiscard]] affine_range min_max_with_zero(const matrix_view<T>& values) {
  return with_zero(min_max(values));
}
[[nodiscard]] inline affine_range min_max_with_zero(std::span<const float> values) {
  return with_zero(min_max(values));
}
/// A range and its mirror image.
[[nodiscard]] constexpr affine_range symmetric(const affine_range& range) {
  const float reach = range.high > -range.low ? range.high : -range.low;
  return {-reach, reach};
}
/// Each end times a factor, rounded to binary32: the learned clipping of OmniQuant and ABQ-LLM.
/// Throws std::invalid_argument for factors outside 0 to 1.
[[nodiscard]] inline affine_range clipped(const affine_range& range, float of_low, float of_high) {
  const auto is_part = [](float x) { return detail::is_finite_number(x) && x >= 0 && x <= 1; };
  if (!is_part(of_low) || !is_part(of_high)) {
    refuse("clipped: factors are " + std::to_string(of_low) + " and " + std::to_string(of_high) +
           ", expected 0 to 1");
  }
  const default_float_environment environment;
  return {detail::times(range.low, of_low), detail::times(range.high, of_high)};
}

/// The percentiles `lower` and `upper`, 0 <= lower <= upper <= 100, of the finite values: of n in
/// ascending order the one at p / 100 * (n - 1), counted from 0, between two of them in proportion;
/// in binary64, rounded to binary32. min_max at 0 and 100. Throws std::invalid_argument for other
/// percentiles.
template <float_or_const T>
[[nodiscard]] affine_range percentile(const matrix_view<T>& values, double lower, double upper) {
  if (!detail::is_finite_number(lower) || !detail::is_finite_number(upper) || !(lower >= 0) ||
      !(lower <= upper) || !(upper <= 100)) {
    refuse("percentile: percentiles are " + std::to_string(lower) + " and " +
           std::to_string(upper) + ", expected 0 <= lower <= upper <= 100");
  }
  const default_float_environment environment;
  std::vector<float> sorted;
  detail::for_each_finite_number(values, [&](float x) { sorted.push_back(x); });
  if (sorted.empty()) return {};
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double p) {
    const double place = opaque(opaque(p / opaque(100.0)) * static_cast<double>(sorted.size() - 1));
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = below + 1 < sorted.size() ? below + 1 : below;
    const double a = static_cast<double>(sorted[below]), b = static_cast<double>(sorted[above]);
    const double part = opaque(place - static_cast<double>(below));
    return opaque(static_cast<float>(opaque(a + opaque(part * opaque(b - a)))));
  };
  return {at(lower), at(upper)};
}
[[nodiscard]] inline affine_range percentile(std::span<const float> values, double lower,
                                             double upper) {
  return percentile(detail::as_row(values), lower, upper);
}

/// What finds a range of values that come in batches: any object with
///
///   observe(matrix_view<const float>)    a batch
///   range() -> affine_range              of all of them so far; 0 and 0 before any
template <class Observer>
concept range_observer = std::copyable<Observer> &&
    requires(Observer& observer, const matrix_view<const float>& x) {
  observer.observe(x);
  { std::as_const(observer).range() } -> std::same_as<affine_range>;
};

/// The least and the largest finite value of all batches.
class min_max_observer {
 public:
  void observe(const matrix_view<const float>& values) {
    detail::for_each_finite_number(values, [&](float x) {
      if (is_empty_ || x < range_.low) range_.low = x;
      if (is_empty_ || x > range_.high) range_.high = x;
      is_empty_ = false;
    });
  }
  [[nodiscard]] affine_range range() const { return range_; }
  [[nodiscard]] bool is_empty() const { return is_empty_; }

 private:
  affine_range range_{};
  bool is_empty_ = true;
};
/// The percentiles of all values of all batches, which it keeps; errors are those of percentile.
class percentile_observer {
 public:
  percentile_observer(double lower, double upper) : lower_(lower), upper_(upper) {
    (void)percentile(std::span<const float>{}, lower, upper);
  }
  void observe(const matrix_view<const float>& values) {
    detail::for_each_finite_number(values, [&](float x) { values_.push_back(x); });
  }
  [[nodiscard]] affine_range range() const { return percentile(values_, lower_, upper_); }

 private:
  double lower_, upper_;
  std::vector<float> values_;
};

/// An exponential moving average of ranges, the first one taken as it is: end = (1 - rate) * end +
/// rate * new end, each operation in binary64. Throws std::invalid_argument for a rate that is not
/// above 0 and at most 1, and for what is no range.
class moving_average_range {
 public:
  explicit moving_average_range(double rate = 0.1) : rate_(rate) {
    if (!detail::is_finite_number(rate) || !(rate > 0) || !(rate <= 1)) {
      refuse("moving_average_range: rate is " + std::to_string(rate) +
             ", expected above 0 and at most 1");
    }
  }
  void add(const affine_range& range) {
    detail::require_range("moving_average_range", range);
    const default_float_environment environment;
    const auto mix = [&](double old, float end) {
      const double x = opaque(static_cast<double>(opaque(end)));
      return is_empty_ ? x : opaque(opaque(opaque(1 - rate_) * old) + opaque(rate_ * x));
    };
    low_ = mix(low_, range.low);
    high_ = mix(high_, range.high);
    is_empty_ = false;
  }
  /// Adds the least and the largest finite value of a batch, if it has any.
  void observe(const matrix_view<const float>& values) {
    min_max_observer batch;
    batch.observe(values);
    if (!batch.is_empty()) add(batch.range());
  }
  /// 0 and 0 before any.
  [[nodiscard]] affine_range range() const {
    const default_float_environment environment;
    return {opaque(static_cast<float>(opaque(low_))), opaque(static_cast<float>(opaque(high_)))};
  }

 private:
  double rate_, low_ = 0, high_ = 0;
  bool is_empty_ = true;
};

/// The scale and the zero point under which the lowest code of an integer format is about
/// range.low, the highest about range.high. A range that does not reach zero (a constant, above
/// all) is first made to:
///
///   scale = (high - low) / (highest code - lowest code), at least the smallest normal number
///   zero  = lowest code - low / scale to nearest even, within the codes
///
/// in binary32, each operation rounded once; the difference of the ends in binary64. 1 and 0, or
/// the code next to 0, for the range of 0 alone; the scale ends at the largest number. Throws
/// std::invalid_argument for what is no range, and for formats without integers or with integers
/// that std::int32_t does not have.
template <number_format F>
[[nodiscard]] affine_scale affine_scale_of(const F& format, const affine_range& range) {
  const integer_values integers = integers_of(format);
  if (!integers.exist || integers.unit != 0) {
    refuse("affine_scale_of: the format has no integers");
  }
  if (integers.range.high > std::int64_t{0x7FFFFFFF}) {
    refuse("affine_scale_of: the format has integers beyond 2^31 - 1, which no zero point can be");
  }
  detail::require_range("affine_scale_of", range);
  const default_float_environment environment;
  const affine_range r = with_zero({opaque(range.low), opaque(range.high)});
  const auto clamp = [&](std::int64_t zero) {
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(zero, integers.range.low, integers.range.high));
  };
  if (r.low == 0 && r.high == 0) return {1, clamp(0)};
  const double width = opaque(static_cast<double>(r.high) - static_cast<double>(r.low));
  // Opaque, or the compiler may multiply by 1 / steps.
  const double steps = opaque(static_cast<double>(integers.range.high - integers.range.low));
  const double wanted = (std::min)(opaque(width / steps), 0x1.FFFFFEp127);
  const float scale = (std::max)(static_cast<float>(opaque(wanted)), 0x1p-126f);
  const float places = detail::over(r.low, scale);  // not positive, above -2^32
  const double shifted = opaque(static_cast<double>(places) + 0x1.8p52);
  const auto whole = static_cast<std::int64_t>(opaque(shifted - 0x1.8p52));
  return {scale, clamp(integers.range.low - whole)};
}

namespace detail {

/// Under default_float_environment.
[[nodiscard]] inline std::int32_t affine_code(std::int64_t low, std::int64_t high,
                                              const affine_scale& to, float x) {
  const float quotient = over(x, to.scale);
  if (is_not_a_number(quotient)) return to.zero;
  const double places = std::clamp(static_cast<double>(quotient), -0x1p40, 0x1p40);
  const auto whole = static_cast<std::int64_t>(opaque(opaque(places + 0x1.8p52) - 0x1.8p52));
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(whole + to.zero, low, high));
}

}  // namespace detail

/// The code of x: x / scale in binary32, to nearest even, plus zero, within the codes of the
/// format; `zero` where the quotient is NaN.
template <number_format F>
[[nodiscard]] std::int32_t affine_code(const F& format, const affine_scale& to, float x) {
  const integer_values integers = integers_of(format);
  const default_float_environment environment;
  return detail::affine_code(integers.range.low, integers.range.high, to, x);
}

}  // namespace lowp
