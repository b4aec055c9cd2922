// SPDX-License-Identifier: MIT
// Quartet (arXiv 2505.14669), training in MXFP4. Forward: a Hadamard transform of 32 elements and
// the power of two below the best scale of normal numbers. Backward: new random signs each time,
// 4/3 of OCP's scales, under which nothing saturates, and stochastic rounding, so that gradients
// are unbiased. Data: normal numbers, gradients of char_lm.
#include <lowp/block/quantize_rows.hpp>
#include <lowp/block/rules/statistic.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/hadamard_rows.hpp>
#include <lowp/transforms/hadamard_transform.hpp>
#include <numeric>

#include "support/figures.hpp"
#include "support/training.hpp"

using namespace lowp;

namespace {

constexpr block_format backward{formats::e2m1, formats::binary32, block_shape{1, 32}};

double forward_scale(const block_statistics& s) {
  const auto n = static_cast<double>(s.finite());
  const double deviation = std::sqrt(s.sum_of_squares / n - std::pow(s.sum / n, 2));
  return std::exp2(std::floor(std::log2(2.92247856 / 6 * deviation + 1e-8)));
}

template <auto Format>
methods::matrix rounded(const methods::matrix& x, const auto& rule, const auto& mode) {
  return methods::values_of(quantize<Format>(x, rules::of_statistic(rule), mode));
}

double dot(const methods::matrix& a, const methods::matrix& b) {
  return std::inner_product(a.values.begin(), a.values.end(), b.values.begin(), 0.0);
}

// The error of the mean of 64 gradients E^T X as a share of that of one, each under new signs.
double error_of_mean(const methods::trained_layer& layer) {
  methods::matrix exact{layer.weight.rows, layer.weight.cols}, mean{exact}, g{exact};
  methods::binary32_products().weight_gradient(1, layer.output_gradient, layer.input, exact);
  double single = 0;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const hadamard t{.size = 32, .signs = random_signs{i}, .side = transform_side::left};
    const auto of = [&](methods::matrix x, stochastic mode) {
      hadamard_transform(x.view(), x.view(), t);
      return quantize_transposed<backward>(x, rules::of_statistic(rules::tseng{}), mode);
    };
    gemm(of(layer.output_gradient, {2 * i}), of(layer.input, {2 * i + 1}), g.view());
    single += methods::mean_squared_error(exact, g) / 64;
    for (std::size_t j = 0; j < g.values.size(); ++j) mean.values[j] += g.values[j] / 64;
  }
  return std::sqrt(methods::mean_squared_error(exact, mean) / single);
}

}  // namespace

int main() {
  methods::figures figures("Quartet", "arXiv 2505.14669");
  const methods::matrix noise = methods::normal_matrix(1024, 4096);
  const auto show = [&](const char* what, const char* claim, const auto& q, double known) {
    figures.within(what, claim, methods::mean_squared_error(noise, q), 0.99 * known, 1.01 * known);
  };
  constexpr auto rows = formats::scaled_rows(formats::e2m1);
  show("error: normal numbers, best scale", "0.01268",
       rounded<rows>(noise, rules::root_mean_square{0.4870797}, nearest_even), 0.01268);
  auto turned = methods::values_of(quantize_rows<formats::mxfp4>(
      hadamard_rows(noise, {.size = 32}), rules::of_statistic(forward_scale), nearest_toward_zero));
  inverse_hadamard_transform(turned.view(), turned.view(), {.size = 32});
  show("error: forward, power of two below that", "0.0269", turned, 0.0269);
  const auto nearest = rounded<backward>(noise, rules::tseng{}, nearest_even),
             drawn = rounded<backward>(noise, rules::tseng{}, stochastic{.seed = 1});
  show("error: backward, nearest", "0.01384", nearest, 0.01384);
  show("error: backward, stochastic", "0.02813", drawn, 0.02813);
  const auto too_short = [&](const auto& q) { return dot(noise, noise) / dot(noise, q); };
  figures.within("nearest, too short by", "1.009276", too_short(nearest), 1.009, 1.0095);
  figures.within("stochastic, too short by", "1", too_short(drawn), 0.9997, 1.0003);
  figures.within("error of 64 gradients' mean, of one's", "unbiased: 0.125",
                 error_of_mean(methods::trained_layers()[1]), 0.12, 0.13);
  return figures.status();
}
