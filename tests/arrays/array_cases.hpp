// SPDX-License-Identifier: MIT
// What the tests of array functions share: formats of every kind, inputs that look for trouble in
// each, and buffers that notice a write beside the array. Inputs are bits and go through memory
// only, so that no build option about floating-point numbers touches them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/packing.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/overflow.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace test {

using lowp::code_t;
using lowp::float_format;

[[nodiscard]] constexpr std::uint64_t random_word(std::uint64_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The bits of an element of an array.
template <class T>
struct element;
template <>
struct element<float> {
  using word = std::uint32_t;
  static constexpr float_format format = lowp::formats::binary32;
};
template <>
struct element<double> {
  using word = std::uint64_t;
  static constexpr float_format format = lowp::formats::binary64;
};
template <>
struct element<lowp::binary16> {
  using word = std::uint16_t;
  static constexpr float_format format = lowp::formats::binary16;
};
template <>
struct element<lowp::bfloat16> {
  using word = std::uint16_t;
  static constexpr float_format format = lowp::formats::bfloat16;
};

template <class T>
[[nodiscard]] std::vector<T> array_of(const std::vector<code_t>& codes) {
  std::vector<typename element<T>::word> words;
  words.reserve(codes.size());
  for (const code_t code : codes) words.push_back(static_cast<typename element<T>::word>(code));
  std::vector<T> values(words.size());
  if (!words.empty())
    std::memcpy(static_cast<void*>(values.data()), words.data(), words.size() * sizeof(T));
  return values;
}

// ----------------------------------------------------------------------------------------- formats
inline constexpr auto subnormals = lowp::exponent_zero::subnormals;
inline constexpr auto zero_only = lowp::exponent_zero::zero_only;

/// Formats of no standard: ends of the range that meet those of binary32 or binary64, unusual NaNs,
/// fields of extreme width. No more than 32 bits.
// clang-format off
inline constexpr std::array odd_formats{
    // Without subnormals.
    float_format{.exponent_bits = 5, .mantissa_bits = 4, .at_exponent_zero = zero_only},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .at_exponent_zero = zero_only, .has_infinity = false, .nan_at_negative_zero = true},
    float_format{.exponent_bits = 3, .mantissa_bits = 0, .at_exponent_zero = zero_only},
    float_format{.exponent_bits = 2, .mantissa_bits = 2, .is_signed = false, .at_exponent_zero = zero_only, .has_infinity = false},
    float_format{.exponent_bits = 8, .mantissa_bits = 7, .at_exponent_zero = zero_only},
    float_format{.exponent_bits = 8, .mantissa_bits = 14, .bias = 130, .at_exponent_zero = zero_only},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .is_signed = false, .at_exponent_zero = lowp::exponent_zero::normals},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .at_exponent_zero = lowp::exponent_zero::normals},
    float_format{.exponent_bits = 5, .mantissa_bits = 0, .bias = 14, .at_exponent_zero = lowp::exponent_zero::normals, .has_infinity = false},
    float_format{.exponent_bits = 8, .mantissa_bits = 3, .bias = 127, .at_exponent_zero = lowp::exponent_zero::normals},
    float_format{.exponent_bits = 8, .mantissa_bits = 2, .bias = 126, .is_signed = false, .at_exponent_zero = lowp::exponent_zero::normals, .has_infinity = false, .nan_codes = 1},
    float_format{.exponent_bits = 8, .mantissa_bits = 0, .bias = 128, .is_signed = false, .at_exponent_zero = lowp::exponent_zero::normals},
    // Around the range of binary32.
    float_format{.exponent_bits = 8, .mantissa_bits = 5, .bias = 120},
    float_format{.exponent_bits = 8, .mantissa_bits = 5, .bias = 126},
    float_format{.exponent_bits = 8, .mantissa_bits = 5, .bias = 128},
    float_format{.exponent_bits = 8, .mantissa_bits = 5, .bias = 135},
    float_format{.exponent_bits = 8, .mantissa_bits = 2, .has_infinity = false},
    float_format{.exponent_bits = 8, .mantissa_bits = 2, .has_infinity = false, .nan_codes = 1},
    float_format{.exponent_bits = 8, .mantissa_bits = 2, .has_infinity = true, .nan_codes = 1},
    float_format{.exponent_bits = 8, .mantissa_bits = 4, .is_signed = false},
    float_format{.exponent_bits = 8, .mantissa_bits = 22},
    float_format{.exponent_bits = 8, .mantissa_bits = 23, .is_signed = false},
    float_format{.exponent_bits = 7, .mantissa_bits = 5},
    float_format{.exponent_bits = 9, .mantissa_bits = 5},
    float_format{.exponent_bits = 9, .mantissa_bits = 4, .bias = 126},
    float_format{.exponent_bits = 10, .mantissa_bits = 4, .bias = 125},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 127},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 140},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 147, .has_infinity = false},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 160},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = -100},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = -112, .has_infinity = false},
    float_format{.exponent_bits = 2, .mantissa_bits = 1, .bias = -124},
    float_format{.exponent_bits = 2, .mantissa_bits = 1, .bias = -126, .has_infinity = false},
    float_format{.exponent_bits = 2, .mantissa_bits = 1, .bias = -200, .has_infinity = false},
    // Around the range of binary64.
    float_format{.exponent_bits = 11, .mantissa_bits = 4},
    float_format{.exponent_bits = 11, .mantissa_bits = 20},
    float_format{.exponent_bits = 11, .mantissa_bits = 2, .has_infinity = false, .nan_codes = 1},
    float_format{.exponent_bits = 12, .mantissa_bits = 3},
    float_format{.exponent_bits = 12, .mantissa_bits = 8, .bias = 127},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = -1010},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 1040},
    // Many mantissa bits, or none.
    float_format{.exponent_bits = 5, .mantissa_bits = 22},
    float_format{.exponent_bits = 5, .mantissa_bits = 26},
    float_format{.exponent_bits = 1, .mantissa_bits = 30, .has_infinity = false},
    float_format{.exponent_bits = 1, .mantissa_bits = 0, .has_infinity = false},
    float_format{.exponent_bits = 4, .mantissa_bits = 0},
    float_format{.exponent_bits = 8, .mantissa_bits = 0, .has_infinity = false, .nan_codes = 1},
    float_format{.exponent_bits = 2, .mantissa_bits = 13},
    // NaNs.
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .nan_codes = 0},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .nan_codes = 40},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .is_signed = false},
    float_format{.exponent_bits = 4, .mantissa_bits = 3, .nan_at_negative_zero = true},
    float_format{.exponent_bits = 3, .mantissa_bits = 3},
    // Finite where binary16 is not.
    float_format{.exponent_bits = 5, .mantissa_bits = 2, .has_infinity = false},
    float_format{.exponent_bits = 5, .mantissa_bits = 1, .has_infinity = false},
    // P3109.
    lowp::formats::p3109(3, 2, true, true), lowp::formats::p3109(4, 2, true, false),
    lowp::formats::p3109(6, 3, false, true), lowp::formats::p3109(8, 1, false, false),
    lowp::formats::p3109(8, 1, true, true), lowp::formats::p3109(8, 3, true, true),
    lowp::formats::p3109(8, 4, true, false), lowp::formats::p3109(8, 8, false, true),
    lowp::formats::p3109(12, 5, true, true), lowp::formats::p3109(16, 8, false, false)};

