// SPDX-License-Identifier: MIT
// Orders of elements: published words, every code apart, and the values of the same matrix in
// planes.
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/element_orders.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;

namespace {

constexpr int whole = block_shape::whole;
// A checkpoint of AWQ: K x N codes, eight outputs in a word, groups of 128 along K.
constexpr auto awq = formats::affine_groups(4, block_shape{128, 1});
constexpr block_format ternary{formats::symmetric_int_n<2>, formats::binary16, block_shape{1, 64}};
constexpr block_format bases{formats::uint_n<2>, formats::binary16, block_shape{1, 64}};
constexpr block_format fives{formats::int_n<4>, formats::binary16, block_shape{1, 64}};
constexpr block_format nibbles{formats::int_n<4>, formats::binary32, block_shape{whole, whole}};

using awq_order = lowp::planes_in<lowp::packed_as<lowp::packings::awq>>;
using four_and_two = lowp::planes_in<lowp::bit_fields<4, 2>>;
using bit_by_bit = lowp::planes_in<lowp::bit_fields<1, 1, 1, 1>>;
using five_trits = lowp::planes_in<lowp::digits<3, 5, 1>>;
using three_of_five = lowp::planes_in<lowp::digits<5, 3, 2>>;
using five_digits = lowp::planes_in<lowp::digits<3, 5>>;

std::vector<float> draw(std::size_t count) {
  ob::source random(count);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(random.in_binades(120, 129));
  return values;
}

/// All codes of a matrix, and what one of planes reads from the same numbers.
template <auto F, class Order>
void check(
    const char* name, std::size_t rows, std::size_t cols,
    bool (*is_allowed)(code_t) = [](code_t) { return true; }) {
  using matrix = block_matrix<F, Order::template layout>;
  oracle::tally t;
  matrix m(rows, cols);
  ob::source random(rows + cols);
  const auto for_all = [&](const auto& use) {
    for_each_leaf(matrix::format, rows, cols,
                  [&](int leaf, const auto& f, std::size_t height, std::size_t width) {
                    for (std::size_t i = 0; i < height * width; ++i)
                      use(leaf, f, i / width, i % width);
                  });
  };
  for (int pass = 0; pass < 2; ++pass) {  // over zeros, and over what was there before
    std::vector<code_t> expected;
    for_all([&](int leaf, const auto& f, std::size_t r, std::size_t c) {
      code_t code = random.word() & lowp::low_mask(f.bits());
      if (leaf == 0 && !is_allowed(code)) code = 0;
      expected.push_back(code);
      m.set_code(leaf, r, c, code);
    });
    std::size_t i = 0;
    for_all([&](int leaf, const auto&, std::size_t r, std::size_t c) {
      t.check(m.code(leaf, r, c) == expected[i++], [&](auto& text) {
        text << name << ": leaf " << leaf << " at " << r << ", " << c << " is "
             << m.code(leaf, r, c);
      });
    });
  }
  const std::vector<float> x = draw(rows * cols);
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto plain = lowp::quantize<F>(in);
  const auto q = lowp::quantize<F, Order::template layout>(in);
  std::vector<float> a(x.size()), b(x.size());
  dequantize(plain, matrix_view<float>(a.data(), rows, cols));
  dequantize(q, matrix_view<float>(b.data(), rows, cols));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool is_same = q.code(0, i / cols, i % cols) == plain.code(0, i / cols, i % cols) &&
                         ob::bits_of(a[i]) == ob::bits_of(b[i]);
    t.check(is_same, [&](auto& text) { text << name << ": value " << i << " is " << b[i]; });
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Words of AWQ: codes 0 to 7 are 0x75316420, of elements and of zero points") {
  block_matrix<awq, awq_order::layout> m(128, 8);
  for (std::size_t i = 0; i < 8; ++i) m.set_code(0, 3, i, i);
  for (std::size_t i = 0; i < 8; ++i) m.set_code(2, 0, i, i);
  const std::vector<std::uint8_t> word{0x20, 0x64, 0x31, 0x75};
  const auto bytes = m.bytes();
  CHECK(bytes.size() == 128 * 4 + 16 + 4);
  CHECK(std::vector<std::uint8_t>(bytes.begin() + 12, bytes.begin() + 16) == word);
  CHECK(std::vector<std::uint8_t>(bytes.end() - 4, bytes.end()) == word);
}

TEST_CASE("Planes of bits: the low nibbles, then pairs, or the other way round") {
  block_matrix<formats::mxfp6_e3m2, four_and_two::layout> m(1, 2);
  m.set_code(0, 0, 0, 0x2A);
  m.set_code(0, 0, 1, 0x15);
  CHECK(m.bytes()[0] == 0x5A);
  CHECK(m.bytes()[1] == 0x06);
  const std::uint8_t turned[3] = {0x06, 0x5A, 0x7F};
  using two_and_four = lowp::planes_in<lowp::leading_bit_fields<2, 4>>;
  lowp::block_matrix_view<formats::mxfp6_e3m2, two_and_four::layout> other(1, 2, turned);
  CHECK(other.code(0, 0, 0) == 0x2A);
  CHECK(other.code(0, 0, 1) == 0x15);
  using wrong = block_matrix<formats::mxfp4, four_and_two::layout>;
  CHECK_THROWS_AS(wrong(1, 32), std::invalid_argument);
}

TEST_CASE("Digits in base 3: five in a byte") {
  block_matrix<bases, five_digits::layout> m(1, 7);
  const code_t codes[7] = {1, 2, 0, 2, 1, 2, 3};
  for (std::size_t i = 0; i < 7; ++i) m.set_code(0, 0, i, codes[i]);
  CHECK(m.bytes()[0] == 1 + 2 * 3 + 2 * 27 + 81);
  CHECK(m.bytes()[1] == 2 + 2 * 3);  // 3 is no digit
  // Memory that held something else.
  std::vector<std::uint8_t> memory(m.bytes().size(), 0xFF);
  block_matrix<bases, five_digits::layout, std::span<std::uint8_t>> view(1, 7, memory);
  for (std::size_t i = 5; i-- > 0;) view.set_code(0, 0, i, codes[i]);
  CHECK(memory[0] == m.bytes()[0]);
  // Of two's complement: -1, 0 and 1 are 0, 1 and 2.
  block_matrix<ternary, five_trits::layout> n(1, 5);
  const code_t weights[5] = {3, 0, 1, 1, 3};
  for (std::size_t i = 0; i < 5; ++i) n.set_code(0, 0, i, weights[i]);
  CHECK(n.bytes()[0] == 0 + 1 * 3 + 2 * 9 + 2 * 27 + 0);
}

TEST_CASE("A code that is no digit becomes the nearest one") {
  block_matrix<ternary, five_trits::layout> trits(1, 5);
  trits.set_code(0, 0, 1, 2);  // -2
  CHECK(trits.code(0, 0, 1) == 3);
  block_matrix<fives, three_of_five::layout> m(1, 16);
  const code_t nearest[16] = {0, 1, 2, 2, 2, 2, 2, 2, 14, 14, 14, 14, 14, 14, 14, 15};
  for (std::size_t code = 0; code < 16; ++code) {
    m.set_code(0, 0, code, code);
    CHECK(m.code(0, 0, code) == nearest[code]);
  }
}

TEST_CASE("Codes lie apart, and matrices in any order have the values of those in planes") {
  check<awq, awq_order>("AWQ", 130, 75);
  check<formats::mxfp6_e3m2, four_and_two>("4 and 2 bits", 3, 1100);
  check<nibbles, bit_by_bit>("bit by bit", 3, 1101);
  check<formats::mx4, lowp::planes_in<lowp::leading_bit_fields<2, 1>>>("mx4", 3, 1101);
  check<ternary, five_trits>("trits", 3, 1101, [](code_t code) { return code != 2; });
}
