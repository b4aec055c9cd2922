// SPDX-License-Identifier: MIT
// A scale rule is a function from the largest magnitude of a block to a byte: the published tables
// of the four power-of-two rules, in every binade, and the three orders of NVFP4 operation by
// operation in MPFR.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/codec.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::code_t;
using ob::bits32;
using ob::scale_rule;

namespace {

constexpr std::array<scale_rule, 4> power_of_two_rules{scale_rule::floor, scale_rule::ceil,
                                                       scale_rule::even, scale_rule::rceil};
constexpr std::array<const char*, 8> rule_names{
    "floor", "ceil", "even", "rceil", "amax", "transformer_engine", "torchao", "modelopt"};
using ob::name_of;

// Of a block or a tensor with this largest magnitude.
template <class Element, class Scale>
code_t encode_scale(const Element& element, const Scale& scale, scale_rule rule, float amax,
                    const lowp::tensor_scale& tensor) {
  const lowp::scaled_blocks f{element, scale, lowp::block_shape{1, 16}, !ob::is_power_of_two(rule)};
  return ob::with_rule(rule, [&](const auto& object) {
    lowp::amax_accumulator block;
    block.add(amax);
    return lowp::encode_scale(f, object, block, tensor);
  });
}
template <class Element, class Scale>
lowp::tensor_scale make_tensor_scale(const Element& element, const Scale& scale, scale_rule rule,
                                     float amax) {
  const lowp::block_format f{element, formats::scaled_tensor(scale), lowp::block_shape{1, 16}};
  return ob::with_rule(
      rule, [&](const auto& object) { return lowp::make_tensor_scale(f, object, amax); });
}

/// The byte that the library chooses.
template <class Element>
code_t byte_of(const Element& element, scale_rule rule, bits32 amax) {
  return encode_scale(element, formats::e8m0, rule, ob::float_of(amax), {});
}

/// A row of the published table: a magnitude and the exponent of its scale under each rule.
struct row {
  double amax;
  std::array<int, 4> exponents;  // floor, ceil, even, rceil
};

template <class Element>
void check_rows(const char* name, const Element& element, const std::vector<row>& rows) {
  oracle::tally t;
  for (const row& r : rows) {
    for (int shift = -149; shift <= 127; ++shift) {
      const double amax = std::ldexp(r.amax, shift);
      oracle::real exact;
      exact.set(amax);
      const bits32 bits = ob::rounded32(exact);
      if (ob::is_special32(bits) || ob::value_of(bits) != amax) continue;  // not in binary32
      for (std::size_t rule = 0; rule < 4; ++rule) {
        // The rule that divides does so in binary32, which may round where the quotient is
        // subnormal; the byte is 0 from 2^-127 down.
        const int exponent = r.exponents[rule] + shift;
        const code_t expected = ob::e8m0_byte(exponent);
        const code_t actual = byte_of(element, power_of_two_rules[rule], bits);
        t.check(actual == expected, [&](auto& text) {
          text << name << " " << rule_names[rule] << " amax " << r.amax << " * 2^" << shift
               << " gave " << actual << ", expected " << expected;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

/// All rules against the definitions for a list of magnitudes.
template <class Element>
void check_definition(oracle::tally& t, const char* name, const Element& element, scale_rule rule,
                      const ob::grid& grid, bits32 amax) {
  const code_t expected = amax == 0 ? 0 : ob::e8m0_byte(ob::scale_exponent(rule, grid, amax));
  const code_t actual = byte_of(element, rule, amax);
  t.check(actual == expected, [&](auto& text) {
    text << name << " " << name_of(rule) << " amax bits " << std::hex << amax << " gave " << actual
         << ", expected " << expected;
  });
}

/// Calls `f(name, element)` for the elements of the power-of-two formats and some relatives.
template <class Function>
void for_each_element(Function&& f) {
  f("e2m1", formats::e2m1);
  f("e2m3", formats::e2m3);
  f("e3m2", formats::e3m2);
  f("e4m3fn", formats::e4m3fn);
  f("e5m2", formats::e5m2);
  f("fixed<8, 6>", formats::fixed<8, 6>);
  f("int4", formats::int_n<4>);
  f("symmetric int8", formats::symmetric_int_n<8>);
  f("e3m0", formats::e3m0);
  f("e1m2", formats::e1m2);
  f("e4m3fnuz", formats::e4m3fnuz);
}

}  // namespace

TEST_CASE("T10: the table of the four rules holds for each element format in every binade") {
  // amax: 4, 5 and 6 sit in the binade of the largest E2M1 value; above 6 the rules part.
  check_rows("e2m1", formats::e2m1,
             {{4, {0, 0, 0, 0}},
              {5, {0, 1, 0, 0}},
              {5.5, {0, 1, 0, 0}},
              {6, {0, 1, 0, 0}},
              {6.0078125, {0, 1, 0, 1}},
              {6.5, {0, 1, 0, 1}},
              {6.9921875, {0, 1, 0, 1}},
              {7, {0, 1, 1, 1}},
              {7.9921875, {0, 1, 1, 1}}});
  check_rows("e4m3fn", formats::e4m3fn,
             {{256, {0, 0, 0, 0}},
              {300, {0, 1, 0, 0}},
              {448, {0, 1, 0, 0}},
              {449, {0, 1, 0, 1}},
              {495, {0, 1, 0, 1}},
              {496, {0, 1, 1, 1}},
              {511, {0, 1, 1, 1}}});
  check_rows("e3m2", formats::e3m2,
             {{16, {0, 0, 0, 0}}, {28, {0, 1, 0, 0}}, {29, {0, 1, 0, 1}}, {30, {0, 1, 1, 1}}});
  check_rows("e2m3", formats::e2m3,
             {{4, {0, 0, 0, 0}}, {7.5, {0, 1, 0, 0}}, {7.625, {0, 1, 0, 1}}, {7.75, {0, 1, 1, 1}}});
  check_rows(
      "e5m2", formats::e5m2,
      {{32768, {0, 0, 0, 0}}, {57344, {0, 1, 0, 0}}, {60000, {0, 1, 0, 1}}, {61440, {0, 1, 1, 1}}});
  // The MXINT8 element: largest 127/64, rounded half up to seven significant bits.
  check_rows("fixed<8, 6>", formats::fixed<8, 6>,
             {{1, {0, 0, 0, 0}},
              {1.5, {0, 1, 0, 0}},
              {1.984375, {0, 1, 0, 0}},
              {1.9912109375, {0, 1, 0, 1}},
              {1.9921875, {0, 1, 1, 1}}});
  // Without mantissa bits the element's precision is one bit: half of it is half a binade.
  check_rows("e3m0", formats::e3m0,
             {{16, {0, 0, 0, 0}},
              {16.5, {0, 1, 0, 1}},
              {23.5, {0, 1, 0, 1}},
              {24, {0, 1, 1, 1}},
              {31, {0, 1, 1, 1}}});
}

TEST_CASE("The four rules follow their definitions for every mantissa of several binades") {
  // 2^-127 is the smallest scale, so binades around it clamp; 2^127 is the top of binary32.
  oracle::tally t;
  for_each_element([&](const char* name, const auto& element) {
    const ob::grid grid = ob::make_grid(element);
    for (const scale_rule rule : power_of_two_rules) {
      const std::uint32_t step = rule == scale_rule::rceil ? 4099 : 257;
      for (const std::uint32_t field : {1u, 2u, 127u, 128u, 254u}) {
        for (std::uint32_t mantissa = 0; mantissa < 0x800000u; mantissa += step) {
          check_definition(t, name, element, rule, grid, field << 23 | mantissa);
        }
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Between the mantissas where the definition changes, no scale changes") {
  // floor, ceil and even depend on a mantissa only through comparisons, so one binade, whole, in
  // which the byte changes at most once and only where the definition does, is a proof for it.
  oracle::tally t;
  const auto check = [&](const char* name, const auto& element, bits32 step) {
    const ob::grid grid = ob::make_grid(element);
    for (const scale_rule rule : power_of_two_rules) {
      // By bisection with the oracle: the first mantissa with the upper byte.
      constexpr bits32 binade = 127u << 23;
      const auto oracle_byte = [&](bits32 mantissa) {
        return ob::e8m0_byte(ob::scale_exponent(rule, grid, binade | mantissa));
      };
      bits32 low = 0, high = 0x7FFFFFu;
      const code_t first = oracle_byte(low), last = oracle_byte(high);
      while (first != last && high - low > 1) {
        const bits32 middle = (low + high) / 2;
        (oracle_byte(middle) == first ? low : high) = middle;
      }
      for (bits32 mantissa = 0; mantissa < 0x800000u; mantissa += step) {
        const code_t expected = first == last || mantissa < high ? first : last;
        const code_t actual = byte_of(element, rule, binade | mantissa);
        t.check(actual == expected, [&](auto& text) {
          text << name << " " << name_of(rule) << " mantissa " << std::hex << mantissa << " gave "
               << actual;
        });
      }
    }
  };
  check("e2m1", formats::e2m1, 1);
  check("e4m3fn", formats::e4m3fn, 7);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T2: just below, at and just above every power of two the exponent is that of the bits") {
  oracle::tally t;
  for_each_element([&](const char* name, const auto& element) {
    const ob::grid grid = ob::make_grid(element);
    for (const scale_rule rule : power_of_two_rules) {
      std::vector<bits32> list{0, 1, 2, 3, ob::largest32, ob::largest32 - 1};
      for (bits32 field = 1; field < 255; ++field) {
        for (const bits32 amax : {(field << 23) - 1, field << 23, (field << 23) + 1}) {
          list.push_back(amax);
        }
      }
      for (int shift = 0; shift < 23; ++shift) {  // subnormal powers of two
        const bits32 power = bits32{1} << shift;
        for (const bits32 amax : {power - 1, power, power + 1, power + power / 2}) {
          list.push_back(amax);
        }
      }
      for (const bits32 amax : list) check_definition(t, name, element, rule, grid, amax);
    }
  });
  REQUIRE_NO_MISMATCH(t);

  // floor(log2) of the largest value below 2^e is e - 1, for every e that binary32 has.
  bool is_below = true;
  for (int e = -126; e <= 127; ++e) {
    const auto power = static_cast<bits32>(e + 127) << 23;
    const code_t at = byte_of(formats::fixed<8, 6>, scale_rule::floor, power);
    const code_t below = byte_of(formats::fixed<8, 6>, scale_rule::floor, power - 1);
    is_below = is_below && at == static_cast<code_t>(e + 127) && below == at - 1;
  }
  CHECK(is_below);
}

TEST_CASE("Around the largest element value rceil multiplies by the rounded reciprocal") {
  oracle::tally t;
  for_each_element([&](const char* name, const auto& element) {
    const ob::grid grid = ob::make_grid(element);
    for (const int shift : {-100, -7, 0, 1, 60}) {
      const bits32 at = ob::bits_of_value(std::ldexp(grid.largest, shift));
      for (bits32 amax = at - 4; amax <= at + 4; ++amax) {
        for (const scale_rule rule : power_of_two_rules) {
          check_definition(t, name, element, rule, grid, amax);
        }
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);
  // One unit above 127 the product with fp32(1 / 127) is 1, the quotient by 127 is not.
  CHECK(byte_of(formats::symmetric_int_n<8>, scale_rule::rceil, 0x42FE0000u) == 127);
  CHECK(byte_of(formats::symmetric_int_n<8>, scale_rule::rceil, 0x42FE0001u) == 127);
  CHECK(byte_of(formats::symmetric_int_n<8>, scale_rule::rceil, 0x42FE0002u) == 128);
  // A product beyond binary32: the largest scale there is.
  constexpr lowp::float_format tiny{.exponent_bits = 5, .mantissa_bits = 3, .bias = 125};
  CHECK(byte_of(tiny, scale_rule::rceil, 0x7F7FFFFFu) == 254);
  CHECK(ob::divide32(0x42FE0001u, 0x42FE0000u) == ob::one32 + 1);
}

TEST_CASE("Powers of two in a scale format with a mantissa stop at its largest power of two") {
  const auto code_of = [](scale_rule rule, double amax) {
    return encode_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(ob::bits_of_value(amax)),
                        {});
  };
  for (const scale_rule rule : power_of_two_rules) {
    CHECK(code_of(rule, 4) == 0x38);        // 1
    CHECK(code_of(rule, 4 * 256) == 0x78);  // 256
    CHECK(code_of(rule, 4 * 512) == 0x78);  // not 448
    CHECK(code_of(rule, 0x1p100) == 0x78);
    CHECK(code_of(rule, 4 * 0x1p-9) == 0x01);  // 2^-9
    CHECK(code_of(rule, 4 * 0x1p-10) == 0x01);
    CHECK(code_of(rule, 0x1p-140) == 0x01);
    CHECK(code_of(rule, 4 * 0x1p-7) == 0x04);  // a subnormal power of two
    CHECK(code_of(rule, 0) == 0x01);
  }
}

TEST_CASE("T25: exponents far below the scale format clamp to its smallest power of two") {
  // ggml computes 255 for amax 2^-126 here, the byte of -128 after wrapping.
  for (const bits32 amax : {1u, 0x00400000u, 0x00800000u}) {
    CHECK(byte_of(formats::e2m1, scale_rule::floor, amax) == 0);
    CHECK(byte_of(formats::e5m2, scale_rule::even, amax) == 0);
  }
  CHECK(byte_of(formats::e2m1, scale_rule::floor, 0x01000000u) == 0);  // 2^-125 = 4 * 2^-127
  CHECK(byte_of(formats::e2m1, scale_rule::floor, 0x01800000u) == 1);
}

// ------------------------------------------------------------------------------------------- NVFP4
namespace {

struct nvfp4_pair {
  code_t scale[3];
  std::array<std::vector<code_t>, 3> codes;
};

constexpr std::array<scale_rule, 3> vendor_rules{scale_rule::transformer_engine,
                                                 scale_rule::torchao, scale_rule::modelopt};
constexpr bits32 range = 0x45280000u;            // 2688
constexpr bits32 six = 0x40C00000u;              // 6
constexpr bits32 smallest_normal = 0x3C800000u;  // 2^-6
constexpr bits32 smallest = 0x3B000000u;         // 2^-9

/// One block under one rule, library against MPFR: the tensor scale, the scale code, the codes.
void check_block(oracle::tally& t, scale_rule rule, const std::vector<float>& block,
                 bits32 tensor_amax, const ob::grid& e2m1, const ob::grid& ue4m3,
                 nvfp4_pair* result = nullptr) {
  constexpr auto format = formats::nvfp4;
  const lowp::tensor_scale tensor =
      make_tensor_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(tensor_amax));
  const ob::tensor expected_tensor = ob::tensor_scale(rule, range, tensor_amax);
  lowp::amax_accumulator amax;
  for (const float& x : block) amax.add(x);
  const code_t scale = encode_scale(formats::e2m1, formats::ue4m3, rule, amax.amax(), tensor);
  const bits32 pre =
      ob::vendor_scale(rule, six, amax.bits, expected_tensor, smallest_normal, smallest);
  const code_t expected_scale =
      pre == ob::infinite32 ? 0x7E
                            : ob::search(ue4m3, ob::value_of(pre), oracle::mode::nearest_even);
  t.check(ob::bits_of(tensor.encoding) == expected_tensor.encoding &&
              ob::bits_of(tensor.decoding) == expected_tensor.decoding && scale == expected_scale,
          [&](auto& text) {
            text << name_of(rule) << " tensor amax bits " << std::hex << tensor_amax << " block "
                 << amax.bits << ": scale " << scale << ", expected " << expected_scale
                 << ", encoding " << ob::bits_of(tensor.encoding) << ", expected "
                 << expected_tensor.encoding << ", decoding " << ob::bits_of(tensor.decoding)
                 << ", expected " << expected_tensor.decoding;
          });
  const bits32 factor = ob::vendor_factor(
      rule, ob::bits_of_value(oracle::value_of(formats::ue4m3, expected_scale).value()),
      expected_tensor);
  const auto encoder = ob::with_rule(rule, [&](const auto& object) {
    static const auto of_program = object;
    static constexpr auto blocks = scaled_blocks_of(format);
    using type = lowp::format_of<blocks>;
    static const lowp::rule_view<type> view(blocks, of_program);
    return lowp::element_encoder<type>(blocks, view, scale, tensor);
  });
  std::vector<code_t> codes;
  for (const float& x : block) {
    const bits32 bits = ob::bits_of(x);
    const bits32 q =
        rule == scale_rule::modelopt ? ob::divide32(bits, factor) : ob::multiply32(bits, factor);
    const code_t expected = (bits & 0x7FFFFFFFu) == 0
                                ? bits >> 31 << 3  // even by an infinite factor
                            : (q & 0x7FFFFFFFu) == ob::infinite32
                                ? 7u | q >> 31 << 3
                                : ob::search(e2m1, ob::value_of(q), oracle::mode::nearest_even);
    codes.push_back(encoder(x));
    t.check(codes.back() == expected, [&](auto& text) {
      text << name_of(rule) << " tensor amax bits " << std::hex << tensor_amax << " scale " << scale
           << " element " << bits << " gave " << codes.back() << ", expected " << expected;
    });
  }
  if (result != nullptr) {
    const std::size_t i = rule == scale_rule::transformer_engine ? 0
                          : rule == scale_rule::torchao          ? 1
                                                                 : 2;
    result->scale[i] = scale;
    result->codes[i] = codes;
  }
}

struct differences {
  int blocks = 0, scales = 0, codes = 0;
};

/// Blocks of 16 whose values have `bits` significant bits, under all three rules.
template <class Draw>
differences compare_orders(oracle::tally& t, int blocks, const Draw& draw) {
  const ob::grid e2m1 = ob::make_grid(formats::e2m1), ue4m3 = ob::make_grid(formats::ue4m3);
  differences d;
  for (int b = 0; b < blocks; ++b) {
    std::vector<float> block;
    for (int i = 0; i < 16; ++i) block.push_back(draw());
    const bits32 tensor_amax = ob::bits_of(draw()) & 0x7FFFFFFFu;
    bits32 largest = tensor_amax;
    for (const float& x : block) largest = std::max(largest, ob::bits_of(x) & 0x7FFFFFFFu);
    nvfp4_pair result{};
    for (const scale_rule rule : vendor_rules) {
      check_block(t, rule, block, largest, e2m1, ue4m3, &result);
    }
    ++d.blocks;
    d.scales += result.scale[0] != result.scale[1] || result.scale[0] != result.scale[2];
    d.codes += result.codes[0] != result.codes[1] || result.codes[0] != result.codes[2];
  }
  return d;
}

}  // namespace

TEST_CASE("T17: NVFP4 in three orders of operations, each to the bit, and where they differ") {
  oracle::tally t;
  ob::source random(17);
  const differences wide = compare_orders(t, 4000, [&] { return random.in_binades(120, 130); });
  const differences narrow =
      compare_orders(t, 6000, [&] { return random.bfloat16_in_binades(122, 130); });
  REQUIRE_NO_MISMATCH(t);
  // Data of 24 bits hardly ever hits a tie; data of 8 bits does.
  INFO("binary32: " << wide.scales << " scales and " << wide.codes << " blocks of codes differ in "
                    << wide.blocks << "; bfloat16: " << narrow.scales << " and " << narrow.codes
                    << " in " << narrow.blocks);
  CHECK(wide.scales <= 2);
  CHECK(narrow.scales > 0);
  CHECK(narrow.codes > 5);
  CHECK(narrow.codes < narrow.blocks / 20);

  // amax 11.5 in a tensor of 56: 92 is a tie between 88 and 96, which torchao's order just misses.
  const std::array<code_t, 3> expected{0x6C, 0x6B, 0x6C};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto tensor = make_tensor_scale(formats::e2m1, formats::ue4m3, vendor_rules[i], 56.0f);
    CHECK(encode_scale(formats::e2m1, formats::ue4m3, vendor_rules[i], 11.5f, tensor) ==
          expected[i]);
  }
}

TEST_CASE("NVFP4 of data that sits on ties, to the bit in each order") {
  oracle::tally t;
  ob::source random(18);
  const ob::grid e2m1 = ob::make_grid(formats::e2m1), ue4m3 = ob::make_grid(formats::ue4m3);
  for (int b = 0; b < 2000; ++b) {
    // Halves of E2M1 values times an E4M3 scale: midpoints whenever scales agree.
    const double scale = ue4m3.points[1 + random.below(126)].value;
    std::vector<float> block;
    for (int i = 0; i < 16; ++i) {
      const double element = e2m1.points[random.below(15)].value;
      const double other = e2m1.points[random.below(15)].value;
      block.push_back(ob::float_of(ob::bits_of_value((element + other) / 2 * scale)));
    }
    bits32 amax = ob::bits_of_value(448 * (1 + random.below(6)));
    for (const float& x : block) amax = std::max(amax, ob::bits_of(x) & 0x7FFFFFFFu);
    for (const scale_rule rule : vendor_rules) check_block(t, rule, block, amax, e2m1, ue4m3);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T13: no NVFP4 scale is NaN, whatever the tensor, up to 448 and with tensor scales off") {
  oracle::tally t;
  const ob::grid e2m1 = ob::make_grid(formats::e2m1), ue4m3 = ob::make_grid(formats::ue4m3);
  ob::source random(13);
  std::vector<bits32> magnitudes{
      0, 1, 2, 3, 0x400000u, 0x7FFFFFu, 0x800000u, 0x800001u, ob::largest32, ob::largest32 - 1};
  for (bits32 field = 1; field < 255; field += 3) {
    magnitudes.push_back(field << 23 | static_cast<bits32>(random.word() & 0x7FFFFFu));
  }
  for (const bits32 tensor_amax : magnitudes) {
    for (const bits32 amax : magnitudes) {
      if (amax > tensor_amax) continue;
      std::vector<float> block{ob::float_of(amax), ob::float_of(amax / 2 | 0x80000000u),
                               ob::float_of(amax / 3), ob::float_of(0x80000000u)};
      for (const scale_rule rule : vendor_rules) {
        check_block(t, rule, block, tensor_amax, e2m1, ue4m3);
        const auto tensor =
            make_tensor_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(tensor_amax));
        const code_t code =
            encode_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(amax), tensor);
        t.check(code <= 0x7E, [&](auto& text) {
          text << name_of(rule) << " " << std::hex << amax << " in " << tensor_amax << " gave NaN";
        });
      }
    }
    // A tensor scale of another tensor: a block far above it saturates.
    for (const scale_rule rule : vendor_rules) {
      const auto tensor =
          make_tensor_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(tensor_amax));
      for (const bits32 amax : magnitudes) {
        const code_t code =
            encode_scale(formats::e2m1, formats::ue4m3, rule, ob::float_of(amax), tensor);
        t.check(code <= 0x7E, [&](auto& text) {
          text << name_of(rule) << " foreign " << std::hex << amax << " in " << tensor_amax;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T36: encoding multiplies on the way in, decoding on the way back") {
  // A tensor with amax 8: S = 336, its inverse and amax / 2688 agree to a unit.
  for (const scale_rule rule : vendor_rules) {
    const auto tensor = make_tensor_scale(formats::e2m1, formats::ue4m3, rule, 8.0f);
    INFO(name_of(rule));
    CHECK(ob::bits_of(tensor.encoding) == ob::bits_of_value(336));
    const bits32 inverse = ob::divide32(ob::one32, ob::bits_of_value(336));
    CHECK(ob::bits_of(tensor.decoding) == inverse);
    CHECK(tensor.encoding > tensor.decoding);
  }
  const auto plain = make_tensor_scale(formats::e2m1, formats::ue4m3, scale_rule::amax, 8.0f);
  CHECK(ob::bits_of(plain.decoding) == ob::divide32(ob::bits_of_value(8), ob::bits_of_value(2688)));
  for (const scale_rule rule : vendor_rules) {
    CHECK(make_tensor_scale(formats::e2m1, formats::ue4m3, rule, 0.0f) == lowp::tensor_scale{});
  }
}
