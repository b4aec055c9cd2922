// SPDX-License-Identifier: MIT
// Pins the bits of quantize, dequantize and round_to with block formats (see digest.hpp).
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "digests/digest.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::any_rounding;
using lowp::block_matrix;
using lowp::execution;
using lowp::matrix_view;
namespace rules = lowp::rules;
using test::digests::digest;
using test::digests::line;
using test::digests::table;

// Short blocks at both edges, whole ones within.
constexpr std::size_t rows = 53, cols = 83;

matrix_view<const float> finite() {
  static const std::vector<float> data = test::digests::matrix_data(rows, cols, 31);
  return {data.data(), rows, cols};
}
/// Finite values with one of the given bits in place of every 80th or so.
std::vector<float> mixed_with(std::span<const std::uint32_t> list, std::uint64_t seed) {
  std::vector<float> values = test::digests::matrix_data(rows, cols, seed);
  test::digests::source random(seed + 1);
  const auto size = static_cast<std::uint32_t>(list.size());
  for (float& x : values) {
    if (random.below(80) == 0) x = std::bit_cast<float>(list[random.below(size)]);
  }
  return values;
}
/// With infinities, NaNs and subnormal numbers.
matrix_view<const float> special() {
  static const std::vector<float> data = mixed_with(
      std::array{0x7F800000u, 0xFF800000u, 0x7FC00000u, 0xFFC12345u, 0x00000001u, 0x80512345u}, 32);
  return {data.data(), rows, cols};
}
/// With values next to the ends of binary32.
matrix_view<const float> extreme() {
  static const std::vector<float> data =
      mixed_with(std::array{0x7F7FFFFFu, 0xFE812345u, 0x00812345u, 0x80000003u}, 42);
  return {data.data(), rows, cols};
}

/// Powers of two, some of them times 1.5, below a one: many ties, of scales too.
matrix_view<const float> coarse() {
  static const std::vector<float> data = [] {
    test::digests::source random(35);
    std::vector<float> values;
    for (std::size_t i = 0; i < rows * cols; ++i) values.push_back(random.in_binades(117, 125, 1));
    values[1234] = 1.0f;
    return values;
  }();
  return {data.data(), rows, cols};
}

struct named_mode {
  const char* name;
  any_rounding mode;
};
const named_mode modes[] = {
    {"nearest_even", lowp::nearest_even},
    {"stochastic", lowp::stochastic{.seed = 34, .index = 7, .random_bits = 16}}};

/// Of a matrix quantized from `in` by a rule, and of the tensor scale by which that brings elements
/// to codes.
template <auto B, class Rule = rules::standard_t>
std::uint64_t digest_of(matrix_view<const float> in, const block_matrix<B>& q,
                        const Rule& rule = {}) {
  lowp::amax_accumulator all;
  for (std::size_t i = 0; i < in.rows * in.cols; ++i) all.add(in.data[i]);
  digest d;
  d.add_all(q.codes());
  d.add_all(q.scales());
  d.add(lowp::make_tensor_scale(block_matrix<B>::format, rule, all.amax()).encoding);
  d.add(q.tensor_scale());
  return d.value();
}
template <class T>
std::uint64_t digest_of(const std::vector<T>& values) {
  digest d;
  d.add_all(values);
  return d.value();
}

template <auto B, class Rule>
void check_quantize(table& t, const std::string& format, const Rule& rule) {
  const std::string name = format + " " + std::string(rule.name);
  for (const auto& [mode_name, mode] : modes) {
    t.check(name + " " + mode_name, [&, &m = mode](const execution& how) {
      return digest_of(finite(), lowp::quantize<B>(finite(), rule, m, how), rule);
    });
  }
  t.check(name + " special", [&](const execution& how) {
    return digest_of(special(), lowp::quantize<B>(special(), rule, any_rounding(), how), rule);
  });
  t.check(name + " coarse", [&](const execution& how) {
    return digest_of(coarse(), lowp::quantize<B>(coarse(), rule, any_rounding(), how), rule);
  });
  t.check(name + " extreme", [&](const execution& how) {
    return digest_of(extreme(), lowp::quantize<B>(extreme(), rule, any_rounding(), how), rule);
  });
}
template <auto B>
void check_powers_of_two(table& t, const std::string& format) {
  check_quantize<B>(t, format, rules::floor);
  check_quantize<B>(t, format, rules::ceil);
  check_quantize<B>(t, format, rules::even);
  check_quantize<B>(t, format, rules::rceil);
}
template <auto B>
void check_other_rules(table& t, const std::string& format) {
  check_quantize<B>(t, format, rules::amax);
  check_quantize<B>(t, format, rules::transformer_engine);
  check_quantize<B>(t, format, rules::torchao);
  check_quantize<B>(t, format, rules::modelopt);
}

