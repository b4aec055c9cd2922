// SPDX-License-Identifier: MIT
// When elements are encoded by thresholds, and the tables that are kept from one call to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lowp/core/memory.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/kernels/arrays/binade_tables.hpp"
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
           a.is_even_odd == b.is_even_odd && a.is_random() == b.is_random() &&
           a.draw.used_bits() == b.draw.used_bits() && a.draw.variant == b.draw.variant &&
           range == other.range && nan == other.nan;
  }
};

/// A table as `make` makes it; null where `count` elements, fewer than `worth`, are done by the
/// definition before it is made. Each thread keeps the last table of a kind and a family; so does
/// who was given it, since a thread that waits for others may meanwhile ask for another.
template <class Table, bool Kind, number_format F, class Make>
[[nodiscard]] lowp::detail::shared<Table> find_table(const threshold_key<F>& key, std::size_t count,
                                                     std::size_t worth, const Make& make) {
  struct kept {
    threshold_key<F> key;
    Table table;
  };
  thread_local lowp::detail::shared<kept> last;
  if (!last || !(last->key == key)) {
    if (count < worth) return nullptr;
    last = lowp::detail::shared<kept>(kept{key, make()});
  }
  return {last, last->table};
}

/// Whether a format is encoded by thresholds: of at most 8 bits, by a mode without random bits, and
/// larger values have no smaller codes beyond the ends of the range, but for zero.
template <number_format F>
[[nodiscard]] bool has_thresholds(const threshold_key<F>& key) {
  const overflow o = overflow_as_read(key.format, key.range);
  return key.format.bits() <= 8 && key.rounding.is_known && !key.rounding.is_random() &&
         o != overflow::wrap && o != overflow::wrap_sign_magnitude;
}

/// The steps of encoding `count` elements, or of rounding them to the grid of a format; null where
/// there are none.
template <class Word, bool ToValues, number_format F, rounding_mode R>
[[nodiscard]] lowp::detail::shared<kernels::threshold_table<Word>> find_thresholds(
    const F& f, const R& mode, overflow o, missing_nan n, std::size_t count) {
  const threshold_key<F> key{f, kernels::lane_rounding_of(mode), o, n};
  if (!has_thresholds(key)) return nullptr;
  auto table = find_table<kernels::threshold_table<Word>, ToValues>(
      key, count, std::size_t{32} << f.bits(),
      [&] { return kernels::make_threshold_table<Word>(f, mode, o, n, ToValues); });
  return table && table->is_possible() ? table : nullptr;
}

/// The thresholds of elements of blocks, or null.
template <number_format F, rounding_mode R>
[[nodiscard]] lowp::detail::shared<kernels::block_thresholds> find_block_thresholds(
    const F& f, const R& mode, std::size_t count) {
  const threshold_key<F> key{f, kernels::lane_rounding_of(mode), overflow::saturate,
                             missing_nan::largest};
  if (!has_thresholds(key)) return nullptr;
  auto found = find_table<kernels::block_thresholds, false>(
      key, count, std::size_t{32} << f.bits(),
      [&] { return kernels::make_block_thresholds(f, mode); });
  return found && found->table.is_possible() ? found : nullptr;
}

/// What encodes to formats of at most 16 bits where there are no thresholds.
template <class Word>
struct binade_table {
  kernels::step_table<Word> steps{};
  kernels::draw_table<Word> draws{};  ///< of a stochastic mode, instead of steps
  std::vector<Word> values{};         ///< by code, in the format of the source
};
template <class Word, bool ToValues, number_format F, rounding_mode R>
[[nodiscard]] lowp::detail::shared<binade_table<Word>> find_binades(const F& f, const R& mode,
                                                                    overflow o, missing_nan n,
                                                                    std::size_t count) {
  const threshold_key<F> key{f, kernels::lane_rounding_of(mode), o, n};
  using draw_table = kernels::draw_table<Word>;
  const bool is_random = key.rounding.is_random();
  const int most_bits = is_random ? draw_table::most_bits : 16;
  if (f.bits() > most_bits || !key.rounding.is_known) return nullptr;
  const auto make = [&] {
    using s = kernels::source<Word>;
    binade_table<Word> table;
    if (is_random) {
      table.draws = draw_table(f, key.rounding.draw, o, n);
    } else {
      table.steps = kernels::step_table<Word>(f, mode, o, n);
    }
    for (code_t code = 0; ToValues && code < code_t{1} << f.bits(); ++code) {
      table.values.push_back(static_cast<Word>(encode(s::format, decode(f, code))));
    }
    return table;
  };
  // As many elements as values are asked for: a search for each step, or both codes at each edge,
  // and both ends of each binade.
  const auto of_step =
      static_cast<std::size_t>(is_random ? 2 * draw_table::buckets_per_step(f.bits()) : 32);
  const std::size_t of_steps = of_step << f.bits();
  const std::size_t of_binades = sizeof(Word) == 8 ? 16384 : 2048;
  auto found = find_table<binade_table<Word>, ToValues>(key, count, of_steps + of_binades, make);
  return found && found->draws.is_possible() ? found : nullptr;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
