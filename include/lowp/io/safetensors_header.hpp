// SPDX-License-Identifier: MIT
// The JSON header of a safetensors file: read piece by piece, trusting nothing, and written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lowp/io/tensor.hpp"

namespace lowp::io::detail {

// The reader accepts no longer header, as the reference implementation.
inline constexpr std::uint64_t max_header_bytes = 100'000'000;
inline constexpr std::string_view metadata_key = "__metadata__";

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

// The entries in the order of their bytes. Throws unless they cover a buffer of so many bytes from
// end to end, each byte once.
[[nodiscard]] inline std::vector<header_entry> place_tensors(std::vector<header_entry> entries,
                                                             std::uint64_t buffer_size,
                                                             const std::string& origin) {
  // Empty tensors may share their offsets; their names decide then.
  std::sort(
      entries.begin(), entries.end(), [](const header_entry& left, const header_entry& right) {
        return std::tie(left.data_offsets, left.name) < std::tie(right.data_offsets, right.name);
      });
  std::uint64_t next = 0;  // the first byte that no tensor has claimed yet
  for (const header_entry& entry : entries) {
    const auto fail = [&](const std::string& text) {
      throw format_error(origin + ": tensor " + in_quotes(entry.name) + ": " + text);
    };
    const std::uint64_t begin = entry.data_offsets[0], end = entry.data_offsets[1];
    const std::string offsets =
        "data_offsets are [" + std::to_string(begin) + ", " + std::to_string(end) + "], ";
    if (end < begin) fail(offsets + "expected the end not before the begin");
    if (end > buffer_size)
      fail(offsets + "expected them within " + std::to_string(buffer_size) + " bytes of data");
    if (begin != next) {
      fail(offsets + "expected a begin of " + std::to_string(next) + " (" +
           (begin < next ? "overlap" : "hole") + ")");
    }
    std::string problem;
    const std::uint64_t expected = safetensors_byte_size(entry.dtype, entry.shape, problem);
    if (!problem.empty()) fail(problem);
    if (end - begin != expected)
      fail(offsets + "expected " + std::to_string(expected) + " bytes by dtype and shape");
    next = end;
  }
  if (next != buffer_size) {
    throw format_error(origin + ": data has " + std::to_string(buffer_size) + " bytes, expected " +
                       std::to_string(next) + " by the header (trailing bytes)");
  }
  return entries;
}

// What stands in front of the tensors' bytes.
struct safetensors_header {
  std::vector<header_entry> entries;  // in the order of their bytes, which they cover
  metadata_map metadata;
  std::uint64_t data_begin = 0;
};

// The header of a file of `size` bytes of which `read(first, count)` gives a span of bytes that
// live until the next call.
template <class Read>
[[nodiscard]] safetensors_header read_safetensors_header(std::uint64_t size, const Read& read,
                                                         const std::string& origin) {
  const auto fail = [&](const std::string& text) { throw format_error(origin + ": " + text); };

  // 1. The length of the header, against the cap first, so that no sum can overflow.
  if (size < 8) fail("file has " + std::to_string(size) + " bytes, expected at least 8");
  const std::uint64_t length = load_little_endian<8>(read(std::uint64_t{0}, std::size_t{8}).data());
  const std::string says = "header length is " + std::to_string(length) + ", expected at most ";
  if (length > max_header_bytes) fail(says + std::to_string(max_header_bytes));
  if (length > size - 8) fail(says + "the " + std::to_string(size - 8) + " bytes that follow");
  const std::span<const std::byte> header =
      read(std::uint64_t{8}, static_cast<std::size_t>(length));
  if (header.empty() || header.front() != std::byte{'{'}) fail("header does not start with '{'");

  // 2. The header itself. The JSON parser takes a zero byte for the end of its input.
  if (std::find(header.begin(), header.end(), std::byte{0}) != header.end())
    fail("header has a zero byte");
  header_reader reader;
  const auto* const text = reinterpret_cast<const char*>(header.data());
  if (!nlohmann::json::sax_parse(text, text + header.size(), &reader)) fail(reader.problem);

  // 3. The bytes that it describes.
  return {place_tensors(std::move(reader.entries), size - 8 - length, origin),
          std::move(reader.metadata), 8 + length};
}

[[nodiscard]] inline std::string json_string(const std::string& text, const char* what) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument("lowp::io::write_safetensors: " + std::string(what) + " " +
                                in_quotes(text) + " is not valid UTF-8");
  }
}

// A tensor as the header tells it.
struct header_tensor {
  std::string_view name, dtype;
  std::span<const std::uint64_t> shape;
  std::uint64_t size = 0;
};

// Throws std::invalid_argument unless each tensor can be written; returns their indices in the
// order of the file.
[[nodiscard]] inline std::vector<std::size_t> sorted_for_writing(
    std::span<const header_tensor> tensors) {
  std::vector<std::size_t> sorted;
  std::set<std::string_view> names;
  for (const header_tensor& tensor : tensors) {
    const auto fail = [&](const std::string& text) {
      throw std::invalid_argument("lowp::io::write_safetensors: tensor " + in_quotes(tensor.name) +
                                  ": " + text);
    };
    if (tensor.name == metadata_key) fail("name is reserved for the metadata");
    if (!names.insert(tensor.name).second) fail("name occurs twice");
    std::string problem;
    const std::uint64_t expected = safetensors_byte_size(tensor.dtype, tensor.shape, problem);
    if (!problem.empty()) fail(problem);
    if (tensor.size != expected) {
      fail("bytes has " + std::to_string(tensor.size) + " bytes, expected " +
           std::to_string(expected) + " by dtype and shape");
    }
    sorted.push_back(sorted.size());
  }
  std::sort(sorted.begin(), sorted.end(), [&](std::size_t left, std::size_t right) {
    const header_tensor &a = tensors[left], &b = tensors[right];
    const std::size_t a_rank = element_rank(a.dtype), b_rank = element_rank(b.dtype);
    return a_rank != b_rank ? a_rank > b_rank : a.name < b.name;
  });
  return sorted;
}

// The length and the JSON, padded so that the tensor bytes start at a multiple of 8.
[[nodiscard]] inline std::vector<std::byte> header_bytes(std::span<const header_tensor> tensors,
                                                         std::span<const std::size_t> order,
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
  for (const std::size_t index : order) {
    const header_tensor& tensor = tensors[index];
    json += json_string(std::string(tensor.name), "tensor name") + ":{\"dtype\":\"" +
            std::string(tensor.dtype) + "\",\"shape\":[";
    for (const std::uint64_t size : tensor.shape) json += std::to_string(size) + ",";
    if (!tensor.shape.empty()) json.pop_back();
    const std::uint64_t end = offset + tensor.size;
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

}  // namespace lowp::io::detail
