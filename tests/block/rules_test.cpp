// SPDX-License-Identifier: MIT
// A rule is any object that answers a scale. Rules that only this file knows go through every
// function that quantizes, on every instruction set and on threads, as the definition has it; and
// the rules that look at more than the formats of OCP and NVIDIA are those of their sources.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
namespace ob = oracle::block;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::block_values;
using lowp::code_t;
using lowp::matrix_view;
using lowp::tensor_scale;
using lowp::unpacked;
using ob::bits32;

namespace {

constexpr block_format e2m1_ue4m3{formats::e2m1, formats::ue4m3, block_shape{1, 16}};
constexpr block_format int4_binary16{formats::int_n<4>, formats::binary16, block_shape{2, 32}};
constexpr block_format int8_rows = formats::scaled_rows(formats::int_n<8>);

matrix_view<const float> view(const ob::matrix& m) { return {m.data.data(), m.rows, m.cols}; }

ob::matrix matrix_of(ob::source& random, std::size_t rows, std::size_t cols, bool is_special) {
  ob::matrix m{rows, cols, {}};
  for (std::size_t i = 0; i < rows * cols; ++i) {
    const std::uint32_t kind = random.below(40);
    m.data.push_back(kind == 0                 ? random.edge()
                     : kind == 1 && is_special ? ob::float_of(0x7FC00000u)
                     : kind == 2 && is_special ? ob::float_of(0xFF800000u)
                                               : random.bfloat16_in_binades(118, 130));
  }
  return m;
}

ob::matrix transposed(const ob::matrix& m) {
  ob::matrix t{m.cols, m.rows, std::vector<float>(m.data.size())};
  for (std::size_t i = 0; i < m.data.size(); ++i) {
    t.data[i % m.cols * m.rows + i / m.cols] = m.data[i];
  }
  return t;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const float& x, const float& y) {
    return ob::bits_of(x) == ob::bits_of(y);
  });
}

/// All ways to quantize give what the definition gives.
template <auto B, class Rule, class R>
void check_one(oracle::tally& t, const char* name, const Rule& rule, const ob::matrix& in,
               const R& mode) {
  const block_matrix<B> expected = lowp::reference::quantize<B>(view(in), rule, mode);
  const ob::matrix flipped = transposed(in);
  std::vector<float> values(in.data.size());
  lowp::reference::dequantize(expected, matrix_view<float>(values.data(), in.rows, in.cols));
  for (const lowp::isa level : test::isas()) {
    for (const lowp::execution& how :
         {lowp::execution(level), lowp::execution(lowp::threads{3}, level)}) {
      const auto describe = [&](auto& text) {
        text << name << " " << in.rows << " x " << in.cols << " by " << lowp::name(level);
      };
      t.check(lowp::quantize<B>(view(in), rule, mode, how) == expected, describe);
      t.check(lowp::quantize_transposed<B>(view(flipped), rule, mode, how) == expected, describe);
      std::vector<float> rounded(in.data.size());
      lowp::round_to(block_matrix<B>::format, view(in),
                     matrix_view<float>(rounded.data(), in.rows, in.cols), rule, mode, how);
      t.check(same_bits(rounded, values), describe);
    }
  }
}

template <auto B, class Rule>
void check(oracle::tally& t, const char* name, const Rule& rule) {
  ob::source random(static_cast<std::uint64_t>(name[0]) + static_cast<std::uint64_t>(name[1]));
  for (const bool is_special : {false, true}) {
    check_one<B>(t, name, rule, matrix_of(random, 5, 96, is_special), lowp::nearest_even);
    check_one<B>(t, name, rule, matrix_of(random, 33, 47, is_special), lowp::nearest_away);
    check_one<B>(t, name, rule, matrix_of(random, 2, 3000, is_special),
                 lowp::stochastic{.seed = 3, .random_bits = 8});
  }
}

