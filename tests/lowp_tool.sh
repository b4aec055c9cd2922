#!/bin/sh
# The tool `lowp` as a user meets it: vectors are written and checked, devices that err are found, and
# what is wrong is refused without leaving a file.
# usage: sh tests/lowp_tool.sh <program> <scratch folder> <source directory>
. "$3/tests/lowp_tool_begin.sh"

# What is written is what is checked, for every kind of function.
fma="--op fma --format e4m3fn --environment riscv"
expect 0 'tie' vectors $fma --rounding all --corners --out fma.txt
expect 0 ' 0 mismatches' check fma.txt
expect 0 '65536 vectors' vectors --op multiply --format e5m2 --exhaustive --out product.txt
expect 0 '65536 vectors, 0 mismatches' check product.txt
expect 0 'vectors of convert' vectors --op convert --from binary32 --format 'e4m2(bias 3,no inf)' \
  --rounding upward,stochastic --count 200 --out convert.txt
expect 0 '400 vectors, 0 mismatches' check convert.txt
expect 0 'the scale is NaN' vectors --op quantize --block nvfp4 --columns 40 --corners --out block.txt
expect 0 '384 vectors, 0 mismatches' check block.txt
expect 0 'vectors of dot' vectors --op dot --format e5m2 --depth 9 --count 99 \
  --policy 'aligned_sums{.terms = 4, .fraction_bits = 23}' --out dot.txt
expect 0 '99 vectors, 0 mismatches' check dot.txt

# What is out of range becomes what was asked for, in what the file says and in what is checked: 1024 in
# E4M3, of which nothing is infinite, is NaN or 448.
convert="--op convert --from binary32 --format e4m3fn --corners"
for overflow in saturate to_special propagate; do
  expect 0 'vectors of convert' vectors $convert --overflow $overflow --out $overflow.txt
  expect 0 ' 0 mismatches' check $overflow.txt
  grep -q "^parameter overflow $overflow\$" $overflow.txt || fail "$overflow is not in the file"
done
expect 0 'vectors of convert' vectors $convert --out default.txt
sed '1,/^begin/d' default.txt >default.codes
sed '1,/^begin/d' to_special.txt | cmp -s - default.codes || fail "to_special is not the default"
sed '1,/^begin/d' saturate.txt | cmp -s - default.codes && fail "--overflow saturate does nothing"
sed 's/^parameter overflow saturate$/parameter overflow to_special/' saturate.txt >other.txt
expect 1 ' mismatches' check other.txt
expect 2 "near it: saturate" vectors $convert --overflow saturat --out no.txt
expect 2 "for operations" vectors --op dot --overflow saturate --count 1 --out no.txt

# Families with headers of their own.
for format in 'takum_format{.total_bits = 12}' hif8 nf4; do
  expect 0 'vectors of convert' vectors --op convert --from binary32 --format "$format" --corners --out family.txt
  expect 0 ' 0 mismatches' check family.txt
  sed '1,/^begin/d; /^end/d' family.txt | cut -d ' ' -f 3- >answers
  expect 0 ' 0 mismatches' check family.txt --against 'cat answers; cat >/dev/null'
done

expect 2 "no multiples of powers of two" vectors --op add --corners --out no.txt \
  --format 'lns_format{.total_bits = 8, .fraction_bits = 3}'

# The same command writes the same bytes; another seed others.
expect 0 '' vectors $fma --count 500 --out one.txt
expect 0 '' vectors $fma --count 500 --out two.txt
expect 0 '' vectors $fma --count 500 --seed 2 --out three.txt
cmp one.txt two.txt || fail "vectors differ from run to run"
cmp -s one.txt three.txt && fail "vectors do not depend on the seed"

