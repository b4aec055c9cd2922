// SPDX-License-Identifier: MIT
// Weights of any convention: read into a block_matrix, seen as one without a copy, made from
// floats, and written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/block/block_matrix.hpp"
#include "lowp/io/byte_source.hpp"
#include "lowp/io/checkpoints/convention.hpp"
#include "lowp/io/checkpoints/settings.hpp"

namespace lowp::io::checkpoints {

namespace detail {

/// Throws std::invalid_argument where a copy would be needed.
[[nodiscard]] inline std::span<const std::uint8_t> codes_in_memory(const stored_tensor& tensor) {
  const std::span<const std::byte> bytes = tensor.in_memory();
  if (bytes.empty()) {
    refuse("checkpoints::view: tensor " + in_quotes(tensor.name) +
           " is neither in memory nor mapped, read() it");
  }
  return codes_of(bytes);
}

/// The bytes of a tensor, copied where they are not in memory.
class tensor_bytes {
 public:
  explicit tensor_bytes(const stored_tensor& tensor) : all_(tensor.in_memory()) {
    if (!all_.empty()) return;
    copy_ = tensor.bytes();
    all_ = copy_;
  }
  tensor_bytes(const tensor_bytes&) = delete;
  tensor_bytes& operator=(const tensor_bytes&) = delete;
  [[nodiscard]] std::span<const std::byte> all() const { return all_; }

 private:
  std::vector<std::byte> copy_;
  std::span<const std::byte> all_;
};

}  // namespace detail

/// Where the codes of a weight lie in its tensors: a layout of views. Elements are in the bytes of
/// the view, other leaves in their own tensors.
template <class Format>
class tensor_layout {
  static constexpr auto leaves = static_cast<std::size_t>(leaf_count<typename Format::type>);
  struct source {
    arrangement codes{};
    const std::uint8_t* bytes = nullptr;
    code_t mask = 0;  ///< of the bits of the leaf's format
  };

 public:
  /// Of a plan whose tensors have been checked.
  tensor_layout(const plan<Format>& how, const tensor_set& tensors, std::string_view weight) {
    for_each_leaf(how.format.value, how.rows, how.cols,
                  [this](int leaf, const auto& f, std::size_t, std::size_t) {
                    at(leaf).mask = low_mask(f.bits());
                  });
    for (const constant_leaf& c : how.constants) at(c.leaf).codes.added = c.code;
    for (const part& p : how.parts) {
      if (p.leaf < 0) continue;
      const auto bytes = detail::codes_in_memory(tensors.at(weight, p.suffix));
      at(p.leaf).codes = p.codes;
      at(p.leaf).bytes = bytes.data();
      if (p.leaf == 0) size_ = bytes.size();
    }
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                            std::size_t col) const {
    const source& s = sources_[static_cast<std::size_t>(leaf)];
    return s.codes.load(leaf == 0 ? bytes : s.bytes, row, col) & s.mask;
  }
  /// Whole eights of streams along rows.
  [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, int leaf, std::size_t row,
                                       std::size_t col, std::size_t count,
                                       std::uint8_t* codes) const {
    const source& s = sources_[static_cast<std::size_t>(leaf)];
    if (!s.codes.has_eights() || s.codes.runs_down || col % 8 != 0 ||
        s.mask < low_mask(s.codes.width)) {
      return 0;
    }
    std::size_t done = 0;
    for (; done + 8 <= count; done += 8) {
      s.codes.load_eight(leaf == 0 ? bytes : s.bytes, row, col + done, codes + done);
    }
    return done;
  }
  [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
    const arrangement& codes = sources_[0].codes;
    if (leaf != 0 || !codes.has_rows() || codes.flipped != 0) return {};
    return {row * codes.stride, codes.width};
  }

 private:
  [[nodiscard]] source& at(int leaf) { return sources_[static_cast<std::size_t>(leaf)]; }

