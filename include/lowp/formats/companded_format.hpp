// SPDX-License-Identifier: MIT
// Companding: elements that stand for values by a monotone function, such as sign(x) |x|^k of
// PowerQuant, NUPES and COAT, or the mu-law of telephony. The umbrella header leaves it out.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// A monotone function of 0 … 1 onto itself and its inverse, of exact values: compress(x) is what
/// is rounded to an element, expand(y) what an element stands for. Both are asked for 0 < x < 1
/// alone. expand must not fall as y rises. Formats ask for expand only: where it is the inverse of
/// compress, to compare compress(x) with y is to compare x with expand(y). Of a compander that has
/// a defect(compander), as formats do, no format is made.
///
///   struct square_law {  // one of your own
///     lowp::unpacked compress(const lowp::unpacked& x) const { return lowp::exact::sqrt(x); }
///     lowp::unpacked expand(const lowp::unpacked& y) const { return lowp::exact::multiply(y, y); }
///   };
template <class C>
concept compander = requires(const C& c, const unpacked& x) {
  { c.compress(x) } -> std::same_as<unpacked>;
  { c.expand(x) } -> std::same_as<unpacked>;
};

/// The values of `element`, each divided by the largest magnitude among them, 1 … Bits bits wide,
/// through a compander: code c has the value
///
///   sign(e) expand(|e| / largest),   e = decode(element, c),   as the nearest binary32 number,
///
/// so that all lie between -1 and 1; infinities and NaNs of the element stay what they are. Codes
/// that are never made, such as the lowest of symmetric integers, have no part in `largest`.
///
/// A value is rounded where its image is: the boundary of two neighbours is what their midpoint
/// expands to, as the nearest number of 23 significant bits (an even binary32 number, which
/// quotients by a scale tell from others when kernels round them to odd), and values at, below and
/// above it are rounded as the element format rounds the midpoint and what lies below and above it:
/// PowerQuant's and NUPES's round(largest |x|^a), COAT's e4m3fn(448 |x|^k). A mode that looks at
/// more than one half, as those do that draw random bits, is told the distance of x from its lower
/// neighbour as a share of that of both, in values, not in images, so that values are kept on
/// average. Beyond the ends the element format says what overflows. Meant for elements that round
/// between neighbours at their midpoints: floats, fixed point, codebooks.
///
/// Make it by companded<Bits>(element, compander).
template <number_format Element, int Bits>
struct companded_format {
  static_assert(Bits >= 1 && Bits <= 8, "a companded_format has 1 to 8 bits");
  static constexpr std::size_t size = std::size_t{1} << Bits;

  Element element{};
  int count = 0;                                 ///< of finite values that differ
  std::array<std::uint8_t, size> order{};        ///< their codes, ascending
  std::array<std::uint32_t, size> values{};      ///< of all codes: bits of binary32
  std::array<std::uint32_t, size> boundaries{};  ///< of order[i] and order[i + 1]

  constexpr bool operator==(const companded_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return element.bits(); }
};

namespace detail {
/// An integer in the order of binary32 numbers, zeros being one.
[[nodiscard]] constexpr std::int32_t order_key(std::uint32_t bits) {
  const auto magnitude = static_cast<std::int32_t>(bits & 0x7FFFFFFFu);
  return (bits >> 31) != 0 ? -magnitude : magnitude;
}
}  // namespace detail

template <number_format Element, int Bits>
[[nodiscard]] constexpr const char* defect(const companded_format<Element, Bits>& f) {
  if (defect(f.element) != nullptr) return defect(f.element);
  if (f.element.bits() > Bits) return "the elements of a companded_format have at most Bits bits";
  if (f.count < 2) {
    return "a companded_format has two values at least; make it by companded(), of a compander "
           "without a defect";
  }
  for (std::size_t i = 1; i < static_cast<std::size_t>(f.count); ++i) {
    if (detail::order_key(f.values[f.order[i]]) < detail::order_key(f.values[f.order[i - 1]])) {
      return "the compander of a companded_format falls";
    }
  }
  return nullptr;
}

namespace detail {

/// sign(x) expand(|x| / largest) as bits of the nearest binary32 number, or of the nearest one
/// whose last bit is zero.
template <compander C>
[[nodiscard]] constexpr std::uint32_t expanded(const C& c, const unpacked& x,
                                               const unpacked& largest, bool is_boundary) {
  constexpr std::uint32_t one = 0x3F800000;
  constexpr float_format coarse{.exponent_bits = 8, .mantissa_bits = 22};
  const auto bits_of = [&](const unpacked& value) {
    const code_t code = is_boundary ? encode(coarse, value, nearest_even) << 1
                                    : encode(formats::binary32, value, nearest_even);
    return static_cast<std::uint32_t>(code);
  };
  if (x.is_nan() || x.is_infinite() || x.is_zero()) return bits_of(x);
  const unpacked magnitude = magnitude_of(x);
  std::uint32_t bits = one;
  if (exact::compare(magnitude, largest) < 0) {
    bits = bits_of(c.expand(exact::divide(magnitude, largest)));
    if (bits > one) bits = one;
  }
  return bits | (x.negative ? 0x80000000u : 0u);
}
[[nodiscard]] constexpr unpacked midpoint(const unpacked& a, const unpacked& b) {
  return scale_by_power_of_two(exact::add(a, b), -1);
}
[[nodiscard]] constexpr unpacked binary32_value(std::uint32_t bits) {
  return decode(formats::binary32, bits);
}

}  // namespace detail

