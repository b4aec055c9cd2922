// SPDX-License-Identifier: MIT
// A packed span of a pointer, of which nobody knows how many bytes it points to.
// expect: packed_span takes a span of bytes and the number of codes
// errors: 1
#include "lowp/arrays/packed_span.hpp"
#include "lowp/number/catalog.hpp"

std::uint8_t bytes[3] = {};
std::uint8_t* const pointer = bytes;
const lowp::packed_span<lowp::formats::e2m1> of_array(bytes, 5);
const lowp::packed_span<lowp::formats::e2m1> of_pointer({pointer, 3}, 5);
#ifdef LOWP_EXPECT_FAILURE
const lowp::packed_span<lowp::formats::e2m1> refused(pointer, 5);
#endif
