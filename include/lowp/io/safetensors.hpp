// SPDX-License-Identifier: MIT
// The safetensors file format: named tensors described by a JSON header in front of their bytes.
// The reader trusts nothing that it reads, and the writer leaves either a whole file or none.
// Here a file is in memory as a whole; io/files.hpp reads and writes files of all kinds in pieces.
//
//   ┌──────────────┬────────────────────────────────────┬───────────────────────────────┐
//   │ u64 length N │ N bytes of JSON, padded by spaces  │ tensor bytes, without a gap   │
//   └──────────────┴────────────────────────────────────┴───────────────────────────────┘
//     little-endian  {"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…}
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/io/file_source.hpp"
#include "lowp/io/safetensors_header.hpp"
#include "lowp/io/temporary_file.hpp"
#include "lowp/io/tensor.hpp"

namespace lowp::io {

// A file held in memory, checked as a whole before any of it can be seen.
class safetensors_file {
 public:
  // Throws format_error for content that breaks the format, std::runtime_error for a file that
  // cannot be read.
  [[nodiscard]] static safetensors_file read(const std::filesystem::path& path);
  // `origin` is the name that messages give to the bytes.
  [[nodiscard]] static safetensors_file parse(std::vector<std::byte> bytes,
                                              std::string_view origin = "safetensors");

  // The views point into this object, so it moves but does not copy.
  safetensors_file(safetensors_file&&) = default;
  safetensors_file& operator=(safetensors_file&&) = default;

  // In the order of their bytes.
  [[nodiscard]] std::span<const tensor_view> tensors() const noexcept { return tensors_; }
  [[nodiscard]] const metadata_map& metadata() const noexcept { return metadata_; }
  // Null if absent.
  [[nodiscard]] const tensor_view* find(std::string_view name) const noexcept;
  // Throws format_error if absent.
  [[nodiscard]] const tensor_view& at(std::string_view name) const;

 private:
  safetensors_file() = default;

  std::string origin_;
  std::vector<std::byte> bytes_;
  std::vector<tensor_view> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_of_;
  metadata_map metadata_;
};

// The whole file as bytes, in the order of the reference writer: later dtypes of the format's list
// first (so that alignment falls), then by name. Throws std::invalid_argument for a name that
// occurs twice, is not UTF-8 or is reserved, an unknown dtype, or bytes that do not fit the shape.
[[nodiscard]] std::vector<std::byte> to_safetensors(std::span<const tensor_view> tensors,
                                                    const metadata_map& metadata = {});

// Writes that file under a temporary name in the same directory, then renames it to `path`,
// replacing what was there. Besides the above throws std::runtime_error if the file cannot be
// written; then `path` is as it was.
void write_safetensors(const std::filesystem::path& path, std::span<const tensor_view> tensors,
                       const metadata_map& metadata = {});

// The elements as binary32, of every floating-point dtype: exact but for F64, which is rounded to
// nearest even. NaNs lose their payloads. Codes of less than a byte are taken low bits first.
// Throws std::invalid_argument for another dtype or bytes that do not fit the shape.
[[nodiscard]] std::vector<float> to_floats(const tensor_view& tensor);

// The bytes of an F32 tensor with these elements.
[[nodiscard]] std::vector<std::byte> to_f32_bytes(std::span<const float> values);

// Implementation

namespace detail {

// The number formats that dtypes name.
struct dtype_format {
  std::string_view dtype;
  float_format format;
};
inline constexpr std::array<dtype_format, 12> dtype_formats{{
    {"F32", formats::binary32},
    {"F16", formats::binary16},
    {"BF16", formats::bfloat16},
    {"F64", formats::binary64},
    {"F8_E4M3", formats::e4m3fn},
    {"F8_E5M2", formats::e5m2},
    {"F8_E4M3FNUZ", formats::e4m3fnuz},
    {"F8_E5M2FNUZ", formats::e5m2fnuz},
    {"F8_E8M0", formats::e8m0},
    {"F6_E2M3", formats::e2m3},
    {"F6_E3M2", formats::e3m2},
    {"F4", formats::e2m1},
}};

[[nodiscard]] inline std::vector<header_tensor> header_tensors(
    std::span<const tensor_view> tensors) {
  std::vector<header_tensor> rows;
  for (const tensor_view& tensor : tensors)
    rows.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes.size()});
  return rows;
}

}  // namespace detail

