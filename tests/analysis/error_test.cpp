// SPDX-License-Identifier: MIT
// Each figure of an error report is what its formula says: by hand on small cases, and in MPFR on
// random ones.
#include "lowp/analysis/error.hpp"

#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "block/block_oracle.hpp"
#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::error_statistics;
using lowp::matrix_view;
using lowp::measure_error;

namespace {

/// Sums are in binary64: this close is close enough.
bool near(double a, double b) { return std::abs(a - b) <= 1e-11 * std::abs(b); }

/// The figures from their formulas in 300 bits, rounded at the end. Finite values only.
error_statistics in_mpfr(const std::vector<float>& exact, const std::vector<float>& approximate,
                         int mantissa_bits, int smallest_normal) {
  using oracle::real;
  real signal(300), noise(300), other(300), product(300), relative(300), x(300), y(300), e(300),
      z(300);
  for (const mpfr_ptr sum : {mpfr_ptr(signal), mpfr_ptr(noise), mpfr_ptr(other), mpfr_ptr(product),
                             mpfr_ptr(relative)}) {
    mpfr_set_zero(sum, 1);
  }
  error_statistics r;
  std::size_t nonzero = 0, flushed = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double u = ob::value_of(ob::bits_of(exact[i]));
    const double v = ob::value_of(ob::bits_of(approximate[i]));
    ++r.count;
    x.set(u);
    y.set(v);
    mpfr_sub(e, x, y, MPFR_RNDN);
    mpfr_abs(e, e, MPFR_RNDN);
    r.max_error = std::max(r.max_error, mpfr_get_d(e, MPFR_RNDN));
    mpfr_fma(signal, x, x, signal, MPFR_RNDN);
    mpfr_fma(other, y, y, other, MPFR_RNDN);
    mpfr_fma(product, x, y, product, MPFR_RNDN);
    mpfr_fma(noise, e, e, noise, MPFR_RNDN);
    const int binade = u == 0 ? smallest_normal : std::max(std::ilogb(u), smallest_normal);
    mpfr_mul_2si(z, e, mantissa_bits - binade, MPFR_RNDN);
    r.max_ulp_error = std::max(r.max_ulp_error, mpfr_get_d(z, MPFR_RNDN));
    if (u != 0) {
      ++nonzero;
      flushed += v == 0;
      mpfr_div(z, e, x, MPFR_RNDN);
      mpfr_abs(z, z, MPFR_RNDN);
      mpfr_add(relative, relative, z, MPFR_RNDN);
      r.max_relative_error = std::max(r.max_relative_error, mpfr_get_d(z, MPFR_RNDN));
    }
  }
  mpfr_div(z, signal, noise, MPFR_RNDN);
  mpfr_log10(z, z, MPFR_RNDN);
  r.sqnr_db = 10 * mpfr_get_d(z, MPFR_RNDN);
  mpfr_mul(z, signal, other, MPFR_RNDN);
  mpfr_sqrt(z, z, MPFR_RNDN);
  mpfr_div(z, product, z, MPFR_RNDN);
  r.cosine = mpfr_get_d(z, MPFR_RNDN);
  r.mean_relative_error = mpfr_get_d(relative, MPFR_RNDN) / static_cast<double>(nonzero);
  r.flushed_fraction = static_cast<double>(flushed) / static_cast<double>(r.count);
  return r;
}

void compare(const error_statistics& a, const error_statistics& e) {
  CHECK(a.count == e.count);
  CHECK(near(a.sqnr_db, e.sqnr_db));
  CHECK(near(a.max_error, e.max_error));
  CHECK(near(a.max_relative_error, e.max_relative_error));
  CHECK(near(a.mean_relative_error, e.mean_relative_error));
  CHECK(near(a.max_ulp_error, e.max_ulp_error));
  CHECK(near(a.cosine, e.cosine));
  CHECK(near(a.flushed_fraction, e.flushed_fraction));
}

}  // namespace

TEST_CASE("A case by hand: 3, -4 against 3, -5") {
  const std::vector<float> x{3, -4}, y{3, -5};
  const error_statistics r = measure_error(x, y);
  CHECK(r.count == 2);
  CHECK(near(r.sqnr_db, 10 * std::log10(25.0)));
  CHECK(r.max_error == 1);
  CHECK(r.max_relative_error == 0.25);
  CHECK(r.mean_relative_error == 0.125);
  CHECK(r.max_ulp_error == 0x1p21);  // 1 in units of 2^(2 - 23)
  CHECK(near(r.cosine, 29 / (5 * std::sqrt(34.0))));
  CHECK(r.flushed_fraction == 0);
  CHECK(r.clipped_fraction == 0);
}

