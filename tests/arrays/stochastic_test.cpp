// SPDX-License-Identifier: MIT
// Stochastic rounding in bulk: frequencies against the exact probabilities of each variant, and the
// generators against what independent fair bits do. Seeds are fixed, so a test that passes once
// passes always; bounds are five standard deviations, which one honest count in 1.7 million
// exceeds.
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arrays/array_functions.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "oracle.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::any_rounding;
using lowp::generator;
using lowp::isa;
using lowp::stochastic;
using lowp::stochastic_variant;

constexpr std::array variants{stochastic_variant::a, stochastic_variant::b, stochastic_variant::c,
                              stochastic_variant::equal};
constexpr std::array generators{generator::philox4x32_10, generator::philox4x32_7};

/// In how many of the 2^bits draws a fraction of v / 2^22 rounds up, by the wording of the
/// variants.
std::uint64_t ways_up(stochastic_variant variant, int bits, std::uint64_t v) {
  const std::uint64_t draws = std::uint64_t{1} << bits;
  constexpr std::uint64_t unit = std::uint64_t{1} << 22;
  switch (variant) {
    case stochastic_variant::a: return v * draws / unit;  // R >= 2^N - floor(v 2^N)
    case stochastic_variant::b: {                         // 2 R + 1 >= 2^(N+1) - floor(v 2^(N+1))
      const std::uint64_t missing = 2 * draws - 2 * draws * v / unit;
      return draws - missing / 2;
    }
    case stochastic_variant::c: {
      const std::uint64_t whole = v * draws / unit, rest = v * draws % unit;
      return whole + (rest > unit / 2 || (rest == unit / 2 && whole % 2 == 1) ? 1 : 0);
    }
    case stochastic_variant::equal: break;
  }
  return v == 0 ? 0 : draws / 2;
}

/// Whether a count of `n` trials with probability p is within five standard deviations.
bool is_plausible(double count, double n, double p) {
  return std::fabs(count - n * p) <= 5 * std::sqrt(n * p * (1 - p));
}
/// The same for a chi-square statistic, which is nearly normal for this many degrees of freedom.
bool is_plausible_chi_square(double value, double degrees) {
  return std::fabs(value - degrees) <= 5 * std::sqrt(2 * degrees);
}

/// Values of binary32 between two neighbours of e2m1, 2^-22 of the way apart.
struct interval {
  float low, step, high;
};
constexpr std::array intervals{interval{0.0f, 0x1p-23f, 0.5f}, interval{1.0f, 0x1p-23f, 1.5f},
                               interval{2.0f, 0x1p-22f, 3.0f}, interval{-4.0f, -0x1p-21f, -6.0f}};
constexpr std::array<std::uint64_t, 8> fractions{
    std::uint64_t{1} << 21,      std::uint64_t{1} << 20, 0x155555, 0x3C0001, 0x010000, 0x003FFF, 1,
    (std::uint64_t{1} << 22) - 1};

}  // namespace

