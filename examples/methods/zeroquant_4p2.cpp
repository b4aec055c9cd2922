// SPDX-License-Identifier: MIT
// ZeroQuant(4+2) (arXiv 2312.08583): weights in FP6, E3M2, a scale for each row. Claims: FP6 by
// rows is nearly as good as FP16 on all tasks, where INT4, even in groups, is not; codes are kept
// as a plane of 2 bits and one of 4, so that words are read whole; they become FP16 by shifting
// exponents in place and multiplying by 2^12, which the scale takes in. Data: all codes of FP6 and
// FP5; char_lm.
#include <bit>
#include <lowp/block/element_orders.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;

namespace {
constexpr block_format fp6_rows = formats::scaled_rows(formats::e3m2);
constexpr block_format int4_groups{formats::symmetric_int_n<4>, formats::binary16,
                                   block_shape{1, 256}};

// Two codes at once, each in the top bits of a byte of a 32-bit word, a byte apart: the sign stays,
// exponent and mantissa go down to where FP16 has its lowest exponent bits.
std::uint32_t two_to_fp16(std::uint32_t word, int exponent_bits, int mantissa_bits) {
  const auto magnitude = static_cast<std::uint32_t>(low_mask(exponent_bits + mantissa_bits))
                         << (15 - exponent_bits - mantissa_bits);
  return (word & 0x80008000u) | (word & (magnitude << 16 | magnitude)) >> (5 - exponent_bits);
}
// Codes whose value by this and by the format differ.
int wrong_codes(const float_format& f) {
  int wrong = 0;
  const int left = 8 - f.bits();
  const binary16 factor(binary32(std::ldexp(1.0f, 16 - (1 << (f.exponent_bits - 1)))));
  for (std::uint32_t code = 0; code < 1u << f.bits(); ++code) {
    const std::uint32_t other = ((1u << f.bits()) - 1) - code;
    std::uint32_t word = (code << left) << 24 | (other << left) << 8;
    const std::uint32_t halves = two_to_fp16(word, f.exponent_bits, f.mantissa_bits);
    for (const auto& [from, half] :
         {std::pair(code, halves >> 16), std::pair(other, halves & 0xFFFF)})
      wrong += unpack(binary16::from_code(half) * factor) != decode(f, from);
  }
  return wrong;
}
}  // namespace

int main() {
  methods::figures figures("ZeroQuant(4+2)", "arXiv 2312.08583");
  figures.equal("FP6 codes that the shift decodes wrongly", "0", wrong_codes(formats::e3m2), 0);
  figures.equal("FP5 codes", "0", wrong_codes(formats::e2m2), 0);

  const auto layers = methods::char_lm_layers();
  std::vector<matrix> weights, fp6, int4;
  double misplaced = 0;
  for (const auto& layer : layers) {
    const matrix& w = layer.weight;
    const auto q = quantize<fp6_rows, planes_in<leading_bit_fields<2, 4>>::layout>(w.view());
    // The first plane has four codes' sign and first exponent bit in a byte, the second one two.
    const std::size_t in_plane = w.rows * w.cols / 4;
    for (std::size_t i = 0; i < w.values.size(); ++i) {
      const code_t top = q.bytes()[i / 4] >> (i % 4 * 2) & 3,
                   low = q.bytes()[in_plane + i / 2] >> (i % 2 * 4) & 15;
      misplaced += (top << 4 | low) != q.code(i / w.cols, i % w.cols);
    }
    weights.push_back(w);
    fp6.push_back(methods::values_of(q));
    int4.push_back(methods::values_of(quantize<int4_groups>(w.view())));
  }
  figures.equal("codes that lie elsewhere than in 2 + 4 bits", "0", misplaced, 0);
  const double bits = methods::char_lm_bits(weights);
  const double cost6 = methods::char_lm_bits(fp6) - bits,
               cost4 = methods::char_lm_bits(int4) - bits;
  figures.within("FP6 by rows, loss in bits per character", "hardly any", cost6, -0.003, 0.01);
  figures.less("FP6 by rows, below INT4 in groups of 256", "clearly", cost6, cost4 / 5);
  return figures.status();
}
