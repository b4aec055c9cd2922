// SPDX-License-Identifier: MIT
// Additive codebooks against the definition in binary64 and all codes there are, and what must hold
// of fits: nothing raises the error, no entry nearby lowers it, threads and targets change no bit.
#include <bit>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/additive_codebook_fit.hpp"
#include "lowp/block/additive_codebook_matrix.hpp"
#include "normal_values.hpp"

using namespace lowp;
using test::normal_values;

namespace {

matrix_view<const float> view(const std::vector<float>& x, std::size_t cols) {
  return {x.data(), x.size() / cols, cols};
}
additive_codebook_matrix random_matrix(std::size_t rows, std::size_t cols,
                                       const additive_codebooks& shape, unsigned seed) {
  additive_codebook_matrix q(rows, cols, shape);
  std::mt19937 random(seed);
  const std::vector<float> entries = normal_values(q.entries().size(), seed);
  std::copy(entries.begin(), entries.end(), q.entries().begin());
  for (float& s : q.scales()) s = static_cast<float>(1 + random() % 64) / 16;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t g = 0; g < q.groups(); ++g) {
      for (std::size_t m = 0; m < static_cast<std::size_t>(shape.count); ++m)
        q.set_code(r, g, m, random() % shape.entries());
    }
  }
  return q;
}
/// The code numbered i of a row, bit by bit.
std::size_t code_in_bits(const additive_codebook_matrix& q, std::size_t row, std::size_t i) {
  std::size_t code = 0;
  for (int bit = 0; bit < q.codebooks().code_bits; ++bit) {
    const std::size_t at = i * static_cast<std::size_t>(q.codebooks().code_bits) + std::size_t(bit);
    code |= std::size_t(q.bytes()[row * q.row_bytes() + at / 8] >> at % 8 & 1) << bit;
  }
  return code;
}
/// In binary64, where all is exact but for a rounding that does not matter.
double error_in_binary64(matrix_view<const float> w, const additive_codebook_matrix& q,
                         std::size_t row, std::size_t group, const std::vector<std::size_t>& codes,
                         std::span<const float> weights) {
  const auto size = static_cast<std::size_t>(q.codebooks().group);
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    double value = 0;
    for (std::size_t m = 0; m < codes.size(); ++m)
      value += double(q.entries()[(m * q.codebooks().entries() + codes[m]) * size + i]);
    const double apart = double(w(row, group * size + i)) - double(q.scales()[row]) * value;
    sum += (weights.empty() ? 1.0 : double(weights[group * size + i])) * apart * apart;
  }
  return sum;
}

}  // namespace

TEST_CASE("values and bytes of additive codebooks") {
  for (const additive_codebooks shape : {additive_codebooks{2, 8, 8}, {1, 11, 3}, {3, 3, 1}}) {
    const auto cols = static_cast<std::size_t>(shape.group) * 5;
    const additive_codebook_matrix q = random_matrix(7, cols, shape, 1);
    std::vector<float> out(7 * cols);
    dequantize(q, {out.data(), 7, cols}, threads{3});
    const auto count = static_cast<std::size_t>(shape.count);
    for (std::size_t r = 0; r < 7; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const std::size_t group = c / std::size_t(shape.group), i = c % std::size_t(shape.group);
        volatile float sum = 0;
        for (std::size_t m = 0; m < count; ++m) {
          const std::size_t code = code_in_bits(q, r, group * count + m);
          CHECK(code == q.code(r, group, m));
          sum = sum + q.entries()[(m * shape.entries() + code) * std::size_t(shape.group) + i];
        }
        const volatile float value = q.scales()[r] * sum;
        REQUIRE(std::bit_cast<std::uint32_t>(out[r * cols + c]) ==
                std::bit_cast<std::uint32_t>(float(value)));
        REQUIRE(pack_as<float>(q.value(r, c)) == value);
      }
    }
  }
  // 2 bits of codes, 2 x 256 x 8 entries and a scale for each row in 16 bits.
  CHECK(std::abs(additive_codebook_matrix(1024, 4096).bits_per_value(16) -
                 (2 + (4096.0 + 1024) * 16 / (1024 * 4096))) < 1e-12);
}

