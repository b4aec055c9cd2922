// SPDX-License-Identifier: MIT
// What a matrix product computes: the order of summation and the precision of the sum are part of
// its meaning, so they are named in its type.
#pragma once

#include <cstdint>

namespace lowp {

enum class accumulation : std::uint8_t {
  /// For each 32-deep step of K, one chain of binary32 FMAs over its even k and one over its odd k
  /// start from zero, and their sum is added to the result. What AMX does with a tile of 16 pairs,
  /// and what any machine with FMA can do.
  k32,
  sequential_binary32,  ///< one chain of binary32 FMAs, k = 0, 1, 2, ...
  sequential_binary64,  ///< one chain of binary64 FMAs, rounded to binary32 at the end
  exact,                ///< the sum of all products without rounding, then rounded once
};

struct gemm_policy {
  accumulation sum = accumulation::k32;
  constexpr bool operator==(const gemm_policy&) const = default;
};

}  // namespace lowp
