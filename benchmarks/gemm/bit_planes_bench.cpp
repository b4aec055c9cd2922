// SPDX-License-Identifier: MIT
// Products by planes of bits: 1024 x 1024 x 1024 of p by q bits, packed before, against the product
// of INT8 (of_int8); one row of activations by 64 MiB of weights, against reading their bits
// (of_read).
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "lowp/gemm/bit_plane_product.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/hamming_distances.hpp"
#include "lowp/number/catalog.hpp"
#include "ratio.hpp"

namespace {

/// Random integers of so many bits.
struct integers {
  lowp::fixed_format format;
  std::size_t rows, cols;
  std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(rows * cols);

  integers(int bits, std::size_t row_count, std::size_t col_count)
      : format{.total_bits = bits, .fraction_bits = 0}, rows(row_count), cols(col_count) {
    std::minstd_rand random;
    for (auto& code : codes) code = static_cast<std::uint8_t>((random() >> 8) & ((1u << bits) - 1));
  }
};
auto describe(const integers& x) {
  return lowp::operand_description<lowp::variable_format<lowp::fixed_format>>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.format = {x.format},
                   .bytes = x.codes.data(),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.cols),
                   .order = {.container_bits = 8}}};
}

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t size = 1024;

void add_square(int p, int q) {
  add_row("planes/W" + std::to_string(p) + "A" + std::to_string(q), [=](benchmark::State& state) {
    const integers a(q, size, size), b(p, size, size), wide(8, size, size);
    const bit_planes planes(b), packed(a);
    const auto* const codes = reinterpret_cast<const int_n<8>*>(wide.codes.data());
    const matrix_view<const int_n<8>> int8(codes, size, size);
    std::vector<std::int32_t> c(size * size);
    std::vector<float> d(size * size);
    const matrix_view<std::int32_t> sums(c.data(), size, size);
    const auto multiply_int8 = [&] {
      gemm<policies::integers>(int8, int8, matrix_view<float>(d.data(), size, size));
    };
    if (p * q <= 5) {
      compare(state, c.size() * size, [&] { bit_plane_product(packed, planes, sums); },
              {{"int8", multiply_int8}});
    } else {
      compare(state, c.size() * size, [&] { bit_plane_product(a, planes, sums); },
              {{"int8", multiply_int8}});
    }
  });
}

void add_one_row(int p) {
  add_row("planes/one_row/W" + std::to_string(p) + "A8", [=](benchmark::State& state) {
    const std::size_t cols = 4096, rows = (std::size_t{64} << 20) * 8 / 4096 / std::size_t(p);
    const integers a(8, 1, cols);
    const bit_planes planes(integers(p, rows, cols));
    std::vector<std::int32_t> c(rows);
    std::uint64_t all = 0;
    const auto read = [&] {
      const auto words = planes.words();
      std::uint32_t found[64] = {};
      for (std::size_t i = 0; i < words.size(); i += 64) {
        for (std::size_t j = 0; j < 64; ++j) found[j] |= words[i + j];
      }
      for (const std::uint32_t word : found) all += word;
      benchmark::DoNotOptimize(all);
    };
    compare(state, rows * cols,
            [&] { bit_plane_product(a, planes, matrix_view<std::int32_t>(c.data(), 1, rows)); },
            {{"read", read}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const int p : {1, 2, 3, 4, 8}) {
    for (const int q : {1, 2, 3, 4, 8}) add_square(p, q);
  }
  for (const int p : {1, 2, 3, 4}) add_one_row(p);
}
