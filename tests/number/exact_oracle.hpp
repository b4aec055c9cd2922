// SPDX-License-Identifier: MIT
// What a number means and what rounding gives, written a second time: formats as lists of values
// computed from their textbook formulas, exact results as fractions, rounding as a search in the
// list. Shares no code with the library beyond the names of formats and modes.
#pragma once

#include <gmp.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "lowp/number/number.hpp"

namespace oracle {

__extension__ using wide = __int128;

enum class kind { finite, infinity, nan };

/// The ends of the range that floating-point formats choose between.
enum class ends {
  ieee,            ///< the top exponent holds infinities and NaNs
  one_nan,         ///< the top code is NaN (OFP8 E4M3, scales)
  nan_is_minus0,   ///< the code of -0 is NaN, all others finite (FNUZ, finite P3109)
  p3109_extended,  ///< as before, and the top magnitude is infinite
  finite,          ///< all codes are finite
};

/// A format as the list of its values. Codes 0, 1, 2, … are its magnitudes in ascending order.
struct table {
  std::string name;
  int bits = 0;
  bool is_signed = true;
  bool is_twos_complement = false;
  bool is_posit = false;
  bool has_infinity = false, has_nan = false, has_negative_zero = false;
  bool has_zero = true;
  std::vector<double> magnitudes;
  std::vector<double> thresholds;  ///< where nearest rounding turns from code i to i + 1
  int largest = 0;                 ///< index of the largest positive value
  int largest_negative = 0;
  std::uint64_t nan_first = 1, nan_last = 0;  ///< positive codes that are NaN
  std::uint64_t infinity = 0;                 ///< the code of +infinity if there is one

  // The same in integers, in units of 2^-25, for formats whose values are small enough.
  std::vector<std::int64_t> magnitude_units, threshold_units;

  [[nodiscard]] std::uint64_t mask() const { return ~std::uint64_t{0} >> (64 - bits); }
  [[nodiscard]] std::uint64_t sign_bit() const {
    return is_signed ? std::uint64_t{1} << (bits - 1) : 0;
  }
  [[nodiscard]] std::uint64_t code_of(int index, bool is_negative) const {
    const auto code = static_cast<std::uint64_t>(index);
    if (!is_negative) return code;
    if (is_twos_complement) return (0 - code) & mask();
    return index == 0 && !has_negative_zero ? 0 : code | sign_bit();
  }

  struct decoded {
    oracle::kind kind = kind::finite;
    bool is_negative = false;
    int index = 0;
  };
  [[nodiscard]] decoded decode(std::uint64_t code) const {
    const bool is_negative = (code & sign_bit()) != 0;
    if (is_twos_complement) {
      if (is_posit && code == sign_bit()) return {kind::nan};
      return {kind::finite, is_negative,
              static_cast<int>(is_negative ? (0 - code) & mask() : code)};
    }
    const std::uint64_t magnitude = code & ~sign_bit();
    if (is_negative && magnitude == 0 && has_nan && !has_negative_zero) return {kind::nan};
    if (has_infinity && magnitude == infinity) return {kind::infinity, is_negative};
    if (magnitude >= nan_first && magnitude <= nan_last) return {kind::nan, is_negative};
    return {kind::finite, is_negative, static_cast<int>(magnitude)};
  }
  [[nodiscard]] double value(const decoded& d) const {
    const double magnitude = magnitudes[static_cast<std::size_t>(d.index)];
    return d.is_negative ? -magnitude : magnitude;
  }

