// SPDX-License-Identifier: MIT
// The values of the tensors of a file: elements of a dtype, records of a GGUF type, and what the
// types of value_types.hpp have written: codes of any format, and elements and scales in tensors of
// their own.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/row_quantizer.hpp"
#include "lowp/block/rules/standard.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/io/element_format.hpp"
#include "lowp/io/little_endian.hpp"
#include "lowp/io/tensor_file.hpp"
#include "lowp/io/tensor_values.hpp"
#include "lowp/io/value_target.hpp"

namespace lowp::io {

using any_blocks = scaled_blocks<any_format, any_format>;

/// Reads a format from its name; a program knows more than format_of_text() does.
using format_reader = std::function<any_format(std::string_view)>;

namespace detail {

/// Bytes of a tensor, without a copy where they are in memory.
class piece_of_tensor {
 public:
  piece_of_tensor(const stored_tensor& tensor, std::uint64_t first, std::uint64_t size) {
    const auto all = tensor.in_memory();
    if (!all.empty()) {
      bytes_ = all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
      return;
    }
    thread_local std::vector<std::byte> kept;  // pages that are new cost as much as reading
    std::vector<std::byte>& buffer = is_kept_used() ? own_ : kept;
    is_kept_used() = true;
    is_owner_ = &buffer == &kept;
    if (buffer.size() < size) buffer.resize(static_cast<std::size_t>(size));
    bytes_ = std::span<const std::byte>(buffer).first(static_cast<std::size_t>(size));
    tensor.read(first, std::span(buffer).first(static_cast<std::size_t>(size)));
  }
  piece_of_tensor(const piece_of_tensor&) = delete;
  piece_of_tensor& operator=(const piece_of_tensor&) = delete;
  ~piece_of_tensor() {
    if (is_owner_) is_kept_used() = false;
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()};
  }

 private:
  static bool& is_kept_used() {
    thread_local bool is_used = false;
    return is_used;
  }
  std::vector<std::byte> own_;
  std::span<const std::byte> bytes_;
  bool is_owner_ = false;
};

}  // namespace detail

/// Elements of a dtype, or packed codes of any format, rows of `row_values` in whole bytes (0: no
/// rows but one after the other).
class element_values final : public tensor_values {
 public:
  element_values(const stored_tensor& tensor, const any_format& elements,
                 std::uint64_t row_values = 0)
      : tensor_(tensor), elements_(elements), row_values_(row_values) {
    const value_facts facts = facts_of(elements);
    is_exact_ = facts.significant_bits <= 24 && facts.highest_exponent <= 127 &&
                facts.last_bit_exponent >= -149;
    is_binary32_ = is_same_format(elements, formats::binary32);
    is_binary64_ = is_same_format(elements, formats::binary64);
    if (row_values_ * bits() % 8 == 0) row_values_ = 0;
  }
  [[nodiscard]] std::uint64_t multiple() const override {
    return row_values_ != 0 ? row_values_ : bits() % 8 == 0 ? 1 : 8;
  }
  [[nodiscard]] bool is_exact() const override { return is_exact_; }

  void read(std::uint64_t first, std::span<float> out) const override {
    if (is_binary32_ && std::endian::native == std::endian::little)
      return tensor_.read(4 * first, std::as_writable_bytes(out));
    for_each_row(first, out, [&](std::span<const std::uint8_t> bytes, std::span<float> values) {
      decode(elements_, bytes, values);
    });
  }
  void read(std::uint64_t first, std::span<double> out, bool to_odd) const override {
    if (is_exact_) return tensor_values::read(first, out, to_odd);
    if (is_binary64_ && std::endian::native == std::endian::little)
      return tensor_.read(8 * first, std::as_writable_bytes(out));
    for_each_row(first, out, [&](std::span<const std::uint8_t> bytes, std::span<double> values) {
      for (std::size_t j = 0; j < values.size(); ++j) {
        const unpacked x =
            decode(elements_, load_code(bytes.data(), j, static_cast<int>(bits()), packing{}));
        values[j] = to_odd ? std::bit_cast<double>(encode(formats::binary64, x, lowp::to_odd))
                           : pack_as<double>(x);
      }
    });
  }

 private:
  [[nodiscard]] std::uint64_t bits() const { return static_cast<std::uint64_t>(elements_.bits()); }
  [[nodiscard]] std::uint64_t byte_of(std::uint64_t value) const {
    if (row_values_ == 0) return value * bits() / 8;
    return value / row_values_ *
           packed_bytes(static_cast<std::size_t>(row_values_), static_cast<int>(bits()));
  }
  // use(bytes, values of out), for each row whose codes begin a byte.
  template <class T, class Use>
  void for_each_row(std::uint64_t first, std::span<T> out, const Use& use) const {
    const auto row = static_cast<std::size_t>(row_values_ == 0 ? out.size() : row_values_);
    for (std::size_t i = 0; i < out.size(); i += row) {
      const std::size_t count = (std::min)(row, out.size() - i);
      const detail::piece_of_tensor piece(tensor_, byte_of(first + i),
                                          packed_bytes(count, static_cast<int>(bits())));
      use(piece.bytes(), out.subspan(i, count));
    }
  }

