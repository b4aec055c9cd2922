// SPDX-License-Identifier: MIT
// A matrix read by its columns.
#pragma once

#include <type_traits>

#include "lowp/core/config.hpp"

namespace lowp {

/// The transpose of a view or a matrix X: row i is column i of it. Keeps a copy of a view and
/// refers to a matrix that owns its elements.
template <class X>
class transposed {
  static_assert(
      !requires(const X& x) { x.of(); },
      "the transpose of a transposed matrix is the matrix itself: of()");

 public:
  constexpr explicit transposed(const X& x) : of_(x) {}
  /// What this is the transpose of.
  [[nodiscard]] constexpr const X& of() const { return of_; }

 private:
  std::conditional_t<std::is_trivially_copyable_v<X>, X, const X&> of_;
};

template <class X>
transposed(const transposed<X>&) -> transposed<transposed<X>>;

}  // namespace lowp
