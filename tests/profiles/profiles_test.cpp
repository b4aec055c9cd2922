// SPDX-License-Identifier: MIT
// What each stack does with the inputs by which stacks are told apart, as their sources have it.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/profiles/catalog.hpp"
#include "lowp/profiles/names.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace profiles = lowp::profiles;
using lowp::code_t;
using lowp::matrix_view;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Codes of finite overflow, +-infinity and +-NaN.
struct specials {
  code_t overflow, lower, infinite, negative_infinite, nan, negative_nan;
  bool operator==(const specials&) const = default;
};
std::ostream& operator<<(std::ostream& out, const specials& s) {
  for (const code_t c :
       {s.overflow, s.lower, s.infinite, s.negative_infinite, s.nan, s.negative_nan}) {
    out << std::hex << c << " ";
  }
  return out;
}
template <class F>
specials of(const auto& p, const F& f) {
  const auto code = [&](double x) { return encode(p, f, x); };
  return {code(1e30),
          code(-1e30),
          code(infinity),
          code(-infinity),
          code(oracle::quiet_nan),
          code(oracle::negated(oracle::quiet_nan))};
}

}  // namespace

TEST_CASE("Overflow, infinities and NaNs in e4m3fn") {
  constexpr auto f = formats::e4m3fn;
  CHECK(of(profiles::ocp, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0xFF});
  CHECK(of(profiles::cuda_sat, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0x7F});
  CHECK(of(profiles::cuda_nosat, f) == specials{0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0x7F});
  CHECK(of(profiles::ptx, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0x7F});
  CHECK(of(profiles::torch, f) == specials{0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF});
  CHECK(of(profiles::torch_2_12, f) == specials{0x7E, 0xFE, 0x7F, 0xFF, 0x7F, 0xFF});
  CHECK(of(profiles::ml_dtypes, f) == specials{0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF});
  CHECK(of(profiles::ml_dtypes_saturating, f) == specials{0x7E, 0xFE, 0x7F, 0xFF, 0x7F, 0xFF});
  CHECK(of(profiles::onnx, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0xFF});
  CHECK(of(profiles::onnxruntime, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0xFF});
  CHECK(of(profiles::onednn, f) == specials{0x7F, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF});
  CHECK(of(profiles::cutlass, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0x7F});
  CHECK(of(profiles::te, f) == specials{0x7E, 0xFE, 0x7E, 0xFE, 0x7F, 0x7F});
}

TEST_CASE("Overflow, infinities and NaNs in e5m2 and binary16") {
  constexpr auto f = formats::e5m2;
  CHECK(of(profiles::cuda_sat, f) == specials{0x7B, 0xFB, 0x7B, 0xFB, 0x7F, 0x7F});
  CHECK(of(profiles::cuda_nosat, f) == specials{0x7C, 0xFC, 0x7C, 0xFC, 0x7F, 0x7F});
  CHECK(of(profiles::torch, f) == specials{0x7C, 0xFC, 0x7C, 0xFC, 0x7F, 0xFF});
  CHECK(of(profiles::torch_2_12, f) == specials{0x7C, 0xFC, 0x7C, 0xFC, 0x7F, 0xFF});
  CHECK(of(profiles::ml_dtypes, f) == specials{0x7C, 0xFC, 0x7C, 0xFC, 0x7E, 0xFE});
  CHECK(of(profiles::onnxruntime, f) == specials{0x7B, 0xFB, 0x7B, 0xFB, 0x7F, 0xFF});
  CHECK(of(profiles::onednn, f) == specials{0x7C, 0xFC, 0x7C, 0xFC, 0x7E, 0xFE});
  CHECK(of(profiles::cutlass, f) == specials{0x7B, 0xFB, 0x7B, 0xFB, 0x7F, 0x7F});
  CHECK(of(profiles::cuda_sat, formats::binary16) ==
        specials{0x7C00, 0xFC00, 0x7C00, 0xFC00, 0x7FFF, 0x7FFF});
  CHECK(of(profiles::ptx, formats::binary16) ==
        specials{0x7C00, 0xFC00, 0x7C00, 0xFC00, 0x7FFF, 0x7FFF});
}

