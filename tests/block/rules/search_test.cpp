// SPDX-License-Identifier: MIT
// A search for scales takes the first candidate of the least error: all candidates once more in
// binary64, each operation rounded to binary32 (which is the binary32 operation), elements by
// search among the values of their format; and the errors themselves in long double.
#include "lowp/block/rules/search.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/centred_format.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/k_hot_format.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;

namespace {

// ------------------------------------------------------------------------------- the oracle

double rounded(double x) { return static_cast<double>(static_cast<float>(x)); }
double to_double(const lowp::unpacked& x) { return lowp::pack_as<double>(x); }

double power(double d, double p) {
  d = std::fabs(d);
  if (p == 1) return d;
  const double square = rounded(d * d);
  if (p == 2) return square;
  if (p == 3) return rounded(square * d);
  if (p == 4) return rounded(square * square);
  if (d < std::ldexp(1, -126)) return 0;
  int e = std::ilogb(d);
  double m = std::ldexp(d, -e);
  if (m >= static_cast<double>(std::bit_cast<float>(0x3F3504F3u)) * 2) m /= 2, ++e;
  const double s = rounded(rounded(m - 1) / rounded(m + 1)), z = rounded(s * s);
  double log = rounded(2 / std::log(2.0) / 9);
  for (int i = 3; i >= 0; --i) {
    log = rounded(rounded(log * z) + rounded(2 / std::log(2.0) / (2 * i + 1)));
  }
  const double y = rounded(rounded(p * e) + rounded(p * rounded(s * log)));
  if (y < -126) return 0;
  const double whole = std::nearbyint(std::fmin(y, 127)), f = rounded(std::fmin(y, 127) - whole);
  const auto term = [](int i) { return rounded(std::pow(std::log(2.0), i) / std::tgamma(i + 1)); };
  double sum = term(7);
  for (int i = 6; i >= 0; --i) sum = rounded(rounded(sum * f) + term(i));
  return std::ldexp(sum, static_cast<int>(whole));
}

/// The values that a format has, ascending.
template <class F>
std::vector<double> values_of(const F& f) {
  std::vector<double> list;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const lowp::unpacked x = decode(f, code);
    if (x.is_zero() || x.is_finite()) list.push_back(to_double(x));
  }
  return list;
}
/// Errors do not tell which of two values at one distance it is.
double nearest(const std::vector<double>& values, double t) {
  double best = values[0];
  for (const double v : values) best = std::fabs(t - v) < std::fabs(t - best) ? v : best;
  return best;
}

struct chosen {
  int candidate = 0;
  long double error = 0, least = 0;  ///< exact sums of the one that is chosen, and of the best
};
template <class Format>
chosen search_again(const rules::search& rule, const Format& f, const lowp::block_values& block,
                    const std::vector<float>& weights) {
  const std::vector<double> values = values_of(f.element);
  const double decoding = static_cast<double>(block.tensor.decoding);
  const double max = to_double(largest_value(f.element));
  const double base = rounded(rounded(static_cast<double>(block.amax) / max) / decoding);
  const double norm = static_cast<double>(rule.norm);
  const double step =
      rule.candidates == 1
          ? 0
          : rounded(rounded(static_cast<double>(rule.to) - static_cast<double>(rule.from)) /
                    (rule.candidates - 1));
  chosen result{0, 0, std::numeric_limits<long double>::infinity()};
  double least = std::numeric_limits<double>::infinity();
  for (int k = 0; k < rule.candidates; ++k) {
    const double factor = rounded(static_cast<double>(rule.to) - rounded(k * step));
    const double scale = to_double(
        decode(f.scale, encode(f.scale, lowp::unpack(rounded(base * factor)), lowp::nearest_even,
                               lowp::overflow::saturate, lowp::missing_nan::largest)));
    if (!(scale > 0)) continue;
    const double multiplier = rounded(1 / rounded(scale * decoding));
    double sum = 0;
    long double exact = 0;
    std::size_t i = 0;
    for (std::size_t r = 0; r < block.values.rows; ++r) {
      for (std::size_t c = 0; c < block.values.cols; ++c, ++i) {
        const double x = static_cast<double>(block.values(r, c)), t = rounded(x * multiplier);
        const double v = nearest(values, t), part = power(rounded(t - v), norm);
        sum = rounded(sum +
                      (weights.empty() ? part : rounded(static_cast<double>(weights[i]) * part)));
        exact += (weights.empty() ? 1.0L : static_cast<long double>(weights[i])) *
                 std::pow(std::fabs(static_cast<long double>(x) -
                                    static_cast<long double>(v) *
                                        static_cast<long double>(scale * decoding)),
                          static_cast<long double>(rule.norm));
      }
    }
    const double error = rounded(sum * power(rounded(scale * rounded(1 / base)), norm));
    if (error < least) {
      least = error;
      result.candidate = k;
      result.error = exact;
    }
    result.least = std::fmin(result.least, exact);
  }
  return result;
}

// -------------------------------------------------------------------------------- the cases

