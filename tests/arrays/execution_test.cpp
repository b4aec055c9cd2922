// SPDX-License-Identifier: MIT
// How an array function runs does not show in what it computes: any executor, any instruction set,
// arrays that fit a cache or not, in one call or in pieces.
#include "lowp/arrays/execution.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/pool.hpp"
#include "lowp/arrays/reference.hpp"
#include "oracle.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::any_rounding;
using lowp::execution;
using lowp::isa;
using lowp::missing_nan;
using lowp::overflow;
using lowp::task;

/// Runs the parts from the last to the first.
struct reversed {
  void operator()(std::size_t count, const task& part) const {
    for (std::size_t i = count; i-- > 0;) part(i);
  }
};

/// Like a pool that others use too: parts by several threads in no order, copies of the task.
struct scattered {
  void operator()(std::size_t count, const task& part) const {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 3; ++t) {
      threads.emplace_back([count, part, t] {
        for (std::size_t i = t; i < count; i += 3) part(i);
      });
    }
  }
};

/// A user's own mode, of which the kernels know nothing: up if the fraction has more ones than not.
struct by_popcount {
  static constexpr std::uint64_t addend(const lowp::discarded& d) {
    return std::popcount(d.fraction) > 4 ? ~std::uint64_t{0} : 0;
  }
};

/// Calls function(name, execution) for each executor at a level.
template <class Function>
void for_each_executor(isa level, const Function& function) {
  const std::string suffix = " " + std::string(name(level));
  function("sequential" + suffix, execution(lowp::sequential{}, level));
  for (const unsigned count : {0u, 1u, 2u, 7u}) {
    const lowp::threads on{count};
    function("threads " + std::to_string(count) + suffix, execution(on, level));
  }
  static const lowp::pool workers(3);
  function("pool" + suffix, execution(workers, level));
#if defined(_OPENMP)
  function("openmp" + suffix, execution(lowp::openmp{}, level));
#endif
  function("reversed" + suffix, execution(reversed{}, level));
  function("scattered" + suffix, execution(scattered{}, level));
  const auto on = [](std::size_t count, const task& part) { lowp::sequential{}(count, part); };
  function("lambda" + suffix, execution(on, level));
}

}  // namespace

TEST_CASE("An execution is made from an executor, a level or both") {
  CHECK(execution().is_sequential());
  CHECK(execution().level() == lowp::best_isa());
  const execution on_portable(isa::portable);
  CHECK(on_portable.is_sequential());
  CHECK(on_portable.level() == isa::portable);
  const lowp::threads two{2};
  const execution on_two(two);
  CHECK_FALSE(on_two.is_sequential());
  CHECK(on_two.level() == lowp::best_isa());
  const execution both(two, isa::portable);
  CHECK_FALSE(both.is_sequential());
  CHECK(both.level() == isa::portable);
  STATIC_REQUIRE(lowp::executor<reversed>);
  STATIC_REQUIRE(lowp::executor<lowp::threads>);
  STATIC_REQUIRE_FALSE(lowp::executor<isa>);
  STATIC_REQUIRE_FALSE(lowp::executor<int>);
}

TEST_CASE("A level that the machine lacks is refused") {
  for (const isa level : lowp::isas) {
    INFO(name(level));
    if (level <= lowp::best_isa()) {
      CHECK(execution(level).level() == level);
      continue;
    }
    CHECK_THROWS_AS(execution(level), std::invalid_argument);
    CHECK_THROWS_AS(execution(reversed{}, level), std::invalid_argument);
    CHECK_THROWS_WITH(execution(level),
                      Catch::Matchers::ContainsSubstring(std::string(name(level))));
    const std::vector<float> in(9, 1.0f);
    std::vector<float> out(9, 3.0f);
    CHECK_THROWS_AS(lowp::round_to(formats::e2m1, in, out, any_rounding(), overflow::to_special,
                                   missing_nan::largest, level),
                    std::invalid_argument);
    CHECK(std::count(out.begin(), out.end(), 3.0f) == 9);
  }
}

TEST_CASE("Executors do each part once") {
  const auto check = [](const std::string& what, const execution& how) {
    INFO(what);
    for (const std::size_t count : {0u, 1u, 2u, 100u}) {
      std::vector<std::atomic<int>> done(count);
      const auto part = [&](std::size_t i) { ++done[i]; };
      how.run(count, task(part));
      CHECK(std::all_of(done.begin(), done.end(), [](const auto& n) { return n == 1; }));
    }
  };
  check("default", execution());
  for_each_executor(lowp::best_isa(), check);
}

