// SPDX-License-Identifier: MIT
// The activation functions against MPFR, their limits, and the same bits from every kernel and in
// any floating-point environment. All binary32 numbers: activation_exhaustive.cpp.
#include "lowp/gemm/activation.hpp"

#include <mpfr.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "gemm/activation_oracle.hpp"
#include "isas.hpp"
#include "oracle.hpp"

using lowp::activation;
using oracle::real;
using test::gemm::smooth_functions;

namespace {

constexpr std::uint32_t infinity = 0x7F800000u, sign_bit = 0x80000000u, quiet_nan = 0x7FC00000u;
constexpr activation functions[] = {activation::none, activation::relu, activation::silu,
                                    activation::gelu, activation::gelu_tanh};

// Through memory: -ffast-math knows of what functions take and give that it is no infinity and no
// NaN.
std::uint32_t hidden(std::uint32_t bits) {
  const volatile std::uint32_t kept = bits;
  return kept;
}
float number_of(std::uint32_t bits) { return std::bit_cast<float>(hidden(bits)); }
std::uint32_t bits_of(float x) { return hidden(std::bit_cast<std::uint32_t>(x)); }

/// The formula in 200 bits.
void evaluate(mpfr_ptr y, activation function, float x) {
  static real t(200), u(200);
  mpfr_set_flt(t, x, MPFR_RNDN);
  if (function == activation::gelu) {  // x erfc(-x / sqrt(2)) / 2
    mpfr_sqrt_ui(u, 2, MPFR_RNDN);
    mpfr_div(u, t, u, MPFR_RNDN);
    mpfr_neg(u, u, MPFR_RNDN);
    mpfr_erfc(y, u, MPFR_RNDN);
    mpfr_mul(y, y, t, MPFR_RNDN);
    mpfr_div_ui(y, y, 2, MPFR_RNDN);
    return;
  }
  if (function == activation::silu) {
    mpfr_neg(u, t, MPFR_RNDN);
    mpfr_exp(u, u, MPFR_RNDN);
    mpfr_add_ui(u, u, 1, MPFR_RNDN);
    mpfr_div(y, t, u, MPFR_RNDN);
    return;
  }
  mpfr_pow_ui(u, t, 3, MPFR_RNDN);
  mpfr_mul_ui(u, u, 44715, MPFR_RNDN);
  mpfr_div_ui(u, u, 1000000, MPFR_RNDN);
  mpfr_add(u, u, t, MPFR_RNDN);
  mpfr_const_pi(y, MPFR_RNDN);
  mpfr_ui_div(y, 2, y, MPFR_RNDN);
  mpfr_sqrt(y, y, MPFR_RNDN);
  mpfr_mul(u, u, y, MPFR_RNDN);
  // 1 + tanh(u) = 2 / (1 + e^-2u): of a negative u no digits are lost
  mpfr_mul_si(u, u, -2, MPFR_RNDN);
  mpfr_exp(u, u, MPFR_RNDN);
  mpfr_add_ui(u, u, 1, MPFR_RNDN);
  mpfr_div(y, t, u, MPFR_RNDN);
}

/// Every binade, both signs; many where the functions bend.
std::vector<std::uint32_t> samples() {
  std::vector<std::uint32_t> list;
  std::uint32_t state = 1;
  for (std::uint32_t field = 0; field < 255; ++field) {
    const int count = field >= 110 && field <= 134 ? 400 : 12;
    for (int i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      const std::uint32_t mantissa = i == 0 ? 0 : i == 1 ? 0x7FFFFFu : state >> 9;
      list.push_back(field << 23 | mantissa);
      list.push_back(sign_bit | list.back());
    }
  }
  // Near the places from which on results are x, subnormal and 0.
  for (const float edge : {16.0f, 128.0f, 5.0f, 10.0f, 10.8f, 13.0f, 14.4f, 88.0f, 92.0f, 108.5f}) {
    for (std::uint32_t i = 0; i < 200; ++i) {
      list.push_back(bits_of(edge) + (i - 100) * 37);
      list.push_back(sign_bit | list.back());
    }
  }
  return list;
}

}  // namespace

