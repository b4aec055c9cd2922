// SPDX-License-Identifier: MIT
// On every instruction set, the array functions give the bytes of the definition (reference.hpp):
// for every kind of format, rounding mode, rule for the ends of the range, source, packing, length
// and alignment. Bits that belong to no element stay as they were.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrays/array_cases.hpp"
#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/reference.hpp"
#include "lowp/core/random.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"
#include "share.hpp"

namespace {

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using lowp::any_rounding;
using lowp::code_t;
using lowp::isa;
using lowp::missing_nan;
using lowp::overflow;
using test::encode_late;
using test::encoder;
using test::every;
using test::for_each_early_encoder;
using test::framed;
using test::request;
using test::source_name;

std::string text(const std::function<std::string()>& where, isa level, std::ptrdiff_t byte) {
  return where() + ", " + std::string(name(level)) + ", byte " + std::to_string(byte);
}

/// The codes of `in` and, with rounds_too, its values on the grid of the format.
template <class F, class T>
void compare(oracle::tally& t, const std::function<std::string()>& where, const F& f,
             std::span<const T> in, encoder<T, F> encode, const request& r, bool rounds_too) {
  if (!test::takes_next_case() && t.compared > 0) return;
  framed expected(lowp::packed_bytes(in.size(), f.bits()));
  framed actual(expected.bytes().size());
  lowp::reference::encode(f, in, expected.data(), r.mode, r.o, r.n);
  for (const isa level : test::isas()) {
    actual.reset(expected.bytes().size());
    encode(f, in, actual.bytes(), r, {}, level);
    t.check(actual == expected, [&](auto& out) {
      const std::ptrdiff_t byte = actual.difference(expected);
      out << text(where, level, byte) << ": about element " << byte * 8 / f.bits();
    });
  }

  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    if (!rounds_too) return;
    framed values(in.size_bytes()), rounded(in.size_bytes());
    lowp::reference::round_to(f, in, values.as<T>(), r.mode, r.o, r.n);
    for (const isa level : test::isas()) {
      rounded.reset(in.size_bytes());
      lowp::round_to(f, in, rounded.as<T>(), r.mode, r.o, r.n, level);
      t.check(rounded == values, [&](auto& out) {
        const std::ptrdiff_t byte = rounded.difference(values);
        out << text(where, level, byte) << ", round_to: element "
            << byte / static_cast<std::ptrdiff_t>(sizeof(T));
      });
    }
  }
}

/// Every mode with every rule for the ends of the range.
template <class T, class F>
void compare_modes(oracle::tally& t, const std::string& format, const F& f,
                   std::type_identity_t<encoder<T, F>> encode, std::size_t step) {
  const std::vector<T> in = every(step, test::inputs<T>(f));
  for (const auto& [mode_name, mode] : lowp::rounding_modes) {
    for (const overflow o : test::policies) {
      for (const missing_nan n : test::nan_policies) {
        // Most of these the definition computes.
        const bool wraps = o == overflow::wrap || o == overflow::wrap_sign_magnitude;
        if (wraps && n != missing_nan::signed_largest) continue;
        const auto where = [&, &m = mode_name] {
          return source_name<T> + (" to " + format) + ", " + std::string(m) + ", " +
                 oracle::name_of(o) + ", missing_nan " + std::to_string(static_cast<int>(n));
        };
        compare<F, T>(t, where, f, in, encode, {mode, o, n},
                      n == missing_nan::largest || n == missing_nan::flipped_zero);
      }
    }
  }
}

/// Every stochastic mode.
template <class T, class F>
void compare_draws(oracle::tally& t, const std::string& format, const F& f,
                   std::type_identity_t<encoder<T, F>> encode, std::size_t step,
                   std::size_t draw_step) {
  const std::vector<T> in = every(step, test::inputs<T>(f));
  for (std::size_t i = 0; i < test::draw_count; i += draw_step) {
    const request r{test::draw(i), test::policies[i % 3], test::nan_policies[i % 4]};
    const auto where = [&] {
      return source_name<T> + (" to " + format) + ", draw " + std::to_string(i);
    };
    compare<F, T>(t, where, f, in, encode, r, i % 2 == 0);
  }
}

}  // namespace

