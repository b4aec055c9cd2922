// SPDX-License-Identifier: MIT
// What is remarkable about one operation: about its operands, and about where its exact result lies
// between the numbers of the result's format.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/number/environment.hpp"
#include "lowp/number/flagged_results.hpp"

namespace lowp::verification {

/// Each is a bit of a set of classes, in this order.
enum class vector_class : std::uint8_t {
  zero_operand,
  subnormal_operand,
  infinite_operand,
  quiet_nan_operand,
  signaling_nan_operand,
  nan_payload_operand,
  exact,               // below: of a result that is rounded
  tie,                 // halfway between two numbers
  near_tie,            // within 1/8 of a step from it
  near_number,         // within 1/8 of a step from a number
  carry,               // rounds up to a power of two, out of a mantissa of ones
  subnormal_result,    // of any exactness
  subnormal_edge,      // between the largest subnormal and the smallest normal number
  underflow_edge,      // between zero and the smallest number
  overflow_edge,       // less than one step beyond the largest number
  overflow,            // further beyond
  cancellation,        // a sum of less than a quarter of its larger operand
  total_cancellation,  // zero, of numbers that are none
  distant_operands,    // the smaller one decides about exactness alone
  invalid,
  divide_by_zero,
};
inline constexpr std::string_view vector_class_names[] = {
    "an operand is zero",
    "an operand is subnormal",
    "an operand is infinite",
    "an operand is a quiet NaN",
    "an operand is a signaling NaN",
    "an operand is a NaN with a payload",
    "exact",
    "tie",
    "within 1/8 of a step from a tie",
    "within 1/8 of a step from a number",
    "carry through all of the mantissa",
    "subnormal result",
    "between the largest subnormal and the smallest normal number",
    "between zero and the smallest number",
    "less than one step beyond the largest number",
    "one step or more beyond the largest number",
    "cancellation of two bits or more",
    "cancellation to zero",
    "operands too far apart to overlap",
    "invalid",
    "division by zero",
};

[[nodiscard]] constexpr std::uint64_t bit_of(vector_class c) {
  return std::uint64_t{1} << static_cast<int>(c);
}

/// Of one operand.
[[nodiscard]] inline std::uint64_t classes_of_operand(const any_format& f, code_t code) {
  using enum vector_class;
  const unpacked x = decode(f, code);
  switch (x.kind) {
    case value_kind::zero: return bit_of(zero_operand);
    case value_kind::infinity: return bit_of(infinite_operand);
    case value_kind::nan: {
      const nan_payload payload = nan_payload_of(f, code);
      return bit_of(payload.is_signaling ? signaling_nan_operand : quiet_nan_operand) |
             (payload.bits != 0 ? bit_of(nan_payload_operand) : 0);
    }
    case value_kind::finite: break;
  }
  const value_facts facts = facts_of(f);
  const bool is_subnormal =
      facts.spacing == value_spacing::floating && x.exponent < facts.normal_exponent;
  return is_subnormal ? bit_of(subnormal_operand) : 0;
}

/// Of an exact result, rounded to a format.
[[nodiscard]] inline std::uint64_t classes_of_result(const any_format& f, const unpacked& x) {
  using enum vector_class;
  if (!x.is_finite()) return 0;
  std::uint64_t found = 0;
  const value_facts facts = facts_of(f);
  if (lowp::detail::is_subnormal(facts, x)) found |= bit_of(subnormal_result);
  const auto encoded = [&](const auto& mode) {
    return decode(f, encode(f, x, mode, lowp::overflow::saturate, missing_nan::largest));
  };
  const unpacked inner = encoded(toward_zero), outer = encoded(away_from_zero);
  if (exact::compare(inner, x) == 0) return found | bit_of(vector_class::exact);
  unpacked limit = magnitude_of(outer);
  if (exact::compare(inner, outer) == 0) {  // nothing lies beyond x
    const unpacked end = magnitude_of(outer);
    const unpacked step = magnitude_of(exact::add(outer, -value_next_to_end(f, outer.negative)));
    limit = exact::add(end, step);
    if (x.negative != outer.negative || exact::compare(magnitude_of(x), limit) >= 0)
      return found | bit_of(vector_class::overflow);
    found |= bit_of(overflow_edge);
  }
  const std::uint64_t fraction = fraction_between(magnitude_of(inner), limit, magnitude_of(x));
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  const std::uint64_t eighths = fraction >> 61;
  if (fraction == half) found |= bit_of(tie);
  if (fraction != half && (eighths == 3 || eighths == 4)) found |= bit_of(near_tie);
  if (eighths == 0 || eighths == 7) found |= bit_of(near_number);
  const bool is_power =
      limit.kind == value_kind::finite && limit.significand == uint128{std::uint64_t{1} << 63, 0};
  if (is_power && facts.significant_bits > 1 && fraction >= half && !inner.is_zero())
    found |= bit_of(carry);
  if (inner.is_zero()) found |= bit_of(underflow_edge);
  if (lowp::detail::is_subnormal(facts, inner) && limit.exponent >= facts.normal_exponent)
    found |= bit_of(subnormal_edge);
  return found;
}

/// Of the sum of two numbers, rounded to a format of `significant_bits`.
[[nodiscard]] inline std::uint64_t classes_of_sum(const unpacked& a, const unpacked& b,
                                                  const unpacked& sum, int significant_bits) {
  using enum vector_class;
  if (a.kind != value_kind::finite || b.kind != value_kind::finite) return 0;
  const int larger = a.exponent > b.exponent ? a.exponent : b.exponent;
  const int distance = a.exponent > b.exponent ? a.exponent - b.exponent : b.exponent - a.exponent;
  std::uint64_t found = 0;
  if (sum.is_zero()) found |= bit_of(total_cancellation);
  if (sum.kind == value_kind::finite && sum.exponent <= larger - 2) found |= bit_of(cancellation);
  if (distance > significant_bits + 1) found |= bit_of(distant_operands);
  return found;
}

}  // namespace lowp::verification
