// SPDX-License-Identifier: MIT
// Expected values by another road than the library's: every finite value of a format is listed, and
// a number is rounded by looking for its neighbours in the list and comparing distances. MPFR does
// the same for formats that are too large to list.
#pragma once

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace oracle {

using lowp::code_t;
using lowp::float_format;
using lowp::missing_nan;
using lowp::overflow;
using lowp::unpacked;

// ------------------------------------------------------------------------------ modes and policies
enum class mode : std::uint8_t {
  nearest_even,
  nearest_away,
  nearest_toward_zero,
  toward_zero,
  upward,
  downward,
  away_from_zero,
  to_odd
};

inline constexpr std::array<mode, 8> modes{
    mode::nearest_even, mode::nearest_away, mode::nearest_toward_zero, mode::toward_zero,
    mode::upward,       mode::downward,     mode::away_from_zero,      mode::to_odd};

inline constexpr std::array<overflow, 3> policies{overflow::saturate, overflow::to_special,
                                                  overflow::propagate};

inline const char* name_of(mode m) {
  constexpr std::array<const char*, 8> names{
      "nearest_even", "nearest_away", "nearest_toward_zero", "toward_zero",
      "upward",       "downward",     "away_from_zero",      "to_odd"};
  return names[static_cast<std::size_t>(m)];
}

inline const char* name_of(overflow o) {
  constexpr std::array<const char*, 8> names{"saturate", "to_special",      "propagate",
                                             "wrap",     "to_zero",         "wrap_sign_magnitude",
                                             "sat_none", "saturate_numbers"};
  return names[static_cast<std::size_t>(o)];
}

/// The mode that does to -x what `m` does to x.
inline mode mirrored(mode m) {
  return m == mode::upward ? mode::downward : m == mode::downward ? mode::upward : m;
}

/// Calls `function` with the library's object for a mode.
template <class Function>
auto with_mode(mode m, Function&& function) {
  switch (m) {
    case mode::nearest_even: return function(lowp::nearest_even);
    case mode::nearest_away: return function(lowp::nearest_away);
    case mode::nearest_toward_zero: return function(lowp::nearest_toward_zero);
    case mode::toward_zero: return function(lowp::toward_zero);
    case mode::upward: return function(lowp::upward);
    case mode::downward: return function(lowp::downward);
    case mode::away_from_zero: return function(lowp::away_from_zero);
    case mode::to_odd: break;
  }
  return function(lowp::to_odd);
}

/// The library's answer, with the mode as a run-time value.
template <class F>
code_t library_encode(const F& f, const unpacked& x, mode m, overflow o,
                      missing_nan n = missing_nan::largest) {
  return with_mode(m, [&](const auto& object) { return encode(f, x, object, o, n); });
}

// --------------------------------------------------------------------------------------- inputs
// Specials are told by their bits, so that the oracle also works where the compiler was promised
// that there are none.
inline constexpr double infinite = std::bit_cast<double>(std::uint64_t{0x7FF0000000000000u});
inline constexpr double quiet_nan = std::bit_cast<double>(std::uint64_t{0x7FF8000000000000u});

inline bool is_negative(double x) { return (std::bit_cast<std::uint64_t>(x) >> 63) != 0; }
inline bool is_special(double x) {
  return (std::bit_cast<std::uint64_t>(x) & 0x7FF0000000000000u) == 0x7FF0000000000000u;
}
inline bool is_zero(double x) { return std::bit_cast<std::uint64_t>(x) << 1 == 0; }
inline bool is_nan(double x) {
  return is_special(x) && (std::bit_cast<std::uint64_t>(x) & 0x000FFFFFFFFFFFFFu) != 0;
}
inline double negated(double x) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) ^ (std::uint64_t{1} << 63));
}

