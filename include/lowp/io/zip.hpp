// SPDX-License-Identifier: MIT
// ZIP archives: the members of one, checked, and the records of a new one.
//
//   ┌────────────────────┬───────┬───┬───────────┬───────────────┬──────────────────────────┐
//   │ local header, name │ bytes │ … │ directory │ (ZIP64 record │ end of the directory:    │
//   │                    │       │   │           │  and locator) │ its size, place, entries │
//   └────────────────────┴───────┴───┴───────────┴───────────────┴──────────────────────────┘
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/byte_cursor.hpp"

namespace lowp::io::detail {

struct zip_member {
  std::string name;
  bool is_deflated = false;
  std::uint32_t crc = 0;
  std::uint64_t compressed = 0, size = 0;
  std::uint64_t header_begin = 0, data_begin = 0;
};

inline constexpr std::uint64_t zip_local_mark = 0x04034b50, zip_entry_mark = 0x02014b50,
                               zip_end_mark = 0x06054b50, zip64_end_mark = 0x06064b50,
                               zip64_locator_mark = 0x07064b50;
inline constexpr std::uint64_t zip_in_extra = 0xffff'ffff;  // "see the field of ZIP64"
inline constexpr std::uint64_t zip_end_bytes = 22, zip_entry_bytes = 46;

/// Where the directory lies and how many entries it has.
struct zip_directory {
  std::uint64_t begin = 0, end = 0, entries = 0;
};

class zip_reader {
 public:
  zip_reader(const byte_source& source, std::string origin)
      : source_(source), origin_(std::move(origin)) {}

  /// In the order of the directory. Throws format_error: members lie in the file and not in each
  /// other, are stored or deflated, not encrypted, and named the same in both places.
  [[nodiscard]] std::vector<zip_member> members() const {
    const zip_directory directory = find_directory();
    byte_cursor in(source_, origin_, directory.begin, directory.end);
    in.require_count(directory.entries, zip_entry_bytes, "number of members");
    std::vector<zip_member> result;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      in.where = "member " + std::to_string(i) + ": ";
      result.push_back(read_entry(in));
    }
    in.where.clear();
    if (in.left() != 0) in.fail("directory has more bytes than its entries");
    for (zip_member& member : result) find_data(member, directory.begin);
    refuse_overlaps(in, result);
    return result;
  }

 private:
  [[nodiscard]] zip_directory find_directory() const {
    const std::uint64_t size = source_.size();
    byte_cursor whole(source_, origin_);
    if (size < zip_end_bytes) whole.fail("file has no directory of a ZIP archive");
    // The comment behind the record may be long, and nothing may be behind the comment.
    const auto tail_size =
        static_cast<std::size_t>((std::min)(size, std::uint64_t{zip_end_bytes + 0xffff}));
    const auto tail = read_bytes(source_, size - tail_size, tail_size);
    for (std::size_t at = tail_size - zip_end_bytes + 1; at-- > 0;) {
      if (load_little_endian<4>(tail.data() + at) == zip_end_mark &&
          load_little_endian<2>(tail.data() + at + 20) == tail_size - at - zip_end_bytes) {
        return read_end(size - tail_size + at);
      }
    }
    whole.fail("file has no directory of a ZIP archive");
  }

