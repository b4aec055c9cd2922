// SPDX-License-Identifier: MIT
// Sums in binary64 by kernels: chains, as policies::sequential_binary64 has them, and sums
// without rounding, as exact_sums.
//
// A sum in binary64 is exact, in any order, while its terms and itself are multiples of one power
// of two and less than 2^53 times as large. Products that are spread wider are cut into pieces,
// each of which goes to a window of its own (Demmel and Nguyen 2013, "Fast reproducible
// floating-point summation").
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/sum_rounding.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The windows that keep every bit of the sums of `depth` products.
struct window_plan {
  static constexpr int most = kernels::window_tile::most;

  int count = 1;  ///< that are needed; more than `most` are for no kernel
  std::array<double, most - 1> splitters{};

  window_plan() = default;
  window_plan(const value_range& a, const value_range& b, std::size_t depth) {
    if (a.are_zero() || b.are_zero()) return;
    // What a window gets is at most 2^end in magnitude, and its sum 2^headroom times as much. Of
    // the 53 bits of a number, one more is the splitter's; what is left is at most half a last
    // place.
    const int headroom = static_cast<int>(std::bit_width(depth - 1)), step = 52 - headroom;
    int end = a.end() + b.end();
    const int missing = end + headroom - (a.unit + b.unit) - 53;
    if (missing > 0) count += (missing + step - 1) / step;
    for (double& splitter : splitters) {
      splitter = power_of_two(end + headroom + 1) * 1.5;
      end -= step;
    }
  }

 private:
  [[nodiscard]] static double power_of_two(int exponent) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
  }
};

/// Finished sums of chains: times the tensor scales, and rounded to binary32.
struct chain_finish {
  static constexpr int windows = 1;
  window_plan plan{};
  double a_scale, b_scale;

  void operator()(isa level, std::size_t, std::size_t, std::size_t count, const double* sums,
                  std::size_t, float* out) const {
    kernels::finish_chains(level, sums, a_scale, b_scale, count, out);
  }
};

/// Finished sums without rounding, in W windows: times the tensor scales, and rounded once.
template <int W, rounding_mode R>
struct exact_finish {
  static constexpr int windows = W;
  window_plan plan;
  double scale;  ///< of both tensors
  const R& mode;
  std::size_t columns, draws;
  const matrix_view<const float>* start;  ///< what sums begin with, or null
  kernels::sum_rounding<std::uint64_t> rounding = plan_of(mode);

  void operator()(isa level, std::size_t row, std::size_t col, std::size_t count,
                  const double* sums, std::size_t window_sums, float* out) const {
    alignas(64) float begin[panel_sums<>::most_lanes];
    if (start != nullptr) {  // kernels read whole groups
      std::copy_n(start->row(row) + col, count, begin);
      std::fill(begin + count, begin + round_up(count, lane_tiles::group), 0.0f);
    }
    const float* const first = start == nullptr ? nullptr : begin;
    if constexpr (std::same_as<R, nearest_even_t>) {
      return kernels::finish_windows<W>(level, sums, window_sums, scale, first, count, out);
    } else {
      const std::uint64_t first_draw = (row * columns + col) * draws;
      if (is_decided(rounding)) {
        const kernels::window_rounding by{rounding, rounding.plan.rounding.draw.index + first_draw,
                                          draws};
        return kernels::finish_windows<W>(level, by, sums, window_sums, scale, first, count, out);
      }
      for (std::size_t i = 0; i < count; ++i) {
        unpacked sum = unpacked::zero();
        for (const double term : kernels::terms_of_windows<W>(
                 sums + i, window_sums, scale, first == nullptr ? nullptr : first + i)) {
          sum = exact::add(sum, unpack(term));
        }
        out[i] = pack_as<float>(sum, at(mode, first_draw + i * draws));
      }
    }
  }

  /// Kernels round to nearest even without one.
  [[nodiscard]] static kernels::sum_rounding<std::uint64_t> plan_of(const R& mode) {
    if constexpr (std::same_as<R, nearest_even_t>) {
      return {};
    } else {
      return sum_rounding_of<std::uint64_t>(formats::binary32, mode, overflow::to_special);
    }
  }
};

/// Rows along lanes whose finished sums `Sums` takes: sums(level, row, col, count, sums, stride,
/// out).
template <class Sums>
class finished_lanes : public binary32_panels::lanes {
 public:
  finished_lanes(isa level, const row_source& from, std::size_t first, std::size_t count,
                 const Sums& sums)
      : binary32_panels::lanes(level, from, first, count), sums_(sums) {}
  [[nodiscard]] const Sums& sums() const { return sums_; }
  void finish(std::size_t row, std::size_t col, std::size_t count, const double* sums,
              std::size_t stride, float* out) const {
    sums_(level(), row, col, count, sums, stride, out);
  }

 private:
  const Sums& sums_;
};

/// Rows of B along the lanes, rows of A broadcast: chains in binary64 by any mode and in chunks.
struct chain_panels : panel_sums<double, 2> {
  using source = row_source;
  static constexpr bool lanes_are_columns = true, begins_with_results = true;

  /// What lanes need to know.
  struct chains {
    kernels::chain_model model;
    chain_finish finish;

    void operator()(isa level, std::size_t row, std::size_t col, std::size_t count,
                    const double* sums, std::size_t chunk_sums, float* out) const {
      finish(level, row, col, count, sums, chunk_sums, out);
    }
  };
  using lanes = finished_lanes<chains>;

  class rows : public binary32_panels::rows {
   public:
    /// A template for the reason that modeled_panels is one.
    template <class Lanes>
    void multiply(const Lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, double* sums) const {
      kernels::multiply_chains(with.level(), with.sums().model,
                               {this->tile(with, t, k, count, row_count, nullptr), sums,
                                product_block<chain_panels>::most_sums, k});
    }
  };
};

/// Rows of B along the lanes, rows of A broadcast.
template <class Finish>
struct window_panels : panel_sums<double, Finish::windows> {
  using source = row_source;
  static constexpr bool lanes_are_columns = true;

  using lanes = finished_lanes<Finish>;

  class rows : public binary32_panels::rows {
   public:
    void multiply(const lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, double* sums) const {
      kernels::multiply_windows<Finish::windows>(
          with.level(),
          {this->tile(with, t, k, count, row_count, nullptr), sums,
           product_block<window_panels>::most_sums, with.sums().plan.splitters.data()});
    }
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
