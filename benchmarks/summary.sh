#!/bin/sh
# Runs the benchmarks of arrays and blocks and prints their ratios as a Markdown table:
#   sh benchmarks/summary.sh [<build directory> [<regular expression for rows>]]
# The build directory is build/benchmark unless named: cmake --workflow --preset benchmark makes it. LOWP_ISA
# sets the highest instruction set to run: portable, avx2, avx512, avx512vbmi, avx512bf16 or amx.
set -u

root=$(cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
build=${1:-$root/build/benchmark}
filter=${2:-.}

results=$(mktemp) || exit 1
trap 'rm -f "$results"' EXIT
trap 'exit 1' HUP INT TERM

for name in arrays/encode arrays/decode arrays/round_to block/quantize; do
  program=$build/benchmarks/${name}_bench
  if [ ! -x "$program" ]; then
    echo "summary: $program is not there; build the benchmarks first" >&2
    exit 1
  fi
  echo "summary: running $name" >&2
  "$program" --benchmark_filter="$filter" --benchmark_format=json >>"$results" || exit 1
done

awk '
  # Two decimals below 1, one below 10.
  function short(x) { return x == "" ? "–" : x < 0.995 ? sprintf("%.2f", x) : x < 9.95 ? sprintf("%.1f", x) : sprintf("%.0f", x) }
  function cell(key) { return short(value[key]) }
  # A ratio on two threads, unless they did not have a core each.
  function paired(size,    spread) {
    spread = value[job, size, "2_threads", best[job], "spread"]
    if (spread != "" && (spread < 0.9 || spread > 1.1)) return "busy"
    return cell(job SUBSEP size SUBSEP "2_threads" SUBSEP best[job] SUBSEP "of_one_thread")
  }
  function alone(size, isa, counter) { return cell(job SUBSEP size SUBSEP "1_thread" SUBSEP isa SUBSEP counter) }

  /"name": "/ {
    split($0, quoted, "\"")
    n = split(quoted[4], part, "/")
    if (part[n] == "manual_time") --n
    isa = part[n]; threads = part[n - 1]; size = part[n - 2]
    job = part[1]
    for (i = 2; i < n - 2; ++i) job = job "/" part[i]
    if (!(job in best)) { jobs[++count] = job; best[job] = isa }
  }
  /"(of_[^"]*|spread)": / {
    split($0, quoted, "\"")
    number = $2
    sub(/,$/, "", number)
    value[job, size, threads, isa, quoted[2]] = number + 0
    if (size == "L2" && threads == "1_thread" && isa == best[job] && quoted[2] !~ /^of_(copy|nt|one_thread|best_isa)$/) {
      rival = substr(quoted[2], 4)
      rivals[job] = rivals[job] (rivals[job] == "" ? "" : ", ") rival " " short(number + 0)
    }
  }
  END {
    print "| job | of copy, L2 | L3 | memory | of NT, memory | two threads, L2 | L3 | memory | AVX2, L2 | memory | others, L2 |"
    print "|---|---|---|---|---|---|---|---|---|---|---|"
    for (k = 1; k <= count; ++k) {
      job = jobs[k]
      isa = best[job]
      printf "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", job,
        alone("L2", isa, "of_copy"), alone("L3", isa, "of_copy"), alone("memory", isa, "of_copy"),
        alone("memory", isa, "of_nt"), paired("L2"), paired("L3"), paired("memory"),
        alone("L2", "avx2", "of_best_isa"), alone("memory", "avx2", "of_best_isa"),
        rivals[job] == "" ? "–" : rivals[job]
    }
    print ""
    print "of copy, of NT: speed as a share of loops that move the same bytes, with ordinary and with non-temporal"
    print "stores. Two threads: as a multiple of one. AVX2: as a share of the best instructions. Others: the speed as"
    print "a multiple of theirs."
  }' "$results"
