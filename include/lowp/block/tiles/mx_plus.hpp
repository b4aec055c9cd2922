// SPDX-License-Identifier: MIT
// MX+ (arXiv 2510.14557): blocks of MX in which the largest element, whose exponent is known to be
// the highest one, has mantissa bits in the place of its exponent.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/block/block_matrix.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// 32 elements of a row under a code of e8m0 by OCP's rule, 2^(floor(log2 amax) - emax), and the
/// index, 5 bits, of the first element of the largest magnitude. That one is a sign and
/// M = exponent_bits + mantissa_bits bits of mantissa:  2^emax * (1 + m / 2^M) times the scale.
///
/// Where the scale is the smallest one, 2^-127, as in a block of zeros, there is no such element:
/// its exponent may be lower. Elements saturate, the largest one at the top of its binade. A NaN or
/// an infinity makes the scale NaN and all codes 0. How the publication lays indices out in memory
/// is not followed, nor its second scale for the other elements (MX++).
struct mx_plus_format {
  float_format element = formats::e2m1;

  static constexpr std::size_t parameter_count = 2;  ///< scale and index
  constexpr bool operator==(const mx_plus_format&) const = default;
  [[nodiscard]] static constexpr block_shape shape() { return {1, 32}; }
  [[nodiscard]] constexpr int element_bits() const { return element.bits(); }
  [[nodiscard]] static constexpr int parameter_bits(std::size_t i) { return i == 0 ? 8 : 5; }
  /// Whether the element number `index` is the one without an exponent.
  [[nodiscard]] static constexpr bool is_extended(const tile_parameters<mx_plus_format>& parameters,
                                                  std::size_t index) {
    return parameters[0] != 0 && parameters[1] == index;
  }
  /// What that is a code of: its mantissa, as an unsigned integer.
  [[nodiscard]] constexpr int extended_bits() const {
    return element.exponent_bits + element.mantissa_bits;
  }
  [[nodiscard]] constexpr int highest_exponent() const { return largest_value(element).exponent; }
};

[[nodiscard]] constexpr const char* defect(const mx_plus_format& f) {
  if (defect(f.element) != nullptr) return defect(f.element);
  if (!f.element.is_signed || f.element.bits() > 16) {
    return "the element of an mx_plus_format has a sign and at most 16 bits";
  }
  return nullptr;
}

[[nodiscard]] constexpr unpacked tile_value(const mx_plus_format& f,
                                            const tile_parameters<mx_plus_format>& parameters,
                                            std::size_t index, code_t code) {
  const unpacked scale = decode(formats::e8m0, parameters[0]);
  if (!mx_plus_format::is_extended(parameters, index) || scale.is_nan()) {
    return exact::multiply(decode(f.element, code), scale);
  }
  const int bits = f.extended_bits();
  const bool is_negative = (code >> bits & 1) != 0;
  const code_t significand = code_t{1} << bits | (code & low_mask(bits));
  return exact::multiply(
      unpacked::scaled_integer(is_negative, significand, f.highest_exponent() - bits), scale);
}

namespace detail {

/// The code of the largest element, x in units of the scale: |x| is 2^emax * (1 + m / 2^bits), m
/// rounded as a fixed-point number.
template <rounding_mode R>
[[nodiscard]] constexpr code_t encode_extended(const mx_plus_format& f, const unpacked& x,
                                               const R& mode) {
  const int bits = f.extended_bits();
  const fixed_format mantissa{.total_bits = bits + 2, .fraction_bits = bits - f.highest_exponent()};
  const code_t rounded = encode(mantissa, x, mode, overflow::saturate);
  const code_t one = code_t{1} << bits;
  const code_t magnitude = (x.negative ? 0 - rounded : rounded) & low_mask(bits + 2);
  const code_t kept = magnitude >= 2 * one ? 2 * one - 1 : magnitude;
  return (x.negative ? one : 0) | (kept - one);
}

}  // namespace detail