# Other layouts hold as many vectors.
expect 0 '' vectors $fma --count 50 --layout hex --out v.hex
[ "$(grep -vc '^//' v.hex)" -eq 50 ] || fail "v.hex has not 50 words"
expect 0 '' vectors $fma --count 50 --layout hex --rounding upward,stochastic --out random.hex
grep -q 'c\[7:0\], random\[31:0\], r\[7:0\]' random.hex || fail "random.hex does not list its random bits"
[ "$(grep -v '^//' random.hex | awk '{ print length($0) }' | sort -u | wc -l)" -eq 1 ] || fail "words differ in width"
expect 0 '' vectors $fma --count 50 --layout json --out v.json
[ "$(grep -c '"flags": ' v.json)" -eq 50 ] || fail "v.json has not 50 vectors"
expect 0 '' vectors $fma --count 50 --layout c --prefix fma --out v.h
printf '#include "v.h"\n#include "v.h"\nint main(void) { return fma_vectors[49].results[0] < 256 && fma_vector_count == 50 ? 0 : 1; }\n' >v.c
if command -v cc >/dev/null; then
  { cc -std=c99 -Wall -Werror v.c -o c_program && ./c_program; } || fail "the C header is not usable"
fi

# A device under test: one that knows all answers, one that errs at every 1000th, one that ends, one
# that talks.
sed '1,/^begin/d; /^end/d' fma.txt | cut -d ' ' -f 5- >answers
awk 'NR % 1000 == 0 { $2 = "20" } { print }' answers >wrong_flags
awk 'NR % 1000 == 0 { $1 = "3f" } { print }' answers >wrong_results
expect 0 ' 0 mismatches' check fma.txt --against 'cat answers; cat >/dev/null'
expect 1 '(0 results, [1-9]' check fma.txt --against 'cat wrong_flags; cat >/dev/null'
expect 0 ' 0 mismatches' check fma.txt --ignore-flags --against 'cat wrong_flags; cat >/dev/null'
expect 1 'expected .* found 3f' check fma.txt --against 'cat wrong_results; cat >/dev/null'
expect 2 'ended before' check fma.txt --against 'head -n 10 answers'
expect 2 ":1:1: found 'hello'" check fma.txt --against 'echo hello; cat >/dev/null'
expect 1 ' mismatches' check fma.txt --against \
  "while read -r mode a b c; do echo 00 00; done"

# Devices that keep answers in a buffer, or answer only after the end of their input: more vectors than
# pipes hold.
expect 0 '' vectors --op add --format e4m3fn --exhaustive --out sum_all.txt
sed '1,/^begin/d; /^end/d' sum_all.txt | cut -d ' ' -f 4- >sum_answers
expect 0 '65536 vectors, 0 mismatches' check sum_all.txt --timeout 30 --against \
  'awk "{ if ((getline answer < \"sum_answers\") > 0) print answer }"'
expect 0 '65536 vectors, 0 mismatches' check sum_all.txt --timeout 30 --against \
  'cat >late; cat sum_answers'
[ "$(wc -l <late)" -eq 65536 ] || fail "not all questions were sent"
expect 0 '65536 vectors, 0 mismatches' check sum_all.txt --timeout 30 --against 'cat sum_answers'

# Devices that hang, fail, say too much or stop within a line. A hung one leaves no process.
answer_all='cat >/dev/null; cat answers'
expect 2 'for 1 seconds (--timeout)' check fma.txt --timeout 1 --against 'echo $$ >hung; sleep 100; true'
kill -0 "$(cat hung)" 2>/dev/null && fail "a device that hangs was not killed"
expect 2 'did not end within 1 seconds' check fma.txt --timeout 1 --against "$answer_all; exec >&-; sleep 100; true"
expect 2 'failed with exit status 3' check fma.txt --against "$answer_all; exit 3"
grep -q ' 0 mismatches' output || fail "what was compared before is not told"
expect 2 'ended by signal 9' check fma.txt --against "$answer_all; kill -9 \$\$"
expect 2 '0 answers; it failed with exit status 127' check fma.txt --against ./absent
expect 2 "found '00 00' after the answers to all" check fma.txt --against "$answer_all; echo 00 00"
expect 2 "ended within a line: '00 0'" check fma.txt --against "$answer_all; printf '00 0'"
expect 0 ' 0 mismatches' check fma.txt --against "sh -c 'kill -13 \$\$'; [ \$? -eq 141 ] || exit 1; $answer_all"

