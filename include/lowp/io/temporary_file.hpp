// SPDX-License-Identifier: MIT
// A file that is there as a whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>  // exclusive creation of a file, which streams do not have
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace lowp::io::detail {

// Where a symbolic link leads, which need not exist yet: renaming would replace the link itself.
[[nodiscard]] inline std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int most = 40;
  std::error_code error;
  for (int i = 0; i < most && std::filesystem::is_symlink(path, error); ++i) {
    const std::filesystem::path next = std::filesystem::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / next;  // `next` alone if it is absolute
  }
  if (std::filesystem::is_symlink(path, error))
    throw std::runtime_error(path.string() + ": too many symbolic links");
  return path;
}

// A file under a name of its own that disappears unless it is kept.
class temporary_file {
 public:
  // Takes the first free name beside what `link` leads to; exclusive creation follows no link
  // and overwrites nothing. Throws if that is there and is no file, such as a device: renaming
  // would replace it.
  explicit temporary_file(const std::filesystem::path& link) {
    const std::filesystem::path target = behind_links(link);
    std::error_code ignored;  // what cannot be looked at cannot be created either
    const std::filesystem::file_status status = std::filesystem::status(target, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      throw std::runtime_error("lowp::io: " + target.string() + " is there and no regular file");
    constexpr int attempts = 100;
    for (int attempt = 0; attempt < attempts && stream_ == nullptr; ++attempt) {
      path_ = target;
      path_ += ".partial" + std::to_string(attempt);
      stream_ = std::fopen(path_.string().c_str(), "wbx");
    }
    if (stream_ == nullptr)
      throw std::runtime_error("lowp::io: cannot create a file at " + path_.string());
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (stream_ != nullptr) static_cast<void>(std::fclose(stream_));
    std::error_code ignored;  // a destructor has no way to report it
    if (!is_kept_) std::filesystem::remove(path_, ignored);
  }

  void write(std::span<const std::byte> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) fail();
    position_ += bytes.size();
  }

  // What lies between the end and a place behind it is zero.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    if (offset != position_) seek(offset);
    write(bytes);
  }

  // Throws, and leaves `target` as it was, if a byte may not have been written.
  void keep_as(const std::filesystem::path& target) {
    const bool is_flushed = std::fflush(stream_) == 0;
    const bool is_closed = std::fclose(std::exchange(stream_, nullptr)) == 0;
    if (!is_flushed || !is_closed) fail();
    std::filesystem::rename(path_, behind_links(target));
    is_kept_ = true;
  }

 private:
  // In steps that fit a long of 32 bits.
  void seek(std::uint64_t offset) {
    constexpr std::uint64_t step = 0x4000'0000;
    if (std::fseek(stream_, 0, SEEK_SET) != 0) fail();
    for (position_ = 0; position_ != offset;) {
      const std::uint64_t distance = offset - position_ < step ? offset - position_ : step;
      if (std::fseek(stream_, static_cast<long>(distance), SEEK_CUR) != 0) fail();
      position_ += distance;
    }
  }
  [[noreturn]] void fail() const {
    throw std::runtime_error("lowp::io: cannot write all bytes to " + path_.string());
  }

  std::filesystem::path path_;
  std::FILE* stream_ = nullptr;
  std::uint64_t position_ = 0;
  bool is_kept_ = false;
};

}  // namespace lowp::io::detail
