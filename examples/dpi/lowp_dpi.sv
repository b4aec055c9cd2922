// SPDX-License-Identifier: MIT
// The functions of lowp_c.h for SystemVerilog, all but those that take arrays. Link liblowp_c. A text
// "" is the default. int results are a status_t: anything but STATUS_OK has a lowp_error_text().
package lowp_dpi;
  typedef enum int {
    STATUS_OK = 0,
    STATUS_INVALID_ARGUMENT = 1,
    STATUS_OUT_OF_MEMORY = 2,
    STATUS_INTERNAL_ERROR = 3
  } status_t;

  // Rounding modes; the first five are those of RISC-V's frm.
  typedef enum int {
    NEAREST_EVEN = 0,
    TOWARD_ZERO = 1,
    DOWNWARD = 2,
    UPWARD = 3,
    NEAREST_AWAY = 4,
    NEAREST_TOWARD_ZERO = 8,
    NEAREST_UPWARD = 9,
    NEAREST_DOWNWARD = 10,
    AWAY_FROM_ZERO = 11,
    TO_ODD = 12,
    STOCHASTIC = 13  // by the bits of lowp_set_random_bits
  } rounding_t;

  // Bits of flags: those of RISC-V's fflags, and one more.
  typedef enum int unsigned {
    FLAG_INEXACT = 1,
    FLAG_UNDERFLOW = 2,
    FLAG_OVERFLOW = 4,
    FLAG_DIVIDE_BY_ZERO = 8,
    FLAG_INVALID = 16,
    FLAG_DENORMAL_OPERAND = 32
  } flag_t;

  localparam int C_VERSION = 1;  // that lowp_c_version has to give
  import "DPI-C" function int lowp_c_version();
  import "DPI-C" function string lowp_version();
  import "DPI-C" function string lowp_error_text();
  import "DPI-C" function int lowp_rounding_of_name(input string name);

  import "DPI-C" function chandle lowp_format_open(input string text);
  import "DPI-C" function void lowp_format_close(input chandle f);
  import "DPI-C" function int lowp_format_bits(input chandle f);
  import "DPI-C" function string lowp_format_name(input chandle f);
  import "DPI-C" function int lowp_encode(
      input chandle f, input real value, input int rounding, input int saturates,
      output longint unsigned code);
  import "DPI-C" function int lowp_decode(
      input chandle f, input longint unsigned code, output real value);

  import "DPI-C" function chandle lowp_operation_open(
      input string operation, input string format, input string source, input string environment);
  import "DPI-C" function chandle lowp_operation_open_overflow(
      input string operation, input string format, input string source, input string environment,
      input string overflow);
  import "DPI-C" function chandle lowp_quantizer_open(
      input string block_format, input string rule, input longint unsigned columns);
  import "DPI-C" function chandle lowp_custom_quantizer_open(
      input string element, input string scale, input longint unsigned block,
      input int has_row_scale, input string rule, input longint unsigned columns);
  import "DPI-C" function chandle lowp_dot_product_open(
      input string policy, input string a, input string b, input longint unsigned depth);
  import "DPI-C" function void lowp_function_close(input chandle f);
  import "DPI-C" function longint unsigned lowp_operand_count(input chandle f);
  import "DPI-C" function longint unsigned lowp_result_count(input chandle f);
  import "DPI-C" function int lowp_operand_bits(input chandle f, input longint unsigned index);
  import "DPI-C" function int lowp_result_bits(input chandle f, input longint unsigned index);

  import "DPI-C" function int lowp_evaluate1(
      input chandle f, input int rounding, input longint unsigned a,
      output longint unsigned result, output int unsigned flags);
  import "DPI-C" function int lowp_evaluate2(
      input chandle f, input int rounding, input longint unsigned a, input longint unsigned b,
      output longint unsigned result, output int unsigned flags);
  import "DPI-C" function int lowp_evaluate3(
      input chandle f, input int rounding, input longint unsigned a, input longint unsigned b,
      input longint unsigned c, output longint unsigned result, output int unsigned flags);
  import "DPI-C" function int lowp_set_random_bits(input chandle f, input int unsigned bits);
  // Of many operands or results, one by one.
  import "DPI-C" function int lowp_set_operand(
      input chandle f, input longint unsigned index, input longint unsigned code);
  import "DPI-C" function int lowp_run(
      input chandle f, input int rounding, output int unsigned flags);
  import "DPI-C" function int lowp_get_result(
      input chandle f, input longint unsigned index, output longint unsigned code);
endpackage
