// SPDX-License-Identifier: MIT
// Products under accumulation::integers by kernels: integers of 8 or 16 bits, a scale and a zero
// point for each span of K.
//
// Sums of bytes run over x u, where x = q_a - c_a is signed (c = 128 for unsigned bytes, else 0)
// and u = q_b - c_b + 128 is not, as instructions want them. With z' = z - c and w = 128 + z_b',
//   sum (q_a - z_a)(q_b - z_b) = sum x u - w sum x - z_a' (sum u - n w)
// modulo 2^32, and exactly where the left side fits 32 bits. Sums of 16-bit integers run over the
// differences themselves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/gemm/definition/integers.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Codes that are integers in binary, in two's complement if they are signed.
struct integer_format {
  int total_bits = 0;
  bool is_signed = true;
  [[nodiscard]] int bits() const { return total_bits; }
};

/// An operand of integers: their codes, and a scale and a zero point for each group.
struct coded_integers {
  std::size_t rows = 0, cols = 0;
  const std::uint8_t* codes = nullptr;
  std::size_t row_bytes = 0;
  integer_format format{};
  packing order{};
  std::size_t group_rows = 1, group_cols = 1, groups_per_row = 1;
  const float* scales = nullptr;  ///< or null, for one scale of all elements:
  float scale_of_all = 1;
  const std::int32_t* zeros = nullptr;  ///< or null, for none

  /// c above.
  [[nodiscard]] int center() const { return !format.is_signed && format.bits() == 8 ? 128 : 0; }
  /// Whether z' may differ from zero.
  [[nodiscard]] bool has_zeros() const { return zeros != nullptr || center() != 0; }
  /// What codes differ from q - lowest in.
  [[nodiscard]] int sign() const { return format.is_signed ? 1 << (format.bits() - 1) : 0; }
};

template <class X>
[[nodiscard]] coded_integers coded_integers_of(const X& x, const void* codes, std::size_t row_bytes,
                                               packing order) {
  coded_integers out{
      .rows = lowp::detail::operand_rows(x),
      .cols = lowp::detail::operand_cols(x),
      .codes = static_cast<const std::uint8_t*>(codes),
      .row_bytes = row_bytes,
      .format = {lowp::detail::element_of<X>::format.bits(),
                 lowp::detail::element_integers<X>.code == integer_code::twos_complement},
      .order = order,
      .group_cols = lowp::detail::integer_group(x)};
  out.scale_of_all = lowp::detail::integer_scale<X>(unpack(1.0f));
  return out;
}
/// Calls use(coded_integers) for an operand.
template <class T, class Use>
void with_integers(const matrix_view<T>& x, const Use& use) {
  constexpr packing one_each{.container_bits = 8 * static_cast<int>(sizeof(T))};
  use(coded_integers_of(x, x.data, x.stride * sizeof(T), one_each));
}
template <auto F, packing P, class Use>
void with_integers(const packed_matrix_view<F, P>& x, const Use& use) {
  use(coded_integers_of(x, x.row(0), x.row_bytes(), P));
}
template <auto F, packing P, class Use>
void with_integers(const affine_matrix_view<F, P>& x, const Use& use) {
  coded_integers out = coded_integers_of(x, x.row(0), x.row_bytes(), P);
  out.group_rows = x.group_rows();
  out.groups_per_row = x.groups_per_row();
  if (!x.scales().empty()) out.scales = x.scales().data();
  if (!x.zeros().empty()) out.zeros = x.zeros().data();
  use(out);
}
template <auto B, class Use>
void with_integers(const block_matrix<B>& x, const Use& use) {
  static constexpr auto format = block_matrix<B>::format;
  coded_integers out = coded_integers_of(
      x, x.codes().data(), packed_bytes(x.cols(), format.element.bits()), packings::low_first);
  out.group_rows = x.block_rows();
  out.groups_per_row = x.block_col_count();
  const auto scale_of = [](code_t code) {
    return lowp::detail::integer_scale<block_matrix<B>>(decode(format.scale, code));
  };
  std::vector<float> of_code;
  for (code_t i = 0; format.scale.bits() <= 8 && i < code_t{1} << format.scale.bits(); ++i) {
    of_code.push_back(scale_of(i));
  }
  std::vector<float> scales;
  scales.reserve(x.block_row_count() * x.block_col_count());
  for (std::size_t row = 0; row < x.block_row_count(); ++row) {
    for (std::size_t col = 0; col < x.block_col_count(); ++col) {
      const code_t code = x.scale_code(row, col);
      scales.push_back(of_code.empty() ? scale_of(code) : of_code[code]);
    }
  }
  out.scales = scales.data();
  use(out);
}

