// SPDX-License-Identifier: MIT
// GGUF's K-quants: records read a second time by the published formulas, the searches for scales
// written once more, group after group, with every operation in binary64 and rounded to binary32
// (which is the binary32 operation), and what becomes of corners.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/ggml/k_types.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::matrix_view;
using byte_list = std::vector<std::uint8_t>;

namespace {

// ------------------------------------------------------------------------------- the oracle

/// binary32, an operation at a time.
struct num {
  double v = 0;
  num() = default;
  num(double x) : v(x) {}
  num(float x) : v(static_cast<double>(x)) {}
  num(int x) : v(x) {}
};
num rounded(double x) { return static_cast<double>(static_cast<float>(x)); }
num operator+(num a, num b) { return rounded(a.v + b.v); }
num operator-(num a, num b) { return rounded(a.v - b.v); }
num operator*(num a, num b) { return rounded(a.v * b.v); }
num operator/(num a, num b) { return rounded(a.v / b.v); }
bool operator<(num a, num b) { return a.v < b.v; }
num magnitude(num a) { return std::fabs(a.v); }
num root(num a) { return rounded(std::sqrt(a.v)); }
int nearest_int(num a) { return static_cast<int>(std::nearbyint(a.v)); }
num constant(float x) { return x; }
double to_half(num a) {
  if (a.v == 0 || !std::isfinite(a.v)) return a.v;
  const double step = std::ldexp(1.0, std::max(std::ilogb(a.v), -14) - 10);
  const double h = std::nearbyint(a.v / step) * step;
  return std::fabs(h) > 65504 ? std::copysign(HUGE_VAL, h) : h;
}

using numbers = std::vector<num>;
using integers = std::vector<int>;

struct fit {
  num scale = 0, minimum = 0;
  integers codes;
};

num line_error(const numbers& x, const numbers& w, const fit& f, bool absolute) {
  num sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const num e = f.scale * num(f.codes[i]) + f.minimum - x[i];
    sum = sum + w[i] * (absolute ? magnitude(e) : e * e);
  }
  return sum;
}
/// Codes 0 … top; the minimum is to be added.
fit best_line(const numbers& x, const numbers& w, int top, float first, float step, int count,
              bool absolute) {
  num low = x[0], high = x[0], sw = 0, swx = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
    sw = sw + w[i];
    swx = swx + w[i] * x[i];
  }
  low = std::min(low, num(0));
  fit best;
  best.minimum = low;
  best.codes.assign(x.size(), 0);
  if (low.v == high.v) return best;
  const auto codes_for = [&](num per_unit) {
    integers codes;
    for (const num v : x) {
      codes.push_back(std::clamp(nearest_int(per_unit * (v - best.minimum)), 0, top));
    }
    return codes;
  };
  const num whole = num(top) / (high - low);
  best.scale = num(1) / whole;
  best.codes = codes_for(whole);
  num least = line_error(x, w, best, absolute);
  for (int k = 0; k < count; ++k) {
    const num reach = constant(first) + constant(step) * num(k) + num(top);
    fit f;
    f.codes = codes_for(reach / (high - best.minimum));
    num l1 = 0, l2 = 0, xl = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const num l(f.codes[i]);
      l1 = l1 + w[i] * l;
      l2 = l2 + w[i] * l * l;
      xl = xl + w[i] * l * x[i];
    }
    const num d = sw * l2 - l1 * l1;
    if (!(num(0) < d)) continue;
    f.scale = (sw * xl - swx * l1) / d;
    f.minimum = (l2 * swx - l1 * xl) / d;
    if (num(0) < f.minimum) {
      f.minimum = 0;
      f.scale = xl / l2;
    }
    const num error = line_error(x, w, f, absolute);
    if (error < least) {
      least = error;
      best = f;
    }
  }
  return best;
}

num extreme_of(const numbers& x) {
  num e = 0;
  for (const num v : x) {
    if (magnitude(e) < magnitude(v)) e = v;
  }
  return e;
}
bool is_tiny(num a) { return magnitude(a) < constant(1e-15f); }

