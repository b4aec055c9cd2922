// SPDX-License-Identifier: MIT
// Tiles of logarithms: the magnitudes of a tile are spread geometrically between its smallest and
// its largest. LogFMT of DeepSeek (arXiv 2505.09343, section 3.2).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/block/scaled_blocks.hpp"
#include "lowp/block/tiles/log_grid.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// Codes of `bits` bits: a sign on top of K, which is 0 for zero, else 1 … L = 2^(bits-1) - 1 for
///
///   low * (high / low)^((K - 1) / (L - 1)),   rounded to the nearest binary32 number
///
/// where low and high, the parameters of the tile, are codes of the format `ends`; K = 1 and K = L
/// are exactly these. (The power has an error below 2^-50 of itself before it is rounded.)
///
/// high is the largest magnitude of the tile, low the smallest one that is not zero, but at least
/// high / 2^32, each rounded to nearest even to `ends`. A value is rounded once among all these
/// magnitudes, zero included, by their values, not their logarithms, every second one being odd;
/// beyond high it becomes high. A NaN or an infinity makes high NaN, and so the whole tile, if
/// `ends` has NaN; else infinities become high, and NaN zero. A tile of zeros has ends of zero.
///
/// How the ends travel is not published: bfloat16 is what DeepEP sends, and exact for tiles of
/// bfloat16 numbers; DeepEP's own rule, which differs, is not this one.
struct log_tile_format {
  int bits = 8;
  block_shape tile{1, 128};
  float_format ends = formats::bfloat16;

  static constexpr std::size_t parameter_count = 2;  ///< low and high
  constexpr bool operator==(const log_tile_format&) const = default;
  [[nodiscard]] constexpr block_shape shape() const { return tile; }
  [[nodiscard]] constexpr int element_bits() const { return bits; }
  [[nodiscard]] constexpr int parameter_bits(std::size_t) const { return ends.bits(); }
  /// The largest K.
  [[nodiscard]] constexpr code_t last() const { return low_mask(bits - 1); }
};

[[nodiscard]] constexpr const char* defect(const log_tile_format& f) {
  if (f.bits < 3 || f.bits > 12) return "a log_tile_format has 3 to 12 bits";
  if (f.tile.rows < 0 || f.tile.cols < 0) return "a block_shape has no negative extent";
  if (f.ends.bits() > 32) return "the ends of a log_tile_format have at most 32 bits";
  return defect(f.ends);
}

/// The values of a tile by their index and code: what its elements share is computed once.
class log_tile_values {
 public:
  log_tile_values(const log_tile_format& f, const tile_parameters<log_tile_format>& parameters)
      : log_tile_values(f, decode(f.ends, parameters[0]), decode(f.ends, parameters[1])) {}
  [[nodiscard]] unpacked operator()(std::size_t, code_t code) const {
    if (is_nan_) return unpacked::nan();
    const unpacked magnitude = grid_(code & format_.last());
    const bool is_negative = (code & low_mask(format_.bits)) > format_.last();
    return is_negative && !magnitude.is_zero() ? -magnitude : magnitude;
  }

 private:
  log_tile_values(const log_tile_format& f, const unpacked& low, const unpacked& high)
      : format_(f), is_nan_(low.is_nan() || high.is_nan()), grid_(f.last(), low, high) {}

  log_tile_format format_;
  bool is_nan_;
  detail::log_grid grid_;
};
[[nodiscard]] inline log_tile_values tile_values(
    const log_tile_format& f, const tile_parameters<log_tile_format>& parameters) {
  return {f, parameters};
}
[[nodiscard]] inline unpacked tile_value(const log_tile_format& f,
                                         const tile_parameters<log_tile_format>& parameters,
                                         std::size_t index, code_t code) {
  return tile_values(f, parameters)(index, code);
}

/// The values of a tile as the nearest binary32 numbers, for many of them.
class log_tile_numbers {
 public:
  log_tile_numbers(const log_tile_format& f, const tile_parameters<log_tile_format>& parameters)
      : log_tile_numbers(f, decode(f.ends, parameters[0]), decode(f.ends, parameters[1])) {}
  [[nodiscard]] float operator()(std::size_t, code_t code) const {
    if (is_nan_) return pack_as<float>(unpacked::nan());
    return std::bit_cast<float>(numbers_(code & last_, (code & (last_ + 1)) != 0));
  }

 private:
  log_tile_numbers(const log_tile_format& f, const unpacked& low, const unpacked& high)
      : last_(f.last()), is_nan_(low.is_nan() || high.is_nan()), numbers_(last_, low, high) {}

  code_t last_;
  bool is_nan_;
  detail::log_numbers numbers_;
};
[[nodiscard]] inline log_tile_numbers tile_numbers(
    const log_tile_format& f, const tile_parameters<log_tile_format>& parameters) {
  return {f, parameters};
}

namespace detail {

/// What the elements of a tile of logarithms are rounded among.
class log_tile_encoder {
 public:
  log_tile_encoder(const log_tile_format& f, const unpacked& low, const unpacked& high)
      : low_(low), high_(high), last_(f.last()), number_(last_, low, high) {
    if (!number_.is_near()) table_.resize(last_ + 1);
    for (code_t k = 0; k < table_.size(); ++k) table_[k] = number_(k);
    are_binary32_ = unpack(pack_as<float>(low)) == low && unpack(pack_as<float>(high)) == high;
  }
  template <rounding_mode R>
  [[nodiscard]] code_t operator()(float value, const R& mode) const {
    const auto bits = std::bit_cast<std::uint32_t>(value), wanted = bits & 0x7FFFFFFFu;
    if (wanted > binary32_infinity) return 0;
    const bool is_negative = bits != wanted;
    const code_t below = last_not_above(wanted);
    code_t k = 0;
    if constexpr (is_fixed_addend<R>) {
      k = are_binary32_ ? beside(below, wanted, is_negative, mode)
                        : among_three(below, value, mode);
    } else {
      k = among_three(below, value, mode);
    }
    return k | code_t{is_negative && k != 0} * (last_ + 1);
  }

