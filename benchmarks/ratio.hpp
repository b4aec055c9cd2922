// SPDX-License-Identifier: MIT
// A job timed against a baseline in the same loop, turn by turn, so that what disturbs the machine
// disturbs both. The ratio is the result; the absolute time is for orientation.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace lowp_bench {

[[nodiscard]] inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Job>
[[nodiscard]] double seconds(const Job& job) {
  const auto begin = std::chrono::steady_clock::now();
  job();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Reports `of_baseline`, the speed of the job as a share of the baseline's (median over the
/// turns), and the elements per second of the job.
template <class Job, class Baseline>
void compare(benchmark::State& state, std::size_t elements, const Job& job,
             const Baseline& baseline) {
  std::vector<double> ratios;
  for (auto _ : state) {
    const double job_seconds = seconds(job);
    ratios.push_back(seconds(baseline) / job_seconds);
    state.SetIterationTime(job_seconds);
  }
  state.counters["of_baseline"] = ratios.empty() ? 0 : median(ratios);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(elements));
}

/// Values over a few binades of both signs.
[[nodiscard]] inline std::vector<float> sample(std::size_t size) {
  std::vector<float> values(size);
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-29f;
  }
  return values;
}

}  // namespace lowp_bench
