// SPDX-License-Identifier: MIT
// The reader of onnx under libFuzzer.
#include "lowp/io/onnx.hpp"

#include "fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reader(lowp::io::onnx, data, size);
}
