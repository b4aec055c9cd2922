// SPDX-License-Identifier: MIT
// Any operand as an any_operand, and its rows in binary32.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/described_rows.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/packed_groups.hpp"
#include "lowp/gemm/operands/packed_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class D>
inline constexpr bool lies_in_rows = false;
template <described_format Element, described_format Scale>
inline constexpr bool lies_in_rows<operand_description<Element, Scale>> = true;
template <class D>
inline constexpr bool lies_in_groups = false;
template <described_format Element, described_format Scale>
inline constexpr bool lies_in_groups<packed_description<Element, Scale>> = true;

/// Holds a description, before any_operand looks at it.
template <class D>
struct held_description {
  D d_;  // NOLINT(readability-identifier-naming): a private member of what derives from it
};

/// The operand with a description. Refers to what the description refers to.
template <matrix_description D>
class described_operand final : private held_description<D>, public any_operand {
  using held_description<D>::d_;

 public:
  explicit described_operand(const D& d) : held_description<D>{d}, any_operand(d_) {}
  /// Describes x in place: a copy of what was just written waits for it.
  template <gemm_operand X>
  described_operand(const X& x, std::in_place_t)
      : held_description<D>{describe(x)}, any_operand(d_) {}

  void use_rows(isa level, const row_use& use) const override {
    if constexpr (lowp::detail::is_transposed_description<D>) {
      use_transposed_rows(level, described_operand<decltype(d_.of)>(d_.of), use);
    } else {
      with_described_rows(level, d_, *this, use);
    }
  }
  bool use_columns([[maybe_unused]] isa level, [[maybe_unused]] const row_use& use) const override {
    if constexpr (lowp::detail::is_transposed_description<D>) {
      described_operand<decltype(d_.of)>(d_.of).use_rows(level, use);
      return true;
    } else {
      return false;
    }
  }
  bool use_element_rows([[maybe_unused]] isa level,
                        [[maybe_unused]] const row_use& use) const override {
    if constexpr (lies_in_rows<D>) {
      return !has_zeros && with_element_rows(level, d_, use);
    } else {
      return false;
    }
  }
  const char* find_integer_rows([[maybe_unused]] integer_property& own,
                                [[maybe_unused]] integer_rows& out) const override {
    if constexpr (lies_in_rows<D>) {
      return bulk::find_integer_rows(d_, integer_property_of(d_, own), out);
    } else {
      return no_integers;
    }
  }
  bool find_coded_integers([[maybe_unused]] coded_integers& out) const override {
    if constexpr (lies_in_rows<D>) {
      return bulk::find_coded_integers(d_, elements.integers, out);
    } else {
      return false;
    }
  }
  bool find_packed_groups([[maybe_unused]] isa level,
                          [[maybe_unused]] packed_groups& out) const override {
    if constexpr (lies_in_groups<D>) {
      return find_groups(level, d_, out);
    } else {
      return false;
    }
  }
  void find_elements(std::size_t row, std::size_t first, std::size_t count,
                     unpacked* out) const override {
    for (std::size_t i = 0; i < count; ++i) out[i] = d_.element(row, first + i);
  }
  void find_values(std::size_t row, std::size_t first, std::size_t count,
                   unpacked* out) const override {
    for (std::size_t i = 0; i < count; ++i) out[i] = d_.value(row, first + i);
  }
  unpacked scale(std::size_t row, std::size_t col) const override { return d_.scale(row, col); }
  unpacked scale_of_code(code_t code) const override {
    return decode(d_.scale_value_format(), code);
  }
  bool has_dyadic_scales() const override { return d_.has_dyadic_scales(); }
};

template <gemm_operand X>
[[nodiscard]] auto as_any_operand(const X& x) {
  using operand = described_operand<lowp::detail::description_of<X>>;
  if constexpr (std::is_constructible_v<operand, const X&, std::in_place_t>) {
    return operand(x, std::in_place);
  } else {  // of parts, which have descriptions of their own
    return operand(describe(x));
  }
}

/// Calls use(row_source) for an operand.
template <gemm_operand X, class Use>
void with_rows(isa level, const X& x, const Use& use) {
  as_any_operand(x).use_rows(level, row_use(use));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
