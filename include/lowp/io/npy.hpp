// SPDX-License-Identifier: MIT
// NumPy's file of one array, versions 1.0 to 3.0.
//
//   ┌─────────────┬─────────┬──────────────┬─────────────────────────────────┬─────────┐
//   │ "\x93NUMPY" │ version │ u16 or, from │ {'descr': '<f4',                │ numbers │
//   │             │ 2 bytes │ 2.0 on, u32  │  'fortran_order': False,        │         │
//   │             │         │ length       │  'shape': (2, 3), } + blanks    │         │
//   └─────────────┴─────────┴──────────────┴─────────────────────────────────┴─────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/npy_header.hpp"
#include "lowp/io/reordered_source.hpp"

namespace lowp::io {
namespace detail {

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

}  // namespace detail

/// One tensor, named as the file without its ending. Big-endian numbers and the order of Fortran
/// are read as any others; structured dtypes, objects, texts and long doubles are refused. Types
/// that NumPy has not (bfloat16, float8) are written as ml_dtypes does, as bytes without a name,
/// and read as dtypes "V1", "V2" …; sub-byte types are refused. There is no place for metadata.
class npy_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "npy"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".npy"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    return head.size() >= detail::npy_mark.size() &&
           std::string_view(reinterpret_cast<const char*>(head.data()), detail::npy_mark.size()) ==
               detail::npy_mark;
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override {
    std::vector<stored_tensor> tensors;
    tensors.push_back(detail::read_npy(path.stem().string(), source, path.string(), ""));
    return {"npy", path.string(), std::move(tensors)};
  }
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override {
    if (tensors.size() != 1) {
      throw std::invalid_argument("lowp::io::npy: " + std::to_string(tensors.size()) +
                                  " tensors, expected one");
    }
    detail::refuse_metadata(entries, "npy");
    file_plan plan;
    plan.fixed.push_back(
        {0, detail::npy_header_bytes(tensors[0].name, tensors[0].type, tensors[0].shape)});
    std::string ignored;  // the size was checked before
    const std::uint64_t begin = plan.fixed[0].bytes.size();
    plan.tensor_offsets.push_back(begin);
    plan.size = begin + byte_size(tensors[0].type, tensors[0].shape, ignored);
    return plan;
  }
};

inline const npy_kind npy{};

}  // namespace lowp::io
