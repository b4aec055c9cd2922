// SPDX-License-Identifier: MIT
// Named tensors of bytes in memory, and the dtypes of the safetensors file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/io/dtype.hpp"
#include "lowp/io/format_error.hpp"
#include "lowp/io/little_endian.hpp"

namespace lowp::io {

// A tensor whose bytes belong to someone else: to a safetensors_file, or to whoever writes one.
// Elements are little-endian, the last dimension is contiguous, and a shape without dimensions is a
// single element.
struct tensor_view {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;
};

using metadata_map = std::map<std::string, std::string>;

// Bits of one element of a dtype of the format, 4 for "F4" to 64 for "C64"; 0 if the format has no
// such dtype.
[[nodiscard]] constexpr std::uint64_t dtype_bits(std::string_view dtype) noexcept {
  const std::size_t rank = detail::element_rank(dtype);
  return rank < detail::safetensors_dtype_count ? detail::element_dtypes[rank].bits : 0;
}

namespace detail {

// The number of bytes that the shape needs. On failure `problem` says why and the result is 0.
[[nodiscard]] inline std::uint64_t safetensors_byte_size(std::string_view dtype,
                                                         std::span<const std::uint64_t> shape,
                                                         std::string& problem) {
  const std::uint64_t bits = dtype_bits(dtype);
  if (bits == 0) {
    problem = "dtype is " + in_quotes(dtype) + ", expected one of the dtypes of the format";
    return 0;
  }
  const std::uint64_t bytes =
      byte_size({std::string(dtype), static_cast<std::uint32_t>(bits)}, shape, problem);
  if (problem.empty() && bits % 8 != 0 && bits * value_count(shape) % 8 != 0) {
    problem = "shape with dtype " + in_quotes(dtype) + " needs " +
              std::to_string(bits * value_count(shape)) + " bits, expected whole bytes";
    return 0;
  }
  return bytes;
}

}  // namespace detail
}  // namespace lowp::io
