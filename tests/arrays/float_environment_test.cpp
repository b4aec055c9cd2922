// SPDX-License-Identifier: MIT
// Whatever floating-point environment the caller has set, array functions give the same bits and
// leave the environment as it was.
#include "float_environment.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "oracle.hpp"

namespace {

using lowp::execution;
using lowp::isa;

/// The control and status bits of this thread; 0 where the tests know of none.
std::uint32_t environment_now() {
  std::uint32_t bits = 0;
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
  asm volatile("stmxcsr %0" : "=m"(bits) : : "memory");
#endif
  return bits;
}

/// While it lives every floating-point exception, an inexact result too, is fatal.
class traps {
 public:
  traps() : saved_(environment_now()) { set(saved_ & ~0x1F80u); }
  ~traps() { set(saved_); }
  traps(const traps&) = delete;
  traps& operator=(const traps&) = delete;

 private:
  static void set([[maybe_unused]] std::uint32_t bits) {
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
    asm volatile("ldmxcsr %0" : : "m"(bits) : "memory");
#endif
  }
  std::uint32_t saved_;
};

struct prepared {
  test::job job;
  std::size_t count;
  std::vector<std::uint8_t> in, expected;
};

std::vector<prepared> prepare(std::size_t count) {
  std::vector<prepared> list;
  for (const test::job& j : test::jobs()) {
    list.push_back({j, count, j.input(count), std::vector<std::uint8_t>(j.out_bytes(count))});
    j.define(list.back().in.data(), list.back().expected.data(), count);
  }
  return list;
}

/// Runs everything in the environment `flags` on top of masked exceptions.
void compare(oracle::tally& t, const std::vector<prepared>& list, const std::string& what,
             std::uint32_t flags, const execution& how) {
  for (const prepared& p : list) {
    std::vector<std::uint8_t> out(p.expected.size());
    std::uint32_t before = 0, after = 0;
    {
      const test::float_environment unusual(flags);
      before = environment_now();
      p.job.run(p.in.data(), out.data(), p.count, how);
      after = environment_now();
    }
    const auto describe = [&](auto& text) {
      text << p.job.name << ", " << what << " in environment " << flags << ": " << before
           << " became " << after;
    };
    t.check(out == p.expected, describe);
    t.check(before == after, describe);
  }
}

}  // namespace

TEST_CASE("Results do not depend on rounding direction, flush-to-zero or denormals-are-zero") {
  oracle::tally t;
  const std::vector<prepared> list = prepare(2500);
  for (const std::uint32_t flags : test::unusual_environments) {
    for (const isa level : test::isas()) compare(t, list, std::string(name(level)), flags, level);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Nor on threads that other environments were set in") {
  oracle::tally t;
  const std::vector<prepared> list = prepare(65536 + 500);  // two pieces
  for (const std::uint32_t flags :
       {test::unusual_environments[0],
        test::unusual_environments[test::unusual_environments.size() - 1]}) {
    compare(t, list, "threads", flags, execution(lowp::threads{2}, test::highest_isa()));
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Nor do they trap where the caller asked for traps, or raise flags") {
  oracle::tally t;
  const std::vector<prepared> list = prepare(500);
  for (const isa level : test::isas()) {
    for (const prepared& p : list) {
      std::vector<std::uint8_t> out(p.expected.size());
      std::uint32_t before = 0, after = 0;
      {
        const test::float_environment usual(0);
        const traps on;
        before = environment_now();
        p.job.run(p.in.data(), out.data(), p.count, level);
        after = environment_now();
      }
      t.check(out == p.expected && before == after, [&](auto& text) {
        text << p.job.name << ", " << name(level) << ": " << before << " became " << after;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
