// SPDX-License-Identifier: MIT
// All choices of a conversion in one value: how it rounds, what becomes of what a format cannot
// hold, which NaN it writes and what it does with signs. Profiles (profiles/profile.hpp) are made
// of these; functions take one in place of a mode and the policies after it.
//
//   constexpr conversion saturating{.rounding = toward_zero, .overflow = overflow::saturate};
//   convert<formats::e4m3fn>(465.0, saturating)
//   encode(values, codes, conversions::cuda)
#pragma once

#include <cstdint>

#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/canonical_nan.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// Which zeros keep a negative sign where the format has one. Of zeros and numbers alone: what a
/// NaN becomes where a format has none says missing_nan, so that flipped_zero makes -0 of one.
enum class negative_zeros : std::uint8_t {
  kept,          ///< -0 and negative numbers that round to zero
  from_numbers,  ///< negative numbers that round to zero; -0 is +0 (Model-Optimizer's NVFP4)
  none,          ///< all are +0
};

/// What a conversion does besides rounding once and the policies for overflow and missing NaNs. The
/// defaults change nothing.
struct conversion_choices {
  canonical_nan nan{};
  lowp::negative_zeros negative_zeros = lowp::negative_zeros::kept;
  /// A negative number is its magnitude in a format without negative values, NaNs apart: CUDA's
  /// e8m0, CUTLASS's ue4m3. Else it is out of range there.
  bool takes_magnitude = false;
  /// Zero is the smallest value of a format without zero under any overflow policy (E8M0 in CUDA,
  /// ONNX, oneDNN). Else it is out of range there.
  bool zero_is_smallest = false;

  constexpr bool operator==(const conversion_choices&) const = default;
};

/// A conversion with a mode of a type that is known; `conversion` takes any mode of the library.
template <rounding_mode R = any_rounding>
struct basic_conversion {
  R rounding{};
  lowp::overflow overflow = lowp::overflow::to_special;
  lowp::missing_nan missing_nan = lowp::missing_nan::largest;
  canonical_nan nan{};
  lowp::negative_zeros negative_zeros = lowp::negative_zeros::kept;
  bool takes_magnitude = false;
  bool zero_is_smallest = false;

  [[nodiscard]] constexpr conversion_choices choices() const {
    return {nan, negative_zeros, takes_magnitude, zero_is_smallest};
  }
  /// Of element i of an array.
  [[nodiscard]] constexpr basic_conversion at(std::uint64_t i) const {
    basic_conversion result = *this;
    result.rounding = lowp::at(rounding, i);
    return result;
  }
};
using conversion = basic_conversion<>;

template <class T>
inline constexpr bool is_conversion_v = false;
template <rounding_mode R>
inline constexpr bool is_conversion_v<basic_conversion<R>> = true;
template <class T>
concept conversion_type = is_conversion_v<T>;

/// What standards and vendors do in conversions to formats of 4 to 8 bits; which formats a stack
/// has, and where it treats one apart, say the profiles.
namespace conversions {

/// IEEE 754, and OFP8 without saturation.
inline constexpr conversion ieee754{};
/// OFP8 with saturation.
inline constexpr conversion ocp_saturating{.overflow = overflow::saturate};
/// arXiv 2209.05433: finite values saturate, infinities are kept or NaN.
inline constexpr conversion fp8_paper{.overflow = overflow::saturate_numbers};
/// IEEE P3109's (NearestTiesToEven, SatNone), the projection that each implementation has.
inline constexpr conversion p3109{.overflow = overflow::sat_none};
/// __NV_SATFINITE of the CUDA Math API to formats of 8 bits and fewer: NaN is 0x7F. To binary16 and
/// bfloat16 CUDA does not saturate: profiles::cuda_sat tells formats apart.
inline constexpr conversion cuda{.overflow = overflow::saturate,
                                 .nan = {nan_bits::all_ones, nan_sign::positive}};
/// __NV_NOSAT, for e4m3fn and e5m2.
inline constexpr conversion cuda_without_saturation{
    .overflow = overflow::to_special, .nan = {nan_bits::all_ones, nan_sign::positive}};

}  // namespace conversions

}  // namespace lowp
