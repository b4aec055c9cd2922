// SPDX-License-Identifier: MIT
// The subcommand `inspect`: what a file of tensors holds.
#pragma once

#include <string>

#include "patterns.hpp"

namespace lowp_tool {

struct inspect_options {
  std::string file;
  name_filter names;
  unsigned threads = 0;
  bool has_statistics = true;
  bool has_histogram = false;
  bool has_metadata = false;
  bool has_json = false;
};

/// Throws std::exception.
void inspect(const inspect_options& options);

}  // namespace lowp_tool
