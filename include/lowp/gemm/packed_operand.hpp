// SPDX-License-Identifier: MIT
// An operand laid out once for many products with a few rows: the weights of a layer.
//
// Sixteen rows, which become the lanes of vectors, are a group. A unit is four codes of 8 or 6
// bits, or eight of any other width, without a gap:
//
//   codes   [group][unit of K][row of the group][bytes of the unit], the low code first
//   scales  [group][block of K][row of the group], a byte each
//
// Bytes do not depend on the machine. K is padded with zeros to a multiple of 32, rows to one
// of 16.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/packed_header.hpp"
#include "lowp/gemm/operands/packed_layout.hpp"
#include "lowp/number/number.hpp"

namespace lowp {
namespace detail {

/// The columns of a block, where that is part of a type: 0 for any shape, -1 for one that cannot be
/// packed.
template <class X>
inline constexpr int block_cols_of_type = 0;
template <auto F, class Bytes>
requires scaled_block_format<F>
inline constexpr int block_cols_of_type<block_matrix<F, planes, Bytes>> = [] {
  constexpr block_shape shape = block_matrix<F>::format.shape;
  const bool is_possible =
      shape.rows == 1 && (shape.cols == 16 || (shape.cols > 0 && shape.cols % 32 == 0));
  return is_possible ? shape.cols : -1;
}();
/// Whether a tensor scale may multiply finished sums: of some types it is known that none does.
template <class X>
inline constexpr bool may_have_tensor_scale = true;
template <auto F, class Bytes>
requires scaled_block_format<F>
inline constexpr bool may_have_tensor_scale<block_matrix<F, planes, Bytes>> =
    scaled_blocks_of(F).has_tensor_scale;

/// Whether matrices of a type can be packed: rows of codes in memory of up to 8 bits, with a zero
/// among them, and scales of up to 8 bits.
template <class D>
inline constexpr bool is_packable_description = false;
template <auto F>
inline constexpr bool is_packable_description<operand_description<constant_format<F>>> =
    F.bits() <= 8 && has_zero(F);
template <auto F, auto Scale>
inline constexpr bool
    is_packable_description<operand_description<constant_format<F>, constant_format<Scale>>> =
        F.bits() <= 8 && has_zero(F) && Scale.bits() <= 8;
template <class X>
inline constexpr bool is_packable =
    is_packable_description<description_of<X>>&& block_cols_of_type<X> >= 0;

/// A line of a cache, in which vectors do not straddle two.
struct alignas(64) cache_line {
  std::uint8_t bytes[64] = {};
  bool operator==(const cache_line&) const = default;
};

}  // namespace detail

/// A copy of the codes and scales of X, a block_matrix of one-row blocks of 16, 32, 64, 96 …
/// columns, a packed_matrix_view or matrix_view of numbers, or any matrix with such a description;
/// codes have at most 8 bits and one of them is a zero. As an operand of a product it is what X is;
/// with few rows of a float operand faster, for codes of 4 bits with AVX-512, of 6 and 8 with VBMI.
template <class X>
requires detail::is_packable<X>
class packed_operand {
  using description = detail::description_of<X>;

 public:
  /// Of the elements.
  static constexpr auto element_format = description::element_format::value;
  static constexpr bool has_scales =
      !std::is_same_v<typename description::scale_format, without_scales>;
  /// Of the scales, if it has some.
  static constexpr auto scale_format = description::scale_format::value;
  using element_type = number<element_format>;

  packed_operand() = default;
  /// Throws std::invalid_argument for sizes that no memory has, and, where the type does not tell,
  /// for groups of other shapes and for zero points.
  explicit packed_operand(const X& x) : packed_operand(describe(x), x) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }

  /// Unchecked; row < rows(), col < cols().
  [[nodiscard]] code_t code(std::size_t row, std::size_t col) const {
    return load_code(codes().data() + layout_.unit_place(row, col / layout_.unit_codes),
                     col % layout_.unit_codes, element_format.bits());
  }
  [[nodiscard]] element_type element(std::size_t row, std::size_t col) const {
    return element_type::from_code(code(row, col));
  }
  [[nodiscard]] auto scale_of(std::size_t row, std::size_t col) const requires has_scales {
    return number<scale_format>::from_code(scale_code(row, col));
  }
  [[nodiscard]] std::size_t block_cols() const requires has_scales { return block_cols_; }
  /// Whether a tensor scale may multiply finished sums.
  [[nodiscard]] static constexpr bool has_tensor_scale() {
    return detail::may_have_tensor_scale<X>;
  }
  [[nodiscard]] float tensor_scale() const requires has_scales { return tensor_scale_; }

