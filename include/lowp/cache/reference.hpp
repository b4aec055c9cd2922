// SPDX-License-Identifier: MIT
// What caches of keys and values compute: the definition, one value at a time; and the exact
// results, rounded once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/cache/token_cache.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
namespace detail::cached {

[[nodiscard]] inline float add(float a, float b) { return opaque(opaque(a) + opaque(b)); }
[[nodiscard]] inline float subtract(float a, float b) { return opaque(opaque(a) - opaque(b)); }
[[nodiscard]] inline float multiply(float a, float b) { return opaque(opaque(a) * opaque(b)); }

/// From 0: sum + ((x0 e0 + x1 e1) + (x2 e2 + x3 e3)) for fours of first … last - 1, of which
/// `first` is a multiple of 4; what is missing of the last four has factors and elements of 0.
template <class X, class Elements>
[[nodiscard]] float sum_of_fours(std::size_t first, std::size_t last, const X& x,
                                 const Elements& e) {
  float sum = 0;
  for (std::size_t i = first; i < last; i += 4) {
    float p[4];
    for (std::size_t j = 0; j < 4; ++j) {
      p[j] = i + j < last ? multiply(x(i + j), e(i + j)) : 0.0f;
    }
    sum = add(sum, add(add(p[0], p[1]), add(p[2], p[3])));
  }
  return sum;
}
/// 16 chains of i - first modulo 16, each from 0, to which `next(i, chain)` gives the sum that
/// follows; then chains 8 apart are added, and what remains 4, 2 and 1 apart.
template <class Next>
[[nodiscard]] float sum_of_chains(std::size_t first, std::size_t last, const Next& next) {
  float chains[16] = {};
  for (std::size_t i = first; i < last; ++i) {
    float& chain = chains[(i - first) % 16];
    chain = next(i, chain);
  }
  for (std::size_t half = 8; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) chains[i] = add(chains[i], chains[i + half]);
  }
  return chains[0];
}

/// The sum over i of x(i) times element(i) under levels that differ with i: the scale is multiplied
/// into x first.
template <class Format, class X, class Elements, class Group>
[[nodiscard]] float sum_by_factors(const Format&, std::size_t last, const X& x,
                                   const Elements& element, const Group& group) {
  constexpr bool has_zero = leaf_count<decltype(Format::zero)> != 0;
  constexpr bool has_offset = leaf_count<decltype(Format::offset)> != 0;
  const auto factor = [&](std::size_t i) { return multiply(x(i), group(i).scale); };
  const float sum = sum_of_fours(0, last, factor, element);
  if constexpr (!has_zero && !has_offset) return sum;
  return subtract(sum, sum_of_chains(0, last, [&](std::size_t i, float chain) {
                    if (has_zero) chain = add(chain, multiply(factor(i), group(i).zero));
                    if (has_offset) chain = add(chain, multiply(x(i), group(i).offset));
                    return chain;
                  }));
}
/// sum + what the group of first … last - 1 adds, which has one scale for all.
template <class Format, class X, class Elements, class Group>
[[nodiscard]] float add_group(const Format&, float sum, std::size_t first, std::size_t last,
                              const X& x, const Elements& element, const Group& g) {
  constexpr bool has_zero = leaf_count<decltype(Format::zero)> != 0;
  constexpr bool has_offset = leaf_count<decltype(Format::offset)> != 0;
  float part = sum_of_fours(first, last, x, element);
  const float total =
      sum_of_chains(first, last, [&](std::size_t i, float chain) { return add(chain, x(i)); });
  if (has_zero) part = subtract(part, multiply(g.zero, total));
  part = multiply(part, g.scale);
  if (has_offset) part = subtract(part, multiply(g.offset, total));
  return add(sum, part);
}
[[nodiscard]] inline float plain_nan(float x) {
  const bool is_nan = (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) > 0x7F800000u;
  return is_nan ? std::bit_cast<float>(0x7FC00000u) : x;
}

/// The sum of x(i) y(i) without rounding, then rounded once to binary32, to nearest even.
template <class X, class Y>
[[nodiscard]] float exact_dot(std::size_t count, const X& x, const Y& y) {
  int low = 0, high = 0;
  bool is_first = true;
  std::vector<unpacked> products(count);
  for (std::size_t i = 0; i < count; ++i) {
    products[i] = exact::multiply(x(i), y(i));
    if (products[i].kind != value_kind::finite) continue;
    low = is_first ? products[i].exponent : (std::min)(low, products[i].exponent);
    high = is_first ? products[i].exponent : (std::max)(high, products[i].exponent);
    is_first = false;
  }
  exact_sum sum(low, high + 1);
  for (const unpacked& p : products) sum.add(p);
  return plain_nan(pack_as<float>(sum.value()));
}

}  // namespace detail::cached

