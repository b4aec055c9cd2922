#!/bin/sh
# The tool `lowp` on files of tensors: what inspect says of bytes that are written here, where convert
# gives which bytes, that types lead back, and that verify finds what differs.
# usage: sh tests/lowp_tool_tensors.sh <program> <scratch folder> <source directory>
. "$3/tests/lowp_tool_begin.sh"

hex_bytes() { od -An -v -tx1 "$@" | tr -d ' \n'; }

# A safetensors file by hand: 0.5 1 2 -6 0 3 -0.5 4, sixteen times in all, in two rows of 64; one more
# tensor with a NaN, an infinity, 448, and one of integers.
one='\000\000\000\077\000\000\200\077\000\000\000\100\000\000\300\300\000\000\000\000\000\000\100\100\000\000\000\277\000\000\200\100'
header='{"__metadata__":{"made":"by hand"},"a.weight":{"dtype":"F32","shape":[2,64],"data_offsets":[0,512]},"b":{"dtype":"F32","shape":[4],"data_offsets":[512,528]},"n":{"dtype":"I32","shape":[2],"data_offsets":[528,536]}}'
size=$(printf %s "$header" | wc -c)
{
  printf "\\$(printf %o "$size")\\000\\000\\000\\000\\000\\000\\000"
  printf %s "$header"
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do printf "$one"; done
  printf '\000\000\300\177\000\000\200\377\000\000\340\103\000\000\200\076'
  printf '\005\000\000\000\377\377\377\377'
} >m.safetensors

# The sum of eight values is 4, of their squares 66.5.
expect 0 'a.weight *2x64 *F32 *32 *-6 *4 *0.5 *2.883.* 16 *0 *0$' inspect m.safetensors
expect 0 'b *4 *F32 *32 *0.25 *448 *224.12 *316.78 *0 *1 *1$' inspect m.safetensors
expect 0 'n *2 *I32 *32 *-1 *5 ' inspect m.safetensors
expect 0 '^made = "by hand"$' inspect m.safetensors --metadata --no-statistics
expect 0 '^ *2^1 *32  ' inspect m.safetensors --only a.weight --histogram
expect 0 '"nans": 1' inspect m.safetensors --only 'b*' --json
expect 0 ' 2 tensors, 6 values' inspect m.safetensors --except 'a*' --no-statistics

# Bytes of OCP's E4M3 and of binary16, then values that they hold, back in binary32.
expect 0 '2 of 3 tensors converted to F8_E4M3' convert m.safetensors --to e4m3fn --overflow saturate --out e4m3.safetensors
[ "$(hex_bytes e4m3.safetensors | grep -c '303840cc0044b048303840cc')" -eq 1 ] || fail "e4m3 bytes differ"
[ "$(hex_bytes e4m3.safetensors | grep -c '7ffe7e28')" -eq 1 ] || fail "e4m3 special values differ"
expect 0 'F16' convert m.safetensors --to f16 --only a.weight --out f16.safetensors
[ "$(hex_bytes f16.safetensors | grep -c '0038003c004000c6')" -eq 1 ] || fail "binary16 bytes differ"
expect 0 'no difference' verify m.safetensors f16.safetensors
expect 1 'a.weight: is F32 2x64 and F16 2x64' verify m.safetensors f16.safetensors --bytes
expect 0 '' convert f16.safetensors --to f32 --out back.safetensors
expect 0 'no difference' verify m.safetensors back.safetensors --bytes

# Codes without a dtype, blocks, and records of GGUF, of values that all of them have.
for type in posit16 mxfp4 mxfp6_e2m3 mxint8 'e4m2(bias 3,no inf)' 'fixed_format{.total_bits = 5, .fraction_bits = 1}' e2m1; do
  expect 0 'converted to' convert m.safetensors --to "$type" --only 'a*' --out typed.safetensors
  expect 0 'no difference' verify m.safetensors typed.safetensors
  expect 0 '' convert typed.safetensors --to f32 --only 'a*' --out back.safetensors
  expect 0 'no difference' verify m.safetensors back.safetensors --bytes
done
# A tensor scale of 6 / (6 * 448) is rounded.
expect 0 '' convert m.safetensors --to nvfp4 --only 'a*' --out typed.safetensors
expect 0 'no difference' verify m.safetensors typed.safetensors --ulps 1
expect 0 '"parts"' inspect typed.safetensors --json
for part in a.weight a.weight_scale a.weight_scale_2; do
  grep -q "\"$part\"" output || fail "$part is no part of nvfp4"
