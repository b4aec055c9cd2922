// SPDX-License-Identifier: MIT
// Rows that are made as they are quantized, a few at a time, such as those of a Hadamard transform:
// what is made lies in the cache, and never as a whole in memory. The umbrella header leaves it
// out.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <numeric>
#include <type_traits>
#include <vector>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/memory.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// What makes rows: write(level, first, to) writes rows first … first + to.rows - 1, all columns,
/// to `to`, for any of them, to several threads at a time. It does not throw. The values are a
/// function of the row and the column alone. It may have write(level, first, left, to), too, for
/// columns left … left + to.cols - 1, and granule(): from a multiple of it to another, or the end.
/// Windows are then small enough for the processor to fetch what the next one is made from.
template <class Rows>
concept row_generator = requires(const Rows& source, isa level, std::size_t first,
                                 matrix_view<float> to) {
  { source.rows() } -> std::convertible_to<std::size_t>;
  { source.cols() } -> std::convertible_to<std::size_t>;
  source.write(level, first, to);
};

namespace bulk {

/// Elements of a row that are made at a time, if they can be.
inline constexpr std::size_t window_size = chunk_size;

/// Rows of a window: whole blocks.
[[nodiscard]] inline std::size_t window_height(std::size_t block_rows, std::size_t cols) {
  const std::size_t most = cols == 0 ? 1 : window_size / cols;
  return block_rows * (std::max)(std::size_t{1}, most / block_rows);
}

/// Calls use(first row, first column, what is made) for windows of `height` rows, a multiple of
/// which a thread takes at a time, and of columns from a multiple of `step` to another.
template <row_generator Rows, class Use>
void for_each_window(const Rows& source, std::size_t height, std::size_t step, const execution& how,
                     const Use& use) {
  const std::size_t rows = source.rows(), cols = source.cols();
  if (rows == 0 || cols == 0) return;
  std::size_t width = cols;
  if constexpr (requires { source.granule(); }) {
    const std::size_t least = std::lcm(std::size_t{source.granule()}, step);
    width = (std::min)(cols, (std::max)(std::size_t{1}, window_size / least) * least);
  }
  const std::size_t per_part =
      height * (std::max)(std::size_t{1}, 16 * piece_size / (height * cols));
  std::atomic<bool> is_out_of_memory = false;
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const lowp::detail::aligned_array<float> window(height * width, std::nothrow);
    if (window.get() == nullptr) {
      is_out_of_memory = true;  // parts of work do not throw
      return;
    }
    const std::size_t last = (std::min)(rows, (i + 1) * per_part);
    for (std::size_t first = i * per_part; first < last; first += height) {
      for (std::size_t left = 0; left < cols; left += width) {
        const matrix_view<float> made(window.get(), (std::min)(height, last - first),
                                      (std::min)(width, cols - left));
        if constexpr (requires { source.granule(); }) {
          source.write(how.level(), first, left, made);
        } else {
          source.write(how.level(), first, made);
        }
        use(first, left, made);
      }
    }
  };
  how.run((rows + per_part - 1) / per_part, task(part));
  if (is_out_of_memory) lowp::detail::fail_for_lack_of_memory();
}

/// As tensor_scale_of of the rows made.
template <class Format, row_generator Rows>
[[nodiscard]] tensor_scale tensor_scale_of_rows(const Format& format, const rule_view<Format>& rule,
                                                const Rows& source, const execution& how) {
  if (!format.has_tensor_scale) return {};
  std::atomic<std::uint32_t> amax = 0;
  for_each_window(source, window_height(1, source.cols()), 1, how,
                  [&](std::size_t, std::size_t, const matrix_view<float>& made) {
                    const std::uint32_t found =
                        kernels::finite_amax_array(how.level(), made.data, made.rows * made.cols);
                    std::uint32_t old = amax.load();
                    while (found > old && !amax.compare_exchange_weak(old, found)) {
                    }
                  });
  return rule.make_tensor_scale(rule.rule, format, float_of(amax.load()));
}

/// As quantize_by_kernels of the rows made. False, with nothing done, if the kernels do not reach.
template <class Known, number_format Element, number_format Scale, row_generator Rows,
          rounding_mode R>
