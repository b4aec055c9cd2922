// SPDX-License-Identifier: MIT
// A profile: what a stack does, as data with its version. Two stacks that name the formats alike
// differ in how they round, in what they make of overflow, infinities, NaNs and zeros, and in how
// they choose scales; diff.hpp and block_diff.hpp tell where.
//
//   encode(profiles::torch, formats::e4m3fn, 465.0f)          // 0x7F, a NaN
//   encode(profiles::cuda_sat, formats::e4m3fn, 465.0f)       // 0x7E, 448
//   quantize<formats::mxfp8_e4m3>(profiles::te, matrix)
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lowp/arrays/conversion.hpp"
#include "lowp/block/conversion.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/conversion.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {

/// Which formats a stack's casts have. By default all.
struct cast_formats {
  std::string_view words = "";  ///< for messages, where names of formats do not say it
  bool (*has_float)(const float_format&) = [](const float_format&) { return true; };
  bool (*has_fixed)(const fixed_format&) = [](const fixed_format&) { return true; };
  bool has_others = true;  ///< those of other families

  template <number_format F>
  [[nodiscard]] constexpr bool has(const F& format) const {
    if constexpr (std::is_same_v<F, float_format>) {
      return has_float(format);
    } else if constexpr (std::is_same_v<F, fixed_format>) {
      return has_fixed(format);
    } else {
      if constexpr (requires { format.template as<float_format>(); }) {
        if (const auto* f = format.template as<float_format>()) return has_float(*f);
        if (const auto* f = format.template as<fixed_format>()) return has_fixed(*f);
      }
      return has_others;
    }
  }
  /// What has() says of, for messages.
  [[nodiscard]] std::string text() const {
    if (!words.empty()) return std::string(words);
    std::string list;
    for (const auto& [name, format] : formats::float_formats) {
      if (has_float(format)) list.append(list.empty() ? "" : ", ").append(name);
    }
    return list;
  }
};

/// How a stack converts to scalar formats: to all alike, but for those it treats apart.
struct stack_casts {
  struct apart {
    float_format format{};
    conversion how{};
  };
  static constexpr std::size_t most_apart = 8;

  cast_formats formats{};
  conversion general{};
  std::array<apart, most_apart> exceptions{};

  template <number_format F>
  [[nodiscard]] constexpr const conversion& of(const F& format) const {
    for (const apart& one : exceptions) {
      if (is_same_format(format, one.format)) return one.how;
    }
    return general;
  }
};

namespace detail {
/// Refuses a format that the casts of a stack do not have.
template <number_format F>
constexpr void require_cast(const char* function, std::string_view stack, const stack_casts& casts,
                            const F& format) {
  if (casts.formats.has(format)) return;
  refuse(std::string(function) + ": " + std::string(stack) +
         " does not convert to this format; it converts to " + casts.formats.text());
}
}  // namespace detail

/// Stands for a rule that a stack has not, or that is not known.
struct not_stated {};

/// A stack. Rules are objects of block/rules/.
template <class Mxfp8 = not_stated, class Mxfp4 = Mxfp8, class Nvfp4 = not_stated,
          class Mxint8 = not_stated>
struct profile {
  std::string_view name;
  std::string_view version;
  stack_casts casts{};
  Mxfp8 mxfp8{};    ///< of e4m3fn, e5m2, e3m2 and e2m3 under e8m0
  Mxfp4 mxfp4{};    ///< of e2m1 under e8m0
  Nvfp4 nvfp4{};    ///< of e2m1 under ue4m3 or e4m3fn
  Mxint8 mxint8{};  ///< of fixed<8, 6> under e8m0
  /// Signs of zeros among the elements under each rule.
  lowp::negative_zeros mxfp8_zeros = lowp::negative_zeros::kept;
  lowp::negative_zeros mxfp4_zeros = lowp::negative_zeros::kept;
  lowp::negative_zeros nvfp4_zeros = lowp::negative_zeros::kept;
};

template <class T>
inline constexpr bool is_profile_v = false;
template <class... Parts>
inline constexpr bool is_profile_v<profile<Parts...>> = true;
template <class T>
concept profile_type = is_profile_v<T>;

