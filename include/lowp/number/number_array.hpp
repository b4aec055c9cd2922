// SPDX-License-Identifier: MIT
// Which arguments are arrays of numbers: whatever holds number<F> one beside another, so that
// nobody has to spell std::span<const number<F>>.
#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>

#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {
template <class A>
using array_element = typename decltype(std::span(std::declval<A&>()))::element_type;
}  // namespace detail

/// A span, vector, std::array or array of number<F>.
template <class A>
concept number_array = requires {
  typename detail::array_element<A>;
  requires std::same_as<std::remove_const_t<detail::array_element<A>>,
                        number<detail::array_element<A>::format>>;
};

namespace detail {

template <number_array A>
using number_in_array = std::remove_const_t<array_element<A>>;

/// Whether arrays have numbers of one format.
template <class A, class... Rest>
concept same_numbers = number_array<A> &&(number_array<Rest>&&...) &&
                       (std::same_as<number_in_array<A>, number_in_array<Rest>> && ...);

template <number_array A>
[[nodiscard]] constexpr std::span<const number_in_array<A>> numbers_in(const A& a) {
  return std::span(a);
}

}  // namespace detail

}  // namespace lowp
