// SPDX-License-Identifier: MIT
// The version of the library, stated here and nowhere else; the build system reads it.
#pragma once

#define LOWP_VERSION_MAJOR 0
#define LOWP_VERSION_MINOR 1
#define LOWP_VERSION_PATCH 0
