// SPDX-License-Identifier: MIT
// fmt::format for numbers of all faces; format_specification.hpp describes the specification. For
// fmt 9.1 and later.
#pragma once

#include <fmt/format.h>

#include <cstddef>

#include "lowp/adapters/format_specification.hpp"
#include "lowp/number/number.hpp"

namespace lowp::detail {

struct fmt_library {
  using index_type = int;
  [[noreturn]] static void fail(const char* sentence) { throw fmt::format_error(sentence); }
  template <class Context, class Visitor>
  [[nodiscard]] static std::size_t argument(Context& context, int index, Visitor visitor) {
#if FMT_VERSION >= 110000
    return context.arg(index).visit(visitor);
#else
    return fmt::visit_format_arg(visitor, context.arg(index));
#endif
  }
};

}  // namespace lowp::detail

template <lowp::number_type T>
struct fmt::formatter<T> {
  constexpr auto parse(fmt::format_parse_context& context) { return specification_.parse(context); }

  template <class Context>
  auto format(T x, Context& context) const {
    fmt::basic_memory_buffer<char, 64> text;
    text.resize(specification_.template room<T::format>(context));
    return specification_.write(specification_.text(text.begin(), text.end(), x, context),
                                unpack(x).is_finite(), context);
  }

 private:
  lowp::detail::format_specification<lowp::detail::fmt_library> specification_;
};
