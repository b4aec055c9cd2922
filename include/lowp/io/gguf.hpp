// SPDX-License-Identifier: MIT
// The GGUF file format, versions 2 and 3, little-endian: metadata, tensors, aligned bytes.
//
//   ┌────────┬─────────┬───────────┬────────────┬──────────────────┬───────────────┬─────────┐
//   │ "GGUF" │ version │ tensors   │ entries    │ key, type, value │ name, sizes,  │ padding │
//   │        │ u32     │ u64 count │ u64 count  │ for each entry   │ type, offset  │ + bytes │
//   └────────┴─────────┴───────────┴────────────┴──────────────────┴───────────────┴─────────┘
//     sizes begin with the contiguous one; offsets count from the first byte behind the padding
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/gguf_metadata.hpp"
#include "lowp/io/gguf_types.hpp"

namespace lowp::io {

/// Reads versions 2 and 3 with metadata of all types, and writes the version that it is made with.
/// Shapes have the contiguous dimension last, as everywhere here, and at most four. The entry
/// "general.alignment" is heeded, 32 without it. Files of big-endian machines are refused. `table`
/// says which types there are: it may have more than the library's.
class gguf_kind final : public file_kind {
 public:
  explicit gguf_kind(std::uint32_t version = 3,
                     std::span<const gguf_record> table = gguf_records) noexcept
      : version_(version), table_(table) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "gguf"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".gguf"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    return head.size() >= 4 && detail::load_little_endian<4>(head.data()) == magic;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  struct placed_tensor {
    tensor_declaration declaration;
    std::uint64_t offset = 0, size = 0;
  };
  [[nodiscard]] static metadata read_metadata(detail::byte_cursor& in, std::uint64_t count);
  [[nodiscard]] placed_tensor read_tensor(detail::byte_cursor& in, std::uint64_t alignment) const;

  static constexpr std::uint64_t magic = 0x46554747;  // "GGUF"
  static constexpr std::uint64_t most_dimensions = 4;
  // The specification allows 64, but ggml keeps names with a zero behind them in 64 bytes.
  static constexpr std::size_t longest_name = 63;
  static constexpr std::uint64_t default_alignment = 32;
  static constexpr std::string_view alignment_key = "general.alignment";

  std::uint32_t version_;
  std::span<const gguf_record> table_;
};

inline const gguf_kind gguf{};

// Implementation

namespace detail {

/// The alignment that metadata ask for; 0 if they ask for what cannot be.
[[nodiscard]] inline std::uint64_t gguf_alignment(const metadata& entries, std::string_view key,
                                                  std::uint64_t otherwise) {
  const metadata_value* const value = find(entries, key);
  if (value == nullptr) return otherwise;
  const auto* const alignment = std::get_if<std::uint32_t>(value);
  return alignment != nullptr && std::has_single_bit(*alignment) && *alignment <= 1u << 20
             ? *alignment
             : 0;
}

}  // namespace detail

inline metadata gguf_kind::read_metadata(detail::byte_cursor& in, std::uint64_t count) {
  metadata entries;
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < count; ++i) {
    in.where = "metadata entry " + std::to_string(i) + ": ";
    std::string key = detail::read_gguf_string(in, "key");
    in.where = "metadata " + detail::in_quotes(key) + ": ";
    if (!keys.insert(key).second) in.fail("key occurs twice");
    entries.push_back({std::move(key), detail::gguf_value_reader(in).value()});
  }
  in.where.clear();
  return entries;
}

inline gguf_kind::placed_tensor gguf_kind::read_tensor(detail::byte_cursor& in,
                                                       std::uint64_t alignment) const {
  placed_tensor tensor;
  std::string& name = tensor.declaration.name;
  name = detail::read_gguf_string(in, "name");
  in.where = "tensor " + detail::in_quotes(name) + ": ";
  const std::uint64_t dimensions = in.number<4>("number of dimensions");
  if (dimensions > most_dimensions) {
    in.fail("number of dimensions is " + std::to_string(dimensions) + ", expected at most " +
            std::to_string(most_dimensions));
  }
  for (std::uint64_t i = 0; i < dimensions; ++i)
    tensor.declaration.shape.push_back(in.number<8>("shape"));
  std::reverse(tensor.declaration.shape.begin(), tensor.declaration.shape.end());
  const std::uint64_t id = in.number<4>("type");
  const gguf_record* const record = find_gguf_record(table_, id);
  if (record == nullptr)
    in.fail("type has the number " + std::to_string(id) + ", which is unknown");
  tensor.declaration.type = record->type();
  std::string problem;
  tensor.size = byte_size(tensor.declaration.type, tensor.declaration.shape, problem);
  if (!problem.empty()) in.fail(problem);
  tensor.offset = in.number<8>("offset");
  if (tensor.offset % alignment != 0) {
    in.fail("offset is " + std::to_string(tensor.offset) + ", expected a multiple of " +
            std::to_string(alignment));
  }
  return tensor;
}

