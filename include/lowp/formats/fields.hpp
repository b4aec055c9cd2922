// SPDX-License-Identifier: MIT
// The fields of a descriptor as one list, from which its name, its text, its digest and the header
// of a saved file are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "lowp/core/config.hpp"

namespace lowp {

/// What values a field has.
enum class field_kind : std::uint8_t { flag, signed_integer, unsigned_integer, choice };

/// A field of integers, flags or choices; negative values in two's complement.
struct format_field {
  const char* name = "";
  std::uint64_t value = 0;
  field_kind kind = field_kind::unsigned_integer;

  /// Of an integer or an enumerator: what has a fraction states its bits.
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) constexpr format_field(const char* of,
                                                                              T from)
      : name(of),
        value(static_cast<std::uint64_t>(from)),
        kind(std::is_same_v<T, bool> ? field_kind::flag
             : std::is_enum_v<T>     ? field_kind::choice
             : std::is_signed_v<T>   ? field_kind::signed_integer
                                     : field_kind::unsigned_integer) {}
};

namespace detail {
/// The number of a family of the library in the headers of saved files. Families of a program have
/// none: one that took a number of the library's would be read as the other.
struct family_number {
  std::uint64_t value = 0;
};
}  // namespace detail

/// All fields of a descriptor, so that two are equal if and only if these are. A family states them
/// by a function in its namespace; what does not is told apart by its values:
///   constexpr auto known_fields(const my_format& f) {
///     return lowp::format_fields{"my_format", {{"width", f.width}, {"bias", f.bias}}};
///   }
template <std::size_t Count>
struct format_fields {
  const char* family;
  format_field list[Count];
  detail::family_number number{};

  constexpr format_fields(const char* of, const format_field (&fields)[Count])
      : format_fields(of, fields, detail::family_number{}) {}
  constexpr format_fields(const char* of, const format_field (&fields)[Count],
                          detail::family_number in_files)
      : format_fields(of, fields, in_files, std::make_index_sequence<Count>{}) {}
  template <class Number>
  requires std::is_integral_v<Number>
  constexpr format_fields(const char* of, const format_field (&fields)[Count], Number)
      : format_fields(of, fields) {
    static_assert(!std::is_integral_v<Number>,
                  "families have no numbers in saved files but those of the library");
  }

 private:
  template <std::size_t... Indices>
  constexpr format_fields(const char* of, const format_field (&fields)[Count],
                          detail::family_number in_files, std::index_sequence<Indices...>)
      : family(of), list{fields[Indices]...}, number(in_files) {}
};

namespace detail {

/// 64-bit FNV-1a (Fowler, Noll and Vo; RFC 9923) of words, the low byte of each first.
struct word_digest {
  std::uint64_t value = 0xCBF29CE484222325u;
  constexpr void add_byte(unsigned char byte) { value = (value ^ byte) * 0x100000001B3u; }
  constexpr void add(std::uint64_t word) {
    for (int i = 0; i < 8; ++i) add_byte(static_cast<unsigned char>(word >> (8 * i) & 0xFF));
  }
  constexpr void add(const char* text) {
    for (; *text != 0; ++text) add_byte(static_cast<unsigned char>(*text));
  }
};

}  // namespace detail
}  // namespace lowp
