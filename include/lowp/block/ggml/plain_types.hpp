// SPDX-License-Identifier: MIT
// The types of GGUF that are no blocks: floats and integers, little-endian, one after the other.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/packed_span.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A float format of the library: encoded to nearest even, infinite where too large.
template <auto F>
void encode_plain(const float* row, std::size_t count, std::uint8_t* bytes) {
  encode(std::span(row, count), packed_span<F>({bytes, packed_bytes(count, F.bits())}, count));
}
template <auto F>
void decode_plain(const std::uint8_t* bytes, std::size_t count, float* row) {
  decode(const_packed_span<F>({bytes, packed_bytes(count, F.bits())}, count),
         std::span(row, count));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE

namespace detail {

/// Exchanges the bytes of a number with those of a file, which are little-endian.
template <class T>
void copy_little_endian(const void* from, void* to) {
  std::uint8_t bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof bytes);
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
  }
  std::memcpy(to, bytes, sizeof bytes);
}

/// Numbers of a type of C++; each is rounded once to binary32, the bits of which are kept.
template <class T>
void read_plain(const std::uint8_t* bytes, std::size_t count, float* row) {
  const default_float_environment environment;
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    copy_little_endian<T>(bytes + i * sizeof(T), &value);
    if constexpr (std::same_as<T, float>) {
      std::memcpy(row + i, &value, sizeof value);
    } else {
      row[i] = static_cast<float>(value);
    }
  }
}
template <std::floating_point T>
void write_plain(const float* row, std::size_t count, std::uint8_t* bytes) {
  const default_float_environment environment;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<T>(row[i]);
    copy_little_endian<T>(&value, bytes + i * sizeof(T));
  }
}

template <std::integral T>
[[nodiscard]] constexpr gguf_type gguf_integer(std::string_view name, std::uint32_t id) {
  return {name, id, 1, sizeof(T), nullptr, read_plain<T>};
}

}  // namespace detail

namespace gguf {

inline constexpr gguf_type f32{
    "F32", 0, 1, 4, detail::write_plain<float>, detail::read_plain<float>};
inline namespace LOWP_BASELINE {
inline constexpr gguf_type f16{
    "F16", 1, 1, 2, bulk::encode_plain<formats::binary16>, bulk::decode_plain<formats::binary16>};
inline constexpr gguf_type bf16{
    "BF16", 30, 1, 2, bulk::encode_plain<formats::bfloat16>, bulk::decode_plain<formats::bfloat16>};
}  // namespace LOWP_BASELINE
inline constexpr gguf_type f64{
    "F64", 28, 1, 8, detail::write_plain<double>, detail::read_plain<double>};
inline constexpr gguf_type i8 = detail::gguf_integer<std::int8_t>("I8", 24);
inline constexpr gguf_type i16 = detail::gguf_integer<std::int16_t>("I16", 25);
inline constexpr gguf_type i32 = detail::gguf_integer<std::int32_t>("I32", 26);
inline constexpr gguf_type i64 = detail::gguf_integer<std::int64_t>("I64", 27);

}  // namespace gguf
}  // namespace lowp
