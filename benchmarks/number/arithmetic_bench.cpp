// SPDX-License-Identifier: MIT
// Operations on numbers against the same loop on float.
#include "lowp/number/arithmetic.hpp"

#include <cstddef>
#include <vector>

#include "lowp/number/catalog.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;

constexpr std::size_t elements = 4096;

template <class T, class Operation>
void apply(const std::vector<T>& a, const std::vector<T>& b, std::vector<T>& c,
           const Operation& operation) {
  for (std::size_t i = 0; i < a.size(); ++i) c[i] = operation(a[i], b[i]);
  benchmark::ClobberMemory();
}

template <class N, class Operation>
void operate(benchmark::State& state) {
  const std::vector<float> values = lowp_bench::sample(2 * elements);
  std::vector<float> x(values.begin(), values.begin() + elements),
      y(values.begin() + elements, values.end()), z(elements);
  std::vector<N> a, b, c(elements);
  for (const float value : x) a.emplace_back(value);
  for (const float value : y) b.emplace_back(value);
  lowp_bench::compare(
      state, elements, [&] { apply(a, b, c, Operation{}); }, [&] { apply(x, y, z, Operation{}); });
}

struct plus {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
struct times {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
struct over {
  template <class T>
  T operator()(T a, T b) const {
    return a / b;
  }
};

BENCHMARK_TEMPLATE(operate, e4m3fn, plus)->UseManualTime();
BENCHMARK_TEMPLATE(operate, e4m3fn, times)->UseManualTime();
BENCHMARK_TEMPLATE(operate, e4m3fn, over)->UseManualTime();
BENCHMARK_TEMPLATE(operate, binary32, plus)->UseManualTime();
BENCHMARK_TEMPLATE(operate, binary32, times)->UseManualTime();
BENCHMARK_TEMPLATE(operate, binary32, over)->UseManualTime();
BENCHMARK_TEMPLATE(operate, posit<16>, plus)->UseManualTime();

}  // namespace
