// SPDX-License-Identifier: MIT
// Products with packed operands, compared with reference::gemm on what they were packed from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace test::gemm {

/// The first factor in binary32, of every kind of values; the second packed, against the definition
/// on what it was packed from.
template <class Operand>
void compare_packed(oracle::tally& t, const std::string& name, std::size_t n, std::size_t k) {
  const matrix b(n, k, n + k, kind::special);
  const Operand from(b);
  const lowp::packed_operand packed(from.operand);
  std::uint64_t seed = 0;
  // Passes of 8, 4, 3, 2 and 1 rows, with and without more than there are; and too many rows.
  for (const std::size_t m : {1u, 2u, 3u, 6u, 9u, 11u, 23u, 64u, 65u}) {
    if (m > 9 && k > 1000) continue;
    for (const kind values : kinds) {
      if (m > 3 && values != kind::ordinary && values != kind::special) continue;
      const matrix a(m, k, ++seed, values);
      const std::vector<std::uint32_t> expected = definition(a.view(), from.operand);
      for (const lowp::isa level : test::isas()) {
        const std::vector<std::uint32_t> actual = product(a.view(), packed, level);
        std::size_t at = 0;
        while (at < expected.size() && actual[at] == expected[at]) ++at;
        t.check(at == expected.size(), [&](auto& text) {
          text << name << " " << m << " x " << n << " x " << k << ", values "
               << static_cast<int>(values) << " on " << lowp::name(level) << ": element " << at
               << " is " << std::hex << actual[at] << ", expected " << expected[at];
        });
      }
    }
  }
}
template <class Operand>
void compare_packed(const char* name) {
  oracle::tally t;
  compare_packed<Operand>(t, name, 1, 1);
  compare_packed<Operand>(t, name, 3, 0);
  compare_packed<Operand>(t, name, 0, 40);
  compare_packed<Operand>(t, name, 16, 32);
  compare_packed<Operand>(t, name, 20, 192);
  compare_packed<Operand>(t, name, 37, 75);
  compare_packed<Operand>(t, name, 18, 1100);
  compare_packed<Operand>(t, name, 87, 64);    // groups side by side, and others
  compare_packed<Operand>(t, name, 17, 2130);  // more steps than scales are decoded for at a time
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace test::gemm