template <class T, auto B>
std::uint64_t dequantized(const block_matrix<B>& q, const execution& how) {
  std::vector<T> out(rows * cols);
  lowp::dequantize(q, matrix_view<T>(out.data(), rows, cols), how);
  return digest_of(out);
}
template <auto B>
void check_dequantize(table& t, const std::string& name) {
  const block_matrix<B> q = lowp::quantize<B>(finite(), any_rounding()),
                        s = lowp::quantize<B>(special(), any_rounding()),
                        e = lowp::quantize<B>(extreme(), any_rounding());
  t.check(name, [&](const execution& how) { return dequantized<float>(q, how); });
  t.check(name + " special", [&](const execution& how) { return dequantized<float>(s, how); });
  t.check(name + " extreme", [&](const execution& how) { return dequantized<float>(e, how); });
  t.check(name + " to bfloat16",
          [&](const execution& how) { return dequantized<lowp::bfloat16>(q, how); });
}

template <class Format, class Rule>
void check_round_to(table& t, const std::string& name, const Format& format, const Rule& rule) {
  const auto rounded = [&](matrix_view<const float> in, const any_rounding& mode,
                           const execution& how) {
    std::vector<float> out(rows * cols);
    lowp::round_to(format, in, matrix_view<float>(out.data(), rows, cols), rule, mode, how);
    return digest_of(out);
  };
  for (const auto& [mode_name, mode] : modes) {
    t.check(name + " " + mode_name,
            [&, &m = mode](const execution& how) { return rounded(finite(), m, how); });
  }
  t.check(name + " special",
          [&](const execution& how) { return rounded(special(), any_rounding(), how); });
  t.check(name + " coarse",
          [&](const execution& how) { return rounded(coarse(), any_rounding(), how); });
  t.check(name + " extreme",
          [&](const execution& how) { return rounded(extreme(), any_rounding(), how); });
}

