// SPDX-License-Identifier: MIT
// The quantization and overflow modes of HLS fixed point (ap_fixed in UG1399, sc_fixed in IEEE
// 1666): the values of its tables, then every mode against floor() and integers modulo 2^bits, by
// the scalar codec and by the kernels of every instruction set. And rounding modes of one's own.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace {

using lowp::any_rounding;
using lowp::fixed_format;
using lowp::overflow;

struct quantization {
  const char* name;
  any_rounding mode;
  /// Of a number with few bits, so that sums with a half are exact.
  double (*integer)(double x);
};
const std::array<quantization, 7> quantizations{{
    {"RND", lowp::nearest_upward, [](double x) { return std::floor(x + 0.5); }},
    {"RND_ZERO", lowp::nearest_toward_zero,
     [](double x) { return x < 0 ? std::floor(x + 0.5) : std::ceil(x - 0.5); }},
    {"RND_MIN_INF", lowp::nearest_downward, [](double x) { return std::ceil(x - 0.5); }},
    {"RND_INF", lowp::nearest_away,
     [](double x) { return x < 0 ? std::ceil(x - 0.5) : std::floor(x + 0.5); }},
    {"RND_CONV", lowp::nearest_even,
     [](double x) {
       const double low = std::floor(x), rest = x - low;
       return rest > 0.5 || (rest == 0.5 && std::fmod(low, 2) != 0) ? low + 1 : low;
     }},
    {"TRN", lowp::downward, [](double x) { return std::floor(x); }},
    {"TRN_ZERO", lowp::toward_zero, [](double x) { return std::trunc(x); }},
}};

struct overflow_mode {
  const char* name;
  overflow range;
  bool is_symmetric;
};
constexpr std::array<overflow_mode, 5> overflow_modes{
    {{"SAT", overflow::saturate, false},
     {"SAT_ZERO", overflow::to_zero, false},
     {"SAT_SYM", overflow::saturate, true},
     {"WRAP", overflow::wrap, false},
     {"WRAP_SM", overflow::wrap_sign_magnitude, false}}};

/// ap_fixed<total, integer>.
constexpr fixed_format ap_fixed(int total, int integer, bool is_symmetric = false) {
  return {total, total - integer, true, is_symmetric};
}
double quantized(const fixed_format& f, double x, const any_rounding& mode, overflow o) {
  return lowp::pack_as<double>(decode(f, encode(f, lowp::unpack(x), mode, o)));
}

/// What the documents say of an integer beyond the range, in exact arithmetic.
std::int64_t in_range(const fixed_format& f, const overflow_mode& o, std::int64_t q) {
  const std::int64_t size = std::int64_t{1} << f.total_bits;
  const std::int64_t high = (f.is_signed ? size / 2 : size) - 1;
  const std::int64_t low = !f.is_signed ? 0 : o.is_symmetric ? -high : -high - 1;
  const auto modulo = [](std::int64_t a, std::int64_t b) { return ((a % b) + b) % b; };
  const bool fits = q >= low && q <= high;
  switch (o.range) {
    case overflow::to_zero: return fits ? q : 0;
    case overflow::wrap_sign_magnitude:
      if (f.is_signed) {  // up to the end, then back to the other
        const std::int64_t place = modulo(q + size / 2, 2 * size);
        return (place < size ? place : 2 * size - 1 - place) - size / 2;
      }
      [[fallthrough]];
    case overflow::wrap: return modulo(q - low, size) + low;
    default: return q < low ? low : q > high ? high : q;
  }
}

/// Ties, neighbours of ties, and values far beyond the range, all with few bits.
std::vector<float> arguments(const fixed_format& f) {
  std::vector<float> list;
  for (int i = -400; i <= 400; ++i) {
    list.push_back(std::ldexp(static_cast<float>(i), -f.fraction_bits - 2));
  }
  std::mt19937 random(3);
  for (int i = 0; i < 4000; ++i) {
    const auto bits =
        static_cast<float>(static_cast<std::int32_t>(random() % (1u << 24)) - (1 << 23));
    const int exponent = static_cast<int>(random() % 40) - 26 + f.total_bits / 2;
    list.push_back(std::ldexp(bits, exponent - f.fraction_bits));
  }
  return list;
}

constexpr std::array<fixed_format, 9> shapes{{{4, 0, true, false},
                                              {3, 1, true, false},
                                              {4, 0, false, false},
                                              {8, 4, true, false},
                                              {12, -3, true, false},
                                              {16, 8, true, false},
                                              {16, 20, false, false},
                                              {21, 10, true, false},
                                              {22, 7, true, false}}};

}  // namespace

