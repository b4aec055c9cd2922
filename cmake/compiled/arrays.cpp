// SPDX-License-Identifier: MIT
// The kernels of arrays, packing, searches for scales, statistics of blocks, transforms, and
// threads, for lowp::compiled.
#include <thread>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/packed_codes.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/searches/searches.hpp"
#include "lowp/kernels/statistics/statistics.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
// What these declare:
#include "lowp/arrays/packed_codes.inc"
#include "lowp/kernels/arrays/dispatch.inc"
#include "lowp/kernels/searches/searches.inc"
#include "lowp/kernels/statistics/statistics.inc"
#include "lowp/kernels/transforms/transforms.inc"
namespace lowp {
#include "lowp/arrays/threads.inc"
}

// For each type of lanes, codes or values, and random bits or none.
#define LOWP_ENCODE(Word, ToValues, IsRandom)                                                      \
  template void lowp::kernels::detail::run_encode<Word, ToValues, IsRandom>(                       \
      isa, const encode_plan<Word>&, const Word*, const std::uint8_t*, std::size_t, std::uint8_t*, \
      int)
LOWP_ENCODE(std::uint32_t, false, false);
LOWP_ENCODE(std::uint32_t, false, true);
LOWP_ENCODE(std::uint32_t, true, false);
LOWP_ENCODE(std::uint32_t, true, true);
LOWP_ENCODE(std::uint64_t, false, false);
LOWP_ENCODE(std::uint64_t, false, true);
LOWP_ENCODE(std::uint64_t, true, false);
LOWP_ENCODE(std::uint64_t, true, true);

#define LOWP_THRESHOLDS(Word, ToValues)                                \
  template void lowp::kernels::detail::run_thresholds<Word, ToValues>( \
      isa, const threshold_plan<Word>&, const Word*, std::size_t, std::uint8_t*)
LOWP_THRESHOLDS(std::uint32_t, false);
LOWP_THRESHOLDS(std::uint32_t, true);
LOWP_THRESHOLDS(std::uint64_t, false);
LOWP_THRESHOLDS(std::uint64_t, true);

#define LOWP_BLOCKS(How, IsRandom)                                                              \
  template void lowp::kernels::detail::run_blocks<lowp::kernels::block_scaling::How, IsRandom>( \
      isa, const encode_plan<std::uint32_t>&, const std::uint32_t*, int, const float*,          \
      const std::uint8_t*, std::size_t, std::uint8_t*, int)
LOWP_BLOCKS(exponent, false);
LOWP_BLOCKS(exponent, true);
LOWP_BLOCKS(multiply, false);
LOWP_BLOCKS(multiply, true);
LOWP_BLOCKS(divide, false);
LOWP_BLOCKS(divide, true);
LOWP_BLOCKS(divide_to_odd, false);
LOWP_BLOCKS(divide_to_odd, true);

#define LOWP_SCALING(How)                                                              \
  template void lowp::kernels::detail::run_scaling<lowp::kernels::block_scaling::How>( \
      isa, const std::uint32_t*, int, bool, const float*, std::size_t, std::uint32_t*)
LOWP_SCALING(multiply);
LOWP_SCALING(divide);
LOWP_SCALING(divide_to_odd);

#define LOWP_REGIMES(Code, operation)                                                            \
  template void                                                                                  \
  lowp::kernels::detail::run_regime_operation<Code, lowp::kernels::regime_operation::operation>( \
      isa, const regime_code&, const Code*, const Code*, std::size_t, Code*)
#define LOWP_REGIME_CONVERSIONS(Code)                                                    \
  template void lowp::kernels::detail::run_regime_encode(                                \
      isa, const regime_plan<std::uint32_t>&, const std::uint32_t*, std::size_t, Code*); \
  template void lowp::kernels::detail::run_regime_encode(                                \
      isa, const regime_plan<std::uint64_t>&, const std::uint64_t*, std::size_t, Code*); \
  LOWP_REGIMES(Code, sum);                                                               \
  LOWP_REGIMES(Code, difference);                                                        \
  LOWP_REGIMES(Code, product)
LOWP_REGIME_CONVERSIONS(std::uint8_t);
LOWP_REGIME_CONVERSIONS(std::uint16_t);
LOWP_REGIME_CONVERSIONS(std::uint32_t);
#define LOWP_DECODE_REGIMES(Code)                                                                 \
  template void lowp::kernels::detail::run_decode(isa, const regime_decode_plan&, const scaling&, \
                                                  const Code*, std::size_t, std::uint32_t*)
LOWP_DECODE_REGIMES(std::uint16_t);
LOWP_DECODE_REGIMES(std::uint32_t);

#define LOWP_PACKING(Code)                                                                        \
  template void lowp::bulk::pack_codes(isa, const Code*, std::size_t, std::size_t, int, packing,  \
                                       std::uint8_t*);                                            \
  template void lowp::bulk::unpack_codes(isa, const std::uint8_t*, std::size_t, std::size_t, int, \
                                         packing, Code*)
LOWP_PACKING(std::uint8_t);
LOWP_PACKING(std::uint16_t);
LOWP_PACKING(std::uint32_t);
LOWP_PACKING(std::uint64_t);
