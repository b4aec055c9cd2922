// SPDX-License-Identifier: MIT
// Block quantization by the written definitions, a second time: binary32 arithmetic is MPFR's,
// scales follow from the bits of the largest magnitude, and elements are found by search among the
// decoded values of their format. No host floating-point operation here is inexact or subnormal.
#pragma once

#include <mpfr.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/block/block_format.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/float_format.hpp"
#include "named_rules.hpp"
#include "oracle.hpp"

namespace oracle::block {

// --------------------------------------------------------------------- binary32, by its bits alone
using bits32 = std::uint32_t;
inline constexpr bits32 largest32 = 0x7F7FFFFFu;
inline constexpr bits32 infinite32 = 0x7F800000u;
inline constexpr bits32 one32 = 0x3F800000u;

inline bits32 bits_of(float x) { return std::bit_cast<bits32>(x); }
inline float float_of(bits32 b) { return std::bit_cast<float>(b); }
inline bool is_special32(bits32 b) { return (b & 0x7FFFFFFFu) >= infinite32; }

/// By the bits: a compiler that was told to forget signs takes a q with q == 0 for +0.
inline bool is_zero(double q) { return std::bit_cast<std::uint64_t>(q) << 1 == 0; }

/// The value of a finite binary32, which is a normal number in binary64.
inline double value_of(bits32 b) {
  const auto field = static_cast<int>(b >> 23 & 0xFF);
  const std::uint32_t fraction = b & 0x7FFFFFu;
  const double magnitude = field == 0
                               ? std::ldexp(static_cast<double>(fraction), -149)
                               : std::ldexp(static_cast<double>(fraction | 0x800000u), field - 150);
  return (b >> 31) != 0 ? negated(magnitude) : magnitude;
}

inline bits32 rounded32(mpfr_srcptr x) {
  return static_cast<bits32>(mpfr_encode(lowp::formats::binary32, x, MPFR_RNDN));
}
inline void set32(real& x, bits32 b) {
  if ((b & 0x7FFFFFFFu) >= infinite32) {
    mpfr_set_inf(x, (b >> 31) != 0 ? -1 : 1);
  } else {
    x.set(value_of(b));
  }
}
/// The bits of a value that binary32 has.
inline bits32 bits_of_value(double x) {
  real exact;
  exact.set(x);
  return rounded32(exact);
}
inline bits32 multiply32(bits32 a, bits32 b) {
  real x, y;
  set32(x, a);
  set32(y, b);
  mpfr_mul(x, x, y, MPFR_RNDN);
  return rounded32(x);
}
/// No quotient of 24-bit numbers lies so near a midpoint of binary32 that 256 bits do not tell.
inline bits32 divide32(bits32 a, bits32 b) {
  real x, y;
  set32(x, a);
  set32(y, b);
  mpfr_div(x, x, y, MPFR_RNDN);
  return rounded32(x);
}

// ------------------------------------------------------------------------------ values of a format
/// The finite values of a format, ascending, zero once, and what the definitions ask of it.
struct grid {
  struct point {
    double value;
    code_t code;
  };
  std::vector<point> points;
  code_t negative_zero = 0;
  double largest = 0;
  int emax = 0;           ///< floor(log2 largest)
  int mantissa_bits = 0;  ///< below the leading one, in the top binade

  [[nodiscard]] code_t largest_code() const { return points.back().code; }
};

inline void finish(grid& g) {
  std::sort(g.points.begin(), g.points.end(),
            [](const grid::point& a, const grid::point& b) { return a.value < b.value; });
  g.largest = g.points.back().value;
  g.emax = std::ilogb(g.largest);
}

inline grid make_grid(const lowp::float_format& f) {
  grid g;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const datum d = oracle::value_of(f, code);
    if (!d.is_number()) continue;
    if (d.what == kind::zero && d.negative) {
      g.negative_zero = code;
    } else {
      g.points.push_back({d.value(), code});
    }
  }
  g.mantissa_bits = f.mantissa_bits;
  finish(g);
  return g;
}

inline grid make_grid(const lowp::fixed_format& f) {
  grid g;
  const int half = 1 << (f.total_bits - 1);
  for (int q = f.is_symmetric ? 1 - half : -half; q < half; ++q) {
    g.points.push_back({std::ldexp(q, -f.fraction_bits),
                        static_cast<code_t>(q) & ((code_t{1} << f.total_bits) - 1)});
  }
  g.mantissa_bits = f.total_bits - 2;
  finish(g);
  return g;
}