/// Codes -half … half - 1.
fit best_signed(const numbers& x, const numbers& w, int half) {
  fit best;
  best.codes.assign(x.size(), -half);
  const num e = extreme_of(x);
  if (is_tiny(e)) return best;
  num explained = 0;
  for (const int k : {0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    const num per_unit = num(-(num(half) + constant(0.1f) * num(k)).v) / e;
    integers codes;
    num xl = 0, l2 = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const int l = std::clamp(nearest_int(per_unit * x[i]), -half, half - 1);
      codes.push_back(l);
      xl = xl + w[i] * x[i] * num(l);
      l2 = l2 + w[i] * num(l) * num(l);
    }
    if (k == 0 ? l2.v != 0 : num(0) < l2 && explained * l2 < xl * xl) {
      best.scale = xl / l2;
      explained = best.scale * xl;
      best.codes = codes;
    } else if (k == 0) {
      best.codes = codes;
    }
  }
  return best;
}

/// The descent from given codes: each moves, up to five times, to where the others want it.
void descend(const numbers& x, const numbers& w, int low, int high, fit& f) {
  num xl = 0, l2 = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xl = xl + w[i] * x[i] * num(f.codes[i]);
    l2 = l2 + w[i] * num(f.codes[i]) * num(f.codes[i]);
  }
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const num l(f.codes[i]);
      num rest_xl = xl - w[i] * x[i] * l, rest_l2 = l2 - w[i] * l * l;
      if (!(num(0) < rest_xl) || (low == 0 && !(num(0) < rest_l2))) continue;
      const int moved = std::clamp(nearest_int(x[i] * rest_l2 / rest_xl), low, high);
      rest_xl = rest_xl + w[i] * x[i] * num(moved);
      rest_l2 = rest_l2 + w[i] * num(moved) * num(moved);
      if (moved == f.codes[i] || !(num(0) < rest_l2)) continue;
      if (!(xl * xl * rest_l2 < rest_xl * rest_xl * l2)) continue;
      f.codes[i] = moved;
      xl = rest_xl;
      l2 = rest_l2;
    }
  }
  f.scale = num(0) < l2 ? xl / l2 : num(0);
}
fit signed_descent(const numbers& x, int half) {
  fit f;
  f.codes.assign(x.size(), -half);
  const num e = extreme_of(x);
  if (is_tiny(e)) return f;
  numbers squares;
  for (std::size_t i = 0; i < x.size(); ++i) {
    squares.push_back(x[i] * x[i]);
    f.codes[i] = std::clamp(nearest_int(num(-half) / e * x[i]), -half, half - 1);
  }
  descend(x, squares, -half, half - 1, f);
  return f;
}
/// Numbers of at least 0 under weights: codes 0 … top.
fit best_unsigned(const numbers& x, const numbers& w, int top) {
  fit f;
  f.codes.assign(x.size(), 0);
  const num high = *std::max_element(x.begin(), x.end());
  if (high < constant(1e-15f)) return f;
  num least = 0, chosen = 0;
  for (const int k : {0, -4, -3, -2, -1, 1, 2, 3, 4}) {
    const num per_unit = (constant(0.1f) * num(k) + num(top)) / high, scale = num(1) / per_unit;
    num error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const num rest = x[i] - scale * num(std::min(top, nearest_int(per_unit * x[i])));
      error = error + w[i] * rest * rest;
    }
    if (k != 0 && !(error < least)) continue;
    least = error;
    chosen = per_unit;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    f.codes[i] = std::min(top, nearest_int(chosen * x[i]));
  }
  descend(x, w, 0, top, f);
  return f;
}

/// A block as it is stored, integers with their signs.
struct block {
  integers elements, scales, minima;
  double d = 0, dmin = 0;
};
/// What sets a type apart.
struct kind {
  int bits = 0, group = 0, limit = 0;
  bool has_minima = false;
};
constexpr kind q2{2, 16, 15, true}, q3{3, 16, 32, false}, q4{4, 32, 63, true}, q5{5, 32, 63, true},
    q6{6, 16, 128, false};

