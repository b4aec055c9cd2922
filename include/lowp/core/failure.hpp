// SPDX-License-Identifier: MIT
// How a function refuses its arguments: the one place of the library that throws. Without
// exceptions (-fno-exceptions) a handler, which a program may replace, is called instead and the
// program ends.
#pragma once

#include <atomic>
#include <string>

#include "lowp/core/config.hpp"

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#include <new>
#include <stdexcept>
#define LOWP_HAS_EXCEPTIONS 1
#define LOWP_TRY try
#define LOWP_CATCH(declaration) catch (declaration)
#else
#include <cstdio>
#include <cstdlib>
#define LOWP_HAS_EXCEPTIONS 0
#define LOWP_TRY if constexpr (true)
#define LOWP_CATCH(declaration) else
#endif

namespace lowp {

/// Receives the text of the exception that would have been thrown. If it returns, the program is
/// aborted.
using failure_handler = void (*)(const char* message);

namespace detail {

inline std::atomic<failure_handler> current_failure_handler = nullptr;

#if !LOWP_HAS_EXCEPTIONS
[[noreturn]] inline void fail(const char* message) {
  if (const failure_handler handler = current_failure_handler.load()) {
    handler(message);
  } else {
    std::fprintf(stderr, "lowp: %s\n", message);
  }
  std::abort();
}
#endif

/// Where memory was asked for without exceptions, as parts of work do, which may not throw: throws
/// std::bad_alloc.
[[noreturn]] inline void fail_for_lack_of_memory() {
#if LOWP_HAS_EXCEPTIONS
  throw std::bad_alloc();
#else
  fail("out of memory");
#endif
}

}  // namespace detail

/// What a program compiled without exceptions calls when a function refuses its arguments, before
/// std::abort(); returns the handler so far. Null, as at the start, prints the text to stderr. A
/// program with exceptions never calls it.
inline failure_handler set_failure_handler(failure_handler handler) {
  return detail::current_failure_handler.exchange(handler);
}

/// Refuses the arguments of a function: throws std::invalid_argument. `message` names the function,
/// the argument, its value and what was expected.
[[noreturn]] inline void refuse(const std::string& message) {
#if LOWP_HAS_EXCEPTIONS
  throw std::invalid_argument(message);
#else
  detail::fail(message.c_str());
#endif
}

}  // namespace lowp