/// How K is laid out: in spans, none of which reaches over the end of a piece or of a chunk.
class sum_plan {
 public:
  using tile = kernels::integer_sum_tile;

  sum_plan(const gemm_policy& p, const coded_integers& a, const coded_integers& b, bool bytes)
      : are_bytes_(bytes), has_zeros_(bytes && (a.has_zeros() || b.has_zeros())) {
    const std::size_t per_word = bytes ? 4 : 2;
    lowp::detail::for_each_piece(
        a.cols, a.group_cols, b.group_cols, p.chunk, [&](std::size_t begin, std::size_t end) {
          longest_piece_ = std::max(longest_piece_, end - begin);
          for (std::size_t k = begin; k < end;) {
            if (words_ % tile::max_words == 0) chunks_.push_back(spans_.size());
            are_aligned_ = are_aligned_ && k % kernels::integer_dots::alignment == 0;
            const std::size_t room = tile::max_words - words_ % tile::max_words;
            const std::size_t count = std::min(end - k, room * per_word);
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
  [[nodiscard]] std::size_t longest_piece() const { return longest_piece_; }
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
  std::size_t words_ = 0, longest_piece_ = 0;
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
    return {integers.codes, integers.row_bytes,
            bits_per_code(integers.order, integers.format.bits()) * per_word};
  }

  /// The words of a chunk of a row, in bytes with `offset` added to x.
  void load(isa level, std::size_t row, std::size_t word, std::uint8_t offset, float* out) const {
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
    return integers.codes + row * integers.row_bytes;
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
      for (std::size_t k = 0; k < part.count; k += group) {
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

/// A sum is a total, and the integers of a span that goes on. By tiles blocks have more lanes,
/// since rows are loaded for all of them.
template <bool ByTiles>
struct integer_sum_panels : panel_sums<float, 2> {
  using source = word_rows;
  using tile = kernels::integer_sum_tile;
  static constexpr std::size_t numbers_from_zero = 1;
  static constexpr std::size_t most_lanes = ByTiles ? 512 : panel_sums<float, 2>::most_lanes;
  static constexpr std::size_t most_tile_rows = ByTiles ? 32 : lane_tiles::group;
  [[nodiscard]] static std::size_t rows_per_tile(isa level) {
    return ByTiles ? most_tile_rows : kernels::rows_per_tile(level);
  }
  using session = std::conditional_t<ByTiles, kernels::tile_session<kernels::tile_registers>,
                                     panel_sums<float, 2>::session>;

  /// Rows along the lanes of vectors.
  class lanes : public lane_tiles {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count)
        : lane_tiles(level, count, from.cols(), tile::unit),
          from_(from),
          first_(first),
          words_(make_aligned<float>(size())),
          scales_(make_aligned<float>(constants(count))),
          offsets_(make_aligned<std::uint32_t>(from.plan.are_bytes() ? constants(count) : 0)),
          zeros_(make_aligned<std::uint32_t>(from.plan.has_zeros() ? constants(count) : 0)) {}

    void pack(std::size_t t) const {
      alignas(64) float rows[group * tile::row_stride];
      const std::size_t width = tile_width(t), used = used_width(t);
      for (std::size_t word = 0; word < from_.cols(); word += tile::max_words) {
        const std::size_t n = std::min(tile::max_words, from_.cols() - word);
        for (std::size_t g = 0; g < width; g += group) {
          for (std::size_t i = 0; i < group; ++i) {
            float* const row = rows + i * tile::row_stride;
            if (g + i < used) {
              from_.load(level(), first_ + tile_lane(t) + g + i, word, 0, row);
              store_constants(t, g + i, word, row);
            } else {
              std::fill(row, row + n, 0.0f);
              store_zeros(t, g + i, word);
            }
            std::fill(row + n, row + round_up(n, group), 0.0f);
          }
          transpose(t, word, n, rows, g);
        }
      }
    }
    /// The panel from a word on, for rows that are in `with` already.
    [[nodiscard]] tile at(std::size_t t, std::size_t word, tile with) const {
      const std::size_t span = constant(t, from_.plan.first_span(word));
      with.lanes = words_.get() + place(t, word);
      with.width = tile_width(t);
      with.lane_scales = scales_.get() + span;
      with.lane_offsets = from_.plan.are_bytes() ? offsets_.get() + span : nullptr;
      with.lane_zeros = from_.plan.has_zeros() ? zeros_.get() + span : nullptr;
      return with;
    }

   private:
    [[nodiscard]] std::size_t constants(std::size_t count) const {
      return round_up(count, group) * from_.plan.span_count();
    }
    [[nodiscard]] std::size_t constant(std::size_t t, std::size_t span) const {
      return tile_lane(t) * from_.plan.span_count() + span * tile_width(t);
    }
    /// The words of 16 rows, of which there may be 8 more than a multiple of 16.
    void transpose(std::size_t t, std::size_t word, std::size_t n, const float* rows,
                   std::size_t lane) const {
      float* const panel = words_.get() + place(t, word) + lane;
      const std::size_t width = tile_width(t), whole = n / group * group;
      kernels::transpose(level(), rows, tile::row_stride, whole, panel, width);
      if (whole == n) return;
      alignas(64) float last[group * group];
      kernels::transpose(level(), rows + whole, tile::row_stride, group, last, group);
      for (std::size_t k = whole; k < n; ++k) {
        std::memcpy(panel + k * width, last + (k - whole) * group, group * sizeof(float));
      }
    }
    void store_constants(std::size_t t, std::size_t lane, std::size_t word,
                         const float* words) const {
      const std::size_t row = first_ + tile_lane(t) + lane;
      const word_rows::constants of = from_.of_row(row);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
      for (std::size_t i = from_.plan.first_span(word); i < from_.plan.end_span(word); ++i) {
        const std::size_t at = constant(t, i) + lane;
        const std::size_t size = from_.plan.span(i)->words * 4;
        scales_[at] = of.scale(i);
        if (from_.plan.are_bytes()) {
          const std::uint32_t sum = kernels::sum_signed_bytes(bytes, size);
          offsets_[at] = from_.plan.has_zeros() ? 0 - sum : 0 - 128 * sum;
        }
        if (from_.plan.has_zeros()) {
          zeros_[at] = static_cast<std::uint32_t>(from_.integers.center() - of.zero(i));
        }
        bytes += size;
      }
    }
    void store_zeros(std::size_t t, std::size_t lane, std::size_t word) const {
      for (std::size_t i = from_.plan.first_span(word); i < from_.plan.end_span(word); ++i) {
        const std::size_t at = constant(t, i) + lane;
        scales_[at] = 0.0f;
        if (from_.plan.are_bytes()) offsets_[at] = 0;
        if (from_.plan.has_zeros()) zeros_[at] = 0;
      }
    }

    const source& from_;
    std::size_t first_;
    aligned_array<float> words_, scales_;
    aligned_array<std::uint32_t> offsets_, zeros_;
  };

  /// A chunk of a few rows, whose values are broadcast.
  class rows {
   public:
    void load(isa level, const source& from, std::size_t i, std::size_t row, std::size_t word,
              std::size_t) {
      const word_rows::constants of = from.of_row(row);
      float* const words = words_ + i * tile::row_stride;
      from.load(level, row, word, 0x80, words);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
      const std::size_t begin = from.plan.first_span(word), end = from.plan.end_span(word);
      for (std::size_t span = begin; span < end; ++span) {
        const std::size_t at = i * tile::max_spans + (span - begin);
        const sum_plan::part& part = from.plan.part_of(span);
        const std::size_t size = from.plan.span(span)->words * 4;
        scales_[at] = of.scale(span);
        if (from.plan.has_zeros()) {
          const auto w = static_cast<std::uint32_t>(128 + of.zero(span) - from.integers.center());
          const std::uint32_t sum = from.are_summed ? kernels::sum_unsigned_bytes(bytes, size) : 0;
          offsets_[at] = w;
          zeros_[at] = sum - static_cast<std::uint32_t>(part.count) * w;
        }
        bytes += size;
      }
      spans_ = from.plan.span(begin);
      span_count_ = end - begin;
      are_bytes_ = from.plan.are_bytes();
    }
    void multiply(const lanes& with, std::size_t t, std::size_t word, std::size_t,
                  std::size_t row_count, float* sums) const {
      tile p{};
      p.rows = words_;
      p.row_count = row_count;
      p.spans = spans_;
      p.span_count = span_count_;
      p.row_offsets = offsets_;
      p.row_zeros = zeros_;
      p.row_scales = scales_;
      p.sums = sums;
      p.rest = sums + most_lanes * most_rows;
      p = with.at(t, word, p);
      if (are_bytes_) {
        kernels::multiply_fours<ByTiles>(p);
      } else {
        kernels::multiply_pairs(with.level(), p);
      }
    }

   private:
    alignas(64) float words_[most_tile_rows * tile::row_stride];
    float scales_[most_tile_rows * tile::max_spans];
    std::uint32_t offsets_[most_tile_rows * tile::max_spans];
    std::uint32_t zeros_[most_tile_rows * tile::max_spans];
    const tile::span* spans_ = nullptr;
    std::size_t span_count_ = 0;
    bool are_bytes_ = false;
  };
};

/// Whether integer_dots reads the rows of an operand.
[[nodiscard]] inline bool are_readable(const word_rows& x) {
  const coded_integers& codes = x.integers;
  const bool are_dense = is_dense(codes.order, codes.format.bits());
  return x.plan.are_bytes() && x.plan.are_aligned() && are_dense &&
         (codes.format.bits() == 8 || (codes.format.bits() == 4 && !codes.order.is_msb_first));
}

/// A few rows as integer_dots takes them.
class few_integers {
 public:
  using dots = kernels::integer_dots;

  few_integers(isa level, const word_rows& from)
      : span_count_(from.plan.span_count()),
        stride_(from.plan.words() * 4 + dots::alignment),
        bytes_(make_aligned<std::uint8_t>((from.rows() + 1) * stride_)),
        scales_(make_aligned<float>(span_count_ * dots::most_rows)),
        sums_(make_aligned<std::uint32_t>(span_count_ * dots::most_rows)),
        zeros_(make_aligned<std::uint32_t>(span_count_ * dots::most_rows)) {
    std::fill(bytes_.get(), bytes_.get() + from.rows() * stride_, std::uint8_t{0});
    std::fill(bytes_.get() + from.rows() * stride_, bytes_.get() + (from.rows() + 1) * stride_,
              std::uint8_t{1});
    for (std::size_t row = 0; row < from.rows(); ++row) {
      std::uint8_t* const x = bytes_.get() + row * stride_;
      alignas(64) float words[sum_plan::tile::max_words];
      for (std::size_t word = 0; word < from.cols(); word += sum_plan::tile::max_words) {
        const std::size_t n = std::min(sum_plan::tile::max_words, from.cols() - word);
        from.load(level, row, word, 0, words);
        std::memcpy(x + word * 4, words, n * 4);
      }
      const word_rows::constants of = from.of_row(row);
      for (std::size_t span = 0; span < span_count_; ++span) {
        const std::size_t at = span * dots::most_rows + row;
        const std::size_t size = from.plan.span(span)->words * 4;
        scales_[at] = of.scale(span);
        sums_[at] = kernels::sum_signed_bytes(x + from.plan.part_of(span).place, size);
        zeros_[at] = static_cast<std::uint32_t>(of.zero(span) - from.integers.center());
      }
    }
  }
  /// Of the spans from one on.
  void describe(std::size_t span, dots& p) const {
    p.rows = bytes_.get();
    p.row_stride = stride_;
    p.row_sums = sums_.get() + span * dots::most_rows;
    p.row_zeros = zeros_.get() + span * dots::most_rows;
    p.row_scales = scales_.get() + span * dots::most_rows;
  }

 private:
  std::size_t span_count_, stride_;
  aligned_array<std::uint8_t> bytes_;
  aligned_array<float> scales_;
  aligned_array<std::uint32_t> sums_, zeros_;
};

/// The product of a few rows and others that are readable; a is the second factor with are_columns.
inline void multiply_few_integers(const word_rows& a, const word_rows& b, bool are_columns,
                                  const sum_sink& sink, const execution& how) {
  using dots = kernels::integer_dots;
  constexpr std::size_t group = dots::group, most_rows = 64, most_buffers = 128,
                        most_bytes = 1 << 14;
  if (a.rows() == 0) return;
  const few_integers few(how.level(), a);
  const bool has_ones = a.integers.has_zeros();
  const std::size_t row_count = a.rows() + (has_ones ? 1 : 0);
  // So many spans that the buffers, and the bytes of the few rows, stay in a cache.
  const auto end_of = [&](std::size_t span) {
    const std::size_t most = span + most_buffers / row_count, first = b.plan.part_of(span).place;
    std::size_t end = span + 1;
    while (end < std::min(most, b.plan.span_count()) &&
           (b.plan.part_of(end).place - first) * row_count < most_bytes) {
      ++end;
    }
    return end;
  };
  const equal_parts parts(b.rows(), part_rows(b.rows(), most_rows, how), group);
  const auto run = [&](std::size_t i) {
    const default_float_environment environment;
    alignas(64) float buffer[most_buffers * group * group];
    alignas(64) float totals[dots::most_rows * most_rows] = {}, rest[dots::most_rows * group];
    alignas(64) float scales[most_buffers * group] = {};
    alignas(64) std::uint32_t zeros[most_buffers * group] = {};
    begin_few(totals, most_rows, a.rows(), parts.begin(i), parts.end(i), are_columns, sink);
    for (std::size_t first = parts.begin(i); first < parts.end(i); first += group) {
      const std::size_t count = std::min(group, parts.end(i) - first);
      if (count < group) std::fill(buffer, buffer + most_buffers * group * group, 0.0f);
      for (std::size_t span = 0, n = 0; span < b.plan.span_count(); span += n) {
        n = end_of(span) - span;
        const int lowest = -b.integers.sign();
        for (std::size_t j = 0; j < count; ++j) {
          const word_rows::constants of = b.of_row(first + j);
          for (std::size_t s = 0; s < n; ++s) {
            scales[s * group + j] = of.scale(span + s);
            zeros[s * group + j] = static_cast<std::uint32_t>(of.zero(span + s) - lowest);
          }
        }
        dots p{};
        few.describe(span, p);
        p.row_count = row_count;
        p.has_ones = has_ones;
        p.others = b.integers.codes + first * b.integers.row_bytes;
        p.other_stride = b.integers.row_bytes;
        p.other_count = count;
        p.are_nibbles = b.integers.format.bits() == 4;
        p.sign = static_cast<std::uint8_t>(b.integers.sign());
        p.spans = b.plan.span(span);
        p.parts = &b.plan.part_of(span);
        p.span_count = n;
        p.other_zeros = zeros;
        p.other_scales = scales;
        p.rows_first = !are_columns;
        p.buffer = buffer;
        p.totals = totals + (first - parts.begin(i));
        p.total_stride = most_rows;
        p.rest = rest;
        kernels::multiply(p);
      }
    }
    finish_few(totals, most_rows, a.rows(), parts.begin(i), parts.end(i), are_columns, sink);
  };
  how.run(parts.count(), task(run));
}

/// By either of these.
inline void multiply_integer_rows(const word_rows& a, const word_rows& b, const sum_sink& sink,
                                  const execution& how) {
  if (a.rows() <= most_few && a.rows() <= b.rows() && are_readable(b)) {
    multiply_few_integers(a, b, false, sink, how);
  } else if (b.rows() <= most_few && are_readable(a)) {
    multiply_few_integers(b, a, true, sink, how);
  } else if (a.plan.are_bytes() && kernels::has_tile_products(how.level())) {
    multiply_blocks<integer_sum_panels<true>>(a, b, sink, how);
  } else {
    multiply_blocks<integer_sum_panels<false>>(a, b, sink, how);
  }
}

template <class X>
inline constexpr bool has_integer_codes =
    !is_packed_operand<X> && lowp::detail::element_integers<X>.code != integer_code::other;

/// The sums of accumulation::integers by kernels; false, and nothing done, where they cannot: if a
/// difference from a zero point might not fit 16 bits, or a sum that is exact or saturates 32.
template <gemm_policy P, integer_operand A, integer_operand B>
[[nodiscard]] bool multiply_integers(const A& a, const B& b, const sum_sink& sink,
                                     const execution& how) {
  static constexpr gemm_policy policy = P;
  bool is_done = false;
  if constexpr (has_kernels && has_integer_codes<A> && has_integer_codes<B>) {
    const integer_range a_range = lowp::detail::difference_range(a);
    const integer_range b_range = lowp::detail::difference_range(b);
    const auto fits_16_bits = [](const integer_range& r) {
      return r.low >= -32768 && r.high <= 32767;
    };
    if (!fits_16_bits(a_range) || !fits_16_bits(b_range)) return false;
    const auto longest = static_cast<std::uint64_t>(safe_chain_length(a_range, b_range));
    with_integers(a, [&](const coded_integers& x) {
      with_integers(b, [&](const coded_integers& y) {
        const bool are_bytes = kernels::has_integer_products(how.level()) && x.format.bits() <= 8 &&
                               y.format.bits() <= 8;
        const sum_plan plan(policy, x, y, are_bytes);
        if (policy.range != overflow::wrap && plan.longest_piece() > longest) return;
        multiply_integer_rows(word_rows{x, plan, y.has_zeros()}, word_rows{y, plan, x.has_zeros()},
                              sink, how);
        is_done = true;
      });
    });
  }
  return is_done;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
