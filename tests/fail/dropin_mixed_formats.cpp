// SPDX-License-Identifier: MIT
// Operands of two formats do not say the format of the result in the drop-in face either.
// expect: deleted
// expect: different_types_need_the_type_of_the_result
#include "lowp/number/dropin.hpp"

using namespace lowp;

const auto sum = dropin::binary16(dropin::bfloat16(1)) + dropin::binary16(2);
#ifdef LOWP_EXPECT_FAILURE
const auto mixed = dropin::bfloat16(1) + dropin::binary16(2);
#endif