/// The code of a quotient q != 0 of which only `order(t)`, the sign of q - t, is known; saturating.
template <class Order>
code_t search(const grid& g, bool negative, const Order& order, mode m) {
  const auto& p = g.points;
  if (order(p.front().value) <= 0) return p.front().code;
  if (order(p.back().value) >= 0) return p.back().code;
  std::size_t low = 0, high = p.size() - 1;  // order > 0 at low, < 0 at high
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    const int side = order(p[middle].value);
    if (side == 0) return p[middle].code;
    (side > 0 ? low : high) = middle;
  }
  const grid::point &inner = p[negative ? high : low], &outer = p[negative ? low : high];
  const auto nearest = [&](const grid::point& at_tie) {
    const int side = order(inner.value / 2 + outer.value / 2) * (negative ? -1 : 1);
    return side < 0 ? inner : side > 0 ? outer : at_tie;
  };
  const bool inner_is_odd = inner.code % 2 == 1;
  grid::point result{};
  switch (m) {
    case mode::nearest_even: result = nearest(inner_is_odd ? outer : inner); break;
    case mode::nearest_away: result = nearest(outer); break;
    case mode::nearest_toward_zero: result = nearest(inner); break;
    case mode::toward_zero: result = inner; break;
    case mode::upward: result = p[high]; break;
    case mode::downward: result = p[low]; break;
    case mode::away_from_zero: result = outer; break;
    case mode::to_odd: result = inner_is_odd ? inner : outer; break;
  }
  return negative && is_zero(result.value) ? g.negative_zero : result.code;
}

inline code_t search(const grid& g, double q, mode m) {
  if (is_zero(q)) return is_negative(q) ? g.negative_zero : 0;
  return search(
      g, q < 0, [q](double t) { return q < t   ? -1
                                       : q > t ? 1
                                               : 0; }, m);
}

/// A rounding mode of the library, chosen at run time.
struct mode_by_value {
  mode m = mode::nearest_even;
  [[nodiscard]] std::uint64_t addend(const lowp::discarded& d) const {
    return with_mode(m, [&](const auto& object) { return object.addend(d); });
  }
};

// -------------------------------------------------------------------------------------- scale
// rules
/// The exponent of the power-of-two rules before clamping, for an amax that is not zero.
inline int scale_exponent(scale_rule rule, const grid& element, bits32 amax) {
  const int floor_log2 = std::ilogb(value_of(amax));
  switch (rule) {
    case scale_rule::floor: return floor_log2 - element.emax;
    case scale_rule::ceil: {
      const bool is_power = value_of(amax) == std::ldexp(1.0, floor_log2);
      return floor_log2 + (is_power ? 0 : 1) - element.emax;
    }
    case scale_rule::even: {
      // On the bits of binary32; a subnormal amax has its leading one elsewhere, so it is scaled
      // into the normal range first.
      const int lift = floor_log2 < -126 ? 64 : 0;
      const bits32 normal = lift == 0 ? amax : bits_of_value(std::ldexp(value_of(amax), lift));
      const bits32 sum = normal + (bits32{1} << (23 - element.mantissa_bits - 1));
      return static_cast<int>(sum >> 23) - 127 - lift - element.emax;
    }
    default: break;
  }
  const bits32 d = multiply32(amax, divide32(one32, bits_of_value(element.largest)));
  if (d == 0) return -1000;
  const int e = std::ilogb(value_of(d));
  return e + (value_of(d) == std::ldexp(1.0, e) ? 0 : 1);
}

/// The byte of E8M0.
inline code_t e8m0_byte(int exponent) {
  return static_cast<code_t>(std::clamp(exponent, -127, 127) + 127);
}

struct tensor {
  bits32 encoding = one32;
  bits32 decoding = one32;
};

/// Six times 448 for NVFP4.
inline tensor tensor_scale(scale_rule rule, bits32 range, bits32 amax) {
  if (amax == 0) return {};
  if (rule == scale_rule::transformer_engine) {
    const bits32 s = std::min(divide32(range, amax), largest32);
    return s == 0 ? tensor{} : tensor{s, divide32(one32, s)};
  }
  const bits32 p = std::max(divide32(amax, range), bits32{1});
  return {std::min(divide32(one32, p), largest32), p};
}

