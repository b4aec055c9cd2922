// SPDX-License-Identifier: MIT
// Memory for the panels of a product. Large ones a thread keeps for its next product: pages that
// are new to a process cost more than what is written to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "lowp/core/memory.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The array that this thread keeps, or none while a product has it.
class kept_panels {
 public:
  /// Less than this the allocator does not return to the system; more is not held on to.
  static constexpr std::size_t least = std::size_t{1} << 20, most = std::size_t{1} << 24;

  lowp::detail::aligned_array<std::byte> bytes;
  std::size_t size = 0;

  /// Null in destructors that run after that of the array: a thread may multiply there, too.
  [[nodiscard]] static kept_panels* of_thread() {
    if (has_ended()) return nullptr;
    thread_local kept_panels kept;
    return &kept;
  }
  kept_panels() = default;
  kept_panels(const kept_panels&) = delete;
  kept_panels& operator=(const kept_panels&) = delete;
  ~kept_panels() { has_ended() = true; }

 private:
  [[nodiscard]] static bool& has_ended() {
    thread_local bool ended = false;
    return ended;
  }
};

/// As an aligned_array, for as long as a product takes; to be deleted by the thread that made it.
template <class T>
class panel_array {
 public:
  /// Throws std::bad_alloc.
  explicit panel_array(std::size_t count)
      : size_(count > PTRDIFF_MAX / sizeof(T) ? SIZE_MAX : count * sizeof(T)) {
    kept_panels* const kept = can_be_kept() ? kept_panels::of_thread() : nullptr;
    if (kept != nullptr && kept->size >= size_) {
      bytes_ = std::move(kept->bytes);
      size_ = std::exchange(kept->size, 0);
      return;
    }
    bytes_ = lowp::detail::aligned_array<std::byte>(size_);
  }
  panel_array(const panel_array&) = delete;
  panel_array& operator=(const panel_array&) = delete;
  ~panel_array() {
    kept_panels* const kept = can_be_kept() ? kept_panels::of_thread() : nullptr;
    if (kept == nullptr || kept->size >= size_) return;
    kept->bytes = std::move(bytes_);
    kept->size = size_;
  }

  [[nodiscard]] T* get() const { return reinterpret_cast<T*>(bytes_.get()); }

 private:
  [[nodiscard]] bool can_be_kept() const {
    return size_ >= kept_panels::least && size_ <= kept_panels::most;
  }

  lowp::detail::aligned_array<std::byte> bytes_;
  std::size_t size_;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
