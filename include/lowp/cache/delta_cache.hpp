// SPDX-License-Identifier: MIT
// A cache of differences: each token as what it has beyond a kept one, its frame. What is linear
// stays so: results are those of the differences and those of the frames, added. The umbrella
// header leaves it out.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/cache/kv_cache.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// Tokens t with the same t / interval share a frame, the first of them as `Frames` has it; token t
/// is the difference of its value and the frame's, rounded once to binary32, as `Differences` has
/// it, plus the frame. So nothing adds up from token to token, and a frame itself has two terms.
/// Both are caches of one role; that of frames quantizes each token at once.
template <class Frames, class Differences>
requires(Frames::role == Differences::role) class delta_cache {
 public:
  /// Throws std::invalid_argument for an interval of 0, for caches of different channels or with
  /// tokens, and for frames that wait in a window.
  delta_cache(Frames frames, Differences differences, std::size_t interval)
      : frames_(std::move(frames)), differences_(std::move(differences)), interval_(interval) {
    if (interval == 0) refuse("delta_cache: interval is 0, expected at least 1");
    if (frames_.channels() != differences_.channels() || frames_.tokens() != 0 ||
        differences_.tokens() != 0) {
      refuse("delta_cache: frames have " + std::to_string(frames_.channels()) +
             " channels, differences " + std::to_string(differences_.channels()) +
             ", expected as many, and no tokens");
    }
    if (frames_.window().kept != 0 || frames_.window().step != 1) {
      refuse("delta_cache: frames wait in a window, expected {.kept = 0, .step = 1}");
    }
  }

  [[nodiscard]] std::size_t tokens() const { return differences_.tokens(); }
  [[nodiscard]] std::size_t channels() const { return differences_.channels(); }
  [[nodiscard]] std::size_t bits() const { return frames_.bits() + differences_.bits(); }
  [[nodiscard]] const Frames& frames() const { return frames_; }
  [[nodiscard]] const Differences& differences() const { return differences_; }
  /// Exact.
  [[nodiscard]] unpacked value(std::size_t token, std::size_t channel) const {
    return exact::add(differences_.value(token, channel),
                      frames_.value(token / interval_, channel));
  }

  void append(matrix_view<const float> rows) {
    if (rows.cols != channels()) {
      refuse("append: rows have " + std::to_string(rows.cols) + " columns, expected " +
             std::to_string(channels()) + ", the channels");
    }
    const default_float_environment environment;
    std::vector<float> beyond(rows.cols);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      if (tokens() % interval_ == 0) frames_.append(rows.row_range(r, 1));
      for (std::size_t c = 0; c < rows.cols; ++c) {
        const auto frame = pack_as<float>(frames_.value(frames_.tokens() - 1, c));
        beyond[c] = bulk::difference_of_two(rows(r, c), frame);
      }
      differences_.append({beyond.data(), 1, beyond.size()});
    }
  }

  /// key_cache::scores of the differences plus those of the frames, added in binary32.
  void scores(matrix_view<const float> queries, matrix_view<float> out,
              const execution& how = {}) const requires(Frames::role == cache_role::keys) {
    differences_.scores(queries, out, how);
    std::vector<float> of_frames(queries.rows * frames_.tokens());
    frames_.scores(queries, {of_frames.data(), queries.rows, frames_.tokens()}, how);
    const default_float_environment environment;
    for (std::size_t r = 0; r < out.rows; ++r) {
      for (std::size_t t = 0; t < out.cols; ++t) {
        add(out(r, t), of_frames[r * frames_.tokens() + t / interval_]);
      }
    }
  }

  /// value_cache::combine of the differences plus that of the frames by the sums of their tokens'
  /// weights, from the first token on; all additions in binary32.
  void combine(matrix_view<const float> weights, matrix_view<float> out,
               const execution& how = {}) const requires(Frames::role == cache_role::values) {
    differences_.combine(weights, out, how);
    const default_float_environment environment;
    std::vector<float> of_frames(weights.rows * frames_.tokens()), sums(out.rows * out.cols);
    for (std::size_t r = 0; r < weights.rows; ++r) {
      for (std::size_t t = 0; t < weights.cols; ++t) {
        float& sum = of_frames[r * frames_.tokens() + t / interval_];
        sum = bulk::sum_of_two(sum, weights(r, t));
      }
    }
    frames_.combine({of_frames.data(), weights.rows, frames_.tokens()},
                    {sums.data(), out.rows, out.cols}, how);
    for (std::size_t r = 0; r < out.rows; ++r) {
      for (std::size_t c = 0; c < out.cols; ++c) add(out(r, c), sums[r * out.cols + c]);
    }
  }

 private:
  static void add(float& to, float x) {
    const float sum = bulk::sum_of_two(to, x);
    bulk::copy_sums(&sum, 1, 1, {&to, 1, 1}, 0);
  }

  Frames frames_;
  Differences differences_;
  std::size_t interval_;
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