// ------------------------------------------------------------------------ rules of this file alone
/// Sees the elements: the root of their mean square, times 2, over the largest element.
struct mean_square {
  double times = 2;
  [[nodiscard]] float scale(const block_values& block, const auto& format) const {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t r = 0; r < block.values.rows; ++r) {
      for (std::size_t c = 0; c < block.values.cols; ++c) {
        const double x = static_cast<double>(block.values(r, c));
        sum += x * x;
        ++count;
      }
    }
    const double rms = std::sqrt(sum / static_cast<double>(count));
    const double largest = lowp::pack_as<double>(largest_value(format.element));
    return static_cast<float>(std::min(times * rms / largest, 1e30)) / block.tensor.decoding;
  }
};

/// Sees the amax only, and answers a code: that of the largest finite scale, but for zeros.
struct largest_code_rule {
  [[nodiscard]] static constexpr code_t from_amax(const float& amax, const auto& format,
                                                  const tensor_scale&) {
    return lowp::unpack(amax).is_zero() ? smallest_positive_code(format.scale)
                                        : largest_code(format.scale) - 1;
  }
};

/// amax * (1 / max) in binary32, elements divided in binary32, with a plan for lanes.
struct in_lanes {
  [[nodiscard]] static constexpr unpacked from_amax(const float& amax, const auto& format,
                                                    const tensor_scale&) {
    return unpack(lowp::binary32(amax) * reciprocal(format));
  }
  [[nodiscard]] static constexpr lowp::scale_plan plan(const auto& format, const tensor_scale&) {
    lowp::scale_plan plan{.how = lowp::scale_plan::kind::arithmetic};
    plan.value.a = static_cast<std::uint32_t>(reciprocal(format).code());
    plan.value.highest = plan.value.of_nan = 0x7F800000u;
    return plan;
  }
  [[nodiscard]] static constexpr lowp::element_scaling scaling(const auto&) {
    return lowp::element_scaling::divide;
  }
  [[nodiscard]] static constexpr lowp::binary32 reciprocal(const auto& format) {
    return lowp::binary32(1) / lowp::convert<formats::binary32>(largest_value(format.element));
  }
};

/// A zero for each block, a NaN for each block.
constexpr auto zero_scales = [](const block_values&, const auto&) { return 0.0f; };
constexpr auto nan_scales = [](const block_values&, const auto&) { return unpacked::nan(); };
constexpr auto by_index = [](const block_values& block, const auto&) {
  return static_cast<float>(1 + block.index % 7) / 16;
};

}  // namespace

static_assert(std::is_same_v<decltype(lowp::quantize<formats::mxfp4>({}, rules::rceil)),
                             decltype(lowp::quantize<lowp::mxfp4>({}, rules::floor))>);
static_assert(std::is_same_v<lowp::rounding_of<rules::microxcaling_t>, lowp::nearest_away_t>);
static_assert(!lowp::scale_rule_for<lowp::nearest_even_t, lowp::format_of<formats::mxfp4>>);

