// SPDX-License-Identifier: MIT
// "Climate Modelling in Low-Precision" (arXiv 2104.15076): models run in numbers of fewer bits
// after a change of their type, and the climates are compared by their Wasserstein-1 distance.
// Claims: 23 bits behind the point are more than enough, 10 are often sufficient, and stochastic
// rounding mitigates the errors of few bits. Data: Lorenz's system, and a shallow-water flow over a
// ridge on a rotating plane, in one dimension where the paper has two; it has a third model, of the
// whole atmosphere.
#include <lowp/analysis/wasserstein.hpp>
#include <lowp/number/rounded.hpp>

#include "support/figures.hpp"
#include "support/weather_models.hpp"

using namespace lowp;
using methods::state;

namespace {

// The exponents of binary64 and so many bits behind the point, which the paper calls sbits.
template <int Bits>
constexpr float_format sbits{.exponent_bits = 11, .mantissa_bits = Bits};
template <int Bits>
using nearest = dropin::rounded<sbits<Bits>>;
template <int Bits>
using randomly = dropin::number<sbits<Bits>, stochastic{.random_bits = 16}>;

// The numbers from `first` on of each of so many states.
template <class T>
std::vector<double> climate(state<T> s, int steps, state<T> (*slope)(const state<T>&), int first,
                            int last) {
  const dropin::seed draws(1);
  std::vector<double> seen;
  for (int i = 0; i < steps; ++i) {
    s = methods::runge_kutta(s, T(0.01), slope);
    for (int j = first; j < last; ++j) seen.push_back(double(s[static_cast<std::size_t>(j)]));
  }
  return seen;
}
template <class T>
std::vector<double> lorenz_climate(int member) {
  return climate<T>({T(1.50887 + member), T(-1.531271), T(25.46091)}, 40000, methods::lorenz<T>, 2,
                    3);
}
template <class T>
double from_lorenz() {  // in shares of the standard deviation, 8.6
  static const std::vector<double> exact = lorenz_climate<double>(2);
  double sum = 0;
  for (const int member : {0, 1}) sum += wasserstein_1<double>(exact, lorenz_climate<T>(member));
  return sum / 2 / 8.6;
}
template <class T>
double from_flow() {  // depths are 9 to 11
  const auto depths = [](auto zero) {
    state<decltype(zero)> s(192, zero);
    for (std::size_t i = 0; i < 64; ++i) s[i] = 10, s[64 + i] = 2;
    return climate<decltype(zero)>(s, 1000, methods::shallow_water<decltype(zero)>, 0, 64);
  };
  return wasserstein_1<double>(depths(0.0), depths(T(0)));
}

}  // namespace

int main() {
  methods::figures figures("Climate modelling in low precision", "arXiv 2104.15076");
  figures.within("Lorenz, z, binary64 from itself", "small", from_lorenz<double>(), 0, 0.03);
  figures.within("Lorenz, z, 23 bits", "more than enough", from_lorenz<nearest<23>>(), 0, 0.03);
  figures.within("Lorenz, z, 10 bits", "often sufficient", from_lorenz<nearest<10>>(), 0, 0.06);
  const double six = from_lorenz<nearest<6>>(), six_by_chance = from_lorenz<randomly<6>>();
  figures.within("Lorenz, z, 10 bits, stochastic", "mitigated", from_lorenz<randomly<10>>(), 0,
                 0.03);
  figures.less("Lorenz, z, 6 bits, stochastic, below to nearest", "mitigated", six_by_chance, six);
  figures.within("flow, 23 bits", "more than enough", from_flow<nearest<23>>(), 1e-7, 1e-5);
  figures.within("flow, 10 bits", "often sufficient", from_flow<nearest<10>>(), 1e-3, 0.02);
  figures.within("flow, 10 bits, stochastic", "sufficient", from_flow<randomly<10>>(), 1e-3, 0.02);
  return figures.status();
}
