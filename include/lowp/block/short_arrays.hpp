// SPDX-License-Identifier: MIT
// Arithmetic on short arrays of floats, for rules whose order of binary32 operations is part of
// them: each operation rounds once, whatever the options of the compiler, and compilers vectorize
// it. Sums go from the first element to the last. Callers see to the environment
// (default_float_environment).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/core/config.hpp"

namespace lowp::detail {

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__aarch64__))
#define LOWP_HAS_FOUR_FLOATS 1
using four_floats [[gnu::vector_size(16)]] = float;

/// Four floats of which the compiler knows nothing: see opaque.
LOWP_ALWAYS_INLINE inline four_floats opaque_four(four_floats v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#else
  asm("" : "+x"(v));
#endif
  return v;
}
LOWP_ALWAYS_INLINE inline four_floats four_of(const float* x, std::size_t i) {
  four_floats v;
  std::memcpy(&v, x + i, sizeof v);
  return v;
}
LOWP_ALWAYS_INLINE inline four_floats four_of(float x, std::size_t) {
  return four_floats{x, x, x, x};
}
#else
#define LOWP_HAS_FOUR_FLOATS 0
[[nodiscard]] inline float one_of(const float* x, std::size_t i) { return x[i]; }
[[nodiscard]] inline float one_of(float x, std::size_t) { return x; }
#endif

/// out[i] = op(a[i], b[i]); either may be one float for all. Count is a multiple of 4; out may be a
/// or b.
template <std::size_t Count, class A, class B, class Op>
LOWP_ALWAYS_INLINE inline void combine_arrays(A a, B b, float* out, const Op& op) {
  static_assert(Count % 4 == 0);
#if LOWP_HAS_FOUR_FLOATS
  for (std::size_t i = 0; i < Count; i += 4) {
    const four_floats v = opaque_four(op(opaque_four(four_of(a, i)), opaque_four(four_of(b, i))));
    std::memcpy(out + i, &v, sizeof v);
  }
#else
  for (std::size_t i = 0; i < Count; ++i) {
    out[i] = opaque(op(opaque(one_of(a, i)), opaque(one_of(b, i))));
  }
#endif
}
template <std::size_t Count, class A, class B>
LOWP_ALWAYS_INLINE inline void multiply_arrays(A a, B b, float* out) {
  combine_arrays<Count>(a, b, out, [](const auto& x, const auto& y) { return x * y; });
}
template <std::size_t Count, class A, class B>
LOWP_ALWAYS_INLINE inline void add_arrays(A a, B b, float* out) {
  combine_arrays<Count>(a, b, out, [](const auto& x, const auto& y) { return x + y; });
}
template <std::size_t Count, class A, class B>
LOWP_ALWAYS_INLINE inline void subtract_arrays(A a, B b, float* out) {
  combine_arrays<Count>(a, b, out, [](const auto& x, const auto& y) { return x - y; });
}

// One operation on single floats.
[[nodiscard]] inline float product_of_floats(float a, float b) {
  return opaque(opaque(a) * opaque(b));
}
[[nodiscard]] inline float quotient_of_floats(float a, float b) {
  return opaque(opaque(a) / opaque(b));
}
[[nodiscard]] inline float sum_of_floats(float a, float b) { return opaque(opaque(a) + opaque(b)); }
[[nodiscard]] inline float difference_of_floats(float a, float b) {
  return opaque(opaque(a) - opaque(b));
}
/// 1 / x, but 0 where x is 0.
[[nodiscard]] inline float reciprocal_or_zero(float x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) == 0 ? 0 : quotient_of_floats(1, x);
}

/// x[i] cut off to an integer; `otherwise` where it is not below 2^31 in magnitude.
template <std::size_t Count>
LOWP_ALWAYS_INLINE inline void truncate_array(const float* x, std::int32_t otherwise,
                                              std::int32_t* out) {
  for (std::size_t i = 0; i < Count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(x[i]);
    const bool is_possible = (bits & 0x7FFFFFFFu) < 0x4F000000u;
    const auto integer = static_cast<std::int32_t>(from_bits<float>(is_possible ? bits : 0u));
    out[i] = is_possible ? integer : otherwise;
  }
}

