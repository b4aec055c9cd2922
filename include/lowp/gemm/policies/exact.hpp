// SPDX-License-Identifier: MIT
// The policy exact: the sum of all products without rounding, then rounded once.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/gemm/definition/terms.hpp"

namespace lowp {

/// The sum of all products, tensor scales included, without rounding, then rounded once to binary32
/// by the mode that gemm is given.
struct exact_sums {
  constexpr bool operator==(const exact_sums&) const = default;
};

[[nodiscard]] constexpr const char* defect(const exact_sums&) { return nullptr; }
[[nodiscard]] constexpr bool has_rounding(const exact_sums&) { return true; }
[[nodiscard]] constexpr std::size_t rounding_count(const exact_sums&, std::size_t) { return 1; }
[[nodiscard]] constexpr factor_form form_of(const exact_sums&) { return factor_form::exact_values; }

template <rounding_mode R>
[[nodiscard]] unpacked sum_products(const exact_sums&, const product_terms& t,
                                    rounding_sequence<R>& rounding) {
  const unpacked start = unpack(t.start);
  int low = start.exponent, high = start.exponent;
  bool is_first = start.kind != value_kind::finite;
  for (std::size_t k = 0; k < t.depth; ++k) {
    const unpacked &x = t.a.exact[k], &y = t.b.exact[k];
    if (x.kind != value_kind::finite || y.kind != value_kind::finite) continue;
    const int exponent = x.exponent + y.exponent;
    low = is_first ? exponent : (std::min)(low, exponent);
    high = is_first ? exponent : (std::max)(high, exponent);
    is_first = false;
  }
  exact_sum sum(is_first ? 0 : low, is_first ? 0 : high + 1);
  for (std::size_t k = 0; k < t.depth; ++k) sum.add(exact::multiply(t.a.exact[k], t.b.exact[k]));
  sum.add(start);
  return rounding(formats::binary32, sum.value(), overflow::to_special);
}

}  // namespace lowp
