// SPDX-License-Identifier: MIT
// What turns exact results into codes with status flags, under an environment: reading operands,
// choosing a NaN, and rounding. Exactness is found by decoding what was encoded, so that it holds
// for every family, mode and overflow policy.
#pragma once

#include <concepts>
#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/number/environment.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp::detail {

/// An operand as an environment sees it.
struct operand {
  unpacked value;
  nan_payload payload{};      // of a NaN
  bool is_subnormal = false;  // before it was flushed
};

/// Whether a value lies below the smallest normal one of a format that has such.
[[nodiscard]] constexpr bool is_subnormal(const value_facts& facts, const unpacked& x) {
  return facts.spacing == value_spacing::floating && x.kind == value_kind::finite &&
         x.exponent < facts.normal_exponent;
}

/// Whether an environment leaves a format's subnormal numbers alone: see spares_binary16.
[[nodiscard]] constexpr bool is_spared(const value_facts& facts, int bits, const environment& e) {
  return e.spares_binary16 && bits == 16 && facts.spacing == value_spacing::floating &&
         facts.significant_bits == 11 && facts.normal_exponent == -14;
}

template <number_format F>
[[nodiscard]] constexpr operand operand_of(const F& f, const value_facts& facts, code_t code,
                                           const environment& e) {
  operand x{decode(f, code)};
  if (x.value.is_nan()) x.payload = nan_payload_of(f, code);
  if ((e.flushes_operands || e.signals_denormals) && !is_spared(facts, f.bits(), e)) {
    x.is_subnormal = is_subnormal(facts, x.value);
    if (x.is_subnormal && e.flushes_operands) x.value = unpacked::zero(x.value.negative);
  }
  return x;
}

/// A value of which the mode is told that it is odd or even, on the grid of `step` and of the sign
/// `is_negative`: whether a magnitude above it rounds away from it, to it + step or beyond.
template <rounding_mode R>
[[nodiscard]] constexpr bool passes(const unpacked& magnitude, const unpacked& kept,
                                    const unpacked& step, bool is_negative, bool is_odd,
                                    const R& mode) {
  if (exact::compare(magnitude, kept) <= 0) return false;
  const unpacked next = exact::add(kept, step);
  if (exact::compare(magnitude, next) >= 0) return true;
  std::uint64_t fraction = 0;
  if (step.significand == uint128{code_t{1} << 63, 0}) {
    // Exactly what encoding sees, which a mode of few random bits tells from what is beside it.
    const unpacked rest = exact::add(magnitude, -kept);
    fraction = shift_right_jam(rest.significand, 63 + step.exponent - rest.exponent).low;
  } else {
    fraction = fraction_between(kept, next, magnitude);
  }
  return rounds_up(mode, {fraction, is_negative, is_odd});
}

/// Whether x counts as tiny: see tininess.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr bool is_tiny(const F& f, const value_facts& facts, const unpacked& x,
                                     const R& mode, tininess when) {
  if (!is_subnormal(facts, x)) return false;
  if (when == tininess::before_rounding || x.exponent < facts.normal_exponent - 1) return true;
  // The last number of the given precision below the smallest normal one, if exponents went on.
  const unpacked step =
      unpacked::scaled_integer(false, 1, facts.normal_exponent - facts.significant_bits);
  const unpacked last =
      exact::add(unpacked::scaled_integer(false, 1, facts.normal_exponent), -step);
  // With more bits than one it ends in a one.
  const bool is_odd = facts.significant_bits > 1 || (smallest_normal_code(f) & 1) == 0;
  return !passes(magnitude_of(x), last, step, x.negative, is_odd, mode);
}

/// Whether x, finite, rounds to a number beyond the range of f, if its grid went on. Posits end
/// nowhere: they saturate.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr bool overflows(const F& f, const value_facts& facts, const unpacked& x,
                                       const R& mode) {
  if (facts.spacing == value_spacing::tapered) return false;
  if (!x.negative && x.exponent < facts.highest_exponent &&
      facts.highest_exponent < value_facts::unbounded) {
    return false;
  }
  const code_t code = x.negative ? lowest_code(f) : largest_code(f);
  const unpacked end = decode(f, code), magnitude = magnitude_of(x);
  if (x.negative && !end.negative) {  // an unsigned format
    if (!end.is_zero()) return true;
    return passes(magnitude, end, smallest_positive_value(f), true, false, mode);
  }
  if (exact::compare(magnitude, magnitude_of(end)) <= 0) return false;
  const int binade = end.exponent > facts.normal_exponent ? end.exponent : facts.normal_exponent;
  unpacked step = unpacked::scaled_integer(false, 1, binade + 1 - facts.significant_bits);
  if (facts.spacing != value_spacing::floating) {
    step = magnitude_of(exact::add(end, -value_next_to_end(f, x.negative)));
  }
  return passes(magnitude, magnitude_of(end), step, x.negative, (code & 1) != 0, mode);
}

