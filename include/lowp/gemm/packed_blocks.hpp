// SPDX-License-Identifier: MIT
// Weights of a block format for many products by integer_block_sums: 16 rows interleaved, integers
// of 2 to 6 or 8 bits as they are, so that kernels read them once, in order, and move nothing.
//
//   const packed_blocks packed(weights);                   // Q4_K, say
//   gemm<policies::integer_blocks>(x, packed, c);          // the bits of the product by `weights`
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "lowp/gemm/integer_blocks.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The binary16 with the value of x, if it has one that is zero, normal or not finite.
[[nodiscard]] inline bool find_half(float x, std::uint16_t& half) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  if (magnitude == 0 || magnitude >= 0x7F800000u) {
    half = static_cast<std::uint16_t>(sign | (magnitude == 0            ? 0u
                                              : magnitude > 0x7F800000u ? 0x7E00u
                                                                        : 0x7C00u));
    return true;
  }
  const int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent > 15 || exponent < -24) return false;
  const int dropped = exponent < -14 ? 13 - 14 - exponent : 13;
  const std::uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
  if ((significand & ((1u << dropped) - 1)) != 0) return false;
  const std::uint32_t kept = significand >> dropped;
  const std::uint32_t field =
      exponent < -14 ? kept : (static_cast<std::uint32_t>(exponent + 15) << 10 | (kept & 0x3FFu));
  half = static_cast<std::uint16_t>(sign | field);
  return true;
}
[[nodiscard]] inline float value_of_half(std::uint16_t half) {
  return pack_as<float>(decode(formats::binary16, half));
}

}  // namespace bulk

/// The weights. Throws std::invalid_argument for a matrix that kernels of integer_block_sums do not
/// read: integers of more than 8 bits, zero points, more levels than Q4_K has, blocks that are not
/// 16 to 512 columns, a power of two.
class packed_blocks {
  using tile = kernels::block_tile;
  static constexpr std::size_t width = tile::width, chunk = bulk::block_plan::chunk,
                               unit = tile::unit;

 public:
  template <level_matrix Matrix>
  explicit packed_blocks(const Matrix& m, const execution& how = {}) {
    detail::refuse_integer_levels(m.composition());
    const bulk::level_reader<Matrix> reader(m);
    pack(reader, how);
  }
  [[nodiscard]] std::size_t rows() const { return facts_.rows; }
  [[nodiscard]] std::size_t cols() const { return facts_.cols; }
  [[nodiscard]] const bulk::block_facts& facts() const { return facts_; }
  /// All bytes, per element.
  [[nodiscard]] double bits_per_value() const {
    if (rows() * cols() == 0) return 0;
    const std::size_t bytes =
        strips_ * (strip_words_ * 4 + strip_groups_ * integer_planes() * width +
                   strip_blocks_ * scale_planes() * width * scale_bytes());
    return 8.0 * static_cast<double>(bytes) / static_cast<double>(rows() * cols());
  }

  /// What has the lanes of a product (bulk::multiply_integer_blocks).
  class lanes {
   public:
    lanes(isa level, const packed_blocks& of, const bulk::block_plan& plan)
        : of_(of),
          plan_(plan),
          is_direct_(kernels::has_block_fours(level) && plan.piece == of.facts_.block &&
                     (!of.facts_.has_groups() || plan.group == of.facts_.group)) {}
    [[nodiscard]] std::size_t columns(std::size_t rows) const {
      return !is_direct_ ? chunk : rows > 8 ? 4 * chunk : bulk::round_up(of_.cols(), chunk);
    }
    [[nodiscard]] std::size_t strips(std::size_t rows) const {
      return !is_direct_ ? 1 : rows < 4 ? 4 : 2;
    }
    void describe(std::size_t row, std::size_t first, std::size_t cols, tile& t) {
      const std::size_t strip = row / width;
      if (!is_direct_) return unpack(strip, first, cols, t);
      t.bits = of_.bits_;
      t.strip_words = of_.strip_words_;
      t.strip_integers = of_.strip_groups_ * of_.integer_planes() * width;
      t.strip_scales = of_.strip_blocks_ * of_.scale_planes() * width;
      if (of_.has_table_) t.table = of_.table_;
      t.lanes = of_.words(strip, first);
      if (of_.facts_.factors.exists) t.factors = of_.factors_of(strip, first);
      if (of_.facts_.minima.exists) t.minima = of_.minima_of(strip, first);
      t.kind = of_.kind_;
      t.lane_scales = of_.scales_of(strip, first / of_.facts_.block);
      t.minimum_scales =
          of_.facts_.has_offsets ? of_.minimum_scales_of(strip, first / of_.facts_.block) : nullptr;
    }

