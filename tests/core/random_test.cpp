// SPDX-License-Identifier: MIT
// Random bits against the known answers of Random123, and the lanes cut from its blocks.
#include "lowp/core/random.hpp"

#include <array>
#include <random>

#include "catch.hpp"
#include "oracle.hpp"

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#endif

namespace {

using block = std::array<std::uint32_t, 4>;
using key = std::array<std::uint32_t, 2>;

constexpr std::uint32_t ones = 0xFFFFFFFFu;

}  // namespace

TEST_CASE("philox4x32-10 gives the published answers") {
  STATIC_REQUIRE(lowp::philox4x32_10({0, 0, 0, 0}, {0, 0}) ==
                 block{0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u});
  STATIC_REQUIRE(lowp::philox4x32_10({ones, ones, ones, ones}, {ones, ones}) ==
                 block{0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu});
  // The digits of pi.
  STATIC_REQUIRE(lowp::philox4x32_10({0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u},
                                     {0xA4093822u, 0x299F31D0u}) ==
                 block{0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u});
}

#if __has_include(<Random123/philox.h>)
TEST_CASE("philox4x32-10 is that of Random123") {
  std::mt19937 random(3);
  const auto word = [&] { return static_cast<std::uint32_t>(random()); };
  oracle::tally t;
  for (int i = 0; i < 100000; ++i) {
    const block counter{word(), word(), word(), word()};
    const key k{word(), word()};
    const philox4x32_ctr_t expected =
        philox4x32_R(10, philox4x32_ctr_t{{counter[0], counter[1], counter[2], counter[3]}},
                     philox4x32_key_t{{k[0], k[1]}});
    const block actual = lowp::philox4x32_10(counter, k);
    t.check(std::equal(actual.begin(), actual.end(), expected.v),
            [&](auto& out) { out << "case " << i; });
  }
  REQUIRE_NO_MISMATCH(t);
}
#endif

TEST_CASE("a draw is the upper bits of a lane of 8, 16 or 32 bits, counted from the lowest byte") {
  std::mt19937_64 random(4);
  oracle::tally t;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t seed = random();
    const std::uint64_t index = i < 200 ? static_cast<std::uint64_t>(i) : random();
    for (int bits = 1; bits <= 32; ++bits) {
      const unsigned lane_bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
      const unsigned lanes = 16 / lane_bytes;
      const std::uint64_t counter = index / lanes;
      const block words =
          lowp::philox4x32_10({static_cast<std::uint32_t>(counter % 0x100000000u),
                               static_cast<std::uint32_t>(counter / 0x100000000u), 0, 0},
                              {static_cast<std::uint32_t>(seed % 0x100000000u),
                               static_cast<std::uint32_t>(seed / 0x100000000u)});
      std::array<std::uint8_t, 16> bytes{};
      for (unsigned b = 0; b < 16; ++b) {
        bytes[b] = static_cast<std::uint8_t>(words[b / 4] >> (b % 4 * 8));
      }
      std::uint64_t lane = 0;
      for (unsigned b = 0; b < lane_bytes; ++b) {
        lane += std::uint64_t{bytes[index % lanes * lane_bytes + b]} << (8 * b);
      }
      const std::uint64_t expected = lane >> (8 * lane_bytes - static_cast<unsigned>(bits));
      t.check(lowp::random_bits(seed, index, bits) == expected,
              [&](auto& out) { out << "seed " << seed << " index " << index << " bits " << bits; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T28: draws differ between elements, seeds and lanes, and seed zero is a seed") {
  for (const int bits : {8, 16, 32}) {
    int equal_neighbours = 0, equal_seeds = 0, zeros = 0;
    for (std::uint64_t i = 0; i < 4096; ++i) {
      const std::uint32_t draw = lowp::random_bits(0, i, bits);
      equal_neighbours += draw == lowp::random_bits(0, i + 1, bits) ? 1 : 0;
      equal_seeds += draw == lowp::random_bits(1, i, bits) ? 1 : 0;
      zeros += draw == 0 ? 1 : 0;
    }
    // 4096 / 2^8 = 16 are expected for lanes of 8 bits, with a standard deviation of 4.
    CHECK(equal_neighbours < 41);
    CHECK(equal_seeds < 41);
    CHECK(zeros < 41);
  }
}
