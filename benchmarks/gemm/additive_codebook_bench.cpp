// SPDX-License-Identifier: MIT
// Look-up products of additive codebooks against the dense product in binary32 and against copying
// their codes.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "lowp/gemm/additive_codebook_product.hpp"
#include "lowp/gemm/gemm.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

void add_product(std::size_t side, int count) {
  const std::string name = "lookup/" + std::to_string(side) + "/" + std::to_string(count) + "x8";
  add_row(name, [=](benchmark::State& state) {
    additive_codebook_matrix q(side, side, {.count = count});
    for (std::size_t i = 0; i < q.bytes().size(); ++i)
      q.bytes()[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
    const std::vector<float> x = sample(side), entries = sample(q.entries().size());
    std::copy(entries.begin(), entries.end(), q.entries().begin());
    std::vector<float> w(side * side), y(side), z(side);
    dequantize(q, {w.data(), side, side});
    std::vector<std::uint8_t> codes(q.bytes().size());
    compare(
        state, side * side,
        [&] {
          lookup_product({x.data(), 1, side}, q, {y.data(), 1, side});
        },
        {{"dense",
          [&] {
            gemm(matrix_view<const float>(x.data(), 1, side),
                 matrix_view<const float>(w.data(), side, side),
                 matrix_view<float>(z.data(), 1, side));
          }},
         {"copying_codes", [&] { std::memcpy(codes.data(), q.bytes().data(), codes.size()); }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const std::size_t side : {1024u, 4096u}) {
    add_product(side, 1);
    add_product(side, 2);
  }
}
