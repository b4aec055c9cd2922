// SPDX-License-Identifier: MIT
// The safetensors file format: named tensors described by a JSON header in front of their bytes.
// The reader trusts nothing that it reads, and the writer leaves either a whole file or none.
//
//   ┌──────────────┬────────────────────────────────────┬───────────────────────────────┐
//   │ u64 length N │ N bytes of JSON, padded by spaces  │ tensor bytes, without a gap   │
//   └──────────────┴────────────────────────────────────┴───────────────────────────────┘
//     little-endian  {"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…}
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>  // exclusive creation of a file, which streams do not have
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp::io {

// The bytes do not follow the format. The message names the file, the tensor and the field, and
// what was expected.
class format_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A tensor whose bytes belong to someone else: to a safetensors_file, or to whoever writes one.
// Elements are little-endian, the last dimension is contiguous, and a shape without dimensions is a
// single element.
struct tensor_view {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;
};

using metadata_map = std::map<std::string, std::string>;

// Bits of one element of a dtype of the format, 4 for "F4" to 64 for "C64"; 0 if the format has no
// such dtype.
[[nodiscard]] constexpr std::uint64_t dtype_bits(std::string_view dtype) noexcept;

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

// The reader accepts no longer header, as the reference implementation.
inline constexpr std::uint64_t max_header_bytes = 100'000'000;
inline constexpr std::string_view metadata_key = "__metadata__";

struct dtype_entry {
  std::string_view name;
  std::uint64_t bits;
};

// In the order of the reference implementation, which its writer sorts by.
inline constexpr std::array<dtype_entry, 22> dtypes{{
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
}};

// Position in the list above; its size if the dtype is unknown.
[[nodiscard]] constexpr std::size_t dtype_rank(std::string_view dtype) noexcept {
  std::size_t rank = 0;
  while (rank < dtypes.size() && dtypes[rank].name != dtype) ++rank;
  return rank;
}

// A name from a file made fit for a message: control characters and non-ASCII bytes as "?", and not
// too long.
[[nodiscard]] inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 100;
  std::string result = "'";
  for (const char c : name.substr(0, longest)) result += c < ' ' || c > '~' ? '?' : c;
  return result + (name.size() > longest ? "…'" : "'");
}

// An unsigned integer of Bytes bytes, lowest byte first on every machine.
template <std::size_t Bytes>
[[nodiscard]] constexpr std::uint64_t load_little_endian(const std::byte* from) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i)
    value |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