TEST_CASE("Units in the last place are those of the given format at the exact value") {
  const std::vector<float> x{1.0f, 6.0f, 0.25f, 0.0f}, y{1.5f, 4.0f, 0.0f, 0.5f};
  // E2M1: steps of 1/2 up to 2, of 2 from 4 on; subnormals and zero have the lowest binade's.
  CHECK(measure_error(std::span(x).first(1), std::span(y).first(1), formats::e2m1).max_ulp_error ==
        1);
  CHECK(measure_error(std::span(x).subspan(1, 1), std::span(y).subspan(1, 1), formats::e2m1)
            .max_ulp_error == 1);
  CHECK(measure_error(std::span(x).subspan(2, 1), std::span(y).subspan(2, 1), formats::e2m1)
            .max_ulp_error == 0.5);
  CHECK(measure_error(std::span(x).subspan(3, 1), std::span(y).subspan(3, 1), formats::e2m1)
            .max_ulp_error == 1);
}

TEST_CASE("Flushed and clipped elements are counted among the finite ones") {
  const std::vector<float> x{0.0f, 1.0f, -8.0f, 0.1f, 6.0f, 9.0f, -6.5f, 1.0f};
  const std::vector<float> y{0.0f, 1.0f, -6.0f, 0.0f, 6.0f, 6.0f, -6.0f, 0.0f};
  const error_statistics r = measure_error(x, y, formats::binary32, 6.0f);
  CHECK(r.count == 8);
  CHECK(r.flushed_fraction == 0.25);
  CHECK(r.clipped_fraction == 0.375);
  CHECK(measure_error(x, y).clipped_fraction == 0);  // not known
}

TEST_CASE("Pairs whose exact value is NaN or infinite are left out") {
  const std::vector<float> x{3, ob::float_of(0x7FC00000u), -4, ob::float_of(ob::infinite32),
                             ob::float_of(ob::infinite32 | 0x80000000u)};
  const std::vector<float> y{3, 100, -5, 100, 0};
  const error_statistics r = measure_error(x, y, formats::binary32, 50.0f);
  CHECK(r.count == 2);
  CHECK(r.max_error == 1);
  CHECK(r.mean_relative_error == 0.125);
  CHECK(r.clipped_fraction == 0);
  CHECK(r.flushed_fraction == 0);
  const std::vector<float> none{ob::float_of(0x7FC00000u)};
  CHECK(measure_error(none, none).count == 0);
  CHECK(measure_error(none, none).sqnr_db == 0);
}

TEST_CASE("Pairs whose approximation is NaN or infinite are counted apart") {
  const std::vector<float> x{3, 1, -4, 1, 1, 0};
  const std::vector<float> y{3,
                             ob::float_of(0x7FC00000u),
                             -5,
                             ob::float_of(ob::infinite32),
                             ob::float_of(ob::infinite32 | 0x80000000u),
                             0};
  const error_statistics r = measure_error(x, y);
  CHECK(r.count == 6);
  CHECK(r.special_fraction == 0.5);
  CHECK(r.max_error == 1);
  CHECK(r.mean_relative_error == 0.125);
  CHECK(near(r.sqnr_db, 10 * std::log10(25.0)));
  // A block with an infinity reads as NaN throughout: 31 finite elements are lost with it.
  std::vector<float> block(64, 1.0f);
  block[5] = ob::float_of(ob::infinite32);
  const matrix_view<const float> in(block.data(), 1, 64);
  const error_statistics lost = measure_error(in, lowp::quantize<formats::mxfp4>(in));
  CHECK(lost.count == 63);
  CHECK(near(lost.special_fraction, 31.0 / 63));
  CHECK(lost.max_error == 0);
}

TEST_CASE("No error, no signal, no elements") {
  const std::vector<float> x{1, 2, -3}, zeros{0, 0, 0}, nothing;
  const error_statistics same = measure_error(x, x);
  CHECK(std::bit_cast<std::uint64_t>(same.sqnr_db) == 0x7FF0000000000000u);  // +infinity
  CHECK(same.max_error == 0);
  CHECK(near(same.cosine, 1));
  const error_statistics of_zeros = measure_error(zeros, zeros);
  CHECK(of_zeros.cosine == 1);
  CHECK(of_zeros.mean_relative_error == 0);
  CHECK(measure_error(x, zeros).cosine == 0);
  CHECK(measure_error(x, zeros).flushed_fraction == 1);
  CHECK(measure_error(x, zeros).sqnr_db == 0);
  CHECK(measure_error(zeros, x).cosine == 0);
  CHECK(measure_error(zeros, x).max_relative_error == 0);
  const error_statistics empty = measure_error(nothing, nothing);
  CHECK(empty.count == 0);
  CHECK(empty.cosine == 1);
}

TEST_CASE("Random arrays against the formulas in MPFR, subnormal values included") {
  ob::source random(1);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<float> x, y;
    for (int i = 0; i < 200; ++i) {
      x.push_back(repeat % 2 == 0 ? random.in_binades(118, 130) : random.in_binades(0, 130));
      const auto rounded =
          lowp::convert<formats::e4m3fn>(x.back(), lowp::nearest_even, lowp::overflow::saturate);
      y.push_back(static_cast<float>(rounded));
    }
    compare(measure_error(x, y), in_mpfr(x, y, 23, -126));
    compare(measure_error(x, y, formats::e4m3fn), in_mpfr(x, y, 3, -6));
    if (repeat % 2 == 0) CHECK(measure_error(x, y, formats::e4m3fn).max_ulp_error <= 0.5);
  }
}

