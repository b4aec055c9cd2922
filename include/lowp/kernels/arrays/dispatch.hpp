// SPDX-License-Identifier: MIT
// The kernels as functions of the instruction set: pointers, sizes and plans in, bits out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/kernels/arrays/group_terms.hpp"
#include "lowp/kernels/arrays/packing_plan.hpp"
#include "lowp/kernels/arrays/record_fields.hpp"
#include "lowp/kernels/arrays/scale_arithmetic.hpp"
#include "lowp/kernels/arrays/threshold_table.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/lanes/regime_plan.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Elements in four vectors of words: what a kernel takes at a time.
[[nodiscard]] LOWP_BORDER std::size_t group_size(isa level, std::size_t word_bytes);

/// The memory of a loop: where element 0 lies, and how far apart elements are.
struct loop_memory {
  const void* in;
  std::size_t in_bits;
  const void* random;
  std::size_t random_bits;
  void* out;
  std::size_t out_bits;
};

/// Calls run(in, random, out, index of their first element, count) for the whole groups, and once
/// more for a padded copy of what is left, so that kernels see only groups and nothing outside the
/// arrays is touched.
template <class Run>
void in_groups(std::size_t group, const loop_memory& s, std::size_t count, const Run& run) {
  const auto in = static_cast<const std::uint8_t*>(s.in);
  const auto random = static_cast<const std::uint8_t*>(s.random);
  const auto out = static_cast<std::uint8_t*>(s.out);
  const std::size_t whole = count - count % group, left = count - whole;
  if (whole != 0) run(in, random, out, std::size_t{0}, whole);
  if (left == 0) return;
  const auto bytes = [](std::size_t n, std::size_t bits) { return (n * bits + 7) / 8; };
  alignas(64) std::uint8_t in_tail[256], random_tail[256], out_tail[256];
  const auto pad = [&](std::uint8_t* to, const std::uint8_t* from, std::size_t bits) {
    std::memset(to, 0, bytes(group, bits));
    std::memcpy(to, from + bytes(whole, bits), bytes(left, bits));
  };
  pad(in_tail, in, s.in_bits);
  if (random != nullptr) pad(random_tail, random, s.random_bits);
  run(in_tail, random == nullptr ? nullptr : random_tail, out_tail, whole, group);
  std::memcpy(out + bytes(whole, s.out_bits), out_tail, bytes(left, s.out_bits));
}

namespace detail {
/// These find the loop of a target.
template <class Word, bool ToValues, bool IsRandom>
void run_encode(isa level, const encode_plan<Word>& plan, const Word* in,
                const std::uint8_t* random, std::size_t count, std::uint8_t* out, int log2_bytes);
template <block_scaling How, bool IsRandom>
void run_blocks(isa level, const encode_plan<std::uint32_t>& plan, const std::uint32_t* factors,
                int log2_block, const float* in, const std::uint8_t* random, std::size_t count,
                std::uint8_t* out, int log2_bytes);
LOWP_BORDER void run_decode(isa level, const decode_plan& plan, const scaling& s,
                            const std::uint16_t* codes, std::size_t count, std::uint32_t* values);
LOWP_BORDER void run_decode(isa level, const decode_plan& plan, const scaling& s,
                            const std::uint32_t* codes, std::size_t count, std::uint32_t* values);
LOWP_BORDER void run_decode(isa level, const value_table& table, const scaling& s,
                            const std::uint8_t* codes, std::size_t count, std::uint32_t* values);
template <class Code>
void run_decode(isa level, const regime_decode_plan& plan, const scaling& s, const Code* codes,
                std::size_t count, std::uint32_t* values);
LOWP_BORDER void run_nibbles(isa level, const value_table& table, const scaling& s,
                             const std::uint8_t* bytes, bool msb_first, std::size_t count,
                             std::uint32_t* values);

LOWP_BORDER void run_scale_values(isa level, const scale_arithmetic& s, const std::uint32_t* amax,
                                  std::size_t count, std::uint32_t* out);

template <class Word>
[[nodiscard]] std::size_t random_lane_bits(const encode_plan<Word>& plan) {
  return plan.rounding.is_random() ? std::size_t{8} << log2_lane_bytes(plan.rounding.draw) : 0;
}
}  // namespace detail

