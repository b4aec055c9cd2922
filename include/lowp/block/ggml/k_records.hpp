// SPDX-License-Identifier: MIT
// The records in which GGUF has the K-quants: what layout records<…> needs of them
// (level_layouts.hpp). Binary16 and other words have the low byte first. The leaves of each are
// elements, scales of groups, d; and, where there are minima, minima of groups, dmin.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/block/ggml/k_quants.hpp"
#include "lowp/block/ggml/record_bits.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/kernels/arrays/record_fields.hpp"

namespace lowp {
namespace detail {

/// How many codes of a leaf a record of 256 elements has.
[[nodiscard]] constexpr std::size_t per_k_record(int leaf, std::size_t groups) {
  return leaf == 0 ? 256 : leaf % 2 != 0 ? groups : 1;
}
/// Codes with another first bit: two's complement to and from what is stored with an addend.
constexpr void flip_codes(std::uint8_t* codes, unsigned bit) {
  for (std::size_t i = 0; i < 256; ++i) codes[i] = static_cast<std::uint8_t>(codes[i] ^ bit);
}
constexpr void copy_flipped(const std::uint8_t* from, unsigned bit, std::uint8_t* to) {
  for (std::size_t i = 0; i < 256; ++i) to[i] = static_cast<std::uint8_t>(from[i] ^ bit);
}

/// The bits in binary32 of a binary16 that is finite.
[[nodiscard]] constexpr std::uint32_t binary32_of_half(const std::uint8_t* bytes) {
  const auto half = static_cast<std::uint32_t>(load_word(bytes, 2));
  const std::uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7FFFu;
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + 0x38000000u);
  if (magnitude == 0) return sign;
  const int lowered = std::countl_zero(magnitude) - 21;  // below 2^-14
  return sign | ((magnitude << (13 + lowered)) + (static_cast<std::uint32_t>(112 - lowered) << 23));
}

/// Gives a record, a class derived from it, its values.
template <class Record>
struct k_record_values {
  /// Of `count` records, up to one whose d or dmin is not finite; how many records that were.
  /// decode(fields, bytes, bytes of a record, scales, records, values) does the work.
  template <class Decode>
  [[nodiscard]] static std::size_t load_values(const Decode& decode, const std::uint8_t* b,
                                               std::size_t count, float* values) {
    constexpr std::size_t most = 4;  // in one call
    for (std::size_t done = 0; done < count;) {
      record_scales scales[most];
      std::size_t n = 0;
      while (n < most && done + n < count &&
             Record::load_scales(b + (done + n) * Record::bytes, scales[n])) {
        ++n;
      }
      decode(Record::fields, b + done * Record::bytes, Record::bytes, scales, n,
             values + done * 256);
      done += n;
      if (n < most) return done;
    }
    return count;
  }
};
/// Reads d, and dmin, in binary16; says whether they are finite.
[[nodiscard]] constexpr bool load_halves(const std::uint8_t* d, const std::uint8_t* dmin,
                                         record_scales& s) {
  const auto is_finite = [](const std::uint8_t* half) { return (half[1] & 0x7Cu) != 0x7Cu; };
  if (!is_finite(d) || (dmin != nullptr && !is_finite(dmin))) return false;
  s.d = binary32_of_half(d);
  s.has_minima = dmin != nullptr;
  if (dmin != nullptr) s.dmin = binary32_of_half(dmin);
  return true;
}

}  // namespace detail

/// A record of Q2_K, 84 bytes:  16 of a scale and, above it, a minimum | 64 of codes | d | dmin
struct q2_k_record : detail::k_record_values<q2_k_record> {
  static constexpr std::size_t cols = 256, bytes = 84;
  using low = detail::bit_plane<2, 32>;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return detail::per_k_record(leaf, 16);
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    switch (leaf) {
      case 0: return low::load(b + 16, i);
      case 1: return b[i] & 15u;
      case 3: return static_cast<unsigned>(b[i]) >> 4;
      default: return detail::load_word(b + (leaf == 2 ? 80 : 82), 2);
    }
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    switch (leaf) {
      case 0: return low::store(b + 16, i, code);
      case 1: return detail::put_bits(b[i], 0, 15, code);
      case 3: return detail::put_bits(b[i], 4, 15, code);
      default: return detail::store_word(b + (leaf == 2 ? 80 : 82), 2, code);
    }
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    low::load_all(b + 16, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    low::take_from<0>(codes, b + 16);
  }

