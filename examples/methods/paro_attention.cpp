// SPDX-License-Identifier: MIT
// PAROAttention (arXiv 2506.16054): tokens of a video, in one of the six orders of frame, height
// and width, so that each head's attention falls into blocks; blocks without weight are skipped, q
// k^T is in INT8, p v in INT8 or INT4. Claims: an order of tokens changes no result; in the right
// one far more blocks can be skipped; INT8 q k^T with INT4 p v is nearly as good as FP16. Data:
// tokens of 8 x 8 x 8, keys alike where height and width are, normal values.
#include <lowp/cache/attention.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

constexpr std::size_t side = 8, tokens = side * side * side, block = 64, channels = 64;
constexpr auto int8 = formats::scaled_tensor(formats::symmetric_int_n<8>);
constexpr auto int4 = formats::scaled_tensor(formats::symmetric_int_n<4>);

// Frames last: token (f, h, w) goes from (f * side + h) * side + w to (h * side + w) * side + f.
methods::matrix reordered(const methods::matrix& x, bool forth) {
  methods::matrix y{x.rows, x.cols};
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::size_t to = t % (side * side) * side + t / (side * side);
    for (std::size_t c = 0; c < x.cols; ++c)
      y.view()(forth ? to : t, c) = x.values[(forth ? t : to) * x.cols + c];
  }
  return y;
}
const auto products = [](auto q, auto k, auto s) { gemm(q, k, s); };
const auto in_int8 = [](auto q, auto k, auto s) { gemm(quantize<int8>(q), quantize<int8>(k), s); };
template <auto F>
constexpr auto weighted_in =
    [](auto p, auto v, auto o) { gemm(quantize<F>(p), quantize_transposed<F>(v), o); };
const auto all = [](std::size_t, std::size_t) { return true; };

template <class Scores, class Combine, class Uses>
methods::matrix attended(const methods::matrix (&x)[3], const Scores& s, const Combine& c,
                         const Uses& uses) {
  methods::matrix out{tokens, channels};
  attend_blocks(x[0], x[1], x[2], out.view(), block, 0.18f, exponential_base::two, s, c, uses);
  return out;
}
// Blocks near the diagonal, where the weight is once frames lie next to each other.
const auto near = [](std::size_t i, std::size_t j) { return i == j; };

}  // namespace

int main() {
  methods::figures figures("PAROAttention", "arXiv 2506.16054");
  const methods::matrix places = methods::normal_matrix(side * side, channels, 1);
  methods::matrix x[3] = {methods::normal_matrix(tokens, channels, 2),
                          methods::normal_matrix(tokens, channels, 3),
                          methods::normal_matrix(tokens, channels, 4)};
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      const float place = places.values[t % (side * side) * channels + c];
      x[0].view()(t, c) = 1.5f * place + 0.3f * x[0].values[t * channels + c];
      x[1].view()(t, c) = 1.5f * place + 0.3f * x[1].values[t * channels + c];
    }
  }
  const methods::matrix turned[3] = {reordered(x[0], true), reordered(x[1], true),
                                     reordered(x[2], true)};
  const auto plain = [](auto p, auto v, auto o) { gemm(p, transposed(v), o); };
  const methods::matrix exact = attended(x, products, plain, all);
  const auto back = [&](const methods::matrix& y) {
    return methods::sqnr_db(exact, reordered(y, false));
  };
  figures.within("another order of tokens, dB", "the same",
                 back(attended(turned, products, plain, all)), 100, 200);
  figures.less("1 of 8 blocks: in the order of frames, dB, below reordered", "less",
               methods::sqnr_db(exact, attended(x, products, plain, near)),
               back(attended(turned, products, plain, near)) - 10);
  figures.within("INT8 and INT8, dB", "as FP16",
                 back(attended(turned, in_int8, weighted_in<int8>, all)), 30, 80);
  figures.within("INT8 and INT4, dB", "nearly",
                 back(attended(turned, in_int8, weighted_in<int4>, all)), 12, 40);
  return figures.status();
}