bool quantize_rows_by_kernels(const scaled_blocks<Element, Scale>& f,
                              const rule_view<scaled_blocks<Element, Scale>>& rule,
                              const Rows& source, const tensor_scale& tensor, const R& mode,
                              const block_storage& out, const execution& how) {
  const std::size_t rows = source.rows(), cols = source.cols();
  const std::size_t block_rows = f.block_rows(rows), block_cols = f.block_cols(cols);
  if (!has_kernels) return false;
  lowp::detail::shared<kernels::block_thresholds> kept;
  const auto plans = plans_of_elements(f, rule, mode, rows * cols, kept);
  const auto& plan = plans.narrow;
  if (!plan.is_supported || f.element.bits() > 16) return false;
  const block_spans spans(block_cols, cols);
  if (spans.have_own_factors() && !can_take_own_factors(plan, rule)) return false;
  const std::size_t step = spans.have_own_factors() ? span_unit(block_cols) : block_cols;
  const block_scales<Element, Scale> scales(f, rule, plan, tensor);
  const auto bits = static_cast<std::size_t>(f.element.bits());
  const auto run = [&]<class Code>() {
    for_each_window(source, window_height(block_rows, cols), step, how,
                    [&](std::size_t top, std::size_t left, const matrix_view<float>& made) {
                      block_storage at = out;
                      at.codes += top * out.row_bytes + left / 8 * bits;
                      const std::size_t first =
                          top / block_rows * out.scales_per_row + left / block_cols;
                      at.scales += first * out.scale_bytes;
                      // A block that is as long as a side lies in one window. Rules are shown the
                      // format itself: places of blocks follow from its shape.
                      const quantize_job<Known, Code, Element, Scale, R> job(
                          how.level(), f, rule, plans, scales, made, tensor, mode,
                          {top * cols + left, cols}, first, at);
                      for (std::size_t row = 0; row * block_rows < made.rows; ++row) {
                        job(row, 0, made.cols);
                      }
                    });
  };
  with_code_type<Known>(f.element.bits(), run);
  return true;
}

template <row_generator Rows>
[[nodiscard]] std::vector<float> all_rows(const Rows& source, const execution& how) {
  std::vector<float> made(source.rows() * source.cols());
  for_each_window(source, 1, 1, how,
                  [&](std::size_t first, std::size_t left, const matrix_view<float>& window) {
                    std::copy_n(window.data, window.cols,
                                made.data() + first * source.cols() + left);
                  });
  return made;
}

}  // namespace bulk

/// What quantize(rows, out, rule, mode, how) of all rows that `source` makes gives, bit for bit. A
/// format with a tensor scale has them made twice. Rows are made as a whole where kernels do not
/// reach and for formats whose groups have more than a scale and a tensor scale. Arguments and
/// errors are those of quantize.
///
///   quantize_rows(hadamard_rows(x, {.size = 16}), q, rules::rceil, nearest_even, threads{2})
template <row_generator Rows, class Format, template <class> class Layout, class Bytes,
          rule_of_matrix<Format> Rule, rounding_mode R = rounding_of<Rule>>
void quantize_rows(const Rows& source, basic_block_matrix<Format, Layout, Bytes>& out,
                   const Rule& rule, const R& mode = {}, const execution& how = {}) {
  bulk::require_rule<Format>("quantize_rows", out.composition(), rule);
  bulk::require_shape("quantize_rows", out.rows(), out.cols(), source.rows(), source.cols());
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::require_matrix(rule, out.rows(), out.cols());
  const auto as_whole = [&] {
    const std::vector<float> made = bulk::all_rows(source, how);
    quantize(matrix_view<const float>(made.data(), source.rows(), source.cols()), out, rule, mode,
             how);
  };
  bulk::with_rule<Format>(
      out.composition(), rule,
      [&](const auto& known, const auto& blocks, const auto& view) {
        using known_type = std::remove_cvref_t<decltype(known)>;
        bool is_done = false;
        bulk::in_planes(out, [&](auto& planar) {
          const tensor_scale tensor = bulk::tensor_scale_of_rows(blocks, view, source, how);
          if constexpr (requires { planar.set_tensor_scale(1.0f); }) {
            planar.set_tensor_scale(tensor.decoding);
          }
          is_done = bulk::quantize_rows_by_kernels<known_type>(
              blocks, view, source, tensor, mode_under(rule, mode), bulk::storage_of(planar), how);
        });
        if (!is_done) as_whole();
      },
      [&](const auto&) { as_whole(); });
}
template <row_generator Rows, class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void quantize_rows(const Rows& source, basic_block_matrix<Format, Layout, Bytes>& out,
                   const R& mode = {}, const execution& how = {}) {
  if constexpr (described_scaled_blocks<Format>) {
    if (bulk::is_in_blocks<Format>(out.composition())) {
      return quantize_rows(source, out, rules::standard, mode, how);
    }
  }
  if constexpr (described_levels<Format>) {
    bulk::require_shape("quantize_rows", out.rows(), out.cols(), source.rows(), source.cols());
    const std::vector<float> made = bulk::all_rows(source, how);
    quantize(matrix_view<const float>(made.data(), source.rows(), source.cols()), out, mode, how);
  }
}
template <auto F, template <class> class Layout = planes, row_generator Rows, class... Arguments>
requires is_block_format_v<format_of<F>>
[[nodiscard]] block_matrix<F, Layout> quantize_rows(const Rows& source,
                                                    const Arguments&... arguments) {
  block_matrix<F, Layout> out(source.rows(), source.cols());
  quantize_rows(source, out, arguments...);
  return out;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
