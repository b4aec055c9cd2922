// SPDX-License-Identifier: MIT
// The definition of quantizing a composition of levels: encode the scale, decode it, divide by
// that, level after level.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/affine_scale.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/block/rules/standard.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

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
[[nodiscard]] float wanted_scale(const block_format<Element, Scale, Zero, Offset>& f,
                                 const value_range& group, bool spreads) {
  const unpacked largest = largest_level_value(f);
  if (group.all.has_special && spreads) return pack_as<float>(unpacked::nan());
  if constexpr (leaf_count<Zero> != 0 || leaf_count<Offset> != 0) {
    const unpacked lowest = decode(f.element, lowest_code(f.element));
    const binary32 reach = binary32(group.highest) - binary32(group.lowest);
    return static_cast<float>(reach / as_binary32(exact::add(largest, -lowest)));
  } else {
    const unpacked amax = unpack(group.all.amax());
    if (are_powers_of_two(f.scale) && !amax.is_zero()) {
      return pack_as<float>(unpacked::scaled_integer(false, 1, amax.exponent - largest.exponent));
    }
    return static_cast<float>(binary32(group.all.amax()) / as_binary32(largest));
  }
}

/// What an answer of a rule asks for: the value of a scale; for groups with a zero point or an
/// offset a range, which is mapped to that of the elements as the ends of a group are, or a scale
/// and its zero point. A zero point asks for a range with zero in it. What is no range, NaN,
/// reversed or infinite, asks for a scale of NaN.
template <class Format, class Answer>
[[nodiscard]] group_wish wish_of(const Format& f, const Answer& answer) {
  if constexpr (std::is_same_v<Answer, affine_range> || std::is_same_v<Answer, affine_scale>) {
    constexpr bool has_zero = leaf_count<std::remove_cvref_t<decltype(Format::zero)>> != 0;
    constexpr bool has_offset = leaf_count<std::remove_cvref_t<decltype(Format::offset)>> != 0;
    static_assert(has_zero || has_offset,
                  "a rule answers a range or a zero point: the format has neither zero nor offset");
    if constexpr (std::is_same_v<Answer, affine_range>) {
      const affine_range range = has_offset ? answer : with_zero(answer);
      const unpacked low = unpack(answer.low), high = unpack(answer.high);
      if (!low.is_finite() || !high.is_finite() || exact::compare(low, high) > 0) {
        return {.scale = pack_as<float>(unpacked::nan())};
      }
      value_range ends;
      ends.lowest = range.low;
      ends.highest = range.high;
      return {.scale = wanted_scale(f, ends, false), .has_lowest = true, .lowest = range.low};
    } else if constexpr (has_offset) {
      const unpacked shift =
          exact::multiply(unpacked::from_integer(-std::int64_t{answer.zero}), unpack(answer.scale));
      return {.scale = answer.scale, .has_lowest = true, .lowest = pack_as<float>(shift)};
    } else {
      return {.scale = answer.scale, .has_zero = true, .zero = static_cast<float>(answer.zero)};
    }
  } else if constexpr (std::is_same_v<Answer, unpacked>) {
    return {.scale = pack_as<float>(answer)};
  } else {
    return {.scale = pack_as<float>(unpack(answer))};
  }
}

/// A rule for the lowest groups of a composition, of one type whatever its own is. It answers
/// values: the format of the scale may be a composition, of which there are no codes.
class group_rule {
 public:
  group_rule() = default;
  template <class Format, class Rule>
  group_rule(const Format&, const Rule& rule)
      : rule_(&rule), scale_([](const void* self, const void* format, const block_values& block) {
          const auto& own = *static_cast<const Rule*>(self);
          const auto& f = *static_cast<const Format*>(format);
          const auto answer = [&] {
            if constexpr (requires { own.scale(block, f); }) {
              return own.scale(block, f);
            } else {
              return own(block, f);
            }
          }();
          return wish_of(f, answer);
        }) {}
  [[nodiscard]] bool exists() const { return rule_ != nullptr; }
  [[nodiscard]] group_wish operator()(const auto& format, const block_values& block) const {
    return scale_(rule_, &format, block);
  }

 private:
  const void* rule_ = nullptr;
  group_wish (*scale_)(const void*, const void*, const block_values&) = nullptr;
};

/// How the elements of a group are brought to the range of their format: (x + offset) / scale +
/// zero, exactly.
class group_division {
 public:
  explicit group_division(const group_values& group)
      : group_(group),
        shift_(exact::add(group.offset, exact::multiply(group.zero, group.scale))),
        is_nan_(group.scale.is_nan() || group.offset.is_nan()) {}
  /// All elements of such a group have code 0.
  [[nodiscard]] bool is_nan() const { return is_nan_; }
  [[nodiscard]] unpacked operator()(const unpacked& x) const {
    if (x.is_nan()) return x;
    if (group_.scale.is_zero()) return group_.zero;
    if (!shift_.is_zero()) return exact::divide(exact::add(x, shift_), group_.scale);
    return x.is_zero() ? x : exact::divide(x, group_.scale);
  }

 private:
  group_values group_;
  unpacked shift_;
  bool is_nan_;
};

/// The code of an element, rounded once.
template <number_format F, rounding_mode R>
[[nodiscard]] code_t level_code(const F& f, const group_division& divide, float x, const R& mode) {
  if (divide.is_nan()) return 0;
  return encode(f, divide(unpack(x)), mode, overflow::saturate, missing_nan::largest);
}

