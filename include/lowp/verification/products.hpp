// SPDX-License-Identifier: MIT
// Dot products under any policy as golden functions: the codes of two rows and of the binary32
// number to which their products are added.
//
//   const auto f = make_dot_product(policies::hopper_fp8, "hopper_fp8", e4m3fn, e4m3fn, 32);
//   const auto g = make_dot_product("aligned_sums{.terms = 8, .fraction_bits = 24}", a, b, 16);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/verification/array_draws.hpp"
#include "lowp/verification/golden_function.hpp"

namespace lowp::verification {

inline constexpr std::string_view product_class_names[] = {
    "all products are zero",
    "a factor is NaN",
    "a factor is infinite",
    "zero times infinity",
    "what is added to is zero",
    "what is added to is NaN or infinite",
    "products and what they are added to cancel",
    "terms spread over more than 24 bits",
    "the result is subnormal",
    "finite terms overflow",
    "the result is not the nearest to the exact sum",
};

/// a[0] b[0] + … + a[K - 1] b[K - 1] + c in the order and with the roundings of a policy.
template <gemm_policy P>
class dot_product_function final : public golden_function {
 public:
  dot_product_function(const P& policy, std::string_view policy_text, const any_format& a,
                       const any_format& b, std::size_t depth)
      : policy_(policy), depth_(depth) {
    if (const char* why = defect(policy)) refuse(std::string("dot product: ") + why);
    if (const char* why = accumulation_defect(policy)) refuse(std::string("dot product: ") + why);
    if (depth == 0) refuse("dot product: expected at least one product");
    name = "dot";
    has_flags = false;
    takes_rounding = has_rounding(policy);
    parameters.emplace_back("policy", std::string(policy_text));
    operands = {{"a", a, depth}, {"b", b, depth}, {"c", any_format(formats::binary32)}};
    results = {{"r", any_format(formats::binary32)}};
    // Refuses operands that the policy cannot add.
    const std::vector<code_t> zeros(2 * depth + 1);
    code_t ignored = 0;
    static_cast<void>(evaluate(rounding_reference(nearest_even), zeros.data(), &ignored));
  }

  [[nodiscard]] status_flags evaluate(const rounding_reference& mode, const code_t* in,
                                      code_t* out) const override {
    const auto described = [&](const any_format& f, const code_t* codes) {
      operand_description<variable_format<any_format>> x;
      x.row_count = 1;
      x.col_count = depth_;
      x.elements.format.value = f;
      x.elements.bytes = reinterpret_cast<const std::uint8_t*>(codes);
      x.elements.row_bytes = static_cast<std::ptrdiff_t>(depth_ * sizeof(code_t));
      x.elements.order = packing{.container_bits = 64};
      return x;
    };
    float sum = std::bit_cast<float>(static_cast<std::uint32_t>(in[2 * depth_]));
    const matrix_view<float> c(&sum, 1, 1);
    const auto a = described(operands[0].format, in),
               b = described(operands[1].format, in + depth_);
    const auto x = bulk::as_any_operand(a), y = bulk::as_any_operand(b);
    const auto multiply = [&](const auto& by) {
      lowp::detail::define_product(policy_, x, y, c, true, by, execution{});
    };
    if (takes_rounding) {
      multiply(mode);
    } else {
      multiply(nearest_even);
    }
    *out = std::bit_cast<std::uint32_t>(sum);
    return {};
  }
  void add_corners(std::uint64_t seed, std::vector<code_t>& in) const override {
    constexpr std::uint64_t per_kind = 40;
    for (std::uint64_t i = 0; i < per_kind * product_kinds; ++i) {
      in.resize(in.size() + 2 * depth_ + 1);
      draws random(seed, i);
      draw_terms(random, i, in.data() + in.size() - 2 * depth_ - 1);
    }
  }
  void draw(std::uint64_t seed, std::uint64_t index, code_t* in) const override {
    draws random(seed, index);
    draw_terms(random, random.below(product_kinds), in);
  }
  [[nodiscard]] std::span<const std::string_view> classes() const override {
    return product_class_names;
  }
  [[nodiscard]] std::uint64_t classify(const code_t* in, const code_t* out,
                                       const status_flags&) const override {
    bool has[std::size(product_class_names)] = {};
    has[0] = true;
    const unpacked c = decode(operands[2].format, in[2 * depth_]);
    const unpacked r = decode(results[0].format, *out);
    exact_sum sum(-700, 700);
    int low = 1 << 20, high = -(1 << 20);
    const auto add = [&](const unpacked& term) {
      if (term.kind == value_kind::finite) {
        low = term.exponent < low ? term.exponent : low;
        high = term.exponent > high ? term.exponent : high;
        has[0] = has[0] && &term == &c;
      }
      if (term.is_finite() && term.exponent > -600 && term.exponent < 600) sum.add(term);
    };
    bool are_finite = c.is_finite();
    for (std::size_t k = 0; k < depth_; ++k) {
      const unpacked a = decode(operands[0].format, in[k]),
                     b = decode(operands[1].format, in[depth_ + k]);
      has[1] = has[1] || a.is_nan() || b.is_nan();
      has[2] = has[2] || a.is_infinite() || b.is_infinite();
      has[3] = has[3] || (a.is_zero() && b.is_infinite()) || (a.is_infinite() && b.is_zero());
      are_finite = are_finite && a.is_finite() && b.is_finite();
      add(exact::multiply(a, b));
    }
    has[4] = c.is_zero();
    has[5] = !c.is_finite();
    if (!are_finite) {
      has[0] = false;
    } else {
      add(c);
      const unpacked exact = sum.value();
      has[6] = high > -(1 << 20) && (exact.is_zero() || exact.exponent <= high - 2);
      has[7] = high - low > 24;
      has[8] = r.kind == value_kind::finite && r.exponent < -126;
      has[9] = !r.is_finite();
      const unpacked nearest =
          decode(operands[2].format, encode(operands[2].format, exact, nearest_even,
                                            lowp::overflow::to_special, missing_nan::largest));
      has[10] = lowp::exact::compare(nearest, r) != 0;
    }
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < std::size(has); ++i) found |= std::uint64_t{has[i]} << i;
    return found;
  }

