// SPDX-License-Identifier: MIT
// How a K-quant is chosen for up to 16 blocks of 256 at a time: the scales of groups by a search,
// d and dmin from the largest of a block or, with weights of importance, by a search among those;
// then the elements anew. Each step's binary32 operations are in the order of ggml's.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/block/ggml/k_quants.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/searches/searches.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// What differs between the K-quants.
struct k_search {
  int bits = 0;  ///< of an element; 0: no K-quant
  bool has_minima = false;
  std::size_t groups = 0;    ///< of a block
  int scale_limit = 0;       ///< the largest code of a scale; of signed ones that of -1 times it
  bool descends = false;     ///< signed scales by descent
  bool is_absolute = false;  ///< errors are magnitudes, not squares
  kernels::element_weights weights{};
  kernels::scale_candidates candidates{};
  bool by_importance = false;
  std::uint32_t mean_factor = 1;  ///< of the mean of squares, where weights have it
};

[[nodiscard]] constexpr bool is_q8_k(const auto& format) {
  if constexpr (std::is_same_v<decltype(format), decltype(formats::q8_k)&>) {
    return format == formats::q8_k;
  }
  return false;
}

/// What a format takes; of 0 bits if it is no K-quant with two levels.
[[nodiscard]] constexpr k_search k_search_of(const auto& format, bool by_importance = false) {
  using how = kernels::element_weights;
  constexpr auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  const kernels::scale_candidates wide{bits(-0.9f), bits(0.05f), 37};
  k_search s;
  if constexpr (std::is_same_v<decltype(format), decltype(formats::q4_k)&>) {
    s.has_minima = true;
    s.candidates = wide;
    if (format == formats::q2_k) {
      s.bits = 2;
      s.groups = 16;
      s.scale_limit = 15;
      s.weights = how::magnitudes;
      s.is_absolute = !by_importance;
      if (!by_importance) s.candidates = {bits(-0.5f), bits(0.1f), 16};
    } else if (format == formats::q4_k || format == formats::q5_k) {
      s.bits = format == formats::q4_k ? 4 : 5;
      s.groups = 8;
      s.scale_limit = 63;
      s.weights = how::root_mean_plus;
      s.mean_factor = 2;
      if (!by_importance && s.bits == 4) s.candidates = {bits(-1.0f), bits(0.1f), 21};
      if (!by_importance && s.bits == 5) s.candidates = {bits(-0.5f), bits(0.1f), 16};
    }
    if (by_importance) s.weights = how::by_importance;
  } else if constexpr (std::is_same_v<decltype(format), decltype(formats::q6_k)&>) {
    s.groups = 16;
    s.weights = how::squares;
    if (format == formats::q3_k) {
      s.bits = 3;
      s.scale_limit = 32;
      s.descends = !by_importance;
      s.mean_factor = 2;
      if (by_importance) s.weights = how::by_importance;
    } else if (format == formats::q6_k) {
      s.bits = 6;
      s.scale_limit = 128;
      if (by_importance) s.weights = how::by_importance_alone;
    }
  }
  s.by_importance = by_importance;
  return s;
}

/// The codes of some blocks, as leaves have them.
struct k_codes {
  static constexpr std::size_t most = 16;  ///< blocks

  alignas(64) std::uint8_t elements[most * 256];
  std::uint8_t scales[most * 16], minima[most * 16];  ///< of the groups of all blocks, in order
  std::uint16_t d[most], dmin[most];
};
struct q8_k_codes {
  alignas(64) std::uint8_t elements[256];
  std::uint32_t d;
};