template <std::size_t Bytes>
constexpr void store_little_endian(std::uint64_t value, std::byte* to) noexcept {
  for (std::size_t i = 0; i < Bytes; ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

// The number of bytes that the shape needs. On failure `problem` says why and the result is 0.
[[nodiscard]] inline std::uint64_t byte_size(std::string_view dtype,
                                             std::span<const std::uint64_t> shape,
                                             std::string& problem) {
  const std::uint64_t bits_per_element = dtype_bits(dtype);
  if (bits_per_element == 0) {
    problem = "dtype is " + in_quotes(dtype) + ", expected one of the dtypes of the format";
    return 0;
  }
  // A zero makes the product zero, but the other sizes must still be ones that could be multiplied.
  std::uint64_t bits = bits_per_element;
  std::uint64_t bits_of_nonzero = bits_per_element;
  for (const std::uint64_t size : shape) {
    const std::uint64_t factor = std::max<std::uint64_t>(size, 1);
    if (bits_of_nonzero > (std::numeric_limits<std::uint64_t>::max)() / factor) {
      problem = "shape has a product of sizes that exceeds 2^64 bits";
      return 0;
    }
    bits_of_nonzero *= factor;
    bits *= size;
  }
  if (bits % 8 != 0) {
    problem = "shape with dtype " + in_quotes(dtype) + " needs " + std::to_string(bits) +
              " bits, expected whole bytes";
    return 0;
  }
  return bits / 8;
}

// What the header says of one tensor, before the offsets are known to be sound.
struct header_entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> data_offsets;
  bool has_dtype = false, has_shape = false, has_data_offsets = false;
};

// Receives the JSON header piece by piece. It keeps no tree, refuses nesting deeper than the format
// has, and sees each key before a later one could replace it. The member functions that nlohmann's
// parser calls bear the names it demands and return false to stop it.
class header_reader {
 public:
  std::vector<header_entry> entries;
  metadata_map metadata;
  std::string problem;  // empty as long as all is well

  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a boolean"); }
  bool number_integer(std::int64_t) { return unexpected("a negative integer"); }
  bool number_float(double, const std::string& text) {
    return unexpected("the number " + in_quotes(text));
  }
  bool binary(nlohmann::json::binary_t&) { return unexpected("binary data"); }

  bool number_unsigned(std::uint64_t value) {
    if (place_ != place::shape_list && place_ != place::offset_list) return unexpected("a number");
    auto& list = place_ == place::shape_list ? entries.back().shape : entries.back().data_offsets;
    if (place_ == place::offset_list && list.size() == 2) return unexpected("a third number");
    list.push_back(value);
    return true;
  }

  bool string(std::string& value) {
    if (place_ == place::dtype) {
      if (dtype_bits(value) == 0) return unexpected(in_quotes(value));
      entries.back().dtype = std::move(value);
      place_ = place::tensor;
      return true;
    }
    if (place_ != place::metadata_value) return unexpected("a string");
    metadata[metadata_name_] = std::move(value);
    place_ = place::metadata;
    return true;
  }

  bool start_object(std::size_t) {
    switch (place_) {
      case place::start: place_ = place::top; return true;
      case place::tensor_start: place_ = place::tensor; return true;
      case place::metadata_start: place_ = place::metadata; return true;
      default: return unexpected("an object");
    }
  }

  bool key(std::string& name) {
    switch (place_) {
      case place::top: return top_key(name);
      case place::tensor: return tensor_key(name);
      default: return metadata_entry(name);
    }
  }

  bool end_object() {
    if (place_ == place::top) {
      place_ = place::end;
      return true;
    }
    if (place_ == place::tensor && !is_complete(entries.back())) return false;
    place_ = place::top;
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ == place::shape_start) return enter(place::shape_list);
    if (place_ == place::offsets_start) return enter(place::offset_list);
    return unexpected("an array");
  }

  bool end_array() {
    if (place_ == place::offset_list && entries.back().data_offsets.size() != 2)
      return unexpected("another count");
    return enter(place::tensor);
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    problem = "header is not valid JSON in UTF-8 at its byte " + std::to_string(position);
    return false;
  }

 private:
  // Where in the header the next token stands; "start" is in front of the opening bracket.
  // clang-format off
  enum class place {
    start, top, end, tensor_start, tensor, dtype, shape_start, shape_list, offsets_start, offset_list,
    metadata_start, metadata, metadata_value
  };
  // clang-format on

  bool enter(place next) {
    place_ = next;
    return true;
  }

  bool fail(std::string text) {
    problem = std::move(text);
    return false;
  }

  bool unexpected(const std::string& found) {
    switch (place_) {
      case place::tensor_start: return refuse_field("entry", found, "an object");
      case place::dtype: return refuse_field("dtype", found, "a dtype of the format");
      case place::shape_start: return refuse_field("shape", found, "an array");
      case place::shape_list: return refuse_field("shape", found, "integers from 0 to 2^64 - 1");
      case place::offsets_start: return refuse_field("data_offsets", found, "an array");
      case place::offset_list:
        return refuse_field("data_offsets", found, "two integers from 0 to 2^64 - 1");
      case place::metadata_start: return fail("__metadata__ is " + found + ", expected an object");
      case place::metadata_value:
        return fail("__metadata__ entry " + in_quotes(metadata_name_) + " is " + found +
                    ", expected a string");
      default: return fail("header has " + found + " where an object was expected");
    }
  }

  bool refuse_field(std::string_view field, const std::string& found, const std::string& expected) {
    return fail(tensor_field(field) + " has " + found + ", expected " + expected);
  }

  [[nodiscard]] std::string tensor_field(std::string_view field) const {
    return "tensor " + in_quotes(entries.back().name) + ": " + std::string(field);
  }

  bool top_key(std::string& name) {
    if (!names_.insert(name).second)
      return fail("header has the key " + in_quotes(name) + " twice");
    if (name == metadata_key) return enter(place::metadata_start);
    entries.push_back({.name = std::move(name), .dtype = {}, .shape = {}, .data_offsets = {}});
    return enter(place::tensor_start);
  }

  bool tensor_key(const std::string& field) {
    header_entry& entry = entries.back();
    if (field == "dtype") return enter_field(entry.has_dtype, field, place::dtype);
    if (field == "shape") return enter_field(entry.has_shape, field, place::shape_start);
    if (field == "data_offsets")
      return enter_field(entry.has_data_offsets, field, place::offsets_start);
    return fail("tensor " + in_quotes(entry.name) + ": has a field " + in_quotes(field) +
                ", expected dtype, shape and data_offsets only");
  }

  bool enter_field(bool& seen, const std::string& field, place next) {
    if (seen) return fail(tensor_field(field) + " occurs twice");
    seen = true;
    return enter(next);
  }

  bool metadata_entry(std::string& name) {
    if (metadata.contains(name))
      return fail("__metadata__ has the key " + in_quotes(name) + " twice");
    metadata_name_ = std::move(name);
    return enter(place::metadata_value);
  }

  bool is_complete(const header_entry& entry) {
    if (!entry.has_dtype) return fail(tensor_field("dtype") + " is missing");
    if (!entry.has_shape) return fail(tensor_field("shape") + " is missing");
    if (!entry.has_data_offsets) return fail(tensor_field("data_offsets") + " is missing");
    return true;
  }

  place place_ = place::start;
  std::string metadata_name_;
  std::set<std::string, std::less<>> names_;
};

