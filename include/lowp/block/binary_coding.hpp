// SPDX-License-Identifier: MIT
// Fits of binary-coding matrices: greedy, and scales and signs in turn (alternating; Xu et al.,
// arXiv 1802.00150, as LUT-GEMM, arXiv 2206.09557, uses it). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/binary_coding_matrix.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

struct binary_coding_fit {
  binary_coding coding = {};  ///< without offsets
  int alternations = 15;      ///< at most; 0 is the greedy fit
};

namespace detail {

/// A group of elements, its codes and scales. Sums in binary64 go from the first element to the
/// last, each operation rounded once.
class binary_coding_group {
 public:
  explicit binary_coding_group(int planes) : planes_(static_cast<std::size_t>(planes)) {}

  /// Greedy: for each plane the signs of what is left, 1 of zeros, their mean magnitude rounded to
  /// binary32 as the scale, and what that leaves in binary64.
  void begin(const float* w, std::size_t count) {
    w_.assign(w, w + count);
    codes_.assign(count, 0);
    std::vector<double>& left = scratch_;
    left = w_;
    for (std::size_t p = 0; p < planes_; ++p) {
      double sum = 0;
      for (const double x : left) sum = opaque(sum + magnitude_of(x));
      scales_[p] = static_cast<float>(quotient(sum, static_cast<double>(count)));
      const double a = static_cast<double>(scales_[p]);
      for (std::size_t i = 0; i < count; ++i) {
        const bool is_positive = !(left[i] < 0);
        codes_[i] = static_cast<std::uint8_t>(codes_[i] | (is_positive ? 1u << p : 0u));
        left[i] = opaque(left[i] - (is_positive ? a : -a));
      }
    }
    error_ = error_of_codes();
  }

  /// Scales by least squares for the signs, then for each element the code of the nearest value.
  /// Returns whether that lowered the sum of the squared errors; if not, all stays as it was.
  [[nodiscard]] bool alternate() {
    const std::array<float, 8> scales = fitted_scales();
    // By bits: errors might be NaN, which options of compilers leave out of comparisons.
    for (const float scale : scales) {
      if (!is_finite(scale)) return false;
    }
    const double error = choose_nearest(scales);
    if (!(error < error_)) return false;
    error_ = error;
    scales_ = scales;
    codes_.swap(next_);
    return true;
  }

  [[nodiscard]] double error() const { return error_; }
  [[nodiscard]] const std::array<float, 8>& scales() const { return scales_; }
  [[nodiscard]] const std::vector<std::uint8_t>& codes() const { return codes_; }

 private:
  [[nodiscard]] double error_of_codes() const {
    std::array<float, 256> values{};
    fill_levels(scales_.data(), 1, static_cast<int>(planes_), nullptr, values.data());
    double sum = 0;
    for (std::size_t i = 0; i < codes_.size(); ++i) sum = add_error(sum, w_[i], values[codes_[i]]);
    return sum;
  }
  [[nodiscard]] static double add_error(double sum, double x, float value) {
    const double apart = opaque(x - static_cast<double>(value));
    return opaque(sum + opaque(apart * apart));
  }

  /// Not by a reciprocal that serves several.
  [[nodiscard]] static double quotient(double a, double b) { return opaque(opaque(a) / opaque(b)); }

  /// (B^T B)^-1 B^T w, rounded to binary32: by elimination, plane after plane. Of planes that
  /// others make up scales are 0.
  [[nodiscard]] std::array<float, 8> fitted_scales() {
    double products[8][9] = {};  // B^T B, which is in integers, and B^T w
    double sums[8] = {};         // side by side: each waits for its last addition
    const std::size_t words = (w_.size() + 63) / 64;
    signs_.assign(8 * words, 0);
    for (std::size_t i = 0; i < w_.size(); ++i) {
      for (std::size_t p = 0; p < planes_; ++p) {
        const std::uint64_t is_positive = codes_[i] >> p & 1u;
        signs_[p * words + i / 64] |= is_positive << i % 64;
        const auto bits = std::bit_cast<std::uint64_t>(w_[i]) ^ (is_positive ^ 1) << 63;
        sums[p] = opaque(sums[p] + from_bits<double>(bits));
      }
    }
    for (std::size_t p = 0; p < planes_; ++p) {
      for (std::size_t q = 0; q < planes_; ++q) {
        std::size_t differ = 0;
        for (std::size_t i = 0; i < words; ++i) {
          differ += static_cast<std::size_t>(
              std::popcount(signs_[p * words + i] ^ signs_[q * words + i]));
        }
        products[p][q] = static_cast<double>(w_.size()) - 2 * static_cast<double>(differ);
      }
      products[p][planes_] = sums[p];
    }
    const double least = opaque(1e-10 * static_cast<double>(w_.size()));
    bool is_taken[8] = {};
    for (std::size_t p = 0; p < planes_; ++p) {
      is_taken[p] = products[p][p] > least;
      if (!is_taken[p]) continue;
      for (std::size_t q = p + 1; q < planes_; ++q) {
        const double factor = quotient(products[q][p], products[p][p]);
        for (std::size_t i = p; i <= planes_; ++i) {
          products[q][i] = opaque(products[q][i] - opaque(factor * products[p][i]));
        }
      }
    }
    double solved[8] = {};
    std::array<float, 8> scales{};
    for (std::size_t p = planes_; p-- > 0;) {
      if (!is_taken[p]) continue;
      double right = products[p][planes_];
      for (std::size_t i = p + 1; i < planes_; ++i) {
        right = opaque(right - opaque(products[p][i] * solved[i]));
      }
      solved[p] = quotient(right, products[p][p]);
      scales[p] = static_cast<float>(solved[p]);
    }
    return scales;
  }

