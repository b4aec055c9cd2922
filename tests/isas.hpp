// SPDX-License-Identifier: MIT
// The instruction sets that a test runs on: those of this machine that are compiled, up to the one
// that the environment variable LOWP_ISA names.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/targets/table.hpp"

namespace test {

[[nodiscard]] inline lowp::isa highest_isa() {
  const char* const wanted = std::getenv("LOWP_ISA");
  if (wanted == nullptr) return lowp::best_isa();
  lowp::isa highest = lowp::isa::portable;
  for (const lowp::isa level : lowp::isas) {
    if (level <= lowp::best_isa() && lowp::kernels::is_compiled(level)) highest = level;
    if (name(level) == wanted) return highest;
  }
  throw std::invalid_argument("LOWP_ISA is " + std::string(wanted) +
                              ", expected the name of a level: portable, avx2, …");
}

[[nodiscard]] inline const std::vector<lowp::isa>& isas() {
  static const std::vector<lowp::isa> levels = [] {
    std::vector<lowp::isa> list;
    for (const lowp::isa level : lowp::isas) {
      if (level <= highest_isa() && lowp::kernels::is_compiled(level)) list.push_back(level);
    }
    return list;
  }();
  return levels;
}

}  // namespace test
