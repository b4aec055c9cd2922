// SPDX-License-Identifier: MIT
// Attention, tiers of importance and differences against sums in binary64 of the values that caches
// stand for.
#include "lowp/cache/attention.hpp"

#include <bit>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/cache/delta_cache.hpp"
#include "lowp/cache/kv_cache.hpp"
#include "lowp/cache/tiered_cache.hpp"
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
  double operator()(std::size_t r, std::size_t c) const {
    return static_cast<double>(values[r * width + c]);
  }
};
bool same_bits(const rows& a, const rows& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a.values[i]) != std::bit_cast<std::uint32_t>(b.values[i]))
      return false;
  }
  return true;
}
double largest_error(const rows& a, const rows& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a.values[i] - b.values[i])));
  return largest;
}
template <class Cache>
rows values_of(const Cache& cache) {
  rows x(cache.tokens(), cache.channels());
  for (std::size_t t = 0; t < x.count; ++t) {
    for (std::size_t c = 0; c < x.width; ++c)
      x.values[t * x.width + c] = pack_as<float>(cache.value(t, c));
  }
  return x;
}

// In binary64.
rows product(const rows& a, const rows& b) {
  rows result(a.count, b.width);
  for (std::size_t i = 0; i < a.count; ++i) {
    for (std::size_t j = 0; j < b.width; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < a.width; ++k) sum += a(i, k) * b(k, j);
      result.values[i * b.width + j] = static_cast<float>(sum);
    }
  }
  return result;
}
rows transpose(const rows& a) {
  rows t(a.width, a.count);
  for (std::size_t i = 0; i < a.count; ++i) {
    for (std::size_t j = 0; j < a.width; ++j) t.values[j * a.count + i] = a.values[i * a.width + j];
  }
  return t;
}
rows attention(const rows& q, const rows& k, const rows& v, double factor) {
  rows p = product(q, transpose(k));
  for (std::size_t i = 0; i < p.count; ++i) {
    double sum = 0;
    for (std::size_t t = 0; t < p.width; ++t) sum += std::exp2(factor * p(i, t));
    for (std::size_t t = 0; t < p.width; ++t) {
      p.values[i * p.width + t] = static_cast<float>(std::exp2(factor * p(i, t)) / sum);
    }
  }
  return product(p, v);
}

constexpr auto in2 = formats::offset_groups(2, {1, 32}), in8 = formats::offset_groups(8, {1, 32});

TEST_CASE("attention over caches is that of their values, the same on all targets") {
  key_cache keys(32, formats::offset_groups(4, {32, 1}), {.step = 32});
  value_cache values(32, in8, {.kept = 9});
  keys.append(rows(150, 32, 1)), values.append(rows(150, 32, 2));
  const rows q(3, 32, 3);
  rows out(3, 32);
  attend(keys, values, q, out, 0.3f, exponential_base::two);
  CHECK(largest_error(out, attention(q, values_of(keys), values_of(values), 0.3)) < 2e-6);
  for (const isa level : test::isas()) {
    rows again(3, 32);
    attend(keys, values, q, again, 0.3f, exponential_base::two, level);
    CHECK(same_bits(again, out));
  }
  keys.append(rows(1, 32, 4));
  CHECK_THROWS_WITH(attend(keys, values, q, out, 1),
                    "attend: values have 150 tokens, expected 151, those of keys");
}

