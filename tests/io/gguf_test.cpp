// SPDX-License-Identifier: MIT
// GGUF files: built here byte by byte from the published layout, written to the same bytes, and
// refused when anything is wrong with them.
#include "lowp/io/gguf.hpp"

#include <bit>
#include <string>

#include "catch.hpp"
#include "io/files.hpp"
#if __has_include("lowp/block/ggml/gguf_types.hpp")
#include "lowp/block/ggml/gguf_types.hpp"
#endif

namespace {

using namespace lowp::io;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using test::bytes_of;
using test::counting;
using test::little;

std::string text(const std::string& value) { return little(value.size(), 8) + value; }
std::string entry(const std::string& key, unsigned type, const std::string& value) {
  return text(key) + little(type, 4) + value;
}
std::string tensor(const std::string& name, const std::vector<std::uint64_t>& sizes, unsigned type,
                   std::uint64_t offset) {
  std::string result = text(name) + little(sizes.size(), 4);
  for (const std::uint64_t size : sizes) result += little(size, 8);
  return result + little(type, 4) + little(offset, 8);
}
// Header, entries and tensors, padded to `alignment`, then `data`.
std::vector<std::byte> file(const std::vector<std::string>& entries,
                            const std::vector<std::string>& tensors, const std::string& data,
                            std::size_t alignment = 32, unsigned version = 3) {
  std::string result =
      "GGUF" + little(version, 4) + little(tensors.size(), 8) + little(entries.size(), 8);
  for (const std::string& piece : entries) result += piece;
  for (const std::string& piece : tensors) result += piece;
  result.resize((result.size() + alignment - 1) / alignment * alignment, '\0');
  return bytes_of(result + data);
}
std::string data_of(std::size_t size, std::size_t padded, unsigned first) {
  std::string result;
  for (std::size_t i = 0; i < size; ++i) result += static_cast<char>((first + i) & 0xff);
  result.resize(padded, '\0');
  return result;
}
std::string error(const std::vector<std::string>& entries, const std::vector<std::string>& tensors,
                  const std::string& data = {}, std::size_t alignment = 32) {
  return test::error_of(gguf, file(entries, tensors, data, alignment));
}

// Every type of value, arrays in arrays, an alignment, element types and blocks.
const std::vector<std::string> good_entries{
    entry("general.alignment", 4, little(64, 4)),
    entry("a", 0, "\xff"),
    entry("b", 1, "\xff"),
    entry("c", 2, "\xfe\xff"),
    entry("d", 3, "\xfe\xff"),
    entry("e", 5, little(0xfffffffe, 4)),
    entry("f", 6, little(0x3fc00000, 4)),
    entry("g", 7, "\1"),
    entry("h", 8, text("text\0with"s)),
    entry("i", 10, little(1ull << 63, 8)),
    entry("j", 11, little(~std::uint64_t{0}, 8)),
    entry("k", 12, little(0x3ff8000000000000, 8)),
    entry("l", 9,
          little(9, 4) + little(2, 8) + little(8, 4) + little(1, 8) + text("x") + little(7, 4) +
              little(3, 8) + "\1" + "\0"s + "\1"),
    entry("m", 9, little(12, 4) + little(0, 8)),
};
const metadata good_metadata{
    {"general.alignment", std::uint32_t{64}},
    {"a", std::uint8_t{255}},
    {"b", std::int8_t{-1}},
    {"c", std::uint16_t{65534}},
    {"d", std::int16_t{-2}},
    {"e", std::int32_t{-2}},
    {"f", 1.5f},
    {"g", true},
    {"h", "text\0with"s},
    {"i", std::uint64_t{1} << 63},
    {"j", std::int64_t{-1}},
    {"k", 1.5},
    {"l", metadata_array{std::vector{metadata_array{std::vector{"x"s}},
                                     metadata_array{std::vector{true, false, true}}}}},
    {"m", metadata_array{std::vector<double>{}}},
};
const std::vector<tensor_declaration> good_tensors{
    {"q", {"Q4_K", 144 * 8, 256}, {2, 256}},
    {"s", element_dtype("F32"), {}},
    {"none", element_dtype("I8"), {0, 3}},
    {"x", {"MXFP4", 17 * 8, 32}, {1, 1, 2, 32}},
};
std::vector<std::byte> good_file(unsigned version = 3) {
  return file(good_entries,
              {tensor("q", {256, 2}, 12, 0), tensor("s", {}, 0, 320),
               tensor("none", {3, 0}, 24, 384), tensor("x", {32, 2, 1, 1}, 39, 384)},
              data_of(288, 320, 1) + data_of(4, 64, 2) + data_of(34, 64, 4), 64, version);
}

TEST_CASE("a file of gguf built by hand is read and written to the same bytes") {
  test::temporary_folder folder;
  for (const unsigned version : {2u, 3u}) {
    const auto good = good_file(version);
    const gguf_kind kind(version);
    CHECK(kind.recognizes(std::span(good).first(64), good.size()));
    const auto read = test::read_bytes_as(gguf, good);
    CHECK(read.metadata() == good_metadata);
    REQUIRE(read.tensors().size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      const stored_tensor& found = read.at(good_tensors[i].name);
      CHECK(tensor_declaration(found) == good_tensors[i]);
      CHECK(found.bytes() == counting(found.byte_size(), static_cast<unsigned>(i + 1)));
    }
    const auto path = folder.path / "written.gguf";
    test::write_counting(path, kind, good_tensors, good_metadata);
    CHECK(test::contents_of(path) == good);
  }
}

TEST_CASE("files of gguf at the edge of the format are read") {
  CHECK(error({}, {}) == "no error");
  // Padding behind the last tensor, and in front of no data, may be missing; holes may be there.
  CHECK(error({}, {tensor("a", {4}, 24, 64)}, std::string(68, 'x')) == "no error");
  auto bytes = file({}, {tensor("a", {0}, 24, 0)}, {});
  bytes.resize(24 + 8 + 1 + 4 + 8 + 4 + 8);
  CHECK(test::error_of(gguf, bytes) == "no error");
  for (const gguf_record& record : gguf_records) {
    CHECK(error({}, {tensor("a", {record.values}, record.id, 0)}, std::string(record.bytes, 'x')) ==
          "no error");
    CHECK_THAT(
        error({}, {tensor("a", {record.values}, record.id, 0)}, std::string(record.bytes - 1, 'x')),
        ContainsSubstring("the file: tensor 'a': offset is 0 with "));
  }
}

TEST_CASE("hostile files of gguf are refused by file and field") {
  CHECK(test::error_of(gguf, bytes_of("GGUG")) == "the file: does not begin with GGUF");
  CHECK(test::error_of(gguf, bytes_of("GGUF" + "\0\0\0\3"s)) ==
        "the file: numbers are big-endian, which is not supported");
  CHECK(test::error_of(gguf, bytes_of("GGUF" + little(1, 4))) ==
        "the file: version is 1, expected 2 or 3");
  const std::string start = "GGUF" + little(3, 4);
  CHECK(test::error_of(gguf, bytes_of(start + little(~std::uint64_t{0}, 8) + little(0, 8))) ==
        "the file: number of tensors is 18446744073709551615, more than 0 bytes hold");
  CHECK(test::error_of(gguf, bytes_of(start + little(0, 8) + little(1ull << 60, 8) + "xxxx")) ==
        "the file: number of metadata entries is 1152921504606846976, more than 4 bytes hold");
  CHECK_THAT(
      test::error_of(gguf, bytes_of(start + little(0, 8) + little(1, 8) + little(1ull << 63, 8) +
                                    std::string(20, 'x'))),
      ContainsSubstring("the file: metadata entry 0: key needs 9223372036854775808 bytes, "));

  CHECK_THAT(error({entry("k", 13, "x")}, {}),
             ContainsSubstring("metadata 'k': value type is 13, expected 0 to 12"));
  CHECK_THAT(error({entry("k", 7, "\2")}, {}),
             ContainsSubstring("metadata 'k': value is the byte 2"));
  CHECK_THAT(error({entry("k", 0, "\2"), entry("k", 0, "\2")}, {}),
             ContainsSubstring("metadata 'k': key occurs twice"));
  CHECK_THAT(error({entry("k", 9, little(0, 4) + little(1ull << 62, 8))}, {}),
             ContainsSubstring("metadata 'k': array length is 4611686018427387904, more than"));
  CHECK_THAT(error({entry("k", 9, little(14, 4) + little(1, 8))}, {}),
             ContainsSubstring("metadata 'k': array type is 14"));
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += little(9, 4) + little(1, 8);
  CHECK_THAT(error({entry("k", 9, nested)}, {}), ContainsSubstring("deeper than 16"));
  for (const unsigned alignment : {0u, 3u, 1u << 21, 1u << 31}) {
    CHECK_THAT(error({entry("general.alignment", 4, little(alignment, 4))}, {}),
               ContainsSubstring("metadata 'general.alignment' is no power of two"));
  }
  CHECK_THAT(error({entry("general.alignment", 10, little(32, 8))}, {}),
             ContainsSubstring("metadata 'general.alignment' is no power of two"));

  const std::string data(64, 'x');
  CHECK_THAT(error({}, {tensor("a", {1, 1, 1, 1, 1}, 24, 0)}, data),
             ContainsSubstring("tensor 'a': number of dimensions is 5, expected at most 4"));
  CHECK_THAT(error({}, {tensor("a", {1}, 4, 0)}, data),
             ContainsSubstring("tensor 'a': type has the number 4, which is unknown"));
  CHECK_THAT(
      error({}, {tensor("a", {16, 2}, 2, 0)}, data),
      ContainsSubstring("tensor 'a': shape has a last size of 16, expected a multiple of 32"));
  CHECK_THAT(error({}, {tensor("a", {1ull << 32, 1ull << 32}, 24, 0)}, data),
             ContainsSubstring("tensor 'a': shape has a product of sizes that exceeds"));
  CHECK_THAT(error({}, {tensor("a", {1}, 24, 16)}, data),
             ContainsSubstring("tensor 'a': offset is 16, expected a multiple of 32"));
  CHECK_THAT(error({}, {tensor("a", {1}, 24, 64)}, data),
             ContainsSubstring("tensor 'a': offset is 64 with 1 bytes, expected them within 64"));
  CHECK_THAT(error({}, {tensor("a", {1}, 24, 0 - std::uint64_t{32})}, data),
             ContainsSubstring("expected them within 64 bytes of data"));
  CHECK_THAT(error({}, {tensor("a", {33}, 24, 0), tensor("b", {1}, 24, 32)}, data),
             ContainsSubstring("tensor 'b': offset is 32 with 1 bytes, expected no byte before 33 "
                               "(overlap)"));
  CHECK_THAT(error({}, {tensor("a", {1}, 24, 0), tensor("a", {1}, 24, 32)}, data),
             ContainsSubstring("the file: tensor 'a': name occurs twice"));
}

TEST_CASE("a file of gguf cut anywhere or with a bit turned is a file or an error") {
  const auto good = good_file();
  const std::size_t padding = 64 - 34;  // behind the last tensor, which may be cut
  std::size_t accepted = 0;
  CHECK(test::refusals_of_damage(gguf, good, good.size() - 448, accepted) > good.size() - padding);
  CHECK(accepted == padding);
}

TEST_CASE("what gguf cannot say is refused before a file is there") {
  test::temporary_folder folder;
  const auto refused = [&](const tensor_declaration& tensor, const metadata& entries = {}) {
    CHECK_THROWS_AS(tensor_writer(folder.path / "a.gguf", gguf, {tensor}, entries),
                    std::invalid_argument);
    CHECK(folder.size() == 0);
  };
  const tensor_declaration good{"a", element_dtype("F32"), {1}};
  refused({"a", element_dtype("F8_E4M3"), {1}});
  refused({"a", {"Q4_K", 8, 256}, {256}});
  refused({"a", element_dtype("F32"), {1, 1, 1, 1, 1}});
  refused({std::string(64, 'a'), element_dtype("F32"), {1}});  // ggml reads at most 63
  CHECK_NOTHROW(tensor_writer(folder.path / "a.gguf", gguf,
                              {{std::string(63, 'a'), element_dtype("F32"), {1}}}));
  refused(good, {{"k", true}, {"k", true}});
  refused(good, {{"general.alignment", std::uint32_t{3}}});
  CHECK_THROWS_AS(tensor_writer(folder.path / "a.gguf", gguf_kind(1), {good}),
                  std::invalid_argument);
}

TEST_CASE("a table of types of the program's own") {
  constexpr gguf_record own[] = {{"Q9_9", 99, 8, 9}};
  const gguf_kind kind(3, own);
  test::temporary_folder folder;
  test::write_counting(folder.path / "a.gguf", kind, {{"a", own[0].type(), {16}}});
  const auto bytes = test::contents_of(folder.path / "a.gguf");
  CHECK(test::read_bytes_as(kind, bytes).at("a").bytes() == counting(18));
  CHECK_THAT(test::error_of(gguf, bytes), ContainsSubstring("type has the number 99"));
}

#if __has_include("lowp/block/ggml/gguf_types.hpp")
TEST_CASE("types that are quantized have the numbers and sizes of files") {
  for (const lowp::gguf_type& type : lowp::gguf_types) {
    const gguf_record* const record = find_gguf_record(gguf_records, type.name);
    REQUIRE(record != nullptr);
    CHECK((record->id == type.id && record->values == type.cols && record->bytes == type.bytes));
  }
}
#endif

}  // namespace
