// SPDX-License-Identifier: MIT
// Compositions of levels, quantized and dequantized: encode the scale, decode it, divide by that,
// level after level. The definition, on the executor of the caller.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/level_matrix.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
namespace detail {

/// The ends of the values of a group.
struct value_range {
  float lowest = 0, highest = 0;  ///< of the finite ones and zero
  amax_accumulator all{};

  void add(const float& x) {
    all.add(x);
    if ((std::bit_cast<std::uint32_t>(x) & 0x7F800000u) == 0x7F800000u) return;
    const unpacked value = unpack(x);
    if (exact::compare(value, unpack(lowest)) < 0) lowest = x;
    if (exact::compare(value, unpack(highest)) > 0) highest = x;
  }
};

/// The scale that a group asks the level above for, in binary32: NaN if a value is NaN or infinite
/// and `spreads` says that no element can be NaN by itself;
/// 2^(floor(log2 amax) - emax) where all levels above are powers of two, as rules::floor; for
/// levels with a zero point or an offset (highest - lowest) / (largest - lowest code's value); else
/// amax / largest element. One rounding to nearest even per operation.
template <class Element, class Scale, class Zero, class Offset>
[[nodiscard]] float wanted_scale(const levels<Element, Scale, Zero, Offset>& f,
                                 const value_range& group, bool spreads) {
  const unpacked largest = largest_level_value(f);
  if (group.all.has_special && spreads) return pack_as<float>(unpacked::nan());
  if constexpr (leaf_count<Zero> != 0 || leaf_count<Offset> != 0) {
    const unpacked lowest = decode(f.element, lowest_code(f.element));
    const binary32 reach = binary32(group.highest) - binary32(group.lowest);
    return static_cast<float>(reach / as_binary32(exact::add(largest, -lowest)));
  } else {
    const float magnitude = (std::max)(-group.lowest, group.highest);
    const unpacked amax = unpack(magnitude);
    if (are_powers_of_two(f.scale) && !amax.is_zero()) {
      return pack_as<float>(unpacked::scaled_integer(false, 1, amax.exponent - largest.exponent));
    }
    return static_cast<float>(binary32(magnitude) / as_binary32(largest));
  }
}

/// Encodes a matrix of values as a composition whose first leaf is `Leaf` of `out`; at_element(row,
/// col) is the rounding of its elements.
template <int Leaf, number_format F, class Out, class Mode>
void encode_levels(const F& f, const matrix_view<const float>& in, Out& out, const execution&,
                   const Mode& at_element) {
  // Rows may share bytes of a record: one after the other.
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t col = 0; col < in.cols; ++col) {
      out.set_code(Leaf, row, col,
                   encode(f, unpack(in(row, col)), at_element(row, col), overflow::saturate,
                          missing_nan::largest));
    }
  }
}

template <int Leaf, class Element, class Scale, class Zero, class Offset, class Out, class Mode>
void encode_levels(const levels<Element, Scale, Zero, Offset>& f,
                   const matrix_view<const float>& in, Out& out, const execution& how,
                   const Mode& at_element) {
  constexpr int scale_leaf = Leaf + leaf_count<Element>, zero_leaf = scale_leaf + leaf_count<Scale>,
                offset_leaf = zero_leaf + leaf_count<Zero>;
  const std::size_t down = groups_along(in.rows, f.shape.rows);
  const std::size_t across = groups_along(in.cols, f.shape.cols);
  std::vector<float> scales(down * across), lowest(down * across);
  const auto nearest = [](std::size_t, std::size_t) { return nearest_even; };
  const auto extent = [](int size, std::size_t all) {
    return size == block_shape::whole ? all : static_cast<std::size_t>(size);
  };
  const std::size_t height = extent(f.shape.rows, in.rows), width = extent(f.shape.cols, in.cols);

  // 1. What each group asks for.
  const auto find = [&](std::size_t i) {
    for (std::size_t j = 0; j < across; ++j) {
      value_range group;
      for (std::size_t r = i * height; r < (std::min)(in.rows, (i + 1) * height); ++r) {
        for (std::size_t c = j * width; c < (std::min)(in.cols, (j + 1) * width); ++c) {
          group.add(in(r, c));
        }
      }
      scales[i * across + j] = wanted_scale(f, group, Leaf == 0 || !has_nan(f.element));
      lowest[i * across + j] = group.lowest;
    }
  };
  how.run(down, task(find));

  // 2. The levels above, and what they came to.
  const auto load = [&out](int leaf, std::size_t r, std::size_t c) { return out.code(leaf, r, c); };
  const matrix_view<float> wanted(scales.data(), down, across);
  encode_levels<scale_leaf>(f.scale, matrix_view<const float>(wanted), out, how, nearest);
  if constexpr (leaf_count<Offset> != 0) {
    std::vector<float> offsets(lowest.size());
    for (std::size_t i = 0; i < lowest.size(); ++i) offsets[i] = pack_as<float>(-unpack(lowest[i]));
    encode_levels<offset_leaf>(f.offset, matrix_view<const float>(offsets.data(), down, across),
                               out, how, nearest);
  } else if constexpr (leaf_count<Zero> != 0) {
    // The element whose code stands for 0: lowest code - lowest value / scale.
    std::vector<float> zeros(lowest.size());
    for (std::size_t i = 0; i < lowest.size(); ++i) {
      const unpacked s = level_value<scale_leaf>(f.scale, i / across, i % across, load);
      const unpacked steps = s.is_zero() ? unpacked::zero() : exact::divide(unpack(lowest[i]), s);
      zeros[i] = pack_as<float>(
          exact::add(decode(f.element, lowest_code(f.element)), -unpack(pack_as<float>(steps))));
    }
    encode_levels<zero_leaf>(f.zero, matrix_view<const float>(zeros.data(), down, across), out, how,
                             nearest);
  }

  // 3. The elements: (x + offset) / scale + zero exactly, rounded once. Scales that are powers of
  // two within another go up, so that what they scale fits: else a group that asks for 1.5 would
  // get 1 and lose a third of its largest element.
  const bool rounds_up = Leaf != 0 && facts_of(f.element).are_powers_of_two();
  const auto fill = [&](std::size_t i) {
    for (std::size_t j = 0; j < across; ++j) {
      const group_values group = level_group<Leaf>(f, i, j, load);
      const bool is_nan = group.scale.is_nan() || group.offset.is_nan();
      const unpacked shift = exact::add(group.offset, exact::multiply(group.zero, group.scale));
      for (std::size_t r = i * height; r < (std::min)(in.rows, (i + 1) * height); ++r) {
        for (std::size_t c = j * width; c < (std::min)(in.cols, (j + 1) * width); ++c) {
          const unpacked x = unpack(in(r, c));
          const unpacked scaled = is_nan                  ? unpacked::zero()
                                  : x.is_nan()            ? x
                                  : group.scale.is_zero() ? group.zero
                                  : shift.is_zero()
                                      ? (x.is_zero() ? x : exact::divide(x, group.scale))
                                      : exact::divide(exact::add(x, shift), group.scale);
          const auto code = [&](const auto& rounding) {
            return encode(f.element, scaled, rounding, overflow::saturate, missing_nan::largest);
          };
          out.set_code(Leaf, r, c, is_nan ? 0 : rounds_up ? code(upward) : code(at_element(r, c)));
        }
      }
    }
  };
  how.run(down, task(fill));
}

}  // namespace detail

