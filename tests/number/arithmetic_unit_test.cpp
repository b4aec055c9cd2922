// SPDX-License-Identifier: MIT
// Status flags of all pairs of 8-bit codes against their definitions in binary64, in which sums and
// products of so few bits are exact, and quotients and roots are on the right side of every value
// and midpoint; the other operations of IEEE 754 against lists of all values; NaNs; other families.
#include "lowp/number/arithmetic_unit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/hif8_format.hpp"
#include "lowp/formats/lns_format.hpp"
#include "lowp/formats/takum_format.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/flagged_arithmetic.hpp"
#include "lowp/number/status_registers.hpp"
#include "lowp/rounding/stochastic.hpp"

using namespace lowp;

namespace {

enum class direction { nearest_even, nearest_away, toward_zero, upward, downward, odd };

/// x, a multiple of nothing in particular, as an integer.
double to_integer(double x, direction d) {
  const double below = std::floor(std::fabs(x)), rest = std::fabs(x) - below;
  const bool is_odd = std::fmod(below, 2) != 0;
  bool grows = false;
  switch (d) {
    case direction::nearest_even: grows = rest > 0.5 || (rest == 0.5 && is_odd); break;
    case direction::nearest_away: grows = rest >= 0.5; break;
    case direction::toward_zero: break;
    case direction::upward: grows = rest > 0 && x > 0; break;
    case direction::downward: grows = rest > 0 && x < 0; break;
    case direction::odd: grows = rest > 0 && !is_odd; break;
  }
  return std::copysign(below + (grows ? 1 : 0), x);
}

/// x to `bits` significant bits, but to no finer step than 2^last.
double to_precision(double x, int bits, int last, direction d) {
  const int step = (std::max)(std::ilogb(x) - bits + 1, last);
  return std::ldexp(to_integer(std::ldexp(x, -step), d), step);
}

struct float_limits {
  int bits, normal_exponent;
  double largest;
};

/// The flags of a finite result that is not zero.
status_flags rounding_flags(const float_limits& f, double exact, direction d, tininess when) {
  const double unbounded = to_precision(exact, f.bits, -1000, d);
  const double normal = std::ldexp(1, f.normal_exponent);
  status_flags flags;
  flags.overflow = std::fabs(unbounded) > f.largest;
  const double rounded = to_precision(exact, f.bits, f.normal_exponent - f.bits + 1, d);
  flags.inexact = flags.overflow || rounded != exact;
  const bool is_tiny = std::fabs(when == tininess::before_rounding ? exact : unbounded) < normal;
  flags.underflow = is_tiny && flags.inexact;
  return flags;
}

template <auto F, rounding_mode R>
long long wrong_flags(const R& mode, direction d, tininess when) {
  environment e = environments::riscv;
  e.tininess = when;
  const arithmetic_unit unit{F, mode, e};
  const value_facts known = facts<F>;
  const float_limits limits{known.significant_bits, known.normal_exponent,
                            pack_as<double>(largest_value(F))};
  long long wrong = 0;
  const auto check = [&](const flagged<code_t>& got, double exact, const auto& plain,
                         bool is_invalid, bool divides_by_zero) {
    status_flags want{.invalid = is_invalid, .divide_by_zero = divides_by_zero};
    const bool is_number = std::isfinite(exact);
    if (is_number && exact != 0) want |= rounding_flags(limits, exact, d, when);
    // An infinity, or what stands for it.
    if (std::isinf(exact) && !has_infinity(F) && !divides_by_zero) {
      want.overflow = want.inexact = true;
    }
    wrong += got.flags != want;
    wrong += got.value != plain.code() && !(std::isnan(exact) && isnan(plain));
  };
  for (code_t i = 0; i < 256; ++i) {
    const auto a = number<F>::from_code(i);
    const double x = double(a);
    const bool is_nan = std::isnan(x);
    // Signaling NaNs aside, which have tests of their own.
    if (nan_payload_of(F, i).is_signaling) continue;
    check(unit.sqrt(i), std::sqrt(x), sqrt(a, mode), x < 0, false);
    for (code_t j = 0; j < 256; ++j) {
      if (nan_payload_of(F, j).is_signaling) continue;
      const auto b = number<F>::from_code(j);
      const double y = double(b);
      const bool any_nan = is_nan || std::isnan(y);
      const auto invalid = [&](double result) { return !any_nan && std::isnan(result); };
      check(unit.add(i, j), x + y, add(a, b, mode), invalid(x + y), false);
      check(unit.subtract(i, j), x - y, subtract(a, b, mode), invalid(x - y), false);
      check(unit.multiply(i, j), x * y, multiply(a, b, mode), invalid(x * y), false);
      // Without infinities x / 0 is NaN here, and with it invalid instead.
      const bool is_pole = y == 0 && x != 0 && std::isfinite(x),
                 by_zero = is_pole && has_infinity(F);
      const double quotient =
          is_pole && !by_zero ? std::numeric_limits<double>::quiet_NaN() : x / y;
      check(unit.divide(i, j), quotient, divide(a, b, mode), invalid(quotient), by_zero);
    }
  }
  return wrong;
}

template <auto F>
void check_all_modes() {
  for (const auto when : {tininess::before_rounding, tininess::after_rounding}) {
    CHECK(wrong_flags<F>(nearest_even, direction::nearest_even, when) == 0);
    CHECK(wrong_flags<F>(upward, direction::upward, when) == 0);
  }
  CHECK(wrong_flags<F>(nearest_away, direction::nearest_away, tininess::after_rounding) == 0);
  CHECK(wrong_flags<F>(downward, direction::downward, tininess::after_rounding) == 0);
  CHECK(wrong_flags<F>(to_odd, direction::odd, tininess::after_rounding) == 0);
}

}  // namespace

