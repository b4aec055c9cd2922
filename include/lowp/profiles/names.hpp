// SPDX-License-Identifier: MIT
// Profiles by name, for programs whose user names them.
//
//   profiles::with("torch", [&](const auto& p) { … })
//   profiles::casts_named("onednn")
//
// An unknown name is refused (core/failure.hpp) with the names near it.
#pragma once

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

/// Calls use(profile) with the profile of that name.
template <class Use>
void with(std::string_view name, const Use& use) {
  bool is_found = false;
  for_each([&](const auto& p) {
    if (p.name != name) return;
    is_found = true;
    use(p);
  });
  if (!is_found) lowp::refuse(unknown_name("profile", name, names()));
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
