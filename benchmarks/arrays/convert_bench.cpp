// SPDX-License-Identifier: MIT
// Array conversion against copying the same bytes: reads of binary32 and writes of codes, or the
// other way round.
#include "lowp/arrays/convert.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;

constexpr std::size_t elements = std::size_t{1} << 16;

// Moves the bytes of the job: the larger side is read or written once, the smaller likewise.
struct copy_bytes {
  std::vector<std::uint8_t> from, to;
  explicit copy_bytes(std::size_t bytes) : from(bytes / 2), to(bytes / 2) {}
  void operator()() {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
};

template <auto F, class R = nearest_even_t>
void encode_array(benchmark::State& state) {
  const std::vector<float> values = lowp_bench::sample(elements);
  std::vector<std::uint8_t> bytes(packed_bytes(elements, F.bits()));
  const packed_span<F> codes(bytes, elements);
  copy_bytes copy(4 * elements + bytes.size());
  lowp_bench::compare(
      state, elements,
      [&] {
        encode(std::span<const float>(values), codes, R{});
        benchmark::ClobberMemory();
      },
      [&] { copy(); });
}

template <auto F>
void decode_array(benchmark::State& state) {
  std::vector<float> values = lowp_bench::sample(elements);
  std::vector<std::uint8_t> bytes(packed_bytes(elements, F.bits()));
  const packed_span<F> codes(bytes, elements);
  encode(std::span<const float>(values), codes);
  copy_bytes copy(4 * elements + bytes.size());
  lowp_bench::compare(
      state, elements,
      [&] {
        decode(codes, std::span<float>(values));
        benchmark::ClobberMemory();
      },
      [&] { copy(); });
}

template <auto F>
void round_array(benchmark::State& state) {
  const std::vector<float> values = lowp_bench::sample(elements);
  std::vector<float> rounded(elements);
  copy_bytes copy(8 * elements);
  lowp_bench::compare(
      state, elements,
      [&] {
        round_to<F>(values, rounded);
        benchmark::ClobberMemory();
      },
      [&] { copy(); });
}

BENCHMARK_TEMPLATE(encode_array, formats::e4m3fn)->UseManualTime();
BENCHMARK_TEMPLATE(encode_array, formats::e5m2)->UseManualTime();
BENCHMARK_TEMPLATE(encode_array, formats::e2m1)->UseManualTime();
BENCHMARK_TEMPLATE(encode_array, formats::bfloat16)->UseManualTime();
BENCHMARK_TEMPLATE(encode_array, formats::posit<8>)->UseManualTime();
BENCHMARK_TEMPLATE(encode_array, formats::e4m3fn, stochastic)->UseManualTime();
BENCHMARK_TEMPLATE(decode_array, formats::e4m3fn)->UseManualTime();
BENCHMARK_TEMPLATE(decode_array, formats::e2m1)->UseManualTime();
BENCHMARK_TEMPLATE(decode_array, formats::bfloat16)->UseManualTime();
BENCHMARK_TEMPLATE(round_array, formats::e4m3fn)->UseManualTime();

}  // namespace