template <class Rounding, class Put>
[[nodiscard]] constexpr tile_parameters<mx_plus_format> encode_tile(
    const mx_plus_format& f, const matrix_view<const float>& values, const Rounding& rounding,
    const Put& put) {
  bool has_special = false;
  unpacked amax = unpacked::zero();
  std::size_t largest = 0;
  for (std::size_t c = 0; c < values.cols; ++c) {
    const unpacked x = unpack(values(0, c));
    has_special |= !x.is_finite();
    if (!x.is_finite() || exact::compare(magnitude_of(x), amax) <= 0) continue;
    amax = magnitude_of(x);
    largest = c;
  }
  const unpacked wanted =
      amax.is_zero() ? amax
                     : unpacked::scaled_integer(false, 1, amax.exponent - f.highest_exponent());
  const code_t scale_code =
      encode(formats::e8m0, has_special ? unpacked::nan() : wanted, nearest_even,
             has_special ? overflow::to_special : overflow::saturate, missing_nan::largest);
  const unpacked scale = decode(formats::e8m0, scale_code);
  const tile_parameters<mx_plus_format> parameters{scale_code, has_special ? 0 : largest};
  for (std::size_t c = 0; c < values.cols; ++c) {
    if (has_special) {
      put(0, c, 0);
      continue;
    }
    const unpacked x = exact::divide(unpack(values(0, c)), scale);
    if (!mx_plus_format::is_extended(parameters, c)) {
      put(0, c, encode(f.element, x, rounding(0, c), overflow::saturate, missing_nan::largest));
      continue;
    }
    put(0, c, detail::encode_extended(f, x, rounding(0, c)));
  }
  return parameters;
}

namespace detail {

/// Codes and scales of a matrix of MX+ as those of MX, whose planes are its first ones.
template <class Bytes>
[[nodiscard]] auto mx_view(const mx_plus_format& f, std::size_t rows, std::size_t cols,
                           Bytes bytes) {
  using levels = block_format<float_format, float_format>;
  using matrix = basic_block_matrix<variable_format<levels>, planes, Bytes>;
  const std::size_t scales = rows * groups_along(cols, f.shape().cols);
  return matrix({levels{f.element, formats::e8m0, f.shape()}}, rows, cols,
                bytes.first(rows * packed_bytes(cols, f.element_bits()) + scales));
}

}  // namespace detail

inline namespace LOWP_BASELINE {

/// A whole matrix, as encode_tile: by the kernels of MX but for the largest elements.
template <rounding_mode R>
void encode_tiles(const mx_plus_format& f, const matrix_view<const float>& in,
                  tile_matrix<mx_plus_format>& out, const R& mode, const execution& how) {
  auto codes = detail::mx_view(f, in.rows, in.cols, out.bytes());
  quantize(in, codes, rules::floor, mode, how);
  const auto encode_row = [&](std::size_t row) {
    for (std::size_t tile = 0; tile < out.tile_col_count(); ++tile) {
      const std::size_t left = tile * 32, right = (std::min)(left + 32, in.cols);
      std::size_t largest = left;
      std::uint32_t most = 0;
      for (std::size_t c = left; c < right; ++c) {
        const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(in(row, c)) & 0x7FFFFFFFu;
        largest = magnitude > most ? c : largest;
        most = magnitude > most ? magnitude : most;
      }
      const code_t scale = out.parameters(row, tile)[0];
      const bool has_special = most >= binary32_infinity;
      out.set_parameters(row, tile, {scale, has_special ? 0 : largest - left});
      if (has_special || scale == 0) continue;
      const unpacked x = exact::divide(unpack(in(row, largest)), decode(formats::e8m0, scale));
      out.set_code(row, largest, detail::encode_extended(f, x, at(mode, row * in.cols + largest)));
    }
  };
  how.run(in.rows, task(encode_row));
}

/// The values of a whole matrix: by the kernels of MX but for the largest elements.
inline void decode_tiles(const mx_plus_format& f, const tile_matrix<mx_plus_format>& in,
                         const matrix_view<float>& out, const execution& how) {
  dequantize(detail::mx_view(f, in.rows(), in.cols(), in.bytes()), out, how);
  const auto decode_row = [&](std::size_t row) {
    for (std::size_t tile = 0; tile < in.tile_col_count(); ++tile) {
      const auto parameters = in.parameters(row, tile);
      const std::size_t largest = tile * 32 + parameters[1];
      if (parameters[0] == 0 || largest >= in.cols()) continue;
      const code_t code = in.code(row, largest);
      out(row, largest) = pack_as<float>(tile_value(f, parameters, parameters[1], code));
    }
  };
  how.run(in.rows(), task(decode_row));
}

}  // namespace LOWP_BASELINE

/// "mx_plus(e2m1)".
[[nodiscard]] constexpr format_name known_name(const mx_plus_format& f) {
  return format_name{} << "mx_plus(" << name(f.element).view() << ")";
}

namespace formats {
inline constexpr mx_plus_format mxfp4_plus{e2m1}, mxfp6_e2m3_plus{e2m3}, mxfp6_e3m2_plus{e3m2},
    mxfp8_e4m3_plus{e4m3fn};
}  // namespace formats

}  // namespace lowp
