// SPDX-License-Identifier: MIT
// Groups of affine integers in a block_matrix, by kernels of every target: scales and zero points
// by their definition in binary64, and each code the nearest, to even, by exact differences there.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/affine_ranges.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
using lowp::affine_range;
using lowp::affine_scale;
using lowp::block_shape;
using lowp::matrix_view;

namespace {

constexpr int whole = block_shape::whole;
using affine_format = lowp::format_of<formats::affine_groups(8, block_shape{1, 1})>;
using offset_format = lowp::format_of<formats::offset_groups(8, block_shape{1, 1})>;
template <class F>
using matrix = lowp::basic_block_matrix<lowp::variable_format<F>>;

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  test::split_mix random(seed);
  std::vector<float> x(count);
  for (float& f : x) {
    const auto word = random.word();
    f = std::ldexp(static_cast<float>(word >> 40) * 0x1p-24f - 0.4f, static_cast<int>(word % 3));
  }
  return x;
}

double as_double(const lowp::unpacked& x) { return lowp::pack_as<double>(x); }
double nearest32(double x) { return static_cast<double>(static_cast<float>(x)); }

/// The scale and zero point, or offset, of a range, and that each code is the nearest. Sums and
/// products are exact in binary64 for the data of these tests.
template <class F>
void check_codes(oracle::tally& t, const std::string& name, const matrix_view<const float>& x,
                 const matrix<F>& q) {
  constexpr bool has_offset = std::is_same_v<F, offset_format>;
  const double highest = std::ldexp(1.0, q.composition().element.bits()) - 1;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c) {
      const auto group = q.group(r / q.block_rows(), c / q.block_cols());
      const double scale = as_double(group.scale), code = static_cast<double>(q.code(r, c));
      const double value =
          has_offset ? static_cast<double>(x(r, c)) + as_double(group.offset) - code * scale
                     : static_cast<double>(x(r, c)) - (code - as_double(group.zero)) * scale;
      const double below = -2 * value, above = 2 * value;  // in halves of a step
      const bool is_even = std::fmod(code, 2) == 0;
      t.check((code == 0 || below < scale || (below == scale && is_even)) &&
                  (code == highest || above < scale || (above == scale && is_even)),
              [&](auto& text) {
                text << name << ": element " << r << ", " << c << " is " << x(r, c) << ", code "
                     << code << " under " << scale;
              });
    }
  }
}

/// The groups' scales and zero points of ranges with zero, or offsets, from their ends.
template <class F>
void check_groups(oracle::tally& t, const std::string& name, const matrix_view<const float>& x,
                  const matrix<F>& q) {
  const double highest = std::ldexp(1.0, q.composition().element.bits()) - 1;
  for (std::size_t top = 0; top < x.rows; top += q.block_rows()) {
    for (std::size_t left = 0; left < x.cols; left += q.block_cols()) {
      double low = 0, high = 0;
      for (std::size_t r = top; r < std::min(x.rows, top + q.block_rows()); ++r) {
        for (std::size_t c = left; c < std::min(x.cols, left + q.block_cols()); ++c) {
          low = std::min(low, static_cast<double>(x(r, c)));
          high = std::max(high, static_cast<double>(x(r, c)));
        }
      }
      const auto group = q.group(top / q.block_rows(), left / q.block_cols());
      const double scale = nearest32(nearest32(high - low) / highest);
      t.check(as_double(group.scale) == scale, [&](auto& text) {
        text << name << ": scale is " << as_double(group.scale) << ", expected " << scale;
      });
      const double zero = std::min(highest, std::nearbyint(-nearest32(low / scale)));
      const bool is_right = std::is_same_v<F, offset_format> ? as_double(group.offset) == -low
                                                             : as_double(group.zero) == zero;
      t.check(is_right, [&](auto& text) { text << name << ": zero or offset"; });
    }
  }
}

