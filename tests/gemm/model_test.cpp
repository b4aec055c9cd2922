// SPDX-License-Identifier: MIT
// Sums in chosen formats, orders and adders mean what their policy says. Each rounding is played
// back by search among the values of the format or in MPFR; adders that align, in the arithmetic of
// significands in which they were published; and cases are worked out by hand.
#include "lowp/gemm/policy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "block/block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
namespace policies = lowp::policies;
using lowp::aligned_sums;
using lowp::any_rounding;
using lowp::float_format;
using lowp::matrix_view;
using lowp::overflow;
using lowp::product;
using lowp::rounded_sums;
using lowp::summation;
using oracle::mode;
using oracle::real;

namespace {

// ------------------------------------------------------------------------------- one rounding step
/// What special operands give, or zero: by cases, not by hardware.
double special_product(double a, double b) {
  if (oracle::is_nan(a) || oracle::is_nan(b)) return oracle::quiet_nan;
  if (!oracle::is_special(a) && !oracle::is_special(b)) return 0;
  if (oracle::is_zero(a) || oracle::is_zero(b)) return oracle::quiet_nan;
  return oracle::is_negative(a) != oracle::is_negative(b) ? oracle::negated(oracle::infinite)
                                                          : oracle::infinite;
}
double special_sum(double a, double b) {
  if (oracle::is_nan(a) || oracle::is_nan(b)) return oracle::quiet_nan;
  if (oracle::is_special(a) && oracle::is_special(b)) {
    return oracle::is_negative(a) == oracle::is_negative(b) ? a : oracle::quiet_nan;
  }
  return oracle::is_special(a) ? a : oracle::is_special(b) ? b : 0;
}

/// By its bits: compilers that were told to forget signs choose either.
double signed_zero(bool is_negative) {
  return lowp::opaque(std::bit_cast<double>(std::uint64_t{is_negative ? 1u : 0u} << 63));
}

/// Rounds exact results to a format, by search where it is small.
class rounder {
 public:
  rounder(const float_format& f, mode m, overflow o) : format_(f), mode_(m), range_(o) {
    if (f.bits() <= 16) grid_ = &grid_of(f);
  }
  /// a * b + c.
  [[nodiscard]] double operator()(double a, double b, double c) const {
    const double product = special_product(a, b);
    if (oracle::is_special(product) || oracle::is_special(c)) {
      return encoded(special_sum(product, c));
    }
    real x(64), y(64), p(128), z(64), sum(2400);
    mpfr_set_d(x, a, MPFR_RNDN);
    mpfr_set_d(y, b, MPFR_RNDN);
    mpfr_set_d(z, c, MPFR_RNDN);
    mpfr_mul(p, x, y, MPFR_RNDN);
    const auto down = mode_ == mode::downward ? MPFR_RNDD : MPFR_RNDN;  // the sign of a zero
    if (mpfr_add(sum, p, z, down) != 0) throw std::logic_error("the sum is not exact");
    if (mpfr_zero_p(sum)) return encoded(signed_zero(mpfr_signbit(sum) != 0));
    if (grid_ == nullptr) return value(oracle::mpfr_encode(format_, sum, direction()));
    // What is far below or above everything need not be exact to be rounded by search.
    long double narrow = mpfr_get_ld(sum, MPFR_RNDZ);
    if (mpfr_cmp_ld(sum, narrow) != 0) {
      real sticky(64);
      mpfr_set(sticky, sum, MPFR_RNDZ);
      if (mpfr_get_exp(sticky) > -16000) mpfr_nextabove_magnitude(sticky);
      narrow = mpfr_get_ld(sticky, MPFR_RNDZ);
    }
    return value(grid_->encode(narrow, mode_, range_));
  }