TEST_CASE("the flags of all pairs of 8-bit floats follow their definitions") {
  check_all_modes<formats::e4m3fn>();
  check_all_modes<formats::e5m2>();
  check_all_modes<float_format{.exponent_bits = 3, .mantissa_bits = 4}>();
  CHECK(wrong_flags<formats::e4m3fnuz>(upward, direction::upward, tininess::after_rounding) == 0);
}

TEST_CASE("neighbours, order, classes, minimum and maximum of all 8-bit floats") {
  constexpr auto f = formats::e5m2;
  const arithmetic_unit unit{f, nearest_even, environments::ieee754};
  std::vector<code_t> numbers;  // in ascending order, zeros apart
  for (code_t c = 0x7C; c != 0; --c) numbers.push_back(0x80 | c);
  for (code_t c = 0x80; c != 0x7D; c = (c + 1) & 0xFF) {
    numbers.push_back(c);
    if (c == 0x80) c = 0xFF;
  }
  REQUIRE(numbers.size() == 0x7D * 2);
  const auto value = [&](code_t c) { return double(number<f>::from_code(c)); };
  REQUIRE(std::is_sorted(numbers.begin(), numbers.end(),
                         [&](code_t a, code_t b) { return value(a) < value(b); }));
  long long wrong = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const code_t a = numbers[i];
    // Both zeros have one neighbour on either side.
    std::size_t up = i + 1, down = i - 1;
    if (a == 0x80) ++up;
    if (a == 0x00) --down;
    const code_t above = i + 1 < numbers.size() ? numbers[up] : a;
    code_t below = i > 0 ? numbers[down] : a;
    if (a == 0x01) below = 0x00;
    wrong += unit.next_up(a) != flagged<code_t>{above, {}};
    wrong += unit.next_down(a) != flagged<code_t>{below, {}};
    const double x = value(a);
    const bool is_subnormal = std::fabs(x) < std::ldexp(1, -14) && x != 0;
    const int kind = std::isinf(x) ? 0 : x == 0 ? 3 : is_subnormal ? 2 : 1;
    const int of_class = std::signbit(x) ? 2 + kind : 9 - kind;
    wrong += static_cast<int>(unit.classify(a)) != of_class;
    const status_flags exact{};
    if (x == 0) {
      wrong += unit.log_b(a) != flagged<code_t>{0xFC, {.divide_by_zero = true}};
    } else {
      const double exponent = std::logb(x), kept = double(e5m2(exponent));  // 9 is not exact
      wrong += value(unit.log_b(a).value) != kept ||
               unit.log_b(a).flags != status_flags{.inexact = kept != exponent};
    }
    for (std::size_t j = 0; j < numbers.size(); ++j) {
      const code_t b = numbers[j];
      const double y = value(b);
      wrong += unit.total_order(a, b) != (i <= j);
      wrong += unit.minimum(a, b).value != numbers[(std::min)(i, j)];
      wrong += unit.maximum_number(a, b).value != numbers[(std::max)(i, j)];
      wrong += unit.compare_quiet(a, b).value != (x <=> y);
      const flagged<code_t> rest = unit.remainder(a, b);
      const double want = std::remainder(x, y);
      if (std::isnan(want)) {
        wrong += rest != flagged<code_t>{0x7E, {.invalid = true}};
      } else {
        wrong += value(rest.value) != want || rest.flags != exact ||
                 std::signbit(value(rest.value)) != std::signbit(want);
      }
    }
  }
  CHECK(wrong == 0);
  // NaNs: e5m2 has one signaling NaN, 0x7D.
  CHECK(unit.classify(0x7D) == number_class::signaling_nan);
  CHECK(unit.classify(0xFE) == number_class::quiet_nan);
  const flagged<code_t> invalid_nan{0x7F, {.invalid = true}};
  CHECK(unit.next_up(0x7D) == invalid_nan);
  CHECK(unit.minimum(0x3C, 0x7D) == invalid_nan);
  CHECK(unit.minimum_number(0x3C, 0x7D) == flagged<code_t>{0x3C, {.invalid = true}});
  CHECK(unit.maximum_number(0x7E, 0x3C) == flagged<code_t>{0x3C, {}});
  CHECK(unit.maximum(0x7E, 0x3C) == flagged<code_t>{0x7E, {}});
  CHECK(unit.compare_quiet(0x7E, 0x3C).flags == status_flags{});
  CHECK(unit.compare_signaling(0x7E, 0x3C).flags.invalid);
  const code_t order[] = {0xFF, 0xFD, 0xFC, 0x80, 0x00, 0x7C, 0x7D, 0x7E, 0x7F};
  for (int i = 0; i < 9; ++i) {
    for (int j = 0; j < 9; ++j) CHECK(unit.total_order(order[i], order[j]) == (i <= j));
  }
}

