// SPDX-License-Identifier: MIT
// GGUF's K-quants as entries of its table of types: rows are written as ggml's reference quantizers
// do and read as ggml reads them, bit for bit (k_rules.hpp says what becomes of NaN and infinity).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/k_quants.hpp"
#include "lowp/block/ggml/k_records.hpp"
#include "lowp/block/ggml/k_rules.hpp"
#include "lowp/block/quantize.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <auto F, class Record>
void quantize_k_row(const float* row, std::size_t count, std::uint8_t* bytes) {
  basic_block_matrix<constant_format<F>, records<Record>::template layout, std::span<std::uint8_t>>
      out(1, count, {bytes, count / Record::cols * Record::bytes});
  quantize(matrix_view<const float>(row, 1, count), out, rules::ggml_k);
}
template <auto F, class Record>
void dequantize_k_row(const std::uint8_t* bytes, std::size_t count, float* row) {
  const block_matrix_view<F, records<Record>::template layout> in(
      1, count, {bytes, count / Record::cols * Record::bytes});
  dequantize(in, matrix_view<float>(row, 1, count));
}
template <auto F, class Record>
[[nodiscard]] constexpr gguf_type k_type(std::string_view name, std::uint32_t id) {
  return {name,
          id,
          Record::cols,
          Record::bytes,
          quantize_k_row<F, Record>,
          dequantize_k_row<F, Record>};
}

}  // namespace bulk
}  // namespace LOWP_BASELINE

namespace gguf {
inline namespace LOWP_BASELINE {

inline constexpr gguf_type q2_k = bulk::k_type<formats::q2_k, q2_k_record>("Q2_K", 10);
inline constexpr gguf_type q3_k = bulk::k_type<formats::q3_k, q3_k_record>("Q3_K", 11);
inline constexpr gguf_type q4_k = bulk::k_type<formats::q4_k, q4_k_record>("Q4_K", 12);
inline constexpr gguf_type q5_k = bulk::k_type<formats::q5_k, q5_k_record>("Q5_K", 13);
inline constexpr gguf_type q6_k = bulk::k_type<formats::q6_k, q6_k_record>("Q6_K", 14);
inline constexpr gguf_type q8_k = bulk::k_type<formats::q8_k, q8_k_record>("Q8_K", 15);

}  // namespace LOWP_BASELINE
}  // namespace gguf
}  // namespace lowp
