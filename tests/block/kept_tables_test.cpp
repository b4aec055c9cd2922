// SPDX-License-Identifier: MIT
// Tables of thresholds and of binades are kept from one call to the next, one of a kind. Whoever
// was given one still has it when the thread asks for another meanwhile: because it waits for other
// threads and takes up other work, or because decoding a format quantizes something itself.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/block/quantize.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;

namespace {

std::function<void()> on_decode;
bool is_within = false;

/// What a decode that runs may do before it answers.
void interrupt() {
  if (!on_decode || is_within) return;
  is_within = true;
  on_decode();
  is_within = false;
}

}  // namespace

namespace calling {
/// E8M0 with an interrupted decode.
struct scale {
  constexpr bool operator==(const scale&) const = default;
  [[nodiscard]] static constexpr int bits() { return 8; }
};
constexpr const char* defect(const scale&) { return nullptr; }
constexpr lowp::unpacked decode(const scale&, code_t code) {
  if (!std::is_constant_evaluated()) interrupt();
  return decode(formats::e8m0, code);
}
template <lowp::rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const scale&, const lowp::unpacked& x, const R& mode = {},
                        lowp::overflow o = {}, lowp::missing_nan n = {}) {
  return encode(formats::e8m0, x, mode, o, n);
}
}  // namespace calling

namespace {

constexpr own::codebook other = [] {
  own::codebook f = own::nf4;
  for (std::uint32_t& value : f.values) value ^= 0x00400000u;  // halfway within the binade
  f.values[7] = 0;
  return f;
}();
constexpr block_format known{own::nf4, calling::scale{}, block_shape{1, 32}};
constexpr block_format unknown{other, formats::e8m0, block_shape{1, 32}};

std::vector<float> values_of(std::size_t count) {
  test::split_mix random(1);
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(random.below(65536)) / 32768 - 1;
  return values;
}

/// A pool that does other work before each of its parts.
struct interrupted_pool {
  std::function<void()> work;
  template <class Part>
  void operator()(std::size_t count, const Part& part) const {
    for (std::size_t i = 0; i < count; ++i) {
      work();
      part(i);
    }
  }
};

constexpr std::size_t rows = 64, cols = 1024, size = rows * cols;

}  // namespace

TEST_CASE("a table that another call replaces is kept by who uses it") {
  const std::vector<float> values = values_of(size);
  const matrix_view<const float> in(values.data(), rows, cols);
  int calls = 0;
  const auto quantize_other = [&] {
    ++calls;
    (void)lowp::quantize<unknown>(in);
  };
  const block_matrix<known> expected = lowp::reference::quantize<known>(in);
  CHECK(lowp::quantize<known>(in, lowp::nearest_even, interrupted_pool{quantize_other}) ==
        expected);
  CHECK(calls > 1);
  calls = 0;
  on_decode = quantize_other;
  CHECK(lowp::quantize<known>(in) == expected);
  on_decode = nullptr;
  CHECK(calls > 1);

  const std::span<const float> all(values);
  const auto check = [&](const auto& mode) {
    std::vector<std::uint8_t> want(size / 2), got(size / 2), of_other(size / 2);
    const auto encode_other = [&] {
      ++calls;
      encode(all, lowp::packed_span<other>(of_other, size), mode);
    };
    calls = 0;
    lowp::reference::encode(own::nf4, all, want.data(), mode);
    encode(all, lowp::packed_span<own::nf4>(got, size), mode, lowp::overflow::to_special,
           lowp::missing_nan::largest, interrupted_pool{encode_other});
    CHECK((got == want));
    CHECK(calls > 1);
  };
  check(lowp::nearest_even);                             // thresholds
  check(lowp::stochastic{.seed = 1, .random_bits = 8});  // binades
}
