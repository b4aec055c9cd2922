// SPDX-License-Identifier: MIT
// What functions of matrices of integers ask of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
namespace detail {

/// Throws for an argument that is not from low to high.
inline void require_range(const char* function, const char* what, std::int64_t value,
                          std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  refuse(std::string(function) + ": " + what + " is " + std::to_string(value) + ", expected " +
         std::to_string(low) + " to " + std::to_string(high));
}

/// Throws for matrices of different shapes, and for memory of one that the other writes.
template <class In, class Out>
void require_apart(const char* function, const char* name, const matrix_view<In>& in,
                   const matrix_view<Out>& out) {
  if (in.rows != out.rows || in.cols != out.cols) {
    refuse(std::string(function) + ": out is " + std::to_string(out.rows) + " x " +
           std::to_string(out.cols) + ", expected the shape of " + name + ", " +
           std::to_string(in.rows) + " x " + std::to_string(in.cols));
  }
  if (in.rows == 0 || in.cols == 0) return;
  const auto begin = [](const auto& m) { return reinterpret_cast<std::uintptr_t>(m.data); };
  const auto end = [](const auto& m) {
    return reinterpret_cast<std::uintptr_t>(m.data + (m.rows - 1) * m.stride + m.cols);
  };
  if (begin(in) < end(out) && begin(out) < end(in)) {
    refuse(std::string(function) + ": " + name + " and out share memory, expected two matrices");
  }
}

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// Calls use(row) for all rows, on the threads of `how`.
template <class Use>
void for_integer_rows(const execution& how, std::size_t rows, std::size_t cols, const Use& use) {
  if (rows == 0 || cols == 0) return;
  const std::size_t height = cols < 4096 ? 4096 / cols : 1;
  const auto part = [&](std::size_t i) {
    const std::size_t end = (i + 1) * height < rows ? (i + 1) * height : rows;
    for (std::size_t row = i * height; row < end; ++row) use(row);
  };
  how.run((rows + height - 1) / height, task(part));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