done
expect 0 'a.weight *2x64 *nvfp4 *4.5 *-6 *4 ' inspect typed.safetensors
# Without the metadata these are tensors of Model-Optimizer's convention.
LC_ALL=C sed 's/lowp\.tensor\./xowp.tensor./' typed.safetensors >export.safetensors
expect 0 'a.weight *2x64 *Model-Optimizer NVFP4 *4.75 *-6 *4 ' inspect export.safetensors
expect 0 'no difference' verify typed.safetensors export.safetensors
expect 0 '1 of 3 tensors converted to F32' convert export.safetensors --to f32 --only a.weight --out back.safetensors
expect 0 'no difference' verify typed.safetensors back.safetensors
for type in Q8_0 Q4_0 MXFP4 F16 BF16; do
  expect 0 "converted to $type" convert m.safetensors --to $type --only 'a*' --out typed.gguf
  expect 0 "a.weight *2x64 *$type " inspect typed.gguf
  expect 0 '3 tensors and 134 values' verify m.safetensors typed.gguf --relative 0.1 --absolute 0.5
done
expect 0 '' convert m.safetensors --to mxfp4 --only 'a*' --out typed.gguf
expect 0 'no difference' verify m.safetensors typed.gguf
expect 0 'made = "by hand"' inspect typed.gguf --metadata
expect 0 '' convert typed.gguf --to f32 --out back.safetensors
expect 0 'no difference' verify m.safetensors back.safetensors --bytes

# Every kind of file leads back; what it has no place for is refused or left out.
for file in typed.npz typed.onnx typed.raw.json typed.gguf; do
  expect 0 'of 3 tensors converted' convert m.safetensors --to f16 --out $file
  expect 0 '"converted"\|F16' inspect $file --no-statistics
  expect 1 'b: 1 of 4 values differ' verify e4m3.safetensors $file
done
expect 2 "has no place in the format" convert m.safetensors --to posit16 --out no.npz
expect 0 'metadata entries left out' convert m.safetensors --to f32 --out typed.npz

# Threads change no bit, nor does the size of pieces: a tensor of many of them, by a random walk of bits.
awk 'BEGIN { s = 1; for (i = 0; i < 300000; ++i) { s = (s * 16807) % 2147483647; printf "%c", 33 + s % 90 } }' >noise
head -c 262144 noise >noise.bytes
rows='{"w":{"dtype":"BF16","shape":[256,512],"data_offsets":[0,262144]}}'
{
  printf "\\$(printf %o "$(printf %s "$rows" | wc -c)")\\000\\000\\000\\000\\000\\000\\000"
  printf %s "$rows"
  cat noise.bytes
} >noise.safetensors
for type in nvfp4 Q4_K e4m3fn; do
  kind=safetensors
  [ $type = Q4_K ] && kind=gguf
  expect 0 '' convert noise.safetensors --to $type --threads 1 --out one.$kind
  expect 0 '' convert noise.safetensors --to $type --threads 3 --out three.$kind
  cmp one.$kind three.$kind || fail "$type depends on threads"
done
expect 0 '' convert noise.safetensors --to e5m2 --rounding stochastic --seed 3 --threads 2 --out one.safetensors
expect 0 '' convert noise.safetensors --to e5m2 --rounding stochastic --seed 4 --out three.safetensors
cmp -s one.safetensors three.safetensors && fail "the seed does nothing"

# A value that differs is found by its place; tolerances.
{
  head -c $((8 + size + 256 + 4)) m.safetensors
  printf '\001\000\200\077' # 1 + 2^-23, second value of the second row
  tail -c +$((8 + size + 256 + 9)) m.safetensors
} >other.safetensors
expect 1 '  a.weight\[1, 1\]: 1 and 1.0000001$' verify m.safetensors other.safetensors
expect 1 'a.weight: 1 of 128 values differ; .* 1 ulps' verify m.safetensors other.safetensors
expect 1 'a.weight: byte 260 is 0x00 and 0x01' verify m.safetensors other.safetensors --bytes
expect 1 '"is_same": false' verify m.safetensors other.safetensors --json
expect 0 'no difference' verify m.safetensors other.safetensors --ulps 1
expect 1 '1 tensors differ' verify m.safetensors other.safetensors --ulps 0.5
expect 0 'no difference' verify m.safetensors other.safetensors --relative 1e-6
expect 0 'no difference' verify m.safetensors other.safetensors --except 'a.*'
expect 1 'w: is in noise.safetensors only' verify m.safetensors noise.safetensors

# Values that binary32 does not hold are compared as they are, and types without values by bytes.
# pair <name> <dtype> <size> <bytes> <bytes>: two files, each of a tensor x of one value
pair() {
  row="{\"x\":{\"dtype\":\"$2\",\"shape\":[1],\"data_offsets\":[0,$3]}}"
  for bytes in "$4" "$5"; do
    printf "\\$(printf %o "$(printf %s "$row" | wc -c)")\\000\\000\\000\\000\\000\\000\\000"
    printf %s "$row"
    printf "$bytes"
  done >both
  head -c $(($(wc -c <both) / 2)) both >"$1.1.safetensors"
  tail -c $(($(wc -c <both) / 2)) both >"$1.2.safetensors"
}
pair i32 I32 4 '\001\000\000\001' '\000\000\000\001'
pair i64 I64 8 '\001\000\000\000\000\000\040\000' '\000\000\000\000\000\000\040\000'
pair c64 C64 8 '\000\000\200\077\000\000\200\077' '\000\000\200\077\000\000\000\100'
for type in i32 i64 c64; do
  expect 1 '1 tensors differ' verify $type.1.safetensors $type.2.safetensors
  expect 0 '1 tensors and 1 values compared: no difference' verify $type.1.safetensors $type.1.safetensors
