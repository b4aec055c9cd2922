// SPDX-License-Identifier: MIT
// Bytes that can be read in pieces from any place: of a file, of a part of one, or made on the way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lowp::io {

/// Open: whatever a tensor's bytes come from is one of these. Objects do not change; read() may be
/// called from several threads.
class byte_source {
 public:
  byte_source() = default;
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;
  virtual ~byte_source() = default;

  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// Fills `out` with the bytes from `first` on. Throws std::out_of_range beyond the end,
  /// std::runtime_error if the file cannot be read.
  void read(std::uint64_t first, std::span<std::byte> out) const {
    if (first > size() || out.size() > size() - first) {
      throw std::out_of_range("lowp::io: bytes " + std::to_string(first) + " to " +
                              std::to_string(first + out.size()) + " of " + std::to_string(size()));
    }
    if (!out.empty()) read_within(first, out);
  }
  /// All bytes, if they lie in memory (of the process or mapped); else empty. They live as long as
  /// this object.
  [[nodiscard]] virtual std::span<const std::byte> in_memory() const noexcept { return {}; }

 private:
  /// read() of bytes that exist; `out` is not empty.
  virtual void read_within(std::uint64_t first, std::span<std::byte> out) const = 0;
};

using shared_bytes = std::shared_ptr<const byte_source>;

/// Bytes that the object owns.
class memory_source final : public byte_source {
 public:
  explicit memory_source(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
  [[nodiscard]] std::span<const std::byte> in_memory() const noexcept override { return bytes_; }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
  }
  std::vector<std::byte> bytes_;
};

/// A part of another source.
class part_of_source final : public byte_source {
 public:
  /// Throws std::out_of_range unless it lies within `whole`.
  part_of_source(shared_bytes whole, std::uint64_t first, std::uint64_t size)
      : whole_(std::move(whole)), first_(first), size_(size) {
    if (first > whole_->size() || size > whole_->size() - first)
      throw std::out_of_range("lowp::io: a part beyond the end");
  }
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] std::span<const std::byte> in_memory() const noexcept override {
    const auto all = whole_->in_memory();
    if (all.empty()) return {};
    return all.subspan(static_cast<std::size_t>(first_), static_cast<std::size_t>(size_));
  }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    whole_->read(first_ + first, out);
  }
  shared_bytes whole_;
  std::uint64_t first_, size_;
};

/// A copy of some bytes of a source.
[[nodiscard]] inline std::vector<std::byte> read_bytes(const byte_source& source,
                                                       std::uint64_t first, std::size_t count) {
  if (first > source.size() || count > source.size() - first)  // before memory is taken
    throw std::out_of_range("lowp::io: bytes beyond the end");
  std::vector<std::byte> bytes(count);
  source.read(first, bytes);
  return bytes;
}

}  // namespace lowp::io
