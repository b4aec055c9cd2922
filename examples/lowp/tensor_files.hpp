// SPDX-License-Identifier: MIT
// What the subcommands for files of tensors share: tensors as values, types by name, progress.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/io/file_kind.hpp"
#include "lowp/io/tensor_file.hpp"
#include "lowp/io/tensor_values.hpp"
#include "lowp/io/value_target.hpp"

namespace lowp_tool {

/// A file of any kind whose bytes are read when they are asked for.
[[nodiscard]] lowp::io::tensor_file open_file(const std::string& path);
/// The kind of a new file, by `kind` if that is not empty, else by the ending of its name. Throws
/// std::invalid_argument, with the kinds there are.
[[nodiscard]] const lowp::io::file_kind& kind_of_new_file(const std::string& path,
                                                          const std::string& kind);

/// The types of GGUF that the library reads and writes.
[[nodiscard]] std::span<const lowp::gguf_type> types_of_gguf();
/// The values of all tensors that have some, those of checkpoint conventions included.
[[nodiscard]] std::vector<std::unique_ptr<lowp::io::tensor_values>> values_of_file(
    const lowp::io::tensor_file& file);

struct type_description {
  std::string name;        ///< a dtype, a format, a block format, a type of GGUF
  std::string rule;        ///< what chooses scales of a block format; empty: its own
  std::string rounding;    ///< empty: nearest_even, or that of the rule
  std::string overflow;    ///< of elements that are in no blocks; empty: to_special
  std::uint64_t seed = 0;  ///< of stochastic rounding
};
/// A type for a kind of file. Throws std::invalid_argument for a name that is none.
[[nodiscard]] std::unique_ptr<lowp::io::value_type> type_of_name(const type_description& d,
                                                                 const lowp::io::file_kind& kind);
/// What can be named there, a line for each kind of type.
[[nodiscard]] std::string list_of_types();

/// "3x128x64", "scalar".
[[nodiscard]] std::string shape_text(const std::vector<std::uint64_t>& shape);
/// "1.25 GB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// As many as there are processors, if `count` is zero.
[[nodiscard]] unsigned thread_count(unsigned count);

/// A bar on the terminal, if stderr is one and it is wanted.
class progress_bar {
 public:
  progress_bar(std::uint64_t total, bool is_wanted);
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar();
  void add(std::uint64_t count);

 private:
  std::uint64_t total_, done_ = 0;
  int shown_ = -1;
  bool is_shown_;
};

}  // namespace lowp_tool
