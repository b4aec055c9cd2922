// SPDX-License-Identifier: MIT
// Pins the bits of products by the default policy and by integers, and of what an epilogue
// makes of them (see digest.hpp).
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "digests/digest.hpp"
#include "digests/operands.hpp"

namespace {

namespace formats = lowp::formats;
namespace policies = lowp::policies;
using lowp::execution;
using lowp::matrix_view;
using namespace test::digests;

constexpr lowp::k32_sums k32{};

// clang-format off
constexpr line product_lines[] = {
    {"float by float 1 x 40 x 64", 0x7300F42825017196},
    {"float by float 5 x 33 x 200", 0x84E95D9AB1ECE881},
    {"float by float 37 x 45 x 161", 0xFE7D2D42DFA0C320},
    {"float by float 70 x 21 x 288", 0x67ED228FE8093275},
    {"mxfp4 by mxfp4 1 x 40 x 64", 0x8485DA5DFBCDF788},
    {"mxfp4 by mxfp4 5 x 33 x 200", 0x174CE447A99D8C67},
    {"mxfp4 by mxfp4 37 x 45 x 161", 0x5BFDDD43722572B5},
    {"mxfp4 by mxfp4 70 x 21 x 288", 0xB37D9B1620E0A95C},
    {"nvfp4 by e4m3fn 1 x 40 x 64", 0x7D365D0C64D1B492},
    {"nvfp4 by e4m3fn 5 x 33 x 200", 0x3E9D7CCBEAB47CC6},
    {"nvfp4 by e4m3fn 37 x 45 x 161", 0x4403E2631817E3E1},
    {"nvfp4 by e4m3fn 70 x 21 x 288", 0x06C97C8F0F44F9C3},
    {"bfloat16 by mxfp8_e4m3 1 x 40 x 64", 0xA24E93FAEB7B9199},
    {"bfloat16 by mxfp8_e4m3 5 x 33 x 200", 0x84DD64E5328DDB08},
    {"bfloat16 by mxfp8_e4m3 37 x 45 x 161", 0xC24A7F2BDC22D6CF},
    {"bfloat16 by mxfp8_e4m3 70 x 21 x 288", 0xF794886110BB9D6E},
    {"float by affine uint_n<4> 1 x 40 x 64", 0xD456C60571F1D9C8},
    {"float by affine uint_n<4> 5 x 33 x 200", 0x94E56B1FE86747B0},
    {"float by affine uint_n<4> 37 x 45 x 161", 0x81E779A6573E6FA3},
    {"float by affine uint_n<4> 70 x 21 x 288", 0x85BFD6F554C57D9B},
    {"bfloat16 by mxfp8_e4m3, accumulated 1 x 40 x 64", 0x4F83659A56FA708D},
    {"bfloat16 by mxfp8_e4m3, accumulated 5 x 33 x 200", 0xB6C85789A8F6A26D},
    {"bfloat16 by mxfp8_e4m3, accumulated 37 x 45 x 161", 0xE90842E94533D243},
    {"bfloat16 by mxfp8_e4m3, accumulated 70 x 21 x 288", 0xD6F4C639A405B339},
};
constexpr line integer_lines[] = {
    {"int_n<8> by int_n<8> 1 x 40 x 64", 0xFE69C5FE4A046E89},
    {"int_n<8> by int_n<8> 5 x 33 x 200", 0x84EB1AF5422EFF32},
    {"int_n<8> by int_n<8> 37 x 45 x 161", 0x0A1E9D7476667138},
    {"int_n<8> by int_n<8> 70 x 21 x 288", 0x70D42D4F911A18A0},
    {"int_n<8> by affine uint_n<4> 1 x 40 x 64", 0xDA63534FABBBCEBC},
    {"int_n<8> by affine uint_n<4> 5 x 33 x 200", 0x97FBF8B9F0FA78FA},
    {"int_n<8> by affine uint_n<4> 37 x 45 x 161", 0xEA6DDEB609FC653E},
    {"int_n<8> by affine uint_n<4> 70 x 21 x 288", 0x61EAA08E737FE935},
};
constexpr line epilogue_lines[] = {
    {"none 5 x 33 x 200", 0x31FE9B70FE7C9343},
    {"relu 5 x 33 x 200", 0x34B077F00F8AFF49},
    {"silu 5 x 33 x 200", 0xB8B1E14F0F87B5B0},
    {"gelu 5 x 33 x 200", 0x477D0E3B6FF916FB},
    {"gelu_tanh 5 x 33 x 200", 0xC8F6F9E012B484D0},
    {"gelu to bfloat16, stochastic, 5 x 33 x 200", 0x339667E1956E3626},
    {"none 37 x 45 x 161", 0x7BE2A92A22977737},
    {"relu 37 x 45 x 161", 0x765BF343B8EEE8B6},
    {"silu 37 x 45 x 161", 0x103A5972868EF9EF},
    {"gelu 37 x 45 x 161", 0x6E4FBC14384303E6},
    {"gelu_tanh 37 x 45 x 161", 0x0516B853CD81CA72},
    {"gelu to bfloat16, stochastic, 37 x 45 x 161", 0x5608F9357B5C02D3},
};
// clang-format on

}  // namespace

