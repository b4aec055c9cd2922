// SPDX-License-Identifier: MIT
// Literals of every named format: 1.5_e4m3fn, 0x1.8p+3_binary16. The text is read exactly and
// rounded once to nearest, at compile time; a literal out of the range of its format is an error.
#pragma once

#include <array>
#include <cstddef>

#include "lowp/number/catalog.hpp"
#include "lowp/number/text.hpp"

namespace lowp {

namespace detail {

// Never defined: calling one in a constant expression makes the compiler print its name.
void the_literal_is_out_of_the_range_of_its_format();
void the_literal_is_not_a_decimal_or_hexadecimal_number();

/// The number that a literal of C++ stands for, in a format. Text that means something else to C++
/// than to from_chars, 0b101 and 017, is refused.
template <auto F, char... Text>
consteval number<F> from_literal() {
  // 1. The text without digit separators.
  std::array<char, sizeof...(Text)> text{};
  std::size_t size = 0;
  bool is_fractional = false;
  for (const char c : {Text...}) {
    if (c != '\'') text[size++] = c;
    is_fractional |= c == '.' || (c | 0x20) == 'e';
  }
  const bool is_octal = size > 1 && text[0] == '0' && digit_value(text[1]) <= 9 && !is_fractional;
  // 2. Its value.
  const char* const end = text.data() + size;
  const read_magnitude read = read_number<F>(text.data(), end);
  if (is_octal || read.end != end) the_literal_is_not_a_decimal_or_hexadecimal_number();
  if (!rounds_within_range(F, read.value)) the_literal_is_out_of_the_range_of_its_format();
  return convert<F>(read.value);
}

}  // namespace detail

/// For `using namespace lowp::literals`. A minus sign in front is the operator: -128_int8 is out of
/// range as 128_int8 is.
namespace literals {

// The language has no way to compute the name of an operator.
#define LOWP_LITERAL(name, ...)                                  \
  template <char... Text>                                        \
  [[nodiscard]] consteval __VA_ARGS__ operator""_##name() {      \
    return detail::from_literal<__VA_ARGS__::format, Text...>(); \
  }

// clang-format off
LOWP_LITERAL(e4m3fn, e4m3fn)
LOWP_LITERAL(e5m2, e5m2)
LOWP_LITERAL(e4m3, e4m3)
LOWP_LITERAL(e3m4, e3m4)
LOWP_LITERAL(e4m3fnuz, e4m3fnuz)
LOWP_LITERAL(e5m2fnuz, e5m2fnuz)
LOWP_LITERAL(e4m3b11fnuz, e4m3b11fnuz)
LOWP_LITERAL(e3m2, e3m2)
LOWP_LITERAL(e2m3, e2m3)
LOWP_LITERAL(e2m2, e2m2)
LOWP_LITERAL(e2m1, e2m1)
LOWP_LITERAL(e1m2, e1m2)
LOWP_LITERAL(e1m2_bias0, e1m2_bias0)
LOWP_LITERAL(e3m0, e3m0)
LOWP_LITERAL(e8m0, e8m0)
LOWP_LITERAL(ue4m3, ue4m3)
LOWP_LITERAL(ue5m3, ue5m3)
LOWP_LITERAL(e6m2, e6m2)
LOWP_LITERAL(binary16, binary16)
LOWP_LITERAL(bfloat16, bfloat16)
LOWP_LITERAL(tf32, tf32)
LOWP_LITERAL(binary32, binary32)
LOWP_LITERAL(binary64, binary64)
LOWP_LITERAL(binary8p3se, p3109<8, 3>)
LOWP_LITERAL(binary8p4se, p3109<8, 4>)
LOWP_LITERAL(posit8, posit<8>)
LOWP_LITERAL(posit16, posit<16>)
LOWP_LITERAL(posit32, posit<32>)
LOWP_LITERAL(int4, int_n<4>)
LOWP_LITERAL(int8, int_n<8>)
LOWP_LITERAL(uint4, uint_n<4>)
LOWP_LITERAL(uint8, uint_n<8>)
// clang-format on

#undef LOWP_LITERAL

}  // namespace literals
}  // namespace lowp
