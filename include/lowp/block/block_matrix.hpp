// SPDX-License-Identifier: MIT
// A matrix of a block format, that is of any composition of levels, in any layout: one that owns
// its bytes, or a view of bytes of others, to read or to write.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/described_format.hpp"
#include "lowp/number/number.hpp"

namespace lowp {
namespace detail {

/// The format of a matrix: a static member of its class, or a member.
template <class Format>
class matrix_format;
template <auto F>
class matrix_format<constant_format<F>> {
 public:
  /// What functions read: clang up to 19 may miscompute the address of a member of F itself (see
  /// fixed_format.hpp).
  static constexpr auto format = F;

  constexpr matrix_format() = default;
  constexpr explicit matrix_format(const constant_format<F>&) {}
  /// The format, constant or not.
  [[nodiscard]] static constexpr const auto& composition() { return format; }
  [[nodiscard]] static constexpr constant_format<F> described() { return {}; }
  bool operator==(const matrix_format&) const = default;
};
template <class F>
class matrix_format<variable_format<F>> {
 public:
  constexpr explicit matrix_format(const variable_format<F>& f) : format_(f.value) {}
  [[nodiscard]] constexpr const F& composition() const { return format_; }
  [[nodiscard]] constexpr variable_format<F> described() const { return {format_}; }
  bool operator==(const matrix_format&) const = default;

 private:
  F format_;
};

template <class Layout>
inline constexpr bool is_planes = false;
template <class Format>
inline constexpr bool is_planes<planes<Format>> = true;

/// Throws std::invalid_argument for a format that contradicts itself, where that is known only now.
template <class Format>
[[nodiscard]] const Format& require_block_format(const Format& format) {
  if constexpr (!Format::is_constant) {
    if (const char* why = defect(format.value)) refuse("block_matrix: " + std::string(why));
  }
  return format;
}

/// Throws for a format known at run time that is more than elements in blocks.
template <class Format>
void require_scaled_blocks(const char* function, const Format& format) {
  if (is_scaled_blocks(format)) return;
  if constexpr (requires { format.scale.shape; })
    refuse(
        std::string(function) + ": the scales of the format have a level above them of groups of " +
        std::to_string(format.scale.shape.rows) + " x " + std::to_string(format.scale.shape.cols) +
        ", expected one binary32 of the whole tensor, which a rule knows");
}

/// The allocator of bytes that are a vector of them; of others this type, which none is.
template <class Bytes>
struct allocator_of {
  using type = allocator_of;
};
template <class Allocator>
struct allocator_of<std::vector<std::uint8_t, Allocator>> {
  using type = Allocator;
};

}  // namespace detail

/// A described format of elements in blocks (scaled_blocks.hpp), which kernels and rules know; of a
/// variable one, as far as its type tells.
template <class Format>
concept described_scaled_blocks = may_be_scaled_blocks<typename Format::type> &&
    (!Format::is_constant || is_scaled_blocks(Format::value));
/// One of more levels, or, as far as the type of a variable one tells, perhaps.
template <class Format>
concept described_levels = is_block_format_v<typename Format::type> &&
    !(described_scaled_blocks<Format> && Format::is_constant);

/// rows x cols values of a block format: block_matrix<F>, or, for a format that is known when a
/// program runs, basic_block_matrix<variable_format<block_format<…>>>. Bytes is a vector of
/// std::uint8_t by any allocator, or a span of std::uint8_t, const or not, for a view. A row or
/// column of blocks that reaches over the edge is cut there; blocks never straddle rows.
template <class Format, template <class> class Layout = planes,
          class Bytes = std::vector<std::uint8_t>>
requires is_block_format_v<typename Format::type>
class basic_block_matrix : public detail::matrix_format<Format> {
  using base = detail::matrix_format<Format>;
  using allocator = typename detail::allocator_of<Bytes>::type;
  static constexpr bool is_owner = !std::is_same_v<allocator, detail::allocator_of<Bytes>>;
  static constexpr bool is_constant = Format::is_constant;
  static constexpr bool has_planes = detail::is_planes<Layout<Format>>;
  static constexpr bool is_scaled = described_scaled_blocks<Format>;
  static constexpr bool may_have_tensor_scale = is_scaled && leaf_count<typename Format::type> == 3;
  static constexpr bool is_writable = requires(Bytes & b) { *b.data() = std::uint8_t{}; };

 public:
  using layout_type = Layout<Format>;

