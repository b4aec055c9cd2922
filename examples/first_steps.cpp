// SPDX-License-Identifier: MIT
// The example of the README.
#include <cstdio>
#include <lowp/lowp.hpp>
#include <vector>

int main() {
  using namespace lowp;
  constexpr e4m3fn x(0.3), y = x * e4m3fn(1.5);  // rounds once, also at compile time
  static_assert(double(y) == 0.46875 && y.code() == 0x2F);
  const auto up = convert<formats::e2m1>(2.6, upward);  // any rounding mode, any format
  std::vector<float> w(64 * 32, 0.1f), back(w.size());
  const mxfp4 q = quantize<formats::mxfp4>({w.data(), 64, 32});  // packed: 4.25 bits per value
  dequantize(q, matrix_view<float>(back.data(), 64, 32));
  std::printf("%g %g %g\n", float(up), back[0], q.bits_per_value());  // 3 0.09375 4.25
}
