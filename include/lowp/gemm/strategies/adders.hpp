// SPDX-License-Identifier: MIT
// How sums in two stages, sums with the scales of blocks and sums of groups are computed by
// kernels: where their values are such that adders fit binary64 and nothing is flushed.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/modeled_panels.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/element_matrix.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/gemm/strategies/modeled.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

[[nodiscard]] inline int bits_of_count(std::size_t count) {
  return static_cast<int>(std::bit_width(count));
}
/// The exponent of the largest number of a format.
[[nodiscard]] constexpr int highest_exponent(const float_format& f) {
  return static_cast<int>(f.largest_magnitude() >> f.mantissa_bits) - f.bias;
}
/// The range of the values of a matrix in binary32.
[[nodiscard]] inline value_range range_of_rows(const matrix_view<const float>& x,
                                               const execution& how) {
  std::optional<value_range> range;
  const auto use = [&](const row_source& rows) { range.emplace(rows, how); };
  use_binary32_rows(how.level(), x, row_use(use));
  return *range;
}

/// Sums in two stages.
struct staged_adders {
  static constexpr std::string_view name = "adders in two stages";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    const staged_sums& policy = p.policy;
    if (!are_in_one_step(policy.terms)) return "its adder has more than 512 terms";
    if (policy.interleaved > 2) return "more than two sums are interleaved";
    if (policy.zero_exponent == no_exponent) return "its zeros take no part";
    if (const char* const why = modeled_sum::zero_obstacle(policy.zero_exponent)) return why;
    const int more = 3 + bits_of_count(static_cast<std::size_t>(policy.terms));
    if (policy.sum_bits + more > 50 || policy.product_bits + more > 50)
      return "the sums of its adder do not fit 50 bits";
    if (!fits_binary32(policy.accumulator)) return "its format has values that binary32 has not";
    if (!p.a_range().are_finite || !p.b_range().are_finite) {
      return "an operand has a NaN or an infinity";
    }
    if (const char* const why = p.start_obstacle()) return why;
    modeled_sum sum(policy);
    return sum.factor_obstacle(p.a_range(), p.b_range(), p.a, p.b, policy.accumulator);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    modeled_sum sum(p.policy);
    static_cast<void>(
        sum.factor_obstacle(p.a_range(), p.b_range(), p.a, p.b, p.policy.accumulator));
    multiply_modeled(p, sum, sink);
  }
};

