// SPDX-License-Identifier: MIT
// Formats that lie on no binary grid, of the library and of the tests: the kernels that encode them
// by thresholds and by tables of binades give what the definition gives, in every mode, under every
// policy, on every target.
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/rounding/any_rounding.hpp"

using namespace lowp;

namespace {

template <class Float>
using word_of = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;

/// Values, midpoints, what lies around them, specials, and bits at random; enough to have a table.
template <class Float, class F>
std::vector<Float> inputs_of(const F& f, std::size_t more = 0) {
  using word = word_of<Float>;
  std::vector<Float> list;
  const auto add_around = [&](const unpacked& x) {
    const auto bits = std::bit_cast<word>(pack_as<Float>(x));
    for (word i = 0; i < 7; ++i)
      list.push_back(std::bit_cast<Float>(static_cast<word>(bits + i - 3)));
  };
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const unpacked x = decode(f, code), y = decode(f, code + 1);
    add_around(x);
    if (x.is_finite() && y.is_finite()) {
      add_around(scale_by_power_of_two(exact::add(x, y), -1));
    }
  }
  for (const bool negative : {false, true}) {
    for (const unpacked& x : {unpacked::zero(negative), unpacked::infinite(negative),
                              unpacked::nan(negative), unpacked::scaled_integer(negative, 1, -130),
                              unpacked::scaled_integer(negative, 1, 100)}) {
      add_around(x);
    }
  }
  std::uint64_t state = 1;
  const std::size_t size = (std::size_t{32} << f.bits()) + 777 + more;
  while (list.size() < size) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    // Half of them near one in magnitude.
    const std::uint64_t mixed = state ^ state >> 29;
    const double some = static_cast<double>(static_cast<std::int64_t>(state)) * 0x1p-62;
    list.push_back(mixed % 2 == 0 ? static_cast<Float>(some)
                                  : std::bit_cast<Float>(static_cast<word>(mixed >> 3)));
  }
  return list;
}

/// Compares encode and round_to with their definitions; returns how many elements.
template <class F, class Float>
std::size_t check(const F& f, const std::vector<Float>& in, const any_rounding& mode,
                  std::string_view mode_name, overflow o, missing_nan n) {
  const std::size_t bytes = packed_bytes(in.size(), f.bits(), packing{});
  std::vector<std::uint8_t> want(bytes), got(bytes);
  std::vector<Float> want_values(in.size()), got_values(in.size());
  const std::span<const Float> from(in);
  reference::encode(f, from, want.data(), mode, o, n);
  reference::round_to(f, from, std::span<Float>(want_values), mode, o, n);
  std::size_t count = 0;
  for (const isa level : test::isas()) {
    std::fill(got.begin(), got.end(), std::uint8_t{0});
    if constexpr (sizeof(Float) == 4) {
      encode(f, from, std::span(got), mode, o, n, packing{}, level);
      INFO(lowp::name(f).view() << " " << mode_name << " policy " << static_cast<int>(o) << " on "
                                << lowp::name(level));
      CHECK((got == want));  // not printed
    }
    round_to(f, from, std::span<Float>(got_values), mode, o, n, level);
    INFO("values of " << lowp::name(f).view() << " " << mode_name << " policy "
                      << static_cast<int>(o) << " on " << lowp::name(level));
    CHECK(std::memcmp(got_values.data(), want_values.data(), in.size() * sizeof(Float)) == 0);
    count += 2 * in.size();
  }
  return count;
}

template <class F>
void check_format(const F& f) {
  const std::vector<float> in = inputs_of<float>(f);
  const std::vector<double> wide = inputs_of<double>(f);
  // The table is what is compared, not the definition with itself.
  REQUIRE(bulk::find_thresholds<std::uint32_t, false>(f, nearest_even, overflow::saturate,
                                                      missing_nan::largest, in.size()) != nullptr);
  REQUIRE(bulk::find_thresholds<std::uint64_t, true>(f, nearest_even, overflow::saturate,
                                                     missing_nan::largest, in.size()) != nullptr);
  std::size_t count = 0;
  for (const auto& mode : rounding_modes) {
    for (const overflow o : {overflow::saturate, overflow::to_special, overflow::propagate}) {
      count += check(f, in, mode.mode, mode.name, o, missing_nan::zero);
    }
    count += check(f, wide, mode.mode, mode.name, overflow::to_special, missing_nan::largest);
  }
  CHECK(count > 100000);
}

}  // namespace