  void finish() {
    largest_negative = !is_signed                                          ? 0
                       : static_cast<int>(magnitudes.size()) - 1 > largest ? largest + 1
                                                                           : largest;
    if (std::abs(magnitudes.back()) > 0x1p25) return;
    for (const double x : magnitudes) {
      magnitude_units.push_back(static_cast<std::int64_t>(std::ldexp(x, 25)));
    }
    for (const double x : thresholds) {
      threshold_units.push_back(static_cast<std::int64_t>(std::ldexp(x, 25)));
    }
  }
};

/// A floating-point format by fields. `lowest_field` is 1 where field 0 holds zero and subnormals.
inline table float_table(const std::string& name, int exponent_bits, int mantissa_bits, int bias,
                         ends e, bool is_signed = true, int lowest_field = 1) {
  table t;
  t.name = name;
  t.is_signed = is_signed;
  t.bits = exponent_bits + mantissa_bits + (is_signed ? 1 : 0);
  t.has_zero = lowest_field == 1;
  const int top = (1 << (exponent_bits + mantissa_bits)) - 1;
  t.largest = top;
  if (e == ends::ieee) {
    t.infinity = static_cast<std::uint64_t>(top - ((1 << mantissa_bits) - 1));
    t.largest = static_cast<int>(t.infinity) - 1;
    t.nan_first = t.infinity + 1;
    t.nan_last = static_cast<std::uint64_t>(top);
  } else if (e == ends::one_nan) {
    t.largest = top - 1;
    t.nan_first = t.nan_last = static_cast<std::uint64_t>(top);
  } else if (e == ends::p3109_extended) {
    // The unsigned ones spend the top code on NaN, the signed ones that of -0.
    const int nans = is_signed ? 0 : 1;
    t.largest = top - 1 - nans;
    t.infinity = static_cast<std::uint64_t>(top - nans);
    if (nans == 1) t.nan_first = t.nan_last = static_cast<std::uint64_t>(top);
  }
  t.has_infinity = e == ends::ieee || e == ends::p3109_extended;
  t.has_nan = e != ends::finite;
  t.has_negative_zero = is_signed && e != ends::nan_is_minus0 && e != ends::p3109_extended;
  const auto value = [&](int code) {
    const int field = code >> mantissa_bits;
    const int mantissa = code & ((1 << mantissa_bits) - 1);
    if (field < lowest_field) return std::ldexp(mantissa, 1 - bias - mantissa_bits);
    return std::ldexp((1 << mantissa_bits) + mantissa, field - bias - mantissa_bits);
  };
  for (int code = 0; code <= t.largest; ++code) {
    t.magnitudes.push_back(value(code));
    t.thresholds.push_back((value(code) + value(code + 1)) / 2);
  }
  t.finish();
  return t;
}

/// The value of a positive posit by the formula useed^regime * 2^exponent * (1 + fraction).
inline double posit_value(int bits, int exponent_bits, std::uint64_t code) {
  if (code == 0) return 0;
  int at = bits - 2;  // the first bit of the regime
  const auto bit = [&](int i) { return i >= 0 ? static_cast<int>(code >> i & 1) : 0; };
  const int first = bit(at);
  int run = 0;
  while (at >= 0 && bit(at) == first) {
    ++run;
    --at;
  }
  const int regime = first == 1 ? run - 1 : -run;
  --at;  // the bit that ends the run
  int exponent = 0;
  for (int i = 0; i < exponent_bits; ++i) exponent = 2 * exponent + bit(at--);
  double fraction = 1, weight = 0.5;
  for (; at >= 0; weight /= 2) fraction += weight * bit(at--);
  return std::ldexp(fraction, regime * (1 << exponent_bits) + exponent);
}

inline table posit_table(int bits, int exponent_bits) {
  table t;
  t.name = "posit" + std::to_string(bits) + "_" + std::to_string(exponent_bits);
  t.bits = bits;
  t.is_twos_complement = t.is_posit = t.has_nan = true;
  t.largest = (1 << (bits - 1)) - 1;
  for (int code = 0; code <= t.largest; ++code) {
    const auto unsigned_code = static_cast<std::uint64_t>(code);
    t.magnitudes.push_back(posit_value(bits, exponent_bits, unsigned_code));
    // Nothing rounds to zero; elsewhere the posit with one more bit lies on the border.
    t.thresholds.push_back(code == 0 ? 0
                                     : posit_value(bits + 1, exponent_bits, 2 * unsigned_code + 1));
  }
  t.finish();
  return t;
}

inline table fixed_table(const std::string& name, int bits, int fraction_bits,
                         bool is_signed = true) {
  table t;
  t.name = name;
  t.bits = bits;
  t.is_signed = is_signed;
  t.is_twos_complement = is_signed;
  t.largest = (1 << (bits - (is_signed ? 1 : 0))) - 1;
  for (int code = 0; code <= t.largest + (is_signed ? 1 : 0); ++code) {
    t.magnitudes.push_back(std::ldexp(code, -fraction_bits));
    t.thresholds.push_back(std::ldexp(code + 0.5, -fraction_bits));
  }
  t.finish();
  return t;
}

enum class mode {
  nearest_even,
  nearest_away,
  nearest_toward_zero,
  toward_zero,
  upward,
  downward,
  away_from_zero,
  to_odd
};
inline constexpr const char* mode_names[] = {
    "nearest_even", "nearest_away", "nearest_toward_zero", "toward_zero",
    "upward",       "downward",     "away_from_zero",      "to_odd"};

/// The modes of the library in the order of the enumeration.
inline constexpr std::tuple library_modes{
    lowp::nearest_even, lowp::nearest_away, lowp::nearest_toward_zero, lowp::toward_zero,
    lowp::upward,       lowp::downward,     lowp::away_from_zero,      lowp::to_odd};

template <class Function>
void for_each_mode(const Function& function) {
  std::apply(
      [&](const auto&... modes) {
        int i = 0;
        (function(modes, static_cast<mode>(i++)), ...);
      },
      library_modes);
}

/// Where a magnitude lies in the list: at or above `index`, and on which side of its threshold.
struct position {
  int index = 0;
  bool is_exact = false;
  int versus_threshold = 0;
  bool operator==(const position&) const = default;
};

/// `compare(list, i)` is the sign of magnitude - list[i] for the lists of units of the table.
template <class Compare>
position locate(const table& t, bool is_negative, const Compare& compare) {
  int low = 0, high = (is_negative && t.is_signed ? t.largest_negative : t.largest) + 1;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (compare(t.magnitude_units[static_cast<std::size_t>(middle)]) >= 0 ? low : high) = middle;
  }
  const auto at = static_cast<std::size_t>(low);
  return {low, compare(t.magnitude_units[at]) == 0, compare(t.threshold_units[at])};
}

