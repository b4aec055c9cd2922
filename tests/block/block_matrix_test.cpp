// SPDX-License-Identifier: MIT
// A block matrix is its codes and its scales at their true size, in a layout that files can rely
// on, and it checks what it is given.
#include "lowp/block/block_matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

namespace formats = lowp::formats;
using lowp::block_matrix;
using bytes = std::vector<std::uint8_t>;

namespace {

bytes counting(std::size_t size) {
  bytes list;
  for (std::size_t i = 0; i < size; ++i) list.push_back(static_cast<std::uint8_t>(7 * i + 3));
  return list;
}

bytes copy(std::span<const std::uint8_t> from) { return {from.begin(), from.end()}; }

static_assert(defect(formats::mxfp4) == nullptr);
static_assert(defect(formats::nvfp4_16x16) == nullptr);
static_assert(defect(formats::nvfp4, lowp::rules::floor) != nullptr);
static_assert(defect(formats::nvfp4, lowp::rules::standard) == nullptr);
static_assert(defect(lowp::block_format{formats::e2m1, formats::e8m0, lowp::block_shape{-1, 32}}) !=
              nullptr);
static_assert(scaled_blocks_of(formats::mxfp4).scale_bytes() == 1);
static_assert(scaled_blocks_of(formats::scaled_rows(formats::e2m1)).scale_bytes() == 4);

}  // namespace

TEST_CASE("Codes and scales take exactly the bytes of their formats") {
  struct expectation {
    std::size_t codes, scales;
  };
  const auto check = []<auto B>(std::size_t rows, std::size_t cols, expectation expected) {
    const block_matrix<B> m(rows, cols);
    CHECK(m.codes().size() == expected.codes);
    CHECK(m.scales().size() == expected.scales);
    CHECK(m.rows() == rows);
    CHECK(m.cols() == cols);
    const double bits = 8.0 * static_cast<double>(expected.codes + expected.scales);
    CHECK(m.bits_per_value() == bits / static_cast<double>(rows * cols));
    bool is_zero = true;
    for (const std::uint8_t byte : m.codes()) is_zero = is_zero && byte == 0;
    for (const std::uint8_t byte : m.scales()) is_zero = is_zero && byte == 0;
    CHECK(is_zero);
  };
  check.operator()<formats::mxfp4>(3, 64, {96, 6});
  check.operator()<formats::mxfp4>(3, 65, {99, 9});  // rows start at bytes
  check.operator()<formats::mxfp8_e4m3>(2, 33, {66, 4});
  check.operator()<formats::mxfp6_e2m3>(2, 33, {50, 4});
  check.operator()<formats::nvfp4>(2, 17, {18, 4});
  check.operator()<formats::nvfp4_16x16>(17, 33, {17 * 17, 2 * 3});
  check.operator()<formats::scaled_rows(formats::int_n<8>)>(5, 7, {35, 20});
  check.operator()<formats::scaled_tensor(formats::int_n<4>)>(5, 7, {20, 4});
  CHECK(block_matrix<formats::mxfp8_e4m3>(32, 32).bits_per_value() == 8.25);
  CHECK(block_matrix<formats::mxfp6_e3m2>(32, 32).bits_per_value() == 6.25);
  CHECK(block_matrix<formats::nvfp4>(32, 32).bits_per_value() == 4.5);
}

