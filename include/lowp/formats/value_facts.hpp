// SPDX-License-Identifier: MIT
// What is true of all values of a format, in the form in which a family may state it. Whoever needs
// it asks facts_of (facts.hpp), which also finds it out for families that state nothing.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"

namespace lowp {

/// How far apart neighbouring values are.
enum class value_spacing : std::uint8_t {
  uniform,    ///< one step for all: integers and fixed point
  floating,   ///< one number of significant bits for all normal values
  tapered,    ///< fewer significant bits towards the ends of the range, as in posits
  irregular,  ///< nothing is known: codebooks, logarithms
};

/// Facts about the finite values of a format. To look at all codes of a format known at compile
/// time takes the compiler no time to speak of up to 10 bits, 0.1 to 0.2 s for 12 and 1.5 to 3 s
/// for 16, in each file that asks: a family of so many bits had better state them. The defaults are
/// safe for any format whose values have at most 64 significant bits: whoever must be sure of more
/// is told nothing. A family states its own by a function in its namespace, which must hold for all
/// of its descriptors:
///   constexpr lowp::value_facts known_facts(const my_format& f)
struct value_facts {
  /// Stands for "lower than any exponent", where nothing is known.
  static constexpr int unbounded = 1 << 24;

  /// No value has more. Values that are no multiples of a power of two (logarithmic formats: their
  /// exact values end in a sticky bit) count as having 128.
  int significant_bits = 64;
  /// Exponents of the leading bits of all values but zero.
  int lowest_exponent = -unbounded, highest_exponent = unbounded;
  /// All values are multiples of 2^this.
  int last_bit_exponent = -unbounded;
  /// The exponent of the binade whose step the values below it, subnormals, share.
  int normal_exponent = -unbounded;
  value_spacing spacing = value_spacing::irregular;
  bool are_finite = false;  ///< every code has a finite value
  bool orders_nan = false;  ///< its NaN equals itself and is below all numbers, and is written nar

  constexpr bool operator==(const value_facts&) const = default;

  /// Whether each value is an integer times a power of two, as decoding gives it.
  [[nodiscard]] constexpr bool are_dyadic() const { return significant_bits <= 64; }
  /// Whether each value but zero is plus or minus a power of two.
  [[nodiscard]] constexpr bool are_powers_of_two() const { return significant_bits <= 1; }
  /// How many significant bits a factor of this format adds to a product.
  [[nodiscard]] constexpr int factor_bits() const {
    return are_powers_of_two() ? 0 : significant_bits;
  }
};

/// The integers from low to high.
struct integer_range {
  std::int64_t low = 0, high = 0;
  constexpr bool operator==(const integer_range&) const = default;
};
/// Those of all differences.
[[nodiscard]] constexpr integer_range operator-(const integer_range& a, const integer_range& b) {
  return {a.low - b.high, a.high - b.low};
}

/// How a code spells an integer.
enum class integer_code : std::uint8_t { other, unsigned_binary, twos_complement };

/// value = integer * 2^unit for all codes of a format, if `exist`. A family of more than 8 bits
/// states it as known_integers(f).
struct integer_values {
  bool exist = false;
  int unit = 0;
  integer_range range{};
  integer_code code = integer_code::other;
};

/// Where the codes of a format lie among binary floating-point numbers, which is all that the
/// vectorized kernels need to encode and to decode it. A family that has such a place states it as
///   constexpr lowp::code_grid known_grid(const my_format& f)
/// All others are encoded by a table of thresholds.
///
/// A magnitude is the position of a value on the grid: with 2^mantissa_bits steps in each binade
/// from 2^lowest_exponent on, and the same step below it.
struct code_grid {
  bool exists = false;
  int mantissa_bits = 0;
  int lowest_exponent = 0;        ///< of the lowest binade with a step of its own
  bool skips_subnormals = false;  ///< what lies below that binade is zero
  /// The largest magnitudes of finite values of either sign.
  code_t largest_positive = 0, largest_negative = 0;
  bool is_twos_complement = false;  ///< else sign and magnitude:
  code_t sign_bit = 0;              ///< or 0, in an unsigned format
  /// overflow::wrap and wrap_sign_magnitude do with the rounded integer what overflow.hpp says.
  bool wraps = false;
  /// Without `exists`: this would be the grid if it had a zero. The code 0 is the lowest value of
  /// the lowest binade, to which lower values of its sign round in any mode, and a zero is encoded
  /// on its own; in an unsigned format no negative number is in range.
  bool lacks_zero = false;
};

/// How the codes of a tapered format are spelt, which is all that the vectorized kernels and the
/// fast scalar arithmetic need: a sign, a regime, `exponent_bits` bits of exponent and a fraction,
/// as far as there are bits; a negative number is the two's complement of its magnitude. The regime
/// counts powers of 2^(2^exponent_bits): k ones and a zero are k - 1, k zeros and a one are -k.
/// Values are rounded along this string of bits and never to zero: beyond the largest and the
/// smallest magnitude every mode and policy gives that. The code 0 is zero, 10...0 the only NaN,
/// which is the quotient of anything by zero, too. A family of such codes (posits) states it as
///   constexpr lowp::regime_code known_regime(const my_format& f)
struct regime_code {
  int bits = 0;           ///< of a code, 2 to 32
  int exponent_bits = 0;  ///< 0 to 4
  constexpr bool operator==(const regime_code&) const = default;
};

/// How many bits a quire of a format has (number/quire.hpp), and the exponent of its last one. A
/// family whose standard says it states it, with 0 bits where it does not, as
///   constexpr lowp::quire_size known_quire(const my_format& f)
struct quire_size {
  int bits = 0, unit = 0;
};

/// In what order of codes their values are, NaNs left out: as unsigned integers, as a sign (the top
/// bit) and a magnitude, or as signed integers. A family states it as known_code_order(f), and gets
/// fast comparisons.
enum class code_order : std::uint8_t { other, unsigned_binary, sign_magnitude, twos_complement };

/// Where a code is cut into fields: widths from the top, unused ones zero. A family states it as
/// known_code_fields(f, code); text in the style `fields` shows it.
struct code_fields {
  int widths[4] = {};
};

}  // namespace lowp
