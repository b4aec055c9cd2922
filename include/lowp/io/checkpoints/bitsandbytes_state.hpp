// SPDX-License-Identifier: MIT
// What bitsandbytes keeps beside codes: quant_state, a JSON object in bytes, and tables of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/formats/codebook_format.hpp"
#include "lowp/io/checkpoints/convention.hpp"

namespace lowp::io::checkpoints::detail {

/// What quant_state says, the text of a JSON object in bytes.
struct bnb_state {
  std::uint64_t block = 0, nested_block = 0;
  float offset = 0;
  shape_type shape;
};
/// The values of a quant_map.
template <int Bits>
[[nodiscard]] codebook_format<Bits> codebook_at(const tensor_set& tensors, std::string_view weight,
                                                std::string_view suffix) {
  const stored_tensor& map = tensors.at(weight, suffix);
  codebook_format<Bits> codes;
  if (map.type.name != "F32" || map.shape != shape_type{codes.values.size()}) {
    tensors.fail(map, "dtype is " + in_quotes(map.type.name) + ", shape is " + text_of(map.shape) +
                          ", expected F32, [" + std::to_string(codes.values.size()) + "]");
  }
  const std::vector<std::byte> bytes = map.bytes();
  for (std::size_t i = 0; i < codes.values.size(); ++i) {
    codes.values[i] =
        static_cast<std::uint32_t>(io::detail::load_little_endian<4>(bytes.data() + 4 * i));
  }
  return codes;
}

[[nodiscard]] inline bnb_state read_bnb_state(const stored_tensor& tensor, std::string_view type,
                                              bool is_nested) {
  if (tensor.type.name != "U8" || tensor.byte_size() > 1 << 16) {
    tensor_set::fail(tensor, "dtype is " + in_quotes(tensor.type.name) + ", shape is " +
                                 text_of(tensor.shape) + ", expected at most 65536 of U8");
  }
  const std::vector<std::byte> bytes = tensor.bytes();
  const auto* const text = reinterpret_cast<const char*>(bytes.data());
  const auto json = nlohmann::json::parse(text, text + bytes.size(), nullptr, false);
  if (!json.is_object()) tensor_set::fail(tensor, "is no JSON object");
  const auto member = [&](const char* field, auto is_right, const char* expected) -> const auto& {
    const auto found = json.find(field);
    if (found == json.end() || !is_right(*found)) {
      tensor_set::fail(tensor, std::string("'") + field + "' is no " + expected);
    }
    return *found;
  };
  const auto is_size = [](const auto& v) {
    return v.is_number_unsigned() && v.template get<std::uint64_t>() <= std::uint64_t{1} << 48;
  };
  const auto is_block = [](const auto& v) {
    return v.is_number_unsigned() && v.template get<std::uint64_t>() >= 2 &&
           v.template get<std::uint64_t>() <= 1 << 20 && v.template get<std::uint64_t>() % 2 == 0;
  };
  member(
      "quant_type", [&](const auto& v) { return v == type; }, std::string(type).c_str());
  bnb_state state;
  state.block = member("blocksize", is_block, "even size of blocks").template get<std::uint64_t>();
  const auto& shape = member(
      "shape", [](const auto& v) { return v.is_array() && !v.empty(); }, "shape");
  for (const auto& size : shape) {
    if (!is_size(size)) tensor_set::fail(tensor, "'shape' has what is no size");
    state.shape.push_back(size.template get<std::uint64_t>());
  }
  if (!is_nested) return state;
  member(
      "nested_dtype", [](const auto& v) { return v == "float32"; }, "float32");
  state.nested_block =
      member("nested_blocksize", is_block, "even size of blocks").template get<std::uint64_t>();
  const auto is_float = [](const auto& v) {
    constexpr auto most = static_cast<double>((std::numeric_limits<float>::max)());
    return v.is_number() && v.template get<double>() >= -most && v.template get<double>() <= most;
  };
  const auto& offset = member("nested_offset", is_float, "number of binary32");
  state.offset = static_cast<float>(offset.template get<double>());
  return state;
}

}  // namespace lowp::io::checkpoints::detail
