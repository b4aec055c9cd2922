// SPDX-License-Identifier: MIT
// A program without exceptions: what it computes is what others compute, and what it asks for
// wrongly ends it. Its argument says which mistake it makes, and whether it has a handler.
#include <lowp/lowp.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace lowp;

int main(int argc, char** argv) {
  const std::vector<float> x(64, 0.1f);
  std::vector<float> c(4);
  const mxfp4 q = quantize<formats::mxfp4>({x.data(), 2, 32}, nearest_even, threads{2});
  gemm(q, q, {c.data(), 2, 2}, threads{2});
  if (c[0] != 32 * 0.09375f * 0.09375f) return 2;

  std::array<std::uint8_t, 3> codes{};
  encode(std::span(x).first(3), packed_span<formats::e4m3fn>(codes, 3));
  if (argc > 1) {
    if (std::strcmp(argv[1], "handled") == 0) {
      set_failure_handler([](const char* message) {
        std::printf("handled: %s\n", message);
        std::exit(0);
      });
    }
    encode(std::span(x).first(3), packed_span<formats::e4m3fn>(codes, 2));
  }
  return 0;
}
