// SPDX-License-Identifier: MIT
// Raw bytes that JSON beside them describes: any dtype, metadata of all types, refusals.
#include "lowp/io/raw_json.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "catch.hpp"
#include "io/files.hpp"
#include "lowp/io/open_tensors.hpp"

namespace {

namespace fs = std::filesystem;
using namespace lowp::io;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using test::bytes_of;
using test::counting;

// A folder with 100 bytes in "d", where JSON is read.
struct folder_with_data : test::temporary_folder {
  folder_with_data() { test::put(path / "d", counting(100)); }
  std::string error(const std::string& json) const {
    const std::string text = test::error_of(raw_json, bytes_of(json), path / "j");
    const std::string name = (path / "j").string();
    return text.starts_with(name) ? text.substr(name.size() + 2) : text;
  }
  std::string error_of_tensors(const std::string& tensors, const std::string& more = {}) const {
    return error(R"({"format":"lowp.raw","version":1,"data":"d","tensors":[)" + tensors + "]" +
                 more + "}");
  }
};

TEST_CASE("JSON written by hand is read") {
  const folder_with_data folder;
  const std::string json = R"( {"tensors": [
    {"shape": [2, 3], "dtype": "F32", "name": "w", "offset": 8},
    {"name": "own", "dtype": "posit<10, 1>", "record_bits": 10, "shape": [4], "offset": 0},
    {"name": "block", "dtype": "B", "record_bits": 24, "record_values": 4, "shape": [2, 8],
     "offset": 88}], "data": "d", "version": 1, "format": "lowp.raw"})";
  CHECK(raw_json.recognizes(bytes_of(json), json.size()));
  const auto file = test::read_bytes_as(raw_json, bytes_of(json), folder.path / "j");
  CHECK(file.at("w").bytes() == counting(24, 9));
  CHECK(file.at("own").type == dtype{"posit<10, 1>", 10});
  CHECK(file.at("own").bytes() == counting(5));
  CHECK(file.at("block").type == dtype{"B", 24, 4});
  CHECK(file.at("block").bytes() == counting(12, 89));
  CHECK(file.metadata().empty());
}

TEST_CASE("any dtype and metadata of all types make the round trip") {
  const test::temporary_folder folder;
  const std::vector<tensor_declaration> tensors{{"w \"\xc3\xa9\"", element_dtype("F32"), {2, 3}},
                                                {"q", {"Q4_0", 144, 32}, {2, 32}},
                                                {"none", element_dtype("F6_E2M3"), {0, 3}},
                                                {"p", {"e3m2 of mine", 6}, {3}}};
  const double infinity = std::numeric_limits<double>::infinity();
  const metadata entries{
      {"a", std::uint8_t{255}},
      {"b", std::int8_t{-128}},
      {"c", std::uint16_t{65535}},
      {"d", std::int16_t{-32768}},
      {"e", ~std::uint32_t{0}},
      {"f", std::int32_t{-5}},
      {"g", 0.1f},
      {"h", false},
      {"i", "text\n\0"s},
      {"j", metadata_array{std::vector{metadata_array{std::vector{"x"s, ""s}},
                                       metadata_array{std::vector{0.1, -infinity, 1e300}},
                                       metadata_array{std::vector{true, false}},
                                       metadata_array{std::vector<std::uint8_t>{}}}}},
      {"k", ~std::uint64_t{0}},
      {"l", std::numeric_limits<std::int64_t>::min()},
      {"m", infinity},
      {"n", std::int64_t{5}},
  };
  const auto path = folder.path / "m.json";
  test::write_counting(path, raw_json, tensors, entries);
  CHECK(folder.size() == 2);
  auto expected = counting(24);
  expected.resize(64);
  for (const std::byte b : counting(36, 2)) expected.push_back(b);
  expected.resize(128);
  for (const std::byte b : counting(3, 4)) expected.push_back(b);
  CHECK(test::contents_of(folder.path / "m.json.raw") == expected);
  const std::array<const file_kind*, 1> kinds{&raw_json};
  const auto file = open_tensors(path, kinds);
  CHECK(file.metadata() == entries);
  REQUIRE(file.tensors().size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const stored_tensor& found = file.at(tensors[i].name);
    CHECK(tensor_declaration(found) == tensors[i]);
    CHECK(found.bytes() == counting(found.byte_size(), static_cast<unsigned>(i + 1)));
  }
  test::write_counting(path, raw_json, {}, {{"nan", std::nanf("")}});
  CHECK(std::isnan(std::get<float>(open_tensors(path, kinds).metadata()[0].value)));

  const auto refused = [&](const tensor_declaration& t, const metadata& m = {}) {
    CHECK_THROWS_AS(tensor_writer(folder.path / "n.json", raw_json, {t}, m), std::invalid_argument);
    CHECK(folder.size() == 2);
  };
  refused({"a\xff", element_dtype("U8"), {1}});
  refused({"a", {"F32", 16}, {1}});
  refused(tensors[0], {{"k", "\xff"s}});
  refused(tensors[0], {{"k", true}, {"k", true}});
}

