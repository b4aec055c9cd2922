// SPDX-License-Identifier: MIT
// Codes to packed bytes and back, in any order and of any width: by kernels for a few dense orders
// of few bits, by kernels with a plan for any that repeats soon, which is kept for the life of the
// program, by words of 64 bits for what these leave over, and the rest as packing.hpp defines.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

inline constexpr std::size_t buffer_size = 1024;

/// Kernels read and write memory as little-endian machines do.
inline constexpr bool has_kernels = std::endian::native == std::endian::little;

/// Whether codes follow each other without gaps, in order.
[[nodiscard]] constexpr bool is_dense(packing p, int width) {
  return p.order == slot_order::straight &&
         (p.container_bits == 0 || p.container_bits == p.group_size * width);
}
/// Whether packed codes are an array of Code as it lies in memory.
template <class Code>
[[nodiscard]] constexpr bool is_array_of(packing p, int width) {
  return width == 8 * static_cast<int>(sizeof(Code)) && is_dense(p, width) &&
         (width == 8 || !p.is_msb_first);
}

// ------------------------------------------------------------------------------------------
// eight codes of at most 8 bits in a word

/// Eight codes of a width in as many bits in a row, and each in a byte of its own; code 0 is the
/// lowest. In three steps, of which each halves the gaps, or doubles the pieces.
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
  [[nodiscard]] constexpr std::uint64_t joined(std::uint64_t x) const {
    for (int i = 0; i < 3; ++i) x = (x & low_[i]) | (x & high_[i]) >> shift_[i];
    return x;
  }
  /// Of a word whose bits above the codes are of no meaning.
  [[nodiscard]] constexpr std::uint64_t spread(std::uint64_t x) const {
    x &= low_mask(8 * width_);
    for (int i = 2; i >= 0; --i) x = (x & low_[i]) | (x << shift_[i] & high_[i]);
    return x;
  }

 private:
  int width_;
  std::uint64_t low_[3] = {}, high_[3] = {};
  int shift_[3] = {};
};

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
  if constexpr (!has_kernels) return load_bytes(bytes, 8);
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}
inline void store_bytes(std::uint64_t word, std::uint8_t* bytes) {
  if constexpr (!has_kernels) return store_bytes(word, 8, bytes);
  std::memcpy(bytes, &word, sizeof word);
}

/// Codes of at most 8 bits, each in a byte, to dense bytes and back: whole eights. They return how
/// many codes are done.
inline std::size_t pack_eights(const std::uint8_t* codes, std::size_t count, int width,
                               bool msb_first, std::uint8_t* bytes) {
  const eight_codes eight(width);
  const auto size = static_cast<std::size_t>(width);
  const int unused = 64 - 8 * width;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, bytes += size) {
    const std::uint64_t x = load_bytes(codes + i);
    const std::uint64_t word =
        msb_first ? reversed_bytes(eight.joined(reversed_bytes(x)) << unused) : eight.joined(x);
    if (i + 16 <= count && size * ((count - i) / 8) >= 8) {
      store_bytes(word, bytes);  // the next eight follow
    } else {
      store_bytes(word, size, bytes);
    }
  }
  return i;
}
inline std::size_t unpack_eights(const std::uint8_t* bytes, std::size_t count, int width,
                                 bool msb_first, std::uint8_t* codes) {
  const eight_codes eight(width);
  const auto size = static_cast<std::size_t>(width);
  const int unused = 64 - 8 * width;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, bytes += size) {
    const bool has_eight_bytes = size * ((count - i) / 8) >= 8;
    const std::uint64_t x = has_eight_bytes ? load_bytes(bytes) : load_bytes(bytes, size);
    store_bytes(
        msb_first ? reversed_bytes(eight.spread(reversed_bytes(x) >> unused)) : eight.spread(x), 8,
        codes + i);
  }
  return i;
}

// ------------------------------------------------------------------------------------------
// plans

/// A plan, and what it is of.
struct kept_packing {
  int width, code_bytes;
  packing order;
  kernels::packing_plan plan;
  const kept_packing* next;
};
/// Lists that only grow, and not far.
struct kept_packings {
  static constexpr int most = 32;
  std::atomic<const kept_packing*> first[64] = {};
};
inline constinit kept_packings all_packings{};

/// The plan of an order for codes in so many bytes; null if there is none.
[[nodiscard]] inline const kernels::packing_plan* packing_plan_of(int width, packing p,
                                                                  int code_bytes) {
  if (is_dense(p, width)) p = {.is_msb_first = p.is_msb_first};
  const auto place = static_cast<std::size_t>(width + 5 * p.group_size + 3 * code_bytes +
                                              (p.is_msb_first ? 32 : 0)) %
                     64;
  std::atomic<const kept_packing*>& list = all_packings.first[place];
  const kept_packing* const first = list.load(std::memory_order_acquire);
  int length = 0;
  for (const kept_packing* k = first; k != nullptr; k = k->next, ++length) {
    if (k->width == width && k->code_bytes == code_bytes && k->order == p) {
      return k->plan.is_supported ? &k->plan : nullptr;
    }
  }
  if (length >= kept_packings::most) return nullptr;
  const auto group_bits = static_cast<std::size_t>(p.group_bits(width));
  const bool is_whole = group_bits % 8 == 0;
  const std::size_t period = static_cast<std::size_t>(p.group_size) * (is_whole ? 1 : 8);
  const auto place_of = [&](std::size_t i) {
    const lowp::detail::code_place at = lowp::detail::place_of(i, width, p);
    return kernels::packed_place{static_cast<std::uint32_t>(at.byte),
                                 static_cast<std::uint32_t>(at.bit)};
  };
  const auto made = new (std::nothrow)
      kept_packing{width, code_bytes, p,
                   kernels::make_packing_plan(width, code_bytes, p.is_msb_first, period,
                                              is_whole ? group_bits / 8 : group_bits, place_of),
                   first};
  if (made == nullptr) return nullptr;
  while (!list.compare_exchange_weak(made->next, made, std::memory_order_release,
                                     std::memory_order_acquire)) {
  }
  return made->plan.is_supported ? &made->plan : nullptr;
}

