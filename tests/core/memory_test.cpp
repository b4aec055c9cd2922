// SPDX-License-Identifier: MIT
// Memory that begins at a line of the cache, and sizes that no memory has.
#include "lowp/core/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

#include "catch.hpp"

using lowp::detail::aligned_array;

TEST_CASE("An aligned array begins at a line of the cache and has room for its elements") {
  for (std::size_t size = 0; size < 40; ++size) {
    aligned_array<std::uint16_t> a(size);
    REQUIRE(a.get() != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(a.get()) % 64 == 0);
    for (std::size_t i = 0; i < size; ++i) a[i] = static_cast<std::uint16_t>(i);
    std::uint16_t* const held = a.get();
    const aligned_array<std::uint16_t> b = std::move(a);
    CHECK(b.get() == held);
    CHECK(a.get() == nullptr);
  }
}

TEST_CASE("A size in bytes that overflows is a lack of memory") {
  constexpr std::size_t most = (std::numeric_limits<std::size_t>::max)();
  // Modulo the size of the address space they are small.
  for (const std::size_t size : {most / sizeof(double) + 2, most / 2 + 1, most / 4 * 3}) {
    CHECK_THROWS_AS(aligned_array<double>(size), std::bad_alloc);
    CHECK(aligned_array<double>(size, std::nothrow).get() == nullptr);
  }
  CHECK_THROWS_AS(aligned_array<std::uint8_t>(most), std::bad_alloc);
}
