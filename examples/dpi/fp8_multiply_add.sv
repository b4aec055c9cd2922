// SPDX-License-Identifier: MIT
// r = a * b + c in e4m3fn (OCP OFP8), rounded once, to nearest even: a small datapath that keeps the
// exact sum as a fixed-point number in units of 2^-18. Combinational.
//
// `fault` plants an error, to see that a test bench finds it: 0 is the right circuit.
module fp8_multiply_add (
    input  logic [7:0] a,
    input  logic [7:0] b,
    input  logic [7:0] c,
    input  logic [2:0] fault,
    output logic [7:0] r,
    output logic [4:0] flags  // invalid, divide by zero, overflow, underflow, inexact
);
  // Sign, exponent and significand: a subnormal number has the exponent of the smallest normal one.
  function automatic logic [3:0] exponent_of(input logic [7:0] x);
    return x[6:3] == 0 ? 4'd1 : x[6:3];
  endfunction
  function automatic logic [3:0] significand_of(input logic [7:0] x);
    return {x[6:3] != 0, x[2:0]};
  endfunction
  function automatic logic is_nan(input logic [7:0] x);
    return x[6:0] == 7'h7f;
  endfunction

  logic [ 7:0] product;
  logic [36:0] product_magnitude, addend_magnitude, magnitude;
  logic signed [38:0] product_value, addend_value, sum;
  logic product_sign, sum_sign;
  logic [5:0] leading, shift;
  logic [36:0] kept;
  logic guard, sticky, round_up, is_subnormal, is_tiny, overflow, inexact;
  logic [8:0] code;

  always_comb begin
    // Multiply and align: 2^-18 is the last bit of a product of subnormal numbers.
    product           = significand_of(a) * significand_of(b);
    product_sign      = a[7] ^ b[7];
    product_magnitude = 37'(product) << (6'(exponent_of(a)) + 6'(exponent_of(b)) - 6'd2);
    addend_magnitude  = 37'(significand_of(c)) << (6'(exponent_of(c)) + 6'd8);

    // Add, exactly.
    product_value = product_sign ? -$signed({2'b0, product_magnitude})
                                 : $signed({2'b0, product_magnitude});
    addend_value  = c[7] ? -$signed({2'b0, addend_magnitude}) : $signed({2'b0, addend_magnitude});
    sum           = product_value + addend_value;
    sum_sign      = sum[38];
    magnitude     = 37'(sum_sign ? -sum : sum);

    // Find the leading one, and how many bits go.
    leading = 0;
    for (int i = 0; i < 37; ++i) if (magnitude[i]) leading = 6'(i);
    is_subnormal = leading < 12;
    shift        = is_subnormal ? 6'd9 : leading - 6'd3;
    kept         = magnitude >> shift;
    guard        = magnitude[shift - 1];
    sticky       = 0;
    for (int i = 0; i < 37; ++i) if (6'(i) + 1 < shift && magnitude[i]) sticky = 1;
    if (fault == 1 && (magnitude & ((37'd1 << (shift - 1)) - 1)) == 1) sticky = 0;  // its last bit

    // Round the code: the carry out of the significand is the next exponent.
    round_up = guard && (sticky || kept[0] || fault == 2);  // 2: ties go away from zero
    code     = is_subnormal ? 9'(kept) : {leading - 6'd11, 3'b0} + 9'(kept) - 9'd8;
    if (round_up && !(fault == 3 && is_subnormal && kept == 7)) code = code + 1;  // 3: carry lost
    overflow = code > 9'h7e;
    inexact  = guard || sticky || overflow;
    // Tiny after rounding: below the smallest normal number even if exponents went on.
    is_tiny  = leading < 11 || (leading == 11 && !(magnitude[11:7] == 5'h1f && fault != 5));

    r = {magnitude == 0 ? (product_sign & c[7]) : sum_sign, overflow ? 7'h7f : code[6:0]};
    if (fault == 4 && magnitude == 0) r[7] = product_sign;  // the sign of a sum of zero
    flags = {2'b0, overflow, inexact && is_tiny && magnitude != 0, inexact};
    if (is_nan(a) || is_nan(b) || is_nan(c)) begin
      r     = 8'h7f;
      flags = 0;
    end
  end
endmodule
