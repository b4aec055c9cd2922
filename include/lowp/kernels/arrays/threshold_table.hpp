// SPDX-License-Identifier: MIT
// Rounding to a narrow format of any family as a step function of the bits of a value: the twin of
// value_table, which decodes them. A deterministic mode gives larger values no smaller outputs, so
// between two values with one output there is no other, and a search in the scalar codec finds
// every step.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// The steps for binary32 or binary64 values, whose bits are a Word. Outputs are codes, or values
/// in the format of the source. One of three forms:
///
/// few    limits      L0     L1     L2        of keys, ascending as signed integers
///        outputs  O0 |  O1  |  O2  |  O3     from Li on it is O(i + 1)
///
/// where a key is the bits of a value, all but the sign flipped if that is set;
///
/// places  outputs of magnitudes by their upper bits, all but `shift`, and whether one of the
/// others
///         is set: where each step lies at, or right after, a magnitude without these;
///
/// buckets of magnitudes that differ in the lower `shift` bits, with at most one limit in each.
///
/// Places and buckets begin with those of positive values at `first`, which also has all smaller
/// magnitudes; beyond `last` there is no step. As many of negative values follow.
template <class Word>
struct threshold_plan {
  static constexpr int most_limits = 24;

  struct bucket {
    Word limit;            ///< a magnitude: from it on …
    std::uint16_t piece;   ///< … outputs[piece + 1], below it outputs[piece];
    std::uint8_t code[2];  ///< these, if they are codes: of the smaller magnitudes, of the others
  };

  enum class form : std::uint8_t { few, places, buckets } how = form::few;
  int limit_count = 0;
  const Word* limits = nullptr;
  const Word* outputs = nullptr;
  const std::uint8_t* codes = nullptr;  ///< of places: the outputs, if they are codes
  const bucket* buckets = nullptr;
  std::size_t count = 0;  ///< of places or buckets, for either sign
  int shift = 0;
  Word first = 0, last = 0;         ///< magnitude >> shift
  by_sign<Word> infinity{}, nan{};  ///< outputs
};

/// The few steps of a threshold_plan as they are without rounding to the format of the source, for
/// elements that are divided by a scale: the step before outputs[i + 1] is at values[i], or after
/// it.
struct exact_steps {
  static constexpr std::size_t size = 24;
  double values[size] = {};       ///< of at most 29 significant bits: times a float, exact
  std::int32_t after[size] = {};  ///< 1 if the step is after the value itself, else 0
  std::int32_t fixed_key[size] =
      {};  ///< the key of a step at a zero, or at an infinity or a NaN, …
  std::int32_t is_fixed[size] = {};  ///< … which no scale moves: -1, else 0
};
static_assert(exact_steps::size == threshold_plan<std::uint32_t>::most_limits);

/// A threshold_plan and what it refers to.
template <class Word>
class threshold_table {
  using s = source<Word>;
  using bucket = typename threshold_plan<Word>::bucket;

 public:
  threshold_table() = default;
  /// `output_of(bits)` is the output for a value, `magnitudes` are some to begin the search with.
  template <class OutputOf>
  threshold_table(const OutputOf& output_of, std::vector<Word> magnitudes) {
    magnitudes.insert(magnitudes.end(), {Word{0}, Word{1}, s::infinity - 1});
    std::sort(magnitudes.begin(), magnitudes.end());
    const steps positive = find_steps(output_of, magnitudes, 0);
    const steps negative = find_steps(output_of, magnitudes, s::sign);
    infinity_ = {output_of(s::infinity), output_of(s::infinity | s::sign)};
    nan_ = {output_of(s::infinity | s::hidden >> 1),
            output_of(s::infinity | s::hidden >> 1 | s::sign)};
    join(positive, negative);
    if (limits_.size() <= threshold_plan<Word>::most_limits) return;
    if (!make_places(positive, negative) && !make_buckets(positive, negative)) {
      is_possible_ = false;
    }
  }

  /// All steps, as a threshold_plan of few has them.
  [[nodiscard]] const std::vector<Word>& limits() const { return limits_; }
  [[nodiscard]] const std::vector<Word>& outputs() const { return outputs_; }
  /// Whether there are kernels for the steps; else some are too close to each other.
  [[nodiscard]] bool is_possible() const { return is_possible_; }
  [[nodiscard]] bool are_few() const { return buckets_.empty() && codes_.empty(); }
  [[nodiscard]] threshold_plan<Word> plan() const {
    threshold_plan<Word> result;
    result.how = how_;
    result.limit_count = static_cast<int>(limits_.size());
    result.limits = limits_.data();
    result.outputs = are_few() ? outputs_.data() : fetched_.data();
    result.codes = codes_.data();
    result.buckets = buckets_.data();
    result.count = (buckets_.empty() ? codes_.size() : buckets_.size()) / 2;
    result.shift = shift_;
    result.first = first_;
    result.last = last_;
    result.infinity = infinity_;
    result.nan = nan_;
    return result;
  }