inline tensor_file gguf_kind::read(const shared_bytes& source,
                                   const std::filesystem::path& path) const {
  detail::byte_cursor in(*source, path.string());
  if (in.number<4>("mark") != magic) in.fail("does not begin with GGUF");
  const std::uint64_t version = in.number<4>("version");
  if ((version & 0xffff) == 0 && version != 0)
    in.fail("numbers are big-endian, which is not supported");
  if (version != 2 && version != 3)
    in.fail("version is " + std::to_string(version) + ", expected 2 or 3");
  const std::uint64_t tensor_count = in.number<8>("number of tensors");
  const std::uint64_t entry_count = in.number<8>("number of metadata entries");
  in.require_count(entry_count, 8 + 4 + 1, "number of metadata entries");
  in.require_count(tensor_count, 8 + 4 + 4 + 8, "number of tensors");

  metadata entries = read_metadata(in, entry_count);
  const std::uint64_t alignment = detail::gguf_alignment(entries, alignment_key, default_alignment);
  if (alignment == 0)
    in.fail("metadata 'general.alignment' is no power of two up to 2^20 of the type uint32");
  in.require_count(tensor_count, 8 + 4 + 4 + 8, "number of tensors");
  std::vector<placed_tensor> placed;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    in.where = "tensor " + std::to_string(i) + ": ";
    placed.push_back(read_tensor(in, alignment));
  }

  // Each within the file, and none in another. Behind the last one padding may be missing.
  const std::uint64_t begin =
      std::min(in.end(), in.position() + detail::padding(in.position(), alignment));
  const std::uint64_t available = in.end() - begin;
  std::sort(placed.begin(), placed.end(), [](const placed_tensor& a, const placed_tensor& b) {
    return std::pair(a.offset, a.size) < std::pair(b.offset, b.size);
  });
  std::vector<stored_tensor> tensors;
  std::uint64_t next = 0;
  for (placed_tensor& tensor : placed) {
    in.where = "tensor " + detail::in_quotes(tensor.declaration.name) + ": ";
    const std::string says = "offset is " + std::to_string(tensor.offset) + " with " +
                             std::to_string(tensor.size) + " bytes, expected ";
    if (tensor.size != 0) {
      if (tensor.offset > available || tensor.size > available - tensor.offset)
        in.fail(says + "them within " + std::to_string(available) + " bytes of data");
      if (tensor.offset < next)
        in.fail(says + "no byte before " + std::to_string(next) + " (overlap)");
      next = tensor.offset + tensor.size;
    }
    tensors.emplace_back(std::move(tensor.declaration),
                         std::make_shared<part_of_source>(
                             source, tensor.size == 0 ? 0 : begin + tensor.offset, tensor.size));
  }
  return {"gguf", path.string(), std::move(tensors), std::move(entries)};
}

inline file_plan gguf_kind::plan(std::span<const tensor_declaration> tensors,
                                 const metadata& entries, const std::filesystem::path&) const {
  const auto fail = [](const std::string& text) {
    throw std::invalid_argument("lowp::io::gguf: " + text);
  };
  if (version_ != 2 && version_ != 3)
    fail("version " + std::to_string(version_) + " is not written");
  const std::uint64_t alignment = detail::gguf_alignment(entries, alignment_key, default_alignment);
  if (alignment == 0)
    fail("metadata 'general.alignment' is no power of two up to 2^20 of the type uint32");
  detail::byte_builder out;
  out.number<4>(magic);
  out.number<4>(version_);
  out.number<8>(tensors.size());
  out.number<8>(entries.size());
  std::set<std::string_view> keys;
  for (const auto& [key, value] : entries) {
    if (!keys.insert(key).second) fail("metadata " + detail::in_quotes(key) + " occurs twice");
    detail::write_gguf_string(out, key);
    detail::write_gguf_value(out, value);
  }
  file_plan plan;
  for (const tensor_declaration& tensor : tensors) {
    const std::string where = "tensor " + detail::in_quotes(tensor.name) + ": ";
    const gguf_record* const record = find_gguf_record(table_, tensor.type.name);
    if (record == nullptr || record->type() != tensor.type)
      fail(where + "dtype is " + detail::in_quotes(tensor.type.name) +
           ", which the format has not");
    if (tensor.shape.size() > most_dimensions) {
      fail(where + "has " + std::to_string(tensor.shape.size()) + " dimensions, expected at most " +
           std::to_string(most_dimensions));
    }
    if (tensor.name.size() > longest_name)
      fail(where + "name has more than " + std::to_string(longest_name) + " bytes");
    detail::write_gguf_string(out, tensor.name);
    out.number<4>(tensor.shape.size());
    for (std::size_t i = tensor.shape.size(); i-- > 0;) out.number<8>(tensor.shape[i]);
    out.number<4>(record->id);
    out.number<8>(plan.size);
    std::string ignored;  // the sizes were checked before
    const std::uint64_t size = byte_size(tensor.type, tensor.shape, ignored);
    plan.tensor_offsets.push_back(plan.size);
    plan.size += size + detail::padding(size, alignment);
  }
  out.zeros(detail::padding(out.bytes.size(), alignment));
  const std::uint64_t begin = out.bytes.size();
  plan.size += begin;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    plan.tensor_offsets[i] += begin;
    std::string ignored;
    const std::uint64_t size = byte_size(tensors[i].type, tensors[i].shape, ignored);
    plan.fixed.push_back(
        {plan.tensor_offsets[i] + size,
         std::vector<std::byte>(static_cast<std::size_t>(detail::padding(size, alignment)))});
  }
  plan.fixed.push_back({0, std::move(out.bytes)});
  return plan;
}

}  // namespace lowp::io
