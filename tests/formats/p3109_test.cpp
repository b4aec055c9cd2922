// SPDX-License-Identifier: MIT
// IEEE P3109 (interim report v4.0): all formats of 8 bits, and narrow ones, in each of its rounding
// and saturation modes, against its definitions of Decode, RoundToPrecision and Saturate, written
// down in binary64, which holds every value, midpoint and neighbour exactly.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/unpack.hpp"
#include "oracle.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::code_t;
using lowp::overflow;

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class rounding { ties_to_even, ties_to_away, positive, negative, zero, to_odd };
enum class saturation { finite, propagate, none };

/// A format of the report: width K, precision P, bias B.
struct p3109 {
  int k, p;
  bool is_signed, is_extended;
  [[nodiscard]] int bias() const { return 1 << (k - p - (is_signed ? 1 : 0)); }
  [[nodiscard]] code_t nan() const { return code_t{1} << (k - 1) << (is_signed ? 0 : 1); }
  [[nodiscard]] code_t nan_code() const { return is_signed ? nan() : nan() - 1; }
  /// The code of +infinity, or of the NaN or the end of positive codes where there is none.
  [[nodiscard]] code_t top() const {
    return (code_t{1} << (k - (is_signed ? 1 : 0))) - (is_signed ? 1 : 2);
  }

  /// Of a code up to that of the largest finite value.
  [[nodiscard]] double magnitude(code_t code) const {
    const auto t = static_cast<double>(code % (code_t{1} << (p - 1)));
    const int e = static_cast<int>(code >> (p - 1));
    const double unit = std::ldexp(1.0, 1 - p);
    return e == 0 ? std::ldexp(t * unit, 1 - bias()) : std::ldexp(1 + t * unit, e - bias());
  }
  [[nodiscard]] code_t largest_code() const { return is_extended ? top() - 1 : top(); }
  [[nodiscard]] double highest() const { return magnitude(largest_code()); }
  [[nodiscard]] double lowest() const { return is_signed ? -highest() : 0; }

  /// The code of a value of the format, an infinity or a NaN.
  [[nodiscard]] code_t code_of(double x) const {
    if (std::isnan(x)) return nan_code();
    const code_t sign = std::signbit(x) && x != 0 ? code_t{1} << (k - 1) : 0;
    if (std::isinf(x)) return top() | sign;
    code_t low = 0, high = largest_code();
    while (low < high) {
      const code_t middle = (low + high) / 2;
      magnitude(middle) < std::fabs(x) ? low = middle + 1 : high = middle;
    }
    return low | sign;
  }
};

/// RoundToPrecision: of a finite number that is not zero, to a multiple of 2^Q.
double round_to_precision(const p3109& f, rounding mode, double x) {
  int exponent = 0;
  (void)std::frexp(x, &exponent);  // x < 2^exponent
  const int q = std::max(exponent - 1, 1 - f.bias()) - f.p + 1;
  const double s = std::ldexp(std::fabs(x), -q), floor = std::floor(s), rest = s - floor;
  const bool is_even = f.p > 1 ? std::fmod(floor, 2) == 0 : floor == 0 || (q + f.bias()) % 2 == 0;
  bool away = false;
  switch (mode) {
    case rounding::ties_to_even: away = rest > 0.5 || (rest == 0.5 && !is_even); break;
    case rounding::ties_to_away: away = rest >= 0.5; break;
    case rounding::positive: away = rest > 0 && x > 0; break;
    case rounding::negative: away = rest > 0 && x < 0; break;
    case rounding::zero: break;
    case rounding::to_odd: away = rest > 0 && is_even; break;
  }
  return std::copysign(std::ldexp(floor + (away ? 1 : 0), q), x);
}

/// Saturate, line by line.
double saturate(const p3109& f, saturation sat, rounding mode, double x) {
  const double low = f.lowest(), high = f.highest();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (low <= x && x <= high) return x;
  if (sat == saturation::finite) return x < low ? low : high;
  if (sat == saturation::propagate) {
    if (x == infinity) return f.is_extended ? infinity : high;
    if (x == -infinity) return f.is_signed && f.is_extended ? -infinity : low;
    return x < low ? low : high;
  }
  if (x == infinity) return f.is_extended ? infinity : high;
  if (x == -infinity) return !f.is_signed ? nan : f.is_extended ? -infinity : low;
  if (mode == rounding::to_odd && x > high && !f.is_signed && f.is_extended) return high;
  if ((mode == rounding::zero || mode == rounding::negative) && x > high) return high;
  if ((mode == rounding::zero || mode == rounding::positive) && x < low) return low;
  if (x < low) return !f.is_signed ? nan : f.is_extended ? -infinity : low;
  return f.is_extended ? infinity : high;
}

code_t project(const p3109& f, saturation sat, rounding mode, double x) {
  if (std::isnan(x)) return f.nan_code();
  const double rounded = x == 0 || std::isinf(x) ? x : round_to_precision(f, mode, x);
  return f.code_of(saturate(f, sat, mode, rounded));
}

template <class Use>
void with_mode(rounding mode, const Use& use) {
  switch (mode) {
    case rounding::ties_to_even: return use(lowp::nearest_even);
    case rounding::ties_to_away: return use(lowp::nearest_away);
    case rounding::positive: return use(lowp::upward);
    case rounding::negative: return use(lowp::downward);
    case rounding::zero: return use(lowp::toward_zero);
    case rounding::to_odd: return use(lowp::to_odd);
  }
}

