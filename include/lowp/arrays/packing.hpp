// SPDX-License-Identifier: MIT
// Where the code with a given index lies among bytes: every order in use is a group of codes laid
// out in a bit stream that runs from the low or from the high end of each byte.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"

namespace lowp {

/// Which slot of its group a code takes.
enum class slot_order : std::uint8_t {
  straight,     ///< code j in slot j
  halves,       ///< code j of the first half shares a byte with code j of the second (ggml)
  evens_first,  ///< the codes of even index, then the odd ones (AWQ)
};

/// A packing order, for codes of any width. Groups share bytes only where their bits are not a
/// multiple of 8.
struct packing {
  int group_size = 1;      ///< codes per group
  int container_bits = 0;  ///< bits that a group takes, padding at its end; 0: no padding
  slot_order order = slot_order::straight;
  bool is_msb_first = false;  ///< the stream runs from the top bit of each byte down

  constexpr bool operator==(const packing&) const = default;

  [[nodiscard]] constexpr int group_bits(int width) const {
    return container_bits != 0 ? container_bits : group_size * width;
  }
};

namespace packings {
/// The default, little-endian and dense: the low nibble first (OCP, ONNX, CUDA, torch, safetensors
/// F4), 6-bit codes four to three bytes (ONNX, safetensors F6, mxDataGenerator).
inline constexpr packing low_first{};
/// Dense from the top: the high nibble first (bitsandbytes), 6-bit codes as FP6-LLM's input.
inline constexpr packing high_first{.is_msb_first = true};
/// One code per byte, in its low bits (ml_dtypes) or its high bits (tt-metal).
inline constexpr packing byte_low{.container_bits = 8};
inline constexpr packing byte_high{.container_bits = 8, .is_msb_first = true};
/// 6-bit codes, four in 24 of 32 bits (Triton) or sixteen in 12 of 16 bytes (Composable Kernel).
inline constexpr packing four_in_32_bits{.group_size = 4, .container_bits = 32};
inline constexpr packing sixteen_in_16_bytes{.group_size = 16, .container_bits = 128};
/// 4-bit codes j and j + Size/2 of each Size share a byte (ggml: Size = 32 for MXFP4, 16 for
/// NVFP4).
template <int Size>
inline constexpr packing split_half{.group_size = Size, .order = slot_order::halves};
/// 4-bit codes 0 2 4 6 1 3 5 7 of each eight, from the low nibble of a 32-bit word (AWQ).
inline constexpr packing awq{.group_size = 8, .order = slot_order::evens_first};
}  // namespace packings

/// Why codes of `width` bits cannot be packed like this, or null.
[[nodiscard]] constexpr const char* defect(packing p, int width) {
  if (p.group_size < 1 || p.group_size > 1 << 20) {
    return "the group_size of a packing is 1 to 2^20";
  }
  if (p.container_bits < 0 || p.container_bits > 1 << 26) {
    return "the container_bits of a packing are 0 to 2^26";
  }
  if (p.order != slot_order::straight && p.group_size % 2 != 0) {
    return "a packing in another order than straight needs an even group_size";
  }
  if (p.container_bits != 0 && p.container_bits < p.group_size * width) {
    return "the container_bits of a packing hold all codes of a group";
  }
  return nullptr;
}

/// The bytes that `count` codes of `width` bits take; count <= 2^60 / width.
[[nodiscard]] constexpr std::size_t packed_bytes(std::size_t count, int width, packing p = {}) {
  const auto group_size = static_cast<std::size_t>(p.group_size);
  const auto group_bits = static_cast<std::size_t>(p.group_bits(width));
  const std::size_t groups = (count + group_size - 1) / group_size;
  if (group_bits % 8 == 0) return groups * (group_bits / 8);
  // Groups of eight fill whole bytes; splitting off whole eights keeps large counts from
  // overflowing.
  return groups / 8 * group_bits + (groups % 8 * group_bits + 7) / 8;
}

namespace detail {

/// The place of a code: its first byte, and the bits before it there in stream order.
struct code_place {
  std::size_t byte;
  int bit;
};

[[nodiscard]] constexpr code_place place_of(std::size_t index, int width, packing p) {
  const auto group_size = static_cast<std::size_t>(p.group_size);
  const std::size_t group = index / group_size;
  auto slot = static_cast<int>(index % group_size);
  switch (p.order) {
    case slot_order::straight: break;
    case slot_order::halves:
      slot = slot < p.group_size / 2 ? 2 * slot : 2 * slot - p.group_size + 1;
      break;
    case slot_order::evens_first: slot = slot / 2 + (slot % 2) * (p.group_size / 2); break;
  }
  const auto bits = static_cast<std::size_t>(p.group_bits(width));
  const std::size_t offset = group % 8 * bits + static_cast<std::size_t>(slot * width);
  return {group / 8 * bits + offset / 8, static_cast<int>(offset % 8)};
}

}  // namespace detail

/// The code of `width` bits (1 to 64) at `index`.
[[nodiscard]] constexpr code_t load_code(const std::uint8_t* bytes, std::size_t index, int width,
                                         packing p = {}) {
  auto [byte, bit] = detail::place_of(index, width, p);
  code_t code = 0;
  for (int done = 0; done < width; ++byte, bit = 0) {
    const int count = width - done < 8 - bit ? width - done : 8 - bit;
    const int shift = p.is_msb_first ? 8 - bit - count : bit;
    const code_t part = (bytes[byte] >> shift) & low_mask(count);
    code = p.is_msb_first ? code << count | part : code | part << done;
    done += count;
  }
  return code;
}

/// Stores a code (its low `width` bits) and leaves all other bits as they are.
constexpr void store_code(std::uint8_t* bytes, std::size_t index, int width, code_t code,
                          packing p = {}) {
  auto [byte, bit] = detail::place_of(index, width, p);
  for (int done = 0; done < width; ++byte, bit = 0) {
    const int count = width - done < 8 - bit ? width - done : 8 - bit;
    const int shift = p.is_msb_first ? 8 - bit - count : bit;
    const code_t part = p.is_msb_first ? code >> (width - done - count) : code >> done;
    const auto mask = static_cast<unsigned>(low_mask(count)) << shift;
    bytes[byte] = static_cast<std::uint8_t>((bytes[byte] & ~mask) |
                                            (static_cast<unsigned>(part) << shift & mask));
    done += count;
  }
}

}  // namespace lowp
