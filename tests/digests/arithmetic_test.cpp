// SPDX-License-Identifier: MIT
// Pins the bits of + - * / fma sqrt of single numbers (see digest.hpp).
#include "lowp/number/arithmetic.hpp"

#include <cstdint>
#include <string>

#include "digests/digest.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::any_rounding;
using lowp::number;
using test::digests::digest;

// clang-format off
constexpr test::digests::line lines[] = {
    {"add e4m3fn nearest_even", 0x18ED1F585BE02E87},
    {"subtract e4m3fn nearest_even", 0x6E970EDA047C3A46},
    {"multiply e4m3fn nearest_even", 0x20E6B93BF1728F39},
    {"divide e4m3fn nearest_even", 0x2F7C3702341D1286},
    {"fma e4m3fn nearest_even", 0x2A934A7417AE91A2},
    {"sqrt e4m3fn nearest_even", 0xCAF68277BF5EB259},
    {"fma saturate e4m3fn nearest_even", 0x245DC7A7AC8FDA86},
    {"add e4m3fn downward", 0x376233768B693377},
    {"subtract e4m3fn downward", 0x7A1357AF141632AA},
    {"multiply e4m3fn downward", 0x02C6E6B12792F451},
    {"divide e4m3fn downward", 0x70472B844DBE50E0},
    {"fma e4m3fn downward", 0x7AFC8963C0249095},
    {"sqrt e4m3fn downward", 0x1549389C9CB4F0F5},
    {"fma saturate e4m3fn downward", 0xF73B8D6C094C524E},
    {"add e4m3fn stochastic", 0xFB72DB01BC310E2A},
    {"subtract e4m3fn stochastic", 0x9C872FE5314BB32B},
    {"multiply e4m3fn stochastic", 0x7A2C6EF86B930E59},
    {"divide e4m3fn stochastic", 0xB38BE67E4AC14F10},
    {"fma e4m3fn stochastic", 0x8FFD2D970120A5F9},
    {"sqrt e4m3fn stochastic", 0x41F8D155E9ABD42E},
    {"fma saturate e4m3fn stochastic", 0x9B9FC86C098A7EB8},
    {"add binary16 nearest_even", 0x575263E59A622FED},
    {"subtract binary16 nearest_even", 0x67572DE5672B3606},
    {"multiply binary16 nearest_even", 0xDA5369D5A73D97F3},
    {"divide binary16 nearest_even", 0x67BB48DE578B6E7C},
    {"fma binary16 nearest_even", 0x46F3E55C7AFD7B27},
    {"sqrt binary16 nearest_even", 0xD80BF138E25940DC},
    {"fma saturate binary16 nearest_even", 0x72C7BA45CDB8066D},
    {"add binary16 downward", 0xB9AC85EFC26F3994},
    {"subtract binary16 downward", 0xDC20D9AA3F90F845},
    {"multiply binary16 downward", 0x27F67496AE1F3BCE},
    {"divide binary16 downward", 0x52FA804EC70CC3F4},
    {"fma binary16 downward", 0xF687C991C028A3A7},
    {"sqrt binary16 downward", 0x720F5DE1B4160E87},
    {"fma saturate binary16 downward", 0x709F8EEC0F15213B},
    {"add binary16 stochastic", 0xA0FB93BB9C6A25B1},
    {"subtract binary16 stochastic", 0x2FC8A572BAD03C8B},
    {"multiply binary16 stochastic", 0x65C280E369E885FB},
    {"divide binary16 stochastic", 0x8F58175FD70E4D1D},
    {"fma binary16 stochastic", 0xE9431BE6829B82F9},
    {"sqrt binary16 stochastic", 0xACF2F0FF06D81C25},
    {"fma saturate binary16 stochastic", 0xE1FFBDD59DD1FF7F},
    {"add posit<8, 2> nearest_even", 0x0ADBC911BC6E3E00},
    {"subtract posit<8, 2> nearest_even", 0x7C6C3CD7D57FDD99},
    {"multiply posit<8, 2> nearest_even", 0x9882B3291DC6FC2A},
    {"divide posit<8, 2> nearest_even", 0x556453989F953ADF},
    {"fma posit<8, 2> nearest_even", 0x314532DE19372613},
    {"sqrt posit<8, 2> nearest_even", 0xC2C442176EECA849},
    {"fma saturate posit<8, 2> nearest_even", 0x314532DE19372613},
    {"add posit<8, 2> downward", 0xE7D74337947DB50E},
    {"subtract posit<8, 2> downward", 0x13857CC84AB4B7F2},
    {"multiply posit<8, 2> downward", 0xDBD51A35035AF18C},
    {"divide posit<8, 2> downward", 0x1EE3BF9EFB8D9A65},
    {"fma posit<8, 2> downward", 0x98189C6650F12D1F},
    {"sqrt posit<8, 2> downward", 0x1D354C3A27337784},
    {"fma saturate posit<8, 2> downward", 0x98189C6650F12D1F},
    {"add posit<8, 2> stochastic", 0x6ED20E760DA0BE31},
    {"subtract posit<8, 2> stochastic", 0xCC1BC4E859B27579},
    {"multiply posit<8, 2> stochastic", 0x48DD21A4ABEBFBB9},
    {"divide posit<8, 2> stochastic", 0x80AD44013990AAD5},
    {"fma posit<8, 2> stochastic", 0x437A11224FF0D1C1},
    {"sqrt posit<8, 2> stochastic", 0xF7E24F3A18972AE9},
    {"fma saturate posit<8, 2> stochastic", 0x437A11224FF0D1C1},
    {"multiply e4m3fn by posit<8, 2> to e5m2 nearest_even", 0xA3653CA4672E858F},
    {"multiply e4m3fn by posit<8, 2> to e5m2 downward", 0x9C45F8FE36A2A743},
    {"multiply e4m3fn by posit<8, 2> to e5m2 stochastic", 0x871B1136749746B5},
};
// clang-format on

