/* SPDX-License-Identifier: MIT
 * A C face of lowp, for SystemVerilog (DPI-C), Verilator, Python's ctypes and other languages: golden
 * functions on codes of formats that are named by text, as opaque handles.
 *
 *   lowp_function* fma = lowp_operation_open("fma", "e4m3fn", NULL, "riscv");
 *   uint64_t r;
 *   uint32_t flags;
 *   if (fma == NULL || lowp_evaluate3(fma, LOWP_NEAREST_EVEN, 0x3f, 0x38, 0x08, &r, &flags) != LOWP_OK)
 *     fprintf(stderr, "%s\n", lowp_error_text());
 *   lowp_function_close(fma);
 *
 * Formats are names (e4m3fn, int8, posit16_2, binary8p4se) or descriptors
 * (float_format{.exponent_bits = 4, .mantissa_bits = 3}). `lowp names` lists operations, rounding
 * modes, environments, block formats, rules and policies.
 *
 * A text that is "" is read as NULL, since some languages have no NULL: where a default is stated it
 * is taken, else the argument is missing. Nothing is stored through a pointer by a call that fails.
 *
 * The ABI: what is here keeps its name, arguments and meaning under one LOWP_C_VERSION; functions may
 * be added. Functions that open give NULL, all others a lowp_status, if something is wrong;
 * lowp_error_text() then says what. Different handles may be used by different threads at a time.
 */
#ifndef LOWP_C_H
#define LOWP_C_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define LOWP_C_API __declspec(dllexport)
#else
#define LOWP_C_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define LOWP_C_VERSION 1
/* LOWP_C_VERSION of the library that is loaded, and the version of lowp, "0.1.0". */
LOWP_C_API int lowp_c_version(void);
LOWP_C_API const char* lowp_version(void);

enum lowp_status {
  LOWP_OK = 0,
  LOWP_INVALID_ARGUMENT = 1, /* a name that is none, a code or a number out of range, NULL */
  LOWP_OUT_OF_MEMORY = 2,
  LOWP_INTERNAL_ERROR = 3
};
/* What went wrong last in this thread; valid until something else does. */
LOWP_C_API const char* lowp_error_text(void);

/* Rounding modes; the first five are those of RISC-V's frm. */
enum lowp_rounding {
  LOWP_NEAREST_EVEN = 0,
  LOWP_TOWARD_ZERO = 1,
  LOWP_DOWNWARD = 2,
  LOWP_UPWARD = 3,
  LOWP_NEAREST_AWAY = 4,
  LOWP_NEAREST_TOWARD_ZERO = 8,
  LOWP_NEAREST_UPWARD = 9,
  LOWP_NEAREST_DOWNWARD = 10,
  LOWP_AWAY_FROM_ZERO = 11,
  LOWP_TO_ODD = 12,
  LOWP_STOCHASTIC = 13 /* by 32 random bits: lowp_set_random_bits() */
};
/* The number of a mode by its name, such as "nearest_even"; -1 if there is none. */
LOWP_C_API int lowp_rounding_of_name(const char* name);

/* Bits of flags: those of RISC-V's fflags, and one more. */
enum lowp_flag {
  LOWP_INEXACT = 1,
  LOWP_UNDERFLOW = 2,
  LOWP_OVERFLOW = 4,
  LOWP_DIVIDE_BY_ZERO = 8,
  LOWP_INVALID = 16,
  LOWP_DENORMAL_OPERAND = 32
};

/* ---------------------------------------------------------------------------------- formats */

typedef struct lowp_format lowp_format;
LOWP_C_API lowp_format* lowp_format_open(const char* text);
LOWP_C_API void lowp_format_close(lowp_format* format);
LOWP_C_API int lowp_format_bits(const lowp_format* format);          /* -1 for NULL */
LOWP_C_API const char* lowp_format_name(const lowp_format* format);  /* "" for NULL */
/* The code of a number, rounded once; results out of range are infinity, else NaN, else the largest
 * number, or with saturates != 0 always the largest number. */
LOWP_C_API int lowp_encode(const lowp_format* format, double value, int rounding, int saturates,
                           uint64_t* code);
