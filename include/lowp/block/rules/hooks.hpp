// SPDX-License-Identifier: MIT
// A member of a rule that has the name of a hook (rule.hpp) and cannot be called as that hook does
// not compile: it would be passed over without a word.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/block/rules/rule.hpp"

namespace lowp::detail {

// A class with a member of each name: with it as a second base, a name that a rule has, too, is
// ambiguous, however the rule declares it.
struct hook_names {
  int tensor, scaling, factor, divides_by_scale, element, has_elements, plan, defect, require_grid;
  int require_matrix, rounding, sees_specials, keeps_negative_zero, is_power_of_two;
};
template <class Rule>
struct with_hook_names : Rule, hook_names {};

template <class Rule, class Format>
constexpr void require_hooks() {
  if constexpr (std::is_class_v<Rule> && !std::is_final_v<Rule>) {
    using names = with_hook_names<Rule>;
    using rule = const Rule&;
    using format = const Format&;
    using number = const float&;
    using tensor_type = const tensor_scale&;
    static_assert(
        requires { &names::tensor; } ||
            requires(rule r, format f, number amax) {
              { r.tensor(amax, f) } -> std::convertible_to<tensor_scale>;
            },
        "a rule's tensor is tensor(amax, format) const -> tensor_scale");
    static_assert(
        requires { &names::scaling; } ||
            requires(rule r, format f) {
              { r.scaling(f) } -> std::convertible_to<element_scaling>;
            },
        "a rule's scaling is scaling(format) const -> element_scaling");
    static_assert(
        requires { &names::factor; } ||
            requires(rule r, format f, const unpacked& scale, tensor_type t) {
              { r.factor(scale, f, t) } -> std::convertible_to<unpacked>;
            },
        "a rule's factor is factor(scale, format, tensor) const -> unpacked");
    static_assert(
        requires { &names::divides_by_scale; } ||
            requires(rule r, format f) {
              { r.divides_by_scale(f) } -> std::convertible_to<bool>;
            },
        "a rule's divides_by_scale is divides_by_scale(format) const -> bool");
    static_assert(
        requires { &names::element; } ||
            requires(rule r, format f, number x, code_t c) {
              { r.element(x, f, c) } -> std::convertible_to<code_t>;
              { r.has_elements(c) } -> std::convertible_to<bool>;
            },
        "a rule's element is element(x, format, scale code) const -> code_t, beside has_elements");
    static_assert(
        requires { &names::has_elements; } || !requires { &names::element; },
        "a rule's has_elements(scale code) const -> bool stands beside element");
    static_assert(
        requires { &names::plan; } ||
            requires(rule r, format f, tensor_type t) {
              { r.plan(f, t) } -> std::convertible_to<scale_plan>;
            },
        "a rule's plan is plan(format, tensor) const -> scale_plan");
    static_assert(
        requires { &names::defect; } ||
            requires(rule r, format f) {
              { r.defect(f) } -> std::convertible_to<const char*>;
            },
        "a rule's defect is defect(format) const -> const char*");
    static_assert(
        requires { &names::require_grid; } ||
            requires(rule r, std::size_t n) { r.require_grid(n, n); },
        "a rule's require_grid is require_grid(block rows, block cols) const");
    static_assert(
        requires { &names::require_matrix; } ||
            requires(rule r, std::size_t n) { r.require_matrix(n, n); },
        "a rule's require_matrix is require_matrix(rows, cols) const");
    static_assert(
        requires { &names::rounding; } ||
            requires(rule r, const discarded& d) {
              { r.rounding.addend(d) } -> std::convertible_to<std::uint64_t>;
            },
        "a rule's rounding is a rounding mode");
    static_assert(
        requires { &names::sees_specials; } ||
            requires(rule r) {
              { r.sees_specials } -> std::convertible_to<bool>;
            },
        "a rule's sees_specials is a bool");
    static_assert(
        requires { &names::keeps_negative_zero; } ||
            requires(rule r) {
              { r.keeps_negative_zero } -> std::convertible_to<bool>;
            },
        "a rule's keeps_negative_zero is a bool");
    static_assert(
        requires { &names::is_power_of_two; } ||
            requires(rule r) {
              { r.is_power_of_two } -> std::convertible_to<bool>;
            },
        "a rule's is_power_of_two is a bool");
  }
}

}  // namespace lowp::detail
