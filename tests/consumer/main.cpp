// SPDX-License-Identifier: MIT
// The smallest program that uses the library; it must build and hold in every way to consume it.
#include <lowp/lowp.hpp>

int main() {
  constexpr lowp::e4m3fn x{1.5F};
  return static_cast<float>(x) == 1.5F ? 0 : 1;
}
