/* SPDX-License-Identifier: MIT
 * The C face when something is wrong: nothing is stored, nothing set before is lost, and "" is NULL. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lowp_c.h"

static int failures = 0;
static void expect(int is_true, const char* what) {
  if (is_true) return;
  printf("not so: %s (%s)\n", what, lowp_error_text());
  ++failures;
}
static void refused(lowp_function* function, const char* part, const char* what) {
  expect(function == NULL && strstr(lowp_error_text(), part) != NULL, what);
  lowp_function_close(function);
}

int main(void) {
  uint64_t r = 99, many[5] = {99, 99, 99, 99, 99};
  uint32_t flags = 99;

  /* Empty texts are defaults, or missing where there is none. */
  lowp_function* add = lowp_operation_open_overflow("add", "e4m3fn", "", "", "");
  expect(add != NULL, "empty texts are defaults");
  lowp_function* q = lowp_quantizer_open("mxfp4", "", 4);
  expect(q != NULL, "an empty rule is the default");
  refused(lowp_operation_open("", "e4m3fn", "", ""), "operation", "an empty operation is none");
  refused(lowp_operation_open("add", "", "", ""), "format", "an empty format is none");
  refused(lowp_quantizer_open("", "", 4), "block_format", "an empty block format is none");
  expect(lowp_format_open("") == NULL, "an empty text is no format");
  expect(lowp_rounding_of_name("") == -1, "an empty name is no mode");

  /* Nothing is stored by what fails. */
  expect(lowp_evaluate2(add, LOWP_NEAREST_EVEN, 0x7E, 0x7E, NULL, &flags) == LOWP_INVALID_ARGUMENT &&
             flags == 99,
         "no flags without a place for the result");
  expect(lowp_evaluate2(add, 77, 0, 0, &r, &flags) == LOWP_INVALID_ARGUMENT && r == 99 && flags == 99,
         "no result of a mode that is none");
  expect(lowp_evaluate2(add, LOWP_UPWARD, 0x100, 0, &r, &flags) == LOWP_INVALID_ARGUMENT && r == 99 &&
             flags == 99,
         "no result of a code that is none");
  const uint64_t wide[4] = {0, 0, 0, UINT64_C(1) << 32};
  expect(lowp_evaluate(q, 0, wide, many, &flags) == LOWP_INVALID_ARGUMENT && many[0] == 99 &&
             flags == 99,
         "no codes of a block that is none");
  expect(lowp_evaluate(q, 0, NULL, many, NULL) == LOWP_INVALID_ARGUMENT, "NULL operands");

  /* Operands one by one: lowp_evaluate is another matter, and there are no results before a run. */
  expect(lowp_get_result(add, 0, &r) == LOWP_INVALID_ARGUMENT && r == 99, "no result before a run");
  lowp_set_operand(add, 0, 0x38);
  lowp_set_operand(add, 1, 0x38);
  const uint64_t others[2] = {0x40, 0x40};
  expect(lowp_evaluate(add, 0, others, many, NULL) == LOWP_OK && many[0] == 0x48, "2 + 2");
  expect(lowp_get_result(add, 0, &r) == LOWP_INVALID_ARGUMENT, "lowp_evaluate is no run");
  expect(lowp_run(add, 0, NULL) == LOWP_OK && lowp_get_result(add, 0, &r) == LOWP_OK && r == 0x40,
         "1 + 1, as set before");
  expect(lowp_evaluate(add, 0, others, many, NULL) == LOWP_OK && lowp_get_result(add, 0, &r) == LOWP_OK &&
             r == 0x40,
         "results of a run stay");
  flags = 99;
  expect(lowp_run(add, 77, &flags) == LOWP_INVALID_ARGUMENT && flags == 99, "a bad run");
  expect(lowp_get_result(add, 0, &r) == LOWP_INVALID_ARGUMENT, "a bad run has no results");
  lowp_function_close(add);
  lowp_function_close(q);

  /* Sizes. */
  refused(lowp_quantizer_open("mxfp4", NULL, 0), "columns is 0, expected 1 to", "no columns");
  refused(lowp_quantizer_open("mxfp4", NULL, SIZE_MAX), "expected 1 to 1048576", "too many columns");
  refused(lowp_custom_quantizer_open("e2m1", "e8m0", 0, 0, NULL, 4), "block is 0", "no block");
  refused(lowp_custom_quantizer_open("e2m1", "e8m0", SIZE_MAX, 0, NULL, 4), "block is", "a large block");
  refused(lowp_dot_product_open("k32", "e4m3fn", "e4m3fn", 0), "depth is 0", "no products");
  refused(lowp_dot_product_open("k32", "e4m3fn", "e4m3fn", SIZE_MAX / 2 + 1), "expected 1 to 65536",
          "too many products");

  /* Out of range: 448 + 448 is NaN in E4M3 without infinity, or 448. */
  add = lowp_operation_open_overflow("add", "e4m3fn", NULL, NULL, "saturate");
  expect(lowp_evaluate2(add, 0, 0x7E, 0x7E, &r, NULL) == LOWP_OK && r == 0x7E, "448 + 448 saturates");
  lowp_function_close(add);
  add = lowp_operation_open_overflow("add", "e4m3fn", NULL, NULL, NULL);
  expect(lowp_evaluate2(add, 0, 0x7E, 0x7E, &r, NULL) == LOWP_OK && r == 0x7F, "448 + 448 is NaN");
  lowp_function_close(add);
  refused(lowp_operation_open_overflow("add", "e4m3fn", NULL, NULL, "saturat"), "near it: saturate",
          "no such overflow");

  /* Families with headers of their own: a takum, NF4 and HiF8. */
  lowp_format* takum = lowp_format_open("takum_format{.total_bits = 16}");
  double value = 0;
  expect(lowp_format_bits(takum) == 16 && lowp_decode(takum, 0x4000, &value) == LOWP_OK && value == 1,
         "one as a takum");
  lowp_format* again = lowp_format_open(lowp_format_name(takum));
  expect(lowp_format_bits(again) == 16, "a takum by its name");
  lowp_format_close(takum);
  lowp_format_close(again);
  lowp_format* nf4 = lowp_format_open("nf4");
  expect(lowp_encode(nf4, 0.01, 0, 0, &r) == LOWP_OK && r == 7, "0.01 is near 0 in NF4");
  expect(lowp_format_bits(nf4) == 4 && lowp_decode(nf4, 15, &value) == LOWP_OK && value == 1, "one in NF4");
  lowp_format_close(nf4);
  lowp_format* hif8 = lowp_format_open("hif8");
  expect(lowp_format_bits(hif8) == 8 && strcmp(lowp_format_name(hif8), "hif8") == 0, "hif8");
  lowp_format_close(hif8);

  return failures == 0 ? 0 : 1;
}
