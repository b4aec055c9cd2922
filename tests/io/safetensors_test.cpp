// SPDX-License-Identifier: MIT
// The safetensors reader refuses every file that breaks the format, by a clear error and nothing
// else, and the writer writes files that are whole or absent. Files are built here byte by byte,
// not by the writer.
#include "lowp/io/safetensors.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "catch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace lowp::io;
using namespace std::string_literals;

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

// A file with this header and so many bytes of data, counting up from 1.
std::vector<std::byte> file_with(const std::string& header, std::size_t data_size) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  file += header;
  for (std::size_t i = 0; i < data_size; ++i) file += static_cast<char>(i + 1);
  return bytes_of(file);
}

// The message of the format_error that parsing throws, or "no error".
std::string error_of(const std::vector<std::byte>& bytes) {
  try {
    static_cast<void>(safetensors_file::parse(bytes, "the file"));
  } catch (const format_error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of(const std::string& header, std::size_t data_size) {
  return error_of(file_with(header, data_size));
}

// An entry of the header.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

struct temporary_folder {
  fs::path path = fs::temp_directory_path() /
                  ("lowp_safetensors_test_" + std::to_string(std::random_device{}()));
  temporary_folder() { fs::create_directory(path); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::vector<std::byte> contents_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return bytes_of({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

struct dtype_case {
  const char* name;
  std::size_t bits;
};
constexpr dtype_case all_dtypes[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
};

const std::string small_header = "{\"__metadata__\":{\"format\":\"pt\"}," +
                                 entry("weight", "F32", "[1,2]", "[0,8]") + "," +
                                 entry("scale", "F8_E8M0", "[3]", "[8,11]") + "}";

TEST_CASE("a_file_built_by_hand_is_read") {
  auto file = safetensors_file::parse(file_with(small_header + "   ", 11));
  const auto moved = std::move(file);
  REQUIRE(moved.tensors().size() == 2);
  CHECK(moved.metadata() == metadata_map{{"format", "pt"}});
  const tensor_view& scale = moved.at("scale");
  CHECK(scale.dtype == "F8_E8M0");
  CHECK(scale.shape == std::vector<std::uint64_t>{3});
  CHECK(std::vector(scale.bytes.begin(), scale.bytes.end()) == bytes_of("\x09\x0a\x0b"));
  CHECK(moved.tensors()[0].name == "weight");
  CHECK(moved.find("absent") == nullptr);
  CHECK_THROWS_WITH(moved.at("absent"), "safetensors: has no tensor 'absent'");
}

TEST_CASE("files_at_the_edge_of_the_format_are_read") {
  CHECK(error_of("{}", 0) == "no error");
  CHECK(error_of("{\"__metadata__\":{}}", 0) == "no error");
  CHECK(error_of("{" + entry("scalar", "F32", "[]", "[0,4]") + "}", 4) == "no error");
  CHECK(error_of("{" + entry("none", "F32", "[0,7]", "[0,0]") + "}", 0) == "no error");
  CHECK(error_of("{" + entry("", "U8", "[1]", "[0,1]") + "}", 1) == "no error");
  // The order of the entries is free; empty tensors may share a place.
  CHECK(error_of("{" + entry("b", "U8", "[1]", "[1,2]") + "," + entry("a", "U8", "[1]", "[0,1]") +
                     "," + entry("e", "U8", "[0]", "[1,1]") + "," +
                     entry("f", "U8", "[0]", "[1,1]") + "}",
                 2) == "no error");
  // So is the order of the fields.
  CHECK(error_of(R"({"a":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"}})", 1) == "no error");
}

TEST_CASE("every_dtype_makes_the_round_trip") {
  std::vector<tensor_view> tensors;
  std::vector<std::vector<std::byte>> contents;
  for (const auto& [name, bits] : all_dtypes) {
    CHECK(dtype_bits(name) == bits);
    std::vector<std::byte> bytes(2 * 4 * bits / 8);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(7 * i + bits);
    contents.push_back(std::move(bytes));
  }
  for (std::size_t i = 0; i < contents.size(); ++i) {
    tensors.push_back({.name = "tensor \"é\" " + std::to_string(i),
                       .dtype = all_dtypes[i].name,
                       .shape = {2, 4},
                       .bytes = contents[i]});
  }
  const metadata_map metadata{{"", "empty key"}, {"line\n", "\"quoted\" \\ \u00e9"}};
  temporary_folder folder;
  write_safetensors(folder.path / "all.safetensors", tensors, metadata);
  CHECK(files_in(folder.path) == 1);
  CHECK(contents_of(folder.path / "all.safetensors") == to_safetensors(tensors, metadata));

  const auto file = safetensors_file::read(folder.path / "all.safetensors");
  CHECK(file.metadata() == metadata);
  REQUIRE(file.tensors().size() == tensors.size());
  for (const tensor_view& tensor : tensors) {
    const tensor_view& found = file.at(tensor.name);
    CHECK(found.dtype == tensor.dtype);
    CHECK(found.shape == tensor.shape);
    CHECK(std::equal(found.bytes.begin(), found.bytes.end(), tensor.bytes.begin(),
                     tensor.bytes.end()));
  }
  // The widest types come first, so that each tensor is aligned to its elements.
  CHECK(file.tensors().front().dtype == "U64");
  CHECK(file.tensors().back().dtype == "BOOL");
}

TEST_CASE("the_writer_gives_exactly_the_bytes_of_the_reference_writer") {
  const auto bytes = bytes_of("\1\2\3\4\5\6\7\x08");
  const std::span<const std::byte> all = bytes;
  const tensor_view tensors[] = {
      {.name = "b", .dtype = "U8", .shape = {2}, .bytes = all.first(2)},
      {.name = "c", .dtype = "F32", .shape = {}, .bytes = all.subspan(2, 4)},
      {.name = "a", .dtype = "U8", .shape = {1, 2}, .bytes = all.subspan(6, 2)},
  };
  std::string header = "{\"__metadata__\":{\"k\":\"v\"}," + entry("c", "F32", "[]", "[0,4]") + "," +
                       entry("a", "U8", "[1,2]", "[4,6]") + "," + entry("b", "U8", "[2]", "[6,8]") +
                       "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  auto expected = file_with(header, 0);
  for (const int value : {3, 4, 5, 6, 7, 8, 1, 2})
    expected.push_back(static_cast<std::byte>(value));
  CHECK(to_safetensors(tensors, {{"k", "v"}}) == expected);
  CHECK(to_safetensors({}) == bytes_of("\x08\0\0\0\0\0\0\0{}      "s));
}

TEST_CASE("a_hostile_length_is_refused") {
  using Catch::Matchers::ContainsSubstring;
  CHECK(error_of(std::vector<std::byte>{}) == "the file: file has 0 bytes, expected at least 8");
  CHECK(error_of(bytes_of("\2\0\0\0\0\0\0"s)) == "the file: file has 7 bytes, expected at least 8");
  CHECK(error_of(bytes_of("\3\0\0\0\0\0\0\0{}"s)) ==
        "the file: header length is 3, expected at most the 2 bytes that follow");
  CHECK(error_of(bytes_of("\xff\xff\xff\xff\xff\xff\xff\xff{}"s)) ==
        "the file: header length is 18446744073709551615, expected at most 100000000");
  CHECK(error_of(bytes_of("\x01\xe1\xf5\x05\0\0\0\0{}"s)) ==
        "the file: header length is 100000001, expected at most 100000000");
  CHECK(error_of("", 0) == "the file: header does not start with '{'");
}

TEST_CASE("a_header_that_is_not_the_expected_json_is_refused") {
  using Catch::Matchers::ContainsSubstring;
  const std::string good = entry("a", "U8", "[1]", "[0,1]");
  CHECK(error_of(" {" + good + "}", 1) == "the file: header does not start with '{'");
  CHECK(error_of("[]", 0) == "the file: header does not start with '{'");
  for (const std::string& text :
       {"{"s, "{" + good, "{" + good + ",}", "{" + good + "}}", "{" + good + "} {}", "{'a':1}"s,
        "{" + good + "} //", "{\"a\":NaN}"s, "{\"\xff\":{}}"s, "{\"\xc0\x80\":{}}"s,
        "{\"\xed\xa0\x80\":{}}"s, "{\"\\ud800\":{}}"s, "{}\xff"s}) {
    CHECK_THAT(error_of(text, 1), ContainsSubstring("header is not valid JSON in UTF-8"));
  }
  CHECK(error_of("{}\0"s, 0) == "the file: header has a zero byte");
  CHECK(error_of("{" + good + "}\0}"s, 1) == "the file: header has a zero byte");
  CHECK(error_of("{" + good + "," + good + "}", 1) == "the file: header has the key 'a' twice");
  CHECK(error_of("{" + good + "," + entry("\\u0061", "U8", "[1]", "[1,2]") + "}", 2) ==
        "the file: header has the key 'a' twice");
  CHECK(error_of(R"({"a":[]})", 0) ==
        "the file: tensor 'a': entry has an array, expected an object");
  CHECK(error_of(R"({"a":null})", 0) == "the file: tensor 'a': entry has null, expected an object");
  // Deep nesting must end at once, not exhaust a stack.
  CHECK_THAT(error_of("{\"a\":" + std::string(1'000'000, '['), 0),
             ContainsSubstring("has an array"));
  std::string objects = "{";
  for (int i = 0; i < 300'000; ++i) objects += "\"a\":{";
  CHECK_THAT(error_of(objects, 0), ContainsSubstring("has a field 'a'"));
  std::string lists = "{\"a\":{\"shape\":" + std::string(1'000'000, '[');
  CHECK_THAT(error_of(lists, 0), ContainsSubstring("shape has an array"));
}

TEST_CASE("bad_metadata_is_refused") {
  CHECK(error_of(R"({"__metadata__":[]})", 0) ==
        "the file: __metadata__ is an array, expected an object");
  CHECK(error_of(R"({"__metadata__":null})", 0) ==
        "the file: __metadata__ is null, expected an object");
  CHECK(error_of(R"({"__metadata__":"x"})", 0) ==
        "the file: __metadata__ is a string, expected an object");
  for (const std::string value : {"1", "-1", "1.5", "true", "null", "{}", "[]"}) {
    CHECK_THAT(error_of(R"({"__metadata__":{"k":)" + value + "}}", 0),
               Catch::Matchers::ContainsSubstring("__metadata__ entry 'k' is ") &&
                   Catch::Matchers::ContainsSubstring("expected a string"));
  }
  CHECK(error_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0) ==
        "the file: __metadata__ has the key 'k' twice");
  CHECK(error_of(R"({"__metadata__":{},"__metadata__":{}})", 0) ==
        "the file: header has the key '__metadata__' twice");
}

TEST_CASE("bad_fields_of_a_tensor_are_refused") {
  using Catch::Matchers::ContainsSubstring;
  const auto fails_with = [](const std::string& fields, const std::string& message) {
    CHECK(error_of("{\"a\":{" + fields + "}}", 1) == "the file: tensor 'a': " + message);
  };
  SECTION("missing, repeated or unknown") {
    fails_with(R"("shape":[1],"data_offsets":[0,1])", "dtype is missing");
    fails_with(R"("dtype":"U8","data_offsets":[0,1])", "shape is missing");
    fails_with(R"("dtype":"U8","shape":[1])", "data_offsets is missing");
    fails_with("", "dtype is missing");
    fails_with(R"("dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1])",
               "dtype occurs twice");
    fails_with(R"("dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1])",
               "shape occurs twice");
    fails_with(R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1])",
               "data_offsets occurs twice");
    fails_with(R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1)",
               "has a field 'x', expected dtype, shape and data_offsets only");
  }
  SECTION("dtype") {
    for (const std::string dtype :
         {"\"\"", "\"u8\"", "\"I4\"", "\"F32 \"", "8", "null", "[\"U8\"]"}) {
      CHECK_THAT(
          error_of("{\"a\":{\"dtype\":" + dtype + ",\"shape\":[1],\"data_offsets\":[0,1]}}", 1),
          ContainsSubstring("tensor 'a': dtype has ") &&
              ContainsSubstring("expected a dtype of the format"));
    }
  }
  SECTION("shape") {
    for (const std::string size : {"-1", "-0", "1.0", "1e0", "18446744073709551616", "1e999",
                                   "true", "null", "\"1\"", "[1]", "{}"}) {
      INFO(size);
      const std::string error =
          error_of("{" + entry("a", "U8", "[" + size + "]", "[0,1]") + "}", 1);
      const bool is_refused = error.starts_with("the file: tensor 'a': shape has ") ||
                              error.starts_with("the file: header is not valid JSON");
      CHECK(is_refused);
    }
    fails_with(R"("dtype":"U8","shape":1,"data_offsets":[0,1])",
               "shape has a number, expected an array");
  }
  SECTION("product of sizes") {
    const std::string message = "shape has a product of sizes that exceeds 2^64 bits";
    fails_with(R"("dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1])", message);
    // The products are 1 and 0 modulo 2^64.
    fails_with(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])", message);
    fails_with(R"("dtype":"U8","shape":[2305843009213693952],"data_offsets":[0,0])", message);
    fails_with(R"("dtype":"F4","shape":[6148914691236517206,3],"data_offsets":[0,1])", message);
    // A zero does not excuse sizes that overflow, on either side of it.
    fails_with(R"("dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0])", message);
    fails_with(R"("dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0])", message);
  }
  SECTION("bytes that do not fit") {
    fails_with(R"("dtype":"U8","shape":[2],"data_offsets":[0,1])",
               "data_offsets are [0, 1], expected 2 bytes by dtype and shape");
    fails_with(R"("dtype":"F4","shape":[4],"data_offsets":[0,1])",
               "data_offsets are [0, 1], expected 2 bytes by dtype and shape");
    fails_with(R"("dtype":"F4","shape":[3],"data_offsets":[0,1])",
               "shape with dtype 'F4' needs 12 bits, expected whole bytes");
    fails_with(R"("dtype":"F6_E2M3","shape":[2],"data_offsets":[0,1])",
               "shape with dtype 'F6_E2M3' needs 12 bits, expected whole bytes");
    fails_with(R"("dtype":"F6_E3M2","shape":[1,1],"data_offsets":[0,1])",
               "shape with dtype 'F6_E3M2' needs 6 bits, expected whole bytes");
    CHECK(error_of("{" + entry("a", "F6_E3M2", "[2,2]", "[0,3]") + "}", 3) == "no error");
  }
  SECTION("data_offsets") {
    for (const std::string offsets :
         {"[]", "[0]", "[0,1,1]", "[0,1,1,1]", "[-1,1]", "[0,1.0]", "0", "null", "{}", "[[0,1]]",
          "[\"0\",1]", "[0,18446744073709551616]"}) {
      CHECK_THAT(error_of("{" + entry("a", "U8", "[1]", offsets) + "}", 1),
                 ContainsSubstring("tensor 'a': data_offsets has "));
    }
    fails_with(R"("dtype":"U8","shape":[1],"data_offsets":[1,0])",
               "data_offsets are [1, 0], expected the end not before the begin");
    fails_with(R"("dtype":"U8","shape":[2],"data_offsets":[0,2])",
               "data_offsets are [0, 2], expected them within 1 bytes of data");
    fails_with(
        R"("dtype":"U8","shape":[1],"data_offsets":[18446744073709551614,18446744073709551615])",
        "data_offsets are [18446744073709551614, 18446744073709551615], expected them within 1 "
        "bytes of data");
  }
}

