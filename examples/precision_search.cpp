// SPDX-License-Identifier: MIT
// Which variable of a program needs how many bits? Each labelled variable of a model of shallow
// water gets a precision of its own, which assignments to it round to; delta debugging (Zeller and
// Hildebrandt 2002, for precisions: Precimonious, SC 2013) lowers as many of them as the result
// bears, format after format. Nothing is compiled again.
//
//   precision_search [largest error of the surface, 0.001 by default]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "lowp/number/dynamic.hpp"

namespace {

using real = lowp::dropin::dynamic;
using lowp::dropin::precision;

enum label { surface, velocity_x, velocity_y, flow, force, labels };
constexpr std::array<const char*, labels> names = {"surface", "velocity_x", "velocity_y", "flow",
                                                   "force"};

struct candidate {
  const char* name;
  precision format;
};
/// From the widest on.
const std::vector<candidate> candidates = {
    {"binary64", precision(lowp::formats::binary64)},
    {"binary32", precision(lowp::formats::binary32)},
    {"tf32", precision(lowp::formats::tf32)},
    {"bfloat16", precision(lowp::formats::bfloat16)},
    {"e5m2", precision(lowp::formats::e5m2)},
};
/// For each label the index of its candidate.
using choice = std::array<std::size_t, labels>;

/// Shallow water on a periodic C-grid after some steps: the surface.
std::vector<double> surface_after_steps(const choice& chosen) {
  constexpr std::size_t size = 16, cells = size * size, steps = 60;
  const real gravity = 1, depth = 1, dt = 0.125, friction = 0.0625;
  const auto variable = [&](label l) { return real(0, candidates[chosen[l]].format); };
  std::vector<real> h(cells, variable(surface)), u(cells, variable(velocity_x)),
      v(cells, variable(velocity_y)), east_flow(cells, variable(flow)),
      north_flow(cells, variable(flow));
  for (std::size_t i = 0; i < cells; ++i) {
    const double x = double(i % size) - size / 2.0, y = double(i / size) - size / 3.0;
    h[i] = 1 / (2 + x * x / 4 + y * y / 4);
  }
  const auto east = [](std::size_t i) { return i % size == size - 1 ? i + 1 - size : i + 1; };
  const auto west = [](std::size_t i) { return i % size == 0 ? i + size - 1 : i - 1; };
  const auto north = [](std::size_t i) { return (i + size) % cells; };
  const auto south = [](std::size_t i) { return (i + cells - size) % cells; };
  real push = variable(force);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < cells; ++i) {
      push = gravity * (h[i] - h[west(i)]) + friction * u[i];
      u[i] -= dt * push;
      push = gravity * (h[i] - h[south(i)]) + friction * v[i];
      v[i] -= dt * push;
    }
    for (std::size_t i = 0; i < cells; ++i) {
      east_flow[i] = u[i] * (depth + (h[i] + h[west(i)]) / 2);
      north_flow[i] = v[i] * (depth + (h[i] + h[south(i)]) / 2);
    }
    for (std::size_t i = 0; i < cells; ++i) {
      h[i] -= dt * (east_flow[east(i)] - east_flow[i] + north_flow[north(i)] - north_flow[i]);
    }
  }
  std::vector<double> result;
  for (const real& x : h) result.push_back(double(x));
  return result;
}

class search {
 public:
  explicit search(double bound) : bound_(bound), exact_(surface_after_steps({})) {}

  double error_of(const choice& chosen) {
    ++runs_;
    const std::vector<double> result = surface_after_steps(chosen);
    double largest = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const double error = std::fabs(result[i] - exact_[i]);
      largest = error <= largest ? largest : error;  // of a NaN, too
    }
    return largest;
  }

  /// The largest set of labels, one that no single label can join, that bear the next candidate;
  /// halves of what is left are tried before its parts.
  void lower(choice& chosen, std::vector<label> open) {
    if (open.empty()) return;
    choice lowered = chosen;
    for (const label l : open) ++lowered[l];
    if (error_of(lowered) <= bound_) {
      chosen = lowered;
      return;
    }
    if (open.size() == 1) return;
    const auto middle = open.begin() + static_cast<std::ptrdiff_t>(open.size() / 2);
    lower(chosen, {open.begin(), middle});
    lower(chosen, {middle, open.end()});
  }
  choice run() {
    choice chosen{};
    for (std::size_t next = 1; next < candidates.size(); ++next) {
      std::vector<label> open;  // which took every candidate before
      for (int l = 0; l < labels; ++l) {
        if (chosen[static_cast<std::size_t>(l)] == next - 1) open.push_back(static_cast<label>(l));
      }
      lower(chosen, open);
    }
    return chosen;
  }
  int runs() const { return runs_; }

 private:
  double bound_;
  std::vector<double> exact_;
  int runs_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const double bound = count > 1 ? std::atof(arguments[1]) : 0.001;
  if (!(bound >= 0)) {
    std::fprintf(stderr, "precision_search: the largest error is a number from 0 on, not %s\n",
                 arguments[1]);
    return 1;
  }
  search all(bound);
  const choice chosen = all.run();
  std::printf("%-12s %s\n", "variable", "format");
  for (std::size_t l = 0; l < labels; ++l) {
    std::printf("%-12s %s\n", names[l], candidates[chosen[l]].name);
  }
  std::printf("largest error of the surface %.3g, at most %.3g; ", all.error_of(chosen), bound);
  std::printf("%d runs\n", all.runs());
}
