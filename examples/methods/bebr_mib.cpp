// SPDX-License-Identifier: MIT
// Retrieval by bits. BEBR (arXiv 2302.08714): b_0 = sign(W x), then bits of what is left over; sums
// of 2^-t b_t, bipolar integers, are compared by tables of 16 sums for 4 bits. MIB (2601.11557): a
// bit is x > 0; Hamming distances. Claims: signs of random projections differ with probability
// angle / pi; tables have the sums of products; a round more loses less. Data: what the last layer
// of char_lm sees. The papers learn W, which is random here.
#include <lowp/formats/centred_format.hpp>
#include <lowp/gemm/hamming_distances.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
constexpr std::size_t rows = 1024;
constexpr double pi = 3.141592653589793;
// Rounds of signs of random projections: round t is the sign of what those before leave over.
template <int Rounds>
bit_planes codes_of(const methods::matrix& x, std::size_t bits) {
  const methods::matrix z = methods::product(x, methods::normal_matrix(bits, x.cols, 5));
  std::vector<number<formats::bipolar<Rounds>>> codes;
  for (const float value : z.values) {  // of deviation 1, since rows of x have length 1
    double sum = 0;
    for (int t = 0; t < Rounds; ++t) sum += (double(value) > sum ? 1.0 : -1.0) / (1 << t);
    codes.emplace_back(sum * (1 << (Rounds - 1)));
  }
  return bit_planes(matrix_view(codes.data(), x.rows, bits));
}
// The mean of 1 - cosine of each row and the other one with the largest product of codes.
double found(const bit_planes& codes, const methods::matrix& cosines) {
  std::vector<std::int32_t> c(rows * rows);
  bit_plane_product(codes, codes, matrix_view(c.data(), rows, rows));
  double sum = 0;
  for (std::size_t q = 0; q < rows; ++q) {
    c[q * rows + q] = -1'000'000;
    const auto best = std::max_element(&c[q * rows], &c[q * rows] + rows) - c.data();
    sum += (1 - double(cosines.values[std::size_t(best)])) / rows;
  }
  return sum;
}
}  // namespace

int main() {
  methods::figures figures("BEBR and MIB", "arXiv 2302.08714, 2601.11557");
  methods::matrix x = methods::char_lm_layers(rows)[2].input;
  methods::matrix cosines = methods::product(x, x);  // when rows have length 1:
  for (std::size_t i = 0; i < x.values.size(); ++i)
    x.values[i] /= std::sqrt(cosines.values[i / x.cols * (rows + 1)]);
  cosines = methods::product(x, x);
  std::vector<std::int32_t> c(rows * rows);
  const matrix_view out(c.data(), rows, rows);
  const bit_planes many = codes_of<1>(x, 4096), one = codes_of<1>(x, 256),
                   two = codes_of<2>(x, 256);
  hamming_distances(many, many, out);
  double off = 0;
  for (std::size_t i = 0; i < c.size(); ++i)
    off = std::max(
        off, std::abs(c[i] / 4096.0 - std::acos(std::min(1.0, double(cosines.values[i]))) / pi));
  figures.within("P(bit differs) - angle / pi, 2^20 pairs", "0", off, 0, 5.5 * 0.5 / 64);
  bit_plane_product(two, one, out);
  double differences = 0;
  for (std::size_t i = 0; i < c.size(); i += 97) {
    for (std::size_t k = 0; k < 256; k += 4) {
      std::array<std::int32_t, 16> table{};  // the sums of 4 codes of a query
      unsigned at = 0;
      for (unsigned b = 0; b < 4; ++b) {
        const std::int32_t value = two.integer(i / rows, k + b);
        for (unsigned v = 0; v < 16; ++v) table[v] += (v >> b & 1) != 0 ? value : -value;
        at |= (one.integer(i % rows, k + b) > 0 ? 1u : 0u) << b;
      }
      c[i] -= table[at];
    }
    differences += c[i] != 0;
  }
  figures.equal("sums by tables that differ from products", "0", differences, 0);
  figures.less("1 - cosine, two rounds", "less than one", found(two, cosines), found(one, cosines));
  return figures.status();
}