TEST_CASE("FNUZ and formats without NaN") {
  const auto fnuz = formats::e4m3fnuz;
  CHECK(of(profiles::torch, fnuz) == specials{0x80, 0x80, 0x80, 0x80, 0x80, 0x80});
  CHECK(of(profiles::onnx, fnuz) == specials{0x7F, 0xFF, 0x80, 0x80, 0x80, 0x80});
  CHECK(of(profiles::onnxruntime, fnuz) == specials{0x7F, 0xFF, 0x7F, 0xFF, 0x80, 0x80});
  const auto e2m1 = formats::e2m1;
  CHECK(of(profiles::ml_dtypes, e2m1) == specials{7, 15, 7, 15, 8, 0});
  CHECK(of(profiles::onednn, e2m1) == specials{7, 15, 7, 15, 7, 15});
  CHECK(of(profiles::cutlass, e2m1) == specials{7, 15, 7, 15, 7, 15});
  CHECK(of(profiles::cuda_sat, e2m1) == specials{7, 15, 7, 15, 7, 7});
  CHECK(of(profiles::onnx, e2m1) == specials{7, 15, 7, 15, 7, 7});
  CHECK(encode(profiles::onnx, formats::e3m2, oracle::quiet_nan) == 0x20);
  CHECK(of(profiles::ascend, e2m1) == specials{7, 15, 7, 15, 0, 0});
  CHECK(of(profiles::ieee754, formats::binary16) ==
        specials{0x7C00, 0xFC00, 0x7C00, 0xFC00, 0x7E00, 0xFE00});
  CHECK(of(profiles::p3109, formats::p3109(8, 4, true, false)) ==
        specials{0x7F, 0xFF, 0x7F, 0xFF, 0x80, 0x80});
}

TEST_CASE("Scales in e8m0: 1.25, 3, zero, a negative number, infinity and the largest number") {
  const auto codes = [](const auto& p) {
    const auto code = [&](double x) { return encode(p, formats::e8m0, x); };
    return std::vector<code_t>{code(1.25), code(3),        code(0),
                               code(-4),   code(infinity), code(0x1.8p127)};
  };
  using list = std::vector<code_t>;
  CHECK(codes(profiles::cuda_sat) == list{0x80, 0x81, 0x00, 0x81, 0xFE, 0xFE});
  CHECK(codes(profiles::cutlass) == list{0x80, 0x81, 0x00, 0x81, 0xFF, 0xFE});
  CHECK(codes(profiles::onnx) == list{0x80, 0x81, 0x00, 0x81, 0xFF, 0xFE});
  CHECK(codes(profiles::onednn) == list{0x7F, 0x80, 0x00, 0x81, 0xFF, 0xFE});
  const list of_c10{0x7F, 0x81, 0x00, 0x81, 0xFF, 0xFF};
  CHECK(codes(profiles::torch) == of_c10);
  CHECK(codes(profiles::torch_2_12) == of_c10);
  CHECK(codes(profiles::torchao) == of_c10);
  CHECK(codes(profiles::modelopt) == of_c10);
  CHECK(codes(profiles::compressed_tensors) == of_c10);
  CHECK(encode(profiles::torch, formats::e8m0, 0x1p-149) == 0x00);
  CHECK(encode(profiles::torch, formats::e8m0, -0x1p-140) == 0x00);
  CHECK(encode(profiles::torch, formats::e8m0, 0x1.8p-127) == 0x01);
  CHECK(codes(profiles::ml_dtypes) == list{0x7F, 0x81, 0xFF, 0xFF, 0xFF, 0xFF});
  CHECK(codes(profiles::ml_dtypes_saturating) == list{0x7F, 0x81, 0x00, 0x00, 0xFF, 0xFE});
}

TEST_CASE("Ties and truncation: tf32 by PTX, microxcaling, HLS") {
  CHECK(encode(profiles::ptx, formats::tf32, 1 + 0x1p-11) == (127u << 10 | 1));
  CHECK(encode(profiles::ieee754, formats::tf32, 1 + 0x1p-11) == 127u << 10);
  CHECK(encode(profiles::microxcaling, formats::e2m1, 2.5) == 5);
  CHECK(encode(profiles::onednn, formats::e2m1, 2.5) == 4);
  CHECK(encode(profiles::torchao, formats::e2m1, 2.5) == 4);
  CHECK(encode(profiles::hls, formats::fixed<8, 4>, -0.01) == 0xFF);
  CHECK(encode(profiles::hls, formats::fixed<8, 4>, 8.0) == 0x80);
}

