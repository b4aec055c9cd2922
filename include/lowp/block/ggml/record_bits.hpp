// SPDX-License-Identifier: MIT
// How GGUF's records hold codes: fields of bytes, words with the low byte first, planes of bits
// that are spread over stretches of elements, and pairs of 6 bits in 12 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/core/bits.hpp"

namespace lowp::detail {

/// Stores the low bits of `bits` that `mask` has at `shift` of a byte.
constexpr void put_bits(std::uint8_t& byte, int shift, unsigned mask, code_t bits) {
  byte = static_cast<std::uint8_t>((byte & ~(mask << shift)) | (static_cast<unsigned>(bits) & mask)
                                                                   << shift);
}
[[nodiscard]] constexpr code_t load_word(const std::uint8_t* bytes, int count) {
  code_t word = 0;
  for (int i = 0; i < count; ++i) word |= code_t{bytes[i]} << 8 * i;
  return word;
}
constexpr void store_word(std::uint8_t* bytes, int count, code_t word) {
  for (int i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(word >> 8 * i);
}

/// Eight bytes in any order.
[[nodiscard]] constexpr std::uint64_t load_eight(const std::uint8_t* bytes) {
  if (std::is_constant_evaluated()) return load_word(bytes, 8);
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// A plane of `Bits` bits each of `Count` elements. Element 0 of a stretch of 8 / Bits runs of
/// `Run` has the lowest bits of the first byte, element 1 those of the second; the next run of
/// elements has the bits above, and the next stretch other bytes.
template <int Bits, std::size_t Run, std::size_t Count = 256>
struct bit_plane {
  static constexpr std::size_t runs = 8 / Bits, stretch = runs * Run, bytes = Count / runs;
  static constexpr unsigned mask = (1u << Bits) - 1;

  [[nodiscard]] static constexpr std::size_t place(std::size_t i) {
    return i / stretch * Run + i % Run;
  }
  [[nodiscard]] static constexpr int shift(std::size_t i) {
    return static_cast<int>(i % stretch / Run) * Bits;
  }
  [[nodiscard]] static constexpr unsigned load(const std::uint8_t* b, std::size_t i) {
    return static_cast<unsigned>(b[place(i)]) >> shift(i) & mask;
  }
  static constexpr void store(std::uint8_t* b, std::size_t i, code_t bits) {
    put_bits(b[place(i)], shift(i), mask, bits);
  }
  /// Adds the bits of all elements, shifted up by `Up`, to their codes.
  template <int Up>
  static constexpr void add_to(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t s = 0; s < Count / stretch; ++s) {
      for (std::size_t run = 0; run < runs; ++run) {
        std::uint8_t* const to = codes + s * stretch + run * Run;
        for (std::size_t l = 0; l < Run; ++l) {
          to[l] = static_cast<std::uint8_t>(
              to[l] | (static_cast<unsigned>(b[s * Run + l]) >> (run * Bits) & mask) << Up);
        }
      }
    }
  }
  /// All codes, of which these bits are the lowest.
  static constexpr void load_all(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t s = 0; s < Count / stretch; ++s) {
      for (std::size_t run = 0; run < runs; ++run) {
        for (std::size_t l = 0; l < Run; ++l) {
          codes[s * stretch + run * Run + l] = static_cast<std::uint8_t>(
              static_cast<unsigned>(b[s * Run + l]) >> (run * Bits) & mask);
        }
      }
    }
  }
  /// Stores the bits from `Down` on of all codes.
  template <int Down>
  static constexpr void take_from(const std::uint8_t* codes, std::uint8_t* b) {
    for (std::size_t s = 0; s < Count / stretch; ++s) {
      for (std::size_t l = 0; l < Run; ++l) {
        unsigned byte = 0;
        for (std::size_t run = 0; run < runs; ++run) {
          const unsigned code = codes[s * stretch + run * Run + l];
          byte |= (code >> Down & mask) << (run * Bits);
        }
        b[s * Run + l] = static_cast<std::uint8_t>(byte);
      }
    }
  }
};

/// Eight scales and eight minima of 6 bits in 12 bytes: of the first four of either whole, then the
/// low nibbles of the last four; the upper pairs of these lie above the first four.
struct scales_and_minima {
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, bool is_minimum,
                                             std::size_t i) {
    const std::size_t whole = is_minimum ? 4 : 0;
    if (i < 4) return b[whole + i] & 63u;
    return (static_cast<unsigned>(b[4 + i]) >> (is_minimum ? 4 : 0) & 15u) |
           (static_cast<unsigned>(b[whole + i - 4]) >> 6) << 4;
  }
  static constexpr void store(std::uint8_t* b, bool is_minimum, std::size_t i, code_t code) {
    const std::size_t whole = is_minimum ? 4 : 0;
    if (i < 4) return put_bits(b[whole + i], 0, 63, code);
    put_bits(b[4 + i], is_minimum ? 4 : 0, 15, code);
    put_bits(b[whole + i - 4], 6, 3, code >> 4);
  }
  static constexpr void load_all(const std::uint8_t* b, std::uint8_t* scales,
                                 std::uint8_t* minima) {
    for (std::size_t i = 0; i < 4; ++i) {
      const unsigned scale = b[i], minimum = b[4 + i], low = b[8 + i];
      scales[i] = static_cast<std::uint8_t>(scale & 63u);
      minima[i] = static_cast<std::uint8_t>(minimum & 63u);
      scales[4 + i] = static_cast<std::uint8_t>((low & 15u) | scale >> 6 << 4);
      minima[4 + i] = static_cast<std::uint8_t>(low >> 4 | minimum >> 6 << 4);
    }
  }
};

}  // namespace lowp::detail