/// Numbers with heavy tails, some of one binade and some zeros.
std::vector<float> numbers(std::size_t count, std::uint64_t seed, int exponent = 0) {
  test::split_mix random(seed);
  std::vector<float> list(count);
  for (float& x : list) {
    const auto word = random.word();
    const double u = static_cast<double>(word >> 40) / (1 << 24) - 0.5;
    x = static_cast<float>(std::ldexp(u / (0.51 - std::fabs(u)), exponent));
    if ((word & 31) == 0) x = 0;
  }
  return list;
}
float amax_of(const std::vector<float>& list) {
  float amax = 0;
  for (const float x : list) amax = std::fmax(amax, std::fabs(x));
  return amax;
}

template <class Element, class Scale>
void check(const Element& element, const Scale& scale, rules::search rule, bool is_weighted,
           bool has_lanes, lowp::tensor_scale tensor = {}, int exponent = 0) {
  const lowp::scaled_blocks f{element, scale, block_shape{2, 8}};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const std::vector<float> x = numbers(16, seed, exponent);
    std::vector<float> weights;
    if (is_weighted) {
      for (const float w : numbers(16, seed + 100)) weights.push_back(std::fabs(w));
      rule.weights = {weights.data(), 2, 8};
    }
    const lowp::block_values block{{x.data(), 2, 8}, 0, amax_of(x), false, tensor};
    const chosen expected = search_again(rule, f, block, weights);
    const auto wanted = rule.weights_of(block, f);
    const float base = static_cast<float>(
        rounded(rounded(static_cast<double>(block.amax) / to_double(largest_value(element))) /
                static_cast<double>(tensor.decoding)));
    INFO(element.bits() << " bits in " << scale.bits() << " norm " << rule.norm << " seed "
                        << seed);
    CHECK(rule.by_definition(block, f, base, wanted) == expected.candidate);
    for (const lowp::isa level : test::isas()) {
      const auto found = rule.by_lanes(level, block, f, base, wanted);
      INFO(lowp::name(level));
      REQUIRE(found.has_value() == has_lanes);
      if (has_lanes) CHECK(*found == expected.candidate);
    }
    CHECK(expected.error <= expected.least * (1 + 0x1p-14L));
  }
}

constexpr lowp::block_format e2m1_rows{formats::e2m1, formats::binary32, block_shape{1, 16}};

}  // namespace

TEST_CASE("The first candidate of the least error is taken, by the kernels of all targets, too") {
  for (const float norm : {1.0f, 2.0f, 2.4f, 3.0f, 4.0f, 0.5f}) {
    for (const bool is_weighted : {false, true}) {
      const rules::search rule{.norm = norm};
      check(formats::e2m1, formats::binary32, rule, is_weighted, true);
      check(formats::int_n<4>, formats::binary16, rule, is_weighted, true);
      check(formats::e2m1, formats::ue4m3, rule, is_weighted, true, {512, 0x1p-9f});
    }
  }
  const rules::search few{.candidates = 37, .from = 0.4f, .to = 1.25f};
  check(formats::e2m1, formats::e8m0, few, false, true);
  check(formats::e4m3fn, formats::binary32, few, false, true);
  check(formats::e3m0, formats::ue5m3, few, false, true, {1, 1}, -20);  // subnormal scales
  check(formats::e2m1, formats::ue4m3, few, false, true, {1, 1}, -10);  // some scales are zero
  check(formats::e2m1, formats::ue4m3, few, false, true, {1, 1}, -12);
  check(formats::uint_n<4>, formats::binary32, few, false, true);
  check(formats::fixed<8, 6>, formats::e6m2, few, true, false);
  check(formats::nf4, formats::binary32, few, true, true);
  check(formats::bnb_fp4, formats::ue4m3, {.norm = 2.4f}, false, true, {1, 1}, 4);
  check(formats::centred<4>, formats::binary16, few, false, true);
  check(formats::k_hot(formats::fixed<10, 6>, 2), formats::binary32, few, false, false);
  check(formats::e2m1, formats::binary32, few, false, false, {}, 120);  // beyond lanes
  check(formats::e2m1, formats::binary32, {.candidates = 1}, false, true);
}

TEST_CASE("A candidate half way between powers of two goes to the even code") {
  const lowp::scaled_blocks f{formats::e2m1, formats::e8m0, block_shape{1, 16}};
  const rules::search rule{.candidates = 2, .from = 0.6f, .norm = 1};
  const auto check_block = [&](float first, float others, int expected) {
    std::vector<float> x(16, others);
    x[0] = first;
    const lowp::block_values block{{x.data(), 1, 16}, 0, first, false, {}};
    CHECK(search_again(rule, f, block, {}).candidate == expected);
    CHECK(rule.by_definition(block, f, first / 6, {}) == expected);
    for (const lowp::isa level : test::isas()) {
      CHECK(rule.by_lanes(level, block, f, first / 6, {}) == expected);
    }
  };
  check_block(9, 0.5f, 1);  // 3/2 is 2, and 0.9 is 1, under which the others are exact
  check_block(18, 1, 0);    // 3 is 2, as is 1.8
}

