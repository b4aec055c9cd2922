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
#include "lowp/arrays/kept_plans.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/thresholds.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/block_spans.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/core/memory.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Which draw an element takes: that of first + row * per_row + col.
struct draw_order {
  std::size_t first = 0;
  std::size_t per_row = 0;
};

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

/// How elements are encoded.
struct element_plans {
  kernels::encode_plan<std::uint32_t> narrow;
  /// Of quotients in binary64, where random bits reach further than binary32 does.
  kernels::encode_plan<std::uint64_t> wide{};
  bool is_wide = false;
};

/// Quantizes rows of blocks. Code is the type of codes before they are packed.
template <class Known, class Code, number_format Element, number_format Scale, rounding_mode R>
class quantize_job {
  using format_type = scaled_blocks<Element, Scale>;
  static constexpr bool is_random = !is_fixed_addend<R>;

 public:
  quantize_job(isa level, const format_type& format, const rule_view<format_type>& rule,
               const element_plans& plans, const block_scales<Element, Scale>& scales,
               const matrix_view<const float>& in, const tensor_scale& tensor, const R& mode,
               const draw_order& draws, std::size_t first_index, const block_storage& out)
      : level_(level),
        format_(format),
        rule_(rule),
        plans_(plans),
        plan_(plans.narrow),
        scales_(scales),
        in_(in),
        tensor_(tensor),
        mode_(mode),
        draws_(draws),
        first_index_(first_index),
        out_(out),
        block_rows_(format.block_rows(in.rows)),
        spans_(format.block_cols(in.cols), in.cols) {}

  /// Columns first … last of one row of blocks; both are at spans, or the end of the row.
  void operator()(std::size_t block_row, std::size_t first, std::size_t last) const {
    const std::size_t top = block_row * block_rows_;
    const std::size_t rows = (std::min)(block_rows_, in_.rows - top);
    for (std::size_t col = first; col < last; col += spans_.size) {
      block_factors found;
      const std::size_t count = (std::min)(spans_.size, last - col);
      find_scales(block_row, top, rows, col, count, found);
      for (std::size_t at = 0; at < count; at += chunk_size) {
        encode_rows(top, rows, col, at, (std::min)(chunk_size, count - at), found);
      }
    }
  }

 private:
  /// The largest magnitude in each block over some columns, as bits.
  void find_amaxes(std::size_t top, std::size_t rows, std::size_t col, std::size_t count,
                   std::uint32_t* amax) const {
    std::fill_n(amax, spans_.blocks_in(count), std::uint32_t{0});
    const float* const from = in_.row(top) + col;
    alignas(64) std::uint32_t maxima[chunk_size];
    const auto one_row = [&](std::size_t at, std::size_t n) {
      if (rows == 1) return from + at;
      kernels::column_maxima(level_, from + at, in_.stride, rows, n, maxima);
      return reinterpret_cast<const float*>(maxima);
    };
    const std::size_t most = rows == 1 ? count : chunk_size;
    if (spans_.width >= count || spans_.width > chunk_size) {
      for (std::size_t left = 0; left < count; left += spans_.width, ++amax) {
        const std::size_t end = (std::min)(count, left + spans_.width);
        for (std::size_t at = left; at < end; at += most) {
          const std::size_t n = (std::min)(most, end - at);
          *amax = (std::max)(*amax, kernels::amax_array(level_, one_row(at, n), n));
        }
      }
      return;
    }
    const std::size_t blocks = most / spans_.width, step = blocks * spans_.width;
    for (std::size_t at = 0; at < count; at += step, amax += blocks) {
      const std::size_t n = (std::min)(step, count - at);
      kernels::amax_blocks(level_, one_row(at, n), n, spans_.width, amax);
    }
  }