TEST_CASE("Rules that the library does not know are quantized as the definition has it") {
  oracle::tally t;
  check<formats::mxfp4>(t, "mean square", mean_square{});
  check<formats::nvfp4>(t, "mean square", mean_square{});
  check<formats::mxint8>(t, "mean square", mean_square{3});
  check<int4_binary16>(t, "mean square", mean_square{});
  check<int8_rows>(t, "mean square", mean_square{4});
  check<formats::mxfp8_e5m2>(t, "largest code", largest_code_rule{});
  check<e2m1_ue4m3>(t, "largest code", largest_code_rule{});
  check<e2m1_ue4m3>(t, "in lanes", in_lanes{});
  check<int8_rows>(t, "in lanes", in_lanes{});
  check<int4_binary16>(t, "in lanes", in_lanes{});
  check<formats::mxfp4>(t, "nan", nan_scales);
  check<e2m1_ue4m3>(t, "zero", zero_scales);
  check<formats::mxfp4>(t, "zero", zero_scales);
  check<formats::mxfp6_e2m3>(t, "index", by_index);
  check<formats::nvfp4_16x16>(t, "index", by_index);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The library's rules beyond OCP's and NVIDIA's are quantized as the definition has it") {
  oracle::tally t;
  check<formats::mxfp4>(t, "microxcaling", rules::microxcaling);
  check<formats::mxint8>(t, "microxcaling", rules::microxcaling);
  check<formats::mxfp4>(t, "ggml mxfp4", rules::ggml_mxfp4);
  check<e2m1_ue4m3>(t, "ggml nvfp4", rules::ggml_nvfp4);
  check<formats::nvfp4>(t, "four over six", rules::four_over_six);
  check<formats::nvfp4_16x16>(t, "absolute", rules::four_over_six_t{.is_squared = false});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A rule that sees elements is called with all of them, and once per block") {
  ob::source random(2);
  const ob::matrix in = matrix_of(random, 7, 200, false);
  std::vector<int> calls(7 * 7);
  bool is_right = true;
  const auto rule = [&](const block_values& block, const auto&) {
    ++calls[block.index];
    const std::size_t row = block.index / 7, left = block.index % 7 * 32;
    is_right = is_right && block.values.rows == 1 &&
               block.values.cols == std::min<std::size_t>(32, 200 - left);
    float amax = 0;
    for (std::size_t c = 0; c < block.values.cols; ++c) {
      is_right =
          is_right && ob::bits_of(block.values(0, c)) == ob::bits_of(in.data[row * 200 + left + c]);
      amax = std::max(amax, std::abs(block.values(0, c)));
    }
    is_right = is_right && block.amax == amax && !block.has_special;
    return amax;
  };
  (void)lowp::quantize<formats::mxfp4>(view(in), rule);
  CHECK(is_right);
  CHECK(calls == std::vector<int>(7 * 7, 1));
}

TEST_CASE("Matrices whose scales other rules chose are of one type") {
  ob::source random(3);
  const ob::matrix in = matrix_of(random, 4, 64, false);
  lowp::mxfp4 m = lowp::quantize<formats::mxfp4>(view(in));
  const lowp::mxfp4 before = m;
  m = lowp::quantize<lowp::mxfp4>(view(in), rules::rceil);
  CHECK(m != before);
  quantize(view(in), m, rules::floor);
  CHECK(m == before);
}

TEST_CASE("Given scales are those of the result, and elements are divided by them") {
  ob::source random(4);
  oracle::tally t;
  const ob::grid e2m1 = ob::make_grid(formats::e2m1);
  for (const std::size_t cols : {std::size_t{64}, std::size_t{53}}) {
    const ob::matrix in = matrix_of(random, 6, cols, false);
    std::vector<float> scales;
    for (int i = 0; i < 6 * 4; ++i) scales.push_back(static_cast<float>(1 + random.below(15)) / 8);
    const auto q = lowp::quantize<e2m1_ue4m3>(view(in), rules::given{scales});
    const auto again =
        lowp::quantize_transposed<e2m1_ue4m3>(view(transposed(in)), rules::given{scales});
    CHECK(again == q);
    for (std::size_t i = 0; i < in.data.size(); ++i) {
      const std::size_t row = i / cols, col = i % cols;
      const double s = static_cast<double>(scales[row * 4 + col / 16]);
      // The order of x / s and a threshold, exactly: thresholds have 4 bits and s as many.
      const double x = ob::value_of(ob::bits_of(in.data[i]));
      const code_t expected = ob::is_zero(x)
                                  ? (oracle::is_negative(x) ? 8 : 0)
                                  : ob::search(
                                        e2m1, x < 0,
                                        [&](double threshold) {
                                          return x < threshold * s ? -1 : x > threshold * s ? 1 : 0;
                                        },
                                        oracle::mode::nearest_even);
      t.check(ob::value_of(ob::bits_of(static_cast<float>(q.scale_of(row, col)))) == s &&
                  q.code(row, col) == expected,
              [&](auto& text) { text << "element " << i << " of " << x << " under " << s; });
    }
    // What a matrix holds comes back under its own scales.
    std::vector<float> values(in.data.size());
    dequantize(q, matrix_view<float>(values.data(), 6, cols));
    CHECK(lowp::quantize<e2m1_ue4m3>(matrix_view<const float>(values.data(), 6, cols),
                                     rules::given{scales}) == q);
    scales.pop_back();
    block_matrix<e2m1_ue4m3> untouched = q;
    CHECK_THROWS_AS(quantize(view(in), untouched, rules::given{scales}), std::invalid_argument);
    CHECK(untouched == q);
    std::vector<float> out(in.data.size());
    CHECK_THROWS_AS(lowp::round_to(e2m1_ue4m3, view(in), matrix_view<float>(out.data(), 6, cols),
                                   rules::given{scales}),
                    std::invalid_argument);
  }
  REQUIRE_NO_MISMATCH(t);
  // With a tensor scale, and with elements that are not finite.
  const std::vector<float> one{2.0f};
  const std::vector<float> x{6.0f, ob::float_of(0x7F800000u), ob::float_of(0x7FC00000u), -3.0f};
  const auto q = lowp::quantize<formats::nvfp4>(matrix_view<const float>(x.data(), 1, 4),
                                                rules::given{one, {2.0f, 0.5f}});
  CHECK(q.tensor_scale() == 0.5f);
  CHECK(q.scale_code(0, 0) == 0x40);
  CHECK(q.code(0, 0) == 7);
  CHECK(q.code(0, 1) == 7);
  CHECK(q.code(0, 2) == 7);
  CHECK(q.code(0, 3) == 0xD);
}

