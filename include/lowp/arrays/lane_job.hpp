// SPDX-License-Identifier: MIT
// From an array to an array through the kernels: where lanes come from, the random bits they are
// given, and where the results go. What does not lie in memory as the kernels take it passes
// through a buffer that stays in the first-level cache.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

inline constexpr std::size_t buffer_size = 1024;

/// Kernels read and write memory as little-endian machines do.
inline constexpr bool has_kernels = std::endian::native == std::endian::little;

// ------------------------------------------------------------------------------------------
// packing

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

/// Codes of at most 8 bits, each in a byte, to dense bytes and back: whole eights, with 64 bits as
/// the buffer. They return how many codes are done.
inline std::size_t pack_eights(const std::uint8_t* codes, std::size_t count, int width,
                               bool msb_first, std::uint8_t* bytes) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t word = 0;
    for (int j = 0; j < 8; ++j) {
      const std::uint64_t code = codes[i + static_cast<std::size_t>(j)];
      word |= code << (width * (msb_first ? 7 - j : j));
    }
    for (int j = 0; j < width; ++j) {
      *bytes++ = static_cast<std::uint8_t>(word >> (8 * (msb_first ? width - 1 - j : j)));
    }
  }
  return i;
}
inline std::size_t unpack_eights(const std::uint8_t* bytes, std::size_t count, int width,
                                 bool msb_first, std::uint8_t* codes) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t word = 0;
    for (int j = 0; j < width; ++j) {
      word |= std::uint64_t{*bytes++} << (8 * (msb_first ? width - 1 - j : j));
    }
    for (int j = 0; j < 8; ++j) {
      codes[i + static_cast<std::size_t>(j)] =
          static_cast<std::uint8_t>(word >> (width * (msb_first ? 7 - j : j)) & low_mask(width));
    }
  }
  return i;
}

/// The same for codes of 9 to 15 bits: four to a word, and of two words as many bytes as a code has
/// bits.
inline std::size_t pack_eights(const std::uint16_t* codes, std::size_t count, int width,
                               bool msb_first, std::uint8_t* bytes) {
  const int half = 4 * width, rest = 2 * half - 64;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t first = 0, second = 0;
    for (int j = 0; j < 4; ++j) {
      const int place = width * (msb_first ? 3 - j : j);
      first |= std::uint64_t{codes[i + static_cast<std::size_t>(j)]} << place;
      second |= std::uint64_t{codes[i + static_cast<std::size_t>(j) + 4]} << place;
    }
    const std::uint64_t head =
        msb_first ? first << (64 - half) | second >> rest : first | second << half;
    const std::uint64_t tail = msb_first ? second << (64 - rest) : second >> (64 - half);
    for (int j = 0; j < width; ++j) {
      const std::uint64_t word = j < 8 ? head : tail;
      const int place = 8 * (j & 7);
      *bytes++ = static_cast<std::uint8_t>(word >> (msb_first ? 56 - place : place));
    }
  }
  return i;
}
inline std::size_t unpack_eights(const std::uint8_t* bytes, std::size_t count, int width,
                                 bool msb_first, std::uint16_t* codes) {
  const int half = 4 * width, rest = 2 * half - 64;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t head = 0, tail = 0;
    for (int j = 0; j < width; ++j) {
      const int place = 8 * (j & 7);
      (j < 8 ? head : tail) |= std::uint64_t{*bytes++} << (msb_first ? 56 - place : place);
    }
    const std::uint64_t first = msb_first ? head >> (64 - half) : head;
    const std::uint64_t second =
        msb_first ? head << rest | tail >> (64 - rest) : head >> half | tail << (64 - half);
    for (int j = 0; j < 4; ++j) {
      const int place = width * (msb_first ? 3 - j : j);
      const auto at = i + static_cast<std::size_t>(j);
      codes[at] = static_cast<std::uint16_t>(first >> place & low_mask(width));
      codes[at + 4] = static_cast<std::uint16_t>(second >> place & low_mask(width));
    }
  }
  return i;
}

