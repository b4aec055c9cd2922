// SPDX-License-Identifier: MIT
// A rule is an object that chooses the scale of a block. It is no part of a format: two matrices
// whose bytes mean the same have the same type, whatever chose their scales. Each rule is a struct
// in a file of this directory; any struct or callable of a program's own serves as well.
//
// A rule has one of these, constant and safe to be called by several threads at a time:
//
//   scale(block, format)               sees the elements (block_values)
//   operator()(block, format)          the same for lambdas
//   from_amax(amax, format, tensor)    sees the largest finite magnitude only
//
// Each answers a code_t of the scale format, or a value (unpacked, float, double), which is rounded
// to nearest even and saturates. Kernels find the amaxes for from_amax, and encode the elements
// for all of them. The rest is optional:
//
//   tensor(amax, format) -> tensor_scale      for formats that have one; else amax over the range
//   scaling(format) -> element_scaling        how elements are brought under the scale; else
//   divided factor(scale, format, tensor) -> unpacked what they are multiplied or divided by
//   divides_by_scale(format) -> bool          whether factor is the scale for such a format
//   element(x, format, scale code) -> code_t  the code of x, NaN or infinite too, in blocks for
//   has_elements(scale code) -> bool          which this says so; in others it is x scaled, rounded
//   plan(format, tensor) -> scale_plan        from_amax in lanes, for many blocks at a time
//   defect(format) -> const char*             why the rule is none for the format, or null
//   require_grid(block rows, block cols)      throws for a matrix that the rule does not fit
//   require_matrix(rows, cols)                the same by the extents of the matrix itself
//   rounding                                  the mode of elements if the caller names none
//   sees_specials = true                      asked for blocks with NaN or infinity, too
//   keeps_negative_zero = false               elements that round to -0 are +0
//   is_power_of_two = true                    scales are powers of two in any scale format
//
// All are asked of the object, so that they may depend on its state; what is static and constant
// is known at compile time, and no kernels but those it needs are compiled. A member of one of
// these names that cannot be used in this way does not compile (hooks.hpp).
//
// All binary32 arithmetic of rules is that of number<binary32>: one rounding to nearest even per
// operation, on every machine and under every compiler option.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/affine_scale.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/kernels/arrays/scale_arithmetic.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

