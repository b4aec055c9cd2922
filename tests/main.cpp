// SPDX-License-Identifier: MIT
// The main function of every test program, compiled once. Works with Catch2 version 2 and 3.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include "skip.hpp"

int main(int argc, char* argv[]) {
  if (Catch::Session().run(argc, argv) != 0) return 1;  // not its count, which could be any code
  if (test::skipped_cases == 0) return 0;
  std::cout << "SKIPPED: " << test::skipped_cases << " test cases" << std::endl;
  return test::skip_return_code;
}