  /// Of each element the code whose value is nearest, by the means of neighbouring values in
  /// binary64; at a mean, the lower value. Returns the sum of the squared errors.
  [[nodiscard]] double choose_nearest(const std::array<float, 8>& scales) {
    // Values in ascending order, plane after plane: what is less and what is more by a scale are
    // two lists in order, which become one.
    std::array<float, 256> values{}, merged{};
    std::array<std::uint8_t, 256> order{}, merged_order{};
    values[0] = 0;
    for (std::size_t p = 0; p < planes_; ++p) {
      const std::size_t half = std::size_t{1} << p;
      const float a = scales[p];
      const bool is_negative = a < 0;
      const auto low_bit = static_cast<std::uint8_t>(is_negative ? half : 0);
      const auto high_bit = static_cast<std::uint8_t>(is_negative ? 0 : half);
      float lower[129] = {}, upper[129] = {};
      for (std::size_t i = 0; i < half; ++i) {
        lower[i] = difference_of_floats(values[i], is_negative ? -a : a);
        upper[i] = sum_of_floats(values[i], is_negative ? -a : a);
      }
      // The upper half of the list is the lower one with all signs changed.
      const std::size_t last = 2 * half - 1;
      for (std::size_t i = 0, low = 0, high = 0; i < half; ++i) {
        // Without branches, which no processor could foretell.
        const bool takes_low = !(upper[high] < lower[low]);
        merged[i] = takes_low ? lower[low] : upper[high];
        merged_order[i] =
            static_cast<std::uint8_t>(takes_low ? order[low] | low_bit : order[high] | high_bit);
        merged[last - i] = -merged[i];
        merged_order[last - i] = static_cast<std::uint8_t>(merged_order[i] ^ last);
        low += takes_low ? 1 : 0;
        high += takes_low ? 0 : 1;
      }
      values = merged;
      order = merged_order;
    }
    const std::size_t count = std::size_t{1} << planes_;
    double means[256] = {};
    for (std::size_t i = 0; i + 1 < count; ++i) {
      means[i] = opaque(static_cast<double>(values[i]) + static_cast<double>(values[i + 1])) / 2;
    }
    next_.resize(w_.size());
    double sum = 0;
    for (std::size_t i = 0; i < w_.size(); ++i) {
      std::size_t at = 0;
      for (std::size_t step = count / 2; step != 0; step /= 2) {
        at += step * static_cast<std::size_t>(w_[i] > means[at + step - 1]);
      }
      next_[i] = order[at];
      sum = add_error(sum, w_[i], values[at]);
    }
    return sum;
  }

  std::size_t planes_;
  std::vector<double> w_, scratch_;
  std::vector<std::uint64_t> signs_;
  std::vector<std::uint8_t> codes_, next_;
  std::array<float, 8> scales_{};
  double error_ = 0;
};

}  // namespace detail

inline namespace LOWP_BASELINE {

/// w ~ a[0] b[0] + a[1] b[1] + … for each group of a row, without offsets: planes by the greedy
/// fit, then, in turn, scales by least squares for the signs and for each element the nearest of
/// the 2^planes values, as long as that lowers the sum of the squared errors of the group, so that
/// no alternation raises it. Errors are those of the values as the matrix has them, scales in
/// binary32 included. Sums in binary64 go from the first element of a group to the last: the bits
/// are the same everywhere. A group with a NaN or an infinity has scales of NaN.
///
///   const auto w = quantize_binary_coding(weights, {.coding = {.planes = 3, .group = 128}});
///
/// Throws std::invalid_argument as binary_coding_matrix does, and for offsets or fewer than 0
/// alternations.
[[nodiscard]] inline binary_coding_matrix quantize_binary_coding(matrix_view<const float> in,
                                                                 const binary_coding_fit& fit = {},
                                                                 const execution& how = {}) {
  if (fit.alternations < 0 || fit.coding.has_offsets) {
    refuse("quantize_binary_coding: alternations is " + std::to_string(fit.alternations) +
           " and has_offsets is " + (fit.coding.has_offsets ? "true" : "false") +
           ", expected at least 0 and false");
  }
  binary_coding_matrix out(in.rows, in.cols, fit.coding);
  // A row shares words with no other.
  const auto one_row = [&](std::size_t row) {
    const default_float_environment environment;
    detail::binary_coding_group group(fit.coding.planes);
    for (std::size_t left = 0; left < in.cols; left += out.group_cols()) {
      const std::size_t count = (std::min)(out.group_cols(), in.cols - left);
      const float* const w = in.row(row) + left;
      bool is_special = false;
      for (std::size_t i = 0; i < count; ++i) is_special |= !detail::is_finite(w[i]);
      if (is_special) {
        for (std::size_t p = 0; p < out.planes(); ++p) {
          out.set_scale(row, left, p, from_bits<float>(0x7FC00000u));
        }
        continue;
      }
      group.begin(w, count);
      for (int i = 0; i < fit.alternations && group.alternate(); ++i) {
      }
      for (std::size_t p = 0; p < out.planes(); ++p) {
        out.set_scale(row, left, p, group.scales()[p]);
      }
      for (std::size_t i = 0; i < count; ++i) out.set_code(row, left + i, group.codes()[i]);
    }
  };
  run_and_rethrow(how, in.cols == 0 ? 0 : in.rows, task(one_row));
  return out;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
