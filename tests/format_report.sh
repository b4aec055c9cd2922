#!/bin/sh
# The report program as a user meets it: tables, JSON, and clear refusals.
# usage: sh tests/format_report.sh <program> <scratch folder>
set -u
program=$1
scratch=$2
mkdir -p "$scratch"
failures=0

# expect <status> <text> <argument>…: the program's exit status, and a text in what it prints
expect() {
  status=$1
  text=$2
  shift 2
  "$program" "$@" >"$scratch/output" 2>&1
  actual=$?
  if [ "$actual" -ne "$status" ] || ! grep -q -e "$text" "$scratch/output"; then
    echo "format_report $*: status $actual, expected $status and \"$text\" in:"
    cat "$scratch/output"
    failures=$((failures + 1))
  fi
}

few="--format mxfp4 --format nvfp4 --characters 32"
expect 0 'Held-out bits per character over 32 characters' $few
expect 0 '"weights_and_activations"' $few --json
expect 0 'rounding stochastic, seed 7' $few --rounding stochastic --seed 7
expect 0 'mxfp4_rceil' --help
expect 105 'not in' --format e5m7
expect 105 'not in' --rounding up
expect 105 'does not exist' "$scratch/absent.safetensors"
expect 1 'text-folder' $few --text-folder "$scratch/absent"

printf 'not a tensor file' >"$scratch/text.safetensors"
expect 1 'format_report: .*text.safetensors' "$scratch/text.safetensors"
: >"$scratch/empty.safetensors"
expect 1 'format_report: .*empty.safetensors' "$scratch/empty.safetensors"

# A file that is not the character model: tensors alone, and one that holds no numbers to measure.
header='{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]}}'
{
  printf "\\$(printf %o ${#header})\000\000\000\000\000\000\000%s" "$header"
  printf '\000\000\200\077\000\000\000\100ab'
} >"$scratch/two.safetensors"
expect 0 'a \[1 x 2\]' "$scratch/two.safetensors" --format e2m1
expect 0 'I8' "$scratch/two.safetensors" --format e2m1
if grep -q 'Held-out' "$scratch/output"; then
  echo "a file that is not the character model got its table"
  failures=$((failures + 1))
fi

# A tensor with a NaN is lost in a block format, and the report says so.
header='{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
{
  printf "\\$(printf %o ${#header})\000\000\000\000\000\000\000%s" "$header"
  printf '\000\000\200\077\000\000\300\177'
} >"$scratch/nan.safetensors"
expect 0 'lost .* 100.000%' "$scratch/nan.safetensors" --format mxfp4

# The figures do not depend on the number of threads.
"$program" $few --json --threads 1 >"$scratch/one.json" || failures=$((failures + 1))
"$program" $few --json --threads 3 >"$scratch/three.json" || failures=$((failures + 1))
cmp "$scratch/one.json" "$scratch/three.json" || failures=$((failures + 1))

[ "$failures" -eq 0 ]
