// SPDX-License-Identifier: MIT
// Quantizing a composition of levels through the kernels, level by level: what groups ask for, the
// levels above, and the elements divided by what came out. Quotients are rounded to odd, so that
// encoding rounds once; groups for which binary32 would not do are left to the definition
// (level_reference.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/thresholds.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/integer_terms.hpp"
#include "lowp/block/level_leaves.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

// ------------------------------------------------------------------------------------- elements

/// Encodes the elements of a composition whose levels above are known, rows of groups at a time.
template <class Rows, int Leaf, class Out, rounding_mode R>
class level_encoder {
  using element_type = std::remove_cvref_t<decltype(std::declval<const Rows&>().format().element)>;
  static constexpr bool is_random = !is_fixed_addend<R>;

 public:
  /// `amax` are those of the groups, as bits, `across` from one row of groups to the next; groups
  /// whose is no finite number are for the definition.
  level_encoder(isa level, const Rows& rows, const matrix_view<const float>& in,
                const std::uint32_t* amax, std::size_t across, const R& mode, Out& out)
      : level_(level),
        rows_(rows),
        in_(in),
        amax_(amax),
        across_(across),
        mode_(mode),
        out_(out),
        width_(rows.group_width(in.cols)),
        smallest_(smallest_positive_value(rows.format().element).exponent) {
    if (!has_kernels || !rows.has_terms() || rows.format().element.bits() > 16) return;
    if constexpr (std::is_same_v<R, nearest_even_t> && Rows::has_shift) {
      integers_ = integer_terms(rows);
      if (integers_.exist()) return;
    }
    if constexpr (kernels::has_known_grid<element_type>) {
      plan_ = kernels::make_encode_plan<std::uint32_t>(
          rows.format().element, mode, overflow::saturate, missing_nan::largest, false);
      has_plan_ = plan_.is_supported && !plan_.rounding.draws_words && keeps_sides();
      if (plan_.is_supported) return;
    }
    steps_ = rows.elements().steps();
    if (Leaf == 0) {
      kept_ = find_block_thresholds(rows.format().element, mode, in.rows * in.cols);
      steps_ = kept_.get();
    }
    if (steps_ == nullptr) return;
    const value_facts element = facts_of(rows.format().element);
    const int scale_bits = rows.first_scale_bounds().factor_bits + (rows.has_one_scale() ? 0 : 24);
    has_keys_ = !Rows::has_shift && steps_->has_exact_steps &&
                element.significant_bits + 1 + scale_bits <= 53;
    has_thresholds_ = steps_->is_odd_safe && ((!Rows::has_shift && rows.has_one_scale()) ||
                                              (element.spacing != value_spacing::irregular &&
                                               keeps_sides(element.significant_bits - 1)));
  }

  /// Columns first … last - 1 of a row of groups, of `rows` rows from `top` on; first is a multiple
  /// of buffer_size.
  void operator()(std::size_t top, std::size_t rows, std::size_t first, std::size_t last) const {
    const int bits = rows_.format().element.bits();
    while (integers_.exist() && first < last) {
      const std::size_t count = some_elements(first, last - first, width_);
      if (bits <= 8) {
        encode_integers<std::uint8_t>(top, rows, first, count);
      } else {
        encode_integers<std::uint16_t>(top, rows, first, count);
      }
      first += count;
    }
    for (; first < last; first += buffer_size) {
      const std::size_t count = (std::min)(buffer_size, last - first);
      if (bits <= 8) {
        encode_some<std::uint8_t>(top, rows, first, count);
      } else if (bits <= 16) {
        encode_some<std::uint16_t>(top, rows, first, count);
      } else {
        encode_some<code_t>(top, rows, first, count);
      }
    }
  }

