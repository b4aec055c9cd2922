// SPDX-License-Identifier: MIT
// std::format for numbers of all faces, where the standard library has it; format_specification.hpp
// describes the specification. Without <format> this header declares nothing.
#pragma once

#include <version>

#if defined(__cpp_lib_format)
#include <cstddef>
#include <format>
#include <string>

#include "lowp/adapters/format_specification.hpp"
#include "lowp/number/number.hpp"

namespace lowp::detail {

struct std_library {
  using index_type = std::size_t;
  [[noreturn]] static void fail(const char* sentence) { throw std::format_error(sentence); }
  template <class Context, class Visitor>
  [[nodiscard]] static std::size_t argument(Context& context, int index, Visitor visitor) {
    return std::visit_format_arg(visitor, context.arg(static_cast<std::size_t>(index)));
  }
};

}  // namespace lowp::detail

template <lowp::number_type T>
struct std::formatter<T, char> {
  constexpr auto parse(std::format_parse_context& context) { return specification_.parse(context); }

  template <class Context>
  auto format(T x, Context& context) const {
    std::string text(specification_.template room<T::format>(context), '\0');
    return specification_.write(
        specification_.text(text.data(), text.data() + text.size(), x, context),
        unpack(x).is_finite(), context);
  }

 private:
  lowp::detail::format_specification<lowp::detail::std_library> specification_;
};
#endif
