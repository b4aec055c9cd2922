// SPDX-License-Identifier: MIT
// GGUF's K-quants as ggml's reference quantizers choose them (ggml-quants.c of d99724f, without
// contraction, as on x86-64), bit for bit for finite inputs: with or without weights of importance
// (quantize_row_q4_K_ref, quantize_q4_K …).
//
// The searches for the scales of groups are kernels/searches/; here is which of them a format
// takes, how scales of groups become codes under d, and that elements are then divided anew by what
// those codes say. A block of 256 that has a NaN or an infinity gets d = NaN and codes 0 beside, so
// that all of it reads as NaN; ggml's codes for those are an accident of their bits. Blocks of
// zeros have d = 0. Scales beyond binary16 make d infinite, as ggml's do, and elements NaN.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lowp/block/ggml/k_quants.hpp"
#include "lowp/block/ggml/k_search.hpp"
#include "lowp/block/rules/chosen_codes.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// What is common to the rules for K-quants; `importance` has a weight for each column, or nothing.
struct k_rule {
  template <class Format>
  [[nodiscard]] static constexpr const char* defect(const Format& format) {
    return k_search_of(format).bits != 0 || is_q8_k(format)
               ? nullptr
               : "rules::ggml_k is for formats::q2_k, q3_k, q4_k, q5_k, q6_k and q8_k";
  }
  template <class Format>
  [[nodiscard]] static constexpr std::size_t block_cols(const Format&) {
    return 256;
  }

 protected:
  template <class Format, class Sink>
  static void choose(const Format& format, isa level, const row_blocks& blocks,
                     const float* importance, const Sink& sink) {
    if (is_q8_k(format)) {
      for (std::size_t i = 0; i < blocks.count; i += 256) {
        q8_k_codes codes;
        choose_q8_k(level, blocks.values + i, codes);
        sink.elements(i, 256, codes.elements);
        sink.code(1, i, 256, codes.d);
      }
      return;
    }
    const k_search search = k_search_of(format, importance != nullptr);
    const std::size_t group = 256 / search.groups;
    k_codes codes;
    for (std::size_t i = 0; i < blocks.count; i += 256 * k_codes::most) {
      const std::size_t count = (std::min)((blocks.count - i) / 256, k_codes::most);
      choose_k_codes(search, level, blocks.values + i,
                     importance == nullptr ? nullptr : importance + blocks.col + i, count, codes);
      for (std::size_t s = 0; s < count; ++s) {
        const std::size_t at = i + 256 * s;
        sink.elements(at, 256, codes.elements + 256 * s);
        sink.code(2, at, 256, codes.d[s]);
        if (search.has_minima) sink.code(4, at, 256, codes.dmin[s]);
        for (std::size_t j = 0; j < search.groups; ++j) {
          const std::size_t g = search.groups * s + j;
          sink.code(1, at + j * group, group, codes.scales[g]);
          if (search.has_minima) sink.code(3, at + j * group, group, codes.minima[g]);
        }
      }
    }
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE

namespace rules {
inline namespace LOWP_BASELINE {

/// ggml's quantize_row_q2_K_ref … quantize_row_q6_K_ref and quantize_row_q8_K_ref.
struct ggml_k_t : bulk::k_rule {
  static constexpr std::string_view name = "ggml_k";
  template <class Format, class Sink>
  void choose_codes(const Format& format, isa level, const row_blocks& blocks,
                    const Sink& sink) const {
    choose(format, level, blocks, nullptr, sink);
  }
};
inline constexpr ggml_k_t ggml_k{};

/// ggml's quantize_q2_K … quantize_q6_K with an importance matrix: a weight, finite and not
/// negative, for each column, which all rows share. q8_k has no use for them.
struct ggml_k_by_importance : bulk::k_rule {
  static constexpr std::string_view name = "ggml_k_by_importance";
  std::span<const float> importance;

  explicit ggml_k_by_importance(std::span<const float> weights) : importance(weights) {}
  /// Throws for another number of columns than of weights, or for weights that are none.
  void require_cols(std::size_t cols) const {
    if (importance.size() != cols) {
      refuse("ggml_k_by_importance: importance has size " + std::to_string(importance.size()) +
             ", expected cols, " + std::to_string(cols));
    }
    for (std::size_t i = 0; i < cols; ++i) {
      const std::uint32_t bits = bulk::word_of_float(importance[i]);
      if (bits >= 0x7F800000u && bits != 0x80000000u) {
        refuse("ggml_k_by_importance: importance[" + std::to_string(i) +
               "] is negative, infinite or NaN, expected a finite weight of at least 0");
      }
    }
  }
  template <class Format, class Sink>
  void choose_codes(const Format& format, isa level, const row_blocks& blocks,
                    const Sink& sink) const {
    choose(format, level, blocks, importance.data(), sink);
  }
};

}  // namespace LOWP_BASELINE
}  // namespace rules
}  // namespace lowp
