// SPDX-License-Identifier: MIT
// Published grids: NormalFloat against quantiles of MPFR, in 200 bits, and against the published
// table; APoT, OliVe and PowerQuant against their definitions and printed values.
#include "lowp/formats/grids.hpp"

#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/codebook_names.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"

using namespace lowp;

namespace {

class real {
 public:
  real() { mpfr_init2(x, 200); }
  explicit real(double value) : real() { mpfr_set_d(x, value, MPFR_RNDN); }
  real(const real&) = delete;
  real& operator=(const real&) = delete;
  ~real() { mpfr_clear(x); }
  mpfr_t x;
};

/// out = the quantile of the normal distribution at 1/2 + numerator / denominator: the x at which
/// erf(x / sqrt 2) is twice the fraction.
void quantile(real& out, long numerator, long denominator) {
  real low(0), high(4), middle, at, target, root(2);
  mpfr_sqrt(root.x, root.x, MPFR_RNDN);
  mpfr_set_si(target.x, 2 * numerator, MPFR_RNDN);
  mpfr_div_si(target.x, target.x, denominator, MPFR_RNDN);
  for (int i = 0; i < 130; ++i) {
    mpfr_add(middle.x, low.x, high.x, MPFR_RNDN);
    mpfr_div_2ui(middle.x, middle.x, 1, MPFR_RNDN);
    mpfr_div(at.x, middle.x, root.x, MPFR_RNDN);
    mpfr_erf(at.x, at.x, MPFR_RNDN);
    mpfr_set(mpfr_less_p(at.x, target.x) != 0 ? low.x : high.x, middle.x, MPFR_RNDN);
  }
  mpfr_set(out.x, low.x, MPFR_RNDN);
}

float value(const auto& f, code_t code) { return pack_as<float>(decode(f, code)); }

/// How many values of nf<Bits> are not the nearest binary32 number of the quantile.
template <int Bits>
int wrong_quantiles() {
  constexpr long share = 4677083, unit = 10000000;  // offset - 1/2
  constexpr int half = 1 << (Bits - 1);
  real largest, x;
  quantile(largest, share, unit);
  int wrong = 0;
  for (int code = 0; code < 2 * half; ++code) {
    const int steps = code - (half - 1), side = steps < 0 ? half - 1 : half;
    quantile(x, share * std::abs(steps), unit * side);
    mpfr_div(x.x, x.x, largest.x, MPFR_RNDN);
    const float magnitude = steps == 0 ? 0.0F : mpfr_get_flt(x.x, MPFR_RNDN);
    wrong +=
        value(formats::nf<Bits>, static_cast<code_t>(code)) != (steps < 0 ? -magnitude : magnitude);
  }
  return wrong;
}

}  // namespace

TEST_CASE("NormalFloat is the nearest number of each quantile") {
  CHECK(wrong_quantiles<2>() == 0);
  CHECK(wrong_quantiles<3>() == 0);
  CHECK(wrong_quantiles<4>() == 0);
  CHECK(wrong_quantiles<5>() == 0);
  CHECK(wrong_quantiles<6>() == 0);
  CHECK(wrong_quantiles<7>() == 0);
  CHECK(wrong_quantiles<8>() == 0);
}

TEST_CASE("NormalFloat's values, bit by bit, of the usual and of another offset") {
  // By the quantiles of Python's statistics.NormalDist.
  CHECK(grids::normal_quantiles<3>() ==
        grids::values<3>{0xBF800000, 0xBEF50EE2, 0xBE5E5A6D, 0x00000000,  //
                         0x3E24CAE1, 0x3EAD0338, 0x3F1007AA, 0x3F800000});
  CHECK(grids::normal_quantiles<4, 9000000>() ==
        grids::values<4>{0xBF800000, 0xBF4902A6, 0xBF1E22D3, 0xBEF31AC5, 0xBEB1545F, 0xBE681FC1,
                         0xBDE5B038, 0x00000000, 0x3DC8D092, 0x3E4A6EAB, 0x3E99F10C, 0x3ED1819A,
                         0x3F06BC11, 0x3F281ED6, 0x3F4F0925, 0x3F800000});
}

TEST_CASE("NF4 as published is NormalFloat of 4 bits but for its last bits") {
  int equal = 0;
  std::int64_t furthest = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::int64_t apart = std::int64_t{formats::nf4.values[i]} - formats::nf<4>.values[i];
    equal += apart == 0;
    furthest = std::max(furthest, std::abs(apart));
  }
  CHECK(equal == 6);
  CHECK(furthest == 6);
}