TEST_CASE("ap_fixed<3, 2> of 1.25 and -1.25 under seven quantization modes") {
  struct row {
    double positive, negative;
  };
  constexpr std::array<row, 7> expected{{{1.5, -1.0},    // RND
                                         {1.0, -1.0},    // RND_ZERO
                                         {1.0, -1.5},    // RND_MIN_INF
                                         {1.5, -1.5},    // RND_INF
                                         {1.0, -1.0},    // RND_CONV
                                         {1.0, -1.5},    // TRN
                                         {1.0, -1.0}}};  // TRN_ZERO
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(quantizations[i].name);
    const any_rounding& mode = quantizations[i].mode;
    CHECK(quantized(ap_fixed(3, 2), 1.25, mode, overflow::saturate) == expected[i].positive);
    CHECK(quantized(ap_fixed(3, 2), -1.25, mode, overflow::saturate) == expected[i].negative);
  }
  CHECK(quantized(ap_fixed(3, 2), 0.75, lowp::nearest_even, overflow::saturate) == 1.0);
}

TEST_CASE("ap_fixed<4, 4> of 19 and -19 under five overflow modes") {
  struct row {
    double positive, negative;
  };
  constexpr std::array<row, 5> expected{{{7, -8}, {0, 0}, {7, -7}, {3, -3}, {-4, 2}}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const overflow_mode& o = overflow_modes[i];
    CAPTURE(o.name);
    const fixed_format f = ap_fixed(4, 4, o.is_symmetric);
    CHECK(quantized(f, 19, lowp::nearest_upward, o.range) == expected[i].positive);
    CHECK(quantized(f, -19, lowp::nearest_upward, o.range) == expected[i].negative);
  }
  constexpr fixed_format ap_ufixed{4, 0, false};
  CHECK(quantized(ap_ufixed, 19, lowp::nearest_upward, overflow::saturate) == 15);
  CHECK(quantized(ap_ufixed, -19, lowp::nearest_upward, overflow::saturate) == 0);
  CHECK(quantized(ap_ufixed, 19, lowp::nearest_upward, overflow::wrap) == 3);
  CHECK(quantized(ap_ufixed, -19, lowp::nearest_upward, overflow::wrap) == 13);
  CHECK(quantized(ap_fixed(4, 4), 31, lowp::nearest_upward, overflow::wrap) == -1);
}

