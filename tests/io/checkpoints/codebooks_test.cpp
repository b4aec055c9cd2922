// SPDX-License-Identifier: MIT
// FP8 under scales and bitsandbytes' NF4 and FP4 in the conventions of checkpoints: values from
// bytes by the published formulas, element by element; bytes again; errors.
#include <cmath>
#include <cstdint>

#include "io/checkpoints.hpp"
#include "lowp/io/checkpoints/bitsandbytes.hpp"
#include "lowp/io/checkpoints/compressed_tensors_bytes.hpp"
#include "lowp/io/checkpoints/deepseek_fp8.hpp"

namespace {

using namespace lowp;
using namespace lowp::io::checkpoints;
using Catch::Matchers::ContainsSubstring;
using test::bytes;

double e4m3(unsigned byte) {
  const int exponent = static_cast<int>(byte >> 3 & 15), mantissa = static_cast<int>(byte & 7);
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
  return byte >= 128 ? -magnitude : magnitude;
}
// Without NaN.
bytes e4m3_bytes(std::size_t size, std::uint64_t seed) {
  bytes all = test::random_bytes(size, seed);
  for (auto& byte : all) byte = (byte & 0x7F) == 0x7F ? 0x7E : byte;
  return all;
}
double f32(const bytes& b, std::size_t i) {
  const std::uint32_t bits = b[4 * i] | std::uint32_t{b[4 * i + 1]} << 8 |
                             std::uint32_t{b[4 * i + 2]} << 16 | std::uint32_t{b[4 * i + 3]} << 24;
  return double(std::bit_cast<float>(bits));
}

TEST_CASE("DeepSeek: a scale for each tile, which multiplies") {
  const bytes weight = e4m3_bytes(130 * 140, 1), scales = test::plain_f32(4);
  test::model m;
  m.put("l.weight", "F8_E4M3", {130, 140}, weight);
  m.put("l.weight_scale_inv", "F32", {2, 2}, scales);
  test::check(deepseek_fp8, m, "l", {130, 140}, [&](std::size_t n, std::size_t k) {
    return e4m3(weight[n * 140 + k]) * f32(scales, n / 128 * 2 + k / 128);
  });
  CHECK_THAT(
      test::error_of(deepseek_fp8, m, "l",
                     settings(R"({"quantization_config": {"weight_block_size": [64, 64]}})")),
      ContainsSubstring("shape is [2, 2], expected [3, 3]"));
  const settings tiles(R"({"weight_block_size": [100, 70]})");
  test::check(
      deepseek_fp8, m, "l", {130, 140},
      [&](std::size_t n, std::size_t k) {
        return e4m3(weight[n * 140 + k]) * f32(scales, n / 100 * 2 + k / 70);
      },
      tiles);
  CHECK_THROWS_AS(read(deepseek_fp8, m.set(), "l", settings(R"({"weight_block_size": [0, 1]})")),
                  io::format_error);
  CHECK_THROWS_AS(settings("[1"), io::format_error);

  std::vector<float> values(130 * 140);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  test::check_made(deepseek_fp8,
                   deepseek_fp8.make("l", matrix_view<const float>(values.data(), 130, 140)));
}

TEST_CASE("compressed-tensors: float-quantized and MXFP8") {
  const bytes weight = e4m3_bytes(4 * 64, 2), scales = test::plain_f32(4);
  test::model m;
  m.put("l.weight", "F8_E4M3", {4, 64}, weight);
  m.put("l.weight_scale", "F32", {4, 1}, scales);
  m.put("l.input_scale", "F32", {1}, test::f32_bytes({2}));
  test::check(compressed_float, m, "l", {4, 64}, [&](std::size_t n, std::size_t k) {
    return e4m3(weight[n * 64 + k]) * f32(scales, n);
  });
  const bytes exponents = {120, 121, 122, 123, 124, 125, 126, 127};
  m.put("l.weight_scale", "U8", {4, 2}, exponents);
  test::check(compressed_float, m, "l", {4, 64}, [&](std::size_t n, std::size_t k) {
    return std::ldexp(e4m3(weight[n * 64 + k]), exponents[n * 2 + k / 32] - 127);
  });
  const std::vector<float> values(4 * 64, 0.3f);
  test::check_made(compressed_float,
                   compressed_float.make("l", matrix_view<const float>(values.data(), 4, 64)));
}

// A model of so many elements, in blocks of 64; scales in groups of `nested`, if that is not 0.
test::model bnb_model(const std::string& shape, std::size_t count, std::size_t nested) {
  test::model m;
  m.put("l.weight", "U8", {(count + 1) / 2, 1}, test::random_bytes((count + 1) / 2, count));
  std::vector<float> map;
  for (int i = 0; i < 16; ++i) map.push_back(static_cast<float>(i * i - 80) / 128);
  m.put("l.weight.quant_map", "F32", {16}, test::f32_bytes(map));
  const std::size_t blocks = (count + 63) / 64;
  std::string state =
      R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": )" + shape;
  if (nested == 0) {
    m.put("l.weight.absmax", "F32", {blocks}, test::plain_f32(blocks));
  } else {
    const std::size_t groups = (blocks + nested - 1) / nested;
    m.put("l.weight.absmax", "U8", {blocks}, test::random_bytes(blocks, 7));
    m.put("l.weight.nested_absmax", "F32", {groups}, test::plain_f32(groups));
    std::vector<float> codes;
    for (int i = 0; i < 256; ++i) codes.push_back(static_cast<float>(i - 100) / 256);
    m.put("l.weight.nested_quant_map", "F32", {256}, test::f32_bytes(codes));
    state += R"(, "nested_blocksize": )" + std::to_string(nested) +
             R"(, "nested_dtype": "float32", "nested_offset": 0.40625)";
  }
  state += "}";
  m.put("l.weight.quant_state.bitsandbytes__nf4", "U8", {state.size()},
        bytes(state.begin(), state.end()));
  return m;
}
// The value of element number i.
double bnb_value(const test::model& m, std::size_t i, std::size_t nested) {
  const bytes packed = m.at("l.weight"), absmax = m.at("l.weight.absmax");
  const unsigned code = i % 2 == 0 ? packed[i / 2] >> 4u : packed[i / 2] & 15u;
  const double element = f32(m.at("l.weight.quant_map"), code);
  if (nested == 0) return element * f32(absmax, i / 64);
  return element * (f32(m.at("l.weight.nested_quant_map"), absmax[i / 64]) *
                        f32(m.at("l.weight.nested_absmax"), i / 64 / nested) +
                    0.40625);
}

TEST_CASE("bitsandbytes: NF4, the first element in the high nibble, blocks of all elements") {
  const test::model m = bnb_model("[3, 128]", 384, 0);
  test::check(bnb_nf4, m, "l.weight", {3, 128},
              [&](std::size_t n, std::size_t k) { return bnb_value(m, n * 128 + k, 0); });
  CHECK_FALSE(bnb_nf4_nested.follows(m.set(), "l.weight"));
  // Blocks reach over the ends of rows: one row of all elements, a short block at the end.
  const test::model odd = bnb_model("[3, 33]", 99, 0);
  const auto w = read(bnb_nf4, odd.set(), "l.weight");
  CHECK((w.matrix.rows() == 1 && w.matrix.cols() == 99));
  CHECK(w.how.shape == shape_type{3, 33});
  for (std::size_t i = 0; i < 99; ++i) {
    CHECK(pack_as<double>(w.matrix.value(0, i)) == bnb_value(odd, i, 0));
  }
  for (const auto& tensor : write(w)) {
    CHECK(tensor.bytes() == odd.set().find(tensor.name, "")->bytes());
  }
}

TEST_CASE("bitsandbytes: double quantization") {
  // Groups of scales within a row, of whole rows, and of neither.
  for (const auto& [cols, nested] : {std::pair<std::size_t, std::size_t>{512, 4}, {128, 4}}) {
    const test::model m = bnb_model("[6, " + std::to_string(cols) + "]", 6 * cols, nested);
    test::check(bnb_nf4_nested, m, "l.weight", {6, cols},
                [&, c = cols, s = nested](std::size_t n, std::size_t k) {
                  return bnb_value(m, n * c + k, s);
                });
  }
  const test::model m = bnb_model("[3, 192]", 576, 4);
  const auto w = read(bnb_nf4_nested, m.set(), "l.weight");
  CHECK(w.matrix.rows() == 1);
  for (std::size_t i = 0; i < 576; i += 5) {
    CHECK(pack_as<double>(w.matrix.value(0, i)) == bnb_value(m, i, 4));
  }
  for (const auto& tensor : write(w)) {
    CHECK(tensor.bytes() == m.set().find(tensor.name, "")->bytes());
  }
}

TEST_CASE("bitsandbytes: what quant_state may not say") {
  const std::string name = "l.weight.quant_state.bitsandbytes__nf4";
  const auto error = [&](const std::string& from, const std::string& to) {
    test::model m = bnb_model("[3, 128]", 384, 2);
    const bytes state = m.at(name);
    std::string text(state.begin(), state.end());
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    m.put(name, "U8", {text.size()}, bytes(text.begin(), text.end()));
    return test::error_of(bnb_nf4_nested, m, "l.weight");
  };
  CHECK(error("nf4", "nf4") == "no error");
  CHECK_THAT(error("nf4", "fp4"), ContainsSubstring("'quant_type' is no nf4"));
  CHECK_THAT(error("64", "0"), ContainsSubstring("'blocksize' is no"));
  CHECK_THAT(error("64", "-64"), ContainsSubstring("'blocksize' is no"));
  CHECK_THAT(error("[3, 128]", "[3, 129]"), ContainsSubstring("has 192 bytes"));
  CHECK_THAT(error("[3, 128]", "[4294967296, 4294967296, 4294967296, 384]"),
             ContainsSubstring("has 192 bytes"));
  CHECK_THAT(error("[3, 128]", "[3, 1e300]"), ContainsSubstring("'shape' has"));
  CHECK_THAT(error("[3, 128]", "[]"), ContainsSubstring("'shape' is no"));
  CHECK_THAT(error("\"float32\"", "16"), ContainsSubstring("'nested_dtype' is no"));
  CHECK_THAT(error("0.40625", "NaN"), ContainsSubstring("is no JSON object"));
  CHECK_THAT(error("0.40625", "1e300"), ContainsSubstring("'nested_offset' is no"));
  test::model m = bnb_model("[3, 128]", 384, 0);
  m.put("l.weight.quant_map", "F32", {15}, test::plain_f32(15));
  CHECK_THAT(test::error_of(bnb_nf4, m, "l.weight"), ContainsSubstring("expected F32, [16]"));
  m.put("l.weight.quant_map", "F32", {16}, bytes(64, 0x7F));
  CHECK(test::error_of(bnb_nf4, m, "l.weight") == "no error");
  m.put("l.weight.quant_map", "F32", {16}, bytes(64, 0xFF));
  CHECK_THAT(test::error_of(bnb_nf4, m, "l.weight"), ContainsSubstring("codebook are finite"));
}

TEST_CASE("NF4 is made from floats: x times 1 / absmax, of equally near values the lower") {
  std::vector<float> values(2 * 64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  const auto made = bnb_nf4.make("l.weight", matrix_view<const float>(values.data(), 2, 64));
  test::check_made(bnb_nf4, made);
  test::check_made(bnb_fp4,
                   bnb_fp4.make("l.weight", matrix_view<const float>(values.data(), 2, 64)));
  std::size_t differences = 0;
  for (std::size_t n = 0; n < 2; ++n) {
    float absmax = 0;
    for (std::size_t k = 0; k < 64; ++k) absmax = std::fmax(absmax, std::fabs(values[n * 64 + k]));
    const float reciprocal = 1.0f / absmax;
    for (std::size_t k = 0; k < 64; ++k) {
      const float x = values[n * 64 + k] * reciprocal;
      const auto nf4 = [](code_t c) { return pack_as<double>(decode(formats::nf4, c)); };
      code_t best = 0;
      for (code_t c = 1; c < 16; ++c) {
        if (std::fabs(nf4(c) - double(x)) < std::fabs(nf4(best) - double(x))) best = c;
      }
      differences += made.matrix.code(n, k) == best ? 0u : 1u;
    }
  }
  CHECK(differences == 0);
}

}  // namespace
