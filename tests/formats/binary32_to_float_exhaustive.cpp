// SPDX-License-Identifier: MIT
// All 2^32 binary32 numbers into four formats. Rounding is monotone, so the search oracle is asked
// only for the ends of the runs of inputs that share a code; the runs are then walked in full.
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/unpack.hpp"
#include "oracle.hpp"
#include "share.hpp"

namespace {

using lowp::code_t;
using lowp::float_format;
using lowp::overflow;
using oracle::float_grid;

constexpr std::uint32_t infinity_bits = 0x7F800000u;
constexpr std::uint32_t sign_bit = 0x80000000u;

/// The value of binary32 bits, from its fields.
double value_of(std::uint32_t bits) {
  return oracle::value_of(lowp::formats::binary32, bits).value();
}

/// The code that every number from `first` on has, up to the next run.
struct run {
  std::uint32_t first;
  code_t code;
};

/// The runs of the finite numbers of one sign, in the order of their bits.
class runs {
 public:
  runs(const float_grid& grid, overflow o, std::uint32_t sign) : grid_(grid), policy_(o) {
    // Zero is a run by itself: in a format without zero it shares its code with overflows.
    const std::uint32_t first = sign + 1, last = sign + infinity_bits - 1;
    list_.push_back({sign, code(sign)});
    list_.push_back({first, code(first)});
    split(first, list_.back().code, last, code(last));
  }
  [[nodiscard]] const std::vector<run>& list() const { return list_; }

 private:
  [[nodiscard]] code_t code(std::uint32_t bits) const {
    if (bits == sign_bit) return grid_.encode(-0.0, oracle::mode::nearest_even, policy_);
    return grid_.encode(value_of(bits), oracle::mode::nearest_even, policy_);
  }
  /// Appends the runs that start in (low, high]. Two numbers of one code have that code between
  /// them, because codes of one sign are ordered as the values they are chosen for.
  void split(std::uint32_t low, code_t low_code, std::uint32_t high, code_t high_code) {
    if (low_code == high_code) return;
    if (high - low == 1) {
      list_.push_back({high, high_code});
      return;
    }
    const std::uint32_t middle = low + (high - low) / 2;
    const code_t middle_code = code(middle);
    split(low, low_code, middle, middle_code);
    split(middle, middle_code, high, high_code);
  }

  const float_grid& grid_;
  overflow policy_;
  std::vector<run> list_;
};

struct failure {
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint32_t> first{0};
  void note(std::uint32_t bits) {
    if (count.fetch_add(1) == 0) first = bits;
  }
};

/// Walks the bits from `begin` to `end` (not included) along the runs.
template <float_format F, overflow O>
void walk(const std::vector<run>& list, std::uint32_t begin, std::uint32_t end, failure& failures) {
  std::size_t i = 0;
  while (i + 1 < list.size() && list[i + 1].first <= begin) ++i;
  std::uint32_t bits = begin;
  while (bits < end) {
    const std::uint32_t stop = i + 1 < list.size() ? std::min(list[i + 1].first, end) : end;
    const code_t expected = list[i].code;
    for (; bits < stop; ++bits) {
      const code_t actual =
          encode(F, lowp::unpack(std::bit_cast<float>(bits)), lowp::nearest_even, O);
      if (actual != expected) failures.note(bits);
    }
    ++i;
  }
}

template <float_format F, overflow O>
void check_all(const char* name) {
  const float_grid grid(F);
  failure failures;
  std::uint64_t compared = 0;
  for (const std::uint32_t sign : {0u, sign_bit}) {
    const runs table(grid, O, sign);
    compared += test::walk(infinity_bits, 1u << 18, [&](std::uint64_t begin, std::uint64_t end) {
      walk<F, O>(table.list(), sign + static_cast<std::uint32_t>(begin),
                 sign + static_cast<std::uint32_t>(end), failures);
    });

    // The infinity and every NaN.
    const double infinite = sign == 0 ? oracle::infinite : oracle::negated(oracle::infinite);
    const double nan = sign == 0 ? oracle::quiet_nan : oracle::negated(oracle::quiet_nan);
    const code_t infinity_code = grid.encode(infinite, oracle::mode::nearest_even, O);
    const code_t nan_code = grid.encode(nan, oracle::mode::nearest_even, O);
    for (std::uint32_t bits = infinity_bits; bits < sign_bit; ++bits) {
      const code_t actual =
          encode(F, lowp::unpack(std::bit_cast<float>(sign | bits)), lowp::nearest_even, O);
      if (actual != (bits == infinity_bits ? infinity_code : nan_code)) failures.note(sign | bits);
      ++compared;
    }
  }
  std::printf("%s, %s: %llu inputs\n", name, oracle::name_of(O),
              static_cast<unsigned long long>(compared));
  std::fflush(stdout);
  INFO("first mismatch: bits " << failures.first);
  if (test::share_of_run().parts == 1) CHECK(compared == std::uint64_t{1} << 32);
  REQUIRE(failures.count == 0);
}

}  // namespace

TEST_CASE("every binary32 number into e4m3fn") {
  check_all<lowp::formats::e4m3fn, overflow::to_special>("e4m3fn");
  check_all<lowp::formats::e4m3fn, overflow::saturate>("e4m3fn");
}

TEST_CASE("every binary32 number into e5m2") {
  check_all<lowp::formats::e5m2, overflow::to_special>("e5m2");
  check_all<lowp::formats::e5m2, overflow::saturate>("e5m2");
}

TEST_CASE("every binary32 number into e2m1") {
  check_all<lowp::formats::e2m1, overflow::to_special>("e2m1");
  check_all<lowp::formats::e2m1, overflow::saturate>("e2m1");
}

TEST_CASE("every binary32 number into e8m0") {
  check_all<lowp::formats::e8m0, overflow::to_special>("e8m0");
  check_all<lowp::formats::e8m0, overflow::saturate>("e8m0");
}