TEST_CASE("Digests of products by the default policy") {
  table t(product_lines);
  check_product<k32, of_float, of_float>(t, "float by float");
  check_product<k32, of_blocks<formats::mxfp4>, of_blocks<formats::mxfp4>>(t, "mxfp4 by mxfp4");
  check_product<k32, of_blocks<formats::nvfp4>, of_packed_e4m3fn>(t, "nvfp4 by e4m3fn");
  check_product<k32, of_bfloat16, of_blocks<formats::mxfp8_e4m3>>(t, "bfloat16 by mxfp8_e4m3");
  check_product<k32, of_float, of_affine>(t, "float by affine uint_n<4>");
  check_product<k32, of_bfloat16, of_blocks<formats::mxfp8_e4m3>, true>(
      t, "bfloat16 by mxfp8_e4m3, accumulated");
  t.finish();
}

TEST_CASE("Digests of products by integers") {
  table t(integer_lines);
  check_product<policies::integers, of_int8, of_int8>(t, "int_n<8> by int_n<8>");
  check_product<policies::integers, of_int8, of_affine>(t, "int_n<8> by affine uint_n<4>");
  t.finish();
}

TEST_CASE("Digests of products through an epilogue") {
  table t(epilogue_lines);
  for (const shape& s : {shapes[1], shapes[2]}) {
    const of_bfloat16 a(matrix(s.m, s.k, 51));
    const of_blocks<formats::mxfp8_e4m3> b(matrix(s.n, s.k, 52));
    source random(53);
    std::vector<float> row_scales, bias;
    for (std::size_t i = 0; i < s.m; ++i) row_scales.push_back(random.in_binades(112, 120));
    for (std::size_t i = 0; i < s.n; ++i) bias.push_back(random.in_binades(122, 128));
    const std::pair<const char*, lowp::activation> activations[] = {
        {"none", lowp::activation::none},
        {"relu", lowp::activation::relu},
        {"silu", lowp::activation::silu},
        {"gelu", lowp::activation::gelu},
        {"gelu_tanh", lowp::activation::gelu_tanh}};
    for (const auto& [activation_name, f] : activations) {
      const lowp::epilogue e{.row_scales = row_scales, .bias = bias, .activation = f};
      t.check(std::string(activation_name) + " " + name(s), [&](const execution& how) {
        return digest_of_product(matrix(s.m, s.n + 3, 54), [&](matrix_view<float> c) {
          lowp::gemm(a.operand, b.operand, c, e, how);
        });
      });
    }
    const lowp::epilogue rounded{.row_scales = row_scales,
                                 .bias = bias,
                                 .activation = lowp::activation::gelu,
                                 .rounding = lowp::stochastic{.seed = 55}};
    t.check("gelu to bfloat16, stochastic, " + name(s), [&](const execution& how) {
      std::vector<lowp::bfloat16> c(s.m * s.n);
      lowp::gemm(a.operand, b.operand, matrix_view<lowp::bfloat16>(c.data(), s.m, s.n), rounded,
                 how);
      digest d;
      d.add_all(c);
      return d.value();
    });
  }
  t.finish();
}
