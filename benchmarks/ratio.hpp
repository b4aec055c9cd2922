// SPDX-License-Identifier: MIT
// A job timed against others turn by turn, so that what disturbs the machine disturbs them all.
// The ratios are the result; absolute times are for orientation.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace lowp_bench {

[[nodiscard]] inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One of those compared: the counter that it gets is of_<name>.
struct contender {
  std::string name;
  std::function<void()> run;
};

/// How long a job takes, by samples that are long beside the resolution of the clock.
class stopwatch {
 public:
  /// Runs the job: what it touches is then in the caches and its pages are there.
  explicit stopwatch(const std::function<void()>& job) : job_(job) {
    double seconds = timed(1);
    if (seconds < shortest_sample) seconds = timed(1);
    if (seconds < shortest_sample) {
      calls_ = static_cast<int>(shortest_sample / std::max(seconds, shortest_call)) + 1;
    }
  }

  /// The seconds of one call, now.
  [[nodiscard]] double sample() const { return timed(calls_) / calls_; }

 private:
  static constexpr double shortest_sample = 100e-6, shortest_call = 10e-9;

  [[nodiscard]] double timed(int calls) const {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      job_();
      benchmark::ClobberMemory();
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  std::function<void()> job_;
  int calls_ = 1;
};

/// How many turns a comparison takes: `most` unless they last longer than `seconds`, but `fewest`
/// in any case.
struct patience {
  int fewest = 3;
  int most = 31;
  double seconds = 1;
};

/// For each job its seconds per call, turn by turn.
[[nodiscard]] inline std::vector<std::vector<double>> take_turns(
    const std::vector<std::function<void()>>& jobs, const patience& limit) {
  std::vector<stopwatch> watches;
  for (const auto& job : jobs) watches.emplace_back(job);
  std::vector<std::vector<double>> seconds(jobs.size());
  const auto begin = std::chrono::steady_clock::now();
  for (int turn = 0; turn < limit.most; ++turn) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (turn >= limit.fewest && passed.count() > limit.seconds) break;
    for (std::size_t i = 0; i < jobs.size(); ++i) seconds[i].push_back(watches[i].sample());
  }
  return seconds;
}

/// Reports for each of the others of_<name>, the speed of the job as a multiple of its speed
/// (median over the turns), and the elements per second of the job.
inline void compare(benchmark::State& state, std::size_t elements, const std::function<void()>& job,
                    const std::vector<contender>& others) {
  std::vector<std::function<void()>> jobs{job};
  for (const contender& other : others) jobs.push_back(other.run);

  std::vector<std::vector<double>> ratios(others.size());
  for (auto _ : state) {
    const auto seconds = take_turns(jobs, {});
    for (std::size_t i = 0; i < others.size(); ++i) {
      for (std::size_t turn = 0; turn < seconds[0].size(); ++turn) {
        ratios[i].push_back(seconds[i + 1][turn] / seconds[0][turn]);
      }
    }
    state.SetIterationTime(median(seconds[0]));
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    state.counters["of_" + others[i].name] = median(ratios[i]);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(elements));
}

/// Registers a row. Its time is the one that compare() sets.
inline void add_row(const std::string& name, const std::function<void(benchmark::State&)>& row) {
  benchmark::RegisterBenchmark(name.c_str(), row)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

/// What a program measures, added before its command line is read.
void add_rows();

/// Values over a few binades of both signs.
template <class T>
void fill_sample(T* values, std::size_t size) {
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<T>(static_cast<std::int32_t>(state)) * T(0x1p-29);
  }
}
[[nodiscard]] inline std::vector<float> sample(std::size_t size) {
  std::vector<float> values(size);
  fill_sample(values.data(), size);
  return values;
}

}  // namespace lowp_bench
