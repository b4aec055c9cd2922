// SPDX-License-Identifier: MIT
// Corner cases of functions of single numbers: the remarkable codes of each operand with each
// other, and operands that are solved for so that the exact result lies at, just below or just
// above what is remarkable about results: ties, powers of two, the ends of the subnormal numbers
// and of the range, zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/formats/next_code.hpp"
#include "lowp/verification/draws.hpp"

namespace lowp::verification {

namespace detail {

[[nodiscard]] inline code_t nearest_code(const any_format& f, const unpacked& x) {
  return encode(f, x, nearest_even, overflow::saturate, missing_nan::largest);
}
inline void add_code(std::vector<code_t>& codes, code_t code) {
  for (const code_t known : codes) {
    if (known == code) return;
  }
  codes.push_back(code);
}
[[nodiscard]] inline unpacked halfway(const unpacked& a, const unpacked& b) {
  return scale_by_power_of_two(exact::add(a, b), -1);
}

}  // namespace detail

/// NaNs of every kind that a format has: of either sign, quiet and signaling, with payloads of one
/// bit at either end, of zeros, of ones, and the code that a conversion gives.
[[nodiscard]] inline std::vector<code_t> nan_codes(const any_format& f) {
  std::vector<code_t> codes;
  const int bits = f.bits();
  const code_t all = low_mask(bits);
  const auto try_code = [&](code_t code) {
    if (decode(f, code & all).is_nan()) detail::add_code(codes, code & all);
  };
  try_code(encode(f, unpacked::nan(), nearest_even, overflow::to_special, missing_nan::largest));
  try_code(
      encode(f, unpacked::nan(true), nearest_even, overflow::to_special, missing_nan::largest));
  // An infinity, if there is one, and one more bit; ones from the top, and one more bit.
  for (const bool is_negative : {false, true}) {
    const code_t infinity = encode(f, unpacked::infinite(is_negative), nearest_even,
                                   overflow::to_special, missing_nan::largest);
    for (const int bit : {0, 1, bits / 2, bits - 1}) try_code(infinity | code_t{1} << bit);
    const code_t sign = is_negative ? 0 : code_t{1} << (bits - 1);
    try_code(all ^ sign);
    try_code((all ^ sign) - 1);
    for (int ones = 0; ones < bits; ++ones) {  // the first that is a NaN, and with its lowest bit
      const code_t code = (all ^ low_mask(bits - ones)) & ~sign;
      if (decode(f, code).is_nan()) {
        try_code(code);
        try_code(code | 1);
        break;
      }
    }
  }
  return codes;
}

/// The codes that are remarkable by themselves: zeros, the ends of the subnormal and of the normal
/// numbers, one, two, one half and what lies beside each of them, numbers of ones alone,
/// infinities, NaNs. All codes of a format of up to 4 bits.
[[nodiscard]] inline std::vector<code_t> corner_codes(const any_format& f) {
  std::vector<code_t> codes;
  if (f.bits() <= 4) {
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) codes.push_back(code);
    return codes;
  }
  std::vector<unpacked> values;
  for (const code_t end : {smallest_positive_code(f), smallest_normal_code(f), largest_code(f)})
    values.push_back(decode(f, end));
  for (const int power : {0, 1, -1}) values.push_back(unpacked::scaled_integer(false, 1, power));
  values.push_back(unpacked::scaled_integer(false, 3, -1));
  const auto with_neighbours = [&](code_t code) {
    detail::add_code(codes, code);
    detail::add_code(codes, next_code(f, code, true));
    detail::add_code(codes, next_code(f, code, false));
  };
  for (const bool is_negative : {false, true}) {
    detail::add_code(codes, detail::nearest_code(f, unpacked::zero(is_negative)));
    for (const unpacked& value : values)
      with_neighbours(detail::nearest_code(f, is_negative ? -value : value));
    detail::add_code(codes, encode(f, unpacked::infinite(is_negative), nearest_even,
                                   overflow::to_special, missing_nan::largest));
  }
  for (const code_t code : nan_codes(f)) detail::add_code(codes, code);
  return codes;
}

