// SPDX-License-Identifier: MIT
// Codebooks whose values are known when a program runs: learned tables, those of files, grids that
// a search tries.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/core/failure.hpp"
#include "lowp/formats/listed_values.hpp"

namespace lowp {

/// As codebook_format, of `width` bits, 1 to 8; it holds the values itself, so that no table must
/// outlive it. Values from `count` on are zero.
struct variable_codebook {
  int width = 0;
  int count = 0;
  std::array<std::uint32_t, 256> values{};

  constexpr bool operator==(const variable_codebook&) const = default;
  [[nodiscard]] constexpr int bits() const { return width; }
  [[nodiscard]] constexpr listed_values list() const { return {values.data(), count}; }
};

/// A codebook of these values, in as few bits as their number needs. Throws std::invalid_argument
/// for no values, more than 256, or such that are NaN or infinite.
///
///   const variable_codebook f = variable_codebook_of(learned);
///   round_to(f, in, out);
[[nodiscard]] inline variable_codebook variable_codebook_of(std::span<const float> values) {
  if (values.empty() || values.size() > 256) {
    refuse("variable_codebook_of: values has size " + std::to_string(values.size()) +
           ", expected 1 to 256");
  }
  variable_codebook f;
  f.count = static_cast<int>(values.size());
  f.width = 1;
  while (f.count > 1 << f.width) ++f.width;
  for (std::size_t i = 0; i < values.size(); ++i) {
    f.values[i] = std::bit_cast<std::uint32_t>(values[i]);
  }
  if (const char* why = defect(f)) refuse("variable_codebook_of: " + std::string(why));
  return f;
}

}  // namespace lowp
