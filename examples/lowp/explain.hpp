// SPDX-License-Identifier: MIT
// The subcommand `explain`: what a format has, what a code means, what becomes of a value.
#pragma once

#include <string>

namespace lowp_tool {

struct explain_options {
  std::string format;
  std::string operand;   ///< a code such as 0x7e or 0b0111_1110, else a value; empty: the format
  bool is_code = false;  ///< the operand is one, whatever it looks like
  std::string value;     ///< instead of an operand
  bool has_json = false;
};

/// Throws std::invalid_argument for what is no format, no code of it and no number.
void explain(const explain_options& options);

}  // namespace lowp_tool