 private:
  [[nodiscard]] bool keeps_sides() const {
    const int bits = plan_.grid.mantissa_bits + plan_.rounding.extra_bits;
    return bits <= 21 && keeps_sides(bits);
  }
  /// Whether lanes round once. A threshold of elements of so many bits behind the leading one has
  /// one more. Rounding a quotient to odd keeps on which side of it the quotient is; rounding a sum
  /// to odd that is divided, or a quotient that is divided again, does if the threshold times the
  /// divisor has a bit less than binary32.
  [[nodiscard]] bool keeps_sides(int bits) const {
    const bool has_seconds = !rows_.has_one_scale();
    if (!Rows::has_shift && !has_seconds) return true;
    if (Rows::has_shift && has_seconds) return false;
    const level_bounds element = bounds_of(rows_.format().element);
    const level_bounds scale = rows_.first_scale_bounds();
    return bits + 2 + scale.factor_bits <= 23 && element.highest + scale.highest <= 120 &&
           element.last_bit - 1 - plan_.rounding.extra_bits + scale.last_bit >= -120;
  }

  template <class Code>
  void encode_some(std::size_t top, std::size_t rows, std::size_t first, std::size_t count) const {
    alignas(64) Code codes[buffer_size];
    const std::size_t group_row = lowp::detail::group_along(top, rows_.format().shape.rows);
    level_terms t;
    bool is_possible = has_plan_ || has_keys_ || has_thresholds_;
    if (is_possible) {
      rows_.find_terms(level_, out_, top, first, count, width_, t);
      is_possible = !has_keys_ || has_thresholds_ || t.grid.log2_group != 0;
    }
    if (!is_possible) {
      for (std::size_t row = top; row < top + rows; ++row) {
        define(row, group_row, first, count, codes);
        store_level_codes(level_, out_, Leaf, row, first, count, codes);
      }
      return;
    }
    if constexpr (sizeof(Code) <= 2) {
      const std::uint32_t* const amax = amax_ + group_row * across_ + t.grid.first;
      std::uint8_t is_unknown[most_terms];
      bool are_known = true;
      for (std::size_t i = 0; i < t.grid.count; ++i) {
        const bool is_known = amax[i] < infinity_bits && prepare(t, i, amax[i]);
        is_unknown[i] = is_known ? 0 : 1;
        are_known = are_known && is_known;
      }
      t.has_zeros = false;  // they are in the shifts
      t.has_shifts = Rows::has_shift;
      const bool uses_keys = has_keys_ && t.grid.log2_group != 0;
      alignas(64) std::uint32_t keys[(buffer_size / 16 + 4) * kernels::exact_steps::size];
      if (uses_keys) find_keys(t, keys);
      t.spread(first, count, width_);
      for (std::size_t row = top; row < top + rows; ++row) {
        if (uses_keys) {
          if constexpr (sizeof(Code) == 1) {
            kernels::encode_by_keys(level_, steps_->table.plan(), keys, t.grid.log2_group,
                                    in_.row(row) + first, count, codes);
          }
        } else {
          encode_quotients(t, row, first, count, codes);
        }
        if (!are_known) {
          for_each_group(first, count, width_,
                         [&](std::size_t group, std::size_t i, std::size_t end) {
                           if (is_unknown[group - t.grid.first] == 0) return;
                           define(row, group_row, first + i, end - i, codes + i);
                         });
        }
        store_level_codes(level_, out_, Leaf, row, first, count, codes);
      }
    }
  }

