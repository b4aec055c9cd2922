// SPDX-License-Identifier: MIT
// Sums of 32 bits to integers of few bits, by a dyadic number for the matrix or for each column,
// and the sum of two such matrices, as residual connections have it. In integers alone.
//
//   const dyadic s = dyadic_of(0.02 * 0.5 / 0.1);            // scales.hpp, before inference
//   requantize({sums, 32, 64}, s, matrix_view<std::int8_t>(y, 32, 64), dyadic_roundings::tflite);
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/functions/integer/dyadic.hpp"
#include "lowp/functions/integer/dyadic_plan.hpp"
#include "lowp/functions/integer/places.hpp"
#include "lowp/kernels/integers/integers.hpp"

namespace lowp {

/// What results are kept in.
template <class T>
concept requantized_integer = std::same_as<T, std::int8_t> || std::same_as<T, std::uint8_t> ||
    std::same_as<T, std::int16_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::int32_t>;

/// An integer q becomes min(max(q + zero, low), high), whatever its size: results saturate.
/// Integers of 4 bits are {.low = -8, .high = 7}; a ReLU is low = zero.
template <requantized_integer T>
struct requantized {
  std::int32_t zero = 0;
  std::int32_t low = (std::numeric_limits<T>::min)();
  std::int32_t high = (std::numeric_limits<T>::max)();

  [[nodiscard]] constexpr T operator()(std::int64_t q) const {
    constexpr std::int64_t most = std::int64_t{1} << 62;
    return static_cast<T>(std::clamp<std::int64_t>(std::clamp(q, -most, most) + zero, low, high));
  }
};

namespace reference {

/// out(r, c) = to(scaled(x(r, c), s, rounding)), where s is scales[c], or scales[0] if that is all.
template <requantized_integer T, dyadic_rounding R>
constexpr void requantize(matrix_view<const std::int32_t> x, std::span<const dyadic> scales,
                          matrix_view<T> out, const R& rounding, const requantized<T>& to = {}) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c) {
      out(r, c) = to(scaled(x(r, c), scales[scales.size() == 1 ? 0 : c], rounding));
    }
  }
}

