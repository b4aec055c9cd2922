// SPDX-License-Identifier: MIT
// Rounding to the values of a narrow format without their codes, for rules that try several scales.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp::detail {

/// The finite values of a format of at most 8 bits, ascending, and the binary32 numbers where
/// encoding to nearest even passes from one to the next. There are none for a format of which one
/// of these is not a binary32 number.
template <number_format F>
class nearest_values {
 public:
  explicit nearest_values(const F& f) : format_(f) {
    if (f.bits() > 8) return;
    std::vector<unpacked> all;
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked x = decode(f, code);
      if (x.is_finite() || x.is_zero()) all.push_back(x);
    }
    const auto order = [](const unpacked& a, const unpacked& b) {
      return exact::compare(a, b) < 0;
    };
    const auto same = [](const unpacked& a, const unpacked& b) {
      return exact::compare(a, b) == 0;
    };
    std::sort(all.begin(), all.end(), order);
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    std::vector<step> steps;
    for (std::size_t i = 1; i < all.size(); ++i) {
      const unpacked half = scale_by_power_of_two(exact::add(all[i - 1], all[i]), -1);
      const unpacked little = scale_by_power_of_two(exact::add(all[i], -all[i - 1]), -40);
      const auto nearest = [&](const unpacked& x) {
        return decode(f, encode(f, x, nearest_even, overflow::saturate, missing_nan::largest));
      };
      const step s{pack_as<float>(half), pack_as<float>(all[i]), same(nearest(half), all[i])};
      if (!same(unpack(s.limit), half) || !same(unpack(s.value), all[i]) ||
          !same(nearest(exact::add(half, -little)), all[i - 1]) ||
          !same(nearest(exact::add(half, little)), all[i])) {
        return;
      }
      steps.push_back(s);
    }
    lowest_ = pack_as<float>(all.front());
    steps_ = std::move(steps);
  }

  [[nodiscard]] const F& format() const { return format_; }
  [[nodiscard]] bool exist() const { return !steps_.empty(); }
  /// The value nearest to x, which is no NaN.
  [[nodiscard]] float operator()(float x) const {
    if (steps_.size() > 32) {
      const auto at = std::partition_point(steps_.begin(), steps_.end(),
                                           [x](const step& s) { return is_after(x, s); });
      return at == steps_.begin() ? lowest_ : (at - 1)->value;
    }
    float value = lowest_;
    for (const step& s : steps_) value = is_after(x, s) ? s.value : value;
    return value;
  }

 private:
  struct step {
    float limit, value;
    bool takes_limit;  ///< the limit itself becomes `value`
  };
  [[nodiscard]] static bool is_after(float x, const step& s) {
    return (x > s.limit) | ((x == s.limit) & s.takes_limit);
  }
  F format_;
  float lowest_ = 0;
  std::vector<step> steps_;
};

/// Those of a format, kept by each thread for as long as it asks for no other of the family.
template <number_format F>
[[nodiscard]] const nearest_values<F>& nearest_values_of(const F& f) {
  thread_local nearest_values<F> last(f);
  if (!(last.format() == f)) last = nearest_values<F>(f);
  return last;
}

}  // namespace lowp::detail