// clang-format off
constexpr line quantize_lines[] = {
    {"mxfp8_e4m3 floor nearest_even", 0xAB93D548F4C5397F},
    {"mxfp8_e4m3 floor stochastic", 0x9639169F55E55F8C},
    {"mxfp8_e4m3 floor special", 0xA4EB8B589AD32789},
    {"mxfp8_e4m3 floor coarse", 0xFC205A4684A68D98},
    {"mxfp8_e4m3 floor extreme", 0x486971C4C820D3B4},
    {"mxfp8_e4m3 ceil nearest_even", 0xD8212B913C619A33},
    {"mxfp8_e4m3 ceil stochastic", 0x10684AC388F63BB0},
    {"mxfp8_e4m3 ceil special", 0xF32A4E865F762292},
    {"mxfp8_e4m3 ceil coarse", 0x612411BAA1FB0F54},
    {"mxfp8_e4m3 ceil extreme", 0x5AB99F1100FBDBED},
    {"mxfp8_e4m3 even nearest_even", 0x1C008DC162612769},
    {"mxfp8_e4m3 even stochastic", 0x03CEA157A439FACA},
    {"mxfp8_e4m3 even special", 0x026321DB3DDD1F05},
    {"mxfp8_e4m3 even coarse", 0xFC205A4684A68D98},
    {"mxfp8_e4m3 even extreme", 0xDF65B73FB989FCE5},
    {"mxfp8_e4m3 rceil nearest_even", 0x59A1F3EAFA7ED608},
    {"mxfp8_e4m3 rceil stochastic", 0x5861FD517FFA6383},
    {"mxfp8_e4m3 rceil special", 0x54E119D040435493},
    {"mxfp8_e4m3 rceil coarse", 0xFC205A4684A68D98},
    {"mxfp8_e4m3 rceil extreme", 0x1CEADA8C8399DFE4},
    {"mxfp8_e5m2 floor nearest_even", 0x943A38C434C5EA15},
    {"mxfp8_e5m2 floor stochastic", 0xCB54AA8DF58444D0},
    {"mxfp8_e5m2 floor special", 0xF6D93A9F6EBD2812},
    {"mxfp8_e5m2 floor coarse", 0x1E3E4B50B77A2C1F},
    {"mxfp8_e5m2 floor extreme", 0xB0468D86FE078DFB},
    {"mxfp8_e5m2 ceil nearest_even", 0xA1A98482889FC60F},
    {"mxfp8_e5m2 ceil stochastic", 0x2FBF8E7C55735C0E},
    {"mxfp8_e5m2 ceil special", 0xC461389A4B920E35},
    {"mxfp8_e5m2 ceil coarse", 0x899B490ED1A9838F},
    {"mxfp8_e5m2 ceil extreme", 0xCCA5ECD3D8977693},
    {"mxfp8_e5m2 even nearest_even", 0x387BF1232A69383B},
    {"mxfp8_e5m2 even stochastic", 0x3AC19CC27CA9FC49},
    {"mxfp8_e5m2 even special", 0x4830E0A76421D9AF},
    {"mxfp8_e5m2 even coarse", 0x1E3E4B50B77A2C1F},
    {"mxfp8_e5m2 even extreme", 0xCFA0BE67583E9284},
    {"mxfp8_e5m2 rceil nearest_even", 0x1AF88500BF24F4EB},
    {"mxfp8_e5m2 rceil stochastic", 0xD39CB672CB59BFC0},
    {"mxfp8_e5m2 rceil special", 0x15487D939CFB9CD5},
    {"mxfp8_e5m2 rceil coarse", 0x1E3E4B50B77A2C1F},
    {"mxfp8_e5m2 rceil extreme", 0xFE367D4C45EFF67F},
    {"mxfp6_e3m2 floor nearest_even", 0x78E880D6E07A37FB},
    {"mxfp6_e3m2 floor stochastic", 0x5FEF6A0E5C91AF91},
    {"mxfp6_e3m2 floor special", 0x4618E5FBACB0ED3E},
    {"mxfp6_e3m2 floor coarse", 0x8A774B67AD699019},
    {"mxfp6_e3m2 floor extreme", 0xF992FBE2A1A2BAD8},
    {"mxfp6_e3m2 ceil nearest_even", 0x6B2F9CA4E0C36BE6},
    {"mxfp6_e3m2 ceil stochastic", 0xC130214F4ACC2B23},
    {"mxfp6_e3m2 ceil special", 0xEB216D7BA8C599F3},
    {"mxfp6_e3m2 ceil coarse", 0xEA45F1D8E296D558},
    {"mxfp6_e3m2 ceil extreme", 0xF5FCA902C7AB7E02},
    {"mxfp6_e3m2 even nearest_even", 0x7BAA2F0F1B3E9B7F},
    {"mxfp6_e3m2 even stochastic", 0xEB05020A49AB4010},
    {"mxfp6_e3m2 even special", 0x95EDD577567124CE},
    {"mxfp6_e3m2 even coarse", 0x8A774B67AD699019},
    {"mxfp6_e3m2 even extreme", 0x3AC984653BC27293},
    {"mxfp6_e3m2 rceil nearest_even", 0xAE59022B3F692C83},
    {"mxfp6_e3m2 rceil stochastic", 0x0257A339F16E6524},
    {"mxfp6_e3m2 rceil special", 0x175F9BA40DECF158},
    {"mxfp6_e3m2 rceil coarse", 0x8A774B67AD699019},
    {"mxfp6_e3m2 rceil extreme", 0x9A6786869EDC1BAE},
    {"mxfp6_e2m3 floor nearest_even", 0x9C89F2724E42998F},
    {"mxfp6_e2m3 floor stochastic", 0x957986F56320480F},
    {"mxfp6_e2m3 floor special", 0x8E2881E928E5DF40},
    {"mxfp6_e2m3 floor coarse", 0xB790FB6B1ECEACCF},
    {"mxfp6_e2m3 floor extreme", 0x406CDB92E333054F},
    {"mxfp6_e2m3 ceil nearest_even", 0xFB8D5AE28C846DAC},
    {"mxfp6_e2m3 ceil stochastic", 0xBA6F166A7A5D631E},
    {"mxfp6_e2m3 ceil special", 0x29BA7F89CA605238},
    {"mxfp6_e2m3 ceil coarse", 0xE7DEB057F0D16984},
    {"mxfp6_e2m3 ceil extreme", 0xF34B344958AB64D9},
    {"mxfp6_e2m3 even nearest_even", 0xBA470C99F6382EFF},
    {"mxfp6_e2m3 even stochastic", 0xA90BECC22C9ED260},
    {"mxfp6_e2m3 even special", 0xB297F6D9F32F8FD1},
    {"mxfp6_e2m3 even coarse", 0xB790FB6B1ECEACCF},
    {"mxfp6_e2m3 even extreme", 0x54F8B617F1BD62B6},
    {"mxfp6_e2m3 rceil nearest_even", 0x518C28E77DD14B1F},
    {"mxfp6_e2m3 rceil stochastic", 0x50DCBDA3A8792111},
    {"mxfp6_e2m3 rceil special", 0xDC6346761425FAED},
    {"mxfp6_e2m3 rceil coarse", 0xB790FB6B1ECEACCF},
    {"mxfp6_e2m3 rceil extreme", 0x438D64E4113A4910},
    {"mxfp4 floor nearest_even", 0x9CF35B1FD7B446C9},
    {"mxfp4 floor stochastic", 0x5B418BBAF45BA311},
    {"mxfp4 floor special", 0x3AFFEAC7DE484EBF},
    {"mxfp4 floor coarse", 0x80FA17E11F174955},
    {"mxfp4 floor extreme", 0xCF212ED0B6037102},
    {"mxfp4 ceil nearest_even", 0x4AA1B7DEA2F71E7F},
    {"mxfp4 ceil stochastic", 0x1CFC1346D41E623B},
    {"mxfp4 ceil special", 0x8319A0682F9B2D65},
    {"mxfp4 ceil coarse", 0xED59822F5D105E50},
    {"mxfp4 ceil extreme", 0x91C3BCB91A8BBB6D},
    {"mxfp4 even nearest_even", 0x8752076E1DD06B7A},
    {"mxfp4 even stochastic", 0xE7F91480B86456FA},
    {"mxfp4 even special", 0x919AA1698B692BDA},
    {"mxfp4 even coarse", 0x80FA17E11F174955},
    {"mxfp4 even extreme", 0x064D723F62BA2BCD},
    {"mxfp4 rceil nearest_even", 0x042B2D621D9020C8},
    {"mxfp4 rceil stochastic", 0x9B9B7878A3C8BDEA},
    {"mxfp4 rceil special", 0xDA564A5EBC7E7352},
    {"mxfp4 rceil coarse", 0x80FA17E11F174955},
    {"mxfp4 rceil extreme", 0x0999F83B8919D7D2},
    {"mxint8 floor nearest_even", 0x0A617DAD0BCFF408},
    {"mxint8 floor stochastic", 0x46EA29316BAD53DB},
    {"mxint8 floor special", 0x067350BB020D9EE5},
    {"mxint8 floor coarse", 0x067355B20B07353C},
    {"mxint8 floor extreme", 0x14A62EEEC3C661F0},
    {"mxint8 ceil nearest_even", 0x6F5ADB833FFA74A7},
    {"mxint8 ceil stochastic", 0x6A6C80D93D9F682E},
    {"mxint8 ceil special", 0x46F475951AF041A4},
    {"mxint8 ceil coarse", 0xDED9D1AE3069FEA0},
    {"mxint8 ceil extreme", 0xFB4D5F1DD46450B0},
    {"mxint8 even nearest_even", 0x12DB3E0FA216A36A},
    {"mxint8 even stochastic", 0x6A7F1DED09F0DA8C},
    {"mxint8 even special", 0x067350BB020D9EE5},
    {"mxint8 even coarse", 0x067355B20B07353C},
    {"mxint8 even extreme", 0x83E96CE54FAB9FD3},
    {"mxint8 rceil nearest_even", 0x2659990432EF688F},
    {"mxint8 rceil stochastic", 0x5984E106241DEBD2},
    {"mxint8 rceil special", 0x37DB3E6217F343A1},
    {"mxint8 rceil coarse", 0x067355B20B07353C},
    {"mxint8 rceil extreme", 0x88D57A8235488295},
    {"nvfp4 amax nearest_even", 0xD3D2E6369D1008DA},
    {"nvfp4 amax stochastic", 0xAE3F80A54B144208},
    {"nvfp4 amax special", 0xE5F062224060ADAB},
    {"nvfp4 amax coarse", 0x5556BDEBEC6FF4B0},
    {"nvfp4 amax extreme", 0xBE6C9D36D8631FC4},
    {"nvfp4 transformer_engine nearest_even", 0xAEFBE44C23F2FBCC},
    {"nvfp4 transformer_engine stochastic", 0x56D66390E2C8595A},
    {"nvfp4 transformer_engine special", 0xFA24104538FC7CD1},
    {"nvfp4 transformer_engine coarse", 0xA43895FE15E704F7},
    {"nvfp4 transformer_engine extreme", 0x16A94EF7B02BEC7B},
    {"nvfp4 torchao nearest_even", 0xB8104E402DD25A2C},
    {"nvfp4 torchao stochastic", 0x251D127366760DC2},
    {"nvfp4 torchao special", 0x7F8629D3E2FF78CF},
    {"nvfp4 torchao coarse", 0xA43895FE15E704F7},
    {"nvfp4 torchao extreme", 0x4EF8FEE2477771C4},
    {"nvfp4 modelopt nearest_even", 0xE3C64F2DFDACD232},
    {"nvfp4 modelopt stochastic", 0x0995B0ABE8F39E8A},
    {"nvfp4 modelopt special", 0x878F5FD22CCD80B6},
    {"nvfp4 modelopt coarse", 0xA43895FE15E704F7},
    {"nvfp4 modelopt extreme", 0x18C20AB9B9568449},
    {"nvfp4_16x16 amax nearest_even", 0x98803D77142B36DD},
    {"nvfp4_16x16 amax stochastic", 0x7052C40516F98685},
    {"nvfp4_16x16 amax special", 0x6EE7322D001086B1},
    {"nvfp4_16x16 amax coarse", 0x71FEF2D21F60D407},
    {"nvfp4_16x16 amax extreme", 0x2800DF01CB898F58},
    {"nvfp4_16x16 transformer_engine nearest_even", 0x56049B0A81BA981B},
    {"nvfp4_16x16 transformer_engine stochastic", 0xECF1CEB9F47E4FE3},
    {"nvfp4_16x16 transformer_engine special", 0x6EE7322D001086B1},
    {"nvfp4_16x16 transformer_engine coarse", 0xB945D45DA2117AC7},
    {"nvfp4_16x16 transformer_engine extreme", 0xA701735A48E8C5E3},
    {"nvfp4_16x16 torchao nearest_even", 0xA85271F54B044C95},
    {"nvfp4_16x16 torchao stochastic", 0xEC11F9ED3676624B},
    {"nvfp4_16x16 torchao special", 0x6EE7322D001086B1},
    {"nvfp4_16x16 torchao coarse", 0xB945D45DA2117AC7},
    {"nvfp4_16x16 torchao extreme", 0xA92A1605C19439F8},
    {"nvfp4_16x16 modelopt nearest_even", 0xDB22DE5CB6488634},
    {"nvfp4_16x16 modelopt stochastic", 0x6B012787B941DF93},
    {"nvfp4_16x16 modelopt special", 0x6EE7322D001086B1},
    {"nvfp4_16x16 modelopt coarse", 0xB945D45DA2117AC7},
    {"nvfp4_16x16 modelopt extreme", 0x81AC5ADEC1FB65E3},
    {"scaled_rows(int_n<8>) amax nearest_even", 0x8607AE765AEC82FC},
    {"scaled_rows(int_n<8>) amax stochastic", 0x9380B149C8C90F5D},
    {"scaled_rows(int_n<8>) amax special", 0x7FC6C3A2649594FB},
    {"scaled_rows(int_n<8>) amax coarse", 0x93B1EFD013F6762B},
    {"scaled_rows(int_n<8>) amax extreme", 0xFCF9651EC6DC5DB0},
};
constexpr line other_lines[] = {
    {"mxfp4", 0x9CF35B1FD7B446C9},
    {"nvfp4", 0xAEFBE44C23F2FBCC},
    {"mxfp4 transposed", 0xE98E746FB52AF1D5},
    {"nvfp4 transposed", 0x939BF6F95249CAF3},
    {"nvfp4 transposed special", 0xF882392883E1B5FD},
};
constexpr line dequantize_lines[] = {
    {"mxfp8_e4m3", 0x236D59253C5AC213},
    {"mxfp8_e4m3 special", 0x9501AEC31180F96D},
    {"mxfp8_e4m3 extreme", 0xD830BF0940BBBFC1},
    {"mxfp8_e4m3 to bfloat16", 0x3D98F7F9C4B74693},
    {"mxfp8_e5m2", 0xB38AB405D054CFA7},
    {"mxfp8_e5m2 special", 0x01DF28DEF3D7A900},
    {"mxfp8_e5m2 extreme", 0x4C66E452C9016A6B},
    {"mxfp8_e5m2 to bfloat16", 0x0C23482B0AB65D77},
    {"mxfp6_e3m2", 0x3D684B3C111B5B0B},
    {"mxfp6_e3m2 special", 0xEB14F95767D5C326},
    {"mxfp6_e3m2 extreme", 0xA657DE682014799F},
    {"mxfp6_e3m2 to bfloat16", 0x2583050B533E48A3},
    {"mxfp6_e2m3", 0xDEECD5AFFF733716},
    {"mxfp6_e2m3 special", 0x5DE8C449541B32E6},
    {"mxfp6_e2m3 extreme", 0x72C69DC5B96B0D0D},
    {"mxfp6_e2m3 to bfloat16", 0xD8B95124A7076D16},
    {"mxfp4", 0xFA0B4B5E5EC7DA61},
    {"mxfp4 special", 0xF2739420C678A86E},
    {"mxfp4 extreme", 0x136A73BCEC1B0960},
    {"mxfp4 to bfloat16", 0x1F1B6C3EA6DC45B1},
    {"mxint8", 0xFDA796DFABAA12F2},
    {"mxint8 special", 0xAE08C0C20CFC1A98},
    {"mxint8 extreme", 0x809A793D16F803CE},
    {"mxint8 to bfloat16", 0x36CE2E34B6227B7A},
    {"nvfp4", 0x90AF35E16018266D},
    {"nvfp4 special", 0x5B1DF8FB31C2F55F},
    {"nvfp4 extreme", 0x035450056D389DDD},
    {"nvfp4 to bfloat16", 0x23F7EDD1058FAED6},
    {"nvfp4_16x16", 0x2564E40201A3827A},
    {"nvfp4_16x16 special", 0xCF9170530722276D},
    {"nvfp4_16x16 extreme", 0x035450056D389DDD},
    {"nvfp4_16x16 to bfloat16", 0xFB928DF8CE0F44F8},
    {"scaled_rows(int_n<8>)", 0xEA97938B352259CE},
    {"scaled_rows(int_n<8>) special", 0x25D97F61FBD1AABF},
    {"scaled_rows(int_n<8>) extreme", 0x0041DDB7C6E3180A},
    {"scaled_rows(int_n<8>) to bfloat16", 0xF551D6A64DCC1314},
};
constexpr line round_lines[] = {
    {"mxfp4 floor nearest_even", 0xFA0B4B5E5EC7DA61},
    {"mxfp4 floor stochastic", 0xF7BDB72032BEFEF1},
    {"mxfp4 floor special", 0xF2739420C678A86E},
    {"mxfp4 floor coarse", 0xC26D24E003B10C95},
    {"mxfp4 floor extreme", 0x136A73BCEC1B0960},
    {"mxfp4 ceil nearest_even", 0xB9D86B8F013EF751},
    {"mxfp4 ceil stochastic", 0x6279F64C55E09F9F},
    {"mxfp4 ceil special", 0xF75B046083348C6C},
    {"mxfp4 ceil coarse", 0x8C34EC70BA669D72},
    {"mxfp4 ceil extreme", 0xBADA412F134DFE7C},
    {"mxfp4 even nearest_even", 0x29DD3C0D60CBF93E},
    {"mxfp4 even stochastic", 0xA04BFC33A292023E},
    {"mxfp4 even special", 0x8A6AF2D08010E337},
    {"mxfp4 even coarse", 0xC26D24E003B10C95},
    {"mxfp4 even extreme", 0x2C3B04085D10E318},
    {"mxfp4 rceil nearest_even", 0x4C5A238251B28AC1},
    {"mxfp4 rceil stochastic", 0x5A506220C32DB94A},
    {"mxfp4 rceil special", 0x3E5E3173AE88AF9F},
    {"mxfp4 rceil coarse", 0xC26D24E003B10C95},
    {"mxfp4 rceil extreme", 0x47D95B6BA0BD2C78},
    {"nvfp4 amax nearest_even", 0x90AF35E16018266D},
    {"nvfp4 amax stochastic", 0x100BD8D4017CAE82},
    {"nvfp4 amax special", 0x5B1DF8FB31C2F55F},
    {"nvfp4 amax coarse", 0x8D806865CEE3F604},
    {"nvfp4 amax extreme", 0x035450056D389DDD},
    {"nvfp4 transformer_engine nearest_even", 0x90AF35E16018266D},
    {"nvfp4 transformer_engine stochastic", 0x100BD8D4017CAE82},
    {"nvfp4 transformer_engine special", 0x5B1DF8FB31C2F55F},
    {"nvfp4 transformer_engine coarse", 0xE236FA6D240D8467},
    {"nvfp4 transformer_engine extreme", 0x035450056D389DDD},
    {"nvfp4 torchao nearest_even", 0xB8C470CC1296B7BE},
    {"nvfp4 torchao stochastic", 0x45062F1466721C42},
    {"nvfp4 torchao special", 0xF3FEC4A266A80806},
    {"nvfp4 torchao coarse", 0xE236FA6D240D8467},
    {"nvfp4 torchao extreme", 0x035450056D389DDD},
    {"nvfp4 modelopt nearest_even", 0x259494F79C44296B},
    {"nvfp4 modelopt stochastic", 0x2F2F5E10B0E2F484},
    {"nvfp4 modelopt special", 0xA8E9C83D7EF21A0E},
    {"nvfp4 modelopt coarse", 0xE236FA6D240D8467},
    {"nvfp4 modelopt extreme", 0x035450056D389DDD},
    {"mxint8 nearest_even", 0xFDA796DFABAA12F2},
    {"mxint8 stochastic", 0x7A3F7065C85910C0},
    {"mxint8 special", 0xAE08C0C20CFC1A98},
    {"mxint8 coarse", 0xBC03A9B230F13C9B},
    {"mxint8 extreme", 0x809A793D16F803CE},
    {"e3m2 by ue5m3 in 2 x 24 nearest_even", 0xE944784717FC3CED},
    {"e3m2 by ue5m3 in 2 x 24 stochastic", 0x075E64B24F9319D8},
    {"e3m2 by ue5m3 in 2 x 24 special", 0xDE6A6006900F4A36},
    {"e3m2 by ue5m3 in 2 x 24 coarse", 0xAAE69AFF828539F9},
    {"e3m2 by ue5m3 in 2 x 24 extreme", 0x01BC9AF1EA1BF248},
    {"e1m2 by e6m2 in 1 x 20 nearest_even", 0x8AFCB29024864713},
    {"e1m2 by e6m2 in 1 x 20 stochastic", 0xD9D31188B5D9D588},
    {"e1m2 by e6m2 in 1 x 20 special", 0x3593C39259DACCFA},
    {"e1m2 by e6m2 in 1 x 20 coarse", 0x66143276955475D0},
    {"e1m2 by e6m2 in 1 x 20 extreme", 0xDF77F657A91332CC},
    {"scaled_tensor(e4m3fn) nearest_even", 0xE3024EAA232A074F},
    {"scaled_tensor(e4m3fn) stochastic", 0x5B11AAB4398BBD97},
    {"scaled_tensor(e4m3fn) special", 0xE1EAE78E025097E8},
    {"scaled_tensor(e4m3fn) coarse", 0x0873F534A6F58185},
    {"scaled_tensor(e4m3fn) extreme", 0x035450056D389DDD},
    {"scaled_rows(binary16) nearest_even", 0x5DDFB07230A1E1EF},
    {"scaled_rows(binary16) stochastic", 0x4E04611F5DA3CB65},
    {"scaled_rows(binary16) special", 0x18CEC9EA02484A42},
    {"scaled_rows(binary16) coarse", 0x60B36B669C93F781},
    {"scaled_rows(binary16) extreme", 0xF24B77588DE1E67D},
};
// clang-format on

}  // namespace

