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

/// How T rounds its next result.
template <number_type T>
[[nodiscard]] constexpr auto mode_of() {
  if constexpr (other_face<T>) {
    return T::next_mode();
  } else {
    return nearest_even;
  }
}

// ------------------------------------------------------------------------ operands of another type

template <class T>
concept native_enumerator = std::is_enum_v<T> && std::is_convertible_v<T, long long>;

/// What an operation converts to T, another face than number<F>.
template <class A, class T>
concept operand_beside =
    native_number<A> || native_enumerator<A> || std::same_as<A, typename T::literal_type>;

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

/// The one other face among types that are it or operands beside it; void if they are not.
template <class... A>
struct face_among {
  using type = void;
};
template <class First, class... Rest>
requires(!other_face<First>) struct face_among<First, Rest...> : face_among<Rest...> {
};
template <other_face First, class... Rest>
struct face_among<First, Rest...> {
  using type = First;
};
template <class... A>
using face_of = typename face_among<A...>::type;
template <class... A>
concept mixed_operands =
    number_type<face_of<A...>> && !(std::same_as<A, face_of<A...>> && ...) &&
    ((std::same_as<A, face_of<A...>> || operand_beside<A, face_of<A...>>)&&...);

}  // namespace lowp::detail
