// SPDX-License-Identifier: MIT
// Exact rational numbers with the few operations by which sums are stated: for oracles.
#pragma once

#include <gmp.h>

namespace test {

class rational {
 public:
  rational() { mpq_init(x_); }
  rational(double x) : rational() { mpq_set_d(x_, x); }  // NOLINT: numbers are rational
  rational(const rational& other) : rational() { mpq_set(x_, other.x_); }
  rational& operator=(const rational& other) {
    mpq_set(x_, other.x_);
    return *this;
  }
  ~rational() { mpq_clear(x_); }

  [[nodiscard]] int sign() const { return mpq_sgn(x_); }
  [[nodiscard]] bool is_zero() const { return sign() == 0; }
  [[nodiscard]] double to_double() const { return mpq_get_d(x_); }  ///< cut off

  /// x * 2^power.
  [[nodiscard]] rational scaled(int power) const {
    rational result;
    if (power >= 0) {
      mpq_mul_2exp(result.x_, x_, static_cast<mp_bitcnt_t>(power));
    } else {
      mpq_div_2exp(result.x_, x_, static_cast<mp_bitcnt_t>(-power));
    }
    return result;
  }
  /// The largest e with 2^e <= |x|; not of zero.
  [[nodiscard]] int exponent() const {
    const rational size = sign() < 0 ? rational(0.0) - *this : *this;
    int e = static_cast<int>(mpz_sizeinbase(mpq_numref(x_), 2)) -
            static_cast<int>(mpz_sizeinbase(mpq_denref(x_), 2));
    while (size < rational(1.0).scaled(e)) --e;
    while (!(size < rational(1.0).scaled(e + 1))) ++e;
    return e;
  }
  /// The next integer below and, if it is none, above.
  [[nodiscard]] rational floor() const {
    rational result;
    mpz_fdiv_q(mpq_numref(result.x_), mpq_numref(x_), mpq_denref(x_));
    return result;
  }
  /// Without its fraction.
  [[nodiscard]] rational truncated() const {
    rational result;
    mpz_tdiv_q(mpq_numref(result.x_), mpq_numref(x_), mpq_denref(x_));
    return result;
  }
  /// Of an integer.
  [[nodiscard]] bool is_odd() const { return mpz_odd_p(mpq_numref(x_)) != 0; }

  friend rational operator+(const rational& a, const rational& b) {
    rational result;
    mpq_add(result.x_, a.x_, b.x_);
    return result;
  }
  friend rational operator-(const rational& a, const rational& b) {
    rational result;
    mpq_sub(result.x_, a.x_, b.x_);
    return result;
  }
  friend rational operator*(const rational& a, const rational& b) {
    rational result;
    mpq_mul(result.x_, a.x_, b.x_);
    return result;
  }
  friend bool operator<(const rational& a, const rational& b) { return mpq_cmp(a.x_, b.x_) < 0; }
  friend bool operator==(const rational& a, const rational& b) {
    return mpq_equal(a.x_, b.x_) != 0;
  }

 private:
  mpq_t x_;
};

}  // namespace test
