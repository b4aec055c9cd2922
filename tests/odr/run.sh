#!/bin/sh
# Two translation units of one program, compiled for different instruction sets, whose functions the
# linker merges as it likes: they give the same results, and what depends on the instruction set is
# never merged.
#   sh tests/odr/run.sh [scratch directory]        environment: CXX, OPTIMIZATION
# Which functions there are is seen best without optimization, the default.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
compiler=${CXX:-c++}
unset CXXFLAGS CPPFLAGS || true
if [ $# -gt 0 ]; then
  work=$1
  rm -rf "$work"
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

fail() {
  echo "$*" >&2
  exit 1
}

# compile <object> <function> <flag>…
compile() {
  object=$1
  unit=$2
  shift 2
  "$compiler" -std=c++20 "-I$root/include" "-DUNIT=$unit" "$@" -c "$here/unit.cpp" -o "$object"
}

# functions <object>: the names of the functions that the linker may merge with others of that name
functions() {
  nm --defined-only "$1" | awk '$2 == "W" || $2 == "V" || $2 == "u" { print $3 }' | LC_ALL=C sort
}

# callers <object>: the functions that refer to one that depends on the instruction set
callers() {
  objdump -dr "$1" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/^<|>:$/, "", name) }
    /R_X86_64_/ && /_ZN[A-Z]*4lowp[0-9]+baseline/ { if (!(name in seen)) { seen[name]; print name } }
  ' | LC_ALL=C sort
}

# compare <object> <object>: nothing that depends on the instruction set is in both
compare() {
  functions "$1" >"$work/first"
  functions "$2" >"$work/second"
  LC_ALL=C comm -12 "$work/first" "$work/second" >"$work/shared"
  [ -s "$work/shared" ] || fail "nm found no function in both objects, expected those of std"
  [ "$(c++filt <"$work/second" | grep -c 'kernels::')" -gt 0 ] || fail "nm found no kernel"
  if c++filt <"$work/shared" | grep -E 'kernels::|::bulk::|lowp::(baseline_|execution::)'; then
    fail "these depend on the instruction set and are in both objects"
  fi
  for object in "$1" "$2"; do
    callers "$object" | LC_ALL=C comm -12 - "$work/shared" >"$work/callers"
    if [ -s "$work/callers" ]; then
      c++filt <"$work/callers"
      fail "these are in both objects and call what depends on the instruction set"
    fi
  done
}

expected=
# run <program> <argument>…: all programs print the same
run() {
  actual=$("$@") || fail "$* failed: $actual"
  [ -n "$actual" ] || fail "$* printed nothing"
  [ "${expected:=$actual}" = "$actual" ] || fail "$* gave $actual, expected $expected"
}

qemu=$(command -v qemu-x86_64 || command -v qemu-x86_64-static || true)
optimization=${OPTIMIZATION:--O0}
compile "$work/first.o" first_unit "$optimization"
for level in 3 4; do
  compile "$work/second.o" second_unit "$optimization" "-march=x86-64-v$level"
  "$compiler" -std=c++20 "-DLEVEL=$level" -c "$here/main.cpp" -o "$work/main.o"
  compare "$work/first.o" "$work/second.o"
  for order in "first.o second.o" "second.o first.o"; do
    # shellcheck disable=SC2086 # two words
    (cd "$work" && "$compiler" main.o $order -o odr)
    run "$work/odr"
    # A machine without AVX: the first unit is for it, if the linker takes what is in both from it.
    if [ -n "$qemu" ] && [ "$order" = "first.o second.o" ]; then
      run "$qemu" -cpu Nehalem "$work/odr" first
    fi
  done
  echo "$optimization, x86-64-v$level: $expected"
done
