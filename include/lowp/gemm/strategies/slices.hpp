// SPDX-License-Identifier: MIT
// Products of operands of slices by those of their slices: of each slice of rows beside the others,
// and, where sums go on from one slice of K to the next, of these one after the other.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/gemm/strategies/strategies.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How many products of K, or a multiple, make up what a policy adds to a sum before all else: a
/// sum may stop there and go on later, from what it was. 0: nowhere.
template <gemm_policy P>
[[nodiscard]] constexpr std::size_t sum_unit(const P&) {
  return 0;
}
[[nodiscard]] constexpr std::size_t sum_unit(const k32_sums&) { return 32; }

/// The product of two slices, as part of one whose sums begin with `start`, or null.
template <gemm_policy P, rounding_mode R>
struct slice_product {
  std::size_t row, col;  ///< of the result, where it begins
  matrix_view<const float> begin;
  product_problem<P, R> problem;

  slice_product(const product_problem<P, R>& whole, const any_operand& a, const any_operand& b,
                const matrix_view<const float>* start, std::size_t first_row = 0,
                std::size_t first_col = 0)
      : row(first_row),
        col(first_col),
        begin(start == nullptr ? matrix_view<const float>()
                               : matrix_view<const float>(start->data + row * start->stride + col,
                                                          a.rows, b.rows, start->stride)),
        problem(whole.policy, a, b, whole.mode, whole.how, start == nullptr ? nullptr : &begin) {}
};
template <gemm_policy P, rounding_mode R>
using slice_products = std::vector<std::unique_ptr<slice_product<P, R>>>;

/// Whether roundings do not depend on where an element lies in the result.
template <rounding_mode R>
[[nodiscard]] bool rounds_alike([[maybe_unused]] const R& mode) {
  if constexpr (std::is_same_v<R, any_rounding>) {
    return !mode.is_stochastic();
  } else {
    return std::is_same_v<R, nearest_even_t>;
  }
}

[[nodiscard]] inline bool has_row_slices(const any_operand& x) {
  const operand_slices slices = x.slices();
  return slices.exist() && slices.are_rows;
}
/// Calls use(operand, row) for the slices of rows of an operand, and for those of slices, with the
/// row at which they begin; or for the operand itself.
template <class Use>
void for_each_row_slice(const any_operand& x, std::size_t row, const Use& use) {
  if (!has_row_slices(x)) return use(x, row);
  const operand_slices slices = x.slices();
  for (std::size_t i = 0; i < slices.count; ++i) {
    for_each_row_slice(*slices.parts[i], row, use);
    row += slices.parts[i]->rows;
  }
}

/// The products of slices of rows; those of empty ones are left out.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] slice_products<P, R> row_slice_products(const product_problem<P, R>& p) {
  slice_products<P, R> all;
  for_each_row_slice(p.a, 0, [&](const any_operand& a, std::size_t row) {
    for_each_row_slice(p.b, 0, [&](const any_operand& b, std::size_t col) {
      if (a.rows == 0 || b.rows == 0) return;
      all.push_back(std::make_unique<slice_product<P, R>>(p, a, b, p.start, row, col));
    });
  });
  return all;
}

/// Whether sums of products of two operands can go on from slice to slice of K: both are cut into
/// slices where sums may stop.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] bool continues_along_k(const product_problem<P, R>& p) {
  const operand_slices a = p.a.slices(), b = p.b.slices();
  const std::size_t unit = sum_unit(p.policy);
  if (unit == 0 || !a.are_columns() || !b.are_columns() || a.count != b.count) return false;
  if (a.have_own_scales || b.have_own_scales) return false;
  std::size_t k = 0;
  for (std::size_t i = 0; i < a.count; ++i) {
    const any_operand &x = *a.parts[i], &y = *b.parts[i];
    if (x.slices().exist() || y.slices().exist() || x.cols != y.cols) return false;
    if (x.cols != 0 && k % unit != 0) return false;
    k += x.cols;
  }
  return true;
}
/// The products of slices of K, which may all begin with `start`, or null.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] slice_products<P, R> column_slice_products(const product_problem<P, R>& p,
                                                         const matrix_view<const float>* start) {
  slice_products<P, R> all;
  const operand_slices a = p.a.slices(), b = p.b.slices();
  for (std::size_t i = 0; i < a.count; ++i) {
    if (a.parts[i]->cols == 0) continue;
    all.push_back(std::make_unique<slice_product<P, R>>(p, *a.parts[i], *b.parts[i],
                                                        all.empty() ? p.start : start));
  }
  return all;
}

