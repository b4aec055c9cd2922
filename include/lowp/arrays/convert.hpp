// SPDX-License-Identifier: MIT
// Whole arrays: binary32 to codes, codes to binary32, and binary32 to the grid of a format. Element
// i is converted with the draw at(mode, i); the scalar codec is the definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "lowp/arrays/packed_span.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {
inline void require_same_size(const char* function, std::size_t out, std::size_t in) {
  if (out != in) {
    throw std::invalid_argument(std::string(function) + ": out has size " + std::to_string(out) +
                                ", expected that of in, " + std::to_string(in));
  }
}
inline void require_valid(const char* function, const char* defect) {
  if (defect != nullptr) throw std::invalid_argument(std::string(function) + ": " + defect);
}
inline void require_packing(const char* function, const auto& format, packing p, std::size_t count,
                            std::size_t bytes) {
  require_valid(function, defect(format));
  require_valid(function, defect(p, format.bits()));
  const std::size_t needed = packed_bytes(count, format.bits(), p);
  if (bytes < needed) {
    throw std::invalid_argument(std::string(function) + ": bytes has size " +
                                std::to_string(bytes) + ", expected at least " +
                                std::to_string(needed));
  }
}
}  // namespace detail

/// The codes of `in`, each rounded once. Throws std::invalid_argument, before writing, if the sizes
/// differ.
template <auto F, packing P, rounding_mode R = nearest_even_t>
void encode(std::span<const float> in, packed_span<F, P> out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest) {
  detail::require_same_size("encode", out.size(), in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    out.set_code(i, encode(F, unpack(in[i]), at(mode, i), o, n));
  }
}

/// The values of codes in binary32: exact for every format whose range and precision binary32
/// covers, else rounded to nearest even.
template <auto F, packing P>
void decode(const_packed_span<F, P> in, std::span<float> out) {
  detail::require_same_size("decode", out.size(), in.size());
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = pack_as<float>(decode(F, in.code(i)));
}
template <auto F, packing P>
void decode(packed_span<F, P> in, std::span<float> out) {
  decode(const_packed_span<F, P>(in), out);
}

/// Each element rounded to the nearest value of `format` in the sense of `mode`, kept in binary32;
/// in and out may be the same array. With a descriptor as argument, for formats chosen at run time;
/// throws std::invalid_argument if it contradicts itself or the sizes differ.
template <number_format F, rounding_mode R = nearest_even_t>
void round_to(const F& format, std::span<const float> in, std::span<float> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest) {
  detail::require_valid("round_to", defect(format));
  detail::require_same_size("round_to", out.size(), in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = pack_as<float>(decode(format, encode(format, unpack(in[i]), at(mode, i), o, n)));
  }
}
template <auto F, rounding_mode R = nearest_even_t>
void round_to(std::span<const float> in, std::span<float> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest) {
  static_assert(is_valid_format<F>);
  detail::require_same_size("round_to", out.size(), in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = pack_as<float>(decode(F, encode(F, unpack(in[i]), at(mode, i), o, n)));
  }
}

/// encode and decode with a descriptor known at run time; `bytes` hold packed codes in order `p`
/// and must not be fewer than packed_bytes(in.size(), format.bits(), p).
template <rounding_mode R = nearest_even_t, number_format F>
void encode(const F& format, std::span<const float> in, std::span<std::uint8_t> bytes,
            const R& mode = {}, overflow o = overflow::to_special,
            missing_nan n = missing_nan::largest, packing p = {}) {
  detail::require_packing("encode", format, p, in.size(), bytes.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    store_code(bytes.data(), i, format.bits(), encode(format, unpack(in[i]), at(mode, i), o, n), p);
  }
}
template <number_format F>
void decode(const F& format, std::span<const std::uint8_t> bytes, std::span<float> out,
            packing p = {}) {
  detail::require_packing("decode", format, p, out.size(), bytes.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = pack_as<float>(decode(format, load_code(bytes.data(), i, format.bits(), p)));
  }
}

}  // namespace lowp