TEST_CASE("a beam as wide as all sums finds the best codes") {
  const additive_codebooks shape{3, 2, 4};
  const std::vector<float> w = normal_values(6 * 20, 2), noise = normal_values(20, 3);
  std::vector<float> weights;
  for (const float v : noise) weights.push_back(v * v + 0.1f);
  for (const bool has_weights : {false, true}) {
    additive_codebook_matrix q = random_matrix(6, 20, shape, 4), narrow = q;
    additive_fit fit{.beam = 64};
    if (has_weights) fit.col_weights = weights;
    const double before = additive_error(view(w, 20), q, fit.col_weights);
    CHECK(choose_additive_codes(view(w, 20), q, fit) > 20);
    double all = 0;
    for (std::size_t r = 0; r < 6; ++r) {
      for (std::size_t g = 0; g < 5; ++g) {
        double least = 1e30;
        for (std::size_t c = 0; c < 64; ++c)
          least = std::min(least, error_in_binary64(view(w, 20), q, r, g,
                                                    {c % 4, c / 4 % 4, c / 16}, fit.col_weights));
        const double found =
            error_in_binary64(view(w, 20), q, r, g,
                              {q.code(r, g, 0), q.code(r, g, 1), q.code(r, g, 2)}, fit.col_weights);
        CHECK(found <= least * (1 + 1e-5));
        all += found;
      }
    }
    const double error = additive_error(view(w, 20), q, fit.col_weights);
    CHECK(std::abs(error - all) < 1e-5 * all);
    fit.beam = 1;
    CHECK(choose_additive_codes(view(w, 20), narrow, fit) > 0);
    const double by_narrow = additive_error(view(w, 20), narrow, fit.col_weights);
    CHECK(by_narrow >= error * (1 - 1e-6));
    CHECK(by_narrow < before);
    CHECK(choose_additive_codes(view(w, 20), q, fit) == 0);
  }
}

TEST_CASE("entries and scales are those of least squares") {
  const std::vector<float> w = normal_values(9 * 24, 5), noise = normal_values(24, 6);
  std::vector<float> weights;
  for (const float v : noise) weights.push_back(v * v + 0.1f);
  additive_codebook_matrix q = random_matrix(9, 24, {2, 2, 3}, 7);
  double error = additive_error(view(w, 24), q, weights);
  for (int step = 0; step < 200; ++step) {
    fit_additive_entries(view(w, 24), q, weights);
    const double next = additive_error(view(w, 24), q, weights);
    REQUIRE(next <= error * (1 + 1e-6));
    error = next;
  }
  // At the end no entry and no scale nearby is better.
  for (std::size_t i = 0; i < q.entries().size() + 9; ++i) {
    float& value = i < q.entries().size() ? q.entries()[i] : q.scales()[i - q.entries().size()];
    const float old = value;
    for (const float by : {-0.01f, 0.01f}) {
      value = old + by;
      CHECK(additive_error(view(w, 24), q, weights) > error - 1e-6);
    }
    value = old;
  }
}

TEST_CASE("normal numbers of 2 bits lie between scalars and what is possible") {
  const std::vector<float> w = normal_values(64 * 128, 8);
  additive_codebook_matrix q = quantize_additive(view(w, 128), {2, 4, 4}, {.rounds = 4});
  const double error = additive_error(view(w, 128), q) / static_cast<double>(w.size());
  CHECK(error < 0.1175);  // Lloyd and Max
  CHECK(error > 0.0625);  // rate distortion
  const additive_fit once{.rounds = 0};
  CHECK(error < additive_error(view(w, 128), quantize_additive(view(w, 128), {2, 4, 4}, once)) /
                    static_cast<double>(w.size()));
}

TEST_CASE("a share of the codes changes where errors are largest") {
  const std::vector<float> w = normal_values(8 * 32, 9);
  const additive_codebook_matrix start = random_matrix(8, 32, {2, 3, 4}, 10);
  const auto error_of = [&](const additive_codebook_matrix& q, std::size_t i) {
    return error_in_binary64(view(w, 32), q, i / 8, i % 8,
                             {q.code(i / 8, i % 8, 0), q.code(i / 8, i % 8, 1)}, {});
  };
  additive_codebook_matrix q = start, full = start;
  CHECK(choose_additive_codes(view(w, 32), q, {}, 0) == 0);
  CHECK(q == start);
  const std::size_t changed = choose_additive_codes(view(w, 32), q, {}, 0.25);
  CHECK(changed > 8);
  CHECK(changed <= 16);
  CHECK(choose_additive_codes(view(w, 32), full) > changed);
  double least = 1e30;  // of those chosen
  for (std::size_t i = 0; i < 64; ++i) {
    const bool is_changed = error_of(q, i) != error_of(start, i);
    if (is_changed) {
      CHECK(error_of(q, i) < error_of(start, i));
      CHECK(error_of(q, i) == error_of(full, i));
      least = std::min(least, error_of(start, i));
    }
  }
  std::size_t above = 0;
  for (std::size_t i = 0; i < 64; ++i) above += std::size_t(error_of(start, i) >= least);
  CHECK(above <= 16);
}

