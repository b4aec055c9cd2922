// SPDX-License-Identifier: MIT
// TurboMind (arXiv 2508.15601; LMDeploy): keys and values as UINT8 or UINT4 with a scale and a zero
// point in FP16 for each token of a head, read straight from the codes. Claims: KV8 is as good as
// FP16, KV4 nearly; half and a quarter of the memory. Data: keys and values that hidden2 of char_lm
// makes, two heads of 128; normal queries.
#include <cmath>
#include <lowp/block/level_catalog.hpp>
#include <lowp/cache/attention.hpp>
#include <lowp/cache/kv_cache.hpp>
#include <lowp/cache/reference.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

constexpr std::size_t head = 128;
template <class Cache>
Cache filled(int bits, const cache_window& window, const methods::matrix& x) {
  Cache cache(head, formats::offset_groups(bits, {1, block_shape::whole}), window);
  cache.append(x);
  return cache;
}
using format = decltype(formats::offset_groups(8, {}));

}  // namespace

int main() {
  methods::figures figures("TurboMind", "arXiv 2508.15601");
  const auto layer = methods::char_lm_layers()[1];
  const methods::matrix both = methods::product(layer.input, layer.weight);
  const methods::matrix k = methods::columns_of(both, 0, head);
  const methods::matrix v = methods::columns_of(both, head, head);
  const methods::matrix q = methods::normal_matrix(64, head);
  const auto attended = [&](int bits, const cache_window& window) {
    methods::matrix out{q.rows, head};
    attend(filled<key_cache<format>>(bits, window, k), filled<value_cache<format>>(bits, window, v),
           q, out.view(), 0.0884f);
    return out;
  };
  const methods::matrix exact = attended(8, {.kept = 1024});
  figures.within("KV8, attention, dB", "as FP16", methods::sqnr_db(exact, attended(8, {})), 35, 80);
  figures.within("KV4, attention, dB", "nearly", methods::sqnr_db(exact, attended(4, {})), 12, 40);
  const auto k8 = filled<key_cache<format>>(8, {}, k), k4 = filled<key_cache<format>>(4, {}, k);
  const double values = static_cast<double>(k.rows * head);
  figures.equal("KV8, bits per value", "8 + 32 / 128", static_cast<double>(k8.bits()) / values,
                8.25);
  figures.equal("KV4, bits per value", "4 + 32 / 128", static_cast<double>(k4.bits()) / values,
                4.25);

  // No value is off by more than half a step, and the rounding of scale and minimum to FP16.
  double farthest = 0;
  for (std::size_t t = 0; t < k.rows; ++t) {
    const float step = k4.group_of(t, 0).scale;
    for (std::size_t c = 0; c < head; ++c) {
      const double off = pack_as<double>(k4.value(t, c)) - double{k.values[t * head + c]};
      farthest = std::max(farthest, std::abs(off) / double{step});
    }
  }
  figures.within("KV4, the largest error in steps", "1/2", farthest, 0.4, 0.51);

  // What is read from codes is what the definition says, bit for bit, and near the exact sums.
  const methods::matrix few = methods::normal_matrix(3, head, 2);
  methods::matrix fast{3, k.rows}, defined = fast, sums = fast;
  k4.scores(few, fast.view());
  reference::exact_scores(k4, few, sums.view());
  reference::scores(k4, few, defined.view());
  figures.equal("scores that differ from the definition", "0",
                measure_error(fast.values, defined.values).max_error, 0);
  figures.within("scores against exact sums, dB", "FP32", methods::sqnr_db(sums, fast), 110, 170);
  return figures.status();
}
