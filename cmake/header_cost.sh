#!/bin/sh
# Prints what the headers cost a translation unit, as CPU time of -fsyntax-only and as a multiple of what
# <iostream> costs: the least of several runs, which take turns. Fails if a multiple is above its limit.
#   sh cmake/header_cost.sh        environment: CXX (g++ by default)
set -eu

cd -- "$(dirname -- "$0")/../include"
compiler=${CXX:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

: >"$work/nothing.cpp"
echo '#include <iostream>' >"$work/iostream.cpp"
echo '#include <lowp/number.hpp>' >"$work/number.cpp"
echo '#include <lowp/number/dropin.hpp>' >"$work/dropin.cpp"
echo '#include <lowp/lowp.hpp>' >"$work/umbrella.cpp"
{
  echo '#define LOWP_COMPILED 1'
  echo '#include <lowp/lowp.hpp>'
} >"$work/compiled.cpp"

# cpu_time <source>: milliseconds in user mode (of bash, since the times of sh are hundredths of a second)
cpu_time() {
  bash -c 'TIMEFORMAT=%3U; time "$@"' bash "$compiler" -std=c++20 -fsyntax-only -I. "$work/$1.cpp" 2>&1 |
    awk '{ print; ok = $0 ~ /^[0-9.]+$/ } END { exit !ok }' | awk '{ printf "%d", 1000 * $1 }'
}

sources="nothing iostream number dropin umbrella compiled"
for _ in 1 2 3 4 5; do
  for source in $sources; do
    time=$(cpu_time "$source")
    [ -n "$time" ] || exit 1
    echo "$time" >>"$work/$source.times"
  done
done
least() { sort -n "$work/$1.times" | sed -n 1p; }

"$compiler" --version | sed -n 1p
iostream=$(least iostream)
failed=0
# report <source> <label> <limit, as a multiple of iostream>
report() {
  awk -v label="$2" -v time="$(least "$1")" -v unit="$iostream" -v limit="$3" 'BEGIN {
    ratio = time / unit
    printf "%-40s %5d ms %6.2f of <iostream>", label, time, ratio
    if (limit != "") printf ", at most %s", limit
    print ""
    exit limit != "" && ratio > limit
  }' || failed=1
}
report nothing "nothing" ""
report iostream "<iostream>" ""
report number "number.hpp" 1.4
report dropin "number/dropin.hpp" 1.4
report umbrella "lowp.hpp" 9.5
report compiled "lowp.hpp with lowp::compiled" 4.4
[ "$failed" -eq 0 ] || echo "the headers cost more than they may"
exit "$failed"
