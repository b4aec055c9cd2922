// SPDX-License-Identifier: MIT
// The roof over a job that moves bytes: loops that read and write the same bytes and compute
// nothing. Which loop is best differs from machine to machine, so each roof is the best of several,
// measured before it is used.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "ratio.hpp"
#if LOWP_X86_TARGETS
#include <immintrin.h>
#endif

#if defined(__clang__)
#define LOWP_BENCH_UNROLL _Pragma("unroll")
#else
#define LOWP_BENCH_UNROLL _Pragma("GCC unroll 16")
#endif

namespace lowp_bench {

inline constexpr int line_bytes = 64;

/// What a job moves, in steps: lines that it reads and lines that it writes, and beside the shorter
/// of these two streams a third one of scales.
struct pattern {
  int lines_in = 1;
  int lines_out = 1;
  int scale_bytes = 0;

  [[nodiscard]] constexpr std::ptrdiff_t bytes_in() const { return lines_in * line_bytes; }
  [[nodiscard]] constexpr std::ptrdiff_t bytes_out() const { return lines_out * line_bytes; }
  /// Whole pages of what is read.
  [[nodiscard]] constexpr int steps_per_page() const { return 64 / std::gcd(lines_in, 64); }
};

/// Step i reads in + i * bytes_in and writes out + i * bytes_out; the scales are written when bytes
/// become fewer and read when they become more.
struct traffic {
  const std::byte* in = nullptr;
  std::byte* out = nullptr;
  std::byte* scales = nullptr;
  std::size_t steps = 0;
};

/// The streams that take turns, and how many bytes ahead of each line read another is prefetched.
struct manner {
  int streams = 1;
  std::ptrdiff_t ahead = 0;
};

struct copy_loop {
  std::string name;
  void (*move)(const traffic&, const manner&) = nullptr;
  manner how{};
};

template <pattern P>
inline void move_scales(std::byte* scales, const std::byte* in) {
  if constexpr (P.scale_bytes == 0) {
    return;
  } else if constexpr (P.lines_in > P.lines_out) {
    std::memcpy(scales, in, P.scale_bytes);
  } else {
    std::uint64_t word = 0;
    static_assert(P.scale_bytes <= static_cast<int>(sizeof word));
    std::memcpy(&word, scales, P.scale_bytes);
    benchmark::DoNotOptimize(word);
  }
}

#if LOWP_X86_TARGETS

namespace sse2 {
using vector = __m128i;
inline vector load(const void* from) { return _mm_loadu_si128(static_cast<const vector*>(from)); }
inline void store(void* to, vector v) { _mm_storeu_si128(static_cast<vector*>(to), v); }
inline void stream(void* to, vector v) { _mm_stream_si128(static_cast<vector*>(to), v); }
inline void fence() { _mm_sfence(); }
#include "roof_moves.inc"
}  // namespace sse2

LOWP_TARGET_BEGIN("avx2")
namespace avx2 {
using vector = __m256i;
inline vector load(const void* from) {
  return _mm256_loadu_si256(static_cast<const vector*>(from));
}
inline void store(void* to, vector v) { _mm256_storeu_si256(static_cast<vector*>(to), v); }
inline void stream(void* to, vector v) { _mm256_stream_si256(static_cast<vector*>(to), v); }
inline void fence() { _mm_sfence(); }
#include "roof_moves.inc"
}  // namespace avx2
LOWP_TARGET_END

LOWP_TARGET_BEGIN("avx512f")
namespace avx512 {
using vector = __m512i;
inline vector load(const void* from) { return _mm512_loadu_si512(from); }
inline void store(void* to, vector v) { _mm512_storeu_si512(to, v); }
inline void stream(void* to, vector v) { _mm512_stream_si512(static_cast<vector*>(to), v); }
inline void fence() { _mm_sfence(); }
#include "roof_moves.inc"
}  // namespace avx512
LOWP_TARGET_END

#else

namespace generic {
struct vector {
  std::uint64_t words[line_bytes / sizeof(std::uint64_t)];
  vector& operator|=(const vector& other) {
    for (std::size_t i = 0; i < std::size(words); ++i) words[i] |= other.words[i];
    return *this;
  }
};
inline vector load(const void* from) {
  vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(void* to, const vector& v) { std::memcpy(to, &v, sizeof v); }
inline void stream(void* to, const vector& v) { store(to, v); }
inline void fence() {}
#include "roof_moves.inc"
}  // namespace generic

#endif

/// The pattern of a job that turns binary32 into codes of `bits` bits, with a scale of one byte for
/// each `block` of them.
[[nodiscard]] constexpr pattern narrowing(int bits, int block = 0) {
  const int unit = std::gcd(32, bits);
  const int repeats = bits == 32 ? 4 : bits == 16 ? 2 : 1;  // unrolls short steps
  const int lines_in = 32 / unit * repeats;
  return {lines_in, bits / unit * repeats, block == 0 ? 0 : lines_in * 16 / block};
}
/// The way back.
[[nodiscard]] constexpr pattern reversed(const pattern& p) {
  return {p.lines_out, p.lines_in, p.scale_bytes};
}

/// Ordinary stores, one stream.
template <pattern P>
[[nodiscard]] std::vector<copy_loop> plain_loops() {
#if LOWP_X86_TARGETS
  std::vector<copy_loop> loops{{"sse2", &sse2::move_plain<P>}};
  if (lowp::best_isa() >= lowp::isa::avx2) loops.push_back({"avx2", &avx2::move_plain<P>});
  if (lowp::best_isa() >= lowp::isa::avx512) loops.push_back({"avx512", &avx512::move_plain<P>});
#else
  std::vector<copy_loop> loops{{"generic", &generic::move_plain<P>}};
#endif
  if constexpr (P.lines_in == P.lines_out) {
    loops.push_back({"memcpy", [](const traffic& t, const manner&) {
                       std::memcpy(t.out, t.in, t.steps * static_cast<std::size_t>(P.bytes_in()));
                     }});
  }
  return loops;
}

/// Non-temporal stores. Which prefetcher a machine has decides between one stream that prefetches
/// little and several that go from page to page; none where there are no such stores.
template <pattern P>
[[nodiscard]] std::vector<copy_loop> streaming_loops() {
  std::vector<copy_loop> loops;
#if LOWP_X86_TARGETS
  constexpr std::ptrdiff_t page = P.steps_per_page() * P.bytes_in();
  std::vector<copy_loop> widths{{"sse2", &sse2::move_streaming<P>}};
  if (lowp::best_isa() >= lowp::isa::avx2) widths = {{"avx2", &avx2::move_streaming<P>}};
  if (lowp::best_isa() >= lowp::isa::avx512) {
    widths.push_back({"avx512", &avx512::move_streaming<P>});
  }
  for (const copy_loop& width : widths) {
    for (const manner how : {manner{1, 0}, manner{1, 512}, manner{1, 2048}, manner{4, 0},
                             manner{4, 4 * page}, manner{8, 0}, manner{8, 8 * page}}) {
      loops.push_back({width.name + ", " + std::to_string(how.streams) +
                           (how.streams == 1 ? " stream, " : " streams, ") +
                           std::to_string(how.ahead) + " bytes ahead",
                       width.move, how});
    }
  }
#endif
  return loops;
}

/// Runs a loop on the threads of `how`, each on a contiguous share of whole pages.
template <pattern P>
void move(const copy_loop& loop, const traffic& all, const lowp::execution& how) {
  if (how.is_sequential()) return loop.move(all, loop.how);
  constexpr std::size_t page = P.steps_per_page();
  const std::size_t half = all.steps / 2 / page * page;
  const auto share = [&](std::size_t i) {
    const std::size_t first = i == 0 ? 0 : half;
    const auto at = static_cast<std::ptrdiff_t>(first);
    loop.move({all.in + at * P.bytes_in(), all.out + at * P.bytes_out(),
               all.scales + at * P.scale_bytes, i == 0 ? half : all.steps - half},
              loop.how);
  };
  how.run(2, lowp::task(share));
}

/// The fastest of several loops for this traffic.
template <pattern P>
[[nodiscard]] copy_loop fastest(const std::vector<copy_loop>& loops, const traffic& all,
                                const lowp::execution& how) {
  std::vector<std::function<void()>> jobs;
  for (const copy_loop& loop : loops) jobs.push_back([&] { move<P>(loop, all, how); });
  const auto seconds = take_turns(jobs, {.fewest = 5, .most = 15, .seconds = 0.5});
  // By the shortest time, which others on the machine disturb least.
  const auto slower = [](const auto& a, const auto& b) {
    return *std::min_element(a.begin(), a.end()) < *std::min_element(b.begin(), b.end());
  };
  const auto best = std::min_element(seconds.begin(), seconds.end(), slower);
  return loops[static_cast<std::size_t>(best - seconds.begin())];
}

enum class stores { plain, streaming };

/// The roof for this traffic, chosen once per pattern, size and number of threads; without a name
/// if this machine has no loop of the kind.
template <pattern P, stores Kind>
[[nodiscard]] const copy_loop& roof(const traffic& all, const lowp::execution& how) {
  static std::map<std::pair<std::size_t, bool>, copy_loop> chosen;
  const auto [place, is_new] = chosen.try_emplace({all.steps, how.is_sequential()});
  if (is_new) {
    const auto loops = Kind == stores::plain ? plain_loops<P>() : streaming_loops<P>();
    if (!loops.empty()) place->second = fastest<P>(loops, all, how);
  }
  return place->second;
}

}  // namespace lowp_bench
