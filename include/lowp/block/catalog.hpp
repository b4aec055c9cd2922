// SPDX-License-Identifier: MIT
// The named block formats, one line each, and the matrix type of the same name one namespace
// further up.
#pragma once

#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp::formats {

// clang-format off

// OCP Microscaling 1.0: 32 elements along the contiguous dimension share a power of two.
inline constexpr block_format mxfp8_e4m3{e4m3fn,      e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp8_e5m2{e5m2,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp6_e3m2{e3m2,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp6_e2m3{e2m3,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp4     {e2m1,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxint8    {fixed<8, 6>, e8m0, block_shape{1, 32}};

// NVFP4: 16 elements, or a 16 x 16 tile, share a UE4M3 scale under a binary32 scale of the tensor.
inline constexpr block_format nvfp4      {e2m1, ue4m3, block_shape{1, 16},  true};
inline constexpr block_format nvfp4_16x16{e2m1, ue4m3, block_shape{16, 16}, true};

// clang-format on

/// A scalar format under one binary32 scale per row (channel) or per tensor.
template <number_format Element>
[[nodiscard]] constexpr block_format<Element, float_format> scaled_rows(const Element& element) {
  return {element, binary32, {1, block_shape::whole}};
}
template <number_format Element>
[[nodiscard]] constexpr block_format<Element, float_format> scaled_tensor(const Element& element) {
  return {element, binary32, {block_shape::whole, block_shape::whole}};
}

}  // namespace lowp::formats

namespace lowp {

using mxfp8_e4m3 = block_matrix<formats::mxfp8_e4m3>;
using mxfp8_e5m2 = block_matrix<formats::mxfp8_e5m2>;
using mxfp6_e3m2 = block_matrix<formats::mxfp6_e3m2>;
using mxfp6_e2m3 = block_matrix<formats::mxfp6_e2m3>;
using mxfp4 = block_matrix<formats::mxfp4>;
using mxint8 = block_matrix<formats::mxint8>;
using nvfp4 = block_matrix<formats::nvfp4>;
using nvfp4_16x16 = block_matrix<formats::nvfp4_16x16>;

}  // namespace lowp
