// SPDX-License-Identifier: MIT
// The stages of an adder, a multiplier and a fused multiply-adder, for those who debug one:
// operands, product, aligned summands, sum, normalized sum, the bits that decide the rounding,
// result. And faults: bits of a stage that are flipped, to see what the stages behind it make of
// them.
//
//   const arithmetic_unit unit{formats::binary16, nearest_even, environments::riscv};
//   const datapath_trace t = trace_add(unit, 0x3C00, 0x1001);
//   t.smaller.significand, t.guard, t.sticky, t.result.flags …
//   trace_add(unit, 0x3C00, 0x1001, random_fault(unit.format, datapath_stage::sum, 1, seed, i));
#pragma once

#include <array>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/random.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/arithmetic_unit.hpp"
#include "lowp/number/flagged_results.hpp"

namespace lowp {

enum class datapath_stage : std::uint8_t {
  none,
  first_operand,
  second_operand,
  third_operand,  ///< the summand of a fused multiply-add
  product,
  larger,   ///< the summand of the larger exponent
  smaller,  ///< the other one, shifted to that exponent
  sum,
  normalized,
  result,
};

/// What lies on the wires behind a stage: (-1)^negative * significand / 2^126 * 2^exponent. The top
/// bit of the significand is the place of a carry, the lowest one is sticky.
struct datapath_word {
  bool negative = false;
  int exponent = 0;
  uint128 significand{};
  constexpr bool operator==(const datapath_word&) const = default;
};

struct datapath_trace {
  std::array<code_t, 3> operands{};
  /// NaN, infinity, a product of zero, a sum of zeros, or a format whose values are no multiples of
  /// powers of two: no word below was computed, and faults of words change nothing.
  bool is_special = false;
  datapath_word product, larger, smaller, sum, normalized;
  /// The lowest bit that the result keeps, the two below it, and whether any bit is set below
  /// those.
  bool last = false, guard = false, round = false, sticky = false;
  /// Whether the result is larger in magnitude than what was rounded.
  bool rounds_up = false;
  flagged<code_t> result{};
};

/// Bits to flip behind one stage. Codes are flipped from the lowest bit of the mask on, words in
/// the bits of their significands.
struct datapath_fault {
  datapath_stage stage = datapath_stage::none;
  uint128 mask{};
};

/// How many bits a fault of a stage chooses from: all bits of a code; of a word the carry and twice
/// the format's precision, and one more, which is all that is exact.
template <number_format F>
[[nodiscard]] constexpr int fault_bits(const F& f, datapath_stage stage) {
  if (stage <= datapath_stage::third_operand || stage == datapath_stage::result) return f.bits();
  const int bits = 2 * facts_of(f).significant_bits + 2;
  return bits < 128 ? bits : 128;
}

/// `flips` different bits of a stage, a function of (seed, index) alone.
template <number_format F>
[[nodiscard]] constexpr datapath_fault random_fault(const F& f, datapath_stage stage, int flips,
                                                    std::uint64_t seed, std::uint64_t index) {
  const int bits = fault_bits(f, stage);
  const bool is_code = stage <= datapath_stage::third_operand || stage == datapath_stage::result;
  datapath_fault fault{stage};
  std::uint64_t chosen[2] = {};
  std::uint64_t draw = index << 8;
  for (int done = 0; done < flips && done < bits;) {
    const std::uint64_t random = random_bits(seed, draw++, 32);
    const auto at = static_cast<int>(random * static_cast<std::uint64_t>(bits) >> 32);
    const int place = is_code ? at : 127 - at;
    const std::uint64_t bit = std::uint64_t{1} << (place % 64);
    if ((chosen[place / 64] & bit) != 0) continue;
    chosen[place / 64] |= bit;
    ++done;
  }
  fault.mask = {chosen[1], chosen[0]};
  return fault;
}

namespace detail {

/// One pass through the stages. Each word is what the stage before it left.
template <number_format F, rounding_mode R>
class datapath {
 public:
  constexpr datapath(const arithmetic_unit<F, R>& unit, const datapath_fault& fault)
      : unit_(unit), fault_(fault) {}