TEST_CASE("JSON that describes no file is refused by field") {
  const folder_with_data folder;
  const std::string good = R"({"name":"a","dtype":"U8","shape":[4],"offset":0})";
  CHECK(folder.error_of_tensors(good) == "no error");
  CHECK(folder.error("{\"model\": 5}") == "format is not 'lowp.raw'");
  CHECK(folder.error("[]") == "format is not 'lowp.raw'");
  CHECK_THAT(folder.error("{"), ContainsSubstring("JSON is not valid at its byte 2"));
  CHECK_THAT(folder.error("{\"version\": 1e999}"), ContainsSubstring("JSON has a number beyond"));
  CHECK_THAT(folder.error(""), ContainsSubstring("JSON is not valid"));
  CHECK_THAT(folder.error(std::string(100'000, '[')),
             ContainsSubstring("JSON is nested deeper than"));
  CHECK(folder.error("[1e999]") == "JSON has a number beyond the range of binary64");
  CHECK_THAT(folder.error(R"({"format":"lowp.raw","format":1})"),
             ContainsSubstring("JSON has the key 'format' twice"));
  CHECK_THAT(folder.error(R"({"format":"lowp.raw","x":1})"), ContainsSubstring("has a field 'x'"));
  CHECK_THAT(folder.error(R"({"format":"lowp.raw"})"), ContainsSubstring("version is missing"));
  CHECK_THAT(folder.error(R"({"format":"lowp.raw","version":2})"),
             ContainsSubstring("version is 2, expected 1"));
  CHECK_THAT(folder.error(R"({"format":"lowp.raw","version":1,"tensors":[]})"),
             ContainsSubstring("data is missing"));
  for (const std::string& data : {"../d"s, "/d"s, ""s})
    CHECK_THAT(
        folder.error(R"({"format":"lowp.raw","version":1,"tensors":[],"data":")" + data + "\"}"),
        ContainsSubstring("leads out of the directory"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return folder.error_of_tensors(text.replace(text.find(from), from.size(), to));
  };
  CHECK_THAT(with("\"a\"", "5"), ContainsSubstring("tensor 0: name is no text"));
  CHECK_THAT(with("4]", "4.5]"), ContainsSubstring("tensor 'a': shape is no integer from 0 to"));
  CHECK_THAT(with("4]", "-4]"), ContainsSubstring("tensor 'a': shape is no integer from 0 to"));
  CHECK_THAT(with("[4]", "4"), ContainsSubstring("tensor 'a': shape is no array"));
  CHECK_THAT(with("4]", "101]"),
             ContainsSubstring("tensor 'a': offset is 0 with 101 bytes, expected"));
  CHECK_THAT(with(":0", ":18446744073709551615"),
             ContainsSubstring("expected them within 100 bytes"));
  CHECK_THAT(with("4]", "4294967296,4294967296]"), ContainsSubstring("exceeds 2^64 bits"));
  CHECK_THAT(with("U8", "X8"), ContainsSubstring("tensor 'a': dtype is 'X8', which has no known"));
  CHECK_THAT(with("\"shape", "\"record_bits\":9,\"shape"),
             ContainsSubstring("tensor 'a': dtype 'U8' has another size than stated"));
  CHECK_THAT(with("U8", "X8\",\"record_bits\":8,\"record_values\":\"8"),
             ContainsSubstring("tensor 'a': record_values is no integer"));
  CHECK_THAT(with("U8", "X8\",\"record_bits\":8,\"record_values\":0,\"dtype2\":\""),
             ContainsSubstring("tensor 0: has a field 'dtype2'"));
  CHECK_THAT(folder.error_of_tensors(good + "," + good), ContainsSubstring("(overlap)"));
  CHECK_THAT(folder.error_of_tensors(good + R"(,{"name":"a","dtype":"U8","shape":[4],"offset":4})"),
             ContainsSubstring("tensor 'a': name occurs twice"));
  const auto metadata_error = [&](const std::string& entries) {
    return folder.error_of_tensors("", ",\"metadata\":[" + entries + "]");
  };
  CHECK(metadata_error(R"({"key":"k","type":"u8","value":255})") == "no error");
  CHECK_THAT(metadata_error(R"({"key":"k","type":"u8","value":256})"),
             ContainsSubstring("metadata 'k': value does not fit its type"));
  for (const char* value : {R"("i8","value":128)", R"("i8","value":-129)", R"("u64","value":-1)",
                            R"("f32","value":1e39)", R"("f64","value":"nan")",
                            R"("bool","value":1)", R"("string","value":1)"}) {
    CHECK_THAT(metadata_error(R"({"key":"k","type":)"s + value + "}"),
               ContainsSubstring("metadata 'k': value does not fit its type"));
  }
  CHECK_THAT(metadata_error(R"({"key":"k","type":"u128","value":1})"),
             ContainsSubstring("metadata 'k': type is none of"));
  CHECK_THAT(metadata_error(R"({"key":"k","type":"array","value":[]})"),
             ContainsSubstring("metadata 'k': is no object with a field 'of'"));
  const std::string twice = R"({"key":"k","type":"u8","value":255})";
  CHECK_THAT(metadata_error(twice + "," + twice), ContainsSubstring("metadata 'k' occurs twice"));
}

TEST_CASE("JSON cut anywhere or with a bit turned is a file or an error") {
  const folder_with_data folder;
  const auto good = bytes_of(
      R"({"format":"lowp.raw","version":1,"data":"d","tensors":[{"name":"a","dtype":"U8",)"
      R"("shape":[4],"offset":0}],"metadata":[{"key":"k","type":"array","of":"f32","value":[1]}]})");
  std::size_t accepted = 0;
  CHECK(test::refusals_of_damage(raw_json, good, good.size(), accepted, folder.path / "j") >
        4 * good.size());
  CHECK(accepted == 0);
}

}  // namespace
