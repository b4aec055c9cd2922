// SPDX-License-Identifier: MIT
// The policies of matrix units mean what they say: their adders are stated once more, in rational
// numbers of any length, for the named ones and for others that no machine has.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/rational.hpp"
#include "lowp/gemm/policy.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
using lowp::aligned_sums;
using lowp::block_scaled_sums;
using lowp::float_format;
using lowp::group_order;
using lowp::grouped_sums;
using lowp::staged_sums;
using lowp::subnormal_input;
using lowp::subnormal_result;
using test::rational;

namespace {

// ------------------------------------------------------------------------------------ the operands
struct element {
  double value;
  int lowest;  ///< the exponent of the smallest normal number of its format
};
/// One dot product: what its policy is given, and the same for the oracle.
struct terms {
  std::vector<float> a, b;
  std::vector<double> a_scales{}, b_scales{};  ///< one for each `group`
  std::size_t group = 0;
  int a_lowest = 0, b_lowest = 0;
  float start = 0;
};

/// Codes of a format, of several kinds.
class source {
 public:
  explicit source(std::uint64_t seed) : random_(seed) {}
  double value(const float_format& f, int kind) {
    const int bits = f.bits();
    lowp::code_t code = random_.word() & lowp::low_mask(bits);
    const auto field = [&](std::uint64_t low, std::uint64_t count) {
      const std::uint64_t top = lowp::low_mask(f.exponent_bits);
      code &= ~(top << f.mantissa_bits);
      code |= std::min(low + random_.below(static_cast<std::uint32_t>(count)), top)
              << f.mantissa_bits;
    };
    const auto bias = static_cast<std::uint64_t>(f.bias);
    switch (kind) {
      case 0: field(bias - 1, 3); break;     // near one
      case 1: field(0, 2); break;            // subnormal and just above
      case 2: field(bias / 2, bias); break;  // wide
      case 3:
        if (random_.below(3) == 0) return random_.below(2) == 0 ? 0.0 : -0.0;
        break;
      default: break;  // anything, special values too
    }
    const oracle::datum d = oracle::value_of(f, code);
    if (d.what == oracle::kind::nan) return kind == 4 ? oracle::quiet_nan : 1;
    if (d.what == oracle::kind::infinity) {
      return kind != 4 ? 2 : d.negative ? oracle::negated(oracle::infinite) : oracle::infinite;
    }
    return d.value();
  }
  terms draw(const float_format& f, const float_format& c, std::size_t depth, int kind) {
    terms t;
    t.a_lowest = t.b_lowest = 1 - f.bias;
    for (std::size_t k = 0; k < depth; ++k) {
      // Now and then the product before with the other sign.
      const bool cancels = kind == 2 && k != 0 && random_.below(3) == 0;
      t.a.push_back(cancels ? -t.a.back() : static_cast<float>(value(f, kind)));
      t.b.push_back(cancels ? t.b.back() : static_cast<float>(value(f, kind == 1 ? 2 : kind)));
    }
    t.start = static_cast<float>(value(c, static_cast<int>(random_.below(kind == 4 ? 5 : 4))));
    return t;
  }
  std::uint32_t below(std::uint32_t n) { return random_.below(n); }

