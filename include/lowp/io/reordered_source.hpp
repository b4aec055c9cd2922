// SPDX-License-Identifier: MIT
// The elements of an array in the order of rows, lowest byte first, from one that has the first
// dimension contiguous, or big-endian numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "lowp/io/byte_source.hpp"

namespace lowp::io::detail {

class reordered_source final : public byte_source {
 public:
  /// `swapped` bytes, a divisor of an element's, are turned around; with 0 nothing is. The source
  /// has exactly the bytes of the shape.
  reordered_source(shared_bytes from, std::vector<std::uint64_t> shape, std::size_t element_bytes,
                   bool is_fortran_order, std::size_t swapped)
      : from_(std::move(from)),
        shape_(std::move(shape)),
        element_bytes_(element_bytes),
        swapped_(swapped),
        is_fortran_order_(is_fortran_order) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return from_->size(); }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    std::vector<std::byte> element(element_bytes_);
    for (std::size_t done = 0; done < out.size();) {
      const std::uint64_t index = (first + done) / element_bytes_;
      const auto skipped = static_cast<std::size_t>((first + done) % element_bytes_);
      from_->read(place_of(index) * element_bytes_, element);
      for (std::size_t i = 0; swapped_ != 0 && i < element_bytes_; i += swapped_)
        std::reverse(element.data() + i, element.data() + i + swapped_);
      const std::size_t count = std::min(element_bytes_ - skipped, out.size() - done);
      std::copy_n(element.data() + skipped, count, out.data() + done);
      done += count;
    }
  }
  [[nodiscard]] std::uint64_t place_of(std::uint64_t index) const {
    if (!is_fortran_order_) return index;
    std::uint64_t stride = size() / element_bytes_, place = 0;
    for (std::size_t i = shape_.size(); i-- > 0; index /= shape_[i]) {
      stride /= shape_[i];
      place += index % shape_[i] * stride;
    }
    return place;
  }

  shared_bytes from_;
  std::vector<std::uint64_t> shape_;
  std::size_t element_bytes_, swapped_;
  bool is_fortran_order_;
};

}  // namespace lowp::io::detail
