// SPDX-License-Identifier: MIT
// Elements of a block format in another order than `planes` has them: words with a permutation
// inside (AWQ), codes cut into planes of bits, and (digit_orders.hpp) digits in a base that is no
// power of two. The other levels lie behind them as in `planes`, zero points of as many bits in the
// order of the elements.
//
//   block_matrix<affine, planes_in<packed_as<packings::awq>>::layout>
//   block_matrix<formats::mxfp6_e3m2, planes_in<bit_fields<4, 2>>::layout>
//
// An order is made as Order(rows, cols, bits), for codes of so many bits, and has
//
//   size()                         bytes in all
//   load(bytes, row, col)          a code
//   store(bytes, row, col, code)
//   load_codes, store_codes(bytes, row, col, count, codes)   optional, as layouts have them
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "lowp/arrays/eight_codes.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/digit_orders.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {

/// Rows packed as P says, each from a byte on. Words of packings::awq are eight codes of 4 bits in
/// the order 0 2 4 6 1 3 5 7: codes 0, 1, … 7 are the word 0x75316420.
template <packing P>
class packed_as {
 public:
  /// Throws std::invalid_argument for codes that cannot be packed so.
  packed_as(std::size_t rows, std::size_t cols, int bits)
      : bits_(checked(bits)), row_bytes_(packed_bytes(cols, bits, P)), size_(rows * row_bytes_) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, std::size_t row, std::size_t col) const {
    return load_code(bytes + row * row_bytes_, col, bits_, P);
  }
  void store(std::uint8_t* bytes, std::size_t row, std::size_t col, code_t code) const {
    store_code(bytes + row * row_bytes_, col, bits_, code, P);
  }
  /// Whole words of eight codes.
  [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, std::size_t row, std::size_t col,
                                       std::size_t count, std::uint8_t* codes) const {
    if (!has_words || col % 8 != 0) return 0;
    const std::size_t done = count / 8 * 8;
    bulk::unpack_eights(word(bytes, row, col), done, bits_, P.is_msb_first, codes);
    for (std::size_t i = 0; i < done; i += 8) {
      const std::array<std::uint8_t, 8> c = eight(codes + i);
      for (std::size_t j = 0; j < 8; ++j) codes[i + j] = c[slots[j]];
    }
    return done;
  }
  [[nodiscard]] std::size_t store_codes(std::uint8_t* bytes, std::size_t row, std::size_t col,
                                        std::size_t count, const std::uint8_t* codes) const {
    if (!has_words || col % 8 != 0) return 0;
    std::size_t done = 0;
    for (; done + 8 <= count; done += 8) {
      std::array<std::uint8_t, 8> c{};
      for (std::size_t j = 0; j < 8; ++j) c[slots[j]] = codes[done + j];
      bulk::pack_eights(c.data(), 8, bits_, P.is_msb_first, word(bytes, row, col + done));
    }
    return done;
  }

 private:
  static constexpr bool has_words =
      P.group_size == 8 && P.container_bits == 0 && P.order == slot_order::evens_first;
  static constexpr std::size_t slots[8] = {0, 4, 1, 5, 2, 6, 3, 7};  ///< of codes 0, 1, …

  [[nodiscard]] static int checked(int bits) {
    if (const char* const why = defect(P, bits)) refuse("packed_as: " + std::string(why));
    return bits;
  }
  [[nodiscard]] static std::array<std::uint8_t, 8> eight(const std::uint8_t* codes) {
    std::array<std::uint8_t, 8> all{};
    std::copy_n(codes, 8, all.begin());
    return all;
  }
  template <class Byte>
  [[nodiscard]] Byte* word(Byte* bytes, std::size_t row, std::size_t col) const {
    return bytes + row * row_bytes_ + col / 8 * static_cast<std::size_t>(bits_);
  }

  int bits_;
  std::size_t row_bytes_, size_;
};

