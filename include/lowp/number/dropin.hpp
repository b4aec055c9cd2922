// SPDX-License-Identifier: MIT
// The drop-in face: existing numeric code runs after one typedef, using real = dropin::binary16.
// A dropin::number<F> is stored as a number<F> and computes as it does, each operation rounded
// once; it differs in what converts by itself and in that the rounding mode may be part of the
// type.
//
//   by itself       arithmetic types and enumerators, constants or not:  T x = d;  x = 0.1;  f(d);
//                   x += d.  A mixed operation rounds the other operand to T first and gives a T:
//                   0.5 * x, x / n, d - x, pow(x, d). Comparisons are by value, nothing is rounded:
//                   x < 0.1. To and from number<F>, with the same code.
//   in words        out: double(x), int(x), level(x), if (x); to T from another format, mode
//                   or overflow policy. With conversions_out::where_exact as the last argument,
//                   also by itself to the floating-point types that hold all values of F, never to
//                   integers; with conversions_out::to_all to all arithmetic types. d += x of a
//                   float or double d needs no words: it computes in the type of d. Nor does i += x
//                   of an integer, which computes in T and drops the fraction.
//   not at all      operations on two formats: the format of the result must be said, T(y) + x.
//   cannot work, and why:
//     c ? x : 0.0         where x also converts out by itself, with to_all also c ? x : 0: either
//                         operand would convert to the type of the other. (Without it is a T, as
//                         it is for number<F>.)
//     std::clamp(x, 0, 1) one type is deduced from two arguments: say T(1). (std_math.hpp has
//                         std::max(x, 1) and std::min(x, 1), which give a T; std::max<int>(x, 1)
//                         cannot work.)
//     accumulate(first, last, 0.0)
//                         the sum would have to go out. With conversions out it compiles, but adds
//                         in T, which a program that says 0.0 hardly means.
//     f(x)                where f is overloaded for float, double and long double: out is explicit,
//                         so that none is viable; with conversions out more than one is.
//     static_assert(std::is_floating_point_v<T>), std::is_arithmetic
//                         no program may specialize these; adapters/traits.hpp does it all the
//                         same. Distributions, std::normal_distribution<T>: adapters/random.hpp.
//     std::lerp, std::midpoint
//                         are for the types of C++: a + t * (b - a), (a + b) / 2.
//     std::complex<T> z = 0.5
//                         needs two conversions: z(0.5). Functions of std::complex<T> compile with
//                         libstdc++ and not with libc++; the standard leaves it open.
//     printf("%g", x)     compiles, as x is trivially copyable, and prints garbage; compilers warn
//                         with -Wformat. Say double(x).
//     T(rand()) / RAND_MAX  in a format that ends before RAND_MAX is infinity over infinity.
//   Qualified std::sqrt(x) does work: std_math.hpp, which this header includes.
#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/face_operators.hpp"
#include "lowp/number/faces.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/math.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/std_math.hpp"
#include "lowp/number/suffixed_math.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {

namespace dropin {

/// Whether numbers become floating-point numbers of C++ without a cast.
enum class conversions_out : std::uint8_t {
  explicit_only,
  where_exact,  ///< to the types that hold all values of the format
  to_all,       ///< to all arithmetic types, as a float converts: rounded, or without its fraction
};

/// While one lives, stochastic operations of this thread take their random bits from a stream of
/// its own: the i-th rounding since then is that of element i of an array under stochastic{.seed},
/// so that what is computed in its scope is the same each time. An inner one suspends an outer one.
/// Outside of any, each thread has one stream, which begins with the thread, under the seed that is
/// part of the type. Every conversion and operation takes a draw, exact ones too; in f(x) + g(y)
/// the compiler decides who draws first.
class seed {
 public:
  explicit seed(std::uint64_t value);
  ~seed();
  seed(const seed&) = delete;
  seed& operator=(const seed&) = delete;

 private:
  std::uint64_t outer_seed_, outer_count_;
  bool outer_is_set_;
};

}  // namespace dropin