namespace detail {

/// What a profile says of blocks of a kind: the rule and signs of zeros.
template <class Rule>
struct block_slot {
  const Rule& rule;
  negative_zeros zeros;
};
template <class Rule>
block_slot(const Rule&, negative_zeros) -> block_slot<Rule>;

inline constexpr not_stated no_rule{};

/// That of a block format; nothing of those that no stack's rules are for.
template <auto B>
[[nodiscard]] constexpr auto slot_for(const profile_type auto& p) {
  if constexpr (scaled_block_format<B>) {
    constexpr auto blocks = scaled_blocks_of(B);
    constexpr auto has_element = [](const auto&... list) {
      return (is_same_format(scaled_blocks_of(B).element, list) || ...);
    };
    constexpr bool is_mx = is_same_format(blocks.scale, formats::e8m0) && !blocks.has_tensor_scale;
    constexpr bool has_mantissa = is_same_format(blocks.scale, formats::ue4m3) ||
                                  is_same_format(blocks.scale, formats::e4m3fn);
    if constexpr (has_mantissa && has_element(formats::e2m1)) {
      return block_slot{p.nvfp4, p.nvfp4_zeros};
    } else if constexpr (is_mx && has_element(formats::e2m1)) {
      return block_slot{p.mxfp4, p.mxfp4_zeros};
    } else if constexpr (is_mx && has_element(formats::e4m3fn, formats::e5m2, formats::e3m2,
                                              formats::e2m3)) {
      return block_slot{p.mxfp8, p.mxfp8_zeros};
    } else if constexpr (is_mx && has_element(formats::fixed<8, 6>)) {
      return block_slot{p.mxint8, negative_zeros::kept};
    } else {
      return block_slot{no_rule, negative_zeros::kept};
    }
  } else {
    return block_slot{no_rule, negative_zeros::kept};
  }
}
template <auto B, class P>
using rule_type_for = std::remove_cvref_t<decltype(slot_for<B>(std::declval<const P&>()).rule)>;

/// Whether a profile has a rule for the format that does not itself say that it is none.
template <auto B, class P>
[[nodiscard]] constexpr bool has_rule() {
  using rule = rule_type_for<B, P>;
  if constexpr (std::is_same_v<rule, not_stated>) {
    return false;
  } else if constexpr (requires {
                         typename std::bool_constant<rule::defect(scaled_blocks_of(B)) == nullptr>;
                       }) {
    return rule::defect(scaled_blocks_of(B)) == nullptr;
  } else {
    return true;  // if it depends on the rule's state, quantize asks
  }
}

}  // namespace detail

/// The code of x as a stack converts it; x is any number, arithmetic type or exact value. A format
/// that its casts do not have is refused, which in a constant does not compile.
template <profile_type P, number_format F, class T>
[[nodiscard]] constexpr code_t encode(const P& stack, const F& format, const T& x) {
  detail::require_cast("encode", stack.name, stack.casts, format);
  return encode(stack.casts.of(format), format, unpack(x));
}

/// The codes of an array, in the order of `out`.
template <profile_type Stack, auto F, packing Order>
void encode(const Stack& stack, std::span<const float> in, packed_span<F, Order> out,
            const execution& how = {}) {
  detail::require_cast("encode", stack.name, stack.casts, F);
  encode(in, out, stack.casts.of(F), how);
}

/// Into a matrix, or a new one, as a stack does. A profile without a rule for the format does not
/// compile.
template <profile_type P, auto B, template <class> class Layout>
requires(detail::has_rule<B, P>()) void quantize(const P& stack, matrix_view<const float> in,
                                                 block_matrix<B, Layout>& out,
                                                 const execution& how = {}) {
  using rule = detail::rule_type_for<B, P>;
  constexpr auto element = scaled_blocks_of(B).element;
  const conversion& cast = stack.casts.of(element);
  const auto slot = detail::slot_for<B>(stack);
  const basic_conversion<rounding_of<rule>> c{.rounding = {},
                                              .missing_nan = cast.missing_nan,
                                              .nan = cast.nan,
                                              .negative_zeros = slot.zeros};
  quantize(in, out, slot.rule, c, how);
}
template <auto B, profile_type P>
requires(detail::has_rule<B, P>())
    [[nodiscard]] block_matrix<B> quantize(const P& stack, matrix_view<const float> in,
                                           const execution& how = {}) {
  block_matrix<B> out(in.rows, in.cols);
  quantize(stack, in, out, how);
  return out;
}

}  // namespace lowp