 private:
  test::split_mix random_;
};

template <class P>
lowp::unpacked sum_of(const P& p, const terms& t) {
  std::vector<lowp::unpacked> a_scales, b_scales;
  for (const double x : t.a_scales) a_scales.push_back(lowp::unpack(x));
  for (const double x : t.b_scales) b_scales.push_back(lowp::unpack(x));
  lowp::factor_row a{.values = t.a.data(), .lowest_exponent = t.a_lowest};
  lowp::factor_row b{.values = t.b.data(), .lowest_exponent = t.b_lowest};
  if (t.group != 0) {
    a.scales = a_scales.data(), a.group = t.group;
    b.scales = b_scales.data(), b.group = t.group;
  }
  return sum_products(p, lowp::product_terms{t.a.size(), a, b, t.start});
}

// ----------------------------------------------------------------------------------- the
// arithmetic
/// A result: a number with the sign of a zero, or what is none.
struct result {
  rational number{};
  bool is_negative_zero = false;
  std::optional<double> special{};
};

bool same(const lowp::unpacked& x, const result& r) {
  if (r.special) {
    if (oracle::is_nan(*r.special)) return x.is_nan();
    return x.is_infinite() && x.negative == oracle::is_negative(*r.special);
  }
  if (!x.is_finite()) return false;
  if (x.is_zero()) return r.number.is_zero() && x.negative == r.is_negative_zero;
  // The significand has few bits in all formats here.
  const rational value =
      rational(static_cast<double>(x.significand.high >> 11)).scaled(x.exponent - 52);
  return value == (x.negative ? rational(0.0) - r.number : r.number);
}

enum class way { nearest, cut, odd };

/// In f, with exponents without end above its smallest.
rational rounded(const float_format& f, const rational& x, way how) {
  if (x.is_zero()) return x;
  const int unit = std::max(x.exponent(), 1 - f.bias) - f.mantissa_bits;
  const rational steps = x.scaled(-unit), low = steps.truncated();
  if (steps == low) return x;
  const rational one = x.sign() < 0 ? rational(-1.0) : rational(1.0);
  bool up = false;
  if (how == way::odd) up = !low.is_odd();
  if (how == way::nearest) {
    const rational rest = (steps - low) * one, half(0.5);
    up = half < rest || (half == rest && low.is_odd());
  }
  return (up ? low + one : low).scaled(unit);
}
rational largest(const float_format& f) {
  return rational(oracle::value_of(f, f.largest_magnitude()).value());
}
/// `x` in f, an infinity if it is beyond its range.
result in_range(const float_format& f, const rational& x, bool negative_zero) {
  const rational size = x.sign() < 0 ? rational(0.0) - x : x;
  if (largest(f) < size) {
    return {.special = x.sign() < 0 ? oracle::negated(oracle::infinite) : oracle::infinite};
  }
  return {.number = x, .is_negative_zero = x.is_zero() && negative_zero};
}

/// The sum of what is no number among the products and the start, if there is such.
std::optional<double> special_of(const terms& t, double start, std::size_t begin, std::size_t end) {
  std::optional<double> sum;
  const auto add = [&](double x) {
    if (!oracle::is_special(x)) return;
    const bool clash =
        sum && (oracle::is_nan(*sum) || oracle::is_negative(*sum) != oracle::is_negative(x));
    sum = clash || oracle::is_nan(x) ? oracle::quiet_nan : x;
  };
  add(start);
  for (std::size_t k = begin; k < end; ++k) {
    double x = static_cast<double>(t.a[k]), y = static_cast<double>(t.b[k]);
    if (t.group != 0) {
      for (const double s : {t.a_scales[k / t.group], t.b_scales[k / t.group]}) {
        if (oracle::is_nan(s)) x = oracle::quiet_nan;
      }
    }
    if (oracle::is_nan(x) || oracle::is_nan(y)) {
      add(oracle::quiet_nan);
    } else if (oracle::is_special(x) || oracle::is_special(y)) {
      const bool is_invalid = oracle::is_zero(x) || oracle::is_zero(y);
      const bool negative = oracle::is_negative(x) != oracle::is_negative(y);
      add(is_invalid ? oracle::quiet_nan
          : negative ? oracle::negated(oracle::infinite)
                     : oracle::infinite);
    }
  }
  return sum;
}

int counted(const rational& x, int lowest, int of_zero) {
  return x.is_zero() ? of_zero : std::max(x.exponent(), lowest);
}
/// A factor without the last bits of its word of 32.
rational factor(float x, int mantissa_bits) {
  if (x == 0) return {};
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - 1, -126) - mantissa_bits;
  return rational(static_cast<double>(x)).scaled(-unit).truncated().scaled(unit);
}
double start_value(const result& sum) {
  return sum.special ? *sum.special : sum.number.to_double();
}