TEST_CASE("Blocks by profiles are those of their rules, with their zeros") {
  std::vector<float> x(32);
  for (std::size_t i = 0; i < 32; ++i) x[i] = static_cast<float>(i) / 5 - 3;
  x[7] = -0.0f;
  x[8] = -0.001f;
  const matrix_view<const float> in(x.data(), 1, 32);
  CHECK(lowp::quantize<formats::mxfp8_e4m3>(profiles::te, in) ==
        lowp::quantize<formats::mxfp8_e4m3>(in, lowp::rules::rceil));
  CHECK(lowp::quantize<formats::mxfp4>(profiles::ggml, in) ==
        lowp::quantize<formats::mxfp4>(in, lowp::rules::ggml_mxfp4));
  CHECK(lowp::quantize<formats::mxfp6_e2m3>(profiles::microxcaling, in) ==
        lowp::quantize<formats::mxfp6_e2m3>(in, lowp::rules::microxcaling));
  const auto zero = [&](const auto& p, std::size_t i) {
    return lowp::quantize<formats::nvfp4>(p, in).code(0, i);
  };
  CHECK(zero(profiles::te, 7) == 8);
  CHECK(zero(profiles::te, 8) == 8);
  CHECK(zero(profiles::te_reference, 7) == 0);
  CHECK(zero(profiles::te_reference, 8) == 0);
  CHECK(zero(profiles::modelopt, 7) == 0);
  CHECK(zero(profiles::modelopt, 8) == 8);
  CHECK(zero(profiles::compressed_tensors, 7) == 8);
  CHECK(lowp::quantize<formats::mxfp4>(profiles::modelopt, in).code(0, 7) == 8);
  // What is said of zeros of NVFP4 is not said of MX.
  CHECK(lowp::quantize<formats::mxfp8_e4m3>(profiles::modelopt, in).code(0, 7) == 0x80);
  CHECK(lowp::quantize<formats::mxfp6_e3m2>(profiles::modelopt, in).code(0, 7) == 0x20);
  CHECK(lowp::quantize<formats::mxfp8_e4m3>(profiles::te_reference, in).code(0, 7) == 0x80);
  CHECK(lowp::quantize<formats::mxfp4>(profiles::te_reference, in).code(0, 7) == 8);
}

namespace {

template <auto B>
constexpr bool has_rule(const auto& p) {
  return lowp::detail::has_rule<B, std::remove_cvref_t<decltype(p)>>();
}
constexpr lowp::block_format ggml_nvfp4{formats::e2m1, formats::ue4m3, lowp::block_shape{1, 16}};
constexpr lowp::block_format scaled_e8m0{formats::e2m1, formats::scaled_tensor(formats::e8m0),
                                         lowp::block_shape{1, 16}};

}  // namespace

TEST_CASE("Profiles have rules for the formats that their stacks have, and for no others") {
  STATIC_REQUIRE(has_rule<formats::mxfp8_e5m2>(profiles::te));
  STATIC_REQUIRE(has_rule<formats::nvfp4_16x16>(profiles::te));
  STATIC_REQUIRE(!has_rule<formats::deepseek_1x128>(profiles::te));
  STATIC_REQUIRE(!has_rule<formats::scaled_rows(formats::e2m1)>(profiles::te));
  STATIC_REQUIRE(!has_rule<formats::mxint8>(profiles::te));
  STATIC_REQUIRE(!has_rule<formats::nvint4>(profiles::te));
  STATIC_REQUIRE(!has_rule<formats::bfp(4, 16)>(profiles::ocp));
  STATIC_REQUIRE(!has_rule<scaled_e8m0>(profiles::ocp));
  STATIC_REQUIRE(!has_rule<formats::affine_groups(4, {1, 128})>(profiles::ocp));
  STATIC_REQUIRE(!has_rule<formats::mx9>(profiles::te));
  STATIC_REQUIRE(has_rule<formats::mxint8>(profiles::ocp));
  STATIC_REQUIRE(!has_rule<formats::nvfp4>(profiles::ocp));
  STATIC_REQUIRE(has_rule<formats::mxfp4>(profiles::ggml));
  STATIC_REQUIRE(has_rule<ggml_nvfp4>(profiles::ggml));
  STATIC_REQUIRE(!has_rule<formats::nvfp4>(profiles::ggml));
  STATIC_REQUIRE(!has_rule<formats::mxfp8_e4m3>(profiles::ggml));
}

