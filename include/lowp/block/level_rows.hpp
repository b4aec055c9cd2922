// SPDX-License-Identifier: MIT
// Rows of a composition of levels in binary32 through the kernels: codes of each level are decoded
// as those of any format, and elements take the terms of their groups in lanes. What the lanes
// could not round once is left to the definition, group by group, or, where the formats say so, for
// the whole composition.
//
// A row of q4_k, 512 elements: 512 codes of 4 bits -> 512 values | 16 scales of 6 bits, times 2 of
// binary16 -> 16 scales | 16 minima likewise -> 16 shifts | value * scale - shift, 32 at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/thresholds.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Bounds of the finite values of a level.
struct level_bounds {
  int factor_bits = 128;  ///< significant bits that it adds to a product; 0 of powers of two
  int last_bit = -value_facts::unbounded;  ///< all are multiples of 2^last_bit, …
  int highest = value_facts::unbounded;    ///< … below 2^(highest + 1)
  bool are_finite = false;                 ///< there is neither NaN nor infinity

  [[nodiscard]] constexpr bool fit_binary32() const {
    return factor_bits <= 24 && last_bit >= -149 && highest <= 127;
  }
  /// Significant bits that hold any of them.
  [[nodiscard]] constexpr int span() const { return highest - last_bit + 1; }
};
[[nodiscard]] constexpr level_bounds bounds_of(const number_format auto& f) {
  const value_facts facts = facts_of(f);
  return {facts.factor_bits(), facts.last_bit_exponent, facts.highest_exponent, facts.are_finite};
}
[[nodiscard]] constexpr level_bounds product_bounds(const level_bounds& a, const level_bounds& b) {
  const bool carries = a.factor_bits != 0 && b.factor_bits != 0;
  return {a.factor_bits + b.factor_bits, a.last_bit + b.last_bit,
          a.highest + b.highest + (carries ? 1 : 0), a.are_finite && b.are_finite};
}
[[nodiscard]] constexpr level_bounds sum_bounds(const level_bounds& a, const level_bounds& b) {
  level_bounds sum{128, (std::min)(a.last_bit, b.last_bit), (std::max)(a.highest, b.highest) + 1,
                   a.are_finite && b.are_finite};
  sum.factor_bits = sum.span();
  return sum;
}

/// Elements of a row that are worked on at a time, and the most groups that have terms then.
inline constexpr std::size_t most_terms = buffer_size;

/// Where group or element number `first` of a grid begins, and how the next ones follow.
struct term_grid {
  std::size_t first = 0, count = 0;
  int log2_group = one_term;
  static constexpr int one_term = 63;  ///< one group: an index shifted by it is 0
};
/// The groups of elements first … first + count - 1 in groups of `width`.
[[nodiscard]] constexpr term_grid groups_of(std::size_t first, std::size_t count,
                                            std::size_t width) {
  const std::size_t begin = first / width, end = (first + count - 1) / width + 1;
  term_grid grid{begin, end - begin, term_grid::one_term};
  if (grid.count == 1) return grid;
  const bool are_aligned = width >= 16 && std::has_single_bit(width) && first % width == 0;
  grid.log2_group = are_aligned ? static_cast<int>(std::bit_width(width)) - 1 : 0;
  return grid;
}

/// Calls use(group, begin, end) for each group of elements first … first + count - 1, with those of
/// its own, first + begin … first + end - 1.
template <class Use>
void for_each_group(std::size_t first, std::size_t count, std::size_t width, const Use& use) {
  for (std::size_t i = 0, end = 0; i < count; i = end) {
    const std::size_t group = (first + i) / width;
    end = (std::min)(count, (group + 1) * width - first);
    use(group, i, end);
  }
}

/// How many of `count` elements are worked on at a time: as many as level_terms has room for.
[[nodiscard]] constexpr std::size_t some_elements(std::size_t first, std::size_t count,
                                                  std::size_t width) {
  const std::size_t most = (std::min)(4 * most_terms, count);
  return groups_of(first, most, width).log2_group != 0 ? most : (std::min)(most_terms, count);
}

/// The terms of the groups of some elements, as kernels::group_terms has them.
class level_terms {
 public:
  alignas(64) float scales[most_terms + kernels::term_slack];
  alignas(64) float seconds[most_terms + kernels::term_slack];
  alignas(64) float zeros[most_terms + kernels::term_slack];
  alignas(64) float shifts[most_terms + kernels::term_slack];
  bool has_seconds = false, has_zeros = false, has_shifts = false;
  term_grid grid{};

