// SPDX-License-Identifier: MIT
// integer_block_sums by kernels: 16 rows of one operand at a time are read where they lie, become
// panels of integers in lanes, and are multiplied by all rows of the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/block_reader.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/row_memory.hpp"
#include "lowp/gemm/policies/integer_blocks.hpp"
#include "lowp/kernels/products/block_tiles.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How K is cut for a product of two operands.
struct block_plan {
  static constexpr std::size_t chunk = 512;  ///< columns of a panel
  std::size_t depth = 0, group = 0, piece = 0;
  const char* obstacle = nullptr;

  /// Of `lanes`, which may have integer levels and offsets, and `rows`, which have not.
  block_plan(const block_facts& lanes, const block_facts& rows) : depth(lanes.cols) {
    const auto is_multiple = [](std::size_t x, std::size_t of) {
      return x == block_row::all || x % of == 0;
    };
    obstacle = why(lanes, rows);
    if (obstacle != nullptr) return;
    piece = (std::min)(lanes.block, rows.block);
    const bool has_groups = lanes.has_groups();
    group = has_groups ? (std::min)(piece, lanes.group) : piece;
    if (group > chunk || chunk % piece != 0 || piece % group != 0 || group % 16 != 0) {
      obstacle = "scales are not for 16 to 512 columns, a power of two";
    } else if (!is_multiple(lanes.block, piece) || !is_multiple(rows.block, piece) ||
               (has_groups && (lanes.group % group != 0 || chunk % lanes.group != 0)) ||
               (lanes.has_offsets && lanes.shift_block != lanes.block)) {
      obstacle = "blocks of operands, of integers and of offsets end at different places";
    } else if (!fits(lanes, rows)) {
      obstacle = "a sum might leave 32 bits";
    }
  }
  [[nodiscard]] std::size_t pieces() const { return (depth + piece - 1) / piece; }
  [[nodiscard]] std::size_t groups() const { return pieces() * (piece / group); }

 private:
  [[nodiscard]] static const char* why(const block_facts& lanes, const block_facts& rows) {
    if (!has_kernels) return "there are no kernels";
    if (lanes.obstacle != nullptr) return lanes.obstacle;
    if (rows.obstacle != nullptr) return rows.obstacle;
    if (rows.factors.exists || rows.has_offsets) return "both operands have levels or offsets";
    if (rows.elements.lowest < -128 || rows.elements.highest > 127) {
      return "elements of the operand without levels are no bytes with a sign";
    }
    return nullptr;
  }
  [[nodiscard]] bool fits(const block_facts& lanes, const block_facts& rows) const {
    constexpr auto most = static_cast<double>(0x7FFFFFFF);
    const auto largest = [](const integer_leaf& x) {
      return x.exists ? static_cast<double>(x.largest()) : 1.0;
    };
    const double of_rows = largest(rows.elements) * static_cast<double>(piece);
    const double reach = static_cast<double>(lanes.elements.highest - lanes.elements.lowest);
    return of_rows * largest(lanes.elements) * largest(lanes.factors) <= most &&
           of_rows * largest(lanes.minima) <= most && of_rows * reach <= most;
  }
};

