// SPDX-License-Identifier: MIT
// Where packed codes lie, as kernels take it. Any order that repeats after some whole bytes is a
// table of places; from it follow, for codes from bytes and for bytes from codes alike, shuffles of
// bytes into lanes of twice the size, shifts of these lanes, and what is left of memory. So the
// kernels know no packing and no width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "lowp/core/bits.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where a code begins: its byte, and the bits before it there in the order of the stream.
struct packed_place {
  std::uint32_t byte;
  std::uint32_t bit;
};

/// Two halves of a vector of 32 bytes: 16 bytes from `first[i]` on are shuffled into lanes, and
/// these are shifted. Lanes have twice the bytes of a code, or where codes of 4 bytes come from no
/// more of them, as many. Lanes of 16 bits are multiplied by a power of two instead, which all
/// targets can do.
struct packing_shuffle {
  alignas(32) std::uint8_t index[32];
  alignas(32) std::uint8_t shifts[32];
  std::uint32_t first[2];
};

/// A unit of codes that fills whole bytes, after which the places repeat. Codes are of 1, 2 or 4
/// bytes in memory; a piece is as many bytes of packed memory.
struct packing_plan {
  static constexpr std::size_t max_unit_bytes = 8192;  ///< of codes, and of what they are packed to

  /// Where the bits of a code are in so many bytes, from the lowest bit of these …
  struct source {
    std::uint16_t byte;
    std::uint16_t shift;
  };
  /// … and a code in a piece: shifted left, above the piece.
  struct term {
    std::uint16_t code;
    std::uint16_t shift;
  };

  bool is_supported = false;
  int width = 0, code_bytes = 0;
  bool is_msb_first = false;
  bool has_gaps = false;  ///< bits of no code, which stay as they are
  std::size_t codes = 0, bytes = 0;
  std::size_t terms_per_piece = 0;
  bool has_narrow_lanes = false;                   ///< of unpacking: as many bytes as codes
  lowp::detail::aligned_array<source> sources;     ///< by code
  lowp::detail::aligned_array<term> terms;         ///< by piece
  lowp::detail::aligned_array<std::uint8_t> gaps;  ///< by byte: bits of no code
  lowp::detail::aligned_array<std::uint16_t> begins, ends;  ///< bytes from a code on, up to one
  /// By 32 bytes of lanes; of packing, one for each term of a piece. Null: some 16 bytes are too
  /// few for a half.
  lowp::detail::aligned_array<packing_shuffle> unpacking, packing;
};

