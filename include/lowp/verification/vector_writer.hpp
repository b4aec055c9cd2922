// SPDX-License-Identifier: MIT
// Vectors of a golden function as text: in the layout of this library, which vector_reader.hpp
// reads, as words for Verilog's $readmemh, as JSON and as a C header.
//
// A file of vectors is lines of UTF-8, words separated by blanks. '#' begins a line of comment.
//
//   lowp-vectors 1
//   function fma
//   parameter environment riscv
//   operand a 1 8 e4m3fn
//   operand b 1 8 e4m3fn
//   operand c 1 8 e4m3fn
//   result r 1 8 e4m3fn
//   flags yes
//   begin
//   nearest_even 3f 38 08 40 01
//   end 1
//
// operand and result: a name, how many codes there are, bits of each, and the format as text, which
// may hold blanks. A vector is the rounding mode, or - for a function that does not round, the
// codes of all operands and then those of all results in hexadecimal, and with `flags yes` the
// flags as a hexadecimal number (flag_bits). Under stochastic rounding 32 random bits follow the
// operands. The number after `end` is that of the vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/verification/golden_function.hpp"
#include "lowp/version.hpp"

namespace lowp::verification {

/// One vector. `operands` has code_count(operands) codes, and the random bits if rounding is
/// stochastic.
struct test_vector {
  const vector_rounding* rounding = nullptr;  ///< null: of a function that does not round
  std::vector<code_t> operands, results;
  unsigned flags = 0;
};

namespace detail {

inline void append_hex(std::string& text, code_t code, int bits) {
  for (int shift = (bits + 3) / 4 * 4 - 4; shift >= 0; shift -= 4)
    text += "0123456789abcdef"[code >> shift & 15];
}
[[nodiscard]] inline std::string version_text() {
  return std::to_string(LOWP_VERSION_MAJOR) + "." + std::to_string(LOWP_VERSION_MINOR) + "." +
         std::to_string(LOWP_VERSION_PATCH);
}
/// A format as text that read_format() reads.
[[nodiscard]] inline std::string format_text(const any_format& f) { return std::string(name(f)); }

[[nodiscard]] inline std::string port_text(std::string_view kind, const port& p) {
  return std::string(kind) + " " + p.name + " " + std::to_string(p.count) + " " +
         std::to_string(p.format.bits()) + " " + format_text(p.format);
}
/// Calls use(code, bits) for each operand of a vector, the random bits included, and each result.
template <class Use>
void for_each_code(const golden_function& f, const test_vector& v, const Use& use) {
  std::size_t i = 0;
  for (const port& p : f.operands) {
    for (std::size_t k = 0; k < p.count; ++k) use(v.operands[i++], p.format.bits());
  }
  if (i < v.operands.size()) use(v.operands[i], 32);
  i = 0;
  for (const port& p : f.results) {
    for (std::size_t k = 0; k < p.count; ++k) use(v.results[i++], p.format.bits());
  }
}
[[nodiscard]] inline std::string_view rounding_name(const test_vector& v) {
  return v.rounding == nullptr ? std::string_view("-") : v.rounding->name;
}

}  // namespace detail

/// The part of a vector's line that is given to a device under test: mode and operands.
inline void append_operands(std::string& text, const golden_function& f, const test_vector& v) {
  text += detail::rounding_name(v);
  std::size_t i = 0;
  for (const port& p : f.operands) {
    for (std::size_t k = 0; k < p.count; ++k) {
      text += ' ';
      detail::append_hex(text, v.operands[i++], p.format.bits());
    }
  }
  if (i < v.operands.size()) {
    text += ' ';
    detail::append_hex(text, v.operands[i], 32);
  }
}
/// The part that it answers: results and flags.
inline void append_results(std::string& text, const golden_function& f, const test_vector& v) {
  std::size_t i = 0;
  for (const port& p : f.results) {
    for (std::size_t k = 0; k < p.count; ++k) {
      if (i != 0) text += ' ';
      detail::append_hex(text, v.results[i++], p.format.bits());
    }
  }
  if (!f.has_flags) return;
  text += ' ';
  detail::append_hex(text, v.flags, 8);
}

/// A way to write vectors: what comes before them, each, and what comes after.
class vector_layout {
 public:
  vector_layout(const vector_layout&) = delete;
  vector_layout& operator=(const vector_layout&) = delete;
  virtual ~vector_layout() = default;
  /// `origin` says how the vectors were made.
  virtual void begin(std::string& text, const golden_function& f, std::string_view origin) = 0;
  virtual void append(std::string& text, const golden_function& f, const test_vector& v) = 0;
  virtual void end(std::string& text, const golden_function& f, std::uint64_t count) = 0;

