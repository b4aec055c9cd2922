// SPDX-License-Identifier: MIT
// Unsigned integers in bytes, lowest byte first on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowp::io::detail {

template <std::size_t Bytes>
[[nodiscard]] constexpr std::uint64_t load_little_endian(const std::byte* from) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i)
    value |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

template <std::size_t Bytes>
constexpr void store_little_endian(std::uint64_t value, std::byte* to) noexcept {
  for (std::size_t i = 0; i < Bytes; ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

}  // namespace lowp::io::detail
