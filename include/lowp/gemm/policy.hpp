// SPDX-License-Identifier: MIT
// What a matrix product computes: a policy states which sums, in which order and with which
// roundings. It is an aggregate with its definition beside it; those of the library are in
// policies/, and a user's in a namespace of his own works as well:
//
//   struct kahan_sums { bool operator==(const kahan_sums&) const = default; };
//   constexpr const char* defect(const kahan_sums&) { return nullptr; }
//   lowp::unpacked sum_products(const kahan_sums&, const lowp::product_terms& t);
//   lowp::gemm<kahan_sums{}>(a, b, c);
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "lowp/formats/concepts.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/policies/aligned.hpp"
#include "lowp/gemm/policies/block_scaled.hpp"
#include "lowp/gemm/policies/exact.hpp"
#include "lowp/gemm/policies/grouped.hpp"
#include "lowp/gemm/policies/int32.hpp"
#include "lowp/gemm/policies/k32.hpp"
#include "lowp/gemm/policies/rounded.hpp"
#include "lowp/gemm/policies/staged.hpp"

namespace lowp {

/// The contract of a policy `p`, found by argument-dependent lookup:
///   defect(p)                null, or a sentence saying why its fields contradict each other
///   sum_products(p, terms)   the sum of product_terms, as an exact value; or, of a policy that
///                            rounds by the mode that gemm is given,
///   sum_products(p, terms, round)   for any rounding_sequence
/// and, where the defaults below do not fit: form_of, sum_format, has_rounding, rounding_count,
/// operand_defect, accumulation_defect. sum_products may run on any thread, and does not throw but
/// for want of memory. A policy is not derived from another: it would lose what is found by the
/// type.
template <class P>
concept gemm_policy = std::copyable<std::remove_cvref_t<P>> &&
    requires(const P& p, const product_terms& terms, rounding_sequence<nearest_even_t>& round) {
  { defect(p) } -> std::same_as<const char*>;
  requires requires {
    { sum_products(p, terms) } -> std::same_as<unpacked>;
  } || requires {
    { sum_products(p, terms, round) } -> std::same_as<unpacked>;
  };
};

/// As what the policy takes the values of operands.
template <gemm_policy P>
[[nodiscard]] constexpr factor_form form_of(const P&) {
  return factor_form::values;
}
/// The format of its sums. Tensor scales multiply sums of at most 24 significant bits and 8 of an
/// exponent in binary32, others in binary64.
template <gemm_policy P>
[[nodiscard]] constexpr float_format sum_format(const P&) {
  return formats::binary32;
}
/// Whether that is in binary32.
template <gemm_policy P>
[[nodiscard]] constexpr bool scales_in_binary32(const P& p) {
  const float_format f = sum_format(p);
  return f.mantissa_bits <= 23 && f.exponent_bits <= 8;
}
/// Whether gemm<P> takes a rounding mode: rounded_sums for each of its roundings to the
/// accumulator, exact_sums for its only one. k32_sums and int32_sums round to nearest even,
/// aligned_sums truncate.
template <gemm_policy P>
[[nodiscard]] constexpr bool has_rounding(const P&) {
  return false;
}
/// How many roundings by the mode an element of a product of K = depth takes, at most.
template <gemm_policy P>
[[nodiscard]] constexpr std::size_t rounding_count(const P&, std::size_t) {
  return 0;
}
/// Why operands with these elements have no such sums, or null.
template <gemm_policy P>
[[nodiscard]] constexpr const char* operand_defect(const P&, const element_facts&,
                                                   const element_facts&) {
  return nullptr;
}
/// Why gemm_accumulate cannot add to a result, or null.
template <gemm_policy P>
[[nodiscard]] constexpr const char* accumulation_defect(const P&) {
  return nullptr;
}

/// How many draws of a stochastic mode belong to one element of a product of K = depth: one for
/// each rounding, then up to a multiple of 16, so that every element begins with a block of random
/// bits.
template <gemm_policy P>
[[nodiscard]] constexpr std::size_t draws_per_sum(const P& p, std::size_t depth) {
  return has_rounding(p) ? (rounding_count(p, depth) + 15) / 16 * 16 : 0;
}

namespace policies {

inline constexpr k32_sums k32{};
inline constexpr rounded_sums sequential_binary32{};
inline constexpr rounded_sums sequential_binary64{.accumulator = formats::binary64};
inline constexpr exact_sums exact{};
inline constexpr int32_sums integers{};

/// Sign, 8 exponent and 13 mantissa bits: the accumulator of Hopper's tensor cores for FP8.
inline constexpr float_format fp22{.exponent_bits = 8, .mantissa_bits = 13};

// Tensor cores of NVIDIA as their behaviour was dissected (Xie et al. 2025, arXiv 2511.10909, and
// its program MMA-Sim): how many products meet in an adder, and how many fraction bits it keeps.
// For FP16 and BF16 Turing and Ada do as Ampere, Blackwell as Hopper; scales of blocks are applied
// before, to the elements. Instructions for FP8 know no scales: programs multiply partial sums.
inline constexpr aligned_sums volta_fp16{.terms = 4, .fraction_bits = 23};
inline constexpr aligned_sums ampere_fp16{.terms = 8, .fraction_bits = 24};
inline constexpr aligned_sums hopper_fp16{.terms = 16, .fraction_bits = 25};
inline constexpr aligned_sums ada_fp8{
    .terms = 16, .fraction_bits = 13, .accumulator = fp22, .scales = scale_use::partial_sums};
inline constexpr aligned_sums hopper_fp8{
    .terms = 32, .fraction_bits = 13, .accumulator = fp22, .scales = scale_use::partial_sums};
/// hopper_fp8 with its sums added up in binary32 every 128 products, each times the scales of
/// blocks where operands have some (DeepSeek-V3, arXiv 2412.19437 and 2505.09343; DeepGEMM).
inline constexpr aligned_sums hopper_fp8_promoted{.terms = 32,
                                                  .fraction_bits = 13,
                                                  .accumulator = fp22,
                                                  .chunk = 128,
                                                  .scales = scale_use::partial_sums};
inline constexpr aligned_sums blackwell_fp8{
    .terms = 32, .fraction_bits = 25, .scales = scale_use::partial_sums};

// More matrix units, by the same source, in which zeros count with the exponent -126. Which
// instruction has which is in gemm/matrix_instructions.hpp.

/// TF32, which is read from words of binary32.
inline constexpr aligned_sums ampere_tf32{
    .terms = 4, .fraction_bits = 24, .zero_exponent = -126, .factor_mantissa_bits = 10};
inline constexpr aligned_sums hopper_tf32{
    .terms = 8, .fraction_bits = 25, .zero_exponent = -126, .factor_mantissa_bits = 10};
// Results in binary16, rounded to nearest even after each adder.
[[nodiscard]] constexpr aligned_sums in_binary16(aligned_sums p) {
  p.accumulator = formats::binary16;
  p.rounds_to_nearest = true;
  p.zero_exponent = -126;
  p.scales = scale_use::elements;
  return p;
}
inline constexpr aligned_sums volta_fp16_in_fp16 = in_binary16(volta_fp16);
inline constexpr aligned_sums ampere_fp16_in_fp16 = in_binary16(ampere_fp16);
inline constexpr aligned_sums hopper_fp16_in_fp16 = in_binary16(hopper_fp16);
inline constexpr aligned_sums ada_fp8_in_fp16 = in_binary16(ada_fp8);
inline constexpr aligned_sums hopper_fp8_in_fp16 = in_binary16(hopper_fp8);
inline constexpr aligned_sums blackwell_fp8_in_fp16 = in_binary16(blackwell_fp8);
/// MXFP8, MXFP6 and MXFP4 with a scale of E8M0 for 32 elements.
inline constexpr block_scaled_sums blackwell_mxfp8{
    .terms = 32, .fraction_bits = 25, .zero_exponent = -126};
/// NVFP4, and MXFP4 with one scale for 16 or 32 elements.
inline constexpr block_scaled_sums blackwell_nvfp4{.terms = 64,
                                                   .group = 16,
                                                   .fraction_bits = 35,
                                                   .zero_exponent = -126,
                                                   .lowest_scale_exponent = -6};
inline constexpr block_scaled_sums blackwell_mxfp4{
    .terms = 64, .group = 16, .fraction_bits = 35, .zero_exponent = -126};

// Matrix cores of AMD. CDNA1 and CDNA2 have FP16 and, with the suffix _1k, BF16 in groups of 4.
inline constexpr grouped_sums cdna1_fp16{.terms = 4, .products_start_from_zero = true};
inline constexpr grouped_sums cdna1_bf16{.terms = 2, .products_start_from_zero = true};
inline constexpr grouped_sums cdna2_fp16{.terms = 4,
                                         .products_start_from_zero = true,
                                         .inputs = subnormal_input::positive_zero,
                                         .results = subnormal_result::signed_zero};
inline constexpr grouped_sums cdna2_bf16{.terms = 2,
                                         .products_start_from_zero = true,
                                         .inputs = subnormal_input::positive_zero,
                                         .results = subnormal_result::signed_zero};
/// FP16 and BF16.
inline constexpr staged_sums cdna3_fp16{
    .terms = 8, .product_bits = 24, .sum_bits = 31, .accumulator_bits = 24, .zero_exponent = -126};
inline constexpr staged_sums cdna3_fp8{.terms = 16,
                                       .product_bits = 24,
                                       .sum_bits = 31,
                                       .accumulator_bits = 24,
                                       .interleaved = 2,
                                       .accumulator_reach = 25,
                                       .zero_exponent = -126};
inline constexpr staged_sums cdna3_xf32{.terms = 4,
                                        .product_bits = 24,
                                        .sum_bits = 31,
                                        .accumulator_bits = 24,
                                        .zero_exponent = -126,
                                        .factor_mantissa_bits = 10};

// Processors, by the operations in the manuals of their instructions.
/// TDPBF16PS: k32 with subnormal numbers flushed.
inline constexpr grouped_sums amx_bf16{.terms = 32,
                                       .order = group_order::even_and_odd,
                                       .inputs = subnormal_input::signed_zero,
                                       .results = subnormal_result::tiny_to_zero};
/// BFDOT and BFMMLA with FPCR.EBF = 0, and with 1 where the rest of FPCR is zero.
inline constexpr grouped_sums arm_bfdot{.terms = 2,
                                        .rounds_to_odd = true,
                                        .inputs = subnormal_input::signed_zero,
                                        .results = subnormal_result::signed_zero};
inline constexpr grouped_sums arm_bfdot_extended{.terms = 2, .order = group_order::fused};
/// VPDPBUSDS and VPDPWSSDS, whose sums saturate after four products and two.
inline constexpr int32_sums vnni_bytes_saturating{.range = overflow::saturate, .group = 4};
inline constexpr int32_sums vnni_words_saturating{.range = overflow::saturate, .group = 2};
/// What AMX, VNNI and integer tensor cores do else.
inline constexpr int32_sums wrapping_integers{.range = overflow::wrap};

}  // namespace policies

// What lowp::compiled has of each function of products: the policies above, by the modes that
// detail::any_mode makes of all modes.
#define LOWP_COMPILED_PRODUCTS(Row)                                                               \
  Row(k32_sums, nearest_even_t) Row(int32_sums, nearest_even_t) Row(aligned_sums, nearest_even_t) \
      Row(grouped_sums, nearest_even_t) Row(staged_sums, nearest_even_t)                          \
          Row(block_scaled_sums, nearest_even_t) Row(exact_sums, nearest_even_t)                  \
              Row(exact_sums, any_rounding) Row(exact_sums, rounding_reference)                   \
                  Row(rounded_sums, nearest_even_t) Row(rounded_sums, any_rounding)               \
                      Row(rounded_sums, rounding_reference)

}  // namespace lowp
