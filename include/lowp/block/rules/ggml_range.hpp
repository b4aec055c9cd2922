// SPDX-License-Identifier: MIT
// Q4_1 and Q5_1 as ggml's reference quantizers compute them (ggml-quants.c of d99724f): the range
// of a block in equal steps from its lowest value on, all in binary32, by scale and minimum before
// they are rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"

namespace lowp::rules {

/// q = floor((x - min) * (1 / d) + 0.5), d = (max - min) / (2^Bits - 1), each operation rounded.
/// The offset that is subtracted is -min, in binary16. Bit for bit as on x86 for finite values;
/// where x - min or 1 / d is infinite C leaves open what ggml does, and elements are 0. A NaN or an
/// infinity makes the scale NaN and the other codes 0.
template <int Bits>
struct ggml_range {
  using codes = coded_record<32, 2>;

  void encode(const float* x, codes& out) const {
    constexpr std::int32_t last = (1 << Bits) - 1;
    if (detail::extreme_of<32>(x).is_special()) return detail::store_nan(out);
    const detail::end_values ends = detail::ends_of<32>(x);
    const float d = detail::quotient_of_floats(
        detail::difference_of_floats(ends.highest, ends.lowest), static_cast<float>(last));
    out.upper[0] = detail::half_code(d);
    out.upper[1] = detail::half_code(ends.lowest) ^ 0x8000u;
    float steps[32];
    std::int32_t integers[32];
    detail::subtract_arrays<32>(x, ends.lowest, steps);
    detail::multiply_arrays<32>(steps, detail::reciprocal_or_zero(d), steps);
    detail::add_arrays<32>(steps, 0.5f, steps);
    detail::truncate_array<32>(steps, 0, integers);
    for (std::size_t i = 0; i < 32; ++i) {
      const std::int32_t q = integers[i] < last ? integers[i] : last;
      out.elements[i] = static_cast<std::uint8_t>(q);
    }
  }
};
struct ggml_q4_1_t : ggml_range<4>, rule_of_records<ggml_q4_1_t, formats::q4_1> {
  static constexpr std::string_view name = "ggml_q4_1";
  static constexpr const char* expected = "rules::ggml_q4_1 is for formats::q4_1";
};
struct ggml_q5_1_t : ggml_range<5>, rule_of_records<ggml_q5_1_t, formats::q5_1> {
  static constexpr std::string_view name = "ggml_q5_1";
  static constexpr const char* expected = "rules::ggml_q5_1 is for formats::q5_1";
};
inline constexpr ggml_q4_1_t ggml_q4_1{};
inline constexpr ggml_q5_1_t ggml_q5_1{};

}  // namespace lowp::rules
