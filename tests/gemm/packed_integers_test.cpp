// SPDX-License-Identifier: MIT
// Few rows of small integers by packed operands of such: the bits of the definition, on every
// machine, for scales in and out of the range of exact sums, and on either side of a product.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::packed_operand;
using tg::kind;
using tg::matrix;

namespace {

constexpr std::string_view strategy = "few rows of 8-bit integers by a packed operand";

void check(oracle::tally& t, const std::string& name, const tg::shape& of, lowp::isa level,
           const std::vector<std::uint32_t>& actual, const std::vector<std::uint32_t>& expected) {
  t.check(actual == expected, [&](auto& text) {
    std::size_t at = 0;
    while (actual[at] == expected[at]) ++at;
    text << name << " " << of.m << " x " << of.n << " x " << of.k << " on " << lowp::name(level)
         << ": element " << at << " is " << std::hex << actual[at] << ", expected " << expected[at];
  });
}

/// X by Y packed, each with the memory behind it, and the other way round. Counts the products that
/// the strategy computes.
template <class X, class Y>
std::size_t compare(oracle::tally& t, const std::string& name, const tg::shape& of) {
  const auto& [m, n, k] = of;
  const matrix a(m, k, m + k, kind::ordinary), b(n, k, n + k, kind::ordinary);
  const X x(a);
  const Y y(b);
  const packed_operand packed(y.operand);
  const auto expected = tg::definition(x.operand, y.operand);
  const auto turned = tg::definition(y.operand, x.operand);
  std::size_t taken = 0;
  for (const lowp::isa level : test::isas()) {
    check(t, name, of, level, tg::product(x.operand, packed, level), expected);
    check(t, name + ", turned", of, level, tg::product(packed, x.operand, level), turned);
    taken += lowp::explain(x.operand, packed, level).strategy == strategy;
    taken += lowp::explain(packed, x.operand, level).strategy == strategy;
  }
  return taken;
}
template <class X, class Y>
void compare(const char* name, bool is_taken) {
  oracle::tally t;
  std::size_t taken = 0;
  for (const auto& of :
       {tg::shape{1, 1, 1}, tg::shape{1, 16, 32}, tg::shape{2, 87, 64}, tg::shape{3, 20, 192},
        tg::shape{4, 37, 75}, tg::shape{7, 70, 40}, tg::shape{9, 18, 1100}, tg::shape{33, 17, 96},
        tg::shape{64, 34, 32}, tg::shape{65, 16, 32}, tg::shape{1, 40, 2130},
        tg::shape{5, 66, 2080}, tg::shape{0, 20, 32}, tg::shape{3, 0, 32}, tg::shape{3, 5, 0}}) {
    taken += compare<X, Y>(t, name, of);
  }
  REQUIRE_NO_MISMATCH(t);
#if LOWP_X86_TARGETS
  if (test::highest_isa() >= lowp::isa::avx512vbmi) CHECK((taken != 0) == is_taken);
#endif
  CHECK((is_taken || taken == 0));
}

template <auto B>
using moderate = tg::of_integer_codes<B>;
template <auto B>
using any = tg::of_any_codes<B>;
/// Several steps under a scale.
constexpr lowp::block_format blocks_of_64{formats::e2m1, formats::e8m0, lowp::block_shape{1, 64}};

}  // namespace

TEST_CASE("Integers of 8 bits by packed codes of 4") {
  compare<moderate<formats::mxint8>, moderate<formats::mxfp4>>("mxint8 by mxfp4", true);
  compare<tg::of_blocks<formats::mxint8>, any<formats::mxfp4>>("mxint8 by any mxfp4",
                                                               true);  // some
  compare<moderate<formats::mxint8>, moderate<blocks_of_64>>("mxint8 by blocks of 64", true);
  compare<tg::of_packed<formats::int_n<8>>, tg::of_packed<formats::int_n<4>>>("int8 by int4", true);
}
TEST_CASE("Integers of 8 bits by packed codes of 6 and 8") {
  compare<moderate<formats::mxint8>, moderate<formats::mxfp6_e2m3>>("mxint8 by mxfp6", true);
  compare<moderate<formats::mxint8>, moderate<formats::mxint8>>("mxint8 by mxint8", true);
  compare<tg::of_packed<formats::int_n<4>>, tg::of_packed<formats::int_n<8>>>("int4 by int8", true);
}
TEST_CASE("Formats that are no such integers, and scales that are not powers of two") {
  compare<moderate<formats::mxint8>, tg::of_blocks<formats::nvfp4>>("mxint8 by nvfp4", false);
  compare<tg::of_blocks<formats::mxint8>, tg::of_blocks<formats::mxfp8_e4m3>>("by mxfp8", false);
}

namespace {

/// The first blocks of 32 columns under scales of their own.
lowp::block_matrix<formats::mxfp4> under_scales(const std::vector<int>& codes, bool are_zeros) {
  lowp::block_matrix<formats::mxfp4> w(18, 32 * codes.size());
  tg::source random(3);
  for (std::size_t r = 0; r < w.rows(); ++r) {
    for (std::size_t c = 0; c < w.cols(); ++c) {
      w.set_code(r, c, are_zeros && c < 32 ? 8 * (c % 2) : random.below(16));
    }
    for (std::size_t i = 0; i < codes.size(); ++i) {
      w.set_scale_code(r, i, static_cast<lowp::code_t>(codes[i]));
    }
  }
  return w;
}

}  // namespace

TEST_CASE("Scales at the ends of what is exact, NaN, and those of blocks of zeros") {
  oracle::tally t;
  const matrix a(3, 96, 4, kind::ordinary);
  auto x = lowp::quantize<formats::mxint8>(a.view());
  for (const int of_x : {57, 58, 127, 183, 184}) {
    for (std::uint8_t& scale : x.scales()) scale = static_cast<std::uint8_t>(of_x);
    for (const int first : {0, 1, 56, 57, 58, 59, 176, 177, 178, 179, 254, 255}) {
      for (const bool are_zeros : {false, true}) {
        const auto w = under_scales({first, 127, 120}, are_zeros);
        const packed_operand packed(w);
        const auto expected = tg::definition(x, w);
        for (const lowp::isa level : test::isas()) {
          check(t, "scales " + std::to_string(of_x) + ", " + std::to_string(first), {3, 18, 96},
                level, tg::product(x, packed, level), expected);
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums that begin with what the result holds, by threads") {
  oracle::tally t;
  const matrix a(5, 96, 1, kind::ordinary), b(70, 96, 2, kind::ordinary);
  const auto x = lowp::quantize<formats::mxint8>(a.view());
  const auto w = lowp::quantize<formats::mxfp4>(b.view());
  const packed_operand packed(w);
  for (const kind held : {kind::ordinary, kind::zeros, kind::special}) {
    const matrix c(5, 70, 3, held);
    std::vector<float> expected = c.data;
    lowp::reference::gemm_accumulate(x, w, {expected.data(), 5, 70});
    for (const lowp::isa level : test::isas()) {
      std::vector<float> actual = c.data;
      lowp::gemm_accumulate(x, packed, {actual.data(), 5, 70}, {lowp::threads{2}, level});
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const float &is = actual[i], &should_be = expected[i];
        t.check(std::bit_cast<std::uint32_t>(is) == std::bit_cast<std::uint32_t>(should_be),
                [&](auto& text) { text << "element " << i << " on " << lowp::name(level); });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
