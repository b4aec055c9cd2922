// SPDX-License-Identifier: MIT
// The wire format of protocol buffers: fields of a message, and the values of a repeated field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/byte_source.hpp"

namespace lowp::io::detail {

/// How a field's value is laid out.
enum class wire { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Seven bits to a byte, low ones first; the highest bit says that there are more.
[[nodiscard]] inline std::uint64_t read_varint(byte_cursor& in, std::string_view field) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const std::uint64_t byte = in.number<1>(field);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  in.fail(std::string(field) + " is a number of more than 64 bits");
}

/// A field as it was met: its number, its layout and its value, or where its bytes lie.
struct proto_field {
  std::uint64_t number = 0;
  wire layout = wire::varint;
  std::uint64_t value = 0;            ///< unless bytes
  std::uint64_t begin = 0, size = 0;  ///< of bytes
};

/// The next field of the message that ends where the cursor ends; none at its end. Groups, which
/// the format gave up, are refused.
[[nodiscard]] inline std::optional<proto_field> next_field(byte_cursor& in) {
  if (in.left() == 0) return std::nullopt;
  const std::uint64_t key = read_varint(in, "field");
  proto_field field{.number = key >> 3};
  if (field.number == 0 || field.number >= 1u << 29)
    in.fail("field has the number " + std::to_string(field.number));
  const std::string name = "field " + std::to_string(field.number);
  switch (key & 7) {
    case 0: field.value = read_varint(in, name); break;
    case 1: field.value = in.number<8>(name); break;
    case 5: field.value = in.number<4>(name); break;
    case 2:
      field.size = read_varint(in, name);
      field.begin = in.position();
      in.skip(field.size, name);
      break;
    default: in.fail(name + " has the layout " + std::to_string(key & 7));
  }
  field.layout = static_cast<wire>(key & 7);
  return field;
}

/// A cursor over the bytes of a field, which were met before.
[[nodiscard]] inline byte_cursor within(const byte_source& source, const byte_cursor& outer,
                                        const proto_field& field) {
  byte_cursor inner(source, outer.origin(), field.begin, field.begin + field.size);
  inner.where = outer.where;
  return inner;
}

inline void expect(const byte_cursor& in, const proto_field& field, wire layout,
                   std::string_view name) {
  if (field.layout != layout) {
    in.fail(std::string(name) + " has the layout " +
            std::to_string(static_cast<int>(field.layout)) + ", expected " +
            std::to_string(static_cast<int>(layout)));
  }
}
[[nodiscard]] inline std::string text_of(const byte_source& source, const byte_cursor& outer,
                                         const proto_field& field, std::string_view name) {
  expect(outer, field, wire::bytes, name);
  return within(source, outer, field).text(field.size, name);
}

/// The values of a repeated field of numbers one after the other, each by itself or many packed.
class repeated_values {
 public:
  /// `message` stands at the begin of the message.
  repeated_values(const byte_source& source, byte_cursor message, std::uint64_t number, wire layout)
      : source_(source), message_(std::move(message)), number_(number), layout_(layout) {}

  [[nodiscard]] std::optional<std::uint64_t> next() {
    while (!packed_ || packed_->left() == 0) {
      const auto field = next_field(message_);
      if (!field) return std::nullopt;
      if (field->number != number_) continue;
      if (field->layout == layout_) return field->value;
      expect(message_, *field, wire::bytes, "field " + std::to_string(number_));
      packed_.emplace(within(source_, message_, *field));
    }
    switch (layout_) {
      case wire::fixed32: return packed_->number<4>("packed field");
      case wire::fixed64: return packed_->number<8>("packed field");
      default: return read_varint(*packed_, "packed field");
    }
  }

 private:
  const byte_source& source_;
  byte_cursor message_;
  std::uint64_t number_;
  wire layout_;
  std::optional<byte_cursor> packed_;
};

/// The low bytes of each value of a repeated field, as a tensor's bytes. Cheap from front to back.
class repeated_source final : public byte_source {
 public:
  repeated_source(shared_bytes source, byte_cursor message, std::uint64_t number, wire layout,
                  std::size_t value_bytes, std::uint64_t size)
      : source_(std::move(source)),
        message_(std::move(message)),
        number_(number),
        layout_(layout),
        value_bytes_(value_bytes),
        size_(size) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    const std::lock_guard lock(mutex_);
    if (!values_ || first < position_) {
      values_.emplace(*source_, message_, number_, layout_);
      position_ = 0;
      left_ = 0;
    }
    for (std::size_t done = 0; done < out.size(); ++position_, --left_, value_ >>= 8) {
      if (left_ == 0) {
        value_ = values_->next().value_or(0);  // they were counted
        left_ = value_bytes_;
      }
      if (position_ >= first) out[done++] = static_cast<std::byte>(value_ & 0xff);
    }
  }

  shared_bytes source_;
  byte_cursor message_;
  std::uint64_t number_;
  wire layout_;
  std::size_t value_bytes_;
  std::uint64_t size_;
  mutable std::mutex mutex_;
  mutable std::optional<repeated_values> values_;
  mutable std::uint64_t position_ = 0, value_ = 0;
  mutable std::size_t left_ = 0;
};

inline void put_varint(byte_builder& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.number<1>(value | 0x80);
  out.number<1>(value);
}
inline void put_key(byte_builder& out, std::uint64_t number, wire layout) {
  put_varint(out, number << 3 | static_cast<std::uint64_t>(layout));
}
inline void put_number(byte_builder& out, std::uint64_t number, std::uint64_t value) {
  put_key(out, number, wire::varint);
  put_varint(out, value);
}
/// In front of bytes that are put by others.
inline void put_length(byte_builder& out, std::uint64_t number, std::uint64_t size) {
  put_key(out, number, wire::bytes);
  put_varint(out, size);
}
inline void put_text(byte_builder& out, std::uint64_t number, std::string_view text) {
  put_length(out, number, text.size());
  out.text(text);
}
inline void put_message(byte_builder& out, std::uint64_t number, const byte_builder& message) {
  put_length(out, number, message.bytes.size());
  out.bytes.insert(out.bytes.end(), message.bytes.begin(), message.bytes.end());
}

}  // namespace lowp::io::detail
