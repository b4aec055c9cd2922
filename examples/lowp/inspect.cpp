// SPDX-License-Identifier: MIT
#include "inspect.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "json_text.hpp"
#include "lowp/analysis/value_statistics.hpp"
#include "lowp/io/convert_values.hpp"
#include "tensor_files.hpp"

namespace lowp_tool {

using namespace lowp;
using json = nlohmann::ordered_json;

namespace {

[[nodiscard]] value_statistics statistics_of(const io::tensor_values& values, unsigned threads) {
  value_accumulator all;
  io::for_each_piece<value_accumulator>(
      values, threads,
      [](std::span<const float> piece, value_accumulator& slot) {
        slot = {};
        slot.add(piece);
      },
      [&](const value_accumulator& slot) { all.add(slot); });
  return all.result();
}

[[nodiscard]] json json_of(const value_statistics& s, bool has_histogram) {
  json j{{"min", s.min},      {"max", s.max},   {"amax", s.amax},
         {"mean", s.mean},    {"rms", s.rms},   {"smallest_magnitude", s.smallest},
         {"zeros", s.zeros},  {"nans", s.nans}, {"infinities", s.infinities},
         {"finite", s.finite}};
  if (!has_histogram) return j;
  json& bins = j["binades"] = json::object();
  for (std::size_t i = 0; i < s.binades.size(); ++i) {
    if (s.binades[i] != 0)
      bins[i == 0 ? "below" : std::to_string(static_cast<int>(i) - 127)] = s.binades[i];
  }
  return j;
}

// A bar for each power of two that a magnitude begins with.
void print_histogram(const value_statistics& s) {
  const std::uint64_t most = *std::max_element(s.binades.begin(), s.binades.end());
  for (std::size_t i = s.binades.size(); i-- > 0;) {
    if (s.binades[i] == 0) continue;
    constexpr double width = 40;
    const auto size = static_cast<std::size_t>(
        width * static_cast<double>(s.binades[i]) / static_cast<double>(most) + 0.5);
    fmt::print("    {:>9} {:>12}  {}\n",
               i == 0 ? "0 or less" : fmt::format("2^{}", static_cast<int>(i) - 127), s.binades[i],
               std::string(size, '#'));
  }
}

[[nodiscard]] json json_of(const io::metadata_value& value) {
  return std::visit(
      [](const auto& v) -> json {
        if constexpr (requires { v.values; }) {
          return std::visit(
              [](const auto& list) {
                return json{{"array", list.size()}};
              },
              v.values);
        } else {
          return v;
        }
      },
      value);
}

struct row {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string format;
  std::vector<std::string> parts;
  std::uint64_t bytes = 0;
  double bits = 0;
  std::optional<value_statistics> statistics;
};

void print(const inspect_options& options, const io::tensor_file& file,
           const std::vector<row>& rows) {
  std::size_t width = 4, shape_width = 5, format_width = 6;
  for (const row& r : rows) {
    width = (std::max)(width, r.name.size());
    shape_width = (std::max)(shape_width, shape_text(r.shape).size());
    format_width = (std::max)(format_width, r.format.size());
  }
  const auto figures = [](const auto&... texts) {
    (fmt::print("  {:>11}", texts), ...);
    fmt::print("\n");
  };
  fmt::print("{:<{}}  {:<{}}  {:<{}}  {:>8}", "name", width, "shape", shape_width, "format",
             format_width, "bits");
  if (options.has_statistics) {
    figures("min", "max", "mean", "rms", "zeros", "NaN", "inf");
  } else {
    fmt::print("\n");
  }
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> of_format;
  std::uint64_t values = 0, bytes = 0;
  for (const row& r : rows) {
    const std::uint64_t count = io::value_count(r.shape);
    values += count;
    bytes += r.bytes;
    of_format[r.format].first += count;
    of_format[r.format].second += r.bytes;
    fmt::print("{:<{}}  {:<{}}  {:<{}}  {:>8.6g}", r.name, width, shape_text(r.shape), shape_width,
               r.format, format_width, r.bits);
    if (!r.statistics) {
      fmt::print("\n");
      continue;
    }
    const auto number = [](double x) { return fmt::format("{:.5g}", x); };
    const value_statistics& s = *r.statistics;
    figures(number(static_cast<double>(s.min)), number(static_cast<double>(s.max)), number(s.mean),
            number(s.rms), s.zeros, s.nans, s.infinities);
    if (options.has_histogram) print_histogram(s);
  }
  for (const auto& [format, sizes] : of_format) {
    fmt::print("{}: {} values, {}\n", format, sizes.first, size_text(sizes.second));
  }
  fmt::print("{} ({}): {} tensors, {} values, {}", file.origin(), file.kind(), rows.size(), values,
             size_text(bytes));
  if (values != 0) {
    fmt::print(", {:.5g} bits per value",
               8 * static_cast<double>(bytes) / static_cast<double>(values));
  }
  fmt::print("\n");
}

}  // namespace

void inspect(const inspect_options& options) {
  const io::tensor_file file = open_file(options.file);
  const auto all = values_of_file(file);
  std::vector<row> rows;
  std::vector<std::string_view> names;
  std::map<std::string, const io::tensor_values*> by_part;
  for (const auto& values : all) {
    for (const std::string& part : values->parts) by_part[part] = values.get();
  }
  for (const io::stored_tensor& tensor : file.tensors()) {
    const auto found = by_part.find(tensor.name);
    if (found == by_part.end()) {
      names.push_back(tensor.name);
      if (!options.names.takes(tensor.name)) continue;
      rows.push_back({tensor.name,
                      tensor.shape,
                      tensor.type.name,
                      {tensor.name},
                      tensor.byte_size(),
                      tensor.type.bits_per_value(),
                      std::nullopt});
      continue;
    }
    const io::tensor_values& values = *found->second;
    if (values.parts.front() != tensor.name) continue;
    names.push_back(values.name);
    if (!options.names.takes(values.name)) continue;
    row r{values.name,  values.shape,        values.format,
          values.parts, values.stored_bytes, values.bits_per_value(),
          std::nullopt};
    if (options.has_statistics) r.statistics = statistics_of(values, thread_count(options.threads));
    rows.push_back(std::move(r));
  }
  options.names.require_match(names);

  if (options.has_json) {
    json j{{"file", options.file}, {"kind", file.kind()}};
    json& entries = j["metadata"] = json::object();
    for (const io::metadata_entry& entry : file.metadata())
      entries[entry.key] = json_of(entry.value);
    json& tensors = j["tensors"] = json::array();
    for (const row& r : rows) {
      json t{{"name", r.name},   {"shape", r.shape}, {"format", r.format},
             {"parts", r.parts}, {"bytes", r.bytes}, {"bits_per_value", r.bits}};
      if (r.statistics) t["statistics"] = json_of(*r.statistics, options.has_histogram);
      tensors.push_back(std::move(t));
    }
    return print_json(j);
  }
  if (options.has_metadata) {
    for (const io::metadata_entry& entry : file.metadata())
      fmt::print("{} = {}\n", entry.key, text_of_json(json_of(entry.value)));
  }
  print(options, file, rows);
}

}  // namespace lowp_tool
