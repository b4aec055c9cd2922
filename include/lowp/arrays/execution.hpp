// SPDX-License-Identifier: MIT
// How an array function runs: on which threads and with which instructions. Neither changes a bit
// of the result.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <type_traits>

#include "lowp/core/failure.hpp"
#include "lowp/kernels/isa.hpp"
#if !LOWP_COMPILED  // <thread> costs more than any other header
#include <thread>
#include <vector>
#endif

namespace lowp {

/// A piece of work: task(i) does the i-th of several parts that may run in any order and at the
/// same time. It does not throw. A reference: copy it freely while the call that made it lasts.
class task {
 public:
  template <class F>
  explicit task(const F& part)
      : part_(&part), call_([](const void* f, std::size_t i) { (*static_cast<const F*>(f))(i); }) {}
  void operator()(std::size_t i) const { call_(part_, i); }

 private:
  const void* part_;
  void (*call_)(const void*, std::size_t);
};

/// Anything that can be called as on(count, part) and returns when part(0) … part(count - 1) have
/// all returned: a thread pool, a task arena, a loop. It may say by a constant `start_nanoseconds`
/// how long it takes until its threads work: calls of so little work that this would not pay do it
/// in the calling thread. One that does not say is always asked.
template <class Executor>
concept executor = requires(const Executor& on, std::size_t count, const task& part) {
  on(count, part);
};

/// On the calling thread.
struct sequential {
  void operator()(std::size_t count, const task& part) const {
    for (std::size_t i = 0; i < count; ++i) part(i);
  }
};

/// On `count` threads of the standard library, the calling one among them; 0 is one per processor.
/// They are started and joined by each call: for large arrays.
struct threads {
  unsigned count = 0;

  static constexpr unsigned start_nanoseconds = 30'000;

  LOWP_BORDER void operator()(std::size_t parts, const task& part) const;
};
#if !LOWP_COMPILED
#include "lowp/arrays/threads.inc"
#endif

#if defined(_OPENMP)
/// On the threads of OpenMP.
struct openmp {
  static constexpr unsigned start_nanoseconds = 3'000;

  void operator()(std::size_t count, const task& part) const {
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < count; ++i) part(i);
  }
};
#endif

inline namespace LOWP_BASELINE {

/// The last parameter of every array function. Made from an executor, an isa or both:
/// threads{4}, isa::avx2, {threads{4}, isa::portable}. It keeps a copy of an executor that is as
/// small as those above, and refers to any other, a thread pool for instance.
class execution {
  static constexpr std::size_t kept_size = sizeof(void*), kept_alignment = alignof(void*);
  template <class Executor>
  static constexpr bool is_kept = std::is_trivially_copyable_v<Executor> &&
                                  sizeof(Executor) <= kept_size &&
                                  alignof(Executor) <= kept_alignment;

 public:
  execution() = default;
  /// Throws std::invalid_argument if this machine lacks the level.
  execution(isa level) : level_(level) {
    if (level > best_isa()) {
      refuse("execution: isa is " + std::string(name(level)) + ", expected at most " +
             std::string(name(best_isa())) + ", the best of this machine");
    }
  }
  template <executor Executor>
  execution(const Executor& on, isa level = best_isa()) : execution(level) {
    if constexpr (requires { Executor::start_nanoseconds; }) {
      start_nanoseconds_ = static_cast<std::uint32_t>(Executor::start_nanoseconds);
    }
    if constexpr (is_kept<Executor>) {
      std::memcpy(kept_, &on, sizeof(Executor));
      run_ = [](const execution& how, std::size_t count, const task& part) {
        alignas(Executor) std::byte bytes[sizeof(Executor)];
        std::memcpy(bytes, how.kept_, sizeof(Executor));
        (*std::launder(reinterpret_cast<const Executor*>(bytes)))(count, part);
      };
    } else {
      referred_ = &on;
      run_ = [](const execution& how, std::size_t count, const task& part) {
        (*static_cast<const Executor*>(how.referred_))(count, part);
      };
    }
  }

  [[nodiscard]] isa level() const { return level_; }
  [[nodiscard]] bool is_sequential() const { return run_ == nullptr; }
  /// Whether work that takes one thread so long is worth the executor: a few times as long as it
  /// takes to start. In integers: the caller's floating-point flags stay as they are.
  [[nodiscard]] bool is_worth(std::uint64_t nanoseconds) const {
    constexpr std::uint64_t least = 4;
    return run_ != nullptr && nanoseconds >= least * start_nanoseconds_;
  }
  /// This execution, or on the calling thread alone where the work is not worth its threads.
  [[nodiscard]] execution for_work(std::uint64_t nanoseconds) const {
    execution by = *this;
    if (!is_worth(nanoseconds)) by.run_ = nullptr;
    return by;
  }
  void run(std::size_t count, const task& part) const {
    if (run_ != nullptr) {
      run_(*this, count, part);
    } else {
      sequential{}(count, part);
    }
  }

 private:
  isa level_ = best_isa();
  std::uint32_t start_nanoseconds_ = 0;
  const void* referred_ = nullptr;
  alignas(kept_alignment) std::byte kept_[kept_size] = {};
  void (*run_)(const execution&, std::size_t, const task&) = nullptr;
};

/// how.run for parts that may throw, if they run out of memory, say: one of the exceptions is
/// thrown again when all parts have returned.
inline void run_and_rethrow(const execution& how, std::size_t count, const task& part) {
  std::exception_ptr failure;
  std::atomic<bool> has_failed = false;
  const auto attempt = [&](std::size_t i) {
    LOWP_TRY { part(i); }
    LOWP_CATCH(...) {
      if (!has_failed.exchange(true)) failure = std::current_exception();
    }
  };
  how.run(count, task(attempt));
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
