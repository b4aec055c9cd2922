// SPDX-License-Identifier: MIT
// Compiled with -O3 -ffast-math, which lets g++ take one constant zero for the other.
#include <bit>
#include <cstdint>

#include "catch.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/number/unpack.hpp"

TEST_CASE("A zero keeps its sign where the compiler need not") {
  for (const bool is_negative : {false, true}) {
    const auto zero = lowp::unpacked::zero(is_negative);
    CHECK(std::bit_cast<std::uint32_t>(lowp::pack_as<float>(zero)) >> 31 == is_negative);
    CHECK(std::bit_cast<std::uint64_t>(lowp::pack_as<double>(zero)) >> 63 == is_negative);
  }
  const float a[] = {1.0f, -1.0f}, b[] = {1.0f, 1.0f};
  float c = 1.0f;
  lowp::reference::gemm<lowp::policies::exact>(lowp::matrix_view<const float>(a, 1, 2),
                                               lowp::matrix_view<const float>(b, 1, 2),
                                               lowp::matrix_view<float>(&c, 1, 1));
  CHECK(std::bit_cast<std::uint32_t>(c) == 0);
}
