// SPDX-License-Identifier: MIT
// What config.json says about quantization, which tensors alone do not tell.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/io/format_error.hpp"

namespace lowp::io::checkpoints {

/// The members of "quantization_config" or, in a hf_quant_config.json, of "quantization"; of a file
/// that has neither (quantize_config.json), its own.
class settings {
 public:
  settings() = default;
  /// From the text of the file. Throws format_error if it is no JSON object.
  explicit settings(std::string_view json) {
    nlohmann::json all = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
    if (!all.is_object()) throw format_error("settings: text is not a JSON object");
    for (const char* const name : {"quantization_config", "quantization"}) {
      if (const auto found = all.find(name); found != all.end() && found->is_object()) {
        values_ = std::move(*found);
        return;
      }
    }
    values_ = std::move(all);
  }
  /// Nothing if the member is absent or of another kind.
  [[nodiscard]] std::optional<std::string> text(const char* name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->is_string()) return {};
    return found->get<std::string>();
  }
  [[nodiscard]] std::optional<std::int64_t> integer(const char* name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->is_number_integer()) return {};
    return found->get<std::int64_t>();
  }
  /// What all "weights" of the config_groups of compressed-tensors say.
  [[nodiscard]] std::optional<std::int64_t> of_weights(const char* name) const {
    const auto groups = values_.find("config_groups");
    std::optional<std::int64_t> result;
    if (groups == values_.end() || !groups->is_object()) return result;
    for (const auto& group : *groups) {
      if (!group.is_object() || !group.contains("weights")) continue;
      const auto& weights = group["weights"];
      if (!weights.is_object() || !weights.contains(name)) continue;
      if (!weights[name].is_number_integer()) return {};
      const auto value = weights[name].get<std::int64_t>();
      if (result && *result != value) return {};
      result = value;
    }
    return result;
  }
  /// The numbers of an array such as weight_block_size.
  [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> pair(const char* name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->is_array() || found->size() != 2 ||
        !(*found)[0].is_number_integer() || !(*found)[1].is_number_integer()) {
      return {};
    }
    return std::pair{(*found)[0].get<std::int64_t>(), (*found)[1].get<std::int64_t>()};
  }

 private:
  nlohmann::json values_ = nlohmann::json::object();
};

}  // namespace lowp::io::checkpoints
