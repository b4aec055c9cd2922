// SPDX-License-Identifier: MIT
// A matrix read by its columns.
#pragma once

#include <type_traits>

#include "lowp/core/config.hpp"

namespace lowp {

namespace detail {

/// Whether a copy of X refers to the elements of X: a view, and what is composed of views and of
/// references.
template <class X>
inline constexpr bool is_view = std::is_trivially_copyable_v<X>;
/// A copy of a view, a reference to a matrix that owns its elements.
template <class X>
using kept_matrix = std::conditional_t<is_view<X>, X, const X&>;

}  // namespace detail

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
  detail::kept_matrix<X> of_;
};

template <class X>
transposed(const transposed<X>&) -> transposed<transposed<X>>;

namespace detail {
template <class X>
inline constexpr bool is_view<transposed<X>> = true;
}  // namespace detail

}  // namespace lowp
