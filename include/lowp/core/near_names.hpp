// SPDX-License-Identifier: MIT
// What a message says of a name that nothing has: those names that look like it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowp {

/// How many letters are to be inserted, left out, replaced or exchanged with their neighbours to
/// make one text of another; no letter takes part twice (the restricted distance of Damerau).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto least = [](std::size_t x, std::size_t y) { return x < y ? x : y; };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = least(last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), least(last[j], row[j - 1]) + 1);
      const bool is_exchange = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_exchange) row[j] = least(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// Those of `names` that are nearest to `name`, if not more than a third of it is wrong (two
/// letters of a short one), and those that begin with it; in the order of `names`.
[[nodiscard]] inline std::vector<std::string_view> near_names(
    std::string_view name, std::span<const std::string_view> names) {
  std::size_t nearest = name.size() < 6 ? 2 : name.size() / 3;
  for (const std::string_view candidate : names) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < nearest) nearest = distance;
  }
  std::vector<std::string_view> result;
  for (const std::string_view candidate : names) {
    const bool begins = name.size() >= 3 && candidate.substr(0, name.size()) == name;
    if (begins || edit_distance(name, candidate) <= nearest) result.push_back(candidate);
  }
  return result;
}

/// "no format is called 'e4m3f'; near it: e4m3, e4m3fn"; if nothing is near, all names follow.
[[nodiscard]] inline std::string unknown_name(std::string_view kind, std::string_view name,
                                              std::span<const std::string_view> names) {
  const std::vector<std::string_view> close = near_names(name, names);
  std::string text = "no ";
  text += kind;
  text += " is called '";
  text += name;
  text += close.empty() ? "'; there are: " : "'; near it: ";
  std::string_view separator = "";
  for (const std::string_view candidate : close.empty() ? names : std::span(close)) {
    text += separator;
    text += candidate;
    separator = ", ";
  }
  return text;
}

}  // namespace lowp
