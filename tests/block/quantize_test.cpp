// SPDX-License-Identifier: MIT
// Quantizing a matrix gives the codes, scales and values of the written definitions, block by
// block, for every format, rule, mode and tail; and obeys the laws that follow from them.
#include "lowp/block/quantize.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_matrix;
using lowp::code_t;
using lowp::matrix_view;
using ob::bits32;
using ob::scale_rule;
using oracle::mode;

namespace {

matrix_view<const float> view(const ob::matrix& m) { return {m.data.data(), m.rows, m.cols}; }

template <auto B>
ob::matrix dequantized(const block_matrix<B>& in) {
  ob::matrix out{in.rows(), in.cols(), std::vector<float>(in.rows() * in.cols())};
  dequantize(in, matrix_view<float>(out.data.data(), out.rows, out.cols));
  return out;
}

std::vector<bits32> bits_of(const ob::matrix& m) {
  std::vector<bits32> list;
  for (const float& x : m.data) list.push_back(ob::bits_of(x));
  return list;
}

/// Kinds of data, in the order of how unkind they are.
enum class data { near_one, bfloat16, grid, wide, edges };
constexpr std::array<data, 5> kinds{data::near_one, data::bfloat16, data::grid, data::wide,
                                    data::edges};

ob::matrix draw(ob::source& random, data kind, std::size_t rows, std::size_t cols,
                const ob::grid& element) {
  ob::matrix m{rows, cols, {}};
  const int exponent = static_cast<int>(random.below(20)) - 10;
  for (std::size_t i = 0; i < rows * cols; ++i) {
    switch (kind) {
      case data::near_one: m.data.push_back(random.in_binades(120, 129)); break;
      case data::bfloat16: m.data.push_back(random.bfloat16_in_binades(122, 128)); break;
      case data::grid: m.data.push_back(random.near_grid(element, exponent)); break;
      case data::wide: m.data.push_back(random.in_binades(0, 254)); break;
      case data::edges: m.data.push_back(random.edge()); break;
    }
  }
  return m;
}

/// One matrix through the library and through the oracle.
template <auto B, scale_rule Rule = ob::default_rule(B)>
void check(oracle::tally& t, const char* name, const ob::matrix& in, mode m) {
  static const ob::quantizer expected_of(block_matrix<B>::format, Rule);
  const ob::quantized expected = expected_of(in, m);
  const block_matrix<B> actual =
      lowp::quantize<B>(view(in), ob::rule_of<Rule>(), ob::mode_by_value{m});
  const ob::matrix values = dequantized(actual);
  const auto describe = [&](auto& text) {
    text << name << " " << in.rows << " x " << in.cols << " " << oracle::name_of(m) << ": ";
  };
  lowp::amax_accumulator all;
  for (const float& x : in.data) all.add(x);
  const lowp::tensor_scale tensor =
      lowp::make_tensor_scale(block_matrix<B>::format, ob::rule_of<Rule>(), all.amax());
  t.check(ob::bits_of(tensor.encoding) == expected.all.encoding &&
              ob::bits_of(actual.tensor_scale()) == expected.all.decoding,
          [&](auto& text) {
            describe(text);
            text << "tensor scale";
          });
  REQUIRE(actual.block_row_count() * actual.block_col_count() == expected.scales.size());
  for (std::size_t i = 0; i < expected.scales.size(); ++i) {
    const code_t scale =
        actual.scale_code(i / actual.block_col_count(), i % actual.block_col_count());
    t.check(scale == expected.scales[i], [&](auto& text) {
      describe(text);
      text << "scale " << i << " is " << scale << ", expected " << expected.scales[i];
    });
  }
  for (std::size_t r = 0; r < in.rows; ++r) {
    for (std::size_t c = 0; c < in.cols; ++c) {
      const std::size_t i = r * in.cols + c;
      const code_t code = actual.code(r, c);
      const std::size_t block =
          r / actual.block_rows() * actual.block_col_count() + c / actual.block_cols();
      const bits32 value =
          expected_of.dequantized(expected.codes[i], expected.scales[block], expected.all);
      t.check(code == expected.codes[i] && ob::bits_of(values.data[i]) == value, [&](auto& text) {
        describe(text);
        text << "element " << i << " of bits " << std::hex << ob::bits_of(in.data[i]) << " is "
             << code << " = " << ob::bits_of(values.data[i]) << ", expected " << expected.codes[i]
             << " = " << value << ", scale " << expected.scales[block];
      });
    }
  }
}

template <auto B, scale_rule Rule = ob::default_rule(B)>
void check_shapes_and_modes(oracle::tally& t, const char* name) {
  const ob::grid element = ob::make_grid(B.element);
  ob::source random(static_cast<std::uint64_t>(name[2]) + static_cast<std::uint64_t>(Rule));
  const auto block = static_cast<std::size_t>(B.shape.cols == 0 ? 32 : B.shape.cols);
  // Every tail, with all kinds of data in turn.
  for (std::size_t cols = 1; cols <= 2 * block; ++cols) {
    for (std::size_t rows = 1; rows <= 3; ++rows) {
      const data kind = kinds[(cols + rows) % 5];
      check<B, Rule>(t, name, draw(random, kind, rows, cols, element), mode::nearest_even);
    }
  }
  // Every mode, every kind.
  for (const mode m : oracle::modes) {
    for (const data kind : kinds) {
      for (int repeat = 0; repeat < 8; ++repeat) {
        check<B, Rule>(t, name, draw(random, kind, 2, block + 5, element), m);
      }
    }
  }
}

template <auto B, scale_rule Rule = ob::default_rule(B)>
void check_power_of_two_rules(oracle::tally& t, const char* name) {
  check_shapes_and_modes<B, scale_rule::floor>(t, name);
  check_shapes_and_modes<B, scale_rule::ceil>(t, name);
  check_shapes_and_modes<B, scale_rule::even>(t, name);
  check_shapes_and_modes<B, scale_rule::rceil>(t, name);
}

template <auto B>
std::vector<code_t> first_codes(const block_matrix<B>& m, std::size_t count) {
  std::vector<code_t> codes;
  for (std::size_t i = 0; i < count; ++i) codes.push_back(m.code(0, i));
  return codes;
}

ob::matrix row_of(const std::vector<double>& values, std::size_t cols) {
  ob::matrix m{1, cols, std::vector<float>(cols, 0.0f)};
  for (std::size_t i = 0; i < values.size(); ++i) m.data[i] = static_cast<float>(values[i]);
  return m;
}

}  // namespace

