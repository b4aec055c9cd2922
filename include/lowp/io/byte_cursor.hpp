// SPDX-License-Identifier: MIT
// Reads a source from front to back, little-endian, and trusts no length that it is told.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/byte_source.hpp"
#include "lowp/io/format_error.hpp"
#include "lowp/io/little_endian.hpp"

namespace lowp::io::detail {

/// Messages are "<origin>: <where><field> …"; `where` is for the reader to set ("tensor 'a': ").
class byte_cursor {
 public:
  /// From `first` to `end` of the source.
  byte_cursor(const byte_source& source, std::string origin, std::uint64_t first, std::uint64_t end)
      : source_(source), origin_(std::move(origin)), position_(first), end_(end) {}
  byte_cursor(const byte_source& source, std::string origin)
      : byte_cursor(source, std::move(origin), 0, source.size()) {}

  std::string where;

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return end_ - position_; }
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

  [[noreturn]] void fail(const std::string& text) const {
    throw format_error(origin_ + ": " + where + text);
  }

  /// Refuses to go on unless so many bytes are left.
  void require(std::uint64_t bytes, std::string_view field) const {
    if (bytes > left()) {
      fail(std::string(field) + " needs " + std::to_string(bytes) + " bytes, " +
           std::to_string(left()) + " are left");
    }
  }
  /// Refuses a count of things of which each takes at least so many bytes.
  void require_count(std::uint64_t count, std::uint64_t least_bytes, std::string_view field) const {
    if (count > left() / least_bytes) {
      fail(std::string(field) + " is " + std::to_string(count) + ", more than " +
           std::to_string(left()) + " bytes hold");
    }
  }

  template <std::size_t Bytes>
  [[nodiscard]] std::uint64_t number(std::string_view field) {
    require(Bytes, field);
    const std::uint64_t value = load_little_endian<Bytes>(look(Bytes).data());
    position_ += Bytes;
    return value;
  }
  [[nodiscard]] std::string text(std::uint64_t size, std::string_view field) {
    require(size, field);
    std::string result(static_cast<std::size_t>(size), '\0');
    source_.read(position_, std::as_writable_bytes(std::span(result)));
    position_ += size;
    return result;
  }
  void skip(std::uint64_t bytes, std::string_view field) {
    require(bytes, field);
    position_ += bytes;
  }

 private:
  /// The next bytes, which exist; at most `buffer_size`.
  [[nodiscard]] std::span<const std::byte> look(std::size_t count) {
    if (position_ < buffer_first_ || position_ + count > buffer_first_ + buffer_.size()) {
      buffer_.resize(static_cast<std::size_t>((std::min)(left(), std::uint64_t{buffer_size})));
      source_.read(position_, buffer_);
      buffer_first_ = position_;
    }
    return std::span(buffer_).subspan(static_cast<std::size_t>(position_ - buffer_first_), count);
  }

  static constexpr std::size_t buffer_size = 4096;
  const byte_source& source_;
  std::string origin_;
  std::uint64_t position_, end_;
  std::uint64_t buffer_first_ = 0;
  std::vector<std::byte> buffer_;
};

/// Collects bytes of a header, little-endian.
class byte_builder {
 public:
  std::vector<std::byte> bytes;

  template <std::size_t Bytes>
  void number(std::uint64_t value) {
    bytes.resize(bytes.size() + Bytes);
    store_little_endian<Bytes>(value, bytes.data() + bytes.size() - Bytes);
  }
  void text(std::string_view value) {
    const auto all = std::as_bytes(std::span(value));
    bytes.insert(bytes.end(), all.begin(), all.end());
  }
  void zeros(std::uint64_t count) { bytes.resize(bytes.size() + static_cast<std::size_t>(count)); }
};

/// How many bytes are missing to a multiple of `alignment`.
[[nodiscard]] constexpr std::uint64_t padding(std::uint64_t size,
                                              std::uint64_t alignment) noexcept {
  return (alignment - size % alignment) % alignment;
}

}  // namespace lowp::io::detail
