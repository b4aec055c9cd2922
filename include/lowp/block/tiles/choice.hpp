// SPDX-License-Identifier: MIT
// Blocks that choose among grids: each has a scale and a selector that says which of several
// element formats its codes are of. BitMoD (arXiv 2411.11745) and its like.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/block/block_format.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace rules {

/// amax / the largest magnitude among the values of the element format, of either sign, in
/// binary32: so that a grid from -4 to 6 maps amax to 6. Where scales are powers of two,
/// 2^(floor(log2 amax) - floor(log2 largest)).
struct full_range_t {
  static constexpr std::string_view name = "full_range";

  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale&) {
    const unpacked high = magnitude_of(decode(format.element, largest_code(format.element)));
    const unpacked low = magnitude_of(decode(format.element, lowest_code(format.element)));
    const unpacked& largest = exact::compare(low, high) > 0 ? low : high;
    const unpacked x = unpack(block_amax);
    if (facts_of(format.scale).are_powers_of_two() && !x.is_zero()) {
      return unpacked::scaled_integer(false, 1, x.exponent - largest.exponent);
    }
    return unpack(detail::as_binary32(exact::divide(x, largest)));
  }
};
inline constexpr full_range_t full_range{};

}  // namespace rules

/// What a block holds against a grid.
enum class choice_error : std::uint8_t {
  squares,     ///< the sum of squares of differences
  magnitudes,  ///< the sum of their magnitudes
};

/// `shape` elements share a code of `scale` and a selector of as few bits as number the elements,
/// which are formats of one width and of any families. The value of an element is that of its code
/// in the format that is selected, times the scale.
///
/// To encode a block each format is tried: the rule, full_range unless another is given, chooses
/// its scale, elements are divided by that and rounded; the format that errs least is selected, the
/// first of those that err equally. The error is that of values as binary32 numbers; differences,
/// squares and sums are rounded to binary64, columns of a block modulo 4 being summed apart, row by
/// row, and then (0 + 1) + (2 + 3).
/// A NaN or an infinity makes the scale NaN and all codes and the selector 0; where the scale
/// format has no NaN, the elements alone say what they become. A block of zeros selects the first
/// format.
template <class Rule, number_format Scale, number_format... Elements>
struct choice_format {
  block_shape tile;
  Scale scale;
  std::tuple<Elements...> elements;
  choice_error error = choice_error::squares;
  Rule rule{};
  static_assert(sizeof...(Elements) >= 1 && sizeof...(Elements) <= 256,
                "a choice_format has 1 to 256 elements");

  static constexpr std::size_t parameter_count = 2;  ///< scale and selector
  constexpr bool operator==(const choice_format& other) const {
    return tile == other.tile && scale == other.scale && elements == other.elements &&
           error == other.error;
  }
  [[nodiscard]] constexpr block_shape shape() const { return tile; }
  [[nodiscard]] constexpr int element_bits() const { return std::get<0>(elements).bits(); }
  [[nodiscard]] constexpr int parameter_bits(std::size_t i) const {
    return i == 0 ? scale.bits() : selector_bits;
  }
  /// 1 for one format, too: no plane has no bits.
  static constexpr int selector_bits =
      sizeof...(Elements) <= 2 ? 1 : static_cast<int>(std::bit_width(sizeof...(Elements) - 1));
};

/// The choice among formats: choice(block_shape{1, 16}, formats::binary16, formats::int_n<4>,
/// formats::e2m1).
template <number_format Scale, number_format... Elements>
[[nodiscard]] constexpr auto choice(block_shape shape, const Scale& scale,
                                    const Elements&... elements) {
  return choice_format<rules::full_range_t, Scale, Elements...>{shape, scale, {elements...}};
}

namespace detail {

/// use(element) of the format with this number; of the first one, if there is none.
template <class Choice, class Use>
constexpr auto with_element(const Choice& f, std::size_t selector, const Use& use) {
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    auto result = use(std::get<0>(f.elements));
    ((selector == Index && Index != 0 ? void(result = use(std::get<Index>(f.elements))) : void()),
     ...);
    return result;
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(f.elements)>>{});
}

/// The error of a block: four sums, of columns modulo 4, each row by row, then (0 + 1) + (2 + 3).
class error_sum {
 public:
  explicit error_sum(choice_error kind) : is_squared_(kind == choice_error::squares) {}
  void add(std::size_t col, float value, float x) {
    const double apart = opaque(static_cast<double>(value) - static_cast<double>(x));
    const double part = is_squared_ ? opaque(apart * apart) : apart < 0 ? -apart : apart;
    sums_[col % 4] = opaque(sums_[col % 4] + part);
  }
  void add_row(const float* row_values, const float* row, std::size_t count) {
    std::size_t col = 0;
    for (; col + 4 <= count; col += 4) {
      for (std::size_t i = 0; i < 4; ++i) add(i, row_values[col + i], row[col + i]);
    }
    for (; col < count; ++col) add(col, row_values[col], row[col]);
  }
  [[nodiscard]] double total() const {
    return opaque(opaque(sums_[0] + sums_[1]) + opaque(sums_[2] + sums_[3]));
  }

