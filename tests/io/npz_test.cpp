// SPDX-License-Identifier: MIT
// NumPy's archives: the bytes of numpy.savez, members that zlib deflated, and refusals.
#include "lowp/io/npz.hpp"
#include "lowp/io/inflated_source.hpp"
#include "lowp/io/zip.hpp"

#include <cmath>
#include <string>

#include "catch.hpp"
#include "io/files.hpp"

namespace {

using namespace lowp::io;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using test::bytes_of;
using test::counting;
using test::little;

std::string array(const std::string& descr, const std::string& shape, const std::string& data) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  return "\x93NUMPY\1\0v\0"s + header + "\n" + data;
}

struct member {
  std::string name, bytes;
  std::uint32_t crc = 0;
  unsigned method = 0;
  std::uint64_t size = 0;  // 0: as many as there are bytes
  unsigned flags = 0;
};

// As Python's zipfile writes members whose size it does not know before.
std::vector<std::byte> archive(const std::vector<member>& members, const std::string& comment = "",
                               bool has_zip64_end = false) {
  std::string out, directory;
  for (const member& m : members) {
    const std::uint64_t size = m.size != 0 ? m.size : m.bytes.size();
    const std::string start = little(45, 2) + little(m.flags, 2) + little(m.method, 2) +
                              little(0, 2) + little(0x21, 2) + little(m.crc, 4);
    directory += little(0x02014b50, 4) + little(45, 1) + little(3, 1) + start +
                 little(m.bytes.size(), 4) + little(size, 4) + little(m.name.size(), 2) +
                 little(0, 8) + little(0x1800000, 4) + little(out.size(), 4) + m.name;
    out += little(0x04034b50, 4) + start + little(0xffffffffffffffff, 8) +
           little(m.name.size(), 2) + little(20, 2) + m.name + little(1, 2) + little(16, 2) +
           little(size, 8) + little(m.bytes.size(), 8) + m.bytes;
  }
  std::string end = little(0x06054b50, 4) + little(0, 4) + little(members.size(), 2) +
                    little(members.size(), 2) + little(directory.size(), 4) + little(out.size(), 4);
  if (has_zip64_end) {
    end = little(0x06064b50, 4) + little(44, 8) + little(0x002d002d, 4) + little(0, 8) +
          little(members.size(), 8) + little(members.size(), 8) + little(directory.size(), 8) +
          little(out.size(), 8) + little(0x07064b50, 4) + little(0, 4) +
          little(out.size() + directory.size(), 8) + little(1, 4) + little(0x06054b50, 4) +
          little(0, 4) + std::string(12, '\xff');
  }
  return bytes_of(out + directory + end + little(comment.size(), 2) + comment);
}
std::string error(const std::vector<member>& members) {
  return test::error_of(npz, archive(members));
}

static_assert(sizeof(lowp::io::detail::inflated_source) < 512);  // an archive may have very many

const std::string ones = array("|u1", "(5,)", "\0\1\2\3\4"s);
constexpr std::uint32_t crc_of_ones = 0x473f42d2;  // as NumPy wrote it
const std::string floats =
    array("<f4", "(2, 3)",
          little(0, 4) + little(0x3f800000, 4) + little(0x40000000, 4) + little(0x40400000, 4) +
              little(0x40800000, 4) + little(0x40a00000, 4));
constexpr std::uint32_t crc_of_floats = 0x2a00e94f;
const std::vector<member> good{{"a.npy", floats, crc_of_floats}, {"b.npy", ones, crc_of_ones}};