/// Formats whose values are subnormal there.
inline constexpr float_format below_binary32{.exponent_bits = 4, .mantissa_bits = 3, .bias = 140};
inline constexpr float_format below_binary64{.exponent_bits = 4, .mantissa_bits = 3, .bias = 1036};

inline constexpr std::array fixed_formats{
    lowp::formats::int_n<1>, lowp::formats::int_n<2>, lowp::formats::int_n<3>, lowp::formats::int_n<4>,
    lowp::formats::int_n<5>, lowp::formats::int_n<7>, lowp::formats::int_n<8>, lowp::formats::int_n<16>,
    lowp::formats::int_n<24>, lowp::formats::int_n<32>,
    lowp::formats::uint_n<1>, lowp::formats::uint_n<4>, lowp::formats::uint_n<6>, lowp::formats::uint_n<8>,
    lowp::formats::uint_n<16>, lowp::formats::uint_n<32>,
    lowp::formats::symmetric_int_n<2>, lowp::formats::symmetric_int_n<4>, lowp::formats::symmetric_int_n<8>,
    lowp::formats::symmetric_int_n<16>,
    lowp::formats::fixed<8, 6>, lowp::formats::fixed<16, 12>, lowp::formats::ufixed<8, 8>, lowp::formats::fixed<8, -3>,
    lowp::formats::fixed<8, 134>, lowp::formats::fixed<8, 150>, lowp::formats::fixed<16, 140>, lowp::formats::fixed<12, -110>,
    lowp::formats::fixed<8, -130>, lowp::formats::fixed<22, 10>, lowp::formats::fixed<23, 10>, lowp::formats::fixed<31, 30>};

inline constexpr std::array posit_formats{lowp::formats::posit<8>, lowp::formats::posit<6, 0>, lowp::formats::posit<16, 1>};
// clang-format on