 private:
  /// To odd in 64 bits: of the two neighbours the one whose last bit is set.
  static void mpfr_nextabove_magnitude(real& x) {
    real up(64);
    mpfr_set(up, x, MPFR_RNDN);
    if (mpfr_signbit(x)) {
      mpfr_nextbelow(up);
    } else {
      mpfr_nextabove(up);
    }
    mpz_t significand;
    mpz_init(significand);
    mpfr_get_z_2exp(significand, x);
    // get_z_2exp gives all 64 bits of the precision
    if (mpz_even_p(significand)) mpfr_set(x, up, MPFR_RNDN);
    mpz_clear(significand);
  }
  [[nodiscard]] mpfr_rnd_t direction() const {
    switch (mode_) {
      case mode::nearest_even: return MPFR_RNDN;
      case mode::toward_zero: return MPFR_RNDZ;
      case mode::upward: return MPFR_RNDU;
      case mode::downward: return MPFR_RNDD;
      case mode::away_from_zero: return MPFR_RNDA;
      default: throw std::logic_error("a mode that MPFR does not have");
    }
  }
  /// Made once for each format.
  static const oracle::float_grid& grid_of(const float_format& f) {
    static std::deque<oracle::float_grid> grids;
    for (const oracle::float_grid& grid : grids) {
      if (grid.format() == f) return grid;
    }
    return grids.emplace_back(f);
  }
  [[nodiscard]] double encoded(double x) const {
    return grid_ == nullptr ? x : value(grid_->encode(x, mode_, range_));
  }
  [[nodiscard]] double value(lowp::code_t code) const {
    const oracle::datum d = oracle::value_of(format_, code);
    if (d.what == oracle::kind::nan) return oracle::quiet_nan;
    if (d.what == oracle::kind::infinity) {
      return d.negative ? oracle::negated(oracle::infinite) : oracle::infinite;
    }
    return d.value();
  }
  float_format format_;
  mode mode_;
  overflow range_;
  const oracle::float_grid* grid_ = nullptr;
};

// ------------------------------------------------------------------------------------ sums, again
using values = std::vector<double>;

double sequential(const rounded_sums& p, const rounder& round, const values& a, const values& b,
                  std::size_t begin, std::size_t end) {
  double sum = signed_zero(false);
  for (std::size_t k = begin; k < end; ++k) {
    if (p.product == product::rounded) {
      const double zero = signed_zero(oracle::is_negative(a[k]) != oracle::is_negative(b[k]));
      sum = round(round(a[k], b[k], zero), 1, sum);
    } else {
      sum = round(a[k], b[k], sum);
    }
  }
  return sum;
}

/// The node of the tree at a level and place; level 0 are the products.
double node(const rounder& round, const values& a, const values& b, std::size_t begin,
            std::size_t end, int level, std::size_t place) {
  if (level == 0) {
    const double x = a[begin + place], y = b[begin + place];
    return round(x, y, signed_zero(oracle::is_negative(x) != oracle::is_negative(y)));
  }
  const std::size_t below = (end - begin + (std::size_t{1} << (level - 1)) - 1) >> (level - 1);
  const double left = node(round, a, b, begin, end, level - 1, 2 * place);
  if (2 * place + 1 >= below) return left;
  return round(left, 1, node(round, a, b, begin, end, level - 1, 2 * place + 1));
}
double pairwise(const rounder& round, const values& a, const values& b, std::size_t begin,
                std::size_t end) {
  if (begin == end) return signed_zero(false);
  return node(round, a, b, begin, end, static_cast<int>(std::bit_width(end - begin - 1)), 0);
}

/// Significands and exponents, the latter at least `lowest`.
struct parts {
  double significand;
  int exponent;
};
parts parts_of(double x, int lowest) {
  if (x == 0) return {0, -10000};
  int exponent = 0;
  const double half = std::frexp(x, &exponent);
  if (exponent - 1 < lowest) return {std::ldexp(x, -lowest), lowest};
  return {2 * half, exponent - 1};
}
double aligned(const aligned_sums& p, const values& a, const values& b, int lowest,
               std::size_t begin, std::size_t end) {
  double sum = signed_zero(false);
  const auto terms = static_cast<std::size_t>(p.terms);
  for (std::size_t first = begin; first < end; first += terms) {
    std::vector<parts> list;
    if (p.has_accumulator) list.push_back(parts_of(sum, 1 - p.accumulator.bias));
    for (std::size_t k = first; k < std::min(end, first + terms); ++k) {
      const parts x = parts_of(a[k], lowest), y = parts_of(b[k], lowest);
      list.push_back({x.significand * y.significand, x.exponent + y.exponent});
    }
    int highest = -30000;
    for (const parts& t : list) {
      if (t.significand != 0) highest = std::max(highest, t.exponent);
    }
    double total = signed_zero(false);  // in units of 2^highest
    for (const parts& t : list) {
      if (t.significand == 0) continue;
      total +=
          std::ldexp(std::trunc(std::ldexp(t.significand, p.fraction_bits + t.exponent - highest)),
                     -p.fraction_bits);
    }
    total = std::ldexp(total, highest);
    if (!p.has_accumulator) total += sum;  // few enough bits apart in these tests
    int exponent = 0;
    std::frexp(total, &exponent);
    const int unit = std::max(exponent - 1, 1 - p.accumulator.bias) - p.accumulator.mantissa_bits;
    sum = std::ldexp(std::trunc(std::ldexp(total, -unit)), unit);
    if (sum == 0) sum = signed_zero(false);
  }
  return sum;
}

template <class P>
double expected(const P& p, const rounder& round, const rounder& promote, const values& a,
                const values& b, int lowest) {
  const auto sum = [&](std::size_t begin, std::size_t end) {
    if constexpr (std::is_same_v<P, aligned_sums>) {
      return aligned(p, a, b, lowest, begin, end);
    } else {
      return p.order == summation::pairwise ? pairwise(round, a, b, begin, end)
                                            : sequential(p, round, a, b, begin, end);
    }
  };
  if (p.chunk == 0) return sum(0, a.size());
  double total = signed_zero(false);
  const auto chunk = static_cast<std::size_t>(p.chunk);
  for (std::size_t k = 0; k < a.size(); k += chunk) {
    total = promote(sum(k, std::min(k + chunk, a.size())), 1, total);
  }
  return total;
}

// ------------------------------------------------------------------------------------- comparisons
template <class T>
std::vector<values> rows_of(const matrix_view<T>& m) {
  std::vector<values> rows(m.rows);
  for (std::size_t r = 0; r < m.rows; ++r) {
    for (std::size_t c = 0; c < m.cols; ++c) rows[r].push_back(static_cast<double>(m(r, c)));
  }
  return rows;
}

bool same(float actual, double expected) {
  const auto bits = std::bit_cast<std::uint32_t>(actual);
  if (oracle::is_nan(expected)) return bits == 0x7FC00000u;
  if (oracle::is_special(expected)) {
    return bits == (oracle::is_negative(expected) ? 0xFF800000u : 0x7F800000u);
  }
  return bits == ob::bits_of_value(expected);
}

template <auto P, class T>
void check(oracle::tally& t, const std::string& name, const matrix_view<T>& a,
           const matrix_view<T>& b, mode m = mode::nearest_even) {
  std::vector<float> c(a.rows * b.rows, 7.0f);
  const matrix_view<float> out(c.data(), a.rows, b.rows);
  static constexpr auto policy = P;
  if constexpr (has_rounding(policy)) {
    const any_rounding any = oracle::with_mode(m, [](const auto& o) { return any_rounding(o); });
    lowp::reference::gemm<P>(a, b, out, any);
  } else {
    lowp::reference::gemm<P>(a, b, out);
  }
  const std::vector<values> x = rows_of(a), y = rows_of(b);
  const int lowest = lowp::detail::facts_of_type<matrix_view<T>>.lowest_exponent;
  const rounder round(policy.accumulator, m, policy.range);
  static const rounder promote(policy.promoted, mode::nearest_even, overflow::to_special);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.rows; ++j) {
      const double e = expected(policy, round, promote, x[i], y[j], lowest);
      t.check(same(out(i, j), e), [&](auto& text) {
        text << name << ", " << oracle::name_of(m) << ", depth " << a.cols << ", element " << i
             << ", " << j << " is " << out(i, j) << ", expected " << e;
      });
    }
  }
}

