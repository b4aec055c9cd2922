// SPDX-License-Identifier: MIT
// A Hadamard transform in passes of the kernels. Groups along rows lie in vectors, small ones
// several in one; of groups along columns, and of those of order 12 and 20 whose runs are shorter
// than a vector, a vector has one element each of several groups.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
#include "lowp/transforms/hadamard.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Signs of so many positions as bytes, 0x80 where they are negative, else 0.
[[nodiscard]] inline std::vector<std::uint8_t> sign_bytes(isa level, const transform_signs& signs,
                                                          std::size_t length) {
  if (!signs.are_given()) return {};
  std::vector<std::uint8_t> bytes(length);
  if (signs.are_random() && std::endian::native == std::endian::little) {
    // A draw of one bit is the upper bit of a byte of its block (core/random.hpp).
    const std::size_t blocks = (length + 15) / 16;
    std::vector<std::uint64_t> words(2 * (blocks + kernels::philox_slack));
    kernels::philox(level, signs.seed(), 0, ~std::uint64_t{0}, 10, blocks, words.data());
    for (std::uint64_t& word : words) word &= 0x8080808080808080u;
    std::memcpy(bytes.data(), words.data(), length);
    return bytes;
  }
  for (std::size_t i = 0; i < length; ++i) bytes[i] = signs.is_negative(i) ? 0x80 : 0;
  return bytes;
}

/// What is done to each group, and the signs of all positions.
class hadamard_plan {
 public:
  /// Of `length` positions.
  hadamard_plan(isa level, const hadamard& t, std::size_t length, bool is_inverse)
      : size_(t.size), factors_(lowp::detail::factors_of(t.size)), is_inverse_(is_inverse) {
    scales_ = t.is_normalized || is_inverse;
    factor_ =
        std::bit_cast<std::uint32_t>(t.is_normalized ? lowp::detail::inverse_square_root(t.size)
                                                     : lowp::detail::reciprocal(t.size));
    signs_ = sign_bytes(level, t.signs, length);
  }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Words of groups that pass after pass goes over. From memory few are best, whose next ones the
  /// processor fetches meanwhile; else so many as stay in the first-level cache.
  static constexpr std::size_t words_at_a_time(std::size_t all) {
    return all > (std::size_t{1} << 18) ? 1024 : 4096;
  }
  /// Whole groups in a row, from position `first` on, `count` elements.
  void transform_row(isa level, const float* in, float* out, std::size_t first, std::size_t count,
                     std::size_t at_a_time = 4096) const {
    const std::size_t lanes = kernels::butterfly_lanes(level);
    const std::size_t run = std::size_t{1} << factors_.stages;
    const words x = words_of(in, out, lanes, first);
    if (run < lanes && factors_.order != 1) return transform_small(level, x, count);
    const int in_lanes = (std::min)(factors_.stages, std::countr_zero(lanes));
    const int stages = factors_.stages - in_lanes;
    if (factors_.order == 1 && std::size_t{1} << stages <= kernels::widest_radix(level)) {
      const std::size_t whole = count / lanes;
      transform(level, x, whole, in_lanes, stages, nullptr, 0);
      if (whole * lanes != count) transform_rest(level, x, in_lanes, whole * lanes, count);
      return;
    }
    const std::size_t piece = (std::max)(std::size_t{1}, at_a_time / size_) * size_;
    for (std::size_t i = 0; i < count; i += piece) {
      const std::size_t n = (std::min)(piece, count - i);
      transform(level, x.from(i, i), n / lanes, in_lanes, stages, x.out + i, lanes);
    }
  }

  /// Columns that transform_columns takes best at a time, and the words that it needs for so many
  /// to work with.
  [[nodiscard]] std::size_t best_width() const {
    constexpr std::size_t line = 16, most = std::size_t{1} << 16;
    return (std::max)(line, most / size_ / line * line);
  }
  [[nodiscard]] std::size_t work_size() const { return size_ * best_width(); }
  /// `size` rows from position `first` on, so many columns.
  void transform_columns(isa level, const float* in, std::size_t in_stride, float* out,
                         std::size_t out_stride, std::size_t first, std::size_t cols,
                         std::uint32_t* work) const {
    const std::size_t lanes = kernels::butterfly_lanes(level);
    words x = words_of(in, out, in_stride, first);
    x.out_step = out_stride;
    x.sign_step = 1;
    const std::size_t across = cols / lanes, whole = across * lanes;
    if (across != 0) {
      transform(level, x, size_, 0, factors_.stages, work, whole, across);
    }
    if (whole == cols) return;
    const std::size_t bytes = (cols - whole) * sizeof(float);
    std::memset(work, 0, size_ * lanes * sizeof(float));
    for (std::size_t i = 0; i < size_; ++i) {
      std::memcpy(work + i * lanes, x.in + i * in_stride + whole, bytes);
    }
    transform(level, x.within(work, lanes), size_, 0, factors_.stages, work, lanes);
    for (std::size_t i = 0; i < size_; ++i) {
      std::memcpy(x.out + i * out_stride + whole, work + i * lanes, bytes);
    }
  }

