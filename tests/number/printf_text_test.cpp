// SPDX-License-Identifier: MIT
// %f, %e, %g and %a against printf of the C library, which prints the same values as doubles.
#include "lowp/number/printf_text.hpp"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

template <class T>
std::string text_of(T x, const printf_style& style) {
  std::vector<char> text(static_cast<std::size_t>(max_chars<T::format>(style)));
  const auto result = to_chars(text.data(), text.data() + text.size(), x, style);
  return result ? std::string(text.data(), result.ptr) : "does not fit";
}

std::string printed(double x, const printf_style& style) {
  std::string format = "%";
  if (style.plus != 0) format += style.plus;
  if (style.shows_point) format += '#';
  if (style.precision >= 0) format += "." + std::to_string(style.precision);
  format +=
      style.is_upper_case ? static_cast<char>(style.conversion - 'a' + 'A') : style.conversion;
  std::vector<char> text(2000);
  const int size = std::snprintf(text.data(), text.size(), format.c_str(), x);
  return {text.data(), static_cast<std::size_t>(size)};
}

template <class T>
void check(T x, const printf_style& style, int& wrong, std::string& first) {
  const std::string got = text_of(x, style), want = printed(double(x), style);
  if (got != want && wrong++ == 0) first = got + " for " + want;
}

template <class T>
void check_all(std::uint64_t count, std::uint64_t stride) {
  int wrong = 0;
  std::string first;
  test::split_mix random(8);
  for (std::uint64_t i = 0; i < count; i += stride) {
    const T x = T::from_code(sizeof(T) <= 2 ? i : random.word());
    if (isnan(x)) continue;  // the C library and we write the same, but of other signs
    for (const char conversion : {'f', 'e', 'g', 'a'}) {
      for (const int precision : {-1, 0, 1, 3, 6, 17, 40}) {
        // The C library keeps 0x2p+0 where a carry makes it, and subnormal numbers without the one.
        if (conversion == 'a' && precision >= 0 && precision < 13) continue;
        if (conversion == 'a' && double(x) != 0 && std::abs(double(x)) < 0x1p-1022) continue;
        check(x, {conversion, precision}, wrong, first);
      }
    }
    check(x, {'g', 4, '+', true, true}, wrong, first);
    check(x, {'e', 0, ' ', true, false}, wrong, first);
    check(x, {'f', 0, 0, true, false}, wrong, first);
    check(x, {'a', -1, '+', true, true}, wrong, first);
  }
  INFO(first);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("text with a precision is that of printf") {
  check_all<e4m3fn>(256, 1);
  check_all<binary16>(0x10000, 13);
  check_all<bfloat16>(0x10000, 101);
  check_all<posit<16, 1>>(0x10000, 101);
  check_all<fixed<16, 8>>(0x10000, 101);
  check_all<binary32>(300, 1);
  check_all<binary64>(300, 1);
}

TEST_CASE("hexadecimal digits are rounded to nearest even and begin with one") {
  CHECK(text_of(binary16(1.5), {'a', 0}) == "0x1p+1");
  CHECK(text_of(binary16(2.5), {'a', 1}) == "0x1.4p+1");
  CHECK(text_of(binary16(1.96875), {'a', 1}) == "0x1.0p+1");
  CHECK(text_of(binary16(1.09375), {'a', 1}) == "0x1.2p+0");
  CHECK(text_of(binary16(1.03125), {'a', 1}) == "0x1.0p+0");
  CHECK(text_of(binary16(0), {'a', 2}) == "0x0.00p+0");
}

TEST_CASE("special values and lack of room") {
  CHECK(text_of(binary16::from_code(0xFC00), {'f', 3}) == "-inf");
  CHECK(text_of(binary16::from_code(0x7E00), {'f', 3, '+', false, true}) == "+NAN");
  CHECK(text_of(posit<8>::from_code(0x80), {'e', 3}) == "nar");
  char text[4];
  CHECK(to_chars(text, text + 4, binary16(10), {'f', 2}) ==
        to_chars_result{text + 4, text_error::value_too_large});
}
