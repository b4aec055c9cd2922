// SPDX-License-Identifier: MIT
// Quantizing matrices through the kernels. A chunk of a row of blocks is read once
// from memory: its amaxes, their scales, the codes and their packing follow while it is in the
// first-level cache.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/thresholds.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/core/memory.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Elements of a row that are worked on at a time: max_blocks blocks of the smallest size.
inline constexpr std::size_t chunk_size = buffer_size;
static_assert(chunk_size == 16 * max_blocks);
/// As log2 of a block: all elements of a chunk have one scale. An index shifted by it is 0.
inline constexpr int one_block = 63;

/// Which draw an element takes: that of first + row * per_row + col.
struct draw_order {
  std::size_t first = 0;
  std::size_t per_row = 0;
};

/// Whether the kernels can take several blocks of this width in a row.
[[nodiscard]] constexpr bool is_kernel_block(std::size_t block_cols) {
  return block_cols >= 16 && std::has_single_bit(block_cols);
}
/// The same in rows of `cols`, where a block of any width may be the only one.
[[nodiscard]] constexpr bool is_kernel_block(std::size_t block_cols, std::size_t cols) {
  return block_cols >= cols || is_kernel_block(block_cols);
}
/// How the kernels find the block of an element of a chunk.
[[nodiscard]] constexpr int log2_block(std::size_t block_cols, std::size_t cols) {
  return block_cols >= cols || block_cols > chunk_size
             ? one_block
             : static_cast<int>(std::bit_width(block_cols)) - 1;
}

/// What is known about a block format and a rule at compile time: nothing, or all. It keeps kernels
/// that cannot be called out of the program.
struct any_block {
  static constexpr bool allows(kernels::block_scaling) { return true; }
  static constexpr bool allows_bits(int /*least*/, int /*most*/) { return true; }
};
template <int Bits, element_scaling How, bool IsPowerOfTwo>
struct block_of {
  static constexpr bool allows(kernels::block_scaling how) {
    return how == kernel_scaling(How, IsPowerOfTwo, true) ||
           how == kernel_scaling(How, IsPowerOfTwo, false);
  }
  static constexpr bool allows_bits(int least, int most) { return Bits >= least && Bits <= most; }
};

/// Quantizes rows of blocks. Code is the type of codes before they are packed.
template <class Known, class Code, number_format Element, number_format Scale, rounding_mode R>
class quantize_job {
  using format_type = scaled_blocks<Element, Scale>;
  static constexpr bool is_random = !is_fixed_addend<R>;

 public:
  quantize_job(isa level, const format_type& format, const rule_view<format_type>& rule,
               const kernels::encode_plan<std::uint32_t>& plan,
               const block_scales<Element, Scale>& scales, const matrix_view<const float>& in,
               const tensor_scale& tensor, const R& mode, const draw_order& draws,
               std::size_t first_index, const block_storage& out)
      : level_(level),
        format_(format),
        rule_(rule),
        plan_(plan),
        scales_(scales),
        in_(in),
        tensor_(tensor),
        mode_(mode),
        draws_(draws),
        first_index_(first_index),
        out_(out),
        block_rows_(format.block_rows(in.rows)),
        block_cols_(format.block_cols(in.cols)),
        log2_block_(log2_block(block_cols_, in.cols)) {}

  /// Columns first … last of one row of blocks; both are at blocks.
  void operator()(std::size_t block_row, std::size_t first, std::size_t last) const {
    const std::size_t top = block_row * block_rows_;
    const std::size_t rows = (std::min)(block_rows_, in_.rows - top);
    if (block_cols_ <= chunk_size) {
      for (std::size_t col = first; col < last; col += chunk_size) {
        block_factors factors;
        const std::size_t count = (std::min)(chunk_size, last - col);
        find_scales(block_row, top, rows, col, count, factors);
        encode_rows(top, rows, col, count, factors);
      }
      return;
    }
    for (std::size_t col = first; col < last; col += block_cols_) {
      const std::size_t end = (std::min)(last, col + block_cols_);
      block_factors factor;
      find_scales(block_row, top, rows, col, end - col, factor);
      for (std::size_t at = col; at < end; at += chunk_size) {
        encode_rows(top, rows, at, (std::min)(chunk_size, end - at), factor);
      }
    }
  }

