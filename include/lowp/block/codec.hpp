// SPDX-License-Identifier: MIT
// One block, element by element: the definition of quantizing and dequantizing. The scale is
// encoded, decoded, and *that* value scales the elements.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "lowp/block/block_format.hpp"
#include "lowp/block/rules/hooks.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/block/rules/standard.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/converted_format.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/rounding/conversion.hpp"

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

/// The tensor scale of a rule for the largest finite magnitude of the tensor; {1, 1} for formats
/// without one. Unless the rule says otherwise: amax / (largest element * largest scale) in
/// binary32.
template <class Format, scale_rule_for<Format> Rule>
[[nodiscard]] constexpr tensor_scale make_tensor_scale(const Format& format, const Rule& rule,
                                                       const float& tensor_amax) {
  const auto& f = scaled_blocks_of(format);
  if (!f.has_tensor_scale) return {};
  if constexpr (requires { rule.tensor(tensor_amax, f); }) {
    return rule.tensor(tensor_amax, f);
  } else {
    return detail::tensor_scale_over(detail::largest_product(f), tensor_amax);
  }
}

/// Whether a rule is asked for blocks with NaN or infinity, too.
template <class Rule>
[[nodiscard]] constexpr bool sees_specials(const Rule& rule) {
  if constexpr (requires { rule.sees_specials; }) {
    return rule.sees_specials;
  } else {
    return false;
  }
}
/// Whether elements that round to -0 stay that.
template <class Rule>
[[nodiscard]] constexpr bool keeps_negative_zero(const Rule& rule) {
  if constexpr (requires { rule.keeps_negative_zero; }) {
    return rule.keeps_negative_zero;
  } else {
    return true;
  }
}

/// The scale code of a block. A NaN or an infinity anywhere makes it the scale format's NaN, so
/// that the whole block reads as NaN (as torchao; OCP MX leaves it open); where the scale format
/// has none, and under rules that see such blocks, it is what the rule says.
template <class Format, scale_rule_for<Format> Rule>
[[nodiscard]] constexpr code_t encode_scale(const Format& format, const Rule& rule,
                                            const block_values& block) {
  const auto& f = scaled_blocks_of(format);
  if (!sees_specials(rule) && block.has_special && has_nan(f.scale)) {
    return encode(f.scale, unpacked::nan(), nearest_even, overflow::to_special,
                  missing_nan::largest);
  }
  if constexpr (detail::answers_amax<Rule, scaled_blocks_type<Format>>) {
    return detail::as_scale_code(f, rule.from_amax(block.amax, f, block.tensor));
  } else if constexpr (detail::answers_scale<Rule, scaled_blocks_type<Format>>) {
    return detail::as_scale_code(f, rule.scale(block, f));
  } else {
    return detail::as_scale_code(f, rule(block, f));
  }
}
/// That of a rule which needs no more than this.
template <class Format, scale_rule_for<Format> Rule>
[[nodiscard]] constexpr code_t encode_scale(const Format& f, const Rule& rule,
                                            const amax_accumulator& block,
                                            const tensor_scale& tensor = {}) {
  return encode_scale(f, rule, block_values{{}, 0, block.amax(), block.has_special, tensor});
}

/// How a rule brings elements under their scale.
template <class Format, class Rule>
[[nodiscard]] constexpr element_scaling scaling_of(const Format& format, const Rule& rule) {
  [[maybe_unused]] const auto& f = scaled_blocks_of(format);
  if constexpr (requires { rule.scaling(f); }) {
    return rule.scaling(f);
  } else {
    return element_scaling::divide_exactly;
  }
}

/// What a rule multiplies or divides the elements of a block by, given the scale code of the block;
/// NaN where that is NaN. Unless the rule says otherwise: scale * tensor scale, exactly.
template <class Format, scale_rule_for<Format> Rule>
[[nodiscard]] constexpr unpacked element_factor(const Format& format, const Rule& rule,
                                                code_t scale_code,
                                                const tensor_scale& tensor = {}) {
  const auto& f = scaled_blocks_of(format);
  const unpacked scale = decode(f.scale, scale_code);
  if constexpr (requires { rule.factor(scale, f, tensor); }) {
    return rule.factor(scale, f, tensor);
  } else {
    return exact::multiply(scale, unpack(tensor.decoding));
  }
}

