// SPDX-License-Identifier: MIT
// Codebooks fitted to a sample: the values that stand for it with the least sum of weighted squares
// (k-means: SqueezeLLM, arXiv 2306.07629) or of weighted magnitudes (k-medians: 1-bit adapters,
// arXiv 2307.16867), and their gradient (1802.05668). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

/// What a distance counts: its square or itself, times the weight of the sample's value.
enum class codebook_norm : std::uint8_t { squares, magnitudes };

struct codebook_fit {
  std::vector<float> values;  ///< ascending, for variable_codebook_of
  double error = 0;           ///< the sum of weighted norms of distances from the nearest value
  int iterations = 0;         ///< of improve_codebook
};

namespace detail {

/// Different values in ascending order, with sums over all before each: of weights w, of w (x - o)
/// and of w (x - o)^2, o being the value in the middle.
class sorted_sample_sums {
 public:
  sorted_sample_sums(const char* function, std::span<const float> x, std::span<const float> weights,
                     codebook_norm norm)
      : norm_(norm) {
    const std::string text = std::string(function) + ": ";
    if (x.size() >> 32 != 0) {
      refuse(text + "x has size " + std::to_string(x.size()) + ", expected less than 2^32");
    }
    if (!weights.empty() && weights.size() != x.size()) {
      refuse(text + "weights has size " + std::to_string(weights.size()) + ", expected 0 or " +
             std::to_string(x.size()));
    }
    std::vector<std::uint64_t> order;  // the key of a value above its index
    order.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!is_finite(x[i])) {
        refuse(text + "x[" + std::to_string(i) + "] is infinite or NaN, expected finite values");
      }
      if (!weights.empty() && (!is_finite(weights[i]) || weights[i] < 0)) {
        refuse(text + "weights[" + std::to_string(i) + "] is " + std::to_string(weights[i]) +
               ", expected a finite number that is not negative");
      }
      if (!weights.empty() && weights[i] == 0) continue;
      const auto bits = std::bit_cast<std::uint32_t>(x[i]);
      const std::uint32_t key = bits << 1 == 0 ? 0x80000000u  // -0 is 0
                                : bits >> 31   ? ~bits
                                               : bits | 0x80000000u;
      order.push_back(std::uint64_t{key} << 32 | i);
    }
    if (order.empty()) refuse(text + "x has no value of a weight above 0, expected at least one");
    std::sort(order.begin(), order.end());
    for (const std::uint64_t entry : order) {
      const auto key = static_cast<std::uint32_t>(entry >> 32);
      const float value = std::bit_cast<float>(key >> 31 ? key & 0x7FFFFFFFu : ~key);
      const auto i = static_cast<std::size_t>(entry & 0xFFFFFFFFu);
      const double w = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
      if (values_.empty() || key != last_key_) {
        values_.push_back(value);
        own_.push_back(w);
      } else {
        own_.back() = opaque(own_.back() + w);
      }
      last_key_ = key;
    }
    origin_ = static_cast<double>(values_[values_.size() / 2]);
    weights_.push_back(0), firsts_.push_back(0), squares_.push_back(0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double apart = opaque(static_cast<double>(values_[i]) - origin_);
      const double first = opaque(own_[i] * apart);
      weights_.push_back(opaque(weights_.back() + own_[i]));
      firsts_.push_back(opaque(firsts_.back() + first));
      squares_.push_back(opaque(squares_.back() + opaque(first * apart)));
    }
    if (!is_finite(squares_.back()) || !is_finite(weights_.back())) {
      refuse(text + "sums of weighted squares exceed binary64");
    }
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] float value(std::size_t i) const { return values_[i]; }
  /// The first value above a bound.
  [[nodiscard]] std::size_t first_above(double bound) const {
    const auto at = std::upper_bound(values_.begin(), values_.end(), bound,
                                     [](double b, float v) { return b < static_cast<double>(v); });
    return static_cast<std::size_t>(at - values_.begin());
  }
  /// The best value for those from `begin` on to before `end`, at least one: their mean, or the
  /// first of them at which half of their weight is reached.
  [[nodiscard]] float centre(std::size_t begin, std::size_t end) const {
    if (norm_ == codebook_norm::magnitudes) return values_[median(begin, end)];
    // Not from differences of sums, in which what is small beside what lies before it is lost.
    const double first = static_cast<double>(values_[begin]);
    double sum = 0, weight = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double apart = opaque(static_cast<double>(values_[i]) - first);
      sum = opaque(sum + opaque(own_[i] * apart));
      weight = opaque(weight + own_[i]);
    }
    return static_cast<float>(opaque(first + opaque(sum / weight)));
  }
  /// What they lose under it, before it is rounded. Losses of one end after another are asked for
  /// from the earliest begin on: medians only rise, from `at_least` on.
  [[nodiscard]] double loss(std::size_t begin, std::size_t end, std::size_t& at_least) const {
    if (norm_ == codebook_norm::magnitudes) {
      const double half = opaque(difference(weights_, begin, end) / 2);
      std::size_t m = at_least;
      while (m + 1 < end && difference(weights_, begin, m + 1) < half) ++m;
      at_least = m;
      const double x = opaque(static_cast<double>(values_[m]) - origin_);
      const double below =
          opaque(opaque(x * difference(weights_, begin, m)) - difference(firsts_, begin, m));
      const double above =
          opaque(difference(firsts_, m, end) - opaque(x * difference(weights_, m, end)));
      return opaque(below + above);
    }
    const double first = difference(firsts_, begin, end);
    const double weight = difference(weights_, begin, end);
    if (weight == 0) return 0;  // too small beside the weights before
    const double by_mean = opaque(opaque(first * first) / weight);
    const double rest = opaque(difference(squares_, begin, end) - by_mean);
    return rest < 0 ? 0 : rest;
  }
  /// The first at which half of the weight is reached.
  [[nodiscard]] std::size_t median(std::size_t begin, std::size_t end) const {
    const double half = opaque(difference(weights_, begin, end) / 2);
    std::size_t low = begin, high = end - 1;  // the first whose sum reaches half
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (difference(weights_, begin, middle + 1) >= half) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
  /// Where the values end that are nearest to codebook[i], the lower one of a tie.
  [[nodiscard]] std::vector<std::size_t> ends(std::span<const float> codebook) const {
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i + 1 < codebook.size(); ++i) {
      const double sum =
          opaque(static_cast<double>(codebook[i]) + static_cast<double>(codebook[i + 1]));
      at.push_back(first_above(opaque(sum / 2)));
    }
    at.push_back(size());
    return at;
  }
  /// The error of a codebook, value by value in ascending order.
  [[nodiscard]] double error(std::span<const float> codebook) const {
    const std::vector<std::size_t> end = ends(codebook);
    double sum = 0;
    std::size_t i = 0;
    for (std::size_t k = 0; k < codebook.size(); ++k) {
      for (; i < end[k]; ++i) {
        const double apart = magnitude_of(
            opaque(static_cast<double>(values_[i]) - static_cast<double>(codebook[k])));
        const double norm = norm_ == codebook_norm::squares ? opaque(apart * apart) : apart;
        sum = opaque(sum + opaque(own_[i] * norm));
      }
    }
    return sum;
  }

 private:
  [[nodiscard]] static double difference(const std::vector<double>& sums, std::size_t begin,
                                         std::size_t end) {
    return opaque(sums[end] - sums[begin]);
  }
  codebook_norm norm_;
  std::uint32_t last_key_ = 0;
  double origin_ = 0;
  std::vector<float> values_;
  std::vector<double> own_, weights_, firsts_, squares_;
};

