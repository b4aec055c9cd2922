// SPDX-License-Identifier: MIT
// A quire: a sum of products of numbers of a format that is never rounded, until it is asked for as
// a number. Posits have one by their standard; any format has whose values are multiples of powers
// of two and whose range is known: all but logarithmic ones.
//
//   quire<formats::posit<16, 2>> q;
//   for (...) q.add_product(a[i], b[i]);
//   const auto sum = q.to_number();                       // rounded once
//   fused_dot(a, b);  fused_dot<formats::binary32>(a, b, upward);  fused_sum(a);
//
// It holds the standard's 16 n bits of a posit of n bits and two exponent bits (Standard for Posit
// Arithmetic 2022, 3.2: a fixed-point number in two's complement whose last bit is 2^(16 - 8 n)),
// and of other formats as many as 2^30 products of any pairs take. NaN, and what leaves the range
// of the quire, make it NaN, and infinities of both signs do; it stays NaN until it is cleared. An
// exact zero is +0 in every mode. Nothing here throws or allocates but fused_dot, which checks
// sizes.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/core/accumulator.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/number_array.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The quire of a format: what its family states as known_quire(f), if that has any bits, else what
/// 2^30 products take.
template <number_format F>
[[nodiscard]] constexpr quire_size quire_size_of(const F& f) {
  if constexpr (requires { known_quire(f); }) {
    if (known_quire(f).bits != 0) return known_quire(f);
  }
  const value_facts is = facts_of(f);
  const int last = 2 * is.last_bit_exponent;
  // Products are below 2^(2 * highest_exponent + 2), numbers as they are not below theirs.
  const int products = 2 * is.highest_exponent + 2, numbers = is.highest_exponent + 1;
  const int lowest = last < is.last_bit_exponent ? last : is.last_bit_exponent;
  return {(products > numbers ? products : numbers) - lowest + 30 + 1, lowest};
}

/// Whether formats of such values have one.
[[nodiscard]] constexpr bool has_quire(const value_facts& is) {
  constexpr int most = 1 << 16;
  return is.are_dyadic() && is.highest_exponent < most && is.last_bit_exponent > -most;
}

template <auto F>
requires number_format<decltype(F)>
class quire {
  static_assert(has_quire(facts<F>),
                "a quire is of a format of known range whose values are multiples of powers of 2");

 public:
  static constexpr auto format = F;
  static constexpr int bits = quire_size_of(F).bits;
  /// The exponent of the last bit.
  static constexpr int unit = quire_size_of(F).unit;
  /// 64 bits each, the lowest first.
  static constexpr std::size_t word_count = (static_cast<std::size_t>(bits) + 63) / 64;

  /// Zero.
  constexpr quire() = default;
  explicit constexpr quire(number<F> x) { add(unpack(x)); }
  /// The quire with these words, such as words() gives; of bits beyond `bits` the sign is meant.
  [[nodiscard]] static constexpr quire from_words(
      const std::array<std::uint64_t, word_count>& words) {
    quire q;
    for (std::size_t i = 0; i < word_count; ++i) q.words_[i] = words[i];
    constexpr int unused = 64 * static_cast<int>(word_count) - bits;
    const auto top = static_cast<std::int64_t>(q.words_[word_count - 1] << unused) >> unused;
    q.words_[word_count - 1] = static_cast<std::uint64_t>(top);
    q.words_[word_count] = top < 0 ? ~std::uint64_t{0} : 0;
    q.see_whether_it_fits();
    return q;
  }

  [[nodiscard]] static constexpr quire nan() {
    quire q;
    q.become(value_kind::nan);
    return q;
  }
  [[nodiscard]] static constexpr quire infinity(bool is_negative = false) {
    quire q;
    q.become(value_kind::infinity, is_negative);
    return q;
  }

  constexpr void clear() { *this = quire(); }

  constexpr quire& operator+=(number<F> x) { return add(unpack(x)); }
  constexpr quire& operator-=(number<F> x) { return add(-unpack(x)); }
  constexpr quire& operator+=(const quire& other) { return add(other, false); }
  constexpr quire& operator-=(const quire& other) { return add(other, true); }
  [[nodiscard]] friend constexpr quire operator+(quire a, const quire& b) { return a += b; }
  [[nodiscard]] friend constexpr quire operator-(quire a, const quire& b) { return a -= b; }
  [[nodiscard]] constexpr quire operator-() const { return quire() -= *this; }

  /// *this + a * b and *this - a * b.
  constexpr quire& add_product(number<F> a, number<F> b) {
    return add(exact::multiply<true>(unpack(a), unpack(b)));
  }
  constexpr quire& subtract_product(number<F> a, number<F> b) {
    return add(-exact::multiply<true>(unpack(a), unpack(b)));
  }

  /// The sum: exact, or correct in its first 127 bits and followed by a sticky bit.
  [[nodiscard]] constexpr unpacked unpacked_value() const {
    switch (state_) {
      case value_kind::nan: return unpacked::nan();
      case value_kind::infinity: return unpacked::infinite(is_negative_infinity_);
      default: return value_of_words(words_.data(), words_.size(), unit);
    }
  }
  /// The sum in a format, rounded once.
  template <auto To = F, rounding_mode R = nearest_even_t>
  [[nodiscard]] constexpr number<To> to_number(const R& mode = {},
                                               overflow o = overflow::to_special,
                                               missing_nan n = missing_nan::largest) const {
    return convert<To>(unpacked_value(), mode, o, n);
  }

