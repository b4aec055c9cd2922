// SPDX-License-Identifier: MIT
// A view of numbers packed at the true width of their format.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>  // and its iterators' category: <iterator> brings streams
#include <string>
#include <type_traits>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

/// `size` numbers of format F in the packing P over bytes that the caller owns. `Byte` is
/// std::uint8_t, or const std::uint8_t for a view that only reads.
template <auto F, class Byte, packing P>
class basic_packed_span {
  static_assert(is_valid_format<F>);
  static_assert(defect(P, F.bits()) == nullptr, "codes of this width cannot be packed like this");
  static constexpr bool is_const = std::is_const_v<Byte>;

 public:
  using value_type = number<F>;
  static constexpr auto format = F;
  static constexpr packing order = P;

  /// What assigning through a view needs: the address of a code, and its value on reading.
  class reference {
   public:
    constexpr reference(Byte* bytes, std::size_t index) : bytes_(bytes), index_(index) {}
    constexpr operator number<F>() const {
      return number<F>::from_code(load_code(bytes_, index_, F.bits(), P));
    }
    constexpr const reference& operator=(number<F> value) const requires(!is_const) {
      store_code(bytes_, index_, F.bits(), value.code(), P);
      return *this;
    }
    constexpr const reference& operator=(const reference& other) const requires(!is_const) {
      return *this = static_cast<number<F>>(other);
    }
    constexpr reference(const reference&) = default;
    template <class T>
    requires std::is_arithmetic_v<T>
    constexpr explicit operator T() const { return static_cast<T>(static_cast<number<F>>(*this)); }
    friend constexpr auto operator<=>(const reference& a, const reference& b) {
      return static_cast<number<F>>(a) <=> static_cast<number<F>>(b);
    }
    friend constexpr bool operator==(const reference& a, const reference& b) {
      return static_cast<number<F>>(a) == static_cast<number<F>>(b);
    }
    friend constexpr auto operator<=>(const reference& a, number<F> b) {
      return static_cast<number<F>>(a) <=> b;
    }
    friend constexpr bool operator==(const reference& a, number<F> b) {
      return static_cast<number<F>>(a) == b;
    }
    friend constexpr void swap(const reference& a, const reference& b) requires(!is_const) {
      const number<F> kept = a;
      a = static_cast<number<F>>(b);
      b = kept;
    }

   private:
    Byte* bytes_;
    std::size_t index_;
  };

  /// Random access; dereferencing gives a `reference` by value.
  class iterator {
   public:
    using value_type = number<F>;
    using difference_type = std::ptrdiff_t;
    using reference = typename basic_packed_span::reference;
    using pointer = void;
    using iterator_category = std::random_access_iterator_tag;

    constexpr iterator() = default;
    constexpr iterator(Byte* bytes, std::size_t index) : bytes_(bytes), index_(index) {}
    constexpr reference operator*() const { return {bytes_, index_}; }
    constexpr reference operator[](difference_type n) const { return *(*this + n); }
    constexpr iterator& operator+=(difference_type n) {
      index_ += static_cast<std::size_t>(n);
      return *this;
    }
    constexpr iterator& operator-=(difference_type n) { return *this += -n; }
    constexpr iterator& operator++() { return *this += 1; }
    constexpr iterator& operator--() { return *this += -1; }
    constexpr iterator operator++(int) {
      const iterator old = *this;
      ++*this;
      return old;
    }
    constexpr iterator operator--(int) {
      const iterator old = *this;
      --*this;
      return old;
    }
    friend constexpr iterator operator+(iterator a, difference_type n) { return a += n; }
    friend constexpr iterator operator+(difference_type n, iterator a) { return a += n; }
    friend constexpr iterator operator-(iterator a, difference_type n) { return a -= n; }
    friend constexpr difference_type operator-(iterator a, iterator b) {
      return static_cast<difference_type>(a.index_ - b.index_);
    }
    constexpr bool operator==(const iterator& other) const { return index_ == other.index_; }
    constexpr auto operator<=>(const iterator& other) const { return index_ <=> other.index_; }

   private:
    Byte* bytes_ = nullptr;
    std::size_t index_ = 0;
  };

  constexpr basic_packed_span() = default;

  /// Throws std::invalid_argument if `bytes` are fewer than packed_bytes(size, F.bits(), P).
  constexpr basic_packed_span(std::span<Byte> bytes, std::size_t size)
      : bytes_(bytes.data()), size_(size) {
    if (size > bytes.size() * 8 || bytes.size() < packed_bytes(size, F.bits(), P)) {
      refuse("packed_span: bytes has size " + std::to_string(bytes.size()) + ", too few for " +
             std::to_string(size) + " codes of " + std::to_string(F.bits()) + " bits");
    }
  }
  /// A pointer does not say how many bytes there are, and a number beside it could count either.
  template <class Pointer>
  requires(std::is_pointer_v<std::remove_cvref_t<Pointer>>)
      basic_packed_span(Pointer&&, std::size_t) {
    static_assert(!std::is_pointer_v<std::remove_cvref_t<Pointer>>,
                  "packed_span takes a span of bytes and the number of codes: "
                  "packed_span<F>({pointer, byte_count}, size)");
  }
  /// A view that reads what another view can write.
  template <class Writable>
  requires(is_const&& std::is_same_v<const Writable, Byte>) constexpr basic_packed_span(
      const basic_packed_span<F, Writable, P>& other)
      : bytes_(other.bytes().data()), size_(other.size()) {}

  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr std::span<Byte> bytes() const {
    return {bytes_, packed_bytes(size_, F.bits(), P)};
  }
  /// Unchecked; index < size(). A number from a view that only reads, else a reference to assign
  /// to.
  [[nodiscard]] constexpr std::conditional_t<is_const, value_type, reference> operator[](
      std::size_t index) const {
    return reference(bytes_, index);
  }
  [[nodiscard]] constexpr code_t code(std::size_t index) const {
    return load_code(bytes_, index, F.bits(), P);
  }
  constexpr void set_code(std::size_t index, code_t code) const requires(!is_const) {
    store_code(bytes_, index, F.bits(), code, P);
  }
  [[nodiscard]] constexpr iterator begin() const { return {bytes_, 0}; }
  [[nodiscard]] constexpr iterator end() const { return {bytes_, size_}; }

 private:
  Byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

template <auto F, packing P = packings::low_first>
using packed_span = basic_packed_span<F, std::uint8_t, P>;
template <auto F, packing P = packings::low_first>
using const_packed_span = basic_packed_span<F, const std::uint8_t, P>;

}  // namespace lowp