/// The most remarkable of them, at most 16.
[[nodiscard]] inline std::vector<code_t> few_corner_codes(const any_format& f) {
  std::vector<code_t> codes;
  const auto add = [&](const unpacked& x) { detail::add_code(codes, detail::nearest_code(f, x)); };
  add(unpacked::zero());
  add(unpacked::zero(true));
  const code_t smallest = smallest_normal_code(f),
               one = detail::nearest_code(f, unpacked::scaled_integer(false, 1));
  for (const code_t code : {smallest_positive_code(f), smallest, next_code(f, smallest, false), one,
                            next_code(f, one, true), next_code(f, one, false), largest_code(f)}) {
    detail::add_code(codes, code);
  }
  add(-decode(f, largest_code(f)));
  add(-decode(f, one));
  for (const bool is_negative : {false, true}) {
    detail::add_code(codes, encode(f, unpacked::infinite(is_negative), nearest_even,
                                   overflow::to_special, missing_nan::largest));
  }
  bool has_quiet = false, has_signaling = false;
  for (const code_t code : nan_codes(f)) {
    bool& has = nan_payload_of(f, code).is_signaling ? has_signaling : has_quiet;
    if (!has) detail::add_code(codes, code);
    has = true;
  }
  return codes;
}

/// Values that are remarkable as exact results in a format: each of its ends and boundaries, the
/// middle between it and its neighbours, what lies next to that, and the same of some random codes
/// and of some before a power of two.
[[nodiscard]] inline std::vector<unpacked> result_targets(draws& random, const any_format& f) {
  std::vector<unpacked> targets;
  const value_facts facts = facts_of(f);
  const auto add = [&](const unpacked& x) {
    if (x.is_finite()) targets.push_back(x);
  };
  const auto add_around = [&](code_t code) {
    const unpacked x = decode(f, code);
    if (!x.is_finite()) return;
    add(x);
    for (const bool is_up : {false, true}) {
      const unpacked y = decode(f, next_code(f, code, is_up));
      if (!y.is_finite()) continue;
      const unpacked middle = detail::halfway(x, y);
      add(middle);
      // One part in 2^(bits + 3) of the way off the middle.
      const unpacked step = scale_by_power_of_two(exact::add(y, -x), -facts.significant_bits - 3);
      add(exact::add(middle, step));
      add(exact::add(middle, -step));
      add(exact::add(x, step));
    }
  };
  const code_t smallest = smallest_positive_code(f), normal = smallest_normal_code(f),
               largest = largest_code(f);
  add(unpacked::zero());
  for (const code_t code : {smallest, normal, largest, detail::nearest_code(f, unpacked::zero())}) {
    add_around(code);
  }
  const unpacked half_smallest = scale_by_power_of_two(decode(f, smallest), -1);
  for (const int power : {0, -1, -8}) add(scale_by_power_of_two(half_smallest, power));
  // What lies beyond the end by a half step, a step, and far.
  const unpacked end = decode(f, largest), inside = value_next_to_end(f, false);
  const unpacked end_step = exact::add(end, -inside);
  for (const int power : {-1, 0, 1}) add(exact::add(end, scale_by_power_of_two(end_step, power)));
  add(exact::add(end, scale_by_power_of_two(end_step, -facts.significant_bits - 3)));
  add(scale_by_power_of_two(end, 1));
  for (int i = 0; i < 24; ++i) {
    add_around(structured_code(random, f));
    const int exponent = facts.highest_exponent < value_facts::unbounded
                             ? random.between(facts.lowest_exponent, facts.highest_exponent)
                             : random.between(-4, 4);
    const unpacked power = unpacked::scaled_integer(false, 1, exponent);
    add_around(next_code(f, detail::nearest_code(f, power), false));
  }
  const std::size_t count = targets.size();
  if (!is_signed(f)) return targets;
  for (std::size_t i = 0; i < count; ++i) targets.push_back(-targets[i]);
  return targets;
}

/// A function of up to three numbers, as far as corners ask.
struct scalar_problem {
  const any_format* formats[3];  ///< of operands
  int count;
  const any_format* result;
  /// The last operand for which the result is a target; null if that cannot be said.
  unpacked (*solve)(const unpacked* others, const unpacked& target);
};

