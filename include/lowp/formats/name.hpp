// SPDX-License-Identifier: MIT
// The name of a format, derived from its fields: the catalogue's name, P3109's, or one that spells
// out how it differs from the IEEE 754 format of the same field widths; and for any family a name,
// a text of all its fields, and a number that stands for it.
#pragma once

#include <cstdint>
#include <string_view>

#include "lowp/formats/catalog.hpp"
#include "lowp/formats/digest.hpp"

namespace lowp {

/// A short text that lives in constant expressions. Converts to std::string_view. What does not fit
/// is left out.
template <int Size>
struct short_text {
  char text[static_cast<std::size_t>(Size)] = {};
  int size = 0;

  [[nodiscard]] constexpr std::string_view view() const {
    return {text, static_cast<std::string_view::size_type>(size)};
  }
  constexpr operator std::string_view() const { return view(); }
  constexpr short_text& operator<<(std::string_view part) {
    for (const char c : part) {
      if (size < Size) text[size++] = c;
    }
    return *this;
  }
  constexpr short_text& operator<<(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (number >= 0) return put(bits);
    *this << "-";
    return put(0u - bits);
  }
  constexpr short_text& put(std::uint64_t number) {
    char digits[20] = {};
    int count = 0;
    for (std::uint64_t rest = number; count == 0 || rest != 0; rest /= 10)
      digits[count++] = static_cast<char>('0' + rest % 10);
    while (count > 0) *this << std::string_view(&digits[--count], 1);
    return *this;
  }
};
using format_name = short_text<80>;

/// "e4m3fn", "binary8p4se", or such as "e4m2(bias 3,no inf,2 nans)".
[[nodiscard]] constexpr format_name name(const float_format& f) {
  format_name result;
  if (defect(f) != nullptr) return result << "invalid";
  for (const auto& entry : formats::float_formats) {
    if (entry.format == f) return result << entry.name;
  }
  const int precision = f.mantissa_bits + 1;
  if (f == formats::p3109(f.bits(), precision, f.is_signed, f.has_infinity)) {
    return result << "binary" << f.bits() << "p" << precision << (f.is_signed ? "s" : "u")
                  << (f.has_infinity ? "e" : "f");
  }
  const float_format plain{.exponent_bits = f.exponent_bits, .mantissa_bits = f.mantissa_bits};
  result << (f.is_signed ? "e" : "ue") << f.exponent_bits << "m" << f.mantissa_bits;
  std::string_view separator = "(";
  const auto item = [&](auto... parts) {
    result << separator;
    ((result << parts), ...);
    separator = ",";
  };
  if (f.bias != plain.bias) item("bias ", f.bias);
  if (f.at_exponent_zero == exponent_zero::normals) item("no zero");
  if (f.at_exponent_zero == exponent_zero::zero_only) item("no subnormals");
  if (!f.has_infinity) item("no inf");
  if (f.nan_at_negative_zero) item("nan at -0");
  if (f.nan_codes != plain.nan_codes) {
    if (f.nan_codes < 1000000) {
      item(static_cast<int>(f.nan_codes), f.nan_codes == 1 ? " nan" : " nans");
    } else {
      item("many nans");
    }
  }
  for (const auto& entry : formats::float_formats) {
    if (entry.name == std::string_view(result)) item("ieee");  // e3m2 by itself is the OCP format
  }
  return separator == "(" ? result : result << ")";
}

/// "int8", "uint4", "fixed8.6", "ufixed8.4"; "symmetric_" in front of a symmetric range.
[[nodiscard]] constexpr format_name name(const fixed_format& f) {
  format_name result;
  if (defect(f) != nullptr) return result << "invalid";
  result << (f.is_symmetric ? "symmetric_" : "") << (f.is_signed ? "" : "u");
  if (f.fraction_bits == 0) return result << "int" << f.total_bits;
  return result << "fixed" << f.total_bits << "." << f.fraction_bits;
}

/// "posit8_2": total bits and exponent bits.
[[nodiscard]] constexpr format_name name(const posit_format& f) {
  if (defect(f) != nullptr) return format_name{} << "invalid";
  return format_name{} << "posit" << f.total_bits << "_" << f.exponent_bits;
}

namespace detail {

template <int Size, std::size_t Count>
constexpr void append_fields(short_text<Size>& text, const format_field (&fields)[Count],
                             std::string_view before, std::string_view between) {
  std::string_view separator = "";
  for (const format_field& field : fields) {
    text << separator << before << field.name << between;
    if (field.kind == field_kind::signed_integer) {
      text << static_cast<std::int64_t>(field.value);
    } else {
      text.put(field.value);
    }
    separator = ", ";
  }
}

}  // namespace detail

/// Of any other family: what its known_name(f) says, if that is not empty; else the family and its
/// fields, if they fit, "codebook(width 4, bias 2)"; else the bits and the digest, "4-bit format
/// #93c467e37db0c7a4".
template <number_format F>
[[nodiscard]] constexpr format_name name(const F& f) {
  if (defect(f) != nullptr) return format_name{} << "invalid";
  if constexpr (requires { known_name(f); }) {
    const format_name known = format_name{} << known_name(f);
    if (known.size != 0) return known;
  }
  if constexpr (requires { known_fields(f); }) {
    const auto fields = known_fields(f);
    short_text<81> text;
    text << fields.family << "(";
    detail::append_fields(text, fields.list, "", " ");
    text << ")";
    if (text.size <= 80) return format_name{} << text.view();
  }
  format_name result;
  result << f.bits() << "-bit format #";
  for (int shift = 60; shift >= 0; shift -= 4) {
    result << std::string_view("0123456789abcdef").substr(digest_of(f) >> shift & 15, 1);
  }
  return result;
}

/// All fields of a descriptor, "posit_format{.total_bits = 8, .exponent_bits = 2}", for messages
/// and logs; the name, if its family does not state them.
template <number_format F>
[[nodiscard]] constexpr short_text<320> field_text(const F& f) {
  short_text<320> text;
  if constexpr (requires { known_fields(f); }) {
    const auto fields = known_fields(f);
    text << fields.family << "{";
    detail::append_fields(text, fields.list, ".", " = ");
    return text << "}";
  } else {
    return text << name(f).view();
  }
}

}  // namespace lowp
