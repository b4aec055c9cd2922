// SPDX-License-Identifier: MIT
// Gives the test bench its clock; exits with 1 if there were mismatches.
#include <verilated.h>

#include "Vbench.h"

int main(int argc, char** argv) {
  VerilatedContext context;
  context.commandArgs(argc, argv);
  Vbench bench(&context);
  while (bench.is_done == 0) {
    bench.clock = 0;
    bench.eval();
    bench.clock = 1;
    bench.eval();
  }
  const bool has_failed = bench.has_failed != 0;
  bench.final();
  return has_failed ? 1 : 0;
}
