#!/bin/sh
# Fuzzes each reader of files of tensors for a bounded number of inputs, from the committed corpus.
#   sh tests/fuzz/run.sh [inputs for each reader] [folder for the program]
# FUZZ_OPTIONS are the compiler options: -O0, which is compiled fastest; -O1 for many inputs.
# Needs clang with libFuzzer (CXX, else clang++-19) and says 77, skipped, without it. A reader that
# breaks a promise leaves the input as crash-* in the folder. What is found stays in the folder, too,
# and is where the next run begins.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
inputs=${1:-2000}
folder=${2:-$(mktemp -d)}
CXX=${CXX:-clang++-19}
command -v "$CXX" >/dev/null || { echo "SKIPPED: no $CXX"; exit 77; }

mkdir -p "$folder"
[ -n "${2:-}" ] || trap 'rm -rf "$folder"' EXIT
"$CXX" -std=c++20 ${FUZZ_OPTIONS:--O0} -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I "$here/../../include" -I "$here/.." "$here/readers.cpp" -o "$folder/readers"

failed=0
for corpus in "$here"/corpus/*; do
  kind=$(basename "$corpus")
  mkdir -p "$folder/$kind"
  if "$folder/readers" "--kind=$kind" "-runs=$inputs" -max_len=2048 -rss_limit_mb=1000 \
    -artifact_prefix="$folder/crash-$kind-" -print_final_stats=1 "$folder/$kind" "$corpus" \
    >"$folder/$kind.log" 2>&1; then
    echo "$kind: $(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$kind.log") inputs"
  else
    tail -n 40 "$folder/$kind.log"
    echo "$kind: FAILED, see above"
    failed=1
    [ -n "${2:-}" ] || cp "$folder"/crash-* . 2>/dev/null || :
  fi
done
exit $failed
