// SPDX-License-Identifier: MIT
// What a fuzzer asks of a reader: any bytes give a file whose tensors can be read or a
// format_error, and what was read, written again where the kind can say it, is read as the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lowp/io/crc32.hpp"
#include "lowp/io/file_kind.hpp"

namespace fuzz {

using namespace lowp::io;

/// A broken promise: the fuzzer reports the abort with the input.
inline void promise(bool is_kept) {
  if (!is_kept) std::abort();
}

/// A source that is not in memory, as a file that is read on demand.
class on_demand_source final : public byte_source {
 public:
  explicit on_demand_source(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
  }
  std::vector<std::byte> bytes_;
};

/// All bytes of a tensor by pieces of different sizes, as long as they are few.
inline std::vector<std::byte> bytes_of(const stored_tensor& tensor) {
  constexpr std::uint64_t most = 1 << 16;
  std::vector<std::byte> all(static_cast<std::size_t>((std::min)(tensor.byte_size(), most)));
  for (std::size_t at = 0, step = 1; at < all.size(); at += step, step = step * 3 + 1) {
    step = (std::min)(step, all.size() - at);
    tensor.read(at, std::span(all).subspan(at, step));
  }
  return all;
}

/// The file that a plan describes, each byte placed once. Kinds with a second file are not for
/// this.
inline std::vector<std::byte> assembled(const file_plan& plan,
                                        const std::vector<std::vector<std::byte>>& contents) {
  std::vector<std::byte> file(static_cast<std::size_t>(plan.size));
  std::vector<char> is_placed(file.size(), 0);
  const auto place = [&](std::uint64_t offset, const std::vector<std::byte>& bytes) {
    promise(offset <= file.size() && bytes.size() <= file.size() - offset);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(offset) + i;
      promise(is_placed[at]++ == 0);
      file[at] = bytes[i];
    }
  };
  for (const placed_bytes& piece : plan.fixed) place(piece.offset, piece.bytes);
  std::vector<std::uint32_t> checksums = plan.checksums_before;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    place(plan.tensor_offsets[i], contents[i]);
    if (!checksums.empty()) checksums[i] = lowp::io::detail::crc32(contents[i], checksums[i]);
  }
  if (plan.seal)
    for (const placed_bytes& piece : plan.seal(checksums)) place(piece.offset, piece.bytes);
  promise(std::find(is_placed.begin(), is_placed.end(), 0) == is_placed.end());
  return file;
}

inline int reader(const file_kind& kind, const std::uint8_t* data, std::size_t size,
                  const std::filesystem::path& path = "file") {
  const auto* const first = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(first, first + size);
  static_cast<void>(
      kind.recognizes(std::span(bytes).first((std::min)(size, std::size_t{64})), size));
  try {
    const shared_bytes source = std::make_shared<on_demand_source>(std::move(bytes));
    const tensor_file file = kind.read(source, path);
    std::vector<std::vector<std::byte>> contents;
    std::uint64_t total = 0;
    for (const stored_tensor& tensor : file.tensors()) {
      total += tensor.byte_size();
      contents.push_back(bytes_of(tensor));
    }
    if (total > 1 << 16) return 0;  // of compressed members, whose sizes are claims
    const std::vector<tensor_declaration> declared(file.tensors().begin(), file.tensors().end());
    file_plan plan;
    try {
      plan = kind.plan(declared, file.metadata(), path);
    } catch (const std::invalid_argument&) {
      return 0;
    }
    if (!plan.data_suffix.empty()) return 0;
    const shared_bytes again = std::make_shared<memory_source>(assembled(plan, contents));
    const tensor_file copy = kind.read(again, path);
    promise(copy.tensors().size() == declared.size());
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const stored_tensor& tensor = copy.at(declared[i].name);
      promise(static_cast<const tensor_declaration&>(tensor) == declared[i]);
      promise(tensor.bytes() == contents[i]);
    }
  } catch (const format_error&) {
    return 0;
  }
  return 0;
}

}  // namespace fuzz
