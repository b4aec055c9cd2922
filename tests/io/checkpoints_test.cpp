// SPDX-License-Identifier: MIT
// FP4 in blocks in the conventions of checkpoints: values from bytes by the published formulas,
// element by element; bytes again; errors; and which weights a file has.
#include "lowp/io/checkpoints.hpp"

#include <cmath>

#include "io/checkpoints.hpp"

namespace {

using namespace lowp;
using namespace lowp::io::checkpoints;
using Catch::Matchers::ContainsSubstring;
using test::bytes;

// E2M1 and the scale bytes, written as tables and formulas of the specification.
double e2m1(unsigned nibble) {
  const double magnitudes[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  return (nibble >= 8 ? -1.0 : 1.0) * magnitudes[nibble & 7];
}
double nibble_of(const bytes& packed, std::size_t row_bytes, std::size_t row, std::size_t col) {
  const unsigned byte = packed[row * row_bytes + col / 2];
  return e2m1(col % 2 == 0 ? byte & 15 : byte >> 4);
}
double e8m0(unsigned byte) { return std::ldexp(1.0, static_cast<int>(byte) - 127); }
double e4m3(unsigned byte) {
  const int exponent = static_cast<int>(byte >> 3), mantissa = static_cast<int>(byte & 7);
  return exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
}
// Scales that are finite and positive.
bytes scales(std::size_t size, std::uint64_t seed, unsigned below) {
  bytes all = test::random_bytes(size, seed);
  for (auto& byte : all) byte = static_cast<std::uint8_t>(byte % below);
  return all;
}

test::model gpt_oss_model() {
  test::model m;
  m.put("b.mlp1_weight.blocks", "U8", {3, 2, 2, 16}, test::random_bytes(192, 1));
  m.put("b.mlp1_weight.scales", "U8", {3, 2, 2}, scales(12, 2, 255));
  return m;
}
test::model modelopt_model() {
  test::model m;
  m.put("m.weight", "U8", {4, 24}, test::random_bytes(96, 3));
  m.put("m.weight_scale", "F8_E4M3", {4, 3}, scales(12, 4, 0x7F));
  m.put("m.weight_scale_2", "F32", {}, test::f32_bytes({0.75f}));
  m.put("m.input_scale", "F32", {1}, test::f32_bytes({3.0f}));
  return m;
}

TEST_CASE("gpt-oss: blocks and scales") {
  test::model m = gpt_oss_model();
  const bytes blocks = m.at("b.mlp1_weight.blocks"), exponents = m.at("b.mlp1_weight.scales");
  const auto value = [&](std::size_t n, std::size_t k) {
    return nibble_of(blocks, 32, n, k) * e8m0(exponents[n * 2 + k / 32]);
  };
  test::check(gpt_oss, m, "b.mlp1_weight", {3, 2, 64}, value);
  test::model port;
  port.put("e.down_proj_blocks", "U8", {3, 2, 2, 16}, blocks);
  port.put("e.down_proj_scales", "U8", {3, 2, 2}, exponents);
  test::check(gpt_oss_port, port, "e.down_proj", {3, 2, 64}, value);

  m.put("b.mlp1_weight.scales", "U8", {3, 4}, exponents);
  CHECK(test::error_of(gpt_oss, m, "b.mlp1_weight") ==
        "tensor 'b.mlp1_weight.scales': shape is [3, 4], expected [3, 2, 2]");
  m.put("b.mlp1_weight.scales", "I8", {3, 2, 2}, exponents);
  CHECK(test::error_of(gpt_oss, m, "b.mlp1_weight") ==
        "tensor 'b.mlp1_weight.scales': dtype is 'I8', expected 'U8'");
  m.drop("b.mlp1_weight.scales");
  CHECK(test::error_of(gpt_oss, m, "b.mlp1_weight") == "tensor 'b.mlp1_weight.scales' is missing");
  m.put("b.mlp1_weight.blocks", "U8", {3, 2, 4, 8}, blocks);
  CHECK_THAT(test::error_of(gpt_oss, m, "b.mlp1_weight"),
             ContainsSubstring("shape is [3, 2, 4, 8]"));
  m.put("b.mlp1_weight.blocks", "U8", {0, std::uint64_t{1} << 50, 16}, {});
  CHECK_THAT(test::error_of(gpt_oss, m, "b.mlp1_weight"), ContainsSubstring("has a zero"));
}

TEST_CASE("Model-Optimizer: NVFP4, scales in rows or swizzled") {
  test::model m = modelopt_model();
  const bytes packed = m.at("m.weight"), scale = m.at("m.weight_scale");
  test::check(modelopt_nvfp4, m, "m", {4, 48}, [&](std::size_t n, std::size_t k) {
    return nibble_of(packed, 24, n, k) * e4m3(scale[n * 3 + k / 16]) * 0.75;
  });

  // 128 x 4 tiles; what lies beyond the matrix is not zero, and comes back.
  const bytes tall = test::random_bytes(130 * 40, 5), tiles = scales(2 * 2 * 512, 6, 0x7F);
  m.put("m.weight", "U8", {130, 40}, tall);
  m.put("m.weight_scale", "U8", {2048}, tiles);
  test::check(modelopt_nvfp4, m, "m", {130, 80}, [&](std::size_t n, std::size_t k) {
    const std::size_t c = k / 16, tile = n / 128 * 2 + c / 4;
    const std::size_t at = tile * 512 + n % 32 * 16 + n % 128 / 32 * 4 + c % 4;
    return nibble_of(tall, 40, n, k) * e4m3(tiles[at]) * 0.75;
  });

  m = modelopt_model();
  bytes negative = scale;
  negative[5] = 0x81;
  m.put("m.weight_scale", "F8_E4M3", {4, 3}, negative);
  CHECK(test::error_of(modelopt_nvfp4, m, "m") ==
        "tensor 'm.weight_scale': has a code of more than 7 bits");
  m = modelopt_model();
  m.put("m.weight_scale_2", "F32", {4}, test::f32_bytes({1, 1, 1, 1}));
  CHECK_THAT(test::error_of(modelopt_nvfp4, m, "m"), ContainsSubstring("expected one F32"));
  m.put("m.weight", "U8", {4, 20}, test::random_bytes(80, 3));
  CHECK_THAT(test::error_of(modelopt_nvfp4, m, "m"),
             ContainsSubstring("'m.weight': shape is [4, 20]"));
}

TEST_CASE("compressed-tensors: NVFP4 under a divisor, MXFP4") {
  test::model m;
  const bytes packed = test::random_bytes(64, 7), scale = scales(8, 8, 0x7F);
  m.put("c.weight_packed", "U8", {4, 16}, packed);
  m.put("c.weight_scale", "F8_E4M3", {4, 2}, scale);
  m.put("c.weight_global_scale", "F32", {1}, test::f32_bytes({2688.0f / 3}));
  m.put("c.input_global_scale", "F32", {1}, test::f32_bytes({448.0f}));
  test::check(compressed_nvfp4, m, "c", {4, 32}, [&](std::size_t n, std::size_t k) {
    const float reciprocal = 1.0f / (2688.0f / 3);
    return nibble_of(packed, 16, n, k) * e4m3(scale[n * 2 + k / 16]) * double(reciprocal);
  });
  // The divisor that is kept and a tensor scale that is changed would contradict each other.
  auto w = read(compressed_nvfp4, m.set(), "c");
  w.matrix.set_tensor_scale(2);
  CHECK_THROWS_AS(write(w), std::invalid_argument);
  m.put("c.weight_global_scale", "F32", {1}, test::f32_bytes({0.0f}));
  CHECK_THAT(test::error_of(compressed_nvfp4, m, "c"),
             ContainsSubstring("'c.weight_global_scale': is not a positive number"));

  test::model mx;
  const bytes exponents = scales(4, 9, 255);
  mx.put("c.weight_packed", "U8", {4, 16}, packed);
  mx.put("c.weight_scale", "U8", {4, 1}, exponents);
  CHECK_FALSE(compressed_nvfp4.follows(mx.set(), "d"));
  test::check(compressed_mxfp4, mx, "c", {4, 32}, [&](std::size_t n, std::size_t k) {
    return nibble_of(packed, 16, n, k) * e8m0(exponents[n]);
  });
}

TEST_CASE("FP4 is made from floats by the rules of its conventions") {
  std::vector<float> values(4 * 64);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(static_cast<float>(i) * 1.7f) * test::plain(static_cast<std::uint32_t>(i));
  }
  const matrix_view<const float> in(values.data(), 4, 64);
  const auto oss = gpt_oss.make("a", in);
  CHECK(oss.matrix == quantize<formats::mxfp4>(in));
  test::check_made(gpt_oss, oss);
  const auto nv = modelopt_nvfp4.make("a", in);
  CHECK(nv.matrix == quantize<formats::nvfp4>(in, rules::modelopt));
  test::check_made(modelopt_nvfp4, nv);
  test::check_made(modelopt_nvfp4, modelopt_nvfp4.make("a", in, rules::modelopt, true));
  const auto ct = compressed_nvfp4.make("a", in);
  CHECK(ct.matrix == quantize<formats::nvfp4>(in, rules::compressed_tensors));
  test::check_made(compressed_nvfp4, ct);
  test::check_made(compressed_mxfp4, compressed_mxfp4.make("a", in));
  CHECK_THROWS_AS(modelopt_nvfp4.make("a", matrix_view<const float>(values.data(), 4, 40)),
                  std::invalid_argument);
}

// A convention of the program's own: bytes with a binary32 for all of them.
struct own_t {
  static constexpr std::string_view name = "own", key = "/q";
  using format = variable_format<block_format<fixed_format, float_format>>;
  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, key, "I8");
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings&) {
    const shape_type shape = tensors.at(weight, key, 2).shape;
    return {
        {formats::scaled_tensor(formats::int_n<8>)},
        shape[0],
        shape[1],
        shape,
        {{"/q", "I8", shape, 0, row_major(8, shape[1])}, {"/s", "F32", {}, 1, row_major(32, 4)}}};
  }
};