/// All of the operand in rows: words of integers, sums of groups, scales of pieces.
class block_row_words {
 public:
  block_row_words(isa level, const block_reader& from, const block_plan& plan, std::int64_t lowest)
      : per_word_(kernels::has_block_fours(level) ? 4 : 2),
        words_(round_up(plan.groups() * plan.group, block_plan::chunk) / per_word_),
        groups_(plan.groups()),
        pieces_(plan.pieces()),
        integers_(make_aligned<std::uint32_t>(from.rows * words_)),
        starts_(make_aligned<std::int32_t>(from.rows * groups_)),
        sums_(make_aligned<std::int32_t>(from.rows * groups_)),
        scales_(make_aligned<float>(from.rows * pieces_)) {
    constexpr std::size_t most = 512;
    std::memset(integers_.get(), 0, from.rows * words_ * sizeof(std::uint32_t));
    std::memset(sums_.get(), 0, from.rows * groups_ * sizeof(std::int32_t));
    for (std::size_t row = 0; row < from.rows; ++row) {
      auto* const bytes = reinterpret_cast<std::uint8_t*>(integers_.get() + row * words_);
      for (std::size_t k = 0; k < plan.depth; k += most) {
        std::uint8_t codes[most];
        const std::size_t n = (std::min)(most, plan.depth - k);
        from.codes(0, row, k, n, codes);
        for (std::size_t begin = 0; begin < n; begin += plan.group) {
          const std::size_t end = (std::min)(n, begin + plan.group);
          std::int32_t sum = 0;
          for (std::size_t i = begin; i < end; ++i) {
            const std::int32_t x = from.elements.integers[codes[i]];
            sum += x;
            if (per_word_ == 4) {
              bytes[k + i] = static_cast<std::uint8_t>(x);
            } else {
              const auto word = static_cast<std::int16_t>(x);
              std::memcpy(bytes + 2 * (k + i), &word, sizeof word);
            }
          }
          sums_[row * groups_ + (k + begin) / plan.group] = sum;
        }
      }
    }
    for (std::size_t i = 0; i < from.rows * groups_; ++i) {
      starts_[i] = sums_[i] * static_cast<std::int32_t>(lowest);
    }
    find_scales(level, from, plan);
  }
  void describe(std::size_t row, std::size_t piece, const block_plan& plan,
                kernels::block_tile& t) const {
    const std::size_t first = piece * (plan.piece / plan.group);
    t.rows = integers_.get() + row * words_ + piece * plan.piece / per_word_;
    t.row_starts = starts_.get() + row * groups_ + first;
    t.row_sums = sums_.get() + row * groups_ + first;
    t.row_scales = scales_.get() + row * pieces_ + piece;
    t.row_words = words_;
    t.row_groups = groups_;
    t.row_pieces = pieces_;
  }

 private:
  void find_scales(isa level, const block_reader& from, const block_plan& plan) {
    constexpr std::size_t most = 64, width = block_reader::width;
    alignas(64) float some[most * width];
    const std::size_t blocks = from.block == block_row::all ? 1 : (plan.depth - 1) / from.block + 1;
    for (std::size_t row = 0; row < from.rows; row += width) {
      for (std::size_t first = 0; first < blocks; first += most) {
        const std::size_t n = (std::min)(most, blocks - first);
        from.scales(level, block_reader::kind::blocks, row, first, n, some);
        for (std::size_t r = 0; r < width && row + r < from.rows; ++r) {
          for (std::size_t piece = 0; piece < pieces_; ++piece) {
            const std::size_t at = piece * plan.piece / from.block;
            if (at < first || at >= first + n) continue;
            scales_[(row + r) * pieces_ + piece] = some[(at - first) * width + r];
          }
        }
      }
    }
  }

  std::size_t per_word_, words_, groups_, pieces_;
  aligned_array<std::uint32_t> integers_;
  aligned_array<std::int32_t> starts_, sums_;
  aligned_array<float> scales_;
};

/// How the codes of an operand are gathered.
struct block_steps {
  code_steps elements{}, factors{}, minima{};

  block_steps(isa level, const block_reader& from) {
    if (!kernels::has_code_places(level)) return;
    elements = from.steps(from.elements);
    if (from.factors.exists) factors = from.steps(from.factors);
    if (from.minima.exists) minima = from.steps(from.minima);
  }
};

/// The panel of a chunk of 16 rows.
class block_panel {
  static constexpr std::size_t width = block_reader::width, chunk = block_plan::chunk,
                               size = kernels::code_places::size;

 public:
  block_panel(isa level, const block_reader& from, const block_plan& plan, const block_steps& steps)
      : level_(level), from_(from), plan_(plan), steps_(steps) {}

  [[nodiscard]] const block_facts& facts() const { return from_; }
  [[nodiscard]] std::size_t columns(std::size_t) const { return chunk; }
  [[nodiscard]] std::size_t strips(std::size_t) const { return 1; }
  /// Columns `first` … of rows `row` … row + 15, less beyond the last.
  void describe(std::size_t row, std::size_t first, std::size_t, kernels::block_tile& t) {
    const std::size_t count = (std::min)(width, from_.rows - row),
                      cols = (std::min)(chunk, plan_.depth - first);
    bring_nearer(row, count, first);
    load_elements(row, count, first, cols);
    load_integers(from_.factors, steps_.factors, row, count, first, cols, factors_);
    load_integers(from_.minima, steps_.minima, row, count, first, cols, minima_);
    load_scales(row, first, cols);
    t.lanes = words_;
    if (from_.factors.exists) t.factors = factors_;
    if (from_.minima.exists) t.minima = minima_;
    t.lane_scales = scales_;
    t.minimum_scales = minimum_scales_;
  }

