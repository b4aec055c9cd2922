// SPDX-License-Identifier: MIT
// Where a cache of keys or values has its codes, and what they stand for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/kernels/caches/caches.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// What a cache is asked for. Its codes lie so that this is done for 16 results at once.
enum class cache_role : std::uint8_t {
  keys,    ///< products with queries: the lanes of a block are tokens
  values,  ///< sums weighted by probabilities: the lanes of a block are channels
};

namespace detail {

/// Blocks of 32 x 16 (kernels/caches/caches.hpp) in the order of tokens, all channels of some
/// tokens, then the next ones.
struct cache_blocks {
  cache_role role = cache_role::keys;
  std::size_t channels = 0;

  struct place {
    std::size_t block, step, lane;
  };
  [[nodiscard]] std::size_t tokens_in_block() const {
    return role == cache_role::keys ? kernels::cache_lanes : kernels::cache_steps;
  }
  [[nodiscard]] std::size_t channels_in_block() const {
    return role == cache_role::keys ? kernels::cache_steps : kernels::cache_lanes;
  }
  /// Blocks side by side, of the same tokens.
  [[nodiscard]] std::size_t across() const {
    return (channels + channels_in_block() - 1) / channels_in_block();
  }
  [[nodiscard]] std::size_t blocks_of(std::size_t tokens) const {
    return (tokens + tokens_in_block() - 1) / tokens_in_block() * across();
  }
  [[nodiscard]] place operator()(std::size_t token, std::size_t channel) const {
    const std::size_t block = token / tokens_in_block() * across() + channel / channels_in_block();
    const std::size_t t = token % tokens_in_block(), c = channel % channels_in_block();
    return role == cache_role::keys ? place{block, c, t} : place{block, t, c};
  }
};

/// The elements of a format of up to 8 bits by what is stored of them: where all are integers that
/// lie close enough, their distance from the least one, else the codes.
class cache_elements {
 public:
  /// Throws std::invalid_argument for formats of more than 8 bits and for values that binary32
  /// has not.
  template <number_format F>
  explicit cache_elements(const F& format) : bits_(format.bits()) {
    if (bits_ < 1 || bits_ > 8) {
      refuse("kv_cache: elements have " + std::to_string(bits_) + " bits, expected 1 to 8");
    }
    const std::size_t count = std::size_t{1} << bits_;
    bool are_integers = true;
    std::int32_t low = 0x7FFFFFFF, high = -0x7FFFFFFF;
    for (std::size_t code = 0; code < count; ++code) {
      const unpacked x = decode(format, code);
      values_[code] = pack_as<float>(x);
      if (!x.is_nan() && !(unpack(values_[code]) == x)) {
        refuse("kv_cache: binary32 has not the value of code " + std::to_string(code));
      }
      stored_[code] = static_cast<std::uint8_t>(code);
      const bool is_small = !x.is_nan() && (x.is_zero() ? !x.negative : x.exponent <= 8) &&
                            x.kind != value_kind::infinity;
      const auto integer = is_small ? static_cast<std::int32_t>(values_[code]) : 0;
      are_integers = are_integers && is_small &&
                     std::bit_cast<std::uint32_t>(static_cast<float>(integer)) ==
                         std::bit_cast<std::uint32_t>(values_[code]);
      low = integer < low ? integer : low;
      high = integer > high ? integer : high;
    }
    are_integers_ = are_integers && high - low < static_cast<std::int32_t>(count);
    if (are_integers_) {
      lowest_ = low;
      for (std::size_t code = 0; code < count; ++code) {
        stored_[code] = static_cast<std::uint8_t>(static_cast<std::int32_t>(values_[code]) - low);
      }
      for (std::size_t i = 0; i < count; ++i) {
        values_[i] = static_cast<float>(low + static_cast<std::int32_t>(i));
      }
    }
    for (int e = 1; e < bits_ && !are_integers_; ++e) find_floats(e);
    for (std::size_t i = count; i < 256; ++i) values_[i] = values_[i % count];
  }

  [[nodiscard]] int bits() const { return bits_; }
  [[nodiscard]] std::uint8_t stored(code_t code) const { return stored_[code & 0xFF]; }
  [[nodiscard]] float value(std::uint32_t stored) const { return values_[stored & 0xFF]; }

