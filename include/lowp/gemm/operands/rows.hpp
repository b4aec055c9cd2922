// SPDX-License-Identifier: MIT
// The operands and the result of a product as its kernels see them, whatever the formats: sources
// of rows of binary32, and a sink of sums.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/operands/row_memory.hpp"
#include "lowp/kernels/arrays/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Packed codes, the low ones first, which a kernel can read where they lie.
class code_rows {
 public:
  const kernels::value_table* values;
  const std::uint8_t* codes;
  std::size_t row_bytes;
  int bits;             ///< from one code to the next
  int scales_per_step;  ///< as in code_steps

  /// scales(row, step, count, out) puts those of `count` whole steps of a row at `out`; false if
  /// there is one that the kernel cannot multiply by.
  template <class Scales>
  code_rows(const kernels::value_table& table, const std::uint8_t* bytes, std::size_t stride,
            int code_bits, int per_step, const Scales& scales)
      : values(&table),
        codes(bytes),
        row_bytes(stride),
        bits(code_bits),
        scales_per_step(per_step),
        scales_(&scales),
        call_([](const void* f, std::size_t row, std::size_t step, std::size_t count, float* out) {
          return (*static_cast<const Scales*>(f))(row, step, count, out);
        }) {}
  [[nodiscard]] bool find_scales(std::size_t row, std::size_t step, std::size_t count,
                                 float* out) const {
    return call_(scales_, row, step, count, out);
  }

 private:
  const void* scales_;
  bool (*call_)(const void*, std::size_t, std::size_t, std::size_t, float*);
};

/// What lies in memory behind the values of an operand, for kernels that read that.
struct row_origin {
  const code_rows* codes = nullptr;                    ///< or null
  const matrix_view<const float>* binary32 = nullptr;  ///< the values themselves, or null
  bool is_bfloat16 = false;                            ///< row_memory has the values, as bfloat16
  /// Rows follow each other without gaps: source(row, 0, n * cols, out) has those of n rows.
  bool continue_rows = false;
};

/// Values of an operand: source(row, first, count, out) puts element * scale, rounded to binary32,
/// of `count` elements of a row at `out`; `first` is a multiple of product_tile::max_depth, unless
/// values lie in memory as binary32 or bfloat16 (row_origin).
/// Type-erased: what multiplies exists once. Refers to what it was made from.
class row_source {
 public:
  template <class F>
  row_source(std::size_t rows, std::size_t cols, const F& decode, const row_memory& memory,
             const row_origin& origin)
      : rows_(rows),
        cols_(cols),
        memory_(memory),
        origin_(origin),
        decode_(&decode),
        call_([](const void* f, std::size_t row, std::size_t first, std::size_t count, float* out) {
          (*static_cast<const F*>(f))(row, first, count, out);
        }) {}
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  void operator()(std::size_t row, std::size_t first, std::size_t count, float* out) const {
    call_(decode_, row, first, count, out);
  }
  /// `count` values of each of some rows from k on; those of a row lie so far after those of the
  /// one before it as is returned: `stride`, or, where rows that follow each other are read as one,
  /// which takes a fraction of the time of short ones, `count`.
  [[nodiscard]] std::size_t load(std::size_t row, std::size_t rows, std::size_t k,
                                 std::size_t count, std::size_t stride, float* out) const {
    if (origin_.continue_rows && count == cols_) {
      if (rows != 0) call_(decode_, row, 0, rows * count, out);
      return count;
    }
    for (std::size_t i = 0; i < rows; ++i) call_(decode_, row + i, k, count, out + i * stride);
    return stride;
  }
  /// As load, each row with zeros up to `padded` values, and rows of zeros up to `all` rows.
  [[nodiscard]] std::size_t load_padded(std::size_t row, std::size_t rows, std::size_t all,
                                        std::size_t k, std::size_t count, std::size_t padded,
                                        std::size_t stride, float* out) const {
    const bool is_whole = padded == count;
    const std::size_t apart = is_whole ? load(row, rows, k, count, stride, out) : stride;
    for (std::size_t i = 0; i < all; ++i) {
      float* const to = out + i * apart;
      if (!is_whole && i < rows) call_(decode_, row + i, k, count, to);
      std::fill(to + (i < rows ? count : 0), to + padded, 0.0f);
    }
    return apart;
  }
  [[nodiscard]] const row_memory& memory() const { return memory_; }
  [[nodiscard]] const row_origin& origin() const { return origin_; }

 private:
  std::size_t rows_, cols_;
  row_memory memory_;
  row_origin origin_;
  const void* decode_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, float*);
};

/// A reference to what uses rows, of one type whatever that is, so that what reads an operand is
/// compiled once.
class row_use {
 public:
  template <class F>
  explicit row_use(const F& use)
      : use_(&use),
        call_([](const void* f, const row_source& rows) { (*static_cast<const F*>(f))(rows); }) {}
  void operator()(const row_source& rows) const { call_(use_, rows); }

 private:
  const void* use_;
  void (*call_)(const void*, const row_source&);
};

/// Where sums go: sink(row, col, count, sums) takes those of C(row, col) … C(row, col + count - 1).
/// And what they begin with, which is zero unless there is a `start`. Called once for each element,
/// from any thread; begin(), if at all, before the sum is taken.
class sum_sink {
 public:
  template <class F>
  explicit sum_sink(const F& finish, const row_memory& memory = {},
                    const matrix_view<const float>* start = nullptr)
      : memory_(memory),
        start_(start),
        finish_(&finish),
        call_([](const void* f, std::size_t row, std::size_t col, std::size_t count,
                 const float* sums) { (*static_cast<const F*>(f))(row, col, count, sums); }) {
    if constexpr (requires { finish.finish_rows(0, 1, 0, 1, nullptr, 1); }) {
      call_rows_ = [](const void* f, std::size_t row, std::size_t rows, std::size_t col,
                      std::size_t count, const float* sums, std::size_t stride) {
        static_cast<const F*>(f)->finish_rows(row, rows, col, count, sums, stride);
      };
    }
  }
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* sums) const {
    call_(finish_, row, col, count, sums);
  }
  /// Whether finish_rows is more than a call for each row.
  [[nodiscard]] bool takes_rows() const { return call_rows_ != nullptr; }
  /// Finishes some rows, whose sums lie `stride` apart and may be read up to a multiple of 16.
  void finish_rows(std::size_t row, std::size_t rows, std::size_t col, std::size_t count,
                   const float* sums, std::size_t stride) const {
    if (call_rows_ != nullptr) return call_rows_(finish_, row, rows, col, count, sums, stride);
    for (std::size_t i = 0; i < rows; ++i) call_(finish_, row + i, col, count, sums + i * stride);
  }
  /// Where the results will lie.
  [[nodiscard]] const row_memory& memory() const { return memory_; }
  [[nodiscard]] const matrix_view<const float>* start() const { return start_; }
  template <class Number>
  void begin(std::size_t row, std::size_t col, std::size_t count, Number* sums) const {
    std::copy_n(start_->row(row) + col, count, sums);
  }

 private:
  row_memory memory_;
  const matrix_view<const float>* start_;
  const void* finish_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, const float*);
  void (*call_rows_)(const void*, std::size_t, std::size_t, std::size_t, std::size_t, const float*,
                     std::size_t) = nullptr;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
