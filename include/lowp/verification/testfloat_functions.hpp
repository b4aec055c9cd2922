// SPDX-License-Identifier: MIT
// The functions of Berkeley TestFloat by their names there; testfloat_reader.hpp reads its vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/verification/operations.hpp"

namespace lowp::verification {

namespace detail {

struct testfloat_type {
  std::string_view name;
  any_format format;
  std::string_view to_integer{};  // the operation that converts to it
};
[[nodiscard]] inline const testfloat_type* find_testfloat_type(std::string_view name) {
  static const testfloat_type types[] = {
      {"f16", any_format(formats::binary16)},
      {"bf16", any_format(formats::bfloat16)},
      {"f32", any_format(formats::binary32)},
      {"f64", any_format(formats::binary64)},
      {"i32", any_format(formats::int_n<32>), "to_int32"},
      {"i64", any_format(formats::int_n<64>), "to_int64"},
      {"ui32", any_format(formats::uint_n<32>), "to_uint32"},
      {"ui64", any_format(formats::uint_n<64>), "to_uint64"},
  };
  for (const testfloat_type& type : types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}
inline constexpr std::pair<std::string_view, std::string_view> testfloat_operations[] = {
    {"add", "add"},
    {"sub", "subtract"},
    {"mul", "multiply"},
    {"div", "divide"},
    {"mulAdd", "fma"},
    {"sqrt", "sqrt"},
    {"rem", "remainder"},
    {"eq", "equal"},
    {"le", "less_equal"},
    {"lt", "less"},
    {"eq_signaling", "equal_signaling"},
    {"le_quiet", "less_equal_quiet"},
    {"lt_quiet", "less_quiet"},
};

}  // namespace detail

/// The golden function of a name such as f16_mulAdd, f32_to_i64, ui32_to_f16. `is_exact` is
/// testfloat_gen's option -exact. Throws std::invalid_argument for a name that is none.
[[nodiscard]] inline std::unique_ptr<golden_function> make_testfloat_function(
    std::string_view name, bool is_exact, const environment& e = environments::ieee754) {
  const std::size_t split = name.find('_');
  const detail::testfloat_type* const type = detail::find_testfloat_type(name.substr(0, split));
  const std::string_view rest =
      split == std::string_view::npos ? std::string_view() : name.substr(split + 1);
  std::vector<std::string_view> names{"f16_add", "f16_to_f32", "f16_to_i32", "i32_to_f16",
                                      "f16_roundToInt"};
  if (type == nullptr) refuse(unknown_name("function of TestFloat", name, names));
  const bool is_float = type->to_integer.empty();
  std::unique_ptr<golden_function> function;
  if (rest.substr(0, 3) == "to_") {
    const detail::testfloat_type* const to = detail::find_testfloat_type(rest.substr(3));
    if (to != nullptr && to->to_integer.empty())
      function = make_operation("convert", to->format, type->format, e);
    if (to != nullptr && !to->to_integer.empty() && is_float) {
      const std::string op = std::string(to->to_integer) + (is_exact ? "_exact" : "");
      function = make_operation(op, type->format, type->format, e);
    }
  } else if (is_float && rest == "roundToInt") {
    function = make_operation(is_exact ? "round_to_integral_exact" : "round_to_integral",
                              type->format, type->format, e);
  } else if (is_float) {
    names.clear();
    for (const auto& [of, ours] : detail::testfloat_operations) {
      names.push_back(of);
      if (of == rest) function = make_operation(ours, type->format, type->format, e);
    }
    if (function == nullptr)
      refuse(unknown_name("operation of TestFloat", rest, names) + " (in '" + std::string(name) +
             "')");
  }
  if (function == nullptr) refuse(unknown_name("function of TestFloat", name, names));
  return function;
}

}  // namespace lowp::verification
