// SPDX-License-Identifier: MIT
// Rules of vendors as their sources order their operations: scales of amaxes in every binade by
// MPFR, and codes of whole blocks; then the kernels against the definition.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
namespace ob = oracle::block;
using lowp::block_format;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::overflow;
using lowp::tensor_scale;
using ob::bits32;
using oracle::mode;

namespace {

constexpr float six = 6, largest_e4m3 = 448;

bits32 divide(bits32 a, bits32 b) { return ob::divide32(a, b); }
bits32 bits(float x) { return ob::bits_of(x); }

/// log2 of a positive number, rounded to binary32, then floor or ceil.
int rounded_log2(bits32 x, bool is_ceil) {
  oracle::real value, log;
  mpfr_set_prec(log, 24);
  ob::set32(value, x);
  mpfr_log2(log, value, MPFR_RNDN);
  is_ceil ? mpfr_ceil(log, log) : mpfr_floor(log, log);
  return static_cast<int>(mpfr_get_si(log, MPFR_RNDN));
}
code_t e8m0_of(int exponent) { return static_cast<code_t>(std::clamp(exponent, -127, 127) + 127); }
int exponent_of(bits32 x) {
  int e = 0;
  (void)std::frexp(ob::value_of(x), &e);
  return e - 1;
}
bool is_power(bits32 x) { return ob::value_of(x) == std::ldexp(1.0, exponent_of(x)); }

/// Amaxes in all binades, with powers of two and what is about them and about 3 and 7 quarters.
std::vector<bits32> amaxes() {
  std::vector<bits32> list;
  for (bits32 field = 0; field < 255; ++field) {
    for (const bits32 base : {0x000000u, 0x400000u, 0x500000u, 0x600000u, 0x700000u, 0x7C0000u}) {
      for (int d = -26; d <= 26; ++d) {
        const bits32 x = (field << 23) + base + static_cast<bits32>(d);
        if (x - 1 < ob::largest32) list.push_back(x);
      }
    }
  }
  return list;
}

template <class Format, class Rule>
void check_scales(oracle::tally& t, const Format& format, const Rule& rule,
                  const std::function<code_t(bits32)>& expected) {
  for (const bits32 amax : amaxes()) {
    lowp::amax_accumulator block;
    block.bits = amax;
    const code_t code = encode_scale(format, rule, block);
    t.check(code == expected(amax), [&](auto& out) {
      out << rule.name << ": amax " << ob::value_of(amax) << " (" << std::hex << amax << ") gives "
          << code << ", expected " << expected(amax);
    });
  }
}

std::vector<float> random_row(ob::source& random, std::size_t n, std::uint32_t low,
                              std::uint32_t high) {
  std::vector<float> x;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t kind = random.below(12);
    x.push_back(kind == 0 ? 0.0f : kind == 1 ? -0.0f : random.bfloat16_in_binades(low, high));
  }
  return x;
}
bits32 amax_of(const float* x, std::size_t n) {
  bits32 amax = 0;
  for (std::size_t i = 0; i < n; ++i) amax = std::max(amax, bits(x[i]) & 0x7FFFFFFFu);
  return amax;
}

/// Kernels give what the definition gives.
template <auto B, class Rule>
void check_kernels(oracle::tally& t, const Rule& rule) {
  ob::source random(77);
  for (const std::size_t cols : {64u, 96u, 1040u}) {
    const std::vector<float> x = random_row(random, 3 * cols, 100, 140);
    const matrix_view<const float> in(x.data(), 3, cols);
    const auto expected =
        lowp::reference::quantize<B>(in, rule, lowp::mode_under(rule, lowp::rounding_of<Rule>{}));
    for (const lowp::isa level : test::isas()) {
      t.check(lowp::quantize<B>(in, rule, lowp::rounding_of<Rule>{}, level) == expected,
              [&](auto& out) { out << rule.name << " by " << name(level) << ", " << cols; });
    }
  }
}

constexpr block_format tiles{formats::e4m3fn, formats::binary32, block_shape{1, 128}};
constexpr block_format fnuz_tiles{formats::e4m3fnuz, formats::binary32, block_shape{1, 128}};

}  // namespace