/// Whether the machine keeps subnormal numbers (a program built with -ffast-math does not).
inline bool machine_keeps_subnormals() {
  volatile float small = std::bit_cast<float>(0x00800000u);
  volatile float half = small * 0.5f;
  return std::bit_cast<std::uint32_t>(static_cast<float>(half)) != 0;
}

/// The neighbours of x in binary64 and in binary32 (where x is a normal number of it), and x.
inline void append_with_neighbours(std::vector<double>& list, double x) {
  list.push_back(x);
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t sign = bits & (std::uint64_t{1} << 63);
  if ((bits ^ sign) == 0) {
    for (const double tiny : {0x1p-149, 0x1p-1022, 0x1p-300}) {
      list.push_back(tiny);
      list.push_back(-tiny);
    }
    return;
  }
  list.push_back(std::bit_cast<double>(bits + 1));
  list.push_back(std::bit_cast<double>(bits - 1));
  const double magnitude = std::bit_cast<double>(bits ^ sign);
  if (magnitude < 0x1p-125 || magnitude > 0x1p127) return;
  const auto narrow = static_cast<float>(x);
  const auto narrow_bits = std::bit_cast<std::uint32_t>(narrow);
  list.push_back(static_cast<double>(std::bit_cast<float>(narrow_bits + 1)));
  list.push_back(static_cast<double>(std::bit_cast<float>(narrow_bits - 1)));
}

// ------------------------------------------------------------------------------------ exact values
enum class kind : std::uint8_t { zero, finite, infinity, nan };

/// (-1)^negative * significand * 2^scale, or a special value.
struct datum {
  kind what = kind::zero;
  bool negative = false;
  std::uint64_t significand = 0;
  int scale = 0;

  [[nodiscard]] bool is_number() const { return what == kind::zero || what == kind::finite; }
  /// Exact where the exponent fits in binary64.
  [[nodiscard]] double value() const {
    const double magnitude = std::ldexp(static_cast<double>(significand), scale);
    return negative ? negated(magnitude) : magnitude;
  }
};

/// Whether both are the same value with the same sign; NaNs only have to be NaNs.
inline bool same(const datum& a, const unpacked& b) {
  switch (a.what) {
    case kind::nan: return b.is_nan();
    case kind::infinity: return b.is_infinite() && a.negative == b.negative;
    case kind::zero: return b.is_zero() && a.negative == b.negative;
    case kind::finite: break;
  }
  if (b.kind != lowp::value_kind::finite || a.negative != b.negative) return false;
  // As integers with the same power of two: the library's has its leading one at 2^exponent.
  if (b.significand.low != 0 || (b.significand.high >> 63) == 0) return false;
  const auto width = static_cast<int>(std::bit_width(a.significand));
  return a.significand << (64 - width) == b.significand.high && a.scale + width - 1 == b.exponent;
}

inline bool same(double a, const unpacked& b) {
  datum d{.negative = is_negative(a)};
  if (is_special(a)) {
    d.what = is_nan(a) ? kind::nan : kind::infinity;
  } else if (a != 0) {
    int exponent = 0;
    const double fraction = std::frexp(is_negative(a) ? -a : a, &exponent);
    d.what = kind::finite;
    d.significand = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
    d.scale = exponent - 53;
  }
  return same(d, b);
}

