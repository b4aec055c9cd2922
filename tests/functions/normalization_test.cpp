// SPDX-License-Identifier: MIT
// LayerNorm and RMSNorm: against long double, bits on every target and in any environment, the
// ends of binary32, arguments.
#include "lowp/functions/normalization.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/functions/layer_norm.hpp"
#include "lowp/functions/normalization_reference.hpp"
#include "lowp/functions/rms_norm.hpp"
#include "normal_values.hpp"

using namespace lowp;

namespace {

using values = std::vector<float>;
const float infinity = from_bits<float>(0x7F800000u);

[[nodiscard]] bool is_same(const values& a, const values& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}
[[nodiscard]] bool are_nan(const values& x) {
  for (const float v : x) {
    if (std::bit_cast<std::uint32_t>(v) != 0x7FC00000u) return false;
  }
  return true;
}
[[nodiscard]] values spread(std::size_t count, float by, float mean) {
  const default_float_environment environment;  // subnormal numbers, too
  values x = test::normal_values(count, static_cast<unsigned>(count));
  for (float& v : x) v = v * by + mean;
  return x;
}
[[nodiscard]] values defined_norm(const values& x, bool is_layer, const norm_parameters& p) {
  values y(x.size());
  const matrix_view<const float> in(x.data(), 1, x.size());
  const matrix_view<float> out(y.data(), 1, y.size());
  is_layer ? reference::layer_norm(in, out, p) : reference::rms_norm(in, out, p);
  return y;
}
[[nodiscard]] values norm_of(const values& x, bool is_layer, const norm_parameters& p = {},
                             const execution& how = {}) {
  values y(x.size());
  const matrix_view<const float> in(x.data(), 1, x.size());
  const matrix_view<float> out(y.data(), 1, y.size());
  is_layer ? layer_norm(in, out, p, how) : rms_norm(in, out, p, how);
  return y;
}

/// In long double.
struct exact_norm {
  std::vector<long double> y;
  long double mean = 0, rstd = 0;

  exact_norm(const values& x, bool is_layer, long double epsilon) {
    const default_float_environment environment;
    const auto n = static_cast<long double>(x.size());
    for (const float v : x) mean += static_cast<long double>(v) / n;
    if (!is_layer) mean = 0;
    long double square = 0;
    for (const float v : x)
      square += (static_cast<long double>(v) - mean) * (static_cast<long double>(v) - mean) / n;
    rstd = 1 / std::sqrt(square + epsilon);
    for (const float v : x) y.push_back((static_cast<long double>(v) - mean) * rstd);
  }
};

}  // namespace

TEST_CASE("Norms are off by no more than they say") {
  struct numbers {
    float by, mean;
    double epsilon;
  };
  for (const bool is_layer : {true, false}) {
    for (const numbers& s :
         {numbers{1, 0, 1e-5}, numbers{0.01f, 1000, 0}, numbers{1e-30f, 0, 1e-5},
          numbers{1e-41f, 0, 0}, numbers{3e37f, 1e38f, 1e-5}, numbers{1e25f, -1e30f, 0}}) {
      for (const std::size_t n : {2u, 17u, 768u, 5000u}) {
        const values x = spread(n, s.by, s.mean);
        const exact_norm exact(x, is_layer, static_cast<long double>(s.epsilon));
        float mean = 0, rstd = 0;
        norm_parameters p{.epsilon = s.epsilon, .rstd = {&rstd, 1}};
        if (is_layer) p.mean = {&mean, 1};
        const values y = norm_of(x, is_layer, p);
        INFO("by " << s.by << ", mean " << s.mean << ", " << n << " elements, " << is_layer);
        const default_float_environment environment;
        if (is_layer) {
          const auto size = static_cast<double>(std::abs(exact.mean)), width = double(s.by);
          REQUIRE(std::abs(static_cast<double>(static_cast<long double>(mean) - exact.mean)) <=
                  6e-8 * size + 1e-13 * width + 1e-45);
        }
        if (std::abs(static_cast<double>(exact.rstd)) < 3e38 && exact.rstd > 1e-37L) {
          REQUIRE(std::abs(static_cast<double>(static_cast<long double>(rstd) / exact.rstd - 1)) <
                  7e-8);
        }
        // What the mean is off, and a unit of what is normal.
        const auto slack = static_cast<double>(std::abs(exact.mean) * exact.rstd) * 1e-13 + 1e-45;
        for (std::size_t i = 0; i < n; ++i) {
          const auto off =
              std::abs(static_cast<double>(static_cast<long double>(y[i]) - exact.y[i]));
          REQUIRE(off <= 2.5 * 0x1p-23 * std::abs(static_cast<double>(exact.y[i])) + slack);
        }
      }
    }
  }
}

