// SPDX-License-Identifier: MIT
// Readers and writers of files of tensors, and the values of their tensors, for
// lowp::compiled_io.
#include "lowp/io/files.hpp"
#include "lowp/io/stored_values.hpp"
// What these declare:
#include "lowp/io/gguf.inc"
#include "lowp/io/npy.inc"
#include "lowp/io/npz.inc"
#include "lowp/io/onnx.inc"
#include "lowp/io/raw_json.inc"
#include "lowp/io/safetensors_kind.inc"
#include "lowp/io/stored_values.inc"