/// The integer nearest to x[i], of two the one away from zero; `otherwise` as above. Adding the
/// number below 1/2 to a magnitude and cutting off does that.
template <std::size_t Count>
LOWP_ALWAYS_INLINE inline void round_away_array(const float* x, std::int32_t otherwise,
                                                std::int32_t* out) {
  float halves[Count];
  for (std::size_t i = 0; i < Count; ++i) {
    const auto sign = std::bit_cast<std::uint32_t>(x[i]) & 0x80000000u;
    halves[i] = from_bits<float>(sign | 0x3EFFFFFFu);
  }
  add_arrays<Count>(x, halves, halves);
  truncate_array<Count>(halves, otherwise, out);
}

/// The integer nearest to x[i], of two the even one, of numbers below 2^22 in magnitude, as ggml
/// finds it: by the last bits of x + 3 * 2^22. What it makes of others is part of its rules.
template <std::size_t Count>
LOWP_ALWAYS_INLINE inline void round_even_array(const float* x, std::int32_t* out) {
  float sums[Count];
  add_arrays<Count>(x, 12582912.0f, sums);
  for (std::size_t i = 0; i < Count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(sums[i]);
    out[i] = static_cast<std::int32_t>(bits & 0x7FFFFFu) - 0x400000;
  }
}

/// The element of the largest magnitude, of several the first.
struct extreme_value {
  float value = 0;
  std::uint32_t magnitude = 0;  ///< its bits

  /// Whether any element is infinite or NaN.
  [[nodiscard]] bool is_special() const { return magnitude >= 0x7F800000u; }
  [[nodiscard]] float amax() const { return from_bits<float>(magnitude); }
};
template <std::size_t Count>
[[nodiscard]] inline extreme_value extreme_of(const float* x) {
  std::int32_t bits[Count], amax = 0;
  std::memcpy(bits, x, sizeof bits);
  for (std::size_t i = 0; i < Count; ++i) {
    const std::int32_t magnitude = bits[i] & 0x7FFFFFFF;
    amax = magnitude > amax ? magnitude : amax;
  }
  std::int32_t positive = 0, negative = 0;
  for (std::size_t i = 0; i < Count; ++i) {
    positive |= bits[i] == amax ? 1 : 0;
    negative |= (bits[i] & 0x7FFFFFFF) == amax && bits[i] < 0 ? 1 : 0;
  }
  auto sign = negative != 0 ? 0x80000000u : 0u;
  if (positive != 0 && negative != 0) {
    std::size_t i = 0;
    while ((bits[i] & 0x7FFFFFFF) != amax) ++i;
    sign = static_cast<std::uint32_t>(bits[i]) & 0x80000000u;
  }
  const auto magnitude = static_cast<std::uint32_t>(amax);
  return {from_bits<float>(magnitude == 0 ? 0u : magnitude | sign), magnitude};
}

/// The lowest and the highest element of finite ones; of zeros of both signs the first.
struct end_values {
  float lowest = 0, highest = 0;
};
template <std::size_t Count>
[[nodiscard]] inline end_values ends_of(const float* x) {
  std::int32_t keys[Count];  // in the order of the numbers
  std::memcpy(keys, x, sizeof keys);
  std::int32_t low = 0x7FFFFFFF, high = -0x7FFFFFFF - 1;
  for (std::size_t i = 0; i < Count; ++i) {
    const std::int32_t key = keys[i] ^ ((keys[i] >> 31) & 0x7FFFFFFF);
    low = key < low ? key : low;
    high = key > high ? key : high;
  }
  const auto value = [x](std::int32_t key) {
    if (key != 0 && key != -1) {
      return from_bits<float>(static_cast<std::uint32_t>(key ^ ((key >> 31) & 0x7FFFFFFF)));
    }
    std::size_t i = 0;
    while ((std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFu) != 0) ++i;
    return x[i];
  };
  return {value(low), value(high)};
}

}  // namespace lowp::detail
