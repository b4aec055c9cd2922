// SPDX-License-Identifier: MIT
// The scales of many blocks at a time, and what the kernels apply them by. Each is computed as the
// rule and codec.hpp say, by the rule's plan in lanes where it has one; where the kernels could not
// apply one exactly, the block is left to the definition.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/kept_plans.hpp"
#include "lowp/block/block_spans.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How kernels bring elements under a scale. A power of two is a multiplication, if what that makes
/// too small for binary32 does not matter.
[[nodiscard]] constexpr kernels::block_scaling kernel_scaling(element_scaling how,
                                                              bool is_power_of_two,
                                                              bool ignores_underflow) {
  using kernels::block_scaling;
  switch (how) {
    case element_scaling::multiply: return block_scaling::multiply;
    case element_scaling::divide: return block_scaling::divide;
    case element_scaling::divide_exactly: break;
  }
  if (!is_power_of_two) return block_scaling::divide_to_odd;
  return ignores_underflow ? block_scaling::multiply : block_scaling::exponent;
}

/// One rounding to nearest even, under default_float_environment.
[[nodiscard]] inline float multiply(float a, float b) { return opaque(opaque(a) * opaque(b)); }

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

/// Where a block matrix keeps its bytes; see block_matrix. Byte is const for one to read.
template <class Byte>
struct basic_block_storage {
  Byte* codes = nullptr;
  std::size_t row_bytes = 0;
  Byte* scales = nullptr;
  std::size_t scale_bytes = 0;
  std::size_t scales_per_row = 0;