TEST_CASE("data_must_be_covered_once_from_end_to_end") {
  const auto two = [](const std::string& first, const std::string& second, std::size_t size) {
    return error_of(
        "{" + entry("a", "U8", "[2]", first) + "," + entry("b", "U8", "[2]", second) + "}", size);
  };
  CHECK(two("[0,2]", "[2,4]", 4) == "no error");
  CHECK(two("[0,2]", "[0,2]", 2) ==
        "the file: tensor 'b': data_offsets are [0, 2], expected a begin of 2 (overlap)");
  CHECK(two("[0,2]", "[1,3]", 3) ==
        "the file: tensor 'b': data_offsets are [1, 3], expected a begin of 2 (overlap)");
  CHECK(two("[0,2]", "[3,5]", 5) ==
        "the file: tensor 'b': data_offsets are [3, 5], expected a begin of 2 (hole)");
  CHECK(two("[3,5]", "[1,3]", 5) ==
        "the file: tensor 'b': data_offsets are [1, 3], expected a begin of 0 (hole)");
  CHECK(two("[0,2]", "[2,4]", 5) ==
        "the file: data has 5 bytes, expected 4 by the header (trailing bytes)");
  CHECK(error_of("{}", 1) ==
        "the file: data has 1 bytes, expected 0 by the header (trailing bytes)");
  CHECK(error_of(
            "{" + entry("e", "U8", "[0]", "[1,1]") + "," + entry("a", "U8", "[2]", "[0,2]") + "}",
            2) == "the file: tensor 'e': data_offsets are [1, 1], expected a begin of 2 (overlap)");
}

