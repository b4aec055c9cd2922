// SPDX-License-Identifier: MIT
// The list of lane primitives: what the fragments of a target provide, and the loops written for
// any target build on. tests/kernels/lanes_test.cpp tries each on every target, and does not
// compile while one has no test; the library itself does not include this.
//
// u32 and u64 are vectors of so many words, or plain words; V stands for either, T for an unsigned
// integer in memory, which need not be aligned. Words hold integers or the bits of binary32 or
// binary64; "number" says that NaN is not among the arguments. Operations on them round to nearest
// even, once, and keep -0: no compiler option may change that.
#pragma once

// clang-format off
/// row(name, signature and meaning)
#define LOWP_LANE_PRIMITIVES(row)                                                                \
  /* for any target, in arrays/target_body.inc */                                                \
  row(fill, "V (word): the word in every lane")                                                  \
  row(larger, "V (V, V): the larger one, as integers without a sign")                            \
  row(smaller, "V (V, V): the smaller one, as integers without a sign")                          \
  /* for any target, in lanes/derived.inc */                                                     \
  row(load_widened, "u64 (const float*): values in binary64")                                    \
  row(float_scale, "u32 (x, n): x * 2^n, rounded once; 1/2 <= |x| <= 2, n an integer up to 252") \
  /* lanes/<target>.inc, or lanes/first.inc */                                                   \
  row(load_first, "u32 (const u32*, count, u32 rest): the first words, fewer than lanes, then rest") \
  row(store_first, "(u32*, count, u32): the first lanes, fewer than all")                        \
  /* for any target, in lanes/odd.inc */                                                          \
  row(add_to_odd, "u64 (u64, u64): the sum, to odd where it is inexact")                           \
  /* lanes/<target>.inc: words */                                                                \
  row(sign_mask, "V (V): ones where the sign bit is set, else zero")                             \
  row(leading_zeros, "V (V): how many bits lie above the highest one; of a word that is not 0")   \
  row(any, "bool (comparison of V): whether it holds in any lane")                               \
  row(float_add, "V (V, V): the sum")                                                            \
  row(float_subtract, "V (V, V): the difference")                                                \
  row(float_multiply, "V (V, V): the product")                                                   \
  row(float_divide, "V (V, V): the quotient")                                                    \
  row(float_sqrt, "u32 (u32): the square root of a number that is not negative")                 \
  row(float_smaller, "V (V, V): the smaller number; of zeros, either")                           \
  row(float_larger, "V (V, V): the larger number; of zeros, either")                             \
  row(float_residual, "u32 (x, q, d): has the sign of x - q * d and is 0 if and only if that is") \
  row(add_exact_product, "u64 (a, b, sum): sum + a * b, of products exact in binary64")          \
  row(float_multiply_add, "u32 (a, b, sum): a * b + sum, rounded once")                          \
  row(multiply_words, "u64 (u64, u64): the product of the low halves; high halves do not matter") \
  row(count_up, "u64 (word): first, first + 1, ...")                                             \
  row(raise_to_maxima, "(u32* to, u32 v0, v1, v2, v3): to[i] = max(to[i], lanes of vi), below 2^31") \
  /* lanes/<target>.inc: memory */                                                               \
  row(load_lanes, "V (const T*): so many T as V has lanes, widened by zeros")                    \
  row(store_lanes, "(T*, V v0, v1, v2, v3): lanes of four vectors in order, which fit into T")   \
  row(store_interleaved, "(word*, u64 a, u64 b): a0 b0 a1 b1 ...")                               \
  row(stream_lanes, "(bytes, u32): past the cache to a whole vector; of targets with vectors")   \
  row(load_value, "V (const X*): the bits of values, X of the size of a word")                   \
  row(load_halves, "u32 (const T*): binary16 to binary32, where has_halves<u32>")                \
  row(store_halves, "(bytes, u32 v0, v1, v2, v3): binary32 to binary16, where has_halves<u32>")  \
  row(store_narrowed, "(float*, u64): values rounded to binary32")                               \
  /* products/<target>.inc */                                                                    \
  row(to_integer, "u32 (u32): a number below 2^31 in magnitude, cut off, in two's complement")   \
  row(from_integer, "u32 (u32): the number nearest to an integer in two's complement")           \
  row(cut_off, "u64 (u64): a number below 2^53 in magnitude, without its fraction")              \
  row(add_pairs, "u32 (sum, a, b): sum and both products of 16-bit integers, modulo 2^32")       \
  row(store_vector, "(X*, V): the values of a vector, X of the size of a word")                  \
  row(transpose_square, "(in, stride, out, stride): 16 x 16 words of 32 bits of any type")

/// What targets with integer products have beside them, in the fragment of these. Bytes of rows have
/// signs where row_byte_offset is 0.
#define LOWP_INTEGER_PRIMITIVES(row)                                                             \
  row(add_fours, "u32 (sum, row, lane): the sum and four products of bytes, modulo 2^32")        \
  row(add_fours_by, "u32 (sum, row, lane): by one word of the row; if fours_row_words > 1")      \
  row(load_codes, "u32 (bytes, count, u32 flip): count codes of 8 or 4 bits ^ flip, then zeros") \
  row(sums_of_vectors, "u32 (const std::uint32_t*): the sums of as many vectors as words, modulo 2^32")
// clang-format on
