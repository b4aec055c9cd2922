// SPDX-License-Identifier: MIT
// What array functions refuse, before they have written anything: sizes that differ, null arrays
// that have elements, input and output that overlap.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"

namespace {

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using Catch::Matchers::ContainsSubstring;
using lowp::any_rounding;
using lowp::const_packed_span;
using lowp::execution;
using lowp::isa;
using lowp::missing_nan;
using lowp::overflow;
using lowp::packed_span;

const any_rounding mode{};
constexpr auto o = overflow::to_special;
constexpr auto n = missing_nan::largest;

/// 4096 bytes for arrays that may overlap, and whether a call left them alone.
class memory {
 public:
  memory() { std::memset(bytes_, 0x41, sizeof bytes_); }
  /// `count` elements from `offset` on, in bytes.
  template <class T>
  [[nodiscard]] std::span<T> at(std::size_t offset, std::size_t count) {
    return {reinterpret_cast<T*>(bytes_ + offset), count};
  }
  [[nodiscard]] bool is_untouched() const {
    for (const std::uint8_t byte : bytes_) {
      if (byte != 0x41) return false;
    }
    return true;
  }

 private:
  alignas(64) std::uint8_t bytes_[4096];
};

/// Calls check(how) for all that there is to run with.
template <class Check>
void for_each_execution(const Check& check) {
  for (const isa level : test::isas()) check(execution(level));
  check(execution(lowp::threads{2}));
}

template <class T>
void refuses_other_sizes(const execution& how) {
  memory m;
  const auto in = m.at<const T>(0, 20);
  CHECK_THROWS_WITH(
      lowp::encode(in, packed_span<formats::e4m3fn>(m.at<std::uint8_t>(2048, 19), 19), mode, o, n,
                   how),
      ContainsSubstring("encode") && ContainsSubstring("19") && ContainsSubstring("20"));
  CHECK_THROWS_AS(lowp::encode(in, packed_span<formats::e2m1>(m.at<std::uint8_t>(2048, 40), 21),
                               mode, o, n, how),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::encode(in, packed_span<formats::e2m1>(), mode, o, n, how),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      lowp::encode(std::span<const T>(), packed_span<formats::e2m1>(m.at<std::uint8_t>(0, 1), 1),
                   mode, o, n, how),
      std::invalid_argument);
  CHECK(m.is_untouched());
}

template <class T>
void refuses_null(const execution& how) {
  memory m;
  T* const null = nullptr;
  const std::span<std::uint8_t> no_bytes(static_cast<std::uint8_t*>(nullptr), 20);
  const packed_span<formats::e4m3fn> out(m.at<std::uint8_t>(0, 20), 20);
  CHECK_THROWS_WITH(lowp::encode(std::span<const T>(null, 20), out, mode, o, n, how),
                    ContainsSubstring("in is null"));
  CHECK_THROWS_WITH(lowp::encode(m.at<const T>(0, 20), packed_span<formats::e4m3fn>(no_bytes, 20),
                                 mode, o, n, how),
                    ContainsSubstring("out is null"));
  CHECK(m.is_untouched());
}

/// Codes of 8 bits anywhere over 40 elements of T.
template <class T>
void refuses_overlap(const execution& how) {
  memory m;
  constexpr std::size_t begin = 1024, size = 40 * sizeof(T);
  const auto in = m.at<const T>(begin, 40);
  for (const std::size_t at : {begin - 39, begin - 1, begin, begin + 1, begin + size / 2,
                               begin + size - 40, begin + size - 1}) {
    INFO("at " << at);
    CHECK_THROWS_WITH(lowp::encode(in, packed_span<formats::e4m3fn>(m.at<std::uint8_t>(at, 40), 40),
                                   mode, o, n, how),
                      ContainsSubstring("overlap"));
  }
  CHECK(m.is_untouched());
  for (const std::size_t at : {begin - 40, begin + size}) {  // side by side
    memory fresh;
    CHECK_NOTHROW(lowp::encode(fresh.at<const T>(begin, 40),
                               packed_span<formats::e4m3fn>(fresh.at<std::uint8_t>(at, 40), 40),
                               mode, o, n, how));
  }
}

}  // namespace

