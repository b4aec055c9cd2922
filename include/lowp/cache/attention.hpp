// SPDX-License-Identifier: MIT
// Attention: softmax of scores, block by block, and what it makes of values; over caches, and over
// blocks of queries and keys with products of the caller's, of integers for instance
// (PAROAttention, arXiv 2506.16054). The umbrella header leaves it out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/cache/cache_sums.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/functions/online_softmax.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// out(i) = the sum over tokens t of softmax(factor * q(i) K^T)(t) v(t), for each query i, a row:
/// scores of all tokens (keys.scores), each times `factor`, rounded once; weights and their sum by
/// online_softmax to the base; values.combine; times one over the sum of the weights. To the base
/// 2, `factor` has log2(e) in it. `keys` and `values` are caches of any kind with as many tokens.
/// Throws std::invalid_argument, before writing, for shapes that do not fit.
template <class Keys, class Values>
void attend(const Keys& keys, const Values& values, matrix_view<const float> queries,
            matrix_view<float> out, float factor, exponential_base base = exponential_base::e,
            const execution& how = {}) {
  if (keys.tokens() != values.tokens()) {
    refuse("attend: values have " + std::to_string(values.tokens()) + " tokens, expected " +
           std::to_string(keys.tokens()) + ", those of keys");
  }
  const std::size_t tokens = keys.tokens();
  bulk::require_cache_shapes("attend", "queries", queries, out, queries.rows, keys.channels(),
                             values.channels());
  std::vector<float> weights(queries.rows * tokens);
  const matrix_view<float> w(weights.data(), queries.rows, tokens);
  keys.scores(queries, w, how);
  const default_float_environment environment;
  std::vector<float> scales(queries.rows);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    const std::span<float> row(w.row(i), tokens);
    for (float& score : row) score = bulk::product_of_two(score, factor);
    online_softmax state(base);
    state.add(row, row, how.level());
    scales[i] = state.scale();
  }
  values.combine(w, out, how);
  for (std::size_t i = 0; i < out.rows; ++i) {
    for (std::size_t c = 0; c < out.cols; ++c) {
      const float x = bulk::product_of_two(out(i, c), scales[i]);
      bulk::copy_sums(&x, 1, 1, {&out(i, c), 1, 1}, 0);
    }
  }
}

/// Attention block by block: for each `block` queries and, from the first on, each `block` keys,
///
///   scores(q, k, s)       a callable that makes s = q k^T of rows of queries and of keys
///   combine(p, v, o)      one that makes o = p v; p are weights of 0 to 1.42 (online_softmax)
///   uses(i, j)            whether block j of keys is for block i of queries; others are as if
///   masked
///
/// Sums of outputs go from block to block in binary32, multiplied by powers of two where a larger
/// score has come. `queries` and `keys` have as many columns, `keys` and `values` as many rows.
/// Throws std::invalid_argument, before writing, for shapes that do not fit and blocks of 0.
template <class Scores, class Combine, class Uses>
void attend_blocks(matrix_view<const float> queries, matrix_view<const float> keys,
                   matrix_view<const float> values, matrix_view<float> out, std::size_t block,
                   float factor, exponential_base base, const Scores& scores,
                   const Combine& combine, const Uses& uses, const execution& how = {}) {
  bulk::require_cache_shapes("attend_blocks", "queries", queries, out, queries.rows, keys.cols,
                             values.cols);
  if (block == 0) refuse("attend_blocks: block is 0, expected at least 1");
  if (values.rows != keys.rows) {
    refuse("attend_blocks: values have " + std::to_string(values.rows) + " rows, expected " +
           std::to_string(keys.rows) + ", those of keys");
  }
  const std::size_t longest = queries.rows > keys.rows ? queries.rows : keys.rows;
  if (longest == 0) return;
  if (block > longest) block = longest;  // its square is a size
  std::vector<float> weights(block * block), part(block * values.cols);
  const auto count = [&](std::size_t rows, std::size_t first) {
    return rows - first < block ? rows - first : block;
  };
  for (std::size_t i = 0; i < queries.rows; i += block) {
    const std::size_t rows = count(queries.rows, i);
    std::vector<online_softmax> states(rows, online_softmax(base));
    std::vector<float> sums(rows * values.cols);
    for (std::size_t j = 0; j < keys.rows; j += block) {
      if (!uses(i / block, j / block)) continue;
      const std::size_t cols = count(keys.rows, j);
      const matrix_view<float> w(weights.data(), rows, cols), o(part.data(), rows, values.cols);
      scores(queries.row_range(i, rows), keys.row_range(j, cols), w);
      std::vector<float> factors(rows);
      const default_float_environment environment;
      for (std::size_t r = 0; r < rows; ++r) {
        const std::span<float> row(w.row(r), cols);
        for (float& score : row) score = bulk::product_of_two(score, factor);
        factors[r] = states[r].add(row, row, how.level());
      }
      combine(matrix_view<const float>(w), values.row_range(j, cols), o);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < values.cols; ++c) {
          float& sum = sums[r * values.cols + c];
          sum = bulk::sum_of_two(bulk::product_of_two(sum, factors[r]), o(r, c));
        }
      }
    }
    const default_float_environment environment;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c) {
        const float x = bulk::product_of_two(sums[r * values.cols + c], states[r].scale());
        bulk::copy_sums(&x, 1, 1, {&out(i + r, c), 1, 1}, 0);
      }
    }
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
