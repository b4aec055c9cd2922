// SPDX-License-Identifier: MIT
// Products of operands of any type (any_operand) for lowp::compiled.
#include "lowp/gemm/gemm.hpp"
// What these declare:
#include "lowp/gemm/operands/any_operand.inc"
#include "lowp/gemm/operands/element_matrix.inc"
#include "lowp/gemm/operands/value_range.inc"
#include "lowp/gemm/strategies/adders.hpp"
#include "lowp/gemm/strategies/exact.hpp"
#include "lowp/gemm/strategies/integers.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/gemm/strategies/modeled.hpp"

namespace lowp {

#define LOWP_DEFINE(Policy, Mode)                                                                  \
  template void detail::define_product(const Policy&, const bulk::any_operand&,                    \
                                       const bulk::any_operand&, matrix_view<float>, bool,         \
                                       const Mode&, const execution&);                             \
  template bool bulk::multiply(const bulk::product_problem<Policy, Mode>&, const bulk::sum_sink&); \
  template gemm_explanation bulk::explain(const bulk::product_problem<Policy, Mode>&);             \
  template void bulk::multiply_into(const Policy&, const bulk::any_operand&,                       \
                                    const bulk::any_operand&, matrix_view<float>, bool,            \
                                    const Mode&, const execution&);
LOWP_COMPILED_PRODUCTS(LOWP_DEFINE)

}  // namespace lowp
