// SPDX-License-Identifier: MIT
// The operations of IEEE 754-2019 clause 5 on codes of one format, as a processor's arithmetic unit
// does them: with status flags, under an environment (environment.hpp). The format may be known at
// run time only. The same operations on number<F>: flagged_arithmetic.hpp.
//
//   constexpr arithmetic_unit unit{formats::binary16, nearest_even, environments::riscv};
//   const auto [code, flags] = unit.add(0x7BFF, 0x7BFF);   // 0x7C00; overflow and inexact
//
// Formats of every family have these operations; what IEEE 754 says of floating-point numbers alone
// is read so: tiny results are those of formats with subnormal numbers; a result overflows if it
// would lie beyond the range of a format whose grid went on, and then is inexact, whatever
// overflow policy gives; a NaN or an infinity that a format does not have raises invalid, or
// overflow and inexact. Posits do not overflow.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/formats/next_code.hpp"
#include "lowp/number/environment.hpp"
#include "lowp/number/exact_integer.hpp"
#include "lowp/number/flagged_results.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// What IEEE 754 clause 5.7.2 calls the class of a value.
enum class number_class : std::uint8_t {
  signaling_nan,
  quiet_nan,
  negative_infinity,
  negative_normal,
  negative_subnormal,
  negative_zero,
  positive_zero,
  positive_subnormal,
  positive_normal,
  positive_infinity,
};

/// Whether rounding to an integer signals that it was inexact: roundToIntegralExact and
/// convertToIntegerExact… do, roundToIntegralTiesToEven, convertToIntegerTowardZero … do not.
enum class integer_rounding : std::uint8_t { quiet, signals_inexact };

template <number_format F, rounding_mode R = nearest_even_t>
struct arithmetic_unit {
  F format;
  R rounding{};
  lowp::environment environment = environments::ieee754;

  // --------------------------------------------------------------------------------- arithmetic

