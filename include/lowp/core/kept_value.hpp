// SPDX-License-Identifier: MIT
// A value that each call could compute, and that the first one leaves to all others.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <type_traits>

namespace lowp::detail {

/// A place in static storage: empty until a call has kept its value there. Initialized before the
/// program begins, without code, and no thread waits for another: who finds it empty computes.
template <class T>
class kept_value {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr kept_value() : none(0) {}

  /// Null if there is none yet.
  [[nodiscard]] const T* find() const {
    return state_.load(std::memory_order_acquire) == state::kept ? &kept : nullptr;
  }
  void keep(const T& value) {
    state found = state::empty;
    if (!state_.compare_exchange_strong(found, state::claimed, std::memory_order_relaxed)) return;
    ::new (static_cast<void*>(&kept)) T(value);
    state_.store(state::kept, std::memory_order_release);
  }

 private:
  enum class state : std::uint8_t { empty, claimed, kept };

  union {
    char none;  // so that the place is zeros, which take no room in a program's file
    T kept;
  };
  std::atomic<state> state_ = state::empty;
};

}  // namespace lowp::detail