block expected_block(const kind& t, const float* values, const float* importance) {
  const lowp::default_float_environment environment;  // a program of -ffast-math flushes
  const bool weighted = importance != nullptr;
  const int top = (1 << t.bits) - 1, half = 1 << (t.bits - 1);
  const std::size_t groups = 256 / static_cast<std::size_t>(t.group);
  num squares = 0;
  for (std::size_t i = 0; i < 256; ++i) squares = squares + num(values[i]) * num(values[i]);
  const num mean = (t.bits == 2 ? squares : num(2) * squares) / num(256);
  numbers scales, minima, sums;
  block b;
  for (std::size_t g = 0; g < groups; ++g) {
    numbers x, w;
    num own = 0;
    for (int i = 0; i < t.group; ++i) {
      x.push_back(values[g * static_cast<std::size_t>(t.group) + static_cast<std::size_t>(i)]);
      own = own + x.back() * x.back();
    }
    num sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      num weight = magnitude(x[i]);
      if (weighted) {
        weight = importance[g * x.size() + i];
        if (t.bits != 6) weight = weight * root(mean + x[i] * x[i]);
      } else if (t.bits == 4 || t.bits == 5) {
        weight = root(own / num(32)) + weight;
      } else if (!t.has_minima) {
        weight = x[i] * x[i];
      }
      w.push_back(weight);
      sum = sum + weight;
    }
    sums.push_back(sum);
    fit f;
    if (!t.has_minima) {
      f = t.bits == 3 && !weighted ? signed_descent(x, half) : best_signed(x, w, half);
    } else if (weighted) {
      f = best_line(x, w, top, -0.9f, 0.05f, 37, false);
    } else if (t.bits == 4) {
      f = best_line(x, w, top, -1.0f, 0.1f, 21, false);
    } else {
      f = best_line(x, w, top, -0.5f, 0.1f, 16, t.bits == 2);
    }
    scales.push_back(f.scale);
    minima.push_back(-f.minimum.v);
    b.elements.insert(b.elements.end(), f.codes.begin(), f.codes.end());
  }
  if (t.has_minima) {
    const auto level = [&](const numbers& x, integers& codes, double& d) {
      if (weighted) {
        const fit f = best_unsigned(x, sums, t.limit);
        codes = f.codes;
        d = to_half(f.scale);
        return;
      }
      const num high = std::max(num(0), *std::max_element(x.begin(), x.end()));
      for (const num v : x) {
        codes.push_back(high.v > 0 ? nearest_int(num(t.limit) / high * v) : 0);
      }
      d = to_half(high / num(t.limit));
    };
    level(scales, b.scales, b.d);
    level(minima, b.minima, b.dmin);
  } else if (weighted && t.bits == 3) {
    const fit f = best_signed(scales, sums, t.limit);
    b.scales = f.codes;
    b.d = to_half(f.scale);
  } else {
    const num e = extreme_of(scales);
    if (e.v == 0 || (t.bits == 6 && is_tiny(e))) {
      b.scales.assign(groups, t.bits == 6 ? 0 : -32);
      if (t.bits == 6) b.elements.assign(256, -32);
      return b;
    }
    const num factor = num(-t.limit) / e;
    for (const num s : scales) b.scales.push_back(std::min(nearest_int(factor * s), t.limit - 1));
    b.d = to_half(num(1) / factor);
  }
  for (std::size_t i = 0; i < 256; ++i) {
    const std::size_t g = i / static_cast<std::size_t>(t.group);
    const num by = num(b.d) * num(b.scales[g]);
    if (by.v == 0) continue;
    const num shift = t.has_minima ? num(b.dmin) * num(b.minima[g]) : num(0);
    const int l = nearest_int((num(values[i]) + shift) / by);
    b.elements[i] = t.has_minima ? std::clamp(l, 0, top) : std::clamp(l, -half, half - 1);
  }
  return b;
}

// ------------------------------------------------------------------------------- the data

/// Six blocks: normal, outliers, groups in several binades with tiny ones, one value, zeros with
/// few others, one sign.
std::vector<float> blocks_of_values(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(6 * 256);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float v = normal(random);
    switch (i / 256) {
      case 0: x[i] = v; break;
      case 1: x[i] = random() % 40 == 0 ? 30 * v : v / 8; break;
      case 2: x[i] = std::ldexp(v, -static_cast<int>(i / 16 % 16) * 4); break;
      case 3: x[i] = seed % 2 == 0 ? -0.7f : 1.3f; break;
      case 4: x[i] = random() % 9 == 0 ? v : (random() % 2 == 0 ? 0.0f : -0.0f); break;
      default: x[i] = std::fabs(v) + 2; break;
    }
  }
  return x;
}