/// Codes of `in`, or with ToValues its values on the grid of the format. Where the plan asks for
/// random bits, `random` are the lanes of the elements, of 8, 16 or 32 bits as the draw says.
template <class Word, bool ToValues, bool MayBeRandom, class Out>
void encode(isa level, const encode_plan<Word>& plan, const Word* in, const void* random,
            std::size_t count, Out* out) {
  constexpr int log2_bytes = std::countr_zero(sizeof(Out));
  const auto run = [&]<bool IsRandom>() {
    const loop_memory s{in,  8 * sizeof(Word), random, detail::random_lane_bits(plan),
                        out, 8 * sizeof(Out)};
    in_groups(group_size(level, sizeof(Word)), s, count,
              [&](const auto* from, const auto* lanes, auto* to, std::size_t, std::size_t n) {
                detail::run_encode<Word, ToValues, IsRandom>(
                    level, plan, reinterpret_cast<const Word*>(from), lanes, n, to, log2_bytes);
              });
  };
  if constexpr (MayBeRandom) {
    if (plan.rounding.is_random()) return run.template operator()<true>();
  }
  run.template operator()<false>();
}

/// Codes of finite elements; the factor of element i is factors[i >> log2_block]. Where elements
/// have factors of their own (log2_block = 0), there are term_slack more than elements.
template <block_scaling How, bool MayBeRandom, class Out>
void encode_blocks(isa level, const encode_plan<std::uint32_t>& plan, const std::uint32_t* factors,
                   int log2_block, const float* in, const void* random, std::size_t count,
                   Out* out) {
  constexpr int log2_bytes = std::countr_zero(sizeof(Out));
  const auto run = [&]<bool IsRandom>() {
    const loop_memory s{in, 32, random, detail::random_lane_bits(plan), out, 8 * sizeof(Out)};
    in_groups(group_size(level, 4), s, count,
              [&](const auto* from, const auto* lanes, auto* to, std::size_t first, std::size_t n) {
                detail::run_blocks<How, IsRandom>(level, plan, factors + (first >> log2_block),
                                                  log2_block, reinterpret_cast<const float*>(from),
                                                  lanes, n, to, log2_bytes);
              });
  };
  if constexpr (MayBeRandom) {
    if (plan.rounding.is_random()) return run.template operator()<true>();
  }
  run.template operator()<false>();
}

namespace detail {
template <class Word, bool ToValues>
void run_thresholds(isa level, const threshold_plan<Word>& plan, const Word* in, std::size_t count,
                    std::uint8_t* out);
template <block_scaling How>
void run_scaling(isa level, const std::uint32_t* factors, int log2_block, bool keeps_tiny,
                 const float* in, std::size_t count, std::uint32_t* out);
}  // namespace detail

/// Codes of at most 8 bits, each in a byte, or with ToValues values, by the steps of any rounding.
template <class Word, bool ToValues, class Out>
void encode_by_thresholds(isa level, const threshold_plan<Word>& plan, const Word* in,
                          std::size_t count, Out* out) {
  static_assert(sizeof(Out) == (ToValues ? sizeof(Word) : 1));
  in_groups(group_size(level, sizeof(Word)),
            {in, 8 * sizeof(Word), nullptr, 0, out, 8 * sizeof(Out)}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t, std::size_t n) {
              detail::run_thresholds<Word, ToValues>(level, plan,
                                                     reinterpret_cast<const Word*>(from), n, to);
            });
}

/// Codes of finite elements under the factors of their blocks, as encode_blocks has them, by
/// thresholds. With `keeps_tiny` what a factor makes too small for binary32 does not become zero.
template <block_scaling How>
void encode_blocks_by_thresholds(isa level, const threshold_plan<std::uint32_t>& plan,
                                 bool keeps_tiny, const std::uint32_t* factors, int log2_block,
                                 const float* in, std::size_t count, std::uint8_t* out) {
  static_assert(How != block_scaling::exponent, "thresholds do not move with a power of two");
  constexpr std::size_t most = 1024;
  alignas(64) std::uint32_t values[most];
  for (std::size_t i = 0; i < count; i += most) {
    const std::size_t size = count - i < most ? count - i : most;
    in_groups(group_size(level, 4), {in + i, 32, nullptr, 0, values, 32}, size,
              [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
                detail::run_scaling<How>(level, factors + ((i + first) >> log2_block), log2_block,
                                         keeps_tiny, reinterpret_cast<const float*>(from), n,
                                         reinterpret_cast<std::uint32_t*>(to));
              });
    encode_by_thresholds<std::uint32_t, false>(level, plan, values, size, out + i);
  }
}

