// SPDX-License-Identifier: MIT
// Tiles of logarithms: the magnitudes of a tile are spread geometrically between its smallest and
// its largest. LogFMT of DeepSeek (arXiv 2505.09343, section 3.2).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/block/scaled_blocks.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/lns_format.hpp"
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

namespace detail {

/// a * b / 2^63, truncated, for numbers from 1 to below 2 in units of 2^-63; 0 if that is 2 or
/// more.
[[nodiscard]] constexpr std::uint64_t product_below_two(std::uint64_t a, std::uint64_t b) {
  const uint128 product = multiply(a, b);
  return (product.high >> 63) != 0 ? 0 : product.high << 1 | product.low >> 63;
}

/// Powers of two whose exponents are a digit of base 16 behind the point, by its place and the
/// digit, in units of 2^-63.
inline constexpr auto powers_of_digits = [] {
  std::array<std::array<std::uint64_t, 16>, 14> all{};
  for (std::size_t place = 0; place < all.size(); ++place) {
    for (std::size_t digit = 0; digit < 16; ++digit) {
      std::uint64_t power = code_t{1} << 63;
      for (std::size_t bit = 0; bit < 4; ++bit) {
        if ((digit >> (3 - bit) & 1) == 0) continue;
        power = product_below_two(power, roots_of_two[4 * place + bit + 1].high);
      }
      all[place][digit] = power;
    }
  }
  return all;
}();

/// The magnitudes of a tile by K.
class log_grid {
 public:
  /// Of ends that are numbers; without a logarithm, where one of them is zero.
  log_grid(const log_tile_format& f, const unpacked& low, const unpacked& high)
      : low_(low), high_(high), last_(f.last()) {
    is_single_ = low.kind != value_kind::finite || high.kind != value_kind::finite;
    if (is_single_) return;
    // The logarithm, bit by bit: a root of 2 is a factor if the product does not exceed the ratio.
    const unpacked ratio = exact::divide(high, low);
    std::uint64_t product = code_t{1} << 63;
    logarithm_ = ratio.exponent;
    for (int k = 1; k <= fraction_bits; ++k) {
      const std::uint64_t trial = product_below_two(product, root(k));
      const bool is_factor = trial != 0 && trial <= ratio.significand.high;
      if (is_factor) product = trial;
      logarithm_ = 2 * logarithm_ + (is_factor ? 1 : 0);
    }
  }
  [[nodiscard]] unpacked operator()(code_t k) const {
    if (k == 0) return unpacked::zero();
    if (k == last_ || is_single_) return high_;
    if (k == 1) return low_;
    const auto steps = static_cast<std::int64_t>(k - 1), all = static_cast<std::int64_t>(last_ - 1);
    const std::int64_t share = logarithm_ / all * steps + logarithm_ % all * steps / all;
    std::uint64_t power = code_t{1} << 63;
    for (std::size_t place = 0; place < powers_of_digits.size(); ++place) {
      const auto digit = share >> (fraction_bits - 4 - 4 * static_cast<int>(place)) & 15;
      power = product_below_two(power, powers_of_digits[place][static_cast<std::size_t>(digit)]);
    }
    const unpacked factor =
        unpacked::scaled_integer(false, power, static_cast<int>(share >> fraction_bits) - 63);
    return unpack(pack_as<float>(exact::multiply(low_, factor)));
  }

 private:
  static constexpr int fraction_bits = 56;  // of a logarithm below 2^6
  [[nodiscard]] static constexpr std::uint64_t root(int k) {
    return roots_of_two[static_cast<std::size_t>(k)].high;
  }

  unpacked low_, high_;
  code_t last_;
  bool is_single_ = false;
  std::int64_t logarithm_ = 0;
};

}  // namespace detail

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
      : format_(f), is_nan_(low.is_nan() || high.is_nan()), grid_(f, low, high) {}

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

template <class Rounding, class Put>
[[nodiscard]] tile_parameters<log_tile_format> encode_tile(const log_tile_format& f,
                                                           const matrix_view<const float>& values,
                                                           const Rounding& rounding,
                                                           const Put& put) {
  unpacked least = unpacked::infinite(), most = unpacked::zero();
  bool has_special = false;
  const auto for_each = [&](const auto& use) {
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c) use(r, c, unpack(values(r, c)));
    }
  };
  for_each([&](std::size_t, std::size_t, const unpacked& x) {
    has_special |= !x.is_finite();
    if (x.kind != value_kind::finite) return;
    const unpacked magnitude = magnitude_of(x);
    if (exact::compare(magnitude, least) < 0) least = magnitude;
    if (exact::compare(magnitude, most) > 0) most = magnitude;
  });
  const auto all_zero = [&] { for_each([&](auto r, auto c, const unpacked&) { put(r, c, 0); }); };
  const auto end = [&](const unpacked& x) {
    return encode(f.ends, x, nearest_even, overflow::saturate, missing_nan::largest);
  };
  if (has_special && has_nan(f.ends)) {
    all_zero();
    return {0, encode(f.ends, unpacked::nan(), nearest_even, overflow::to_special,
                      missing_nan::largest)};
  }
  tile_parameters<log_tile_format> ends{end(unpacked::zero()), end(most)};
  const unpacked high = decode(f.ends, ends[1]);
  if (high.is_zero()) {
    all_zero();
    return ends;
  }
  const unpacked floor = scale_by_power_of_two(high, -32);
  ends[0] = end(exact::compare(least, floor) < 0 ? floor : least);
  unpacked low = decode(f.ends, ends[0]);
  if (low.is_zero()) {  // below what `ends` has
    ends[0] = smallest_positive_code(f.ends);
    low = decode(f.ends, ends[0]);
  }
  const detail::log_grid grid(f, low, high);
  std::vector<unpacked> magnitudes(f.last() + 1);
  std::vector<float> numbers(f.last() + 1);  // as binary32: the order of their bits is theirs
  for (code_t k = 0; k <= f.last(); ++k) {
    magnitudes[k] = grid(k);
    numbers[k] = pack_as<float>(magnitudes[k]);
  }
  for_each([&](std::size_t r, std::size_t c, const unpacked& x) {
    if (x.is_nan()) return put(r, c, 0);
    const auto bits_of = [](float number) { return std::bit_cast<std::uint32_t>(number); };
    const std::uint32_t wanted = bits_of(values(r, c)) & 0x7FFFFFFFu;
    const auto above =
        std::upper_bound(numbers.begin(), numbers.end(), wanted,
                         [&](std::uint32_t bits, float number) { return bits < bits_of(number); });
    // Among the three from an even one on that are about x; the parity stays what it is.
    code_t first = (static_cast<code_t>(above - numbers.begin()) - 1) & ~code_t{1};
    const code_t count = f.last() - first < 2 ? f.last() - first + 1 : 3;
    const auto value_at = [&](code_t k) { return magnitudes[first + k]; };
    const code_t k =
        first + round_among(magnitude_of(x), count, value_at, rounding(r, c), x.negative);
    put(r, c, k == 0 ? 0 : k | (x.negative ? f.last() + 1 : 0));
  });
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
