// SPDX-License-Identifier: MIT
// Code for more than the compiler's flags promise: regions of functions compiled for one
// instruction set, and names that keep such functions apart at link time.
//
// A kernel is written once, in a fragment (*.inc) that each target includes in its own region and
// its own namespace. Compilers *add* a region's options to the command line, so the body of a
// kernel depends on both; everything whose body does lives in the inline namespace LOWP_BASELINE,
// named after the flags. Two translation units with different flags then share no such function,
// whatever the linker's order.
//
// A program may instead link what does not depend on formats, compiled once (lowp::compiled, which
// defines LOWP_COMPILED as 1): what is then declared here and defined there, LOWP_BORDER, passes
// pointers, sizes, plans and references without a type, and has one name whatever the flags of a
// translation unit. So has all else: the files of such a program have the same -m flags.
#pragma once

#ifndef LOWP_COMPILED
#define LOWP_COMPILED 0
#endif

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define LOWP_X86_TARGETS 1
#else
#define LOWP_X86_TARGETS 0
#endif
#if defined(__GNUC__) && defined(__AARCH64EL__)
#define LOWP_AARCH64_TARGETS 1
#else
#define LOWP_AARCH64_TARGETS 0
#endif

// A digit for each set of instructions that compilers use on their own: the name is, say,
// baseline_3_0120 for -march=haswell.
#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define LOWP_BASELINE_VECTORS 5
#elif defined(__AVX512F__)
#define LOWP_BASELINE_VECTORS 4
#elif defined(__AVX2__)
#define LOWP_BASELINE_VECTORS 3
#elif defined(__AVX__)
#define LOWP_BASELINE_VECTORS 2
#elif defined(__SSE4_2__) || defined(__ARM_FEATURE_DOTPROD)
#define LOWP_BASELINE_VECTORS 1
#else
#define LOWP_BASELINE_VECTORS 0
#endif
#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define LOWP_BASELINE_WORDS 1
#else
#define LOWP_BASELINE_WORDS 0
#endif
#if defined(__FMA__) && defined(__F16C__)
#define LOWP_BASELINE_FMA 1
#else
#define LOWP_BASELINE_FMA 0
#endif
#if defined(__BMI__) && defined(__BMI2__)
#define LOWP_BASELINE_BMI 2
#elif defined(__BMI__) || defined(__BMI2__) || defined(__LZCNT__) || defined(__POPCNT__)
#define LOWP_BASELINE_BMI 1
#else
#define LOWP_BASELINE_BMI 0
#endif
#if defined(__AVX512FP16__)
#define LOWP_BASELINE_HALF 1
#else
#define LOWP_BASELINE_HALF 0
#endif
#define LOWP_PASTE_5(a, b, c, d, e) baseline_##a##_##b##c##d##e
#define LOWP_NAME_5(a, b, c, d, e) LOWP_PASTE_5(a, b, c, d, e)
#if LOWP_COMPILED
#define LOWP_BASELINE compiled
#else
#define LOWP_BASELINE                                                                           \
  LOWP_NAME_5(LOWP_BASELINE_VECTORS, LOWP_BASELINE_WORDS, LOWP_BASELINE_FMA, LOWP_BASELINE_BMI, \
              LOWP_BASELINE_HALF)
#endif
#define LOWP_KERNEL_BASELINE LOWP_BASELINE

#define LOWP_PRAGMA(text) _Pragma(#text)
/// Between BEGIN and END functions may use the instructions that `options` names, a string literal.
/// Include headers before, not inside.
#if defined(__clang__)
#define LOWP_TARGET_BEGIN(options) \
  LOWP_PRAGMA(clang attribute push(__attribute__((target(options))), apply_to = function))
#define LOWP_TARGET_END LOWP_PRAGMA(clang attribute pop)
#else
#define LOWP_TARGET_BEGIN(options) LOWP_PRAGMA(GCC push_options) LOWP_PRAGMA(GCC target(options))
#define LOWP_TARGET_END LOWP_PRAGMA(GCC pop_options)
#endif

#include "lowp/kernels/define.inc"
