// SPDX-License-Identifier: MIT
// The definition of the matrix product C[M x N] = A[M x K] * B[N x K]^T that every kernel is tested
// against: decode both operands, then a sum for each element in the order that the policy states.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/operand_rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/rounding_reference.hpp"

namespace lowp {

namespace detail {

template <class C>
void require_gemm_shapes(std::size_t a_rows, std::size_t a_cols, std::size_t b_rows,
                         std::size_t b_cols, const C& c) {
  const auto shape = [](std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  };
  if (a_cols != b_cols) {
    refuse("gemm: b is " + shape(b_rows, b_cols) + ", expected " + std::to_string(a_cols) +
           " columns as a has");
  }
  if (operand_rows(c) != a_rows || operand_cols(c) != b_rows) {
    refuse("gemm: c is " + shape(operand_rows(c), operand_cols(c)) + ", expected " +
           shape(a_rows, b_rows));
  }
}

inline void require_no_tensor_scales(const bulk::any_operand& a, const bulk::any_operand& b) {
  const auto has_none = [](const bulk::any_operand& x) {
    const bulk::operand_slices slices = x.slices();
    return x.tensor_scale == 1.0f && !(slices.are_rows && slices.have_own_scales);
  };
  if (has_none(a) && has_none(b)) return;
  refuse(
      "gemm_accumulate: a tensor scale would multiply what c holds; expected operands with one of "
      "1");
}

/// Throws what a policy has against the elements of its operands.
inline void require_operands(const char* operand_defect) {
  if (operand_defect != nullptr) {
    refuse("gemm: " + std::string(operand_defect));
  }
}

/// The values of an operand in the form that a policy asks for. The groups of the scales are
/// numbered row by row.
class factor_matrix {
 public:
  /// By parts that may run in any order.
  factor_matrix(const bulk::any_operand& x, factor_form form, const execution& how)
      : rows_(x.rows),
        cols_(x.cols),
        tensor_scale_(x.tensor_scale),
        elements_(x.elements),
        lowest_exponent_(elements_.lowest_exponent) {
    if (const bulk::operand_slices slices = x.slices(); slices.exist() && slices.are_rows) {
      for (std::size_t i = 0; i < slices.count; ++i) {
        slices_.emplace_back(*slices.parts[i], form, how);
      }
      return;
    }
    if (form == factor_form::exact_values) {
      const unpacked tensor = unpack(tensor_scale_);
      const bool is_exact = elements_.are_dyadic && x.has_dyadic_scales();
      fill(exact_, how, [&](std::size_t row, std::size_t col, std::size_t count, unpacked* out) {
        x.find_values(row, col, count, out);
        for (std::size_t i = 0; i < count; ++i) {
          out[i] = exact::multiply(is_exact ? out[i] : unpack(pack_as<float>(out[i])), tensor);
        }
      });
      return;
    }
    const bool are_values = form == factor_form::values;
    fill(values_, how, [&](std::size_t row, std::size_t col, std::size_t count, float* out) {
      unpacked found[most];
      if (are_values) {
        x.find_values(row, col, count, found);
      } else {
        x.find_elements(row, col, count, found);
      }
      for (std::size_t i = 0; i < count; ++i) out[i] = pack_as<float>(found[i]);
    });
    if (are_values) {
      if (x.has_scales) lowest_exponent_ = element_facts{}.lowest_exponent;
      return;
    }
    group_rows_ = x.group_rows;
    group_cols_ = x.group_cols;
    if (!x.has_scales || rows_ == 0) return;
    groups_per_row_ = (cols_ + group_cols_ - 1) / group_cols_;
    for (std::size_t row = 0; row < rows_; row += group_rows_) {
      for (std::size_t col = 0; col < cols_; col += group_cols_) {
        scales_.push_back(x.scale(row, col));
      }
    }
  }

  /// Of a row, which is that of all unless slices lie one below the other.
  [[nodiscard]] float tensor_scale(std::size_t index) const {
    const factor_matrix& of = slice_of(index);
    return &of == this ? tensor_scale_ : of.tensor_scale(index);
  }
  [[nodiscard]] std::size_t depth() const { return cols_; }
  [[nodiscard]] factor_row row(std::size_t index) const {
    const factor_matrix& of = slice_of(index);
    if (&of != this) return of.row(index);
    factor_row r{.group = group_cols_, .elements = elements_, .lowest_exponent = lowest_exponent_};
    if (!values_.empty()) r.values = values_.data() + index * cols_;
    if (!exact_.empty()) r.exact = exact_.data() + index * cols_;
    if (!scales_.empty()) r.scales = scales_.data() + index / group_rows_ * groups_per_row_;
    return r;
  }

 private:
  static constexpr std::size_t most = 64;  ///< elements that are found at a time

  /// The slice that holds a row, in which it is row `index` then; this, without any.
  [[nodiscard]] const factor_matrix& slice_of(std::size_t& index) const {
    for (const factor_matrix& slice : slices_) {
      if (index < slice.rows_) return slice;
      index -= slice.rows_;
    }
    return *this;
  }