namespace detail {
LOWP_BORDER void run_step_groups(isa level, const threshold_plan<std::uint32_t>& plan,
                                 const std::uint32_t* keys, int log2_block, const float* in,
                                 std::size_t count, std::uint8_t* out);
LOWP_BORDER void run_scale_steps(isa level, const exact_steps& steps, std::size_t count,
                                 double scale, std::uint32_t* keys);
}  // namespace detail

/// Codes of finite elements by the keys of the steps of their blocks of at least 16, of which one
/// has exact_steps::size, with room for three blocks more.
inline void encode_by_keys(isa level, const threshold_plan<std::uint32_t>& plan,
                           const std::uint32_t* keys, int log2_block, const float* in,
                           std::size_t count, std::uint8_t* out) {
  in_groups(group_size(level, 4), {in, 32, nullptr, 0, out, 8}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_step_groups(level, plan, keys + exact_steps::size * (first >> log2_block),
                                      log2_block, reinterpret_cast<const float*>(from), n, to);
            });
}

/// Codes of finite elements that are divided, exactly, by the scale of their block, by few steps.
/// The factor of a block is its scale if it `divides`, else one over it, a power of two; at most
/// 1024 elements, in blocks of at least 16.
inline void encode_blocks_by_steps(isa level, const threshold_plan<std::uint32_t>& plan,
                                   const exact_steps& steps, bool divides,
                                   const std::uint32_t* factors, int log2_block, const float* in,
                                   std::size_t count, std::uint8_t* out) {
  constexpr std::size_t most = 1024 / 16;
  std::uint32_t keys[(most + 4) * exact_steps::size] = {};
  const std::size_t blocks = ((count - 1) >> log2_block) + 1;
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto factor = static_cast<double>(std::bit_cast<float>(factors[i]));
    detail::run_scale_steps(level, steps, static_cast<std::size_t>(plan.limit_count),
                            divides ? factor : 1 / factor, keys + i * exact_steps::size);
  }
  encode_by_keys(level, plan, keys, log2_block, in, count, out);
}

/// Codes of finite elements of a format that lies on no grid, as encode_blocks has them. The
/// factors are scales of which quotients are rounded once, or one over them (`is_exact`), or they
/// are what a rule multiplies or divides by in binary32.
template <block_scaling How>
void encode_blocks(isa level, const block_thresholds& by, bool is_exact,
                   const std::uint32_t* factors, int log2_block, const float* in, std::size_t count,
                   std::uint8_t* out) {
  const threshold_plan<std::uint32_t> plan = by.table.plan();
  const bool is_shifted = How == block_scaling::multiply && by.is_normal;  // without rounding
  if (is_exact && by.has_exact_steps && !is_shifted && log2_block != 0) {
    encode_blocks_by_steps(level, plan, by.steps, How != block_scaling::multiply, factors,
                           log2_block, in, count, out);
  } else {
    encode_blocks_by_thresholds<How>(level, plan, is_exact, factors, log2_block, in, count, out);
  }
}

/// Values of codes by table (codes of at most 8 bits) or by the expression of their format, times
/// their scales.
template <class Values, class Code>
void decode(isa level, const Values& values, const scaling& scale, const Code* codes,
            std::size_t count, std::uint32_t* out) {
  in_groups(group_size(level, 4), {codes, 8 * sizeof(Code), nullptr, 0, out, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_decode(level, values, scale.from(first),
                                 reinterpret_cast<const Code*>(from), n,
                                 reinterpret_cast<std::uint32_t*>(to));
            });
}
/// Values of dense codes of 4 bits, `count` of them from a byte on, times their scales.
inline void decode_nibbles(isa level, const value_table& table, const scaling& scale,
                           const std::uint8_t* bytes, bool msb_first, std::size_t count,
                           std::uint32_t* out) {
  in_groups(group_size(level, 4), {bytes, 4, nullptr, 0, out, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_nibbles(level, table, scale.from(first), from, msb_first, n,
                                  reinterpret_cast<std::uint32_t*>(to));
            });
}

/// A copy that leaves the cache alone; `to` is on a 16-byte boundary.
LOWP_BORDER void stream_copy(isa level, std::uint8_t* to, const std::uint8_t* from,
                             std::size_t bytes);
/// What was streamed is in memory before what is written after.
LOWP_BORDER void end_streaming();

/// The most blocks that philox writes beyond those asked for.
inline constexpr std::size_t philox_slack = 32;