TEST_CASE("A matrix made of bytes keeps them, and its accessors address them") {
  const bytes codes = counting(2 * 18), scales = counting(2 * 3);
  const float tensor = 0.25f;
  const block_matrix<formats::nvfp4> m(2, 35, codes, scales, tensor);
  CHECK(copy(m.codes()) == codes);
  CHECK(copy(m.scales()) == scales);
  CHECK(m.tensor_scale() == tensor);
  CHECK(m.block_rows() == 1);
  CHECK(m.block_cols() == 16);
  CHECK(m.block_row_count() == 2);
  CHECK(m.block_col_count() == 3);
  CHECK(m.row_codes(1) == m.codes().data() + 18);

  int wrong = 0;
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 35; ++c) {
      const unsigned byte = codes[r * 18 + c / 2];
      const unsigned code = c % 2 == 0 ? byte % 16 : byte / 16;
      const std::uint8_t scale = scales[r * 3 + c / 16];
      wrong += m.code(r, c) != code || m.element(r, c).code() != code;
      wrong += m.scale_of(r, c).code() != scale || m.scale_code(r, c / 16) != scale;
      const lowp::unpacked value = m.value(r, c);
      if (scale == 0x7F || scale == 0xFF) continue;
      // E2M1 times UE4M3 times 1/4, all exact in binary64.
      const double magnitude = oracle::value_of(formats::e2m1, code).value() *
                               oracle::value_of(formats::ue4m3, scale).value() / 4;
      wrong += !oracle::same(magnitude, value);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("Scales of several bytes are little-endian") {
  const bytes scales{0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x20, 0xC1};
  const block_matrix<formats::scaled_rows(formats::int_n<8>)> m(2, 1, bytes{1, 2}, scales);
  CHECK(static_cast<float>(m.scale_of(0, 0)) == 1.0f);
  CHECK(static_cast<float>(m.scale_of(1, 0)) == -10.0f);
}

TEST_CASE("Setting a code or a scale changes that one") {
  block_matrix<formats::mxfp6_e2m3> m(3, 37);
  for (std::uint8_t& byte : m.codes()) byte = 0xA5;
  for (std::uint8_t& byte : m.scales()) byte = 0x5A;
  int wrong = 0;
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 37; ++c) {
      auto changed = m;
      changed.set_code(r, c, m.code(r, c) ^ 63);
      for (std::size_t i = 0; i < 3 * 37; ++i) {
        const bool is_it = i == r * 37 + c;
        wrong += changed.code(i / 37, i % 37) != (m.code(i / 37, i % 37) ^ (is_it ? 63u : 0u));
      }
      wrong += copy(changed.scales()) != copy(m.scales()) || changed == m;
    }
  }
  m.set_scale_code(1, 1, 0x80);
  CHECK(copy(m.scales()) == bytes{0x5A, 0x5A, 0x5A, 0x80, 0x5A, 0x5A});
  CHECK(wrong == 0);
}

TEST_CASE("Matrices are equal if shape, codes, scales and tensor scale are") {
  const block_matrix<formats::nvfp4> a(2, 16, counting(16), counting(2), 0.5f);
  CHECK(a == block_matrix<formats::nvfp4>(2, 16, counting(16), counting(2), 0.5f));
  CHECK(a != block_matrix<formats::nvfp4>(2, 16, counting(16), counting(2), 0.25f));
  CHECK(a != block_matrix<formats::nvfp4>(2, 16, counting(16), bytes{3, 11}, 0.5f));
  CHECK(a != block_matrix<formats::nvfp4>(2, 16, bytes(16), counting(2), 0.5f));
  CHECK(a != block_matrix<formats::nvfp4>(2, 15, counting(16), counting(2), 0.5f));
  auto b = a;
  CHECK(a == b);
  b.set_tensor_scale(1.0f);
  CHECK(a != b);
}

