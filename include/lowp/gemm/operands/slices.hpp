// SPDX-License-Identifier: MIT
// Operands of products that are composed of slices, each a matrix with a format, scales and a
// tensor scale of its own: side by side along K, or one below the other.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "lowp/arrays/transposed.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/described_format.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {

template <class X>
inline constexpr bool is_sliced = false;

/// Throws std::invalid_argument for a tensor scale that no operand has; `what` says whose it is.
inline void require_tensor_scale(const std::string& what, float scale) {
  const unpacked x = unpack(scale);
  if (x.kind == value_kind::finite && !x.negative) return;
  refuse(what + " is " + std::to_string(scale) + ", expected a positive finite number");
}

}  // namespace detail

/// An operand times a tensor scale of the caller's: what a tensor of codes alone lacks. If X has
/// one of its own, their product is rounded to binary32. Keeps a copy of a view and refers to a
/// matrix that owns its elements. Throws std::invalid_argument for a scale, or a product of both,
/// that is NaN, infinite, zero or negative.
template <gemm_operand X>
requires(!detail::is_sliced<X>) class slice {
 public:
  explicit slice(const X& x, float tensor_scale = 1) : of_(x), scale_(tensor_scale) {
    detail::require_tensor_scale("slice: the tensor scale", tensor_scale);
    detail::require_tensor_scale("slice: the tensor scale times that of x",
                                 describe(*this).tensor_scale);
  }
  [[nodiscard]] const X& operand() const { return of_; }
  [[nodiscard]] float tensor_scale() const { return scale_; }

 private:
  detail::kept_matrix<X> of_;
  float scale_;
};

/// The columns of X that a list names, in its order; a column may be named twice, as those that
/// residual channels augment (ARCQuant, arXiv 2601.07475). A product copies them in binary32.
/// Keeps a copy of a view, refers to a matrix that owns its elements and to the list. Throws
/// std::invalid_argument for columns that X does not have.
template <gemm_operand X>
class gathered_columns {
 public:
  gathered_columns(const X& x, std::span<const std::size_t> columns) : of_(x), columns_(columns) {
    const std::size_t cols = describe(x).cols();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] < cols) continue;
      refuse("gathered_columns: columns[" + std::to_string(i) + "] is " +
             std::to_string(columns[i]) + ", expected less than the columns of x, " +
             std::to_string(cols));
    }
  }
  [[nodiscard]] const X& operand() const { return of_; }
  [[nodiscard]] std::span<const std::size_t> columns() const { return columns_; }

 private:
  detail::kept_matrix<X> of_;
  std::span<const std::size_t> columns_;
};

/// Which way slices follow each other.
enum class slice_axis : std::uint8_t {
  columns,  ///< side by side, along K
  rows,     ///< one below the other: along N of the second operand, along M of the first
};

/// Operands with as many rows as each other, side by side: K runs through the columns of the first
/// slice, then through those of the second … (INT8 beside FP16 columns of outliers, LLM.int8(),
/// arXiv 2208.07339; INT4 beside INT8, COMET, 2410.12168; residual channels, ARCQuant, 2601.07475).
///
/// It is an operand of any product on either side, whatever the other one is: its values are those
/// of the slices, and a policy adds them in this order. If all slices that have columns have one
/// tensor scale, that multiplies finished sums, as of any operand. If they differ, each multiplies
/// the values of its slice, in binary32 where those are not exact there: products are rounded to
/// binary32, but under policies::exact. With columns in one slice alone, it is that slice.
///
/// Scales of blocks have no place in policies that multiply sums by them: take slice_sums
/// (gemm/slice_sums.hpp) there, which gives each slice a policy.
///
///   column_slices x(x8, x16), w(w8, w16);
///   gemm<policies::exact>(x, w, c);
///
/// Keeps copies of views and refers to matrices that own their elements. Throws
/// std::invalid_argument for slices that differ in rows, and for a tensor scale that is NaN,
/// infinite, zero or negative. A slice without columns adds nothing.
template <gemm_operand... X>
class column_slices {
 public:
  explicit column_slices(const X&... x) : parts_(x...) {
    std::size_t index = 0, rows = 0;
    const auto look_at = [&](const auto& d) {
      if (index == 0) rows = d.rows();
      if (d.rows() != rows) {
        refuse("column_slices: slice " + std::to_string(index) + " has " +
               std::to_string(d.rows()) + " rows, expected " + std::to_string(rows) +
               " as slice 0 has");
      }
      detail::require_tensor_scale(
          "column_slices: the tensor scale of slice " + std::to_string(index++), d.tensor_scale);
    };
    (look_at(describe(x)), ...);
  }
  [[nodiscard]] const auto& parts() const { return parts_; }

 private:
  static_assert(sizeof...(X) > 0, "an operand is composed of at least one slice");
  std::tuple<detail::kept_matrix<X>...> parts_;
};

