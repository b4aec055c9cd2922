// SPDX-License-Identifier: MIT
// Caches of keys and values against matrices quantized beside them, products of these under exact
// sums, the definition on every target, and the sizes that papers state.
#include "lowp/cache/kv_cache.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "isas.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/cache/reference.hpp"
#include "lowp/formats/any_format.hpp"
#include "normal_values.hpp"

namespace {

using namespace lowp;

struct rows {
  std::size_t count, width;
  std::vector<float> values;
  rows(std::size_t n, std::size_t w) : count(n), width(w), values(n * w) {}
  rows(std::size_t n, std::size_t w, unsigned seed)
      : count(n), width(w), values(test::normal_values(n * w, seed)) {}
  operator matrix_view<const float>() const { return {values.data(), count, width}; }
  operator matrix_view<float>() { return {values.data(), count, width}; }
  float operator()(std::size_t r, std::size_t c) const { return values[r * width + c]; }
};
bool same_bits(const rows& a, const rows& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a.values[i]) != std::bit_cast<std::uint32_t>(b.values[i]))
      return false;
  }
  return a.values.size() == b.values.size();
}

// What a cache computes, on all targets, against the definition; and the definition against sums in
// binary64 of the values that quantizing beside the cache gives.
template <class Cache>
void check(const Cache& cache, const rows& values, unsigned seed) {
  constexpr bool is_keys = Cache::role == cache_role::keys;
  const std::size_t in = is_keys ? cache.channels() : cache.tokens();
  const std::size_t out = is_keys ? cache.tokens() : cache.channels();
  const rows x(5, in, seed);
  rows expected(5, out);
  const auto value = [&](std::size_t i, std::size_t o) {
    return static_cast<double>(is_keys ? values(o, i) : values(i, o));
  };
  if constexpr (is_keys) {
    reference::scores(cache, x, expected);
  } else {
    reference::combine(cache, x, expected);
  }
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t o = 0; o < out; ++o) {
      double sum = 0, size = 0;
      for (std::size_t i = 0; i < in; ++i) {
        sum += static_cast<double>(x(r, i)) * value(i, o);
        size += std::abs(static_cast<double>(x(r, i))) * (std::abs(value(i, o)) + 4);
      }
      if (!(std::abs(static_cast<double>(expected(r, o)) - sum) <= 3e-6 * size)) {
        FAIL("output " << o << " is " << expected(r, o) << ", expected " << sum);
      }
    }
  }
  for (const isa level : test::isas()) {
    INFO(name(level));
    const test::float_environment unusual(test::unusual_environments[5]);
    rows found(5, out);
    if constexpr (is_keys) {
      cache.scores(x, found, level);
    } else {
      cache.combine(x, found, level);
    }
    CHECK(same_bits(found, expected));
  }
}

// Values in binary16, quantized as one matrix.
template <class Format>
rows quantized_beside(const Format& format, const rows& all, std::size_t quantized) {
  rows halves(all.count, all.width);
  round_to<formats::binary16>(std::span<const float>(all.values), std::span(halves.values));
  basic_block_matrix<variable_format<Format>> q({format}, quantized, all.width);
  quantize(matrix_view<const float>(halves.values.data(), quantized, all.width), q);
  for (std::size_t t = 0; t < quantized; ++t) {
    for (std::size_t c = 0; c < all.width; ++c)
      halves.values[t * all.width + c] = pack_as<float>(q.value(t, c));
  }
  return halves;
}

template <class Cache, class Format>
void check_format(const Format& format, std::size_t channels, const cache_window& window,
                  std::size_t tokens) {
  INFO("bits " << format.element.bits() << ", channels " << channels << ", tokens " << tokens);
  const rows all(tokens, channels, 7);
  Cache cache(channels, format, window);
  std::size_t done = 0;
  for (std::size_t piece = 1; done < tokens; piece = 2 * piece + 1) {  // one, three, seven …
    const std::size_t n = std::min(piece, tokens - done);
    cache.append({all.values.data() + done * channels, n, channels});
    done += n;
  }
  REQUIRE(cache.tokens() == tokens);
  REQUIRE(cache.quantized_tokens() == window.quantized(tokens));
  const rows expected = quantized_beside(format, all, cache.quantized_tokens());
  rows values(tokens, channels);
  dequantize(cache, values);
  CHECK(same_bits(values, expected));
  check(cache, expected, 3);
}