// The tensors in the order of their bytes. Throws unless they cover `buffer` from end to end, each
// once.
[[nodiscard]] inline std::vector<tensor_view> place_tensors(std::vector<header_entry> entries,
                                                            std::span<const std::byte> buffer,
                                                            const std::string& origin) {
  // Empty tensors may share their offsets; their names decide then.
  std::sort(
      entries.begin(), entries.end(), [](const header_entry& left, const header_entry& right) {
        return std::tie(left.data_offsets, left.name) < std::tie(right.data_offsets, right.name);
      });
  std::vector<tensor_view> tensors;
  std::uint64_t next = 0;  // the first byte that no tensor has claimed yet
  for (header_entry& entry : entries) {
    const auto fail = [&](const std::string& text) {
      throw format_error(origin + ": tensor " + in_quotes(entry.name) + ": " + text);
    };
    const std::uint64_t begin = entry.data_offsets[0], end = entry.data_offsets[1];
    const std::string offsets =
        "data_offsets are [" + std::to_string(begin) + ", " + std::to_string(end) + "], ";
    if (end < begin) fail(offsets + "expected the end not before the begin");
    if (end > buffer.size())
      fail(offsets + "expected them within " + std::to_string(buffer.size()) + " bytes of data");
    if (begin != next) {
      fail(offsets + "expected a begin of " + std::to_string(next) + " (" +
           (begin < next ? "overlap" : "hole") + ")");
    }
    std::string problem;
    const std::uint64_t expected = byte_size(entry.dtype, entry.shape, problem);
    if (!problem.empty()) fail(problem);
    if (end - begin != expected)
      fail(offsets + "expected " + std::to_string(expected) + " bytes by dtype and shape");
    tensors.push_back({.name = std::move(entry.name),
                       .dtype = std::move(entry.dtype),
                       .shape = std::move(entry.shape),
                       .bytes = buffer.subspan(static_cast<std::size_t>(begin),
                                               static_cast<std::size_t>(end - begin))});
    next = end;
  }
  if (next != buffer.size()) {
    throw format_error(origin + ": data has " + std::to_string(buffer.size()) +
                       " bytes, expected " + std::to_string(next) +
                       " by the header (trailing bytes)");
  }
  return tensors;
}