TEST_CASE("Norms have the same bits on every target") {
  for (const bool is_layer : {true, false}) {
    for (const std::size_t n : {1u, 3u, 15u, 16u, 17u, 130u, 1000u}) {
      const values x = spread(n, 2, 1), gain = spread(n, 1, 1), bias = spread(n, 3, 0);
      for (const norm_parameters& p :
           {norm_parameters{}, {.gain = gain}, {.bias = bias}, {.gain = gain, .bias = bias}}) {
        const values expected = defined_norm(x, is_layer, p);
        // A gain and a bias are one rounding each.
        const values plain = norm_of(x, is_layer);
        for (std::size_t i = 0; i < n; ++i) {
          const default_float_environment environment;
          float y = plain[i];
          if (!p.gain.empty()) y = opaque(y * gain[i]);
          if (!p.bias.empty()) y = opaque(y + bias[i]);
          REQUIRE(y == expected[i]);
        }
        for (const isa level : test::isas()) {
          INFO(name(level) << ", " << n << " elements");
          REQUIRE(is_same(norm_of(x, is_layer, p, level), expected));
          values here = x;
          const matrix_view<float> place(here.data(), 1, n);
          is_layer ? layer_norm(place, place, p, level) : rms_norm(place, place, p, level);
          REQUIRE(is_same(here, expected));
#if LOWP_HAS_GUARDED_MEMORY
          const test::guarded memory(n * sizeof(float));
          const auto to = reinterpret_cast<float*>(memory.place(n * sizeof(float), true));
          std::memcpy(to, x.data(), n * sizeof(float));
          is_layer ? layer_norm({to, 1, n}, {to, 1, n}, p, level)
                   : rms_norm({to, 1, n}, {to, 1, n}, p, level);
#endif
        }
        for (const std::uint32_t flags : test::unusual_environments) {
          const test::float_environment unusual(flags);
          REQUIRE(is_same(norm_of(x, is_layer, p, threads{2}), expected));
        }
      }
    }
  }
  // Rows apart from each other, a stride, and statistics of each.
  const values x = spread(40 * 500, 2, 1);
  values y(40 * 470), mean(40), rstd(40);
  layer_norm({x.data(), 40, 470, 500}, {y.data(), 40, 470}, {.mean = mean, .rstd = rstd},
             threads{3});
  for (std::size_t r = 0; r < 40; ++r) {
    const auto first = x.begin() + static_cast<std::ptrdiff_t>(500 * r);
    float one_mean = 0, one_rstd = 0;
    const values row =
        norm_of({first, first + 470}, true, {.mean = {&one_mean, 1}, .rstd = {&one_rstd, 1}});
    REQUIRE(std::memcmp(row.data(), y.data() + 470 * r, 470 * sizeof(float)) == 0);
    REQUIRE(one_mean == mean[r]);
    REQUIRE(one_rstd == rstd[r]);
  }
}

