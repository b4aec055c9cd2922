// SPDX-License-Identifier: MIT
// AutoNumerics-Zero (arXiv 2312.08472): programs of few operations for 2^x on [0, 1], found by
// evolution, and judged by their largest relative error in the arithmetic they run in. Claims: ten
// operations in binary64 err less than 5.4e-15; what is best in real numbers is not in bfloat16,
// where each operation rounds. Data: all bfloat16 numbers of [0, 1], a million binary64 ones.
#include <cmath>
#include <lowp/lowp.hpp>
#include <lowp/number/math.hpp>

#include "support/figures.hpp"

using namespace lowp;

namespace {
// The largest |f(x) / 2^x - 1| over all bfloat16 numbers from 0 to 1.
template <class Number>
double largest_error(const auto& f) {
  double largest = 0;
  for (code_t code = 0; code <= bfloat16(1).code(); ++code) {
    const double x(bfloat16::from_code(code)), exact = std::exp2(x);
    largest = std::max(largest, std::abs(double(f(Number(x))) - exact) / exact);
  }
  return largest;
}

// Horner's rule, each product and each sum rounded.
template <class Number>
double polynomial_error(const std::vector<double>& coefficients) {
  return largest_error<Number>([&](Number x) {
    Number sum(coefficients.back());
    for (std::size_t i = coefficients.size() - 1; i-- > 0;) sum = sum * x + Number(coefficients[i]);
    return sum;
  });
}

// The program of ten operations that was found. The paper does not print its constants; these are
// the best ones: errors of real numbers reach 2.1918e-15 six times.
template <class Number>
Number ten_operations(Number x) {
  static const Number c1(0x1.d92f720127b03p+13), c2(-0x1.f51aafffbd447p+7),
      c3(0x1.69786606e6879p+12), c4(0x1.f51aafffe25bdp+8), c5(-0x1.ffffffffffffep-1);
  const Number t = c3 / x + x, g = c4 / (c1 / t + c2 + t) - c5;
  const Number square = g * g, fourth = square * square;
  return fourth * fourth;
}
}  // namespace

int main() {
  methods::figures figures("AutoNumerics-Zero", "arXiv 2312.08472");
  double largest = 0;
  constexpr int points = 1000000;
  for (int i = 0; i <= points; ++i) {
    const double x = static_cast<double>(i) / points, exact = std::exp2(x);
    const auto y = static_cast<double>(ten_operations(binary64(x)));
    largest = std::max(largest, std::abs(y - exact) / exact);
  }
  figures.within("ten operations in binary64", "< 5.4e-15", largest, 4e-15, 5.4e-15);
  figures.computed("bfloat16: the nearest numbers to 2^x, the best", 3.885e-3,
                   largest_error<bfloat16>([](bfloat16 x) { return exp2(x); }), 0.5e-6);

  // Polynomials of the authors' code, whose coefficients are bfloat16 numbers.
  const struct {
    double exact, rounded;
    std::vector<double> coefficients;
  } polynomials[] = {{2.29e-3, 6.114e-3, {1, 0x1.54p-1, 0x1.54p-2}},
                     {1.113e-4, 4.281e-3, {1, 0x1.64p-1, 0x1.dp-3, 0x1.4p-4}},
                     {8.77e-5, 4.281e-3, {1, 0x1.62p-1, 0x1p-2, 0x1.3cp-5, 0x1.48p-6}},
                     {5.72e-5, 4.281e-3, {1, 0x1.62p-1, 0x1.06p-2, 0x1.4ap-7, 0x1p-4, -0x1.46p-6}}};
  for (const auto& [exact, rounded, c] : polynomials) {
    const std::string degree = "degree " + std::to_string(c.size() - 1);
    figures.computed(degree + ", without roundings", exact, polynomial_error<binary64>(c),
                     exact * 3e-3);
    figures.computed(degree + ", in bfloat16", rounded, polynomial_error<bfloat16>(c), 0.5e-6);
  }
  return figures.status();
}
