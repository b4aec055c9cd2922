// SPDX-License-Identifier: MIT
// iFairy (arXiv 2508.05571): complex weights that are 1, i, -1 or -i times one scale for real ones
// and one for imaginary ones; activations are complex INT8 with a scale for each row.
// Claims: products are additions and subtractions; two bits for a complex weight use all four codes
// and err, for normal numbers, as one bit for each real one: 1 - 2 / pi.
// Data: normal numbers; weights and inputs of char_lm, neighbours taken for a complex number, which
// the model was not trained for: no perplexity is claimed.
#include <complex>
#include <lowp/gemm/phase_product.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

methods::matrix values_of(const phase_matrix& w) {
  methods::matrix pairs{w.rows(), 2 * w.cols()};
  dequantize(w, pairs.view());
  return pairs;
}

double error(const methods::matrix& x) {  // of squares, relative
  return std::pow(10, -methods::sqnr_db(x, values_of(quantize_phases(x))) / 10);
}

// The number whose real part lies in a column and whose imaginary part lies in the next one.
std::complex<double> at(const methods::matrix& x, std::size_t row, std::size_t col) {
  return {static_cast<double>(x.view()(row, col)), static_cast<double>(x.view()(row, col + 1))};
}

}  // namespace

int main() {
  methods::figures figures("iFairy", "arXiv 2508.05571");
  const auto noise = methods::normal_matrix(512, 4096);
  const phase_matrix q = quantize_phases(noise);
  figures.about("error of normal numbers", .363380, error(noise), .001);
  figures.about("scale of real ones", 1.128379, static_cast<double>(q.real_scale), .003);
  figures.about("scale of imaginary ones", 1.128379, static_cast<double>(q.imaginary_scale), .003);
  double counts[4] = {};
  for (std::size_t r = 0; r < q.rows(); ++r)
    for (std::size_t c = 0; c < q.cols(); ++c) ++counts[static_cast<int>(q.at(r, c))];
  for (const double count : counts)
    figures.about("share of a phase", .25, count / (512 * 2048), .002);
  const auto bits = static_cast<double>(8 * q.bytes().size());
  figures.equal("bits per complex weight", "2", bits / (512 * 2048), 2);

  const auto layers = methods::char_lm_layers(256);
  const auto& [w, bias, x] = layers[1];
  figures.within("error of hidden2's weights", "as normal numbers", error(w), .34, .40);
  const auto codes = quantize<formats::scaled_rows(formats::symmetric_int_n<8>)>(x.view());
  std::vector<std::int8_t> integers;
  std::vector<float> scales;
  methods::matrix conjugate{x.rows, x.cols}, y{x.rows, 2 * w.rows}, expected{x.rows, 2 * w.rows};
  for (std::size_t r = 0; r < x.rows; ++r) {
    scales.push_back(pack_as<float>(codes.group(r, 0).scale));
    for (std::size_t c = 0; c < x.cols; ++c)
      integers.push_back(static_cast<std::int8_t>(codes.code(r, c)));
  }
  const phase_matrix phases = quantize_phases(w);
  phase_product({integers.data(), x.rows, x.cols}, scales, phases, y.view());
  // conj(x) w by four real products, in binary64.
  const auto in = methods::values_of(codes), weights = values_of(phases);
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t n = 0; n < w.rows; ++n) {
      std::complex<double> sum = 0;
      for (std::size_t c = 0; c < x.cols; c += 2)
        sum += std::conj(at(in, r, c)) * at(weights, n, c);
      expected.view()(r, 2 * n) = static_cast<float>(sum.real());
      expected.view()(r, 2 * n + 1) = static_cast<float>(sum.imag());
    }
  }
  figures.within("conj(x) w by additions against products, dB", "equal",
                 methods::sqnr_db(expected, y), 120, 200);
  return figures.status();
}