  template <class T, class Find>
  void fill(std::vector<T>& values, const execution& how, const Find& find) {
    values.resize(rows_ * cols_);
    const auto fill_row = [&](std::size_t row) {
      for (std::size_t col = 0; col < cols_; col += most) {
        find(row, col, (std::min)(most, cols_ - col), values.data() + row * cols_ + col);
      }
    };
    how.run(rows_, task(fill_row));
  }

  std::size_t rows_, cols_;
  std::size_t group_rows_ = 1, group_cols_ = factor_row{}.group, groups_per_row_ = 0;
  float tensor_scale_;
  element_facts elements_;
  int lowest_exponent_;
  std::vector<float> values_;
  std::vector<unpacked> exact_, scales_;
  std::vector<factor_matrix> slices_;
};

/// A NaN result is the canonical one.
[[nodiscard]] inline float with_canonical_nan(const float& x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits & 0x7FFFFFFFu) > binary32_infinity ? binary32_nan : bits);
}

/// A finished sum in binary32: times the tensor scales, unless they are part of it.
template <class T>
[[nodiscard]] float scaled_sum(const unpacked& sum, float a_scale, float b_scale) {
  const T value = opaque(pack_as<T>(sum));
  return opaque(static_cast<float>(
      opaque(opaque(value * static_cast<T>(a_scale)) * static_cast<T>(b_scale))));
}

/// The definition of every product: the values of both operands, then a sum for each element of c,
/// which begins, if `accumulates`, with what the element holds.
template <gemm_policy P, rounding_mode R>
void define_product(const P& p, const factor_matrix& a, const factor_matrix& b,
                    matrix_view<float> c, bool accumulates, const R& mode, const execution& how) {
  const std::size_t draws = draws_per_sum(p, a.depth());
  const bool fits = scales_in_binary32(p);
  const auto element = [&](std::size_t row, std::size_t col) {
    const product_terms terms{a.depth(), a.row(row), b.row(col), accumulates ? c(row, col) : 0.0f};
    const auto sum = [&] {
      if constexpr (requires { sum_products(p, terms); }) {
        return sum_products(p, terms);
      } else {
        rounding_sequence rounding(mode, (row * c.cols + col) * draws);
        return sum_products(p, terms, rounding);
      }
    }();
    if (form_of(p) == factor_form::exact_values) return pack_as<float>(sum);
    return fits ? scaled_sum<float>(sum, a.tensor_scale(row), b.tensor_scale(col))
                : scaled_sum<double>(sum, a.tensor_scale(row), b.tensor_scale(col));
  };
  constexpr std::size_t most = 64;
  const std::size_t size = c.rows * c.cols;
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    for (std::size_t i = part * most; i < (std::min)(size, (part + 1) * most); ++i) {
      const std::size_t row = i / c.cols, col = i % c.cols;
      c(row, col) = with_canonical_nan(element(row, col));
    }
  };
  run_and_rethrow(how, (size + most - 1) / most, task(run));
}

/// Throws std::invalid_argument for operands that the policy refuses.
template <gemm_policy P>
void require_operands(const P& p, const bulk::any_operand& a, const bulk::any_operand& b) {
  for (const bool is_a : {true, false}) {
    const bulk::any_operand& x = is_a ? a : b;
    const bulk::operand_slices slices = x.slices();
    if (slices.exist() && slices.are_rows) {  // each is an operand of a product of its own
      for (std::size_t i = 0; i < slices.count; ++i) {
        require_operands(p, is_a ? *slices.parts[i] : a, is_a ? b : *slices.parts[i]);
      }
      return;
    }
    for (std::size_t i = 0; i < slices.count && form_of(p) == factor_form::elements; ++i) {
      const bool is_alone = slices.parts[i]->cols == x.cols;
      if (slices.parts[i]->cols == 0 || is_alone || !slices.parts[i]->has_scales) continue;
      refuse("gemm: slice " + std::to_string(i) +
             " along K has scales, by which the policy multiplies sums; expected slice_sums, which "
             "give each slice sums of its own, or a policy that multiplies elements by them");
    }
  }
  require_operands(operand_defect(p, a.elements, b.elements));
}

/// define_product for operands, on any executor. Throws std::invalid_argument, before writing, for
/// shapes that do not fit, for operands that the policy refuses, and if it accumulates for tensor
/// scales.
template <gemm_policy P, rounding_mode R>
void define_product(const P& p, const bulk::any_operand& a, const bulk::any_operand& b,
                    matrix_view<float> c, bool accumulates, const R& mode, const execution& how) {
  require_gemm_shapes(a.rows, a.cols, b.rows, b.cols, c);
  if (accumulates) require_no_tensor_scales(a, b);
  require_operands(p, a, b);
  const factor_matrix x_values(a, form_of(p), how), y_values(b, form_of(p), how);
  define_product(p, x_values, y_values, c, accumulates, mode, how);
}

