// SPDX-License-Identifier: MIT
// What most tests include, for a precompiled header; all of lowp.hpp but its end, after which the
// macros of kernels are gone.
#pragma once

#include "catch.hpp"
#include "lowp/analysis/enumerate.hpp"
#include "lowp/analysis/error.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/literals.hpp"
#include "lowp/number/text.hpp"
