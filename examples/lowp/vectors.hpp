// SPDX-License-Identifier: MIT
// The subcommand `vectors`: writes vectors of a golden function.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "functions.hpp"

namespace lowp_tool {

struct vector_options {
  function_description function;
  std::string rounding = "nearest_even";  ///< names with commas between them, or all
  std::uint64_t count = 0;
  bool is_exhaustive = false, has_corners = false;
  std::uint64_t seed = 1;
  std::string layout = "text";
  std::string prefix = "lowp";               ///< of the names in a C header
  std::string out;                           ///< a file, or - for the terminal
  std::string origin;                        ///< the command line
  std::set<std::string, std::less<>> given;  ///< names of the options that it has
};

/// Throws std::exception; a file is there as a whole or not at all.
void write_vectors(const vector_options& options);

}  // namespace lowp_tool
