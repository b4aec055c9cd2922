// SPDX-License-Identifier: MIT
// The errors of the activation functions over all binary32 numbers, against binary64: its
// exponential and error functions are off by less than 10^-7 of a unit of binary32.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <mutex>

#include "catch.hpp"
#include "gemm/activation_oracle.hpp"
#include "lowp/gemm/activation.hpp"
#include "share.hpp"

namespace {

using lowp::activation;

constexpr std::uint32_t sign_bit = 0x80000000u, infinity = 0x7F800000u;
constexpr std::uint32_t tiny = 0x30000000u, large = 0x43000000u;  // 2^-31 and 128

/// Between `tiny` and `large`.
double evaluate(activation function, double x) {
  if (function == activation::gelu) return x * 0.5 * std::erfc(x * -0x1.6a09e667f3bcdp-1);
  const double y = function == activation::silu
                       ? x
                       : x * (0x1.9884533d43651p+0 + 0x1.9884533d43651p+0 * 0.044715 * x * x);
  return y < -700 ? 0.0 : x / (1 + std::exp(-y));
}

struct worst {
  double error = 0;
  float at = 0;
  void see(double e, float x) {
    if (!(e <= error)) *this = {e, x};
  }
};

constexpr std::size_t chunk = 1u << 14;

/// Of so many numbers by their bits.
worst walk(activation function, std::uint32_t begin) {
  const lowp::default_float_environment environment;
  float in[chunk], out[chunk];
  for (std::uint32_t i = 0; i < chunk; ++i) out[i] = in[i] = std::bit_cast<float>(begin + i);
  lowp::kernels::finish(lowp::best_isa(), {.activation = function}, chunk, out);
  const std::uint32_t magnitude = begin & ~sign_bit;
  worst result;
  for (std::size_t i = 0; i < chunk; ++i) {
    const auto x = static_cast<double>(in[i]), y = static_cast<double>(out[i]);
    if (magnitude >= large) {
      result.see(y == std::max(x, 0.0) ? 0 : 1e9, in[i]);
    } else {
      const double exact = magnitude < tiny ? x / 2 : evaluate(function, x);
      result.see(std::fabs(y - exact) / test::gemm::last_place_of(exact), in[i]);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("Activations of every binary32 number") {
  for (const test::gemm::smooth_function& function : test::gemm::smooth_functions) {
    worst all;
    std::mutex merging;
    const std::uint64_t inputs = test::walk(2ull * infinity, chunk, [&](std::uint64_t at, auto) {
      const worst here =
          walk(function.function,
               static_cast<std::uint32_t>(at < infinity ? at : at - infinity + sign_bit));
      const std::lock_guard lock(merging);
      all.see(here.error, here.at);
    });
    std::printf("%s: %llu inputs, at most %.4f units off, at %a\n", function.name,
                static_cast<unsigned long long>(inputs), all.error, static_cast<double>(all.at));
    INFO(function.name << " of " << all.at);
    CHECK(inputs > 0);
    CHECK(all.error <= function.worst_error);
  }
}