   private:
    void unpack(std::size_t strip, std::size_t first, std::size_t cols, tile& t) {
      const bulk::block_facts& f = of_.facts_;
      for (std::size_t at = 0; at < cols; at += unit) {
        of_.unpack_unit(of_.words(strip, first + at), words_ + at / 4 * width);
      }
      t.lanes = words_;
      const auto integers = [&](const std::uint8_t* from, std::uint8_t* to) {
        for (std::size_t i = 0; i * plan_.group < cols; ++i) {
          std::memcpy(to + i * width, from + i * plan_.group / f.group * width, width);
        }
        return to;
      };
      if (f.factors.exists) t.factors = integers(of_.factors_of(strip, first), factors_);
      if (f.minima.exists) t.minima = integers(of_.minima_of(strip, first), minima_);
      for (std::size_t i = 0; i * plan_.piece < cols; ++i) {
        const std::size_t block = (first + i * plan_.piece) / f.block;
        of_.unpack_scales(of_.scales_of(strip, block), scales_ + i * width);
        if (f.has_offsets) {
          of_.unpack_scales(of_.minimum_scales_of(strip, block), minimum_scales_ + i * width);
        }
      }
      t.lane_scales = scales_;
      t.minimum_scales = minimum_scales_;
    }
    const packed_blocks& of_;
    const bulk::block_plan& plan_;
    bool is_direct_;
    alignas(64) std::uint32_t words_[chunk / 4 * width];
    alignas(64) std::uint8_t factors_[chunk / 16 * width], minima_[chunk / 16 * width];
    alignas(64) float scales_[chunk / 16 * width], minimum_scales_[chunk / 16 * width];
  };

 private:
  [[nodiscard]] std::size_t integer_planes() const {
    return (facts_.factors.exists ? 1u : 0u) + (facts_.minima.exists ? 1u : 0u);
  }
  [[nodiscard]] std::size_t scale_planes() const { return facts_.has_offsets ? 2 : 1; }
  [[nodiscard]] std::size_t scale_bytes() const {
    return kind_ == tile::scale_kind::binary32 ? 4 : 2;
  }
  [[nodiscard]] std::uint32_t* words(std::size_t strip, std::size_t col) const {
    return words_.get() + strip * strip_words_ +
           col / unit * static_cast<std::size_t>(bits_) * width;
  }
  [[nodiscard]] std::uint8_t* factors_of(std::size_t strip, std::size_t col) const {
    return integers_.get() +
           (strip * integer_planes() * strip_groups_ + col / facts_.group) * width;
  }
  [[nodiscard]] std::uint8_t* minima_of(std::size_t strip, std::size_t col) const {
    const std::size_t plane = facts_.factors.exists ? strip_groups_ : 0;
    return factors_of(strip, col) + plane * width;
  }
  [[nodiscard]] std::uint8_t* scales_of(std::size_t strip, std::size_t block) const {
    return scales_.get() + (strip * scale_planes() * strip_blocks_ + block) * width * scale_bytes();
  }
  [[nodiscard]] std::uint8_t* minimum_scales_of(std::size_t strip, std::size_t block) const {
    return scales_of(strip, block) + strip_blocks_ * width * scale_bytes();
  }

