// SPDX-License-Identifier: MIT
// A file of tensors, of whatever kind: names, dtypes, shapes and, when they are asked for, bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/byte_source.hpp"
#include "lowp/io/dtype.hpp"
#include "lowp/io/format_error.hpp"
#include "lowp/io/metadata.hpp"

namespace lowp::io {

/// What is known of a tensor before its bytes are. The last dimension is contiguous; no dimension
/// is a single value.
struct tensor_declaration {
  std::string name;
  dtype type;
  std::vector<std::uint64_t> shape;
  bool operator==(const tensor_declaration&) const = default;
};

/// A tensor of an open file. Copies share the file, which stays open as long as one of them lives.
class stored_tensor : public tensor_declaration {
 public:
  /// Throws format_error unless the content has the bytes that dtype and shape need.
  stored_tensor(tensor_declaration declaration, shared_bytes content)
      : tensor_declaration(std::move(declaration)), content_(std::move(content)) {
    std::string problem;
    const std::uint64_t needed = io::byte_size(type, shape, problem);
    if (problem.empty() && content_->size() != needed) {
      problem = "has " + std::to_string(content_->size()) + " bytes, expected " +
                std::to_string(needed) + " by dtype and shape";
    }
    if (!problem.empty()) throw format_error("tensor " + detail::in_quotes(name) + ": " + problem);
  }

  [[nodiscard]] std::uint64_t byte_size() const noexcept { return content_->size(); }
  /// Fills `out` with the tensor's bytes from `first` on, little-endian, elements without gaps.
  /// Throws std::out_of_range beyond the end. From several threads at once.
  void read(std::uint64_t first, std::span<std::byte> out) const { content_->read(first, out); }
  /// A copy of all bytes.
  [[nodiscard]] std::vector<std::byte> bytes() const {
    std::vector<std::byte> all(static_cast<std::size_t>(byte_size()));
    read(0, all);
    return all;
  }
  /// All bytes without a copy where they lie in memory or are mapped, else empty. They need not be
  /// aligned.
  [[nodiscard]] std::span<const std::byte> in_memory() const noexcept {
    return content_->in_memory();
  }

 private:
  shared_bytes content_;
};

/// All that a reader has found in a file, checked as a whole before any of it can be seen.
class tensor_file {
 public:
  /// `origin` is the name that messages give to the file. Throws format_error for a name that
  /// occurs twice.
  tensor_file(std::string kind, std::string origin, std::vector<stored_tensor> tensors,
              io::metadata entries = {})
      : kind_(std::move(kind)),
        origin_(std::move(origin)),
        tensors_(std::move(tensors)),
        metadata_(std::move(entries)) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!index_of_.emplace(tensors_[i].name, i).second) {
        throw format_error(origin_ + ": tensor " + detail::in_quotes(tensors_[i].name) +
                           ": name occurs twice");
      }
    }
  }

  /// "safetensors", "gguf" …
  [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  /// In the order of the file.
  [[nodiscard]] std::span<const stored_tensor> tensors() const noexcept { return tensors_; }
  [[nodiscard]] const io::metadata& metadata() const noexcept { return metadata_; }
  /// Null if absent.
  [[nodiscard]] const stored_tensor* find(std::string_view name) const noexcept {
    const auto found = index_of_.find(name);
    return found == index_of_.end() ? nullptr : &tensors_[found->second];
  }
  /// Throws format_error if absent.
  [[nodiscard]] const stored_tensor& at(std::string_view name) const {
    const stored_tensor* const found = find(name);
    if (found == nullptr)
      throw format_error(origin_ + ": has no tensor " + detail::in_quotes(name));
    return *found;
  }

 private:
  std::string kind_, origin_;
  std::vector<stored_tensor> tensors_;
  io::metadata metadata_;
  std::map<std::string, std::size_t, std::less<>> index_of_;
};

}  // namespace lowp::io
