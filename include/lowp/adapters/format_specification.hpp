// SPDX-License-Identifier: MIT
// The format specification of numbers in format strings, of fmt and of the standard library:
//   [[fill]align][sign][#][0][width][.precision][type]
// as for double, numbers aligned to the right unless it says otherwise, with the types
//   none shortest decimal, or as g with a precision   e f g a as of printf, E F G A in capitals
//   d exact decimal                                   x code   b fields of the code
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "lowp/number/faces.hpp"
#include "lowp/number/printf_text.hpp"
#include "lowp/number/text.hpp"

namespace lowp::detail {

/// What a specification says. `Library` throws its error by fail(sentence) and gives the value of
/// an integer argument by argument(context, index, visitor); its indices are of index_type.
template <class Library>
class format_specification {
 public:
  template <class Context>
  constexpr auto parse(Context& context) {
    auto at = context.begin();
    const auto end = context.end();
    // 1. [[fill]align]
    const int first_size = at < end ? code_point_size(*at) : 1;
    if (end - at > first_size && *at != '{' && is_alignment(*(at + first_size))) {
      for (fill_size_ = 0; fill_size_ < first_size; ++fill_size_) fill_[fill_size_] = *at++;
    }
    if (at < end && is_alignment(*at)) alignment_ = *at++;
    // 2. [sign][#][0]
    if (at < end && (*at == '+' || *at == '-' || *at == ' ')) {
      has_sign_ = true;
      style_.plus = *at == '-' ? '\0' : *at;
      ++at;
    }
    if (at < end && *at == '#') style_.shows_point = (++at, true);
    if (at < end && *at == '0') pads_with_zeros_ = (++at, true);
    // 3. [width][.precision]: numbers, {} or {n}
    width_ = parse_count(context, at, end, 0, "a width must be a number, {} or {n}");
    if (at < end && *at == '.') {
      ++at;
      has_precision_ = true;
      if (at == end || (!is_digit(*at) && *at != '{')) {
        Library::fail("a precision must be a number, {} or {n}");
      }
      precision_ = parse_count(context, at, end, 6, "a precision must be a number, {} or {n}");
    }
    // 4. [type]
    if (at < end && *at != '}') parse_type(*at++);
    if (at < end && *at != '}') {
      Library::fail("a number of lowp takes [[fill]align][sign][#][0][width][.precision][type]");
    }
    is_printf_ = is_printf_ || has_precision_;
    if ((style_.shows_point || has_precision_) && !is_printf_) {
      Library::fail("# and a precision are for the types e, f, g and a");
    }
    if ((has_sign_ || pads_with_zeros_) && is_code()) {
      Library::fail("a sign and 0 are not for codes");
    }
    return at;
  }

  /// Room for the text, and the text itself, without padding.
  template <auto F, class Context>
  [[nodiscard]] std::size_t room(Context& context) const {
    if (!is_printf_) return static_cast<std::size_t>(max_chars<F>(text_)) + 1;
    return static_cast<std::size_t>(max_chars<F>(style_in(context)));
  }
  template <class Context, number_type T>
  [[nodiscard]] std::string_view text(char* first, char* last, T x, Context& context) const {
    const char* end = nullptr;
    if (is_printf_) {
      end = to_chars(first, last, x, style_in(context)).ptr;
    } else {
      const bool has_plus = style_.plus != 0 && !unpack(x).negative;
      if (has_plus) *first = style_.plus;
      end = to_chars(first + (has_plus ? 1 : 0), last, literal(x), text_).ptr;
    }
    return {first, static_cast<std::size_t>(end - first)};
  }

  template <class Context>
  auto write(std::string_view text, bool is_finite, Context& context) const {
    const std::size_t padded = value_of(width_, context);
    const std::size_t padding = padded > text.size() ? padded - text.size() : 0;
    auto out = context.out();
    if (pads_with_zeros_ && alignment_ == 0 && is_finite) {
      const bool has_sign = text[0] == '-' || text[0] == '+' || text[0] == ' ';
      std::size_t prefix = has_sign ? 1 : 0;
      if (style_.conversion == 'a') prefix += 2;
      for (std::size_t i = 0; i < prefix; ++i) *out++ = text[i];
      for (std::size_t i = 0; i < padding; ++i) *out++ = '0';
      for (const char c : text.substr(prefix)) *out++ = c;
      return out;
    }
    const std::size_t before = alignment_ == '<' ? 0 : alignment_ == '^' ? padding / 2 : padding;
    for (std::size_t i = 0; i < before; ++i) out = write_fill(out);
    for (const char c : text) *out++ = c;
    for (std::size_t i = before; i < padding; ++i) out = write_fill(out);
    return out;
  }