/// The elements through a compander. Of an element or a compander that contradicts itself, of too
/// many bits or without two finite values nothing is made, and defect() of the result says so.
///
///   constexpr auto nupes = companded<4>(formats::symmetric_int_n<4>, companders::power{0.7f});
///   quantize<block_format{nupes, formats::binary32, block_shape{1, 128}}>(x)
///
/// Formats of 8 bits are for variables: 2.3 kB are much for the name of a template.
template <int Bits = 8, number_format Element, compander C>
[[nodiscard]] constexpr companded_format<Element, Bits> companded(const Element& element,
                                                                  const C& c) {
  companded_format<Element, Bits> f{.element = element};
  if (defect(element) != nullptr || element.bits() > Bits) return f;
  if constexpr (requires { defect(c); }) {
    if (defect(c) != nullptr) return f;
  }
  const code_t codes = code_t{1} << element.bits();
  unpacked largest{};
  for (code_t code = 0; code < codes; ++code) {
    const unpacked x = decode(element, code);
    // Symmetric integers have a lowest code that is read, but never made.
    const code_t made = encode(element, x, nearest_even, overflow::saturate, missing_nan::largest);
    if (!x.is_finite() || exact::compare(decode(element, made), x) != 0) continue;
    if (exact::compare(magnitude_of(x), largest) > 0) largest = magnitude_of(x);
    // Insertion: of codes with one value the first.
    int at = f.count;
    const auto value_at = [&](int i) {
      return decode(element, f.order[static_cast<std::size_t>(i)]);
    };
    while (at > 0 && exact::compare(value_at(at - 1), x) > 0) --at;
    if (at > 0 && exact::compare(value_at(at - 1), x) == 0) continue;
    for (int i = f.count; i > at; --i) {
      f.order[static_cast<std::size_t>(i)] = f.order[static_cast<std::size_t>(i - 1)];
    }
    f.order[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(code);
    ++f.count;
  }
  for (code_t code = 0; code < codes; ++code) {
    f.values[code] = detail::expanded(c, decode(element, code), largest, false);
  }
  for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(f.count); ++i) {
    const unpacked middle =
        detail::midpoint(decode(element, f.order[i]), decode(element, f.order[i + 1]));
    f.boundaries[i] = detail::expanded(c, middle, largest, true);
  }
  return f;
}

template <number_format Element, int Bits>
[[nodiscard]] constexpr unpacked decode(const companded_format<Element, Bits>& f, code_t code) {
  return detail::binary32_value(f.values[code & low_mask(f.bits()) & (f.size - 1)]);
}

template <number_format Element, int Bits, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const companded_format<Element, Bits>& f, const unpacked& x,
                                      const R& mode = {}, overflow o = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  if (!x.is_finite() || x.is_zero() || f.count < 2) return encode(f.element, x, mode, o, n);
  const auto element_at = [&f](std::size_t i) { return decode(f.element, f.order[i]); };
  const auto put = [&](const unpacked& image) { return encode(f.element, image, mode, o, n); };
  // Numbers of binary32 in the order of integers: the last one that is not above x.
  const auto bits =
      static_cast<std::uint32_t>(encode(formats::binary32, x, downward, overflow::saturate));
  const std::int32_t key = detail::order_key(bits);
  const bool is_exact = exact::compare(detail::binary32_value(bits), x) == 0;
  const auto key_at = [&f](std::size_t i) { return detail::order_key(f.values[f.order[i]]); };
  std::size_t low = 0, high = static_cast<std::size_t>(f.count) - 1;
  const auto beyond = [&](std::size_t end) {
    const unpacked value = detail::binary32_value(f.values[f.order[end]]);
    return put(exact::add(element_at(end), exact::add(x, -value)));
  };
  if (key < key_at(low)) return beyond(low);
  if (key >= key_at(high)) return beyond(high);
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (key < key_at(middle) ? high : low) = middle;
  }
  const unpacked a = element_at(low), b = element_at(high);
  if (is_exact && key == key_at(low)) return put(a);
  bool compares_with_half = is_fixed_addend<R>;
  if constexpr (requires { mode.is_fixed_addend(); }) compares_with_half = mode.is_fixed_addend();
  if (compares_with_half) {
    const std::int32_t boundary = detail::order_key(f.boundaries[low]);
    const unpacked middle = detail::midpoint(a, b);
    if (is_exact && key == boundary) return put(middle);
    return put(detail::midpoint(key < boundary ? a : b, middle));
  }
  const unpacked inner = detail::binary32_value(f.values[f.order[low]]);
  const unpacked outer = detail::binary32_value(f.values[f.order[high]]);
  const unpacked share = exact::divide(exact::add(x, -inner), exact::add(outer, -inner));
  return put(exact::add(a, exact::multiply(share, exact::add(b, -a))));
}

/// See value_facts.hpp.
template <number_format Element, int Bits>
[[nodiscard]] constexpr value_facts known_facts(const companded_format<Element, Bits>&) {
  return {.significant_bits = 24,
          .lowest_exponent = -149,
          .highest_exponent = 0,
          .last_bit_exponent = -149};
}

}  // namespace lowp
