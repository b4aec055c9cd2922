// SPDX-License-Identifier: MIT
// IQ4_NL and IQ4_XS as ggml's reference quantizers compute them (ggml-quants.c of d99724f): scales
// by least squares with weights x^2, of IQ4_XS the best of sixteen, all in binary32.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {
namespace detail {

/// The codes of IQ4_NL by the integer part, downward, of twice a number: boundaries between values
/// are multiples of a half, at which the higher value is taken. NaN is the highest.
struct iq4_codes {
  static constexpr int lowest = -254, count = 2 * 254 + 1;
  std::array<std::uint8_t, count> codes{};
  std::array<float, 16> values{};

  constexpr iq4_codes() {
    for (std::size_t i = 0; i < 16; ++i)
      values[i] = std::bit_cast<float>(formats::iq4_nl.values[i]);
    for (int i = 0; i < count; ++i) {
      std::uint8_t code = 0;
      while (code < 15 && static_cast<float>(lowest + i) >=
                              values[std::size_t{code}] + values[std::size_t{code} + 1u]) {
        ++code;
      }
      codes[static_cast<std::size_t>(i)] = code;
    }
  }
};
inline constexpr iq4_codes iq4_table{};

/// Where in the table the codes of x[i] are.
template <std::size_t N>
LOWP_ALWAYS_INLINE inline void iq4_places(const float* x, std::int32_t* out) {
  constexpr float end = 127;
  for (std::size_t i = 0; i < N; ++i) {
    // Comparisons by bits: no NaN is lost, whatever the compiler assumes.
    const auto bits = std::bit_cast<std::uint32_t>(x[i]);
    const bool is_far = (bits & 0x7FFFFFFFu) >= std::bit_cast<std::uint32_t>(end);
    const bool is_low = bits >> 31 != 0 && bits <= 0xFF800000u;
    const float twice = 2 * from_bits<float>(is_far ? 0u : bits);
    const auto cut = static_cast<std::int32_t>(twice);
    const std::int32_t floor = cut - (static_cast<float>(cut) > twice ? 1 : 0);
    out[i] = is_far ? (is_low ? 0 : iq4_codes::count - 1) : floor - iq4_codes::lowest;
  }
}

/// The codes of N elements times `inverse`.
template <std::size_t N>
void iq4_elements(const float* x, float inverse, std::uint8_t* codes) {
  float steps[N];
  std::int32_t places[N];
  multiply_arrays<N>(x, inverse, steps);
  iq4_places<N>(steps, places);
  for (std::size_t i = 0; i < N; ++i) {
    codes[i] = iq4_table.codes[static_cast<std::size_t>(places[i])];
  }
}

/// The scale of least error of elements x whose values are q, weights being x^2: sum(x^2 * q * x) /
/// sum(x^2 * q * q), 0 where the latter is 0.
[[nodiscard]] inline float iq4_scale(const float (&x)[32], const float (&q)[32]) {
  float weighted[32], qx[32], qq[32], sum_qx = 0, sum_qq = 0;
  multiply_arrays<32>(x, x, weighted);
  multiply_arrays<32>(weighted, q, weighted);
  multiply_arrays<32>(weighted, x, qx);
  multiply_arrays<32>(weighted, q, qq);
  for (std::size_t i = 0; i < 32; ++i) {
    sum_qx = opaque(sum_qx + qx[i]);
    sum_qq = opaque(sum_qq + qq[i]);
  }
  const bool is_zero = std::bit_cast<std::uint32_t>(sum_qq) == 0;
  return is_zero ? 0 : quotient_of_floats(sum_qx, sum_qq);
}

/// Those sums for each of so many inverse scales, q being the value nearest to x times it.
struct iq4_tries {
  static constexpr std::size_t count = 16;
  float qx[count] = {}, qq[count] = {};

  iq4_tries(const float* x, const float* inverses) {
    for (std::size_t i = 0; i < 32; ++i) {
      const float weight = product_of_floats(x[i], x[i]);
      float q[count], weighted[count], terms[count];
      std::int32_t places[count];
      multiply_arrays<count>(inverses, x[i], q);
      iq4_places<count>(q, places);
      for (std::size_t t = 0; t < count; ++t) {
        q[t] = iq4_table.values[iq4_table.codes[static_cast<std::size_t>(places[t])]];
      }
      multiply_arrays<count>(q, weight, weighted);
      multiply_arrays<count>(weighted, x[i], terms);
      add_arrays<count>(qx, terms, qx);
      multiply_arrays<count>(weighted, q, terms);
      add_arrays<count>(qq, terms, qq);
    }
  }
  /// The scale that is best in a try.
  [[nodiscard]] float scale(std::size_t t) const { return quotient_of_floats(qx[t], qq[t]); }
  /// Whether the elements of a try can be scaled at all; a sum that is NaN does not count.
  [[nodiscard]] bool is_positive(std::size_t t) const {
    const auto bits = std::bit_cast<std::uint32_t>(qq[t]);
    return bits - 1 < 0x7F800000u;
  }
};

/// The largest magnitude below which ggml takes a block for zeros.
inline constexpr float iq4_zero_below = 1e-15f;

}  // namespace detail