TEST_CASE("microxcaling rounds half away from zero under floor scales") {
  const auto row = [](float a, float b, float c) {
    std::vector<float> x(32, 0.0f);
    x[0] = a, x[1] = b, x[2] = c;
    return x;
  };
  const auto x = row(4.0f, 0.25f, -2.5f);  // both ties
  const matrix_view<const float> in(x.data(), 1, 32);
  const auto q = lowp::quantize<formats::mxfp4>(in, rules::microxcaling);
  CHECK(q.scale_code(0, 0) == 127);
  CHECK(q.code(0, 1) == 1);
  CHECK(q.code(0, 2) == 0xD);
  CHECK(lowp::quantize<formats::mxfp4>(in).code(0, 1) == 0);
  // The caller's mode comes first.
  CHECK(lowp::quantize<formats::mxfp4>(in, rules::microxcaling, lowp::nearest_even).code(0, 1) ==
        0);
  // Zeros have the scale of 2^-126, above the smallest where elements reach below 2.
  const auto zeros = row(0, 0, 0);
  const matrix_view<const float> none(zeros.data(), 1, 32);
  CHECK(lowp::quantize<formats::mxint8>(none, rules::microxcaling).scale_code(0, 0) == 1);
  CHECK(lowp::quantize<formats::mxfp4>(none, rules::microxcaling).scale_code(0, 0) == 0);
  // Above the scale format: NaN, where the other rules clamp.
  constexpr lowp::float_format below_one{
      .exponent_bits = 2, .mantissa_bits = 1, .bias = 6, .has_infinity = false};
  constexpr block_format small{below_one, formats::e8m0, block_shape{1, 32}};
  const auto huge = row(0x1p127f, 1, 1);
  const matrix_view<const float> large(huge.data(), 1, 32);
  CHECK(lowp::quantize<small>(large, rules::microxcaling).scale_code(0, 0) == 255);
  CHECK(lowp::quantize<small>(large, rules::floor).scale_code(0, 0) == 254);
}