  /// As encode_some, but a few buffers at a time.
  template <class Code>
  void encode_integers(std::size_t top, std::size_t rows, std::size_t first,
                       std::size_t count) const {
    const std::size_t group_row = lowp::detail::group_along(top, rows_.format().shape.rows);
    level_terms t;
    rows_.find_terms(level_, out_, top, first, count, width_, t);
    const std::uint32_t* const amax = amax_ + group_row * across_ + t.grid.first;
    std::uint8_t is_unknown[most_terms];
    bool are_known = true;
    for (std::size_t i = 0; i < t.grid.count; ++i) {
      is_unknown[i] = integer_terms::prepare(t, i, amax[i]) ? 0 : 1;
      are_known = are_known && is_unknown[i] == 0;
    }
    t.has_zeros = t.has_seconds = true;
    t.spread(first, count, width_);
    const kernels::group_terms terms = t.view();
    alignas(64) Code codes[buffer_size];
    for (std::size_t row = top; row < top + rows; ++row) {
      for (std::size_t done = 0; done < count; done += buffer_size) {
        const std::size_t n = (std::min)(buffer_size, count - done), begin = first + done;
        kernels::integer_quotients(level_, terms.from(done), integers_.codes(),
                                   in_.row(row) + begin, n, codes);
        if (!are_known) {
          for_each_group(begin, n, width_, [&](std::size_t group, std::size_t i, std::size_t end) {
            if (is_unknown[group - t.grid.first] == 0) return;
            define(row, group_row, begin + i, end - i, codes + i);
          });
        }
        store_level_codes(level_, out_, Leaf, row, begin, n, codes);
      }
    }
  }

  template <class Code>
  void encode_quotients(const level_terms& t, std::size_t row, std::size_t first, std::size_t count,
                        Code* codes) const {
    alignas(64) std::uint32_t quotients[buffer_size];
    kernels::divide_by_group_terms(level_, t.view(), in_.row(row) + first, count, quotients);
    if (!has_plan_) {
      if constexpr (sizeof(Code) == 1) {
        kernels::encode_by_thresholds<std::uint32_t, false>(level_, steps_->table.plan(), quotients,
                                                            count, codes);
      }
      return;
    }
    random_lanes random;
    const void* lanes = nullptr;
    if constexpr (is_random) {
      if (plan_.rounding.is_random()) {
        lanes = random.fill(level_, plan_.rounding.draw, row * in_.cols + first, count);
      }
    }
    kernels::encode<std::uint32_t, false, is_random>(level_, plan_, quotients, lanes, count, codes);
  }

  /// Where the steps of each group are, exactly.
  void find_keys(const level_terms& t, std::uint32_t* keys) const {
    for (std::size_t i = 0; i < t.grid.count; ++i) {
      const double scale = static_cast<double>(opaque(t.scales[i])) *
                           (t.has_seconds ? static_cast<double>(opaque(t.seconds[i])) : 1.0);
      kernels::detail::run_scale_steps(level_, steps_->steps,
                                       static_cast<std::size_t>(steps_->table.plan().limit_count),
                                       scale, keys + i * kernels::exact_steps::size);
    }
  }

  /// Makes the shift of a group of its zero point or offset; false if lanes would not divide
  /// exactly by its terms.
  [[nodiscard]] bool prepare(level_terms& t, std::size_t i, std::uint32_t amax) const {
    const std::uint32_t scale = bits_of(t.scales[i]);
    if (!is_normal(scale)) return false;
    const int exponent = static_cast<int>(scale >> 23) - 127;
    if (exponent + smallest_ < least_exponent) return false;
    if (t.has_seconds) {
      const std::uint32_t second = bits_of(t.seconds[i]);
      if (!is_normal(second)) return false;
      if (static_cast<int>(second >> 23) - 127 + exponent + smallest_ < least_exponent)
        return false;
    }
    if constexpr (Rows::has_shift) {
      float shift = t.has_shifts ? t.shifts[i] : 0.0f;
      if (t.has_zeros && !is_zero(t.zeros[i])) {
        if (t.has_shifts && !is_zero(shift)) return false;
        const double product =
            static_cast<double>(opaque(t.zeros[i])) * static_cast<double>(t.scales[i]);
        shift = static_cast<float>(product);
        if (static_cast<double>(shift) != product) return false;
      }
      constexpr std::uint32_t most = 0x7E800000u;  // half of it and half of it do not overflow
      if (amax >= most || (bits_of(shift) & 0x7FFFFFFFu) >= most) return false;
      t.shifts[i] = is_zero(shift) ? -0.0f : shift;  // -0 + -0 is -0
    }
    return true;
  }