TEST_CASE("MX formats under the four rules, all modes, every tail: codes, scales and values") {
  oracle::tally t;
  check_power_of_two_rules<formats::mxfp8_e4m3>(t, "mxfp8_e4m3");
  check_power_of_two_rules<formats::mxfp8_e5m2>(t, "mxfp8_e5m2");
  check_power_of_two_rules<formats::mxfp6_e3m2>(t, "mxfp6_e3m2");
  check_power_of_two_rules<formats::mxfp6_e2m3>(t, "mxfp6_e2m3");
  check_power_of_two_rules<formats::mxfp4>(t, "mxfp4");
  check_power_of_two_rules<formats::mxint8>(t, "mxint8");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("NVFP4 under its four rules, all modes, every tail: codes, scales and values") {
  oracle::tally t;
  check_shapes_and_modes<formats::nvfp4>(t, "nvfp4");
  check_shapes_and_modes<formats::nvfp4, scale_rule::torchao>(t, "nvfp4 torchao");
  check_shapes_and_modes<formats::nvfp4, scale_rule::modelopt>(t, "nvfp4 modelopt");
  check_shapes_and_modes<formats::nvfp4, scale_rule::amax>(t, "nvfp4 amax");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("NVFP4 in tiles of 16 x 16, with ragged edges on both sides") {
  oracle::tally t;
  ob::source random(16);
  const ob::grid element = ob::make_grid(formats::e2m1);
  for (const std::size_t rows : {1u, 7u, 15u, 16u, 17u, 33u}) {
    for (const std::size_t cols : {1u, 15u, 16u, 17u, 31u, 48u}) {
      for (const data kind : kinds) {
        check<formats::nvfp4_16x16>(t, "nvfp4_16x16", draw(random, kind, rows, cols, element),
                                    mode::nearest_even);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);

  // A square tile has one scale whichever way it is read: quantizing commutes with transposition.
  const ob::matrix w = draw(random, data::bfloat16, 40, 24, element);
  ob::matrix transposed{24, 40, std::vector<float>(40 * 24)};
  for (std::size_t r = 0; r < 40; ++r) {
    for (std::size_t c = 0; c < 24; ++c) transposed.data[c * 40 + r] = w.data[r * 24 + c];
  }
  const auto q = lowp::quantize<formats::nvfp4_16x16>(view(w));
  const auto qt = lowp::quantize<formats::nvfp4_16x16>(view(transposed));
  CHECK(q.block_row_count() == 3);
  CHECK(q.block_col_count() == 2);
  bool commutes = q.tensor_scale() == qt.tensor_scale();
  for (std::size_t r = 0; r < 40; ++r) {
    for (std::size_t c = 0; c < 24; ++c) {
      commutes = commutes && q.code(r, c) == qt.code(c, r) &&
                 q.scale_of(r, c).code() == qt.scale_of(c, r).code();
    }
  }
  CHECK(commutes);
}

TEST_CASE("One binary32 scale per row or per tensor, or per block of 32") {
  oracle::tally t;
  check_shapes_and_modes<formats::scaled_rows(formats::int_n<8>)>(t, "rows int8");
  check_shapes_and_modes<formats::scaled_rows(formats::int_n<4>)>(t, "rows int4");
  check_shapes_and_modes<formats::scaled_rows(formats::symmetric_int_n<4>)>(t, "rows sym. int4");
  check_shapes_and_modes<formats::scaled_rows(formats::e2m1)>(t, "rows e2m1");
  check_shapes_and_modes<formats::scaled_rows(formats::e4m3fn)>(t, "rows e4m3fn");
  check_shapes_and_modes<formats::scaled_tensor(formats::int_n<8>)>(t, "tensor int8");
  check_shapes_and_modes<formats::scaled_tensor(formats::int_n<4>)>(t, "tensor int4");
  check_shapes_and_modes<formats::scaled_tensor(formats::e2m1)>(t, "tensor e2m1");
  check_shapes_and_modes<formats::scaled_tensor(formats::e4m3fn)>(t, "tensor e4m3fn");
  constexpr lowp::block_format e2m1_b32{formats::e2m1, formats::binary32, lowp::block_shape{1, 32}};
  check_shapes_and_modes<e2m1_b32>(t, "e2m1 by 32");
  constexpr lowp::block_format e2m1_e8m0{formats::e2m1, formats::e8m0, lowp::block_shape{1, 32}};
  check_shapes_and_modes<e2m1_e8m0, scale_rule::amax>(t, "e2m1 by nearest e8m0");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Integers, block floating point and tiles: codes, scales and values") {
  oracle::tally t;
  check_shapes_and_modes<formats::mxint6>(t, "mxint6");
  check_shapes_and_modes<formats::mxint4>(t, "mxint4");
  check_shapes_and_modes<formats::mxint4, scale_rule::rceil>(t, "mxint4 rceil");
  check_shapes_and_modes<formats::nvint4>(t, "nvint4");
  check_shapes_and_modes<formats::bfp(4, 16)>(t, "msfp12");
  check_shapes_and_modes<formats::bfp(8, 16)>(t, "msfp16");
  check_shapes_and_modes<formats::dfp16>(t, "dfp16");
  check_shapes_and_modes<formats::deepseek_1x128>(t, "deepseek 1 x 128");
  check_shapes_and_modes<formats::deepseek_1x128_e8m0, scale_rule::rceil>(t, "deepseek e8m0");
  ob::source random(128);
  const ob::grid element = ob::make_grid(formats::e4m3fn);
  for (const data kind : kinds) {
    check<formats::deepseek_128x128>(t, "deepseek 128 x 128", draw(random, kind, 130, 140, element),
                                     mode::nearest_even);
  }
  REQUIRE_NO_MISMATCH(t);
}

// ------------------------------------------------------------------------------- worked examples
TEST_CASE("The worked examples of block floating point, DFP-16 and NVINT4") {
  const ob::matrix v = row_of({3.1, .7, -.9, .2, 1.6, 1.4, .05, -.3}, 16);
  const auto units = [](const auto& q, std::size_t i) {
    return lowp::pack_as<double>(decode(q.format.element, q.code(0, i)));
  };
  const auto three = lowp::quantize<formats::bfp(4, 16)>(view(v));
  const auto seven = lowp::quantize<formats::bfp(8, 16)>(view(v));
  const std::vector<double> k3{6, 1, -2, 0, 3, 3, 0, -1}, k7{99, 22, -29, 6, 51, 45, 2, -10};
  CHECK(three.scale_code(0, 0) == 128);
  CHECK(seven.scale_code(0, 0) == 128);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(units(three, i) * 4 == k3[i]);
    CHECK(units(seven, i) * 64 == k7[i]);
  }
  const auto whole = lowp::quantize<formats::dfp16>(view(row_of({3.1, -.7, 1e-4}, 3)));
  CHECK(whole.scales().size() == 1);
  CHECK(units(whole, 0) * 16384 == 25395);
  CHECK(units(whole, 1) * 16384 == -5734);
  CHECK(units(whole, 2) * 16384 == 1);
  const auto integers = lowp::quantize<formats::nvint4>(
      view(row_of({2.3, -1.1, .05, .4, -.7, 1.9, 0, -2, 0, 0, 0, 0, 0, 0, 0, 0, 8}, 32)));
  const std::vector<double> q{7, -3, 0, 1, -2, 6, 0, -6};
  CHECK(integers.scale_code(0, 0) == 0x70);
  for (std::size_t i = 0; i < 8; ++i) CHECK(units(integers, i) == q[i]);
}

TEST_CASE(
    "The worked MXFP4 example: 6.9 saturates under floor and even, not under ceil and rceil") {
  const ob::matrix v = row_of({5.3, -.31, 1.25, .74, -6.9, 2.5, 3.5, .2}, 32);
  const std::vector<code_t> low{7, 9, 2, 1, 0xF, 4, 6, 0}, high{5, 8, 1, 1, 0xD, 2, 4, 0};
  const auto floor = lowp::quantize<formats::mxfp4>(view(v));
  const auto even = lowp::quantize<formats::mxfp4>(view(v), lowp::rules::even);
  const auto ceil = lowp::quantize<formats::mxfp4>(view(v), lowp::rules::ceil);
  const auto rceil = lowp::quantize<formats::mxfp4>(view(v), lowp::rules::rceil);
  CHECK(floor.scale_code(0, 0) == 0x7F);
  CHECK(even.scale_code(0, 0) == 0x7F);
  CHECK(ceil.scale_code(0, 0) == 0x80);
  CHECK(rceil.scale_code(0, 0) == 0x80);
  CHECK(first_codes(floor, 8) == low);
  CHECK(first_codes(even, 8) == low);
  CHECK(first_codes(ceil, 8) == high);
  CHECK(first_codes(rceil, 8) == high);
  const std::vector<float> values{6, -.5f, 1, .5f, -6, 2, 4, 0};
  for (std::size_t i = 0; i < 8; ++i) CHECK(dequantized(floor).data[i] == values[i]);
}

TEST_CASE("The worked MXFP8 and MXINT8 examples") {
  const ob::matrix v = row_of({500, -3.3, .02, 17, 449, .001}, 32);
  const auto floor = lowp::quantize<formats::mxfp8_e4m3>(view(v));
  CHECK(floor.scale_code(0, 0) == 0x7F);
  CHECK(first_codes(floor, 6) == std::vector<code_t>{0x7E, 0xC5, 0x0A, 0x58, 0x7E, 0x01});
  const auto rceil = lowp::quantize<formats::mxfp8_e4m3>(view(v), lowp::rules::rceil);
  CHECK(rceil.scale_code(0, 0) == 0x80);
  CHECK(first_codes(rceil, 6) == std::vector<code_t>{0x78, 0xBD, 0x05, 0x50, 0x76, 0x00});

  const auto integers =
      lowp::quantize<formats::mxint8>(view(row_of({1.9, -.3, .01, 1, -1.99}, 32)));
  CHECK(integers.scale_code(0, 0) == 0x7F);
  // -1.99 * 64 = -127.36 rounds to -127.
  CHECK(first_codes(integers, 5) == std::vector<code_t>{122, 256 - 19, 1, 64, 256 - 127});
}

TEST_CASE("The worked NVFP4 example: a block under a tensor amax of 8") {
  ob::matrix v = row_of(
      {2.3, -1.1, .05, .4, -.7, 1.9, 0, -2, .33, .9, -.15, 1.5, -.02, .6, 1.2, -.45, 8.0}, 32);
  const auto q = lowp::quantize<formats::nvfp4>(view(v));
  CHECK(lowp::make_tensor_scale(formats::nvfp4, lowp::rules::standard, 8.0f).encoding == 336.0f);
  CHECK(q.tensor_scale() == 1 / 336.0f);
  CHECK(q.scale_code(0, 0) == 0x70);
  CHECK(q.scale_code(0, 1) == 0x7E);
  CHECK(first_codes(q, 17) ==
        std::vector<code_t>{7, 0xD, 0, 2, 0xC, 6, 0, 0xF, 2, 4, 9, 6, 8, 3, 5, 0xA, 7});
  const std::vector<double> values{2.28571, -1.14286, 0,       .380952, -.761905, 1.52381,
                                   0,       -2.28571, .380952, .761905, -.190476, 1.52381,
                                   0,       .571429,  1.14286, -.380952};
  const ob::matrix back = dequantized(q);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(std::abs(static_cast<double>(back.data[i]) - values[i]) < 1e-5);
  }
  CHECK(ob::bits_of(back.data[12]) == 0x80000000u);  // -0.02 becomes -0
}

TEST_CASE("A 4096 x 4096 MXFP4 matrix takes 17/32 byte per value and nothing else") {
  const lowp::mxfp4 m(4096, 4096);
  CHECK(m.codes().size() + m.scales().size() == std::size_t{4096} * 4096 * 17 / 32);
  CHECK(m.bits_per_value() == 4.25);
}

// ------------------------------------------------------------------------------------------- laws
namespace {

/// Quantizes the values of a quantized matrix and compares block by block. `boundary` is the
/// element magnitude at which the rule takes the next smaller scale, zero if it never does.
template <auto B, scale_rule Rule = ob::default_rule(B)>
void check_second_time(oracle::tally& t, const char* name, mode m, double boundary) {
  const ob::grid element = ob::make_grid(B.element);
  const ob::quantizer model(block_matrix<B>::format, Rule);
  ob::source random(99);
  for (const data kind : kinds) {
    for (int repeat = 0; repeat < 12; ++repeat) {
      ob::matrix in = draw(random, kind, 3, 70, element);
      // The largest binary32 magnitudes may round beyond it; that is not the subject here.
      for (float& x : in.data) {
        if ((ob::bits_of(x) & 0x7FFFFFFFu) > 0x7E000000u) x = 1.0f;
      }
      const auto once = lowp::quantize<B>(view(in), ob::rule_of<Rule>(), ob::mode_by_value{m});
      const ob::matrix values = dequantized(once);
      const auto twice = lowp::quantize<B>(view(values), ob::rule_of<Rule>(), ob::mode_by_value{m});
      const auto thrice =
          lowp::quantize<B>(view(dequantized(twice)), ob::rule_of<Rule>(), ob::mode_by_value{m});
      t.check(bits_of(dequantized(twice)) == bits_of(values) && thrice == twice,
              [&](auto& text) { text << name << " " << oracle::name_of(m) << ": values change"; });
      for (std::size_t block = 0; block < 3 * once.block_col_count(); ++block) {
        const std::size_t row = block / once.block_col_count();
        const std::size_t left = block % once.block_col_count() * once.block_cols();
        double largest = 0;
        bool same_codes = true;
        for (std::size_t c = left; c < std::min(left + once.block_cols(), in.cols); ++c) {
          largest = std::max(largest, std::abs(model.element_value(once.code(row, c))));
          same_codes = same_codes && once.code(row, c) == twice.code(row, c);
        }
        const code_t before = once.scale_of(row, left).code(),
                     after = twice.scale_of(row, left).code();
        const bool halves = boundary != 0 && largest == boundary && before > 0;
        t.check(halves ? after + 1 == before : after == before && same_codes, [&](auto& text) {
          text << name << " " << oracle::name_of(m) << ": scale " << before << " became " << after
               << ", largest element " << largest;
        });
      }
    }
  }
}

}  // namespace

TEST_CASE("Quantizing dequantized values gives the same matrix: always under floor") {
  // The largest element lies in the top binade of the format and stays there, so the scale returns.
  oracle::tally t;
  for (const mode m : oracle::modes) {
    check_second_time<formats::mxfp8_e4m3>(t, "mxfp8_e4m3", m, 0);
    check_second_time<formats::mxfp8_e5m2>(t, "mxfp8_e5m2", m, 0);
    check_second_time<formats::mxfp6_e3m2>(t, "mxfp6_e3m2", m, 0);
    check_second_time<formats::mxfp6_e2m3>(t, "mxfp6_e2m3", m, 0);
    check_second_time<formats::mxfp4>(t, "mxfp4", m, 0);
  }
  REQUIRE_NO_MISMATCH(t);

  // MXINT8 in two's complement has one value beyond its binade, -2, which takes the next scale on
  // the second pass and costs odd neighbours their last bit.
  const ob::matrix v = row_of({-1.999, 1.984375}, 32);
  const auto once = lowp::quantize<formats::mxint8>(view(v));
  CHECK(first_codes(once, 2) == std::vector<code_t>{0x80, 127});
  const auto twice = lowp::quantize<formats::mxint8>(view(dequantized(once)));
  CHECK(twice.scale_code(0, 0) == once.scale_code(0, 0) + 1);
  CHECK(first_codes(twice, 2) == std::vector<code_t>{0xC0, 64});
}

TEST_CASE("Under even a second pass changes nothing if elements round to nearest even") {
  // An amax that the rule rounds up to the next binade is one that the element rounds up, too.
  oracle::tally t;
  check_second_time<formats::mxfp8_e4m3, scale_rule::even>(t, "e4m3", mode::nearest_even, 0);
  check_second_time<formats::mxfp8_e5m2, scale_rule::even>(t, "e5m2", mode::nearest_even, 0);
  check_second_time<formats::mxfp6_e3m2, scale_rule::even>(t, "e3m2", mode::nearest_even, 0);
  check_second_time<formats::mxfp6_e2m3, scale_rule::even>(t, "e2m3", mode::nearest_even, 0);
  check_second_time<formats::mxfp4, scale_rule::even>(t, "e2m1", mode::nearest_even, 0);
  REQUIRE_NO_MISMATCH(t);

  // Truncated elements fall back below it: 7 takes scale 2 and becomes 6, which has scale 1; then
  // E4M3's 496 becomes 480, which scale 1 cannot hold.
  const ob::matrix v = row_of({496}, 32);
  constexpr auto format = formats::mxfp8_e4m3;
  using lowp::rules::even;
  const auto once = lowp::quantize<format>(view(v), even, lowp::toward_zero);
  const auto twice = lowp::quantize<format>(view(dequantized(once)), even, lowp::toward_zero);
  CHECK(dequantized(once).data[0] == 480.0f);
  CHECK(dequantized(twice).data[0] == 448.0f);
}

TEST_CASE("Under ceil and rceil a second pass keeps values; a scale halves at the lower boundary") {
  // Round-up scales put the largest element in (bound / 2, bound]. Rounded down to bound / 2 it
  // would have had half the scale, under which every code doubles and no value changes.
  oracle::tally t;
  constexpr mode m = mode::nearest_even;
  check_second_time<formats::mxfp8_e4m3, scale_rule::ceil>(t, "e4m3", m, 128);
  check_second_time<formats::mxfp8_e5m2, scale_rule::ceil>(t, "e5m2", m, 16384);
  check_second_time<formats::mxfp6_e3m2, scale_rule::ceil>(t, "e3m2", m, 8);
  check_second_time<formats::mxfp6_e2m3, scale_rule::ceil>(t, "e2m3", m, 2);
  check_second_time<formats::mxfp4, scale_rule::ceil>(t, "e2m1", m, 2);
  check_second_time<formats::mxint8, scale_rule::ceil>(t, "int8", m, 0.5);
  check_second_time<formats::mxfp8_e4m3, scale_rule::rceil>(t, "e4m3", m, 224);
  check_second_time<formats::mxfp8_e5m2, scale_rule::rceil>(t, "e5m2", m, 28672);
  check_second_time<formats::mxfp6_e3m2, scale_rule::rceil>(t, "e3m2", m, 14);
  check_second_time<formats::mxfp6_e2m3, scale_rule::rceil>(t, "e2m3", m, 3.75);
  check_second_time<formats::mxfp4, scale_rule::rceil>(t, "e2m1", m, 3);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("NVFP4 codes and block scales survive a second pass where block scales are normal") {
  // A normal E4M3 scale is off by at most 1/16, so the largest element rounds to 6 and the scale of
  // the second pass is the first one's, up to the last bits of the tensor scale.
  oracle::tally t;
  ob::source random(4);
  const auto compare = [&]<auto B, scale_rule Rule = ob::default_rule(B)>() {
    for (int repeat = 0; repeat < 300; ++repeat) {
      ob::matrix in{4, 40, {}};
      for (int i = 0; i < 160; ++i) in.data.push_back(random.bfloat16_in_binades(122, 128));
      const auto once = lowp::quantize<B>(view(in), ob::rule_of<Rule>());
      const auto twice = lowp::quantize<B>(view(dequantized(once)), ob::rule_of<Rule>());
      bool same = true;
      for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t c = 0; c < 40; ++c) {
          if (once.scale_of(r, c).code() < 8) continue;  // subnormal
          same = same && once.code(r, c) == twice.code(r, c) &&
                 once.scale_of(r, c).code() == twice.scale_of(r, c).code();
        }
      }
      t.check(same, [&](auto& text) { text << "rule " << static_cast<int>(Rule); });
    }
  };
  compare.operator()<formats::nvfp4>();
  compare.operator()<formats::nvfp4, scale_rule::torchao>();
  compare.operator()<formats::nvfp4, scale_rule::modelopt>();
  compare.operator()<formats::nvfp4, scale_rule::amax>();
  REQUIRE_NO_MISMATCH(t);
}

namespace {

template <auto B, scale_rule Rule = ob::default_rule(B)>
void check_symmetries(oracle::tally& t, const char* name) {
  const ob::grid element = ob::make_grid(B.element);
  ob::source random(5);
  for (const data kind : {data::near_one, data::grid, data::bfloat16}) {
    const ob::matrix in = draw(random, kind, 3, 77, element);
    const auto q = lowp::quantize<B>(view(in), ob::rule_of<Rule>());

    // Negation flips the sign of every code.
    ob::matrix negative = in;
    for (float& x : negative.data) x = ob::float_of(ob::bits_of(x) ^ 0x80000000u);
    const auto minus = lowp::quantize<B>(view(negative), ob::rule_of<Rule>());
    bool mirrors = true;
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 77; ++c) {
        mirrors = mirrors && (q.code(r, c) ^ B.element.sign_bit()) == minus.code(r, c) &&
                  q.scale_of(r, c).code() == minus.scale_of(r, c).code();
      }
    }
    t.check(mirrors, [&](auto& text) { text << name << ": negation"; });

    // A power of two moves into the scales.
    for (const int power : {-20, -3, 1, 30}) {
      ob::matrix scaled = in;
      for (float& x : scaled.data) {
        x = ob::float_of(ob::bits_of_value(std::ldexp(ob::value_of(ob::bits_of(x)), power)));
      }
      const auto s = lowp::quantize<B>(view(scaled), ob::rule_of<Rule>());
      bool shifts = true;
      for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t c = 0; c < 77; ++c) {
          const code_t before = q.scale_of(r, c).code(), after = s.scale_of(r, c).code();
          const auto step = static_cast<std::int64_t>(power);
          const std::int64_t expected = scaled_blocks_of(B).has_tensor_scale     ? 0
                                        : scaled_blocks_of(B).scale.bits() == 32 ? step * (1 << 23)
                                                                                 : step;
          shifts = shifts && q.code(r, c) == s.code(r, c) &&
                   static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before) == expected;
        }
      }
      t.check(shifts, [&](auto& text) { text << name << ": times 2^" << power; });
    }
  }
}

