// SPDX-License-Identifier: MIT
// ONNX models as files of tensors: the initializers of the graph.
//
//   ModelProto { 1: ir_version, 2: producer_name, 7: graph, 8: opset_import, 14: metadata_props }
//     GraphProto { 1: node (NodeProto), 2: name, 5: initializer (TensorProto), … }
//       NodeProto { 2: output, 4: op_type, 5: attribute (AttributeProto), 7: domain, … }
//         AttributeProto { 1: name, 5: t (TensorProto), … }
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lowp/io/border.hpp"
#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/file_kind.hpp"

namespace lowp::io {

/// Which tensors of a model are read: initializers, or with them the values of nodes of the type
/// Constant in the graph itself, in which some exporters keep all weights. These bear the name of
/// the node's output, by which other nodes refer to them.
enum class onnx_tensors : std::uint8_t { initializers, initializers_and_constants };

/// Reads raw_data, numbers in typed fields, and external data in files beside the model; tensors of
/// texts and segments are refused, sparse initializers and, unless they are asked for, values of
/// nodes passed over. Metadata are metadata_props. Codes of 4 and 2 bits lie low bits first. Writes
/// a model that has nothing but initializers, as raw_data or, where the message would exceed
/// `largest_message` bytes (2^31 - 1 is what protocol buffers allow), in a second file,
/// "<name>.data".
class onnx_kind final : public file_kind {
 public:
  explicit onnx_kind(std::uint64_t largest_message = 0x7fff'ffff,
                     onnx_tensors tensors = onnx_tensors::initializers) noexcept
      : largest_message_(largest_message), tensors_(tensors) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "onnx"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".onnx"; }
  /// The format has no mark: the first field is ir_version, a small number, and one of the other
  /// fields of a model follows.
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    if (head.size() < 3 || head[0] != std::byte{0x08}) return false;
    const auto version = std::to_integer<unsigned>(head[1]),
               key = std::to_integer<unsigned>(head[2]);
    return version >= 1 && version < 64 && key >> 3 >= 2 && key >> 3 <= 8;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override;
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path& path) const override;

 private:
  /// All of a TensorProto but its bytes, for which `raw_data` is the last field.
  [[nodiscard]] static detail::byte_builder tensor_fields(const tensor_declaration& tensor,
                                                          std::uint64_t& ir_version);
  /// The model around the messages of tensors, of so many bytes altogether: what stands in front of
  /// them and behind.
  struct frame {
    detail::byte_builder front, back;
  };
  [[nodiscard]] static frame model_frame(std::uint64_t initializer_bytes, std::uint64_t ir_version,
                                         const metadata& entries);

  std::uint64_t largest_message_;
  onnx_tensors tensors_;
};

inline const onnx_kind onnx{};
/// As onnx, with the values of Constant nodes:
///
///   const file_kind* const kinds[] = {&onnx_with_constants};
///   const tensor_file model = open_tensors("model.onnx", kinds);
inline const onnx_kind onnx_with_constants{0x7fff'ffff, onnx_tensors::initializers_and_constants};

}  // namespace lowp::io

#if !LOWP_COMPILED_IO
#include "lowp/io/onnx.inc"
#endif
