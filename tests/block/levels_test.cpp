// SPDX-License-Identifier: MIT
// Compositions of levels: the published examples, the bytes of GGUF's records read a second time,
// every layout, quantizing against a search among all codes, and compositions that only this file
// knows.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::no_level;
using byte_list = std::vector<std::uint8_t>;

namespace {

constexpr int whole = block_shape::whole;

// Three levels, of float, fixed-point and posit scales, with groups of two rows, and an offset that
// has a level of its own.
constexpr block_format own{
    formats::int_n<5>,
    block_format{formats::fixed<7, 5>,
                 block_format{formats::posit<8>, formats::binary16, block_shape{2, whole}},
                 block_shape{1, 4}},
    block_shape{2, 8}, no_level{},
    block_format{formats::e4m3fn, formats::bfloat16, block_shape{whole, whole}}};
constexpr auto rows_of_4 = formats::affine_groups(4, block_shape{1, 32});
constexpr auto cols_of_4 = formats::affine_groups(4, block_shape{32, 1});
constexpr auto minima_of_3 = formats::offset_groups(3, block_shape{1, 16});
constexpr auto twice = formats::double_quantized(formats::e2m1);
// As NVFP4, but that kernels and rules do not know of a tensor scale in bfloat16.
constexpr block_format under_bfloat16{
    formats::e2m1, block_format{formats::ue4m3, formats::bfloat16, block_shape{whole, whole}},
    block_shape{1, 16}};

matrix_view<const float> view(const ob::matrix& m) { return {m.data.data(), m.rows, m.cols}; }

ob::matrix draw(ob::source& random, std::size_t rows, std::size_t cols) {
  ob::matrix m{rows, cols, {}};
  for (std::size_t i = 0; i < rows * cols; ++i) {
    m.data.push_back(random.below(30) == 0 ? 0.0f : random.in_binades(120, 129));
  }
  return m;
}

double number(const lowp::unpacked& x) { return lowp::pack_as<double>(x); }

/// What each leaf holds, read again as written.
template <class Matrix>
void check_codes_apart(std::size_t rows, std::size_t cols) {
  oracle::tally t;
  Matrix m(rows, cols);
  ob::source random(rows + cols);
  std::vector<code_t> expected;
  const auto for_all = [&](const auto& use) {
    std::size_t i = 0;
    for_each_leaf(Matrix::format, rows, cols,
                  [&](int leaf, const auto& f, std::size_t height, std::size_t width) {
                    for (std::size_t r = 0; r < height; ++r) {
                      for (std::size_t c = 0; c < width; ++c) use(leaf, f, r, c, i++);
                    }
                  });
  };
  // Every code twice: over zeros, and over what was there before.
  for (int pass = 0; pass < 2; ++pass) {
    for_all([&](int leaf, const auto& f, std::size_t r, std::size_t c, std::size_t i) {
      const code_t code = random.word() & lowp::low_mask(f.bits());
      if (pass == 0) expected.push_back(code);
      expected[i] = code;
      m.set_code(leaf, r, c, code);
    });
    for_all([&](int leaf, const auto&, std::size_t r, std::size_t c, std::size_t i) {
      t.check(m.code(leaf, r, c) == expected[i], [&](auto& text) {
        text << "leaf " << leaf << " at " << r << ", " << c << " is " << m.code(leaf, r, c);
      });
    });
  }
  REQUIRE_NO_MISMATCH(t);
}

/// A layout of this file: one byte per code, in the order of the leaves, from the end.
template <class Format>
struct backwards {
  std::vector<std::size_t> first, width;
  std::size_t count = 0;

  backwards(const Format& format, std::size_t rows, std::size_t cols) {
    for_each_leaf(format.value, rows, cols,
                  [&](int, const auto&, std::size_t height, std::size_t w) {
                    first.push_back(count);
                    width.push_back(w);
                    count += height * w;
                  });
  }
  [[nodiscard]] std::size_t size() const { return 2 * count; }
  [[nodiscard]] std::size_t at(int leaf, std::size_t row, std::size_t col) const {
    const auto l = static_cast<std::size_t>(leaf);
    return 2 * (count - 1 - (first[l] + row * width[l] + col));
  }
  [[nodiscard]] code_t load(const std::uint8_t* b, int leaf, std::size_t row,
                            std::size_t col) const {
    const std::size_t i = at(leaf, row, col);
    return code_t{b[i]} | code_t{b[i + 1]} << 8;
  }
  void store(std::uint8_t* b, int leaf, std::size_t row, std::size_t col, code_t code) const {
    const std::size_t i = at(leaf, row, col);
    b[i] = static_cast<std::uint8_t>(code);
    b[i + 1] = static_cast<std::uint8_t>(code >> 8);
  }
};

}  // namespace