// ------------------------------------------------------------------------------- the float family
/// The value of a code by the definition: E = 0: T 2^(1-m) 2^(-b), else (1 + T 2^-m) 2^(E-b).
inline datum value_of(const float_format& f, code_t code) {
  const code_t mantissas = code_t{1} << f.mantissa_bits;
  const code_t exponents = code_t{1} << f.exponent_bits;
  const code_t t = code % mantissas;
  const code_t e = code / mantissas % exponents;
  const bool s = f.is_signed && code / mantissas / exponents % 2 == 1;
  // How many magnitudes lie above this one: the first are NaN, the next may be the infinity.
  const code_t above = mantissas * exponents - 1 - (e * mantissas + t);
  if (above < f.nan_codes) return {.what = kind::nan, .negative = s};
  if (f.has_infinity && above == f.nan_codes) return {.what = kind::infinity, .negative = s};
  if (s && e == 0 && t == 0 && f.nan_at_negative_zero) return {.what = kind::nan};

  const auto number = [&](code_t significand, int binade) -> datum {
    if (significand == 0) return {.what = kind::zero, .negative = s};
    return {kind::finite, s, significand, binade - f.mantissa_bits};
  };
  if (e == 0) {
    switch (f.at_exponent_zero) {
      case lowp::exponent_zero::subnormals: return number(t, 1 - f.bias);
      case lowp::exponent_zero::zero_only: return number(0, 0);
      case lowp::exponent_zero::normals: return number(mantissas + t, -f.bias);
    }
  }
  return number(mantissas + t, static_cast<int>(e) - f.bias);
}

/// All values of a float format of up to 16 bits whose exponents fit in binary64, and rounding by
/// search among them. Sums of neighbours have at most two bits more than the values, so midpoints
/// are exact in binary64, and so is every comparison.
class float_grid {
 public:
  explicit float_grid(const float_format& f) : format_(f) {
    std::vector<point> positive;
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const datum d = value_of(f, code);
      if (d.what == kind::nan) nan_codes_.push_back(code);
      if (d.what == kind::infinity && !d.negative) infinity_ = code;
      if (!d.is_number() || d.negative) continue;
      const bool is_alias = !positive.empty() && d.what == kind::zero;
      if (!is_alias) positive.push_back({d.value(), code, code % 2 == 1});
    }
    // The next value above the largest that would exist if the exponent had no end.
    const datum largest = value_of(f, positive.back().code);
    const double step = std::ldexp(1.0, largest.scale);
    largest_ = positive.back();
    beyond_ = {largest_.value + step, 0, !largest_.is_odd};

