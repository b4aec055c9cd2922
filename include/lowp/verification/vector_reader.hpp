// SPDX-License-Identifier: MIT
// Reads files of vectors in the text layout (vector_writer.hpp), line by line, trusting nothing:
// what is wrong is named with its line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/verification/golden_function.hpp"
#include "lowp/verification/vector_writer.hpp"

namespace lowp::verification {

/// The words of a line, each with its column, from 1.
class line_words {
 public:
  explicit line_words(std::string_view line) : line_(line) {}

  /// The next word; empty at the end of the line.
  std::string_view next() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
    first_ = at_;
    while (at_ < line_.size() && !is_blank(line_[at_])) ++at_;
    return line_.substr(first_, at_ - first_);
  }
  /// What follows, without blanks around it.
  std::string_view rest() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
    first_ = at_;
    std::size_t end = line_.size();
    while (end > at_ && is_blank(line_[end - 1])) --end;
    at_ = line_.size();
    return line_.substr(first_, end - first_);
  }
  /// Of the word that was taken last.
  [[nodiscard]] std::size_t column() const { return first_ + 1; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  std::string_view line_;
  std::size_t at_ = 0, first_ = 0;
};

/// "FILE:LINE:COLUMN: sentence", thrown as std::invalid_argument.
[[noreturn]] inline void refuse_text(std::string_view file, std::size_t line, std::size_t column,
                                     const std::string& sentence) {
  refuse(std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
         sentence);
}

/// A number of hexadecimal digits without a prefix. False, if it is none or needs more bits.
[[nodiscard]] inline bool read_hex(std::string_view word, int bits, code_t& code) {
  if (word.empty() || word.size() > 16) return false;
  code = 0;
  for (const char c : word) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    code = code << 4 | static_cast<code_t>(digit);
  }
  return (code & ~low_mask(bits)) == 0;
}

/// What the lines before `begin` say: as much of a golden function as can be written, without the
/// function.
struct vector_header {
  std::string function;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<port> operands, results;
  bool has_flags = true;
  /// Where these are in the file, from 1, for messages.
  std::size_t function_line = 0;
  std::vector<std::size_t> operand_lines, result_lines;

  /// The value of a parameter; empty if it is not there.
  [[nodiscard]] std::string_view parameter(std::string_view key) const {
    for (const auto& [name, value] : parameters) {
      if (name == key) return value;
    }
    return {};
  }
};

/// Takes a file of vectors apart. All functions throw std::invalid_argument with file, line and
/// column.
class vector_reader {
 public:
  /// Reads the formats of the header, as read_format() does.
  using format_reader = bool (*)(std::string_view text, any_format& out, std::string& problem);
  /// The text lives as long as the reader; `file` is its name in messages. A program with families
  /// of its own gives a reader of formats that knows them.
  vector_reader(std::string_view text, std::string file, format_reader read = &read_format<>)
      : text_(text), file_(std::move(file)), read_format_(read) {
    read_header();
  }

  [[nodiscard]] const vector_header& header() const { return header_; }
  /// The next vector; false at the end. `v` keeps its memory.
  bool next(test_vector& v) {
    if (is_done_) return false;
    std::string_view line;
    if (!next_line(line)) fail(1, "the file ends before its line 'end'");
    line_words words(line);
    const std::string_view first = words.next();
    if (first == "end") {
      read_end(words);
      return false;
    }
    v.rounding = first == "-" ? nullptr : rounding_at(words, first);
    v.operands.clear();
    v.results.clear();
    for (const port& p : header_.operands) read_codes(words, p, v.operands);
    if (v.rounding == &stochastic_rounding)
      v.operands.push_back(code_at(words, 32, "the random bits"));
    for (const port& p : header_.results) read_codes(words, p, v.results);
    v.flags = 0;
    if (header_.has_flags) v.flags = static_cast<unsigned>(code_at(words, 6, "the flags"));
    require_end(words);
    ++count_;
    return true;
  }
  /// Of the vector that was read last.
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  [[noreturn]] void fail(std::size_t column, const std::string& sentence) const {
    refuse_text(file_, line_, column, sentence);
  }
  [[nodiscard]] static std::string shown(std::string_view word) {
    return word.empty() ? std::string("the end of the line")
                        : "'" + std::string(word.substr(0, 40)) + "'";
  }