# TestFloat's layout: two cases of its own kind, one of them wrong.
printf '87FF E850 344F 3450 01\n0000 0000 857F 857F 00\n' >testfloat.txt
expect 1 '2 vectors, 1 mismatches' testfloat f16_mulAdd testfloat.txt
printf '3C00 3C00 4000 00\n7BFF 7BFF 7C00 05\n' >sum.txt
expect 0 '2 vectors, 0 mismatches' testfloat f16_add sum.txt
printf '3C00 3C00 4000\n' >short.txt
expect 2 "short.txt:1:15: found ''" testfloat f16_add short.txt
expect 2 "near it: mulAdd" testfloat f16_mulAd sum.txt

# 464.25 is NaN in PyTorch before 2.12 and 448 in CUDA, and both are one with themselves.
expect 0 'overflow  .*  464.25: 0x7f (nan) and 0x7e (448)' diff torch cuda_sat --format e4m3fn
expect 0 '^from binary16, all: 0 differences' diff torch torch --format e4m3fn
expect 2 'torch' diff torhc onednn

# A format, a code, a value: facts of the OCP specifications, the decimals of 2^-9 and of binary64's 0.1.
expect 0 '^0x7e *0|1111|110 *normal *448 *0x1.cp+8$' explain e4m3fn
[ "$(grep -c '^0x' output)" -eq 256 ] || fail "explain e4m3fn does not list 256 codes"
expect 0 '^0xc *1|10|0 *normal *-2 ' explain e2m1
expect 0 'smallest positive *0x01 ' explain e4m3fn
expect 0 'nearest_even *\[432, 464\]' explain e4m3fn 0x7e
expect 0 'nearest_away *\[432, 464)' explain e4m3fn 0b0_1111_110
expect 0 'toward_zero *\[0.001953125, 0.00390625)' explain e4m3fn 0x01
expect 0 'next up *0x02 .*0.001953125 away' explain e4m3fn 0x01
expect 0 'next down *0x7d .* 32 away' explain e4m3fn 126 --code
expect 0 '0x7f  nan *to_special$' explain e4m3fn 464.5
expect 0 '0x7e  448 *saturate propagate' explain e4m3fn 464.5
expect 0 'nearest_even *0x80  -128$' explain int8 -128.25
expect 0 '0x7f  127 *wrap' explain int8 --value=-129
expect 0 'exact *0.1000000000000000055511151231257827021181583404541015625$' explain binary64 0x3fb999999999999a
expect 0 '"shortest": "-448"' explain 'float_format{.exponent_bits = 4, .mantissa_bits = 3, .has_infinity = false, .nan_codes = 1}' 0xfe --json
expect 0 'value  *1.5' explain 'lns_format{.total_bits = 8, .fraction_bits = 3}' 0x05
expect 2 'more than the 8 bits of e4m3fn' explain e4m3fn 0x100
expect 2 "'abc' is neither a code" explain e4m3fn abc
expect 2 'near it: e4m3fn' explain e4m3f
expect 0 'Exit codes: ' explain --help