  /// Terms of groups that kernels do not know as those become terms of each element.
  void spread(std::size_t first, std::size_t count, std::size_t width) {
    if (grid.log2_group != 0) return;
    spread(scales, first, count, width);
    if (has_seconds) spread(seconds, first, count, width);
    if (has_zeros) spread(zeros, first, count, width);
    if (has_shifts) spread(shifts, first, count, width);
  }
  [[nodiscard]] kernels::group_terms view() const {
    const auto bits = [](bool exist, const float* p) {
      return exist ? reinterpret_cast<const std::uint32_t*>(p) : nullptr;
    };
    return {bits(has_zeros, zeros),   bits(true, scales), bits(has_seconds, seconds),
            bits(has_shifts, shifts), grid.log2_group,    false};
  }

 private:
  /// From the last element on: a group lies before its elements.
  void spread(float* terms, std::size_t first, std::size_t count, std::size_t width) const {
    const std::size_t begin = first - grid.first * width;
    if (std::has_single_bit(width)) {
      const int log2_width = static_cast<int>(std::bit_width(width)) - 1;
      for (std::size_t i = count; i-- > 0;) terms[i] = terms[(begin + i) >> log2_width];
    } else {
      for (std::size_t i = count; i-- > 0;) terms[i] = terms[(begin + i) / width];
    }
  }
};

[[nodiscard]] inline bool is_finite(const float& x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7F800000u) != 0x7F800000u;
}
[[nodiscard]] inline bool is_zero(const float& x) {
  return std::bit_cast<std::uint32_t>(x) << 1 == 0;
}

/// Rows of a number format that is leaf number `Leaf` of a composition.
template <int Leaf, class F>
class level_rows {
 public:
  /// `rounds_up` says how values become codes of it; elsewhere they do to nearest even.
  explicit level_rows(const F& f, bool rounds_up = false) : format_(f) {
    if (f.bits() <= 8) {
      table_ = kernels::make_value_table(f);
      if (Leaf != 0 && !has_encode_plan(f)) {
        steps_ = rounds_up ? kernels::make_block_thresholds(f, upward)
                           : kernels::make_block_thresholds(f, nearest_even);
      }
    } else {
      plan_ = kernels::make_decode_plan(f);
      is_binary32_ = is_same_format(f, formats::binary32);
    }
  }
  /// What encodes a leaf of scales, zero points or offsets that has no plan, or null.
  [[nodiscard]] const kernels::block_thresholds* steps() const {
    return steps_.table.is_possible() ? &steps_ : nullptr;
  }
  [[nodiscard]] const F& format() const { return format_; }
  [[nodiscard]] level_bounds bounds() const { return bounds_of(format_); }
  /// Whether values are exact in binary32.
  [[nodiscard]] bool is_exact() const { return bounds().fit_binary32(); }

  template <class Matrix>
  [[nodiscard]] unpacked value(const Matrix& m, std::size_t row, std::size_t col) const {
    return decode(format_, m.code(Leaf, row, col));
  }
  /// The values of codes first … first + count - 1 of a row of the leaf, rounded to binary32.
  template <class Matrix>
  void operator()(isa level, const Matrix& m, std::size_t row, std::size_t first, std::size_t count,
                  float* out) const {
    std::size_t done = 0;
    const auto one_by_one = [&](std::size_t end) {
      for (; done < end; ++done) out[done] = rounded(m.code(Leaf, row, first + done));
    };
    if constexpr (requires { m.layout().dense_row(Leaf, row); }) {
      const dense_codes codes = m.layout().dense_row(Leaf, row);
      if (has_kernels && codes.width != 0 && (count >= 16 || is_binary32_)) {
        if (!is_binary32_) one_by_one((8 - first % 8) % 8);  // kernels begin at a byte
        done += by_kernels(level, m.bytes().data() + codes.first_byte, codes.width, first + done,
                           count - done, out + done);
      }
    }
    if constexpr (requires(std::uint8_t * codes) {
                    m.layout().load_codes(m.bytes().data(), Leaf, row, first, count, codes);
                  }) {
      if (has_kernels && done == 0 && format_.bits() <= 8) {
        done = from_layout(level, m, row, first, count, out);
      }
    }
    one_by_one(count);
  }

