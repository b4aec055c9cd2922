// SPDX-License-Identifier: MIT
// One matrix instruction, bit for bit: for golden models of kernels, which go through K in an order
// of their own. Whole products by the same sums are gemm<policies::…>.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/matrix_instructions.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {

/// Elements of C and of results: numbers of a format, float for binary32, double for binary64,
/// std::int32_t for integers.
template <class T, class F>
[[nodiscard]] constexpr bool holds_results(const F& f) {
  using value = std::remove_const_t<T>;
  if constexpr (std::same_as<value, std::int32_t>) {
    return std::is_same_v<F, fixed_format>;
  } else if constexpr (std::is_same_v<F, float_format>) {
    if constexpr (std::same_as<value, float>) return f == formats::binary32;
    if constexpr (std::same_as<value, double>) return f == formats::binary64;
    if constexpr (requires { value::format; }) return takes_format(f, value::format);
  }
  return false;
}

template <auto& Unit, class D>
inline constexpr bool is_operand_a =
    [] { return takes_format(Unit.a, D::element_format::value); }();
template <auto& Unit, class D>
inline constexpr bool is_operand_b =
    [] { return takes_format(Unit.b, D::element_format::value); }();

/// Throws for a matrix of another shape than an instruction takes.
inline void require_instruction_shape(std::string_view what, std::size_t rows, std::size_t cols,
                                      std::size_t wanted_rows, std::size_t most_rows,
                                      std::size_t wanted_cols) {
  const bool fits = rows % wanted_rows == 0 && rows != 0 && rows <= most_rows;
  if (fits && cols == wanted_cols) return;
  std::string wanted = std::to_string(wanted_rows);
  if (most_rows != wanted_rows) {
    wanted = "a multiple of " + wanted + " up to " + std::to_string(most_rows);
  }
  refuse("matrix_instruction: " + std::string(what) + " is " + std::to_string(rows) + " x " +
         std::to_string(cols) + ", expected " + wanted + " x " + std::to_string(wanted_cols));
}
/// Throws for scales that an instruction does not take.
template <auto& Unit, class D>
void require_instruction_scales(std::string_view what, const D& d) {
  if (d.tensor_scale != 1.0f) {
    refuse("matrix_instruction: " + std::string(what) +
           " has a tensor scale, which no instruction takes; expected 1");
  }
  if (d.has_zeros()) {
    refuse("matrix_instruction: " + std::string(what) +
           " has zero points, which no instruction takes");
  }
  if (Unit.block == 0 && d.has_scales()) {
    refuse("matrix_instruction: " + std::string(what) +
           " has scales, which this one does not take");
  }
  const bool is_grouped =
      d.group_rows() == 1 && d.group_cols() == static_cast<std::size_t>(Unit.block);
  if (Unit.block != 0 && !(d.has_scales() && is_grouped)) {
    refuse("matrix_instruction: " + std::string(what) +
           " has other scales, expected one for each " + "1 x " + std::to_string(Unit.block) +
           " elements");
  }
}

/// The values of operands as product_terms has them, and the sums.
template <auto& Unit>
class instruction_sums {
 public:
  template <class A, class B>
  instruction_sums(const A& a, const B& b) : depth_(a.cols()), a_(a), b_(b) {}

  /// One element of the result of a floating-point instruction.
  [[nodiscard]] unpacked operator()(std::size_t row, std::size_t col, const unpacked& c) const {
    const product_terms t{depth_, a_.row(row, Unit.policy), b_.row(col, Unit.policy),
                          pack_as<float>(c)};
    if constexpr (requires { sum_products(Unit.policy, t); }) {
      return sum_products(Unit.policy, t);
    } else {
      rounding_sequence<nearest_even_t> rounding(nearest_even, 0);
      return sum_products(Unit.policy, t, rounding);
    }
  }
  [[nodiscard]] std::int32_t operator()(std::size_t row, std::size_t col,
                                        std::int32_t c) const requires requires {
    Unit.policy.group;
  }
  {
    const product_terms t{depth_, a_.row(row, Unit.policy), b_.row(col, Unit.policy), 0.0f};
    return static_cast<std::int32_t>(integer_sum(t, 0, depth_, Unit.policy.range,
                                                 static_cast<std::size_t>(Unit.policy.group), c));
  }

 private:
  struct factors {
    std::size_t cols, groups, group;
    element_facts elements;
    bool has_scales;
    std::vector<float> values;
    std::vector<unpacked> scales{};

    template <class D>
    explicit factors(const D& d)
        : cols(d.cols()),
          groups(d.has_scales() ? (cols + d.group_cols() - 1) / d.group_cols() : 0),
          group(d.has_scales() ? d.group_cols() : factor_row{}.group),
          elements(element_facts_of_type<D>),
          has_scales(d.has_scales()) {
      for (std::size_t row = 0; row < d.rows(); ++row) {
        for (std::size_t k = 0; k < cols; ++k) {
          values.push_back(pack_as<float>(d.element(row, k)));
        }
        for (std::size_t g = 0; g < groups; ++g) scales.push_back(d.scale(row, g * group));
      }
    }
    [[nodiscard]] factor_row row(std::size_t index, const auto&) const {
      return {.values = values.data() + index * cols,
              .scales = has_scales ? scales.data() + index * groups : nullptr,
              .group = group,
              .elements = elements,
              .lowest_exponent = elements.lowest_exponent};
    }
  };
  std::size_t depth_;
  factors a_, b_;
};

