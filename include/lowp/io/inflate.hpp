// SPDX-License-Identifier: MIT
// Deflated bytes (RFC 1951), made whole as they are asked for: 32 KiB of memory, whatever their
// size.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/io/byte_cursor.hpp"

namespace lowp::io::detail {

/// A canonical prefix code: a table for short codes, a walk through the lengths for longer ones.
class prefix_code {
 public:
  /// False if the lengths (0 for no code) belong to no code that the format allows: all bits used,
  /// or a single code of one bit, or none.
  [[nodiscard]] bool set(std::span<const std::uint8_t> lengths) {
    counts_.fill(0);
    fast_.fill(0);
    for (const std::uint8_t length : lengths) ++counts_[length];
    const std::size_t codes = lengths.size() - counts_[0];
    counts_[0] = 0;
    std::array<std::uint16_t, 17> first_index{};  // in symbols_, by length
    std::array<std::uint32_t, 17> next{};         // code, by length
    std::uint32_t left = 1;                       // codes of this length that are free
    for (std::size_t length = 1; length < 16; ++length) {
      left *= 2;
      if (counts_[length] > left) return false;
      left -= counts_[length];
      first_index[length + 1] = static_cast<std::uint16_t>(first_index[length] + counts_[length]);
      next[length + 1] = (next[length] + counts_[length]) * 2;
    }
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::size_t length = lengths[symbol];
      if (length == 0) continue;
      symbols_[first_index[length]++] = static_cast<std::uint16_t>(symbol);
      const std::uint32_t code = next[length]++;
      if (length > fast_bits) continue;
      std::uint32_t reversed = 0;
      for (std::size_t i = 0; i < length; ++i) reversed |= ((code >> i) & 1u) << (length - 1 - i);
      for (std::uint32_t at = reversed; at < fast_.size(); at += 1u << length)
        fast_[at] = static_cast<std::uint16_t>(symbol << 4 | length);
    }
    return left == 0 || codes == 0 || (codes == 1 && counts_[1] == 1);
  }

  static constexpr std::size_t fast_bits = 10;
  static constexpr int none = -1;

  /// The symbol whose code the bits begin with, lowest bit first, and the code's length; `none` if
  /// there is none.
  [[nodiscard]] int find(std::uint32_t bits, std::size_t& length) const {
    const std::uint16_t entry = fast_[bits & (fast_.size() - 1)];
    if (entry != 0) {
      length = entry & 15u;
      return entry >> 4;
    }
    std::uint32_t code = 0, first = 0, index = 0;
    for (length = 1; length < 16; ++length, bits >>= 1) {
      code = code * 2 + (bits & 1);
      if (code - first < counts_[length]) return symbols_[index + (code - first)];
      index += counts_[length];
      first = (first + counts_[length]) * 2;
    }
    return none;
  }

 private:
  std::array<std::uint16_t, 16> counts_{};
  std::array<std::uint16_t, 288> symbols_{};
  std::array<std::uint16_t, std::size_t{1} << fast_bits> fast_{};
};

class inflater {
 public:
  explicit inflater(byte_cursor in) : in_(std::move(in)), window_(window_size) {}

