// SPDX-License-Identifier: MIT
// The one file of the tool that compiles arithmetic, quantizers and products.
#include "functions.hpp"

#include <stdexcept>

#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/hif8_format.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/formats/takum_format.hpp"
#include "lowp/verification/operations.hpp"
#include "lowp/verification/products.hpp"
#include "lowp/verification/quantization.hpp"
#include "lowp/verification/testfloat_functions.hpp"

namespace lowp_tool {

using namespace lowp;
using namespace lowp::verification;

namespace {

// A codebook by its name: any_format has no room for a list of values.
template <class Book>
struct named_codebook {
  constexpr bool operator==(const named_codebook&) const = default;
  [[nodiscard]] static constexpr int bits() { return Book::values.bits(); }
};
template <class Book>
[[nodiscard]] constexpr const char* defect(const named_codebook<Book>&) {
  return nullptr;
}
template <class Book>
[[nodiscard]] constexpr const char* known_name(const named_codebook<Book>&) {
  return Book::name;
}
template <class Book>
[[nodiscard]] constexpr unpacked decode(const named_codebook<Book>&, code_t code) {
  return lowp::decode(Book::values, code);
}
template <class Book, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const named_codebook<Book>&, const unpacked& x,
                                      const R& mode = {},
                                      lowp::overflow o = lowp::overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  return lowp::encode(Book::values, x, mode, o, n);
}
template <class Book>
[[nodiscard]] constexpr lowp::overflow known_overflow(const named_codebook<Book>&,
                                                      lowp::overflow o) {
  return overflow_as_read(Book::values, o);
}
struct nf4_book {
  static constexpr const char* name = "nf4";
  static constexpr const auto& values = formats::nf4;
};
struct bnb_fp4_book {
  static constexpr const char* name = "bnb_fp4";
  static constexpr const auto& values = formats::bnb_fp4;
};
struct iq4_nl_book {
  static constexpr const char* name = "iq4_nl";
  static constexpr const auto& values = formats::iq4_nl;
};

// An empty `overflow` is that of the environment, and not written into files.
[[nodiscard]] std::unique_ptr<golden_function> operation_under(std::string_view op,
                                                               const any_format& format,
                                                               const any_format& source,
                                                               const std::string& environment,
                                                               const std::string& overflow) {
  lowp::environment e = environment_of_name(environment);
  if (!overflow.empty()) e.overflow = overflow_of_name(overflow);
  auto function = make_operation(op, format, source, e);
  function->parameters.emplace_back("environment", environment);
  if (!overflow.empty()) function->parameters.emplace_back("overflow", overflow);
  return function;
}
void require_range(const char* what, std::size_t value, std::size_t most) {
  if (value >= 1 && value <= most) return;
  throw std::invalid_argument(std::string(what) + " is " + std::to_string(value) +
                              ", expected 1 to " + std::to_string(most));
}

}  // namespace

bool read_any_format(std::string_view text, any_format& out, std::string& problem) {
  if (text.substr(0, 10) == "lns_format") {
    problem = "'" + std::string(text) +
              "': the values of an lns_format are no multiples of powers of two, which golden "
              "functions need";
    return false;
  }
  return read_format<takum_format, hif8_format, named_codebook<nf4_book>,
                     named_codebook<bnb_fp4_book>, named_codebook<iq4_nl_book>>(text, out, problem);
}
any_format format_of_name(std::string_view text) {
  any_format result;
  std::string problem;
  if (!read_any_format(text, result, problem)) throw std::invalid_argument(problem);
  return result;
}

std::unique_ptr<golden_function> make_function(const function_description& d) {
  if (!d.overflow.empty() && (d.op == "quantize" || d.op == "dot"))
    throw std::invalid_argument("--overflow is for operations, not for " + d.op);
  if (d.op == "quantize") {
    any_blocks blocks{};
    if (!d.block.empty()) {
      blocks = blocks_of_name(d.block);
    } else if (d.element.empty() || d.scale.empty()) {
      throw std::invalid_argument("quantize needs --block, or --element and --scale");
    } else {
      require_range("--block-size", static_cast<std::size_t>(d.block_size), most_columns);
      blocks = {format_of_name(d.element),
                format_of_name(d.scale),
                {1, d.block_size},
                d.has_tensor_scale};
    }
    const std::size_t columns = d.columns != 0 ? d.columns : blocks.block_cols(d.columns);
    require_range("--columns", columns, most_columns);
    return make_quantization(blocks, d.rule, columns);
  }
  const any_format format = format_of_name(d.format);
  if (d.op == "dot") {
    require_range("--depth", d.depth, most_depth);
    const any_format second = d.second_format.empty() ? format : format_of_name(d.second_format);
    return make_dot_product(d.policy, format, second, d.depth);
  }
  return operation_under(d.op, format, format_of_name(d.from), d.environment, d.overflow);
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
                         parameter("environment"), std::string(header.parameter("overflow")));
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
      "\n  takum_format{.total_bits = 16} hif8 nf4 bnb_fp4 iq4_nl"
      "\n  or float_format{.exponent_bits = 4, .mantissa_bits = 3, ...}\nRounding modes:\n ";
  for (const vector_rounding& r : vector_roundings) text += " " + std::string(r.name);
  text += " stochastic\nEnvironments:\n ";
  for (const named_environment& e : named_environments) text += " " + std::string(e.name);
  text += "\nOverflow:\n ";
  for (const named_overflow& o : named_overflows) text += " " + std::string(o.name);
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
