// SPDX-License-Identifier: MIT
// What a checkpoint convention is: an object that knows under which names, in which dtypes and
// shapes and in which order of bits a model file keeps the levels of one quantized weight. A
// program's own serves as well as those of this directory. It has
//
//   name                     "AutoAWQ"
//   key                      ".qweight", the tensor that each of its weights has: what follows the
//                            name of the weight
//   follows(tensors, weight)               whether a weight of that name seems to be one of it;
//                                          does not throw
//   plan_of(tensors, weight, settings)     the plan of the weight; throws format_error where
//                                          tensors contradict each other
//
// and the rest follows from the plan: find.hpp lists weights, weight.hpp reads them into a
// block_matrix, shows them as one without a copy, and writes them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/block/block_format.hpp"
#include "lowp/formats/described_format.hpp"
#include "lowp/io/checkpoints/arrangement.hpp"
#include "lowp/io/dtype.hpp"
#include "lowp/io/little_endian.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io::checkpoints {

using shape_type = std::vector<std::uint64_t>;

namespace detail {
using io::detail::in_quotes;

[[nodiscard]] inline std::string text_of(const shape_type& shape) {
  std::string text = "[";
  for (const std::uint64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}
[[nodiscard]] inline std::span<const std::uint8_t> codes_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
/// a / b, rounded up.
[[nodiscard]] constexpr std::uint64_t quotient_up(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}
}  // namespace detail

/// The tensors of one file or, of a model in several, of all of them, by name. Refers to the files.
class tensor_set {
 public:
  explicit tensor_set(const tensor_file& file) { add(file.tensors()); }
  explicit tensor_set(const tensor_file&&) = delete;  // it would be gone
  explicit tensor_set(std::span<const stored_tensor> tensors) { add(tensors); }
  /// Those of another file. Throws format_error for a name that is there already.
  void add(std::span<const stored_tensor> tensors) {
    for (const stored_tensor& tensor : tensors) {
      if (!by_name_.emplace(tensor.name, &tensor).second) fail(tensor, "name occurs twice");
    }
  }

  /// In the order of names.
  [[nodiscard]] const auto& all() const { return by_name_; }
  /// Null if absent.
  [[nodiscard]] const stored_tensor* find(std::string_view weight, std::string_view suffix) const {
    const auto found = by_name_.find(std::string(weight) + std::string(suffix));
    return found == by_name_.end() ? nullptr : found->second;
  }
  [[nodiscard]] bool has(std::string_view weight, std::string_view suffix,
                         std::string_view dtype) const {
    const stored_tensor* const found = find(weight, suffix);
    return found != nullptr && found->type.name == dtype;
  }
  /// Throws format_error if it is absent, has another number of dimensions (0: any), or none in one
  /// of them.
  [[nodiscard]] const stored_tensor& at(std::string_view weight, std::string_view suffix,
                                        std::size_t dimensions = 0) const {
    const stored_tensor* const found = find(weight, suffix);
    if (found == nullptr) {
      throw format_error("tensor " + detail::in_quotes(std::string(weight) + std::string(suffix)) +
                         " is missing");
    }
    if (dimensions != 0 && found->shape.size() != dimensions) {
      fail(*found, "shape is " + detail::text_of(found->shape) + ", expected " +
                       std::to_string(dimensions) + " dimensions");
    }
    for (const std::uint64_t size : found->shape) {
      if (size == 0) fail(*found, "shape is " + detail::text_of(found->shape) + ", it has a zero");
    }
    return *found;
  }
  /// The binary32 that is the only element of a tensor.
  [[nodiscard]] float number_at(std::string_view weight, std::string_view suffix) const {
    const stored_tensor& tensor = at(weight, suffix);
    if (tensor.type.name != "F32" || tensor.byte_size() != 4) {
      fail(tensor, "dtype is " + detail::in_quotes(tensor.type.name) + ", shape is " +
                       detail::text_of(tensor.shape) + ", expected one F32");
    }
    return std::bit_cast<float>(
        static_cast<std::uint32_t>(io::detail::load_little_endian<4>(tensor.bytes().data())));
  }
  [[noreturn]] static void fail(const tensor_declaration& tensor, const std::string& text) {
    throw format_error("tensor " + detail::in_quotes(tensor.name) + ": " + text);
  }

 private:
  std::map<std::string, const stored_tensor*, std::less<>> by_name_;
};

/// A tensor of a weight: `leaf` is the number format of the composition whose codes it holds, or -1
/// for one that is kept as it is.
struct part {
  std::string suffix;
  std::string dtype;
  shape_type shape;
  int leaf = -1;
  arrangement codes{};
};
/// The code of all of a leaf that no tensor holds.
struct constant_leaf {
  int leaf = 0;
  code_t code = 0;
};

/// A weight of a convention: rows x cols values of a composition (constant_format or
/// variable_format), rows being outputs and columns, along which groups lie, inputs.
template <class Format>
struct plan {
  Format format;
  std::size_t rows = 0, cols = 0;
  shape_type shape;  ///< of the weight, of as many elements
  std::vector<part> parts;
  std::vector<constant_leaf> constants{};

