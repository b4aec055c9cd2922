// SPDX-License-Identifier: MIT
// Streams: << honours width and writes the shortest decimal, >> takes one number and rounds it
// once, or sets failbit and leaves its target alone.
#include "lowp/adapters/iostream.hpp"

#include <iomanip>
#include <sstream>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/dropin.hpp"

using namespace lowp;

TEST_CASE("writing") {
  std::ostringstream out;
  out << e4m3fn(0.1) << ' ' << int_n<8>(-128) << ' ' << posit<8>::from_code(0x80);
  CHECK(out.str() == "0.1 -128 nar");
  out.str("");
  out << std::setw(6) << e5m2(1.5) << '|' << std::left << std::setfill('*') << std::setw(6)
      << e5m2(1.5) << '|' << e5m2(2);
  CHECK(out.str() == "   1.5|1.5***|2");
  out.str("");
  out << std::fixed << std::setprecision(10) << std::hex << std::showpos << e4m3fn(0.1);
  CHECK(out.str() == "+0.1015625000");
}

TEST_CASE("a stream with flags writes what it writes of a double") {
  const auto check = []<class T>(T, std::uint64_t codes) {
    int wrong = 0;
    std::string first;
    for (std::uint64_t code = 0; code < codes; code += codes / 256) {
      const T x = T::from_code(code);
      if (isnan(x)) continue;
      for (const auto field : {std::ios_base::fmtflags{}, std::ios_base::fixed,
                               std::ios_base::scientific, std::ios_base::floatfield}) {
        for (const auto more :
             {std::ios_base::fmtflags{}, std::ios_base::showpos | std::ios_base::uppercase,
              std::ios_base::showpoint | std::ios_base::left,
              std::ios_base::internal | std::ios_base::showpos, std::ios_base::internal}) {
          // libstdc++ takes %f where the standard has %F.
          if (field == std::ios_base::fixed && isinf(x)) continue;
          for (const int precision : {0, 1, 3, 7, 20}) {
            std::ostringstream ours, theirs;
            for (auto* out : {&ours, &theirs}) {
              out->setf(field, std::ios_base::floatfield);
              out->setf(more);
              *out << std::setprecision(precision) << std::setw(23) << std::setfill('*');
            }
            ours << x << 7;
            theirs << double(x) << 7;
            if (ours.str() != theirs.str() && wrong++ == 0) {
              first = ours.str() + " for " + theirs.str();
            }
          }
        }
      }
    }
    INFO(first);
    CHECK(wrong == 0);
  };
  check(e4m3fn{}, 256);
  check(binary16{}, 0x10000);
  check(dropin::posit<16, 1>{}, 0x10000);
  check(dropin::number<formats::bfloat16, upward>{}, 0x10000);
}

TEST_CASE("a new stream writes the shortest text with its sign, case and padding") {
  std::ostringstream out;
  out << std::showpos << e5m2(1.5) << ' ' << std::uppercase << binary32(1e-20) << ' '
      << e5m2::from_code(0x7C) << ' ' << std::noshowpos << std::internal << std::setw(6)
      << e5m2(-1.5);
  CHECK(out.str() == "+1.5 +1E-20 +INF -  1.5");
}

TEST_CASE("other faces are read in their mode") {
  std::istringstream in("1.001 1.001");
  dropin::number<formats::e5m2, upward> up;
  dropin::e5m2 nearest;
  in >> up >> nearest;
  CHECK(up == 1.25);
  CHECK(nearest == 1);
}

TEST_CASE("to_string") {
  CHECK(to_string(e4m3fn(448)) == "448");
  CHECK(to_string(e4m3fn(0.1), text_style::exact) == "0.1015625");
  CHECK(to_string(e4m3fn(0.1), text_style::fields) == "0|0011|101");
}

TEST_CASE("reading") {
  std::istringstream in(" 1.5,+2\n-3e-1 0x1.8p+3 nan 1e999999 1.12500000000000000000001");
  e5m2 x{};
  char comma = 0;
  CHECK((in >> x >> comma));
  CHECK(x.code() == e5m2(1.5).code());
  CHECK(comma == ',');
  CHECK((in >> x));
  CHECK(x.code() == e5m2(2).code());
  CHECK((in >> x));
  CHECK(x.code() == e5m2(-0.3).code());
  CHECK((in >> x));
  CHECK(x.code() == e5m2(12).code());
  CHECK((in >> x));
  CHECK(isnan(x));
  CHECK((in >> x));
  CHECK(isinf(x));
  CHECK((in >> x));
  CHECK(x.code() == 0x3D);
  CHECK(in.eof());
  CHECK_FALSE((in >> x));
}

TEST_CASE("what is no number sets failbit and changes nothing") {
  for (const char* text :
       {"", "   ", "x", "1.5x", "+-1", "+", "-", "1e", "0x", "--1", ".", "1.2.3"}) {
    INFO(text);
    std::istringstream in(text);
    auto x = e4m3fn::from_code(0x55);
    CHECK_FALSE((in >> x));
    CHECK(in.fail());
    CHECK(x.code() == 0x55);
  }
  std::istringstream in("1-2");
  e4m3fn x{}, y{};
  CHECK((in >> x >> y));
  CHECK(x.code() == e4m3fn(1).code());
  CHECK(y.code() == e4m3fn(-2).code());
}

TEST_CASE("all codes of a format survive a stream") {
  long long wrong = 0;
  for (unsigned code = 0; code < 256; ++code) {
    std::stringstream stream;
    const auto x = e4m3fn::from_code(code);
    e4m3fn y{};
    stream << x;
    stream >> y;
    if (y.code() != x.code()) ++wrong;
  }
  CHECK(wrong == 0);
}
