// SPDX-License-Identifier: MIT
// The roofs themselves: bytes read and written per second by the best loop of each kind, for the
// patterns of the jobs. The label names the loop.
#include <string>
#include <type_traits>

#include "trial.hpp"

namespace {

using namespace lowp_bench;

template <pattern P, stores Kind>
void measure_roof(benchmark::State& state, const setting& at) {
  const auto bytes_in = static_cast<std::size_t>(P.bytes_in());
  const auto bytes_out = static_cast<std::size_t>(P.bytes_out());
  const std::size_t steps = at.size.elements * sizeof(float) / std::max(bytes_in, bytes_out);
  // Not zeros: some machines write lines of zeros faster than others.
  page_buffer<float> in(steps * bytes_in / sizeof(float));
  fill_sample(in.data(), in.size());
  page_buffer<std::byte> out(steps * bytes_out);
  page_buffer<std::byte> scales(steps * static_cast<std::size_t>(P.scale_bytes));
  const traffic all{in.bytes().data(), out.data(), scales.data(), steps};

  const team crew(at.threads);
  const lowp::execution how = crew.on(highest_isa());
  const copy_loop& best = roof<P, Kind>(all, how);
  if (best.move == nullptr) {
    state.SkipWithError("no such loop on this machine");
    return;
  }
  crew.watch(state,
             [&] { compare(state, at.size.elements, [&] { move<P>(best, all, how); }, {}); });
  const auto bytes = steps * (bytes_in + bytes_out) + scales.size();
  state.counters["bytes"] = {static_cast<double>(bytes),
                             benchmark::Counter::kIsIterationInvariantRate};
  state.SetLabel(best.name);
}

template <pattern P, stores Kind>
void add_roof(const std::string& name, const setting& at) {
  add_row("roof/" + name + "/" + std::string(at.size.name) +
              (at.threads == 1 ? "/1_thread" : "/2_threads") +
              (Kind == stores::plain ? "/copy" : "/nt"),
          [at](benchmark::State& state) { measure_roof<P, Kind>(state, at); });
}

template <pattern P>
void add_roofs(const std::string& name) {
  for (const setting& at : settings()) {
    if (at.level != highest_isa()) continue;
    add_roof<P, stores::plain>(name, at);
    add_roof<P, stores::streaming>(name, at);
  }
}

}  // namespace

void lowp_bench::add_rows() {
  add_roofs<narrowing(32)>("1_to_1");
  add_roofs<narrowing(16)>("2_to_1");
  add_roofs<narrowing(8)>("4_to_1");
  add_roofs<narrowing(6)>("16_to_3");
  add_roofs<narrowing(4)>("8_to_1");
  add_roofs<narrowing(4, 32)>("8_to_1_and_scales");
  add_roofs<reversed(narrowing(16))>("1_to_2");
  add_roofs<reversed(narrowing(8))>("1_to_4");
  add_roofs<reversed(narrowing(6))>("3_to_16");
  add_roofs<reversed(narrowing(4))>("1_to_8");
  add_roofs<reversed(narrowing(4, 32))>("1_to_8_and_scales");
}