template <class Draw>
std::vector<float> drawn(std::size_t size, const Draw& draw) {
  std::vector<float> list;
  for (std::size_t i = 0; i < size; ++i) list.push_back(draw());
  return list;
}
template <class T>
std::vector<T> as(const std::vector<float>& from) {
  std::vector<T> list;
  for (const float x : from) list.push_back(T(x));
  return list;
}

constexpr std::size_t depths[] = {0, 1, 2, 3, 5, 7, 8, 9, 31, 33, 100};

/// Numbers around one, with zeros, repeated and opposite values; once in a while a special one.
template <class T>
struct inputs {
  ob::source random;
  std::uint32_t low, high;  ///< exponent fields
  bool has_specials;
  std::vector<T> of(std::size_t size) {
    std::vector<float> list;
    for (std::size_t i = 0; i < size; ++i) {
      switch (random.below(has_specials ? 40 : 36)) {
        case 0: list.push_back(0.0f); break;
        case 1: list.push_back(ob::float_of(0x80000000u)); break;
        case 2:
          list.push_back(list.empty() ? 1.0f
                                      : ob::float_of(ob::bits_of(list.back()) ^ 0x80000000u));
          break;
        case 36: list.push_back(ob::float_of(ob::infinite32)); break;
        case 37: list.push_back(ob::float_of(0x7FC00000u)); break;
        default: list.push_back(random.in_binades(low, high));
      }
    }
    return as<T>(list);
  }
};

