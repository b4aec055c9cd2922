// SPDX-License-Identifier: MIT
// What a matrix product computes: the order of summation, the format of the sum and what becomes of
// the products are part of its meaning, so they are named in its type.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// In which order products are summed.
enum class accumulation : std::uint8_t {
  /// For each 32-deep step of K, one chain of binary32 FMAs over its even k and one over its odd k
  /// start from zero, and their sum is added to the result. What AMX does with a tile of 16 pairs,
  /// and what any machine with FMA can do.
  k32,
  sequential,  ///< one after the other, k = 0, 1, 2, …
  /// Products, each rounded to the accumulator, are added two by two, the sums of neighbours again
  /// two by two, until one is left; one without a neighbour waits for the next level.
  pairwise,
  /// What the adders of tensor cores do: `adder.terms` exact products and the accumulator are
  /// aligned to the largest exponent among them, cut off `adder.fraction_bits` below it, added
  /// without rounding, and the sum is cut off to the accumulator's format.
  aligned,
  exact,  ///< the sum of all products without rounding, then rounded once
  /// What integer units do: integers in sums of 32 bits, each of which is then converted to
  /// binary32, multiplied by a's scale, then by b's, and added to the result, one rounding each
  /// (MixPE, arXiv 2411.16158; MixLLM, 2412.14590). K is cut where a group of either operand ends,
  /// and after each `chunk` products from there; see integers.hpp.
  integers,
};

/// What is added.
enum class product : std::uint8_t {
  exact,    ///< the product; it and the sum are rounded together, as by an FMA
  rounded,  ///< the product rounded to the accumulator's format
  /// Mantissas added instead of multiplied: for |a| = 2^e (1 + x), |b| = 2^f (1 + y) the code of
  /// 2^(e + f) in a format without end, plus x + y + 2^-l, whose carry runs into the exponent (Luo
  /// and Sun 2024, arXiv 2410.00907). l = m for m <= 3 mantissa bits, 3 for 4, 4 for more, where m
  /// is that of the operands' elements, of the longer ones. A zero gives zero.
  l_mul,
};

/// An adder that aligns (accumulation::aligned). The exponent of a product is the sum of those of
/// its factors: the significand of an exact one lies in [1, 4). A factor that is a number without a
/// scale has at least the exponent of the smallest normal one of its format, and so has the
/// accumulator. Zeros take no part, and a sum of zero is +0.
struct aligned_adder {
  int terms = 0;          ///< products at a time, 1 to 2^16; fewer at the end of K
  int fraction_bits = 0;  ///< kept below the leading bit of the largest exponent, 0 to 40
  /// Whether the accumulator is aligned, too. Else it is added to the sum of the products, exactly.
  bool has_accumulator = true;
  constexpr bool operator==(const aligned_adder&) const = default;
};

struct gemm_policy {
  accumulation sum = accumulation::k32;
  /// Of the running sum: binary32 in k32 and integers, any in sequential, pairwise and aligned;
  /// exact has none.
  float_format accumulator = formats::binary32;
  /// What is added: `rounded` and `l_mul` in sequential, `l_mul` in pairwise and aligned, too.
  lowp::product product = lowp::product::exact;
  /// After so many products the running sum is added to one in the format `promoted`, to nearest
  /// even, and starts again from zero. 0: never. In integers it is the 32-bit sum that does.
  int chunk = 0;
  float_format promoted = formats::binary32;
  aligned_adder adder{};
  /// What becomes of a running sum, or a rounded product, beyond the range of `accumulator`. Of a
  /// 32-bit sum in integers: `wrap`, modulo 2^32; `saturate`, after each addition in the order of
  /// k; `to_special`, it is exact, as if it had more bits.
  overflow range = overflow::to_special;