/// The binary32 that is rounded to the format of the scale.
inline bits32 vendor_scale(scale_rule rule, bits32 largest, bits32 amax, const tensor& t,
                           bits32 smallest_normal, bits32 smallest) {
  switch (rule) {
    case scale_rule::transformer_engine:
      return std::min(multiply32(amax, multiply32(t.encoding, divide32(one32, largest))),
                      largest32);
    case scale_rule::torchao:
      return std::max(divide32(divide32(amax, largest), t.decoding), smallest_normal);
    default: break;
  }
  const bits32 quotient = divide32(amax, multiply32(largest, t.decoding));
  return quotient == 0 ? one32 : std::max(quotient, smallest);
}

/// What the vendor multiplies elements by, or divides them by under `modelopt`.
inline bits32 vendor_factor(scale_rule rule, bits32 scale, const tensor& t) {
  switch (rule) {
    case scale_rule::transformer_engine: {
      const bits32 inverse =
          divide32(one32, multiply32(scale, divide32(one32, t.encoding)));  // 1 / 0 is infinite
      return std::min(inverse, largest32);
    }
    case scale_rule::torchao: return divide32(t.encoding, scale);
    default: return multiply32(scale, t.decoding);
  }
}

// ------------------------------------------------------------------------------------------ blocks
/// What quantizing gives: codes row by row, scale codes block by block.
struct quantized {
  std::vector<code_t> codes;
  std::vector<code_t> scales;
  tensor all;
};

struct matrix {
  std::size_t rows = 0, cols = 0;
  std::vector<float> data;
};

inline bits32 largest_finite(const std::vector<bits32>& list) {
  bits32 amax = 0;
  for (const bits32 b : list) {
    if (!is_special32(b)) amax = std::max(amax, b & 0x7FFFFFFFu);
  }
  return amax;
}

template <class Element, class Scale>
class quantizer {
 public:
  explicit quantizer(const lowp::scaled_blocks<Element, Scale>& format)
      : quantizer(format, default_rule(format)) {}
  explicit quantizer(const auto& format) : quantizer(scaled_blocks_of(format)) {}
  quantizer(const auto& format, scale_rule rule) : quantizer(scaled_blocks_of(format), rule) {}
  quantizer(const lowp::scaled_blocks<Element, Scale>& format, scale_rule rule)
      : format_(format), rule_(rule), element_(make_grid(format.element)) {
    value_of_code_.resize(std::size_t{1} << format.element.bits(), negated(0.0));
    for (const grid::point& p : element_.points) value_of_code_[p.code] = p.value;
    is_binary32_ = Scale(format.scale) == Scale(lowp::formats::binary32);
    if (is_binary32_) return;
    scale_ = make_grid(format.scale);
    for (const grid::point& p : scale_.points) {
      if (p.value > 0 && smallest_ == 0) smallest_ = bits_of_value(p.value);
    }
    smallest_normal_ = bits_of_value(std::ldexp(1.0, 1 - format.scale.bias));
    real range;
    mpfr_set_d(range, element_.largest, MPFR_RNDN);
    mpfr_mul_d(range, range, scale_.largest, MPFR_RNDN);
    range_ = rounded32(range);
  }

  [[nodiscard]] const grid& element() const { return element_; }
  [[nodiscard]] double element_value(code_t code) const { return value_of_code_[code]; }

  [[nodiscard]] tensor tensor_of(const std::vector<float>& data) const {
    if (!format_.has_tensor_scale) return {};
    return tensor_scale(rule_, range_, largest_finite(bits(data)));
  }

