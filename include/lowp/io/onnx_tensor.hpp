// SPDX-License-Identifier: MIT
// A tensor as ONNX stores it: dtype, shape, and its bytes raw, as numbers, or in a file beside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/neighbour_files.hpp"
#include "lowp/io/protobuf.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io::detail {

/// The numbers of fields of TensorProto.
namespace onnx_field {
inline constexpr std::uint64_t dims = 1, data_type = 2, segment = 3, float_data = 4, int32_data = 5,
                               string_data = 6, int64_data = 7, name = 8, raw_data = 9,
                               double_data = 10, uint64_data = 11, external_data = 13,
                               data_location = 14;
}

/// A dtype: its number, the field that may hold it as numbers, and the first version of the
/// intermediate representation that has it.
struct onnx_dtype {
  std::string_view name;
  std::uint64_t number = 0;
  std::uint64_t field = onnx_field::int32_data;
  std::uint64_t ir_version = 8;
};
inline constexpr onnx_dtype onnx_dtypes[] = {
    {"F32", 1, onnx_field::float_data},
    {"U8", 2},
    {"I8", 3},
    {"U16", 4},
    {"I16", 5},
    {"I32", 6},
    {"I64", 7, onnx_field::int64_data},
    {"BOOL", 9},
    {"F16", 10},
    {"F64", 11, onnx_field::double_data},
    {"U32", 12, onnx_field::uint64_data},
    {"U64", 13, onnx_field::uint64_data},
    {"C64", 14, onnx_field::float_data},
    {"C128", 15, onnx_field::double_data},
    {"BF16", 16},
    {"F8_E4M3", 17, onnx_field::int32_data, 9},
    {"F8_E4M3FNUZ", 18, onnx_field::int32_data, 9},
    {"F8_E5M2", 19, onnx_field::int32_data, 9},
    {"F8_E5M2FNUZ", 20, onnx_field::int32_data, 9},
    {"U4", 21, onnx_field::int32_data, 10},
    {"I4", 22, onnx_field::int32_data, 10},
    {"F4", 23, onnx_field::int32_data, 11},
    {"F8_E8M0", 24, onnx_field::int32_data, 12},
    {"U2", 25, onnx_field::int32_data, 13},
    {"I2", 26, onnx_field::int32_data, 13},
};

class onnx_tensor_reader {
 public:
  /// `message` is a TensorProto in `source`.
  onnx_tensor_reader(shared_bytes source, byte_cursor message, neighbour_files& neighbours)
      : source_(std::move(source)),
        in_(message),
        message_(std::move(message)),
        neighbours_(neighbours) {}

  [[nodiscard]] stored_tensor read() {
    collect_fields();
    if (type_ == nullptr) in_.fail("data_type is missing");
    tensor_declaration declaration{name_, element_dtype(type_->name), std::move(shape_)};
    std::string problem;
    const std::uint64_t size = byte_size(declaration.type, declaration.shape, problem);
    if (!problem.empty()) in_.fail(problem);
    return {std::move(declaration), content(size, element_dtype(type_->name).record_bits)};
  }

 private:
  void collect_fields() {
    while (const auto field = next_field(in_)) {
      switch (field->number) {
        case onnx_field::dims: shape_from(*field); break;
        case onnx_field::data_type: type_from(*field); break;
        case onnx_field::segment: in_.fail("segment is not supported");
        case onnx_field::string_data: in_.fail("string_data is not supported");
        case onnx_field::name:
          once(has_name_, "name");
          name_ = text_of(*source_, in_, *field, "name");
          in_.where = "tensor " + in_quotes(name_) + ": ";
          break;
        case onnx_field::raw_data:
          expect(in_, *field, wire::bytes, "raw_data");
          if (raw_) in_.fail("raw_data occurs twice");
          raw_ = *field;
          break;
        case onnx_field::external_data: external_from(*field); break;
        case onnx_field::data_location:
          expect(in_, *field, wire::varint, "data_location");
          if (field->value > 1)
            in_.fail("data_location is " + std::to_string(field->value) + ", expected 0 or 1");
          is_external_ = field->value == 1;
          break;
        case onnx_field::float_data:
        case onnx_field::int32_data:
        case onnx_field::int64_data:
        case onnx_field::double_data:
        case onnx_field::uint64_data:
          if (field->size == 0 && field->layout == wire::bytes) break;
          if (typed_ != 0 && typed_ != field->number) in_.fail("has numbers in several fields");
          typed_ = field->number;
          break;
        default: break;  // names of dimensions, texts for people
      }
    }
  }
  void once(bool& seen, const char* field) const {
    if (std::exchange(seen, true)) in_.fail(std::string(field) + " occurs twice");
  }
  void shape_from(const proto_field& field) {
    const auto add = [&](std::uint64_t size) {
      if (size >> 63 != 0) in_.fail("dims has a negative size");
      shape_.push_back(size);
    };
    if (field.layout == wire::varint) return add(field.value);
    expect(in_, field, wire::bytes, "dims");
    for (auto packed = within(*source_, in_, field); packed.left() != 0;)
      add(read_varint(packed, "dims"));
  }
  void type_from(const proto_field& field) {
    expect(in_, field, wire::varint, "data_type");
    if (type_ != nullptr) in_.fail("data_type occurs twice");
    const auto* const found =
        std::find_if(std::begin(onnx_dtypes), std::end(onnx_dtypes),
                     [&](const onnx_dtype& known) { return known.number == field.value; });
    if (found == std::end(onnx_dtypes)) {
      in_.fail("data_type is " + std::to_string(field.value) +
               (field.value == 8 ? " (texts), which is not supported" : ", which is unknown"));
    }
    type_ = found;
  }
  void external_from(const proto_field& field) {
    expect(in_, field, wire::bytes, "external_data");
    auto entry = within(*source_, in_, field);
    std::string key, value;
    while (const auto part = next_field(entry)) {
      if (part->number == 1) key = text_of(*source_, in_, *part, "external_data");
      if (part->number == 2) value = text_of(*source_, in_, *part, "external_data");
    }
    if (!external_.emplace(key, std::move(value)).second)
      in_.fail("external_data has the key " + in_quotes(key) + " twice");
  }

