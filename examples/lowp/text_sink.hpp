// SPDX-License-Identifier: MIT
// Where a command writes: a file that is there as a whole or not at all, what is no regular file,
// such as a FIFO, or the terminal.
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include "lowp/io/temporary_file.hpp"

namespace lowp_tool {

/// Text in large pieces.
class text_sink {
 public:
  /// `path` is - for the terminal. A symbolic link is followed. Throws std::runtime_error for a
  /// directory and for what cannot be opened.
  explicit text_sink(const std::string& path) : shown_(path) {
    if (path == "-") return;
    if (path.empty()) throw std::runtime_error("the name of the file to write is empty");
    path_ = lowp::io::detail::behind_links(path);
    std::error_code ignored;  // what cannot be looked at cannot be created either
    const std::filesystem::file_status status = std::filesystem::status(path_, ignored);
    if (std::filesystem::is_directory(status) || !path_.has_filename())
      throw std::runtime_error(path + ": is a directory, expected a file");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      direct_.reset(std::fopen(path_.c_str(), "wb"));
      if (direct_ == nullptr) throw std::runtime_error(path + ": cannot be opened for writing");
    } else {
      file_.emplace(path_);
    }
  }

  std::string text;

  void flush_if_large() {
    if (text.size() > (1u << 20)) flush();
  }
  /// After the last of the text. Throws if a byte may not have been written.
  void keep() {
    flush();
    if (file_) {
      file_->keep_as(path_);
    } else if (std::fflush(stream()) != 0) {
      fail();
    }
  }

 private:
  struct closer {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
  };

  [[nodiscard]] std::FILE* stream() const { return direct_ ? direct_.get() : stdout; }
  [[noreturn]] void fail() const {
    throw std::runtime_error((direct_ ? shown_ : "the terminal") + ": cannot write all bytes");
  }
  void flush() {
    if (file_) {
      file_->write(std::as_bytes(std::span(text)));
    } else if (std::fwrite(text.data(), 1, text.size(), stream()) != text.size()) {
      fail();
    }
    text.clear();
  }

  std::string shown_;
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, closer> direct_;
  std::optional<lowp::io::detail::temporary_file> file_;
};

}  // namespace lowp_tool
