// SPDX-License-Identifier: MIT
// IEEE 754 formats in the terms of MPFR, which then rounds as they do: for results in the formats
// binary16, bfloat16, binary32 and binary64 by a method that shares nothing with the library.
#pragma once

#include <gmp.h>  // before mpfr.h, which then declares mpfr_get_z_2exp
#include <mpfr.h>

#include <cstdint>
#include <string>

namespace mpfr_oracle {

enum class mode { nearest_even, toward_zero, upward, downward, away_from_zero, to_odd };

[[nodiscard]] inline mpfr_rnd_t rounding_of(mode m) {
  switch (m) {
    case mode::nearest_even: return MPFR_RNDN;
    case mode::upward: return MPFR_RNDU;
    case mode::downward: return MPFR_RNDD;
    case mode::away_from_zero: return MPFR_RNDA;
    case mode::toward_zero:
    case mode::to_odd: break;
  }
  return MPFR_RNDZ;
}

/// An IEEE format in the terms of MPFR, whose significands lie in [1/2, 1).
struct ieee {
  int exponent_bits, mantissa_bits;
  [[nodiscard]] int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  [[nodiscard]] mpfr_exp_t lowest_exponent() const { return 2 - bias() - mantissa_bits; }
  [[nodiscard]] mpfr_exp_t highest_exponent() const { return bias() + 1; }
  [[nodiscard]] std::uint64_t sign_bit() const {
    return std::uint64_t{1} << (exponent_bits + mantissa_bits);
  }
  [[nodiscard]] std::uint64_t infinity() const {
    return sign_bit() - (std::uint64_t{1} << mantissa_bits);
  }

  void load(mpfr_ptr x, std::uint64_t code) const {
    const int sign = (code & sign_bit()) != 0 ? -1 : 1;
    const std::uint64_t magnitude = code & (sign_bit() - 1);
    if (magnitude > infinity()) return mpfr_set_nan(x);
    if (magnitude == infinity()) return mpfr_set_inf(x, sign);
    const auto field = static_cast<int>(magnitude >> mantissa_bits);
    std::uint64_t mantissa = magnitude & ((std::uint64_t{1} << mantissa_bits) - 1);
    if (field > 0) mantissa |= std::uint64_t{1} << mantissa_bits;
    mpfr_set_ui_2exp(x, mantissa, (field > 0 ? field : 1) - bias() - mantissa_bits, MPFR_RNDN);
    mpfr_setsign(x, x, sign < 0, MPFR_RNDN);
  }

  /// The code of a value that the format holds; any NaN gives the first.
  [[nodiscard]] std::uint64_t store(mpfr_srcptr x) const {
    if (mpfr_nan_p(x) != 0) return infinity() + 1;
    const std::uint64_t sign = mpfr_signbit(x) != 0 ? sign_bit() : 0;
    if (mpfr_inf_p(x) != 0) return sign | infinity();
    if (mpfr_zero_p(x) != 0) return sign;
    const auto exponent = static_cast<int>(mpfr_get_exp(x)) - 1;
    const int field = exponent + bias() > 0 ? exponent + bias() : 0;
    const int unit = (field > 0 ? field : 1) - bias() - mantissa_bits;
    mpz_t integer;  // |x| = integer * 2^unit
    mpz_init(integer);
    const auto power = static_cast<int>(mpfr_get_z_2exp(integer, x));
    if (power >= unit) {
      mpz_mul_2exp(integer, integer, static_cast<mp_bitcnt_t>(power - unit));
    } else {
      mpz_tdiv_q_2exp(integer, integer, static_cast<mp_bitcnt_t>(unit - power));
    }
    const std::uint64_t significand = mpz_get_ui(integer);
    mpz_clear(integer);
    const std::uint64_t leading = field > 0 ? std::uint64_t{1} << mantissa_bits : 0;
    return sign | ((static_cast<std::uint64_t>(field) << mantissa_bits) + (significand - leading));
  }

  /// The code of an operation's result, given what the operation returned.
  [[nodiscard]] std::uint64_t store_rounded(mpfr_ptr x, int inexact, mode m) const {
    inexact = mpfr_subnormalize(x, inexact, rounding_of(m));
    const std::uint64_t code = store(x);
    // Truncated and inexact: of the two neighbours the odd one.
    return m == mode::to_odd && inexact != 0 ? code | 1 : code;
  }
};

/// Limits MPFR to the exponents of a format as long as it lives.
class exponent_range_of {
 public:
  explicit exponent_range_of(const ieee& format) {
    mpfr_set_emin(format.lowest_exponent());
    mpfr_set_emax(format.highest_exponent());
  }
  exponent_range_of(const exponent_range_of&) = delete;
  exponent_range_of& operator=(const exponent_range_of&) = delete;
  ~exponent_range_of() {
    mpfr_set_emin(lowest_);
    mpfr_set_emax(highest_);
  }

 private:
  mpfr_exp_t lowest_ = mpfr_get_emin(), highest_ = mpfr_get_emax();
};

/// The code that a decimal text rounds to.
[[nodiscard]] inline std::uint64_t round_text(const ieee& format, const std::string& text, mode m) {
  mpfr_t x;
  mpfr_init2(x, format.mantissa_bits + 1);
  std::uint64_t code = 0;
  {
    const exponent_range_of range(format);
    const int inexact = mpfr_strtofr(x, text.c_str(), nullptr, 10, rounding_of(m));
    code = format.store_rounded(x, inexact, m);
  }
  mpfr_clear(x);
  return code;
}

}  // namespace mpfr_oracle
