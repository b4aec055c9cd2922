// SPDX-License-Identifier: MIT
// Opens a file of tensors of the kind that its first bytes tell.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/file_source.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io {

/// The first of `kinds` that recognizes the file reads it. io/files.hpp has the kinds of the
/// library; a program may pass more of its own. Throws format_error for a file that none recognizes
/// or that breaks its format, std::runtime_error for one that cannot be read.
[[nodiscard]] inline tensor_file open_tensors(const std::filesystem::path& path,
                                              std::span<const file_kind* const> kinds,
                                              file_access how = file_access::mapped) {
  const shared_bytes source = open_source(path, how);
  constexpr std::uint64_t head_size = 64;
  const auto head =
      read_bytes(*source, 0, static_cast<std::size_t>((std::min)(source->size(), head_size)));
  std::string names;
  for (const file_kind* kind : kinds) {
    if (kind->recognizes(head, source->size())) return kind->read(source, path);
    names += std::string(names.empty() ? "" : ", ") + std::string(kind->name());
  }
  throw format_error(path.string() + ": begins as no file of a known kind (" + names + ")");
}

}  // namespace lowp::io
