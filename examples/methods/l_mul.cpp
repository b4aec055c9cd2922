// SPDX-License-Identifier: MIT
// L-Mul (arXiv 2410.00907): mantissas are added instead of multiplied, 1 + x + y + 2^-l in place of
// (1 + x)(1 + y), which is one addition of integers. Claims: of operands cut off to 4 bits of
// mantissa it is about as precise as e4m3, with 3 bits more precise than e5m2; models hardly
// suffer. Data: normal noise, single weights and inputs of char_lm, and char_lm as a
// whole.
#include <bit>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
// x * w^T of numbers of so many bits of mantissa, whose range is not at issue; sums in binary32.
template <int Mantissa, product Product>
void multiply(matrix_view<const float> x, matrix_view<const float> w, matrix_view<float> y) {
  static constexpr float_format format{.exponent_bits = 8, .mantissa_bits = Mantissa};
  static constexpr rounded_sums policy{.product = Product};
  constexpr any_rounding mode = Product == product::exact ? any_rounding() : toward_zero;
  const auto numbers = [&](const auto& m) {
    std::vector<number<format>> out;
    for (const float v : std::span(m.data, m.rows * m.cols))
      out.push_back(convert<format>(v, mode));
    return out;
  };
  const auto a = numbers(x), b = numbers(w);
  gemm<policy>(matrix_view(a.data(), x.rows, x.cols), matrix_view(b.data(), w.rows, w.cols), y);
}
template <int Mantissa, product Product>
double sqnr_db(const methods::matrix& x, const methods::matrix& w) {
  methods::matrix y{x.rows, w.rows};
  multiply<Mantissa, Product>(x, w, y);
  return methods::sqnr_db(methods::product(x, w), y);
}
template <int Mantissa, product Product>
double bits(const std::vector<methods::layer>& layers) {
  return methods::char_lm_bits([&](std::size_t i, const auto& x, const auto& y) {
    multiply<Mantissa, Product>(x, layers[i].weight, y);
  });
}

// The paper's adder of binary32 codes. 0x3F780000 is that of 1, less 2^-4.
float one_addition(float a, float b) {
  const auto x = std::bit_cast<std::uint32_t>(a), y = std::bit_cast<std::uint32_t>(b);
  const std::uint32_t magnitude = (x & 0x7FFFFFFFu) + (y & 0x7FFFFFFFu) - 0x3F780000u;
  return std::bit_cast<float>(magnitude | ((x ^ y) & 0x80000000u));
}
}  // namespace

int main() {
  methods::figures figures("L-Mul", "arXiv 2410.00907");
  const auto layers = methods::char_lm_layers(256);
  methods::matrix x{256, 1}, w = x, y{256, 256};
  for (std::size_t i = 0; i < 256; ++i) {
    x.values[i] = layers[0].input.values[i * 97];
    w.values[i] = layers[0].weight.values[i * 97];
  }
  multiply<23, product::l_mul>(x, w, y);
  int differences = 0;
  for (std::size_t i = 0; i < 65536; ++i)
    differences += y.values[i] != one_addition(x.values[i / 256], w.values[i % 256]);
  figures.equal("products that differ from the sum of integers", "0", differences, 0);
  const auto compare = [&](const std::string& what, const auto& a, const auto& b) {
    const double e4m3 = sqnr_db<3, product::exact>(a, b), l4 = sqnr_db<4, product::l_mul>(a, b);
    const double e5m2 = sqnr_db<2, product::exact>(a, b), l3 = sqnr_db<3, product::l_mul>(a, b);
    figures.within(what + ", dB: 4 bits above e4m3", "comparable", l4 - e4m3, -1, 1);
    figures.less(what + ", dB: e5m2 below 3 bits", "less", e5m2, l3);
  };
  compare("normal", methods::normal_matrix(256, 1, 3), methods::normal_matrix(256, 1, 4));
  compare("char_lm", x, w);
  const double exact = bits<23, product::exact>(layers);
  const double bits4 = bits<4, product::l_mul>(layers), bits3 = bits<3, product::l_mul>(layers);
  figures.within("4 bits cost, bits per character", "almost none", bits4 - exact, -0.01, 0.01);
  figures.within("3 bits cost, bits per character", "as e4m3", bits3 - exact, -0.01, 0.06);
  figures.note("e4m3 costs 0.004: of 3 bits, cut off, products here are 4 % too small on average");
  return figures.status();
}
