// SPDX-License-Identifier: MIT
// The sum of products under a policy that a format, a rounding mode or an adder belongs to, by
// definition: exact values, rounded where the policy rounds and nowhere else.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp::detail {

/// Two rows of exact values, and what is known of their elements.
struct factor_rows {
  const unpacked* a;
  const unpacked* b;
  int a_lowest_exponent, b_lowest_exponent;  ///< for aligned_adder
  int mantissa_bits;                         ///< for product::l_mul
};

/// l of product::l_mul.
[[nodiscard]] constexpr int l_mul_offset_bits(int mantissa_bits) {
  return mantissa_bits <= 3 ? mantissa_bits : mantissa_bits == 4 ? 3 : 4;
}

/// The approximate product (product::l_mul).
[[nodiscard]] constexpr unpacked l_multiply(const unpacked& a, const unpacked& b,
                                            int mantissa_bits) {
  if (a.kind != value_kind::finite || b.kind != value_kind::finite) return exact::multiply(a, b);
  const int l = l_mul_offset_bits(mantissa_bits);
  // Fractions in units of 2^-125; significands of up to 64 bits lose nothing.
  const auto fraction = [](const unpacked& x) {
    return shift_right_jam(shift_left(x.significand, 1), 3);
  };
  const uint128 one{std::uint64_t{1} << 61, 0};
  const uint128 sum = fraction(a) + fraction(b) + shift_right_jam(one, l);
  const auto carry = static_cast<int>(sum.high >> 61);
  const uint128 rest{sum.high & low_mask(61), sum.low};
  return unpacked::normalized(a.negative != b.negative, a.exponent + b.exponent + carry + 2,
                              one + rest);
}

/// Values rounded to a format one after the other, each with the next draw of a mode.
template <rounding_mode R>
class rounding_sequence {
 public:
  /// Rounding i draws for element first + i.
  constexpr rounding_sequence(const R& mode, std::uint64_t first) : mode_(mode), next_(first) {}
  constexpr unpacked operator()(const float_format& f, const unpacked& x, overflow o) {
    const code_t code = encode(f, x, at(mode_, next_++), o);
    return decode(f, code);
  }
  [[nodiscard]] constexpr unpacked sum(const unpacked& a, const unpacked& b) const {
    return exact::add(a, b, zero_sum_is_negative(mode_));
  }

 private:
  R mode_;
  std::uint64_t next_;
};

[[nodiscard]] constexpr unpacked product_of(const gemm_policy& p, const factor_rows& rows,
                                            std::size_t k) {
  return p.product == product::l_mul ? l_multiply(rows.a[k], rows.b[k], rows.mantissa_bits)
                                     : exact::multiply(rows.a[k], rows.b[k]);
}

template <rounding_mode R>
[[nodiscard]] unpacked sequential_sum(const gemm_policy& p, const factor_rows& rows,
                                      std::size_t begin, std::size_t end,
                                      rounding_sequence<R>& round, unpacked sum) {
  for (std::size_t k = begin; k < end; ++k) {
    unpacked term = product_of(p, rows, k);
    if (p.product == product::rounded) term = round(p.accumulator, term, p.range);
    sum = round(p.accumulator, round.sum(sum, term), p.range);
  }
  return sum;
}

template <rounding_mode R>
[[nodiscard]] unpacked pairwise_sum(const gemm_policy& p, const factor_rows& rows,
                                    std::size_t begin, std::size_t end,
                                    rounding_sequence<R>& round) {
  if (begin == end) return unpacked::zero();
  std::vector<unpacked> level;
  for (std::size_t k = begin; k < end; ++k) {
    level.push_back(round(p.accumulator, product_of(p, rows, k), p.range));
  }
  while (level.size() > 1) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      level[size++] = i + 1 == level.size()
                          ? level[i]
                          : round(p.accumulator, round.sum(level[i], level[i + 1]), p.range);
    }
    level.resize(size);
  }
  return level[0];
}

