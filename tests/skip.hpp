// SPDX-License-Identifier: MIT
// A test case that this machine cannot run says so. A program with such a case exits with the code
// by which CTest calls a test "Skipped" (SKIP_RETURN_CODE in CMakeLists.txt, return in main.cpp),
// unless another case failed. Neither needs a Catch2 that knows SKIP.
#pragma once

#include <iostream>
#include <string_view>

namespace test {

inline constexpr int skip_return_code = 77;
inline int skipped_cases = 0;

/// For `return test::skip("…");` in a test case: what this machine lacks.
inline void skip(std::string_view reason) {
  ++skipped_cases;
  std::cout << "SKIPPED: " << reason << std::endl;
}

}  // namespace test
