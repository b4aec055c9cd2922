// SPDX-License-Identifier: MIT
// The scalar type: a number<F> is one code of format F and nothing else. Arithmetic, order, limits
// and text live in the headers beside this one.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {
template <int Bits>
using code_storage = std::conditional_t<
    Bits <= 8, std::uint8_t,
    std::conditional_t<Bits <= 16, std::uint16_t,
                       std::conditional_t<Bits <= 32, std::uint32_t, std::uint64_t>>>;
}  // namespace detail

/// A number of format F, stored as its code in the smallest unsigned integer that holds it.
/// Trivially copyable; default construction leaves it uninitialized, `number<F>{}` is code 0.
template <auto F>
requires number_format<decltype(F)>
class number {
  static_assert(is_valid_format<F>);

 public:
  using storage_type = detail::code_storage<F.bits()>;
  static constexpr auto format = F;

  number() = default;

  /// Rounds once from the bits of any arithmetic type: nearest_even, overflow::to_special. Other
  /// modes and policies: convert().
  template <class T>
  requires std::is_arithmetic_v<T> && requires(T value) { unpack(value); }
  explicit constexpr number(T value) : number(from_unpacked(unpack(value))) {}

  /// From another format, likewise.
  template <auto Source>
  requires(!std::same_as<number<Source>, number>) explicit constexpr number(number<Source> value)
      : number(from_unpacked(value.unpacked_value())) {}

  /// The number with the given code; bits above the width of the format are dropped.
  [[nodiscard]] static constexpr number from_code(code_t code) {
    number result;
    result.code_ = static_cast<storage_type>(code & low_mask(F.bits()));
    return result;
  }
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr number from_unpacked(const unpacked& value) {
    return from_code(encode(F, value, nearest_even, overflow::to_special, missing_nan::largest));
  }

  [[nodiscard]] constexpr storage_type code() const { return code_; }
  [[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpacked_value() const {
    return decode(F, code_);
  }

  /// To float, double or an integer: exact where it fits, else rounded once, to nearest for
  /// floating-point targets and toward zero for integers, which saturate and take NaN as 0.
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, double>
  [[nodiscard]] explicit constexpr operator T() const { return pack_as<T>(unpacked_value()); }
  template <std::integral T>
  requires(sizeof(T) <= 8) [[nodiscard]] explicit constexpr operator T() const {
    return pack_as<T>(unpacked_value(), toward_zero);
  }

 private:
  storage_type code_;
};

/// Whether T is a number<F>, for constraints of generic code.
template <class T>
inline constexpr bool is_number_v = false;
template <auto F>
inline constexpr bool is_number_v<number<F>> = true;

[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(const unpacked& value) { return value; }
template <auto F>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(number<F> value) {
  return value.unpacked_value();
}

/// `from`, any number, arithmetic type or exact value, in format F: rounded once by `mode`, with
/// the given policies for what F cannot hold.
template <auto F, class From, rounding_mode R = nearest_even_t>
requires number_format<decltype(F)>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr number<F> convert(const From& from, const R& mode = {},
                                                             overflow o = overflow::to_special,
                                                             missing_nan n = missing_nan::largest) {
  return number<F>::from_code(encode(F, unpack(from), mode, o, n));
}

}  // namespace lowp
