// SPDX-License-Identifier: MIT
// Rounding to a format of at most 16 bits of any family by tables that are made by asking its
// codec, where thresholds (threshold_table.hpp) do not serve: for more than 8 bits, for random
// bits, and where a policy does as it likes beyond the ends of the range. Each binade of the source
// is cut into buckets of its own width, as many as the format has values there. What a table does
// not know is left to the definition.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where the buckets of a sign and an exponent, the upper bits of a value, begin; which one it is
/// say the lower bits, but for the last `shift`.
struct binade {
  std::uint32_t first = 0;
  std::uint32_t shift = 0;
};

/// A rounding without random bits, piece by piece between its steps:
///
///   magnitudes   … limits[p - 1] - 1 | limits[p - 1] … limits[p] - 1 | limits[p] …
///   code             codes[p - 1]    |           codes[p]            | codes[p + 1]
///
/// `pieces` has the piece of the first magnitude of each bucket, in which there are at most two
/// steps; or `unknown`, where the definition says what the code is.
template <class Word>
struct step_plan {
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};
  const binade* rows = nullptr;
  const std::uint32_t* pieces = nullptr;
  const Word* limits = nullptr;
  const std::uint16_t* codes = nullptr;
};

/// The value where a bucket of a rounding with random bits begins: its code is `below` for draws
/// below `limit`, else `from`. A draw that gives both ends of a bucket one code gives it to all
/// between, since under one draw a larger value never gets a smaller one.
struct draw_edge {
  std::uint32_t limit = 0;
  std::uint16_t below = 0, from = 0;
};

struct draw_plan {
  const binade* rows = nullptr;
  const draw_edge* edges = nullptr;  ///< of a binade, one more than it has buckets
};

/// The codes of `count` values; the places of those that are left to the definition go to `left`,
/// and how many they are is returned.
template <class Word>
[[nodiscard]] std::size_t find_codes(const step_plan<Word>& plan, const Word* in, std::size_t count,
                                     std::uint16_t* codes, std::uint16_t* left) {
  const step_plan<Word> p = plan;
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const binade row = p.rows[in[i] >> source<Word>::mantissa_bits];
    const Word magnitude = in[i] & static_cast<Word>(~source<Word>::sign);
    const Word place = (in[i] & (source<Word>::hidden - 1)) >> row.shift;
    std::uint32_t piece = p.pieces[row.first + static_cast<std::size_t>(place)];
    if (piece == step_plan<Word>::unknown) {
      left[unknown++] = static_cast<std::uint16_t>(i);
      continue;
    }
    piece += magnitude >= p.limits[piece] ? 1 : 0;
    piece += magnitude >= p.limits[piece] ? 1 : 0;
    codes[i] = p.codes[piece];
  }
  return unknown;
}
template <class Word>
[[nodiscard]] std::size_t find_codes(const draw_plan& plan, const Word* in,
                                     const std::uint32_t* draws, std::size_t count,
                                     std::uint16_t* codes, std::uint16_t* left) {
  const draw_plan p = plan;
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const binade row = p.rows[in[i] >> source<Word>::mantissa_bits];
    const Word place = (in[i] & (source<Word>::hidden - 1)) >> row.shift;
    const draw_edge* const at = p.edges + row.first + static_cast<std::size_t>(place);
    const std::uint16_t low = draws[i] >= at[0].limit ? at[0].from : at[0].below;
    const std::uint16_t high = draws[i] >= at[1].limit ? at[1].from : at[1].below;
    codes[i] = low;
    left[unknown] = static_cast<std::uint16_t>(i);
    unknown += low == high ? 0 : 1;
  }
  return unknown;
}

namespace detail {

/// Whether a policy may do as it likes beyond the ends of the range.
[[nodiscard]] constexpr bool is_unordered(overflow o) {
  return o == overflow::wrap || o == overflow::wrap_sign_magnitude || o == overflow::to_zero;
}

/// The last magnitude up to which larger values have no smaller codes.
template <class Word, number_format F>
[[nodiscard]] Word last_ordered(const F& f, overflow o, bool is_negative) {
  using s = source<Word>;
  if (!is_unordered(overflow_as_read(f, o))) return s::infinity - 1;
  unpacked end = decode(f, is_negative ? lowest_code(f) : largest_code(f));
  if (end.is_zero() || end.negative != is_negative) return 0;
  end.negative = false;
  const auto last = static_cast<Word>(encode(s::format, end, toward_zero));
  return last < s::infinity ? last : s::infinity - 1;
}

}  // namespace detail

/// The steps of a mode without random bits.
template <class Word>
class step_table {
  using s = source<Word>;

