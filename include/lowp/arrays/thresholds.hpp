// SPDX-License-Identifier: MIT
// When elements are encoded by thresholds, and the tables that are kept from one call to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

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
           a.addend.negative == b.addend.negative && a.odd == b.odd &&
           a.is_even_odd == b.is_even_odd && range == other.range && nan == other.nan;
  }
};

/// A table for a format of at most 8 bits and a mode without random bits, as `make` makes it; null
/// for others, or where `count` elements are done by the definition before it is made. Each thread
/// keeps the last table of a kind and a family; so does who was given it, since a thread that waits
/// for others may meanwhile ask for another.
template <class Table, bool Kind, number_format F, rounding_mode R, class Make>
[[nodiscard]] std::shared_ptr<const Table> find_table(const F& f, const R& mode, overflow o,
                                                      missing_nan n, std::size_t count,
                                                      const Make& make) {
  struct kept {
    threshold_key<F> key;
    Table table;
  };
  thread_local std::shared_ptr<const kept> last;
  const kernels::lane_rounding rounding = kernels::lane_rounding_of(mode);
  if (f.bits() > 8 || !rounding.is_known || rounding.is_random() || o == overflow::wrap ||
      o == overflow::wrap_sign_magnitude) {
    return nullptr;
  }
  const threshold_key<F> key{f, rounding, o, n};
  if (!last || !(last->key == key)) {
    if (count < std::size_t{32} << f.bits()) return nullptr;
    last = std::make_shared<const kept>(kept{key, make()});
  }
  return {last, &last->table};
}

/// The steps of encoding `count` elements, or of rounding them to the grid of a format.
template <class Word, bool ToValues, number_format F, rounding_mode R>
[[nodiscard]] std::shared_ptr<const kernels::threshold_table<Word>> find_thresholds(
    const F& f, const R& mode, overflow o, missing_nan n, std::size_t count) {
  auto table = find_table<kernels::threshold_table<Word>, ToValues>(f, mode, o, n, count, [&] {
    return kernels::make_threshold_table<Word>(f, mode, o, n, ToValues);
  });
  return table != nullptr && table->is_possible() ? table : nullptr;
}

/// The same for the elements of blocks.
template <number_format F, rounding_mode R>
[[nodiscard]] std::shared_ptr<const kernels::block_thresholds> find_block_thresholds(
    const F& f, const R& mode, std::size_t count) {
  auto found = find_table<kernels::block_thresholds, false>(
      f, mode, overflow::saturate, missing_nan::largest, count,
      [&] { return kernels::make_block_thresholds(f, mode); });
  return found != nullptr && found->table.is_possible() ? found : nullptr;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
