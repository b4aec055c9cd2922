// SPDX-License-Identifier: MIT
// The scales of many blocks at a time, and what the kernels apply them by. Each is computed as
// scale_rule.hpp and codec.hpp say, with their binary32 operations in hardware; where the kernels
// could not apply one exactly, the block is left to the definition.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/block/codec.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How a rule brings elements to the range of their format. A power of two is a multiplication, if
/// what that makes too small for binary32 does not matter.
[[nodiscard]] constexpr kernels::block_scaling scaling_of(scale_rule rule, bool ignores_underflow) {
  switch (rule) {
    case scale_rule::transformer_engine:
    case scale_rule::torchao: return kernels::block_scaling::multiply;
    case scale_rule::modelopt: return kernels::block_scaling::divide;
    case scale_rule::amax: return kernels::block_scaling::divide_to_odd;
    default:
      return ignores_underflow ? kernels::block_scaling::multiply
                               : kernels::block_scaling::exponent;
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

/// In place of a factor: the block is left to the definition. A NaN, which no factor is.
inline constexpr std::uint32_t unknown_factor = 0x7FFF0000u;

inline constexpr std::size_t max_blocks = 64;

/// Where a block matrix keeps its bytes; see block_matrix.
struct block_storage {
  std::uint8_t* codes = nullptr;
  std::size_t row_bytes = 0;
  std::uint8_t* scales = nullptr;
  std::size_t scale_bytes = 0;
  std::size_t scales_per_row = 0;

  void store_scales(std::size_t first, const code_t* scale_codes, std::size_t count) const {
    std::uint8_t* const to = scales + first * scale_bytes;
    for (std::size_t byte = 0; byte < scale_bytes; ++byte) {
      for (std::size_t i = 0; i < count; ++i) {
        to[i * scale_bytes + byte] = static_cast<std::uint8_t>(scale_codes[i] >> (8 * byte));
      }
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

/// What is found for the blocks of a chunk.
struct block_factors {
  std::uint32_t factors[max_blocks];
  code_t scale_codes[max_blocks];
  bool are_known;  ///< no factor is unknown
};

/// Computes scales, and remembers those that it has computed; threads may share one.
template <number_format Element, number_format Scale>
class block_scales {
 public:
  block_scales(const block_format<Element, Scale>& format,
               const kernels::encode_plan<std::uint32_t>& elements, const tensor_scale& tensor)
      : format_(format),
        elements_(elements),
        tensor_(tensor),
        largest_(largest_value(format.element)),
        smallest_element_(smallest_positive_value(format.element).exponent) {
    const default_float_environment environment;
    const float max = pack_as<float>(largest_);
    const auto least = [](const unpacked& x) { return bits_of(pack_as<float>(x)); };
    constexpr std::uint32_t greatest = bits_of((std::numeric_limits<float>::max)());
    switch (format.rule) {
      case scale_rule::transformer_engine:
        values_ = {.a = bits_of(multiply(tensor.encoding, divide(1.0f, max))),
                   .highest = greatest,
                   .of_nan = greatest};
        break;
      case scale_rule::torchao: {
        const std::uint32_t lowest =
            least(decode(format.scale, smallest_normal_code(format.scale)));
        values_ = {true,   bits_of(max), bits_of(tensor.decoding), lowest, infinity_bits,
                   lowest, lowest};
        break;
      }
      case scale_rule::modelopt: {
        const std::uint32_t lowest = least(smallest_positive_value(format.scale));
        values_ = {true,          bits_of(multiply(max, tensor.decoding)),
                   bits_of(1.0f), lowest,
                   infinity_bits, bits_of(1.0f),
                   lowest};
        break;
      }
      case scale_rule::even: {
        const int bits = detail::top_mantissa_bits(format.element);
        addend_ = bits > 22 ? 0 : 1u << (22 - bits);
        break;
      }
      case scale_rule::rceil: reciprocal_ = divide(1.0f, max); [[fallthrough]];
      case scale_rule::ceil: addend_ = 0x7FFFFFu; break;
      default: break;
    }
    is_quotient_ = format.rule == scale_rule::amax &&
                   is_same_format(format.scale, formats::binary32) && !format.has_tensor_scale &&
                   unpack(max) == largest_;
    if (is_quotient_) values_ = {true, bits_of(max), bits_of(1.0f), 0, infinity_bits, 0, 0};
    if (!is_power_of_two_rule(format.rule) && format.rule != scale_rule::amax &&
        format.scale.bits() <= 8) {
      scale_plan_ = kernels::make_encode_plan<std::uint32_t>(
          format.scale, nearest_even, overflow::saturate, missing_nan::largest, false);
    }
  }

  /// For each of at most max_blocks blocks with the given amax (as bits).
  void operator()(isa level, const std::uint32_t* amax, std::size_t count,
                  block_factors& out) const {
    alignas(64) std::uint32_t scales[max_blocks];
    if (is_quotient_) {
      kernels::scale_values(level, values_, amax, count, scales);
      for_each_finite(amax, count, out, [&](std::size_t i) {
        const auto exponent = static_cast<int>(scales[i] >> 23) - 127;
        const bool is_known = is_normal(scales[i]) && keeps_remainders(exponent);
        return is_known ? found{scales[i], scales[i]} : by_definition(amax[i]);
      });
    } else if (scale_plan_.is_supported) {
      std::uint8_t codes[max_blocks];
      kernels::scale_values(level, values_, amax, count, scales);
      kernels::encode<std::uint32_t, false, false>(level, scale_plan_, scales, nullptr, count,
                                                   codes);
      for_each_finite(amax, count, out, [&](std::size_t i) {
        return remembered(codes[i], [&] { return by_code(codes[i]); });
      });
    } else if (is_power_of_two_rule(format_.rule)) {
      for_each_finite(amax, count, out, [&](std::size_t i) { return by_exponent(amax[i]); });
    } else {
      for_each_finite(amax, count, out, [&](std::size_t i) { return by_definition(amax[i]); });
    }
  }

 private:
  struct found {
    code_t scale_code;
    std::uint32_t factor;
  };
  template <class Find>
  static void for_each_finite(const std::uint32_t* amax, std::size_t count, block_factors& out,
                              const Find& find) {
    out.are_known = true;
    for (std::size_t i = 0; i < count; ++i) {
      const found at = amax[i] < infinity_bits ? find(i) : found{0, unknown_factor};
      out.factors[i] = at.factor;
      out.scale_codes[i] = at.scale_code;
      out.are_known &= at.factor != unknown_factor;
    }
  }
  /// What compute() gives for this index, computed the first time.
  template <class Compute>
  [[nodiscard]] found remembered(std::size_t index, const Compute& compute) const {
    memory& m = memory_[index];
    const std::uint32_t factor = m.factor.load(std::memory_order_acquire);
    if (factor != 0) [[likely]]
      return {m.scale_code.load(std::memory_order_relaxed), factor};
    const found result = compute();
    m.scale_code.store(result.scale_code, std::memory_order_relaxed);
    m.factor.store(result.factor, std::memory_order_release);
    return result;
  }

  // --------------------------------------------------------------------------- rules in binary32
  [[nodiscard]] found by_code(code_t code) const {
    const std::uint32_t factor = bits_of(pack_as<float>(element_factor(format_, code, tensor_)));
    const bool is_known = is_normal(factor) && !decode(format_.scale, code).is_nan();
    return {code, is_known ? factor : unknown_factor};
  }

  // ------------------------------------------------------------------------- power-of-two rules
  [[nodiscard]] found by_exponent(std::uint32_t amax) const {
    std::uint32_t x = amax;
    if (format_.rule == scale_rule::rceil) x = bits_of(multiply(float_of(amax), reciprocal_));
    if (x < 0x00800000u && amax != 0) return {0, unknown_factor};
    const std::uint32_t field = amax == 0 ? 0 : (x + addend_) >> 23;
    return remembered(field, [&] { return with_exponent(field); });
  }
  [[nodiscard]] found with_exponent(std::uint32_t field) const {
    code_t code = smallest_positive_code(format_.scale);
    int shift = 0;
    if (field != 0) {
      const int exponent = static_cast<int>(field) - 127;
      code = detail::power_of_two_code(format_.scale, format_.rule == scale_rule::rceil
                                                          ? exponent
                                                          : exponent - largest_.exponent);
      shift = decode(format_.scale, code).exponent;
    }
    // The exponent field of the factor.
    const int factor = elements_.ignores_underflow() ? 127 - shift : elements_.grid.lowest + shift;
    // In the lowest binade of binary32 lanes cannot skip subnormals.
    const bool is_known = factor >= (elements_.grid.skips_subnormals ? 2 : 1) && factor <= 254;
    return {code, is_known ? static_cast<std::uint32_t>(factor) << 23 : unknown_factor};
  }

  // -------------------------------------------------------------------------------- definition
  [[nodiscard]] found by_definition(std::uint32_t amax) const {
    const code_t code = encode_scale(format_, amax_accumulator{amax, false}, tensor_);
    const unpacked exact = element_factor(format_, code, tensor_);
    const float value = pack_as<float>(exact);
    bool is_known = is_normal(bits_of(value));
    if (format_.rule == scale_rule::amax) {
      if (amax == 0) return {code, bits_of(1.0f)};
      is_known = is_known && unpack(value) == exact && keeps_remainders(exact.exponent);
    }
    return {code, is_known ? bits_of(value) : unknown_factor};
  }
  /// Whether no remainder of a division that matters is below binary32, for a scale of this
  /// exponent.
  [[nodiscard]] bool keeps_remainders(int exponent) const {
    return exponent + smallest_element_ >= -72;
  }

  struct memory {
    std::atomic<std::uint32_t> factor{0};  // 0: not computed yet
    std::atomic<code_t> scale_code{0};
  };

  block_format<Element, Scale> format_;
  kernels::encode_plan<std::uint32_t> elements_;
  tensor_scale tensor_;
  unpacked largest_;
  int smallest_element_;
  // Rules in binary32, through a table of at most 256 scale codes, or to scales of binary32.
  kernels::scale_arithmetic values_{};
  bool is_quotient_ = false;
  kernels::encode_plan<std::uint32_t> scale_plan_{};
  // Power-of-two rules, through a table of exponents: that of the amax, or of its quotient for
  // rceil, after this has been added.
  std::uint32_t addend_ = 0;
  float reciprocal_ = 0;
  mutable std::array<memory, 257> memory_{};
};

/// The binary32 factors by which decoded elements are multiplied, one per block. Element times
/// scale is one rounding, or none where a tensor scale comes after it; a scale for which that does
/// not hold is left to the definition.
template <number_format Element, number_format Scale>
class decode_scales {
 public:
  explicit decode_scales(const block_format<Element, Scale>& format, bool rounds_again = false)
      : format_(format),
        must_be_exact_(rounds_again || format.has_tensor_scale),
        element_(facts_of(format.element)),
        scale_(facts_of(format.scale)) {
    if (is_tabulated()) {
      table_ = kernels::make_value_table(format.scale.bits(),
                                         [this](code_t code) { return compute(code); });
    }
  }
  /// Whether the kernels can be right for this tensor at all.
  [[nodiscard]] bool are_possible(const tensor_scale& tensor) const {
    const bool are_elements = element_.significant_bits <= 24 &&
                              element_.last_bit_exponent >= -149 &&
                              element_.highest_exponent <= 127;  // of binary32
    if (!are_elements) return false;
    return !must_be_exact_ || (element_.factor_bits() + scale_.factor_bits() <= 24 &&
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
    return kernels::amax_array(level, reinterpret_cast<const float*>(factors), count) !=
           unknown_factor;
  }

 private:
  [[nodiscard]] bool is_tabulated() const { return format_.scale.bits() <= 8; }
  [[nodiscard]] std::uint32_t compute(code_t code) const {
    const unpacked scale = decode(format_.scale, code);
    const float value = pack_as<float>(scale);
    if (scale.is_nan() || scale.is_infinite() || scale.is_zero() || unpack(value) != scale) {
      return unknown_factor;
    }
    const bool fits = scale.exponent + element_.lowest_exponent >= -126 &&
                      scale.exponent + element_.highest_exponent < 126;
    return fits || !must_be_exact_ ? bits_of(value) : unknown_factor;
  }

  block_format<Element, Scale> format_;
  bool must_be_exact_;
  value_facts element_, scale_;
  kernels::value_table table_{};
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
