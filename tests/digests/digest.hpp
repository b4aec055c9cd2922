// SPDX-License-Identifier: MIT
// The tests of this directory pin the bits of results: each digests what a function makes of fixed
// data and compares that with a table. They do not say what is right, as the tests against oracles
// do, but that nothing has moved: a digest that changes means changed bits, for whoever has stored
// or published results, and needs a reason.
//
// The data come from integer arithmetic alone, so that they are the same on every machine. What a
// failure prints is the line as it would have to be.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "split_mix.hpp"

namespace test::digests {

/// FNV-1a of 64 bits; words go in with the lowest byte first.
class digest {
 public:
  void byte(std::uint8_t x) { hash_ = (hash_ ^ x) * 0x00000100000001B3u; }
  void word(std::uint64_t x, int bytes) {
    for (int i = 0; i < bytes; ++i) byte(static_cast<std::uint8_t>(x >> (8 * i)));
  }
  void add(std::uint8_t x) { byte(x); }
  void add(const float& x) { word(std::bit_cast<std::uint32_t>(x), 4); }
  void add(const double& x) { word(std::bit_cast<std::uint64_t>(x), 8); }
  /// A number, by its code.
  template <class Number>
  requires requires(const Number& x) { x.code(); }
  void add(const Number& x) { word(x.code(), (Number::format.bits() + 7) / 8); }
  template <class T>
  void add_all(std::span<const T> list) {
    for (const T& x : list) add(x);
  }
  template <class T>
  void add_all(const std::vector<T>& list) {
    add_all(std::span<const T>(list));
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325u;
};

// ---------------------------------------------------------------------------------------- tables
struct line {
  std::string_view name;
  std::uint64_t digest;
};

[[nodiscard]] inline std::string hex(std::uint64_t x) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%016llX", static_cast<unsigned long long>(x));
  return text;
}

/// The digests that are expected; each line is for one case, each case has one line.
class table {
 public:
  explicit table(std::span<const line> lines) : lines_(lines), is_met_(lines.size()) {}

  /// A result that is there in one way only.
  void check(const std::string& name, std::uint64_t actual) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].name != name) continue;
      is_met_[i] = true;
      if (lines_[i].digest != actual) {
        UNSCOPED_INFO("{\"" << name << "\", " << hex(actual) << "},  // expected "
                            << hex(lines_[i].digest));
        ++failures_;
      }
      return;
    }
    UNSCOPED_INFO("{\"" << name << "\", " << hex(actual) << "},  // expected by no line");
    ++failures_;
  }
  /// digest_of(how), which must not depend on the instructions.
  template <class Function>
  requires requires(const Function& f) { f(lowp::execution{}); }
  void check(const std::string& name, const Function& digest_of) {
    const std::uint64_t by_default = digest_of(lowp::execution{});
    check(name, by_default);
    for (const lowp::isa level : test::isas()) {
      const std::uint64_t other = digest_of(lowp::execution(level));
      if (other == by_default) continue;
      UNSCOPED_INFO(name << " is " << hex(other) << " on " << lowp::name(level) << ", but "
                         << hex(by_default) << " by default");
      ++failures_;
    }
  }
  /// At the end of a test: everything was as expected, and no line was passed over.
  void finish() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (is_met_[i]) continue;
      UNSCOPED_INFO("no case is named " << std::string(lines_[i].name));
      ++failures_;
    }
    REQUIRE(failures_ == 0);
  }

 private:
  std::span<const line> lines_;
  std::vector<bool> is_met_;
  int failures_ = 0;
};

// ------------------------------------------------------------------------------------------ data
/// Values of every kind.
class source : public split_mix {
 public:
  explicit source(std::uint64_t seed) : split_mix(seed) {}

