// SPDX-License-Identifier: MIT
// GGUF's blocks that are no K-quants as entries of its table of types: rows are written as ggml's
// reference quantizers do and read as ggml reads them, bit for bit.
//
// A NaN or an infinity makes all values of its block NaN: the scale is. MXFP4 and NVFP4 have no NaN
// that ggml would see: there scale and elements have the codes of OCP, 255 and 0x7F over zeros,
// which ggml reads as zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/small_records.hpp"
#include "lowp/block/ggml/super_records.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/rules/ggml_extreme.hpp"
#include "lowp/block/rules/ggml_few_values.hpp"
#include "lowp/block/rules/ggml_fp4.hpp"
#include "lowp/block/rules/ggml_iq4.hpp"
#include "lowp/block/rules/ggml_q8.hpp"
#include "lowp/block/rules/ggml_range.hpp"
#include "lowp/kernels/isa.hpp"

namespace lowp {
namespace detail {

/// The function of the table by what records have.
template <class Record>
void dequantize_records(const std::uint8_t* bytes, std::size_t count, float* row) {
  (void)Record::load_values(isa::portable, bytes, count / Record::cols, row);
}

/// A type of blocks that its rule writes; `Read` is the record whose values are read.
template <class Record, class Rule, class Read = Record>
[[nodiscard]] constexpr gguf_type gguf_block(std::string_view name, std::uint32_t id) {
  return {name,
          id,
          Record::cols,
          Record::bytes,
          quantize_records<Record, Rule>,
          dequantize_records<Read>};
}

}  // namespace detail

namespace gguf {

// clang-format off
inline constexpr gguf_type q4_0   = detail::gguf_block<q4_0_record, rules::ggml_q4_0_t>("Q4_0", 2);
inline constexpr gguf_type q4_1   = detail::gguf_block<q4_1_record, rules::ggml_q4_1_t>("Q4_1", 3);
inline constexpr gguf_type q5_0   = detail::gguf_block<q5_0_record, rules::ggml_q5_0_t>("Q5_0", 6);
inline constexpr gguf_type q5_1   = detail::gguf_block<q5_1_record, rules::ggml_q5_1_t>("Q5_1", 7);
inline constexpr gguf_type q8_0   = detail::gguf_block<q8_0_record, rules::ggml_q8_0_t>("Q8_0", 8);
inline constexpr gguf_type q8_1   = detail::gguf_block<q8_1_record, rules::ggml_q8_1_t>("Q8_1", 9);
inline constexpr gguf_type iq4_nl = detail::gguf_block<iq4_nl_record, rules::ggml_iq4_nl_t>("IQ4_NL", 20);
inline constexpr gguf_type iq4_xs = detail::gguf_block<iq4_xs_record, rules::ggml_iq4_xs_t>("IQ4_XS", 23);
inline constexpr gguf_type tq1_0  = detail::gguf_block<tq1_0_record, rules::ggml_tq1_0_t>("TQ1_0", 34);
inline constexpr gguf_type tq2_0  = detail::gguf_block<tq2_0_record, rules::ggml_tq2_0_t>("TQ2_0", 35);
inline constexpr gguf_type mxfp4  = detail::gguf_block<mxfp4_record, rules::ggml_mxfp4_records_t>("MXFP4", 39);
inline constexpr gguf_type nvfp4  = detail::gguf_block<nvfp4_record, rules::ggml_nvfp4_records_t, detail::nvfp4_values>("NVFP4", 40);
inline constexpr gguf_type q1_0   = detail::gguf_block<q1_0_record, rules::ggml_q1_0_t>("Q1_0", 41);
inline constexpr gguf_type q2_0   = detail::gguf_block<q2_0_record, rules::ggml_q2_0_t>("Q2_0", 42);
// clang-format on

}  // namespace gguf
}  // namespace lowp
