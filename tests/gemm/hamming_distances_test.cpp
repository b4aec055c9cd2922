// SPDX-License-Identifier: MIT
// Hamming distances against bits that are counted one by one, the nearest codes against a sorted
// list, and the law of random projections: signs differ with probability angle / pi.
#include "lowp/gemm/hamming_distances.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/number/catalog.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

constexpr auto bit = formats::uint_n<1>;

/// Codes of `cols` bits, a multiple of 8, in bytes.
struct bit_rows {
  std::size_t rows, cols;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(rows * cols / 8);

  [[nodiscard]] bit_planes planes() const {
    return bit_planes(packed_matrix_view<bit>(bytes, rows, cols));
  }
  [[nodiscard]] int distance(std::size_t row, const bit_rows& other, std::size_t to) const {
    int count = 0;
    for (std::size_t i = 0; i < cols / 8; ++i) {
      count += std::popcount(
          static_cast<unsigned>(bytes[row * cols / 8 + i] ^ other.bytes[to * cols / 8 + i]));
    }
    return count;
  }
};
bit_rows random_rows(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  test::split_mix random(seed);
  bit_rows x{rows, cols};
  for (auto& byte : x.bytes) byte = static_cast<std::uint8_t>(random.below(256));
  return x;
}

TEST_CASE("distances and the nearest codes on each target") {
  for (const std::size_t cols : {8u, 72u, 1024u, 2176u}) {
    const bit_rows a = random_rows(70, cols, 1), b = random_rows(37, cols, 2);
    const bit_planes x = a.planes(), y = b.planes();
    std::vector<std::int32_t> expected(70 * 37), c(expected.size());
    for (std::size_t i = 0; i < c.size(); ++i) expected[i] = a.distance(i / 37, b, i % 37);
    const matrix_view<std::int32_t> out(c.data(), 70, 37);
    reference::hamming_distances(x, y, out);
    REQUIRE(c == expected);
    std::vector<code_neighbour> sorted;
    for (std::size_t i = 0; i < 70; ++i) {
      std::vector<code_neighbour> all;
      for (std::uint32_t j = 0; j < 37; ++j) all.push_back({j, expected[i * 37 + j]});
      std::sort(all.begin(), all.end(), [](const auto& p, const auto& q) {
        return p.distance != q.distance ? p.distance < q.distance : p.row < q.row;
      });
      sorted.insert(sorted.end(), all.begin(), all.begin() + 5);
    }
    for (const isa level : test::isas()) {
      CAPTURE(cols, name(level));
      std::fill(c.begin(), c.end(), -1);
      hamming_distances(x, y, out, {threads{2}, level});
      REQUIRE(c == expected);
      std::vector<code_neighbour> found(70 * 5);
      nearest_codes(x, y, matrix_view(found.data(), 70, 5), {threads{2}, level});
      REQUIRE(found == sorted);
    }
  }
}

TEST_CASE("signs of random projections differ in angle / pi of the bits") {
  constexpr std::size_t bits = 8192, angles = 5;
  test::split_mix random(3);
  bit_rows x{angles, bits};
  for (std::size_t i = 0; i < bits; ++i) {
    // A direction in the plane; row r lies at r pi / 6 from row 0.
    const double direction = random.below(1u << 30) * 0x1p-30 * 6.283185307179586;
    for (std::size_t r = 0; r < angles; ++r) {
      const double angle = static_cast<double>(r) * 3.141592653589793 / 6;
      const auto on = static_cast<unsigned>(std::cos(direction - angle) > 0);
      x.bytes[(r * bits + i) / 8] |= static_cast<std::uint8_t>(on << i % 8);
    }
  }
  const bit_planes planes = x.planes();
  std::vector<std::int32_t> c(angles * angles);
  hamming_distances(planes, planes, matrix_view(c.data(), angles, angles));
  for (std::size_t r = 0; r < angles; ++r) {  // within four deviations
    CHECK(std::abs(c[r] / double(bits) - static_cast<double>(r) / 6) < 0.022);
    CHECK(c[r * angles + r] == 0);
  }
}

TEST_CASE("what is no pair of matrices of bits is refused") {
  using failure = std::invalid_argument;
  const bit_planes x = random_rows(3, 16, 1).planes(), y = random_rows(3, 24, 1).planes();
  const std::vector<int_n<2>> twos(48);
  const bit_planes wide(matrix_view<const int_n<2>>(twos.data(), 3, 16));
  std::vector<std::int32_t> c(9);
  std::vector<code_neighbour> found(12);
  CHECK_THROWS_AS(hamming_distances(x, y, matrix_view(c.data(), 3, 3)), failure);
  CHECK_THROWS_AS(hamming_distances(x, wide, matrix_view(c.data(), 3, 3)), failure);
  CHECK_THROWS_AS(hamming_distances(x, x, matrix_view(c.data(), 3, 2)), failure);
  CHECK_THROWS_AS(nearest_codes(x, x, matrix_view(found.data(), 3, 4)), failure);
  CHECK_THROWS_AS(nearest_codes(x, x, matrix_view(found.data(), 2, 2)), failure);
  CHECK_THROWS_AS(nearest_codes(wide, wide, matrix_view(found.data(), 3, 1)), failure);
  // Distances up to 2^31.
  const bit_planes longest(
      packed_matrix_view<bit>(std::span<const std::uint8_t>{}, 0, std::size_t{1} << 31));
  CHECK_THROWS_AS(hamming_distances(longest, longest, matrix_view(c.data(), 0, 0)), failure);
}

}  // namespace