 private:
  /// The scales of the blocks over some columns, at most max_blocks.
  void find_scales(std::size_t block_row, std::size_t top, std::size_t rows, std::size_t col,
                   std::size_t count, block_factors& found) const {
    std::uint32_t amax[max_blocks + 4] = {};
    const std::size_t blocks = (count + block_cols_ - 1) / block_cols_;
    for (std::size_t row = top; row < top + rows; ++row) {
      if (log2_block_ == one_block) {
        amax[0] = (std::max)(amax[0], kernels::amax_array(level_, in_.row(row) + col, count));
      } else {
        kernels::amax_blocks(level_, in_.row(row) + col, count, log2_block_, amax);
      }
    }
    const std::size_t first_block = block_row * out_.scales_per_row + col / block_cols_;
    const auto block = [&](std::size_t i) {
      const std::size_t left = i * block_cols_;
      return matrix_view<const float>(in_.row(top) + col + left, rows,
                                      (std::min)(block_cols_, count - left), in_.stride);
    };
    const auto by_definition = [&](std::size_t i) {
      return lowp::detail::encode_scale_of(format_, rule_, block(i), first_index_ + first_block + i,
                                           tensor_);
    };
    if (scales_.needs_elements()) {
      found.are_known = true;
      for (std::size_t i = 0; i < blocks; ++i) {
        const bool is_finite = amax[i] < infinity_bits;
        const code_t code = is_finite
                                ? rule_.encode_scale(rule_.rule, format_,
                                                     {block(i), first_index_ + first_block + i,
                                                      float_of(amax[i]), false, tensor_})
                                : by_definition(i);
        scales_.set(i, code, found);
        if (!is_finite) {  // special elements are for the definition
          found.factors[i] = unknown_factor;
          found.are_known = false;
        }
      }
    } else {
      scales_(level_, amax, blocks, found);
      for (std::size_t i = 0; !found.are_known && i < blocks; ++i) {
        if (found.factors[i] == unknown_factor) found.scale_codes[i] = by_definition(i);
      }
    }
    out_.store_scales(first_block, found.scale_codes, blocks);
  }

  void encode_rows(std::size_t top, std::size_t rows, std::size_t col, std::size_t count,
                   const block_factors& blocks) const {
    const std::size_t used = ((count - 1) >> log2_block_) + 1;
    alignas(64) Code codes[chunk_size];
    for (std::size_t row = top; row < top + rows; ++row) {
      const float* const in = in_.row(row) + col;
      const std::size_t index = draws_.first + row * draws_.per_row + col;
      encode(in, index, count, blocks.factors, codes);
      if (!blocks.are_known) encode_unknown(in, index, count, blocks, used, codes);
      pack_codes(level_, codes, col, count, format_.element.bits(), packing{},
                 out_.codes + row * out_.row_bytes);
    }
  }

  void encode(const float* in, std::size_t index, std::size_t count, const std::uint32_t* factors,
              Code* codes) const {
    random_lanes random;
    const void* lanes = nullptr;
    if constexpr (is_random) {
      if (plan_.rounding.is_random()) {
        lanes = random.fill(level_, plan_.rounding.draw, index, count);
      }
    }
    using kernels::block_scaling;
    const auto run = [&]<block_scaling How>() {
      if constexpr (!Known::allows(How)) {
        return;
      } else if constexpr (!kernels::has_known_grid<Element>) {
        if constexpr (sizeof(Code) == 1 && How != block_scaling::exponent) {
          const bool is_exact = rule_.scaling == element_scaling::divide_exactly;
          kernels::encode_blocks<How>(level_, *plan_.thresholds, is_exact, factors, log2_block_, in,
                                      count, codes);
        }
      } else {
        kernels::encode_blocks<How, is_random>(level_, plan_, factors, log2_block_, in, lanes,
                                               count, codes);
      }
    };
    const bool is_power_of_two = scales_.is_power_of_two();
    switch (kernel_scaling(rule_.scaling, is_power_of_two, plan_.ignores_underflow())) {
      case block_scaling::exponent: return run.template operator()<block_scaling::exponent>();
      case block_scaling::multiply: return run.template operator()<block_scaling::multiply>();
      case block_scaling::divide: return run.template operator()<block_scaling::divide>();
      case block_scaling::divide_to_odd:
        return run.template operator()<block_scaling::divide_to_odd>();
    }
  }

  void encode_unknown(const float* in, std::size_t index, std::size_t count,
                      const block_factors& blocks, std::size_t used, Code* codes) const {
    for (std::size_t b = 0; b < used; ++b) {
      if (blocks.factors[b] != unknown_factor) continue;
      const element_encoder<format_type> encoder(format_, rule_, blocks.scale_codes[b], tensor_);
      const std::size_t begin = b << log2_block_;
      const std::size_t end = (std::min)(count, begin + (std::size_t{1} << log2_block_));
      for (std::size_t i = begin; i < end; ++i) {
        codes[i] = static_cast<Code>(encoder(in[i], at(mode_, index + i)));
      }
    }
  }

