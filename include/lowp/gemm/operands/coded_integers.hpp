// SPDX-License-Identifier: MIT
// Operands whose codes are integers as int32_sums sees them: integers, scales in binary32, zero
// points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/kernels/products/integer_tiles.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Codes that are integers in binary, in two's complement if they are signed; or any others.
struct integer_format {
  int total_bits = 0;
  bool is_signed = true;
  [[nodiscard]] int bits() const { return total_bits; }
};

/// An operand of integers: their codes, and a scale and a zero point for each group. Codes of few
/// bits that spell integers in another way have a table of them.
struct coded_integers {
  std::size_t rows = 0, cols = 0;
  const std::uint8_t* codes = nullptr;
  std::ptrdiff_t row_bytes = 0;
  integer_format format{};
  packing order{};
  std::size_t group_rows = 1, group_cols = 1, groups_per_row = 1;
  const float* scales = nullptr;  ///< or null, for one scale of all elements:
  float scale_of_all = 1;
  const std::int32_t* zeros = nullptr;  ///< or null, for none
  /// The scales before they are in binary32, row after row of the groups; null for none.
  const std::uint8_t* scale_codes = nullptr;
  int scale_bits = 0;
  packing scale_order{};
  int unit = 0;  ///< of the integers: 2^unit
  bool has_table = false;
  kernels::integer_codes table{};

  /// c above.
  [[nodiscard]] int center() const { return !format.is_signed && format.bits() == 8 ? 128 : 0; }
  /// Whether z' may differ from zero.
  [[nodiscard]] bool has_zeros() const { return zeros != nullptr || center() != 0; }
  /// What codes differ from q - lowest in.
  [[nodiscard]] int sign() const { return format.is_signed ? 1 << (format.bits() - 1) : 0; }
};

/// Whether the codes of a plane are an array of float.
template <class Plane>
[[nodiscard]] bool is_binary32_array(const Plane& plane) {
  return has_kernels && is_same_format(plane.format.value, formats::binary32) &&
         is_array_of<std::uint32_t>(plane.order, 32) &&
         reinterpret_cast<std::uintptr_t>(plane.bytes) % alignof(float) == 0;
}

/// Where codes that are integers lie, in rows, but for scales that have to be converted; false for
/// other codes.
template <described_format Element, described_format Scale>
[[nodiscard]] bool find_coded_integers(const operand_description<Element, Scale>& d,
                                       const integer_values& integers, coded_integers& out) {
  integer_form form;
  const bool has_table = integers.code == integer_code::other;
  if (has_table) {
    if (!integers.exist || d.format().bits() > 6) return false;
    form = make_integer_form(d.format());
    if (!form.is_possible || form.unit != integers.unit) return false;
  }
  out = {.rows = d.rows(),
         .cols = d.cols(),
         .codes = d.elements.bytes,
         .row_bytes = d.elements.row_bytes,
         .format = {d.format().bits(), integers.code == integer_code::twos_complement},
         .order = d.elements.order,
         .group_rows = d.group_rows(),
         .group_cols = d.group_cols(),
         .groups_per_row = d.scales.groups_per_row,
         .scale_of_all = lowp::detail::integer_scale(unpack(1.0f), integers.unit),
         .zeros = d.zeros,
         .scale_codes = d.scales.bytes,
         .scale_bits = d.scale_value_format().bits(),
         .scale_order = d.scales.order,
         .unit = integers.unit,
         .has_table = has_table,
         .table = form.codes};
  if (d.scales.bytes != nullptr && is_binary32_array(d.scales) && integers.unit == 0) {
    out.scales = reinterpret_cast<const float*>(d.scales.bytes);
  }
  return true;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
