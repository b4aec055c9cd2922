// SPDX-License-Identifier: MIT
// What lanes need to know to encode and decode codes with a regime, and which operations on them
// there are; see regime.inc.
#pragma once

#include <cstdint>
#include <type_traits>

#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Whether the codes of a family have a regime.
template <class F>
inline constexpr bool has_known_regime = requires(const F& f) {
  known_regime(f);
};

enum class regime_operation : std::uint8_t { sum, difference, product };

/// How values whose bits are a Word become codes.
template <class Word>
struct regime_plan {
  bool is_supported = false;
  regime_code code{};
  by_sign<Word> infinity{}, nan{};
};

/// To nearest even. Subnormal numbers of the source must be less than any of the format.
template <class Word, number_format F, rounding_mode R>
[[nodiscard]] constexpr regime_plan<Word> make_regime_plan(const F& f, const R&, overflow o,
                                                           missing_nan n) {
  using s = source<Word>;
  regime_plan<Word> plan;
  if constexpr (has_known_regime<F> && std::is_same_v<R, nearest_even_t>) {
    plan.code = known_regime(f);
    const int highest = (plan.code.bits - 2) << plan.code.exponent_bits;
    plan.is_supported = highest < s::bias;
    const auto code = [&](const unpacked& x) {
      return static_cast<Word>(encode(f, x, nearest_even, o, n));
    };
    plan.infinity = {code(unpacked::infinite()), code(unpacked::infinite(true))};
    plan.nan = {code(unpacked::nan()), code(unpacked::nan(true))};
  }
  return plan;
}

/// How codes become values of binary32.
struct regime_decode_plan {
  bool is_supported = false;
  regime_code code{};
  bool may_round = false;  ///< there are values of more bits than binary32 has
};

/// If all values are normal numbers of binary32, or rounded to some.
template <number_format F>
[[nodiscard]] constexpr regime_decode_plan make_regime_decode_plan(const F& f) {
  regime_decode_plan plan;
  if constexpr (has_known_regime<F>) {
    plan.code = known_regime(f);
    plan.is_supported = (plan.code.bits - 2) << plan.code.exponent_bits < 127;
    plan.may_round = facts_of(f).significant_bits > 24;
  }
  return plan;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