 private:
  [[nodiscard]] float rounded(code_t code) const {
    if (format_.bits() <= 8) return std::bit_cast<float>(table_.values[code & 0xFF]);
    return pack_as<float>(decode(format_, code));
  }
  /// How many are done: what the layout has in bytes, some at a time.
  template <class Matrix>
  std::size_t from_layout(isa level, const Matrix& m, std::size_t row, std::size_t first,
                          std::size_t count, float* out) const {
    alignas(64) std::uint8_t codes[buffer_size];
    std::size_t done = 0;
    while (done < count) {
      const std::size_t n = m.layout().load_codes(m.bytes().data(), Leaf, row, first + done,
                                                  (std::min)(buffer_size, count - done), codes);
      if (n == 0) break;
      kernels::decode(level, table_, {}, codes, n, reinterpret_cast<std::uint32_t*>(out + done));
      done += n;
    }
    return done;
  }
  /// How many are done.
  std::size_t by_kernels(isa level, const std::uint8_t* bytes, int width, std::size_t first,
                         std::size_t count, float* out) const {
    const auto values = reinterpret_cast<std::uint32_t*>(out);
    if (format_.bits() <= 8) {
      decode_codes<std::uint8_t>(level, table_, {}, bytes, first, count, width, {}, values);
      return count;
    }
    if (plan_.is_supported) {
      decode_codes<std::uint16_t>(level, plan_, {}, bytes, first, count, width, {}, values);
      return count;
    }
    if (!is_binary32_ || width != 32) return 0;
    std::memcpy(out, bytes + first * sizeof(float), count * sizeof(float));
    return count;
  }

  [[nodiscard]] static bool has_encode_plan(const F& f) {
    if constexpr (kernels::has_known_grid<F>) {
      return kernels::make_encode_plan<std::uint32_t>(f, nearest_even, overflow::saturate,
                                                      missing_nan::largest, false)
          .is_supported;
    }
    return false;
  }

  F format_;
  kernels::value_table table_{};
  kernels::decode_plan plan_{};
  bool is_binary32_ = false;
  kernels::block_thresholds steps_{};
};

/// In place of the rows of a level that there is not.
template <int Leaf>
class level_rows<Leaf, no_level> {
 public:
  explicit level_rows(const no_level&) {}
};

template <int Leaf, class Element, class Scale, class Zero, class Offset>
class level_rows<Leaf, block_format<Element, Scale, Zero, Offset>> {
  using format_type = block_format<Element, Scale, Zero, Offset>;
  static constexpr int scale_leaf = Leaf + leaf_count<Element>,
                       zero_leaf = scale_leaf + leaf_count<Scale>,
                       offset_leaf = zero_leaf + leaf_count<Zero>;
  static constexpr bool has_zero = leaf_count<Zero> != 0, has_offset = leaf_count<Offset> != 0;
  static constexpr bool has_scale_levels = leaf_count<Scale> > 1;

 public:
  static constexpr bool has_shift = has_zero || has_offset;

  explicit level_rows(const format_type& f)
      : format_(f),
        elements_(f.element, lowp::detail::rounds_up<Leaf>(f.element)),
        scale_(f.scale),
        zero_(f.zero),
        offset_(f.offset) {
    bounds_ = product_bounds(factor_bounds(), scale_.bounds());
    if constexpr (has_offset) bounds_ = sum_bounds(bounds_, offset_.bounds());
    fuses_ = must_fuse();
    is_possible_ = fuses_ || can_decode();
    elements_are_finite_ = elements_.bounds().are_finite;
  }
  [[nodiscard]] const format_type& format() const { return format_; }
  [[nodiscard]] level_bounds bounds() const { return bounds_; }
  /// Whether values are exact in binary32, and kernels find them.
  [[nodiscard]] bool is_exact() const { return is_possible_ && bounds_.fit_binary32(); }
  /// Whether kernels find any values.
  [[nodiscard]] bool is_possible() const { return is_possible_; }
  [[nodiscard]] const auto& elements() const { return elements_; }
  [[nodiscard]] const auto& scale() const { return scale_; }
  [[nodiscard]] const auto& zero() const { return zero_; }
  [[nodiscard]] const auto& offset() const { return offset_; }
  template <class Matrix>
  [[nodiscard]] unpacked value(const Matrix& m, std::size_t row, std::size_t col) const {
    return level_value<Leaf>(format_, row, col, [&m](int leaf, std::size_t r, std::size_t c) {
      return m.code(leaf, r, c);
    });
  }

