// SPDX-License-Identifier: MIT
// Elementary functions of arrays of binary32, bit for bit those of functions/reference.hpp for any
// `execution`, compiler and floating-point environment.
//
//   functions::exp(x, y)               y[i] = e^x[i]
//   functions::exp(x, x, threads{4})   in place
//   functions::pow(x, y, z)            z[i] = x[i]^y[i]; z may be x or y
//   functions::max_error_ulp::exp      the most that a result is off, in units in its last place
//                                      (2^-149 if it is subnormal), measured over all numbers,
//                                      of pow over millions of pairs
//
// There are exp exp2 exp10 expm1 log log2 log10 log1p pow tanh sigmoid silu sqrt rsqrt cbrt erf
// erfc gelu lgamma sin cos tan, and what else kernels/functions/list.inc lists. Zeros, infinities
// and their like give what clause 9.2 of IEEE 754-2019 says, of NaN and outside a domain the result
// is the NaN 0x7FC00000; subnormal numbers are numbers as others are. No exception flags are
// promised.
//
// Throw std::invalid_argument before anything is written if sizes differ, an array with elements is
// null, or input and output overlap without being the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/functions/reference.hpp"
#include "lowp/kernels/functions/functions.hpp"

namespace lowp {

inline namespace LOWP_BASELINE {
namespace bulk {

using unary_function = void (*)(isa, const float*, std::size_t, float*);
using binary_function = void (*)(isa, const float*, const float*, std::size_t, float*);

/// y by parts of a function of one or more arrays: part(first, count, to).
template <class Part>
void evaluate_parts(const char* name, std::initializer_list<std::span<const float>> in,
                    std::span<float> y, const execution& how, const Part& part) {
  for (const std::span<const float> x : in) {
    lowp::detail::require_same_size(name, y.size(), x.size());
    lowp::detail::require_apart(name, bytes_of(x), bytes_of(y), true);
  }
  const auto run = [&](std::size_t first, std::size_t count, std::uint8_t* to) {
    part(first, count, reinterpret_cast<float*>(to));
  };
  run_bulk(how,
           {.in = in.begin()->data(),
            .in_bits = 32,
            .out = y.data(),
            .out_bits = 32,
            .count = y.size(),
            .may_stream = false},
           bulk_part(run));
}
inline void evaluate(const char* name, unary_function f, std::span<const float> x,
                     std::span<float> y, const execution& how) {
  evaluate_parts(name, {x}, y, how, [&](std::size_t first, std::size_t count, float* to) {
    f(how.level(), x.data() + first, count, to);
  });
}
inline void evaluate(const char* name, binary_function f, std::span<const float> a,
                     std::span<const float> b, std::span<float> y, const execution& how) {
  evaluate_parts(name, {a, b}, y, how, [&](std::size_t first, std::size_t count, float* to) {
    f(how.level(), a.data() + first, b.data() + first, count, to);
  });
}

}  // namespace bulk

namespace functions::max_error_ulp {

#define LOWP_FUNCTION(name, error) inline constexpr double name = error;
#define LOWP_FUNCTION_OF_TWO(name, error) inline constexpr double name = error;
#include "lowp/kernels/functions/list.inc"

}  // namespace functions::max_error_ulp

namespace functions {

#define LOWP_FUNCTION(name, error)                                                            \
  inline void name(std::span<const float> x, std::span<float> y, const execution& how = {}) { \
    bulk::evaluate(#name, kernels::name##_array, x, y, how);                                  \
  }
#define LOWP_FUNCTION_OF_TWO(name, error)                                                  \
  inline void name(std::span<const float> a, std::span<const float> b, std::span<float> y, \
                   const execution& how = {}) {                                            \
    bulk::evaluate(#name, kernels::name##_array, a, b, y, how);                            \
  }
#include "lowp/kernels/functions/list.inc"

}  // namespace functions
}  // namespace LOWP_BASELINE
}  // namespace lowp