namespace lowp {

/// The scale of a whole tensor, for formats that have one (scale1 * scale2 formats such as NVFP4).
/// `encoding` multiplies on the way to codes, `decoding` on the way back; each is rounded on its
/// own, so they are not exact inverses. Files store `decoding` (Model-Optimizer's weight_scale_2)
/// or `encoding` (compressed-tensors' weight_global_scale).
struct tensor_scale {
  float encoding = 1.0f;
  float decoding = 1.0f;
  constexpr bool operator==(const tensor_scale&) const = default;
};

/// A block as a rule sees it: its elements, fewer at the edges of a matrix; its place, row-major,
/// in the grid of blocks of the result; the largest finite magnitude of its elements, and whether
/// any is NaN or infinite; the scale of the tensor, {1, 1} for formats without one.
struct block_values {
  matrix_view<const float> values;
  std::size_t index = 0;
  float amax = 0;
  bool has_special = false;
  tensor_scale tensor{};
};

/// How elements are brought to the range of their format.
enum class element_scaling : std::uint8_t {
  divide_exactly,  ///< x / factor, rounded once, to the element format
  multiply,        ///< x * factor, rounded to binary32 first
  divide,          ///< x / factor, rounded to binary32 first
};

/// How kernels find the scales of many blocks from their amaxes (not zero, as binary32 numbers).
struct scale_plan {
  enum class kind : std::uint8_t {
    none,        ///< they ask from_amax for each block
    arithmetic,  ///< `value`, rounded to nearest even to the scale format, saturating
    quotient,    ///< the same, `value` being two exact quotients (scale_arithmetic::to_odd), the
                 ///< second by few bits
    exponent,    ///< 2^(e - lowered), e the exponent of amax * factor after `addend` has been added
                 ///< to its bits; clamped to the powers of two of the scale format
  } how = kind::none;
  kernels::scale_arithmetic value{};
  float factor = 1;
  std::uint32_t addend = 0;
  int lowered = 0;
};

namespace detail {

[[nodiscard]] constexpr binary32 as_binary32(const unpacked& value) {
  return convert<formats::binary32>(value);
}
[[nodiscard]] constexpr binary32 at_most(binary32 value, binary32 limit) {
  return value <= limit ? value : limit;
}
[[nodiscard]] constexpr binary32 at_least(binary32 value, binary32 limit) {
  return value >= limit ? value : limit;
}
inline constexpr binary32 largest_binary32 = binary32::from_code(largest_code(formats::binary32));
[[nodiscard]] constexpr std::uint32_t bits32(binary32 value) {
  return static_cast<std::uint32_t>(value.code());
}

/// The largest value of the elements in binary32.
[[nodiscard]] constexpr binary32 largest_element(const auto& format) {
  return as_binary32(largest_value(format.element));
}
/// The largest element times the largest scale, in binary32.
[[nodiscard]] constexpr binary32 largest_product(const auto& format) {
  return as_binary32(exact::multiply(largest_value(format.element), largest_value(format.scale)));
}
/// A value as a scale: nearest even, saturating.
[[nodiscard]] constexpr code_t nearest_scale(const auto& format, const unpacked& value) {
  return encode(format.scale, value, nearest_even, overflow::saturate, missing_nan::largest);
}

/// The tensor scale that maps amax to `range`, of the order amax / range: a quotient below the
/// smallest binary32 would divide by zero later. {1, 1} for tensors of zeros.
[[nodiscard]] constexpr tensor_scale tensor_scale_over(binary32 range, float tensor_amax) {
  const binary32 amax(tensor_amax);
  if (unpack(amax).is_zero()) return {};
  const binary32 decoding = detail::at_least(
      amax / range, binary32::from_code(smallest_positive_code(formats::binary32)));
  return {static_cast<float>(at_most(binary32(1) / decoding, largest_binary32)),
          static_cast<float>(decoding)};
}

/// A double as the code of binary32, if it is positive and what it rounds to, to nearest even, is
/// normal; else 0. Rules answer such values for each block, and integers are fast.
[[nodiscard]] constexpr std::uint32_t normal_binary32(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  constexpr std::uint64_t first = std::uint64_t{1023 - 126} << 52;  // 2^-126
  constexpr std::uint64_t end = std::uint64_t{1023 + 128} << 52;    // 2^128
  if (bits < first || bits >= end) return 0;
  const std::uint64_t offset = bits - (std::uint64_t{1023 - 127} << 52);
  const std::uint64_t code = (offset + 0x0FFFFFFFu + (offset >> 29 & 1)) >> 29;
  return code < 0x7F800000u ? static_cast<std::uint32_t>(code) : 0;
}

/// What a rule answers, as a code: one of code_t is one already, any other number is a value.
template <class Answer>
requires(!std::same_as<Answer, affine_range> && !std::same_as<Answer, affine_scale>)
    [[nodiscard]] constexpr code_t as_scale_code(const auto& format, const Answer& answer) {
  using type = std::remove_cvref_t<decltype(answer)>;
  if constexpr (std::same_as<type, code_t>) {
    return answer & low_mask(format.scale.bits());
  } else if constexpr (std::same_as<type, unpacked>) {
    return nearest_scale(format, answer);
  } else {
    if constexpr (std::same_as<type, double>) {
      if (is_same_format(format.scale, formats::binary32)) {
        if (const std::uint32_t code = normal_binary32(answer); code != 0) return code;
      }
    }
    return nearest_scale(format, unpack(answer));
  }
}

template <class Rule, class Format>
concept answers_amax = requires(const Rule& rule, const Format& format, const float& amax,
                                const tensor_scale& tensor) {
  as_scale_code(format, rule.from_amax(amax, format, tensor));
};
template <class Rule, class Format>
concept answers_scale = requires(const Rule& rule, const Format& format,
                                 const block_values& block) {
  as_scale_code(format, rule.scale(block, format));
};
template <class Rule, class Format>
concept answers_call = requires(const Rule& rule, const Format& format, const block_values& block) {
  as_scale_code(format, rule(block, format));
};

template <class T>
concept scale_value = std::same_as<T, unpacked> || std::floating_point<T> ||
    std::same_as<T, affine_range> || std::same_as<T, affine_scale>;
template <class Rule, class Format>
concept answers_scale_value = requires(const Rule& rule, const Format& format,
                                       const block_values& block) {
  { rule.scale(block, format) } -> scale_value;
};
template <class Rule, class Format>
concept answers_call_value = requires(const Rule& rule, const Format& format,
                                      const block_values& block) {
  { rule(block, format) } -> scale_value;
};

}  // namespace detail

/// What chooses the scales of blocks of a format.
template <class Rule, class Format>
concept scale_rule_for = may_be_scaled_blocks<Format> &&
    (detail::answers_amax<Rule, scaled_blocks_type<Format>> ||
     detail::answers_scale<Rule, scaled_blocks_type<Format>> ||
     detail::answers_call<Rule, scaled_blocks_type<Format>>);

/// Stands for the rounding mode of a rule where that has a state, which is the rule's.
struct mode_of_rule {
  static constexpr std::uint64_t addend(const discarded& d) { return nearest_even_t::addend(d); }
};

/// What chooses the scales of the lowest groups of a composition that scale_rule_for does not know:
/// it sees blocks, and answers values, or, for groups with a zero point or an offset, an
/// affine_range or an affine_scale.
template <class Rule, class Format>
concept group_rule_for = (detail::answers_scale_value<Rule, Format> ||
                          detail::answers_call_value<Rule, Format>);

/// The rounding mode of elements under a rule, where the caller names none.
template <class Rule>
struct rounding_of_rule {
  using type = nearest_even_t;
};
template <class Rule>
requires requires(const Rule& rule) { rule.rounding; }
struct rounding_of_rule<Rule> {
  using mode = std::remove_cvref_t<decltype(std::declval<const Rule&>().rounding)>;
  using type = std::conditional_t<std::is_empty_v<mode>, mode, mode_of_rule>;
};
template <class Rule>
using rounding_of = typename rounding_of_rule<Rule>::type;

/// The mode that a caller names, or that of the rule.
template <class Rule, rounding_mode R>
[[nodiscard]] constexpr const auto& mode_under(const Rule& rule, const R& mode) {
  if constexpr (std::same_as<R, mode_of_rule>) {
    return rule.rounding;
  } else {
    return mode;
  }
}

/// Why a rule is none for a format, or null.
template <class Format, scale_rule_for<Format> Rule>
[[nodiscard]] constexpr const char* defect(const Format& format, const Rule& rule) {
  const auto& f = scaled_blocks_of(format);
  if constexpr (requires { rule.defect(f); }) {
    return rule.defect(f);
  } else {
    return nullptr;
  }
}

}  // namespace lowp
