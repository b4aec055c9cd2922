// SPDX-License-Identifier: MIT
// Elementary functions of arrays against those of the C library, element by element, and against
// copying what they read.
#include "lowp/functions/elementary.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

using array_function = void (*)(std::span<const float>, std::span<float>, const execution&);

/// Of magnitudes of the numbers of a sample if `is_positive`.
void add_function(const std::string& place, std::size_t size, const std::string& name,
                  bool is_positive, array_function ours, float (*theirs)(float)) {
  add_row("functions/" + place + "/" + name, [=](benchmark::State& state) {
    std::vector<float> x = sample(size), y(size), z(size);
    if (is_positive) {
      for (float& value : x) value = std::fabs(value);
    }
    compare(state, size, [&] { ours(x, y, {}); },
            {{"libm",
              [&] {
                for (std::size_t i = 0; i < size; ++i) z[i] = theirs(x[i]);
              }},
             {"copy", [&] { std::memcpy(z.data(), x.data(), size * sizeof(float)); }}});
  });
}
void add_pow(const std::string& place, std::size_t size) {
  add_row("functions/" + place + "/pow", [=](benchmark::State& state) {
    std::vector<float> x = sample(size), e(size), y(size);
    for (std::size_t i = 0; i < size; ++i) {
      e[i] = x[size - 1 - i];
      x[i] = std::fabs(x[i]);
    }
    compare(state, size, [&] { functions::pow(x, e, y); }, {{"libm", [&] {
                                                               for (std::size_t i = 0; i < size;
                                                                    ++i)
                                                                 y[i] = std::pow(x[i], e[i]);
                                                             }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const bool is_memory : {false, true}) {
    const std::string place = is_memory ? "memory" : "L1";
    const std::size_t size = std::size_t{1} << (is_memory ? 24 : 12);
#define LOWP_BENCH_FUNCTION(name, is_positive, theirs)                         \
  add_function(                                                                \
      place, size, #name, is_positive,                                         \
      [](std::span<const float> x, std::span<float> y, const execution& how) { \
        functions::name(x, y, how);                                            \
      },                                                                       \
      [](float x) -> float { return theirs; })
    LOWP_BENCH_FUNCTION(exp, false, std::exp(x));
    LOWP_BENCH_FUNCTION(exp2, false, std::exp2(x));
    LOWP_BENCH_FUNCTION(exp10, false, std::pow(10.0f, x));
    LOWP_BENCH_FUNCTION(expm1, false, std::expm1(x));
    LOWP_BENCH_FUNCTION(log, true, std::log(x));
    LOWP_BENCH_FUNCTION(log2, true, std::log2(x));
    LOWP_BENCH_FUNCTION(log10, true, std::log10(x));
    LOWP_BENCH_FUNCTION(log1p, true, std::log1p(x));
    LOWP_BENCH_FUNCTION(tanh, false, std::tanh(x));
    LOWP_BENCH_FUNCTION(sigmoid, false, 1 / (1 + std::exp(-x)));
    LOWP_BENCH_FUNCTION(silu, false, x / (1 + std::exp(-x)));
    LOWP_BENCH_FUNCTION(sqrt, true, std::sqrt(x));
    LOWP_BENCH_FUNCTION(rsqrt, true, 1 / std::sqrt(x));
    LOWP_BENCH_FUNCTION(cbrt, false, std::cbrt(x));
    LOWP_BENCH_FUNCTION(erf, false, std::erf(x));
    LOWP_BENCH_FUNCTION(erfc, false, std::erfc(x));
    LOWP_BENCH_FUNCTION(gelu, false, x / 2 * std::erfc(x * -0.707106781f));
    LOWP_BENCH_FUNCTION(lgamma, true, std::lgamma(x));
    LOWP_BENCH_FUNCTION(sin, false, std::sin(x));
    LOWP_BENCH_FUNCTION(cos, false, std::cos(x));
    LOWP_BENCH_FUNCTION(tan, false, std::tan(x));
#undef LOWP_BENCH_FUNCTION
    add_pow(place, size);
  }
}