/* The value of a code to the nearest double. */
LOWP_C_API int lowp_decode(const lowp_format* format, uint64_t code, double* value);

/* -------------------------------------------------------------------------------- functions */

typedef struct lowp_function lowp_function;
/* An operation on numbers of a format. `source` is what "convert" reads, by NULL binary32;
 * all others ignore it. `environment` may be NULL for "ieee754". Results out of range are infinity, else NaN, else
 * the largest number. */
LOWP_C_API lowp_function* lowp_operation_open(const char* operation, const char* format,
                                              const char* source, const char* environment);
/* The same with something else out of range: "saturate", the largest number, "propagate", this too
 * but for infinite results, and others of `lowp names`; NULL is "to_special". */
LOWP_C_API lowp_function* lowp_operation_open_overflow(const char* operation, const char* format,
                                                       const char* source,
                                                       const char* environment,
                                                       const char* overflow);
/* Quantizing one row of binary32 codes to a block format of the catalogue, "mxfp4", under a rule, by
 * NULL that of the format; 1 to 2^20 columns. Results: for formats that have one the scale of the row, the codes of the
 * scales, those of the elements. */
LOWP_C_API lowp_function* lowp_quantizer_open(const char* block_format, const char* rule,
                                              size_t columns);
/* The same of any formats: `block` elements of one format under one scale of another, with a binary32
 * scale of the row if has_row_scale != 0; 1 to 2^20 elements. */
LOWP_C_API lowp_function* lowp_custom_quantizer_open(const char* element, const char* scale,
                                                     size_t block, int has_row_scale,
                                                     const char* rule, size_t columns);
/* depth codes of a, depth of b, and a binary32 c give a * b + c in binary32, in the order of a
 * policy: "hopper_fp8", "aligned_sums{.terms = 8, .fraction_bits = 24}"; a depth of 1 to 2^16. */
LOWP_C_API lowp_function* lowp_dot_product_open(const char* policy, const char* a, const char* b,
                                                size_t depth);
LOWP_C_API void lowp_function_close(lowp_function* function);
/* How many codes there are; 0 for NULL. Bits of one; 0 for one that is not there. */
LOWP_C_API size_t lowp_operand_count(const lowp_function* function);
LOWP_C_API size_t lowp_result_count(const lowp_function* function);
LOWP_C_API int lowp_operand_bits(const lowp_function* function, size_t index);
LOWP_C_API int lowp_result_bits(const lowp_function* function, size_t index);

/* All operands to all results. `flags` may be NULL; it is 0 for quantizers and dot products. Bits
 * above those of a code are an error. */
LOWP_C_API int lowp_evaluate(lowp_function* function, int rounding, const uint64_t* operands,
                             uint64_t* results, uint32_t* flags);
/* Of one operand, two or three and one result. */
LOWP_C_API int lowp_evaluate1(lowp_function* function, int rounding, uint64_t a, uint64_t* result,
                              uint32_t* flags);
LOWP_C_API int lowp_evaluate2(lowp_function* function, int rounding, uint64_t a, uint64_t b,
                              uint64_t* result, uint32_t* flags);
LOWP_C_API int lowp_evaluate3(lowp_function* function, int rounding, uint64_t a, uint64_t b,
                              uint64_t c, uint64_t* result, uint32_t* flags);
/* The 32 random bits of the next evaluations under LOWP_STOCHASTIC; 0 at the start. */
LOWP_C_API int lowp_set_random_bits(lowp_function* function, uint32_t bits);

/* For languages that pass no arrays, DPI-C without open arrays among them: operands one by one, then
 * lowp_run, then results one by one, which are an error before a lowp_run that succeeds. lowp_evaluate
 * and its kind leave these operands and results alone. */
LOWP_C_API int lowp_set_operand(lowp_function* function, size_t index, uint64_t code);
LOWP_C_API int lowp_run(lowp_function* function, int rounding, uint32_t* flags);
LOWP_C_API int lowp_get_result(const lowp_function* function, size_t index, uint64_t* code);

#ifdef __cplusplus
}
#endif
#endif
