// SPDX-License-Identifier: MIT
// What the elements of a tensor in a file are: a name, and how many values lie in how many bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "lowp/io/format_error.hpp"

namespace lowp::io {

/// An element type (a record of one value of so many bits, records without a gap, low bits first)
/// or a block type (a record of many values along the last dimension, in whole bytes). All kinds of
/// files share it: names are those of safetensors where it has one ("F32", "BF16", "F8_E4M3"), else
/// those of GGUF ("Q4_K"), else "I4", "U4", "I2", "U2", "C128"; any other name is allowed where the
/// file can say it. Two dtypes of one name are the same.
struct dtype {
  std::string name;
  std::uint32_t record_bits = 0;
  std::uint32_t record_values = 1;

  bool operator==(const dtype&) const = default;
  [[nodiscard]] bool is_block() const noexcept { return record_values != 1; }
  /// 4.5 for "Q4_K".
  [[nodiscard]] double bits_per_value() const noexcept {
    return static_cast<double>(record_bits) / record_values;
  }
};

namespace detail {

struct element_row {
  std::string_view name;
  std::uint32_t bits;
};

/// Those of safetensors first, in the order of its reference implementation, which its writer sorts
/// by.
inline constexpr element_row element_dtypes[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},    {"I4", 4},      {"U4", 4},      {"I2", 2},
    {"U2", 2},          {"C128", 128},
};
inline constexpr std::size_t safetensors_dtype_count = 22;

/// Position in the list above; its size if there is no such name.
[[nodiscard]] constexpr std::size_t element_rank(std::string_view name) noexcept {
  std::size_t rank = 0;
  while (rank < std::size(element_dtypes) && element_dtypes[rank].name != name) ++rank;
  return rank;
}

}  // namespace detail

/// The element type of this name, such as "F32"; for an unknown name one of 0 bits.
[[nodiscard]] inline dtype element_dtype(std::string_view name) {
  const std::size_t rank = detail::element_rank(name);
  return {std::string(name),
          rank < std::size(detail::element_dtypes) ? detail::element_dtypes[rank].bits : 0};
}

/// The number of values of a tensor, 1 without dimensions.
[[nodiscard]] constexpr std::uint64_t value_count(std::span<const std::uint64_t> shape) noexcept {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) count *= size;
  return count;
}

/// The bytes of a tensor: its bits, rounded up to a byte. On failure `problem` says why (it becomes
/// empty otherwise) and the result is 0: no dtype, a product of sizes of 2^64 bits or more (a zero
/// does not excuse the other sizes), blocks that do not fill the last dimension.
[[nodiscard]] inline std::uint64_t byte_size(const dtype& type,
                                             std::span<const std::uint64_t> shape,
                                             std::string& problem) {
  problem.clear();
  if (type.record_bits == 0 || type.record_values == 0) {
    problem = "dtype is " + detail::in_quotes(type.name) + ", which has no known size";
    return 0;
  }
  if (type.is_block()) {
    const std::uint64_t last = shape.empty() ? 1 : shape.back();
    if (type.record_bits % 8 != 0) {
      problem = "dtype " + detail::in_quotes(type.name) + " has records of " +
                std::to_string(type.record_bits) + " bits, expected whole bytes";
    } else if (last % type.record_values != 0) {
      problem = "shape has a last size of " + std::to_string(last) + ", expected a multiple of " +
                std::to_string(type.record_values) + " for dtype " + detail::in_quotes(type.name);
    }
    if (!problem.empty()) return 0;
  }
  std::uint64_t bits = type.record_bits, bits_of_nonzero = bits;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool is_last = i + 1 == shape.size();
    const std::uint64_t records = is_last ? shape[i] / type.record_values : shape[i];
    const std::uint64_t factor = std::max<std::uint64_t>(records, 1);
    if (bits_of_nonzero > (std::numeric_limits<std::uint64_t>::max)() / factor) {
      problem = "shape has a product of sizes that exceeds 2^64 bits";
      return 0;
    }
    bits_of_nonzero *= factor;
    bits *= records;
  }
  return bits / 8 + (bits % 8 != 0 ? 1 : 0);
}

}  // namespace lowp::io
