// SPDX-License-Identifier: MIT
// Arrays of binary32 to packed codes.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "trial.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

struct arrays {
  page_buffer<float> values;
  page_buffer<std::uint8_t> bytes;
  arrays(std::size_t size, int bits) : values(size), bytes(packed_bytes(size, bits)) {
    fill_sample(values.data(), size);
  }
  [[nodiscard]] data_flow flow() { return {values.size(), values.bytes(), bytes.bytes()}; }
};

template <auto F, class R = nearest_even_t>
void add_encode(const std::string& job, const R& mode = {}, const std::vector<peer>& others = {}) {
  add_job("encode/" + job, [=](benchmark::State& state, const setting& at) {
    arrays a(at.size.elements, F.bits());
    const std::span<const float> in = a.values.span();
    const packed_span<F> codes(a.bytes.span(), in.size());
    measure<narrowing(F.bits())>(
        state, at, a.flow(),
        [&](const execution& how) {
          encode(in, codes, mode, overflow::to_special, missing_nan::largest, how);
        },
        others);
  });
}

/// A format that the compiler does not know, also against the same one if it does.
template <auto F>
void add_encode_at_run_time(const std::string& job) {
  add_job("encode/" + job + "/run_time", [=](benchmark::State& state, const setting& at) {
    arrays a(at.size.elements, F.bits());
    const std::span<const float> in = a.values.span();
    const packed_span<F> codes(a.bytes.span(), in.size());
    auto format = F;
    benchmark::DoNotOptimize(format);
    measure<narrowing(F.bits())>(
        state, at, a.flow(),
        [&](const execution& how) {
          encode(format, in, a.bytes.span(), nearest_even, overflow::to_special,
                 missing_nan::largest, packing{}, how);
        },
        {}, {{"compile_time", [&](const execution& how) {
                encode(in, codes, nearest_even, overflow::to_special, missing_nan::largest, how);
              }}});
  });
}

stochastic random(int bits, generator g = generator::philox4x32_10) {
  return {.seed = 1, .random_bits = bits, .generator = g};
}

}  // namespace

void lowp_bench::add_rows() {
  add_encode<formats::e4m3fn>("e4m3fn");
  add_encode<formats::e5m2>("e5m2");
  add_encode<formats::e2m1>("e2m1");
  add_encode<formats::e3m2>("e3m2");
  add_encode<formats::bfloat16>("bfloat16", nearest_even, peers(peer_job::encode_bfloat16));
  add_encode<formats::binary16>("binary16", nearest_even, peers(peer_job::encode_binary16));
  add_encode<formats::int_n<8>>("int8", nearest_even, peers(peer_job::encode_int8));
  add_encode_at_run_time<formats::e4m3fn>("e4m3fn");
  for (const int bits : {8, 16, 32}) {
    const std::string mode = "/stochastic_" + std::to_string(bits);
    add_encode<formats::e4m3fn>("e4m3fn" + mode, random(bits));
    add_encode<formats::e5m2>("e5m2" + mode, random(bits));
  }
  add_encode<formats::e4m3fn>("e4m3fn/stochastic_8_philox_7", random(8, generator::philox4x32_7));
}
