// SPDX-License-Identifier: MIT
// What sums over a cache have in common: rows padded for kernels, factors with scales in them, the
// chains of what zero points and offsets add.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/kernels/caches/caches.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

// Under default_float_environment, each rounded once.
[[nodiscard]] inline float sum_of_two(float a, float b) { return opaque(opaque(a) + opaque(b)); }
[[nodiscard]] inline float difference_of_two(float a, float b) {
  return opaque(opaque(a) - opaque(b));
}

[[nodiscard]] inline float product_of_two(float a, float b) {
  return opaque(opaque(a) * opaque(b));
}

/// The sum of 16 chains: i and i + 8, then those sums 4 apart, 2 apart, 1 apart.
[[nodiscard]] inline float sum_of_chains(const float* chains) {
  float sums[kernels::cache_lanes];
  std::memcpy(sums, chains, sizeof sums);
  for (std::size_t half = kernels::cache_lanes / 2; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] = sum_of_two(sums[i], sums[i + half]);
  }
  return sums[0];
}

inline void require_cache_shapes(const char* function, const char* name,
                                 matrix_view<const float> in, matrix_view<float> out,
                                 std::size_t rows, std::size_t in_cols, std::size_t out_cols) {
  if (in.cols != in_cols) {
    refuse(std::string(function) + ": " + name + " have " + std::to_string(in.cols) +
           " columns, expected " + std::to_string(in_cols));
  }
  if (out.rows != rows || out.cols != out_cols) {
    refuse(std::string(function) + ": out is " + std::to_string(out.rows) + " x " +
           std::to_string(out.cols) + ", expected " + std::to_string(rows) + " x " +
           std::to_string(out_cols));
  }
  if (share_elements(in, matrix_view<const float>(out))) {
    refuse(std::string(function) + ": out shares elements with " + name);
  }
}

/// Columns of a matrix, the first `skipped` of them as zeros, followed by zeros.
struct padded_rows {
  std::size_t rows, width;
  std::vector<float> values;

  padded_rows(matrix_view<const float> in, std::size_t first, std::size_t count, std::size_t padded,
              std::size_t skipped = 0)
      : rows(in.rows), width(padded), values(in.rows * padded) {
    if (count == skipped) return;
    for (std::size_t r = 0; r < rows; ++r) {
      std::memcpy(values.data() + r * width + skipped, in.row(r) + first + skipped,
                  (count - skipped) * sizeof(float));
    }
  }
  [[nodiscard]] const float* row(std::size_t r) const { return values.data() + r * width; }
};

/// Of each row the sum of each `size` values, by 16 chains.
[[nodiscard]] inline std::vector<float> totals_of(const padded_rows& x, std::size_t size) {
  std::vector<float> totals;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t first = 0; first < x.width; first += size) {
      float chains[kernels::cache_lanes] = {};
      for (std::size_t i = 0; i < size; ++i) {
        float& chain = chains[i % kernels::cache_lanes];
        chain = sum_of_two(chain, x.row(r)[first + i]);
      }
      totals.push_back(sum_of_chains(chains));
    }
  }
  return totals;
}

/// Rows of factors of codes, and for each what is to be subtracted from their sums.
class factor_rows {
 public:
  factor_rows(std::size_t rows, std::size_t width)
      : rows_(rows),
        width_((width + kernels::cache_lanes - 1) / kernels::cache_lanes * kernels::cache_lanes),
        factors_(rows * width_),
        chains_(rows * kernels::cache_lanes),
        less_(rows) {}

  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const float* row(std::size_t r) const { return factors_.data() + r * width_; }
  void start(std::size_t r) {
    std::memset(chains_.data() + r * kernels::cache_lanes, 0, kernels::cache_lanes * sizeof(float));
  }
  /// Factors first … of a row: `count` values of x, behind which zeros follow to a multiple of 16,
  /// times scales, which are followed by anything.
  template <class Levels>
  void scale(std::size_t r, std::size_t first, const float* x, const Levels& levels, std::size_t at,
             std::size_t count, isa level) {
    const std::size_t whole = count / kernels::cache_lanes * kernels::cache_lanes;
    kernels::scaled_factors job;
    job.chains = chains_.data() + r * kernels::cache_lanes;
    job.scaled = factors_.data() + r * width_ + first;
    job.x = x, job.count = whole;
    job.scale = levels.scale.data() + at;
    job.zero = levels.zero.empty() ? nullptr : levels.zero.data() + at;
    job.offset = levels.offset.empty() ? nullptr : levels.offset.data() + at;
    if (whole != 0) kernels::scale_factors(level, job);
    if (whole == count) return;
    float last[3][kernels::cache_lanes] = {};
    const auto copy = [&](const float*& list, std::size_t i) {
      if (list == nullptr) return;
      std::memcpy(last[i], list + whole, (count - whole) * sizeof(float));
      list = last[i];
    };
    copy(job.scale, 0), copy(job.zero, 1), copy(job.offset, 2);
    job.x += whole, job.scaled += whole, job.count = kernels::cache_lanes;
    kernels::scale_factors(level, job);
  }
  /// One for each row.
  [[nodiscard]] const float* finish() {
    for (std::size_t r = 0; r < rows_; ++r) {
      less_[r] = sum_of_chains(chains_.data() + r * kernels::cache_lanes);
    }
    return less_.data();
  }
  void into(kernels::coded_sums& job) const {
    job.heads = rows_, job.x = factors_.data(), job.x_stride = width_;
  }

 private:
  std::size_t rows_, width_;
  std::vector<float> factors_, chains_, less_;
};

template <class Levels>
void add_levels(const Levels& levels, std::size_t at, const float* sums, float total,
                std::size_t count, float* out, isa level) {
  kernels::scaled_sums job;
  job.sums = sums, job.total = total, job.count = count, job.out = out;
  job.scale = levels.scale.data() + at;
  job.zero = levels.zero.empty() ? nullptr : levels.zero.data() + at;
  job.offset = levels.offset.empty() ? nullptr : levels.offset.data() + at;
  kernels::add_scaled(level, job);
}

/// How many units of so many scales are decoded at a time.
[[nodiscard]] inline std::size_t units_of(std::size_t places) {
  return places >= 2048 ? 1 : 2048 / places;
}

[[nodiscard]] inline kernels::coded_sums plain_sums(const std::vector<float>& values) {
  kernels::coded_sums job;
  job.words = reinterpret_cast<const std::uint32_t*>(values.data());
  job.bits = 32;
  return job;
}

/// `count` sums of each row to columns of a matrix, NaNs as 0x7FC00000.
inline void copy_sums(const float* sums, std::size_t stride, std::size_t count,
                      matrix_view<float> out, std::size_t col) {
  for (std::size_t r = 0; r < out.rows; ++r) {
    float* const to = out.row(r) + col;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, sums + r * stride + i, sizeof bits);
      if ((bits & 0x7FFFFFFFu) > 0x7F800000u) bits = 0x7FC00000u;
      std::memcpy(to + i, &bits, sizeof bits);
    }
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
