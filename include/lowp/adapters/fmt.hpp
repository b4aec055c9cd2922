// SPDX-License-Identifier: MIT
// fmt::format for numbers. The specification is [[fill]align][width][type] of fmt, numbers aligned
// to the right unless it says otherwise, with the types
//   none shortest decimal   d exact decimal   a hexadecimal float   x code   b fields of the code
// (text.hpp describes them). For fmt 9.1 and later.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <type_traits>

#include "lowp/number/text.hpp"

namespace lowp::detail {

/// A format specification for text that is already made.
struct fmt_specification {
  char fill[4] = {' '};  // one code point of UTF-8
  int fill_size = 1;
  char alignment = '>';
  int width = 0;
  int width_argument = -1;  // the argument that holds the width, if it is not -1
  text_style style = text_style::shortest;

  template <class Context>
  constexpr auto parse(Context& context) {
    auto at = context.begin();
    const auto end = context.end();
    const auto is_alignment = [&](auto p) {
      return p < end && (*p == '<' || *p == '>' || *p == '^');
    };
    // 1. [[fill]align]
    const int first_size = at < end ? code_point_size(*at) : 1;
    if (end - at > first_size && *at != '{' && is_alignment(at + first_size)) {
      for (fill_size = 0; fill_size < first_size; ++fill_size) fill[fill_size] = *at++;
    }
    if (is_alignment(at)) alignment = *at++;
    // 2. [width]: a number, {} or {n}
    if (at < end && *at == '{') {
      ++at;
      const auto first = at;
      const int index = parse_integer(at, end);
      if (at != first) {
        context.check_arg_id(index);
        width_argument = index;
      } else {
        width_argument = context.next_arg_id();
      }
      if (at == end || *at != '}') throw fmt::format_error("a width must be a number, {} or {n}");
      ++at;
    } else {
      width = parse_integer(at, end);
    }
    // 3. [type]
    if (at < end && *at != '}') style = style_of(*at++);
    if (at < end && *at != '}') {
      throw fmt::format_error("a number of lowp takes [[fill]align][width][type]");
    }
    return at;
  }

  template <class Context>
  auto write(fmt::string_view text, Context& context) const {
    const std::size_t padded = width_in(context);
    const std::size_t padding = padded > text.size() ? padded - text.size() : 0;
    const std::size_t before = alignment == '<' ? 0 : alignment == '>' ? padding : padding / 2;
    auto out = context.out();
    for (std::size_t i = 0; i < before; ++i) out = write_fill(out);
    for (const char c : text) *out++ = c;
    for (std::size_t i = before; i < padding; ++i) out = write_fill(out);
    return out;
  }

 private:
  [[nodiscard]] static constexpr int code_point_size(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  }

  template <class Iterator>
  [[nodiscard]] static constexpr int parse_integer(Iterator& at, Iterator end) {
    int result = 0;
    for (; at < end && *at >= '0' && *at <= '9'; ++at) {
      if (result > 99999999) throw fmt::format_error("the width is too large");
      result = 10 * result + (*at - '0');
    }
    return result;
  }

  [[nodiscard]] static constexpr text_style style_of(char type) {
    switch (type) {
      case 'd': return text_style::exact;
      case 'a': return text_style::hex_float;
      case 'x': return text_style::bits;
      case 'b': return text_style::fields;
      default: throw fmt::format_error("the types of a number of lowp are d, a, x and b");
    }
  }

  template <class Context>
  [[nodiscard]] std::size_t width_in(Context& context) const {
    if (width_argument < 0) return static_cast<std::size_t>(width);
    const auto as_size = [](auto value) -> std::size_t {
      if constexpr (std::is_integral_v<decltype(value)> && !std::is_same_v<decltype(value), bool>) {
        if (value >= 0 && static_cast<unsigned long long>(value) < 100000000) {
          return static_cast<std::size_t>(value);
        }
      }
      throw fmt::format_error("a width is an integer that is not negative");
    };
#if FMT_VERSION >= 110000
    return context.arg(width_argument).visit(as_size);
#else
    return fmt::visit_format_arg(as_size, context.arg(width_argument));
#endif
  }

  template <class Iterator>
  Iterator write_fill(Iterator out) const {
    for (int i = 0; i < fill_size; ++i) *out++ = fill[i];
    return out;
  }
};

}  // namespace lowp::detail

template <auto F>
struct fmt::formatter<lowp::number<F>> {
  constexpr auto parse(fmt::format_parse_context& context) { return specification_.parse(context); }

  template <class Context>
  auto format(lowp::number<F> x, Context& context) const {
    const lowp::text_style style = specification_.style;
    fmt::basic_memory_buffer<char, 64> text;
    text.resize(static_cast<std::size_t>(lowp::max_chars<F>(style)));
    const char* const end = lowp::to_chars(text.begin(), text.end(), x, style).ptr;
    return specification_.write({text.data(), static_cast<std::size_t>(end - text.data())},
                                context);
  }

 private:
  lowp::detail::fmt_specification specification_;
};