TEST_CASE("Digests of quantize, for every format of the catalogue and each of its rules") {
  table t(quantize_lines);
  check_powers_of_two<formats::mxfp8_e4m3>(t, "mxfp8_e4m3");
  check_powers_of_two<formats::mxfp8_e5m2>(t, "mxfp8_e5m2");
  check_powers_of_two<formats::mxfp6_e3m2>(t, "mxfp6_e3m2");
  check_powers_of_two<formats::mxfp6_e2m3>(t, "mxfp6_e2m3");
  check_powers_of_two<formats::mxfp4>(t, "mxfp4");
  check_powers_of_two<formats::mxint8>(t, "mxint8");
  check_other_rules<formats::nvfp4>(t, "nvfp4");
  check_other_rules<formats::nvfp4_16x16>(t, "nvfp4_16x16");
  check_quantize<formats::scaled_rows(formats::int_n<8>)>(t, "scaled_rows(int_n<8>)", rules::amax);
  t.finish();
}

TEST_CASE("Digests of quantize without arguments and of quantize_transposed") {
  table t(other_lines);
  t.check("mxfp4", digest_of(finite(), lowp::quantize<formats::mxfp4>(finite())));
  t.check("nvfp4", digest_of(finite(), lowp::quantize<formats::nvfp4>(finite())));
  t.check("mxfp4 transposed", [](const execution& how) {
    return digest_of(finite(),
                     lowp::quantize_transposed<formats::mxfp4>(finite(), lowp::nearest_even, how));
  });
  t.check("nvfp4 transposed", [](const execution& how) {
    return digest_of(finite(),
                     lowp::quantize_transposed<formats::nvfp4>(finite(), lowp::nearest_even, how));
  });
  t.check("nvfp4 transposed special", [](const execution& how) {
    return digest_of(special(),
                     lowp::quantize_transposed<formats::nvfp4>(special(), lowp::nearest_even, how));
  });
  t.finish();
}

