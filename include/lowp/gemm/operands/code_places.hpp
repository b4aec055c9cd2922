// SPDX-License-Identifier: MIT
// Where the bits of codes lie in a record or in a dense row, found by asking the record's own
// load(): 64 codes at a time for kernels that gather them (kernels::code_places). Any record whose
// codes are bits of its bytes, as they are or inverted, is read at speed this way.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/products/block_tiles.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A bit of a code: bit `number` of the bytes in a row, or its inverse.
struct code_bit {
  std::size_t number = 0;
  bool is_inverted = false;
};

/// The bits of codes that repeat: `codes` of them lie in `bytes`, then the next ones.
struct code_pattern {
  int bits = 0;
  std::size_t codes = 0, bytes = 0;
  std::vector<code_bit> places;  ///< [code][bit]; empty: not known
};

/// Of codes that follow each other without gaps, low bits first.
[[nodiscard]] inline code_pattern pattern_of_dense(int bits, int width) {
  code_pattern p{bits,
                 kernels::code_places::size,
                 kernels::code_places::size / 8 * static_cast<std::size_t>(width),
                 {}};
  for (std::size_t i = 0; i < p.codes; ++i) {
    for (int b = 0; b < bits; ++b) {
      p.places.push_back({i * static_cast<std::size_t>(width) + static_cast<std::size_t>(b)});
    }
  }
  return p;
}

/// Of a leaf of `bits` bits of a record: bytes in which bit i is bit t of the number i tell bit t
/// of the place of each bit of a code; bytes of zeros tell whether it is inverted.
template <class Record>
[[nodiscard]] code_pattern pattern_of_record(int leaf, int bits) {
  code_pattern p{bits, Record::per_record(leaf), Record::bytes, {}};
  std::uint8_t bytes[Record::bytes] = {};
  const auto each_bit = [&](const auto& use) {
    for (std::size_t i = 0; i < p.codes; ++i) {
      const code_t code = Record::load(bytes, leaf, i);
      for (int b = 0; b < bits; ++b) {
        use(p.places[i * static_cast<std::size_t>(bits) + static_cast<std::size_t>(b)],
            (code >> b & 1) != 0);
      }
    }
  };
  p.places.resize(p.codes * static_cast<std::size_t>(bits));
  each_bit([](code_bit& place, bool is_one) { place.is_inverted = is_one; });
  constexpr int number_bits = std::bit_width(Record::bytes * 8 - 1);
  for (int t = 0; t < number_bits; ++t) {
    for (std::size_t i = 0; i < Record::bytes; ++i) {
      unsigned byte = 0;
      for (unsigned b = 0; b < 8; ++b) byte |= static_cast<unsigned>((i * 8 + b) >> t & 1) << b;
      bytes[i] = static_cast<std::uint8_t>(byte);
    }
    each_bit([t](code_bit& place, bool is_one) {
      if (is_one != place.is_inverted) place.number |= std::size_t{1} << t;
    });
  }
  // A record may compute its codes otherwise: ask once more.
  for (std::size_t i = 0; i < Record::bytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 151 + (i >> 3) * 29 + 77);
  }
  bool are_bits = true;
  each_bit([&](const code_bit& place, bool is_one) {
    const bool is_set = place.number / 8 < Record::bytes &&
                        (bytes[place.number / 8] >> (place.number % 8) & 1) != 0;
    are_bits = are_bits && is_one == (is_set != place.is_inverted);
  });
  if (!are_bits) p.places.clear();
  return p;
}

/// What a code of at most 8 bits stands for: bytes without a sign.
using code_bytes = std::uint8_t[256];

/// How rows of codes are gathered: step after step, `codes` in all from `bytes`, then from the next
/// bytes. Without steps they are not.
struct code_steps {
  std::vector<kernels::code_places> steps;
  std::size_t codes = 0, bytes = 0;
  static constexpr std::size_t most_reach = 1024;
  std::size_t reach = 0;  ///< so many bytes from the first may be read

