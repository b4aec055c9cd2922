// SPDX-License-Identifier: MIT
// A format from its text: the name that name() gives, or the fields that field_text() gives.
//
//   format_of_text("e4m3fn")   format_of_text("binary8p4se")   format_of_text("int8")
//   format_of_text("e4m2(bias 3,no inf,2 nans)")
//   format_of_text("float_format{.exponent_bits = 4, .mantissa_bits = 3, .has_infinity = false}")
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/name.hpp"

namespace lowp {
namespace detail {

/// Takes texts apart from the left.
class text_cursor {
 public:
  explicit constexpr text_cursor(std::string_view text) : rest_(text) {}

  [[nodiscard]] constexpr bool is_done() const { return rest_.empty(); }
  [[nodiscard]] constexpr std::string_view rest() const { return rest_; }
  constexpr void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  /// Whether the rest begins with it; then it is taken away.
  constexpr bool take(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// take() between blanks.
  constexpr bool take_token(std::string_view word) {
    skip_blanks();
    const bool is_there = take(word);
    skip_blanks();
    return is_there;
  }
  /// Letters, digits and underscores; empty if there are none.
  constexpr std::string_view take_word() {
    std::size_t size = 0;
    while (size < rest_.size() && is_of_word(rest_[size])) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }
  /// Decimal digits without a sign or a needless zero in front. False, if there are none or the
  /// number needs more than 64 bits.
  constexpr bool take_digits(std::uint64_t& number) { return take_digits(number, 10); }
  /// An int from `least` to `most`: decimal digits, with or without a minus.
  constexpr bool take_int(int& value, int least, int most) {
    const text_cursor before = *this;
    const bool is_negative = take("-");
    std::uint64_t number = 0;
    constexpr std::uint64_t most_of_int = 0x7FFFFFFF;
    if (!take_digits(number) || number > most_of_int) return *this = before, false;
    const int integer = is_negative ? -static_cast<int>(number) : static_cast<int>(number);
    if (integer < least || integer > most) return *this = before, false;
    value = integer;
    return true;
  }
  /// The value of a field as format_field has it: for a flag true, false, 0 or 1; for others
  /// decimal digits, or 0x and hexadecimal ones, with a minus only where negative values exist.
  /// `is_in_range` is false for an integer that no field of the kind holds.
  constexpr bool take_field(std::uint64_t& value, field_kind kind, bool& is_in_range) {
    is_in_range = true;
    for (const bool flag : {false, true}) {
      if (kind == field_kind::flag && take(flag ? "true" : "false")) {
        value = flag ? 1 : 0;
        return true;
      }
    }
    const text_cursor before = *this;
    const bool is_negative = take("-");
    std::uint64_t number = 0;
    if (!take_digits(number, take("0x") ? 16 : 10)) return *this = before, false;
    constexpr std::uint64_t most = ~std::uint64_t{0};
    const std::uint64_t largest = kind == field_kind::flag             ? 1
                                  : kind == field_kind::signed_integer ? most / 2
                                                                       : most;
    is_in_range =
        number <= largest && (!is_negative || number == 0 || kind == field_kind::signed_integer);
    value = is_negative ? 0 - number : number;
    return true;
  }

 private:
  static constexpr bool is_of_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  constexpr bool take_digits(std::uint64_t& number, unsigned base) {
    const text_cursor before = *this;
    number = 0;
    std::size_t count = 0;
    for (; !rest_.empty(); ++count) {
      const unsigned digit = digit_of(rest_[0]);
      if (digit >= base) break;
      const bool has_needless_zero = base == 10 && count != 0 && number == 0;
      if (has_needless_zero || number > (~std::uint64_t{0} - digit) / base)
        return *this = before, false;
      number = number * base + digit;
      rest_.remove_prefix(1);
    }
    return count != 0;
  }
  static constexpr unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return 16;
  }

