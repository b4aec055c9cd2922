// SPDX-License-Identifier: MIT
// What the lane expressions (derived.inc) need to know about a format, a rounding mode and the
// rules for the ends of the range: a handful of integers, computed once per call from the
// descriptor by asking the scalar codec. Kernels are therefore not instantiated per format, and a
// format chosen at run time is as fast as one chosen at compile time.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/kernels/lanes/lane_rounding.hpp"
#include "lowp/kernels/lanes/placement.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where the codes of a format lie among the values of the source: a magnitude is
///   (significand >> shift, rounded) + ((exponent - lowest) << mantissa_bits)
/// with the exponent of the source but at least `lowest`, and the shift larger by the difference.
template <class Word>
struct grid_plan {
  bool is_supported = false;
  int mantissa_bits = 0;
  int lowest = 0;  ///< biased exponent of the lowest binade of the format
  bool skips_subnormals = false;
  by_sign<Word> largest{};
};

/// Of grids whose lowest binade is not below that of the source, and with fewer bits.
template <class Word>
[[nodiscard]] constexpr grid_plan<Word> make_grid(const code_grid& of) {
  using s = source<Word>;
  const int lowest = s::bias + of.lowest_exponent;
  const code_t largest =
      of.largest_positive > of.largest_negative ? of.largest_positive : of.largest_negative;
  grid_plan<Word> g;
  g.is_supported = of.exists && lowest >= 1 && lowest <= s::largest_exponent &&
                   of.mantissa_bits < s::mantissa_bits && largest <= low_mask(s::bits - 2);
  g.skips_subnormals = of.skips_subnormals;
  // To lanes the subnormals of the source lie in its lowest binade, where none may be skipped.
  if (g.skips_subnormals && lowest == 1) g.is_supported = false;
  if (!g.is_supported) return g;
  g.mantissa_bits = of.mantissa_bits;
  g.lowest = lowest;
  g.largest = {static_cast<Word>(of.largest_positive), static_cast<Word>(of.largest_negative)};
  return g;
}

/// Whether a family says where its codes lie. Others are encoded by thresholds.
template <class F>
inline constexpr bool has_known_grid = requires(const F& f) {
  known_grid(f);
};

/// Where a family says that its codes lie, if it does.
template <number_format F>
[[nodiscard]] constexpr code_grid grid_of(const F& f) {
  if constexpr (has_known_grid<F>) {
    return known_grid(f);
  } else {
    return {};
  }
}

/// What replaces or completes a rounded magnitude; for codes or for values of the source type.
template <class Word>
struct output_plan {
  by_sign<Word> overflowed{}, infinity{}, nan{}, zero{};
  Word flip = 0;       ///< what a negative sign flips in the magnitude …
  Word increment = 0;  ///< … and adds to it
  bool has_negative_zero = false;
};

/// Which expression rounds.
enum class method : std::uint8_t {
  general,  ///< any mode, any ends
  nearest,  ///< nearest even (or random after it) by a floating-point addition
  fixed,    ///< nearest even in fixed point, saturating, by an addition too
  narrow,   ///< nearest to codes of so few bits that the sum has them all in one place
  flat,     ///< nearest even for formats whose codes are the upper bits of the source
  upper,    ///< and whose overflow is infinity: with the sign, nothing but the rounding is left
  half,     ///< binary16 with overflow to infinity, by the conversion instruction
  wrap,     ///< any mode in fixed point, modulo a power of two
  placed,   ///< any mode at one place, any ends, where there is a placement
};

/// Whether a method may be planned for codes or values, with random bits or without.
[[nodiscard]] constexpr bool applies(method how, bool to_values, bool is_random) {
  const bool needs_codes = how == method::narrow || how == method::half;
  const bool needs_no_draw =
      needs_codes || how == method::upper || how == method::fixed || how == method::wrap;
  return !(needs_codes && to_values) && !(needs_no_draw && is_random);
}

