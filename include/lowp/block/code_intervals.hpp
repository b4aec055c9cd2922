// SPDX-License-Identifier: MIT
// Which values become the codes that a block matrix holds, as long as the scales, zero points and
// offsets above them stay: the boxes in which weights can move without a change of the quantized
// matrix. The umbrella header leaves it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/preimage.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// The values that become an element of a group: of (x + offset) / scale + zero, rounded once by
/// the mode with saturation, as quantize rounds it where scales are given (rules::given). All
/// values under a scale of zero if the element is the zero point; none under one of NaN. Exact as
/// interval_of is.
[[nodiscard]] constexpr value_interval interval_in_group(const value_interval& element,
                                                         const group_values& group) {
  value_interval result = element;
  if (element.is_empty || group.scale.is_nan() || group.offset.is_nan()) return {};
  if (group.scale.is_zero()) {
    const auto below = exact::compare(element.lower, group.zero);
    const auto above = exact::compare(group.zero, element.upper);
    const bool is_inside = (below < 0 || (below == 0 && element.is_lower_closed)) &&
                           (above < 0 || (above == 0 && element.is_upper_closed));
    if (!is_inside) return {};
    return {unpacked::infinite(true), unpacked::infinite(), true, true, false};
  }
  if (group.scale.negative) {
    std::swap(result.lower, result.upper);
    std::swap(result.is_lower_closed, result.is_upper_closed);
  }
  result.lower = group.value(result.lower);
  result.upper = group.value(result.upper);
  return result;
}

/// The values that become the element at (row, col), row < rows(), col < cols(), while all else of
/// the matrix stays. The mode is not stochastic.
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
[[nodiscard]] value_interval interval_of(const basic_block_matrix<Format, Layout, Bytes>& q,
                                         std::size_t row, std::size_t col, const R& mode = {}) {
  return interval_in_group(
      interval_of(q.composition().element, q.code(0, row, col), mode, overflow::saturate),
      q.group(row / q.block_rows(), col / q.block_cols()));
}

namespace detail {

/// The first finite binary32 number of an interval, or the last one: `is_lower` says which. NaN
/// where the interval is empty.
[[nodiscard]] inline float end_in_binary32(const value_interval& v, bool is_lower) {
  if (v.is_empty) return std::numeric_limits<float>::quiet_NaN();
  const unpacked& end = is_lower ? v.lower : v.upper;
  const bool is_closed = is_lower ? v.is_lower_closed : v.is_upper_closed;
  constexpr float largest = (std::numeric_limits<float>::max)();
  if (end.is_infinite()) return end.negative ? -largest : largest;
  const auto towards = [](const unpacked& x, bool up) {
    const auto& f = formats::binary32;
    return decode(f, up ? encode(f, x, upward) : encode(f, x, downward));
  };
  const unpacked inside = towards(end, is_lower);
  if (is_closed || inside != end) return pack_as<float>(inside);
  // Open and a number of binary32: its neighbour, towards the inside.
  const unpacked least = unpacked::scaled_integer(!is_lower, 1, -300);
  return pack_as<float>(towards(exact::add(end, least), is_lower));
}

}  // namespace detail

/// The least and the largest finite binary32 number that becomes each element while all else of the
/// matrix stays; NaN where no number does, of a code that rounding never gives or under a scale of
/// NaN. What becomes 0 and what becomes -0 is one interval: values stay, codes of zeros need not.
///
///   const auto q = quantize<nf4_blocks>(w);
///   code_intervals(q, low, high);          // what lies between them leaves q as it is,
///   quantize(moved, again, rules::given{scales});      // == q
///
/// Where a rule chooses scales from the elements, those that it looks at, the largest of a block
/// among them, have to stay, too. Throws std::invalid_argument for other shapes.
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void code_intervals(const basic_block_matrix<Format, Layout, Bytes>& q, matrix_view<float> lowest,
                    matrix_view<float> highest, const R& mode = {}) {
  for (const matrix_view<float>* out : {&lowest, &highest}) {
    if (out->rows == q.rows() && out->cols == q.cols()) continue;
    refuse(std::string("code_intervals: ") + (out == &lowest ? "lowest" : "highest") + " is " +
           std::to_string(out->rows) + " x " + std::to_string(out->cols) + ", expected " +
           std::to_string(q.rows()) + " x " + std::to_string(q.cols()));
  }
  const auto& element = q.composition().element;
  std::vector<value_interval> of_code;  // of formats of few codes, once
  if (element.bits() <= 8) {
    for (code_t code = 0; code < code_t{1} << element.bits(); ++code)
      of_code.push_back(interval_of(element, code, mode, overflow::saturate));
  }
  for (std::size_t row = 0; row < q.rows(); ++row) {
    group_values group;
    for (std::size_t col = 0; col < q.cols(); ++col) {
      if (col % q.block_cols() == 0) group = q.group(row / q.block_rows(), col / q.block_cols());
      const code_t code = q.code(0, row, col);
      const value_interval v = interval_in_group(
          of_code.empty() ? interval_of(element, code, mode, overflow::saturate) : of_code[code],
          group);
      lowest(row, col) = detail::end_in_binary32(v, true);
      highest(row, col) = detail::end_in_binary32(v, false);
    }
  }
}

}  // namespace lowp
