// SPDX-License-Identifier: MIT
// Q8_0 and Q8_1 as ggml's reference quantizers compute them (ggml-quants.c of d99724f): the
// largest magnitude becomes 127, all in binary32, by the scale before it is rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"

namespace lowp {
namespace detail {

/// Elements to nearest, ties away from zero, of x * (1 / d), d = amax / 127; returns d.
template <class Codes>
float ggml_q8_elements(const float* x, float amax, Codes& out) {
  const float d = quotient_of_floats(amax, 127);
  float steps[32];
  std::int32_t integers[32];
  multiply_arrays<32>(x, reciprocal_or_zero(d), steps);
  round_away_array<32>(steps, 0, integers);
  for (std::size_t i = 0; i < 32; ++i) out.elements[i] = static_cast<std::uint8_t>(integers[i]);
  out.upper[0] = half_code(d);
  return d;
}

}  // namespace detail

namespace rules {

/// Bit for bit as on x86 for finite values; where 1 / d is infinite, for magnitudes below 2^-121, C
/// leaves open what ggml does, and elements are 0. A NaN or an infinity makes the scale NaN and the
/// elements 0. SIMD forms of ggml that quantize activations round ties to even instead.
struct ggml_q8_0_t : rule_of_records<ggml_q8_0_t, formats::q8_0> {
  static constexpr std::string_view name = "ggml_q8_0";
  static constexpr const char* expected = "rules::ggml_q8_0 is for formats::q8_0";
  using codes = coded_record<32, 1>;

  void encode(const float* x, codes& out) const {
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.is_special()) return detail::store_nan(out);
    detail::ggml_q8_elements(x, extreme.amax(), out);
  }
};

/// As Q8_0, and d times the sum of the elements in binary16, of which d is not yet rounded: a
/// number that stands beside the levels, for products with Q4_1 and Q5_1. NaN beside a scale that
/// is NaN.
struct ggml_q8_1_t : rule_of_records<ggml_q8_1_t, formats::q8_1> {
  static constexpr std::string_view name = "ggml_q8_1";
  static constexpr const char* expected = "rules::ggml_q8_1 is for formats::q8_1";
  using codes = coded_record<32, 2>;

  void encode(const float* x, codes& out) const {
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.is_special()) {
      detail::store_nan(out);
      out.upper[1] = detail::half_nan;
      return;
    }
    const float d = detail::ggml_q8_elements(x, extreme.amax(), out);
    int sum = 0;
    for (const std::uint8_t element : out.elements) sum += static_cast<std::int8_t>(element);
    out.upper[1] = detail::half_code(detail::product_of_floats(static_cast<float>(sum), d));
  }
};

inline constexpr ggml_q8_0_t ggml_q8_0{};
inline constexpr ggml_q8_1_t ggml_q8_1{};

}  // namespace rules
}  // namespace lowp