template <auto B, scale_rule Rule = ob::default_rule(B)>
void check_independence(oracle::tally& t, const char* name) {
  const ob::grid element = ob::make_grid(B.element);
  ob::source random(6);
  constexpr std::size_t rows = 5, cols = 101;
  for (const data kind : kinds) {
    const ob::matrix in = draw(random, kind, rows, cols, element);
    const auto q = lowp::quantize<B>(view(in), ob::rule_of<Rule>());
    for (std::size_t r = 0; r < rows; ++r) {
      const auto alone = lowp::quantize<B>(view(in).row_range(r, 1), ob::rule_of<Rule>());
      bool same = true;
      for (std::size_t c = 0; c < cols; ++c) {
        same = same && q.code(r, c) == alone.code(0, c) &&
               q.scale_of(r, c).code() == alone.scale_of(0, c).code();
      }
      t.check(same, [&](auto& text) { text << name << ": row " << r; });
    }
    if (B.shape.cols == lowp::block_shape::whole) continue;
    const std::size_t width = q.block_cols();
    for (std::size_t left = 0; left < cols; left += width) {
      const std::size_t count = std::min(width, cols - left);
      const auto alone = lowp::quantize<B>(
          matrix_view<const float>(in.data.data() + left, rows, count, cols), ob::rule_of<Rule>());
      bool same = true;
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < count; ++c) {
          same = same && q.code(r, left + c) == alone.code(r, c) &&
                 q.scale_of(r, left + c).code() == alone.scale_of(r, c).code();
        }
      }
      t.check(same, [&](auto& text) { text << name << ": columns from " << left; });
    }
  }
}

}  // namespace