TEST_CASE("Parts that throw: the others return, and one exception goes on") {
  for_each_executor(lowp::best_isa(), [](const std::string& what, const execution& how) {
    INFO(what);
    std::atomic<int> done = 0;
    const auto part = [&](std::size_t i) {
      if (i % 3 == 1) throw std::bad_alloc();
      ++done;
    };
    CHECK_THROWS_AS(lowp::run_and_rethrow(how, 10, task(part)), std::bad_alloc);
    CHECK(done == 7);
    CHECK_NOTHROW(lowp::run_and_rethrow(how, 1, task(part)));
    CHECK(done == 8);
  });
}

TEST_CASE("Every executor gives what the definition gives") {
  oracle::tally t;
  constexpr std::size_t count = 5 * 65536 + 77;  // more pieces than threads, the last one short
  for (const test::job& j : test::jobs()) {
    const std::vector<std::uint8_t> in = j.input(count);
    std::vector<std::uint8_t> expected(j.out_bytes(count), 0x5A);
    j.define(in.data(), expected.data(), count);
    const auto check = [&](const std::string& what, const execution& how) {
      std::vector<std::uint8_t> out(expected.size(), 0x5A);
      j.run(in.data(), out.data(), count, how);
      t.check(out == expected, [&](auto& text) { text << j.name << ", " << what; });
    };
    for (const isa level : test::isas()) check(std::string(name(level)), level);
    for_each_executor(test::highest_isa(), check);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Arrays larger than a cache are as small ones, wherever they begin") {
  oracle::tally t;
  const std::vector<test::job> jobs = test::jobs();
  for (std::size_t i = 0; i < jobs.size(); i += 3) {  // guard_pages_test has them all
    const test::job& j = jobs[i];
    // 10 MiB read and written, so that pieces go past the cache too.
    const std::size_t bits = 8 * (j.in_bytes(1024) + j.out_bytes(1024)) / 1024;
    const std::size_t count = (std::size_t{10} << 23) / bits + 1;
    const std::vector<std::uint8_t> in = j.input(count);
    const std::size_t size = j.out_bytes(count);
    const auto check = [&](const std::string& what, std::size_t offset, const execution& how,
                           const std::vector<std::uint8_t>& expected) {
      test::framed out(size, offset), whole(size);
      whole.assign(std::span<const std::uint8_t>(expected));
      j.run(in.data(), out.data(), count, how);
      t.check(out == whole, [&](auto& text) {
        text << j.name << ", " << what << ", offset " << offset << ": byte "
             << out.difference(whole);
      });
    };
    // Codes beside those of the array stay as the buffer had them.
    test::framed expected(size);
    j.define(in.data(), expected.data(), count);
    const std::vector<std::uint8_t> bytes(expected.data(), expected.data() + size);
    for (const isa level : test::isas()) check(std::string(name(level)), 0, level, bytes);
    const isa best = test::highest_isa();
    check("threads 2", 0, execution(lowp::threads{2}, best), bytes);
    check("reversed", 16, execution(reversed{}, best), bytes);
    // Where non-temporal stores cannot reach.
    check(std::string(name(best)), 8, best, bytes);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A stochastic tensor of 10^7 elements: any threads, one call or thirteen, any level") {
  constexpr std::size_t count = 10'000'000;
  std::vector<float> in(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Within [-8, 8), by integers only.
    in[i] = static_cast<float>(static_cast<std::int32_t>(test::random_word(i) >> 40) - (1 << 23)) *
            0x1p-20f;
  }
  // Thirteen pieces that begin at even elements, where a byte of two codes begins.
  std::vector<std::size_t> cuts{0};
  for (std::size_t i = 1; i < 13; ++i) cuts.push_back(test::random_word(i) % (count / 2) * 2);
  cuts.push_back(count);
  std::sort(cuts.begin(), cuts.end());

  std::vector<float> values(count), first_values(count);
  std::vector<std::uint8_t> codes(count / 2), first_codes(count / 2);
  for (const int random_bits : {8, 16, 32}) {
    const lowp::stochastic mode{.seed = 2024, .random_bits = random_bits};
    const auto run = [&](std::size_t first, std::size_t n, const execution& how) {
      const any_rounding draw = mode.at(first);
      const auto from = std::span<const float>(in).subspan(first, n);
      lowp::round_to(formats::e4m3fn, from, std::span(values).subspan(first, n), draw,
                     overflow::saturate, missing_nan::largest, how);
      lowp::encode(formats::e2m1, from, std::span(codes).subspan(first / 2, n / 2), draw,
                   overflow::saturate, missing_nan::largest, {}, how);
    };
    run(0, count, test::highest_isa());
    first_values.swap(values);
    first_codes.swap(codes);

    const auto check = [&](const std::string& what) {
      INFO(what << ", " << random_bits << " random bits");
      CHECK(std::memcmp(values.data(), first_values.data(), 4 * count) == 0);
      CHECK(std::memcmp(codes.data(), first_codes.data(), codes.size()) == 0);
      std::memset(values.data(), 0xFF, 4 * count);
      std::memset(codes.data(), 0xFF, codes.size());
    };
    for (const isa level : test::isas()) {
      // The portable lanes are slow; 16 bits stand for all.
      if (level == isa::portable && random_bits != 16) continue;
      const std::string suffix = " " + std::string(name(level));
      for (const unsigned n : {1u, 2u, 7u}) {
        run(0, count, execution(lowp::threads{n}, level));
        check("threads " + std::to_string(n) + suffix);
      }
      for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        run(cuts[i], cuts[i + 1] - cuts[i], level);
      }
      check("13 pieces" + suffix);
    }

    // The definition, on a part from the middle.
    const std::size_t from = 4'999'998, n = 100'000;
    std::vector<float> part(n);
    std::vector<std::uint8_t> part_codes(n / 2);
    const any_rounding draw = mode.at(from);
    lowp::reference::round_to(formats::e4m3fn, std::span<const float>(in).subspan(from, n),
                              std::span<float>(part), draw, overflow::saturate);
    lowp::reference::encode(formats::e2m1, std::span<const float>(in).subspan(from, n),
                            part_codes.data(), draw, overflow::saturate);
    CHECK(std::memcmp(first_values.data() + from, part.data(), 4 * n) == 0);
    CHECK(std::memcmp(first_codes.data() + from / 2, part_codes.data(), n / 2) == 0);
  }
}

TEST_CASE("A rounding mode of the user's own runs by the definition") {
  const std::vector<float> in = test::inputs<float>(formats::e3m2);
  test::framed codes(lowp::packed_bytes(in.size(), 6)), values(4 * in.size());
  test::framed some_codes(lowp::packed_bytes(in.size(), 6)), some_values(4 * in.size());
  const auto check = [&](const auto& mode) {
    codes.reset(codes.bytes().size());
    values.reset(values.bytes().size());
    lowp::reference::encode(formats::e3m2, std::span<const float>(in), codes.data(), mode);
    lowp::reference::round_to(formats::e3m2, std::span<const float>(in), values.as<float>(), mode);
    for (const isa level : test::isas()) {
      some_codes.reset(codes.bytes().size());
      some_values.reset(values.bytes().size());
      lowp::encode(formats::e3m2, in, some_codes.bytes(), mode, overflow::to_special,
                   missing_nan::largest, {}, level);
      lowp::round_to(formats::e3m2, in, some_values.as<float>(), mode, overflow::to_special,
                     missing_nan::largest, level);
      CHECK(some_codes == codes);
      CHECK(some_values == values);
    }
  };
  check(by_popcount{});
}

namespace {

/// Counts the calls, and the parts of the last one.
template <unsigned Start>
struct counting {
  static constexpr unsigned start_nanoseconds = Start;
  std::size_t& calls;
  void operator()(std::size_t count, const task& part) const {
    ++calls;
    for (std::size_t i = 0; i < count; ++i) part(i);
  }
};
struct counting_always {
  std::size_t& calls;
  void operator()(std::size_t count, const task& part) const {
    ++calls;
    for (std::size_t i = 0; i < count; ++i) part(i);
  }
};

}  // namespace

TEST_CASE("Little work stays in the calling thread, much is shared") {
  std::size_t calls = 0;
  const std::vector<float> in(std::size_t{1} << 21, 1.5f);
  std::vector<float> out(in.size());
  const auto calls_for = [&](std::size_t count, const execution& how) {
    calls = 0;
    std::fill(out.begin(), out.end(), 0.0f);
    lowp::round_to(formats::e2m1, std::span(in).first(count), std::span(out).first(count),
                   any_rounding(), overflow::to_special, missing_nan::largest, how);
    CHECK(std::count(out.begin(), out.end(), 1.5f) == static_cast<std::ptrdiff_t>(count));
    return calls;
  };
  const counting<30'000> slow{calls};
  CHECK(calls_for(100, slow) == 0);
  CHECK(calls_for(65536, slow) == 0);
  CHECK(calls_for(in.size(), slow) == 1);
  const counting<0> at_once{calls};
  CHECK(calls_for(100, at_once) == 1);
  const counting_always unknown{calls};
  CHECK(calls_for(100, unknown) == 1);
  CHECK(execution(lowp::threads{2}).is_worth(1'000'000));
  CHECK_FALSE(execution(lowp::threads{2}).is_worth(10'000));
  CHECK(execution(lowp::threads{2}).for_work(10'000).is_sequential());
  CHECK_FALSE(execution().is_worth(1'000'000'000));
}
