// SPDX-License-Identifier: MIT
// Numbers whose format, rounding mode and overflow policy are chosen while a program runs, for a
// search over formats that compiles nothing again:
//
//   using real = lowp::dropin::dynamic;
//   for (int bits = 4; bits < 24; ++bits) {
//     const lowp::dropin::precision_scope scope(
//         lowp::float_format{.exponent_bits = 8, .mantissa_bits = bits});
//     std::printf("%d %g\n", bits, error_of<real>());
//   }
//
// A dynamic is a double. An operation rounds its operands to the format in force, which changes
// nothing if they are of it, computes, and rounds once: what dropin::number<F, Rounding, Overflow>
// gives; the functions of <cmath> likewise. In force is the precision that the first object among
// the operands has that has one of its own, else that of the innermost scope of the thread, else
// binary64. Results have none of their own: they are of the format in force. NaNs may have either
// sign.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "lowp/core/exact_word.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/carrier.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/face_operators.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace lowp {
namespace detail {

/// A mode of any kind, with its random bits drawn if it is stochastic.
struct drawn_rounding {
  any_rounding mode;
  std::uint32_t bits = 0;

  [[nodiscard]] constexpr bool is_stochastic() const { return mode.is_stochastic(); }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return mode.is_stochastic() ? mode.draw().addend(d, bits) : mode.addend(d);
  }
};

}  // namespace detail

namespace dropin {
class dynamic;
}  // namespace dropin
template <>
inline constexpr bool is_number_v<dropin::dynamic> = true;

namespace dropin {

/// A format of any family with the manner of rounding to it.
class precision {
 public:
  /// No rounding but binary64's own.
  precision() : precision(formats::binary64) {}
  /// Refuses a format whose descriptor contradicts itself, or of whose values double does not hold
  /// all, such as integers of more than 53 bits.
  template <number_format F>
  requires std::is_trivially_copyable_v<F> precision(const F& f, const any_rounding& mode = {},
                                                     overflow o = overflow::to_special)
      : mode_(mode), overflow_(o), rounded_(&rounded_to<F>), facts_(facts_of_valid(f)) {
    static_assert(sizeof(F) <= sizeof(descriptor_),
                  "the descriptor is larger than precision holds");
    std::memcpy(descriptor_.data(), &f, sizeof f);
    grid_ = carrier_grid_of<double>(f, o);
    operations_ = carrier_operations_of<double>(facts_);
    largest_ = pack_as<double>(largest_value(f));
    lowest_ = pack_as<double>(decode(f, lowest_code(f)));
    smallest_ = pack_as<double>(smallest_positive_value(f));
    smallest_normal_ = pack_as<double>(decode(f, smallest_normal_code(f)));
    epsilon_ = pack_as<double>(epsilon_value(f));
    has_undefined_quotients_ = has_undefined_quotients(f);
    is_binary64_ = is_same_format(f, formats::binary64) && o == overflow::to_special;
    const bool is_nearest_even = mode.is_fixed_addend() && is_to_nearest_even(mode);
    is_binary64_ = is_binary64_ && is_nearest_even;
    is_fast_ = grid_.exists && is_nearest_even;
    has_any_mode_ = mode.is_fixed_addend() || mode.is_stochastic();
  }

  /// `x` in the format.
  [[nodiscard]] double to_format(double x) const {
    if (is_binary64_) return x;
    return is_fast() ? round_to_grid(grid_, x) : to_format(unpack(x));
  }
  [[nodiscard]] double to_format(const unpacked& x) const {
    return rounded_(descriptor_.data(), x, next_mode(), overflow_);
  }
  [[nodiscard]] const value_facts& facts() const { return facts_; }
  [[nodiscard]] double largest() const { return largest_; }
  [[nodiscard]] double lowest() const { return lowest_; }
  /// The smallest positive number, and the smallest of full precision.
  [[nodiscard]] double smallest() const { return smallest_; }
  [[nodiscard]] double smallest_normal() const { return smallest_normal_; }
  /// The distance from 1 to the next number.
  [[nodiscard]] double epsilon() const { return epsilon_; }

 private:
  friend class dynamic;