TEST_CASE("Arrays by profiles, and MX blocks of one element as shared_exp_method none") {
  const std::vector<float> x{465, -0.0f, 3, std::numeric_limits<float>::quiet_NaN()};
  std::vector<std::uint8_t> bytes(4);
  encode(profiles::cuda_sat, x, lowp::packed_span<formats::e4m3fn>(bytes, 4));
  CHECK(bytes == std::vector<std::uint8_t>{0x7E, 0x80, 0x44, 0x7F});
  constexpr lowp::block_format alone{formats::e2m1, formats::e8m0, lowp::block_shape{1, 1}};
  const std::vector<float> y{5.3f, -0.3f, 0, 1000};
  const auto q =
      lowp::quantize<alone>(profiles::microxcaling, matrix_view<const float>(y.data(), 1, 4));
  // Each has the exponent of its own leading bit, less 2.
  CHECK(q.scale_code(0, 0) == 127);
  CHECK(q.code(0, 0) == 7);
  CHECK(q.scale_code(0, 1) == 127 - 4);
  CHECK(q.code(0, 1) == 14);
  CHECK(q.code(0, 2) == 0);
  CHECK(q.scale_code(0, 3) == 127 + 7);
  CHECK(q.code(0, 3) == 7);
}

TEST_CASE("Formats that a stack does not convert to are refused with those that it does") {
  const auto refusal = [](const auto& p, const auto& f) -> std::string {
    try {
      (void)encode(p, f, 1.0f);
      return "";
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
  };
  const auto ends = [](const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  CHECK(refusal(profiles::onednn, formats::e4m3fnuz) ==
        "encode: onednn does not convert to this format; it converts to e4m3fn, e5m2, e2m1, e8m0");
  CHECK(ends(refusal(profiles::torch, formats::binary16), "e8m0"));
  CHECK(ends(refusal(profiles::torch, formats::posit<8>), "e8m0"));
  CHECK(ends(refusal(profiles::torch, formats::int_n<8>), "e8m0"));
  CHECK(ends(refusal(profiles::gpt_oss, formats::e4m3fn), "converts to no scalar format"));
  CHECK(ends(refusal(profiles::ggml, formats::e2m1), "converts to no scalar format"));
  CHECK(ends(refusal(profiles::neuron, formats::e5m2), "converts to no scalar format"));
  CHECK(ends(refusal(profiles::hls, formats::e4m3fn), "converts to fixed-point formats"));
  CHECK(ends(refusal(profiles::p3109, formats::e4m3fn), "converts to formats of IEEE P3109"));
  CHECK(ends(refusal(profiles::p3109, formats::e5m2), "converts to formats of IEEE P3109"));
  CHECK(ends(refusal(profiles::ieee754, formats::e4m3fn), "binary formats"));
  CHECK(ends(refusal(profiles::ieee754, formats::e8m0), "binary formats"));
  CHECK(refusal(profiles::ieee754, formats::binary64).empty());
  CHECK(refusal(profiles::hls, formats::fixed<8, 4>).empty());
  CHECK(refusal(lowp::profile<>{}, formats::posit<8>).empty());
  std::vector<std::uint8_t> bytes(1);
  const std::vector<float> x(1);
  CHECK_THROWS_AS(encode(profiles::gpt_oss, x, lowp::packed_span<formats::e4m3fn>(bytes, 1)),
                  std::invalid_argument);
  // A format that is known at run time is refused as its family's.
  const lowp::cast_formats& list = profiles::onednn.casts.formats;
  CHECK(list.has(lowp::any_format(formats::e2m1)));
  CHECK_FALSE(list.has(lowp::any_format(formats::e3m2)));
  CHECK_FALSE(list.has(lowp::any_format(formats::int_n<8>)));
  CHECK(profiles::hls.casts.formats.has(lowp::any_format(formats::int_n<8>)));
  // Each exception is one of the formats.
  profiles::for_each([&](const auto& p) {
    for (const auto& one : p.casts.exceptions) {
      INFO(p.name);
      CHECK((one.format == lowp::float_format{} || p.casts.formats.has(one.format)));
    }
  });
}

TEST_CASE("Profiles by name") {
  CHECK(profiles::names().size() == 25);
  CHECK(profiles::casts_named("onednn").version == profiles::onednn.version);
  std::string found;
  profiles::with("te", [&](const auto& p) { found = p.version; });
  CHECK(found == profiles::te.version);
  const auto refusal = [](std::string_view name) -> std::string {
    try {
      profiles::with(name, [](const auto&) {});
      return "";
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
  };
  CHECK(refusal("mldtypes") == "no profile is called 'mldtypes'; near it: ml_dtypes");
  CHECK(refusal("torc") == "no profile is called 'torc'; near it: torch, torch_2_12, torchao");
  CHECK(refusal("zzzzzzzz").find("no profile is called 'zzzzzzzz'; there are: ocp, p3109, ") == 0);
  CHECK_THROWS_AS(profiles::casts_named("pytorsh"), std::invalid_argument);
}