  [[nodiscard]] zip_directory read_end(std::uint64_t at) const {
    byte_cursor in(source_, origin_, at, source_.size());
    in.skip(4, "mark");
    bool is_split = in.number<2>("disk") != 0;
    is_split |= in.number<2>("disk") != 0;
    std::uint64_t here = in.number<2>("entries"), entries = in.number<2>("entries");
    std::uint64_t size = in.number<4>("directory size"), begin = in.number<4>("directory");
    if (entries == 0xffff || size == zip_in_extra || begin == zip_in_extra) {
      constexpr std::uint64_t locator_bytes = 20;
      if (at < locator_bytes) in.fail("directory has no record of ZIP64");
      byte_cursor locator(source_, origin_, at - locator_bytes, at);
      if (locator.number<4>("mark") != zip64_locator_mark)
        in.fail("directory has no record of ZIP64");
      is_split |= locator.number<4>("disk") != 0;
      const std::uint64_t record_at = locator.number<8>("record of ZIP64");
      if (record_at > at - locator_bytes) in.fail("record of ZIP64 lies behind its locator");
      byte_cursor record(source_, origin_, record_at, at - locator_bytes);
      if (record.number<4>("mark of ZIP64") != zip64_end_mark)
        in.fail("directory has no record of ZIP64");
      record.skip(8 + 2 + 2, "record of ZIP64");
      is_split |= record.number<4>("disk") != 0;
      is_split |= record.number<4>("disk") != 0;
      here = record.number<8>("entries");
      entries = record.number<8>("entries");
      size = record.number<8>("directory size");
      begin = record.number<8>("directory");
      at = record_at;
    }
    if (is_split || here != entries) in.fail("archive has parts in other files");
    if (begin > at || size != at - begin) {
      in.fail("directory has " + std::to_string(size) + " bytes at " + std::to_string(begin) +
              ", expected it to end at " + std::to_string(at));
    }
    return {begin, at, entries};
  }

  [[nodiscard]] static zip_member read_entry(byte_cursor& in) {
    zip_member member;
    if (in.number<4>("mark") != zip_entry_mark) in.fail("no entry of a directory");
    in.skip(2 + 2, "versions");
    const std::uint64_t flags = in.number<2>("flags"), method = in.number<2>("method");
    in.skip(4, "time");
    member.crc = static_cast<std::uint32_t>(in.number<4>("checksum"));
    member.compressed = in.number<4>("compressed size");
    member.size = in.number<4>("size");
    const std::uint64_t name = in.number<2>("name"), extra = in.number<2>("extra field");
    const std::uint64_t comment = in.number<2>("comment"), disk = in.number<2>("disk");
    in.skip(2 + 4, "attributes");
    member.header_begin = in.number<4>("place");
    member.name = in.text(name, "name");
    in.where = "member " + in_quotes(member.name) + ": ";
    read_extra(in, extra, member);
    in.skip(comment, "comment");
    if ((flags & 0x41) != 0) in.fail("is encrypted");
    if (disk != 0) in.fail("lies in another file");
    if (method != 0 && method != 8) {
      in.fail("is compressed by method " + std::to_string(method) +
              ", expected 0 (stored) or 8 (deflated)");
    }
    member.is_deflated = method == 8;
    // A deflated byte makes at most 1032.
    if (member.is_deflated ? member.size / 1032 > member.compressed
                           : member.size != member.compressed) {
      in.fail("size is " + std::to_string(member.size) + ", which " +
              std::to_string(member.compressed) + " bytes do not make");
    }
    return member;
  }

  static void read_extra(byte_cursor& in, std::uint64_t size, zip_member& member) {
    in.require(size, "extra field");
    const std::uint64_t end = in.left() - size;
    while (in.left() >= end + 4) {
      const std::uint64_t id = in.number<2>("extra field"), bytes = in.number<2>("extra field");
      if (bytes > in.left() - end) in.fail("extra field is longer than all of them");
      std::uint64_t left = bytes;
      for (std::uint64_t* field : {&member.size, &member.compressed, &member.header_begin}) {
        if (id != 1 || *field != zip_in_extra) continue;
        if (left < 8) in.fail("extra field of ZIP64 is too short");
        *field = in.number<8>("extra field");
        left -= 8;
      }
      in.skip(left, "extra field");
    }
    in.skip(in.left() - end, "extra field");
  }

  void find_data(zip_member& member, std::uint64_t directory) const {
    byte_cursor in(source_, origin_, (std::min)(member.header_begin, directory), directory);
    in.where = "member " + in_quotes(member.name) + ": ";
    if (in.number<4>("header") != zip_local_mark) in.fail("has no header where it should be");
    in.skip(22, "header");
    const std::uint64_t name = in.number<2>("name"), extra = in.number<2>("extra field");
    if (in.text(name, "name") != member.name) in.fail("is named otherwise in its header");
    in.skip(extra, "extra field");
    in.require(member.compressed, "data");
    member.data_begin = in.position();
  }