/// What the fast methods do at the ends of the range.
template <class Word>
struct fast_nearest {
  method how = method::general;
  Word largest = 0;       ///< the largest value; wrap: the largest that one addition wraps, or 0
  Word cap = 0;           ///< the value that stands for all beyond the largest; wrap: by three
  Word floor = 0;         ///< fixed: the lowest value
  bool has_caps = false;  ///< else what is beyond `largest` is left to the general method
  bool caps_nan = false;  ///< NaN is among what is beyond
};

struct block_thresholds;

template <class Word>
struct encode_plan {
  bool is_supported = false;
  /// Elements of blocks are encoded by these instead, if their format lies on no grid.
  const block_thresholds* thresholds = nullptr;
  grid_plan<Word> grid{};
  lane_rounding rounding{};
  output_plan<Word> output{};
  fast_nearest<Word> fast{};
  placement<Word> placed{};
  bool mirrors = false;  ///< wrap: as overflow::wrap_sign_magnitude says

  /// Whether loops over arrays do what it says, be it by the general method or not.
  [[nodiscard]] constexpr bool serves_arrays() const {
    return is_supported || fast.how == method::placed;
  }

  /// Whether a number too small for a normal one of the source is certain to become zero.
  [[nodiscard]] constexpr bool ignores_underflow() const {
    if (thresholds != nullptr) return true;
    const int unit = grid.lowest - grid.mantissa_bits - rounding.extra_bits;
    return fast.how != method::general && fast.how != method::flat && fast.how != method::wrap &&
           fast.how != method::placed && unit > 2;
  }
};

