// SPDX-License-Identifier: MIT
// Which tensors a command is for: names by patterns, in which * stands for any characters and ? for
// one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
};

}  // namespace lowp_tool
