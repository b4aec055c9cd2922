// SPDX-License-Identifier: MIT
// The scales of many blocks at a time, and what the kernels apply them by. Each is computed as
// scale_rule.hpp and codec.hpp say, with their binary32 operations in hardware; where the kernels
// could not apply one exactly, the block is left to the definition.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/block/codec.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How a rule brings elements to the range of their format.
[[nodiscard]] constexpr kernels::block_scaling scaling_of(scale_rule rule) {
  switch (rule) {
    case scale_rule::transformer_engine:
    case scale_rule::torchao: return kernels::block_scaling::multiply;
    case scale_rule::modelopt: return kernels::block_scaling::divide;
    case scale_rule::amax: return kernels::block_scaling::divide_to_odd;
    default: return kernels::block_scaling::exponent;
  }
}

// One rounding to nearest even each, under default_float_environment.
[[nodiscard]] inline float multiply(float a, float b) { return opaque(opaque(a) * opaque(b)); }
[[nodiscard]] inline float divide(float a, float b) { return opaque(opaque(a) / opaque(b)); }

[[nodiscard]] constexpr std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
[[nodiscard]] constexpr float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline constexpr std::uint32_t infinity_bits = 0x7F800000u;
/// A finite positive number with an implicit one.
[[nodiscard]] constexpr bool is_normal(std::uint32_t bits) {
  return bits >= 0x00800000u && bits < infinity_bits;
}

/// What the kernels need for one block.
struct block_factor {
  bool is_computed = false;
  bool is_known = false;  ///< else the block is left to the definition
  std::uint32_t factor = 0;
  code_t scale_code = 0;
};

inline constexpr std::size_t max_blocks = 64;

/// Where a block matrix keeps its bytes; see block_matrix.
struct block_storage {
  std::uint8_t* codes = nullptr;
  std::size_t row_bytes = 0;
  std::uint8_t* scales = nullptr;
  std::size_t scale_bytes = 0;
  std::size_t scales_per_row = 0;

  void store_scale(std::size_t block, code_t code) const {
    for (std::size_t i = 0; i < scale_bytes; ++i) {
      scales[block * scale_bytes + i] = static_cast<std::uint8_t>(code >> (8 * i));
    }
  }
  [[nodiscard]] code_t load_scale(std::size_t block) const {
    code_t code = 0;
    for (std::size_t i = 0; i < scale_bytes; ++i) {
      code |= code_t{scales[block * scale_bytes + i]} << (8 * i);
    }
    return code;
  }
};

/// Computes scales for one thread, which remembers what it has computed.
template <number_format Element, number_format Scale>
class block_scales {
 public:
  block_scales(isa level, const block_format<Element, Scale>& format,
               const kernels::encode_plan<std::uint32_t>& elements, const tensor_scale& tensor)
      : level_(level),
        format_(format),
        elements_(elements),
        tensor_(tensor),
        largest_(largest_value(format.element)),
        max_(pack_as<float>(largest_)),
        scale_plan_(kernels::make_encode_plan<std::uint32_t>(
            format.scale, nearest_even, overflow::saturate, missing_nan::largest, false)) {
    // Rules in binary32 through a table of at most 256 scale codes; the others by the definition.
    is_tabulated_ =
        is_power_of_two_rule(format.rule) ||
        (scale_plan_.is_supported && format.scale.bits() <= 8 && format.rule != scale_rule::amax);
    if (format.rule == scale_rule::even) {
      const int bits = detail::top_mantissa_bits(format.element);
      half_ = bits > 22 ? 0 : 1u << (22 - bits);
    }
    reciprocal_ = divide(1.0f, max_);
    lowest_ = format.rule == scale_rule::modelopt
                  ? pack_as<float>(smallest_positive_value(format.scale))
                  : pack_as<float>(decode(format.scale, smallest_normal_code(format.scale)));
    smallest_element_ = smallest_positive_value(format.element).exponent;
  }

