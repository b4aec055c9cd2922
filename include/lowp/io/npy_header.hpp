// SPDX-License-Identifier: MIT
// The header of a NumPy array file: a literal of Python with dtype, order and shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/byte_cursor.hpp"
#include "lowp/io/dtype.hpp"

namespace lowp::io::detail {

inline constexpr std::string_view npy_mark = "\x93NUMPY";
/// NumPy writes 128 bytes for most arrays, and by default reads 10000.
inline constexpr std::uint64_t longest_npy_header = 1 << 20;

struct npy_header {
  dtype type;
  std::vector<std::uint64_t> shape;
  bool is_fortran_order = false;
  std::uint32_t swapped_bytes = 0;  ///< of each big-endian number; 0 if nothing is swapped
  std::uint64_t data_begin = 0;
};

/// A dtype's letter and bytes, as NumPy has them.
struct npy_dtype {
  std::string_view code, name;
};
inline constexpr npy_dtype npy_dtypes[] = {
    {"b1", "BOOL"}, {"i1", "I8"},  {"u1", "U8"},  {"i2", "I16"},   {"u2", "U16"},
    {"i4", "I32"},  {"u4", "U32"}, {"i8", "I64"}, {"u8", "U64"},   {"f2", "F16"},
    {"f4", "F32"},  {"f8", "F64"}, {"c8", "C64"}, {"c16", "C128"},
};
/// Types of other packages are written as bytes without a meaning ("|V1"), and their names are
/// lost.
inline constexpr npy_dtype npy_void_dtypes[] = {
    {"V2", "BF16"},    {"V1", "F8_E5M2"},     {"V1", "F8_E4M3"},
    {"V1", "F8_E8M0"}, {"V1", "F8_E4M3FNUZ"}, {"V1", "F8_E5M2FNUZ"},
};

/// "V1" to "V16": elements of so many bytes of which nothing else is known; 0 otherwise.
[[nodiscard]] inline std::uint32_t npy_void_bytes(std::string_view name) {
  for (std::uint32_t bytes = 1; bytes <= 16; ++bytes)
    if (name == "V" + std::to_string(bytes)) return bytes;
  return 0;
}

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } and nothing else.
class npy_literal {
 public:
  npy_literal(const byte_cursor& in, std::string_view text) : in_(in), text_(text) {}

  void read(npy_header& header) {
    bool has[3] = {};
    expect('{');
    while (!take('}')) {
      const std::string key = quoted("header");
      expect(':');
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (which == 3) in_.fail("header has a key " + in_quotes(key));
      if (std::exchange(has[which], true))
        in_.fail("header has the key " + in_quotes(key) + " twice");
      if (which == 0) read_descr(header);
      if (which == 1) header.is_fortran_order = boolean();
      if (which == 2) header.shape = sizes();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (at_ != text_.size()) fail("the end");
    for (const int which : {0, 1, 2}) {
      constexpr std::string_view names[] = {"descr", "fortran_order", "shape"};
      if (!has[which]) in_.fail("header has no key " + in_quotes(names[which]));
    }
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    in_.fail("header is no literal of Python at its byte " + std::to_string(at_) + ", expected " +
             expected);
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "'");
  }
  std::string quoted(const char* field) {
    const char mark = take('"') ? '"' : '\'';
    if (mark == '\'') expect('\'');
    const std::size_t end = text_.find(mark, at_);
    if (end == std::string_view::npos) fail("the end of a text");
    std::string result(text_.substr(at_, end - at_));
    if (result.find('\\') != std::string::npos)
      in_.fail(std::string(field) + " has a text with a backslash");
    at_ = end + 1;
    return result;
  }
  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    }
    fail("True or False");
  }
  std::vector<std::uint64_t> sizes() {
    std::vector<std::uint64_t> result;
    expect('(');
    while (!take(')')) {
      result.push_back(number());
      take('L');  // as Python 2 wrote them
      if (!take(',')) {
        if (result.size() == 1) fail("',' behind a single size");
        expect(')');
        break;
      }
    }
    return result;
  }
  std::uint64_t number() {
    skip_blanks();
    const std::size_t begin = at_;
    std::uint64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (value > (~std::uint64_t{0} - digit) / 10) in_.fail("shape has a size of 2^64 or more");
      value = value * 10 + digit;
    }
    if (at_ == begin) fail("a size");
    return value;
  }
  void read_descr(npy_header& header) {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[')
      in_.fail("descr is a structured dtype, which is not supported");
    const std::string text = quoted("descr");
    const std::string_view code = std::string_view(text).substr(text.empty() ? 0 : 1);
    const bool has_order = !text.empty() && std::string_view("<>|=").find(text[0]) < 4;
    for (const npy_dtype& known : npy_dtypes) {
      if (!has_order || known.code != code) continue;
      header.type = element_dtype(known.name);
      const std::uint32_t bytes = header.type.record_bits / 8 / (code[0] == 'c' ? 2 : 1);
      header.swapped_bytes = text[0] == '>' && bytes > 1 ? bytes : 0;
      return;
    }
    const std::uint32_t bytes = has_order ? npy_void_bytes(code) : 0;
    if (bytes == 0) {
      in_.fail("descr is " + in_quotes(text) +
               ", expected booleans, integers, floats of up to 8 bytes, complex numbers or bytes");
    }
    header.type = {std::string(code), 8 * bytes};
  }

  const byte_cursor& in_;
  std::string_view text_;
  std::size_t at_ = 0;
};