// --------------------------------------------------------------------------------------- the
// adders
result expected(const aligned_sums& p, const terms& t) {
  result sum{.number = rational(oracle::is_special(static_cast<double>(t.start))
                                    ? 0.0
                                    : static_cast<double>(t.start))};
  if (oracle::is_special(static_cast<double>(t.start))) sum.special = static_cast<double>(t.start);
  const auto size = static_cast<std::size_t>(p.terms);
  for (std::size_t begin = 0; begin < t.a.size(); begin += size) {
    const std::size_t end = std::min(begin + size, t.a.size());
    if (const auto special = special_of(t, start_value(sum), begin, end)) {
      sum = {.special = special};
      continue;
    }
    struct term {
      rational value;
      int exponent;
    };
    std::vector<term> list{
        {sum.number, counted(sum.number, 1 - p.accumulator.bias, p.zero_exponent)}};
    for (std::size_t k = begin; k < end; ++k) {
      const rational x = factor(t.a[k], p.factor_mantissa_bits),
                     y = factor(t.b[k], p.factor_mantissa_bits);
      list.push_back({x * y, counted(x, t.a_lowest, p.zero_exponent) +
                                 counted(y, t.b_lowest, p.zero_exponent)});
    }
    int highest = -(1 << 28);
    for (const term& x : list) highest = std::max(highest, x.exponent);
    rational total;
    for (const term& x : list) {
      if (x.value.is_zero()) continue;
      total =
          total +
          x.value.scaled(p.fraction_bits - highest).truncated().scaled(highest - p.fraction_bits);
    }
    sum = in_range(p.accumulator,
                   rounded(p.accumulator, total, p.rounds_to_nearest ? way::nearest : way::cut),
                   false);
  }
  return sum;
}

result expected(const block_scaled_sums& p, const terms& t) {
  result sum{.number = rational(oracle::is_special(static_cast<double>(t.start))
                                    ? 0.0
                                    : static_cast<double>(t.start))};
  if (oracle::is_special(static_cast<double>(t.start))) sum.special = static_cast<double>(t.start);
  const auto size = static_cast<std::size_t>(p.terms);
  for (std::size_t begin = 0; begin < t.a.size(); begin += size) {
    const std::size_t end = std::min(begin + size, t.a.size());
    if (const auto special = special_of(t, start_value(sum), begin, end)) {
      sum = {.special = special};
      continue;
    }
    int highest = counted(sum.number, 1 - p.accumulator.bias, p.zero_exponent);
    std::vector<rational> list{sum.number};
    const std::size_t group = p.group == 0 ? 1 : static_cast<std::size_t>(p.group);
    for (std::size_t k = begin; k < end; k += group) {
      const rational sa(t.a_scales[k / t.group]), sb(t.b_scales[k / t.group]);
      rational all;
      for (std::size_t i = k; i < std::min(end, k + group); ++i) {
        all = all + rational(static_cast<double>(t.a[i])) * rational(static_cast<double>(t.b[i]));
      }
      int exponent = counted(sa, p.lowest_scale_exponent, p.zero_exponent) +
                     counted(sb, p.lowest_scale_exponent, p.zero_exponent);
      if (p.group == 0) {
        exponent += counted(rational(static_cast<double>(t.a[k])), t.a_lowest, p.zero_exponent) +
                    counted(rational(static_cast<double>(t.b[k])), t.b_lowest, p.zero_exponent);
      }
      list.push_back(all * sa * sb);
      highest = std::max(highest, exponent);
    }
    rational total;
    for (const rational& x : list) {
      if (x.is_zero()) continue;
      total =
          total + x.scaled(p.fraction_bits - highest).truncated().scaled(highest - p.fraction_bits);
    }
    sum = in_range(p.accumulator,
                   rounded(p.accumulator, total, p.rounds_to_nearest ? way::nearest : way::cut),
                   false);
  }
  return sum;
}