TEST_CASE("integers and powers of two") {
  const auto check = [](const auto& mode, direction d) {
    const arithmetic_unit unit{formats::e5m2, mode, environments::aarch64};
    long long wrong = 0;
    for (code_t c = 0; c < 256; ++c) {
      const double x = double(e5m2::from_code(c));
      if (std::isnan(x)) continue;
      const double integer = std::isinf(x) ? x : to_integer(x, d);
      const auto rounded = unit.round_to_integral(c);
      wrong += double(e5m2::from_code(rounded.value)) != integer ||
               rounded.flags != status_flags{.inexact = integer != x};
      wrong += unit.round_to_integral(c, integer_rounding::quiet).flags.any();
      const auto byte = unit.template to_integer<std::int8_t>(c);
      const bool fits = integer >= -128 && integer <= 127;
      const double nearest = (std::min)((std::max)(integer, -128.0), 127.0);
      wrong += byte.value != nearest ||
               byte.flags != status_flags{.invalid = !fits, .inexact = fits && integer != x};
      for (int power = -40; power <= 40; ++power) {
        const auto scaled = unit.scale_b(c, power);
        const double exact = std::ldexp(x, power);
        wrong += scaled.value != convert<formats::e5m2>(exact, mode).code();
        if (std::isfinite(x) && x != 0) {
          wrong +=
              scaled.flags != rounding_flags({3, -14, 57344}, exact, d, tininess::before_rounding);
        }
      }
    }
    CHECK(wrong == 0);
  };
  check(nearest_even, direction::nearest_even);
  check(nearest_away, direction::nearest_away);
  check(toward_zero, direction::toward_zero);
  check(upward, direction::upward);
  check(downward, direction::downward);
  // What an integer type cannot hold.
  const auto invalid = [](const environment& e, code_t c) {
    return arithmetic_unit{formats::e5m2, toward_zero, e}.to_integer<std::int16_t>(c).value;
  };
  CHECK(invalid(environments::riscv, 0x7E) == 32767);
  CHECK(invalid(environments::aarch64, 0x7E) == 0);
  CHECK(invalid(environments::x86_sse, 0x7E) == -32768);
  CHECK(invalid(environments::riscv, 0xFC) == -32768);
  CHECK(invalid(environments::x86_sse, 0x7B) == -32768);
  const arithmetic_unit unit{formats::e5m2, nearest_even, environments::x86_sse};
  CHECK(unit.to_integer<std::uint8_t>(0xBC).flags.invalid);
  CHECK(unit.from_integer(100000) == flagged<code_t>{0x7C, {.overflow = true, .inexact = true}});
  CHECK(unit.from_integer(-3) == flagged<code_t>{0xC2, {}});
}

