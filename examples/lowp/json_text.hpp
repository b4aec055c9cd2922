// SPDX-License-Identifier: MIT
// JSON as text, whatever bytes names of tensors and files have.
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>

namespace lowp_tool {

/// What is no UTF-8 becomes U+FFFD.
[[nodiscard]] inline std::string text_of_json(const nlohmann::ordered_json& j, int indent = -1) {
  return j.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}
inline void print_json(const nlohmann::ordered_json& j) { fmt::print("{}\n", text_of_json(j, 2)); }

}  // namespace lowp_tool
