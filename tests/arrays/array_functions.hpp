// SPDX-License-Identifier: MIT
// The array functions for the tests that call them with everything there is. Their middle, for
// modes chosen at run time, is compiled once (array_functions.cpp): it is most of what such a test
// takes to compile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrays/array_cases.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/any_rounding.hpp"

#define LOWP_TEST_ENCODE(prefix, T, F)                                                        \
  prefix template void lowp::bulk::encode_array(                                              \
      const F&, std::span<const T>, std::uint8_t*, const lowp::any_rounding&, lowp::overflow, \
      lowp::missing_nan, lowp::packing, const lowp::execution&, const lowp::bulk::plan_places&);
#define LOWP_TEST_ROUND(prefix, T, F)                                                        \
  prefix template void lowp::bulk::round_span(                                               \
      const F&, std::span<const T>, std::span<T>, const lowp::any_rounding&, lowp::overflow, \
      lowp::missing_nan, const lowp::execution&, const lowp::bulk::plan_places&);
#define LOWP_TEST_ARRAY_FUNCTIONS_OF(prefix, F)                                                   \
  LOWP_TEST_ENCODE(prefix, float, F)                                                              \
  LOWP_TEST_ENCODE(prefix, double, F)                                                             \
  LOWP_TEST_ENCODE(prefix, lowp::binary16, F)                                                     \
  LOWP_TEST_ENCODE(prefix, lowp::bfloat16, F)                                                     \
  LOWP_TEST_ROUND(prefix, float, F)                                                               \
  LOWP_TEST_ROUND(prefix, double, F)                                                              \
  prefix template void lowp::bulk::decode_array(const F&, const std::uint8_t*, std::span<float>,  \
                                                lowp::packing, const lowp::kernels::value_table*, \
                                                const lowp::execution&,                           \
                                                const lowp::kernels::decode_plan*);
#define LOWP_TEST_ARRAY_FUNCTIONS(prefix)                  \
  LOWP_TEST_ARRAY_FUNCTIONS_OF(prefix, lowp::float_format) \
  LOWP_TEST_ARRAY_FUNCTIONS_OF(prefix, lowp::fixed_format) \
  LOWP_TEST_ARRAY_FUNCTIONS_OF(prefix, lowp::posit_format)

#if !defined(LOWP_TEST_DEFINES_ARRAY_FUNCTIONS)
LOWP_TEST_ARRAY_FUNCTIONS(extern)
#endif

namespace test {

/// What a call asks for besides the format.
struct request {
  lowp::any_rounding mode{};
  lowp::overflow o = lowp::overflow::to_special;
  lowp::missing_nan n = lowp::missing_nan::largest;
};

/// Encodes an array of T. From binary32 there is a function that takes a descriptor; from other
/// sources the format and the packing are template arguments.
template <class T, class F>
using encoder = void (*)(const F& f, std::span<const T> in, std::span<std::uint8_t> bytes,
                         const request& r, lowp::packing p, const lowp::execution& how);

template <class F>
void encode_late(const F& f, std::span<const float> in, std::span<std::uint8_t> bytes,
                 const request& r, lowp::packing p, const lowp::execution& how) {
  lowp::encode(f, in, bytes, r.mode, r.o, r.n, p, how);
}
template <class T, auto F, lowp::packing P = lowp::packings::low_first>
void encode_early(const decltype(F)&, std::span<const T> in, std::span<std::uint8_t> bytes,
                  const request& r, lowp::packing, const lowp::execution& how) {
  lowp::encode(in, lowp::packed_span<F, P>(bytes, in.size()), r.mode, r.o, r.n, how);
}

template <class T>
constexpr const char* source_name = std::is_same_v<T, float>            ? "binary32"
                                    : std::is_same_v<T, double>         ? "binary64"
                                    : std::is_same_v<T, lowp::binary16> ? "binary16"
                                                                        : "bfloat16";

/// Calls function(name, format, encoder) for each format.
template <class T, class Function>
void for_each_early_encoder(const Function& function) {
  test::for_each_list([&]<const auto & List>(const std::string& list) {
    using F = typename std::remove_cvref_t<decltype(List)>::value_type;
    constexpr auto encoders = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<encoder<T, F>, List.size()>{&encode_early<T, List[I]>...};
    }
    (std::make_index_sequence<List.size()>());
    for (std::size_t i = 0; i < List.size(); ++i) {
      function(list + "[" + std::to_string(i) + "]", List[i], encoders[i]);
    }
  });
}

/// One array function with all its arguments but the arrays, as a function of bytes.
struct job {
  std::string name;
  bool may_be_in_place = false;
  std::function<std::size_t(std::size_t)> in_bytes, out_bytes;  ///< of a number of elements
  /// That many elements with the bits of hard cases, over and over.
  std::function<std::vector<std::uint8_t>(std::size_t)> input;
  std::function<void(const std::uint8_t* in, std::uint8_t* out, std::size_t n,
                     const lowp::execution& how)>
      run;
  /// The same by the definition.
  std::function<void(const std::uint8_t* in, std::uint8_t* out, std::size_t n)> define;
};

/// Jobs that take every way through the array functions, with draw(index) for stochastic rounding.
[[nodiscard]] std::vector<job> jobs(std::uint64_t index = 3);

}  // namespace test
