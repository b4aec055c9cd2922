// SPDX-License-Identifier: MIT
// Tilus (arXiv 2504.12984): products by weights of any width from 1 to 8 bits, integers and floats.
// Codes are a stream without gaps; what a thread holds is read as bytes, where two layouts give
// each thread as many bits; small floats become FP16 by moving their bits and one product. Claim:
// all of these types work in one way. Data: all codes; char_lm's second layer in groups of 128.
#include <lowp/gemm/gemm.hpp>
#include <lowp/lowp.hpp>
#include <set>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
namespace {
// What thread t of a tensor core has of a 16 x 16 tile: local(2, 2).spatial(8, 4).local(1, 2).
std::size_t element_of(std::size_t t, std::size_t l) {
  return (l / 4 * 8 + t / 4) * 16 + l / 2 % 2 * 8 + t % 4 * 2 + l % 2;
}
// Codes of `width` bits, eight for each of 32 threads, stored thread after thread and loaded as so
// many bytes for each: how many come back wrong.
int wrong_codes(std::size_t width) {
  const int bits = static_cast<int>(width);
  std::vector<std::uint8_t> memory(32 * width);
  for (std::size_t i = 0; i < 256; ++i)
    store_code(memory.data(), i, bits, element_of(i / 8, i % 8) * 37);
  std::set<std::size_t> right;
  for (std::size_t t = 0; t < 32; ++t) {
    std::uint64_t held = 0;
    for (std::size_t i = width; i-- > 0;) held = held << 8 | memory[t * width + i];
    for (std::size_t l = 0; l < 8; ++l, held >>= width) {
      const std::size_t at = element_of(t, l);
      if ((held & low_mask(bits)) == (at * 37 & low_mask(bits))) right.insert(at);
    }
  }
  return 256 - static_cast<int>(right.size());
}
// Codes of a float that are others in FP16, whose lowest exponent bits take theirs.
int wrong_as_fp16(const float_format& f) {
  int wrong = 0;
  const binary16 factor(binary32(std::ldexp(1.0f, 15 - f.bias)));
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const code_t sign = code >> (f.bits() - 1), magnitude = code & low_mask(f.bits() - 1);
    const auto half = binary16::from_code(sign << 15 | magnitude << (10 - f.mantissa_bits));
    if (decode(f, code).is_finite()) wrong += unpack(half * factor) != decode(f, code);
  }
  return wrong;
}
// Outputs of a layer, its weights of a type in groups, that are not those of the weights' values.
int wrong_outputs(const auto& element, const methods::layer& layer) {
  const block_format format{element, formats::binary16, block_shape{1, 128}};
  using any_format = variable_format<std::remove_const_t<decltype(format)>>;
  basic_block_matrix<any_format> q({format}, layer.weight.rows, layer.weight.cols);
  quantize(layer.weight.view(), q);
  const methods::matrix expected = methods::product(layer.input, methods::values_of(q));
  methods::matrix y = expected;
  gemm(layer.input.view(), q, y.view());
  int wrong = 0;
  for (std::size_t i = 0; i < y.values.size(); ++i) wrong += y.values[i] != expected.values[i];
  return wrong;
}
}  // namespace

int main() {
  methods::figures figures("Tilus", "arXiv 2504.12984");
  const auto layer = methods::char_lm_layers(16)[1];
  int of_bytes = 0, of_values = 0, of_halves = 0;
  for (std::size_t width = 1; width <= 8; ++width) of_bytes += wrong_codes(width);
  for (int bits = 2; bits <= 8; ++bits)
    of_values += wrong_outputs(fixed_format{.total_bits = bits, .fraction_bits = 0}, layer);
  constexpr int shapes[][2] = {{1, 1}, {2, 1}, {2, 2}, {3, 1}, {2, 3}, {3, 2}, {4, 1},
                               {2, 4}, {3, 3}, {4, 2}, {5, 1}, {4, 3}, {5, 2}};
  for (const auto& [e, m] : shapes) {
    const float_format f{.exponent_bits = e, .mantissa_bits = m, .has_infinity = e == 5};
    of_halves += wrong_as_fp16(f);
    of_values += wrong_outputs(f, layer);
  }
  figures.equal("codes of 1 to 8 bits that bytes bring back wrong", "0", of_bytes, 0);
  figures.equal("codes of floats that are others in FP16", "0", of_halves, 0);
  figures.equal("outputs by 20 types that are not of their values", "0", of_values, 0);
  return figures.status();
}
