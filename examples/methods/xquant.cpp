// SPDX-License-Identifier: MIT
// XQuant (arXiv 2508.10395): the inputs X of attention are cached in place of keys and values,
// which X W_k and X W_v make again: half the memory at the same bits. XQuant-CL: of each layer only
// the difference from what the layers before make of it, whose errors do not add up. With few heads
// of keys X goes through the singular vectors of W_k first. Data: inputs and weights of char_lm's
// hidden2; layers after it: X plus a twelfth of normal numbers each.
#include <lowp/block/level_catalog.hpp>
#include <lowp/cache/kv_cache.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/low_rank.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

template <int Bits>
constexpr auto format = formats::offset_groups(Bits, {1, 128});
template <int Bits>
methods::matrix rounded(const methods::matrix& x) {
  return methods::values_of(quantize<format<Bits>>(x.view()));
}
methods::matrix plus(methods::matrix a, const methods::matrix& b, float factor) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += factor * b.values[i];
  return a;
}

}  // namespace

int main() {
  methods::figures figures("XQuant", "arXiv 2508.10395");
  const auto layer = methods::char_lm_layers(256)[1];
  const methods::matrix& x = layer.input;
  const methods::matrix w_k =
      methods::normal_matrix(x.cols, x.cols, 2);  // as many heads as of queries
  value_cache of_x(x.cols, format<4>, {});
  key_cache of_k(x.cols, formats::offset_groups(4, {128, 1}), {.step = 128});
  of_x.append(x), of_k.append(methods::product(x, w_k));
  figures.equal("memory of X to that of keys and values", "1/2",
                static_cast<double>(of_x.bits()) / static_cast<double>(2 * of_k.bits()), 0.5);
  figures.within("keys made of X in 4 bits, dB, less those of X", "the same error",
                 methods::sqnr_db(methods::product(x, w_k), methods::product(rounded<4>(x), w_k)) -
                     methods::sqnr_db(x, rounded<4>(x)),
                 -3, 3);

  // Layers: plainly in 2 bits, and as differences, of which the first is in 4.
  methods::matrix now = x, sum = rounded<4>(x);
  double plain = 0, coded = 0, own = 0;
  for (unsigned i = 0; i < 8; ++i) {
    now = plus(now, methods::normal_matrix(x.rows, x.cols, 10 + i), 1.0f / 12);
    const methods::matrix difference = plus(now, sum, -1), kept = rounded<2>(difference);
    own = methods::mean_squared_error(difference, kept);
    sum = plus(sum, kept, 1);
    coded = methods::mean_squared_error(now, sum);
    plain = methods::mean_squared_error(now, rounded<2>(now));
  }
  figures.within("the 8th layer: error to that of its own difference", "1", coded / own, 0.999,
                 1.001);
  figures.less("its error to that of 2 bits without differences", "less", coded, plain);

  // W_k = U S B^T: with all singular values, X U S B^T are the keys.
  const methods::matrix w{
      128, x.cols, {layer.weight.values.begin(), layer.weight.values.begin() + 128 * 512}};
  const low_rank terms = low_rank_terms(w, w.rows, singular_side::left);
  const methods::matrix u{terms.rank, terms.cols, terms.right},
      b{terms.rows, terms.rank, terms.left};
  const methods::matrix latent = methods::product(x, u), keys = methods::product(x, w);
  figures.within("keys from X U of all ranks, dB", "exact",
                 methods::sqnr_db(keys, methods::product(latent, b)), 100, 200);
  figures.about("channels of X U to those of X, for keys", 0.25,
                static_cast<double>(latent.cols) / static_cast<double>(x.cols), 0);
  figures.within("keys from X U in 4 bits, dB", "-",
                 methods::sqnr_db(keys, methods::product(rounded<4>(latent), b)), 15, 40);
  return figures.status();
}
