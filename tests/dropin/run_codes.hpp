// SPDX-License-Identifier: MIT
// Runs numeric codes, templates over the type of their numbers, with the drop-in types and says
// whether the results are right:
//   binary32 gives float's bits where a code says that it only adds, subtracts, multiplies, divides
//   and takes square roots, all in its own type;
//   number<F> and rounded<F> give the same codes;
//   the results of all are as near to those of double as the spacing of their numbers lets expect.
// The codes compile with float, double and each drop-in type, with nothing but the type exchanged.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/rounded.hpp"

namespace test {

/// What a code does besides + − × ÷ and square roots of its own type.
enum class operations { basic, others };

/// A numeric code.
template <class real>
struct code {
  const char* name;
  std::vector<real> (*run)();
  /// Bound of the error of results, in spacings of the type at the largest result.
  double tolerance;
  operations uses = operations::basic;
  /// The largest number that the code meets: the bound does not hold for types that end before.
  double largest = 16;
};

template <auto... F>
struct format_list {};

using all_formats =
    format_list<lowp::formats::binary16, lowp::formats::bfloat16, lowp::formats::e5m2,
                lowp::formats::tf32, lowp::formats::posit<16, 1>, lowp::formats::posit<32, 2>,
                lowp::formats::fixed<32, 16>>;
/// For codes that take long to compile.
using few_formats = format_list<lowp::formats::binary16, lowp::formats::posit<16, 1>>;

inline std::uint64_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
template <lowp::number_type T>
std::uint64_t bits_of(T x) {
  // The face that computes in float knows no sign of a NaN.
  return isnan(x) ? ~std::uint64_t{0} : std::uint64_t{x.code()};
}

template <class real>
std::vector<std::uint64_t> bits_of(const std::vector<real>& results) {
  std::vector<std::uint64_t> bits;
  for (const real x : results) bits.push_back(bits_of(x));
  return bits;
}

/// The distance from a number of T to the next, near x.
template <class T>
double spacing_at(double x) {
  const T low(x);
  return static_cast<double>(nextafter(low, (std::numeric_limits<T>::max)())) -
         static_cast<double>(low);
}

/// In spacings of the type; infinity if a result is none.
template <class real>
double error_of(const std::vector<real>& results, const std::vector<double>& reference) {
  double largest = 0, error = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto x = static_cast<double>(results[i]);
    if (!std::isfinite(x)) return std::numeric_limits<double>::infinity();
    largest = (std::max)(largest, std::abs(reference[i]));
    error = (std::max)(error, std::abs(x - reference[i]));
  }
  return error / spacing_at<real>(largest);
}

using all_results = std::vector<std::vector<double>>;

template <class real>
void check_against_double(const code<real>& code, const std::vector<real>& results,
                          const std::vector<double>& reference) {
  REQUIRE(results.size() == reference.size());
  if (static_cast<double>((std::numeric_limits<real>::max)()) < code.largest) return;
  CHECK(error_of(results, reference) <= code.tolerance);
}

template <class Codes>
all_results results_of_double(Codes codes) {
  all_results results;
  for (const auto& code : codes(double{})) {
    results.push_back(code.run());
    INFO(code.name);
    REQUIRE(!results.back().empty());
  }
  return results;
}

template <class Codes>
void check_binary32(Codes codes, const all_results& reference) {
  const auto expected = codes(float{});
  const auto actual = codes(lowp::dropin::binary32{});
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO(actual[i].name);
    const auto results = actual[i].run();
    check_against_double(actual[i], results, reference[i]);
    if (actual[i].uses == operations::basic) CHECK(bits_of(results) == bits_of(expected[i].run()));
  }
}

template <auto F, class Codes>
void check_faces(Codes codes, const all_results& reference) {
  INFO(std::string(lowp::name(F)));
  const auto of_number = codes(lowp::dropin::number<F>{});
  const auto of_rounded = codes(lowp::dropin::rounded<F>{});
  for (std::size_t i = 0; i < of_number.size(); ++i) {
    INFO(of_number[i].name);
    const auto results = of_number[i].run();
    check_against_double(of_number[i], results, reference[i]);
    CHECK(bits_of(results) == bits_of(of_rounded[i].run()));
  }
}

/// Codes is called with a number of each type and returns a vector of code<real>.
template <auto... F, class Codes>
void check_codes(format_list<F...>, Codes codes) {
  const all_results reference = results_of_double(codes);
  check_binary32(codes, reference);
  (check_faces<F>(codes, reference), ...);
}

}  // namespace test
