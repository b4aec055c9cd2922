// SPDX-License-Identifier: MIT
// Activations that are quantized on the way into a product: one call, and no matrix of one's own.
// The umbrella header leaves it out.
//
//   gemm(quantized<formats::mxint8>(x), packed, y);         // the bits of
//   gemm(quantize<formats::mxint8>(x), packed, y);
//
// Up to 64 KiB of codes and scales, 15 rows of 4096 columns of mxint8, say, are on the stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// In place of a rule: quantize is called without one.
struct without_rule {};

/// A matrix that stands for its quantized copy in a product; made by quantized(). Refers to the
/// elements and keeps copies of the rule and of the mode.
template <class Format, class Rule = without_rule, rounding_mode R = nearest_even_t>
class quantized_operand {
 public:
  constexpr quantized_operand(const Format& format, matrix_view<const float> of, Rule rule, R mode)
      : format_(format), of_(of), rule_(std::move(rule)), mode_(std::move(mode)) {}

  [[nodiscard]] constexpr const Format& format() const { return format_; }
  /// What this is the quantized copy of.
  [[nodiscard]] constexpr const matrix_view<const float>& of() const { return of_; }
  /// quantize() into a matrix of the format.
  template <class Matrix>
  void store(Matrix& out, const execution& how = {}) const {
    if constexpr (std::is_same_v<Rule, without_rule>) {
      quantize(of_, out, mode_, how);
    } else {
      quantize(of_, out, rule_, mode_, how);
    }
  }

 private:
  [[no_unique_address]] Format format_;
  matrix_view<const float> of_;
  [[no_unique_address]] Rule rule_;
  [[no_unique_address]] R mode_;
};

/// As quantize<F>(of, rule, mode), made when a product takes it:
///
///   gemm(quantized<formats::mxfp8_e4m3>(x, rules::rceil, stochastic{.seed = 1}), weights, y)
///
/// An operand on either side of gemm, gemm_accumulate, explain and explain_accumulate, by any
/// policy that takes the matrix; the product may be written over the elements. Throws as quantize
/// and as the product do, before anything is written.
template <auto F, class Rule, rounding_mode R = rounding_of<Rule>>
requires(is_block_format_v<format_of<F>>&& rule_of_matrix<Rule, constant_format<F>>)
    [[nodiscard]] constexpr auto quantized(matrix_view<const float> of, const Rule& rule,
                                           const R& mode = {}) {
  return quantized_operand<constant_format<F>, Rule, R>({}, of, rule, mode);
}
template <auto F, rounding_mode R = nearest_even_t>
requires is_block_format_v<format_of<F>>
[[nodiscard]] constexpr auto quantized(matrix_view<const float> of, const R& mode = {}) {
  return quantized_operand<constant_format<F>, without_rule, R>({}, of, {}, mode);
}
/// Of a format that is known when the program runs, quantized(variable_format{f}, of, rule, mode).
template <class Format, rule_of_matrix<variable_format<Format>> Rule,
          rounding_mode R = rounding_of<Rule>>
[[nodiscard]] constexpr auto quantized(const variable_format<Format>& format,
                                       matrix_view<const float> of, const Rule& rule,
                                       const R& mode = {}) {
  return quantized_operand<variable_format<Format>, Rule, R>(format, of, rule, mode);
}
template <class Format, rounding_mode R = nearest_even_t>
requires is_block_format_v<Format>
[[nodiscard]] constexpr auto quantized(const variable_format<Format>& format,
                                       matrix_view<const float> of, const R& mode = {}) {
  return quantized_operand<variable_format<Format>, without_rule, R>(format, of, {}, mode);
}