template <class Format>
void check_roles(const Format& format, bool is_per_channel, std::size_t channels) {
  Format f = format;
  const int all = block_shape::whole;
  f.shape = is_per_channel ? block_shape{32, 1} : block_shape{1, channels % 32 == 0 ? 32 : all};
  check_format<key_cache<Format>>(f, channels, {.kept = 5, .step = 32}, 107);
  check_format<value_cache<Format>>(
      f, channels, {.kept = 3, .step = is_per_channel ? std::size_t{32} : std::size_t{7}}, 107);
}

TEST_CASE("sums over caches are those of the definition on all targets, and near the true ones") {
  for (int bits = 1; bits <= 8; ++bits) {
    const bool is_even = bits % 2 == 0;
    check_roles(formats::offset_groups(bits, {}), is_even, 64);
    check_roles(formats::affine_groups(bits, {}), !is_even, 40);
  }
  for (const auto& element : {any_format(formats::e2m1), any_format(formats::int_n<3>)}) {
    check_roles(block_format{element, formats::e8m0, block_shape{}}, true, 64);
    check_roles(block_format{element, formats::e8m0, block_shape{}}, false, 33);
  }
  for (const auto& element :
       {any_format(formats::e4m3fn), any_format(formats::e2m3), any_format(formats::e4m3fnuz)}) {
    check_roles(block_format{element, formats::e8m0, block_shape{}}, false, 40);
  }
}

TEST_CASE("exact sums are those of the quantized matrix") {
  // In binary64 these sums are exact: factors have 11 bits, the last of them 2^-20 or more.
  const auto format = formats::offset_groups(3, {32, 1});
  key_cache keys(24, format, {.kept = 0, .step = 32});
  const rows k(64, 24, 1);
  rows q(3, 24, 2), found(3, 64);
  for (float& x : q.values) x = std::round(x * 1024) / 1024;
  keys.append(k);
  rows halves(64, 24);
  round_to<formats::binary16>(std::span<const float>(k.values), std::span(halves.values));
  const auto matrix = quantize<formats::offset_groups(3, {32, 1})>(halves);
  reference::exact_scores(keys, q, found);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t t = 0; t < 64; ++t) {
      double sum = 0;
      for (std::size_t c = 0; c < 24; ++c) {
        sum += static_cast<double>(q(i, c)) * pack_as<double>(matrix.value(t, c));
      }
      CHECK(found(i, t) == static_cast<float>(sum));
    }
  }
}

TEST_CASE("a cache has the size that papers state") {
  // KIVI: 2 bits, groups of 32 with scale and minimum in 16 bits, the rest in 16 bits.
  key_cache keys(128, formats::offset_groups(2, {32, 1}), {.kept = 0, .step = 128});
  value_cache values(128, formats::offset_groups(2, {1, 32}), {.kept = 128, .step = 1});
  const rows x(1000, 128, 5);
  keys.append(x), values.append(x);
  const std::size_t coded = 2 + (16 + 16) / 32;
  CHECK(keys.bits() == 128 * (896 * coded + 104 * 16));
  CHECK(values.bits() == 128 * (872 * coded + 128 * 16));
  CHECK(keys.bytes() == keys.bits() / 8 + (16 - 104 % 16) * 128 * 2);
}

TEST_CASE("guessed tokens can be taken back as long as the window has them") {
  const rows x(80, 32, 6);
  const auto format = formats::affine_groups(4, {1, 32});
  value_cache cache(32, format, {.kept = 8, .step = 16}), plain = cache;
  rows guessed = x;
  guessed.values[37 * 32] = std::numeric_limits<float>::quiet_NaN();  // nothing is left of it
  cache.append({guessed.values.data(), 38, 32});
  plain.append({x.values.data(), 36, 32});
  cache.truncate(36);
  const rows p(1, 36, 4);
  rows a(1, 32), b(1, 32);
  cache.combine(p, a), plain.combine(p, b);
  CHECK(same_bits(a, b));
  cache.append({x.values.data() + 36 * 32, 44, 32});
  plain.append({x.values.data() + 36 * 32, 44, 32});
  rows c(80, 32), d(80, 32);
  dequantize(cache, c), dequantize(plain, d);
  CHECK(same_bits(c, d));
  CHECK_THROWS_WITH(cache.truncate(63),
                    "truncate: tokens is 63, expected 64 to 80, the quantized ones and all");
  CHECK_THROWS_AS(cache.truncate(81), std::invalid_argument);
}

