// SPDX-License-Identifier: MIT
// The subcommand `verify`: whether two files hold the same tensors.
#pragma once

#include <cstdint>
#include <string>

#include "patterns.hpp"

namespace lowp_tool {

struct verify_options {
  std::string first, second;
  name_filter names;
  bool compares_bytes = false;  ///< dtypes, shapes and bytes of tensors instead of values
  /// A value may differ as far as any of these allows.
  double ulps = 0, relative = 0, absolute = 0;
  std::string ulp_format = "binary32";  ///< whose units in the last place count
  std::uint64_t shown = 10;             ///< differences that are printed
  unsigned threads = 0;
  bool has_json = false;

  [[nodiscard]] bool has_no_tolerance() const {
    return ulps == 0 && relative == 0 && absolute == 0;
  }
};

/// Whether there was no difference. Throws std::exception.
[[nodiscard]] bool verify(const verify_options& options);

}  // namespace lowp_tool