TEST_CASE("names_in_messages_are_made_harmless") {
  CHECK(error_of("{\"\\u001b[31m\\n" + std::string(1000, 'x') + "\":1}", 0).size() < 250);
  CHECK_THAT(error_of(R"({"\u001b\n":1})", 0), Catch::Matchers::ContainsSubstring("tensor '?"
                                                                                  "?'"));
}

TEST_CASE("every_truncation_is_refused") {
  const auto whole = file_with(small_header, 11);
  REQUIRE(error_of(whole) == "no error");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(error_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) !=
          "no error");
  }
}

TEST_CASE("a_changed_byte_gives_a_whole_file_or_an_error") {
  const auto whole = file_with(small_header, 11);
  std::size_t accepted = 0;
  for (std::size_t position = 0; position < whole.size() - 11; ++position) {
    for (unsigned value = 0; value < 256; ++value) {
      auto changed = whole;
      changed[position] = static_cast<std::byte>(value);
      try {
        const auto file = safetensors_file::parse(changed);
        ++accepted;
        std::size_t bytes = 0;
        for (const tensor_view& tensor : file.tensors()) {
          std::uint64_t bits = dtype_bits(tensor.dtype);
          for (const std::uint64_t size : tensor.shape) bits *= size;
          if (bits != 8 * tensor.bytes.size()) FAIL("size at byte " << position << " = " << value);
          for (const std::byte byte : tensor.bytes) bytes += byte != std::byte{0};
        }
        if (bytes != 11) FAIL("bytes at byte " << position << " = " << value);
      } catch (const format_error&) {
      }
    }
  }
  CHECK(accepted >
        whole.size() - 11);  // at least the unchanged file at each position, and renamed tensors
}

