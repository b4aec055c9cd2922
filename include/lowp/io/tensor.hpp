// SPDX-License-Identifier: MIT
// Named tensors of bytes, and the dtypes of the safetensors file format.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lowp::io {

// The bytes do not follow the format. The message names the file, the tensor and the field, and
// what was expected.
class format_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

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
[[nodiscard]] constexpr std::uint64_t dtype_bits(std::string_view dtype) noexcept;

namespace detail {

struct dtype_entry {
  std::string_view name;
  std::uint64_t bits;
};

// In the order of the reference implementation, which its writer sorts by.
inline constexpr std::array<dtype_entry, 22> dtypes{{
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
}};

// Position in the list above; its size if the dtype is unknown.
[[nodiscard]] constexpr std::size_t dtype_rank(std::string_view dtype) noexcept {
  std::size_t rank = 0;
  while (rank < dtypes.size() && dtypes[rank].name != dtype) ++rank;
  return rank;
}

// A name from a file made fit for a message: control characters and non-ASCII bytes as "?", and not
// too long.
[[nodiscard]] inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 100;
  std::string result = "'";
  for (const char c : name.substr(0, longest)) result += c < ' ' || c > '~' ? '?' : c;
  return result + (name.size() > longest ? "…'" : "'");
}

// An unsigned integer of Bytes bytes, lowest byte first on every machine.
template <std::size_t Bytes>
[[nodiscard]] constexpr std::uint64_t load_little_endian(const std::byte* from) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i)
    value |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

template <std::size_t Bytes>
constexpr void store_little_endian(std::uint64_t value, std::byte* to) noexcept {
  for (std::size_t i = 0; i < Bytes; ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

}  // namespace detail

constexpr std::uint64_t dtype_bits(std::string_view dtype) noexcept {
  const std::size_t rank = detail::dtype_rank(dtype);
  return rank < detail::dtypes.size() ? detail::dtypes[rank].bits : 0;
}

namespace detail {

// The number of bytes that the shape needs. On failure `problem` says why and the result is 0.
[[nodiscard]] inline std::uint64_t byte_size(std::string_view dtype,
                                             std::span<const std::uint64_t> shape,
                                             std::string& problem) {
  const std::uint64_t bits_per_element = dtype_bits(dtype);
  if (bits_per_element == 0) {
    problem = "dtype is " + in_quotes(dtype) + ", expected one of the dtypes of the format";
    return 0;
  }
  // A zero makes the product zero, but the other sizes must still be ones that could be multiplied.
  std::uint64_t bits = bits_per_element;
  std::uint64_t bits_of_nonzero = bits_per_element;
  for (const std::uint64_t size : shape) {
    const std::uint64_t factor = std::max<std::uint64_t>(size, 1);
    if (bits_of_nonzero > (std::numeric_limits<std::uint64_t>::max)() / factor) {
      problem = "shape has a product of sizes that exceeds 2^64 bits";
      return 0;
    }
    bits_of_nonzero *= factor;
    bits *= size;
  }
  if (bits % 8 != 0) {
    problem = "shape with dtype " + in_quotes(dtype) + " needs " + std::to_string(bits) +
              " bits, expected whole bytes";
    return 0;
  }
  return bits / 8;
}

}  // namespace detail
}  // namespace lowp::io
