// SPDX-License-Identifier: MIT
// Where each code lies: every packing order against bytes that other software wrote or printed, and
// against a second description of the order that places one bit at a time.
#include "lowp/arrays/packing.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "oracle.hpp"
#include "share.hpp"

using lowp::code_t;
using lowp::load_code;
using lowp::packed_bytes;
using lowp::packing;
using lowp::store_code;
namespace packings = lowp::packings;

namespace {

using bytes = std::vector<std::uint8_t>;

/// Bit `bit` (0: 1, 1: 2, 2: 4, …) of byte `byte`.
struct place {
  std::size_t byte;
  int bit;
};

/// An order as a function from (index of the code, bit of the code, width) to a place, and the
/// bytes that n codes take.
struct order {
  std::string name;
  packing library;
  std::function<place(std::size_t, int, int)> place_of;
  std::function<std::size_t(std::size_t, int)> size;
  int smallest_width = 1, largest_width = 64;
};

std::size_t up(std::size_t count, std::size_t group) { return (count + group - 1) / group; }

place from_bottom(std::size_t position) { return {position / 8, static_cast<int>(position % 8)}; }
place from_top(std::size_t position) { return {position / 8, 7 - static_cast<int>(position % 8)}; }

std::size_t u(int value) { return static_cast<std::size_t>(value); }

std::size_t dense_size(std::size_t count, int width) { return up(count * u(width), 8); }

/// Groups of `count` codes from the bottom of `container` bytes.
order padded(const std::string& name, const packing& library, std::size_t count,
             std::size_t container) {
  return {name,
          library,
          [=](std::size_t i, int b, int width) {
            const place inside = from_bottom(i % count * u(width) + u(b));
            return place{i / count * container + inside.byte, inside.bit};
          },
          [=](std::size_t n, int) { return up(n, count) * container; },
          1,
          static_cast<int>(8 * container / count)};
}

/// Nibbles j and j + n/2 of each n share byte j.
order halves(const std::string& name, const packing& library, std::size_t n) {
  return {name,
          library,
          [=](std::size_t i, int b, int) {
            const std::size_t j = i % n;
            return place{i / n * (n / 2) + j % (n / 2), b + (j < n / 2 ? 0 : 4)};
          },
          [=](std::size_t count, int) { return up(count, n) * (n / 2); },
          4,
          4};
}

const std::vector<order>& orders() {
  static const std::vector<order> list{
      {"low_first", packings::low_first,
       [](std::size_t i, int b, int width) { return from_bottom(i * u(width) + u(b)); },
       dense_size},
      {"high_first", packings::high_first,
       [](std::size_t i, int b, int width) { return from_top(i * u(width) + u(width - 1 - b)); },
       dense_size},
      {"byte_low", packings::byte_low,
       [](std::size_t i, int b, int) {
         return place{i, b};
       },
       [](std::size_t n, int) { return n; }, 1, 8},
      {"byte_high", packings::byte_high,
       [](std::size_t i, int b, int width) {
         return place{i, 8 - width + b};
       },
       [](std::size_t n, int) { return n; }, 1, 8},
      padded("four_in_32_bits", packings::four_in_32_bits, 4, 4),
      padded("sixteen_in_16_bytes", packings::sixteen_in_16_bytes, 16, 16),
      halves("split_half<32>", packings::split_half<32>, 32),
      halves("split_half<16>", packings::split_half<16>, 16),
      {"awq", packings::awq,
       [](std::size_t i, int b, int) {
         constexpr std::array<std::size_t, 8> code_in_nibble{0, 2, 4, 6, 1, 3, 5, 7};
         std::size_t nibble = 0;
         while (code_in_nibble[nibble] != i % 8) ++nibble;
         return place{i / 8 * 4 + nibble / 2, b + (nibble % 2 == 0 ? 0 : 4)};
       },
       [](std::size_t n, int) { return up(n, 8) * 4; }, 4, 4}};
  return list;
}

constexpr std::array<int, 12> widths{1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 64};

std::uint64_t random_word(std::uint64_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

bytes packed(const std::vector<code_t>& codes, int width, const packing& p) {
  bytes out(packed_bytes(codes.size(), width, p));
  for (std::size_t i = 0; i < codes.size(); ++i) store_code(out.data(), i, width, codes[i], p);
  return out;
}

}  // namespace

TEST_CASE("T32: the order of nibbles and of 6-bit codes is that of the software it is named for") {
  // Two E2M1 codes to a byte, the first in the low nibble: 1, 6, -0.5.
  CHECK(packed({0x2, 0x7, 0x9}, 4, packings::low_first) == bytes{0x72, 0x09});
  // bitsandbytes writes the codes F 2 9 7 0 8 as F2 97 08.
  CHECK(packed({0xF, 0x2, 0x9, 0x7, 0x0, 0x8}, 4, packings::high_first) == bytes{0xF2, 0x97, 0x08});
  // 0 … 7: AWQ's word is 0x75316420, GPTQ's 0x76543210, both little-endian in memory.
  CHECK(packed({0, 1, 2, 3, 4, 5, 6, 7}, 4, packings::awq) == bytes{0x20, 0x64, 0x31, 0x75});
  CHECK(packed({0, 1, 2, 3, 4, 5, 6, 7}, 4, packings::low_first) == bytes{0x10, 0x32, 0x54, 0x76});

  // Four 6-bit codes: v0|v1<<6, v1>>2|v2<<4, v2>>4|v3<<2 from the low end; from the high end; in
  // the low 24 of 32 bits; one to a byte, low and shifted left by two.
  const std::vector<code_t> six{0x01, 0x2A, 0x3F, 0x15};
  CHECK(packed(six, 6, packings::low_first) == bytes{0x81, 0xFA, 0x57});
  CHECK(packed(six, 6, packings::high_first) == bytes{0x06, 0xAF, 0xD5});
  CHECK(packed(six, 6, packings::four_in_32_bits) == bytes{0x81, 0xFA, 0x57, 0x00});
  CHECK(packed(six, 6, packings::byte_low) == bytes{0x01, 0x2A, 0x3F, 0x15});
  CHECK(packed(six, 6, packings::byte_high) == bytes{0x04, 0xA8, 0xFC, 0x54});
  std::vector<code_t> sixteen;
  for (int i = 0; i < 4; ++i) sixteen.insert(sixteen.end(), six.begin(), six.end());
  CHECK(packed(sixteen, 6, packings::sixteen_in_16_bytes) ==
        bytes{0x81, 0xFA, 0x57, 0x81, 0xFA, 0x57, 0x81, 0xFA, 0x57, 0x81, 0xFA, 0x57, 0, 0, 0, 0});

  // ggml: byte j of a block holds codes j (low) and j + 16, in NVFP4 j and j + 8.
  std::vector<code_t> counting;
  for (code_t i = 0; i < 32; ++i) counting.push_back(i < 16 ? i : 31 - i);
  bytes half_32, half_16;
  for (unsigned j = 0; j < 16; ++j) half_32.push_back(static_cast<std::uint8_t>(j | (15 - j) << 4));
  for (unsigned j = 0; j < 8; ++j) half_16.push_back(static_cast<std::uint8_t>(j | (j + 8) << 4));
  for (unsigned j = 0; j < 8; ++j) {
    half_16.push_back(static_cast<std::uint8_t>((15 - j) | (7 - j) << 4));
  }
  CHECK(packed(counting, 4, packings::split_half<32>) == half_32);
  CHECK(packed(counting, 4, packings::split_half<16>) == half_16);
}

TEST_CASE("Every order at every width places each bit where its description says") {
  oracle::tally t;
  for (const order& o : orders()) {
    for (const int width : widths) {
      if (width < o.smallest_width || width > o.largest_width) continue;
      for (const std::size_t count : {1u, 2u, 3u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 100u}) {
        const std::size_t size = packed_bytes(count, width, o.library);
        t.check(size == o.size(count, width), [&](auto& text) {
          text << o.name << " width " << width << " count " << count << ": " << size << " bytes";
        });
        bytes expected(size, 0), actual(size, 0);
        std::vector<code_t> codes;
        for (std::size_t i = 0; i < count; ++i) {
          const code_t code = random_word(i + count) >> (64 - width);
          codes.push_back(code);
          for (int b = 0; b < width; ++b) {
            const place p = o.place_of(i, b, width);
            if ((code >> b & 1) != 0) {
              expected.at(p.byte) = static_cast<std::uint8_t>(expected.at(p.byte) | 1u << p.bit);
            }
          }
          store_code(actual.data(), i, width, code, o.library);
        }
        bool loads = true;
        for (std::size_t i = 0; i < count; ++i) {
          loads = loads && load_code(expected.data(), i, width, o.library) == codes[i];
        }
        t.check(actual == expected && loads,
                [&](auto& text) { text << o.name << " width " << width << " count " << count; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Storing a code changes its own bits and no other, and ignores bits above its width") {
  oracle::tally t;
  constexpr std::size_t count = 37;
  for (const order& o : orders()) {
    for (const int width : widths) {
      if (width < o.smallest_width || width > o.largest_width) continue;
      for (std::size_t i = 0; i < count; ++i) {
        bytes before(packed_bytes(count, width, o.library));
        for (std::size_t k = 0; k < before.size(); ++k) {
          before[k] = static_cast<std::uint8_t>(random_word(k + 77 * i));
        }
        const code_t code = random_word(i);
        bytes expected = before, actual = before;
        for (int b = 0; b < width; ++b) {
          const place p = o.place_of(i, b, width);
          const unsigned mask = 1u << p.bit;
          const unsigned cleared = expected[p.byte] & ~mask;
          expected[p.byte] =
              static_cast<std::uint8_t>((code >> b & 1) != 0 ? cleared | mask : cleared);
        }
        store_code(actual.data(), i, width, code, o.library);
        t.check(actual == expected,
                [&](auto& text) { text << o.name << " width " << width << " index " << i; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The size of packed codes is exact and does not overflow before the bytes do") {
  CHECK(packed_bytes(0, 4) == 0);
  CHECK(packed_bytes(1, 1) == 1);
  CHECK(packed_bytes(9, 1) == 2);
  CHECK(packed_bytes(3, 6) == 3);
  CHECK(packed_bytes(4, 6) == 3);
  CHECK(packed_bytes(5, 6) == 4);
  CHECK(packed_bytes(33, 4, packings::split_half<32>) == 32);
  CHECK(packed_bytes(9, 4, packings::awq) == 8);
  CHECK(packed_bytes(5, 6, packings::four_in_32_bits) == 8);
  CHECK(packed_bytes(17, 6, packings::sixteen_in_16_bytes) == 32);
  // 2^62 codes of 7 bits have 7 * 2^62 bits, more than 64 bits count.
  CHECK(packed_bytes(std::size_t{1} << 62, 7) == std::size_t{7} << 59);
  CHECK(packed_bytes((std::size_t{1} << 62) + 1, 7) == (std::size_t{7} << 59) + 1);
}

namespace {
constexpr bool round_trips_in_constant_evaluation() {
  std::uint8_t memory[8] = {};
  for (std::size_t i = 0; i < 10; ++i) store_code(memory, i, 6, 63 - 5 * i, packings::high_first);
  for (std::size_t i = 0; i < 10; ++i) {
    if (load_code(memory, i, 6, packings::high_first) != 63 - 5 * i) return false;
  }
  return true;
}
static_assert(round_trips_in_constant_evaluation());
}  // namespace

TEST_CASE("contradictory packings are refused") {
  using lowp::packing;
  // Sizes whose products would overflow.
  CHECK(lowp::defect(packing{.group_size = 1 << 20}, 64) == nullptr);
  CHECK(lowp::defect(packing{.group_size = (1 << 20) + 1}, 8) != nullptr);
  CHECK(lowp::defect(packing{.group_size = 1 << 29}, 8) != nullptr);
  CHECK(lowp::defect(packing{.group_size = 1 << 29, .container_bits = 64}, 8) != nullptr);
  CHECK(lowp::defect(packing{.container_bits = (1 << 26) + 1}, 8) != nullptr);
  CHECK(lowp::defect(packing{.container_bits = -8}, 8) != nullptr);
  CHECK(lowp::defect(packings::low_first, 6) == nullptr);
  CHECK(lowp::defect(packings::four_in_32_bits, 8) == nullptr);
  CHECK(lowp::defect(packings::four_in_32_bits, 9) != nullptr);
  CHECK(lowp::defect(packings::byte_low, 16) != nullptr);
  CHECK(lowp::defect(packings::split_half<3>, 4) != nullptr);
  CHECK(lowp::defect(packing{.group_size = 0}, 4) != nullptr);
}

namespace {

/// Packs and unpacks codes first … first + count - 1 by kernels as one by one, without a change to
/// any other bit.
template <class Code>
void compare_kernels(oracle::tally& t, const packing& p, int width, std::size_t first,
                     std::size_t count) {
  std::vector<Code> codes(count);
  for (std::size_t i = 0; i < count; ++i) {
    codes[i] = static_cast<Code>(random_word(i + count) >> (64 - width));
  }
  bytes before(packed_bytes(first + count, width, p));
  for (std::size_t i = 0; i < before.size(); ++i) {
    before[i] = static_cast<std::uint8_t>(random_word(i));
  }
  bytes want = before;
  for (std::size_t i = 0; i < count; ++i) store_code(want.data(), first + i, width, codes[i], p);
  for (const lowp::isa level : test::isas()) {
    bytes got = before;
    lowp::bulk::pack_codes(level, codes.data(), first, count, width, p, got.data());
    std::vector<Code> back(count);
    lowp::bulk::unpack_codes(level, want.data(), first, count, width, p, back.data());
    t.check(got == want && back == codes, [&](auto& text) {
      text << name(level) << ", width " << width << ", group of " << p.group_size << " in "
           << p.container_bits << ", order " << static_cast<int>(p.order)
           << (p.is_msb_first ? ", msb first" : "") << ", " << count << " from " << first << ", "
           << sizeof(Code) << " bytes: " << (got == want ? "unpacked" : "packed");
    });
  }
}

}  // namespace

TEST_CASE("Kernels pack and unpack as one by one, in any order, of any width, on every target") {
  using lowp::slot_order;
  std::vector<packing> all;
  for (const bool is_msb_first : {false, true}) {
    for (const int group_size : {1, 2, 3, 4, 5, 8, 16, 32, 64, 256, 4096}) {
      all.push_back({.group_size = group_size, .is_msb_first = is_msb_first});
      for (const slot_order order : {slot_order::halves, slot_order::evens_first}) {
        if (group_size % 2 != 0) continue;
        all.push_back({.group_size = group_size, .order = order, .is_msb_first = is_msb_first});
        all.push_back({.group_size = group_size,
                       .container_bits = 16 * group_size,
                       .order = order,
                       .is_msb_first = is_msb_first});
      }
    }
    for (const auto& [group_size, bits] : std::vector<std::array<int, 2>>{{1, 8},
                                                                          {1, 13},
                                                                          {1, 16},
                                                                          {1, 32},
                                                                          {1, 64},
                                                                          {3, 16},
                                                                          {4, 32},
                                                                          {5, 8},
                                                                          {5, 64},
                                                                          {6, 32},
                                                                          {16, 128},
                                                                          {10, 32}}) {
      all.push_back(
          {.group_size = group_size, .container_bits = bits, .is_msb_first = is_msb_first});
    }
  }
  oracle::tally t;
  for (const packing& p : all) {
    for (int width = 1; width <= 32; ++width) {
      if (defect(p, width) != nullptr) continue;
      for (const auto& [first, count] : std::vector<std::array<std::size_t, 2>>{
               {0, 0}, {0, 7}, {0, 64}, {8, 61}, {40, 300}, {1024, 1024}}) {
        if (!test::takes_next_case() && t.compared > 0) continue;
        if (width <= 8) compare_kernels<std::uint8_t>(t, p, width, first, count);
        if (width <= 16) compare_kernels<std::uint16_t>(t, p, width, first, count);
        compare_kernels<std::uint32_t>(t, p, width, first, count);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Bits above the width of a code do not reach its neighbours") {
  for (const lowp::isa level : test::isas()) {
    for (const int width : {5, 7, 11, 12}) {
      const std::vector<std::uint16_t> codes(256, 0xFFFF);
      const std::vector<std::uint8_t> narrow(256, 0xFF);
      bytes got(packed_bytes(256, width)), want(packed_bytes(256, width));
      for (std::size_t i = 0; i < 256; i += 2) store_code(want.data(), i, width, 0xFFFF);
      std::vector<std::uint16_t> some = codes;
      std::vector<std::uint8_t> few = narrow;
      for (std::size_t i = 1; i < 256; i += 2) {
        some[i] = static_cast<std::uint16_t>(1u << width);
        few[i] = static_cast<std::uint8_t>(1u << width);
      }
      CAPTURE(name(level), width);
      lowp::bulk::pack_codes(level, some.data(), 0, 256, width, {}, got.data());
      CHECK(got == want);
      if (width > 8) continue;
      lowp::bulk::pack_codes(level, few.data(), 0, 256, width, {}, got.data());
      CHECK(got == want);
    }
  }
}
