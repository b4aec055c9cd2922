// SPDX-License-Identifier: MIT
// A row of the suite for arrays: one job at one size, on one or two threads and one instruction
// set, against the roofs for its bytes and against those who do the same work elsewhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "peers.hpp"
#include "ratio.hpp"
#include "roof.hpp"
#include "two_threads.hpp"

namespace lowp_bench {

/// Elements that begin at a page, so that no row depends on where an allocator puts them.
template <class T>
class page_buffer {
 public:
  explicit page_buffer(std::size_t size) : size_(size) {
    std::memset(static_cast<void*>(values_), 0, size * sizeof(T));
  }
  ~page_buffer() { ::operator delete (values_, std::align_val_t{4096}); }
  page_buffer(const page_buffer&) = delete;
  page_buffer& operator=(const page_buffer&) = delete;

  [[nodiscard]] T* data() { return values_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {values_, size_}; }
  [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(span()); }

 private:
  std::size_t size_;
  T* values_ = static_cast<T*>(::operator new (size_ * sizeof(T), std::align_val_t{4096}));
};

struct array_size {
  std::string_view name;
  std::size_t elements;
};
inline constexpr array_size sizes[] = {
    {"L2", std::size_t{1} << 16}, {"L3", std::size_t{1} << 22}, {"memory", std::size_t{1} << 26}};

struct setting {
  array_size size;
  unsigned threads;
  lowp::isa level;
};

/// The highest level to run: the environment variable LOWP_ISA or the best of this machine.
[[nodiscard]] inline lowp::isa highest_isa() {
  const char* const wanted = std::getenv("LOWP_ISA");
  if (wanted == nullptr) return lowp::best_isa();
  for (const lowp::isa level : lowp::isas) {
    if (name(level) == wanted && level <= lowp::best_isa()) return level;
  }
  std::fprintf(stderr, "LOWP_ISA is %s; this machine has", wanted);
  for (const lowp::isa level : lowp::isas) {
    if (level <= lowp::best_isa()) std::fprintf(stderr, " %s", name(level).data());
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

/// Every size on one and two threads with the best instructions; the others on one thread, where
/// computation shows and where memory should hide it.
[[nodiscard]] inline std::vector<setting> settings() {
  std::vector<setting> all;
  const lowp::isa best = highest_isa();
  for (const array_size& size : sizes) {
    all.push_back({size, 1, best});
    if (std::thread::hardware_concurrency() > 1) all.push_back({size, 2, best});
  }
  for (const lowp::isa level : lowp::isas) {
    if (level >= best) break;
    if (!lowp::kernels::is_compiled(level)) continue;
    all.push_back({sizes[0], 1, level});
    if (level != lowp::isa::portable) all.push_back({sizes[2], 1, level});
  }
  return all;
}

/// Registers a job, row(state, setting), as job/size/threads/isa.
template <class Row>
void add_job(const std::string& job, const Row& row) {
  for (const setting& at : settings()) {
    const std::string threads = at.threads == 1 ? "1_thread" : "2_threads";
    add_row(
        job + "/" + std::string(at.size.name) + "/" + threads + "/" + std::string(name(at.level)),
        [row, at](benchmark::State& state) { row(state, at); });
  }
}

/// What a job reads and writes.
struct data_flow {
  std::size_t elements;
  std::span<const std::byte> in;
  std::span<std::byte> out;
  std::byte* scales = nullptr;  ///< if the pattern has any
};

/// The same job done in another way.
struct variant {
  std::string name;
  std::function<void(const lowp::execution&)> run;
};

/// The bytes of a result that differ from those that another way of doing the job leaves.
template <class Job, class Other>
[[nodiscard]] std::size_t differing_bytes(std::span<const std::byte> out, const Job& job,
                                          const Other& other) {
  job();
  const std::vector<std::byte> ours(out.begin(), out.end());
  other();
  std::size_t count = 0;
  for (std::size_t i = 0; i < out.size(); ++i) count += ours[i] != out[i] ? 1u : 0u;
  return count;
}

/// Measures job(how). Its counters are of_copy and, from memory, of_nt (see roof.hpp);
/// of_one_thread if there are two; of_best_isa if there are better instructions, else of_<name> for
/// each peer and differ_<name> if its result is another; of_<name> for each variant.
template <pattern P, class Job>
void measure(benchmark::State& state, const setting& at, const data_flow& flow, const Job& job,
             const std::vector<peer>& peers = {}, const std::vector<variant>& variants = {}) {
  const team crew(at.threads);
  const lowp::execution how = crew.on(at.level);
  const auto bytes_in = static_cast<std::size_t>(P.bytes_in());
  const auto bytes_out = static_cast<std::size_t>(P.bytes_out());
  const std::size_t steps = flow.in.size() / bytes_in;
  const traffic all{flow.in.data(), flow.out.data(), flow.scales, steps};

  std::vector<contender> others;
  const auto add_roof = [&](const char* name, const copy_loop& loop) {
    if (loop.move != nullptr) others.push_back({name, [&] { move<P>(loop, all, how); }});
  };
  add_roof("copy", roof<P, stores::plain>(all, how));
  if (at.size.name == "memory") add_roof("nt", roof<P, stores::streaming>(all, how));
  if (at.threads > 1) others.push_back({"one_thread", [&] { job(lowp::execution(at.level)); }});
  if (at.level < highest_isa()) {
    others.push_back({"best_isa", [&] { job(lowp::execution(highest_isa())); }});
  } else {
    for (const peer& p : peers) {
      const auto share = [&](std::size_t i) {
        const std::size_t step = i * steps / at.threads;
        p.convert(all.in + step * bytes_in, all.out + step * bytes_out, flow.elements / at.threads);
      };
      others.push_back({p.name, [&, share] { how.run(at.threads, lowp::task(share)); }});
      if (at.size.name == "L2") {
        const std::size_t count = differing_bytes(
            flow.out, [&] { job(how); }, others.back().run);
        if (count != 0) state.counters["differ_" + p.name] = static_cast<double>(count);
      }
    }
  }
  for (const variant& v : variants) others.push_back({v.name, [&] { v.run(how); }});
  crew.watch(state, [&] {
    compare(
        state, flow.elements, [&] { job(how); }, others);
  });
}

}  // namespace lowp_bench