[[nodiscard]] inline std::string json_string(const std::string& text, const char* what) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument("lowp::io::write_safetensors: " + std::string(what) + " " +
                                in_quotes(text) + " is not valid UTF-8");
  }
}

// Throws std::invalid_argument unless each tensor can be written; returns them in the order of the
// file.
[[nodiscard]] inline std::vector<const tensor_view*> sorted_for_writing(
    std::span<const tensor_view> tensors) {
  std::vector<const tensor_view*> sorted;
  std::set<std::string_view> names;
  for (const tensor_view& tensor : tensors) {
    const auto fail = [&](const std::string& text) {
      throw std::invalid_argument("lowp::io::write_safetensors: tensor " + in_quotes(tensor.name) +
                                  ": " + text);
    };
    if (tensor.name == metadata_key) fail("name is reserved for the metadata");
    if (!names.insert(tensor.name).second) fail("name occurs twice");
    std::string problem;
    const std::uint64_t expected = byte_size(tensor.dtype, tensor.shape, problem);
    if (!problem.empty()) fail(problem);
    if (tensor.bytes.size() != expected) {
      fail("bytes has " + std::to_string(tensor.bytes.size()) + " bytes, expected " +
           std::to_string(expected) + " by dtype and shape");
    }
    sorted.push_back(&tensor);
  }
  std::sort(sorted.begin(), sorted.end(), [](const tensor_view* left, const tensor_view* right) {
    const std::size_t left_rank = dtype_rank(left->dtype), right_rank = dtype_rank(right->dtype);
    return left_rank != right_rank ? left_rank > right_rank : left->name < right->name;
  });
  return sorted;
}

// The length and the JSON, padded so that the tensor bytes start at a multiple of 8.
[[nodiscard]] inline std::vector<std::byte> header_bytes(std::span<const tensor_view* const> sorted,
                                                         const metadata_map& metadata) {
  std::string json = "{";
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      json += json_string(key, "metadata key") + ":" + json_string(value, "metadata value") + ",";
    }
    json.back() = '}';
    json += ',';
  }
  std::uint64_t offset = 0;
  for (const tensor_view* tensor : sorted) {
    json += json_string(tensor->name, "tensor name") + ":{\"dtype\":\"" + tensor->dtype +
            "\",\"shape\":[";
    for (const std::uint64_t size : tensor->shape) json += std::to_string(size) + ",";
    if (!tensor->shape.empty()) json.pop_back();
    const std::uint64_t end = offset + tensor->bytes.size();
    json += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(end) + "]},";
    offset = end;
  }
  if (json.size() > 1) json.pop_back();
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > max_header_bytes) {
    throw std::invalid_argument("lowp::io::write_safetensors: header would have " +
                                std::to_string(json.size()) + " bytes, expected at most " +
                                std::to_string(max_header_bytes));
  }
  std::vector<std::byte> bytes(8 + json.size());
  store_little_endian<8>(json.size(), bytes.data());
  std::transform(json.begin(), json.end(), bytes.begin() + 8,
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

// A file under a name of its own that disappears unless it is kept.
class temporary_file {
 public:
  // Takes the first free name beside `target`; exclusive creation follows no link and overwrites
  // nothing.
  explicit temporary_file(const std::filesystem::path& target) {
    constexpr int attempts = 100;
    for (int attempt = 0; attempt < attempts && stream_ == nullptr; ++attempt) {
      path_ = target;
      path_ += ".partial" + std::to_string(attempt);
      stream_ = std::fopen(path_.string().c_str(), "wbx");
    }
    if (stream_ == nullptr)
      throw std::runtime_error("lowp::io: cannot create a file at " + path_.string());
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (stream_ != nullptr) static_cast<void>(std::fclose(stream_));
    std::error_code ignored;  // a destructor has no way to report it
    if (!is_kept_) std::filesystem::remove(path_, ignored);
  }

  void write(std::span<const std::byte> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) fail();
  }

  // Throws, and leaves `target` as it was, if a byte may not have been written.
  void keep_as(const std::filesystem::path& target) {
    const bool is_flushed = std::fflush(stream_) == 0;
    const bool is_closed = std::fclose(std::exchange(stream_, nullptr)) == 0;
    if (!is_flushed || !is_closed) fail();
    std::filesystem::rename(path_, target);
    is_kept_ = true;
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error("lowp::io: cannot write all bytes to " + path_.string());
  }

  std::filesystem::path path_;
  std::FILE* stream_ = nullptr;
  bool is_kept_ = false;
};

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

}  // namespace detail