  /// The next bytes; fewer than asked for at the end only. Throws format_error.
  [[nodiscard]] std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      if (copy_left_ != 0) {
        --copy_left_;
        out[done++] = keep(window_[(produced_ - distance_) % window_size]);
      } else if (state_ == state::between) {
        if (is_last_) break;
        begin_block();
      } else if (state_ == state::stored) {
        if (stored_left_ == 0) {
          state_ = state::between;
        } else {
          --stored_left_;
          out[done++] = keep(static_cast<std::byte>(bits(8)));
        }
      } else {
        const int symbol = decode(literals_);
        if (symbol < 256) {
          out[done++] = keep(static_cast<std::byte>(symbol));
        } else if (symbol == 256) {
          state_ = state::between;
        } else {
          begin_copy(static_cast<std::size_t>(symbol - 257));
        }
      }
    }
    return done;
  }

 private:
  enum class state { between, stored, coded };
  static constexpr std::size_t window_size = 32768;

  [[nodiscard]] std::byte keep(std::byte byte) {
    window_[produced_++ % window_size] = byte;
    return byte;
  }
  /// Makes at least so many bits available, or as many as there are.
  void fill(std::size_t count) {
    while (held_ < count && in_.left() != 0) {
      hold_ |= static_cast<std::uint32_t>(in_.number<1>("deflated data")) << held_;
      held_ += 8;
    }
  }
  [[nodiscard]] std::uint32_t bits(std::size_t count) {
    fill(count);
    const std::uint32_t value = hold_ & ((1u << count) - 1);
    drop(count);
    return value;
  }
  void drop(std::size_t count) {
    if (count > held_) in_.fail("deflated data end too early");
    hold_ >>= count;
    held_ -= count;
  }
  [[nodiscard]] int decode(const prefix_code& code) {
    fill(15);
    std::size_t length = 0;
    const int symbol = code.find(hold_, length);
    if (symbol == prefix_code::none) in_.fail("deflated data have a code that was not defined");
    drop(length);
    return symbol;
  }

  void begin_block() {
    is_last_ = bits(1) != 0;
    const std::uint32_t type = bits(2);
    if (type == 3) in_.fail("deflated data have a block of type 3");
    if (type == 0) {
      drop(held_ % 8);
      const std::uint32_t size = bits(16);
      if (size != (bits(16) ^ 0xffff)) in_.fail("deflated data have a stored block of no size");
      stored_left_ = size;
      state_ = state::stored;
      return;
    }
    std::array<std::uint8_t, 320> lengths{};
    std::size_t literals = 288, distances = 30;
    if (type == 1) {
      for (std::size_t i = 0; i < literals; ++i)
        lengths[i] = static_cast<std::uint8_t>(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
      for (std::size_t i = 0; i < 32; ++i) lengths[literals + i] = 5;
      distances = 32;
    } else {
      read_lengths(lengths, literals, distances);
    }
    const std::span<const std::uint8_t> all = lengths;
    if (!literals_.set(all.first(literals)) || lengths[256] == 0 ||
        !distances_.set(all.subspan(literals, distances))) {
      in_.fail("deflated data define no code");
    }
    state_ = state::coded;
  }

  void read_lengths(std::array<std::uint8_t, 320>& lengths, std::size_t& literals,
                    std::size_t& distances) {
    constexpr std::size_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
    literals = 257 + bits(5);
    distances = 1 + bits(5);
    const std::size_t count = 4 + bits(4);
    if (literals > 286 || distances > 30) in_.fail("deflated data define too many codes");
    std::array<std::uint8_t, 19> of_lengths{};
    for (std::size_t i = 0; i < count; ++i)
      of_lengths[order[i]] = static_cast<std::uint8_t>(bits(3));
    prefix_code code;
    if (!code.set(of_lengths)) in_.fail("deflated data define no code");
    for (std::size_t i = 0; i < literals + distances;) {
      const int symbol = decode(code);
      if (symbol < 16) {
        lengths[i++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && i == 0) in_.fail("deflated data repeat a length that is not there");
      const std::uint8_t repeated = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
      const std::size_t times = symbol == 16   ? 3 + bits(2)
                                : symbol == 17 ? 3 + bits(3)
                                               : 11 + bits(7);
      if (times > literals + distances - i) in_.fail("deflated data define too many codes");
      for (std::size_t k = 0; k < times; ++k) lengths[i++] = repeated;
    }
  }

  /// Lengths 3 to 258 and distances 1 to 32768 lie in steps whose number of bits grows.
  void begin_copy(std::size_t step) {
    if (step > 28) in_.fail("deflated data have a length that was not defined");
    const std::size_t more = step < 8 || step == 28 ? 0 : step / 4 - 1;
    const std::size_t base = step < 8 ? 3 + step : step == 28 ? 258 : 3 + ((4 + step % 4) << more);
    copy_left_ = base + bits(more);
    const auto symbol = static_cast<std::size_t>(decode(distances_));
    if (symbol > 29) in_.fail("deflated data have a distance that was not defined");
    const std::size_t further = symbol < 4 ? 0 : symbol / 2 - 1;
    distance_ = (symbol < 4 ? 1 + symbol : 1 + ((2 + symbol % 2) << further)) + bits(further);
    if (distance_ > produced_) in_.fail("deflated data copy from before their begin");
  }

  byte_cursor in_;
  std::vector<std::byte> window_;
  std::uint64_t produced_ = 0;
  std::uint32_t hold_ = 0;  // bits that were read and not yet used, the next one lowest
  std::size_t held_ = 0;
  std::size_t copy_left_ = 0, distance_ = 0, stored_left_ = 0;
  prefix_code literals_, distances_;
  state state_ = state::between;
  bool is_last_ = false;
};

}  // namespace lowp::io::detail
