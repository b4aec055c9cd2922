// SPDX-License-Identifier: MIT
// Weights that a checkpoint keeps in several tensors, as values.
#pragma once

#include <memory>
#include <vector>

#include "lowp/io/tensor_file.hpp"
#include "lowp/io/tensor_values.hpp"

namespace lowp_tool {

/// Those of all conventions that the library knows; config.json beside the file is read if it is
/// there. Their names are those that the weights would have as one tensor.
[[nodiscard]] std::vector<std::unique_ptr<lowp::io::tensor_values>> values_of_conventions(
    const lowp::io::tensor_file& file);

}  // namespace lowp_tool
