// SPDX-License-Identifier: MIT
// NumPy's files of one array: the bytes that NumPy 1.24 writes, every order, and refusals.
#include "lowp/io/npy.hpp"

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

// A file with this literal, as it is.
std::vector<std::byte> file(const std::string& literal, const std::string& data, int version = 1) {
  return bytes_of("\x93NUMPY" + little(static_cast<unsigned>(version), 2) +
                  little(literal.size(), version == 1 ? 2 : 4) + literal + data);
}
std::string literal(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}
std::string error(const std::string& literal, const std::string& data = {}) {
  return test::error_of(npy, file(literal, data));
}

TEST_CASE("files are written byte for byte as NumPy does, and read") {
  const struct {
    const char* descr;
    dtype type;
    std::vector<std::uint64_t> shape;
    const char* shape_text;
  } cases[] = {
      {"<f4", element_dtype("F32"), {2, 3}, "(2, 3)"}, {"|u1", element_dtype("U8"), {5}, "(5,)"},
      {"|b1", element_dtype("BOOL"), {}, "()"},        {"<c16", element_dtype("C128"), {1}, "(1,)"},
      {"<i8", element_dtype("I64"), {0, 3}, "(0, 3)"}, {"|V2", {"V2", 16}, {3}, "(3,)"},
  };
  test::temporary_folder folder;
  for (const auto& [descr, type, shape, shape_text] : cases) {
    std::string text =
        "{'descr': '"s + descr + "', 'fortran_order': False, 'shape': " + shape_text + ", }";
    text.resize(128 - 10 - 1, ' ');
    const std::size_t size = static_cast<std::size_t>(value_count(shape)) * type.record_bits / 8;
    auto expected = file(text + '\n', {});
    const auto data = counting(size);
    expected.insert(expected.end(), data.begin(), data.end());
    const auto path = folder.path / "x.y.npy";
    test::write_counting(path, npy, {{"any", type, shape}});
    CHECK(test::contents_of(path) == expected);
    CHECK(npy.recognizes(expected, expected.size()));
    const auto read = test::read_bytes_as(npy, expected, path);
    CHECK(tensor_declaration(read.at("x.y")) == tensor_declaration{"x.y", type, shape});
    CHECK(read.at("x.y").bytes() == data);
  }
}

TEST_CASE("all dtypes of one byte or more are written, with what NumPy has for them") {
  test::temporary_folder folder;
  for (const auto& row : detail::element_dtypes) {
    const std::string name(row.name);
    const auto path = folder.path / (name + ".npy");
    if (row.bits < 8) {
      CHECK_THROWS_AS(tensor_writer(path, npy, {{name, element_dtype(name), {4}}}),
                      std::invalid_argument);
      continue;
    }
    test::write_counting(path, npy, {{name, element_dtype(name), {4}}});
    const auto read = test::read_bytes_as(npy, test::contents_of(path), path);
    CHECK(read.at(name).bytes() == counting(row.bits / 2));
    const bool is_known = name[0] != 'F' || name.find('_') == std::string::npos;
    CHECK(read.at(name).type.name == (name == "BF16" ? "V2"
                                      : is_known     ? name
                                                     : "V" + std::to_string(row.bits / 8)));
  }
}

TEST_CASE("the order of Fortran and numbers that are big-endian are read as any others") {
  const auto bytes = [](const std::string& text, const std::string& data, int version) {
    return test::read_bytes_as(npy, file(text, data, version)).tensors()[0].bytes();
  };
  CHECK(bytes(literal("'|u1'", "True", "(2, 3)"), "\1\4\2\5\3\6", 2) == counting(6));
  CHECK(bytes(literal("'|u1'", "True", "(2, 2, 2)"), "\1\5\3\7\2\6\4\x08", 3) == counting(8));
  CHECK(bytes(literal("'>u2'", "False", "(3,)"), "\2\1\4\3\6\5", 1) == counting(6));
  CHECK(bytes(literal("'>u2'", "True", "(2, 2)"), "\2\1\6\5\4\3\x08\7", 1) == counting(8));
  CHECK(bytes(literal("'>c8'", "False", "()"), "\4\3\2\1\x08\7\6\5", 1) == counting(8));
  // In pieces.
  const auto read =
      test::read_bytes_as(npy, file(literal("'>u2'", "True", "(2, 2)"), "\2\1\6\5\4\3\x08\7"));
  std::vector<std::byte> piece(4);
  read.tensors()[0].read(3, piece);
  CHECK(piece == counting(4, 4));
}