    for (auto p = positive.rbegin(); p != positive.rend(); ++p) {
      if (p->value != 0) points_.push_back({-p->value, p->code | f.sign_bit(), p->is_odd});
    }
    points_.insert(points_.end(), positive.begin(), positive.end());
  }

  /// A value with the code of its magnitude or of itself, by ascending value. The negative half is
  /// also listed for unsigned formats, where its members are out of range.
  struct point {
    double value;
    code_t code;
    bool is_odd;
  };

  [[nodiscard]] const float_format& format() const { return format_; }
  [[nodiscard]] const std::vector<point>& points() const { return points_; }
  [[nodiscard]] double largest() const { return largest_.value; }
  [[nodiscard]] code_t largest_code() const { return largest_.code; }
  [[nodiscard]] double beyond() const { return beyond_.value; }
  [[nodiscard]] bool has_nan() const { return !nan_codes_.empty(); }
  [[nodiscard]] bool has_infinity() const { return infinity_.has_value(); }
  [[nodiscard]] bool has_zero() const {
    return std::any_of(points_.begin(), points_.end(), [](const point& p) { return p.value == 0; });
  }
  [[nodiscard]] bool has_negative_zero() const {
    if (!format_.is_signed) return false;
    const datum d = value_of(format_, format_.sign_bit());
    return d.what == kind::zero && d.negative;
  }

  /// Every value, every midpoint and their neighbours, what lies beyond the range, and specials.
  [[nodiscard]] std::vector<double> inputs() const {
    std::vector<double> list;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      append_with_neighbours(list, points_[i].value);
      if (i + 1 < points_.size()) {
        append_with_neighbours(list, points_[i].value / 2 + points_[i + 1].value / 2);
      }
    }
    const double half_way = largest_.value / 2 + beyond_.value / 2;
    for (const double x : {half_way, beyond_.value, 1.5 * beyond_.value, 2 * beyond_.value,
                           2.5 * beyond_.value, 1e200, 0x1.FFFFFFFFFFFFFp1023}) {
      append_with_neighbours(list, x);
      append_with_neighbours(list, -x);
    }
    for (const double x : {0.0, infinite, quiet_nan}) {
      list.push_back(x);
      list.push_back(negated(x));
    }
    return list;
  }

  /// The code of x: any double, or a long double that is neither zero nor special.
  template <class T>
  [[nodiscard]] code_t encode(T x, mode m, overflow o, missing_nan n = missing_nan::largest) const {
    const bool clamps = o != overflow::to_special;
    if constexpr (std::is_same_v<T, double>) {
      if (is_nan(x)) return encode_nan(is_negative(x), n);
      if (is_special(x)) return encode_infinity(is_negative(x), o);
      if (is_zero(x)) {
        const bool negative = is_negative(x);
        if (has_zero_) return negative && has_negative_zero_ ? format_.sign_bit() : 0;
        if (!clamps && has_nan()) return canonical_nan(negative);
        return negative ? format_.sign_bit() : 0;  // the smallest magnitude
      }
    }
    const bool negative = x < 0;
    const point result = round(x, m);
    if (result.value == 0) return negative && has_negative_zero_ ? format_.sign_bit() : 0;
    if (negative && !format_.is_signed) {  // clause "negative": below everything
      if (infinity_ && (m == mode::toward_zero || m == mode::upward)) return 0;
      return !clamps && has_nan() ? canonical_nan(true) : 0;
    }
    const bool leaves = result.value > largest_.value || result.value < -largest_.value;
    if (!leaves) return result.code;
    const code_t sign = negative ? format_.sign_bit() : 0;
    if (!clamps && infinity_) return *infinity_ | sign;
    if (!clamps && has_nan()) return canonical_nan(negative);
    return largest_.code | sign;
  }

  /// Rounding alone: the neighbour that a mode chooses, `beyond` of either sign included.
  template <class T>
  [[nodiscard]] point round(T x, mode m) const {
    const point below_all{-beyond_.value, 0, beyond_.is_odd};
    const auto largest = static_cast<T>(largest_.value);
    if (x > largest) return choose(largest_, beyond_, x, m);
    if (x < -largest) {
      return choose(below_all,
                    {-largest_.value, largest_.code | format_.sign_bit(), largest_.is_odd}, x, m);
    }
    const auto high =
        std::lower_bound(points_.begin(), points_.end(), x,
                         [](const point& p, T value) { return static_cast<T>(p.value) < value; });
    if (static_cast<T>(high->value) == x) return *high;
    const auto low = high - 1;
    if (!has_zero_ && low->value < 0 && high->value > 0) return x < 0 ? *low : *high;
    return choose(*low, *high, x, m);
  }

  [[nodiscard]] code_t canonical_nan(bool negative) const {
    // The quiet NaN of IEEE 754 has only the top bit of its mantissa set, below a full exponent.
    const code_t mantissas = code_t{1} << format_.mantissa_bits;
    const code_t exponents = code_t{1} << format_.exponent_bits;
    const code_t quiet = (exponents - 1) * mantissas + mantissas / 2;
    std::optional<code_t> highest;
    for (const code_t code : nan_codes_) {
      if (format_.mantissa_bits > 0 && code == quiet) {
        highest = code;
        break;
      }
      if (code < mantissas * exponents) highest = code;
    }
    if (!highest) return format_.sign_bit();
    return *highest | (negative ? format_.sign_bit() : 0);
  }

 private:
  template <class T>
  [[nodiscard]] static const point& choose(const point& low, const point& high, T x, mode m) {
    const bool negative = x < 0;
    const point& inner = negative ? high : low;
    const point& outer = negative ? low : high;
    // Neighbouring codes differ in parity. Only where a format leaves out its subnormals can both
    // be even; then the outer one takes the part of the odd one.
    switch (m) {
      case mode::upward: return high;
      case mode::downward: return low;
      case mode::toward_zero: return inner;
      case mode::away_from_zero: return outer;
      case mode::to_odd: return inner.is_odd ? inner : outer;
      default: break;
    }
    const auto middle = static_cast<T>(low.value / 2 + high.value / 2);
    if (x < middle) return low;
    if (x > middle) return high;
    if (m == mode::nearest_even) return inner.is_odd ? outer : inner;
    return m == mode::nearest_away ? outer : inner;
  }

  [[nodiscard]] code_t encode_infinity(bool negative, overflow o) const {
    const code_t sign = negative ? format_.sign_bit() : 0;
    const bool exists = format_.is_signed || !negative;
    if (o == overflow::saturate) return exists ? largest_.code | sign : 0;
    if (exists && infinity_) return *infinity_ | sign;
    if (o == overflow::propagate) return exists ? largest_.code | sign : 0;
    if (has_nan()) return canonical_nan(negative);
    return exists ? largest_.code | sign : 0;
  }

  [[nodiscard]] code_t encode_nan(bool negative, missing_nan n) const {
    if (has_nan()) return canonical_nan(negative);
    const code_t sign = format_.sign_bit();
    switch (n) {
      case missing_nan::largest: return largest_.code;
      case missing_nan::signed_largest: return largest_.code | (negative ? sign : 0);
      case missing_nan::zero: return 0;
      case missing_nan::flipped_zero: break;
    }
    return negative ? 0 : sign;
  }

  float_format format_;
  std::vector<point> points_;
  std::vector<code_t> nan_codes_;
  std::optional<code_t> infinity_;
  point largest_{};
  point beyond_{};
  bool has_zero_ = format_.at_exponent_zero != lowp::exponent_zero::normals;
  bool has_negative_zero_ = format_.is_signed && !format_.nan_at_negative_zero;
};

