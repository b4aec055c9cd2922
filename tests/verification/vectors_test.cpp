// SPDX-License-Identifier: MIT
// Vectors come back from the text layout as they were; the other layouts hold the same codes; files
// with errors are refused with line and column.
#include "lowp/verification/vector_reader.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/verification/operations.hpp"
#include "lowp/verification/testfloat_reader.hpp"
#include "lowp/verification/vector_writer.hpp"

namespace {

using namespace lowp;
using namespace lowp::verification;
using Catch::Matchers::ContainsSubstring;

std::vector<test_vector> some_vectors(const golden_function& f) {
  std::vector<test_vector> all;
  for (std::uint64_t i = 0; i < 60; ++i) {
    test_vector v;
    v.rounding = i % 11 == 10 ? &stochastic_rounding : &vector_roundings[i % 11];
    v.operands.resize(code_count(f.operands));
    v.results.resize(code_count(f.results));
    f.draw(3, i, v.operands.data());
    if (v.rounding == &stochastic_rounding) v.operands.push_back(random_bits(3, i, 32));
    with_rounding(*v.rounding, v.operands.back(), [&](const rounding_reference& mode) {
      v.flags = bits_of(f.evaluate(mode, v.operands.data(), v.results.data()));
    });
    if (!f.takes_rounding) v.rounding = nullptr;
    if (v.rounding == nullptr) v.operands.resize(code_count(f.operands));
    all.push_back(v);
  }
  return all;
}

template <class Layout>
std::string written(Layout&& layout, const golden_function& f,
                    const std::vector<test_vector>& vectors) {
  std::string text;
  layout.begin(text, f, "made \"here\" */");
  for (const test_vector& v : vectors) layout.append(text, f, v);
  layout.end(text, f, vectors.size());
  return text;
}

void check_round_trip(const golden_function& f) {
  const std::vector<test_vector> vectors = some_vectors(f);
  const std::string text = written(text_layout{}, f, vectors);
  vector_reader reader(text, "file");
  CHECK(reader.header().function == f.name);
  CHECK(code_count(reader.header().operands) == code_count(f.operands));
  CHECK(reader.header().operands[0].format == f.operands[0].format);
  CHECK(reader.header().results[0].name == f.results[0].name);
  test_vector v;
  for (const test_vector& expected : vectors) {
    REQUIRE(reader.next(v));
    CHECK(v.rounding == expected.rounding);
    CHECK(v.operands == expected.operands);
    CHECK(v.results == expected.results);
    CHECK(v.flags == expected.flags);
  }
  CHECK_FALSE(reader.next(v));
  CHECK(reader.count() == vectors.size());

  const auto json = nlohmann::json::parse(written(json_layout{}, f, vectors));
  REQUIRE(json["vectors"].size() == vectors.size());
  CHECK(json["function"] == f.name);
  CHECK(json["origin"] == "made \"here\" */");
  const std::string words = written(readmemh_layout(f.takes_rounding), f, vectors);
  CHECK((words.find(", random[31:0], r[") != std::string::npos) == f.takes_rounding);
  std::size_t at = 0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const test_vector& e = vectors[i];
    std::string line;
    lowp::verification::detail::append_hex(line, e.rounding == nullptr ? 0 : e.rounding->number, 4);
    for (std::size_t k = 0; k < e.operands.size(); ++k) {
      const std::string digits = json["vectors"][i]["operands"][k];
      CHECK(std::stoull(digits, nullptr, 16) == e.operands[k]);
      line += "_" + digits;
    }
    if (f.takes_rounding && e.rounding != &stochastic_rounding) line += "_00000000";
    for (std::size_t k = 0; k < e.results.size(); ++k) {
      const std::string digits = json["vectors"][i]["results"][k];
      CHECK(std::stoull(digits, nullptr, 16) == e.results[k]);
      line += "_" + digits;
    }
    CHECK(json["vectors"][i]["flags"] == e.flags);
    lowp::verification::detail::append_hex(line += "_", e.flags, 8);
    at = words.find("\n" + line + "\n", at);
    CHECK(at != std::string::npos);
  }
}