TEST_CASE("Powers of errors are near those of the mathematics") {
  for (float d = 1e-9f; d < 1e6f; d *= 1.37f) {
    for (const float p : {0.5f, 1.0f, 1.7f, 2.0f, 2.4f, 3.0f, 3.5f, 4.0f}) {
      const double exact = std::pow(static_cast<double>(d), static_cast<double>(p));
      const double y = std::fabs(std::log2(exact));
      CHECK(std::fabs(static_cast<double>(lowp::detail::error_power(-d, p)) - exact) <=
            exact * std::ldexp(1 + y, -20));
    }
  }
  CHECK(lowp::detail::error_power(0, 2.4f) == 0);
}

TEST_CASE("Matrices are quantized by what the search finds, and never worse than by amax") {
  const std::vector<float> x = numbers(6 * 80, 7);
  const matrix_view<const float> in(x.data(), 6, 80);
  const auto importance = numbers(80, 8);
  std::vector<float> weights;
  for (const float w : importance) weights.push_back(std::fabs(w));
  const auto error = [&](const auto& q, std::size_t row, std::size_t block, double norm) {
    double sum = 0;
    for (std::size_t c = 16 * block; c < 16 * block + 16; ++c) {
      sum +=
          std::pow(std::fabs(static_cast<double>(in(row, c)) - to_double(q.value(row, c))), norm);
    }
    return sum;
  };
  const auto best = lowp::quantize<e2m1_rows>(in, rules::search{.norm = 2.4f});
  const auto plain = lowp::quantize<e2m1_rows>(in, rules::amax);
  int better = 0;
  for (std::size_t row = 0; row < 6; ++row) {
    for (std::size_t block = 0; block < 5; ++block) {
      CHECK(error(best, row, block, 2.4) <= error(plain, row, block, 2.4) * (1 + 1e-5));
      better += error(best, row, block, 2.4) < error(plain, row, block, 2.4) * 0.99 ? 1 : 0;
    }
  }
  CHECK(better > 10);

  // Weights of columns, and of elements; by threads and by the definition alike.
  const auto again = [&](const rules::search& rule) {
    const auto q = lowp::quantize<formats::nvfp4>(in, rule);
    CHECK(q == lowp::reference::quantize<formats::nvfp4>(in, rule));
    CHECK(q == lowp::quantize<formats::nvfp4>(in, rule, lowp::nearest_even, lowp::threads{3}));
    return q;
  };
  std::vector<float> of_elements;
  for (int row = 0; row < 6; ++row) {
    of_elements.insert(of_elements.end(), weights.begin(), weights.end());
  }
  const auto by_columns = again({.weights = {weights.data(), 1, 80}});
  CHECK(by_columns == again({.weights = {of_elements.data(), 6, 80}}));
  CHECK_FALSE(by_columns == again({}));
}

TEST_CASE("Corners of a search") {
  constexpr float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> zeros(32);
  const auto q = lowp::quantize<formats::mxfp4>({zeros.data(), 1, 32}, rules::search{});
  CHECK(q.scale_code(0, 0) == 0);
  CHECK(q.code(0, 5) == 0);
  std::vector<float> x(32, 1.5f);
  x[3] = infinite;
  CHECK(lowp::quantize<formats::mxfp4>({x.data(), 1, 32}, rules::search{}).scale_code(0, 0) == 255);
  const std::vector<float> tiny(16, 1e-42f);
  CHECK(to_double(lowp::quantize<e2m1_rows>({tiny.data(), 1, 16}, rules::search{}).value(0, 0)) <
        2e-42);
}

TEST_CASE("What is no search is refused") {
  const std::vector<float> x(32, 1.0f);
  const auto refused = [&](const rules::search& rule, const std::string& words) {
    try {
      (void)lowp::quantize<e2m1_rows>({x.data(), 1, 32}, rule);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what()).find(words) != std::string::npos;
    }
    return false;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(refused({.candidates = 0}, "candidates"));
  CHECK(refused({.from = 0.9f, .to = 0.5f}, "from is above to"));
  CHECK(refused({.from = nan}, "from or to"));
  CHECK(refused({.from = 0}, "from or to"));
  CHECK(refused({.norm = 0}, "norm"));
  CHECK(refused({.norm = -2}, "norm"));
  CHECK(refused({.norm = nan}, "norm"));
  std::vector<float> weights(32, 1.0f);
  CHECK(refused({.weights = {weights.data(), 1, 16}}, "weights is 1 x 16, expected 1 x 32"));
  weights[7] = -1;
  CHECK(refused({.weights = {weights.data(), 1, 32}}, "weights(0, 7)"));
  weights[7] = nan;
  CHECK(refused({.weights = {weights.data(), 1, 32}}, "weights(0, 7)"));
  weights[7] = -0.0f;
  CHECK_NOTHROW(lowp::quantize<e2m1_rows>({x.data(), 1, 32},
                                          rules::search{.weights = {weights.data(), 1, 32}}));
}
