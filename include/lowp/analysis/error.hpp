// SPDX-License-Identifier: MIT
// How far an approximation is from what it stands for. Sums are in binary64 in element order; under
// -ffast-math their last digits may depend on the compiler.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/real_functions.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// Figures over the pairs whose exact value is finite; fractions are of those.
struct error_statistics {
  std::size_t count = 0;           ///< pairs with a finite exact value
  double sqnr_db = 0;              ///< 10 log10(sum x^2 / sum (x - y)^2); +inf without any error,
                                   ///< NaN if every y is special
  double max_error = 0;            ///< max |x - y|
  double max_relative_error = 0;   ///< max |x - y| / |x| over x != 0
  double mean_relative_error = 0;  ///< its mean
  double max_ulp_error = 0;        ///< max |x - y| in units in the last place of a format at x
  double cosine = 1;               ///< sum x y / sqrt(sum x^2 sum y^2); 1 for two zero vectors
  double special_fraction = 0;     ///< y is infinite or NaN; such pairs count in no other figure
  double flushed_fraction = 0;     ///< x != 0, but y == 0
  double clipped_fraction = 0;     ///< |x| beyond the largest value at hand; 0 where not known
};

namespace detail {

/// log2 of one unit in the last place of a float_format at x: of its subnormals near zero.
[[nodiscard]] constexpr int ulp_exponent(const float_format& f, const unpacked& x) {
  const int lowest = decode(f, f.smallest_normal_magnitude()).exponent;
  const int exponent = x.is_zero() ? lowest : (std::max)(x.exponent, lowest);
  return exponent - f.mantissa_bits;
}

/// 2^exponent as binary64, zero or infinite out of its range.
[[nodiscard]] constexpr double power_of_two_in_binary64(int exponent) {
  return pack_as<double>(unpacked::scaled_integer(false, 1, exponent));
}

/// Where rounding to nearest would go beyond the largest (or the lowest) value of a format if there
/// was anything: half its last step further.
template <number_format F>
[[nodiscard]] constexpr unpacked clipping_limit(const F& format, bool is_negative) {
  const unpacked end = decode(format, is_negative ? lowest_code(format) : largest_code(format));
  // An unsigned format has its last step at the other end.
  const bool is_other = is_negative && !is_signed(format);
  const unpacked last = is_other ? largest_value(format) : end;
  unpacked half = exact::add(last, -value_next_to_end(format, is_negative && !is_other));
  half = scale_by_power_of_two(half, -1);
  return exact::add(end, is_other ? -half : half);
}

class error_accumulator {
 public:
  explicit error_accumulator(const float_format& ulp_format) : ulp_format_(ulp_format) {}

  void add(const float& exact, const float& approximate, bool is_clipped) {
    if (!is_finite(exact)) return;
    ++result_.count;
    if (is_clipped) ++clipped_;
    if (!is_finite(approximate)) {
      ++special_;
      return;
    }
    // By their bits: under flush-to-zero a widening cast takes subnormals for zero.
    const auto x = pack_as<double>(unpack(exact)), y = pack_as<double>(unpack(approximate));
    const double error = magnitude_of(x - y);
    signal_ += x * x;
    approximate_ += y * y;
    product_ += x * y;
    noise_ += (x - y) * (x - y);
    result_.max_error = (std::max)(result_.max_error, error);
    const double ulp = power_of_two_in_binary64(ulp_exponent(ulp_format_, unpack(exact)));
    result_.max_ulp_error = (std::max)(result_.max_ulp_error, error / ulp);
    if (x != 0) {
      ++nonzero_;
      const double relative = error / magnitude_of(x);
      relative_ += relative;
      result_.max_relative_error = (std::max)(result_.max_relative_error, relative);
      if (y == 0) ++flushed_;
    }
  }

  [[nodiscard]] error_statistics result() const {
    error_statistics r = result_;
    if (r.count == 0) return r;
    const auto fraction = [&](std::size_t part) {
      return static_cast<double>(part) / static_cast<double>(r.count);
    };
    r.sqnr_db = special_ == r.count ? pack_as<double>(unpacked::nan()) : decibels(signal_, noise_);
    r.mean_relative_error = nonzero_ == 0 ? 0 : relative_ / static_cast<double>(nonzero_);
    r.cosine = signal_ == 0 && approximate_ == 0 ? 1
               : signal_ == 0 || approximate_ == 0
                   ? 0
                   : product_ / (square_root_of(signal_) * square_root_of(approximate_));
    r.flushed_fraction = fraction(flushed_);
    r.special_fraction = fraction(special_);
    r.clipped_fraction = fraction(clipped_);
    return r;
  }

 private:
  float_format ulp_format_;
  error_statistics result_;
  double signal_ = 0, approximate_ = 0, product_ = 0, noise_ = 0, relative_ = 0;
  std::size_t nonzero_ = 0, special_ = 0, flushed_ = 0, clipped_ = 0;
};

}  // namespace detail

/// Compares two arrays of one size. `ulp_format` is the grid that max_ulp_error counts in,
/// `largest` the largest magnitude that the approximation could hold. Throws std::invalid_argument
/// if sizes differ.
[[nodiscard]] inline error_statistics measure_error(
    std::span<const float> exact, std::span<const float> approximate,
    const float_format& ulp_format = formats::binary32,
    float largest = (std::numeric_limits<float>::max)()) {
  if (exact.size() != approximate.size()) {
    refuse("measure_error: approximate has size " + std::to_string(approximate.size()) +
           ", expected " + std::to_string(exact.size()));
  }
  detail::error_accumulator errors(ulp_format);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    errors.add(exact[i], approximate[i],
               detail::magnitude_of(static_cast<double>(exact[i])) > static_cast<double>(largest));
  }
  return errors.result();
}

/// Compares a matrix with its quantized form. An element is clipped if it lies beyond the range of
/// the element format in its block by more than rounding to nearest accounts for.
template <class Format, template <class> class Layout, class Bytes>
[[nodiscard]] error_statistics measure_error(
    matrix_view<const float> exact, const basic_block_matrix<Format, Layout, Bytes>& quantized,
    const float_format& ulp_format = formats::binary32) {
  if (exact.rows != quantized.rows() || exact.cols != quantized.cols()) {
    refuse("measure_error: quantized is " + std::to_string(quantized.rows()) + " x " +
           std::to_string(quantized.cols()) + ", expected " + std::to_string(exact.rows) + " x " +
           std::to_string(exact.cols));
  }
  const auto& element = quantized.composition().element;
  const unpacked highest = detail::clipping_limit(element, false),
                 lowest = detail::clipping_limit(element, true);
  detail::error_accumulator errors(ulp_format);
  for (std::size_t row = 0; row < exact.rows; ++row) {
    for (std::size_t col = 0; col < exact.cols; ++col) {
      const unpacked x = unpack(exact(row, col));
      const group_values block =
          quantized.group(row / quantized.block_rows(), col / quantized.block_cols());
      const unpacked above = block.value(block.scale.negative ? lowest : highest),
                     below = block.value(block.scale.negative ? highest : lowest);
      errors.add(exact(row, col), pack_as<float>(quantized.value(row, col)),
                 lowp::exact::compare(x, above) > 0 || lowp::exact::compare(x, below) < 0);
    }
  }
  return errors.result();
}

}  // namespace lowp
