// SPDX-License-Identifier: MIT
// How the scale of a block follows from its largest magnitude. A rule fixes the whole computation,
// the order of its binary32 operations included, because a different order gives different bytes.
//
// All binary32 arithmetic here is that of number<binary32>: one rounding to nearest even per
// operation, on every machine and under every compiler option.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

namespace lowp {

/// amax is the largest finite magnitude in a block; max and emax are the largest value of the
/// element format and its exponent.
enum class scale_rule : std::uint8_t {
  // Powers of two, encoded in the scale format after clamping to its range.
  floor,  ///< 2^(floor(log2 amax) - emax): OCP MX 1.0 clause 6.3. The top of a binade saturates.
  ceil,   ///< 2^(ceil(log2 amax) - emax): nothing saturates.
  even,   ///< floor after rounding amax half up to the element's precision (AMD Quark, torchao
          ///< EVEN).
  rceil,  ///< the power of two at or above amax * (1 / max) (NVIDIA; torchao RCEIL).
  // Any scale format; names say whose order of operations it is.
  amax,                ///< amax / max; elements are divided exactly and rounded once
  transformer_engine,  ///< NVFP4 as NVIDIA TransformerEngine computes it
  torchao,             ///< NVFP4 as torchao: scales clamped to [2^-6, 448]
  modelopt,            ///< NVFP4 as NVIDIA Model-Optimizer: zero blocks have scale 1
};

struct named_scale_rule {
  std::string_view name;
  scale_rule rule;
};
inline constexpr std::array<named_scale_rule, 8> scale_rules{{
    {"floor", scale_rule::floor},
    {"ceil", scale_rule::ceil},
    {"even", scale_rule::even},
    {"rceil", scale_rule::rceil},
    {"amax", scale_rule::amax},
    {"transformer_engine", scale_rule::transformer_engine},
    {"torchao", scale_rule::torchao},
    {"modelopt", scale_rule::modelopt},
}};
[[nodiscard]] constexpr std::string_view name(scale_rule rule) {
  return scale_rules[static_cast<std::size_t>(rule)].name;
}

[[nodiscard]] constexpr bool is_power_of_two_rule(scale_rule rule) {
  return rule <= scale_rule::rceil;
}

/// The scale of a whole tensor, for formats that have one (scale1 * scale2 formats such as NVFP4).
/// `encoding` multiplies on the way to codes, `decoding` on the way back; each is rounded on its
/// own, so they are not exact inverses. Files store `decoding` (Model-Optimizer's weight_scale_2)
/// or `encoding` (compressed-tensors' weight_global_scale).
struct tensor_scale {
  float encoding = 1.0f;
  float decoding = 1.0f;
  constexpr bool operator==(const tensor_scale&) const = default;
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

/// The code of 2^exponent, clamped to the powers of two that the format has.
template <number_format Scale>
[[nodiscard]] constexpr code_t power_of_two_code(const Scale& scale, int exponent) {
  const int largest = largest_value(scale).exponent;
  return encode(scale, unpacked::scaled_integer(false, 1, exponent < largest ? exponent : largest),
                upward, overflow::saturate, missing_nan::largest);
}

[[nodiscard]] constexpr bool is_power_of_two(const unpacked& value) {
  return value.significand == uint128{std::uint64_t{1} << 63, 0};
}

/// floor(log2 |x|) after rounding |x| half up to `mantissa_bits`; of a finite x that is not zero.
[[nodiscard]] constexpr int exponent_after_rounding(const unpacked& x, int mantissa_bits) {
  if (mantissa_bits > 52) return x.exponent;  // finer than any input
  const std::uint64_t half = std::uint64_t{1} << (62 - mantissa_bits);
  return x.exponent + (x.significand.high + half < half ? 1 : 0);
}

/// Mantissa bits of the element format at the top: how many binary digits the value below the
/// largest has beyond its leading one, none if the last step is a binade or more (E3M0, posits).
template <number_format Element>
[[nodiscard]] constexpr int top_mantissa_bits(const Element& element) {
  const unpacked largest = largest_value(element);
  if (largest.kind != value_kind::finite) return 0;
  const unpacked almost =
      unpacked::normalized(false, largest.exponent, largest.significand - uint128{0, 1});
  const unpacked below = decode(
      element, encode(element, almost, toward_zero, overflow::saturate, missing_nan::largest));
  const unpacked ulp = exact::add(largest, -below);
  return below.exponent > ulp.exponent && !below.is_zero() ? below.exponent - ulp.exponent : 0;
}

}  // namespace detail

/// The tensor scale of a rule for the largest finite magnitude of the tensor; {1, 1} for tensors of
/// zeros.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr tensor_scale make_tensor_scale(const Element& element, const Scale& scale,
                                                       scale_rule rule, float tensor_amax) {
  const binary32 amax(tensor_amax);
  if (unpack(amax).is_zero()) return {};
  const binary32 range =
      detail::as_binary32(exact::multiply(largest_value(element), largest_value(scale)));
  const binary32 one(1);
  if (rule == scale_rule::transformer_engine) {
    const binary32 encoding = detail::at_most(range / amax, detail::largest_binary32);
    if (unpack(encoding).is_zero()) return {};
    return {static_cast<float>(encoding), static_cast<float>(one / encoding)};
  }
  // A quotient below the smallest binary32 would divide by zero later.
  const binary32 decoding = detail::at_least(
      amax / range, binary32::from_code(smallest_positive_code(formats::binary32)));
  return {static_cast<float>(detail::at_most(one / decoding, detail::largest_binary32)),
          static_cast<float>(decoding)};
}