 public:
  step_table() = default;
  template <number_format F, rounding_mode R>
  step_table(const F& f, const R& mode, overflow o, missing_nan n) {
    const auto code_of = [&](Word bits) {
      return static_cast<std::uint16_t>(encode(f, decode(s::format, bits), mode, o, n));
    };
    for (const Word sign : {Word{0}, s::sign}) {
      const Word end = detail::last_ordered<Word>(f, o, sign != 0);
      for (Word magnitude = 0; magnitude < s::infinity; magnitude += s::hidden) {
        add_binade(code_of, sign, magnitude, end);
      }
      add_piece(code_of(s::infinity | sign), s::infinity + 1);
      rows_.push_back({static_cast<std::uint32_t>(pieces_.size()), s::mantissa_bits});
      pieces_.push_back(static_cast<std::uint32_t>(codes_.size() - 1));
      add_piece(code_of(s::infinity | s::hidden >> 1 | sign), no_limit);
    }
  }

  [[nodiscard]] step_plan<Word> plan() const {
    return {rows_.data(), pieces_.data(), limits_.data(), codes_.data()};
  }

 private:
  static constexpr Word no_limit = static_cast<Word>(~Word{0});
  struct step {
    Word limit;
    std::uint16_t code;
  };

  void add_piece(std::uint16_t code, Word limit) {
    codes_.push_back(code);
    limits_.push_back(limit);
  }

  template <class CodeOf>
  void add_binade(const CodeOf& code_of, Word sign, Word first, Word end) {
    const Word last = first + s::hidden - 1, used = (std::min)(last, end);
    found_.clear();
    std::uint16_t code = 0;
    if (first <= end) {
      code = code_of(first | sign);
      search(code_of, sign, first, code, used, code_of(used | sign));
    }
    // As many buckets as keep all but two steps apart, or no more than 16 for each.
    int shift = s::mantissa_bits;
    const auto are_apart = [&] {
      for (std::size_t i = 2; i < found_.size(); ++i) {
        if (found_[i].limit >> shift == found_[i - 2].limit >> shift) return false;
      }
      return true;
    };
    const int least = s::mantissa_bits - static_cast<int>(std::bit_width(found_.size())) - 4;
    while (shift > (std::max)(least, 0) && !are_apart()) --shift;
    rows_.push_back(
        {static_cast<std::uint32_t>(pieces_.size()), static_cast<std::uint32_t>(shift)});
    std::size_t next = 0;
    for (Word i = 0; i < Word{1} << (s::mantissa_bits - shift); ++i) {
      const Word after = first + ((i + 1) << shift);
      const std::size_t before = next;
      while (next < found_.size() && found_[next].limit < after) ++next;
      const bool is_known = next - before <= 2 && after - 1 <= end;
      pieces_.push_back(is_known ? static_cast<std::uint32_t>(codes_.size() + before)
                                 : step_plan<Word>::unknown);
    }
    for (const step& one : found_) {
      add_piece(code, one.limit);
      code = one.code;
    }
    add_piece(code, no_limit);
  }
  /// The steps above `low`, up to `high`.
  template <class CodeOf>
  void search(const CodeOf& code_of, Word sign, Word low, std::uint16_t low_code, Word high,
              std::uint16_t high_code) {
    if (low_code == high_code) return;
    if (high - low == 1) {
      found_.push_back({high, high_code});
      return;
    }
    const Word middle = low + (high - low) / 2;
    const std::uint16_t code = code_of(middle | sign);
    search(code_of, sign, low, low_code, middle, code);
    search(code_of, sign, middle, code, high, high_code);
  }

  std::vector<binade> rows_;
  std::vector<std::uint32_t> pieces_;
  std::vector<Word> limits_;
  std::vector<std::uint16_t> codes_;
  std::vector<step> found_;
};

namespace detail {

/// A mode that takes down what it is told about a value, and rounds either way.
struct rounding_probe {
  discarded* seen;
  int* calls;
  bool is_up;
  [[nodiscard]] static constexpr bool is_stochastic() { return true; }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    *seen = d;
    ++*calls;
    return is_up && d.fraction != 0 ? lowp::detail::almost_one_unit : 0;
  }
};

}  // namespace detail

/// The draws of a stochastic mode.
template <class Word>
class draw_table {
  using s = source<Word>;

 public:
  draw_table() = default;
  template <number_format F>
  draw_table(const F& f, const stochastic& mode, overflow o, missing_nan n) {
    const ranks order(f);
    const int per_step = buckets_per_step(f.bits());
    for (const Word sign : {Word{0}, s::sign}) {
      const Word end = detail::last_ordered<Word>(f, o, sign != 0);
      for (Word magnitude = 0; magnitude < s::infinity && is_possible_; magnitude += s::hidden) {
        add_binade(f, mode, o, n, order, per_step, sign, magnitude, end);
      }
      add_unknown_binade();  // infinity and NaN
    }
  }

  static constexpr int most_bits = 12;
  /// Buckets for each step of a value to the next, as far as memory allows.
  [[nodiscard]] static constexpr int buckets_per_step(int bits) {
    return 1 << (bits <= 8 ? 11 - bits / 2 : 17 - bits);
  }

