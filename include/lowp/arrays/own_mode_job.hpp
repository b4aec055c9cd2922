// SPDX-License-Identifier: MIT
// Arrays rounded by a mode that no kernel knows, such as one of a user's own: kernels round toward
// zero and away from it, and the mode is asked only where the two differ.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether kernels may not know a mode of this type.
template <rounding_mode R>
inline constexpr bool may_be_own_mode = !is_fixed_addend<R> && !std::same_as<R, stochastic>;

/// What a mode is told about a value of the source that rounds to a finite one.
template <class Word>
class discarded_part {
  using s = kernels::source<Word>;

 public:
  template <number_format F>
  discarded_part(const F& f, const code_grid& grid)
      : mantissa_bits_(grid.mantissa_bits),
        lowest_(s::bias + grid.lowest_exponent),
        skipped_(grid.skips_subnormals ? grid.mantissa_bits : 0),
        first_(grid.lacks_zero ? 1 : 0),
        is_unsigned_(grid.largest_negative == 0) {
    const code_t nearer = is_unsigned_ ? grid.largest_positive
                                       : (std::min)(grid.largest_positive, grid.largest_negative);
    const auto limit = static_cast<Word>(encode(s::format, decode(f, nearer)));
    limit_ = (std::min)(limit, static_cast<Word>(s::infinity - 1));
  }

  /// Whether a value rounds to a finite one in any mode.
  [[nodiscard]] bool is_in_range(Word bits) const {
    return is_unsigned_ ? bits <= limit_ : (bits & static_cast<Word>(~s::sign)) <= limit_;
  }
  [[nodiscard]] discarded operator()(Word bits) const {
    const auto magnitude = static_cast<Word>(bits & static_cast<Word>(~s::sign));
    const auto field = static_cast<int>(magnitude >> s::mantissa_bits);
    const int exponent = (std::max)(field, 1), placed = (std::max)(field, lowest_);
    const std::uint64_t significand = std::uint64_t{magnitude} + s::hidden -
                                      (static_cast<std::uint64_t>(exponent) << s::mantissa_bits);
    const int below = placed - exponent;
    const int shift = s::mantissa_bits - mantissa_bits_ + below + (below > 0 ? skipped_ : 0);
    const std::uint64_t kept = significand >> (std::min)(shift, 63);
    // Of the last mantissa bit; without any, of the exponent.
    const auto binades = static_cast<std::uint64_t>(placed - lowest_ - first_);
    const std::uint64_t odd = (kept + (mantissa_bits_ == 0 ? binades : 0)) & 1;
    return {fraction(significand, shift), (bits & s::sign) != 0, odd != 0};
  }

 private:
  /// Of a unit of 1 << shift, in units of 2^-64, the lowest bit sticky; without a branch, since the
  /// exponents of values are hard to predict. A significand far below a unit is sticky alone.
  [[nodiscard]] static std::uint64_t fraction(std::uint64_t significand, int shift) {
    constexpr int width = s::mantissa_bits + 1;
    const std::uint64_t whole = significand << (64 - width) << (std::max)(width - shift, 0);
    const int down = (std::min)((std::max)(shift - width, 0), 63);
    const std::uint64_t kept = whole >> down;
    return kept | static_cast<std::uint64_t>(kept << down != whole);
  }

  int mantissa_bits_, lowest_, skipped_, first_;
  bool is_unsigned_;
  Word limit_ = 0;
};

/// Encodes or rounds a part of an array. `define` is the definition: define(bits, index).
template <class Source, class Sink, class R, class Define>
struct own_mode_job {
  using word = typename Source::word;
  using result = typename Sink::type;

  isa level;
  const kernels::encode_plan<word>& toward;  ///< zero
  const kernels::encode_plan<word>& away;    ///< from it
  discarded_part<word> discarded_of;
  const R& mode;
  const Define& define;
  Source source;
  Sink sink;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* out) const {
    alignas(64) word values[buffer_size];
    alignas(64) result lower[buffer_size], upper[buffer_size], results[buffer_size];
    for (std::size_t i = 0; i < count; i += buffer_size) {
      const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
      const word* const in = source.at(level, first + i, n, values);
      kernels::encode<word, Sink::is_value, false>(level, toward, in, nullptr, n, lower);
      kernels::encode<word, Sink::is_value, false>(level, away, in, nullptr, n, upper);
      result* const to = sink.at(out, i, results);
      for (std::size_t j = 0; j < n; ++j) {
        to[j] = chosen(in[j], first + i + j, lower[j], upper[j]);
      }
      sink.finish(level, to, first, i, n, out);
    }
  }

 private:
  [[nodiscard]] result chosen(word bits, std::size_t index, result lower, result upper) const {
    if (!discarded_of.is_in_range(bits)) [[unlikely]] {
      return lower == upper ? lower : defined(bits, index);
    }
    // A mask and no branch, which would be mispredicted every other time.
    const bool is_up = rounds_up(at(mode, index), discarded_of(bits));
    return static_cast<result>(lower ^ ((lower ^ upper) & (result{0} - result{is_up})));
  }
  LOWP_NOINLINE result defined(word bits, std::size_t index) const {
    return static_cast<result>(define(bits, index));
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
