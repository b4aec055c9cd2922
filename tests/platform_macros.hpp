// SPDX-License-Identifier: MIT
// What headers of platforms define: a header of lowp compiles with all of it in force. Words that a
// platform expands everywhere are given a replacement that no declaration survives.
#pragma once

// Headers of the standard library and of the compiler come first in such programs, too: some of
// them do not compile behind these macros.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <climits>
#include <cmath>
#include <compare>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#define LOWP_TEST_BREAKS @  // not a token of C++

// Windows: windows.h, rpcndr.h, wingdi.h, minwindef.h.
#undef min
#undef max
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper LOWP_TEST_BREAKS
#define near
#define far
#define pascal LOWP_TEST_BREAKS
#define cdecl LOWP_TEST_BREAKS
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define DELETE 0x10000
#define STRICT 1
#define OPAQUE 2
#define TRANSPARENT 1
#define ABSOLUTE 1
#define RELATIVE 2
#define RGB(r, g, b) LOWP_TEST_BREAKS
#define TEXT(x) LOWP_TEST_BREAKS

// Arduino: Arduino.h, binary.h, registers.
#undef abs
#undef round
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define constrain(x, low, high) LOWP_TEST_BREAKS
#define radians(x) LOWP_TEST_BREAKS
#define degrees(x) LOWP_TEST_BREAKS
#define sq(x) ((x) * (x))
#define word(...) LOWP_TEST_BREAKS
#define bit(b) (1UL << (b))
#define bitRead(value, bit) LOWP_TEST_BREAKS
#define lowByte(w) LOWP_TEST_BREAKS
#define highByte(w) LOWP_TEST_BREAKS
#define F(string_literal) LOWP_TEST_BREAKS
#define interrupts() LOWP_TEST_BREAKS
#define _BV(bit) (1 << (bit))
#define PI 3.1415926535897932384626433832795
#define HALF_PI 1.5707963267948966192313216916398
#define EULER 2.718281828459045235360287471352
#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x0
#define OUTPUT 0x1
#define CHANGE 1
#define DEFAULT 1
#define EXTERNAL 0
#define INTERNAL 3
#define B0 0
#define B1 1
#define B10 2
#define B11 3

// Apple: AssertMacros.h.
#define check(assertion) LOWP_TEST_BREAKS
#define verify(assertion) LOWP_TEST_BREAKS
#define require(assertion, label) LOWP_TEST_BREAKS
#define require_noerr(error, label) LOWP_TEST_BREAKS

// C: complex.h, and the matherr of old math.h.
#undef I
#define I LOWP_TEST_BREAKS
#define complex LOWP_TEST_BREAKS
#define imaginary LOWP_TEST_BREAKS
#undef DOMAIN
#undef SING
#undef OVERFLOW
#undef UNDERFLOW
#define DOMAIN 1
#define SING 2
#define OVERFLOW 3
#define UNDERFLOW 4
#define PLOSS 6
#define TLOSS 5

// Unix: sys/sysmacros.h, sys/param.h, the names of systems without -std, X11, Qt, OpenCV and
// LAPACK.
#undef major
#undef minor
#undef linux
#undef unix
#define major(device) LOWP_TEST_BREAKS
#define minor(device) LOWP_TEST_BREAKS
#define makedev(major, minor) LOWP_TEST_BREAKS
#define linux 1
#define unix 1
#define arm 1
#define i386 1
#define MIN(a, b) LOWP_TEST_BREAKS
#define MAX(a, b) LOWP_TEST_BREAKS
#define howmany(x, y) LOWP_TEST_BREAKS
#define roundup(x, y) LOWP_TEST_BREAKS
#define powerof2(x) LOWP_TEST_BREAKS
#define None 0L
#define Bool int
#define Status int
#define Success 0
#define Always 2
#define Above 0
#define Below 1
#define True 1
#define False 0
#define signals public
#define slots
#define emit
#define foreach(x, y) LOWP_TEST_BREAKS
#define forever for (;;)
#define CV_8U 0
#define lapack_int int

// Single capital letters, as registers and constants of many embedded headers are called.
#define E LOWP_TEST_BREAKS
#define G LOWP_TEST_BREAKS
#define H LOWP_TEST_BREAKS
#define J LOWP_TEST_BREAKS
#define K LOWP_TEST_BREAKS
#define L LOWP_TEST_BREAKS
#define N LOWP_TEST_BREAKS
#define O LOWP_TEST_BREAKS
#define Q LOWP_TEST_BREAKS
#define S LOWP_TEST_BREAKS
#define U LOWP_TEST_BREAKS
#define Z LOWP_TEST_BREAKS
#define M LOWP_TEST_BREAKS
#define ES LOWP_TEST_BREAKS
#define CS LOWP_TEST_BREAKS
#define DS LOWP_TEST_BREAKS
