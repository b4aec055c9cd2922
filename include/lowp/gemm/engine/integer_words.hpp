// SPDX-License-Identifier: MIT
// The rows of operands of integers as words of 8- or 16-bit integers, and how K is laid out in them
// (int32_sums).
//
// Sums of bytes run over x u, where x = q_a - c_a is signed (c = 128 for unsigned bytes, else 0)
// and u = q_b - c_b + o has the offset o that instructions want, 128 or 0 (row_byte_offset). With
// z' = z - c and w = o + z_b',
//   sum (q_a - z_a)(q_b - z_b) = sum x u - w sum x - z_a' (sum u - n w)
// modulo 2^32, and exactly where the left side fits 32 bits. Sums of 16-bit integers run over the
// differences themselves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// How K is laid out: in spans, none of which reaches over the end of a piece or of a chunk.
class sum_plan {
 public:
  using tile = kernels::integer_sum_tile;

  /// `chunk` is that of int32_sums.
  sum_plan(int chunk, const coded_integers& a, const coded_integers& b, bool bytes)
      : are_bytes_(bytes), has_zeros_(bytes && (a.has_zeros() || b.has_zeros())) {
    const std::size_t per_word = bytes ? 4 : 2;
    product_terms terms{.depth = a.cols, .a = {}, .b = {}, .start = 0};
    terms.a.group = a.group_cols;
    terms.b.group = b.group_cols;
    terms.for_each_piece(chunk, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end;) {
        if (words_ % tile::max_words == 0) chunks_.push_back(spans_.size());
        are_aligned_ = are_aligned_ && k % kernels::integer_dots::alignment == 0;
        const std::size_t room = tile::max_words - words_ % tile::max_words;
        const std::size_t count = (std::min)(end - k, room * per_word);
        const std::size_t words = round_up((count + per_word - 1) / per_word, tile::unit);
        spans_.push_back({words, k == begin, k + count == end});
        parts_.push_back({k, count, words_ * 4});
        words_ += words;
        k += count;
      }
    });
    chunks_.push_back(spans_.size());
  }

  using part = kernels::integer_dots::part;
  [[nodiscard]] bool are_bytes() const { return are_bytes_; }
  [[nodiscard]] bool has_zeros() const { return has_zeros_; }
  /// Whether integer_dots takes the spans.
  [[nodiscard]] bool are_aligned() const { return are_aligned_; }
  [[nodiscard]] std::size_t words() const { return words_; }
  /// The first span of a chunk, given by its first word, and the one after the last.
  [[nodiscard]] std::size_t first_span(std::size_t word) const {
    return chunks_[word / tile::max_words];
  }
  [[nodiscard]] std::size_t end_span(std::size_t word) const {
    return chunks_[word / tile::max_words + 1];
  }
  [[nodiscard]] std::size_t span_count() const { return spans_.size(); }
  [[nodiscard]] const tile::span* span(std::size_t i) const { return spans_.data() + i; }
  /// What a span holds of K.
  [[nodiscard]] const part& part_of(std::size_t i) const { return parts_[i]; }
  /// For each span the group that holds it, of those side by side.
  [[nodiscard]] std::vector<std::size_t> groups_of(const coded_integers& x) const {
    std::vector<std::size_t> groups;
    for (const part& p : parts_) groups.push_back(p.first / x.group_cols);
    return groups;
  }

 private:
  bool are_bytes_, has_zeros_, are_aligned_ = true;
  std::size_t words_ = 0;
  std::vector<tile::span> spans_;
  std::vector<part> parts_;
  std::vector<std::size_t> chunks_;
};

/// The rows of an operand in words.
struct word_rows {
  const coded_integers& integers;
  const sum_plan& plan;
  bool are_summed;  ///< whether the other operand has zero points
  std::vector<std::size_t> groups = plan.groups_of(integers);

  using tile = kernels::integer_sum_tile;

  /// The scales and zero points of a row.
  struct constants {
    const float* scales;
    float scale_of_all;
    const std::int32_t* zeros;
    const std::size_t* groups;
    [[nodiscard]] float scale(std::size_t span) const {
      return scales == nullptr ? scale_of_all : scales[groups[span]];
    }
    [[nodiscard]] std::int32_t zero(std::size_t span) const {
      return zeros == nullptr ? 0 : zeros[groups[span]];
    }
  };
  [[nodiscard]] constants of_row(std::size_t row) const {
    const std::size_t first = row / integers.group_rows * integers.groups_per_row;
    return {integers.scales == nullptr ? nullptr : integers.scales + first, integers.scale_of_all,
            integers.zeros == nullptr ? nullptr : integers.zeros + first, groups.data()};
  }

