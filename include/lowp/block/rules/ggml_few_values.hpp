// SPDX-License-Identifier: MIT
// Q1_0, Q2_0, TQ1_0 and TQ2_0 as ggml's reference quantizers compute them (ggml-quants.c of
// d99724f): signs under the mean magnitude, and elements -1, 0 and 1 under the largest one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"

namespace lowp::rules {

/// 128 signs, 1 for what is at least 0 (-0 is), under the mean magnitude: the sum in binary32 from
/// the first element to the last, over 128. A NaN or an infinity makes the scale NaN and the
/// elements 0.
struct ggml_q1_0_t : rule_of_records<ggml_q1_0_t, formats::q1_0> {
  static constexpr std::string_view name = "ggml_q1_0";
  static constexpr const char* expected = "rules::ggml_q1_0 is for formats::q1_0";
  using codes = coded_record<128, 1>;

  void encode(const float* x, codes& out) const {
    if (detail::extreme_of<128>(x).is_special()) return detail::store_nan(out);
    float sum = 0;
    for (std::size_t i = 0; i < 128; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(x[i]);
      sum = opaque(sum + from_bits<float>(bits & 0x7FFFFFFFu));
      out.elements[i] = bits <= 0x80000000u ? 1 : 0;
    }
    out.upper[0] = detail::half_code(detail::product_of_floats(sum, 0.0078125f));
  }
};

/// Elements x * (1 / amax) to nearest, ties away from zero, plus 1: codes 0, 1 and 2. Bit for bit
/// as on x86 for finite values; where 1 / amax is infinite, for magnitudes up to 2^-128, C leaves
/// open what ggml does, and elements are `WhereInfinite`, under a scale of zero. A NaN or an
/// infinity makes the scale NaN and the elements 0.
template <std::size_t Cols, std::int32_t WhereInfinite>
struct ggml_signs_and_zero {
  using codes = coded_record<Cols, 1>;

  void encode(const float* x, codes& out) const {
    const detail::extreme_value extreme = detail::extreme_of<Cols>(x);
    if (extreme.is_special()) return detail::store_nan(out);
    out.upper[0] = detail::half_code(extreme.amax());
    float steps[Cols];
    std::int32_t integers[Cols];
    detail::multiply_arrays<Cols>(x, detail::reciprocal_or_zero(extreme.amax()), steps);
    detail::round_away_array<Cols>(steps, WhereInfinite - 1, integers);
    for (std::size_t i = 0; i < Cols; ++i) {
      out.elements[i] = static_cast<std::uint8_t>(integers[i] + 1);
    }
  }
};
struct ggml_q2_0_t : ggml_signs_and_zero<64, 0>, rule_of_records<ggml_q2_0_t, formats::q2_0> {
  static constexpr std::string_view name = "ggml_q2_0";
  static constexpr const char* expected = "rules::ggml_q2_0 is for formats::q2_0";
};
struct ggml_tq1_0_t : ggml_signs_and_zero<256, 1>, rule_of_records<ggml_tq1_0_t, formats::tq1_0> {
  static constexpr std::string_view name = "ggml_tq1_0";
  static constexpr const char* expected = "rules::ggml_tq1_0 is for formats::tq1_0";
};
struct ggml_tq2_0_t : ggml_signs_and_zero<256, 1>, rule_of_records<ggml_tq2_0_t, formats::tq2_0> {
  static constexpr std::string_view name = "ggml_tq2_0";
  static constexpr const char* expected = "rules::ggml_tq2_0 is for formats::tq2_0";
};
inline constexpr ggml_q1_0_t ggml_q1_0{};
inline constexpr ggml_q2_0_t ggml_q2_0{};
inline constexpr ggml_tq1_0_t ggml_tq1_0{};
inline constexpr ggml_tq2_0_t ggml_tq2_0{};

}  // namespace lowp::rules
