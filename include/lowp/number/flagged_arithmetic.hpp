// SPDX-License-Identifier: MIT
// The named operations of arithmetic.hpp with an environment for an overflow policy: they return
// the number and the status flags. Operands may have any formats; the result has the format To, by
// default that of the operands.
//
//   const auto [product, flags] = multiply<formats::binary32>(a, b, nearest_even,
//                                                             environments::x86_sse);
//
// The other operations of IEEE 754, and formats known at run time: arithmetic_unit.hpp.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "lowp/formats/catalog.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/arithmetic_unit.hpp"

namespace lowp {

namespace detail {
template <auto To>
[[nodiscard]] constexpr flagged<number<To>> as_number(const flagged<code_t>& result) {
  return {number<To>::from_code(result.value), result.flags};
}
}  // namespace detail

// `format` is what detail::result (arithmetic.hpp) makes of To and the formats of the operands.
#define LOWP_FLAGGED_OPERATION(name, parameters, operands, arguments, formats)               \
  template <auto To = detail::format_of_operands{}, LOWP_UNPACK parameters, rounding_mode R> \
  [[nodiscard]] constexpr flagged<detail::result<To, LOWP_UNPACK formats>> name(             \
      LOWP_UNPACK operands, const R& mode, const environment& e) {                           \
    constexpr auto format = detail::result<To, LOWP_UNPACK formats>::format;                 \
    return detail::as_number<format>(                                                        \
        arithmetic_unit{format, mode, e, facts<format>}.name arguments);                     \
  }
#define LOWP_UNPACK(...) __VA_ARGS__
LOWP_FLAGGED_OPERATION(add, (auto A, auto B), (number<A> a, number<B> b), (a, b), (A, B))
LOWP_FLAGGED_OPERATION(subtract, (auto A, auto B), (number<A> a, number<B> b), (a, b), (A, B))
LOWP_FLAGGED_OPERATION(multiply, (auto A, auto B), (number<A> a, number<B> b), (a, b), (A, B))
LOWP_FLAGGED_OPERATION(divide, (auto A, auto B), (number<A> a, number<B> b), (a, b), (A, B))
LOWP_FLAGGED_OPERATION(fma, (auto A, auto B, auto C), (number<A> a, number<B> b, number<C> c),
                       (a, b, c), (A, B, C))
LOWP_FLAGGED_OPERATION(sqrt, (auto A), (number<A> a), (a), (A))
// Of one format, to which the result belongs.
LOWP_FLAGGED_OPERATION(remainder, (auto A), (number<A> a, number<A> b), (a.code(), b.code()), (A))
#undef LOWP_FLAGGED_OPERATION
#undef LOWP_UNPACK

// Operations that round nothing: of one format, under an environment.
#define LOWP_FLAGGED_CHOICE(name)                                                \
  template <auto A>                                                              \
  [[nodiscard]] constexpr flagged<number<A>> name(number<A> a, number<A> b,      \
                                                  const environment& e) {        \
    return detail::as_number<A>(                                                 \
        arithmetic_unit{A, nearest_even, e, facts<A>}.name(a.code(), b.code())); \
  }
/// NaN if an operand is one.
LOWP_FLAGGED_CHOICE(minimum)
LOWP_FLAGGED_CHOICE(maximum)
/// The other operand if one is a NaN.
LOWP_FLAGGED_CHOICE(minimum_number)
LOWP_FLAGGED_CHOICE(maximum_number)
#undef LOWP_FLAGGED_CHOICE

/// An integer of the format, and of type T; `mode` may be any.
template <auto A, rounding_mode R>
[[nodiscard]] constexpr flagged<number<A>> round_to_integral(number<A> a, const R& mode,
                                                             const environment& e) {
  return detail::as_number<A>(arithmetic_unit{A, mode, e, facts<A>}.round_to_integral(a.code()));
}
template <std::integral T, auto A, rounding_mode R>
[[nodiscard]] constexpr flagged<T> to_integer(number<A> a, const R& mode, const environment& e) {
  return arithmetic_unit{A, mode, e, facts<A>}.template to_integer<T>(a.code());
}

/// `from`, any number, arithmetic type or exact value, in format F. NaNs keep what they
/// carry, but those of long double.
template <auto F, class From, rounding_mode R>
requires number_format<decltype(F)>
[[nodiscard]] constexpr flagged<number<F>> convert(const From& from, const R& mode,
                                                   const environment& e) {
  const arithmetic_unit unit{F, mode, e, facts<F>};
  if constexpr (number_type<From>) {
    return detail::as_number<F>(unit.convert(From::format, from.code()));
  } else if constexpr (std::same_as<From, float>) {
    return detail::as_number<F>(
        unit.convert(formats::binary32, std::bit_cast<std::uint32_t>(from)));
  } else if constexpr (std::same_as<From, double>) {
    return detail::as_number<F>(
        unit.convert(formats::binary64, std::bit_cast<std::uint64_t>(from)));
  } else {
    return detail::as_number<F>(unit.convert(unpack(from)));
  }
}

}  // namespace lowp
