#!/bin/sh
# Builds and runs a consumer of the library in each way that the README names: find_package from an
# install tree, pkg-config, add_subdirectory, FetchContent, and a plain -I, also without exceptions.
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

echo "== pkg-config"
if command -v pkg-config >/dev/null 2>&1; then
  # Its own prefix, where the tree lies now.
  flags=$(PKG_CONFIG_PATH="$work/moved/share/pkgconfig" pkg-config --cflags lowp)
  # shellcheck disable=SC2086  # a list of words
  "$compiler" -std=c++20 $flags "$here/main.cpp" -o "$work/pkg_config"
  "$work/pkg_config"
else
  echo "SKIPPED: no pkg-config here"
fi

echo "== add_subdirectory"
build "$work/add_subdirectory" "-DLOWP_SOURCE=$root"

echo "== FetchContent, by a project that exports a target"
for version in 3.22.1 ""; do
  build "$work/fetched$version" "-DLOWP_FETCHED=$root" "-DLOWP_AS_OF_CMAKE=$version"
  "$cmake" --install "$work/fetched$version" --prefix "$work/layer$version"
  (cd "$work/layer$version/include" && find . -type f | sort) | diff "$work/headers_here" -
done
echo "== find_package, installed by the rules for CMake 3.22"
build "$work/find_package3.22" "-DCMAKE_PREFIX_PATH=$work/layer3.22.1"

echo "== plain include, of all headers"
"$compiler" -std=c++20 "-I$root/include" -include lowp/lowp.hpp "$here/main.cpp" -o "$work/plain"

echo "== no warnings, whatever a consumer asks for"
"$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wdouble-promotion -Werror -fsyntax-only "-I$root/include" "$here/instances.cpp"

echo "== without exceptions"
"$compiler" -std=c++20 -fno-exceptions -fno-rtti "-I$root/include" "$here/without_exceptions.cpp" \
  -o "$work/without_exceptions"
"$work/without_exceptions"
# A refusal ends the program, with the text that an exception would have.
if "$work/without_exceptions" refused 2>"$work/refusal"; then exit 1; fi
grep "^lowp: encode: out has size 2, expected that of in, 3" "$work/refusal"
test "$("$work/without_exceptions" handled)" = "handled: encode: out has size 2, expected that of in, 3"
"$work/plain"

echo "all ways to consume the library work"