TEST_CASE("Digests of dequantize") {
  table t(dequantize_lines);
  check_dequantize<formats::mxfp8_e4m3>(t, "mxfp8_e4m3");
  check_dequantize<formats::mxfp8_e5m2>(t, "mxfp8_e5m2");
  check_dequantize<formats::mxfp6_e3m2>(t, "mxfp6_e3m2");
  check_dequantize<formats::mxfp6_e2m3>(t, "mxfp6_e2m3");
  check_dequantize<formats::mxfp4>(t, "mxfp4");
  check_dequantize<formats::mxint8>(t, "mxint8");
  check_dequantize<formats::nvfp4>(t, "nvfp4");
  check_dequantize<formats::nvfp4_16x16>(t, "nvfp4_16x16");
  check_dequantize<formats::scaled_rows(formats::int_n<8>)>(t, "scaled_rows(int_n<8>)");
  t.finish();
}

TEST_CASE("Digests of round_to with block formats chosen at run time") {
  table t(round_lines);
  const auto check = [&](const auto& format, const char* name, const auto&... rule) {
    (check_round_to(t, name + (" " + std::string(rule.name)), format, rule), ...);
  };
  check(formats::mxfp4, "mxfp4", rules::floor, rules::ceil, rules::even, rules::rceil);
  check(formats::nvfp4, "nvfp4", rules::amax, rules::transformer_engine, rules::torchao,
        rules::modelopt);
  check_round_to(t, "mxint8", formats::mxint8, rules::standard);
  check_round_to(t, "e3m2 by ue5m3 in 2 x 24",
                 lowp::block_format{formats::e3m2, formats::ue5m3, lowp::block_shape{2, 24}},
                 rules::standard);
  check_round_to(t, "e1m2 by e6m2 in 1 x 20",
                 lowp::block_format{formats::e1m2, formats::e6m2, lowp::block_shape{1, 20}},
                 rules::ceil);
  check_round_to(t, "scaled_tensor(e4m3fn)", formats::scaled_tensor(formats::e4m3fn),
                 rules::standard);
  check_round_to(t, "scaled_rows(binary16)", formats::scaled_rows(formats::binary16),
                 rules::standard);
  t.finish();
}
