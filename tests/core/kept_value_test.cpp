// SPDX-License-Identifier: MIT
// A kept value is the first that was kept, whole, for every thread that finds one.
#include "lowp/core/kept_value.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "catch.hpp"

using value = std::array<std::uint64_t, 25>;
using place = lowp::detail::kept_value<value>;

TEST_CASE("the first value that is kept stays") {
  static constinit place kept;
  CHECK(kept.find() == nullptr);
  kept.keep(value{1, 2, 3});
  kept.keep(value{4, 5, 6});
  REQUIRE(kept.find() != nullptr);
  CHECK(*kept.find() == value{1, 2, 3});
}

TEST_CASE("threads find nothing or the whole of one value") {
  constexpr std::size_t threads = 4, places = 2000;
  static constinit std::array<place, places> kept;
  std::atomic<std::size_t> ready = 0, torn = 0, found = 0;
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      value own;
      own.fill(t + 1);
      ++ready;
      while (ready < threads) std::this_thread::yield();
      for (place& each : kept) {
        if (const value* const there = each.find()) {
          ++found;
          for (const std::uint64_t x : *there) torn += x != there->front() || x == 0;
        } else {
          each.keep(own);
        }
      }
    });
  }
  for (std::thread& each : all) each.join();
  CHECK(torn == 0);
  CHECK(found > 0);
  for (const place& each : kept) REQUIRE(each.find() != nullptr);
}