  static constexpr auto& format = formats::q2_k;
  static constexpr record_fields fields{{16, 2, 32}, {}, 16};
  [[nodiscard]] static bool load_scales(const std::uint8_t* b, record_scales& s) {
    for (std::size_t i = 0; i < 16; ++i) {
      s.scales[i] = b[i] & 15;
      s.minima[i] = b[i] >> 4;
    }
    return detail::load_halves(b + 80, b + 82, s);
  }
};

/// A record of Q3_K, 110 bytes:  32 of upper bits | 64 of lower pairs | 12 of scales: 8 of low
/// nibbles, 4 of upper pairs | d. Codes are stored with 4 added, scales with 32.
struct q3_k_record : detail::k_record_values<q3_k_record> {
  static constexpr std::size_t cols = 256, bytes = 110;
  using low = detail::bit_plane<2, 32>;
  using high = detail::bit_plane<1, 32>;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return detail::per_k_record(leaf, 16);
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 0) return (low::load(b + 32, i) | high::load(b, i) << 2) ^ 4u;
    if (leaf == 2) return detail::load_word(b + 108, 2);
    const unsigned nibble = static_cast<unsigned>(b[96 + i % 8]) >> (i / 8 * 4) & 15u;
    const unsigned pair = static_cast<unsigned>(b[104 + i % 4]) >> (i / 4 * 2) & 3u;
    return (nibble | pair << 4) ^ 32u;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 2) return detail::store_word(b + 108, 2, code);
    if (leaf == 0) {
      low::store(b + 32, i, code);
      return high::store(b, i, (code ^ 4u) >> 2);
    }
    detail::put_bits(b[96 + i % 8], static_cast<int>(i / 8 * 4), 15, code);
    detail::put_bits(b[104 + i % 4], static_cast<int>(i / 4 * 2), 3, (code ^ 32u) >> 4);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    low::load_all(b + 32, codes);
    high::add_to<2>(b, codes);
    detail::flip_codes(codes, 4);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    std::uint8_t stored[256];
    detail::copy_flipped(codes, 4, stored);
    low::take_from<0>(stored, b + 32);
    high::take_from<2>(stored, b);
  }

  static constexpr auto& format = formats::q3_k;
  static constexpr record_fields fields{{32, 2, 32}, {0, 1, 32}, 16, 4, 32};
  [[nodiscard]] static bool load_scales(const std::uint8_t* b, record_scales& s) {
    for (std::size_t four = 0; four < 4; ++four) {
      for (std::size_t i = 0; i < 4; ++i) {
        const unsigned nibble = static_cast<unsigned>(b[96 + four % 2 * 4 + i]) >> (four / 2 * 4);
        const unsigned pair = static_cast<unsigned>(b[104 + i]) >> (2 * four);
        s.scales[four * 4 + i] = static_cast<std::uint8_t>((nibble & 15u) | (pair & 3u) << 4);
      }
    }
    return detail::load_halves(b + 108, nullptr, s);
  }
};

namespace detail {

/// d | dmin | 12 bytes of scales and minima | upper bits, if there are | 128 of nibbles
template <std::size_t UpperBytes>
struct record_of_scales_and_minima {
  static constexpr std::size_t cols = 256, bytes = 144 + UpperBytes;
  static constexpr bool has_upper = UpperBytes != 0;
  using low = bit_plane<4, 32>;
  using high = bit_plane<1, 32>;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return per_k_record(leaf, 8); }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 0) {
      const unsigned nibble = low::load(b + 16 + UpperBytes, i);
      return has_upper ? nibble | high::load(b + 16, i) << 4 : nibble;
    }
    if (leaf % 2 != 0) return scales_and_minima::load(b + 4, leaf == 3, i);
    return load_word(b + (leaf == 2 ? 0 : 2), 2);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 0) {
      low::store(b + 16 + UpperBytes, i, code);
      if (has_upper) high::store(b + 16, i, code >> 4);
    } else if (leaf % 2 != 0) {
      scales_and_minima::store(b + 4, leaf == 3, i, code);
    } else {
      store_word(b + (leaf == 2 ? 0 : 2), 2, code);
    }
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    low::load_all(b + 16 + UpperBytes, codes);
    if constexpr (has_upper) high::template add_to<4>(b + 16, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    low::template take_from<0>(codes, b + 16 + UpperBytes);
    if constexpr (has_upper) high::template take_from<4>(codes, b + 16);
  }

  static constexpr record_fields fields{{16 + UpperBytes, 4, 32}, {16, has_upper ? 1 : 0, 32}, 32};
  [[nodiscard]] static bool load_scales(const std::uint8_t* b, record_scales& s) {
    scales_and_minima::load_all(b + 4, s.scales, s.minima);
    return load_halves(b, b + 2, s);
  }
};

}  // namespace detail