result expected(const staged_sums& p, const terms& t) {
  result sum{.number = rational(oracle::is_special(static_cast<double>(t.start))
                                    ? 0.0
                                    : static_cast<double>(t.start))};
  if (oracle::is_special(static_cast<double>(t.start))) sum.special = static_cast<double>(t.start);
  const auto size = static_cast<std::size_t>(p.terms);
  for (std::size_t begin = 0; begin < t.a.size(); begin += size) {
    const std::size_t end = std::min(begin + size, t.a.size());
    if (const auto special = special_of(t, start_value(sum), begin, end)) {
      sum = {.special = special};
      continue;
    }
    const auto n = static_cast<std::size_t>(p.interleaved);
    std::vector<rational> sums(n);
    std::vector<int> exponents(n, -(1 << 28));
    bool up = false, down = false;
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<rational> products;
      for (std::size_t k = begin + i; k < end; k += n) {
        const rational x = factor(t.a[k], p.factor_mantissa_bits),
                       y = factor(t.b[k], p.factor_mantissa_bits);
        products.push_back(x * y);
        exponents[i] = std::max(exponents[i], counted(x, t.a_lowest, p.zero_exponent) +
                                                  counted(y, t.b_lowest, p.zero_exponent));
        const rational beyond = rational(1.0).scaled(largest(p.accumulator).exponent() + 1);
        up = up || !(x * y < beyond);
        down = down || !(rational(0.0) - beyond < x * y);
      }
      for (const rational& x : products) {
        if (x.is_zero()) continue;
        const int unit = exponents[i] - p.product_bits;
        sums[i] = sums[i] + x.scaled(-unit).truncated().scaled(unit);
      }
    }
    if (up || down) {
      sum = {.special = up && down ? oracle::quiet_nan
                        : up       ? oracle::infinite
                                   : oracle::negated(oracle::infinite)};
      continue;
    }
    const int together = *std::max_element(exponents.begin(), exponents.end());
    const auto floored = [](const rational& x, int unit) {
      return x.is_zero() ? x : x.scaled(-unit).floor().scaled(unit);
    };
    rational products;
    for (const rational& x : sums) products = products + floored(x, together - p.product_bits);
    const int old = counted(sum.number, 1 - p.accumulator.bias, p.zero_exponent);
    const int highest = std::max(together, old);
    rational total = floored(products, highest - p.sum_bits);
    if (p.accumulator_reach == 0 || highest - old <= p.accumulator_reach) {
      total = total + floored(sum.number, highest - p.accumulator_bits);
    }
    sum = in_range(p.accumulator, rounded(p.accumulator, total, way::nearest), total.sign() < 0);
  }
  return sum;
}

/// A number of a policy in steps, with the sign of zero.
class stepper {
 public:
  stepper(const grouped_sums& p, const terms& t) : p_(p), t_(t) {}

