// SPDX-License-Identifier: MIT
// What a kind of file is: it recognizes its files, reads what they describe, and plans new ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/io/byte_source.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io {

struct placed_bytes {
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;
};

/// Where everything stands in a file that is to be written. `fixed`, the tensors and what `seal`
/// gives cover the file from end to end, each byte once.
struct file_plan {
  std::vector<placed_bytes> fixed;            ///< known before the tensors' bytes are
  std::vector<std::uint64_t> tensor_offsets;  ///< one for each declaration
  std::uint64_t size = 0;                     ///< of the file that holds the tensors
  /// If not empty, the tensors lie in a second file, named as the first and this, and `fixed` is in
  /// the first.
  std::string data_suffix;
  /// If not empty, the CRC-32 of each tensor's bytes is computed, beginning with this one (that of
  /// what stands in front of them), and given to `seal`, which adds what depends on them.
  std::vector<std::uint32_t> checksums_before;
  std::function<std::vector<placed_bytes>(std::span<const std::uint32_t> checksums)> seal;
};

/// Open: a kind of file is an object of a class that derives from this one.
class file_kind {
 public:
  file_kind() = default;
  file_kind(const file_kind&) = delete;
  file_kind& operator=(const file_kind&) = delete;
  virtual ~file_kind() = default;

  /// "safetensors", "gguf" …
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// How names of its files end, such as ".gguf".
  [[nodiscard]] virtual std::string_view extension() const noexcept = 0;
  /// Whether a file of so many bytes that begins with `head` (the first 64 bytes, or all of a
  /// shorter file) is of this kind: by content alone. It need not be valid.
  [[nodiscard]] virtual bool recognizes(std::span<const std::byte> head,
                                        std::uint64_t size) const noexcept = 0;
  /// Checks and describes the file; takes memory for its header only. `path` names it in messages
  /// and is where files beside it are looked for. Throws format_error.
  [[nodiscard]] virtual tensor_file read(const shared_bytes& source,
                                         const std::filesystem::path& path) const = 0;
  /// Throws std::invalid_argument for what this kind cannot say: a name, dtype, shape or metadata.
  /// `path` is where the file will lie.
  [[nodiscard]] virtual file_plan plan(std::span<const tensor_declaration> tensors,
                                       const metadata& entries,
                                       const std::filesystem::path& path) const = 0;
};

}  // namespace lowp::io