done
expect 0 'no difference' verify i64.1.safetensors i64.2.safetensors --absolute 2
# 1 + 2^-24 + 2^-50 by modes.
pair f64 F64 8 '\010\000\000\020\000\000\360\077' '\010\000\000\020\000\000\360\077'
expect 0 '' convert f64.1.safetensors --to f32 --out f32.safetensors
[ "$(tail -c 4 f32.safetensors | hex_bytes)" = 0100803f ] || fail "binary64 to nearest differs"
expect 0 '' convert f64.1.safetensors --to f32 --rounding toward_zero --out f32.safetensors
[ "$(tail -c 4 f32.safetensors | hex_bytes)" = 0000803f ] || fail "binary64 toward zero differs"
# Codes that lie in a "U8" tensor are no integers.
expect 0 '' convert m.safetensors --to posit8 --only 'a*' --out typed.safetensors
expect 0 '1 of 3 tensors converted to U8' convert typed.safetensors --to uint8 --only 'a*' --overflow saturate --out u8.safetensors
expect 0 'a.weight *2x64 *U8 *8 *0 *4 ' inspect u8.safetensors

# What is wrong is named, and nothing is left of it.
head -c 700 m.safetensors >cut.safetensors
expect 2 '^lowp: cut.safetensors: ' convert cut.safetensors --to f16 --out no.safetensors
expect 2 '^lowp: cut.safetensors: ' inspect cut.safetensors
expect 2 '^lowp: cut.safetensors: ' verify m.safetensors cut.safetensors
expect 2 'near it: ' convert m.safetensors --to nvfp5 --out no.safetensors
expect 2 'near it: ' convert m.safetensors --to nvfp4 --rule modelop --out no.safetensors
expect 2 'its ending tells no kind' convert m.safetensors --to f16 --out no.bin
expect 2 "no kind of file is called 'zip'" convert m.safetensors --to f16 --kind zip --out no.bin
expect 2 '^lowp: --rule does not apply to f16' convert m.safetensors --to f16 --rule amax --out no.safetensors
expect 2 "tensor 'a.weight' cannot become Q4_K: its last dimension, 64, is no multiple of 256" \
  convert m.safetensors --to q4_k --strict --out no.gguf
expect 0 'no multiple of 256' convert m.safetensors --to q4_k --out kept.gguf
expect 2 'lowp: ' convert absent.safetensors --to f16 --out no.safetensors
expect 2 'lowp: ' convert m.safetensors --to f16 --out absent/no.safetensors
expect 2 'no number of 0 or more' verify m.safetensors m.safetensors --ulps -1
expect 2 'expected a float' verify m.safetensors m.safetensors --ulp-format int8
ls ./no.* ./*.partial* absent >/dev/null 2>&1 && fail "a refused command left a file"
LC_ALL=C sed 's/posit8_2/posit8_x/' typed.safetensors >unknown.safetensors
expect 2 "unknown.safetensors: metadata of tensor 'a.weight'.*'posit8_x'" inspect unknown.safetensors
mkfifo pipe
expect 2 'pipe is there and no regular file' convert m.safetensors --to f16 --kind safetensors --out pipe
[ -p pipe ] || fail "a FIFO was replaced"
expect 2 'no regular file' convert m.safetensors --to f16 --kind safetensors --out .
ln -s behind.safetensors link.safetensors
expect 0 '' convert m.safetensors --to f16 --out link.safetensors
{ [ -L link.safetensors ] && [ -f behind.safetensors ]; } || fail "a link was replaced"
expect 2 "no tensor is called 'a.weigth'; near it: a.weight" convert m.safetensors --to f16 --only a.weigth --out no.safetensors
expect 2 "no tensor is called 'x\*'" verify m.safetensors m.safetensors --only 'x*'
expect 2 "no tensor is called 'x'" inspect m.safetensors --only x
for command in inspect convert verify; do expect 0 '^Examples:' $command --help; done

# The README's commands run.
cp m.safetensors model.safetensors
sed -n '/^## The tool/,/^## [^T]/p' "$source/README.md" | sed -n '/^```sh/,/^```$/p' | grep '^lowp ' >commands
[ -s commands ] || fail "the README has no commands"
lowp() { "$program" "$@" || [ $? -eq 1 ]; }
while read -r line; do
  (eval "$line") >output 2>&1 </dev/null || fail "a command of the README does not run: $line: $(tail -n 3 output)"
done <commands

[ "$failures" -eq 0 ]
