// SPDX-License-Identifier: MIT
// Where elements lie: every packing, every length up to some groups of lanes, arrays that begin
// anywhere. On every instruction set what belongs to the elements is as the definition says, and
// everything beside it as it was.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "arrays/array_cases.hpp"
#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/reference.hpp"
#include "oracle.hpp"
#include "share.hpp"

namespace {

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using lowp::code_t;
using lowp::float_format;
using lowp::isa;
using lowp::packing;
using test::encode_early;
using test::encode_late;
using test::encoder;
using test::framed;
using test::request;

constexpr std::size_t longest = 257;

// clang-format off
constexpr std::array packings_to_test{
    packings::low_first, packings::high_first, packings::byte_low, packings::byte_high, packings::four_in_32_bits,
    packings::sixteen_in_16_bytes, packings::split_half<16>, packings::split_half<32>, packings::awq,
    // Of no one's: groups that end within bytes, or are large, and orders from the other end.
    packing{.group_size = 3}, packing{.group_size = 3, .container_bits = 25},
    packing{.group_size = 5, .container_bits = 64, .is_msb_first = true},
    packing{.group_size = 6, .order = lowp::slot_order::evens_first, .is_msb_first = true},
    packing{.group_size = 10, .order = lowp::slot_order::halves, .is_msb_first = true},
    packing{.group_size = 64, .container_bits = 520, .order = lowp::slot_order::halves}};

/// One format for each width.
constexpr std::array widths{
    float_format{.exponent_bits = 1, .mantissa_bits = 0, .has_infinity = false}, formats::p3109(3, 2, true, true),
    formats::e2m1, formats::e2m2, formats::e2m3, float_format{.exponent_bits = 3, .mantissa_bits = 3}, formats::e4m3fn,
    float_format{.exponent_bits = 4, .mantissa_bits = 4}, formats::p3109(12, 5, true, true), formats::bfloat16,
    float_format{.exponent_bits = 8, .mantissa_bits = 11}, float_format{.exponent_bits = 5, .mantissa_bits = 22}};
// clang-format on

/// The codes and the rounded values of `in`, one by one.
template <class T, class F>
std::vector<code_t> codes_of(const F& f, const std::vector<T>& in, const request& r) {
  std::vector<code_t> codes(in.size());
  constexpr packing whole_words{.container_bits = 64};
  lowp::reference::encode(f, std::span<const T>(in), reinterpret_cast<std::uint8_t*>(codes.data()),
                          r.mode, r.o, r.n, whole_words);
  return codes;
}

/// The last inputs for a format: those with infinities and NaNs among them; or the first.
template <class T, class F>
std::vector<T> some_inputs(const F& f, bool has_specials) {
  const std::vector<T> all = test::inputs<T>(f);
  std::vector<T> list;
  for (std::size_t i = 0; i < longest; ++i) {
    list.push_back(all[(has_specials ? all.size() - 1 - i : i) % all.size()]);
  }
  return list;
}

/// Calls function(n, in_offset, out_offset) for every length with some offsets, in elements, and
/// for some lengths with every offset.
template <class Function>
void for_each_placement(std::size_t in_offsets, std::size_t out_offsets, const Function& function) {
  for (std::size_t n = 0; n <= longest; ++n) {
    if (!test::takes_next_case()) continue;
    function(n, 0, 0);
    function(n, n % in_offsets, n / 2 % out_offsets);
  }
  for (const std::size_t n : {1u, 40u, 64u, 129u}) {
    for (std::size_t in_offset = 0; in_offset < in_offsets; ++in_offset) {
      for (std::size_t out_offset = 0; out_offset < out_offsets; ++out_offset) {
        if (test::takes_next_case()) function(n, in_offset, out_offset);
      }
    }
  }
}

/// How many offsets of whole elements there are in 16 bytes.
template <class T>
constexpr std::size_t offsets_of = 16 / sizeof(T);

template <class T, class F>
void compare_encode(oracle::tally& t, const std::string& what, const F& f, const request& r,
                    encoder<T, F> encode, packing p = {}) {
  for (const bool has_specials : {false, true}) {
    const std::vector<T> in = some_inputs<T>(f, has_specials);
    const std::vector<code_t> codes = codes_of(f, in, r);
    framed from(0), expected(0), actual(0);
    for_each_placement(
        offsets_of<T>, 16, [&](std::size_t n, std::size_t in_offset, std::size_t out_offset) {
          const std::size_t size = lowp::packed_bytes(n, f.bits(), p);
          from.reset(n * sizeof(T), in_offset * sizeof(T));
          from.assign(std::span<const T>(in).first(n));
          expected.reset(size, out_offset);
          for (std::size_t i = 0; i < n; ++i) {
            lowp::store_code(expected.data(), i, f.bits(), codes[i], p);
          }
          for (const isa level : test::isas()) {
            actual.reset(size, out_offset);
            encode(f, from.template as<const T>(), actual.bytes(), r, p, level);
            t.check(actual == expected, [&](auto& out) {
              out << what << ", " << n << " elements from offset " << in_offset << " to "
                  << out_offset << ", " << name(level) << ": byte " << actual.difference(expected);
            });
          }
        });
  }
}

template <class T, class F>
void compare_round(oracle::tally& t, const std::string& what, const F& f, const request& r) {
  for (const bool has_specials : {false, true}) {
    const std::vector<T> in = some_inputs<T>(f, has_specials);
    std::vector<T> values(longest);
    lowp::reference::round_to(f, std::span<const T>(in), std::span<T>(values), r.mode, r.o, r.n);
    framed from(0), expected(0), actual(0);
    for_each_placement(offsets_of<T>, offsets_of<T>,
                       [&](std::size_t n, std::size_t in_offset, std::size_t out_offset) {
                         from.reset(n * sizeof(T), in_offset * sizeof(T));
                         from.assign(std::span<const T>(in).first(n));
                         expected.reset(n * sizeof(T), out_offset * sizeof(T));
                         expected.assign(std::span<const T>(values).first(n));
                         for (const isa level : test::isas()) {
                           for (const bool in_place : {false, true}) {
                             actual.reset(n * sizeof(T), out_offset * sizeof(T));
                             if (in_place) actual.assign(std::span<const T>(in).first(n));
                             lowp::round_to(f, (in_place ? actual : from).template as<const T>(),
                                            actual.template as<T>(), r.mode, r.o, r.n, level);
                             t.check(actual == expected, [&](auto& out) {
                               out << what << (in_place ? " in place, " : ", ") << n
                                   << " elements from offset " << in_offset << " to " << out_offset
                                   << ", " << name(level) << ": byte "
                                   << actual.difference(expected);
                             });
                           }
                         }
                       });
  }
}

template <class F>
void compare_decode(oracle::tally& t, const std::string& what, const F& f, packing p = {}) {
  // Any bits at all, in the padding of groups too.
  std::vector<std::uint8_t> bytes(lowp::packed_bytes(longest, f.bits(), p));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(test::random_word(i));
  }
  std::vector<float> values(longest);
  lowp::reference::decode(f, bytes.data(), std::span<float>(values), p);
  framed from(0), expected(0), actual(0);
  for_each_placement(16, 4, [&](std::size_t n, std::size_t in_offset, std::size_t out_offset) {
    from.reset(lowp::packed_bytes(n, f.bits(), p), in_offset);
    from.assign(std::span<const std::uint8_t>(bytes).first(from.bytes().size()));
    expected.reset(4 * n, 4 * out_offset);
    expected.assign(std::span<const float>(values).first(n));
    for (const isa level : test::isas()) {
      actual.reset(4 * n, 4 * out_offset);
      lowp::decode(f, from.bytes(), actual.as<float>(), p, level);
      t.check(actual == expected, [&](auto& out) {
        out << what << ", " << n << " elements from offset " << in_offset << " to " << out_offset
            << ", " << name(level) << ": byte " << actual.difference(expected);
      });
    }
  });
}

}  // namespace