TEST_CASE("a file's weights are found by all conventions, and by one of the program's own") {
  test::model m = gpt_oss_model();
  for (const auto& tensor : modelopt_model().all) m.all.push_back(tensor);
  m.put("norm.weight", "BF16", {4}, bytes(8));
  m.put("o/q", "I8", {2, 3}, {1, 2, 3, 255, 254, 128});
  m.put("o/s", "F32", {}, test::f32_bytes({0.5f}));
  m.put("bad.weight", "F8_E4M3", {130, 3}, bytes(390));
  m.put("bad.weight_scale_inv", "F32", {1, 1}, bytes(4));
  const auto found =
      io::checkpoints::find(m.set(), std::tuple_cat(conventions, std::make_tuple(own_t{})));
  REQUIRE(found.size() == 4);
  CHECK(found[0].name == "b.mlp1_weight");
  CHECK(found[0].convention == "gpt-oss MXFP4");
  CHECK(found[0].shape == shape_type{3, 2, 64});
  CHECK(found[0].format == "e2m1, scale of 1 x 32: e8m0");
  CHECK(found[1].name == "bad");
  CHECK_THAT(found[1].problem, ContainsSubstring("shape is [1, 1], expected [2, 1]"));
  CHECK(found[2].name == "m");
  CHECK(found[2].format == "e2m1, scale of 1 x 16: (ue4m3, scale of all: binary32)");
  CHECK(found[2].tensors == std::vector<std::string>{"m.weight", "m.weight_scale",
                                                     "m.weight_scale_2", "m.input_scale"});
  CHECK(found[3].convention == "own");
  CHECK(read(own_t{}, m.set(), "o").matrix.value(1, 2) == unpack(-64.0f));
  CHECK(io::checkpoints::find(m.set()).size() == 3);
}

}  // namespace
