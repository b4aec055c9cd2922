// SPDX-License-Identifier: MIT
// Nearest neighbours by a tree over the axes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

template <class real>
class kd_tree {
 public:
  using point = std::array<real, 3>;

  explicit kd_tree(std::vector<point> points) : points_(std::move(points)) {
    root_ = build(points_.begin(), points_.end(), 0);
  }
  /// The square of the distance to the nearest.
  real nearest(const point& to) const {
    real best = (std::numeric_limits<real>::max)();
    search(root_.get(), to, best);
    return best;
  }
  static real square_distance(const point& a, const point& b) {
    real sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
  }

 private:
  struct node {
    point at;
    std::size_t axis;
    std::unique_ptr<node> below, above;
  };
  using iterator = typename std::vector<point>::iterator;

  std::unique_ptr<node> build(iterator first, iterator last, std::size_t axis) {
    if (first == last) return nullptr;
    const iterator middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, [axis](const point& a, const point& b) {
      return a[axis] != b[axis] ? a[axis] < b[axis] : a < b;
    });
    const std::size_t next = (axis + 1) % 3;
    auto result = std::make_unique<node>();
    result->at = *middle;
    result->axis = axis;
    result->below = build(first, middle, next);
    result->above = build(middle + 1, last, next);
    return result;
  }
  void search(const node* here, const point& to, real& best) const {
    if (!here) return;
    best = (std::min)(best, square_distance(here->at, to));
    const real offset = to[here->axis] - here->at[here->axis];
    search(offset < 0 ? here->below.get() : here->above.get(), to, best);
    if (offset * offset <= best) {
      search(offset < 0 ? here->above.get() : here->below.get(), to, best);
    }
  }

  std::vector<point> points_;
  std::unique_ptr<node> root_;
};

/// Distances by the tree less those by looking at every point, which are 0, and the distances.
template <class real>
std::vector<real> neighbours() {
  using tree = kd_tree<real>;
  std::vector<typename tree::point> points;
  for (int i = 0; i < 60; ++i) {
    points.push_back({real(i * 17 % 61) / 16, real(i * 29 % 59) / 16, real(i * 41 % 53) / 16});
  }
  const tree searched(points);
  std::vector<real> results;
  for (int i = 0; i < 12; ++i) {
    const typename tree::point to = {real(i * 5 % 13) / 4, real(i * 7 % 11) / 4, real(i % 7) / 2};
    real best = (std::numeric_limits<real>::max)();
    for (const auto& p : points) best = std::fmin(best, tree::square_distance(p, to));
    results.push_back(searched.nearest(to) - best);
    results.push_back(best);
  }
  return results;
}

template <class real>
std::vector<test::code<real>> nearest_neighbours() {
  return {{"nearest neighbours", neighbours<real>, 8, {}, 60}};
}

}  // namespace codes
