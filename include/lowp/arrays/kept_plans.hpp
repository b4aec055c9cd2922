// SPDX-License-Identifier: MIT
// The plans of formats and modes that are known at compile time, kept for the life of the program:
// a plan takes longer to make than hundreds of elements take to encode. They are places in static
// storage and not constants of the compiler, since most programs use one choice of what overflows
// and missing NaN become, and each constant is evaluated by each file that includes this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/core/kept_value.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// What the first few keys that are asked for give, which takes long to make.
template <class Key, class Value>
class kept_by_key {
 public:
  template <class Make>
  [[nodiscard]] Value find(const Key& key, const Make& make) {
    for (auto& place : places_) {
      const entry* const found = place.find();
      if (found == nullptr) {
        const Value made = make();
        place.keep({key, made});
        return made;
      }
      if (found->key == key) return found->made;
    }
    return make();
  }

 private:
  struct entry {
    Key key;
    Value made;
  };
  lowp::detail::kept_value<entry> places_[8];
};

/// The plans of a format and a mode for every choice at the ends of the range.
template <class Word>
class kept_plans {
 public:
  using plan = kernels::encode_plan<Word>;

  /// Calls use(plan) with the plan of a mode without a state for a choice, made by make() unless it
  /// is there.
  template <class R, class Make, class Use>
  void with_plan(const R&, overflow o, missing_nan n, const Make& make, const Use& use) {
    const auto row = static_cast<std::size_t>(o), column = static_cast<std::size_t>(n);
    if (row >= rows || column >= columns) return use(make());
    if (const plan* const found = plans_[row][column].find()) return use(*found);
    const plan made = make();
    plans_[row][column].keep(made);
    use(made);
  }
  /// With the plan for a draw: plans differ by how it draws, and what seed and index it has is put
  /// into the plan of each use.
  template <class Make, class Use>
  void with_plan(const stochastic& mode, overflow o, missing_nan n, const Make& make,
                 const Use& use) {
    plan made = drawn_.find({mode.used_bits(), mode.variant, o, n}, make);
    made.rounding.draw = mode;
    use(made);
  }

 private:
  static constexpr std::size_t rows = static_cast<std::size_t>(overflow::saturate_numbers) + 1;
  static constexpr std::size_t columns = static_cast<std::size_t>(missing_nan::flipped_zero) + 1;

  struct draw_key {
    int bits;
    stochastic_variant variant;
    overflow o;
    missing_nan n;
    bool operator==(const draw_key&) const = default;
  };

  lowp::detail::kept_value<plan> plans_[rows][columns];
  kept_by_key<draw_key, plan> drawn_;
};

/// Modes whose plans are kept: those without a state, and those whose state is a draw.
template <class R>
inline constexpr bool keeps_plans = std::is_empty_v<R> || std::is_same_v<R, stochastic>;

/// Plans to codes, or with ToValues to values, of a format and of such a mode.
template <auto F, class R, class Word, bool ToValues>
inline constinit kept_plans<Word> plans_of{};

/// Plans among 32 and 64 bits that a caller has made for his choice of what overflows.
struct made_plans {
  kernels::encode_plan<std::uint32_t> narrow{};
  kernels::encode_plan<std::uint64_t> wide{};
};

/// Where a call looks for its plan among 32 or 64 bits, unless it was made; null: it makes one.
struct plan_places {
  kept_plans<std::uint32_t>* narrow = nullptr;
  kept_plans<std::uint64_t>* wide = nullptr;
  const made_plans* made = nullptr;

  template <class Word, class R, class Make, class Use>
  void with_plan(const R& mode, overflow o, missing_nan n, const Make& make, const Use& use) const {
    if (made != nullptr) {
      if constexpr (sizeof(Word) == 4) {
        return use(made->narrow);
      } else {
        return use(made->wide);
      }
    }
    kept_plans<Word>* place;
    if constexpr (sizeof(Word) == 4) {
      place = narrow;
    } else {
      place = wide;
    }
    if (place == nullptr) return use(make());
    place->with_plan(mode, o, n, make, use);
  }
};

/// The places of a format that is known at compile time; none for modes whose state is another.
template <auto F, class R, bool ToValues>
[[nodiscard]] constexpr plan_places places_of() {
  if constexpr (keeps_plans<R> && kernels::has_known_grid<std::remove_cv_t<decltype(F)>>) {
    return {&plans_of<F, R, std::uint32_t, ToValues>, &plans_of<F, R, std::uint64_t, ToValues>};
  } else {
    return {};
  }
}

// --------------------------------------------------------------------------------------------
// formats known at run time

template <class F>
struct format_choice {
  F format;
  overflow o;
  missing_nan n;
  bool operator==(const format_choice&) const = default;
};
/// The plans to codes that calls for a few elements at a time ask for again and again: those of the
/// first few formats of a family, whenever they are known.
template <class F, class R>
inline constinit kept_by_key<format_choice<F>, kernels::encode_plan<std::uint32_t>>
    format_plans_of{};

/// The plan to codes of a format, kept if it can be.
template <number_format F, rounding_mode R>
[[nodiscard]] kernels::encode_plan<std::uint32_t> code_plan_of(const F& f, const R& mode,
                                                               overflow o, missing_nan n) {
  const auto make = [&] { return kernels::make_encode_plan<std::uint32_t>(f, mode, o, n, false); };
  if constexpr (std::is_empty_v<R> && std::is_trivially_copyable_v<F> &&
                kernels::has_known_grid<F>) {
    return format_plans_of<F, R>.find({f, o, n}, make);
  } else {
    return make();
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
