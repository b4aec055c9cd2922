// SPDX-License-Identifier: MIT
// Sums in binary64 by kernels: chains, as accumulation::sequential has them, and sums without
// rounding, as accumulation::exact does.
//
// A sum in binary64 is exact, in any order, while its terms and itself are multiples of one power
// of two and less than 2^53 times as large. Products that are spread wider are cut into pieces,
// each of which goes to a window of its own (Demmel and Nguyen 2013, "Fast reproducible
// floating-point summation").
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"

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

  void operator()(isa level, std::size_t row, std::size_t col, std::size_t count,
                  const double* sums, std::size_t window_sums, float* out) const {
    if constexpr (std::same_as<R, nearest_even_t>) {
      return kernels::finish_windows<W>(level, sums, window_sums, scale, count, out);
    }
    for (std::size_t i = 0; i < count; ++i) {
      unpacked sum = unpacked::zero();
      for (const std::uint64_t term :
           kernels::terms_of_windows<W>(sums + i, window_sums, scale).terms) {
        sum = exact::add(sum, unpack(std::bit_cast<double>(term)));
      }
      out[i] = pack_as<float>(sum, at(mode, (row * columns + col + i) * draws));
    }
  }
};

/// Rows of B along the lanes, rows of A broadcast.
template <class Finish>
struct window_panels : panel_sums<double, Finish::windows> {
  using source = row_source;
  static constexpr bool lanes_are_columns = true;

  class lanes : public binary32_panels::lanes {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count, const Finish& finish)
        : binary32_panels::lanes(level, from, first, count), finish_(finish) {}
    [[nodiscard]] const window_plan& plan() const { return finish_.plan; }
    void finish(std::size_t row, std::size_t col, std::size_t count, const double* sums,
                std::size_t window_sums, float* out) const {
      finish_(level(), row, col, count, sums, window_sums, out);
    }

   private:
    const Finish& finish_;
  };

  class rows : public binary32_panels::rows {
   public:
    void multiply(const lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, double* sums) const {
      kernels::multiply_windows<Finish::windows>(
          with.level(), {this->tile(with, t, k, count, row_count, nullptr), sums,
                         product_block<window_panels>::most_sums, with.plan().splitters.data()});
    }
  };
};

/// Whether binary32 has products of values with these facts, but for large ones: none is rounded.
template <class... Facts>
[[nodiscard]] constexpr bool are_exact_in_binary32(const Facts&... of) {
  const int bits = (of.factor_bits() + ...), unit = (of.last_bit_exponent + ...);
  return bits <= 24 && unit >= -149;
}
/// Whether the sums of accumulation::exact are those of the values of an operand in binary32.
template <class X>
inline constexpr bool has_exact_values = [] {
  using formats_of = lowp::detail::value_formats<X>;
  if constexpr (formats_of::are_known) {
    return !lowp::detail::has_dyadic_values<X> ||
           formats_of::apply([](const auto&... of) { return are_exact_in_binary32(of...); });
  } else {
    return false;
  }
}();

/// The sums of policies::sequential_binary64.
template <gemm_operand A, gemm_operand B>
void multiply_chains(const A& a, const B& b, const sum_sink& sink, const execution& how) {
  const auto scale_of = [](const auto& x) {
    return pack_as<double>(unpack(lowp::detail::operand_tensor_scale(x)));
  };
  const chain_finish finish{.a_scale = scale_of(a), .b_scale = scale_of(b)};
  with_rows(how.level(), a, [&](const row_source& x) {
    with_rows(how.level(), b, [&](const row_source& y) {
      multiply_blocks<window_panels<chain_finish>>(y, x, sink, how, finish);
    });
  });
}

/// The sums of accumulation::exact; false, and nothing done, for values that binary32 does not
/// have, that are not finite or too far apart.
template <gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] bool multiply_exact(const A& a, const B& b, const R& mode, const sum_sink& sink,
                                  const execution& how) {
  if (!has_exact_values<A> || !has_exact_values<B>) return false;
  const unpacked scale = exact::multiply(unpack(lowp::detail::operand_tensor_scale(a)),
                                         unpack(lowp::detail::operand_tensor_scale(b)));
  if (!scale.is_finite()) return false;
  const std::size_t depth = lowp::detail::operand_cols(a);
  bool is_known = false;
  with_rows(how.level(), a, [&](const row_source& x) {
    with_rows(how.level(), b, [&](const row_source& y) {
      const value_range x_range(x, how), y_range(y, how);
      if (!x_range.are_finite || !y_range.are_finite) return;
      const window_plan plan(x_range, y_range, depth);
      const auto multiply = [&]<int W>() {
        const exact_finish<W, R> finish{plan, pack_as<double>(scale), mode, y.rows(),
                                        draws_per_sum({.sum = accumulation::exact}, depth)};
        multiply_blocks<window_panels<exact_finish<W, R>>>(y, x, sink, how, finish);
        is_known = true;
      };
      switch (plan.count) {
        case 1: return multiply.template operator()<1>();
        case 2: return multiply.template operator()<2>();
        case 3: return multiply.template operator()<3>();
        case 4: return multiply.template operator()<4>();
        default: break;
      }
      if (plan.count <= window_plan::most) multiply.template operator()<window_plan::most>();
    });
  });
  return is_known;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
