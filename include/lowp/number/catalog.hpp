// SPDX-License-Identifier: MIT
// A number type for every named format, under the same name one namespace further up.
#pragma once

#include "lowp/formats/catalog.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

using e4m3fn = number<formats::e4m3fn>;
using e5m2 = number<formats::e5m2>;
using e4m3 = number<formats::e4m3>;
using e3m4 = number<formats::e3m4>;
using e4m3fnuz = number<formats::e4m3fnuz>;
using e5m2fnuz = number<formats::e5m2fnuz>;
using e4m3b11fnuz = number<formats::e4m3b11fnuz>;
using e3m2 = number<formats::e3m2>;
using e2m3 = number<formats::e2m3>;
using e2m2 = number<formats::e2m2>;
using e2m1 = number<formats::e2m1>;
using e1m2 = number<formats::e1m2>;
using e1m2_bias0 = number<formats::e1m2_bias0>;
using e3m0 = number<formats::e3m0>;
using e8m0 = number<formats::e8m0>;
using ue4m3 = number<formats::ue4m3>;
using ue5m3 = number<formats::ue5m3>;
using e6m2 = number<formats::e6m2>;
using binary16 = number<formats::binary16>;
using bfloat16 = number<formats::bfloat16>;
using tf32 = number<formats::tf32>;
using binary32 = number<formats::binary32>;
using binary64 = number<formats::binary64>;

/// K from 3 to 16; P from 1 to K - 1, or to K if unsigned.
template <int Width, int Precision, bool IsSigned>
concept p3109_parameters = Width >= 3 && Width <= 16 && Precision >= 1 &&
                           Precision <= Width - (IsSigned ? 1 : 0);

template <int Width, int Precision, bool IsSigned = true, bool IsExtended = true>
requires p3109_parameters<Width, Precision, IsSigned>
using p3109 = number<formats::p3109(Width, Precision, IsSigned, IsExtended)>;
template <int Bits, int ExponentBits = 2>
using posit = number<formats::posit<Bits, ExponentBits>>;
template <int TotalBits, int FractionBits>
using fixed = number<formats::fixed<TotalBits, FractionBits>>;
template <int TotalBits, int FractionBits>
using ufixed = number<formats::ufixed<TotalBits, FractionBits>>;
template <int Bits>
using int_n = number<formats::int_n<Bits>>;
template <int Bits>
using symmetric_int_n = number<formats::symmetric_int_n<Bits>>;
template <int Bits>
using uint_n = number<formats::uint_n<Bits>>;

}  // namespace lowp