TEST_CASE("Power-of-two scales of Model-Optimizer, compressed-tensors, microxcaling and others") {
  oracle::tally t;
  const auto mxfp4 = formats::mxfp4;
  const auto mxfp8 = formats::mxfp8_e4m3;
  check_scales(t, mxfp8, rules::modelopt_mxfp8, [](bits32 a) {
    const bits32 q = divide(a, bits(largest_e4m3));
    return q == 0 ? code_t{0} : e8m0_of(rounded_log2(q, true));
  });
  check_scales(t, mxfp4, rules::modelopt_mxfp4, [](bits32 a) {
    const bits32 q = divide(a, bits(six));
    return q == 0 ? code_t{0} : e8m0_of(rounded_log2(q, true));
  });
  check_scales(t, mxfp4, rules::microxcaling_log2,
               [](bits32 a) { return e8m0_of(rounded_log2(a, false) - 2); });
  check_scales(t, formats::mxint8, rules::microxcaling_log2,
               [](bits32 a) { return e8m0_of(rounded_log2(a, false)); });
  check_scales(t, mxfp8, rules::compressed_tensors_mx, [](bits32 a) {
    const bits32 up = a + 0x200000u;  // half of the one mantissa bit
    return a < 0x00800000u ? code_t{0} : e8m0_of(static_cast<int>(up >> 23) - 127 - 8);
  });
  check_scales(t, mxfp8, rules::torchao_even, [](bits32 a) {
    const bits32 up = a + 0x80000u;
    return a < 0x00800000u        ? code_t{0}
           : up >= ob::infinite32 ? code_t{255}
                                  : e8m0_of(static_cast<int>(up >> 23) - 127 - 8);
  });
  check_scales(t, mxfp4, rules::twice_floor,
               [](bits32 a) { return e8m0_of(exponent_of(a) - 2 + 1); });
  check_scales(t, mxfp4, rules::rceil_by_division, [](bits32 a) {
    const bits32 q = divide(a, bits(six));
    return q == 0 ? code_t{0} : e8m0_of(exponent_of(q) + (is_power(q) ? 0 : 1));
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE(
    "Scales of tiles: DeepSeek-V3, DeepGEMM, FNUZ to 224, TransformerEngine's powers of two") {
  oracle::tally t;
  const bits32 floor = bits(1e-4f);
  const auto power_above = [](bits32 q) {
    const int e = exponent_of(q) + (is_power(q) ? 0 : 1);
    return code_t{ob::bits_of_value(std::ldexp(1.0, std::max(e, -126)))};
  };
  check_scales(t, tiles, rules::deepseek_v3,
               [&](bits32 a) { return code_t{divide(std::max(a, floor), bits(largest_e4m3))}; });
  for (const rules::stated_range& rule : {rules::deepseek_v3_ue8m0, rules::deep_gemm}) {
    check_scales(t, tiles, rule, [&](bits32 a) {
      return power_above(divide(std::max(a, floor), bits(largest_e4m3)));
    });
  }
  check_scales(t, fnuz_tiles, rules::fnuz_224, [&](bits32 a) {
    const bits32 q = divide(a, bits(224.0f));
    return code_t{q == 0 ? ob::one32 : q};
  });
  check_scales(t, tiles, rules::transformer_engine_tiles{}, [&](bits32 a) {
    const bits32 q = std::min(divide(bits(largest_e4m3), a), ob::largest32);
    return code_t{ob::bits_of_value(std::ldexp(1.0, -exponent_of(q)))};
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks of DeepSeek-V3 and DeepGEMM: divided by the scale, or times one over it") {
  oracle::tally t;
  const oracle::float_grid grid(formats::e4m3fn);
  ob::source random(5);
  const auto check = [&](const rules::stated_range& rule, bool multiplies) {
    const std::vector<float> x = random_row(random, 20 * 128, 110, 130);
    const auto q = lowp::quantize<tiles>(matrix_view<const float>(x.data(), 20, 128), rule);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto s = static_cast<bits32>(q.scale_code(i / 128, 0));
      const bits32 y =
          multiplies ? ob::multiply32(bits(x[i]), divide(ob::one32, s)) : divide(bits(x[i]), s);
      const code_t expected = grid.encode(ob::value_of(y), mode::nearest_even, overflow::saturate);
      t.check(q.code(i / 128, i % 128) == expected, [&](auto& out) { out << x[i]; });
    }
  };
  check(rules::deepseek_v3, false);
  check(rules::deep_gemm, true);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("NVFP4 as compressed-tensors and Model-Optimizer's static export order it") {
  oracle::tally t;
  const oracle::float_grid scales(formats::e4m3fn), elements(formats::e2m1);
  ob::source random(9);
  for (int trial = 0; trial < 100; ++trial) {
    const std::uint32_t low = 60 + random.below(100);
    std::vector<float> x = random_row(random, 32 * 16, low, low + 14);
    if (trial % 2 == 1) {  // scales at ties of the scale format, which orders tell apart
      for (float& one : x) one = static_cast<float>(random.below(225)) / 4;
      x.back() = static_cast<float>(28 << random.below(2));
    }
    for (std::size_t i = 0; i < 16; ++i) x[i] = 0;
    const matrix_view<const float> in(x.data(), 1, x.size());
    const bits32 tensor = amax_of(x.data(), x.size());
    const auto by_ct = lowp::quantize<formats::nvfp4>(in, rules::compressed_tensors);
    const auto by_mo = lowp::quantize<formats::nvfp4>(in, rules::modelopt_static);
    const bits32 g = divide(bits(2688.0f), tensor);
    const bits32 p = divide(tensor, bits(2688.0f));
    const auto as_scale = [&](bits32 v) {
      return scales.encode(ob::value_of(v), mode::nearest_even, overflow::saturate);
    };
    for (std::size_t b = 0; b < 32; ++b) {
      const bits32 m = divide(amax_of(x.data() + 16 * b, 16), bits(six));
      code_t ct = as_scale(ob::multiply32(g, m));
      if (ct == 0) ct = 0x20;
      const bits32 safe = m == 0 ? ob::one32 : m;
      const bits32 ratio = divide(ob::multiply32(safe, bits(448.0f)), divide(tensor, bits(six)));
      const code_t mo = as_scale(std::max(ratio, bits(0x1p-9f)));
      const auto describe = [&](auto& out) { out << trial << ", block " << b; };
      t.check(by_ct.scale_code(0, b) == ct, describe);
      t.check(by_mo.scale_code(0, b) == mo, describe);
      const auto value = [&](code_t c) {
        return ob::bits_of_value(oracle::value_of(formats::e4m3fn, c).value());
      };
      for (std::size_t i = 16 * b; i < 16 * b + 16; ++i) {
        const auto code = [&](bits32 by) {
          return elements.encode(ob::value_of(divide(bits(x[i]), by)), mode::nearest_even,
                                 overflow::saturate);
        };
        t.check(by_ct.code(0, i) == code(divide(value(ct), g)), describe);
        t.check(by_mo.code(0, i) == code(ob::multiply32(value(mo), p)), describe);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Corners of tensors: zeros and the smallest under compressed-tensors and torchao") {
  const std::vector<float> zeros(32, 0.0f);
  const matrix_view<const float> none(zeros.data(), 1, 32);
  const auto ct = lowp::quantize<formats::nvfp4>(none, rules::compressed_tensors);
  CHECK(ct.scale_code(0, 0) == 0x20);
  CHECK(ct.tensor_scale() == 1.0f);
  const auto ao = lowp::quantize<formats::nvfp4>(none, rules::torchao_nvfp4);
  CHECK(ao.scale_code(0, 0) == 0x7F);  // 0 / 0
  CHECK(ao.tensor_scale() == 0.0f);
  CHECK(lowp::quantize<formats::nvfp4>(none, rules::torchao).scale_code(0, 0) == 0x08);
  // 1 / p is infinite: what is not zero is the largest element.
  std::vector<float> tiny(32, 0x1p-140f);
  tiny[1] = -0x1p-120f;
  tiny[2] = -0.0f;
  const auto q = lowp::quantize<formats::nvfp4>(matrix_view<const float>(tiny.data(), 1, 32),
                                                rules::torchao_nvfp4);
  CHECK(q.scale_code(0, 0) == 0x7E);
  CHECK(q.code(0, 0) == 7);
  CHECK(q.code(0, 1) == 15);
  CHECK(q.code(0, 2) == 8);
}

TEST_CASE("MXFP4 as Model-Optimizer encodes it: ties toward zero, and -0 for zeros") {
  std::vector<float> x(32, 0.0f);
  const float values[] = {6, 0.75f, -1.75f, 3.5f, 0.25f, -0.25f, -0.0f, 5, -0.3f};
  std::copy(std::begin(values), std::end(values), x.begin());
  const auto q = lowp::quantize<formats::mxfp4>(matrix_view<const float>(x.data(), 1, 32),
                                                rules::modelopt_mxfp4);
  CHECK(q.scale_code(0, 0) == 127);
  const code_t expected[] = {7, 1, 11, 5, 0, 8, 8, 6, 9, 8};
  for (std::size_t i = 0; i < 10; ++i) CHECK(q.code(0, i) == expected[i]);
}

TEST_CASE("Kernels of vendors' rules") {
  oracle::tally t;
  check_kernels<formats::mxfp4>(t, rules::modelopt_mxfp4);
  check_kernels<formats::mxfp8_e4m3>(t, rules::compressed_tensors_mx);
  check_kernels<formats::nvfp4>(t, rules::compressed_tensors);
  check_kernels<formats::nvfp4>(t, rules::torchao_nvfp4);
  check_kernels<tiles>(t, rules::deep_gemm);
  check_kernels<tiles>(t, rules::transformer_engine_tiles{});
  REQUIRE_NO_MISMATCH(t);
}
