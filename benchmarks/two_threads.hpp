// SPDX-License-Identifier: MIT
// An executor for measurements on two threads: the second thread waits by spinning, so that handing
// over takes less than a microsecond, and the parts are split in the same way each time, so that
// each half stays in the caches of its core.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <thread>

#include "lowp/arrays/execution.hpp"

namespace lowp_bench {

class two_threads {
 public:
  two_threads() : helper_([this] { help(); }) {}
  ~two_threads() {
    is_over_ = true;
    helper_.join();
  }
  two_threads(const two_threads&) = delete;
  two_threads& operator=(const two_threads&) = delete;

  void operator()(std::size_t count, const lowp::task& part) const {
    part_ = &part;
    count_ = count;
    const unsigned turn = ++started_;
    for (std::size_t i = 0; i < (count + 1) / 2; ++i) part(i);
    while (finished_ != turn) pause();
  }

  /// The speed of two threads as a share of twice that of one, by arithmetic alone: far below 1 if
  /// they share a core or if someone else keeps one busy.
  [[nodiscard]] double spread() const {
    const auto work = [](std::size_t) { multiply(); };
    const lowp::task part(work);
    double alone = 1, together = 1;
    for (int i = 0; i < 5; ++i) {
      alone = std::min(alone, seconds([&] { multiply(); }));
      together = std::min(together, seconds([&] { (*this)(2, part); }));
    }
    return alone / together;
  }

  /// Virtual processors may start on one physical core and be moved apart only under load: keeps
  /// both busy until that has happened, for a few seconds at most.
  void warm_up() const {
    const auto begin = std::chrono::steady_clock::now();
    while (spread() < 0.9 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(4)) {
    }
  }

 private:
  static void pause() {
#if LOWP_X86_TARGETS
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  /// Multiplications that keep the units of a core busy for a few milliseconds.
  static void multiply() {
    double chains[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (int i = 0; i < 1000000; ++i) {
      for (double& chain : chains) chain *= 1.0000001;
    }
    for (double& chain : chains) benchmark::DoNotOptimize(chain);
  }

  template <class Job>
  static double seconds(const Job& job) {
    const auto begin = std::chrono::steady_clock::now();
    job();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  void help() const {
    for (unsigned seen = 0;;) {
      while (started_ == seen) {
        if (is_over_) return;
        pause();
      }
      ++seen;
      for (std::size_t i = (count_ + 1) / 2; i < count_; ++i) (*part_)(i);
      finished_ = seen;
    }
  }

  // What one thread writes and the other polls, on lines of their own.
  alignas(64) mutable std::atomic<unsigned> started_ = 0;
  mutable const lowp::task* part_ = nullptr;
  mutable std::size_t count_ = 0;
  std::atomic<bool> is_over_ = false;
  alignas(64) mutable std::atomic<unsigned> finished_ = 0;
  std::thread helper_;  // last: it uses the others
};

/// The threads of a row.
class team {
 public:
  explicit team(unsigned threads) {
    if (threads == 2) pair_.emplace().warm_up();
  }
  [[nodiscard]] lowp::execution on(lowp::isa level) const {
    return pair_ ? lowp::execution(*pair_, level) : lowp::execution(level);
  }
  /// Measures; if there are two threads, the counter `spread` tells whether they had a core each
  /// before and after.
  template <class Measure>
  void watch(benchmark::State& state, const Measure& measure) const {
    const double before = pair_ ? pair_->spread() : 1;
    measure();
    if (pair_) state.counters["spread"] = std::min(before, pair_->spread());
  }

 private:
  std::optional<two_threads> pair_;
};

}  // namespace lowp_bench