  [[nodiscard]] shared_bytes content(std::uint64_t size, std::uint32_t bits) {
    if (is_external_) {
      if (raw_ || typed_ != 0) in_.fail("has data besides external_data");
      return external_content(size);
    }
    if (raw_) {
      if (typed_ != 0) in_.fail("has numbers besides raw_data");
      return checked(source_, raw_->begin, raw_->size, size, "raw_data");
    }
    return typed_content(size, bits);
  }

  [[nodiscard]] shared_bytes checked(const shared_bytes& from, std::uint64_t begin,
                                     std::uint64_t found, std::uint64_t size, const char* field) {
    if (found != size) {
      in_.fail(std::string(field) + " has " + std::to_string(found) + " bytes, expected " +
               std::to_string(size) + " by data_type and dims");
    }
    return std::make_shared<part_of_source>(from, begin, size);
  }

  [[nodiscard]] shared_bytes external_content(std::uint64_t size) {
    const auto location = external_.find("location");
    if (location == external_.end()) in_.fail("external_data has no location");
    const shared_bytes file = neighbours_.open(location->second, "external_data location", in_);
    const std::uint64_t begin = external_number("offset", 0);
    if (begin > file->size()) {
      in_.fail("external_data offset is " + std::to_string(begin) + ", the file has " +
               std::to_string(file->size()) + " bytes");
    }
    const std::uint64_t length = external_number("length", file->size() - begin);
    if (length > file->size() - begin) {
      in_.fail("external_data length is " + std::to_string(length) + ", " +
               std::to_string(file->size() - begin) + " bytes are left");
    }
    return checked(file, begin, length, size, "external_data");
  }
  [[nodiscard]] std::uint64_t external_number(const char* key, std::uint64_t otherwise) const {
    const auto found = external_.find(key);
    if (found == external_.end()) return otherwise;
    std::uint64_t value = 0;
    for (const char c : found->second) {
      if (c < '0' || c > '9' || value > (std::uint64_t{1} << 60))
        in_.fail("external_data " + std::string(key) + " is " + in_quotes(found->second));
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
  }

  /// Codes of less than a byte come as whole bytes, complex numbers as pairs.
  [[nodiscard]] shared_bytes typed_content(std::uint64_t size, std::uint32_t bits) {
    if (typed_ != 0 && typed_ != type_->field) {
      in_.fail("has numbers in field " + std::to_string(typed_) + ", expected " +
               std::to_string(type_->field) + " for its data_type");
    }
    const bool is_complex = type_->name[0] == 'C';
    const std::size_t value_bytes = bits < 8 ? 1 : is_complex ? bits / 16 : bits / 8;
    const wire layout = type_->field == onnx_field::float_data    ? wire::fixed32
                        : type_->field == onnx_field::double_data ? wire::fixed64
                                                                  : wire::varint;
    message_.where = in_.where;
    repeated_values values(*source_, message_, type_->field, layout);
    std::uint64_t count = 0;
    for (; const auto value = values.next(); ++count) {
      if (layout == wire::varint && !fits(*value, 8 * value_bytes))
        in_.fail("number " + std::to_string(count) + " is out of the range of its data_type");
    }
    if (count * value_bytes != size) {
      in_.fail("has " + std::to_string(count) + " numbers, expected " +
               std::to_string(size / value_bytes) + " by data_type and dims");
    }
    return std::make_shared<repeated_source>(source_, message_, type_->field, layout, value_bytes,
                                             size);
  }
  [[nodiscard]] bool fits(std::uint64_t value, std::size_t bits) const {
    if (type_->name == "BOOL") return value <= 1;
    if (bits == 64) return true;
    const bool is_packed = type_->name == "I4" || type_->name == "I2";
    if (type_->name[0] == 'I' && !is_packed) {
      const std::uint64_t half = std::uint64_t{1} << (bits - 1);
      return value + half < 2 * half;
    }
    return value >> bits == 0;
  }

  shared_bytes source_;
  byte_cursor in_, message_;
  neighbour_files& neighbours_;
  std::string name_;
  std::vector<std::uint64_t> shape_;
  const onnx_dtype* type_ = nullptr;
  std::optional<proto_field> raw_;
  std::uint64_t typed_ = 0;
  std::map<std::string, std::string, std::less<>> external_;
  bool is_external_ = false, has_name_ = false;
};

}  // namespace lowp::io::detail
