// SPDX-License-Identifier: MIT
// Operands whose codes are integers as int32_sums sees them: integers, scales in binary32, zero
// points.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Codes that are integers in binary, in two's complement if they are signed.
struct integer_format {
  int total_bits = 0;
  bool is_signed = true;
  [[nodiscard]] int bits() const { return total_bits; }
};

/// An operand of integers: their codes, and a scale and a zero point for each group.
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

/// Calls use(coded_integers) for an operand whose codes are integers and lie in rows.
template <described_format Element, described_format Scale, class Use>
void with_integers(const operand_description<Element, Scale>& d, const Use& use) {
  const integer_values integers = lowp::detail::element_facts_of(d).integers;
  const int unit = integers.unit;
  coded_integers out{.rows = d.rows(),
                     .cols = d.cols(),
                     .codes = d.elements.bytes,
                     .row_bytes = d.elements.row_bytes,
                     .format = {d.format().bits(), integers.code == integer_code::twos_complement},
                     .order = d.elements.order,
                     .group_rows = d.group_rows(),
                     .group_cols = d.group_cols(),
                     .groups_per_row = d.scales.groups_per_row,
                     .zeros = d.zeros};
  out.scale_of_all = lowp::detail::integer_scale(unpack(1.0f), unit);
  const auto& scale_format = d.scales.format.value;
  std::vector<float> scales, of_code;
  if (d.scales.bytes == nullptr) return use(out);
  if (is_binary32_array(d.scales) && unit == 0) {
    out.scales = reinterpret_cast<const float*>(d.scales.bytes);
    return use(out);
  }
  const auto scale_of = [&](code_t code) {
    return lowp::detail::integer_scale(decode(scale_format, code), unit);
  };
  for (code_t i = 0; scale_format.bits() <= 8 && i < code_t{1} << scale_format.bits(); ++i) {
    of_code.push_back(scale_of(i));
  }
  const std::size_t count = (out.rows + out.group_rows - 1) / out.group_rows * out.groups_per_row;
  scales.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const code_t code = load_code(d.scales.bytes, i, scale_format.bits(), d.scales.order);
    scales.push_back(of_code.empty() ? scale_of(code) : of_code[code]);
  }
  out.scales = scales.data();
  use(out);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