 private:
  /// The bits of a magnitude as binary32, whose order is that of the magnitudes.
  [[nodiscard]] std::uint32_t number(code_t k) const {
    return table_.empty() ? number_(k) : table_[k];
  }
  /// The last magnitude that is not above `wanted`; they number a power of two.
  [[nodiscard]] code_t last_not_above(std::uint32_t wanted) const {
    if (number_.is_near()) return number_.last_not_above(wanted);
    code_t below = 0;
    for (code_t step = (last_ + 1) / 2; step > 0; step /= 2) {
      if (table_[below + step] <= wanted) below += step;
    }
    return below;
  }
  /// Among the three from an even one on that are about the value; the parity stays what it is.
  template <rounding_mode R>
  [[nodiscard]] code_t among_three(code_t below, float value, const R& mode) const {
    const code_t first = below & ~code_t{1};
    const code_t count = last_ - first < 2 ? last_ - first + 1 : 3;
    const auto value_at = [&](code_t i) {
      const code_t k = first + i;
      return k == 1 ? low_ : k == last_ ? high_ : unpack(std::bit_cast<float>(number(k)));
    };
    const unpacked x = unpack(value);
    return first + round_among(magnitude_of(x), count, value_at, mode, x.negative);
  }
  /// Like among_three, of modes that compare with one half: twice a number and the sum of its
  /// neighbours, at most 2^17 apart, are exact in binary64.
  template <rounding_mode R>
  [[nodiscard]] code_t beside(code_t below, std::uint32_t wanted, bool is_negative,
                              const R& mode) const {
    const std::uint32_t inner = number(below);
    if (wanted == inner) return below - ((below & 1) != 0 && number(below - 1) == inner ? 1 : 0);
    if (below == last_) return last_;
    const auto value = [](std::uint32_t b) { return static_cast<double>(std::bit_cast<float>(b)); };
    const double twice = 2 * value(wanted), sum = value(inner) + value(number(below + 1));
    // A side of one half, without jumps that nothing foretells.
    const std::uint64_t fraction =
        half_unit - 1 + (twice >= sum ? 1u : 0u) + (twice > sum ? 1u : 0u);
    return below + code_t{rounds_up(mode, {fraction, is_negative, (below & 1) != 0})};
  }

  unpacked low_, high_;
  code_t last_;
  bool are_binary32_ = false;
  log_numbers number_;
  std::vector<std::uint32_t> table_;
};

}  // namespace detail

template <class Rounding, class Put>
[[nodiscard]] tile_parameters<log_tile_format> encode_tile(const log_tile_format& f,
                                                           const matrix_view<const float>& values,
                                                           const Rounding& rounding,
                                                           const Put& put) {
  const default_float_environment environment;
  // The bits of magnitudes are in their order.
  std::uint32_t least = binary32_infinity, most = 0;
  bool has_special = false;
  for (std::size_t r = 0; r < values.rows; ++r) {
    const float* const row = values.row(r);
    for (std::size_t c = 0; c < values.cols; ++c) {
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(row[c]) & 0x7FFFFFFFu;
      const bool is_special = magnitude >= binary32_infinity;
      has_special |= is_special;
      most = (std::max)(most, is_special ? 0 : magnitude);
      least = (std::min)(least, magnitude == 0 ? binary32_infinity : magnitude);
    }
  }
  const auto for_each = [&](const auto& code_of) {
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c) put(r, c, code_of(r, c));
    }
  };
  const auto zero = [](std::size_t, std::size_t) { return code_t{0}; };
  const auto end = [&](const unpacked& x) {
    return encode(f.ends, x, nearest_even, overflow::saturate, missing_nan::largest);
  };
  if (has_special && has_nan(f.ends)) {
    for_each(zero);
    return {0, encode(f.ends, unpacked::nan(), nearest_even, overflow::to_special,
                      missing_nan::largest)};
  }
  const auto number = [](std::uint32_t bits) { return unpack(std::bit_cast<float>(bits)); };
  tile_parameters<log_tile_format> ends{end(unpacked::zero()), end(number(most))};
  const unpacked high = decode(f.ends, ends[1]);
  if (high.is_zero()) {
    for_each(zero);
    return ends;
  }
  const unpacked floor = scale_by_power_of_two(high, -32);
  ends[0] = end(exact::compare(number(least), floor) < 0 ? floor : number(least));
  unpacked low = decode(f.ends, ends[0]);
  if (low.is_zero()) {  // below what `ends` has
    ends[0] = smallest_positive_code(f.ends);
    low = decode(f.ends, ends[0]);
  }
  const detail::log_tile_encoder code_of(f, low, high);
  for_each([&](std::size_t r, std::size_t c) { return code_of(values(r, c), rounding(r, c)); });
  return ends;
}

/// "logfmt8(bfloat16)": bits and the format of the ends; tiles of another shape than 1 x 128 say
/// it.
[[nodiscard]] constexpr format_name known_name(const log_tile_format& f) {
  format_name text;
  text << "logfmt" << f.bits << "(" << name(f.ends).view();
  if (f.tile != block_shape{1, 128}) text << "," << f.tile.rows << "x" << f.tile.cols;
  return text << ")";
}

namespace formats {
/// LogFMT of Bits bits in tiles of 1 x 128.
template <int Bits>
inline constexpr log_tile_format logfmt{.bits = Bits};
}  // namespace formats

}  // namespace lowp
