// SPDX-License-Identifier: MIT
// The values of a tensor in binary32, in pieces, whatever they are stored as: what
// stored_values.hpp makes of the tensors of a file, and programs of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/io/dtype.hpp"

namespace lowp::io {

/// Open: a tensor as a list of values, of which any pieces can be read.
class tensor_values {
 public:
  tensor_values() = default;
  tensor_values(const tensor_values&) = delete;
  tensor_values& operator=(const tensor_values&) = delete;
  virtual ~tensor_values() = default;

  std::string name;                  ///< of the weight
  std::vector<std::uint64_t> shape;  ///< the last dimension is contiguous
  std::string format;                ///< "BF16", "Q4_K", "nvfp4", "posit16_2"
  std::vector<std::string> parts;    ///< the tensors of the file that make it up
  std::uint64_t stored_bytes = 0;    ///< of all of them

  [[nodiscard]] std::uint64_t size() const { return value_count(shape); }
  [[nodiscard]] double bits_per_value() const {
    return size() == 0 ? 0 : 8 * static_cast<double>(stored_bytes) / static_cast<double>(size());
  }
  /// Pieces begin at multiples of this number of values and are as long as one, but for the last.
  [[nodiscard]] virtual std::uint64_t multiple() const { return 1; }
  /// The values from `first` on, each rounded once to nearest even where binary32 does not hold it.
  /// From several threads at once.
  virtual void read(std::uint64_t first, std::span<float> out) const = 0;
  /// Whether binary32 holds all values.
  [[nodiscard]] virtual bool is_exact() const { return true; }
  /// Each rounded once where binary64 does not hold it: to nearest even, or to odd for those who
  /// round again. To be overridden if is_exact() is false.
  virtual void read(std::uint64_t first, std::span<double> out,
                    [[maybe_unused]] bool to_odd = false) const {
    std::vector<float> values(out.size());
    read(first, values);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]);
  }
};

}  // namespace lowp::io