TEST_CASE("NaNs keep what they carry from format to format, as the environment has it") {
  const arithmetic_unit sse{formats::binary16, nearest_even, environments::x86_sse};
  CHECK(sse.convert(formats::binary32, 0x7F812000) == flagged<code_t>{0x7E09, {.invalid = true}});
  CHECK(sse.convert(formats::binary64, 0xFFF8'0400'0000'0000) == flagged<code_t>{0xFE01, {}});
  const arithmetic_unit wide{formats::binary32, nearest_even, environments::x86_sse};
  CHECK(wide.convert(formats::binary16, 0x7C01) == flagged<code_t>{0x7FC02000, {.invalid = true}});
  CHECK(wide.subtract(0x7F800000, 0x7F800000).value == 0xFFC00000);
  const arithmetic_unit gpu{formats::binary32, nearest_even, environments::nvidia};
  CHECK(gpu.add(0x7FC00001, 0x3F800000).value == 0x7FFFFFFF);
  const arithmetic_unit half{formats::binary16, nearest_even, environments::nvidia};
  CHECK(half.sqrt(0xBC00) == flagged<code_t>{0x7FFF, {.invalid = true}});
  // The NaN of a format without payloads, and none at all.
  const arithmetic_unit fn{formats::e4m3fn, nearest_even, environments::ieee754};
  CHECK(fn.convert(formats::binary32, 0xFF812345).value == 0xFF);
  const arithmetic_unit four{formats::e2m1, nearest_even, environments::ieee754};
  CHECK(four.convert(formats::binary32, 0x7FC00000).flags == status_flags{.invalid = true});
  // An exact tie between the last number of the precision and the smallest normal one.
  const arithmetic_unit tie{formats::binary16, nearest_even, environments::riscv};
  CHECK(tie.convert(formats::binary32, 0x387FF000).flags == status_flags{.inexact = true});
  CHECK(tie.convert(formats::binary32, 0x387FEFFF).flags ==
        status_flags{.underflow = true, .inexact = true});
}

TEST_CASE("numbers of mixed formats, and constant expressions") {
  constexpr auto sum = add<formats::e4m3fn>(e5m2(448), e4m3fn(32), upward, environments::riscv);
  STATIC_REQUIRE(sum.flags == status_flags{.overflow = true, .inexact = true});
  constexpr auto product =
      multiply<formats::binary16>(e4m3fn(448), e4m3fn(0.5), nearest_even, environments::aarch64);
  STATIC_REQUIRE(product.value == 224);
  STATIC_REQUIRE(!product.flags.any());
  STATIC_REQUIRE(fma(e5m2(2), e5m2(3), e5m2(1), nearest_even, environments::aarch64).value == 7);
  STATIC_REQUIRE(sqrt(e5m2(2), nearest_even, environments::aarch64).flags.inexact);
  STATIC_REQUIRE(convert<formats::e4m3fn>(500.0, toward_zero, environments::riscv).value == 448);
  CHECK(convert<formats::binary16>(std::bit_cast<float>(0x7FC12000), nearest_even,
                                   environments::ieee754)
            .value.code() == 0x7E09);
}

TEST_CASE("flags of formats that are not floating-point") {
  // Integers: all sums and products of two bytes.
  const arithmetic_unit bytes{fixed_format{.total_bits = 8}, nearest_even, environments::riscv};
  long long wrong = 0;
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; ++b) {
      const auto code = [](int i) { return static_cast<code_t>(i & 0xFF); };
      const auto of_range = [](int i) {
        const bool is_out = i < -128 || i > 127;
        return status_flags{.overflow = is_out, .inexact = is_out};
      };
      wrong += bytes.add(code(a), code(b)).flags != of_range(a + b);
      wrong += bytes.multiply(code(a), code(b)).flags != of_range(a * b);
    }
  }
  CHECK(wrong == 0);
  CHECK(bytes.divide(7, 2).flags == status_flags{.inexact = true});
  CHECK(bytes.divide(7, 0).flags.divide_by_zero);
  const arithmetic_unit unsigned_bytes{fixed_format{.total_bits = 8, .is_signed = false}, upward,
                                       environments::riscv};
  CHECK(unsigned_bytes.subtract(3, 4).flags == status_flags{.overflow = true, .inexact = true});
  // Posits saturate: nothing overflows or underflows, and NaR is quiet.
  const arithmetic_unit posits{posit_format{.total_bits = 8, .exponent_bits = 2}, nearest_even,
                               environments::riscv};
  CHECK(posits.multiply(0x7F, 0x7F) == flagged<code_t>{0x7F, {.inexact = true}});
  CHECK(posits.multiply(0x01, 0x01) == flagged<code_t>{0x01, {.inexact = true}});
  CHECK(posits.sqrt(0xC0) == flagged<code_t>{0x80, {.invalid = true}});
  CHECK(posits.add(0x80, 0x40) == flagged<code_t>{0x80, {}});
  // Scales of powers of two have no zero, and nothing below 2^-127.
  const arithmetic_unit scales{formats::e8m0, nearest_even, environments::riscv};
  CHECK(scales.multiply(0x00, 0x00).flags == status_flags{.underflow = true, .inexact = true});
  CHECK(scales.multiply(0xFE, 0xFE).flags.overflow);
  CHECK(scales.multiply(0x80, 0x80) == flagged<code_t>{0x81, {}});
}