TEST_CASE("A caller that flushes subnormals does not lose them here") {
  const std::vector<float> x{ob::float_of(8), ob::float_of(0x80000004u)};
  const std::vector<float> y{ob::float_of(6), ob::float_of(0)};
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    const error_statistics r = measure_error(x, y);
    CHECK(r.count == 2);
    CHECK(r.max_error == 0x1p-147);
    CHECK(r.max_relative_error == 1);
    CHECK(r.flushed_fraction == 0.5);
    CHECK(r.max_ulp_error == 4);
  }
}

TEST_CASE("A quantized matrix is measured like its values, and clips beyond its blocks' largest") {
  ob::source random(2);
  const auto check = [&]<auto B>(const auto& rule) {
    constexpr std::size_t rows = 5, cols = 70;
    std::vector<float> x;
    for (std::size_t i = 0; i < rows * cols; ++i) x.push_back(random.in_binades(118, 130));
    x[3] = ob::float_of(0);
    const matrix_view<const float> in(x.data(), rows, cols);
    const auto q = lowp::quantize<B>(in, rule);
    std::vector<float> y(x.size());
    dequantize(q, matrix_view<float>(y.data(), rows, cols));
    const error_statistics r = measure_error(in, q), e = measure_error(x, y);
    compare(r, e);
    // Clipped: x / scale beyond the largest element and half of the step to it, in exact
    // arithmetic.
    const ob::quantizer model(lowp::block_matrix<B>::format);
    std::size_t clipped = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      oracle::real limit;
      const bool negative = ob::value_of(ob::bits_of(x[i])) < 0;
      const auto& points = model.element().points;
      const double half_step = (points.back().value - points[points.size() - 2].value) / 2;
      mpfr_set_d(limit,
                 negative ? points.front().value - half_step : points.back().value + half_step,
                 MPFR_RNDN);
      mpfr_mul_d(limit, limit, model.scale_value(q.scale_of(i / cols, i % cols).code()), MPFR_RNDN);
      mpfr_mul_d(limit, limit, ob::value_of(ob::bits_of(q.tensor_scale())), MPFR_RNDN);
      const int order = mpfr_cmp_d(limit, ob::value_of(ob::bits_of(x[i])));
      clipped += static_cast<std::size_t>(negative ? order > 0 : order < 0);
    }
    CHECK(near(r.clipped_fraction, static_cast<double>(clipped) / static_cast<double>(x.size())));
    return r.clipped_fraction;
  };
  CHECK(check.operator()<formats::mxfp4>(lowp::rules::standard) > 0);
  CHECK(check.operator()<formats::mxint8>(lowp::rules::standard) >= 0);
  CHECK(check.operator()<formats::mxfp8_e4m3>(lowp::rules::standard) > 0);
  CHECK(check.operator()<formats::mxfp4>(lowp::rules::ceil) == 0);
  CHECK(check.operator()<formats::nvfp4>(lowp::rules::standard) >= 0);
  CHECK(check.operator()<formats::scaled_rows(formats::int_n<8>)>(lowp::rules::standard) >= 0);
}

TEST_CASE("A value that only the rounding of its scale puts beyond the range is not clipped") {
  for (int i = 1; i < 400; ++i) {
    const std::vector<float> x(16, static_cast<float>(i) / 128);
    const matrix_view<const float> in(x.data(), 1, x.size());
    const auto r = measure_error(in, lowp::quantize<formats::scaled_rows(formats::int_n<8>)>(in));
    CHECK(r.clipped_fraction == 0);
  }
}

TEST_CASE("A matrix of NaN is not an exact copy") {
  const std::vector<float> x{1, 2, 3, ob::float_of(0x7FC00000u)};
  const matrix_view<const float> in(x.data(), 1, x.size());
  const auto r = measure_error(in, lowp::quantize<formats::mxfp4>(in));
  CHECK(r.count == 3);
  CHECK(r.special_fraction == 1);
  CHECK(oracle::is_nan(r.sqnr_db));
}

TEST_CASE("Arrays and matrices of different sizes are refused") {
  using Catch::Matchers::ContainsSubstring;
  const std::vector<float> x{1, 2, 3}, y{1, 2};
  CHECK_THROWS_AS(measure_error(x, y), std::invalid_argument);
  CHECK_THROWS_WITH(measure_error(x, y),
                    ContainsSubstring("size 2") && ContainsSubstring("expected 3"));
  const lowp::mxfp4 q(1, 3);
  CHECK_NOTHROW(measure_error(matrix_view<const float>(x.data(), 1, 3), q));
  CHECK_THROWS_AS(measure_error(matrix_view<const float>(x.data(), 3, 1), q),
                  std::invalid_argument);
  CHECK_THROWS_AS(measure_error(matrix_view<const float>(x.data(), 1, 2), q),
                  std::invalid_argument);
}