TEST_CASE("codebooks and ternary values by thresholds") {
  check_format(own::nf4);
  check_format(own::trits);
  own::codebook eight{.width = 3};
  for (int i = 0; i < 8; ++i) {  // with a cluster of neighbouring numbers of binary32
    eight.values[i] = std::bit_cast<std::uint32_t>(1.0f) + static_cast<std::uint32_t>(i * i);
  }
  check_format(eight);
}

TEST_CASE("formats of 8 bits by thresholds") {
  check_format(own::posit8_1);
  check_format(own::log8);
  check_format(formats::posit<8>);
  check_format(formats::posit<8, 0>);
  check_format(formats::posit<6, 1>);
  check_format(formats::posit<8, 4>);
}

TEST_CASE("encoding from bfloat16 and binary16 by thresholds, and at compile time known formats") {
  std::vector<bfloat16> in;
  std::vector<binary16> half;
  for (code_t code = 0; code < 0x10000; ++code) {
    in.push_back(bfloat16::from_code(code));
    half.push_back(binary16::from_code(code));
  }
  const auto check_one = [&]<auto F>(auto& from) {
    using source = typename std::remove_cvref_t<decltype(from)>::value_type;
    const std::size_t bytes = packed_bytes(from.size(), F.bits(), packing{});
    std::vector<std::uint8_t> want(bytes), got(bytes);
    reference::encode(F, std::span<const source>(from), want.data());
    for (const isa level : test::isas()) {
      encode(std::span<const source>(from), packed_span<F>(std::span(got), from.size()),
             nearest_even, overflow::to_special, missing_nan::largest, level);
      INFO(lowp::name(level));
      CHECK((got == want));  // not printed
    }
  };
  check_one.operator()<formats::posit<8>>(in);
  check_one.operator()<own::nf4>(in);
  check_one.operator()<own::posit8_1>(half);
}

TEST_CASE("a posit of every 509th number of binary32") {
  constexpr std::size_t size = 0x100000000u / 509;
  std::vector<float> in(size);
  for (std::size_t i = 0; i < size; ++i)
    in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * 509));
  std::vector<std::uint8_t> want(size), got(size);
  reference::encode(formats::posit<8>, std::span<const float>(in), want.data());
  for (const isa level : test::isas()) {
    encode(std::span<const float>(in), packed_span<formats::posit<8>>(std::span(got), size),
           nearest_even, overflow::to_special, missing_nan::largest, level);
    INFO(lowp::name(level));
    CHECK((got == want));  // not printed
  }
}

namespace {

/// By tables of binades, in modes that draw, and without random bits where thresholds do not serve.
template <class F>
void check_binades(const F& f, std::initializer_list<overflow> policies, bool draws) {
  const auto of_step = static_cast<std::size_t>(
      draws ? 2 * kernels::draw_table<std::uint32_t>::buckets_per_step(f.bits()) : 32);
  const std::size_t least = (of_step << f.bits()) + 2048;
  const std::vector<float> in = inputs_of<float>(f, least);
  const std::vector<double> wide = inputs_of<double>(f, least + 16384);
  const auto check_mode = [&](const any_rounding& mode, std::string_view name) {
    REQUIRE(bulk::find_binades<std::uint32_t, true>(f, mode, overflow::wrap, missing_nan::largest,
                                                    in.size()) != nullptr);
    REQUIRE(bulk::find_binades<std::uint64_t, false>(f, mode, overflow::wrap, missing_nan::largest,
                                                     wide.size()) != nullptr);
    for (const overflow o : policies) check(f, in, mode, name, o, missing_nan::zero);
    check(f, wide, mode, name, *policies.begin(), missing_nan::largest);
  };
  if (!draws) {
    for (const auto& mode : rounding_modes) {
      if (!mode.mode.is_stochastic()) check_mode(mode.mode, mode.name);
    }
    return;
  }
  for (const auto variant : {stochastic_variant::a, stochastic_variant::b, stochastic_variant::c,
                             stochastic_variant::equal}) {
    for (const int bits : {1, 13, 32}) {
      const stochastic draw{.seed = 5, .index = 3, .random_bits = bits, .variant = variant};
      check_mode(draw, "stochastic " + std::to_string(static_cast<int>(variant)) + " " +
                           std::to_string(bits));
    }
  }
}

}  // namespace

