// SPDX-License-Identifier: MIT
// Numbers of a format that lie in a float or a double: what emulation on hardware does to arrays,
// as a type. An operation is one of the machine and one rounding, which compilers vectorize, and
// the result is that of dropin::number<F> with the rounding mode and the overflow policy of the
// type, bit for bit but for the sign of a NaN, which is positive.
//
// What the machine cannot do so goes by number<F>: modes other than nearest_even, operations of
// formats of more than half the carrier's bits, posits, and everything under -ffast-math. Unlike
// number<F>, the fast operations need the machine's default rounding mode.
#pragma once

#include <compare>
#include <concepts>
#include <type_traits>

#include "lowp/number/arithmetic.hpp"
#include "lowp/number/carrier.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/face_operators.hpp"

namespace lowp {
namespace detail {

template <carrier C>
[[nodiscard]] constexpr bool has_all_operations(const value_facts& f) {
  const carrier_operations<C> can = carrier_operations_of<C>(f);
  return can.sums && can.products && can.quotients;
}

/// float where its operations serve, as for binary16 and formats of 8 bits, else double.
template <auto F>
using carrier_for = std::conditional_t<has_all_operations<float>(facts<F>), float, double>;

}  // namespace detail

namespace dropin {

/// A number of format F as a value of `Carrier`, which must hold all of them.
template <auto F, carrier Carrier = detail::carrier_for<F>, auto Rounding = nearest_even,
          overflow Overflow = overflow::to_special>
requires number_format<decltype(F)> && rounding_mode<decltype(Rounding)>
class rounded : public face_operators<rounded<F, Carrier, Rounding, Overflow>> {
  static_assert(detail::holds_all<Carrier>(facts<F>),
                "the carrier of rounded<F, Carrier> must hold all numbers of F");

 public:
  using literal_type = lowp::number<F>;
  using carrier_type = Carrier;
  static constexpr auto format = F;
  static constexpr auto rounding = Rounding;
  static constexpr overflow overflow_policy = Overflow;

  rounded() = default;
  constexpr rounded(literal_type value) : value_(static_cast<Carrier>(value)) {
    if (isnan(value)) value_ = from_value(unpacked::nan()).value_;
  }
  /// Rounds once.
  template <detail::native_number T>
  constexpr rounded(T value) : value_(of(value).value_) {}
  template <detail::native_enumerator T>
  constexpr rounded(T value) : rounded(static_cast<std::underlying_type_t<T>>(value)) {}
  template <lowp::number_type Source>
  requires(!std::same_as<Source, rounded> &&
           !std::same_as<Source, literal_type>) explicit constexpr rounded(Source value)
      : rounded(from_unpacked(unpack(value))) {}

  [[nodiscard]] static constexpr rounded from_code(code_t code) {
    return literal_type::from_code(code);
  }
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded from_unpacked(const unpacked& value) {
    return convert<F>(value, next_mode(), Overflow);
  }
  /// A value of the carrier, rounded once.
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded from_carrier(Carrier value) {
    if constexpr (is_fast) {
      if (!std::is_constant_evaluated()) return from_value(round_to_grid(grid, value));
    }
    return from_unpacked(unpack(value));
  }
  /// See dropin::number.
  [[nodiscard]] static constexpr auto next_mode() { return detail::next_draw<Rounding>(); }

  [[nodiscard]] constexpr auto code() const { return literal_type(*this).code(); }
  [[nodiscard]] constexpr unpacked unpacked_value() const { return unpack(value_); }
  /// As it is carried.
  [[nodiscard]] constexpr Carrier carried() const { return value_; }