  static void refuse_overlaps(const byte_cursor& in, const std::vector<zip_member>& members) {
    std::vector<const zip_member*> sorted;
    for (const zip_member& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(), [](const zip_member* a, const zip_member* b) {
      return a->header_begin < b->header_begin;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i]->header_begin < sorted[i - 1]->data_begin + sorted[i - 1]->compressed) {
        in.fail("member " + in_quotes(sorted[i]->name) + ": lies within member " +
                in_quotes(sorted[i - 1]->name));
      }
    }
  }

  const byte_source& source_;
  std::string origin_;
};

/// What a record says of the version that is needed, of the name's letters, that the bytes are
/// stored, and of a time: midnight of 1980-01-01, so that equal tensors make equal files.
inline void put_zip_start(byte_builder& out, std::string_view name) {
  const bool is_ascii =
      std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
  out.number<2>(45);
  out.number<2>(is_ascii ? 0 : 0x800);
  out.number<2>(0);
  out.number<4>(0x0021'0000);
}

/// In front of a stored member; its checksum stands at byte 14. Sizes are those of ZIP64, always.
inline constexpr std::size_t zip_local_crc_at = 14;
[[nodiscard]] inline std::vector<std::byte> zip_local_header(std::string_view name,
                                                             std::uint64_t size) {
  byte_builder out;
  out.number<4>(zip_local_mark);
  put_zip_start(out, name);
  out.number<4>(0);
  out.number<4>(zip_in_extra);
  out.number<4>(zip_in_extra);
  out.number<2>(name.size());
  out.number<2>(20);
  out.text(name);
  out.number<2>(1);
  out.number<2>(16);
  out.number<8>(size);
  out.number<8>(size);
  return std::move(out.bytes);
}

/// The directory of stored members and what ends the file; it begins at `begin`.
[[nodiscard]] inline std::vector<std::byte> zip_directory_bytes(std::span<const zip_member> members,
                                                                std::uint64_t begin) {
  byte_builder out;
  const auto in_field = [](std::uint64_t value) { return (std::min)(value, zip_in_extra); };
  for (const zip_member& member : members) {
    byte_builder extra;
    if (member.size >= zip_in_extra) {
      extra.number<8>(member.size);
      extra.number<8>(member.size);
    }
    if (member.header_begin >= zip_in_extra) extra.number<8>(member.header_begin);
    out.number<4>(zip_entry_mark);
    out.number<2>(45 | 3 << 8);  // made by Unix, which gives the attributes their meaning
    put_zip_start(out, member.name);
    out.number<4>(member.crc);
    out.number<4>(in_field(member.size));
    out.number<4>(in_field(member.size));
    out.number<2>(member.name.size());
    out.number<2>(extra.bytes.empty() ? 0 : 4 + extra.bytes.size());
    out.number<2>(0);
    out.number<2>(0);
    out.number<2>(0);
    out.number<4>(0600u << 16);  // for the owner to read and to write
    out.number<4>(in_field(member.header_begin));
    out.text(member.name);
    if (extra.bytes.empty()) continue;
    out.number<2>(1);
    out.number<2>(extra.bytes.size());
    out.bytes.insert(out.bytes.end(), extra.bytes.begin(), extra.bytes.end());
  }
  const std::uint64_t size = out.bytes.size(), count = members.size();
  if (count >= 0xffff || size >= zip_in_extra || begin >= zip_in_extra) {
    out.number<4>(zip64_end_mark);
    out.number<8>(44);
    out.number<2>(45);
    out.number<2>(45);
    out.number<8>(0);  // disks
    out.number<8>(count);
    out.number<8>(count);
    out.number<8>(size);
    out.number<8>(begin);
    out.number<4>(zip64_locator_mark);
    out.number<4>(0);
    out.number<8>(begin + size);
    out.number<4>(1);
  }
  out.number<4>(zip_end_mark);
  out.number<4>(0);  // disks
  out.number<2>((std::min)(count, std::uint64_t{0xffff}));
  out.number<2>((std::min)(count, std::uint64_t{0xffff}));
  out.number<4>(in_field(size));
  out.number<4>(in_field(begin));
  out.number<2>(0);
  return std::move(out.bytes);
}

}  // namespace lowp::io::detail