/// The least losses of the first `end` values in one part more than `before` is for, and where the
/// last part begins, the first such place: for all ends from `first` to `last`, whose last parts
/// begin in `low` … `high`, halves in turn: the later the end, the later the begin.
struct partition_step {
  const sorted_sample_sums& sample;
  const std::vector<double>& before;
  std::vector<double>& least;
  std::vector<std::uint32_t>& begins;

  void run(std::size_t first, std::size_t last, std::size_t low, std::size_t high) const {
    if (first > last) return;
    const std::size_t end = first + (last - first) / 2;
    std::size_t best = low, at_least = sample.median(low, end);
    double sum = 0;
    for (std::size_t begin = low; begin <= high && begin < end; ++begin) {
      const double s = opaque(before[begin] + sample.loss(begin, end, at_least));
      if (begin != low && !(s < sum)) continue;
      sum = s;
      best = begin;
    }
    least[end] = sum;
    begins[end] = static_cast<std::uint32_t>(best);
    if (end > first) run(first, end - 1, low, best);
    run(end + 1, last, best, high);
  }
};

}  // namespace detail

inline namespace LOWP_BASELINE {

/// The `count` values that lose least of all, or the sample's different values if there are not
/// more: by dynamic programming over its values in order, O(count n log n), 4 count n bytes. A part
/// of the sample is lost as detail::sorted_sample_sums says, from sums in binary64 from the lowest
/// value on; the result is the best but for their roundings, and exactly where these sums are
/// exact. Of equally good parts the last begins as early as it can, then the one before it. Values
/// are rounded once to binary32. The same bits everywhere.
///
///   const codebook_fit fit = fit_codebook(w, 16);
///   // of formats/variable_codebook.hpp:
///   round_to(variable_codebook_of(fit.values), std::span<const float>(w), std::span(out));
///
/// Throws std::invalid_argument for a count of 0, values that are not finite, weights that are
/// negative, not finite, or of another number than the values, and where no weight is above 0.
[[nodiscard]] inline codebook_fit fit_codebook(std::span<const float> x, std::size_t count,
                                               codebook_norm norm = codebook_norm::squares,
                                               std::span<const float> weights = {}) {
  if (count == 0) refuse("fit_codebook: count is 0, expected at least 1");
  const default_float_environment environment;
  const detail::sorted_sample_sums sample("fit_codebook", x, weights, norm);
  const std::size_t n = sample.size();
  codebook_fit fit;
  if (count >= n) {
    for (std::size_t i = 0; i < n; ++i) fit.values.push_back(sample.value(i));
    return fit;
  }
  std::vector<double> before(n + 1), least(n + 1);
  std::size_t at_least = 0;
  for (std::size_t end = 1; end <= n; ++end) before[end] = sample.loss(0, end, at_least);
  std::vector<std::vector<std::uint32_t>> begins(count, std::vector<std::uint32_t>(n + 1));
  for (std::size_t k = 1; k < count; ++k) {
    detail::partition_step{sample, before, least, begins[k]}.run(k + 1, n, k, n - 1);
    std::swap(before, least);
  }
  fit.values.resize(count);
  for (std::size_t k = count, end = n; k-- > 0;) {
    const std::size_t begin = begins[k][end];
    fit.values[k] = sample.centre(begin, end);
    end = begin;
  }
  fit.error = sample.error(fit.values);
  return fit;
}

/// Lloyd's iterations from a codebook of one's own, such as `nf4`: each value becomes the best one
/// for what is nearest to it, the lower of two as near, and stays if nothing is; until no value
/// moves, the error does not fall, or after so many. The error is never above that of `start`.
/// For large samples: what takes most is to sort them. Throws as fit_codebook does, and for a start
/// that is not finite.
[[nodiscard]] inline codebook_fit improve_codebook(std::span<const float> x,
                                                   std::span<const float> start,
                                                   int iterations = 100,
                                                   codebook_norm norm = codebook_norm::squares,
                                                   std::span<const float> weights = {}) {
  if (start.empty()) refuse("improve_codebook: start is empty, expected at least one value");
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (detail::is_finite(start[i])) continue;
    refuse("improve_codebook: start[" + std::to_string(i) + "] is not finite");
  }
  const default_float_environment environment;
  const detail::sorted_sample_sums sample("improve_codebook", x, weights, norm);
  codebook_fit fit{{start.begin(), start.end()}, 0, 0};
  std::sort(fit.values.begin(), fit.values.end());
  fit.error = sample.error(fit.values);
  for (; fit.iterations < iterations; ++fit.iterations) {
    std::vector<float> next = fit.values;
    std::size_t begin = 0;
    const std::vector<std::size_t> ends = sample.ends(fit.values);
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (begin < ends[k]) next[k] = sample.centre(begin, ends[k]);
      begin = (std::max)(begin, ends[k]);
    }
    std::sort(next.begin(), next.end());  // values that nothing is nearest to may be overtaken
    const double error = sample.error(next);
    if (!(error < fit.error)) break;
    fit.values = std::move(next);
    fit.error = error;
  }
  return fit;
}