/// A matrix as a composition of levels F, by its default rule: each group asks the level above for
/// the scale that maps its largest magnitude to the largest element, or, with a zero point or an
/// offset, its range to that of the elements, 0 included; the scales asked for are a matrix, which
/// is quantized by the composition above in the same way; elements are divided by what came out,
/// and rounded once, by `mode`, element (r, c) with the draw at(mode, r * cols + c). Scales round
/// to nearest even, those that are powers of two under another scale upward. A NaN or an infinity
/// makes the scale of its group NaN; where the format of that has none, the scale above it.
///
/// Into a matrix of the same shape or into a new one. Throws std::invalid_argument, before writing,
/// if the shapes differ.
template <auto F, template <auto> class Layout, class Bytes, rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, level_matrix<F, Layout, Bytes>& out, const R& mode = {},
              const execution& how = {}) {
  if (in.rows != out.rows() || in.cols != out.cols()) {
    refuse("quantize: out is " + std::to_string(out.rows()) + " x " + std::to_string(out.cols()) +
           ", expected " + std::to_string(in.rows) + " x " + std::to_string(in.cols));
  }
  using matrix = level_matrix<F, Layout, Bytes>;
  detail::encode_levels<0>(matrix::format, in, out, how, [&](std::size_t row, std::size_t col) {
    return at(mode, row * in.cols + col);
  });
}
template <auto F, template <auto> class Layout = planes, rounding_mode R = nearest_even_t>
requires is_levels_v<format_of<F>>
[[nodiscard]] level_matrix<F, Layout> quantize(matrix_view<const float> in, const R& mode = {},
                                               const execution& how = {}) {
  level_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, mode, how);
  return out;
}

/// The values of a matrix of levels in binary32 or bfloat16, each rounded once to nearest even.
/// Throws std::invalid_argument, before writing, if the shapes differ.
template <auto F, template <auto> class Layout, class Bytes, class T>
void dequantize(const level_matrix<F, Layout, Bytes>& in, matrix_view<T> out,
                const execution& how = {}) {
  if (in.rows() != out.rows || in.cols() != out.cols) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(in.rows()) + " x " + std::to_string(in.cols()));
  }
  using matrix = level_matrix<F, Layout, Bytes>;
  constexpr int bits = matrix::format.element.bits();
  const std::size_t height = in.group_rows(), width = in.group_cols();
  const auto row_of = [&](std::size_t row) {
    for (std::size_t left = 0; left < in.cols(); left += width) {
      const group_values group = in.group(row / height, left / width);
      const std::size_t right = (std::min)(in.cols(), left + width);
      const auto value = [&](code_t code) {
        T result{};
        reference::store_value(group.value(decode(matrix::format.element, code)), result);
        return result;
      };
      // Each code once, where a group has more elements than there are codes.
      if constexpr (bits <= 8) {
        if (right - left >= std::size_t{1} << bits) {
          T table[std::size_t{1} << bits];
          for (code_t code = 0; code < code_t{1} << bits; ++code) table[code] = value(code);
          for (std::size_t col = left; col < right; ++col) {
            out(row, col) = table[in.code(0, row, col) & low_mask(bits)];
          }
          continue;
        }
      }
      for (std::size_t col = left; col < right; ++col) {
        out(row, col) = value(in.code(0, row, col));
      }
    }
  };
  how.run(in.rows(), task(row_of));
}

}  // namespace lowp