static_assert(defect(formats::hif4) == nullptr);
static_assert(defect(own) == nullptr);
static_assert(defect(block_format{formats::e2m1, formats::e8m0, block_shape{-1, 2}}) != nullptr);
static_assert(lowp::leaf_count<lowp::format_of<formats::q4_k>> == 5);
static_assert(lowp::leaf_count<lowp::format_of<formats::hif4>> == 4);

TEST_CASE("Bits per value are those that the formats are known by") {
  CHECK(block_matrix<formats::mx9>(16, 64).bits_per_value() == 9);
  CHECK(block_matrix<formats::mx6>(16, 64).bits_per_value() == 6);
  CHECK(block_matrix<formats::mx4>(16, 64).bits_per_value() == 4);
  CHECK(block_matrix<formats::hif4>(2, 512).bits_per_value() == 4.5);
  CHECK(block_matrix<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>(3, 512)
            .bits_per_value() == 4.5);
  CHECK(block_matrix<formats::q6_k, lowp::records<lowp::q6_k_record>::layout>(3, 512)
            .bits_per_value() == 6.5625);
  CHECK(block_matrix<rows_of_4>(2, 128).bits_per_value() == 4 + 16.0 / 32 + 4.0 / 32);
}

TEST_CASE("Codes of every leaf lie apart, in every layout") {
  check_codes_apart<block_matrix<formats::mx9>>(3, 50);
  check_codes_apart<block_matrix<formats::hif4>>(2, 130);
  check_codes_apart<block_matrix<own>>(5, 77);
  check_codes_apart<block_matrix<cols_of_4>>(70, 5);
  check_codes_apart<block_matrix<formats::q4_k>>(2, 300);
  check_codes_apart<block_matrix<own, backwards>>(5, 77);
  check_codes_apart<block_matrix<formats::mxfp4, lowp::swizzled_scales>>(150, 300);
  check_codes_apart<block_matrix<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>>(2, 768);
  check_codes_apart<block_matrix<formats::q6_k, lowp::records<lowp::q6_k_record>::layout>>(2, 768);
}

TEST_CASE("Shared microexponents: the worked block in 9, 6 and 4 bits") {
  std::vector<float> x{3.1f, .7f, -.9f, .2f, 1.6f, 1.4f, .05f, -.3f};
  x.resize(16, 0.0f);
  const matrix_view<const float> in(x.data(), 1, 16);
  const auto check = [&]<auto F>(int magnitude_bits, const std::vector<int>& expected) {
    const auto q = lowp::quantize<F>(in);
    CHECK(q.code(2, 0, 0) == 128);  // 2^1
    CHECK(q.code(1, 0, 0) == 1);    // no shift for the first pair, one for the next
    CHECK(q.code(1, 0, 1) == 0);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const int tau = i < 2 || x[i - i % 2] >= 2 ? 0 : 1;
      const double step = std::ldexp(1.0, 1 - tau + 1 - magnitude_bits);
      INFO(magnitude_bits << " bits, element " << i);
      CHECK(number(q.value(0, i)) == expected[i] * step);
    }
  };
  check.operator()<formats::mx9>(7, {99, 22, -58, 13, 102, 90, 3, -19});
  check.operator()<formats::mx6>(4, {12, 3, -7, 2, 13, 11, 0, -2});
  check.operator()<formats::mx4>(2, {3, 1, -2, 0, 3, 3, 0, -1});
}

