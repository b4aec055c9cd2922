// SPDX-License-Identifier: MIT
// The reader of safetensors under libFuzzer.
#include "lowp/io/safetensors_kind.hpp"

#include "fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reader(lowp::io::safetensors, data, size);
}