  /// A factor or the start, flushed.
  [[nodiscard]] result input(double x, int lowest) const {
    if (oracle::is_special(x)) return {.special = x};
    if (p_.inputs == subnormal_input::positive_zero && x == 0) return {};
    if (p_.inputs != subnormal_input::kept && x != 0 && rational(x).exponent() < lowest) {
      return {.is_negative_zero = x < 0 && p_.inputs == subnormal_input::signed_zero};
    }
    return {.number = rational(x), .is_negative_zero = x == 0 && oracle::is_negative(x)};
  }
  [[nodiscard]] result product(std::size_t k) const {
    const result x = input(static_cast<double>(t_.a[k]), t_.a_lowest),
                 y = input(static_cast<double>(t_.b[k]), t_.b_lowest);
    const auto negative = [](const result& r) {
      return r.special ? oracle::is_negative(*r.special)
                       : r.number.sign() < 0 || r.is_negative_zero;
    };
    const bool is_negative = negative(x) != negative(y);
    if (x.special || y.special) {
      const bool is_nan = (x.special && oracle::is_nan(*x.special)) ||
                          (y.special && oracle::is_nan(*y.special)) ||
                          (!x.special && x.number.is_zero()) || (!y.special && y.number.is_zero());
      return {.special = is_nan        ? oracle::quiet_nan
                         : is_negative ? oracle::negated(oracle::infinite)
                                       : oracle::infinite};
    }
    const rational both = x.number * y.number;
    return {.number = both, .is_negative_zero = both.is_zero() && is_negative};
  }
  [[nodiscard]] result rounded_sum(const result& x, const result& y) const {
    if (x.special || y.special) {
      const bool clash = x.special && y.special && *x.special != *y.special;
      const double value = x.special ? *x.special : *y.special;
      const bool is_nan = clash || (x.special && oracle::is_nan(*x.special)) ||
                          (y.special && oracle::is_nan(*y.special));
      return {.special = is_nan ? oracle::quiet_nan : value};
    }
    return round({.number = x.number + y.number,
                  .is_negative_zero = x.is_negative_zero && y.is_negative_zero});
  }
  [[nodiscard]] result round(const result& x) const {
    if (x.special) return x;
    if (x.number.is_zero()) return x;
    const float_format& f = p_.accumulator;
    const way how = p_.rounds_to_odd ? way::odd : way::nearest;
    const rational kept = rounded(f, x.number, how);
    const rational smallest = rational(1.0).scaled(1 - f.bias);
    const auto is_below = [&](const rational& r) {
      return r < smallest && rational(0.0) - smallest < r && !r.is_zero();
    };
    bool flushes = p_.results == subnormal_result::signed_zero && is_below(kept);
    if (p_.results == subnormal_result::tiny_to_zero) {
      float_format endless = f;
      endless.bias = 4000;
      flushes = is_below(rounded(endless, x.number, how));
    }
    if (flushes) return {.is_negative_zero = x.number.sign() < 0};
    return in_range(f, kept, x.number.sign() < 0);
  }

  [[nodiscard]] result tree(std::size_t begin, std::size_t end) const {
    std::vector<result> level;
    for (std::size_t k = begin; k < end; ++k) {
      result x = round(product(k));
      if (p_.products_start_from_zero && !x.special && product(k).number.is_zero()) {
        x.is_negative_zero = false;
      }
      level.push_back(x);
    }
    while (level.size() > 1) {
      std::vector<result> next;
      for (std::size_t i = 0; i < level.size(); i += 2) {
        next.push_back(i + 1 < level.size() ? rounded_sum(level[i], level[i + 1]) : level[i]);
      }
      level = next;
    }
    return level[0];
  }
  [[nodiscard]] result chain(std::size_t begin, std::size_t end) const {
    result sum;
    for (std::size_t k = begin; k < end; k += 2) sum = rounded_sum(sum, product(k));
    return sum;
  }
  [[nodiscard]] result fused(std::size_t begin, std::size_t end) const {
    if (const auto special = special_of(t_, 0, begin, end)) return {.special = special};
    rational all;
    bool are_negative_zeros = true;
    for (std::size_t k = begin; k < end; ++k) {
      all = all + product(k).number;
      are_negative_zeros = are_negative_zeros && product(k).is_negative_zero;
    }
    return round({.number = all, .is_negative_zero = all.is_zero() && are_negative_zeros});
  }

 private:
  const grouped_sums& p_;
  const terms& t_;
};
result expected(const grouped_sums& p, const terms& t) {
  const stepper step(p, t);
  result sum = step.input(static_cast<double>(t.start), 1 - p.accumulator.bias);
  const auto size = static_cast<std::size_t>(p.terms);
  for (std::size_t begin = 0; begin < t.a.size(); begin += size) {
    const std::size_t end = std::min(begin + size, t.a.size());
    const result of_group =
        p.order == group_order::pairwise ? step.tree(begin, end)
        : p.order == group_order::fused
            ? step.fused(begin, end)
            : step.rounded_sum(step.chain(begin, end), step.chain(begin + 1, end));
    sum = step.rounded_sum(sum, of_group);
  }
  return sum;
}