TEST_CASE("A matrix may own bytes of any allocator") {
  // What new matrices reuse, so that a system maps their pages once.
  alignas(64) static std::uint8_t memory[4096];
  std::pmr::monotonic_buffer_resource arena(memory, sizeof memory,
                                            std::pmr::null_memory_resource());
  const std::vector<float> values(8 * 64, 1.5f);
  const lowp::matrix_view<const float> in(values.data(), 8, 64);
  using matrix = block_matrix<formats::mxfp4, lowp::planes, std::pmr::vector<std::uint8_t>>;
  matrix a(8, 64, &arena);
  REQUIRE(a.bytes().data() >= memory);
  REQUIRE(a.bytes().data() + a.bytes().size() <= memory + sizeof memory);
  for (const std::uint8_t byte : a.bytes()) REQUIRE(byte == 0);
  lowp::quantize(in, a);
  const auto b = lowp::quantize<formats::mxfp4>(in);
  REQUIRE(copy(a.bytes()) == copy(b.bytes()));
  REQUIRE(matrix(a) == a);  // a copy, by the default resource
  std::vector<float> back(8 * 64);
  lowp::dequantize(a, lowp::matrix_view<float>(back.data(), 8, 64));
  REQUIRE(back == values);
  REQUIRE_THROWS_AS(matrix(1024, 1024, &arena), std::bad_alloc);
  // A format that is a variable.
  using format = std::remove_const_t<decltype(formats::nvfp4)>;
  using variable = lowp::basic_block_matrix<lowp::variable_format<format>, lowp::planes,
                                            std::pmr::vector<std::uint8_t>>;
  const lowp::variable_format<format> f(formats::nvfp4);
  REQUIRE(copy(variable(f, 8, 64, &arena).bytes()) == copy(variable(f, 8, 64).bytes()));
}

TEST_CASE("Bytes of another size are refused with a sentence that says which") {
  using Catch::Matchers::ContainsSubstring;
  using mx = block_matrix<formats::mxfp4>;
  CHECK_THROWS_AS(mx(2, 33, bytes(33), bytes(4)), std::invalid_argument);
  CHECK_THROWS_AS(mx(2, 33, bytes(35), bytes(4)), std::invalid_argument);
  CHECK_THROWS_AS(mx(2, 33, bytes(34), bytes(3)), std::invalid_argument);
  CHECK_THROWS_AS(mx(2, 33, bytes(34), bytes(5)), std::invalid_argument);
  CHECK_THROWS_AS(mx(0, 33, bytes(1), bytes(0)), std::invalid_argument);
  CHECK_NOTHROW(mx(2, 33, bytes(34), bytes(4)));
  CHECK_THROWS_WITH(mx(2, 33, bytes(33), bytes(4)),
                    ContainsSubstring("codes has size 33") && ContainsSubstring("expected 34"));
  CHECK_THROWS_WITH(mx(2, 33, bytes(34), bytes(5)),
                    ContainsSubstring("scales has size 5") && ContainsSubstring("expected 4"));
}

TEST_CASE("Sizes whose bytes do not fit an address are refused, not wrapped around") {
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  const auto refuses = []<auto B>(std::size_t rows, std::size_t cols) {
    CHECK_THROWS_AS(block_matrix<B>(rows, cols), std::invalid_argument);
  };
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{std::size_t{1} << 40, std::size_t{1} << 40},
        {2, all},
        {all, all},
        {all, 2},
        {1, all},
        {3, all / 2},
        {all / 2, 8},
        {std::size_t{1} << 32, std::size_t{1} << 33}}) {
    refuses.operator()<formats::mxfp4>(rows, cols);
    refuses.operator()<formats::mxfp8_e4m3>(rows, cols);
    refuses.operator()<formats::nvfp4_16x16>(rows, cols);
    refuses.operator()<formats::scaled_rows(formats::bfloat16)>(rows, cols);
  }
}

TEST_CASE("A tensor scale belongs to formats that have one; of others it is 1") {
  const bytes codes(16, 0x22), scales{0x7F};
  using mx = block_matrix<formats::mxfp4>;
  static_assert(!std::is_constructible_v<mx, int, int, bytes, bytes, float>);
  const auto can_set = [](auto& m) {
    return requires { m.set_tensor_scale(1.0f); };
  };
  mx m(1, 32, codes, scales);
  CHECK_FALSE(can_set(m));
  CHECK(m.tensor_scale() == 1.0f);
  lowp::nvfp4 zeros(1, 32);
  CHECK(can_set(zeros));
  CHECK(zeros.tensor_scale() == 1.0f);
}
