// SPDX-License-Identifier: MIT
// An executor whose threads are started once and wait between calls: for programs of many calls,
// each of which lasts microseconds. threads{n} (execution.hpp) starts and joins its own each time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "lowp/arrays/execution.hpp"

namespace lowp {

/// `count` threads that work together, the calling one among them; 0 is one per processor. It lives
/// as long as the calls that run on it, and its destructor joins the threads:
///
///     const pool workers(4);
///     encode<formats::e4m3fn>(x, codes, nearest_even, workers);
///
/// Several threads may call at the same time: one has the workers, the others do their parts alone,
/// and so does a part that calls again. A call waits for no worker that has not begun: where they
/// sleep too long it ends as soon as it would without them. Where threads cannot be started, it has
/// fewer.
class pool {
 public:
  explicit pool(unsigned count = 0) {
    const std::size_t wanted = count != 0 ? count : std::thread::hardware_concurrency();
    for (std::size_t i = 1; i < wanted && i < most_threads; ++i) {
      LOWP_TRY {
        workers_.emplace_back([this] { serve(); });
      }
      LOWP_CATCH(const std::exception&) {
        break;  // the threads there are do it all
      }
    }
  }
  ~pool() {
    state_.store(is_ending, std::memory_order_release);
    state_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  static constexpr unsigned start_nanoseconds = 2'000;  ///< see executor

  /// How many threads work on a call, the calling one included.
  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  void operator()(std::size_t count, const task& part) const {
    const std::unique_lock has_workers(call_, std::try_to_lock);
    if (count <= 1 || workers_.empty() || !has_workers) return sequential{}(count, part);

    part_ = &part;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    // Nobody is inside: only the number of the call and the door change here.
    state_.store(((state_.load(std::memory_order_relaxed) & ~inside) + one_call) | is_open,
                 std::memory_order_release);
    state_.notify_all();
    work();
    std::uint32_t state = state_.fetch_and(~is_open, std::memory_order_acq_rel) & ~is_open;
    while ((state & inside) != 0) {
      wait_for_change(state);
      state = state_.load(std::memory_order_acquire);
    }
  }

 private:
  // The state of a pool: the threads that are inside a call, whether its door is open to more of
  // them, and the call's number, which tells a worker that it has been in already.
  static constexpr std::uint32_t one_inside = 1, inside = 0xffff, is_open = 0x10000,
                                 is_ending = 0x20000, one_call = 0x40000;
  static constexpr std::size_t most_threads = 0xffff;

  void work() const {
    for (std::size_t i = next_++; i < count_; i = next_++) (*part_)(i);
  }

  /// Until the state is another: looks for as long as two calls in a row are apart, then sleeps.
  void wait_for_change(std::uint32_t state) const {
    for (int i = 0; i < 4000; ++i) {
      if (state_.load(std::memory_order_relaxed) != state) return;
      pause();
    }
    state_.wait(state, std::memory_order_relaxed);
  }
  static void pause() {
#if LOWP_X86_TARGETS
    __builtin_ia32_pause();
#endif
  }

  void serve() const {
    std::uint32_t seen = 0;  // the number of the last call
    for (;;) {
      std::uint32_t state = state_.load(std::memory_order_acquire);
      if ((state & is_ending) != 0) return;
      const std::uint32_t call = state & ~(inside | is_open);
      if ((state & is_open) == 0 || call == seen) {
        wait_for_change(state);
      } else if (state_.compare_exchange_weak(state, state + one_inside,
                                              std::memory_order_acquire)) {
        seen = call;
        work();
        if (((state_.fetch_sub(one_inside, std::memory_order_release) - one_inside) & inside) ==
            0) {
          state_.notify_all();  // the calling thread may wait for the last one
        }
      }
    }
  }

  mutable std::mutex call_;
  mutable std::atomic<std::uint32_t> state_ = 0;
  // What the threads of a call share; written by the calling one while nobody else is inside.
  mutable const task* part_ = nullptr;
  mutable std::size_t count_ = 0;
  mutable std::atomic<std::size_t> next_ = 0;
  std::vector<std::thread> workers_;  // the last, since they use all of the above
};

}  // namespace lowp