  /// The definition, group by group.
  template <class Code>
  void define(std::size_t row, std::size_t group_row, std::size_t first, std::size_t count,
              Code* codes) const {
    const auto& format = rows_.format();
    const auto load = [this](int leaf, std::size_t r, std::size_t c) {
      return out_.code(leaf, r, c);
    };
    for_each_group(first, count, width_, [&](std::size_t col, std::size_t i, std::size_t end) {
      const lowp::detail::group_division divide(level_group<Leaf>(format, group_row, col, load));
      const auto code = [&](std::size_t at_col, const auto& mode) {
        return static_cast<Code>(
            lowp::detail::level_code(format.element, divide, in_(row, at_col), mode));
      };
      // Zeros, of which whole groups may consist, once.
      bool has_zero[2] = {};
      Code of_zero[2] = {};
      for (; i < end; ++i) {
        const float x = in_(row, first + i);
        if constexpr (!is_random) {
          if (is_zero(x)) {
            const std::size_t sign = bits_of(x) >> 31;
            if (!has_zero[sign]) of_zero[sign] = code(first + i, mode_);
            has_zero[sign] = true;
            codes[i] = of_zero[sign];
            continue;
          }
        }
        codes[i] = code(first + i, at(mode_, row * in_.cols + first + i));
      }
    });
  }

  static constexpr int least_exponent = -72;  // remainders of divisions stay in binary32

  isa level_;
  const Rows& rows_;
  matrix_view<const float> in_;
  const std::uint32_t* amax_;
  std::size_t across_;
  R mode_;
  Out& out_;
  std::size_t width_;
  int smallest_;
  kernels::encode_plan<std::uint32_t> plan_{};
  const kernels::block_thresholds* steps_ = nullptr;
  lowp::detail::shared<kernels::block_thresholds> kept_;
  integer_terms integers_;  ///< integers are rounded at once, or …
  bool has_plan_ = false;   ///< quotients are encoded on the grid of the format, or …
  bool has_keys_ = false;   ///< … elements are compared with the steps of their groups, or …
  bool has_thresholds_ = false;  ///< … quotients with those of the format
};

// --------------------------------------------------------------------------------------- levels

template <int Leaf, class Element, class Scale, class Zero, class Offset, class Out,
          rounding_mode R>