  /// The scale code of a block with this largest finite magnitude.
  [[nodiscard]] code_t scale_code(bits32 amax, bool has_special, const tensor& t) const {
    if (has_special) return is_binary32_ ? 0x7FC00000u : nan_code();
    if (is_power_of_two(rule_)) {
      return amax == 0 ? 0 : e8m0_byte(scale_exponent(rule_, element_, amax));
    }
    if (rule_ == scale_rule::amax) {
      // amax / (largest * tensor), rounded once.
      real x, y;
      set32(x, amax);
      set32(y, t.decoding);
      mpfr_mul_d(y, y, element_.largest, MPFR_RNDN);
      if (is_binary32_) {
        mpfr_div(x, x, y, MPFR_RNDN);
        return std::min(rounded32(x), largest32);
      }
      if (amax == 0) return 0;
      real product;
      return search(
          scale_, false,
          [&](double threshold) {
            mpfr_mul_d(product, y, threshold, MPFR_RNDN);
            return mpfr_cmp(x, product);
          },
          mode::nearest_even);
    }
    const bits32 s =
        vendor_scale(rule_, bits_of_value(element_.largest), amax, t, smallest_normal_, smallest_);
    return s == infinite32 ? scale_.largest_code()
                           : search(scale_, value_of(s), mode::nearest_even);
  }

  /// Whether the code means NaN, and else its value.
  [[nodiscard]] bool is_nan_scale(code_t code) const {
    return is_binary32_ ? (code & 0x7FFFFFFFu) > infinite32 : code == nan_code();
  }
  [[nodiscard]] double scale_value(code_t code) const {
    if (is_binary32_) return value_of(static_cast<bits32>(code));
    return oracle::value_of(format_.scale, code).value();
  }

  [[nodiscard]] code_t element_code(bits32 x, code_t scale, const tensor& t, bits32 factor,
                                    mode m) const {
    if (is_nan_scale(scale)) return 0;
    if (is_zero(value_of(x))) return (x >> 31) != 0 ? element_.negative_zero : 0;
    if (!is_power_of_two(rule_) && rule_ != scale_rule::amax) {
      const bits32 q = rule_ == scale_rule::modelopt ? divide32(x, factor) : multiply32(x, factor);
      if ((q & 0x7FFFFFFFu) == infinite32) {
        return q >> 31 != 0 ? element_.points.front().code : element_.points.back().code;
      }
      return search(element_, value_of(q), m);
    }
    const double s = scale_value(scale), v = value_of(x);
    if (is_zero(v) || is_zero(s)) return is_negative(v) ? element_.negative_zero : 0;
    // The order of x / (s * tensor) and t is that of x and t * s * tensor.
    if (t.decoding == one32 && !is_binary32_) return search(element_, v / s, m);  // s: power of two
    set32(divisor_, t.decoding);
    mpfr_mul_d(divisor_, divisor_, s, MPFR_RNDN);
    return search(
        element_, v < 0,
        [&](double threshold) {
          mpfr_mul_d(product_, divisor_, threshold, MPFR_RNDN);
          return -mpfr_cmp_d(product_, v);
        },
        m);
  }

  [[nodiscard]] quantized operator()(const matrix& in, mode m = mode::nearest_even) const {
    quantized out;
    out.all = tensor_of(in.data);
    out.codes.resize(in.rows * in.cols);
    const std::size_t height = extent(format_.shape.rows, in.rows);
    const std::size_t width = extent(format_.shape.cols, in.cols);
    for (std::size_t top = 0; top < in.rows; top += height) {
      for (std::size_t left = 0; left < in.cols; left += width) {
        std::vector<std::size_t> members;
        std::vector<bits32> values;
        bool has_special = false;
        for (std::size_t r = top; r < std::min(top + height, in.rows); ++r) {
          for (std::size_t c = left; c < std::min(left + width, in.cols); ++c) {
            members.push_back(r * in.cols + c);
            values.push_back(bits_of(in.data[members.back()]));
            has_special = has_special || is_special32(values.back());
          }
        }
        const code_t scale = scale_code(largest_finite(values), has_special, out.all);
        out.scales.push_back(scale);
        bits32 factor = 0;
        if (!is_nan_scale(scale) && !is_binary32_ && !is_power_of_two(rule_)) {
          factor = vendor_factor(rule_, bits_of_value(scale_value(scale)), out.all);
        }
        for (std::size_t i = 0; i < members.size(); ++i) {
          out.codes[members[i]] = element_code(values[i], scale, out.all, factor, m);
        }
      }
    }
    return out;
  }

