// SPDX-License-Identifier: MIT
#include "convert.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "json_text.hpp"
#include "lowp/io/convert_values.hpp"
#include "lowp/io/element_format.hpp"
#include "lowp/io/tensor_writer.hpp"

namespace lowp_tool {

using namespace lowp;
using json = nlohmann::ordered_json;

namespace {

constexpr const char* keeps_no_format = "it is no tensor of floats";

// A weight of the new file: its values in a new type, or the tensors of the old file as they are.
struct weight_plan {
  const io::tensor_values* values = nullptr;
  std::unique_ptr<io::value_target> target;  // null: copied
  std::vector<const io::stored_tensor*> copied;
  std::size_t first = 0;  // of its tensors in the new file
  std::string name, from, to, reason;
};

// "U8" tensors and the like are no weights, whatever their values are.
[[nodiscard]] bool has_floats(const io::tensor_file& file, const io::tensor_values& values) {
  const io::stored_tensor* const tensor = file.find(values.parts.front());
  return values.format != tensor->type.name || tensor->type.is_block() ||
         io::is_float_dtype(tensor->type.name);
}

[[nodiscard]] std::string text_of(const io::metadata_value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using type = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<type, std::string>) {
          return v;
        } else if constexpr (std::is_same_v<type, bool>) {
          return v ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<type>) {
          return fmt::format("{}", v);
        } else {
          return {};
        }
      },
      value);
}

class conversion {
 public:
  explicit conversion(const convert_options& o)
      : options_(o),
        file_(open_file(o.file)),
        kind_(kind_of_new_file(o.out, o.kind)),
        type_(type_of_name(o.to, kind_)),
        values_(values_of_file(file_)) {
    if (!o.rest.empty())
      rest_ = type_of_name({.name = o.rest, .rule = {}, .rounding = {}, .overflow = {}}, kind_);
    plan();
  }

