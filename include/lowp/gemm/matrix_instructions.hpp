// SPDX-License-Identifier: MIT
// The matrix instructions whose sums are known, as data: one line each.
//
// What NVIDIA's and AMD's units do was dissected by Xie et al. 2025 (arXiv 2511.10909) and stated
// in their program MMA-Sim; Intel's and Arm's instructions are those of their manuals (Intel SDM,
// TDPBF16PS, TDPBSSD, VPDPBUSD(S), VPDPWSSD(S); Arm ARM, BFDOT and BFMMLA). E2M1, E2M3 and E3M2 as
// operands of Blackwell's f8f6f4 are not in that program: they are taken as its other formats are.
//
//   LOWP_NVIDIA_INSTRUCTIONS(Row), LOWP_AMD_…, LOWP_INTEL_…, LOWP_ARM_…:
//   Row(namespace: the vendor, of Arm the architecture; name, generation, instruction, (m, n, k,
//   largest n), format of A, of
//       B, of C, of the result, of scales, columns that share one, policy)
//
// {N} in a name stands for any multiple of n up to the largest. How many products meet in an adder,
// at most, is in the policy, and with it how an instruction splits its K.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "lowp/formats/catalog.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/policy.hpp"

namespace lowp {

/// C (m x n) += A (m x k) * B (n x k)^T.
struct instruction_shape {
  int m, n, k;
  int most_n;  ///< n may be any multiple of n up to this

