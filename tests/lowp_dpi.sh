#!/bin/sh
# The Verilator test bench finds no mismatch in the right circuit, and each of five planted faults.
# usage: sh tests/lowp_dpi.sh <test bench>
set -u
bench=$1
failures=0
found=$("$bench")
status=$?
echo "$found"
if [ $status -ne 0 ] || [ "$found" != "fault 0: 16777216 operands, 0 mismatches" ]; then
  echo "the right circuit was rejected"
  failures=1
fi
for fault in 1 2 3 4 5; do
  if "$bench" "+fault=$fault"; then
    echo "fault $fault was not found"
    failures=$((failures + 1))
  fi
done
[ "$failures" -eq 0 ]
