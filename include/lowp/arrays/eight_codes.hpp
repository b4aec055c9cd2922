// SPDX-License-Identifier: MIT
// Codes of at most 8 bits between bytes of their own and dense bytes, eight at a time in a word of
// 64 bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/core/bits.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Eight codes of a width in as many bits in a row, and each in a byte of its own; the first byte
/// is the lowest, and code 0 in its lowest bits, or the highest ones of msb_first. In three steps,
/// of which each halves the gaps, or doubles the pieces.
class eight_codes {
 public:
  explicit constexpr eight_codes(int width) : width_(width) {
    for (int i = 0; i < 3; ++i) {
      const int lane = 16 << i;  // of two pieces
      const std::uint64_t piece = low_mask(width << i);
      for (int at = 0; at < 64; at += lane) {
        low_[i] |= piece << at;
        high_[i] |= piece << (at + lane / 2);
      }
      shift_[i] = lane / 2 - (width << i);
    }
  }
  /// Bits of the bytes above the width are dropped.
  [[nodiscard]] constexpr std::uint64_t joined(std::uint64_t x, bool msb_first) const {
    return msb_first ? reversed_bytes(joined(reversed_bytes(x)) << (64 - 8 * width_)) : joined(x);
  }
  /// Of a word whose bits behind the codes are of no meaning.
  [[nodiscard]] constexpr std::uint64_t spread(std::uint64_t x, bool msb_first) const {
    return msb_first ? reversed_bytes(spread(reversed_bytes(x) >> (64 - 8 * width_))) : spread(x);
  }

 private:
  [[nodiscard]] constexpr std::uint64_t joined(std::uint64_t x) const {
    for (int i = 0; i < 3; ++i) x = (x & low_[i]) | (x & high_[i]) >> shift_[i];
    return x;
  }
  [[nodiscard]] constexpr std::uint64_t spread(std::uint64_t x) const {
    x &= low_mask(8 * width_);
    for (int i = 2; i >= 0; --i) x = (x & low_[i]) | (x << shift_[i] & high_[i]);
    return x;
  }

  int width_;
  std::uint64_t low_[3] = {}, high_[3] = {};
  int shift_[3] = {};
};

/// Those of each width from 1 on; at 0, which no codes have, of one.
inline constexpr eight_codes all_eights[9] = {eight_codes(1), eight_codes(1), eight_codes(2),
                                              eight_codes(3), eight_codes(4), eight_codes(5),
                                              eight_codes(6), eight_codes(7), eight_codes(8)};

/// `size` bytes, eight if nothing is said, as a word of which the first is the lowest; and back.
[[nodiscard]] inline std::uint64_t load_bytes(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{bytes[i]} << 8 * i;
  return word;
}
inline void store_bytes(std::uint64_t word, std::size_t size, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(word >> 8 * i);
}
[[nodiscard]] inline std::uint64_t load_bytes(const std::uint8_t* bytes) {
  if constexpr (std::endian::native != std::endian::little) return load_bytes(bytes, 8);
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}
inline void store_bytes(std::uint64_t word, std::uint8_t* bytes) {
  if constexpr (std::endian::native != std::endian::little) return store_bytes(word, 8, bytes);
  std::memcpy(bytes, &word, sizeof word);
}

/// Codes of at most 8 bits, each in a byte, to dense bytes and back: eight at a time, and in the
/// end fewer. Of the last byte, bits that are none of theirs stay.
inline void pack_eights(const std::uint8_t* codes, std::size_t count, int width, bool msb_first,
                        std::uint8_t* bytes) {
  const auto size = static_cast<std::size_t>(width);
  const eight_codes& eight = all_eights[size];
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, bytes += size) {
    const std::uint64_t word = eight.joined(load_bytes(codes + i), msb_first);
    if (i + 16 <= count && size * ((count - i) / 8) >= 8) {
      store_bytes(word, bytes);  // the next eight follow
    } else {
      store_bytes(word, size, bytes);
    }
  }
  if (i == count) return;
  const std::uint64_t word = eight.joined(load_bytes(codes + i, count - i), msb_first);
  const std::size_t bits = (count - i) * size, whole = bits / 8, more = bits % 8;
  store_bytes(word, whole, bytes);
  if (more == 0) return;
  const unsigned theirs = msb_first ? 0xFF00u >> more & 0xFFu : 0xFFu >> (8 - more);
  const auto last = static_cast<unsigned>(word >> 8 * whole & theirs);
  bytes[whole] = static_cast<std::uint8_t>((bytes[whole] & ~theirs) | last);
}
inline void unpack_eights(const std::uint8_t* bytes, std::size_t count, int width, bool msb_first,
                          std::uint8_t* codes) {
  const auto size = static_cast<std::size_t>(width);
  const eight_codes& eight = all_eights[size];
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, bytes += size) {
    const bool has_eight_bytes = size * ((count - i) / 8) >= 8;
    const std::uint64_t word = has_eight_bytes ? load_bytes(bytes) : load_bytes(bytes, size);
    store_bytes(eight.spread(word, msb_first), codes + i);
  }
  if (i == count) return;
  const std::size_t rest = count - i;
  store_bytes(eight.spread(load_bytes(bytes, (rest * size + 7) / 8), msb_first), rest, codes + i);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