/// The plan for some of such codes, if it is worth it.
template <class Code>
[[nodiscard]] const kernels::packing_plan* packing_plan_for(std::size_t count, int width,
                                                            packing p) {
  if constexpr (has_kernels && sizeof(Code) <= 4) {
    if (count < 16) return nullptr;
    const auto plan = packing_plan_of(width, p, static_cast<int>(sizeof(Code)));
    if (plan != nullptr && 16 * count >= plan->codes) return plan;
  }
  return nullptr;
}

// ------------------------------------------------------------------------------------------
// codes

/// Stores codes at the places first, first + 1, … of `bytes`; first is a multiple of 8.
template <class Code>
void pack_codes(isa level, const Code* codes, std::size_t first, std::size_t count, int width,
                packing p, std::uint8_t* bytes) {
  if (count == 0) return;
  if (is_array_of<Code>(p, width)) {
    std::memcpy(bytes + first * sizeof(Code), codes, count * sizeof(Code));
    return;
  }
  std::size_t done = 0;
  const bool has_eights = sizeof(Code) == 1 && is_dense(p, width);
  if constexpr (sizeof(Code) == 1) {
    if (has_eights) {
      done = kernels::pack(level, width, p.is_msb_first, codes, count,
                           bytes + first / 8 * static_cast<std::size_t>(width));
      if (done == count) return;
    }
  }
  if (!has_eights || kernels::has(level, kernels::feature::packing)) {
    const kernels::packing_plan* const plan = packing_plan_for<Code>(count - done, width, p);
    if (plan != nullptr) {
      return kernels::pack(level, *plan, first + done, count - done, codes + done, bytes);
    }
  }
  if constexpr (sizeof(Code) == 1) {
    if (has_eights) {
      done += pack_eights(codes + done, count - done, width, p.is_msb_first,
                          bytes + (first + done) / 8 * static_cast<std::size_t>(width));
    }
  }
  for (; done < count; ++done) store_code(bytes, first + done, width, codes[done], p);
}
template <class Code>
void unpack_codes(isa level, const std::uint8_t* bytes, std::size_t first, std::size_t count,
                  int width, packing p, Code* codes) {
  if (count == 0) return;
  if (is_array_of<Code>(p, width)) {
    std::memcpy(codes, bytes + first * sizeof(Code), count * sizeof(Code));
    return;
  }
  std::size_t done = 0;
  const bool has_eights = sizeof(Code) == 1 && is_dense(p, width);
  if constexpr (sizeof(Code) == 1) {
    if (has_eights) {
      done = kernels::unpack(level, width, p.is_msb_first,
                             bytes + first / 8 * static_cast<std::size_t>(width), count, codes);
      if (done == count) return;
    }
  }
  if (!has_eights || kernels::has(level, kernels::feature::packing)) {
    const kernels::packing_plan* const plan = packing_plan_for<Code>(count - done, width, p);
    if (plan != nullptr) {
      return kernels::unpack(level, *plan, first + done, count - done, bytes, codes + done);
    }
  }
  if constexpr (sizeof(Code) == 1) {
    if (has_eights) {
      done += unpack_eights(bytes + (first + done) / 8 * static_cast<std::size_t>(width),
                            count - done, width, p.is_msb_first, codes + done);
    }
  }
  for (; done < count; ++done) {
    codes[done] = static_cast<Code>(load_code(bytes, first + done, width, p));
  }
}

/// Values of the codes at the places first, first + 1, … of `bytes`, times their scales; first is a
/// multiple of 8. Code is the type of the codes that `values` takes.
template <class Code, class Values>
void decode_codes(isa level, const Values& values, const kernels::scaling& scale,
                  const std::uint8_t* bytes, std::size_t first, std::size_t count, int width,
                  packing p, std::uint32_t* out) {
  if (is_array_of<Code>(p, width)) {
    const auto codes = reinterpret_cast<const Code*>(bytes) + first;
    return kernels::decode(level, values, scale, codes, count, out);
  }
  if constexpr (std::is_same_v<Values, kernels::value_table>) {
    if (p == packings::byte_low) {  // tables take any byte
      return kernels::decode(level, values, scale, bytes + first, count, out);
    }
    if (width == 4 && is_dense(p, width)) {
      return kernels::decode_nibbles(level, values, scale, bytes + first / 2, p.is_msb_first, count,
                                     out);
    }
  }
  alignas(64) Code codes[buffer_size];
  for (std::size_t i = 0; i < count; i += buffer_size) {
    const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
    unpack_codes(level, bytes, first + i, n, width, p, codes);
    kernels::decode(level, values, scale.from(i), codes, n, out + i);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
