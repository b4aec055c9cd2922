// SPDX-License-Identifier: MIT
// Profiles by name, for programs whose user names them.
//
//   profiles::with("torch", [&](const auto& p) { … })
//   profiles::casts_named("onednn")
//
// An unknown name is refused (core/failure.hpp) with the names near it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/profiles/catalog.hpp"

namespace lowp::profiles {

[[nodiscard]] inline std::vector<std::string_view> names() {
  std::vector<std::string_view> list;
  for_each([&](const auto& p) { list.push_back(p.name); });
  return list;
}

/// Names that begin with `name` or that a third of its letters, two at least, make of it; the
/// nearest first.
[[nodiscard]] inline std::vector<std::string_view> names_near(std::string_view name) {
  std::vector<std::string_view> nearest;
  const std::size_t most = (std::max<std::size_t>)(2, name.size() / 3);
  for (const std::string_view other : names()) {
    const bool begins = !name.empty() && other.substr(0, name.size()) == name;
    if (begins || edit_distance(name, other) <= most) nearest.push_back(other);
  }
  std::sort(nearest.begin(), nearest.end(), [&](std::string_view a, std::string_view b) {
    const std::size_t to_a = edit_distance(name, a), to_b = edit_distance(name, b);
    return to_a != to_b ? to_a < to_b : a < b;
  });
  return nearest;
}

namespace detail {
[[nodiscard]] inline std::string listed(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}
inline void refuse_unknown(std::string_view name) {
  const std::vector<std::string_view> nearest = names_near(name);
  lowp::refuse("no profile is named \"" + std::string(name) + "\", expected " +
               (nearest.empty() ? "one of " + listed(names())
                                : listed(nearest) + " or another of profiles::names()"));
}
}  // namespace detail

/// Calls use(profile) with the profile of that name.
template <class Use>
void with(std::string_view name, const Use& use) {
  bool is_found = false;
  for_each([&](const auto& p) {
    if (p.name != name) return;
    is_found = true;
    use(p);
  });
  if (!is_found) detail::refuse_unknown(name);
}

/// What all profiles have, whatever their rules.
struct named_casts {
  std::string_view name, version;
  stack_casts casts{};
};
[[nodiscard]] inline named_casts casts_named(std::string_view name) {
  named_casts found;
  with(name, [&](const auto& p) { found = {p.name, p.version, p.casts}; });
  return found;
}

}  // namespace lowp::profiles
