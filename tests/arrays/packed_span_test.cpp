// SPDX-License-Identifier: MIT
// A view of packed numbers is a container of numbers: proxies assign through, iterators obey the
// laws of random access, and algorithms of the standard library do what they do to a vector.
#include "lowp/arrays/packed_span.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using lowp::const_packed_span;
using lowp::packed_span;

namespace {

using nibbles = packed_span<formats::e2m1>;
using sixes = packed_span<formats::e3m2, packings::high_first>;
using const_nibbles = const_packed_span<formats::e2m1>;

static_assert(std::is_trivially_copyable_v<nibbles>);
static_assert(std::is_convertible_v<nibbles, const_nibbles>);
static_assert(!std::is_convertible_v<const_nibbles, nibbles>);
static_assert(std::is_assignable_v<nibbles::reference, lowp::e2m1>);
static_assert(!std::is_assignable_v<const_nibbles::reference, lowp::e2m1>);
static_assert(std::is_same_v<std::iterator_traits<nibbles::iterator>::iterator_category,
                             std::random_access_iterator_tag>);
static_assert(std::is_same_v<std::iterator_traits<nibbles::iterator>::value_type, lowp::e2m1>);
static_assert(std::totally_ordered<nibbles::iterator>);

constexpr bool works_in_constant_evaluation() {
  std::array<std::uint8_t, 3> memory{};
  const nibbles view(memory, 5);
  view[4] = lowp::e2m1(6.0f);
  view[0] = lowp::e2m1(-0.5f);
  view[1] = view[4];
  return memory[0] == 0x79 && memory[1] == 0 && memory[2] == 0x07;
}
static_assert(works_in_constant_evaluation());

template <class View>
std::vector<lowp::code_t> codes_of(const View& view) {
  std::vector<lowp::code_t> codes;
  for (std::size_t i = 0; i < view.size(); ++i) codes.push_back(view.code(i));
  return codes;
}

}  // namespace

TEST_CASE("A reference reads and writes the code it stands for") {
  std::vector<std::uint8_t> memory(3, 0xFF);
  const nibbles view(memory, 5);
  view[1] = lowp::e2m1(2.0f);
  CHECK(memory == std::vector<std::uint8_t>{0x4F, 0xFF, 0xFF});
  view[2] = view[1];
  CHECK(static_cast<lowp::e2m1>(view[2]).code() == 4);
  CHECK(memory == std::vector<std::uint8_t>{0x4F, 0xF4, 0xFF});
  view.set_code(4, 3);
  CHECK(memory[2] == 0xF3);  // the nibble after the last code is not touched
  CHECK(view.code(4) == 3);

  auto first = view[0];
  const auto last = view[4];
  swap(first, last);
  CHECK(view.code(0) == 3);
  CHECK(view.code(4) == 0xF);
  swap(first, first);
  CHECK(view.code(0) == 3);
}

TEST_CASE("Iterators obey the laws of random access") {
  std::vector<std::uint8_t> memory(lowp::packed_bytes(23, 6, packings::high_first));
  const sixes view(memory, 23);
  for (std::size_t i = 0; i < view.size(); ++i) view.set_code(i, (7 * i + 3) & 63);

  const auto begin = view.begin(), end = view.end();
  CHECK(end - begin == 23);
  CHECK(begin - end == -23);
  CHECK(std::distance(begin, end) == 23);
  CHECK(begin + 23 == end);
  CHECK(23 + begin == end);
  CHECK(end - 23 == begin);
  CHECK(begin < end);
  CHECK(end >= begin);
  CHECK(std::next(begin, 5) > begin + 4);
  bool agree = true;
  for (std::ptrdiff_t i = 0; i < 23; ++i) {
    const auto code = (7 * static_cast<lowp::code_t>(i) + 3) & 63;
    const lowp::e3m2 by_star = *(begin + i), by_index = begin[i], from_end = end[i - 23];
    agree = agree && by_star.code() == code && by_index.code() == code && from_end.code() == code;
    auto it = begin + i;
    agree = agree && it++ == begin + i && it == begin + (i + 1) && --it == begin + i;
    agree = agree && it-- == begin + i && ++it == begin + i;
    it += 3;
    it -= 3;
    agree = agree && it == begin + i;
  }
  CHECK(agree);

  std::vector<lowp::code_t> forward, backward;
  for (const lowp::e3m2 x : view) forward.push_back(x.code());
  for (auto it = end; it != begin;) {
    const lowp::e3m2 x = *--it;
    backward.push_back(x.code());
  }
  std::reverse(backward.begin(), backward.end());
  CHECK(forward == codes_of(view));
  CHECK(backward == forward);
  CHECK(sixes::iterator() == sixes::iterator());
}

