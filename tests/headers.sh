#!/bin/sh
# Compiles every header alone, as a user's first include. A program that links lowp::compiled reads a third of
# the text that others read, so headers are read in its way; those that ask which way it is are read in both.
#   sh tests/headers.sh        environment: CXX (g++ by default); LOWP_SHARE=3/8: the third of eight shares
# of the headers, from 0
set -u

cd -- "$(dirname -- "$0")/../include" || exit 1
compiler="${CXX:-g++} -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I. -isystem /usr/include/eigen3 -x c++ -"
share=${LOWP_SHARE:-0/1}
headers=$(find lowp -name '*.hpp' | LC_ALL=C sort | awk -v part="${share%/*}" -v parts="${share#*/}" 'NR % parts == part')
{
  for header in $headers; do echo "$header -DLOWP_COMPILED=1"; done
  # shellcheck disable=SC2086  # a list of names
  for header in $(grep -l '^#if !*LOWP_COMPILED\>' $headers); do echo "$header -DLOWP_COMPILED=0"; done
} | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} sh -c '
  set -- {}
  echo "#include <$1>" | '"$compiler"' "$2" || { echo "$1 does not compile alone ($2)"; exit 1; }' || exit 1
# The kernels too behind the macros of platforms: the program of that test does not read them.
${CXX:-g++} -std=c++20 -fsyntax-only -I. -I../tests ../tests/platform_macros_test.cpp
