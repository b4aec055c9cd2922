// SPDX-License-Identifier: MIT
// Which number format the elements of a dtype are of.
#pragma once

#include <iterator>
#include <optional>
#include <string_view>

#include "lowp/formats/any_format.hpp"
#include "lowp/formats/read_format.hpp"

namespace lowp::io {

/// A dtype (dtype.hpp) and the name of the format of its elements.
struct element_format {
  std::string_view dtype, format;
};
/// Where several dtypes are of one format, the first is the one to write.
inline constexpr element_format element_formats[] = {
    {"F32", "binary32"},
    {"F16", "binary16"},
    {"BF16", "bfloat16"},
    {"F64", "binary64"},
    {"F8_E4M3", "e4m3fn"},
    {"F8_E5M2", "e5m2"},
    {"F8_E8M0", "e8m0"},
    {"F8_E4M3FNUZ", "e4m3fnuz"},
    {"F8_E5M2FNUZ", "e5m2fnuz"},
    {"F6_E2M3", "e2m3"},
    {"F6_E3M2", "e3m2"},
    {"F4", "e2m1"},
    {"I8", "int8"},
    {"U8", "uint8"},
    {"I16", "int16"},
    {"U16", "uint16"},
    {"I32", "int32"},
    {"U32", "uint32"},
    {"I64", "int64"},
    {"U64", "uint64"},
    {"I4", "int4"},
    {"U4", "uint4"},
    {"I2", "int2"},
    {"U2", "uint2"},
    {"BOOL", "uint8"},
};

/// Nothing for a dtype that is none of real numbers, such as "C64", or of a record of several.
[[nodiscard]] inline std::optional<any_format> format_of_dtype(std::string_view dtype) {
  for (const element_format& entry : element_formats) {
    if (entry.dtype == dtype) return format_of_text(entry.format);
  }
  return std::nullopt;
}
/// Empty for a format that no dtype is of.
[[nodiscard]] inline std::string_view dtype_of_format(const any_format& format) {
  const auto name = lowp::name(format);
  for (const element_format& entry : element_formats) {
    if (entry.format == name.view()) return entry.dtype;
  }
  return {};
}
/// Whether tensors of a dtype hold floats: what a conversion takes for weights.
[[nodiscard]] inline bool is_float_dtype(std::string_view dtype) {
  for (const element_format& entry : element_formats) {
    if (entry.dtype == dtype) return dtype[0] == 'F' || dtype == "BF16";
  }
  return false;
}

}  // namespace lowp::io
