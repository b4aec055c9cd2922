// SPDX-License-Identifier: MIT
// Rules that choose all codes of a block together, those of elements, scales and offsets: what
// searches for scales end with is no scale alone. Such a rule has
//
//   choose_codes(format, level, blocks, sink) const
//                                 the codes of whole blocks of a row, by kernels of `level`, within
//                                 the default floating-point environment; for several threads
//   block_cols(format) -> std::size_t     elements of a block, along a row
//   defect(format) -> const char*         why the rule is none for the format, or null
//
// and, if it depends on the size of a matrix, require_cols(cols), which throws.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/described_format.hpp"

namespace lowp {

/// Whole blocks of a row: `count` elements from column `col` on.
struct row_blocks {
  const float* values = nullptr;
  std::size_t row = 0, col = 0, count = 0;
};

/// Where a rule puts codes: of the blocks from element number `first` of its row_blocks on.
template <class Matrix>
class code_sink {
 public:
  code_sink(Matrix& out, const row_blocks& blocks)
      : out_(out), row_(blocks.row), col_(blocks.col) {}

  /// Of elements, of at most 8 bits, a byte each.
  void elements(std::size_t first, std::size_t count, const std::uint8_t* codes) const {
    std::size_t done = 0;
    if constexpr (requires {
                    out_.layout().store_codes(out_.bytes().data(), 0, row_, col_, count, codes);
                  }) {
      done = out_.layout().store_codes(out_.bytes().data(), 0, row_, col_ + first, count, codes);
    }
    for (; done < count; ++done) out_.set_code(0, row_, col_ + first + done, codes[done]);
  }
  /// Of another leaf, each of whose codes belongs to `span` elements.
  void code(int leaf, std::size_t first, std::size_t span, code_t code) const {
    out_.set_code(leaf, row_, (col_ + first) / span, code);
  }

 private:
  Matrix& out_;
  std::size_t row_, col_;
};

namespace detail {
/// In place of a sink, where a rule is asked whether it takes one.
struct any_sink {
  void elements(std::size_t, std::size_t, const std::uint8_t*) const {}
  void code(int, std::size_t, std::size_t, code_t) const {}
};
}  // namespace detail

/// What chooses all codes of blocks of a format.
template <class Rule, class Format>
concept code_rule_for = requires(const Rule& rule, const Format& format, const row_blocks& blocks,
                                 const detail::any_sink& sink) {
  rule.choose_codes(format, isa::portable, blocks, sink);
  { rule.block_cols(format) } -> std::same_as<std::size_t>;
  { rule.defect(format) } -> std::convertible_to<const char*>;
};

inline namespace LOWP_BASELINE {

/// A matrix in the codes that the rule chooses; where they lie is the layout's.
///
///   quantize(matrix, q, rules::ggml_k)
///   quantize<formats::q4_k, records<q4_k_record>::layout>(matrix, rules::ggml_k, threads{2})
///
/// Throws std::invalid_argument, before writing, if the rule is none for the format, if the shapes
/// differ, or if rows are no whole blocks.
template <class Format, template <class> class Layout, class Bytes,
          code_rule_for<typename Format::type> Rule>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const Rule& rule, const execution& how = {}) {
  const auto& format = out.composition();
  if (const char* const why = rule.defect(format)) refuse("quantize: " + std::string(why));
  if (in.rows != out.rows() || in.cols != out.cols()) {
    refuse("quantize: out is " + std::to_string(out.rows()) + " x " + std::to_string(out.cols()) +
           ", expected " + std::to_string(in.rows) + " x " + std::to_string(in.cols));
  }
  const std::size_t block = rule.block_cols(format);
  if (in.cols % block != 0) {
    refuse("quantize: cols is " + std::to_string(in.cols) + ", expected a multiple of " +
           std::to_string(block) + ", the block of the rule");
  }
  if constexpr (requires { rule.require_cols(in.cols); }) rule.require_cols(in.cols);
  // Rows of codes that share bytes, in planes, are those of a whole row.
  const bool is_dense = requires { out.layout().dense_row(0, std::size_t{0}); };
  bulk::run_block_rows(how, in.rows, 1, in.cols, is_dense ? in.cols : 16 * block,
                       [&](std::size_t row, std::size_t first, std::size_t last) {
                         const row_blocks blocks{in.row(row) + first, row, first, last - first};
                         rule.choose_codes(format, how.level(), blocks, code_sink(out, blocks));
                       });
}
template <auto F, template <class> class Layout = planes, code_rule_for<format_of<F>> Rule>
requires is_block_format_v<format_of<F>>
[[nodiscard]] block_matrix<F, Layout> quantize(matrix_view<const float> in, const Rule& rule,
                                               const execution& how = {}) {
  block_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, rule, how);
  return out;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