TEST_CASE("Codes of every width in every packing, any number of them") {
  oracle::tally t;
  for (const float_format& f : widths) {
    for (std::size_t i = 0; i < packings_to_test.size(); ++i) {
      const packing p = packings_to_test[i];
      if (defect(p, f.bits()) != nullptr) continue;
      const std::string what = std::to_string(f.bits()) + " bits, packing " + std::to_string(i);
      compare_encode<float>(t, what, f, {}, encode_late, p);
      compare_decode(t, what, f, p);
    }
  }
  for (const lowp::fixed_format& f :
       {formats::int_n<1>, formats::int_n<4>, formats::uint_n<6>, formats::fixed<12, 7>}) {
    compare_encode<float>(t, "fixed point", f, {}, encode_late, packings::high_first);
    compare_decode(t, "fixed point", f, packings::high_first);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Arrays of any length that begin anywhere") {
  oracle::tally t;
  // Each rounding expression, each width of lanes, random lanes of each width, each way in and out.
  const request nearest{}, upward{lowp::upward}, saturating{{}, lowp::overflow::saturate};
  const auto random = [](int bits, lowp::stochastic_variant variant) {
    return request{
        lowp::stochastic{.seed = 5, .index = 3, .random_bits = bits, .variant = variant}};
  };
  constexpr auto b = lowp::stochastic_variant::b, c = lowp::stochastic_variant::c;
  for (const request& r :
       {nearest, upward, saturating, random(8, c), random(9, b), random(17, c), random(32, c)}) {
    for (const float_format& f :
         {formats::e2m1, formats::e3m2, formats::e5m2, formats::bfloat16, formats::tf32,
          float_format{.exponent_bits = 5, .mantissa_bits = 22}}) {
      const std::string what = std::to_string(f.bits()) + " bits";
      compare_encode<float>(t, what, f, r, encode_late);
      compare_round<float>(t, what, f, r);
      compare_round<double>(t, what, f, r);
    }
    compare_encode<float>(t, "int8", formats::int_n<8>, r, encode_late);
    compare_encode<double>(t, "double to e4m3fn", formats::e4m3fn, r,
                           encode_early<double, formats::e4m3fn>);
    compare_encode<double>(t, "double to e2m1", formats::e2m1, r,
                           encode_early<double, formats::e2m1, packings::split_half<32>>,
                           packings::split_half<32>);
    compare_encode<double>(t, "double to binary16", formats::binary16, r,
                           encode_early<double, formats::binary16>);
    compare_encode<double>(t, "double to binary32", formats::binary32, r,
                           encode_early<double, formats::binary32>);
    compare_encode<lowp::binary16>(t, "binary16 to e4m3fn", formats::e4m3fn, r,
                                   encode_early<lowp::binary16, formats::e4m3fn>);
    compare_encode<lowp::bfloat16>(t, "bfloat16 to e3m2", formats::e3m2, r,
                                   encode_early<lowp::bfloat16, formats::e3m2>);
    compare_encode<lowp::bfloat16>(t, "bfloat16 to binary16", formats::binary16, r,
                                   encode_early<lowp::bfloat16, formats::binary16>);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Codes of any number that begin anywhere") {
  oracle::tally t;
  // Tables of each size, tables whose values do not fit half a word, and the computed values.
  test::for_each_format(
      [&](const std::string& name, const auto& f) { compare_decode(t, name, f); });
  REQUIRE_NO_MISMATCH(t);
}
