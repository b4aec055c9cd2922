// SPDX-License-Identifier: MIT
// The kernels of what networks compute besides products: functions, caches, sums with signs and by
// phases. For lowp::compiled.
#include "lowp/kernels/caches/caches.hpp"
#include "lowp/kernels/functions/exponential_rows.hpp"
#include "lowp/kernels/functions/functions.hpp"
#include "lowp/kernels/functions/row_norms.hpp"
#include "lowp/kernels/integers/integers.hpp"
#include "lowp/kernels/phase_sums/phase_sums.hpp"
#include "lowp/kernels/signed_sums/signed_sums.hpp"
// What these declare:
#include "lowp/kernels/caches/caches.inc"
#include "lowp/kernels/functions/exponential_rows.inc"
#include "lowp/kernels/functions/functions.inc"
#include "lowp/kernels/functions/row_norms.inc"
#include "lowp/kernels/integers/integers.inc"
#include "lowp/kernels/phase_sums/phase_sums.inc"
#include "lowp/kernels/signed_sums/signed_sums.inc"