  template <number_format F>
  static double rounded_to(const std::byte* descriptor, const unpacked& x,
                           const detail::drawn_rounding& mode, overflow o) {
    F f;
    std::memcpy(static_cast<void*>(&f), descriptor, sizeof f);
    return pack_as<double>(decode(f, encode(f, x, mode, o, missing_nan::largest)));
  }
  template <number_format F>
  static value_facts facts_of_valid(const F& f) {
    if (defect(f) != nullptr) refuse(std::string("precision: ") + defect(f));
    const value_facts facts = facts_of(f);
    if (!detail::holds_all<double>(facts)) {
      refuse("precision: the format has values that double does not hold");
    }
    return facts;
  }
  static bool is_to_nearest_even(const any_rounding& mode) {
    constexpr std::uint64_t half = std::uint64_t{1} << 63;
    for (const bool negative : {false, true}) {
      if (rounds_up(mode, {half, negative, false}) || !rounds_up(mode, {half, negative, true}) ||
          !rounds_up(mode, {half + 1, negative, false}) || rounds_up(mode, {1, negative, true})) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] bool is_fast() const { return has_ieee_arithmetic && is_fast_; }
  /// The mode with the next draw of the thread, as dropin::number takes it.
  [[nodiscard]] detail::drawn_rounding next_mode() const {
    return {mode_, mode_.is_stochastic() ? detail::next_bits(mode_.draw()) : 0};
  }
  [[nodiscard]] double rounded(const unpacked& x, const any_rounding& mode, overflow o) const {
    return rounded_(descriptor_.data(), x, {mode}, o);
  }

  std::array<std::byte, 64> descriptor_{};
  any_rounding mode_;
  overflow overflow_ = overflow::to_special;
  double (*rounded_)(const std::byte*, const unpacked&, const detail::drawn_rounding&, overflow);
  value_facts facts_;
  carrier_grid<double> grid_{};
  carrier_operations<double> operations_{};
  double largest_ = 0, lowest_ = 0, smallest_ = 0, smallest_normal_ = 0, epsilon_ = 0;
  bool has_undefined_quotients_ = false;
  bool has_any_mode_ = false;  ///< one that looks at no more than the library's
  bool is_binary64_ = false;
  bool is_fast_ = false;  ///< where the compiler keeps to IEEE 754: files may differ in that
};

/// While one lives, its precision is in force in its thread.
class precision_scope {
 public:
  template <class... Arguments>
  requires std::is_constructible_v<precision, const Arguments&...>
  explicit precision_scope(const Arguments&... arguments)
      : precision_(arguments...), outer_(current()) {
    current() = &precision_;
  }
  ~precision_scope() { current() = outer_; }
  precision_scope(const precision_scope&) = delete;
  precision_scope& operator=(const precision_scope&) = delete;

  /// The precision in force; null stands for binary64.
  [[nodiscard]] static const precision*& current() {
    constinit static thread_local const precision* innermost = nullptr;
    return innermost;
  }

 private:
  precision precision_;
  const precision* outer_;
};

/// A number of the format in force. Converts as dropin::number does.
class dynamic : public face_operators<dynamic> {
 public:
  using literal_type = lowp::number<formats::binary64>;
  static constexpr auto format = formats::binary64;
  static constexpr overflow overflow_policy = overflow::to_special;

  dynamic() = default;
  /// Rounds once. Constants that the compiler evaluates, as those of static variables are, are of
  /// binary64, and rounded by the operations that take them.
  template <detail::native_number T>
  constexpr dynamic(T value) : value_(static_cast<double>(value)) {
    if (!std::is_constant_evaluated()) value_ = of(value, precision_scope::current()).value_;
  }
  template <detail::native_enumerator T>
  constexpr dynamic(T value) : dynamic(static_cast<std::underlying_type_t<T>>(value)) {}
  dynamic(literal_type value) : dynamic(static_cast<double>(value)) {}
  template <lowp::number_type Source>
  requires(!std::same_as<Source, dynamic> &&
           !std::same_as<Source, literal_type>) explicit dynamic(Source value)
      : dynamic(from_unpacked(unpack(value))) {}
  /// With a precision of its own, which must outlive it. Copies have it, too; what is assigned to
  /// it later is rounded to it.
  dynamic(double value, const precision& own) : dynamic(of(value, &own)) { own_ = &own; }
  dynamic(double value, const precision&& own) = delete;
  constexpr dynamic(const dynamic&) = default;
  dynamic& operator=(const dynamic& other) {
    value_ = own_ == nullptr || own_ == other.own_ ? other.value_ : own_->to_format(other.value_);
    return *this;
  }

  [[nodiscard]] static dynamic from_unpacked(const unpacked& value) {
    const precision* p = precision_scope::current();
    return from_value(p == nullptr ? pack_as<double>(value) : p->to_format(value));
  }
  [[nodiscard]] static dynamic from_code(code_t code) {
    return from_unpacked(decode(formats::binary64, code));
  }
  /// The mode of the scope or of an object, with the next draw if it is stochastic.
  [[nodiscard]] static detail::drawn_rounding next_mode() {
    return or_binary64(precision_scope::current()).next_mode();
  }
  [[nodiscard]] static detail::drawn_rounding next_mode(const dynamic& x) {
    return or_binary64(in_force(x)).next_mode();
  }

