// SPDX-License-Identifier: MIT
// Noise by seed: element i of stream `seed` is a function of (seed, i) alone, made of Philox4x32-10
// (core/random.hpp) and of operations that are stated, so that it has the same bits on every
// machine, in pieces and as a whole.
//
//   uniform_noise   [0, 1): 24 random bits * 2^-24; in binary64 52 bits * 2^-52
//   normal_noise    the normal distribution, by the inverse of its distribution function
//   rounded_normal  round(N / 2), N of the normal distribution: -3 … 3 (Gaussian Weight Sampling,
//                   arXiv 2505.11170)
//   random_sign     1 or -1, each one time in two (Rademacher)
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/random.hpp"
#include "lowp/core/stated_logarithm.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {
namespace detail {

/// 52 random bits, of two words of the block of index / 2.
[[nodiscard]] constexpr std::uint64_t random_bits_52(std::uint64_t seed, std::uint64_t index) {
  const auto words = random_words(seed, index / 2);
  const std::size_t at = index % 2 * 2;
  return (std::uint64_t{words[at]} << 32 | words[at + 1]) >> 12;
}

/// c[0] + c[1] x + ... + c[7] x^7, by Horner.
[[nodiscard]] inline double polynomial(const std::array<double, 8>& c, double x) {
  double sum = c[7];
  for (std::size_t i = 7; i-- > 0;) sum = opaque(opaque(sum * x) + c[i]);
  return sum;
}

}  // namespace detail

/// The number below which the normal distribution has the share 1/2 + q, for |q| < 1/2 and no
/// nearer to it than 2^-53: algorithm AS 241, PPND16 (Wichura, "The percentage points of the normal
/// distribution", Applied Statistics 37, 1988), within 2^-49 of the value in relative terms.
[[nodiscard]] inline double normal_quantile_about_half(double q) {
  using coefficients = std::array<double, 8>;
  constexpr coefficients a{3.3871328727963666080e0,  1.3314166789178437745e+2,
                           1.9715909503065514427e+3, 1.3731693765509461125e+4,
                           4.5921953931549871457e+4, 6.7265770927008700853e+4,
                           3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr coefficients b{1,
                           4.2313330701600911252e+1,
                           6.8718700749205790830e+2,
                           5.3941960214247511077e+3,
                           2.1213794301586595867e+4,
                           3.9307895800092710610e+4,
                           2.8729085735721942674e+4,
                           5.2264952788528545610e+3};
  constexpr coefficients c{1.42343711074968357734e0,  4.63033784615654529590e0,
                           5.76949722146069140550e0,  3.64784832476320460504e0,
                           1.27045825245236838258e0,  2.41780725177450611770e-1,
                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr coefficients d{1,
                           2.05319162663775882187e0,
                           1.67638483018380384940e0,
                           6.89767334985100004550e-1,
                           1.48103976427480074590e-1,
                           1.51986665636164571966e-2,
                           5.47593808499534494600e-4,
                           1.05075007164441684324e-9};
  constexpr coefficients e{6.65790464350110377720e0,  5.46378491116411436990e0,
                           1.78482653991729133580e0,  2.96560571828504891230e-1,
                           2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr coefficients f{1,
                           5.99832206555887937690e-1,
                           1.36929880922735805310e-1,
                           1.48753612908506148525e-2,
                           7.86869131145613259100e-4,
                           1.84631831751005468180e-5,
                           1.42151175831644588870e-7,
                           2.04426310338993978564e-15};
  const double size = q < 0 ? -q : q;
  if (size <= 0.425) {
    const double r = opaque(0.180625 - opaque(q * q));
    return opaque(opaque(q * detail::polynomial(a, r)) / detail::polynomial(b, r));
  }
  const double tail = opaque(0.5 - size);  // exact
  const double r = opaque(detail::square_root_of(opaque(-stated_log(tail))));
  const bool is_near = r <= 5;
  const double at = opaque(r - (is_near ? 1.6 : 5.0));
  const double value =
      opaque(detail::polynomial(is_near ? c : e, at) / detail::polynomial(is_near ? d : f, at));
  return q < 0 ? -value : value;
}

/// A number of [0, 1), a multiple of 2^-24 for float, of 2^-52 for double.
template <class T>
requires(std::is_same_v<T, float> || std::is_same_v<T, double>) [[nodiscard]] constexpr T
    uniform_noise(std::uint64_t seed, std::uint64_t index) {
  if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(random_bits(seed, index, 24)) * 0x1p-24f;
  } else {
    return static_cast<double>(detail::random_bits_52(seed, index)) * 0x1p-52;
  }
}

/// A number of the normal distribution, between -8.21 and 8.21: the quantile at (k + 1/2) * 2^-52
/// of 52 random bits k; as a float, that rounded once more. In the default floating-point
/// environment.
template <class T>
requires(std::is_same_v<T, float> || std::is_same_v<T, double>) [[nodiscard]] inline T
    normal_noise(std::uint64_t seed, std::uint64_t index) {
  const auto k = static_cast<std::int64_t>(detail::random_bits_52(seed, index));
  const double q = static_cast<double>(2 * k + 1 - (std::int64_t{1} << 52)) * 0x1p-53;
  return static_cast<T>(normal_quantile_about_half(q));
}

/// 1 or -1, by one random bit.
[[nodiscard]] constexpr int random_sign(std::uint64_t seed, std::uint64_t index) {
  return random_bits(seed, index, 1) == 0 ? 1 : -1;
}

/// round(N / 2): the sign is one random bit, the magnitude compares 31 others with 2^31 times the
/// probabilities that |N| is above 1, 3 and 5, to the nearest integer. That of 7 and more is below
/// 2^-38.
[[nodiscard]] constexpr int rounded_normal(std::uint64_t seed, std::uint64_t index) {
  const std::uint32_t bits = random_bits(seed, index, 32), draw = bits & 0x7FFFFFFFu;
  const int magnitude =
      (draw < 681419127u ? 1 : 0) + (draw < 5797768u ? 1 : 0) + (draw < 1231u ? 1 : 0);
  return bits >> 31 == 0 ? magnitude : -magnitude;
}

inline namespace LOWP_BASELINE {

/// out[i] = f(seed, first + i) for one of the functions above or one of yours, on the threads of
/// `how`; throws what that throws:
///   fill_noise(out, 7, normal_noise<float>);
template <class T, class Noise>
requires std::is_invocable_r_v<T, const Noise&, std::uint64_t, std::uint64_t>
void fill_noise(std::span<T> out, std::uint64_t seed, const Noise& noise, std::uint64_t first = 0,
                const execution& how = {}) {
  constexpr std::size_t piece = std::size_t{1} << 12;
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t begin = i * piece;
    const std::size_t end = out.size() - begin < piece ? out.size() : begin + piece;
    for (std::size_t at = begin; at < end; ++at) out[at] = static_cast<T>(noise(seed, first + at));
  };
  if (!out.empty()) run_and_rethrow(how, (out.size() - 1) / piece + 1, task(part));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