template <auto P, class T>
void check_depths(oracle::tally& t, const std::string& name, inputs<T> in,
                  const std::vector<mode>& modes) {
  for (const std::size_t depth : depths) {
    const std::vector<T> a = in.of(3 * depth), b = in.of(4 * depth);
    for (const mode m : modes) {
      check<P>(t, name, matrix_view<const T>(a.data(), 3, depth),
               matrix_view<const T>(b.data(), 4, depth), m);
    }
  }
}

const std::vector<mode> all_modes(oracle::modes.begin(), oracle::modes.end());
const std::vector<mode> mpfr_modes{mode::nearest_even, mode::toward_zero, mode::upward,
                                   mode::downward, mode::away_from_zero};

constexpr rounded_sums in(const float_format& f) { return {.accumulator = f}; }
constexpr rounded_sums rounded(rounded_sums p) {
  p.product = product::rounded;
  return p;
}
constexpr rounded_sums pairs(rounded_sums p) {
  p.order = summation::pairwise;
  return p;
}
template <class P>
constexpr P chunked(P p, int chunk, const float_format& promoted) {
  p.chunk = chunk;
  p.promoted = promoted;
  return p;
}
constexpr rounded_sums saturating(rounded_sums p) {
  p.range = overflow::saturate;
  return p;
}

}  // namespace

TEST_CASE("A sum in any format is rounded after each product, in every mode") {
  oracle::tally t;
  check_depths<in(formats::bfloat16)>(t, "bfloat16", inputs<float>{ob::source(1), 115, 130, true},
                                      all_modes);
  check_depths<in(formats::binary16)>(t, "binary16", inputs<float>{ob::source(2), 112, 131, true},
                                      all_modes);
  check_depths<in(formats::e5m2)>(t, "e5m2", inputs<lowp::e4m3fn>{ob::source(3), 118, 131, true},
                                  all_modes);
  check_depths<in(formats::e4m3fnuz)>(
      t, "e4m3fnuz", inputs<lowp::e4m3fn>{ob::source(4), 118, 131, false}, all_modes);
  check_depths<in(policies::fp22)>(t, "fp22", inputs<float>{ob::source(5), 100, 150, true},
                                   mpfr_modes);
  check_depths<in(formats::binary32)>(t, "binary32", inputs<float>{ob::source(6), 100, 150, true},
                                      mpfr_modes);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Products are rounded on their own, overflow does what the range says") {
  oracle::tally t;
  check_depths<rounded(in(formats::bfloat16))>(
      t, "bfloat16", inputs<float>{ob::source(11), 115, 130, true}, all_modes);
  check_depths<rounded(in(formats::binary16))>(
      t, "binary16, overflow", inputs<float>{ob::source(12), 128, 136, false}, all_modes);
  check_depths<saturating(in(formats::binary16))>(
      t, "binary16, saturating", inputs<float>{ob::source(13), 128, 136, true}, all_modes);
  check_depths<saturating(rounded(in(formats::e4m3fn)))>(
      t, "e4m3fn, saturating", inputs<lowp::e4m3fn>{ob::source(14), 118, 133, true}, all_modes);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Trees and chunks") {
  oracle::tally t;
  check_depths<pairs(in(formats::bfloat16))>(
      t, "tree in bfloat16", inputs<float>{ob::source(21), 115, 130, true}, all_modes);
  check_depths<pairs(chunked(in(formats::binary16), 6, formats::binary32))>(
      t, "trees of 6 in binary16", inputs<float>{ob::source(22), 112, 131, false}, all_modes);
  check_depths<chunked(in(formats::bfloat16), 8, formats::binary32)>(
      t, "8 in bfloat16", inputs<float>{ob::source(23), 115, 130, true}, all_modes);
  check_depths<chunked(rounded(in(formats::e5m2)), 3, formats::bfloat16)>(
      t, "3 in e5m2", inputs<lowp::e4m3fn>{ob::source(24), 118, 131, true}, all_modes);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Adders that align and truncate") {
  oracle::tally t;
  const auto check_adders = [&]<class T>(const std::string& name, inputs<T> in) {
    check_depths<policies::volta_fp16>(t, name + ", volta", in, {mode::nearest_even});
    check_depths<policies::hopper_fp8>(t, name + ", hopper", in, {mode::nearest_even});
    check_depths<chunked(policies::hopper_fp8, 40, formats::binary32)>(t, name + ", chunks", in,
                                                                       {mode::nearest_even});
    constexpr aligned_sums separate{
        .terms = 5, .fraction_bits = 9, .has_accumulator = false, .accumulator = formats::bfloat16};
    check_depths<separate>(t, name + ", accumulator apart", in, {mode::nearest_even});
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    check_adders("floats", inputs<float>{ob::source(30 + seed), 120, 130, false});
    check_adders("e4m3fn", inputs<lowp::e4m3fn>{ob::source(60 + seed), 117, 134, false});
    check_adders("binary16", inputs<lowp::binary16>{ob::source(90 + seed), 108, 126, false});
  }
  REQUIRE_NO_MISMATCH(t);
}

