// SPDX-License-Identifier: MIT
// Arrays of posits on every instruction set: sums, differences and products of codes, values to
// codes and codes to values, against exact values and the codec of the family.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/arithmetic.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/posit_format.hpp"
#include "split_mix.hpp"

namespace {

using lowp::code_t;
using lowp::posit_format;

/// A family that only this test knows; it says nothing but how its codes are spelt.
struct spelt_like_posits {
  int width = 0;
  constexpr bool operator==(const spelt_like_posits&) const = default;
  [[nodiscard]] constexpr int bits() const { return width; }
};
constexpr posit_format posit_of(const spelt_like_posits& f) { return {f.width, 1}; }
constexpr const char* defect(const spelt_like_posits& f) { return defect(posit_of(f)); }
constexpr lowp::unpacked decode(const spelt_like_posits& f, code_t code) {
  return decode(posit_of(f), code);
}
template <class R = lowp::nearest_even_t>
constexpr code_t encode(const spelt_like_posits& f, const lowp::unpacked& x, const R& mode = {},
                        lowp::overflow o = lowp::overflow::to_special,
                        lowp::missing_nan n = lowp::missing_nan::largest) {
  return encode(posit_of(f), x, mode, o, n);
}
constexpr lowp::regime_code known_regime(const spelt_like_posits& f) { return {f.width, 1}; }

/// Pairs of codes: any, nearly opposite, nearly equal, with long regimes, zero and NaR.
template <auto F>
struct pairs {
  using number = lowp::number<F>;
  std::vector<number> a, b;
  explicit pairs(std::size_t count) {
    test::split_mix random(static_cast<std::uint64_t>(F.bits()));
    const code_t sign = code_t{1} << (F.bits() - 1);
    for (std::size_t i = 0; i < count; ++i) {
      const code_t word = random.word();
      code_t x = word, y = random.word();
      if (i % 5 == 1) y = 0 - x + (y & 7);
      if (i % 5 == 2) y = x + (y & 7);
      if (i % 5 == 3) x = (x & (sign - 1)) >> (y % 31), y |= (0 - sign) >> (word >> 59);
      if (i % 31 == 0) x = i % 2 == 0 ? 0 : sign;
      if (i % 37 == 0) y = i % 2 == 0 ? 0 : sign;
      a.push_back(number::from_code(x));
      b.push_back(number::from_code(y));
    }
  }
};

template <auto F>
void check_operations(std::size_t count = 4099) {
  using number = lowp::number<F>;
  const pairs<F> p(count);
  const std::span<const number> a(p.a), b(p.b);
  std::vector<number> out(count);
  for (const lowp::isa level : test::isas()) {
    INFO(name(level) << ", " << F.bits() << " bits");
    std::size_t wrong = 0;
    const auto compare = [&](auto&& result) {
      for (std::size_t i = 0; i < count; ++i) {
        wrong += out[i].code() != encode(F, result(unpack(a[i]), unpack(b[i]))) ? 1u : 0u;
      }
    };
    const lowp::overflow o = lowp::overflow::to_special;
    lowp::add(a, b, std::span<number>(out), lowp::nearest_even, o, level);
    compare([](const auto& x, const auto& y) { return lowp::exact::add(x, y); });
    lowp::subtract(a, b, std::span<number>(out), lowp::nearest_even, o, level);
    compare([](const auto& x, const auto& y) { return lowp::exact::add(x, -y); });
    out = p.b;  // in place
    lowp::multiply(a, std::span<const number>(out), std::span<number>(out), lowp::nearest_even, o,
                   level);
    compare([](const auto& x, const auto& y) { return lowp::exact::multiply(x, y); });
    CHECK(wrong == 0);
  }
}

/// Values next to those of codes, next to what is between two, and any bits; of the format and
/// beyond it.
template <class T, auto F>
std::vector<T> values_around(const pairs<F>& p) {
  using word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  test::split_mix random(5);
  std::vector<T> values;
  for (std::size_t i = 0; i < p.a.size(); ++i) {
    const word at = std::bit_cast<word>(lowp::pack_as<T>(unpack(p.a[i])));
    const word steps = static_cast<word>(random.word());
    const word bits = i % 4 == 0   ? steps
                      : i % 4 == 1 ? at + steps % 5 - 2
                                   : at + (word{1} << (steps % 30)) + static_cast<word>(i % 3) - 1;
    values.push_back(std::bit_cast<T>(bits));
  }
  return values;
}

template <auto F>
void check_conversions(std::size_t count = 2053) {
  const pairs<F> p(count);
  std::vector<std::uint8_t> bytes(packed_bytes(count, F.bits(), lowp::packings::low_first));
  const lowp::packed_span<F> codes(bytes, count);
  std::vector<float> values(count);
  for (const lowp::isa level : test::isas()) {
    INFO(name(level) << ", " << F.bits() << " bits");
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) codes[i] = p.a[i];
    lowp::decode(codes, std::span<float>(values), level);
    for (std::size_t i = 0; i < count; ++i) {
      const auto expected = lowp::pack_as<float>(unpack(p.a[i]));
      wrong += std::bit_cast<std::uint32_t>(values[i]) != std::bit_cast<std::uint32_t>(expected)
                   ? 1u
                   : 0u;
    }
    const auto check = [&](const auto& in, lowp::overflow o) {
      lowp::encode(std::span(in), codes, lowp::nearest_even, o, lowp::missing_nan::largest, level);
      for (std::size_t i = 0; i < count; ++i) {
        wrong += codes.code(i) != encode(F, lowp::unpack(in[i]), lowp::nearest_even, o) ? 1u : 0u;
      }
    };
    const std::vector<float> floats = values_around<float>(p);
    check(std::vector<float>(floats), lowp::overflow::to_special);
    check(floats, lowp::overflow::saturate);
    check(values_around<double>(p), lowp::overflow::to_special);
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("sums, differences and products of arrays of posits are the exact ones rounded once") {
  check_operations<posit_format{8, 0}>();
  check_operations<posit_format{16, 1}>();
  check_operations<posit_format{32, 2}>();
}

TEST_CASE("so are those of any exponents and widths") {
  check_operations<posit_format{13, 4}>(997);
  check_operations<spelt_like_posits{12}>(997);
}

TEST_CASE("arrays of posits are encoded and decoded as their family does it") {
  check_conversions<posit_format{16, 1}>();
  check_conversions<posit_format{32, 2}>();
}

TEST_CASE("arrays of posits beyond binary32, and packed ones") {
  check_conversions<posit_format{32, 4}>();
  check_conversions<spelt_like_posits{25}>();
}

TEST_CASE("operations that no kernel does are done element by element, on threads too") {
  constexpr posit_format f{16, 2};
  using number = lowp::number<f>;
  const pairs<f> p(40001);
  const std::span<const number> a(p.a), b(p.b);
  std::vector<number> up(a.size()), quotients(a.size()), sums(a.size());
  lowp::add(a, b, std::span<number>(up), lowp::upward);
  lowp::divide(a, b, std::span<number>(quotients));
  lowp::add(a, b, std::span<number>(sums), lowp::nearest_even, lowp::overflow::to_special,
            lowp::threads{2});
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    wrong += up[i] == lowp::add(a[i], b[i], lowp::upward) ? 0u : 1u;
    wrong += quotients[i] == a[i] / b[i] ? 0u : 1u;
    wrong += sums[i] == a[i] + b[i] ? 0u : 1u;
  }
  CHECK(wrong == 0);
  CHECK_THROWS_AS(lowp::add(a, b.first(2), std::span<number>(sums)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::multiply(a, b, std::span<number>(sums).first(7)), std::invalid_argument);
}

TEST_CASE("arrays of numbers are vectors, arrays and spans of any kind, apart or one") {
  using number = lowp::number<posit_format{16, 1}>;
  std::vector<number> a{number(1.5f), number(2), number(-3)};
  const std::array<number, 3> b{number(0.5f), number(8), number(1)};
  number out[3];
  lowp::add(a, b, out);
  CHECK((out[0] == 2 && out[1] == 10 && out[2] == -2));
  lowp::divide(std::span(a), b, out, lowp::upward);
  CHECK((out[0] == 3 && out[1] == 0.25 && out[2] == -3));
  lowp::multiply(a, std::span(b), a);
  CHECK((a[0] == 0.75 && a[1] == 16 && a[2] == -3));
  CHECK_THROWS_AS(lowp::add(std::span(a).first(2), b, out), std::invalid_argument);
  const std::span<number> all(a);
  CHECK_THROWS_AS(lowp::add(all.first(2), all.first(2), all.last(2)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::add(all.first(2), all.last(2), all.first(2)), std::invalid_argument);
  lowp::add(std::vector<number>(), std::span<number>(), std::span<number>());
}
