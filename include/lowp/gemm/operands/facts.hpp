// SPDX-License-Identifier: MIT
// What a product asks of the elements of an operand, whatever their values.
#pragma once

#include <type_traits>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// What is known of the elements of an operand, whatever their values.
struct element_facts {
  /// The exponent of the smallest normal number of a format with subnormals; else one below all.
  int lowest_exponent = -value_facts::unbounded;
  int mantissa_bits = -1;  ///< of a floating-point format; else -1
  /// Whether values are multiples of powers of two, as decoding gives them; others are meant as
  /// what they are in binary32.
  bool are_dyadic = true;
  integer_values integers{};
};

namespace detail {

/// Of the elements of a description with such a format.
template <class D>
[[nodiscard]] constexpr element_facts element_facts_of_format(
    [[maybe_unused]] const auto& f, [[maybe_unused]] const value_facts& known) {
  element_facts facts;
  if constexpr (!has_values_of_formats<D>) return facts;
  facts.lowest_exponent = known.normal_exponent;
  if (known.spacing == value_spacing::floating) facts.mantissa_bits = known.significant_bits - 1;
  facts.are_dyadic = known.are_dyadic();
  // Elements of a transposed matrix have scales and zero points across its rows.
  if constexpr (!is_transposed_description<D>) facts.integers = integers_of(f);
  return facts;
}
template <class D>
requires(D::element_format::is_constant) inline constexpr element_facts element_facts_of_type =
    element_facts_of_format<D>(D::element_format::value, facts<D::element_format::value>);
template <class D>
[[nodiscard]] element_facts element_facts_of(const D& d) {
  if constexpr (D::element_format::is_constant) {
    return element_facts_of_type<D>;
  } else {
    return element_facts_of_format<D>(d.format(), facts_of(d.format()));
  }
}

/// Whether all formats of a description are part of its type.
template <class D>
inline constexpr bool has_constant_formats =
    D::element_format::is_constant&& D::scale_format::is_constant;

/// What holds of all values of an operand, that is of the products of an element and a scale: how
/// many significant bits they have, and where the last of them lies, at the lowest, and the first,
/// at the highest.
struct operand_facts {
  int factor_bits = value_facts::unbounded, last_bit_exponent = -value_facts::unbounded;
  int highest_exponent = value_facts::unbounded;
  bool are_dyadic = true;

  constexpr operand_facts() = default;
  explicit constexpr operand_facts(const value_facts& element)
      : factor_bits(element.factor_bits()),
        last_bit_exponent(element.last_bit_exponent),
        highest_exponent(element.highest_exponent),
        are_dyadic(element.are_dyadic()) {}
  constexpr operand_facts(const value_facts& element, const value_facts& scale)
      : factor_bits(element.factor_bits() + scale.factor_bits()),
        last_bit_exponent(element.last_bit_exponent + scale.last_bit_exponent),
        highest_exponent(element.highest_exponent + scale.highest_exponent + 1),
        are_dyadic(element.are_dyadic() && scale.are_dyadic()) {}
};
template <class D>
requires has_constant_formats<D>
inline constexpr operand_facts operand_facts_of_type = [] {
  constexpr value_facts element = facts<D::element_format::value>;
  if constexpr (std::is_same_v<typename D::scale_format, without_scales>) {
    return operand_facts(element);
  } else {
    return operand_facts(element, facts<D::scale_format::value>);
  }
}();
/// Where the facts of the element format are at hand. With zero points, and of slices, nothing is
/// known.
template <class D>
[[nodiscard]] operand_facts operand_facts_of(const D& d, const value_facts& of_elements) {
  if (!has_values_of_formats<D> || d.has_zeros()) return {};
  if constexpr (has_constant_formats<D>) {
    return operand_facts_of_type<D>;
  } else if constexpr (std::is_same_v<typename D::scale_format, without_scales>) {
    return operand_facts(of_elements);
  } else if constexpr (D::scale_format::is_constant) {
    return operand_facts(of_elements, facts<D::scale_format::value>);
  } else {
    return operand_facts(of_elements, facts_of(d.scale_value_format()));
  }
}

/// Whether values with these facts, in binary32, are bfloat16 where they are normal numbers. A
/// factor that is a power of two adds no significant bit.
[[nodiscard]] constexpr bool are_bfloat16(const operand_facts& of) { return of.factor_bits <= 8; }

/// A scale, rounded to binary32, times the unit of the integers that it scales.
[[nodiscard]] inline float integer_scale(const unpacked& scale, int unit) {
  return pack_as<float>(scale_by_power_of_two(unpack(pack_as<float>(scale)), unit));
}

}  // namespace detail
}  // namespace lowp
