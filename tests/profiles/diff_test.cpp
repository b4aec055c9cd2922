// SPDX-License-Identifier: MIT
// Where stacks differ: counts against a count by rounding in binary64, witnesses that are the
// smallest of their class, blocks, and text.
#include "lowp/profiles/diff.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/formats/hif8_format.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/profiles/block_diff.hpp"
#include "lowp/profiles/catalog.hpp"
#include "lowp/profiles/report.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace profiles = lowp::profiles;
using lowp::code_t;
using lowp::conversion_diff;
using lowp::difference;
using lowp::differences;
using lowp::matrix_view;

namespace {

float input_of(const differences& d, difference what) {
  return std::bit_cast<float>(d[what].smallest.input);
}
/// The value of a code of binary16, by its fields.
double half(std::uint32_t code) {
  const auto d = oracle::value_of(formats::binary16, code);
  if (d.what == oracle::kind::nan) return oracle::quiet_nan;
  if (d.what == oracle::kind::infinity) return d.negative ? -oracle::infinite : oracle::infinite;
  return d.value();
}

}  // namespace

TEST_CASE("torch and CUDA in e4m3fn: all of binary16") {
  const conversion_diff d = diff(profiles::torch, profiles::cuda_sat, formats::e4m3fn);
  std::uint64_t overflow = 0, infinities = 0, nans = 0;
  for (std::uint32_t code = 0; code < 1 << 16; ++code) {
    const double x = half(code);
    if (std::isnan(x)) {
      nans += code >> 15;  // torch keeps the sign
    } else if (std::isinf(x)) {
      ++infinities;
    } else if (std::fabs(x) > 464) {
      ++overflow;
    }
  }
  const differences& h = d.from_binary16;
  CHECK(h.compared == 1 << 16);
  CHECK(h[difference::overflow].count == overflow);
  CHECK(h[difference::infinity].count == infinities);
  CHECK(h[difference::nan].count == nans);
  CHECK(h.total() == overflow + infinities + nans);
  CHECK(input_of(h, difference::overflow) == 464.25f);
  CHECK(h[difference::overflow].smallest.first == 0x7F);
  CHECK(h[difference::overflow].smallest.second == 0x7E);
  // One unit beyond the tie, which both round down.
  CHECK(input_of(d.from_binary32, difference::overflow) == std::nextafter(464.0f, 1000.0f));
}

TEST_CASE("Classes and their smallest witnesses") {
  const auto ties = diff(profiles::ocp, profiles::microxcaling, formats::e2m1);
  CHECK(input_of(ties.from_binary16, difference::ties) == 0.25f);
  CHECK(ties.from_binary16[difference::ties].count == 8);  // 1/4, 5/4, 5/2 and 5 are not odd
  CHECK(ties.from_binary16.total() == 8);
  const auto truncated = diff(profiles::onednn, profiles::cutlass, formats::e8m0);
  CHECK(truncated.from_binary16[difference::rounding].count > 0);
  CHECK(input_of(truncated.from_binary32, difference::negative) < 0);
  const auto zeros =
      diff(lowp::stack_casts{},
           lowp::stack_casts{.general = {.negative_zeros = lowp::negative_zeros::none}},
           formats::e4m3fn);
  const auto& z = zeros.from_binary16[difference::negative_zero];
  // From -0 to the tie at -2^-10, the codes 0x8000 to 0x9400.
  CHECK(z.count == 0x1401);
  CHECK(z.smallest.input == 0x80000000u);
  CHECK(zeros.from_binary16.total() == z.count);
  const auto scales = diff(profiles::ml_dtypes, profiles::cuda_sat, formats::e8m0);
  CHECK(scales.from_binary16[difference::zero].count == 2);
  const lowp::stack_casts up{.general = {.rounding = lowp::upward}};
  const auto small = diff(lowp::stack_casts{}, up, formats::e5m2);
  CHECK(input_of(small.from_binary32, difference::subnormals) == std::bit_cast<float>(1u));
  CHECK(diff(profiles::torch, profiles::torch, formats::e5m2).from_binary32.total() == 0);
}

