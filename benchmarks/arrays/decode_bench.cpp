// SPDX-License-Identifier: MIT
// Arrays of packed codes to binary32.
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"
#include "trial.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

/// Codes of a sample, repeated to the end.
template <auto F>
struct arrays {
  page_buffer<std::uint8_t> bytes;
  page_buffer<float> values;
  explicit arrays(std::size_t size) : bytes(packed_bytes(size, F.bits())), values(size) {
    const std::size_t some = sizes[0].elements;
    const std::size_t some_bytes = packed_bytes(some, F.bits());
    encode(std::span<const float>(sample(some)), packed_span<F>(bytes.span(), some));
    for (std::size_t at = some_bytes; at < bytes.size(); at += some_bytes) {
      std::memcpy(bytes.data() + at, bytes.data(), some_bytes);
    }
  }
  [[nodiscard]] const_packed_span<F> codes() { return packed_span<F>(bytes.span(), values.size()); }
  [[nodiscard]] data_flow flow() { return {values.size(), bytes.bytes(), values.bytes()}; }
};

template <auto F>
void add_decode(const std::string& job, const std::vector<peer>& others = {}) {
  add_job("decode/" + job, [=](benchmark::State& state, const setting& at) {
    arrays<F> a(at.size.elements);
    measure<reversed(narrowing(F.bits()))>(
        state, at, a.flow(), [&](const execution& how) { decode(a.codes(), a.values.span(), how); },
        others);
  });
}

/// A format that the compiler does not know, also against the same one if it does.
template <auto F>
void add_decode_at_run_time(const std::string& job) {
  add_job("decode/" + job + "/run_time", [=](benchmark::State& state, const setting& at) {
    arrays<F> a(at.size.elements);
    auto format = F;
    benchmark::DoNotOptimize(format);
    measure<reversed(narrowing(F.bits()))>(
        state, at, a.flow(),
        [&](const execution& how) {
          decode(format, a.bytes.span(), a.values.span(), packing{}, how);
        },
        {},
        {{"compile_time", [&](const execution& how) { decode(a.codes(), a.values.span(), how); }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  add_decode<formats::e4m3fn>("e4m3fn");
  add_decode<formats::e5m2>("e5m2");
  add_decode<formats::e2m1>("e2m1");
  add_decode<formats::e3m2>("e3m2");
  add_decode<formats::bfloat16>("bfloat16", peers(peer_job::decode_bfloat16));
  add_decode<formats::binary16>("binary16", peers(peer_job::decode_binary16));
  add_decode<formats::int_n<8>>("int8", peers(peer_job::decode_int8));
  add_decode_at_run_time<formats::e4m3fn>("e4m3fn");
}
