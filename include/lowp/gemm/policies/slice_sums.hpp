// SPDX-License-Identifier: MIT
// A policy that gives each slice of K sums of its own: exact integers for INT8, binary32 for the
// outliers beside them.
//
// It is no gemm_policy: it adds sums, not products. Products by it are in gemm/slice_sums.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>

#include "lowp/gemm/policy.hpp"

namespace lowp {

/// The sum of slice i, from zero on, is that of the i-th policy, of the last one where there are
/// more slices; it is rounded to binary32 and multiplied by the tensor scales of its slices, as the
/// product of these slices alone is. The sums of the slices are added in binary32, in their order,
/// one rounding to nearest even each: ((s0 + s1) + s2) + … A slice without columns is left out;
/// without any, sums are +0.
template <gemm_policy auto... Policies>
struct slice_sums {
  static_assert(sizeof...(Policies) > 0, "slices are added by at least one policy");

  constexpr bool operator==(const slice_sums&) const = default;
  static constexpr std::size_t count = sizeof...(Policies);
  static constexpr std::tuple policies{Policies...};

  /// The policy of a slice.
  template <std::size_t Index>
  static constexpr auto policy_of = std::get<(Index < count ? Index : count - 1)>(policies);
};

namespace policies {
/// Policies one after the other, for one slice of K each.
template <gemm_policy auto... Policies>
inline constexpr slice_sums<Policies...> by_slice{};
}  // namespace policies

}  // namespace lowp