namespace {
template <auto P>
float dot(const std::vector<float>& a, const std::vector<float>& b) {
  const auto x = as<lowp::e4m3fn>(a), y = as<lowp::e4m3fn>(b);
  float c = 7;
  lowp::reference::gemm<P>(matrix_view<const lowp::e4m3fn>(x.data(), 1, x.size()),
                           matrix_view<const lowp::e4m3fn>(y.data(), 1, y.size()),
                           matrix_view<float>(&c, 1, 1));
  return c;
}
std::vector<float> followed_by(std::vector<float> list, std::size_t count, float value) {
  list.insert(list.end(), count, value);
  return list;
}
}  // namespace

TEST_CASE("FP22 by hand: 13 fraction bits below the largest exponent") {
  constexpr auto fp22 = policies::hopper_fp8;
  // 256 has the exponent 8: what is below 2^-5 is lost, be it 31 times.
  CHECK(dot<fp22>(followed_by({256}, 31, 0x1p-3f), followed_by({1}, 31, 0x1p-3f)) == 256.0f);
  CHECK(dot<fp22>(followed_by({256}, 31, 0x1p-3f), followed_by({1}, 31, 0x1p-2f)) ==
        256.0f + 31 * 0x1p-5f);
  // Truncation is toward zero on either side.
  CHECK(dot<fp22>(followed_by({256}, 31, -0x1p-3f), followed_by({1}, 31, 0x1p-3f)) == 256.0f);
  CHECK(dot<fp22>(followed_by({-256}, 31, 0x1p-3f), followed_by({1}, 31, 0x1p-3f)) == -256.0f);
  // 1.75 * 1.75 = 3.0625 counts as exponent 0: 2^-13 is aligned, but the register, whose exponent
  // is 1, holds no more than 2^-12 of it.
  CHECK(dot<fp22>({1.75f, 0x1p-6f}, {1.75f, 0x1p-7f}) == 3.0625f);
  CHECK(dot<fp22>({1.75f, 0x1p-6f, 0x1p-6f}, {1.75f, 0x1p-7f, 0x1p-7f}) == 3.0625f + 0x1p-12f);
  // A subnormal factor has the exponent of the smallest normal number: 2^-9 counts as 2^-6, its
  // product with 2^8 as 2^2, and 2^-12 is below 2^(2 - 13).
  CHECK(dot<fp22>({0x1p-9f, 0x1p-6f}, {256, 0x1p-6f}) == 0.5f);
  CHECK(dot<fp22>({0x1p-5f, 0x1p-6f}, {16, 0x1p-6f}) == 0.5f + 0x1p-12f);
  // The accumulator is aligned with the next 32 products: 448 * 448 = 3.0625 * 2^16 leaves 2^3.
  CHECK(dot<fp22>(followed_by(followed_by({7}, 31, 0), 1, 448), followed_by({1}, 32, 448)) ==
        200704.0f);
  CHECK(dot<fp22>(followed_by(followed_by({8}, 31, 0), 1, 448), followed_by({1}, 32, 448)) ==
        200704.0f);  // 8 is aligned, and the register holds 16
  CHECK(dot<fp22>(followed_by(followed_by({16}, 31, 0), 1, 448), followed_by({1}, 32, 448)) ==
        200720.0f);
  // The same products in binary32 every 128.
  constexpr auto promoted = policies::hopper_fp8_promoted;
  CHECK(dot<promoted>(followed_by(followed_by({7}, 127, 0), 1, 448), followed_by({1}, 128, 448)) ==
        200711.0f);
  // Specials.
  CHECK(std::bit_cast<std::uint32_t>(dot<fp22>({ob::float_of(0x7FC00000u), 1}, {0, 1})) ==
        0x7FC00000u);
  CHECK(dot<fp22>({}, {}) == 0.0f);
}

