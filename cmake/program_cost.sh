#!/bin/sh
# Prints what a program that quantizes to three formats costs: seconds to compile at -O2, and bytes of text.
#   sh cmake/program_cost.sh        environment: CXX (g++ by default)
set -eu

cd -- "$(dirname -- "$0")/.."
compiler=${CXX:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/program.cpp" <<'END'
#include <lowp/lowp.hpp>
int main(int argc, char**) {
  const std::vector<float> values(64 * 32, static_cast<float>(argc));
  const lowp::matrix_view<const float> in(values.data(), 64, 32);
  const auto a = lowp::quantize<lowp::formats::mxfp4>(in);
  const auto b = lowp::quantize<lowp::formats::nvfp4>(in);
  const auto c = lowp::quantize<lowp::formats::mxfp8_e4m3>(in);
  return a.codes()[0] + b.codes()[0] + c.codes()[0] == 1 ? 1 : 0;
}
END
begin=$(date +%s%N)
"$compiler" -std=c++20 -O2 -Iinclude "$work/program.cpp" -o "$work/program"
milliseconds=$((($(date +%s%N) - begin) / 1000000))
"$work/program"
text=$(size "$work/program" | awk 'NR == 2 { print $1 }')
printf 'three quantizers: %d ms to compile at -O2, %d bytes of text\n' "$milliseconds" "$text"
# Several times what they need: a kernel instantiated per format would exceed it.
[ "$text" -le 400000 ]