 private:
  void draw_terms(draws& random, std::uint64_t kind, code_t* in) const {
    draw_product(random, kind, operands[0].format, operands[1].format, operands[2].format, depth_,
                 in, in + depth_, in + 2 * depth_);
  }

  P policy_;
  std::size_t depth_;
};

/// Throws std::invalid_argument for a policy that contradicts itself, or operands that it refuses.
/// `text` is what files call the policy.
template <gemm_policy P>
[[nodiscard]] std::unique_ptr<golden_function> make_dot_product(const P& policy,
                                                                std::string_view text,
                                                                const any_format& a,
                                                                const any_format& b,
                                                                std::size_t depth) {
  return std::make_unique<dot_product_function<P>>(policy, text, a, b, depth);
}

namespace detail {

/// Reads "family{.field = value, ...}" into the fields that set(name, cursor) knows; it answers
/// false for a value that it cannot read.
template <class Set>
void read_policy_fields(std::string_view text, std::string_view family,
                        std::span<const std::string_view> fields, const Set& set) {
  lowp::detail::text_cursor cursor(text);
  const auto fail = [&](const std::string& reason) {
    refuse("policy '" + std::string(text) + "', column " +
           std::to_string(text.size() - cursor.rest().size() + 1) + ": " + reason);
  };
  if (!cursor.take(family) || !cursor.take_token("{"))
    fail("expected " + std::string(family) + "{");
  std::vector<bool> is_given(fields.size());
  while (!cursor.take_token("}")) {
    if (!cursor.take(".")) fail("expected .field = value");
    const auto at_name = cursor;
    const std::string_view name = cursor.take_word();
    std::size_t which = 0;
    while (which < fields.size() && fields[which] != name) ++which;
    if (which == fields.size()) {
      cursor = at_name;
      fail(unknown_name("field of " + std::string(family), name, fields));
    }
    if (is_given[which]) fail("." + std::string(name) + " is given twice");
    is_given[which] = true;
    if (!cursor.take_token("=") || !set(name, cursor)) fail("no value for ." + std::string(name));
    if (!cursor.take_token(",") && cursor.rest().substr(0, 1) != "}") fail("expected , or }");
  }
  if (!cursor.is_done()) fail("nothing may follow the }");
}
/// The name of a float_format, of letters and digits alone.
[[nodiscard]] inline bool take_format(lowp::detail::text_cursor& cursor, float_format& f) {
  const std::string_view word = cursor.take_word();
  if (word == "fp22") return f = policies::fp22, true;
  return lowp::detail::read_name(word, f);
}
template <class T>
[[nodiscard]] bool take_choice(lowp::detail::text_cursor& cursor, T& value,
                               std::initializer_list<std::pair<std::string_view, T>> choices) {
  const std::string_view word = cursor.take_word();
  for (const auto& [name, choice] : choices) {
    if (name == word) return value = choice, true;
  }
  return false;
}
[[nodiscard]] inline bool take_product(lowp::detail::text_cursor& cursor, product& value) {
  return take_choice(
      cursor, value,
      {{"exact", product::exact}, {"rounded", product::rounded}, {"l_mul", product::l_mul}});
}
[[nodiscard]] inline bool take_flag(lowp::detail::text_cursor& cursor, bool& value) {
  return take_choice(cursor, value, {{"true", true}, {"false", false}});
}

[[nodiscard]] inline aligned_sums read_aligned_sums(std::string_view text) {
  aligned_sums p;
  constexpr std::string_view fields[] = {
      "terms", "fraction_bits", "has_accumulator", "accumulator", "product", "chunk", "promoted"};
  read_policy_fields(text, "aligned_sums", fields, [&](std::string_view name, auto& cursor) {
    if (name == "terms") return cursor.take_int(p.terms, 0, 1 << 20);
    if (name == "fraction_bits") return cursor.take_int(p.fraction_bits, 0, 1 << 20);
    if (name == "has_accumulator") return take_flag(cursor, p.has_accumulator);
    if (name == "accumulator") return take_format(cursor, p.accumulator);
    if (name == "product") return take_product(cursor, p.product);
    if (name == "chunk") return cursor.take_int(p.chunk, 0, 1 << 30);
    return take_format(cursor, p.promoted);
  });
  return p;
}
[[nodiscard]] inline rounded_sums read_rounded_sums(std::string_view text) {
  rounded_sums p;
  constexpr std::string_view fields[] = {"order",    "accumulator", "product", "chunk",
                                         "promoted", "lanes",       "tree"};
  read_policy_fields(text, "rounded_sums", fields, [&](std::string_view name, auto& cursor) {
    if (name == "order") {
      return take_choice(
          cursor, p.order,
          {{"sequential", summation::sequential}, {"pairwise", summation::pairwise}});
    }
    if (name == "accumulator") return take_format(cursor, p.accumulator);
    if (name == "product") return take_product(cursor, p.product);
    if (name == "chunk") return cursor.take_int(p.chunk, 0, 1 << 30);
    if (name == "promoted") return take_format(cursor, p.promoted);
    if (name == "lanes") return cursor.take_int(p.lanes, 0, 1 << 20);
    return take_choice(cursor, p.tree,
                       {{"neighbors", chain_tree::neighbors}, {"halves", chain_tree::halves}});
  });
  return p;
}

}  // namespace detail