[[nodiscard]] inline std::uint32_t word_of_float(const float& x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
[[nodiscard]] constexpr bool is_special(std::uint32_t bits) {
  return (bits & 0x7F800000u) == 0x7F800000u;
}

/// binary32 in its bits: one rounding, under every compiler option.
[[nodiscard]] constexpr binary32 from_bits32(std::uint32_t bits) {
  return binary32::from_code(bits);
}
[[nodiscard]] constexpr std::uint32_t quotient_bits(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((from_bits32(a) / from_bits32(b)).code());
}
[[nodiscard]] constexpr std::uint32_t product_bits(std::uint32_t a, int b) {
  return static_cast<std::uint32_t>((from_bits32(a) * binary32(b)).code());
}
[[nodiscard]] constexpr std::uint16_t to_half(std::uint32_t bits) {
  return static_cast<std::uint16_t>(convert<formats::binary16>(from_bits32(bits)).code());
}
[[nodiscard]] constexpr std::uint32_t from_half(std::uint16_t code) {
  return static_cast<std::uint32_t>(convert<formats::binary32>(binary16::from_code(code)).code());
}
[[nodiscard]] constexpr std::uint32_t integer_bits(int x) {
  return static_cast<std::uint32_t>(binary32(x).code());
}

/// Blocks as packs of 16 groups, and what is found for them. Group g of all blocks is lane g % 16
/// of pack g / 16.
class k_chooser {
 public:
  static constexpr std::size_t lanes = kernels::pack_groups;

  k_chooser(const k_search& s, isa level, k_codes& out) : s_(s), level_(level), out_(out) {}

  void operator()(const float* values, const float* importance, std::size_t blocks) {
    blocks_ = blocks;
    packs_ = (blocks * s_.groups + lanes - 1) / lanes;
    n_ = 256 / s_.groups;
    load(values);
    if (importance != nullptr) load_importance(importance);
    find_group_scales();
    if (s_.by_importance && (s_.has_minima || s_.bits == 3)) {
      search_block_scales();
    } else if (s_.has_minima) {
      cut_unsigned_scales();
    } else {
      cut_signed_scales();
    }
    choose_elements();
    store();
  }

 private:
  static constexpr std::size_t most_words = k_codes::most * 256;

  /// Element i of group g in packs.
  [[nodiscard]] std::size_t place(std::size_t g, std::size_t i) const {
    return (g / lanes * n_ + i) * lanes + g % lanes;
  }
  void load(const float* values) {
    for (std::size_t s = 0; s < blocks_; ++s) {
      std::uint32_t words[256];
      std::memcpy(words, values + 256 * s, sizeof words);
      std::uint32_t any_special = 0;
      for (const std::uint32_t word : words) any_special |= is_special(word) ? 1u : 0u;
      has_special_[s] = any_special != 0;
      if (has_special_[s]) std::memset(words, 0, sizeof words);
      for (std::size_t j = 0; j < s_.groups; ++j) {
        std::uint32_t* const to = x_ + place(s * s_.groups + j, 0);
        for (std::size_t i = 0; i < n_; ++i) to[i * lanes] = words[j * n_ + i];
      }
    }
    for (std::size_t g = blocks_ * s_.groups; g < packs_ * lanes; ++g) {
      for (std::size_t i = 0; i < n_; ++i) x_[place(g, i)] = 0;
    }
  }
  void load_importance(const float* importance) {
    for (std::size_t g = 0; g < packs_ * lanes; ++g) {
      for (std::size_t i = 0; i < n_; ++i) {
        importance_[place(g, i)] =
            g < blocks_ * s_.groups ? word_of_float(importance[g * n_ + i]) : 0u;
      }
    }
  }
  /// The mean of squares of blocks, times mean_factor, for each of their groups.
  void find_means() {
    std::uint32_t by_block[256 * lanes], sums[lanes];
    for (std::size_t i = 0; i < 256; ++i) {
      for (std::size_t s = 0; s < lanes; ++s) {
        by_block[i * lanes + s] = s < blocks_ ? x_[place(s * s_.groups + i / n_, i % n_)] : 0u;
      }
    }
    kernels::sum_pack(level_, by_block, 256, true, sums);
    for (std::size_t g = 0; g < packs_ * lanes; ++g) {
      const std::size_t s = (std::min)(g / s_.groups, lanes - 1);
      means_[g] =
          quotient_bits(product_bits(sums[s], static_cast<int>(s_.mean_factor)), integer_bits(256));
    }
  }
  void find_group_scales() {
    if (s_.weights == kernels::element_weights::by_importance) find_means();
    for (std::size_t p = 0; p < packs_; ++p) {
      const std::size_t at = p * n_ * lanes;
      if (!s_.descends) {
        kernels::weigh_pack(level_, s_.weights, x_ + at, importance_ + at, means_ + p * lanes, n_,
                            weights_);
      }
      if (s_.by_importance) kernels::sum_pack(level_, weights_, n_, false, sums_ + p * lanes);
      std::uint32_t* const scales = scales_ + p * lanes;
      if (s_.has_minima) {
        kernels::pack_scales found;
        kernels::search_scale_and_minimum(level_, x_ + at, weights_, n_, (1 << s_.bits) - 1,
                                          s_.candidates, s_.is_absolute, found, codes_ + at);
        std::memcpy(scales, found.scale, sizeof found.scale);
        std::memcpy(minima_ + p * lanes, found.minimum, sizeof found.minimum);
      } else if (s_.descends) {
        kernels::descend_to_signed_scale(level_, x_ + at, n_, 1 << (s_.bits - 1), scales,
                                         codes_ + at);
      } else {
        kernels::search_signed_scale(level_, x_ + at, weights_, n_, 1 << (s_.bits - 1), scales,
                                     codes_ + at);
      }
    }
  }

  /// Numbers of groups as packs whose lanes are blocks, and back.
  void to_blocks(const std::uint32_t* of_groups, std::uint32_t* pack) const {
    for (std::size_t j = 0; j < s_.groups; ++j) {
      for (std::size_t s = 0; s < lanes; ++s) {
        pack[j * lanes + s] = s < blocks_ ? of_groups[s * s_.groups + j] : 0u;
      }
    }
  }
  template <class Use>
  void for_each_group(const Use& use) const {
    for (std::size_t s = 0; s < blocks_; ++s) {
      for (std::size_t j = 0; j < s_.groups; ++j) use(s, s * s_.groups + j, j * lanes + s);
    }
  }

  /// The scales and minima of a block under its largest: codes up to the limit.
  void cut_unsigned_scales() {
    cut_unsigned(scales_, scale_codes_, out_.d);
    cut_unsigned(minima_, minimum_codes_, out_.dmin);
    for_each_group([&](std::size_t, std::size_t g, std::size_t) {
      std::uint32_t& scale = scale_codes_[g];
      std::uint32_t& minimum = minimum_codes_[g];
      if (s_.bits == 2) {  // one byte of both, into which the upper bits of the scale reach
        minimum = (scale >> 4 | minimum) & 15u;
        scale &= 15u;
      } else {
        scale = (std::min)(scale & 255u, 63u);
        minimum = (std::min)(minimum & 255u, 63u);
      }
    });
  }
  void cut_unsigned(const std::uint32_t* numbers, std::uint32_t* codes, std::uint16_t* d) {
    std::uint32_t largest[lanes] = {}, factors[lanes] = {}, pack[16 * lanes] = {},
                  integers[16 * lanes];
    for_each_group([&](std::size_t s, std::size_t g, std::size_t) {
      const std::uint32_t bits = numbers[g];
      if (bits <= 0x7F800000u && bits > largest[s]) largest[s] = bits;
    });
    for (std::size_t s = 0; s < blocks_; ++s) {
      const std::uint32_t limit = integer_bits(s_.scale_limit);
      if (largest[s] != 0) factors[s] = quotient_bits(limit, largest[s]);
      d[s] = to_half(quotient_bits(largest[s], limit));
    }
    to_blocks(numbers, pack);
    kernels::multiply_pack(level_, pack, factors, s_.groups, integers);
    for_each_group([&](std::size_t s, std::size_t g, std::size_t at) {
      codes[g] = largest[s] != 0 ? integers[at] : 0u;
    });
  }

  /// Signed scales: the one of the largest magnitude becomes -limit.
  void cut_signed_scales() {
    std::uint32_t extreme[lanes] = {}, factors[lanes] = {}, pack[16 * lanes] = {},
                  integers[16 * lanes];
    for_each_group([&](std::size_t s, std::size_t g, std::size_t) {
      const std::uint32_t magnitude = scales_[g] & 0x7FFFFFFFu;
      if (magnitude <= 0x7F800000u && magnitude > (extreme[s] & 0x7FFFFFFFu)) {
        extreme[s] = scales_[g];
      }
    });
    for (std::size_t s = 0; s < blocks_; ++s) {
      const std::uint32_t least = s_.bits == 6 ? word_of_float(1e-15f) : 1u;
      is_empty_[s] = (extreme[s] & 0x7FFFFFFFu) < least;
      if (!is_empty_[s]) factors[s] = quotient_bits(integer_bits(-s_.scale_limit), extreme[s]);
      out_.d[s] =
          is_empty_[s] ? std::uint16_t{0} : to_half(quotient_bits(integer_bits(1), factors[s]));
    }
    to_blocks(scales_, pack);
    kernels::multiply_pack(level_, pack, factors, s_.groups, integers);
    for_each_group([&](std::size_t s, std::size_t g, std::size_t at) {
      const auto wide = static_cast<std::int32_t>(integers[at]);
      if (s_.bits == 6) {
        scale_codes_[g] =
            is_empty_[s] ? 0u : static_cast<std::uint32_t>((std::min)(wide, 127)) & 255u;
      } else {
        const int byte = static_cast<std::int8_t>(integers[at] & 255u);
        scale_codes_[g] =
            is_empty_[s] ? 32u  // -32, stored as 0
                         : static_cast<std::uint32_t>((std::max)(-32, (std::min)(31, byte))) & 63u;
      }
    });
  }

  /// With weights of importance a block's scales are searched, as elements are.
  void search_block_scales() {
    search_block(scales_, scale_codes_, out_.d);
    if (s_.has_minima) search_block(minima_, minimum_codes_, out_.dmin);
    for_each_group([&](std::size_t, std::size_t g, std::size_t) {
      std::uint32_t& scale = scale_codes_[g];
      if (s_.bits == 2) {
        minimum_codes_[g] = (scale >> 4 | minimum_codes_[g]) & 15u;
        scale &= 15u;
      } else if (!s_.has_minima) {
        scale ^= 32u;
      } else {
        scale &= 63u;
        minimum_codes_[g] &= 63u;
      }
    });
  }
  void search_block(const std::uint32_t* numbers, std::uint32_t* codes, std::uint16_t* d) {
    std::uint32_t pack[16 * lanes], weights[16 * lanes], found[16 * lanes], scales[lanes];
    to_blocks(numbers, pack);
    to_blocks(sums_, weights);
    if (s_.has_minima) {
      kernels::search_unsigned_scale(level_, pack, weights, s_.groups, s_.scale_limit, scales,
                                     found);
    } else {
      kernels::search_signed_scale(level_, pack, weights, s_.groups, s_.scale_limit, scales, found);
    }
    for (std::size_t s = 0; s < blocks_; ++s) d[s] = to_half(scales[s]);
    for_each_group([&](std::size_t, std::size_t g, std::size_t at) { codes[g] = found[at]; });
  }

  /// The elements, divided by what the codes of scales say; under a scale of zero they keep the
  /// codes of the search.
  void choose_elements() {
    std::uint32_t by[k_codes::most * 16] = {}, shifts[k_codes::most * 16] = {};
    for (std::size_t s = 0; s < blocks_; ++s) {
      const std::uint32_t d = from_half(out_.d[s]);
      const std::uint32_t dmin = s_.has_minima ? from_half(out_.dmin[s]) : 0u;
      for (std::size_t g = s * s_.groups; g < (s + 1) * s_.groups; ++g) {
        by[g] = product_bits(d, signed_scale(scale_codes_[g]));
        if (s_.has_minima) shifts[g] = product_bits(dmin, static_cast<int>(minimum_codes_[g]));
      }
    }
    const int half = 1 << (s_.bits - 1);
    for (std::size_t p = 0; p < packs_; ++p) {
      const std::size_t at = p * n_ * lanes;
      kernels::divide_pack(
          level_, x_ + at, by + p * lanes, s_.has_minima ? shifts + p * lanes : nullptr, n_,
          s_.has_minima ? 0 : -half, s_.has_minima ? 2 * half - 1 : half - 1, codes_ + at);
    }
  }
  [[nodiscard]] int signed_scale(std::uint32_t code) const {
    const int value = static_cast<int>(code);
    if (s_.has_minima) return value;
    const int limit = s_.scale_limit;
    return value >= limit ? value - 2 * limit : value;
  }

  void store() {
    const std::uint32_t flip = s_.has_minima ? 0u : 1u << (s_.bits - 1);
    for (std::size_t g = 0; g < blocks_ * s_.groups; ++g) {
      const std::uint32_t* const from = codes_ + place(g, 0);
      for (std::size_t i = 0; i < n_; ++i) {
        out_.elements[g * n_ + i] = static_cast<std::uint8_t>(from[i * lanes] ^ flip);
      }
      out_.scales[g] = static_cast<std::uint8_t>(scale_codes_[g]);
      if (s_.has_minima) out_.minima[g] = static_cast<std::uint8_t>(minimum_codes_[g]);
    }
    for (std::size_t s = 0; s < blocks_; ++s) {
      if (s_.bits == 6 && is_empty_[s]) {
        std::memset(out_.elements + 256 * s, 32, 256);  // stored as zeros
      }
      if (!has_special_[s]) continue;
      std::memset(out_.elements + 256 * s, 0, 256);
      std::memset(out_.scales + s_.groups * s, 0, s_.groups);
      std::memset(out_.minima + s_.groups * s, 0, s_.groups);
      out_.d[s] = 0x7E00;
      out_.dmin[s] = 0;
    }
  }

  const k_search& s_;
  isa level_;
  k_codes& out_;
  std::size_t blocks_ = 0, packs_ = 0, n_ = 0;
  alignas(64) std::uint32_t x_[most_words];
  alignas(64) std::uint32_t codes_[most_words];
  alignas(64) std::uint32_t importance_[most_words];
  alignas(64) std::uint32_t weights_[32 * lanes];
  std::uint32_t scales_[k_codes::most * 16], minima_[k_codes::most * 16];
  std::uint32_t means_[k_codes::most * 16], sums_[k_codes::most * 16];
  std::uint32_t scale_codes_[k_codes::most * 16], minimum_codes_[k_codes::most * 16];
  bool has_special_[k_codes::most] = {}, is_empty_[k_codes::most] = {};
};

/// The codes of `blocks` blocks of 256 values, at most k_codes::most; importance may be null.
inline void choose_k_codes(const k_search& search, isa level, const float* values,
                           const float* importance, std::size_t blocks, k_codes& out) {
  k_chooser choose(search, level, out);
  choose(values, importance, blocks);
}

/// The largest magnitude, the first of equal ones, becomes -127.
inline void choose_q8_k(isa level, const float* values, q8_k_codes& out) {
  const std::uint32_t amax = kernels::largest_magnitude(level, values, 256);
  std::memset(out.elements, 0, sizeof out.elements);
  out.d = amax >= 0x7F800000u ? 0x7FC00000u : 0u;
  if (amax == 0 || amax >= 0x7F800000u) return;
  const float* extreme = values;
  while ((word_of_float(*extreme) & 0x7FFFFFFFu) != amax) ++extreme;
  const std::uint32_t factor = quotient_bits(integer_bits(-127), word_of_float(*extreme));
  kernels::nearest_bytes(level, values, factor, 127, 256, out.elements);
  out.d = quotient_bits(integer_bits(1), factor);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
