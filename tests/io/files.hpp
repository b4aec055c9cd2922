// SPDX-License-Identifier: MIT
// What tests of files share: a folder that goes, bytes from text, and what a reader says of bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lowp/io/file_kind.hpp"
#include "lowp/io/tensor_writer.hpp"

namespace test {

struct temporary_folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("lowp_io_test_" + std::to_string(std::random_device{}()));
  temporary_folder() { std::filesystem::create_directory(path); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path),
                                                  std::filesystem::directory_iterator()));
  }
};

inline std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

/// Bytes 1, 2, 3 …
inline std::vector<std::byte> counting(std::size_t size, unsigned first = 1) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((first + i) & 0xff);
  return bytes;
}

inline std::vector<std::byte> contents_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return bytes_of({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
}

inline void put(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

/// `number` in so many bytes, lowest first.
inline std::string little(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((number >> (8 * i)) & 0xff);
  return text;
}

inline lowp::io::tensor_file read_bytes_as(const lowp::io::file_kind& kind,
                                           std::vector<std::byte> bytes,
                                           const std::filesystem::path& path = "the file") {
  return kind.read(std::make_shared<lowp::io::memory_source>(std::move(bytes)), path);
}

/// The message of the format_error, after which nothing is there; "no error" for a file of which
/// each tensor could be read.
inline std::string error_of(const lowp::io::file_kind& kind, std::vector<std::byte> bytes,
                            const std::filesystem::path& path = "the file") {
  try {
    const auto file = read_bytes_as(kind, std::move(bytes), path);
    for (const auto& tensor : file.tensors()) static_cast<void>(tensor.bytes());
  } catch (const lowp::io::format_error& error) {
    return error.what();
  }
  return "no error";
}

/// Cuts a good file at each byte, and flips each bit of its first `header` bytes: each time the
/// reader gives a file or a format_error, and a cut file, if `cuts_are_refused`, none. Gives the
/// number of refusals.
inline std::size_t refusals_of_damage(const lowp::io::file_kind& kind,
                                      const std::vector<std::byte>& good, std::size_t header,
                                      std::size_t& accepted_cuts,
                                      const std::filesystem::path& path = "the file") {
  std::size_t refusals = 0;
  accepted_cuts = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    std::vector<std::byte> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    const bool is_refused = error_of(kind, std::move(cut), path) != "no error";
    refusals += is_refused ? 1u : 0u;
    accepted_cuts += is_refused ? 0u : 1u;
  }
  for (std::size_t bit = 0; bit < 8 * std::min(header, good.size()); ++bit) {
    std::vector<std::byte> flipped = good;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    refusals += error_of(kind, std::move(flipped), path) != "no error" ? 1u : 0u;
  }
  return refusals;
}

/// Writes tensors whose bytes count up through `kind` in pieces of three, in the opposite order.
inline void write_counting(const std::filesystem::path& path, const lowp::io::file_kind& kind,
                           const std::vector<lowp::io::tensor_declaration>& tensors,
                           const lowp::io::metadata& entries = {}) {
  lowp::io::tensor_writer out(path, kind, tensors, entries);
  for (std::size_t i = tensors.size(); i-- > 0;) {
    std::string problem;
    const auto bytes = counting(
        static_cast<std::size_t>(lowp::io::byte_size(tensors[i].type, tensors[i].shape, problem)),
        static_cast<unsigned>(i + 1));
    for (std::size_t at = 0; at < bytes.size(); at += 3)
      out.write(i, std::span(bytes).subspan(at, std::min<std::size_t>(3, bytes.size() - at)));
  }
  out.finish();
}

}  // namespace test