/// Whether nothing but powers of two divides elements.
template <class Format, class Rule>
[[nodiscard]] constexpr bool has_powers_of_two(const Format& format, const Rule& rule) {
  const auto& f = scaled_blocks_of(format);
  if (f.has_tensor_scale) return false;
  if (facts_of(f.scale).are_powers_of_two()) return true;
  if constexpr (requires { rule.is_power_of_two; }) {
    return rule.is_power_of_two;
  } else {
    return false;
  }
}

/// Whether the elements of a block are divided, exactly, by its scale times the tensor scale.
template <class Format, class Rule>
[[nodiscard]] constexpr bool divides_by_product(const Format& format, const Rule& rule) {
  return scaling_of(format, rule) == element_scaling::divide_exactly && !requires {
    rule.factor(unpacked{}, scaled_blocks_of(format), tensor_scale{});
  };
}

/// Whether the elements of a block are divided by its scale, exactly, and by nothing else.
template <class Format, class Rule>
[[nodiscard]] constexpr bool divides_by_scale(const Format& format, const Rule& rule) {
  const auto& f = scaled_blocks_of(format);
  if (f.has_tensor_scale) return false;
  if constexpr (requires { rule.divides_by_scale(f); }) {
    return rule.divides_by_scale(f);
  } else {
    return divides_by_product(f, rule);
  }
}

/// A rule for formats of one type behind plain functions: what uses it is compiled once for all
/// rules. The rule must live as long.
template <class Format>
struct rule_view {
  const void* rule = nullptr;
  tensor_scale (*make_tensor_scale)(const void*, const Format&, const float&) = nullptr;
  code_t (*encode_scale)(const void*, const Format&, const block_values&) = nullptr;
  unpacked (*element_factor)(const void*, const Format&, code_t, const tensor_scale&) = nullptr;
  scale_plan (*make_plan)(const void*, const Format&, const tensor_scale&) = nullptr;
  /// How kernels find scales under this tensor scale.
  [[nodiscard]] scale_plan plan(const Format& f, const tensor_scale& tensor) const {
    if (!f.has_tensor_scale) return plan_alone;
    return make_plan == nullptr ? scale_plan{} : make_plan(rule, f, tensor);
  }
  /// Null unless the rule has elements of its own.
  bool (*has_elements)(const void*, code_t) = nullptr;
  code_t (*element)(const void*, const Format&, const float&, code_t) = nullptr;
  element_scaling scaling = element_scaling::divide_exactly;
  bool needs_elements = false;  ///< an amax is not enough
  bool sees_specials = false;
  bool keeps_negative_zero = true;
  bool zeros_are_positive = false;  ///< elements that are -0, not those that round to it
  canonical_nan nan{};  ///< of elements, where a NaN reaches them, and what it is without one
  lowp::missing_nan missing_nan = lowp::missing_nan::largest;
  bool is_power_of_two = false;     ///< nothing but powers of two divides elements
  bool divides_by_scale = false;    ///< the factor is the scale, and nothing else
  bool divides_by_product = false;  ///< the factor is the scale times the tensor scale
  scale_plan plan_alone{};          ///< of a format without a tensor scale

  /// What a conversion says of signs of zeros and of NaNs.
  template <rounding_mode R>
  [[nodiscard]] constexpr rule_view with(const basic_conversion<R>& how) const {
    rule_view result = *this;
    result.keeps_negative_zero &= how.negative_zeros != negative_zeros::none;
    result.zeros_are_positive = how.negative_zeros != negative_zeros::kept;
    result.nan = how.nan;
    result.missing_nan = how.missing_nan;
    return result;
  }