# What is wrong is named, and nothing is left of it.
expect 2 "no operation is called 'fmaa'; near it: fma" vectors --op fmaa --corners --out no.txt
expect 2 "near it: e4m3fn" vectors --op add --format e4m3f --corners --out no.txt
expect 2 "near it: nearest_even" vectors --op add --rounding nearest_evn --corners --out no.txt
expect 2 "near it: mxfp4" vectors --op quantize --block mxfp44 --corners --out no.txt
expect 2 "near it: hopper_fp8" vectors --op dot --format e5m2 --policy hoper_fp8 --corners --out no.txt
expect 2 "near it: riscv" vectors --op add --environment riskv --corners --out no.txt
expect 2 "at most 28" vectors --op add --format binary16 --exhaustive --out no.txt
expect 2 "an identifier of C" vectors $fma --count 5 --layout c --prefix 'a b' --out no.txt
expect 2 "is needed" vectors --op add --out no.txt
expect 2 "cannot create" vectors --op add --corners --out absent/no.txt
[ -e no.txt ] && fail "a refused command left a file"
ls ./*.partial* >/dev/null 2>&1 && fail "a temporary file was left"
sed 's/^nearest_even 00 00 00/nearest_even 00 0x 00/' fma.txt >damaged.txt
expect 2 "damaged.txt:11:17: found '0x'" check damaged.txt
head -n 40 fma.txt >cut.txt
expect 2 "cut.txt:40:1: the file ends" check cut.txt
expect 2 "^lowp: \./*: is a directory" check .
expect 2 "^lowp: \./*: is a directory" testfloat f16_add .
: >empty.txt
expect 2 "empty.txt: has no vectors" testfloat f16_add empty.txt
expect 2 "empty.txt:1:1: the file is empty" check empty.txt
sed '/^begin/q' fma.txt >none.txt
echo 'end 0' >>none.txt
expect 2 "none.txt: has no vectors" check none.txt
expect 2 "none.txt: has no vectors" check none.txt --against 'cat >/dev/null'
printf '3C00 3C00 4000 00' >unended.txt
expect 2 "unended.txt:1:18: the file ends within a line" testfloat f16_add unended.txt

# A header that says other than its function does.
expect_header() {
  sed "$2" fma.txt >header.txt
  expect 2 "header.txt:$1" check header.txt
}
expect_header "6:1: found operand 'b 1 e5m2', expected 'b 1 e4m3fn' as 'fma' has" 's/^operand b.*/operand b 1 8 e5m2/'
expect_header "8:1: found result 'r 1 bfloat16', expected 'r 1 e4m3fn'" 's/^result r.*/result r 1 16 bfloat16/'
expect_header "5:1: found operand 'x 1 e4m3fn', expected 'a 1 e4m3fn'" 's/^operand a/operand x/'
expect_header "5:1: found operand 'a 2 e4m3fn', expected 'a 1 e4m3fn'" 's/^operand a 1/operand a 2/'
expect_header "3:1: found 2 lines 'operand', expected 3" '/^operand c/d'
expect_header "3:1: no operation is called 'fmaa'" 's/^function fma/function fmaa/'
expect_header "3:1: no environment is called 'riskv'" 's/ riscv$/ riskv/'
sed 's/^flags no/flags yes/' block.txt >header.txt
expect 2 "header.txt:3:1: found 'flags yes'" check header.txt
expect 0 'cdna3_fp8' names
expect 0 '  onednn ' names

# Options that would not be heeded are refused.
unused() {
  option=$1
  shift
  expect 2 "^lowp: $option does not apply to" vectors "$@" --out no.txt
}
unused --from --op add --from e5m2 --corners
unused --depth --op add --depth 4 --corners
unused --block --op add --block nvfp4 --corners
unused --rounding --op minimum --rounding upward --corners
unused --format --op quantize --block nvfp4 --format e4m3fn --corners
unused --element --op quantize --block nvfp4 --element e5m2 --corners
unused --environment --op dot --format e5m2 --environment riscv --corners
unused --rounding --op dot --format e5m2 --rounding upward --corners
unused --count --op add --format e4m3fn --exhaustive --count 9
unused --seed --op add --format e4m3fn --exhaustive --seed 9
unused --prefix --op add --format e4m3fn --corners --prefix sum
expect 2 "^lowp: --exact does not apply to 'f16_add'" testfloat f16_add sum.txt --exact
printf '3E00 00000002 01\n' >to_integer.txt
expect 0 '1 vectors, 0 mismatches' testfloat f16_to_i32 to_integer.txt --exact
expect 107 'requires --against' check sum_all.txt --timeout 3
expect 0 '65536 vectors' vectors --op add --format e4m3fn --rounding stochastic --exhaustive --seed 9 --out drawn.txt

