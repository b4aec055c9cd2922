// SPDX-License-Identifier: MIT
// Products of complex 8-bit integers by phases, 1, i, -1 and -i: additions and subtractions, and
// two scales (iFairy, arXiv 2508.05571). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/phase_matrix.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/kernels/phase_sums/phase_sums.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {

namespace detail {

/// Throws for operands of phase_product that do not fit.
inline void require_phase_product(const matrix_view<const std::int8_t>& x,
                                  std::span<const float> scales, const phase_matrix& w,
                                  const matrix_view<float>& y) {
  const auto shape = [](std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  };
  constexpr std::size_t most = std::size_t{1} << 22;  // sums of 32 bits
  if (w.cols() > most) {
    refuse("phase_product: w has " + std::to_string(w.cols()) + " columns, expected at most " +
           std::to_string(most));
  }
  if (x.cols != 2 * w.cols()) {
    refuse("phase_product: x is " + shape(x.rows, x.cols) + ", expected " +
           std::to_string(2 * w.cols()) + " columns: a real and an imaginary part for each of w");
  }
  if (y.rows != x.rows || y.cols != 2 * w.rows()) {
    refuse("phase_product: y is " + shape(y.rows, y.cols) + ", expected " +
           shape(x.rows, 2 * w.rows()));
  }
  if (!scales.empty() && scales.size() != x.rows) {
    refuse("phase_product: scales has size " + std::to_string(scales.size()) + ", expected " +
           std::to_string(x.rows) + " as x has rows, or none");
  }
}

}  // namespace detail

namespace reference {

/// The definition of phase_product: additions and subtractions in integers, then, each rounded
/// once to nearest even in binary32, with a and b the scales of w,
///   Re y = (a R + b I) t,  R: sum of Re x of weights 1, less that of -1;  I: of Im x, i and -i
///   Im y = (b R - a I) t,  R: sum of Re x of weights i, less that of -i;  I: of Im x, 1 and -1
/// without t if there are no scales; a NaN is the canonical one.
inline void phase_product(matrix_view<const std::int8_t> x, std::span<const float> scales,
                          const phase_matrix& w, matrix_view<float> y) {
  lowp::detail::require_phase_product(x, scales, w, y);
  const binary32 a(w.real_scale), b(w.imaginary_scale);
  const auto put = [&](std::size_t n, std::size_t col, const binary32& sum) {
    y(n, col) = pack_as<float>(unpack(scales.empty() ? sum : sum * binary32(scales[n])));
  };
  for (std::size_t n = 0; n < x.rows; ++n) {
    for (std::size_t row = 0; row < w.rows(); ++row) {
      std::int32_t re_re = 0, im_im = 0, im_re = 0, re_im = 0;
      for (std::size_t k = 0; k < w.cols(); ++k) {
        const int re = x(n, 2 * k), im = x(n, 2 * k + 1);
        switch (w.at(row, k)) {
          case phase::one: re_re += re, im_re += im; break;
          case phase::i: im_im += im, re_im += re; break;
          case phase::minus_one: re_re -= re, im_re -= im; break;
          case phase::minus_i: im_im -= im, re_im -= re; break;
        }
      }
      const auto number = [](std::int32_t i) { return convert<formats::binary32>(i); };
      put(n, 2 * row, a * number(re_re) + b * number(im_im));
      put(n, 2 * row + 1, b * number(re_im) - a * number(im_re));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {

/// y = conj(x) w^T: of complex numbers, real parts beside imaginary ones, n x 2 K integers and
/// M x K phases make n x 2 M numbers, each row times one of `scales`, if there are any. Sums are
/// exact; reference::phase_product says what is rounded, of which this has the bits for any
/// `execution` and any options of the compiler.
///
///   phase_product(x, x_scales, quantize_phases(weights), y);
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit, and for more than 2^22
/// columns of w, beyond which sums might not fit 32 bits. y does not lie in x.
inline void phase_product(matrix_view<const std::int8_t> x, std::span<const float> scales,
                          const phase_matrix& w, matrix_view<float> y, const execution& how = {}) {
  detail::require_phase_product(x, scales, w, y);
  if (x.rows == 0 || w.rows() == 0) return;
  // Inputs in the order in which codes lie: see phase_sum_tile.
  const std::size_t vector = kernels::phase_vector_bytes(how.level());
  const std::size_t row_bytes = packed_bytes(w.cols(), 2);
  const std::size_t step = (row_bytes + vector - 1) / vector * vector * 8;
  const detail::aligned_array<std::int8_t> inputs((std::max)(std::size_t{1}, x.rows * step));
  std::memset(inputs.get(), 0, x.rows * step);
  std::vector<std::int32_t> input_sums(2 * x.rows);
  for (std::size_t n = 0; n < x.rows; ++n) {
    for (std::size_t k = 0; k < w.cols(); ++k) {
      const std::size_t byte = k / 4, at = byte / vector * vector * 8 + byte % vector;
      std::int8_t* const to = inputs.get() + n * step + at + k % 4 * vector;
      to[0] = x(n, 2 * k);
      to[4 * vector] = x(n, 2 * k + 1);
      input_sums[2 * n] += to[0];
      input_sums[2 * n + 1] += to[4 * vector];
    }
  }

  constexpr std::size_t height = 32;  // of a tile, whose codes stay in the cache
  const auto one_tile = [&](std::size_t i) {
    const default_float_environment environment;
    kernels::phase_sum_tile tile{.row_bytes = row_bytes,
                                 .rows = (std::min)(height, w.rows() - i * height)};
    tile.codes = w.bytes().data() + i * height * row_bytes;
    tile.input_step = step;
    tile.sum_step = height;
    constexpr std::size_t together = 16, count = kernels::phase_sum_count * height;
    std::int32_t sums[together * count];
    tile.sums = sums;
    for (std::size_t first = 0; first < x.rows; first += together) {
      tile.inputs = inputs.get() + first * step;
      tile.input_rows = (std::min)(together, x.rows - first);
      tile.input_sums = input_sums.data() + 2 * first;
      kernels::add_phases(how.level(), tile);
      for (std::size_t n = 0; n < tile.input_rows; ++n) {
        float s[count] = {};
        for (std::size_t r = 0; r < tile.rows; ++r) {
          for (std::size_t k = 0; k < kernels::phase_sum_count; ++k) {
            s[k * height + r] = static_cast<float>(sums[n * count + k * height + r]);
          }
        }
        detail::multiply_arrays<height>(s, w.real_scale, s);
        detail::multiply_arrays<height>(s + height, w.imaginary_scale, s + height);
        detail::multiply_arrays<height>(s + 2 * height, w.real_scale, s + 2 * height);
        detail::multiply_arrays<height>(s + 3 * height, w.imaginary_scale, s + 3 * height);
        detail::add_arrays<height>(s, s + height, s);
        detail::subtract_arrays<height>(s + 3 * height, s + 2 * height, s + height);
        if (!scales.empty()) detail::multiply_arrays<2 * height>(s, scales[first + n], s);
        float* const to = y.row(first + n) + 2 * i * height;
        for (std::size_t r = 0; r < 2 * tile.rows; ++r) {
          const float value = s[r % 2 * height + r / 2];
          const bool is_nan = (std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu) > 0x7F800000u;
          to[r] = is_nan ? from_bits<float>(0x7FC00000u) : value;
        }
      }
    }
  };
  how.run((w.rows() - 1) / height + 1, task(one_tile));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
