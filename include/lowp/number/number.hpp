// SPDX-License-Identifier: MIT
// The scalar type: a number<F> is one code of format F and nothing else. Arithmetic, order, limits
// and text live in the headers beside this one.
//
// Nothing that is known only at run time is rounded without being written:
//   number x = 3, y = 0.1;  0.5 * x;  x += 1     constants, rounded once by the compiler
//   number x = i;  x * i;  c ? x : i             integers, at run time too
//   number(d);  x * number(d)                    floating-point values, in words
//   x = d;  x * d;  double d = x                 errors, as are operations on two formats
// A floating-point constant must lie in the range of the format; an integer must where it is a
// constant expression. What looks like a constant and is none for the compiler: `number x = {0.1}`,
// and what is handed on by reference, v.emplace_back(0.1). clang 14 does not look at variables of
// namespaces. Existing code that rounds run-time values: dropin.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/range.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {
template <int Bits>
using code_storage = std::conditional_t<
    Bits <= 8, std::uint8_t,
    std::conditional_t<Bits <= 16, std::uint16_t,
                       std::conditional_t<Bits <= 32, std::uint32_t, std::uint64_t>>>;

template <class T>
concept native_integer = std::integral<T> && requires(T value) {
  unpack(value);
};
/// (A program may have told the traits that a class is a floating-point type.)
template <class T>
concept native_float = std::floating_point<T> && !std::is_class_v<T> && requires(T value) {
  unpack(value);
};
/// The numbers of C++ that have an exact value here.
template <class T>
concept native_number = native_integer<T> || native_float<T>;

// No constant expression: calling it in one makes the compiler print its name.
inline void the_constant_is_out_of_the_range_of_the_format() {}
}  // namespace detail

/// A number of format F, stored as its code in the smallest unsigned integer that holds it.
/// Trivially copyable; default construction leaves it uninitialized, `number<F>{}` is code 0.
template <auto F>
requires number_format<decltype(F)>
class number {
  static_assert(is_valid_format<F>);

 public:
  using storage_type = detail::code_storage<F.bits()>;
  using literal_type = number;
  static constexpr auto format = F;

  number() = default;

  /// Rounds once from the bits of any arithmetic type: nearest_even, overflow::to_special. Other
  /// modes and policies: convert().
  template <detail::native_number T>
  explicit constexpr number(T value) : number(from_unpacked(unpack(value))) {}
  /// By themselves integers become numbers likewise; in a constant expression they must lie in the
  /// range of the format. (number(x) calls the constructor above, since this one might take more
  /// arguments. Constraints would decide that, too, but g++ 12 does not put them into symbols, and
  /// a file that uses both has one symbol twice.)
  template <detail::native_integer T, class... Rest>
  requires(sizeof...(Rest) == 0) constexpr number(T value, Rest...)
      : number(from_unpacked(unpack(value))) {
    if (std::is_constant_evaluated()) require_in_range(unpack(value));
  }
  /// By themselves floating-point values become numbers where they are constants, in that range.
  template <detail::native_float T, class... Rest>
  requires(sizeof...(Rest) == 0) consteval number(T value, Rest...)
      : number(from_unpacked(unpack(value))) {
    require_in_range(unpack(value));
  }

  /// From another format, likewise.
  template <auto Source>
  requires(!std::same_as<number<Source>, number>) explicit constexpr number(number<Source> value)
      : number(from_unpacked(value.unpacked_value())) {}

  /// The number with the given code; bits above the width of the format are dropped.
  [[nodiscard]] static constexpr number from_code(code_t code) {
    number result;
    result.code_ = static_cast<storage_type>(code & low_mask(F.bits()));
    return result;
  }
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr number from_unpacked(const unpacked& value) {
    return from_code(encode(F, value, nearest_even, overflow::to_special, missing_nan::largest));
  }

  [[nodiscard]] constexpr storage_type code() const { return code_; }
  [[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpacked_value() const {
    return decode(F, code_);
  }

  /// To a floating-point type or an integer: exact where it fits, else rounded once, to nearest for
  /// floating-point targets and toward zero for integers, which saturate and take NaN as 0.
  template <detail::native_float T>
  [[nodiscard]] explicit constexpr operator T() const {
    return pack_as<T>(unpacked_value());
  }
  template <detail::native_integer T>
  [[nodiscard]] explicit constexpr operator T() const {
    return pack_as<T>(unpacked_value(), toward_zero);
  }

  // Operators, of arithmetic.hpp: nearest_even and overflow::to_special. They are no templates, so
  // that either operand may be a constant.
  [[nodiscard]] friend constexpr number operator+(number a) { return a; }
  /// Exact, except that the negative of an unsigned number or of the lowest integer is out of
  /// range.
  [[nodiscard]] friend constexpr number operator-(number a) {
    return from_unpacked(-a.unpacked_value());
  }
  [[nodiscard]] friend constexpr number operator+(number a, number b) { return add(a, b); }
  [[nodiscard]] friend constexpr number operator-(number a, number b) { return subtract(a, b); }
  [[nodiscard]] friend constexpr number operator*(number a, number b) { return multiply(a, b); }
  [[nodiscard]] friend constexpr number operator/(number a, number b) { return divide(a, b); }
  friend constexpr number& operator+=(number& a, number b) { return a = a + b; }
  friend constexpr number& operator-=(number& a, number b) { return a = a - b; }
  friend constexpr number& operator*=(number& a, number b) { return a = a * b; }
  friend constexpr number& operator/=(number& a, number b) { return a = a / b; }
  friend constexpr number& operator++(number& a) { return a = a + number(1); }
  friend constexpr number& operator--(number& a) { return a = a - number(1); }
  friend constexpr number operator++(number& a, int) {
    const number before = a;
    ++a;
    return before;
  }
  friend constexpr number operator--(number& a, int) {
    const number before = a;
    --a;
    return before;
  }

  /// The code, for code() and from_code() to handle. Public because only so may a number be a
  /// template argument.
  storage_type code_;  // NOLINT(readability-identifier-naming): read by code() elsewhere

 private:
  static constexpr void require_in_range(const unpacked& value) {
    if (!detail::is_within_range(F, value)) {
      detail::the_constant_is_out_of_the_range_of_the_format();
    }
  }
};

/// Whether T is a type of numbers: number<F>, or another face of it (dropin.hpp). Generic code may
/// ask such a T for
///   T::format, T::literal_type            F and number<F>, to and from which T converts by itself
///   T::from_code(code), x.code()
///   T::from_unpacked(value)               rounded once in the manner of T
///   x.unpacked_value(), unpack(x)         the exact value
template <class T>
inline constexpr bool is_number_v = false;
template <auto F>
inline constexpr bool is_number_v<number<F>> = true;

template <class T>
concept number_type = is_number_v<T>;

[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(const unpacked& value) { return value; }
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(number_type auto value) {
  return value.unpacked_value();
}

/// `from`, any number, arithmetic type or exact value, in format F: rounded once by `mode`, with
/// the given policies for what F cannot hold.
template <auto F, class From, rounding_mode R = nearest_even_t>
requires number_format<decltype(F)>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr number<F> convert(const From& from, const R& mode = {},
                                                             overflow o = overflow::to_special,
                                                             missing_nan n = missing_nan::largest) {
  return number<F>::from_code(encode(F, unpack(from), mode, o, n));
}

}  // namespace lowp
