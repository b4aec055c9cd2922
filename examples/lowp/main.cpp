// SPDX-License-Identifier: MIT
// lowp: formats explained, files of tensors inspected, converted and compared, golden vectors for
// those who verify arithmetic units, converters, quantizers and adders of products.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "check.hpp"
#include "convert.hpp"
#include "diff.hpp"
#include "explain.hpp"
#include "functions.hpp"
#include "inspect.hpp"
#include "options.hpp"
#include "tensor_files.hpp"
#include "vectors.hpp"
#include "verify.hpp"

namespace {

using namespace lowp_tool;
using lowp::verification::max_port_count;

// More than anyone waits for.
constexpr std::uint64_t most_vectors = std::uint64_t{1} << 40;
const std::string exit_codes =
    "Exit codes: 0 done; 1 what was compared differs; 2 refused, with a message and nothing "
    "written; "
    "more: the command line is wrong.";
const CLI::Validator any_number = whole_number(0, ~std::uint64_t{0});

void add_vectors(CLI::App& app, vector_options& o) {
  CLI::App& sub = *app.add_subcommand("vectors", "Writes vectors: operands, results, flags");
  function_description& f = o.function;
  sub.add_option("--op", f.op, "An operation, quantize or dot; see `lowp names`")->required();
  sub.add_option("--format", f.format, "Of operands and result: a name or a descriptor")
      ->capture_default_str();
  sub.add_option("--from", f.from, "What a conversion reads")->capture_default_str();
  sub.add_option("--environment", f.environment, "NaN, flush and tininess choices")
      ->capture_default_str();
  sub.add_option("--overflow", f.overflow,
                 "What results out of range become; that of the environment if absent");
  sub.add_option("--rounding", o.rounding, "Modes with commas between them, or all")
      ->capture_default_str();
  sub.add_option("--block", f.block, "quantize: a block format");
  sub.add_option("--element", f.element, "quantize: the format of elements");
  sub.add_option("--scale", f.scale, "quantize: the format of scales");
  sub.add_option("--block-size", f.block_size, "quantize: elements under one scale")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  sub.add_flag("--tensor-scale", f.has_tensor_scale, "quantize: with a binary32 scale of the row");
  sub.add_option("--rule", f.rule, "quantize: what chooses scales")->capture_default_str();
  sub.add_option("--columns", f.columns, "quantize: elements of a row; one block if absent")
      ->check(whole_number(1, max_port_count));
  sub.add_option("--second-format", f.second_format, "dot: the format of b, if it is another");
  sub.add_option("--policy", f.policy, "dot: the order of the sum")->capture_default_str();
  sub.add_option("--depth", f.depth, "dot: the number of products")
      ->check(whole_number(1, 1 << 16))
      ->capture_default_str();
  sub.add_option("--count", o.count, "Random operands, each in every mode")
      ->check(whole_number(0, most_vectors));
  sub.add_flag("--exhaustive", o.is_exhaustive, "All operands, of up to 28 bits in all");
  sub.add_flag("--corners", o.has_corners, "Corner cases; with --count random ones follow");
  sub.add_option("--seed", o.seed, "Vectors depend on it and on the version alone")
      ->check(any_number)
      ->capture_default_str();
  sub.add_option("--layout", o.layout, "text, hex (for $readmemh), json or c")
      ->capture_default_str();
  sub.add_option("--prefix", o.prefix, "Of names in a C header")->capture_default_str();
  sub.add_option("--out", o.out, "The file, or - for the terminal")->required();
}

void add_check(CLI::App& app, check_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "check", "Compares vectors with what a program answers, or with the library");
  sub.add_option("file", o.file, "Vectors in the text layout")->required();
  sub.add_option(
      "--against", o.against,
      "A command: it reads a line for each vector, mode and operands as in the file, and "
      "answers with one of results and flags");
  sub.add_option("--timeout", o.timeout, "Seconds in which the command neither reads nor answers")
      ->needs("--against")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  sub.add_flag("--ignore-flags", o.ignores_flags, "Compares results alone");
  sub.add_flag("--any-nan", o.takes_any_nan, "One NaN is as good as another");
  sub.add_option("--show", o.shown, "How many mismatches are printed")
      ->check(whole_number(0, most_vectors))
      ->capture_default_str();
}

void add_testfloat(CLI::App& app, testfloat_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "testfloat", "Compares the output of Berkeley TestFloat's testfloat_gen with the library");
  sub.add_option("function", o.function, "Such as f16_mulAdd, f32_to_i64")->required();
  sub.add_option("file", o.file, "What testfloat_gen printed")->required();
  sub.add_option("--rounding", o.rounding, "near_even, near_maxMag, minMag, min, max or odd")
      ->capture_default_str();
  sub.add_option("--environment", o.environment, "For NaNs and integers out of range")
      ->capture_default_str();
  sub.add_flag("--tininess-before", o.is_tiny_before, "testfloat_gen -tininessbefore");
  sub.add_flag("--exact", o.is_exact, "testfloat_gen -exact");
  sub.add_flag("--any-nan", o.takes_any_nan, "One NaN is as good as another");
  sub.add_option("--show", o.shown, "How many mismatches are printed")
      ->check(whole_number(0, most_vectors))
      ->capture_default_str();
}

