// SPDX-License-Identifier: MIT
// LUT-GEMM (arXiv 2206.09557): weights in planes of signs with a scale for each group of a row
// (BCQ, 15 alternations of scales and signs), multiplied by looking up sums of 8 inputs. Claims:
// the product is the dense one; integers with zero points are such planes, too; planes err less
// than integers of so many bits; 4 lose little. Data: normal numbers; char_lm; groups of 128.
#include <lowp/block/binary_coding.hpp>
#include <lowp/block/binary_coding_of.hpp>
#include <lowp/block/level_catalog.hpp>
#include <lowp/gemm/binary_coding_product.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix, methods::values_of;
namespace {
binary_coding_matrix coded(const matrix& w, int count, int alternations = 15) {
  return quantize_binary_coding(w, {{.planes = count}, alternations});
}
double db(const matrix& w, const auto& q) { return methods::sqnr_db(w, values_of(q)); }

// By looking up, against the dense product of the values.
double product_db(const matrix& x, const binary_coding_matrix& w, const matrix& values) {
  matrix y{x.rows, w.rows()};
  lookup_product(x, w, y.view());
  return methods::sqnr_db(methods::product(x, values), y);
}
// Integers with zero points as planes.
template <class Quantized>
binary_coding_matrix planes_of(const Quantized& q) {
  std::vector<float> scales;
  std::vector<std::int32_t> zeros;
  for (std::size_t i = 0; i < q.block_row_count() * q.block_col_count(); ++i) {
    const auto group = q.group(i / q.block_col_count(), i % q.block_col_count());
    scales.push_back(pack_as<float>(group.scale));
    zeros.push_back(static_cast<std::int32_t>(pack_as<float>(group.zero)));
  }
  const packed_matrix_view<formats::uint_n<4>> codes(q.codes(), q.rows(), q.cols());
  return binary_coding_of(affine_matrix_view(codes, {1, 128}, scales, zeros));
}
}  // namespace

int main() {
  methods::figures figures("LUT-GEMM", "arXiv 2206.09557");
  const auto noise = methods::normal_matrix(64, 4096);
  // The error of the best scale is 1 - 2 / pi; a scale for 128 numbers fits these a little better.
  figures.within("1 plane of normal numbers, dB", "4.40 (1 - 2 / pi)", db(noise, coded(noise, 1)),
                 4.41, 4.46);
  for (const int count : {2, 3, 4})
    figures.less(std::to_string(count) + " planes, dB: greedy", "less than alternating",
                 db(noise, coded(noise, count, 0)), db(noise, coded(noise, count)));
  constexpr block_format int3{formats::symmetric_int_n<3>, formats::binary32, block_shape{1, 128}};
  figures.less("3 bits, dB: INT3", "less than 3 planes", db(noise, quantize<int3>(noise.view())),
               db(noise, coded(noise, 3)));

  const auto layers = methods::char_lm_layers(256);
  const matrix &w = layers[1].weight, &x = layers[1].input;
  const auto q = coded(w, 3);
  figures.within("hidden2, 3 planes: looked up and dense, dB", "equal",
                 product_db(x, q, values_of(q)), 120, 200);
  const auto uint4 = quantize<formats::affine_groups(4, {1, 128}, formats::binary16)>(w.view());
  figures.equal("hidden2, UINT4: squared error as planes", "none",
                methods::mean_squared_error(values_of(uint4), values_of(planes_of(uint4))), 0);
  figures.within("hidden2, UINT4: looked up and dense, dB", "equal",
                 product_db(x, planes_of(uint4), values_of(uint4)), 100, 200);
  const auto bits_with = [&](int count) {
    std::vector<binary_coding_matrix> weights;
    for (const auto& layer : layers) weights.push_back(coded(layer.weight, count));
    return methods::char_lm_bits([&](std::size_t i, const auto& in, const auto& out) {
      lookup_product(in, weights[i], out);
    });
  };
  const double bits = methods::char_lm_bits([&](std::size_t i, const auto& in, const auto& out) {
    gemm(in, layers[i].weight.view(), out);
  });
  figures.note("char_lm, bits per character in binary32: " + std::to_string(bits));
  figures.within("4 planes, loss in bits per character", "little", bits_with(4) - bits, -.01, .03);
  figures.within("3 planes, loss in bits per character", "some", bits_with(3) - bits, 0, .15);
  return figures.status();
}