template <class F, class Make>
void check(const Make& make) {
  oracle::tally t;
  struct extents {
    std::size_t rows, cols;
    block_shape shape;
  };
  for (const auto& [rows, cols, shape] :
       {extents{3, 1152, {1, 128}}, extents{2, 1100, {1, 32}}, extents{2, 72, {1, 24}},
        extents{7, 1100, {5, 1}}, extents{3, 300, {1, whole}}, extents{3, 50, {whole, whole}}}) {
    for (const int bits : {8, 4, 3}) {
      const F format = make(bits, shape);
      std::vector<float> x = numbers(rows * cols, static_cast<std::uint64_t>(cols));
      const matrix_view<const float> in(x.data(), rows, cols);
      const std::string name = std::to_string(bits) + " bits in " + std::to_string(shape.rows) +
                               " x " + std::to_string(shape.cols);
      for (const lowp::isa level : test::isas()) {
        const lowp::execution how(lowp::threads{level == lowp::best_isa() ? 2u : 1u}, level);
        const std::string label = name + " on " + std::string(lowp::name(level));
        matrix<F> q({format}, rows, cols);
        quantize(in, q, lowp::nearest_even, how);
        check_groups(t, label, in, q);
        check_codes(t, label, in, q);
        // Halfway between two codes, and next to that, under the same scales.
        std::vector<affine_scale> scales;
        for (std::size_t i = 0; i < q.block_row_count() * q.block_col_count(); ++i) {
          const auto g = q.group(i / q.block_col_count(), i % q.block_col_count());
          const double scale = as_double(g.scale);
          const double zero = as_double(g.zero) + std::nearbyint(as_double(g.offset) / scale);
          scales.push_back({static_cast<float>(scale), static_cast<std::int32_t>(zero)});
        }
        quantize(in, q, lowp::rules::given_affine{scales}, lowp::nearest_even, how);
        std::vector<float> halves(x);
        test::split_mix random(9);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const std::uint64_t word = random.word();
          const auto g = q.group(i / cols / q.block_rows(), i % cols / q.block_cols());
          const double steps = static_cast<double>(word % (std::uint64_t{1} << bits)) - 0.5;
          const double half =
              (steps - as_double(g.zero)) * as_double(g.scale) - as_double(g.offset);
          const auto bits_of_half = std::bit_cast<std::uint32_t>(static_cast<float>(half));
          halves[i] =
              std::bit_cast<float>(bits_of_half + static_cast<std::uint32_t>(word >> 62) - 1);
        }
        const matrix_view<const float> middle(halves.data(), rows, cols);
        quantize(middle, q, lowp::rules::given_affine{scales}, lowp::nearest_even, how);
        check_codes(t, label + ", halves", middle, q);
        // And back, rounded once.
        std::vector<float> back(x.size());
        dequantize(q, matrix_view<float>(back.data(), rows, cols), how);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const auto g = q.group(i / cols / q.block_rows(), i % cols / q.block_cols());
          const double value =
              (static_cast<double>(q.code(i / cols, i % cols)) - as_double(g.zero)) *
                  as_double(g.scale) -
              as_double(g.offset);
          t.check(back[i] == static_cast<float>(value),
                  [&](auto& text) { text << label << ": value " << i << " is " << back[i]; });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Affine integers with integer zero points are the nearest, on every target") {
  check<affine_format>([](int bits, block_shape shape) {
    return formats::affine_groups(bits, shape, formats::binary32);
  });
}
TEST_CASE("Affine integers with float minima are the nearest, on every target") {
  check<offset_format>([](int bits, block_shape shape) {
    return formats::offset_groups(bits, shape, formats::binary32);
  });
}

TEST_CASE("Rules answer ranges, or scales with zero points, of groups") {
  const std::vector<float> x{-1, 0.5f, 2, 14, 3, 4, 5, 6};
  const matrix_view<const float> in(x.data(), 2, 4);
  const affine_format rows = formats::affine_groups(4, block_shape{1, 4}, formats::binary32);
  matrix<affine_format> q({rows}, 2, 4), other({rows}, 2, 4);
  quantize(in, q, lowp::rules::range_of([](const auto& group) { return lowp::min_max(group); }));
  quantize(in, other);
  CHECK(q == other);  // 0 is in the range
  CHECK(as_double(q.group(0, 0).scale) == 1);
  CHECK(as_double(q.group(0, 0).zero) == 1);
  CHECK(as_double(q.group(1, 0).zero) == 0);
  CHECK(q.code(0, 1) == 2);  // 0.5 + 1 is a tie
  quantize(in, other, lowp::rules::observed(lowp::min_max_observer{}));
  CHECK(q == other);
  quantize(in, q, lowp::rules::observed(lowp::percentile_observer(0, 50)));
  CHECK(as_double(q.group(0, 0).scale) == nearest32(2.25 / 15));
  CHECK(q.code(0, 3) == 15);

  const affine_range ranges[] = {{-4, 11}, {0, 30}};
  quantize(in, q, lowp::rules::given_ranges{ranges});
  CHECK(as_double(q.group(0, 0).zero) == 4);
  CHECK(q.code(0, 3) == 15);
  CHECK(as_double(q.group(1, 0).scale) == 2);
  const affine_scale scales[] = {{0.5f, 3}};
  quantize(in, q, lowp::rules::given_affine{scales});
  CHECK(as_double(q.group(1, 0).zero) == 3);
  CHECK(q.code(0, 1) == 4);

  // A minimum does not reach to zero.
  const offset_format minima = formats::offset_groups(4, block_shape{1, 4}, formats::binary32);
  matrix<offset_format> m({minima}, 2, 4);
  quantize(in, m, lowp::rules::range_of([](const auto& group) { return lowp::min_max(group); }));
  CHECK(as_double(m.group(1, 0).offset) == -3);
  CHECK(as_double(m.group(1, 0).scale) == nearest32(3.0 / 15));
  CHECK(m.code(1, 0) == 0);
  CHECK(m.code(1, 3) == 15);
  quantize(in, m, lowp::rules::given_affine{scales});
  CHECK(as_double(m.group(1, 0).offset) == 1.5);

  const auto untouched = q;
  constexpr float infinite = std::numeric_limits<float>::infinity();
  const auto refuses = [&](const auto& rule) {
    CHECK_THROWS_AS(quantize(in, q, rule), std::invalid_argument);
    CHECK(q == untouched);
  };
  const affine_range reversed[] = {{2, 1}}, endless[] = {{0, infinite}}, three[3] = {};
  for (const std::span<const affine_range> bad :
       {std::span<const affine_range>(reversed), std::span<const affine_range>(endless),
        std::span<const affine_range>(three), std::span<const affine_range>()}) {
    refuses(lowp::rules::given_ranges{bad});
  }
  for (const float scale : {0.0f, -1.0f, infinite, std::nanf("")}) {
    const affine_scale bad[] = {{scale, 0}};
    refuses(lowp::rules::given_affine{bad});
  }
  CHECK_THROWS_AS(lowp::percentile_observer(-1, 50), std::invalid_argument);
  CHECK_THROWS_AS(lowp::clipped({-1, 1}, 1.5f, 1), std::invalid_argument);
  CHECK(lowp::clipped({-2, 4}, 0.5f, 0.25f) == affine_range{-1, 1});
  CHECK(lowp::symmetric({-2, 4}) == affine_range{-4, 4});
  // What is no range makes NaN of scales.
  quantize(in, q, lowp::rules::range_of([](const auto&) { return affine_range{2, 1}; }));
  CHECK(q.group(0, 0).scale.is_nan());
}

TEST_CASE("Bit balance has a level more, and data with NaN a scale of NaN") {
  constexpr auto balanced = formats::bit_balanced_groups<2>(block_shape{1, 64}, formats::binary32);
  std::vector<float> x(128);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5) - 2;
  x[100] = std::nanf("");
  const auto q = lowp::quantize<balanced>(matrix_view<const float>(x.data(), 2, 64));
  CHECK(as_double(q.group(0, 0).scale) == 1);
  CHECK(as_double(q.group(0, 0).zero) == 2);
  bool are_right = true;
  for (std::size_t i = 0; i < 64; ++i) are_right &= q.code(0, i) == i % 5;
  CHECK(are_right);
  CHECK(q.group(1, 0).scale.is_nan());
}
