// SPDX-License-Identifier: MIT
// All kinds of files of tensors that the library knows, by content and by name.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "lowp/io/gguf.hpp"
#include "lowp/io/npy.hpp"
#include "lowp/io/npz.hpp"
#include "lowp/io/onnx.hpp"
#include "lowp/io/open_tensors.hpp"
#include "lowp/io/raw_json.hpp"
#include "lowp/io/safetensors_kind.hpp"
#include "lowp/io/tensor_writer.hpp"

namespace lowp::io {

/// In the order in which they are asked.
inline const std::array<const file_kind*, 6> file_kinds{&gguf,        &npy,      &npz,
                                                        &safetensors, &raw_json, &onnx};

/// Opens a file of any of them.
[[nodiscard]] inline tensor_file open_tensors(const std::filesystem::path& path,
                                              file_access how = file_access::mapped) {
  return open_tensors(path, file_kinds, how);
}

/// The kind for a new file with this name, by its ending; null if there is none. `kinds` may be
/// others.
[[nodiscard]] inline const file_kind* kind_for(
    const std::filesystem::path& path, std::span<const file_kind* const> kinds = file_kinds) {
  const std::string name = path.filename().string();
  for (const file_kind* kind : kinds)
    if (name.ends_with(kind->extension())) return kind;
  return nullptr;
}

}  // namespace lowp::io
