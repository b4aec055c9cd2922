// SPDX-License-Identifier: MIT
// Integers in the conventions of checkpoints, compressed-tensors, AWQ and GPTQ: values from words
// by the published formulas, element by element; bytes again; errors.
#include <cmath>
#include <cstdint>

#include "io/checkpoints.hpp"
#include "lowp/io/checkpoints/awq.hpp"
#include "lowp/io/checkpoints/compressed_tensors_bytes.hpp"
#include "lowp/io/checkpoints/compressed_tensors_packed.hpp"
#include "lowp/io/checkpoints/gptq.hpp"

namespace {

using namespace lowp;
using namespace lowp::io::checkpoints;
using Catch::Matchers::ContainsSubstring;
using test::bytes;

std::uint32_t word(const bytes& b, std::size_t i) {
  return b[4 * i] | std::uint32_t{b[4 * i + 1]} << 8 | std::uint32_t{b[4 * i + 2]} << 16 |
         std::uint32_t{b[4 * i + 3]} << 24;
}
// Binary16 and bfloat16 numbers with few bits: 1 + i % 7 / 8 times a power of two.
bytes plain_f16(std::size_t count) {
  bytes all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = static_cast<unsigned>((12 + i % 5) << 10 | (i % 7) << 7);
    all.push_back(static_cast<std::uint8_t>(bits));
    all.push_back(static_cast<std::uint8_t>(bits >> 8));
  }
  return all;
}
double f16(const bytes& b, std::size_t i) {
  const unsigned bits = b[2 * i] | unsigned{b[2 * i + 1]} << 8;
  return std::ldexp(1024 + static_cast<int>(bits & 1023), static_cast<int>(bits >> 10) - 25);
}
double f32(const bytes& b, std::size_t i) { return double(std::bit_cast<float>(word(b, i))); }
int int8(const bytes& b, std::size_t i) { return b[i] < 128 ? b[i] : b[i] - 256; }

TEST_CASE("compressed-tensors: int-quantized, one scale for a row, a group, the tensor") {
  const bytes weight = test::random_bytes(5 * 12, 1);
  test::model m;
  m.put("l.weight", "I8", {5, 12}, weight);
  bytes rows = test::plain_f32(5);
  for (const auto& shape : {std::vector<std::uint64_t>{5, 1}, std::vector<std::uint64_t>{5}}) {
    m.put("l.weight_scale", "F32", shape, rows);
    test::check(compressed_int, m, "l", {5, 12}, [&](std::size_t n, std::size_t k) {
      return int8(weight, n * 12 + k) * f32(rows, n);
    });
  }
  m.put("l.weight_scale", "F32", {1}, rows = {0, 0, 0x40, 0x3F});
  m.put("l.input_scale", "BF16", {1}, {0x40, 0x3F});
  test::check(compressed_int, m, "l", {5, 12},
              [&](std::size_t n, std::size_t k) { return int8(weight, n * 12 + k) * 0.75; });

  const bytes groups = plain_f16(15), zeros = test::random_bytes(15, 2);
  m.put("l.weight_scale", "F16", {5, 3}, groups);
  m.put("l.weight_zero_point", "I8", {5, 3}, zeros);
  m.put("l.weight_g_idx", "I32", {12}, test::i32_bytes({0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}));
  CHECK_FALSE(compressed_int.follows(m.set(), "l"));
  test::check(compressed_int_zeros, m, "l", {5, 12}, [&](std::size_t n, std::size_t k) {
    const std::size_t g = n * 3 + k / 4;
    return (int8(weight, n * 12 + k) - int8(zeros, g)) * f16(groups, g);
  });
  m.put("l.weight_g_idx", "I32", {12}, test::i32_bytes({0, 1, 0, 0, 1, 0, 1, 1, 2, 2, 2, 2}));
  CHECK(test::error_of(compressed_int_zeros, m, "l") ==
        "tensor 'l.weight_g_idx': column 1 has group 1, expected 0: groups in the order of "
        "activations are not supported");
  m.put("l.weight_scale", "F16", {5, 5}, plain_f16(25));
  CHECK_THAT(test::error_of(compressed_int_zeros, m, "l"),
             ContainsSubstring("5 groups do not divide 12 columns"));
  m.put("l.weight_scale", "I16", {5, 3}, groups);
  CHECK_THAT(test::error_of(compressed_int_zeros, m, "l"), ContainsSubstring("dtype is 'I16'"));
}