/// The gradient of a loss by the values of a codebook, from that by the elements: of each value the
/// sum, in binary64 in the order of elements, of gradient * scale over those whose code it is; the
/// scales are of `bucket` elements each, none: 1. Training subtracts a multiple of it from the
/// values. Throws std::invalid_argument for another number of codes or scales, and for a code of
/// `count` or more.
[[nodiscard]] inline std::vector<double> codebook_gradient(std::span<const float> gradients,
                                                           std::span<const std::uint8_t> codes,
                                                           std::size_t count,
                                                           std::span<const float> scales = {},
                                                           std::size_t bucket = 256) {
  const auto require_that = [](const char* what, std::size_t size, std::size_t expected) {
    if (size == expected) return;
    refuse(std::string("codebook_gradient: ") + what + " has size " + std::to_string(size) +
           ", expected " + std::to_string(expected));
  };
  require_that("codes", codes.size(), gradients.size());
  if (bucket == 0) refuse("codebook_gradient: bucket is 0, expected at least 1");
  if (!scales.empty()) {
    require_that("scales", scales.size(),
                 gradients.size() / bucket + (gradients.size() % bucket != 0 ? 1 : 0));
  }
  const default_float_environment environment;
  std::vector<double> sums(count);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= count) {
      refuse("codebook_gradient: codes[" + std::to_string(i) + "] is " + std::to_string(codes[i]) +
             ", expected one below " + std::to_string(count));
    }
    const double scale = scales.empty() ? 1.0 : static_cast<double>(scales[i / bucket]);
    sums[codes[i]] = opaque(sums[codes[i]] + scale * static_cast<double>(gradients[i]));
  }
  return sums;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
