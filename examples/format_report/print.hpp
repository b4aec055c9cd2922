// SPDX-License-Identifier: MIT
// The report as aligned tables for people and as JSON for programs.
#pragma once

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report.hpp"

namespace format_report {

// Infinite where nothing was lost; not a number where nothing was left to compare.
[[nodiscard]] inline std::string decibels(const lowp::error_statistics& e) {
  if (e.count != 0 && e.special_fraction == 1) return "lost";
  return e.sqnr_db > std::numeric_limits<double>::max() ? "exact"
                                                        : fmt::format("{:.2f}", e.sqnr_db);
}

inline void print_tensors(const std::vector<tensor_report>& reports) {
  for (const tensor_report& report : reports) {
    fmt::print("\n{} [{}]\n", report.name, fmt::join(report.shape, " x "));
    if (!report.error.empty()) {
      fmt::print("  {}\n", report.error);
      continue;
    }
    fmt::print("  {:<12} {:>10} {:>9} {:>11} {:>11} {:>9} {:>9} {:>9}\n", "format", "bits/value",
               "SQNR dB", "max error", "mean rel", "clipped", "flushed", "inf, nan");
    for (const tensor_row& row : report.rows) {
      const lowp::error_statistics& e = row.figures.errors;
      fmt::print("  {:<12} {:>10.3f} {:>9} {:>11.3e} {:>11.3e} {:>8.3f}% {:>8.3f}% {:>8.3f}%\n",
                 row.format, row.figures.bits_per_value, decibels(e), e.max_error,
                 e.mean_relative_error, 100 * e.clipped_fraction, 100 * e.flushed_fraction,
                 100 * e.special_fraction);
    }
  }
}

inline void print_model(const std::vector<model_row>& rows, std::size_t characters) {
  fmt::print("\nHeld-out bits per character over {} characters\n", characters);
  fmt::print("  {:<12} {:>10} {:>9} {:>22}\n", "format", "bits/value", "weights",
             "weights + activations");
  for (const model_row& row : rows) {
    fmt::print("  {:<12} {:>10.3f} {:>9.4f} {:>22.4f}\n", row.format, row.bits_per_value,
               row.weights_only, row.weights_and_activations);
  }
}

[[nodiscard]] inline nlohmann::json to_json(const std::vector<tensor_report>& reports) {
  auto result = nlohmann::json::array();
  for (const tensor_report& report : reports) {
    nlohmann::json tensor{{"name", report.name}, {"shape", report.shape}};
    if (!report.error.empty()) tensor["error"] = report.error;
    auto& formats = tensor["formats"] = nlohmann::json::array();
    for (const tensor_row& row : report.rows) {
      const lowp::error_statistics& e = row.figures.errors;
      const bool has_sqnr =
          e.special_fraction < 1 && e.sqnr_db <= std::numeric_limits<double>::max();
      formats.push_back({{"format", row.format},
                         {"bits_per_value", row.figures.bits_per_value},
                         {"sqnr_db", has_sqnr ? nlohmann::json(e.sqnr_db) : nlohmann::json()},
                         {"max_error", e.max_error},
                         {"max_relative_error", e.max_relative_error},
                         {"mean_relative_error", e.mean_relative_error},
                         {"cosine", e.cosine},
                         {"clipped_fraction", e.clipped_fraction},
                         {"flushed_fraction", e.flushed_fraction},
                         {"special_fraction", e.special_fraction}});
    }
    result.push_back(std::move(tensor));
  }
  return result;
}

[[nodiscard]] inline nlohmann::json to_json(const std::vector<model_row>& rows) {
  auto result = nlohmann::json::array();
  for (const model_row& row : rows) {
    result.push_back({{"format", row.format},
                      {"bits_per_value", row.bits_per_value},
                      {"weights", row.weights_only},
                      {"weights_and_activations", row.weights_and_activations}});
  }
  return result;
}

}  // namespace format_report