  /// The bits of element * scale * tensor, rounded once.
  [[nodiscard]] bits32 dequantized(code_t code, code_t scale, const tensor& t) const {
    if (is_nan_scale(scale)) return 0x7FC00000u;
    real x;
    x.set(value_of_code_[code]);
    mpfr_mul_d(x, x, scale_value(scale), MPFR_RNDN);
    if (format_.has_tensor_scale) {
      real y;
      set32(y, t.decoding);
      mpfr_mul(x, x, y, MPFR_RNDN);
    }
    return rounded32(x);
  }

 private:
  static std::size_t extent(int shape, std::size_t size) {
    return shape == 0 ? std::max<std::size_t>(size, 1) : static_cast<std::size_t>(shape);
  }
  static std::vector<bits32> bits(const std::vector<float>& data) {
    std::vector<bits32> list;
    for (const float& x : data) list.push_back(bits_of(x));
    return list;
  }
  [[nodiscard]] code_t nan_code() const {  // E8M0: FF; UE4M3: 7F
    return (code_t{1} << format_.scale.bits()) - 1;
  }

  lowp::scaled_blocks<Element, Scale> format_;
  scale_rule rule_;
  grid element_, scale_;
  std::vector<double> value_of_code_;  // -0 where no point has the code
  bool is_binary32_ = false;
  bits32 smallest_ = 0, smallest_normal_ = 0, range_ = 0;
  mutable real divisor_, product_;
};
template <class Element, class Scale>
quantizer(const lowp::scaled_blocks<Element, Scale>&) -> quantizer<Element, Scale>;
template <class Element, class Scale>
quantizer(const lowp::scaled_blocks<Element, Scale>&, scale_rule) -> quantizer<Element, Scale>;
template <class Format>
quantizer(const Format& format)
    -> quantizer<std::remove_cvref_t<decltype(scaled_blocks_of(format).element)>,
                 std::remove_cvref_t<decltype(scaled_blocks_of(format).scale)>>;
template <class Format>
quantizer(const Format& format, scale_rule)
    -> quantizer<std::remove_cvref_t<decltype(scaled_blocks_of(format).element)>,
                 std::remove_cvref_t<decltype(scaled_blocks_of(format).scale)>>;

// -------------------------------------------------------------------------------------------- data
inline std::uint64_t random_word(std::uint64_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// A stream of reproducible values, by bits.
class source {
 public:
  explicit source(std::uint64_t seed) : next_(seed << 32) {}

  std::uint64_t word() { return random_word(next_++); }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(word() % n); }

  /// A random mantissa and sign with an exponent field from `low` to `high`.
  float in_binades(std::uint32_t low, std::uint32_t high) {
    const std::uint64_t w = word();
    const auto field = low + static_cast<std::uint32_t>(w >> 40) % (high - low + 1);
    return float_of(static_cast<bits32>(w & 0x807FFFFFu) | field << 23);
  }
  /// The same cut to the 8 significant bits of bfloat16.
  float bfloat16_in_binades(std::uint32_t low, std::uint32_t high) {
    return float_of(bits_of(in_binades(low, high)) & 0xFFFF0000u);
  }
  /// Values and midpoints of a grid, times 2^exponent, now and then off by one unit.
  float near_grid(const grid& g, int exponent) {
    const std::size_t i = word() % (g.points.size() - 1);
    const double at =
        below(2) == 0 ? g.points[i].value : g.points[i].value / 2 + g.points[i + 1].value / 2;
    const bits32 b = bits_of_value(std::ldexp(at, exponent));
    if (is_special32(b) || (b & 0x7FFFFFFFu) == 0) return float_of(b & 0x80000000u);
    const std::uint32_t way = below(6);
    const bits32 moved = way == 0 ? b + 1 : way == 1 ? b - 1 : b;
    return float_of(is_special32(moved) ? b : moved);
  }
  /// Zeros, powers of two, subnormals, the ends of the range.
  float edge() {
    const bits32 sign = below(2) << 31;
    switch (below(6)) {
      case 0: return float_of(sign);
      case 1: return float_of(sign | below(255) << 23);
      case 2: return float_of(sign | (1 + below(0x7FFFFFu)));
      case 3: return float_of(sign | (1 + below(3)));
      case 4: return float_of(sign | (largest32 - below(3)));
      default: return float_of(sign | ((1 + below(253)) << 23) | 0x7FFFFFu);
    }
  }

 private:
  std::uint64_t next_;
};

}  // namespace oracle::block