/// Operands with as many columns as each other, one below the other: weights whose rows, which are
/// columns of the result, have two widths (MixLLM, arXiv 2412.14590).
///
/// It is an operand of any product on either side. What belongs to a slice in the result is what
/// the product of that slice alone has there, by any policy; a stochastic mode draws as for the
/// whole. Throws as column_slices, for slices that differ in columns.
template <gemm_operand... X>
class row_slices {
 public:
  explicit row_slices(const X&... x) : parts_(x...) {
    std::size_t index = 0, cols = 0;
    const auto look_at = [&](const auto& d) {
      if (index == 0) cols = d.cols();
      if (d.cols() != cols) {
        refuse("row_slices: slice " + std::to_string(index) + " has " + std::to_string(d.cols()) +
               " columns, expected " + std::to_string(cols) + " as slice 0 has");
      }
      detail::require_tensor_scale(
          "row_slices: the tensor scale of slice " + std::to_string(index++), d.tensor_scale);
    };
    (look_at(describe(x)), ...);
  }
  [[nodiscard]] const auto& parts() const { return parts_; }

 private:
  static_assert(sizeof...(X) > 0, "an operand is composed of at least one slice");
  std::tuple<detail::kept_matrix<X>...> parts_;
};

namespace detail {
template <class... X>
inline constexpr bool is_sliced<column_slices<X...>> = true;
template <class... X>
inline constexpr bool is_sliced<row_slices<X...>> = true;

template <class X>
inline constexpr bool is_view<slice<X>> = true;
template <class X>
inline constexpr bool is_view<gathered_columns<X>> = true;
template <class... X>
inline constexpr bool is_view<column_slices<X...>> = true;
template <class... X>
inline constexpr bool is_view<row_slices<X...>> = true;
}  // namespace detail

/// A composition of slices.
template <class X>
concept sliced_operand = gemm_operand<X> && detail::is_sliced<X>;

template <class... X>
column_slices(const column_slices<X...>&) -> column_slices<column_slices<X...>>;
template <class... X>
row_slices(const row_slices<X...>&) -> row_slices<row_slices<X...>>;

/// The columns of X in slices: those of each list side by side, for the other operand of a
/// product whose first one was cut by these lists. The lists are to be a partition of the columns.
/// Refers to them. Throws std::invalid_argument for a column that is in none or in two of them.
template <gemm_operand X, class... List>
[[nodiscard]] auto gathered_slices(const X& x, const List&... lists) {
  std::vector<bool> is_there(describe(x).cols());
  const auto mark = [&](std::span<const std::size_t> list) {
    for (const std::size_t column : list) {
      if (column >= is_there.size()) {
        refuse("gathered_slices: there is a column " + std::to_string(column) +
               ", expected less than the columns of x, " + std::to_string(is_there.size()));
      }
      if (is_there[column]) {
        refuse("gathered_slices: column " + std::to_string(column) +
               " is there twice, expected each column in one slice");
      }
      is_there[column] = true;
    }
  };
  (mark(lists), ...);
  for (std::size_t column = 0; column < is_there.size(); ++column) {
    if (is_there[column]) continue;
    refuse("gathered_slices: column " + std::to_string(column) +
           " is in no slice, expected each column in one");
  }
  return column_slices(gathered_columns<X>(x, lists)...);
}

// ----------------------------------------------------------------------------- their descriptions

/// The columns of a description that a list names.
template <matrix_description Of>
struct gathered_description {
  Of of;
  std::span<const std::size_t> columns;
  float tensor_scale = of.tensor_scale;

  using element_format = typename Of::element_format;
  using scale_format = typename Of::scale_format;

  [[nodiscard]] const auto& format() const { return of.format(); }
  [[nodiscard]] const auto& scale_value_format() const { return of.scale_value_format(); }
  [[nodiscard]] std::size_t rows() const { return of.rows(); }
  [[nodiscard]] std::size_t cols() const { return columns.size(); }
  /// Where each column may have a scale of its own, groups are one column wide.
  [[nodiscard]] std::size_t group_rows() const { return of.group_rows(); }
  [[nodiscard]] std::size_t group_cols() const {
    if (of.group_cols() < of.cols()) return 1;
    return of.group_cols() < cols() ? cols() : of.group_cols();  // a column may be there twice
  }
  [[nodiscard]] bool has_scales() const { return of.has_scales(); }
  [[nodiscard]] bool has_zeros() const { return of.has_zeros(); }
  [[nodiscard]] bool has_dyadic_scales() const { return of.has_dyadic_scales(); }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    return of.element(row, columns[col]);
  }
  [[nodiscard]] unpacked scale(std::size_t row, std::size_t col) const {
    return of.scale(row, columns[col]);
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return of.value(row, columns[col]);
  }
};