  /// The scales of the blocks over some columns, at most max_blocks.
  void find_scales(std::size_t block_row, std::size_t top, std::size_t rows, std::size_t col,
                   std::size_t count, block_factors& found) const {
    std::uint32_t amax[max_blocks];
    const std::size_t blocks = spans_.blocks_in(count);
    find_amaxes(top, rows, col, count, amax);
    const std::size_t first_block = block_row * out_.scales_per_row + spans_.block_of(col);
    const auto block = [&](std::size_t i) {
      const std::size_t left = i * spans_.width;
      return matrix_view<const float>(in_.row(top) + col + left, rows,
                                      (std::min)(spans_.width, count - left), in_.stride);
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
        // Special elements are for the definition, and what the tensor scale makes too large.
        if (!is_finite || !scales_.can_divide(amax[i])) {
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

  /// Those from `at` on of a span that begins at `col`.
  void encode_rows(std::size_t top, std::size_t rows, std::size_t col, std::size_t at,
                   std::size_t count, const block_factors& blocks) const {
    alignas(64) Code codes[chunk_size];
    alignas(64) float quotients[chunk_size];
    const std::uint32_t* factors = blocks.factors;
    element_factors own;
    if (spans_.have_own_factors()) {
      own.fill(blocks.factors, spans_.width, at, count);
      factors = own.of;
    }
    for (std::size_t row = top; row < top + rows; ++row) {
      const float* const in = in_.row(row) + col + at;
      const std::size_t index = draws_.first + row * draws_.per_row + col + at;
      encode(under_tensor(in, count, quotients), index, count, factors, codes);
      if (!blocks.are_known) encode_unknown(in, index, at, count, blocks, codes);
      pack_codes(level_, codes, col + at, count, format_.element.bits(), packing{},
                 out_.codes + row * out_.row_bytes);
    }
  }

  /// What the factors of blocks are applied to.
  const float* under_tensor(const float* in, std::size_t count, float* quotients) const {
    if (!scales_.divides_twice()) return in;
    const std::uint32_t by = bits_of(tensor_.decoding);
    kernels::divide_by_group_terms(level_, {.scales = &by, .log2_group = one_block}, in, count,
                                   reinterpret_cast<std::uint32_t*>(quotients));
    return quotients;
  }

  void encode(const float* in, std::size_t index, std::size_t count, const std::uint32_t* factors,
              Code* codes) const {
    random_lanes random;
    const void* lanes = nullptr;
    if constexpr (is_random) {
      if (plan_.rounding.is_random()) {
        lanes = random.fill(level_, plan_.rounding.draw, index, count);
      }
      if constexpr (Known::allows(kernels::block_scaling::divide_to_odd) &&
                    kernels::has_known_grid<Element>) {
        if (plans_.is_wide) {
          alignas(64) std::uint64_t quotients[chunk_size];
          kernels::divide_widened(level_, factors, spans_.log2_block, in, count, quotients);
          return kernels::encode<std::uint64_t, false, true>(level_, plans_.wide, quotients, lanes,
                                                             count, codes);
        }
      }
    }
    using kernels::block_scaling;
    const auto run = [&]<block_scaling How>() {
      if constexpr (!Known::allows(How)) {
        return;
      } else if constexpr (!kernels::has_known_grid<Element>) {
        if constexpr (sizeof(Code) == 1 && How != block_scaling::exponent) {
          const bool is_exact = rule_.scaling == element_scaling::divide_exactly;
          kernels::encode_blocks<How>(level_, *plan_.thresholds, is_exact, factors,
                                      spans_.log2_block, in, count, codes);
        }
      } else {
        kernels::encode_blocks<How, is_random>(level_, plan_, factors, spans_.log2_block, in, lanes,
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

  void encode_unknown(const float* in, std::size_t index, std::size_t at, std::size_t count,
                      const block_factors& blocks, Code* codes) const {
    for (std::size_t i = 0; i < count;) {
      const std::size_t b = (at + i) / spans_.width;
      const std::size_t end = (std::min)(count, (b + 1) * spans_.width - at);
      if (blocks.factors[b] == unknown_factor) {
        const element_encoder<format_type> encoder(format_, rule_, blocks.scale_codes[b], tensor_);
        for (; i < end; ++i) {
          codes[i] = static_cast<Code>(encoder(in[i], lowp::at(mode_, index + i)));
        }
      }
      i = end;
    }
  }

  isa level_;
  format_type format_;
  const rule_view<format_type>& rule_;
  const element_plans& plans_;
  const kernels::encode_plan<std::uint32_t> plan_;
  const block_scales<Element, Scale>& scales_;
  matrix_view<const float> in_;
  tensor_scale tensor_;
  R mode_;
  draw_order draws_;
  std::size_t first_index_;  // of the job's first block in the grid of the whole result
  block_storage out_;
  std::size_t block_rows_;
  block_spans spans_;
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

/// Signs of zeros as a rule has them.
template <class Word, class Format>
void apply_zeros(const rule_view<Format>& rule, kernels::encode_plan<Word>& plan) {
  if (!rule.keeps_negative_zero && plan.output.has_negative_zero) {
    plan.output.has_negative_zero = false;
    plan.fast.how = kernels::method::general;
  }
  // Lanes give all zeros their sign or none.
  if (rule.keeps_negative_zero && rule.zeros_are_positive && plan.output.has_negative_zero) {
    plan.is_supported = false;
  }
}

/// The plans of elements; `kept` owns what they refer to.
template <number_format Element, number_format Scale, rounding_mode R>
[[nodiscard]] element_plans plans_of_elements(
    const scaled_blocks<Element, Scale>& f, const rule_view<scaled_blocks<Element, Scale>>& rule,
    const R& mode, std::size_t count,
    [[maybe_unused]] lowp::detail::shared<kernels::block_thresholds>& kept) {
  element_plans plans{code_plan_of(f.element, mode, overflow::saturate, missing_nan::largest)};
  auto& plan = plans.narrow;
  const int bits = plan.grid.mantissa_bits + plan.rounding.extra_bits;
  // A quotient rounded to odd in binary32 may be rounded once more, to two bits less.
  const bool is_quotient = rule.scaling == element_scaling::divide_exactly && !rule.is_power_of_two;
  const bool is_long = bits > 21 || plan.rounding.draws_words;
  if (is_quotient && is_long) {
    plan.is_supported = false;
    if constexpr (!is_fixed_addend<R> && kernels::has_known_grid<Element>) {
      plans.wide = kernels::make_encode_plan<std::uint64_t>(f.element, mode, overflow::saturate,
                                                            missing_nan::largest, false);
      apply_zeros(rule, plans.wide);
      plans.is_wide = plans.wide.is_supported && plan.grid.is_supported &&
                      plans.wide.rounding.is_random() &&
                      plans.wide.grid.mantissa_bits + plans.wide.rounding.extra_bits <= 50;
      plan.is_supported = plans.is_wide;
    }
  }
  // What overflows in binary32 is above all elements, unless these reach further.
  if (!plans.is_wide && largest_value(f.element).exponent > 127) plan.is_supported = false;
  apply_zeros(rule, plan);
  if constexpr (!kernels::has_known_grid<Element>) {
    const bool rounds = rule.scaling != element_scaling::divide_exactly;
    kept = find_block_thresholds(f.element, mode, count);
    plan.thresholds = kept.get();
    plan.is_supported = plan.thresholds && rule.keeps_negative_zero && !rule.zeros_are_positive &&
                        (rounds || plan.thresholds->can_divide(rule.is_power_of_two));
  }
  return plans;
}

/// Whether elements with factors of their own can be encoded: steps of a format that lies on no
/// grid are moved block by block.
template <class Format>
[[nodiscard]] bool can_take_own_factors(const kernels::encode_plan<std::uint32_t>& plan,
                                        const rule_view<Format>& rule) {
  if (plan.thresholds == nullptr || rule.scaling != element_scaling::divide_exactly) return true;
  return rule.is_power_of_two ? plan.thresholds->is_normal : plan.thresholds->is_odd_safe;
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
  if (!has_kernels) return false;
  lowp::detail::shared<kernels::block_thresholds> kept;
  const auto plans = plans_of_elements(f, rule, mode, in.rows * in.cols, kept);
  const auto& plan = plans.narrow;
  if (!plan.is_supported || f.element.bits() > 16) return false;
  const bool may_have_own_factors = can_take_own_factors(plan, rule);
  if (is_one_row(in.cols, in.stride, f.shape, f.element.bits(), may_have_own_factors)) {
    out.row_bytes *= in.rows;
    out.scales_per_row *= in.rows;
    in = matrix_view<const float>(in.data, in.rows == 0 ? 0 : 1, in.rows * in.cols);
  }
  const std::size_t block_rows = f.block_rows(in.rows);
  const block_spans spans(f.block_cols(in.cols), in.cols);
  if (spans.have_own_factors() && !may_have_own_factors) return false;
  const block_scales<Element, Scale> scales(f, rule, plan, tensor);
  const auto run = [&]<class Code>() {
    const quantize_job<Known, Code, Element, Scale, R> job(how.level(), f, rule, plans, scales, in,
                                                           tensor, mode, {0, in.cols}, 0, out);
    // How long a rule looks at elements is not known.
    run_block_rows(
        scales.needs_elements() ? how : how.for_work(std::uint64_t{in.rows} * in.cols / 5),
        (in.rows + block_rows - 1) / block_rows, block_rows, in.cols, spans.size, job);
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
  const auto plans = plans_of_elements(f, rule, mode, rows * cols, kept);
  const auto& plan = plans.narrow;
  const block_spans spans(block_cols, cols);
  if (!has_kernels || !plan.is_supported || f.element.bits() > 16 ||
      (spans.have_own_factors() && !can_take_own_factors(plan, rule))) {
    return false;
  }
  // Whole lines of some rows of `in` are read; the rows of the window start in different sets of
  // the cache.
  const std::size_t height = (64 + block_rows - 1) / block_rows * block_rows;
  const std::size_t width = (std::min)(cols, spans.size);
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
          how.level(), f, rule, plans, scales, matrix_view<const float>(window, n, count, stride),
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
