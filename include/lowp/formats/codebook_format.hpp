// SPDX-License-Identifier: MIT
// Codebooks: formats whose values are a list. NormalFloat, FP4 of bitsandbytes, IQ4_NL of GGUF, the
// grids of ANT, BitMoD, APoT, OliVe and PowerQuant, ternary, powers of two, and any list of one's
// own. One that is known when a program runs is in variable_codebook.hpp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "lowp/formats/grids.hpp"
#include "lowp/formats/listed_values.hpp"

namespace lowp {

/// The value of code i is values[i], as the bits of a binary32 number, in any order; codes from
/// `count` on repeat the last value and are never made. Up to 8 bits; the list is part of the names
/// that compilers make, so that short ones are kinder to object files.
///
/// A value is rounded between its neighbours in the order of values, of which every second one is
/// odd. A tie rule is a mode: bitsandbytes and BitMoD round ties to the lower value,
/// nearest_downward. Of codes with equal values the lowest is made. A codebook has no end beyond
/// which it overflows: what lies beyond its values becomes the nearest of them.
template <int Bits>
struct codebook_format {
  std::array<std::uint32_t, std::size_t{1} << Bits> values{};
  int count = 1 << Bits;

  constexpr bool operator==(const codebook_format&) const = default;
  [[nodiscard]] static constexpr int bits() { return Bits; }
  [[nodiscard]] constexpr listed_values list() const { return {values.data(), count}; }
  static_assert(Bits >= 1 && Bits <= 8, "a codebook_format has 1 to 8 bits");
};

namespace formats {

/// A codebook of numbers, each of which becomes a binary32 number first.
template <int Bits, class... Values>
[[nodiscard]] constexpr codebook_format<Bits> codebook(Values... values) {
  static_assert(sizeof...(values) >= 1 && sizeof...(values) <= (std::size_t{1} << Bits),
                "a codebook of Bits bits has at most 2^Bits values");
  return {{std::bit_cast<std::uint32_t>(static_cast<float>(values))...},
          static_cast<int>(sizeof...(values))};
}

/// Quantiles of a normal distribution (Dettmers et al., "QLoRA", 2023, appendix E).
inline constexpr auto nf4 =
    codebook<4>(-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
                -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
                0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
                0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1);
/// FP4 of bitsandbytes, not that of OCP: a sign and twelfths, not in order.
inline constexpr auto bnb_fp4 = codebook<4>(
    0.0F, 0.0625F / 12, 8.0F / 12, 1.0F, 4.0F / 12, 6.0F / 12, 2.0F / 12, 3.0F / 12,  //
    -0.0F, -0.0625F / 12, -8.0F / 12, -1.0F, -4.0F / 12, -6.0F / 12, -2.0F / 12, -3.0F / 12);
/// The values of GGUF's IQ4_NL and IQ4_XS; zero is not among them.
inline constexpr auto iq4_nl =
    codebook<4>(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
/// Signed flint of 4 bits in quarters (Guo et al., "ANT", 2022).
inline constexpr auto ant_flint4 =
    codebook<4>(-16, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 16);
/// -1, 0 and 1 as 0, 1 and 2.
inline constexpr auto ternary = codebook<2>(-1, 0, 1);
/// 0 and plus and minus 2^0 … 2^(2^(Bits-1) - 2): as magnitudes 0, 1, 2, 4 … with a sign in the top
/// bit, whose zero is never made.
template <int Bits>
inline constexpr auto power_of_two = [] {
  codebook_format<Bits> f;
  const std::size_t half = std::size_t{1} << (Bits - 1);
  for (std::size_t i = 0; i < 2 * half; ++i) {
    const std::size_t magnitude = i & (half - 1);
    const auto field = static_cast<std::uint32_t>(126 + magnitude);
    f.values[i] = (i >= half ? 0x80000000u : 0u) | (magnitude == 0 ? 0u : field << 23);
  }
  return f;
}();

/// NormalFloat of 2 to 8 bits, of the offset that QLoRA has for 4; nf4 is the published table,
/// whose values are up to 6 units of binary32 off the quantiles.
template <int Bits>
inline constexpr codebook_format<Bits> nf{grids::normal_quantiles<Bits>()};
/// Additive powers of two of 3 to 7 bits, the sign included; the zero under a sign is never made.
template <int Bits>
inline constexpr codebook_format<Bits> apot{grids::additive_powers<Bits>()};
/// Outliers of OliVe's 4-bit tensors: 0 and plus and minus 48, 64, 96, 128, 192, 256, 384, on the
/// scale of normal values of up to 32.
inline constexpr codebook_format<4> olive_abfloat4{grids::adaptive_biased_floats<2, 1>(5)};
/// The values of PowerQuant and NUPES for the exponent Numerator / Denominator, rounded to the
/// nearest of them; where the papers round the power of x, their thresholds lie elsewhere.
template <int Bits, int Numerator, int Denominator>
inline constexpr codebook_format<Bits> power_exponent{
    grids::power_exponents<Bits, Numerator, Denominator>()};

/// A codebook by its name.
template <int Bits>
struct named_codebook {
  std::string_view name;
  codebook_format<Bits> format;
};

/// All of so many bits that have a name: "nf4", "nf4_computed" (by construction), "nf5", "apot4",
/// "power_of_two4", "ternary" …
template <int Bits>
inline constexpr auto named_codebooks = [] {
  constexpr std::size_t digit = static_cast<std::size_t>(Bits - 1);
  constexpr std::string_view nf_names[] = {"",    "nf2", "nf3", "nf4_computed",
                                           "nf5", "nf6", "nf7", "nf8"},
                             apot_names[] = {"",      "",      "apot3", "apot4",
                                             "apot5", "apot6", "apot7", ""},
                             power_names[] = {"",
                                              "power_of_two2",
                                              "power_of_two3",
                                              "power_of_two4",
                                              "power_of_two5",
                                              "power_of_two6",
                                              "power_of_two7",
                                              "power_of_two8"};
  constexpr int count = (Bits == 2 ? 1 : 0) + (Bits == 4 ? 5 : 0) + (Bits >= 2 ? 2 : 0) +
                        (Bits >= 3 && Bits <= 7 ? 1 : 0);
  std::array<named_codebook<Bits>, static_cast<std::size_t>(count)> all{};
  std::size_t made = 0;
  const auto add = [&](std::string_view name, const codebook_format<Bits>& f) {
    all[made++] = {name, f};
  };
  if constexpr (Bits >= 2) add(power_names[digit], power_of_two<Bits>);
  if constexpr (Bits == 2) add("ternary", ternary);
  if constexpr (Bits == 4) {
    add("nf4", nf4);
    add("bnb_fp4", bnb_fp4);
    add("iq4_nl", iq4_nl);
    add("ant_flint4", ant_flint4);
    add("olive_abfloat4", olive_abfloat4);
  }
  if constexpr (Bits >= 3 && Bits <= 7) add(apot_names[digit], apot<Bits>);
  if constexpr (Bits >= 2) add(nf_names[digit], nf<Bits>);
  return all;
}();

}  // namespace formats

/// The catalogue's name, empty for other lists.
template <int Bits>
[[nodiscard]] constexpr std::string_view known_name(const codebook_format<Bits>& f) {
  for (const auto& entry : formats::named_codebooks<Bits>) {
    if (entry.format == f) return entry.name;
  }
  return {};
}

}  // namespace lowp
