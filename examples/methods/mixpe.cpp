// SPDX-License-Identifier: MIT
// MixPE (arXiv 2411.16158): weights of 4 bits with a scale and a zero point for each group of 128,
// by activations in INT8 or FP16. Integers are multiplied and added for a whole group, and then its
// scale and zero point are applied once: sum s (x q - z x) = s (sum x q - z sum x). Products are
// shifts and additions, x q = sum q_i (x << i), of FP16 additions to exponents. Claim: the result
// is that of dequantized weights, with 1/128 of the multiplications by scales. Data: char_lm.
#include <lowp/block/level_catalog.hpp>
#include <lowp/gemm/gemm.hpp>
#include <lowp/lowp.hpp>

#include "support/affine.hpp"
#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;

namespace {
constexpr auto uint4 = formats::affine_groups(4, {1, 128}, formats::binary32);
constexpr auto int8 = formats::scaled_rows(formats::symmetric_int_n<8>);

// x q by the bits of q, x of INT8 or, in units of its last place, of FP16.
std::int64_t shifted_sum(std::int64_t x, unsigned q) {
  std::int64_t sum = 0;
  for (int bit = 0; bit < 4; ++bit) sum += (q >> bit & 1) != 0 ? x * (1 << bit) : 0;
  return sum;
}
// Finite FP16 numbers and weights whose product is another than the sum of the number with its
// exponent raised by each bit of the weight.
int wrong_products() {
  int wrong = 0;
  for (std::uint32_t code = 0x0400; code < 0x6C00; ++code)  // normal ones, up to 2^12
    for (std::uint32_t q = 0; q < 16; ++q) {
      float sum = 0;
      for (std::uint32_t bit = 0; bit < 4; ++bit)
        if ((q >> bit & 1) != 0) sum += static_cast<float>(binary16::from_code(code + (bit << 10)));
      wrong += sum != static_cast<float>(binary16::from_code(code)) * static_cast<float>(q);
    }
  for (int x = -128; x < 128; ++x)
    for (unsigned q = 0; q < 16; ++q) wrong += shifted_sum(x, q) != x * static_cast<int>(q);
  return wrong;
}
}  // namespace

int main() {
  methods::figures figures("MixPE", "arXiv 2411.16158");
  figures.equal("products that shifts and additions get wrong", "0", wrong_products(), 0);
  for (const auto& [weight, bias, input] : methods::char_lm_layers(16)) {
    const auto w = quantize<uint4>(weight.view());
    const auto x = quantize<int8>(input.view());
    const methods::affine_groups_of groups(w);
    const auto operand = groups.view<4>(w);
    matrix y{x.rows(), w.rows()}, exact = y, dequantized = y;
    gemm<policies::integers>(x, operand, y.view());
    double differences = 0;
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::size_t row = i / y.cols, col = i % y.cols;
      float sum = 0;
      for (std::size_t k = 0; k < x.cols();) {
        const std::size_t group = (col * x.cols() + k) / 128;
        std::int64_t products = 0, inputs = 0;
        do {
          const std::int64_t in = static_cast<std::int8_t>(x.code(row, k));
          products += shifted_sum(in, static_cast<unsigned>(w.code(col, k)));
          inputs += in;
        } while (++k % 128 != 0);
        const auto integer = static_cast<float>(products - groups.zeros[group] * inputs);
        sum += integer * pack_as<float>(x.group(row, 0).scale) * groups.scales[group];
      }
      differences += y.values[i] != sum;
    }
    figures.equal(weight.name + ": outputs that differ from the formula", "0", differences, 0);
    gemm<policies::exact>(x, operand, exact.view());
    gemm<policies::k32>(x, operand, dequantized.view());
    const double before = methods::sqnr_db(exact, dequantized);
    figures.less(weight.name + ": dB from exact, dequantized before", "the same", before,
                 methods::sqnr_db(exact, y));
    figures.within(weight.name + ": dequantized before", "the same", before, 120, 160);
  }
  return figures.status();
}
