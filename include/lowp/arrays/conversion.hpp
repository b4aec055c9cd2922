// SPDX-License-Identifier: MIT
// encode() and round_to() of convert.hpp by a conversion, all of whose choices are one argument.
//
//   encode(values, codes, conversions::cuda)
//   round_to<formats::e4m3fn>(values, values, conversion{.overflow = overflow::saturate})
//
// Kernels make every choice, but for magnitudes of negative numbers and
// negative_zeros::from_numbers, which the definition encodes. Errors as there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/converted_format.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class T, number_format F, rounding_mode R>
void encode_bytes(const F& format, std::span<const T> in, std::span<std::uint8_t> bytes,
                  const basic_conversion<R>& c, packing p, const execution& how) {
  detail::require_packing("encode", format, p, in.size(), bytes.size());
  detail::require_apart("encode", bytes_of(in), bytes_of(bytes));
  with_choices(format, c.choices(), [&](const auto& f) {
    encode_array(f, in, bytes.data(), c.rounding, c.overflow, c.missing_nan, p, how);
  });
}
template <auto F, packing P, class T, rounding_mode R>
void encode_span(std::span<const T> in, packed_span<F, P> out, const basic_conversion<R>& c,
                 const execution& how) {
  detail::require_same_size("encode", out.size(), in.size());
  encode_bytes(F, in, out.bytes(), c, P, how);
}
template <class T, number_format F, rounding_mode R>
void round_span(const F& format, std::span<const T> in, std::span<T> out,
                const basic_conversion<R>& c, const execution& how) {
  detail::require_valid("round_to", defect(format));
  with_choices(format, c.choices(), [&](const auto& f) {
    round_span(f, in, out, c.rounding, c.overflow, c.missing_nan, how);
  });
}

}  // namespace bulk

/// The codes of `in`, each rounded once.
template <auto F, packing P, rounding_mode R>
void encode(std::span<const float> in, packed_span<F, P> out, const basic_conversion<R>& c,
            const execution& how = {}) {
  bulk::encode_span(in, out, c, how);
}
template <auto F, packing P, rounding_mode R>
void encode(std::span<const double> in, packed_span<F, P> out, const basic_conversion<R>& c,
            const execution& how = {}) {
  bulk::encode_span(in, out, c, how);
}
template <auto F, packing P, rounding_mode R>
void encode(std::span<const binary16> in, packed_span<F, P> out, const basic_conversion<R>& c,
            const execution& how = {}) {
  bulk::encode_span(in, out, c, how);
}
template <auto F, packing P, rounding_mode R>
void encode(std::span<const bfloat16> in, packed_span<F, P> out, const basic_conversion<R>& c,
            const execution& how = {}) {
  bulk::encode_span(in, out, c, how);
}
/// With a descriptor known at run time.
template <rounding_mode R, number_format F>
void encode(const F& format, std::span<const float> in, std::span<std::uint8_t> bytes,
            const basic_conversion<R>& c, packing p = {}, const execution& how = {}) {
  bulk::encode_bytes(format, in, bytes, c, p, how);
}

/// Each element rounded to a value of the format, kept in its type; in and out may be the same.
template <number_format F, rounding_mode R>
void round_to(const F& format, std::span<const float> in, std::span<float> out,
              const basic_conversion<R>& c, const execution& how = {}) {
  bulk::round_span(format, in, out, c, how);
}
template <number_format F, rounding_mode R>
void round_to(const F& format, std::span<const double> in, std::span<double> out,
              const basic_conversion<R>& c, const execution& how = {}) {
  bulk::round_span(format, in, out, c, how);
}
template <auto F, rounding_mode R>
void round_to(std::span<const float> in, std::span<float> out, const basic_conversion<R>& c,
              const execution& how = {}) {
  static_assert(is_valid_format<F>);
  bulk::round_span(F, in, out, c, how);
}
template <auto F, rounding_mode R>
void round_to(std::span<const double> in, std::span<double> out, const basic_conversion<R>& c,
              const execution& how = {}) {
  static_assert(is_valid_format<F>);
  bulk::round_span(F, in, out, c, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
