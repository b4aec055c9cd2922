// SPDX-License-Identifier: MIT
// The errors of elementary functions of one number over all binary32 numbers, against binary64; and
// every target against the best one, those without an FMA on a part of the numbers.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include "catch.hpp"
#include "functions/oracle.hpp"
#include "isas.hpp"
#include "share.hpp"

namespace {

constexpr std::size_t chunk = 1u << 14;
constexpr std::uint64_t slow_part = 61;  // one chunk of so many

struct finding {
  double error = 0;
  float at = 0;
  std::size_t unequal = 0;  ///< results of other targets, and NaNs that are not canonical
  void see(double e, float x) {
    if (!(e <= error)) error = e, at = x;
  }
};

[[nodiscard]] bool is_quick(lowp::isa level) {
  return lowp::kernels::lanes_of(level) >= lowp::isa::avx2;
}

finding walk(const test::functions::unary& f, std::uint64_t begin) {
  const lowp::default_float_environment environment;
  std::vector<float> in(chunk), out(chunk), other(chunk);
  for (std::size_t i = 0; i < chunk; ++i) {
    in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(begin + i));
  }
  f.array(in, out, lowp::best_isa());
  finding result;
  lowp::isa tried = lowp::kernels::lanes_of(lowp::best_isa());
  for (const lowp::isa level : test::isas()) {
    if (lowp::kernels::lanes_of(level) == tried) continue;
    if (!is_quick(level) && begin / chunk % slow_part != 0) continue;
    tried = lowp::kernels::lanes_of(level);
    f.array(in, other, level);
    if (std::memcmp(out.data(), other.data(), chunk * sizeof(float)) != 0) ++result.unequal;
  }
  for (std::size_t i = 0; i < chunk; ++i) {
    const double exact = f.nearly(static_cast<double>(in[i]));
    if (std::isnan(exact)) {
      result.unequal += std::bit_cast<std::uint32_t>(out[i]) == 0x7FC00000u ? 0u : 1u;
    } else {
      result.see(test::functions::error_of(out[i], exact), in[i]);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("Elementary functions of every binary32 number") {
  for (const test::functions::unary& f : test::functions::unary_functions) {
    finding all;
    std::mutex merging;
    const std::uint64_t inputs =
        test::walk(std::uint64_t{1} << 32, chunk, [&](std::uint64_t at, auto) {
          const finding here = walk(f, at);
          const std::lock_guard lock(merging);
          all.see(here.error, here.at);
          all.unequal += here.unequal;
        });
    std::printf("%s: %llu inputs, at most %.4f units off, at %a\n", f.name,
                static_cast<unsigned long long>(inputs), all.error, static_cast<double>(all.at));
    INFO(f.name << " of " << all.at);
    CHECK(inputs > 0);
    CHECK(all.error <= f.worst_error);
    CHECK(all.unequal == 0);
  }
}
