// SPDX-License-Identifier: MIT
// Pieces on several threads are committed in order, and what one of them throws is thrown.
#include "lowp/io/convert_values.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

using namespace lowp;

namespace {

// The values 0, 1, 2 …, in pieces of multiples of 24.
class counting final : public io::tensor_values {
 public:
  explicit counting(std::uint64_t count) { shape = {count}; }
  [[nodiscard]] std::uint64_t multiple() const override { return 24; }
  void read(std::uint64_t first, std::span<float> out) const override {
    if (first % 24 != 0) throw std::logic_error("a piece begins within a record");
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(first + i);
  }
};

// Half of each value, and at the end the amax.
class halves final : public io::value_target {
 public:
  halves() {
    tensors = {{"x", io::element_dtype("F32"), {}}, {"amax", io::element_dtype("F32"), {}}};
  }
  [[nodiscard]] std::uint64_t multiple() const override { return 10; }
  [[nodiscard]] bool needs_amax() const override { return true; }
  void set_amax(float amax) override { amax_ = amax; }
  void encode(std::uint64_t first, std::span<const float> values, pieces& out) const override {
    if (first % 120 != 0) throw std::logic_error("a piece begins within a record");
    out[0].clear();
    for (const float x : values) {
      const float half = x / 2;
      const auto bytes = std::as_bytes(std::span(&half, 1));
      out[0].insert(out[0].end(), bytes.begin(), bytes.end());
    }
  }
  void finish(pieces& out) const override {
    const auto bytes = std::as_bytes(std::span(&amax_, 1));
    out[1].assign(bytes.begin(), bytes.end());
  }

 private:
  float amax_ = 0;
};

}  // namespace

TEST_CASE("Values are converted in order on any number of threads") {
  const counting from(1000000);
  for (const unsigned threads : {1u, 4u}) {
    halves to;
    std::vector<float> written[2];
    std::uint64_t done = 0;
    io::convert_values(
        from, to, threads,
        [&](std::size_t tensor, std::span<const std::byte> bytes) {
          const std::size_t old = written[tensor].size();
          written[tensor].resize(old + bytes.size() / 4);
          std::copy(bytes.begin(), bytes.end(),
                    std::as_writable_bytes(std::span(written[tensor]).subspan(old)).begin());
        },
        [&](std::uint64_t count) { done += count; });
    CHECK(done == 2000000);
    CHECK(written[1] == std::vector<float>{999999});
    REQUIRE(written[0].size() == 1000000);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < written[0].size(); ++i)
      wrong += written[0][i] != static_cast<float>(i) / 2 ? 1u : 0u;
    CHECK(wrong == 0);
  }
}

TEST_CASE("A failure ends all, and nothing is committed after it") {
  for (const bool is_in_work : {true, false}) {
    std::atomic<int> committed = 0;
    const auto fail_at = [&](std::uint64_t i) {
      if (i == 20) throw std::runtime_error("no more");
    };
    CHECK_THROWS_WITH(io::in_order<int>(
                          4, 1000,
                          [&](std::uint64_t i, int&) {
                            if (is_in_work) fail_at(i);
                          },
                          [&](std::uint64_t i, int&) {
                            if (!is_in_work) fail_at(i);
                            ++committed;
                          }),
                      "no more");
    CHECK(committed == 20);
  }
  io::in_order<int>(
      4, 0, [](std::uint64_t, int&) { FAIL(); }, [](std::uint64_t, int&) { FAIL(); });
}