  void run() {
    const auto start = std::chrono::steady_clock::now();
    const io::metadata entries = metadata_that_fits();
    std::uint64_t work = 0, written = 0, read = 0;
    for (const weight_plan& w : weights_) {
      if (w.target != nullptr) work += w.values->size() * (w.target->needs_amax() ? 2 : 1);
      for (const io::stored_tensor* tensor : w.copied) work += tensor->byte_size() / 4;
    }
    for (const io::stored_tensor& tensor : file_.tensors()) read += tensor.byte_size();
    {
      progress_bar bar(work, !options_.is_quiet && !options_.has_json);
      io::tensor_writer out(options_.out, kind_, declarations_, entries);
      const auto write = [&](std::size_t index, std::span<const std::byte> bytes) {
        out.write(index, bytes);
        written += bytes.size();
      };
      for (const weight_plan& w : weights_) {
        if (w.target != nullptr) {
          io::convert_values(
              *w.values, *w.target, thread_count(options_.threads),
              [&](std::size_t i, std::span<const std::byte> bytes) { write(w.first + i, bytes); },
              [&](std::size_t count) { bar.add(count); });
          continue;
        }
        for (std::size_t i = 0; i < w.copied.size(); ++i)
          copy(*w.copied[i], w.first + i, write, bar);
      }
      out.finish();
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    report(read, written, time.count());
  }

 private:
  void plan() {
    std::map<std::string, const io::tensor_values*> by_part;
    for (const auto& values : values_) {
      for (const std::string& part : values->parts) by_part[part] = values.get();
    }
    for (const io::stored_tensor& tensor : file_.tensors()) {
      const auto found = by_part.find(tensor.name);
      if (found == by_part.end()) {
        add_copy(tensor.name, tensor.type.name, {&tensor}, keeps_no_format);
      } else if (found->second->parts.front() == tensor.name) {
        add(*found->second);
      }
    }
    std::vector<std::string_view> names;
    for (const weight_plan& w : weights_) names.push_back(w.name);
    options_.names.require_match(names);
  }

  void add(const io::tensor_values& values) {
    const bool is_meant = options_.names.takes(values.name);
    std::string reason =
        is_meant ? misfit(*type_, values) : "its name is not among those to convert";
    if (is_meant && reason.empty()) return add_conversion(values, *type_, {});
    if (is_meant && options_.is_strict && reason != keeps_no_format)
      throw std::invalid_argument(
          fmt::format("tensor '{}' cannot become {}: {}", values.name, type_->name, reason));
    if (rest_ != nullptr && misfit(*rest_, values).empty())
      return add_conversion(values, *rest_, reason);
    std::vector<const io::stored_tensor*> parts;
    for (const std::string& part : values.parts) parts.push_back(&file_.at(part));
    add_copy(values.name, values.format, std::move(parts), reason);
  }
  // Why a tensor stays as it is, or empty.
  [[nodiscard]] std::string misfit(const io::value_type& type,
                                   const io::tensor_values& values) const {
    if (!has_floats(file_, values)) return keeps_no_format;
    if (type.is_block && values.shape.size() < 2) return "it has fewer than two dimensions";
    return type.misfit(values.shape);
  }
  void add_conversion(const io::tensor_values& values, const io::value_type& type,
                      const std::string& reason) {
    weight_plan w;
    w.name = values.name;
    w.from = values.format;
    w.to = type.name;
    w.reason = reason;
    w.first = declarations_.size();
    w.values = &values;
    w.target = type.target(values.name, values.shape);
    const io::stored_tensor& tensor = file_.at(values.parts.front());
    if (values.parts.size() == 1 && values.format == tensor.type.name &&
        w.target->tensors.size() == 1 && w.target->tensors[0] == tensor &&
        w.target->metadata.empty()) {
      w.target = nullptr;  // it is that already
      w.copied = {&tensor};
      declarations_.push_back(tensor);
    } else {
      for (const io::tensor_declaration& t : w.target->tensors) declarations_.push_back(t);
      if (!w.target->metadata.empty())
        described_.push_back(
            {std::string(io::tensor_metadata_prefix) + values.name, w.target->metadata});
      replaced_.insert(std::string(io::tensor_metadata_prefix) + values.name);
    }
    weights_.push_back(std::move(w));
  }
  void add_copy(const std::string& name, const std::string& format,
                std::vector<const io::stored_tensor*> parts, const std::string& reason) {
    weight_plan w;
    w.name = name;
    w.from = w.to = format;
    w.reason = reason;
    w.first = declarations_.size();
    for (const io::stored_tensor* part : parts) declarations_.push_back(*part);
    w.copied = std::move(parts);
    weights_.push_back(std::move(w));
  }

  template <class Write>
  static void copy(const io::stored_tensor& tensor, std::size_t index, const Write& write,
                   progress_bar& bar) {
    constexpr std::uint64_t piece = 1 << 20;
    std::vector<std::byte> buffer;
    for (std::uint64_t first = 0; first < tensor.byte_size(); first += piece) {
      buffer.resize(static_cast<std::size_t>((std::min)(piece, tensor.byte_size() - first)));
      tensor.read(first, buffer);
      write(index, buffer);
      bar.add(buffer.size() / 4);
    }
  }

  // All metadata, if the kind can say them; else texts alone; else those that are needed to read
  // the file.
  [[nodiscard]] io::metadata metadata_that_fits() {
    io::metadata all, texts, needed;
    for (const io::metadata_entry& entry : file_.metadata()) {
      if (replaced_.contains(entry.key)) continue;
      all.push_back(entry);
      if (const std::string text = text_of(entry.value);
          !text.empty() || std::holds_alternative<std::string>(entry.value))
        texts.push_back({entry.key, text});
      if (entry.key.substr(0, io::tensor_metadata_prefix.size()) == io::tensor_metadata_prefix)
        needed.push_back(entry);
    }
    for (io::metadata* entries : {&all, &texts, &needed})
      entries->insert(entries->end(), described_.begin(), described_.end());
    for (const io::metadata* entries : {&all, &texts}) {
      try {
        static_cast<void>(kind_.plan(declarations_, *entries, options_.out));
        dropped_ = all.size() - entries->size();
        return *entries;
      } catch (const std::invalid_argument&) {
      }
    }
    static_cast<void>(kind_.plan(declarations_, needed, options_.out));
    dropped_ = all.size() - needed.size();
    return needed;
  }

  void report(std::uint64_t read, std::uint64_t written, double seconds) const {
    std::size_t converted = 0;
    for (const weight_plan& w : weights_) converted += w.target != nullptr ? 1u : 0u;
    if (options_.has_json) {
      json j{
          {"file", options_.file}, {"out", options_.out},      {"kind", std::string(kind_.name())},
          {"bytes_read", read},    {"bytes_written", written}, {"dropped_metadata", dropped_},
          {"seconds", seconds}};
      json& rows = j["tensors"] = json::array();
      for (const weight_plan& w : weights_) {
        json row{{"name", w.name}, {"from", w.from}, {"to", w.to}};
        row["is_converted"] = w.target != nullptr;
        if (!w.reason.empty()) row["reason"] = w.reason;
        rows.push_back(std::move(row));
      }
      return print_json(j);
    }
    if (options_.is_quiet) return;
    std::map<std::string, std::pair<std::size_t, std::string>> kept;
    for (const weight_plan& w : weights_) {
      if (w.target != nullptr || w.reason.empty()) continue;
      auto& [count, example] = kept[w.reason];
      if (count++ == 0) example = w.name;
    }
    fmt::print("{}: {} of {} tensors converted to {}, {} from {}, {:.2f} s\n", options_.out,
               converted, weights_.size(), type_->name, size_text(written), size_text(read),
               seconds);
    for (const auto& [reason, of] : kept) {
      fmt::print("  {} as {} since {}: {}{}\n", of.first, of.first == 1 ? "it was" : "they were",
                 reason, of.second, of.first == 1 ? "" : " …");
    }
    if (dropped_ != 0) fmt::print("  {} metadata entries left out\n", dropped_);
  }

  const convert_options& options_;
  io::tensor_file file_;
  const io::file_kind& kind_;
  std::unique_ptr<io::value_type> type_, rest_;
  std::vector<std::unique_ptr<io::tensor_values>> values_;
  std::vector<weight_plan> weights_;
  std::vector<io::tensor_declaration> declarations_;
  io::metadata described_;
  std::set<std::string, std::less<>> replaced_;
  std::size_t dropped_ = 0;
};

}  // namespace

void convert(const convert_options& options) { conversion(options).run(); }

}  // namespace lowp_tool
