// SPDX-License-Identifier: MIT
// A cache of keys or of values that grows by tokens: the newest ones in 16 bits, the others
// quantized as a block format says. What keys and values have in common (KIVI, arXiv 2402.02750).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/cache/cache_elements.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// Which tokens a cache keeps in 16 bits: whenever there are kept + step of them, the oldest `step`
/// are quantized, together. KIVI: keys {.kept = 0, .step = 128}, values {.kept = 128, .step = 1}.
struct cache_window {
  std::size_t kept = 0;
  std::size_t step = 1;                     ///< a multiple of the tokens of a group
  float_format format = formats::binary16;  ///< of 16 bits

  constexpr bool operator==(const cache_window&) const = default;
  /// How many of the first tokens are quantized once there are `tokens`.
  [[nodiscard]] constexpr std::size_t quantized(std::size_t tokens) const {
    return tokens < kept ? 0 : (tokens - kept) / step * step;
  }
};

/// quantize without a rule, to nearest even. A cache takes any callable like it: one that uses a
/// rule, or writes given codes into the matrix.
struct quantize_by_standard {
  template <class Matrix>
  void operator()(matrix_view<const float> in, Matrix& out) const {
    quantize(in, out);
  }
};

/// A level of numbers over elements: what a cache can have as a format.
template <class F>
inline constexpr bool is_cache_format = false;
template <number_format Element, number_format Scale, class Zero, class Offset>
inline constexpr bool is_cache_format<block_format<Element, Scale, Zero, Offset>> =
    leaf_count<Zero> <= 1 && leaf_count<Offset> <= 1 && !is_block_format_v<Zero> &&
    !is_block_format_v<Offset>;

/// tokens x channels values of one head. Tokens, rounded to the format of the window as they come,
/// are quantized as a matrix of them would be, in groups counted from the first token. The format
/// is that of a block_matrix whose rows are tokens, with elements of 1 to 8 bits whose values are
/// binary32 numbers:
///
///   {g, 1}   a group is g tokens of one channel: keys, g a multiple of 16; values, of 32
///   {1, g}   a group is g channels of one token; keys, g a multiple of 32 or all; values, of 16
///
/// Use key_cache and value_cache (kv_cache.hpp).
template <cache_role Role, class Format, class Quantize = quantize_by_standard>
requires is_cache_format<Format>
class token_cache {
 public:
  static constexpr cache_role role = Role;

  /// Throws std::invalid_argument for no channels, and for a format or a window that is none of
  /// those above.
  token_cache(std::size_t channels, const Format& format, const cache_window& window = {},
              Quantize quantize = {})
      : format_(format),
        window_(window),
        quantize_(std::move(quantize)),
        blocks_{Role, channels},
        elements_((require_valid(format), format.element)),
        levels_{level_codes{format.scale.bits()}, level_codes{leaf_bits(format.zero)},
                level_codes{leaf_bits(format.offset)}} {
    require_geometry();
  }

  [[nodiscard]] std::size_t tokens() const { return tokens_; }
  [[nodiscard]] std::size_t channels() const { return blocks_.channels; }
  /// The first tokens, which are quantized; the others are in the window.
  [[nodiscard]] std::size_t quantized_tokens() const { return quantized_; }
  [[nodiscard]] const Format& format() const { return format_; }
  [[nodiscard]] const cache_window& window() const { return window_; }

