// SPDX-License-Identifier: MIT
// PTQTP (arXiv 2509.16989): weights as two planes of -1, 0 and 1, in groups of 128 of a row, with
// scales by least squares, the smallest ridge that keeps them well conditioned, and pairs of trits
// chosen from all nine, in turn.
// Claims: both planes, chosen together, err less than one, than one after the other, and than a
// grid of nine steps; at most 50 iterations, no data, no multiplications; little is lost.
// Data: normal numbers; weights and inputs of char_lm.
#include <lowp/block/binary_coding_of.hpp>
#include <lowp/block/rules/statistic.hpp>
#include <lowp/block/ternary_planes.hpp>
#include <lowp/gemm/binary_coding_product.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

constexpr auto groups = formats::ternary_groups<128>;

// -1, 0, 1 times 1.53 of the mean magnitude: near the best that one plane has for normal numbers.
auto plane(matrix_view<const float> x) {
  return quantize<groups>(x, rules::of_statistic(rules::mean_magnitude{.factor = 1.53}));
}

double db(const methods::matrix& x, const auto& quantized) {
  return methods::sqnr_db(x, methods::values_of(quantized));
}

}  // namespace

int main() {
  methods::figures figures("PTQTP", "arXiv 2509.16989");
  const auto noise = methods::normal_matrix(64, 4096);
  const auto layers = methods::char_lm_layers(256);
  for (const auto& [what, x] :
       {std::pair("normal numbers", &noise), std::pair("hidden1's weights", &layers[0].weight)}) {
    const double both = db(*x, quantize_ternary_planes(*x));
    const std::string name = what;
    figures.less(name + ", dB: one plane", "less", db(*x, plane(*x)), both);
    figures.less(name + ", dB: one after the other", "less",
                 db(*x, residual_terms(x->view(), plane, plane)), both);
    constexpr block_format three{formats::symmetric_int_n<3>, formats::binary32,
                                 block_shape{1, 128}};
    figures.less(name + ", dB: INT3, which has 7 steps", "less", db(*x, quantize<three>(x->view())),
                 both);
    const double few = db(*x, quantize_ternary_planes(*x, {.iterations = 25}));
    figures.within(name + ", dB: gained after 25 iterations", "50 are enough", both - few, -.01,
                   .1);
  }

  const methods::matrix &w = layers[1].weight, &x = layers[1].input;
  const auto q = quantize_ternary_planes(w);
  methods::matrix y{x.rows, w.rows};
  lookup_product(x, binary_coding_of(q), y.view());
  figures.within("hidden2: sums that are looked up against dense, dB", "equal",
                 methods::sqnr_db(methods::product(x, methods::values_of(q)), y), 120, 200);
  std::vector<methods::matrix> plain, planes;
  for (const auto& layer : layers) {
    plain.push_back(layer.weight);
    planes.push_back(methods::values_of(quantize_ternary_planes(layer.weight)));
  }
  const double bits = methods::char_lm_bits(plain);
  figures.note("char_lm, bits per character in binary32: " + std::to_string(bits));
  figures.within("loss in bits per character", "little", methods::char_lm_bits(planes) - bits, -.01,
                 .1);
  return figures.status();
}
