// SPDX-License-Identifier: MIT
// To round is to add one number to the discarded bits and keep the carry. A rounding mode is an
// object that names this addend.
//
// Codes of one sign are ordered as their values, so the carry goes into the *code*: it runs into
// the exponent, out of the subnormals and along a posit's regime without a special case.
#pragma once

#include <concepts>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp {

/// What a mode may look at. `fraction` is the discarded part of one unit in the last place, in
/// units of 2^-64, its lowest bit sticky; `is_odd` is the parity of the kept code.
struct discarded {
  std::uint64_t fraction;
  bool is_negative;
  bool is_odd;
};

/// `addend` is what to add to the fraction, in the same units; the magnitude grows by one unit if
/// and only if the sum reaches one unit (2^64). For a fraction of zero it must not.
template <class R>
concept rounding_mode = requires(const R& mode, const discarded& d) {
  { mode.addend(d) } -> std::same_as<std::uint64_t>;
};

namespace detail {
inline constexpr std::uint64_t half_unit = std::uint64_t{1} << 63;
inline constexpr std::uint64_t almost_one_unit = ~std::uint64_t{0};
template <class T, class... List>
inline constexpr bool is_one_of = (std::same_as<T, List> || ...);
}  // namespace detail

/// To nearest, ties to the even code (IEEE 754 roundTiesToEven).
struct nearest_even_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return detail::half_unit - 1 + static_cast<std::uint64_t>(d.is_odd);
  }
};
/// To nearest, ties away from zero (IEEE 754 roundTiesToAway).
struct nearest_away_t {
  static constexpr std::uint64_t addend(const discarded&) { return detail::half_unit; }
};
/// To nearest, ties toward zero (IEEE 754-2019 clause 9.5).
struct nearest_toward_zero_t {
  static constexpr std::uint64_t addend(const discarded&) { return detail::half_unit - 1; }
};
/// To nearest, ties toward +infinity (RND of ap_fixed).
struct nearest_upward_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return detail::half_unit - static_cast<std::uint64_t>(d.is_negative);
  }
};
/// To nearest, ties toward -infinity (RND_MIN_INF of ap_fixed).
struct nearest_downward_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return detail::half_unit - static_cast<std::uint64_t>(!d.is_negative);
  }
};
/// Truncation (IEEE 754 roundTowardZero).
struct toward_zero_t {
  static constexpr std::uint64_t addend(const discarded&) { return 0; }
};
/// Toward +infinity (IEEE 754 roundTowardPositive).
struct upward_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return static_cast<std::uint64_t>(d.is_negative) - 1;
  }
};
/// Toward -infinity (IEEE 754 roundTowardNegative).
struct downward_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return 0 - static_cast<std::uint64_t>(d.is_negative);
  }
};
/// To the neighbour of larger magnitude.
struct away_from_zero_t {
  static constexpr std::uint64_t addend(const discarded&) { return detail::almost_one_unit; }
};
/// Inexact results to the neighbour with an odd code, so that rounding again to a format with at
/// least two bits less is rounding once (Boldo and Melquiond 2008; ToOdd of P3109).
struct to_odd_t {
  static constexpr std::uint64_t addend(const discarded& d) {
    return static_cast<std::uint64_t>(d.is_odd) - 1;
  }
};

inline constexpr nearest_even_t nearest_even{};
inline constexpr nearest_away_t nearest_away{};
inline constexpr nearest_toward_zero_t nearest_toward_zero{};
inline constexpr nearest_upward_t nearest_upward{};
inline constexpr nearest_downward_t nearest_downward{};
inline constexpr toward_zero_t toward_zero{};
inline constexpr upward_t upward{};
inline constexpr downward_t downward{};
inline constexpr away_from_zero_t away_from_zero{};
inline constexpr to_odd_t to_odd{};

/// Whether a magnitude with this discarded part grows by one unit.
template <rounding_mode R>
[[nodiscard]] constexpr bool rounds_up(const R& mode, const discarded& d) {
  return d.fraction + mode.addend(d) < d.fraction;
}

/// Whether what R decides depends on the sign, on the parity, and on whether the fraction is less
/// than one half, one half or more, so that an addend of the first two alone does the same, and
/// kernels can do it. The modes above are of this kind; a mode of one's own says that it is by
/// `static constexpr bool compares_with_half = true;`.
template <class R>
inline constexpr bool is_fixed_addend =
    detail::is_one_of<R, nearest_even_t, nearest_away_t, nearest_toward_zero_t, nearest_upward_t,
                      nearest_downward_t, toward_zero_t, upward_t, downward_t, away_from_zero_t,
                      to_odd_t>;
template <class R>
requires requires { requires R::compares_with_half; }
inline constexpr bool is_fixed_addend<R> = true;

/// How many bits of the fraction R looks at; of what lies below them only whether it is zero. A
/// mode of one's own that looks at less than all of them says so, which makes arithmetic faster:
/// `static constexpr int fraction_bits = 8;`.
template <class R>
inline constexpr int fraction_bits = is_fixed_addend<R> ? 1 : 64;
template <class R>
requires requires { R::fraction_bits; }
inline constexpr int fraction_bits<R> = R::fraction_bits;

/// Whether the mode draws random bits.
template <rounding_mode R>
[[nodiscard]] constexpr bool is_stochastic(const R& mode) {
  if constexpr (requires { mode.is_stochastic(); }) {
    return mode.is_stochastic();
  } else {
    return false;
  }
}

/// The mode for element `i` of an array: the mode itself unless it draws random bits.
template <rounding_mode R>
[[nodiscard]] constexpr R at(const R& mode, std::uint64_t i) {
  if constexpr (requires { mode.at(i); }) {
    return mode.at(i);
  } else {
    return mode;
  }
}

namespace detail {

/// An exact sum of zero is -0 in the mode that rounds downward (IEEE 754 clause 6.3).
template <rounding_mode R>
[[nodiscard]] constexpr bool zero_sum_is_negative(const R& mode) {
  return !is_stochastic(mode) && lowp::rounds_up(mode, {1, true, false}) &&
         !lowp::rounds_up(mode, {1, false, false});
}

}  // namespace detail

}  // namespace lowp
