// SPDX-License-Identifier: MIT
// The product of a few rows with many, as with one token and the weights of a layer: the many are
// read once, and no copy of them is made that leaves the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/rows.hpp"
#include "lowp/kernels/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A row count up to which an operand is `few`.
inline constexpr std::size_t most_few = 8;

/// Values of a row as product_steps has them, from `first` on; those beyond the row are zero.
inline void load_steps(isa level, const row_source& source, std::size_t row, std::size_t first,
                       float* out) {
  constexpr std::size_t size = kernels::product_steps::size;
  alignas(64) float values[size];
  const std::size_t count = std::min(size, source.cols() - first);
  source(row, first, count, values);
  std::fill(values + count, values + size, 0.0f);
  kernels::transpose(level, values, 32, 32, out, kernels::product_steps::steps);
}

/// The sums of all products of a row of `few` and a row of `many`, in the order k32. finish(f, m,
/// count, sums) takes those of row f of few and rows m … m + count - 1 of many.
inline void multiply_few(const row_source& few, const row_source& many, const sum_sink& finish,
                         const execution& how) {
  using kernels::product_steps;
  constexpr std::size_t group = 16, most_rows = 64;
  const std::size_t depth = few.cols(),
                    chunks = (depth + product_steps::size - 1) / product_steps::size;
  const std::size_t panel_size = few.rows() * product_steps::size;
  const std::unique_ptr<float[]> panels(new float[chunks * panel_size]);
  const auto pack = [&] {
    const default_float_environment environment;
    for (std::size_t i = 0; i < chunks * few.rows(); ++i) {
      load_steps(how.level(), few, i % few.rows(), i / few.rows() * product_steps::size,
                 panels.get() + i * product_steps::size);
    }
  };
  pack();
  const equal_parts parts(many.rows(), most_rows, group);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    alignas(64) float values[product_steps::size];
    alignas(64) float sums[most_few * product_steps::group];
    alignas(64) float totals[most_few * most_rows];
    std::fill(totals, totals + few.rows() * most_rows, 0.0f);
    const std::size_t begin = parts.begin(part), end = parts.end(part);
    for (std::size_t first = begin; first < end; first += group) {
      const std::size_t count = std::min(group, end - first);
      for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        const float* const panel = panels.get() + chunk * panel_size;
        for (std::size_t i = 0; i < count; ++i) {
          load_steps(how.level(), many, first + i, chunk * product_steps::size, values);
          kernels::multiply(how.level(),
                            {panel, few.rows(), values, sums + i * product_steps::steps});
        }
        for (std::size_t m = 0; m < few.rows(); ++m) {
          kernels::add_steps(how.level(), sums + m * product_steps::group,
                             totals + m * most_rows + (first - begin));
        }
      }
    }
    for (std::size_t m = 0; m < few.rows(); ++m) {
      finish(m, begin, end - begin, totals + m * most_rows);
    }
  };
  how.run(parts.count(), task(run));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
