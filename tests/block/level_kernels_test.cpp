// SPDX-License-Identifier: MIT
// Compositions of levels by kernels give the bits of the definition, which levels_test.cpp holds
// against the published examples: on every target, on data at the edges, and for groups of any
// shape.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "formats/own_families.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/level_ends.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::no_level;

namespace {

constexpr int whole = block_shape::whole;
constexpr auto rows_of_8 = formats::affine_groups(8, block_shape{1, 128});
constexpr auto cols_of_4 = formats::affine_groups(4, block_shape{3, 1});
constexpr auto minima_of_3 = formats::offset_groups(3, block_shape{2, 24}, formats::bfloat16);
constexpr auto twice_nf4 = formats::double_quantized(own::nf4);
constexpr auto twice_e2m1 = formats::double_quantized(formats::e2m1);
constexpr block_format one_scale{formats::e4m3fn, formats::e8m0, block_shape{1, 32}};
constexpr block_format wide{formats::binary16,
                            block_format{formats::int_n<12>, formats::binary32, block_shape{2, 3}},
                            block_shape{1, 16}};
constexpr block_format all_of_it{formats::int_n<6>, formats::binary32, block_shape{whole, whole},
                                 formats::int_n<9>};
// What lanes cannot round once: both a zero point and an offset, and levels of binary32 in a row.
constexpr block_format both{formats::uint_n<4>, formats::binary16, block_shape{1, 5}, formats::e3m2,
                            formats::binary16};
constexpr block_format deep{
    formats::e5m2,
    block_format{formats::ue4m3,
                 block_format{formats::binary32, formats::binary32, block_shape{whole, whole}},
                 block_shape{1, 4}},
    block_shape{1, 16}};

enum class kind { plain, edges, specials, thresholds, tiny, huge, zeros };
constexpr kind kinds[] = {kind::plain, kind::edges, kind::specials, kind::thresholds,
                          kind::tiny,  kind::huge,  kind::zeros};

std::vector<float> draw(ob::source& random, kind of, std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    float x = random.in_binades(118, 130);
    if (of == kind::edges && random.below(3) == 0) x = random.edge();
    if (of == kind::specials && random.below(200) == 0) {
      const std::uint32_t which = random.below(4);
      x = which == 0   ? std::numeric_limits<float>::quiet_NaN()
          : which == 1 ? ob::float_of(0xFFC12345u)
                       : ob::float_of(ob::infinite32 | random.below(2) << 31);
    }
    if (of == kind::tiny) x = random.in_binades(0, 40);
    if (of == kind::huge) x = random.in_binades(230, 254);
    if (of == kind::zeros) x = random.below(50) == 0 ? x : ob::float_of(random.below(2) << 31);
    values.push_back(x);
  }
  return values;
}

/// In each group all but its ends become values of codes, midpoints of two, and their neighbours.
template <class Matrix>
void move_to_thresholds(ob::source& random, const Matrix& q, std::vector<float>& x) {
  const auto& element = Matrix::format.element;
  const std::size_t cols = q.cols();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (random.below(8) == 0) continue;
    const auto group = q.group(i / cols / q.block_rows(), i % cols / q.block_cols());
    const code_t code = random.word() & lowp::low_mask(element.bits());
    const code_t next = (code + 1) & lowp::low_mask(element.bits());
    const lowp::unpacked a = group.value(decode(element, code)),
                         b = group.value(decode(element, next));
    if (!a.is_finite() || !b.is_finite()) continue;
    const lowp::unpacked half = lowp::unpacked::scaled_integer(false, 1, -1);
    const lowp::unpacked middle = lowp::exact::multiply(lowp::exact::add(a, b), half);
    const float value = lowp::pack_as<float>(random.below(3) == 0 ? a : middle);
    const std::uint32_t bits = ob::bits_of(value) + random.below(3) - 1;
    x[i] = ob::is_special32(bits) || (bits & 0x7FFFFFFFu) == 0 ? value : ob::float_of(bits);
  }
}