TEST_CASE("Every quantization with every overflow, by the codec and by kernels") {
  std::size_t compared = 0, wrong = 0;
  const auto check = [&](double actual, double expected, const std::string& where) {
    ++compared;
    if (actual == expected) return;
    if (wrong++ < 5) UNSCOPED_INFO(where << ": " << actual << ", expected " << expected);
  };
  for (fixed_format f : shapes) {
    for (const overflow_mode& o : overflow_modes) {
      if (o.is_symmetric && !f.is_signed) continue;
      f.is_symmetric = o.is_symmetric;
      const std::vector<float> in = arguments(f);
      const std::vector<double> wide(in.begin(), in.end());
      for (const quantization& q : quantizations) {
        const std::string where =
            std::string(q.name) + ", " + o.name + ", " + std::to_string(f.total_bits) + " bits";
        std::vector<double> expected;
        for (const float x : in) {
          const double integer = q.integer(std::ldexp(static_cast<double>(x), f.fraction_bits));
          const std::int64_t kept = in_range(f, o, static_cast<std::int64_t>(integer));
          expected.push_back(std::ldexp(static_cast<double>(kept), -f.fraction_bits));
        }
        for (std::size_t i = 0; i < in.size(); i += 7) {
          check(quantized(f, wide[i], q.mode, o.range), expected[i], where + ", scalar");
        }
        for (const lowp::isa level : test::isas()) {
          const std::string at = where + ", " + std::string(name(level));
          std::vector<float> values(in.size());
          lowp::round_to(f, std::span<const float>(in), std::span<float>(values), q.mode, o.range,
                         lowp::missing_nan::largest, level);
          std::vector<double> wide_values(in.size());
          lowp::round_to(f, std::span<const double>(wide), std::span<double>(wide_values), q.mode,
                         o.range, lowp::missing_nan::largest, level);
          std::vector<std::uint8_t> bytes(lowp::packed_bytes(in.size(), f.total_bits));
          lowp::encode(f, std::span<const float>(in), std::span<std::uint8_t>(bytes), q.mode,
                       o.range, lowp::missing_nan::largest, {}, level);
          std::vector<float> decoded(in.size());
          lowp::decode(f, std::span<const std::uint8_t>(bytes), std::span<float>(decoded), {},
                       level);
          for (std::size_t i = 0; i < in.size(); ++i) {
            check(static_cast<double>(values[i]), expected[i], at + ", round_to binary32");
            check(wide_values[i], expected[i], at + ", round_to binary64");
            check(static_cast<double>(decoded[i]), expected[i], at + ", encode");
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(compared > 1'000'000);
}

TEST_CASE("Wrapping by 64 bits") {
  const auto code = [](double x, int bits, overflow o, bool is_signed = true) {
    return encode(fixed_format{bits, 0, is_signed}, lowp::unpack(x), lowp::toward_zero, o);
  };
  constexpr double two_63 = 0x1p63, two_64 = 0x1p64;
  constexpr auto mirrored = overflow::wrap_sign_magnitude;
  CHECK(code(two_63, 64, mirrored) == 0x7FFFFFFFFFFFFFFFu);         // the last one twice
  CHECK(code(two_63 + 4096, 64, mirrored) == 0x7FFFFFFFFFFFEFFFu);  // and back
  CHECK(code(two_64, 64, mirrored) == ~std::uint64_t{0});
  CHECK(code(two_64 + two_63, 64, mirrored) == 0x8000000000000000u - 0u);
  CHECK(code(2 * two_64, 64, mirrored) == 0);
  CHECK(code(-two_63, 64, mirrored) == 0x8000000000000000u);
  CHECK(code(-two_63 - 4096, 64, mirrored) == 0x8000000000000000u + 4095);
  CHECK(code(-two_64, 64, mirrored) == ~std::uint64_t{0});
  CHECK(code(two_64 + 4096, 64, mirrored, false) == 4096);
  CHECK(code(0x1p300, 64, mirrored) == 0);
  CHECK(code(1.75, 1, mirrored) == 0);  // 1 is 01: the bit above is clear, the topmost set
  CHECK(code(2, 1, mirrored) == 1);
}

TEST_CASE("An overflow becomes zero in formats of other families") {
  using lowp::formats::e4m3fn;
  const auto code = [](double x) {
    return encode(e4m3fn, lowp::unpack(x), lowp::nearest_even, overflow::to_zero);
  };
  CHECK(code(448) == 0x7E);
  CHECK(code(463.9) == 0x7E);
  CHECK(code(465) == 0);
  CHECK(code(-1e30) == 0);
  CHECK(code(HUGE_VAL) == 0);
  CHECK(code(-HUGE_VAL) == 0);
  CHECK(code(-0.0) == 0x80);
  const float in[]{448, 465, -500, HUGE_VALF, 1};
  for (const lowp::isa level : test::isas()) {
    float out[5];
    lowp::round_to(e4m3fn, std::span<const float>(in), std::span<float>(out), lowp::nearest_even,
                   overflow::to_zero, lowp::missing_nan::largest, level);
    CHECK(out[0] == 448);
    for (int i = 1; i < 4; ++i) CHECK((out[i] == 0 && !std::signbit(out[i])));
    CHECK(out[4] == 1);
  }
}

namespace {

/// Ties to the odd code.
struct ties_to_odd {
  static constexpr bool compares_with_half = true;
  static constexpr std::uint64_t addend(const lowp::discarded& d) {
    return (std::uint64_t{1} << 63) - (d.is_odd ? 1 : 0);
  }
};
/// Ties away from zero for positive values, else down; written as a decision.
struct decided {
  static constexpr bool compares_with_half = true;
  static constexpr std::uint64_t addend(const lowp::discarded& d) {
    const bool is_up = d.is_negative ? d.fraction != 0 : d.fraction >= std::uint64_t{1} << 63;
    return is_up ? ~std::uint64_t{0} : 0;
  }
};
/// Says what is not so: it compares with a quarter.
struct mistaken {
  static constexpr bool compares_with_half = true;
  static constexpr std::uint64_t addend(const lowp::discarded&) { return std::uint64_t{3} << 62; }
};

template <class R, class F>
std::size_t differences(const F& f, const R& mode, overflow o) {
  std::vector<float> in = arguments({8, 4, true, false}), out(in.size()), expected(in.size());
  lowp::reference::round_to(f, std::span<const float>(in), std::span<float>(expected), mode, o,
                            lowp::missing_nan::largest);
  std::size_t count = 0;
  for (const lowp::isa level : test::isas()) {
    lowp::round_to(f, std::span<const float>(in), std::span<float>(out), mode, o,
                   lowp::missing_nan::largest, level);
    for (std::size_t i = 0; i < in.size(); ++i) count += out[i] != expected[i] ? 1u : 0u;
  }
  return count;
}

}  // namespace

TEST_CASE("Kernels make the decisions of a mode of one's own that compares with one half") {
  using lowp::kernels::lane_rounding_of;
  CHECK(lane_rounding_of(ties_to_odd()).is_known);
  CHECK(lane_rounding_of(decided()).is_known);
  CHECK_FALSE(lane_rounding_of(mistaken()).is_known);
  for (const overflow o : {overflow::saturate, overflow::wrap, overflow::wrap_sign_magnitude}) {
    CHECK(differences(fixed_format{8, 4}, ties_to_odd(), o) == 0);
    CHECK(differences(fixed_format{8, 4}, decided(), o) == 0);
    CHECK(differences(fixed_format{8, 4}, mistaken(), o) == 0);
    CHECK(differences(lowp::formats::bfloat16, ties_to_odd(), o) == 0);
    CHECK(differences(lowp::formats::bfloat16, decided(), o) == 0);
    CHECK(differences(lowp::formats::e4m3fn, any_rounding(ties_to_odd()), o) == 0);
  }
  const auto quantized_odd = [](double x) {
    return quantized(ap_fixed(8, 8), x, ties_to_odd(), overflow::saturate);
  };
  CHECK(quantized_odd(2.5) == 3);
  CHECK(quantized_odd(3.5) == 3);
  CHECK(quantized_odd(-2.5) == -3);
}
