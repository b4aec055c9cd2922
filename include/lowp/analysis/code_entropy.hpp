// SPDX-License-Identifier: MIT
// The entropy of codes: how many bits a code carries, by how often each occurs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/stated_logarithm.hpp"

namespace lowp {

/// Shannon's entropy in bits, the sum of (c / n) * log2(n / c) over counts c that are not zero, of
/// which n is the sum; in binary64, in the order of the counts, each operation rounded once. n
/// equal counts have exactly log2(n) bits if n is a power of two. 0 without a count.
[[nodiscard]] inline double entropy_of_counts(std::span<const std::uint64_t> counts) {
  const default_float_environment environment;
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  const auto n = static_cast<double>(total);
  double sum = 0;
  for (const std::uint64_t count : counts) {
    if (count == 0) continue;
    const auto c = static_cast<double>(count);
    sum = opaque(sum + opaque(opaque(c / n) * stated_log2(opaque(n / c))));
  }
  return sum;
}

/// How often each code of 1 to 24 bits occurs. `codes` is any range of unsigned integers, or of
/// what `code_of` makes such an integer of. Throws std::invalid_argument if one has more bits.
template <class Codes, class Code>
[[nodiscard]] std::vector<std::uint64_t> count_codes(const Codes& codes, int bits,
                                                     const Code& code_of) {
  if (bits < 1 || bits > 24) {
    refuse("count_codes: bits is " + std::to_string(bits) + ", expected 1 to 24");
  }
  std::vector<std::uint64_t> counts(std::size_t{1} << bits);
  for (const auto& one : codes) {
    const auto code = static_cast<std::uint64_t>(code_of(one));
    if (code >= counts.size()) {
      refuse("count_codes: a code is " + std::to_string(code) + ", expected below " +
             std::to_string(counts.size()));
    }
    ++counts[static_cast<std::size_t>(code)];
  }
  return counts;
}
template <class Codes>
[[nodiscard]] std::vector<std::uint64_t> count_codes(const Codes& codes, int bits) {
  return count_codes(codes, bits, [](const auto& code) { return code; });
}

/// The entropy of codes of so many bits: at most `bits`.
template <class Codes>
[[nodiscard]] double entropy_of_codes(const Codes& codes, int bits) {
  return entropy_of_counts(count_codes(codes, bits));
}

}  // namespace lowp