/// A record of Q4_K, 144 bytes:  d | dmin | 12 of scales and minima | 128 of codes
struct q4_k_record : detail::record_of_scales_and_minima<0>, detail::k_record_values<q4_k_record> {
  static constexpr auto& format = formats::q4_k;
};
/// A record of Q5_K, 176 bytes:  d | dmin | 12 of scales and minima | 32 of upper bits | 128 of
/// nibbles
struct q5_k_record : detail::record_of_scales_and_minima<32>, detail::k_record_values<q5_k_record> {
  static constexpr auto& format = formats::q5_k;
};

/// A record of Q6_K, 210 bytes:  128 of low nibbles | 64 of upper pairs | 16 of scales | d. Codes
/// are stored with 32 added.
struct q6_k_record : detail::k_record_values<q6_k_record> {
  static constexpr std::size_t cols = 256, bytes = 210;
  using low = detail::bit_plane<4, 64>;
  using high = detail::bit_plane<2, 32>;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return detail::per_k_record(leaf, 16);
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 0) return (low::load(b, i) | high::load(b + 128, i) << 4) ^ 32u;
    return leaf == 1 ? b[192 + i] : detail::load_word(b + 208, 2);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 2) return detail::store_word(b + 208, 2, code);
    if (leaf == 1) return detail::put_bits(b[192 + i], 0, 255, code);
    low::store(b, i, code);
    high::store(b + 128, i, (code ^ 32u) >> 4);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    low::load_all(b, codes);
    high::add_to<4>(b + 128, codes);
    detail::flip_codes(codes, 32);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    std::uint8_t stored[256];
    detail::copy_flipped(codes, 32, stored);
    low::take_from<0>(stored, b);
    high::take_from<4>(stored, b + 128);
  }

  static constexpr auto& format = formats::q6_k;
  static constexpr record_fields fields{{0, 4, 64}, {128, 2, 32}, 16, 32, 128};
  [[nodiscard]] static bool load_scales(const std::uint8_t* b, record_scales& s) {
    for (std::size_t i = 0; i < 16; ++i) s.scales[i] = b[192 + i] ^ 128;
    return detail::load_halves(b + 208, nullptr, s);
  }
};

/// A record of Q8_K, 292 bytes:  d (binary32) | 256 of codes | 16 sums of 16 codes each, in 16
/// bits. The sums follow from the codes: they are written whenever codes are, and not read.
struct q8_k_record : detail::k_record_values<q8_k_record> {
  static constexpr std::size_t cols = 256, bytes = 292;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 256 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? b[4 + i] : detail::load_word(b, 4);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_word(b, 4, code);
    b[4 + i] = static_cast<std::uint8_t>(code);
    store_sum(b, i / 16);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t i = 0; i < 256; ++i) codes[i] = b[4 + i];
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t i = 0; i < 256; ++i) b[4 + i] = codes[i];
    for (std::size_t group = 0; group < 16; ++group) store_sum(b, group);
  }

  static constexpr auto& format = formats::q8_k;
  static constexpr record_fields fields{{4, 8, 256}, {}, 256, 128, 0, 128};
  [[nodiscard]] static bool load_scales(const std::uint8_t* b, record_scales& s) {
    s.scales[0] = 1;
    s.d = static_cast<std::uint32_t>(detail::load_word(b, 4));
    return (s.d & 0x7F800000u) != 0x7F800000u;
  }

 private:
  static constexpr void store_sum(std::uint8_t* b, std::size_t group) {
    const std::uint8_t* const codes = b + 4 + group * 16;
    code_t sum = 0;  // of 128 more each
    for (int half = 0; half < 2; ++half) {
      const code_t eight = detail::load_eight(codes + 8 * half) ^ 0x8080808080808080u;
      const code_t even = 0x00FF00FF00FF00FFu;
      sum += ((eight & even) + (eight >> 8 & even)) * 0x0001000100010001u >> 48;
    }
    detail::store_word(b + 260 + 2 * group, 2, (sum - 16 * 128) & 0xFFFFu);
  }
};

}  // namespace lowp
