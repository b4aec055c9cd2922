// SPDX-License-Identifier: MIT
// The subcommand `convert`: the tensors of a file in another type, in a file of any kind.
#pragma once

#include <string>

#include "patterns.hpp"
#include "tensor_files.hpp"

namespace lowp_tool {

struct convert_options {
  std::string file, out;
  std::string kind;  ///< of the file to write; empty: by its ending
  type_description to;
  std::string rest;   ///< the type of what is not converted; empty: as it is
  name_filter names;  ///< what is converted
  unsigned threads = 0;
  bool is_strict = false;  ///< what was named and cannot be converted is an error
  bool has_json = false, is_quiet = false;
};

/// Throws std::exception; a file is there as a whole or not at all.
void convert(const convert_options& options);

}  // namespace lowp_tool
