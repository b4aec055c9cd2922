// SPDX-License-Identifier: MIT
// What readers throw for bytes that do not follow a format, and names from files in messages.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lowp::io {

/// The bytes do not follow the format. The message names the file, the tensor and the field, and
/// what was expected.
class format_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

/// A name from a file made fit for a message: control characters and non-ASCII bytes as "?", and
/// not too long.
[[nodiscard]] inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 100;
  std::string result = "'";
  for (const char c : name.substr(0, longest)) result += c < ' ' || c > '~' ? '?' : c;
  return result + (name.size() > longest ? "…'" : "'");
}

}  // namespace detail
}  // namespace lowp::io