/// The catalogue without binary64.
inline constexpr auto named_formats = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array{lowp::formats::float_formats[I].format...};
}
(std::make_index_sequence<lowp::formats::float_formats.size() - 1>());
static_assert(lowp::formats::float_formats.back().format == lowp::formats::binary64);

/// Calls function.operator()<List>(name) for each list of formats of at most 32 bits.
template <class Function>
void for_each_list(Function&& function) {
  function.template operator()<named_formats>("float_formats");
  function.template operator()<odd_formats>("odd_formats");
  function.template operator()<fixed_formats>("fixed_formats");
  function.template operator()<posit_formats>("posit_formats");
}
/// Calls function(name, format) for each of these formats.
template <class Function>
void for_each_format(Function&& function) {
  for_each_list([&]<const auto & List>(const std::string& list) {
    for (std::size_t i = 0; i < List.size(); ++i) {
      function(list + "[" + std::to_string(i) + "]", List[i]);
    }
  });
}

inline constexpr std::array policies{
    lowp::overflow::saturate, lowp::overflow::to_special, lowp::overflow::propagate,
    lowp::overflow::wrap,     lowp::overflow::to_zero,    lowp::overflow::wrap_sign_magnitude};
inline constexpr std::array nan_policies{lowp::missing_nan::largest,
                                         lowp::missing_nan::signed_largest, lowp::missing_nan::zero,
                                         lowp::missing_nan::flipped_zero};

/// The i-th of many draws: every number of bits, variant and generator, with seeds and indices that
/// cross the limbs of the counter of Philox.
inline constexpr std::size_t draw_count = 11 * 4 * 2;
[[nodiscard]] constexpr lowp::stochastic draw(std::size_t i) {
  constexpr std::array<int, 11> bits{1, 5, 8, 9, 11, 16, 17, 23, 32, 0, 40};
  constexpr std::array<std::uint64_t, 3> seeds{99, 0, 0xFEDCBA9876543210u};
  constexpr std::array<std::uint64_t, 7> indices{0,
                                                 (std::uint64_t{1} << 40) + 5,
                                                 (std::uint64_t{1} << 34) - 301,
                                                 (std::uint64_t{1} << 35) - 302,
                                                 (std::uint64_t{1} << 36) - 303,
                                                 std::uint64_t{0} - 303,
                                                 13};
  return {.seed = seeds[i % seeds.size()],
          .index = indices[i % indices.size()],
          .random_bits = bits[i / 8 % bits.size()],
          .variant = static_cast<lowp::stochastic_variant>(i / 2 % 4),
          .generator = i % 2 == 0 ? lowp::generator::philox4x32_10 : lowp::generator::philox4x32_7};
}

// ------------------------------------------------------------------------------------------ inputs
/// Arrays may hold infinities and NaNs, except where the compiler was promised that there are none
/// and the scalar definition, which takes its argument by value, may rely on it.
#if defined(__clang__) && __FINITE_MATH_ONLY__
inline constexpr bool has_specials = false;
#else
inline constexpr bool has_specials = true;
#endif

