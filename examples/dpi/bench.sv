// SPDX-License-Identifier: MIT
// Compares fp8_multiply_add with the library for all 2^24 operands. +fault=N plants an error; the
// first difference ends the run then.
module bench (
    input  logic clock,
    output logic is_done,
    output logic has_failed
);
  import lowp_dpi::*;

  logic [24:0] index = 0;  // of the operands that the circuit sees
  logic [2:0] fault;
  logic [7:0] r;
  logic [4:0] flags;
  longint unsigned mismatches = 0;
  chandle golden;

  fp8_multiply_add circuit (
      .a(index[23:16]), .b(index[15:8]), .c(index[7:0]), .fault, .r, .flags
  );

  initial begin
    int chosen;
    is_done = 0;
    has_failed = 0;
    chosen = 0;
    void'($value$plusargs("fault=%d", chosen));
    fault = 3'(chosen);
    golden = null;
    if (lowp_c_version() != C_VERSION) begin
      $display("lowp: version %0d of the C face, expected %0d", lowp_c_version(), C_VERSION);
      has_failed = 1;
      is_done = 1;
    end else begin
      golden = lowp_operation_open("fma", "e4m3fn", "", "riscv");
    end
    if (golden == null && !is_done) begin
      $display("lowp: %s", lowp_error_text());
      has_failed = 1;
      is_done = 1;
    end
  end

  always @(posedge clock) begin
    longint unsigned expected;
    int unsigned expected_flags;
    int status;
    if (!is_done) begin
      status = lowp_evaluate3(golden, NEAREST_EVEN, 64'(index[23:16]), 64'(index[15:8]), 64'(index[7:0]),
                              expected, expected_flags);
      if (status != STATUS_OK) begin
        $display("lowp: %s", lowp_error_text());
        lowp_function_close(golden);
        has_failed = 1;
        is_done = 1;
      end else if (expected[7:0] != r || expected_flags[4:0] != flags) begin
        if (mismatches < 5)
          $display("%h * %h + %h: expected %h %h, found %h %h", index[23:16], index[15:8],
                   index[7:0], expected[7:0], expected_flags[4:0], r, flags);
        mismatches = mismatches + 1;
        has_failed = 1;
      end
      index = index + 1;
      if (!is_done && (index[24] || (has_failed && fault != 0))) begin
        $display("fault %0d: %0d operands, %0d mismatches", fault, index, mismatches);
        lowp_function_close(golden);
        is_done = 1;
      end
    end
  end
endmodule
