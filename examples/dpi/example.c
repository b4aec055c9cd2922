/* SPDX-License-Identifier: MIT
 * The C face in use: an operation with flags, a block, a dot product, and errors. Prints what is
 * wrong and fails, if anything is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lowp_c.h"

static int failures = 0;
static void expect(int is_true, const char* what) {
  if (is_true) return;
  printf("not so: %s (%s)\n", what, lowp_error_text());
  ++failures;
}

int main(void) {
  uint64_t r = 0;
  uint32_t flags = 0;

  expect(lowp_c_version() == LOWP_C_VERSION, "header and library are of one version");

  /* 1.5 * 1.5 + 0.0625 = 2.3125, between 2.25 and 2.5. */
  lowp_function* fma = lowp_operation_open("fma", "e4m3fn", NULL, "riscv");
  expect(lowp_evaluate3(fma, LOWP_NEAREST_EVEN, 0x3C, 0x3C, 0x18, &r, &flags) == LOWP_OK, "fma");
  expect(r == 0x41 && flags == LOWP_INEXACT, "2.3125 is 2.25");
  expect(lowp_evaluate3(fma, LOWP_UPWARD, 0x3C, 0x3C, 0x18, &r, &flags) == LOWP_OK && r == 0x42,
         "2.3125 is 2.5 upward");
  expect(lowp_evaluate2(fma, LOWP_UPWARD, 0x3C, 0x3C, &r, &flags) == LOWP_INVALID_ARGUMENT,
         "fma has three operands");
  expect(lowp_evaluate3(fma, LOWP_UPWARD, 0x13C, 0x3C, 0x18, &r, &flags) == LOWP_INVALID_ARGUMENT,
         "codes have 8 bits");
  expect(lowp_evaluate3(fma, 77, 0, 0, 0, &r, &flags) == LOWP_INVALID_ARGUMENT, "77 is no mode");
  lowp_function_close(fma);

  /* Stochastic rounding by bits of the caller: 1/4 of the way from 1 to 1.125 in e4m3fn. */
  lowp_function* convert = lowp_operation_open("convert", "e4m3fn", "binary32", NULL);
  lowp_set_random_bits(convert, 0xBFFFFFFFu);
  expect(lowp_evaluate1(convert, LOWP_STOCHASTIC, 0x3F840000, &r, NULL) == LOWP_OK && r == 0x38,
         "just not rounded up");
  lowp_set_random_bits(convert, 0xC0000000u);
  expect(lowp_evaluate1(convert, LOWP_STOCHASTIC, 0x3F840000, &r, NULL) == LOWP_OK && r == 0x39,
         "just rounded up");
  lowp_function_close(convert);

  /* A block of four: 1, 2, 3 and -6 under a scale of 1. */
  lowp_function* block = lowp_custom_quantizer_open("e2m1", "e8m0", 4, 0, "floor", 4);
  const uint64_t x[4] = {0x3F800000, 0x40000000, 0x40400000, 0xC0C00000};
  const uint64_t expected[5] = {127, 0x2, 0x4, 0x5, 0xF};
  uint64_t codes[5] = {0};
  expect(lowp_operand_count(block) == 4 && lowp_result_count(block) == 5, "shapes of a block");
  expect(lowp_result_bits(block, 0) == 8 && lowp_result_bits(block, 4) == 4, "bits of a block");
  expect(lowp_evaluate(block, LOWP_NEAREST_EVEN, x, codes, NULL) == LOWP_OK, "a block");
  expect(memcmp(codes, expected, sizeof codes) == 0, "codes of the block");
  lowp_function_close(block);

  /* 1 * 1 + 2 * 2 + 3, set one by one. */
  lowp_function* dot = lowp_dot_product_open("k32", "e4m3fn", "e5m2", 2);
  lowp_set_operand(dot, 0, 0x38);
  lowp_set_operand(dot, 1, 0x40);
  lowp_set_operand(dot, 2, 0x3C);
  lowp_set_operand(dot, 3, 0x40);
  lowp_set_operand(dot, 4, 0x40400000);
  expect(lowp_set_operand(dot, 5, 0) == LOWP_INVALID_ARGUMENT, "there are five operands");
  expect(lowp_run(dot, LOWP_NEAREST_EVEN, &flags) == LOWP_OK && flags == 0, "a dot product");
  expect(lowp_get_result(dot, 0, &r) == LOWP_OK && r == 0x41000000, "which is 8");
  lowp_function_close(dot);

  /* Formats. */
  lowp_format* f = lowp_format_open("float_format{.exponent_bits = 5, .mantissa_bits = 10}");
  double value = 0;
  expect(lowp_format_bits(f) == 16 && strcmp(lowp_format_name(f), "binary16") == 0, "binary16");
  expect(lowp_encode(f, 65520, LOWP_NEAREST_EVEN, 0, &r) == LOWP_OK && r == 0x7C00, "infinity");
  expect(lowp_encode(f, 65520, LOWP_NEAREST_EVEN, 1, &r) == LOWP_OK && r == 0x7BFF, "the largest");
  expect(lowp_decode(f, 0x3C00, &value) == LOWP_OK && value == 1, "one");
  lowp_format_close(f);
  expect(lowp_format_open("e4m3f") == NULL && strstr(lowp_error_text(), "near it: e4m3fn") != NULL,
         "an unknown format names those near");
  expect(lowp_operation_open("fmaa", "e4m3fn", NULL, NULL) == NULL, "fmaa is no operation");
  expect(lowp_operation_open(NULL, "e4m3fn", NULL, NULL) == NULL, "NULL is no operation");
  expect(lowp_evaluate1(NULL, 0, 0, &r, NULL) == LOWP_INVALID_ARGUMENT, "NULL is no function");
  expect(lowp_rounding_of_name("upward") == LOWP_UPWARD, "a mode by its name");
  expect(lowp_rounding_of_name("sideways") == -1, "no mode");

  if (failures == 0) printf("the C face of lowp %s works\n", lowp_version());
  return failures == 0 ? 0 : 1;
}
