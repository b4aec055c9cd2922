// SPDX-License-Identifier: MIT
// What command lines may say: numbers in ranges, and which options were given.
#pragma once

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace lowp_tool {

/// Accepts decimal numbers of digits alone, and hexadecimal ones after 0x, from `least` to `most`.
/// CLI11 by itself takes -1 for the largest number, and 010 for eight.
[[nodiscard]] inline CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto check = [least, most](std::string& text) -> std::string {
    const bool is_hex = text.size() > 2 && text[0] == '0' && text[1] == 'x';
    const std::string_view digits = std::string_view(text).substr(is_hex ? 2 : 0);
    const std::uint64_t base = is_hex ? 16 : 10;
    bool is_number = !digits.empty() && (is_hex || digits == "0" || digits[0] != '0');
    std::uint64_t value = 0;
    for (const char c : digits) {
      const int digit = c >= '0' && c <= '9'             ? c - '0'
                        : is_hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : is_hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                         : -1;
      const auto unit = static_cast<std::uint64_t>(digit);
      is_number = is_number && digit >= 0 && value <= (~std::uint64_t{0} - unit) / base;
      if (!is_number) break;
      value = value * base + unit;
    }
    if (is_number && value >= least && value <= most) return {};
    return fmt::format("found '{}', expected a whole number from {} to {}", text, least, most);
  };
  return {check, fmt::format("WHOLE in [{} - {}]", least, most)};
}

/// The names of the options that a command line gave to a subcommand, such as "--format".
[[nodiscard]] inline std::set<std::string, std::less<>> given_options(const CLI::App& sub) {
  std::set<std::string, std::less<>> names;
  for (const CLI::Option* option : sub.get_options()) {
    if (option->count() != 0) names.insert(option->get_name());
  }
  return names;
}

}  // namespace lowp_tool