TEST_CASE("Frequencies are the exact probabilities of each variant and number of random bits") {
  constexpr std::size_t count = 1 << 16;
  oracle::tally t;
  std::vector<float> in(count), out(count);
  for (const isa level : test::isas()) {
    for (const int bits : {1, 5, 8, 9, 11, 16, 17, 23, 32}) {
      for (const stochastic_variant variant : variants) {
        for (const generator g : generators) {
          double chi_square = 0, degrees = 0;
          for (std::size_t i = 0; i < fractions.size(); ++i) {
            const interval at = intervals[i % intervals.size()];
            const float x = at.low + static_cast<float>(fractions[i]) * at.step;
            in.assign(count, x);
            const any_rounding mode = stochastic{i + 1, 0, bits, variant, g};
            lowp::round_to(formats::e2m1, in, out, mode, lowp::overflow::to_special,
                           lowp::missing_nan::largest, level);
            // In all, and of the elements that share a lane of their block.
            std::array<std::uint64_t, 16> up{};
            bool is_neighbour = true;
            for (std::size_t j = 0; j < count; ++j) {
              is_neighbour = is_neighbour && (out[j] == at.low || out[j] == at.high);
              up[j % 16] += out[j] == at.high ? 1u : 0u;
            }
            const double p = static_cast<double>(ways_up(variant, bits, fractions[i])) /
                             static_cast<double>(std::uint64_t{1} << bits);
            const auto describe = [&](auto& text) {
              text << name(level) << ", " << bits << " bits, variant " << static_cast<int>(variant)
                   << ", generator " << static_cast<int>(g) << ", " << x << ", probability " << p;
            };
            std::uint64_t all = 0;
            const double n = count / 16;
            for (const std::uint64_t some : up) {
              all += some;
              t.check(is_plausible(static_cast<double>(some), n, p) || n * p * (1 - p) < 10,
                      describe);
              if (n * p * (1 - p) < 10) continue;
              const double excess = static_cast<double>(some) - n * p;
              chi_square += excess * excess / (n * p * (1 - p));
              degrees += 1;
            }
            // Where next to nothing is expected, a handful is the bound.
            const double spread = count * p * (1 - p);
            t.check(is_neighbour, describe);
            t.check(is_plausible(static_cast<double>(all), count, p) ||
                        (spread > 0 && spread < 10 &&
                         std::fabs(static_cast<double>(all) - count * p) < 20),
                    describe);
          }
          t.check(is_plausible_chi_square(chi_square, degrees), [&](auto& text) {
            text << name(level) << ", " << bits << " bits, variant " << static_cast<int>(variant)
                 << ": chi-square " << chi_square << " for " << degrees << " degrees of freedom";
          });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE(
    "A fraction below 2^-32 of a unit is rounded to 32 bits before the random ones are added") {
  // The draw whose bits are all ones, which the least fraction carries.
  constexpr std::uint64_t all_ones = 6'153'212'237;
  REQUIRE(lowp::random_bits(0, all_ones, 32) == 0xFFFFFFFFu);
  const auto up = [&](float fraction, stochastic_variant variant, isa level) {
    const float in = fraction * 0x1p-9f;  // in units of the smallest e4m3fn
    float out = 0;
    const stochastic mode{.index = all_ones, .variant = variant};
    lowp::round_to<formats::e4m3fn>(std::span(&in, 1), std::span(&out, 1), mode,
                                    lowp::overflow::to_special, lowp::missing_nan::largest, level);
    return out == 0x1p-9f;
  };
  for (const isa level : test::isas()) {
    INFO(name(level));
    CHECK_FALSE(up(0x1p-33f, stochastic_variant::c, level));  // a tie goes to 0
    CHECK(up(0x1.000002p-33f, stochastic_variant::c, level));
    CHECK_FALSE(up(0x1.FFFFFEp-34f, stochastic_variant::c, level));
    CHECK(up(0x1.8p-32f, stochastic_variant::c, level));
    CHECK_FALSE(up(0x1p-60f, stochastic_variant::c, level));
    CHECK_FALSE(up(0x1p-117f, stochastic_variant::c, level));
    CHECK_FALSE(up(0x1.FFFFFEp-33f, stochastic_variant::a, level));
    CHECK(up(0x1p-32f, stochastic_variant::a, level));
    CHECK(up(0x1p-33f, stochastic_variant::b, level));  // sees one bit more
    CHECK_FALSE(up(0x1.FFFFFEp-34f, stochastic_variant::b, level));
  }
}

TEST_CASE(
    "Modes that draw in other ways, one after the other, have nothing to do with each other") {
  // More of them than have a plan that is kept, in an order in which each comes again with another
  // seed and index.
  oracle::tally t;
  std::vector<float> in(64);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i * i) * 0.37f - 300.0f;
  std::vector<std::uint8_t> expected(in.size()), found(in.size());
  constexpr auto format = formats::e4m3fn;
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    for (const int bits : {1, 3, 8, 13, 32}) {
      for (const stochastic_variant variant : variants) {
        for (const generator from : generators) {
          for (const auto range : {lowp::overflow::saturate, lowp::overflow::to_special}) {
            const stochastic mode{7 + pass, 1000 * pass + 1, bits, variant, from};
            lowp::reference::encode(format, std::span<const float>(in), expected.data(), mode,
                                    range, lowp::missing_nan::largest, {});
            lowp::encode(std::span<const float>(in), lowp::packed_span<format>(found, found.size()),
                         mode, range, lowp::missing_nan::largest);
            t.check(found == expected, [&](auto& text) {
              text << "pass " << pass << ", " << bits << " bits, variant "
                   << static_cast<int>(variant) << ", overflow " << static_cast<int>(range);
            });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The mean of what is rounded is what was there") {
  // Random bits of the unbiased variants: the sum of 2^16 rounded values is within five standard
  // deviations of the sum of the values.
  constexpr std::size_t count = 1 << 16;
  std::vector<float> in(count), out(count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto fraction = static_cast<float>(test::random_word(i) >> 42);
    in[i] = 1.0f + fraction * 0x1p-23f;
    sum += static_cast<double>(in[i]);
  }
  for (const generator g : generators) {
    for (const int bits : {16, 32}) {
      const any_rounding mode = stochastic{9, 0, bits, stochastic_variant::c, g};
      lowp::round_to(formats::e2m1, in, out, mode);
      double rounded = 0;
      for (const float x : out) rounded += static_cast<double>(x);
      // A fraction that is uniform has variance 1/6 of a squared unit when rounded.
      INFO(bits << " bits: " << rounded << ", expected " << sum);
      CHECK(std::fabs(rounded - sum) < 5 * 0.5 * std::sqrt(count / 6.0));
    }
  }
}

namespace {

/// Random blocks of a generator as the array functions get them, lane by lane.
struct sample {
  std::string name;
  std::vector<std::uint64_t> words;

  /// Lane i of `width` bits.
  [[nodiscard]] std::uint32_t lane(std::size_t i, std::size_t width) const {
    const std::size_t bit = i * width;
    return static_cast<std::uint32_t>(words[bit / 64] >> (bit % 64) &
                                      ((std::uint64_t{1} << width) - 1));
  }
  [[nodiscard]] std::size_t lanes(std::size_t width) const { return words.size() * 64 / width; }
};

constexpr std::size_t block_count = std::size_t{1} << 16;

std::vector<sample> samples() {
  std::vector<sample> list;
  for (const int rounds : {10, 7}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63}) {
      for (const std::uint64_t first : {std::uint64_t{0}, (std::uint64_t{1} << 32) - 1000}) {
        std::vector<std::uint64_t> words(2 * (block_count + lowp::kernels::philox_slack));
        lowp::kernels::philox(test::highest_isa(), seed, first, ~std::uint64_t{0}, rounds,
                              block_count, words.data());
        words.resize(2 * block_count);
        list.push_back({std::to_string(rounds) + " rounds, seed " + std::to_string(seed) +
                            ", from block " + std::to_string(first),
                        std::move(words)});
      }
    }
  }
  return list;
}

}  // namespace

TEST_CASE("Each bit of a block is as often one as zero, and changes as often as not") {
  oracle::tally t;
  for (const sample& s : samples()) {
    for (const std::size_t width : {8u, 16u, 32u}) {
      // By the lane in the block and the bit in the lane: ones, and equality with the lane before.
      const std::size_t lanes = 128 / width;
      std::vector<std::uint64_t> ones(128), same(128);
      for (std::size_t i = 1; i < s.lanes(width); ++i) {
        const std::uint32_t now = s.lane(i, width), changed = now ^ s.lane(i - 1, width);
        for (std::size_t bit = 0; bit < width; ++bit) {
          ones[i % lanes * width + bit] += now >> bit & 1;
          same[i % lanes * width + bit] += ~changed >> bit & 1;
        }
      }
      for (std::size_t bit = 0; bit < 128; ++bit) {
        const auto n = static_cast<double>(block_count - (bit < width ? 1 : 0));
        t.check(is_plausible(static_cast<double>(ones[bit]), n, 0.5) &&
                    is_plausible(static_cast<double>(same[bit]), n, 0.5),
                [&](auto& text) {
                  text << s.name << ", bit " << bit << " in lanes of " << width << ": " << ones[bit]
                       << " ones, " << same[bit] << " as before, of " << n;
                });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Values of lanes are uniform, and neighbours do not correlate") {
  oracle::tally t;
  for (const sample& s : samples()) {
    for (const std::size_t width : {8u, 16u, 32u}) {
      // Chi-square of the upper byte, and of the upper four bits of pairs of neighbours.
      std::vector<std::uint64_t> bytes(256), pairs(256);
      double products = 0;
      const std::size_t n = s.lanes(width);
      const double scale = std::ldexp(1.0, -static_cast<int>(width));
      const auto centred = [&](std::size_t i) {
        return (static_cast<double>(s.lane(i, width)) + 0.5) * scale - 0.5;
      };
      for (std::size_t i = 0; i < n; ++i) ++bytes[s.lane(i, width) >> (width - 8)];
      for (std::size_t i = 0; i + 1 < n; ++i) {
        products += centred(i) * centred(i + 1);
        if (i % 2 == 0) {
          ++pairs[s.lane(i, width) >> (width - 4) << 4 | s.lane(i + 1, width) >> (width - 4)];
        }
      }
      const auto chi_square = [](const std::vector<std::uint64_t>& cells, double total) {
        double sum = 0;
        for (const std::uint64_t cell : cells) {
          const double excess = static_cast<double>(cell) - total / 256;
          sum += excess * excess / (total / 256);
        }
        return sum;
      };
      const double of_bytes = chi_square(bytes, static_cast<double>(n));
      const double of_pairs = chi_square(pairs, static_cast<double>(n / 2));
      // The product of two independent lanes has variance 1/12^2.
      const double correlation = products / static_cast<double>(n - 1) * 12;
      t.check(is_plausible_chi_square(of_bytes, 255) && is_plausible_chi_square(of_pairs, 255) &&
                  std::fabs(correlation) < 5 / std::sqrt(static_cast<double>(n - 1)),
              [&](auto& text) {
                text << s.name << ", lanes of " << width << ": chi-square " << of_bytes << " and "
                     << of_pairs << " for 255 degrees of freedom, correlation " << correlation;
              });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Streams of neighbouring seeds have nothing to do with each other") {
  oracle::tally t;
  for (const int rounds : {10, 7}) {
    std::vector<std::uint64_t> before;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      std::vector<std::uint64_t> words(2 * (block_count + lowp::kernels::philox_slack));
      lowp::kernels::philox(test::highest_isa(), seed, 0, ~std::uint64_t{0}, rounds, block_count,
                            words.data());
      words.resize(2 * block_count);
      if (!before.empty()) {
        std::array<std::uint64_t, 64> same{};
        for (std::size_t i = 0; i < words.size(); ++i) {
          const std::uint64_t agree = ~(words[i] ^ before[i]);
          for (std::size_t bit = 0; bit < 64; ++bit) same[bit] += agree >> bit & 1;
        }
        for (const std::uint64_t count : same) {
          t.check(is_plausible(static_cast<double>(count), static_cast<double>(words.size()), 0.5),
                  [&](auto& text) {
                    text << rounds << " rounds, seeds " << seed - 1 << " and " << seed << ": "
                         << count;
                  });
        }
      }
      before = std::move(words);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
