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
#include "lowp/block/level_ends.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Stores codes first … first + count - 1 of a row of a leaf; first is a multiple of 8.
template <class Code, class Out>
void store_level_codes(isa level, Out& out, int leaf, std::size_t row, std::size_t first,
                       std::size_t count, const Code* codes) {
  if constexpr (requires { out.layout().dense_row(leaf, row); }) {
    const dense_codes at = out.layout().dense_row(leaf, row);
    if (at.width != 0) {
      return pack_codes(level, codes, first, count, at.width, {},
                        out.bytes().data() + at.first_byte);
    }
  }
  std::size_t done = 0;
  if constexpr (sizeof(Code) == 1 &&
                requires { out.layout().store_codes(nullptr, leaf, row, first, count, codes); }) {
    done = out.layout().store_codes(out.bytes().data(), leaf, row, first, count, codes);
  }
  for (std::size_t i = done; i < count; ++i) out.set_code(leaf, row, first + i, codes[i]);
}

/// Whether rows of a leaf lie so that pieces of them can be stored apart.
template <class Out>
[[nodiscard]] bool has_dense_rows(const Out& out, int leaf) {
  if constexpr (requires { out.layout().dense_row(leaf, 0); }) {
    return out.layout().dense_row(leaf, 0).width != 0;
  }
  return false;
}

/// Calls part(row of groups, first column, last column) for all of a matrix; columns are cut where
/// codes of a dense row begin at a byte.
template <class Part>
void run_level_rows(const execution& how, std::size_t rows, std::size_t height, std::size_t cols,
                    bool is_dense, const Part& part) {
  if (rows == 0) return;
  run_block_rows(how, (rows - 1) / height + 1, height, cols, is_dense ? buffer_size : cols, part);
}

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
      is_possible = has_plan_ || has_thresholds_ || t.grid.log2_group != 0;
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
  bool has_plan_ = false;  ///< quotients are encoded on the grid of the format, or …
  bool has_keys_ = false;  ///< … elements are compared with the steps of their groups, or …
  bool has_thresholds_ = false;  ///< … quotients with those of the format
};

// --------------------------------------------------------------------------------------- levels

/// Encodes a matrix of values as a leaf, to nearest even.
template <int Leaf, number_format F, class Out, rounding_mode R>
void quantize_level(const level_rows<Leaf, F>& rows, const matrix_view<const float>& in, Out& out,
                    const R& mode, const execution& how) {
  const F& f = rows.format();
  kernels::encode_plan<std::uint32_t> plan;
  plan.is_supported = false;
  if constexpr (kernels::has_known_grid<F>) {
    if (has_kernels && f.bits() <= 16) {
      plan = kernels::make_encode_plan<std::uint32_t>(f, mode, overflow::saturate,
                                                      missing_nan::largest, false);
    }
  }
  const bool are_values = has_kernels && is_same_format(f, formats::binary32);
  const auto encode_some = [&]<class Code>(std::size_t row, std::size_t first, std::size_t count) {
    alignas(64) Code codes[buffer_size];
    const float* const values = in.row(row) + first;
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (sizeof(Code) <= 2) {
        if (plan.is_supported) {
          kernels::encode<std::uint32_t, false, false>(
              how.level(), plan, reinterpret_cast<const std::uint32_t*>(values), nullptr, count,
              codes);
          break;
        }
      }
      if constexpr (sizeof(Code) == 1) {
        if (rows.steps() != nullptr) {
          kernels::encode_by_thresholds<std::uint32_t, false>(
              how.level(), rows.steps()->table.plan(),
              reinterpret_cast<const std::uint32_t*>(values), count, codes);
          break;
        }
      }
      codes[i] = static_cast<Code>(
          are_values && is_finite(values[i])
              ? code_t{bits_of(values[i])}
              : encode(f, unpack(values[i]), mode, overflow::saturate, missing_nan::largest));
    }
    store_level_codes(how.level(), out, Leaf, row, first, count, codes);
  };
  const auto part = [&](std::size_t row, std::size_t first, std::size_t last) {
    for (; first < last; first += buffer_size) {
      const std::size_t count = (std::min)(buffer_size, last - first);
      if (f.bits() <= 8) {
        encode_some.template operator()<std::uint8_t>(row, first, count);
      } else if (f.bits() <= 16) {
        encode_some.template operator()<std::uint16_t>(row, first, count);
      } else {
        encode_some.template operator()<code_t>(row, first, count);
      }
    }
  };
  run_level_rows(how, in.rows, 1, in.cols, false, part);
}