 private:
  /// A number, or the index of the argument that holds it.
  struct count {
    int number = 0;
    int argument = -1;
  };

  [[nodiscard]] static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
  [[nodiscard]] static constexpr bool is_alignment(char c) {
    return c == '<' || c == '>' || c == '^';
  }
  [[nodiscard]] static constexpr int code_point_size(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  }
  [[nodiscard]] constexpr bool is_code() const {
    return !is_printf_ && (text_ == text_style::bits || text_ == text_style::fields);
  }

  template <class Iterator>
  [[nodiscard]] static constexpr int parse_integer(Iterator& at, Iterator end) {
    int result = 0;
    for (; at < end && is_digit(*at); ++at) {
      if (result > 99999999) Library::fail("the width or the precision is too large");
      result = 10 * result + (*at - '0');
    }
    return result;
  }
  template <class Context, class Iterator>
  [[nodiscard]] static constexpr count parse_count(Context& context, Iterator& at, Iterator end,
                                                   int missing, const char* sentence) {
    if (at < end && is_digit(*at)) return {parse_integer(at, end)};
    if (at == end || *at != '{') return {missing};
    ++at;
    const auto first = at;
    const int index = parse_integer(at, end);
    count result;
    if (at != first) {
      context.check_arg_id(static_cast<typename Library::index_type>(index));
      result.argument = index;
    } else {
      result.argument = static_cast<int>(context.next_arg_id());
    }
    if (at == end || *at != '}') Library::fail(sentence);
    ++at;
    return result;
  }

  constexpr void parse_type(char type) {
    style_.is_upper_case = type >= 'A' && type <= 'G';
    const char lower = style_.is_upper_case ? static_cast<char>(type - 'A' + 'a') : type;
    switch (lower) {
      case 'e':
      case 'f':
      case 'g':
      case 'a':
        style_.conversion = lower;
        is_printf_ = true;
        return;
      default: break;
    }
    switch (type) {
      case 'd': text_ = text_style::exact; break;
      case 'x': text_ = text_style::bits; break;
      case 'b': text_ = text_style::fields; break;
      default:
        Library::fail("the types of a number of lowp are e, f, g, a, E, F, G, A, d, x and b");
    }
    if (has_precision_) Library::fail("# and a precision are for the types e, f, g and a");
  }

  template <class Context>
  [[nodiscard]] static std::size_t value_of(const count& c, Context& context) {
    if (c.argument < 0) return static_cast<std::size_t>(c.number);
    return Library::argument(context, c.argument, [](auto value) -> std::size_t {
      if constexpr (std::is_integral_v<decltype(value)> && !std::is_same_v<decltype(value), bool>) {
        if (value >= 0 && static_cast<unsigned long long>(value) < 100000000) {
          return static_cast<std::size_t>(value);
        }
      }
      Library::fail("a width or a precision is an integer that is not negative");
      return 0;
    });
  }
  template <class Context>
  [[nodiscard]] printf_style style_in(Context& context) const {
    printf_style result = style_;
    if (has_precision_) {
      result.precision = static_cast<int>(value_of(precision_, context));
    } else if (result.conversion == 'a') {
      result.precision = -1;
    }
    return result;
  }

  template <class Iterator>
  Iterator write_fill(Iterator out) const {
    for (int i = 0; i < fill_size_; ++i) *out++ = fill_[i];
    return out;
  }

  char fill_[4] = {' '};  // one code point of UTF-8
  int fill_size_ = 1;
  char alignment_ = 0;
  bool has_sign_ = false, pads_with_zeros_ = false, has_precision_ = false, is_printf_ = false;
  count width_, precision_;
  printf_style style_;
  text_style text_ = text_style::shortest;
};

}  // namespace lowp::detail