  rule_view() = default;
  template <scale_rule_for<Format> Rule>
  constexpr rule_view(const Format& f, const Rule& r)
      : rule(&r),
        make_tensor_scale([](const void* self, const Format& g, const float& amax) {
          return lowp::make_tensor_scale(g, *static_cast<const Rule*>(self), amax);
        }),
        encode_scale([](const void* self, const Format& g, const block_values& block) {
          return lowp::encode_scale(g, *static_cast<const Rule*>(self), block);
        }),
        element_factor(
            [](const void* self, const Format& g, code_t scale, const tensor_scale& tensor) {
              return lowp::element_factor(g, *static_cast<const Rule*>(self), scale, tensor);
            }),
        scaling(scaling_of(f, r)),
        needs_elements(!detail::answers_amax<Rule, Format>),
        sees_specials(lowp::sees_specials(r)),
        keeps_negative_zero(lowp::keeps_negative_zero(r)),
        is_power_of_two(has_powers_of_two(f, r)),
        divides_by_scale(lowp::divides_by_scale(f, r)),
        divides_by_product(lowp::divides_by_product(f, r)) {
    detail::require_hooks<Rule, Format>();
    if constexpr (requires(const tensor_scale& t) { r.plan(f, t); }) {
      make_plan = [](const void* self, const Format& g, const tensor_scale& tensor) {
        return static_cast<const Rule*>(self)->plan(g, tensor);
      };
      if (!f.has_tensor_scale && lowp::defect(f, r) == nullptr) plan_alone = r.plan(f, {});
    }
    if constexpr (requires(const float& x) { r.element(x, f, code_t{}); }) {
      has_elements = [](const void* self, code_t scale) {
        return static_cast<const Rule*>(self)->has_elements(scale);
      };
      element = [](const void* self, const Format& g, const float& x, code_t scale) {
        return static_cast<const Rule*>(self)->element(x, g, scale);
      };
    }
  }
};

/// Encodes the elements of one block: what all of them share is computed once.
///
/// An element is x / (scale * tensor scale) exactly, rounded once, unless the rule multiplies or
/// divides in binary32 first. Zero stays zero; elements saturate. In a block whose scale is NaN
/// they are code 0; divided by a scale of zero they are zero.
template <class Format>
class element_encoder {
 public:
  element_encoder(const Format& f, const rule_view<Format>& rule, code_t scale_code,
                  const tensor_scale& tensor = {})
      : format_(f),
        rule_(rule),
        scale_code_(scale_code),
        factor_(rule.element_factor(rule.rule, f, scale_code, tensor)),
        is_nan_(decode(f.scale, scale_code).is_nan()),
        is_own_(rule.element != nullptr && rule.has_elements(rule.rule, scale_code)) {}

  template <rounding_mode R = nearest_even_t>
  [[nodiscard]] code_t operator()(float x, const R& mode = {}) const {
    if (is_nan_) return 0;
    if (is_own_) return rule_.element(rule_.rule, format_, x, scale_code_);
    const unpacked value = scaled(unpack(x));
    if (value.is_nan()) return of_nan(value);
    const code_t code =
        encode(format_.element, value, mode, overflow::saturate, missing_nan::largest);
    const bool keeps_sign =
        rule_.keeps_negative_zero && !(rule_.zeros_are_positive && value.is_zero());
    const bool drops_sign = !keeps_sign && decode(format_.element, code).is_zero();
    return drops_sign ? encode(format_.element, unpacked::zero()) : code;
  }

 private:
  [[nodiscard]] code_t of_nan(const unpacked& x) const {
    return encode(under(format_.element, {.nan = rule_.nan}), x, nearest_even, overflow::saturate,
                  rule_.missing_nan);
  }
  [[nodiscard]] unpacked scaled(const unpacked& x) const {
    if (x.is_zero()) return x;
    switch (rule_.scaling) {
      case element_scaling::multiply:
        return unpack(detail::as_binary32(exact::multiply(x, factor_)));
      case element_scaling::divide: return unpack(detail::as_binary32(exact::divide(x, factor_)));
      case element_scaling::divide_exactly: break;
    }
    return factor_.is_zero() ? unpacked::zero(x.negative) : exact::divide(x, factor_);
  }

  Format format_;
  const rule_view<Format>& rule_;
  code_t scale_code_;
  unpacked factor_;
  bool is_nan_, is_own_;
};

/// The exact value of an element: element * scale * tensor scale.
template <may_be_scaled_blocks Format>
[[nodiscard]] constexpr unpacked decode_element(const Format& format, code_t element_code,
                                                code_t scale_code, float tensor = 1) {
  const auto& f = scaled_blocks_of(format);
  const unpacked product =
      exact::multiply(decode(f.element, element_code), decode(f.scale, scale_code));
  return f.has_tensor_scale ? exact::multiply(product, unpack(tensor)) : product;
}

}  // namespace lowp
