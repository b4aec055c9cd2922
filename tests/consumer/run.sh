#!/bin/sh
# Builds and runs a consumer of the library in each way that the README names: find_package from an
# install tree, add_subdirectory, and a plain -I.
#   sh tests/consumer/run.sh [scratch directory]        environment: CMAKE, CXX
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
cmake=${CMAKE:-cmake}
compiler=${CXX:-c++}
unset CXXFLAGS CPPFLAGS || true
if command -v ninja >/dev/null 2>&1; then export CMAKE_GENERATOR=Ninja; fi
if [ $# -gt 0 ]; then
  work=$1
  rm -rf "$work"
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
work=$(CDPATH='' cd -- "$work" && pwd)

# build <directory> <cmake argument>…: configures, builds and runs the consumer
build() {
  directory=$1
  shift
  "$cmake" -S "$here" -B "$directory" "-DCMAKE_CXX_COMPILER=$compiler" "$@"
  "$cmake" --build "$directory"
  "$directory/consumer"
}

echo "== install tree"
"$cmake" -S "$root" -B "$work/lowp" "-DCMAKE_CXX_COMPILER=$compiler" -DLOWP_BUILD_TESTS=OFF \
  -DLOWP_BUILD_EXAMPLES=OFF -DLOWP_BUILD_BENCHMARKS=OFF
"$cmake" --install "$work/lowp" --prefix "$work/first"
mv "$work/first" "$work/moved" # an install tree may be moved
(cd "$root/include" && find . -type f | sort) >"$work/headers_here"
(cd "$work/moved/include" && find . -type f | sort) >"$work/headers_installed"
diff "$work/headers_here" "$work/headers_installed"

echo "== find_package"
build "$work/find_package" "-DCMAKE_PREFIX_PATH=$work/moved"

echo "== add_subdirectory"
build "$work/add_subdirectory" "-DLOWP_SOURCE=$root"

echo "== plain include"
"$compiler" -std=c++20 "-I$root/include" "$here/main.cpp" -o "$work/plain"
"$work/plain"

echo "all ways to consume the library work"