TEST_CASE("Activations are as near to their formulas as they say") {
  const lowp::default_float_environment environment;  // for what happens here with subnormals
  const std::vector<std::uint32_t> list = samples();
  for (const test::gemm::smooth_function& f : smooth_functions) {
    oracle::tally t;
    real exact(200);
    for (const std::uint32_t bits : list) {
      const float y = lowp::activate(f.function, number_of(bits));
      evaluate(exact, f.function, number_of(bits));
      const double last_place = test::gemm::last_place_of(mpfr_get_d(exact, MPFR_RNDN));
      mpfr_sub_d(exact, exact, static_cast<double>(y), MPFR_RNDN);
      const double error = std::fabs(mpfr_get_d(exact, MPFR_RNDN)) / last_place;
      t.check(error <= f.worst_error, [&](auto& text) {
        text << f.name << " of " << number_of(bits) << " is " << y << ", off by " << error;
      });
    }
    REQUIRE_NO_MISMATCH(t);
  }
}

TEST_CASE("The ends of activations") {
  for (const test::gemm::smooth_function& function : smooth_functions) {
    INFO(function.name);
    const auto bits = [f = function.function](std::uint32_t x) {
      return bits_of(lowp::activate(f, number_of(x)));
    };
    for (const std::uint32_t zero : {0u, sign_bit}) CHECK(bits(zero) == zero);
    CHECK(bits(infinity) == infinity);
    CHECK(bits(infinity | sign_bit) == sign_bit);
    CHECK(bits(infinity - 1) == infinity - 1);
    CHECK(bits((infinity - 1) | sign_bit) == sign_bit);
    for (const std::uint32_t x : {infinity + 1, ~0u, quiet_nan, quiet_nan | sign_bit})
      CHECK(bits(x) == quiet_nan);
  }
  const auto relu = [](std::uint32_t x) { return bits_of(lowp::relu(number_of(x))); };
  for (const std::uint32_t x : {1u, 0x3F800000u, infinity}) {
    CHECK(relu(x) == x);
    CHECK(relu(x | sign_bit) == 0);
  }
  CHECK(relu(0) == 0);
  CHECK(relu(sign_bit) == 0);
  CHECK(relu(infinity + 1) == quiet_nan);
  CHECK(relu(~0u) == quiet_nan);
  CHECK(bits_of(lowp::activate(activation::none, number_of(sign_bit))) == sign_bit);
  CHECK(bits_of(lowp::activate(activation::none, number_of(~0u))) == quiet_nan);
  CHECK(lowp::silu(1.5f) == lowp::activate(activation::silu, 1.5f));
  CHECK(lowp::gelu(1.5f) == lowp::activate(activation::gelu, 1.5f));
  CHECK(lowp::gelu_tanh(1.5f) == lowp::activate(activation::gelu_tanh, 1.5f));
}

TEST_CASE("Activations have the same bits in all lanes and environments") {
  const lowp::default_float_environment default_environment;  // which kernels expect
  std::vector<std::uint32_t> list = samples();
  for (const std::uint32_t x :
       {0u, 1u, infinity - 1, infinity, infinity + 1, quiet_nan, ~0u >> 1}) {
    list.push_back(x);
    list.push_back(x | sign_bit);
  }
  std::vector<float> in;
  for (const std::uint32_t x : list) in.push_back(number_of(x));
  oracle::tally t;
  for (const activation function : functions) {
    std::vector<std::uint32_t> expected;
    for (const float x : in) expected.push_back(bits_of(lowp::activate(function, x)));
    const auto check = [&](std::size_t i, float y, const char* where) {
      t.check(bits_of(y) == expected[i], [&](auto& text) {
        text << "function " << static_cast<int>(function) << " of " << in[i] << " is " << y
             << " on " << where << ", expected " << number_of(expected[i]);
      });
    };
    for (const lowp::isa level : test::isas()) {
      std::vector<float> out = in;
      lowp::kernels::finish(level, {.activation = function}, out.size(), out.data());
      for (std::size_t i = 0; i < in.size(); ++i) check(i, out[i], lowp::name(level).data());
    }
    for (const std::uint32_t flags : test::unusual_environments) {
      std::vector<float> out;
      {
        const test::float_environment environment(flags);
        for (const float x : in) out.push_back(lowp::activate(function, x));
      }
      for (std::size_t i = 0; i < in.size(); ++i) check(i, out[i], "an unusual environment");
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