namespace detail {

struct draw_stream {
  std::uint64_t seed = 0;
  std::uint64_t count = 0;  ///< draws taken
  bool has_seed = false;    ///< else that of the type counts
};
constinit inline thread_local draw_stream draws{};

/// A stochastic mode for the next draw of the thread.
[[nodiscard]] inline stochastic next_of(stochastic mode) {
  if (draws.has_seed) mode.seed = draws.seed;
  return mode.at(draws.count++);
}

/// The block of random bits that the last draw of a thread came from: the next ones are in it.
struct drawn_block {
  std::uint64_t seed = 0, block = 0;
  int rounds = 0;  ///< 0: none yet
  std::array<std::uint32_t, 4> words{};
};
constinit inline thread_local drawn_block last_block{};

/// The random bits of the next draw of the thread.
[[nodiscard]] LOWP_ALWAYS_INLINE inline std::uint32_t next_bits(const stochastic& mode) {
  const int bits = mode.used_bits(), rounds = mode.rounds();
  const stochastic next = next_of(mode);
  const std::uint64_t block = random_block(next.index, bits);
  drawn_block& last = last_block;
  if (last.block != block || last.seed != next.seed || last.rounds != rounds) {
    last = {next.seed, block, rounds, random_words(next.seed, block, rounds)};
  }
  return random_bits_in(last.words, next.index, bits);
}

/// A stochastic mode with its random bits drawn.
template <stochastic Mode>
struct drawn {
  std::uint32_t bits;
  static constexpr int fraction_bits = stochastic::fraction_bits;
  [[nodiscard]] static constexpr bool is_stochastic() { return true; }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return Mode.addend(d, bits);
  }
};

/// The mode for the next operation. In a constant expression, where there is no thread, that for
/// element 0.
template <auto Mode>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr auto next_draw() {
  if constexpr (std::same_as<std::remove_cv_t<decltype(Mode)>, stochastic>) {
    if (std::is_constant_evaluated()) {
      return drawn<Mode>{random_bits(Mode.seed, Mode.index, Mode.used_bits(), Mode.rounds())};
    }
    return drawn<Mode>{next_bits(Mode)};
  } else {
    return Mode;
  }
}

}  // namespace detail

inline dropin::seed::seed(std::uint64_t value)
    : outer_seed_(detail::draws.seed),
      outer_count_(detail::draws.count),
      outer_is_set_(detail::draws.has_seed) {
  detail::draws = {value, 0, true};
}
inline dropin::seed::~seed() { detail::draws = {outer_seed_, outer_count_, outer_is_set_}; }

namespace dropin {

/// A number of format F for existing code; `Rounding` is any mode of rounding/, for example upward
/// or stochastic{.random_bits = 16}.
template <auto F, auto Rounding = nearest_even, overflow Overflow = overflow::to_special,
          conversions_out Out = conversions_out::explicit_only>
requires number_format<decltype(F)> && rounding_mode<decltype(Rounding)>
class number : public face_operators<number<F, Rounding, Overflow, Out>> {
 public:
  /// Whether numbers become a T by themselves.
  template <class T>
  static constexpr bool converts_to = Out == conversions_out::to_all ||
                                      (Out == conversions_out::where_exact &&
                                       detail::holds_all<T>(facts<F>));

  using literal_type = lowp::number<F>;
  using storage_type = typename literal_type::storage_type;
  static constexpr auto format = F;
  static constexpr auto rounding = Rounding;
  static constexpr overflow overflow_policy = Overflow;

  number() = default;
  constexpr number(literal_type value) : number_(value) {}
  /// Rounds once.
  template <detail::native_number T>
  constexpr number(T value) : number(from_unpacked(unpack(value))) {}
  template <detail::native_enumerator T>
  constexpr number(T value) : number(static_cast<std::underlying_type_t<T>>(value)) {}
  template <lowp::number_type Source>
  requires(!std::same_as<Source, number> &&
           !std::same_as<Source, literal_type>) explicit constexpr number(Source value)
      : number(from_unpacked(unpack(value))) {}

  [[nodiscard]] static constexpr number from_code(code_t code) {
    return literal_type::from_code(code);
  }
  [[nodiscard]] LOWP_ALWAYS_INLINE static constexpr number from_unpacked(const unpacked& value) {
    return convert<F>(value, next_mode(), Overflow);
  }
  /// The mode for one operation: `rounding`, with the next draw if it is stochastic.
  [[nodiscard]] static constexpr auto next_mode() { return detail::next_draw<Rounding>(); }

