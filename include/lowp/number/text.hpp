// SPDX-License-Identifier: MIT
// Numbers as text and back, after the manner of <charconv>: no allocation, no locale, and constant
// expressions throughout. Reading rounds once, in any mode, however many digits there are. Time and
// stack grow with the range of exponents: microseconds up to binary64, seconds for a bias of 2^20.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "lowp/formats/catalog.hpp"
#include "lowp/number/decimal.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/range.hpp"

namespace lowp {

/// How to_chars writes a number. Special values are inf, -inf, nan, -nan (where the sign bit of the
/// NaN is set) and, for posits, nar; zeros keep their sign.
enum class text_style : std::uint8_t {
  /// The fewest decimal digits that nearest_even reads back as the same number, and of those the
  /// nearest to it: 0.1, -3, 6e-08. Plain or scientific as std::to_chars chooses: the shorter, or
  /// plain; without an exponent all digits before the point are right, so integers are exact.
  shortest,
  /// The whole decimal expansion, never with an exponent: 0.001953125. Of a value that has none,
  /// in a logarithmic format, that of its first 64 bits; hex_float likewise.
  exact,
  hex_float,  ///< as %a of printf, always with a leading one: 0x1.cp+8; zero is 0x0p+0
  bits,       ///< the code, zero-padded: 0x7e
  /// The code in binary, cut into the fields that the format has: sign|exponent|mantissa,
  /// sign|regime|exponent|fraction (of the code as it stands, also of negative posits), or
  /// sign|integer|fraction.
  fields,
};

enum class text_error : std::uint8_t { none, invalid_argument, value_too_large };

/// `ptr` is the end of what was written, or `last` if it did not fit.
struct to_chars_result {
  char* ptr;
  text_error ec;
  constexpr bool operator==(const to_chars_result&) const = default;
  constexpr explicit operator bool() const { return ec == text_error::none; }
};

/// `ptr` is the end of what was read, or `first` if that is no number.
struct from_chars_result {
  const char* ptr;
  text_error ec;
  constexpr bool operator==(const from_chars_result&) const = default;
  constexpr explicit operator bool() const { return ec == text_error::none; }
};

namespace detail {

/// Appends to a range of characters for as long as it has room.
struct text_writer {
  char* next;
  char* last;
  bool is_full = false;

  constexpr void put(char c) {
    if (next == last) {
      is_full = true;
    } else {
      *next++ = c;
    }
  }
  constexpr void put(std::string_view text) {
    for (const char c : text) put(c);
  }
  constexpr void put(int count, char c) {
    for (int i = 0; i < count && !is_full; ++i) put(c);
  }
  /// At least `width` digits.
  constexpr void put_integer(int magnitude, int width = 1) {
    if (magnitude >= 10 || width > 1) put_integer(magnitude / 10, width - 1);
    put(static_cast<char>('0' + magnitude % 10));
  }
  constexpr void put_binary(code_t code, int count) {
    while (count-- > 0) put((code >> count & 1) != 0 ? '1' : '0');
  }
  constexpr void put_hexadecimal(std::uint64_t value, int digits) {
    while (digits-- > 0) put("0123456789abcdef"[value >> (4 * digits) & 15]);
  }
};

/// The fields of a code: one, if its family does not say where codes are cut.
[[nodiscard]] constexpr code_fields code_fields_of(const number_format auto& f, code_t code) {
  if constexpr (requires { known_code_fields(f, code); }) {
    return known_code_fields(f, code);
  } else {
    return {f.bits()};
  }
}

constexpr void write_fields(text_writer& out, const number_format auto& f, code_t code) {
  int rest = f.bits();
  for (const int width : code_fields_of(f, code).widths) {
    if (width == 0) continue;
    if (rest != f.bits()) out.put('|');
    rest -= width;
    out.put_binary(code >> rest, width);
  }
}

constexpr void write_hex_float(text_writer& out, const unpacked& value) {
  out.put("0x");
  if (value.is_zero()) return out.put("0p+0");
  const std::uint64_t fraction = value.significand.high << 1;
  const int digits = fraction == 0 ? 0 : (67 - std::countr_zero(fraction)) / 4;
  out.put(digits == 0 ? "1" : "1.");
  out.put_hexadecimal(fraction >> (64 - 4 * digits) % 64, digits);
  out.put(value.exponent < 0 ? "p-" : "p+");
  out.put_integer(value.exponent < 0 ? -value.exponent : value.exponent);
}

constexpr void write_plain(text_writer& out, const decimal& d) {
  if (d.exponent < 0) {
    out.put("0.");
    out.put(-1 - d.exponent, '0');
  }
  for (int i = 0; i < d.count; ++i) {
    out.put(d.digits[i]);
    if (i == d.exponent && i + 1 < d.count) out.put('.');
  }
  out.put(d.exponent + 1 - d.count, '0');
}

constexpr void write_scientific(text_writer& out, const decimal& d) {
  out.put(d.digits[0]);
  if (d.count > 1) out.put('.');
  for (int i = 1; i < d.count; ++i) out.put(d.digits[i]);
  out.put(d.exponent < 0 ? "e-" : "e+");
  out.put_integer(d.exponent < 0 ? -d.exponent : d.exponent, 2);
}

[[nodiscard]] constexpr int plain_size(const decimal& d) {
  if (d.exponent < 0) return d.count + 1 - d.exponent;
  return d.exponent + 1 >= d.count ? d.exponent + 1 : d.count + 1;
}
[[nodiscard]] constexpr int scientific_size(const decimal& d) {
  int result = d.count + (d.count > 1 ? 1 : 0) + 4;
  for (int rest = d.exponent < 0 ? -d.exponent : d.exponent; rest >= 100; rest /= 10) ++result;
  return result;
}

/// The most digits that the shortest decimal of a number needs, for formats of up to 64 bits.
inline constexpr int most_shortest_digits = 21;

/// Decimals of few digits near a value, and whether they read back as that value.
template <number_format Format>
struct shortest_search {
  const Format& format;
  const unpacked& value;
  decimal exact;
  std::uint32_t* words;
  std::array<char, 32> digits{};
  decimal found{};

