// SPDX-License-Identifier: MIT
// Memory flush against pages that may be neither read nor written, where the system has them.
#pragma once

#if __has_include(<sys/mman.h>)
#define LOWP_HAS_GUARDED_MEMORY 1

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

namespace test {

/// Memory between two pages that must not be touched.
class guarded {
 public:
  explicit guarded(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    capacity_ = std::max<std::size_t>(1, (capacity + page - 1) / page) * page;
    mapped_ = capacity_ + 2 * page;
    void* const all =
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::uint8_t*>(all) + page;
    if (mprotect(all, page, PROT_NONE) != 0 || mprotect(begin_ + capacity_, page, PROT_NONE) != 0) {
      munmap(all, mapped_);
      throw std::bad_alloc();
    }
  }
  ~guarded() { munmap(begin_ - (mapped_ - capacity_) / 2, mapped_); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  /// `size` bytes flush against the page after or before them.
  [[nodiscard]] std::uint8_t* place(std::size_t size, bool at_end) const {
    return at_end ? begin_ + capacity_ - size : begin_;
  }

 private:
  std::uint8_t* begin_ = nullptr;
  std::size_t capacity_ = 0, mapped_ = 0;
};

}  // namespace test

#else
#define LOWP_HAS_GUARDED_MEMORY 0
#endif
