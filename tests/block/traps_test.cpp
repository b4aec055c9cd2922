// SPDX-License-Identifier: MIT
// The ways in which block quantization has gone wrong elsewhere, one test each. T2, T10, T13, T17,
// T25 and T36 are in scale_rule_test, T28 and T32 with the arrays, T34 with the matrix product.
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/number/compare.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_matrix;
using lowp::code_t;
using lowp::matrix_view;
using ob::bits32;
using ob::scale_rule;

namespace {

constexpr bits32 nan_bits = 0x7FC00000u, infinity_bits = 0x7F800000u;

template <auto B, scale_rule Rule = ob::default_rule(B)>
block_matrix<B> quantized(const std::vector<float>& row) {
  return lowp::quantize<B>(matrix_view<const float>(row.data(), 1, row.size()),
                           ob::rule_of<Rule>());
}
template <auto B>
std::vector<bits32> values_of(const block_matrix<B>& m) {
  std::vector<float> out(m.rows() * m.cols());
  dequantize(m, matrix_view<float>(out.data(), m.rows(), m.cols()));
  std::vector<bits32> bits;
  for (const float& x : out) bits.push_back(ob::bits_of(x));
  return bits;
}
bool is_nan(bits32 b) { return (b & 0x7FFFFFFFu) > infinity_bits; }

std::vector<float> floats(const std::vector<double>& values, std::size_t size) {
  std::vector<float> row(size, 0.0f);
  for (std::size_t i = 0; i < values.size(); ++i) {
    row[i] = ob::float_of(ob::bits_of_value(values[i]));
  }
  return row;
}

/// Every MX format under every rule.
template <class Function>
void for_each_mx(Function&& f) {
  const auto rules = [&]<auto B>(const char* name) {
    f.template operator()<B, scale_rule::floor>(name);
    f.template operator()<B, scale_rule::ceil>(name);
    f.template operator()<B, scale_rule::even>(name);
    f.template operator()<B, scale_rule::rceil>(name);
  };
  rules.template operator()<formats::mxfp8_e4m3>("mxfp8_e4m3");
  rules.template operator()<formats::mxfp8_e5m2>("mxfp8_e5m2");
  rules.template operator()<formats::mxfp6_e3m2>("mxfp6_e3m2");
  rules.template operator()<formats::mxfp6_e2m3>("mxfp6_e2m3");
  rules.template operator()<formats::mxfp4>("mxfp4");
  rules.template operator()<formats::mxint8>("mxint8");
}
template <class Function>
void for_each_nvfp4(Function&& f) {
  f.template operator()<formats::nvfp4>("transformer_engine");
  f.template operator()<formats::nvfp4, scale_rule::torchao>("torchao");
  f.template operator()<formats::nvfp4, scale_rule::modelopt>("modelopt");
  f.template operator()<formats::nvfp4, scale_rule::amax>("amax");
}

}  // namespace

