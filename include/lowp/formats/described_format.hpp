// SPDX-License-Identifier: MIT
// A format that an object has: part of its type, or known when a program runs.
#pragma once

#include <type_traits>

#include "lowp/formats/concepts.hpp"

namespace lowp {

/// A format that is part of a type. What depends on it alone is decided when a program is compiled.
template <auto F>
struct constant_format {
  static_assert(is_valid_format<F>);
  using type = std::remove_cv_t<decltype(F)>;
  static constexpr bool is_constant = true;
  static constexpr type value = F;
};
/// A format, of numbers or of blocks, that is known when a program runs.
template <class F>
struct variable_format {
  using type = F;
  static constexpr bool is_constant = false;
  type value;
};

}  // namespace lowp