int with_sign(lowp::code_t code, int bits) {
  const int x = static_cast<int>(code);
  return x >= 1 << (bits - 1) ? x - (1 << bits) : x;
}

template <auto F, class Record>
using stored = lowp::block_matrix<F, lowp::records<Record>::template layout>;

template <class Matrix>
block read_block(const Matrix& m, const kind& t, std::size_t row, std::size_t first) {
  block b;
  for (std::size_t i = 0; i < 256; ++i) {
    const lowp::code_t code = m.code(0, row, first + i);
    b.elements.push_back(t.has_minima ? static_cast<int>(code) : with_sign(code, t.bits));
  }
  const auto half = [&](int leaf) {
    return static_cast<double>(lowp::binary16::from_code(m.code(leaf, row, first / 256)));
  };
  const auto group = static_cast<std::size_t>(t.group);
  for (std::size_t g = first / group; g < (first + 256) / group; ++g) {
    const lowp::code_t scale = m.code(1, row, g);
    b.scales.push_back(t.has_minima ? static_cast<int>(scale)
                                    : with_sign(scale, t.bits == 3 ? 6 : 8));
    if (t.has_minima) b.minima.push_back(static_cast<int>(m.code(3, row, g)));
  }
  b.d = half(2);
  if (t.has_minima) b.dmin = half(4);
  return b;
}

template <auto F, class Record>
void check_quantizer(const kind& t) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const std::vector<float> x = blocks_of_values(seed);
    std::vector<float> importance(768);
    std::mt19937 random(seed);
    for (float& w : importance) w = static_cast<float>(random() % 1000) / 256;
    for (const bool weighted : {false, true}) {
      const matrix_view<const float> in(x.data(), 2, 768);
      stored<F, Record> first(2, 768);
      for (const lowp::isa level : test::isas()) {
        stored<F, Record> q(2, 768);
        if (weighted) {
          quantize(in, q, rules::ggml_k_by_importance(importance), level);
        } else {
          quantize(in, q, rules::ggml_k, level);
        }
        if (level == lowp::isa::portable) first = q;
        CHECK(first == q);
      }
      for (std::size_t i = 0; i < 6; ++i) {
        CAPTURE(t.bits, seed, weighted, i);
        const std::size_t row = i / 3, col = i % 3 * 256;
        const block want =
            expected_block(t, x.data() + 256 * i, weighted ? importance.data() + col : nullptr);
        const block got = read_block(first, t, row, col);
        CHECK(got.d == want.d);
        CHECK(got.dmin == want.dmin);
        CHECK(got.scales == want.scales);
        CHECK(got.minima == want.minima);
        CHECK(got.elements == want.elements);
      }
    }
  }
}

}  // namespace

TEST_CASE("the scales and codes of K-quants are those of the searches, group after group") {
  check_quantizer<formats::q2_k, lowp::q2_k_record>(q2);
  check_quantizer<formats::q3_k, lowp::q3_k_record>(q3);
  check_quantizer<formats::q4_k, lowp::q4_k_record>(q4);
  check_quantizer<formats::q5_k, lowp::q5_k_record>(q5);
  check_quantizer<formats::q6_k, lowp::q6_k_record>(q6);
}

