// SPDX-License-Identifier: MIT
// How an array function walks over its arrays: in pieces for the threads and, once the arrays no
// longer fit a cache, with results written past it, in the pattern that the machine's memory likes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The arrays of a job: `count` elements that take a number of bits each, element 0 at a byte.
struct bulk_arrays {
  const void* in;
  std::size_t in_bits;
  void* out;
  std::size_t out_bits;
  std::size_t count;
  bool is_linear =
      true;  ///< element i lies at i * bits; else the parts find their place themselves
  std::size_t granule = 8;    ///< elements that no two threads may share: they may share a byte
  bool may_stream = true;     ///< if parts compute little: results wait while others are written
  bool computes = true;       ///< in floating point; what only moves bits needs no environment
  unsigned picoseconds = 60;  ///< that an element takes

  [[nodiscard]] const std::uint8_t* in_at(std::size_t i) const {
    return static_cast<const std::uint8_t*>(in) + i / 8 * in_bits;
  }
  [[nodiscard]] std::uint8_t* out_at(std::size_t i) const {
    return static_cast<std::uint8_t*>(out) + (is_linear ? i / 8 * out_bits : 0);
  }
};

/// Elements per piece of work for a thread, and in a page of binary32: multiples of 8, so that
/// every part begins at a byte.
inline constexpr std::size_t piece_size = std::size_t{1} << 14;
inline constexpr std::size_t page_size = 1024;

/// The order of a walk through memory: a slice of each of `pages` pages in turn.
struct walk {
  std::size_t pages = 1;
  std::size_t slice = page_size;
  bool prefetches = false;  ///< the same slices of the pages after these
};
[[nodiscard]] inline walk best_walk() {
  return kernels::prefers_page_streams() ? walk{4, page_size / 4, true} : walk{};
}
/// Bytes read and written from which the arrays are taken not to fit a cache.
inline constexpr std::size_t streaming_bytes = std::size_t{1} << 25;

/// The work on a part of the arrays: part(first, count, out) puts elements first … first + count -
/// 1 at `out`, which is out_at(first) or a buffer. `first` is a multiple of 8. Type-erased, so that
/// the walk exists once.
class bulk_part {
 public:
  template <class F>
  explicit bulk_part(const F& part)
      : part_(&part), call_([](const void* f, std::size_t first, std::size_t count, void* out) {
          (*static_cast<const F*>(f))(first, count, static_cast<std::uint8_t*>(out));
        }) {}
  void operator()(std::size_t first, std::size_t count, void* out) const {
    call_(part_, first, count, out);
  }

 private:
  const void* part_;
  void (*call_)(const void*, std::size_t, std::size_t, void*);
};

inline void run_streaming(isa level, const bulk_arrays& a, std::size_t begin, std::size_t end,
                          const bulk_part& part) {
  alignas(64) std::uint8_t result[page_size * 8];
  const walk order = best_walk();
  const std::size_t group = order.pages * page_size;
  std::size_t base = begin;
  for (; base + group <= end; base += group) {
    for (std::size_t offset = 0; offset < page_size; offset += order.slice) {
      for (std::size_t page = 0; page < group; page += page_size) {
        const std::size_t first = base + page + offset;
#if LOWP_X86_TARGETS
        if (order.prefetches && first + group + order.slice <= a.count) {
          const std::uint8_t* const ahead = a.in_at(first + group);
          for (std::size_t i = 0; i < order.slice / 8 * a.in_bits; i += 64) {
            __builtin_prefetch(ahead + i);
          }
        }
#endif
        part(first, order.slice, result);
        kernels::stream_copy(level, a.out_at(first), result, order.slice / 8 * a.out_bits);
      }
    }
  }
  kernels::end_streaming();
  if (base != end) part(base, end - base, a.out_at(base));
}

inline void run_bulk(const execution& how, const bulk_arrays& a, const bulk_part& part) {
  if (a.count == 0) return;
  const std::size_t bytes = a.count / 8 * (a.in_bits + a.out_bits);
  const bool is_streaming =
      LOWP_X86_TARGETS && a.may_stream && bytes >= streaming_bytes && a.is_linear &&
      (4 * a.out_bits <= a.in_bits || !kernels::prefers_cached_stores()) && a.in != a.out &&
      reinterpret_cast<std::uintptr_t>(a.out) % 16 == 0 && a.out_bits % 4 == 0;
  const auto run = [&](std::size_t begin, std::size_t end) {
    if (!a.computes && !is_streaming) return part(begin, end - begin, a.out_at(begin));
    const default_float_environment environment;
    if (is_streaming) {
      run_streaming(how.level(), a, begin, end, part);
    } else {
      part(begin, end - begin, a.out_at(begin));
    }
  };
  if (how.is_sequential() || piece_size % a.granule != 0 ||
      !how.is_worth(std::uint64_t{a.count} * a.picoseconds / 1000)) {
    return run(0, a.count);
  }
  const std::size_t pieces = (a.count + piece_size - 1) / piece_size;
  const auto run_piece = [&](std::size_t i) {
    const std::size_t begin = i * piece_size;
    run(begin, a.count - begin < piece_size ? a.count : begin + piece_size);
  };
  how.run(pieces, task(run_piece));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
