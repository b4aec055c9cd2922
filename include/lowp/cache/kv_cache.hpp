// SPDX-License-Identifier: MIT
// Caches of keys and of values: products with queries and sums weighted by probabilities, straight
// from the codes. The umbrella header leaves it out.
//
//   key_cache keys(128, formats::offset_groups(2, {32, 1}), {.kept = 0, .step = 128});
//   value_cache values(128, formats::offset_groups(2, {1, 32}), {.kept = 128, .step = 1});
//   keys.append(k), values.append(v);       // new tokens, one a row
//   keys.scores(q, s);                      // q: queries of one head; s: queries x tokens
//   values.combine(p, out);                 // p: queries x tokens; out: queries x channels
//
// All sums are of binary32 in an order that reference::scores and reference::combine
// (reference.hpp) state, the same bits for any `execution`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/cache/cache_sums.hpp"
#include "lowp/cache/token_cache.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/caches/caches.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// The keys of one head.
template <class Format, class Quantize = quantize_by_standard>
class key_cache : public token_cache<cache_role::keys, Format, Quantize> {
  using base = token_cache<cache_role::keys, Format, Quantize>;

 public:
  using base::base;

  /// out(i, t) = the product of query i, a row of `queries`, and the key of token t: queries x
  /// tokens(). A NaN has the bits 0x7FC00000. Throws std::invalid_argument, before writing, for
  /// shapes that do not fit and for an output that shares elements with the queries.
  void scores(matrix_view<const float> queries, matrix_view<float> out,
              const execution& how = {}) const {
    bulk::require_cache_shapes("scores", "queries", queries, out, queries.rows, this->channels(),
                               this->tokens());
    const default_float_environment environment;
    const std::size_t steps = this->blocks().across() * kernels::cache_steps;
    const bulk::padded_rows x(queries, 0, this->channels(), steps);
    if (this->is_per_channel()) {
      add_per_channel(x, out, how);
    } else {
      add_per_token(x, out, how);
    }
    add_recent(x, out, how);
  }

 private:
  /// Of groups along tokens: their scales times the query are the factors of codes.
  void add_per_channel(const bulk::padded_rows& x, matrix_view<float> out,
                       const execution& how) const {
    const std::size_t tokens = this->group_tokens(), lane_blocks = tokens / kernels::cache_lanes;
    const std::size_t count = this->quantized_tokens() / tokens, across = this->blocks().across();
    const std::size_t places = this->unit_places();
    typename base::level_floats levels;
    bulk::factor_rows factors(x.rows, x.width);
    const std::size_t batch = bulk::units_of(places);
    for (std::size_t first = 0; first < count; first += batch) {
      const std::size_t units = first + batch < count ? batch : count - first;
      this->load_levels(first, units, levels, how);
      for (std::size_t u = 0; u < units; ++u) {
        for (std::size_t i = 0; i < x.rows; ++i) {
          factors.start(i);
          factors.scale(i, 0, x.row(i), levels, u * places, this->channels(), how.level());
        }
        kernels::coded_sums job = this->elements().job();
        const std::size_t words = this->elements().block_words();
        job.words = this->words() + (first + u) * lane_blocks * across * words;
        job.step_blocks = across, job.step_stride = words;
        job.lane_blocks = lane_blocks, job.lane_stride = across * words;
        factors.into(job);
        job.sums = out.data + (first + u) * tokens, job.sum_stride = out.stride;
        job.finishes = true;
        if (base::has_zero || base::has_offset) job.less = factors.finish();
        kernels::sum_codes(how.level(), job);
      }
    }
  }

  /// Of groups along channels: sums of codes, then the levels of each token.
  void add_per_token(const bulk::padded_rows& x, matrix_view<float> out,
                     const execution& how) const {
    constexpr std::size_t tokens = base::token_unit;
    const std::size_t groups = this->channels() / this->group_channels();
    const std::size_t steps = x.width / groups, places = this->unit_places();
    const std::vector<float> totals = bulk::totals_of(x, steps);
    std::vector<float> part(x.rows * tokens), sums(x.rows * tokens);
    typename base::level_floats levels;
    const std::size_t batch = bulk::units_of(places), across = this->blocks().across();
    for (std::size_t first = 0; first < this->units(); first += batch) {
      const std::size_t units = first + batch < this->units() ? batch : this->units() - first;
      this->load_levels(first, units, levels, how);
      for (std::size_t u = 0; u < units; ++u) {
        const std::size_t token = (first + u) * tokens, left = this->quantized_tokens() - token;
        std::memset(sums.data(), 0, sums.size() * sizeof(float));
        for (std::size_t g = 0; g < groups; ++g) {
          kernels::coded_sums job = this->elements().job();
          const std::size_t words = this->elements().block_words();
          const std::size_t blocks = steps / kernels::cache_steps;
          job.words = this->words() + (token / kernels::cache_lanes * across + g * blocks) * words;
          job.step_blocks = blocks, job.step_stride = words;
          job.lane_blocks = left > kernels::cache_lanes ? 2 : 1;
          job.lane_stride = across * words;
          job.heads = x.rows, job.x = x.values.data() + g * steps, job.x_stride = x.width;
          job.sums = part.data(), job.sum_stride = tokens;
          kernels::sum_codes(how.level(), job);
          for (std::size_t i = 0; i < x.rows; ++i) {
            bulk::add_levels(levels, u * places + g * tokens, part.data() + i * tokens,
                             totals[i * groups + g], job.lane_blocks * kernels::cache_lanes,
                             sums.data() + i * tokens, how.level());
          }
        }
        bulk::copy_sums(sums.data(), tokens, left < tokens ? left : tokens, out, token);
      }
    }
  }

