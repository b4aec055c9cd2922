// SPDX-License-Identifier: MIT
// Arrays by a conversion: on every instruction set what the scalar codec gives for each element,
// for each choice, under the policies for overflow that few other tests ask for, too.
#include "lowp/arrays/conversion.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arrays/array_cases.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/number/conversion.hpp"
#include "oracle.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::code_t;
using lowp::conversion;
using lowp::nan_bits;
using lowp::nan_sign;
using lowp::overflow;

/// One of each choice, with the modes and policies in turn.
std::vector<conversion> conversions() {
  std::vector<conversion> list{lowp::conversions::cuda, lowp::conversions::cuda_without_saturation};
  std::size_t i = 0;
  for (const nan_bits bits : {nan_bits::quiet, nan_bits::all_ones}) {
    for (const nan_sign sign : {nan_sign::kept, nan_sign::positive, nan_sign::flipped}) {
      for (const overflow o : {overflow::saturate, overflow::to_special, overflow::sat_none,
                               overflow::saturate_numbers}) {
        for (const auto zeros : {lowp::negative_zeros::kept, lowp::negative_zeros::from_numbers,
                                 lowp::negative_zeros::none}) {
          const auto& mode = lowp::rounding_modes[i++ % lowp::rounding_modes.size()].mode;
          list.push_back({.rounding = i % 4 == 0 ? lowp::any_rounding(lowp::nearest_even) : mode,
                          .overflow = o,
                          .missing_nan = test::nan_policies[i % 4],
                          .nan = {bits, sign},
                          .negative_zeros = zeros,
                          .takes_magnitude = i % 3 == 0,
                          .zero_is_smallest = i % 5 == 0});
        }
      }
    }
  }
  return list;
}

std::string text(std::size_t c, lowp::isa level, std::size_t i) {
  return "conversion " + std::to_string(c) + ", " + std::string(name(level)) + ", element " +
         std::to_string(i);
}

template <class F>
void compare(oracle::tally& t, const F& f) {
  const std::vector<float> in = test::inputs<float>(f);
  const std::vector<conversion> list = conversions();
  std::vector<std::uint8_t> bytes(lowp::packed_bytes(in.size(), f.bits()));
  std::vector<float> rounded(in.size());
  for (std::size_t c = 0; c < list.size(); ++c) {
    std::vector<code_t> expected;
    for (std::size_t i = 0; i < in.size(); ++i) {
      expected.push_back(encode(list[c].at(i), f, lowp::unpack(in[i])));
    }
    for (const lowp::isa level : test::isas()) {
      lowp::encode(f, in, bytes, list[c], {}, level);
      lowp::round_to(f, std::span<const float>(in), std::span<float>(rounded), list[c], level);
      for (std::size_t i = 0; i < in.size(); ++i) {
        const auto describe = [&](auto& out) { out << text(c, level, i) << " " << in[i]; };
        t.check(lowp::load_code(bytes.data(), i, f.bits(), {}) == expected[i], describe);
        const auto value = lowp::pack_as<float>(decode(f, expected[i]));
        t.check(std::bit_cast<std::uint32_t>(rounded[i]) == std::bit_cast<std::uint32_t>(value),
                describe);
      }
    }
  }
}

}  // namespace

TEST_CASE("Every choice of a conversion, on every instruction set") {
  oracle::tally t;
  for (const auto& f : {formats::e4m3fn, formats::e5m2, formats::e4m3fnuz, formats::e2m1,
                        formats::binary16, formats::bfloat16, formats::ue4m3, formats::e8m0,
                        formats::p3109(8, 4, false, true), formats::p3109(8, 4, false, false)}) {
    compare(t, f);
  }
  compare(t, formats::posit<8>);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Spans of numbers and of doubles by a conversion") {
  const std::vector<double> in{465, -1e9, 0, -0.0};
  std::vector<std::uint8_t> bytes(4);
  const lowp::packed_span<formats::e4m3fn> out(bytes, 4);
  lowp::encode(in, out, lowp::conversions::cuda);
  CHECK(bytes == std::vector<std::uint8_t>{0x7E, 0xFE, 0x00, 0x80});
  const std::vector<lowp::bfloat16> halves(4, lowp::bfloat16::from_code(0xFFC1));
  lowp::encode(halves, out, lowp::conversions::cuda);
  CHECK(bytes == std::vector<std::uint8_t>(4, 0x7F));
  std::vector<double> values(4);
  lowp::round_to<formats::e4m3fn>(in, values, lowp::conversions::cuda);
  CHECK(values == std::vector<double>{448, -448, 0, 0});
  CHECK_THROWS_AS(lowp::encode(std::vector<float>(3), out, lowp::conversions::cuda),
                  std::invalid_argument);
}