void add_diff(CLI::App& app, diff_options& o) {
  CLI::App& sub =
      *app.add_subcommand("diff", "Tells where two stacks convert to a format differently");
  sub.add_option("first", o.first, "A profile, such as torch")->required();
  sub.add_option("second", o.second, "Another one, such as onednn")->required();
  sub.add_option("--format", o.format, "What both convert to")->capture_default_str();
  sub.add_option("--count", o.count, "Random numbers of binary32, besides boundaries")
      ->check(whole_number(0, most_vectors))
      ->capture_default_str();
  sub.add_option("--seed", o.seed, "Of these")->check(any_number)->capture_default_str();
}

void add_explain(CLI::App& app, explain_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "explain", "Tells what a format has, what a code means, or what becomes of a value");
  sub.footer(
      "Examples:\n"
      "  lowp explain e4m3fn              all codes of the format\n"
      "  lowp explain e4m3fn 0x7e         a code: its neighbours, and what is rounded to it\n"
      "  lowp explain e4m3fn 464.5        a value, in all modes under all overflow policies\n"
      "  lowp explain e4m3fn --value=-inf\n"
      "  lowp explain 'e4m2(bias 3,no inf)' 0b0101101 --json\n"
      "  lowp explain 'posit_format{.total_bits = 12, .exponent_bits = 1}' 3.14\n" +
      exit_codes);
  sub.add_option("format", o.format, "A name or a descriptor; `lowp names` lists them")->required();
  CLI::Option& operand =
      *sub.add_option("operand", o.operand, "A code (0x7e, 0b0101) or a value (0.3, -1e4, 0x1p-3)");
  CLI::Option& is_code =
      *sub.add_flag("--code", o.is_code, "The operand is a code")->needs(&operand);
  CLI::Option& value =
      *sub.add_option("--value", o.value, "A value, also one that looks like a code or an option");
  value.excludes(&operand);
  value.excludes(&is_code);
  sub.add_flag("--json", o.has_json, "Prints JSON");
}

void add_names(CLI::App& sub, name_filter& names) {
  sub.add_option("--only", names.only, "Names of tensors, * for any characters, ? for one")
      ->take_all();
  sub.add_option("--except", names.except, "Names that are left out")->take_all();
}
void add_threads(CLI::App& sub, unsigned& count) {
  constexpr std::uint64_t most_threads = 1024;
  sub.add_option("--threads", count, "0 is one for each processor; no bit depends on it")
      ->check(whole_number(0, most_threads))
      ->capture_default_str();
}

void add_inspect(CLI::App& app, inspect_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "inspect", "Lists the tensors of a file: shapes, formats, bits per value, statistics");
  sub.footer(
      "Examples:\n"
      "  lowp inspect model.safetensors\n"
      "  lowp inspect model.gguf --only 'blk.0.*' --histogram\n"
      "  lowp inspect model.gguf --no-statistics --metadata\n"
      "  lowp inspect model.safetensors --json\n" +
      exit_codes);
  sub.add_option("file", o.file, "A file of any kind that `lowp names` lists")->required();
  add_names(sub, o.names);
  sub.add_flag("!--no-statistics", o.has_statistics, "Reads names and shapes alone");
  sub.add_flag("--histogram", o.has_histogram, "How many values each power of two has");
  sub.add_flag("--metadata", o.has_metadata, "Prints what the file says besides its tensors");
  add_threads(sub, o.threads);
  sub.add_flag("--json", o.has_json, "Prints JSON");
}

