// SPDX-License-Identifier: MIT
// Pins the bits of products by the policies that model other machines' sums (see digest.hpp).
#include <string>

#include "digests/digest.hpp"
#include "digests/operands.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace {

namespace formats = lowp::formats;
namespace policies = lowp::policies;
using namespace test::digests;

constexpr lowp::rounded_sums pairs{.order = lowp::summation::pairwise,
                                   .accumulator = formats::binary16};
constexpr lowp::rounded_sums in_chunks{
    .accumulator = formats::bfloat16, .product = lowp::product::rounded, .chunk = 64};
constexpr lowp::rounded_sums in_lanes{.lanes = 8};

/// An adder that is given elements times their scales.
constexpr lowp::aligned_sums of_values(lowp::aligned_sums adder) {
  adder.scales = lowp::scale_use::elements;
  return adder;
}

using of_nvfp4 = of_blocks<formats::nvfp4>;
using of_mxfp8 = of_blocks<formats::mxfp8_e4m3>;

// clang-format off
constexpr line sum_lines[] = {
    {"sequential_binary32, nvfp4 by e4m3fn 1 x 40 x 64", 0x7D365D0C64D1B492},
    {"sequential_binary32, nvfp4 by e4m3fn 5 x 33 x 200", 0xDC3DDF545C67CEA9},
    {"sequential_binary32, nvfp4 by e4m3fn 37 x 45 x 161", 0x205AFA33BB0F5595},
    {"sequential_binary32, nvfp4 by e4m3fn 70 x 21 x 288", 0xB6275B95A9800DAD},
    {"sequential_binary64, float by float 1 x 40 x 64", 0xC8523647D18538CA},
    {"sequential_binary64, float by float 5 x 33 x 200", 0xF546D0AA4585DD96},
    {"sequential_binary64, float by float 37 x 45 x 161", 0x4CF32139B6D5C02B},
    {"sequential_binary64, float by float 70 x 21 x 288", 0x6711310C2ECC8285},
    {"exact, nvfp4 by e4m3fn 1 x 40 x 64", 0x7D365D0C64D1B492},
    {"exact, nvfp4 by e4m3fn 5 x 33 x 200", 0x355B0EDD830C1CD5},
    {"exact, nvfp4 by e4m3fn 37 x 45 x 161", 0x31A972989279DF8A},
    {"exact, nvfp4 by e4m3fn 70 x 21 x 288", 0x07CCF77CF3BCC0ED},
    {"exact, float by float, stochastic 1 x 40 x 64", 0xE05F924AF000FBF1},
    {"exact, float by float, stochastic 5 x 33 x 200", 0xB4E0FBC43E4AD13D},
    {"exact, float by float, stochastic 37 x 45 x 161", 0x252AB0B4A496BCEE},
    {"exact, float by float, stochastic 70 x 21 x 288", 0xA3ADF89625329A59},
    {"pairwise binary16, bfloat16 by mxfp8_e4m3 1 x 40 x 64", 0x2FEA0046B43AEC2D},
    {"pairwise binary16, bfloat16 by mxfp8_e4m3 5 x 33 x 200", 0xC95B5B78F6FBD330},
    {"pairwise binary16, bfloat16 by mxfp8_e4m3 37 x 45 x 161", 0xA914F1BB53749896},
    {"pairwise binary16, bfloat16 by mxfp8_e4m3 70 x 21 x 288", 0x035245228A79D2BA},
    {"chunks in bfloat16, bfloat16 by mxfp8_e4m3, stochastic 1 x 40 x 64", 0xEDC10CE371F775DC},
    {"chunks in bfloat16, bfloat16 by mxfp8_e4m3, stochastic 5 x 33 x 200", 0xDF55BD25394F5BD1},
    {"chunks in bfloat16, bfloat16 by mxfp8_e4m3, stochastic 37 x 45 x 161", 0x39BB42E5660ECC34},
    {"chunks in bfloat16, bfloat16 by mxfp8_e4m3, stochastic 70 x 21 x 288", 0x273D4FF123A306F6},
    {"8 lanes, float by float 1 x 40 x 64", 0x57FF4A3886F9FFB4},
    {"8 lanes, float by float 5 x 33 x 200", 0x446A60503BC60519},
    {"8 lanes, float by float 37 x 45 x 161", 0x80BF3070576C500E},
    {"8 lanes, float by float 70 x 21 x 288", 0x153B4948917764A5},
};
constexpr line aligned_lines[] = {
    {"volta_fp16 1 x 40 x 64", 0xBE2ED41D44637A7D},
    {"volta_fp16 5 x 33 x 200", 0x90D5625A71CD299C},
    {"volta_fp16 37 x 45 x 161", 0xB76A2519A177A3A7},
    {"volta_fp16 70 x 21 x 288", 0x1A71204171937B03},
    {"ampere_fp16 1 x 40 x 64", 0xEE5F0993E7BB549B},
    {"ampere_fp16 5 x 33 x 200", 0xC3BE347BFEE10D67},
    {"ampere_fp16 37 x 45 x 161", 0xA377AA5E1F14349C},
    {"ampere_fp16 70 x 21 x 288", 0xCE52113509E1DEBB},
    {"hopper_fp16 1 x 40 x 64", 0xD8DD70082103F1F8},
    {"hopper_fp16 5 x 33 x 200", 0x8BEEEA464A9DD8E3},
    {"hopper_fp16 37 x 45 x 161", 0x39D13A8C6DD88061},
    {"hopper_fp16 70 x 21 x 288", 0x75CC5A44607337F8},
    {"ada_fp8 of values 1 x 40 x 64", 0x7852C73D786DA146},
    {"ada_fp8 of values 5 x 33 x 200", 0x58A7ED585C86C3B8},
    {"ada_fp8 of values 37 x 45 x 161", 0x776DA7A4E344EA6A},
    {"ada_fp8 of values 70 x 21 x 288", 0xE793B6680FA90FA9},
    {"hopper_fp8 of values 1 x 40 x 64", 0x66CE841AC03B35DA},
    {"hopper_fp8 of values 5 x 33 x 200", 0xAC14F494E23FF92A},
    {"hopper_fp8 of values 37 x 45 x 161", 0x98B62F47B0DDD717},
    {"hopper_fp8 of values 70 x 21 x 288", 0x82A67B3D0B6B2913},
    {"hopper_fp8_promoted of values 1 x 40 x 64", 0x66CE841AC03B35DA},
    {"hopper_fp8_promoted of values 5 x 33 x 200", 0x8AD8324D7004F443},
    {"hopper_fp8_promoted of values 37 x 45 x 161", 0xAD34AF5F79DEDB8A},
    {"hopper_fp8_promoted of values 70 x 21 x 288", 0xF2CE8743773E25E2},
    {"blackwell_fp8 of values 1 x 40 x 64", 0x4866FFD4E595BA4C},
    {"blackwell_fp8 of values 5 x 33 x 200", 0x5060D9C71F68EAC4},
    {"blackwell_fp8 of values 37 x 45 x 161", 0x756A173E8E0646F9},
    {"blackwell_fp8 of values 70 x 21 x 288", 0xC8087245B0C79281},
    {"hopper_fp8, e4m3fn by e4m3fn 1 x 40 x 64", 0xC6381FA33E15B9E9},
    {"hopper_fp8, e4m3fn by e4m3fn 5 x 33 x 200", 0xCEE145ED55706F43},
    {"hopper_fp8, e4m3fn by e4m3fn 37 x 45 x 161", 0xEEF885AC9858E437},
    {"hopper_fp8, e4m3fn by e4m3fn 70 x 21 x 288", 0xCEE7DA72F47AABB8},
    {"hopper_fp16, accumulated 1 x 40 x 64", 0x7A5BF1B3D9EDD8CC},
    {"hopper_fp16, accumulated 5 x 33 x 200", 0xC42F516FF09AC850},
    {"hopper_fp16, accumulated 37 x 45 x 161", 0xFD51ACC8DE1F9C05},
    {"hopper_fp16, accumulated 70 x 21 x 288", 0xEF04F6D36F0CE8E3},
    {"ada_fp8 1 x 40 x 64", 0xF6FDAA9D638D14BB},
    {"ada_fp8 5 x 33 x 200", 0x746DEE73AC1C18AC},
    {"ada_fp8 37 x 45 x 161", 0x7B1A4714AF7ADA00},
    {"ada_fp8 70 x 21 x 288", 0x49D9AE4234F882F3},
    {"hopper_fp8 1 x 40 x 64", 0x5A3762B466C2764E},
    {"hopper_fp8 5 x 33 x 200", 0x10EEB4865EFCE9EA},
    {"hopper_fp8 37 x 45 x 161", 0xB6400683CBD1FD42},
    {"hopper_fp8 70 x 21 x 288", 0x4DB33747140BECA3},
    {"hopper_fp8_promoted 1 x 40 x 64", 0x5A3762B466C2764E},
    {"hopper_fp8_promoted 5 x 33 x 200", 0x10EEB4865EFCE9EA},
    {"hopper_fp8_promoted 37 x 45 x 161", 0xB6400683CBD1FD42},
    {"hopper_fp8_promoted 70 x 21 x 288", 0x4DB33747140BECA3},
    {"blackwell_fp8 1 x 40 x 64", 0xE557415E26E8E6EB},
    {"blackwell_fp8 5 x 33 x 200", 0xEA2B008D36EF5276},
    {"blackwell_fp8 37 x 45 x 161", 0xB49BCC16149807AA},
    {"blackwell_fp8 70 x 21 x 288", 0x65260F2698A4C59D},
};
// clang-format on

}  // namespace

