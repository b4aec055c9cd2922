// SPDX-License-Identifier: MIT
// A codec that keeps its plans has the bits of the definition, in every call and from any thread.
#include "lowp/arrays/array_codec.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/reference.hpp"
#include "lowp/number/catalog.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace {

namespace formats = lowp::formats;

std::vector<float> values(std::size_t count) {
  test::split_mix random(7);
  std::vector<float> x(count);
  for (float& v : x) v = std::bit_cast<float>(static_cast<std::uint32_t>(random.word()));
  if (count > 3) x[3] = 1.0f;
  return x;
}

template <class T>
bool have_same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) {
    using word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    return std::bit_cast<word>(x) == std::bit_cast<word>(y);
  });
}

template <class F, class R>
void compare(oracle::tally& t, const F& format, const R& mode, lowp::overflow o,
             lowp::packing p = {}) {
  const lowp::array_codec codec(format, mode, o, lowp::missing_nan::largest, p);
  CHECK(codec.format() == format);
  for (const std::size_t n : {0u, 1u, 2u, 15u, 64u, 65u, 200u, 1000u}) {
    const std::vector<float> x = values(n);
    const std::vector<double> wide(x.begin(), x.end());
    const std::size_t size = lowp::packed_bytes(n, format.bits(), p);
    std::vector<std::uint8_t> expected(size), bytes(size);
    std::vector<float> expected_values(n), expected_rounded(n), y(n), rounded(n);
    std::vector<double> expected_wide(n), rounded_wide(n);
    const auto missing = lowp::missing_nan::largest;
    lowp::reference::encode(format, std::span(x), expected.data(), mode, o, missing, p);
    lowp::reference::decode(format, expected.data(), std::span(expected_values), p);
    lowp::reference::round_to(format, std::span(x), std::span(expected_rounded), mode, o, missing);
    lowp::reference::round_to(format, std::span(wide), std::span(expected_wide), mode, o, missing);
    for (const lowp::isa level : test::isas()) {
      bytes.assign(size, 0);
      codec.encode(x, bytes, level);
      codec.decode(expected, y, level);
      codec.round_to(x, rounded, level);
      codec.round_to(wide, rounded_wide, level);
      t.check(bytes == expected && have_same_bits(y, expected_values) &&
                  have_same_bits(rounded, expected_rounded) &&
                  have_same_bits(rounded_wide, expected_wide),
              [&](auto& text) { text << n << " elements of " << format.bits() << " bits"; });
    }
  }
}

}  // namespace

TEST_CASE("A codec has the bits of the definition") {
  oracle::tally t;
  const auto by_all = [&](const auto& format) {
    compare(t, format, lowp::nearest_even, lowp::overflow::to_special);
    compare(t, format, lowp::toward_zero, lowp::overflow::saturate);
    compare(t, format, lowp::any_rounding(lowp::stochastic{.seed = 3}), lowp::overflow::saturate);
  };
  by_all(formats::e4m3fn);
  by_all(formats::e2m1);
  by_all(formats::bfloat16);
  by_all(lowp::float_format{.exponent_bits = 5, .mantissa_bits = 6});
  by_all(formats::int_n<8>);
  by_all(formats::posit<16, 2>);
  compare(t, formats::e2m3, lowp::nearest_even, lowp::overflow::saturate,
          lowp::packings::four_in_32_bits);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Threads share a codec") {
  const lowp::array_codec codec(formats::e5m2);
  const std::vector<float> x = values(500);
  std::vector<std::uint8_t> first(500), second(500);
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) codec.encode(x, first);
  });
  for (int i = 0; i < 20; ++i) codec.encode(x, second);
  other.join();
  CHECK(first == second);
}

TEST_CASE("What a codec refuses") {
  CHECK_THROWS_AS(lowp::array_codec(lowp::float_format{.exponent_bits = 99}),
                  std::invalid_argument);
  const lowp::array_codec codec(formats::e2m1);
  const std::vector<float> x(9);
  std::vector<float> y(8);
  std::vector<std::uint8_t> bytes(4);
  CHECK_THROWS_AS(codec.encode(x, bytes), std::invalid_argument);
  CHECK_THROWS_AS(codec.decode(bytes, std::span(y.data(), 9)), std::invalid_argument);
  CHECK_THROWS_AS(codec.round_to(x, y), std::invalid_argument);
}