  /// Whether the family asks the mode once; else there is no table.
  [[nodiscard]] bool is_possible() const { return is_possible_; }
  [[nodiscard]] draw_plan plan() const { return {rows_.data(), edges_.data()}; }

 private:
  /// The places of codes in the order of their values; of infinities and NaNs, beyond the ends.
  struct ranks {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    std::vector<std::uint32_t> of;

    [[nodiscard]] double operator()(std::uint16_t code, bool is_negative) const {
      if (of[code] != none) return static_cast<double>(of[code]);
      return is_negative ? -1 : static_cast<double>(of.size());
    }

    template <number_format F>
    explicit ranks(const F& f) : of(std::size_t{1} << f.bits(), none) {
      std::vector<unpacked> values(of.size());
      std::vector<std::uint32_t> codes;
      for (std::uint32_t code = 0; code < of.size(); ++code) {
        values[code] = decode(f, code);
        if (values[code].is_finite()) codes.push_back(code);
      }
      std::sort(codes.begin(), codes.end(), [&](std::uint32_t a, std::uint32_t b) {
        return exact::compare(values[a], values[b]) < 0;
      });
      std::uint32_t rank = 0;
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (i > 0 && exact::compare(values[codes[i]], values[codes[i - 1]]) != 0) ++rank;
        of[codes[i]] = rank;
      }
    }
  };
  struct found_edge {
    draw_edge edge;
    double position = 0;  ///< among the values of the format
  };

  template <number_format F>
  [[nodiscard]] found_edge edge_at(const F& f, const stochastic& mode, overflow o, missing_nan n,
                                   const ranks& order, Word bits) {
    const unpacked x = decode(s::format, bits);
    discarded seen{0, false, false};
    int calls = 0;
    const auto code_of = [&](bool is_up) {
      calls = 0;
      seen.fraction = 0;
      return static_cast<std::uint16_t>(
          encode(f, x, detail::rounding_probe{&seen, &calls, is_up}, o, n));
    };
    const std::uint16_t below = code_of(false);
    if (calls > 1) is_possible_ = false;
    const std::uint16_t from = code_of(true);
    if (calls > 1) is_possible_ = false;
    const double place = order(below, x.negative), width = order(from, x.negative) - place;
    found_edge result{{0, below, below}, place};
    if (seen.fraction == 0 || from == below) return result;
    result.position += static_cast<double>(seen.fraction) * 0x1p-64 * width;
    // The first draw that rounds up, of those below 2^bits.
    std::uint64_t low = 0, high = std::uint64_t{1} << mode.used_bits();
    const std::uint64_t none = high;
    while (low < high) {
      const std::uint64_t middle = (low + high) / 2;
      const std::uint64_t addend = mode.addend(seen, static_cast<std::uint32_t>(middle));
      if (seen.fraction + addend < seen.fraction) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    if (low != none) result.edge = {static_cast<std::uint32_t>(low), below, from};
    return result;
  }

  /// An end of a bucket that the definition is asked about, whatever the other end is.
  [[nodiscard]] static draw_edge unknown_after(const draw_edge& before) {
    std::uint16_t code = 0;
    while (code == before.below || code == before.from) ++code;
    return {0, code, code};
  }
  void add_unknown_binade() {
    rows_.push_back({static_cast<std::uint32_t>(edges_.size()), s::mantissa_bits});
    edges_.push_back({});
    edges_.push_back(unknown_after({}));
  }

  template <number_format F>
  void add_binade(const F& f, const stochastic& mode, overflow o, missing_nan n, const ranks& order,
                  int per_step, Word sign, Word first, Word end) {
    if (first > end) return add_unknown_binade();
    const auto edge = [&](Word magnitude) {
      return edge_at(f, mode, o, n, order, magnitude | sign);
    };
    const Word last = first + s::hidden - 1;
    const found_edge low = edge(first), high = edge((std::min)(last, end));
    const double steps =
        high.position > low.position ? high.position - low.position : low.position - high.position;
    int log2_count = 0;
    while (log2_count < s::mantissa_bits - 1 &&
           static_cast<double>(1 << log2_count) < steps * per_step) {
      ++log2_count;
    }
    const int shift = s::mantissa_bits - log2_count;
    rows_.push_back({static_cast<std::uint32_t>(edges_.size()), static_cast<std::uint32_t>(shift)});
    edges_.push_back(low.edge);
    const Word count = Word{1} << log2_count;
    for (Word i = 1; i <= count; ++i) {
      const Word at = i == count ? last : first + (i << shift);
      edges_.push_back(at <= end ? edge(at).edge : unknown_after(edges_.back()));
    }
  }

  bool is_possible_ = true;
  std::vector<binade> rows_;
  std::vector<draw_edge> edges_;
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
