// SPDX-License-Identifier: MIT
// Complex numbers as phases: each is 1, i, -1 or -i in 2 bits, times one scale of the tensor for
// the real ones and one for the imaginary ones. Weights of iFairy (arXiv 2508.05571).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// A phase in quarter turns: i to this power. The publication does not state its codes.
enum class phase : std::uint8_t { one, i, minus_one, minus_i };

/// The phase nearest to that of a complex number: one from -pi/4 on to below pi/4, i to below
/// 3 pi/4, and so on; of 0, and of what has a NaN, one.
[[nodiscard]] constexpr phase phase_of(float real_part, float imaginary_part) {
  const unpacked re = unpack(real_part), im = unpack(imaginary_part);
  if (re.is_nan() || im.is_nan() || (re.is_zero() && im.is_zero())) return phase::one;
  // Of which half, seen from the diagonals: a bound belongs to the phase after it.
  const bool is_above_falling = exact::compare(im, -re) >= 0;  // the line from pi 3/4 to -pi/4
  const bool is_on_falling = exact::compare(im, -re) == 0;
  const bool is_below_rising = exact::compare(im, re) < 0;  // the line from -pi 3/4 to pi/4
  const bool is_on_rising = exact::compare(im, re) == 0;
  if (is_on_falling) return re.negative ? phase::minus_one : phase::one;
  if (is_on_rising) return re.negative ? phase::minus_i : phase::i;
  if (is_above_falling) return is_below_rising ? phase::one : phase::i;
  return is_below_rising ? phase::minus_i : phase::minus_one;
}

/// rows x cols complex numbers: codes of 2 bits, four in a byte from its low bits on, each row from
/// a byte on.
///
/// Phases 1, i, -1, -i, 1 of a row:  0xE4 0x00
class phase_matrix {
 public:
  /// All of phase one under scales of 1. Throws std::invalid_argument for a size beyond the address
  /// space.
  phase_matrix(std::size_t rows, std::size_t cols)
      : rows_(rows), cols_(checked(rows, cols)), bytes_(rows * packed_bytes(cols, 2)) {}

  /// What real and what imaginary numbers are multiplied by.
  float real_scale = 1, imaginary_scale = 1;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }
  [[nodiscard]] phase at(std::size_t row, std::size_t col) const {
    return static_cast<phase>(load_code(bytes_.data() + row * packed_bytes(cols_, 2), col, 2));
  }
  void set(std::size_t row, std::size_t col, phase p) {
    store_code(bytes_.data() + row * packed_bytes(cols_, 2), col, 2, static_cast<code_t>(p));
  }
  [[nodiscard]] float real_part(std::size_t row, std::size_t col) const {
    const phase p = at(row, col);
    return p == phase::one ? real_scale : p == phase::minus_one ? -real_scale : 0;
  }
  [[nodiscard]] float imaginary_part(std::size_t row, std::size_t col) const {
    const phase p = at(row, col);
    return p == phase::i ? imaginary_scale : p == phase::minus_i ? -imaginary_scale : 0;
  }

 private:
  [[nodiscard]] static std::size_t checked(std::size_t rows, std::size_t cols) {
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)();
    if (cols > most || (cols != 0 && rows > most / cols)) {
      refuse("phase_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return cols;
  }

  std::size_t rows_, cols_;
  std::vector<std::uint8_t> bytes_;
};

/// The nearest phases of complex numbers, real parts beside imaginary ones: `pairs` is rows x 2
/// cols. The real scale is the mean magnitude of the real parts of numbers whose phase is one or
/// minus one, the imaginary one that of the imaginary parts of the others, summed row by row in
/// binary64 and rounded to binary32, at least 1e-5; a NaN makes the real scale NaN. Throws
/// std::invalid_argument if a row of `pairs` has an odd number of elements.
[[nodiscard]] inline phase_matrix quantize_phases(matrix_view<const float> pairs) {
  if (pairs.cols % 2 != 0) {
    refuse("quantize_phases: pairs has " + std::to_string(pairs.cols) +
           " columns, expected an even number: a real and an imaginary part of each");
  }
  phase_matrix out(pairs.rows, pairs.cols / 2);
  const default_float_environment environment;
  double sums[2] = {}, counts[2] = {};
  bool has_nan = false;
  for (std::size_t row = 0; row < out.rows(); ++row) {
    for (std::size_t col = 0; col < out.cols(); ++col) {
      const float parts[2] = {pairs(row, 2 * col), pairs(row, 2 * col + 1)};
      has_nan |= unpack(parts[0]).is_nan() || unpack(parts[1]).is_nan();
      const phase p = phase_of(parts[0], parts[1]);
      out.set(row, col, p);
      const std::size_t which = static_cast<std::size_t>(p) % 2;
      sums[which] = opaque(sums[which] + pack_as<double>(magnitude_of(unpack(parts[which]))));
      counts[which] = opaque(counts[which] + 1.0);
    }
  }
  const auto scale = [&](std::size_t which) {
    if (counts[which] == 0) return 1e-5F;
    const auto mean = static_cast<float>(opaque(sums[which] / counts[which]));
    return mean < 1e-5F ? 1e-5F : mean;
  };
  out.real_scale = has_nan ? std::numeric_limits<float>::quiet_NaN() : scale(0);
  out.imaginary_scale = scale(1);
  return out;
}

/// The complex numbers, real parts beside imaginary ones, rows x 2 cols. Throws
/// std::invalid_argument if `pairs` has another shape.
inline void dequantize(const phase_matrix& in, matrix_view<float> pairs) {
  if (pairs.rows != in.rows() || pairs.cols != 2 * in.cols()) {
    refuse("dequantize: pairs is " + std::to_string(pairs.rows) + " x " +
           std::to_string(pairs.cols) + ", expected " + std::to_string(in.rows()) + " x " +
           std::to_string(2 * in.cols()));
  }
  for (std::size_t row = 0; row < in.rows(); ++row) {
    for (std::size_t col = 0; col < in.cols(); ++col) {
      pairs(row, 2 * col) = in.real_part(row, col);
      pairs(row, 2 * col + 1) = in.imaginary_part(row, col);
    }
  }
}

}  // namespace lowp