  [[nodiscard]] code_t code() const { return std::bit_cast<code_t>(value_); }
  [[nodiscard]] unpacked unpacked_value() const { return unpack(value_); }

  operator literal_type() const { return literal_type(value_); }
  template <detail::native_float T>
  explicit operator T() const {
    return pack_as<T>(unpack(value_));
  }
  template <detail::integer_or_enumerator T>
  explicit operator T() const {
    return detail::toward_integer<T>(unpack(value_));
  }

#define LOWP_OPERATION(name, symbol, is_decided, exactly)                        \
  [[nodiscard]] static dynamic name(const dynamic& a, const dynamic& b) {        \
    const precision* const set = in_force(a, b);                                 \
    if (is_whole(set)) return from_value(a.value_ symbol b.value_);              \
    const precision& p = or_binary64(set);                                       \
    const double x = on_grid(p, a.value_), y = on_grid(p, b.value_);             \
    if (p.is_fast() && (is_decided)) return from_value(p.to_format(x symbol y)); \
    return from_value(p.to_format(exactly));                                     \
  }
  LOWP_OPERATION(sum, +, p.operations_.sums, exact::add(unpack(x), unpack(y), zero_is_negative(p)))
  LOWP_OPERATION(difference, -, p.operations_.sums,
                 exact::add(unpack(x), -unpack(y), zero_is_negative(p)))
  LOWP_OPERATION(product, *, p.operations_.products, exact::multiply<true>(unpack(x), unpack(y)))
  LOWP_OPERATION(quotient, /, p.operations_.quotients && !(p.has_undefined_quotients_ && y == 0),
                 exact_quotient(p, unpack(x), unpack(y)))
#undef LOWP_OPERATION
  [[nodiscard]] friend dynamic operator-(const dynamic& a) {
    const precision* p = in_force(a);
    return from_value(p == nullptr ? -a.value_ : p->to_format(-a.value_));
  }
  [[nodiscard]] static dynamic square_root(const dynamic& a) {
    const precision* const set = in_force(a);
    if (is_whole(set)) return from_value(std::sqrt(a.value_));
    const precision& p = or_binary64(set);
    const double x = on_grid(p, a.value_);
    if (p.is_fast() && p.operations_.roots) return from_value(p.to_format(std::sqrt(x)));
    return from_value(p.to_format(exact_root(p, unpack(x))));
  }
  [[nodiscard]] static dynamic multiply_add(const dynamic& a, const dynamic& b, const dynamic& c) {
    const precision* const set = in_force(a, b, c);
    if (is_whole(set)) return from_value(std::fma(a.value_, b.value_, c.value_));
    const precision& p = or_binary64(set);
    const auto value = [&](const dynamic& x) { return unpack(on_grid(p, x.value_)); };
    return from_value(
        p.to_format(exact::multiply_add<true>(value(a), value(b), value(c), zero_is_negative(p))));
  }

  // What functions are made of: faces.hpp.
  template <class Function, std::same_as<dynamic>... Rest>
  [[nodiscard]] static dynamic result_of(const Function& f, const dynamic& x, const Rest&... rest) {
    const precision* const set = in_force(x, rest...);
    if (is_whole(set)) return from_value(pack_as<double>(f(unpack(x), unpack(rest)...)));
    const precision& p = or_binary64(set);
    const auto value = [&](const dynamic& operand) { return unpack(on_grid(p, operand.value_)); };
    return from_value(p.to_format(f(value(x), value(rest)...)));
  }
  [[nodiscard]] static dynamic chosen(bool is_first, const dynamic& a, const dynamic& b) {
    return from_value(on_grid(or_binary64(in_force(a, b)), (is_first ? a : b).value_));
  }
  template <class T>
  [[nodiscard]] static dynamic beside(T value, const dynamic& x) {
    if constexpr (std::is_enum_v<T>) {
      return beside(static_cast<std::underlying_type_t<T>>(value), x);
    } else if constexpr (detail::native_number<T>) {
      return of(value, in_force(x));
    } else {
      return of(static_cast<double>(value), in_force(x));
    }
  }
  /// The number next to x above or below.
  [[nodiscard]] static dynamic next_number(const dynamic& x, bool is_up) {
    const precision& p = or_binary64(in_force(x));
    const double value = on_grid(p, x.value_);
    if (std::isinf(value)) return from_value(value < 0 ? p.lowest() : p.largest());
    const auto encode = [&](const unpacked& exact, const auto& mode) {
      return p.rounded(exact, mode, overflow::to_special);
    };
    const double next = detail::stepped(unpack(value), is_up, encode);
    if (next != value) return from_value(std::isnan(next) ? value : next);
    const bool is_end = value == (is_up ? p.largest() : p.lowest());
    return from_value(is_end ? value : std::copysign(0.0, value));
  }
  /// Finite, not zero, and of full precision.
  [[nodiscard]] static bool is_normal(const dynamic& x) {
    const double magnitude = std::fabs(x.value_);
    return std::isfinite(magnitude) && magnitude >= or_binary64(in_force(x)).smallest_normal();
  }