 private:
  /// Where vectors lie: steps are words from one to the next.
  struct words {
    const std::uint32_t* in;
    std::size_t in_step;
    std::uint32_t* out;
    std::size_t out_step;
    const std::uint8_t* signs;
    std::size_t sign_step;

    [[nodiscard]] words from(std::size_t i, std::size_t sign) const {
      return {in + i,   in_step, out + i, out_step, signs == nullptr ? nullptr : signs + sign,
              sign_step};
    }
    [[nodiscard]] words within(std::uint32_t* work, std::size_t step) const {
      return {work, step, work, step, signs, sign_step};
    }
  };
  [[nodiscard]] words words_of(const float* in, float* out, std::size_t step,
                               std::size_t first) const {
    return {reinterpret_cast<const std::uint32_t*>(in),
            step,
            reinterpret_cast<std::uint32_t*>(out),
            step,
            signs_.empty() ? nullptr : signs_.data() + first,
            step};
  }

  /// All passes of groups of `count` vectors; what several passes have between them is at `work`.
  void transform(isa level, const words& x, std::size_t count, int in_lanes, int stages,
                 std::uint32_t* work, std::size_t work_step, std::size_t across = 1) const {
    const int log2_widest = std::countr_zero(kernels::widest_radix(level));
    const bool has_order = factors_.order != 1;
    // Radices of the passes, about equal.
    int passes = (stages + log2_widest - 1) / log2_widest;
    if (passes == 0 && (in_lanes != 0 || !has_order)) passes = 1;
    const int all = passes + (has_order ? 1 : 0);
    kernels::butterfly_pass p{.in = x.in,
                              .in_step = x.in_step,
                              .count = count,
                              .across = across,
                              .signs_before = is_inverse_ ? nullptr : x.signs,
                              .sign_step = x.sign_step,
                              .lane_stages = in_lanes,
                              .factor = factor_};
    for (int i = 0; i < all; ++i) {
      const bool is_last = i + 1 == all;
      p.out = is_last ? x.out : work;
      p.out_step = is_last ? x.out_step : work_step;
      p.scales = is_last && scales_;
      p.signs_after = is_last && is_inverse_ ? x.signs : nullptr;
      std::size_t radix = factors_.order;
      if (i < passes) {
        const int part = (stages + passes - i - 1) / (passes - i);
        radix = std::size_t{1} << part;
        stages -= part;
      }
      kernels::run_butterflies(level, p, radix);
      p.distance *= radix;
      p.in = p.out;
      p.in_step = p.out_step;
      p.signs_before = nullptr;
      p.lane_stages = 0;
    }
  }

  static constexpr std::size_t most_lanes = 16;
  /// Groups that do not fill a vector.
  void transform_rest(isa level, const words& x, int in_lanes, std::size_t begin,
                      std::size_t end) const {
    std::array<std::uint32_t, most_lanes> values{};
    std::array<std::uint8_t, most_lanes> signs{};
    const std::size_t bytes = (end - begin) * sizeof(float);
    std::memcpy(values.data(), x.in + begin, bytes);
    if (x.signs != nullptr) std::memcpy(signs.data(), x.signs + begin, end - begin);
    words rest = x.within(values.data(), x.in_step);
    if (x.signs != nullptr) rest.signs = signs.data();
    transform(level, rest, 1, in_lanes, 0, nullptr, 0);
    std::memcpy(x.out + begin, values.data(), bytes);
  }
  /// As many groups at a time as some vectors have lanes, element i of each in vectors i.
  void transform_small(isa level, const words& x, std::size_t count) const {
    constexpr std::size_t most_words = 20 * most_lanes / 2 * most_lanes;
    std::array<std::uint32_t, most_words> values{};
    const std::size_t lanes = kernels::butterfly_lanes(level);
    const std::size_t width = most_words / (size_ * lanes) * lanes;
    words part = x.within(values.data(), width);
    part.signs = nullptr;  // values take them where they lie in rows
    for (std::size_t i = 0; i < count; i += width * size_) {
      const std::size_t groups = (std::min)(width, (count - i) / size_), all = groups * size_;
      for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t j = 0; j < size_; ++j) values[j * width + g] = x.in[i + g * size_ + j];
      }
      if (x.signs != nullptr && !is_inverse_) {
        for (std::size_t g = 0; g < groups; ++g) {
          for (std::size_t j = 0; j < size_; ++j) {
            values[j * width + g] ^= std::uint32_t{x.signs[i + g * size_ + j]} << 24;
          }
        }
      }
      transform(level, part, size_, 0, factors_.stages, values.data(), width,
                (groups + lanes - 1) / lanes);
      for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t j = 0; j < size_; ++j) x.out[i + g * size_ + j] = values[j * width + g];
      }
      if (x.signs != nullptr && is_inverse_) {
        for (std::size_t j = i; j < i + all; ++j) x.out[j] ^= std::uint32_t{x.signs[j]} << 24;
      }
    }
  }

  std::size_t size_;
  lowp::detail::hadamard_factors factors_;
  bool is_inverse_, scales_ = false;
  std::uint32_t factor_ = 0;
  std::vector<std::uint8_t> signs_;  ///< 0 or 0x80
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