/// The descriptions of slices, as that of one matrix: of its values.
template <slice_axis Axis, matrix_description... Of>
struct slices_description {
  std::tuple<Of...> of;
  /// That of all slices, or 1 where they differ.
  float tensor_scale = common_scale();
  /// Whether tensor scales differ from slice to slice.
  bool have_own_scales = !has_common_scale();

  using element_format = variable_format<float_format>;
  using scale_format = without_scales;

  [[nodiscard]] const float_format& format() const { return formats::binary32; }
  [[nodiscard]] const float_format& scale_value_format() const { return formats::binary32; }
  [[nodiscard]] std::size_t rows() const {
    return std::apply(
        [](const auto& first, const auto&... rest) {
          return Axis == slice_axis::columns ? first.rows() : (first.rows() + ... + rest.rows());
        },
        of);
  }
  [[nodiscard]] std::size_t cols() const {
    return std::apply(
        [](const auto& first, const auto&... rest) {
          return Axis == slice_axis::rows ? first.cols() : (first.cols() + ... + rest.cols());
        },
        of);
  }
  [[nodiscard]] std::size_t group_rows() const { return 1; }
  [[nodiscard]] std::size_t group_cols() const { return cols() + (cols() == 0 ? 1 : 0); }
  [[nodiscard]] bool has_scales() const { return false; }
  [[nodiscard]] bool has_zeros() const { return false; }
  [[nodiscard]] bool has_dyadic_scales() const { return true; }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    unpacked found{};
    const auto look = [&](const auto& d) {
      std::size_t& place = Axis == slice_axis::columns ? col : row;
      const std::size_t size = extent(d);
      if (place < size) {
        found = d.value(row, col);
        if (have_own_scales || !is_dyadic(d)) found = unpack(pack_as<float>(found));
        if (have_own_scales) found = exact::multiply(found, unpack(d.tensor_scale));
        return true;
      }
      place -= size;
      return false;
    };
    std::apply([&](const auto&... d) { static_cast<void>((look(d) || ...)); }, of);
    return found;
  }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const { return value(row, col); }
  [[nodiscard]] unpacked scale(std::size_t, std::size_t) const {
    return unpacked::scaled_integer(false, 1);
  }
  /// How far a slice goes along the axis.
  [[nodiscard]] static std::size_t extent(const matrix_description auto& d) {
    return Axis == slice_axis::columns ? d.cols() : d.rows();
  }

 private:
  /// Calls use(tensor scale) for slices that are not empty.
  template <class Use>
  void for_each_scale(const Use& use) const {
    const auto look = [&](const auto& d) {
      if (extent(d) != 0) use(d.tensor_scale);
    };
    std::apply([&](const auto&... d) { (look(d), ...); }, of);
  }
  /// By bits: subnormal scales are equal to zero where a program takes them for that.
  [[nodiscard]] bool has_common_scale() const {
    std::uint32_t first = 0;
    bool is_common = true;
    for_each_scale([&](float scale) {
      const auto bits = std::bit_cast<std::uint32_t>(scale);
      if (first == 0) first = bits;
      is_common = is_common && bits == first;
    });
    return is_common;
  }
  /// Whether values are multiples of powers of two; others are meant as binary32 has them.
  template <matrix_description D>
  [[nodiscard]] static bool is_dyadic(const D& d) {
    if constexpr (!detail::has_values_of_formats<D>) {
      return true;
    } else {
      return detail::element_facts_of(d).are_dyadic && d.has_dyadic_scales();
    }
  }
  [[nodiscard]] float common_scale() const {
    float last = 1;
    for_each_scale([&](float scale) { last = scale; });
    return has_common_scale() ? last : 1;
  }
};

namespace detail {
template <class Of>
inline constexpr bool has_values_of_formats<gathered_description<Of>> = has_values_of_formats<Of>;
template <slice_axis Axis, class... Of>
inline constexpr bool has_values_of_formats<slices_description<Axis, Of...>> = false;
}  // namespace detail

template <class X>
[[nodiscard]] auto describe(const slice<X>& x) {
  auto d = describe(x.operand());
  d.tensor_scale =
      pack_as<float>(exact::multiply(unpack(d.tensor_scale), unpack(x.tensor_scale())));
  return d;
}
template <class X>
[[nodiscard]] auto describe(const gathered_columns<X>& x) {
  return gathered_description<decltype(describe(x.operand()))>{describe(x.operand()), x.columns()};
}
template <class... X>
[[nodiscard]] auto describe(const column_slices<X...>& x) {
  return std::apply(
      [](const auto&... part) {
        return slices_description<slice_axis::columns, decltype(describe(part))...>{
            {describe(part)...}};
      },
      x.parts());
}
template <class... X>
[[nodiscard]] auto describe(const row_slices<X...>& x) {
  return std::apply(
      [](const auto&... part) {
        return slices_description<slice_axis::rows, decltype(describe(part))...>{
            {describe(part)...}};
      },
      x.parts());
}

}  // namespace lowp
