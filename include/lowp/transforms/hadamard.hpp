// SPDX-License-Identifier: MIT
// What a Hadamard transform is: sizes, signs, the side that it stands on, and the factor.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/core/failure.hpp"
#include "lowp/core/random.hpp"

namespace lowp {

/// Which side of a matrix X a transform stands on: `right` of it, X H, groups lie along rows;
/// `left` of it, H X, groups lie along columns.
enum class transform_side : std::uint8_t { right, left };

/// Signs that are random: -1 where random_bits(seed, position, 1) is 1.
struct random_signs {
  std::uint64_t seed = 0;
};

/// The signs that elements take: by position along the side of a transform, which is a column for
/// `right` and a row for `left`. None, those of a list of 1 and -1, or random ones. A list has one
/// for each position, or `size` of them, which all groups share; it must live as long as this.
class transform_signs {
 public:
  constexpr transform_signs() = default;
  constexpr transform_signs(random_signs r) : are_random_(true), seed_(r.seed) {}
  template <std::convertible_to<std::span<const std::int8_t>> List>
  constexpr transform_signs(const List& list) : list_(list), is_list_(true) {}

  [[nodiscard]] constexpr bool are_given() const { return is_list_ || are_random_; }
  [[nodiscard]] constexpr bool is_list() const { return is_list_; }
  [[nodiscard]] constexpr std::span<const std::int8_t> list() const { return list_; }
  /// Of a list of a size that fits.
  [[nodiscard]] constexpr bool is_negative(std::size_t position) const {
    if (is_list_) return list_[position % list_.size()] < 0;
    return are_random_ && random_bits(seed_, position, 1) != 0;
  }
  [[nodiscard]] constexpr bool are_random() const { return are_random_; }
  [[nodiscard]] constexpr std::uint64_t seed() const { return seed_; }

 private:
  std::span<const std::int8_t> list_{};
  bool is_list_ = false, are_random_ = false;
  std::uint64_t seed_ = 0;
};

/// A Hadamard transform of groups of `size` elements: 2^k, 12 * 2^k or 20 * 2^k, at most
/// largest_hadamard_size. H is the Kronecker product of the matrix of order 12 or 20 of Paley's
/// second construction (kernels/transforms/paley.hpp), if the size has one, and Sylvester's of 2^k.
/// It is symmetric, and H H = size * I.
///
/// A group x becomes H S x times 1/sqrt(size) if it `is_normalized`, where S are the signs. What is
/// computed, each operation rounded to nearest even in binary32, subnormal numbers included:
///   1. elements take their signs
///   2. for h = 1, 2, 4 … 2^(k - 1): in each 2h elements, elements i and i + h become their sum and
///      their difference, for i < h
///   3. for 12 and 20, with elements 2^k apart: halves u and v become s = u + v and d = u - v, and
///      these (C s + d, C d - s), where sums by a row of C begin with its first element
///   4. if normalized, elements are multiplied by the binary32 number nearest to 1/sqrt(size)
/// The inverse has no step 1, multiplies even if not normalized, by the number nearest to 1/size,
/// and ends with the signs. Sums out of range are infinite; a NaN makes its group NaN, whose signs
/// and payloads are not defined.
struct hadamard {
  std::size_t size = 0;
  transform_signs signs{};
  transform_side side = transform_side::right;
  bool is_normalized = true;
};

inline constexpr std::size_t largest_hadamard_size = std::size_t{1} << 16;

namespace detail {

/// 1, 12 or 20, and the stages of two; of a size that is none, order 0.
struct hadamard_factors {
  std::size_t order = 0;
  int stages = 0;
};
[[nodiscard]] constexpr hadamard_factors factors_of(std::size_t size) {
  if (size < 2 || size > largest_hadamard_size) return {};
  const int twos = std::countr_zero(size);
  const std::size_t odd = size >> twos;
  if (odd == 1) return {1, twos};
  if ((odd == 3 || odd == 5) && twos >= 2) return {4 * odd, twos - 2};
  return {};
}

/// The binary32 number nearest to 1/sqrt(n), n from 1 to 2^16 as sizes are.
[[nodiscard]] constexpr float inverse_square_root(std::size_t n) {
  int exponent = 0;
  for (; n % 4 == 0; n /= 4) --exponent;
  // The largest m with m * m * n <= 2^54, in units of 2^-27; n is at most 10.
  const auto value = std::uint64_t{n};
  std::uint64_t m = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 27; bit != 0; bit >>= 1) {
    if ((m | bit) * (m | bit) * value <= std::uint64_t{1} << 54) m |= bit;
  }
  // Cut off, so that nothing is a tie: n is 1 or no square.
  const int below = static_cast<int>(std::bit_width(m)) - 24;
  const std::uint64_t digits = ((m >> (below - 1)) + 1) >> 1;
  const auto biased = static_cast<std::uint32_t>(127 + below + 23 - 27 + exponent);
  return std::bit_cast<float>((biased << 23) + static_cast<std::uint32_t>(digits) - 0x800000u);
}
/// The binary32 number nearest to 1/n, n of at most 24 bits.
[[nodiscard]] constexpr float reciprocal(std::size_t n) {
  const int width = static_cast<int>(std::bit_width(n));
  // 2^(width + 24) / n has 25 bits, or 26 if n is a power of two.
  std::uint64_t q = (std::uint64_t{1} << (width + 24)) / n;
  if (std::has_single_bit(n)) q >>= 1;
  const int exponent = std::has_single_bit(n) ? 1 - width : -width;
  q = (q + 1) >> 1;  // 24 bits; a tie would need n to divide a power of two
  return std::bit_cast<float>((static_cast<std::uint32_t>(127 + exponent) << 23) +
                              (static_cast<std::uint32_t>(q) - 0x800000u));
}

/// Throws std::invalid_argument for a size that is none, a matrix whose side is no multiple of it,
/// or signs that are no 1 and -1 or of another number.
inline void require_hadamard(const char* function, const hadamard& t, std::size_t rows,
                             std::size_t cols) {
  const std::string name = std::string(function) + ": ";
  if (factors_of(t.size).order == 0) {
    refuse(name + "size is " + std::to_string(t.size) +
           ", expected 2^k, 12 * 2^k or 20 * 2^k, at most " +
           std::to_string(largest_hadamard_size));
  }
  if (t.side != transform_side::right && t.side != transform_side::left) {
    refuse(name + "side is neither right nor left");
  }
  const bool is_right = t.side == transform_side::right;
  const std::size_t length = is_right ? cols : rows;
  if (length % t.size != 0) {
    refuse(name + (is_right ? "cols is " : "rows is ") + std::to_string(length) +
           ", expected a multiple of the size, " + std::to_string(t.size));
  }
  if (!t.signs.is_list()) return;
  const auto list = t.signs.list();
  if (list.size() != t.size && list.size() != length) {
    refuse(name + "signs has size " + std::to_string(list.size()) + ", expected " +
           std::to_string(t.size) + " or " + std::to_string(length));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] != 1 && list[i] != -1) {
      refuse(name + "signs[" + std::to_string(i) + "] is " + std::to_string(list[i]) +
             ", expected 1 or -1");
    }
  }
}

}  // namespace detail
}  // namespace lowp