// -------------------------------------------------------------------------------------------- ggml
namespace {

/// By its published description: values are doubled, scales halved, errors compared in binary32.
code_t ggml_element(float x, float half_scale) {
  constexpr float doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  code_t best = 0;
  float least = std::abs(x);
  for (code_t i = 1; i < 16; ++i) {
    const float error = std::abs(doubled[i] * half_scale - x);
    if (error < least) best = i, least = error;
  }
  return best;
}

/// floor of the binary32 nearest to log2 x, by MPFR.
int floor_log2(float x) {
  oracle::real r;
  r.set(ob::value_of(ob::bits_of(x)));
  mpfr_log2(r, r, MPFR_RNDN);
  return static_cast<int>(std::floor(mpfr_get_flt(r, MPFR_RNDN)));
}

code_t ggml_ue4m3(const ob::grid& g, float amax) {
  const double x = ob::value_of(ob::divide32(ob::bits_of(amax), ob::bits_of_value(6)));
  if (x < 0x1p-10) return 0;
  if (x < 0x1p-6) {
    // x * 512 + 1/2 in binary32, cut.
    const float sum = static_cast<float>(x) * 512.0f + 0.5f;
    return std::min<code_t>(7, static_cast<code_t>(sum));
  }
  if (x >= 248) return 0x7E;
  return ob::search(g, x, oracle::mode::nearest_away);
}

}  // namespace

