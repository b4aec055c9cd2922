// SPDX-License-Identifier: MIT
// Reads what Berkeley TestFloat's testfloat_gen prints for a function: lines of operands, result
// and flags, all hexadecimal.
//
//   testfloat_gen -rminMag -tininessafter f16_mulAdd > vectors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/verification/golden_function.hpp"
#include "lowp/verification/vector_reader.hpp"
#include "lowp/verification/vector_writer.hpp"

namespace lowp::verification {

/// Takes the lines of testfloat_gen apart. Throws std::invalid_argument with file, line and column.
class testfloat_reader {
 public:
  /// All three live as long as the reader.
  testfloat_reader(std::string_view text, std::string file, const golden_function& function)
      : text_(text), file_(std::move(file)), function_(function) {}

  /// The next vector, without a rounding mode; false at the end.
  bool next(test_vector& v) {
    if (at_ >= text_.size()) return false;
    const std::size_t end = text_.find('\n', at_);
    ++line_;
    if (end == std::string_view::npos) {  // of a longer number its first digits are one, too
      refuse_text(file_, line_, text_.size() - at_ + 1,
                  "the file ends within a line, expected the end of the line");
    }
    line_words words(text_.substr(at_, end - at_));
    at_ = end + 1;
    v.operands.clear();
    v.results.clear();
    for (const port& p : function_.operands) v.operands.push_back(code_at(words, p.format.bits()));
    for (const port& p : function_.results) v.results.push_back(code_at(words, p.format.bits()));
    v.flags = static_cast<unsigned>(code_at(words, 5));
    const std::string_view word = words.next();
    if (!word.empty()) {
      refuse_text(file_, line_, words.column(),
                  "found '" + std::string(word.substr(0, 40)) + "', expected the end of the line");
    }
    return true;
  }
  [[nodiscard]] std::size_t line() const { return line_; }

 private:
  [[nodiscard]] code_t code_at(line_words& words, int bits) const {
    const std::string_view word = words.next();
    code_t code = 0;
    if (!read_hex(word, bits, code)) {
      refuse_text(file_, line_, words.column(),
                  "found '" + std::string(word.substr(0, 40)) + "', expected " +
                      std::to_string(bits) + " bits in hexadecimal");
    }
    return code;
  }

  std::string_view text_;
  std::string file_;
  const golden_function& function_;
  std::size_t at_ = 0, line_ = 0;
};

}  // namespace lowp::verification