TEST_CASE("HiF4: the worked block reads as published") {
  block_matrix<formats::hif4> m(1, 64);
  m.set_code(3, 0, 0, 0xBB);  // 0.4375
  m.set_code(2, 0, 0, 1);     // the first 8 elements times 2
  m.set_code(1, 0, 0, 1);     // the first 4 times 2 again
  const std::vector<int> k{7, -3, 1, 0, 4, -4, 0, 1, 5, -2, 1, 0, 0, 0, 0, 3};
  const std::vector<double> values{3.0625,  -1.3125, .4375,   0, .875, -.875, 0, .21875,
                                   .546875, -.21875, .109375, 0, 0,    0,     0, .328125};
  for (std::size_t i = 0; i < k.size(); ++i) {
    m.set_code(0, 0, i, static_cast<code_t>(std::abs(k[i]) | (k[i] < 0 ? 8 : 0)));
  }
  for (std::size_t i = 0; i < k.size(); ++i) CHECK(number(m.value(0, i)) == values[i]);
}

TEST_CASE("Any bytes of GGUF's Q4_K and Q6_K read as they are defined") {
  oracle::tally t;
  ob::source random(6);
  const auto half = [](std::uint8_t low, std::uint8_t high) {
    return oracle::value_of(formats::binary16, static_cast<code_t>(low | high << 8));
  };
  for (int repeat = 0; repeat < 60; ++repeat) {
    byte_list b(2 * 144), c(2 * 210);
    for (auto& byte : b) byte = static_cast<std::uint8_t>(random.below(256));
    for (auto& byte : c) byte = static_cast<std::uint8_t>(random.below(256));
    for (std::size_t record = 0; record < 2; ++record) {
      b[record * 144 + 1] &= 0x3F, b[record * 144 + 3] &= 0x3F, c[record * 210 + 209] &= 0x3F;
    }
    using q4 = lowp::block_matrix_view<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>;
    using q6 = lowp::block_matrix_view<formats::q6_k, lowp::records<lowp::q6_k_record>::layout>;
    const q4 m(1, 512, b);
    const q6 n(1, 512, c);
    for (std::size_t i = 0; i < 512; ++i) {
      // Q4_K: in 64 elements the low nibbles of 32 bytes come first.
      const std::uint8_t* r = b.data() + i / 256 * 144;
      const std::size_t j = i % 256 / 32;
      const std::uint8_t* s = r + 4;
      const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 0xF) | ((s[j - 4] >> 6) << 4);
      const int least = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | ((s[j] >> 6) << 4);
      const std::uint8_t byte = r[16 + i % 256 / 64 * 32 + i % 32];
      const int q = i % 64 < 32 ? byte & 15 : byte >> 4;
      const double value = half(r[0], r[1]).value() * scale * q - half(r[2], r[3]).value() * least;
      t.check(number(m.value(0, i)) == value, [&](auto& text) {
        text << "Q4_K " << i << " is " << number(m.value(0, i)) << ", expected " << value;
      });
      // Q6_K: in 128 elements l, l + 32, l + 64 and l + 96 share a byte of upper bits.
      const std::uint8_t* g = c.data() + i / 256 * 210;
      const std::size_t part = i % 256 / 128, l = i % 32;
      const std::uint8_t *low = g + 64 * part, *high = g + 128 + 32 * part;
      int code = 0;
      switch (i % 128 / 32) {
        case 0: code = (low[l] & 0xF) | ((high[l] >> 0 & 3) << 4); break;
        case 1: code = (low[l + 32] & 0xF) | ((high[l] >> 2 & 3) << 4); break;
        case 2: code = (low[l] >> 4) | ((high[l] >> 4 & 3) << 4); break;
        default: code = (low[l + 32] >> 4) | ((high[l] >> 6 & 3) << 4); break;
      }
      const int group = static_cast<std::int8_t>(g[192 + i % 256 / 16]);
      const double six = half(g[208], g[209]).value() * group * (code - 32);
      t.check(number(n.value(0, i)) == six, [&](auto& text) {
        text << "Q6_K " << i << " is " << number(n.value(0, i)) << ", expected " << six;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Swizzled scales lie where block-scaled products read them") {
  CHECK(lowp::swizzled_scale_place(0, 3, 8) == 3);
  CHECK(lowp::swizzled_scale_place(1, 0, 8) == 16);
  CHECK(lowp::swizzled_scale_place(32, 0, 8) == 4);
  CHECK(lowp::swizzled_scale_place(127, 3, 8) == 31 * 16 + 3 * 4 + 3);
  CHECK(lowp::swizzled_scale_place(0, 4, 8) == 512);
  CHECK(lowp::swizzled_scale_place(128, 0, 8) == 1024);
  ob::source random(9);
  const ob::matrix in = draw(random, 140, 160);
  const auto plain = lowp::quantize<formats::mxfp4>(view(in));
  const auto q = lowp::quantize<formats::mxfp4, lowp::swizzled_scales>(view(in));
  int wrong = 0;
  for (std::size_t r = 0; r < 140; ++r) {
    for (std::size_t c = 0; c < 160; ++c) {
      const std::size_t byte = 140 * 80 + lowp::swizzled_scale_place(r, c / 32, 5);
      wrong +=
          q.code(0, r, c) != plain.code(r, c) || q.bytes()[byte] != plain.scale_code(r, c / 32);
    }
  }
  CHECK(wrong == 0);
}

// ------------------------------------------------------------------------------------- quantizing
namespace {

/// Elements are the nearest of all under the levels that were found; groups ask for what is said.
template <auto F>
void check_nearest(oracle::tally& t, const char* name, std::size_t rows, std::size_t cols) {
  ob::source random(static_cast<std::uint64_t>(name[0]) + rows);
  const ob::matrix in = draw(random, rows, cols);
  const auto q = lowp::quantize<F>(view(in));
  constexpr auto format = block_matrix<F>::format;
  const code_t codes = code_t{1} << format.element.bits();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      const double x = static_cast<double>(in.data[r * cols + c]);
      const auto group = q.group(r / q.block_rows(), c / q.block_cols());
      const double chosen = number(q.value(r, c));
      double best = std::abs(x - chosen);
      for (code_t code = 0; code < codes; ++code) {
        const lowp::unpacked e = decode(format.element, code);
        if (e.is_finite() || e.is_zero())
          best = std::min(best, std::abs(x - number(group.value(e))));
      }
      // Values of up to 40 bits: binary64 has what is left exactly, but for its last bits.
      t.check(std::abs(x - chosen) <= best * (1 + 0x1p-40), [&](auto& text) {
        text << name << ": " << x << " at " << r << ", " << c << " became " << chosen << ", "
             << best << " would do";
      });
    }
  }
  std::vector<float> values(rows * cols), on_threads(rows * cols);
  dequantize(q, matrix_view<float>(values.data(), rows, cols));
  dequantize(q, matrix_view<float>(on_threads.data(), rows, cols), lowp::threads{3});
  bool is_rounded = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float expected = lowp::pack_as<float>(q.value(i / cols, i % cols));
    is_rounded = is_rounded && ob::bits_of(values[i]) == ob::bits_of(expected) &&
                 ob::bits_of(on_threads[i]) == ob::bits_of(expected);
  }
  t.check(is_rounded, [&](auto& text) { text << name << ": dequantize"; });
  t.check(lowp::quantize<F>(view(in), lowp::nearest_even, lowp::threads{3}) == q,
          [&](auto& text) { text << name << ": on threads"; });
}

}  // namespace

