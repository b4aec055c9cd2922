// SPDX-License-Identifier: MIT
// A symmetric range needs a sign.
// expect: is_symmetric needs is_signed
#include "lowp/number/catalog.hpp"

#ifdef LOWP_EXPECT_FAILURE
constexpr bool is_signed = false;
#else
constexpr bool is_signed = true;
#endif

lowp::number<lowp::fixed_format{.total_bits = 8, .is_signed = is_signed, .is_symmetric = true}> x{};
