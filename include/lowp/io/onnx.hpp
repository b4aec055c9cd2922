// SPDX-License-Identifier: MIT
// ONNX models as files of tensors: the initializers of the graph.
//
//   ModelProto { 1: ir_version, 2: producer_name, 7: graph, 8: opset_import, 14: metadata_props }
//     GraphProto { 1: node (NodeProto), 2: name, 5: initializer (TensorProto), … }
//       NodeProto { 2: output, 4: op_type, 5: attribute (AttributeProto), 7: domain, … }
//         AttributeProto { 1: name, 5: t (TensorProto), … }
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/neighbour_files.hpp"
#include "lowp/io/onnx_tensor.hpp"

namespace lowp::io {

/// Which tensors of a model are read: initializers, or with them the values of nodes of the type
/// Constant in the graph itself, in which some exporters keep all weights. These bear the name of
/// the node's output, by which other nodes refer to them.
enum class onnx_tensors : std::uint8_t { initializers, initializers_and_constants };

/// Reads raw_data, numbers in typed fields, and external data in files beside the model; tensors of
/// texts and segments are refused, sparse initializers and, unless they are asked for, values of
/// nodes passed over. Metadata are metadata_props. Codes of 4 and 2 bits lie low bits first. Writes
/// a model that has nothing but initializers, as raw_data or, where the message would exceed
/// `largest_message` bytes (2^31 - 1 is what protocol buffers allow), in a second file,
/// "<name>.data".
class onnx_kind final : public file_kind {
 public:
  explicit onnx_kind(std::uint64_t largest_message = 0x7fff'ffff,
                     onnx_tensors tensors = onnx_tensors::initializers) noexcept
      : largest_message_(largest_message), tensors_(tensors) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "onnx"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".onnx"; }
  /// The format has no mark: the first field is ir_version, a small number, and one of the other
  /// fields of a model follows.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    if (head.size() < 3 || head[0] != std::byte{0x08}) return false;
    const auto version = std::to_integer<unsigned>(head[1]),
               key = std::to_integer<unsigned>(head[2]);
    return version >= 1 && version < 64 && key >> 3 >= 2 && key >> 3 <= 8;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  /// All of a TensorProto but its bytes, for which `raw_data` is the last field.
  [[nodiscard]] static detail::byte_builder tensor_fields(const tensor_declaration& tensor,
                                                          std::uint64_t& ir_version);
  /// The model around the messages of tensors, of so many bytes altogether: what stands in front of
  /// them and behind.
  struct frame {
    detail::byte_builder front, back;
  };
  [[nodiscard]] static frame model_frame(std::uint64_t initializer_bytes, std::uint64_t ir_version,
                                         const metadata& entries);

  std::uint64_t largest_message_;
  onnx_tensors tensors_;
};

