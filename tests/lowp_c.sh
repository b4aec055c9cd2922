#!/bin/sh
# The C face from C and from Python's ctypes, as far as this machine has a C compiler and Python; without
# both the test is skipped.
# usage: sh tests/lowp_c.sh <shared library> <scratch folder> <source directory>
set -u
library=$1
scratch=$2
source=$3
mkdir -p "$scratch"
failures=0
ran=0

if command -v cc >/dev/null; then
  ran=1
  directory=$(dirname "$library")
  cc -std=c99 -Wall -Wextra -Werror "-I$source/examples/dpi" "$source/examples/dpi/example.c" "$library" \
    "-Wl,-rpath,$directory" -o "$scratch/example" && "$scratch/example" || failures=$((failures + 1))
fi
if command -v cc >/dev/null; then
  # What goes wrong leaves nothing behind.
  cc -std=c99 -Wall -Wextra -Werror "-I$source/examples/dpi" "$source/tests/lowp_c.c" "$library" \
    "-Wl,-rpath,$directory" -o "$scratch/failures" && "$scratch/failures" || failures=$((failures + 1))
fi
if command -v nm >/dev/null && [ "$(uname)" = Linux ]; then
  # Nothing but the functions of lowp_c.h is visible.
  others=$(nm -D --defined-only "$library" | awk '$2 ~ /[TD]/ { print $3 }' | grep -v '^lowp_')
  if [ -n "$others" ]; then
    echo "the library shows more than lowp_c.h declares: $others" | head -c 500
    failures=$((failures + 1))
  fi
fi
if command -v python3 >/dev/null; then
  ran=1
  python3 "$source/tests/lowp_c.py" "$library" "$source" || failures=$((failures + 1))
fi
[ "$failures" -eq 0 ] || exit 1
[ "$ran" -eq 1 ] || exit 77