  [[nodiscard]] constexpr bool is_nan() const { return state_ == value_kind::nan; }
  [[nodiscard]] constexpr bool is_finite() const { return state_ == value_kind::finite; }

  /// The integer in two's complement that the sum is in units of 2^unit, its sign in all bits
  /// beyond `bits`. NaN, and infinities, which no integer stands for, are 10...0.
  [[nodiscard]] constexpr std::array<std::uint64_t, word_count> words() const {
    std::array<std::uint64_t, word_count> result{};
    if (!is_finite()) {
      result[word_count - 1] = ~std::uint64_t{0} << ((bits - 1) % 64);
      return result;
    }
    for (std::size_t i = 0; i < word_count; ++i) result[i] = words_[i];
    return result;
  }

  /// The order of values. NaN is unordered, but where that of the format is ordered (NaR): there it
  /// equals itself and is below all.
  [[nodiscard]] friend constexpr std::partial_ordering operator<=>(const quire& a, const quire& b) {
    if (a.is_nan() || b.is_nan()) {
      if (!facts<F>.orders_nan) return std::partial_ordering::unordered;
      return b.is_nan() <=> a.is_nan();
    }
    if (!a.is_finite() || !b.is_finite()) {
      const auto side = [](const quire& q) {
        return q.is_finite() ? 0 : q.is_negative_infinity_ ? -1 : 1;
      };
      return side(a) <=> side(b);
    }
    for (std::size_t i = a.words_.size(); i-- > 0;) {
      const std::uint64_t flip = i + 1 == a.words_.size() ? std::uint64_t{1} << 63 : 0;
      const auto order = (a.words_[i] ^ flip) <=> (b.words_[i] ^ flip);
      if (order != 0) return order;
    }
    return std::partial_ordering::equivalent;
  }
  [[nodiscard]] friend constexpr bool operator==(const quire& a, const quire& b) {
    return (a <=> b) == 0;
  }

 private:
  constexpr quire& add(const unpacked& value) {
    switch (value.kind) {
      case value_kind::zero: break;
      case value_kind::finite:
        if (!is_finite()) break;
        accumulator{words_.data(), words_.size(), unit}.add(value);
        see_whether_it_fits();
        break;
      case value_kind::infinity:
        if (is_nan()) break;
        if (state_ == value_kind::infinity && is_negative_infinity_ != value.negative) {
          become(value_kind::nan);
        } else {
          become(value_kind::infinity, value.negative);
        }
        break;
      case value_kind::nan: become(value_kind::nan); break;
    }
    return *this;
  }
  constexpr quire& add(const quire& other, bool is_subtracted) {
    if (!other.is_finite()) {
      const unpacked value = other.unpacked_value();
      return add(is_subtracted ? -value : value);
    }
    if (!is_finite()) return *this;
    const auto addend = other.words_;  // which may be this
    accumulator{words_.data(), words_.size(), unit}.add_at(0, addend.data(), addend.size(),
                                                           is_subtracted);
    see_whether_it_fits();
    return *this;
  }
  constexpr void become(value_kind state, bool is_negative = false) {
    words_ = {};
    state_ = state;
    is_negative_infinity_ = is_negative;
  }
  /// All bits from that of the sign on must agree; 10...0 is no number.
  constexpr void see_whether_it_fits() {
    const std::uint64_t sign = 0 - (words_[word_count] >> 63);
    constexpr int sign_place = (bits - 1) % 64;
    const std::uint64_t beyond = (words_[word_count - 1] ^ sign) >> sign_place;
    bool fits = words_[word_count] == sign && beyond == 0;
    if (fits && sign != 0 && words_[word_count - 1] == ~std::uint64_t{0} << sign_place) {
      bool has_more = false;
      for (std::size_t i = 0; i + 1 < word_count; ++i) has_more |= words_[i] != 0;
      fits = has_more;
    }
    if (!fits) become(value_kind::nan);
  }

  // A word more than there are bits, so that a sum that does not fit is seen.
  std::array<std::uint64_t, word_count + 1> words_{};
  value_kind state_ = value_kind::finite;  ///< finite, also of zero; infinity; nan
  bool is_negative_infinity_ = false;
};

/// The sum of all a[i] * b[i], and of all a[i], of spans, vectors and their like, rounded once to
/// the format To: exact, whatever the order. Throws std::invalid_argument if sizes differ.
template <auto To = detail::format_of_operands{}, number_array A, number_array B,
          rounding_mode R = nearest_even_t>
requires detail::same_numbers<A, B>
[[nodiscard]] constexpr auto fused_dot(const A& a, const B& b, const R& mode = {},
                                       overflow o = overflow::to_special,
                                       missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::number_in_array<A>::format;
  const auto x = detail::numbers_in(a), y = detail::numbers_in(b);
  if (x.size() != y.size()) {
    refuse("fused_dot: b has size " + std::to_string(y.size()) + ", expected that of a, " +
           std::to_string(x.size()));
  }
  quire<format> sum;
  for (std::size_t i = 0; i < x.size(); ++i) sum.add_product(x[i], y[i]);
  return sum.template to_number<detail::result<To, format>::format>(mode, o, n);
}
template <auto To = detail::format_of_operands{}, number_array A, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr auto fused_sum(const A& a, const R& mode = {},
                                       overflow o = overflow::to_special,
                                       missing_nan n = missing_nan::largest) {
  constexpr auto format = detail::number_in_array<A>::format;
  quire<format> sum;
  for (const auto x : detail::numbers_in(a)) sum += x;
  return sum.template to_number<detail::result<To, format>::format>(mode, o, n);
}

}  // namespace lowp
