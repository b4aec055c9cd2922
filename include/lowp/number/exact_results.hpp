// SPDX-License-Identifier: MIT
// The result of an operation on numbers before it is rounded: exact, or such that rounding it to
// the format To by a mode R gives what rounding the exact one does. The formats decide at compile
// time which arithmetic that takes: where one word (exact_word.hpp) shows all that is looked at, it
// is several times as fast as exact.hpp, which serves all others.
#pragma once

#include "lowp/core/exact.hpp"
#include "lowp/core/exact_word.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp::detail {

template <auto F>
inline constexpr int bits_of = facts<F>.significant_bits;
template <auto... F>
inline constexpr bool are_dyadic = (facts<F>.are_dyadic() && ...);

/// How many leading bits of a value below 2^(highest_exponent + 1) decide which number of To a mode
/// gives, the sticky bit not counted; more than there are if nothing is known. Floats and posits
/// keep their significant bits of any value; integers all bits above their unit, since overflow may
/// wrap.
template <auto To, class R>
[[nodiscard]] constexpr int deciding_bits(int highest_exponent) {
  constexpr value_facts to = facts<To>;
  switch (to.spacing) {
    case value_spacing::floating:
    case value_spacing::tapered: return to.significant_bits + fraction_bits<R>;
    case value_spacing::uniform: {
      const int kept = highest_exponent - to.last_bit_exponent + 1;
      return (kept > 0 ? kept : 0) + fraction_bits<R>;
    }
    case value_spacing::irregular: break;
  }
  return 256;
}

/// What holds of products by A and B.
template <auto A, auto B>
inline constexpr value_facts product_facts = {
    .significant_bits = bits_of<A> + bits_of<B>,
    .lowest_exponent = facts<A>.lowest_exponent + facts<B>.lowest_exponent,
    .highest_exponent = facts<A>.highest_exponent + facts<B>.highest_exponent + 1,
    .last_bit_exponent = facts<A>.last_bit_exponent + facts<B>.last_bit_exponent};

template <auto A, auto B>
inline constexpr bool have_word_products =
    bits_of<A> <= exact_word::factor_bits&& bits_of<B> <= exact_word::factor_bits;

/// a + b, of which `Summands` says what values they have.
template <auto To, class R, value_facts Summands>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked sum_of(const unpacked& a, const unpacked& b,
                                                           bool zero_sum_is_negative) {
  constexpr int highest = Summands.highest_exponent + 1;
  if constexpr (highest - Summands.last_bit_exponent < exact_word::integer_bits) {
    return exact_word::add_integers<highest + 1>(a, b, zero_sum_is_negative);
  } else if constexpr (Summands.significant_bits <= exact_word::summand_bits &&
                       deciding_bits<To, R>(highest) <= exact_word::result_bits) {
    return exact_word::add(a, b, zero_sum_is_negative);
  } else {
    return exact::add(a, b, zero_sum_is_negative);
  }
}

/// a * b, exact where the formats have exact products at all.
template <auto A, auto B>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked exact_product_of(number<A> a, number<B> b) {
  if constexpr (requires { exact_product(A, a.code(), B, b.code()); }) {
    return exact_product(A, a.code(), B, b.code());
  } else if constexpr (have_word_products<A, B>) {
    return exact_word::multiply<true>(unpack(a), unpack(b));
  } else {
    return exact::multiply<are_dyadic<A, B>>(unpack(a), unpack(b));
  }
}

/// a * b for rounding by R to To.
template <auto To, class R, auto A, auto B>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked product_of(number<A> a, number<B> b) {
  constexpr int bits = deciding_bits<To, R>(product_facts<A, B>.highest_exponent);
  constexpr bool is_own = requires { exact_product(A, a.code(), B, b.code()); };
  if constexpr (!is_own && !have_word_products<A, B> && are_dyadic<A, B> &&
                bits <= exact_word::result_bits) {
    return exact_word::multiply<false>(unpack(a), unpack(b));
  } else {
    return exact_product_of(a, b);
  }
}

/// a / b.
template <auto To, class R, auto A, auto B>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked quotient_of(number<A> a, number<B> b) {
  constexpr int bits = deciding_bits<To, R>(facts<A>.highest_exponent - facts<B>.lowest_exponent);
  if constexpr (requires { exact_quotient(A, a.code(), B, b.code()); }) {
    return exact_quotient(A, a.code(), B, b.code());
  } else if constexpr (have_word_products<A, B> && bits <= exact_word::result_bits) {
    return exact_word::divide<bits <= exact_word::digit_bits>(unpack(a), unpack(b));
  } else {
    return exact::divide<are_dyadic<A, B>>(unpack(a), unpack(b));
  }
}

/// The square root of a.
template <auto To, class R, auto A>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked sqrt_of(number<A> a) {
  constexpr int bits = deciding_bits<To, R>(facts<A>.highest_exponent / 2 + 1);
  if constexpr (requires { exact_sqrt(A, a.code()); }) {
    return exact_sqrt(A, a.code());
  } else if constexpr (bits_of<A> <= exact_word::summand_bits && bits <= exact_word::result_bits) {
    constexpr bool is_one_digit_enough =
        bits_of<A> <= exact_word::factor_bits && bits <= exact_word::digit_bits;
    return exact_word::sqrt<is_one_digit_enough>(unpack(a));
  } else {
    return exact::sqrt<are_dyadic<A>>(unpack(a));
  }
}

}  // namespace lowp::detail