template <auto F, template <class> class Layout, class Mode>
void check_quantize(oracle::tally& t, const std::string& name, const std::vector<float>& x,
                    std::size_t rows, std::size_t cols, const Mode& mode) {
  const matrix_view<const float> in(x.data(), rows, cols);
  block_matrix<F, Layout> expected(rows, cols);
  lowp::reference::quantize_levels(in, expected, mode);
  for (const lowp::isa level : test::isas()) {
    block_matrix<F, Layout> actual(rows, cols);
    const lowp::execution how(lowp::threads{2}, level);
    if constexpr (lowp::scaled_block_format<F>) {
      lowp::bulk::quantize_levels(in, actual, mode, how);  // else by a rule
    } else {
      quantize(in, actual, mode, how);
    }
    t.check(actual == expected, [&](auto& text) {
      std::size_t at = 0;
      while (actual.bytes()[at] == expected.bytes()[at]) ++at;
      text << name << " on " << lowp::name(level) << ": byte " << at << " of " << rows << " x "
           << cols << " is " << int{actual.bytes()[at]} << ", expected "
           << int{expected.bytes()[at]};
    });
  }
}

template <auto F, template <class> class Layout, class T>
void check_dequantize(oracle::tally& t, const std::string& name, const block_matrix<F, Layout>& q) {
  const std::size_t rows = q.rows(), cols = q.cols();
  std::vector<T> expected(rows * cols), actual(rows * cols);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    lowp::reference::store_value(q.value(i / cols, i % cols), expected[i]);
  }
  for (const lowp::isa level : test::isas()) {
    dequantize(q, matrix_view<T>(actual.data(), rows, cols),
               lowp::execution(lowp::threads{2}, level));
    std::size_t at = 0;
    const auto bits = [](const T& x) {
      if constexpr (std::is_same_v<T, float>) {
        return code_t{ob::bits_of(x)};
      } else {
        return x.code();
      }
    };
    while (at < actual.size() && bits(actual[at]) == bits(expected[at])) ++at;
    t.check(at == actual.size(), [&](auto& text) {
      text << name << " on " << lowp::name(level) << ": value " << at / cols << ", " << at % cols
           << " is " << bits(actual[at]) << ", expected " << bits(expected[at]);
    });
  }
}

template <auto F, template <class> class Layout = lowp::planes, class... Modes>
void check(const char* name, std::size_t rows, std::size_t cols, const Modes&... modes) {
  oracle::tally t;
  ob::source random(rows * 1000 + cols);
  for (const kind of : kinds) {
    std::vector<float> x = draw(random, of, rows * cols);
    const std::string label = std::string(name) + ", data " + std::to_string(static_cast<int>(of));
    if (of == kind::thresholds) {
      const auto q = lowp::quantize<F>(matrix_view<const float>(x.data(), rows, cols));
      move_to_thresholds(random, q, x);
    }
    check_quantize<F, Layout>(t, label, x, rows, cols, lowp::nearest_even);
    (check_quantize<F, Layout>(t, label + ", another mode", x, rows, cols, modes), ...);
  }
  // Any codes of any leaf: scales that are NaN, zero, subnormal.
  block_matrix<F, Layout> any(rows, cols);
  for_each_leaf(block_matrix<F, Layout>::format, rows, cols,
                [&](int leaf, const auto& f, std::size_t height, std::size_t width) {
                  for (std::size_t i = 0; i < height * width; ++i) {
                    const code_t code = random.word() & lowp::low_mask(f.bits());
                    any.set_code(leaf, i / width, i % width, code);
                  }
                });
  check_dequantize<F, Layout, float>(t, name, any);
  check_dequantize<F, Layout, lowp::bfloat16>(t, name, any);
  const std::vector<float> x = draw(random, kind::zeros, rows * cols);
  quantize(matrix_view<const float>(x.data(), rows, cols), any);
  check_dequantize<F, Layout, float>(t, name, any);
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Compositions of one scale, with zero points and with offsets") {
  check<one_scale>("one scale", 2, 1100, lowp::stochastic{.seed = 5, .random_bits = 8});
  check<one_scale, lowp::swizzled_scales>("swizzled", 3, 1100);
  check<rows_of_8>("affine rows", 2, 1500, lowp::stochastic{.seed = 6, .random_bits = 4},
                   lowp::downward);
  check<cols_of_4>("affine columns", 7, 1100);
  check<minima_of_3>("minima", 5, 1100);
  check<all_of_it>("one group", 3, 1100);
}

