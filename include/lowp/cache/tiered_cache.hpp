// SPDX-License-Identifier: MIT
// A cache whose tokens lie in tiers of different formats: important ones in more bits than others
// (MiKV, arXiv 2402.18096). The umbrella header leaves it out.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/cache/kv_cache.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// Tokens keep their numbers whichever tier they lie in. A tier is a key_cache or a value_cache,
/// all of them one or the other, of groups {1, g} and a window that keeps none. Which token is
/// important, a caller knows: it names a tier when it appends, and moves what has become less so.
///
///   tiered_cache keys(std::vector{key_cache(128, in8), key_cache(128, in2)});
///   keys.append(k, 0);
///   keys.move(17, 1);          // its value as tier 0 has it, quantized by tier 1
template <class Cache>
class tiered_cache {
 public:
  /// Throws std::invalid_argument for no tiers, tiers of different channels, or tiers with tokens.
  explicit tiered_cache(std::vector<Cache> tiers) : tiers_(std::move(tiers)) {
    if (tiers_.empty()) refuse("tiered_cache: there is no tier");
    for (const Cache& tier : tiers_) {
      if (tier.channels() != tiers_[0].channels() || tier.tokens() != 0) {
        refuse("tiered_cache: a tier has " + std::to_string(tier.channels()) + " channels and " +
               std::to_string(tier.tokens()) + " tokens, expected " +
               std::to_string(tiers_[0].channels()) + " and none");
      }
      if (tier.format().shape.rows != 1 || !(tier.window().kept == 0 && tier.window().step == 1)) {
        refuse("tiered_cache: tokens of a tier have scales in common or wait in a window");
      }
    }
    tokens_of_.resize(tiers_.size());
  }

  [[nodiscard]] std::size_t tokens() const { return places_.size(); }
  [[nodiscard]] std::size_t channels() const { return tiers_[0].channels(); }
  [[nodiscard]] const std::vector<Cache>& tiers() const { return tiers_; }
  [[nodiscard]] std::size_t tier_of(std::size_t token) const { return places_[token].tier; }
  [[nodiscard]] std::size_t bits() const {
    std::size_t sum = 0;
    for (const Cache& tier : tiers_) sum += tier.bits();
    return sum;
  }
  [[nodiscard]] unpacked value(std::size_t token, std::size_t channel) const {
    return tiers_[places_[token].tier].value(places_[token].slot, channel);
  }

  /// Adds tokens to a tier. Throws std::invalid_argument for a tier that there is not, and as
  /// append of a cache does.
  void append(matrix_view<const float> rows, std::size_t tier) {
    require_tier("append", tier);
    const std::size_t first = tiers_[tier].tokens();
    tiers_[tier].append(rows);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      tokens_of_[tier].push_back(places_.size());
      places_.push_back({tier, first + r});
    }
  }

  /// Quantizes the value of a token anew, as another tier has it. Throws std::invalid_argument for
  /// a token or a tier that there is not.
  void move(std::size_t token, std::size_t tier) {
    require_tier("move", tier);
    if (token >= tokens()) {
      refuse("move: token is " + std::to_string(token) + ", expected below " +
             std::to_string(tokens()));
    }
    const place from = places_[token];
    if (from.tier == tier) return;
    std::vector<float> row(channels());
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = pack_as<float>(value(token, c));
    places_[token] = {tier, tiers_[tier].tokens()};
    tiers_[tier].append({row.data(), 1, row.size()});
    tokens_of_[tier].push_back(token);
    tiers_[from.tier].remove(from.slot);
    std::vector<std::size_t>& left = tokens_of_[from.tier];
    left[from.slot] = left.back();
    left.pop_back();
    if (from.slot < left.size()) places_[left[from.slot]].slot = from.slot;
  }

  /// As key_cache::scores, each token by its tier.
  void scores(matrix_view<const float> queries, matrix_view<float> out,
              const execution& how = {}) const requires(Cache::role == cache_role::keys) {
    bulk::require_cache_shapes("scores", "queries", queries, out, queries.rows, channels(),
                               tokens());
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      const std::vector<std::size_t>& to = tokens_of_[i];
      std::vector<float> part(queries.rows * to.size());
      tiers_[i].scores(queries, {part.data(), queries.rows, to.size()}, how);
      for (std::size_t r = 0; r < queries.rows; ++r) {
        for (std::size_t s = 0; s < to.size(); ++s) out(r, to[s]) = part[r * to.size() + s];
      }
    }
  }

  /// The sums of value_cache::combine of all tiers, from the first on, each addition in binary32.
  void combine(matrix_view<const float> weights, matrix_view<float> out,
               const execution& how = {}) const requires(Cache::role == cache_role::values) {
    bulk::require_cache_shapes("combine", "weights", weights, out, weights.rows, tokens(),
                               channels());
    const default_float_environment environment;
    std::vector<float> part(out.rows * out.cols);
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      const std::vector<std::size_t>& from = tokens_of_[i];
      std::vector<float> own(weights.rows * from.size());
      for (std::size_t r = 0; r < weights.rows; ++r) {
        for (std::size_t s = 0; s < from.size(); ++s) {
          own[r * from.size() + s] = weights(r, from[s]);
        }
      }
      tiers_[i].combine({own.data(), weights.rows, from.size()}, {part.data(), out.rows, out.cols},
                        how);
      for (std::size_t r = 0; r < out.rows; ++r) {
        for (std::size_t c = 0; c < out.cols; ++c) {
          const float x = part[r * out.cols + c];
          const float sum = i == 0 ? x : bulk::sum_of_two(out(r, c), x);
          bulk::copy_sums(&sum, 1, 1, {&out(r, c), 1, 1}, 0);
        }
      }
    }
  }

 private:
  struct place {
    std::size_t tier, slot;
  };
  void require_tier(const char* function, std::size_t tier) const {
    if (tier < tiers_.size()) return;
    refuse(std::string(function) + ": tier is " + std::to_string(tier) + ", expected below " +
           std::to_string(tiers_.size()));
  }

  std::vector<Cache> tiers_;
  std::vector<std::vector<std::size_t>> tokens_of_;  ///< by tier and slot
  std::vector<place> places_;                        ///< by token
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
