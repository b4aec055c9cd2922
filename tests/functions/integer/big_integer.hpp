// SPDX-License-Identifier: MIT
// Integers of any size for oracles, by GMP, with division as in Python.
#pragma once

#include <gmp.h>

#include <cstdint>

namespace test {

class big {
 public:
  big() { mpz_init(v_); }
  big(std::int64_t x) { mpz_init_set_si(v_, x); }
  big(const big& other) { mpz_init_set(v_, other.v_); }
  big& operator=(const big& other) {
    mpz_set(v_, other.v_);
    return *this;
  }
  ~big() { mpz_clear(v_); }
  static big power(unsigned exponent) {
    big r;
    mpz_setbit(r.v_, exponent);
    return r;
  }
  static big of(double integer) {
    big r;
    mpz_set_d(r.v_, integer);
    return r;
  }

  friend big operator+(const big& a, const big& b) { return by(mpz_add, a, b); }
  friend big operator-(const big& a, const big& b) { return by(mpz_sub, a, b); }
  friend big operator*(const big& a, const big& b) { return by(mpz_mul, a, b); }
  /// Rounded down.
  friend big operator/(const big& a, const big& b) { return by(mpz_fdiv_q, a, b); }
  friend big operator%(const big& a, const big& b) { return by(mpz_fdiv_r, a, b); }
  friend big cut_off(const big& a, const big& b) { return by(mpz_tdiv_q, a, b); }
  friend big root(const big& a) {
    big r;
    mpz_sqrt(r.v_, a.v_);
    return r;
  }
  friend int compare(const big& a, const big& b) { return mpz_cmp(a.v_, b.v_); }
  friend bool operator<(const big& a, const big& b) { return compare(a, b) < 0; }
  friend bool operator==(const big& a, const big& b) { return compare(a, b) == 0; }
  friend big limited(const big& x, const big& low, const big& high) {
    return x < low ? low : high < x ? high : x;
  }
  [[nodiscard]] std::int64_t value() const { return mpz_get_si(v_); }

 private:
  static big by(void (*operation)(mpz_ptr, mpz_srcptr, mpz_srcptr), const big& a, const big& b) {
    big r;
    operation(r.v_, a.v_, b.v_);
    return r;
  }
  mpz_t v_;
};

/// n / d to the nearest integer; of ties the even one, the upper one, or the one away from zero.
enum class tie { even, up, away };
inline big nearest(const big& n, const big& d, tie t) {
  const big floor = n / d, twice = (n % d) * 2;
  if (twice < d) return floor;
  if (d < twice) return floor + 1;
  const bool is_up =
      t == tie::up || (t == tie::away && big(0) < n) || (t == tie::even && floor % 2 == big(1));
  return is_up ? floor + 1 : floor;
}

}  // namespace test
