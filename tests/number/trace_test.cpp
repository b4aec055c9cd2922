// SPDX-License-Identifier: MIT
// The stages of trace.hpp: without a fault they end in the result of arithmetic_unit, whose sums
// they do not use; the words have the values that they say; faults flip what they say.
#include "lowp/number/trace.hpp"

#include <bit>
#include <cmath>
#include <random>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"

using namespace lowp;

namespace {

double value_of(const datapath_word& word) {
  const double magnitude = std::ldexp(double(word.significand.high), -62) +
                           std::ldexp(double(word.significand.low), -126);
  return std::ldexp(word.negative ? -magnitude : magnitude, word.exponent);
}

int count(uint128 mask) { return std::popcount(mask.high) + std::popcount(mask.low); }

template <class F, class R>
long long differences(const arithmetic_unit<F, R>& unit, code_t a, code_t b, code_t c) {
  return (trace_add(unit, a, b).result != unit.add(a, b)) +
         (trace_multiply(unit, a, b).result != unit.multiply(a, b)) +
         (trace_fma(unit, a, b, c).result != unit.fma(a, b, c));
}

}  // namespace

TEST_CASE("without a fault the stages end in the result of the operation") {
  const auto all_pairs = [](const auto& unit) {
    long long wrong = 0;
    for (code_t a = 0; a < 256; ++a) {
      for (code_t b = 0; b < 256; ++b) wrong += differences(unit, a, b, (a * 7 + b * 31) & 0xFF);
    }
    CHECK(wrong == 0);
  };
  all_pairs(arithmetic_unit{formats::e4m3fn, nearest_even, environments::riscv});
  all_pairs(arithmetic_unit{formats::e5m2, downward, environments::x86_sse});
  all_pairs(arithmetic_unit{fixed_format{.total_bits = 8, .fraction_bits = 4}, nearest_away,
                            environments::riscv});
  const auto random_triples = [](const auto& unit, std::uint64_t mask) {
    std::mt19937_64 random(7);
    long long wrong = 0;
    for (int i = 0; i < 100000; ++i) {
      const code_t a = random() & mask, b = i % 3 == 0 ? a ^ (random() & 0x801F) : random() & mask;
      wrong += differences(unit, a, b, random() & mask);
    }
    CHECK(wrong == 0);
  };
  random_triples(arithmetic_unit{formats::binary16, upward, environments::aarch64}, 0xFFFF);
  random_triples(arithmetic_unit{formats::binary64, nearest_even, environments::x86_sse},
                 ~std::uint64_t{0});
}

TEST_CASE("the words of the stages have the values of the stages") {
  const arithmetic_unit unit{formats::binary16, nearest_even, environments::riscv};
  std::mt19937 random(8);
  long long wrong = 0;
  for (int i = 0; i < 20000; ++i) {
    // Exponents near enough that all of the product and the sum fits into a double.
    const code_t a = (random() & 0x83FF) | 0x3C00, b = (random() & 0x87FF) | 0x3800,
                 c = (random() & 0x8FFF) | 0x3000;
    const auto number_of = [](code_t code) {
      return pack_as<double>(decode(formats::binary16, code));
    };
    const double x = number_of(a), y = number_of(b), z = number_of(c);
    const datapath_trace t = trace_fma(unit, a, b, c);
    wrong += value_of(t.product) != x * y;
    wrong += value_of(t.larger) + value_of(t.smaller) != x * y + z;
    wrong += t.larger.exponent != t.smaller.exponent;
    wrong += value_of(t.sum) != x * y + z || value_of(t.normalized) != x * y + z;
    if (x * y + z == 0) continue;
    wrong += (t.normalized.significand.high >> 62) != 1;
    // The decision of nearest even.
    const double kept = number_of(t.result.value);
    const bool up = t.guard && (t.round || t.sticky || t.last);
    wrong += up != (std::fabs(kept) > std::fabs(x * y + z)) || up != t.rounds_up;
    wrong += (t.guard || t.round || t.sticky) != t.result.flags.inexact;
  }
  CHECK(wrong == 0);
  // 1 + 2^-11 + 2^-20: guard and sticky.
  const datapath_trace t = trace_add(unit, 0x3C00, 0x1001);
  CHECK((t.guard && !t.round && t.sticky && !t.last && t.rounds_up));
  CHECK(t.result.value == 0x3C01);
  CHECK(trace_add(unit, 0x7C00, 0x3C00).is_special);
}

TEST_CASE("faults flip the bits that they name") {
  const arithmetic_unit unit{formats::binary16, nearest_even, environments::riscv};
  constexpr datapath_stage stages[] = {
      datapath_stage::first_operand, datapath_stage::second_operand, datapath_stage::third_operand,
      datapath_stage::product,       datapath_stage::larger,         datapath_stage::smaller,
      datapath_stage::sum,           datapath_stage::normalized,     datapath_stage::result};
  for (const datapath_stage stage : stages) {
    uint128 seen{};
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const datapath_fault one = random_fault(unit.format, stage, 1, 5, i);
      CHECK(count(one.mask) == 1);
      CHECK(random_fault(unit.format, stage, 1, 5, i).mask == one.mask);
      CHECK(count(random_fault(unit.format, stage, 3, 5, i).mask) == 3);
      seen = seen | one.mask;
    }
    CHECK(count(seen) == fault_bits(unit.format, stage));
    // A fault changes nothing before its stage, and what it says behind it.
    const datapath_fault fault = random_fault(unit.format, stage, 2, 6, 0);
    const datapath_trace good = trace_fma(unit, 0x3E01, 0x4123, 0xC20F),
                         bad = trace_fma(unit, 0x3E01, 0x4123, 0xC20F, fault);
    const auto differs = [&](const datapath_word& p, const datapath_word& q) {
      return p.significand.high != q.significand.high || p.significand.low != q.significand.low;
    };
    if (stage > datapath_stage::product) CHECK(bad.product == good.product);
    if (stage > datapath_stage::smaller) CHECK(bad.larger == good.larger);
    if (stage == datapath_stage::sum) {
      CHECK(differs(bad.sum, good.sum));
      CHECK((bad.sum.significand.high ^ good.sum.significand.high) == fault.mask.high);
    }
    if (stage == datapath_stage::result) {
      CHECK(bad.result.value == (good.result.value ^ fault.mask.low));
    }
    if (stage == datapath_stage::first_operand) {
      CHECK(bad.result == unit.fma(0x3E01 ^ fault.mask.low, 0x4123, 0xC20F));
    }
  }
  // The lowest bit of a code, and the carry of a sum: what lies behind computes with it.
  CHECK(trace_add(unit, 0x3C00, 0, {datapath_stage::first_operand, {0, 1}}).result.value == 0x3C01);
  const datapath_trace carry =
      trace_add(unit, 0x3C00, 0x3C00, {datapath_stage::sum, {1ull << 63, 0}});
  CHECK(carry.result.value == 0);
  CHECK(trace_multiply(unit, 0x3C00, 0x3C00, {datapath_stage::product, {1ull << 61, 0}})
            .result.value == 0x3E00);
}
