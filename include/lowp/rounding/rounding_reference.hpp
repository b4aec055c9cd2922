// SPDX-License-Identifier: MIT
// A reference to a rounding mode of any type, for functions that are compiled once for all modes.
#pragma once

#include <cstdint>

#include "lowp/rounding/modes.hpp"

namespace lowp {

/// Acts as the mode that it was made from, which outlives it.
class rounding_reference {
 public:
  template <rounding_mode R>
  explicit constexpr rounding_reference(const R& mode)
      : mode_(&mode),
        addend_([](const void* of, bool has_index, std::uint64_t index, const discarded& d) {
          const R& self = *static_cast<const R*>(of);
          return has_index ? lowp::at(self, index).addend(d) : self.addend(d);
        }),
        is_stochastic_(lowp::is_stochastic(mode)),
        is_fixed_addend_(lowp::is_fixed_addend<R>) {}

  [[nodiscard]] constexpr bool is_stochastic() const { return is_stochastic_; }
  /// See lowp::is_fixed_addend.
  [[nodiscard]] constexpr bool is_fixed_addend() const { return is_fixed_addend_; }
  [[nodiscard]] constexpr rounding_reference at(std::uint64_t i) const {
    rounding_reference moved = *this;
    moved.has_index_ = true;
    moved.index_ += i;
    return moved;
  }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return addend_(mode_, has_index_, index_, d);
  }

 private:
  const void* mode_;
  std::uint64_t (*addend_)(const void*, bool, std::uint64_t, const discarded&);
  bool is_stochastic_, is_fixed_addend_;
  bool has_index_ = false;
  std::uint64_t index_ = 0;
};

}  // namespace lowp
