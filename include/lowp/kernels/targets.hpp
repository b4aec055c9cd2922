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
#include "lowp/kernels/arrays/group_terms.hpp"
#include "lowp/kernels/arrays/packing_plan.hpp"
#include "lowp/kernels/arrays/record_fields.hpp"
#include "lowp/kernels/arrays/scale_arithmetic.hpp"
#include "lowp/kernels/arrays/threshold_table.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/lanes/regime_plan.hpp"
#include "lowp/kernels/target.hpp"
#if LOWP_X86_TARGETS
#include <immintrin.h>
#endif

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
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
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#define LOWP_TARGET_BODY "lowp/kernels/arrays/target_body.inc"
#include "lowp/kernels/targets/each.inc"