TEST_CASE("Stacks that do not convert to a format are not compared in it") {
  const auto message = [](const auto& a, const auto& b) -> std::string {
    try {
      (void)diff(a, b, formats::e4m3fn, {.count = 0});
      return "";
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
  };
  CHECK(message(profiles::gpt_oss, profiles::ocp).find("diff: gpt_oss does not") == 0);
  CHECK(message(profiles::ocp, profiles::ieee754).find("diff: ieee754 does not") == 0);
  CHECK(message(profiles::ocp.casts, profiles::ieee754.casts).find("diff: the second stack") == 0);
}

namespace {

/// Whether a number and those next to it are in a list of binary32.
auto among(std::vector<std::uint32_t> list) {
  return [list = std::move(list)](double x) {
    const auto f = static_cast<float>(x);
    for (const float y : {f, std::nextafter(f, 1e30f), std::nextafter(f, 0.0f)}) {
      if (!std::binary_search(list.begin(), list.end(), std::bit_cast<std::uint32_t>(y))) {
        return false;
      }
    }
    return true;
  };
}

}  // namespace

TEST_CASE("Midpoints are of neighbours by value: codes of hif8 are in another order") {
  std::vector<double> values{0};
  for (code_t code = 0; code < 256; ++code) {
    const auto x = lowp::pack_as<double>(decode(lowp::hif8_format{}, code));
    if (std::isfinite(x)) values.push_back(std::fabs(x));
  }
  std::sort(values.begin(), values.end());
  const auto has = among(lowp::detail::boundaries(lowp::hif8_format{}));
  for (std::size_t i = 1; i < values.size(); ++i) {
    CHECK(has(values[i]));
    CHECK(has((values[i - 1] + values[i]) / 2));
  }
}

TEST_CASE("Every boundary of a format is among the inputs from binary32") {
  // A mode that differs from nearest even at one number only is found at each midpoint.
  const oracle::float_grid grid(formats::e5m2);
  const auto has = among(lowp::detail::boundaries(formats::e5m2));
  const auto& points = grid.points();
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i - 1].value < 0) continue;
    CHECK(has(points[i].value));
    CHECK(has((points[i - 1].value + points[i].value) / 2));
  }
  CHECK(has(61440));
}

TEST_CASE("Blocks of two stacks") {
  std::vector<float> x(128, 0.25f);
  x[0] = 7;   // OCP saturates, even and rceil double the scale
  x[32] = 6;  // the same scales; 0.25 is a tie, away from zero in microxcaling
  for (std::size_t i = 64; i < 96; ++i) x[i] = 0;
  x[97] = 4;
  const matrix_view<const float> in(x.data(), 2, 64);
  const differences d = lowp::diff<formats::mxfp4>(profiles::ocp, profiles::te, in);
  CHECK(d.compared == 4);
  CHECK(d[difference::scale].count == 1);
  CHECK(d[difference::scale].smallest.first == 127);
  CHECK(d[difference::scale].smallest.second == 128);
  CHECK(d[difference::scale].smallest.index == 0);
  CHECK(d.total() == 1);
  const differences ties = lowp::diff<formats::mxfp4>(profiles::ocp, profiles::microxcaling, in);
  CHECK(ties[difference::ties].count == 93);
  CHECK(ties[difference::ties].smallest.index == 1);
  const differences zeros = lowp::diff<formats::mxfp4>(profiles::ocp, profiles::modelopt, in);
  CHECK(zeros[difference::negative_zero].count == 32);
  const differences tensors =
      lowp::diff<formats::nvfp4>(profiles::torchao, profiles::compressed_tensors, in);
  CHECK(tensors[difference::zero_blocks].count == 2);
  CHECK(tensors[difference::zero_blocks].smallest.first == 0x08);
  CHECK(tensors[difference::zero_blocks].smallest.second == 0x20);
  // A tensor of zeros, whose scale is NaN for torchao: its largest magnitude is 0.
  std::vector<float> none(32);
  const differences scales = lowp::diff<formats::nvfp4>(
      profiles::torchao, profiles::te, matrix_view<const float>(none.data(), 1, 32));
  CHECK(scales[difference::tensor_scale].count == 1);
  CHECK(input_of(scales, difference::tensor_scale) == 0);
  CHECK(scales[difference::tensor_scale].smallest.second == std::bit_cast<std::uint32_t>(1.0f));
  none[3] = -0x1p-130f;
  none[9] = 0x1p-131f;
  const differences tiny = lowp::diff<formats::nvfp4>(profiles::torchao, profiles::te,
                                                      matrix_view<const float>(none.data(), 1, 32));
  CHECK(tiny[difference::tensor_scale].count == 1);
  CHECK(input_of(tiny, difference::tensor_scale) == 0x1p-130f);
}

TEST_CASE("Differences as text") {
  const auto d = diff(profiles::torch, profiles::ocp, formats::e4m3fn);
  const std::string text = report(d, formats::e4m3fn);
  CHECK(text.find("from binary16, all: ") == 0);
  CHECK(text.find(" differences in 65536 inputs\n") != std::string::npos);
  CHECK(text.find("  overflow            14718  464.25: 0x7f (nan) and 0x7e (448)\n") !=
        std::string::npos);
  CHECK(text.find("ties") == std::string::npos);
  std::vector<float> x(32, 7.0f);
  const auto blocks = lowp::diff<formats::mxfp4>(profiles::ocp, profiles::te,
                                                 matrix_view<const float>(x.data(), 1, 32));
  CHECK(report(blocks, formats::e2m1, formats::e8m0, "block") ==
        "1 difference in 1 block\n  scale                   1  7: 0x7f (1) and 0x80 (2)\n");
}