// The code at `index` of a dense stream of words, bit by bit.
template <class Word>
unsigned in_stream(std::size_t index, unsigned width, const Word& word_at) {
  unsigned code = 0;
  for (unsigned i = 0; i < width; ++i) {
    const std::size_t bit = index * width + i;
    code |= (word_at(bit / 32) >> (bit % 32) & 1u) << i;
  }
  return code;
}

TEST_CASE("compressed-tensors: pack-quantized in 1 to 8 bits, zero points packed down") {
  for (unsigned bits = 1; bits <= 8; ++bits) {
    INFO(bits << " bits");
    const std::size_t cols = 40, words = (cols * bits + 31) / 32,
                      zero_words = (10 * bits + 31) / 32;
    const int half = 1 << (bits - 1);
    test::model m;
    const bytes packed = test::random_bytes(10 * words * 4, bits), scales = test::plain_f32(50);
    m.put("l.weight_packed", "I32", {10, words}, packed);
    m.put("l.weight_shape", "I64", {2}, {10, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0});
    m.put("l.weight_scale", "F32", {10, 5}, scales);
    const auto code = [&](std::size_t n, std::size_t k) {
      return static_cast<int>(
                 in_stream(k, bits, [&](std::size_t w) { return word(packed, n * words + w); })) -
             half;
    };
    // A width that K alone does not tell.
    const settings config(R"({"quantization_config": {"config_groups": {"group_0": {"weights":
        {"num_bits": )" + std::to_string(bits) +
                          "}}}}}");
    test::check(
        compressed_packed, m, "l", {10, 40},
        [&](std::size_t n, std::size_t k) { return code(n, k) * f32(scales, n * 5 + k / 8); },
        config);

    const bytes zeros = test::random_bytes(zero_words * 5 * 4, 100 + bits);
    m.put("l.weight_zero_point", "I32", {zero_words, 5}, zeros);
    test::check(
        compressed_packed_zeros, m, "l", {10, 40},
        [&](std::size_t n, std::size_t k) {
          const auto zero =
              static_cast<int>(
                  in_stream(n, bits, [&](std::size_t w) { return word(zeros, w * 5 + k / 8); })) -
              half;
          return (code(n, k) - zero) * f32(scales, n * 5 + k / 8);
        },
        config);
  }
  test::model m;
  m.put("l.weight_packed", "I32", {2, 1}, bytes(8));
  m.put("l.weight_shape", "I32", {2}, test::i32_bytes({2, 4}));
  m.put("l.weight_scale", "F32", {2, 1}, test::plain_f32(2));
  CHECK_THAT(test::error_of(compressed_packed, m, "l"), ContainsSubstring("codes of 1 or 2 bits"));
  m.put("l.weight_shape", "I32", {2}, test::i32_bytes({2, 64}));
  CHECK_THAT(test::error_of(compressed_packed, m, "l"), ContainsSubstring("no shape of"));
  m.put("l.weight_shape", "I64", {2}, bytes(16, 0xFF));
  CHECK_THAT(test::error_of(compressed_packed, m, "l"), ContainsSubstring("no shape of"));
}

TEST_CASE("AWQ: outputs 0 2 4 6 1 3 5 7 of each word") {
  const std::size_t n_size = 16, k_size = 12, groups = 3;
  const bytes qweight = test::random_bytes(k_size * n_size / 2, 3),
              qzeros = test::random_bytes(groups * n_size / 2, 4), scales = plain_f16(48);
  test::model m;
  m.put("l.qweight", "I32", {12, 2}, qweight);
  m.put("l.qzeros", "I32", {3, 2}, qzeros);
  m.put("l.scales", "F16", {3, 16}, scales);
  const auto nibble = [](const bytes& b, std::size_t row, std::size_t n) {
    const std::size_t order[] = {0, 2, 4, 6, 1, 3, 5, 7};
    for (std::size_t i = 0; i < 8; ++i) {
      if (order[i] == n % 8) return static_cast<int>(word(b, row * 2 + n / 8) >> (4 * i) & 15);
    }
    return -1;
  };
  test::check(awq, m, "l", {16, 12}, [&](std::size_t n, std::size_t k) {
    return (nibble(qweight, k, n) - nibble(qzeros, k / 4, n)) * f16(scales, k / 4 * 16 + n);
  });
  CHECK_FALSE(gptq.follows(m.set(), "l"));
  m.put("l.qzeros", "I32", {3, 1}, bytes(12));
  CHECK(test::error_of(awq, m, "l") == "tensor 'l.qzeros': shape is [3, 1], expected [3, 2]");
  m.put("l.scales", "F16", {5, 16}, plain_f16(80));
  CHECK_THAT(test::error_of(awq, m, "l"), ContainsSubstring("5 groups do not divide 12 columns"));
}