  /// What there is: codes, scales, zero points and offsets of the quantized tokens, and 16 bits for
  /// each value of the window.
  [[nodiscard]] std::size_t bits() const {
    const std::size_t elements = quantized_ * channels();
    std::size_t per_group = 0;
    for (const level_codes& level : levels_) per_group += static_cast<std::size_t>(level.bits);
    const std::size_t groups = is_per_channel() ? quantized_ / group_tokens() * channels()
                                                : quantized_ * channels() / group_channels();
    return elements * static_cast<std::size_t>(elements_.bits()) + groups * per_group +
           (tokens_ - quantized_) * channels() * 16;
  }
  /// The bytes of memory in use, with what fills blocks of 32 x 16 and groups of 32 tokens.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = words_.size() * 4 + recent_.size();
    for (const level_codes& level : levels_) sum += level.bytes.size();
    return sum;
  }

  /// Adds tokens behind the others, one a row. Throws std::invalid_argument, before it changes
  /// anything, for another number of columns than channels.
  void append(matrix_view<const float> rows) {
    if (rows.cols != channels()) {
      refuse("append: rows have " + std::to_string(rows.cols) + " columns, expected " +
             std::to_string(channels()) + ", the channels");
    }
    std::vector<std::uint8_t> bytes(rows.cols * 2);
    recent_.resize(blocks_.blocks_of(tokens_ + rows.rows - first_recent_) * block_size * 2);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      encode(window_.format, std::span(rows.row(r), rows.cols), std::span(bytes));
      for (std::size_t c = 0; c < rows.cols; ++c) {
        store_code(recent_.data(), recent_place(tokens_ + r, c), 16,
                   load_code(bytes.data(), c, 16));
      }
    }
    tokens_ += rows.rows;
    const std::size_t until = window_.quantized(evicted_ + tokens_);
    if (until > evicted_ + quantized_) quantize_oldest(until - evicted_);
  }

  /// Forgets all tokens from `tokens` on, as when guessed ones turn out wrong. Throws
  /// std::invalid_argument for more than there are, and for fewer than are quantized, whose groups
  /// stay closed: a window that keeps as many tokens as are guessed prevents that.
  void truncate(std::size_t tokens) {
    if (tokens > tokens_ || tokens < quantized_) {
      refuse("truncate: tokens is " + std::to_string(tokens) + ", expected " +
             std::to_string(quantized_) + " to " + std::to_string(tokens_) +
             ", the quantized ones and all");
    }
    clear_recent(tokens, tokens_);
    tokens_ = tokens;
  }

  /// What counts of evicted tokens are multiples of: whole groups, and 32, whose scales lie
  /// together.
  [[nodiscard]] std::size_t eviction_step() const {
    return is_per_channel() ? std::lcm(group_tokens(), token_unit) : token_unit;
  }
  /// How many tokens have been evicted: the place of token 0 among all that came.
  [[nodiscard]] std::size_t evicted_tokens() const { return evicted_; }

  /// Forgets the first `count` tokens, as a window over the newest ones does; the others take
  /// numbers from 0 on and keep their values. Later tokens are quantized when and in the groups in
  /// which they would be without it. Throws std::invalid_argument for more than are quantized, and
  /// for a count that is no multiple of eviction_step().
  ///
  ///   if (keys.tokens() >= 4096 + 32) keys.evict(32);
  void evict(std::size_t count) {
    if (count > quantized_ || count % eviction_step() != 0) {
      refuse("evict: count is " + std::to_string(count) + ", expected a multiple of " +
             std::to_string(eviction_step()) + " up to " + std::to_string(quantized_) +
             ", the quantized tokens");
    }
    const auto drop = [](auto& list, std::size_t n) {
      list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(n));
    };
    drop(words_, blocks_.blocks_of(count) * elements_.block_words());
    for (level_codes& level : levels_) {
      drop(level.bytes,
           count / unit_tokens() * unit_places() * static_cast<std::size_t>(level.bits) / 8);
    }
    tokens_ -= count, quantized_ -= count, first_recent_ -= count, evicted_ += count;
  }

  /// Forgets one token; the last one takes its number. Of caches that quantize each token alone, at
  /// once ({1, g}, a window that keeps none). Throws std::invalid_argument for others, and for a
  /// token that there is not.
  void remove(std::size_t token) {
    if (is_per_channel() || window_.kept != 0 || window_.step != 1) {
      refuse("remove: tokens have scales in common or wait in a window");
    }
    if (token >= tokens_) {
      refuse("remove: token is " + std::to_string(token) + ", expected below " +
             std::to_string(tokens_));
    }
    const std::size_t last = tokens_ - 1, words = elements_.block_words();
    for (std::size_t c = 0; c < channels(); ++c) {
      const auto from = blocks_(last, c), to = blocks_(token, c);
      std::uint32_t* const source = words_.data() + from.block * words;
      elements_.store(words_.data() + to.block * words, to.step, to.lane,
                      elements_.load(source, from.step, from.lane));
      elements_.store(source, from.step, from.lane, 0);
      if (c % group_channels() != 0) continue;
      for (level_codes& level : levels_) {
        if (level.bits == 0) continue;
        const std::size_t place = level_place(last, c);
        store_code(level.bytes.data(), level_place(token, c), level.bits,
                   load_code(level.bytes.data(), place, level.bits));
        store_code(level.bytes.data(), place, level.bits, 0);
      }
    }
    tokens_ = quantized_ = last;
    words_.resize(blocks_.blocks_of(last) * words);
    for (level_codes& level : levels_) {
      level.bytes.resize(units() * unit_places() * static_cast<std::size_t>(level.bits) / 8);
    }
    recent_.clear();
    first_recent_ = quantized_ / token_unit * token_unit;
    recent_.resize(blocks_.blocks_of(tokens_ - first_recent_) * block_size * 2);
  }

  /// What the group of a quantized token has at a channel, binary32; 1, 0 and 0 where there is
  /// none. Unchecked, as the functions below.
  struct group {
    float scale = 1, zero = 0, offset = 0;
  };
  [[nodiscard]] group group_of(std::size_t token, std::size_t channel) const {
    const std::size_t at = level_place(token, channel);
    group g;
    g.scale = level_value(format_.scale, levels_[0], at);
    if constexpr (has_zero) g.zero = level_value(format_.zero, levels_[1], at);
    if constexpr (has_offset) g.offset = level_value(format_.offset, levels_[2], at);
    return g;
  }
  /// The element of a quantized token.
  [[nodiscard]] float element(std::size_t token, std::size_t channel) const {
    const auto [block, step, lane] = blocks_(token, channel);
    return elements_.value(
        elements_.load(words_.data() + block * elements_.block_words(), step, lane));
  }
  /// The value of a token of the window.
  [[nodiscard]] float recent(std::size_t token, std::size_t channel) const {
    return pack_as<float>(
        decode(window_.format, load_code(recent_.data(), recent_place(token, channel), 16)));
  }
  /// The exact value of any token.
  [[nodiscard]] unpacked value(std::size_t token, std::size_t channel) const {
    if (token >= quantized_) return unpack(recent(token, channel));
    const group g = group_of(token, channel);
    return group_values{unpack(g.scale), unpack(g.zero), unpack(g.offset)}.value(
        unpack(element(token, channel)));
  }

 protected:
  static constexpr bool has_zero = leaf_count<decltype(Format::zero)> != 0;
  static constexpr bool has_offset = leaf_count<decltype(Format::offset)> != 0;
  static constexpr std::size_t block_size = kernels::cache_lanes * kernels::cache_steps;
  static constexpr std::size_t token_unit = 32;  ///< of scales that tokens have of their own

  [[nodiscard]] bool is_per_channel() const { return format_.shape.cols == 1; }
  [[nodiscard]] std::size_t group_tokens() const { return format_.shape.rows_in(1); }
  [[nodiscard]] std::size_t group_channels() const { return format_.shape.cols_in(channels()); }
  [[nodiscard]] const detail::cache_blocks& blocks() const { return blocks_; }
  [[nodiscard]] const detail::cache_elements& elements() const { return elements_; }
  [[nodiscard]] const std::uint32_t* words() const { return words_.data(); }
  /// The first token for which the window has room, a multiple of 32.
  [[nodiscard]] std::size_t first_recent() const { return first_recent_; }
  [[nodiscard]] std::size_t unit_tokens() const {
    return is_per_channel() ? group_tokens() : token_unit;
  }
  /// How many scales a unit of tokens has: one for each channel, or for each group of channels one
  /// for each of 32 tokens; and that as it lies, whole bytes in any width.
  [[nodiscard]] std::size_t unit_levels() const {
    return is_per_channel() ? channels() : channels() / group_channels() * token_unit;
  }
  [[nodiscard]] std::size_t unit_places() const { return (unit_levels() + 7) / 8 * 8; }
  [[nodiscard]] std::size_t units() const {
    return (quantized_ + unit_tokens() - 1) / unit_tokens();
  }

  /// Scales, zero points and offsets of units from `first` on, each unit_places() apart; the latter
  /// empty where there are none.
  struct level_floats {
    std::vector<float> scale, zero, offset;
  };
  void load_levels(std::size_t first, std::size_t count, level_floats& out,
                   const execution& how) const {
    const auto load = [&](const auto& format, const level_codes& level, std::vector<float>& to) {
      if constexpr (leaf_count<std::remove_cvref_t<decltype(format)>> != 0) {
        const std::size_t unit = unit_places() * static_cast<std::size_t>(level.bits) / 8;
        to.resize(count * unit_places());
        decode(format, std::span(level.bytes).subspan(first * unit, count * unit), std::span(to),
               {}, {how.level()});
      }
    };
    load(format_.scale, levels_[0], out.scale);
    load(format_.zero, levels_[1], out.zero);
    load(format_.offset, levels_[2], out.offset);
  }
  /// The window in binary32, in blocks from first_recent() on.
  [[nodiscard]] std::vector<float> recent_values(const execution& how) const {
    std::vector<float> values(recent_.size() / 2);
    decode(window_.format, std::span(recent_), std::span(values), {}, {how.level()});
    return values;
  }

 private:
  struct level_codes {
    int bits = 0;
    std::vector<std::uint8_t> bytes = {};
  };

  template <class F>
  [[nodiscard]] static int leaf_bits(const F& format) {
    if constexpr (number_format<F>) return format.bits();
    return 0;
  }
  static void require_valid(const Format& format) {
    if (const char* why = defect(format)) refuse("kv_cache: " + std::string(why));
    const auto require_width = [](const char* name, int bits) {
      if (bits > 32) {
        refuse("kv_cache: " + std::string(name) + " has " + std::to_string(bits) +
               " bits, expected at most 32");
      }
    };
    require_width("the format of scales", format.scale.bits());
    require_width("the format of zero points", leaf_bits(format.zero));
    require_width("the format of offsets", leaf_bits(format.offset));
    // What fills blocks and groups of tokens has codes of 0.
    const auto require_finite = [](const char* name, const auto& f) {
      if constexpr (number_format<std::remove_cvref_t<decltype(f)>>) {
        const unpacked x = decode(f, 0);
        if (x.kind == value_kind::finite || x.is_zero()) return;
        refuse("kv_cache: the code 0 of " + std::string(name) + " is no finite number");
      }
    };
    require_finite("elements", format.element);
    require_finite("scales", format.scale);
    require_finite("zero points", format.zero);
    require_finite("offsets", format.offset);
  }
  void require_geometry() const {
    const auto require_that = [](bool holds, const char* name, std::size_t is,
                                 const std::string& want) {
      if (holds) return;
      refuse("kv_cache: " + std::string(name) + " is " + std::to_string(is) + ", expected " + want);
    };
    constexpr bool is_keys = Role == cache_role::keys;
    require_that(channels() >= 1 && channels() < (std::size_t{1} << 32), "channels", channels(),
                 "1 to 2^32 - 1");
    const block_shape shape = format_.shape;
    if (!(shape.rows == 1 || (shape.cols == 1 && shape.rows > 1))) {
      refuse("kv_cache: groups are " + std::to_string(shape.rows) + " x " +
             std::to_string(shape.cols) + ", expected {tokens, 1} or {1, channels}");
    }
    if (is_per_channel()) {
      const std::size_t multiple = is_keys ? 16 : 32;
      require_that(group_tokens() % multiple == 0, "the tokens of a group", group_tokens(),
                   "a multiple of " + std::to_string(multiple));
    } else {
      const std::size_t multiple = is_keys ? 32 : 16;
      const bool is_whole = group_channels() == channels();
      require_that(
          is_whole || (group_channels() % multiple == 0 && channels() % group_channels() == 0),
          "the channels of a group", group_channels(),
          "a multiple of " + std::to_string(multiple) + " that divides the channels, or all");
    }
    require_that(window_.step >= 1 && window_.step % (is_per_channel() ? group_tokens() : 1) == 0,
                 "the step of the window", window_.step, "a multiple of the tokens of a group");
    require_that(window_.format.bits() == 16 && defect(window_.format) == nullptr,
                 "the width of the window's format",
                 static_cast<std::size_t>(window_.format.bits()), "16 bits");
  }

  [[nodiscard]] std::size_t recent_place(std::size_t token, std::size_t channel) const {
    const auto [block, step, lane] = blocks_(token - first_recent_, channel);
    return block * block_size + step * kernels::cache_lanes + lane;
  }
  [[nodiscard]] std::size_t level_place(std::size_t token, std::size_t channel) const {
    const std::size_t first = token / unit_tokens() * unit_places();
    return is_per_channel() ? first + channel
                            : first + channel / group_channels() * token_unit + token % token_unit;
  }
  template <class F>
  [[nodiscard]] static float level_value(const F& format, const level_codes& level,
                                         std::size_t at) {
    return pack_as<float>(decode(format, load_code(level.bytes.data(), at, level.bits)));
  }
  /// Nothing is left of them that a sum over whole blocks could see.
  void clear_recent(std::size_t first, std::size_t last) {
    for (std::size_t t = first; t < last; ++t) {
      for (std::size_t c = 0; c < channels(); ++c) {
        store_code(recent_.data(), recent_place(t, c), 16, 0);
      }
    }
  }

  void quantize_oldest(std::size_t until) {
    const std::size_t count = until - quantized_;
    std::vector<float> rows(count * channels());
    const std::vector<float> values = recent_values({});
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < channels(); ++c) {
        rows[r * channels() + c] = values[recent_place(quantized_ + r, c)];
      }
    }
    basic_block_matrix<variable_format<Format>> q({format_}, count, channels());
    quantize_(matrix_view<const float>(rows.data(), count, channels()), q);
    store(q);
    clear_recent(quantized_, until);
    quantized_ = until;
    const std::size_t unused = (quantized_ - first_recent_) / token_unit * token_unit;
    recent_.erase(
        recent_.begin(),
        recent_.begin() + static_cast<std::ptrdiff_t>(blocks_.blocks_of(unused) * block_size * 2));
    first_recent_ += unused;
  }

  template <class Matrix>
  void store(const Matrix& q) {
    const std::size_t total = quantized_ + q.rows(), words = elements_.block_words();
    words_.resize(blocks_.blocks_of(total) * words);
    for (std::size_t r = 0; r < q.rows(); ++r) {
      for (std::size_t c = 0; c < q.cols(); ++c) {
        const auto [block, step, lane] = blocks_(quantized_ + r, c);
        elements_.store(words_.data() + block * words, step, lane, elements_.stored(q.code(r, c)));
      }
    }
    const std::size_t units = (total + unit_tokens() - 1) / unit_tokens();
    int leaf = 0;
    for (level_codes& level : levels_) {
      if (level.bits == 0) continue;
      ++leaf;
      level.bytes.resize(units * unit_places() * static_cast<std::size_t>(level.bits) / 8);
      for (std::size_t r = 0; r < q.block_row_count(); ++r) {
        for (std::size_t c = 0; c < q.block_col_count(); ++c) {
          const std::size_t at = level_place(quantized_ + r * group_tokens(), c * group_channels());
          store_code(level.bytes.data(), at, level.bits, q.code(leaf, r, c));
        }
      }
    }
  }

  Format format_;
  cache_window window_;
  [[no_unique_address]] Quantize quantize_;
  detail::cache_blocks blocks_;
  detail::cache_elements elements_;
  std::size_t tokens_ = 0, quantized_ = 0, first_recent_ = 0, evicted_ = 0;
  std::vector<std::uint32_t> words_;
  level_codes levels_[3];
  std::vector<std::uint8_t> recent_;  ///< 16 bits each
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
