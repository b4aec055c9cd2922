// SPDX-License-Identifier: MIT
// safetensors as a kind of file; io/safetensors.hpp shows the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/file_kind.hpp"

namespace lowp::io {

/// All dtypes of the format; metadata are texts. Reads every file that the format allows; writes in
/// the order of the reference writer: later dtypes of its list first, then by name.
class safetensors_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "safetensors"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".safetensors"; }
  /// A length that fits the file, and an opening brace.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t size) const noexcept override;

  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;

  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override;
};

inline const safetensors_kind safetensors{};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/safetensors_kind.inc"
#endif