/// Values, midpoints and their neighbours, of both signs, and what lies beyond.
std::vector<double> inputs(const p3109& f) {
  std::vector<double> list{0.0, -0.0, infinity, -infinity,
                           std::numeric_limits<double>::quiet_NaN()};
  const auto add = [&](double x) {
    for (const double y : {x, std::nextafter(x, infinity), std::nextafter(x, -infinity)}) {
      list.push_back(y);
      list.push_back(-y);
    }
  };
  double last = 0;
  for (code_t code = 0; code <= f.largest_code(); ++code) {
    const double x = f.magnitude(code);
    add(x);
    add(last / 2 + x / 2);
    last = x;
  }
  int exponent = 0;
  (void)std::frexp(last, &exponent);
  for (const double factor : {0.25, 0.5, 1.0, 4.0}) {
    add(last + std::ldexp(factor, exponent - f.p));
  }
  add(1e300);
  return list;
}

void compare(oracle::tally& t, const p3109& f) {
  const lowp::float_format format = formats::p3109(f.k, f.p, f.is_signed, f.is_extended);
  const std::vector<double> list = inputs(f);
  for (int m = 0; m < 6; ++m) {
    const auto mode = static_cast<rounding>(m);
    with_mode(mode, [&](const auto& r) {
      for (const double x : list) {
        for (const saturation sat : {saturation::finite, saturation::propagate, saturation::none}) {
          const overflow o = sat == saturation::finite      ? overflow::saturate
                             : sat == saturation::propagate ? overflow::propagate
                                                            : overflow::sat_none;
          const code_t expected = project(f, sat, mode, x);
          const code_t actual = encode(format, lowp::unpack(x), r, o);
          t.check(actual == expected, [&](auto& out) {
            out << "K " << f.k << ", P " << f.p << (f.is_signed ? "s" : "u")
                << (f.is_extended ? "e" : "f") << ", mode " << m << ", saturation "
                << static_cast<int>(sat) << ": " << x << " gives " << actual << ", expected "
                << expected;
          });
          if (sat == saturation::none && f.is_extended) {
            t.check(encode(format, lowp::unpack(x), r, overflow::to_special) == expected,
                    [&](auto& out) { out << "to_special is not SatNone: " << x; });
          }
        }
      }
    });
  }
}

}  // namespace

TEST_CASE("Project of IEEE P3109 in every mode, for all formats of 8 bits") {
  oracle::tally t;
  for (int p = 1; p <= 8; ++p) {
    for (const bool is_extended : {false, true}) {
      compare(t, {8, p, false, is_extended});
      if (p < 8) compare(t, {8, p, true, is_extended});
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Project of IEEE P3109 in every mode, for all formats of 3 to 6 bits") {
  oracle::tally t;
  for (int k = 3; k <= 6; ++k) {
    for (int p = 1; p <= k; ++p) {
      for (const bool is_extended : {false, true}) {
        compare(t, {k, p, false, is_extended});
        if (p < k) compare(t, {k, p, true, is_extended});
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("What lies below an unsigned format of P3109") {
  using extended = lowp::number<formats::p3109(3, 1, false, true)>;
  using finite = lowp::number<formats::p3109(3, 1, false, false)>;
  CHECK(lowp::convert<extended::format>(-2.5, lowp::toward_zero).code() == 0);
  CHECK(lowp::convert<extended::format>(-2.5, lowp::upward).code() == 0);
  CHECK(lowp::convert<extended::format>(-2.5).code() == 7);
  CHECK(lowp::convert<finite::format>(-5.0, lowp::nearest_even, overflow::sat_none).code() == 7);
  CHECK(lowp::convert<finite::format>(500.0, lowp::nearest_even, overflow::sat_none).code() == 6);
  using scale = lowp::number<formats::p3109(8, 4, false, true)>;  // Binary8p4ue
  const scale zero(0), tiny = lowp::convert<scale::format>(0x1p-18);
  CHECK(tiny.code() == 1);
  CHECK(lowp::subtract(zero, tiny, lowp::toward_zero).code() == 0);
  CHECK(lowp::subtract(zero, tiny).code() == 0xFF);
}

TEST_CASE("Finite values saturate while infinities become NaN, or stay infinities") {
  const auto code = [](const auto& f, double x) {
    return encode(f, lowp::unpack(x), lowp::nearest_even, overflow::saturate_numbers);
  };
  CHECK(code(formats::e4m3fn, 1e9) == 0x7E);
  CHECK(code(formats::e4m3fn, -1e9) == 0xFE);
  CHECK(code(formats::e4m3fn, infinity) == 0x7F);
  CHECK(code(formats::e4m3fn, -infinity) == 0xFF);
  CHECK(code(formats::e5m2, 1e9) == 0x7B);
  CHECK(code(formats::e5m2, -infinity) == 0xFC);
  CHECK(code(formats::e4m3fnuz, 1e9) == 0x7F);
  CHECK(code(formats::e4m3fnuz, infinity) == 0x80);
  CHECK(code(formats::e2m1, -infinity) == 0xF);
  CHECK(code(formats::ue4m3, -1.0) == 0);
  CHECK(code(formats::ue4m3, -infinity) == 0x7F);
  CHECK(code(formats::posit<8>, infinity) == 0x80);
  CHECK(code(formats::int_n<8>, infinity) == 127);
}
