// SPDX-License-Identifier: MIT
// Order, equality, classification and hashing of numbers.
#pragma once

#include <compare>
#include <cstddef>
#include <string_view>  // the primary template of std::hash

#include "lowp/core/exact.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {
/// Posits, for one, order NaR: equal to itself and below every real number.
template <auto F>
inline constexpr bool orders_nan = facts<F>.orders_nan;

/// Where codes of F tell the order of values, an integer of that order for each code but NaN's.
template <auto F>
inline constexpr code_order order_of_codes = [] {
  if constexpr (requires { known_code_order(F); }) {
    return known_code_order(F);
  } else {
    return code_order::other;
  }
}();
template <auto F>
[[nodiscard]] constexpr code_t rank(number<F> a) {
  constexpr code_t sign = code_t{1} << (F.bits() - 1);
  const code_t code = a.code();
  if constexpr (order_of_codes<F> == code_order::sign_magnitude) {
    // Zeros of either sign have one rank.
    const code_t minus = 0 - (code >> (F.bits() - 1));
    return sign + (((code & ~sign) ^ minus) - minus);
  } else {
    return order_of_codes<F> == code_order::twos_complement ? code ^ sign : code;
  }
}

}  // namespace detail

template <auto F>
[[nodiscard]] constexpr bool isnan(number<F> a) {
  return unpack(a).is_nan();
}

/// The order of values, across formats too: zeros are equal; NaN is unordered, NaR below
/// everything. A family whose decoded values do not tell all of its values apart brings
/// exact_order (see arithmetic.hpp).
template <auto A, auto B>
[[nodiscard]] constexpr std::partial_ordering operator<=>(number<A> a, number<B> b) {
  if constexpr (is_same_format(A, B) && detail::order_of_codes<A> != code_order::other) {
    const bool a_is_nan = isnan(a), b_is_nan = isnan(b);
    if (!a_is_nan && !b_is_nan) return detail::rank(a) <=> detail::rank(b);
    if (detail::orders_nan<A>) return b_is_nan <=> a_is_nan;
    return std::partial_ordering::unordered;
  }
  const unpacked x = unpack(a), y = unpack(b);
  if constexpr (detail::orders_nan<A> && detail::orders_nan<B>) {
    if (x.is_nan() || y.is_nan()) return y.is_nan() <=> x.is_nan();
  }
  if constexpr (requires { exact_order(A, a.code(), B, b.code()); }) {
    return exact_order(A, a.code(), B, b.code());
  } else {
    return exact::compare(x, y);
  }
}
template <auto A, auto B>
[[nodiscard]] constexpr bool operator==(number<A> a, number<B> b) {
  if constexpr (is_same_format(A, B) && detail::order_of_codes<A> != code_order::other) {
    return detail::rank(a) == detail::rank(b) &&
           (detail::orders_nan<A> || (!isnan(a) && !isnan(b)));  // -0 of FNUZ is a NaN
  }
  return (a <=> b) == 0;
}
/// With integers and floating-point numbers of C++, by value: nothing is rounded.
template <auto A, detail::native_number T>
[[nodiscard]] constexpr std::partial_ordering operator<=>(number<A> a, T b) {
  return exact::compare(unpack(a), unpack(b));
}
template <auto A, detail::native_number T>
[[nodiscard]] constexpr bool operator==(number<A> a, T b) {
  return (a <=> b) == 0;
}

/// The total order of IEEE 754 clause 5.10: -NaN < numbers < +NaN, -0 < +0; equal only to itself.
/// NaR is the least posit here too.
template <auto F>
[[nodiscard]] constexpr std::strong_ordering total_order(number<F> a, number<F> b) {
  const unpacked x = unpack(a), y = unpack(b);
  const auto rank = [](const unpacked& value) {
    return !value.is_nan() ? 0 : value.negative || detail::orders_nan<F> ? -1 : 1;
  };
  if (rank(x) != rank(y)) return rank(x) <=> rank(y);
  if (rank(x) == 0) {
    const std::partial_ordering order = exact::compare(x, y);
    if (order < 0) return std::strong_ordering::less;
    if (order > 0) return std::strong_ordering::greater;
    if (x.negative != y.negative) return y.negative <=> x.negative;
  }
  return x.negative ? b.code() <=> a.code() : a.code() <=> b.code();
}

template <auto F>
[[nodiscard]] constexpr bool isinf(number<F> a) {
  return unpack(a).is_infinite();
}
template <auto F>
[[nodiscard]] constexpr bool isfinite(number<F> a) {
  return unpack(a).is_finite();
}
/// Finite, not zero, and of full precision.
template <auto F>
[[nodiscard]] constexpr bool isnormal(number<F> a) {
  const unpacked value = unpack(a);
  return value.kind == value_kind::finite &&
         exact::compare(unpacked{value.kind, false, value.exponent, value.significand},
                        decode(F, smallest_normal_code(F))) >= 0;
}
/// The sign, of zeros and NaNs too.
template <auto F>
[[nodiscard]] constexpr bool signbit(number<F> a) {
  return unpack(a).negative;
}
/// The magnitude of `a` with the sign of `b`.
template <auto F>
[[nodiscard]] constexpr number<F> copysign(number<F> a, number<F> b) {
  unpacked value = unpack(a);
  value.negative = unpack(b).negative;
  return convert<F>(value);
}
/// The smaller, the larger; of a NaN and a number the number (IEEE 754-2019 minimumNumber), and -0
/// is below +0.
template <auto F>
[[nodiscard]] constexpr number<F> fmin(number<F> a, number<F> b) {
  if (isnan(a) || isnan(b)) return isnan(a) ? b : a;
  return total_order(a, b) <= 0 ? a : b;
}
template <auto F>
[[nodiscard]] constexpr number<F> fmax(number<F> a, number<F> b) {
  if (isnan(a) || isnan(b)) return isnan(a) ? b : a;
  return total_order(a, b) >= 0 ? a : b;
}

}  // namespace lowp

/// Equal numbers have equal hashes: zeros alike, and codes of one value alike.
template <auto F>
struct std::hash<lowp::number<F>> {
  constexpr std::size_t operator()(lowp::number<F> a) const noexcept {
    const lowp::unpacked value = unpack(a);
    const lowp::code_t code = value.is_zero()
                                  ? 0
                                  : encode(F, value, lowp::nearest_even, lowp::overflow::to_special,
                                           lowp::missing_nan::largest);
    return static_cast<std::size_t>((code + 1) * 0x9E3779B97F4A7C15u);
  }
};