/// The sums of slices of K one after the other, in memory for the result, but for the last.
template <gemm_policy P, rounding_mode R>
void multiply_column_slices(const product_problem<P, R>& p, const sum_sink& sink) {
  const std::size_t cols = p.b.rows;
  std::vector<float> sums(p.a.rows * cols);
  const matrix_view<const float> so_far(sums.data(), p.a.rows, cols);
  const auto products = column_slice_products(p, &so_far);
  const auto keep = [&](std::size_t row, std::size_t col, std::size_t count, const float* from) {
    std::copy_n(from, count, sums.data() + row * cols + col);
  };
  const auto finish = [&](std::size_t row, std::size_t col, std::size_t count, const float* from) {
    sink(row, col, count, from);
  };
  for (const auto& product : products) {
    const bool is_last = product == products.back();
    const matrix_view<const float>* const start = product->problem.start;
    static_cast<void>(multiply(product->problem, is_last
                                                     ? sum_sink(finish, sink.memory(), start)
                                                     : sum_sink(keep, memory_of(so_far), start)));
  }
}
/// The sums of a product without slices of rows; false if no strategy has them.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] bool multiply_whole_rows(const product_problem<P, R>& p, const sum_sink& sink) {
  if (!continues_along_k(p)) return multiply(p, sink);
  const auto products = column_slice_products(p, nullptr);
  if (products.size() < 2) return multiply(p, sink);
  multiply_column_slices(p, sink);
  return true;
}

/// Whether products of slices of rows, or of K, take the place of one product.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] bool takes_row_slices(const product_problem<P, R>& p) {
  return (has_row_slices(p.a) || has_row_slices(p.b)) &&
         (!has_rounding(p.policy) || rounds_alike(p.mode));
}

/// `multiply` of operands of slices, times their tensor scales (sum_scale): these are finished
/// sums.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] bool multiply_slices(const product_problem<P, R>& p, const sum_sink& sink) {
  const auto finished = [&p](const any_operand& a, const any_operand& b, std::size_t first_row,
                             std::size_t first_col, const sum_sink& to) {
    const float a_scale = sum_scale(p.policy, a), b_scale = sum_scale(p.policy, b);
    return [&p, &to, a_scale, b_scale, first_row, first_col](std::size_t row, std::size_t col,
                                                             std::size_t count, const float* sums) {
      constexpr std::size_t most = 256;
      alignas(64) float values[most];
      for (std::size_t i = 0; i < count; i += most) {
        const std::size_t n = (std::min)(most, count - i);
        kernels::finish(p.level(), std::bit_cast<std::uint32_t>(a_scale),
                        std::bit_cast<std::uint32_t>(b_scale), sums + i, n, values);
        to(first_row + row, first_col + col + i, n, values);
      }
    };
  };
  if (!takes_row_slices(p)) {
    const bool scales_differ = (has_row_slices(p.a) && p.a.slices().have_own_scales) ||
                               (has_row_slices(p.b) && p.b.slices().have_own_scales);
    const bool is_of_elements =
        (has_row_slices(p.a) || has_row_slices(p.b)) && form_of(p.policy) == factor_form::elements;
    if (scales_differ || is_of_elements) return false;
    const auto finish = finished(p.a, p.b, 0, 0, sink);
    return multiply_whole_rows(p, sum_sink(finish, sink.memory(), p.start));
  }
  const auto products = row_slice_products(p);
  for (const auto& product : products) {
    if (!continues_along_k(product->problem) && explain(product->problem).is_definition())
      return false;
  }
  for (const auto& product : products) {
    const product_problem<P, R>& of = product->problem;
    const auto finish = finished(of.a, of.b, product->row, product->col, sink);
    row_memory memory = sink.memory();
    if (memory.first != nullptr) memory.first = memory.at(product->row, product->col);
    static_cast<void>(multiply_whole_rows(of, sum_sink(finish, memory, of.start)));
  }
  return true;
}

/// `explain` of operands of slices.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] gemm_explanation explain_slices(const product_problem<P, R>& p) {
  gemm_explanation all{"slices, each by its own strategy", {}, {}};
  const bool are_rows = takes_row_slices(p);
  if (!are_rows && !continues_along_k(p)) return explain(p);
  const auto products = are_rows ? row_slice_products(p) : column_slice_products(p, p.start);
  for (const auto& product : products) {
    all.slices.push_back(are_rows ? explain_slices(product->problem) : explain(product->problem));
  }
  return all;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
