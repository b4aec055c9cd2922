// SPDX-License-Identifier: MIT
// Calls both units on the same values and prints what they gave; fails if it differs.
//   odr          the first unit, and the second if the processor can run it
//   odr first    the first alone
#include <cstdio>
#include <cstring>
#include <vector>

#include "unit.hpp"

/// Whether the processor has what the second unit was compiled for, LEVEL of x86-64.
static bool can_run_second() {
  __builtin_cpu_init();
  const bool has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi2");
  const bool has_v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return has_v3 && (LEVEL < 4 || has_v4);
}

int main(int argc, char* argv[]) {
  constexpr std::size_t rows = 37, cols = 48;
  std::vector<float> values(rows * cols);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = static_cast<std::uint32_t>((i + 1) * 0x9E3779B97F4A7C15u >> 32);
    const std::uint32_t near_one = (bits & 0x87FFFFFFu) | 0x38000000u;
    std::memcpy(&values[i], i % 5 == 0 ? &bits : &near_one, sizeof(float));
  }
  const bool first_alone = argc > 1 && std::strcmp(argv[1], "first") == 0;
  const unsigned long long first = first_unit(values.data(), rows, cols);
  std::printf("%016llx\n", first);
  if (first_alone || !can_run_second()) return 0;
  const unsigned long long second = second_unit(values.data(), rows, cols);
  if (second != first) std::printf("the second unit gave %016llx\n", second);
  return second == first ? 0 : 1;
}
