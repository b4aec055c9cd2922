// SPDX-License-Identifier: MIT
// CSKV (arXiv 2409.10593): keys K = X W are cached as X A, of a fifth of the channels, from which
// (X A) B restores them; the newest tokens are kept whole. Claims: 80 % less memory, 95 % with 4
// bits, little loss; the window matters. Data: half of char_lm's hidden2 as W, its inputs as X; A
// and B by singular values of what X makes, without training; queries that look at near tokens
// most.
#include <cmath>
#include <lowp/block/level_catalog.hpp>
#include <lowp/cache/kv_cache.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/low_rank.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

// K = L R by singular values: L is X A, R is B.
struct compressed {
  methods::matrix latent, b;  // tokens x rank, rank x channels
};
compressed first_terms(const low_rank& all, std::size_t rank) {
  return {
      methods::columns_of(all.left_view(), 0, rank),
      {rank, all.cols, {all.right.begin(), all.right.begin() + std::ptrdiff_t(rank * all.cols)}}};
}
// Scores straight from the compressed cache: q B^T meets X A.
methods::matrix scores(const compressed& c, const methods::matrix& q, const cache_window& window) {
  key_cache cache(c.latent.cols, formats::offset_groups(4, {32, 1}), window);
  cache.append(c.latent);
  const methods::matrix folded = methods::product(q, c.b);
  methods::matrix s{q.rows, c.latent.rows};
  cache.scores(folded, s.view());
  return s;
}

}  // namespace

int main() {
  methods::figures figures("CSKV", "arXiv 2409.10593");
  const auto layer = methods::char_lm_layers(512)[1];
  const methods::matrix keys =
      methods::columns_of(methods::product(layer.input, layer.weight), 0, 128);
  const low_rank terms = low_rank_terms(keys, 128, singular_side::left);
  const methods::matrix q = methods::normal_matrix(32, keys.cols);
  const methods::matrix exact = methods::product(q, keys);
  const cache_window none{.step = 32}, all{.kept = 512, .step = 32};
  double before = 0;
  for (const std::size_t rank : {13u, 26u, 51u, 128u}) {
    const double db = methods::sqnr_db(exact, scores(first_terms(terms, rank), q, all));
    figures.less("scores of less rank than " + std::to_string(rank) + ", dB", "less", before, db);
    before = db;
  }
  const compressed fifth = first_terms(terms, 26);
  const methods::matrix whole = scores(fifth, q, all), coded = scores(fifth, q, none);
  figures.about("channels kept", 0.2, 26 / 128.0, 0.005);
  key_cache cache(26, formats::offset_groups(4, {32, 1}), none);
  cache.append(fifth.latent);
  figures.within("4 bits: memory to that of keys in 16", "0.05 (95 % less)",
                 static_cast<double>(cache.bits()) / (16.0 * 512 * 128), 0.049, 0.065);
  figures.within("what 4 bits cost beside the rank, dB", "little",
                 methods::sqnr_db(exact, whole) - methods::sqnr_db(exact, coded), 0, 3);

  // A window of 32 whole tokens, for queries of which weights fall by e^-t/16 from the newest on.
  double without = 0, with = 0;
  for (std::size_t i = 0; i < q.rows; ++i) {
    for (std::size_t t = 0; t < 512; ++t) {
      const double weight = std::exp(-static_cast<double>(511 - t) / 16);
      const double off = double{coded.values[i * 512 + t]} - double{exact.values[i * 512 + t]};
      without += weight * off * off;
      with += t >= 480 ? 0 : weight * off * off;
    }
  }
  figures.less("weighted error of scores with a window to that without", "less", with, without / 4);
  return figures.status();
}