/// The code of x, which is no NaN, and what happened.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr flagged<code_t> rounded_with_flags(const F& f, const value_facts& facts,
                                                           const unpacked& x, const R& mode,
                                                           const environment& e) {
  flagged<code_t> result{};
  bool is_below = false;
  if (x.kind == value_kind::finite) {
    result.flags.overflow = overflows(f, facts, x, mode);
    is_below = !result.flags.overflow && is_tiny(f, facts, x, mode, e.tininess);
    if (is_below && e.flushes_results && !is_spared(facts, f.bits(), e)) {
      result.value =
          encode(f, unpacked::zero(x.negative), mode, overflow::saturate, missing_nan::largest);
      result.flags.underflow = true;
      result.flags.inexact = e.flush_is_inexact;
      return result;
    }
  }
  result.value = encode(f, x, mode, e.overflow, missing_nan::largest);
  const unpacked kept = decode(f, result.value);
  if (kept.is_nan() && x.is_zero()) return {result.value, {.invalid = true}};  // there is no zero
  result.flags.inexact = x.is_zero() ? !kept.is_zero() : kept != x;
  result.flags.underflow = is_below && result.flags.inexact;
  if (x.is_infinite() && result.flags.inexact) result.flags.overflow = true;
  return result;
}

/// An exact result and the exceptions that do not depend on its rounding. `is_invalid` is for
/// operations that are invalid though an operand is a quiet NaN.
struct exact_result {
  unpacked value;
  bool divides_by_zero = false;
  bool is_invalid = false;
  bool is_default_nan = false;  // though an operand is a NaN
  bool is_computed = true;      // else it is an operand, or near one: not flushed, infinities stay
  bool signals_denormals = true;
};

/// What an operation signals before it rounds.
template <std::same_as<operand>... Operands>
[[nodiscard]] constexpr status_flags operand_flags(const exact_result& exact, const environment& e,
                                                   const Operands&... operands) {
  const bool any_nan = (operands.value.is_nan() || ...);
  const bool any_subnormal = (operands.is_subnormal || ...);
  status_flags flags;
  flags.invalid = (operands.payload.is_signaling || ...) || exact.is_invalid ||
                  (exact.value.is_nan() && !any_nan);
  flags.divide_by_zero = exact.divides_by_zero;
  if (e.flushes_operands) {
    flags.denormal_operand = any_subnormal && e.signals_flushed_denormals;
  } else {
    flags.denormal_operand = any_subnormal && e.signals_denormals && exact.signals_denormals &&
                             !flags.invalid && !flags.divide_by_zero && !any_nan;
  }
  return flags;
}

/// The operation on `operands`, in the order in which the environment looks for NaNs, rounded to f.
template <number_format F, rounding_mode R, std::same_as<operand>... Operands>
[[nodiscard]] constexpr flagged<code_t> finish(const F& f, const value_facts& facts,
                                               const exact_result& exact, const R& mode,
                                               const environment& e, const Operands&... operands) {
  status_flags flags = operand_flags(exact, e, operands...);
  if (!exact.value.is_nan()) {
    environment here = e;
    if (!exact.is_computed) {
      here.flushes_results = false;
      if (exact.value.is_infinite()) here.overflow = overflow::propagate;
    }
    flagged<code_t> result = rounded_with_flags(f, facts, exact.value, mode, here);
    if (!flags.divide_by_zero) {
      result.flags |= flags;
    } else {  // an infinity, or what the format has for it
      result.flags = flags;
      if (decode(f, result.value).is_nan()) result.flags = {.invalid = true};
    }
    return result;
  }
  const operand* nan = nullptr;
  const auto look = [&](const operand& x, bool only_signaling) {
    if (nan == nullptr && x.value.is_nan() && (!only_signaling || x.payload.is_signaling)) nan = &x;
  };
  if (e.nan_result == nan_result::signaling_first) (look(operands, true), ...);
  (look(operands, false), ...);
  const bool is_default = nan == nullptr || e.nan_result == nan_result::canonical ||
                          (exact.is_default_nan && !(operands.payload.is_signaling || ...));
  const bool is_negative = is_default ? e.default_nan_is_negative : nan->value.negative;
  if (!has_nan(f)) {
    flags.invalid = true;
    const unpacked from = unpacked::nan(nan != nullptr ? nan->value.negative : is_negative);
    return {encode(f, from, mode, e.overflow, e.missing_nan), flags};
  }
  if (is_default) return {nan_code(f, is_negative, e.default_nan), flags};
  return {nan_code(f, is_negative, nan->payload), flags};
}

}  // namespace lowp::detail