  [[nodiscard]] std::size_t block_words() const {
    return kernels::cache_lanes * static_cast<std::size_t>(bits_);
  }
  [[nodiscard]] std::uint32_t load(const std::uint32_t* block, std::size_t step,
                                   std::size_t lane) const {
    const std::size_t bit = step * static_cast<std::size_t>(bits_), word = bit / 32;
    std::uint64_t two = block[word * kernels::cache_lanes + lane];
    if (bit % 32 + static_cast<std::size_t>(bits_) > 32) {
      two |= std::uint64_t{block[(word + 1) * kernels::cache_lanes + lane]} << 32;
    }
    return static_cast<std::uint32_t>(two >> bit % 32) & ((1u << bits_) - 1);
  }
  void store(std::uint32_t* block, std::size_t step, std::size_t lane, std::uint32_t stored) const {
    const std::size_t bit = step * static_cast<std::size_t>(bits_), word = bit / 32;
    const std::uint64_t mask = std::uint64_t{(1u << bits_) - 1} << bit % 32;
    const std::uint64_t bits = std::uint64_t{stored} << bit % 32;
    std::uint32_t& low = block[word * kernels::cache_lanes + lane];
    low = (low & ~static_cast<std::uint32_t>(mask)) | static_cast<std::uint32_t>(bits);
    if (mask >> 32 == 0) return;
    std::uint32_t& high = block[(word + 1) * kernels::cache_lanes + lane];
    high =
        (high & ~static_cast<std::uint32_t>(mask >> 32)) | static_cast<std::uint32_t>(bits >> 32);
  }

  /// What a sum needs to know of them.
  [[nodiscard]] kernels::coded_sums job() const {
    kernels::coded_sums j;
    j.bits = bits_;
    j.are_integers = are_integers_;
    j.lowest = lowest_;
    j.values = values_;
    j.exponent_bits = exponent_bits_;
    j.smallest_normal = smallest_normal_;
    j.special = special_;
    return j;
  }

 private:
  /// Whether codes are floats whose exponent has so many bits, whatever the format calls itself.
  void find_floats(int exponent_bits) {
    const int mantissa_bits = bits_ - 1 - exponent_bits;
    const std::uint32_t one = 1u << mantissa_bits, sign = 1u << (bits_ - 1);
    const auto bits_of = [&](std::uint32_t code) {
      return std::bit_cast<std::uint32_t>(values_[code]);
    };
    const std::uint32_t smallest = bits_of(one);
    const auto up = static_cast<std::uint32_t>(23 - mantissa_bits);
    // All of them are normal numbers of binary32.
    if ((smallest & 0x007FFFFFu) != 0 || smallest > 0x7F000000u) return;
    if (smallest >> 23 <= static_cast<std::uint32_t>(mantissa_bits)) return;
    if ((smallest >> 23) + (sign >> mantissa_bits) - 2 > 0xFE) return;
    std::uint32_t special = sign;
    for (std::uint32_t code = 0; code < sign; ++code) {
      std::uint32_t is = bits_of(code), expected = 0;
      if (special == sign && (is & 0x7F800000u) == 0x7F800000u) special = code;
      if (code >= special) {
        expected = 0x7F800000u | code << up;
      } else if (code >= one) {
        expected = (code << up) + (smallest - 0x00800000u);
      } else if (code != 0) {
        const auto top = static_cast<std::uint32_t>(std::bit_width(code)) - 1;
        expected = ((code << (23 - top)) & 0x007FFFFFu) + (smallest & 0x7F800000u) -
                   ((static_cast<std::uint32_t>(mantissa_bits) - top) << 23);
      }
      for (std::uint32_t half = 0; half < 2; ++half) {
        is = bits_of(code + half * sign);
        const bool is_nan = (is & 0x7FFFFFFFu) > 0x7F800000u;
        const bool fits = is_nan ? expected > 0x7F800000u : is == (expected | half << 31);
        if (!fits) return;
      }
    }
    exponent_bits_ = exponent_bits, smallest_normal_ = smallest, special_ = special;
  }

  int bits_;
  bool are_integers_ = false;
  std::int32_t lowest_ = 0;
  int exponent_bits_ = 0;
  std::uint32_t smallest_normal_ = 0, special_ = 0;
  float values_[256] = {};
  std::uint8_t stored_[256] = {};
};

}  // namespace detail
}  // namespace lowp
