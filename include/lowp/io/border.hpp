// SPDX-License-Identifier: MIT
// Whether the readers and writers of files are compiled with each file that includes them, or once,
// in lowp::compiled_io, which there is where nlohmann-json was found.
#pragma once

#ifndef LOWP_COMPILED_IO
#define LOWP_COMPILED_IO 0
#endif
#if LOWP_COMPILED_IO
#define LOWP_IO_BORDER
#else
#define LOWP_IO_BORDER inline
#endif
