// SPDX-License-Identifier: MIT
// The reader of raw bytes described by JSON under libFuzzer. Inputs are the JSON; the bytes are in
// a file "d" of 100 bytes.
#include "lowp/io/raw_json.hpp"

#include <fstream>
#include <random>
#include <string>

#include "fuzz/reader.hpp"

namespace {

struct folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("lowp_fuzz_" + std::to_string(std::random_device{}()));
  folder() {
    std::filesystem::create_directory(path);
    std::ofstream(path / "d", std::ios::binary) << std::string(100, 'x');
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const folder here;
  return fuzz::reader(lowp::io::raw_json, data, size, here.path / "f.json");
}
