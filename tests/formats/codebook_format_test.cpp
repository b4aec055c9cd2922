// SPDX-License-Identifier: MIT
// Codebooks against a search among their values in binary64, in which midpoints are exact.
#include "lowp/formats/codebook_format.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "catch.hpp"
#include "lowp/lowp.hpp"

using namespace lowp;

namespace {

enum class direction { nearest_even, nearest_downward, toward_zero, upward };

/// The value that x becomes: every second one of the ascending list is odd.
double by_search(const std::vector<double>& list, double x, direction d) {
  if (x <= list.front()) return list.front();
  if (x >= list.back()) return list.back();
  const auto above = std::lower_bound(list.begin(), list.end(), x);
  if (*above == x) return x;
  const auto low = above - 1;
  const double middle = (*low + *above) / 2;
  const bool is_tie = x == middle;
  switch (d) {
    case direction::nearest_even:
      if (is_tie) return (low - list.begin()) % 2 == 0 ? *low : *above;
      return x < middle ? *low : *above;
    case direction::nearest_downward: return x <= middle ? *low : *above;
    case direction::toward_zero: return std::signbit(x) ? *above : *low;
    case direction::upward: return *above;
  }
  return 0;
}

template <int Bits>
void check(const codebook_format<Bits>& f) {
  REQUIRE(defect(f) == nullptr);
  std::vector<double> list;
  for (code_t c = 0; c < (code_t{1} << Bits); ++c) list.push_back(pack_as<double>(decode(f, c)));
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  std::vector<double> inputs{0, -0.0, 1e30, -1e30, list.front() * 2, list.back() * 2};
  for (std::size_t i = 0; i + 1 < list.size(); ++i) {
    const double middle = (list[i] + list[i + 1]) / 2;  // exact: values have 24 bits
    for (const double x : {list[i], middle}) {
      for (const double y : {x, std::nextafter(x, 1e9), std::nextafter(x, -1e9)})
        inputs.push_back(y);
    }
  }
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> any(list.front() * 1.1, list.back() * 1.1);
  for (int i = 0; i < 2000; ++i) inputs.push_back(any(random));
  long long wrong = 0;
  double last_wrong = 0;
  for (const double x : inputs) {
    const long long before = wrong;
    const auto value = [&](const auto& mode) {
      return pack_as<double>(decode(f, encode(f, unpack(x), mode)));
    };
    wrong += value(nearest_even) != by_search(list, x, direction::nearest_even);
    wrong += value(nearest_downward) != by_search(list, x, direction::nearest_downward);
    wrong += value(toward_zero) != by_search(list, x, direction::toward_zero);
    wrong += value(upward) != by_search(list, x, direction::upward);
    if (wrong != before) last_wrong = x;
  }
  INFO(Bits << " bits, last at " << last_wrong);
  CHECK(wrong == 0);
  // Of equal values the lowest code is made.
  for (code_t c = 0; c < (code_t{1} << Bits); ++c) {
    const code_t made = encode(f, decode(f, c));
    CHECK(made <= c);
    CHECK((exact::compare(decode(f, made), decode(f, c)) == 0));
  }
}

}  // namespace

TEST_CASE("codebooks round to the nearest of their values") {
  check(formats::nf4);
  check(formats::bnb_fp4);
  check(formats::iq4_nl);
  check(formats::ant_flint4);
  check(formats::ternary);
  check(formats::power_of_two<4>);
  check(formats::codebook<1>(-1, 1));
  check(formats::codebook<3>(3, -5, 0.1, 7, 7));
}

TEST_CASE("NF4 of QLoRA's publication") {
  using nf4 = number<formats::nf4>;
  const double x[] = {1, -0.5, 0.2, 0, -0.9, 0.06};
  const int codes[] = {0xF, 2, 9, 7, 0, 8};
  for (int i = 0; i < 6; ++i) CHECK(nf4(x[i]).code() == codes[i]);
  STATIC_REQUIRE(nf4(1.0).code() == 15);
  STATIC_REQUIRE(double(nf4::from_code(7)) == 0);
  CHECK(double(nf4::from_code(8)) == double(0.07958029955625534F));
}

TEST_CASE("NaN, contradictions, arithmetic and arrays of codebooks") {
  constexpr auto f = formats::iq4_nl;
  CHECK(encode(f, unpacked::nan()) == 15);
  CHECK(encode(f, unpacked::nan(true), nearest_even, overflow::saturate,
               missing_nan::signed_largest) == 0);
  CHECK(encode(f, unpacked::nan(), nearest_even, overflow::saturate, missing_nan::zero) == 8);
  codebook_format<2> empty{};
  empty.count = 0;
  CHECK(defect(empty) != nullptr);
  codebook_format<2> infinite{};
  infinite.values[1] = 0x7F800000;
  CHECK(defect(infinite) != nullptr);
  using levels = number<f>;
  STATIC_REQUIRE(levels(13) + levels(13) == levels(25));
  // Arrays take the vectorized path of thresholds.
  std::vector<float> x(1000);
  std::mt19937 random(6);
  for (float& v : x) v = static_cast<float>(static_cast<int>(random() % 5000) - 2500) / 2000.0F;
  std::vector<std::uint8_t> bytes(x.size() / 2);
  const packed_span<formats::nf4> codes(bytes, x.size());
  encode(std::span<const float>(x), codes);
  long long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    wrong += number<formats::nf4>(codes[i]).code() != encode(formats::nf4, unpack(x[i]));
  }
  CHECK(wrong == 0);
}