  code_steps() = default;
  /// `whole`: as many codes as one step holds, which may be part of it; else whole steps.
  code_steps(const code_pattern& p, const code_bytes& stand_for, bool is_part) {
    constexpr std::size_t size = kernels::code_places::size;
    if (p.places.empty() || p.bits > 8 || p.codes == 0) return;
    std::size_t repeats = 1;
    while (!is_part && repeats * p.codes % size != 0) ++repeats;
    if (is_part && p.codes > size) return;
    codes = repeats * p.codes;
    bytes = repeats * p.bytes;
    if (codes > 512) return;
    for (std::size_t first = 0; first < codes; first += size) {
      kernels::code_places step{};
      if (!make_step(p, first, (std::min)(size, codes - first), stand_for, step)) {
        steps.clear();
        return;
      }
      steps.push_back(step);
    }
    if (reach > most_reach) steps.clear();
  }

 private:
  /// A run of bits of a code: from bit `from` of the row to bit `to` of the code.
  struct run {
    std::size_t from;
    int to, count;
  };
  [[nodiscard]] bool make_step(const code_pattern& p, std::size_t first, std::size_t count,
                               const code_bytes& stand_for, kernels::code_places& step) {
    std::vector<std::vector<run>> runs(count);
    unsigned inverted = 0;
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t code = first + j;
      unsigned inverted_here = 0;
      for (int b = 0; b < p.bits; ++b) {
        const code_bit& place = p.places[code % p.codes * static_cast<std::size_t>(p.bits) +
                                         static_cast<std::size_t>(b)];
        const std::size_t from = code / p.codes * p.bytes * 8 + place.number;
        inverted_here |= static_cast<unsigned>(place.is_inverted) << b;
        std::vector<run>& all = runs[j];
        const bool continues = !all.empty() && from % 8 != 0 &&
                               all.back().from + static_cast<std::size_t>(all.back().count) == from;
        if (continues) {
          ++all.back().count;
        } else {
          all.push_back({from, b, 1});
        }
      }
      if (j != 0 && inverted_here != inverted) return false;
      inverted = inverted_here;
      step.field_count = (std::max)(step.field_count, runs[j].size());
    }
    if (step.field_count > kernels::code_places::most_fields) return false;
    for (std::size_t f = 0; f < step.field_count; ++f) {
      if (!make_field(runs, f, step.fields[f])) return false;
      reach = (std::max)({reach, step.fields[f].first[0] + std::size_t{32},
                          step.fields[f].first[1] + std::size_t{32}});
    }
    return map_codes(p.bits, inverted, stand_for, step);
  }
  [[nodiscard]] static bool make_field(const std::vector<std::vector<run>>& runs, std::size_t f,
                                       kernels::code_places::field& field) {
    for (std::size_t half = 0; half < 2; ++half) {
      std::size_t low = static_cast<std::size_t>(-1), high = 0;
      const std::size_t begin = half * 32, end = (std::min)(runs.size(), begin + 32);
      for (std::size_t j = begin; j < end; ++j) {
        if (f >= runs[j].size()) continue;
        low = (std::min)(low, runs[j][f].from / 8);
        high = (std::max)(high, runs[j][f].from / 8);
      }
      if (low > high) low = high = field.first[0];
      if (high - low > 31) return false;
      field.first[half] = static_cast<std::uint32_t>(low);
      for (std::size_t j = begin; j < end; ++j) {
        if (f >= runs[j].size()) continue;
        const run& r = runs[j][f];
        field.place[j] = static_cast<std::uint8_t>(begin + r.from / 8 - low);
        const std::size_t bit = j % 8 * 8 + r.from % 8 + 64 - static_cast<std::size_t>(r.to);
        field.bit[j] = static_cast<std::uint8_t>(bit % 64);
        field.mask[j] = static_cast<std::uint8_t>(((1u << r.count) - 1) << r.to);
      }
    }
    return true;
  }
  /// By an exclusive or alone if that does, else by table.
  [[nodiscard]] static bool map_codes(int bits, unsigned inverted, const code_bytes& stand_for,
                                      kernels::code_places& step) {
    const unsigned count = 1u << bits, mask = stand_for[0];
    bool is_flip = true;
    for (unsigned code = 0; code < count; ++code) {
      is_flip = is_flip && stand_for[code] == (code ^ mask);
    }
    if (!is_flip && bits > 6) return false;
    step.has_table = !is_flip;
    for (std::size_t i = 0; i < kernels::code_places::size; ++i) {
      step.flip[i] = static_cast<std::uint8_t>(is_flip ? inverted ^ mask : inverted);
      step.table[i] = stand_for[i % count];
    }
    return true;
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
