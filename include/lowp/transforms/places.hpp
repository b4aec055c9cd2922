// SPDX-License-Identifier: MIT
// What transforms ask of the matrices that they read and write.
#pragma once

#include <cstddef>
#include <string>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Throws for a list that is not of the size of a side.
inline void require_size(const char* function, const char* list, std::size_t size, const char* side,
                         std::size_t expected) {
  if (size == expected) return;
  refuse(std::string(function) + ": " + list + " has size " + std::to_string(size) +
         ", expected that of " + side + ", " + std::to_string(expected));
}

/// Throws for matrices of different shapes, or that share some elements only. The stride of one row
/// does not matter.
inline void require_place(const char* function, const matrix_view<const float>& in,
                          const matrix_view<float>& out) {
  if (in.rows != out.rows || in.cols != out.cols) {
    refuse(std::string(function) + ": out is " + std::to_string(out.rows) + " x " +
           std::to_string(out.cols) + ", expected " + std::to_string(in.rows) + " x " +
           std::to_string(in.cols));
  }
  const bool is_in_place = in.data == out.data && (in.rows <= 1 || in.stride == out.stride);
  if (!is_in_place && share_elements(in, matrix_view<const float>(out))) {
    refuse(std::string(function) + ": in and out overlap, expected the same matrix or two apart");
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