/// Sums with the scales of blocks: elements are copied with their scales between them.
struct block_scaled_adders {
  static constexpr std::string_view name = "adders with scales";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    const block_scaled_sums& policy = p.policy;
    const std::size_t unit = unit_of(p), terms = static_cast<std::size_t>(policy.terms);
    if (p.depth() == 0 || p.depth() % unit != 0) return "a group of products ends with K";
    if (terms % unit != 0 || (policy.group != 0 && unit < static_cast<std::size_t>(policy.group))) {
      return "scales, groups and terms end at different places";
    }
    if (terms + terms / unit > kernels::product_tile::max_depth) {
      return "it has more than 512 terms";
    }
    if (p.a.group_rows != 1 || p.b.group_rows != 1) return "scales are shared by rows";
    if (p.a.has_zeros || p.b.has_zeros) return "elements have zero points";
    if (const char* const why = modeled_sum::zero_obstacle(policy.zero_exponent)) return why;
    if (!fits_binary32(policy.accumulator)) return "its format has values that binary32 has not";
    if (const char* const why = p.start_obstacle()) return why;
    return value_obstacle(p);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const std::size_t unit = unit_of(p);
    const scaled_rows a(p.a, p.a_elements(false), unit, p.how);
    const scaled_rows b(p.b, p.b_elements(false), unit, p.how);
    const std::size_t rows = a.view.rows, cols = b.view.rows, depth = a.view.cols;
    modeled_sum sum(p.policy, unit);
    sum.set_lowest_exponents(p.a.elements.lowest_exponent, p.b.elements.lowest_exponent);
    const std::size_t step = sum.model.terms;
    const std::size_t most = kernels::product_tile::max_depth / step * step;
    std::vector<float> total(rows * cols), next(rows * cols);
    p.copy_start(total.data());
    for (std::size_t k = 0; k < depth; k += most) {
      const std::size_t n = (std::min)(most, depth - k);
      const matrix_view<const float> x(a.view.data + k, rows, n, depth),
          y(b.view.data + k, cols, n, depth);
      const auto store = [&](std::size_t row, std::size_t col, std::size_t count,
                             const float* sums) {
        std::copy_n(sums, count, next.data() + row * cols + col);
      };
      const matrix_view<const float> first(total.data(), rows, cols);
      const sum_sink to(store, {}, &first);
      const auto use_x = [&](const row_source& x_rows) {
        const auto use_y = [&](const row_source& y_rows) {
          multiply_blocks<modeled_panels<modeled_sum>>(y_rows, x_rows, side::columns, to, p.how,
                                                       sum);
        };
        use_binary32_rows(p.level(), y, row_use(use_y));
      };
      use_binary32_rows(p.level(), x, row_use(use_x));
      total.swap(next);
    }
    const auto store = [&](std::size_t row) { sink(row, 0, cols, total.data() + row * cols); };
    p.how.run(cols == 0 ? 0 : rows, task(store));
  }

 private:
  /// So many products have one scale of either operand: before each of these lies one.
  template <class Problem>
  [[nodiscard]] static std::size_t unit_of(const Problem& p) {
    std::size_t unit =
        static_cast<std::size_t>(p.policy.group != 0 ? p.policy.group : p.policy.terms);
    if (p.a.has_scales) unit = std::gcd(unit, p.a.group_cols);
    if (p.b.has_scales) unit = std::gcd(unit, p.b.group_cols);
    return unit;
  }
  /// The elements of an operand, and before each unit their scale.
  struct scaled_rows {
    std::vector<float> values;
    matrix_view<const float> view;

    scaled_rows(const any_operand& x, const element_matrix& elements, std::size_t unit,
                const execution& how)
        : values(x.rows * (x.cols / unit) * (unit + 1)),
          view(values.data(), x.rows, x.cols / unit * (unit + 1)) {
      const auto fill = [&](std::size_t row) {
        float* to = values.data() + row * view.cols;
        for (std::size_t k = 0; k < x.cols; k += unit, to += unit + 1) {
          *to = x.has_scales ? pack_as<float>(x.scale(row, k)) : 1.0f;
          std::copy_n(elements.values.data() + row * x.cols + k, unit, to + 1);
        }
      };
      how.run(x.rows, task(fill));
    }
  };
  /// The range of the scales.
  [[nodiscard]] static value_range scale_range(const any_operand& x, std::size_t unit,
                                               const execution& how) {
    const std::size_t units = x.has_scales ? x.cols / unit : 1;
    std::vector<float> scales(x.rows * units, 1.0f);
    const auto fill = [&](std::size_t row) {
      for (std::size_t i = 0; i < units && x.has_scales; ++i) {
        scales[row * units + i] = pack_as<float>(x.scale(row, i * unit));
      }
    };
    how.run(x.rows, task(fill));
    return range_of_rows({scales.data(), x.rows, units}, how);
  }
  template <class Problem>
  [[nodiscard]] static const char* value_obstacle(const Problem& p) {
    const block_scaled_sums& policy = p.policy;
    const std::size_t unit = unit_of(p);
    const value_range a = range_of_rows(p.a_elements(false).view(), p.how),
                      b = range_of_rows(p.b_elements(false).view(), p.how);
    const value_range sa = scale_range(p.a, unit, p.how), sb = scale_range(p.b, unit, p.how);
    if (!a.are_finite || !b.are_finite || !sa.are_finite || !sb.are_finite) {
      return "an operand has a NaN or an infinity";
    }
    if (a.lowest < -126 || b.lowest < -126 || sa.lowest < -126 || sb.lowest < -126) {
      return "an operand has numbers that are subnormal in binary32";
    }
    const bool is_sum = policy.group != 0;
    const int group = is_sum ? bits_of_count(static_cast<std::size_t>(policy.group) - 1) : 0;
    const int product = a.end() + b.end();  // below 2^this
    // A term in units of its last bit, and all that its exponent leaves above it.
    const int bits =
        is_sum
            ? product + group - a.unit - b.unit + sa.significant_bits + sb.significant_bits
            : a.significant_bits + b.significant_bits + sa.significant_bits + sb.significant_bits;
    const int above = is_sum ? (std::max)(product + group + 2, 2) : 4;
    const auto products = static_cast<std::size_t>(policy.terms);
    const int terms = bits_of_count(1 + (is_sum ? products / unit : products));
    if (bits > 53) return "terms have more than 53 significant bits";
    if (policy.fraction_bits + above + terms > 52) {
      return "the sums of its adder do not fit 52 bits";
    }
    if (policy.rounds_to_nearest) return nullptr;
    const float_format& f = policy.accumulator;
    const int lowest_a = (std::max)(a.highest, p.a.elements.lowest_exponent);
    const int lowest_b = (std::max)(b.highest, p.b.elements.lowest_exponent);
    const int scales_top = (std::max)(sa.highest + sb.highest, 2 * policy.lowest_scale_exponent);
    int top = (is_sum ? product + group : lowest_a + lowest_b) + scales_top + 4 +
              bits_of_count(p.depth());
    int lowest = sa.lowest + sb.lowest + (is_sum ? 0 : a.lowest + b.lowest);
    if (p.start != nullptr && !p.start_range()->are_zero()) {
      top = (std::max)(top, p.start_range()->highest + 2) + 1;
      lowest = (std::min)(lowest, p.start_range()->lowest);
    }
    const int bottom = lowest - policy.fraction_bits;
    return top < highest_exponent(f) && bottom > 1 - f.bias
               ? nullptr
               : "a sum might leave the normal numbers of the accumulator";
  }
};

