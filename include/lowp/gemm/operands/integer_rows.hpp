// SPDX-License-Identifier: MIT
// Operands whose elements are small integers times a power of two for each block of 32: INT-N, E2M1
// (halves), E2M3 (eighths), under E8M0 or no scales. The sum of a step of 32 is then exact in
// 32-bit integers and, as a multiple of one power of two below 2^24, in binary32 too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/row_memory.hpp"
#include "lowp/kernels/products/integer_tiles.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The integers behind the codes of a format: value = integer * 2^unit.
struct integer_form {
  bool is_possible = false;
  int unit = 0;
  kernels::integer_codes codes;
};
template <number_format F>
[[nodiscard]] constexpr integer_form make_integer_form(const F& f) {
  if (f.bits() > 8) return {};
  const auto count = code_t{1} << f.bits();
  integer_form form{true, 1 << 20, {}};
  for (code_t code = 0; code < count; ++code) {
    const unpacked x = decode(f, code);
    if (!x.is_finite()) return {};
    if (!x.is_zero()) form.unit = (std::min)(form.unit, last_bit_exponent(x));
  }
  form.codes.is_identity = f.bits() == 8;
  for (code_t code = 0; code < count; ++code) {
    const unpacked x = decode(f, code);
    const int exponent = x.exponent - form.unit;
    if (!x.is_zero() && (exponent > 7 || exponent < 0)) return {};
    const std::int64_t integer = integer_of(x, form.unit);
    if (integer < -128 || integer > 127) return {};
    const auto byte = static_cast<std::uint8_t>(integer);
    if (f.bits() == 8 && byte != code) return {};
    for (code_t i = code; f.bits() < 8 && i < 64; i += count) form.codes.table[i] = byte;
  }
  if (f.bits() == 7) return {};  // no table of 128
  return form;
}

/// Scales 2^(code + offset - 127), for codes from low to high, which are all whose magnitudes,
/// times 2^unit, leave room: 2^-70 to 2^50.
struct power_scales {
  bool is_possible = false;
  int offset = 0;
  std::uint8_t low = 0, high = 0;
};
template <number_format F>
[[nodiscard]] constexpr power_scales make_power_scales(const F& f, int unit) {
  power_scales scales;
  if (f.bits() > 8) return scales;
  bool is_inside = false, is_past = false;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const unpacked x = decode(f, code);
    const int exponent = x.exponent + unit;
    if (!x.is_finite() || x.is_zero() || exponent < -70 || exponent > 50) {
      if (!x.is_finite() && !is_inside) return {};
      is_past = is_inside;
      continue;
    }
    const int offset = exponent + 127 - static_cast<int>(code);
    const bool is_power = !x.negative && x.significand == uint128{std::uint64_t{1} << 63, 0};
    if (!is_power || is_past || (is_inside && offset != scales.offset)) return {};
    if (!is_inside) scales.low = static_cast<std::uint8_t>(code);
    scales.high = static_cast<std::uint8_t>(code);
    scales.offset = offset;
    is_inside = true;
  }
  scales.is_possible = is_inside;
  return scales;
}

/// An operand of integers, as bytes.
struct integer_rows {
  std::size_t row_count = 0, col_count = 0;
  const std::uint8_t* codes = nullptr;
  std::size_t row_bytes = 0;
  int bits = 0;
  packing order{};
  const kernels::integer_codes* map = nullptr;
  const std::uint8_t* scales = nullptr;  ///< or null, for a scale of 1
  power_scales powers{};
  std::size_t scales_per_row = 0, block_rows = 1, block_cols = 1;

  [[nodiscard]] std::size_t rows() const { return row_count; }
  [[nodiscard]] std::size_t cols() const { return col_count; }
  [[nodiscard]] const std::uint8_t* row(std::size_t i) const { return codes + i * row_bytes; }
  [[nodiscard]] row_memory memory() const { return {codes, row_bytes, bits_per_code(order, bits)}; }
  [[nodiscard]] bool has_nibbles() const {
    return bits == 4 && is_dense(order, 4) && !order.is_msb_first;
  }

