// SPDX-License-Identifier: MIT
// What most programs use, none of it dependent on more than the standard library. Included one by
// one, so that others do not pay for it: number/dropin.hpp, which adds to std; flags and stages,
// number/flagged_arithmetic.hpp and number/trace.hpp; the families of formats/ that the catalogue
// does not name; block/quantize_rows.hpp, block/residual_matrix.hpp, block/ternary_planes.hpp,
// block/low_rank_compensation.hpp, block/additive_codebook_matrix.hpp and _fit.hpp;
// gemm/matrix_instructions.hpp, gemm/integer_blocks.hpp, gemm/slices.hpp, gemm/slice_sums.hpp,
// gemm/additive_codebook_product.hpp, gemm/lookup_distances.hpp; transforms/, profiles/,
// verification/, io/, adapters/.
#pragma once

#include "lowp/analysis/enumerate.hpp"
#include "lowp/analysis/error.hpp"
#include "lowp/arrays/conversion.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packed_span.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/conversion.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/conversion.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/literals.hpp"
#include "lowp/number/math.hpp"
#include "lowp/number/text.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/version.hpp"

#include "lowp/kernels/undefine.inc"