  /// The values of elements first … first + count - 1 of a row, each rounded once to binary32.
  template <class Matrix>
  void operator()(isa level, const Matrix& m, std::size_t row, std::size_t first, std::size_t count,
                  float* out) const {
    (*this)(level, m, row, 1, first, count, matrix_view<float>(out, 1, count));
  }
  /// Those of `rows` rows from `row` on, which are of one row of groups, at `out`.
  template <class Matrix>
  void operator()(isa level, const Matrix& m, std::size_t row, std::size_t rows, std::size_t first,
                  std::size_t count, matrix_view<float> out) const {
    const std::size_t width = group_width(first + count);
    for (std::size_t i = 0; i < count;) {
      const std::size_t n = some_elements(first + i, count - i, width);
      decode_some(level, m, row, rows, first + i, n, width, {out.data + i, rows, n, out.stride});
      i += n;
    }
  }

  /// Whether terms() finds all that is needed, and scales times seconds is exact.
  [[nodiscard]] bool has_terms() const {
    bool can = scale_.is_exact() || splits_scale();
    if constexpr (has_zero) can = can && zero_.is_exact();
    if constexpr (has_offset) can = can && offset_.is_exact();
    return has_kernels && can;
  }
  /// The bounds of what is in level_terms::scales: of all the scale, or of its own elements.
  [[nodiscard]] level_bounds first_scale_bounds() const {
    if constexpr (has_scale_levels) {
      if (!scale_.is_exact()) return scale_.elements().bounds();
    }
    return scale_.bounds();
  }
  /// Whether level_terms::scales are the scales, without seconds.
  [[nodiscard]] bool has_one_scale() const { return scale_.is_exact(); }
  /// The scales, zero points and offsets (as shifts) of the groups of some elements of a row, at
  /// most most_terms groups.
  template <class Matrix>
  void find_terms(isa level, const Matrix& m, std::size_t row, std::size_t first, std::size_t count,
                  std::size_t width, level_terms& t) const {
    t.grid = groups_of(first, count, width);
    const std::size_t group_row = detail::group_along(row, format_.shape.rows);
    find_group_terms(level, m, group_row, t.grid.first, t.grid.count, t);
  }
  /// Of groups, in rows with so many elements.
  [[nodiscard]] std::size_t group_width(std::size_t cols) const {
    return format_.shape.cols_in(cols);
  }
  /// The scale of a group of the grid alone.
  template <class Matrix>
  void find_group_terms(isa level, const Matrix& m, std::size_t group_row, std::size_t first,
                        std::size_t count, level_terms& t) const {
    t.has_seconds = false;
    if constexpr (has_scale_levels) {
      if (!scale_.is_exact()) {
        scale_.find_factors(level, m, group_row, first, count, t.scales, t.seconds);
        t.has_seconds = true;
      }
    }
    if (!t.has_seconds) scale_(level, m, group_row, first, count, t.scales);
    t.has_zeros = has_zero;
    if constexpr (has_zero) zero_(level, m, group_row, first, count, t.zeros);
    t.has_shifts = has_offset;
    if constexpr (has_offset) offset_(level, m, group_row, first, count, t.shifts);
  }

  /// Whether a value is the product of find_factors.
  [[nodiscard]] bool has_factors() const {
    if constexpr (has_zero || has_offset) return false;
    return elements_.is_exact() && scale_.is_exact();
  }
  /// The elements, and the scales that multiply them, of some elements of a row.
  template <class Matrix>
  void find_factors(isa level, const Matrix& m, std::size_t row, std::size_t first,
                    std::size_t count, float* elements, float* scales) const {
    elements_(level, m, row, first, count, elements);
    const std::size_t width = group_width(first + count);
    const term_grid grid = groups_of(first, count, width);
    alignas(64) float of_groups[most_terms + kernels::term_slack];
    scale_(level, m, detail::group_along(row, format_.shape.rows), grid.first, grid.count,
           of_groups);
    for (std::size_t i = 0; i < count; ++i) {
      scales[i] = of_groups[(first + i) / width - grid.first];
    }
  }

