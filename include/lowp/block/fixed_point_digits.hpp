// SPDX-License-Identifier: MIT
// Digits in a byte as a fixed-point fraction: the first is the most significant one, and a digit
// comes out by a product and no division. Trits of GGUF's TQ1_0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"

namespace lowp {

/// An order of elements (element_orders.hpp): PerByte digits d0, d1, … in base Radix, of the number
/// q = d0 * Radix^(PerByte - 1) + …, as the byte ceil(q * 256 / Radix^PerByte); digit n is
/// ((byte * Radix^n mod 256) * Radix) / 256. The trits 0, 2, 1, 1, 0 are q = 66, the byte 70. A
/// code is a digit - Bias, as in `digits`: of ternary weights in two's complement Bias is 1. What
/// is no digit is stored as the nearest one.
///
///   block_matrix<tq, planes_in<fixed_point_digits<3, 5, 1>>::layout>
template <int Radix, int PerByte, int Bias = 0>
class fixed_point_digits {
  static constexpr unsigned radix = Radix;
  static constexpr std::size_t per_byte = PerByte;
  static constexpr std::array<unsigned, per_byte + 1> powers = [] {
    std::array<unsigned, per_byte + 1> all{1};
    for (std::size_t i = 0; i < per_byte; ++i) all[i + 1] = all[i] * radix;
    return all;
  }();
  static_assert(Radix > 1 && PerByte > 0 && powers[per_byte] <= 256, "the digits fit into a byte");
  static_assert(Bias >= 0, "a bias is not negative");

 public:
  fixed_point_digits(std::size_t rows, std::size_t cols, int bits)
      : row_bytes_((cols + per_byte - 1) / per_byte), size_(rows * row_bytes_), bits_(bits) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, std::size_t row, std::size_t col) const {
    const unsigned byte = bytes[row * row_bytes_ + col / per_byte];
    return code_of(digit(byte, col % per_byte));
  }
  void store(std::uint8_t* bytes, std::size_t row, std::size_t col, code_t code) const {
    std::uint8_t& byte = bytes[row * row_bytes_ + col / per_byte];
    const code_t wanted = (code + code_t{Bias}) & low_mask(bits_);
    const bool is_negative = Bias > 0 && (code >> (bits_ - 1) & 1) != 0;
    const unsigned nearest = is_negative ? 0 : radix - 1;
    unsigned number = 0;
    for (std::size_t i = 0; i < per_byte; ++i) {
      const unsigned kept = digit(byte, i);
      const unsigned stored = wanted < radix ? static_cast<unsigned>(wanted) : nearest;
      number = number * radix + (i == col % per_byte ? stored : kept);
    }
    constexpr unsigned all = powers[per_byte];
    byte = static_cast<std::uint8_t>((number * 256 + all - 1) / all);
  }
  /// Whole bytes.
  [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, std::size_t row, std::size_t col,
                                       std::size_t count, std::uint8_t* codes) const {
    if (bits_ > 8 || col % per_byte != 0) return 0;
    const std::uint8_t* from = bytes + row * row_bytes_ + col / per_byte;
    std::size_t done = 0;
    for (; done + per_byte <= count; done += per_byte, ++from) {
      for (std::size_t i = 0; i < per_byte; ++i) {
        codes[done + i] = static_cast<std::uint8_t>(code_of(digit(*from, i)));
      }
    }
    return done;
  }

 private:
  [[nodiscard]] static constexpr unsigned digit(unsigned byte, std::size_t n) {
    return (byte * powers[n] & 255u) * radix >> 8;
  }
  [[nodiscard]] code_t code_of(unsigned digit) const {
    return (code_t{digit} - code_t{Bias}) & low_mask(bits_);
  }

  std::size_t row_bytes_, size_;
  int bits_;
};

}  // namespace lowp
