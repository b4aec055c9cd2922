// SPDX-License-Identifier: MIT
// A number type for every named format, under the same name one namespace further up.
#pragma once

#include "lowp/formats/catalog.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

/// K from 3 to 16; P from 1 to K - 1, or to K if unsigned.
template <int Width, int Precision, bool IsSigned>
concept p3109_parameters = Width >= 3 && Width <= 16 && Precision >= 1 &&
                           Precision <= Width - (IsSigned ? 1 : 0);

#include "lowp/number/catalog.inc"

}  // namespace lowp
