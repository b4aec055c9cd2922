// SPDX-License-Identifier: MIT
// How sums without rounding are computed, and chains in binary64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/sum_rounding.hpp"
#include "lowp/gemm/engine/window_panels.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether binary32 has values with these facts, but for large ones. Values that are not dyadic are
/// meant as what they are there.
[[nodiscard]] constexpr bool are_exact_in_binary32(const lowp::detail::operand_facts& of) {
  return !of.are_dyadic || (of.factor_bits <= 24 && of.last_bit_exponent >= -149);
}

/// Sums without rounding in windows of binary64.
struct exact_windows {
  static constexpr std::string_view name = "exact sums in numbers of binary64";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (!are_exact_in_binary32(p.a.values) || !are_exact_in_binary32(p.b.values)) {
      return "binary32 does not have the values of an operand, or it is not known";
    }
    if (!scale_of(p).is_finite()) return "a tensor scale is not finite";
    if (!p.a_range().are_finite || !p.b_range().are_finite) {
      return "an operand has a NaN or an infinity";
    }
    if (const char* const why = p.start_obstacle()) return why;
    return window_plan(p.a_range(), p.b_range(), p.depth()).count <= window_plan::most
               ? nullptr
               : "products are too far apart";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const window_plan plan(p.a_range(), p.b_range(), p.depth());
    switch (plan.count) {
      case 1: return multiply<1>(p, plan, sink);
      case 2: return multiply<2>(p, plan, sink);
      case 3: return multiply<3>(p, plan, sink);
      case 4: return multiply<4>(p, plan, sink);
      default: return multiply<window_plan::most>(p, plan, sink);
    }
  }

 private:
  template <class Problem>
  [[nodiscard]] static unpacked scale_of(const Problem& p) {
    return exact::multiply(unpack(p.a.tensor_scale), unpack(p.b.tensor_scale));
  }
  template <int W, class Problem>
  static void multiply(const Problem& p, const window_plan& plan, const sum_sink& sink) {
    p.with_both([&](const row_source& x, const row_source& y) {
      using finish = exact_finish<W, std::remove_cvref_t<decltype(p.mode)>>;
      const finish last{plan,     pack_as<double>(scale_of(p)),           p.mode,
                        y.rows(), draws_per_sum(exact_sums{}, p.depth()), p.start};
      multiply_blocks<window_panels<finish>>(y, x, side::columns, sink, p.how, last);
    });
  }
};

/// Chains in binary64, by any mode that is not random, and in chunks.
struct binary64_chains {
  static constexpr std::string_view name = "chains in binary64";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    const rounded_sums& policy = p.policy;
    if (policy.accumulator != formats::binary64 || policy.order != summation::sequential) {
      return "these are not chains in binary64";
    }
    if (policy.lanes != 1) return "chains are interleaved";
    if (policy.product == product::l_mul) return "products are approximate";
    if (policy.range != overflow::to_special) return "an infinity is not one of its sums";
    if (policy.scales == scale_use::partial_sums && (p.a.has_scales || p.b.has_scales)) {
      return "scales multiply partial sums";
    }
    if (policy.chunk != 0 && policy.promoted != formats::binary64 &&
        !is_decided(promotion_of(policy))) {
      return "what decides the rounding of a promoted sum does not fit 52 bits";
    }
    return chain_model_of(p.mode) ? nullptr : "lanes in binary64 do not know the mode";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const auto scale_of = [&](const any_operand& x) {
      return scales_in_binary32(p.policy) ? 1.0 : pack_as<double>(unpack(x.tensor_scale));
    };
    const chain_finish finish{.a_scale = scale_of(p.a), .b_scale = scale_of(p.b)};
    chain_panels::chains chains{*chain_model_of(p.mode), finish};
    kernels::chain_model& model = chains.model;
    model.chunk = static_cast<std::size_t>(p.policy.chunk);
    model.depth = p.depth();
    model.promotes_to_binary64 = p.policy.promoted == formats::binary64;
    if (model.chunk != 0) model.promotion = promotion_of(p.policy);
    p.with_both([&](const row_source& x, const row_source& y) {
      if (model.how == kernels::chain_method::nearest && model.chunk == 0 && p.start == nullptr) {
        multiply_blocks<window_panels<chain_finish>>(y, x, side::columns, sink, p.how, finish);
      } else {
        multiply_blocks<chain_panels>(y, x, side::columns, sink, p.how, chains);
      }
    });
  }

 private:
  [[nodiscard]] static kernels::sum_rounding<std::uint64_t> promotion_of(const rounded_sums& p) {
    return sum_rounding_of<std::uint64_t>(p.promoted, nearest_even, overflow::to_special);
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