/// What a C of such a type holds, and how a result is stored.
template <class T>
[[nodiscard]] unpacked held_value(const T& x) {
  return unpack(x);
}
template <class T, class F>
void store_value(T& to, const F& f, const unpacked& x, code_t nan) {
  const code_t code = x.is_nan() ? nan : encode(f, x);
  if constexpr (std::same_as<T, float>) {
    to = std::bit_cast<float>(static_cast<std::uint32_t>(code));
  } else if constexpr (std::same_as<T, double>) {
    to = std::bit_cast<double>(code);
  } else {
    to = T::from_code(code);
  }
}

}  // namespace detail

/// d = a * b^T + c as the instruction Unit, one of matrix_instructions.hpp or a
/// matrix_instruction_facts of your own with static storage, computes it, special values included:
///
///   matrix_instruction<nvidia::hopper_m64n8k32_e4m3_f32>(a, b, c);   // c = a * b^T + c
///
/// `a` is m x k and `b` n x k (n: see the shape of Unit), operands as those of gemm whose elements
/// have the formats of Unit: matrix_view of numbers or of float, packed_matrix_view, or, where Unit
/// has scales, a block_matrix with such. TF32 and XF32 are read from binary32, that is float. `c`
/// and `d` are m x n, of numbers of the formats of Unit: also float, double, and std::int32_t for
/// integers; they may be the same matrix. A NaN in d is Unit.nan. Throws std::invalid_argument,
/// before writing, for shapes and scales that do not fit. Allocates: this is a definition, of some
/// microseconds for each element; gemm<policies::…> computes whole products at speed.
template <auto& Unit, gemm_operand A, gemm_operand B, class C, class D>
void matrix_instruction(const A& a, const B& b, matrix_view<C> c, matrix_view<D> d) {
  using first = detail::description_of<A>;
  using second = detail::description_of<B>;
  static_assert(defect(Unit.policy) == nullptr);
  static_assert(detail::is_operand_a<Unit, first>, "elements of a have another format than Unit.a");
  static_assert(detail::is_operand_b<Unit, second>,
                "elements of b have another format than Unit.b");
  static_assert(detail::holds_results<C>(Unit.c), "c has another format than Unit.c");
  static_assert(detail::holds_results<D>(Unit.result), "d has another format than Unit.result");
  if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(Unit.scale)>, no_scale>) {
    static_assert(detail::takes_format(Unit.scale, first::scale_format::value) &&
                      detail::takes_format(Unit.scale, second::scale_format::value),
                  "scales have another format than Unit.scale");
  }
  const auto x = describe(a);
  const auto y = describe(b);
  constexpr auto m = static_cast<std::size_t>(Unit.shape.m),
                 n = static_cast<std::size_t>(Unit.shape.n);
  constexpr auto k = static_cast<std::size_t>(Unit.shape.k);
  constexpr auto most_n = static_cast<std::size_t>(Unit.shape.most_n);
  detail::require_instruction_shape("a", x.rows(), x.cols(), m, m, k);
  detail::require_instruction_shape("b", y.rows(), y.cols(), n, most_n, k);
  detail::require_instruction_shape("c", c.rows, c.cols, m, m, y.rows());
  detail::require_instruction_shape("d", d.rows, d.cols, m, m, y.rows());
  detail::require_instruction_scales<Unit>("a", x);
  detail::require_instruction_scales<Unit>("b", y);

  if constexpr (std::same_as<D, std::int32_t>) {
    const detail::instruction_sums<Unit> sum(x, y);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < y.rows(); ++j) d(i, j) = sum(i, j, c(i, j));
    }
  } else if constexpr (Unit.result == formats::binary64) {
    // More than product_terms holds: a chain of FMAs.
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < y.rows(); ++j) {
        unpacked sum = detail::held_value(c(i, j));
        for (std::size_t l = 0; l < k; ++l) {
          const unpacked next = exact::multiply_add(x.element(i, l), y.element(j, l), sum);
          sum = decode(Unit.result, encode(Unit.result, next));
        }
        detail::store_value(d(i, j), Unit.result, sum, Unit.nan);
      }
    }
  } else {
    const default_float_environment environment;
    const detail::instruction_sums<Unit> sum(x, y);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < y.rows(); ++j) {
        detail::store_value(d(i, j), Unit.result, sum(i, j, detail::held_value(c(i, j))), Unit.nan);
      }
    }
  }
}
/// c = a * b^T + c.
template <auto& Unit, gemm_operand A, gemm_operand B, class C>
void matrix_instruction(const A& a, const B& b, matrix_view<C> c) {
  matrix_instruction<Unit>(a, b, c, c);
}

}  // namespace lowp
