#!/bin/sh
# Compiles every fragment of a target alone, as an editor opens it.
#   sh tests/fragments.sh        environment: CXX (g++ by default)
set -u

cd -- "$(dirname -- "$0")/../include" || exit 1
find lowp/kernels -name '*.inc' | LC_ALL=C sort | xargs grep -l 'lowp/kernels/alone_end.inc' |
  xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} sh -c '
  '"${CXX:-g++}"' -std=c++20 -fsyntax-only -I. -x c++ {} || { echo "{} does not compile alone"; exit 1; }'