// -------------------------------------------------------------------------------------------- MPFR
/// An MPFR number with its own precision.
class real {
 public:
  explicit real(int precision = 256) { mpfr_init2(value_, precision); }
  real(const real& other) {
    mpfr_init2(value_, mpfr_get_prec(other.value_));
    mpfr_set(value_, other.value_, MPFR_RNDN);
  }
  real& operator=(const real&) = delete;
  ~real() { mpfr_clear(value_); }

  operator mpfr_ptr() { return value_; }
  operator mpfr_srcptr() const { return value_; }

  /// An exact value, of up to 128 bits; the sticky bit is taken as a bit.
  void set(const unpacked& x) {
    switch (x.kind) {
      case lowp::value_kind::nan: mpfr_set_nan(value_); return;
      case lowp::value_kind::infinity: mpfr_set_inf(value_, x.negative ? -1 : 1); return;
      case lowp::value_kind::zero: mpfr_set_zero(value_, x.negative ? -1 : 1); return;
      case lowp::value_kind::finite: break;
    }
    static_assert(sizeof(unsigned long) == 8);
    real low(64);
    mpfr_set_ui_2exp(value_, x.significand.high, x.exponent - 63, MPFR_RNDN);
    mpfr_set_ui_2exp(low, x.significand.low, x.exponent - 127, MPFR_RNDN);
    mpfr_add(value_, value_, low, MPFR_RNDN);
    if (x.negative) mpfr_neg(value_, value_, MPFR_RNDN);
  }
  /// Taken from the bits, so that no floating-point unit can flush it.
  void set(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const auto field = static_cast<int>(bits >> 52 & 0x7FF);
    const std::uint64_t fraction = bits & 0x000FFFFFFFFFFFFFu;
    if (field == 0x7FF && fraction != 0) {
      mpfr_set_nan(value_);
    } else if (field == 0x7FF) {
      mpfr_set_inf(value_, is_negative(x) ? -1 : 1);
    } else if (field == 0 && fraction == 0) {
      mpfr_set_zero(value_, is_negative(x) ? -1 : 1);
    } else {
      const std::uint64_t leading = field == 0 ? 0 : std::uint64_t{1} << 52;
      mpfr_set_ui_2exp(value_, fraction | leading, (field == 0 ? 1 : field) - 1075, MPFR_RNDN);
      if (is_negative(x)) mpfr_neg(value_, value_, MPFR_RNDN);
    }
  }