  /// A random sign and mantissa, an exponent field from low to high; of the mantissa, the leading
  /// bits only.
  float in_binades(std::uint32_t low, std::uint32_t high, int mantissa_bits = 23) {
    const std::uint32_t field = low + below(high - low + 1);
    const std::uint64_t w = word();
    const std::uint32_t dropped = (std::uint32_t{1} << (23 - mantissa_bits)) - 1;
    return std::bit_cast<float>(static_cast<std::uint32_t>(w & 0x807FFFFFu & ~dropped) | field
                                                                                             << 23);
  }
  double in_wide_binades(std::uint32_t low, std::uint32_t high, int mantissa_bits = 52) {
    const std::uint64_t field = low + below(high - low + 1);
    const std::uint64_t w = word();
    const std::uint64_t dropped = (std::uint64_t{1} << (52 - mantissa_bits)) - 1;
    return std::bit_cast<double>((w & 0x800FFFFFFFFFFFFFu & ~dropped) | field << 52);
  }
};

/// Near one, with few bits (so that ties are common), of any magnitude, subnormal; zeros,
/// infinities and NaNs of both signs.
[[nodiscard]] inline std::vector<float> hostile_floats(std::size_t count) {
  constexpr std::uint32_t special[] = {0x00000000u, 0x80000000u, 0x7F800000u,
                                       0xFF800000u, 0x7FC00000u, 0xFFC12345u};
  source random(1);
  std::vector<float> list;
  for (std::size_t i = 0; i < count; ++i) {
    switch (i % 8) {
      case 0:
      case 1: list.push_back(random.in_binades(117, 137)); break;
      case 2:
      case 3: list.push_back(random.in_binades(112, 137, 4)); break;
      case 4: list.push_back(random.in_binades(100, 150, 12)); break;
      case 5: list.push_back(random.in_binades(1, 254)); break;
      case 6: list.push_back(random.in_binades(0, 0)); break;
      default:
        list.push_back(i % 64 == 7 ? std::bit_cast<float>(special[random.below(6)])
                                   : random.in_binades(120, 131, 2));
    }
  }
  return list;
}
[[nodiscard]] inline std::vector<double> hostile_doubles(std::size_t count) {
  constexpr std::uint64_t special[] = {0x0000000000000000u, 0x8000000000000000u,
                                       0x7FF0000000000000u, 0xFFF0000000000000u,
                                       0x7FF8000000000000u, 0xFFF8123456789ABCu};
  source random(2);
  std::vector<double> list;
  for (std::size_t i = 0; i < count; ++i) {
    switch (i % 8) {
      case 0:
      case 1: list.push_back(random.in_wide_binades(1013, 1033)); break;
      case 2:
      case 3: list.push_back(random.in_wide_binades(1008, 1033, 4)); break;
      case 4: list.push_back(random.in_wide_binades(990, 1050, 13)); break;
      case 5: list.push_back(random.in_wide_binades(1, 2046)); break;
      case 6: list.push_back(random.in_wide_binades(0, 0)); break;
      default:
        list.push_back(i % 64 == 7 ? std::bit_cast<double>(special[random.below(6)])
                                   : random.in_wide_binades(880, 1150, 23));
    }
  }
  return list;
}

/// Finite values for matrices: mostly within a few binades, rows of different magnitude, some zeros
/// of both signs, in every seventh row values far apart; of the tiles of 16 x 16 some are zero and
/// some much smaller.
[[nodiscard]] inline std::vector<float> matrix_data(std::size_t rows, std::size_t cols,
                                                    std::uint64_t seed) {
  source random(seed);
  std::vector<float> list;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t shift = random.below(8);
    for (std::size_t col = 0; col < cols; ++col) {
      const std::uint32_t tile = source(seed * 10000 + row / 16 * 100 + col / 16).below(10);
      const std::uint32_t low = 117 + shift - (tile == 1 ? 12 : tile == 2 ? 17 : 0);
      const std::uint32_t choice = random.below(16);
      if (choice == 0 || tile == 0) {
        list.push_back(std::bit_cast<float>(random.below(2) << 31));
      } else if (row % 7 == 3) {
        list.push_back(random.in_binades(low - 10, low + 8));
      } else {
        list.push_back(random.in_binades(low, low + 5, choice < 6 ? 3 : 23));
      }
    }
  }
  return list;
}

}  // namespace test::digests
