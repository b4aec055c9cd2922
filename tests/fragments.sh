#!/bin/sh
# Compiles every fragment of a target alone, as an editor opens it.
#   sh tests/fragments.sh        environment: CXX (g++ by default)
set -u

cd -- "$(dirname -- "$0")/../include" || exit 1
failures=0
for fragment in $(find lowp/kernels -name '*.inc' |
  LC_ALL=C sort); do
  grep -q 'lowp/kernels/alone_end.inc' "$fragment" || continue
  if ! ${CXX:-g++} -std=c++20 -fsyntax-only -I. -x c++ "$fragment"; then
    echo "$fragment does not compile alone"
    failures=$((failures + 1))
  fi
done
[ "$failures" -eq 0 ]