  void add_recent(const bulk::padded_rows& x, matrix_view<float> out, const execution& how) const {
    const std::size_t count = this->tokens() - this->quantized_tokens();
    if (count == 0) return;
    const std::vector<float> values = this->recent_values(how);
    const std::size_t across = this->blocks().across();
    const std::size_t lanes = values.size() / base::block_size / across * kernels::cache_lanes;
    std::vector<float> sums(x.rows * lanes);
    kernels::coded_sums job = bulk::plain_sums(values);
    job.step_blocks = across, job.step_stride = base::block_size;
    job.lane_blocks = lanes / kernels::cache_lanes, job.lane_stride = across * base::block_size;
    job.heads = x.rows, job.x = x.values.data(), job.x_stride = x.width;
    job.sums = sums.data(), job.sum_stride = lanes;
    kernels::sum_codes(how.level(), job);
    bulk::copy_sums(sums.data() + this->quantized_tokens() - this->first_recent(), lanes, count,
                    out, this->quantized_tokens());
  }
};
template <class Format>
key_cache(std::size_t, Format) -> key_cache<Format>;
template <class Format>
key_cache(std::size_t, Format, cache_window) -> key_cache<Format>;
template <class Format, class Quantize>
key_cache(std::size_t, Format, cache_window, Quantize) -> key_cache<Format, Quantize>;

/// The values of one head.
template <class Format, class Quantize = quantize_by_standard>
class value_cache : public token_cache<cache_role::values, Format, Quantize> {
  using base = token_cache<cache_role::values, Format, Quantize>;

 public:
  using base::base;

  /// out(i, c) = the sum over tokens t of weights(i, t) times the value of token t at channel c:
  /// weights.rows x channels(). A NaN has the bits 0x7FC00000; what is not finite has a part in all
  /// sums of its channel, weights of 0 included. Throws as key_cache::scores.
  void combine(matrix_view<const float> weights, matrix_view<float> out,
               const execution& how = {}) const {
    bulk::require_cache_shapes("combine", "weights", weights, out, weights.rows, this->tokens(),
                               this->channels());
    const default_float_environment environment;
    const std::size_t lanes = this->blocks().across() * kernels::cache_lanes;
    std::vector<float> sums(weights.rows * lanes), recent(sums.size());
    const std::size_t unit = this->unit_tokens();
    const bulk::padded_rows x(weights, 0, this->quantized_tokens(), this->units() * unit);
    if (this->is_per_channel()) {
      add_per_channel(x, sums, lanes, how);
    } else {
      add_per_token(x, sums, lanes, how);
    }
    add_recent(weights, recent, lanes, how);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = bulk::sum_of_two(sums[i], recent[i]);
    bulk::copy_sums(sums.data(), lanes, this->channels(), out, 0);
  }