/// Stores codes at the places first, first + 1, … of `bytes`; first is a multiple of 8.
template <class Code>
void pack_codes(isa level, const Code* codes, std::size_t first, std::size_t count, int width,
                packing p, std::uint8_t* bytes) {
  if (is_array_of<Code>(p, width)) {
    std::memcpy(bytes + first * sizeof(Code), codes, count * sizeof(Code));
    return;
  }
  std::size_t done = 0;
  if constexpr (sizeof(Code) == 1) {
    if (is_dense(p, width)) {
      std::uint8_t* const begin = bytes + first / 8 * static_cast<std::size_t>(width);
      done = kernels::pack(level, width, p.is_msb_first, codes, count, begin);
      done += pack_eights(codes + done, count - done, width, p.is_msb_first,
                          begin + done / 8 * static_cast<std::size_t>(width));
    }
  } else if constexpr (sizeof(Code) == 2) {
    if (is_dense(p, width) && width > 8 && width < 16) {
      done = pack_eights(codes, count, width, p.is_msb_first,
                         bytes + first / 8 * static_cast<std::size_t>(width));
    }
  }
  for (; done < count; ++done) store_code(bytes, first + done, width, codes[done], p);
}
template <class Code>
void unpack_codes(isa level, const std::uint8_t* bytes, std::size_t first, std::size_t count,
                  int width, packing p, Code* codes) {
  if (is_array_of<Code>(p, width)) {
    std::memcpy(codes, bytes + first * sizeof(Code), count * sizeof(Code));
    return;
  }
  std::size_t done = 0;
  if constexpr (sizeof(Code) == 1) {
    if (is_dense(p, width)) {
      const std::uint8_t* const begin = bytes + first / 8 * static_cast<std::size_t>(width);
      done = kernels::unpack(level, width, p.is_msb_first, begin, count, codes);
      done += unpack_eights(begin + done / 8 * static_cast<std::size_t>(width), count - done, width,
                            p.is_msb_first, codes + done);
    }
  } else if constexpr (sizeof(Code) == 2) {
    if (is_dense(p, width) && width > 8 && width < 16) {
      done = unpack_eights(bytes + first / 8 * static_cast<std::size_t>(width), count, width,
                           p.is_msb_first, codes);
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

// ------------------------------------------------------------------------------- random lanes

/// The random bits of up to buffer_size elements.
class random_lanes {
 public:
  /// Those of elements first … first + count - 1 after the draw.
  const void* fill(isa level, const stochastic& draw, std::size_t first, std::size_t count) {
    const int log2_bytes = kernels::log2_lane_bytes(draw);
    const int log2_lanes = 4 - log2_bytes;
    const std::uint64_t index = draw.index + first;
    const std::uint64_t skipped = index & low_mask(log2_lanes);
    kernels::philox(level, draw.seed, index >> log2_lanes, ~std::uint64_t{0} >> log2_lanes,
                    draw.rounds(), (skipped + count + low_mask(log2_lanes)) >> log2_lanes, words_);
    return reinterpret_cast<const std::uint8_t*>(words_) + (skipped << log2_bytes);
  }

 private:
  alignas(64) std::uint64_t words_[2 * (buffer_size / 4 + 1 + kernels::philox_slack)];
};

// ------------------------------------------------------------------------------------------
// sources

/// Values that are binary32 or binary64 already.
template <class Float>
struct direct_source {
  using word = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;
  static constexpr bool is_direct = true;
  const Float* values;
  const word* at(isa, std::size_t first, std::size_t, word*) const {
    return reinterpret_cast<const word*>(values + first);
  }
};

/// binary32 for 64-bit lanes, where 32 bits are too few.
struct widened_source {
  using word = std::uint64_t;
  static constexpr bool is_direct = false;
  const float* values;
  const word* at(isa, std::size_t first, std::size_t count, word* buffer) const {
    for (std::size_t i = 0; i < count; ++i) {
      buffer[i] = std::bit_cast<word>(static_cast<double>(opaque(values[first + i])));
    }
    return buffer;
  }
};

/// Codes of binary16 or bfloat16.
struct half_source {
  using word = std::uint32_t;
  static constexpr bool is_direct = false;
  kernels::decode_plan plan;
  const std::uint16_t* codes;
  const word* at(isa level, std::size_t first, std::size_t count, word* buffer) const {
    kernels::decode(level, plan, {}, codes + first, count, buffer);
    return buffer;
  }
};

// --------------------------------------------------------------------------------------------
// sinks

/// Codes packed in any order: element first + i, the i-th of a part that goes to `out`.
template <class Code>
struct packed_sink {
  using type = Code;
  static constexpr bool is_value = false;
  int width;
  packing order;
  [[nodiscard]] bool is_direct() const { return is_array_of<Code>(order, width); }
  Code* at(std::uint8_t* out, std::size_t i, Code* buffer) const {
    return is_direct() ? reinterpret_cast<Code*>(out) + i : buffer;
  }
  void finish(isa level, const Code* codes, std::size_t first, std::size_t i, std::size_t count,
              std::uint8_t* out) const {
    if (is_direct()) return;
    pack_codes(level, codes, is_dense(order, width) ? i : first + i, count, width, order, out);
  }
};

/// An array of words as lanes have them: values, or with AreValues = false codes.
template <class Word, bool AreValues>
struct array_sink {
  using type = Word;
  static constexpr bool is_value = AreValues;
  [[nodiscard]] static constexpr bool is_direct() { return true; }
  Word* at(std::uint8_t* out, std::size_t i, Word*) const {
    return reinterpret_cast<Word*>(out) + i;
  }
  void finish(isa, const Word*, std::size_t, std::size_t, std::size_t, std::uint8_t*) const {}
};

/// binary32 values from 64-bit lanes, rounded to nearest even.
struct narrowed_sink {
  using type = std::uint64_t;
  static constexpr bool is_value = true;
  [[nodiscard]] static constexpr bool is_direct() { return false; }
  type* at(std::uint8_t*, std::size_t, type* buffer) const { return buffer; }
  void finish(isa, const type* values, std::size_t, std::size_t i, std::size_t count,
              std::uint8_t* out) const {
    for (std::size_t j = 0; j < count; ++j) {
      const auto value = static_cast<float>(opaque(std::bit_cast<double>(values[j])));
      std::memcpy(out + 4 * (i + j), &value, sizeof value);
    }
  }
};

// ----------------------------------------------------------------------------------------------
// job

/// Encodes or rounds a part of an array; what bulk_part calls. Plan is an encode_plan or, for modes
/// without random bits, a threshold_plan or, to codes, a regime_plan.
template <class Source, class Sink, bool MayBeRandom,
          class Plan = kernels::encode_plan<typename Source::word>>
struct lane_job {
  using word = typename Source::word;
  using result = typename Sink::type;
  static constexpr bool has_thresholds = std::is_same_v<Plan, kernels::threshold_plan<word>>;
  static constexpr bool has_regime = std::is_same_v<Plan, kernels::regime_plan<word>>;

  isa level;
  const Plan& plan;
  Source source;
  Sink sink;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* out) const {
    const bool is_random = draws();
    if (Source::is_direct && sink.is_direct() && !is_random) {
      return encode(source.at(level, first, count, nullptr), nullptr, count,
                    sink.at(out, 0, nullptr));
    }
    alignas(64) word values[buffer_size];
    alignas(64) result results[buffer_size];
    [[maybe_unused]] random_lanes random;
    for (std::size_t i = 0; i < count; i += buffer_size) {
      const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
      const void* lanes = nullptr;
      if constexpr (MayBeRandom) {
        if (is_random) lanes = random.fill(level, plan.rounding.draw, first + i, n);
      }
      result* const to = sink.at(out, i, results);
      encode(source.at(level, first + i, n, values), lanes, n, to);
      sink.finish(level, to, first, i, n, out);
    }
  }

 private:
  [[nodiscard]] bool draws() const {
    if constexpr (MayBeRandom) {
      return plan.rounding.is_random();
    } else {
      return false;
    }
  }
  void encode(const word* in, [[maybe_unused]] const void* random, std::size_t count,
              result* out) const {
    if constexpr (has_thresholds) {
      kernels::encode_by_thresholds<word, Sink::is_value>(level, plan, in, count, out);
    } else if constexpr (has_regime) {
      kernels::encode_regimes(level, plan, in, count, out);
    } else {
      kernels::encode<word, Sink::is_value, MayBeRandom>(level, plan, in, random, count, out);
    }
  }
};

/// Decodes a part of an array. Values is a value_table, a decode_plan or a regime_decode_plan.
template <class Code, class Values>
struct decode_job {
  isa level;
  const Values& values;
  const std::uint8_t* bytes;
  int width;
  packing order;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* out) const {
    decode_codes<Code>(level, values, {}, bytes, first, count, width, order,
                       reinterpret_cast<std::uint32_t*>(out));
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