/// Corner cases of a function, problem.count codes each.
inline void add_scalar_corners(const scalar_problem& problem, std::uint64_t seed,
                               std::vector<code_t>& in) {
  const auto count = static_cast<std::size_t>(problem.count);
  // Every remarkable code of an operand with every one of the others.
  std::vector<code_t> lists[3];
  for (std::size_t i = 0; i < count; ++i) {
    lists[i] =
        count == 3 ? few_corner_codes(*problem.formats[i]) : corner_codes(*problem.formats[i]);
  }
  for (std::size_t i = 0; i < lists[0].size(); ++i) {
    for (std::size_t j = 0; j < (count > 1 ? lists[1].size() : 1); ++j) {
      for (std::size_t k = 0; k < (count > 2 ? lists[2].size() : 1); ++k) {
        in.push_back(lists[0][i]);
        if (count > 1) in.push_back(lists[1][j]);
        if (count > 2) in.push_back(lists[2][k]);
      }
    }
  }
  if (problem.solve == nullptr) return;

  // The last operand solved for: its nearest code, which gives the target if there is one that
  // does, and those beside it.
  draws random(seed, 1);
  const any_format& last = *problem.formats[count - 1];
  const auto add_solved = [&](const code_t* others, const unpacked& target) {
    unpacked values[3];
    for (std::size_t i = 0; i + 1 < count; ++i) values[i] = decode(*problem.formats[i], others[i]);
    const unpacked x = problem.solve(values, target);
    if (x.is_nan()) return;
    const code_t nearest = detail::nearest_code(last, x);
    const code_t codes[] = {nearest, next_code(last, nearest, true),
                            next_code(last, nearest, false)};
    for (const code_t code : codes) {
      in.insert(in.end(), others, others + count - 1);
      in.push_back(code);
    }
  };
  const int precision = facts_of(*problem.result).significant_bits;
  const int tries = count == 1 ? 1 : 8;
  for (const unpacked& target : result_targets(random, *problem.result)) {
    for (int i = 0; i < tries; ++i) {
      code_t others[2] = {};
      for (std::size_t which = 0; which + 1 < count; ++which) {
        const any_format& f = *problem.formats[which];
        // Something of about the size of the target, so that sums align and cancel; else anything.
        const unpacked scaled =
            exact::multiply(target, structured_value(random, which == 0 ? 2 : precision / 2 + 1,
                                                     random.between(-precision - 2, 2)));
        const bool is_near = which == 0 && random.coin() && !scaled.is_zero();
        others[which] = is_near ? detail::nearest_code(f, scaled) : structured_code(random, f);
        if (which == 1 && random.coin()) {
          others[which] = detail::nearest_code(
              f, structured_value(random, precision / 2 + 1, random.between(-2, 2)));
        }
      }
      add_solved(others, target);
    }
  }
  if (count == 1) return;
  // Products of short odd factors, one and two bits longer than what the result keeps: ties.
  const value_facts facts = facts_of(*problem.result);
  if (facts.highest_exponent >= value_facts::unbounded) return;
  for (int i = 0; i < 512; ++i) {
    const int length = precision + random.between(1, 2), first = random.between(1, length);
    if (first > 62 || length - first > 62) continue;
    const int exponent = random.between(facts.lowest_exponent - precision, facts.highest_exponent);
    const int split = random.between(-2, 2) + exponent / 2;
    const unpacked a =
        unpacked::scaled_integer(random.coin(), odd_integer(random, first), split + 1 - first);
    const int rest = length + 1 - first;
    const unpacked b = unpacked::scaled_integer(random.coin(), odd_integer(random, rest),
                                                exponent - split + 1 - rest);
    code_t others[2] = {detail::nearest_code(*problem.formats[0], a), 0};
    if (count == 2) {
      add_solved(others, exact::multiply(a, b));
    } else {  // with an addend of zero, and one near
      others[1] = detail::nearest_code(*problem.formats[1], b);
      add_solved(others, exact::multiply(decode(*problem.formats[0], others[0]),
                                         decode(*problem.formats[1], others[1])));
    }
  }
}

}  // namespace lowp::verification
