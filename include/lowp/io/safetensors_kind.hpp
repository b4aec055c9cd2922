// SPDX-License-Identifier: MIT
// safetensors as a kind of file; io/safetensors.hpp shows the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/safetensors_header.hpp"

namespace lowp::io {

/// All dtypes of the format; metadata are texts. Reads every file that the format allows; writes in
/// the order of the reference writer: later dtypes of its list first, then by name.
class safetensors_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "safetensors"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".safetensors"; }
  /// A length that fits the file, and an opening brace.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t size) const noexcept override {
    return head.size() > 8 && head[8] == std::byte{'{'} &&
           detail::load_little_endian<8>(head.data()) <= size - 8;
  }

  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override {
    const std::string origin = path.string();
    std::vector<std::byte> buffer;
    auto header = detail::read_safetensors_header(
        source->size(),
        [&](std::uint64_t first, std::size_t count) {
          buffer = read_bytes(*source, first, count);
          return std::span<const std::byte>(buffer);
        },
        origin);
    std::vector<stored_tensor> tensors;
    for (detail::header_entry& entry : header.entries) {
      const std::uint64_t begin = entry.data_offsets[0], end = entry.data_offsets[1];
      tensors.emplace_back(
          tensor_declaration{std::move(entry.name), element_dtype(entry.dtype),
                             std::move(entry.shape)},
          std::make_shared<part_of_source>(source, header.data_begin + begin, end - begin));
    }
    metadata entries;
    for (auto& [key, value] : header.metadata) entries.push_back({key, std::move(value)});
    return {"safetensors", origin, std::move(tensors), std::move(entries)};
  }

  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override {
    metadata_map texts;
    for (const auto& [key, value] : entries) {
      const auto* const text = std::get_if<std::string>(&value);
      if (text == nullptr || !texts.emplace(key, *text).second) {
        throw std::invalid_argument("lowp::io::write_safetensors: metadata " +
                                    detail::in_quotes(key) +
                                    (text == nullptr ? " is no text" : " occurs twice"));
      }
    }
    std::vector<detail::header_tensor> rows;
    for (const tensor_declaration& tensor : tensors) {
      std::string ignored;  // sorted_for_writing says it in the words of the format
      rows.push_back({tensor.name, tensor.type.name, tensor.shape,
                      byte_size(tensor.type, tensor.shape, ignored)});
    }
    const auto order = detail::sorted_for_writing(rows);
    file_plan plan;
    plan.fixed.push_back({0, detail::header_bytes(rows, order, texts)});
    plan.size = plan.fixed.front().bytes.size();
    plan.tensor_offsets.resize(tensors.size());
    for (const std::size_t i : order) {
      plan.tensor_offsets[i] = plan.size;
      plan.size += rows[i].size;
    }
    return plan;
  }
};

inline const safetensors_kind safetensors{};

}  // namespace lowp::io