// --------------------------------------------------------------------------------------
// comparisons
template <class P>
void check(oracle::tally& all, const std::string& name, const P& p, const terms& t, int kind) {
  REQUIRE(defect(p) == nullptr);
  const lowp::unpacked actual = sum_of(p, t);
  const result wanted = expected(p, t);
  all.check(same(actual, wanted), [&](auto& text) {
    text << name << ", kind " << kind << ", depth " << t.a.size() << ", start " << t.start << ": "
         << lowp::pack_as<double>(actual) << ", expected " << start_value(wanted);
    for (std::size_t k = 0; k < t.a.size(); ++k) text << "\n" << t.a[k] << " * " << t.b[k];
  });
}
template <class P>
void check_kinds(oracle::tally& all, const std::string& name, const P& p, const float_format& f,
                 int times = 40) {
  source random(std::hash<std::string>{}(name));
  for (int i = 0; i < times; ++i) {
    for (int kind = 0; kind < 5; ++kind) {
      const std::size_t depth = 1 + random.below(static_cast<std::uint32_t>(2 * p.terms + 2));
      check(all, name, p, random.draw(f, sum_format(p), depth, kind), kind);
    }
  }
}
void check_blocks(oracle::tally& all, const std::string& name, const block_scaled_sums& p,
                  const float_format& f, const float_format& scale, std::size_t group) {
  source random(std::hash<std::string>{}(name));
  for (int i = 0; i < 60; ++i) {
    for (int kind = 0; kind < 5; ++kind) {
      terms t = random.draw(f, p.accumulator, 64 * (1 + random.below(2)), kind);
      t.group = group;
      for (std::size_t k = 0; k < t.a.size(); k += group) {
        const auto draw = [&] {
          const double x =
              random.value(scale, kind == 4 ? static_cast<int>(random.below(5)) : kind);
          return x < 0 ? -x : x;
        };
        t.a_scales.push_back(draw());
        t.b_scales.push_back(draw());
      }
      check(all, name, p, t, kind);
    }
  }
}

}  // namespace

