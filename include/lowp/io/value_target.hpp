// SPDX-License-Identifier: MIT
// What values are converted to, piece by piece. value_types.hpp has the types of the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/io/tensor_file.hpp"

namespace lowp::io {

/// The metadata entry that says of a tensor what its dtype does not tell has this name and the
/// tensor's, and a text: {"format":"posit16_2","shape":[4,9]} or
/// {"element":"e2m1","scale":"ue4m3","block":16,"tensor_scale":true,"shape":[4,64]}.
inline constexpr std::string_view tensor_metadata_prefix = "lowp.tensor.";

/// Open: makes the bytes of one tensor, or of several that belong together, from its values.
class value_target {
 public:
  value_target() = default;
  value_target(const value_target&) = delete;
  value_target& operator=(const value_target&) = delete;
  virtual ~value_target() = default;

  /// Bytes of each of the tensors.
  using pieces = std::vector<std::vector<std::byte>>;

  /// The tensors to declare, and what to say of them in the metadata, if anything.
  std::vector<tensor_declaration> tensors;
  std::string metadata;

  /// As tensor_values::multiple().
  [[nodiscard]] virtual std::uint64_t multiple() const { return 1; }
  /// Whether set_amax comes first: the largest finite magnitude of all values.
  [[nodiscard]] virtual bool needs_amax() const { return false; }
  virtual void set_amax(float) {}
  /// Whether values that binary32 does not hold should come in binary64 instead, rounded to odd
  /// where that does not hold them either, so that they are rounded once in all.
  [[nodiscard]] virtual bool takes_binary64() const { return false; }
  /// The next bytes of each tensor: of values from `first` on. From several threads at once.
  virtual void encode(std::uint64_t first, std::span<const float> values, pieces& out) const = 0;
  /// Called only if takes_binary64().
  virtual void encode(std::uint64_t, std::span<const double>, pieces&) const {}
  /// What follows the values.
  virtual void finish(pieces&) const {}
};

/// Open: a type of values that tensors can be converted to.
class value_type {
 public:
  value_type() = default;
  value_type(const value_type&) = delete;
  value_type& operator=(const value_type&) = delete;
  virtual ~value_type() = default;

  std::string name;
  bool is_block = false;
  /// Why a tensor of this shape cannot be converted, or empty.
  [[nodiscard]] virtual std::string misfit(std::span<const std::uint64_t>) const { return {}; }
  [[nodiscard]] virtual std::unique_ptr<value_target> target(
      const std::string& name, std::vector<std::uint64_t> shape) const = 0;
};

}  // namespace lowp::io
