#!/bin/sh
# Prints what the headers cost a translation unit: the best of five runs of g++ -fsyntax-only.
#   sh cmake/header_cost.sh        environment: CXX (g++ by default)
set -eu

cd -- "$(dirname -- "$0")/../include"
compiler=${CXX:-g++}
source=$(mktemp)
trap 'rm -f "$source"' EXIT

# cost <label>: reads a translation unit and prints its time
cost() {
  cat >"$source"
  best=
  for _ in 1 2 3 4 5; do
    begin=$(date +%s%N)
    if ! "$compiler" -std=c++20 -fsyntax-only -I. -x c++ "$source"; then
      echo "$1: does not compile"
      exit 1
    fi
    time=$((($(date +%s%N) - begin) / 1000000))
    if [ -z "$best" ] || [ "$time" -lt "$best" ]; then best=$time; fi
  done
  printf '%-24s %5d ms\n' "$1" "$best"
}

include_all() {
  find "$@" -name '*.hpp' 2>/dev/null | LC_ALL=C sort | sed 's/.*/#include <&>/'
}

"$compiler" --version | sed -n 1p
cost "nothing" </dev/null
include_all lowp/core lowp/formats lowp/number | cost "core, formats, number"
echo '#include <lowp/lowp.hpp>' | cost "lowp.hpp"
