// SPDX-License-Identifier: MIT
// Metadata of all types as JSON: {"key": "k", "type": "u32", "value": 64}, and arrays
// {"key": "k", "type": "array", "of": "f32", "value": [1.5, "NaN"]}.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/io/format_error.hpp"
#include "lowp/io/metadata.hpp"

namespace lowp::io::detail {

/// By the index of the alternative in metadata_value.
inline constexpr std::string_view metadata_type_names[] = {
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};
inline constexpr int deepest_json_metadata = 16;

/// What is not finite is a text, since JSON has no number for it.
inline constexpr std::pair<std::string_view, double> non_finite_texts[] = {
    {"NaN", std::numeric_limits<double>::quiet_NaN()},
    {"Infinity", std::numeric_limits<double>::infinity()},
    {"-Infinity", -std::numeric_limits<double>::infinity()}};

template <class T>
void put_json_value(nlohmann::ordered_json& entry, const T& value);

template <class T>
[[nodiscard]] nlohmann::ordered_json to_json_value(const T& value) {
  if constexpr (std::is_same_v<T, metadata_array>) {
    nlohmann::ordered_json entry;
    put_json_value(entry, value);
    return entry;
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    }
    return value;
  }
}
template <class T>
void put_json_value(nlohmann::ordered_json& entry, const T& value) {
  if constexpr (std::is_same_v<T, metadata_array>) {
    entry["of"] = metadata_type_names[value.values.index()];
    auto& list = entry["value"] = nlohmann::ordered_json::array();
    std::visit(
        [&]<class E>(const std::vector<E>& values) {
          for (std::size_t i = 0; i < values.size(); ++i)
            list.push_back(to_json_value<E>(values[i]));
        },
        value.values);
  } else {
    entry["value"] = to_json_value(value);
  }
}

[[nodiscard]] inline nlohmann::ordered_json to_json(const metadata_entry& from) {
  nlohmann::ordered_json entry{{"key", from.key},
                               {"type", metadata_type_names[from.value.index()]}};
  std::visit([&](const auto& value) { put_json_value(entry, value); }, from.value);
  return entry;
}

/// Reads values; `where` begins its messages.
class json_metadata_reader {
 public:
  explicit json_metadata_reader(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] metadata_value value(const nlohmann::json& entry) const {
    return with_metadata_type(type(entry, "type"), [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, metadata_array>) {
        return metadata_value(array(entry, 1));
      } else {
        return metadata_value(std::in_place_type<T>, plain<T>(field(entry, "value")));
      }
    });
  }

 private:
  [[noreturn]] void fail(const std::string& text) const { throw format_error(where_ + text); }

  [[nodiscard]] const nlohmann::json& field(const nlohmann::json& entry, const char* name) const {
    const auto found = entry.is_object() ? entry.find(name) : entry.end();
    if (!entry.is_object() || found == entry.end())
      fail("is no object with a field " + in_quotes(name));
    return *found;
  }

  /// The index of the type of values that a field names.
  [[nodiscard]] std::size_t type(const nlohmann::json& entry, const char* name) const {
    const nlohmann::json& text = field(entry, name);
    for (std::size_t i = 0; i < std::size(metadata_type_names); ++i)
      if (text == metadata_type_names[i]) return i;
    fail(std::string(name) + " is none of u8 to u64, i8 to i64, f32, f64, bool, string, array");
  }

  template <class T>
  [[nodiscard]] T plain(const nlohmann::json& from) const {
    if constexpr (std::is_same_v<T, bool>) {
      if (from.is_boolean()) return from.template get<bool>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (from.is_string()) return from.template get<std::string>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (from.is_number()) {
        const double value = from.template get<double>();
        if (std::abs(value) <= static_cast<double>((std::numeric_limits<T>::max)()))
          return static_cast<T>(value);
      }
      for (const auto& [text, value] : non_finite_texts)
        if (from == text) return static_cast<T>(value);
    } else {
      if (from.is_number_unsigned() &&
          from.template get<std::uint64_t>() <= std::uint64_t{(std::numeric_limits<T>::max)()})
        return static_cast<T>(from.template get<std::uint64_t>());
      if constexpr (std::is_signed_v<T>) {
        if (from.is_number_integer() && !from.is_number_unsigned() &&
            from.template get<std::int64_t>() >= (std::numeric_limits<T>::min)())
          return static_cast<T>(from.template get<std::int64_t>());
      }
    }
    fail("value does not fit its type");
  }

  [[nodiscard]] metadata_array array(const nlohmann::json& entry, int depth) const {
    if (depth > deepest_json_metadata)
      fail("has arrays in arrays, deeper than " + std::to_string(deepest_json_metadata));
    const nlohmann::json& list = field(entry, "value");
    if (!list.is_array()) fail("value is no array");
    return with_metadata_type(type(entry, "of"), [&]<class T>(std::type_identity<T>) {
      std::vector<T> values;
      for (const nlohmann::json& element : list) {
        if constexpr (std::is_same_v<T, metadata_array>) {
          values.push_back(array(element, depth + 1));
        } else {
          values.push_back(plain<T>(element));
        }
      }
      return metadata_array{std::move(values)};
    });
  }

  std::string where_;
};

}  // namespace lowp::io::detail