  /// For each of at most max_blocks blocks with the given amax (as bits).
  void operator()(const std::uint32_t* amax, std::size_t count, block_factor* out) {
    if (!is_tabulated_) {
      for (std::size_t i = 0; i < count; ++i) out[i] = by_definition(amax[i]);
    } else if (is_power_of_two_rule(format_.rule)) {
      for (std::size_t i = 0; i < count; ++i) out[i] = by_exponent(amax[i]);
    } else {
      alignas(64) std::uint32_t scales[max_blocks] = {};
      std::uint8_t codes[max_blocks];
      for (std::size_t i = 0; i < count; ++i) scales[i] = bits_of(scale(float_of(amax[i])));
      kernels::encode<std::uint32_t, false, false>(level_, scale_plan_, scales, nullptr, count,
                                                   codes);
      for (std::size_t i = 0; i < count; ++i) {
        out[i] = amax[i] < infinity_bits ? by_code(codes[i]) : block_factor{};
      }
    }
  }

 private:
  // --------------------------------------------------------------------------- rules in binary32
  [[nodiscard]] float scale(float amax) const {
    constexpr float largest = std::numeric_limits<float>::max();
    switch (format_.rule) {
      case scale_rule::transformer_engine: {
        const float value = multiply(amax, multiply(tensor_.encoding, reciprocal_));
        return value <= largest ? value : largest;
      }
      case scale_rule::torchao: {
        const float value = divide(divide(amax, max_), tensor_.decoding);
        return value >= lowest_ ? value : lowest_;
      }
      default: {
        const float value = divide(amax, multiply(max_, tensor_.decoding));
        if (bits_of(value) == 0) return 1.0f;
        return value >= lowest_ ? value : lowest_;
      }
    }
  }
  [[nodiscard]] const block_factor& by_code(std::uint8_t code) {
    block_factor& result = known_[code];
    if (result.is_computed) return result;
    result.is_computed = true;
    result.scale_code = code;
    const unpacked factor = element_factor(format_, code, tensor_);
    result.factor = bits_of(pack_as<float>(factor));
    result.is_known = is_normal(result.factor) && !decode(format_.scale, code).is_nan();
    return result;
  }

  // ------------------------------------------------------------------------- power-of-two rules
  [[nodiscard]] const block_factor& by_exponent(std::uint32_t amax) {
    static constexpr block_factor unknown{};
    if (amax >= infinity_bits || (amax < 0x00800000u && amax != 0)) return unknown;
    std::uint32_t x = amax;
    bool rounds_up = false;
    switch (format_.rule) {
      case scale_rule::even: x += half_; break;
      case scale_rule::ceil: rounds_up = true; break;
      case scale_rule::rceil:
        rounds_up = true;
        x = bits_of(multiply(float_of(amax), reciprocal_));
        if (x < 0x00800000u && amax != 0) return unknown;
        break;
      default: break;
    }
    if (amax == 0) x = 0;
    const std::uint32_t field = (x >> 23) + (rounds_up && (x & 0x7FFFFFu) != 0 ? 1 : 0);
    block_factor& result = known_[field];
    if (!result.is_computed) result = with_exponent(field);
    return result;
  }
  [[nodiscard]] block_factor with_exponent(std::uint32_t field) const {
    block_factor result{.is_computed = true};
    int shift = 0;
    if (field == 0) {
      result.scale_code = smallest_positive_code(format_.scale);
    } else {
      const int exponent = static_cast<int>(field) - 127;
      result.scale_code = detail::power_of_two_code(
          format_.scale,
          format_.rule == scale_rule::rceil ? exponent : exponent - largest_.exponent);
      shift = decode(format_.scale, result.scale_code).exponent;
    }
    // The lowest binade of the elements under this scale, and the largest number that the kernels
    // meet in rounding to it.
    const int lowest = elements_.grid.lowest + shift;
    const int mantissa_bits = elements_.grid.mantissa_bits + elements_.rounding.extra_bits;
    const int highest = elements_.fast.adds() ? static_cast<int>(elements_.fast.cap >> 23) + shift +
                                                    23 - mantissa_bits
                                              : lowest;
    result.is_known = lowest >= 1 && lowest <= 254 && highest <= 254;
    if (result.is_known) result.factor = static_cast<std::uint32_t>(lowest) << 23;
    return result;
  }