namespace detail {

/// Codes cut into fields; see bit_fields and leading_bit_fields.
template <bool IsTopFirst, int... Widths>
class field_order {
  static constexpr std::size_t fields = sizeof...(Widths);
  static constexpr int widths[fields] = {Widths...};
  static constexpr int bits_of_code = (Widths + ...);
  static_assert(((Widths > 0 && Widths < 64) && ...), "fields have 1 to 63 bits");
  /// The lowest bit of each field in a code.
  static constexpr std::array<int, fields> shifts = [] {
    std::array<int, fields> all{};
    int below = 0;
    for (std::size_t i = 0; i < fields; ++i) {
      all[i] = IsTopFirst ? bits_of_code - below - widths[i] : below;
      below += widths[i];
    }
    return all;
  }();

 public:
  /// Throws std::invalid_argument for codes of another number of bits.
  field_order(std::size_t rows, std::size_t cols, int bits) {
    if (bits != bits_of_code) {
      refuse("bit_fields: codes have " + std::to_string(bits) + " bits, expected " +
             std::to_string(bits_of_code));
    }
    for (std::size_t i = 0; i < fields; ++i) {
      first_[i] = size_;
      row_bytes_[i] = packed_bytes(cols, widths[i]);
      size_ += rows * row_bytes_[i];
    }
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, std::size_t row, std::size_t col) const {
    code_t code = 0;
    for (std::size_t i = 0; i < fields; ++i) {
      code |= load_code(bytes + place(i, row), col, widths[i]) << shifts[i];
    }
    return code;
  }
  void store(std::uint8_t* bytes, std::size_t row, std::size_t col, code_t code) const {
    for (std::size_t i = 0; i < fields; ++i) {
      store_code(bytes + place(i, row), col, widths[i], code >> shifts[i]);
    }
  }
  /// Whole eights of codes.
  [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, std::size_t row, std::size_t col,
                                       std::size_t count, std::uint8_t* codes) const {
    return for_eights(row, col, count,
                      [&](std::size_t i, std::size_t at, int width, int shift, std::size_t done) {
                        std::uint8_t parts[8];
                        bulk::unpack_eights(bytes + at, 8, width, false, parts);
                        for (std::size_t j = 0; j < 8; ++j) {
                          const auto before = i == 0 ? 0u : unsigned{codes[done + j]};
                          codes[done + j] =
                              static_cast<std::uint8_t>(before | unsigned{parts[j]} << shift);
                        }
                      });
  }
  [[nodiscard]] std::size_t store_codes(std::uint8_t* bytes, std::size_t row, std::size_t col,
                                        std::size_t count, const std::uint8_t* codes) const {
    return for_eights(
        row, col, count, [&](std::size_t, std::size_t at, int width, int shift, std::size_t done) {
          std::uint8_t parts[8];
          for (std::size_t j = 0; j < 8; ++j) {
            parts[j] = static_cast<std::uint8_t>(codes[done + j] >> shift & low_mask(width));
          }
          bulk::pack_eights(parts, 8, width, false, bytes + at);
        });
  }

 private:
  [[nodiscard]] std::size_t place(std::size_t field, std::size_t row) const {
    return first_[field] + row * row_bytes_[field];
  }
  /// Calls use(field, its byte, its width, its lowest bit, codes done) for eight codes at a time.
  template <class Use>
  std::size_t for_eights(std::size_t row, std::size_t col, std::size_t count,
                         const Use& use) const {
    if (col % 8 != 0 || bits_of_code > 8) return 0;
    std::size_t done = 0;
    for (; done + 8 <= count; done += 8) {
      for (std::size_t i = 0; i < fields; ++i) {
        const std::size_t byte = (col + done) / 8 * static_cast<std::size_t>(widths[i]);
        use(i, place(i, row) + byte, widths[i], shifts[i], done);
      }
    }
    return done;
  }

  std::array<std::size_t, fields> first_{}, row_bytes_{};
  std::size_t size_ = 0;
};

}  // namespace detail

/// Codes cut into fields of so many bits, from the low ones up; the fields of all codes make a
/// plane each, one after the other, whose rows begin at bytes: bit_fields<4, 2> for codes of 6
/// bits, bit_fields<1, 1, 1, 1> for bit after bit of codes of 4.
///
/// Codes 0x2A, 0x15 in bit_fields<4, 2>, a 1 x 2 matrix:  0x5A (nibbles) | 0x06 (pairs 2, 1)
template <int... Widths>
using bit_fields = detail::field_order<false, Widths...>;