  [[nodiscard]] std::size_t rows() const { return integers.rows; }
  [[nodiscard]] std::size_t cols() const { return plan.words(); }
  [[nodiscard]] row_memory memory() const {
    const std::size_t per_word = plan.are_bytes() ? 4 : 2;
    return {integers.codes, static_cast<std::size_t>(integers.row_bytes),
            bits_per_code(integers.order, integers.format.bits()) * per_word};
  }

  /// The words of a chunk of a row, in bytes with `offset` added to x.
  void load(isa level, std::size_t row, std::size_t word, std::uint8_t offset,
            std::uint32_t* out) const {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(out);
    if (plan.are_bytes()) {
      load_bytes(level, row, word, offset, bytes);
    } else if (integers.format.bits() <= 8) {
      load_differences<std::uint8_t>(level, row, word, bytes);
    } else {
      load_differences<std::uint16_t>(level, row, word, bytes);
    }
  }

 private:
  /// The codes of a chunk, from a place where they can be unpacked.
  struct chunk {
    std::size_t begin, end;    ///< spans
    std::size_t first, count;  ///< codes of a row
    chunk(const sum_plan& plan, std::size_t word)
        : begin(plan.first_span(word)), end(plan.end_span(word)) {
      const sum_plan::part& last = plan.part_of(end - 1);
      first = plan.part_of(begin).first / slack * slack;
      count = last.first + last.count - first;
    }
    static constexpr std::size_t slack = 8;  ///< less than so many before the first span
  };
  [[nodiscard]] const std::uint8_t* codes_of(std::size_t row) const {
    return integers.codes + static_cast<std::ptrdiff_t>(row) * integers.row_bytes;
  }

  void load_bytes(isa level, std::size_t row, std::size_t word, std::uint8_t offset,
                  std::uint8_t* out) const {
    const chunk c(plan, word);
    const int bits = integers.format.bits(), sign = integers.sign();
    const auto bias = static_cast<std::uint8_t>(offset - sign - integers.center());
    alignas(64) std::uint8_t unpacked[tile::max_words * 4 + chunk::slack];
    const std::uint8_t* codes = codes_of(row) + c.first;
    if (!is_array_of<std::uint8_t>(integers.order, bits)) {
      unpack_codes(level, codes_of(row), c.first, c.count, bits, integers.order, unpacked);
      codes = unpacked;
    }
    if (integers.has_table) {  // whose zeros go on to a multiple of 64
      alignas(64) std::uint8_t values[tile::max_words * 4 + 64];
      for (std::size_t i = c.begin; i < c.end; ++i) {
        const sum_plan::part& part = plan.part_of(i);
        kernels::integers_of_codes(integers.table, offset, codes + (part.first - c.first),
                                   part.count, values);
        std::memcpy(out, values, plan.span(i)->words * 4);
        out += plan.span(i)->words * 4;
      }
      return;
    }
    for (std::size_t i = c.begin; i < c.end; ++i) {
      const sum_plan::part& part = plan.part_of(i);
      kernels::offset_codes(codes + (part.first - c.first), part.count,
                            static_cast<std::uint8_t>(sign), bias, out);
      out += plan.span(i)->words * 4;
    }
  }

  template <class Code>
  void load_differences(isa level, std::size_t row, std::size_t word, std::uint8_t* out) const {
    // Converted in groups, which compilers make vectors of.
    constexpr std::size_t most = tile::max_words * 2, group = 32;
    alignas(64) Code codes[most + chunk::slack + group];
    alignas(64) std::uint16_t values[most + group];
    const chunk c(plan, word);
    const constants of = of_row(row);
    const int sign = integers.sign();
    unpack_codes(level, codes_of(row), c.first, c.count, integers.format.bits(), integers.order,
                 codes);
    std::uint16_t* to = values;
    for (std::size_t i = c.begin; i < c.end; ++i) {
      const sum_plan::part& part = plan.part_of(i);
      const Code* const from = codes + (part.first - c.first);
      const std::int32_t zero = of.zero(i);
      for (std::size_t k = 0; integers.has_table && k < part.count; ++k) {
        const std::uint8_t integer = integers.table.table[from[k] % sizeof integers.table.table];
        to[k] = static_cast<std::uint16_t>(static_cast<std::int8_t>(integer) - zero);
      }
      for (std::size_t k = 0; !integers.has_table && k < part.count; k += group) {
        for (std::size_t j = 0; j < group; ++j) {
          to[k + j] = static_cast<std::uint16_t>((from[k + j] ^ sign) - sign - zero);
        }
      }
      const std::size_t padded = plan.span(i)->words * 2;
      std::fill(to + part.count, to + padded, std::uint16_t{0});
      to += padded;
    }
    std::memcpy(out, values, static_cast<std::size_t>(to - values) * sizeof *values);
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