  /// The scale codes of the steps from `first` on; `buffer` holds `count`, at most 16.
  [[nodiscard]] const std::uint8_t* scale_codes(std::size_t i, std::size_t first, std::size_t count,
                                                std::uint8_t* buffer) const {
    if (scales == nullptr) {
      std::fill(buffer, buffer + count, std::uint8_t{0});
      return buffer;
    }
    const std::uint8_t* const of_row = scales + i / block_rows * scales_per_row;
    if (block_cols == 32) return of_row + first;
    for (std::size_t step = 0; step < count; ++step) {
      buffer[step] = of_row[(first + step) * 32 / block_cols];
    }
    return buffer;
  }
};

/// What is known of an operand type: the integers of its elements and the powers of its scales.
struct integer_property {
  integer_form elements;
  power_scales scales;
  [[nodiscard]] constexpr bool is_possible() const {
    return elements.is_possible && scales.is_possible;
  }
};
/// Without scales, those of a format whose only code stands for 1.
[[nodiscard]] constexpr integer_property unscaled_integers(const integer_form& form) {
  const bool is_possible = form.is_possible && form.unit >= -70 && form.unit <= 50;
  return {form, {is_possible, form.unit + 127, 0, 0}};
}
/// Of the formats of an operand's elements and scales.
template <described_format Element, described_format Scale>
[[nodiscard]] constexpr integer_property make_integer_property(const Element& element,
                                                               const Scale& scale) {
  const integer_form form = make_integer_form(element.value);
  if constexpr (std::is_same_v<Scale, without_scales>) {
    return unscaled_integers(form);
  } else {
    return {form, make_power_scales(scale.value, form.unit)};
  }
}
}  // namespace bulk

/// Whether elements of an operand are 8-bit integers times one power of two for each group, as its
/// type tells. Two such operands are multiplied in integers, where the machine has the instructions
/// and groups are multiples of 32 columns; the result is the same.
template <gemm_operand X>
inline constexpr bool has_integer_panels = false;
template <gemm_operand X>
requires lowp::detail::has_constant_formats<lowp::detail::description_of<X>>
inline constexpr bool has_integer_panels<X> = [] {
  using description = lowp::detail::description_of<X>;
  return std::is_same_v<description, operand_description<typename description::element_format,
                                                         typename description::scale_format>> &&
         bulk::make_integer_property(typename description::element_format{},
                                     typename description::scale_format{})
             .is_possible();
}();

namespace bulk {

/// The integer_property of an operand: one for the whole program where formats are part of its
/// type, else `own`.
template <described_format Element, described_format Scale>
[[nodiscard]] const integer_property& integer_property_of(
    const operand_description<Element, Scale>& d, [[maybe_unused]] integer_property& own) {
  if constexpr (Element::is_constant && Scale::is_constant) {
    static const integer_property known = make_integer_property(Element{}, Scale{});
    return known;
  } else {
    own = make_integer_property(d.elements.format, d.scales.format);
    return own;
  }
}
inline constexpr const char* no_integers =
    "elements of an operand are no 8-bit integers times one power of two for each 32";
/// Where such an operand lies, with its property, or why it is none.
template <described_format Element, described_format Scale>
[[nodiscard]] const char* find_integer_rows(const operand_description<Element, Scale>& d,
                                            const integer_property& known, integer_rows& out) {
  const bool is_scaled = d.scales.bytes != nullptr;
  if (!known.is_possible() || d.has_zeros() || d.elements.row_bytes < 0) {
    return no_integers;
  }
  if (is_scaled && (d.group_cols() % 32 != 0 || !is_array_of<std::uint8_t>(d.scales.order, 8) ||
                    d.scale_value_format().bits() > 8)) {
    return "groups of an operand are no multiples of 32 columns";
  }
  out = {.row_count = d.rows(),
         .col_count = d.cols(),
         .codes = d.elements.bytes,
         .row_bytes = static_cast<std::size_t>(d.elements.row_bytes),
         .bits = d.format().bits(),
         .order = d.elements.order,
         .map = &known.elements.codes,
         .scales = d.scales.bytes,
         .powers = known.scales,
         .scales_per_row = d.scales.groups_per_row,
         .block_rows = is_scaled ? d.group_rows() : 1,
         .block_cols = is_scaled ? d.group_cols() : 1};
  return nullptr;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
