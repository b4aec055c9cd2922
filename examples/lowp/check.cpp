// SPDX-License-Identifier: MIT
#include "check.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "device.hpp"
#include "functions.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/number/status_registers.hpp"
#include "lowp/verification/testfloat_reader.hpp"
#include "lowp/verification/vector_reader.hpp"
#include "lowp/verification/vector_writer.hpp"

namespace lowp_tool {

using namespace lowp;
using namespace lowp::verification;

namespace {

[[nodiscard]] std::string text_of_file(const std::string& path) {
  std::error_code ignored;  // what is not there is told by opening it
  if (std::filesystem::is_directory(path, ignored))
    throw std::runtime_error(path + ": is a directory, expected a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::ostringstream text;
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (file.bad() || text.bad() || text.fail()) throw std::runtime_error(path + ": cannot be read");
  return std::move(text).str();
}

// Compares vectors with answers, counts and prints what differs.
class comparison {
 public:
  comparison(const std::vector<port>& results, bool has_flags, bool takes_any_nan,
             std::size_t shown)
      : results_(results), has_flags_(has_flags), takes_any_nan_(takes_any_nan), shown_(shown) {}

  void add(const test_vector& v, const std::vector<code_t>& results, unsigned flags,
           std::size_t line) {
    ++count_;
    bool is_result_wrong = false;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i] != v.results[i] && !are_nans(i, results[i], v.results[i]))
        is_result_wrong = true;
    }
    const bool are_flags_wrong = has_flags_ && flags != v.flags;
    if (!is_result_wrong && !are_flags_wrong) return;
    wrong_results_ += is_result_wrong ? 1 : 0;
    wrong_flags_ += are_flags_wrong ? 1 : 0;
    if (++mismatches_ > shown_) return;
    std::string text =
        fmt::format("line {}: {}", line, lowp::verification::detail::rounding_name(v));
    for (const code_t code : v.operands) text += fmt::format(" {:x}", code);
    text += ": expected";
    for (const code_t code : v.results) text += fmt::format(" {:x}", code);
    if (has_flags_) text += fmt::format(" {:02x}", v.flags);
    text += ", found";
    for (const code_t code : results) text += fmt::format(" {:x}", code);
    if (has_flags_) text += fmt::format(" {:02x}", flags);
    fmt::print("{}\n", text);
  }
  // Whether all was well. Throws if there was nothing to compare.
  [[nodiscard]] bool report(const std::string& file) const {
    if (count_ == 0) throw std::invalid_argument(file + ": has no vectors, expected at least one");
    if (mismatches_ > shown_) fmt::print("… and {} more\n", mismatches_ - shown_);
    fmt::print("{} vectors, {} mismatches ({} results, {} flags)\n", count_, mismatches_,
               wrong_results_, wrong_flags_);
    return mismatches_ == 0;
  }

 private:
  [[nodiscard]] bool are_nans(std::size_t index, code_t a, code_t b) const {
    if (!takes_any_nan_) return false;
    const any_format& f = port_of(results_, index).format;
    return decode(f, a).is_nan() && decode(f, b).is_nan();
  }

  const std::vector<port>& results_;
  bool has_flags_, takes_any_nan_;
  std::size_t shown_;
  std::uint64_t count_ = 0, mismatches_ = 0, wrong_results_ = 0, wrong_flags_ = 0;
};

// What a program answered to one vector.
void read_answer(const std::string& line, const vector_header& header, const std::string& program,
                 std::uint64_t number, std::vector<code_t>& results, unsigned& flags) {
  line_words words(line);
  const auto code_at = [&](int bits, std::string_view what) {
    code_t code = 0;
    const std::string_view word = words.next();
    if (!read_hex(word, bits, code)) {
      refuse_text(program, number, words.column(),
                  fmt::format("found '{}', expected {}: {} bits in hexadecimal", word.substr(0, 40),
                              what, bits));
    }
    return code;
  };
  results.clear();
  for (const port& p : header.results) {
    for (std::size_t i = 0; i < p.count; ++i) results.push_back(code_at(p.format.bits(), p.name));
  }
  flags = header.has_flags ? static_cast<unsigned>(code_at(8, "the flags")) : 0;
  if (!words.next().empty())
    refuse_text(program, number, words.column(), "expected the end of the line");
}

// Whether the program answers as the vectors say.
bool check_against_program(std::string_view text, const check_options& options, comparison& found) {
  // append_operands() asks a function for its operands: those of the header are enough.
  class described final : public golden_function {
   public:
    explicit described(const vector_header& header) { operands = header.operands; }
    status_flags evaluate(const rounding_reference&, const code_t*, code_t*) const override {
      return {};
    }
    void add_corners(std::uint64_t, std::vector<code_t>&) const override {}
    void draw(std::uint64_t, std::uint64_t, code_t*) const override {}
  };
  // The text is read twice, for questions and for answers, which may come much later: nothing has
  // to be kept for them.
  vector_reader asked(text, options.file, &read_any_format),
      expected(text, options.file, &read_any_format);
  const described function(asked.header());
  const std::string& command = options.against;
  device program(command, options.timeout);
  test_vector question, v;
  std::vector<code_t> results;
  std::uint64_t answered = 0;
  const std::string fault = program.converse(
      [&](std::string& questions) {
        if (!asked.next(question)) return false;
        append_operands(questions, function, question);
        questions += '\n';
        return true;
      },
      [&](const std::string& line) {
        ++answered;
        if (!expected.next(v)) {
          refuse_text(command, answered, 1,
                      fmt::format("found '{}' after the answers to all {} vectors",
                                  line.substr(0, 40), answered - 1));
        }
        unsigned flags = 0;
        read_answer(line, expected.header(), command, answered, results, flags);
        found.add(v, results, flags, expected.line());
      });
  if (expected.next(v)) {
    throw std::runtime_error(fmt::format("'{}' ended before it answered every vector: {} answers{}",
                                         command, answered, fault.empty() ? "" : "; it " + fault));
  }
  const bool is_well = found.report(options.file);
  if (!fault.empty()) throw std::runtime_error(fmt::format("'{}' {}", command, fault));
  return is_well;
}

