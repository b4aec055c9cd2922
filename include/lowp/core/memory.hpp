// SPDX-License-Identifier: MIT
// Memory with an owner or with several: what std::unique_ptr and std::shared_ptr would do here, at
// less than a tenth of the compile time of <memory>, which with C++20 includes <ostream>.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "lowp/core/failure.hpp"

namespace lowp::detail {

/// An array that begins at a line of the cache: vectors at multiples of their size lie in one line.
/// Its elements, of a type that needs no constructor, are not initialized.
template <class T>
class aligned_array {
  static constexpr std::size_t line_bytes = 64;
  static constexpr std::align_val_t line{line_bytes};
  static_assert(std::is_trivially_default_constructible_v<T> && std::is_trivially_copyable_v<T>,
                "an aligned_array neither constructs nor destroys its elements");
  static_assert((line_bytes & (line_bytes - 1)) == 0 && line_bytes % alignof(T) == 0,
                "a line is a power of two, and a multiple of the alignment of the elements");

 public:
  aligned_array() = default;
  /// Fails for lack of memory (failure.hpp).
  explicit aligned_array(std::size_t size) : aligned_array(size, std::nothrow) {
    if (data_ == nullptr) fail_for_lack_of_memory();
  }
  /// Null if there is no memory.
  aligned_array(std::size_t size, const std::nothrow_t& nothrow) {
    if (size > PTRDIFF_MAX / sizeof(T)) return;  // more than any array has
    data_ = static_cast<T*>(::operator new(size * sizeof(T), line, nothrow));
  }
  aligned_array(aligned_array&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  aligned_array& operator=(aligned_array&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~aligned_array() { ::operator delete(data_, line); }

  [[nodiscard]] T* get() const { return data_; }
  [[nodiscard]] T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
};

/// In front of an object that several hold.
struct shared_count {
  std::atomic<std::size_t> count{1};
  void (*destroy)(shared_count*) = nullptr;
};

/// An object, or a part of one, that several hold and none changes; the last of them deletes it.
/// Holders may be of different threads.
template <class T>
class shared {
 public:
  shared() = default;
  shared(std::nullptr_t) {}
  /// Made from `value`. Throws std::bad_alloc.
  explicit shared(T&& value) {
    auto* const made = new owned(std::move(value));
    made->destroy = [](counted* c) { delete static_cast<owned*>(c); };
    held_ = made;
    object_ = &made->value;
  }
  /// A part of what `whole` holds.
  template <class Whole>
  shared(const shared<Whole>& whole, const T& part) : held_(whole.held_), object_(&part) {
    hold();
  }
  shared(const shared& other) : held_(other.held_), object_(other.object_) { hold(); }
  shared(shared&& other) noexcept
      : held_(std::exchange(other.held_, nullptr)),
        object_(std::exchange(other.object_, nullptr)) {}
  shared& operator=(shared other) noexcept {
    std::swap(held_, other.held_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~shared() {
    if (held_ != nullptr && held_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      held_->destroy(held_);
    }
  }

  [[nodiscard]] const T* get() const { return object_; }
  [[nodiscard]] const T* operator->() const { return object_; }
  [[nodiscard]] const T& operator*() const { return *object_; }
  [[nodiscard]] explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] bool operator==(std::nullptr_t) const { return object_ == nullptr; }

 private:
  template <class>
  friend class shared;
  using counted = shared_count;
  struct owned : counted {
    explicit owned(T&& from) : value(std::move(from)) {}
    T value;
  };

  void hold() const {
    if (held_ != nullptr) held_->count.fetch_add(1, std::memory_order_relaxed);
  }

  counted* held_ = nullptr;
  const T* object_ = nullptr;
};

}  // namespace lowp::detail