/// Of versions 1.0, 2.0 and 3.0.
[[nodiscard]] inline npy_header read_npy_header(byte_cursor& in) {
  if (in.text(npy_mark.size(), "mark") != npy_mark)
    in.fail("does not begin with the mark of NumPy");
  const std::uint64_t major = in.number<1>("version"), minor = in.number<1>("version");
  if (major < 1 || major > 3 || minor != 0) {
    in.fail("version is " + std::to_string(major) + "." + std::to_string(minor) +
            ", expected 1.0, 2.0 or 3.0");
  }
  const std::uint64_t size = major == 1 ? in.number<2>("header") : in.number<4>("header");
  if (size > longest_npy_header)
    in.fail("header has " + std::to_string(size) + " bytes, expected at most 2^20");
  npy_header header;
  npy_literal(in, in.text(size, "header")).read(header);
  header.data_begin = in.position();
  return header;
}

/// As NumPy writes it: little-endian, rows first, room for the first size to grow, a multiple of 64
/// bytes. Throws std::invalid_argument for a dtype that the format has not.
[[nodiscard]] inline std::vector<std::byte> npy_header_bytes(
    const std::string& name, const dtype& type, const std::vector<std::uint64_t>& shape) {
  std::string code;
  for (const npy_dtype& known : npy_dtypes)
    if (element_dtype(known.name) == type) code = known.code;
  for (const npy_dtype& known : npy_void_dtypes)
    if (element_dtype(known.name) == type) code = known.code;
  if (code.empty() && type == dtype{type.name, 8 * npy_void_bytes(type.name)}) code = type.name;
  if (code.empty() || type.record_bits == 0) {
    throw std::invalid_argument("lowp::io::npy: tensor " + in_quotes(name) + ": dtype is " +
                                in_quotes(type.name) + ", which the format has not");
  }
  const bool is_one_byte = code.ends_with('1') || code[0] == 'V';
  std::string text = "{'descr': '" + std::string(is_one_byte ? "|" : "<") + code +
                     "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  text += shape.size() == 1 ? ",), }" : "), }";
  constexpr std::size_t room = 21;
  if (!shape.empty()) text.append(room - std::to_string(shape[0]).size(), ' ');
  const std::uint64_t version = text.size() < 65000 ? 1 : 2;
  const std::size_t front = npy_mark.size() + 2 + (version == 1 ? 2 : 4);
  text.append(64 - (front + text.size() + 1) % 64, ' ');
  text += '\n';
  byte_builder out;
  out.text(npy_mark);
  out.number<2>(version);
  version == 1 ? out.number<2>(text.size()) : out.number<4>(text.size());
  out.text(text);
  return std::move(out.bytes);
}

}  // namespace lowp::io::detail