  constexpr operator literal_type() const { return convert<F>(unpack(value_)); }
  template <detail::native_float T>
  requires(sizeof(T) < sizeof(Carrier)) explicit constexpr operator T() const {
    return pack_as<T>(unpacked_value());
  }
  template <detail::native_float T>
  requires(sizeof(T) >= sizeof(Carrier)) explicit constexpr operator T() const {
    return static_cast<T>(value_);
  }
  template <detail::integer_or_enumerator T>
  explicit constexpr operator T() const {
    return detail::toward_integer<T>(unpacked_value());
  }

#define LOWP_OPERATION(name, function, symbol, can)                                      \
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded name(rounded a, rounded b) { \
    if constexpr (is_fast && operations.can) {                                           \
      if (!std::is_constant_evaluated()) return from_carrier(a.value_ symbol b.value_);  \
    }                                                                                    \
    return function(literal_type(a), literal_type(b), next_mode(), Overflow);            \
  }
  LOWP_OPERATION(sum, add, +, sums)
  LOWP_OPERATION(difference, subtract, -, sums)
  LOWP_OPERATION(product, multiply, *, products)
#undef LOWP_OPERATION
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded quotient(rounded a, rounded b) {
    if constexpr (is_fast && operations.quotients) {
      // The machine does not know that x / 0 may be undefined.
      if (!std::is_constant_evaluated() && !has_undefined_quotients(F)) {
        return from_carrier(a.value_ / b.value_);
      }
    }
    return divide(literal_type(a), literal_type(b), next_mode(), Overflow);
  }
  [[nodiscard]] static constexpr rounded square_root(rounded a) {
#if defined(__GNUC__) || defined(__clang__)
    if constexpr (is_fast && operations.roots) {
      if (!std::is_constant_evaluated()) {
        if constexpr (std::same_as<Carrier, float>) return from_carrier(__builtin_sqrtf(a.value_));
        return from_carrier(static_cast<Carrier>(__builtin_sqrt(static_cast<double>(a.value_))));
      }
    }
#endif
    return sqrt(literal_type(a), next_mode(), Overflow);
  }
  [[nodiscard]] friend constexpr rounded operator-(rounded a) { return from_carrier(-a.value_); }

  [[nodiscard]] friend constexpr std::partial_ordering operator<=>(rounded a, rounded b) {
    if constexpr (has_carrier_order) return a.value_ <=> b.value_;
    return literal_type(a) <=> literal_type(b);
  }
  [[nodiscard]] friend constexpr bool operator==(rounded a, rounded b) {
    if constexpr (has_carrier_order) return a.value_ == b.value_;
    return literal_type(a) == literal_type(b);
  }

  /// With numbers of C++, by value.
  template <detail::native_number T>
  [[nodiscard]] friend constexpr std::partial_ordering operator<=>(rounded a, T b) {
    constexpr bool is_small_integer = detail::native_integer<T> && sizeof(T) <= 4;
    if constexpr (has_carrier_order && is_small_integer) {
      return static_cast<double>(a.value_) <=> static_cast<double>(b);
    } else if constexpr (has_carrier_order && detail::native_float<T>) {
      using wider = std::common_type_t<Carrier, T>;
      return static_cast<wider>(a.value_) <=> static_cast<wider>(b);
    }
    return literal_type(a) <=> b;
  }
  template <detail::native_number T>
  [[nodiscard]] friend constexpr bool operator==(rounded a, T b) {
    return (a <=> b) == 0;
  }

  /// Public because only so may a number be a template argument.
  Carrier value_;

 private:
  static constexpr carrier_grid<Carrier> grid = carrier_grid_of<Carrier>(F, Overflow);
  static constexpr carrier_operations<Carrier> operations =
      carrier_operations_of<Carrier>(facts<F>);
  static constexpr bool has_carrier_order = has_ieee_arithmetic && !facts<F>.orders_nan;
  static constexpr bool is_fast =
      grid.exists && has_ieee_arithmetic &&
      std::same_as<std::remove_cv_t<decltype(Rounding)>, nearest_even_t>;

  /// A value of F.
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded from_value(Carrier value) {
    rounded result;
    result.value_ = value;
    return result;
  }
  [[nodiscard]] static constexpr rounded from_value(const unpacked& value) {
    return from_value(pack_as<Carrier>(value));
  }
  template <detail::native_number T>
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr rounded of(T value) {
    if constexpr (std::same_as<T, float> || std::same_as<T, Carrier>) {
      return from_carrier(static_cast<Carrier>(value));  // exact
    } else {
      return from_unpacked(unpack(value));
    }
  }
};

}  // namespace dropin

template <auto F, carrier Carrier, auto Rounding, overflow Overflow>
inline constexpr bool is_number_v<dropin::rounded<F, Carrier, Rounding, Overflow>> = true;

}  // namespace lowp