/// x truncated to the precision of f; what is then beyond its range is an overflow, as it would not
/// be under the mode toward_zero.
[[nodiscard]] constexpr unpacked truncated(const float_format& f, const unpacked& x, overflow o) {
  const float_format wide{.exponent_bits = f.exponent_bits + 1,
                          .mantissa_bits = f.mantissa_bits,
                          .bias = f.bias,
                          .at_exponent_zero = f.at_exponent_zero};
  return decode(f, encode(f, decode(wide, encode(wide, x, toward_zero)), nearest_even, o));
}

/// The products begin, …, end - 1 in one adder, with the accumulator.
[[nodiscard]] inline unpacked aligned_sum(const gemm_policy& p, const factor_rows& rows,
                                          std::size_t begin, std::size_t end,
                                          const unpacked& accumulator) {
  struct term {
    unpacked value;
    int exponent;
  };
  const auto product_term = [&](std::size_t k) {
    const int a = std::max(rows.a[k].exponent, rows.a_lowest_exponent);
    const int b = std::max(rows.b[k].exponent, rows.b_lowest_exponent);
    return term{product_of(p, rows, k), a + b};
  };
  const term old{accumulator, std::max(accumulator.exponent, 1 - p.accumulator.bias)};

  // What is no number decides by itself.
  unpacked special = p.adder.has_accumulator ? accumulator : unpacked::zero();
  int highest = std::numeric_limits<int>::min() / 2;
  const auto look_at = [&](const term& t) {
    if (t.value.kind == value_kind::finite) highest = std::max(highest, t.exponent);
    if (!t.value.is_finite())
      special = special.is_finite() ? t.value : exact::add(special, t.value);
  };
  if (p.adder.has_accumulator) look_at(old);
  for (std::size_t k = begin; k < end; ++k) look_at(product_term(k));

  const int unit = highest - p.adder.fraction_bits;  // the weight of the last bit that is kept
  std::int64_t sum = 0;
  const auto add = [&](const term& t) {
    if (t.value.kind != value_kind::finite) return;
    const int kept_bits = t.value.exponent + 1 - unit;  // at most 43
    if (kept_bits <= 0) return;
    const auto magnitude = static_cast<std::int64_t>(t.value.significand.high >> (64 - kept_bits));
    sum += t.value.negative ? -magnitude : magnitude;
  };
  if (p.adder.has_accumulator) add(old);
  for (std::size_t k = begin; k < end; ++k) add(product_term(k));

  unpacked total = unpacked::zero();
  if (!special.is_finite()) {
    total = special;
  } else if (sum != 0) {
    total = scale_by_power_of_two(unpacked::from_integer(sum), unit);
  }
  if (!p.adder.has_accumulator) total = exact::add(accumulator, total);
  const unpacked kept = truncated(p.accumulator, total, p.range);
  return kept.is_zero() ? unpacked::zero() : kept;
}

/// The running sum of the products begin, …, end - 1, from `sum` on; in pairs it has no beginning.
template <rounding_mode R>
[[nodiscard]] unpacked chunk_sum(const gemm_policy& p, const factor_rows& rows, std::size_t begin,
                                 std::size_t end, rounding_sequence<R>& round,
                                 unpacked sum = unpacked::zero()) {
  switch (p.sum) {
    case accumulation::pairwise: return pairwise_sum(p, rows, begin, end, round);
    case accumulation::aligned: {
      const auto terms = static_cast<std::size_t>(p.adder.terms);
      for (std::size_t k = begin; k < end; k += terms) {
        sum = aligned_sum(p, rows, k, std::min(k + terms, end), sum);
      }
      return sum;
    }
    default: return sequential_sum(p, rows, begin, end, round, sum);
  }
}

/// The sum of all products and a start, in the accumulator's format or the promoted one.
template <rounding_mode R>
[[nodiscard]] unpacked modeled_sum(const gemm_policy& p, const factor_rows& rows, std::size_t depth,
                                   rounding_sequence<R> round, const unpacked& start) {
  if (p.chunk == 0) return chunk_sum(p, rows, 0, depth, round, start);
  unpacked total = start;
  const auto chunk = static_cast<std::size_t>(p.chunk);
  for (std::size_t k = 0; k < depth; k += chunk) {
    const unpacked sum =
        exact::add(total, chunk_sum(p, rows, k, std::min(k + chunk, depth), round));
    total = decode(p.promoted, encode(p.promoted, sum));
  }
  return total;
}

}  // namespace lowp::detail