namespace detail {

template <class X>
inline constexpr bool is_quantized_operand = false;
template <class Format, class Rule, class R>
inline constexpr bool is_quantized_operand<quantized_operand<Format, Rule, R>> = true;
/// Of two operands one at least is quantized on the way in.
template <class A, class B>
concept quantized_on_entry = is_quantized_operand<A> || is_quantized_operand<B>;

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// use(x), or, of an operand that is yet to be quantized, with its quantized copy.
template <class X, class Use>
decltype(auto) with_quantized(const X& x, const execution&, const Use& use) {
  return use(x);
}
template <class Format, class Rule, class R, class Use>
decltype(auto) with_quantized(const quantized_operand<Format, Rule, R>& x, const execution& how,
                              const Use& use) {
  constexpr std::size_t most = std::size_t{1} << 16;
  const std::size_t rows = x.of().rows, cols = x.of().cols,
                    size =
                        planes<Format>(lowp::detail::require_block_format(x.format()), rows, cols)
                            .size();
  alignas(64) std::uint8_t few[most];
  std::vector<std::uint8_t> many;
  std::span<std::uint8_t> bytes(few, 0);
  if (size <= most) {
    bytes = {few, size};
    if (size != 0) std::memset(few, 0, size);
  } else {
    many.resize(size);
    bytes = many;
  }
  basic_block_matrix<Format, planes, std::span<std::uint8_t>> matrix(x.format(), rows, cols, bytes);
  x.store(matrix, how);
  return use(matrix);
}
/// use(a, b) likewise.
template <class A, class B, class Use>
decltype(auto) with_quantized(const A& a, const B& b, const execution& how, const Use& use) {
  return with_quantized(a, how, [&](const auto& x) -> decltype(auto) {
    return with_quantized(b, how, [&](const auto& y) -> decltype(auto) { return use(x, y); });
  });
}

}  // namespace bulk

// What gemm.hpp has, of operands of which one or both are quantized on the way in.

template <auto P = policies::k32, class A, class B, class C>
requires detail::quantized_on_entry<A, B>
void gemm(const A& a, const B& b, C&& c, const execution& how = {}) {
  bulk::with_quantized(a, b, how, [&](const auto& x, const auto& y) { gemm<P>(x, y, c, how); });
}
template <auto P = policies::k32, class A, class B, class C, rounding_mode R>
requires detail::quantized_on_entry<A, B>
void gemm(const A& a, const B& b, C&& c, const R& mode, const execution& how = {}) {
  bulk::with_quantized(a, b, how,
                       [&](const auto& x, const auto& y) { gemm<P>(x, y, c, mode, how); });
}
template <auto P = policies::k32, class A, class B, class C>
requires detail::quantized_on_entry<A, B>
void gemm(const A& a, const B& b, C&& c, const epilogue& e, const execution& how = {}) {
  bulk::with_quantized(a, b, how, [&](const auto& x, const auto& y) { gemm<P>(x, y, c, e, how); });
}
template <auto P = policies::k32, class A, class B, class C, rounding_mode R>
requires detail::quantized_on_entry<A, B>
void gemm(const A& a, const B& b, C&& c, const R& mode, const epilogue& e,
          const execution& how = {}) {
  bulk::with_quantized(a, b, how,
                       [&](const auto& x, const auto& y) { gemm<P>(x, y, c, mode, e, how); });
}

template <auto P = policies::k32, class A, class B>
requires detail::quantized_on_entry<A, B>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  bulk::with_quantized(a, b, how,
                       [&](const auto& x, const auto& y) { gemm_accumulate<P>(x, y, c, how); });
}
template <auto P = policies::k32, class A, class B, rounding_mode R>
requires detail::quantized_on_entry<A, B>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const R& mode,
                     const execution& how = {}) {
  bulk::with_quantized(
      a, b, how, [&](const auto& x, const auto& y) { gemm_accumulate<P>(x, y, c, mode, how); });
}

template <auto P = policies::k32, class A, class B>
requires detail::quantized_on_entry<A, B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const execution& how = {}) {
  return bulk::with_quantized(a, b, how,
                              [&](const auto& x, const auto& y) { return explain<P>(x, y, how); });
}
template <auto P = policies::k32, class A, class B, rounding_mode R>
requires detail::quantized_on_entry<A, B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const R& mode,
                                       const execution& how = {}) {
  return bulk::with_quantized(
      a, b, how, [&](const auto& x, const auto& y) { return explain<P>(x, y, mode, how); });
}
template <auto P = policies::k32, class A, class B>
requires detail::quantized_on_entry<A, B>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c,
                                                  const execution& how = {}) {
  return bulk::with_quantized(
      a, b, how, [&](const auto& x, const auto& y) { return explain_accumulate<P>(x, y, c, how); });
}
template <auto P = policies::k32, class A, class B, rounding_mode R>
requires detail::quantized_on_entry<A, B>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c, const R& mode,
                                                  const execution& how = {}) {
  return bulk::with_quantized(a, b, how, [&](const auto& x, const auto& y) {
    return explain_accumulate<P>(x, y, c, mode, how);
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
