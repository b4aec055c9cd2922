// SPDX-License-Identifier: MIT
// APT (arXiv 2409.17870, "Efficient Arbitrary Precision Acceleration for Large Language Models"):
// bipolar integers, the bits of which are plus or minus 2^i, all planes alike and symmetric; p x q
// bits are multiplied plane by plane, D = K - 2 popcount(w XOR x), and put together again with
// 2^(i + j). Claims: this is the product of integers for any p and q; the grid is symmetric
// without giving up a code, as symmetric integers do. Data: char_lm; normal numbers.
#include <lowp/block/rules/search.hpp>
#include <lowp/formats/centred_format.hpp>
#include <lowp/gemm/hamming_distances.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
using sign = number<formats::bipolar<1>>;

template <auto Element>
auto searched(matrix_view<const float> x) {
  return quantize<formats::scaled_rows(Element)>(x, rules::search{.candidates = 40});
}
// Plane i of codes as bits of their own.
bit_planes plane_of(const auto& codes, int i) {
  std::vector<sign> bits;
  for (std::size_t at = 0; at < codes.rows() * codes.cols(); ++at)
    bits.push_back(sign::from_code(codes.code(at / codes.cols(), at % codes.cols()) >> i & 1));
  return bit_planes(matrix_view<const sign>(bits.data(), codes.rows(), codes.cols()));
}
// Sums of Q bits of x by P bits of w that are not those of integers: by distances of planes, and by
// one product of planes.
template <int P, int Q>
void check(methods::figures& figures, matrix_view<const float> x, matrix_view<const float> w) {
  const auto a = searched<formats::bipolar<Q>>(x);
  const auto b = searched<formats::bipolar<P>>(w);
  const std::size_t m = a.rows(), n = b.rows();
  std::vector<std::int32_t> c(m * n), d(m * n), put_together(m * n);
  bit_plane_product(a, bit_planes(b), matrix_view(c.data(), m, n));
  for (int i = 0; i < Q; ++i) {
    for (int j = 0; j < P; ++j) {
      hamming_distances(plane_of(a, i), plane_of(b, j), matrix_view(d.data(), m, n));
      for (std::size_t at = 0; at < d.size(); ++at)
        put_together[at] += (static_cast<int>(a.cols()) - 2 * d[at]) * (1 << (i + j));
    }
  }
  double differences = 0;
  for (std::size_t at = 0; at < c.size(); ++at) {
    double sum = 0;
    for (std::size_t k = 0; k < a.cols(); ++k)
      sum += double(a.element(at / n, k)) * double(b.element(at % n, k));
    differences += (c[at] != sum) + (put_together[at] != sum);
  }
  const std::string name = "W" + std::to_string(P) + "A" + std::to_string(Q);
  figures.equal(name + ": sums that differ from integers", "0", differences, 0);
}
template <int Bits>
void compare(methods::figures& figures, const char* what, const methods::matrix& x) {
  const auto of_grid = [&x](const auto& q) { return methods::sqnr_db(x, methods::values_of(q)); };
  const std::string name = std::to_string(Bits) + " bits, dB: symmetric integers, " + what;
  figures.less(name, "less", of_grid(searched<formats::symmetric_int_n<Bits>>(x)),
               of_grid(searched<formats::bipolar<Bits>>(x)));
}
}  // namespace

int main() {
  methods::figures figures("APT", "arXiv 2409.17870");
  const auto layers = methods::char_lm_layers(24);
  const auto x = layers[1].input.view(), w = layers[1].weight.view().row_range(0, 24);
  check<1, 1>(figures, x, w);
  check<1, 2>(figures, x, w);
  check<3, 4>(figures, x, w);
  check<4, 4>(figures, x, w);
  compare<2>(figures, "normal", methods::normal_matrix(64, 512));
  compare<2>(figures, "hidden2", layers[1].weight);
  compare<3>(figures, "hidden2", layers[1].weight);
  return figures.status();
}