TEST_CASE("GPTQ: inputs along words, zero points minus one in version 1") {
  for (const unsigned bits : {2u, 3u, 4u, 8u}) {
    INFO(bits << " bits");
    const std::size_t words = bits, zero_words = bits;  // of 32 codes
    const bytes qweight = test::random_bytes(2 * words * 32 * 4, bits),
                qzeros = test::random_bytes(4 * zero_words * 4, 50 + bits), scales = plain_f16(128);
    std::vector<std::int32_t> order;
    for (std::int32_t k = 0; k < 64; ++k) order.push_back(k / 16);
    test::model m;
    m.put("l.qweight", "I32", {2 * words, 32}, qweight);
    m.put("l.qzeros", "I32", {4, zero_words}, qzeros);
    m.put("l.scales", "F16", {4, 32}, scales);
    m.put("l.g_idx", "I32", {64}, test::i32_bytes(order));
    for (const int added : {0, 1}) {
      const settings config(added == 1
                                ? "{\"bits\": 4}"
                                : R"({"quantization_config": {"checkpoint_format": "gptq_v2"}})");
      test::check(
          gptq, m, "l", {32, 64},
          [&](std::size_t n, std::size_t k) {
            const std::size_t g = k / 16;
            const unsigned code =
                in_stream(k, bits, [&](std::size_t w) { return word(qweight, w * 32 + n); });
            const unsigned zero =
                in_stream(n, bits, [&](std::size_t w) { return word(qzeros, g * zero_words + w); });
            return (static_cast<int>(code) - static_cast<int>(zero) - added) *
                   f16(scales, g * 32 + n);
          },
          config);
    }
    std::swap(order[3], order[20]);
    m.put("l.g_idx", "I32", {64}, test::i32_bytes(order));
    CHECK_THAT(test::error_of(gptq, m, "l"), ContainsSubstring("'l.g_idx': column 3 has group 1"));
    m.drop("l.g_idx");
    CHECK(test::error_of(gptq, m, "l") == "no error");
    m.put("l.qzeros", "I32", {4, 5}, bytes(80));
    CHECK_THAT(test::error_of(gptq, m, "l"), ContainsSubstring("2, 3, 4 or 8 bits"));
  }
}

TEST_CASE("integers are made from floats") {
  std::vector<float> values(32 * 64);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(static_cast<float>(i) * 1.7f) * test::plain(static_cast<std::uint32_t>(i));
  }
  const matrix_view<const float> in(values.data(), 32, 64);
  // scale = amax / 7.5, code = round to even of x / scale, from -8 to 7, in binary32.
  const auto made = compressed_packed.make("l", in, 4, {1, 16});
  test::check_made(compressed_packed, made);
  std::size_t differences = 0;
  for (std::size_t n = 0; n < 32; ++n) {
    for (std::size_t g = 0; g < 4; ++g) {
      float amax = 0;
      for (std::size_t k = 0; k < 16; ++k) amax = std::fmax(amax, std::fabs(in(n, 16 * g + k)));
      const float scale = amax / 7.5f;
      for (std::size_t k = 16 * g; k < 16 * g + 16; ++k) {
        const float code = std::fmin(std::nearbyint(in(n, k) / scale), 7.0f);
        const double expected = double(code) * double(scale);
        differences += pack_as<double>(made.matrix.value(n, k)) == expected ? 0u : 1u;
      }
    }
  }
  CHECK(differences == 0);
  test::check_made(compressed_int, compressed_int.make("l", in));
  test::check_made(compressed_packed_zeros, compressed_packed_zeros.make("l", in, 4, {1, 32}));
  test::check_made(awq, awq.make("l", in, 32));
  test::check_made(gptq, gptq.make("l", in, 4, 32),
                   settings(R"({"checkpoint_format": "gptq_v2"})"));
  auto v1 = gptq.make("l", in, 4, 32, false);
  v1.matrix.set_code(2, 3, 1, 0);  // no code of 4 bits minus one stands for 0
  CHECK_THROWS_AS(write(v1), std::invalid_argument);
  CHECK_THROWS_AS(awq.make("l", in, 48), std::invalid_argument);
}

}  // namespace
