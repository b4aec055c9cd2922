// SPDX-License-Identifier: MIT
// The sum of the exponentials of a row, by blocks, as softmax and log_softmax need it; and the
// parameters that they share. Users include softmax.hpp, log_softmax.hpp and online_softmax.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/scaled_exponential.hpp"
#include "lowp/kernels/functions/exponential_rows.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {

/// How often a row is read and written. All have the same bits.
enum class softmax_algorithm : std::uint8_t {
  automatic,   ///< online for rows that a cache holds, two_pass for others
  two_pass,    ///< sums of pairs; exponentials, computed once more, times one over the sum
  three_pass,  ///< the maximum; exponentials and their sum; exponentials times one over the sum
  online,      ///< exponentials and sums against the maximum so far; exponentials times a factor
};
/// What a row becomes in which every element is -infinity, as all of its places are masked.
enum class masked_row : std::uint8_t { nan, zero };

struct softmax_parameters {
  exponential_base base = exponential_base::e;
  float scale = 1;  ///< elements are multiplied by it first, as by 1/sqrt(d) in attention
  masked_row masked = masked_row::nan;
  softmax_algorithm algorithm = softmax_algorithm::automatic;
  /// If set, row i sees columns up to i + *causal alone; the others are taken as -infinity and are
  /// not read. 0 for a query at each key; keys - queries for queries at the last keys.
  std::optional<std::ptrdiff_t> causal{};
};