 private:
  /// Of finite values of one sign, by magnitude.
  struct steps {
    std::vector<Word> limits, outputs;
  };

  template <class OutputOf>
  [[nodiscard]] static steps find_steps(const OutputOf& output_of,
                                        const std::vector<Word>& magnitudes, Word sign) {
    steps found;
    Word low = 0, output = output_of(sign);
    found.outputs.push_back(output);
    for (const Word next : magnitudes) {
      if (next <= low || next >= s::infinity) continue;
      search(output_of, sign, low, output, next, output_of(next | sign), found);
      low = next;
      output = found.outputs.back();
    }
    return found;
  }
  /// The steps above `low`, up to `high`, with their outputs.
  template <class OutputOf>
  static void search(const OutputOf& output_of, Word sign, Word low, Word low_output, Word high,
                     Word high_output, steps& found) {
    if (low_output == high_output) return;
    if (high - low == 1) {
      found.limits.push_back(high);
      found.outputs.push_back(high_output);
      return;
    }
    const Word middle = low + (high - low) / 2, output = output_of(middle | sign);
    search(output_of, sign, low, low_output, middle, output, found);
    search(output_of, sign, middle, output, high, high_output, found);
  }

  void append(Word limit, Word output) {
    if (!outputs_.empty() && output == outputs_.back()) return;
    if (!outputs_.empty()) limits_.push_back(limit);
    outputs_.push_back(output);
  }
  /// From negative NaNs to positive ones.
  void join(const steps& positive, const steps& negative) {
    constexpr Word flip = static_cast<Word>(~s::sign);
    const auto key_of = [](Word magnitude) { return s::sign | (magnitude ^ flip); };
    append(0, nan_.negative);
    append(key_of(s::infinity), infinity_.negative);
    // A step up in magnitude is one down in value: its upper side is the limit.
    for (std::size_t i = negative.outputs.size(); i-- > 0;) {
      const bool is_last = i + 1 == negative.outputs.size();
      append(key_of(is_last ? s::infinity - 1 : negative.limits[i] - 1), negative.outputs[i]);
    }
    append(0, positive.outputs[0]);
    for (std::size_t i = 0; i < positive.limits.size(); ++i) {
      append(positive.limits[i], positive.outputs[i + 1]);
    }
    append(s::infinity, infinity_.positive);
    append(s::infinity + 1, nan_.positive);
  }

  static constexpr std::size_t most_places = 4096, most_buckets = 2048;  // of either sign
  static constexpr int finest = s::mantissa_bits - 10;                   // shift

  /// The lowest of magnitudes >> shift that matters: below its limits, but for that between zero
  /// and all others.
  [[nodiscard]] static Word lowest_place(const steps& one, int shift) {
    for (const Word limit : one.limits) {
      if (limit != 1) return limit >> shift < 2 ? 0 : (limit >> shift) - 2;
    }
    return ~Word{0};
  }
  [[nodiscard]] static Word highest_limit(const steps& a, const steps& b) {
    Word highest = 1;
    for (const steps* one : {&a, &b}) {
      if (!one->limits.empty()) highest = (std::max)(highest, one->limits.back());
    }
    return highest;
  }

  bool make_places(const steps& positive, const steps& negative) {
    int shift = s::mantissa_bits;
    for (const steps* one : {&positive, &negative}) {
      for (const Word limit : one->limits) {
        while (shift >= finest && (limit & low_mask(shift)) > 1) --shift;
      }
    }
    const Word first = (std::min)(lowest_place(positive, shift), lowest_place(negative, shift));
    const Word last = (highest_limit(positive, negative) >> shift) + 1;
    if (shift < finest || last - first + 1 > most_places / 2) return false;
    how_ = threshold_plan<Word>::form::places;
    shift_ = shift;
    first_ = first;
    last_ = last;
    for (const steps* one : {&positive, &negative}) {
      std::size_t piece = 0;
      const auto add = [&](Word magnitude) {
        while (piece < one->limits.size() && one->limits[piece] <= magnitude) ++piece;
        fetched_.push_back(one->outputs[piece]);
        codes_.push_back(static_cast<std::uint8_t>(one->outputs[piece]));
      };
      add(0);  // instead of the first place: see place() in thresholds.inc
      add((first << shift) + 1);
      for (Word i = first + 1; i <= last; ++i) {
        add(i << shift);
        add((i << shift) + 1);
      }
    }
    return true;
  }

