// SPDX-License-Identifier: MIT
// ONNX models, built here field by field: raw data, numbers in typed fields, files beside the
// model.
#include "lowp/io/onnx.hpp"
#include "lowp/io/onnx_tensor.hpp"

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

std::string varint(std::uint64_t value) {
  std::string out;
  do {
    out += static_cast<char>((value & 0x7f) | (value > 0x7f ? 0x80u : 0u));
    value >>= 7;
  } while (value != 0);
  return out;
}
std::string number(unsigned field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string bytes(unsigned field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}
std::string dims(const std::vector<std::uint64_t>& sizes) {
  std::string out;
  for (const std::uint64_t size : sizes) out += number(1, size);
  return out;
}
std::string tensor(const std::string& name, unsigned type, const std::vector<std::uint64_t>& sizes,
                   const std::string& rest) {
  return dims(sizes) + number(2, type) + bytes(8, name) + rest;
}
std::string entry(const std::string& key, const std::string& value) {
  return bytes(1, key) + bytes(2, value);
}
// A model with these initializers; fields that are passed over stand between.
std::string model_of(const std::vector<std::string>& tensors, const std::string& rest = {}) {
  std::string graph = bytes(1, "a node") + bytes(2, "g");
  for (const std::string& t : tensors) graph += bytes(5, t);
  return number(1, 8) + bytes(2, "maker") + bytes(7, graph) + varint(5 << 3 | 1) + "12345678" +
         varint(6 << 3 | 5) + "1234" + rest;
}
std::string error(const std::vector<std::string>& tensors, const std::string& rest = {}) {
  return test::error_of(onnx, bytes_of(model_of(tensors, rest)));
}
std::vector<std::byte> read(const std::string& t) {
  return test::read_bytes_as(onnx, bytes_of(model_of({t}))).tensors()[0].bytes();
}

TEST_CASE("a model built by hand is read") {
  const auto bytes_of_model =
      bytes_of(model_of({tensor("w", 1, {1, 2}, bytes(9, "12345678")),
                         bytes(9, "abc") + bytes(8, "i4") + number(2, 22) + bytes(1, "\5\1")},
                        bytes(14, entry("k", "v"))));
  CHECK(onnx.recognizes(std::span(bytes_of_model).first(64), bytes_of_model.size()));
  const auto file = test::read_bytes_as(onnx, bytes_of_model);
  CHECK(file.metadata() == metadata{{"k", "v"s}});
  CHECK(tensor_declaration(file.at("w")) == tensor_declaration{"w", element_dtype("F32"), {1, 2}});
  CHECK(file.at("w").bytes() == bytes_of("12345678"));
  CHECK_FALSE(file.at("w").in_memory().empty());
  CHECK(tensor_declaration(file.at("i4")) == tensor_declaration{"i4", element_dtype("I4"), {5, 1}});
  CHECK(file.at("i4").bytes() == bytes_of("abc"));
}

// Nodes have inputs, outputs, names, a type and attributes; a value lies in one of these.
TEST_CASE("constants of nodes are read where they are asked for") {
  const auto node = [](const std::string& output, const std::string& type, const std::string& key,
                       const std::string& value) {
    return bytes(1, "x") + bytes(2, output) + bytes(3, "n") + bytes(4, type) +
           bytes(5, bytes(1, "k") + number(20, 2)) + bytes(5, bytes(1, key) + bytes(5, value));
  };
  const std::string inner = tensor("inner", 1, {1, 2}, bytes(9, "12345678"));
  const auto model = [&](const std::string& more) {
    const std::string graph = bytes(1, node("c", "Constant", "value", inner)) +
                              bytes(1, node("s", "Shape", "value", inner)) +
                              bytes(1, node("d", "Constant", "sparse_value", inner)) +
                              bytes(1, node("e", "Constant", "value", inner) + bytes(7, "own")) +
                              bytes(5, tensor("w", 3, {1}, bytes(9, "1"))) + more;
    return bytes_of(number(1, 8) + bytes(7, graph));
  };
  const auto file = test::read_bytes_as(onnx_with_constants, model({}));
  REQUIRE(file.tensors().size() == 2);
  CHECK(tensor_declaration(file.at("c")) == tensor_declaration{"c", element_dtype("F32"), {1, 2}});
  CHECK(file.at("c").bytes() == bytes_of("12345678"));
  CHECK(file.at("w").bytes() == bytes_of("1"));
  CHECK(test::read_bytes_as(onnx, model({})).tensors().size() == 1);
  CHECK_THAT(
      test::error_of(onnx_with_constants, model(bytes(1, node("c", "Constant", "value", inner)))),
      ContainsSubstring("'c'"));
  CHECK_THAT(test::error_of(onnx_with_constants,
                            model(bytes(1, node("f", "Constant", "value", dims({1}))))),
             ContainsSubstring("constant 'f': data_type is missing"));
  CHECK_THAT(test::error_of(onnx_with_constants, model(bytes(1, "\x2a\x05"))),
             ContainsSubstring("a node: "));
}

TEST_CASE("numbers in typed fields, packed or one by one") {
  CHECK(read(tensor("a", 1, {2}, bytes(4, "1234") + varint(4 << 3 | 5) + "5678")) ==
        bytes_of("12345678"));
  CHECK(read(tensor("a", 14, {1}, bytes(4, "12345678"))) == bytes_of("12345678"));
  CHECK(read(tensor("a", 11, {1}, varint(10 << 3 | 1) + "12345678")) == bytes_of("12345678"));
  CHECK(read(tensor("a", 15, {1}, bytes(10, "12345678abcdefgh"))) == bytes_of("12345678abcdefgh"));
  const std::uint64_t minus_two = ~std::uint64_t{1};
  CHECK(read(tensor("a", 6, {3}, number(5, 1) + bytes(5, varint(minus_two)) + number(5, 3))) ==
        bytes_of("\1\0\0\0\xfe\xff\xff\xff\3\0\0\0"s));
  CHECK(read(tensor("a", 3, {2}, bytes(5, varint(minus_two) + varint(127)))) ==
        bytes_of("\xfe\x7f"));
  CHECK(read(tensor("a", 5, {1}, bytes(5, varint(minus_two)))) == bytes_of("\xfe\xff"));
  CHECK(read(tensor("a", 10, {1}, number(5, 0xffee))) == bytes_of("\xee\xff"));
  CHECK(read(tensor("a", 17, {1}, number(5, 0xff))) == bytes_of("\xff"));
  CHECK(read(tensor("a", 22, {3}, bytes(5, varint(0xf1) + varint(2)))) == bytes_of("\xf1\2"));
  CHECK(read(tensor("a", 9, {2}, bytes(5, "\1\0"s))) == bytes_of("\1\0"s));
  CHECK(read(tensor("a", 7, {1}, number(7, minus_two))) ==
        bytes_of("\xfe" + std::string(7, '\xff')));
  CHECK(read(tensor("a", 12, {1}, number(11, 0xfffffffe))) == bytes_of("\xfe\xff\xff\xff"));
  CHECK(read(tensor("a", 13, {1}, number(11, minus_two))) ==
        bytes_of("\xfe" + std::string(7, '\xff')));
  CHECK(read(tensor("a", 1, {0}, {})).empty());
  // From any place.
  const auto file = test::read_bytes_as(
      onnx, bytes_of(model_of({tensor(
                "a", 4, {3}, number(5, 0x201) + number(5, 0x403) + bytes(5, varint(0x605)))})));
  std::vector<std::byte> piece(2);
  for (const std::uint64_t at : {3u, 4u, 0u, 1u}) {
    file.at("a").read(at, piece);
    CHECK(piece == counting(2, static_cast<unsigned>(at + 1)));
  }

  CHECK_THAT(error({tensor("a", 3, {1}, number(5, 128))}),
             ContainsSubstring("tensor 'a': number 0 is out of the range"));
  CHECK_THAT(error({tensor("a", 2, {2}, number(5, 1) + number(5, 256))}),
             ContainsSubstring("tensor 'a': number 1 is out of the range"));
  CHECK_THAT(error({tensor("a", 9, {1}, number(5, 2))}), ContainsSubstring("out of the range"));
  CHECK_THAT(error({tensor("a", 6, {2}, number(5, 1))}),
             ContainsSubstring("tensor 'a': has 1 numbers, expected 2 by data_type and dims"));
  CHECK_THAT(error({tensor("a", 6, {1}, bytes(4, "1234"))}),
             ContainsSubstring("tensor 'a': has numbers in field 4, expected 5"));
  CHECK_THAT(error({tensor("a", 6, {1}, bytes(5, "\x80"))}),
             ContainsSubstring("tensor 'a': packed field needs 1 bytes, 0 are left"));
  CHECK_THAT(error({tensor("a", 1, {1}, number(4, 1))}),
             ContainsSubstring("tensor 'a': field 4 has the layout 0, expected 2"));
}

// Written as the fields lie, in the order of their numbers.
TEST_CASE("models are written byte for byte, and read") {
  test::temporary_folder folder;
  const auto path = folder.path / "m.onnx";
  const std::vector<tensor_declaration> two{{"w", element_dtype("F32"), {1, 2}},
                                            {"q", element_dtype("F4"), {3}}};
  test::write_counting(path, onnx, two, {{"k", "v"s}});
  const std::string graph = bytes(2, "tensors") +
                            bytes(5, tensor("w", 1, {1, 2}, bytes(9, "\1\2\3\4\5\6\7\x08"))) +
                            bytes(5, tensor("q", 23, {3}, bytes(9, "\2\3")));
  CHECK(test::contents_of(path) ==
        bytes_of(number(1, 11) + bytes(2, "lowp") + bytes(7, graph) +
                 bytes(8, bytes(1, "") + number(2, 17)) + bytes(14, entry("k", "v"))));
  CHECK(test::read_bytes_as(onnx, test::contents_of(path)).at("q").bytes() == counting(2, 2));

  std::vector<tensor_declaration> all;
  for (const auto& known : detail::onnx_dtypes)
    all.push_back({std::string(known.name), element_dtype(known.name), {2, 4}});
  test::write_counting(path, onnx, all);
  const auto file = test::read_bytes_as(onnx, test::contents_of(path));
  REQUIRE(file.tensors().size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const stored_tensor& found = file.tensors()[i];
    CHECK(tensor_declaration(found) == all[i]);
    CHECK(found.bytes() == counting(all[i].type.record_bits, static_cast<unsigned>(i + 1)));
  }
  const auto refused = [&](const tensor_declaration& t, const metadata& entries = {}) {
    CHECK_THROWS_AS(tensor_writer(folder.path / "n.onnx", onnx, {t}, entries),
                    std::invalid_argument);
    CHECK(folder.size() == 1);
  };
  refused({"a", element_dtype("F6_E2M3"), {4}});
  refused({"a", {"Q4_0", 144, 32}, {32}});
  refused(two[0], {{"k", 1.0}});
  refused(two[0], {{"k", "v"s}, {"k", "v"s}});
}

TEST_CASE("data in a file beside the model") {
  test::temporary_folder folder;
  const auto path = folder.path / "m.onnx";
  const onnx_kind small(100);  // larger messages need a second file
  test::write_counting(path, small,
                       {{"a", element_dtype("U8"), {60}},
                        {"b", element_dtype("U8"), {0}},
                        {"c", element_dtype("I16"), {60}}});
  CHECK(folder.size() == 2);
  auto data = counting(60);
  data.resize(4096);
  const auto more = counting(120, 3);
  data.insert(data.end(), more.begin(), more.end());
  CHECK(test::contents_of(folder.path / "m.onnx.data") == data);
  const std::array<const file_kind*, 1> kinds{&onnx};
  for (const file_access how : {file_access::mapped, file_access::on_demand}) {
    const auto file = open_tensors(path, kinds, how);
    CHECK(file.at("a").bytes() == counting(60));
    CHECK(file.at("b").bytes().empty());
    CHECK(file.at("c").bytes() == counting(120, 3));
  }

  const auto problem = [&](const std::string& location, const std::string& more_entries = {}) {
    const std::string t =
        tensor("t", 2, {4}, bytes(13, entry("location", location)) + more_entries + number(14, 1));
    return test::error_of(onnx, bytes_of(model_of({t})), path);
  };
  const auto of = [](const char* key, const char* value) { return bytes(13, entry(key, value)); };
  CHECK(problem("m.onnx.data", of("offset", "4096") + of("length", "4")) == "no error");
  fs::create_directory(folder.path / "in");
  test::put(folder.path / "in" / "four", counting(4));
  CHECK(problem("in/four") == "no error");
  CHECK_THAT(problem("in/four", of("offset", "1")), ContainsSubstring("has 3 bytes, expected 4"));
  CHECK_THAT(problem("in/four", of("offset", "5")),
             ContainsSubstring("offset is 5, the file has 4"));
  CHECK_THAT(problem("in/four", of("length", "5")),
             ContainsSubstring("length is 5, 4 bytes are left"));
  CHECK_THAT(problem("in/four", of("length", "-4")), ContainsSubstring("length is '-4'"));
  CHECK_THAT(problem("in/four", of("length", "99999999999999999999")),
             ContainsSubstring("length is"));
  CHECK_THAT(problem("in/four", of("location", "x")),
             ContainsSubstring("the key 'location' twice"));
  CHECK_THAT(problem("in/four", bytes(9, "1234")), ContainsSubstring("has data besides external"));
  CHECK_THAT(problem("absent"), ContainsSubstring("external_data location 'absent' is no file"));
  CHECK_THAT(problem("in"), ContainsSubstring("external_data location 'in' is no file"));
  const std::string leads_out = "leads out of the directory of the file";
  for (const std::string& location :
       {"../four"s, "in/../../four"s, "in/.."s, (folder.path / "in" / "four").string(), ""s,
        "..\\four"s, "in/four\0x"s}) {
    CHECK_THAT(problem(location), ContainsSubstring(leads_out));
  }
  test::temporary_folder elsewhere;
  test::put(elsewhere.path / "four", counting(4));
  std::error_code no_links;
  fs::create_symlink(elsewhere.path / "four", folder.path / "link", no_links);
  if (!no_links) CHECK_THAT(problem("link"), ContainsSubstring(leads_out));
  CHECK_THAT(test::error_of(onnx, bytes_of(model_of({tensor("t", 2, {4}, number(14, 1))})), path),
             ContainsSubstring("tensor 't': external_data has no location"));
}

TEST_CASE("hostile models are refused by file and field") {
  const std::string four = bytes(9, "1234");
  CHECK(error({tensor("t", 2, {4}, four)}) == "no error");
  CHECK(test::error_of(onnx, bytes_of(number(1, 8))) == "the file: model has no graph");
  CHECK(error({dims({4}) + bytes(8, "t") + four}) == "the file: tensor 't': data_type is missing");
  CHECK(error({number(2, 99)}) == "the file: initializer 0: data_type is 99, which is unknown");
  CHECK_THAT(error({number(2, 8)}), ContainsSubstring("data_type is 8 (texts)"));
  CHECK_THAT(error({number(2, 2) + number(2, 2)}), ContainsSubstring("data_type occurs twice"));
  CHECK_THAT(error({four + four}), ContainsSubstring("raw_data occurs twice"));
  CHECK_THAT(error({bytes(8, "a") + bytes(8, "a")}), ContainsSubstring("name occurs twice"));
  CHECK_THAT(error({number(1, 1ull << 63)}), ContainsSubstring("dims has a negative size"));
  CHECK_THAT(error({tensor("t", 2, {1ull << 62, 1ull << 62}, four)}),
             ContainsSubstring("tensor 't': shape has a product of sizes that exceeds"));
  CHECK_THAT(error({tensor("t", 2, {5}, four)}),
             ContainsSubstring("tensor 't': raw_data has 4 bytes, expected 5"));
  CHECK_THAT(error({tensor("t", 2, {4}, four + number(5, 1))}),
             ContainsSubstring("tensor 't': has numbers besides raw_data"));
  CHECK_THAT(error({tensor("t", 6, {4}, number(7, 1) + number(5, 1))}),
             ContainsSubstring("tensor 't': has numbers in several fields"));
  CHECK_THAT(error({bytes(3, "")}), ContainsSubstring("segment is not supported"));
  CHECK_THAT(error({bytes(6, "")}), ContainsSubstring("string_data is not supported"));
  CHECK_THAT(error({number(14, 2)}), ContainsSubstring("data_location is 2, expected 0 or 1"));
  CHECK_THAT(error({number(8, 2)}), ContainsSubstring("name has the layout 0, expected 2"));
  CHECK_THAT(error({number(9, 2)}), ContainsSubstring("raw_data has the layout 0, expected 2"));
  CHECK_THAT(error({tensor("t", 2, {4}, four), tensor("t", 2, {4}, four)}),
             ContainsSubstring("the file: tensor 't': name occurs twice"));
  CHECK_THAT(error({}, bytes(14, entry("k", "")) + bytes(14, entry("k", ""))),
             ContainsSubstring("metadata_props has the key 'k' twice"));
  CHECK_THAT(error({}, number(7, 1)), ContainsSubstring("graph has the layout 0"));
  CHECK_THAT(error({}, varint(99 << 3 | 3)), ContainsSubstring("field 99 has the layout 3"));
  CHECK_THAT(error({}, "\0"s), ContainsSubstring("field has the number 0"));
  CHECK_THAT(error({}, std::string(9, '\xff') + "\2"), ContainsSubstring("more than 64 bits"));
  CHECK_THAT(error({}, varint(15 << 3 | 2) + varint(~std::uint64_t{0})),
             ContainsSubstring("field 15 needs 18446744073709551615 bytes, 0 are left"));
}

TEST_CASE("a model cut anywhere or with a bit turned is a file or an error") {
  const std::string graph = bytes(5, tensor("w", 1, {2}, bytes(9, "12345678"))) +
                            bytes(5, tensor("v", 6, {2}, bytes(5, "\1\2"))) + bytes(2, "g");
  const auto good = bytes_of(number(1, 8) + bytes(7, graph));
  REQUIRE(test::error_of(onnx, good) == "no error");
  std::size_t accepted = 0;
  CHECK(test::refusals_of_damage(onnx, good, good.size(), accepted) > 2 * good.size());
  CHECK(accepted == 0);
}

}  // namespace
