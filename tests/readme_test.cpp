// SPDX-License-Identifier: MIT
// The README tells the truth: its tables follow from the descriptors, its example is the one that
// is compiled.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "lowp/adapters/fmt.hpp"
#include "lowp/block/tiles/choice.hpp"
#include "lowp/block/tiles/log_tile.hpp"
#include "lowp/block/tiles/mx_plus.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/lowp.hpp"

namespace {

using namespace lowp;

std::string read(const std::string& path) {
  std::ifstream file(std::string(LOWP_TEST_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

std::string power_of_two(const float_format& f, code_t code) {
  return fmt::format("2^{}", decode(f, code).exponent);
}

std::string row(const float_format& f) {
  const code_t normal = smallest_normal_code(f), smallest = smallest_positive_code(f);
  const code_t nans = f.nan_codes * (f.is_signed ? 2 : 1) + (f.nan_at_negative_zero ? 1 : 0);
  return fmt::format("| `{}` | {}-{}-{} | {} | {:.9g} | {} | {} | {} | {} |",
                     std::string_view(name(f)), f.is_signed ? 1 : 0, f.exponent_bits,
                     f.mantissa_bits, f.bias, pack_as<double>(largest_value(f)),
                     power_of_two(f, normal), smallest == normal ? "–" : power_of_two(f, smallest),
                     f.has_infinity ? "yes" : "no", nans);
}

template <auto B>
std::string block_row(const char* block_name) {
  const block_matrix<B> matrix(128, 128);
  constexpr auto blocks = scaled_blocks_of(B);
  return fmt::format("| `{}` | `{}` | `{}`{} | {} x {} | `{}` | {:g} |", block_name,
                     std::string_view(name(blocks.element)), std::string_view(name(blocks.scale)),
                     blocks.has_tensor_scale ? ", binary32 per tensor" : "", blocks.shape.rows,
                     blocks.shape.cols, rules::standard.name_for(blocks), matrix.bits_per_value());
}

TEST_CASE("the table of formats follows from the descriptors") {
  const std::string readme = read("README.md");
  for (const auto& entry : formats::float_formats) {
    INFO(row(entry.format));
    CHECK(readme.find(fmt::format("\n{}", row(entry.format))) != std::string::npos);
  }
  for (const float_format& f :
       {formats::p3109(8, 4, true, true), formats::p3109(8, 3, true, true),
        formats::p3109(4, 2, true, false), formats::p3109(8, 1, false, false)}) {
    INFO(row(f));
    CHECK(readme.find(fmt::format("\n{}", row(f))) != std::string::npos);
  }
}

TEST_CASE("the table of block formats follows from the descriptors") {
  const std::string readme = read("README.md");
  for (const std::string& expected :
       {block_row<formats::mxfp8_e4m3>("mxfp8_e4m3"), block_row<formats::mxfp8_e5m2>("mxfp8_e5m2"),
        block_row<formats::mxfp6_e3m2>("mxfp6_e3m2"), block_row<formats::mxfp6_e2m3>("mxfp6_e2m3"),
        block_row<formats::mxfp4>("mxfp4"), block_row<formats::mxint8>("mxint8"),
        block_row<formats::nvfp4>("nvfp4"), block_row<formats::nvfp4_16x16>("nvfp4_16x16"),
        block_row<formats::mxint6>("mxint6"), block_row<formats::mxint4>("mxint4"),
        block_row<formats::nvint4>("nvint4"), block_row<formats::deepseek_1x128>("deepseek_1x128"),
        block_row<formats::deepseek_128x128>("deepseek_128x128")}) {
    INFO(expected);
    CHECK(readme.find(fmt::format("\n{}", expected)) != std::string::npos);
  }
}

template <class F>
void check_tile_row(const std::string& readme, const char* tile_name, const F& f) {
  const std::string start = fmt::format("\n| `{}` | ", tile_name);
  INFO(start);
  const std::size_t at = readme.find(start);
  REQUIRE(at != std::string::npos);
  const std::string row = readme.substr(at + 1, readme.find('\n', at + 1) - at - 1);
  const std::string end = fmt::format(" | {:.5g} |", tile_matrix(f, 128, 512).bits_per_value());
  INFO(row << " ends with " << end);
  CHECK((row.size() > end.size() && row.substr(row.size() - end.size()) == end));
}

TEST_CASE("the table of tiles follows from their formats") {
  const std::string readme = read("README.md");
  check_tile_row(readme, "bitmod_fp3", formats::bitmod_fp3);
  check_tile_row(readme, "bitmod_fp4", formats::bitmod_fp4);
  check_tile_row(readme, "logfmt<8>", formats::logfmt<8>);
  check_tile_row(readme, "logfmt<10>", formats::logfmt<10>);
  check_tile_row(readme, "mxfp4_plus", formats::mxfp4_plus);
  check_tile_row(readme, "mxfp6_e2m3_plus", formats::mxfp6_e2m3_plus);
  check_tile_row(readme, "mxfp6_e3m2_plus", formats::mxfp6_e3m2_plus);
  check_tile_row(readme, "mxfp8_e4m3_plus", formats::mxfp8_e4m3_plus);
}

TEST_CASE("the example is the program that is built") {
  const std::string example = read("examples/first_steps.cpp");
  CHECK(read("README.md").find(example.substr(example.find("#include"))) != std::string::npos);
}

TEST_CASE("the example of formatting prints what is said") {
  const e4m3fn x(0.3);
  const std::string expected = fmt::format(
      "fmt::print(\"{{}} {{:d}} {{:a}} {{:x}} {{:b}}\", x, x, x, x, x);  // {} {:d} {:a} {:x} "
      "{:b}\n",
      x, x, x, x, x);
  CHECK(read("README.md").find(expected) != std::string::npos);
}

TEST_CASE("the map of the headers names every directory") {
  const std::string readme = read("README.md");
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(LOWP_TEST_SOURCE_DIR) + "/include/lowp")) {
    if (!entry.is_directory() || std::filesystem::is_empty(entry)) continue;
    const std::string directory = entry.path().filename();
    INFO(directory);
    CHECK(readme.find(fmt::format("\n| `{}/` |", directory)) != std::string::npos);
  }
}

}  // namespace
