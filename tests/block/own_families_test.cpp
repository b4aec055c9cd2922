// SPDX-License-Identifier: MIT
// Blocks whose elements or scales are of families that only the tests know: on every target, under
// every rule and in every mode the codes and values that the definition gives.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "isas.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::any_rounding;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::matrix_view;

namespace {

/// Numbers of all sizes, of neighbouring sizes within a block; some blocks hold zeros, tiny and
/// huge numbers, products of values and scales that meet a step exactly, and a NaN.
std::vector<float> data_of(std::size_t rows, std::size_t cols,
                           const lowp::number_format auto& element) {
  std::vector<float> data(rows * cols);
  std::uint64_t state = 7;
  for (std::size_t i = 0; i < data.size(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t mixed = state ^ state >> 31;
    const std::size_t block = i / 16;
    const int shift = static_cast<int>(block * 37 % 60) - 30;
    const double some = static_cast<double>(static_cast<std::int64_t>(mixed)) * 0x1p-63;
    double x = std::ldexp(some, shift);
    if (block % 11 == 3) {  // values, and the middle of two, times a power of two
      const lowp::code_t code = mixed & lowp::low_mask(element.bits());
      const lowp::unpacked a = decode(element, code), b = decode(element, code ^ 1);
      if (a.is_finite() && b.is_finite()) {
        const auto middle = lowp::exact::add(a, mixed >> 60 & 1 ? a : b);
        x = std::ldexp(lowp::pack_as<double>(middle), shift - 1);
      }
    }
    if (block % 13 == 5) x = 0;
    if (block % 17 == 2 && i % 3 == 0) x = std::ldexp(some, -140);
    if (block % 19 == 7) x = std::ldexp(some, 127);
    if (block % 23 == 11 && i % 16 == 4)
      x = std::bit_cast<double>(std::uint64_t{0x7FF8000000000000u});
    data[i] = static_cast<float>(x);
  }
  return data;
}

template <auto B>
bool same(const block_matrix<B>& a, const block_matrix<B>& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size()) == 0;
  };
  return equal(a.codes(), b.codes()) && equal(a.scales(), b.scales());
}

template <auto B, class Rule>
void check(std::string_view what, const Rule& rule, bool has_kernels) {
  constexpr std::size_t rows = 23, cols = 16 * 27;
  const std::vector<float> data = data_of(rows, cols, block_matrix<B>::format.element);
  const matrix_view<const float> in(data.data(), rows, cols);
  if (has_kernels) {
    constexpr auto format = scaled_blocks_of(block_matrix<B>::format);
    const lowp::rule_view<lowp::format_of<format>> view(format, rule);
    lowp::detail::shared<lowp::kernels::block_thresholds> kept;
    REQUIRE(lowp::bulk::plans_of_elements(format, view, lowp::nearest_even, rows * cols, kept)
                .narrow.is_supported);
  }
  std::vector<float> want_values(rows * cols), values(rows * cols);
  for (const auto& mode : lowp::rounding_modes) {
    const auto want = lowp::reference::quantize<B>(in, rule, mode.mode);
    for (const lowp::isa level : test::isas()) {
      INFO(what << " " << mode.name << " on " << lowp::name(level));
      block_matrix<B> q(rows, cols);
      lowp::quantize(in, q, rule, mode.mode, level);
      CHECK(same(q, want));
    }
    if (std::string_view(mode.name) != "nearest_even") continue;
    lowp::reference::dequantize(want, matrix_view<float>(want_values.data(), rows, cols));
    for (const lowp::isa level : test::isas()) {
      INFO(what << ", values on " << lowp::name(level));
      lowp::dequantize(want, matrix_view<float>(values.data(), rows, cols), level);
      CHECK(std::memcmp(values.data(), want_values.data(), values.size() * sizeof(float)) == 0);
    }
  }
}

template <auto Element, auto Scale, int Cols = 32>
inline constexpr block_format blocks{Element, Scale, block_shape{1, Cols}};

}  // namespace

TEST_CASE("codebooks under scales that are powers of two, and under others") {
  check<blocks<own::nf4, formats::e8m0>>("nf4 floor", rules::floor, true);
  check<blocks<own::nf4, formats::e8m0>>("nf4 rceil", rules::rceil, true);
  check<blocks<own::nf4, formats::ue4m3, 16>>("nf4 amax", rules::amax, true);
  check<blocks<own::nf4, formats::binary32, 64>>("nf4 amax binary32", rules::amax, true);
  check<blocks<own::nf4, formats::ue4m3, 16>>("nf4 modelopt", rules::modelopt, true);
  check<blocks<own::nf4, formats::ue4m3, 16>>("nf4 te", rules::transformer_engine, true);
}

TEST_CASE("ternary elements, elements of 8 bits, and scales of the tests' own") {
  check<blocks<own::trits, formats::e8m0>>("trits even", rules::even, true);
  check<blocks<own::trits, own::posit8_1>>("trits under posits", rules::amax, true);
  check<blocks<own::posit8_1, formats::e8m0>>("posit floor", rules::floor, true);
  check<blocks<own::posit8_1, formats::ue4m3>>("posit amax", rules::amax, true);
  check<blocks<own::log8, formats::e8m0>>("logarithms floor", rules::floor, true);
  check<blocks<own::log8, formats::ue4m3>>("logarithms amax", rules::amax, false);
  check<blocks<formats::e2m1, own::log8>>("e2m1 under logarithms", rules::amax, false);
  check<blocks<own::squares, formats::e8m0>>("squares", rules::ceil, false);
}