namespace detail {

[[nodiscard]] constexpr bool is_nearest_even(const lane_rounding& r) {
  return r.odd == 1 && !r.is_even_odd && r.addend.positive == r.addend.negative &&
         r.addend.positive == lowp::detail::half_unit - 1;
}

/// The least magnitude on a grid above its largest ones, or 0 where the source has none; 0 for a
/// grid that is finer than the source, too.
template <class Word>
[[nodiscard]] constexpr Word value_above(const code_grid& grid) {
  using s = source<Word>;
  if (grid.mantissa_bits >= s::mantissa_bits) return 0;
  const code_t above = (grid.largest_positive > grid.largest_negative ? grid.largest_positive
                                                                      : grid.largest_negative) +
                       1;
  const auto binades = static_cast<int>(above >> grid.mantissa_bits);
  const int raised = binades > 1 ? binades - 1 : 0;
  const code_t significand = above - (static_cast<code_t>(raised) << grid.mantissa_bits);
  const unpacked value = unpacked::scaled_integer(
      false, significand, grid.lowest_exponent - grid.mantissa_bits + raised);
  const auto bits = static_cast<Word>(encode(s::format, value));
  return bits < s::infinity ? bits : 0;
}

/// Fixed point by an addition: everything out of range, infinities too, is an end of it.
template <class Word, number_format F>
[[nodiscard]] constexpr fast_nearest<Word> make_fast_fixed(const encode_plan<Word>& plan,
                                                           const F& f, bool to_values) {
  using s = source<Word>;
  const int place = plan.grid.lowest + s::mantissa_bits - plan.grid.mantissa_bits;
  if (!is_nearest_even(plan.rounding) || plan.rounding.is_random() || place > s::largest_exponent) {
    return {};
  }
  const auto value = [&](code_t code) {
    return static_cast<Word>(encode(s::format, decode(f, code)));
  };
  const auto highest = plan.grid.largest.positive;
  const code_t lowest = (code_t{0} - plan.grid.largest.negative) & low_mask(f.bits());
  const auto is_end = [&](const by_sign<Word>& c) {
    return c.positive == (to_values ? value(highest) : highest) &&
           c.negative == (to_values ? value(lowest) : static_cast<Word>(lowest));
  };
  if (!is_end(plan.output.overflowed) || !is_end(plan.output.infinity)) return {};
  return {.how = method::fixed, .cap = value(highest), .floor = value(lowest)};
}

/// Below 2^(mantissa_bits - 1) units a sum with 1.5 * 2^mantissa_bits of them has the low bits of
/// the integer in its own; and a sum with so many times 2^bits units is one to a multiple of these.
template <class Word>
[[nodiscard]] constexpr fast_nearest<Word> make_wrap(const encode_plan<Word>& plan) {
  using s = source<Word>;
  const int place = plan.grid.lowest + s::mantissa_bits - plan.grid.mantissa_bits;
  const int multiples = place + plan.grid.mantissa_bits;
  const auto below = [](int exponent) {
    return (static_cast<Word>(exponent) << s::mantissa_bits) - 1;
  };
  fast_nearest<Word> fast{.how = method::wrap};
  if (is_nearest_even(plan.rounding) && !plan.mirrors && place <= s::largest_exponent) {
    fast.largest = below(place - 1);
    fast.cap = multiples <= s::largest_exponent ? below(multiples - 1) : fast.largest;
  }
  return fast;
}

/// The fast methods round what is in range as any format with subnormals does; caps also need an
/// overflow that is the largest value or the magnitude after it, whatever the sign.
template <class Word>
[[nodiscard]] constexpr fast_nearest<Word> make_fast(const encode_plan<Word>& plan,
                                                     bool to_values) {
  using s = source<Word>;
  const grid_plan<Word>& grid = plan.grid;
  const output_plan<Word>& output = plan.output;
  const lane_rounding& r = plan.rounding;
  const Word largest = grid.largest.positive;
  const int highest_binade = static_cast<int>(largest >> grid.mantissa_bits) + grid.lowest - 1;
  // Without mantissa bits the parity of a code is that of its exponent, which a sum does not see.
  if (!is_nearest_even(r) || r.draws_words || grid.mantissa_bits + r.extra_bits == 0 ||
      output.increment != 0 || grid.skips_subnormals || grid.largest.negative != largest ||
      (largest >> grid.mantissa_bits) == 0 || highest_binade > s::largest_exponent) {
    return {};
  }
  const int shift = s::mantissa_bits - grid.mantissa_bits;
  const auto value = [&](Word magnitude) {
    return (magnitude << shift) + (static_cast<Word>(grid.lowest - 1) << s::mantissa_bits);
  };
  const auto is_symmetric = [&](const by_sign<Word>& c) {
    return c.negative == (c.positive ^ output.flip);
  };
  const Word overflowed = output.overflowed.positive;
  const bool saturates = overflowed == (to_values ? value(largest) : largest);
  const bool becomes_next = !saturates && (to_values || overflowed == largest + 1);

  fast_nearest<Word> fast;
  fast.has_caps = (saturates || becomes_next) && is_symmetric(output.overflowed) &&
                  output.infinity.positive == overflowed &&
                  output.infinity.negative == output.overflowed.negative;
  fast.caps_nan = fast.has_caps && output.nan.positive == overflowed && is_symmetric(output.nan);
  fast.largest = value(largest);
  fast.cap = value(becomes_next ? largest + 1 : largest);
  const int highest_unit = static_cast<int>(fast.cap >> s::mantissa_bits) + shift - r.extra_bits;
  fast.how = grid.lowest == 1                      ? method::flat
             : highest_unit <= s::largest_exponent ? method::nearest
                                                   : method::general;
  const auto may_be = [&](method how) { return applies(how, to_values, r.is_random()); };
  if (may_be(method::upper) && fast.how == method::flat && fast.has_caps && becomes_next &&
      output.has_negative_zero && fast.cap == s::infinity &&
      output.flip == (to_values ? s::sign : s::sign >> shift)) {
    fast.how = method::upper;
  }
  if (may_be(method::narrow) && fast.how == method::nearest &&
      output.flip + (Word{2} << grid.mantissa_bits) <= Word{1} << shift) {
    fast.how = method::narrow;
  }
  return fast;
}

}  // namespace detail