  constexpr bool operator==(const instruction_shape&) const = default;
};

/// Operands may be of any of these formats.
template <std::size_t Count>
struct any_of_formats {
  std::array<float_format, Count> formats;
};
template <class... F>
any_of_formats(F...) -> any_of_formats<sizeof...(F)>;

/// There are no scales.
struct no_scale {};

/// A matrix instruction: what it is called, what it takes, and how it adds. For one of your own,
/// fill in another: nothing knows those below.
template <class A, class B, class C, class D, class Scale, gemm_policy P>
struct matrix_instruction_facts {
  std::string_view vendor, generation, name;
  instruction_shape shape;
  A a;  ///< a format, or any_of_formats
  B b;
  C c;
  D result;
  Scale scale;  ///< the format of scales, or no_scale
  int block;    ///< columns that share a scale, or 0
  P policy;
  code_t nan;  ///< what every NaN in the result is
};

namespace detail {

/// Whether an operand may have a format.
template <class Wanted, class Format>
[[nodiscard]] constexpr bool takes_format(const Wanted& f, const Format& g) {
  if constexpr (std::is_same_v<Wanted, Format>) {
    return f == g;
  } else {
    return false;
  }
}
template <std::size_t Count>
[[nodiscard]] constexpr bool takes_format(const any_of_formats<Count>& list,
                                          const float_format& g) {
  return std::any_of(list.formats.begin(), list.formats.end(),
                     [&](const auto& f) { return f == g; });
}

namespace instruction_formats {
using formats::bfloat16;
using formats::binary16;
using formats::binary32;
using formats::binary64;
using formats::e2m1;
using formats::e4m3fn;
using formats::e4m3fnuz;
using formats::e5m2;
using formats::e5m2fnuz;
using formats::e8m0;
using formats::ue4m3;
inline constexpr fixed_format s8 = formats::int_n<8>, u8 = formats::uint_n<8>,
                              s16 = formats::int_n<16>, s32 = formats::int_n<32>;
inline constexpr any_of_formats<5> f8f6f4{
    {formats::e4m3fn, formats::e5m2, formats::e2m3, formats::e3m2, formats::e2m1}};
inline constexpr any_of_formats<2> f16_or_bf16{{formats::binary16, formats::bfloat16}};
inline constexpr no_scale none{};
}  // namespace instruction_formats

// The policies of the lines below.
namespace instruction_policies {
[[nodiscard]] constexpr rounded_sums chain(const float_format& f) { return {.accumulator = f}; }
[[nodiscard]] constexpr aligned_sums adder(int terms, int fraction_bits) {
  return {.terms = terms, .fraction_bits = fraction_bits, .zero_exponent = -126};
}
[[nodiscard]] constexpr aligned_sums reading_tf32(aligned_sums p) {
  p.factor_mantissa_bits = 10;
  return p;
}
[[nodiscard]] constexpr aligned_sums in_fp22(aligned_sums p) {
  p.accumulator = lowp::policies::fp22;
  return p;
}
[[nodiscard]] constexpr aligned_sums in_fp16(aligned_sums p) {
  return lowp::policies::in_binary16(p);
}
}  // namespace instruction_policies

[[nodiscard]] constexpr instruction_shape shape_of(int m, int n, int k, int most_n) {
  return {m, n, k, most_n};
}
/// All bits set but the sign by NVIDIA; the canonical one of the format by others.
template <class D>
[[nodiscard]] constexpr code_t nan_of(std::string_view vendor, const D& d) {
  if constexpr (std::is_same_v<D, float_format>) {
    if (vendor == "nvidia" && d != formats::binary64) return low_mask(d.bits() - 1);
    return encode(d, unpacked::nan());
  } else {
    return 0;
  }
}

template <class A, class B, class C, class D, class Scale, class P>
[[nodiscard]] constexpr matrix_instruction_facts<A, B, C, D, Scale, P> facts_of_instruction(
    std::string_view vendor, std::string_view generation, std::string_view name,
    const instruction_shape& shape, const A& a, const B& b, const C& c, const D& result,
    const Scale& scale, int block, const P& policy) {
  return {vendor, generation, name,  shape, a,      b,
          c,      result,     scale, block, policy, nan_of(vendor, result)};
}

}  // namespace detail

// clang-format off
#define LOWP_NVIDIA_INSTRUCTIONS(Row) \
  Row(nvidia, volta_m8n8k4_f16_f32, "Volta", "mma.m8n8k4.f32.f16.f16.f32", (8, 8, 4, 8), binary16, binary16, binary32, binary32, none, 0, adder(4, 23)) \
  Row(nvidia, volta_m8n8k4_f16_f32_from_f16, "Volta", "mma.m8n8k4.f32.f16.f16.f16", (8, 8, 4, 8), binary16, binary16, binary16, binary32, none, 0, adder(4, 23)) \
  Row(nvidia, volta_m8n8k4_f16_f16, "Volta", "mma.m8n8k4.f16.f16.f16.f16", (8, 8, 4, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(4, 23))) \
  Row(nvidia, turing_m8n8k4_f16_f32, "Turing", "mma.m8n8k4.f32.f16.f16.f32", (8, 8, 4, 8), binary16, binary16, binary32, binary32, none, 0, adder(4, 24)) \
  Row(nvidia, turing_m8n8k4_f16_f32_from_f16, "Turing", "mma.m8n8k4.f32.f16.f16.f16", (8, 8, 4, 8), binary16, binary16, binary16, binary32, none, 0, adder(4, 24)) \
  Row(nvidia, turing_m8n8k4_f16_f16, "Turing", "mma.m8n8k4.f16.f16.f16.f16", (8, 8, 4, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(4, 24))) \
  Row(nvidia, turing_m16n8k8_f16_f32, "Turing", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, turing_m16n8k8_f16_f16, "Turing", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 24))) \
  Row(nvidia, ampere_m8n8k4_f64_f64, "Ampere", "mma.m8n8k4.f64.f64.f64.f64", (8, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, ampere_m16n8k4_tf32_f32, "Ampere", "mma.m16n8k4.f32.tf32.tf32.f32", (16, 8, 4, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 24))) \
  Row(nvidia, ampere_m16n8k8_tf32_f32, "Ampere", "mma.m16n8k8.f32.tf32.tf32.f32", (16, 8, 8, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 24))) \
  Row(nvidia, ampere_m16n8k8_f16_f32, "Ampere", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ampere_m16n8k8_f16_f16, "Ampere", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 24))) \
  Row(nvidia, ampere_m16n8k8_bf16_f32, "Ampere", "mma.m16n8k8.f32.bf16.bf16.f32", (16, 8, 8, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ampere_m16n8k16_f16_f32, "Ampere", "mma.m16n8k16.f32.f16.f16.f32", (16, 8, 16, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ampere_m16n8k16_f16_f16, "Ampere", "mma.m16n8k16.f16.f16.f16.f16", (16, 8, 16, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 24))) \
  Row(nvidia, ampere_m16n8k16_bf16_f32, "Ampere", "mma.m16n8k16.f32.bf16.bf16.f32", (16, 8, 16, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ada_m8n8k4_f64_f64, "Ada Lovelace", "mma.m8n8k4.f64.f64.f64.f64", (8, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, ada_m16n8k4_tf32_f32, "Ada Lovelace", "mma.m16n8k4.f32.tf32.tf32.f32", (16, 8, 4, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 24))) \
  Row(nvidia, ada_m16n8k8_tf32_f32, "Ada Lovelace", "mma.m16n8k8.f32.tf32.tf32.f32", (16, 8, 8, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 24))) \
  Row(nvidia, ada_m16n8k8_f16_f32, "Ada Lovelace", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ada_m16n8k8_f16_f16, "Ada Lovelace", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 24))) \
  Row(nvidia, ada_m16n8k8_bf16_f32, "Ada Lovelace", "mma.m16n8k8.f32.bf16.bf16.f32", (16, 8, 8, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ada_m16n8k16_f16_f32, "Ada Lovelace", "mma.m16n8k16.f32.f16.f16.f32", (16, 8, 16, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ada_m16n8k16_f16_f16, "Ada Lovelace", "mma.m16n8k16.f16.f16.f16.f16", (16, 8, 16, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 24))) \
  Row(nvidia, ada_m16n8k16_bf16_f32, "Ada Lovelace", "mma.m16n8k16.f32.bf16.bf16.f32", (16, 8, 16, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 24)) \
  Row(nvidia, ada_m16n8k16_e4m3_f32, "Ada Lovelace", "mma.m16n8k16.f32.e4m3.e4m3.f32", (16, 8, 16, 8), e4m3fn, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e4m3_f16, "Ada Lovelace", "mma.m16n8k16.f16.e4m3.e4m3.f16", (16, 8, 16, 8), e4m3fn, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e4m3_e5m2_f32, "Ada Lovelace", "mma.m16n8k16.f32.e4m3.e5m2.f32", (16, 8, 16, 8), e4m3fn, e5m2, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e4m3_e5m2_f16, "Ada Lovelace", "mma.m16n8k16.f16.e4m3.e5m2.f16", (16, 8, 16, 8), e4m3fn, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e5m2_e4m3_f32, "Ada Lovelace", "mma.m16n8k16.f32.e5m2.e4m3.f32", (16, 8, 16, 8), e5m2, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e5m2_e4m3_f16, "Ada Lovelace", "mma.m16n8k16.f16.e5m2.e4m3.f16", (16, 8, 16, 8), e5m2, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e5m2_f32, "Ada Lovelace", "mma.m16n8k16.f32.e5m2.e5m2.f32", (16, 8, 16, 8), e5m2, e5m2, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k16_e5m2_f16, "Ada Lovelace", "mma.m16n8k16.f16.e5m2.e5m2.f16", (16, 8, 16, 8), e5m2, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e4m3_f32, "Ada Lovelace", "mma.m16n8k32.f32.e4m3.e4m3.f32", (16, 8, 32, 8), e4m3fn, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e4m3_f16, "Ada Lovelace", "mma.m16n8k32.f16.e4m3.e4m3.f16", (16, 8, 32, 8), e4m3fn, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e4m3_e5m2_f32, "Ada Lovelace", "mma.m16n8k32.f32.e4m3.e5m2.f32", (16, 8, 32, 8), e4m3fn, e5m2, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e4m3_e5m2_f16, "Ada Lovelace", "mma.m16n8k32.f16.e4m3.e5m2.f16", (16, 8, 32, 8), e4m3fn, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e5m2_e4m3_f32, "Ada Lovelace", "mma.m16n8k32.f32.e5m2.e4m3.f32", (16, 8, 32, 8), e5m2, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e5m2_e4m3_f16, "Ada Lovelace", "mma.m16n8k32.f16.e5m2.e4m3.f16", (16, 8, 32, 8), e5m2, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e5m2_f32, "Ada Lovelace", "mma.m16n8k32.f32.e5m2.e5m2.f32", (16, 8, 32, 8), e5m2, e5m2, binary32, binary32, none, 0, in_fp22(adder(16, 13))) \
  Row(nvidia, ada_m16n8k32_e5m2_f16, "Ada Lovelace", "mma.m16n8k32.f16.e5m2.e5m2.f16", (16, 8, 32, 8), e5m2, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 13))) \
  Row(nvidia, hopper_m8n8k4_f64_f64, "Hopper", "mma.m8n8k4.f64.f64.f64.f64", (8, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, hopper_m16n8k4_tf32_f32, "Hopper", "mma.m16n8k4.f32.tf32.tf32.f32", (16, 8, 4, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 25))) \
  Row(nvidia, hopper_m16n8k8_tf32_f32, "Hopper", "mma.m16n8k8.f32.tf32.tf32.f32", (16, 8, 8, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(8, 25))) \
  Row(nvidia, hopper_m16n8k8_f16_f32, "Hopper", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, hopper_m16n8k8_f16_f16, "Hopper", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 25))) \
  Row(nvidia, hopper_m16n8k8_bf16_f32, "Hopper", "mma.m16n8k8.f32.bf16.bf16.f32", (16, 8, 8, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, hopper_m16n8k16_f16_f32, "Hopper", "mma.m16n8k16.f32.f16.f16.f32", (16, 8, 16, 8), binary16, binary16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, hopper_m16n8k16_f16_f16, "Hopper", "mma.m16n8k16.f16.f16.f16.f16", (16, 8, 16, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, hopper_m16n8k16_bf16_f32, "Hopper", "mma.m16n8k16.f32.bf16.bf16.f32", (16, 8, 16, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, hopper_m16n8k4_f64_f64, "Hopper", "mma.m16n8k4.f64.f64.f64.f64", (16, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, hopper_m16n8k8_f64_f64, "Hopper", "mma.m16n8k8.f64.f64.f64.f64", (16, 8, 8, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, hopper_m16n8k16_f64_f64, "Hopper", "mma.m16n8k16.f64.f64.f64.f64", (16, 8, 16, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, hopper_m64n8k8_tf32_f32, "Hopper", "wgmma.m64n{N}k8.f32.tf32.tf32", (64, 8, 8, 256), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(8, 25))) \
  Row(nvidia, hopper_m64n8k16_f16_f32, "Hopper", "wgmma.m64n{N}k16.f32.f16.f16", (64, 8, 16, 256), binary16, binary16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, hopper_m64n8k16_f16_f16, "Hopper", "wgmma.m64n{N}k16.f16.f16.f16", (64, 8, 16, 256), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, hopper_m64n8k16_bf16_f32, "Hopper", "wgmma.m64n{N}k16.f32.bf16.bf16", (64, 8, 16, 256), bfloat16, bfloat16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, hopper_m64n8k32_e4m3_f32, "Hopper", "wgmma.m64n{N}k32.f32.e4m3.e4m3", (64, 8, 32, 256), e4m3fn, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e4m3_f16, "Hopper", "wgmma.m64n{N}k32.f16.e4m3.e4m3", (64, 8, 32, 256), e4m3fn, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e4m3_e5m2_f32, "Hopper", "wgmma.m64n{N}k32.f32.e4m3.e5m2", (64, 8, 32, 256), e4m3fn, e5m2, binary32, binary32, none, 0, in_fp22(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e4m3_e5m2_f16, "Hopper", "wgmma.m64n{N}k32.f16.e4m3.e5m2", (64, 8, 32, 256), e4m3fn, e5m2, binary16, binary16, none, 0, in_fp16(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e5m2_e4m3_f32, "Hopper", "wgmma.m64n{N}k32.f32.e5m2.e4m3", (64, 8, 32, 256), e5m2, e4m3fn, binary32, binary32, none, 0, in_fp22(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e5m2_e4m3_f16, "Hopper", "wgmma.m64n{N}k32.f16.e5m2.e4m3", (64, 8, 32, 256), e5m2, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e5m2_f32, "Hopper", "wgmma.m64n{N}k32.f32.e5m2.e5m2", (64, 8, 32, 256), e5m2, e5m2, binary32, binary32, none, 0, in_fp22(adder(32, 13))) \
  Row(nvidia, hopper_m64n8k32_e5m2_f16, "Hopper", "wgmma.m64n{N}k32.f16.e5m2.e5m2", (64, 8, 32, 256), e5m2, e5m2, binary16, binary16, none, 0, in_fp16(adder(32, 13))) \
  Row(nvidia, blackwell_m8n8k4_f64_f64, "Blackwell", "mma.m8n8k4.f64.f64.f64.f64", (8, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, blackwell_m16n8k4_tf32_f32, "Blackwell", "mma.m16n8k4.f32.tf32.tf32.f32", (16, 8, 4, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 25))) \
  Row(nvidia, blackwell_m16n8k8_tf32_f32, "Blackwell", "mma.m16n8k8.f32.tf32.tf32.f32", (16, 8, 8, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(8, 25))) \
  Row(nvidia, blackwell_m16n8k8_f16_f32, "Blackwell", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, blackwell_m16n8k8_f16_f16, "Blackwell", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 25))) \
  Row(nvidia, blackwell_m16n8k8_bf16_f32, "Blackwell", "mma.m16n8k8.f32.bf16.bf16.f32", (16, 8, 8, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, blackwell_m16n8k16_f16_f32, "Blackwell", "mma.m16n8k16.f32.f16.f16.f32", (16, 8, 16, 8), binary16, binary16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, blackwell_m16n8k16_f16_f16, "Blackwell", "mma.m16n8k16.f16.f16.f16.f16", (16, 8, 16, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, blackwell_m16n8k16_bf16_f32, "Blackwell", "mma.m16n8k16.f32.bf16.bf16.f32", (16, 8, 16, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, blackwell_m128n8k8_tf32_f32, "Blackwell", "tcgen05.mma.m128n{N}k8.f32.tf32.tf32", (128, 8, 8, 256), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(8, 25))) \
  Row(nvidia, blackwell_m128n8k16_f16_bf16_f32, "Blackwell", "tcgen05.mma.m128n{N}k16.f32.f16_bf16.f16_bf16", (128, 8, 16, 256), f16_or_bf16, f16_or_bf16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, blackwell_m128n8k16_f16_f16, "Blackwell", "tcgen05.mma.m128n{N}k16.f16.f16.f16", (128, 8, 16, 256), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, blackwell_m128n8k32_f8f6f4_f32, "Blackwell", "tcgen05.mma.m128n{N}k32.f32.f8f6f4.f8f6f4", (128, 8, 32, 256), f8f6f4, f8f6f4, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, blackwell_m128n8k32_f8f6f4_f16, "Blackwell", "tcgen05.mma.m128n{N}k32.f16.f8f6f4.f8f6f4", (128, 8, 32, 256), f8f6f4, f8f6f4, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, blackwell_m128n8k32_mxf8f6f4_f32, "Blackwell", "tcgen05.mma.m128n{N}k32.block32.f32.f8f6f4.f8f6f4.ue8m0", (128, 8, 32, 256), f8f6f4, f8f6f4, binary32, binary32, e8m0, 32, policies::blackwell_mxfp8) \
  Row(nvidia, blackwell_m128n8k64_mxf4_block32_f32, "Blackwell", "tcgen05.mma.m128n{N}k64.block32.f32.e2m1.e2m1.ue8m0", (128, 8, 64, 256), e2m1, e2m1, binary32, binary32, e8m0, 32, policies::blackwell_mxfp4) \
  Row(nvidia, blackwell_m128n8k64_mxf4_block16_f32, "Blackwell", "tcgen05.mma.m128n{N}k64.block16.f32.e2m1.e2m1.ue8m0", (128, 8, 64, 256), e2m1, e2m1, binary32, binary32, e8m0, 16, policies::blackwell_mxfp4) \
  Row(nvidia, blackwell_m128n8k64_nvf4_f32, "Blackwell", "tcgen05.mma.m128n{N}k64.block16.f32.e2m1.e2m1.ue4m3", (128, 8, 64, 256), e2m1, e2m1, binary32, binary32, ue4m3, 16, policies::blackwell_nvfp4) \
  Row(nvidia, rtx_blackwell_m8n8k4_f64_f64, "RTX Blackwell", "mma.m8n8k4.f64.f64.f64.f64", (8, 8, 4, 8), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(nvidia, rtx_blackwell_m16n8k4_tf32_f32, "RTX Blackwell", "mma.m16n8k4.f32.tf32.tf32.f32", (16, 8, 4, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(4, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k8_tf32_f32, "RTX Blackwell", "mma.m16n8k8.f32.tf32.tf32.f32", (16, 8, 8, 8), binary32, binary32, binary32, binary32, none, 0, reading_tf32(adder(8, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k8_f16_f32, "RTX Blackwell", "mma.m16n8k8.f32.f16.f16.f32", (16, 8, 8, 8), binary16, binary16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k8_f16_f16, "RTX Blackwell", "mma.m16n8k8.f16.f16.f16.f16", (16, 8, 8, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(8, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k8_bf16_f32, "RTX Blackwell", "mma.m16n8k8.f32.bf16.bf16.f32", (16, 8, 8, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(8, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_f16_f32, "RTX Blackwell", "mma.m16n8k16.f32.f16.f16.f32", (16, 8, 16, 8), binary16, binary16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_f16_f16, "RTX Blackwell", "mma.m16n8k16.f16.f16.f16.f16", (16, 8, 16, 8), binary16, binary16, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k16_bf16_f32, "RTX Blackwell", "mma.m16n8k16.f32.bf16.bf16.f32", (16, 8, 16, 8), bfloat16, bfloat16, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_e4m3_f32, "RTX Blackwell", "mma.m16n8k16.f32.e4m3.e4m3.f32", (16, 8, 16, 8), e4m3fn, e4m3fn, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_e4m3_f16, "RTX Blackwell", "mma.m16n8k16.f16.e4m3.e4m3.f16", (16, 8, 16, 8), e4m3fn, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k16_e4m3_e5m2_f32, "RTX Blackwell", "mma.m16n8k16.f32.e4m3.e5m2.f32", (16, 8, 16, 8), e4m3fn, e5m2, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_e4m3_e5m2_f16, "RTX Blackwell", "mma.m16n8k16.f16.e4m3.e5m2.f16", (16, 8, 16, 8), e4m3fn, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k16_e5m2_e4m3_f32, "RTX Blackwell", "mma.m16n8k16.f32.e5m2.e4m3.f32", (16, 8, 16, 8), e5m2, e4m3fn, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_e5m2_e4m3_f16, "RTX Blackwell", "mma.m16n8k16.f16.e5m2.e4m3.f16", (16, 8, 16, 8), e5m2, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k16_e5m2_f32, "RTX Blackwell", "mma.m16n8k16.f32.e5m2.e5m2.f32", (16, 8, 16, 8), e5m2, e5m2, binary32, binary32, none, 0, adder(16, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k16_e5m2_f16, "RTX Blackwell", "mma.m16n8k16.f16.e5m2.e5m2.f16", (16, 8, 16, 8), e5m2, e5m2, binary16, binary16, none, 0, in_fp16(adder(16, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_e4m3_f32, "RTX Blackwell", "mma.m16n8k32.f32.e4m3.e4m3.f32", (16, 8, 32, 8), e4m3fn, e4m3fn, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k32_e4m3_f16, "RTX Blackwell", "mma.m16n8k32.f16.e4m3.e4m3.f16", (16, 8, 32, 8), e4m3fn, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_e4m3_e5m2_f32, "RTX Blackwell", "mma.m16n8k32.f32.e4m3.e5m2.f32", (16, 8, 32, 8), e4m3fn, e5m2, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k32_e4m3_e5m2_f16, "RTX Blackwell", "mma.m16n8k32.f16.e4m3.e5m2.f16", (16, 8, 32, 8), e4m3fn, e5m2, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_e5m2_e4m3_f32, "RTX Blackwell", "mma.m16n8k32.f32.e5m2.e4m3.f32", (16, 8, 32, 8), e5m2, e4m3fn, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k32_e5m2_e4m3_f16, "RTX Blackwell", "mma.m16n8k32.f16.e5m2.e4m3.f16", (16, 8, 32, 8), e5m2, e4m3fn, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_e5m2_f32, "RTX Blackwell", "mma.m16n8k32.f32.e5m2.e5m2.f32", (16, 8, 32, 8), e5m2, e5m2, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k32_e5m2_f16, "RTX Blackwell", "mma.m16n8k32.f16.e5m2.e5m2.f16", (16, 8, 32, 8), e5m2, e5m2, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_f8f6f4_f32, "RTX Blackwell", "mma.m16n8k32.f32.f8f6f4.f8f6f4.f32", (16, 8, 32, 8), f8f6f4, f8f6f4, binary32, binary32, none, 0, adder(32, 25)) \
  Row(nvidia, rtx_blackwell_m16n8k32_f8f6f4_f16, "RTX Blackwell", "mma.m16n8k32.f16.f8f6f4.f8f6f4.f16", (16, 8, 32, 8), f8f6f4, f8f6f4, binary16, binary16, none, 0, in_fp16(adder(32, 25))) \
  Row(nvidia, rtx_blackwell_m16n8k32_mxf8f6f4_f32, "RTX Blackwell", "mma.m16n8k32.block32.f32.f8f6f4.f8f6f4.ue8m0", (16, 8, 32, 8), f8f6f4, f8f6f4, binary32, binary32, e8m0, 32, policies::blackwell_mxfp8) \
  Row(nvidia, rtx_blackwell_m16n8k64_mxf4_block32_f32, "RTX Blackwell", "mma.m16n8k64.block32.f32.e2m1.e2m1.ue8m0", (16, 8, 64, 8), e2m1, e2m1, binary32, binary32, e8m0, 32, policies::blackwell_mxfp4) \
  Row(nvidia, rtx_blackwell_m16n8k64_mxf4_block16_f32, "RTX Blackwell", "mma.m16n8k64.block16.f32.e2m1.e2m1.ue8m0", (16, 8, 64, 8), e2m1, e2m1, binary32, binary32, e8m0, 16, policies::blackwell_mxfp4) \
  Row(nvidia, rtx_blackwell_m16n8k64_nvf4_f32, "RTX Blackwell", "mma.m16n8k64.block16.f32.e2m1.e2m1.ue4m3", (16, 8, 64, 8), e2m1, e2m1, binary32, binary32, ue4m3, 16, policies::blackwell_nvfp4) \
  Row(nvidia, rtx_blackwell_m16n8k64_nvf4_block32_f32, "RTX Blackwell", "mma.m16n8k64.block32.f32.e2m1.e2m1.ue4m3", (16, 8, 64, 8), e2m1, e2m1, binary32, binary32, ue4m3, 32, policies::blackwell_nvfp4)

#define LOWP_AMD_INSTRUCTIONS(Row) \
  Row(amd, cdna1_32x32x2_f32_f32, "CDNA1", "v_mfma_f32_32x32x2f32", (32, 32, 2, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna1_32x32x1_f32_f32, "CDNA1", "v_mfma_f32_32x32x1f32", (32, 32, 1, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna1_16x16x4_f32_f32, "CDNA1", "v_mfma_f32_16x16x4f32", (16, 16, 4, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna1_16x16x1_f32_f32, "CDNA1", "v_mfma_f32_16x16x1f32", (16, 16, 1, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna1_4x4x1_f32_f32, "CDNA1", "v_mfma_f32_4x4x1f32", (4, 4, 1, 4), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna1_32x32x8_f16_f32, "CDNA1", "v_mfma_f32_32x32x8f16", (32, 32, 8, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna1_fp16) \
  Row(amd, cdna1_32x32x4_f16_f32, "CDNA1", "v_mfma_f32_32x32x4f16", (32, 32, 4, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna1_fp16) \
  Row(amd, cdna1_16x16x16_f16_f32, "CDNA1", "v_mfma_f32_16x16x16f16", (16, 16, 16, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna1_fp16) \
  Row(amd, cdna1_16x16x4_f16_f32, "CDNA1", "v_mfma_f32_16x16x4f16", (16, 16, 4, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna1_fp16) \
  Row(amd, cdna1_4x4x4_f16_f32, "CDNA1", "v_mfma_f32_4x4x4f16", (4, 4, 4, 4), binary16, binary16, binary32, binary32, none, 0, policies::cdna1_fp16) \
  Row(amd, cdna1_32x32x4_bf16_f32, "CDNA1", "v_mfma_f32_32x32x4bf16", (32, 32, 4, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna1_bf16) \
  Row(amd, cdna1_32x32x2_bf16_f32, "CDNA1", "v_mfma_f32_32x32x2bf16", (32, 32, 2, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna1_bf16) \
  Row(amd, cdna1_16x16x8_bf16_f32, "CDNA1", "v_mfma_f32_16x16x8bf16", (16, 16, 8, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna1_bf16) \
  Row(amd, cdna1_16x16x2_bf16_f32, "CDNA1", "v_mfma_f32_16x16x2bf16", (16, 16, 2, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna1_bf16) \
  Row(amd, cdna1_4x4x2_bf16_f32, "CDNA1", "v_mfma_f32_4x4x2bf16", (4, 4, 2, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna1_bf16) \
  Row(amd, cdna2_32x32x2_f32_f32, "CDNA2", "v_mfma_f32_32x32x2f32", (32, 32, 2, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna2_32x32x1_f32_f32, "CDNA2", "v_mfma_f32_32x32x1f32", (32, 32, 1, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna2_16x16x4_f32_f32, "CDNA2", "v_mfma_f32_16x16x4f32", (16, 16, 4, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna2_16x16x1_f32_f32, "CDNA2", "v_mfma_f32_16x16x1f32", (16, 16, 1, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna2_4x4x1_f32_f32, "CDNA2", "v_mfma_f32_4x4x1f32", (4, 4, 1, 4), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna2_32x32x8_f16_f32, "CDNA2", "v_mfma_f32_32x32x8f16", (32, 32, 8, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_32x32x4_f16_f32, "CDNA2", "v_mfma_f32_32x32x4f16", (32, 32, 4, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_16x16x16_f16_f32, "CDNA2", "v_mfma_f32_16x16x16f16", (16, 16, 16, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_16x16x4_f16_f32, "CDNA2", "v_mfma_f32_16x16x4f16", (16, 16, 4, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_4x4x4_f16_f32, "CDNA2", "v_mfma_f32_4x4x4f16", (4, 4, 4, 4), binary16, binary16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_32x32x4_bf16_f32, "CDNA2", "v_mfma_f32_32x32x4bf16", (32, 32, 4, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_bf16) \
  Row(amd, cdna2_32x32x2_bf16_f32, "CDNA2", "v_mfma_f32_32x32x2bf16", (32, 32, 2, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_bf16) \
  Row(amd, cdna2_16x16x8_bf16_f32, "CDNA2", "v_mfma_f32_16x16x8bf16", (16, 16, 8, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_bf16) \
  Row(amd, cdna2_16x16x2_bf16_f32, "CDNA2", "v_mfma_f32_16x16x2bf16", (16, 16, 2, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_bf16) \
  Row(amd, cdna2_4x4x2_bf16_f32, "CDNA2", "v_mfma_f32_4x4x2bf16", (4, 4, 2, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_bf16) \
  Row(amd, cdna2_16x16x4_f64_f64, "CDNA2", "v_mfma_f64_16x16x4f64", (16, 16, 4, 16), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(amd, cdna2_4x4x4_f64_f64, "CDNA2", "v_mfma_f64_4x4x4f64", (4, 4, 4, 4), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(amd, cdna2_32x32x8_bf16_1k_f32, "CDNA2", "v_mfma_f32_32x32x8bf16_1k", (32, 32, 8, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_32x32x4_bf16_1k_f32, "CDNA2", "v_mfma_f32_32x32x4bf16_1k", (32, 32, 4, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_16x16x16_bf16_1k_f32, "CDNA2", "v_mfma_f32_16x16x16bf16_1k", (16, 16, 16, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_16x16x4_bf16_1k_f32, "CDNA2", "v_mfma_f32_16x16x4bf16_1k", (16, 16, 4, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna2_4x4x4_bf16_1k_f32, "CDNA2", "v_mfma_f32_4x4x4bf16_1k", (4, 4, 4, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna2_fp16) \
  Row(amd, cdna3_16x16x4_f64_f64, "CDNA3", "v_mfma_f64_16x16x4_f64", (16, 16, 4, 16), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(amd, cdna3_4x4x4_f64_f64, "CDNA3", "v_mfma_f64_4x4x4_4b_f64", (4, 4, 4, 4), binary64, binary64, binary64, binary64, none, 0, chain(lowp::formats::binary64)) \
  Row(amd, cdna3_32x32x2_f32_f32, "CDNA3", "v_mfma_f32_32x32x2_f32", (32, 32, 2, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna3_32x32x1_f32_f32, "CDNA3", "v_mfma_f32_32x32x1_2b_f32", (32, 32, 1, 32), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna3_16x16x4_f32_f32, "CDNA3", "v_mfma_f32_16x16x4_f32", (16, 16, 4, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna3_16x16x1_f32_f32, "CDNA3", "v_mfma_f32_16x16x1_4b_f32", (16, 16, 1, 16), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna3_4x4x1_f32_f32, "CDNA3", "v_mfma_f32_4x4x1_16b_f32", (4, 4, 1, 4), binary32, binary32, binary32, binary32, none, 0, chain(lowp::formats::binary32)) \
  Row(amd, cdna3_16x16x8_xf32_f32, "CDNA3", "v_mfma_f32_16x16x8_xf32", (16, 16, 8, 16), binary32, binary32, binary32, binary32, none, 0, policies::cdna3_xf32) \
  Row(amd, cdna3_32x32x4_xf32_f32, "CDNA3", "v_mfma_f32_32x32x4_xf32", (32, 32, 4, 32), binary32, binary32, binary32, binary32, none, 0, policies::cdna3_xf32) \
  Row(amd, cdna3_32x32x8_f16_f32, "CDNA3", "v_mfma_f32_32x32x8_f16", (32, 32, 8, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_32x32x4_f16_f32, "CDNA3", "v_mfma_f32_32x32x4_2b_f16", (32, 32, 4, 32), binary16, binary16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_16x16x16_f16_f32, "CDNA3", "v_mfma_f32_16x16x16_f16", (16, 16, 16, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_16x16x4_f16_f32, "CDNA3", "v_mfma_f32_16x16x4_4b_f16", (16, 16, 4, 16), binary16, binary16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_4x4x4_f16_f32, "CDNA3", "v_mfma_f32_4x4x4_16b_f16", (4, 4, 4, 4), binary16, binary16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_32x32x8_bf16_f32, "CDNA3", "v_mfma_f32_32x32x8_bf16", (32, 32, 8, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_32x32x4_bf16_f32, "CDNA3", "v_mfma_f32_32x32x4_2b_bf16", (32, 32, 4, 32), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_16x16x16_bf16_f32, "CDNA3", "v_mfma_f32_16x16x16_bf16", (16, 16, 16, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_16x16x4_bf16_f32, "CDNA3", "v_mfma_f32_16x16x4_4b_bf16", (16, 16, 4, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_4x4x4_bf16_f32, "CDNA3", "v_mfma_f32_4x4x4_16b_bf16", (4, 4, 4, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::cdna3_fp16) \
  Row(amd, cdna3_16x16x32_bf8_f32, "CDNA3", "v_mfma_f32_16x16x32_bf8_bf8", (16, 16, 32, 16), e5m2fnuz, e5m2fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_16x16x32_bf8_fp8_f32, "CDNA3", "v_mfma_f32_16x16x32_bf8_fp8", (16, 16, 32, 16), e5m2fnuz, e4m3fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_16x16x32_fp8_bf8_f32, "CDNA3", "v_mfma_f32_16x16x32_fp8_bf8", (16, 16, 32, 16), e4m3fnuz, e5m2fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_16x16x32_fp8_f32, "CDNA3", "v_mfma_f32_16x16x32_fp8_fp8", (16, 16, 32, 16), e4m3fnuz, e4m3fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_32x32x16_bf8_f32, "CDNA3", "v_mfma_f32_32x32x16_bf8_bf8", (32, 32, 16, 32), e5m2fnuz, e5m2fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_32x32x16_bf8_fp8_f32, "CDNA3", "v_mfma_f32_32x32x16_bf8_fp8", (32, 32, 16, 32), e5m2fnuz, e4m3fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_32x32x16_fp8_bf8_f32, "CDNA3", "v_mfma_f32_32x32x16_fp8_bf8", (32, 32, 16, 32), e4m3fnuz, e5m2fnuz, binary32, binary32, none, 0, policies::cdna3_fp8) \
  Row(amd, cdna3_32x32x16_fp8_f32, "CDNA3", "v_mfma_f32_32x32x16_fp8_fp8", (32, 32, 16, 32), e4m3fnuz, e4m3fnuz, binary32, binary32, none, 0, policies::cdna3_fp8)

#define LOWP_INTEL_INSTRUCTIONS(Row) \
  Row(intel, amx_tdpbf16ps, "AMX", "tdpbf16ps", (16, 16, 32, 16), bfloat16, bfloat16, binary32, binary32, none, 0, policies::amx_bf16) \
  Row(intel, amx_tdpbssd, "AMX", "tdpbssd", (16, 16, 64, 16), s8, s8, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, amx_tdpbsud, "AMX", "tdpbsud", (16, 16, 64, 16), s8, u8, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, amx_tdpbusd, "AMX", "tdpbusd", (16, 16, 64, 16), u8, s8, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, amx_tdpbuud, "AMX", "tdpbuud", (16, 16, 64, 16), u8, u8, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, vnni_vpdpbusd, "AVX512-VNNI", "vpdpbusd", (1, 16, 4, 16), u8, s8, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, vnni_vpdpbusds, "AVX512-VNNI", "vpdpbusds", (1, 16, 4, 16), u8, s8, s32, s32, none, 0, policies::vnni_bytes_saturating) \
  Row(intel, vnni_vpdpwssd, "AVX512-VNNI", "vpdpwssd", (1, 16, 2, 16), s16, s16, s32, s32, none, 0, policies::wrapping_integers) \
  Row(intel, vnni_vpdpwssds, "AVX512-VNNI", "vpdpwssds", (1, 16, 2, 16), s16, s16, s32, s32, none, 0, policies::vnni_words_saturating)

#define LOWP_ARM_INSTRUCTIONS(Row) \
  Row(aarch64, bfdot, "FPCR.EBF = 0", "bfdot", (1, 4, 2, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::arm_bfdot) \
  Row(aarch64, bfdot_extended, "FPCR.EBF = 1", "bfdot", (1, 4, 2, 4), bfloat16, bfloat16, binary32, binary32, none, 0, policies::arm_bfdot_extended) \
  Row(aarch64, bfmmla, "FPCR.EBF = 0", "bfmmla", (2, 2, 4, 2), bfloat16, bfloat16, binary32, binary32, none, 0, policies::arm_bfdot) \
  Row(aarch64, bfmmla_extended, "FPCR.EBF = 1", "bfmmla", (2, 2, 4, 2), bfloat16, bfloat16, binary32, binary32, none, 0, policies::arm_bfdot_extended)
// clang-format on

#define LOWP_DEFINE_INSTRUCTION(Vendor, Name, Generation, Instruction, Shape, A, B, C, D, Scale, \
                                Block, Policy)                                                   \
  namespace Vendor {                                                                             \
  inline constexpr auto Name = [] {                                                              \
    namespace f = lowp::detail::instruction_formats;                                             \
    using namespace lowp::detail::instruction_policies;                                          \
    return lowp::detail::facts_of_instruction(#Vendor, Generation, Instruction,                  \
                                              lowp::detail::shape_of Shape, f::A, f::B, f::C,    \
                                              f::D, f::Scale, Block, Policy);                    \
  }();                                                                                           \
  }
LOWP_NVIDIA_INSTRUCTIONS(LOWP_DEFINE_INSTRUCTION)
LOWP_AMD_INSTRUCTIONS(LOWP_DEFINE_INSTRUCTION)
LOWP_INTEL_INSTRUCTIONS(LOWP_DEFINE_INSTRUCTION)
LOWP_ARM_INSTRUCTIONS(LOWP_DEFINE_INSTRUCTION)
#undef LOWP_DEFINE_INSTRUCTION

}  // namespace lowp
