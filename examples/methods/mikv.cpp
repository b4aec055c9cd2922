// SPDX-License-Identifier: MIT
// MiKV (arXiv 2402.18096): the fifth of the tokens that has most weight in 8 bits, the others in 2;
// keys times a balancer of each channel, sqrt(max |q| / max |k|). Claims: better than evicting the
// others, at a quarter of the memory. Data: keys that hidden2 of char_lm makes, a head of 128, 4
// channels times 10; values of the other head; normal queries.
#include <algorithm>
#include <lowp/block/level_catalog.hpp>
#include <lowp/cache/attention.hpp>
#include <lowp/cache/kv_cache.hpp>
#include <lowp/cache/tiered_cache.hpp>
#include <lowp/functions/softmax.hpp>
#include <lowp/transforms/column_arithmetic.hpp>
#include <lowp/transforms/column_statistics.hpp>
#include <lowp/transforms/smoothing.hpp>
#include <vector>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

constexpr std::size_t head = 128, important = 200;
constexpr float factor = 0.25f;  // steep enough that some tokens matter more than others
constexpr auto in(int bits) { return formats::offset_groups(bits, {1, head / 2}); }
using keys = key_cache<decltype(in(2))>;
using values = value_cache<decltype(in(2))>;

// The tokens of most weight in tier 0.
template <class Cache>
tiered_cache<Cache> tiers(const methods::matrix& x, const std::vector<float>& mass) {
  tiered_cache<Cache> cache({Cache(head, in(8)), Cache(head, in(2))});
  std::vector<float> sorted = mass;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t t = 0; t < x.rows; ++t)
    cache.append(x.view().row_range(t, 1), mass[t] >= sorted[x.rows - important] ? 0 : 1);
  return cache;
}

}  // namespace

int main() {
  methods::figures figures("MiKV", "arXiv 2402.18096");
  const auto layer = methods::char_lm_layers(1000)[1];
  const methods::matrix both = methods::product(layer.input, layer.weight);
  methods::matrix k = methods::columns_of(both, 0, head), q = methods::normal_matrix(64, head);
  const methods::matrix v = methods::columns_of(both, head, head);
  std::vector<float> tens(head, 1);
  for (const std::size_t c : {3u, 40u, 77u, 101u}) tens[c] = 10;
  scale_columns(k, tens, k.view()), divide_columns(q, tens, q.view());
  methods::matrix p{q.rows, k.rows}, exact{q.rows, head};
  keys whole_k(head, in(8), {.kept = 1000});
  values whole_v(head, in(8), {.kept = 1000});
  whole_k.append(k), whole_v.append(v);
  whole_k.scores(q, p.view());
  attend(whole_k, whole_v, q, exact.view(), factor);
  softmax(p.view(), p.view(), {.scale = factor});
  std::vector<float> mass(k.rows);
  for (std::size_t i = 0; i < p.values.size(); ++i) mass[i % k.rows] += p.values[i];
  const auto error = [&](const auto& of_keys, const auto& of_values, const methods::matrix& by) {
    methods::matrix out{q.rows, head};
    attend(of_keys, of_values, by, out.view(), factor);
    return methods::mean_squared_error(exact, out);
  };
  const auto mixed_k = tiers<keys>(k, mass);
  const auto mixed_v = tiers<values>(v, mass);
  figures.within("memory to that of 16 bits", "1/4",
                 static_cast<double>(mixed_k.bits()) / (16.0 * 1000 * head), 0.2, 0.25);
  const auto balancer = smoothing_factors(column_magnitudes(q), column_magnitudes(k));
  methods::matrix balanced_k = k, balanced_q = q;
  scale_columns(k, balancer, balanced_k.view());
  divide_columns(q, balancer, balanced_q.view());
  const double balanced = error(tiers<keys>(balanced_k, mass), mixed_v, balanced_q);
  figures.less("balanced, error to that without", "less", balanced, error(mixed_k, mixed_v, q));
  figures.less("others in 2 bits, error to that of evicting them", "less", balanced,
               error(mixed_k.tiers()[0], mixed_v.tiers()[0], q));
  return figures.status();
}
