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
#include "lowp/arrays/packed_codes.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

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
