// SPDX-License-Identifier: MIT
// NumPy's archive of arrays: a ZIP file with a member "<name>.npy" for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/file_kind.hpp"

namespace lowp::io {

/// Reads what numpy.savez and savez_compressed write; members of other names are passed over.
/// Writes the bytes of savez: stored members, none compressed. Arrays are as in npy_kind. The
/// checksum of a deflated member is compared when its last byte is read, that of a stored one is
/// not.
class npz_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "npz"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".npz"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override;

  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;

  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override;

 private:
  static constexpr std::string_view ending = ".npy";
};

inline const npz_kind npz{};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/npz.inc"
#endif
