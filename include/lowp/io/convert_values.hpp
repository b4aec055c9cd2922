// SPDX-License-Identifier: MIT
// From the values of a tensor to the bytes of others, in pieces, on several threads, with memory
// for a few pieces.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "lowp/io/tensor_values.hpp"
#include "lowp/io/value_target.hpp"

namespace lowp::io {

/// Calls work(i, slot) for i = 0 … count - 1 on so many threads, and commit(i, slot) after it, in
/// the order of i and never two at a time. Each thread has a slot of its own. What one of them
/// throws is thrown again when all threads have ended; of what comes later nothing is committed.
template <class Slot, class Work, class Commit>
void in_order(unsigned threads, std::uint64_t count, const Work& work, const Commit& commit) {
  std::atomic<std::uint64_t> next = 0;
  std::uint64_t turn = 0;
  bool has_failed = false;
  std::exception_ptr failure;
  std::mutex mutex;
  std::condition_variable turned;
  const auto run = [&] {
    Slot slot;
    for (;;) {
      const std::uint64_t i = next.fetch_add(1);
      if (i >= count) return;
      std::exception_ptr problem;
      try {
        work(i, slot);
      } catch (...) {
        problem = std::current_exception();
      }
      {
        std::unique_lock lock(mutex);
        turned.wait(lock, [&] { return turn == i || has_failed; });
        if (has_failed) return;
      }
      if (problem == nullptr) {
        try {
          commit(i, slot);
        } catch (...) {
          problem = std::current_exception();
        }
      }
      {
        const std::lock_guard lock(mutex);
        ++turn;
        if (problem != nullptr) {
          has_failed = true;
          failure = problem;
        }
      }
      turned.notify_all();
      if (problem != nullptr) return;
    }
  };
  std::vector<std::thread> others;
  const std::uint64_t wanted = (std::min)(std::uint64_t{threads == 0 ? 1 : threads}, count);
  try {
    others.reserve(static_cast<std::size_t>(wanted));
    for (std::uint64_t i = 1; i < wanted; ++i) others.emplace_back(run);
  } catch (const std::exception&) {
    // The system gives no more threads: those that there are do the work.
  }
  run();
  for (std::thread& other : others) other.join();
  if (failure != nullptr) std::rethrow_exception(failure);
}

/// About so many values are a piece: few enough for a cache of the second level.
inline constexpr std::uint64_t piece_values = std::uint64_t{1} << 17;

namespace detail {

/// `count` values in pieces that are multiples of `multiple`.
struct pieces_of_values {
  std::uint64_t count, size;
  pieces_of_values(std::uint64_t values, std::uint64_t multiple)
      : count(values), size((std::max)(piece_values / multiple, std::uint64_t{1}) * multiple) {}
  [[nodiscard]] std::uint64_t pieces() const { return count / size + (count % size != 0 ? 1 : 0); }
  [[nodiscard]] std::uint64_t first(std::uint64_t i) const { return i * size; }
  [[nodiscard]] std::size_t values(std::uint64_t i) const {
    return static_cast<std::size_t>((std::min)(size, count - first(i)));
  }
};

[[nodiscard]] inline float finite_amax(std::span<const float> values) {
  std::uint32_t amax = 0;
  for (const float& value : values) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu;
    amax = (std::max)(amax, magnitude < 0x7F800000u ? magnitude : 0u);
  }
  return std::bit_cast<float>(amax);
}

}  // namespace detail

/// Calls use(values, slot) for all pieces of a tensor, on several threads, and then commit(slot) in
/// order.
template <class Slot, class Use, class Commit>
void for_each_piece(const tensor_values& from, unsigned threads, const Use& use,
                    const Commit& commit) {
  const detail::pieces_of_values pieces(from.size(), from.multiple());
  struct with_values {
    Slot slot;
    std::vector<float> values;
  };
  in_order<with_values>(
      threads, pieces.pieces(),
      [&](std::uint64_t i, with_values& s) {
        s.values.resize(pieces.values(i));
        from.read(pieces.first(i), s.values);
        use(std::span<const float>(s.values), s.slot);
      },
      [&](std::uint64_t, with_values& s) { commit(s.slot); });
}

/// Makes the bytes of a target's tensors: write(tensor, bytes) gets them in order, tensor being a
/// position in target.tensors, and done(values) is told of progress; values that amaxes are taken
/// of count, too.
template <class Write, class Done>
void convert_values(const tensor_values& from, value_target& to, unsigned threads,
                    const Write& write, const Done& done) {
  if (to.needs_amax()) {
    float amax = 0;
    struct of_piece {
      float amax = 0;
      std::size_t count = 0;
    };
    for_each_piece<of_piece>(
        from, threads,
        [](std::span<const float> values, of_piece& slot) {
          slot = {detail::finite_amax(values), values.size()};
        },
        [&](const of_piece& slot) {
          amax = (std::max)(amax, slot.amax);
          done(slot.count);
        });
    to.set_amax(amax);
  }
  const detail::pieces_of_values pieces(from.size(), std::lcm(from.multiple(), to.multiple()));
  const bool is_wide = to.takes_binary64() && !from.is_exact();
  struct slot_type {
    std::vector<float> values;
    std::vector<double> wide;  // of the two one is used
    value_target::pieces bytes;
    std::size_t count = 0;
  };
  const auto commit = [&](slot_type& slot) {
    for (std::size_t i = 0; i < slot.bytes.size(); ++i) {
      if (!slot.bytes[i].empty()) write(i, std::span<const std::byte>(slot.bytes[i]));
    }
  };
  in_order<slot_type>(
      threads, pieces.pieces(),
      [&](std::uint64_t i, slot_type& slot) {
        slot.count = pieces.values(i);
        slot.bytes.resize(to.tensors.size());
        const auto convert = [&](auto& values, const auto&... to_odd) {
          values.resize(slot.count);
          from.read(pieces.first(i), std::span(values), to_odd...);
          to.encode(pieces.first(i), std::span(std::as_const(values)), slot.bytes);
        };
        if (is_wide) return convert(slot.wide, true);
        convert(slot.values);
      },
      [&](std::uint64_t, slot_type& slot) {
        commit(slot);
        done(slot.count);
      });
  slot_type rest;
  rest.bytes.resize(to.tensors.size());
  to.finish(rest.bytes);
  commit(rest);
}

}  // namespace lowp::io
