// SPDX-License-Identifier: MIT
// Array functions touch nothing outside their arrays: each array lies flush against a page that may
// be neither read nor written, at its end or at its beginning.
#include "catch.hpp"

#include "guarded.hpp"
#if LOWP_HAS_GUARDED_MEMORY

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "arrays/array_functions.hpp"
#include "isas.hpp"
#include "oracle.hpp"

namespace {

using lowp::isa;

using test::guarded;

class bench {
 public:
  bench(const test::job& j, std::size_t longest)
      : job_(j), input_(j.input(longest)), in_(j.in_bytes(longest)), out_(j.out_bytes(longest)) {}

  /// What is in the output after n elements, by the definition.
  [[nodiscard]] std::vector<std::uint8_t> expected(std::size_t n) const {
    std::vector<std::uint8_t> bytes(job_.out_bytes(n), before);
    job_.define(input_.data(), bytes.data(), n);
    return bytes;
  }

  /// Runs on n elements, everything at one end of its memory, on every instruction set. `expected`
  /// may be that of more elements if n is a whole number of groups.
  void run(oracle::tally& t, std::size_t n, const std::vector<std::uint8_t>& expected, bool at_end,
           bool in_place = false) {
    const std::size_t in_size = job_.in_bytes(n), out_size = job_.out_bytes(n);
    std::uint8_t* const out = out_.place(out_size, at_end);
    std::uint8_t* const in = in_place ? out : in_.place(in_size, at_end);
    for (const isa level : test::isas()) {
      std::memset(out, before, out_size);
      std::memcpy(in, input_.data(), in_size);
      job_.run(in, out, n, level);
      t.check(std::memcmp(out, expected.data(), out_size) == 0, [&](auto& text) {
        const auto at = std::mismatch(out, out + out_size, expected.begin()).first;
        text << job_.name << ", " << n << " elements, " << name(level)
             << (at_end ? " at the end" : " at the beginning") << (in_place ? " in place" : "")
             << ": byte " << at - out;
      });
    }
  }

 private:
  static constexpr std::uint8_t before = 0x5A;
  const test::job& job_;
  std::vector<std::uint8_t> input_;
  guarded in_, out_;
};

}  // namespace

TEST_CASE("Short arrays between guard pages") {
  oracle::tally t;
  for (const test::job& j : test::jobs()) {
    INFO(j.name);
    bench b(j, 3000);
    std::vector<std::size_t> lengths{300, 1000, 1023, 1024, 1025, 1056, 2085, 3000};
    for (std::size_t n = 1; n <= 260; ++n) lengths.push_back(n);
    for (const std::size_t n : lengths) {
      const std::vector<std::uint8_t> expected = b.expected(n);
      for (const bool at_end : {true, false}) {
        b.run(t, n, expected, at_end);
        if (j.may_be_in_place) b.run(t, n, expected, at_end, true);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Arrays larger than a cache between guard pages") {
  oracle::tally t;
  for (const test::job& j : test::jobs()) {
    INFO(j.name);
    // More than 8 MiB read and written, with a tail; results of 4 bits end on a multiple of 16.
    const std::size_t bits = 8 * (j.in_bytes(1024) + j.out_bytes(1024)) / 1024;
    const std::size_t count = (std::size_t{9} << 23) / bits / 4096 * 4096 + 4096;
    bench b(j, count + 999);
    const std::vector<std::uint8_t> expected = b.expected(count + 999);
    b.run(t, count + 999, expected, false);
    b.run(t, count + 960, expected, true);
  }
  REQUIRE_NO_MISMATCH(t);
}

#endif
