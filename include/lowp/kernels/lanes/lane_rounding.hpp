// SPDX-License-Identifier: MIT
// Rounding modes as lanes apply them, and the layout of the values that they round.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// The layout of binary32 or binary64, whose bits are a Word.
template <class Word>
struct source {
  static constexpr int bits = 8 * sizeof(Word);
  static constexpr int mantissa_bits = bits == 32 ? 23 : 52;
  static constexpr int bias = bits == 32 ? 127 : 1023;
  static constexpr int largest_exponent = 2 * bias;  // of a finite value, biased
  static constexpr Word sign = Word{1} << (bits - 1);
  static constexpr Word hidden = Word{1} << mantissa_bits;
  static constexpr Word infinity = Word{2 * bias + 1} << mantissa_bits;
  static constexpr float_format format = bits == 32 ? formats::binary32 : formats::binary64;
};

/// A constant that depends on the sign of the value it is used with.
template <class Word>
struct by_sign {
  Word positive = 0;
  Word negative = 0;
};

/// A rounding mode as lanes apply it. A deterministic one adds to the discarded fraction a constant
/// that depends on the sign, and one more if the code is odd, or even (modulo 2^64; round-to-odd is
/// 2^64 - 1, and one more is 0). Stochastic rounding is a deterministic rounding to `extra_bits`
/// more bits, to which random bits are added before the extra bits are cut off. Where 32 of them
/// fill a lane (`draws_words`), they are added to the fraction instead, for the carry.
struct lane_rounding {
  bool is_known = false;  ///< else only the addend function of the mode does what it does
  by_sign<std::uint64_t> addend{};
  std::uint64_t odd = 0;     ///< 1: one more is added …
  bool is_even_odd = false;  ///< … to even codes
  int extra_bits = 0;
  bool draws_words = false;
  stochastic draw{};
  int random_shift = 0;   ///< how much of a random lane to drop …
  int random_weight = 0;  ///< … and where its bits go among the extra bits,
  int random_offset = 0;  ///< with this below them

  [[nodiscard]] constexpr bool is_random() const { return extra_bits != 0 || draws_words; }
};

/// Random bits come in lanes of 8, 16 or 32.
[[nodiscard]] constexpr int log2_lane_bytes(const stochastic& draw) {
  const int bits = draw.used_bits();
  return bits <= 8 ? 0 : bits <= 16 ? 1 : 2;
}

namespace detail {

/// The addend that decides as a mode does for one sign and parity, if one does for any fraction
/// that has been tried.
struct found_addend {
  bool exists;
  std::uint64_t value;
};
template <rounding_mode R>
[[nodiscard]] constexpr found_addend addend_of(const R& mode, bool is_negative, bool is_odd) {
  constexpr std::uint64_t half = lowp::detail::half_unit;
  const auto is_up = [&](std::uint64_t fraction) {
    return rounds_up(mode, {fraction, is_negative, is_odd});
  };
  const bool below = is_up(1), tie = is_up(half), above = is_up(~std::uint64_t{0});
  const bool exists =
      is_up(half - 1) == below && is_up(half + 1) == above && (!below || tie) && (!tie || above);
  return {exists, below ? ~std::uint64_t{0} : tie ? half : above ? half - 1 : 0};
}

}  // namespace detail

[[nodiscard]] constexpr lane_rounding lane_rounding_of(const stochastic& draw);

template <rounding_mode R>
[[nodiscard]] constexpr lane_rounding lane_rounding_of(const R& mode) {
  lane_rounding result;
  if constexpr (requires { mode.draw(); }) {  // any_rounding
    if (mode.is_stochastic()) return lane_rounding_of(mode.draw());
  }
  if constexpr (requires { mode.is_fixed_addend(); }) {  // and rounding_reference
    if (!mode.is_fixed_addend()) return {};
  }
  if constexpr (is_fixed_addend<R> || requires { mode.is_fixed_addend(); }) {
    const auto positive_even = detail::addend_of(mode, false, false);
    const auto positive_odd = detail::addend_of(mode, false, true);
    const auto negative_even = detail::addend_of(mode, true, false);
    const auto negative_odd = detail::addend_of(mode, true, true);
    const std::uint64_t more = positive_odd.value - positive_even.value;
    result.is_known = positive_even.exists && positive_odd.exists && negative_even.exists &&
                      negative_odd.exists && negative_odd.value - negative_even.value == more &&
                      more + 1 <= 2;
    result.is_even_odd = more + 1 == 0;
    result.odd = more == 0 ? 0 : 1;
    result.addend = result.is_even_odd
                        ? by_sign<std::uint64_t>{positive_odd.value, negative_odd.value}
                        : by_sign<std::uint64_t>{positive_even.value, negative_even.value};
  }
  return result;
}
[[nodiscard]] constexpr lane_rounding lane_rounding_of(const stochastic& draw) {
  const int bits = draw.used_bits();
  const int lane_bits = 8 << log2_lane_bytes(draw);
  lane_rounding result;
  int extra_bits = bits, used = bits;
  switch (draw.variant) {
    case stochastic_variant::a: result = lane_rounding_of(toward_zero); break;
    case stochastic_variant::b:
      result = lane_rounding_of(toward_zero);
      extra_bits = bits + 1;
      result.random_offset = 1;
      break;
    case stochastic_variant::c: result = lane_rounding_of(nearest_even); break;
    case stochastic_variant::equal:
      result = lane_rounding_of(to_odd);  // the extra bit says whether anything is discarded
      extra_bits = used = 1;
      break;
  }
  result.extra_bits = extra_bits;
  result.random_shift = lane_bits - used;
  result.random_weight = extra_bits - used;
  result.draw = draw;
  return result;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