/// Elements for conversion to `f`: about its values, the points half-way and a quarter of the way
/// between them, and every exponent of the source (of binary64 those near the ends of either
/// format). The first half has no infinity and no NaN, so that there are groups of lanes without.
template <class T, class F>
[[nodiscard]] std::vector<T> inputs(const F& f) {
  constexpr float_format s = element<T>::format;
  constexpr code_t infinity = lowp::low_mask(s.exponent_bits) << s.mantissa_bits;
  std::vector<code_t> plain, special;
  const auto add = [&](code_t code) {
    const code_t magnitude = code & lowp::low_mask(s.magnitude_bits());
    (magnitude >= infinity ? special : plain).push_back(code & lowp::low_mask(s.bits()));
  };

  // About the values of the format.
  const code_t all = lowp::low_mask(f.bits());
  const code_t stride = f.bits() <= 8 ? 1 : (all >> 8) + 1;
  for (std::uint64_t i = 0; i <= all / stride; ++i) {
    const code_t jitter = stride == 1 || i % 3 == 0 ? 0 : random_word(i) % stride;
    const code_t code = (i * stride + jitter) & all;
    const lowp::unpacked x = decode(f, code), y = decode(f, (code + 1) & all);
    const auto fits = [](const lowp::unpacked& u) {
      return u.is_zero() || (u.is_finite() && u.exponent > -1000 && u.exponent < 1000);
    };
    add(encode(s, x));
    if (!fits(x) || !fits(y)) continue;
    const auto a = lowp::pack_as<double>(x), b = lowp::pack_as<double>(y);
    const code_t half = encode(s, lowp::unpack(a / 2 + b / 2));
    for (const code_t c : {half - 1, half, half + 1}) add(c);
    add(encode(s, lowp::unpack(a / 4 + b / 4 + b / 2)) + random_word(i) % 3);
  }

  // Over the exponents of the source.
  constexpr int exponents = 1 << s.exponent_bits;
  const auto exponent_of = [&](code_t code) { return decode(f, code).exponent + s.bias; };
  const int low = exponent_of(1), high = exponent_of(all >> 1);
  for (int e = 0; e < exponents; ++e) {
    const auto near = [e](int to, int distance) { return e > to - distance && e < to + distance; };
    if (s.exponent_bits > 8 && !near(0, 3) && !near(exponents, 5) && !near(low, 45) &&
        !near(high, 5) && e % 97 != 0) {
      continue;
    }
    const auto word = random_word(static_cast<std::uint64_t>(e));
    const code_t ones = lowp::low_mask(s.mantissa_bits), half = ones / 2 + 1;
    for (const code_t mantissa :
         {code_t{0}, e % 2 == 0 ? code_t{1} : ones, e % 3 == 0 ? half : word & ones}) {
      add(static_cast<code_t>(e) << s.mantissa_bits | mantissa);
      add(static_cast<code_t>(e) << s.mantissa_bits | mantissa | s.sign_bit());
    }
  }
  for (std::uint64_t i = 0; i < 200; ++i) add(random_word(i));
  for (const code_t magnitude : {infinity, infinity + 1, lowp::low_mask(s.magnitude_bits())}) {
    add(magnitude);
    add(magnitude | s.sign_bit());
  }

  std::vector<code_t> mixed;
  for (std::size_t i = plain.size(); i > 1; --i) {
    std::swap(plain[i - 1], plain[random_word(i) % i]);
  }
  for (std::size_t i = 0; i < plain.size(); ++i) {
    mixed.push_back(plain[i]);
    if (has_specials && i >= plain.size() / 2 && i % 16 == 0) {
      mixed.push_back(special[i / 16 % special.size()]);
    }
  }
  return array_of<T>(mixed);
}

template <class T>
std::vector<T> every(std::size_t step, const std::vector<T>& list) {
  std::vector<T> result;
  for (std::size_t i = 0; i < list.size(); i += step) result.push_back(list[i]);
  return result;
}

// ----------------------------------------------------------------------------------------- buffers
/// `size` bytes at `offset` behind a multiple of 64, between margins, all filled with the same
/// noise: two are equal if the bytes and their surroundings are.
class framed {
 public:
  static constexpr std::size_t margin = 128;

  explicit framed(std::size_t size, std::size_t offset = 0) { reset(size, offset); }

  void reset(std::size_t size, std::size_t offset = 0) {
    size_ = size;
    if (memory_.size() < size + offset + 2 * margin + 64) {
      memory_.resize(size + offset + 2 * margin + 64);
    }
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    begin_ = (64 - address % 64) % 64 + margin + offset;
    for (std::size_t i = 0; i < size + 2 * margin; i += noise().size()) {
      std::memcpy(memory_.data() + begin_ - margin + i, noise().data(),
                  std::min(noise().size(), size + 2 * margin - i));
    }
  }

  [[nodiscard]] std::uint8_t* data() { return memory_.data() + begin_; }
  [[nodiscard]] const std::uint8_t* data() const { return memory_.data() + begin_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return {data(), size_}; }
  template <class T>
  [[nodiscard]] std::span<T> as() {
    return {reinterpret_cast<T*>(data()), size_ / sizeof(T)};
  }
  template <class T>
  void assign(std::span<const T> values) {
    if (!values.empty()) std::memcpy(data(), values.data(), values.size_bytes());
  }

  /// Where two differ first, counted from the first byte; only if they do.
  [[nodiscard]] std::ptrdiff_t difference(const framed& other) const {
    const std::uint8_t *a = data() - margin, *b = other.data() - margin;
    std::size_t i = 0;
    while (a[i] == b[i]) ++i;
    return static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(margin);
  }
  friend bool operator==(const framed& a, const framed& b) {
    return a.size_ == b.size_ &&
           std::memcmp(a.data() - margin, b.data() - margin, a.size_ + 2 * margin) == 0;
  }

 private:
  static const std::vector<std::uint8_t>& noise() {
    static const std::vector<std::uint8_t> bytes = [] {
      std::vector<std::uint8_t> list(4096);
      for (std::size_t i = 0; i < list.size(); ++i) {
        list[i] = static_cast<std::uint8_t>(random_word(i));
      }
      return list;
    }();
    return bytes;
  }

  std::size_t size_ = 0, begin_ = 0;
  std::vector<std::uint8_t> memory_;
};

}  // namespace test
