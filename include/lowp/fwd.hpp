// SPDX-License-Identifier: MIT
// Names only: enough to mention the types of this library in an interface.
#pragma once

#include <cstdint>

namespace lowp {

struct unpacked;
struct float_format;
struct fixed_format;
struct posit_format;
struct stochastic;
struct packing;
struct gemm_policy;
struct error_statistics;
enum class overflow : std::uint8_t;
enum class missing_nan : std::uint8_t;
enum class scale_rule : std::uint8_t;
template <class T>
struct matrix_view;

}  // namespace lowp
