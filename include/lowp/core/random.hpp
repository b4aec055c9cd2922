// SPDX-License-Identifier: MIT
// Random bits as a pure function of a key and a counter: Philox4x32 of Salmon, Moraes, Dror and
// Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp {

/// The constants of Philox4x32: what a round multiplies by, and what it adds to the key.
struct philox4x32 {
  static constexpr std::uint32_t multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
  static constexpr std::uint32_t key_step0 = 0x9E3779B9u, key_step1 = 0xBB67AE85u;
};

/// The 128 random bits that Philox4x32 with a number of rounds gives for a 128-bit counter under a
/// 64-bit key; words are in the order of the paper. Distinct counters give distinct blocks under
/// one key.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32_rounds(
    int rounds, std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t first = std::uint64_t{philox4x32::multiplier0} * counter[0];
    const std::uint64_t second = std::uint64_t{philox4x32::multiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first)};
    key[0] += philox4x32::key_step0;
    key[1] += philox4x32::key_step1;
  }
  return counter;
}
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32_10(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  return philox4x32_rounds(10, counter, key);
}

/// Random bits come in lanes of 8, 16 or 32 bits, the narrowest that holds as many as are asked
/// for: one block serves 16, 8 or 4 consecutive elements.
[[nodiscard]] constexpr int log2_random_lane(int bits) {
  return bits <= 8 ? 3 : bits <= 16 ? 4 : 5;
}

/// The number of the block that serves element `index`.
[[nodiscard]] constexpr std::uint64_t random_block(std::uint64_t index, int bits) {
  return index >> (7 - log2_random_lane(bits));
}
/// The words of a block of stream `seed`.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> random_words(std::uint64_t seed,
                                                                  std::uint64_t block,
                                                                  int rounds = 10) {
  return philox4x32_rounds(
      rounds, {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}
/// The draw of element `index` from the words of its block: the upper bits of its lane.
[[nodiscard]] constexpr std::uint32_t random_bits_in(const std::array<std::uint32_t, 4>& words,
                                                     std::uint64_t index, int bits) {
  const int log2_width = log2_random_lane(bits);
  const int log2_lanes = 7 - log2_width;
  const auto position = static_cast<std::uint32_t>(index & ((1u << log2_lanes) - 1)) << log2_width;
  const std::uint32_t lane = words[position / 32] >> (position % 32) << (32 - (1 << log2_width));
  return lane >> (32 - bits);
}

/// The draw of `bits` random bits, 1 to 32, that belongs to element `index` of stream `seed`,
/// right-aligned.
[[nodiscard]] constexpr std::uint32_t random_bits(std::uint64_t seed, std::uint64_t index, int bits,
                                                  int rounds = 10) {
  return random_bits_in(random_words(seed, random_block(index, bits), rounds), index, bits);
}

}  // namespace lowp