TEST_CASE("attention over blocks is that over all, and skips what it is told to") {
  const rows q(40, 16, 1), k(40, 16, 2), v(40, 16, 3);
  const auto scores = [](const auto& a, const auto& b, const auto& to) {
    for (std::size_t i = 0; i < a.rows; ++i) {
      for (std::size_t j = 0; j < b.rows; ++j) {
        double sum = 0;
        for (std::size_t c = 0; c < a.cols; ++c) sum += static_cast<double>(a(i, c) * b(j, c));
        to(i, j) = static_cast<float>(sum);
      }
    }
  };
  const auto combine = [](const auto& p, const auto& b, const auto& to) {
    for (std::size_t i = 0; i < p.rows; ++i) {
      for (std::size_t c = 0; c < b.cols; ++c) {
        double sum = 0;
        for (std::size_t j = 0; j < p.cols; ++j) sum += static_cast<double>(p(i, j) * b(j, c));
        to(i, c) = static_cast<float>(sum);
      }
    }
  };
  rows out(40, 16), near(40, 16);
  const auto two = exponential_base::two;
  attend_blocks(q, k, v, out, 16, 0.4f, two, scores, combine, [](auto, auto) { return true; });
  CHECK(largest_error(out, attention(q, k, v, 0.4)) < 2e-6);
  // A block whose square no size can be.
  attend_blocks(q, k, v, near, std::size_t{1} << 33, 0.4f, two, scores, combine,
                [](auto i, auto j) { return i == 0 && j == 0; });
  CHECK(largest_error(near, attention(q, k, v, 0.4)) < 2e-6);
  attend_blocks(q, k, v, near, 20, 0.4f, two, scores, combine,
                [](auto i, auto j) { return i == j; });
  const auto half = [](const rows& x, std::size_t i) {
    rows h(20, 16);
    for (std::size_t a = 0; a < 320; ++a) h.values[a] = x.values[i * 320 + a];
    return h;
  };
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(largest_error(half(near, i), attention(half(q, i), half(k, i), half(v, i), 0.4)) < 2e-6);
  }
}

TEST_CASE("tokens keep their numbers in tiers, and moving them frees their place") {
  const rows x(50, 64, 5), q(2, 64, 6);
  tiered_cache keys(std::vector{key_cache(64, in8), key_cache(64, in2)});
  tiered_cache values(std::vector{value_cache(64, in8), value_cache(64, in2)});
  keys.append(x, 0), values.append(x, 0);
  for (std::size_t t = 0; t < 50; ++t) {
    if (t % 5 == 0) continue;
    keys.move(t, 1), values.move(t, 1);
  }
  CHECK(keys.tiers()[0].tokens() == 10);
  CHECK(keys.bits() == 64 * (10 * (8 + 1) + 40 * (2 + 1)));
  const rows now = values_of(keys);
  double coarse = 0, fine = 0;
  for (std::size_t t = 0; t < 50; ++t) {
    CHECK(keys.tier_of(t) == (t % 5 == 0 ? 0 : 1));
    for (std::size_t c = 0; c < 64; ++c)
      (t % 5 == 0 ? fine : coarse) += std::abs(now(t, c) - x(t, c)) / (t % 5 == 0 ? 10 : 40);
  }
  CHECK(fine / 64 < 0.01);
  CHECK(coarse / 64 < 0.5);
  rows s(2, 50), o(2, 64);
  keys.scores(q, s);
  CHECK(largest_error(s, product(q, transpose(now))) < 1e-4);
  const rows p(2, 50, 7);
  values.combine(p, o);
  CHECK(largest_error(o, product(p, now)) < 1e-4);
  CHECK_THROWS_WITH(keys.append(x, 2), "append: tier is 2, expected below 2");
  CHECK_THROWS_WITH(keys.move(50, 1), "move: token is 50, expected below 50");
}

TEST_CASE("differences from frames err less than tokens where these are alike") {
  rows x(40, 32, 8);
  const rows noise(40, 32, 9);
  for (std::size_t t = 0; t < 40; ++t) {
    for (std::size_t c = 0; c < 32; ++c)
      x.values[t * 32 + c] = x.values[t / 10 * 320 + c] + 0.05f * noise.values[t * 32 + c];
  }
  delta_cache keys(key_cache(32, in8), key_cache(32, in2), 10);
  delta_cache values(value_cache(32, in8), value_cache(32, in2), 10);
  key_cache plain(32, in2);
  keys.append(x), values.append(x), plain.append(x);
  const rows now = values_of(keys);
  CHECK(largest_error(now, x) < 0.1 * largest_error(values_of(plain), x));
  CHECK(largest_error(now, x) < 0.06);  // half a step of a difference, of which 3 are its range
  CHECK(same_bits(values_of(values), now));
  const rows q(2, 32, 1), p(2, 40, 2);
  rows s(2, 40), o(2, 32);
  keys.scores(q, s), values.combine(p, o);
  CHECK(largest_error(s, product(q, transpose(now))) < 1e-4);
  CHECK(largest_error(o, product(p, now)) < 1e-4);
  CHECK_THROWS_WITH(delta_cache(key_cache(32, in8), key_cache(32, in2), 0),
                    "delta_cache: interval is 0, expected at least 1");
}

}  // namespace
