// SPDX-License-Identifier: MIT
// What a number format is: a value that can be compared, with a width and a pair of functions
// between codes and exact values. Everything in the library that is generic over formats asks for
// this and nothing else; a new family is an aggregate and these functions in its namespace.
#pragma once

#include <concepts>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The contract of a format `f`, found by argument-dependent lookup:
///   f.bits()                      width of a code, 1 to 64
///   decode(f, code)               the exact value of a code; every code has one, NaN included
///   encode(f, value, mode, overflow, missing_nan)
///                                 the code of a value, rounded once; encode(f, decode(f, c)) is a
///                                 code of the same value. Under one mode and policy a larger value
///                                 never gets a smaller one (neighbours.hpp helps), but beyond the
///                                 ends of the range under overflow::to_zero and the wrapping ones
///   defect(f)                     null, or a sentence saying why the descriptor contradicts itself
///
/// What else a family may say, if it knows better than what its codes show: known_facts,
/// known_integers, known_grid, known_code_fields (value_facts.hpp); known_overflow(f, overflow),
/// the policy that it reads another one as; and, if its values are no multiples of powers of two,
/// its products, quotients, roots and order (number/arithmetic.hpp).
template <class F>
concept number_format = std::equality_comparable<F> &&
    requires(const F& f, code_t code, const unpacked& value) {
  { f.bits() } -> std::same_as<int>;
  { decode(f, code) } -> std::same_as<unpacked>;
  {
    encode(f, value, nearest_even, overflow::saturate, missing_nan::largest)
    } -> std::same_as<code_t>;
  { defect(f) } -> std::same_as<const char*>;
};

namespace detail {

/// A sentence that can be a template argument: g++ prints it whole.
struct sentence {
  char text[128] = {};
  explicit constexpr sentence(const char* from) {
    for (int i = 0; from != nullptr && from[i] != 0 && i < 127; ++i) text[i] = from[i];
  }
};

void the_format_descriptor_contradicts_itself();  // never defined

/// Not a constant expression if there is a defect: clang prints the argument.
constexpr bool is_free_of_defects(const char* defect) {
  if (defect != nullptr) the_format_descriptor_contradicts_itself();
  return true;
}

template <sentence Defect>
inline constexpr bool no_defect = is_free_of_defects(Defect.text[0] == 0 ? nullptr : Defect.text);

}  // namespace detail

/// True for a valid descriptor, of numbers or of blocks; otherwise an error whose text holds the
/// sentence of defect(F).
template <auto F>
inline constexpr bool is_valid_format =
    detail::is_free_of_defects(defect(F)) && detail::no_defect<detail::sentence(defect(F))>;

}  // namespace lowp
