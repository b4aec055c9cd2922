// SPDX-License-Identifier: MIT
// Rows of an operand as integers without a sign of at most 8 bits, which planes of bits hold:
//   element = (lowest(row) + step * u) * 2^unit,  0 <= u < 2^planes.
// Of two's complement codes u is the code with its top bit changed, of unsigned and bipolar ones
// the code; of other formats, such as E2M1 or ternary codebooks, the place of the value among all
// integers that lie on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>

#include "lowp/core/failure.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/description.hpp"

namespace lowp::detail {

/// Of magnitudes, that of the elements of planes, less zero points.
inline constexpr std::int64_t largest_plane_integer = 0x7FFFFFFF;

/// How the integers of a format are written without a sign.
struct plane_code {
  std::int32_t lowest = 0, highest = 0, step = 1;
  int planes = 1;
  int unit = 0;
  std::array<std::uint8_t, 256> of_code{};  ///< u
  bool is_flip = true;                      ///< u is the code ^ of_code[0]
};

/// Refuses formats whose values are no integers of at most 8 bits times one power of two.
template <number_format F>
[[nodiscard]] plane_code plane_code_of(const F& f) {
  const integer_values known = f.bits() <= 8 ? integers_of(f) : integer_values{};
  if (!known.exist) {
    refuse("bit_planes: a format of " + std::to_string(f.bits()) +
           " bits, expected one of at most 8 whose values are integers times one power of two");
  }
  plane_code p;
  p.unit = known.unit;
  const code_t count = code_t{1} << f.bits();
  std::array<std::int64_t, 256> integers{};
  std::int64_t low = 0, high = 0, step = 0;
  for (code_t code = 0; code < count; ++code) {
    integers[code] = integer_of(decode(f, code), p.unit);
    if (code == 0 || integers[code] < low) low = integers[code];
    if (code == 0 || integers[code] > high) high = integers[code];
    step = std::gcd(step, integers[code] - integers[0]);
  }
  if (step == 0) step = 1;
  const std::int64_t most = (high - low) / step;
  if (low < -largest_plane_integer || high > largest_plane_integer) {
    refuse("bit_planes: integers from " + std::to_string(low) + " to " + std::to_string(high) +
           ", expected magnitudes below 2^31");
  }
  if (most > 255) {
    refuse("bit_planes: integers from " + std::to_string(low) + " to " + std::to_string(high) +
           " in steps of " + std::to_string(step) + ", expected at most 256 of them");
  }
  p.lowest = static_cast<std::int32_t>(low);
  p.highest = static_cast<std::int32_t>(high);
  p.step = static_cast<std::int32_t>(step);
  while (most >> p.planes != 0) ++p.planes;
  for (code_t code = 0; code < count; ++code) {
    p.of_code[code] = static_cast<std::uint8_t>((integers[code] - low) / step);
    p.is_flip = p.is_flip && p.of_code[code] == (code ^ p.of_code[0]);
  }
  return p;
}

/// Rows of integers of any origin, to which it refers.
struct plane_source {
  std::size_t rows = 0, cols = 0;
  int planes = 1;
  std::int32_t step = 1;
  const void* of = nullptr;
  std::size_t first = 0;  ///< the row of `of` that is row 0 here
  void (*load_row)(const void* of, std::size_t row, std::uint8_t* out) = nullptr;
  std::int64_t (*lowest_of)(const void* of, std::size_t row) = nullptr;
  std::int64_t (*highest_of)(const void* of, std::size_t row) = nullptr;