TEST_CASE("binary32 to every format, mode and rule for the ends of the range") {
  oracle::tally t;
  test::for_each_format([&](const std::string& name, const auto& f) {
    compare_modes<float>(t, name, f, encode_late, 2);
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Other sources to every format, mode and rule for the ends of the range") {
  oracle::tally t;
  for_each_early_encoder<double>([&](const std::string& name, const auto& f, const auto& encode) {
    compare_modes<double>(t, name, f, encode, 4);
  });
  for_each_early_encoder<lowp::binary16>(
      [&](const std::string& name, const auto& f, const auto& encode) {
        compare_modes<lowp::binary16>(t, name, f, encode, 5);
      });
  for_each_early_encoder<lowp::bfloat16>(
      [&](const std::string& name, const auto& f, const auto& encode) {
        compare_modes<lowp::bfloat16>(t, name, f, encode, 5);
      });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Stochastic rounding to every format, with every number of bits, variant and generator") {
  oracle::tally t;
  test::for_each_format([&](const std::string& name, const auto& f) {
    compare_draws<float>(t, name, f, encode_late, 3, 1);
  });
  for_each_early_encoder<double>([&](const std::string& name, const auto& f, const auto& encode) {
    compare_draws<double>(t, name, f, encode, 5, 3);
  });
  for_each_early_encoder<lowp::binary16>(
      [&](const std::string& name, const auto& f, const auto& encode) {
        compare_draws<lowp::binary16>(t, name, f, encode, 7, 7);
      });
  for_each_early_encoder<lowp::bfloat16>(
      [&](const std::string& name, const auto& f, const auto& encode) {
        compare_draws<lowp::bfloat16>(t, name, f, encode, 7, 5);
      });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Modes known at compile time") {
  oracle::tally t;
  const auto compare_mode = [&](const auto& mode) {
    for (const lowp::float_format& f : {formats::e4m3fn, formats::e8m0, formats::bfloat16}) {
      const std::vector<float> in = every(3, test::inputs<float>(f));
      framed expected(4 * in.size()), actual(4 * in.size());
      lowp::reference::round_to(f, std::span<const float>(in), expected.as<float>(), mode);
      for (const isa level : test::isas()) {
        actual.reset(4 * in.size());
        lowp::round_to(f, in, actual.as<float>(), mode, overflow::to_special, missing_nan::largest,
                       level);
        t.check(actual == expected, [&](auto& out) {
          out << f.bits() << " bits, " << name(level) << ", byte " << actual.difference(expected);
        });
      }
    }
  };
  compare_mode(lowp::nearest_even);
  compare_mode(lowp::downward);
  compare_mode(lowp::to_odd);
  const std::vector<float> in = test::inputs<float>(formats::e2m1);
  framed expected(lowp::packed_bytes(in.size(), 4)), actual(lowp::packed_bytes(in.size(), 4));
  lowp::reference::encode(formats::e2m1, std::span<const float>(in), expected.data());
  for (const isa level : test::isas()) {
    actual.reset(actual.bytes().size());
    lowp::encode(in, lowp::packed_span<formats::e2m1>(actual.bytes(), in.size()),
                 lowp::nearest_even, overflow::to_special, missing_nan::largest, level);
    t.check(actual == expected, [&](auto& out) { out << "e2m1, " << name(level); });
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Values out of range among many in range") {
  // Groups of either kind follow each other, and what one loop hands to another ends in the middle.
  oracle::tally t;
  const std::array specials{std::uint32_t{0x7FC00000}, std::uint32_t{0xFFA00001},
                            std::uint32_t{0x7F800000}, std::uint32_t{0xFF800000},
                            std::uint32_t{0x7F7FFFFF}, std::uint32_t{0xC7C35000}};
  std::vector<std::uint32_t> bits(3001);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto word = static_cast<std::uint32_t>(test::random_word(i));
    bits[i] = (word & 0x807FFFFFu) | ((120 + (word >> 23) % 8) << 23);
    const bool is_dense = i % 1500 > 1200;
    if (test::random_word(i + 77) % (is_dense ? 5 : 701) == 0) bits[i] = specials[i % 6];
  }
  const std::vector<float> in =
      test::array_of<float>(std::vector<code_t>(bits.begin(), bits.end()));
  const auto compare_all = [&](const auto& f) {
    for (const auto& [mode_name, mode] : lowp::rounding_modes) {
      for (const overflow o : {overflow::to_special, overflow::saturate}) {
        const auto where = [&, &m = mode_name] {
          return std::to_string(f.bits()) + " bits, " + std::string(m) + ", " + oracle::name_of(o);
        };
        compare<std::remove_cvref_t<decltype(f)>, float>(t, where, f, in, encode_late,
                                                         {mode, o, missing_nan::largest}, true);
      }
    }
  };
  for (const lowp::float_format& f :
       {formats::e4m3fn, formats::e4m3, formats::e4m3fnuz, formats::e2m1, formats::binary16,
        formats::bfloat16, formats::e8m0,
        lowp::float_format{.exponent_bits = 5, .mantissa_bits = 10, .has_infinity = false}}) {
    compare_all(f);
  }
  for (const lowp::fixed_format& f : {formats::int_n<8>, formats::uint_n<8>}) compare_all(f);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("binary64 to grids wider than 32 bits") {
  oracle::tally t;
  const auto compare_wide = [&](const auto& f) {
    const std::vector<double> in = every(2, test::inputs<double>(f));
    framed expected(in.size() * 8), actual(in.size() * 8);
    const auto round = [&](const any_rounding& mode, overflow o) {
      expected.reset(in.size() * 8);
      lowp::reference::round_to(f, std::span<const double>(in), expected.as<double>(), mode, o);
      for (const isa level : test::isas()) {
        actual.reset(in.size() * 8);
        lowp::round_to(f, in, actual.as<double>(), mode, o, missing_nan::largest, level);
        t.check(actual == expected, [&](auto& out) {
          out << f.bits() << " bits, " << name(level) << ", byte " << actual.difference(expected);
        });
      }
    };
    for (const auto& [mode_name, mode] : lowp::rounding_modes) {
      for (const overflow o : test::policies) round(mode, o);
    }
    for (std::size_t i = 0; i < test::draw_count; ++i) round(test::draw(i), overflow::to_special);
  };
  compare_wide(formats::binary64);
  compare_wide(lowp::float_format{.exponent_bits = 11, .mantissa_bits = 51});
  compare_wide(lowp::float_format{.exponent_bits = 11, .mantissa_bits = 40});
  compare_wide(lowp::float_format{.exponent_bits = 8, .mantissa_bits = 51});
  compare_wide(lowp::float_format{.exponent_bits = 8, .mantissa_bits = 30});
  compare_wide(lowp::float_format{.exponent_bits = 15, .mantissa_bits = 33});
  compare_wide(formats::fixed<40, 20>);
  compare_wide(formats::fixed<51, 60>);
  compare_wide(formats::fixed<52, -3>);
  compare_wide(formats::fixed<64, 32>);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The value of every code of up to 16 bits, and of many of more") {
  oracle::tally t;
  // Of more than 16 bits: any, and those whose bits are equal but for the first or the last ones,
  // with one more or less, which are the largest, the smallest, infinities, NaN and ties.
  const auto code_of = [](std::size_t i, int bits) -> code_t {
    if (bits <= 16) return i * 5;
    const code_t any = test::random_word(i), ones = lowp::low_mask(static_cast<int>(i / 8) % 33);
    const code_t some[] = {any, any & ~ones, any | ones, ones, ~ones, ones + 1, ~ones - 1, any};
    return some[i % 8];
  };
  const auto compare_all = [&](const std::string& format, const auto& f) {
    // One array with all codes, and behind them 100 more so that no group is whole.
    const std::size_t count = (std::size_t{1} << (f.bits() <= 16 ? f.bits() : 13)) + 100;
    std::vector<std::uint8_t> codes(lowp::packed_bytes(count, f.bits()));
    for (std::size_t i = 0; i < count; ++i) {
      lowp::store_code(codes.data(), i, f.bits(), code_of(i, f.bits()));
    }
    framed expected(4 * count), actual(4 * count);
    lowp::reference::decode(f, codes.data(), expected.as<float>());
    for (const isa level : test::isas()) {
      actual.reset(4 * count);
      lowp::decode(f, codes, actual.as<float>(), {}, level);
      t.check(actual == expected, [&](auto& out) {
        out << format << ", " << name(level) << ", element " << actual.difference(expected) / 4;
      });
    }
  };
  test::for_each_format([&](const std::string& format, const auto& f) {
    if (f.bits() <= 64) compare_all(format, f);
  });
  compare_all("24 bits, 8 of them a fraction", formats::fixed<24, 8>);
  compare_all("24 bits, 100 below the point", formats::fixed<24, 100>);
  compare_all("29 bits in integers", formats::ufixed<29, -60>);
  compare_all("32 bits, infinity at the end of the codes",
              lowp::float_format{.exponent_bits = 8, .mantissa_bits = 23, .has_infinity = false});
  compare_all("22 bits without infinity",
              lowp::float_format{
                  .exponent_bits = 8, .mantissa_bits = 13, .has_infinity = false, .nan_codes = 1});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks of random bits are those of Philox, wherever they begin") {
  oracle::tally t;
  constexpr std::uint64_t whole = ~std::uint64_t{0};
  for (const isa level : test::isas()) {
    for (const int rounds : {7, 10}) {
      for (const std::uint64_t mask : {whole, whole >> 2, whole >> 3, whole >> 4}) {
        for (const std::uint64_t first :
             {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 32) - 21, mask - 20}) {
          for (const std::size_t count : {1u, 3u, 4u, 16u, 31u, 32u, 33u, 67u}) {
            const std::uint64_t seed = test::random_word(count);
            std::vector<std::uint64_t> blocks(2 * (count + lowp::kernels::philox_slack));
            lowp::kernels::philox(level, seed, first, mask, rounds, count, blocks.data());
            bool same = true;
            for (std::size_t i = 0; i < count; ++i) {
              const std::uint64_t block = (first + i) & mask;
              const auto words = lowp::philox4x32_rounds(
                  rounds,
                  {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0,
                   0},
                  {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
              same = same && blocks[2 * i] == (words[0] | std::uint64_t{words[1]} << 32) &&
                     blocks[2 * i + 1] == (words[2] | std::uint64_t{words[3]} << 32);
            }
            t.check(same, [&](auto& out) {
              out << name(level) << ", " << rounds << " rounds, " << count << " from " << first;
            });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
