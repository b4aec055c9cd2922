// SPDX-License-Identifier: MIT
// The library compiles behind the macros of platforms (platform_macros.hpp), all at once, and is
// what it is without them. That this file compiles is most of the test.
// The order of includes is the subject; of lowp, all that needs no other library.
// clang-format off
#include "catch.hpp"
#include "platform_macros.hpp"
#include <lowp/adapters/iostream.hpp>
#include <lowp/lowp.hpp>
#include <lowp/gemm/matrix_instruction.hpp>
#include <lowp/number.hpp>
#include <lowp/arrays/arithmetic.hpp>
#include <lowp/number/dropin.hpp>
#include <lowp/number/dynamic.hpp>
#include <lowp/number/flagged_arithmetic.hpp>
#include <lowp/number/rounded.hpp>
#include <lowp/number/status_registers.hpp>
#include <lowp/number/trace.hpp>
#include <lowp/number/tracked.hpp>
#include <lowp/profiles/profiles.hpp>
#include <lowp/block/digit_orders.hpp>
#include <lowp/block/phase_matrix.hpp>
#include <lowp/block/low_rank_compensation.hpp>
#include <lowp/block/quantize_rows.hpp>
#include <lowp/block/tiles/companded_tile.hpp>
#include <lowp/block/ternary_planes.hpp>
#include <lowp/block/tiles/choice.hpp>
#include <lowp/block/tiles/log_tile.hpp>
#include <lowp/block/tiles/mx_plus.hpp>
#include <lowp/analysis/allocation.hpp>
#include <lowp/analysis/codebook_fit.hpp>
#include <lowp/arrays/kept_plans.hpp>
#include <lowp/arrays/eight_codes.hpp>
#include <lowp/arrays/packed_codes.hpp>
#include <lowp/block/additive_codebook_fit.hpp>
#include <lowp/block/additive_codebook_matrix.hpp>
#include <lowp/block/binary_coding.hpp>
#include <lowp/block/binary_coding_matrix.hpp>
#include <lowp/block/binary_coding_of.hpp>
#include <lowp/block/code_intervals.hpp>
#include <lowp/block/rules/hif4.hpp>
#include <lowp/cache/attention.hpp>
#include <lowp/cache/cache_elements.hpp>
#include <lowp/cache/cache_sums.hpp>
#include <lowp/cache/delta_cache.hpp>
#include <lowp/cache/kv_cache.hpp>
#include <lowp/cache/reference.hpp>
#include <lowp/cache/tiered_cache.hpp>
#include <lowp/cache/token_cache.hpp>
#include <lowp/core/kept_value.hpp>
#include <lowp/functions/binary32_results.hpp>
#include <lowp/functions/constant_arithmetic.hpp>
#include <lowp/functions/elementary.hpp>
#include <lowp/functions/integer/dyadic.hpp>
#include <lowp/functions/integer/dyadic_plan.hpp>
#include <lowp/functions/integer/integer_sqrt.hpp>
#include <lowp/functions/integer/places.hpp>
#include <lowp/functions/integer/requantize.hpp>
#include <lowp/functions/integer/shift_exp.hpp>
#include <lowp/functions/layer_norm.hpp>
#include <lowp/functions/log_softmax.hpp>
#include <lowp/functions/normalization.hpp>
#include <lowp/functions/normalization_reference.hpp>
#include <lowp/functions/online_softmax.hpp>
#include <lowp/functions/reference.hpp>
#include <lowp/functions/rms_norm.hpp>
#include <lowp/functions/scalar_lanes.hpp>
#include <lowp/functions/scaled_exponential.hpp>
#include <lowp/functions/softmax.hpp>
#include <lowp/functions/softmax_reference.hpp>
#include <lowp/functions/softmax_sums.hpp>
#include <lowp/gemm/additive_codebook_product.hpp>
#include <lowp/gemm/binary_coding_product.hpp>
#include <lowp/gemm/bit_plane_product.hpp>
#include <lowp/gemm/bit_planes.hpp>
#include <lowp/gemm/definition/signed_sums.hpp>
#include <lowp/gemm/hamming_distances.hpp>
#include <lowp/gemm/lookup_distances.hpp>
#include <lowp/gemm/operands/plane_integers.hpp>
#include <lowp/gemm/phase_product.hpp>
#include <lowp/gemm/quantized_operand.hpp>
#include <lowp/formats/centred_format.hpp>
#include <lowp/formats/codebook_names.hpp>
#include <lowp/formats/hif8_format.hpp>
#include <lowp/formats/k_hot_format.hpp>
#include <lowp/formats/lns_format.hpp>
#include <lowp/formats/preimage.hpp>
#include <lowp/formats/takum_format.hpp>
#include <lowp/formats/takum_log_format.hpp>
#include <lowp/number/quire_text.hpp>
#include <lowp/formats/variable_codebook.hpp>
#include <lowp/gemm/operands/residual_operand.hpp>
#include <lowp/gemm/operands/tile_operand.hpp>
#include <lowp/functions/integer/layer_norm.hpp>
#include <lowp/functions/integer/scales.hpp>
#include <lowp/functions/integer/shiftmax.hpp>
#include <lowp/transforms/column_order.hpp>
#include <lowp/transforms/hadamard_rows.hpp>
#include <lowp/transforms/hadamard_transform.hpp>
#include <lowp/transforms/reference.hpp>
#include <lowp/transforms/smoothing.hpp>
#include <lowp/analysis/block_errors.hpp>
#include <lowp/analysis/code_entropy.hpp>
#include <lowp/analysis/moments.hpp>
#include <lowp/analysis/salience.hpp>
#include <lowp/analysis/space_utilization.hpp>
#include <lowp/analysis/trace_estimate.hpp>
#include <lowp/analysis/wasserstein.hpp>
// clang-format on

using namespace lowp;

TEST_CASE("behind the macros of platforms values are what they are elsewhere") {
  constexpr e4m3fn x(-0.3);
  STATIC_REQUIRE((abs)(x) == 0.3125);
  STATIC_REQUIRE((std::numeric_limits<e4m3fn>::max)() == 448);
  STATIC_REQUIRE((std::numeric_limits<e4m3fn>::min)() == 0.015625);
  const std::vector<float> w(64, 0.1f);
  std::vector<float> back(64);
  const mxfp4 q = quantize<formats::mxfp4>({w.data(), 2, 32}, stochastic{.seed = 1});
  dequantize(q, {back.data(), 2, 32});
  std::vector<float> c(4);
  gemm(q, q, {c.data(), 2, 2});
  float sum = 0;
  for (int k = 0; k < 32; ++k) sum += back[0] * back[0];
  CHECK(c.size() == 4);
  CHECK(c[0] == Approx(sum));
}