  source sources_[leaves];
  std::size_t size_ = 0;
};

/// A matrix whose bytes are tensors of others.
template <class Format>
using weight_view = basic_block_matrix<Format, tensor_layout, std::span<const std::uint8_t>>;

/// A weight with its codes in planes. `kept` has, for each part of the plan, the bytes that codes
/// do not tell: all of a tensor without codes, those of one whose padding is not zero, else none.
template <class Format>
struct weight {
  std::string name;
  plan<Format> how;
  basic_block_matrix<Format> matrix;
  std::vector<std::vector<std::byte>> kept;
};

namespace detail {

/// Calls use(bits, rows, cols) for a leaf of the matrix of a plan.
template <class Format, class Use>
void with_leaf(const plan<Format>& how, int leaf, const Use& use) {
  for_each_leaf(how.format.value, how.rows, how.cols,
                [&](int number, const auto& f, std::size_t rows, std::size_t cols) {
                  if (number == leaf) use(f.bits(), rows, cols);
                });
}

template <class Format>
void set_constants(const plan<Format>& how, basic_block_matrix<Format>& matrix) {
  for (const constant_leaf& c : how.constants) {
    with_leaf(how, c.leaf, [&](int, std::size_t rows, std::size_t cols) {
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t col = 0; col < cols; ++col) matrix.set_code(c.leaf, row, col, c.code);
      }
    });
  }
}

/// Throws format_error where the library cannot hold what tensors say.
template <class Format>
void require_format(const plan<Format>& how, std::string_view weight) {
  if (const char* const why = defect(how.format.value)) {
    throw format_error("weight " + in_quotes(weight) + ": " + why);
  }
}

}  // namespace detail

/// The bytes of the tensors of a weight, in the order of the plan. Throws std::invalid_argument if
/// the matrix is not what the plan describes: another shape or format, a code that a tensor cannot
/// hold, another code where the convention has a constant.
template <class Format>
[[nodiscard]] std::vector<stored_tensor> write(const weight<Format>& w) {
  const plan<Format>& how = w.how;
  if (w.matrix.rows() != how.rows || w.matrix.cols() != how.cols ||
      !(w.matrix.composition() == how.format.value) || w.kept.size() != how.parts.size()) {
    refuse("checkpoints::write: the matrix of '" + w.name + "' is not what its plan describes");
  }
  for (const constant_leaf& c : how.constants) {
    detail::with_leaf(how, c.leaf, [&](int, std::size_t rows, std::size_t cols) {
      for (std::size_t i = 0; i < rows * cols; ++i) {
        if (w.matrix.code(c.leaf, i / cols, i % cols) != c.code) {
          refuse("checkpoints::write: '" + w.name + "' has another code in leaf " +
                 std::to_string(c.leaf) + " than the tensors that are kept say");
        }
      }
    });
  }
  std::vector<stored_tensor> tensors;
  for (std::size_t i = 0; i < how.parts.size(); ++i) {
    const part& p = how.parts[i];
    const dtype type = element_dtype(p.dtype);
    std::vector<std::byte> bytes = w.kept[i];
    if (p.leaf >= 0) {
      std::string problem;
      bytes.resize(static_cast<std::size_t>(byte_size(type, p.shape, problem)));
      detail::with_leaf(how, p.leaf, [&](int bits, std::size_t rows, std::size_t cols) {
        detail::store_leaf(p.codes, w.matrix, p.leaf, bits, rows, cols, w.name + p.suffix,
                           reinterpret_cast<std::uint8_t*>(bytes.data()));
      });
    }
    tensors.emplace_back(tensor_declaration{w.name + p.suffix, type, p.shape},
                         std::make_shared<memory_source>(std::move(bytes)));
  }
  return tensors;
}

