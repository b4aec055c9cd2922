// SPDX-License-Identifier: MIT
// What to return for a value that a format cannot hold at all: rounding comes first, then these
// rules.
#pragma once

#include <cstdint>

#include "lowp/rounding/modes.hpp"

namespace lowp {

/// What becomes of a rounded value outside the range of a format: beyond the largest finite value,
/// negative where the format is unsigned, or zero where it has no zero.
///
/// Under `to_special` a directed mode that points inward stops at the largest finite value (IEEE
/// 754 clause 7.4, P3109), and below an unsigned format with infinity at the lowest one (P3109
/// v4.0, Saturate). P3109's SatFinite is `saturate`, its SatPropagate `propagate` and its SatNone
/// `sat_none`, which is `to_special` in extended formats.
enum class overflow : std::uint8_t {
  saturate,    ///< the nearest finite value of the format, for infinite inputs too (OFP8 SAT)
  to_special,  ///< infinity, else NaN, else saturate (OFP8 NONSAT, IEEE 754)
  propagate,   ///< saturate, but an infinity stays one where the format has it
  wrap,        ///< modulo 2^bits: integer and fixed-point formats; elsewhere read as saturate
  to_zero,     ///< +0, for infinite inputs too (SAT_ZERO of ap_fixed); posits read it as saturate
  /// The low bits, inverted where the bit above them differs from the topmost of them (WRAP_SM of
  /// ap_fixed): beyond the ends of a signed integer or fixed-point format values are mirrored there
  /// instead of starting anew at the other end. Unsigned formats read it as wrap, others as
  /// saturate.
  wrap_sign_magnitude,
  /// SatNone of IEEE P3109: `to_special` where the format has an infinity. Without one what lies
  /// beyond the ends saturates, infinities too, but what lies below an unsigned format is NaN, if
  /// no mode that points inward (`toward_zero`, `upward`) stops it at the lowest value.
  sat_none,
  /// Finite values saturate; an infinity stays one, else is NaN, else saturates (the conversion of
  /// arXiv 2209.05433; ml_dtypes with kSaturate; ONNX's saturating cast to FNUZ formats).
  saturate_numbers,
};

/// What a NaN becomes in a format without NaN. The default is what CUDA and PTX conversions with
/// saturation give; oneDNN and mxDataGenerator use `signed_largest`, ml_dtypes `flipped_zero`.
enum class missing_nan : std::uint8_t {
  largest,         ///< the largest finite value
  signed_largest,  ///< the largest finite value with the sign of the NaN
  zero,            ///< +0, or the smallest value of a format without zero
  flipped_zero,    ///< the zero of the opposite sign: -0 for a positive NaN
};

namespace detail {

/// Whether a magnitude beyond the largest finite code leaves the finite range. An overflow is
/// treated as a fraction just short of one unit above the largest code: the modes that would not
/// round that up stop there; the stochastic ones never do (P3109).
template <rounding_mode R>
[[nodiscard]] constexpr bool leaves_finite_range(const R& mode, bool is_negative,
                                                 bool largest_is_odd) {
  return is_stochastic(mode) || rounds_up(mode, {almost_one_unit, is_negative, largest_is_odd});
}

}  // namespace detail
}  // namespace lowp