TEST_CASE("Every element is the nearest one under the levels above it") {
  oracle::tally t;
  check_nearest<formats::mx9>(t, "mx9", 3, 70);
  check_nearest<formats::mx6>(t, "mx6", 2, 64);
  check_nearest<formats::mx4>(t, "mx4", 2, 64);
  check_nearest<formats::hif4>(t, "hif4", 2, 200);
  check_nearest<under_bfloat16>(t, "bfloat16 over all", 3, 50);
  check_nearest<rows_of_4>(t, "affine rows", 3, 100);
  check_nearest<cols_of_4>(t, "affine columns", 70, 9);
  check_nearest<minima_of_3>(t, "minima", 3, 50);
  check_nearest<twice>(t, "double", 2, 600);
  check_nearest<formats::q4_k>(t, "q4_k", 2, 512);
  check_nearest<formats::q6_k>(t, "q6_k", 2, 512);
  check_nearest<own>(t, "own", 7, 45);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("HiF4: the worked example, and no group loses its largest element") {
  const float example[64] = {3,   -1.5f, .4f, .1f, .9f, -.8f, .05f, .2f,
                             .5f, -.25f, .1f, 0,   0,   0,    0,    .3f};
  const float expected[16] = {3.0625f,  -1.3125f, .4375f,   0, .875f, -.875f, 0, .21875f,
                              .546875f, -.21875f, .109375f, 0, 0,     0,      0, .328125f};
  const auto q = lowp::quantize<formats::hif4>({example, 1, 64});
  for (std::size_t i = 0; i < 64; ++i) {
    CAPTURE(i);
    CHECK(lowp::pack_as<float>(q.value(0, i)) == (i < 16 ? expected[i] : 0.0f));
  }

  // A largest element of four, if it is neither small in its block nor among its eight, is kept to
  // 1/6: the scale is amax / 7 to 1/8, and the bits make room where it would not fit.
  ob::source random(77);
  std::vector<float> x(64 * 200);
  for (float& v : x) v = random.in_binades(120, 127);
  const auto blocks = lowp::quantize<formats::hif4>({x.data(), 200, 64});
  for (std::size_t row = 0; row < 200; ++row) {
    const auto largest_of = [&](std::size_t first, std::size_t count) {
      float largest = 0;
      for (std::size_t i = first; i < first + count; ++i) {
        if (std::abs(x[row * 64 + i]) > std::abs(largest)) largest = x[row * 64 + i];
      }
      return largest;
    };
    for (std::size_t i = 0; i < 64; ++i) {
      const float value = x[row * 64 + i], size = std::abs(value);
      if (value != largest_of(i / 4 * 4, 4) || size < std::abs(largest_of(0, 64)) / 6 ||
          size < std::abs(largest_of(i / 8 * 8, 8)) / 2) {
        continue;
      }
      const float decoded = lowp::pack_as<float>(blocks.value(row, i));
      CAPTURE(row, i, value, decoded);
      CHECK(std::abs(decoded - value) <= size / 6);
    }
  }
}

TEST_CASE("A NaN stays in its group where the format of scales has one") {
  std::vector<float> x(4 * 64, 1.0f);
  x[64 + 20] = std::numeric_limits<float>::quiet_NaN();
  const auto q = lowp::quantize<under_bfloat16>({x.data(), 4, 64});
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(i);
    CHECK(q.value(i / 64, i % 64).is_nan() == (i / 16 == (64 + 20) / 16));
  }
  // A group of nothing else, too.
  for (std::size_t i = 64 + 16; i < 64 + 32; ++i) x[i] = x[64 + 20];
  const auto all = lowp::quantize<under_bfloat16>({x.data(), 4, 64});
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(i);
    CHECK(all.value(i / 64, i % 64).is_nan() == (i / 16 == (64 + 20) / 16));
  }
}

