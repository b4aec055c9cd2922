// SPDX-License-Identifier: MIT
// An operand of a product as one type, whatever its own is, so that products are compiled once for
// all operands: what is known of it, and what is asked of its description.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/packed_groups.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

class any_operand;

/// The operands that one is composed of (slices.hpp); none, of most.
struct operand_slices {
  const any_operand* const* parts = nullptr;
  std::size_t count = 0;
  bool are_rows = false;         ///< one below the other, instead of side by side along K
  bool have_own_scales = false;  ///< tensor scales differ from slice to slice

  [[nodiscard]] bool exist() const { return count != 0; }
  [[nodiscard]] bool are_columns() const { return exist() && !are_rows; }
};

/// described_operand (operand_rows.hpp) is what there is of it.
class any_operand {
 public:
  // As the description has them.
  std::size_t rows, cols, group_rows, group_cols;
  float tensor_scale;
  bool has_scales, has_zeros;
  bool is_transposed;  ///< there are its columns (use_columns)
  // Of its formats.
  element_facts elements;
  lowp::detail::operand_facts values;

  any_operand(const any_operand&) = delete;
  any_operand& operator=(const any_operand&) = delete;

  /// Calls use(rows) once, with the rows of the values in binary32.
  virtual void use_rows(isa level, const row_use& use) const = 0;
  /// Calls use(rows) once, with the rows of what this is the transpose of, in binary32; false, and
  /// nothing done, of others.
  [[nodiscard]] virtual bool use_columns(isa level, const row_use& use) const = 0;
  /// The rows of elements without their scales; false, and nothing done, if there are none at
  /// speed.
  [[nodiscard]] virtual bool use_element_rows(isa level, const row_use& use) const = 0;
  /// Where an operand of small integers lies, whose property may be kept in `own`; or why it is
  /// none.
  [[nodiscard]] virtual const char* find_integer_rows(integer_property& own,
                                                      integer_rows& out) const = 0;
  /// Codes that are integers and lie in rows; false for others.
  [[nodiscard]] virtual bool find_coded_integers(coded_integers& out) const = 0;
  /// The groups of a packed operand; false if there are none that kernels read.
  [[nodiscard]] virtual bool find_packed_groups(isa level, packed_groups& out) const = 0;

  // The definition: `count` elements of a row, alone or times their scales; the scale of one, and
  // what a code of a scale stands for.
  virtual void find_elements(std::size_t row, std::size_t first, std::size_t count,
                             unpacked* out) const = 0;
  virtual void find_values(std::size_t row, std::size_t first, std::size_t count,
                           unpacked* out) const = 0;
  [[nodiscard]] virtual unpacked scale(std::size_t row, std::size_t col) const = 0;
  [[nodiscard]] virtual unpacked scale_of_code(code_t code) const = 0;
  [[nodiscard]] virtual bool has_dyadic_scales() const = 0;
  [[nodiscard]] virtual operand_slices slices() const { return {}; }

 protected:
  template <class D>
  explicit any_operand(const D& d)
      : rows(d.rows()),
        cols(d.cols()),
        group_rows(d.group_rows()),
        group_cols(d.group_cols()),
        tensor_scale(d.tensor_scale),
        has_scales(d.has_scales()),
        has_zeros(d.has_zeros()),
        is_transposed(lowp::detail::is_transposed_description<D>) {
    using element = typename D::element_format;
    if constexpr (element::is_constant) {
      elements = lowp::detail::element_facts_of_type<D>;
      values = lowp::detail::operand_facts_of(d, facts<element::value>);
    } else {  // looked at once
      const value_facts of_elements = facts_of(d.format());
      elements = lowp::detail::element_facts_of_format<D>(d.format(), of_elements);
      values = lowp::detail::operand_facts_of(d, of_elements);
    }
  }
  ~any_operand() = default;
};

/// Elements of a matrix in memory, whatever their format.
struct plane_rows {
  std::size_t rows, cols;
  const std::uint8_t* bytes;
  std::ptrdiff_t row_bytes;
  int bits;
  packing order;

  [[nodiscard]] const std::uint8_t* row(std::size_t index) const {
    return bytes + static_cast<std::ptrdiff_t>(index) * row_bytes;
  }
  /// Whether the first code of a row follows the last one of the row before it.
  [[nodiscard]] bool continues() const {
    const auto distance = static_cast<std::size_t>(
        is_array_of<std::uint16_t>(order, bits) ? 16 : code_distance(order, bits));
    return row_bytes > 0 && static_cast<std::size_t>(row_bytes) * 8 == cols * distance;
  }
  /// Where rows lie that follow each other in memory; nothing of others.
  [[nodiscard]] row_memory memory() const {
    if (row_bytes < 0) return {};
    return {bytes, static_cast<std::size_t>(row_bytes), bits_per_code(order, bits)};
  }
};

// Calls of `use` with rows of each kind.
LOWP_BORDER void use_binary32_rows(isa level, const matrix_view<const float>& values,
                                   const row_use& use);
/// Codes of at most 8 bits.
LOWP_BORDER void use_table_rows(isa level, const plane_rows& plane,
                                const kernels::value_table& values, const row_use& use);
/// Codes of at most 16 bits. They may be numbers of bfloat16 as they lie in memory.
LOWP_BORDER void use_decoded_rows(isa level, const plane_rows& plane,
                                  const kernels::decode_plan& values, bool are_bfloat16,
                                  const row_use& use);
/// `elements` less the zero points (null for none), times the scales of an operand, of which
/// binary32 has all.
LOWP_BORDER void use_scaled_rows(isa level, const any_operand& x, const std::int32_t* zeros,
                                 std::size_t groups_per_row, const row_source& elements,
                                 const row_use& use);
/// By the definition, one by one: where no kernel reaches.
LOWP_BORDER void use_defined_rows(const any_operand& x, const row_use& use);
/// By a transposed copy of the values of `of`, in binary32.
LOWP_BORDER void use_transposed_rows(isa level, const any_operand& of, const row_use& use);

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/gemm/operands/any_operand.inc"
#endif