  // Of numbers of any formats, too, which need not be that of the result (formatOf operations).
  [[nodiscard]] constexpr flagged<code_t> add(code_t a, code_t b) const {
    return sum(own(a), own(b), false);
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> add(number<A> a, number<B> b) const {
    return sum(coded_of(a), coded_of(b), false);
  }
  [[nodiscard]] constexpr flagged<code_t> subtract(code_t a, code_t b) const {
    return sum(own(a), own(b), true);
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> subtract(number<A> a, number<B> b) const {
    return sum(coded_of(a), coded_of(b), true);
  }
  [[nodiscard]] constexpr flagged<code_t> multiply(code_t a, code_t b) const {
    return product(own(a), own(b));
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> multiply(number<A> a, number<B> b) const {
    return product(coded_of(a), coded_of(b));
  }
  /// x / 0 is an infinity and signals divide_by_zero; where has_undefined_quotients() it is
  /// invalid, too.
  [[nodiscard]] constexpr flagged<code_t> divide(code_t a, code_t b) const {
    return quotient(own(a), own(b));
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> divide(number<A> a, number<B> b) const {
    return quotient(coded_of(a), coded_of(b));
  }
  /// a * b + c, rounded once.
  [[nodiscard]] constexpr flagged<code_t> fma(code_t a, code_t b, code_t c) const {
    return multiply_add(own(a), own(b), own(c));
  }
  template <auto A, auto B, auto C>
  [[nodiscard]] constexpr flagged<code_t> fma(number<A> a, number<B> b, number<C> c) const {
    return multiply_add(coded_of(a), coded_of(b), coded_of(c));
  }
  [[nodiscard]] constexpr flagged<code_t> sqrt(code_t a) const { return root(own(a)); }
  template <auto A>
  [[nodiscard]] constexpr flagged<code_t> sqrt(number<A> a) const {
    return root(coded_of(a));
  }
  /// a - n * b, where n is a / b rounded to nearest even; exact.
  [[nodiscard]] constexpr flagged<code_t> remainder(code_t a, code_t b) const {
    const detail::operand x = read(a), y = read(b);
    return finish({detail::divide_with_remainder(x.value, y.value, true).remainder}, x, y);
  }

  // --------------------------------------------------------------------------------- neighbours

  /// The least number greater than a, and the greatest less than it. Only a signaling NaN signals.
  [[nodiscard]] constexpr flagged<code_t> next_up(code_t a) const { return next(a, true); }
  [[nodiscard]] constexpr flagged<code_t> next_down(code_t a) const { return next(a, false); }

  // ----------------------------------------------------------------------------------- exponents

  /// a * 2^power.
  [[nodiscard]] constexpr flagged<code_t> scale_b(code_t a, long long power) const {
    const detail::operand x = read(a);
    return finish({scale_by_power_of_two(x.value, detail::bounded(power))}, x);
  }
  /// floor(log2(|a|)), of subnormal numbers too; minus infinity of zero, with divide_by_zero.
  [[nodiscard]] constexpr flagged<code_t> log_b(code_t a) const {
    const detail::operand x = read(a);
    switch (x.value.kind) {
      case value_kind::nan: return finish({x.value}, x);
      case value_kind::infinity: return finish({unpacked::infinite()}, x);
      case value_kind::zero: return finish({unpacked::infinite(true), true}, x);
      case value_kind::finite: break;
    }
    return finish({unpacked::from_integer(std::int64_t{x.value.exponent})}, x);
  }

  // -------------------------------------------------------------------------- minimum and maximum

  /// The smaller, the larger; -0 is below +0. NaN if an operand is (clause 9.6).
  [[nodiscard]] constexpr flagged<code_t> minimum(code_t a, code_t b) const {
    return extremum(a, b, true, false);
  }
  [[nodiscard]] constexpr flagged<code_t> maximum(code_t a, code_t b) const {
    return extremum(a, b, false, false);
  }
  /// Likewise, but the other operand if one is a NaN.
  [[nodiscard]] constexpr flagged<code_t> minimum_number(code_t a, code_t b) const {
    return extremum(a, b, true, true);
  }
  [[nodiscard]] constexpr flagged<code_t> maximum_number(code_t a, code_t b) const {
    return extremum(a, b, false, true);
  }

  // ---------------------------------------------------------------------------------- comparison

  /// The order of values: zeros are equal, NaN is unordered. Invalid for signaling NaNs; the second
  /// one for every NaN (clause 5.11).
  [[nodiscard]] constexpr flagged<std::partial_ordering> compare_quiet(code_t a, code_t b) const {
    return compare(a, b, false);
  }
  [[nodiscard]] constexpr flagged<std::partial_ordering> compare_signaling(code_t a,
                                                                           code_t b) const {
    return compare(a, b, true);
  }
  /// a before b or at it, in an order of all codes that tells zeros and NaNs apart (clause 5.10);
  /// a NaN whose code is negative, or the only one of a signed format, comes first.
  [[nodiscard]] constexpr bool total_order(code_t a, code_t b) const {
    const unpacked x = decode(format, a), y = decode(format, b);
    const int before = nan_side(x, a), other = nan_side(y, b);
    if (before != other) return before < other;
    if (before != 0) return before < 0 ? a >= b : a <= b;
    if (x.is_zero() && y.is_zero()) return x.negative || !y.negative;
    return exact::compare(x, y) <= 0;
  }
  [[nodiscard]] constexpr number_class classify(code_t a) const {
    const unpacked x = decode(format, a);
    const auto of_sign = [&](number_class negative, number_class positive) {
      return x.negative ? negative : positive;
    };
    using enum number_class;
    switch (x.kind) {
      case value_kind::nan:
        return nan_payload_of(format, a).is_signaling ? signaling_nan : quiet_nan;
      case value_kind::infinity: return of_sign(negative_infinity, positive_infinity);
      case value_kind::zero: return of_sign(negative_zero, positive_zero);
      case value_kind::finite: break;
    }
    return detail::is_subnormal(facts_of(format), x)
               ? of_sign(negative_subnormal, positive_subnormal)
               : of_sign(negative_normal, positive_normal);
  }

  // ------------------------------------------------------------------------------------- integers

  /// a rounded to an integer of the format.
  [[nodiscard]] constexpr flagged<code_t> round_to_integral(
      code_t a, integer_rounding how = integer_rounding::signals_inexact) const {
    const detail::operand x = read(a);
    const unpacked integer = detail::to_integer(x.value, rounding);
    flagged<code_t> result =
        finish({.value = integer, .is_computed = false, .signals_denormals = false}, x);
    const bool is_inexact = x.value.kind == value_kind::finite && integer != x.value;
    result.flags.inexact |= is_inexact && how == integer_rounding::signals_inexact;
    return result;
  }
  /// a rounded to an integer of type T; see invalid_integer for what T cannot hold.
  template <std::integral T>
  requires(sizeof(T) <= 8 && !std::same_as<T, bool>) [[nodiscard]] constexpr flagged<T> to_integer(
      code_t a, integer_rounding how = integer_rounding::signals_inexact) const {
    constexpr T lowest = (std::numeric_limits<T>::min)(), largest = (std::numeric_limits<T>::max)();
    const detail::operand x = read(a);
    flagged<T> result{};
    if (x.is_subnormal && environment.flushes_operands) {
      result.flags.denormal_operand = environment.signals_flushed_denormals;
    }
    const unpacked integer = detail::to_integer(x.value, rounding);
    const bool is_in_range = !integer.is_nan() && !integer.is_infinite() &&
                             exact::compare(integer, unpack(lowest)) >= 0 &&
                             exact::compare(integer, unpack(largest)) <= 0;
    if (is_in_range) {
      result.value = pack_as<T>(integer);
      result.flags.inexact = how == integer_rounding::signals_inexact &&
                             x.value.kind == value_kind::finite && integer != x.value;
      return result;
    }
    result.flags.invalid = true;
    switch (environment.invalid_integer) {
      case invalid_integer::indefinite:
        result.value = std::signed_integral<T> ? lowest : largest;
        break;
      case invalid_integer::nearest_nan_zero:
        result.value = integer.is_nan() ? T{0} : integer.negative ? lowest : largest;
        break;
      case invalid_integer::nearest_nan_largest:
        result.value = integer.negative && !integer.is_nan() ? lowest : largest;
        break;
    }
    return result;
  }
  [[nodiscard]] constexpr flagged<code_t> from_integer(std::integral auto value) const {
    return convert(unpack(value));
  }

  // ----------------------------------------------------------------------------------- conversion

  /// A code of another format.
  template <number_format Source>
  [[nodiscard]] constexpr flagged<code_t> convert(const Source& source, code_t a) const {
    const detail::operand x = detail::operand_of(source, a, environment);
    return finish({x.value}, x);
  }
  /// An exact value.
  [[nodiscard]] constexpr flagged<code_t> convert(const unpacked& value) const {
    return finish({value}, detail::operand{value});
  }

 private:
  template <class Source>
  struct coded {
    const Source& format;
    code_t code;
  };
  [[nodiscard]] constexpr coded<F> own(code_t a) const { return {format, a}; }
  template <auto A>
  [[nodiscard]] static constexpr auto coded_of(number<A> a) {
    return coded<std::remove_cv_t<decltype(A)>>{number<A>::format, a.code()};
  }

  template <class Source>
  [[nodiscard]] constexpr detail::operand read(const coded<Source>& a) const {
    return detail::operand_of(a.format, a.code, environment);
  }
  [[nodiscard]] constexpr detail::operand read(code_t a) const { return read(own(a)); }
  template <class... Operands>
  [[nodiscard]] constexpr flagged<code_t> finish(const detail::exact_result& result,
                                                 const Operands&... operands) const {
    return detail::finish(format, result, rounding, environment, operands...);
  }

  template <class A, class B>
  [[nodiscard]] constexpr flagged<code_t> sum(const A& a, const B& b, bool is_difference) const {
    const detail::operand x = read(a), y = read(b);
    const unpacked summand = is_difference ? -y.value : y.value;
    return finish({exact::add(x.value, summand, detail::zero_sum_is_negative(rounding))}, x, y);
  }
  template <class A, class B>
  [[nodiscard]] static constexpr unpacked exact_product_of(const A& a, const detail::operand& x,
                                                           const B& b, const detail::operand& y) {
    if constexpr (requires { exact_product(a.format, a.code, b.format, b.code); }) {
      return exact_product(a.format, a.code, b.format, b.code);
    } else {
      return exact::multiply(x.value, y.value);
    }
  }
  template <class A, class B>
  [[nodiscard]] constexpr flagged<code_t> product(const A& a, const B& b) const {
    const detail::operand x = read(a), y = read(b);
    return finish({exact_product_of(a, x, b, y)}, x, y);
  }
  template <class A, class B>
  [[nodiscard]] constexpr flagged<code_t> quotient(const A& a, const B& b) const {
    const detail::operand x = read(a), y = read(b);
    detail::exact_result result{};
    if constexpr (requires { exact_quotient(a.format, a.code, b.format, b.code); }) {
      result.value = exact_quotient(a.format, a.code, b.format, b.code);
    } else {
      result.value = exact::divide(x.value, y.value);
    }
    if (y.value.is_zero() && x.value.kind == value_kind::finite) {
      if (has_undefined_quotients(b.format)) result.value = unpacked::nan();
      result.divides_by_zero = true;
    }
    return finish(result, x, y);
  }
  template <class A, class B, class C>
  [[nodiscard]] constexpr flagged<code_t> multiply_add(const A& a, const B& b, const C& c) const {
    const detail::operand x = read(a), y = read(b), z = read(c);
    const unpacked xy = exact_product_of(a, x, b, y);
    detail::exact_result result{exact::add(xy, z.value, detail::zero_sum_is_negative(rounding))};
    if (xy.is_nan() && !x.value.is_nan() && !y.value.is_nan() && z.value.is_nan()) {
      result.is_invalid = environment.invalid_product_beats_nan;
    }
    return environment.looks_at_addend_first ? finish(result, z, x, y) : finish(result, x, y, z);
  }
  template <class A>
  [[nodiscard]] constexpr flagged<code_t> root(const A& a) const {
    const detail::operand x = read(a);
    if constexpr (requires { exact_sqrt(a.format, a.code); }) {
      return finish({exact_sqrt(a.format, a.code)}, x);
    } else {
      return finish({exact::sqrt(x.value)}, x);
    }
  }

  [[nodiscard]] constexpr flagged<code_t> next(code_t a, bool is_up) const {
    const unpacked x = decode(format, a);
    if (x.is_nan()) return finish({x}, read(a));
    return {next_code(format, a, is_up), {}};
  }

  [[nodiscard]] constexpr flagged<code_t> extremum(code_t a, code_t b, bool is_minimum,
                                                   bool prefers_numbers) const {
    const detail::operand x = read(a), y = read(b);
    const auto result = [&](const unpacked& value) {
      return finish({.value = value, .is_computed = false}, x, y);
    };
    if (x.value.is_nan() || y.value.is_nan()) {
      if (!prefers_numbers) return result(unpacked::nan());
      return result(x.value.is_nan() ? y.value : x.value);
    }
    const auto order = exact::compare(x.value, y.value);
    const bool is_first_lower = order == 0 ? x.value.negative : order < 0;
    return result(is_first_lower == is_minimum ? x.value : y.value);
  }

  [[nodiscard]] constexpr flagged<std::partial_ordering> compare(code_t a, code_t b,
                                                                 bool is_signaling) const {
    const detail::operand x = read(a), y = read(b);
    const bool has_nan = x.value.is_nan() || y.value.is_nan();
    // The flags of an exact operation on a and b.
    flagged<code_t> flags = finish(
        {.value = unpacked::zero(), .is_invalid = is_signaling && has_nan, .is_computed = false}, x,
        y);
    flags.flags.inexact = false;  // of a format without zero
    return {exact::compare(x.value, y.value), flags.flags};
  }

  /// -1 for a NaN before all numbers, 1 for one behind them, 0 for a number.
  [[nodiscard]] constexpr int nan_side(const unpacked& x, code_t a) const {
    if (!x.is_nan()) return 0;
    return is_signed(format) && (a >> (format.bits() - 1) & 1) != 0 ? -1 : 1;
  }
};

template <number_format F>
arithmetic_unit(F) -> arithmetic_unit<F>;
template <number_format F, rounding_mode R>
arithmetic_unit(F, R) -> arithmetic_unit<F, R>;
template <number_format F, rounding_mode R>
arithmetic_unit(F, R, environment) -> arithmetic_unit<F, R>;

}  // namespace lowp
