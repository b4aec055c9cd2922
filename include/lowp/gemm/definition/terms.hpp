// SPDX-License-Identifier: MIT
// What the definition of a policy is given: a row of either operand, whose products it adds, and
// the roundings of a mode one after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// As what a policy takes the values of its operands.
enum class factor_form : std::uint8_t {
  /// Each element times its scale, rounded to binary32 where that is not exact. Tensor scales
  /// multiply the finished sum.
  values,
  exact_values,  ///< each element times its scale times the tensor scale, without rounding
  /// Elements alone, less their zero points, rounded to binary32; by scales the policy multiplies
  /// itself (factor_row::scale). Tensor scales multiply the finished sum.
  elements,
};

/// Where a policy multiplies by the scales of operands that have any.
enum class scale_use : std::uint8_t {
  elements,  ///< each element, rounded to binary32 where that is not exact
  /// The sum of a piece of K, as tensor cores and block-scaled products do: codes are summed. K is
  /// cut where a group of either operand ends that shares a scale, and after each chunk of products
  /// from there. The sum of a piece, in binary32, is multiplied by the product of a's and b's
  /// scale, itself rounded to binary32, and added to the result: one rounding each, to nearest
  /// even (DeepSeek-V3, arXiv 2412.19437, section 3.3.2, and DeepGEMM).
  partial_sums,
};

/// A row of an operand.
struct factor_row {
  const float* values = nullptr;     ///< all forms but exact_values; else null
  const unpacked* exact = nullptr;   ///< factor_form::exact_values; else null
  const unpacked* scales = nullptr;  ///< factor_form::elements: one for each group; null is 1
  std::size_t group = (std::numeric_limits<std::size_t>::max)();  ///< columns that share a scale
  element_facts elements{};
  /// What the exponent of a value counts as at least where it is aligned (aligned_sums).
  int lowest_exponent = -(1 << 24);

  [[nodiscard]] unpacked operator[](std::size_t k) const {
    return values != nullptr ? unpack(values[k]) : exact[k];
  }
  [[nodiscard]] unpacked scale(std::size_t k) const {
    return scales == nullptr ? unpacked::scaled_integer(false, 1) : scales[k / group];
  }
};

/// What one element of C is the sum of: start + a[0] b[0] + … + a[depth - 1] b[depth - 1].
struct product_terms {
  std::size_t depth;
  factor_row a, b;
  float start;  ///< what the element held, for gemm_accumulate; else 0

  /// Calls use(begin, end) for the pieces of K that have one scale of each operand; none has more
  /// than `chunk` products, unless that is 0.
  template <class Use>
  void for_each_piece(int chunk, const Use& use) const {
    for (std::size_t k = 0, end = 0; k < depth; k = end) {
      end = end_of_piece(k, chunk == 0 ? depth : static_cast<std::size_t>(chunk));
      use(k, end);
    }
  }
  /// Where the piece of K that begins with k ends: after `most` products, or where a group of
  /// either operand does.
  [[nodiscard]] std::size_t end_of_piece(std::size_t k, std::size_t most) const {
    const std::size_t end = (std::min)(end_of_group(k, a.group), end_of_group(k, b.group));
    return end - k > most ? k + most : end;
  }
  [[nodiscard]] bool have_scales() const { return a.scales != nullptr || b.scales != nullptr; }

 private:
  [[nodiscard]] std::size_t end_of_group(std::size_t k, std::size_t group) const {
    const std::size_t left = group - k % group;
    return depth - k < left ? depth : k + left;
  }
};

/// Values rounded to a format one after the other, each with the next draw of a mode.
template <rounding_mode R>
class rounding_sequence {
 public:
  /// Rounding i draws for element first + i.
  constexpr rounding_sequence(const R& mode, std::uint64_t first) : mode_(mode), next_(first) {}
  constexpr unpacked operator()(const float_format& f, const unpacked& x, overflow o) {
    const code_t code = encode(f, x, at(mode_, next_++), o);
    return decode(f, code);
  }
  /// a + b without rounding; a zero sum of terms that cancel has the sign that the mode gives it.
  [[nodiscard]] constexpr unpacked sum(const unpacked& a, const unpacked& b) const {
    return exact::add(a, b, detail::zero_sum_is_negative(mode_));
  }

 private:
  R mode_;
  std::uint64_t next_;
};

