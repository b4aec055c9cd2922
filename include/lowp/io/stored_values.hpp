// SPDX-License-Identifier: MIT
// The values of the tensors of a file: elements of a dtype, records of a GGUF type, and what the
// types of value_types.hpp have written: codes of any format, and elements and scales in tensors of
// their own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/io/border.hpp"
#include "lowp/io/tensor_file.hpp"
#include "lowp/io/tensor_values.hpp"

namespace lowp::io {

using any_blocks = scaled_blocks<any_format, any_format>;

/// Reads a format from its name; a program knows more than format_of_text() does.
using format_reader = std::function<any_format(std::string_view)>;

/// The values of one tensor by its dtype; null, if that is not known to hold real numbers.
[[nodiscard]] std::unique_ptr<tensor_values> values_of(const stored_tensor& tensor,
                                                       std::span<const gguf_type> types);
/// The values of all tensors of a file in its order; tensors without known values are left out.
/// Throws format_error for metadata of the library that contradict the tensors.
[[nodiscard]] std::vector<std::unique_ptr<tensor_values>> values_of(
    const tensor_file& file, std::span<const gguf_type> types, const format_reader& read_format);

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/stored_values.inc"
#endif