TEST_CASE("The lowest exponents of factors") {
  const auto lowest = [](const auto& x, lowp::factor_form form) {
    return lowp::detail::factor_matrix(lowp::bulk::as_any_operand(x), form, {})
        .row(0)
        .lowest_exponent;
  };
  using lowp::factor_form;
  const float one = 1;
  const lowp::e4m3fn number(1);
  const auto power = lowp::number<formats::e8m0>(1);
  const matrix_view<const lowp::e4m3fn> numbers(&number, 1, 1);
  CHECK(lowest(matrix_view<const float>(&one, 1, 1), factor_form::values) == -126);
  CHECK(lowest(numbers, factor_form::values) == -6);
  CHECK(lowest(lowp::transposed(numbers), factor_form::values) == -6);
  CHECK(lowest(matrix_view<const lowp::number<formats::e8m0>>(&power, 1, 1), factor_form::values) ==
        -127);
  const lowp::mxfp8_e4m3 blocks(1, 1);
  CHECK(lowest(blocks, factor_form::values) < -1000);
  CHECK(lowest(lowp::transposed(blocks), factor_form::values) < -1000);
  CHECK(lowest(blocks, factor_form::elements) == -6);
  // A sum that underflows is +0, whichever sign it had.
  const float tiny[] = {0x1p-100f}, negative[] = {-0x1p-100f};
  float c = 7;
  lowp::reference::gemm<policies::volta_fp16>(matrix_view<const float>(tiny, 1, 1),
                                              matrix_view<const float>(negative, 1, 1),
                                              matrix_view<float>(&c, 1, 1));
  CHECK(std::bit_cast<std::uint32_t>(c) == 0u);
}

TEST_CASE("An infinity among aligned terms, and overflow of the register") {
  const auto product_of = [](std::vector<float> a, std::vector<float> b) {
    float c = 7;
    lowp::reference::gemm<policies::volta_fp16>(matrix_view<const float>(a.data(), 1, a.size()),
                                                matrix_view<const float>(b.data(), 1, b.size()),
                                                matrix_view<float>(&c, 1, 1));
    return std::bit_cast<std::uint32_t>(c);
  };
  const float infinity = ob::float_of(ob::infinite32), large = 0x1p120f;
  CHECK(product_of({infinity, 1}, {1, 5}) == 0x7F800000u);
  CHECK(product_of({infinity, 1}, {-1, 5}) == 0xFF800000u);
  CHECK(product_of({infinity, infinity}, {1, -1}) == 0x7FC00000u);
  CHECK(product_of({infinity, 1, 1, 1, infinity}, {1, 1, 1, 1, -1}) == 0x7FC00000u);
  CHECK(product_of({infinity, 1}, {0, 5}) == 0x7FC00000u);
  CHECK(product_of({large, large}, {128, 128}) == 0x7F800000u);
  CHECK(product_of({large}, {-255}) == 0xFF7F0000u);
  CHECK(product_of({large, large}, {large, -large}) == 0u);
}

TEST_CASE("A deep sum of FP8 drowns in 13 bits, and promotion every 128 saves it") {
  constexpr std::size_t depth = 4096;
  ob::source random(7);
  const auto uniform = [&] { return static_cast<float>(random.below(1u << 20)) * 0x1p-20f; };
  const auto a = drawn(depth, uniform), b = drawn(depth, uniform);
  const auto error = [&](float sum) {
    const auto exact = static_cast<double>(dot<policies::exact>(a, b));
    return std::abs(static_cast<double>(sum) - exact) / exact;
  };
  const double plain = error(dot<policies::hopper_fp8>(a, b));
  const double promoted = error(dot<policies::hopper_fp8_promoted>(a, b));
  WARN("relative error of 4096 products of E4M3 in FP22: " << plain
                                                           << "; promoted every 128: " << promoted);
  CHECK(plain > 0.02);
  CHECK(promoted < 0.004);
  CHECK(promoted < plain / 10);
}