  void pack(const bulk::block_reader& from, const execution& how) {
    facts_ = from;
    // By itself: as with rows of one scale.
    bulk::block_facts one;
    one.cols = from.cols;
    one.block = block_row::all;
    one.elements.exists = true;
    const bulk::block_plan plan(from, one);
    if (plan.obstacle != nullptr) refuse("packed_blocks: " + std::string(plan.obstacle));
    choose_bits();
    strips_ = (facts_.rows + width - 1) / width;
    const std::size_t cols = bulk::round_up(facts_.cols, chunk);
    strip_words_ = cols / unit * static_cast<std::size_t>(bits_) * width;
    strip_groups_ = facts_.has_groups() ? cols / facts_.group : 0;
    strip_blocks_ = cols / facts_.block;
    words_ = bulk::make_aligned<std::uint32_t>(strips_ * strip_words_);
    integers_ =
        bulk::make_aligned<std::uint8_t>(strips_ * strip_groups_ * integer_planes() * width);
    choose_scales(from, how);
    const bulk::block_steps steps(how.level(), from);
    const auto run = [&](std::size_t strip) {
      const auto panel = std::make_unique<bulk::block_panel>(how.level(), from, plan, steps);
      for (std::size_t col = 0; col < facts_.cols; col += chunk) {
        const std::size_t used = (std::min)(chunk, facts_.cols - col);
        tile t;
        panel->describe(strip * width, col, used, t);
        for (std::size_t at = 0; at < used; at += unit) {
          pack_unit(t.lanes + at / 4 * width, words(strip, col + at));
        }
        const std::size_t groups = bulk::round_up(used, facts_.group) / facts_.group;
        if (t.factors != nullptr) std::memcpy(factors_of(strip, col), t.factors, groups * width);
        if (t.minima != nullptr) std::memcpy(minima_of(strip, col), t.minima, groups * width);
      }
    };
    how.run(strips_, task(run));
  }
  /// By how many bits integers are told apart, or codes that a table maps to them.
  void choose_bits() {
    const bulk::integer_leaf& e = facts_.elements;
    const int needed =
        static_cast<int>(std::bit_width(static_cast<unsigned>(e.highest - e.lowest)));
    bits_ = needed <= 2 ? 2 : needed > 6 ? 8 : needed;
    std::size_t count = 0;
    std::uint8_t codes[64] = {};
    for (const unsigned x : e.bytes) {
      if (std::find(codes, codes + count, x) == codes + count && count < 64) {
        codes[count++] = static_cast<std::uint8_t>(x);
      }
    }
    has_table_ = needed > 4 && count <= 16;
    if (!has_table_) return;
    bits_ = 4;
    for (std::size_t i = 0; i < 64; ++i) table_[i] = codes[i % 16];
    for (std::size_t i = count; i-- > 0;) number_[codes[i]] = static_cast<std::uint8_t>(i);
  }
  void choose_scales(const bulk::block_reader& from, const execution& how) {
    const default_float_environment environment;  // they are multiplied by powers of two
    using kind = bulk::block_reader::kind;
    const std::size_t blocks = (facts_.cols + facts_.block - 1) / facts_.block;
    const std::size_t count = strips_ * scale_planes() * strip_blocks_ * width;
    const auto all = bulk::make_aligned<float>(count);
    std::fill(all.get(), all.get() + count, 0.0f);
    for (std::size_t strip = 0; strip < strips_; ++strip) {
      float* const to = all.get() + strip * scale_planes() * strip_blocks_ * width;
      from.scales(how.level(), kind::blocks, strip * width, 0, blocks, to);
      if (facts_.has_offsets) {
        from.scales(how.level(), kind::offsets, strip * width, 0, blocks,
                    to + strip_blocks_ * width);
      }
    }
    std::uint16_t half = 0;
    const auto is_half = [&half](float x) { return bulk::find_half(x, half); };
    const auto is_bfloat16 = [](const float& x) {
      return (std::bit_cast<std::uint32_t>(x) & 0xFFFFu) == 0;
    };
    kind_ = std::all_of(all.get(), all.get() + count, is_bfloat16) ? tile::scale_kind::bfloat16
            : std::all_of(all.get(), all.get() + count, is_half)   ? tile::scale_kind::binary16
                                                                   : tile::scale_kind::binary32;
    scales_ = bulk::make_aligned<std::uint8_t>(count * scale_bytes());
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(all[i]);
      auto code = static_cast<std::uint16_t>(bits >> 16);
      if (kind_ == tile::scale_kind::binary16 && is_half(all[i])) code = half;
      if (kind_ == tile::scale_kind::binary32) {
        std::memcpy(scales_.get() + 4 * i, &bits, 4);
      } else {
        std::memcpy(scales_.get() + 2 * i, &code, 2);
      }
    }
  }
  void unpack_scales(const std::uint8_t* from, float* to) const {
    for (std::size_t i = 0; i < width; ++i) {
      std::uint16_t code = 0;
      if (kind_ == tile::scale_kind::binary32) {
        std::memcpy(to + i, from + 4 * i, 4);
        continue;
      }
      std::memcpy(&code, from + 2 * i, 2);
      to[i] = kind_ == tile::scale_kind::binary16
                  ? bulk::value_of_half(code)
                  : std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
    }
  }
  /// Calls use(word, vector, shift in the vector, shift in the word, mask) for what a unit is of.
  template <class Use>
  void for_each_plane(const Use& use) const {
    int vector = 0, done = 0;
    for (const int plane : {8, 4, 2, 1}) {
      if ((bits_ & plane) == 0) continue;
      const int per_vector = 8 / plane;
      for (int word = 0; word < 8; ++word) {
        use(word, vector + word / per_vector, word % per_vector * plane, done,
            ((1u << plane) - 1) * 0x01010101u);
      }
      vector += plane;
      done += plane;
    }
  }
  void pack_unit(const std::uint32_t* from, std::uint32_t* to) const {
    std::memset(to, 0, static_cast<std::size_t>(bits_) * width * 4);
    for_each_plane([&](int word, int vector, int at, int done, std::uint32_t mask) {
      for (std::size_t i = 0; i < width; ++i) {
        std::uint32_t x = from[static_cast<std::size_t>(word) * width + i];
        if (has_table_) {
          x = static_cast<std::uint32_t>(number_[x & 255]) |
              static_cast<std::uint32_t>(number_[x >> 8 & 255]) << 8 |
              static_cast<std::uint32_t>(number_[x >> 16 & 255]) << 16 |
              static_cast<std::uint32_t>(number_[x >> 24]) << 24;
        }
        to[static_cast<std::size_t>(vector) * width + i] |= (x >> done & mask) << at;
      }
    });
  }
  void unpack_unit(const std::uint32_t* from, std::uint32_t* to) const {
    std::memset(to, 0, 8 * width * 4);
    for_each_plane([&](int word, int vector, int at, int done, std::uint32_t mask) {
      for (std::size_t i = 0; i < width; ++i) {
        to[static_cast<std::size_t>(word) * width + i] |=
            (from[static_cast<std::size_t>(vector) * width + i] >> at & mask) << done;
      }
    });
    for (std::size_t i = 0; has_table_ && i < 8 * width; ++i) {
      const std::uint32_t x = to[i];
      to[i] = static_cast<std::uint32_t>(table_[x & 63]) |
              static_cast<std::uint32_t>(table_[x >> 8 & 63]) << 8 |
              static_cast<std::uint32_t>(table_[x >> 16 & 63]) << 16 |
              static_cast<std::uint32_t>(table_[x >> 24 & 63]) << 24;
    }
  }

  bulk::block_facts facts_{};
  int bits_ = 8;
  bool has_table_ = false;
  alignas(64) std::uint8_t table_[64] = {};
  std::uint8_t number_[256] = {};  ///< of a value in the table
  tile::scale_kind kind_ = tile::scale_kind::binary32;
  std::size_t strips_ = 0, strip_words_ = 0, strip_groups_ = 0, strip_blocks_ = 0;
  bulk::aligned_array<std::uint32_t> words_;
  bulk::aligned_array<std::uint8_t> integers_, scales_;
};

/// c = a * b^T as by the matrix that b was packed from. Throws std::invalid_argument, before
/// writing, also where kernels cannot: a has levels or offsets, its blocks do not end with b's, or
/// a sum might leave 32 bits; and for a policy with several chains.
template <integer_block_policy auto P, level_matrix A>
void gemm(const A& a, const packed_blocks& b, matrix_view<float> c, const execution& how = {}) {
  static_assert(defect(P) == nullptr && P.chains == 1, "packed_blocks are added in one chain");
  detail::require_gemm_shapes(a.rows(), a.cols(), b.rows(), b.cols(), c);
  detail::refuse_integer_levels(a.composition());
  detail::require_outside(a, c);
  if (c.rows == 0 || c.cols == 0) return;
  const bulk::level_reader<A> x(a);
  const bulk::block_plan plan(b.facts(), x);
  if (plan.obstacle != nullptr) refuse("gemm: packed_blocks: " + std::string(plan.obstacle));
  const auto make = [&] { return std::make_unique<packed_blocks::lanes>(how.level(), b, plan); };
  bulk::multiply_integer_blocks(b.facts(), make, x, plan, bulk::order_of(P, true), how,
                                bulk::row_store(how.level(), c));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