struct named_mode {
  const char* name;
  any_rounding mode;
};
const named_mode modes[] = {{"nearest_even", lowp::nearest_even},
                            {"downward", lowp::downward},
                            {"stochastic", lowp::stochastic{.seed = 3}}};

/// `of(random, mode)` for many operands.
template <class Function>
std::uint64_t digest_of(const any_rounding& mode, const Function& of) {
  test::digests::source random(4);
  digest d;
  for (std::uint64_t i = 0; i < 4000; ++i) d.add(of(random, mode.at(i)));
  return d.value();
}

template <auto F>
void check(test::digests::table& t, const std::string& format) {
  using test::digests::source;
  const auto draw = [](source& random) {
    return number<F>::from_code(random.below(std::uint32_t{1} << F.bits()));
  };
  for (const auto& [mode_name, mode] : modes) {
    const std::string suffix = " " + format + " " + mode_name;
    t.check("add" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random);
              return add(a, b, m);
            }));
    t.check("subtract" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random);
              return subtract(a, b, m);
            }));
    t.check("multiply" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random);
              return multiply(a, b, m);
            }));
    t.check("divide" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random);
              return divide(a, b, m);
            }));
    t.check("fma" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random), c = draw(random);
              return fma(a, b, c, m);
            }));
    t.check("sqrt" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              return lowp::sqrt(draw(random), m);
            }));
    t.check("fma saturate" + suffix, digest_of(mode, [&](source& random, const any_rounding& m) {
              const auto a = draw(random), b = draw(random), c = draw(random);
              return fma(a, b, c, m, lowp::overflow::saturate);
            }));
  }
}

}  // namespace

TEST_CASE("Digests of arithmetic") {
  test::digests::table t(lines);
  check<formats::e4m3fn>(t, "e4m3fn");
  check<formats::binary16>(t, "binary16");
  check<formats::posit<8, 2>>(t, "posit<8, 2>");
  for (const auto& [mode_name, mode] : modes) {
    t.check(std::string("multiply e4m3fn by posit<8, 2> to e5m2 ") + mode_name,
            digest_of(mode, [](auto& random, const any_rounding& m) {
              const auto a = lowp::e4m3fn::from_code(random.below(256));
              const auto b = number<formats::posit<8, 2>>::from_code(random.below(256));
              return lowp::multiply<formats::e5m2>(a, b, m);
            }));
  }
  t.finish();
}