  isa level_;
  format_type format_;
  const rule_view<format_type>& rule_;
  kernels::encode_plan<std::uint32_t> plan_;
  const block_scales<Element, Scale>& scales_;
  matrix_view<const float> in_;
  tensor_scale tensor_;
  R mode_;
  draw_order draws_;
  std::size_t first_index_;  // of the job's first block in the grid of the whole result
  block_storage out_;
  std::size_t block_rows_, block_cols_;
  int log2_block_;
};

/// Calls part(block_row, first column, last column) for all of a matrix of `block_rows` rows of
/// blocks, in pieces of about piece_size elements; columns are cut at multiples of `granule`.
template <class Part>
void run_block_rows(const execution& how, std::size_t block_rows, std::size_t rows_per_block,
                    std::size_t cols, std::size_t granule, const Part& part) {
  if (block_rows == 0 || cols == 0) return;
  // One thread gains nothing from small pieces.
  const std::size_t size = how.is_sequential() ? 16 * piece_size : piece_size;
  const std::size_t width =
      granule >= cols ? cols : (std::max)(granule, size / rows_per_block / granule * granule);
  const std::size_t across = (cols + width - 1) / width;
  const std::size_t down =
      across > 1 ? 1 : (std::max<std::size_t>)(1, size / (cols * rows_per_block));
  const std::size_t groups = (block_rows + down - 1) / down;
  const auto piece = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t first = i / across * down, left = i % across * width;
    for (std::size_t row = first; row < (std::min)(block_rows, first + down); ++row) {
      part(row, left, (std::min)(cols, left + width));
    }
  };
  how.run(groups * across, task(piece));
}

/// A matrix whose rows follow each other is one row, if blocks and bytes are not cut by the end of
/// a row, and the kernels can take such blocks in a longer one.
[[nodiscard]] constexpr bool is_one_row(std::size_t cols, std::size_t stride, block_shape shape,
                                        int bits) {
  if (shape.rows != 1 || shape.cols == block_shape::whole || stride != cols) return false;
  const auto block_cols = static_cast<std::size_t>(shape.cols);
  return cols % block_cols == 0 && cols * static_cast<std::size_t>(bits) % 8 == 0 &&
         is_kernel_block(block_cols);
}

/// How elements are encoded; `kept` owns what the plan refers to.
template <number_format Element, number_format Scale, rounding_mode R>
[[nodiscard]] kernels::encode_plan<std::uint32_t> element_plan(
    const scaled_blocks<Element, Scale>& f, const rule_view<scaled_blocks<Element, Scale>>& rule,
    const R& mode, std::size_t count,
    [[maybe_unused]] lowp::detail::shared<kernels::block_thresholds>& kept) {
  auto plan = kernels::make_encode_plan<std::uint32_t>(f.element, mode, overflow::saturate,
                                                       missing_nan::largest, false);
  const int bits = plan.grid.mantissa_bits + plan.rounding.extra_bits;
  // A quotient rounded to odd in binary32 may be rounded once more, to two bits less.
  if (rule.scaling == element_scaling::divide_exactly && !rule.is_power_of_two &&
      (bits > 21 || plan.rounding.draws_words)) {
    plan.is_supported = false;
  }
  if (!rule.keeps_negative_zero && plan.output.has_negative_zero) {
    plan.output.has_negative_zero = false;
    plan.fast.how = kernels::method::general;
  }
  // Lanes give all zeros their sign or none.
  if (rule.keeps_negative_zero && rule.zeros_are_positive && plan.output.has_negative_zero) {
    plan.is_supported = false;
  }
  if constexpr (!kernels::has_known_grid<Element>) {
    const bool rounds = rule.scaling != element_scaling::divide_exactly;
    kept = find_block_thresholds(f.element, mode, count);
    plan.thresholds = kept.get();
    plan.is_supported = plan.thresholds && rule.keeps_negative_zero && !rule.zeros_are_positive &&
                        (rounds || plan.thresholds->can_divide(rule.is_power_of_two));
  }
  return plan;
}

/// Calls run with the type of codes in a byte or in two.
template <class Known, class Run>
void with_code_type(int bits, const Run& run) {
  if constexpr (Known::allows_bits(1, 8)) {
    if (bits <= 8) return run.template operator()<std::uint8_t>();
  }
  if constexpr (Known::allows_bits(9, 16)) run.template operator()<std::uint16_t>();
}