/// Sums of groups.
struct grouped_kernels {
  static constexpr std::string_view name = "sums of groups";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    const grouped_sums& policy = p.policy;
    if (policy.order == group_order::even_and_odd) {
      const grouped_sums k32{.terms = 32, .order = policy.order};
      grouped_sums flushed = policy;
      flushed.inputs = k32.inputs;
      flushed.results = k32.results;
      if (flushed != k32) return "its chains are not those of k32";
    } else {
      if (!are_in_one_step(policy.terms)) return "it has more than 512 terms";
      if (!fits_binary32(policy.accumulator)) return "its format has values that binary32 has not";
      if (policy.order == group_order::fused) {
        if (policy.terms != 2) return "more than two products are fused";
        if (p.depth() % 2 != 0) return "the last group is not a pair";
      }
      const modeled_sum sum =
          with_mode(policy, [&](auto mode) { return modeled_sum(policy, mode); });
      if (const char* const why = sum.mode_obstacle(0)) return why;
    }
    return value_obstacle(p);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& to) {
    const grouped_sums& policy = p.policy;
    const matrix a(p.a, policy, p.a_elements(true)), b(p.b, policy, p.b_elements(true));
    const begun start(p);
    const auto forward = [&](std::size_t row, std::size_t col, std::size_t count,
                             const float* sums) { to(row, col, count, sums); };
    const sum_sink sink(forward, to.memory(), start.view());
    const auto use_a = [&](const row_source& x) {
      const auto use_b = [&](const row_source& y) {
        if (policy.order == group_order::even_and_odd) {
          multiply_k32<binary32_panels>(x, y, sink, p.how);
          return;
        }
        modeled_sum sum = with_mode(policy, [&](auto mode) { return modeled_sum(policy, mode); });
        sum.model.group = group_of(policy, x, y, p.how);
        multiply_blocks<modeled_panels<modeled_sum>>(y, x, side::columns, sink, p.how, sum);
      };
      use_binary32_rows(p.level(), b.view(), row_use(use_b));
    };
    use_binary32_rows(p.level(), a.view(), row_use(use_a));
  }

 private:
  template <class Use>
  [[nodiscard]] static auto with_mode(const grouped_sums& policy, const Use& use) {
    return policy.rounds_to_odd ? use(to_odd) : use(nearest_even);
  }
  /// The values of an operand, those that are subnormal in its format flushed.
  class matrix {
   public:
    matrix(const any_operand& x, const grouped_sums& policy, const element_matrix& values)
        : view_(values.view()) {
      if (policy.inputs == subnormal_input::kept) return;
      const int lowest =
          x.has_scales ? element_facts{}.lowest_exponent : x.elements.lowest_exponent;
      if (lowest < -149) return;
      flushed_ = values.values;
      const std::uint32_t smallest =
          std::bit_cast<std::uint32_t>(pack_as<float>(unpacked::scaled_integer(false, 1, lowest)));
      for (float& v : flushed_) {
        const auto bits = std::bit_cast<std::uint32_t>(v);
        if ((bits & 0x7FFFFFFFu) < smallest) v = std::bit_cast<float>(bits & 0x80000000u);
      }
      view_.data = flushed_.data();
    }
    matrix(const matrix&) = delete;
    [[nodiscard]] const matrix_view<const float>& view() const { return view_; }

   private:
    matrix_view<const float> view_;
    std::vector<float> flushed_;
  };
  /// What sums begin with, that which is subnormal in the accumulator's format flushed.
  class begun {
   public:
    template <class Problem>
    explicit begun(const Problem& p) {
      if (p.start == nullptr) return;
      view_ = *p.start;
      if (p.policy.inputs == subnormal_input::kept) return;
      flushed_.resize(view_.rows * view_.cols);
      const std::uint32_t smallest = std::bit_cast<std::uint32_t>(
          pack_as<float>(unpacked::scaled_integer(false, 1, 1 - p.policy.accumulator.bias)));
      const std::uint32_t kept = p.policy.inputs == subnormal_input::signed_zero ? 0x80000000u : 0u;
      for (std::size_t i = 0; i < flushed_.size(); ++i) {
        const float& from = view_.row(i / view_.cols)[i % view_.cols];
        const auto bits = std::bit_cast<std::uint32_t>(from);
        flushed_[i] = std::bit_cast<float>((bits & 0x7FFFFFFFu) < smallest ? bits & kept : bits);
      }
      view_ = {flushed_.data(), p.start->rows, p.start->cols};
    }
    begun(const begun&) = delete;
    [[nodiscard]] const matrix_view<const float>* view() const {
      return view_.data == nullptr ? nullptr : &view_;
    }

   private:
    matrix_view<const float> view_{};
    std::vector<float> flushed_;
  };
  /// By which operations of binary32 a group may be added.
  [[nodiscard]] static kernels::group_kind group_of(const grouped_sums& policy, const row_source& x,
                                                    const row_source& y, const execution& how) {
    using kernels::group_kind;
    if (policy.accumulator != formats::binary32 || policy.range != overflow::to_special) {
      return group_kind::none;
    }
    if (policy.order == group_order::pairwise && !policy.rounds_to_odd) return group_kind::nearest;
    const value_range a(x, how), b(y, how);
    const bool are_exact = a.significant_bits + b.significant_bits <= 24 &&
                           a.unit + b.unit >= -149 && a.end() + b.end() <= 127;
    if (!are_exact) return group_kind::none;
    if (policy.order == group_order::pairwise) return group_kind::odd;
    return policy.rounds_to_odd ? group_kind::none : group_kind::fused;
  }
  template <class Problem>
  [[nodiscard]] static const char* value_obstacle(const Problem& p) {
    const grouped_sums& policy = p.policy;
    if (const begun start(p);
        policy.products_start_from_zero && !can_begin_few_rows(start.view())) {
      return "the result holds -0, which products of zero leave as it is";
    }
    if (policy.results == subnormal_result::kept && !policy.rounds_to_odd &&
        policy.order != group_order::fused) {
      return nullptr;  // kernels keep what they get
    }
    const matrix x(p.a, policy, p.a_elements(true)), y(p.b, policy, p.b_elements(true));
    const value_range a = range_of_rows(x.view(), p.how), b = range_of_rows(y.view(), p.how);
    if (!a.are_finite || !b.are_finite) return "an operand has a NaN or an infinity";
    const float_format& f = policy.accumulator;
    const bool adds = !a.are_zero() && !b.are_zero();
    int unit = adds ? a.unit + b.unit : 128, end = a.end() + b.end() + bits_of_count(p.depth());
    if (const begun start(p); start.view() != nullptr) {
      const value_range held = range_of_rows(*start.view(), p.how);
      if (!held.are_finite) return "the result holds a NaN or an infinity";
      if (!held.are_zero()) unit = (std::min)(unit, held.unit);
      end = (std::max)(end, held.end()) + 1;
    }
    if (policy.results != subnormal_result::kept && unit < 1 - f.bias) {
      return "a sum might be subnormal, and flushed";
    }
    if (policy.order == group_order::fused && a.significant_bits + b.significant_bits > 53) {
      return "products have more than 53 bits";
    }
    return policy.rounds_to_odd && end > highest_exponent(f) ? "a sum to odd might overflow"
                                                             : nullptr;
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