  basic_block_matrix() requires(is_owner&& is_constant) : basic_block_matrix(0, 0) {}
  /// All codes zero, under a tensor scale of 1 where the format has one. Throws
  /// std::invalid_argument if the size in bytes overflows, where the layout has no such size, or
  /// for a variable format that contradicts itself.
  basic_block_matrix(std::size_t rows, std::size_t cols,
                     const allocator& a = {}) requires(is_owner&& is_constant)
      : basic_block_matrix(Format{}, rows, cols, a) {}
  basic_block_matrix(const Format& f, std::size_t rows, std::size_t cols,
                     const allocator& a = {}) requires is_owner
      : base(detail::require_block_format(f)),
        rows_(checked(rows, cols)),
        cols_(cols),
        layout_(f, rows, cols),
        bytes_(layout_.size(), a) {
    if constexpr (may_have_tensor_scale) {
      if (has_tensor_scale()) set_tensor_scale(1);
    }
  }
  /// From bytes as the layout says, which a view refers to and an owner copies. Throws
  /// std::invalid_argument if there is another number of them.
  basic_block_matrix(std::size_t rows, std::size_t cols, Bytes bytes) requires is_constant
      : basic_block_matrix(Format{}, rows, cols, std::move(bytes)) {}
  basic_block_matrix(const Format& f, std::size_t rows, std::size_t cols, Bytes bytes)
      : base(detail::require_block_format(f)),
        rows_(checked(rows, cols)),
        cols_(cols),
        layout_(f, rows, cols),
        bytes_(std::move(bytes)) {
    require_size("bytes", bytes_.size(), layout_.size());
  }
  /// From bytes in a layout that was made elsewhere, where its arguments tell less than it knows.
  basic_block_matrix(const Format& f, std::size_t rows, std::size_t cols, layout_type layout,
                     Bytes bytes)
      : base(detail::require_block_format(f)),
        rows_(checked(rows, cols)),
        cols_(cols),
        layout_(std::move(layout)),
        bytes_(std::move(bytes)) {
    require_size("bytes", bytes_.size(), layout_.size());
  }
  /// From codes and scales as in the planes of them, for instance of a file, and the tensor scale
  /// of a format that has one. Throws std::invalid_argument if their sizes do not fit the matrix.
  basic_block_matrix(std::size_t rows, std::size_t cols, std::span<const std::uint8_t> codes,
                     std::span<const std::uint8_t>
                         scales) requires(is_owner&& is_constant&& is_scaled&& has_planes)
      : basic_block_matrix(rows, cols) {
    require_size("codes", codes.size(), this->codes().size());
    require_size("scales", scales.size(), this->scales().size());
    const auto copy = [](std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
      if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
    };
    copy(codes, this->codes());
    copy(scales, this->scales());
  }
  basic_block_matrix(
      std::size_t rows, std::size_t cols, std::span<const std::uint8_t> codes,
      std::span<const std::uint8_t> scales,
      float tensor) requires(is_owner&& is_constant&& has_planes&& may_have_tensor_scale)
      : basic_block_matrix(rows, cols, codes, scales) {
    set_tensor_scale(tensor);
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  /// The extents of a block, and how many there are.
  [[nodiscard]] std::size_t block_rows() const { return shape().rows_in(rows_); }
  [[nodiscard]] std::size_t block_cols() const { return shape().cols_in(cols_); }
  [[nodiscard]] std::size_t block_row_count() const {
    return detail::groups_along(rows_, shape().rows);
  }
  [[nodiscard]] std::size_t block_col_count() const {
    return detail::groups_along(cols_, shape().cols);
  }

  [[nodiscard]] const layout_type& layout() const { return layout_; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() requires is_writable { return bytes_; }
  /// All bytes of all levels, but of a tensor scale, per element.
  [[nodiscard]] double bits_per_value() const {
    if (rows_ * cols_ == 0) return 0.0;
    const std::size_t bytes = bytes_.size() - (has_tensor_scale() ? sizeof(float) : 0);
    return 8.0 * static_cast<double>(bytes) / static_cast<double>(rows_ * cols_);
  }
  /// The planes of the elements and of the scales below all others: rows of codes.
  [[nodiscard]] std::span<const std::uint8_t> codes() const requires has_planes { return plane(0); }
  [[nodiscard]] std::span<std::uint8_t> codes() requires(has_planes&& is_writable) {
    return plane_of(bytes_, 0);
  }
  [[nodiscard]] std::span<const std::uint8_t> scales() const requires has_planes {
    return plane(1);
  }
  [[nodiscard]] std::span<std::uint8_t> scales() requires(has_planes&& is_writable) {
    return plane_of(bytes_, 1);
  }
  /// The plane of a leaf, and the packed codes of a row of elements.
  [[nodiscard]] std::span<const std::uint8_t> plane(int leaf) const requires has_planes {
    return plane_of(bytes(), leaf);
  }
  [[nodiscard]] const std::uint8_t* row_codes(std::size_t row) const requires has_planes {
    return bytes_.data() + layout_.first_byte(0) + row * layout_.row_bytes(0);
  }

  // Unchecked access to single codes, at (row, col) of the grid of a leaf.
  [[nodiscard]] code_t code(int leaf, std::size_t row, std::size_t col) const {
    return layout_.load(bytes_.data(), leaf, row, col);
  }
  void set_code(int leaf, std::size_t row, std::size_t col, code_t code) requires is_writable {
    layout_.store(bytes_.data(), leaf, row, col, code);
  }
  /// Of an element.
  [[nodiscard]] code_t code(std::size_t row, std::size_t col) const {
    if constexpr (has_planes) {
      return load_code(row_codes(row), col, this->composition().element.bits());
    } else {
      return code(0, row, col);
    }
  }
  void set_code(std::size_t row, std::size_t col, code_t code) requires is_writable {
    set_code(0, row, col, code);
  }
  /// Of the scale of a block, or of the level below the scales above it.
  [[nodiscard]] code_t scale_code(std::size_t block_row, std::size_t block_col) const {
    return code(1, block_row, block_col);
  }
  void set_scale_code(std::size_t block_row, std::size_t block_col,
                      code_t code) requires is_writable {
    set_code(1, block_row, block_col, code);
  }
  [[nodiscard]] auto element(std::size_t row, std::size_t col) const requires is_constant {
    return number<Format::value.element>::from_code(code(row, col));
  }
  /// The scale of the block that holds an element, without the tensor scale.
  [[nodiscard]] auto scale_of(std::size_t row, std::size_t col) const
      requires(is_constant&& is_scaled) {
    return number<scaled_blocks_of(Format::value).scale>::from_code(
        scale_code(row / block_rows(), col / block_cols()));
  }
  /// The scale of the whole tensor; 1 for a format that has none.
  [[nodiscard]] float tensor_scale() const {
    if (!has_tensor_scale() || rows_ * cols_ == 0) return 1;
    return std::bit_cast<float>(static_cast<std::uint32_t>(code(2, 0, 0)));
  }
  void set_tensor_scale(float scale) requires(is_writable&& may_have_tensor_scale) {
    if (has_tensor_scale() && rows_ * cols_ != 0) {
      set_code(2, 0, 0, std::bit_cast<std::uint32_t>(scale));
    }
  }
  /// Whether a binary32 scales the whole tensor, and nothing else is above the scales of blocks.
  [[nodiscard]] constexpr bool has_tensor_scale() const {
    if constexpr (!may_have_tensor_scale) {
      return false;
    } else {
      return is_scaled_blocks(this->composition());
    }
  }

  /// What the block at (row, col) of the grid of blocks has.
  [[nodiscard]] group_values group(std::size_t row, std::size_t col) const {
    return level_group(this->composition(), row, col, loader());
  }
  /// The exact value of an element, row < rows(), col < cols().
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    if constexpr (is_scaled && is_constant) {
      const code_t scale = scale_code(row / block_rows(), col / block_cols());
      return decode_element(this->composition(), code(row, col), scale, tensor_scale());
    } else {
      return level_value(this->composition(), row, col, loader());
    }
  }

  bool operator==(const basic_block_matrix& other) const requires is_owner {
    return base::operator==(other) && rows_ == other.rows_ && cols_ == other.cols_ &&
           bytes_ == other.bytes_;
  }

 private:
  [[nodiscard]] constexpr block_shape shape() const { return this->composition().shape; }
  [[nodiscard]] static std::size_t checked(std::size_t rows, std::size_t cols) {
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)();
    // No level has more codes than there are elements; each takes at most 512 bytes, as the first
    // of swizzled_scales does.
    const std::size_t codes = 512 * static_cast<std::size_t>(leaf_count<typename Format::type>);
    if (cols > most / codes || (cols != 0 && rows > most / codes / cols)) {
      refuse("block_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return rows;
  }
  static void require_size(const char* name, std::size_t size, std::size_t expected) {
    if (size == expected) return;
    refuse("block_matrix: " + std::string(name) + " has size " + std::to_string(size) +
           ", expected " + std::to_string(expected));
  }
  template <class All>
  [[nodiscard]] auto plane_of(All&& bytes, int leaf) const {
    return std::span(bytes).subspan(layout_.first_byte(leaf), layout_.byte_count(leaf));
  }
  [[nodiscard]] auto loader() const {
    return [this](int leaf, std::size_t row, std::size_t col) { return code(leaf, row, col); };
  }

  std::size_t rows_ = 0, cols_ = 0;
  layout_type layout_;
  Bytes bytes_;
};

template <auto F, template <class> class Layout = planes, class Bytes = std::vector<std::uint8_t>>
using block_matrix = basic_block_matrix<constant_format<F>, Layout, Bytes>;
/// One that owns its bytes, of a format that is part of its type.
template <class Matrix>
inline constexpr bool is_constant_block_matrix = false;
template <auto F, template <class> class Layout>
inline constexpr bool is_constant_block_matrix<block_matrix<F, Layout>> = true;
/// A view of bytes of others, to read.
template <auto F, template <class> class Layout = planes>
using block_matrix_view = block_matrix<F, Layout, std::span<const std::uint8_t>>;

}  // namespace lowp
