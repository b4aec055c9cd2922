// SPDX-License-Identifier: MIT
// Tensors of any dtype as bytes in one file and, beside it, JSON that says what lies where.
//
//   {"format": "lowp.raw", "version": 1, "data": "model.json.raw",
//    "tensors": [{"name": "w", "dtype": "F32", "shape": [2, 3], "offset": 0},
//                {"name": "q", "dtype": "Q4_0", "record_bits": 144, "record_values": 32,
//                 "shape": [2, 32], "offset": 64}],
//    "metadata": [{"key": "alignment", "type": "u32", "value": 64}]}
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/neighbour_files.hpp"
#include "lowp/io/raw_json_metadata.hpp"

namespace lowp::io {

/// The file that is opened and written is the JSON; the bytes are in a file of its directory, which
/// a writer names as the JSON with ".raw" behind. A dtype that is no element type of io/dtype.hpp
/// says the bits of a record and, if it has many values, how many. Tensors do not overlap; what
/// lies between them is nobody's. Fields of other names are refused but in "metadata".
class raw_json_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "raw+json"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".json"; }
  /// An opening brace, behind blanks at most: reading tells other JSON from this.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    for (const std::byte byte : head) {
      const char c = static_cast<char>(byte);
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c == '{';
    }
    return false;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  static constexpr std::string_view format = "lowp.raw", suffix = ".raw";
  static constexpr std::uint64_t alignment = 64, largest_json = 100'000'000;
};

inline const raw_json_kind raw_json{};

// Implementation

namespace detail {

/// The whole text as a tree. Refuses keys that occur twice and nesting deeper than metadata have.
[[nodiscard]] inline nlohmann::json parse_json(const byte_cursor& in, std::string_view text) {
  constexpr int deepest = 2 * deepest_json_metadata + 8;
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using event_type = nlohmann::json::parse_event_t;
    if (depth > deepest) in.fail("JSON is nested deeper than " + std::to_string(deepest));
    if (event == event_type::object_start) keys.emplace_back();
    if (event == event_type::object_end) keys.pop_back();
    if (event == event_type::key && !keys.back().insert(value.get<std::string>()).second)
      in.fail("JSON has the key " + in_quotes(value.get<std::string>()) + " twice");
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), check);
  } catch (const nlohmann::json::parse_error& error) {
    in.fail("JSON is not valid at its byte " + std::to_string(error.byte));
  } catch (const nlohmann::json::out_of_range&) {
    in.fail("JSON has a number beyond the range of binary64");
  }
}

/// Checks and reads the fields of objects; messages name them.
class json_object {
 public:
  json_object(const byte_cursor& in, const nlohmann::json& object, std::string where,
              std::initializer_list<std::string_view> known)
      : in_(in), object_(object), where_(std::move(where)) {
    if (!object.is_object()) in.fail(where_ + "is no object");
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end())
        in.fail(where_ + "has a field " + in_quotes(key));
    }
  }
  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }
  [[nodiscard]] const nlohmann::json& at(const char* name) const {
    if (!has(name)) in_.fail(where_ + name + " is missing");
    return object_.at(name);
  }
  [[nodiscard]] std::string text(const char* name) const {
    if (!at(name).is_string()) in_.fail(where_ + name + " is no text");
    return at(name).get<std::string>();
  }
  [[nodiscard]] std::uint64_t number(const char* name, std::uint64_t most) const {
    return integer(at(name), name, most);
  }
  [[nodiscard]] const nlohmann::json& list(const char* name) const {
    if (!at(name).is_array()) in_.fail(where_ + name + " is no array");
    return at(name);
  }
  [[nodiscard]] std::vector<std::uint64_t> numbers(const char* name) const {
    std::vector<std::uint64_t> result;
    for (const nlohmann::json& value : list(name))
      result.push_back(integer(value, name, ~std::uint64_t{0}));
    return result;
  }

 private:
  [[nodiscard]] std::uint64_t integer(const nlohmann::json& value, const char* name,
                                      std::uint64_t most) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
      in_.fail(where_ + name + " is no integer from 0 to " + std::to_string(most));
    return value.get<std::uint64_t>();
  }
  const byte_cursor& in_;
  const nlohmann::json& object_;
  std::string where_;
};

struct raw_tensor {
  tensor_declaration declaration;
  std::uint64_t offset = 0, size = 0;
};

[[nodiscard]] inline raw_tensor read_raw_tensor(const byte_cursor& in, const nlohmann::json& from,
                                                std::size_t index) {
  const std::initializer_list<std::string_view> known{"name",          "dtype", "record_bits",
                                                      "record_values", "shape", "offset"};
  raw_tensor tensor;
  tensor.declaration.name =
      json_object(in, from, "tensor " + std::to_string(index) + ": ", known).text("name");
  const std::string where = "tensor " + in_quotes(tensor.declaration.name) + ": ";
  const json_object object(in, from, where, known);
  dtype& type = tensor.declaration.type;
  type = element_dtype(object.text("dtype"));
  const dtype by_name = type;
  constexpr std::uint64_t most = 1 << 24;
  if (object.has("record_bits"))
    type.record_bits = static_cast<std::uint32_t>(object.number("record_bits", most));
  if (object.has("record_values"))
    type.record_values = static_cast<std::uint32_t>(object.number("record_values", most));
  if (by_name.record_bits != 0 && type != by_name)
    in.fail(where + "dtype " + in_quotes(type.name) + " has another size than stated");
  tensor.declaration.shape = object.numbers("shape");
  tensor.offset = object.number("offset", ~std::uint64_t{0});
  std::string problem;
  tensor.size = byte_size(type, tensor.declaration.shape, problem);
  if (!problem.empty()) in.fail(where + problem);
  return tensor;
}

}  // namespace detail

