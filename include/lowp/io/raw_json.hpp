// SPDX-License-Identifier: MIT
// Tensors of any dtype as bytes in one file and, beside it, JSON that says what lies where.
//
//   {"format": "lowp.raw", "version": 1, "data": "model.json.raw",
//    "tensors": [{"name": "w", "dtype": "F32", "shape": [2, 3], "offset": 0},
//                {"name": "q", "dtype": "Q4_0", "record_bits": 144, "record_values": 32,
//                 "shape": [2, 32], "offset": 64}],
//    "metadata": [{"key": "alignment", "type": "u32", "value": 64}]}
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/file_kind.hpp"

namespace lowp::io {

/// The file that is opened and written is the JSON; the bytes are in a file of its directory, which
/// a writer names as the JSON with ".raw" behind. A dtype that is no element type of io/dtype.hpp
/// says the bits of a record and, if it has many values, how many. Tensors do not overlap; what
/// lies between them is nobody's. Fields of other names are refused but in "metadata".
class raw_json_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "raw+json"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".json"; }
  /// An opening brace, behind blanks at most: reading tells other JSON from this.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    for (const std::byte byte : head) {
      const char c = static_cast<char>(byte);
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c == '{';
    }
    return false;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  static constexpr std::string_view format = "lowp.raw", suffix = ".raw";
  static constexpr std::uint64_t alignment = 64, largest_json = 100'000'000;
};

inline const raw_json_kind raw_json{};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/raw_json.inc"
#endif
