// SPDX-License-Identifier: MIT
// A deflated member of an archive as bytes that can be read from any place.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/byte_source.hpp"
#include "lowp/io/crc32.hpp"
#include "lowp/io/inflate.hpp"

namespace lowp::io::detail {

/// Cheap from front to back; a read of what lies before the last one begins again. Throws
/// format_error where the data end before `size` or, as the last byte is read, go on behind it or
/// have another checksum.
class inflated_source final : public byte_source {
 public:
  inflated_source(shared_bytes compressed, std::uint64_t size, std::uint32_t crc,
                  std::string origin, std::string where)
      : compressed_(std::move(compressed)),
        size_(size),
        crc_(crc),
        origin_(std::move(origin)),
        where_(std::move(where)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

  /// Gives back what reading takes, some 40 KB, until the next read, which begins at the front.
  void rest() const {
    const std::lock_guard lock(mutex_);
    inflater_.reset();
  }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    const std::lock_guard lock(mutex_);
    // Not put back if something is thrown, so that the next read begins at the front.
    std::unique_ptr<inflater> from = std::move(inflater_);
    if (from == nullptr || first < position_) {
      byte_cursor in(*compressed_, origin_);
      in.where = where_;
      from = std::make_unique<inflater>(std::move(in));
      position_ = 0;
      found_crc_ = 0;
    }
    std::array<std::byte, 4096> unwanted;
    while (position_ < first) {
      const std::uint64_t count = (std::min)(first - position_, std::uint64_t{unwanted.size()});
      advance(*from, std::span(unwanted).first(static_cast<std::size_t>(count)));
    }
    advance(*from, out);
    if (position_ != size_) inflater_ = std::move(from);
  }
  void advance(inflater& from, std::span<std::byte> out) const {
    if (from.read(out) != out.size()) refuse("end too early");
    position_ += out.size();
    found_crc_ = crc32(out, found_crc_);
    if (position_ != size_) return;
    std::byte more[1];
    if (from.read(more) != 0) refuse("are more than " + std::to_string(size_) + " bytes");
    if (found_crc_ != crc_) refuse("have another checksum than the directory says");
  }
  [[noreturn]] void refuse(const std::string& text) const {
    throw format_error(origin_ + ": " + where_ + "deflated data " + text);
  }

  shared_bytes compressed_;
  std::uint64_t size_;
  std::uint32_t crc_;
  std::string origin_, where_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<inflater> inflater_;  // while it is in use: it is large
  mutable std::uint64_t position_ = 0;
  mutable std::uint32_t found_crc_ = 0;
};

}  // namespace lowp::io::detail