// Refuses a header that describes other operands or results than those of the function.
void compare_ports(const std::vector<port>& found, const std::vector<std::size_t>& lines,
                   const std::vector<port>& expected, std::string_view kind,
                   const vector_header& header, const std::string& file) {
  const auto text_of = [](const port& p) {
    return fmt::format("{} {} {}", p.name, p.count,
                       lowp::verification::detail::format_text(p.format));
  };
  for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i) {
    const port &f = found[i], &e = expected[i];
    if (f.name != e.name || f.count != e.count || !(f.format == e.format)) {
      refuse_text(file, lines[i], 1,
                  fmt::format("found {} '{}', expected '{}' as '{}' has", kind, text_of(f),
                              text_of(e), header.function));
    }
  }
  if (found.size() != expected.size()) {
    refuse_text(file, header.function_line, 1,
                fmt::format("found {} lines '{}', expected {} as '{}' has", found.size(), kind,
                            expected.size(), header.function));
  }
}

[[nodiscard]] std::unique_ptr<golden_function> function_of(const vector_header& header,
                                                           const std::string& file) {
  std::unique_ptr<golden_function> function;
  try {
    function = make_function(header);
  } catch (const std::exception& error) {
    refuse_text(file, header.function_line, 1, error.what());
  }
  compare_ports(header.operands, header.operand_lines, function->operands, "operand", header, file);
  compare_ports(header.results, header.result_lines, function->results, "result", header, file);
  if (header.has_flags && !function->has_flags) {
    refuse_text(file, header.function_line, 1,
                fmt::format("found 'flags yes', but '{}' has none", header.function));
  }
  return function;
}

bool check_against_library(vector_reader& reader, const std::string& file, comparison& found) {
  const std::unique_ptr<golden_function> function = function_of(reader.header(), file);
  test_vector v;
  std::vector<code_t> results(code_count(function->results));
  while (reader.next(v)) {
    const vector_rounding& rounding = v.rounding == nullptr ? vector_roundings[0] : *v.rounding;
    status_flags flags;
    with_rounding(rounding, v.operands.back(), [&](const rounding_reference& mode) {
      flags = function->evaluate(mode, v.operands.data(), results.data());
    });
    found.add(v, results, bits_of(flags), reader.line());
  }
  return found.report(file);
}

}  // namespace

bool check_vectors(const check_options& options) {
  const std::string text = text_of_file(options.file);
  vector_reader reader(text, options.file, &read_any_format);
  const vector_header& header = reader.header();
  comparison found(header.results, header.has_flags && !options.ignores_flags,
                   options.takes_any_nan, options.shown);
  return options.against.empty() ? check_against_library(reader, options.file, found)
                                 : check_against_program(text, options, found);
}

bool check_testfloat(const testfloat_options& options) {
  const std::map<std::string_view, std::string_view> modes{{"near_even", "nearest_even"},
                                                           {"near_maxMag", "nearest_away"},
                                                           {"minMag", "toward_zero"},
                                                           {"min", "downward"},
                                                           {"max", "upward"},
                                                           {"odd", "to_odd"}};
  const auto mode = modes.find(options.rounding);
  if (mode == modes.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, ours] : modes) names.push_back(name);
    throw std::invalid_argument(
        unknown_name("rounding mode of TestFloat", options.rounding, names));
  }
  const vector_rounding& rounding = rounding_of_name(mode->second);
  const std::unique_ptr<golden_function> function = make_testfloat_function(
      options.function, options.is_exact, options.environment, options.is_tiny_before);
  const std::string_view name = options.function;
  const bool has_exact = name.find("_to_i") != name.npos || name.find("_to_ui") != name.npos ||
                         name.find("_roundToInt") != name.npos;
  if (options.is_exact && !has_exact)
    throw std::invalid_argument(
        fmt::format("--exact does not apply to '{}', which gives no integer", name));
  const std::string text = text_of_file(options.file);
  testfloat_reader reader(text, options.file, *function);
  comparison found(function->results, true, options.takes_any_nan, options.shown);
  test_vector v;
  v.rounding = &rounding;
  code_t result = 0;
  while (reader.next(v)) {
    const status_flags flags =
        function->evaluate(rounding_reference(rounding.mode), v.operands.data(), &result);
    found.add(v, {result}, to_fflags(flags), reader.line());
  }
  return found.report(options.file);
}

}  // namespace lowp_tool
