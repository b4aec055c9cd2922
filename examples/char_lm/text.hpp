// SPDX-License-Identifier: MIT
// The text a character model learns from: files become symbols of a small fixed vocabulary, and one
// file is held out to measure how well the model predicts text it has never seen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace char_lm {

// Symbol 0 is the newline, symbols 1 to 95 are the printable ASCII characters in their order.
inline constexpr std::size_t vocabulary_size = 96;

[[nodiscard]] constexpr std::uint8_t symbol_of(char character) noexcept {
  if (character == '\n') return 0;
  if (character < ' ' || character > '~')
    return 1;  // tabs, control characters and non-ASCII bytes read as a space
  return static_cast<std::uint8_t>(character - ' ' + 1);
}

[[nodiscard]] constexpr char character_of(std::uint8_t symbol) noexcept {
  return symbol == 0 ? '\n' : static_cast<char>(symbol - 1 + ' ');
}

struct corpus {
  std::vector<std::uint8_t> training;
  std::vector<std::uint8_t> held_out;
  std::vector<std::string> training_files;  // names, in the order in which the texts were joined
};

// One symbol for each byte of the text.
[[nodiscard]] std::vector<std::uint8_t> symbols_of(std::string_view text);

// Reads the regular files of `folder`, following links and keeping each text once, in the order of
// their names. The file called `held_out_name` is kept apart. Throws std::runtime_error if a file
// cannot be read or either part is empty.
[[nodiscard]] corpus load_corpus(const std::filesystem::path& folder,
                                 const std::string& held_out_name);

// Implementation

namespace detail {

[[nodiscard]] inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) throw std::runtime_error("char_lm: cannot read " + path.string());
  return text;
}

// Keyed by the name of the file a link leads to, so that a file and the links to it are one entry.
[[nodiscard]] inline std::map<std::string, std::filesystem::path> files_by_name(
    const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::error_code broken_link;
    const auto path = std::filesystem::canonical(entry.path(), broken_link);
    if (broken_link || !std::filesystem::is_regular_file(path)) continue;
    files.emplace(path.filename().string(), path);
  }
  return files;
}

}  // namespace detail

[[nodiscard]] inline std::vector<std::uint8_t> symbols_of(std::string_view text) {
  std::vector<std::uint8_t> symbols(text.size());
  std::transform(text.begin(), text.end(), symbols.begin(), symbol_of);
  return symbols;
}

[[nodiscard]] inline corpus load_corpus(const std::filesystem::path& folder,
                                        const std::string& held_out_name) {
  const auto files = detail::files_by_name(folder);
  const auto held_out = files.find(held_out_name);
  if (held_out == files.end()) {
    throw std::runtime_error("char_lm: " + folder.string() + " has no file " + held_out_name +
                             " to hold out");
  }
  corpus result;
  std::vector<std::string> seen{detail::read_text(held_out->second)};
  result.held_out = symbols_of(seen.front());
  for (const auto& [name, path] : files) {
    std::string text = detail::read_text(path);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    const auto symbols = symbols_of(text);
    result.training.insert(result.training.end(), symbols.begin(), symbols.end());
    result.training_files.push_back(name);
    seen.push_back(std::move(text));
  }
  if (result.training.empty() || result.held_out.empty()) {
    throw std::runtime_error("char_lm: " + folder.string() +
                             " has no text to train on or to hold out");
  }
  return result;
}

}  // namespace char_lm