 protected:
  vector_layout() = default;
};

/// The layout that vector_reader.hpp reads.
class text_layout final : public vector_layout {
 public:
  /// Throws std::invalid_argument for a port of more than max_port_count codes, which the reader
  /// refuses.
  void begin(std::string& text, const golden_function& f, std::string_view origin) override {
    for (const std::vector<port>* ports : {&f.operands, &f.results}) {
      for (const port& p : *ports) {
        if (p.count > max_port_count)
          refuse(p.name + " has " + std::to_string(p.count) + " codes, expected at most " +
                 std::to_string(max_port_count));
      }
    }
    text += "lowp-vectors 1\n# lowp " + detail::version_text();
    text += std::string(origin.empty() ? "" : ": ") + std::string(origin) + "\n";
    text += "function " + f.name + "\n";
    for (const auto& [key, value] : f.parameters) text += "parameter " + key + " " + value + "\n";
    for (const port& p : f.operands) text += detail::port_text("operand", p) + "\n";
    for (const port& p : f.results) text += detail::port_text("result", p) + "\n";
    text += f.has_flags ? "flags yes\nbegin\n" : "flags no\nbegin\n";
  }
  void append(std::string& text, const golden_function& f, const test_vector& v) override {
    append_operands(text, f, v);
    text += ' ';
    append_results(text, f, v);
    text += '\n';
  }
  void end(std::string& text, const golden_function&, std::uint64_t count) override {
    text += "end " + std::to_string(count) + "\n";
  }
};

/// Words for $readmemh, one for each vector: from the top the number of the rounding mode, the
/// operands in their order, with random bits these, the results, the flags; each field is as many
/// hexadecimal digits as its bits need. All words have the same fields.
class readmemh_layout final : public vector_layout {
 public:
  /// With random bits if one of the vectors is rounded stochastically; they are 0 in others.
  explicit readmemh_layout(bool has_random_bits = false) : has_random_bits_(has_random_bits) {}
  void begin(std::string& text, const golden_function& f, std::string_view origin) override {
    text += "// lowp " + detail::version_text();
    text += std::string(origin.empty() ? "" : ": ") + std::string(origin) + "\n// " + f.name;
    for (const auto& [key, value] : f.parameters) text += ", " + key + " " + value;
    text += "\n// {rounding[3:0]";
    for (const std::vector<port>* ports : {&f.operands, &f.results}) {
      for (const port& p : *ports) {
        const std::string field =
            ", " + p.name + "[" + std::to_string((p.format.bits() + 3) / 4 * 4 - 1) + ":0]";
        text += p.count == 1 ? field : field + " x " + std::to_string(p.count);
      }
      if (ports == &f.operands && has_random_bits_) text += ", random[31:0]";
    }
    text += f.has_flags ? ", flags[7:0]}\n" : "}\n";
    for (const std::vector<port>* ports : {&f.operands, &f.results}) {
      for (const port& p : *ports)
        text += "// " + p.name + ": " + detail::format_text(p.format) + "\n";
    }
  }
  void append(std::string& text, const golden_function& f, const test_vector& v) override {
    const std::size_t operand_count = code_count(f.operands);
    const bool is_stochastic = v.operands.size() > operand_count;
    if (is_stochastic && !has_random_bits_)
      refuse("readmemh_layout: a stochastic vector, expected a layout with random bits");
    detail::append_hex(text, v.rounding == nullptr ? 0 : v.rounding->number, 4);
    std::size_t done = 0;
    const auto append_field = [&](code_t code, int bits) {
      text += '_';
      detail::append_hex(text, code, bits);
    };
    detail::for_each_code(f, v, [&](code_t code, int bits) {
      if (done++ == operand_count && has_random_bits_ && !is_stochastic) append_field(0, 32);
      append_field(code, bits);
    });
    if (f.has_flags) {
      text += '_';
      detail::append_hex(text, v.flags, 8);
    }
    text += '\n';
  }
  void end(std::string& text, const golden_function&, std::uint64_t count) override {
    text += "// " + std::to_string(count) + " vectors\n";
  }