TEST_CASE("L-Mul adds mantissas") {
  using lowp::unpack;
  const auto l_mul = [](float x, float y, int m) {
    return lowp::pack_as<double>(lowp::detail::l_multiply(unpack(x), unpack(y), m));
  };
  // By hand, from the formula with l = 4.
  CHECK(l_mul(3, 5, 23) == 14.5);
  CHECK(l_mul(1.5f, 1.5f, 23) == 2.125);
  CHECK(l_mul(1, 1, 23) == 1.0625);
  CHECK(l_mul(-2.5f, 7, 23) == -17);
  CHECK(l_mul(0, 7, 23) == 0);
  // As an addition of codes: minus the bias, plus the offset at its place.
  oracle::tally t;
  const auto check_codes = [&](const float_format& f, int l) {
    const int m = f.mantissa_bits;
    for (std::uint32_t x = 1u << m; x <= f.largest_magnitude(); ++x) {
      for (std::uint32_t y = 1u << m; y <= f.largest_magnitude(); ++y) {
        const int sum = static_cast<int>(x + y) - (f.bias << m) + (1 << (m - l));
        const int field = sum >> m, mantissa = sum & ((1 << m) - 1);
        const double value =
            std::ldexp(1 + std::ldexp(static_cast<double>(mantissa), -m), field - f.bias);
        const auto product =
            lowp::pack_as<double>(lowp::detail::l_multiply(decode(f, x), decode(f, y), m));
        t.check(product == value, [&](auto& text) {
          text << "codes " << x << " and " << y << " of " << m << " mantissa bits give " << product
               << ", expected " << value;
        });
      }
    }
  };
  check_codes(formats::e5m2, 2);
  check_codes(formats::e4m3fn, 3);
  check_codes(formats::e3m4, 3);
  check_codes(float_format{.exponent_bits = 3, .mantissa_bits = 6}, 4);
  REQUIRE_NO_MISMATCH(t);

  // In sums the longer mantissa decides.
  constexpr rounded_sums policy{.product = product::l_mul};
  CHECK(dot<policy>({1.5f, 2}, {1.5f, 1}) == 2.25f + 2.25f);  // l = 3: carries to 2.25, 2 * 1.125
  const float three[] = {3}, five[] = {5};
  float c = 0;
  lowp::reference::gemm<policy>(matrix_view<const float>(three, 1, 1),
                                matrix_view<const float>(five, 1, 1), matrix_view<float>(&c, 1, 1));
  CHECK(c == 14.5f);
}

namespace {
/// The draws of one element, in the order that gemm promises.
template <auto P, auto F>
void check_draws(oracle::tally& t, const lowp::stochastic& draw) {
  static constexpr auto policy = P;
  ob::source random(9);
  constexpr std::size_t m = 3, n = 5, depth = 13;
  const auto a = drawn(m * depth, [&] { return random.in_binades(120, 130); });
  const auto b = drawn(n * depth, [&] { return random.in_binades(120, 130); });
  std::vector<float> c(m * n), alone(m * n);
  lowp::reference::gemm<P>(matrix_view<const float>(a.data(), m, depth),
                           matrix_view<const float>(b.data(), n, depth),
                           matrix_view<float>(c.data(), m, n), draw);
  const std::size_t draws = draws_per_sum(policy, depth);
  for (std::size_t row = 0; row < m; ++row) {
    lowp::reference::gemm<P>(matrix_view<const float>(a.data() + row * depth, 1, depth),
                             matrix_view<const float>(b.data(), n, depth),
                             matrix_view<float>(alone.data() + row * n, 1, n),
                             draw.at(row * n * draws));
    for (std::size_t col = 0; col < n; ++col) {
      std::uint64_t i = 0;
      const auto next = [&] { return draw.at((row * n + col) * draws + i++); };
      lowp::number<F> sum{};
      for (std::size_t k = 0; k < depth; ++k) {
        const auto x = lowp::unpack(a[row * depth + k]), y = lowp::unpack(b[col * depth + k]);
        auto term = lowp::exact::multiply(x, y);
        if (policy.product == product::rounded) {
          term = lowp::unpack(lowp::convert<F>(term, next(), policy.range));
        }
        sum = lowp::convert<F>(lowp::exact::add(lowp::unpack(sum), term), next(), policy.range);
      }
      t.check(c[row * n + col] == static_cast<float>(sum) &&
                  alone[row * n + col] == static_cast<float>(sum),
              [&](auto& text) { text << "element " << row << ", " << col; });
    }
  }
}
}  // namespace

