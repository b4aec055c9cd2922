// SPDX-License-Identifier: MIT
// fmt: types, width, fill and alignment, in formats checked at compile time and at run time.
#include "lowp/adapters/fmt.hpp"

#include <string>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"

using namespace lowp;

namespace {
template <class... Arguments>
std::string format_at_run_time(const std::string& text, const Arguments&... arguments) {
  return fmt::format(fmt::runtime(text), arguments...);
}
}  // namespace

TEST_CASE("types choose the style") {
  const e4m3fn x(0.1);
  CHECK(fmt::format("{}", x) == "0.1");
  CHECK(fmt::format("{:d}", x) == "0.1015625");
  CHECK(fmt::format("{:a}", x) == "0x1.ap-4");
  CHECK(fmt::format("{:x}", x) == "0x1d");
  CHECK(fmt::format("{:b}", x) == "0|0011|101");
  CHECK(fmt::format("{0} {0:x} {1}", x, posit<8>::from_code(0x80)) == "0.1 0x1d nar");
  CHECK(fmt::format("{:d}", binary64::from_code(1)).size() == 1076);
}

TEST_CASE("width, fill and alignment") {
  const e5m2 x(-1.5);
  CHECK(fmt::format("{:7}|", x) == "   -1.5|");
  CHECK(fmt::format("{:>7}|", x) == "   -1.5|");
  CHECK(fmt::format("{:<7}|", x) == "-1.5   |");
  CHECK(fmt::format("{:^7}|", x) == " -1.5  |");
  CHECK(fmt::format("{:*^8x}|", x) == "**0xbe**|");
  CHECK(fmt::format("{:<<6}|", x) == "-1.5<<|");
  CHECK(fmt::format("{:\u00e9>6}|", x) == "\u00e9\u00e9-1.5|");
  CHECK(fmt::format("{:2}|", x) == "-1.5|");
  CHECK(fmt::format("{:{}}|", x, 6) == "  -1.5|");
  CHECK(fmt::format("{0:<{1}b}|", x, 10) == "1|01111|10|");
  CHECK(fmt::format("{:>{}} {:>{}}", x, 5, e4m3fn(2), 3) == " -1.5   2");
}

TEST_CASE("bad specifications are errors") {
  const e4m3fn x(1);
  for (const std::string spec :
       {"{:f}", "{:.3}", "{:+}", "{:xx}", "{:5 }", "{:99999999999}", "{:{}", "{:{x}}"}) {
    INFO(spec);
    CHECK_THROWS_AS(format_at_run_time(spec, x, 5), fmt::format_error);
  }
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, -5), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, "wide"), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, true), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x), fmt::format_error);
  CHECK(format_at_run_time("{:>5x}", x) == " 0x38");
}