  std::string_view rest_;
};

/// Initializes an integer, a flag or an enumerator of a descriptor.
struct field_value {
  std::uint64_t value = 0;
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) constexpr operator T() const {
    return static_cast<T>(value);
  }
};

/// The descriptor whose first fields have these values, in the order in which they are declared.
template <class F, std::size_t... Index>
[[nodiscard]] constexpr F with_fields(const field_value* values, std::index_sequence<Index...>) {
  return F{values[Index]...};
}

/// A family that states its fields, all of them, in the order in which they are declared.
template <class F>
concept family_with_fields = requires(const F& f) {
  known_fields(f).list[0].value;
};
template <family_with_fields F>
inline constexpr std::size_t field_count = sizeof(known_fields(F{}).list) /
                                           sizeof(known_fields(F{}).list[0]);

/// "posit_format{.total_bits = 8, .exponent_bits = 2}", or as name() writes families without short
/// names, "takum_format(total_bits 16)". Fields that are left out have the values
/// that the family gives them. False if this is no such text, with the reason where the family is
/// the one meant.
template <family_with_fields F>
[[nodiscard]] bool read_fields(std::string_view text, F& out, std::string& problem) {
  constexpr std::size_t count = field_count<F>;
  text_cursor cursor(text);
  const auto names = known_fields(F{});
  if (!cursor.take(names.family)) return false;
  const bool is_name = cursor.take("(");
  if (!is_name && !cursor.take_token("{")) return false;
  const std::string_view end = is_name ? ")" : "}";

  bool is_given[count] = {};
  field_value values[count] = {};
  const auto fail = [&](const std::string& reason) {
    problem = reason + " at column " + std::to_string(text.size() - cursor.rest().size() + 1);
    return false;
  };
  while (!cursor.take_token(end)) {
    if (!is_name && !cursor.take(".")) return fail("expected .field = value");
    const text_cursor at_name = cursor;
    const std::string_view name = cursor.take_word();
    std::size_t which = 0;
    while (which < count && names.list[which].name != name) ++which;
    if (which == count) {
      std::string_view all[count];
      for (std::size_t i = 0; i < count; ++i) all[i] = names.list[i].name;
      cursor = at_name;
      return fail(unknown_name("field of " + std::string(names.family), name, all));
    }
    if (is_given[which]) return fail("." + std::string(name) + " is given twice");
    bool is_in_range = true;
    const field_kind kind = names.list[which].kind;
    if (!(is_name ? cursor.take(" ") : cursor.take_token("=")) ||
        !cursor.take_field(values[which].value, kind, is_in_range)) {
      return fail(std::string(is_name ? "expected " : "expected = and ") +
                  (kind == field_kind::flag ? "true or false" : "an integer of at most 64 bits"));
    }
    if (!is_in_range) return fail("the value of ." + std::string(name) + " is out of range");
    is_given[which] = true;
    if (!cursor.take_token(",") && cursor.rest().substr(0, 1) != end)
      return fail("expected , or " + std::string(end));
  }
  if (!cursor.is_done()) return fail("nothing may follow the " + std::string(end));

  // Field by field, since the value that one has by itself may depend on those before it.
  [&]<std::size_t... Known>(std::index_sequence<Known...>) {
    const auto complete = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
      if (is_given[Index]) return;
      const F f = with_fields<F>(values, std::make_index_sequence<Index>{});
      values[Index].value = known_fields(f).list[Index].value;
    };
    (complete(std::integral_constant<std::size_t, Known>{}), ...);
  }
  (std::make_index_sequence<count>{});
  out = with_fields<F>(values, std::make_index_sequence<count>{});
  const auto result = known_fields(out);
  for (std::size_t i = 0; i < count; ++i) {
    if (result.list[i].value == values[i].value) continue;
    problem = "the value of ." + std::string(names.list[i].name) + " is out of range";
    return false;
  }
  return true;
}

/// The part of the name of a float_format in parentheses, which says nothing twice.
[[nodiscard]] inline bool read_float_items(text_cursor& cursor, float_format& f) {
  unsigned said = 0;
  const auto is_new = [&](unsigned item) {
    const bool result = (said & item) == 0;
    said |= item;
    return result;
  };
  do {
    unsigned item = 0;
    int count = 0;
    if (cursor.take("bias ")) {
      item = 1;
      if (!cursor.take_int(f.bias, -(1 << 20), 1 << 20)) return false;
    } else if (cursor.take("no zero")) {
      item = 2;
      f.at_exponent_zero = exponent_zero::normals;
    } else if (cursor.take("no subnormals")) {
      item = 2;
      f.at_exponent_zero = exponent_zero::zero_only;
    } else if (cursor.take("no inf")) {
      item = 4;
      f.has_infinity = false;
    } else if (cursor.take("nan at -0")) {
      item = 8;
      f.nan_at_negative_zero = true;
    } else if (cursor.take_int(count, 0, 999999)) {
      item = 16;
      if (!cursor.take(" nans") && !cursor.take(" nan")) return false;
      f.nan_codes = static_cast<code_t>(count);
    } else if (cursor.take("ieee")) {
      item = 32;
    } else {
      return false;
    }
    if (!is_new(item)) return false;
  } while (cursor.take(","));
  return cursor.take(")");
}

