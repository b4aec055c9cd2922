// SPDX-License-Identifier: MIT
// What tests of checkpoint conventions share: tensors of bytes, values element by element, and the
// round trip.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lowp/io/checkpoints/weight.hpp"
#include "lowp/number/unpack.hpp"
#include "split_mix.hpp"

namespace test {

namespace checkpoints = lowp::io::checkpoints;
using bytes = std::vector<std::uint8_t>;

inline bytes random_bytes(std::size_t size, std::uint64_t seed) {
  split_mix random(seed);
  bytes all(size);
  for (auto& byte : all) byte = static_cast<std::uint8_t>(random.word());
  return all;
}
/// Numbers with few bits, so that products of them are exact in binary64.
inline float plain(std::uint32_t i) {
  return std::ldexp(1.0f + static_cast<float>(i % 7) / 8, static_cast<int>(i % 5) - 3);
}
inline bytes f32_bytes(const std::vector<float>& values) {
  bytes all;
  for (const float v : values) {
    const auto bits = std::bit_cast<std::uint32_t>(v);
    for (int i = 0; i < 4; ++i) all.push_back(static_cast<std::uint8_t>(bits >> (8 * i)));
  }
  return all;
}
inline bytes plain_f32(std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(plain(static_cast<std::uint32_t>(i)));
  return f32_bytes(values);
}
inline bytes i32_bytes(const std::vector<std::int32_t>& values) {
  bytes all;
  for (const std::int32_t v : values) {
    for (int i = 0; i < 4; ++i) {
      all.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(v) >> (8 * i)));
    }
  }
  return all;
}

/// Tensors in memory, by name.
struct model {
  std::vector<lowp::io::stored_tensor> all;

  void put(const std::string& name, const std::string& dtype, std::vector<std::uint64_t> shape,
           const bytes& content) {
    drop(name);
    const auto from = std::as_bytes(std::span(content));
    all.emplace_back(
        lowp::io::tensor_declaration{name, lowp::io::element_dtype(dtype), std::move(shape)},
        std::make_shared<lowp::io::memory_source>(
            std::vector<std::byte>(from.begin(), from.end())));
  }
  void drop(const std::string& name) {
    std::erase_if(all, [&](const auto& tensor) { return tensor.name == name; });
  }
  [[nodiscard]] checkpoints::tensor_set set() const { return checkpoints::tensor_set(all); }
  [[nodiscard]] bytes at(const std::string& name) const {
    for (const auto& tensor : all) {
      if (tensor.name != name) continue;
      bytes found;
      for (const std::byte b : tensor.bytes()) found.push_back(static_cast<std::uint8_t>(b));
      return found;
    }
    FAIL("no tensor " << name);
    return {};
  }
};

/// What is said of tensors that cannot be read, or "no error".
template <class Convention>
std::string error_of(const Convention& convention, const model& m, std::string_view name,
                     const checkpoints::settings& s = {}) {
  try {
    static_cast<void>(checkpoints::read(convention, m.set(), name, s));
  } catch (const lowp::io::format_error& error) {
    return error.what();
  }
  return "no error";
}

/// That reading and writing gives the tensors of the model, all of them or those but `others`, and
/// that values, read and viewed, are value(row, col).
template <class Convention, class Value>
void check(const Convention& convention, const model& m, std::string_view name,
           const std::vector<std::uint64_t>& shape, const Value& value,
           const checkpoints::settings& s = {}, std::size_t others = 0) {
  const auto set = m.set();
  REQUIRE(convention.follows(set, name));
  const auto w = checkpoints::read(convention, set, name, s);
  CHECK(w.how.shape == shape);
  CHECK(w.matrix.cols() == shape.back());
  const auto written = checkpoints::write(w);
  CHECK(written.size() == m.all.size() - others);
  for (const auto& tensor : written) {
    INFO(tensor.name);
    const auto* const original = set.find(tensor.name, "");
    REQUIRE(original != nullptr);
    CHECK(tensor.type == original->type);
    CHECK(tensor.shape == original->shape);
    CHECK(tensor.bytes() == original->bytes());
  }
  const auto seen = checkpoints::view(convention, set, name, s);
  std::size_t differences = 0;
  for (std::size_t row = 0; row < w.matrix.rows(); ++row) {
    for (std::size_t col = 0; col < w.matrix.cols(); ++col) {
      const double expected = value(row, col);
      const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
      const bool is_right =
          bits(lowp::pack_as<double>(w.matrix.value(row, col))) == bits(expected) &&
          bits(lowp::pack_as<double>(seen.value(row, col))) == bits(expected);
      differences += is_right ? 0u : 1u;
    }
  }
  CHECK(differences == 0);
}

/// That a weight that was made can be read again, and is the same.
template <class Convention, class Format>
void check_made(const Convention& convention, const checkpoints::weight<Format>& made,
                const checkpoints::settings& s = {}) {
  const auto tensors = checkpoints::write(made);
  const checkpoints::tensor_set set(tensors);
  REQUIRE(convention.follows(set, made.name));
  const auto again = checkpoints::read(convention, set, made.name, s);
  CHECK(again.matrix == made.matrix);
  CHECK(again.how.shape == made.how.shape);
  CHECK(again.kept == made.kept);
}

}  // namespace test