 private:
  bool has_random_bits_;
};

/// One object; codes are strings of hexadecimal digits, since a number of JSON holds 53 bits.
class json_layout final : public vector_layout {
 public:
  void begin(std::string& text, const golden_function& f, std::string_view origin) override {
    text += "{\"version\": \"" + detail::version_text() + "\",\n\"origin\": " + quoted(origin);
    text += ",\n\"function\": " + quoted(f.name) + ",\n\"parameters\": {";
    std::string_view separator = "";
    for (const auto& [key, value] : f.parameters) {
      text += std::string(separator) + quoted(key) + ": " + quoted(value);
      separator = ", ";
    }
    text += "},\n\"operands\": " + ports(f.operands) + ",\n\"results\": " + ports(f.results);
    text += ",\n\"vectors\": [";
    is_first_ = true;
  }
  void append(std::string& text, const golden_function& f, const test_vector& v) override {
    text += is_first_ ? "\n{\"rounding\": " : ",\n{\"rounding\": ";
    is_first_ = false;
    text += v.rounding == nullptr ? "null" : quoted(v.rounding->name);
    text += ", \"operands\": [";
    const std::size_t left = v.operands.size();
    std::size_t done = 0;
    detail::for_each_code(f, v, [&](code_t code, int bits) {
      if (done == left) text += "], \"results\": [";
      if (done != 0 && done != left) text += ", ";
      text += '"';
      detail::append_hex(text, code, bits);
      text += '"';
      ++done;
    });
    text += f.has_flags ? "], \"flags\": " + std::to_string(v.flags) + "}" : "]}";
  }
  void end(std::string& text, const golden_function&, std::uint64_t) override { text += "\n]}\n"; }

 private:
  [[nodiscard]] static std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        result += "\\u00";
        detail::append_hex(result, static_cast<unsigned char>(c), 8);
      } else {
        result += c;
      }
    }
    return result + "\"";
  }
  [[nodiscard]] static std::string ports(const std::vector<port>& list) {
    std::string text = "[";
    for (const port& p : list) {
      text += text.size() == 1 ? "" : ", ";
      text += "{\"name\": " + quoted(p.name) + ", \"count\": " + std::to_string(p.count) +
              ", \"bits\": " + std::to_string(p.format.bits()) +
              ", \"format\": " + quoted(detail::format_text(p.format)) + "}";
    }
    return text + "]";
  }

  bool is_first_ = true;
};

/// A header of C: an array of structs, each an array of operands, one of results, the number of the
/// rounding mode and the flags. `prefix` begins each name; what is no identifier of C is refused.
class c_layout final : public vector_layout {
 public:
  explicit c_layout(std::string prefix) : prefix_(std::move(prefix)) {
    bool is_identifier = !prefix_.empty() && !(prefix_[0] >= '0' && prefix_[0] <= '9');
    for (const char c : prefix_) {
      is_identifier = is_identifier && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                        (c >= '0' && c <= '9') || c == '_');
    }
    if (!is_identifier)
      refuse("prefix is '" + prefix_ + "', expected an identifier of C: letters, digits and _");
  }
  void begin(std::string& text, const golden_function& f, std::string_view origin) override {
    std::string description;
    for (const std::vector<port>* ports : {&f.operands, &f.results}) {
      for (const port& p : *ports) {
        description += " * " + p.name + ": " + std::to_string(p.count) + " of " +
                       detail::format_text(p.format) + "\n";
      }
    }
    text += "/* lowp " + detail::version_text() + (origin.empty() ? "" : ": ") +
            without_comment_ends(origin) + "\n * " + f.name + "\n" + description;
    for (const auto& [key, value] : f.parameters)
      text += " * " + key + ": " + without_comment_ends(value) + "\n";
    const std::string guard = "LOWP_VECTORS_" + prefix_ + "_H";
    text += " */\n#ifndef " + guard + "\n#define " + guard;
    text += "\n#include <stdint.h>\n\nstruct " + prefix_ + "_vector {\n";
    text += "  uint64_t operands[" + std::to_string(code_count(f.operands) + 1) +
            "]; /* the last one: random bits of stochastic rounding */\n";
    text += "  uint64_t results[" + std::to_string(code_count(f.results)) + "];\n";
    text += "  uint8_t rounding, flags;\n};\n\nstatic const struct " + prefix_ + "_vector " +
            prefix_ + "_vectors[] = {\n";
  }
  void append(std::string& text, const golden_function& f, const test_vector& v) override {
    text += "    {{";
    std::size_t done = 0;
    detail::for_each_code(f, v, [&](code_t code, int bits) {
      if (done == v.operands.size()) text += "}, {";
      if (done != 0 && done != v.operands.size()) text += ", ";
      text += "0x";
      detail::append_hex(text, code, bits);
      if (bits > 32) text += "u";
      ++done;
    });
    text += "}, " + std::to_string(v.rounding == nullptr ? 0 : v.rounding->number) + ", " +
            std::to_string(v.flags) + "},\n";
  }
  void end(std::string& text, const golden_function&, std::uint64_t count) override {
    text += "};\nenum { " + prefix_ + "_vector_count = " + std::to_string(count) + " };\n#endif\n";
  }

 private:
  [[nodiscard]] static std::string without_comment_ends(std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '*' ? '+' : c;
    return result;
  }

  std::string prefix_;
};

}  // namespace lowp::verification