namespace reference {

/// key_cache::scores. A quantized token: fours of channels, as detail::cached states; with groups
/// along tokens scales are multiplied into the query, with groups along channels into sums. A token
/// of the window: fours of channels of its values.
template <class Format, class Quantize>
void scores(const token_cache<cache_role::keys, Format, Quantize>& cache,
            matrix_view<const float> queries, matrix_view<float> out) {
  const default_float_environment environment;
  const std::size_t d = cache.channels(), size = cache.format().shape.cols_in(d);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    const auto x = [&](std::size_t c) { return queries(i, c); };
    for (std::size_t t = 0; t < cache.tokens(); ++t) {
      const auto element = [&](std::size_t c) { return cache.element(t, c); };
      float sum = 0;
      if (t >= cache.quantized_tokens()) {
        sum = lowp::detail::cached::sum_of_fours(0, d, x,
                                                 [&](std::size_t c) { return cache.recent(t, c); });
      } else if (size == 1) {
        sum = lowp::detail::cached::sum_by_factors(
            cache.format(), d, x, element, [&](std::size_t c) { return cache.group_of(t, c); });
      } else {
        for (std::size_t c = 0; c < d; c += size) {
          sum = lowp::detail::cached::add_group(cache.format(), sum, c, c + size, x, element,
                                                cache.group_of(t, c));
        }
      }
      out(i, t) = lowp::detail::cached::plain_nan(sum);
    }
  }
}

/// value_cache::combine: the sum over quantized tokens plus that over tokens of the window, both in
/// fours of tokens whose numbers are equal but for their last two bits.
template <class Format, class Quantize>
void combine(const token_cache<cache_role::values, Format, Quantize>& cache,
             matrix_view<const float> weights, matrix_view<float> out) {
  const default_float_environment environment;
  const std::size_t quantized = cache.quantized_tokens(), size = cache.format().shape.rows_in(1);
  for (std::size_t i = 0; i < weights.rows; ++i) {
    const auto x = [&](std::size_t t) { return weights(i, t); };
    for (std::size_t c = 0; c < cache.channels(); ++c) {
      const auto element = [&](std::size_t t) { return cache.element(t, c); };
      float sum = 0;
      if (cache.format().shape.cols != 1) {
        sum = lowp::detail::cached::sum_by_factors(
            cache.format(), quantized, x, element,
            [&](std::size_t t) { return cache.group_of(t, c); });
      } else {
        for (std::size_t t = 0; t < quantized; t += size) {
          sum = lowp::detail::cached::add_group(cache.format(), sum, t, t + size, x, element,
                                                cache.group_of(t, c));
        }
      }
      const float recent = lowp::detail::cached::sum_of_fours(
          quantized / 4 * 4, cache.tokens(),
          [&](std::size_t t) { return t < quantized ? 0 : x(t); },
          [&](std::size_t t) { return t < quantized ? 0 : cache.recent(t, c); });
      out(i, c) = lowp::detail::cached::plain_nan(lowp::detail::cached::add(sum, recent));
    }
  }
}

/// The sums of scores and combine over the values that a cache stands for, without rounding, then
/// rounded once to binary32, to nearest even: what gemm gives under exact_sums for the matrix of
/// these values.
template <class Format, class Quantize>
void exact_scores(const token_cache<cache_role::keys, Format, Quantize>& cache,
                  matrix_view<const float> queries, matrix_view<float> out) {
  for (std::size_t i = 0; i < queries.rows; ++i) {
    for (std::size_t t = 0; t < cache.tokens(); ++t) {
      out(i, t) = lowp::detail::cached::exact_dot(
          cache.channels(), [&](std::size_t c) { return unpack(queries(i, c)); },
          [&](std::size_t c) { return cache.value(t, c); });
    }
  }
}
template <class Format, class Quantize>
void exact_combine(const token_cache<cache_role::values, Format, Quantize>& cache,
                   matrix_view<const float> weights, matrix_view<float> out) {
  for (std::size_t i = 0; i < weights.rows; ++i) {
    for (std::size_t c = 0; c < cache.channels(); ++c) {
      out(i, c) = lowp::detail::cached::exact_dot(
          cache.tokens(), [&](std::size_t t) { return unpack(weights(i, t)); },
          [&](std::size_t t) { return cache.value(t, c); });
    }
  }
}

}  // namespace reference
}  // namespace lowp
