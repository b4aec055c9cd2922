// SPDX-License-Identifier: MIT
// Calls that instantiate what users instantiate, for clang-tidy and for the warnings of compilers.
#include <lowp/adapters/iostream.hpp>
#include <lowp/lowp.hpp>

#include <array>
#include <sstream>
#include <vector>

using namespace lowp;

int main() {
  const std::vector<float> x(64, 0.1f);
  std::vector<float> c(4), back(64);
  std::array<std::uint8_t, 64> bytes{};
  encode(std::span(x), packed_span<formats::e2m1>(bytes, 64), stochastic{.seed = 1});
  decode(const_packed_span<formats::e2m1>(bytes, 64), std::span(back));
  round_to<formats::e4m3fn>(std::span(x), std::span(back), upward);
  const mxfp4 q = quantize<formats::mxfp4>({x.data(), 2, 32});
  dequantize(q, {back.data(), 2, 32});
  const matrix_view<const float> rows(x.data(), 2, 32);
  gemm(rows, q, {c.data(), 2, 2}, threads{2});
  gemm<policies::exact>(q, q, {c.data(), 2, 2});
  gemm<policies::hopper_fp8>(rows, rows, {c.data(), 2, 2});
  const packed_operand packed(q);
  gemm(rows, packed, {c.data(), 2, 2});
  std::stringstream text;
  text << e4m3fn(0.3) << posit<16>(1.5) << int_n<8>(3);
  e4m3fn y(0);
  text >> y;
  return (y * e4m3fn(2) + sqrt(y) / y == y) ? 1 : 0;
}