  stored_tensor tensor_;
  any_format elements_;
  std::uint64_t row_values_;
  bool is_exact_ = false, is_binary32_ = false, is_binary64_ = false;
};

/// Records of a type of GGUF.
class record_values final : public tensor_values {
 public:
  record_values(const stored_tensor& tensor, const gguf_type& type)
      : tensor_(tensor), type_(type) {}
  [[nodiscard]] std::uint64_t multiple() const override { return type_.cols; }
  void read(std::uint64_t first, std::span<float> out) const override {
    const detail::piece_of_tensor piece(tensor_, type_.row_bytes(static_cast<std::size_t>(first)),
                                        type_.row_bytes(out.size()));
    dequantize_row(type_, piece.bytes(), out);
  }

 private:
  stored_tensor tensor_;
  const gguf_type& type_;
};

/// Elements and scales in tensors of their own, and perhaps a binary32 of the tensor.
class block_values_of_planes final : public tensor_values {
 public:
  block_values_of_planes(const stored_tensor& codes, const stored_tensor& scales,
                         const any_blocks& blocks, std::uint64_t cols, float tensor)
      : codes_(codes),
        scales_(scales),
        rows_(blocks, rule_view<any_blocks>(blocks, rules::standard)),
        cols_(static_cast<std::size_t>(cols)),
        tensor_scale_(tensor) {}
  [[nodiscard]] std::uint64_t multiple() const override { return cols_; }
  void read(std::uint64_t first, std::span<float> out) const override {
    const std::uint64_t row = first / cols_;
    const std::size_t rows = out.size() / cols_;
    const std::size_t code_bytes = rows_.code_bytes(cols_), scale_bytes = rows_.scale_bytes(cols_);
    const detail::piece_of_tensor codes(codes_, row * code_bytes, rows * code_bytes);
    const detail::piece_of_tensor scales(scales_, row * scale_bytes, rows * scale_bytes);
    rows_.dequantize(rows, cols_, codes.bytes(), scales.bytes(), tensor_scale_, out);
  }

 private:
  stored_tensor codes_, scales_;
  row_quantizer<any_format, any_format> rows_;
  std::size_t cols_;
  float tensor_scale_;
};

