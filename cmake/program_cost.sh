#!/bin/sh
# Prints what programs cost, with the headers alone and with an installed lowp::compiled: CPU time to compile
# at -O2, and bytes of text. Runs them, too.
#   sh cmake/program_cost.sh        environment: CMAKE, CXX (c++ by default)
set -eu

cd -- "$(dirname -- "$0")/.."
compiler=${CXX:-c++}
cmake=${CMAKE:-cmake}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/quantizers.cpp" <<'END'
#include <lowp/lowp.hpp>
#include <vector>
int main(int argc, char**) {
  const std::vector<float> values(64 * 32, static_cast<float>(argc));
  const lowp::matrix_view<const float> in(values.data(), 64, 32);
  const auto a = lowp::quantize<lowp::formats::mxfp4>(in);
  const auto b = lowp::quantize<lowp::formats::nvfp4>(in);
  const auto c = lowp::quantize<lowp::formats::mxfp8_e4m3>(in);
  return a.codes()[0] + b.codes()[0] + c.codes()[0] == 1 ? 1 : 0;
}
END
cat >"$work/product.cpp" <<'END'
#include <lowp/lowp.hpp>
#include <vector>
int main(int argc, char**) {
  const std::vector<float> values(64 * 32, static_cast<float>(argc));
  std::vector<float> c(64 * 64);
  const auto a = lowp::quantize<lowp::formats::mxfp4>({values.data(), 64, 32});
  const lowp::matrix_view<float> out(c.data(), 64, 64);
  lowp::gemm<lowp::policies::hopper_fp16>(a, a, out, lowp::threads{2});
  return c[0] == 32 * static_cast<float>(argc) * static_cast<float>(argc) ? 0 : 1;
}
END

"$cmake" -S . -B "$work/build" "-DCMAKE_CXX_COMPILER=$compiler" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE=-O2 \
  -DCMAKE_INSTALL_LIBDIR=lib -DLOWP_INSTALL_COMPILED=ON -DLOWP_BUILD_TESTS=OFF \
  -DLOWP_BUILD_EXAMPLES=OFF -DLOWP_BUILD_BENCHMARKS=OFF -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON >"$work/log" &&
  "$cmake" --build "$work/build" -j2 >>"$work/log" &&
  "$cmake" --install "$work/build" --prefix "$work/installed" >>"$work/log" || {
  cat "$work/log"
  exit 1
}

# compile <program> <label> <flag>…: prints what it costs
compile() {
  program=$1
  label=$2
  shift 2
  # shellcheck disable=SC2016  # the shell inside expands it
  time=$(sh -c '"$@" && times' sh "$compiler" -std=c++20 -O2 -c "$work/$program.cpp" \
    -o "$work/$program.o" "$@" |
    awk 'END { split($1, t, /[ms]/); printf "%.1f", 60 * t[1] + t[2] }')
  text=$(size "$work/$program.o" | awk 'NR == 2 { print $1 }')
  printf '%-12s %-16s %5s s, %7d bytes of text\n' "$program" "$label" "$time" "$text"
}

for program in quantizers product; do
  compile $program "headers alone" "-I$work/installed/include"
  "$compiler" "$work/$program.o" -o "$work/$program"
  "$work/$program"
  # Several times what they need: kernels instantiated per format would exceed it.
  case $program in
    quantizers) [ "$text" -le 500000 ] ;;
    product) [ "$text" -le 2000000 ] ;;
  esac

  compile $program "lowp::compiled" "-I$work/installed/include" -DLOWP_COMPILED=1
  "$compiler" "$work/$program.o" "$work/installed/lib/liblowp.a" -o "$work/$program"
  "$work/$program"
  case $program in # no kernel among them, and no strategy
    quantizers) [ "$text" -le 200000 ] ;;
    product) [ "$text" -le 100000 ] ;;
  esac
done

cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(consumer CXX)
find_package(lowp REQUIRED)
add_executable(consumer product.cpp)
target_link_libraries(consumer PRIVATE lowp::compiled)
END
"$cmake" -S "$work" -B "$work/consumer" "-DCMAKE_CXX_COMPILER=$compiler" \
  "-DCMAKE_PREFIX_PATH=$work/installed" >"$work/log" &&
  "$cmake" --build "$work/consumer" >>"$work/log" && "$work/consumer/consumer" || {
  cat "$work/log"
  exit 1
}
echo "find_package, lowp::compiled: links and runs"
