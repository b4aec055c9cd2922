// SPDX-License-Identifier: MIT
// Codebooks that are known at run time: as those of the same values that are known before, and, of
// random values in random order, as a search.
#include "lowp/formats/variable_codebook.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/facts.hpp"

using namespace lowp;

namespace {

/// The first of the nearest values, the lower one at a tie.
code_t by_search(const std::vector<float>& list, double x) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < list.size(); ++i) {
    const double a = std::abs(double(list[i]) - x), b = std::abs(double(list[best]) - x);
    if (a < b || (a == b && list[i] < list[best])) best = i;
  }
  return best;
}

}  // namespace

TEST_CASE("a variable codebook is the search for the nearest value") {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> any(-4000, 4000);
  long long wrong = 0, cases = 0;
  for (const std::size_t size : {1u, 2u, 3u, 16u, 200u, 256u}) {
    std::vector<float> list(size);
    for (float& v : list) v = static_cast<float>(any(random)) / 16;
    for (const bool is_sorted : {false, true}) {
      if (is_sorted) std::sort(list.begin(), list.end());
      const variable_codebook f = variable_codebook_of(list);
      CHECK(f.bits() == (size < 3 ? 1 : size == 3 ? 2 : size == 16 ? 4 : 8));
      std::vector<float> x(3000), out(x.size());
      for (float& v : x) v = static_cast<float>(any(random)) / 32;  // many ties
      round_to(f, std::span<const float>(x), std::span<float>(out), nearest_downward);
      for (std::size_t i = 0; i < x.size(); ++i, ++cases) {
        const code_t expected = by_search(list, double(x[i]));
        wrong += out[i] != list[expected];
        if (i % 10 == 0) wrong += encode(f, unpack(x[i]), nearest_downward) != expected;
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(cases == 36000);
}

TEST_CASE("values of a codebook that differ in their last bits are told apart") {
  // In order and not: what lies between two of them becomes the nearest, at a tie the lower one.
  const float one_up = std::nextafter(1.0F, 2.0F), two_up = std::nextafter(one_up, 2.0F);
  for (const std::vector<float>& list :
       {std::vector<float>{-two_up, -one_up, -1, 1, one_up, two_up},
        std::vector<float>{one_up, -1, two_up, 1, -two_up, -one_up},
        std::vector<float>{0x1p-148F, 0, 0x1p-149F, -0x1p-149F}}) {
    const variable_codebook f = variable_codebook_of(list);
    int wrong = 0;
    for (const float v : list) {
      for (const int quarters : {-3, -2, -1, 0, 1, 2, 3}) {
        const double ulp = std::abs(v) < .5F ? 0x1p-149 : 0x1p-23,
                     x = double(v) + quarters * ulp / 4;
        wrong += encode(f, unpack(x), nearest_downward) != by_search(list, x);
      }
      float out = 0;
      round_to(f, std::span<const float>(&v, 1), std::span<float>(&out, 1));
      wrong += out != v;
      wrong += encode(f, unpack(v), upward) != by_search(list, double(v));
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("values known before and at run time give one format") {
  std::vector<float> list;
  for (code_t c = 0; c < 16; ++c) list.push_back(pack_as<float>(decode(formats::bnb_fp4, c)));
  const variable_codebook f = variable_codebook_of(list);
  int wrong = 0;
  for (int i = -300; i <= 300; ++i) {
    const unpacked x = unpack(i / 290.0);
    wrong += encode(f, x) != encode(formats::bnb_fp4, x);
    wrong += encode(f, x, upward) != encode(formats::bnb_fp4, x, upward);
    wrong += encode(f, x, stochastic{.seed = 1, .index = static_cast<std::uint64_t>(i + 300)}) !=
             encode(formats::bnb_fp4, x,
                    stochastic{.seed = 1, .index = static_cast<std::uint64_t>(i + 300)});
  }
  CHECK(wrong == 0);
  CHECK_FALSE(has_nan(f));
  CHECK(largest_value(f) == unpack(1.0F));
}

TEST_CASE("what is no codebook is refused") {
  CHECK_THROWS_AS(variable_codebook_of({}), std::invalid_argument);
  CHECK_THROWS_AS(variable_codebook_of(std::vector<float>(257)), std::invalid_argument);
  CHECK_THROWS_AS(variable_codebook_of(std::vector<float>{1, INFINITY}), std::invalid_argument);
  CHECK(defect(variable_codebook{}) != nullptr);
  CHECK(defect(variable_codebook{2, 5, {}}) != nullptr);
}