namespace {

template <class F>
long long wrong_neighbours(const F& f) {
  const arithmetic_unit unit{f, nearest_even, environments::riscv};
  std::vector<unpacked> values;
  for (code_t c = 0; c < code_t{1} << f.bits(); ++c) {
    const unpacked x = decode(f, c);
    if (!x.is_nan()) values.push_back(x);
  }
  long long wrong = 0;
  for (code_t c = 0; c < code_t{1} << f.bits(); ++c) {
    const unpacked x = decode(f, c);
    if (x.is_nan()) continue;
    for (const bool is_up : {true, false}) {
      unpacked best = x;  // the nearest value on that side, by looking at all
      bool is_found = false;
      for (const unpacked& y : values) {
        const auto order = exact::compare(y, x);
        if (is_up ? order <= 0 : order >= 0) continue;
        const auto to_best = exact::compare(y, best);
        if (!is_found || (is_up ? to_best < 0 : to_best > 0)) best = y;
        is_found = true;
      }
      const code_t got = (is_up ? unit.next_up(c) : unit.next_down(c)).value;
      wrong += exact::compare(decode(f, got), best) != 0;
      if (best.is_zero() && has_negative_zero(f)) wrong += decode(f, got).negative != is_up;
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("neighbours of all codes of several families") {
  CHECK(wrong_neighbours(formats::e2m1) == 0);
  CHECK(wrong_neighbours(formats::e4m3fn) == 0);
  CHECK(wrong_neighbours(formats::e4m3fnuz) == 0);
  CHECK(wrong_neighbours(formats::e8m0) == 0);
  CHECK(wrong_neighbours(formats::int_n<8>) == 0);
  CHECK(wrong_neighbours(formats::ufixed<6, 3>) == 0);
  CHECK(wrong_neighbours(formats::posit<8>) == 0);
  CHECK(wrong_neighbours(formats::takum<8>) == 0);
  CHECK(wrong_neighbours(formats::hif8) == 0);
  CHECK(wrong_neighbours(formats::nf4) == 0);
  CHECK(wrong_neighbours(formats::lns<8, 3>) == 0);
}

TEST_CASE("flags at the edges of what a format has") {
  // All numbers are subnormal: the step at the largest is that of the others.
  constexpr float_format small{
      .exponent_bits = 1, .mantissa_bits = 1, .has_infinity = false, .nan_codes = 2};
  const arithmetic_unit subnormals{small, nearest_even, environments::riscv};
  const double largest = pack_as<double>(largest_value(small));
  CHECK(!subnormals.convert(unpack(largest * 1.2)).flags.overflow);
  CHECK(subnormals.convert(unpack(largest * 1.75)).flags.overflow);
  CHECK(subnormals.convert(unpack(largest * 1.2)).flags.underflow);
  // A mode of two random bits: overflow exactly where the value becomes infinity.
  const float_format f = formats::e5m2;
  long long wrong = 0, overflows = 0;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    const double x = 57344 + 2.0 * static_cast<double>(i);
    const arithmetic_unit unit{f, stochastic{i, 2}, environments::riscv};
    const auto got = unit.convert(unpack(x));
    wrong += got.flags.overflow != decode(f, got.value).is_infinite();
    overflows += got.flags.overflow;
  }
  CHECK(wrong == 0);
  CHECK((overflows > 500 && overflows < 4000));
  // Negative numbers of an unsigned format overflow and are not tiny besides.
  const arithmetic_unit scales{formats::ue4m3, nearest_even, environments::riscv};
  CHECK(scales.convert(unpack(-0.0009)).flags == status_flags{.underflow = true, .inexact = true});
  CHECK(scales.convert(unpack(-0.01)).flags == status_flags{.overflow = true, .inexact = true});
  // Where there is no zero, zero is invalid, and a flushed result the smallest number.
  const arithmetic_unit powers{formats::e8m0, nearest_even,
                               environments::flushing(environments::riscv)};
  CHECK(powers.subtract(0x7F, 0x7F) == flagged<code_t>{0xFF, {.invalid = true}});
  CHECK(powers.multiply(0, 0) == flagged<code_t>{0, {.underflow = true, .inexact = true}});
  // What rounds nothing keeps infinities under every policy.
  environment saturating = environments::riscv;
  saturating.overflow = overflow::saturate;
  const arithmetic_unit unit{f, nearest_even, saturating};
  CHECK(unit.maximum(0x3C, 0x7C) == flagged<code_t>{0x7C, {}});
  CHECK(unit.round_to_integral(0xFC) == flagged<code_t>{0xFC, {}});
  CHECK(unit.add(0x7B, 0x7B) == flagged<code_t>{0x7B, {.overflow = true, .inexact = true}});
  // Signs of everything, without flags.
  CHECK(unit.negate(0x7D) == 0xFD);
  CHECK(unit.abs(0xFC) == 0x7C);
  CHECK(unit.copy_sign(0x3C, 0x80) == 0xBC);
  const arithmetic_unit fnuz{formats::e4m3fnuz, nearest_even, environments::riscv};
  CHECK(fnuz.negate(0x80) == 0x80);
  CHECK(fnuz.negate(0x00) == 0x00);
  // NaN in a format without one.
  environment zero = environments::riscv;
  zero.missing_nan = missing_nan::zero;
  const arithmetic_unit four{formats::e2m1, nearest_even, zero};
  CHECK(four.divide(0, 0) == flagged<code_t>{0, {.invalid = true}});
  CHECK(four.sqrt(0xA) == flagged<code_t>{0, {.invalid = true}});
  CHECK(unit.remainder_toward_zero(0x45, 0x42) == flagged<code_t>{0x40, {}});  // 5 mod 3
}

TEST_CASE("flags and environments as registers and as text") {
  for (std::uint32_t word = 0; word < 64; ++word) {
    CHECK(to_mxcsr(flags_from_mxcsr(word)) == word);
    const std::uint32_t fpsr = (word & 31) | (word & 32) << 2;
    CHECK(to_fpsr(flags_from_fpsr(fpsr)) == fpsr);
    if (word < 32) CHECK(to_fflags(flags_from_fflags(word)) == word);
  }
  CHECK(flags_from_mxcsr(4) == flags_from_fpsr(2));
  CHECK(flags_from_fflags(8) == flags_from_fpsr(2));
  CHECK(environments::from_mxcsr(0x1F80) == environments::x86_sse);
  CHECK(environments::from_mxcsr(0x9FC0) == environments::flushing(environments::x86_sse));
  CHECK(environments::from_fpcr(3u << 24) ==
        environments::flushing(environments::aarch64_default_nan));
  CHECK(to_text(status_flags{.overflow = true, .inexact = true}).view() == "--o-x-");
}