/// The zero points that groups ask for, in place of their lowest values, as wanted_zero defines.
template <class Scale, class Out>
void find_wanted_zeros(const number_format auto& element, const Scale& scale, std::size_t row,
                       std::size_t across, const Out& out, isa level, float* values) {
  alignas(64) float scales[most_terms];
  const float lowest_element = pack_as<float>(decode(element, lowest_code(element)));
  const bool is_exact = scale.is_exact() && bounds_of(element).fit_binary32();
  for (std::size_t first = 0; first < across; first += most_terms) {
    const std::size_t count = (std::min)(most_terms, across - first);
    if (is_exact) scale(level, out, row, first, count, scales);
    for (std::size_t i = 0; i < count; ++i) {
      float& x = values[first + i];
      if (is_exact && is_finite(scales[i])) {
        const float steps = is_zero(scales[i]) ? 0.0f : opaque(opaque(x) / opaque(scales[i]));
        x = opaque(lowest_element - opaque(steps));
      } else {
        x = lowp::detail::wanted_zero(element, x, scale.value(out, row, first + i));
      }
    }
  }
}

template <int Leaf, class Element, class Scale, class Zero, class Offset, class Out,
          rounding_mode R>
void quantize_level(const level_rows<Leaf, block_format<Element, Scale, Zero, Offset>>& rows,
                    const matrix_view<const float>& in, Out& out, const R& mode,
                    const execution& how, const lowp::detail::group_rule& rule = {}) {
  using format_type = block_format<Element, Scale, Zero, Offset>;
  using rows_type = level_rows<Leaf, format_type>;
  const format_type& f = rows.format();
  const std::size_t down = lowp::detail::groups_along(in.rows, f.shape.rows);
  const std::size_t across = lowp::detail::groups_along(in.cols, f.shape.cols);
  const std::size_t height = f.shape.rows_in(in.rows);
  const std::size_t width = rows.group_width(in.cols);
  if (down * across == 0) return;

  // 1. What each group asks for.
  std::vector<float> wanted(down * across), lowest(rows_type::has_shift ? down * across : 0);
  std::vector<std::uint32_t> amax(down * across), ends(lowest.size());
  const wanted_scales<format_type> scales_of(f);
  const auto find = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t top = i * height, bottom = top + (std::min)(height, in.rows - top);
    std::uint32_t* const high = amax.data() + i * across;
    std::uint32_t* const low = rows_type::has_shift ? ends.data() + i * across : high;
    for (std::size_t r = top; r < bottom; ++r) {
      raise_ends(how.level(), in.row(r), in.cols, width, high, low);
    }
    scales_of(high, low, across, wanted.data() + i * across);
    for (std::size_t j = 0; j < across; ++j) {
      const std::size_t group = i * across + j;
      if constexpr (rows_type::has_shift) {
        lowest[group] = low[j] == 0 ? 0.0f : -float_of(low[j]);
        high[j] = (std::max)(high[j], low[j]);
      }
      if (high[j] < infinity_bits) {
        if (rule.exists()) {
          wanted[group] = rule(f, {{in.row(top) + j * width, bottom - top,
                                    (std::min)(width, in.cols - j * width), in.stride},
                                   group,
                                   float_of(high[j])});
        }
        continue;
      }
      lowp::detail::value_range range;
      for (std::size_t r = top; r < bottom; ++r) {
        for (std::size_t c = j * width; c < (std::min)(in.cols, (j + 1) * width); ++c) {
          range.add(in(r, c));
        }
      }
      wanted[group] = lowp::detail::wanted_scale(f, range, Leaf == 0 || !has_nan(f.element));
      if constexpr (rows_type::has_shift) lowest[group] = range.lowest;
    }
  };
  how.run(down, task(find));

  // 2. The levels above.
  const auto as_matrix = [&](const std::vector<float>& values) {
    return matrix_view<const float>(values.data(), down, across);
  };
  quantize_level(rows.scale(), as_matrix(wanted), out, nearest_even, how);
  if constexpr (leaf_count<Offset> != 0) {
    for (float& x : lowest) x = -x;
    quantize_level(rows.offset(), as_matrix(lowest), out, nearest_even, how);
  } else if constexpr (leaf_count<Zero> != 0) {
    const auto find_zeros = [&](std::size_t i) {
      const default_float_environment environment;
      find_wanted_zeros(f.element, rows.scale(), i, across, out, how.level(),
                        lowest.data() + i * across);
    };
    how.run(down, task(find_zeros));
    quantize_level(rows.zero(), as_matrix(lowest), out, nearest_even, how);
  }

  // 3. The elements.
  const auto encode_all = [&](const auto& rounding) {
    using rounding_type = std::remove_cvref_t<decltype(rounding)>;
    const level_encoder<rows_type, Leaf, Out, rounding_type> encode_rows(
        how.level(), rows, in, amax.data(), across, rounding, out);
    run_level_rows(how, in.rows, height, in.cols, has_dense_rows(out, Leaf),
                   [&](std::size_t group_row, std::size_t first, std::size_t last) {
                     const std::size_t top = group_row * height;
                     encode_rows(top, (std::min)(height, in.rows - top), first, last);
                   });
  };
  if constexpr (Leaf != 0) {
    if (lowp::detail::rounds_up<Leaf>(f.element)) return encode_all(upward);
  }
  encode_all(mode);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