  [[nodiscard]] constexpr datapath_trace add(code_t a, code_t b) {
    const code_t x = read(0, a), y = read(1, b);
    const operand p = operand_of(unit_.format, unit_.facts, x, unit_.environment),
                  q = operand_of(unit_.format, unit_.facts, y, unit_.environment);
    if (!has_words() || !p.value.is_finite() || !q.value.is_finite() ||
        (p.value.is_zero() && q.value.is_zero())) {
      return special(unit_.add(x, y));
    }
    add_words(p.value, q.value);
    return finish(p, q);
  }

  [[nodiscard]] constexpr datapath_trace multiply(code_t a, code_t b) {
    const code_t x = read(0, a), y = read(1, b);
    const operand p = operand_of(unit_.format, unit_.facts, x, unit_.environment),
                  q = operand_of(unit_.format, unit_.facts, y, unit_.environment);
    const unpacked product = exact::multiply(p.value, q.value);
    if (!has_words() || product.kind != value_kind::finite) return special(unit_.multiply(x, y));
    trace_.product = after(datapath_stage::product, word_of(product));
    trace_.sum = trace_.product;
    return finish(p, q);
  }

  [[nodiscard]] constexpr datapath_trace multiply_add(code_t a, code_t b, code_t c) {
    const code_t x = read(0, a), y = read(1, b), z = read(2, c);
    const operand p = operand_of(unit_.format, unit_.facts, x, unit_.environment),
                  q = operand_of(unit_.format, unit_.facts, y, unit_.environment),
                  r = operand_of(unit_.format, unit_.facts, z, unit_.environment);
    const unpacked product = exact::multiply(p.value, q.value);
    if (!has_words() || product.kind != value_kind::finite || !r.value.is_finite()) {
      return special(unit_.fma(x, y, z));
    }
    trace_.product = after(datapath_stage::product, word_of(product));
    add_words(value_of(trace_.product), r.value);
    return finish(p, q, r);
  }

 private:
  [[nodiscard]] constexpr bool has_words() const { return unit_.facts.are_dyadic(); }
  [[nodiscard]] constexpr code_t flipped(datapath_stage stage, code_t code) const {
    if (fault_.stage != stage) return code;
    return (code ^ fault_.mask.low) & low_mask(unit_.format.bits());
  }
  [[nodiscard]] constexpr datapath_word after(datapath_stage stage, datapath_word word) const {
    if (fault_.stage == stage) {
      word.significand.high ^= fault_.mask.high;
      word.significand.low ^= fault_.mask.low;
    }
    return word;
  }

  [[nodiscard]] constexpr code_t read(unsigned position, code_t code) {
    const auto stage = static_cast<datapath_stage>(
        static_cast<unsigned>(datapath_stage::first_operand) + position);
    return trace_.operands[position] = flipped(stage, code);
  }

  [[nodiscard]] static constexpr datapath_word word_of(const unpacked& x) {
    return {x.negative, x.exponent, shift_right_jam(x.significand, 1)};
  }
  [[nodiscard]] static constexpr unpacked value_of(const datapath_word& word) {
    return unpacked::normalized(word.negative, word.exponent + 1, word.significand);
  }

  /// A zero has the exponent of the other summand.
  constexpr void add_words(const unpacked& a, const unpacked& b) {
    const bool a_is_larger = b.is_zero() || (!a.is_zero() && a.exponent >= b.exponent);
    const unpacked& upper = a_is_larger ? a : b;
    const unpacked& lower = a_is_larger ? b : a;
    trace_.larger = after(datapath_stage::larger, word_of(upper));
    datapath_word shifted{lower.negative, upper.exponent, {}};
    if (lower.kind == value_kind::finite) {
      shifted.significand = shift_right_jam(lower.significand, 1 + upper.exponent - lower.exponent);
    }
    trace_.smaller = after(datapath_stage::smaller, shifted);

    const uint128 x = trace_.larger.significand, y = trace_.smaller.significand;
    datapath_word sum{trace_.larger.negative, trace_.larger.exponent, x + y};
    if (upper.negative != lower.negative) {
      const bool is_swapped = y > x;
      sum.significand = is_swapped ? y - x : x - y;
      sum.negative = is_swapped ? lower.negative : upper.negative;
      if (sum.significand.is_zero()) sum.negative = zero_sum_is_negative(unit_.rounding);
    }
    trace_.sum = after(datapath_stage::sum, sum);
  }