TEST_CASE("additive powers of two are the sums of their sets over the largest") {
  const auto check = [](const auto& f, std::vector<std::vector<double>> sets) {
    std::set<double> sums{0};
    for (const auto& set : sets) {
      std::set<double> next;
      for (const double a : sums) {
        for (const double b : set) next.insert(a + b);
        next.insert(a);
      }
      sums = next;
    }
    REQUIRE(sums.size() == std::size_t{1} << (f.bits() - 1));
    code_t code = 0;
    for (const double sum : sums) {
      CHECK(value(f, code) == static_cast<float>(sum / *sums.rbegin()));
      CHECK(value(f, code | code_t{1} << (f.bits() - 1)) == -value(f, code));
      ++code;
    }
  };
  const auto power = [](int e) { return std::ldexp(1.0, -e); };
  check(formats::apot<3>, {{power(1), power(2), power(3)}});
  check(formats::apot<4>, {{power(1), power(2), power(4)}, {power(3)}});
  check(formats::apot<5>, {{power(1), power(3), power(5)}, {power(2), power(4), power(6)}});
  check(formats::apot<6>,
        {{power(1), power(3), power(6)}, {power(2), power(4), power(7)}, {power(5)}});
  check(formats::apot<7>, {{power(1), power(4), power(7)},
                           {power(2), power(5), power(8)},
                           {power(3), power(6), power(9)}});
  // As printed with the code of the publication.
  const double printed[] = {0, .1, .2, .3, .4, .6, .8, 1};
  for (code_t c = 0; c < 8; ++c)
    CHECK(value(formats::apot<4>, c) == static_cast<float>(printed[c]));
}

TEST_CASE("outliers of OliVe, and power exponents against MPFR") {
  const float abfloat[] = {0, 48, 64, 96, 128, 192, 256, 384};
  for (code_t c = 0; c < 8; ++c) CHECK(value(formats::olive_abfloat4, c) == abfloat[c]);
  constexpr auto f = formats::power_exponent<8, 7, 10>;
  int wrong = 0;
  real x, exponent(10);
  mpfr_div_si(exponent.x, exponent.x, 7, MPFR_RNDN);
  for (int q = 1; q < 128; ++q) {
    mpfr_set_si(x.x, q, MPFR_RNDN);
    mpfr_div_si(x.x, x.x, 127, MPFR_RNDN);
    mpfr_pow(x.x, x.x, exponent.x, MPFR_RNDN);
    wrong += value(f, static_cast<code_t>(q)) != mpfr_get_flt(x.x, MPFR_RNDN);
    wrong += value(f, static_cast<code_t>(128 + q)) != -mpfr_get_flt(x.x, MPFR_RNDN);
  }
  CHECK(wrong == 0);
  CHECK(value(formats::power_exponent<4, 1, 2>, 3) == static_cast<float>(9.0 / 49));
}

TEST_CASE("codebooks of the catalogue have names, by which they are read") {
  int read = 0;
  for (const char* text : {"nf2",          "nf3",    "nf4",           "nf4_computed",
                           "nf5",          "nf6",    "nf7",           "nf8",
                           "bnb_fp4",      "iq4_nl", "ant_flint4",    "olive_abfloat4",
                           "ternary",      "apot3",  "apot4",         "apot5",
                           "apot6",        "apot7",  "power_of_two2", "power_of_two4",
                           "power_of_two8"}) {
    INFO(text);
    any_format f;
    std::string problem;
    CHECK(read_format<catalog_codebook>(text, f, problem));
    read += name(f).view() == text;
    REQUIRE(defect(f) == nullptr);
  }
  CHECK(read == 21);
  const any_format nf4 = format_of_text<catalog_codebook>("nf4");
  for (code_t c = 0; c < 16; ++c) CHECK(decode(nf4, c) == decode(formats::nf4, c));
  CHECK(encode(nf4, unpack(0.5)) == 12);
  CHECK(name(formats::nf4).view() == "nf4");
  CHECK(name(formats::nf<4>).view() == "nf4_computed");
  CHECK(name(formats::codebook<3>(1, 2, 4)).view().substr(0, 14) == "3-bit format #");
}
