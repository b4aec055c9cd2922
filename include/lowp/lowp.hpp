// SPDX-License-Identifier: MIT
// Everything that depends on the standard library alone. Adapters and file formats are included one
// by one: lowp/adapters/*.hpp, lowp/io/*.hpp; and so is lowp/number/dropin.hpp, which adds to std.
#pragma once

#include "lowp/analysis/enumerate.hpp"
#include "lowp/analysis/error.hpp"
#include "lowp/arrays/conversion.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packed_span.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/conversion.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/conversion.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/literals.hpp"
#include "lowp/number/math.hpp"
#include "lowp/number/text.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/version.hpp"

#include "lowp/kernels/undefine.inc"
