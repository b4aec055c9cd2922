// SPDX-License-Identifier: MIT
// What a tile format is: a block whose codes are read by parameters of the block in a way that is
// not "element times scale": a choice among grids, a scale of logarithms, one element of another
// kind. Compositions of levels (block_format.hpp) have a kernel for everything; tiles are general,
// and computed by their definition.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// The parameters of a tile, a code each.
template <class F>
using tile_parameters = std::array<code_t, F::parameter_count>;

/// How the elements of a tile are rounded: that at (row, col) of the tile.
template <rounding_mode R>
struct tile_rounding {
  const R& mode;
  std::size_t first;   ///< the index of the tile's first element in the matrix, row-major
  std::size_t stride;  ///< columns of the matrix
  [[nodiscard]] R operator()(std::size_t row, std::size_t col) const {
    return at(mode, first + row * stride + col);
  }
};

namespace detail {
struct ignore_code {
  void operator()(std::size_t, std::size_t, code_t) const {}
};
}  // namespace detail

/// The contract of a tile format `f`; functions are found by argument-dependent lookup:
///   f.element_bits()              width of a code, 1 to 16
///   f.shape()                     of a tile; at the edges of a matrix there is less of it
///   F::parameter_count, f.parameter_bits(i)   how many parameters a tile has, and their widths
///   defect(f)                     null, or a sentence saying why f contradicts itself
///   tile_value(f, parameters, index, code)    the exact value of the element number `index` of a
///                                 tile, row-major in its full shape
///   encode_tile(f, values, rounding, put)     gives the parameters of a tile of these values, and
///                                 calls put(row, col, code) for each of its elements
///   encode_tiles(f, in, out, mode, how)       optional: a whole matrix, into a tile_matrix
///   decode_tiles(f, in, out, how)             optional: a tile_matrix, into a whole matrix
///   tile_values(f, parameters)    optional: a callable for many (index, code) of one tile
///   tile_numbers(f, parameters)   optional: a callable for the nearest binary32 numbers of many
template <class F>
concept tile_format = std::equality_comparable<F> &&
    requires(const F& f, const tile_parameters<F>& parameters, const matrix_view<const float>& in,
             const tile_rounding<nearest_even_t>& rounding, std::size_t i, code_t code) {
  { f.element_bits() } -> std::same_as<int>;
  { f.shape() } -> std::same_as<block_shape>;
  { f.parameter_bits(i) } -> std::same_as<int>;
  { defect(f) } -> std::same_as<const char*>;
  { tile_value(f, parameters, i, code) } -> std::same_as<unpacked>;
  { encode_tile(f, in, rounding, detail::ignore_code{}) } -> std::same_as<tile_parameters<F>>;
};

/// A short text that tells the format from others, for messages: what its known_name(f) says.
template <tile_format F>
requires requires(const F& f) { known_name(f); }
[[nodiscard]] constexpr format_name name(const F& f) { return format_name{} << known_name(f); }

/// (index, code) -> value of the elements of one tile.
template <tile_format F>
[[nodiscard]] auto values_of_tile(const F& f, const tile_parameters<F>& parameters) {
  if constexpr (requires { tile_values(f, parameters); }) {
    return tile_values(f, parameters);
  } else {
    return [&f, parameters](std::size_t index, code_t code) {
      return tile_value(f, parameters, index, code);
    };
  }
}

/// (index, code) -> the nearest binary32 number of the elements of one tile.
template <tile_format F>
[[nodiscard]] auto numbers_of_tile(const F& f, const tile_parameters<F>& parameters) {
  if constexpr (requires { tile_numbers(f, parameters); }) {
    return tile_numbers(f, parameters);
  } else {
    return [value = values_of_tile(f, parameters)](std::size_t index, code_t code) {
      return pack_as<float>(value(index, code));
    };
  }
}

}  // namespace lowp
