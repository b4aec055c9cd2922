// SPDX-License-Identifier: MIT
// The reader of npy under libFuzzer.
#include "lowp/io/npy.hpp"

#include "fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reader(lowp::io::npy, data, size);
}