namespace detail {

inline void store_shift(packing_shuffle& to, std::size_t lane, std::size_t lane_bytes,
                        std::uint32_t value) {
  for (std::size_t i = 0; i < lane_bytes; ++i) {
    to.shifts[lane * lane_bytes + i] =
        static_cast<std::uint8_t>(i < sizeof value ? value >> 8 * i : 0);
  }
}

/// Of `count` lanes, the least and the largest of first(i), last(i) where has(i).
template <class First, class Last>
bool fits_sixteen(std::size_t begin, std::size_t count, const First& first, const Last& last,
                  std::uint32_t& base) {
  std::uint32_t low = ~std::uint32_t{0}, high = 0;
  for (std::size_t i = begin; i < begin + count; ++i) {
    if (first(i) == last(i)) continue;
    low = first(i) < low ? first(i) : low;
    high = last(i) > high ? last(i) : high;
  }
  base = low < high ? low : 0;
  return low >= high || high - low <= 16;
}

/// The shuffles of all codes of a unit; false if bytes are too far apart.
inline bool find_unpacking(packing_plan& p, const packed_place* places) {
  const auto c = static_cast<std::size_t>(p.code_bytes);
  const std::size_t lane_bytes = p.has_narrow_lanes ? c : 2 * c, half = 16 / lane_bytes;
  const auto width = static_cast<std::uint32_t>(p.width);
  const auto first = [&](std::size_t i) { return places[i].byte; };
  const auto size = [&](std::size_t i) { return (places[i].bit + width + 7) / 8; };
  const auto last = [&](std::size_t i) { return places[i].byte + size(i); };
  for (std::size_t k = 0; k < p.codes / (2 * half); ++k) {
    packing_shuffle& to = p.unpacking[k];
    for (std::size_t side = 0; side < 2; ++side) {
      const std::size_t begin = (2 * k + side) * half;
      if (!fits_sixteen(begin, half, first, last, to.first[side])) return false;
      for (std::size_t j = 0; j < half; ++j) {
        const std::size_t i = begin + j, lane = side * half + j;
        const std::uint32_t from = places[i].byte - to.first[side], n = size(i);
        for (std::uint32_t b = 0; b < lane_bytes; ++b) {
          const std::uint32_t at = from + (p.is_msb_first ? n - 1 - b : b);
          to.index[lane * lane_bytes + b] = static_cast<std::uint8_t>(b < n ? at : 0x80u);
        }
        const std::uint32_t shift = p.is_msb_first ? 8 * n - places[i].bit - width : places[i].bit;
        store_shift(to, lane, lane_bytes, c == 1 ? 1u << (8 - shift) : shift);
      }
    }
  }
  return true;
}

/// The same for all pieces.
inline bool find_packing(packing_plan& p) {
  const auto c = static_cast<std::size_t>(p.code_bytes), half = 8 / c;
  for (std::size_t k = 0; k < p.bytes / 16; ++k) {
    for (std::size_t t = 0; t < p.terms_per_piece; ++t) {
      packing_shuffle& to = p.packing[k * p.terms_per_piece + t];
      const auto term = [&](std::size_t i) { return p.terms[i * p.terms_per_piece + t]; };
      const auto first = [&](std::size_t i) {
        return static_cast<std::uint32_t>(term(i).code * c);
      };
      const auto last = [&](std::size_t i) {
        return first(i) + static_cast<std::uint32_t>(term(i).shift == 0 ? 0 : c);
      };
      for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t begin = (2 * k + side) * half;
        if (!fits_sixteen(begin, half, first, last, to.first[side])) return false;
        for (std::size_t j = 0; j < half; ++j) {
          const std::size_t i = begin + j, lane = side * half + j;
          const bool is_there = term(i).shift != 0;
          for (std::size_t b = 0; b < 2 * c; ++b) {
            const std::size_t at = first(i) - to.first[side] + b;
            to.index[lane * 2 * c + b] =
                static_cast<std::uint8_t>(is_there && b < c ? at : std::size_t{0x80});
          }
          store_shift(to, lane, 2 * c, c == 1 ? 1u << term(i).shift : term(i).shift);
        }
      }
    }
  }
  return true;
}

/// What is said of bytes and pieces; false if there is no memory, or too many codes share a piece.
inline bool find_terms(packing_plan& p, const packed_place* places) {
  constexpr std::uint32_t most_terms = 8;
  const auto piece = 8 * static_cast<std::uint32_t>(p.code_bytes);  // in bits
  const auto width = static_cast<std::uint32_t>(p.width);
  const std::size_t pieces = p.bytes / static_cast<std::size_t>(p.code_bytes);
  lowp::detail::aligned_array<std::uint8_t> counts(pieces, std::nothrow);
  p.terms = {pieces * most_terms, std::nothrow};
  p.gaps = {p.bytes, std::nothrow};
  if (counts.get() == nullptr || p.terms.get() == nullptr || p.gaps.get() == nullptr) return false;
  for (std::size_t i = 0; i < pieces; ++i) counts[i] = 0;
  for (std::size_t i = 0; i < p.bytes; ++i) p.gaps[i] = 0xFF;
  std::uint32_t most = 0;
  // Twice: how many there are, and where they go.
  for (const bool is_known : {false, true}) {
    if (is_known) {
      p.terms_per_piece = most;
      for (std::size_t i = 0; i < pieces * most; ++i) p.terms[i] = {0, 0};
      for (std::size_t i = 0; i < pieces; ++i) counts[i] = 0;
    }
    for (std::size_t i = 0; i < p.codes; ++i) {
      const std::uint32_t begin = 8 * places[i].byte + places[i].bit, end = begin + width;
      for (std::uint32_t q = begin / piece; q <= (end - 1) / piece; ++q) {
        const std::uint32_t t = counts[q]++;
        if (t >= most_terms) return false;
        if (t >= most) most = t + 1;
        const std::uint32_t shift =
            p.is_msb_first ? piece * (q + 2) - end : begin + piece - piece * q;
        if (is_known) {
          p.terms[q * most + t] = {static_cast<std::uint16_t>(i),
                                   static_cast<std::uint16_t>(shift)};
        }
      }
      for (std::uint32_t b = begin; b < end; ++b) {
        const std::uint32_t bit = p.is_msb_first ? 7 - b % 8 : b % 8;
        p.gaps[b / 8] = static_cast<std::uint8_t>(p.gaps[b / 8] & ~(1u << bit));
      }
    }
  }
  for (std::size_t i = 0; i < p.bytes; ++i) p.has_gaps = p.has_gaps || p.gaps[i] != 0;
  return true;
}

}  // namespace detail