TEST_CASE("Digests of products summed in other orders and formats") {
  table t(sum_lines);
  const lowp::any_rounding random(lowp::stochastic{.seed = 61});
  check_product<policies::sequential_binary32, of_nvfp4, of_packed_e4m3fn>(
      t, "sequential_binary32, nvfp4 by e4m3fn");
  check_product<policies::sequential_binary64, of_float, of_float>(
      t, "sequential_binary64, float by float");
  check_product<policies::exact, of_nvfp4, of_packed_e4m3fn>(t, "exact, nvfp4 by e4m3fn");
  check_product<policies::exact, of_float, of_float>(t, "exact, float by float, stochastic",
                                                     random);
  check_product<pairs, of_bfloat16, of_mxfp8>(t, "pairwise binary16, bfloat16 by mxfp8_e4m3");
  check_product<in_chunks, of_bfloat16, of_mxfp8>(
      t, "chunks in bfloat16, bfloat16 by mxfp8_e4m3, stochastic", random);
  check_product<in_lanes, of_float, of_float>(t, "8 lanes, float by float");
  t.finish();
}

TEST_CASE("Digests of products by the adders of tensor cores") {
  table t(aligned_lines);
  check_product<policies::volta_fp16, of_bfloat16, of_mxfp8>(t, "volta_fp16");
  check_product<policies::ampere_fp16, of_bfloat16, of_mxfp8>(t, "ampere_fp16");
  check_product<policies::hopper_fp16, of_bfloat16, of_mxfp8>(t, "hopper_fp16");
  check_product<of_values(policies::ada_fp8), of_bfloat16, of_mxfp8>(t, "ada_fp8 of values");
  check_product<policies::ada_fp8, of_bfloat16, of_mxfp8>(t, "ada_fp8");
  check_product<of_values(policies::hopper_fp8), of_bfloat16, of_mxfp8>(t, "hopper_fp8 of values");
  check_product<policies::hopper_fp8, of_bfloat16, of_mxfp8>(t, "hopper_fp8");
  check_product<of_values(policies::hopper_fp8_promoted), of_bfloat16, of_mxfp8>(
      t, "hopper_fp8_promoted of values");
  check_product<policies::hopper_fp8_promoted, of_bfloat16, of_mxfp8>(t, "hopper_fp8_promoted");
  check_product<of_values(policies::blackwell_fp8), of_bfloat16, of_mxfp8>(
      t, "blackwell_fp8 of values");
  check_product<policies::blackwell_fp8, of_bfloat16, of_mxfp8>(t, "blackwell_fp8");
  check_product<policies::hopper_fp8, of_packed_e4m3fn, of_packed_e4m3fn>(
      t, "hopper_fp8, e4m3fn by e4m3fn");
  check_product<policies::hopper_fp16, of_bfloat16, of_mxfp8, true>(t, "hopper_fp16, accumulated");
  t.finish();
}
