// SPDX-License-Identifier: MIT
// The main function of every benchmark.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "ratio.hpp"

int main(int argc, char** argv) {
  lowp_bench::add_rows();
  // A row decides itself how many turns it takes, so one iteration is enough unless the command
  // line, which comes later, asks for more.
  std::string once = "--benchmark_min_time=1e-9";
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, once.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