  bool make_buckets(const steps& positive, const steps& negative) {
    const Word highest = highest_limit(positive, negative);
    const auto are_apart = [](const steps& one, int shift, Word first) {
      for (std::size_t i = 1; i < one.limits.size(); ++i) {
        if ((std::max)(one.limits[i] >> shift, first) ==
            (std::max)(one.limits[i - 1] >> shift, first)) {
          return false;
        }
      }
      return true;
    };
    for (int shift = s::mantissa_bits; shift >= finest; --shift) {
      const Word first = (std::min)(lowest_place(positive, shift), lowest_place(negative, shift));
      const Word last = highest >> shift;
      if (last - first >= most_buckets) return false;
      if (!are_apart(positive, shift, first) || !are_apart(negative, shift, first)) continue;
      how_ = threshold_plan<Word>::form::buckets;
      shift_ = shift;
      first_ = first;
      last_ = last;
      add_buckets(positive);
      add_buckets(negative);
      return true;
    }
    return false;
  }
  void add_buckets(const steps& one) {
    const std::size_t before = fetched_.size();  // by piece: positive values, then the others
    fetched_.insert(fetched_.end(), one.outputs.begin(), one.outputs.end());
    std::size_t piece = 0;
    for (Word i = first_; i <= last_; ++i) {
      const bool is_last = i == last_;
      const bool has_limit =
          piece < one.limits.size() && (is_last || one.limits[piece] >> shift_ <= i);
      const Word lower = one.outputs[piece], upper = has_limit ? one.outputs[piece + 1] : lower;
      // Without a limit no magnitude reaches it.
      buckets_.push_back({has_limit ? one.limits[piece] : static_cast<Word>(~Word{0}),
                          static_cast<std::uint16_t>(before + piece),
                          {static_cast<std::uint8_t>(lower), static_cast<std::uint8_t>(upper)}});
      if (has_limit) ++piece;
    }
  }

  typename threshold_plan<Word>::form how_ = threshold_plan<Word>::form::few;
  bool is_possible_ = true;
  std::vector<Word> limits_, outputs_;  ///< of all steps
  std::vector<Word> fetched_;
  std::vector<std::uint8_t> codes_;
  std::vector<bucket> buckets_;
  int shift_ = 0;
  Word first_ = 0, last_ = 0;
  by_sign<Word> infinity_{}, nan_{};
};

/// The steps of encoding to a format of at most 8 bits, or of rounding to its grid (`to_values`),
/// by a mode without random bits; not under overflow::wrap.
template <class Word, number_format F, rounding_mode R>
[[nodiscard]] threshold_table<Word> make_threshold_table(const F& f, const R& mode, overflow o,
                                                         missing_nan n, bool to_values) {
  using s = source<Word>;
  std::vector<Word> magnitudes;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    unpacked x = decode(f, code);
    if (x.kind != value_kind::finite) continue;
    x.negative = false;
    magnitudes.push_back(static_cast<Word>(encode(s::format, x, toward_zero)));
  }
  const auto output_of = [&](Word bits) {
    const code_t code = encode(f, decode(s::format, bits), mode, o, n);
    return static_cast<Word>(to_values ? encode(s::format, decode(f, code)) : code);
  };
  return threshold_table<Word>(output_of, std::move(magnitudes));
}

namespace detail {

/// The binary32 number of a key (see threshold_plan).
[[nodiscard]] constexpr std::uint32_t bits_of_key(std::uint32_t key) {
  return key >> 31 != 0 ? key ^ 0x7FFFFFFFu : key;
}
/// As exact values: x, and what lies just above or below it.
[[nodiscard]] constexpr unpacked beside(const unpacked& x, bool is_above) {
  const unpacked step = scale_by_power_of_two(unpacked::scaled_integer(!is_above, 1),
                                              x.is_zero() ? -(1 << 20) : x.exponent - 110);
  return exact::add(x, step);
}

/// Looks for the step between two neighbouring numbers of binary32 with the outputs `lower` and
/// `upper`: first among the numbers of binary64. False if it is at none of few bits.
template <class OutputOf>
[[nodiscard]] bool find_exact_step(const OutputOf& output_of, std::uint32_t low_bits,
                                   std::uint32_t high_bits, std::uint32_t lower, double& value,
                                   bool& is_after) {
  const auto exact_of = [](std::uint64_t key) {
    return decode(formats::binary64, key >> 63 != 0 ? key ^ low_mask(63) : key);
  };
  const auto key_of = [](std::uint32_t bits) {
    const auto wide =
        static_cast<std::uint64_t>(encode(formats::binary64, decode(formats::binary32, bits)));
    return wide >> 63 != 0 ? wide ^ low_mask(63) : wide;
  };
  std::uint64_t low = key_of(low_bits), high = key_of(high_bits);
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (output_of(exact_of(middle)) == lower ? low : high) = middle;
  }
  const auto is_short = [](const unpacked& x) {
    return x.kind == value_kind::finite && (x.significand.high & low_mask(64 - 29)) == 0;
  };
  const unpacked before = exact_of(low), after = exact_of(high);
  const auto number = [](const unpacked& x) {
    return std::bit_cast<double>(encode(formats::binary64, x));
  };
  if (is_short(after) && output_of(beside(after, false)) == lower) {
    value = number(after);
    is_after = false;
    return true;
  }
  value = number(before);
  is_after = true;
  return is_short(before) && output_of(beside(before, true)) != lower;
}

}  // namespace detail

