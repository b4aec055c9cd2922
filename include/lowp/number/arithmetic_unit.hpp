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

namespace detail {
/// A code as a parameter: any integer, but no floating-point number, which would be cut to one.
struct integral_code {
  code_t value = 0;
  template <std::integral T>
  constexpr integral_code(T from) : value(static_cast<code_t>(from)) {}
  constexpr operator code_t() const { return value; }
};
}  // namespace detail

template <number_format F, rounding_mode R = nearest_even_t>
class arithmetic_unit {
  using code = detail::integral_code;

 public:
  F format;
  R rounding;
  lowp::environment environment;
  /// Kept, since to look for them takes long in families that do not state them.
  value_facts facts;

  explicit constexpr arithmetic_unit(const F& f, const R& mode = {},
                                     const lowp::environment& e = environments::ieee754)
      : arithmetic_unit(f, mode, e, facts_of(f)) {}
  /// With the facts of f, which a constant expression knows.
  constexpr arithmetic_unit(const F& f, const R& mode, const lowp::environment& e,
                            const value_facts& known)
      : format(f), rounding(mode), environment(e), facts(known) {}

  // --------------------------------------------------------------------------------- arithmetic

  // Of numbers of any formats, too, which need not be that of the result (formatOf operations).
  [[nodiscard]] constexpr flagged<code_t> add(code a, code b) const {
    return sum(own(a), own(b), false);
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> add(number<A> a, number<B> b) const {
    return sum(coded_of(a), coded_of(b), false);
  }
  [[nodiscard]] constexpr flagged<code_t> subtract(code a, code b) const {
    return sum(own(a), own(b), true);
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> subtract(number<A> a, number<B> b) const {
    return sum(coded_of(a), coded_of(b), true);
  }
  [[nodiscard]] constexpr flagged<code_t> multiply(code a, code b) const {
    return product(own(a), own(b));
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> multiply(number<A> a, number<B> b) const {
    return product(coded_of(a), coded_of(b));
  }
  /// x / 0 is an infinity and signals divide_by_zero; it is invalid where
  /// has_undefined_quotients(), and where the format has no infinity but a NaN.
  [[nodiscard]] constexpr flagged<code_t> divide(code a, code b) const {
    return quotient(own(a), own(b));
  }
  template <auto A, auto B>
  [[nodiscard]] constexpr flagged<code_t> divide(number<A> a, number<B> b) const {
    return quotient(coded_of(a), coded_of(b));
  }
  /// a * b + c, rounded once.
  [[nodiscard]] constexpr flagged<code_t> fma(code a, code b, code c) const {
    return multiply_add(own(a), own(b), own(c));
  }
  template <auto A, auto B, auto C>
  [[nodiscard]] constexpr flagged<code_t> fma(number<A> a, number<B> b, number<C> c) const {
    return multiply_add(coded_of(a), coded_of(b), coded_of(c));
  }
  [[nodiscard]] constexpr flagged<code_t> sqrt(code a) const { return root(own(a)); }
  template <auto A>
  [[nodiscard]] constexpr flagged<code_t> sqrt(number<A> a) const {
    return root(coded_of(a));
  }
  /// a - n * b, where n is a / b rounded to nearest even, or toward zero (fmod of C): exact in
  /// formats whose values are all multiples of one step, and of either sign for the former.
  [[nodiscard]] constexpr flagged<code_t> remainder(code a, code b) const {
    return rest(own(a), own(b), true);
  }
  [[nodiscard]] constexpr flagged<code_t> remainder_toward_zero(code a, code b) const {
    return rest(own(a), own(b), false);
  }

  // --------------------------------------------------------------------------------------- signs

  /// Of NaNs, too, and never with a flag (clause 5.5.1). What a format cannot hold, the negative of
  /// an unsigned or of the lowest number, is rounded.
  [[nodiscard]] constexpr code_t negate(code a) const {
    return with_sign(a, !decode(format, a).negative);
  }
  [[nodiscard]] constexpr code_t(abs)(code a) const { return with_sign(a, false); }
  [[nodiscard]] constexpr code_t copy_sign(code a, code of) const {
    return with_sign(a, decode(format, of).negative);
  }

  // --------------------------------------------------------------------------------- neighbours

  /// The least number greater than a, and the greatest less than it. Only a signaling NaN signals.
  [[nodiscard]] constexpr flagged<code_t> next_up(code a) const { return next(a, true); }
  [[nodiscard]] constexpr flagged<code_t> next_down(code a) const { return next(a, false); }

  // ----------------------------------------------------------------------------------- exponents

  /// a * 2^power.
  [[nodiscard]] constexpr flagged<code_t> scale_b(code a, long long power) const {
    const detail::operand x = read(a);
    return finish({scale_by_power_of_two(x.value, detail::bounded(power))}, x);
  }
  /// floor(log2(|a|)), of subnormal numbers too; minus infinity of zero, with divide_by_zero.
  [[nodiscard]] constexpr flagged<code_t> log_b(code a) const {
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
  [[nodiscard]] constexpr flagged<code_t> minimum(code a, code b) const {
    return extremum(a, b, true, false);
  }
  [[nodiscard]] constexpr flagged<code_t> maximum(code a, code b) const {
    return extremum(a, b, false, false);
  }
  /// Likewise, but the other operand if one is a NaN.
  [[nodiscard]] constexpr flagged<code_t> minimum_number(code a, code b) const {
    return extremum(a, b, true, true);
  }
  [[nodiscard]] constexpr flagged<code_t> maximum_number(code a, code b) const {
    return extremum(a, b, false, true);
  }

  // ---------------------------------------------------------------------------------- comparison

  /// The order of values: zeros are equal, NaN is unordered. Invalid for signaling NaNs; the second
  /// one for every NaN (clause 5.11).
  [[nodiscard]] constexpr flagged<std::partial_ordering> compare_quiet(code a, code b) const {
    return compare(a, b, false);
  }
  [[nodiscard]] constexpr flagged<std::partial_ordering> compare_signaling(code a, code b) const {
    return compare(a, b, true);
  }
  /// a before b or at it, in an order of all codes that tells zeros and NaNs apart (clause 5.10);
  /// a NaN whose code is negative, or the only one of a signed format, comes first.
  [[nodiscard]] constexpr bool total_order(code a, code b) const {
    const unpacked x = decode(format, a), y = decode(format, b);
    const int before = nan_side(x, a), other = nan_side(y, b);
    if (before != other) return before < other;
    if (before != 0) return before < 0 ? a >= b : a <= b;
    if (x.is_zero() && y.is_zero()) return x.negative || !y.negative;
    return exact::compare(x, y) <= 0;
  }
  [[nodiscard]] constexpr number_class classify(code a) const {
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
    return detail::is_subnormal(facts, x) ? of_sign(negative_subnormal, positive_subnormal)
                                          : of_sign(negative_normal, positive_normal);
  }

  // ------------------------------------------------------------------------------------- integers

  /// a rounded to an integer of the format.
  [[nodiscard]] constexpr flagged<code_t> round_to_integral(
      code a, integer_rounding how = integer_rounding::signals_inexact) const {
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
      code a, integer_rounding how = integer_rounding::signals_inexact) const {
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
      case invalid_integer::nearest_nan_by_width:
        if (integer.is_nan()) {
          const bool is_wide = format.bits() == 64 || sizeof(T) == 8;
          const code_t top = is_wide ? code_t{1} << (8 * sizeof(T) - 1) : 0;
          result.value = static_cast<T>(top);
        } else {
          result.value = integer.negative ? lowest : largest;
        }
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
  [[nodiscard]] constexpr flagged<code_t> convert(const Source& source, code a) const {
    const detail::operand x = detail::operand_of(source, facts_of(source), a, environment);
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
    value_facts facts;
  };
  [[nodiscard]] constexpr coded<F> own(code_t a) const { return {format, a, facts}; }
  template <auto A>
  [[nodiscard]] static constexpr auto coded_of(number<A> a) {
    return coded<std::remove_cv_t<decltype(A)>>{number<A>::format, a.code(), lowp::facts<A>};
  }

  template <class Source>
  [[nodiscard]] constexpr detail::operand read(const coded<Source>& a) const {
    return detail::operand_of(a.format, a.facts, a.code, environment);
  }
  [[nodiscard]] constexpr detail::operand read(code_t a) const { return read(own(a)); }
  template <class... Operands>
  [[nodiscard]] constexpr flagged<code_t> finish(const detail::exact_result& result,
                                                 const Operands&... operands) const {
    return detail::finish(format, facts, result, rounding, environment, operands...);
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
      result.divides_by_zero = !has_undefined_quotients(b.format);
      if (!result.divides_by_zero) result.value = unpacked::nan();
    }
    return finish(result, x, y);
  }
  template <class A, class B, class C>
  [[nodiscard]] constexpr flagged<code_t> multiply_add(const A& a, const B& b, const C& c) const {
    const detail::operand x = read(a), y = read(b), z = read(c);
    const unpacked xy = exact_product_of(a, x, b, y);
    detail::exact_result result{exact::add(xy, z.value, detail::zero_sum_is_negative(rounding))};
    if (xy.is_nan() && !x.value.is_nan() && !y.value.is_nan() && z.value.is_nan()) {
      result.is_invalid = environment.signals_invalid_product;
      result.is_default_nan = environment.invalid_product_is_default_nan;
    }
    return environment.looks_at_addend_first ? finish(result, z, x, y) : finish(result, x, y, z);
  }
  [[nodiscard]] constexpr flagged<code_t> rest(const coded<F>& a, const coded<F>& b,
                                               bool to_nearest) const {
    const detail::operand x = read(a), y = read(b);
    return finish({detail::divide_with_remainder(x.value, y.value, to_nearest).remainder}, x, y);
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

  [[nodiscard]] constexpr code_t with_sign(code_t a, bool is_negative) const {
    unpacked x = decode(format, a);
    if (x.negative == is_negative) return a;
    x.negative = is_negative;
    if (x.is_nan()) {  // whose sign is the top bit, or none
      const code_t other = a ^ (code_t{1} << (format.bits() - 1));
      return decode(format, other).is_nan() ? other : a;
    }
    return encode(format, x, rounding, overflow::propagate, missing_nan::largest);
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
      const bool is_signaling = x.payload.is_signaling || y.payload.is_signaling;
      if (!prefers_numbers || (is_signaling && environment.signaling_nan_is_extremum)) {
        return result(unpacked::nan());
      }
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
    const detail::exact_result flags_alone{.value = unpacked::zero(),
                                           .is_invalid = is_signaling && has_nan};
    return {exact::compare(x.value, y.value),
            detail::operand_flags(flags_alone, environment, x, y)};
  }

  /// -1 for a NaN before all numbers, 1 for one behind them, 0 for a number.
  [[nodiscard]] constexpr int nan_side(const unpacked& x, code_t a) const {
    if (!x.is_nan()) return 0;
    return is_signed(format) && (a >> (format.bits() - 1) & 1) != 0 ? -1 : 1;
  }
};

}  // namespace lowp
