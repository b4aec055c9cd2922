// SPDX-License-Identifier: MIT
// Where rows of codes or of values lie in memory, to be brought nearer before they are used.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

[[nodiscard]] constexpr std::size_t round_up(std::size_t size, std::size_t unit) {
  return (size + unit - 1) / unit * unit;
}

/// About so many, padding included.
[[nodiscard]] constexpr std::size_t bits_per_code(packing p, int width) {
  return static_cast<std::size_t>(p.group_bits(width) / p.group_size);
}

/// Where rows lie in memory, to be brought nearer before they are read or written.
struct row_memory {
  const void* first = nullptr;  ///< or null, if that is not known
  std::size_t row_bytes = 0;
  std::size_t bits = 0;  ///< of an element

  [[nodiscard]] const unsigned char* at(std::size_t row, std::size_t col) const {
    return static_cast<const unsigned char*>(first) + row * row_bytes + col * bits / 8;
  }
  /// To be read, or with IsWritten to be written.
  template <bool IsWritten = false>
  void prefetch([[maybe_unused]] std::size_t row, [[maybe_unused]] std::size_t col,
                [[maybe_unused]] std::size_t count) const {
#if defined(__GNUC__) || defined(__clang__)
    asm volatile("");  // g++ removes calls of a function that does nothing but prefetch
    if (first == nullptr) return;
    const unsigned char* const from = at(row, col);
    for (std::size_t i = 0; i < count * bits / 8; i += 64) {
      __builtin_prefetch(from + i, IsWritten, IsWritten ? 3 : 2);
    }
#endif
  }
};

template <class T>
[[nodiscard]] row_memory memory_of(const matrix_view<T>& x) {
  return {x.data, x.stride * sizeof(T), 8 * sizeof(T)};
}

/// How many bits lie between codes that are packed low ones first without gaps, or one in each
/// byte; else 0.
[[nodiscard]] constexpr int code_distance(packing p, int width) {
  if (p == packings::byte_low || is_array_of<std::uint8_t>(p, width)) return 8;
  return is_dense(p, width) && !p.is_msb_first ? width : 0;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