TEST_CASE("vectors_come_back_as_they_were") {
  check_round_trip(*make_operation("fma", format_of_text("e4m3fn")));
  check_round_trip(*make_operation("divide", format_of_text("binary64")));
  check_round_trip(*make_operation("convert", format_of_text("int8"), format_of_text("tf32")));
  check_round_trip(*make_operation("minimum", format_of_text("e5m2")));
  check_round_trip(*make_operation("add", format_of_text("e4m2(bias 3,no inf,2 nans)")));
}

const std::string sample =
    "lowp-vectors 1\n"
    "# a comment\n"
    "function add\n"
    "parameter environment ieee754\n"
    "operand a 1 8 e4m3fn\n"
    "operand b 1 8 e4m3fn\n"
    "result r 1 8 e4m3fn\n"
    "flags yes\n"
    "begin\n"
    "nearest_even 38 38 40 00\n"
    "\n"
    "  upward  7E\t38 7f 05 \n"
    "end 2\n";

std::string problem_of(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "no such place";
  text.replace(at, from.size(), to);
  try {
    vector_reader reader(text, "f");
    test_vector v;
    while (reader.next(v)) {
    }
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("errors_have_a_line_and_a_column") {
  CHECK(problem_of(sample, "8 38 40", "8 38 40") == "accepted");
  const auto check = [](const std::string& from, const std::string& to,
                        const std::string& expected) {
    INFO(from << " -> " << to);
    CHECK_THAT(problem_of(sample, from, to), ContainsSubstring(expected));
  };
  check("lowp-vectors 1", "lowp-vectors 2", "f:1:14: expected version 1");
  check("lowp-vectors", "vectors", "f:1:1: this is no file of vectors");
  check("function add", "functoin add",
        "f:3:1: no line of a header is called 'functoin'; near it:");
  check("function add", "function", "f:3:9: expected the name");
  check("1 8 e4m3fn", "1 8 e4m3f", "f:5:15: no format is called 'e4m3f'");
  check("1 8 e4m3fn", "1 9 e4m3fn", "f:5:13: found 9 bits, expected 8");
  check("1 8 e4m3fn", "0 8 e4m3fn", "f:5:11: found '0', expected a number from 1 to 1048576");
  check("1 8 e4m3fn", "1 0 e4m3fn", "f:5:13: found '0', expected a number from 1 to 64");
  check("function add", "function add\nfunction fma", "f:4:1: there is already a line 'function'");
  check("flags yes", "flags yes\nflags no", "f:9:1: there is already a line 'flags'");
  check("environment ieee754", "environment ieee754\nparameter environment riscv",
        "f:5:11: there is already a line for 'environment'");
  check("operand b", "operand a", "f:6:9: there is already a line for 'a'");
  check("result r", "result a", "f:7:8: there is already a line for 'a'");
  check("1 8 e4m3fn", "x 8 e4m3fn", "f:5:11: found 'x', expected a number");
  check("1 8 e4m3fn", "99999999 8 e4m3fn", "f:5:11:");
  check("flags yes", "flags maybe", "f:8:7: found 'maybe'");
  check("operand a 1 8 e4m3fn\noperand b 1 8 e4m3fn\n", "", "f:7:1: operands or results");
  check("nearest_even 38", "nearest_evn 38",
        "f:10:1: no rounding mode is called 'nearest_evn'; near it: nearest_even");
  check("38 38 40 00", "38 138 40 00", "f:10:17: found '138', expected b: 8 bits");
  check("38 38 40 00", "38 38 4g 00", "f:10:20: found '4g', expected r");
  check("38 38 40 00", "38 38 40 40", "f:10:23: found '40', expected the flags");
  check("38 38 40 00", "38 38 40", "f:10:22: found the end of the line");
  check("38 38 40 00", "38 38 40 00 0", "f:10:26: found '0', expected the end of the line");
  check("end 2\n", "end 3\n", "f:13:5: found 3, expected 2");
  check("end 2\n", "", "f:12:1: the file ends before");
  check("end 2\n", "end 2\nx", "f:14:1: nothing may follow");
  check("begin\n", "begin x\n", "f:9:7:");
  CHECK_THAT(problem_of("x", "x", ""), ContainsSubstring("f:1:1: the file is empty"));
}

TEST_CASE("reader_and_writer_have_one_limit_of_codes") {
  class wide final : public golden_function {
   public:
    explicit wide(std::size_t count) {
      name = "wide";
      operands = {{"x", format_of_text("int4"), count}};
      results = {{"r", format_of_text("int4")}};
    }
    status_flags evaluate(const rounding_reference&, const code_t*, code_t*) const override {
      return {};
    }
    void add_corners(std::uint64_t, std::vector<code_t>&) const override {}
    void draw(std::uint64_t, std::uint64_t, code_t*) const override {}
  };
  const std::string text = written(text_layout{}, wide(max_port_count), {});
  CHECK(vector_reader(text, "f").header().operands[0].count == max_port_count);
  CHECK_THROWS_WITH(written(text_layout{}, wide(max_port_count + 1), {}),
                    ContainsSubstring("x has 1048577 codes, expected at most 1048576"));
}

TEST_CASE("a_testfloat_file_ends_with_a_line") {
  const auto f = make_operation("add", format_of_text("binary16"));
  const auto read = [&](std::string_view text) {
    testfloat_reader reader(text, "f", *f);
    test_vector v;
    while (reader.next(v)) {
    }
    return reader.line();
  };
  CHECK(read("3C00 3C00 4000 00\n7BFF 7BFF 7C00 05\n") == 2);
  CHECK_THROWS_WITH(read("3C00 3C00 4000 00\n7BFF 7BFF 7C00 0"),
                    ContainsSubstring("f:2:17: the file ends within a line"));
}

TEST_CASE("any_damage_is_refused_or_read") {
  // One byte replaced, at every place: no answer but vectors or a place in the file.
  for (std::size_t i = 0; i < sample.size(); ++i) {
    for (const char c : {'\0', ' ', '\n', '9', 'z', '\xff', '-'}) {
      std::string text = sample;
      text[i] = c;
      const std::string problem = problem_of(text, "", "");
      if (problem != "accepted") CHECK(problem.substr(0, 2) == "f:");
    }
    CHECK_NOTHROW(problem_of(sample.substr(0, i), "", ""));
  }
}

TEST_CASE("words_without_random_bits_hold_no_stochastic_vector") {
  const auto f = make_operation("add", format_of_text("e4m3fn"));
  CHECK_THROWS_AS(written(readmemh_layout{}, *f, some_vectors(*f)), std::invalid_argument);
}

TEST_CASE("a_c_header_has_a_guard_and_a_prefix_that_is_an_identifier") {
  const auto f = make_operation("add", format_of_text("e4m3fn"));
  const std::string text = written(c_layout("sum"), *f, some_vectors(*f));
  CHECK_THAT(text, ContainsSubstring("#ifndef LOWP_VECTORS_sum_H\n#define LOWP_VECTORS_sum_H\n"));
  CHECK(text.substr(text.size() - 10) == "};\n#endif\n");
  for (const char* prefix : {"", "1a", "a-b", "a b", "a;", "\xc3\xa4"})
    CHECK_THROWS_AS(c_layout(prefix), std::invalid_argument);
  CHECK_NOTHROW(c_layout("_a1"));
}

TEST_CASE("a_c_header_names_its_parts") {
  const auto f = make_operation("add", format_of_text("e4m3fn"));
  const std::string text = written(c_layout("sum"), *f, some_vectors(*f));
  CHECK_THAT(text, ContainsSubstring("static const struct sum_vector sum_vectors[] = {\n    {{0x"));
  CHECK_THAT(text, ContainsSubstring("enum { sum_vector_count = 60 };"));
  CHECK(text.find("*/") == text.rfind("*/", text.find("#include")));  // the origin ended no comment
}

}  // namespace