 private:
  /// What is described next, if it is gathered: 16 rows at a time are too many for the processor to
  /// see that each is read in order.
  void bring_nearer(std::size_t row, std::size_t count, std::size_t first) const {
    const code_steps& steps = steps_.elements;
    if (steps.codes == 0) return;
    const std::uint8_t* const begin = from_.row_bytes(0, 0);
    const std::size_t row_bytes =
        from_.rows > 1 ? static_cast<std::size_t>(from_.row_bytes(0, 1) - begin) : 0;
    const row_memory memory{begin, row_bytes, 8 * steps.bytes};
    std::size_t from = first + chunk;
    if (from >= plan_.depth) {
      from = 0;
      row += count;
      count = (std::min)(width, from_.rows - row);
    }
    const std::size_t cols = (std::min)(chunk, plan_.depth - from);
    for (std::size_t r = 0; r < count; ++r) {
      memory.prefetch(row + r, from / steps.codes, round_up(cols, steps.codes) / steps.codes);
    }
  }
  /// Codes of a leaf in columns of `count` rows, less the lowest, `cols_per_code` columns each: of
  /// row r from out + r * stride on. False, and nothing done, where they are not gathered.
  [[nodiscard]] bool gather(const integer_leaf& leaf, const code_steps& steps, std::size_t row,
                            std::size_t count, std::size_t first, std::size_t cols,
                            std::size_t cols_per_code, std::uint8_t* out, std::size_t stride) {
    const std::size_t unit = steps.codes * cols_per_code;
    if (steps.steps.empty() || chunk % unit != 0) return false;
    const std::size_t repeats = (cols - 1) / unit + 1,
                      reach = (repeats - 1) * steps.bytes + steps.reach;
    if (reach > code_steps::most_reach) return false;
    const std::uint8_t* rows[width];
    const std::uint8_t* const end = from_.end();
    for (std::size_t r = count; r-- > 0;) {
      rows[r] = from_.row_bytes(leaf.leaf, row + r) + first / unit * steps.bytes;
      const auto left = static_cast<std::size_t>(end - rows[r]);
      if (left >= reach) continue;
      std::memset(padded_[r], 0, reach);
      std::memcpy(padded_[r], rows[r], left);
      rows[r] = padded_[r];
    }
    for (std::size_t i = 0; i < steps.steps.size(); ++i) {
      kernels::gather_codes(
          steps.steps[i], {rows, count, repeats, steps.bytes, out + i * size, stride, steps.codes});
    }
    return true;
  }
  void load_elements(std::size_t row, std::size_t count, std::size_t first, std::size_t cols) {
    if (!gather(from_.elements, steps_.elements, row, count, first, cols, 1, bytes_, chunk)) {
      for (std::size_t r = 0; r < count; ++r) {
        std::uint8_t codes[chunk];
        from_.codes(0, row + r, first, cols, codes);
        for (std::size_t i = 0; i < cols; ++i) {
          bytes_[r * chunk + i] = from_.elements.bytes[codes[i]];
        }
      }
    }
    kernels::transpose(level_, bytes_, chunk / 4, round_up((cols + 3) / 4, 16), words_, width);
  }
  /// Integers of groups, [group][16].
  void load_integers(const integer_leaf& leaf, const code_steps& steps, std::size_t row,
                     std::size_t count, std::size_t first, std::size_t cols, std::uint8_t* out) {
    if (!leaf.exists) return;
    const std::size_t per_code = from_.group / plan_.group;
    const auto spread = [&](std::size_t at, std::size_t n, const std::uint8_t* codes,
                            std::size_t stride) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t copy = 0; copy < per_code; ++copy) {
          std::uint8_t* const to = out + ((at + i) * per_code + copy) * width;
          for (std::size_t r = 0; r < width; ++r) to[r] = codes[r * stride + i];
        }
      }
    };
    const std::size_t begin = first / from_.group, n = (cols + from_.group - 1) / from_.group;
    if (gather(leaf, steps, row, count, first, cols, from_.group, codes_, code_stride)) {
      return spread(0, n, codes_, code_stride);
    }
    for (std::size_t r = 0; r < count; ++r) {
      std::uint8_t* const codes = codes_ + r * code_stride;
      from_.codes(leaf.leaf, row + r, begin, n, codes);
      for (std::size_t i = 0; i < n; ++i) codes[i] = leaf.bytes[codes[i]];
    }
    spread(0, n, codes_, code_stride);
  }
  void load_scales(std::size_t row, std::size_t first, std::size_t cols) {
    using kind = block_reader::kind;
    const auto load = [&](kind of, float* out) {
      const std::size_t block = from_.block, begin = first / block;
      const std::size_t end = (first + cols - 1) / block + 1;
      from_.scales(level_, of, row, begin, end - begin, out);
      for (std::size_t i = (cols - 1) / plan_.piece + 1; block != plan_.piece && i-- > 0;) {
        const std::size_t at = (first + i * plan_.piece) / block - begin;
        std::copy_n(out + at * width, width, out + i * width);
      }
    };
    load(kind::blocks, scales_);
    if (from_.has_offsets) load(kind::offsets, minimum_scales_);
  }

  /// Steps write whole vectors, the next one over what is too much of the one before.
  static constexpr std::size_t most_groups = chunk / 16, code_stride = most_groups + size;
  isa level_;
  const block_reader& from_;
  const block_plan& plan_;
  const block_steps& steps_;
  alignas(64) std::uint8_t bytes_[chunk * width] = {};
  alignas(64) std::uint32_t words_[chunk / 4 * width];
  alignas(64) std::uint8_t codes_[code_stride * width] = {}, padded_[width][code_steps::most_reach];
  alignas(64) std::uint8_t factors_[most_groups * width] = {}, minima_[most_groups * width] = {};
  alignas(64) float scales_[most_groups * width], minimum_scales_[most_groups * width];
};

