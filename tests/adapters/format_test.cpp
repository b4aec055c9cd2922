// SPDX-License-Identifier: MIT
// std::format, where the standard library has it: the specifications of double, and those of codes.
#include "lowp/adapters/format.hpp"

#include <cstdint>
#include <string>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/dropin.hpp"
#include "skip.hpp"

using namespace lowp;

#if defined(__cpp_lib_format)

namespace {
template <class T>
std::string formatted(const std::string& spec, T x) {
  const int width = 14, precision = 2;
  return std::vformat(spec, std::make_format_args(x, width, precision));
}
}  // namespace

TEST_CASE("specifications of double") {
  int wrong = 0;
  std::string first;
  for (std::uint64_t code = 0; code < 256; ++code) {
    const auto x = dropin::e4m3fn::from_code(code);
    if (isnan(x)) continue;
    for (const std::string spec : {"{:.3f}", "{:e}", "{:g}", "{:.2g}", "{:.5}", "{:+.1e}", "{: f}",
                                   "{:-g}", "{:010.2f}", "{:+012e}", "{:*^14.1f}", "{:<9.0f}|",
                                   "{:E}", "{:.3G}", "{:F}", "{:{}.{}f}", "{:>{}.{}e}"}) {
      const std::string got = formatted(spec, x), want = formatted(spec, double(x));
      if (got != want && wrong++ == 0) first = spec + ": " + got + " for " + want;
    }
  }
  INFO(first);
  CHECK(wrong == 0);
  CHECK(std::format("{} {:d} {:x} {:b} {:a}", e4m3fn(0.1), e4m3fn(0.1), e4m3fn(0.1), e4m3fn(0.1),
                    e4m3fn(0.1)) == "0.1 0.1015625 0x1d 0|0011|101 0x1.ap-4");
  CHECK_THROWS_AS(formatted("{:.3d}", e4m3fn(1)), std::format_error);
}

#else

TEST_CASE("std::format") { return test::skip("the standard library has no std::format"); }

#endif