TEST_CASE("Negation mirrors the codes; scaling by a power of two moves into the scales") {
  oracle::tally t;
  check_symmetries<formats::mxfp8_e4m3>(t, "mxfp8_e4m3");
  check_symmetries<formats::mxfp8_e5m2, scale_rule::rceil>(t, "mxfp8_e5m2");
  check_symmetries<formats::mxfp6_e3m2, scale_rule::even>(t, "mxfp6_e3m2");
  check_symmetries<formats::mxfp4, scale_rule::ceil>(t, "mxfp4");
  check_symmetries<formats::nvfp4>(t, "nvfp4");
  check_symmetries<formats::nvfp4, scale_rule::torchao>(t, "nvfp4 torchao");
  check_symmetries<formats::nvfp4, scale_rule::modelopt>(t, "nvfp4 modelopt");
  check_symmetries<formats::scaled_rows(formats::e2m1)>(t, "rows e2m1");
  check_symmetries<formats::scaled_tensor(formats::e4m3fn)>(t, "tensor e4m3fn");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Without a tensor scale rows and blocks do not know of each other") {
  oracle::tally t;
  check_independence<formats::mxfp4>(t, "mxfp4");
  check_independence<formats::mxfp8_e4m3, scale_rule::rceil>(t, "mxfp8_e4m3");
  check_independence<formats::mxint8>(t, "mxint8");
  check_independence<formats::scaled_rows(formats::int_n<8>)>(t, "rows int8");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A strided view gives what its rows give when they stand together") {
  ob::source random(3);
  const ob::matrix apart = draw(random, data::near_one, 6, 50, ob::make_grid(formats::e2m1));
  ob::matrix together{6, 37, {}};
  for (std::size_t r = 0; r < 6; ++r) {
    for (std::size_t c = 0; c < 37; ++c) together.data.push_back(apart.data[r * 50 + c]);
  }
  const matrix_view<const float> strided(apart.data.data(), 6, 37, 50);
  CHECK(lowp::quantize<formats::nvfp4>(strided) == lowp::quantize<formats::nvfp4>(view(together)));
  const auto q = lowp::quantize<formats::mxfp4>(strided);
  CHECK(q == lowp::quantize<formats::mxfp4>(view(together)));

  // dequantize leaves what lies between rows alone.
  std::vector<float> out(6 * 50, 9.0f);
  dequantize(q, matrix_view<float>(out.data(), 6, 37, 50));
  const ob::matrix dense = dequantized(q);
  bool agrees = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t r = i / 50, c = i % 50;
    agrees = agrees && out[i] == (c < 37 ? dense.data[r * 37 + c] : 9.0f);
  }
  CHECK(agrees);
}