TEST_CASE("reading_a_file_that_is_not_there_throws") {
  temporary_folder folder;
  CHECK_THROWS_AS(safetensors_file::read(folder.path / "absent"), std::runtime_error);
  CHECK_THROWS_AS(safetensors_file::read(folder.path), std::runtime_error);
  std::ofstream(folder.path / "empty").flush();
  CHECK_THROWS_WITH(safetensors_file::read(folder.path / "empty"),
                    Catch::Matchers::ContainsSubstring((folder.path / "empty").string()) &&
                        Catch::Matchers::ContainsSubstring("file has 0 bytes"));
}

TEST_CASE("the_writer_refuses_what_the_format_cannot_say") {
  const auto bytes = bytes_of("1234");
  const auto message_of = [&](const std::vector<tensor_view>& tensors,
                              const metadata_map& metadata = {}) {
    temporary_folder folder;
    std::string message = "no error";
    try {
      write_safetensors(folder.path / "out", tensors, metadata);
    } catch (const std::invalid_argument& error) {
      message = error.what();
      CHECK(files_in(folder.path) == 0);
    }
    return message;
  };
  using Catch::Matchers::EndsWith;
  const tensor_view good{.name = "a", .dtype = "U8", .shape = {4}, .bytes = bytes};
  CHECK(message_of({good}) == "no error");
  CHECK_THAT(message_of({good, good}), EndsWith("tensor 'a': name occurs twice"));
  CHECK_THAT(message_of({{.name = "a", .dtype = "U8", .shape = {3}, .bytes = bytes}}),
             EndsWith("tensor 'a': bytes has 4 bytes, expected 3 by dtype and shape"));
  CHECK_THAT(message_of({{.name = "a", .dtype = "F4", .shape = {7}, .bytes = bytes}}),
             EndsWith("whole bytes"));
  CHECK_THAT(message_of({{.name = "a", .dtype = "I4", .shape = {8}, .bytes = bytes}}),
             EndsWith("dtype is 'I4', expected one of the dtypes of the format"));
  CHECK_THAT(
      message_of(
          {{.name = "a", .dtype = "U8", .shape = {1ull << 32, 1ull << 32, 4}, .bytes = bytes}}),
      EndsWith("exceeds 2^64 bits"));
  CHECK_THAT(message_of({{.name = "__metadata__", .dtype = "U8", .shape = {4}, .bytes = bytes}}),
             EndsWith("name is reserved for the metadata"));
  CHECK_THAT(message_of({{.name = "\xff", .dtype = "U8", .shape = {4}, .bytes = bytes}}),
             EndsWith("is not valid UTF-8"));
  CHECK_THAT(message_of({good}, {{"k", "\xff"}}),
             EndsWith("metadata value '?' is not valid UTF-8"));
}