  /// The bytes, in the order described above, and where they lie.
  [[nodiscard]] std::span<const std::uint8_t> codes() const {
    return {bytes_of(codes_), layout_.code_bytes()};
  }
  [[nodiscard]] std::span<const std::uint8_t> scales() const requires has_scales {
    return {bytes_of(scales_), layout_.scale_bytes()};
  }
  [[nodiscard]] const detail::packed_layout& layout() const { return layout_; }
  /// What the kernels ask before each product; found once.
  [[nodiscard]] const detail::scale_powers& powers() const { return powers_; }

  /// All there is as bytes, for a file: a header (packed_header), codes, scales.
  [[nodiscard]] std::vector<std::byte> save() const;
  /// From such bytes, of whatever origin. Throws std::invalid_argument, before memory is taken, for
  /// bytes that are not those of a packed_operand of this type, saying what was found; the rule by
  /// which scales were chosen is not part of them.
  [[nodiscard]] static packed_operand load(std::span<const std::byte> bytes);

  bool operator==(const packed_operand& other) const {
    return rows_ == other.rows_ && cols_ == other.cols_ && block_cols_ == other.block_cols_ &&
           codes_ == other.codes_ && scales_ == other.scales_ &&
           tensor_scale_ == other.tensor_scale_;
  }

 private:
  static constexpr code_t zero = encode(element_format, unpacked::zero(), nearest_even,
                                        overflow::saturate, missing_nan::largest);

  packed_operand(const description& d, const X&)
      : packed_operand(d.rows(), d.cols(), packed_block_cols(d)) {
    const bool are_dense = d.elements.order.is_msb_first == false &&
                           bulk::is_dense(d.elements.order, element_format.bits());
    for (std::size_t row = 0; row < rows_ && cols_ != 0; ++row) {
      std::size_t col = 0;
      if (are_dense) {  // whole units are copied
        const std::uint8_t* from = d.elements.row(row);
        for (; cols_ - col >= layout_.unit_codes; col += layout_.unit_codes) {
          std::memcpy(code_bytes() + layout_.unit_place(row, col / layout_.unit_codes), from,
                      layout_.unit_bytes);
          from += layout_.unit_bytes;
        }
      }
      for (; col < cols_; ++col) set_code(row, col, d.elements.code(row, col));
      if constexpr (has_scales) {
        for (std::size_t block = 0; block * block_cols_ < cols_; ++block) {
          scale_bytes()[layout_.scale_place(row, block)] =
              static_cast<std::uint8_t>(d.scales.code(row, block * block_cols_));
        }
      }
    }
    tensor_scale_ = d.tensor_scale;
    powers_ = find_powers();
  }

  /// The columns of a block of a description, or 0 without scales.
  [[nodiscard]] static std::size_t packed_block_cols(const description& d) {
    if (d.has_zeros()) {
      refuse("packed_operand: x has zero points, expected none");
    }
    if constexpr (!has_scales) {
      return 0;
    } else if constexpr (detail::block_cols_of_type<X> != 0) {
      return static_cast<std::size_t>(detail::block_cols_of_type<X>);
    } else {
      if (d.scales.bytes == nullptr || d.group_rows() != 1 || !is_block_size(d.group_cols())) {
        refuse("packed_operand: groups of x are " + std::to_string(d.group_rows()) + " x " +
               std::to_string(d.group_cols()) + ", expected 1 x 16 or 1 x a multiple of 32");
      }
      return d.group_cols();
    }
  }
  [[nodiscard]] static constexpr bool is_block_size(std::size_t cols) {
    return cols == 16 || (cols != 0 && cols % 32 == 0 && cols < std::size_t{1} << 31);
  }
  [[nodiscard]] code_t scale_code(std::size_t row, std::size_t col) const requires has_scales {
    return scales()[layout_.scale_place(row, col / block_cols())] & low_mask(scale_format.bits());
  }
  using lines = std::vector<detail::cache_line>;
  [[nodiscard]] static lines make_lines(std::size_t bytes) { return lines((bytes + 63) / 64); }
  [[nodiscard]] static const std::uint8_t* bytes_of(const lines& memory) {
    return reinterpret_cast<const std::uint8_t*>(memory.data());
  }
  [[nodiscard]] std::uint8_t* code_bytes() {
    return reinterpret_cast<std::uint8_t*>(codes_.data());
  }
  [[nodiscard]] std::uint8_t* scale_bytes() {
    return reinterpret_cast<std::uint8_t*>(scales_.data());
  }
  void set_code(std::size_t row, std::size_t col, code_t code) {
    store_code(code_bytes() + layout_.unit_place(row, col / layout_.unit_codes),
               col % layout_.unit_codes, element_format.bits(), code);
  }