TEST_CASE("evicted tokens leave the others as they are") {
  rows x(250, 32, 6);
  x.values[7 * 32 + 3] = std::numeric_limits<float>::quiet_NaN();  // nothing is left of it
  key_cache keys(32, formats::offset_groups(3, {48, 1}), {.kept = 5, .step = 96}), all_keys = keys;
  value_cache values(32, formats::affine_groups(4, {1, 16}), {.kept = 3, .step = 7});
  value_cache all_values = values;
  all_keys.append(x), all_values.append(x);
  std::size_t done = 0;
  const auto append = [&](std::size_t n) {
    const matrix_view<const float> part(x.values.data() + done * 32, n, 32);
    keys.append(part), values.append(part), done += n;
  };
  append(110), keys.evict(96), values.evict(64), values.evict(0);
  append(90), values.evict(96), append(50), keys.evict(96);
  REQUIRE(keys.evicted_tokens() == 192);
  REQUIRE(values.evicted_tokens() == 160);
  const auto check_rest = [](const auto& cache, const auto& all) {
    const std::size_t first = all.tokens() - cache.tokens();
    CHECK(first == cache.evicted_tokens());
    CHECK(first == all.quantized_tokens() - cache.quantized_tokens());
    rows a(cache.tokens(), 32), b(all.tokens(), 32);
    dequantize(cache, a), dequantize(all, b);
    b.values.erase(b.values.begin(), b.values.begin() + static_cast<std::ptrdiff_t>(first * 32));
    b.count = a.count;
    CHECK(same_bits(a, b));
    check(cache, b, 5);
  };
  check_rest(keys, all_keys), check_rest(values, all_values);
  CHECK_THROWS_WITH(values.evict(96),
                    "evict: count is 96, expected a multiple of 32 up to 85, the quantized tokens");
  CHECK_THROWS_AS(keys.evict(32), std::invalid_argument);
}

TEST_CASE("a NaN reaches what it is part of, and nothing else") {
  rows x(64, 32, 8);
  x.values[3 * 32 + 5] = std::numeric_limits<float>::quiet_NaN();
  key_cache keys(32, formats::offset_groups(2, {32, 1}), {.kept = 0, .step = 32});
  keys.append(x);
  const rows q(1, 32, 9);
  rows s(1, 64);
  keys.scores(q, s);
  for (std::size_t t = 0; t < 64; ++t) {
    const auto bits = std::bit_cast<std::uint32_t>(s(0, t));
    CHECK((t < 32 ? bits == 0x7FC00000u : (bits & 0x7FFFFFFFu) < 0x7F800000u));
  }
}

TEST_CASE("what is no cache is refused") {
  const auto format = formats::affine_groups(4, {32, 1});
  CHECK_THROWS_WITH(key_cache(0, format), "kv_cache: channels is 0, expected 1 to 2^32 - 1");
  CHECK_THROWS_WITH(key_cache(64, formats::affine_groups(4, {8, 1})),
                    "kv_cache: the tokens of a group is 8, expected a multiple of 16");
  CHECK_THROWS_WITH(
      key_cache(64, format, {.step = 16}),
      "kv_cache: the step of the window is 16, expected a multiple of the tokens of a "
      "group");
  CHECK_THROWS_AS(key_cache(64, formats::affine_groups(4, {32, 32})), std::invalid_argument);
  CHECK_THROWS_AS(key_cache(96, formats::affine_groups(4, {1, 64})), std::invalid_argument);
  CHECK_THROWS_AS(value_cache(64, formats::affine_groups(4, {1, 8})), std::invalid_argument);
  CHECK_THROWS_AS(key_cache(64, formats::affine_groups(9, {32, 1}), {.step = 32}),
                  std::invalid_argument);
  CHECK_THROWS_AS(key_cache(64, format, {.step = 32, .format = formats::e4m3fn}),
                  std::invalid_argument);
  key_cache keys(64, format, {.step = 32});
  rows x(2, 63), s(2, 3), q(2, 64);
  CHECK_THROWS_WITH(keys.append(x), "append: rows have 63 columns, expected 64, the channels");
  CHECK_THROWS_WITH(keys.scores(x, s), "scores: queries have 63 columns, expected 64");
  CHECK_THROWS_WITH(keys.scores(q, s), "scores: out is 2 x 3, expected 2 x 0");
}

}  // namespace