namespace detail {

/// scale_use::partial_sums: total + sum * (a_scale * b_scale), each operation rounded to binary32.
[[nodiscard]] constexpr unpacked add_scaled(const unpacked& total, const unpacked& sum,
                                            const unpacked& a_scale, const unpacked& b_scale) {
  const auto rounded = [](const unpacked& x) {
    return decode(formats::binary32, encode(formats::binary32, x));
  };
  const unpacked scale = rounded(exact::multiply(rounded(a_scale), rounded(b_scale)));
  const unpacked scaled = rounded(exact::multiply(rounded(sum), scale));
  return rounded(exact::add(total, scaled));
}

/// Why a format cannot be that of a running sum, or null.
[[nodiscard]] constexpr const char* sum_format_defect(const float_format& f) {
  if (defect(f) != nullptr) return defect(f);
  const bool can_be_sum = f.is_signed && f.at_exponent_zero != exponent_zero::normals;
  return can_be_sum ? nullptr : "the format of a sum has a sign and a zero";
}
/// Why chunks and the format that their sums are added up in contradict each other, or null.
[[nodiscard]] constexpr const char* chunk_defect(int chunk, const float_format& promoted) {
  if (sum_format_defect(promoted) != nullptr) return sum_format_defect(promoted);
  if (chunk < 0) return "a chunk is a number of products, or 0 for all";
  if (chunk == 0 && promoted != formats::binary32) {
    return "there is a promoted format for the sums of chunks: without a chunk, none";
  }
  return nullptr;
}

}  // namespace detail

/// How products of two values are taken before they are added.
enum class product : std::uint8_t {
  exact,    ///< the product; it and the sum are rounded together, as by an FMA
  rounded,  ///< the product rounded to the accumulator's format
  /// Mantissas added instead of multiplied: for |a| = 2^e (1 + x), |b| = 2^f (1 + y) the code of
  /// 2^(e + f) in a format without end, plus x + y + 2^-l, whose carry runs into the exponent (Luo
  /// and Sun 2024, arXiv 2410.00907). l = m for m <= 3 mantissa bits, 3 for 4, 4 for more, where m
  /// is that of the operands' elements, of the longer ones. A zero gives zero.
  l_mul,
};

namespace detail {

/// l of product::l_mul.
[[nodiscard]] constexpr int l_mul_offset_bits(int mantissa_bits) {
  return mantissa_bits <= 3 ? mantissa_bits : mantissa_bits == 4 ? 3 : 4;
}
/// Its m.
[[nodiscard]] constexpr int l_mul_bits(const element_facts& a, const element_facts& b) {
  return (std::max)(a.mantissa_bits, b.mantissa_bits);
}
/// Why operands have no such product, or null.
[[nodiscard]] constexpr const char* product_defect(product kind, const element_facts& a,
                                                   const element_facts& b) {
  if (kind != product::l_mul) return nullptr;
  if (a.mantissa_bits < 0 || b.mantissa_bits < 0) {
    return "product::l_mul adds mantissas: operands have elements of a float_format";
  }
  return l_mul_bits(a, b) > 0
             ? nullptr
             : "product::l_mul adds mantissas: operands have at least one bit of one";
}

/// The approximate product (product::l_mul).
[[nodiscard]] constexpr unpacked l_multiply(const unpacked& a, const unpacked& b,
                                            int mantissa_bits) {
  if (a.kind != value_kind::finite || b.kind != value_kind::finite) return exact::multiply(a, b);
  const int l = l_mul_offset_bits(mantissa_bits);
  // Fractions in units of 2^-125; significands of up to 64 bits lose nothing.
  const auto fraction = [](const unpacked& x) {
    return shift_right_jam(shift_left(x.significand, 1), 3);
  };
  const uint128 one{std::uint64_t{1} << 61, 0};
  const uint128 sum = fraction(a) + fraction(b) + shift_right_jam(one, l);
  const auto carry = static_cast<int>(sum.high >> 61);
  const uint128 rest{sum.high & low_mask(61), sum.low};
  return unpacked::normalized(a.negative != b.negative, a.exponent + b.exponent + carry + 2,
                              one + rest);
}

/// The product of two factors of these terms.
[[nodiscard]] inline unpacked product_of(product kind, const product_terms& terms,
                                         const unpacked& x, const unpacked& y) {
  return kind == product::l_mul ? l_multiply(x, y, l_mul_bits(terms.a.elements, terms.b.elements))
                                : exact::multiply(x, y);
}
[[nodiscard]] inline unpacked product_of(product kind, const product_terms& terms, std::size_t k) {
  return product_of(kind, terms, terms.a[k], terms.b[k]);
}

}  // namespace detail
}  // namespace lowp
