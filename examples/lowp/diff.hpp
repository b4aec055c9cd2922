// SPDX-License-Identifier: MIT
// The subcommand `diff`: where two stacks convert to a format differently.
#pragma once

#include <cstdint>
#include <string>

namespace lowp_tool {

struct diff_options {
  std::string first, second;  ///< names of profiles
  std::string format = "e4m3fn";
  std::uint64_t count = 1 << 16;  ///< random numbers of binary32, besides boundaries
  std::uint64_t seed = 0;
};
/// Prints counts and the smallest input of each class. Throws std::exception.
void print_diff(const diff_options& options);
/// Names of profiles with their versions, a line each.
[[nodiscard]] std::string list_of_profiles();

}  // namespace lowp_tool