  /// Throws format_error if a tensor is missing or has another dtype or shape.
  void require_tensors(const tensor_set& tensors, std::string_view weight) const {
    for (const part& p : parts) {
      const stored_tensor& tensor = tensors.at(weight, p.suffix);
      if (tensor.type.name != p.dtype) {
        tensors.fail(tensor, "dtype is " + detail::in_quotes(tensor.type.name) + ", expected " +
                                 detail::in_quotes(p.dtype));
      }
      if (tensor.shape != p.shape) {
        tensors.fail(tensor, "shape is " + detail::text_of(tensor.shape) + ", expected " +
                                 detail::text_of(p.shape));
      }
    }
  }
  /// Adds a tensor that is kept as it is, if it is there throws format_error if it has another
  /// dtype (none: any) or, of `size` other than 0, another number of elements.
  void keep(const tensor_set& tensors, std::string_view weight, std::string_view suffix,
            std::string_view dtype, std::uint64_t size = 0) {
    if (tensors.find(weight, suffix) == nullptr) return;
    const stored_tensor& tensor = tensors.at(weight, suffix);
    if (!dtype.empty() && tensor.type.name != dtype) {
      tensors.fail(tensor, "dtype is " + detail::in_quotes(tensor.type.name) + ", expected " +
                               detail::in_quotes(dtype));
    }
    if (size != 0 && value_count(tensor.shape) != size) {
      tensors.fail(tensor, "shape is " + detail::text_of(tensor.shape) + ", expected " +
                               std::to_string(size) + " elements");
    }
    parts.push_back({std::string(suffix), tensor.type.name, tensor.shape});
  }
};

namespace detail {

/// The floating-point formats in which scales are stored.
struct scale_dtype {
  std::string_view dtype;
  float_format format;
};
inline constexpr scale_dtype scale_dtypes[] = {{"F32", formats::binary32},
                                               {"F16", formats::binary16},
                                               {"BF16", formats::bfloat16},
                                               {"F8_E8M0", formats::e8m0}};
[[nodiscard]] inline float_format scale_format(const stored_tensor& tensor) {
  for (const scale_dtype& entry : scale_dtypes) {
    if (entry.dtype == tensor.type.name) return entry.format;
  }
  tensor_set::fail(
      tensor, "dtype is " + in_quotes(tensor.type.name) + ", expected F32, F16, BF16 or F8_E8M0");
}
[[nodiscard]] inline std::string dtype_of(const float_format& scale) {
  for (const scale_dtype& entry : scale_dtypes) {
    if (entry.format == scale) return std::string(entry.dtype);
  }
  refuse("checkpoints: scales are binary32, binary16, bfloat16 or e8m0");
}

/// Throws format_error unless a g_idx, the group of each column, is in order: groups chosen in the
/// order of activations do not lie along rows.
inline void require_order(const stored_tensor& order, std::size_t cols, std::size_t group,
                          bool may_be_unset) {
  const std::vector<std::byte> groups = order.bytes();
  for (std::size_t col = 0; col < cols; ++col) {
    const std::uint64_t found = io::detail::load_little_endian<4>(groups.data() + 4 * col);
    if (found == col / group || (may_be_unset && found == 0xFFFFFFFFu)) continue;
    tensor_set::fail(order, "column " + std::to_string(col) + " has group " +
                                std::to_string(found) + ", expected " +
                                std::to_string(col / group) +
                                ": groups in the order of activations are not supported");
  }
}

/// The columns of each of `groups` equal groups.
[[nodiscard]] inline int group_size(const stored_tensor& scales, std::uint64_t cols,
                                    std::uint64_t groups) {
  if (groups == 0 || cols % groups != 0 || cols / groups > 0x40000000u) {
    tensor_set::fail(scales, "shape is " + text_of(scales.shape) + ", " + std::to_string(groups) +
                                 " groups do not divide " + std::to_string(cols) + " columns");
  }
  return static_cast<int>(cols / groups);
}

/// The product of all sizes but the last `but`; those of a tensor in memory.
[[nodiscard]] inline std::size_t leading_size(const shape_type& shape, std::size_t but) {
  std::size_t size = 1;
  for (std::size_t i = 0; i + but < shape.size(); ++i) size *= static_cast<std::size_t>(shape[i]);
  return size;
}
/// The sizes of a shape, its last `but` replaced by those of `end`.
[[nodiscard]] inline shape_type with_end(const shape_type& shape, std::size_t but,
                                         const shape_type& end) {
  shape_type result(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(but));
  result.insert(result.end(), end.begin(), end.end());
  return result;
}

}  // namespace detail
}  // namespace lowp::io::checkpoints
