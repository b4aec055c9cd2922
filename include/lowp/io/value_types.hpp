// SPDX-License-Identifier: MIT
// Types that values are converted to: elements of a dtype, codes of any format, records of a GGUF
// type, elements in blocks with scales in tensors of their own.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/reference.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/row_quantizer.hpp"
#include "lowp/io/element_format.hpp"
#include "lowp/io/little_endian.hpp"
#include "lowp/io/stored_values.hpp"
#include "lowp/io/value_target.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace lowp::io {

/// How values are rounded.
struct value_rounding {
  any_rounding mode{};
  lowp::overflow overflow = lowp::overflow::to_special;
};

namespace detail {

[[nodiscard]] inline std::span<std::uint8_t> resized(std::vector<std::byte>& bytes,
                                                     std::size_t size) {
  bytes.resize(size);
  return {reinterpret_cast<std::uint8_t*>(bytes.data()), size};
}

}  // namespace detail

/// Codes of a number format, each value rounded once: of a dtype where there is one for the format,
/// else in bytes of a "U8" tensor, rows in whole bytes, as the metadata say.
class element_type final : public value_type {
 public:
  explicit element_type(const any_format& format, const value_rounding& rounding = {})
      : format_(format), rounding_(rounding), dtype_(dtype_of_format(format)) {
    name = dtype_.empty() ? std::string(lowp::name(format).view()) : dtype_;
  }

  [[nodiscard]] std::unique_ptr<value_target> target(
      const std::string& tensor, std::vector<std::uint64_t> shape) const override {
    auto result = std::make_unique<elements>(format_, rounding_);
    if (!dtype_.empty()) {
      result->tensors = {{tensor, io::element_dtype(dtype_), std::move(shape)}};
      return result;
    }
    result->metadata = nlohmann::json{
        {"format", std::string(lowp::name(format_).view())},
        {"shape", shape}}.dump();
    const std::uint64_t cols = shape.empty() ? 1 : shape.back();
    if (shape.empty()) shape.push_back(1);
    shape.back() = packed_bytes(static_cast<std::size_t>(cols), format_.bits());
    if (8 * shape.back() != cols * static_cast<std::uint64_t>(format_.bits())) result->row = cols;
    result->tensors = {{tensor, io::element_dtype("U8"), std::move(shape)}};
    return result;
  }

 private:
  class elements final : public value_target {
   public:
    elements(const any_format& format, const value_rounding& rounding)
        : format_(format), rounding_(rounding) {
      is_binary32_ = is_same_format(format, formats::binary32) &&
                     rounding.overflow == lowp::overflow::to_special;
    }
    std::uint64_t row = 0;  ///< of so many values in whole bytes; 0: without gaps

    [[nodiscard]] std::uint64_t multiple() const override {
      return row != 0 ? row : format_.bits() % 8 == 0 ? 1 : 8;
    }
    [[nodiscard]] bool takes_binary64() const override { return true; }
    void encode(std::uint64_t first, std::span<const float> values, pieces& out) const override {
      if (is_binary32_ && std::endian::native == std::endian::little) {
        const auto bytes = detail::resized(out[0], values.size_bytes());
        if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
        return;
      }
      encode_any(first, values, out);
    }
    void encode(std::uint64_t first, std::span<const double> values, pieces& out) const override {
      encode_any(first, values, out);
    }

   private:
    template <class T>
    void encode_any(std::uint64_t first, std::span<const T> values, pieces& out) const {
      const std::size_t length = row == 0 ? values.size() : static_cast<std::size_t>(row);
      const std::size_t row_bytes = packed_bytes(length, format_.bits());
      const std::size_t rows = length == 0 ? 0 : values.size() / length;
      const auto bytes = detail::resized(out[0], rows * row_bytes);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto from = values.subspan(i * length, length);
        const auto to = bytes.subspan(i * row_bytes, row_bytes);
        const any_rounding mode = rounding_.mode.at(first + i * length);
        if constexpr (std::is_same_v<T, float>) {
          lowp::encode(format_, from, to, mode, rounding_.overflow);
        } else {  // files of binary64 are few: no kernels are compiled for them
          reference::encode(format_, from, to.data(), mode, rounding_.overflow,
                            missing_nan::largest);
        }
      }
    }

    any_format format_;
    value_rounding rounding_;
    bool is_binary32_ = false;
  };

  any_format format_;
  value_rounding rounding_;
  std::string dtype_;
};