TEST_CASE("Compositions of two levels and more") {
  check<formats::mx9>("mx9", 2, 1100);
  check<formats::hif4>("hif4", 2, 1100, lowp::stochastic{.seed = 7});
  check<twice_nf4>("double nf4", 1, 4500, lowp::upward);
  check<twice_e2m1>("double e2m1", 3, 1100);
  check<wide>("wide", 5, 200);
  check<formats::q4_k, lowp::records<lowp::q4_k_record>::layout>("q4_k", 2, 1536);
  check<formats::q6_k, lowp::records<lowp::q6_k_record>::layout>("q6_k", 1, 1536);
}

TEST_CASE("What lanes cannot round once is left to the definition") {
  check<both>("both", 2, 103);
  check<deep>("deep", 2, 100);
}

TEST_CASE("Empty matrices and rows of one element") {
  std::vector<float> x(3, 1.5f);
  CHECK(lowp::quantize<formats::mx9>(matrix_view<const float>(x.data(), 0, 7)).bytes().empty());
  CHECK(lowp::quantize<formats::mx9>(matrix_view<const float>(x.data(), 7, 0)).bytes().empty());
  check<formats::hif4>("hif4", 3, 1);
  check<minima_of_3>("minima", 1, 1);
}

namespace {

template <auto F>
using any_matrix = lowp::basic_block_matrix<lowp::variable_format<lowp::format_of<F>>>;

/// Nine tenths of what the largest magnitude asks for, as a rule sees it.
template <auto F>
void check_rule(const char* name, std::size_t rows, std::size_t cols) {
  oracle::tally t;
  ob::source random(rows + cols);
  std::vector<float> x = draw(random, kind::specials, rows * cols), turned(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) turned[i % cols * rows + i / cols] = x[i];
  const matrix_view<const float> in(x.data(), rows, cols), across(turned.data(), cols, rows);
  const auto rule = [](const lowp::block_values& block, const auto& format) {
    float largest = 0;
    for (std::size_t r = 0; r < block.values.rows; ++r) {
      for (std::size_t c = 0; c < block.values.cols; ++c) {
        largest = std::max(largest, std::abs(block.values(r, c)));
      }
    }
    return largest == block.amax
               ? 0.9f * largest / lowp::pack_as<float>(largest_value(format.element))
               : -1.0f;
  };
  block_matrix<F> expected(rows, cols);
  lowp::reference::quantize_levels(in, expected, lowp::nearest_even,
                                   lowp::detail::group_rule(block_matrix<F>::format, rule));
  t.check(lowp::quantize<F>(in, rule, lowp::nearest_even, lowp::threads{2}) == expected,
          [&](auto& text) { text << name << " by kernels"; });
  t.check(
      lowp::quantize_transposed<F>(across, rule, lowp::nearest_even, lowp::threads{2}) == expected,
      [&](auto& text) { text << name << " transposed"; });
  any_matrix<F> any({F}, rows, cols), any_across({F}, rows, cols);
  quantize(in, any, rule);
  quantize_transposed(across, any_across, rule);
  for (const auto* const q : {&any, &any_across}) {
    const auto bytes = q->bytes();
    t.check(std::equal(bytes.begin(), bytes.end(), expected.bytes().begin()), [&](auto& text) {
      text << name << " known at run time" << (q == &any ? "" : ", transposed");
    });
  }
  t.check(!(lowp::quantize<F>(in) == expected),
          [&](auto& text) { text << name << " does not look at the rule"; });
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Ends of groups are looked for in their row, and raise no others") {
  oracle::tally t;
  const test::guarded row(4096), high(4096), low(4096);
  for (const std::size_t width : {1u, 2u, 3u, 8u, 16u, 24u, 32u, 64u, 100u, 128u}) {
    for (std::size_t cols = 1; cols <= 9 * width && cols <= 900; cols += width < 16 ? 1 : 5) {
      const std::size_t count = (cols + width - 1) / width;
      auto* const x = reinterpret_cast<float*>(row.place(cols * sizeof(float), true));
      std::vector<std::uint32_t> highest(count), lowest(count);
      for (std::size_t i = 0; i < cols; ++i) {
        x[i] = static_cast<float>(i * 37 % 101) - 50;
        std::uint32_t& end = (x[i] < 0 ? lowest : highest)[i / width];
        end = std::max(end, std::bit_cast<std::uint32_t>(std::abs(x[i])));
      }
      for (const lowp::isa level : test::isas()) {
        for (const bool are_one : {false, true}) {
          const std::size_t bytes = count * sizeof(std::uint32_t);
          auto* const h = reinterpret_cast<std::uint32_t*>(high.place(bytes, true));
          auto* const l = are_one ? h : reinterpret_cast<std::uint32_t*>(low.place(bytes, true));
          std::fill(h, h + count, 0u);
          std::fill(l, l + count, 0u);
          lowp::bulk::raise_ends(level, x, cols, width, h, l);
          for (std::size_t b = 0; b < count; ++b) {
            const std::uint32_t larger = std::max(highest[b], lowest[b]);
            t.check(
                h[b] == (are_one ? larger : highest[b]) && l[b] == (are_one ? larger : lowest[b]),
                [&](auto& text) {
                  text << name(level) << ": group " << b << " of " << width << " in " << cols;
                });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
#endif

TEST_CASE("A rule asks the level above in place of the lowest groups") {
  check_rule<formats::q6_k>("q6_k", 2, 1100);
  check_rule<minima_of_3>("minima", 5, 300);
  check_rule<rows_of_8>("affine rows", 3, 300);
  check_rule<twice_e2m1>("double e2m1, of the type of nvfp4", 3, 600);
}

TEST_CASE("Rules that do not fit a composition are refused before anything is written") {
  const std::vector<float> x(6 * 64, 1.5f), scales(6, 0.5f);
  const matrix_view<const float> in(x.data(), 6, 64);
  const lowp::rules::given wrong{scales}, right{std::span(scales).first(4)};
  constexpr auto two_down = formats::offset_groups(3, block_shape{2, 64}, formats::bfloat16);
  any_matrix<two_down> q({two_down}, 6, 64), t({two_down}, 64, 6);
  const auto untouched = q;
  CHECK_THROWS_AS(quantize(in, q, wrong), std::invalid_argument);
  CHECK_THROWS_AS(quantize(in, q, right), std::invalid_argument);
  CHECK_THROWS_AS(quantize_transposed(in, t, wrong), std::invalid_argument);
  CHECK_THROWS_AS(lowp::quantize<two_down>(in, wrong), std::invalid_argument);
  CHECK(q == untouched);
  quantize(in, q, lowp::rules::given{std::span(scales).first(3)});
  CHECK(q.group(2, 0).scale == lowp::unpack(0.5f));
  // It knows groups of the type of nvfp4 that are no elements in blocks.
  const auto groups_only = [](const lowp::block_values&, const lowp::format_of<formats::nvfp4>&) {
    return 1.0f;
  };
  any_matrix<formats::nvfp4> blocks({formats::nvfp4}, 6, 64), levels({twice_e2m1}, 6, 64);
  CHECK_THROWS_AS(quantize(in, blocks, groups_only), std::invalid_argument);
  quantize(in, levels, groups_only);
  const auto expected = lowp::quantize<twice_e2m1>(in, groups_only);
  CHECK(std::equal(expected.bytes().begin(), expected.bytes().end(), levels.bytes().begin()));
}