TEST_CASE("the bits of a fit on all targets and threads") {
  std::mt19937 random(11);
  std::vector<float> w(24 * 40);
  for (float& v : w) v = static_cast<float>(static_cast<int>(random() >> 8) - (1 << 23)) / 65536;
  std::fill_n(w.begin(), 40, 0.0f);
  for (const isa level : test::isas()) {
    CAPTURE(name(level));
    const additive_fit fit{.start_iterations = 2, .rounds = 2, .beam = 3, .seed = 5};
    const auto q = quantize_additive(view(w, 40), {2, 4, 5}, fit, {threads{3}, level});
    std::uint64_t digest = 0;
    const auto add = [&](std::uint64_t bits) { digest = (digest ^ bits) * 0x9E3779B97F4A7C15u; };
    for (const std::uint8_t byte : q.bytes()) add(byte);
    for (const float v : q.entries()) add(std::bit_cast<std::uint32_t>(v));
    for (const float v : q.scales()) add(std::bit_cast<std::uint32_t>(v));
    CHECK(digest == 0x2D9B43AB6C720590u);
    CHECK(q != quantize_additive(view(w, 40), {2, 4, 5}, {.start_iterations = 2, .rounds = 2}));
  }
}

TEST_CASE("additive codebooks refuse what they cannot be") {
  CHECK_THROWS_AS(additive_codebook_matrix(2, 12), std::invalid_argument);
  CHECK_THROWS_AS(additive_codebook_matrix(2, 16, {0, 8, 8}), std::invalid_argument);
  CHECK_THROWS_AS(additive_codebook_matrix(2, 16, {2, 17, 8}), std::invalid_argument);
  CHECK_THROWS_AS(additive_codebook_matrix(2, 130, {2, 8, 65}), std::invalid_argument);
  CHECK_THROWS_AS(additive_codebook_matrix(std::size_t{1} << 50, 1 << 12), std::invalid_argument);
  std::vector<float> w(32, 1.0f);
  additive_codebook_matrix q(2, 16);
  CHECK_THROWS_AS(choose_additive_codes(view(w, 8), q), std::invalid_argument);
  CHECK_THROWS_AS(choose_additive_codes(view(w, 16), q, {.beam = 0}), std::invalid_argument);
  CHECK_THROWS_AS(choose_additive_codes(view(w, 16), q, {}, 1.5), std::invalid_argument);
  CHECK_THROWS_AS(fit_additive_entries(view(w, 16), q, std::vector<float>(3, 1.0f)),
                  std::invalid_argument);
  CHECK_THROWS_AS(fit_additive_entries(view(w, 16), q, std::vector<float>(16)),
                  std::invalid_argument);
  q.entries()[9] = std::bit_cast<float>(0x7F800000u);
  CHECK_THROWS_AS(choose_additive_codes(view(w, 16), q, {}, 0.5), std::invalid_argument);
  CHECK_THROWS_AS(fit_additive_entries(view(w, 16), q), std::invalid_argument);
  q.entries()[9] = 0;
  for (float& s : q.scales()) s = 0x1p-140f;  // entries of 2^140
  fit_additive_entries(view(w, 16), q);
  for (const float v : q.entries()) CHECK(v == 0);
  q.scales()[1] = 0;
  CHECK_THROWS_AS(choose_additive_codes(view(w, 16), q), std::invalid_argument);
  w[5] = std::bit_cast<float>(0x7FC00000u);
  CHECK_THROWS_AS(quantize_additive(view(w, 16)), std::invalid_argument);
  float out[4] = {7, 7, 7, 7};
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(out, 1, 4)), std::invalid_argument);
  CHECK(out[0] == 7);
}