inline const onnx_kind onnx{};
/// The same, with the values of Constant nodes:
///
///   const file_kind* const kinds[] = {&onnx_with_constants};
///   const tensor_file model = open_tensors("model.onnx", kinds);
inline const onnx_kind onnx_with_constants{0x7fff'ffff, onnx_tensors::initializers_and_constants};

// Implementation

namespace detail {

/// The message of the tensor that a node of the type Constant is, and the name of its output; none
/// for other nodes, and for constants that are no tensor but a number, a list or a text.
struct onnx_constant {
  std::string name;
  byte_cursor message;
};
[[nodiscard]] inline std::optional<onnx_constant> constant_of(const byte_source& source,
                                                              byte_cursor node) {
  std::string name, type, domain;
  std::optional<byte_cursor> value;
  while (const auto field = next_field(node)) {
    if (field->number == 2 && name.empty()) name = text_of(source, node, *field, "output");
    if (field->number == 4) type = text_of(source, node, *field, "op_type");
    if (field->number == 7) domain = text_of(source, node, *field, "domain");
    if (field->number != 5) continue;
    expect(node, *field, wire::bytes, "attribute");
    auto attribute = within(source, node, *field);
    std::string key;
    std::optional<byte_cursor> tensor;
    while (const auto part = next_field(attribute)) {
      if (part->number == 1) key = text_of(source, attribute, *part, "attribute name");
      if (part->number != 5) continue;
      expect(attribute, *part, wire::bytes, "attribute tensor");
      tensor.emplace(within(source, attribute, *part));
    }
    if (key == "value" && tensor) value.emplace(*tensor);
  }
  if (type != "Constant" || !(domain.empty() || domain == "ai.onnx") || !value) return std::nullopt;
  return onnx_constant{std::move(name), std::move(*value)};
}

}  // namespace detail

inline tensor_file onnx_kind::read(const shared_bytes& source,
                                   const std::filesystem::path& path) const {
  detail::neighbour_files neighbours(path, *source);
  std::vector<stored_tensor> tensors;
  metadata entries;
  std::set<std::string> keys;
  bool has_graph = false;
  detail::byte_cursor model(*source, path.string());
  while (const auto field = detail::next_field(model)) {
    if (field->number == 7) {
      has_graph = true;
      detail::expect(model, *field, detail::wire::bytes, "graph");
      auto graph = detail::within(*source, model, *field);
      while (const auto part = detail::next_field(graph)) {
        if (part->number == 1 && tensors_ == onnx_tensors::initializers_and_constants) {
          detail::expect(graph, *part, detail::wire::bytes, "node");
          auto node = detail::within(*source, graph, *part);
          node.where = "a node: ";
          auto constant = detail::constant_of(*source, std::move(node));
          if (!constant) continue;
          constant->message.where = "constant " + detail::in_quotes(constant->name) + ": ";
          tensors.push_back(
              detail::onnx_tensor_reader(source, std::move(constant->message), neighbours).read());
          tensors.back().name = std::move(constant->name);
        }
        if (part->number != 5) continue;
        detail::expect(graph, *part, detail::wire::bytes, "initializer");
        auto message = detail::within(*source, graph, *part);
        message.where = "initializer " + std::to_string(tensors.size()) + ": ";
        tensors.push_back(
            detail::onnx_tensor_reader(source, std::move(message), neighbours).read());
      }
    } else if (field->number == 14) {
      detail::expect(model, *field, detail::wire::bytes, "metadata_props");
      auto entry = detail::within(*source, model, *field);
      std::string key, value;
      while (const auto part = detail::next_field(entry)) {
        if (part->number == 1) key = detail::text_of(*source, entry, *part, "key");
        if (part->number == 2) value = detail::text_of(*source, entry, *part, "value");
      }
      if (!keys.insert(key).second)
        model.fail("metadata_props has the key " + detail::in_quotes(key) + " twice");
      entries.push_back({std::move(key), std::move(value)});
    }
  }
  if (!has_graph) model.fail("model has no graph");
  return {"onnx", path.string(), std::move(tensors), std::move(entries)};
}

inline detail::byte_builder onnx_kind::tensor_fields(const tensor_declaration& tensor,
                                                     std::uint64_t& ir_version) {
  const auto* const known =
      std::find_if(std::begin(detail::onnx_dtypes), std::end(detail::onnx_dtypes),
                   [&](const auto& entry) { return element_dtype(entry.name) == tensor.type; });
  if (known == std::end(detail::onnx_dtypes)) {
    throw std::invalid_argument("lowp::io::onnx: tensor " + detail::in_quotes(tensor.name) +
                                ": dtype is " + detail::in_quotes(tensor.type.name) +
                                ", which the format has not");
  }
  ir_version = std::max(ir_version, known->ir_version);
  detail::byte_builder out;
  for (const std::uint64_t dim : tensor.shape)
    detail::put_number(out, detail::onnx_field::dims, dim);
  detail::put_number(out, detail::onnx_field::data_type, known->number);
  detail::put_text(out, detail::onnx_field::name, tensor.name);
  return out;
}

inline onnx_kind::frame onnx_kind::model_frame(std::uint64_t initializer_bytes,
                                               std::uint64_t ir_version, const metadata& entries) {
  detail::byte_builder graph, opset, back;
  detail::put_text(graph, 2, "tensors");
  frame result;
  detail::put_number(result.front, 1, ir_version);
  detail::put_text(result.front, 2, "lowp");
  detail::put_length(result.front, 7, graph.bytes.size() + initializer_bytes);
  result.front.bytes.insert(result.front.bytes.end(), graph.bytes.begin(), graph.bytes.end());
  detail::put_text(opset, 1, "");
  detail::put_number(opset, 2, 17);
  detail::put_message(result.back, 8, opset);
  std::set<std::string_view> keys;
  for (const auto& [key, value] : entries) {
    const auto* const text = std::get_if<std::string>(&value);
    if (text == nullptr || !keys.insert(key).second) {
      throw std::invalid_argument("lowp::io::onnx: metadata " + detail::in_quotes(key) +
                                  (text == nullptr ? " is no text" : " occurs twice"));
    }
    detail::byte_builder entry;
    detail::put_text(entry, 1, key);
    detail::put_text(entry, 2, *text);
    detail::put_message(result.back, 14, entry);
  }
  return result;
}

inline file_plan onnx_kind::plan(std::span<const tensor_declaration> tensors,
                                 const metadata& entries, const std::filesystem::path& path) const {
  constexpr std::uint64_t page = 4096;  // where external data begin, so that they can be mapped
  constexpr std::string_view suffix = ".data";
  const std::string location = path.filename().string() + std::string(suffix);
  std::uint64_t ir_version = 8;
  std::vector<detail::byte_builder> fronts;  // of a tensor: key, length and fields but the bytes
  std::vector<std::uint64_t> sizes;
  // A tensor without bytes makes the file no longer, so it must not lie behind its end.
  const auto padding_before = [](std::uint64_t at, std::uint64_t size) {
    return size == 0 ? 0 : detail::padding(at, page);
  };
  const auto lay_out = [&](bool is_external) {
    fronts.clear();
    sizes.clear();
    std::uint64_t total = 0, data = 0;
    for (const tensor_declaration& tensor : tensors) {
      std::string ignored;  // the sizes were checked before
      const std::uint64_t size = byte_size(tensor.type, tensor.shape, ignored);
      auto fields = tensor_fields(tensor, ir_version);
      std::uint64_t inside = 0;  // bytes of the tensor within the message
      if (is_external) {
        data += padding_before(data, size);
        for (const auto& [key, value] :
             {std::pair<std::string_view, std::string>{"location", location},
              {"offset", std::to_string(data)},
              {"length", std::to_string(size)}}) {
          detail::byte_builder entry;
          detail::put_text(entry, 1, key);
          detail::put_text(entry, 2, value);
          detail::put_message(fields, detail::onnx_field::external_data, entry);
        }
        detail::put_number(fields, detail::onnx_field::data_location, 1);
        data += size;
      } else {
        detail::put_length(fields, detail::onnx_field::raw_data, size);
        inside = size;
      }
      detail::byte_builder front;
      detail::put_length(front, 5, fields.bytes.size() + inside);
      front.bytes.insert(front.bytes.end(), fields.bytes.begin(), fields.bytes.end());
      total += front.bytes.size() + inside;
      sizes.push_back(size);
      fronts.push_back(std::move(front));
    }
    return total;
  };
  std::uint64_t total = lay_out(false);
  const bool is_external = total > largest_message_;
  if (is_external) total = lay_out(true);
  auto model = model_frame(total, ir_version, entries);

  file_plan plan;
  if (is_external) plan.data_suffix = suffix;
  std::uint64_t at = model.front.bytes.size(), data = 0;
  plan.fixed.push_back({0, std::move(model.front.bytes)});
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t front = fronts[i].bytes.size();
    plan.fixed.push_back({at, std::move(fronts[i].bytes)});
    at += front;
    data += padding_before(data, sizes[i]);
    plan.tensor_offsets.push_back(is_external ? data : at);
    (is_external ? data : at) += sizes[i];
  }
  const std::uint64_t back = model.back.bytes.size();
  plan.fixed.push_back({at, std::move(model.back.bytes)});
  plan.size = is_external ? data : at + back;
  return plan;
}

}  // namespace lowp::io