/// Calls use(name, policy) for each policy that has a name in policies::.
template <class Use>
void for_each_policy(const Use& use) {
  use("k32", policies::k32);
  use("sequential_binary32", policies::sequential_binary32);
  use("sequential_binary64", policies::sequential_binary64);
  use("exact", policies::exact);
  use("integers", policies::integers);
  use("volta_fp16", policies::volta_fp16);
  use("ampere_fp16", policies::ampere_fp16);
  use("hopper_fp16", policies::hopper_fp16);
  use("ada_fp8", policies::ada_fp8);
  use("hopper_fp8", policies::hopper_fp8);
  use("hopper_fp8_promoted", policies::hopper_fp8_promoted);
  use("blackwell_fp8", policies::blackwell_fp8);
  use("ampere_tf32", policies::ampere_tf32);
  use("hopper_tf32", policies::hopper_tf32);
  use("volta_fp16_in_fp16", policies::volta_fp16_in_fp16);
  use("ampere_fp16_in_fp16", policies::ampere_fp16_in_fp16);
  use("hopper_fp16_in_fp16", policies::hopper_fp16_in_fp16);
  use("ada_fp8_in_fp16", policies::ada_fp8_in_fp16);
  use("hopper_fp8_in_fp16", policies::hopper_fp8_in_fp16);
  use("blackwell_fp8_in_fp16", policies::blackwell_fp8_in_fp16);
  use("blackwell_mxfp8", policies::blackwell_mxfp8);
  use("blackwell_nvfp4", policies::blackwell_nvfp4);
  use("blackwell_mxfp4", policies::blackwell_mxfp4);
  use("cdna1_fp16", policies::cdna1_fp16);
  use("cdna1_bf16", policies::cdna1_bf16);
  use("cdna2_fp16", policies::cdna2_fp16);
  use("cdna2_bf16", policies::cdna2_bf16);
  use("cdna3_fp16", policies::cdna3_fp16);
  use("cdna3_fp8", policies::cdna3_fp8);
  use("cdna3_xf32", policies::cdna3_xf32);
  use("amx_bf16", policies::amx_bf16);
  use("arm_bfdot", policies::arm_bfdot);
  use("arm_bfdot_extended", policies::arm_bfdot_extended);
  use("vnni_bytes_saturating", policies::vnni_bytes_saturating);
  use("vnni_words_saturating", policies::vnni_words_saturating);
  use("wrapping_integers", policies::wrapping_integers);
}

/// By the name of a policy, or by the fields of aligned_sums or rounded_sums. Throws
/// std::invalid_argument for other texts.
[[nodiscard]] inline std::unique_ptr<golden_function> make_dot_product(std::string_view text,
                                                                       const any_format& a,
                                                                       const any_format& b,
                                                                       std::size_t depth) {
  if (text.find('{') != std::string_view::npos) {
    if (text.substr(0, 12) == "rounded_sums")
      return make_dot_product(detail::read_rounded_sums(text), text, a, b, depth);
    return make_dot_product(detail::read_aligned_sums(text), text, a, b, depth);
  }
  std::unique_ptr<golden_function> function;
  std::vector<std::string_view> names;
  for_each_policy([&](std::string_view name, const auto& policy) {
    names.push_back(name);
    if (name == text) function = make_dot_product(policy, text, a, b, depth);
  });
  if (function == nullptr) refuse(unknown_name("policy", text, names));
  return function;
}

}  // namespace lowp::verification
