// SPDX-License-Identifier: MIT
// A family of a program cannot take the number that a family of the library has in saved files.
// expect: families have no numbers in saved files but those of the library
// errors: 1
#include "lowp/formats/fields.hpp"

namespace own {
struct format {
  int total_bits = 8, exponent_bits = 2;
};
constexpr auto known_fields(const format& f) {
  return lowp::format_fields{"format",
                             {{"total_bits", f.total_bits}, {"exponent_bits", f.exponent_bits}}
#ifdef LOWP_EXPECT_FAILURE
                             ,
                             3
#endif
  };
}
}  // namespace own

static_assert(known_fields(own::format{}).list[0].value == 8);