TEST_CASE("T3: elements are divided by the scale that was stored, at both ends of its range") {
  // With amax in any binade, from the smallest binary32 up, an element is off by at most half a
  // step of its own binade under the stored scale, or by what saturation at the largest cuts off.
  oracle::tally t;
  for_each_mx([&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name) {
    const ob::quantizer model(block_matrix<B>::format, Rule);
    const ob::grid& element = model.element();
    const double smallest_step = element.points[element.points.size() / 2 + 1].value -
                                 element.points[element.points.size() / 2].value;
    ob::source random(3);
    for (int exponent = -149; exponent <= 127; ++exponent) {
      std::vector<float> row;
      const double amax = std::ldexp(1 + random.below(256) / 256.0, exponent);
      oracle::real exact;
      exact.set(amax);
      row.push_back(ob::float_of(ob::rounded32(exact)));
      for (int i = 1; i < 32; ++i) {
        exact.set(std::ldexp(amax, -static_cast<int>(random.below(12))) * 0.75);
        row.push_back(ob::float_of(ob::rounded32(exact)));
      }
      const auto q = quantized<B, Rule>(row);
      const code_t code = q.scale_code(0, 0);
      REQUIRE(code < 255);
      const double scale = std::ldexp(1.0, static_cast<int>(code) - 127);
      for (std::size_t i = 0; i < 32; ++i) {
        const double x = ob::value_of(ob::bits_of(row[i]));
        const double y = model.element_value(q.code(0, i)) * scale;
        const double limit = element.largest * scale;
        const int top = x == 0 ? -1000 : std::ilogb(x);
        const double step =
            std::max(smallest_step * scale, std::ldexp(1.0, top - element.mantissa_bits));
        const bool is_clipped = x > limit;
        t.check(is_clipped ? y == limit : std::abs(x - y) <= step / 2, [&](auto& text) {
          text << name << " rule " << static_cast<int>(Rule) << " amax 2^" << exponent
               << " element " << x << " became " << y << " under scale code " << code;
        });
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);

  // 2^-125 and 2^-126 in E5M2: the scale stops at 2^-127 and the elements know it.
  const auto q = quantized<formats::mxfp8_e5m2>(floats({0x1p-125, 0x1p-126, 0x1p-143}, 32));
  CHECK(q.scale_code(0, 0) == 0);
  CHECK(values_of(q)[0] == ob::bits_of_value(0x1p-125));
  CHECK(values_of(q)[1] == ob::bits_of_value(0x1p-126));
  CHECK(values_of(q)[2] == ob::bits_of_value(0x1p-143));
  // The top: an amax near the largest binary32 needs no clamp but for the integers' ceil.
  const auto top = quantized<formats::mxint8, scale_rule::ceil>({0x1.8p127f, 1.0f});
  CHECK(top.scale_code(0, 0) == 254);
  CHECK(values_of(top)[0] == ob::bits_of_value(0x1.8p127));
}

TEST_CASE("T4: MXINT8 counts in units of 2^-6 and 1.0 comes back") {
  const auto q = quantized<formats::mxint8>(floats({1.0, -1.0, 0x1.FCp0, 0x1p-6, 0x1.8p-6}, 32));
  CHECK(q.scale_code(0, 0) == 127);
  CHECK(q.code(0, 0) == 64);
  CHECK(q.code(0, 1) == 192);
  CHECK(q.code(0, 2) == 127);
  CHECK(q.code(0, 3) == 1);
  CHECK(q.code(0, 4) == 2);  // the tie goes to the even code
  const auto v = values_of(q);
  CHECK(v[0] == ob::bits_of_value(1));
  CHECK(v[1] == ob::bits_of_value(-1));
  CHECK(v[2] == ob::bits_of_value(1.984375));
  // Every integer from -127 to 127 over 64 is its own image.
  int wrong = 0;
  for (int k = -127; k <= 127; ++k) {
    const auto one = quantized<formats::mxint8>(floats({k / 64.0, 1.0}, 32));
    wrong += values_of(one)[0] != ob::bits_of_value(k / 64.0);
  }
  CHECK(wrong == 0);
}

TEST_CASE("T5: a NaN or an infinity anywhere makes its whole block NaN, and no other") {
  oracle::tally t;
  const auto check = [&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name) {
    const auto block = static_cast<std::size_t>(B.shape.cols);
    for (const bits32 special : {nan_bits, nan_bits | 0x80000000u, 0x7F800001u, 0xFFFFFFFFu,
                                 infinity_bits, infinity_bits | 0x80000000u}) {
      for (std::size_t at = 0; at < 2 * block + 3; at += 5) {
        std::vector<float> row(2 * block + 3, 1.5f);
        row[2] = -2.0f;
        const auto clean = quantized<B, Rule>(row);
        row[at] = ob::float_of(special);
        const auto q = quantized<B, Rule>(row);
        const auto values = values_of(q), others = values_of(clean);
        bool right = true;
        for (std::size_t i = 0; i < row.size(); ++i) {
          if (i / block == at / block) {
            right = right && is_nan(values[i]) && q.code(0, i) == 0;
          } else if (at != 2) {  // else the tensor scale is another
            right = right && values[i] == others[i];
          }
        }
        right = right && q.scale_code(0, at / block) ==
                             (scaled_blocks_of(B).scale.bits() == 8 ? 0xFFu : 0x7Fu);
        t.check(right, [&](auto& text) {
          text << name << " rule " << static_cast<int>(Rule) << " special " << std::hex << special
               << " at " << std::dec << at;
        });
      }
    }
  };
  for_each_mx(check);
  for_each_nvfp4(check);
  REQUIRE_NO_MISMATCH(t);

  // binary32 scales: the row, and only it.
  std::vector<float> rows(3 * 8, 1.0f);
  rows[11] = ob::float_of(nan_bits);
  const auto q = lowp::quantize<formats::scaled_rows(formats::int_n<8>)>(
      matrix_view<const float>(rows.data(), 3, 8));
  const auto values = values_of(q);
  int nans = 0;
  for (std::size_t i = 0; i < 24; ++i) nans += is_nan(values[i]) && i / 8 == 1;
  CHECK(nans == 8);
  CHECK(values[0] == ob::bits_of_value(1));

  // A scale format without NaN falls back to the finite elements, infinities saturate.
  constexpr lowp::block_format no_nan{formats::e2m1, formats::e3m2, lowp::block_shape{1, 4}};
  const auto finite = quantized<no_nan>({6.0f, ob::float_of(infinity_bits | 0x80000000u), 3.0f});
  CHECK(values_of(finite)[0] == ob::bits_of_value(6));
  CHECK(values_of(finite)[1] == ob::bits_of_value(-6));
  CHECK(values_of(finite)[2] == ob::bits_of_value(3));
}

TEST_CASE("T6: E8M0 scale 00 is 2^-127 and FF is NaN, flush-to-zero or not") {
  const auto table = [] {
    std::vector<bits32> result;
    for (unsigned scale = 0; scale < 256; ++scale) {
      const std::vector<std::uint8_t> codes{0x52, 0xF8}, scales{static_cast<std::uint8_t>(scale)};
      const block_matrix<formats::mxfp4> m(1, 4, codes, scales);  // 1, 3, -0, -6
      for (const bits32 b : values_of(m)) result.push_back(b);
    }
    return result;
  };
  std::vector<bits32> expected;
  for (int scale = 0; scale < 256; ++scale) {
    for (const double element : {1.0, 3.0, -6.0}) {
      oracle::real x;
      x.set(element);
      mpfr_mul_2si(x, x, scale - 127, MPFR_RNDN);
      if (element < 0) expected.push_back(scale == 255 ? nan_bits : 0x80000000u);  // -0
      expected.push_back(scale == 255 ? nan_bits : ob::rounded32(x));
    }
  }
  int different = table() != expected;
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    different += table() != expected;
  }
  CHECK(different == 0);
  CHECK(expected[0] == 0x00400000u);
}

TEST_CASE("T11: what floor puts beyond the largest element saturates") {
  const auto q = quantized<formats::mxfp8_e4m3>(floats({957, -957, 449 * 2, 448 * 2}, 32));
  CHECK(q.scale_code(0, 0) == 128);
  for (std::size_t i = 0; i < 4; ++i) CHECK((q.code(0, i) & 0x7F) == 0x7E);
  CHECK(values_of(q)[0] == ob::bits_of_value(896));
  CHECK(values_of(q)[1] == ob::bits_of_value(-896));
  const auto up = quantized<formats::mxfp8_e4m3, scale_rule::rceil>(floats({957}, 32));
  CHECK(up.scale_code(0, 0) == 129);
  CHECK(values_of(up)[0] == ob::bits_of_value(960));
  // E5M2 has infinities; an element never becomes one.
  const auto e5m2 = quantized<formats::mxfp8_e5m2>(floats({65535, -65535}, 32));
  CHECK(e5m2.code(0, 0) == 0x7B);
  CHECK(e5m2.code(0, 1) == 0xFB);
}

TEST_CASE("T12: the byte of a scale is its exponent plus 127") {
  // 1.0 in MXFP4: scale 2^-2 is byte 125, element 4; with the bias of another library it were 123.
  const auto q = quantized<formats::mxfp4>(floats({1.0, -0.5, 0.25, 0.125}, 32));
  CHECK(q.scales()[0] == 125);
  CHECK(q.codes()[0] == 0xC6);
  CHECK(q.codes()[1] == 0x12);
  CHECK(quantized<formats::mxint8>(floats({1.0}, 32)).scales()[0] == 127);
  CHECK(quantized<formats::mxfp8_e4m3>(floats({1.0}, 32)).scales()[0] == 127 - 8);
  CHECK(quantized<formats::mxfp8_e5m2>(floats({1.0}, 32)).scales()[0] == 127 - 15);
  CHECK(quantized<formats::mxfp6_e3m2>(floats({1.0}, 32)).scales()[0] == 127 - 4);
  CHECK(quantized<formats::mxfp6_e2m3>(floats({1.0}, 32)).scales()[0] == 127 - 2);
}

TEST_CASE(
    "T14: a block of zeros has the scale of its rule and comes back as zeros with their signs") {
  oracle::tally t;
  const auto check = [&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name,
                                                                        code_t scale, bool alone) {
    const auto block = static_cast<std::size_t>(B.shape.cols);
    std::vector<float> row(2 * block, 0.0f);
    row[1] = lowp::opaque(ob::float_of(0x80000000u));  // else -ffast-math may leave the zero there
    if (!alone) row[block] = 3.0f;
    const auto q = quantized<B, Rule>(row);
    const bool keeps_sign = B.element.sign_bit() != 0;
    bool right = q.scale_code(0, 0) == scale;
    for (std::size_t i = 0; i < block; ++i) {
      right = right && q.code(0, i) == (i == 1 && keeps_sign ? B.element.sign_bit() : 0u);
      right = right && values_of(q)[i] == (i == 1 && keeps_sign ? 0x80000000u : 0u);
    }
    t.check(right, [&](auto& text) { text << name << " scale " << q.scale_code(0, 0); });
  };
  const auto both = [&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name,
                                                                       code_t scale) {
    check.template operator()<B, Rule>(name, scale, true);
    check.template operator()<B, Rule>(name, scale, false);
  };
  for_each_mx([&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name) {
    if constexpr (requires { B.element.sign_bit(); }) both.template operator()<B, Rule>(name, 0);
  });
  both.operator()<formats::nvfp4>("transformer_engine", 0);
  both.operator()<formats::nvfp4, scale_rule::amax>("amax", 0);
  both.operator()<formats::nvfp4, scale_rule::torchao>("torchao", 0x08);
  both.operator()<formats::nvfp4, scale_rule::modelopt>("modelopt", 0x38);
  REQUIRE_NO_MISMATCH(t);
  const auto integers = quantized<formats::mxint8>(std::vector<float>(32, 0.0f));
  CHECK(integers.scale_code(0, 0) == 0);
  CHECK(values_of(integers) == std::vector<bits32>(32, 0u));
  const auto rows = quantized<formats::scaled_rows(formats::int_n<8>)>(std::vector<float>(5, 0.0f));
  CHECK(values_of(rows) == std::vector<bits32>(5, 0u));
}

TEST_CASE("T15: a small block under a large tensor keeps what its rule's smallest scale can hold") {
  // amax = 2^-20 of the tensor's: amax / 6 * S = 2^-20 * 448 is far below E4M3's smallest, 2^-9.
  const double tensor = 6, small = std::ldexp(6.0, -20);
  std::vector<double> values(32, 0.0);
  values[0] = tensor;
  for (std::size_t i = 16; i < 32; ++i) values[i] = i % 2 == 0 ? small : -small;
  const auto row = floats(values, 32);
  const auto te = quantized<formats::nvfp4>(row);
  CHECK(te.scale_code(0, 1) == 0);
  CHECK(values_of(te)[16] == 0u);
  CHECK(values_of(te)[17] == 0x80000000u);
  const auto ao = quantized<formats::nvfp4, scale_rule::torchao>(row);
  CHECK(ao.scale_code(0, 1) == 8);  // 2^-6
  const auto mo = quantized<formats::nvfp4, scale_rule::modelopt>(row);
  CHECK(mo.scale_code(0, 1) == 1);  // 2^-9

  // 2^-12 of the tensor's: 448 * 2^-12 = 7 * 2^-6 / 4 lies among the normal scales; no order loses
  // more than half a step.
  for (std::size_t i = 16; i < 32; ++i) values[i] = std::ldexp(i % 2 == 0 ? 6.0 : -3.0, -12);
  oracle::tally t;
  for_each_nvfp4([&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char* name) {
    const auto q = quantized<B, Rule>(floats(values, 32));
    const auto back = values_of(q);
    for (std::size_t i = 16; i < 32; ++i) {
      const double error = std::abs(ob::value_of(back[i]) - values[i]);
      t.check(error <= std::abs(values[i]) / 8, [&](auto& text) {
        text << name << " " << values[i] << " became " << ob::value_of(back[i]);
      });
    }
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T16: nothing is left uninitialized: equal inputs give equal bytes, tails included") {
  const std::vector<float> row(35, 1.0f);
  const matrix_view<const float> view(row.data(), 5, 7);
  const auto a = lowp::quantize<formats::mxfp4>(view), b = lowp::quantize<formats::mxfp4>(view);
  CHECK(a == b);
  int nonzero_padding = 0;
  for (std::size_t r = 0; r < 5; ++r) nonzero_padding += (a.row_codes(r)[3] >> 4) != 0;
  CHECK(nonzero_padding == 0);
  CHECK(a.scales().size() == 5);
}

TEST_CASE(
    "T31: integers use -2^(N-1) where the format is two's complement, never where symmetric") {
  const std::vector<float> row = floats({-0x1.FF8p0, 0x1.FF8p0, 1.0}, 32);
  const std::vector<float> exact{-0x1.FF3B64p0f, 0x1.FF3B64p0f, 1.0f};  // 1.997
  const auto twos = quantized<formats::mxint8>(exact);
  CHECK(twos.code(0, 0) == 0x80);
  CHECK(twos.code(0, 1) == 127);
  CHECK(twos.code(0, 2) == 64);
  constexpr lowp::fixed_format symmetric{.total_bits = 8, .fraction_bits = 6, .is_symmetric = true};
  constexpr lowp::block_format symmetric_mxint8{symmetric, formats::e8m0, lowp::block_shape{1, 32}};
  const auto q = quantized<symmetric_mxint8>(exact);
  CHECK(q.code(0, 0) == 0x81);
  CHECK(q.code(0, 1) == 127);
  CHECK(quantized<formats::mxint8>(row).code(0, 0) == 0x80);
  // Integers round ties to even as floats do.
  const auto ties = quantized<formats::mxint8>({1.0f, 0x1.8p-6f, 0x1.4p-5f, -0x1.8p-6f});
  CHECK(ties.code(0, 1) == 2);
  CHECK(ties.code(0, 2) == 2);
  CHECK(ties.code(0, 3) == 254);
}

TEST_CASE("T35: blocks end at the row, and the padding of a tail has no part in its scale") {
  // A row of 33 in blocks of 32: the last block is one element, with a scale of its own.
  std::vector<float> rows(2 * 33, 1.0f);
  rows[32] = 0x1p-30f;
  rows[33] = 1024.0f;
  const auto q = lowp::quantize<formats::mxfp4>(matrix_view<const float>(rows.data(), 2, 33));
  CHECK(q.block_col_count() == 2);
  CHECK(q.scale_code(0, 0) == 125);
  CHECK(q.scale_code(0, 1) == 127 - 32);
  CHECK(q.scale_code(1, 0) == 127 + 8);
  CHECK(q.code(0, 32) == 6);
  // Negative tails, too: a zero that does not exist must not be the largest value.
  const auto tail = quantized<formats::nvfp4>(std::vector<float>(17, -3.0f));
  CHECK(tail.scale_code(0, 1) == tail.scale_code(0, 0));
  CHECK(tail.code(0, 16) == 0xF);
}

TEST_CASE("T38: rounding direction and flush-to-zero of the caller change no bit of a block") {
  ob::source random(38);
  std::vector<float> in;
  for (int i = 0; i < 3 * 70; ++i)
    in.push_back(i % 3 == 0 ? random.edge() : random.in_binades(1, 130));
  const matrix_view<const float> view(in.data(), 3, 70);
  const auto everything = [&] {
    std::vector<bits32> result;
    const auto add = [&]<auto B, scale_rule Rule = ob::default_rule(B)>(const char*) {
      const auto q = lowp::quantize<B>(view, ob::rule_of<Rule>());
      for (const std::uint8_t byte : q.codes()) result.push_back(byte);
      for (const std::uint8_t byte : q.scales()) result.push_back(byte);
      result.push_back(ob::bits_of(q.tensor_scale()));
      for (const bits32 b : values_of(q)) result.push_back(b);
    };
    for_each_mx(add);
    for_each_nvfp4(add);
    add.operator()<formats::scaled_rows(formats::int_n<8>)>("");
    return result;
  };
  const auto expected = everything();
  int different = 0;
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    different += everything() != expected;
  }
  CHECK(different == 0);
}