/// out(r, c) = to(scaled(a(r, c), s, rounding) + scaled(b(r, c), t, rounding)).
template <requantized_integer T, dyadic_rounding R>
constexpr void add_requantized(matrix_view<const std::int32_t> a, const dyadic& s,
                               matrix_view<const std::int32_t> b, const dyadic& t,
                               matrix_view<T> out, const R& rounding,
                               const requantized<T>& to = {}) {
  constexpr std::int64_t most = std::int64_t{1} << 61;
  for (std::size_t r = 0; r < a.rows; ++r) {
    for (std::size_t c = 0; c < a.cols; ++c) {
      out(r, c) = to(std::clamp(scaled(a(r, c), s, rounding), -most, most) +
                     std::clamp(scaled(b(r, c), t, rounding), -most, most));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether some q of 32 bits lies between the limits, and with is_all whether no other does: what a
/// kernel, whose q have 32 bits, limits first and adds zero to then.
template <class T>
[[nodiscard]] bool has_limits_of_32_bits(const requantized<T>& to, bool is_all) {
  constexpr std::int64_t least = (std::numeric_limits<std::int32_t>::min)(), most = -1 - least;
  const std::int64_t low = std::int64_t{to.low} - to.zero, high = std::int64_t{to.high} - to.zero;
  return is_all ? low >= least && high <= most : low <= most && high >= least;
}
/// The limits of q in 32 bits.
template <class T>
[[nodiscard]] std::int32_t limit_before_zero(std::int64_t end, const requantized<T>& to) {
  using word = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(end - to.zero, (word::min)(), (word::max)()));
}
template <class T>
void require_requantized(const char* function, const requantized<T>& to) {
  using limits = std::numeric_limits<T>;
  detail::require_range(function, "low", to.low, (limits::min)(), to.high);
  detail::require_range(function, "high", to.high, to.low, (limits::max)());
}

/// Whether the kernel's plan holds for these numbers: see product_of_53_bits_t.
template <class R>
[[nodiscard]] bool has_kernel_for(isa level, const std::int32_t* x, std::size_t count) {
  return !std::same_as<R, product_of_53_bits_t> ||
         kernels::magnitude_bits(level, x, count) < 1u << 22;
}

/// A part of a row from a column on, by a plan or, if there is none or numbers are too large for
/// it, by the definition.
template <class T, class R>
class requantizer {
 public:
  requantizer(std::span<const dyadic> scales, const R& rounding, const requantized<T>& to)
      : scales_(scales), rounding_(rounding), to_(to) {
    const std::int64_t low = std::int64_t{to.low} - to.zero, high = std::int64_t{to.high} - to.zero;
    if (!has_limits_of_32_bits(to, false) || !table_.make(scales, rounding, low, high)) return;
    has_plan_ = true;
    plan_ = table_.plan();
    plan_.zero = to.zero;
    plan_.low = limit_before_zero(to.low, to);
    plan_.high = limit_before_zero(to.high, to);
  }
  requantizer(const requantizer&) = delete;
  requantizer& operator=(const requantizer&) = delete;

  [[nodiscard]] bool has_plan() const { return has_plan_; }

  void operator()(isa level, const std::int32_t* x, std::size_t first, std::size_t count,
                  T* out) const {
    constexpr std::size_t most = std::same_as<R, product_of_53_bits_t> ? 1024 : std::size_t(-1);
    for (std::size_t i = 0; i < count; i += most) {
      const std::size_t n = (std::min)(most, count - i);
      if (has_plan_ && has_kernel_for<R>(level, x + i, n)) {
        kernels::scale_integers(level, plan_, x + i, first + i, n, out + i, sizeof(T));
      } else {
        reference::requantize(matrix_view<const std::int32_t>(x + i, 1, n),
                              scales_.size() == 1 ? scales_ : scales_.subspan(first + i, n),
                              matrix_view<T>(out + i, 1, n), rounding_, to_);
      }
      if (n == count - i) return;
    }
  }

 private:
  std::span<const dyadic> scales_;
  const R& rounding_;
  requantized<T> to_;
  dyadic_table table_;
  kernels::dyadic_plan plan_{};
  bool has_plan_ = false;
};

}  // namespace bulk

/// out(r, c) = min(max(scaled(x(r, c), s, rounding) + to.zero, to.low), to.high), where s is
/// scales[c], or scales[0] if there is one only. Any rounding of dyadic.hpp, or of your own;
/// kernels do what dyadic_roundings names and rounding modes that compare with one half, for m from
/// 0 on and c from 0 to 62. Exact, bit for bit reference::requantize for any `execution`. Throws
/// std::invalid_argument, before writing, for other numbers of scales, shapes that differ, matrices
/// that share memory, and limits that are none of T's.
template <requantized_integer T, dyadic_rounding R = nearest_upward_t>
void requantize(matrix_view<const std::int32_t> x, std::span<const dyadic> scales,
                matrix_view<T> out, const R& rounding = {}, const requantized<T>& to = {},
                const execution& how = {}) {
  detail::require_apart("requantize", "x", x, out);
  bulk::require_requantized("requantize", to);
  if (scales.size() != 1 && scales.size() != x.cols) {
    refuse("requantize: scales has size " + std::to_string(scales.size()) +
           ", expected 1 or that of cols, " + std::to_string(x.cols));
  }
  if (x.rows == 0 || x.cols == 0) return;
  const bool has_gaps = x.rows != 1 && (x.stride != x.cols || out.stride != out.cols);
  // Rows of few columns that lie one behind the other are fewer rows of repeated columns.
  const std::size_t times = has_gaps ? 0 : (std::min)(std::size_t{512} / x.cols, x.rows / 4);
  if (scales.size() > 1 && times > 1) {
    std::vector<dyadic> repeated;
    for (std::size_t i = 0; i < times; ++i) {
      repeated.insert(repeated.end(), scales.begin(), scales.end());
    }
    const auto part = [&](std::size_t first, std::size_t rows, std::size_t cols) {
      requantize(matrix_view<const std::int32_t>(x.row(first), rows, cols),
                 std::span<const dyadic>(repeated).first(cols),
                 matrix_view<T>(out.row(first), rows, cols), rounding, to, how);
    };
    const std::size_t rest = x.rows % times;
    part(0, x.rows / times, times * x.cols);
    if (rest != 0) part(x.rows - rest, 1, rest * x.cols);
    return;
  }
  const bulk::requantizer<T, R> run(scales, rounding, to);
  if (scales.size() == 1 && !has_gaps) {
    const auto part = [&](std::size_t first, std::size_t count, void* results) {
      run(how.level(), x.data + first, 0, count, static_cast<T*>(results));
    };
    const bulk::bulk_arrays arrays{x.data, 32, out.data, 8 * sizeof(T), x.rows * x.cols};
    return bulk::run_bulk(how, arrays, bulk::bulk_part(part));
  }
  // Many rows of a few columns, whose lists stay in the first-level cache.
  constexpr std::size_t height = 64, width = 512;
  const auto part = [&](std::size_t i) {
    const std::size_t end = (std::min)((i + 1) * height, x.rows);
    for (std::size_t c = 0; c < x.cols; c += width) {
      const std::size_t n = (std::min)(width, x.cols - c);
      for (std::size_t row = i * height; row < end; ++row) {
        run(how.level(), x.row(row) + c, c, n, out.row(row) + c);
      }
    }
  };
  how.run((x.rows + height - 1) / height, task(part));
}
template <requantized_integer T, dyadic_rounding R = nearest_upward_t>
void requantize(matrix_view<const std::int32_t> x, const dyadic& scale, matrix_view<T> out,
                const R& rounding = {}, const requantized<T>& to = {}, const execution& how = {}) {
  requantize(x, std::span<const dyadic>(&scale, 1), out, rounding, to, how);
}

/// out(r, c) = min(max(scaled(a(r, c), s, rounding) + scaled(b(r, c), t, rounding) + to.zero,
/// to.low), to.high): a residual connection of HAWQ-V3 and I-ViT, where each branch is brought to
/// the scale of the output and rounded, then both are added. Otherwise as requantize.
template <requantized_integer T, dyadic_rounding R = nearest_upward_t>
void add_requantized(matrix_view<const std::int32_t> a, const dyadic& s,
                     matrix_view<const std::int32_t> b, const dyadic& t, matrix_view<T> out,
                     const R& rounding = {}, const requantized<T>& to = {},
                     const execution& how = {}) {
  detail::require_apart("add_requantized", "a", a, out);
  detail::require_apart("add_requantized", "b", b, out);
  bulk::require_requantized("add_requantized", to);
  const bulk::requantizer<std::int32_t, R> first({&s, 1}, rounding, {}),
      second({&t, 1}, rounding, {});
  const bool is_by_kernels =
      first.has_plan() && second.has_plan() && bulk::has_limits_of_32_bits(to, true);
  const kernels::sum_plan plan{bulk::limit_before_zero(to.low, to),
                               bulk::limit_before_zero(to.high, to), to.zero};
  bulk::for_integer_rows(how, a.rows, a.cols, [&](std::size_t row) {
    constexpr std::size_t most = 1024;
    std::int32_t x[most], y[most];
    for (std::size_t c = 0; c < a.cols; c += most) {
      const std::size_t n = (std::min)(most, a.cols - c);
      const std::int32_t *const p = a.row(row) + c, *const q = b.row(row) + c;
      if (is_by_kernels && bulk::has_kernel_for<R>(how.level(), p, n) &&
          bulk::has_kernel_for<R>(how.level(), q, n)) {
        first(how.level(), p, 0, n, x);
        second(how.level(), q, 0, n, y);
        kernels::add_integers(how.level(), plan, x, y, n, out.row(row) + c, sizeof(T));
      } else {
        reference::add_requantized({p, 1, n}, s, {q, 1, n}, t,
                                   matrix_view<T>(out.row(row) + c, 1, n), rounding, to);
      }
    }
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