/// The plan for encoding to `f`, or for rounding to its grid (`to_values`). It is not supported
/// where the lanes are too narrow: then the scalar codec does the work.
template <class Word, number_format F, rounding_mode R>
[[nodiscard]] constexpr encode_plan<Word> make_encode_plan(const F& f, const R& mode, overflow o,
                                                           missing_nan n, bool to_values) {
  using s = source<Word>;
  encode_plan<Word> plan;
  const code_grid grid = grid_of(f);
  plan.grid = make_grid<Word>(grid);
  plan.rounding = lane_rounding_of(mode);
  if (s::bits == 32 && plan.rounding.extra_bits == 32) {
    plan.rounding.extra_bits = 0;
    plan.rounding.draws_words = true;
  }
  const bool wraps = o == overflow::wrap || o == overflow::wrap_sign_magnitude;
  plan.is_supported = plan.grid.is_supported && plan.rounding.is_known &&
                      plan.grid.mantissa_bits + plan.rounding.extra_bits < s::mantissa_bits &&
                      (!wraps || (grid.wraps && !plan.rounding.is_random()));
  if (to_values &&
      plan.grid.lowest + s::mantissa_bits - plan.grid.mantissa_bits > s::largest_exponent) {
    plan.is_supported = false;
  }
  // Formats that do not wrap read it as saturate.
  if ((grid.exists || grid.lacks_zero) && (!wraps || !grid.wraps)) {
    const code_t nearer =
        grid.largest_negative == 0 || grid.largest_positive < grid.largest_negative
            ? grid.largest_positive
            : grid.largest_negative;
    const auto limit = static_cast<Word>(encode(s::format, decode(f, nearer)));
    plan.placed = make_placement<Word>(grid, plan.grid.is_supported, plan.rounding,
                                       limit < s::infinity ? limit : s::infinity - 1,
                                       detail::value_above<Word>(grid));
  }
  if (!plan.is_supported && !plan.placed.is_possible) return plan;

  const auto output = [&](const unpacked& x) {
    const code_t code = encode(f, x, mode, o, n);
    return static_cast<Word>(to_values ? encode(s::format, decode(f, code)) : code);
  };
  const auto both = [&](const auto& make) {
    return by_sign<Word>{output(make(false)), output(make(true))};
  };
  plan.output.overflowed =
      both([](bool negative) { return unpacked::scaled_integer(negative, 1, 1 << 22); });
  plan.output.infinity = both([](bool negative) { return unpacked::infinite(negative); });
  plan.output.nan = both([](bool negative) { return unpacked::nan(negative); });
  plan.output.zero = both([](bool negative) { return unpacked::zero(negative); });
  plan.output.has_negative_zero = plan.output.zero.positive != plan.output.zero.negative;
  if (to_values) {
    plan.output.flip = s::sign;
  } else if (!grid.is_twos_complement) {
    plan.output.flip = static_cast<Word>(grid.sign_bit);
  } else {
    plan.output.flip = static_cast<Word>(low_mask(f.bits()));
    plan.output.increment = 1;
  }
  if (plan.placed.is_possible && plan.placed.lacks_zero) {
    const auto above = [](code_t largest) { return static_cast<Word>(largest + 1); };
    plan.grid.largest = {above(grid.largest_positive),
                         grid.sign_bit == 0 ? Word{0} : above(grid.largest_negative)};
    plan.output.has_negative_zero = true;  // each magnitude has its sign
  }
  if (!plan.is_supported) {
    plan.fast.how = method::placed;
    return plan;
  }
  plan.mirrors = o == overflow::wrap_sign_magnitude && plan.grid.largest.negative != 0;
  plan.fast = wraps                     ? detail::make_wrap(plan)
              : grid.is_twos_complement ? detail::make_fast_fixed(plan, f, to_values)
                                        : detail::make_fast(plan, to_values);
  if (is_same_format(f, formats::binary16) && s::bits == 32 && plan.fast.how == method::nearest &&
      applies(method::half, to_values, plan.rounding.is_random()) && plan.fast.has_caps &&
      plan.output.overflowed.positive == plan.grid.largest.positive + 1) {
    plan.fast.how = method::half;
  }
  if (plan.fast.how == method::general && plan.placed.is_possible) {
    plan.fast.how = method::placed;
  }
  return plan;
}