inline safetensors_file safetensors_file::parse(std::vector<std::byte> bytes,
                                                std::string_view origin) {
  safetensors_file file;
  file.origin_ = origin;
  file.bytes_ = std::move(bytes);
  const std::span<const std::byte> all = file.bytes_;
  auto header = detail::read_safetensors_header(
      all.size(),
      [&](std::uint64_t first, std::size_t count) {
        return all.subspan(static_cast<std::size_t>(first), count);
      },
      file.origin_);
  file.metadata_ = std::move(header.metadata);
  for (detail::header_entry& entry : header.entries) {
    const std::uint64_t begin = entry.data_offsets[0], end = entry.data_offsets[1];
    file.tensors_.push_back(
        {.name = std::move(entry.name),
         .dtype = std::move(entry.dtype),
         .shape = std::move(entry.shape),
         .bytes = all.subspan(static_cast<std::size_t>(header.data_begin + begin),
                              static_cast<std::size_t>(end - begin))});
  }
  for (std::size_t i = 0; i < file.tensors_.size(); ++i)
    file.index_of_.emplace(file.tensors_[i].name, i);
  return file;
}

inline safetensors_file safetensors_file::read(const std::filesystem::path& path) {
  const shared_bytes source = open_source(path, file_access::on_demand);
  if (!std::in_range<std::size_t>(source->size()))
    throw std::runtime_error(path.string() + ": too large for memory");
  return parse(read_bytes(*source, 0, static_cast<std::size_t>(source->size())), path.string());
}

inline const tensor_view* safetensors_file::find(std::string_view name) const noexcept {
  const auto found = index_of_.find(name);
  return found == index_of_.end() ? nullptr : &tensors_[found->second];
}

inline const tensor_view& safetensors_file::at(std::string_view name) const {
  const tensor_view* const found = find(name);
  if (found == nullptr) throw format_error(origin_ + ": has no tensor " + detail::in_quotes(name));
  return *found;
}

inline std::vector<std::byte> to_safetensors(std::span<const tensor_view> tensors,
                                             const metadata_map& entries) {
  const auto rows = detail::header_tensors(tensors);
  const auto order = detail::sorted_for_writing(rows);
  std::vector<std::byte> bytes = detail::header_bytes(rows, order, entries);
  for (const std::size_t i : order)
    bytes.insert(bytes.end(), tensors[i].bytes.begin(), tensors[i].bytes.end());
  return bytes;
}

inline void write_safetensors(const std::filesystem::path& path,
                              std::span<const tensor_view> tensors, const metadata_map& entries) {
  const auto rows = detail::header_tensors(tensors);
  const auto order = detail::sorted_for_writing(rows);
  const auto header = detail::header_bytes(rows, order, entries);
  detail::temporary_file file(path);
  file.write(header);
  for (const std::size_t i : order) file.write(tensors[i].bytes);
  file.keep_as(path);
}

inline std::vector<float> to_floats(const tensor_view& tensor) {
  const auto fail = [&](const std::string& text) {
    throw std::invalid_argument("lowp::io::to_floats: tensor " + detail::in_quotes(tensor.name) +
                                ": " + text);
  };
  std::string problem;
  const std::uint64_t expected = detail::safetensors_byte_size(tensor.dtype, tensor.shape, problem);
  if (!problem.empty()) fail(problem);
  if (tensor.bytes.size() != expected) fail("bytes do not fit dtype and shape");

  const auto found = std::find_if(detail::dtype_formats.begin(), detail::dtype_formats.end(),
                                  [&](const auto& entry) { return entry.dtype == tensor.dtype; });
  if (found == detail::dtype_formats.end()) {
    fail("dtype is " + tensor.dtype + ", expected a floating-point number");
  }
  const std::size_t bits = 8 * tensor.bytes.size();
  std::vector<float> values(bits / static_cast<std::size_t>(found->format.bits()));
  decode(found->format,
         std::span(reinterpret_cast<const std::uint8_t*>(tensor.bytes.data()), tensor.bytes.size()),
         std::span(values));
  return values;
}

inline std::vector<std::byte> to_f32_bytes(std::span<const float> values) {
  std::vector<std::byte> bytes(4 * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    detail::store_little_endian<4>(std::bit_cast<std::uint32_t>(values[i]), bytes.data() + 4 * i);
  }
  return bytes;
}

}  // namespace lowp::io