/// Records of a type of GGUF, of tensors whose last dimension they fill.
class record_type final : public value_type {
 public:
  explicit record_type(const gguf_type& type) : type_(type) {
    name = std::string(type.name);
    is_block = type.is_block();
  }
  [[nodiscard]] std::string misfit(std::span<const std::uint64_t> shape) const override {
    if (type_.quantize == nullptr) return name + " is not written from values";
    const std::uint64_t cols = shape.empty() ? 1 : shape.back();
    if (cols % type_.cols == 0) return {};
    return "its last dimension, " + std::to_string(cols) + ", is no multiple of " +
           std::to_string(type_.cols);
  }
  [[nodiscard]] std::unique_ptr<value_target> target(
      const std::string& tensor, std::vector<std::uint64_t> shape) const override {
    auto result = std::make_unique<records>(type_);
    const dtype type{name, static_cast<std::uint32_t>(8 * type_.bytes),
                     static_cast<std::uint32_t>(type_.cols)};
    result->tensors = {{tensor, type, std::move(shape)}};
    return result;
  }

 private:
  class records final : public value_target {
   public:
    explicit records(const gguf_type& type) : type_(type) {}
    [[nodiscard]] std::uint64_t multiple() const override { return type_.cols; }
    void encode(std::uint64_t, std::span<const float> values, pieces& out) const override {
      quantize_row(type_, values, detail::resized(out[0], type_.row_bytes(values.size())));
    }

   private:
    const gguf_type& type_;
  };

  const gguf_type& type_;
};

/// Elements in blocks along the last dimension: a tensor of codes (of a dtype that fills bytes,
/// else "U8" with the first code in the low bits), NAME_scale and, for a format with a tensor
/// scale, NAME_scale_2, as Model-Optimizer has NVFP4.
class block_type final : public value_type {
 public:
  /// `known_as` is the name of the format; what the rule refers to must live as long.
  block_type(const any_blocks& blocks, const rule_view<any_blocks>& rule, const any_rounding& mode,
             std::string known_as)
      : rows_(blocks, rule), mode_(mode) {
    name = std::move(known_as);
    is_block = true;
  }
  [[nodiscard]] std::string misfit(std::span<const std::uint64_t> shape) const override {
    return shape.empty() || shape.back() == 0 ? "it has no rows" : "";
  }
  [[nodiscard]] std::unique_ptr<value_target> target(
      const std::string& tensor, std::vector<std::uint64_t> shape) const override {
    const any_blocks& blocks = rows_.format();
    const auto cols = static_cast<std::size_t>(shape.back());
    auto result = std::make_unique<rows_of_blocks>(rows_, mode_, cols);
    result->metadata = nlohmann::json{
        {"name", name},
        {"element", std::string(lowp::name(blocks.element).view())},
        {"scale", std::string(lowp::name(blocks.scale).view())},
        {"block", blocks.shape.cols},
        {"tensor_scale", blocks.has_tensor_scale},
        {"shape", shape}}.dump();
    const auto declare = [&](const std::string& suffix, const any_format& format,
                             std::size_t values, std::size_t bytes) {
      std::string dtype(dtype_of_format(format));
      // Signs of scales that cannot be negative are left out by both formats.
      if (is_same_format(format, formats::ue4m3)) dtype = "F8_E4M3";
      const bool is_whole = !dtype.empty() &&
                            bytes == values * io::element_dtype(dtype).record_bits / 8 &&
                            io::element_dtype(dtype).record_bits % 8 == 0;
      shape.back() = is_whole ? values : bytes;
      result->tensors.push_back(
          {tensor + suffix, io::element_dtype(is_whole ? dtype : "U8"), shape});
    };
    declare("", blocks.element, cols, rows_.code_bytes(cols));
    declare("_scale", blocks.scale, rows_.scale_count(cols), rows_.scale_bytes(cols));
    if (blocks.has_tensor_scale)
      result->tensors.push_back({tensor + "_scale_2", io::element_dtype("F32"), {}});
    return result;
  }

 private:
  using quantizer = row_quantizer<any_format, any_format>;

  class rows_of_blocks final : public value_target {
   public:
    rows_of_blocks(const quantizer& rows, const any_rounding& mode, std::size_t cols)
        : rows_(rows), mode_(mode), cols_(cols) {}
    [[nodiscard]] std::uint64_t multiple() const override { return cols_; }
    [[nodiscard]] bool needs_amax() const override { return rows_.format().has_tensor_scale; }
    void set_amax(float amax) override { tensor_ = rows_.tensor_scale_of(amax); }
    void encode(std::uint64_t first, std::span<const float> values, pieces& out) const override {
      const std::size_t count = values.size() / cols_;
      rows_.quantize({values.data(), count, cols_}, tensor_, mode_.at(first),
                     detail::resized(out[0], count * rows_.code_bytes(cols_)),
                     detail::resized(out[1], count * rows_.scale_bytes(cols_)));
    }
    void finish(pieces& out) const override {
      if (!needs_amax()) return;
      out[2].resize(4);
      detail::store_little_endian<4>(std::bit_cast<std::uint32_t>(tensor_.decoding), out[2].data());
    }

   private:
    const quantizer& rows_;
    any_rounding mode_;
    std::size_t cols_;
    tensor_scale tensor_{};
  };

  quantizer rows_;
  any_rounding mode_;
};

}  // namespace lowp::io