/// store(lane, count, row, sums) for the sums of the products of rows lane … lane + count - 1 of an
/// operand in lanes and one of `rows`. make() makes what has the lanes: facts(), columns(rows) and
/// strips(rows), of 16 rows, at a time, and describe(lane, column, columns, tile).
template <class Make, class Store>
void multiply_integer_blocks(const block_facts& facts, const Make& make, const block_reader& rows,
                             const block_plan& plan, kernels::block_tile::order order,
                             const execution& how, const Store& store) {
  constexpr std::size_t width = block_facts::width, most_strips = 4;
  const isa level = how.level();
  const block_row_words words = [&] {
    const default_float_environment environment;  // scales are multiplied by powers of two
    return block_row_words(level, rows, plan, facts.elements.lowest);
  }();
  const std::size_t strips = (facts.rows + width - 1) / width;
  const equal_parts parts(strips, part_rows(strips, most_strips, how), 1);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    const auto lanes = make();
    const std::size_t chunk = lanes->columns(rows.rows), most = lanes->strips(rows.rows);
    const auto totals = make_aligned<float>(most * rows.rows * width);
    for (std::size_t strip = parts.begin(part); strip < parts.end(part); strip += most) {
      const std::size_t lane = strip * width, some = (std::min)(most, parts.end(part) - strip);
      std::fill(totals.get(), totals.get() + some * rows.rows * width, 0.0f);
      for (std::size_t k = 0; k < plan.depth; k += chunk) {
        const std::size_t cols = (std::min)(chunk, plan.depth - k);
        kernels::block_tile t;
        t.row_count = rows.rows;
        t.piece_count = (cols - 1) / plan.piece + 1;
        t.groups_per_piece = plan.piece / plan.group;
        t.group = plan.group;
        t.has_minima = facts.has_offsets;
        t.lowest_factor = static_cast<std::int32_t>(facts.factors.lowest);
        t.lowest_minimum = static_cast<std::int32_t>(facts.minima.lowest);
        t.scales = order;
        t.totals = totals.get();
        t.strip_count = some;
        t.strip_totals = rows.rows * width;
        lanes->describe(lane, k, cols, t);
        words.describe(0, k / plan.piece, plan, t);
        kernels::multiply(level, t);
      }
      for (std::size_t i = 0; i < some; ++i) {
        const std::size_t first = lane + i * width, count = (std::min)(width, facts.rows - first);
        for (std::size_t row = 0; row < rows.rows; ++row) {
          store(first, count, row, totals.get() + (i * rows.rows + row) * width);
        }
      }
    }
  };
  how.run(parts.count(), task(run));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
