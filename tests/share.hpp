// SPDX-License-Identifier: MIT
// Long walks over inputs, such as all 2^32 binary32 numbers, on all cores; and the share of one
// that a run takes: with LOWP_SHARE=3/8 in the environment the third of eight shares (from 0), else
// all. Shares are of chunks, spread over the walk without a pattern, and together they are the
// whole.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace test {

struct share {
  unsigned part = 0, parts = 1;

  [[nodiscard]] bool takes(std::uint64_t i) const {
    return ((i + 1) * 0x9E3779B97F4A7C15u >> 32) % parts == part;
  }
};

/// What LOWP_SHARE says; throws where it is no share.
inline share share_of_run() {
  const char* const text = std::getenv("LOWP_SHARE");
  share result;
  if (text == nullptr || *text == '\0') return result;
  char rest = 0;
  if (std::sscanf(text, "%u/%u%c", &result.part, &result.parts, &rest) != 2 ||
      result.part >= result.parts) {
    throw std::runtime_error("LOWP_SHARE is '" + std::string(text) + "', expected such as 3/8");
  }
  return result;
}

/// Whether the case that comes next is one of the run's share.
inline bool takes_next_case() {
  static const share mine = share_of_run();
  static std::uint64_t i = 0;
  return mine.takes(i++);
}

/// Calls work(begin, end) for the chunks of [0, end) that the run's share takes, from as many
/// threads as there are cores. Returns how many inputs these are; `end` without LOWP_SHARE.
template <class Work>
std::uint64_t walk(std::uint64_t end, std::uint64_t chunk, const Work& work) {
  const share mine = share_of_run();
  std::atomic<std::uint64_t> next = 0, inputs = 0;
  const auto run = [&] {
    for (std::uint64_t i = next++; i * chunk < end; i = next++) {
      if (!mine.takes(i)) continue;
      const std::uint64_t stop = std::min(end, (i + 1) * chunk);
      work(i * chunk, stop);
      inputs += stop - i * chunk;
    }
  };
  std::vector<std::thread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (std::thread& thread : threads) thread = std::thread(run);
  for (std::thread& thread : threads) thread.join();
  return inputs;
}

}  // namespace test