TEST_CASE("Affine groups reach from the least to the greatest element, within half a step") {
  oracle::tally t;
  ob::source random(21);
  for (int repeat = 0; repeat < 50; ++repeat) {
    ob::matrix in = draw(random, 2, 64);
    if (repeat % 2 == 0) {
      for (float& x : in.data) x = std::abs(x);  // 0 is an end of the range then
    }
    const auto q = lowp::quantize<rows_of_4>(view(in));
    for (std::size_t i = 0; i < in.data.size(); ++i) {
      const auto group = q.group(i / 64, i % 64 / 32);
      const double step = number(group.scale), x = static_cast<double>(in.data[i]);
      // The scale is off by 2^-11 of itself, 15 times at the far end; the zero point by a half.
      t.check(std::abs(number(q.value(i / 64, i % 64)) - x) <= step * 1.02, [&](auto& text) {
        text << x << " became " << number(q.value(i / 64, i % 64)) << " in steps of " << step;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The rule of levels, where there is one scale, is rules::standard") {
  ob::source random(12);
  const ob::matrix in = draw(random, 9, 100);
  const auto q = lowp::quantize<formats::mxfp4>(view(in), lowp::stochastic{.seed = 4});
  lowp::mxfp4 by_levels(9, 100);
  lowp::bulk::quantize_levels(view(in), by_levels, lowp::stochastic{.seed = 4}, lowp::execution{});
  CHECK(q == by_levels);
}

TEST_CASE(
    "What a matrix holds is the same after a second pass, and rows do not know of each other") {
  ob::source random(13);
  oracle::tally t;
  const auto check = [&]<auto F>(const char* name) {
    const ob::matrix in = draw(random, 4, 96);
    const auto q = lowp::quantize<F>(view(in));
    std::vector<float> values(in.data.size()), again(in.data.size());
    dequantize(q, matrix_view<float>(values.data(), 4, 96));
    dequantize(lowp::quantize<F>(matrix_view<const float>(values.data(), 4, 96)),
               matrix_view<float>(again.data(), 4, 96));
    t.check(values == again, [&](auto& text) { text << name << ": second pass"; });
    for (std::size_t r = 0; r < 4; ++r) {
      const auto alone = lowp::quantize<F>(view(in).row_range(r, 1));
      bool is_same = true;
      for (std::size_t c = 0; c < 96; ++c) {
        is_same = is_same && alone.code(0, 0, c) == q.code(0, r, c);
      }
      t.check(is_same, [&](auto& text) { text << name << ": row " << r; });
    }
  };
  check.operator()<formats::mx9>("mx9");
  check.operator()<formats::mx6>("mx6");
  check.operator()<formats::mx4>("mx4");
  check.operator()<formats::mxfp4>("mxfp4");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A NaN makes its group NaN and no other") {
  ob::source random(14);
  ob::matrix in = draw(random, 2, 64);
  in.data[5] = ob::float_of(0x7FC00000u);
  in.data[70] = ob::float_of(0xFF800000u);
  const auto q = lowp::quantize<formats::mxfp4>(view(in));
  int nans = 0;
  for (std::size_t i = 0; i < 128; ++i) nans += q.value(i / 64, i % 64).is_nan() ? 1 : 0;
  CHECK(nans == 64);
  CHECK(q.value(0, 31).is_nan());
  CHECK_FALSE(q.value(0, 32).is_nan());
}

TEST_CASE("Views refer to bytes of others, to read or to write, and check how many there are") {
  ob::source random(15);
  const ob::matrix in = draw(random, 2, 96);
  const auto q = lowp::quantize<formats::mx6>(view(in));
  const lowp::block_matrix_view<formats::mx6> read(2, 96, q.bytes());
  byte_list memory(q.bytes().size());
  block_matrix<formats::mx6, lowp::planes, std::span<std::uint8_t>> written(2, 96, memory);
  quantize(view(in), written);
  CHECK(std::equal(memory.begin(), memory.end(), q.bytes().begin()));
  int wrong = 0;
  for (std::size_t i = 0; i < 192; ++i) {
    wrong += !(read.value(i / 96, i % 96) == q.value(i / 96, i % 96));
  }
  CHECK(wrong == 0);
  CHECK(block_matrix<formats::mx6>(2, 96, memory) == q);
  memory.pop_back();
  CHECK_THROWS_AS(block_matrix<formats::mx6>(2, 96, memory), std::invalid_argument);
  CHECK_THROWS_AS(lowp::block_matrix_view<formats::mx6>(2, 96, memory), std::invalid_argument);
  block_matrix<formats::mx6> other(3, 96);
  const auto untouched = other;
  CHECK_THROWS_AS(quantize(view(in), other), std::invalid_argument);
  CHECK(other == untouched);
  std::vector<float> out(192);
  CHECK_THROWS_AS(dequantize(other, matrix_view<float>(out.data(), 2, 96)), std::invalid_argument);
  CHECK_THROWS_AS((block_matrix<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>(1, 100)),
                  std::invalid_argument);
  CHECK_THROWS_AS(block_matrix<formats::mx6>(std::size_t{1} << 62, 16), std::invalid_argument);
}

TEST_CASE("Records and planes hold the same levels") {
  ob::source random(16);
  const ob::matrix in = draw(random, 3, 512);
  const auto p = lowp::quantize<formats::q4_k>(view(in));
  const auto r = lowp::quantize<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>(view(in));
  const auto b = lowp::quantize<formats::q4_k, backwards>(view(in));
  int wrong = 0;
  for (std::size_t i = 0; i < in.data.size(); ++i) {
    wrong += !(p.value(i / 512, i % 512) == r.value(i / 512, i % 512));
    wrong += !(p.value(i / 512, i % 512) == b.value(i / 512, i % 512));
  }
  CHECK(wrong == 0);
}