  /// Zeros.
  packed_operand(std::size_t rows, std::size_t cols, std::size_t block_cols)
      : rows_(rows),
        cols_(cols),
        block_cols_(block_cols),
        layout_(rows, cols, element_format.bits(), block_cols),
        codes_(make_lines(layout_.code_bytes())),
        scales_(make_lines(layout_.scale_bytes())) {
    if constexpr (zero != 0) {
      for (std::size_t row = 0; row < padded_rows(); ++row) {
        for (std::size_t col = 0; col < layout_.cols(); ++col) set_code(row, col, zero);
      }
    }
    if constexpr (has_scales) {
      std::fill_n(scale_bytes(), layout_.scale_bytes(), padding_scale());
    }
  }
  /// None where a row is empty.
  [[nodiscard]] std::size_t padded_rows() const {
    return cols_ == 0 ? 0 : layout_.groups * detail::packed_layout::group;
  }
  /// Of blocks that only padding has: a scale by which zeros stay zeros.
  [[nodiscard]] static constexpr std::uint8_t padding_scale() requires has_scales {
    code_t code = 0;
    while (!decode(scale_format, code).is_finite()) ++code;
    return static_cast<std::uint8_t>(code);
  }

  /// All but the checksum.
  [[nodiscard]] detail::packed_header header() const;
  [[nodiscard]] bool is_padded_with_zeros() const;
  [[nodiscard]] detail::scale_powers find_powers() const;

  std::size_t rows_ = 0, cols_ = 0;
  std::size_t block_cols_ = static_cast<std::size_t>(detail::block_cols_of_type<X>);
  detail::packed_layout layout_{};
  lines codes_, scales_;
  float tensor_scale_ = 1;
  detail::scale_powers powers_;
};

template <class X>
packed_operand(const X&) -> packed_operand<X>;

template <class X>
[[nodiscard]] auto describe(const packed_operand<X>& x) {
  using element = constant_format<packed_operand<X>::element_format>;
  if constexpr (packed_operand<X>::has_scales) {
    return packed_description<element, constant_format<packed_operand<X>::scale_format>>{
        .row_count = x.rows(),
        .col_count = x.cols(),
        .layout = &x.layout(),
        .codes = x.codes().data(),
        .scales = x.scales().data(),
        .block_cols = x.block_cols(),
        .powers = x.powers(),
        .tensor_scale = x.has_tensor_scale() ? x.tensor_scale() : 1.0f};
  } else {
    return packed_description<element>{.row_count = x.rows(),
                                       .col_count = x.cols(),
                                       .layout = &x.layout(),
                                       .codes = x.codes().data(),
                                       .powers = x.powers()};
  }
}

template <class X>
requires detail::is_packable<X> detail::scale_powers packed_operand<X>::find_powers()
const {
  detail::scale_powers found;
  if constexpr (has_scales) {
    const auto is_zero_block = [this](std::size_t row, std::size_t first) {
      for (std::size_t col = first; col < (std::min)(cols_, first + block_cols()); ++col) {
        if (!unpack(element(row, col)).is_zero()) return false;
      }
      return true;
    };
    std::array<unpacked, 256> scales{};
    for (code_t code = 0; code <= low_mask(scale_format.bits()); ++code) {
      scales[code] = decode(scale_format, code);
    }
    for (std::size_t row = 0; row < rows_ && cols_ != 0; ++row) {
      for (std::size_t col = 0; col < cols_; col += block_cols()) {
        const unpacked& scale = scales[scale_code(row, col)];
        if (scale.kind == value_kind::finite) {
          found.highest = (std::max)(found.highest, scale.exponent);
        }
        const bool is_power = scale.kind == value_kind::finite && !scale.negative &&
                              scale.significand == uint128{std::uint64_t{1} << 63, 0};
        if (is_power && found.hold(scale.exponent)) continue;
        if (scale.is_nan() || is_zero_block(row, col)) continue;
        if (!is_power) return {.are_powers = false};
        found.low = (std::min)(found.low, scale.exponent);
        found.high = (std::max)(found.high, scale.exponent);
      }
    }
  }
  return found;
}

// ------------------------------------------------------------------------------------- as bytes

template <class X>
requires detail::is_packable<X> detail::packed_header packed_operand<X>::header()
const {
  using head = detail::packed_header;
  head h;
  h.words[head::magic] = head::magic_word;
  h.words[head::version] = head::layout_version;
  h.put_format(head::element, words_of(element_format));
  if constexpr (has_scales) {
    h.put_format(head::scale, words_of(scale_format));
    h.words[head::block_rows] = 1;
    h.words[head::block_cols] = block_cols();
    h.words[head::has_tensor_scale] = has_tensor_scale();
  }
  h.words[head::rows] = rows_;
  h.words[head::cols] = cols_;
  h.words[head::tensor_encoding] = std::bit_cast<std::uint32_t>(1.0f);
  h.words[head::tensor_decoding] = std::bit_cast<std::uint32_t>(tensor_scale_);
  h.words[head::code_bytes] = layout_.code_bytes();
  h.words[head::scale_bytes] = layout_.scale_bytes();
  return h;
}