TEST_CASE("Stochastic sums draw by element and step, rows alone as in company") {
  oracle::tally t;
  check_draws<in(formats::bfloat16), formats::bfloat16>(t, {.seed = 3});
  check_draws<in(formats::bfloat16), formats::bfloat16>(t, {.seed = 4, .random_bits = 8});
  check_draws<rounded(in(formats::binary16)), formats::binary16>(t, {.seed = 5, .index = 77});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("An exact sum is rounded once, by any mode") {
  oracle::tally t;
  ob::source random(10);
  for (int i = 0; i < 50; ++i) {
    const auto a = drawn(9, [&] { return random.in_binades(110, 140); });
    const auto b = drawn(9, [&] { return random.in_binades(110, 140); });
    real sum(600), p(64);
    mpfr_set_zero(sum, 1);
    for (std::size_t k = 0; k < 9; ++k) {
      mpfr_set_d(p, static_cast<double>(a[k]), MPFR_RNDN);
      mpfr_mul_d(p, p, static_cast<double>(b[k]), MPFR_RNDN);
      mpfr_add(sum, sum, p, MPFR_RNDN);
    }
    const auto round = [&](const any_rounding& any, mpfr_rnd_t direction) {
      float c = 0;
      lowp::reference::gemm<policies::exact>(matrix_view<const float>(a.data(), 1, 9),
                                             matrix_view<const float>(b.data(), 1, 9),
                                             matrix_view<float>(&c, 1, 1), any);
      const auto expected = oracle::mpfr_encode(formats::binary32, sum, direction);
      t.check(ob::bits_of(c) == expected, [&](auto& text) { text << c; });
    };
    round(lowp::upward, MPFR_RNDU);
    round(lowp::downward, MPFR_RNDD);
    round(lowp::toward_zero, MPFR_RNDZ);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Policies that contradict themselves say why") {
  const auto is_defect = [](const auto& p) { return defect(p) != nullptr; };
  CHECK_FALSE(is_defect(policies::k32));
  CHECK_FALSE(is_defect(rounded_sums{}));
  CHECK(is_defect(rounded_sums{.order = summation::pairwise, .product = product::rounded}));
  CHECK(is_defect(rounded_sums{.accumulator = formats::e8m0}));
  CHECK(is_defect(rounded_sums{.chunk = -1}));
  CHECK(is_defect(rounded_sums{.promoted = formats::bfloat16}));
  CHECK(is_defect(rounded_sums{.lanes = 0}));
  CHECK(is_defect(rounded_sums{.order = summation::pairwise, .lanes = 2}));
  CHECK(is_defect(rounded_sums{.lanes = 6, .tree = lowp::chain_tree::halves}));
  CHECK(is_defect(rounded_sums{
      .chunk = 8, .promoted = formats::bfloat16, .scales = lowp::scale_use::partial_sums}));
  CHECK(is_defect(aligned_sums{}));
  CHECK(is_defect(aligned_sums{.terms = 4, .fraction_bits = 41}));
  CHECK(is_defect(aligned_sums{.terms = 4, .fraction_bits = 23, .accumulator = formats::binary64}));
  CHECK(is_defect(aligned_sums{.terms = 4, .product = product::rounded}));
  CHECK_FALSE(is_defect(policies::exact));
  for (const rounded_sums& p : {policies::sequential_binary32, policies::sequential_binary64}) {
    CHECK_FALSE(is_defect(p));
  }
  for (const aligned_sums& p :
       {policies::volta_fp16, policies::ampere_fp16, policies::hopper_fp16, policies::hopper_fp8,
        policies::hopper_fp8_promoted, policies::ada_fp8, policies::blackwell_fp8}) {
    CHECK_FALSE(is_defect(p));
  }
}
