// SPDX-License-Identifier: MIT
// Quantizing one block, or one row of blocks, as a golden function: binary32 codes in, the codes of
// scales and elements out.
//
//   const auto f = make_quantization({e2m1, e8m0, block_shape{1, 32}}, "floor", 32);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/block/rules.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/verification/array_draws.hpp"
#include "lowp/verification/classes.hpp"
#include "lowp/verification/golden_function.hpp"

namespace lowp::verification {

/// Elements of any format in blocks under scales of any.
using any_blocks = scaled_blocks<any_format, any_format>;

/// Blocks of f as any_blocks: their element and scale formats as values of any_format.
template <may_be_scaled_blocks Format>
[[nodiscard]] any_blocks blocks_of(const Format& f) {
  const auto blocks = scaled_blocks_of(f);
  return {any_format(blocks.element), any_format(blocks.scale), blocks.shape,
          blocks.has_tensor_scale};
}

struct named_blocks {
  std::string_view name;
  any_blocks blocks;
};
/// The block formats of the catalogue that have one scale per block within a row.
[[nodiscard]] inline std::vector<named_blocks> named_block_formats() {
  return {{"mxfp8_e4m3", blocks_of(formats::mxfp8_e4m3)},
          {"mxfp8_e5m2", blocks_of(formats::mxfp8_e5m2)},
          {"mxfp6_e3m2", blocks_of(formats::mxfp6_e3m2)},
          {"mxfp6_e2m3", blocks_of(formats::mxfp6_e2m3)},
          {"mxfp4", blocks_of(formats::mxfp4)},
          {"mxint8", blocks_of(formats::mxint8)},
          {"nvfp4", blocks_of(formats::nvfp4)},
          {"mxint6", blocks_of(formats::mxint6)},
          {"mxint4", blocks_of(formats::mxint4)},
          {"nvint4", blocks_of(formats::nvint4)},
          {"deepseek_1x128", blocks_of(formats::deepseek_1x128)},
          {"deepseek_1x128_e8m0", blocks_of(formats::deepseek_1x128_e8m0)}};
}
/// Throws std::invalid_argument for a name that is none.
[[nodiscard]] inline any_blocks blocks_of_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const named_blocks& entry : named_block_formats()) {
    if (entry.name == name) return entry.blocks;
    names.push_back(entry.name);
  }
  refuse(unknown_name("block format", name, names));
}

/// What a rule of this name does to these blocks. Throws std::invalid_argument for a name that is
/// none and for a rule that contradicts the format. "standard" is the rule that quantize() takes.
[[nodiscard]] inline rule_view<any_blocks> rule_of_name(std::string_view name,
                                                        const any_blocks& blocks) {
  std::vector<std::string_view> names{"standard"};
  rule_view<any_blocks> view;
  const auto try_rule = [&](const auto& rule, std::string_view of) {
    if (of != name) return;
    if (const char* why = defect(blocks, rule)) refuse("rule '" + std::string(name) + "': " + why);
    view = rule_view<any_blocks>(blocks, rule);
  };
  try_rule(rules::standard, "standard");
  rules::for_each([&](const auto& rule) {
    names.push_back(rule.name);
    try_rule(rule, rule.name);
  });
  if (view.rule == nullptr) refuse(unknown_name("rule", name, names));
  return view;
}

/// Classes of vectors of blocks.
inline constexpr std::string_view block_class_names[] = {
    "all elements are zero",
    "zeros of both signs",
    "an element is NaN",
    "an element is infinite",
    "an element is subnormal in binary32",
    "the scale is NaN",
    "the smallest scale",
    "the largest scale",
    "an element is a tie",
    "an element lies beyond the largest one",
    "an element that is not zero becomes zero",
    "the amax becomes the largest element",
};

class quantization_function final : public golden_function {
 public:
  quantization_function(const any_blocks& blocks, std::string_view rule, std::size_t columns)
      : blocks_(blocks), view_(rule_of_name(rule, blocks_)), columns_(columns) {
    if (const char* why = defect(blocks)) refuse(std::string("quantize: ") + why);
    if (blocks.shape.rows != 1) refuse("quantize: expected blocks of one row");
    if (columns == 0) refuse("quantize: expected at least one column");
    const std::size_t width = blocks.block_cols(columns);
    block_count_ = (columns + width - 1) / width;
    name = "quantize";
    has_flags = false;
    parameters.emplace_back("rule", std::string(rule));
    parameters.emplace_back("block", std::to_string(width));
    operands.push_back({"x", any_format(formats::binary32), columns});
    if (blocks.has_tensor_scale) results.push_back({"tensor_scale", any_format(formats::binary32)});
    results.push_back({"scale", blocks.scale, block_count_});
    results.push_back({"element", blocks.element, columns});
  }