constexpr std::uint64_t dtype_bits(std::string_view dtype) noexcept {
  const std::size_t rank = detail::dtype_rank(dtype);
  return rank < detail::dtypes.size() ? detail::dtypes[rank].bits : 0;
}

inline safetensors_file safetensors_file::parse(std::vector<std::byte> bytes,
                                                std::string_view origin) {
  safetensors_file file;
  file.origin_ = origin;
  file.bytes_ = std::move(bytes);
  const auto fail = [&](const std::string& text) {
    throw format_error(file.origin_ + ": " + text);
  };
  const std::span<const std::byte> all = file.bytes_;

  // 1. The length of the header, against the cap first, so that no sum can overflow.
  if (all.size() < 8)
    fail("file has " + std::to_string(all.size()) + " bytes, expected at least 8");
  const std::uint64_t length = detail::load_little_endian<8>(all.data());
  const std::string says = "header length is " + std::to_string(length) + ", expected at most ";
  if (length > detail::max_header_bytes) fail(says + std::to_string(detail::max_header_bytes));
  if (length > all.size() - 8)
    fail(says + "the " + std::to_string(all.size() - 8) + " bytes that follow");
  const auto header = all.subspan(8, static_cast<std::size_t>(length));
  if (header.empty() || header.front() != std::byte{'{'}) fail("header does not start with '{'");

  // 2. The header itself. The JSON parser takes a zero byte for the end of its input.
  if (std::find(header.begin(), header.end(), std::byte{0}) != header.end())
    fail("header has a zero byte");
  detail::header_reader reader;
  const auto* const text = reinterpret_cast<const char*>(header.data());
  if (!nlohmann::json::sax_parse(text, text + header.size(), &reader)) fail(reader.problem);
  file.metadata_ = std::move(reader.metadata);

  // 3. The bytes that it describes.
  file.tensors_ = detail::place_tensors(std::move(reader.entries), all.subspan(8 + header.size()),
                                        file.origin_);
  for (std::size_t i = 0; i < file.tensors_.size(); ++i)
    file.index_of_.emplace(file.tensors_[i].name, i);
  return file;
}

inline safetensors_file safetensors_file::read(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw std::runtime_error(name + ": not a regular file");
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? std::streamoff(stream.tellg()) : -1;
  if (size < 0) throw std::runtime_error(name + ": cannot open file");
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  stream.seekg(0);
  stream.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!stream || stream.gcount() != size) {
    throw std::runtime_error(name + ": cannot read all of its " + std::to_string(size) + " bytes");
  }
  return parse(std::move(bytes), name);
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
                                             const metadata_map& metadata) {
  const auto sorted = detail::sorted_for_writing(tensors);
  std::vector<std::byte> bytes = detail::header_bytes(sorted, metadata);
  for (const tensor_view* tensor : sorted)
    bytes.insert(bytes.end(), tensor->bytes.begin(), tensor->bytes.end());
  return bytes;
}

inline void write_safetensors(const std::filesystem::path& path,
                              std::span<const tensor_view> tensors, const metadata_map& metadata) {
  const auto sorted = detail::sorted_for_writing(tensors);
  const auto header = detail::header_bytes(sorted, metadata);
  detail::temporary_file file(path);
  file.write(header);
  for (const tensor_view* tensor : sorted) file.write(tensor->bytes);
  file.keep_as(path);
}

inline std::vector<float> to_floats(const tensor_view& tensor) {
  const auto fail = [&](const std::string& text) {
    throw std::invalid_argument("lowp::io::to_floats: tensor " + detail::in_quotes(tensor.name) +
                                ": " + text);
  };
  std::string problem;
  const std::uint64_t expected = detail::byte_size(tensor.dtype, tensor.shape, problem);
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
