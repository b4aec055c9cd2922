// SPDX-License-Identifier: MIT
// Existing code with other types than float: loops over arrays, one chain of operations after the
// other, and Lorenz's system by the method of Runge and Kutta, against float, Eigen's types and,
// for arrays, this library's operations on whole arrays.
#include <cstddef>
#include <string>
#include <vector>

#include "lowp/arrays/arithmetic.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/dynamic.hpp"
#include "lowp/number/rounded.hpp"
#include "ratio.hpp"

#if __has_include(<Eigen/Core>)
#include <Eigen/Core>
#define LOWP_BENCH_EIGEN_TYPES 1
#endif

namespace {

using namespace lowp;
using lowp_bench::contender;

constexpr std::size_t elements = 4096;

/// Values between 1/2 and 3/2.
template <class T>
std::vector<T> operands(std::size_t size) {
  std::vector<T> values;
  for (const float x : lowp_bench::sample(size)) values.push_back(T(1.0f + x * 0.0625f));
  return values;
}

struct plus {
  template <class T>
  T operator()(const T& a, const T& b) const {
    return a + b;
  }
};
struct times {
  template <class T>
  T operator()(const T& a, const T& b) const {
    return a * b;
  }
};
struct over {
  template <class T>
  T operator()(const T& a, const T& b) const {
    return a / b;
  }
};

/// c = a op b, elements independent of each other.
template <class T, class Operation>
std::function<void()> arrays() {
  return [a = operands<T>(elements), b = operands<T>(elements + 1),
          c = std::vector<T>(elements)]() mutable {
    for (std::size_t i = 0; i < elements; ++i) c[i] = Operation{}(a[i], b[i + 1]);
    benchmark::ClobberMemory();
  };
}
/// A dot product: each operation waits for the one before.
template <class T>
std::function<void()> chain() {
  return [a = operands<T>(elements), b = operands<T>(elements + 1)] {
    T sum(0.0f);
    for (std::size_t i = 0; i < elements; ++i) sum = sum + a[i] * b[i + 1];
    benchmark::DoNotOptimize(sum);
  };
}

template <class T>
struct lorenz {
  T sigma = T(10.0f), rho = T(28.0f), beta = T(8.0f / 3);
  void derivative(const T* x, T* d) const {
    d[0] = sigma * (x[1] - x[0]);
    d[1] = x[0] * (rho - x[2]) - x[1];
    d[2] = x[0] * x[1] - beta * x[2];
  }
  void step(T* x, T h) const {
    T k[4][3], y[3];
    const T half = h * T(0.5f), sixth = h * T(1.0f / 6), two = T(2.0f);
    derivative(x, k[0]);
    for (int i = 0; i < 3; ++i) y[i] = x[i] + half * k[0][i];
    derivative(y, k[1]);
    for (int i = 0; i < 3; ++i) y[i] = x[i] + half * k[1][i];
    derivative(y, k[2]);
    for (int i = 0; i < 3; ++i) y[i] = x[i] + h * k[2][i];
    derivative(y, k[3]);
    for (int i = 0; i < 3; ++i) {
      x[i] = x[i] + sixth * (k[0][i] + two * (k[1][i] + k[2][i]) + k[3][i]);
    }
  }
};
constexpr std::size_t lorenz_steps = 200, lorenz_operations = 4 * 8 + 3 * 3 * 2 + 3 * 7 + 2;

template <class T>
std::function<void()> lorenz_run() {
  return [] {
    T x[3] = {T(1.0f), T(1.0f), T(20.0f)};
    const lorenz<T> system;
    for (std::size_t i = 0; i < lorenz_steps; ++i) system.step(x, T(0.0078125f));
    benchmark::DoNotOptimize(x);
  };
}

void add_row(const std::string& name, std::size_t operations, const std::function<void()>& job,
             const std::vector<contender>& others) {
  lowp_bench::add_row(
      name, [=](benchmark::State& state) { lowp_bench::compare(state, operations, job, others); });
}

template <class Job>
std::vector<contender> others_by(const Job& job) {
  std::vector<contender> others{{"float", job.template operator()<float>()}};
#if LOWP_BENCH_EIGEN_TYPES
  others.push_back({"Eigen_half", job.template operator()<Eigen::half>()});
#endif
  return others;
}

template <class T>
void add_type(const std::string& name) {
  const auto by_addition = []<class U>() { return arrays<U, plus>(); };
  const auto by_multiplication = []<class U>() { return arrays<U, times>(); };
  const auto by_division = []<class U>() { return arrays<U, over>(); };
  const auto by_chain = []<class U>() { return chain<U>(); };
  const auto by_lorenz = []<class U>() { return lorenz_run<U>(); };
  add_row(name + "/add", elements, arrays<T, plus>(), others_by(by_addition));
  add_row(name + "/multiply", elements, arrays<T, times>(), others_by(by_multiplication));
  add_row(name + "/divide", elements, arrays<T, over>(), others_by(by_division));
  add_row(name + "/dot_product", 2 * elements, chain<T>(), others_by(by_chain));
  add_row(name + "/lorenz", lorenz_steps * lorenz_operations, lorenz_run<T>(),
          others_by(by_lorenz));
}

void add_array_function() {
  const auto job = [a = operands<double>(elements), b = operands<double>(elements),
                    c = std::vector<double>(elements)]() mutable {
    add(formats::binary16, std::span<const double>(a), std::span<const double>(b),
        std::span<double>(c));
  };
  add_row("binary16 in double, whole arrays/add", elements, job,
          others_by([]<class U>() { return arrays<U, plus>(); }));
}

}  // namespace

void lowp_bench::add_rows() {
  constexpr stochastic mode{.random_bits = 8};
  add_type<dropin::binary16>("number<binary16>");
  add_type<dropin::rounded<formats::binary16>>("rounded<binary16>");
  add_type<dropin::rounded<formats::bfloat16>>("rounded<bfloat16>");
  add_type<dropin::rounded<formats::fixed<16, 8>>>("rounded<fixed<16, 8>>");
  add_type<dropin::number<formats::binary16, upward>>("number<binary16, upward>");
  add_type<dropin::number<formats::binary16, mode>>("number<binary16, 8 random bits>");
  add_type<dropin::binary32>("number<binary32>");
  add_type<dropin::posit<16, 1>>("number<posit<16, 1>>");
  add_type<dropin::posit<32, 2>>("number<posit<32, 2>>");
  add_type<dropin::fixed<32, 16>>("number<fixed<32, 16>>");
  add_type<dropin::dynamic>("dynamic without a scope");
  add_array_function();
}