 private:
  /// Of groups along channels: their scales times the weights are the factors of codes.
  void add_per_token(const bulk::padded_rows& x, std::vector<float>& sums, std::size_t lanes,
                     const execution& how) const {
    const std::size_t groups = this->channels() / this->group_channels();
    const std::size_t places = this->unit_places(), group_lanes = lanes / groups;
    typename base::level_floats levels;
    const std::size_t batch = bulk::units_of(places), across = this->blocks().across();
    // Rows of factors are heads of one group after those of another.
    bulk::factor_rows factors(groups * x.rows, batch * base::token_unit);
    for (std::size_t r = 0; r < groups * x.rows; ++r) factors.start(r);
    for (std::size_t first = 0; first < this->units(); first += batch) {
      const std::size_t units = first + batch < this->units() ? batch : this->units() - first;
      this->load_levels(first, units, levels, how);
      for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t i = 0; i < x.rows; ++i) {
          for (std::size_t u = 0; u < units; ++u) {
            factors.scale(g * x.rows + i, u * base::token_unit,
                          x.row(i) + (first + u) * base::token_unit, levels,
                          u * places + g * base::token_unit, base::token_unit, how.level());
          }
        }
        kernels::coded_sums job = this->elements().job();
        const std::size_t words = this->elements().block_words();
        const std::size_t blocks = group_lanes / kernels::cache_lanes;
        job.words = this->words() + (first * across + g * blocks) * words;
        job.step_blocks = units, job.step_stride = across * words;
        job.lane_blocks = blocks, job.lane_stride = words;
        job.heads = x.rows, job.x = factors.row(g * x.rows), job.x_stride = factors.width();
        job.sums = sums.data() + g * group_lanes, job.sum_stride = lanes;
        job.continues = true;
        kernels::sum_codes(how.level(), job);
      }
    }
    if (!(base::has_zero || base::has_offset)) return;
    const float* const less = factors.finish();
    for (std::size_t i = 0; i < x.rows; ++i) {
      for (std::size_t l = 0; l < lanes; ++l) {
        float& sum = sums[i * lanes + l];
        sum = bulk::difference_of_two(sum, less[l / group_lanes * x.rows + i]);
      }
    }
  }

  /// Of groups along tokens: sums of codes, then the levels of each channel.
  void add_per_channel(const bulk::padded_rows& x, std::vector<float>& sums, std::size_t lanes,
                       const execution& how) const {
    const std::size_t tokens = this->group_tokens();
    const std::size_t across = this->blocks().across(), words = this->elements().block_words();
    const std::vector<float> totals = bulk::totals_of(x, tokens);
    std::vector<float> part(sums.size());
    typename base::level_floats levels;
    for (std::size_t u = 0; u < this->units(); ++u) {
      this->load_levels(u, 1, levels, how);
      levels.scale.resize(lanes), levels.zero.resize(levels.zero.empty() ? 0 : lanes);
      levels.offset.resize(levels.offset.empty() ? 0 : lanes);
      kernels::coded_sums job = this->elements().job();
      const std::size_t blocks = tokens / kernels::cache_steps;
      job.words = this->words() + u * blocks * across * words;
      job.step_blocks = blocks, job.step_stride = across * words;
      job.lane_blocks = across, job.lane_stride = words;
      job.heads = x.rows, job.x = x.values.data() + u * tokens, job.x_stride = x.width;
      job.sums = part.data(), job.sum_stride = lanes;
      kernels::sum_codes(how.level(), job);
      for (std::size_t i = 0; i < x.rows; ++i) {
        bulk::add_levels(levels, 0, part.data() + i * lanes, totals[i * this->units() + u], lanes,
                         sums.data() + i * lanes, how.level());
      }
    }
  }

  void add_recent(matrix_view<const float> weights, std::vector<float>& sums, std::size_t lanes,
                  const execution& how) const {
    if (this->tokens() == this->quantized_tokens()) return;
    const std::vector<float> values = this->recent_values(how);
    const std::size_t across = this->blocks().across();
    const std::size_t blocks = values.size() / base::block_size / across;
    const bulk::padded_rows x(weights, this->first_recent(), this->tokens() - this->first_recent(),
                              blocks * kernels::cache_steps,
                              this->quantized_tokens() - this->first_recent());
    kernels::coded_sums job = bulk::plain_sums(values);
    job.step_blocks = blocks, job.step_stride = across * base::block_size;
    job.lane_blocks = across, job.lane_stride = base::block_size;
    job.heads = x.rows, job.x = x.values.data(), job.x_stride = x.width;
    job.sums = sums.data(), job.sum_stride = lanes;
    kernels::sum_codes(how.level(), job);
  }
};
template <class Format>
value_cache(std::size_t, Format) -> value_cache<Format>;
template <class Format>
value_cache(std::size_t, Format, cache_window) -> value_cache<Format>;
template <class Format, class Quantize>
value_cache(std::size_t, Format, cache_window, Quantize) -> value_cache<Format, Quantize>;

/// All values of a cache in binary32, rounded once to nearest even: tokens() x channels(). Throws
/// std::invalid_argument, before writing, if `out` has another shape.
template <cache_role Role, class Format, class Quantize>
void dequantize(const token_cache<Role, Format, Quantize>& cache, matrix_view<float> out) {
  if (out.rows != cache.tokens() || out.cols != cache.channels()) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(cache.tokens()) + " x " +
           std::to_string(cache.channels()));
  }
  for (std::size_t t = 0; t < out.rows; ++t) {
    for (std::size_t c = 0; c < out.cols; ++c) out(t, c) = pack_as<float>(cache.value(t, c));
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