/// An expected result: a code, or any NaN.
struct expected {
  bool is_nan = false;
  std::uint64_t code = 0;
};

inline expected beyond_range(const table& t, bool is_negative, lowp::overflow o) {
  const bool can_be_negative = t.is_signed || !is_negative;
  if (o == lowp::overflow::to_special) {
    if (t.has_infinity && can_be_negative) {
      return {false, t.infinity | (is_negative ? t.sign_bit() : 0)};
    }
    if (t.has_nan && !t.is_posit) return {true};
  }
  if (!can_be_negative) return {};
  return {false, t.code_of(is_negative ? t.largest_negative : t.largest, is_negative)};
}

inline expected missing_nan(const table& t) {
  return t.has_nan ? expected{true} : expected{false, t.code_of(t.largest, false)};
}

/// An infinite result of an operation.
inline expected infinite(const table& t, bool is_negative, lowp::overflow o) {
  if (t.is_posit && o == lowp::overflow::to_special) return {true};
  return beyond_range(t, is_negative, o);
}

/// Rounds a magnitude at a position, for formats with a zero.
inline expected round(const table& t, const position& p, bool is_negative, mode m,
                      lowp::overflow o) {
  const bool is_odd = p.index % 2 != 0;
  bool grows = false;
  switch (m) {
    case mode::nearest_even:
      grows = p.versus_threshold > 0 || (p.versus_threshold == 0 && is_odd);
      break;
    case mode::nearest_away: grows = p.versus_threshold >= 0; break;
    case mode::nearest_toward_zero: grows = p.versus_threshold > 0; break;
    case mode::toward_zero: break;
    case mode::upward: grows = !is_negative; break;
    case mode::downward: grows = is_negative; break;
    case mode::away_from_zero: grows = true; break;
    case mode::to_odd: grows = !is_odd; break;
  }
  const int last = is_negative && t.is_signed ? t.largest_negative : t.largest;
  int index = p.index;
  if (!p.is_exact) {
    if (t.is_posit) {
      grows = (grows && index != last) || index == 0;
    }
    if (grows && index == last) return beyond_range(t, is_negative, o);
    index += grows ? 1 : 0;
  }
  if (is_negative && !t.is_signed && index > 0) {
    // SatNone of P3109, toward zero and upward.
    const bool stops = t.has_infinity && (m == mode::toward_zero || m == mode::upward);
    return stops ? expected{false, 0} : beyond_range(t, true, o);
  }
  return {false, t.code_of(index, is_negative && t.is_signed)};
}

/// An exact result: a special value, or (-1)^is_negative * numerator / denominator units.
struct fraction {
  oracle::kind kind = kind::finite;
  bool is_negative = false;
  wide numerator = 0, denominator = 1;
};

inline expected round(const table& t, const fraction& x, const position& p, mode m,
                      lowp::overflow o) {
  if (x.kind == kind::nan) return missing_nan(t);
  if (x.kind == kind::infinity) return infinite(t, x.is_negative, o);
  return round(t, p, x.is_negative, m, o);
}

