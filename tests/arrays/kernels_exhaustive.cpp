// SPDX-License-Identifier: MIT
// All 2^32 binary32 numbers to seven formats, as codes and as rounded values, and all codes of up
// to 16 bits of every family back: on every instruction set what the scalar codec gives.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "arrays/array_cases.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/reference.hpp"
#include "oracle.hpp"
#include "share.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::code_t;
using lowp::float_format;
using lowp::isa;

constexpr std::size_t chunk = std::size_t{1} << 14;

/// The bits of a float, which may be those of a NaN, without a float.
std::span<const float> as_floats(const std::vector<std::uint32_t>& bits) {
  return {reinterpret_cast<const float*>(bits.data()), bits.size()};
}

/// Codes packed densely, the first lowest: eight of them are a word of F.bits() bytes.
template <float_format F>
void pack(const std::vector<std::uint16_t>& codes, std::vector<std::uint8_t>& bytes) {
  if constexpr (F.bits() == 16) {
    std::memcpy(bytes.data(), codes.data(), bytes.size());
  } else {
    std::uint8_t* to = bytes.data();
    for (std::size_t i = 0; i < codes.size(); i += 8) {
      std::uint64_t word = 0;
      for (std::size_t j = 0; j < 8; ++j) word |= std::uint64_t{codes[i + j]} << (F.bits() * j);
      std::memcpy(to, &word, F.bits());
      to += F.bits();
    }
  }
}

template <float_format F>
class comparison {
 public:
  comparison() {
    for (code_t code = 0; code < values_.size(); ++code) {
      values_[code] = static_cast<std::uint32_t>(encode(formats::binary32, decode(F, code)));
    }
  }

  /// Returns the number of inputs.
  std::uint64_t run() {
    return test::walk(std::uint64_t{1} << 32, chunk,
                      [this](std::uint64_t at, std::uint64_t) { compare(at); });
  }

  std::atomic<std::uint64_t> compared = 0, mismatches = 0;
  std::atomic<std::uint64_t> first_mismatch = ~std::uint64_t{0};  ///< the first input of its chunk

 private:
  void compare(std::uint64_t at) {
    thread_local std::vector<std::uint32_t> in(chunk), rounded(chunk), expected_rounded(chunk);
    thread_local std::vector<std::uint16_t> codes(chunk);
    std::vector<std::uint8_t> packed(chunk / 8 * F.bits()), expected_packed(packed.size());
    const std::span<float> out(reinterpret_cast<float*>(rounded.data()), chunk);
    for (std::size_t i = 0; i < chunk; ++i) {
      in[i] = static_cast<std::uint32_t>(at + i);
      const code_t code = encode(F, decode(formats::binary32, in[i]));
      codes[i] = static_cast<std::uint16_t>(code);
      expected_rounded[i] = values_[code];
    }
    pack<F>(codes, expected_packed);
    for (const isa level : test::isas()) {
      lowp::encode(as_floats(in), lowp::packed_span<F>(packed, chunk), lowp::nearest_even,
                   lowp::overflow::to_special, lowp::missing_nan::largest, level);
      lowp::round_to<F>(as_floats(in), out, lowp::nearest_even, lowp::overflow::to_special,
                        lowp::missing_nan::largest, level);
      if (packed != expected_packed || rounded != expected_rounded) {
        ++mismatches;
        std::uint64_t first = first_mismatch;
        while (at < first && !first_mismatch.compare_exchange_weak(first, at)) {
        }
      }
      compared += 2 * chunk;
    }
  }

  std::vector<std::uint32_t> values_ = std::vector<std::uint32_t>(std::size_t{1} << F.bits());
};

template <float_format F>
void check_all(const char* format) {
  comparison<F> all;
  const std::uint64_t inputs = all.run();
  std::printf("%s: %llu comparisons\n", format,
              static_cast<unsigned long long>(all.compared.load()));
  std::fflush(stdout);
  INFO("first mismatch: from bits " << all.first_mismatch);
  CHECK(all.compared == 2 * inputs * test::isas().size());
  if (test::share_of_run().parts == 1) CHECK(inputs == std::uint64_t{1} << 32);
  REQUIRE(all.mismatches == 0);
}

}  // namespace

TEST_CASE("every binary32 number to e4m3fn") { check_all<formats::e4m3fn>("e4m3fn"); }
TEST_CASE("every binary32 number to e5m2") { check_all<formats::e5m2>("e5m2"); }
TEST_CASE("every binary32 number to e2m1") { check_all<formats::e2m1>("e2m1"); }
TEST_CASE("every binary32 number to e3m2") { check_all<formats::e3m2>("e3m2"); }
TEST_CASE("every binary32 number to e2m3") { check_all<formats::e2m3>("e2m3"); }
TEST_CASE("every binary32 number to binary16") { check_all<formats::binary16>("binary16"); }
TEST_CASE("every binary32 number to bfloat16") { check_all<formats::bfloat16>("bfloat16"); }

TEST_CASE("every code of up to 16 bits") {
  oracle::tally t;
  const auto check = [&](const auto& f) {
    const std::size_t count = std::size_t{1} << f.bits();
    std::vector<std::uint8_t> codes(lowp::packed_bytes(count, f.bits()));
    std::vector<std::uint32_t> expected(count), actual(count);
    for (std::size_t i = 0; i < count; ++i) {
      lowp::store_code(codes.data(), i, f.bits(), i);
      expected[i] = static_cast<std::uint32_t>(encode(formats::binary32, decode(f, i)));
    }
    const std::span<float> out(reinterpret_cast<float*>(actual.data()), count);
    for (const isa level : test::isas()) {
      lowp::decode(f, codes, out, {}, level);
      t.check(actual == expected,
              [&](auto& text) { text << f.bits() << " bits, " << name(level); });
    }
  };
  test::for_each_format([&](const std::string&, const auto& f) {
    if (f.bits() <= 16) check(f);
  });
  for (int width = 3; width <= 16; ++width) {
    for (int precision = 1; precision <= width; ++precision) {
      for (const bool is_signed : {true, false}) {
        for (const bool is_extended : {true, false}) {
          const float_format f = formats::p3109(width, precision, is_signed, is_extended);
          if (defect(f) == nullptr) check(f);
        }
      }
    }
  }
  for (int width = 1; width <= 16; ++width) {
    for (const int fraction_bits : {-140, -130, -100, -1, 0, 1, width, 40, 110, 130, 140, 160}) {
      for (const bool is_signed : {true, false}) {
        check(lowp::fixed_format{width, fraction_bits, is_signed});
      }
    }
  }
  for (int exponent_bits = 1; exponent_bits <= 12; ++exponent_bits) {
    for (int mantissa_bits = 0; exponent_bits + mantissa_bits < 16; ++mantissa_bits) {
      for (const auto zero : {test::subnormals, test::zero_only, lowp::exponent_zero::normals}) {
        for (const int bias : {0, 1, 1 << (exponent_bits - 1), 127, 140, -120}) {
          const float_format f{.exponent_bits = exponent_bits,
                               .mantissa_bits = mantissa_bits,
                               .bias = bias,
                               .at_exponent_zero = zero,
                               .has_infinity = (bias & 1) != 0};
          if (defect(f) == nullptr) check(f);
        }
      }
    }
  }
  std::printf("codes: %llu arrays compared\n", static_cast<unsigned long long>(t.compared));
  REQUIRE_NO_MISMATCH(t);
}