TEST_CASE("ggml's MXFP4: bytes that wrap, logarithms that round, elements toward zero") {
  oracle::tally t;
  ob::source random(11);
  for (int i = 0; i < 6000; ++i) {
    std::vector<float> x;
    for (int j = 0; j < 32; ++j) x.push_back(random.bfloat16_in_binades(118, 128));
    if (i % 3 == 1) {  // just below a power of two, where log2f is whole
      const int k = static_cast<int>(random.below(250)) - 124;
      x[5] = ob::float_of(ob::bits_of(std::ldexp(1.0f, k)) - random.below(60));
      for (int j = 0; j < 32; ++j) {
        if (j != 5) x[static_cast<std::size_t>(j)] = x[5] * (static_cast<float>(j) / 32);
      }
    }
    if (i % 3 == 2) {  // far below the scales
      for (float& v : x) v = ob::float_of(ob::bits_of(random.in_binades(0, 4)));
    }
    float amax = 0;
    for (const float v : x) amax = std::max(amax, std::abs(v));
    const auto q = lowp::quantize<formats::mxfp4>(matrix_view<const float>(x.data(), 1, 32),
                                                  rules::ggml_mxfp4);
    const int byte = (floor_log2(amax) - 2 + 127) & 0xFF;
    t.check(q.scale_code(0, 0) == static_cast<code_t>(byte),
            [&](auto& text) { text << "amax " << amax << " gave " << q.scale_code(0, 0); });
    const float half = byte < 2 ? ob::float_of(0x00200000u << byte)
                                : ob::float_of(static_cast<bits32>(byte - 1) << 23);
    for (std::size_t j = 0; j < 32; ++j) {
      t.check(q.code(0, j) == ggml_element(x[j], half),
              [&](auto& text) { text << x[j] << " under " << byte << " gave " << q.code(0, j); });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("ggml's NVFP4: its own rounding of scales, and elements beyond the largest of them") {
  oracle::tally t;
  ob::source random(12);
  const ob::grid ue4m3 = ob::make_grid(formats::ue4m3);
  for (int i = 0; i < 8000; ++i) {
    std::vector<float> x;
    const auto low = static_cast<std::uint32_t>(i % 4 == 0 ? 110 : i % 4 == 1 ? 119 : 130);
    for (int j = 0; j < 16; ++j) {
      x.push_back(i % 4 == 3 ? random.in_binades(130, 180)
                             : random.bfloat16_in_binades(low, low + 8));
    }
    float amax = 0;
    for (const float v : x) amax = std::max(amax, std::abs(v));
    const auto q =
        lowp::quantize<e2m1_ue4m3>(matrix_view<const float>(x.data(), 1, 16), rules::ggml_nvfp4);
    const code_t expected = ggml_ue4m3(ue4m3, amax);
    t.check(q.scale_code(0, 0) == expected, [&](auto& text) {
      text << "amax " << amax << " gave " << q.scale_code(0, 0) << ", expected " << expected;
    });
    const auto scale = static_cast<float>(oracle::value_of(formats::ue4m3, expected).value());
    for (std::size_t j = 0; j < 16; ++j) {
      t.check(q.code(0, j) == ggml_element(x[j], scale / 2),
              [&](auto& text) { text << x[j] << " under " << scale << " gave " << q.code(0, j); });
    }
  }
  REQUIRE_NO_MISMATCH(t);
  // A scale cut to 448 makes the errors of all codes equal far above it: the first one, 0.
  const std::vector<float> huge(16, 0x1p100f);
  const auto q =
      lowp::quantize<e2m1_ue4m3>(matrix_view<const float>(huge.data(), 1, 16), rules::ggml_nvfp4);
  CHECK(q.scale_code(0, 0) == 0x7E);
  CHECK(q.code(0, 3) == 0);
}

// ----------------------------------------------------------------------------------- four over six
TEST_CASE("Four over six: the worked block, and the lesser error of the two in every block") {
  std::vector<float> x{8, 6.2f, -6.1f, 6, -5.9f, 3.9f, 2.1f, .9f};
  x.resize(32, 0.0f);
  x[16] = 12;
  const auto worked = lowp::quantize<formats::nvfp4>(matrix_view<const float>(x.data(), 1, 32),
                                                     rules::four_over_six);
  CHECK(worked.scale_code(0, 0) == 0x78);  // 256, where 176 would map 8 to 6
  const std::vector<code_t> codes{6, 5, 0xD, 5, 0xD, 4, 2, 1};
  for (std::size_t i = 0; i < codes.size(); ++i) CHECK(worked.code(0, i) == codes[i]);

  // Both candidates by MPFR and by search; errors summed in binary32, one operation at a time.
  oracle::tally t;
  ob::source random(46);
  const ob::grid e2m1 = ob::make_grid(formats::e2m1), ue4m3 = ob::make_grid(formats::ue4m3);
  const auto add32 = [](bits32 a, bits32 b) {
    oracle::real p, q;
    ob::set32(p, a);
    ob::set32(q, b);
    mpfr_add(p, p, q, MPFR_RNDN);
    return ob::rounded32(p);
  };
  const bits32 six = ob::bits_of_value(6);
  int fours = 0, sixes = 0;
  for (int repeat = 0; repeat < 200; ++repeat) {
    const bool is_squared = repeat % 2 == 0;
    ob::matrix in{2, 40, {}};
    for (int i = 0; i < 80; ++i) in.data.push_back(random.bfloat16_in_binades(122, 129));
    const auto q =
        lowp::quantize<formats::nvfp4>(view(in), rules::four_over_six_t{.is_squared = is_squared});
    bits32 all = 0;
    for (const float v : in.data) all = std::max(all, ob::bits_of(v) & 0x7FFFFFFFu);
    const bits32 encoding = ob::divide32(ob::bits_of_value(6 * 256), all);
    const bits32 decoding = ob::divide32(ob::one32, encoding);
    for (std::size_t block = 0; block < 6; ++block) {
      const std::size_t row = block / 3, left = block % 3 * 16;
      const std::size_t right = std::min<std::size_t>(left + 16, 40);
      bits32 amax = 0;
      for (std::size_t c = left; c < right; ++c) {
        amax = std::max(amax, ob::bits_of(in.data[row * 40 + c]) & 0x7FFFFFFFu);
      }
      const bits32 base =
          ob::multiply32(amax, ob::multiply32(encoding, ob::divide32(ob::one32, six)));
      code_t scales[2];
      bits32 errors[2];
      std::vector<code_t> found[2];
      for (int way = 0; way < 2; ++way) {
        const bits32 wanted = way == 0 ? base : ob::multiply32(base, ob::bits_of_value(1.5));
        scales[way] = ob::search(ue4m3, ob::value_of(wanted), oracle::mode::nearest_even);
        const bits32 s = ob::bits_of_value(oracle::value_of(formats::ue4m3, scales[way]).value());
        const bits32 factor =
            std::min(ob::divide32(ob::one32, ob::multiply32(s, decoding)), ob::largest32);
        errors[way] = 0;
        for (std::size_t c = left; c < right; ++c) {
          const bits32 v = ob::bits_of(in.data[row * 40 + c]);
          const code_t code =
              ob::search(e2m1, ob::value_of(ob::multiply32(v, factor)), oracle::mode::nearest_even);
          found[way].push_back(code);
          const bits32 value =
              ob::bits_of_value(oracle::value_of(formats::e2m1, code).value() * ob::value_of(s));
          const bits32 difference =
              add32(value, ob::multiply32(v, encoding) ^ 0x80000000u) & 0x7FFFFFFFu;
          errors[way] =
              add32(errors[way], is_squared ? ob::multiply32(difference, difference) : difference);
        }
      }
      const int way = errors[1] < errors[0] ? 1 : 0;
      (way == 1 ? fours : sixes) += 1;
      bool is_right = q.scale_code(row, block % 3) == scales[way];
      for (std::size_t c = left; c < right; ++c) {
        is_right = is_right && q.code(row, c) == found[way][c - left];
      }
      t.check(is_right, [&](auto& text) {
        text << "block " << block << ": scale " << q.scale_code(row, block % 3) << ", expected "
             << scales[way] << ", squared " << is_squared;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
  CHECK(fours > 100);
  CHECK(sixes > 100);
}

TEST_CASE("Values nearest to binary32 numbers are those that encoding finds") {
  oracle::tally t;
  ob::source random(47);
  const auto check_format = [&](const auto& f) {
    const auto& values = lowp::detail::nearest_values_of(f);
    REQUIRE(values.exist());
    const ob::grid grid = ob::make_grid(f);
    for (int i = 0; i < 30000; ++i) {
      const float x = i % 3 == 0 ? random.near_grid(grid, 0) : random.in_binades(100, 150);
      const unpacked exact = lowp::unpack(x);
      const float expected = lowp::pack_as<float>(
          decode(f, encode(f, exact, lowp::nearest_even, lowp::overflow::saturate)));
      t.check(values(x) == expected, [&](auto& text) {
        text << x << " became " << values(x) << ", expected " << expected;
      });
    }
  };
  check_format(formats::e2m1);
  check_format(formats::e4m3fn);
  check_format(formats::e5m2);
  check_format(formats::int_n<4>);
  check_format(formats::symmetric_int_n<8>);
  check_format(formats::e2m1);
  REQUIRE_NO_MISMATCH(t);
  REQUIRE_FALSE(lowp::detail::nearest_values_of(formats::binary16).exist());
}

TEST_CASE("Scales at the largest binary32 can read back as infinity, as the rules are defined") {
  const auto reads_infinite = [](const auto& q, std::size_t cols) {
    std::vector<float> out(cols);
    dequantize(q, matrix_view<float>(out.data(), 1, cols));
    return (ob::bits_of(out[0]) & 0x7FFFFFFFu) == 0x7F800000u;
  };
  std::vector<float> x(32, 0.0f);
  x[0] = ob::float_of(ob::largest32);
  const matrix_view<const float> in(x.data(), 1, 32);
  CHECK(reads_infinite(lowp::quantize<lowp::mxfp8_e4m3>(in, rules::rceil), 32));
  CHECK(reads_infinite(lowp::quantize<lowp::mxfp4>(in, rules::rceil), 32));
  CHECK(reads_infinite(lowp::quantize<lowp::mxfp4>(in, rules::ceil), 32));
  CHECK(reads_infinite(lowp::quantize<lowp::mxfp4>(in, rules::even), 32));
  CHECK_FALSE(reads_infinite(lowp::quantize<lowp::mxfp4>(in, rules::floor), 32));
  CHECK(reads_infinite(lowp::quantize<formats::scaled_rows(formats::int_n<8>)>(in), 32));
  x[0] = ob::float_of(ob::largest32 | 0x80000000u);  // -2 times 2^127
  CHECK(reads_infinite(lowp::quantize<lowp::mxint8>(in), 32));
}
