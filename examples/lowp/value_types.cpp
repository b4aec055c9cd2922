// SPDX-License-Identifier: MIT
// The one file of the tool that compiles types to convert to: rules, blocks, GGUF's records.
#include <fmt/core.h>

#include <cctype>
#include <stdexcept>

#include "functions.hpp"
#include "lowp/block/ggml/gguf_types.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/io/value_types.hpp"
#include "lowp/verification/operations.hpp"
#include "lowp/verification/quantization.hpp"
#include "tensor_files.hpp"

namespace lowp_tool {

using namespace lowp;

namespace {

[[nodiscard]] std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

[[nodiscard]] any_rounding rounding_named(const type_description& d) {
  if (d.rounding == "stochastic") return stochastic{.seed = d.seed};
  std::vector<std::string_view> names;
  for (const named_rounding& mode : rounding_modes) {
    if (mode.name == d.rounding) return mode.mode;
    names.push_back(mode.name);
  }
  throw std::invalid_argument(unknown_name("rounding mode", d.rounding, names));
}

// The mode in which a rule rounds elements.
[[nodiscard]] any_rounding rounding_of_rule_named(std::string_view name) {
  any_rounding result = nearest_even;
  rules::for_each([&](const auto& rule) {
    if (rule.name != name) return;
    if constexpr (requires { any_rounding(rule.rounding); }) result = any_rounding(rule.rounding);
  });
  return result;
}

[[nodiscard]] const verification::named_blocks* find_blocks(
    const std::vector<verification::named_blocks>& all, std::string_view name) {
  for (const verification::named_blocks& entry : all) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::span<const gguf_type> types_of_gguf() { return gguf_types; }

std::unique_ptr<io::value_type> type_of_name(const type_description& d, const io::file_kind& kind) {
  const auto refuse_option = [&](const char* option, const std::string& value, const char* why) {
    if (value.empty()) return;
    throw std::invalid_argument(fmt::format("{} does not apply to {}: {}", option, d.name, why));
  };
  const auto elements = [&](const any_format& format) {
    refuse_option("--rule", d.rule, "it has no scales");
    return std::make_unique<io::element_type>(
        format,
        io::value_rounding{d.rounding.empty() ? any_rounding(nearest_even) : rounding_named(d),
                           d.overflow.empty() ? lowp::overflow::to_special
                                              : verification::overflow_of_name(d.overflow)});
  };
  const std::string upper = upper_case(d.name);
  if (const auto format = io::format_of_dtype(upper)) return elements(*format);
  const gguf_type* const records = find_gguf_type(upper);
  const std::vector<verification::named_blocks> all_blocks = verification::named_block_formats();
  const verification::named_blocks* const blocks = find_blocks(all_blocks, d.name);
  if (records != nullptr && (kind.name() == "gguf" || blocks == nullptr)) {
    refuse_option("--rule", d.rule, "a type of GGUF has one way to choose scales");
    refuse_option("--rounding", d.rounding, "a type of GGUF has one way to round");
    refuse_option("--overflow", d.overflow, "elements in blocks saturate");
    return std::make_unique<io::record_type>(*records);
  }
  if (blocks != nullptr) {
    refuse_option("--overflow", d.overflow, "elements in blocks saturate");
    const std::string rule = d.rule.empty() ? "standard" : d.rule;
    return std::make_unique<io::block_type>(
        blocks->blocks, verification::rule_of_name(rule, blocks->blocks),
        d.rounding.empty() ? rounding_of_rule_named(rule) : rounding_named(d), d.name);
  }
  any_format format;
  std::string problem;
  if (read_any_format(d.name, format, problem)) return elements(format);
  std::vector<std::string_view> names;
  for (const io::element_format& entry : io::element_formats) names.push_back(entry.dtype);
  for (const gguf_type& type : gguf_types) names.push_back(type.name);
  for (const verification::named_blocks& entry : all_blocks) names.push_back(entry.name);
  for (const auto& entry : formats::float_formats) names.push_back(entry.name);
  throw std::invalid_argument(d.name.find_first_of("({") != std::string::npos
                                  ? problem
                                  : unknown_name("type", d.name, names));
}

}  // namespace lowp_tool