#if LOWP_COMPILED
#define LOWP_DECLARE(Policy, Mode)                                                        \
  extern template void define_product(const Policy&, const bulk::any_operand&,            \
                                      const bulk::any_operand&, matrix_view<float>, bool, \
                                      const Mode&, const execution&);
LOWP_COMPILED_PRODUCTS(LOWP_DECLARE)
#undef LOWP_DECLARE
#endif

/// A copy of P: clang up to 19 may miscompute the address of a member of P itself.
template <auto P>
inline constexpr auto policy_value = P;

/// The mode as one of the types that products are compiled for: nearest even, any_rounding, or a
/// reference to what any_rounding cannot be.
template <rounding_mode R>
[[nodiscard]] auto any_mode(const R& mode) {
  if constexpr (std::same_as<R, nearest_even_t> || std::same_as<R, rounding_reference>) {
    return mode;
  } else if constexpr (std::constructible_from<any_rounding, R>) {
    return any_rounding(mode);
  } else {
    return rounding_reference(mode);
  }
}

/// What a program refuses to compile: contradictions of a policy, a mode that it does not take and,
/// where formats are part of their types, operands that it does not.
template <gemm_policy auto P, class A, class B, class R, bool Accumulates>
constexpr void check_product() {
  static_assert(is_valid_format<P>);
  static_assert(has_rounding(P) || std::same_as<R, nearest_even_t>,
                "the policy rounds as it says: it takes no mode");
  using first = description_of<A>;
  using second = description_of<B>;
  if constexpr (first::element_format::is_constant && second::element_format::is_constant) {
    static_assert(
        operand_defect(P, element_facts_of_type<first>, element_facts_of_type<second>) == nullptr,
        "the policy cannot add products of these operands: see its operand_defect");
  }
  if constexpr (Accumulates) static_assert(accumulation_defect(P) == nullptr);
}

}  // namespace detail

namespace reference {

/// c = a * b^T, overwriting c. The value of a block matrix is element * scale, rounded to binary32
/// where that is not exact (factor_form says where a policy takes it otherwise; what is no multiple
/// of a power of two, as in logarithmic formats, is rounded in any case). Operands come in
/// any mix; b holds one row per column of c. A NaN in c is 0x7FC00000. Tensor scales multiply the
/// finished sum, a's first, in binary32, or in binary64 if the sum has more than 24 bits or 8 of an
/// exponent (of exact_sums before anything is rounded). Row i of c does not depend on other rows of
/// a. The environment of the caller (rounding, flush-to-zero) and compiler options do not change
/// the result.
///
/// `mode` rounds as has_rounding says; the i-th rounding of element (row, col) draws as element
/// (row * columns of c + col) * draws_per_sum + i of an array. Under summation::pairwise products
/// are rounded first, then level by level; interleaved chains in the order of k, then their tree.
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B,
          rounding_mode R = nearest_even_t>
void gemm(const A& a, const B& b, matrix_view<float> c, const R& mode = {}) {
  detail::check_product<P, A, B, R, false>();
  detail::define_product(detail::policy_value<P>, bulk::as_any_operand(a), bulk::as_any_operand(b),
                         c, false, detail::any_mode(mode), execution{});
}

/// c = a * b^T + c: each sum starts from what c holds, taken as it is, instead of zero; with a
/// chunk the promoted sum does. What a matrix instruction does with its accumulator. Throws
/// std::invalid_argument, before writing, also for a tensor scale that is not 1.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B,
          rounding_mode R = nearest_even_t>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const R& mode = {}) {
  detail::check_product<P, A, B, R, true>();
  detail::define_product(detail::policy_value<P>, bulk::as_any_operand(a), bulk::as_any_operand(b),
                         c, true, detail::any_mode(mode), execution{});
}

inline namespace LOWP_BASELINE {

/// c = a * b^T into any result, through an epilogue (see there). Throws std::invalid_argument,
/// before writing, also for arrays of the epilogue that do not fit c.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const epilogue& e) {
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  detail::require_epilogue(e, rows, cols);
  std::vector<float> values(rows * cols);
  const matrix_view<float> sums(values.data(), rows, cols);
  reference::gemm<P>(a, b, sums, mode);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      sums(row, col) = detail::finished_value(e, row, col, sums(row, col));
    }
  }
  store_result(sums, e, c);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, gemm_output C>
void gemm(const A& a, const B& b, C&& c, const epilogue& e) {
  reference::gemm<P>(a, b, c, nearest_even, e);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounded_gemm_output C,
          rounding_mode R = nearest_even_t>
void gemm(const A& a, const B& b, C&& c, const R& mode = {}) {
  reference::gemm<P>(a, b, c, mode, epilogue{});
}

}  // namespace LOWP_BASELINE
}  // namespace reference
}  // namespace lowp
