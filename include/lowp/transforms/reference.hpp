// SPDX-License-Identifier: MIT
// The definition of Hadamard transforms (hadamard.hpp), in scalar arithmetic: slow and plain, what
// the kernels are tested against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/kernels/transforms/paley.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/transforms/hadamard.hpp"

namespace lowp::reference {
namespace hadamard_steps {

/// Step 3, of `2 * Half` elements that lie `apart`.
template <std::size_t Half>
void transform_by_order(binary32* x, std::size_t apart) {
  constexpr const auto& is_one = paley::conference<Half>;
  binary32 s[Half], d[Half];
  for (std::size_t i = 0; i < Half; ++i) {
    const binary32 u = x[i * apart], v = x[(i + Half) * apart];
    s[i] = u + v;
    d[i] = u - v;
  }
  const auto by_row = [&](std::size_t row, const binary32(&of)[Half]) {
    const std::size_t first = row == 0 ? 1 : 0;  // the first element of a row of C is 1
    binary32 sum = of[first];
    for (std::size_t j = first + 1; j < Half; ++j) {
      if (j != row) sum = is_one[row][j] ? sum + of[j] : sum - of[j];
    }
    return sum;
  };
  for (std::size_t row = 0; row < Half; ++row) {
    x[row * apart] = by_row(row, s) + d[row];
    x[(Half + row) * apart] = by_row(row, d) - s[row];
  }
}

/// Steps 2 and 3.
inline void transform_group(binary32* x, std::size_t size) {
  const auto [order, stages] = lowp::detail::factors_of(size);
  const std::size_t run = std::size_t{1} << stages;
  for (std::size_t h = 1; h < run; h *= 2) {
    for (std::size_t i = 0; i < size; ++i) {
      if ((i & h) != 0) continue;
      const binary32 a = x[i], b = x[i + h];
      x[i] = a + b;
      x[i + h] = a - b;
    }
  }
  for (std::size_t i = 0; i < run && order != 1; ++i) {
    if (order == 12) transform_by_order<6>(x + i, run);
    if (order == 20) transform_by_order<10>(x + i, run);
  }
}

inline void transform(matrix_view<const float> in, matrix_view<float> out, const hadamard& t,
                      bool is_inverse) {
  const bool is_right = t.side == transform_side::right;
  const std::size_t lines = is_right ? in.rows : in.cols, length = is_right ? in.cols : in.rows;
  const binary32 factor(t.is_normalized ? lowp::detail::inverse_square_root(t.size)
                                        : lowp::detail::reciprocal(t.size));
  std::vector<binary32> x(t.size);
  for (std::size_t line = 0; line < lines; ++line) {
    for (std::size_t first = 0; first < length; first += t.size) {
      const auto place = [&](std::size_t i) {
        return is_right ? line * in.stride + first + i : (first + i) * in.stride + line;
      };
      const auto out_place = [&](std::size_t i) {
        return is_right ? line * out.stride + first + i : (first + i) * out.stride + line;
      };
      for (std::size_t i = 0; i < t.size; ++i) {
        x[i] = binary32(in.data[place(i)]);
        if (!is_inverse && t.signs.is_negative(first + i)) x[i] = -x[i];
      }
      transform_group(x.data(), t.size);
      for (std::size_t i = 0; i < t.size; ++i) {
        if (t.is_normalized || is_inverse) x[i] = x[i] * factor;
        if (is_inverse && t.signs.is_negative(first + i)) x[i] = -x[i];
        out.data[out_place(i)] = pack_as<float>(unpack(x[i]));
      }
    }
  }
}

}  // namespace hadamard_steps

/// out has the shape of in, and may be in.
inline void hadamard_transform(matrix_view<const float> in, matrix_view<float> out,
                               const hadamard& t) {
  lowp::detail::require_hadamard("hadamard_transform", t, in.rows, in.cols);
  hadamard_steps::transform(in, out, t, false);
}
inline void inverse_hadamard_transform(matrix_view<const float> in, matrix_view<float> out,
                                       const hadamard& t) {
  lowp::detail::require_hadamard("inverse_hadamard_transform", t, in.rows, in.cols);
  hadamard_steps::transform(in, out, t, true);
}

}  // namespace lowp::reference