  // -------------------------------------------------------------------------------- definition
  [[nodiscard]] block_factor by_definition(std::uint32_t amax) const {
    block_factor result;
    if (amax >= infinity_bits) return result;
    result.scale_code = encode_scale(format_, amax_accumulator{amax, false}, tensor_);
    const unpacked factor = element_factor(format_, result.scale_code, tensor_);
    const float value = pack_as<float>(factor);
    result.factor = bits_of(value);
    result.is_known = is_normal(result.factor);
    if (format_.rule == scale_rule::amax) {
      // The quotient of tiny elements loses its remainder, which must not matter.
      const bool is_exact = unpack(value) == factor;
      result.is_known = result.is_known && is_exact && factor.exponent + smallest_element_ >= -72;
      if (amax == 0) {
        result.factor = bits_of(1.0f);
        result.is_known = true;
      }
    }
    return result;
  }

  isa level_;
  block_format<Element, Scale> format_;
  kernels::encode_plan<std::uint32_t> elements_;
  tensor_scale tensor_;
  unpacked largest_;
  float max_;
  kernels::encode_plan<std::uint32_t> scale_plan_;
  bool is_tabulated_ = false;
  std::uint32_t half_ = 0;
  float reciprocal_ = 0;
  float lowest_ = 0;
  int smallest_element_ = 0;
  std::array<block_factor, 257> known_{};
};

/// The binary32 factors by which decoded elements are multiplied, one per block. Element times
/// scale is one rounding, or none where a tensor scale comes after it; a scale for which that does
/// not hold is left to the definition.
template <number_format Element, number_format Scale>
class decode_scales {
 public:
  /// In place of a factor; a NaN, which no factor is.
  static constexpr std::uint32_t unknown = 0x7FFF0000u;

  explicit decode_scales(const block_format<Element, Scale>& format, bool rounds_again = false)
      : format_(format),
        must_be_exact_(rounds_again || format.has_tensor_scale),
        smallest_(smallest_positive_value(format.element).exponent),
        largest_(largest_value(format.element).exponent) {
    if (is_tabulated()) {
      table_ = kernels::make_value_table(format.scale.bits(),
                                         [this](code_t code) { return compute(code); });
    }
  }
  /// Whether the kernels can be right for this tensor at all.
  [[nodiscard]] bool are_possible(const tensor_scale& tensor) const {
    return !must_be_exact_ || (precision(format_.element) + precision(format_.scale) <= 24 &&
                               (bits_of(tensor.decoding) & 0x7FFFFFFFu) < infinity_bits);
  }
  /// Those of `count` blocks from `first` on; false if one is unknown.
  [[nodiscard]] bool find(isa level, const block_storage& in, std::size_t first, std::size_t count,
                          std::uint32_t* factors) const {
    if (is_tabulated()) {
      kernels::decode(level, table_, {}, in.scales + first, count, factors);
    } else {
      for (std::size_t i = 0; i < count; ++i) factors[i] = compute(in.load_scale(first + i));
    }
    return kernels::amax_array(level, reinterpret_cast<const float*>(factors), count) != unknown;
  }

 private:
  [[nodiscard]] bool is_tabulated() const { return format_.scale.bits() <= 8; }
  [[nodiscard]] std::uint32_t compute(code_t code) const {
    const unpacked scale = decode(format_.scale, code);
    const float value = pack_as<float>(scale);
    if (scale.is_nan() || scale.is_infinite() || scale.is_zero() || unpack(value) != scale) {
      return unknown;
    }
    const bool fits = scale.exponent + smallest_ >= -126 && scale.exponent + largest_ < 126;
    return fits || !format_.has_tensor_scale ? bits_of(value) : unknown;
  }

  block_format<Element, Scale> format_;
  bool must_be_exact_;
  int smallest_, largest_;  // exponents of elements
  kernels::value_table table_{};
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
