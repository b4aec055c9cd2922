// SPDX-License-Identifier: MIT
// Profiles of stacks. Each states what was read in, or measured on, the version that it names;
// where a stack has no such thing, or where it is not known, the field is not stated. `general` is
// for the formats that `formats` has.
#pragma once

#include "lowp/block/rules.hpp"
#include "lowp/profiles/profile.hpp"

namespace lowp::profiles {

namespace detail {

inline constexpr canonical_nan ones_positive{nan_bits::all_ones, nan_sign::positive};
inline constexpr canonical_nan ones_kept{nan_bits::all_ones, nan_sign::kept};

/// Casts to these, and to no others.
template <float_format... Listed>
inline constexpr cast_formats casts_to{
    .has_float = [](const float_format& f) { return ((f == Listed) || ...); },
    .has_fixed = [](const fixed_format&) { return false; },
    .has_others = false};
/// A stack of blocks whose casts to scalar formats are not stated.
[[nodiscard]] constexpr stack_casts no_casts() {
  cast_formats none = casts_to<>;
  none.words = "no scalar format";
  return {.formats = none};
}
/// What `has_float` says, in words.
[[nodiscard]] constexpr cast_formats casts_to_those(bool (*has_float)(const float_format&),
                                                    std::string_view words) {
  cast_formats result = casts_to<>;
  result.has_float = has_float;
  result.words = words;
  return result;
}
[[nodiscard]] constexpr bool is_of_p3109(const float_format& f) {
  return f.bits() <= 16 &&
         f == formats::p3109(f.bits(), f.mantissa_bits + 1, f.is_signed, f.has_infinity);
}
[[nodiscard]] constexpr bool is_of_ieee754(const float_format& f) {
  return f == float_format{.exponent_bits = f.exponent_bits, .mantissa_bits = f.mantissa_bits};
}
inline constexpr cast_formats to_c10 =
    casts_to<formats::e4m3fn, formats::e5m2, formats::e4m3fnuz, formats::e5m2fnuz, formats::e8m0>;
inline constexpr cast_formats to_ml_dtypes =
    casts_to<formats::e4m3fn, formats::e5m2, formats::e4m3, formats::e3m4, formats::e4m3fnuz,
             formats::e5m2fnuz, formats::e4m3b11fnuz, formats::e3m2, formats::e2m3, formats::e2m1,
             formats::e8m0, formats::bfloat16>;

/// A scale as the unsigned formats of CUDA, CUTLASS, ONNX and oneDNN take it: the magnitude, and
/// the smallest value for zero.
[[nodiscard]] constexpr conversion scale(const any_rounding& mode, overflow o) {
  return {.rounding = mode, .overflow = o, .takes_magnitude = true, .zero_is_smallest = true};
}
/// c10's Float8_e8m0fnu: the nearest power of two of the magnitude, ties up, infinities NaN. Not
/// followed: between 2^-127 and 2^-126 c10 always rounds up.
inline constexpr conversion c10_e8m0 = scale(nearest_away, overflow::to_special);

[[nodiscard]] constexpr stack_casts cuda_casts(overflow o) {
  const conversion eight_bits{.overflow = o, .nan = ones_positive};
  return {.formats =
              casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2, formats::e2m3, formats::e2m1,
                       formats::ue5m3, formats::e8m0, formats::binary16, formats::bfloat16>,
          .general = {.nan = ones_positive},
          .exceptions = {{{formats::e4m3fn, eight_bits},
                          {formats::e5m2, eight_bits},
                          {formats::ue5m3, eight_bits},
                          {formats::e8m0, scale(upward, o)}}}};
}

}  // namespace detail

/// OCP OFP8 1.0 with saturation, which it requires beside overflow to NaN or infinity, and MX 1.0.
inline constexpr profile<rules::floor_t, rules::floor_t, not_stated, rules::floor_t> ocp{
    .name = "ocp",
    .version = "OFP8 1.0, MX 1.0",
    .casts = {.formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2,
                                          formats::e2m3, formats::e2m1>,
              .general = {.overflow = overflow::saturate}}};
/// The projection that IEEE P3109 requires, (NearestTiesToEven, SatNone).
inline constexpr profile<> p3109{
    .name = "p3109",
    .version = "v4.0",
    .casts = {.formats = detail::casts_to_those(detail::is_of_p3109, "formats of IEEE P3109"),
              .general = {.overflow = overflow::sat_none}}};
inline constexpr profile<> ieee754{
    .name = "ieee754",
    .version = "2019",
    .casts = {
        .formats = detail::casts_to_those(
            detail::is_of_ieee754, "formats encoded as IEEE 754 encodes its binary formats")}};

/// The CUDA Math API with __NV_SATFINITE, the default of its types, from binary32 and narrower; MX
/// scales as cuBLAS derives them. That e8m0 takes magnitudes, and what ue5m3 makes of negative
/// numbers, was not seen in its text.
inline constexpr profile<rules::rceil_t> cuda_sat{
    .name = "cuda_sat", .version = "13.4", .casts = detail::cuda_casts(overflow::saturate)};
/// With __NV_NOSAT.
inline constexpr profile<rules::rceil_t> cuda_nosat{
    .name = "cuda_nosat", .version = "13.4", .casts = detail::cuda_casts(overflow::to_special)};
/// cvt.rn.satfinite to 8 bits and fewer, cvt.rn to binary16 and bfloat16, cvt.rna to tf32, cvt.rp
/// to ue8m0.
inline constexpr profile<> ptx{
    .name = "ptx",
    .version = "13.4",
    .casts = {
        .formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2, formats::e2m3,
                                    formats::e2m1, formats::binary16, formats::bfloat16,
                                    formats::tf32, formats::e8m0>,
        .general = {.nan = detail::ones_positive},
        .exceptions = {{{formats::e4m3fn, conversions::cuda},
                        {formats::e5m2, conversions::cuda},
                        {formats::tf32, {.rounding = nearest_away, .nan = detail::ones_positive}},
                        {formats::e8m0, detail::scale(upward, overflow::saturate)}}}}};

/// c10's headers before 2.12: tensor.to(dtype) on a CPU, of formats of 8 bits.
inline constexpr profile<> torch{.name = "torch",
                                 .version = "before 2.12",
                                 .casts = {.formats = detail::to_c10,
                                           .general = {.nan = detail::ones_kept},
                                           .exceptions = {{{formats::e8m0, detail::c10_e8m0}}}}};
/// From 2.12 on e4m3fn saturates finite values (pytorch#178817).
inline constexpr profile<> torch_2_12{
    .name = "torch_2_12",
    .version = "2.12",
    .casts = {.formats = detail::to_c10,
              .general = {.nan = detail::ones_kept},
              .exceptions = {{{formats::e4m3fn,
                               {.overflow = overflow::saturate_numbers, .nan = detail::ones_kept}},
                              {formats::e8m0, detail::c10_e8m0}}}}};

/// Casts in C++ and NumPy. e8m0 rounds ties up; what is not followed: between 2^-127 and 2^-126 it
/// always rounds up there.
inline constexpr profile<> ml_dtypes{
    .name = "ml_dtypes",
    .version = "b793a6e",
    .casts = {.formats = detail::to_ml_dtypes,
              .general = {.missing_nan = missing_nan::flipped_zero},
              .exceptions = {{{formats::e8m0, {.rounding = nearest_away}}}}}};
/// ConvertFrom with kSaturate, which C++ has.
inline constexpr profile<> ml_dtypes_saturating{
    .name = "ml_dtypes_saturating",
    .version = "b793a6e",
    .casts = {
        .formats = detail::to_ml_dtypes,
        .general = {.overflow = overflow::saturate_numbers,
                    .missing_nan = missing_nan::flipped_zero},
        .exceptions = {{{formats::e8m0,
                         {.rounding = nearest_away, .overflow = overflow::saturate_numbers}}}}}};

/// Cast with `saturate`, its default, as the operator's reference computes it; e8m0 rounds up.
/// Not followed: binary32 subnormals become 2^-126 in e8m0, 2^-127 too.
inline constexpr profile<> onnx{
    .name = "onnx",
    .version = "f754691",
    .casts = {
        .formats =
            detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e4m3fnuz, formats::e5m2fnuz,
                             formats::e3m2, formats::e2m3, formats::e2m1, formats::e8m0>,
        .general = {.overflow = overflow::saturate},
        .exceptions = {{{formats::e3m2, {.missing_nan = missing_nan::flipped_zero}},
                        {formats::e2m3, {.missing_nan = missing_nan::flipped_zero}},
                        {formats::e4m3fnuz, {.overflow = overflow::saturate_numbers}},
                        {formats::e5m2fnuz, {.overflow = overflow::saturate_numbers}},
                        {formats::e8m0, detail::scale(upward, overflow::saturate_numbers)}}}}};
/// float8.h on a CPU, with `saturate`, its default.
inline constexpr profile<> onnxruntime{
    .name = "onnxruntime",
    .version = "198c984",
    .casts = {.formats = detail::to_c10,
              .general = {.overflow = overflow::saturate, .nan = detail::ones_kept},
              .exceptions = {{{formats::e8m0, detail::scale(upward, overflow::saturate)}}}}};

/// src/common/float8.cpp and, of 3f27bec, float4.cpp: e8m0 keeps the exponent. Not followed: NaNs
/// of e5m2 keep their payload, and until 3f27bec numbers of binary32 were rounded to binary16
/// first.
inline constexpr profile<> onednn{
    .name = "onednn",
    .version = "23e5bbf",
    .casts = {
        .formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e2m1, formats::e8m0>,
        .exceptions = {{{formats::e2m1, {.missing_nan = missing_nan::signed_largest}},
                        {formats::e8m0, detail::scale(toward_zero, overflow::to_special)}}}}};

/// The types of include/cutlass/float8.h and exmy_base.h on a host.
inline constexpr profile<> cutlass{
    .name = "cutlass",
    .version = "7107b05",
    .casts = {
        .formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2, formats::e2m3,
                                    formats::e2m1, formats::ue4m3, formats::e8m0>,
        .general = {.overflow = overflow::saturate,
                    .missing_nan = missing_nan::signed_largest,
                    .nan = detail::ones_positive},
        .exceptions = {{{formats::ue4m3, detail::scale(nearest_even, overflow::saturate)},
                        {formats::e8m0, detail::scale(upward, overflow::saturate_numbers)}}}}};

/// TransformerEngine: casts are CUDA's.
inline constexpr profile<rules::rceil_t, rules::rceil_t, rules::transformer_engine_t> te{
    .name = "te", .version = "d0067d0", .casts = detail::cuda_casts(overflow::saturate)};
/// Its reference in Python, which writes +0 for all zeros of NVFP4.
inline constexpr profile<rules::rceil_t, rules::rceil_t, rules::transformer_engine_t> te_reference{
    .name = "te_reference",
    .version = "d0067d0",
    .casts = detail::cuda_casts(overflow::saturate),
    .nvfp4_zeros = negative_zeros::none};

/// ScaleCalculationMode.FLOOR, the default; casts are torch's, after a clamp.
inline constexpr profile<rules::floor_t, rules::floor_t, rules::torchao_nvfp4_t> torchao{
    .name = "torchao",
    .version = "36027d8",
    .casts = {.formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2,
                                          formats::e2m3, formats::e2m1, formats::e8m0>,
              .general = {.overflow = overflow::saturate, .nan = detail::ones_kept},
              .exceptions = {{{formats::e8m0, detail::c10_e8m0}}}}};

/// Model-Optimizer's quantized tensors; -0 of MXFP4 is its rule's.
inline constexpr profile<rules::modelopt_mxfp8_t, rules::modelopt_mxfp4_t, rules::modelopt_t>
    modelopt{.name = "modelopt",
             .version = "a2fbac7",
             .casts = {.formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e2m1,
                                                   formats::e8m0>,
                       .general = {.overflow = overflow::saturate, .nan = detail::ones_kept},
                       .exceptions = {{{formats::e8m0, detail::c10_e8m0}}}},
             .nvfp4_zeros = negative_zeros::from_numbers};

inline constexpr profile<rules::compressed_tensors_mx_t, rules::compressed_tensors_mx_t,
                         rules::compressed_tensors_t>
    compressed_tensors{
        .name = "compressed_tensors",
        .version = "ac8e2ba",
        .casts = {
            .formats =
                detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e2m1, formats::e8m0>,
            .general = {.overflow = overflow::saturate, .nan = detail::ones_kept},
            .exceptions = {{{formats::e8m0, detail::c10_e8m0}}}}};

/// microxcaling's defaults: ties away from zero, also of single values.
inline constexpr profile<rules::microxcaling_log2_t> microxcaling{
    .name = "microxcaling",
    .version = "7bc4195",
    .casts = {.formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e3m2,
                                          formats::e2m3, formats::e2m1>,
              .general = {.rounding = nearest_away, .overflow = overflow::saturate_numbers}}};

inline constexpr profile<not_stated, rules::ggml_mxfp4_t, rules::ggml_nvfp4_t> ggml{
    .name = "ggml", .version = "d99724f", .casts = detail::no_casts()};

/// Checkpoints of gpt-oss; how they were made is not stated.
inline constexpr profile<> gpt_oss{
    .name = "gpt_oss", .version = "7b58334", .casts = detail::no_casts()};

/// AWS Neuron's quantize_mx as documented, with twice the scale of OCP.
inline constexpr profile<rules::twice_floor_t> neuron{
    .name = "neuron", .version = "quantize_mx", .casts = detail::no_casts()};

/// Ascend's aclnnDynamicMxQuant with scaleAlg 0; FP4 of a NaN is 0.
inline constexpr profile<rules::floor_t> ascend{
    .name = "ascend",
    .version = "aclnnDynamicMxQuant",
    .casts = {.formats = detail::casts_to<formats::e4m3fn, formats::e5m2, formats::e2m1>,
              .general = {.overflow = overflow::saturate, .missing_nan = missing_nan::zero}}};

/// ap_fixed with its defaults, AP_TRN and AP_WRAP.
inline constexpr profile<> hls{
    .name = "hls",
    .version = "UG1399",
    .casts = {.formats = {.words = "fixed-point formats",
                          .has_float = [](const float_format&) { return false; },
                          .has_others = false},
              .general = {.rounding = downward, .overflow = overflow::wrap}}};

/// Calls use(profile) for each.
template <class Use>
constexpr void for_each(const Use& use) {
  use(ocp), use(p3109), use(ieee754), use(cuda_sat), use(cuda_nosat), use(ptx);
  use(torch), use(torch_2_12), use(ml_dtypes), use(ml_dtypes_saturating);
  use(onnx), use(onnxruntime), use(onednn), use(cutlass), use(te), use(te_reference);
  use(torchao), use(modelopt), use(compressed_tensors), use(microxcaling);
  use(ggml), use(gpt_oss), use(neuron), use(ascend), use(hls);
}

}  // namespace lowp::profiles
