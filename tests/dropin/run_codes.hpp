// SPDX-License-Identifier: MIT
// Runs numeric codes, templates over the type of their numbers, with the drop-in types and says
// whether the results are right:
//   binary32 gives float's bits where a code says that it only adds, subtracts, multiplies, divides
//   and takes square roots, all in its own type;
//   number<F> and rounded<F> give the same codes;
//   dynamic gives the numbers of number<binary16> and, of those codes, float's;
//   the results of all are as near to those of double as the spacing of their numbers lets expect.
// The codes compile with float, double and each drop-in type, with nothing but the type exchanged.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/dynamic.hpp"
#include "lowp/number/rounded.hpp"

namespace test {

/// What a code does besides + − × ÷ and square roots of its own type.
enum class operations { basic, others, none };

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
  /// Errors that are the method's own.
  double least_error = 0;
};

/// Several lists of codes in one.
template <class... Lists>
auto joined(const Lists&... lists) {
  std::vector<typename std::common_type_t<Lists...>::value_type> all;
  (all.insert(all.end(), lists.begin(), lists.end()), ...);
  return all;
}

/// The types that codes run with, besides double. With binary32, float's bits are checked.
template <auto... F>
struct number_of {};
template <auto... F>
struct number_and_rounded_of {};

template <class Both, class One>
struct types {};
using all_types = types<number_and_rounded_of<lowp::formats::binary16, lowp::formats::bfloat16>,
                        number_of<lowp::formats::binary32, lowp::formats::e5m2, lowp::formats::tf32,
                                  lowp::formats::posit<16, 1>, lowp::formats::posit<32, 2>,
                                  lowp::formats::fixed<32, 16>>>;
/// For codes that take long to compile.
using few_types = types<number_and_rounded_of<lowp::formats::binary16>,
                        number_of<lowp::formats::binary32, lowp::formats::posit<16, 1>>>;

inline std::uint64_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
inline std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
template <lowp::number_type T>
std::uint64_t bits_of(T x) {
  // A rounded that is a NaN has no sign.
  return isnan(x) ? ~std::uint64_t{0} : std::uint64_t{x.code()};
}

template <class real>
std::vector<std::uint64_t> bits_of(const std::vector<real>& results) {
  std::vector<std::uint64_t> bits;
  for (const real& x : results) bits.push_back(bits_of(x));
  return bits;
}

/// The distance from a number of T to the next, near x.
template <class T>
double spacing_at(double x) {
  using std::nextafter;
  const T low = static_cast<T>(x);
  return static_cast<double>(nextafter(low, (std::numeric_limits<T>::max)())) -
         static_cast<double>(low);
}

/// What a code computed, without the type of its numbers.
struct outcome {
  std::string code;
  operations uses;
  std::vector<std::uint64_t> bits;
  std::vector<double> values;
  double bound;  ///< of the error
};
using outcomes = std::vector<outcome>;

/// Runs codes; those for double, which come first, are the reference for the bounds of errors.
template <class real>
outcomes outcomes_of(const std::vector<code<real>>& codes, const outcomes& reference) {
  outcomes results;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const code<real>& c = codes[i];
    const std::vector<real> computed = c.run();
    outcome result{c.name, c.uses, bits_of(computed), {}, std::numeric_limits<double>::infinity()};
    for (const real& x : computed) result.values.push_back(static_cast<double>(x));
    if (!reference.empty() &&
        static_cast<double>((std::numeric_limits<real>::max)()) >= c.largest) {
      double largest = 0;
      for (const double x : reference[i].values) largest = (std::max)(largest, std::abs(x));
      result.bound = (std::max)(c.tolerance * spacing_at<real>(largest), c.least_error);
    }
    results.push_back(std::move(result));
  }
  return results;
}

inline void check_errors(const outcomes& actual, const outcomes& reference) {
  REQUIRE(actual.size() == reference.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO(actual[i].code);
    const std::size_t count = reference[i].values.size();
    REQUIRE(count > 0);
    REQUIRE(actual[i].values.size() == count);
    double error = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double difference = std::abs(actual[i].values[k] - reference[i].values[k]);
      if (!(difference <= error)) error = difference;  // and so it is NaN if one is
      if (std::isnan(error)) break;
    }
    if (std::isfinite(actual[i].bound)) CHECK(error <= actual[i].bound);
  }
}

/// For the codes of `expected`, of which there may be fewer, that use some operations only.
inline void check_bits(const outcomes& actual, const outcomes& expected, operations all_but) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(actual[i].code);
    if (actual[i].uses != all_but) CHECK(actual[i].bits == expected[i].bits);
  }
}

/// As above, of the values: dynamic has the codes of no format.
inline void check_values(const outcomes& actual, const outcomes& expected, operations all_but) {
  const auto bits = [](const std::vector<double>& values) {
    std::vector<std::uint64_t> all;
    for (const double x : values) all.push_back(std::isnan(x) ? ~std::uint64_t{0} : bits_of(x));
    return all;
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(actual[i].code);
    if (actual[i].uses != all_but) CHECK(bits(actual[i].values) == bits(expected[i].values));
  }
}

/// With formats that are chosen at run time.
template <class Codes>
void check_dynamic(Codes codes) {
  const auto run = [&](const auto& format) {
    const lowp::dropin::precision_scope scope(format);
    return outcomes_of(codes(lowp::dropin::dynamic{}), {});
  };
  using half = lowp::dropin::binary16;
  check_values(run(lowp::formats::binary16), outcomes_of(codes(half{}), {}), operations::none);
  check_values(run(lowp::formats::binary32), outcomes_of(codes(float{}), {}), operations::others);
}

template <auto F, class Codes>
outcomes check_number(Codes codes, const outcomes& reference) {
  INFO(std::string(lowp::name(F)));
  outcomes results = outcomes_of(codes(lowp::dropin::number<F>{}), reference);
  check_errors(results, reference);
  return results;
}

/// `codes` is called with a number of each type and returns a vector of code<real>.
template <auto... Both, auto... One, class Codes>
void check_codes(types<number_and_rounded_of<Both...>, number_of<One...>>, Codes codes) {
  const outcomes reference = outcomes_of(codes(double{}), {});
  [[maybe_unused]] const auto check_one = [&]<auto F>() {
    const outcomes results = check_number<F>(codes, reference);
    if constexpr (std::same_as<lowp::number<F>, lowp::binary32>) {
      check_bits(results, outcomes_of(codes(float{}), {}), operations::others);
    }
  };
  [[maybe_unused]] const auto check_both = [&]<auto F>() {
    const outcomes results = check_number<F>(codes, reference);
    INFO("rounded " << std::string(lowp::name(F)));
    check_bits(results, outcomes_of(codes(lowp::dropin::rounded<F>{}), {}), operations::none);
  };
  (check_one.template operator()<One>(), ...);
  (check_both.template operator()<Both>(), ...);
}

}  // namespace test