inline tensor_file raw_json_kind::read(const shared_bytes& source,
                                       const std::filesystem::path& path) const {
  detail::byte_cursor in(*source, path.string());
  if (in.left() > largest_json)
    in.fail("JSON has " + std::to_string(in.left()) + " bytes, expected at most 10^8");
  const nlohmann::json tree = detail::parse_json(in, in.text(in.left(), "JSON"));
  const std::initializer_list<std::string_view> known{"format", "version", "data", "tensors",
                                                      "metadata"};
  if (!tree.is_object() || !tree.contains("format") || tree["format"] != format)
    in.fail("format is not 'lowp.raw'");
  const detail::json_object top(in, tree, "", known);
  if (top.number("version", ~std::uint64_t{0}) != 1)
    in.fail("version is " + tree["version"].dump() + ", expected 1");

  std::vector<detail::raw_tensor> placed;
  for (const nlohmann::json& entry : top.list("tensors"))
    placed.push_back(detail::read_raw_tensor(in, entry, placed.size()));
  const shared_bytes data =
      detail::neighbour_files(path, *source).open(top.text("data"), "data", in);
  std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.offset, a.size, a.declaration.name) <
           std::tie(b.offset, b.size, b.declaration.name);
  });
  std::vector<stored_tensor> tensors;
  std::uint64_t next = 0;
  for (detail::raw_tensor& tensor : placed) {
    in.where = "tensor " + detail::in_quotes(tensor.declaration.name) + ": ";
    const std::string says = "offset is " + std::to_string(tensor.offset) + " with " +
                             std::to_string(tensor.size) + " bytes, expected ";
    if (tensor.offset > data->size() || tensor.size > data->size() - tensor.offset)
      in.fail(says + "them within " + std::to_string(data->size()) + " bytes of data");
    if (tensor.size != 0 && tensor.offset < next)
      in.fail(says + "no byte before " + std::to_string(next) + " (overlap)");
    if (tensor.size != 0) next = tensor.offset + tensor.size;
    tensors.emplace_back(std::move(tensor.declaration),
                         std::make_shared<part_of_source>(data, tensor.offset, tensor.size));
  }
  in.where.clear();
  metadata entries;
  std::set<std::string> keys;
  if (top.has("metadata")) {
    for (const nlohmann::json& entry : top.list("metadata")) {
      std::string key =
          detail::json_object(in, entry, "metadata: ", {"key", "type", "of", "value"}).text("key");
      if (!keys.insert(key).second) in.fail("metadata " + detail::in_quotes(key) + " occurs twice");
      const detail::json_metadata_reader reader(in.origin() + ": metadata " +
                                                detail::in_quotes(key) + ": ");
      entries.push_back({std::move(key), reader.value(entry)});
    }
  }
  return {"raw+json", path.string(), std::move(tensors), std::move(entries)};
}

inline file_plan raw_json_kind::plan(std::span<const tensor_declaration> tensors,
                                     const metadata& entries,
                                     const std::filesystem::path& path) const {
  file_plan plan;
  plan.data_suffix = suffix;
  nlohmann::ordered_json top{
      {"format", format}, {"version", 1}, {"data", path.filename().string() + std::string(suffix)}};
  auto& list = top["tensors"] = nlohmann::ordered_json::array();
  for (const tensor_declaration& tensor : tensors) {
    std::string ignored;  // the sizes were checked before
    const std::uint64_t size = byte_size(tensor.type, tensor.shape, ignored);
    // A tensor without bytes makes the file no longer, so it must not lie behind its end.
    if (size != 0) plan.size += detail::padding(plan.size, alignment);
    nlohmann::ordered_json entry{{"name", tensor.name}, {"dtype", tensor.type.name}};
    const std::uint32_t known = element_dtype(tensor.type.name).record_bits;
    if (known == 0) {
      entry["record_bits"] = tensor.type.record_bits;
      if (tensor.type.is_block()) entry["record_values"] = tensor.type.record_values;
    } else if (tensor.type != element_dtype(tensor.type.name)) {
      throw std::invalid_argument("lowp::io::raw_json: tensor " + detail::in_quotes(tensor.name) +
                                  ": dtype " + detail::in_quotes(tensor.type.name) + " has " +
                                  std::to_string(known) + " bits");
    }
    entry["shape"] = tensor.shape;
    entry["offset"] = plan.size;
    list.push_back(std::move(entry));
    plan.tensor_offsets.push_back(plan.size);
    plan.size += size;
  }
  auto& texts = top["metadata"] = nlohmann::ordered_json::array();
  std::set<std::string_view> keys;
  for (const metadata_entry& entry : entries) {
    if (!keys.insert(entry.key).second) {
      throw std::invalid_argument("lowp::io::raw_json: metadata " + detail::in_quotes(entry.key) +
                                  " occurs twice");
    }
    texts.push_back(detail::to_json(entry));
  }
  try {
    const std::string text = top.dump(1) + "\n";
    const auto bytes = std::as_bytes(std::span(text));
    plan.fixed.push_back({0, {bytes.begin(), bytes.end()}});
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument("lowp::io::raw_json: a name or a text is not valid UTF-8");
  }
  return plan;
}

}  // namespace lowp::io
