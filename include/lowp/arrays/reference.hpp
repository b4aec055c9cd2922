// SPDX-License-Identifier: MIT
// The definition of the array functions of convert.hpp: element i is converted by the scalar codec
// with the draw at(mode, i). Slow and plain; what the kernels are tested against, and what runs
// where they do not reach (lanes too narrow for a format, for one).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lowp/arrays/packing.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp::reference {

/// out, in order `p`, has room for in.size() codes. T is float, double or a number.
template <number_format F, class T, rounding_mode R = nearest_even_t>
void encode(const F& format, std::span<const T> in, std::uint8_t* out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
            packing p = {}) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    store_code(out, i, format.bits(), encode(format, unpack(in[i]), at(mode, i), o, n), p);
  }
}

template <number_format F>
void decode(const F& format, const std::uint8_t* in, std::span<float> out, packing p = {}) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = pack_as<float>(decode(format, load_code(in, i, format.bits(), p)));
  }
}

/// out has the size of in, and may be in.
template <number_format F, class T, rounding_mode R = nearest_even_t>
void round_to(const F& format, std::span<const T> in, std::span<T> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = pack_as<T>(decode(format, encode(format, unpack(in[i]), at(mode, i), o, n)));
  }
}

}  // namespace lowp::reference