TEST_CASE("Adders that round to binary16, read TF32 and count zeros") {
  oracle::tally t;
  check_kinds(t, "volta in fp16", policies::volta_fp16_in_fp16, formats::binary16);
  check_kinds(t, "ampere in fp16", policies::ampere_fp16_in_fp16, formats::binary16);
  check_kinds(t, "hopper in fp16", policies::hopper_fp16_in_fp16, formats::binary16);
  check_kinds(t, "hopper fp8 in fp16", policies::hopper_fp8_in_fp16, formats::e5m2, 20);
  check_kinds(t, "ada fp8 in fp16", policies::ada_fp8_in_fp16, formats::e4m3fn, 20);
  check_kinds(t, "ampere tf32", policies::ampere_tf32, formats::binary32);
  check_kinds(t, "hopper tf32", policies::hopper_tf32, formats::binary32);
  check_kinds(t, "hopper, zeros out", policies::hopper_fp16, formats::bfloat16);
  check_kinds(t, "fp22", policies::hopper_fp8, formats::e4m3fn, 20);
  aligned_sums own{.terms = 3, .fraction_bits = 9, .accumulator = formats::bfloat16};
  own.rounds_to_nearest = true;
  own.zero_exponent = -3;
  own.factor_mantissa_bits = 5;
  check_kinds(t, "own", own, formats::binary16, 200);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums in two stages") {
  oracle::tally t;
  check_kinds(t, "cdna3 fp16", policies::cdna3_fp16, formats::binary16);
  check_kinds(t, "cdna3 bf16", policies::cdna3_fp16, formats::bfloat16);
  check_kinds(t, "cdna3 fp8", policies::cdna3_fp8, formats::e4m3fnuz);
  check_kinds(t, "cdna3 bf8", policies::cdna3_fp8, formats::e5m2fnuz);
  check_kinds(t, "cdna3 xf32", policies::cdna3_xf32, formats::binary32);
  check_kinds(t, "own",
              staged_sums{.terms = 6,
                          .product_bits = 7,
                          .sum_bits = 9,
                          .accumulator_bits = 4,
                          .interleaved = 3,
                          .accumulator_reach = 2,
                          .accumulator = formats::binary16},
              formats::e5m2, 300);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums of groups, flushed or not") {
  oracle::tally t;
  check_kinds(t, "cdna1 fp16", policies::cdna1_fp16, formats::binary16);
  check_kinds(t, "cdna1 bf16", policies::cdna1_bf16, formats::bfloat16);
  check_kinds(t, "cdna2 fp16", policies::cdna2_fp16, formats::binary16);
  check_kinds(t, "cdna2 bf16", policies::cdna2_bf16, formats::bfloat16, 100);
  check_kinds(t, "amx bf16", policies::amx_bf16, formats::bfloat16);
  check_kinds(t, "bfdot", policies::arm_bfdot, formats::bfloat16, 100);
  check_kinds(t, "bfdot, extended", policies::arm_bfdot_extended, formats::bfloat16, 100);
  // In few bits, so that subnormal and infinite sums are frequent.
  for (const group_order order :
       {group_order::pairwise, group_order::even_and_odd, group_order::fused}) {
    for (const subnormal_result results :
         {subnormal_result::kept, subnormal_result::signed_zero, subnormal_result::tiny_to_zero}) {
      check_kinds(t, "own",
                  grouped_sums{.terms = 5,
                               .order = order,
                               .accumulator = formats::e5m2,
                               .rounds_to_odd = results == subnormal_result::tiny_to_zero,
                               .inputs = subnormal_input::signed_zero,
                               .results = results},
                  formats::e4m3, 60);
      check_kinds(t, "own, to nearest",
                  grouped_sums{
                      .terms = 2, .order = order, .accumulator = formats::e4m3, .results = results},
                  formats::e4m3, 100);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Products about the smallest normal number, flushed each way") {
  oracle::tally t;
  for (const subnormal_result results :
       {subnormal_result::kept, subnormal_result::signed_zero, subnormal_result::tiny_to_zero}) {
    for (const bool to_odd : {false, true}) {
      const grouped_sums p{
          .terms = 1, .accumulator = formats::e4m3, .rounds_to_odd = to_odd, .results = results};
      for (lowp::code_t a = 0; a < 128; ++a) {
        for (lowp::code_t b = 0; b < 128; ++b) {
          const double x = oracle::value_of(formats::e4m3fn, a).value();
          const double y = oracle::value_of(formats::e4m3fn, b).value();
          if (!(x * y > 0x1p-7 && x * y < 0x1p-5)) continue;
          const terms one{.a = {static_cast<float>(x)},
                          .b = {static_cast<float>(b % 2 == 0 ? y : -y)},
                          .a_lowest = -6,
                          .b_lowest = -6};
          check(t, "flushed", p, one, 0);
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Signs of zero and of flushed starts") {
  oracle::tally t;
  for (const grouped_sums& p : {policies::cdna1_bf16, policies::cdna2_bf16, policies::amx_bf16,
                                policies::arm_bfdot, policies::arm_bfdot_extended}) {
    for (const float start : {-0.0f, 0.0f, -0x1p-130f, 0x1p-130f}) {
      for (const float x : {-0.0f, 0.0f, 1.0f, 0x1p-70f, -0x1p-130f}) {
        for (const float y : {-0.0f, -0x1p-60f, 0x1p-80f}) {
          const terms few{
              .a = {x, x}, .b = {y, y}, .a_lowest = -126, .b_lowest = -126, .start = start};
          check(t, "zeros", p, few, 0);
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Scales within the adder") {
  oracle::tally t;
  check_blocks(t, "mxfp8", policies::blackwell_mxfp8, formats::e4m3fn, formats::e8m0, 32);
  check_blocks(t, "mxfp8, e5m2", policies::blackwell_mxfp8, formats::e5m2, formats::e8m0, 32);
  check_blocks(t, "mxfp6", policies::blackwell_mxfp8, formats::e2m3, formats::e8m0, 32);
  check_blocks(t, "mxfp4", policies::blackwell_mxfp4, formats::e2m1, formats::e8m0, 32);
  check_blocks(t, "mxfp4, 16", policies::blackwell_mxfp4, formats::e2m1, formats::e8m0, 16);
  check_blocks(t, "nvfp4", policies::blackwell_nvfp4, formats::e2m1, formats::ue4m3, 16);
  block_scaled_sums own{
      .terms = 24, .group = 8, .fraction_bits = 6, .accumulator = formats::bfloat16};
  own.rounds_to_nearest = true;
  own.lowest_scale_exponent = -14;
  check_blocks(t, "own", own, formats::e2m1, formats::ue5m3, 8);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Integers that saturate after a group") {
  const std::vector<float> a{127, 127, -128, 127, -128, -128}, b{127, 127, 127, 127, 127, 127};
  constexpr std::int64_t top = 2147483647;
  const std::int64_t start = top - 20000;
  // 16129 16129 -16256 16129 -16256 -16256, from 20000 below the top.
  const auto from = [&](int group) {
    const auto row = [](const std::vector<float>& x) {
      lowp::element_facts facts{.integers = lowp::integers_of(formats::int_n<8>)};
      return lowp::factor_row{.values = x.data(), .elements = facts};
    };
    return lowp::detail::integer_sum({a.size(), row(a), row(b), 0}, 0, a.size(),
                                     lowp::overflow::saturate, static_cast<std::size_t>(group),
                                     start);
  };
  CHECK(from(1) == top - 16256 + 16129 - 2 * 16256);
  CHECK(from(2) == top - 127 - 2 * 16256);
  CHECK(from(4) == top - 2 * 16256);
  CHECK(from(6) == start + 16129 * 3 - 16256 * 3);
}

TEST_CASE("Policies of units that contradict themselves say why") {
  CHECK(defect(aligned_sums{.terms = 4, .fraction_bits = 3, .zero_exponent = 1}) != nullptr);
  CHECK(defect(aligned_sums{.terms = 4, .fraction_bits = 3, .factor_mantissa_bits = 24}) !=
        nullptr);
  CHECK(defect(grouped_sums{}) != nullptr);
  CHECK(defect(grouped_sums{
            .terms = 2, .order = group_order::fused, .products_start_from_zero = true}) != nullptr);
  CHECK(defect(staged_sums{}) != nullptr);
  CHECK(defect(staged_sums{.terms = 2, .product_bits = 5, .sum_bits = 4}) != nullptr);
  CHECK(defect(staged_sums{.terms = 2, .product_bits = 5, .sum_bits = 6, .accumulator_bits = 7}) !=
        nullptr);
  CHECK(defect(staged_sums{.terms = 2, .interleaved = 3}) != nullptr);
  CHECK(defect(block_scaled_sums{}) != nullptr);
  CHECK(defect(block_scaled_sums{.terms = 2, .group = 3}) != nullptr);
  CHECK(defect(block_scaled_sums{.terms = 2, .fraction_bits = 61}) != nullptr);
  CHECK(defect(lowp::int32_sums{.group = 4}) != nullptr);
  CHECK(defect(lowp::int32_sums{.range = lowp::overflow::saturate, .group = 0}) != nullptr);
}
