// SPDX-License-Identifier: MIT
// The matrix product C[M x N] = A[M x K] * B[N x K]^T of block matrices and float matrices in any
// mix.
#pragma once

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/reference.hpp"

namespace lowp {

/// c = a * b^T by the policy P, overwriting c: what reference::gemm defines, to the bit.
template <gemm_policy P = gemm_policy{}, class A, class B>
void gemm(const A& a, const B& b, matrix_view<float> c) {
  reference::gemm<P>(a, b, c);
}

}  // namespace lowp