TEST_CASE("a_failed_write_leaves_everything_as_it_was") {
  const auto bytes = bytes_of("1234");
  const tensor_view tensors[] = {{.name = "a", .dtype = "U8", .shape = {4}, .bytes = bytes}};
  temporary_folder folder;
  // The folder does not exist.
  CHECK_THROWS_AS(write_safetensors(folder.path / "absent" / "out", tensors), std::runtime_error);
  // The name is that of a folder with something in it, so that the last step, the renaming, fails.
  fs::create_directories(folder.path / "taken" / "inside");
  CHECK_THROWS_AS(write_safetensors(folder.path / "taken", tensors), std::runtime_error);
  CHECK(files_in(folder.path) == 1);
  CHECK(fs::is_directory(folder.path / "taken" / "inside"));
}

TEST_CASE("a_temporary_name_that_is_taken_is_passed_over") {
  const auto bytes = bytes_of("1234");
  const tensor_view tensors[] = {{.name = "a", .dtype = "U8", .shape = {4}, .bytes = bytes}};
  temporary_folder folder;
  std::ofstream(folder.path / "victim") << "old";
  fs::create_symlink(folder.path / "victim", folder.path / "out.partial0");
  write_safetensors(folder.path / "out", tensors);
  CHECK(contents_of(folder.path / "out") == to_safetensors(tensors));
  CHECK(contents_of(folder.path / "victim") == bytes_of("old"));
  CHECK(fs::is_symlink(folder.path / "out.partial0"));
  CHECK(files_in(folder.path) == 3);
}