void add_convert(CLI::App& app, convert_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "convert", "Writes the tensors of a file in another type, to a file of any kind");
  sub.footer(
      "Tensors of floats are converted; other tensors, and those with fewer than two dimensions "
      "or\n"
      "rows that blocks do not fill, stay as they are, and the reason is told. What a dtype or "
      "the\n"
      "kind of file has no word for is kept as bytes that the metadata describe.\n"
      "Examples:\n"
      "  lowp convert model.safetensors --to Q4_K --out model.gguf\n"
      "  lowp convert model.safetensors --to nvfp4 --rule modelopt --except '*lm_head*' --out "
      "small.safetensors\n"
      "  lowp convert model.gguf --to f32 --out model.safetensors\n"
      "  lowp convert model.safetensors --to mxfp8_e4m3 --rule rceil --rest bf16 --out "
      "mx.safetensors\n"
      "  lowp convert model.safetensors --to 'e4m2(bias 3,no inf)' --rounding stochastic --seed 7 "
      "--out odd.safetensors\n" +
      exit_codes);
  sub.add_option("file", o.file, "A file of any kind that `lowp names` lists")->required();
  sub.add_option("--to", o.to.name, "A dtype, a format, a block format or a type of GGUF")
      ->required();
  sub.add_option("--out", o.out, "The file to write")->required();
  sub.add_option("--kind", o.kind, "Its kind, if the name does not end as that of one");
  sub.add_option("--rule", o.to.rule, "What chooses the scales of a block format");
  sub.add_option("--rounding", o.to.rounding, "The mode of elements; nearest_even if absent");
  sub.add_option("--seed", o.to.seed, "Of --rounding stochastic")->check(any_number);
  sub.add_option("--overflow", o.to.overflow,
                 "What values out of range become; to_special if absent");
  sub.add_option("--rest", o.rest,
                 "A type for the tensors of floats that stay; as they are if absent");
  add_names(sub, o.names);
  sub.add_flag("--strict", o.is_strict, "Refuses tensors of floats that the type does not fit");
  add_threads(sub, o.threads);
  sub.add_flag("--quiet", o.is_quiet, "Prints nothing");
  sub.add_flag("--json", o.has_json, "Prints JSON");
}

void add_verify(CLI::App& app, verify_options& o) {
  CLI::App& sub = *app.add_subcommand(
      "verify",
      "Compares the tensors of two files: their values, whatever they are stored as, or "
      "their bytes");
  sub.footer(
      "NaNs are one value, and so are zeros of both signs; --bytes tells them apart.\n"
      "Examples:\n"
      "  lowp verify a.safetensors b.gguf\n"
      "  lowp verify a.safetensors b.safetensors --bytes\n"
      "  lowp verify model.safetensors model.gguf --relative 0.1 --show 3\n"
      "  lowp verify a.safetensors b.safetensors --ulps 1 --ulp-format bfloat16 --json\n" +
      exit_codes);
  sub.add_option("a", o.first, "A file of any kind")->required();
  sub.add_option("b", o.second, "Another one; errors are relative to the first")->required();
  CLI::Option& bytes = *sub.add_flag("--bytes", o.compares_bytes, "Dtypes, shapes and bytes");
  for (CLI::Option* tolerance :
       {sub.add_option("--ulps", o.ulps, "So many units in the last place are no difference"),
        sub.add_option("--relative", o.relative, "Nor is such an error by the first value"),
        sub.add_option("--absolute", o.absolute, "Nor is such an error")})
    tolerance->excludes(&bytes);
  sub.add_option("--ulp-format", o.ulp_format, "Whose units these are")->capture_default_str();
  add_names(sub, o.names);
  sub.add_option("--show", o.shown, "How many differences are printed")
      ->check(whole_number(0, most_vectors))
      ->capture_default_str();
  add_threads(sub, o.threads);
  sub.add_flag("--json", o.has_json, "Prints JSON");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Number formats of few bits: formats, files of tensors, golden vectors.");
  app.footer(exit_codes);
  app.require_subcommand(1);
  vector_options vectors;
  check_options check;
  testfloat_options testfloat;
  add_vectors(app, vectors);
  add_check(app, check);
  add_testfloat(app, testfloat);
  diff_options diff;
  add_diff(app, diff);
  explain_options explain_with;
  add_explain(app, explain_with);
  inspect_options inspect_with;
  add_inspect(app, inspect_with);
  convert_options convert_with;
  add_convert(app, convert_with);
  verify_options verify_with;
  add_verify(app, verify_with);
  app.add_subcommand(
      "names",
      "Lists operations, formats, modes, rules, policies, types, kinds of files and profiles");
  CLI11_PARSE(app, argc, argv);

  vectors.given = given_options(*app.get_subcommand("vectors"));
  for (int i = 1; i < argc; ++i) {
    // Where the vectors go says nothing about them.
    const std::string_view argument = argv[i];
    if (argument == "--out") ++i;
    if (argument.substr(0, 6) == "--out=" || argument == "--out") continue;
    vectors.origin += vectors.origin.empty() ? "" : " ";
    for (const char* c = argv[i]; *c != 0; ++c) vectors.origin += *c == '\n' ? ' ' : *c;
  }
  try {
    if (app.got_subcommand("names"))
      fmt::print("{}{}Profiles:\n{}", list_of_names(), list_of_types(), list_of_profiles());
    if (app.got_subcommand("diff")) print_diff(diff);
    if (app.got_subcommand("explain")) explain(explain_with);
    if (app.got_subcommand("inspect")) inspect(inspect_with);
    if (app.got_subcommand("convert")) convert(convert_with);
    if (app.got_subcommand("verify")) return verify(verify_with) ? 0 : 1;
    if (app.got_subcommand("vectors")) write_vectors(vectors);
    if (app.got_subcommand("check")) return check_vectors(check) ? 0 : 1;
    if (app.got_subcommand("testfloat")) return check_testfloat(testfloat) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lowp: {}\n", error.what());
    return 2;
  }
  return 0;
}
