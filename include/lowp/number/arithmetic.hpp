// SPDX-License-Identifier: MIT
// + - * / fma sqrt: the exact result, rounded once, in every mode and with every overflow policy.
//
// The named functions take operands of any two formats and give the result in a format To of the
// caller's choice (by default that of the operands), so a widening product or an accumulation into
// a larger format is one call and one rounding. Operators use nearest_even and
// overflow::to_special.
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

/// An exact sum of zero is -0 in the mode that rounds downward (IEEE 754 clause 6.3).
template <rounding_mode R>
[[nodiscard]] constexpr bool zero_sum_is_negative(const R& mode) {
  return !is_stochastic(mode) && lowp::rounds_up(mode, {1, true, false}) &&
         !lowp::rounds_up(mode, {1, false, false});
}

}  // namespace detail

/// a + b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> add(number<A> a, number<B> b, const R& mode = {},
                                                     overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.sums) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x + y; }, a, b))
      return result;
  }
  constexpr value_facts summands = detail::either(facts<A>, facts<B>);
  const bool negative_zero = detail::zero_sum_is_negative(mode);
  return convert<format>(detail::sum_of<format, R, summands>(unpack(a), unpack(b), negative_zero),
                         mode, o);
}

/// a - b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> subtract(number<A> a, number<B> b,
                                                          const R& mode = {},
                                                          overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.sums) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x - y; }, a, b))
      return result;
  }
  constexpr value_facts summands = detail::either(facts<A>, facts<B>);
  const bool negative_zero = detail::zero_sum_is_negative(mode);
  return convert<format>(detail::sum_of<format, R, summands>(unpack(a), -unpack(b), negative_zero),
                         mode, o);
}

/// a * b.
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> multiply(number<A> a, number<B> b,
                                                          const R& mode = {},
                                                          overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.products) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x * y; }, a, b))
      return result;
  }
  return convert<format>(detail::product_of<format, R>(a, b), mode, o);
}

/// a / b. x / 0 is an infinity of the combined sign, but NaN where the divisor's format has a NaN
/// and a single zero: see has_undefined_quotients().
template <auto To = detail::format_of_operands{}, auto A, auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B> divide(number<A> a, number<B> b,
                                                        const R& mode = {},
                                                        overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A, B>::format;
  if constexpr (detail::in_binary64_of<R, format, A, B>.quotients) {
    number<format> result;
    if (detail::is_by_binary64(
            result, mode, [](double x, double y) { return x / y; }, a, b))
      return result;
  }
  const bool is_undefined = has_undefined_quotients(B) && unpack(b).is_zero();
  if (is_undefined) return convert<format>(unpacked::nan(), mode, o);
  return convert<format>(detail::quotient_of<format, R>(a, b), mode, o);
}

/// a * b + c.
template <auto To = detail::format_of_operands{}, auto A, auto B, auto C,
          rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A, B, C> fma(number<A> a, number<B> b, number<C> c,
                                                        const R& mode = {},
                                                        overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A, B, C>::format;
  constexpr value_facts summands = detail::either(detail::product_facts<A, B>, facts<C>);
  const unpacked product = detail::exact_product_of(a, b);
  const unpacked sum =
      detail::sum_of<format, R, summands>(product, unpack(c), detail::zero_sum_is_negative(mode));
  return convert<format>(sum, mode, o);
}

/// The square root: NaN of a negative number, -0 of -0.
template <auto To = detail::format_of_operands{}, auto A, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr detail::result<To, A> sqrt(number<A> a, const R& mode = {},
                                                   overflow o = overflow::to_special) {
  constexpr auto format = detail::result<To, A>::format;
  if constexpr (detail::in_binary64_of<R, format, A>.roots) {
    const bool is_negative = (a.code() & detail::in_binary64_of<R, format, A>.sign_bit) != 0;
    number<format> result;
    const auto root = [](double x) { return detail::root_of(x); };
    if (!is_negative && detail::is_by_binary64(result, mode, root, a)) return result;
  }
  return convert<format>(detail::sqrt_of<format, R>(a), mode, o);
}

/// The magnitude; exact, except that of the lowest integer.
template <auto F>
[[nodiscard]] constexpr number<F>(abs)(number<F> a) {
  unpacked value = unpack(a);
  value.negative = false;
  return convert<F>(value);
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