TEST_CASE("encode refuses what it cannot do") {
  for_each_execution([](const execution& how) {
    refuses_other_sizes<float>(how);
    refuses_other_sizes<double>(how);
    refuses_other_sizes<lowp::binary16>(how);
    refuses_other_sizes<lowp::bfloat16>(how);
    refuses_null<float>(how);
    refuses_null<double>(how);
    refuses_null<lowp::binary16>(how);
    refuses_null<lowp::bfloat16>(how);
    refuses_overlap<float>(how);
    refuses_overlap<double>(how);
    refuses_overlap<lowp::binary16>(how);
    refuses_overlap<lowp::bfloat16>(how);

    // The function that takes a descriptor: bytes may be more than needed, not fewer.
    memory m;
    const auto in = m.at<const float>(0, 33);
    const auto encode = [&](const auto& f, std::span<const float> from,
                            std::span<std::uint8_t> bytes, lowp::packing p = {}) {
      lowp::encode(f, from, bytes, mode, o, n, p, how);
    };
    const std::span<std::uint8_t> no_bytes(static_cast<std::uint8_t*>(nullptr), 33);
    const std::span<const float> no_values(static_cast<const float*>(nullptr), 33);
    CHECK_THROWS_AS(encode(formats::e2m1, in, m.at<std::uint8_t>(2048, 16)), std::invalid_argument);
    CHECK_THROWS_AS(encode(formats::e3m2, in, m.at<std::uint8_t>(2048, 24)), std::invalid_argument);
    CHECK_THROWS_AS(
        encode(formats::e2m1, in, m.at<std::uint8_t>(2048, 31), packings::split_half<32>),
        std::invalid_argument);
    CHECK_THROWS_AS(
        encode(formats::e5m2, in, m.at<std::uint8_t>(2048, 33), lowp::packing{.container_bits = 4}),
        std::invalid_argument);
    CHECK_THROWS_AS(
        encode(formats::e5m2, in, m.at<std::uint8_t>(2048, 33), lowp::packing{.group_size = 0}),
        std::invalid_argument);
    CHECK_THROWS_AS(encode(formats::e5m2, in, no_bytes), std::invalid_argument);
    CHECK_THROWS_AS(encode(formats::e5m2, no_values, m.at<std::uint8_t>(2048, 33)),
                    std::invalid_argument);
    CHECK_THROWS_AS(encode(formats::e5m2, in, m.at<std::uint8_t>(131, 33)), std::invalid_argument);
    CHECK_THROWS_AS(encode(formats::posit<8>, in, m.at<std::uint8_t>(0, 33)),
                    std::invalid_argument);
    lowp::float_format broken = formats::e2m1;
    broken.exponent_bits = 0;
    CHECK_THROWS_AS(encode(broken, in, m.at<std::uint8_t>(2048, 33)), std::invalid_argument);
    CHECK(m.is_untouched());
    CHECK_NOTHROW(encode(formats::e2m1, in, m.at<std::uint8_t>(2048, 17)));
    CHECK_NOTHROW(encode(formats::e2m1, in, m.at<std::uint8_t>(132, 40)));
    CHECK_NOTHROW(encode(formats::e2m1, {}, {}));
    CHECK_NOTHROW(encode(formats::e2m1, {}, m.at<std::uint8_t>(0, 1)));
  });
}