/// The steps of encoding a value that is exact; false where that is not possible.
template <number_format F, rounding_mode R>
[[nodiscard]] bool find_exact_steps(const F& f, const R& mode, overflow o, missing_nan n,
                                    const threshold_table<std::uint32_t>& table,
                                    exact_steps& steps) {
  if (!table.is_possible() || !table.are_few()) return false;
  const auto output_of = [&](const unpacked& x) {
    return static_cast<std::uint32_t>(encode(f, x, mode, o, n));
  };
  for (std::size_t i = 0; i < table.limits().size(); ++i) {
    const std::uint32_t key = table.limits()[i], lower = table.outputs()[i];
    const std::uint32_t high = detail::bits_of_key(key), low = detail::bits_of_key(key - 1);
    const bool is_special =
        (high & 0x7FFFFFFFu) >= 0x7F800000u || (low & 0x7FFFFFFFu) >= 0x7F800000u;
    const bool is_at_zero = key + 1 <= 2;  // -0, +0, or the smallest positive number
    steps.fixed_key[i] = static_cast<std::int32_t>(key);
    steps.is_fixed[i] = is_special || is_at_zero ? -1 : 0;
    if (is_special) continue;
    if (is_at_zero) {
      // Between the zeros there is nothing; else all that is not zero is on the other side.
      const unpacked tiny = unpacked::scaled_integer(key == ~0u, 1, -(1 << 20));
      if (key != 0 && (output_of(tiny) == lower) != (key == ~0u)) return false;
      continue;
    }
    bool is_after = false;
    if (!detail::find_exact_step(output_of, low, high, lower, steps.values[i], is_after)) {
      return false;
    }
    steps.after[i] = is_after ? 1 : 0;
  }
  return true;
}

/// What encodes the elements of blocks whose format lies on no grid.
struct block_thresholds {
  threshold_table<std::uint32_t> table;
  exact_steps steps;
  bool has_exact_steps = false;
  /// Of a quotient rounded to odd in binary32 the output is that of the quotient.
  bool is_odd_safe = false;
  bool is_normal = false;  ///< but at zero, no step is below the normal numbers

  /// Whether quotients that are powers of two times a number, or any others, are encoded exactly.
  [[nodiscard]] bool can_divide(bool by_power_of_two) const {
    return has_exact_steps || (by_power_of_two ? is_normal : is_odd_safe);
  }
};

template <number_format F, rounding_mode R>
[[nodiscard]] block_thresholds make_block_thresholds(const F& f, const R& mode) {
  constexpr overflow o = overflow::saturate;
  constexpr missing_nan n = missing_nan::largest;
  block_thresholds result;
  result.table = make_threshold_table<std::uint32_t>(f, mode, o, n, false);
  result.has_exact_steps = find_exact_steps(f, mode, o, n, result.table, result.steps);
  result.is_odd_safe = result.is_normal = true;
  for (std::size_t i = 0; i < result.table.limits().size(); ++i) {
    const std::uint32_t key = result.table.limits()[i], lower = result.table.outputs()[i];
    const std::uint32_t high = detail::bits_of_key(key), low = detail::bits_of_key(key - 1);
    const unpacked above = decode(formats::binary32, high), below = decode(formats::binary32, low);
    if (!above.is_finite() || !below.is_finite() || key + 1 <= 2) continue;
    const auto output_of = [&](const unpacked& x) { return encode(f, x, mode, o, n); };
    const bool is_at_high = output_of(detail::beside(above, false)) == lower;
    const bool is_at_low = output_of(detail::beside(below, true)) != lower;
    if (!(is_at_high && high % 2 == 0) && !(is_at_low && low % 2 == 0)) result.is_odd_safe = false;
    if ((high & 0x7FFFFFFFu) <= 0x00800000u) result.is_normal = false;
  }
  return result;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
