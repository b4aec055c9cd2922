// SPDX-License-Identifier: MIT
// Orders of elements (element_orders.hpp) whose codes are digits in a base that is no power of two,
// several to a byte. Five ternary weights in a byte take 1.6 bits each.
//
//   block_matrix<ternary_blocks, planes_in<digits<3, 5, 1>>::layout>
//   block_matrix<ternary_blocks, planes_in<fixed_point_digits<3, 5, 1>>::layout>   // as TQ1_0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/packing.hpp"

namespace lowp {
namespace detail {

template <int Radix, int PerByte>
struct bytes_of_digits {
  static constexpr unsigned radix = Radix;
  static constexpr std::size_t per_byte = PerByte;
  static constexpr std::array<unsigned, per_byte + 1> powers = [] {
    std::array<unsigned, per_byte + 1> all{1};
    for (std::size_t i = 0; i < per_byte; ++i) all[i + 1] = all[i] * radix;
    return all;
  }();
  static_assert(Radix > 1 && PerByte > 0 && powers[per_byte] <= 256, "the digits fit into a byte");
};

/// d0, d1, … are the byte d0 + d1 * Radix + …
template <int Radix, int PerByte>
struct integer_of_digits : bytes_of_digits<Radix, PerByte> {
  using base = bytes_of_digits<Radix, PerByte>;
  [[nodiscard]] static constexpr unsigned digit(unsigned byte, std::size_t n) {
    return byte / base::powers[n] % base::radix;
  }
  [[nodiscard]] static constexpr unsigned with_digit(unsigned byte, std::size_t n, unsigned digit) {
    const unsigned old = byte % base::powers[base::per_byte];  // of memory that held something else
    const unsigned power = base::powers[n];
    return old - old / power % base::radix * power + digit * power;
  }
};

/// d0, d1, … are the number q = d0 * Radix^(PerByte - 1) + … and the byte
/// ceil(q * 256 / Radix^PerByte), from which multiplications alone take the digits.
template <int Radix, int PerByte>
struct fraction_of_digits : bytes_of_digits<Radix, PerByte> {
  using base = bytes_of_digits<Radix, PerByte>;
  [[nodiscard]] static constexpr unsigned digit(unsigned byte, std::size_t n) {
    return (byte * base::powers[n] & 255u) * base::radix >> 8;
  }
  [[nodiscard]] static constexpr unsigned with_digit(unsigned byte, std::size_t n, unsigned digit) {
    unsigned number = 0;
    for (std::size_t i = 0; i < base::per_byte; ++i)
      number = number * base::radix + (i == n ? digit : fraction_of_digits::digit(byte, i));
    constexpr unsigned all = base::powers[base::per_byte];
    return (number * 256 + all - 1) / all;
  }
};

template <class Byte, int Bias>
class digit_order {
  static constexpr std::size_t per_byte = Byte::per_byte;
  static_assert(Bias >= 0, "a bias is not negative");

 public:
  digit_order(std::size_t rows, std::size_t cols, int bits)
      : row_bytes_((cols + per_byte - 1) / per_byte), size_(rows * row_bytes_), bits_(bits) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, std::size_t row, std::size_t col) const {
    return code_of(Byte::digit(bytes[row * row_bytes_ + col / per_byte], col % per_byte));
  }
  void store(std::uint8_t* bytes, std::size_t row, std::size_t col, code_t code) const {
    std::uint8_t& byte = bytes[row * row_bytes_ + col / per_byte];
    const code_t wanted = (code + code_t{Bias}) & low_mask(bits_);
    const bool is_negative = Bias > 0 && (code >> (bits_ - 1) & 1) != 0;
    const unsigned nearest = is_negative ? 0 : Byte::radix - 1;
    const unsigned digit = wanted < Byte::radix ? static_cast<unsigned>(wanted) : nearest;
    byte = static_cast<std::uint8_t>(Byte::with_digit(byte, col % per_byte, digit));
  }
  /// Whole bytes.
  [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, std::size_t row, std::size_t col,
                                       std::size_t count, std::uint8_t* codes) const {
    if (bits_ > 8 || col % per_byte != 0) return 0;
    const std::uint8_t* from = bytes + row * row_bytes_ + col / per_byte;
    std::size_t done = 0;
    for (; done + per_byte <= count; done += per_byte, ++from) {
      for (std::size_t i = 0; i < per_byte; ++i)
        codes[done + i] = static_cast<std::uint8_t>(code_of(Byte::digit(*from, i)));
    }
    return done;
  }

 private:
  [[nodiscard]] code_t code_of(unsigned digit) const {
    return (code_t{digit} - code_t{Bias}) & low_mask(bits_);
  }

  std::size_t row_bytes_, size_;
  int bits_;
};

}  // namespace detail

/// Digits in base Radix, PerByte of them in a byte, the first counting ones: code + Bias modulo the
/// power of two that codes are below. digits<3, 5> has five codes 0, 1, 2 in a byte below 243, so
/// 1, 2, 0, 2, 1 are 142; digits<3, 5, 1> has -1, 0, 1 in two's complement, as ternary weights are.
/// Storing a code that is no digit stores the nearest: Radix - 1, or, of a negative code under a
/// bias, 0.
template <int Radix, int PerByte, int Bias = 0>
using digits = detail::digit_order<detail::integer_of_digits<Radix, PerByte>, Bias>;

/// As `digits`, but for the byte: the number that the digits are, the first counting most, as a
/// fraction of 256 that is rounded up. The trits 0, 2, 1, 1, 0 are 66 and the byte 70.
template <int Radix, int PerByte, int Bias = 0>
using fixed_point_digits = detail::digit_order<detail::fraction_of_digits<Radix, PerByte>, Bias>;

}  // namespace lowp
