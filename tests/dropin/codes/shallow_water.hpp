// SPDX-License-Identifier: MIT
// A model of shallow water on a C-grid (Arakawa): the surface in the middle of cells, velocities on
// their edges; periodic, rotating, with friction; forward in the velocities and backward in the
// surface.
#pragma once

#include <cstddef>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

template <class real>
class shallow_water {
 public:
  explicit shallow_water(std::size_t size)
      : size_(size), u_(size * size, 0), v_(size * size, 0), surface_(size * size, 0) {
    for (std::size_t y = 0; y < size; ++y) {
      for (std::size_t x = 0; x < size; ++x) {
        const real dx = real(x) - real(size) / 2, dy = real(y) - real(size) / 3;
        surface_[y * size + x] = 1 / (2 + dx * dx / 4 + dy * dy / 4);
      }
    }
  }

  void step() {
    const std::vector<real> u = u_, v = v_;
    each_cell([&](std::size_t here, std::size_t east, std::size_t west, std::size_t north,
                  std::size_t south) {
      // Means of the four neighbours of the other velocity.
      const real v_here = (v[here] + v[west] + v[north] + v[west_of(north)]) / 4;
      const real u_here = (u[here] + u[east] + u[south] + u[east_of(south)]) / 4;
      const real advection_u =
          u[here] * (u[east] - u[west]) / 2 + v_here * (u[north] - u[south]) / 2;
      const real advection_v =
          u_here * (v[east] - v[west]) / 2 + v[here] * (v[north] - v[south]) / 2;
      u_[here] += dt * (coriolis * v_here - gravity * (surface_[here] - surface_[west]) -
                        advection_u - friction * u[here]);
      v_[here] -= dt * (coriolis * u_here + gravity * (surface_[here] - surface_[south]) +
                        advection_v + friction * v[here]);
    });
    const std::vector<real> h = surface_;
    each_cell([&](std::size_t here, std::size_t east, std::size_t west, std::size_t north,
                  std::size_t south) {
      const real flow_x = u_[east] * (depth + (h[here] + h[east]) / 2) -
                          u_[here] * (depth + (h[here] + h[west]) / 2);
      const real flow_y = v_[north] * (depth + (h[here] + h[north]) / 2) -
                          v_[here] * (depth + (h[here] + h[south]) / 2);
      surface_[here] -= dt * (flow_x + flow_y);
    });
  }

  const std::vector<real>& surface() const { return surface_; }

 private:
  static constexpr real gravity = 1, depth = 1, dt = 0.125, coriolis = 0.25, friction = 0.0625;

  std::size_t west_of(std::size_t i) const { return i % size_ ? i - 1 : i + size_ - 1; }
  std::size_t east_of(std::size_t i) const { return (i + 1) % size_ ? i + 1 : i + 1 - size_; }
  template <class Visit>
  void each_cell(Visit visit) {
    const std::size_t cells = size_ * size_;
    for (std::size_t i = 0; i < cells; ++i) {
      visit(i, east_of(i), west_of(i), (i + size_) % cells, (i + cells - size_) % cells);
    }
  }

  std::size_t size_;
  std::vector<real> u_, v_, surface_;
};

template <class real>
std::vector<real> waves() {
  shallow_water<real> model(10);
  for (int i = 0; i < 24; ++i) model.step();
  return model.surface();
}

template <class real>
std::vector<test::code<real>> oceans() {
  return {{"shallow water", waves<real>, 32}};
}

}  // namespace codes
