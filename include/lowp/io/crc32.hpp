// SPDX-License-Identifier: MIT
// The CRC-32 of ZIP files (ISO 3309, polynomial 0x04C11DB7, bits reflected), eight bytes at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lowp/io/little_endian.hpp"

namespace lowp::io::detail {

using crc_table = std::array<std::array<std::uint32_t, 256>, 8>;

/// Entry [k][b]: what the byte b adds when k bytes follow it.
[[nodiscard]] constexpr crc_table make_crc_table() noexcept {
  crc_table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    table[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[k - 1][byte];
      table[k][byte] = (before >> 8) ^ table[0][before & 0xff];
    }
  }
  return table;
}
inline constexpr crc_table crc_entries = make_crc_table();

/// The CRC of what had `before` (0 for nothing) and these bytes after it.
[[nodiscard]] inline std::uint32_t crc32(std::span<const std::byte> bytes,
                                         std::uint32_t before = 0) noexcept {
  std::uint32_t crc = ~before;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint64_t word = load_little_endian<8>(bytes.data() + i) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k)
      crc ^= crc_entries[7 - k][static_cast<std::size_t>(word >> (8 * k)) & 0xff];
  }
  for (; i < bytes.size(); ++i)
    crc = (crc >> 8) ^ crc_entries[0][(crc ^ std::to_integer<std::uint32_t>(bytes[i])) & 0xff];
  return ~crc;
}

}  // namespace lowp::io::detail
