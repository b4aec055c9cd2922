// SPDX-License-Identifier: MIT
// Products with weights in additive codebooks, by tables: the dot products of a group of inputs
// with all entries are computed once, and each row adds up those that its codes name (AQLM, arXiv
// 2401.06118). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/block/additive_codebook_fit.hpp"
#include "lowp/block/additive_codebook_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {
namespace reference {

/// The definition of lookup_product, in scalar arithmetic.
inline void lookup_product(matrix_view<const float> x, const additive_codebook_matrix& w,
                           matrix_view<float> y) {
  const auto size = static_cast<std::size_t>(w.codebooks().group);
  const auto count = static_cast<std::size_t>(w.codebooks().count);
  for (std::size_t b = 0; b < x.rows; ++b) {
    for (std::size_t row = 0; row < w.rows(); ++row) {
      binary32 chains[8]{};
      for (std::size_t i = 0; i < w.groups() * count; ++i) {
        const std::size_t group = i / count, m = i % count;
        const float* const entry = w.entry(m, w.code(row, group, m));
        binary32 dot{};
        for (std::size_t j = 0; j < size; ++j) {
          const binary32 product = binary32(x(b, group * size + j)) * binary32(entry[j]);
          dot = j == 0 ? product : dot + product;
        }
        chains[i % 8] = chains[i % 8] + dot;
      }
      const binary32 even = (chains[0] + chains[4]) + (chains[2] + chains[6]);
      const binary32 odd = (chains[1] + chains[5]) + (chains[3] + chains[7]);
      y(b, row) = static_cast<float>(binary32(w.scales()[row]) * (even + odd));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

inline constexpr std::size_t lookup_chains = 8;

/// chains[i mod 8] += table[i * stride + codes[i]], i from 0 on. A stride that the compiler knows
/// is part of the addresses.
template <class Code, class Stride, std::size_t... Chain>
void add_looked_up(const Code* codes, std::size_t count, const float* table, Stride stride,
                   float* chains, std::index_sequence<Chain...>) {
  float sums[] = {chains[Chain]...};  // stay in registers
  std::size_t i = 0;
  for (; i + sizeof...(Chain) <= count; i += sizeof...(Chain)) {
    const float* const from = table + i * stride;
    ((sums[Chain] = opaque(sums[Chain] + from[Chain * stride + codes[i + Chain]])), ...);
  }
  ((chains[Chain] = sums[Chain]), ...);
  for (std::size_t j = 0; i + j < count; ++j) {
    chains[j] = opaque(chains[j] + table[(i + j) * stride + codes[i + j]]);
  }
}
[[nodiscard]] inline float sum_of_lookup_chains(const float* c) {
  const float even = opaque(opaque(c[0] + c[4]) + opaque(c[2] + c[6]));
  const float odd = opaque(opaque(c[1] + c[5]) + opaque(c[3] + c[7]));
  return opaque(even + odd);
}

/// NaN as 0x7FC00000; as a word, which -ffast-math leaves alone.
inline void store_number(float x, float* to) {
  std::uint32_t word = std::bit_cast<std::uint32_t>(x);
  if (word << 1 > 0xFF000000u) word = 0x7FC00000u;
  std::memcpy(to, &word, sizeof word);
}

/// Products of one row of inputs.
class additive_lookup {
 public:
  additive_lookup(const additive_codebook_matrix& w, const execution& how)
      : w_(w),
        how_(how),
        count_(static_cast<std::size_t>(w.codebooks().count)),
        size_(static_cast<std::size_t>(w.codebooks().group)),
        by_tables_(w.codebooks().entries() <= w.rows()),
        entries_(w),
        // Tables of a step stay in a cache while all rows look them up; whole chains of codes.
        step_(lookup_chains * (std::max)(std::size_t{1}, table_floats / lookup_chains / count_ /
                                                             entries_.stride())),
        tables_(by_tables_ ? step_ * count_ * entries_.stride() : 0),
        chains_(w.rows() * lookup_chains) {
    if (by_tables_ && w.codebooks().code_bits == 8) return;
    codes_.resize(w.rows() * w.groups() * count_);
    const auto unpack_row = [&](std::size_t row) {
      const std::size_t count = w.groups() * count_;
      load_codes(w, row, 0, count, codes_.data() + row * count);
    };
    how.run(w.rows(), task(unpack_row));
  }

  void run(const float* x, float* y) {
    std::fill(chains_.begin(), chains_.end(), 0.0F);
    for (std::size_t first = 0; first < w_.groups(); first += step_) {
      const std::size_t groups = (std::min)(step_, w_.groups() - first);
      if (by_tables_) {
        const auto make = [&](std::size_t g) {
          const default_float_environment environment;
          for (std::size_t m = 0; m < count_; ++m) {
            kernels::dot_products(how_.level(), entries_.of(m), x + (first + g) * size_,
                                  tables_.data() + (g * count_ + m) * entries_.stride());
          }
        };
        how_.run(groups, task(make));
      }
      const auto part = [&](std::size_t p) {
        const default_float_environment environment;
        const std::size_t end = (std::min)(w_.rows(), (p + 1) * part_rows);
        for (std::size_t row = p * part_rows; row < end; ++row) {
          add_row(x, row, first, groups);
          if (first + groups == w_.groups()) {
            const float sum = sum_of_lookup_chains(chains_.data() + row * lookup_chains);
            store_number(opaque(w_.scales()[row] * sum), y + row);
          }
        }
      };
      how_.run((w_.rows() + part_rows - 1) / part_rows, task(part));
    }
  }

 private:
  // What a first cache holds; with twice that products take twice as long.
  static constexpr std::size_t table_floats = std::size_t{1} << 13, part_rows = 256;
  static constexpr std::make_index_sequence<lookup_chains> all_chains{};

  void add_row(const float* x, std::size_t row, std::size_t first, std::size_t groups) {
    float* const chains = chains_.data() + row * lookup_chains;
    if (codes_.empty()) {
      const std::uint8_t* const codes = w_.bytes().data() + row * w_.row_bytes() + first * count_;
#if defined(__GNUC__) || defined(__clang__)
      // Rows lie apart, where the hardware foresees nothing.
      if (row + 16 < w_.rows()) __builtin_prefetch(codes + 16 * w_.row_bytes());
#endif
      constexpr std::integral_constant<std::size_t, 256> stride{};
      return add_looked_up(codes, groups * count_, tables_.data(), stride, chains, all_chains);
    }
    const std::uint16_t* const codes = codes_.data() + (row * w_.groups() + first) * count_;
    if (by_tables_) {
      const float* const tables = tables_.data();
      return add_looked_up(codes, groups * count_, tables, entries_.stride(), chains, all_chains);
    }
    for (std::size_t i = 0; i < groups * count_; ++i) {
      const float* const e = w_.entry(i % count_, codes[i]);
      const float* const in = x + (first + i / count_) * size_;
      float dot = opaque(in[0] * e[0]);
      for (std::size_t j = 1; j < size_; ++j) dot = opaque(dot + opaque(in[j] * e[j]));
      chains[i % lookup_chains] = opaque(chains[i % lookup_chains] + dot);
    }
  }

  const additive_codebook_matrix& w_;
  const execution& how_;
  std::size_t count_, size_;
  bool by_tables_;
  entry_tables entries_;
  std::size_t step_;
  std::vector<float> tables_, chains_;
  std::vector<std::uint16_t> codes_;  ///< unless bytes are looked up as they lie
};

}  // namespace bulk

/// y = x * w^T: x is batch x cols, y batch x rows of w.
///
/// Codes of a row, in their order in it, belong to chain i mod 8. A chain starts from zero and adds
/// the dot products of a group of x with the entry of each code; these are products and sums in
/// binary32 from the group's first element on. y = scale * (((0 + 4) + (2 + 6)) + ((1 + 5) +
/// (3 + 7))), of chains. Each operation is rounded once: the same bits on every machine and for any
/// `execution`. A NaN is 0x7FC00000. Where the sums are exact, it is the product with the
/// dequantized matrix.
///
/// Codebooks of not more entries than w has rows are looked up in tables, at 1 to 1.5 codes a
/// nanosecond; codes of other widths than 8 bits are unpacked first, once for all rows of x. Of
/// larger codebooks dot products are computed anew for each code, slower than a product with the
/// dequantized matrix.
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit, and where x and y
/// share elements.
inline void lookup_product(matrix_view<const float> x, const additive_codebook_matrix& w,
                           matrix_view<float> y, const execution& how = {}) {
  const auto require_that = [](const char* what, std::size_t value, std::size_t expected) {
    if (value == expected) return;
    refuse(std::string("lookup_product: ") + what + " is " + std::to_string(value) + ", expected " +
           std::to_string(expected));
  };
  require_that("x.cols", x.cols, w.cols());
  require_that("y.rows", y.rows, x.rows);
  require_that("y.cols", y.cols, w.rows());
  if (bulk::share_elements(x, matrix_view<const float>(y))) {
    refuse("lookup_product: x and y overlap, expected two matrices apart");
  }
  if (y.rows == 0 || y.cols == 0) return;
  if (x.cols == 0) {
    const default_float_environment environment;
    for (std::size_t b = 0; b < y.rows; ++b) {
      for (std::size_t row = 0; row < y.cols; ++row) {
        bulk::store_number(detail::product_of_floats(w.scales()[row], 0), &y(b, row));
      }
    }
    return;
  }
  bulk::additive_lookup product(w, how);
  for (std::size_t b = 0; b < x.rows; ++b) product.run(x.row(b), y.row(b));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
