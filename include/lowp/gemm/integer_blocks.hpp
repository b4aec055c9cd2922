// SPDX-License-Identifier: MIT
// Products by integer_block_sums of matrices of block formats: exact sums of integers for each
// block, as CPU kernels for quantized weights compute them. The umbrella header leaves it out.
//
//   const auto x = quantize<q8_k, records<…>::layout>(activations);       // 8 x 4096
//   gemm<policies::integer_blocks>(x, weights, c);                        // weights: Q4_K, 4096 x
//   4096
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/integer_block_panels.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/block_reader.hpp"
#include "lowp/gemm/operands/integer_levels.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/policies/integer_blocks.hpp"

namespace lowp {

/// A policy whose sums are those of integer_block_sums.
template <class P>
concept integer_block_policy = std::same_as<std::remove_cvref_t<P>, integer_block_sums>;

namespace detail {

/// Refuses a composition that has no integers to add.
void refuse_integer_levels(const auto& composition) {
  const char* const why = integer_level_defect(composition);
  if (why != nullptr) refuse("gemm: " + std::string(why));
}
/// Refuses a result that shares memory with an operand.
template <class Matrix>
void require_outside(const Matrix& m, const matrix_view<float>& c) {
  if (bulk::lies_outside(m.bytes().data(), m.bytes().size(), c)) return;
  refuse("gemm: c shares memory with an operand, expected another matrix");
}
template <integer_block_policy auto P, level_matrix A, level_matrix B>
void check_integer_blocks(const A& a, const B& b, const matrix_view<float>& c) {
  static_assert(defect(P) == nullptr, "the policy contradicts itself: see its defect");
  require_gemm_shapes(a.rows(), a.cols(), b.rows(), b.cols(), c);
  refuse_integer_levels(a.composition());
  refuse_integer_levels(b.composition());
}

inline void define_integer_blocks(const integer_block_sums& p, const integer_block_matrix& a,
                                  const integer_block_matrix& b, matrix_view<float> c,
                                  const execution& how) {
  const auto run = [&](std::size_t row) {
    const default_float_environment environment;
    for (std::size_t col = 0; col < c.cols; ++col) {
      c(row, col) = with_canonical_nan(sum_blocks(p, {a.depth(), a.row(row), b.row(col)}));
    }
  };
  how.run(c.rows, task(run));
}

}  // namespace detail

namespace reference {

/// The definition of gemm<P> of integer_block_sums: c = a * b^T, overwriting c. A NaN in c is
/// 0x7FC00000. Throws std::invalid_argument, before writing, for shapes that do not fit and for
/// elements that are no integers times one power of two.
template <integer_block_policy auto P, level_matrix A, level_matrix B>
void gemm(const A& a, const B& b, matrix_view<float> c) {
  lowp::detail::check_integer_blocks<P>(a, b, c);
  lowp::detail::define_integer_blocks(P, lowp::detail::integer_block_matrix(a),
                                      lowp::detail::integer_block_matrix(b), c, execution{});
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

/// How a product by integer_block_sums is computed: which operand lies in lanes, or why neither
/// can.
struct integer_block_way {
  block_plan b_in_lanes, a_in_lanes;
  bool takes_b;
  const char* obstacle;

  integer_block_way(const integer_block_sums& p, const block_reader& a, const block_reader& b)
      : b_in_lanes(b, a), a_in_lanes(a, b) {
    const bool prefers_b = b.rows >= a.rows;
    takes_b = b_in_lanes.obstacle == nullptr && (prefers_b || a_in_lanes.obstacle != nullptr);
    obstacle = p.chains != 1                    ? "sums lie side by side"
               : takes_b                        ? nullptr
               : a_in_lanes.obstacle == nullptr ? nullptr
               : prefers_b                      ? b_in_lanes.obstacle
                                                : a_in_lanes.obstacle;
  }
};

/// The order of scales, of the operand whose rows are in lanes and of the other.
[[nodiscard]] constexpr kernels::block_tile::order order_of(const integer_block_sums& p,
                                                            bool b_is_in_lanes) {
  using order = kernels::block_tile::order;
  if (p.scales == scale_order::product) return order::product;
  return (p.scales == scale_order::b_first) == b_is_in_lanes ? order::lanes_first
                                                             : order::rows_first;
}
/// What stores sums whose lanes are columns of c.
[[nodiscard]] inline auto row_store(isa level, const matrix_view<float>& c) {
  return [level, c](std::size_t lane, std::size_t count, std::size_t row, const float* sums) {
    kernels::finish(level, bits_of(1.0f), bits_of(1.0f), sums, count, c.row(row) + lane);
  };
}

inline void multiply_integer_blocks(const integer_block_sums& p, const integer_block_way& way,
                                    const block_reader& a, const block_reader& b,
                                    matrix_view<float> c, const execution& how) {
  const block_reader& lanes = way.takes_b ? b : a;
  const block_plan& plan = way.takes_b ? way.b_in_lanes : way.a_in_lanes;
  const block_steps steps(how.level(), lanes);
  const auto make = [&] { return std::make_unique<block_panel>(how.level(), lanes, plan, steps); };
  if (way.takes_b) {
    return multiply_integer_blocks(b, make, a, plan, order_of(p, true), how,
                                   row_store(how.level(), c));
  }
  const auto store = [&](std::size_t lane, std::size_t count, std::size_t row, const float* sums) {
    for (std::size_t i = 0; i < count; ++i) {
      c(lane + i, row) = lowp::detail::with_canonical_nan(sums[i]);
    }
  };
  multiply_integer_blocks(a, make, b, plan, order_of(p, false), how, store);
}

}  // namespace bulk

/// c = a * b^T by integer_block_sums, overwriting c: bit for bit what reference::gemm defines, for
/// any `execution`. Operands are matrices of block formats in any layout; kernels read an operand
/// of activations without levels or offsets, such as Q8_0 or Q8_K, and one of weights in records or
/// planes of rows, whose blocks end together; the definition computes others (explain tells).
/// Throws std::invalid_argument as reference::gemm, and for a c that shares memory with an operand.
template <integer_block_policy auto P, level_matrix A, level_matrix B>
void gemm(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  detail::check_integer_blocks<P>(a, b, c);
  detail::require_outside(a, c);
  detail::require_outside(b, c);
  if (c.rows == 0 || c.cols == 0) return;
  if (a.cols() == 0) {
    for (std::size_t row = 0; row < c.rows; ++row) std::fill_n(c.row(row), c.cols, 0.0f);
    return;
  }
  const bulk::level_reader<A> x(a);
  const bulk::level_reader<B> y(b);
  const bulk::integer_block_way way(P, x, y);
  if (way.obstacle == nullptr) return bulk::multiply_integer_blocks(P, way, x, y, c, how);
  detail::define_integer_blocks(P, detail::integer_block_matrix(a), detail::integer_block_matrix(b),
                                c, how);
}

/// Whether kernels compute gemm<P>(a, b, c), or why not.
template <integer_block_policy auto P, level_matrix A, level_matrix B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b) {
  constexpr std::string_view name = "integers of blocks";
  const bulk::level_reader<A> x(a);
  const bulk::level_reader<B> y(b);
  const char* const obstacle = bulk::integer_block_way(P, x, y).obstacle;
  if (obstacle == nullptr) return {name, {}};
  return {"the definition", {{name, obstacle}}};
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
