// SPDX-License-Identifier: MIT
// The values of GGUF's metadata, nested arrays included: read and written.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/metadata.hpp"

namespace lowp::io::detail {

/// The number of a type of values is the index of its alternative in metadata_value.
inline constexpr std::uint64_t gguf_value_types = std::variant_size_v<metadata_value>;
/// The format sets no limit to arrays in arrays, the stack does.
inline constexpr int gguf_deepest_array = 16;

[[nodiscard]] inline std::string read_gguf_string(byte_cursor& in, std::string_view field) {
  const std::uint64_t size = in.number<8>(field);
  return in.text(size, field);
}

class gguf_value_reader {
 public:
  explicit gguf_value_reader(byte_cursor& in) : in_(in) {}

  [[nodiscard]] metadata_value value() {
    return with_metadata_type(type("value type"), [&]<class T>(std::type_identity<T>) {
      return metadata_value(std::in_place_type<T>, of_type<T>());
    });
  }

 private:
  [[nodiscard]] std::uint64_t type(std::string_view field) {
    const std::uint64_t number = in_.number<4>(field);
    if (number >= gguf_value_types)
      in_.fail(std::string(field) + " is " + std::to_string(number) + ", expected 0 to 12");
    return number;
  }

  template <class T>
  [[nodiscard]] T of_type() {
    if constexpr (std::is_same_v<T, metadata_array>) {
      return array();
    } else if constexpr (std::is_same_v<T, std::string>) {
      return read_gguf_string(in_, "value");
    } else if constexpr (std::is_same_v<T, bool>) {
      const std::uint64_t byte = in_.number<1>("value");
      if (byte > 1) in_.fail("value is the byte " + std::to_string(byte) + ", expected a boolean");
      return byte == 1;
    } else if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(in_.number<4>("value")));
    } else if constexpr (std::is_same_v<T, double>) {
      return std::bit_cast<double>(in_.number<8>("value"));
    } else {
      return static_cast<T>(in_.number<sizeof(T)>("value"));
    }
  }

  /// The bytes that a value takes at least.
  template <class T>
  static constexpr std::uint64_t least = std::is_same_v<T, metadata_array> ? 12
                                         : std::is_same_v<T, std::string>  ? 8
                                         : std::is_same_v<T, bool>         ? 1
                                                                           : sizeof(T);

  [[nodiscard]] metadata_array array() {
    if (++depth_ > gguf_deepest_array) {
      in_.fail("value has arrays in arrays, deeper than " + std::to_string(gguf_deepest_array));
    }
    const std::uint64_t element = type("array type");
    const std::uint64_t count = in_.number<8>("array length");
    auto result = with_metadata_type(element, [&]<class T>(std::type_identity<T>) {
      in_.require_count(count, least<T>, "array length");
      std::vector<T> values;
      if constexpr (std::is_arithmetic_v<T>) values.reserve(static_cast<std::size_t>(count));
      for (std::uint64_t i = 0; i < count; ++i) values.push_back(of_type<T>());
      return metadata_array{std::move(values)};
    });
    --depth_;
    return result;
  }

  byte_cursor& in_;
  int depth_ = 0;
};

inline void write_gguf_string(byte_builder& out, std::string_view text) {
  out.number<8>(text.size());
  out.text(text);
}

template <class T>
void write_gguf_plain(byte_builder& out, const T& value);

inline void write_gguf_array(byte_builder& out, const metadata_array& array) {
  out.number<4>(array.values.index());
  std::visit(
      [&]<class T>(const std::vector<T>& values) {
        out.number<8>(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) write_gguf_plain<T>(out, values[i]);
      },
      array.values);
}

template <class T>
void write_gguf_plain(byte_builder& out, const T& value) {
  if constexpr (std::is_same_v<T, metadata_array>) {
    write_gguf_array(out, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    write_gguf_string(out, value);
  } else if constexpr (std::is_same_v<T, float>) {
    out.number<4>(std::bit_cast<std::uint32_t>(value));
  } else if constexpr (std::is_same_v<T, double>) {
    out.number<8>(std::bit_cast<std::uint64_t>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    out.number<1>(value ? 1 : 0);
  } else {
    out.number<sizeof(T)>(static_cast<std::uint64_t>(value));
  }
}

inline void write_gguf_value(byte_builder& out, const metadata_value& value) {
  out.number<4>(value.index());
  std::visit([&](const auto& v) { write_gguf_plain(out, v); }, value);
}

}  // namespace lowp::io::detail