/// False, with nothing done, if the kernels do not reach.
template <class Known, number_format Element, number_format Scale, rounding_mode R>
bool quantize_by_kernels(const scaled_blocks<Element, Scale>& f,
                         const rule_view<scaled_blocks<Element, Scale>>& rule,
                         matrix_view<const float> in, const tensor_scale& tensor, const R& mode,
                         block_storage out, const execution& how) {
  if (!has_kernels || !is_kernel_block(f.block_cols(in.cols), in.cols)) return false;
  lowp::detail::shared<kernels::block_thresholds> kept;
  const auto plan = element_plan(f, rule, mode, in.rows * in.cols, kept);
  if (!plan.is_supported || f.element.bits() > 16) return false;
  if (is_one_row(in.cols, in.stride, f.shape, f.element.bits())) {
    out.row_bytes *= in.rows;
    out.scales_per_row *= in.rows;
    in = matrix_view<const float>(in.data, in.rows == 0 ? 0 : 1, in.rows * in.cols);
  }
  const std::size_t block_rows = f.block_rows(in.rows), block_cols = f.block_cols(in.cols);
  const block_scales<Element, Scale> scales(f, rule, plan, tensor);
  const auto run = [&]<class Code>() {
    const quantize_job<Known, Code, Element, Scale, R> job(how.level(), f, rule, plan, scales, in,
                                                           tensor, mode, {0, in.cols}, 0, out);
    // How long a rule looks at elements is not known.
    run_block_rows(
        scales.needs_elements() ? how : how.for_work(std::uint64_t{in.rows} * in.cols / 5),
        (in.rows + block_rows - 1) / block_rows, block_rows, in.cols,
        (std::max)(block_cols, chunk_size), job);
  };
  with_code_type<Known>(f.element.bits(), run);
  return true;
}

/// The same for the transpose of `in`, a window of it at a time; `out` is that of the transpose.
template <class Known, number_format Element, number_format Scale, rounding_mode R>
bool quantize_transpose_by_kernels(const scaled_blocks<Element, Scale>& f,
                                   const rule_view<scaled_blocks<Element, Scale>>& rule,
                                   matrix_view<const float> in, const tensor_scale& tensor,
                                   const R& mode, const block_storage& out, const execution& how) {
  const std::size_t rows = in.cols, cols = in.rows;  // of the transpose
  const std::size_t block_rows = f.block_rows(rows), block_cols = f.block_cols(cols);
  lowp::detail::shared<kernels::block_thresholds> kept;
  const auto plan = element_plan(f, rule, mode, rows * cols, kept);
  if (!has_kernels || !is_kernel_block(block_cols, cols) || !plan.is_supported ||
      f.element.bits() > 16) {
    return false;
  }
  // Whole lines of some rows of `in` are read; the rows of the window start in different sets of
  // the cache.
  const std::size_t height = (64 + block_rows - 1) / block_rows * block_rows;
  const std::size_t width = (std::min)(cols, (std::max)(block_cols, chunk_size));
  const std::size_t stride = width + 16;
  const block_scales<Element, Scale> scales(f, rule, plan, tensor);
  const auto run = [&]<class Code>() {
    const auto one = [&](std::size_t top, std::size_t left, float* window) {
      const std::size_t n = (std::min)(height, rows - top), count = (std::min)(width, cols - left);
      constexpr std::size_t tile = 16;
      for (std::size_t col = 0; col < count; col += tile) {
        const std::size_t last = (std::min)(count, col + tile);
        for (std::size_t row = 0; row < n; ++row) {
          float* const to = window + row * stride;
          const float* const from = in.row(left) + top + row;
          for (std::size_t i = col; i < last; ++i) to[i] = from[i * in.stride];
        }
      }
      block_storage at = out;
      at.codes += top * out.row_bytes + left / 8 * static_cast<std::size_t>(f.element.bits());
      const std::size_t first = top / block_rows * out.scales_per_row + left / block_cols;
      at.scales += first * out.scale_bytes;
      // A block that is as long as a side lies in one window. Rules are shown the format itself:
      // places of blocks follow from its shape.
      const quantize_job<Known, Code, Element, Scale, R> job(
          how.level(), f, rule, plan, scales, matrix_view<const float>(window, n, count, stride),
          tensor, mode, {top * cols + left, cols}, first, at);
      for (std::size_t row = 0; row * block_rows < n; ++row) job(row, 0, count);
    };
    const std::size_t panels = (rows + height - 1) / height;
    std::atomic<bool> is_out_of_memory = false;
    const auto panel = [&](std::size_t i) {
      const default_float_environment environment;
      const lowp::detail::aligned_array<float> window(height * stride, std::nothrow);
      if (window.get() == nullptr) {
        is_out_of_memory = true;  // parts of work do not throw
        return;
      }
      for (std::size_t left = 0; left < cols; left += width) one(i * height, left, window.get());
    };
    how.run(cols == 0 ? 0 : panels, task(panel));
    if (is_out_of_memory) detail::fail_for_lack_of_memory();
  };
  with_code_type<Known>(f.element.bits(), run);
  return true;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
