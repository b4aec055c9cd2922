// SPDX-License-Identifier: MIT
// The subcommands `check` and `testfloat`: vectors against a program, or against the library.
#pragma once

#include <cstddef>
#include <string>

namespace lowp_tool {

struct check_options {
  std::string file;
  std::string against;  ///< a command; empty: the library
  int timeout = 60;     ///< seconds of silence of the command
  bool ignores_flags = false;
  bool takes_any_nan = false;
  std::size_t shown = 10;  ///< mismatches that are printed
};
/// Whether there were no mismatches. Throws std::exception.
[[nodiscard]] bool check_vectors(const check_options& options);

struct testfloat_options {
  std::string function, file;
  std::string rounding = "near_even";
  std::string environment = "ieee754";
  bool is_tiny_before = false, is_exact = false, takes_any_nan = false;
  std::size_t shown = 10;
};
[[nodiscard]] bool check_testfloat(const testfloat_options& options);

}  // namespace lowp_tool