TEST_CASE("an archive is written byte for byte as NumPy does, and read") {
  const auto expected = archive(good);
  test::temporary_folder folder;
  const auto path = folder.path / "x.npz";
  {
    tensor_writer out(path, npz,
                      {{"a", element_dtype("F32"), {2, 3}}, {"b", element_dtype("U8"), {5}}});
    out.write("b", bytes_of("\0\1"s));
    out.write("a", bytes_of(floats.substr(128)));
    out.write("b", bytes_of("\2\3\4"));
    out.finish();
  }
  CHECK(test::contents_of(path) == expected);
  CHECK(npz.recognizes(expected, expected.size()));
  for (const bool has_zip64_end : {false, true}) {
    const auto read = test::read_bytes_as(npz, archive(good, "a comment", has_zip64_end));
    REQUIRE(read.tensors().size() == 2);
    CHECK(read.at("a").bytes() == bytes_of(floats.substr(128)));
    CHECK(read.at("b").bytes() == counting(5, 0));
    CHECK_FALSE(read.at("b").in_memory().empty());
  }
  test::write_counting(path, npz, {});
  CHECK(test::contents_of(path) == archive({}));
  CHECK(test::error_of(npz, archive({{"readme.txt", "text"}})) == "no error");
}

TEST_CASE("names beyond ASCII and many members") {
  test::temporary_folder folder;
  const auto path = folder.path / "x.npz";
  std::vector<tensor_declaration> tensors{{"\xc3\xa9", element_dtype("U8"), {1}}};
  for (int i = 0; i < 70'000; i += 100) tensors.push_back({std::to_string(i), {"V3", 24}, {1}});
  test::write_counting(path, npz, tensors);
  const auto read = test::read_bytes_as(npz, test::contents_of(path));
  CHECK(read.tensors().size() == tensors.size());
  CHECK(read.at("\xc3\xa9").bytes() == counting(1));
  // The records for archives of more than 65534 members.
  std::vector<detail::zip_member> members(70'000, {.name = "n"});
  const auto end = detail::zip_directory_bytes(members, 5);
  CHECK(end.size() == 70'000 * 47 + 56 + 20 + 22);
  const std::span<const std::byte> record = std::span(end).subspan(70'000 * 47);
  CHECK(detail::load_little_endian<8>(record.data() + 32) == 70'000);
  CHECK(detail::load_little_endian<8>(record.data() + 56 + 8) == 5 + 70'000 * 47);
}

// What zlib 1.2.13 makes of bytes in each way.
std::string bytes_of_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}
const std::string dynamic_block = bytes_of_hex(
    "edd0d16d05300843516c0373849064ff115baa4a9da07f4f42fc1e5d2fb36556e0964ee402dbe38127ac148bfea06b"
    "bad0832fe50e1cd392f5f7775c669b57aa422b54e9dba261d75919472ccbeb6ab230d0ef019b1ac8b0e537b13dd640"
    "3c890eeb40e7408f51fe638de8157cb2836c440f9487768515be31d086bdf01637f0c7198aec81ac389945bf36d0f6"
    "9c4c4529074adec9fc150f62e7643ee16aa0e79c4c8b430c44acc9d426ea8ffbecf9d9f3b3e7bfecf905");
std::string dynamic_text() {
  std::string text;
  for (int i = 0; i < 1200; ++i)
    text += static_cast<char>(((i * i) >> 5) % 7 + (i % 3 == 0 ? 32 : 0));
  return text;
}

TEST_CASE("deflated members of each kind of block") {
  const auto inflated = [](const std::string& stream) {
    const auto bytes = bytes_of(stream);
    const memory_source source(bytes);
    detail::inflater inflater(detail::byte_cursor(source, "s"));
    std::vector<std::byte> out(3000);
    std::size_t size = 0;
    for (std::size_t step = 1; step != 0; size += step)
      step = inflater.read(std::span(out).subspan(size, size < 10 ? 1 : 700));
    out.resize(size);
    return out;
  };
  CHECK(inflated(bytes_of_hex("010500faff68656c6c6f")) == bytes_of("hello"));
  CHECK(inflated(bytes_of_hex("4b4c4a4e444200")) == bytes_of("abcabcabcabcabc"));
  CHECK(inflated(bytes_of_hex("0300")).empty());
  CHECK(inflated(dynamic_block) == bytes_of(dynamic_text()));

  // A member, read from any place. Its array is in stored blocks, so that it fits in a line.
  const std::string block = "\1" + little(ones.size(), 2) + little(~ones.size() & 0xffff, 2) + ones;
  const auto file = archive({{"a.npy", block, crc_of_ones, 8, ones.size()}});
  const auto read = test::read_bytes_as(npz, file);
  const stored_tensor& tensor = read.at("a");
  CHECK(tensor.in_memory().empty());
  std::vector<std::byte> piece(2);
  for (const std::uint64_t at : {3u, 0u, 2u, 1u}) {
    tensor.read(at, piece);
    CHECK(piece == counting(2, static_cast<unsigned>(at)));
  }
  CHECK_THAT(error({{"a.npy", block, crc_of_ones + 1, 8, ones.size()}}),
             ContainsSubstring("member 'a.npy': deflated data have another checksum"));
  CHECK_THAT(error({{"a.npy", block, crc_of_ones, 8, ones.size() + 1}}),
             ContainsSubstring("member 'a.npy': deflated data end too early"));
  // An error comes again, and what lies behind it is never taken for what lies in front: all but
  // the last four bytes, a block that there is not, and one of five bytes.
  const std::string broken = bytes_of_hex("0081007eff") + ones.substr(0, 129) + bytes_of_hex("06") +
                             bytes_of_hex("0500faff") + "vwxyz" + bytes_of_hex("010000ffff");
  const detail::inflated_source damaged(std::make_shared<memory_source>(bytes_of(broken)),
                                        ones.size(), crc_of_ones, "f", "");
  for (int time = 0; time < 3; ++time) CHECK_THROWS_AS(damaged.read(128, piece), format_error);
  damaged.read(128, std::span(piece).first(1));
  CHECK(piece[0] == std::byte{0});

  std::string longer = block;
  longer[0] = '\0';  // not the last block
  CHECK_THAT(error({{"a.npy", longer, crc_of_ones, 8, ones.size()}}),
             ContainsSubstring("member 'a.npy': deflated data end too early"));
  CHECK_THAT(error({{"a.npy", longer + bytes_of_hex("010100feff00"), crc_of_ones, 8, ones.size()}}),
             ContainsSubstring("member 'a.npy': deflated data are more than 133 bytes"));
  CHECK_THAT(error({{"a.npy", block, crc_of_ones, 8, ones.size() * 2000}}),
             ContainsSubstring("member 'a.npy': size is 266000, which 138 bytes do not make"));
}

TEST_CASE("deflated data that break the format are refused") {
  const auto problem = [](const std::string& stream) -> std::string {
    const memory_source source(bytes_of(stream));
    detail::inflater inflater(detail::byte_cursor(source, "s"));
    std::vector<std::byte> out(10'000);
    try {
      static_cast<void>(inflater.read(out));
    } catch (const format_error& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(problem(bytes_of_hex("07")) == "s: deflated data have a block of type 3");
  CHECK(problem(bytes_of_hex("0105000000")) == "s: deflated data have a stored block of no size");
  CHECK(problem(bytes_of_hex("030401")) == "no error");  // behind the end
  CHECK(problem(bytes_of_hex("1b03")) == "s: deflated data have a length that was not defined");
  CHECK(problem(bytes_of_hex("0302")) == "s: deflated data copy from before their begin");
  CHECK(problem(bytes_of_hex("fdffff")) == "s: deflated data define too many codes");
  CHECK(problem(bytes_of_hex("05000000")) == "s: deflated data have a code that was not defined");
  for (std::size_t size = 0; size < dynamic_block.size(); ++size)
    CHECK(problem(dynamic_block.substr(0, size)) == "s: deflated data end too early");
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * dynamic_block.size(); ++bit) {
    std::string turned = dynamic_block;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << (bit % 8)));
    refused += problem(turned) == "no error" ? 0u : 1u;
  }
  CHECK(refused > 50);
}

TEST_CASE("hostile archives are refused by file, member and field") {
  CHECK(error(good) == "no error");
  CHECK(test::error_of(npz, {}) == "the file: file has no directory of a ZIP archive");
  CHECK(test::error_of(npz, bytes_of(std::string(100'000, 'P'))) ==
        "the file: file has no directory of a ZIP archive");
  CHECK_THAT(error({good[0], good[0]}),
             ContainsSubstring("the file: tensor 'a': name occurs twice"));
  CHECK_THAT(error({{"a.npy", floats, 0, 12}}),
             ContainsSubstring("member 'a.npy': is compressed by method 12"));
  CHECK_THAT(error({{"a.npy", floats, 0, 0, 5}}), ContainsSubstring("member 'a.npy': size is 5"));
  CHECK_THAT(error({{"a.npy", floats, 0, 0, 0, 1}}),
             ContainsSubstring("member 'a.npy': is encrypted"));
  CHECK_THAT(error({{"a.npy", "text"}}), ContainsSubstring("member 'a.npy': mark needs 6 bytes"));

  const auto damaged = [](std::size_t at_from_end, const std::string& bytes) {
    auto file = archive(good);
    std::copy_n(bytes_of(bytes).begin(), bytes.size(), file.end() - std::ptrdiff_t(at_from_end));
    return test::error_of(npz, file);
  };
  CHECK_THAT(damaged(22 - 8, "\3\0\3\0"s), ContainsSubstring("number of members is 3, more than"));
  CHECK_THAT(damaged(22 - 8, "\1\0\1\0"s), ContainsSubstring("directory has more bytes than"));
  CHECK_THAT(damaged(22 - 8, "\1\0\2\0"s), ContainsSubstring("archive has parts in other files"));
  CHECK_THAT(damaged(22 - 12, "\xff\xff\xff\xff"), ContainsSubstring("has no record of ZIP64"));
  CHECK_THAT(damaged(22 - 12, "\1\0\0\0"s), ContainsSubstring("expected it to end at"));
  // The place of the second member: where the first is, and behind the file.
  const std::size_t place = 22 + 5 + 4;
  CHECK_THAT(damaged(place, little(0, 4)), ContainsSubstring("'b.npy': is named otherwise"));
  CHECK_THAT(damaged(place, little(1, 4)), ContainsSubstring("'b.npy': has no header where"));
  CHECK_THAT(damaged(place, little(0xfffffffe, 4)),
             ContainsSubstring("member 'b.npy': header needs"));
  CHECK_THAT(damaged(place, little(0xffffffff, 4)),
             ContainsSubstring("member 'b.npy': header needs"));
  // A member within another one.
  member outer{"o.npy", array("|u1", "(163,)", {}) + std::string(35, 'x'), 0};
  const auto inner = archive({good[1]});
  for (std::size_t i = 0; i < 35 + 5 + 128; ++i) outer.bytes += static_cast<char>(inner[i]);
  auto file = archive({outer, good[1]});
  const std::string inner_place = little(30 + 5 + 20 + 128 + 35, 4);
  std::copy_n(bytes_of(inner_place).begin(), 4, file.end() - std::ptrdiff_t(place));
  CHECK_THAT(test::error_of(npz, file),
             ContainsSubstring("member 'b.npy': lies within member 'o.npy'"));
}

TEST_CASE("an archive cut anywhere or with a bit turned is a file or an error") {
  const auto file = archive({good[1]}, {}, true);
  std::size_t accepted = 0;
  CHECK(test::refusals_of_damage(npz, file, file.size(), accepted) > 2 * file.size());
  CHECK(accepted == 0);
}

TEST_CASE("what an archive cannot say is refused") {
  test::temporary_folder folder;
  const auto path = folder.path / "a.npz";
  CHECK_THROWS_AS(tensor_writer(path, npz, {{"a", element_dtype("F4"), {2}}}),
                  std::invalid_argument);
  CHECK_THROWS_AS(tensor_writer(path, npz, {{std::string(65'532, 'a'), element_dtype("U8"), {2}}}),
                  std::invalid_argument);
  CHECK_THROWS_AS(tensor_writer(path, npz, {}, {{"k", 1.0}}), std::invalid_argument);
  CHECK(folder.size() == 0);
}

}  // namespace