  [[nodiscard]] code_t load_scale(std::size_t block) const {
    code_t code = 0;
    for (std::size_t i = 0; i < scale_bytes; ++i) {
      code |= code_t{scales[block * scale_bytes + i]} << (8 * i);
    }
    return code;
  }
};
using const_block_storage = basic_block_storage<const std::uint8_t>;
struct block_storage : basic_block_storage<std::uint8_t> {
  operator const_block_storage() const {
    return {codes, row_bytes, scales, scale_bytes, scales_per_row};
  }
  void store_scales(std::size_t first, const code_t* scale_codes, std::size_t count) const {
    std::uint8_t* const to = scales + first * scale_bytes;
    for (std::size_t byte = 0; byte < scale_bytes; ++byte) {
      for (std::size_t i = 0; i < count; ++i) {
        to[i * scale_bytes + byte] = static_cast<std::uint8_t>(scale_codes[i] >> (8 * byte));
      }
    }
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
  using format_type = scaled_blocks<Element, Scale>;

 public:
  block_scales(const format_type& format, const rule_view<format_type>& rule,
               const kernels::encode_plan<std::uint32_t>& elements, const tensor_scale& tensor)
      : format_(format),
        rule_(rule),
        elements_(elements),
        tensor_(tensor),
        is_power_of_two_(rule.is_power_of_two),
        smallest_element_(smallest_positive_value(format.element).exponent) {
    is_binary32_ = is_same_format(format.scale, formats::binary32);
    divides_twice_ = can_divide_twice();
    plan_ = rule.plan(format, tensor);
    if (plan_.how == scale_plan::kind::quotient && !are_quotients_exact()) plan_ = {};
    const bool is_quotient = plan_.how == scale_plan::kind::quotient;
    if (!is_quotient && plan_.how != scale_plan::kind::arithmetic) return;
    is_value_ = is_binary32_;
    if (!is_value_ && format.scale.bits() <= (is_quotient ? 16 : 8)) {
      scale_plan_ =
          code_plan_of(format.scale, nearest_even, overflow::saturate, missing_nan::largest);
    }
    if (format.scale.bits() > 8) scale_values_ = kernels::make_decode_plan(format.scale);
    const bool is_known = is_value_ || (scale_plan_.is_supported &&
                                        (format.scale.bits() <= 8 || scale_values_.is_supported));
    if (!is_known) {
      plan_ = {};
    } else if (is_quotient) {
      of_zeros_ = by_definition(0);
    }
  }

  /// Whether scales are powers of two, and nothing else divides elements.
  [[nodiscard]] bool is_power_of_two() const { return is_power_of_two_; }
  /// Whether blocks are to be shown to the rule one by one; else operator() finds their scales.
  [[nodiscard]] bool needs_elements() const { return rule_.needs_elements; }

  /// Whether elements are to be divided by the tensor scale, to odd in binary32, before the factors
  /// are applied.
  [[nodiscard]] bool divides_twice() const { return divides_twice_; }
  /// Whether that does not overflow in a block with this amax.
  [[nodiscard]] bool can_divide(std::uint32_t amax) const {
    return !divides_twice_ || static_cast<int>(amax >> 23) - of_tensor() < 120;
  }

  /// For each of at most max_blocks blocks with the given amax (as bits); one of a block with a
  /// NaN or an infinity is left to the definition.
  void operator()(isa level, const std::uint32_t* amax, std::size_t count,
                  block_factors& out) const {
    alignas(64) std::uint32_t scales[max_blocks];
    if (plan_.how == scale_plan::kind::exponent) {
      for_each_finite(amax, count, out, [&](std::size_t i) { return by_exponent(amax[i]); });
    } else if (plan_.how == scale_plan::kind::none) {
      for_each_finite(amax, count, out, [&](std::size_t i) { return by_definition(amax[i]); });
    } else if (is_value_) {
      kernels::scale_values(level, plan_.value, amax, count, scales);
      for_each_finite(amax, count, out, [&](std::size_t i) {
        return is_normal(scales[i]) ? of_value(scales[i]) : by_definition(amax[i]);
      });
    } else if (format_.scale.bits() > 8) {
      alignas(64) std::uint16_t codes[max_blocks];
      alignas(64) std::uint32_t values[max_blocks];
      kernels::scale_values(level, plan_.value, amax, count, scales);
      kernels::encode<std::uint32_t, false, false>(level, scale_plan_, scales, nullptr, count,
                                                   codes);
      kernels::decode(level, scale_values_, {}, codes, count, values);
      for_each_finite(amax, count, out, [&](std::size_t i) {
        if (!is_sure(amax[i], scales[i])) return amax[i] == 0 ? of_zeros_ : by_definition(amax[i]);
        const bool is_factor = rule_.divides_by_scale && !is_power_of_two_ &&
                               rule_.has_elements == nullptr && is_normal(values[i]) &&
                               keeps_remainders(static_cast<int>(values[i] >> 23) - 127);
        return is_factor ? found{codes[i], values[i]} : of_code(codes[i]);
      });
    } else {
      std::uint8_t codes[max_blocks];
      kernels::scale_values(level, plan_.value, amax, count, scales);
      kernels::encode<std::uint32_t, false, false>(level, scale_plan_, scales, nullptr, count,
                                                   codes);
      if (plan_.how != scale_plan::kind::quotient) {
        for_each_finite(amax, count, out, [&](std::size_t i) { return of_code(codes[i]); });
      } else {
        for_each_finite(amax, count, out, [&](std::size_t i) {
          if (is_sure(amax[i], scales[i])) return of_code(codes[i]);
          return amax[i] == 0 ? of_zeros_ : by_definition(amax[i]);
        });
      }
    }
    for (std::size_t i = 0; divides_twice_ && i < count; ++i) {
      if (can_divide(amax[i])) continue;
      out.factors[i] = unknown_factor;
      out.are_known = false;
    }
  }

  /// For block i, whose scale has this code.
  void set(std::size_t i, code_t code, block_factors& out) const {
    const found at = of_code(code);
    out.factors[i] = at.factor;
    out.scale_codes[i] = at.scale_code;
    out.are_known &= at.factor != unknown_factor;
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

  // ------------------------------------------------------------------------------ exact quotients
  [[nodiscard]] int of_tensor() const { return static_cast<int>(bits_of(tensor_.decoding) >> 23); }
  /// Two quotients rounded to odd are rounded as one is, to as many bits: the first is on the same
  /// side of whatever has 23 bits at most, and so of each midpoint times the second divisor.
  [[nodiscard]] bool can_divide_twice() const {
    if (!rule_.divides_by_product || !format_.has_tensor_scale || elements_.thresholds != nullptr ||
        elements_.rounding.draws_words || !is_normal(bits_of(tensor_.decoding))) {
      return false;
    }
    const value_facts scale = facts_of(format_.scale);
    const int bits = elements_.grid.mantissa_bits + elements_.rounding.extra_bits + 2;
    return scale.significant_bits + bits <= 23 &&
           smallest_element_ + scale.last_bit_exponent - elements_.rounding.extra_bits - 2 >= -140;
  }
  [[nodiscard]] bool are_quotients_exact() const {
    const std::uint32_t by = plan_.value.b;
    const int bits = 24 - std::countr_zero(by | 0x00800000u), exponent = static_cast<int>(by >> 23);
    return format_.scale.bits() <= 16 && is_normal(plan_.value.a) && exponent > 107 &&
           exponent < 147 && facts_of(format_.scale).significant_bits + 1 + bits <= 23;
  }
  /// Whether the quotient is right: nothing on the way has left the range of binary32, or was so
  /// small that remainders are below it.
  [[nodiscard]] static bool is_sure(std::uint32_t amax, std::uint32_t quotient) {
    constexpr std::uint32_t smallest_amax = 27u << 23, smallest = 67u << 23, largest = 227u << 23;
    return amax >= smallest_amax && quotient >= smallest && quotient <= largest;
  }

  // ------------------------------------------------------------------------------ by the scale
  // code
  [[nodiscard]] found of_code(code_t code) const {
    if (is_binary32_ && rule_.divides_by_scale && code < infinity_bits) {
      const auto scale = static_cast<std::uint32_t>(code);
      if (is_normal(scale)) return of_value(scale);
    }
    if (format_.scale.bits() > 8 || plan_.how == scale_plan::kind::exponent) {
      return {code, factor_of(code)};
    }
    return remembered(code, [&] { return found{code, factor_of(code)}; });
  }
  [[nodiscard]] std::uint32_t factor_of(code_t code) const {
    const unpacked scale = decode(format_.scale, code);
    const bool is_own = rule_.has_elements != nullptr && rule_.has_elements(rule_.rule, code);
    if (scale.is_nan() || is_own) return unknown_factor;
    const unpacked exact = rule_.divides_by_scale || divides_twice_
                               ? scale
                               : rule_.element_factor(rule_.rule, format_, code, tensor_);
    const bool divides_exactly = rule_.scaling == element_scaling::divide_exactly;
    if (divides_exactly && is_power_of_two_) return factor_of_power(exact);
    const float value = pack_as<float>(exact);
    if (!is_normal(bits_of(value))) return unknown_factor;
    if (divides_exactly && !(unpack(value) == exact && keeps_remainders(exact.exponent))) {
      return unknown_factor;
    }
    if (divides_twice_ && !keeps_remainders(exact.exponent + of_tensor() - 127)) {
      return unknown_factor;
    }
    return bits_of(value);
  }
  [[nodiscard]] std::uint32_t factor_of_power(const unpacked& scale) const {
    return scale.is_zero() || scale.is_infinite() || scale.negative ||
                   !detail::is_power_of_two(scale)
               ? unknown_factor
               : factor_of_exponent(scale.exponent);
  }
  /// The exponent field of the factor is what remains of the scale's exponent.
  [[nodiscard]] std::uint32_t factor_of_exponent(int exponent) const {
    const int factor =
        elements_.ignores_underflow() ? 127 - exponent : elements_.grid.lowest + exponent;
    // In the lowest binade of binary32 lanes cannot skip subnormals.
    const bool is_known = factor >= (elements_.grid.skips_subnormals ? 2 : 1) && factor <= 254;
    return is_known ? static_cast<std::uint32_t>(factor) << 23 : unknown_factor;
  }
  /// Of a scale that is a normal binary32 number and its own code.
  [[nodiscard]] found of_value(std::uint32_t scale) const {
    const bool is_factor = rule_.scaling == element_scaling::divide_exactly &&
                           tensor_.decoding == 1.0f && !is_power_of_two_;
    if (!is_factor || rule_.has_elements != nullptr) return {scale, factor_of(scale)};
    const auto exponent = static_cast<int>(scale >> 23) - 127;
    return {scale, keeps_remainders(exponent) ? scale : unknown_factor};
  }

  // ----------------------------------------------------------------------------------- by the amax
  [[nodiscard]] found by_exponent(std::uint32_t amax) const {
    std::uint32_t x = amax;
    if (plan_.factor != 1.0f) x = bits_of(multiply(float_of(amax), plan_.factor));
    if (x < 0x00800000u && amax != 0) return {0, unknown_factor};
    const std::uint32_t field = amax == 0 ? 0 : (x + plan_.addend) >> 23;
    return remembered(field, [&] {
      if (field == 0) {  // zeros under any factor
        return found{smallest_positive_code(format_.scale), factor_of_exponent(0)};
      }
      const code_t code =
          detail::power_of_two_code(format_.scale, static_cast<int>(field) - 127 - plan_.lowered);
      return found{code, factor_of(code)};
    });
  }
  [[nodiscard]] found by_definition(std::uint32_t amax) const {
    const code_t code =
        rule_.encode_scale(rule_.rule, format_, {{}, 0, float_of(amax), false, tensor_});
    const bool is_of_zeros = amax == 0 && rule_.scaling == element_scaling::divide_exactly &&
                             !is_power_of_two_ && !decode(format_.scale, code).is_nan();
    return is_of_zeros ? found{code, bits_of(1.0f)} : of_code(code);
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

  format_type format_;
  const rule_view<format_type>& rule_;
  kernels::encode_plan<std::uint32_t> elements_;
  tensor_scale tensor_;
  scale_plan plan_{};
  bool is_power_of_two_;   // scales are, and nothing else divides elements
  bool is_binary32_;       // scales are
  bool is_value_ = false;  // the plan's value is the code
  bool divides_twice_ = false;
  int smallest_element_;
  kernels::encode_plan<std::uint32_t> scale_plan_{};
  kernels::decode_plan scale_values_{};
  found of_zeros_{};
  // By the code of a scale of at most 8 bits, or, where the plan is one of exponents, by exponent.
  mutable std::array<memory, 257> memory_{};
};

/// The binary32 factors by which decoded elements are multiplied, one per block. Element times
/// scale is one rounding, or none where a tensor scale comes after it; a scale for which that does
/// not hold is left to the definition. Scales that are zero or NaN are factors like others, where
/// no element makes a NaN of its own of them.
template <number_format Element, number_format Scale>
class decode_scales {
 public:
  explicit decode_scales(const scaled_blocks<Element, Scale>& format, bool rounds_again = false)
      : format_(format),
        rounds_again_(rounds_again),
        must_be_exact_(rounds_again || format.has_tensor_scale),
        element_(facts_of(format.element)),
        scale_(facts_of(format.scale)),
        takes_zero_(!has_infinity(format.element)),
        takes_nan_(element_.are_finite),
        is_binary32_(is_same_format(format.scale, formats::binary32)) {
    to_odd_ = rounds_again && !format.has_tensor_scale && takes_zero_ &&
              element_.factor_bits() + scale_.factor_bits() > 24;
    if (is_tabulated()) {
      table_ = kernels::make_value_table(format.scale.bits(),
                                         [this](code_t code) { return compute(code); });
    } else if (format.scale.bits() <= 16) {
      values_ = kernels::make_decode_plan(format.scale);
    }
  }
  /// Whether the kernels can be right for this tensor at all.
  [[nodiscard]] bool are_possible(float tensor) const {
    const bool are_elements = element_.significant_bits <= 24 &&
                              element_.last_bit_exponent >= -149 &&
                              element_.highest_exponent <= 127;  // of binary32
    if (!are_elements) return false;
    const std::uint32_t of_tensor = bits_of(tensor) & 0x7FFFFFFFu;
    if (to_odd_ || !must_be_exact_) return true;
    const bool are_exact = element_.factor_bits() + scale_.factor_bits() <= 24;
    if (!are_exact || of_tensor >= infinity_bits) return false;
    if (!format_.has_tensor_scale || !rounds_again_) return true;
    // Rounded to odd: what the product loses in binary32 is a number there.
    const int exponent = static_cast<int>(of_tensor >> 23) - 127;
    return takes_zero_ && is_normal(of_tensor) &&
           element_.last_bit_exponent + scale_.last_bit_exponent + exponent - 23 >= -149;
  }
  /// Whether elements are to be multiplied by their factors to odd, since the products have more
  /// bits than binary32 and are rounded once more.
  [[nodiscard]] bool products_to_odd() const { return to_odd_; }
  /// Those of `count` blocks from `first` on; false if one is unknown.
  [[nodiscard]] bool find(isa level, const const_block_storage& in, std::size_t first,
                          std::size_t count, std::uint32_t* factors) const {
    const std::uint8_t* const scales = in.scales + first * in.scale_bytes;
    if (is_tabulated() && count <= few) {  // sooner looked up than a kernel is called
      std::uint32_t largest = 0;
      for (std::size_t i = 0; i < count; ++i) {
        factors[i] = table_.values[scales[i]];
        largest = (std::max)(largest, factors[i] & 0x7FFFFFFFu);
      }
      return largest != unknown_factor;
    }
    if (is_tabulated()) {
      kernels::decode(level, table_, {}, scales, count, factors);
    } else if (is_binary32_) {
      for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t scale;
        std::memcpy(&scale, scales + i * sizeof scale, sizeof scale);
        factors[i] = factor_of(scale);
      }
    } else if (values_.is_supported) {
      kernels::decode(level, values_, {}, reinterpret_cast<const std::uint16_t*>(scales), count,
                      factors);
      for (std::size_t i = 0; i < count; ++i) factors[i] = factor_of(factors[i]);
    } else {
      for (std::size_t i = 0; i < count; ++i) factors[i] = compute(in.load_scale(first + i));
    }
    if (count == 1) return (factors[0] & 0x7FFFFFFFu) < unknown_factor;
    return kernels::amax_array(level, reinterpret_cast<const float*>(factors), count) !=
           unknown_factor;
  }

 private:
  static constexpr std::size_t few = 16;
  [[nodiscard]] bool is_tabulated() const { return format_.scale.bits() <= 8; }
  [[nodiscard]] std::uint32_t compute(code_t code) const {
    const unpacked scale = decode(format_.scale, code);
    const float value = pack_as<float>(scale);
    const bool is_number = scale.is_finite() && !scale.is_zero();
    return is_number && unpack(value) != scale ? unknown_factor : factor_of(bits_of(value));
  }
  /// Of a scale that is binary32.
  [[nodiscard]] std::uint32_t factor_of(std::uint32_t scale) const {
    const std::uint32_t magnitude = scale & 0x7FFFFFFFu;
    if (magnitude == 0) return takes_zero_ ? scale : unknown_factor;
    if (magnitude > infinity_bits) {
      return takes_nan_ ? (scale & 0x80000000u) | 0x7FC00000u : unknown_factor;
    }
    if (magnitude == infinity_bits) return unknown_factor;
    if (!must_be_exact_) return scale;
    if (to_odd_) {
      const int last_bit = static_cast<int>(magnitude >> 23) - 150 + element_.last_bit_exponent;
      return is_normal(magnitude) && last_bit >= -149 ? scale : unknown_factor;
    }
    const int exponent = is_normal(magnitude) ? static_cast<int>(magnitude >> 23) - 127
                                              : static_cast<int>(std::bit_width(magnitude)) - 150;
    const bool fits =
        exponent + element_.lowest_exponent >= -126 && exponent + element_.highest_exponent < 126;
    return fits ? scale : unknown_factor;
  }

  scaled_blocks<Element, Scale> format_;
  bool rounds_again_, must_be_exact_;
  value_facts element_, scale_;
  bool takes_zero_, takes_nan_, is_binary32_;
  bool to_odd_ = false;
  kernels::value_table table_{};
  kernels::decode_plan values_{};
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
