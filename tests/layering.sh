#!/bin/sh
# Checks the #include lines of the library: they point down the layers and make no cycle, heavy standard
# headers stay out, nothing below depends on adapters/ or io/, what throws goes by core/failure.hpp, and no
# file has more than 500 lines.
#   sh tests/layering.sh [include directory]
#   sh tests/layering.sh --self-test      plants one violation of each rule and sees that it is found
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# check <directory that holds lowp/>: prints one line for each violation, fails if there is one.
check() {
  (cd "$1" && find lowp -name '*.hpp' -o -name '*.inc' | LC_ALL=C sort) | (cd "$1" && awk '
    function directory_of(path) { sub(/[^\/]*$/, "", path); return path }

    # a/b/../c/./d.hpp -> a/c/d.hpp
    function normal(path) {
      while (sub(/\/\.\//, "/", path)) {}
      while (sub(/[^\/]+\/\.\.\//, "", path)) {}
      return path
    }

    # The part of the map to which a header belongs.
    function part_of(path, pieces, n) {
      n = split(path, pieces, "/")
      return n == 2 ? pieces[2] : pieces[2] "/"
    }

    # A room of a part, such as gemm/engine/; empty for what lies in the part itself.
    function room_of(path, pieces, n) {
      n = split(path, pieces, "/")
      return n < 4 ? "" : pieces[2] "/" pieces[3] "/"
    }

    function complain(text) { print text; failed = 1 }

    function check_edge(from, to, line,    a, b, where) {
      a = part_of(from); b = part_of(to); where = from ":" line ": "
      if (top[b]) {
        if (!top[a]) complain(where to " is on top of the library, nothing below may include it")
        return
      }
      if (top[a] || a == "lowp.hpp") return
      if (to == "lowp/lowp.hpp" || to == "lowp/number.hpp") {
        complain(where "the umbrella header is for users, not for the library")
      } else if (a == "kernels/") {
        if (b != "kernels/" && layer[b] > 3 && !descriptor[to])
          complain(where "a kernel may not include " to)
      } else if (b == "kernels/") {
        if (layer[a] < 5) complain(where "layer " layer[a] " may not include a kernel, " to)
      } else if (layer[b] > layer[a]) {
        complain(where "layer " layer[a] " includes " to " of layer " layer[b])
      }
      check_rooms(room_of(from), room_of(to), where, to)
    }

    # Within a part, rooms include rooms below them.
    function check_rooms(a, b, where, to,    whole) {
      whole = b; sub(/[^\/]*\/$/, "", whole)
      if (a == "" || b == "" || index(a, whole) != 1) return
      if (floor[a] < floor[b]) complain(where a " may not include the room above, " to)
    }

    function check_standard(from, name, line,    a) {
      a = part_of(from)
      if (top[a]) return
      if (name ~ /^(iostream|regex|functional|ranges)$/)
        complain(from ":" line ": <" name "> is for adapters/ and io/ only")
      else if (name ~ /^(cmath|algorithm)$/ && a in layer && layer[a] <= 3)
        complain(from ":" line ": <" name "> may not be used in layers 0 to 3")
    }

    # A header that throws by itself does not compile with -fno-exceptions.
    function check_throw(from, text, line) {
      if (top[part_of(from)] || from == "lowp/core/failure.hpp") return
      sub(/\/\/.*/, "", text)
      if (text ~ /(^|[^A-Za-z0-9_])(throw[ ;]|try[ {]|catch[ (])/)
        complain(from ":" line ": throw, try and catch are for core/failure.hpp; see refuse() there")
    }

    # Depth first; state 1 is "on the path", 2 is "done".
    function visit(file, path,    i) {
      state[file] = 1
      for (i = 1; i <= degree[file]; i++) {
        if (state[edge[file, i]] == 1) complain("cycle: " path " -> " edge[file, i])
        else if (!state[edge[file, i]]) visit(edge[file, i], path " -> " edge[file, i])
      }
      state[file] = 2
    }

    # What a kernel includes may not bring in number/ or the container by a detour.
    function reach(kernel, file, path,    i, to) {
      seen[kernel, file] = 1
      for (i = 1; i <= degree[file]; i++) {
        to = edge[file, i]
        if (seen[kernel, to]) continue
        if (part_of(to) == "number/" || to == "lowp/block/block_matrix.hpp")
          complain("a kernel reaches " to ": " path " -> " to)
        else reach(kernel, to, path " -> " to)
      }
    }

    BEGIN {
      layer["version.hpp"] = 0
      layer["core/"] = 1; layer["rounding/"] = 2; layer["formats/"] = 3; layer["number/"] = 4
      layer["arrays/"] = 5; layer["transforms/"] = 5.5; layer["functions/"] = 5.5; layer["block/"] = 6; layer["gemm/"] = 7; layer["cache/"] = 7.5; layer["analysis/"] = 8
      layer["verification/"] = 9; layer["profiles/"] = 9
      layer["number.hpp"] = 4; layer["lowp.hpp"] = 10
      floor["gemm/operands/"] = 1; floor["gemm/definition/"] = 2; floor["gemm/policies/"] = 2
      floor["gemm/engine/"] = 3
      floor["gemm/strategies/"] = 4
      floor["block/rules/"] = 1; floor["block/ggml/"] = 1; floor["block/tiles/"] = 2; floor["io/checkpoints/"] = 1
      floor["kernels/targets/"] = 1; floor["kernels/lanes/"] = 1; floor["kernels/arrays/"] = 2; floor["kernels/products/"] = 3
      floor["kernels/searches/"] = 3; floor["kernels/transforms/"] = 3; floor["kernels/statistics/"] = 3; floor["kernels/integers/"] = 3
      floor["kernels/planes/"] = 4; floor["kernels/signed_sums/"] = 3; floor["kernels/phase_sums/"] = 3; floor["kernels/caches/"] = 3
      floor["functions/integer/"] = 1; floor["kernels/functions/"] = 3
      top["adapters/"] = 1; top["io/"] = 1
      descriptor["lowp/block/block_format.hpp"] = 1;
    }

    { file[NR] = $0; exists[$0] = 1 }

    END {
      if (NR == 0) complain("no headers found")
      for (f = 1; f <= NR; f++) {
        from = file[f]; part = part_of(from)
        if (!(part in layer) && !top[part] && part != "kernels/") {
          complain(from ": no layer is known for " part)
          continue
        }
        if (room_of(from) != "" && !(room_of(from) in floor)) {
          complain(from ": no floor is known for the room " room_of(from))
        }
        line = 0
        while ((getline text < from) > 0) {
          line++
          check_throw(from, text, line)
          if (text !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) continue
          quoted = text ~ /include[ \t]*"/
          name = text
          sub(/^[^<"]*[<"]/, "", name); sub(/[>"].*$/, "", name)
          to = normal(quoted ? directory_of(from) name : name)
          if (quoted && !exists[to]) to = normal(name)
          if (exists[to]) {
            edge[from, ++degree[from]] = to
            check_edge(from, to, line)
          } else if (quoted || to ~ /^lowp\//) {
            complain(from ":" line ": no such header: " name)
          } else {
            check_standard(from, name, line)
          }
        }
        if (line > 500) complain(from ": " line " lines, at most 500")
        close(from)
      }
      for (f = 1; f <= NR; f++) if (!state[file[f]]) visit(file[f], file[f])
      for (f = 1; f <= NR; f++) if (part_of(file[f]) == "kernels/") reach(file[f], file[f], file[f])
      exit failed
    }')
}

self_test() {
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf "$scratch"' EXIT
  failures=0

  # A tree that keeps every rule.
  plant() {
    rm -rf "$scratch/lowp"
    for part in core rounding formats number arrays block gemm analysis profiles kernels/lanes kernels/arrays gemm/operands gemm/engine io adapters; do
      mkdir -p "$scratch/lowp/$part"
    done
    cd "$scratch/lowp" || exit 1
    echo '#define LOWP_VERSION_MAJOR 0' >version.hpp
    echo '#include <cstdint>' >core/bits.hpp
    echo '#include "../core/bits.hpp"' >rounding/modes.hpp
    echo '#include <lowp/rounding/modes.hpp>' >formats/float_format.hpp
    printf '#include <cmath>\n#include <lowp/formats/float_format.hpp>\n' >number/number.hpp
    echo '#include <lowp/kernels/dispatch.hpp>' >arrays/convert.hpp
    echo '#include <lowp/formats/float_format.hpp>' >block/block_format.hpp
    echo '#include <lowp/number/number.hpp>' >block/block_matrix.hpp
    printf '#include <lowp/block/block_matrix.hpp>\n#include <algorithm>\n' >gemm/gemm.hpp
    echo '#include <lowp/gemm/gemm.hpp>' >analysis/error.hpp
    echo '#include <lowp/analysis/error.hpp>' >profiles/profile.hpp
    echo '  #  include <lowp/kernels/lanes/decode.hpp>' >kernels/dispatch.hpp
    echo '#include <lowp/gemm/operands/rows.hpp>' >gemm/engine/panels.hpp
    echo '#include <lowp/gemm/policy.hpp>' >gemm/operands/rows.hpp
    echo '#include <lowp/version.hpp>' >gemm/policy.hpp
    echo '#include <lowp/version.hpp>' >gemm/engine/blocked.hpp
    echo '#include <lowp/version.hpp>' >kernels/arrays/loops.hpp
    echo '#include "../lanes/decode.hpp"' >kernels/arrays/table.hpp
    echo '#include "../../block/block_format.hpp"' >kernels/lanes/decode.hpp
    printf '#include <lowp/lowp.hpp>\n#include <iostream>\n' >adapters/iostream.hpp
    echo '#include "../adapters/iostream.hpp"' >io/file.hpp
    printf '#include <lowp/version.hpp>\n#include <lowp/analysis/error.hpp>\n' >lowp.hpp
    echo '#include <lowp/number/number.hpp>' >number.hpp
  }

  # violates <expected words> <header> <line to add>
  violates() {
    plant
    echo "$3" >>"$2"
    if found=$(check "$scratch"); then
      echo "not found: $3 in $2"
      failures=$((failures + 1))
    elif ! echo "$found" | grep -q -e "$1"; then
      echo "found for another reason: $3 in $2: $found"
      failures=$((failures + 1))
    fi
  }

  # rejects_place <directory>: a header there has no layer, or no floor
  rejects_place() {
    plant
    mkdir -p "$scratch/lowp/$1"
    echo >"$scratch/lowp/$1/thing.hpp"
    if check "$scratch" >"$scratch/found"; then
      echo "an unknown place was accepted: $1"
      failures=$((failures + 1))
    fi
  }

  plant
  if ! found=$(check "$scratch"); then
    echo "a good tree was rejected: $found"
    failures=$((failures + 1))
  fi
  violates 'layer 1 includes' core/bits.hpp '#include <lowp/formats/float_format.hpp>'
  violates 'layer 0 includes' version.hpp '#include "core/bits.hpp"'
  violates 'layer 6 includes' block/block_format.hpp '#  include "../gemm/gemm.hpp"'
  violates 'layer 8 includes' analysis/error.hpp '#include <lowp/profiles/profile.hpp>'
  violates 'the room above' gemm/operands/rows.hpp '#include <lowp/gemm/engine/blocked.hpp>'
  violates 'the room above' kernels/lanes/decode.hpp '#include "../arrays/loops.hpp"'
  violates 'cycle:' kernels/lanes/decode.hpp '#include <lowp/kernels/dispatch.hpp>'
  violates 'cycle:' core/bits.hpp '#include "bits.hpp"'
  violates 'on top of the library' analysis/error.hpp '#include <lowp/io/file.hpp>'
  violates 'on top of the library' lowp.hpp '#include <lowp/adapters/iostream.hpp>'
  violates 'umbrella header' gemm/gemm.hpp '#include <lowp/lowp.hpp>'
  violates 'umbrella header' arrays/convert.hpp '#include <lowp/number.hpp>'
  violates 'layer 4 includes' number.hpp '#include <lowp/arrays/convert.hpp>'
  violates 'may not include a kernel' number/number.hpp '#include <lowp/kernels/dispatch.hpp>'
  violates 'a kernel may not include' kernels/dispatch.hpp '#include <lowp/number/number.hpp>'
  violates 'a kernel may not include' kernels/dispatch.hpp '#include <lowp/block/block_matrix.hpp>'
  violates 'a kernel reaches' block/block_format.hpp '#include <lowp/number/number.hpp>'
  violates 'adapters/ and io/ only' analysis/error.hpp '#include <functional>'
  violates 'adapters/ and io/ only' kernels/dispatch.hpp '#include <ranges>'
  violates 'layers 0 to 3' formats/float_format.hpp '#include <cmath>'
  violates 'layers 0 to 3' core/bits.hpp '#include <algorithm>'
  violates 'see refuse' arrays/convert.hpp '  if (size == 0) throw std::invalid_argument("size");'
  violates 'no such header' core/bits.hpp '#include <lowp/core/absent.hpp>'
  violates 'at most 500' core/bits.hpp "$(seq 501 | sed 's/^/\/\/ /')"
  rejects_place extra
  rejects_place gemm/extra
  [ "$failures" -eq 0 ]
}

case ${1-} in
  --self-test) self_test ;;
  *) check "${1-$here/../include}" ;;
esac
