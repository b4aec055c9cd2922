// SPDX-License-Identifier: MIT
// Conversions and arithmetic by a conversion, all of whose choices are one argument.
//
//   convert<formats::e4m3fn>(x, conversions::cuda)
//   divide(e2m1(0), e2m1(0), conversion{.missing_nan = missing_nan::zero})      // 0
#pragma once

#include "lowp/formats/converted_format.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {

/// `from`, any number, arithmetic type or exact value, in format F: rounded once.
template <auto F, class From, rounding_mode R>
requires number_format<decltype(F)>
[[nodiscard]] constexpr number<F> convert(const From& from, const basic_conversion<R>& how) {
  return number<F>::from_code(encode(how, F, unpack(from)));
}

/// a + b, rounded once, as these all.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A, B> add(number<A> a, number<B> b,
                                                     const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A, B>::format;
  return convert<format>(detail::sum_for<format, A, B>(a, unpack(b), how.rounding), how);
}
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A, B> subtract(number<A> a, number<B> b,
                                                          const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A, B>::format;
  return convert<format>(detail::sum_for<format, A, B>(a, -unpack(b), how.rounding), how);
}
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A, B> multiply(number<A> a, number<B> b,
                                                          const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A, B>::format;
  return convert<format>(detail::product_of<format, R>(a, b), how);
}
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A, B> divide(number<A> a, number<B> b,
                                                        const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A, B>::format;
  return convert<format>(detail::quotient_for<format, R>(a, b), how);
}
template <auto To = detail::format_of_operands{}, auto A, auto B, auto C, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A, B, C> fma(number<A> a, number<B> b, number<C> c,
                                                        const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A, B, C>::format;
  return convert<format>(detail::fma_for<format>(a, b, c, how.rounding), how);
}
template <auto To = detail::format_of_operands{}, auto A, rounding_mode R>
[[nodiscard]] constexpr detail::result<To, A> sqrt(number<A> a, const basic_conversion<R>& how) {
  constexpr auto format = detail::result<To, A>::format;
  return convert<format>(detail::sqrt_of<format, R>(a), how);
}

}  // namespace lowp