/// The weight of this name; what write() makes of it are the bytes that were read. Throws
/// format_error if a tensor is missing, has another dtype or shape than the convention, or a code
/// that the format has not, and says which.
template <class Convention>
[[nodiscard]] auto read(const Convention& convention, const tensor_set& tensors,
                        std::string_view name, const settings& s = {}) {
  auto how = convention.plan_of(tensors, name, s);
  using format = decltype(how.format);
  how.require_tensors(tensors, name);
  detail::require_format(how, name);
  basic_block_matrix<format> matrix(how.format, how.rows, how.cols);
  weight<format> w{std::string(name), std::move(how), std::move(matrix), {}};
  detail::set_constants(w.how, w.matrix);
  w.kept.resize(w.how.parts.size());
  for (std::size_t i = 0; i < w.how.parts.size(); ++i) {
    const part& p = w.how.parts[i];
    const stored_tensor& tensor = tensors.at(name, p.suffix);
    if (p.leaf < 0) {
      w.kept[i] = tensor.bytes();
      continue;
    }
    const detail::tensor_bytes bytes(tensor);
    detail::with_leaf(w.how, p.leaf, [&](int bits, std::size_t rows, std::size_t cols) {
      const std::uint8_t* const from = detail::codes_of(bytes.all()).data();
      if (!detail::load_leaf(p.codes, from, w.matrix, p.leaf, bits, rows, cols)) {
        tensors.fail(tensor, "has a code of more than " + std::to_string(bits) + " bits");
      }
      if (rows * cols * static_cast<std::size_t>(p.codes.width) == 8 * bytes.all().size()) return;
      // Padding that is not zero is kept, too.
      std::vector<std::byte> again(bytes.all().size());
      detail::store_leaf(p.codes, w.matrix, p.leaf, bits, rows, cols, tensor.name,
                         reinterpret_cast<std::uint8_t*>(again.data()));
      if (!std::equal(again.begin(), again.end(), bytes.all().begin())) {
        w.kept[i].assign(bytes.all().begin(), bytes.all().end());
      }
    });
  }
  return w;
}

/// The weight as a matrix that refers to the tensors, as long as their file lives: no codes are
/// copied. Errors as read(), but codes are not looked at, bits above those of a format are ignored;
/// throws std::invalid_argument for tensors that are not in memory.
template <class Convention>
[[nodiscard]] auto view(const Convention& convention, const tensor_set& tensors,
                        std::string_view name, const settings& s = {}) {
  const auto how = convention.plan_of(tensors, name, s);
  using format = decltype(how.format);
  how.require_tensors(tensors, name);
  detail::require_format(how, name);
  tensor_layout<format> layout(how, tensors, name);
  std::span<const std::uint8_t> bytes;
  for (const part& p : how.parts) {
    if (p.leaf == 0) bytes = detail::codes_in_memory(tensors.at(name, p.suffix));
  }
  return weight_view<format>(how.format, how.rows, how.cols, std::move(layout), bytes);
}

namespace detail {

/// A weight of a plan without tensors yet: all codes zero, nothing kept.
template <class Format>
[[nodiscard]] weight<Format> new_weight(std::string_view name, plan<Format> how) {
  basic_block_matrix<Format> matrix(how.format, how.rows, how.cols);
  set_constants(how, matrix);
  std::vector<std::vector<std::byte>> kept(how.parts.size());
  return {std::string(name), std::move(how), std::move(matrix), std::move(kept)};
}
/// The bytes of the part of this suffix.
template <class Format>
void keep_bytes(weight<Format>& w, std::string_view suffix, std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < w.how.parts.size(); ++i) {
    if (w.how.parts[i].suffix == suffix) w.kept[i].assign(bytes.begin(), bytes.end());
  }
}

template <class Format>
void keep_number(weight<Format>& w, std::string_view suffix, float number) {
  std::byte bytes[4];
  io::detail::store_little_endian<4>(std::bit_cast<std::uint32_t>(number), bytes);
  keep_bytes(w, suffix, bytes);
}

}  // namespace detail
}  // namespace lowp::io::checkpoints