  [[nodiscard]] constexpr bool reads_back(const decimal& candidate) const {
    unpacked x = value_of(candidate, words);
    x.negative = value.negative;
    return rounds_within_range(format, x) &&
           decode(format, encode(format, x, nearest_even, overflow::to_special,
                                 missing_nan::largest)) == value;
  }

  /// The `count` first digits, with one added in the last place or not.
  [[nodiscard]] constexpr decimal cut(int count, bool grows) {
    decimal result{digits.data(), count, exact.exponent};
    for (int i = 0; i < count; ++i) digits[static_cast<std::size_t>(i)] = exact.digits[i];
    int at = count - 1;
    if (!grows) at = -1;
    for (; at >= 0 && digits[static_cast<std::size_t>(at)] == '9'; --at) {
      digits[static_cast<std::size_t>(at)] = '0';
    }
    if (at >= 0) {
      ++digits[static_cast<std::size_t>(at)];
    } else if (grows) {
      digits[0] = '1';  // 9…9 became 10…0
      ++result.exponent;
    }
    while (result.count > 1 && digits[static_cast<std::size_t>(result.count - 1)] == '0') {
      --result.count;
    }
    return result;
  }

  /// Whether some decimal of `count` digits reads back; if so `found` is the nearest of them.
  [[nodiscard]] constexpr bool find(int count) {
    if (count >= exact.count) {
      found = exact;
      return true;
    }
    const char next = exact.digits[count];
    const bool is_tie = next == '5' && exact.count == count + 1;
    const bool last_is_odd = (exact.digits[count - 1] - '0') % 2 != 0;
    const bool upper_is_nearer = is_tie ? last_is_odd : next >= '5';
    for (const bool grows : {upper_is_nearer, !upper_is_nearer}) {
      found = cut(count, grows);
      if (reads_back(found)) return true;
    }
    return false;
  }