template <class X>
requires detail::is_packable<X> std::vector<std::byte> packed_operand<X>::save()
const {
  using head = detail::packed_header;
  head h = header();
  std::vector<std::byte> bytes(head::size + layout_.code_bytes() + layout_.scale_bytes());
  const auto put = [&](const lines& from, std::size_t at, std::size_t size) {
    if (size != 0) std::memcpy(bytes.data() + at, from.data(), size);
  };
  put(codes_, head::size, layout_.code_bytes());
  put(scales_, head::size + layout_.code_bytes(), layout_.scale_bytes());
  detail::store_words(h.words, bytes.data());
  detail::fnv_1a sum;
  sum.add(std::span(bytes).first(8 * head::checksum));
  sum.add(std::span(bytes).subspan(head::size));
  h.words[head::checksum] = sum.value();
  detail::store_words(h.words, bytes.data());
  return bytes;
}

template <class X>
requires detail::is_packable<X>
bool packed_operand<X>::is_padded_with_zeros() const {
  for (std::size_t row = 0; row < padded_rows(); ++row) {
    const std::size_t cols = row < rows_ ? cols_ : 0;
    for (std::size_t col = cols; col < layout_.cols(); ++col) {
      if (code(row, col) != zero) return false;
    }
    if constexpr (has_scales) {
      const std::size_t used = (cols + block_cols() - 1) / block_cols();
      for (std::size_t block = used; block < layout_.blocks; ++block) {
        if (scales()[layout_.scale_place(row, block)] != padding_scale()) return false;
      }
    }
  }
  return true;
}

template <class X>
requires detail::is_packable<X> packed_operand<X> packed_operand<X>::load(
    std::span<const std::byte> bytes) {
  using head = detail::packed_header;
  if (bytes.size() < head::size) {
    detail::refuse_packed("the number of bytes", bytes.size(), head::size, "at least ");
  }
  head found;
  detail::load_words(bytes.data(), found.words);
  const auto expect = [&](std::size_t at, std::uint64_t expected) {
    if (found.words[at] != expected)
      detail::refuse_packed(head::name(at), found.words[at], expected);
  };
  packed_operand expected;
  if (has_scales && detail::block_cols_of_type<X> == 0) {
    const std::uint64_t block_cols = found.words[head::block_cols];
    if (block_cols >> 31 != 0 || !is_block_size(static_cast<std::size_t>(block_cols))) {
      detail::refuse_packed(head::name(head::block_cols), block_cols, 32);
    }
    expected.block_cols_ = static_cast<std::size_t>(block_cols);
  }
  const head of_type = expected.header();
  for (std::size_t at = 0; at < head::rows; ++at) expect(at, of_type.words[at]);

  constexpr std::uint64_t most = (std::numeric_limits<std::size_t>::max)();
  for (const auto at : {head::rows, head::cols}) {
    if (found.words[at] > most)
      detail::refuse_packed(head::name(at), found.words[at], most, "at most ");
  }
  for (const auto at : {head::tensor_encoding, head::tensor_decoding}) {
    if (!has_scales) expect(at, of_type.words[at]);
    if (found.words[at] >> 32 != 0) {
      detail::refuse_packed(head::name(at), found.words[at], 0xFFFFFFFFu, "at most ");
    }
  }
  const auto rows = static_cast<std::size_t>(found.words[head::rows]);
  const auto cols = static_cast<std::size_t>(found.words[head::cols]);
  const detail::packed_layout layout(rows, cols, element_format.bits(), expected.block_cols_);
  expect(head::code_bytes, layout.code_bytes());
  expect(head::scale_bytes, layout.scale_bytes());
  if (bytes.size() != head::size + layout.code_bytes() + layout.scale_bytes()) {
    detail::refuse_packed("the number of bytes", bytes.size(),
                          head::size + layout.code_bytes() + layout.scale_bytes());
  }
  detail::fnv_1a sum;
  sum.add(bytes.first(8 * head::checksum));
  sum.add(bytes.subspan(head::size));
  expect(head::checksum, sum.value());

  packed_operand x(rows, cols, expected.block_cols_);
  const auto get = [&](lines& to, std::size_t at, std::size_t size) {
    if (size != 0) std::memcpy(to.data(), bytes.data() + at, size);
  };
  get(x.codes_, head::size, layout.code_bytes());
  get(x.scales_, head::size + layout.code_bytes(), layout.scale_bytes());
  if constexpr (has_scales) {
    x.tensor_scale_ =
        std::bit_cast<float>(static_cast<std::uint32_t>(found.words[head::tensor_decoding]));
  }
  if (!x.is_padded_with_zeros()) {
    refuse("packed_operand: the padding holds other codes, expected zeros only");
  }
  x.powers_ = x.find_powers();
  return x;
}

}  // namespace lowp
