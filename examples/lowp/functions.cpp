// SPDX-License-Identifier: MIT
// The one file of the tool that compiles arithmetic, quantizers and products.
#include "functions.hpp"

#include <stdexcept>

#include "lowp/formats/read_format.hpp"
#include "lowp/verification/operations.hpp"
#include "lowp/verification/products.hpp"
#include "lowp/verification/quantization.hpp"
#include "lowp/verification/testfloat_functions.hpp"

namespace lowp_tool {

using namespace lowp;
using namespace lowp::verification;

namespace {

[[nodiscard]] std::unique_ptr<golden_function> operation_under(std::string_view op,
                                                               const any_format& format,
                                                               const any_format& source,
                                                               const std::string& environment) {
  auto function = make_operation(op, format, source, environment_of_name(environment));
  function->parameters.emplace_back("environment", environment);
  return function;
}

}  // namespace

std::unique_ptr<golden_function> make_function(const function_description& d) {
  if (d.op == "quantize") {
    any_blocks blocks{};
    if (!d.block.empty()) {
      blocks = blocks_of_name(d.block);
    } else if (d.element.empty() || d.scale.empty()) {
      throw std::invalid_argument("quantize needs --block, or --element and --scale");
    } else {
      blocks = {format_of_text(d.element),
                format_of_text(d.scale),
                {1, d.block_size},
                d.has_tensor_scale};
    }
    const std::size_t columns = d.columns != 0 ? d.columns : blocks.block_cols(d.columns);
    return make_quantization(blocks, d.rule, columns);
  }
  const any_format format = format_of_text(d.format);
  if (d.op == "dot") {
    const any_format second = d.second_format.empty() ? format : format_of_text(d.second_format);
    return make_dot_product(d.policy, format, second, d.depth);
  }
  return operation_under(d.op, format, format_of_text(d.from), d.environment);
}

std::unique_ptr<golden_function> make_function(const vector_header& header) {
  const any_format& first = header.operands[0].format;
  const auto parameter = [&](std::string_view key) {
    const std::string_view value = header.parameter(key);
    if (value.empty()) {
      throw std::invalid_argument("the file has no line 'parameter " + std::string(key) + "'");
    }
    return std::string(value);
  };
  if (header.function == "quantize") {
    const bool has_tensor_scale = header.results[0].name == "tensor_scale";
    const std::size_t scale = has_tensor_scale ? 1 : 0;
    if (header.results.size() != scale + 2)
      throw std::invalid_argument("the file has other results than scales and elements");
    int block = 0;
    const std::string width = parameter("block");
    lowp::detail::text_cursor cursor(width);
    if (!cursor.take_int(block, 1, 1 << 30) || !cursor.is_done())
      throw std::invalid_argument("'parameter block " + width + "' of the file is no block size");
    const any_blocks blocks{header.results[scale + 1].format,
                            header.results[scale].format,
                            {1, block},
                            has_tensor_scale};
    return make_quantization(blocks, parameter("rule"), header.operands[0].count);
  }
  if (header.function == "dot") {
    if (header.operands.size() != 3)
      throw std::invalid_argument("the file has other operands than a, b and c");
    return make_dot_product(parameter("policy"), first, header.operands[1].format,
                            header.operands[0].count);
  }
  const bool is_conversion = header.function == "convert";
  return operation_under(header.function, is_conversion ? header.results[0].format : first, first,
                         parameter("environment"));
}

std::unique_ptr<golden_function> make_testfloat_function(const std::string& name, bool is_exact,
                                                         const std::string& environment,
                                                         bool is_tiny_before) {
  lowp::environment e = environment_of_name(environment);
  e.tininess = is_tiny_before ? tininess::before_rounding : tininess::after_rounding;
  return verification::make_testfloat_function(name, is_exact, e);
}

std::string list_of_names() {
  std::string text = "Operations:\n ";
  for (const operation& op : operations) text += " " + std::string(op.name);
  text += " quantize dot\nFormats:\n ";
  for (const auto& f : formats::float_formats) text += " " + std::string(f.name);
  text +=
      "\n  int8 uint4 fixed8.6 posit16_2 binary8p4se and their kind, e4m2(bias 3,no inf),"
      "\n  or float_format{.exponent_bits = 4, .mantissa_bits = 3, ...}\nRounding modes:\n ";
  for (const vector_rounding& r : vector_roundings) text += " " + std::string(r.name);
  text += " stochastic\nEnvironments:\n ";
  for (const named_environment& e : named_environments) text += " " + std::string(e.name);
  text += "\nBlock formats:\n ";
  for (const named_blocks& b : named_block_formats()) text += " " + std::string(b.name);
  text += "\nRules:\n  standard";
  rules::for_each([&](const auto& rule) { text += " " + std::string(rule.name); });
  text += "\nPolicies:\n ";
  for_each_policy([&](std::string_view name, const auto&) { text += " " + std::string(name); });
  text +=
      "\n  aligned_sums{.terms = 8, .fraction_bits = 24, ...}\n"
      "  rounded_sums{.accumulator = bfloat16, ...}\n";
  return text;
}

}  // namespace lowp_tool