TEST_CASE("a_write_replaces_the_old_file_as_a_whole") {
  const auto bytes = bytes_of("1234");
  const tensor_view tensors[] = {{.name = "a", .dtype = "U8", .shape = {4}, .bytes = bytes}};
  temporary_folder folder;
  std::ofstream(folder.path / "out") << std::string(1000, 'x');
  write_safetensors(folder.path / "out", tensors);
  CHECK(contents_of(folder.path / "out") == to_safetensors(tensors));
  const tensor_view bad[] = {{.name = "a", .dtype = "U8", .shape = {5}, .bytes = bytes}};
  CHECK_THROWS_AS(write_safetensors(folder.path / "out", bad), std::invalid_argument);
  CHECK(contents_of(folder.path / "out") == to_safetensors(tensors));
  CHECK(files_in(folder.path) == 1);
}

std::vector<float> floats_of(const std::string& dtype, std::uint64_t count,
                             std::span<const std::byte> bytes) {
  return to_floats({.name = "a", .dtype = dtype, .shape = {count}, .bytes = bytes});
}

TEST_CASE("all_binary16_codes_become_the_floats_of_the_formula") {
  std::vector<std::byte> bytes;
  for (unsigned code = 0; code < 65536; ++code) {
    bytes.push_back(static_cast<std::byte>(code & 0xff));
    bytes.push_back(static_cast<std::byte>(code >> 8));
  }
  const auto values = floats_of("F16", 65536, bytes);
  for (unsigned code = 0; code < 65536; ++code) {
    const int exponent = (code >> 10) & 31;
    const int mantissa = code & 1023;
    const double sign = code >= 32768 ? -1 : 1;
    bool is_right = false;
    if (exponent == 31) {  // by bits: fast-math takes no NaN for one
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[code]);
      is_right = (bits >> 31) == code >> 15 && (mantissa == 0 ? (bits & 0x7fffffff) == 0x7f800000
                                                              : (bits & 0x7fffffff) > 0x7f800000);
    } else {
      const double magnitude =
          exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
      is_right = std::bit_cast<std::uint32_t>(values[code]) ==
                 std::bit_cast<std::uint32_t>(static_cast<float>(sign * magnitude));
    }
    if (!is_right) FAIL("code " << code << " became " << values[code]);
  }
}

