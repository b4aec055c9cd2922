// SPDX-License-Identifier: MIT
// Distances by tables against sums over codes as they were given, on all targets.
#include "lowp/gemm/lookup_distances.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "guarded.hpp"
#include "isas.hpp"

using namespace lowp;

namespace {

std::vector<std::uint8_t> random_bytes(std::size_t count, unsigned below, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random() % below);
  return bytes;
}

}  // namespace

TEST_CASE("distances are sums of what codes look up, up to 65535") {
  struct {
    std::size_t rows, cols;
    unsigned least;  // entry
  } const cases[] = {{1, 1, 0},      {127, 3, 0},    {128, 16, 0}, {300, 7, 0}, {70, 257, 255},
                     {70, 258, 255}, {33, 300, 200}, {5, 800, 0},  {2100, 2, 0}};
  for (const auto& c : cases) {
    CAPTURE(c.rows, c.cols);
    const auto codes = random_bytes(c.rows * c.cols, 16, 1);
    auto tables = random_bytes(3 * 16 * c.cols, 256 - c.least, 2);
    for (std::uint8_t& t : tables) t = static_cast<std::uint8_t>(t + c.least);
    std::vector<std::uint16_t> expected(3 * c.rows);
    for (std::size_t q = 0; q < 3; ++q) {
      for (std::size_t r = 0; r < c.rows; ++r) {
        unsigned sum = 0;
        for (std::size_t k = 0; k < c.cols; ++k)
          sum += tables[q * 16 * c.cols + 16 * k + codes[r * c.cols + k]];
        expected[q * c.rows + r] = static_cast<std::uint16_t>(std::min(sum, 65535u));
      }
    }
    const nibble_codes database(matrix_view<const std::uint8_t>(codes.data(), c.rows, c.cols));
    bool are_kept = true;
    for (std::size_t r = 0; r < c.rows; ++r)
      for (std::size_t k = 0; k < c.cols; ++k)
        are_kept &= database.code(r, k) == codes[r * c.cols + k];
    CHECK(are_kept);
    const matrix_view<const std::uint8_t> in(tables.data(), 3, 16 * c.cols);
    std::vector<std::uint16_t> y(expected.size());
    const matrix_view<std::uint16_t> out(y.data(), 3, c.rows);
    reference::lookup_distances(in, database, out);
    CHECK(y == expected);
    for (const isa level : test::isas()) {
      CAPTURE(name(level));
      std::fill(y.begin(), y.end(), std::uint16_t{7});
      lookup_distances(in, database, out, level);
      CHECK(y == expected);
    }
    std::fill(y.begin(), y.end(), std::uint16_t{7});
    lookup_distances(in, database, out, threads{3});
    CHECK(y == expected);
  }
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("distances by tables stay within tables and distances") {
  const auto codes = random_bytes(131 * 5, 16, 3), bytes = random_bytes(2 * 80, 256, 4);
  const nibble_codes database(matrix_view<const std::uint8_t>(codes.data(), 131, 5));
  const test::guarded in(160), out(2 * 131 * 2);
  for (const bool at_end : {false, true}) {
    auto* const tables = reinterpret_cast<std::uint8_t*>(in.place(160, at_end));
    auto* const y = reinterpret_cast<std::uint16_t*>(out.place(2 * 131 * 2, at_end));
    std::copy(bytes.begin(), bytes.end(), tables);
    for (const isa level : test::isas())
      lookup_distances({tables, 2, 80}, database, {y, 2, 131}, level);
  }
}
#endif

TEST_CASE("distances by tables refuse other shapes and codes") {
  const std::vector<std::uint8_t> codes(6), tables(32);
  std::vector<std::uint16_t> y(3, 7);
  const nibble_codes database(matrix_view<const std::uint8_t>(codes.data(), 3, 2));
  CHECK_THROWS_AS(lookup_distances({tables.data(), 1, 31}, database, {y.data(), 1, 3}),
                  std::invalid_argument);
  CHECK_THROWS_AS(lookup_distances({tables.data(), 1, 32}, database, {y.data(), 1, 2}),
                  std::invalid_argument);
  CHECK_THROWS_AS(lookup_distances({tables.data(), 1, 32}, database, {y.data(), 3, 1}),
                  std::invalid_argument);
  CHECK(y[0] == 7);
  const std::vector<std::uint8_t> large{3, 16};
  CHECK_THROWS_AS(nibble_codes(matrix_view<const std::uint8_t>(large.data(), 1, 2)),
                  std::invalid_argument);
  const nibble_codes none(matrix_view<const std::uint8_t>(nullptr, 3, 0));
  lookup_distances({tables.data(), 1, 0}, none, {y.data(), 1, 3});
  CHECK(y == std::vector<std::uint16_t>(3));
}
