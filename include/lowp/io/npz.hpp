// SPDX-License-Identifier: MIT
// NumPy's archive of arrays: a ZIP file with a member "<name>.npy" for each.
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

#include "lowp/io/crc32.hpp"
#include "lowp/io/file_kind.hpp"
#include "lowp/io/inflated_source.hpp"
#include "lowp/io/npy.hpp"
#include "lowp/io/zip.hpp"

namespace lowp::io {

/// Reads what numpy.savez and savez_compressed write; members of other names are passed over.
/// Writes the bytes of savez: stored members, none compressed. Arrays are as in npy_kind. The
/// checksum of a deflated member is compared when its last byte is read, that of a stored one is
/// not.
class npz_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "npz"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".npz"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    if (head.size() < 4) return false;
    const std::uint64_t mark = detail::load_little_endian<4>(head.data());
    return mark == detail::zip_local_mark || mark == detail::zip_end_mark;
  }

  [[nodiscard]] tensor_file read(const shared_bytes& source,
                                 const std::filesystem::path& path) const override {
    std::vector<stored_tensor> tensors;
    for (detail::zip_member& member : detail::zip_reader(*source, path.string()).members()) {
      if (!member.name.ends_with(ending)) continue;
      const std::string where = "member " + detail::in_quotes(member.name) + ": ";
      shared_bytes data =
          std::make_shared<part_of_source>(source, member.data_begin, member.compressed);
      std::shared_ptr<const detail::inflated_source> inflated;
      if (member.is_deflated) {
        inflated = std::make_shared<detail::inflated_source>(std::move(data), member.size,
                                                             member.crc, path.string(), where);
        data = inflated;
      }
      member.name.resize(member.name.size() - ending.size());
      tensors.push_back(detail::read_npy(std::move(member.name), data, path.string(), where));
      if (inflated != nullptr) inflated->rest();  // there may be very many
    }
    return {"npz", path.string(), std::move(tensors)};
  }

  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata& entries,
                               const std::filesystem::path&) const override {
    detail::refuse_metadata(entries, "npz");
    file_plan plan;
    std::vector<detail::zip_member> members;
    for (const tensor_declaration& tensor : tensors) {
      if (tensor.name.size() > 0xffff - ending.size()) {
        throw std::invalid_argument("lowp::io::npz: tensor " + detail::in_quotes(tensor.name) +
                                    ": name is too long");
      }
      auto header = detail::npy_header_bytes(tensor.name, tensor.type, tensor.shape);
      std::string ignored;  // the sizes were checked before
      const std::uint64_t data = byte_size(tensor.type, tensor.shape, ignored);
      detail::zip_member member{.name = tensor.name + std::string(ending),
                                .size = header.size() + data,
                                .header_begin = plan.size};
      auto local = detail::zip_local_header(member.name, member.size);
      plan.checksums_before.push_back(detail::crc32(header));
      place_around_checksum(plan, local);
      plan.fixed.push_back({plan.size, std::move(header)});
      plan.size += plan.fixed.back().bytes.size();
      plan.tensor_offsets.push_back(plan.size);
      plan.size += data;
      members.push_back(std::move(member));
    }
    const std::uint64_t directory = plan.size;
    plan.size += detail::zip_directory_bytes(members, directory).size();
    plan.seal = [members, directory](std::span<const std::uint32_t> checksums) {
      std::vector<placed_bytes> pieces;
      std::vector<detail::zip_member> sealed = members;
      for (std::size_t i = 0; i < sealed.size(); ++i) {
        sealed[i].crc = checksums[i];
        detail::byte_builder crc;
        crc.number<4>(checksums[i]);
        pieces.push_back({sealed[i].header_begin + detail::zip_local_crc_at, std::move(crc.bytes)});
      }
      pieces.push_back({directory, detail::zip_directory_bytes(sealed, directory)});
      return pieces;
    };
    return plan;
  }

 private:
  /// The checksum itself is for `seal`.
  static void place_around_checksum(file_plan& plan, const std::vector<std::byte>& local) {
    constexpr auto at = static_cast<std::ptrdiff_t>(detail::zip_local_crc_at);
    plan.fixed.push_back({plan.size, {local.begin(), local.begin() + at}});
    plan.fixed.push_back({plan.size + at + 4, {local.begin() + at + 4, local.end()}});
    plan.size += local.size();
  }
  static constexpr std::string_view ending = ".npy";
};

inline const npz_kind npz{};

}  // namespace lowp::io
