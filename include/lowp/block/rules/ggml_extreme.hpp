// SPDX-License-Identifier: MIT
// Q4_0 and Q5_0 as ggml's reference quantizers compute them (ggml-quants.c of d99724f): the element
// of the largest magnitude becomes the lowest integer, -8 or -16, so that the scale has the other
// sign; all in binary32, by the scale before it is rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"

namespace lowp::rules {

/// q = min(floor(x * (1 / d) + 2^(Bits-1) + 0.5), 2^Bits - 1) - 2^(Bits-1), d = extreme /
/// -2^(Bits-1), the product and the sum rounded. Bit for bit as on x86 for finite values; where
/// 1 / d is infinite, for magnitudes below 2^-125, C leaves open what ggml does, and elements are
/// the lowest integer, under a scale of zero. A NaN or an infinity makes the scale NaN and the
/// elements 0.
template <int Bits>
struct ggml_extreme {
  using codes = coded_record<32, 1>;

  void encode(const float* x, codes& out) const {
    constexpr std::int32_t half = 1 << (Bits - 1), last = 2 * half - 1;
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.is_special()) return detail::store_nan(out);
    const float d = detail::quotient_of_floats(extreme.value, static_cast<float>(-half));
    out.upper[0] = detail::half_code(d);
    float steps[32];
    std::int32_t integers[32];
    detail::multiply_arrays<32>(x, detail::reciprocal_or_zero(d), steps);
    detail::add_arrays<32>(steps, static_cast<float>(half) + 0.5f, steps);
    detail::truncate_array<32>(steps, 0, integers);
    for (std::size_t i = 0; i < 32; ++i) {
      const std::int32_t q = integers[i] < last ? integers[i] : last;
      out.elements[i] = static_cast<std::uint8_t>(q ^ half);
    }
  }
};
struct ggml_q4_0_t : ggml_extreme<4>, rule_of_records<ggml_q4_0_t, formats::q4_0> {
  static constexpr std::string_view name = "ggml_q4_0";
  static constexpr const char* expected = "rules::ggml_q4_0 is for formats::q4_0";
};
struct ggml_q5_0_t : ggml_extreme<5>, rule_of_records<ggml_q5_0_t, formats::q5_0> {
  static constexpr std::string_view name = "ggml_q5_0";
  static constexpr const char* expected = "rules::ggml_q5_0 is for formats::q5_0";
};
inline constexpr ggml_q4_0_t ggml_q4_0{};
inline constexpr ggml_q5_0_t ggml_q5_0{};

}  // namespace lowp::rules
