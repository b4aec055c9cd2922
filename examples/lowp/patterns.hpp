// SPDX-License-Identifier: MIT
// Which tensors a command is for: names by patterns, in which * stands for any characters and ? for
// one.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/core/near_names.hpp"

namespace lowp_tool {

[[nodiscard]] inline bool matches(std::string_view pattern, std::string_view name) {
  // The last star takes one character more whenever what follows it does not fit.
  std::size_t at = 0, star = std::string_view::npos, kept = 0;
  for (std::size_t i = 0; i < name.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      kept = i;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == name[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++kept;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

struct name_filter {
  std::vector<std::string> only, except;  ///< patterns; no `only` is all

  [[nodiscard]] bool takes(std::string_view name) const {
    const auto is_one_of = [&](const std::vector<std::string>& patterns) {
      for (const std::string& pattern : patterns) {
        if (matches(pattern, name)) return true;
      }
      return false;
    };
    return (only.empty() || is_one_of(only)) && !is_one_of(except);
  }
  /// Throws std::invalid_argument for a pattern of `only` that is no tensor's: it is misspelt.
  void require_match(std::span<const std::string_view> names) const {
    for (const std::string& pattern : only) {
      bool is_found = false;
      for (const std::string_view name : names) is_found = is_found || matches(pattern, name);
      if (is_found) continue;
      std::string text = "no tensor is called '" + pattern + "'";
      const char* separator = "; near it: ";
      for (const std::string_view near : lowp::near_names(pattern, names)) {
        text += separator + std::string(near);
        separator = ", ";
      }
      throw std::invalid_argument(text);
    }
  }
};

}  // namespace lowp_tool