TEST_CASE("the search for the scale of scales finds what the plain one does, codes and scale") {
  std::mt19937 random(11);
  for (const int top : {15, 63}) {
    const std::size_t n = top == 15 ? 16 : 8;
    for (int pack = 0; pack < 12; ++pack) {
      std::uint32_t x[16 * 16], w[16 * 16], codes[16 * 16], scales[16];
      for (std::size_t i = 0; i < 16 * n; ++i) {
        x[i] = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 4096));
        w[i] = std::bit_cast<std::uint32_t>(static_cast<float>(random() % 999));
      }
      std::mt19937 needs_all_rounds(11360);
      for (std::size_t i = 0; top == 15 && i < n; ++i) {
        x[16 * i] = std::bit_cast<std::uint32_t>(static_cast<float>(needs_all_rounds() % 4096));
        w[16 * i] = std::bit_cast<std::uint32_t>(static_cast<float>(needs_all_rounds() % 999));
      }
      for (const lowp::isa level : test::isas()) {
        lowp::kernels::search_unsigned_scale(level, x, w, n, top, scales, codes);
        std::size_t wrong = 0;
        for (std::size_t group = 0; group < 16; ++group) {
          numbers values, weights;
          for (std::size_t i = 0; i < n; ++i) {
            values.emplace_back(std::bit_cast<float>(x[16 * i + group]));
            weights.emplace_back(std::bit_cast<float>(w[16 * i + group]));
          }
          const fit f = best_unsigned(values, weights, top);
          if (num(std::bit_cast<float>(scales[group])).v != f.scale.v) ++wrong;
          for (std::size_t i = 0; i < n; ++i) {
            if (codes[16 * i + group] != static_cast<std::uint32_t>(f.codes[i])) ++wrong;
          }
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("the descent of Q3_K goes on to a fifth round") {
  std::mt19937 random(1405);  // whose group needs it
  std::vector<float> x(256);
  for (std::size_t i = 0; i < 256; ++i) {
    x[i] = i < 16 ? static_cast<float>(static_cast<int>(random() % 2001) - 1000) : x[i - 16];
  }
  const auto q = lowp::quantize<formats::q3_k, lowp::records<lowp::q3_k_record>::layout>(
      matrix_view<const float>(x.data(), 1, 256), rules::ggml_k);
  const block want = expected_block(q3, x.data(), nullptr), got = read_block(q, q3, 0, 0);
  CHECK(got.d == want.d);
  CHECK(got.elements == want.elements);
}

namespace {

double half_at(const std::uint8_t* b) {
  const unsigned code = b[0] | static_cast<unsigned>(b[1]) << 8;
  const int exponent = static_cast<int>(code >> 10 & 31), m = static_cast<int>(code & 1023);
  const double x = exponent == 0    ? std::ldexp(m, -24)
                   : exponent == 31 ? (m != 0 ? std::nan("") : HUGE_VAL)
                                    : std::ldexp(1024 + m, exponent - 25);
  return code >> 15 != 0 ? -x : x;
}
/// The value of element i, from the bytes, as the formats are published.
double value_of(const lowp::q2_k_record&, const std::uint8_t* b, std::size_t i) {
  const int q = b[16 + i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3, s = b[i / 16];
  return half_at(b + 80) * (s & 15) * q - half_at(b + 82) * (s >> 4);
}
double value_of(const lowp::q3_k_record&, const std::uint8_t* b, std::size_t i) {
  const std::size_t j = i / 16;
  const int low = b[32 + i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3;
  const int q = low - ((b[i % 32] >> (i / 32) & 1) != 0 ? 0 : 4);
  const int nibble = j < 8 ? b[96 + j] & 15 : b[96 + j - 8] >> 4;
  const int scale = (nibble | (b[104 + j % 4] >> (2 * (j / 4)) & 3) << 4) - 32;
  return half_at(b + 108) * scale * q;
}
double line_of(const std::uint8_t* b, std::size_t j, int q) {
  const std::uint8_t* const s = b + 4;
  const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
  const int minimum = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6) << 4;
  return half_at(b) * scale * q - half_at(b + 2) * minimum;
}
double value_of(const lowp::q4_k_record&, const std::uint8_t* b, std::size_t i) {
  return line_of(b, i / 32, b[16 + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15);
}
double value_of(const lowp::q5_k_record&, const std::uint8_t* b, std::size_t i) {
  const int low = b[48 + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
  return line_of(b, i / 32, low + (b[16 + i % 32] >> (i / 32) & 1) * 16);
}
double value_of(const lowp::q6_k_record&, const std::uint8_t* b, std::size_t i) {
  const std::size_t half = i / 128, l = i % 128;
  const int low = b[64 * half + l % 64] >> (l / 64 * 4) & 15;
  const int high = b[128 + 32 * half + l % 32] >> (l / 32 * 2) & 3;
  const int scale = static_cast<std::int8_t>(b[192 + i / 16]);
  return half_at(b + 208) * scale * ((low | high << 4) - 32);
}
double value_of(const lowp::q8_k_record&, const std::uint8_t* b, std::size_t i) {
  float d;
  std::memcpy(&d, b, sizeof d);
  return static_cast<double>(d) * static_cast<std::int8_t>(b[4 + i]);
}

template <auto F, class Record>
void check_records() {
  constexpr std::size_t count = 24;
  byte_list bytes(count * Record::bytes);
  std::mt19937 random(Record::bytes);
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random());
  // Among them some whose d or dmin is infinite or NaN, as records of each type have it.
  bytes[3 * Record::bytes + 1] = 0x7C;
  bytes[6 * Record::bytes - 1] = 0xFC;
  bytes[7 * Record::bytes + 2] = 0x80;
  bytes[7 * Record::bytes + 3] = 0x7F;
  const stored<F, Record> q(2, count * 128, bytes);
  for (const lowp::isa level : test::isas()) {
    std::vector<float> x(count * 256);
    dequantize(q, matrix_view<float>(x.data(), 2, count * 128), level);
    const lowp::default_float_environment environment;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = value_of(Record{}, bytes.data() + i / 256 * Record::bytes, i % 256);
      const auto nearest = static_cast<float>(exact);
      if (std::isnan(exact) ? !std::isnan(x[i]) : x[i] != nearest) ++wrong;
    }
    CHECK(wrong == 0);
  }
  // Every code is read and written alone and all elements at once.
  stored<F, Record> copy(2, count * 128), by_elements(2, count * 128);
  lowp::for_each_leaf(F, 2, count * 128,
                      [&](int leaf, const auto&, std::size_t rows, std::size_t cols) {
                        for (std::size_t r = 0; r < rows; ++r) {
                          for (std::size_t c = 0; c < cols; ++c) {
                            copy.set_code(leaf, r, c, q.code(leaf, r, c));
                            if (leaf != 0) by_elements.set_code(leaf, r, c, q.code(leaf, r, c));
                          }
                        }
                      });
  std::uint8_t codes[256];
  for (std::size_t i = 0; i < count; ++i) {
    Record::load_elements(q.bytes().data() + i * Record::bytes, codes);
    Record::store_elements(by_elements.bytes().data() + i * Record::bytes, codes);
  }
  if constexpr (Record::bytes != lowp::q8_k_record::bytes) CHECK(copy == q);
  CHECK(by_elements == copy);
}

}  // namespace

TEST_CASE("records of K-quants are read by the published formulas, and written alike") {
  check_records<formats::q2_k, lowp::q2_k_record>();
  check_records<formats::q3_k, lowp::q3_k_record>();
  check_records<formats::q4_k, lowp::q4_k_record>();
  check_records<formats::q5_k, lowp::q5_k_record>();
  check_records<formats::q6_k, lowp::q6_k_record>();
  check_records<formats::q8_k, lowp::q8_k_record>();
}

TEST_CASE("Q8_K: the largest magnitude is -127, and sums of 16 stand beside the codes") {
  const std::vector<float> x = blocks_of_values(5);
  const auto q = lowp::quantize<formats::q8_k, lowp::records<lowp::q8_k_record>::layout>(
      matrix_view<const float>(x.data(), 1, x.size()), rules::ggml_k);
  for (std::size_t b = 0; b < 6; ++b) {
    const numbers block(x.begin() + static_cast<std::ptrdiff_t>(256 * b),
                        x.begin() + static_cast<std::ptrdiff_t>(256 * (b + 1)));
    const num factor = num(-127) / extreme_of(block);
    const std::uint8_t* const record = q.bytes().data() + 292 * b;
    float d;
    std::memcpy(&d, record, sizeof d);
    CHECK(static_cast<double>(d) == (num(1) / factor).v);
    for (std::size_t g = 0; g < 16; ++g) {
      int sum = 0;
      for (std::size_t i = 16 * g; i < 16 * (g + 1); ++i) {
        const int code = std::min(nearest_int(factor * block[i]), 127);
        CHECK(static_cast<std::int8_t>(record[4 + i]) == code);
        sum += code;
      }
      const int stored_sum = record[260 + 2 * g] | record[261 + 2 * g] << 8;
      CHECK(static_cast<std::int16_t>(stored_sum) == sum);
    }
  }
}

TEST_CASE("zeros, NaN and infinities of K-quants; rows that are no whole blocks") {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const auto* type : {&lowp::gguf::q2_k, &lowp::gguf::q3_k, &lowp::gguf::q4_k,
                           &lowp::gguf::q5_k, &lowp::gguf::q6_k, &lowp::gguf::q8_k}) {
    CAPTURE(type->name);
    std::vector<float> x(5 * 256, 0.0f), back(x.size(), 7.0f);
    for (std::size_t i = 256; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
    x[256 * 2 + 100] = std::nanf("");
    x[256 * 3 + 255] = -infinity;
    byte_list bytes(type->row_bytes(x.size()));
    quantize_row(*type, x, bytes);
    dequantize_row(*type, bytes, back);
    const auto all = [&](std::size_t b, const auto& holds) {
      return std::all_of(back.begin() + static_cast<std::ptrdiff_t>(256 * b),
                         back.begin() + static_cast<std::ptrdiff_t>(256 * (b + 1)), holds);
    };
    CHECK(all(0, [](float v) { return v == 0; }));
    CHECK(all(2, [](float v) { return std::isnan(v); }));
    CHECK(all(3, [](float v) { return std::isnan(v); }));
    for (const std::size_t b : {std::size_t{1}, std::size_t{4}}) {  // neighbours do not notice
      CHECK(all(b, [](float v) { return std::fabs(v) < 7; }));
      std::vector<float> alone(x.begin() + static_cast<std::ptrdiff_t>(256 * b),
                               x.begin() + static_cast<std::ptrdiff_t>(256 * (b + 1)));
      byte_list own(type->bytes);
      quantize_row(*type, alone, own);
      CHECK(std::equal(own.begin(), own.end(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(b * type->bytes)));
    }
  }
  const std::vector<float> x(300);
  CHECK_THROWS_WITH(
      lowp::quantize<formats::q4_k>(matrix_view<const float>(x.data(), 1, 300), rules::ggml_k),
      "quantize: cols is 300, expected a multiple of 256, the block of the rule");
  const std::vector<float> weights(255, 1.0f);
  CHECK_THROWS_WITH(lowp::quantize<formats::q4_k>(matrix_view<const float>(x.data(), 1, 256),
                                                  rules::ggml_k_by_importance(weights)),
                    "ggml_k_by_importance: importance has size 255, expected cols, 256");
  std::vector<float> negative(256, 1.0f);
  negative[3] = -1;
  CHECK_THROWS_AS(lowp::quantize<formats::q4_k>(matrix_view<const float>(x.data(), 1, 256),
                                                rules::ggml_k_by_importance(negative)),
                  std::invalid_argument);
}

TEST_CASE("a K-quant has the same codes in planes as in records, on threads as on one") {
  std::vector<float> x;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const std::vector<float> more = blocks_of_values(seed);
    x.insert(x.end(), more.begin(), more.end());
  }
  const matrix_view<const float> in(x.data(), 6, 768);
  const auto records =
      lowp::quantize<formats::q5_k, lowp::records<lowp::q5_k_record>::layout>(in, rules::ggml_k);
  const auto planes = lowp::quantize<formats::q5_k>(in, rules::ggml_k, lowp::threads{2});
  lowp::for_each_leaf(formats::q5_k, 6, 768,
                      [&](int leaf, const auto&, std::size_t rows, std::size_t cols) {
                        std::size_t wrong = 0;
                        for (std::size_t i = 0; i < rows * cols; ++i) {
                          const auto r = i / cols, c = i % cols;
                          if (planes.code(leaf, r, c) != records.code(leaf, r, c)) ++wrong;
                        }
                        CHECK(wrong == 0);
                      });
  std::vector<float> a(x.size()), b(x.size());
  dequantize(records, matrix_view<float>(a.data(), 6, 768));
  dequantize(planes, matrix_view<float>(b.data(), 6, 768));
  CHECK(a == b);
}
