// SPDX-License-Identifier: MIT
// MXFP4 and NVFP4 by ggml's reference quantizers, all codes of a record at once: scales are those
// of rules::ggml_mxfp4 and ggml_nvfp4, elements are found by comparisons with what lies between two
// values.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/rules/ggml.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp {
namespace detail {

/// Codes of E2M1 of the values times `scale` nearest to x, of two the one toward zero, and +0 for
/// -0. `scale` has at most 4 significant bits, so that what lies between values times it is exact.
template <std::size_t N>
void e2m1_elements(const float* x, float scale, std::uint8_t* codes) {
  constexpr float between[7] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f};
  std::int32_t bits[N], counts[N] = {};
  std::memcpy(bits, x, sizeof bits);
  for (const float bound : between) {
    const auto last = std::bit_cast<std::int32_t>(product_of_floats(bound, scale));
    for (std::size_t i = 0; i < N; ++i) counts[i] += (bits[i] & 0x7FFFFFFF) > last ? 1 : 0;
  }
  for (std::size_t i = 0; i < N; ++i) {
    const std::int32_t sign = bits[i] < 0 && counts[i] != 0 ? 8 : 0;
    codes[i] = static_cast<std::uint8_t>(counts[i] | sign);
  }
}

/// The code of UE4M3 that rules::ggml_nvfp4 chooses for a group, by the machine's operations.
[[nodiscard]] inline code_t ggml_nvfp4_scale(float amax) {
  const float quotient = quotient_of_floats(amax, 6);
  const auto bits = std::bit_cast<std::uint32_t>(quotient);
  if (bits < 121u << 23) {  // below 2^-6: halves of steps up, at most 7
    const float steps = sum_of_floats(product_of_floats(quotient, 512), 0.5f);
    const auto count = static_cast<code_t>(static_cast<std::int32_t>(steps));
    return count > 7 ? 7 : count;
  }
  const std::uint32_t code = (bits + (1u << 19) - (120u << 23)) >> 20;
  return code >= 15u << 3 ? 0x7E : code;
}

}  // namespace detail

namespace rules {

/// Groups of NVFP4 with OCP's elements.
inline constexpr block_format ggml_nvfp4_groups{formats::e2m1, formats::ue4m3, block_shape{1, 16}};

/// rules::ggml_mxfp4, for records.
struct ggml_mxfp4_records_t
    : rule_of_records<ggml_mxfp4_records_t, formats::ggml_mxfp4, formats::mxfp4> {
  static constexpr std::string_view name = "ggml_mxfp4_records";
  static constexpr const char* expected =
      "rules::ggml_mxfp4_records is for formats::mxfp4 and ggml_mxfp4";
  using codes = coded_record<32, 1>;

  void encode(const float* x, codes& out) const {
    const detail::extreme_value extreme = detail::extreme_of<32>(x);
    if (extreme.is_special()) return detail::store_nan(out, 255);
    const code_t scale = ggml_mxfp4_t::from_amax(extreme.amax(), formats::mxfp4, {});
    out.upper[0] = static_cast<std::uint32_t>(scale);
    detail::e2m1_elements<32>(x, scale_value(scale), out.elements);
  }

 private:
  /// 255 stands above all magnitudes, as exponents that wrapped around do: elements are 0.
  [[nodiscard]] static float scale_value(code_t code) {
    return from_bits<float>(code == 0 ? 0x00400000u : static_cast<std::uint32_t>(code) << 23);
  }
};

/// rules::ggml_nvfp4, for records of four groups of 16.
struct ggml_nvfp4_records_t
    : rule_of_records<ggml_nvfp4_records_t, formats::ggml_nvfp4, ggml_nvfp4_groups> {
  static constexpr std::string_view name = "ggml_nvfp4_records";
  static constexpr const char* expected =
      "rules::ggml_nvfp4_records is for formats::ggml_nvfp4 and blocks of e2m1 and ue4m3";
  using codes = coded_record<64, 4>;

  void encode(const float* x, codes& out) const {
    for (std::size_t g = 0; g < 4; ++g)
      encode_group(x + 16 * g, out.elements + 16 * g, out.upper[g]);
  }

 private:
  static void encode_group(const float* x, std::uint8_t* elements, std::uint32_t& upper) {
    const detail::extreme_value extreme = detail::extreme_of<16>(x);
    const code_t scale = extreme.is_special() ? 0x7F : detail::ggml_nvfp4_scale(extreme.amax());
    upper = static_cast<std::uint32_t>(scale);
    if (extreme.is_special() || scale == 0) {
      for (std::size_t i = 0; i < 16; ++i) elements[i] = 0;
    } else if (ggml_nvfp4_t::has_elements(scale)) {
      for (std::size_t i = 0; i < 16; ++i) elements[i] = first_of_least_error(x[i]);
    } else {
      const auto value =
          scale < 8
              ? static_cast<float>(scale) * 0x1p-9f
              : from_bits<float>(static_cast<std::uint32_t>((scale << 20) + (code_t{120} << 23)));
      detail::e2m1_elements<16>(x, value, elements);
    }
  }
  /// Under the largest scale, where errors of far values are equal in binary32.
  [[nodiscard]] static std::uint8_t first_of_least_error(float x) {
    constexpr float values[8] = {0, 224, 448, 672, 896, 1344, 1792, 2688};
    const auto error = [x](float value) {
      const float difference = detail::difference_of_floats(value, x);
      return std::bit_cast<std::uint32_t>(difference) & 0x7FFFFFFFu;
    };
    std::uint8_t best = 0;
    std::uint32_t least = error(0);
    for (std::uint8_t code = 1; code < 16; ++code) {
      const float magnitude = values[code & 7];
      const std::uint32_t here = error(code < 8 ? magnitude : -magnitude);
      if (here < least) {
        best = code;
        least = here;
      }
    }
    return best;
  }
};

inline constexpr ggml_mxfp4_records_t ggml_mxfp4_records{};
inline constexpr ggml_nvfp4_records_t ggml_nvfp4_records{};

}  // namespace rules
}  // namespace lowp
