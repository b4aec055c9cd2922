// SPDX-License-Identifier: MIT
// Matrix products of other libraries, as far as they were found when this was built.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace lowp_bench {

struct gemm_peer {
  std::string name;
  /// Multiplies m x k by the transpose of n x k, on one thread, with values of its own. Weights are
  /// in the layout that the library likes best, if it has one.
  std::function<void()> run;
};

/// Those of binary32, bfloat16 with sums in binary32, and 8-bit integers with sums in 32 bits.
[[nodiscard]] std::vector<gemm_peer> gemm_peers(std::size_t m, std::size_t n, std::size_t k);

}  // namespace lowp_bench
