// SPDX-License-Identifier: MIT
// The logarithm of softmax, and of the sum of exponentials, over the rows of a matrix.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/online_softmax.hpp"
#include "lowp/functions/softmax.hpp"
#include "lowp/functions/softmax_sums.hpp"
#include "lowp/kernels/functions/exponential_rows.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The logarithm of the sum of a row, of elements that are not shifted.
[[nodiscard]] inline double logarithm_of_row(const lowp::row_functions::softmax_sum& sum,
                                             exponential_base base) {
  using lowp::row_functions::softmax_sum;
  if (sum.is == softmax_sum::kind::nan) return lowp::row_functions::canonical_wide_nan();
  if (sum.is == softmax_sum::kind::masked) return from_bits<double>(std::uint64_t{0xFFF} << 52);
  return opaque(static_cast<double>(sum.shift) +
                lowp::row_functions::logarithm_of_sum(sum.sum, base));
}

}  // namespace bulk

/// out[r] = the logarithm, to the base, of the sum of base^x over row r of `in`, x = in * scale, to
/// binary32: the sum is that of softmax, its logarithm K * log(2) + log(M), each operation rounded
/// to binary64. Off by half a unit in the last place and the relative error of the sum, 2^-21 for
/// any row. A row of -infinity gives -infinity, one with +infinity or NaN gives NaN. The definition
/// is reference::log_sum_exp (functions/softmax_reference.hpp). Throws std::invalid_argument,
/// before writing, for another size of `out`, an `out` in `in`, and a scale that is infinite or
/// NaN.
inline void log_sum_exp(matrix_view<const float> in, std::span<float> out,
                        const softmax_parameters& p = {}, const execution& how = {}) {
  bulk::require_size("log_sum_exp", "out", out.size(), "rows", in.rows);
  bulk::require_softmax("log_sum_exp", p);
  if (bulk::share_elements(in, {out.data(), 1, out.size()})) {
    refuse("log_sum_exp: out lies in in, expected a list apart from it");
  }
  if (in.cols == 0) {
    for (float& y : out) y = lowp::row_functions::negative_infinity();
    return;
  }
  bulk::with_blocks(how, in.rows, in.cols, [&](std::size_t r, kernels::exponential_sum* blocks) {
    const std::size_t count = lowp::row_functions::visible_columns(p, r, in.cols);
    bulk::softmax_piece row(how.level(), p, in.row(r), count, blocks);
    const auto sum = bulk::sum_row(row, blocks, lowp::row_functions::blocks_of(count), false,
                                   [&] { row.sum(nullptr); });
    out[r] = lowp::row_functions::rounded_to_binary32(bulk::logarithm_of_row(sum, p.base));
  });
}

/// Each row of `in` to `out`, which has its shape and may be `in`: x - log_sum_exp, x = in * scale,
/// in binary32: (x - high) - low, where high + low is the logarithm, off as that is and by one unit
/// in the last place. Elements of -infinity stay so; a row of them becomes NaN, or -infinity if
/// `masked` is zero; one with +infinity or NaN becomes NaN. The definition is
/// reference::log_softmax. Throws as softmax does.
inline void log_softmax(matrix_view<const float> in, matrix_view<float> out,
                        const softmax_parameters& p = {}, const execution& how = {}) {
  bulk::require_place("log_softmax", in, out);
  bulk::require_softmax("log_softmax", p);
  if (in.rows == 0 || in.cols == 0) return;
  const bulk::softmax_steps s = bulk::steps_of_softmax(in, out, softmax_algorithm::two_pass);
  bulk::with_blocks(how, in.rows, in.cols, [&](std::size_t r, kernels::exponential_sum* blocks) {
    const std::size_t count = lowp::row_functions::visible_columns(p, r, in.cols);
    bulk::softmax_piece row(how.level(), p, in.row(r), count, blocks);
    const auto sum = bulk::sum_row(row, blocks, lowp::row_functions::blocks_of(count), false,
                                   [&] { row.sum(nullptr); });
    if (sum.is != lowp::row_functions::softmax_sum::kind::finite) {
      return lowp::row_functions::fill_special(
          sum, p.masked, lowp::row_functions::negative_infinity(), in.cols, out.row(r));
    }
    // Of shifted elements, so that no digit is lost to a shift.
    const double log = lowp::row_functions::logarithm_of_sum(sum.sum, p.base);
    const float high = lowp::row_functions::rounded_to_binary32(log);
    const float low =
        lowp::row_functions::rounded_to_binary32(opaque(log - static_cast<double>(high)));
    row.subtract(high, low, out.row(r), s.streams);
    lowp::row_functions::fill_hidden(count, in.cols, lowp::row_functions::negative_infinity(),
                                     out.row(r));
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
