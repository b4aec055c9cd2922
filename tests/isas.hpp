// SPDX-License-Identifier: MIT
// The instruction sets that a test runs on: those of this machine, up to the one that the
// environment variable LOWP_ISA names.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "lowp/kernels/isa.hpp"

namespace test {

[[nodiscard]] inline lowp::isa highest_isa() {
  const char* const wanted = std::getenv("LOWP_ISA");
  if (wanted == nullptr) return lowp::best_isa();
  for (const lowp::isa level : lowp::isas) {
    if (name(level) == wanted) return std::min(level, lowp::best_isa());
  }
  throw std::invalid_argument("LOWP_ISA is " + std::string(wanted) +
                              ", expected the name of a level: portable, avx2, …");
}

[[nodiscard]] inline const std::vector<lowp::isa>& isas() {
  static const std::vector<lowp::isa> levels = [] {
    std::vector<lowp::isa> list;
    for (const lowp::isa level : lowp::isas) {
      if (level <= highest_isa()) list.push_back(level);
    }
    return list;
  }();
  return levels;
}

}  // namespace test
