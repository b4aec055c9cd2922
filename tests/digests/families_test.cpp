// SPDX-License-Identifier: MIT
// Pins the bits of families that have a header each, and of tiles (see digest.hpp).
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "digests/digest.hpp"
#include "lowp/block/tiles/choice.hpp"
#include "lowp/block/tiles/log_tile.hpp"
#include "lowp/block/tiles/mx_plus.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/formats/centred_format.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/hif8_format.hpp"
#include "lowp/formats/k_hot_format.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace {

namespace formats = lowp::formats;
using test::digests::digest;
using test::digests::line;
using test::digests::table;

constexpr std::size_t count = 1001;

/// Codes of hostile numbers in some modes, and values of all codes.
template <class F>
std::uint64_t encoded(const F& f) {
  digest d;
  const std::vector<float> list = test::digests::hostile_floats(count);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const lowp::any_rounding modes[] = {lowp::nearest_even, lowp::nearest_downward, lowp::upward,
                                        lowp::stochastic{.seed = 7, .index = i}};
    d.word(lowp::encode(f, lowp::unpack(list[i]), modes[i % 4]), 2);
  }
  for (lowp::code_t c = 0; c < lowp::code_t{1} << f.bits(); ++c) {
    d.add(lowp::pack_as<double>(lowp::decode(f, c)));
  }
  return d.value();
}
template <class F>
std::uint64_t quantized(const F& f) {
  std::vector<float> list = test::digests::hostile_floats(6 * 160);
  for (std::size_t i = 320; i < list.size(); ++i) {
    if ((std::bit_cast<std::uint32_t>(list[i]) & 0x7F800000u) == 0x7F800000u) list[i] = 1;
  }
  const auto q = quantize(f, lowp::matrix_view<const float>(list.data(), 6, 160));
  digest d;
  for (const std::uint8_t b : q.bytes()) d.add(b);
  for (std::size_t i = 0; i < list.size(); ++i) {
    d.add(lowp::pack_as<float>(q.value(i / 160, i % 160)));
  }
  return d.value();
}

// clang-format off
constexpr line lines[] = {
    {"nf4", 0x519BB2D4203B1F62},
    {"bnb_fp4", 0x314506DE088B86D5},
    {"iq4_nl", 0x3376D0FC4AB26093},
    {"ant_flint4", 0xFE3DBD2586D1A1B5},
    {"ternary", 0xD71481BF6F83A131},
    {"power_of_two<4>", 0xB15867526200415D},
    {"hif8", 0x6703DE395679BAA8},
    {"nf<3>", 0x3F26C7C24CFEC4DD},
    {"nf<8>", 0x6B4B993A248729C8},
    {"apot<5>", 0xB3A6484F3AF70BFB},
    {"olive_abfloat4", 0xA9395D20A30A4ECC},
    {"power_exponent<4, 7, 10>", 0xFEE28948194F547D},
    {"k_hot 10.3, 2", 0x4A0E5AD8FACA343E},
    {"centred<4, 1>", 0x87B3DFB2ED313C28},
    {"bipolar<3>", 0xB1CE0E0EE640F031},
    {"bitmod_fp4", 0xC4CCF7D1A35528C0},
    {"logfmt<8>", 0xB3777DE5BF864DCE},
    {"mxfp4_plus", 0x2B5FCA8903D2F54A},
};
// clang-format on

}  // namespace

TEST_CASE("families in a header each") {
  table t(lines);
  t.check("nf4", encoded(formats::nf4));
  t.check("bnb_fp4", encoded(formats::bnb_fp4));
  t.check("iq4_nl", encoded(formats::iq4_nl));
  t.check("ant_flint4", encoded(formats::ant_flint4));
  t.check("ternary", encoded(formats::ternary));
  t.check("power_of_two<4>", encoded(formats::power_of_two<4>));
  t.check("hif8", encoded(formats::hif8));
  t.check("nf<3>", encoded(formats::nf<3>));
  t.check("nf<8>", encoded(formats::nf<8>));
  t.check("apot<5>", encoded(formats::apot<5>));
  t.check("olive_abfloat4", encoded(formats::olive_abfloat4));
  t.check("power_exponent<4, 7, 10>", encoded(formats::power_exponent<4, 7, 10>));
  t.check("k_hot 10.3, 2", encoded(formats::k_hot({.total_bits = 10, .fraction_bits = 3}, 2)));
  t.check("centred<4, 1>", encoded(formats::centred<4, 1>));
  t.check("bipolar<3>", encoded(formats::bipolar<3>));
  t.check("bitmod_fp4", quantized(formats::bitmod_fp4));
  t.check("logfmt<8>", quantized(formats::logfmt<8>));
  t.check("mxfp4_plus", quantized(formats::mxfp4_plus));
  t.finish();
}
