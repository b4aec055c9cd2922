// SPDX-License-Identifier: MIT
// The table of GGUF's types that the library reads and writes: a line for each. The umbrella header
// leaves it out.
#pragma once

#include <span>

#include "lowp/block/ggml/block_types.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/k_types.hpp"
#include "lowp/block/ggml/lattice_types.hpp"
#include "lowp/block/ggml/plain_types.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {  // as functions that the table points to

/// GGUF's types, in the order of their numbers where nothing speaks for another one.
// clang-format off
inline constexpr gguf_type gguf_types[] = {
    // plain numbers
    gguf::f32, gguf::f16, gguf::bf16, gguf::f64, gguf::i8, gguf::i16, gguf::i32, gguf::i64,
    // blocks of integers
    gguf::q4_0, gguf::q4_1, gguf::q5_0, gguf::q5_1, gguf::q8_0, gguf::q8_1,
    // of integers under scales under scales
    gguf::q2_k, gguf::q3_k, gguf::q4_k, gguf::q5_k, gguf::q6_k, gguf::q8_k,
    // of other values
    gguf::iq4_nl, gguf::iq4_xs, gguf::tq1_0, gguf::tq2_0, gguf::mxfp4, gguf::nvfp4, gguf::q1_0, gguf::q2_0,
    // points of lattices, which are read only
    gguf::iq2_xxs, gguf::iq2_xs, gguf::iq2_s, gguf::iq3_xxs, gguf::iq3_s, gguf::iq1_s, gguf::iq1_m,
};
// clang-format on

/// The type with a number or a name among gguf_types, or null.
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::uint32_t id) {
  return lowp::find_gguf_type(gguf_types, id);
}
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::string_view name) {
  return lowp::find_gguf_type(gguf_types, name);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
