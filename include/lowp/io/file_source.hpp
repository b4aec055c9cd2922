// SPDX-License-Identifier: MIT
// The bytes of a file, mapped into memory where the system can, else read when they are asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "lowp/io/byte_source.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define LOWP_IO_HAS_MMAP 1
#endif

namespace lowp::io {

/// How a file is read. `mapped` costs no memory of the process's own and no copy; whoever truncates
/// a file while it is mapped ends the process (SIGBUS). `on_demand` reads each piece when it is
/// asked for and reports an error. Where the system cannot map, `mapped` is `on_demand`.
enum class file_access { mapped, on_demand };

namespace detail {

class stream_source final : public byte_source {
 public:
  explicit stream_source(const std::filesystem::path& path)
      : name_(path.string()), stream_(path, std::ios::binary | std::ios::ate) {
    const std::streamoff end = stream_ ? std::streamoff(stream_.tellg()) : -1;
    if (end < 0) throw std::runtime_error(name_ + ": cannot open file");
    size_ = static_cast<std::uint64_t>(end);
  }
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    const std::lock_guard lock(mutex_);
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(first));
    stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (!stream_) {
      throw std::runtime_error(name_ + ": cannot read " + std::to_string(out.size()) +
                               " bytes from byte " + std::to_string(first) + " on");
    }
  }
  std::string name_;
  std::uint64_t size_ = 0;
  mutable std::mutex mutex_;
  mutable std::ifstream stream_;
};

#ifdef LOWP_IO_HAS_MMAP
class mapped_source final : public byte_source {
 public:
  [[nodiscard]] static shared_bytes open(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw std::runtime_error(path.string() + ": cannot open file");
    struct ::stat facts {};
    void* at = MAP_FAILED;
    if (::fstat(file, &facts) == 0 && facts.st_size > 0 &&
        std::in_range<std::size_t>(facts.st_size)) {
      at =
          ::mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    }
    ::close(file);
    if (at == MAP_FAILED) return std::make_shared<stream_source>(path);
    return shared_bytes(new mapped_source(at, static_cast<std::size_t>(facts.st_size)));
  }
  ~mapped_source() override { ::munmap(at_, size_); }
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] std::span<const std::byte> in_memory() const noexcept override {
    return {static_cast<const std::byte*>(at_), size_};
  }

 private:
  mapped_source(void* at, std::size_t size) : at_(at), size_(size) {}
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    const auto from = in_memory().subspan(static_cast<std::size_t>(first), out.size());
    std::copy(from.begin(), from.end(), out.begin());
  }
  void* at_;
  std::size_t size_;
};
#endif

}  // namespace detail

/// Throws std::runtime_error for what is no regular file or cannot be opened.
[[nodiscard]] inline shared_bytes open_source(const std::filesystem::path& path,
                                              file_access how = file_access::mapped) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw std::runtime_error(path.string() + ": not a regular file");
#ifdef LOWP_IO_HAS_MMAP
  if (how == file_access::mapped) return detail::mapped_source::open(path);
#endif
  static_cast<void>(how);
  return std::make_shared<detail::stream_source>(path);
}

}  // namespace lowp::io
