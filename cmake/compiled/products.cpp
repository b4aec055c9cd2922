// SPDX-License-Identifier: MIT
// The kernels of products, those of planes of bits among them, for lowp::compiled.
#include "lowp/kernels/planes/planes.hpp"
#include "lowp/kernels/products/block_tiles.hpp"
#include "lowp/kernels/products/product.hpp"
// What they declare:
#include "lowp/kernels/products/product.inc"
//
#include "lowp/kernels/planes/planes.inc"
#include "lowp/kernels/products/block_tiles.inc"

template void lowp::kernels::multiply_modeled<lowp::kernels::sum_model>(isa, const sum_model&,
                                                                        const model_tile&);
template void lowp::kernels::multiply_chains<lowp::kernels::chain_model>(isa, const chain_model&,
                                                                         const chain_tile&);

#define LOWP_WINDOWS(W)                                                                          \
  template void lowp::kernels::multiply_windows<W>(isa, const window_tile&);                     \
  template void lowp::kernels::finish_windows<W>(isa, const double*, std::size_t, double,        \
                                                 const float*, std::size_t, float*);             \
  template void lowp::kernels::finish_windows<W>(isa, const window_rounding&, const double*,     \
                                                 std::size_t, double, const float*, std::size_t, \
                                                 float*);                                        \
  template lowp::kernels::window_terms<W> lowp::kernels::terms_of_windows<W>(                    \
      const double*, std::size_t, double, const float*)
LOWP_WINDOWS(1);
LOWP_WINDOWS(2);
LOWP_WINDOWS(3);
LOWP_WINDOWS(4);
LOWP_WINDOWS(lowp::kernels::window_tile::most);

#define LOWP_ACTIVATED(function) \
  template float lowp::kernels::activated<lowp::activation::function>(float)
LOWP_ACTIVATED(none);
LOWP_ACTIVATED(relu);
LOWP_ACTIVATED(silu);
LOWP_ACTIVATED(gelu);
LOWP_ACTIVATED(gelu_tanh);

template void lowp::kernels::multiply_fours<false>(const integer_sum_tile&);
template void lowp::kernels::multiply_fours<true>(const integer_sum_tile&);

#if LOWP_X86_TARGETS
template void lowp::kernels::multiply_by_tiles<lowp::kernels::tile_registers>(const bfloat16_tile&);

#define LOWP_BFLOAT16(Order)                                                                     \
  template int lowp::kernels::narrow_to_bfloat16<Order>(const float*, std::size_t,               \
                                                        std::uint32_t*);                         \
  template int lowp::kernels::arrange_bfloat16<Order>(const void*, std::size_t, std::uint32_t*); \
  template int lowp::kernels::decode_nibbles_to_bfloat16<Order, 1>(                              \
      const value_table&, const std::uint8_t*, const float*, std::size_t, std::uint32_t*);       \
  template int lowp::kernels::decode_nibbles_to_bfloat16<Order, 2>(                              \
      const value_table&, const std::uint8_t*, const float*, std::size_t, std::uint32_t*)
LOWP_BFLOAT16(lowp::kernels::pair_order::neighbors);
LOWP_BFLOAT16(lowp::kernels::pair_order::chains);
#endif