TEST_CASE("bfloat16_is_the_upper_half_of_binary32") {
  std::vector<std::byte> narrow, wide;
  for (unsigned code = 0; code < 65536; ++code) {
    for (int i = 0; i < 2; ++i) wide.push_back(std::byte{0});
    for (const unsigned part : {code & 0xff, code >> 8}) {
      narrow.push_back(static_cast<std::byte>(part));
      wide.push_back(static_cast<std::byte>(part));
    }
  }
  const auto from_narrow = floats_of("BF16", 65536, narrow),
             from_wide = floats_of("F32", 65536, wide);
  CHECK(std::memcmp(from_narrow.data(), from_wide.data(), 4 * 65536) == 0);
  const auto back = to_f32_bytes(from_wide);
  int changed = 0;
  for (std::size_t i = 0; i < wide.size(); i += 4) {
    const bool is_nan =
        (wide[i + 3] & std::byte{0x7f}) == std::byte{0x7f} && wide[i + 2] > std::byte{0x80};
    if (!is_nan && !std::equal(&wide[i], &wide[i] + 4, &back[i])) ++changed;
  }
  CHECK(changed == 0);
  CHECK(from_narrow[0x3f80] == 1.0f);
  CHECK(from_narrow[0xc049] == -3.140625f);
}

TEST_CASE("binary64_is_narrowed_to_nearest_even") {
  // 1 + 2^-24 and 1 + 3·2^-24 are ties, 1e300 is beyond the range; written as bytes, lowest first.
  const auto bytes = bytes_of(
      "\0\0\0\x10\0\0\xf0\x3f\0\0\0\x30\0\0\xf0\x3f\x9c\x75\0\x88\x3c\xe4\x37\x7e\0\0\0\0\0\0\0\x80"s);
  const auto values = floats_of("F64", 4, bytes);
  CHECK(values[0] == 1.0f);
  CHECK(values[1] == 1.0f + std::ldexp(1.0f, -22));
  CHECK(std::bit_cast<std::uint32_t>(values[2]) == 0x7f800000);
  CHECK(std::bit_cast<std::uint32_t>(values[3]) == 0x80000000);
}

TEST_CASE("small_floats_are_decoded") {
  CHECK(floats_of("F8_E4M3", 3, bytes_of("\x7e\x38\xc0"s)) == std::vector<float>{448, 1, -2});
  CHECK(floats_of("F8_E5M2", 2, bytes_of("\x7b\x3d"s)) == std::vector<float>{57344, 1.25f});
  CHECK(floats_of("F8_E4M3FNUZ", 2, bytes_of("\x7f\x40"s)) == std::vector<float>{240, 1});
  CHECK(floats_of("F8_E5M2FNUZ", 1, bytes_of("\x40"s)) == std::vector<float>{1});
  CHECK(floats_of("F8_E8M0", 2, bytes_of("\x7f\x84"s)) == std::vector<float>{1, 32});
  CHECK(floats_of("F4", 4, bytes_of("\x21\xf7"s)) == std::vector<float>{0.5f, 1, 6, -6});
  CHECK(floats_of("F6_E3M2", 4, bytes_of("\x81\xfa\x57"s)) ==
        std::vector<float>{0.0625f, -0.75f, -28, 5});
  CHECK(floats_of("F6_E2M3", 4, bytes_of("\x81\xfa\x57"s)) ==
        std::vector<float>{0.125f, -1.25f, -7.5f, 3.25f});
}

TEST_CASE("other_dtypes_do_not_become_floats") {
  const auto bytes = bytes_of("1234");
  CHECK_THROWS_WITH(
      floats_of("I32", 1, bytes),
      "lowp::io::to_floats: tensor 'a': dtype is I32, expected a floating-point number");
  CHECK_THROWS_AS(floats_of("F32", 2, bytes), std::invalid_argument);
  CHECK_THROWS_AS(floats_of("F31", 1, bytes), std::invalid_argument);
}

}  // namespace
