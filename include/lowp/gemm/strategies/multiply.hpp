// SPDX-License-Identifier: MIT
// Which kernels multiply which operands under which policy.
#pragma once

#include <algorithm>
#include <concepts>

#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/engine/bfloat16_panels.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/integer_panels.hpp"
#include "lowp/gemm/engine/integer_sums.hpp"
#include "lowp/gemm/engine/modeled_panels.hpp"
#include "lowp/gemm/engine/window_panels.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/packed_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/packed_few.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// False, with nothing done, but for few rows and a packed operand of which kernels can read
/// groups.
template <gemm_operand Few, gemm_operand Packed>
[[nodiscard]] bool multiply_few_packed(const Few& few, const Packed& packed, bool are_columns,
                                       const sum_sink& sink, const execution& how) {
  if constexpr (is_packed_operand<Packed>) {
    if (lowp::detail::operand_rows(few) > most_few || !can_begin_few(sink)) return false;
    return with_groups(how.level(), packed, [&](const packed_groups& groups) {
      with_rows(how.level(), few, [&](const row_source& rows) {
        multiply_few_packed(rows, groups, are_columns, sink, how);
      });
    });
  } else {
    return false;
  }
}

/// The sums of accumulation::k32.
template <gemm_operand A, gemm_operand B>
void multiply_k32(const A& a, const B& b, const sum_sink& sink, const execution& how) {
#if LOWP_X86_TARGETS
  [[maybe_unused]] const bool are_many =
      std::min(lowp::detail::operand_rows(a), lowp::detail::operand_rows(b)) > most_few;
  constexpr bool are_bfloat16 = has_bfloat16_panels<A> && has_bfloat16_panels<B>;
  if constexpr (are_bfloat16) {
    if (are_many && kernels::has_tile_products(how.level())) {
      return multiply_bfloat16<tile_products<kernels::tile_registers>>(a, b, sink, how);
    }
  }
  if constexpr (has_integer_panels<A> && has_integer_panels<B>) {
    const auto x = integer_rows_of(a), y = integer_rows_of(b);
    if (kernels::has_integer_products(how.level()) && are_scales_in_range(how.level(), x) &&
        are_scales_in_range(how.level(), y)) {
      return multiply_k32<integer_panels>(x, y, sink, how);
    }
  }
  if constexpr (are_bfloat16) {
    if (are_many && kernels::has_dot_products(how.level())) {
      return multiply_bfloat16<dot_products>(a, b, sink, how);
    }
  }
#endif
  if (multiply_few_packed(a, b, false, sink, how) || multiply_few_packed(b, a, true, sink, how)) {
    return;
  }
  with_rows(how.level(), a, [&](const row_source& x) {
    with_rows(how.level(), b,
              [&](const row_source& y) { multiply_k32<binary32_panels>(x, y, sink, how); });
  });
}

/// The factor of the sums of `multiply` that it leaves to the sink: the tensor scale, if it is not
/// to join the sums before they are rounded to binary32.
template <gemm_policy P, gemm_operand X>
[[nodiscard]] float sum_scale(const X& x) {
  static constexpr gemm_policy policy = P;
  constexpr bool joins_sums =
      policy.sum == accumulation::exact || lowp::detail::is_chain(policy, formats::binary64);
  return joins_sums ? 1.0f : lowp::detail::operand_tensor_scale(x);
}

/// The sums that the policy P names, by kernels; false if there are none for it, the mode and these
/// operands.
template <gemm_policy P, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] bool multiply(const A& a, const B& b, [[maybe_unused]] const R& mode,
                            const sum_sink& sink, const execution& how) {
  static constexpr gemm_policy policy = P;
  if constexpr (policy.sum == accumulation::k32) {
    multiply_k32(a, b, sink, how);
    return true;
  } else if constexpr (policy.sum == accumulation::integers) {
    return multiply_integers<P>(a, b, sink, how);
  } else if constexpr (policy.sum == accumulation::exact) {
    if (sink.start() != nullptr) return false;
    return multiply_exact(a, b, mode, sink, how);
  } else if constexpr (lowp::detail::is_chain(policy, formats::binary64) &&
                       std::same_as<R, nearest_even_t>) {
    if (sink.start() != nullptr) return false;
    multiply_chains(a, b, sink, how);
    return true;
  } else if constexpr (has_modeled_panels(policy)) {
    // An accumulator that aligns is to have the format's bits.
    if (policy.sum == accumulation::aligned && sink.start() != nullptr) return false;
    constexpr int l_mul_bits = lowp::detail::l_mul_bits<P, A, B>();
    modeled_sum sum(policy, mode, lowp::detail::operand_cols(a), l_mul_bits);
    bool is_known = false;
    with_rows(how.level(), a, [&](const row_source& x) {
      with_rows(how.level(), b, [&](const row_source& y) {
        is_known = sum.can_multiply(x, y, lowp::detail::lowest_factor_exponent<A>(),
                                    lowp::detail::lowest_factor_exponent<B>(), how);
        if (is_known) multiply_blocks<modeled_panels<row_source>>(y, x, sink, how, sum);
      });
    });
    return is_known;
  } else {
    return false;
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
