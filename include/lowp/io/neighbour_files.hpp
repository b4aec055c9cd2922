// SPDX-License-Identifier: MIT
// Files that another file names and that must lie in its directory.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/file_source.hpp"

namespace lowp::io::detail {

/// Opens each of them once. Names are relative, lead into no other directory, by ".." or by links,
/// and name regular files.
class neighbour_files {
 public:
  /// `main` is the file that names the others; they are read as it is.
  neighbour_files(const std::filesystem::path& main, const byte_source& source)
      : directory_(main.parent_path()),
        how_(source.in_memory().empty() ? file_access::on_demand : file_access::mapped) {}

  /// Throws format_error by `in`, naming the field.
  [[nodiscard]] shared_bytes open(const std::string& name, std::string_view field,
                                  const byte_cursor& in) {
    const auto known = files_.find(name);
    if (known != files_.end()) return known->second;
    const auto fail = [&](const char* text) {
      in.fail(std::string(field) + " " + in_quotes(name) + " " + text);
    };
    const std::filesystem::path relative(name);
    const bool is_inside = !name.empty() && name.find('\\') == std::string::npos &&
                           name.find('\0') == std::string::npos && !relative.has_root_path() &&
                           std::none_of(relative.begin(), relative.end(),
                                        [](const auto& part) { return part == ".."; });
    if (!is_inside) fail("leads out of the directory of the file");
    std::error_code error;
    const auto base = std::filesystem::canonical(
        directory_.empty() ? std::filesystem::path(".") : directory_, error);
    const auto file =
        error ? std::filesystem::path() : std::filesystem::canonical(base / relative, error);
    if (error || !std::filesystem::is_regular_file(file, error)) fail("is no file");
    if (std::mismatch(base.begin(), base.end(), file.begin(), file.end()).first != base.end())
      fail("leads out of the directory of the file");
    shared_bytes source;
    try {
      source = open_source(file, how_);
    } catch (const std::runtime_error&) {
      fail("cannot be opened");
    }
    return files_[name] = std::move(source);
  }

 private:
  std::filesystem::path directory_;
  file_access how_;
  std::map<std::string, shared_bytes> files_;
};

}  // namespace lowp::io::detail
