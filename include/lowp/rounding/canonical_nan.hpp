// SPDX-License-Identifier: MIT
// Which NaN a conversion or an operation writes into a format that has several.
#pragma once

#include <cstdint>

namespace lowp {

/// The bits of a canonical NaN below its sign.
enum class nan_bits : std::uint8_t {
  quiet,     ///< the top mantissa bit only, where that is a NaN (IEEE 754 clause 6.2.1), else all
  all_ones,  ///< 0x7FFF in binary16, 0x7F in e4m3fn and e5m2: CUDA, PTX, CUTLASS
};

/// The sign of a NaN that comes from another NaN.
enum class nan_sign : std::uint8_t { kept, positive, flipped };

struct canonical_nan {
  nan_bits bits = nan_bits::quiet;
  nan_sign sign = nan_sign::kept;
  constexpr bool operator==(const canonical_nan&) const = default;
};

}  // namespace lowp
