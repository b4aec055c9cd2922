// SPDX-License-Identifier: MIT
// Converting an array is converting its elements: one by one, in pieces, in place, and with the
// format known early or late, the result is the same.
#include "lowp/arrays/convert.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using lowp::overflow;
using lowp::packed_span;
using lowp::packing;
using oracle::mode;

namespace {

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

std::uint64_t random_word(std::uint64_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// Any binary32 at all, and as many within a few binades of 1.
std::vector<float> inputs(std::size_t count) {
  std::vector<float> list;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = static_cast<std::uint32_t>(random_word(i));
    const std::uint32_t near_one = (word & 0x87FFFFFFu) | 0x38000000u;
    list.push_back(std::bit_cast<float>(i % 2 == 0 ? word : near_one));
  }
  return list;
}

std::vector<std::uint32_t> all_bits(const std::vector<float>& list) {
  std::vector<std::uint32_t> result;
  for (const float& x : list) result.push_back(bits(x));
  return result;
}

/// Codes expected by searching the list of values.
template <auto F>
void encode_agrees_with_search() {
  const std::vector<float> in = inputs(1001);
  const oracle::float_grid grid(F);
  oracle::tally t;
  for (const mode m : oracle::modes) {
    for (const overflow o : {overflow::saturate, overflow::to_special}) {
      std::vector<std::uint8_t> memory(lowp::packed_bytes(in.size(), F.bits()));
      const packed_span<F> out(memory, in.size());
      oracle::with_mode(m, [&](const auto& object) { lowp::encode(in, out, object, o); });
      for (std::size_t i = 0; i < in.size(); ++i) {
        // binary64 holds the input, subnormals and specials by their bits.
        oracle::real exact;
        const std::uint32_t magnitude = bits(in[i]) & 0x7FFFFFFFu;
        const bool negative = bits(in[i]) >> 31 != 0;
#if defined(__clang__) && __FINITE_MATH_ONLY__
        if (magnitude >= 0x7F800000u) continue;  // cannot be passed to the oracle by value
#endif
        double x = magnitude > 0x7F800000u    ? oracle::quiet_nan
                   : magnitude == 0x7F800000u ? oracle::infinite
                   : magnitude >> 23 == 0
                       ? std::ldexp(static_cast<double>(magnitude), -149)
                       : std::ldexp(static_cast<double>((magnitude & 0x7FFFFFu) | 0x800000u),
                                    static_cast<int>(magnitude >> 23) - 150);
        if (negative) x = oracle::negated(x);
        const lowp::code_t expected = grid.encode(x, m, o);
        t.check(out.code(i) == expected, [&](auto& text) {
          text << x << " " << oracle::name_of(m) << " " << oracle::name_of(o) << " gave "
               << out.code(i) << ", expected " << expected;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("The codes of an array are those that a search among all values finds") {
  encode_agrees_with_search<formats::e2m1>();
  encode_agrees_with_search<formats::e3m2>();
  encode_agrees_with_search<formats::e4m3fn>();
  encode_agrees_with_search<formats::e5m2>();
}

TEST_CASE("Arrays convert element by element as the scalar functions do") {
  const std::vector<float> in = inputs(777);
  oracle::tally t;
  const auto compare = [&]<auto F, packing P>() {
    std::vector<std::uint8_t> memory(lowp::packed_bytes(in.size(), F.bits(), P), 0xFF);
    const packed_span<F, P> out(memory, in.size());
    lowp::encode(in, out);
    std::vector<float> back(in.size()), rounded(in.size());
    lowp::decode(out, back);
    lowp::round_to<F>(in, rounded);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const lowp::number<F> scalar(in[i]);
      const auto value = static_cast<float>(scalar);
      t.check(out.code(i) == scalar.code() && bits(back[i]) == bits(value) &&
                  bits(rounded[i]) == bits(value),
              [&](auto& text) { text << F.bits() << " bits, element " << i; });
    }
  };
  compare.operator()<formats::e2m1, packings::low_first>();
  compare.operator()<formats::e2m1, packings::split_half<32>>();
  compare.operator()<formats::e2m1, packings::awq>();
  compare.operator()<formats::e3m2, packings::high_first>();
  compare.operator()<formats::e2m3, packings::sixteen_in_16_bytes>();
  compare.operator()<formats::e4m3fn, packings::low_first>();
  compare.operator()<formats::e5m2fnuz, packings::low_first>();
  compare.operator()<formats::int_n<5>, packings::low_first>();
  compare.operator()<formats::posit<8, 2>, packings::low_first>();
  compare.operator()<formats::bfloat16, packings::high_first>();
  compare.operator()<formats::binary32, packings::low_first>();
  compare.operator()<formats::binary64, packings::low_first>();
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A format known at run time gives what it gives as a template argument") {
  const std::vector<float> in = inputs(515);
  oracle::tally t;
  const auto compare = [&]<auto F, packing P>() {
    for (const mode m : oracle::modes) {
      oracle::with_mode(m, [&](const auto& object) {
        for (const overflow o : {overflow::saturate, overflow::to_special}) {
          const std::size_t size = lowp::packed_bytes(in.size(), F.bits(), P);
          std::vector<std::uint8_t> early(size), late(size);
          lowp::encode(in, packed_span<F, P>(early, in.size()), object, o);
          lowp::encode(F, in, late, object, o, lowp::missing_nan::largest, P);
          std::vector<float> early_values(in.size()), late_values(in.size());
          lowp::decode(packed_span<F, P>(early, in.size()), early_values);
          lowp::decode(F, late, late_values, P);
          std::vector<float> early_rounded(in.size()), late_rounded(in.size());
          lowp::round_to<F>(in, early_rounded, object, o);
          lowp::round_to(F, in, late_rounded, object, o);
          t.check(early == late && all_bits(early_values) == all_bits(late_values) &&
                      all_bits(early_rounded) == all_bits(late_rounded) &&
                      all_bits(early_rounded) == all_bits(early_values),
                  [&](auto& text) { text << F.bits() << " bits, " << oracle::name_of(m); });
        }
      });
    }
  };
  compare.operator()<formats::e2m1, packings::split_half<16>>();
  compare.operator()<formats::e4m3fn, packings::low_first>();
  compare.operator()<formats::fixed<8, 6>, packings::low_first>();
  compare.operator()<formats::binary16, packings::low_first>();
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Rounding in place is rounding") {
  const std::vector<float> in = inputs(300);
  std::vector<float> out(in.size()), both = in;
  lowp::round_to<formats::e4m3fn>(in, out);
  lowp::round_to<formats::e4m3fn>(both, both);
  CHECK(all_bits(both) == all_bits(out));
  lowp::round_to<formats::e4m3fn>(both, both);
  CHECK(all_bits(both) == all_bits(out));
}

TEST_CASE("T28: stochastic pieces of an array are the whole, whatever the cuts") {
  const std::vector<float> in = inputs(501);
  for (const int random_bits : {3, 8, 11, 16, 32}) {
    const lowp::stochastic mode{.seed = 7, .random_bits = random_bits};
    std::vector<float> whole(in.size()), pieces(in.size());
    lowp::round_to<formats::e2m1>(in, whole, mode);
    for (std::size_t first = 0, step = 1; first < in.size(); first += step, step = 2 * step + 1) {
      const std::size_t count = std::min(step, in.size() - first);
      lowp::round_to<formats::e2m1>(std::span(in).subspan(first, count),
                                    std::span(pieces).subspan(first, count), mode.at(first));
    }
    CHECK(all_bits(whole) == all_bits(pieces));

    // Element i has draw i, and neither seed nor index is ignored.
    std::vector<float> other_seed(in.size()), shifted(in.size());
    lowp::round_to<formats::e2m1>(in, other_seed,
                                  lowp::stochastic{.seed = 8, .random_bits = random_bits});
    lowp::round_to<formats::e2m1>(in, shifted, mode.at(1));
    CHECK(all_bits(whole) != all_bits(other_seed));
    CHECK(all_bits(whole) != all_bits(shifted));
    std::vector<std::uint8_t> memory(lowp::packed_bytes(in.size(), 4));
    const packed_span<formats::e2m1> codes(memory, in.size());
    lowp::encode(in, codes, mode);
    std::vector<float> decoded(in.size());
    lowp::decode(codes, decoded);
    CHECK(all_bits(decoded) == all_bits(whole));
    bool agrees = true;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const auto one = lowp::convert<formats::e2m1>(in[i], mode.at(i));
      agrees = agrees && one.code() == codes.code(i);
    }
    CHECK(agrees);
  }
}

TEST_CASE("Sizes that do not match are refused before anything is written") {
  const std::vector<float> in = inputs(9);
  std::vector<std::uint8_t> memory(8, 0xA5);
  std::vector<float> out(8, 3.0f);
  const packed_span<formats::e2m1> eight(memory, 8);
  const auto is_untouched = [&] {
    bool same = true;
    for (const std::uint8_t byte : memory) same = same && byte == 0xA5;
    for (const float x : out) same = same && bits(x) == bits(3.0f);
    return same;
  };
  CHECK_THROWS_AS(lowp::encode(in, eight), std::invalid_argument);
  CHECK_THROWS_AS(lowp::decode(eight, std::span<float>(out).first(7)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::round_to<formats::e2m1>(in, out), std::invalid_argument);
  CHECK_THROWS_AS(lowp::round_to(formats::e2m1, in, out), std::invalid_argument);
  const std::span<std::uint8_t> four(memory.data(), 4);
  CHECK_THROWS_AS(lowp::encode(formats::e2m1, in, four), std::invalid_argument);
  CHECK_THROWS_AS(lowp::decode(formats::e5m2, four, std::span<float>(out).first(5)),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      lowp::decode(formats::e2m1, four, std::span<float>(out).first(1), packings::split_half<32>),
      std::invalid_argument);
  CHECK_THROWS_WITH(lowp::encode(in, eight), Catch::Matchers::ContainsSubstring("size 8") &&
                                                 Catch::Matchers::ContainsSubstring("9"));
  CHECK(is_untouched());

  lowp::float_format broken = formats::e2m1;
  broken.exponent_bits = 0;
  CHECK_THROWS_AS(lowp::round_to(broken, std::span(in).first(8), out), std::invalid_argument);
  CHECK_THROWS_AS(lowp::encode(broken, std::span(in).first(8), memory), std::invalid_argument);
  CHECK_THROWS_AS(lowp::decode(broken, memory, out), std::invalid_argument);
  CHECK(is_untouched());
}

TEST_CASE("Empty arrays are arrays") {
  const std::span<const float> nothing;
  CHECK_NOTHROW(lowp::encode(nothing, packed_span<formats::e2m1>()));
  CHECK_NOTHROW(lowp::decode(packed_span<formats::e2m1>(), std::span<float>()));
  CHECK_NOTHROW(lowp::round_to<formats::e2m1>(nothing, std::span<float>()));
  CHECK_NOTHROW(lowp::encode(formats::e2m1, nothing, std::span<std::uint8_t>()));
  CHECK_NOTHROW(lowp::decode(formats::e2m1, std::span<const std::uint8_t>(), std::span<float>()));
}