/// Consecutive blocks of random bits (random.hpp), modulo block_mask + 1; there is room for
/// count + philox_slack.
LOWP_BORDER void philox(isa level, std::uint64_t seed, std::uint64_t first,
                        std::uint64_t block_mask, int rounds, std::size_t count,
                        std::uint64_t* out);

/// See block_loops.inc.
LOWP_BORDER void amax_blocks(isa level, const float* in, std::size_t count, std::size_t block,
                             std::uint32_t* amax);
LOWP_BORDER void column_maxima(isa level, const float* in, std::size_t stride, std::size_t rows,
                               std::size_t count, std::uint32_t* out);
[[nodiscard]] LOWP_BORDER std::uint32_t amax_array(isa level, const float* in, std::size_t count);
/// That of the finite elements.
[[nodiscard]] LOWP_BORDER std::uint32_t finite_amax_array(isa level, const float* in,
                                                          std::size_t count);

/// See group_loops.inc.
LOWP_BORDER void range_blocks(isa level, const float* in, std::size_t count, int log2_block,
                              std::uint32_t* highest, std::uint32_t* lowest);
LOWP_BORDER void range_elements(isa level, const float* in, std::size_t count,
                                std::uint32_t* highest, std::uint32_t* lowest);
/// Whether finish_group_terms can do what group_terms::fuses says.
[[nodiscard]] LOWP_BORDER bool can_fuse_terms(isa level);

/// The values of the scales of blocks with these amaxes (as bits).
inline void scale_values(isa level, const scale_arithmetic& s, const std::uint32_t* amax,
                         std::size_t count, std::uint32_t* out) {
  in_groups(group_size(level, 4), {amax, 32, nullptr, 0, out, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t, std::size_t n) {
              detail::run_scale_values(level, s, reinterpret_cast<const std::uint32_t*>(from), n,
                                       reinterpret_cast<std::uint32_t*>(to));
            });
}

namespace detail {
LOWP_BORDER void run_finish_group_terms(isa level, const group_terms& t, const std::uint32_t* in,
                                        std::size_t count, std::uint32_t* out);
LOWP_BORDER void run_multiply_to_odd(isa level, const std::uint32_t* factors, int log2_block,
                                     const std::uint32_t* in, std::size_t count,
                                     std::uint32_t* out);
LOWP_BORDER void run_divide_widened(isa level, const std::uint32_t* factors, int log2_block,
                                    const float* in, std::size_t count, std::uint64_t* out);
LOWP_BORDER void run_divide_by_group_terms(isa level, const group_terms& t, const float* in,
                                           std::size_t count, std::uint32_t* out);
LOWP_BORDER void run_integer_quotients(isa level, const group_terms& t, const integer_span& codes,
                                       const float* in, std::size_t count, std::uint8_t* out,
                                       int log2_bytes);
}  // namespace detail

/// Room that arrays of terms have beyond what is used: loops read whole groups of vectors.
inline constexpr std::size_t term_slack = 64;

/// Decoded elements to values, in place, each operation rounded to binary32.
inline void finish_group_terms(isa level, const group_terms& t, std::size_t count,
                               std::uint32_t* values) {
  in_groups(group_size(level, 4), {values, 32, nullptr, 0, values, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_finish_group_terms(level, t.from(first),
                                             reinterpret_cast<const std::uint32_t*>(from), n,
                                             reinterpret_cast<std::uint32_t*>(to));
            });
}
/// Values times the factors of their blocks (as encode_blocks has them), in place, rounded to odd
/// in binary32: truncated, and the last bit says whether anything is lost. What is lost is a number
/// of binary32, and no value is infinite.
inline void multiply_to_odd(isa level, const std::uint32_t* factors, int log2_block,
                            std::size_t count, std::uint32_t* values) {
  in_groups(group_size(level, 4), {values, 32, nullptr, 0, values, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_multiply_to_odd(level, factors + (first >> log2_block), log2_block,
                                          reinterpret_cast<const std::uint32_t*>(from), n,
                                          reinterpret_cast<std::uint32_t*>(to));
            });
}
/// Finite elements over the factors of their blocks (as encode_blocks has them), rounded to odd in
/// binary64.
inline void divide_widened(isa level, const std::uint32_t* factors, int log2_block, const float* in,
                           std::size_t count, std::uint64_t* out) {
  in_groups(group_size(level, 8), {in, 32, nullptr, 0, out, 64}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_divide_widened(level, factors + (first >> log2_block), log2_block,
                                         reinterpret_cast<const float*>(from), n,
                                         reinterpret_cast<std::uint64_t*>(to));
            });
}
/// (in + shift) / second / scale, each rounded to odd in binary32; numbers only, whose sums do not
/// overflow.
inline void divide_by_group_terms(isa level, const group_terms& t, const float* in,
                                  std::size_t count, std::uint32_t* out) {
  in_groups(group_size(level, 4), {in, 32, nullptr, 0, out, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_divide_by_group_terms(level, t.from(first),
                                                reinterpret_cast<const float*>(from), n,
                                                reinterpret_cast<std::uint32_t*>(to));
            });
}

