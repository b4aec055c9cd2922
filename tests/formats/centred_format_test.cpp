// SPDX-License-Identifier: MIT
// Centred integers against a search among their values, bits against sums of powers of two, and the
// errors of QuEST's grids on a normal distribution against their published figures.
#include "lowp/formats/centred_format.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"

using namespace lowp;

namespace {

long long wrong_codes(const centred_format& f) {
  const double step = std::ldexp(1.0, -f.fraction_bits);
  const int half = 1 << (f.total_bits - 1);
  long long wrong = 0;
  for (int eighths = -10 * half; eighths <= 10 * half; ++eighths) {
    const double x = eighths / 8.0;
    // q of the nearest value, by looking at all of them; at a tie that of even q.
    const auto q_of = [&](const auto& mode) {
      const unpacked value = decode(f, encode(f, unpack(x * step), mode));
      return pack_as<double>(value) / step - .5;
    };
    double nearest = -half, below = -half, above = half - 1;
    for (int q = -half; q < half; ++q) {
      const double apart = std::abs(q + .5 - x), best = std::abs(nearest + .5 - x);
      if (apart < best || (apart == best && q % 2 == 0)) nearest = q;
      if (q + .5 <= x) below = q;
      if (half - 1 - (q + half) + .5 >= x) above = half - 1 - (q + half);
    }
    wrong += q_of(nearest_even) != nearest;
    wrong += q_of(downward) != below;
    wrong += q_of(upward) != above;
    // Where both neighbours have the sign of x, those of magnitudes.
    if (std::abs(x) > .5) wrong += q_of(toward_zero) != (x < 0 ? above : below);
  }
  return wrong;
}

}  // namespace

TEST_CASE("centred integers are the nearest values, in codes of both kinds") {
  for (const int bits : {1, 2, 3, 5}) {
    for (const int fraction : {-1, 0, 4}) {
      CHECK(wrong_codes({bits, fraction, false}) == 0);
      CHECK(wrong_codes({bits, fraction, true}) == 0);
    }
  }
}

TEST_CASE("codes of centred and of bipolar integers") {
  int wrong = 0;
  for (int bits = 1; bits <= 8; ++bits) {
    const centred_format bipolar{bits, -1, true}, odd{bits, -1, false};
    for (code_t c = 0; c < code_t{1} << bits; ++c) {
      int sum = 0;
      for (int i = 0; i < bits; ++i) sum += ((c >> i & 1) != 0 ? 1 : -1) * (1 << i);
      wrong += pack_as<double>(decode(bipolar, c)) != sum;
      wrong += encode(bipolar, unpack(double(sum))) != c;
      const int q = static_cast<int>(c) - ((c >> (bits - 1) & 1) != 0 ? 1 << bits : 0);
      wrong += pack_as<double>(decode(odd, c)) != 2 * q + 1;
    }
    wrong += integers_of(bipolar).range != integer_range{1 - (1 << bits), (1 << bits) - 1};
    wrong +=
        facts_of(bipolar).significant_bits < detail::enumerated_facts(bipolar).significant_bits;
    wrong += facts_of(odd).highest_exponent != detail::enumerated_facts(odd).highest_exponent;
    wrong += facts_of(odd).lowest_exponent != detail::enumerated_facts(odd).lowest_exponent;
    wrong += facts_of(odd).last_bit_exponent != detail::enumerated_facts(odd).last_bit_exponent;
  }
  CHECK(wrong == 0);
  STATIC_REQUIRE(encode(formats::centred<1>, unpacked::zero()) == 0);  // + 1/2
  CHECK(encode(formats::centred<1>, unpacked::zero(), nearest_downward) == 1);
  CHECK(encode(formats::bipolar<1>, unpacked::zero()) == 1);
  CHECK(encode(formats::centred<4>, unpacked::infinite()) == 7);
  CHECK(encode(formats::centred<4>, unpacked::infinite(true)) == 8);
  CHECK(encode(formats::centred<4>, unpacked::nan(true), nearest_even, overflow::wrap,
               missing_nan::signed_largest) == 8);
  CHECK(encode(formats::centred<4>, unpacked::nan(), nearest_even, overflow::wrap,
               missing_nan::zero) == 0);
  CHECK_FALSE(has_zero(formats::centred<4>));
  CHECK(decode(formats::centred<32>, 0x80000000) == unpacked::scaled_integer(true, 0xFFFFFFFF, -1));
  CHECK(format_of_text<centred_format>(name(formats::bipolar<3>).view()) ==
        any_format(formats::bipolar<3>));
  CHECK(defect(centred_format{0}) != nullptr);
}

TEST_CASE("grids of QuEST on a normal distribution err as published") {
  const double ends[] = {.797885, 1.493530, 2.051068, 2.514005, 2.916151};
  const double errors[] = {.36338023, .11884605, .03743966, .01154288, .00349521};
  for (int bits = 1; bits <= 5; ++bits) {
    const centred_format f{bits, 0, false};
    const double step = 2 * ends[bits - 1] / ((1 << bits) - 1);
    double sum = 0, weight = 0;
    for (int i = -3000; i <= 3000; ++i) {
      const double x = (i + .5) / 500, density = std::exp(-x * x / 2);
      const double value = pack_as<double>(decode(f, encode(f, unpack(x / step)))) * step;
      sum += density * (x - value) * (x - value);
      weight += density;
    }
    CHECK(std::abs(sum / weight / errors[bits - 1] - 1) < 1e-3);
  }
}