 private:
  mpfr_t value_;
};

/// MPFR's direction for a mode, where it has one that knows subnormals.
inline std::optional<mpfr_rnd_t> mpfr_direction(mode m) {
  switch (m) {
    case mode::nearest_even: return MPFR_RNDN;
    case mode::toward_zero: return MPFR_RNDZ;
    case mode::upward: return MPFR_RNDU;
    case mode::downward: return MPFR_RNDD;
    case mode::away_from_zero: return MPFR_RNDA;
    default: return std::nullopt;
  }
}

/// Rounds an exact real into an IEEE 754 format of any width and gives the code; overflow as in
/// IEEE 754. NaN is the quiet one, without a sign.
inline code_t mpfr_encode(const float_format& f, mpfr_srcptr x, mpfr_rnd_t direction) {
  const code_t mantissas = code_t{1} << f.mantissa_bits;
  const code_t infinity_code = ((code_t{1} << f.exponent_bits) - 1) * mantissas;
  if (mpfr_nan_p(x)) return infinity_code + mantissas / 2;
  const code_t sign = mpfr_signbit(x) ? f.sign_bit() : 0;
  if (mpfr_inf_p(x)) return infinity_code | sign;
  if (mpfr_zero_p(x)) return sign;

  const mpfr_exp_t old_emin = mpfr_get_emin(), old_emax = mpfr_get_emax();
  mpfr_set_emin(2 - f.bias - f.mantissa_bits);
  mpfr_set_emax((mpfr_exp_t{1} << f.exponent_bits) - 1 - f.bias);
  real rounded(std::max(f.mantissa_bits + 1, 2));
  int ternary = mpfr_set(rounded, x, direction);
  ternary = mpfr_check_range(rounded, ternary, direction);
  mpfr_subnormalize(rounded, ternary, direction);
  mpfr_set_emin(old_emin);
  mpfr_set_emax(old_emax);

  if (mpfr_inf_p(rounded)) return infinity_code | sign;
  if (mpfr_zero_p(rounded)) return sign;
  // |rounded| = integer * 2^scale; its exponent field follows from where the leading one is.
  mpfr_abs(rounded, rounded, MPFR_RNDN);
  const int leading = static_cast<int>(mpfr_get_exp(rounded)) - 1;
  const int binade = std::max(leading, 1 - f.bias);
  mpfr_mul_2si(rounded, rounded, f.mantissa_bits - binade, MPFR_RNDN);
  const code_t integer = mpfr_get_ui(rounded, MPFR_RNDN);
  const auto field = static_cast<code_t>(binade + f.bias);
  return sign | (integer < mantissas ? integer : (field - 1) * mantissas + integer);
}

// ------------------------------------------------------------------------------------------
// reports
/// Counts comparisons and mismatches, and keeps the first mismatch as a sentence.
struct tally {
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  std::string first;

  template <class Describe>
  void check(bool is_equal, Describe&& describe) {
    ++compared;
    if (is_equal) return;
    if (mismatches++ == 0) {
      std::ostringstream text;
      text.precision(17);
      describe(text);
      first = text.str();
    }
  }
};

}  // namespace oracle

/// Fails with the first mismatch; also fails if nothing was compared.
#define REQUIRE_NO_MISMATCH(t)             \
  do {                                     \
    INFO("first mismatch: " << (t).first); \
    INFO("compared: " << (t).compared);    \
    CHECK((t).compared > 0);               \
    REQUIRE((t).mismatches == 0);          \
  } while (false)