// -------------------------------------------------------------------------------------- stochastic
TEST_CASE("Element (r, c) rounds with draw r * cols + c, at every width") {
  oracle::tally t;
  ob::source random(8);
  const ob::grid element = ob::make_grid(formats::e2m1);
  constexpr std::size_t rows = 5, cols = 43;
  const ob::matrix in = draw(random, data::near_one, rows, cols, element);
  for (const int bits : {1, 4, 8, 12, 16, 24, 32}) {
    const lowp::stochastic mode{
        .seed = 77, .index = 5, .random_bits = bits, .variant = lowp::stochastic_variant::a};
    const auto q = lowp::quantize<formats::mxfp4>(view(in), mode);
    const auto again = lowp::quantize<formats::mxfp4>(view(in));
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        // The scale does not depend on the mode.
        const code_t scale = q.scale_of(r, c).code();
        t.check(scale == again.scale_of(r, c).code(), [&](auto& text) { text << "scale"; });
        const double x = ob::value_of(ob::bits_of(in.data[r * cols + c]));
        const double magnitude = std::abs(std::ldexp(x, 127 - static_cast<int>(scale)));
        std::size_t i = 0;
        const auto& p = element.points;
        while (p[i].value < 0) ++i;  // zero
        while (i + 1 < p.size() && p[i + 1].value <= magnitude) ++i;
        code_t expected = p[i].code;
        if (i + 1 < p.size()) {
          const double v = (magnitude - p[i].value) / (p[i + 1].value - p[i].value);
          const double sum =
              std::floor(std::ldexp(v, bits)) + lowp::random_bits(77, 5 + r * cols + c, bits);
          if (sum >= std::ldexp(1.0, bits)) expected = p[i + 1].code;
        }
        if (oracle::is_negative(x)) expected |= 8;
        t.check(q.code(r, c) == expected, [&](auto& text) {
          text << bits << " bits, element " << r << ", " << c << ": " << x << " gave "
               << q.code(r, c) << ", expected " << expected;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Over all random bits the mean of an element is its value, exactly") {
  // Values whose discarded part is a multiple of 2^-N of a step: no variant but `equal` is biased.
  constexpr int bits = 6;
  ob::matrix in{1, 32, {}};
  in.data.push_back(4.0f);  // fixes the scale at 1
  ob::source random(9);
  for (int i = 1; i < 32; ++i) {
    const double step = i % 3 == 0 ? 0.5 : i % 3 == 1 ? 1 : 2;
    const double base = step == 0.5 ? 0.5 * random.below(4) : step == 1 ? 2 + random.below(2) : 4;
    const double value = base + step * random.below(64) / 64;
    in.data.push_back(static_cast<float>(i % 2 == 0 ? value : -value));
  }
  for (const auto variant :
       {lowp::stochastic_variant::a, lowp::stochastic_variant::b, lowp::stochastic_variant::c}) {
    std::vector<double> sums(32, 0.0);
    for (std::uint32_t word = 0; word < 64; ++word) {
      const lowp::stochastic_bits mode{word, bits, variant};
      const ob::matrix back = dequantized(lowp::quantize<formats::mxfp4>(view(in), mode));
      for (std::size_t i = 0; i < 32; ++i) sums[i] += static_cast<double>(back.data[i]);
    }
    int biased = 0;
    for (std::size_t i = 0; i < 32; ++i) biased += sums[i] != 64 * static_cast<double>(in.data[i]);
    INFO("variant " << static_cast<int>(variant));
    CHECK(biased == 0);
  }
}

// --------------------------------------------------------------------------------------- bad input
TEST_CASE("dequantize refuses another shape before it writes") {
  const ob::matrix in = row_of({1, 2, 3}, 40);
  const auto q = lowp::quantize<formats::mxfp4>(view(in));
  std::vector<float> out(80, 9.0f);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(out.data(), 2, 40)), std::invalid_argument);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(out.data(), 1, 39)), std::invalid_argument);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>()), std::invalid_argument);
  CHECK_THROWS_WITH(
      dequantize(q, matrix_view<float>(out.data(), 2, 40)),
      Catch::Matchers::ContainsSubstring("2 x 40") && Catch::Matchers::ContainsSubstring("1 x 40"));
  CHECK(std::count(out.begin(), out.end(), 9.0f) == 80);
}

