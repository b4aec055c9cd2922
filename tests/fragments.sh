#!/bin/sh
# Compiles every fragment of a target alone, as an editor opens it.
#   sh tests/fragments.sh        environment: CXX (g++ by default); LOWP_SHARE=3/8: the third of eight shares
# of the fragments, from 0
set -u

cd -- "$(dirname -- "$0")/../include" || exit 1
share=${LOWP_SHARE:-0/1}
find lowp/kernels -name '*.inc' | LC_ALL=C sort | xargs grep -l 'lowp/kernels/alone_end.inc' |
  awk -v part="${share%/*}" -v parts="${share#*/}" 'NR % parts == part' |
  xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} sh -c '
  '"${CXX:-g++}"' -std=c++20 -fsyntax-only -I. -x c++ {} || { echo "{} does not compile alone"; exit 1; }'
