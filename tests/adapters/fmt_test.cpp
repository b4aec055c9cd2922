// SPDX-License-Identifier: MIT
// fmt: types, width, fill and alignment, in formats checked at compile time and at run time.
#include "lowp/adapters/fmt.hpp"

#include <string>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/dropin.hpp"

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

TEST_CASE("specifications of double") {
  int wrong = 0;
  std::string first;
  const auto check = [&]<class T>(T) {
    for (std::uint64_t code = 0; code < 256; ++code) {
      const T x = T::from_code(sizeof(T) == 1 ? code : code * 257);
      if (!isfinite(x)) continue;  // which fmt pads on the right
      for (const std::string spec :
           {"{:.3f}", "{:e}",      "{:g}",     "{:.2g}",     "{:.5}",     "{:+.1e}",   "{: f}",
            "{:-g}",  "{:010.2f}", "{:+012e}", "{:*^14.1f}", "{:<9.0f}|", "{:E}",      "{:.3G}",
            "{:F}",   "{:a}",      "{:A}",     "{:+a}",      "{:{}.{}f}", "{:>{}.{}e}"}) {
        const std::string got = format_at_run_time(spec, x, 14, 2);
        const std::string want = format_at_run_time(spec, double(x), 14, 2);
        if (got != want && wrong++ == 0) first = spec + ": " + got + " for " + want;
      }
    }
  };
  check(e4m3fn{});
  check(e5m2{});
  check(binary16{});
  check(dropin::posit<16, 1>{});
  INFO(first);
  CHECK(wrong == 0);
  CHECK(fmt::format("{:+} {:+d} {: }", e4m3fn(0.1), e4m3fn(0.1), e4m3fn(-2)) ==
        "+0.1 +0.1015625 -2");
  CHECK(fmt::format("{:06.1f}|{:<6E}|", e5m2::from_code(0xFC), e5m2::from_code(0x7C)) ==
        "  -inf|INF   |");
  CHECK(fmt::format("{:06}", e4m3fn(-1.5)) == "-001.5");
  CHECK(fmt::format("{:#.3g}", e4m3fn(104)) == "104.");        // as printf, fmt adds a zero
  CHECK(fmt::format("{:010a}", e4m3fn(1.5)) == "0x001.8p+0");  // as printf, fmt pads before 0x
}

TEST_CASE("bad specifications are errors") {
  const e4m3fn x(1);
  for (const std::string spec : {"{:xx}", "{:5 }", "{:99999999999}", "{:{}", "{:{x}}", "{:.}",
                                 "{:.3d}", "{:.2x}", "{:#}", "{:#d}", "{:+x}", "{:08b}", "{:.-1f}",
                                 "{:h}", "{:D}", "{:X}", "{:++f}", "{:.99999999999f}"}) {
    INFO(spec);
    CHECK_THROWS_AS(format_at_run_time(spec, x, 5), fmt::format_error);
  }
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, -5), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, "wide"), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x, true), fmt::format_error);
  CHECK_THROWS_AS(format_at_run_time("{:{}}", x), fmt::format_error);
  CHECK(format_at_run_time("{:>5x}", x) == " 0x38");
}
