// SPDX-License-Identifier: MIT
// <cmath> for all faces of numbers, found by argument-dependent lookup: sin(x), pow(x, 2),
// fmax(0.0, x). For std::sin(x) see std_math.hpp.
#pragma once

#include "lowp/number/elementary.hpp"
#include "lowp/number/exact_math.hpp"