/// The plan for codes of `width` bits, kept in so many bytes each, of which `period` lie in
/// `period_bytes`: code i at place_of(i). Not supported where units are too large.
template <class PlaceOf>
[[nodiscard]] packing_plan make_packing_plan(int width, int code_bytes, bool is_msb_first,
                                             std::size_t period, std::size_t period_bytes,
                                             const PlaceOf& place_of) {
  using lowp::detail::aligned_array;
  packing_plan p;
  p.width = width;
  p.code_bytes = code_bytes;
  p.is_msb_first = is_msb_first;
  const auto c = static_cast<std::size_t>(code_bytes);
  if (width > 8 * code_bytes || period > packing_plan::max_unit_bytes ||
      period_bytes > packing_plan::max_unit_bytes) {
    return p;
  }
  std::size_t times = 1;
  while (times * period * c % 32 != 0 || times * period_bytes % 16 != 0) ++times;
  p.codes = times * period;
  p.bytes = times * period_bytes;
  if (p.codes * c > packing_plan::max_unit_bytes || p.bytes > packing_plan::max_unit_bytes) {
    return p;
  }
  aligned_array<packed_place> places(p.codes, std::nothrow);
  p.sources = {p.codes, std::nothrow};
  p.begins = {p.codes, std::nothrow};
  p.ends = {p.codes, std::nothrow};
  if (places.get() == nullptr || p.sources.get() == nullptr || p.begins.get() == nullptr ||
      p.ends.get() == nullptr) {
    return p;
  }
  const auto bits = static_cast<std::uint32_t>(width);
  for (std::size_t i = 0; i < p.codes; ++i) {
    places[i] = place_of(i % period);
    places[i].byte += static_cast<std::uint32_t>(i / period * period_bytes);
    const std::uint32_t shift =
        is_msb_first ? static_cast<std::uint32_t>(16 * c) - places[i].bit - bits : places[i].bit;
    p.sources[i] = {static_cast<std::uint16_t>(places[i].byte), static_cast<std::uint16_t>(shift)};
  }
  std::uint32_t end = 0, begin = static_cast<std::uint32_t>(p.bytes);
  for (std::size_t i = 0; i < p.codes; ++i) {
    const std::uint32_t last = places[i].byte + (places[i].bit + bits + 7) / 8;
    end = last > end ? last : end;
    p.ends[i] = static_cast<std::uint16_t>(end);
    const std::size_t j = p.codes - 1 - i;
    begin = places[j].byte < begin ? places[j].byte : begin;
    p.begins[j] = static_cast<std::uint16_t>(begin);
  }
  p.is_supported = detail::find_terms(p, places.get());
  if (!p.is_supported) return p;
  p.has_narrow_lanes = code_bytes == 4;
  for (std::size_t i = 0; i < p.codes; ++i) {
    p.has_narrow_lanes = p.has_narrow_lanes && places[i].bit + bits <= 32;
  }
  p.unpacking = {p.codes * c / 16, std::nothrow};
  if (p.unpacking.get() != nullptr && !detail::find_unpacking(p, places.get())) p.unpacking = {};
  p.packing = {p.bytes / 16 * p.terms_per_piece, std::nothrow};
  if (p.packing.get() != nullptr && !detail::find_packing(p)) p.packing = {};
  return p;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
