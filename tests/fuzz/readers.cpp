// SPDX-License-Identifier: MIT
// Every reader of files of tensors under libFuzzer, one at a time: --kind=gguf, npy, npz, onnx,
// safetensors or raw+json, whose input is the JSON and whose bytes are in a file "d" of 100 bytes.
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

#include "fuzz/reader.hpp"
#include "lowp/io/files.hpp"

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

const lowp::io::file_kind* kind = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--kind=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (!argument.starts_with(option)) continue;
    for (const lowp::io::file_kind* known : lowp::io::file_kinds)
      if (known->name() == argument.substr(option.size())) kind = known;
  }
  if (kind == nullptr) {
    std::fputs("--kind=NAME, one of:", stderr);
    for (const lowp::io::file_kind* known : lowp::io::file_kinds)
      std::fprintf(stderr, " %s", std::string(known->name()).c_str());
    std::fputs("\n", stderr);
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const folder here;
  return fuzz::reader(*kind, data, size, here.path / "f.json");
}
