// SPDX-License-Identifier: MIT
// Writes a file of tensors of any kind: declared first, then their bytes in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/crc32.hpp"
#include "lowp/io/file_kind.hpp"
#include "lowp/io/temporary_file.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io {

/// The file appears under its name when finish() has returned, replacing what was there; until
/// then, and if the object goes without it, there is nothing but a temporary file beside it, which
/// goes with the object. Takes memory for the header only. From one thread at a time.
///
///     tensor_writer out("model.gguf", gguf, {{"w", element_dtype("F32"), {2, 3}}});
///     out.write(0, bytes);   // in any number of pieces
///     out.finish();
class tensor_writer {
 public:
  /// Throws std::invalid_argument for what `kind` cannot say or a name that occurs twice,
  /// std::runtime_error if the file cannot be written.
  tensor_writer(std::filesystem::path path, const file_kind& kind,
                std::vector<tensor_declaration> tensors, const metadata& entries = {})
      : path_(std::move(path)), tensors_(std::move(tensors)) {
    check_declarations();
    plan_ = kind.plan(tensors_, entries, path_);
    if (!plan_.checksums_before.empty()) checksums_ = plan_.checksums_before;
    written_.assign(tensors_.size(), 0);
    if (!plan_.data_suffix.empty()) data_.emplace(data_path());
    head_.emplace(path_);
    place(plan_.fixed);
  }

  [[nodiscard]] std::span<const tensor_declaration> tensors() const noexcept { return tensors_; }

  /// The next bytes of a tensor. Tensors may be written in any order. Throws std::invalid_argument
  /// for more bytes than it has.
  void write(std::size_t index, std::span<const std::byte> bytes) {
    if (is_sealed_) throw std::invalid_argument("lowp::io::tensor_writer: the file is finished");
    if (index >= tensors_.size() || bytes.size() > sizes_[index] - written_[index]) {
      throw std::invalid_argument("lowp::io::tensor_writer: " +
                                  (index >= tensors_.size()
                                       ? "index " + std::to_string(index) + " of " +
                                             std::to_string(tensors_.size()) + " tensors"
                                       : "tensor " + detail::in_quotes(tensors_[index].name) +
                                             ": more than its " + std::to_string(sizes_[index]) +
                                             " bytes"));
    }
    auto& file = data_ ? *data_ : *head_;
    file.write_at(plan_.tensor_offsets[index] + written_[index], bytes);
    if (!checksums_.empty()) checksums_[index] = detail::crc32(bytes, checksums_[index]);
    written_[index] += bytes.size();
  }
  /// Throws std::invalid_argument if no tensor has the name.
  void write(std::string_view name, std::span<const std::byte> bytes) {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                    [&](const auto& tensor) { return tensor.name == name; });
    if (found == tensors_.end()) {
      throw std::invalid_argument("lowp::io::tensor_writer: no tensor " + detail::in_quotes(name) +
                                  " was declared");
    }
    write(static_cast<std::size_t>(found - tensors_.begin()), bytes);
  }

  /// Throws std::invalid_argument if a tensor has not got all its bytes, std::runtime_error if the
  /// file cannot be written; then `path` is as it was. Of two files the one with the bytes is
  /// renamed first: a failure between the two leaves it beside the old `path`.
  void finish() {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (written_[i] != sizes_[i]) {
        throw std::invalid_argument(
            "lowp::io::tensor_writer: tensor " + detail::in_quotes(tensors_[i].name) + ": got " +
            std::to_string(written_[i]) + " of its " + std::to_string(sizes_[i]) + " bytes");
      }
    }
    if (is_finished_) return;
    if (std::exchange(is_sealed_, true)) {
      throw std::runtime_error("lowp::io::tensor_writer: " + path_.string() +
                               " could not be written before");
    }
    if (plan_.seal) place(plan_.seal(checksums_));
    if (data_) data_->keep_as(data_path());
    head_->keep_as(path_);
    is_finished_ = true;
  }

 private:
  void check_declarations() {
    std::vector<std::string_view> names;
    for (const tensor_declaration& tensor : tensors_) {
      names.push_back(tensor.name);
      std::string problem;
      sizes_.push_back(byte_size(tensor.type, tensor.shape, problem));
      if (!problem.empty()) {
        throw std::invalid_argument("lowp::io::tensor_writer: tensor " +
                                    detail::in_quotes(tensor.name) + ": " + problem);
      }
    }
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      throw std::invalid_argument("lowp::io::tensor_writer: tensor " + detail::in_quotes(*twice) +
                                  ": name occurs twice");
    }
  }
  void place(std::span<const placed_bytes> pieces) {
    for (const placed_bytes& piece : pieces) head_->write_at(piece.offset, piece.bytes);
  }
  [[nodiscard]] std::filesystem::path data_path() const {
    std::filesystem::path path = path_;
    return path += plan_.data_suffix;
  }

  std::filesystem::path path_;
  std::vector<tensor_declaration> tensors_;
  std::vector<std::uint64_t> sizes_, written_;
  file_plan plan_;
  std::vector<std::uint32_t> checksums_;
  std::optional<detail::temporary_file> head_, data_;
  bool is_sealed_ = false;    // no more bytes
  bool is_finished_ = false;  // and under its name
};

/// Writes all tensors of an open file in another kind of file, with its metadata or others, in
/// pieces of `piece` bytes. Throws as tensor_writer.
inline void copy_tensors(const tensor_file& from, const std::filesystem::path& path,
                         const file_kind& kind, const metadata& entries,
                         std::size_t piece = std::size_t{1} << 20) {
  tensor_writer out(path, kind, {from.tensors().begin(), from.tensors().end()}, entries);
  std::vector<std::byte> buffer((std::max)(piece, std::size_t{1}));
  for (std::size_t i = 0; i < from.tensors().size(); ++i) {
    const stored_tensor& tensor = from.tensors()[i];
    for (std::uint64_t at = 0; at < tensor.byte_size();) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), tensor.byte_size() - at));
      tensor.read(at, std::span(buffer).first(count));
      out.write(i, std::span(buffer).first(count));
      at += count;
    }
  }
  out.finish();
}

}  // namespace lowp::io
