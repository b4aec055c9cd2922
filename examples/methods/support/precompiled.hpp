// SPDX-License-Identifier: MIT
// What most programs of this directory include, for a precompiled header.
#pragma once

#include <algorithm>
#include <cmath>
#include <lowp/lowp.hpp>
#include <span>
#include <vector>

#include "support/data.hpp"
#include "support/figures.hpp"