  [[nodiscard]] status_flags evaluate(const rounding_reference& mode, const code_t* in,
                                      code_t* out) const override {
    const std::vector<float> x = values_of(in);
    const std::size_t first = blocks_.has_tensor_scale ? 1 : 0;
    struct {
      code_t *tensor, *scales, *elements;
      void set_tensor_scale(float scale) { *tensor = std::bit_cast<std::uint32_t>(scale); }
      void set_scale_code(std::size_t, std::size_t col, code_t code) { scales[col] = code; }
      void set_code(std::size_t, std::size_t col, code_t code) { elements[col] = code; }
    } sink{out, out + first, out + first + block_count_};
    code_t ignored = 0;
    if (!blocks_.has_tensor_scale) sink.tensor = &ignored;
    reference::quantize_by(matrix_view<const float>(x.data(), 1, columns_), sink, blocks_, view_,
                           mode);
    return {};
  }
  void add_corners(std::uint64_t seed, std::vector<code_t>& in) const override {
    constexpr std::uint64_t per_kind = 24;
    for (std::uint64_t i = 0; i < per_kind * block_kinds; ++i) {
      draws random(seed, i);
      in.resize(in.size() + columns_);
      draw_row(random, i, in.data() + in.size() - columns_);
    }
  }
  void draw(std::uint64_t seed, std::uint64_t index, code_t* in) const override {
    draws random(seed, index);
    draw_row(random, random.below(block_kinds), in);
  }
  [[nodiscard]] std::span<const std::string_view> classes() const override {
    return block_class_names;
  }
  [[nodiscard]] std::uint64_t classify(const code_t* in, const code_t* out,
                                       const status_flags&) const override {
    const std::vector<float> x = values_of(in);
    const std::size_t first = blocks_.has_tensor_scale ? 1 : 0;
    const code_t* const elements = out + first + block_count_;
    const tensor_scale tensor =
        reference::tensor_scale_of(blocks_, view_, matrix_view<const float>(x.data(), 1, columns_));
    bool has[std::size(block_class_names)] = {};
    bool has_plus = false, has_minus = false, is_zero = true;
    float amax = 0;
    std::size_t amax_at = 0;
    const std::size_t width = blocks_.block_cols(columns_);
    for (std::size_t i = 0; i < columns_; ++i) {
      const unpacked value = unpack(x[i]);
      const code_t scale = out[first + i / width];
      const unpacked scale_value = decode(blocks_.scale, scale);
      is_zero = is_zero && value.is_zero();
      has_plus = has_plus || (value.is_zero() && !value.negative);
      has_minus = has_minus || (value.is_zero() && value.negative);
      has[2] = has[2] || value.is_nan();
      has[3] = has[3] || value.is_infinite();
      has[4] = has[4] || (value.kind == value_kind::finite && value.exponent < -126);
      has[5] = has[5] || scale_value.is_nan();
      has[6] = has[6] || scale == smallest_positive_code(blocks_.scale);
      has[7] = has[7] || scale == largest_code(blocks_.scale);
      if (value.kind != value_kind::finite || !scale_value.is_finite()) continue;
      const unpacked factor = view_.element_factor(view_.rule, blocks_, scale, tensor);
      const unpacked scaled = view_.scaling == element_scaling::multiply
                                  ? exact::multiply(value, factor)
                                  : exact::divide(value, factor);
      const std::uint64_t found = classes_of_result(blocks_.element, scaled);
      has[8] = has[8] || (found & bit_of(vector_class::tie)) != 0;
      has[9] =
          has[9] ||
          (found & (bit_of(vector_class::overflow) | bit_of(vector_class::overflow_edge))) != 0;
      has[10] = has[10] || decode(blocks_.element, elements[i]).is_zero();
      const float magnitude = x[i] < 0 ? -x[i] : x[i];
      if (magnitude > amax) amax = magnitude, amax_at = i;
    }
    has[0] = is_zero;
    has[1] = has_plus && has_minus;
    if (amax > 0) {
      const unpacked top = magnitude_of(decode(blocks_.element, elements[amax_at]));
      has[11] = top == largest_value(blocks_.element);
    }
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < std::size(has); ++i) found |= std::uint64_t{has[i]} << i;
    return found;
  }

 private:
  [[nodiscard]] std::vector<float> values_of(const code_t* in) const {
    std::vector<float> x(columns_);
    for (std::size_t i = 0; i < columns_; ++i)
      x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(in[i]));
    return x;
  }

  /// Of one kind, or every block of its own.
  void draw_row(draws& random, std::uint64_t kind, code_t* in) const {
    const any_format& f = operands[0].format;
    if (block_count_ == 1 || random.coin())
      return draw_block(random, kind, f, blocks_.element, blocks_.scale, columns_, in);
    const std::size_t width = blocks_.block_cols(columns_);
    for (std::size_t i = 0; i < columns_; i += width) {
      const std::size_t count = columns_ - i < width ? columns_ - i : width;
      draw_block(random, random.below(block_kinds), f, blocks_.element, blocks_.scale, count,
                 in + i);
    }
  }

  any_blocks blocks_;
  rule_view<any_blocks> view_;
  std::size_t columns_, block_count_ = 0;
};

/// Throws std::invalid_argument for what contradicts itself.
[[nodiscard]] inline std::unique_ptr<golden_function> make_quantization(const any_blocks& blocks,
                                                                        std::string_view rule,
                                                                        std::size_t columns) {
  return std::make_unique<quantization_function>(blocks, rule, columns);
}

}  // namespace lowp::verification