TEST_CASE("Matrices without elements quantize to matrices without elements") {
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{0, 0}, {0, 32}, {7, 0}}) {
    const auto mx = lowp::quantize<formats::mxfp4>(matrix_view<const float>(nullptr, rows, cols));
    CHECK(mx.rows() == rows);
    CHECK(mx.cols() == cols);
    CHECK(mx.codes().empty());
    CHECK(mx.scales().empty());
    CHECK(mx.bits_per_value() == 0.0);
    const auto nv = lowp::quantize<formats::nvfp4>(matrix_view<const float>(nullptr, rows, cols));
    CHECK(nv.tensor_scale() == 1.0f);
    const auto whole = lowp::quantize<formats::scaled_tensor(formats::e2m1)>(
        matrix_view<const float>(nullptr, rows, cols));
    CHECK(whole.codes().empty());
    dequantize(mx, matrix_view<float>(nullptr, rows, cols));
  }
}

namespace {

template <auto B>
int differences_at_run_time(const std::vector<float>& x, std::size_t rows, std::size_t cols) {
  const lowp::matrix_view<const float> in(x.data(), rows, cols);
  std::vector<float> expected(x.size()), actual = x;
  const lowp::stochastic mode{.seed = 5};
  dequantize(lowp::quantize<B>(in, mode), lowp::matrix_view<float>(expected.data(), rows, cols));
  const lowp::matrix_view<float> in_place(actual.data(), rows, cols);
  round_to(lowp::block_matrix<B>::format, in_place, in_place, mode);
  int count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    count += std::bit_cast<std::uint32_t>(expected[i]) != std::bit_cast<std::uint32_t>(actual[i]);
  }
  return count;
}

}  // namespace

TEST_CASE("a block format chosen at run time gives the same values") {
  ob::source random(31);
  std::vector<float> x;
  for (int i = 0; i < 19 * 45; ++i) x.push_back(random.in_binades(118, 130));
  CHECK(differences_at_run_time<formats::mxfp4>(x, 19, 45) == 0);
  CHECK(differences_at_run_time<formats::mxint8>(x, 19, 45) == 0);
  CHECK(differences_at_run_time<formats::nvfp4>(x, 19, 45) == 0);
  CHECK(differences_at_run_time<formats::nvfp4_16x16>(x, 19, 45) == 0);
  CHECK(differences_at_run_time<formats::scaled_tensor(formats::int_n<4>)>(x, 19, 45) == 0);
  std::vector<float> short_row(44);
  CHECK_THROWS_AS(round_to(formats::mxfp4, lowp::matrix_view<const float>(x.data(), 1, 45),
                           lowp::matrix_view<float>(short_row.data(), 1, 44)),
                  std::invalid_argument);
}
