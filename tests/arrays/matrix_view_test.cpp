// SPDX-License-Identifier: MIT
// A matrix view addresses rows by a stride, checks its shape once, and owns nothing.
#include "lowp/arrays/matrix_view.hpp"

#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/formats/catalog.hpp"

using lowp::matrix_view;

static_assert(std::is_trivially_copyable_v<matrix_view<float>>);
static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<const float>>);
static_assert(!std::is_convertible_v<matrix_view<const float>, matrix_view<float>>);

TEST_CASE("Element (r, c) lies at r * stride + c") {
  std::vector<float> data(20);
  const matrix_view<float> dense(data.data(), 4, 5);
  CHECK(dense.stride == 5);
  const matrix_view<float> wide(data.data(), 3, 5, 7);
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(wide.row(row) == data.data() + 7 * row);
    for (std::size_t col = 0; col < 5; ++col) {
      CHECK(&wide(row, col) == data.data() + 7 * row + col);
      CHECK(&dense(row, col) == data.data() + 5 * row + col);
    }
  }
  const matrix_view<const float> reader = wide;
  CHECK(reader.data == data.data());
  CHECK(reader.rows == 3);
  CHECK(reader.cols == 5);
  CHECK(reader.stride == 7);
}

TEST_CASE("A range of rows is a view of them") {
  std::vector<float> data(21);
  const matrix_view<float> all(data.data(), 3, 5, 7);
  const matrix_view<float> middle = all.row_range(1, 1);
  CHECK(middle.rows == 1);
  CHECK(middle.cols == 5);
  CHECK(middle.stride == 7);
  CHECK(&middle(0, 4) == &all(1, 4));
  CHECK(all.row_range(1, 2).row(1) == all.row(2));
  CHECK(all.row_range(3, 0).rows == 0);
  CHECK(matrix_view<float>().row_range(0, 0).rows == 0);
}

TEST_CASE("No arithmetic on the null pointer of a view without elements") {
  // Constant evaluation refuses what the sanitizer for undefined behaviour would.
  STATIC_REQUIRE(matrix_view<float>(nullptr, 5, 0, 8).row(4) == nullptr);
  STATIC_REQUIRE(lowp::packed_matrix_view<lowp::formats::e2m1>({}, 5, 0, 8).row(4) == nullptr);
}

TEST_CASE("Rows that overlap and null data are refused") {
  std::vector<float> data(20);
  CHECK_THROWS_AS(matrix_view<float>(data.data(), 2, 5, 4), std::invalid_argument);
  CHECK_THROWS_WITH(matrix_view<float>(data.data(), 2, 5, 4),
                    Catch::Matchers::ContainsSubstring("stride is 4"));
  CHECK_THROWS_AS(matrix_view<float>(nullptr, 1, 1), std::invalid_argument);
  CHECK_NOTHROW(matrix_view<float>(data.data(), 1, 5, 0));  // one row has no next
  CHECK_NOTHROW(matrix_view<float>(nullptr, 0, 5));
  CHECK_NOTHROW(matrix_view<float>(nullptr, 5, 0));
  CHECK(matrix_view<float>().rows == 0);
}
