// SPDX-License-Identifier: MIT
// One block, element by element: the definition of quantizing and dequantizing. The scale is
// encoded, decoded, and *that* value scales the elements.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/block/block_format.hpp"
#include "lowp/block/scale_rule.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/number/arithmetic.hpp"

namespace lowp {

/// The largest finite magnitude of a set of binary32 values, and whether any is NaN or infinite.
struct amax_accumulator {
  std::uint32_t bits = 0;
  bool has_special = false;

  constexpr void add(const float& value) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu;
    if (magnitude >= 0x7F800000u) {
      has_special = true;
    } else if (magnitude > bits) {
      bits = magnitude;
    }
  }
  [[nodiscard]] constexpr float amax() const { return std::bit_cast<float>(bits); }
};

/// The scale code of a block. A NaN or an infinity anywhere makes it the scale format's NaN, so
/// that the whole block reads as NaN (as torchao; OCP MX leaves it open); where the scale format
/// has none it is the scale of the finite elements.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr code_t encode_scale(const block_format<Element, Scale>& f,
                                            const amax_accumulator& block,
                                            const tensor_scale& tensor = {}) {
  if (block.has_special && has_nan(f.scale)) {
    return encode(f.scale, unpacked::nan(), nearest_even, overflow::to_special,
                  missing_nan::largest);
  }
  return encode_scale(f.element, f.scale, f.rule, block.amax(), tensor);
}

/// What a rule multiplies (transformer_engine, torchao) or divides (all others) the elements of a
/// block by, given the scale code of the block; NaN where that is NaN.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr unpacked element_factor(const block_format<Element, Scale>& f,
                                                code_t scale_code,
                                                const tensor_scale& tensor = {}) {
  const unpacked exact_scale = decode(f.scale, scale_code);
  const binary32 one(1), scale = detail::as_binary32(exact_scale);
  const binary32 encoding(tensor.encoding), decoding(tensor.decoding);
  switch (f.rule) {
    case scale_rule::transformer_engine:
      return exact_scale.is_nan() ? exact_scale
                                  : unpack(detail::at_most(one / (scale * (one / encoding)),
                                                           detail::largest_binary32));
    case scale_rule::torchao: return unpack(encoding / scale);
    case scale_rule::modelopt: return unpack(scale * decoding);
    default: return exact::multiply(exact_scale, unpack(tensor.decoding));
  }
}

/// Encodes the elements of one block: what all of them share is computed once.
///
/// With power-of-two rules and `amax` an element is x / scale exactly, rounded once. The vendor
/// rules round x * (1 / scale), or their x / scale, to binary32 first, as they do. Zero stays zero;
/// elements saturate. In a block whose scale is NaN they are code 0; under a scale of zero they are
/// zero, except that `transformer_engine` multiplies by the largest binary32, as it does.
template <number_format Element, number_format Scale>
class element_encoder {
 public:
  constexpr element_encoder(const block_format<Element, Scale>& f, code_t scale_code,
                            const tensor_scale& tensor = {})
      : element_(f.element),
        rule_(f.rule),
        factor_(element_factor(f, scale_code, tensor)),
        is_nan_(decode(f.scale, scale_code).is_nan()) {}

  template <rounding_mode R = nearest_even_t>
  [[nodiscard]] constexpr code_t operator()(float x, const R& mode = {}) const {
    if (is_nan_) return 0;
    return encode(element_, scaled(unpack(x)), mode, overflow::saturate, missing_nan::largest);
  }

 private:
  [[nodiscard]] constexpr unpacked scaled(const unpacked& x) const {
    if (x.is_zero()) return x;
    switch (rule_) {
      case scale_rule::transformer_engine:
      case scale_rule::torchao: return unpack(detail::as_binary32(exact::multiply(x, factor_)));
      case scale_rule::modelopt: return unpack(detail::as_binary32(exact::divide(x, factor_)));
      default: break;
    }
    return factor_.is_zero() ? unpacked::zero(x.negative) : exact::divide(x, factor_);
  }

  Element element_;
  scale_rule rule_;
  unpacked factor_;
  bool is_nan_;
};

/// The exact value of an element: element * scale * tensor scale.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr unpacked decode_element(const block_format<Element, Scale>& f,
                                                code_t element_code, code_t scale_code,
                                                const tensor_scale& tensor = {}) {
  const unpacked product =
      exact::multiply(decode(f.element, element_code), decode(f.scale, scale_code));
  return f.has_tensor_scale ? exact::multiply(product, unpack(tensor.decoding)) : product;
}

}  // namespace lowp