TEST_CASE("Norms have the bits of their definition at the ends of binary32, too") {
  for (const bool is_layer : {true, false}) {
    for (const std::size_t n : {1u, 17u, 300u}) {
      values gain = spread(n, 1, 1), bias = spread(n, 3, 0);
      for (const bool is_wild : {false, true}) {
        if (is_wild) {  // what makes NaNs, whose bits processors choose
          gain[0] = from_bits<float>(0xFFC12345u);
          gain[n / 2] = gain[n - 1] = infinity;
          bias[n / 2] = -infinity;
          bias[n - 1] = infinity;
        }
        for (const float by : {1.0f, 1e-30f, 1e-41f, 1e35f}) {
          for (const double epsilon : {0.0, 1e-5, 1e70}) {
            values x = spread(n, by, by);
            x[n / 3] = -0.0f;
            float stated[2] = {}, found[2] = {};
            norm_parameters p{
                .epsilon = epsilon, .gain = gain, .bias = bias, .rstd = {&stated[0], 1}};
            if (is_layer) p.mean = {&stated[1], 1};
            const values expected = defined_norm(x, is_layer, p);
            p.rstd = {&found[0], 1};
            if (is_layer) p.mean = {&found[1], 1};
            for (const isa level : test::isas()) {
              INFO(name(level) << ", by " << by << ", epsilon " << epsilon << ", " << n);
              REQUIRE(is_same(norm_of(x, is_layer, p, level), expected));
              REQUIRE(std::memcmp(stated, found, sizeof found) == 0);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("Rows of norms without figures, and arguments that do not fit") {
  values out(4);
  for (const bool is_layer : {true, false}) {
    for (const float wrong : {infinity, -infinity, from_bits<float>(0xFF800001u)}) {
      for (std::size_t at = 0; at < 4; ++at) {
        values x{1, 2, 3, 4};
        x[at] = wrong;
        float rstd = 0;
        REQUIRE(are_nan(norm_of(x, is_layer, {.rstd = {&rstd, 1}})));
        REQUIRE(are_nan({rstd}));
      }
    }
    REQUIRE(are_nan(norm_of({0, 0, 0}, is_layer, {.epsilon = 0})));
    REQUIRE(norm_of({0, 0, 0}, is_layer) == values{0, 0, 0});
  }
  REQUIRE(norm_of({7, 7, 7}, true) == values{0, 0, 0});
  const float largest = from_bits<float>(0x7F7FFFFFu);
  REQUIRE(norm_of({largest, largest}, false) == values{1, 1});
  REQUIRE(norm_of({largest, -largest}, true) == values{1, -1});
  REQUIRE(norm_of({0x1p-149f, -0x1p-149f}, true, {.epsilon = 0}) == values{1, -1});

  values x(8), y(8);
  const auto refuses = [](const auto& call, const char* text) {
    REQUIRE_THROWS_WITH(call(), Catch::Matchers::ContainsSubstring(text));
  };
  values nothing(2);
  layer_norm({x.data(), 2, 0}, {y.data(), 2, 0}, {.mean = nothing});
  REQUIRE(are_nan(nothing));
  refuses([&] { layer_norm({x.data(), 2, 4}, {y.data(), 4, 2}); }, "out is 4 x 2");
  refuses(
      [&] {
        layer_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.rstd = {x.data() + 4, 2}});
      },
      "rstd and in overlap");
  refuses(
      [&] {
        layer_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.mean = nothing, .rstd = nothing});
      },
      "rstd and mean overlap");
  refuses(
      [&] {
        layer_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.gain = {x.data(), 3}});
      },
      "layer_norm: gain has size 3, expected that of cols, 4");
  refuses(
      [&] {
        layer_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.mean = {x.data(), 3}});
      },
      "mean has size 3, expected that of rows, 2");
  refuses(
      [&] {
        layer_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.bias = {y.data(), 4}});
      },
      "bias lies in out");
  refuses(
      [&] {
        rms_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.mean = {x.data(), 2}});
      },
      "rms_norm: mean has size 2, expected an empty list");
  refuses(
      [&] {
        rms_norm({x.data(), 2, 4}, {y.data(), 2, 4}, {.epsilon = -1});
      },
      "epsilon is -1.000000, expected a finite number that is not negative");
}