inline position locate(const table& t, const fraction& x) {
  if (x.kind != kind::finite) return {};
  return locate(t, x.is_negative, [&x](wide units) {
    const wide other = units * x.denominator;
    return x.numerator < other ? -1 : x.numerator > other ? 1 : 0;
  });
}

/// The position of |x| found with rationals of GMP, by counting the values that do not exceed it.
inline position locate_by_gmp(const table& t, mpq_srcptr x) {
  mpq_t magnitude, other;
  mpq_inits(magnitude, other, nullptr);
  mpq_abs(magnitude, x);
  const auto compare = [&](double value) {
    mpq_set_d(other, value);
    const int order = mpq_cmp(magnitude, other);
    return (order > 0) - (order < 0);
  };
  const int last = mpq_sgn(x) < 0 && t.is_signed ? t.largest_negative : t.largest;
  position result;
  while (result.index < last &&
         compare(t.magnitudes[static_cast<std::size_t>(result.index + 1)]) >= 0) {
    ++result.index;
  }
  const auto at = static_cast<std::size_t>(result.index);
  result.is_exact = compare(t.magnitudes[at]) == 0;
  result.versus_threshold = compare(t.thresholds[at]);
  mpq_clears(magnitude, other, nullptr);
  return result;
}

inline constexpr wide unit = wide{1} << 25;

using decoded = table::decoded;
inline wide units_of(const table& t, const decoded& d) {
  return t.magnitude_units[static_cast<std::size_t>(d.index)];
}
inline bool is_zero(const table& t, const decoded& d) {
  return d.kind == kind::finite && units_of(t, d) == 0;
}

/// a * b + c, or a + c if b is null, or a * b if c is null. The sign of an exact zero sum is that
/// of downward rounding if asked for.
inline fraction multiply(const table& t, const decoded& a, const decoded& b) {
  const bool is_negative = a.is_negative != b.is_negative;
  if (a.kind == kind::nan || b.kind == kind::nan) return {kind::nan};
  if (a.kind == kind::infinity || b.kind == kind::infinity) {
    if (is_zero(t, a) || is_zero(t, b)) return {kind::nan};
    return {kind::infinity, is_negative};
  }
  return {kind::finite, is_negative, units_of(t, a) * units_of(t, b), unit};
}
inline fraction add(const table& t, const fraction& x, const decoded& c, bool is_downward) {
  if (x.kind == kind::nan || c.kind == kind::nan) return {kind::nan};
  if (x.kind == kind::infinity && c.kind == kind::infinity && x.is_negative != c.is_negative) {
    return {kind::nan};
  }
  if (x.kind == kind::infinity) return x;
  if (c.kind == kind::infinity) return {kind::infinity, c.is_negative};
  const wide p = x.is_negative ? -x.numerator : x.numerator;
  const wide q = (c.is_negative ? -units_of(t, c) : units_of(t, c)) * x.denominator;
  const wide sum = p + q;
  if (sum == 0) {
    const bool both_zero_alike = p == 0 && q == 0 && x.is_negative == c.is_negative;
    return {kind::finite, both_zero_alike ? x.is_negative : is_downward, 0, 1};
  }
  return {kind::finite, sum < 0, sum < 0 ? -sum : sum, x.denominator};
}
inline fraction as_fraction(const table& t, const decoded& a) {
  if (a.kind != kind::finite) return {a.kind, a.is_negative};
  return {kind::finite, a.is_negative, units_of(t, a), 1};
}
/// Division by a zero without sign is NaN where there is one: the documented choice.
inline fraction divide(const table& t, const decoded& a, const decoded& b) {
  const bool is_negative = a.is_negative != b.is_negative;
  if (a.kind == kind::nan || b.kind == kind::nan) return {kind::nan};
  if (is_zero(t, b)) {
    if ((t.has_nan && !t.has_negative_zero) || is_zero(t, a)) return {kind::nan};
    return {kind::infinity, is_negative};
  }
  if (a.kind == kind::infinity) {
    return b.kind == kind::infinity ? fraction{kind::nan} : fraction{kind::infinity, is_negative};
  }
  if (b.kind == kind::infinity) return {kind::finite, is_negative, 0, 1};
  return {kind::finite, is_negative, units_of(t, a) * unit, units_of(t, b)};
}

}  // namespace oracle
