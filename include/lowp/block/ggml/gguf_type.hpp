// SPDX-License-Identifier: MIT
// A type of tensor data as GGUF files number it: how many elements a record has, how many bytes,
// and how a row of records is made of values and read. The list of types is open: a table of them
// is any array of gguf_type, a program's own as well as gguf_types (gguf_types.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"

namespace lowp {

/// A type of tensor data. A row of `count` elements, a multiple of `cols`, takes row_bytes(count)
/// bytes, record after record.
///
/// quantize and dequantize work on whole records and check nothing: quantize_row and dequantize_row
/// do. Either may be null: values of float are no way to write integers, and of some types nobody
/// but a search with weights of importance makes records.
struct gguf_type {
  std::string_view name;  ///< as GGUF's tools spell it: "Q4_K", "F32"
  std::uint32_t id = 0;   ///< in the header of a file
  std::size_t cols = 1;   ///< elements of a record
  std::size_t bytes = 0;  ///< of a record
  void (*quantize)(const float* row, std::size_t count, std::uint8_t* bytes) = nullptr;
  void (*dequantize)(const std::uint8_t* bytes, std::size_t count, float* row) = nullptr;

  [[nodiscard]] constexpr std::size_t row_bytes(std::size_t count) const {
    return count / cols * bytes;
  }
  [[nodiscard]] constexpr double bits_per_value() const {
    return 8.0 * static_cast<double>(bytes) / static_cast<double>(cols);
  }
  [[nodiscard]] constexpr bool is_block() const { return cols > 1; }
};

/// The type with a number or a name in a table, or null.
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::span<const gguf_type> types,
                                                        std::uint32_t id) {
  for (const gguf_type& type : types) {
    if (type.id == id) return &type;
  }
  return nullptr;
}
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::span<const gguf_type> types,
                                                        std::string_view name) {
  for (const gguf_type& type : types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

/// The type with a name; std::invalid_argument lists those with similar names.
[[nodiscard]] inline const gguf_type& gguf_type_named(std::span<const gguf_type> types,
                                                      std::string_view name) {
  if (const gguf_type* const found = find_gguf_type(types, name)) return *found;
  std::vector<std::string_view> names;
  for (const gguf_type& type : types) names.push_back(type.name);
  refuse(unknown_name("GGUF type", name, names));
}

namespace detail {

inline void require_gguf_row(const char* function, const gguf_type& type, bool is_possible,
                             std::size_t values, std::size_t bytes) {
  const std::string start = std::string(function) + ": " + std::string(type.name) + " ";
  if (!is_possible) refuse(start + "has no such function");
  if (values % type.cols != 0) {
    refuse(start + "takes a multiple of " + std::to_string(type.cols) + " values, got " +
           std::to_string(values));
  }
  if (bytes != type.row_bytes(values)) {
    refuse(start + "takes " + std::to_string(type.row_bytes(values)) + " bytes for " +
           std::to_string(values) + " values, got " + std::to_string(bytes));
  }
}

}  // namespace detail

/// Writes a row of values as records of a type. Throws std::invalid_argument, before writing, if
/// the type is not written from float, or the sizes do not belong together.
inline void quantize_row(const gguf_type& type, std::span<const float> row,
                         std::span<std::uint8_t> bytes) {
  detail::require_gguf_row("quantize_row", type, type.quantize != nullptr, row.size(),
                           bytes.size());
  type.quantize(row.data(), row.size(), bytes.data());
}
/// Reads a row of records, each value rounded once to nearest even where binary32 does not hold
/// it. Throws as quantize_row does.
inline void dequantize_row(const gguf_type& type, std::span<const std::uint8_t> bytes,
                           std::span<float> row) {
  detail::require_gguf_row("dequantize_row", type, type.dequantize != nullptr, row.size(),
                           bytes.size());
  type.dequantize(bytes.data(), row.size(), row.data());
}

}  // namespace lowp
