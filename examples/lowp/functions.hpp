// SPDX-License-Identifier: MIT
// Golden functions as a command line or the header of a file describes them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "lowp/formats/any_format.hpp"
#include "lowp/verification/golden_function.hpp"
#include "lowp/verification/vector_reader.hpp"

namespace lowp_tool {

struct function_description {
  std::string op;
  std::string format = "binary32";  ///< of operands and result; of what a conversion gives
  std::string from = "binary32";    ///< what a conversion reads
  std::string environment = "ieee754";
  std::string overflow;  ///< instead of that of the environment, if not empty
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

/// What a row, a block and a dot product may have at most.
inline constexpr std::size_t most_columns = std::size_t{1} << 20, most_depth = std::size_t{1} << 16;

/// read_format() with families that have headers of their own: "hif8", "takum_format{.total_bits =
/// 16}", "nf4", "bnb_fp4" and "iq4_nl" besides its own.
[[nodiscard]] bool read_any_format(std::string_view text, lowp::any_format& out,
                                   std::string& problem);
/// Throws std::invalid_argument for what is no format.
[[nodiscard]] lowp::any_format format_of_name(std::string_view text);

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
