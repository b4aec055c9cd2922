// SPDX-License-Identifier: MIT
// What functions that serve every face of a number ask of it, and how they take operands of other
// types beside it.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>

#include "lowp/number/number.hpp"

namespace lowp::detail {

/// Whether T has each value of a format exactly. No type of integers has; and T may be any class,
/// since clang 14 asks this for the explicit() of a conversion before that conversion's
/// constraints.
template <class T>
[[nodiscard]] constexpr bool holds_all(const value_facts& values) {
  using limits = std::numeric_limits<T>;
  return values.significant_bits <= limits::digits &&
         values.highest_exponent < limits::max_exponent &&
         values.last_bit_exponent >= limits::min_exponent - limits::digits;
}

template <class T>
concept literal_face = number_type<T> && std::same_as<T, typename T::literal_type>;
/// A face whose functions are those of number<F>, with T::next_mode() and T::overflow_policy.
template <class T>
concept other_face = number_type<T> && !std::same_as<T, typename T::literal_type>;

template <number_type T>
[[nodiscard]] constexpr typename T::literal_type literal(T x) {
  return x;
}

// ----------------------------------------------------------------------------------------- results
// Objects of some faces differ in more than their values: a dynamic may have a format of its own, a
// tracked has a shadow. Such a face has static functions that see the operands.

/// How the next result of x is rounded.
template <number_type T>
[[nodiscard]] constexpr auto mode_of(const T& x) {
  if constexpr (requires { T::next_mode(x); }) {
    return T::next_mode(x);
  } else if constexpr (other_face<T>) {
    return T::next_mode();
  } else {
    return nearest_even;
  }
}

/// f, a function of exact values, of numbers, rounded once as theirs are.
template <class Function, number_type T, std::same_as<T>... Rest>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr T result_of(const Function& f, const T& x,
                                                       const Rest&... rest) {
  if constexpr (requires { T::result_of(f, x, rest...); }) {
    return T::result_of(f, x, rest...);
  } else {
    return T::from_unpacked(f(unpack(x), unpack(rest)...));
  }
}

/// Of two operands that which is the result: it need not be rounded, but to a format in which it
/// was not made.
template <number_type T>
[[nodiscard]] constexpr T chosen(bool is_first, const T& a, const T& b) {
  if constexpr (requires { T::chosen(is_first, a, b); }) {
    return T::chosen(is_first, a, b);
  } else {
    return is_first ? a : b;
  }
}

/// An operand of another type as a T, for an operation with x.
template <number_type T, class A>
[[nodiscard]] constexpr T beside(const A& a, const T& x) {
  if constexpr (std::same_as<A, T>) {
    return a;
  } else if constexpr (requires { T::beside(a, x); }) {
    return T::beside(a, x);
  } else {
    return static_cast<T>(a);
  }
}

/// What numbers convert to as to integers.
template <class T>
concept integer_or_enumerator = native_integer<T> || std::is_enum_v<T>;
template <integer_or_enumerator T>
[[nodiscard]] constexpr T toward_integer(const unpacked& value) {
  if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(toward_integer<std::underlying_type_t<T>>(value));
  } else {
    return pack_as<T>(value, toward_zero);
  }
}

// ------------------------------------------------------------------------ operands of another type

template <class T>
concept native_enumerator = std::is_enum_v<T> && std::is_convertible_v<T, long long>;

/// The face that a T is made of, if it is.
template <class T>
struct inner_face {
  using type = void;
};
template <class T>
requires requires { typename T::tracked_type; }
struct inner_face<T> {
  using type = typename T::tracked_type;
};

/// What an operation converts to T, another face than number<F>.
template <class A, class T>
concept operand_beside = native_number<A> || native_enumerator<A> ||
    std::same_as<A, typename T::literal_type> || std::same_as<A, typename inner_face<T>::type>;

/// What a function converts to T, a number<F>: integers and constants. A parameter of this type is
/// no template parameter, so that a constant may become one.
template <literal_face T>
class constant_operand {
 public:
  template <native_integer A>
  constexpr constant_operand(A value) : value_(value) {}
  template <native_float A>
  consteval constant_operand(A value) : value_(value) {}
  constexpr operator T() const { return value_; }

 private:
  T value_;
};
template <class T>
using constant = std::type_identity_t<constant_operand<T>>;

/// The other face among types that are it or operands beside it; void if there is none.
template <class... A>
struct face_among {
  using type = void;
};
template <class First, class... Rest>
struct face_among<First, Rest...> : face_among<Rest...> {};
template <other_face First, class... Rest>
requires((std::same_as<Rest, First> ||
          operand_beside<Rest, First>)&&...) struct face_among<First, Rest...> {
  using type = First;
};
template <class... A>
using face_of = typename face_among<A...>::type;
template <class... A>
concept mixed_operands =
    number_type<face_of<A...>> && !(std::same_as<A, face_of<A...>> && ...) &&
    ((std::same_as<A, face_of<A...>> || operand_beside<A, face_of<A...>>)&&...);

/// The first of operands that is a T.
template <number_type T, class First, class... Rest>
[[nodiscard]] constexpr const T& first_of(const First& first, const Rest&... rest) {
  if constexpr (std::same_as<First, T>) {
    return first;
  } else {
    return first_of<T>(rest...);
  }
}

}  // namespace lowp::detail