[[nodiscard]] inline bool read_name(std::string_view text, float_format& f) {
  for (const auto& entry : formats::float_formats) {
    if (entry.name == text) return f = entry.format, true;
  }
  text_cursor cursor(text);
  int bits = 0, other_bits = 0;
  if (cursor.take("binary") && cursor.take_int(bits, 3, 16) && cursor.take("p") &&
      cursor.take_int(other_bits, 1, 16)) {
    const bool is_signed = cursor.take("s");
    if (!is_signed && !cursor.take("u")) return false;
    const bool is_extended = cursor.take("e");
    if (!is_extended && !cursor.take("f")) return false;
    f = formats::p3109(bits, other_bits, is_signed, is_extended);
    return cursor.is_done() && defect(f) == nullptr;
  }
  cursor = text_cursor(text);
  const bool is_signed = !cursor.take("u");
  if (!cursor.take("e") || !cursor.take_int(bits, 1, 20) || !cursor.take("m") ||
      !cursor.take_int(other_bits, 0, 63)) {
    return false;
  }
  f = {.exponent_bits = bits, .mantissa_bits = other_bits, .is_signed = is_signed};
  if (cursor.take("(") && !read_float_items(cursor, f)) return false;
  return cursor.is_done();
}

[[nodiscard]] inline bool read_name(std::string_view text, fixed_format& f) {
  text_cursor cursor(text);
  const bool is_symmetric = cursor.take("symmetric_"), is_signed = !cursor.take("u");
  f = {.is_signed = is_signed, .is_symmetric = is_symmetric};
  if (cursor.take("int")) return cursor.take_int(f.total_bits, 1, 64) && cursor.is_done();
  return cursor.take("fixed") && cursor.take_int(f.total_bits, 1, 64) && cursor.take(".") &&
         cursor.take_int(f.fraction_bits, -(1 << 20), 1 << 20) && cursor.is_done();
}

[[nodiscard]] inline bool read_name(std::string_view text, posit_format& f) {
  text_cursor cursor(text);
  f = {};
  if (!cursor.take("posit") || !cursor.take_int(f.total_bits, 2, 32)) return false;
  return cursor.is_done() ||
         (cursor.take("_") && cursor.take_int(f.exponent_bits, 0, 4) && cursor.is_done());
}

template <class F>
[[nodiscard]] bool read_format_of(std::string_view text, any_format& out, std::string& problem) {
  F f{};
  bool is_read = false;
  if constexpr (requires { read_name(text, f); }) is_read = read_name(text, f);
  if constexpr (family_with_fields<F>) {
    is_read = is_read || read_fields(text, f, problem);
  } else if (defect(f) == nullptr) {  // perhaps the only format of its family
    is_read = is_read || name(f).view() == text;
  }
  if (!is_read) return false;
  if (defect(f) != nullptr) {
    problem = defect(f);
    return false;
  }
  out = any_format(f);
  return true;
}

}  // namespace detail

/// The format that a text names or describes, of the families of the library and of `Families`,
/// which may have a read_name(text, f) in their namespace; one without fields is read by the name
/// of its F{}. Names are those that name() gives, and "posit16" for "posit16_2". False, `out`
/// unchanged and a sentence in `problem` for any other text: for an unknown name with the near
/// ones.
template <number_format... Families>
[[nodiscard]] bool read_format(std::string_view text, any_format& out, std::string& problem) {
  problem.clear();
  const auto try_family = [&]<class F>(std::type_identity<F>) {
    return problem.empty() && detail::read_format_of<F>(text, out, problem);
  };
  if (try_family(std::type_identity<float_format>{}) ||
      try_family(std::type_identity<fixed_format>{}) ||
      try_family(std::type_identity<posit_format>{}) ||
      (try_family(std::type_identity<Families>{}) || ...)) {
    return true;
  }
  if (!problem.empty()) {
    problem = "'" + std::string(text) + "': " + problem;
    return false;
  }
  constexpr std::string_view examples[] = {"int8",     "uint4",   "symmetric_int8", "fixed8.6",
                                           "posit8_2", "posit16", "binary8p4se",    "binary8p3se"};
  constexpr std::size_t named = formats::float_formats.size();
  std::string_view names[named + sizeof examples / sizeof examples[0]];
  for (std::size_t i = 0; i < named; ++i) names[i] = formats::float_formats[i].name;
  for (std::size_t i = named; i < sizeof names / sizeof names[0]; ++i) {
    names[i] = examples[i - named];
  }
  problem = unknown_name("format", text, names);
  return false;
}

/// The format that a text names; a text that names none is refused.
template <number_format... Families>
[[nodiscard]] any_format format_of_text(std::string_view text) {
  any_format result;
  std::string problem;
  if (!read_format<Families...>(text, result, problem)) refuse("format_of_text: " + problem);
  return result;
}

}  // namespace lowp