/// How the elements of a block are brought to the range of their format.
enum class block_scaling : std::uint8_t {
  exponent,  ///< by a power of two, exactly: a factor is the exponent of the lowest binade under it
  multiply,  ///< times the factor, rounded to binary32
  divide,    ///< by the factor, rounded to binary32
  divide_to_odd,  ///< by the factor, exactly as far as any rounding after it can tell
};

/// How codes of at most 32 bits become binary32 values.
struct decode_plan {
  bool is_supported = false;
  int bits = 0;
  int mantissa_bits = 0;
  int lowest = 0;  ///< as in grid_plan
  bool skips_subnormals = false;
  bool is_twos_complement = false;
  int sign_position = 0;  ///< of an unsigned format, a bit that no code has
  std::uint32_t magnitude_mask = 0;
  std::uint32_t largest = 0;
  std::uint32_t above_largest = 0;  ///< the value of largest + 1, infinity or NaN
  std::uint32_t negative_zero = 0;  ///< the value of a magnitude of 0 with a sign
  /// flat: values have the bits of their codes, further up; half: there is an instruction; fixed:
  /// integers times a power of two, rounded once to nearest even
  method how = method::general;
  std::uint32_t unit = 0;  ///< fixed: the value of 1
};

/// For codes of at most `most_bits`.
template <number_format F>
[[nodiscard]] constexpr decode_plan make_decode_plan(const F& f, int most_bits = 16) {
  using s = source<std::uint32_t>;
  const code_grid codes = grid_of(f);
  decode_plan plan;
  if (!codes.exists || f.bits() > most_bits) return plan;
  const auto value = [&f](code_t code) {
    return static_cast<std::uint32_t>(encode(s::format, decode(f, code)));
  };
  const bool is_signed =
      codes.is_twos_complement ? codes.largest_negative != 0 : codes.sign_bit != 0;
  plan.bits = f.bits();
  plan.sign_position = f.bits() - (is_signed ? 1 : 0);
  plan.skips_subnormals = codes.skips_subnormals;
  plan.is_twos_complement = codes.is_twos_complement && is_signed;
  const int shift = s::mantissa_bits - codes.mantissa_bits,
            lowest = s::bias + codes.lowest_exponent;
  const auto grid = make_grid<std::uint32_t>(codes);
  plan.is_supported = grid.is_supported && lowest + shift <= s::largest_exponent;
  plan.mantissa_bits = codes.mantissa_bits;
  plan.lowest = lowest;
  if (codes.is_twos_complement) {
    plan.magnitude_mask = plan.largest = static_cast<std::uint32_t>(low_mask(f.bits()));
    const int unit = codes.lowest_exponent - codes.mantissa_bits;
    if (codes.mantissa_bits == f.bits() && unit >= -90 && unit <= 90) {
      plan.is_supported = true;
      plan.how = method::fixed;
      plan.unit = static_cast<std::uint32_t>(s::bias + unit) << s::mantissa_bits;
    }
    return plan;
  }
  plan.magnitude_mask = static_cast<std::uint32_t>(low_mask(plan.sign_position));
  plan.largest = static_cast<std::uint32_t>(codes.largest_positive);
  plan.above_largest = plan.largest == plan.magnitude_mask ? 0 : value(plan.largest + 1);
  plan.negative_zero = value(codes.sign_bit);
  if (is_same_format(f, formats::binary16)) {
    plan.how = method::half;
  } else if (lowest == 1 && shift >= 0 && !codes.skips_subnormals && is_signed &&
             plan.above_largest == (plan.largest + 1) << shift && plan.negative_zero == s::sign) {
    plan.how = method::flat;
    plan.is_supported = true;
  }
  // Finite values beyond binary32 round to infinity, which the lanes do not do.
  if (plan.sign_position > 31 || (value(plan.largest) & ~s::sign) >= s::infinity) {
    plan.is_supported = false;
  }
  return plan;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