void quantize_level(const level_rows<Leaf, block_format<Element, Scale, Zero, Offset>>& rows,
                    const matrix_view<const float>& in, Out& out, const R& mode,
                    const execution& how, const lowp::detail::group_rule& rule = {}) {
  using format_type = block_format<Element, Scale, Zero, Offset>;
  using rows_type = level_rows<Leaf, format_type>;
  constexpr bool has_zero = leaf_count<Zero> != 0, has_offset = leaf_count<Offset> != 0;
  const format_type& f = rows.format();
  const std::size_t down = lowp::detail::groups_along(in.rows, f.shape.rows);
  const std::size_t height = f.shape.rows_in(in.rows), width = rows.group_width(in.cols);
  wanted_groups<Leaf, format_type> wanted(f, in, rule);
  const std::size_t across = wanted.across;
  if (down * across == 0) return;
  const auto with_encoder = [&](const auto& use) {
    const auto with_mode = [&](const auto& rounding) {
      using rounding_type = std::remove_cvref_t<decltype(rounding)>;
      use(level_encoder<rows_type, Leaf, Out, rounding_type>(
          how.level(), rows, in, wanted.amax.data(), across, rounding, out));
    };
    if constexpr (Leaf != 0) {
      if (lowp::detail::rounds_up<Leaf>(f.element)) return with_mode(upward);
    }
    with_mode(mode);
  };
  const auto encode_part = [&](const auto& encode_rows, std::size_t group_row, std::size_t first,
                               std::size_t last) {
    const std::size_t top = group_row * height;
    encode_rows(top, (std::min)(height, in.rows - top), first, last);
  };

  // Groups with a zero point or an offset, and one level above them: some columns at a time, which
  // stay in the cache. There are enough parts of them for all threads but where a group is as wide
  // as the matrix.
  if constexpr (number_format<Scale> && (has_zero != has_offset)) {
    constexpr bool has_one_level = has_zero ? number_format<Zero> : number_format<Offset>;
    if constexpr (has_one_level) {
      if (across > 1 || how.is_sequential()) {
        bool are_dense = true;
        for_each_leaf<Leaf>(f, in.rows, in.cols, [&](int leaf, const auto&, auto, auto) {
          are_dense = are_dense && has_dense_rows(out, leaf);
        });
        const std::size_t least = 8 * width;  // codes of groups, too, begin at a byte
        const std::size_t some = height == 1 ? 4 * buffer_size : buffer_size;
        const std::size_t granule =
            are_dense && least < in.cols ? (some + least - 1) / least * least : in.cols;
        const leaf_encoder encode_scales(how.level(), rows.scale(), nearest_even, out);
        const auto& second = [&]() -> const auto& {
          if constexpr (has_zero) {
            return rows.zero();
          } else {
            return rows.offset();
          }
        }
        ();
        const leaf_encoder encode_seconds(how.level(), second, nearest_even, out);
        const zero_finder find_zeros(how.level(), f.element, rows.scale(), out);
        with_encoder([&](const auto& encode_rows) {
          const auto encode_columns = [&](std::size_t row, std::size_t first, std::size_t last) {
            const std::size_t begin = first / width, end = (last - 1) / width + 1;
            float* const lowest = wanted.lowest.data() + row * across;
            wanted(how.level(), row, begin, end);
            encode_scales(row, begin, end, wanted.scales.data() + row * across);
            if constexpr (has_zero) {
              find_zeros(row, begin, end, wanted.are_given.data() + row * across, lowest);
            }
            encode_seconds(row, begin, end, lowest);
            encode_part(encode_rows, row, first, last);
          };
          run_level_rows(how, in.rows, height, in.cols, granule,
                         [&](std::size_t row, std::size_t first, std::size_t last) {
                           for (; first < last; first += granule) {
                             encode_columns(row, first, (std::min)(last, first + granule));
                           }
                         });
        });
        return;
      }
    }
  }

  // 1. What each group asks for.
  const auto find = [&](std::size_t i) {
    const default_float_environment environment;
    wanted(how.level(), i, 0, across);
  };
  how.run(down, task(find));

  // 2. The levels above.
  const auto as_matrix = [&](const std::vector<float>& values) {
    return matrix_view<const float>(values.data(), down, across);
  };
  quantize_level(rows.scale(), as_matrix(wanted.scales), out, nearest_even, how);
  if constexpr (has_offset) {
    quantize_level(rows.offset(), as_matrix(wanted.lowest), out, nearest_even, how);
  } else if constexpr (has_zero) {
    const zero_finder find_zeros(how.level(), f.element, rows.scale(), out);
    const auto find_all = [&](std::size_t i) {
      const default_float_environment environment;
      find_zeros(i, 0, across, wanted.are_given.data() + i * across,
                 wanted.lowest.data() + i * across);
    };
    how.run(down, task(find_all));
    quantize_level(rows.zero(), as_matrix(wanted.lowest), out, nearest_even, how);
  }

  // 3. The elements.
  with_encoder([&](const auto& encode_rows) {
    run_level_rows(how, in.rows, height, in.cols, has_dense_rows(out, Leaf) ? buffer_size : in.cols,
                   [&](std::size_t group_row, std::size_t first, std::size_t last) {
                     encode_part(encode_rows, group_row, first, last);
                   });
  });
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
