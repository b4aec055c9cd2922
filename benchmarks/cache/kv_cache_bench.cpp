// SPDX-License-Identifier: MIT
// Scores and combinations of caches against reading the bytes that they read.
#include "lowp/cache/kv_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/block/level_catalog.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t channels = 128;

template <class Cache, class Run>
void add_cache(const std::string& name, const Cache& cache, std::size_t heads, const Run& run) {
  add_row(name, [=](benchmark::State& state) {
    constexpr bool is_keys = Cache::role == cache_role::keys;
    const std::size_t in = is_keys ? channels : cache.tokens();
    const std::size_t out = is_keys ? cache.tokens() : channels;
    const std::vector<float> x = sample(heads * in);
    std::vector<float> y(heads * out);
    const std::vector<std::uint64_t> bytes(cache.bytes() / sizeof(std::uint64_t), 1);
    compare(state, cache.tokens() * channels * heads,
            [&] {
              run(cache, matrix_view<const float>(x.data(), heads, in),
                  matrix_view<float>(y.data(), heads, out));
            },
            {{"reading", [&] {
                std::uint64_t sums[16] = {};
                for (std::size_t i = 0; i + 16 <= bytes.size(); i += 16) {
                  for (std::size_t j = 0; j < 16; ++j) sums[j] ^= bytes[i + j];
                }
                benchmark::DoNotOptimize(sums);
              }}});
  });
}

void add_bits(int bits, std::size_t tokens, int group, const std::string& place) {
  const std::vector<float> x = sample(tokens * channels);
  key_cache keys(channels, formats::offset_groups(bits, {group, 1}),
                 {.step = static_cast<std::size_t>(group)});
  value_cache values(channels, formats::offset_groups(bits, {1, group}));
  keys.append({x.data(), tokens, channels}), values.append({x.data(), tokens, channels});
  for (const std::size_t heads : {1u, 4u}) {
    const std::string name = place + "/" + std::to_string(bits) + "_bits/groups_of_" +
                             std::to_string(group) + "/heads:" + std::to_string(heads);
    add_cache("scores/" + name, keys, heads,
              [](const auto& cache, auto q, auto out) { cache.scores(q, out); });
    add_cache("combine/" + name, values, heads,
              [](const auto& cache, auto p, auto out) { cache.combine(p, out); });
  }
}

}  // namespace

void lowp_bench::add_rows() {
  for (const int bits : {1, 2, 3, 4, 8}) add_bits(bits, 4096, 32, "L2");
  for (const int bits : {2, 4}) add_bits(bits, 4096, 128, "L2");
  for (const int bits : {4, 8}) add_bits(bits, 524288, 32, "memory");
}
