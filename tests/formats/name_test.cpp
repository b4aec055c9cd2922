// SPDX-License-Identifier: MIT
// Names say what a format is, and different formats have different names.
#include "lowp/formats/name.hpp"

#include <map>
#include <string>

#include "catch.hpp"

namespace {

using lowp::float_format;
namespace formats = lowp::formats;

template <class F>
std::string text(const F& f) {
  return std::string(std::string_view(lowp::name(f)));
}

}  // namespace

TEST_CASE("catalogued formats have their names") {
  for (const auto& entry : formats::float_formats) CHECK(text(entry.format) == entry.name);
  CHECK(text(formats::e4m3fn) == "e4m3fn");
  CHECK(text(formats::binary64) == "binary64");
}

TEST_CASE("P3109 formats are named as the report names them, unless the catalogue has them") {
  CHECK(text(formats::p3109(8, 4, true, true)) == "binary8p4se");
  CHECK(text(formats::p3109(8, 1, false, false)) == "binary8p1uf");
  CHECK(text(formats::p3109(4, 2, true, false)) == "binary4p2sf");
  CHECK(text(formats::p3109(16, 11, false, true)) == "binary16p11ue");
  CHECK(text(formats::p3109(8, 4, true, false)) == "e4m3fnuz");
}

TEST_CASE("fixed-point formats and posits") {
  CHECK(text(formats::int_n<8>) == "int8");
  CHECK(text(formats::uint_n<4>) == "uint4");
  CHECK(text(formats::symmetric_int_n<8>) == "symmetric_int8");
  CHECK(text(formats::fixed<8, 6>) == "fixed8.6");
  CHECK(text(formats::ufixed<8, 4>) == "ufixed8.4");
  CHECK(text(formats::fixed<8, -3>) == "fixed8.-3");
  CHECK(text(formats::posit<8>) == "posit8_2");
  CHECK(text(formats::posit<16, 1>) == "posit16_1");
}

TEST_CASE("a name that is derived tells formats apart") {
  std::map<std::string, float_format> seen;
  int collisions = 0, formats_named = 0;
  for (int e = 1; e <= 4; ++e) {
    for (int m = 0; m <= 3; ++m) {
      for (const int bias : {0, 1, 3, -2, 7}) {
        for (const bool is_signed : {true, false}) {
          for (int zero = 0; zero < 3; ++zero) {
            for (const bool has_infinity : {true, false}) {
              for (const lowp::code_t nans : {0u, 1u, 2u, 3u, 7u}) {
                for (const bool nan_at_negative_zero : {true, false}) {
                  const float_format f{.exponent_bits = e,
                                       .mantissa_bits = m,
                                       .bias = bias,
                                       .is_signed = is_signed,
                                       .at_exponent_zero = static_cast<lowp::exponent_zero>(zero),
                                       .has_infinity = has_infinity,
                                       .nan_codes = nans,
                                       .nan_at_negative_zero = nan_at_negative_zero};
                  if (defect(f) != nullptr) continue;
                  ++formats_named;
                  const auto [at, is_new] = seen.emplace(text(f), f);
                  if (!is_new && !(at->second == f)) ++collisions;
                }
              }
            }
          }
        }
      }
    }
  }
  CHECK(formats_named > 1000);
  CHECK(collisions == 0);
}

TEST_CASE("the longest names fit") {
  constexpr float_format f{.exponent_bits = 20,
                           .mantissa_bits = 43,
                           .bias = -(1 << 20),
                           .at_exponent_zero = lowp::exponent_zero::zero_only,
                           .has_infinity = false,
                           .nan_codes = 123456789,
                           .nan_at_negative_zero = true};
  STATIC_REQUIRE(defect(f) == nullptr);
  constexpr lowp::format_name n = lowp::name(f);
  STATIC_REQUIRE(n.size < static_cast<int>(sizeof n.text));
  CHECK(text(f).find("e20m43") == 0);
  CHECK(text(f).find("bias -1048576") != std::string::npos);
}

TEST_CASE("a derived name starts with the field widths and names each difference") {
  const std::string plain = text(float_format{.exponent_bits = 4, .mantissa_bits = 2});
  CHECK(plain == "e4m2");
  CHECK(text(float_format{.exponent_bits = 3, .mantissa_bits = 2}) == "e3m2(ieee)");
  const std::string odd = text(float_format{.exponent_bits = 4,
                                            .mantissa_bits = 2,
                                            .bias = 3,
                                            .is_signed = false,
                                            .has_infinity = false,
                                            .nan_codes = 2});
  CHECK(odd.find("ue4m2(") == 0);
  CHECK(odd.find("bias 3") != std::string::npos);
  CHECK(odd.find("no inf") != std::string::npos);
  CHECK(odd.find("2 nans") != std::string::npos);
  CHECK(odd.back() == ')');
}
