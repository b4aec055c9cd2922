// SPDX-License-Identifier: MIT
// Golden functions as a command line or the header of a file describes them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lowp/verification/golden_function.hpp"
#include "lowp/verification/vector_reader.hpp"

namespace lowp_tool {

struct function_description {
  std::string op;
  std::string format = "binary32";  ///< of operands and result; of what a conversion gives
  std::string from = "binary32";    ///< what a conversion reads
  std::string environment = "ieee754";
  // Of `quantize`: a block format by its name, or element, scale and block.
  std::string block;
  std::string element, scale;
  int block_size = 32;
  bool has_tensor_scale = false;
  std::string rule = "standard";
  std::size_t columns = 0;  ///< 0: one block
  // Of `dot`.
  std::string second_format;  ///< of b; as `format` if empty
  std::string policy = "k32";
  std::size_t depth = 32;
};

/// Throws std::invalid_argument for what there is not.
[[nodiscard]] std::unique_ptr<lowp::verification::golden_function> make_function(
    const function_description& d);

/// The function that a file of vectors is of.
[[nodiscard]] std::unique_ptr<lowp::verification::golden_function> make_function(
    const lowp::verification::vector_header& header);

/// A function of Berkeley TestFloat by its name there.
[[nodiscard]] std::unique_ptr<lowp::verification::golden_function> make_testfloat_function(
    const std::string& name, bool is_exact, const std::string& environment, bool is_tiny_before);

/// What can be named, one line for each kind.
[[nodiscard]] std::string list_of_names();

}  // namespace lowp_tool