/// The element whose code stands for 0: lowest code - lowest value / scale, each rounded to
/// binary32.
[[nodiscard]] inline float wanted_zero(const number_format auto& element, float lowest,
                                       const unpacked& scale) {
  const unpacked steps = scale.is_zero() ? unpacked::zero() : exact::divide(unpack(lowest), scale);
  return pack_as<float>(
      exact::add(decode(element, lowest_code(element)), -unpack(pack_as<float>(steps))));
}

/// Encodes a matrix of values as a composition whose first leaf is `Leaf` of `out`; at_element(row,
/// col) is the rounding of its elements.
template <int Leaf, number_format F, class Out, class Mode>
void define_levels(const F& f, const matrix_view<const float>& in, Out& out,
                   const Mode& at_element) {
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t col = 0; col < in.cols; ++col) {
      out.set_code(Leaf, row, col,
                   encode(f, unpack(in(row, col)), at_element(row, col), overflow::saturate,
                          missing_nan::largest));
    }
  }
}

template <int Leaf, class Element, class Scale, class Zero, class Offset, class Out, class Mode>
void define_levels(const block_format<Element, Scale, Zero, Offset>& f,
                   const matrix_view<const float>& in, Out& out, const Mode& at_element,
                   const group_rule& rule = {}) {
  constexpr int scale_leaf = Leaf + leaf_count<Element>, zero_leaf = scale_leaf + leaf_count<Scale>,
                offset_leaf = zero_leaf + leaf_count<Zero>;
  const std::size_t down = groups_along(in.rows, f.shape.rows);
  const std::size_t across = groups_along(in.cols, f.shape.cols);
  const auto nearest = [](std::size_t, std::size_t) { return nearest_even; };
  const std::size_t height = f.shape.rows_in(in.rows), width = f.shape.cols_in(in.cols);
  const auto for_each_element = [&](std::size_t i, std::size_t j, const auto& use) {
    for (std::size_t r = i * height; r < (std::min)(in.rows, (i + 1) * height); ++r) {
      for (std::size_t c = j * width; c < (std::min)(in.cols, (j + 1) * width); ++c) use(r, c);
    }
  };

  // 1. What each group asks for.
  std::vector<float> scales(down * across), lowest(down * across);
  std::vector<std::uint8_t> has_zero(down * across);  // given, in place of the lowest value
  for (std::size_t i = 0; i < scales.size(); ++i) {
    value_range group;
    for_each_element(i / across, i % across,
                     [&](std::size_t r, std::size_t c) { group.add(in(r, c)); });
    lowest[i] = group.lowest;
    if (rule.exists() && !group.all.has_special) {
      const std::size_t top = i / across * height, left = i % across * width;
      const group_wish wish = rule(f, {{in.row(top) + left, (std::min)(height, in.rows - top),
                                        (std::min)(width, in.cols - left), in.stride},
                                       i,
                                       group.all.amax()});
      scales[i] = wish.scale;
      has_zero[i] = wish.has_zero ? 1 : 0;
      if (wish.has_lowest || wish.has_zero) lowest[i] = wish.has_zero ? wish.zero : wish.lowest;
    } else {
      scales[i] = wanted_scale(f, group, Leaf == 0 || !has_nan(f.element));
    }
  }

  // 2. The levels above, and what they came to.
  const auto load = [&out](int leaf, std::size_t r, std::size_t c) { return out.code(leaf, r, c); };
  const auto as_matrix = [&](const std::vector<float>& values) {
    return matrix_view<const float>(values.data(), down, across);
  };
  define_levels<scale_leaf>(f.scale, as_matrix(scales), out, nearest);
  if constexpr (leaf_count<Offset> != 0) {
    for (float& x : lowest) x = pack_as<float>(-unpack(x));
    define_levels<offset_leaf>(f.offset, as_matrix(lowest), out, nearest);
  } else if constexpr (leaf_count<Zero> != 0) {
    for (std::size_t i = 0; i < lowest.size(); ++i) {
      if (has_zero[i] != 0) continue;
      lowest[i] = wanted_zero(f.element, lowest[i],
                              level_value<scale_leaf>(f.scale, i / across, i % across, load));
    }
    define_levels<zero_leaf>(f.zero, as_matrix(lowest), out, nearest);
  }

  // 3. The elements.
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const group_division divide(level_group<Leaf>(f, i / across, i % across, load));
    for_each_element(i / across, i % across, [&](std::size_t r, std::size_t c) {
      const float x = in(r, c);
      out.set_code(Leaf, r, c,
                   rounds_up<Leaf>(f.element) ? level_code(f.element, divide, x, upward)
                                              : level_code(f.element, divide, x, at_element(r, c)));
    });
  }
}

}  // namespace detail

namespace reference {

/// What bulk::quantize_levels gives, element by element.
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void quantize_levels(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
                     const R& mode = {}, const detail::group_rule& rule = {}) {
  detail::define_levels<0>(
      out.composition(), in, out,
      [&](std::size_t row, std::size_t col) { return at(mode, row * in.cols + col); }, rule);
}

/// What lowp::quantize(in, out, mode) gives.
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const R& mode = {}) {
  if constexpr (described_scaled_blocks<Format>) {
    if (Format::is_constant || is_scaled_blocks(out.composition())) {
      const auto blocks = scaled_blocks_of(out.composition());
      return quantize_by(in, out, blocks, {blocks, rules::standard}, mode);
    }
  }
  quantize_levels(in, out, mode);
}

}  // namespace reference
}  // namespace lowp