namespace rules {

/// The element of the largest magnitude becomes -127; then the scale is sum(w q x) / sum(w q q), w
/// = x^2, in binary16, and the elements stay as they are. Bit for bit for finite values, but for
/// blocks of magnitudes below 1e-15, whose scale is 0 and whose elements ggml leaves as they were
/// in memory: here they are code 8, the value nearest to zero. Where sums overflow, for magnitudes
/// from 2^40 on, the scale can be NaN. A NaN or an infinity makes the scale NaN and the elements 0.
struct ggml_iq4_nl_t : rule_of_records<ggml_iq4_nl_t, formats::iq4_nl_blocks> {
  static constexpr std::string_view name = "ggml_iq4_nl";
  static constexpr const char* expected = "rules::ggml_iq4_nl is for formats::iq4_nl_blocks";
  using codes = coded_record<32, 1>;

  void encode(const float* x, codes& out) const {
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.is_special()) return detail::store_nan(out);
    if (extreme.amax() < detail::iq4_zero_below) {
      out.upper[0] = 0;
      for (std::uint8_t& code : out.elements) code = 8;
      return;
    }
    const float inverse =
        detail::quotient_of_floats(1, detail::quotient_of_floats(extreme.value, -127));
    detail::iq4_elements<32>(x, inverse, out.elements);
    float values[32], own[32];
    for (std::size_t i = 0; i < 32; ++i) {
      values[i] = detail::iq4_table.values[out.elements[i]];
      own[i] = x[i];
    }
    out.upper[0] = detail::half_code(detail::iq4_scale(own, values));
  }
};

/// 256 elements in groups of 32. For each the best of 16 scales: the extreme element becomes 127,
/// or -127 - 7 … -127 + 7, and scales follow by least squares as those of IQ4_NL do. They are
/// rounded to integers times 1/-32 of the one of largest magnitude, before that is rounded to
/// binary16, and elements are nearest to x divided by what came out. Groups of magnitudes below
/// 1e-15 have scale 0, under which elements are code 8. A NaN or an infinity makes the scale of all
/// 256 NaN and the other codes 0.
struct ggml_iq4_xs_t : rule_of_records<ggml_iq4_xs_t, formats::iq4_xs> {
  static constexpr std::string_view name = "ggml_iq4_xs";
  static constexpr const char* expected = "rules::ggml_iq4_xs is for formats::iq4_xs";
  using codes = coded_record<256, 9>;

  void encode(const float* x, codes& out) const {
    if (detail::extreme_of<256>(x).is_special()) {
      return detail::store_nan(out, detail::half_nan, 8);
    }
    float scales[8], largest = 0;
    for (std::size_t g = 0; g < 8; ++g) {
      scales[g] = best_scale(x + 32 * g);
      if (magnitude(scales[g]) > magnitude(largest)) largest = scales[g];
    }
    const float d = detail::quotient_of_floats(-largest, 32);
    const float inverse = detail::reciprocal_or_zero(d);
    float steps[8];
    std::int32_t integers[8];
    detail::multiply_arrays<8>(scales, inverse, steps);
    detail::round_even_array<8>(steps, integers);
    for (std::size_t g = 0; g < 8; ++g) {
      const std::int32_t l = integers[g] < -32 ? -32 : integers[g] > 31 ? 31 : integers[g];
      out.upper[g] = static_cast<std::uint32_t>(l) & 63u;
      const float scale = detail::product_of_floats(d, static_cast<float>(l));
      detail::iq4_elements<32>(x + 32 * g, detail::reciprocal_or_zero(scale),
                               out.elements + 32 * g);
    }
    out.upper[8] = detail::half_code(d);
  }

 private:
  /// Magnitudes in order; that of NaN is below all others.
  [[nodiscard]] static std::uint32_t magnitude(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu;
    return bits > 0x7F800000u ? 0 : bits;
  }
  [[nodiscard]] static float best_scale(const float* x) {
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.amax() < detail::iq4_zero_below) return 0;
    float inverses[16] = {
        detail::quotient_of_floats(1, detail::quotient_of_floats(extreme.value, 127))};
    for (int t = -7; t <= 7; ++t) {
      inverses[static_cast<std::size_t>(t + 8)] =
          detail::quotient_of_floats(static_cast<float>(t - 127), extreme.value);
    }
    const detail::iq4_tries sums(x, inverses);
    // Comparisons of binary32 numbers, false where one is NaN.
    float d = sums.is_positive(0) ? sums.scale(0) : 0;
    float best = detail::product_of_floats(d, sums.qx[0]);
    for (std::size_t t = 1; t < 16; ++t) {
      const float square = detail::product_of_floats(sums.qx[t], sums.qx[t]);
      const float reached = detail::product_of_floats(best, sums.qq[t]);
      if (sums.is_positive(t) && binary32(square) > binary32(reached)) {
        d = sums.scale(t);
        best = detail::product_of_floats(d, sums.qx[t]);
      }
    }
    return d;
  }
};

inline constexpr ggml_iq4_nl_t ggml_iq4_nl{};
inline constexpr ggml_iq4_xs_t ggml_iq4_xs{};

}  // namespace rules
}  // namespace lowp
