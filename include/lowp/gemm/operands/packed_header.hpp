// SPDX-License-Identifier: MIT
// What stands in front of the bytes of a saved packed_operand, as words of 64 bits, the low byte
// first on every machine. A header is compared word by word with the one that a type expects.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>

#include "lowp/core/failure.hpp"
#include "lowp/formats/digest.hpp"

namespace lowp::detail {

/// The places of words in a header.
struct packed_header {
  static constexpr std::uint64_t magic_word = 0x6B63617070776F6C;  // the bytes "lowppack"
  static constexpr std::uint64_t layout_version = 1;
  enum place : std::size_t {
    magic,
    version,
    element,
    scale = element + std::tuple_size_v<format_words>,
    block_rows = scale + std::tuple_size_v<format_words>,
    block_cols,
    has_tensor_scale,
    rows,
    cols,
    tensor_encoding,  ///< the bits of binary32, as the next; written as 1, and not used
    tensor_decoding,
    code_bytes,
    scale_bytes,
    checksum,  ///< FNV-1a of 64 bits of all other bytes
    count
  };
  static constexpr std::size_t size = 8 * count;

  std::array<std::uint64_t, count> words{};

  constexpr void put_format(place at, const format_words& format) {
    for (std::size_t i = 0; i < format.size(); ++i) words[at + i] = format[i];
  }
  [[nodiscard]] static std::string name(std::size_t at) {
    const auto of_format = [&](const char* which, std::size_t first) {
      return std::string("word ") + std::to_string(at - first) + " of the " + which + " format";
    };
    if (at < element) return at == magic ? "the magic number" : "the layout version";
    if (at < scale) return of_format("element", element);
    if (at < block_rows) return of_format("scale", scale);
    const char* const others[] = {"block rows",   "block cols",     "has_tensor_scale",
                                  "rows",         "cols",           "tensor scale, encoding",
                                  "tensor scale", "bytes of codes", "bytes of scales",
                                  "the checksum"};
    return others[at - block_rows];
  }
};

/// FNV-1a of bytes, in pieces.
class fnv_1a {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) digest_.add_byte(std::to_integer<unsigned char>(byte));
  }
  [[nodiscard]] std::uint64_t value() const { return digest_.value; }

 private:
  word_digest digest_;
};

inline void store_words(std::span<const std::uint64_t> words, std::byte* to) {
  for (const std::uint64_t word : words) {
    for (int i = 0; i < 8; ++i) *to++ = static_cast<std::byte>(word >> (8 * i) & 0xFF);
  }
}
inline void load_words(const std::byte* from, std::span<std::uint64_t> words) {
  for (std::uint64_t& word : words) {
    word = 0;
    for (int i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(*from++) << (8 * i);
  }
}

[[noreturn]] inline void refuse_packed(const std::string& what, std::uint64_t found,
                                       std::uint64_t expected, const char* how = "") {
  refuse("packed_operand: " + what + " is " + std::to_string(found) + ", expected " + how +
         std::to_string(expected));
}

}  // namespace lowp::detail
