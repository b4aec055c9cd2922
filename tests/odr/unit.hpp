// SPDX-License-Identifier: MIT
// What the program of this test knows of its parts.
#pragma once

#include <cstddef>
#include <cstdint>

/// A number that depends on all results of the array functions for these values, and on no more.
using unit_function = std::uint64_t(const float* values, std::size_t rows, std::size_t cols);
unit_function first_unit, second_unit;