/// Codes of (in + shift) / scale + zero, rounded once to nearest even, for integers as codes.
/// Scales lie between 2^-90 and 2^90, `seconds` are 1 / scale and `zeros` 3 * 2^22 + zero, of
/// integers of at most 2^20 in magnitude; |in| and |shift| are at most 2^36 * scale.
template <class Out>
void integer_quotients(isa level, const group_terms& t, const integer_span& codes, const float* in,
                       std::size_t count, Out* out) {
  in_groups(group_size(level, 4), {in, 32, nullptr, 0, out, 8 * sizeof(Out)}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t first, std::size_t n) {
              detail::run_integer_quotients(level, t.from(first), codes,
                                            reinterpret_cast<const float*>(from), n, to,
                                            std::countr_zero(sizeof(Out)));
            });
}

namespace detail {
template <class Code, regime_operation Operation>
void run_regime_operation(isa level, const regime_code& of, const Code* a, const Code* b,
                          std::size_t count, Code* out);
template <class Word, class Code>
void run_regime_encode(isa level, const regime_plan<Word>& plan, const Word* in, std::size_t count,
                       Code* out);
}  // namespace detail

/// Sums, differences or products of codes with a regime, to nearest even. `out` may be `a` or `b`.
template <regime_operation Operation, class Code>
void operate(isa level, const regime_code& of, const Code* a, const Code* b, std::size_t count,
             Code* out) {
  constexpr std::size_t bits = 8 * sizeof(Code), word = sizeof(Code) <= 2 ? 4 : 8;
  in_groups(group_size(level, word), {a, bits, b, bits, out, bits}, count,
            [&](const auto* x, const auto* y, auto* to, std::size_t, std::size_t n) {
              detail::run_regime_operation<Code, Operation>(
                  level, of, reinterpret_cast<const Code*>(x), reinterpret_cast<const Code*>(y), n,
                  reinterpret_cast<Code*>(to));
            });
}

/// Codes with a regime of values.
template <class Word, class Code>
void encode_regimes(isa level, const regime_plan<Word>& plan, const Word* in, std::size_t count,
                    Code* out) {
  in_groups(group_size(level, sizeof(Word)),
            {in, 8 * sizeof(Word), nullptr, 0, out, 8 * sizeof(Code)}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t, std::size_t n) {
              detail::run_regime_encode(level, plan, reinterpret_cast<const Word*>(from), n,
                                        reinterpret_cast<Code*>(to));
            });
}

/// Packs or unpacks the first codes of an array of few bits in a dense order; returns how many are
/// done.
[[nodiscard]] LOWP_BORDER std::size_t pack(isa level, int width, bool msb_first,
                                           const std::uint8_t* codes, std::size_t count,
                                           std::uint8_t* bytes);
[[nodiscard]] LOWP_BORDER std::size_t unpack(isa level, int width, bool msb_first,
                                             const std::uint8_t* bytes, std::size_t count,
                                             std::uint8_t* codes);
/// Packs or unpacks the codes at the places first, first + 1, … of `bytes` by a supported plan;
/// only bytes of theirs are read, and only bits of theirs written.
LOWP_BORDER void pack(isa level, const packing_plan& plan, std::size_t first, std::size_t count,
                      const void* codes, std::uint8_t* bytes);
LOWP_BORDER void unpack(isa level, const packing_plan& plan, std::size_t first, std::size_t count,
                        const std::uint8_t* bytes, void* codes);

/// The values of records of codes, `record_bytes` apart, each rounded once.
LOWP_BORDER void decode_records(isa level, const record_fields& fields, const std::uint8_t* bytes,
                                std::size_t record_bytes, const record_scales* scales,
                                std::size_t count, std::uint32_t* values);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/arrays/dispatch.inc"
#endif