 private:
  /// Of elements less their zero points.
  [[nodiscard]] level_bounds factor_bounds() const {
    if constexpr (has_zero) return sum_bounds(elements_.bounds(), zero_.bounds());
    return elements_.bounds();
  }
  [[nodiscard]] bool splits_scale() const {
    if constexpr (has_scale_levels) return scale_.has_factors();
    return false;
  }
  /// Lanes round once at most: a difference and a first product are exact where more follows.
  [[nodiscard]] bool can_decode() const {
    const level_bounds factor = factor_bounds();
    bool can = has_terms() && elements_.is_exact();
    if constexpr (has_zero) can = can && factor.fit_binary32();
    const bool is_split = !scale_.is_exact();
    if (is_split || has_offset) {
      can = can && product_bounds(factor, first_scale_bounds()).fit_binary32();
    }
    return can && !(is_split && has_offset);
  }

  /// Whether a product is not exact, and one operation makes value of it and of an offset.
  [[nodiscard]] bool must_fuse() const {
    if constexpr (!has_offset || has_zero) {
      return false;
    } else {
      return has_terms() && elements_.is_exact() && has_one_scale() &&
             !product_bounds(factor_bounds(), scale_.bounds()).fit_binary32();
    }
  }

  template <class Matrix>
  void decode_some(isa level, const Matrix& m, std::size_t row, std::size_t rows, std::size_t first,
                   std::size_t count, std::size_t width, matrix_view<float> out) const {
    if (!is_possible_ || (fuses_ && !kernels::can_fuse_terms(level))) {
      for (std::size_t r = 0; r < rows; ++r) define(m, row + r, first, count, width, out.row(r));
      return;
    }
    level_terms t;
    find_terms(level, m, row, first, count, width, t);
    std::uint8_t is_unknown[most_terms];
    bool are_known = true;
    for (std::size_t i = 0; i < t.grid.count; ++i) {
      if (has_offset && is_zero(t.shifts[i])) t.shifts[i] = 0.0f;  // -0 - -0 is +0
      const bool is_number =
          is_finite(t.scales[i]) && (!t.has_seconds || is_finite(t.seconds[i])) &&
          (!has_zero || is_finite(t.zeros[i])) && (!has_offset || is_finite(t.shifts[i]));
      const bool is_product = elements_are_finite_ ||
                              (!is_zero(t.scales[i]) && !(t.has_seconds && is_zero(t.seconds[i])));
      is_unknown[i] = is_number && is_product ? 0 : 1;
      are_known = are_known && is_number && is_product;
    }
    t.spread(first, count, width);
    for (std::size_t r = 0; r < rows; ++r) {
      float* const to = out.row(r);
      elements_(level, m, row + r, first, count, to);
      kernels::group_terms terms = t.view();
      terms.fuses = fuses_;
      kernels::finish_group_terms(level, terms, count, reinterpret_cast<std::uint32_t*>(to));
      if (are_known) continue;
      for_each_group(first, count, width, [&](std::size_t group, std::size_t i, std::size_t end) {
        if (is_unknown[group - t.grid.first] != 0) {
          define(m, row + r, first + i, end - i, width, to + i);
        }
      });
    }
  }
  /// The definition, group by group.
  template <class Matrix>
  void define(const Matrix& m, std::size_t row, std::size_t first, std::size_t count,
              std::size_t width, float* out) const {
    const auto load = [&m](int leaf, std::size_t r, std::size_t c) { return m.code(leaf, r, c); };
    for_each_group(first, count, width, [&](std::size_t col, std::size_t i, std::size_t end) {
      const group_values group =
          level_group<Leaf>(format_, detail::group_along(row, format_.shape.rows), col, load);
      for (; i < end; ++i) {
        out[i] = pack_as<float>(group.value(decode(format_.element, m.code(Leaf, row, first + i))));
      }
    });
  }

  format_type format_;
  level_rows<Leaf, Element> elements_;
  level_rows<scale_leaf, Scale> scale_;
  level_rows<zero_leaf, Zero> zero_;
  level_rows<offset_leaf, Offset> offset_;
  level_bounds bounds_{};
  bool is_possible_ = false, elements_are_finite_ = false;
  bool fuses_ = false;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