TEST_CASE("modes that draw, of formats of at most 8 bits") {
  const auto policies = {overflow::to_special, overflow::saturate, overflow::wrap};
  check_binades(own::nf4, policies, true);
  check_binades(own::trits, policies, true);
  check_binades(own::posit8_1, {overflow::to_special}, true);
  check_binades(own::log8, {overflow::wrap}, true);
  check_binades(formats::posit<6, 1>, policies, true);
}

TEST_CASE("policies that do as they like beyond the ends of the range") {
  const auto policies = {overflow::wrap, overflow::wrap_sign_magnitude, overflow::to_zero};
  check_binades(own::nf4, policies, false);
  check_binades(own::trits, policies, false);
  check_binades(own::posit8_1, {overflow::wrap}, false);
}

TEST_CASE("formats of more than 8 bits") {
  const auto policies = {overflow::wrap, overflow::to_special};
  check_binades(own::rest1024, policies, false);
  check_binades(formats::posit<10, 2>, policies, false);
  std::size_t count = 0;
  const std::vector<float> in = inputs_of<float>(own::squares, 270000);
  for (const auto& mode : rounding_modes) {
    const std::string_view name = mode.name;  // of some, a stochastic one, too
    if (name != "nearest_even" && name != "to_odd" && name != "downward" && name != "stochastic") {
      continue;
    }
    REQUIRE(bulk::find_binades<std::uint32_t, false>(own::squares, mode.mode, overflow::wrap,
                                                     missing_nan::largest, in.size()) != nullptr);
    count +=
        check(own::squares, in, mode.mode, mode.name, overflow::to_special, missing_nan::largest);
  }
  CHECK(count > 500000);
  const stochastic draw{.seed = 1, .random_bits = 10};
  count = check(own::rest1024, inputs_of<float>(own::rest1024, 260000), draw, "stochastic",
                overflow::wrap, missing_nan::largest);
  CHECK(count > 100000);
}

TEST_CASE("a family whose modes are asked more than once is drawn by the definition") {
  std::vector<float> in(20000);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = 0x1p-14f * static_cast<float>(i);
  const stochastic draw{.seed = 2, .random_bits = 8};
  CHECK(bulk::find_binades<std::uint32_t, false>(own::asking{}, draw, overflow::saturate,
                                                 missing_nan::largest, in.size()) == nullptr);
  check(own::asking{}, in, draw, "stochastic", overflow::saturate, missing_nan::largest);
}

TEST_CASE("values of codes of 9 to 16 bits by a table") {
  const auto check_one = [&]<auto F>() {
    const std::size_t size = (std::size_t{2} << F.bits()) + 5;
    std::vector<std::uint8_t> bytes(packed_bytes(size, F.bits(), packing{}));
    for (std::size_t i = 0; i < size; ++i) {
      store_code(bytes.data(), i, F.bits(), i * 0x9E3779B97F4A7C15u >> (64 - F.bits()), packing{});
    }
    std::vector<float> want(size), got(size);
    reference::decode(F, bytes.data(), std::span(want));
    for (const isa level : test::isas()) {
      decode(const_packed_span<F>(std::span<const std::uint8_t>(bytes), size), std::span(got),
             level);
      CHECK(std::memcmp(got.data(), want.data(), size * sizeof(float)) == 0);
    }
  };
  check_one.operator()<own::squares>();
  check_one.operator()<own::rest1024>();
  check_one.operator()<formats::posit<16>>();
}
