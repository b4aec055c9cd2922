// SPDX-License-Identifier: MIT
// The codebooks of the catalogue by their names, for programs that read the name of a format.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/listed_values.hpp"

namespace lowp {

/// A codebook whose values live as long as the program: small enough for any_format.
///
///   any_format f = format_of_text<catalog_codebook>("nf4");
struct catalog_codebook {
  int width = 0;
  int count = 0;
  const std::uint32_t* values = nullptr;

  constexpr bool operator==(const catalog_codebook&) const = default;
  [[nodiscard]] constexpr int bits() const { return width; }
  [[nodiscard]] constexpr listed_values list() const { return {values, count}; }
};

namespace detail {
template <int Bits>
[[nodiscard]] constexpr catalog_codebook codebook_entry(std::size_t i) {
  const auto& f = formats::named_codebooks<Bits>[i].format;
  return {Bits, f.count, f.values.data()};
}
/// Calls use(name, codebook) for all.
template <class Use>
constexpr void for_each_codebook(const Use& use) {
  const auto of_bits = [&use]<int Bits>(std::integral_constant<int, Bits>) {
    for (std::size_t i = 0; i < formats::named_codebooks<Bits>.size(); ++i) {
      use(formats::named_codebooks<Bits>[i].name, codebook_entry<Bits>(i));
    }
  };
  [&]<int... Index>(std::integer_sequence<int, Index...>) {
    (of_bits(std::integral_constant<int, 2 + Index>{}), ...);
  }
  (std::make_integer_sequence<int, 7>{});
}
}  // namespace detail

/// The name in the catalogue, or empty.
[[nodiscard]] constexpr std::string_view known_name(const catalog_codebook& f) {
  std::string_view found;
  detail::for_each_codebook([&](std::string_view name, const catalog_codebook& entry) {
    if (entry == f) found = name;
  });
  return found;
}
/// See read_format.hpp.
[[nodiscard]] constexpr bool read_name(std::string_view text, catalog_codebook& f) {
  bool is_read = false;
  detail::for_each_codebook([&](std::string_view name, const catalog_codebook& entry) {
    if (name != text) return;
    f = entry;
    is_read = true;
  });
  return is_read;
}

}  // namespace lowp
