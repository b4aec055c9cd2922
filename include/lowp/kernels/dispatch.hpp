// SPDX-License-Identifier: MIT
// The kernels as functions of the instruction set: pointers, sizes and plans in, bits out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lane_plan.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets.hpp"
#include "lowp/kernels/value_table.hpp"

/// Calls a kernel in the namespace of the target for `level`. The lanes of avx512vbmi are those of
/// avx512.
#if LOWP_X86_TARGETS
#define LOWP_DISPATCH(level, ...) \
  do {                            \
    switch (level) {              \
      case isa::avx512vbmi:       \
      case isa::avx512: {         \
        using namespace avx512;   \
        return __VA_ARGS__;       \
      }                           \
      case isa::avx2: {           \
        using namespace avx2;     \
        return __VA_ARGS__;       \
      }                           \
      case isa::portable: break;  \
    }                             \
    using namespace portable;     \
    return __VA_ARGS__;           \
  } while (false)
#else
#define LOWP_DISPATCH(level, ...) \
  do {                            \
    (void)level;                  \
    using namespace portable;     \
    return __VA_ARGS__;           \
  } while (false)
#endif

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

namespace detail {
template <class Word, bool ToValues, class Lane, class Out>
void encode(isa level, const encode_plan<Word>& plan, const Word* in, const Lane* random,
            std::size_t count, Out* out) {
  if constexpr (sizeof(Word) == 4) {
    LOWP_DISPATCH(level, encode_loop<u32, ToValues>(plan, in, random, count, out));
  } else {
    LOWP_DISPATCH(level, encode_loop<u64, ToValues>(plan, in, random, count, out));
  }
}
template <block_scaling How, class Lane, class Out>
void dispatch_blocks(isa level, const encode_plan<std::uint32_t>& plan,
                     const std::uint32_t* factors, int log2_block, const float* in,
                     const Lane* random, std::size_t count, Out* out) {
  LOWP_DISPATCH(level, encode_blocks<How>(plan, factors, log2_block, in, random, count, out));
}

/// Calls run with random lanes as the type that the draw makes them.
template <class Run>
void with_lanes(const stochastic& draw, const void* lanes, const Run& run) {
  const int bits = draw.used_bits();
  if (bits <= 8) return run(static_cast<const std::uint8_t*>(lanes));
  if (bits <= 16) return run(static_cast<const std::uint16_t*>(lanes));
  run(static_cast<const std::uint32_t*>(lanes));
}
}  // namespace detail

/// Codes of `in`, or with ToValues its values on the grid of the format. Where the plan asks for
/// random bits, `random` are the lanes of the elements, of 8, 16 or 32 bits as the draw says.
template <class Word, bool ToValues, bool MayBeRandom, class Out>
void encode(isa level, const encode_plan<Word>& plan, const Word* in,
            [[maybe_unused]] const void* random, std::size_t count, Out* out) {
  const auto run = [&](const auto* lanes) {
    detail::encode<Word, ToValues>(level, plan, in, lanes, count, out);
  };
  if constexpr (MayBeRandom) {
    if (plan.rounding.extra_bits != 0) {
      return detail::with_lanes(plan.rounding.draw, random, run);
    }
  }
  run(static_cast<const no_lanes*>(nullptr));
}

/// Values of codes by the expression of their format, times their scales.
template <class Code>
void decode(isa level, const decode_plan& plan, const scaling& scale, const Code* codes,
            std::size_t count, std::uint32_t* values) {
  LOWP_DISPATCH(level, decode_computed(plan, scale, codes, count, values));
}

/// The same by table.
inline void decode(isa level, const value_table& table, const scaling& scale,
                   const std::uint8_t* codes, std::size_t count, std::uint32_t* values) {
#if LOWP_X86_TARGETS
  if (level == isa::avx512vbmi && table.is_upper_half) {
    return avx512vbmi::decode_table(table, scale, codes, count, values);
  }
#endif
  LOWP_DISPATCH(level, decode_table(table, scale, codes, count, values));
}

/// The most blocks that philox writes beyond those asked for.
inline constexpr std::size_t philox_slack = 32;

/// Consecutive blocks of random bits (random.hpp), modulo block_mask + 1; there is room for
/// count + philox_slack.
inline void philox(isa level, std::uint64_t seed, std::uint64_t first, std::uint64_t block_mask,
                   int rounds, std::size_t count, std::uint64_t* out) {
  LOWP_DISPATCH(level, philox_fill(seed, first, block_mask, rounds, count, out));
}

/// See block_loops.inc.
inline void amax_blocks(isa level, const float* in, std::size_t count, int log2_block,
                        std::uint32_t* amax) {
  LOWP_DISPATCH(level, amax_blocks(in, count, log2_block, amax));
}
[[nodiscard]] inline std::uint32_t amax_array(isa level, const float* in, std::size_t count) {
  LOWP_DISPATCH(level, amax_array(in, count));
}

/// Codes of finite elements; the factor of element i is factors[i >> log2_block].
template <block_scaling How, bool MayBeRandom, class Out>
void encode_blocks(isa level, const encode_plan<std::uint32_t>& plan, const std::uint32_t* factors,
                   int log2_block, const float* in, [[maybe_unused]] const void* random,
                   std::size_t count, Out* out) {
  const auto run = [&](const auto* lanes) {
    detail::dispatch_blocks<How>(level, plan, factors, log2_block, in, lanes, count, out);
  };
  if constexpr (MayBeRandom) {
    if (plan.rounding.extra_bits != 0) {
      return detail::with_lanes(plan.rounding.draw, random, run);
    }
  }
  run(static_cast<const no_lanes*>(nullptr));
}

/// Packs or unpacks the first codes of an array, 4 or 6 bits wide; returns how many are done.
inline std::size_t pack([[maybe_unused]] isa level, [[maybe_unused]] int width,
                        [[maybe_unused]] bool msb_first, [[maybe_unused]] const std::uint8_t* codes,
                        [[maybe_unused]] std::size_t count, [[maybe_unused]] std::uint8_t* bytes) {
#if LOWP_X86_TARGETS
  if (level >= isa::avx2) {
    if (width == 4) return avx2::pack_nibbles(codes, count, msb_first, bytes);
    if (width == 6) return avx2::pack_sixes(codes, count, msb_first, bytes);
  }
#endif
  return 0;
}
inline std::size_t unpack([[maybe_unused]] isa level, [[maybe_unused]] int width,
                          [[maybe_unused]] bool msb_first,
                          [[maybe_unused]] const std::uint8_t* bytes,
                          [[maybe_unused]] std::size_t count,
                          [[maybe_unused]] std::uint8_t* codes) {
#if LOWP_X86_TARGETS
  if (level >= isa::avx2) {
    if (width == 4) return avx2::unpack_nibbles(bytes, count, msb_first, codes);
    if (width == 6) return avx2::unpack_sixes(bytes, count, msb_first, codes);
  }
#endif
  return 0;
}

}  // namespace kernels
}  // namespace LOWP_BASELINE
}  // namespace lowp