  /// The next line that is neither empty nor a comment.
  bool next_line(std::string_view& line) {
    while (at_ < text_.size()) {
      const std::size_t end = text_.find('\n', at_);
      const bool is_last = end == std::string_view::npos;
      line = text_.substr(at_, is_last ? end : end - at_);
      at_ = is_last ? text_.size() : end + 1;
      ++line_;
      const std::string_view first = line_words(line).next();
      if (!first.empty() && first[0] != '#') return true;
    }
    return false;
  }
  void require_end(line_words& words) const {
    const std::string_view word = words.next();
    if (!word.empty())
      fail(words.column(), "found " + shown(word) + ", expected the end of the line");
  }
  [[nodiscard]] std::uint64_t number_at(line_words& words, std::uint64_t least,
                                        std::uint64_t most) const {
    const std::string_view word = words.next();
    std::uint64_t number = 0;
    bool is_number = !word.empty() && word.size() <= 19;
    for (const char c : word) {
      is_number = is_number && c >= '0' && c <= '9';
      if (is_number) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (!is_number || number < least || number > most) {
      fail(words.column(), "found " + shown(word) + ", expected a number from " +
                               std::to_string(least) + " to " + std::to_string(most));
    }
    return number;
  }
  [[nodiscard]] port port_at(line_words& words) const {
    port p;
    p.name = words.next();
    if (p.name.empty()) fail(words.column(), "expected the name of an operand or a result");
    for (const std::vector<port>* ports : {&header_.operands, &header_.results}) {
      for (const port& other : *ports) {
        if (other.name == p.name)
          fail(words.column(), "there is already a line for " + shown(p.name));
      }
    }
    p.count = static_cast<std::size_t>(number_at(words, 1, max_port_count));
    const auto bits = static_cast<int>(number_at(words, 1, 64));
    const std::size_t bits_column = words.column();
    std::string problem;
    if (!read_format_(words.rest(), p.format, problem)) fail(words.column(), problem);
    if (p.format.bits() != bits) {
      fail(bits_column, "found " + std::to_string(bits) + " bits, expected " +
                            std::to_string(p.format.bits()) + " as the format has");
    }
    return p;
  }
  void read_header() {
    std::string_view line;
    if (!next_line(line)) {
      line_ = 1;
      fail(1, "the file is empty, expected the line 'lowp-vectors 1'");
    }
    line_words words(line);
    if (words.next() != "lowp-vectors")
      fail(words.column(), "this is no file of vectors, expected 'lowp-vectors 1'");
    if (words.next() != "1") fail(words.column(), "expected version 1 of the layout");
    require_end(words);
    while (next_line(line)) {
      words = line_words(line);
      const std::string_view key = words.next();
      if (key == "begin") {
        if (header_.function.empty()) fail(1, "the function is missing before 'begin'");
        if (header_.operands.empty() || header_.results.empty())
          fail(1, "operands or results are missing before 'begin'");
        return require_end(words);
      }
      read_header_line(key, words);
    }
    fail(1, "the file ends before its line 'begin'");
  }
  void read_header_line(std::string_view key, line_words& words) {
    constexpr std::string_view keys[] = {"function", "parameter", "operand",
                                         "result",   "flags",     "begin"};
    if (key == "function") {
      if (header_.function_line != 0) fail(1, "there is already a line 'function'");
      header_.function_line = line_;
      header_.function = words.next();
      if (header_.function.empty()) fail(words.column(), "expected the name of the function");
      require_end(words);
    } else if (key == "parameter") {
      std::string name(words.next());
      if (name.empty()) fail(words.column(), "expected the name of a parameter");
      for (const auto& [other, value] : header_.parameters) {
        if (other == name) fail(words.column(), "there is already a line for " + shown(name));
      }
      header_.parameters.emplace_back(std::move(name), words.rest());
    } else if (key == "operand") {
      header_.operands.push_back(port_at(words));
      header_.operand_lines.push_back(line_);
    } else if (key == "result") {
      header_.results.push_back(port_at(words));
      header_.result_lines.push_back(line_);
    } else if (key == "flags") {
      if (has_flags_line_) fail(1, "there is already a line 'flags'");
      has_flags_line_ = true;
      const std::string_view word = words.next();
      if (word != "yes" && word != "no")
        fail(words.column(), "found " + shown(word) + ", expected yes or no");
      header_.has_flags = word == "yes";
      require_end(words);
    } else {
      fail(words.column(), unknown_name("line of a header", key, keys));
    }
  }
  [[nodiscard]] const vector_rounding* rounding_at(line_words& words, std::string_view name) const {
    if (name == stochastic_rounding.name) return &stochastic_rounding;
    std::vector<std::string_view> names;
    for (const vector_rounding& r : vector_roundings) {
      if (r.name == name) return &r;
      names.push_back(r.name);
    }
    fail(words.column(), unknown_name("rounding mode", name, names));
  }
  [[nodiscard]] code_t code_at(line_words& words, int bits, std::string_view what) const {
    const std::string_view word = words.next();
    code_t code = 0;
    if (!read_hex(word, bits, code)) {
      fail(words.column(), "found " + shown(word) + ", expected " + std::string(what) + ": " +
                               std::to_string(bits) + " bits in hexadecimal");
    }
    return code;
  }
  void read_codes(line_words& words, const port& p, std::vector<code_t>& codes) const {
    for (std::size_t i = 0; i < p.count; ++i)
      codes.push_back(code_at(words, p.format.bits(), p.name));
  }
  void read_end(line_words& words) {
    const std::uint64_t stated = number_at(words, 0, ~std::uint64_t{0} >> 1);
    if (stated != count_) {
      fail(words.column(), "found " + std::to_string(stated) + ", expected " +
                               std::to_string(count_) + ", the number of vectors before");
    }
    require_end(words);
    std::string_view line;
    if (next_line(line)) fail(1, "nothing may follow the line 'end'");
    is_done_ = true;
  }

  std::string_view text_;
  std::string file_;
  format_reader read_format_;
  vector_header header_;
  std::size_t at_ = 0, line_ = 0;
  std::uint64_t count_ = 0;
  bool has_flags_line_ = false, is_done_ = false;
};

}  // namespace lowp::verification
