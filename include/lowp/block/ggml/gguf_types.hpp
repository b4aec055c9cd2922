// SPDX-License-Identifier: MIT
// The table of GGUF's types that the library reads and writes: a line for each. The umbrella header
// leaves it out.
#pragma once

#include <span>

#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/plain_types.hpp"

namespace lowp {

/// GGUF's types, in the order of their numbers where nothing speaks for another one.
inline constexpr gguf_type gguf_types[] = {
    gguf::f32, gguf::f16, gguf::bf16, gguf::f64, gguf::i8, gguf::i16, gguf::i32, gguf::i64,
};

/// The type with a number or a name among gguf_types, or null.
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::uint32_t id) {
  return find_gguf_type(gguf_types, id);
}
[[nodiscard]] constexpr const gguf_type* find_gguf_type(std::string_view name) {
  return find_gguf_type(gguf_types, name);
}

}  // namespace lowp