  [[nodiscard]] friend std::partial_ordering operator<=>(const dynamic& a, const dynamic& b) {
    return literal_type(a) <=> literal_type(b);
  }
  [[nodiscard]] friend bool operator==(const dynamic& a, const dynamic& b) {
    return literal_type(a) == literal_type(b);
  }

 private:
  friend class std::numeric_limits<dynamic>;

  /// What null stands for.
  [[nodiscard]] static const precision& or_binary64(const precision* p) {
    static const precision whole;
    return p == nullptr ? whole : *p;
  }
  /// Whether operations are those of double.
  [[nodiscard]] static bool is_whole(const precision* p) {
    return has_ieee_arithmetic && (p == nullptr || p->is_binary64_);
  }
  [[nodiscard]] static const precision* in_force() { return precision_scope::current(); }
  template <class... Rest>
  [[nodiscard]] static const precision* in_force(const dynamic& x, const Rest&... rest) {
    return x.own_ != nullptr ? x.own_ : in_force(rest...);
  }
  /// An operand as a number of the format: most are, and end in zeros.
  [[nodiscard]] static double on_grid(const precision& p, double x) {
    if (p.is_fast() || !p.mode_.is_stochastic()) return p.to_format(x);
    const double nearest = p.rounded(unpack(x), nearest_even, p.overflow_);
    return nearest == x || x != x ? x : p.to_format(x);  // takes a draw only if it rounds
  }
  [[nodiscard]] static bool zero_is_negative(const precision& p) {
    return detail::zero_sum_is_negative(p.mode_);
  }
  [[nodiscard]] static unpacked exact_quotient(const precision& p, const unpacked& x,
                                               const unpacked& y) {
    return y.is_zero() && p.has_undefined_quotients_ ? unpacked::nan() : exact::divide<true>(x, y);
  }
  /// Exact, or as far as any mode of any_rounding looks.
  [[nodiscard]] static unpacked exact_root(const precision& p, const unpacked& x) {
    constexpr int bits = exact_word::result_bits - stochastic::fraction_bits;
    const bool is_tapered =
        p.facts_.spacing == value_spacing::floating || p.facts_.spacing == value_spacing::tapered;
    return p.has_any_mode_ && is_tapered && p.facts_.significant_bits <= bits
               ? exact_word::sqrt<false>(x)
               : exact::sqrt<true>(x);
  }
  [[nodiscard]] static dynamic from_value(double value) {
    dynamic result;
    result.value_ = value;
    return result;
  }
  template <detail::native_number T>
  [[nodiscard]] static dynamic of(T value, const precision* p) {
    if constexpr (sizeof(T) <= 4 || std::same_as<T, double>) {  // double has it exactly
      const auto exact = static_cast<double>(value);
      return from_value(p == nullptr ? exact : p->to_format(exact));
    } else {
      return from_value(p == nullptr ? pack_as<double>(unpack(value))
                                     : p->to_format(unpack(value)));
    }
  }

  double value_;
  const precision* own_ = nullptr;
};

}  // namespace dropin
}  // namespace lowp

/// Of the format in force; what are constants there are those of binary64.
template <>
class std::numeric_limits<lowp::dropin::dynamic>
    : public std::numeric_limits<lowp::number<lowp::formats::binary64>> {
  using dynamic = lowp::dropin::dynamic;
  template <class Get>
  static dynamic of(Get get, double otherwise) {
    const lowp::dropin::precision* p = lowp::dropin::precision_scope::current();
    return dynamic::from_value(p == nullptr ? otherwise : get(*p));
  }
  using binary64 = std::numeric_limits<double>;

 public:
  static dynamic(max)() {
    return of([](const auto& p) { return p.largest(); }, (binary64::max)());
  }
  static dynamic lowest() {
    return of([](const auto& p) { return p.lowest(); }, binary64::lowest());
  }
  static dynamic(min)() {
    return of([](const auto& p) { return p.smallest_normal(); }, (binary64::min)());
  }
  static dynamic denorm_min() {
    return of([](const auto& p) { return p.smallest(); }, binary64::denorm_min());
  }
  static dynamic epsilon() {
    return of([](const auto& p) { return p.epsilon(); }, binary64::epsilon());
  }
  static dynamic round_error() { return 0.5; }
  static dynamic infinity() { return binary64::infinity(); }
  static dynamic quiet_NaN() { return binary64::quiet_NaN(); }
  static dynamic signaling_NaN() { return binary64::quiet_NaN(); }
};