 private:
  bool is_squared_;
  double sums_[4] = {};
};

}  // namespace detail

template <class Rule, class Scale, class... Elements>
[[nodiscard]] constexpr const char* defect(const choice_format<Rule, Scale, Elements...>& f) {
  if (defect(f.scale) != nullptr) return defect(f.scale);
  if (f.tile.rows < 0 || f.tile.cols < 0) return "a block_shape has no negative extent";
  return std::apply(
      [&](const auto&... element) {
        const char* why = nullptr;
        ((why = why != nullptr                       ? why
                : defect(element) != nullptr         ? defect(element)
                : element.bits() != f.element_bits() ? "the elements of a choice have one width"
                : element.bits() > 16                ? "the elements of a choice have 1 to 16 bits"
                                                     : nullptr),
         ...);
        return why;
      },
      f.elements);
}

template <class Rule, class Scale, class... Elements>
[[nodiscard]] constexpr unpacked tile_value(
    const choice_format<Rule, Scale, Elements...>& f,
    const tile_parameters<choice_format<Rule, Scale, Elements...>>& parameters, std::size_t,
    code_t code) {
  const unpacked element = detail::with_element(
      f, parameters[1], [&](const auto& format) { return decode(format, code); });
  return exact::multiply(element, decode(f.scale, parameters[0]));
}

/// The values of a tile as the nearest binary32 numbers: of a table, where codes are of at most 8
/// bits and no more than the elements of a row of the tile.
template <class Choice>
class choice_numbers {
 public:
  choice_numbers(const Choice& f, const tile_parameters<Choice>& parameters)
      : format_(f), parameters_(parameters) {
    const std::size_t codes = std::size_t{1} << f.element_bits();
    if (codes > table_.size() ||
        (f.tile.cols != 0 && codes > static_cast<std::size_t>(f.tile.cols)))
      return;
    for (; count_ < codes; ++count_) table_[count_] = number(count_);
  }
  [[nodiscard]] float operator()(std::size_t, code_t code) const {
    return code < count_ ? table_[code] : number(code);
  }

 private:
  [[nodiscard]] float number(code_t code) const {
    return pack_as<float>(tile_value(format_, parameters_, 0, code));
  }

  const Choice& format_;
  tile_parameters<Choice> parameters_;
  std::size_t count_ = 0;
  std::array<float, 256> table_;
};
template <class Rule, class Scale, class... Elements>
[[nodiscard]] auto tile_numbers(
    const choice_format<Rule, Scale, Elements...>& f,
    const tile_parameters<choice_format<Rule, Scale, Elements...>>& parameters) {
  return choice_numbers<choice_format<Rule, Scale, Elements...>>(f, parameters);
}

template <class Rule, class Scale, class... Elements, class Rounding, class Put>
[[nodiscard]] auto encode_tile(const choice_format<Rule, Scale, Elements...>& f,
                               const matrix_view<const float>& values, const Rounding& rounding,
                               const Put& put) {
  tile_parameters<choice_format<Rule, Scale, Elements...>> best{};
  const default_float_environment environment;
  std::vector<code_t> codes(values.rows * values.cols), best_codes;
  amax_accumulator all;
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) all.add(values(r, c));
  }
  double least = 0;
  code_t selector = 0;
  const auto attempt = [&](const auto& element) {
    using blocks = scaled_blocks<std::remove_cvref_t<decltype(element)>, Scale>;
    const blocks format{element, f.scale, f.tile};
    const rule_view<blocks> rule(format, f.rule);
    const code_t scale =
        rule.encode_scale(rule.rule, format, {values, 0, all.amax(), all.has_special, {}});
    const element_encoder<blocks> encoder(format, rule, scale);
    const unpacked scale_value = decode(f.scale, scale);
    detail::error_sum sum(f.error);
    auto code = codes.begin();
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c, ++code) {
        *code = encoder(values(r, c), rounding(r, c));
        const unpacked value = exact::multiply(decode(element, *code), scale_value);
        sum.add(c, pack_as<float>(value), values(r, c));
      }
    }
    const double error = all.has_special ? 0 : sum.total();
    if (selector == 0 || error < least) {
      least = error;
      best = {scale, selector};
      best_codes = codes;
    }
    ++selector;
  };
  std::apply([&](const auto&... element) { (attempt(element), ...); }, f.elements);
  auto code = best_codes.begin();
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) put(r, c, *code++);
  }
  return best;
}

