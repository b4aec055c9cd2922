// SPDX-License-Identifier: MIT
// The reader of gguf under libFuzzer.
#include "lowp/io/gguf.hpp"

#include "fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reader(lowp::io::gguf, data, size);
}