  /// Normalizes the sum and rounds it.
  template <class... Operands>
  [[nodiscard]] constexpr datapath_trace finish(const Operands&... operands) {
    const unpacked exact = value_of(trace_.sum);
    trace_.normalized = {trace_.sum.negative, trace_.sum.exponent, {}};
    if (!exact.is_zero()) trace_.normalized = word_of(exact);
    trace_.normalized = after(datapath_stage::normalized, trace_.normalized);

    const unpacked x = value_of(trace_.normalized);
    look_at_discarded(x);
    trace_.result = detail::finish(unit_.format, unit_.facts, {x}, unit_.rounding,
                                   unit_.environment, operands...);
    const unpacked kept = decode(unit_.format, trace_.result.value);
    if (!kept.is_nan()) {
      trace_.rounds_up = exact::compare(magnitude_of(kept), magnitude_of(x)) > 0;
    }
    trace_.result.value = flipped(datapath_stage::result, trace_.result.value);
    return trace_;
  }

  /// Of floating-point and fixed-point formats; others have no one place to cut.
  constexpr void look_at_discarded(const unpacked& x) {
    const value_facts& facts = unit_.facts;
    const bool has_grid =
        facts.spacing == value_spacing::floating || facts.spacing == value_spacing::uniform;
    if (x.is_zero() || !has_grid) return;
    int last = facts.last_bit_exponent;
    if (facts.spacing == value_spacing::floating &&
        x.exponent - facts.significant_bits + 1 > last) {
      last = x.exponent - facts.significant_bits + 1;
    }
    const auto bit = [&](int exponent) {
      const int place = exponent - x.exponent + 127;
      if (place < 0 || place > 127) return false;
      const std::uint64_t word = place >= 64 ? x.significand.high : x.significand.low;
      return (word >> (place % 64) & 1) != 0;
    };
    trace_.last = bit(last);
    trace_.guard = bit(last - 1);
    trace_.round = bit(last - 2);
    const int below = last - 2 - x.exponent + 127;  // how many places lie below the round bit
    trace_.sticky = below > 127 || (below > 0 && !shift_left(x.significand, 128 - below).is_zero());
  }

  [[nodiscard]] constexpr datapath_trace special(const flagged<code_t>& result) {
    trace_.is_special = true;
    trace_.result = result;
    trace_.result.value = flipped(datapath_stage::result, result.value);
    return trace_;
  }

  const arithmetic_unit<F, R>& unit_;
  datapath_fault fault_;
  datapath_trace trace_{};
};

}  // namespace detail

/// a + b through the stages larger, smaller, sum, normalized. Without a fault the result is that of
/// unit.add(a, b), and so below.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr datapath_trace trace_add(const arithmetic_unit<F, R>& unit, code_t a,
                                                 code_t b, const datapath_fault& fault = {}) {
  return detail::datapath<F, R>(unit, fault).add(a, b);
}
/// a * b through the stages product and normalized.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr datapath_trace trace_multiply(const arithmetic_unit<F, R>& unit, code_t a,
                                                      code_t b, const datapath_fault& fault = {}) {
  return detail::datapath<F, R>(unit, fault).multiply(a, b);
}
/// a * b + c through all stages.
template <number_format F, rounding_mode R>
[[nodiscard]] constexpr datapath_trace trace_fma(const arithmetic_unit<F, R>& unit, code_t a,
                                                 code_t b, code_t c,
                                                 const datapath_fault& fault = {}) {
  return detail::datapath<F, R>(unit, fault).multiply_add(a, b, c);
}

}  // namespace lowp