TEST_CASE("Standard algorithms treat a view as they treat a vector") {
  std::vector<std::uint8_t> memory(lowp::packed_bytes(201, 4));
  const nibbles view(memory, 201);
  std::vector<lowp::e2m1> plain;
  for (std::size_t i = 0; i < view.size(); ++i) {
    plain.push_back(lowp::e2m1::from_code((i * i * 31 + i * 17) >> 2 & 15));
    view[i] = plain.back();
  }
  const auto before = [](lowp::e2m1 a, lowp::e2m1 b) { return total_order(a, b) < 0; };
  const auto codes = [](const std::vector<lowp::e2m1>& list) {
    std::vector<lowp::code_t> result;
    for (const lowp::e2m1 x : list) result.push_back(x.code());
    return result;
  };
  REQUIRE(codes_of(view) == codes(plain));

  std::reverse(view.begin(), view.end());
  std::reverse(plain.begin(), plain.end());
  CHECK(codes_of(view) == codes(plain));
  std::rotate(view.begin(), view.begin() + 50, view.end());
  std::rotate(plain.begin(), plain.begin() + 50, plain.end());
  CHECK(codes_of(view) == codes(plain));
  std::sort(view.begin(), view.end(), before);
  std::sort(plain.begin(), plain.end(), before);
  CHECK(codes_of(view) == codes(plain));
  const auto at = std::lower_bound(view.begin(), view.end(), lowp::e2m1(2.0f), before);
  const auto expected = std::lower_bound(plain.begin(), plain.end(), lowp::e2m1(2.0f), before);
  CHECK(at - view.begin() == expected - plain.begin());
  std::fill(view.begin() + 3, view.end() - 3, lowp::e2m1(1.0f));
  CHECK(std::count_if(view.begin(), view.end(), [](lowp::e2m1 x) { return x.code() == 2; }) >= 195);
}

TEST_CASE("A view that only reads sees what the other writes") {
  std::vector<std::uint8_t> memory(5);
  const nibbles view(memory, 9);
  const const_nibbles reader = view;
  CHECK(reader.size() == 9);
  CHECK(reader.bytes().size() == 5);
  CHECK(reader.bytes().data() == memory.data());
  view[8] = lowp::e2m1(-6.0f);
  CHECK(static_cast<lowp::e2m1>(reader[8]).code() == 0xF);
  CHECK(reader.code(8) == 0xF);
  const std::vector<std::uint8_t> fixed{0x21, 0x43};
  const const_nibbles on_constants(fixed, 4);
  CHECK(codes_of(on_constants) == std::vector<lowp::code_t>{1, 2, 3, 4});
}

TEST_CASE("A view over fewer bytes than its codes take is refused") {
  std::vector<std::uint8_t> memory(4);
  const std::span<std::uint8_t> all(memory);
  CHECK_NOTHROW(nibbles(all, 8));
  CHECK_NOTHROW(nibbles(all, 7));
  CHECK_THROWS_AS(nibbles(all, 9), std::invalid_argument);
  CHECK_THROWS_AS((packed_span<formats::e2m1, packings::split_half<32>>(all, 1)),
                  std::invalid_argument);
  CHECK_THROWS_AS((packed_span<formats::e3m2, packings::byte_low>(all, 5)), std::invalid_argument);
  CHECK_THROWS_WITH(nibbles(all, 9), Catch::Matchers::ContainsSubstring("size 4") &&
                                         Catch::Matchers::ContainsSubstring("9 codes"));
  // A count whose bits do not fit in 64 bits is not taken for a small one.
  CHECK_THROWS_AS(nibbles(all, std::size_t{1} << 62), std::invalid_argument);
  CHECK_THROWS_AS(nibbles(all, ~std::size_t{0}), std::invalid_argument);
  CHECK_THROWS_AS((packed_span<formats::binary64>(all, (std::size_t{1} << 61) + 1)),
                  std::invalid_argument);
  const nibbles empty;
  CHECK(empty.empty());
  CHECK(empty.begin() == empty.end());
  CHECK(nibbles(all.first(0), 0).empty());
}

TEST_CASE("elements of a view read as numbers") {
  std::vector<std::uint8_t> bytes(4);
  const packed_span<formats::e2m1> values(bytes, 8);
  for (std::size_t i = 0; i < 8; ++i) values[i] = lowp::e2m1(static_cast<double>(7 - i));
  CHECK(float(values[7]) == 0.0f);
  CHECK(values[7] < values[0]);
  CHECK(values[6] == lowp::e2m1(1));
  std::sort(values.begin(), values.end());
  CHECK(std::is_sorted(values.begin(), values.end()));
  const const_packed_span<formats::e2m1> view = values;
  CHECK(view[0] + view[1] == 1);
  CHECK_FALSE(isnan(view[2]));
}
