// SPDX-License-Identifier: MIT
// An array in the form of NumPy's files as a tensor, for a file of its own and for a member of an
// archive.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/io/metadata.hpp"
#include "lowp/io/npy_header.hpp"
#include "lowp/io/reordered_source.hpp"
#include "lowp/io/tensor_file.hpp"

namespace lowp::io::detail {

/// The array that these bytes are, all of them.
[[nodiscard]] inline stored_tensor read_npy(std::string name, const shared_bytes& source,
                                            std::string origin, std::string where) {
  byte_cursor in(*source, std::move(origin));
  in.where = std::move(where);
  npy_header header = read_npy_header(in);
  std::string problem;
  const std::uint64_t size = byte_size(header.type, header.shape, problem);
  if (!problem.empty()) in.fail(problem);
  if (in.left() != size) {
    in.fail("data has " + std::to_string(in.left()) + " bytes, expected " + std::to_string(size) +
            " by descr and shape");
  }
  shared_bytes content = std::make_shared<part_of_source>(source, header.data_begin, size);
  const bool is_transposed = header.is_fortran_order && header.shape.size() > 1;
  if (is_transposed || header.swapped_bytes != 0) {
    content = std::make_shared<reordered_source>(std::move(content), header.shape,
                                                 header.type.record_bits / 8, is_transposed,
                                                 header.swapped_bytes);
  }
  return {{std::move(name), std::move(header.type), std::move(header.shape)}, std::move(content)};
}

inline void refuse_metadata(const metadata& entries, std::string_view kind) {
  if (!entries.empty()) {
    throw std::invalid_argument("lowp::io::" + std::string(kind) + ": metadata " +
                                in_quotes(entries.front().key) + " has no place in the format");
  }
}

}  // namespace lowp::io::detail
