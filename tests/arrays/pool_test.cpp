// SPDX-License-Identifier: MIT
// A pool does each part of each call exactly once, whoever calls it and how often, and what its
// parts wrote can be read when the call returns.
#include "lowp/arrays/pool.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "catch.hpp"

namespace {

using lowp::pool;
using lowp::task;

/// Adds one to each of the counts, by the parts of a call.
bool each_part_once(const pool& workers, std::size_t count) {
  std::vector<std::uint8_t> times(count);  // plain bytes: ThreadSanitizer sees who reads them
  const auto part = [&](std::size_t i) { ++times[i]; };
  workers(count, task(part));
  return times == std::vector<std::uint8_t>(count, 1);
}

}  // namespace

TEST_CASE("a pool does each part once") {
  for (const unsigned threads : {0u, 1u, 2u, 3u, 8u}) {
    const pool workers(threads);
    if (threads != 0) CHECK(workers.size() == threads);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 64u, 1000u}) {
      CHECK(each_part_once(workers, count));
    }
  }
}

TEST_CASE("thousands of short calls in a row, some with pauses in which the workers fall asleep") {
  const pool workers(4);
  std::size_t sum = 0;
  for (std::size_t call = 0; call < 20000; ++call) {
    std::size_t parts[5] = {};
    const auto part = [&](std::size_t i) { parts[i] = call + i; };
    workers(5, task(part));
    sum += std::accumulate(parts, parts + 5, std::size_t{0});
    if (call % 4000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(sum == 5 * (std::size_t{19999} * 20000 / 2) + 20000 * 10);
}

TEST_CASE("more than the calling thread works, where parts wait for each other") {
  const pool workers(3);
  std::atomic<int> arrived = 0;
  const auto part = [&](std::size_t) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  };
  workers(3, task(part));
  CHECK(arrived == 3);
}

TEST_CASE("a part may call, and several threads may, at the same time") {
  const pool workers(3);
  std::atomic<std::size_t> parts = 0;
  const auto inner = [&](std::size_t) { ++parts; };
  const auto outer = [&](std::size_t) { workers(7, task(inner)); };
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < 200; ++call) workers(5, task(outer));
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(parts == 4 * 200 * 5 * 7);
}

TEST_CASE("pools come and go") {
  for (int i = 0; i < 200; ++i) {
    const pool workers(4);
    if (i % 2 == 0) CHECK(each_part_once(workers, 4));
  }
}