namespace detail {

[[nodiscard]] inline std::unique_ptr<tensor_values> described_values(
    const tensor_file& file, const stored_tensor& tensor, const std::string& text,
    const format_reader& read_format) {
  const auto fail = [&](const std::string& why) {
    throw format_error(file.origin() + ": metadata of tensor " + in_quotes(tensor.name) + " " +
                       why);
  };
  const nlohmann::json j = nlohmann::json::parse(text, nullptr, false);
  const auto format_at = [&](const char* key) {
    try {
      return read_format(j[key].get<std::string>());
    } catch (const std::invalid_argument& error) {
      throw format_error(file.origin() + ": metadata of tensor " + in_quotes(tensor.name) + ": " +
                         error.what());
    }
  };
  const auto has_text = [&](const char* key) { return j.contains(key) && j[key].is_string(); };
  if (!j.is_object() || !j.contains("shape") || !j["shape"].is_array())
    fail("is no description of a format and a shape");
  std::vector<std::uint64_t> shape;
  std::uint64_t count = 1;
  for (const auto& size : j["shape"]) {
    if (!size.is_number_unsigned()) fail("has a shape that is no list of integers");
    shape.push_back(size.get<std::uint64_t>());
    constexpr std::uint64_t most = std::uint64_t{1} << 56;
    if (shape.back() > most || (shape.back() != 0 && count > most / shape.back()))
      fail("has a shape of too many values");
    count *= shape.back() == 0 ? 1 : shape.back();
  }
  const std::uint64_t cols = shape.empty() ? 1 : shape.back();
  const std::uint64_t rows = cols == 0 ? 0 : value_count(shape) / cols;
  std::unique_ptr<tensor_values> values;
  const auto require_bytes = [&](const stored_tensor& part, std::uint64_t needed) {
    if (part.byte_size() == needed) return;
    throw format_error(file.origin() + ": tensor " + in_quotes(part.name) + " has " +
                       std::to_string(part.byte_size()) + " bytes, expected " +
                       std::to_string(needed) + " by its metadata");
  };
  if (has_text("format")) {
    const any_format format = format_at("format");
    require_bytes(tensor, rows * packed_bytes(static_cast<std::size_t>(cols), format.bits()));
    values = std::make_unique<element_values>(tensor, format, cols);
    values->format = j["format"].get<std::string>();
    values->parts = {tensor.name};
    values->stored_bytes = tensor.byte_size();
  } else if (has_text("element") && has_text("scale") && j.contains("block") &&
             j["block"].is_number_unsigned() && j["block"].get<std::uint64_t>() < (1u << 30) &&
             (!j.contains("tensor_scale") || j["tensor_scale"].is_boolean())) {
    const any_blocks blocks{format_at("element"),
                            format_at("scale"),
                            {1, static_cast<int>(j["block"].get<std::uint64_t>())},
                            j.value("tensor_scale", false)};
    if (const char* why = defect(blocks))
      fail(std::string("describes blocks that contradict: ") + why);
    const stored_tensor& scales = file.at(tensor.name + "_scale");
    float tensor_scale = 1;
    if (blocks.has_tensor_scale) {
      const stored_tensor& part = file.at(tensor.name + "_scale_2");
      require_bytes(part, 4);
      const std::vector<std::byte> bytes = part.bytes();
      tensor_scale = std::bit_cast<float>(
          static_cast<std::uint32_t>(io::detail::load_little_endian<4>(bytes.data())));
    }
    const row_quantizer<any_format, any_format> q(blocks,
                                                  rule_view<any_blocks>(blocks, rules::standard));
    require_bytes(tensor, rows * q.code_bytes(static_cast<std::size_t>(cols)));
    require_bytes(scales, rows * q.scale_bytes(static_cast<std::size_t>(cols)));
    values = std::make_unique<block_values_of_planes>(tensor, scales, blocks, cols == 0 ? 1 : cols,
                                                      tensor_scale);
    values->format = has_text("name") ? j["name"].get<std::string>() : "blocks";
    values->parts = {tensor.name, scales.name};
    if (blocks.has_tensor_scale) values->parts.push_back(tensor.name + "_scale_2");
    values->stored_bytes = tensor.byte_size() + scales.byte_size();
  } else {
    fail("is no description of a format and a shape");
  }
  values->name = tensor.name;
  values->shape = std::move(shape);
  return values;
}

}  // namespace detail

/// The values of one tensor by its dtype; null, if that is not known to hold real numbers.
[[nodiscard]] inline std::unique_ptr<tensor_values> values_of(const stored_tensor& tensor,
                                                              std::span<const gguf_type> types) {
  std::unique_ptr<tensor_values> values;
  if (const auto format = format_of_dtype(tensor.type.name)) {
    values = std::make_unique<element_values>(tensor, *format);
  } else if (const gguf_type* type = find_gguf_type(types, tensor.type.name);
             type != nullptr && type->dequantize != nullptr &&
             type->cols == tensor.type.record_values &&
             8 * type->bytes == tensor.type.record_bits) {
    values = std::make_unique<record_values>(tensor, *type);
  } else {
    return nullptr;
  }
  values->name = tensor.name;
  values->shape = tensor.shape;
  values->format = tensor.type.name;
  values->parts = {tensor.name};
  values->stored_bytes = tensor.byte_size();
  return values;
}

/// The values of all tensors of a file in its order; tensors without known values are left out.
/// Throws format_error for metadata of the library that contradict the tensors.
[[nodiscard]] inline std::vector<std::unique_ptr<tensor_values>> values_of(
    const tensor_file& file, std::span<const gguf_type> types, const format_reader& read_format) {
  std::vector<std::unique_ptr<tensor_values>> described;
  std::set<std::string, std::less<>> used;
  for (const metadata_entry& entry : file.metadata()) {
    if (entry.key.substr(0, tensor_metadata_prefix.size()) != tensor_metadata_prefix) continue;
    const auto* const text = std::get_if<std::string>(&entry.value);
    const stored_tensor* const tensor = file.find(entry.key.substr(tensor_metadata_prefix.size()));
    if (text == nullptr || tensor == nullptr) continue;
    described.push_back(detail::described_values(file, *tensor, *text, read_format));
    used.insert(described.back()->parts.begin(), described.back()->parts.end());
  }
  std::vector<std::unique_ptr<tensor_values>> all;
  for (const stored_tensor& tensor : file.tensors()) {
    for (auto& values : described) {
      if (values != nullptr && values->name == tensor.name) all.push_back(std::move(values));
    }
    if (used.contains(tensor.name)) continue;
    if (auto values = values_of(tensor, types)) all.push_back(std::move(values));
  }
  return all;
}

}  // namespace lowp::io
