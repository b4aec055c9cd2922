// SPDX-License-Identifier: MIT
// quantize() of quantize.hpp by a conversion: the mode of elements, whether they may be -0, and
// what NaNs are that reach them, under rules that see special values. Elements of blocks saturate
// under every policy, infinities too.
//
//   quantize<formats::mxfp4>(x, rules::floor, conversion{.negative_zeros =
//   lowp::negative_zeros::none})
#pragma once

#include "lowp/block/quantize.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// Into a matrix of the shape of `in`; see quantize. For formats of elements in blocks.
template <class Format, template <class> class Layout, class Bytes, rule_of_matrix<Format> Rule,
          rounding_mode R>
requires detail::knows_blocks<Rule, Format>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const Rule& rule, const basic_conversion<R>& c, const execution& how = {}) {
  bulk::require_rule<Format>("quantize", out.composition(), rule);
  bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::with_rule<Format>(
      out.composition(), rule,
      [&](const auto& known, const auto& blocks, const auto& view) {
        bulk::in_planes(out, [&](auto& planar) {
          bulk::quantize(known, in, planar, blocks, view.with(c), c.rounding, how);
        });
      },
      [&](const auto& of_groups) { bulk::quantize_levels(in, out, c.rounding, how, of_groups); });
}
template <auto F, template <class> class Layout = planes, class Rule, rounding_mode R>
requires(is_block_format_v<format_of<F>>&& rule_of_matrix<Rule, constant_format<F>>)
    [[nodiscard]] block_matrix<F, Layout> quantize(matrix_view<const float> in, const Rule& rule,
                                                   const basic_conversion<R>& c,
                                                   const execution& how = {}) {
  block_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, rule, c, how);
  return out;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
