// SPDX-License-Identifier: MIT
// Arrays to the grid of a format.
#include <span>
#include <string>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "trial.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr pattern same_size = narrowing(32);

template <class T>
struct arrays {
  page_buffer<T> in, out;
  explicit arrays(std::size_t size) : in(size), out(size) { fill_sample(in.data(), size); }
  [[nodiscard]] data_flow flow() { return {in.size(), in.bytes(), out.bytes()}; }
};

template <auto F, class T, class R>
void round_with(arrays<T>& a, const R& mode, const execution& how) {
  const std::span<const T> in = a.in.span();
  round_to<F>(in, a.out.span(), mode, overflow::to_special, missing_nan::largest, how);
}

template <auto F, class T = float, class R = nearest_even_t>
void add_round_to(const std::string& job, const R& mode = {}) {
  add_job("round_to/" + job, [=](benchmark::State& state, const setting& at) {
    arrays<T> a(at.size.elements * sizeof(float) / sizeof(T));
    measure<same_size>(state, at, a.flow(),
                       [&](const execution& how) { round_with<F>(a, mode, how); });
  });
}

/// A format that the compiler does not know, also against the same one if it does.
template <auto F>
void add_round_to_at_run_time(const std::string& job) {
  add_job("round_to/" + job + "/run_time", [=](benchmark::State& state, const setting& at) {
    arrays<float> a(at.size.elements);
    auto format = F;
    benchmark::DoNotOptimize(format);
    const std::span<const float> in = a.in.span();
    measure<same_size>(
        state, at, a.flow(),
        [&](const execution& how) {
          round_to(format, in, a.out.span(), nearest_even, overflow::to_special,
                   missing_nan::largest, how);
        },
        {}, {{"compile_time", [&](const execution& how) { round_with<F>(a, nearest_even, how); }}});
  });
}

constexpr float_format e6m5{.exponent_bits = 6, .mantissa_bits = 5};

}  // namespace

void lowp_bench::add_rows() {
  add_round_to<formats::e4m3fn>("e4m3fn");
  add_round_to<formats::bfloat16>("bfloat16");
  add_round_to_at_run_time<formats::e4m3fn>("e4m3fn");
  add_round_to_at_run_time<e6m5>("e6m5");
  for (const int bits : {8, 16, 32}) {
    add_round_to<formats::e4m3fn>("e4m3fn/stochastic_" + std::to_string(bits),
                                  stochastic{.seed = 1, .random_bits = bits});
  }
  // Half as many elements: the sizes stand for bytes.
  add_round_to<formats::tf32, double>("tf32_of_binary64");
}
