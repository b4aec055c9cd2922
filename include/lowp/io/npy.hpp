// SPDX-License-Identifier: MIT
// NumPy's file of one array, versions 1.0 to 3.0.
//
//   ┌─────────────┬─────────┬──────────────┬─────────────────────────────────┬─────────┐
//   │ "\x93NUMPY" │ version │ u16 or, from │ {'descr': '<f4',                │ numbers │
//   │             │ 2 bytes │ 2.0 on, u32  │  'fortran_order': False,        │         │
//   │             │         │ length       │  'shape': (2, 3), } + blanks    │         │
//   └─────────────┴─────────┴──────────────┴─────────────────────────────────┴─────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/file_kind.hpp"

namespace lowp::io {
/// One tensor, named as the file without its ending. Big-endian numbers and the order of Fortran
/// are read as any others; structured dtypes, objects, texts and long doubles are refused. Types
/// that NumPy has not (bfloat16, float8) are written as ml_dtypes does, as bytes without a name,
/// and read as dtypes "V1", "V2" …; sub-byte types are refused. There is no place for metadata.
class npy_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "npy"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".npy"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override;
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override;
};

inline const npy_kind npy{};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/npy.inc"
#endif