TEST_CASE("decode refuses what it cannot do") {
  for_each_execution([](const execution& how) {
    memory m;
    const const_packed_span<formats::e4m3fn> in(m.at<const std::uint8_t>(1024, 40), 40);
    float* const null = nullptr;
    const std::span<const std::uint8_t> no_bytes(static_cast<const std::uint8_t*>(nullptr), 40);
    CHECK_THROWS_WITH(lowp::decode(in, m.at<float>(0, 39), how), ContainsSubstring("decode") &&
                                                                     ContainsSubstring("39") &&
                                                                     ContainsSubstring("40"));
    CHECK_THROWS_AS(lowp::decode(in, m.at<float>(0, 41), how), std::invalid_argument);
    CHECK_THROWS_AS(lowp::decode(in, std::span<float>(), how), std::invalid_argument);
    CHECK_THROWS_WITH(lowp::decode(in, std::span<float>(null, 40), how),
                      ContainsSubstring("out is null"));
    CHECK_THROWS_WITH(
        lowp::decode(const_packed_span<formats::e4m3fn>(no_bytes, 40), m.at<float>(0, 40), how),
        ContainsSubstring("in is null"));
    for (const std::size_t at : {1024u - 156, 1024u, 1024u + 36}) {
      INFO("at " << at);
      CHECK_THROWS_WITH(lowp::decode(in, m.at<float>(at, 40), how), ContainsSubstring("overlap"));
    }

    const auto decode = [&](const auto& f, std::span<const std::uint8_t> bytes,
                            std::span<float> out,
                            lowp::packing p = {}) { lowp::decode(f, bytes, out, p, how); };
    CHECK_THROWS_AS(decode(formats::e2m1, m.at<const std::uint8_t>(2048, 16), m.at<float>(0, 33)),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        decode(formats::bfloat16, m.at<const std::uint8_t>(2048, 65), m.at<float>(0, 33)),
        std::invalid_argument);
    CHECK_THROWS_AS(decode(formats::e2m1, m.at<const std::uint8_t>(2048, 31), m.at<float>(0, 33),
                           packings::split_half<32>),
                    std::invalid_argument);
    CHECK_THROWS_AS(decode(formats::e5m2, no_bytes, m.at<float>(0, 33)), std::invalid_argument);
    CHECK_THROWS_AS(
        decode(formats::e5m2, m.at<const std::uint8_t>(0, 33), std::span<float>(null, 33)),
        std::invalid_argument);
    CHECK_THROWS_AS(decode(formats::e5m2, m.at<const std::uint8_t>(131, 33), m.at<float>(0, 33)),
                    std::invalid_argument);
    CHECK_THROWS_AS(decode(formats::bfloat16, m.at<const std::uint8_t>(0, 66), m.at<float>(0, 33)),
                    std::invalid_argument);
    CHECK(m.is_untouched());
    CHECK_NOTHROW(decode(formats::e5m2, m.at<const std::uint8_t>(132, 33), m.at<float>(0, 33)));
    CHECK_NOTHROW(decode(formats::e5m2, {}, {}));
  });
}

namespace {

template <class T>
void round_refuses(const execution& how) {
  memory m;
  T* const null = nullptr;
  const auto in = m.at<const T>(1024, 40);
  const auto round = [&](std::span<const T> from, std::span<T> out) {
    lowp::round_to(formats::e4m3fn, from, out, mode, o, n, how);
  };
  const auto round_early = [&](std::span<const T> from, std::span<T> out) {
    lowp::round_to<formats::e4m3fn>(from, out, mode, o, n, how);
  };
  const auto check = [&](const auto& call) {
    CHECK_THROWS_WITH(call(in, m.at<T>(0, 39)), ContainsSubstring("round_to") &&
                                                    ContainsSubstring("39") &&
                                                    ContainsSubstring("40"));
    CHECK_THROWS_AS(call(in, std::span<T>()), std::invalid_argument);
    CHECK_THROWS_WITH(call(in, std::span<T>(null, 40)), ContainsSubstring("out is null"));
    CHECK_THROWS_WITH(call(std::span<const T>(null, 40), m.at<T>(0, 40)),
                      ContainsSubstring("in is null"));
    // The same array is allowed, a part of it is not.
    for (const std::size_t shift : {1u, 2u, 39u}) {
      INFO("by " << shift);
      CHECK_THROWS_WITH(call(in, m.at<T>(1024 + shift * sizeof(T), 40)),
                        ContainsSubstring("overlap"));
      CHECK_THROWS_WITH(call(in, m.at<T>(1024 - shift * sizeof(T), 40)),
                        ContainsSubstring("overlap"));
    }
    CHECK(m.is_untouched());
  };
  check(round);
  check(round_early);
  lowp::float_format broken = formats::e2m1;
  broken.mantissa_bits = -1;
  CHECK_THROWS_AS(lowp::round_to(broken, in, m.at<T>(0, 40), mode, o, n, how),
                  std::invalid_argument);
  CHECK(m.is_untouched());

  CHECK_NOTHROW(round(in, m.at<T>(1024 + 40 * sizeof(T), 40)));
  CHECK_NOTHROW(round(in, m.at<T>(1024 - 40 * sizeof(T), 40)));
  CHECK_NOTHROW(round({}, {}));
  const auto both = m.at<T>(1024, 40);
  CHECK_NOTHROW(round(both, both));
  CHECK(std::memcmp(both.data(), m.at<T>(1024 + 40 * sizeof(T), 40).data(), both.size_bytes()) ==
        0);
}

}  // namespace

TEST_CASE("round_to refuses what it cannot do") {
  for_each_execution([](const execution& how) {
    round_refuses<float>(how);
    round_refuses<double>(how);
  });
}
