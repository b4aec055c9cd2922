// SPDX-License-Identifier: MIT
// Companders (companded_format.hpp): powers, and the laws of telephony. Computed in integers, so
// that their bits are those of no machine's library. The umbrella header leaves it out.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/binary_logarithm.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp {
namespace detail {

/// log2(x) of a positive value, cut off to multiples of 2^-54.
[[nodiscard]] constexpr unpacked stated_binary_logarithm(const unpacked& x) {
  const fixed_number l = binary_logarithm(x);
  return exact::add(unpacked::from_integer(std::int64_t{l.integer}),
                    unpacked::scaled_integer(false, l.fraction.high >> 10, -54));
}
/// 2^x, x being cut off toward zero to multiples of 2^-54; zero for x up to -256, 2^500 from 256
/// on.
[[nodiscard]] constexpr unpacked stated_power_of_two(const unpacked& x) {
  if (x.is_zero()) return unpacked::scaled_integer(false, 1);
  if (x.kind != value_kind::finite || x.exponent >= 8) {
    return x.negative ? unpacked::zero() : unpacked::scaled_integer(false, 1, 500);
  }
  const std::uint64_t magnitude =
      x.exponent < -54 ? 0 : x.significand.high >> static_cast<unsigned>(9 - x.exponent);
  const auto l = static_cast<std::int64_t>(magnitude);
  return power_of_two(false, x.negative ? -l : l, 54);
}
[[nodiscard]] constexpr unpacked exact_value_of(const float& x) {
  return decode(formats::binary32, std::bit_cast<std::uint32_t>(x));
}
inline constexpr unpacked exact_one = unpacked::scaled_integer(false, 1);

}  // namespace detail

namespace companders {

/// x^exponent: PowerQuant and NUPES (arXiv 2308.05600), the dynamic range expansion of COAT (arXiv
/// 2410.19313). Relative errors below 2^-45 before values are rounded to binary32, for exponents of
/// 1/8 to 32; exponent 1 leaves values as they are. Powers below 2^-256 are zero.
struct power {
  float exponent = 1;  ///< positive
  constexpr bool operator==(const power&) const = default;
  [[nodiscard]] constexpr unpacked compress(const unpacked& x) const {
    if (exponent == 1) return x;
    return detail::stated_power_of_two(
        exact::multiply(detail::stated_binary_logarithm(x), detail::exact_value_of(exponent)));
  }
  [[nodiscard]] constexpr unpacked expand(const unpacked& y) const {
    if (exponent == 1) return y;
    return detail::stated_power_of_two(
        exact::divide(detail::stated_binary_logarithm(y), detail::exact_value_of(exponent)));
  }
};

/// log(1 + mu x) / log(1 + mu), the mu-law of ITU-T G.711 as a continuous function, mu > 0.
/// Absolute errors below 2^-44.
struct mu_law {
  float mu = 255;  ///< 1/256 at least; less would be the identity, but for 2^-9
  constexpr bool operator==(const mu_law&) const = default;
  [[nodiscard]] constexpr unpacked compress(const unpacked& x) const {
    const unpacked scaled = exact::multiply(x, detail::exact_value_of(mu));
    return exact::divide(detail::stated_binary_logarithm(exact::add(scaled, detail::exact_one)),
                         range());
  }
  [[nodiscard]] constexpr unpacked expand(const unpacked& y) const {
    const unpacked grown = detail::stated_power_of_two(exact::multiply(y, range()));
    return exact::divide(exact::add(grown, -detail::exact_one), detail::exact_value_of(mu));
  }

 private:
  [[nodiscard]] constexpr unpacked range() const {
    return detail::stated_binary_logarithm(
        exact::add(detail::exact_value_of(mu), detail::exact_one));
  }
};

/// The A-law of ITU-T G.711 as a continuous function, a >= 1: a x / (1 + log a) up to x = 1 / a,
/// then (1 + log(a x)) / (1 + log a). Absolute errors below 2^-44.
struct a_law {
  float a = 87.6f;  ///< 1 at least
  constexpr bool operator==(const a_law&) const = default;
  [[nodiscard]] constexpr unpacked compress(const unpacked& x) const {
    const unpacked grown = exact::multiply(x, detail::exact_value_of(a));
    const bool is_linear = exact::compare(grown, detail::exact_one) <= 0;
    return exact::divide(is_linear ? grown : one_plus_logarithm(grown), range());
  }
  [[nodiscard]] constexpr unpacked expand(const unpacked& y) const {
    const unpacked grown = exact::multiply(y, range());
    if (exact::compare(grown, detail::exact_one) <= 0) {
      return exact::divide(grown, detail::exact_value_of(a));
    }
    const unpacked exponent = exact::multiply(exact::add(grown, -detail::exact_one), log2_of_e);
    return exact::divide(detail::stated_power_of_two(exponent), detail::exact_value_of(a));
  }

 private:
  static constexpr unpacked log2_of_e{value_kind::finite, false, 0, {0xB8AA3B295C17F0BC, 0}};
  [[nodiscard]] static constexpr unpacked one_plus_logarithm(const unpacked& x) {
    return exact::add(exact::divide(detail::stated_binary_logarithm(x), log2_of_e),
                      detail::exact_one);
  }
  [[nodiscard]] constexpr unpacked range() const {
    return one_plus_logarithm(detail::exact_value_of(a));
  }
};

[[nodiscard]] constexpr const char* defect(const power& c) {
  const unpacked x = detail::exact_value_of(c.exponent);
  if (x.kind == value_kind::finite && !x.negative) return nullptr;
  return "the exponent of a compander is positive";
}
[[nodiscard]] constexpr const char* defect(const mu_law& c) {
  const unpacked x = detail::exact_value_of(c.mu);
  if (x.kind == value_kind::finite && !x.negative && x.exponent >= -8) return nullptr;
  return "mu of a mu-law is 1/256 at least";
}
[[nodiscard]] constexpr const char* defect(const a_law& c) {
  const unpacked x = detail::exact_value_of(c.a);
  if (x.kind == value_kind::finite && !x.negative && x.exponent >= 0) return nullptr;
  return "a of an A-law is 1 at least";
}

}  // namespace companders
}  // namespace lowp