inline namespace LOWP_BASELINE {

/// A whole matrix, as encode_tile, by the kernels that quantize it to each format alone.
template <class Rule, class Scale, class... Elements, rounding_mode R>
void encode_tiles(const choice_format<Rule, Scale, Elements...>& f,
                  const matrix_view<const float>& in,
                  tile_matrix<choice_format<Rule, Scale, Elements...>>& out, const R& mode,
                  const execution& how) {
  const std::size_t height = out.tile_rows(), width = out.tile_cols();
  const std::size_t across = out.tile_col_count();
  std::vector<double> least(out.tile_row_count() * across);
  std::vector<float> values(in.rows * in.cols);
  const matrix_view<float> view(values.data(), in.rows, in.cols);
  const int bits = f.element_bits();
  const bool fills_bytes = width * static_cast<std::size_t>(bits) % 8 == 0;
  code_t selector = 0;
  const auto attempt = [&](const auto& element) {
    using levels = block_format<std::remove_cvref_t<decltype(element)>, Scale>;
    basic_block_matrix<variable_format<levels>> codes({levels{element, f.scale, f.tile}}, in.rows,
                                                      in.cols);
    quantize(in, codes, f.rule, mode, how);
    dequantize(codes, view, how);
    const auto take = [&](std::size_t r, std::size_t left, std::size_t right) {
      if (fills_bytes) {  // so that tiles begin at bytes
        const std::size_t first = left / 8 * static_cast<std::size_t>(bits) +
                                  left % 8 * static_cast<std::size_t>(bits) / 8;
        std::memcpy(out.row_codes(r) + first, codes.row_codes(r) + first,
                    packed_bytes(right - left, bits));
        return;
      }
      for (std::size_t c = left; c < right; ++c) out.set_code(r, c, codes.code(r, c));
    };
    const auto tile_row = [&](std::size_t row) {
      const default_float_environment environment;
      const std::size_t top = row * height, bottom = (std::min)(top + height, in.rows);
      for (std::size_t tile = 0; tile < across; ++tile) {
        const std::size_t left = tile * width, right = (std::min)(left + width, in.cols);
        detail::error_sum sum(f.error);
        std::uint32_t largest = 0;
        for (std::size_t r = top; r < bottom; ++r) {
          sum.add_row(view.row(r) + left, in.row(r) + left, right - left);
          for (std::size_t c = left; c < right; ++c) {
            largest = (std::max)(largest, std::bit_cast<std::uint32_t>(in(r, c)) & 0x7FFFFFFFu);
          }
        }
        double& so_far = least[row * across + tile];
        const bool has_special = largest >= 0x7F800000u;
        if (selector != 0 && (has_special || !(sum.total() < so_far))) continue;
        so_far = sum.total();
        out.set_parameters(row, tile, {codes.scale_code(row, tile), selector});
        for (std::size_t r = top; r < bottom; ++r) take(r, left, right);
      }
    };
    how.run(out.tile_row_count(), task(tile_row));
    ++selector;
  };
  std::apply([&](const auto&... element) { (attempt(element), ...); }, f.elements);
}

}  // namespace LOWP_BASELINE

/// "choice(int4,e2m1;binary16,1x16)": the elements, the scale and the shape, as far as they fit.
template <class Rule, class Scale, class... Elements>
[[nodiscard]] constexpr format_name known_name(const choice_format<Rule, Scale, Elements...>& f) {
  format_name text;
  std::string_view before = "choice(";
  std::apply(
      [&](const auto&... element) {
        ((text << before << name(element).view(), before = ","), ...);
      },
      f.elements);
  return text << ";" << name(f.scale).view() << "," << f.tile.rows << "x" << f.tile.cols << ")";
}

namespace formats {

/// BitMoD's grids, a special value in the place of -0: of 3 bits with 3, -3, 6 or -6, of 4 bits,
/// twice those of e2m1, with 10, -10, 16 or -16, for 128 elements of a row under a binary16. Codes
/// are the places of values in ascending order; BitMoD's rounding is nearest_downward.
inline constexpr auto bitmod_fp3 =
    choice(block_shape{1, 128}, binary16, codebook<3>(-4, -2, -1, 0, 1, 2, 3, 4),
           codebook<3>(-4, -3, -2, -1, 0, 1, 2, 4), codebook<3>(-4, -2, -1, 0, 1, 2, 4, 6),
           codebook<3>(-6, -4, -2, -1, 0, 1, 2, 4));
inline constexpr auto bitmod_fp4 =
    choice(block_shape{1, 128}, binary16,
           codebook<4>(-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 10, 12),
           codebook<4>(-12, -10, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12),
           codebook<4>(-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16),
           codebook<4>(-16, -12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12));

}  // namespace formats
}  // namespace lowp
