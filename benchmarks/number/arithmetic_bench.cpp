// SPDX-License-Identifier: MIT
// Operations on numbers against the same loop on float.
#include "lowp/number/arithmetic.hpp"

#include <cstddef>
#include <string>
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
void add_operation(const std::string& name) {
  lowp_bench::add_row(name, [](benchmark::State& state) {
    const std::vector<float> values = lowp_bench::sample(2 * elements);
    std::vector<float> x(values.begin(), values.begin() + elements),
        y(values.begin() + elements, values.end()), z(elements);
    std::vector<N> a, b, c(elements);
    for (const float value : x) a.emplace_back(value);
    for (const float value : y) b.emplace_back(value);
    lowp_bench::compare(state, elements, [&] { apply(a, b, c, Operation{}); },
                        {{"float", [&] { apply(x, y, z, Operation{}); }}});
  });
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

}  // namespace

void lowp_bench::add_rows() {
  add_operation<e4m3fn, plus>("e4m3fn/add");
  add_operation<e4m3fn, times>("e4m3fn/multiply");
  add_operation<e4m3fn, over>("e4m3fn/divide");
  add_operation<binary32, plus>("binary32/add");
  add_operation<binary32, times>("binary32/multiply");
  add_operation<binary32, over>("binary32/divide");
  add_operation<posit<16>, plus>("posit16/add");
}
