// SPDX-License-Identifier: MIT
// What a thread keeps of the memory of panels, and that products need none of it.
#include "lowp/gemm/operands/panel_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lowp/gemm/gemm.hpp"

namespace {

using lowp::bulk::panel_array;
constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// The address of an array that is filled and deleted.
const void* filled(std::size_t size) {
  const panel_array<unsigned char> x(size);
  std::memset(x.get(), 1, size);
  return x.get();
}

std::vector<float> product() {
  using lowp::matrix_view;
  constexpr std::size_t rows = 80, depth = 4096;
  const std::vector<float> a(rows * depth, 0.5f), b(rows * depth, 3.0f);
  std::vector<float> c(rows * rows);
  lowp::gemm(matrix_view<const float>(a.data(), rows, depth),
             matrix_view<const float>(b.data(), rows, depth),
             matrix_view<float>(c.data(), rows, rows));
  return c;
}

/// Multiplies when its thread ends.
struct last_words {
  std::vector<float>* to = nullptr;
  ~last_words() {
    if (to != nullptr) *to = product();
  }
};
thread_local last_words at_the_end;

}  // namespace

TEST_CASE("A thread keeps the memory of its largest panels") {
  std::thread([] {
    const void* const first = filled(4 * mebibyte);
    const panel_array<float> half(mebibyte / 2);
    REQUIRE(static_cast<const void*>(half.get()) == first);
    const panel_array<float> beside(mebibyte / 2);
    REQUIRE(beside.get() != half.get());
    std::memset(half.get(), 0, 2 * mebibyte);
    std::memset(beside.get(), 0, 2 * mebibyte);
  }).join();
}

TEST_CASE("What is kept gives way to what is larger, and is as large as it was") {
  std::thread([] {
    filled(mebibyte);
    const void* const larger = filled(3 * mebibyte);
    REQUIRE(filled(2 * mebibyte) == larger);  // which does not make it smaller
    REQUIRE(filled(3 * mebibyte) == larger);
    filled(100);
    REQUIRE(filled(3 * mebibyte) == larger);
  }).join();
}

TEST_CASE("Panels of more than there can be") {
  REQUIRE_THROWS_AS(panel_array<float>(SIZE_MAX / 4 + 2), std::bad_alloc);
  REQUIRE_THROWS_AS(panel_array<float>(SIZE_MAX), std::bad_alloc);
}

TEST_CASE("Products by memory that is kept, and when there is none any more") {
  const std::vector<float> expected(80 * 80, 4096 * 1.5f);
  std::vector<float> last;
  std::thread([&] {
    at_the_end.to = &last;  // before anything is kept, and so after it at the end
    REQUIRE(product() == expected);
    REQUIRE(product() == expected);
  }).join();
  REQUIRE(last == expected);
}