  [[nodiscard]] constexpr storage_type code() const { return number_.code(); }
  [[nodiscard]] constexpr unpacked unpacked_value() const { return number_.unpacked_value(); }

  constexpr operator literal_type() const { return number_; }
  /// As those of number<F>.
  template <detail::native_float T>
  explicit(!converts_to<T>) constexpr operator T() const {
    return static_cast<T>(number_);
  }
  template <detail::integer_or_enumerator T>
  explicit(Out != conversions_out::to_all || std::is_enum_v<T>) constexpr operator T() const {
    return detail::toward_integer<T>(unpacked_value());
  }

  // What operators are made of: face_operators.hpp.
  [[nodiscard]] static constexpr number sum(number a, number b) {
    return add(a.number_, b.number_, next_mode(), Overflow);
  }
  [[nodiscard]] static constexpr number difference(number a, number b) {
    return subtract(a.number_, b.number_, next_mode(), Overflow);
  }
  [[nodiscard]] static constexpr number product(number a, number b) {
    return multiply(a.number_, b.number_, next_mode(), Overflow);
  }
  [[nodiscard]] static constexpr number quotient(number a, number b) {
    return divide(a.number_, b.number_, next_mode(), Overflow);
  }
  [[nodiscard]] friend constexpr number operator-(number a) {
    return from_unpacked(-a.unpacked_value());
  }

  [[nodiscard]] friend constexpr std::partial_ordering operator<=>(number a, number b) {
    return a.number_ <=> b.number_;
  }
  [[nodiscard]] friend constexpr bool operator==(number a, number b) {
    return a.number_ == b.number_;
  }

  /// Public because only so may a number be a template argument.
  literal_type number_;
};

}  // namespace dropin

template <auto F, auto Rounding, overflow Overflow, dropin::conversions_out Out>
inline constexpr bool is_number_v<dropin::number<F, Rounding, Overflow, Out>> = true;

/// Across formats and faces, and with numbers of C++: by value, nothing is rounded.
template <detail::other_face T, class Other>
requires detail::native_number<Other> || detail::native_enumerator<Other> ||
    (number_type<Other> && !std::same_as<T, Other>) [[nodiscard]] constexpr std::partial_ordering
    operator<=>(T a, Other b) {
  if constexpr (detail::other_face<Other>) {
    return detail::literal(a) <=> detail::literal(b);
  } else if constexpr (detail::native_enumerator<Other>) {
    return a <=> static_cast<std::underlying_type_t<Other>>(b);
  } else {
    return detail::literal(a) <=> b;
  }
}
template <detail::other_face T, class Other>
requires detail::native_number<Other> || detail::native_enumerator<Other> ||
    (number_type<Other> && !std::same_as<T, Other>) [[nodiscard]] constexpr bool
    operator==(T a, Other b) {
  return (a <=> b) == 0;
}

namespace detail {
/// Operands of which neither is converted to the type of the other.
template <class A, class B>
concept strangers = number_type<A> && number_type<B> &&
                    (other_face<A> || other_face<B>)&&!std::same_as<A, B> &&
                    !operand_beside<A, B> && !operand_beside<B, A>;
}  // namespace detail

// Compilers print the last template parameter.
#define LOWP_MIXED_OPERATOR(symbol)                                                     \
  template <class A, class B, class different_types_need_the_type_of_the_result = void> \
  requires detail::strangers<A, B>                                                      \
  void operator symbol(A, B) = delete;
LOWP_MIXED_OPERATOR(+)
LOWP_MIXED_OPERATOR(-)
LOWP_MIXED_OPERATOR(*)
LOWP_MIXED_OPERATOR(/)
#undef LOWP_MIXED_OPERATOR

namespace dropin {
#include "lowp/number/catalog.inc"
}  // namespace dropin

}  // namespace lowp

template <lowp::detail::other_face T>
struct std::hash<T> : std::hash<typename T::literal_type> {};
