// SPDX-License-Identifier: MIT
// Numbers and what belongs to them: arithmetic, order, limits, literals, text and <cmath>. Existing
// code after a typedef: lowp/number/dropin.hpp. Arrays, blocks and products: lowp/lowp.hpp.
#pragma once

#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/literals.hpp"
#include "lowp/number/math.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/text.hpp"
