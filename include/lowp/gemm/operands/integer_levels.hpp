// SPDX-License-Identifier: MIT
// Compositions of levels as integers times scales of blocks, which integer_block_sums add: which
// levels join the integers, and the definition of both.
//
// Q4_K: 256 elements of 4 bits, in groups of 32 times 6 bits -> integers of 10 bits | a binary16
//       minima of 6 bits                                     -> integers of 6 bits  | a binary16
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/block_row.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// A matrix of a block format whose offsets, if there are any, belong to its elements.
template <class Matrix>
concept level_matrix = requires(const Matrix& m, std::size_t i) {
  m.composition().element;
  { m.code(0, i, i) } -> std::convertible_to<code_t>;
  { m.rows() } -> std::convertible_to<std::size_t>;
  { m.cols() } -> std::convertible_to<std::size_t>;
};

namespace detail {

/// The integers of a number format that joins those of the elements; none of others.
[[nodiscard]] constexpr integer_values joining_integers(const number_format auto& f) {
  const integer_values values = integers_of(f);
  const bool are_small = values.exist && values.range.low >= -32768 && values.range.high <= 32767;
  return are_small ? values : integer_values{};
}

/// The number at a place of a level: an integer times an exact factor.
struct level_part {
  std::int64_t integer = 1;
  unpacked factor = unpacked::scaled_integer(false, 1);
  bool is_joined = true;  ///< whether all of it so far are integers
};

template <int Leaf, number_format F, class Load>
[[nodiscard]] constexpr level_part level_part_at(const F& f, std::size_t row, std::size_t col,
                                                 const Load& load) {
  const unpacked value = decode(f, load(Leaf, row, col));
  const integer_values integers = joining_integers(f);
  if (!integers.exist) return {1, value, false};
  return {integer_of(value, integers.unit), unpacked::scaled_integer(false, 1, integers.unit),
          true};
}
template <int Leaf, class Element, class Scale, class Load>
[[nodiscard]] constexpr level_part level_part_at(const block_format<Element, Scale>& f,
                                                 std::size_t row, std::size_t col,
                                                 const Load& load) {
  level_part part = level_part_at<Leaf>(f.element, row, col, load);
  const level_part scale = level_part_at<Leaf + leaf_count<Element>>(
      f.scale, group_along(row, f.shape.rows), group_along(col, f.shape.cols), load);
  part.factor = exact::multiply(part.factor, scale.factor);
  if (part.is_joined) {
    part.integer *= scale.integer;
    part.is_joined = scale.is_joined;
  } else {
    part.factor = exact::multiply(
        part.factor,
        unpacked::scaled_integer(
            scale.integer < 0,
            static_cast<std::uint64_t>(scale.integer < 0 ? -scale.integer : scale.integer)));
  }
  return part;
}

/// How many columns of a level have one factor: of a level of integers, all.
template <number_format F>
[[nodiscard]] constexpr std::size_t factor_cols(const F& f) {
  return joining_integers(f).exist ? block_row::all : 1;
}
template <class Element, class Scale>
[[nodiscard]] constexpr std::size_t factor_cols(const block_format<Element, Scale>& f) {
  if (!joining_integers(f.element).exist) return 1;
  const std::size_t groups = factor_cols(f.scale);
  const bool are_all = groups == block_row::all || f.shape.cols == block_shape::whole;
  return are_all ? block_row::all : groups * static_cast<std::size_t>(f.shape.cols);
}
/// How many columns of a composition have one factor from its scales, or from its offsets.
template <class Scale>
[[nodiscard]] constexpr std::size_t group_factor_cols(const Scale& scale, block_shape shape) {
  const std::size_t groups = factor_cols(scale);
  const bool are_all = groups == block_row::all || shape.cols == block_shape::whole;
  return are_all ? block_row::all : groups * static_cast<std::size_t>(shape.cols);
}

/// Why a composition is no operand of integer_block_sums, or null.
template <class Element, class Scale, class Zero, class Offset>
[[nodiscard]] constexpr const char* integer_level_defect(
    const block_format<Element, Scale, Zero, Offset>& f) {
  if (!joining_integers(f.element).exist) {
    return "integer_block_sums takes operands whose elements are integers of up to 16 bits times "
           "one power of two";
  }
  if constexpr (leaf_count<Zero> == 1) {
    const integer_values zeros = joining_integers(f.zero);
    if (!zeros.exist || zeros.unit != joining_integers(f.element).unit) {
      return "integer_block_sums takes operands whose zero points are integers as the elements are";
    }
  }
  return nullptr;
}

/// A matrix as the definition takes it.
class integer_block_matrix {
 public:
  template <level_matrix Matrix>
  explicit integer_block_matrix(const Matrix& m) : rows_(m.rows()), cols_(m.cols()) {
    const auto& f = m.composition();
    using format = std::remove_cvref_t<decltype(f)>;
    using zero_level = std::remove_cvref_t<decltype(format::zero)>;
    using offset_level = std::remove_cvref_t<decltype(format::offset)>;
    constexpr int scale = 1,
                  zero = scale + leaf_count<std::remove_cvref_t<decltype(format::scale)>>,
                  offset = zero + leaf_count<zero_level>;
    static_assert(leaf_count<zero_level> <= 1, "zero points of integer_block_sums are numbers");
    const auto load = [&m](int leaf, std::size_t r, std::size_t c) { return m.code(leaf, r, c); };
    const integer_values elements = joining_integers(f.element);
    const unpacked unit = unpacked::scaled_integer(false, 1, elements.unit);
    const std::size_t width = f.shape.cols_in(cols_);
    block_ = group_factor_cols(f.scale, f.shape);
    shift_group_ = width;
    shift_block_ = block_row::all;
    if constexpr (leaf_count<offset_level> != 0) {
      shift_block_ = group_factor_cols(f.offset, f.shape);
    }
    groups_ = cols_ == 0 ? 0 : (cols_ - 1) / width + 1;
    blocks_ = count(block_);
    shift_blocks_ = count(shift_block_);
    integers_.resize(rows_ * cols_);
    scales_.resize(rows_ * blocks_);
    for (std::size_t row = 0; row < rows_ && cols_ != 0; ++row) {
      const std::size_t group_row = group_along(row, f.shape.rows);
      for (std::size_t group = 0; group < groups_; ++group) {
        const level_part of = level_part_at<scale>(f.scale, group_row, group, load);
        std::int64_t from = 0;
        if constexpr (leaf_count<zero_level> == 1) {
          from = integer_of(decode(f.zero, load(zero, group_row, group)), elements.unit);
        }
        const std::size_t begin = group * width, end = (std::min)(cols_, begin + width);
        for (std::size_t col = begin; col < end; ++col) {
          const std::int64_t element =
              integer_of(decode(f.element, load(0, row, col)), elements.unit);
          integers_[row * cols_ + col] = static_cast<std::int32_t>((element - from) * of.integer);
        }
        scales_[row * blocks_ + begin / block_] = pack_as<float>(exact::multiply(of.factor, unit));
      }
      if constexpr (leaf_count<offset_level> != 0) {
        shifts_.resize(rows_ * groups_);
        shift_scales_.resize(rows_ * shift_blocks_);
        for (std::size_t group = 0; group < groups_; ++group) {
          const level_part of = level_part_at<offset>(f.offset, group_row, group, load);
          shifts_[row * groups_ + group] = static_cast<std::int32_t>(of.integer);
          shift_scales_[row * shift_blocks_ + group * width / shift_block_] =
              pack_as<float>(of.factor);
        }
      }
    }
  }

  [[nodiscard]] std::size_t depth() const { return cols_; }
  [[nodiscard]] block_row row(std::size_t index) const {
    block_row r{.integers = integers_.data() + index * cols_,
                .scales = scales_.data() + index * blocks_,
                .block = block_};
    if (!shifts_.empty()) {
      r.shifts = shifts_.data() + index * groups_;
      r.shift_group = shift_group_;
      r.shift_scales = shift_scales_.data() + index * shift_blocks_;
      r.shift_block = shift_block_;
    }
    return r;
  }

 private:
  [[nodiscard]] std::size_t count(std::size_t block) const {
    return cols_ == 0 ? 0 : (cols_ - 1) / block + 1;
  }
  std::size_t rows_, cols_;
  std::size_t block_ = 1, shift_group_ = 1, shift_block_ = 1;
  std::size_t groups_ = 0, blocks_ = 0, shift_blocks_ = 0;
  std::vector<std::int32_t> integers_, shifts_;
  std::vector<float> scales_, shift_scales_;
};

}  // namespace detail
}  // namespace lowp
