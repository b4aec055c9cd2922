// SPDX-License-Identifier: MIT
// KIVI (arXiv 2402.02750): 2-bit keys in groups along tokens, values along channels, the newest
// tokens in 16 bits. KVTuner (2502.04420): keys need more bits than values. MiKV (2402.18096): a
// fifth of the tokens in more bits, the rest in 2, is better than evicting the rest. Data: keys
// that hidden2 of char_lm makes, one head of 128, 4 channels times 10 as the paper finds them;
// values of the other head; normal queries.
#include <lowp/block/level_catalog.hpp>
#include <lowp/cache/attention.hpp>
#include <lowp/cache/kv_cache.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

constexpr std::size_t head = 128;
auto keys_of(int bits, block_shape group, const cache_window& window = {.step = 128}) {
  return key_cache(head, formats::offset_groups(bits, group), window);
}
auto values_of(int bits, block_shape group = {1, 32}, const cache_window& window = {.kept = 128}) {
  return value_cache(head, formats::offset_groups(bits, group), window);
}
// Softmax is steep enough that some tokens matter more than others.
template <class Keys, class Values>
methods::matrix attended(const Keys& k, const Values& v, const methods::matrix& q) {
  methods::matrix out{q.rows, head};
  attend(k, v, q, out.view(), 0.25f);
  return out;
}
template <class Cache>
Cache filled(Cache cache, const methods::matrix& x) {
  cache.append(x);
  return cache;
}

}  // namespace

int main() {
  methods::figures figures("KIVI, KVTuner", "arXiv 2402.02750, 2502.04420");
  const auto layer = methods::char_lm_layers(1000)[1];
  const methods::matrix both = methods::product(layer.input, layer.weight);
  methods::matrix k = methods::columns_of(both, 0, head), q = methods::normal_matrix(64, head);
  const methods::matrix v = methods::columns_of(both, head, head);
  for (std::size_t t = 0; t < k.rows; ++t)
    for (const std::size_t c : {3u, 40u, 77u, 101u}) k.view()(t, c) *= 10;
  for (std::size_t i = 0; i < q.rows; ++i)
    for (const std::size_t c : {3u, 40u, 77u, 101u}) q.view()(i, c) /= 10;

  const auto all_k = filled(keys_of(2, {32, 1}, {.kept = 1024, .step = 32}), k);
  const auto all_v = filled(values_of(2, {1, 32}, {.kept = 1024}), v);
  const methods::matrix exact = attended(all_k, all_v, q);
  const auto error = [&](const auto& keys, const auto& values) {
    return methods::mean_squared_error(exact, attended(keys, values, q));
  };
  const auto k2 = filled(keys_of(2, {32, 1}), k);
  const auto v2 = filled(values_of(2), v), v4 = filled(values_of(4), v);
  const auto by_token = [&](int bits) { return filled(keys_of(bits, {1, 32}, {.kept = 104}), k); };
  figures.equal("bits of 2-bit keys: 896 tokens of 2 + 32/32, 104 of 16", "formula",
                static_cast<double>(k2.bits()), 128 * (896 * 3 + 104 * 16));
  figures.less("keys along tokens, error to that along channels", "less", error(k2, all_v),
               error(by_token(2), all_v));
  figures.less("KVTuner: K4V2 along channels, error to that of K2V4", "less",
               error(by_token(4), v2), error(by_token(2), v4));
  return figures.status();
}
