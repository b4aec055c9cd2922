// SPDX-License-Identifier: MIT
// An older language: one sentence, and no further errors after the compiler has been stopped.
// flag: -std=c++17
// expect: lowp needs C\+\+20 or newer: compile with -std=c\+\+20
// errors: 2
#include <lowp/lowp.hpp>

constexpr lowp::e4m3fn x(1.5);
