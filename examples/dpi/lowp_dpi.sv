// SPDX-License-Identifier: MIT
// The functions of lowp_c.h that SystemVerilog calls. Link liblowp_c.
package lowp_dpi;
  import "DPI-C" function chandle lowp_operation_open(
      input string operation, input string format, input string source, input string environment);
  import "DPI-C" function chandle lowp_quantizer_open(
      input string block_format, input string rule, input longint unsigned columns);
  import "DPI-C" function chandle lowp_dot_product_open(
      input string policy, input string a, input string b, input longint unsigned depth);
  import "DPI-C" function void lowp_function_close(input chandle f);
  import "DPI-C" function string lowp_error_text();
  import "DPI-C" function int lowp_evaluate1(
      input chandle f, input int rounding, input longint unsigned a,
      output longint unsigned result, output int unsigned flags);
  import "DPI-C" function int lowp_evaluate2(
      input chandle f, input int rounding, input longint unsigned a, input longint unsigned b,
      output longint unsigned result, output int unsigned flags);
  import "DPI-C" function int lowp_evaluate3(
      input chandle f, input int rounding, input longint unsigned a, input longint unsigned b,
      input longint unsigned c, output longint unsigned result, output int unsigned flags);
  // Of many operands or results, one by one.
  import "DPI-C" function int lowp_set_operand(
      input chandle f, input longint unsigned index, input longint unsigned code);
  import "DPI-C" function int lowp_run(
      input chandle f, input int rounding, output int unsigned flags);
  import "DPI-C" function int lowp_get_result(
      input chandle f, input longint unsigned index, output longint unsigned code);
endpackage
