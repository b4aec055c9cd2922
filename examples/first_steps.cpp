// SPDX-License-Identifier: MIT
// The example of the README.
#include <cstdio>
#include <lowp/lowp.hpp>
#include <vector>
using namespace lowp;
int main() {
  constexpr e4m3fn x(0.3), y = x * e4m3fn(1.5);  // rounds once, also at compile time
  static_assert(y == 0.46875 && y.code() == 0x2F);
  const auto up = convert<formats::e2m1>(2.6, upward);  // any format, any rounding mode
  const std::vector<float> w(64 * 32, 0.1f);
  const mxfp4 q = quantize<formats::mxfp4>({w.data(), 64, 32});  // packed, 4.25 bits per value
  std::printf("%g %g %g\n", double(up), pack_as<double>(q.value(0, 0)), q.bits_per_value());
}