TEST_CASE("literals at the edge of the format are read") {
  CHECK(error("{\"shape\":(1L,),\"descr\":\"=i1\",\"fortran_order\":False}", "x") == "no error");
  CHECK(error(literal("'<f8'", "True", "()"), "12345678") == "no error");
  CHECK(error(literal("'|V16'", "False", "(0,)") + "  \n") == "no error");
}

TEST_CASE("hostile files of NumPy are refused by file and field") {
  const std::string good = literal("'|u1'", "False", "(2,)");
  CHECK(error(good, "xx") == "no error");
  CHECK(error(good, "x") == "the file: data has 1 bytes, expected 2 by descr and shape");
  CHECK(error(good, "xxx") == "the file: data has 3 bytes, expected 2 by descr and shape");
  CHECK(test::error_of(npy, bytes_of("\x93NUMPX12345")) ==
        "the file: does not begin with the mark of NumPy");
  CHECK(test::error_of(npy, file(good, "xx", 4)) ==
        "the file: version is 4.0, expected 1.0, 2.0 or 3.0");
  CHECK(test::error_of(npy, file(good, "xx", 257)) ==
        "the file: version is 1.1, expected 1.0, 2.0 or 3.0");
  CHECK(test::error_of(npy, bytes_of("\x93NUMPY\2\0\xff\xff\xff\xff{"s)) ==
        "the file: header has 4294967295 bytes, expected at most 2^20");
  CHECK(test::error_of(npy, bytes_of("\x93NUMPY\1\0\xff\xff{"s)) ==
        "the file: header needs 65535 bytes, 1 are left");
  CHECK(error(literal("[('a', '<f4')]", "False", "(2,)")) ==
        "the file: descr is a structured dtype, which is not supported");
  for (const char* descr :
       {"|O", "<U3", "<f16", "<M8[s]", "|S1", "<i3", "|V0", "|V17", "", "f4", "<"}) {
    CHECK_THAT(error(literal("'"s + descr + "'", "False", "(2,)")),
               ContainsSubstring("the file: descr is '"s + descr + "', expected booleans"));
  }
  CHECK_THAT(error(literal("'|u1'", "False", "(18446744073709551616,)")),
             ContainsSubstring("shape has a size of 2^64 or more"));
  CHECK_THAT(error(literal("'|u1'", "False", "(0, 18446744073709551615, 9)")),
             ContainsSubstring("shape has a product of sizes that exceeds 2^64 bits"));
  CHECK_THAT(error("{'descr': '|u1', 'descr': '|u1'}"), ContainsSubstring("the key 'descr' twice"));
  CHECK_THAT(error("{'descr': '|u1', 'x': 1}"), ContainsSubstring("header has a key 'x'"));
  CHECK_THAT(error("{'descr': '|u1', 'shape': (2,)}", "xx"),
             ContainsSubstring("header has no key 'fortran_order'"));
  CHECK_THAT(error("{'descr': '|u\\x31'}"), ContainsSubstring("descr has a text with a backslash"));
  for (const std::string& text :
       {""s, "{"s, good + "x", "{'descr'"s, "{'descr: 1}"s, literal("'|u1'", "No", "(2,)"),
        literal("'|u1'", "False", "(2)"), literal("'|u1'", "False", "(-2,)"),
        literal("'|u1'", "False", "(,)"), literal("'|u1'", "False", "(2,"), "{,}"s,
        std::string(1000, '{'), "{'shape': " + std::string(1000, '(')}) {
    CHECK_THAT(error(text, "xx"), ContainsSubstring("header is no literal of Python at its byte "));
  }
}

TEST_CASE("a file of NumPy cut anywhere or with a bit turned is a file or an error") {
  const auto good = file(literal("'<f4'", "False", "(2, 3)") + "   \n", std::string(24, 'x'));
  std::size_t accepted = 0;
  CHECK(test::refusals_of_damage(npy, good, good.size() - 24, accepted) > good.size());
  CHECK(accepted == 0);
}

TEST_CASE("what a file of NumPy cannot say is refused") {
  const tensor_declaration good{"a", element_dtype("F32"), {1}};
  test::temporary_folder folder;
  const auto path = folder.path / "a.npy";
  CHECK_THROWS_AS(tensor_writer(path, npy, {}), std::invalid_argument);
  CHECK_THROWS_AS(tensor_writer(path, npy, {good, {"b", good.type, {1}}}), std::invalid_argument);
  CHECK_THROWS_AS(tensor_writer(path, npy, {good}, {{"k", 1.0}}), std::invalid_argument);
  CHECK_THROWS_AS(tensor_writer(path, npy, {{"a", {"F32", 16}, {1}}}), std::invalid_argument);
  CHECK(folder.size() == 0);
}

}  // namespace
