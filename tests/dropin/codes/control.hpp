// SPDX-License-Identifier: MIT
// Filters and controllers as embedded systems run them.
#pragma once

#include <cstddef>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

// --------------------------------------------------------------------------------- a Kalman filter

template <class T, std::size_t Rows, std::size_t Cols>
struct matrix {
  T at[Rows][Cols] = {};

  template <std::size_t Other>
  friend matrix<T, Rows, Other> operator*(const matrix& a, const matrix<T, Cols, Other>& b) {
    matrix<T, Rows, Other> product;
    for (std::size_t i = 0; i < Rows; ++i) {
      for (std::size_t j = 0; j < Other; ++j) {
        for (std::size_t k = 0; k < Cols; ++k) product.at[i][j] += a.at[i][k] * b.at[k][j];
      }
    }
    return product;
  }
  friend matrix operator+(matrix a, const matrix& b) {
    for (std::size_t i = 0; i < Rows; ++i) {
      for (std::size_t j = 0; j < Cols; ++j) a.at[i][j] += b.at[i][j];
    }
    return a;
  }
  matrix<T, Cols, Rows> transposed() const {
    matrix<T, Cols, Rows> result;
    for (std::size_t i = 0; i < Rows; ++i) {
      for (std::size_t j = 0; j < Cols; ++j) result.at[j][i] = at[i][j];
    }
    return result;
  }
};

/// Position and velocity of what moves on a line, from positions with noise.
template <class real>
class kalman_filter {
 public:
  kalman_filter(real dt, real process_noise, real measurement_noise)
      : transition_{{{1, dt}, {0, 1}}},
        process_{{{dt * dt * process_noise, 0}, {0, process_noise}}},
        measurement_noise_(measurement_noise) {}

  void predict() {
    x_ = transition_ * x_;
    p_ = transition_ * p_ * transition_.transposed() + process_;
  }
  void update(real measured) {
    const real innovation = measured - x_.at[0][0], s = p_.at[0][0] + measurement_noise_;
    const real gain[2] = {p_.at[0][0] / s, p_.at[1][0] / s};
    for (std::size_t i = 0; i < 2; ++i) x_.at[i][0] += gain[i] * innovation;
    const matrix<real, 2, 2> keep{{{1 - gain[0], 0}, {-gain[1], 1}}};
    p_ = keep * p_;
  }
  real position() const { return x_.at[0][0]; }
  real velocity() const { return x_.at[1][0]; }

 private:
  matrix<real, 2, 2> transition_, process_, p_{{{1, 0}, {0, 1}}};
  matrix<real, 2, 1> x_;
  real measurement_noise_;
};

template <class real>
std::vector<real> tracked_positions() {
  kalman_filter<real> filter(real(0.125), real(0.01), real(0.25));
  std::vector<real> results;
  for (int i = 0; i < 24; ++i) {
    filter.predict();
    filter.update(real(i) / 8 + real(i * 7 % 5 - 2) / 16);
    results.push_back(filter.position());
    results.push_back(filter.velocity());
  }
  return results;
}

// -------------------------------------------------------------------------------------- a PID loop

template <class real>
class pid {
 public:
  pid(real p = 1, real i = 0, real d = 0, real limit = 10) : p_(p), i_(i), d_(d), limit_(limit) {}
  real operator()(real error, real dt) {
    sum_ += error * dt;
    const real slope = is_first_ ? 0 : (error - last_) / dt;
    is_first_ = false;
    last_ = error;
    real output = p_ * error + i_ * sum_ + d_ * slope;
    if (output > limit_) {
      output = limit_;
    } else if (output < -limit_) {
      output = -limit_;
    }
    return output;
  }

 private:
  real p_, i_, d_, limit_, sum_ = 0, last_ = 0;
  bool is_first_ = true;
};

template <class real>
std::vector<real> step_response() {
  pid<real> controller(2, real(0.5), real(0.125));
  const real goal = 1, dt = real(0.0625);
  real position = 0, velocity = 0;
  std::vector<real> results;
  for (int i = 0; i < 40; ++i) {
    velocity += (controller(goal - position, dt) - velocity) * dt;
    position += velocity * dt;
    results.push_back(position);
  }
  return results;
}

template <class real>
std::vector<test::code<real>> control() {
  return {{"Kalman filter", tracked_positions<real>, 16}, {"PID loop", step_response<real>, 16}};
}

}  // namespace codes
