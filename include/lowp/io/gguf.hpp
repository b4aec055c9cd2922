// SPDX-License-Identifier: MIT
// The GGUF file format, versions 2 and 3, little-endian: metadata, tensors, aligned bytes.
//
//   ┌────────┬─────────┬───────────┬────────────┬──────────────────┬───────────────┬─────────┐
//   │ "GGUF" │ version │ tensors   │ entries    │ key, type, value │ name, sizes,  │ padding │
//   │        │ u32     │ u64 count │ u64 count  │ for each entry   │ type, offset  │ + bytes │
//   └────────┴─────────┴───────────┴────────────┴──────────────────┴───────────────┴─────────┘
//     sizes begin with the contiguous one; offsets count from the first byte behind the padding
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/file_kind.hpp"
#include "lowp/io/gguf_types.hpp"
#include "lowp/io/little_endian.hpp"

namespace lowp::io {

/// Reads versions 2 and 3 with metadata of all types, and writes the version that it is made with.
/// Shapes have the contiguous dimension last, as everywhere here, and at most four. The entry
/// "general.alignment" is heeded, 32 without it. Files of big-endian machines are refused. `table`
/// says which types there are: it may have more than the library's.
class gguf_kind final : public file_kind {
 public:
  explicit gguf_kind(std::uint32_t version = 3,
                     std::span<const gguf_record> table = gguf_records) noexcept
      : version_(version), table_(table) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "gguf"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".gguf"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    return head.size() >= 4 && detail::load_little_endian<4>(head.data()) == magic;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  struct placed_tensor {
    tensor_declaration declaration;
    std::uint64_t offset = 0, size = 0;
  };
  [[nodiscard]] static metadata read_metadata(detail::byte_cursor& in, std::uint64_t count);
  [[nodiscard]] placed_tensor read_tensor(detail::byte_cursor& in, std::uint64_t alignment) const;

  static constexpr std::uint64_t magic = 0x46554747;  // "GGUF"
  static constexpr std::uint64_t most_dimensions = 4;
  // The specification allows 64, but ggml keeps names with a zero behind them in 64 bytes.
  static constexpr std::size_t longest_name = 63;
  static constexpr std::uint64_t default_alignment = 32;
  static constexpr std::string_view alignment_key = "general.alignment";

  std::uint32_t version_;
  std::span<const gguf_record> table_;
};

inline const gguf_kind gguf{};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/gguf.inc"
#endif
