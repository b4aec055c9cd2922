// SPDX-License-Identifier: MIT
// The kernels of every target: the same fragments, compiled once for each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/target.hpp"
#if LOWP_X86_TARGETS
#include <immintrin.h>
#endif

/// On everything inside a kernel: lanes live in registers.
#define LOWP_LANE LOWP_ALWAYS_INLINE inline

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

/// The integer in each lane of V.
template <class V>
struct word_type {
  using type = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
};
template <std::unsigned_integral Word>
struct word_type<Word> {
  using type = Word;
};
template <class V>
using word_of = typename word_type<V>::type;

}  // namespace kernels
}  // namespace LOWP_BASELINE
}  // namespace lowp

#define LOWP_TARGET_NAMESPACE portable
#define LOWP_TARGET_LANES "lowp/kernels/lanes/portable.inc"
#define LOWP_TARGET_TABLES "lowp/kernels/arrays/portable_tables.inc"
#include "lowp/kernels/target_body.inc"

#if LOWP_X86_TARGETS

LOWP_TARGET_BEGIN("avx2,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx2
#define LOWP_TARGET_LANES "lowp/kernels/lanes/avx2.inc"
#define LOWP_TARGET_TABLES "lowp/kernels/arrays/avx2_tables.inc"
#define LOWP_TARGET_BYTES "lowp/kernels/arrays/avx2_bytes.inc"
#include "lowp/kernels/target_body.inc"
LOWP_TARGET_END

LOWP_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx512
#define LOWP_TARGET_LANES "lowp/kernels/lanes/avx512.inc"
#define LOWP_TARGET_TABLES "lowp/kernels/arrays/avx512_tables.inc"
#include "lowp/kernels/target_body.inc"
LOWP_TARGET_END

LOWP_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx512vbmi
#define LOWP_TARGET_LANES "lowp/kernels/lanes/avx512.inc"
#define LOWP_TARGET_TABLES "lowp/kernels/arrays/avx512vbmi_tables.inc"
#include "lowp/kernels/target_body.inc"
LOWP_TARGET_END

#endif