/// Fields from the high bits down: leading_bit_fields<2, 4> has the sign and the first exponent bit
/// of all FP6 codes before the four other bits of all (ZeroQuant(4+2), FP6-LLM; the order in which
/// their programs give codes to the threads of a GPU comes on top of that).
///
/// Codes 0x2A, 0x15 in leading_bit_fields<2, 4>, a 1 x 2 matrix:  0x06 | 0x5A
template <int... Widths>
using leading_bit_fields = detail::field_order<true, Widths...>;

/// The layout whose elements, and zero points of as many bits, lie in an order.
template <class Order>
struct planes_in {
  template <class Format>
  class layout {
    using format_type = typename Format::type;
    template <auto Member>
    using member = std::remove_cvref_t<decltype(std::declval<format_type>().*Member)>;
    static constexpr int zero_leaf = 1 + leaf_count<member<&format_type::scale>>;
    static constexpr bool has_zeros = number_format<member<&format_type::zero>>;

   public:
    layout(const Format& format, std::size_t rows, std::size_t cols)
        : others_(format, rows, cols),
          elements_(rows, cols, format.value.element.bits()),
          zeros_(detail::groups_along(rows, format.value.shape.rows),
                 detail::groups_along(cols, format.value.shape.cols), format.value.element.bits()) {
      if constexpr (has_zeros) {
        orders_zeros_ = format.value.zero.bits() == format.value.element.bits();
      }
      for_each_leaf(format.value, rows, cols,
                    [this](int leaf, const auto&, std::size_t, std::size_t) {
                      first_[static_cast<std::size_t>(leaf)] = size_;
                      const Order* const order = order_of(leaf);
                      size_ += order != nullptr ? order->size() : others_.byte_count(leaf);
                    });
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                              std::size_t col) const {
      if (const Order* const order = order_of(leaf)) {
        return order->load(bytes + first(leaf), row, col);
      }
      return others_.load_in_plane(bytes + first(leaf), leaf, row, col);
    }
    void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
      if (const Order* const order = order_of(leaf)) {
        return order->store(bytes + first(leaf), row, col, code);
      }
      others_.store_in_plane(bytes + first(leaf), leaf, row, col, code);
    }
    [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
      if (order_of(leaf) != nullptr) return {};
      dense_codes found = others_.dense_row(leaf, row);
      found.first_byte = found.first_byte - others_.first_byte(leaf) + first(leaf);
      return found;
    }
    [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, int leaf, std::size_t row,
                                         std::size_t col, std::size_t count,
                                         std::uint8_t* codes) const {
      if constexpr (requires(const Order& o) { o.load_codes(bytes, row, col, count, codes); }) {
        if (const Order* const order = order_of(leaf)) {
          return order->load_codes(bytes + first(leaf), row, col, count, codes);
        }
      }
      return 0;
    }
    [[nodiscard]] std::size_t store_codes(std::uint8_t* bytes, int leaf, std::size_t row,
                                          std::size_t col, std::size_t count,
                                          const std::uint8_t* codes) const {
      if constexpr (requires(const Order& o) { o.store_codes(bytes, row, col, count, codes); }) {
        if (const Order* const order = order_of(leaf)) {
          return order->store_codes(bytes + first(leaf), row, col, count, codes);
        }
      }
      return 0;
    }

   private:
    [[nodiscard]] const Order* order_of(int leaf) const {
      if (leaf == 0) return &elements_;
      return has_zeros && orders_zeros_ && leaf == zero_leaf ? &zeros_ : nullptr;
    }
    [[nodiscard]] std::size_t first(int leaf) const {
      return first_[static_cast<std::size_t>(leaf)];
    }

    planes<Format> others_;
    Order elements_, zeros_;
    bool orders_zeros_ = false;
    std::array<std::size_t, static_cast<std::size_t>(leaf_count<format_type>)> first_{};
    std::size_t size_ = 0;
  };
};

}  // namespace lowp