/// The code of a block's scale.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr code_t encode_scale(const Element& element, const Scale& scale,
                                            scale_rule rule, float block_amax,
                                            const tensor_scale& tensor) {
  const auto nearest = [&scale](const unpacked& value) {
    return encode(scale, value, nearest_even, overflow::saturate, missing_nan::largest);
  };
  const unpacked x = unpack(block_amax);
  const unpacked largest = largest_value(element);
  const binary32 amax(block_amax), max = detail::as_binary32(largest);

  switch (rule) {
    // A block of zeros takes the smallest power of two, the limit of ever smaller blocks.
    case scale_rule::floor:
    case scale_rule::ceil:
    case scale_rule::even: {
      if (x.is_zero()) return smallest_positive_code(scale);
      const int exponent =
          rule == scale_rule::floor ? x.exponent
          : rule == scale_rule::ceil
              ? x.exponent + (detail::is_power_of_two(x) ? 0 : 1)
              : detail::exponent_after_rounding(x, detail::top_mantissa_bits(element));
      return detail::power_of_two_code(scale, exponent - largest.exponent);
    }
    case scale_rule::rceil: {
      const unpacked d = unpack(amax * (binary32(1) / max));
      if (d.is_zero()) return smallest_positive_code(scale);
      if (d.is_infinite()) return detail::power_of_two_code(scale, 128);  // as large as there is
      return detail::power_of_two_code(scale, d.exponent + (detail::is_power_of_two(d) ? 0 : 1));
    }

    case scale_rule::amax:
      return nearest(exact::divide(x, exact::multiply(largest, unpack(tensor.decoding))));
    case scale_rule::transformer_engine: {
      const binary32 factor = binary32(tensor.encoding) * (binary32(1) / max);
      return nearest(unpack(detail::at_most(amax * factor, detail::largest_binary32)));
    }
    case scale_rule::torchao: {
      const binary32 lowest = detail::as_binary32(decode(scale, smallest_normal_code(scale)));
      return nearest(unpack(detail::at_least((amax / max) / binary32(tensor.decoding), lowest)));
    }
    case scale_rule::modelopt: break;
  }
  const binary32 quotient = amax / (max * binary32(tensor.decoding));
  if (unpack(quotient).is_zero()) return nearest(unpack(1));
  const binary32 lowest = detail::as_binary32(smallest_positive_value(scale));
  return nearest(unpack(detail::at_least(quotient, lowest)));
}

}  // namespace lowp