  constexpr bool operator==(const gemm_policy&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const gemm_policy& p) {
  if (defect(p.accumulator) != nullptr) return defect(p.accumulator);
  if (defect(p.promoted) != nullptr) return defect(p.promoted);
  const auto can_be_sum = [](const float_format& f) {
    return f.is_signed && f.at_exponent_zero != exponent_zero::normals;
  };
  if (!can_be_sum(p.accumulator) || !can_be_sum(p.promoted)) {
    return "the format of a sum has a sign and a zero";
  }
  if (p.chunk < 0) return "the chunk of a gemm_policy is a number of products, or 0 for all";
  if (p.chunk == 0 && p.promoted != formats::binary32) {
    return "a gemm_policy has a promoted format for the sums of its chunks: without a chunk, none";
  }
  if (p.sum == accumulation::integers) {
    if (p.accumulator != formats::binary32 || p.product != product::exact) {
      return "accumulation::integers has no accumulator or product to choose";
    }
    if (p.range == overflow::propagate) return "the 32-bit sum of integers has no infinity";
  }
  const bool is_modeled = p.sum != accumulation::k32 && p.sum != accumulation::exact;
  if (!is_modeled && (p.accumulator != formats::binary32 || p.product != product::exact ||
                      p.chunk != 0 || p.range != overflow::to_special)) {
    return "accumulation::k32 and exact have no accumulator, product, chunk or range to choose";
  }
  if (p.sum != accumulation::sequential && p.product == product::rounded) {
    return "product::rounded belongs to accumulation::sequential";
  }
  if (p.sum == accumulation::aligned) {
    if (p.adder.terms < 1 || p.adder.terms > 1 << 16) return "adder.terms lies between 1 and 2^16";
    if (p.adder.fraction_bits < 0 || p.adder.fraction_bits > 40) {
      return "adder.fraction_bits lies between 0 and 40";
    }
    if (p.accumulator.bits() > 32) return "an aligned accumulator has at most 32 bits";
  } else if (p.adder != aligned_adder{}) {
    return "the adder of a gemm_policy belongs to accumulation::aligned";
  }
  return nullptr;
}

/// Whether gemm<P> takes a rounding mode, for each rounding of sequential and pairwise to the
/// accumulator or for the only one of exact. k32 and integers round to nearest even, aligned
/// truncates.
[[nodiscard]] constexpr bool has_rounding(const gemm_policy& p) {
  return p.sum != accumulation::k32 && p.sum != accumulation::aligned &&
         p.sum != accumulation::integers;
}

/// How many draws of a stochastic mode belong to one element of a product of K = depth: one for
/// each rounding, then up to a multiple of 16, so that every element begins with a block of random
/// bits.
[[nodiscard]] constexpr std::size_t draws_per_sum(const gemm_policy& p, std::size_t depth) {
  if (!has_rounding(p)) return 0;
  const bool rounds_products = p.sum == accumulation::pairwise || p.product == product::rounded;
  const std::size_t roundings = p.sum == accumulation::exact ? 1
                                : rounds_products            ? 2 * depth
                                                             : depth;
  return (roundings + 15) / 16 * 16;
}

namespace policies {

inline constexpr gemm_policy sequential_binary32{.sum = accumulation::sequential};
inline constexpr gemm_policy sequential_binary64{.sum = accumulation::sequential,
                                                 .accumulator = formats::binary64};
inline constexpr gemm_policy exact{.sum = accumulation::exact};
inline constexpr gemm_policy integers{.sum = accumulation::integers};

/// Sign, 8 exponent and 13 mantissa bits: the accumulator of Hopper's tensor cores for FP8.
inline constexpr float_format fp22{.exponent_bits = 8, .mantissa_bits = 13};

// Tensor cores of NVIDIA as their behaviour was dissected (Xie et al. 2025, arXiv 2511.10909, and
// its program MMA-Sim): how many products meet in an adder, and how many fraction bits it keeps.
// For FP16 and BF16 Turing and Ada do as Ampere, Blackwell as Hopper.
inline constexpr gemm_policy volta_fp16{.sum = accumulation::aligned,
                                        .adder = {.terms = 4, .fraction_bits = 23}};
inline constexpr gemm_policy ampere_fp16{.sum = accumulation::aligned,
                                         .adder = {.terms = 8, .fraction_bits = 24}};
inline constexpr gemm_policy hopper_fp16{.sum = accumulation::aligned,
                                         .adder = {.terms = 16, .fraction_bits = 25}};
inline constexpr gemm_policy ada_fp8{
    .sum = accumulation::aligned, .accumulator = fp22, .adder = {.terms = 16, .fraction_bits = 13}};
inline constexpr gemm_policy hopper_fp8{
    .sum = accumulation::aligned, .accumulator = fp22, .adder = {.terms = 32, .fraction_bits = 13}};
/// hopper_fp8 with its sums added up in binary32 every 128 products (DeepSeek-V3, arXiv
/// 2505.09343).
inline constexpr gemm_policy hopper_fp8_promoted{.sum = accumulation::aligned,
                                                 .accumulator = fp22,
                                                 .chunk = 128,
                                                 .adder = {.terms = 32, .fraction_bits = 13}};
inline constexpr gemm_policy blackwell_fp8{.sum = accumulation::aligned,
                                           .adder = {.terms = 32, .fraction_bits = 25}};

}  // namespace policies
}  // namespace lowp
