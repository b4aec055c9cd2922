// SPDX-License-Identifier: MIT
// + - * / fma sqrt: the exact result, rounded once, in every mode and with every overflow policy.
//
// The named functions take operands of any two formats and give the result in a format To of the
// caller's choice (by default that of the operands), so a widening product or an accumulation into
// a larger format is one call and one rounding. Operators use nearest_even and
// overflow::to_special. What a NaN, such as 0 / 0, becomes in a format without NaN is the last
// argument; number/conversion.hpp takes all these choices as one.
//
// Values of a family that are no multiples of powers of two, those of a logarithmic format, have no
// exact form in exact.hpp. Where operations on them can be exact, or give a value of the family, it
// brings functions of its own, on codes, found by argument-dependent lookup; their results are
// rounded as all others are:
//   unpacked exact_product(f, a, g, b)     decode(f, a) * decode(g, b)
//   unpacked exact_quotient(f, a, g, b)    decode(f, a) / decode(g, b)
//   unpacked exact_sqrt(f, a)
//   std::partial_ordering exact_order(f, a, g, b)    (see compare.hpp)
#pragma once

#include <type_traits>

#include "lowp/core/unpacked.hpp"
#include "lowp/number/binary64_arithmetic.hpp"
#include "lowp/number/exact_results.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {

/// Stands for "the format that all operands share".
struct format_of_operands {
  constexpr bool operator==(const format_of_operands&) const = default;
};

template <auto To, auto A, auto... Rest>
struct result_format {
  static constexpr auto value = To;
};
template <auto A, auto... Rest>
struct result_format<format_of_operands{}, A, Rest...> {
  static_assert((std::is_same_v<number<A>, number<Rest>> && ...),
                "operands of different formats need the format of the result: add<To>(a, b)");
  static constexpr auto value = A;
};
template <auto To, auto... Operands>
using result = number<result_format<To, Operands...>::value>;

/// a + b, a - b, a / b and a * b + c for rounding by a mode to To.
template <auto To, auto A, auto B, rounding_mode R>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked sum_for(number<A> a, const unpacked& b,
                                                            const R& mode) {
  constexpr value_facts summands = either(facts<A>, facts<B>);
  return sum_of<To, R, summands>(unpack(a), b, zero_sum_is_negative(mode));
}
template <auto To, class R, auto A, auto B>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked quotient_for(number<A> a, number<B> b) {
  const bool is_undefined = has_undefined_quotients(B) && unpack(b).is_zero();
  return is_undefined ? unpacked::nan() : quotient_of<To, R>(a, b);
}
template <auto To, auto A, auto B, auto C, rounding_mode R>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked fma_for(number<A> a, number<B> b, number<C> c,
                                                            const R& mode) {
  constexpr value_facts summands = either(product_facts<A, B>, facts<C>);
  return sum_of<To, R, summands>(exact_product_of(a, b), unpack(c), zero_sum_is_negative(mode));
}

}  // namespace detail

/// a + b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> add(number<A> a, number<B> b, const R& mode = {},
                                                     overflow o = overflow::to_special,
                                                     missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.sums) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x + y; }, a, b))
      return result;
  }
  return convert<format>(detail::sum_for<format, A, B>(a, unpack(b), mode), mode, o, n);
}

/// a - b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> subtract(number<A> a, number<B> b,
                                                          const R& mode = {},
                                                          overflow o = overflow::to_special,
                                                          missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.sums) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x - y; }, a, b))
      return result;
  }
  return convert<format>(detail::sum_for<format, A, B>(a, -unpack(b), mode), mode, o, n);
}

/// a * b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> multiply(number<A> a, number<B> b,
                                                          const R& mode = {},
                                                          overflow o = overflow::to_special,
                                                          missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.products) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x * y; }, a, b))
      return result;
  }
  return convert<format>(detail::product_of<format, R>(a, b), mode, o, n);
}

/// a / b. x / 0 is an infinity of the combined sign, but NaN where the divisor's format has a NaN
/// and a single zero: see has_undefined_quotients().
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> divide(number<A> a, number<B> b,
                                                        const R& mode = {},
                                                        overflow o = overflow::to_special,
                                                        missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.quotients) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x / y; }, a, b))
      return result;
  }
  return convert<format>(detail::quotient_for<format, R>(a, b), mode, o, n);
}

/// a * b + c.
template <auto To = detail::format_of_operands{}, auto A, auto B, auto C,
          rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B, C> fma(number<A> a, number<B> b, number<C> c,
                                                        const R& mode = {},
                                                        overflow o = overflow::to_special,
                                                        missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A, B, C>::format;
  return convert<format>(detail::fma_for<format>(a, b, c, mode), mode, o, n);
}

/// The square root: NaN of a negative number, -0 of -0.
template <auto To = detail::format_of_operands{}, auto A, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A> sqrt(number<A> a, const R& mode = {},
                                                   overflow o = overflow::to_special,
                                                   missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::result<To, A>::format;
  if constexpr (detail::in_binary64_of<R, format, A>.roots) {
    const bool is_negative = (a.code() & detail::in_binary64_of<R, format, A>.sign_bit) != 0;
    number<format> result;
    const auto root = [](double x) { return detail::root_of(x); };
    if (!is_negative && detail::is_by_binary64(result, mode, root, a)) return result;
  }
  return convert<format>(detail::sqrt_of<format, R>(a), mode, o, n);
}

/// The magnitude; exact, except that of the lowest integer.
template <auto F>
[[nodiscard]] constexpr number<F>(abs)(number<F> a) {
  return convert<F>(magnitude_of(unpack(a)));
}
// An operator does not choose a format: compilers print the last template parameter.
#define LOWP_MIXED_OPERATOR(symbol)                                                              \
  template <auto A, auto B, class different_formats_need_the_format_of_the_result_as_add = void> \
  void operator symbol(number<A>, number<B>) = delete;
LOWP_MIXED_OPERATOR(+)
LOWP_MIXED_OPERATOR(-)
LOWP_MIXED_OPERATOR(*)
LOWP_MIXED_OPERATOR(/)
#undef LOWP_MIXED_OPERATOR

}  // namespace lowp
