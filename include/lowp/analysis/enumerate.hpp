// SPDX-License-Identifier: MIT
// All values of a format, for tests, tables and plots.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/concepts.hpp"

namespace lowp {

struct enumerated_value {
  code_t code;
  unpacked value;
};

/// The finite values of a format of at most 24 bits, ascending; codes of equal values stand next to
/// each other, -0 before +0. Throws std::invalid_argument for a wider format.
template <number_format F>
[[nodiscard]] std::vector<enumerated_value> finite_values(const F& format) {
  if (format.bits() > 24) {
    refuse("finite_values: format has " + std::to_string(format.bits()) +
           " bits, expected at most 24");
  }
  std::vector<enumerated_value> values;
  for (code_t code = 0; code < code_t{1} << format.bits(); ++code) {
    const unpacked value = decode(format, code);
    if (value.is_finite()) values.push_back({code, value});
  }
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    const auto order = exact::compare(a.value, b.value);
    if (order != 0) return order < 0;
    return a.value.negative != b.value.negative ? a.value.negative : a.code < b.code;
  });
  return values;
}

}  // namespace lowp
