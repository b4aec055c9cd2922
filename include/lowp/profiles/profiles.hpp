// SPDX-License-Identifier: MIT
// All of profiles/.
#pragma once

#include "lowp/block/catalog.hpp"
#include "lowp/profiles/block_diff.hpp"
#include "lowp/profiles/catalog.hpp"
#include "lowp/profiles/diff.hpp"
#include "lowp/profiles/differences.hpp"
#include "lowp/profiles/names.hpp"
#include "lowp/profiles/profile.hpp"
#include "lowp/profiles/report.hpp"