  /// The fewest digits that read back. A decimal of n digits is one of n + 1 too, so halving finds
  /// them.
  [[nodiscard]] constexpr decimal fewest() {
    int low = 1, high = exact.count < most_shortest_digits ? exact.count : most_shortest_digits;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (find(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return find(low) ? found : exact;
  }
};

template <number_format Format>
constexpr void write_shortest(text_writer& out, const Format& f, const unpacked& value,
                              const decimal& exact, std::uint32_t* words) {
  shortest_search<Format> search{f, value, exact, words};
  const decimal shortest = search.fewest();
  if (plain_size(shortest) > scientific_size(shortest)) return write_scientific(out, shortest);
  const bool has_trailing_zeros = shortest.exponent >= shortest.count;
  if (has_trailing_zeros && search.find(shortest.exponent + 1)) {
    return write_plain(out, search.found);
  }
  write_plain(out, shortest);
}

template <auto F>
inline constexpr exponent_range range_of = exponent_range_of<F>();

template <auto F>
constexpr void write_decimal(text_writer& out, const unpacked& value, text_style style) {
  std::array<std::uint32_t, static_cast<std::size_t>(range_of<F>.words())> words{};
  std::array<char, static_cast<std::size_t>(range_of<F>.digits())> text{};
  const decimal exact = exact_decimal(value, words.data(), text.data(), range_of<F>.digits());
  if (style == text_style::exact) {
    write_plain(out, exact);
  } else {
    write_shortest(out, F, value, exact, words.data());
  }
}

/// Whether `first` begins with `word`, whose letters are lower-case ones, in letters of any case.
[[nodiscard]] constexpr bool begins_with(const char* first, const char* last,
                                         std::string_view word) {
  for (const char c : word) {
    const bool is_letter = c >= 'a' && c <= 'z';
    if (first == last || (*first != c && !(is_letter && (*first | 0x20) == c))) return false;
    ++first;
  }
  return true;
}

/// Reads any number as an exact value, its sign included. `words` are as many as the range says.
[[nodiscard]] constexpr read_magnitude read_number(const char* first, const char* last,
                                                   const exponent_range& range,
                                                   std::uint32_t* words) {
  const bool is_negative = first != last && *first == '-';
  const char* const body = is_negative ? first + 1 : first;
  for (const std::string_view word : {"infinity", "inf", "nan", "nar"}) {
    if (begins_with(body, last, word)) {
      return {body + word.size(),
              word[0] == 'i' ? unpacked::infinite(is_negative) : unpacked::nan(is_negative)};
    }
  }
  read_magnitude result;
  if (begins_with(body, last, "0x")) result = read_hexadecimal(body + 2, last);
  if (result.end == nullptr) result = read_decimal(body, last, range, words);
  result.value.negative = is_negative;
  return result;
}
template <auto F>
[[nodiscard]] constexpr read_magnitude read_number(const char* first, const char* last) {
  std::array<std::uint32_t, static_cast<std::size_t>(range_of<F>.words())> words{};
  return read_number(first, last, range_of<F>, words.data());
}

/// Room for any number of a format of so many bits in a style.
[[nodiscard]] constexpr int max_chars(const exponent_range& range, int bits, text_style style) {
  switch (style) {
    case text_style::shortest: {
      // Sign, digits, point, and an exponent of at most eight characters.
      const int digits = range.precision * 30103 / 100000 + 2;
      return 10 + (digits < most_shortest_digits ? digits : most_shortest_digits);
    }
    case text_style::exact: {
      const int plain = 2 + range.integer_digits() + range.value_fraction_digits();
      return plain < 4 ? 4 : plain;  // -inf
    }
    case text_style::hex_float: return 14 + range.precision / 4;
    case text_style::bits: return 2 + (bits + 3) / 4;
    case text_style::fields: break;
  }
  return bits + 3;
}

/// Writes a code of any format. `write_finite(out, value, style)` writes the digits of a value that
/// is neither zero nor special.
template <number_format Format, class WriteFinite>
constexpr void write_number(text_writer& out, const Format& f, code_t code, text_style style,
                            bool orders_nan, const WriteFinite& write_finite) {
  if (style == text_style::bits) {
    out.put("0x");
    return out.put_hexadecimal(code, (f.bits() + 3) / 4);
  }
  if (style == text_style::fields) return write_fields(out, f, code);
  const unpacked value = decode(f, code);
  if (value.negative) out.put('-');
  if (value.is_nan()) {
    out.put(orders_nan ? "nar" : "nan");
  } else if (value.is_infinite()) {
    out.put("inf");
  } else if (style == text_style::hex_float) {
    write_hex_float(out, value);
  } else if (value.is_zero()) {
    out.put('0');
  } else {
    write_finite(out, value, style);
  }
}

}  // namespace detail

/// Room for any number of format F in a style.
template <auto F>
[[nodiscard]] constexpr int max_chars(text_style style) {
  return detail::max_chars(detail::range_of<F>, F.bits(), style);
}

/// Writes `x` to [first, last). If it does not fit, what the range holds afterwards is unspecified.
template <auto F>
constexpr to_chars_result to_chars(char* first, char* last, number<F> x,
                                   text_style style = text_style::shortest) {
  detail::text_writer out{first, last};
  detail::write_number(out, F, x.code(), style, facts<F>.orders_nan,
                       [](detail::text_writer& to, const unpacked& value, text_style how) {
                         detail::write_decimal<F>(to, value, how);
                       });
  if (out.is_full) return {last, text_error::value_too_large};
  return {out.next, text_error::none};
}

/// Reads the longest number that [first, last) begins with, and rounds it once; leaves `x` alone if
/// there is none. Forms, in letters of any case, after an optional minus sign:
///   12.5  .5  1e-3                 decimal digits, a point and an exponent of ten
///   0x1.8p+3                       hexadecimal digits, a point and an exponent of two
///   inf  infinity  nan  nar        special values
/// What the format cannot hold is no error but follows `o`, as in convert(). (Only numbers of 2^128
/// units and more do not `wrap` as their last digits would have it, but as if these were zero.)
template <auto F, rounding_mode R = nearest_even_t>
constexpr from_chars_result from_chars(const char* first, const char* last, number<F>& x,
                                       const R& mode = {}, overflow o = overflow::to_special) {
  const detail::read_magnitude read = detail::read_number<F>(first, last);
  if (read.end == nullptr) return {first, text_error::invalid_argument};
  x = convert<F>(read.value, mode, o);
  return {read.end, text_error::none};
}

/// The text of one number, held in place; a std::string_view of it is valid as long as it lives.
template <int Size>
struct number_text {
  std::array<char, static_cast<std::size_t>(Size)> characters{};
  int size = 0;

  constexpr operator std::string_view() const {
    return {characters.data(), static_cast<std::string_view::size_type>(size)};
  }
  [[nodiscard]] constexpr std::string_view view() const { return *this; }
};

/// The text of `x` without a buffer to supply: static_assert(to_text(e4m3fn(448)).view() == "448").
template <text_style Style = text_style::shortest, auto F>
[[nodiscard]] constexpr auto to_text(number<F> x) {
  number_text<max_chars<F>(Style)> result;
  char* const first = result.characters.data();
  result.size =
      static_cast<int>(to_chars(first, first + max_chars<F>(Style), x, Style).ptr - first);
  return result;
}

}  // namespace lowp
