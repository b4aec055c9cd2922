// SPDX-License-Identifier: MIT
// The reader of npz under libFuzzer.
#include "lowp/io/npz.hpp"

#include "fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reader(lowp::io::npz, data, size);
}
