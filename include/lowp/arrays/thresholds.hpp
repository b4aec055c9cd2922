// SPDX-License-Identifier: MIT
// When an array is encoded by thresholds, and the tables that are kept from one call to the next.
#pragma once

#include <cstddef>
#include <optional>

#include "lowp/formats/concepts.hpp"
#include "lowp/kernels/arrays/threshold_table.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// What the steps of a rounding depend on.
template <class F>
struct threshold_key {
  F format;
  kernels::lane_rounding rounding;
  overflow range;
  missing_nan nan;

  [[nodiscard]] bool operator==(const threshold_key& other) const {
    const kernels::lane_rounding &a = rounding, &b = other.rounding;
    return format == other.format && a.addend.positive == b.addend.positive &&
           a.addend.negative == b.addend.negative && a.odd == b.odd && range == other.range &&
           nan == other.nan;
  }
};

/// The steps of encoding `count` elements to a format of at most 8 bits, or of rounding them to its
/// grid; null where there are none, or where the definition is done before a table is. Each thread
/// keeps the last table of a family, for as long as it asks for no other.
template <class Word, bool ToValues, number_format F, rounding_mode R>
[[nodiscard]] const kernels::threshold_table<Word>* find_thresholds(const F& f, const R& mode,
                                                                    overflow o, missing_nan n,
                                                                    std::size_t count) {
  struct kept {
    threshold_key<F> key;
    kernels::threshold_table<Word> table;
  };
  thread_local std::optional<kept> last;
  const kernels::lane_rounding rounding = kernels::lane_rounding_of(mode);
  if (f.bits() > 8 || !rounding.is_known || rounding.is_random() || o == overflow::wrap) {
    return nullptr;
  }
  const threshold_key<F> key{f, rounding, o, n};
  if (!last || !(last->key == key)) {
    if (count < std::size_t{32} << f.bits()) return nullptr;
    last.emplace(kept{key, kernels::make_threshold_table<Word>(f, mode, o, n, ToValues)});
  }
  return last->table.is_possible() ? &last->table : nullptr;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
