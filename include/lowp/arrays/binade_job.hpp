// SPDX-License-Identifier: MIT
// From an array to an array by tables that the kernels do not have: of binades, and of the values
// of codes of 9 to 16 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/binade_tables.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The definition of encoding, for the elements that a table leaves to it.
template <class Word>
class element_definition {
 public:
  template <class Code>
  explicit element_definition(const Code& code_of)
      : code_of_(&code_of), call_([](const void* f, Word bits, std::size_t index) {
          return (*static_cast<const Code*>(f))(bits, index);
        }) {}
  [[nodiscard]] std::uint16_t operator()(Word bits, std::size_t index) const {
    return call_(code_of_, bits, index);
  }

 private:
  const void* code_of_;
  std::uint16_t (*call_)(const void*, Word, std::size_t);
};

/// Encodes or rounds a part of an array by tables of binades.
template <class Source, class Sink>
struct binade_job {
  using word = typename Source::word;
  using result = typename Sink::type;

  isa level;
  kernels::step_plan<word> steps;
  kernels::draw_plan edges;  ///< of a mode that draws, instead of steps
  const word* values;        ///< of codes, for a sink of values
  stochastic draw;
  element_definition<word> define;
  Source source;
  Sink sink;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* out) const {
    alignas(64) word buffer[buffer_size];
    alignas(64) result results[buffer_size];
    std::uint16_t codes[buffer_size], left[buffer_size];
    for (std::size_t i = 0; i < count; i += buffer_size) {
      const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
      const word* const in = source.at(level, first + i, n, buffer);
      const std::size_t unknown = find(in, first + i, n, codes, left);
      for (std::size_t j = 0; j < unknown; ++j) {
        codes[left[j]] = define(in[left[j]], first + i + left[j]);
      }
      result* const to = sink.at(out, i, results);
      for (std::size_t j = 0; j < n; ++j) {
        if constexpr (Sink::is_value) {
          to[j] = values[codes[j]];
        } else {
          to[j] = static_cast<result>(codes[j]);
        }
      }
      sink.finish(level, to, first, i, n, out);
    }
  }

 private:
  [[nodiscard]] std::size_t find(const word* in, std::size_t first, std::size_t count,
                                 std::uint16_t* codes, std::uint16_t* left) const {
    if (edges.rows == nullptr) return kernels::find_codes(steps, in, count, codes, left);
    random_lanes random;
    std::uint32_t draws[buffer_size];
    const void* const lanes = random.fill(level, draw, first, count);
    const int bits = 8 << kernels::log2_lane_bytes(draw), unused = bits - draw.used_bits();
    const auto widen = [&](const auto* of) {
      for (std::size_t i = 0; i < count; ++i) draws[i] = std::uint32_t{of[i]} >> unused;
    };
    if (bits == 8) widen(static_cast<const std::uint8_t*>(lanes));
    if (bits == 16) widen(static_cast<const std::uint16_t*>(lanes));
    if (bits == 32) widen(static_cast<const std::uint32_t*>(lanes));
    return kernels::find_codes(edges, in, draws, count, codes, left);
  }
};

/// Decodes by the values of all codes, where they have 9 to 16 bits.
struct wide_decode_job {
  isa level;
  const float* values;
  const std::uint8_t* bytes;
  int width;
  packing order;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* out) const {
    std::uint16_t codes[buffer_size];
    for (std::size_t i = 0; i < count; i += buffer_size) {
      const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
      unpack_codes(level, bytes, first + i, n, width, order, codes);
      float* const to = reinterpret_cast<float*>(out) + i;
      for (std::size_t j = 0; j < n; ++j) to[j] = values[codes[j]];
    }
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
