// SPDX-License-Identifier: MIT
// Blocks and rows of numbers that show what a quantizer or an adder of products does: zeros of both
// signs, special values at one place, elements halfway between two codes, amaxes at which a scale
// changes, sums that cancel, terms far below the largest one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/next_code.hpp"
#include "lowp/verification/corners.hpp"
#include "lowp/verification/draws.hpp"

namespace lowp::verification {

/// Kinds of blocks that draw_block knows.
inline constexpr std::uint64_t block_kinds = 16;

namespace detail {

/// An exponent that the format has.
[[nodiscard]] inline int some_exponent(draws& random, const any_format& f) {
  const value_facts facts = facts_of(f);
  if (facts.highest_exponent >= value_facts::unbounded) return random.between(-8, 8);
  return random.between(facts.lowest_exponent, facts.highest_exponent);
}
/// The middle between a random element and the next one.
[[nodiscard]] inline unpacked some_midpoint(draws& random, const any_format& element) {
  for (int i = 0; i < 64; ++i) {
    const code_t code = random.bits(element.bits());
    const unpacked x = decode(element, code), y = decode(element, next_code(element, code, true));
    if (x.is_finite() && y.is_finite()) return halfway(x, y);
  }
  return unpacked::zero();
}

}  // namespace detail

/// A block of `count` codes of format `in` for a quantizer to `element` under scales of `scale`.
inline void draw_block(draws& random, std::uint64_t kind, const any_format& in,
                       const any_format& element, const any_format& scale, std::size_t count,
                       code_t* out) {
  const unpacked largest = largest_value(element);
  const auto code_of = [&](const unpacked& x) { return detail::nearest_code(in, x); };
  const auto fill = [&](const auto& value) {
    for (std::size_t i = 0; i < count; ++i) out[i] = code_of(value(i));
  };
  const auto place = [&] { return static_cast<std::size_t>(random.below(count)); };
  const auto times = [](const unpacked& x, int power) { return scale_by_power_of_two(x, power); };
  const int power = detail::some_exponent(random, scale);
  const auto ordinary = [&](std::size_t) {  // of about the range of elements
    return times(structured_value(random, 24, random.between(-6, 0)), largest.exponent + power);
  };
  const auto step = [&](code_t code, int by) {
    return by == 0 ? code : next_code(in, code, by > 0);
  };
  switch (kind % block_kinds) {
    case 0: return fill([](std::size_t) { return unpacked::zero(); });
    case 1: return fill([](std::size_t i) { return unpacked::zero(i % 2 != 0); });
    case 2: return fill([](std::size_t) { return unpacked::zero(true); });
    case 3:
      fill([&](std::size_t) { return unpacked::zero(random.coin()); });
      out[place()] = structured_code(random, in);
      return;
    case 4:
      return fill(
          [&](std::size_t) { return random.coin() ? -largest_value(in) : largest_value(in); });
    case 5: {  // one NaN, one infinity, or both
      fill(ordinary);
      const std::uint64_t which = random.below(3);
      const auto special = [&](const unpacked& x) {
        out[place()] = encode(in, x, nearest_even, overflow::to_special, missing_nan::largest);
      };
      if (which != 0) special(unpacked::infinite(random.coin()));
      if (which != 1) special(unpacked::nan(random.coin()));
      return;
    }
    case 6:  // the lower end of the range
      for (std::size_t i = 0; i < count; ++i) out[i] = random.bits(in.bits() > 12 ? 12 : 3);
      return;
    case 7:
    case 8: {  // the amax is the largest element times a power of two, or beside it
      fill(ordinary);
      const code_t amax = code_of(times(largest, power));
      out[place()] = step(amax, random.between(-1, 1));
      return;
    }
    case 9:
    case 10: {  // ties under the scale that belongs to the amax, and what is beside them
      const bool is_exact = kind % block_kinds == 9;
      fill([&](std::size_t) { return times(detail::some_midpoint(random, element), power); });
      if (!is_exact) {
        for (std::size_t i = 0; i < count; ++i) out[i] = step(out[i], random.between(-1, 1));
      }
      out[place()] = code_of(times(largest, power));
      return;
    }
    case 11: {  // the ends of the range of scales
      fill([&](std::size_t) { return unpacked::zero(random.coin()); });
      const unpacked end =
          decode(scale, random.coin() ? largest_code(scale) : smallest_positive_code(scale));
      const code_t amax = code_of(exact::multiply(times(end, random.between(-2, 1)), largest));
      out[place()] = step(amax, random.between(-1, 1));
      return;
    }
    case 12:
      return fill([&](std::size_t) {
        return decode(in, structured_code(random, in)).is_finite()
                   ? structured_value(random, 24, detail::some_exponent(random, in))
                   : unpacked::zero();
      });
    case 13: {  // equal magnitudes of either sign
      const unpacked x = ordinary(0);
      return fill([&](std::size_t i) { return i % 2 != 0 ? -x : x; });
    }
    case 14: {  // an amax at a power of two, three halves, seven quarters, or beside them
      fill([&](std::size_t i) { return times(ordinary(i), -2); });
      constexpr std::uint64_t quarters[] = {4, 5, 6, 7, 8};
      const unpacked x = unpacked::scaled_integer(random.coin(), quarters[random.below(5)],
                                                  largest.exponent + power - 2);
      out[place()] = step(code_of(x), random.between(-1, 1));
      return;
    }
    default: return fill(ordinary);
  }
}

/// Kinds of products that draw_product knows.
inline constexpr std::uint64_t product_kinds = 12;

/// Two rows of `count` codes whose products are added, and what they are added to.
inline void draw_product(draws& random, std::uint64_t kind, const any_format& a_format,
                         const any_format& b_format, const any_format& c_format, std::size_t count,
                         code_t* a, code_t* b, code_t* c) {
  const auto place = [&] { return static_cast<std::size_t>(random.below(count)); };
  const auto special = [&](const any_format& f, const unpacked& x) {
    return encode(f, x, nearest_even, overflow::to_special, missing_nan::largest);
  };
  const auto value = [&](const any_format& f, int exponent) {
    return detail::nearest_code(f, structured_value(random, 24, exponent));
  };
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = value(a_format, random.between(-1, 1));
    b[i] = value(b_format, random.between(-1, 1));
  }
  *c = value(c_format, random.between(-2, 4));
  switch (kind % product_kinds) {
    case 0:
      for (std::size_t i = 0; i < count; ++i)
        a[i] = detail::nearest_code(a_format, unpacked::zero(random.coin()));
      *c = detail::nearest_code(c_format, unpacked::zero(random.coin()));
      if (random.coin()) *c = random.bits(12);  // of binary32, a subnormal number
      return;
    case 1:  // pairs that cancel
      for (std::size_t i = 0; i + 1 < count; i += 2) {
        a[i + 1] = detail::nearest_code(a_format, -decode(a_format, a[i]));
        b[i + 1] = b[i];
      }
      return;
    case 2: {  // one large product, the others far below it, where adders cut off
      const std::size_t at = place();
      const int distance = random.between(8, 16);
      for (std::size_t i = 0; i < count; ++i) {
        if (i == at) continue;
        a[i] = value(a_format, -distance);
        b[i] = value(b_format, -random.between(0, 14));
      }
      return;
    }
    case 3:
      for (std::size_t i = 0; i < count; ++i) {
        a[i] = largest_code(a_format);
        b[i] = random.coin() ? largest_code(b_format) : lowest_code(b_format);
      }
      return;
    case 4: a[place()] = special(a_format, unpacked::nan(random.coin())); return;
    case 5:
      a[place()] = special(a_format, unpacked::infinite(random.coin()));
      if (random.coin()) b[place()] = special(b_format, unpacked::infinite(random.coin()));
      if (random.coin()) *c = special(c_format, unpacked::infinite(random.coin()));
      return;
    case 6: {
      const std::size_t at = place();
      a[at] = special(a_format, unpacked::infinite());
      b[at] = detail::nearest_code(b_format, unpacked::zero(random.coin()));
      return;
    }
    case 7: {  // the accumulator cancels what is added to it
      unpacked sum = unpacked::zero();
      for (std::size_t i = 0; i < count; ++i)
        sum = exact::add(sum, exact::multiply(decode(a_format, a[i]), decode(b_format, b[i])));
      *c = detail::nearest_code(c_format, -sum);
      if (random.coin()) *c = next_code(c_format, *c, random.coin());
      return;
    }
    case 8: *c = value(c_format, random.between(10, 30)); return;
    case 9: *c = structured_code(random, c_format); return;
    case 10:  // any exponents
      for (std::size_t i = 0; i < count; ++i) {
        a[i] = structured_code(random, a_format);
        b[i] = structured_code(random, b_format);
        if (!decode(a_format, a[i]).is_finite()) a[i] = value(a_format, 0);
        if (!decode(b_format, b[i]).is_finite()) b[i] = value(b_format, 0);
      }
      return;
    default: return;
  }
}

}  // namespace lowp::verification
