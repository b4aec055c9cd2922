// SPDX-License-Identifier: MIT
// A packed operand comes back from its bytes as it was, and no other bytes are taken for one.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::packed_operand;
using tg::kind;
using tg::matrix;
namespace {

/// The sentence by which bytes are refused, or nothing.
template <class X>
std::string refusal(std::span<const std::byte> bytes) {
  try {
    (void)packed_operand<X>::load(bytes);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}
template <class X>
void go_through_bytes(const X& from) {
  const packed_operand packed(from);
  const std::vector<std::byte> bytes = packed.save();
  const auto loaded = packed_operand<X>::load(bytes);
  CHECK(loaded == packed);
  CHECK(loaded.save() == bytes);
  REQUIRE(loaded.rows() == lowp::detail::operand_rows(from));
  REQUIRE(loaded.cols() == lowp::detail::operand_cols(from));
  bool is_same =
      lowp::detail::operand_tensor_scale(loaded) == lowp::detail::operand_tensor_scale(from);
  for (std::size_t row = 0; row < loaded.rows(); ++row) {
    for (std::size_t col = 0; col < loaded.cols(); ++col) {
      is_same = is_same && lowp::detail::operand_value(loaded, row, col) ==
                               lowp::detail::operand_value(from, row, col);
    }
  }
  CHECK(is_same);
}
/// The bytes with a right checksum, FNV-1a of all others, written out once more.
std::vector<std::byte> signed_again(std::vector<std::byte> bytes) {
  constexpr std::size_t place = 29 * 8, end = place + 8;
  std::uint64_t hash = 14695981039346656037u;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i < place || i >= end)
      hash = (hash ^ static_cast<std::uint64_t>(bytes[i])) * 1099511628211u;
  }
  for (std::size_t i = 0; i < 8; ++i) bytes[place + i] = static_cast<std::byte>(hash >> 8 * i);
  return bytes;
}

}  // namespace

TEST_CASE("Through bytes and back") {
  const matrix b(19, 75, 1, kind::ordinary);
  go_through_bytes(tg::of_any_codes<formats::mxfp4>(b).operand);
  go_through_bytes(tg::of_any_codes<formats::nvfp4>(b).operand);
  go_through_bytes(tg::of_any_codes<formats::mxfp6_e2m3>(b).operand);
  go_through_bytes(tg::of_numbers<formats::e4m3fn>(b).operand);
  go_through_bytes(lowp::mxfp4(0, 5));
  go_through_bytes(lowp::mxfp4(5, 0));
}

TEST_CASE("The bytes are those that the header describes") {
  lowp::mxfp4 one(1, 2);
  one.set_code(0, 0, 3);
  one.set_code(0, 1, 9);
  one.set_scale_code(0, 0, 0x7E);
  const std::vector<std::byte> bytes = packed_operand(one).save();
  REQUIRE(bytes.size() == 240 + 256 + 16);
  CHECK(std::memcmp(bytes.data(), "lowppack\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0", 26) == 0);
  CHECK(bytes[240] == std::byte{0x93});
  CHECK(bytes[241] == std::byte{0});
  CHECK(bytes[240 + 256] == std::byte{0x7E});
  CHECK(signed_again(bytes) == bytes);
}

TEST_CASE("Bytes that are cut or changed are refused") {
  const matrix b(17, 40, 1, kind::ordinary);
  const tg::of_any_codes<formats::nvfp4> from(b);
  const std::vector<std::byte> bytes = packed_operand(from.operand).save();
  using X = lowp::nvfp4;
  oracle::tally t;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    t.check(!refusal<X>(cut).empty(), [&](auto& text) { text << "cut to " << size; });
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {1, 0x80, 0xFF}) {
      std::vector<std::byte> changed = bytes;
      changed[i] ^= static_cast<std::byte>(change);
      t.check(!refusal<X>(changed).empty(), [&](auto& text) { text << "byte " << i; });
      // Who can write a checksum can write a tensor scale, too, or call zeros beside the last
      // column another one, but change neither the rest of the shape nor a format.
      const bool is_open =
          i >= 240 || i == 24 * 8 || (i >= 25 * 8 && i < 27 * 8 && i % 8 < 4) || i / 8 == 29;
      if (!is_open) {
        t.check(!refusal<X>(signed_again(changed)).empty(),
                [&](auto& text) { text << "byte " << i << ", with a right checksum"; });
      }
    }
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back({});
  t.check(!refusal<X>(longer).empty(), [](auto& text) { text << "longer"; });
  // As 17 x 39 it has a code where there must be a zero.
  std::vector<std::byte> narrower = bytes;
  narrower[24 * 8] = std::byte{39};
  t.check(refusal<X>(signed_again(narrower)).find("padding") != std::string::npos,
          [](auto& text) { text << "narrower"; });
  REQUIRE_NO_MISMATCH(t);

  CHECK(refusal<X>(packed_operand(lowp::mxfp4(3, 5)).save()) ==
        "packed_operand: word 1 of the scale format is 8, expected 4");
  CHECK(refusal<X>(std::span(bytes).first(100)) ==
        "packed_operand: the number of bytes is 100, expected at least 240");
  std::vector<std::byte> other = bytes;
  other[8] = std::byte{2};
  CHECK(refusal<X>(other) == "packed_operand: the layout version is 2, expected 1");
  for (const std::size_t word : {23u, 24u}) {  // rows and cols beyond any memory
    other = bytes;
    for (std::size_t i = 0; i < 7; ++i) other[8 * word + i] = std::byte{0xFF};
    CHECK(!refusal<X>(signed_again(other)).empty());
    other[8 * word + 7] = std::byte{0x7F};
    CHECK(!refusal<X>(signed_again(other)).empty());
  }
}