# Numbers in their ranges; where the largest row ends, the reader ends.
refused_number() {
  expect 105 "$1: found '$2', expected a whole number from" vectors --op add --corners "$1" "$2" --out no.txt
  expect 105 "$1: found '$2', expected a whole number from" vectors --op add --corners "$1=$2" --out no.txt
}
for number in -1 1e3 010 99999999999999999999; do
  refused_number --count "$number"
  refused_number --seed "$number"
  refused_number --columns "$number"
  refused_number --depth "$number"
done
refused_number --count 0x
refused_number --count 2.5
refused_number --seed 0x10000000000000000
refused_number --columns 0
refused_number --columns 1048577
refused_number --block-size 1048577
refused_number --depth 65537
refused_number --count 1099511627777
expect 105 "from 0 to" check sum_all.txt --show -1
expect 105 "from 0 to" diff torch onednn --count -1
expect 105 "from 1 to" check sum_all.txt --against cat --timeout 0
expect 0 '1 vectors' vectors --op quantize --block mxfp4 --columns 1048576 --count 1 --out row.txt
expect 0 '1 vectors, 0 mismatches' check row.txt
[ -e no.txt ] && fail "a refused command left a file"

# How the file is named is not in it; what is no regular file is written and not replaced.
expect 0 '' vectors $fma --count 20 --layout c --out plain.h
expect 0 '' vectors $fma --count 20 --layout c --out=equals.h
cmp plain.h equals.h || fail "--out=FILE and --out FILE differ"
mkdir folder
# So many vectors that it would not end before the time is over.
expect 2 '^lowp: folder: is a directory' vectors --op add --count 1000000000000 --out folder
expect 2 '^lowp: folder/: is a directory' vectors --op add --count 1000000000000 --out folder/
expect 2 'is empty' vectors --op add --count 1000000000000 --out ''
ln -s folder/target.h link.h
for time in first second; do
  expect 0 '' vectors $fma --count 20 --layout c --out link.h
  [ -L link.h ] || fail "a link was replaced ($time)"
  cmp plain.h folder/target.h || fail "a link was not followed ($time)"
done
ln -s loop.h loop.h
expect 2 'too many symbolic links' vectors $fma --count 20 --out loop.h
ln -s /dev/null null.h
expect 0 '20 vectors' vectors $fma --count 20 --out null.h
[ -L null.h ] && [ -c /dev/null ] || fail "a device was replaced"
mkfifo fifo
cat fifo >piped.h &
expect 0 '20 vectors' vectors $fma --count 20 --layout c --out fifo
wait
[ -p fifo ] || fail "a FIFO was replaced"
cmp plain.h piped.h || fail "a FIFO was not written"
if [ -c /dev/full ]; then
  expect 2 'cannot write all bytes' vectors $fma --count 20 --out /dev/full
fi
ls ./*.partial* folder/*.partial* >/dev/null 2>&1 && fail "a temporary file was left"

# The README's commands run.
sed -n '/^## Golden vectors/,/^## [^G]/p' "$source/README.md" | sed -n '/^```sh/,/^```$/p' | grep '^lowp ' >commands
[ -s commands ] || fail "the README has no commands"
lowp() { "$program" "$@"; }
. ./commands >output 2>&1 || fail "the README's commands do not run: $(tail -n 3 output)"
grep -q 'lowp:' output && fail "a command of the README was refused: $(grep 'lowp:' output)"

[ "$failures" -eq 0 ]