  [[nodiscard]] std::size_t words() const { return (cols + 31) / 32; }
  /// Stores u of each column of a row.
  void load(std::size_t row, std::uint8_t* out) const { load_row(of, first + row, out); }
  /// The lowest and the highest integer that a row can have.
  [[nodiscard]] std::int64_t lowest(std::size_t row) const { return lowest_of(of, first + row); }
  [[nodiscard]] std::int64_t highest(std::size_t row) const { return highest_of(of, first + row); }
};

/// A description as rows of integers, less the zero points. Scales may multiply finished sums: a
/// group must have whole rows.
template <class D>
class described_integers {
 public:
  explicit described_integers(const D& d) : d_(d), code_(plane_code_of(d.format())) {
    if ((d.has_scales() || d.has_zeros()) && d.group_cols() < d.cols()) {
      refuse("bit_planes: groups of " + std::to_string(d.group_cols()) + " of " +
             std::to_string(d.cols()) + " columns, expected groups of whole rows");
    }
    if (d.has_zeros() && (!has_planes || code_.unit != 0)) {
      refuse("bit_planes: zero points, expected none beside elements that are no plain integers");
    }
  }
  [[nodiscard]] plane_source source() const {
    return {.rows = d_.rows(),
            .cols = d_.cols(),
            .planes = code_.planes,
            .step = code_.step,
            .of = this,
            .load_row =
                [](const void* of, std::size_t row, std::uint8_t* out) {
                  static_cast<const described_integers*>(of)->load(row, out);
                },
            .lowest_of =
                [](const void* of, std::size_t row) {
                  const auto& x = *static_cast<const described_integers*>(of);
                  return x.code_.lowest - x.zero(row);
                },
            .highest_of =
                [](const void* of, std::size_t row) {
                  const auto& x = *static_cast<const described_integers*>(of);
                  return x.code_.highest - x.zero(row);
                }};
  }

 private:
  static constexpr bool has_planes = requires(const D& d) {
    d.elements.bytes;
    d.zeros;
  };
  [[nodiscard]] std::int64_t zero([[maybe_unused]] std::size_t row) const {
    if constexpr (has_planes) {
      if (d_.zeros != nullptr) return d_.zeros[d_.scales.group_of(row, 0)];
    }
    return 0;
  }
  void load(std::size_t row, std::uint8_t* out) const {
    const std::size_t cols = d_.cols();
    const int bits = d_.format().bits();
    const auto mask = static_cast<std::uint8_t>(low_mask(bits));
    if constexpr (has_planes) {
      const std::uint8_t* const from = d_.elements.row(row);
      if (d_.elements.order == packing{.container_bits = 8}) {
        for (std::size_t i = 0; i < cols; ++i) out[i] = from[i] & mask;
      } else if (d_.elements.order == packing{} && 8 % bits == 0) {
        const auto per_byte = static_cast<std::size_t>(8 / bits);
        for (std::size_t i = 0; i < cols; ++i) {
          const int place = static_cast<int>(i % per_byte) * bits;
          out[i] = static_cast<std::uint8_t>(from[i / per_byte] >> place & mask);
        }
      } else {
        for (std::size_t i = 0; i < cols; ++i) {
          out[i] = static_cast<std::uint8_t>(d_.elements.code(row, i) & mask);
        }
      }
      const std::uint8_t flip = code_.of_code[0];
      if (code_.is_flip) {
        for (std::size_t i = 0; i < cols; ++i) out[i] = out[i] ^ flip;
      } else {
        for (std::size_t i = 0; i < cols; ++i) out[i] = code_.of_code[out[i]];
      }
    } else {
      for (std::size_t i = 0; i < cols; ++i) {
        const std::int64_t integer = integer_of(d_.element(row, i), code_.unit);
        out[i] = static_cast<std::uint8_t>((integer - code_.lowest) / code_.step);
      }
    }
  }

  D d_;
  plane_code code_;
};

/// Of a multiple of 32 bytes.
[[nodiscard]] inline std::uint32_t sum_of_bytes(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 32) {
    std::array<std::uint64_t, 4> eights;
    std::memcpy(eights.data(), bytes.data() + i, 32);
    std::uint64_t pairs = 0;
    constexpr std::uint64_t mask = 0x00FF00FF00FF00FFu;
    for (const std::uint64_t eight : eights) pairs += (eight & mask) + (eight >> 8 & mask);
    sum += static_cast<std::uint32_t>(pairs * 0x0001000100010001u >> 48);
  }
  return sum;
}

/// Which bit of a word of a plane a column has: see kernels::plane_tile.
[[nodiscard]] constexpr int bit_of_column(std::size_t col) {
  return static_cast<int>(8 * (col % 4) + col % 32 / 4);
}
/// The bits `plane` of 32 bytes, in the order of bit_of_column.
[[nodiscard]] inline std::uint32_t plane_word(const std::uint8_t* bytes, int plane) {
  std::uint32_t word = 0;
  for (int i = 0; i < 8; ++i, bytes += 4) {
    const std::uint32_t four = bytes[0] | std::uint32_t{bytes[1]} << 8 |
                               std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
    word |= (four >> plane & 0x01010101u) << i;
  }
  return word;
}

}  // namespace lowp::detail