namespace row_functions {

/// What is known of a row: the sum of its exponentials, those of x - shift; or that it has a NaN or
/// +infinity, or nothing but -infinity.
struct softmax_sum {
  enum class kind : std::uint8_t { finite, nan, masked };
  kind is = kind::finite;
  float shift = 0;
  scaled_exponential sum{};
};

/// How many columns a row sees, from the first on.
[[nodiscard]] inline std::size_t visible_columns(const softmax_parameters& p, std::size_t row,
                                                 std::size_t cols) {
  if (!p.causal) return cols;
  const auto offset = static_cast<std::size_t>(*p.causal);
  const std::size_t end = row + 1, back = std::size_t{0} - offset;
  if (*p.causal < 0) return end <= back ? 0 : end - back < cols ? end - back : cols;
  return end >= cols || offset >= cols - end ? cols : end + offset;
}

[[nodiscard]] inline std::size_t blocks_of(std::size_t count) {
  return (count + kernels::exponential_block - 1) / kernels::exponential_block;
}

/// Whether a row is summed as it is: if the power of two below its largest exponential is from
/// 2^-65536 to 2^65536. Then what kernels take as the negative of their limit is zero beside it.
[[nodiscard]] inline bool is_plain_exponent(float exponent) {
  return magnitude_bits(exponent) <= std::bit_cast<std::uint32_t>(0x1p16f);
}

/// The sum of the blocks from the first to the last; whether it can be trusted: no sum is infinite
/// or NaN, and the exponent is a plain one.
[[nodiscard]] inline bool add_up_blocks(const kernels::exponential_sum* blocks, std::size_t count,
                                        scaled_exponential& sum) {
  sum = {};
  for (std::size_t i = 0; i < count; ++i) {
    if (magnitude_bits(blocks[i].sum) >= 0x7F800000u) return false;
    if (magnitude_bits(blocks[i].exponent) >= std::bit_cast<std::uint32_t>(0x1p18f)) return false;
    sum = sum + scaled_exponential{static_cast<double>(blocks[i].sum),
                                   static_cast<std::int32_t>(blocks[i].exponent)};
  }
  return is_plain_exponent(static_cast<float>(sum.exponent));
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {
namespace bulk {

/// Throws for parameters that have no meaning.
inline void require_softmax(const char* function, const softmax_parameters& p) {
  if (lowp::row_functions::magnitude_bits(p.scale) >= 0x7F800000u) {
    refuse(std::string(function) + ": scale is " + std::to_string(p.scale) +
           ", expected a finite number");
  }
  if (p.base != exponential_base::e && p.base != exponential_base::two) {
    refuse(std::string(function) + ": base is neither e nor two");
  }
  if (p.masked != masked_row::nan && p.masked != masked_row::zero) {
    refuse(std::string(function) + ": masked is neither nan nor zero");
  }
  if (p.algorithm > softmax_algorithm::online) {
    refuse(std::string(function) +
           ": algorithm is none of automatic, two_pass, three_pass and online");
  }
}

/// A row, or a piece of one that begins with a block, as kernels take it: elements as they lie, or
/// those of a block in a buffer, where they are multiplied by a scale and shifted, and where the
/// last ones are padded with -infinity.
class softmax_piece {
  static constexpr std::size_t block = kernels::exponential_block;

 public:
  softmax_piece(isa level, const softmax_parameters& p, const float* x, std::size_t count,
                kernels::exponential_sum* blocks)
      : level_(level), base_(p.base), scale_(p.scale), x_(x), count_(count), blocks_(blocks) {}

  void shift_by(float shift) { shift_ = shift; }
  [[nodiscard]] float shift() const { return shift_; }

  /// Exponents and sums of the blocks; exponentials to `out`, if it is not null.
  void sum(float* out) const {
    each_run(out, [&](const float* x, std::size_t n, kernels::exponential_sum* blocks, float* to) {
      kernels::sum_exponentials(level_, base_, x, n, blocks, to);
    });
  }
  /// Exponentials times the factors of their blocks.
  void weigh(float* out, bool streams) const {
    each_run(out, [&](const float* x, std::size_t n, kernels::exponential_sum* blocks, float* to) {
      kernels::weigh_exponentials(level_, base_, x, n, blocks, to, streams);
    });
  }
  /// Exponentials that sum() wrote to `out`, times the factors of their blocks.
  void multiply(float* out) const {
    kernels::multiply_blocks(level_, out, count_, blocks_, out, false);
  }
  /// (x - high) - low, of x that are scaled and shifted.
  void subtract(float high, float low, float* out, bool streams) const {
    if (is_plain()) return kernels::subtract_twice(level_, x_, count_, high, low, out, streams);
    for (std::size_t i = 0; i < count_; i += block) {
      float values[block];
      const std::size_t n = size_at(i);
      kernels::scale_and_shift(level_, x_ + i, n, scale_, shift_, values);
      kernels::subtract_twice(level_, values, n, high, low, out + i, streams);
    }
  }
  /// The largest element, scaled, if none is NaN.
  [[nodiscard]] float largest() const {
    if (is_plain()) return kernels::largest_of_row(level_, x_, count_);
    float result = lowp::row_functions::negative_infinity();
    for (std::size_t i = 0; i < count_; i += block) {
      float values[block];
      const std::size_t n = size_at(i);
      kernels::scale_and_shift(level_, x_ + i, n, scale_, shift_, values);
      const float here = kernels::largest_of_row(level_, values, n);
      if (result < here) result = here;
    }
    return result;
  }
  /// Whether a row with this largest element is not shifted.
  [[nodiscard]] bool is_plain_largest(float largest) const {
    float values[kernels::exponential_step];
    for (float& v : values) v = largest;
    kernels::exponential_sum figures;
    kernels::sum_exponentials(level_, base_, values, kernels::exponential_step, &figures, nullptr);
    return lowp::row_functions::is_plain_exponent(figures.exponent);
  }
  /// The largest element, scaled, and NaN if any is NaN.
  [[nodiscard]] float largest_or_nan() const {
    std::uint32_t result = 0xFF800000u;
    for (std::size_t i = 0; i < count_; ++i) {
      const float x = opaque(x_[i] * scale_);
      if (lowp::row_functions::is_nan(x)) return lowp::row_functions::canonical_nan();
      if (is_less(result, std::bit_cast<std::uint32_t>(x)))
        result = std::bit_cast<std::uint32_t>(x);
    }
    return from_bits<float>(result);
  }

 private:
  /// Of the bits of numbers.
  [[nodiscard]] static bool is_less(std::uint32_t a, std::uint32_t b) {
    const auto key = [](std::uint32_t v) { return v >> 31 != 0 ? ~v : v | 0x80000000u; };
    return key(a) < key(b);
  }
  [[nodiscard]] bool is_plain() const {
    return std::bit_cast<std::uint32_t>(scale_) == 0x3F800000u &&
           lowp::row_functions::magnitude_bits(shift_) == 0;
  }
  [[nodiscard]] std::size_t size_at(std::size_t i) const {
    return count_ - i < block ? count_ - i : block;
  }
  template <class Run>
  void each_run(float* out, const Run& run) const {
    std::size_t i = 0;
    if (is_plain()) {
      i = count_ % kernels::exponential_step == 0 ? count_ : count_ / block * block;
      if (i != 0) run(x_, i, blocks_, out);
    }
    for (; i < count_; i += block) {
      alignas(64) float values[block], results[block];
      const std::size_t n = size_at(i);
      constexpr std::size_t step = kernels::exponential_step;
      const std::size_t padded = (n + step - 1) / step * step;
      kernels::scale_and_shift(level_, x_ + i, n, scale_, shift_, values);
      for (std::size_t k = n; k < padded; ++k) values[k] = lowp::row_functions::negative_infinity();
      const bool fits = n == padded;
      float* const to = out == nullptr ? nullptr : fits ? out + i : results;
      run(values, padded, blocks_ + i / block, to);
      if (out != nullptr && !fits) std::memcpy(out + i, results, n * sizeof(float));
    }
  }

  isa level_;
  exponential_base base_;
  float scale_, shift_ = 0;
  const float* x_;
  std::size_t count_;
  kernels::exponential_sum* blocks_;
};

/// What a row is, and whether it must be shifted by its largest element: then the difference of
/// elements whose exponentials count is exact.
[[nodiscard]] inline lowp::row_functions::softmax_sum look_at(softmax_piece& row) {
  using lowp::row_functions::softmax_sum;
  softmax_sum result;
  if (row.is_plain_largest(row.largest())) return result;
  const float largest = row.largest_or_nan();
  const auto bits = std::bit_cast<std::uint32_t>(largest);
  if (lowp::row_functions::is_nan(largest) || bits == 0x7F800000u) {
    result.is = softmax_sum::kind::nan;
  } else if (bits == 0xFF800000u) {
    result.is = softmax_sum::kind::masked;
  } else if (!row.is_plain_largest(largest)) {
    result.shift = largest;
    row.shift_by(largest);
  }
  return result;
}

/// The sum of a row: sum() does its blocks. If sums overwrite the row, it is looked at first; else
/// only if what they say cannot be trusted.
template <class Sum>
[[nodiscard]] lowp::row_functions::softmax_sum sum_row(softmax_piece& row,
                                                       const kernels::exponential_sum* blocks,
                                                       std::size_t block_count, bool looks_first,
                                                       const Sum& sum) {
  using lowp::row_functions::softmax_sum;
  softmax_sum result;
  if (block_count == 0) {
    result.is = softmax_sum::kind::masked;
    return result;
  }
  if (!looks_first) {
    sum();
    if (lowp::row_functions::add_up_blocks(blocks, block_count, result.sum)) return result;
  }
  result = look_at(row);
  if (result.is != softmax_sum::kind::finite) return result;
  sum();
  if (!lowp::row_functions::add_up_blocks(blocks, block_count, result.sum)) {
    result.is = softmax_sum::kind::nan;
  }
  return result;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
